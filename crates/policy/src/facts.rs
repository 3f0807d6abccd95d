//! What rules may look at: a closed list, so that a pack cannot ask for something nobody will ever supply.

use crate::code::codes;
use crate::document::Value;
use crate::grade::{Severity, Urgency};
use crate::predicate::parse_sum;
use jiff::Timestamp;
use serde::Serialize;

/// What is known about a case. Codes are the caller's stable codes, such as `complaint` or `hotline`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the contact is: one of [`crate::Facts::KINDS`].
    pub kind: String,
    /// Code of the category, such as `B204`.
    pub category: Option<String>,
    /// The ministry's class of the category: one of [`crate::Facts::REGULATOR_CLASSES`].
    pub regulator_class: Option<String>,
    /// Whether the category is on the red-line list.
    pub red_line: bool,
    /// Severity somebody or the category already gives; rules only raise it.
    pub severity: Severity,
    /// Urgency somebody or the category already gives; rules only raise it.
    pub urgency: Urgency,
    /// Channel through which the contact was accepted.
    pub accept_channel: String,
    /// Circumstances that call for priority.
    pub vulnerable: Vec<String>,
    /// Sum in dispute in hundredths of the currency's unit, and the ISO 4217 code.
    pub amount: Option<(i64, String)>,
    /// `urban` or `rural`.
    pub area_type: Option<String>,
    /// Product line.
    pub product: Option<String>,
    /// What kind of customer it is: one of [`crate::Facts::SEGMENTS`].
    pub segment: Option<String>,
    /// Star level of the customer.
    pub star: Option<i64>,
    /// Which repetition of the same matter this is; 0 for the first time.
    pub repeat_count: i64,
    /// How often the customer rejected the outcome.
    pub disputes: i64,
    /// Many customers share one cause.
    pub mass: bool,
    /// Somebody's safety is at risk.
    pub safety: bool,
    /// Media or public opinion are involved.
    pub media: bool,
    /// A regulator or court is involved.
    pub regulator: bool,
    /// The customer is a key account.
    pub key_account: bool,
    /// Code of the cause, once it is known, such as `N03`.
    pub cause: Option<String>,
    /// First receipt in any channel.
    pub received_at: Option<Timestamp>,
    /// When the matter happened.
    pub occurred_at: Option<Timestamp>,
    /// When the customer got the contract document.
    pub contract_document_at: Option<Timestamp>,
    /// What a person asks about their own data: one of [`crate::Facts::SUBJECT_REQUESTS`].
    pub subject_request: Option<String>,
    /// What the case waits for while it is suspended: one of [`crate::Facts::WAITS`].
    pub waiting_for: Option<String>,
    /// Money was agreed upon and is not paid yet.
    pub credit_agreed: bool,
    /// How large the operator is.
    pub operator: Operator,
}

/// How large an operator is: some duties begin at a size. What nobody stated is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// Services in operation at the end of the last period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services_in_operation: Option<i64>,
    /// Subscribers in the year before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribers: Option<i64>,
    /// Turnover of the year before, in hundredths of the currency's unit, and the ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turnover: Option<(i64, String)>,
}

impl Operator {
    /// Reads `[operator]` of an installation's list of stacks.
    pub(crate) fn read(value: Value<'_>) -> Option<Self> {
        let mut table = value.table()?;
        let count = |value: Value<'_>| value.whole().filter(|number| *number >= 0);
        let services_in_operation = table.maybe("services_in_operation", count);
        let subscribers = table.maybe("subscribers", count);
        let turnover = table.maybe("turnover", |value| value.parsed(parse_sum));
        table.done();
        Some(Self { services_in_operation: services_in_operation?, subscribers: subscribers?, turnover: turnover? })
    }
}

impl Facts {
    /// Kinds of contact a rule may name.
    pub const KINDS: &'static [&'static str] =
        &["enquiry", "service_request", "fault_report", "complaint", "suggestion", "praise", "appeal"];
    /// Classes of the ministry's notices a rule may name: 收费争议, 网络质量, 用户服务.
    pub const REGULATOR_CLASSES: &'static [&'static str] = &["charging", "network_quality", "user_service"];
    /// Kinds of customer a rule may name: a household or single person, a business no larger than the law's small one, any
    /// larger business, a public body. How small a small business is differs by country; whoever records it judges.
    pub const SEGMENTS: &'static [&'static str] = &["residential", "small_business", "business", "public"];
    /// What people ask about their own data that a rule may name.
    pub const SUBJECT_REQUESTS: &'static [&'static str] =
        &["access", "rectification", "erasure", "restriction", "portability", "objection"];
    /// Kinds of area a rule may name.
    pub const AREA_TYPES: &'static [&'static str] = &["urban", "rural"];
    /// Channels a rule may name.
    pub const CHANNELS: &'static [&'static str] = &[
        "hotline",
        "hall",
        "app",
        "mini_program",
        "online_chat",
        "web",
        "email",
        "sms",
        "letter",
        "visit",
        "social_media",
        "outbound_care",
        "escalated_hotline",
        "account_manager",
        "partner",
        "consumer_association",
        "government_hotline",
        "market_supervision",
        "petition",
        "regulator_pretreatment",
        "regulator_transfer",
        "regulator_mediation",
        "regulator_fast_track",
        "regulator_green_channel",
        "ministry_platform",
        "api",
        "import",
    ];
    /// Circumstances a rule may name.
    pub const VULNERABILITIES: &'static [&'static str] =
        &["elderly", "disabled", "minor", "illness", "rural_remote", "hardship", "language", "other"];
    /// What a case may wait for that a rule may name.
    pub const WAITS: &'static [&'static str] =
        &["waiting_customer", "waiting_third_party", "waiting_parts", "waiting_access", "force_majeure"];
    /// Product lines a rule may name.
    pub const PRODUCTS: &'static [&'static str] = &[
        "mobile",
        "broadband",
        "converged",
        "fixed_voice",
        "iptv",
        "leased_line",
        "iot",
        "value_added",
        "cloud",
        "other",
    ];
}

codes! {
    /// Name of a fact in a predicate.
    pub FactName {
        /// [`Facts::kind`].
        Kind = "kind",
        /// [`Facts::category`], the whole code.
        Category = "category",
        /// [`Facts::category`], how it begins: `A` is all of network quality.
        CategoryPrefix = "category_prefix",
        /// [`Facts::regulator_class`].
        RegulatorClass = "regulator_class",
        /// [`Facts::red_line`].
        RedLine = "red_line",
        /// [`Facts::accept_channel`].
        AcceptChannel = "accept_channel",
        /// [`Facts::vulnerable`]: holds when any of the person's circumstances fits.
        Vulnerable = "vulnerable",
        /// [`Facts::amount`], written `"1000.00 CNY"`.
        Amount = "amount",
        /// [`Facts::area_type`].
        AreaType = "area_type",
        /// [`Facts::product`].
        Product = "product",
        /// [`Facts::segment`].
        Segment = "segment",
        /// [`Facts::star`].
        Star = "star",
        /// [`Facts::repeat_count`].
        RepeatCount = "repeat_count",
        /// [`Facts::disputes`].
        Disputes = "disputes",
        /// [`Facts::mass`].
        Mass = "mass",
        /// [`Facts::safety`].
        Safety = "safety",
        /// [`Facts::media`].
        Media = "media",
        /// [`Facts::regulator`].
        Regulator = "regulator",
        /// [`Facts::key_account`].
        KeyAccount = "key_account",
        /// [`Facts::cause`], how it begins.
        Cause = "cause",
        /// [`Facts::subject_request`].
        SubjectRequest = "subject_request",
        /// [`Facts::waiting_for`].
        WaitingFor = "waiting_for",
        /// [`Facts::credit_agreed`].
        CreditAgreed = "credit_agreed",
        /// [`Operator::services_in_operation`].
        ServicesInOperation = "services_in_operation",
        /// [`Operator::subscribers`].
        Subscribers = "subscribers",
        /// [`Operator::turnover`], written `"1000.00 CNY"`.
        Turnover = "turnover",
        /// The grade the case has; unknown while it is being graded.
        Grade = "grade",
    }
}

impl Facts {
    /// Sets a fact from its text, as a command line or a table of worked deadlines gives it: a code, several joined by
    /// `+` where a fact is a set, `true` or `false`, a whole number, a sum such as `1000.00 CNY`.
    ///
    /// # Errors
    /// What the fact takes, when the text is nothing of the kind. The grade is no fact of a case but is handed in.
    pub fn set(&mut self, fact: FactName, text: &str) -> Result<(), String> {
        let listed = |known: &[&str]| {
            let found = known.contains(&text).then(|| text.to_owned());
            found.ok_or_else(|| format!("`{}` takes one of {}", fact.code(), known.join(", ")))
        };
        let flag = || text.parse::<bool>().map_err(|_| format!("`{}` takes true or false", fact.code()));
        let number = || text.parse::<i64>().map_err(|_| format!("`{}` takes a whole number", fact.code()));
        let sum = || parse_sum(text).map_err(str::to_owned);
        match fact {
            FactName::Kind => self.kind = listed(Self::KINDS)?,
            FactName::Category | FactName::CategoryPrefix => self.category = Some(text.to_owned()),
            FactName::RegulatorClass => self.regulator_class = Some(listed(Self::REGULATOR_CLASSES)?),
            FactName::AcceptChannel => self.accept_channel = listed(Self::CHANNELS)?,
            FactName::AreaType => self.area_type = Some(listed(Self::AREA_TYPES)?),
            FactName::Segment => self.segment = Some(listed(Self::SEGMENTS)?),
            FactName::Product => self.product = Some(listed(Self::PRODUCTS)?),
            FactName::Vulnerable => {
                let all: Vec<String> = text.split('+').map(str::to_owned).collect();
                if let Some(unknown) = all.iter().find(|one| !Self::VULNERABILITIES.contains(&one.as_str())) {
                    return Err(format!("`vulnerable` knows no {unknown:?}"));
                }
                self.vulnerable = all;
            }
            FactName::RedLine => self.red_line = flag()?,
            FactName::Mass => self.mass = flag()?,
            FactName::Safety => self.safety = flag()?,
            FactName::Media => self.media = flag()?,
            FactName::Regulator => self.regulator = flag()?,
            FactName::KeyAccount => self.key_account = flag()?,
            FactName::CreditAgreed => self.credit_agreed = flag()?,
            FactName::WaitingFor => self.waiting_for = Some(listed(Self::WAITS)?),
            FactName::Star => self.star = Some(number()?),
            FactName::RepeatCount => self.repeat_count = number()?,
            FactName::Disputes => self.disputes = number()?,
            FactName::Cause => self.cause = Some(text.to_owned()),
            FactName::SubjectRequest => self.subject_request = Some(listed(Self::SUBJECT_REQUESTS)?),
            FactName::ServicesInOperation => self.operator.services_in_operation = Some(number()?),
            FactName::Subscribers => self.operator.subscribers = Some(number()?),
            FactName::Amount => self.amount = Some(sum()?),
            FactName::Turnover => self.operator.turnover = Some(sum()?),
            FactName::Grade => return Err("the grade is handed in beside the facts".to_owned()),
        }
        Ok(())
    }
}

impl FactName {
    /// Whether it is known only once the case is classified.
    pub(crate) const fn is_of_the_category(self) -> bool {
        matches!(self, Self::Category | Self::CategoryPrefix | Self::RegulatorClass | Self::RedLine)
    }
}
