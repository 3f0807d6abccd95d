//! What is taken in when a customer gets in touch: the record of `china-domain` 2.2 in our words.
//!
//! [`FIELDS`] is the shape; [`Intake`] the typed input; [`Intake::split`] parts it into the [`Record`], which may
//! stand in the log, and the [`Identity`], which may stand only in the vault.

use crate::advice;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain, plain_option};
use crate::ids::UserId;
use crate::money::Money;
use crate::shape::{self, Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What somebody wants when getting in touch. They are counted separately: a fault report is not a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// Asks for information.
    Enquiry,
    /// Asks for something to be done.
    ServiceRequest,
    /// Says that something does not work.
    FaultReport,
    /// Is dissatisfied and expects an answer.
    Complaint,
    /// Proposes an improvement.
    Suggestion,
    /// Praises.
    Praise,
    /// Turned to a regulator or ombudsman.
    Appeal,
}

/// Codes of [`ContactKind`].
pub const KINDS: &[&str] = policy::Facts::KINDS;

impl ContactKind {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Enquiry => "enquiry",
            Self::ServiceRequest => "service_request",
            Self::FaultReport => "fault_report",
            Self::Complaint => "complaint",
            Self::Suggestion => "suggestion",
            Self::Praise => "praise",
            Self::Appeal => "appeal",
        }
    }

    /// The kind of a stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let all = [
            Self::Enquiry,
            Self::ServiceRequest,
            Self::FaultReport,
            Self::Complaint,
            Self::Suggestion,
            Self::Praise,
            Self::Appeal,
        ];
        all.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether a grievance or fault stands behind it, so that a cause must be found before closing.
    #[must_use]
    pub fn needs_cause(self) -> bool {
        matches!(self, Self::FaultReport | Self::Complaint | Self::Appeal)
    }
}

/// Channels through which a contact is accepted or was submitted.
pub const CHANNELS: &[&str] = policy::Facts::CHANNELS;

/// Circumstances that call for priority and plain language.
pub const VULNERABILITIES: &[&str] = policy::Facts::VULNERABILITIES;

/// Product lines; a dimension of its own beside the category tree.
pub const PRODUCTS: &[&str] = policy::Facts::PRODUCTS;

/// Kinds of customer; some duties are owed to households and small businesses only.
pub const SEGMENTS: &[&str] = policy::Facts::SEGMENTS;

/// Ways in which a customer is or wants to be reached.
pub const MODES: &[&str] =
    &["phone", "sms", "email", "app", "letter", "visit", "online_chat", "portal", "public_notice"];

const PHONE: Kind = Kind::Formed { form: Form::Phone, max: 40 };

const COMPLAINANT: &[Field] = &[
    optional("name", Kind::Line { max: 100 }, "Name of the person. Required unless `anonymous` is true."),
    optional("anonymous", Kind::Bool, "True when the person does not want to be known."),
    optional("phone", PHONE, "First contact number."),
    optional("phone_alt", PHONE, "Second contact number."),
    optional("email", Kind::Formed { form: Form::Email, max: 254 }, "E-mail address."),
    optional("address", Kind::Line { max: 300 }, "Postal address."),
    optional(
        "id_number",
        Kind::Formed { form: Form::Document, max: 40 },
        "Number of the identity document; of a resident identity number the check digit must be right.",
    ),
    optional("identity_verified", Kind::Bool, "Whether the identity was checked."),
    optional(
        "verification",
        Kind::Code(&["id_card", "service_password", "sms_code", "face", "known_number", "other"]),
        "How the identity was checked.",
    ),
    optional(
        "capacity",
        Kind::Code(&["self", "agent", "guardian"]),
        "For themselves, for another, or as a guardian. Default `self`.",
    ),
    optional(
        "authority",
        Kind::Text { max: 300, multiline: false },
        "Document that shows the authority of an agent or guardian.",
    ),
    optional(
        "vulnerable",
        Kind::List { of: &Kind::Code(VULNERABILITIES), max: 8 },
        "Circumstances that call for priority and plain language.",
    ),
    optional("language", Kind::Line { max: 35 }, "Language or dialect the person prefers (BCP 47 tag or words)."),
    optional("preferred_mode", Kind::Code(MODES), "How the person wants to be reached."),
    optional("preferred_time", Kind::Line { max: 100 }, "When the person wants to be reached."),
    optional("person", Kind::Uuid, "A person already in the vault, when the agent confirmed that it is the same."),
];

const SUBSCRIPTION: &[Field] = &[
    optional("number", Kind::Line { max: 64 }, "Business number the contact is about."),
    optional("caller", PHONE, "Number the person called from."),
    optional("product", Kind::Code(PRODUCTS), "Product line."),
    optional("plan", Kind::Line { max: 100 }, "Name of the tariff plan."),
    optional(
        "segment",
        Kind::Code(SEGMENTS),
        "Kind of customer: a household, a small business as the law of the country has it, a larger one, a public body.",
    ),
    optional("star", Kind::Whole { min: 0, max: 7 }, "Star level of the customer."),
    optional("monthly_fee", Kind::Money, "What the customer pays a month; some compensations are a share of it."),
    optional("region", Kind::Region, "Home region of the subscription."),
];

const PLACE: &[Field] = &[
    optional("text", Kind::Text { max: 300, multiline: false }, "District, road, number, crossing roads, building."),
    optional(
        "area_type",
        Kind::Code(policy::Facts::AREA_TYPES),
        "Decides between 48 and 72 hours for repairs in some rules.",
    ),
    optional("neighbours_affected", Kind::Bool, "Whether neighbours have the same trouble."),
    optional("visit_needed", Kind::Bool, "Whether somebody must come."),
];

const EXTERNAL: &[Field] = &[
    required(
        "owner",
        Kind::Code(&[
            "miit",
            "provincial_authority",
            "12345",
            "12315",
            "12381",
            "consumer_association",
            "court",
            "police",
            "crm",
            "import",
            "other",
        ]),
        "Body or system the number belongs to.",
    ),
    required(
        "number",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "That body's own number. Kept in the clear for good, so no number or address of a person is taken in it.",
    ),
];

const ASSESSMENT: &[Field] = &[
    optional("severity", Kind::Code(&["normal", "major"]), "Severity as the agent sees it; rules may raise it."),
    optional("urgency", Kind::Code(&["normal", "urgent"]), "Urgency as the agent sees it; rules may raise it."),
    optional("repeat_count", Kind::Whole { min: 0, max: 1000 }, "Which repetition of the same matter this is."),
    optional("mass", Kind::Bool, "Whether many customers are affected."),
    optional("safety", Kind::Bool, "Whether somebody's safety is at risk."),
    optional("media", Kind::Bool, "Whether media or public opinion are involved."),
    optional("regulator", Kind::Bool, "Whether a regulator or court is involved."),
    optional("escalation_threat", Kind::Bool, "Whether the customer announces to escalate."),
    optional("key_account", Kind::Bool, "Whether the customer is a key account."),
];

/// The shape of a registration.
pub const FIELDS: &[Field] = &[
    required("kind", Kind::Code(KINDS), "What the contact is."),
    required("accept_channel", Kind::Code(CHANNELS), "Channel through which it was accepted."),
    optional("submit_channel", Kind::Code(CHANNELS), "Channel the customer used first. Default: `accept_channel`."),
    optional("category", Kind::Category, "Leaf of the category tree. Without it the case goes to triage."),
    optional(
        "subject_request",
        Kind::Code(policy::Facts::SUBJECT_REQUESTS),
        "What a person asks about their own data; rules give such a request limits of its own.",
    ),
    optional("subject", Kind::Text { max: 200, multiline: false }, "One line."),
    required("description", Kind::Text { max: 10_000, multiline: true }, "What happened, in the customer's words."),
    optional("demand", Kind::Text { max: 2_000, multiline: true }, "What the customer asks for."),
    optional("occurred_at", Kind::Moment, "When it happened; appeal windows run from here."),
    optional(
        "contract_document_at",
        Kind::Moment,
        "When the customer got the contract document; in some countries a time to cancel runs from that day.",
    ),
    optional(
        "received_at",
        Kind::Moment,
        "First receipt in any channel; clocks run from here. Default: now. An earlier one needs the permission to backdate.",
    ),
    optional("promised_at", Kind::Moment, "When a reply was promised."),
    required("complainant", Kind::Object(COMPLAINANT), "Who got in touch."),
    optional("subscription", Kind::Object(SUBSCRIPTION), "What the contact is about."),
    optional(
        "region",
        Kind::Region,
        "Where it happened. Default: the subscription's home region, else the registrar's area.",
    ),
    optional("place", Kind::Object(PLACE), "Where exactly."),
    optional("device", Kind::Line { max: 100 }, "Device concerned."),
    optional("amount", Kind::Money, "Sum in dispute."),
    optional("external", Kind::List { of: &Kind::Object(EXTERNAL), max: 10 }, "Numbers other bodies gave the matter."),
    optional("assessment", Kind::Object(ASSESSMENT), "First assessment."),
    optional("pre_treatment", Kind::Text { max: 2_000, multiline: true }, "What was already tried."),
    optional("contact_record", Kind::Line { max: 64 }, "Identifier of the call or message."),
    optional(
        "other_matter",
        Kind::List { of: &Kind::Line { max: 64 }, max: advice::MOST },
        "Cases it was held against, by number or identity, and said to be another matter than.",
    ),
    optional("suggested_by", Kind::Line { max: 80 }, "`by` of the suggestion of categories that was shown."),
    optional("about_staff", Kind::Uuid, "The member of staff it is about. It never comes to them."),
];

/// A checked registration as a person or programme gave it.
#[derive(Clone, Debug, Deserialize)]
pub struct Intake {
    kind: ContactKind,
    accept_channel: String,
    #[serde(default)]
    submit_channel: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    subject_request: Option<String>,
    #[serde(default, deserialize_with = "plain_option")]
    subject: Option<FreeText>,
    #[serde(deserialize_with = "plain")]
    description: FreeText,
    #[serde(default, deserialize_with = "plain_option")]
    demand: Option<FreeText>,
    #[serde(default)]
    occurred_at: Option<Timestamp>,
    #[serde(default)]
    contract_document_at: Option<Timestamp>,
    #[serde(default)]
    received_at: Option<Timestamp>,
    #[serde(default)]
    promised_at: Option<Timestamp>,
    complainant: ComplainantInput,
    #[serde(default)]
    subscription: SubscriptionInput,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    place: PlaceInput,
    #[serde(default, deserialize_with = "plain_option")]
    device: Option<FreeText>,
    #[serde(default)]
    amount: Option<Money>,
    #[serde(default)]
    external: Vec<External>,
    #[serde(default)]
    assessment: Assessed,
    #[serde(default, deserialize_with = "plain_option")]
    pre_treatment: Option<FreeText>,
    #[serde(default)]
    contact_record: Option<String>,
    #[serde(default)]
    other_matter: Vec<String>,
    #[serde(default)]
    suggested_by: Option<String>,
    #[serde(default)]
    about_staff: Option<UserId>,
}

#[derive(Clone, Debug, Deserialize)]
struct ComplainantInput {
    name: Option<String>,
    #[serde(default)]
    anonymous: bool,
    phone: Option<String>,
    phone_alt: Option<String>,
    email: Option<String>,
    address: Option<String>,
    id_number: Option<String>,
    #[serde(default)]
    identity_verified: bool,
    verification: Option<String>,
    capacity: Option<String>,
    #[serde(default, deserialize_with = "plain_option")]
    authority: Option<FreeText>,
    #[serde(default)]
    vulnerable: Vec<String>,
    language: Option<String>,
    preferred_mode: Option<String>,
    preferred_time: Option<String>,
    person: Option<crate::ids::PersonId>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct SubscriptionInput {
    number: Option<String>,
    caller: Option<String>,
    product: Option<String>,
    plan: Option<String>,
    segment: Option<String>,
    star: Option<i64>,
    monthly_fee: Option<Money>,
    region: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct PlaceInput {
    #[serde(default, deserialize_with = "plain_option")]
    text: Option<FreeText>,
    area_type: Option<String>,
    neighbours_affected: Option<bool>,
    visit_needed: Option<bool>,
}

/// Another body's number for the same matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// Whose number it is.
    pub owner: String,
    /// The number.
    pub number: String,
}

/// First assessment by the person who took the contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assessed {
    /// As the agent sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<policy::Severity>,
    /// As the agent sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<policy::Urgency>,
    /// Which repetition this is; 0 for the first time.
    #[serde(skip_serializing_if = "is_zero")]
    pub repeat_count: i64,
    /// Many customers are affected.
    #[serde(skip_serializing_if = "is_false")]
    pub mass: bool,
    /// Somebody's safety is at risk.
    #[serde(skip_serializing_if = "is_false")]
    pub safety: bool,
    /// Media or public opinion are involved.
    #[serde(skip_serializing_if = "is_false")]
    pub media: bool,
    /// A regulator or court is involved.
    #[serde(skip_serializing_if = "is_false")]
    pub regulator: bool,
    /// The customer announces to escalate.
    #[serde(skip_serializing_if = "is_false")]
    pub escalation_threat: bool,
    /// A key account.
    #[serde(skip_serializing_if = "is_false")]
    pub key_account: bool,
}

/// The record of a contact without anything that identifies a person: what the log may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What the contact is.
    pub kind: ContactKind,
    /// Channel through which it was accepted.
    pub accept_channel: String,
    /// Channel the customer used first.
    pub submit_channel: String,
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<FreeText>,
    /// What happened.
    pub description: FreeText,
    /// What the customer asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<FreeText>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// When the customer got the contract document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_document_at: Option<Timestamp>,
    /// When a reply was promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_at: Option<Timestamp>,
    /// Nobody can be answered.
    #[serde(default, skip_serializing_if = "is_false")]
    pub anonymous: bool,
    /// Whether the identity was checked, and how.
    #[serde(default, skip_serializing_if = "is_false")]
    pub identity_verified: bool,
    /// How it was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
    /// `self`, `agent` or `guardian`.
    pub capacity: String,
    /// Document that shows the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<FreeText>,
    /// Circumstances that call for priority.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vulnerable: Vec<String>,
    /// How the person wants to be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_mode: Option<String>,
    /// Product line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Kind of customer, one of [`SEGMENTS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Star level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star: Option<i64>,
    /// What the customer pays a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_fee: Option<Money>,
    /// Home region of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_region: Option<String>,
    /// Where it happened; empty when nobody knows.
    pub region: String,
    /// Where exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<FreeText>,
    /// `urban` or `rural`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_type: Option<String>,
    /// Whether neighbours have the same trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours_affected: Option<bool>,
    /// Whether somebody must come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_needed: Option<bool>,
    /// Device concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<FreeText>,
    /// Sum in dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Other bodies' numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<External>,
    /// First assessment.
    #[serde(default)]
    pub assessment: Assessed,
    /// What was already tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_treatment: Option<FreeText>,
    /// Identifier of the call or message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_record: Option<String>,
    /// What the person asks about their own data: one of [`policy::Facts::SUBJECT_REQUESTS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_request: Option<String>,
    /// The member of staff it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_staff: Option<UserId>,
}

/// Who a person is and how to reach them: vault contents, never part of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Name; absent for an anonymous person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First contact number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Second contact number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_alt: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Number of the identity document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// Language or dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the person wants to be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_time: Option<String>,
    /// Business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Number the person called from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Tariff plan as the agent wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// An intake parted into what each store may hold.
#[derive(Clone, Debug)]
pub struct Parted {
    /// For the log.
    pub record: Record,
    /// For the vault.
    pub identity: Identity,
    /// A person the agent confirmed.
    pub person: Option<crate::ids::PersonId>,
    /// Leaf of the category tree, not yet looked up.
    pub category: Option<String>,
    /// First receipt as stated.
    pub received_at: Option<Timestamp>,
    /// Cases that were shown and said to be another matter, as the door named them.
    pub other_matter: Vec<String>,
    /// What suggested categories, where somebody was shown such.
    pub suggested_by: Option<String>,
}

impl Record {
    /// Where the customer is at home, as far as anybody said; else where it happened. Calendars are chosen by it.
    #[must_use]
    pub fn place(&self) -> &str {
        self.home_region.as_deref().unwrap_or(&self.region)
    }
}

impl Intake {
    /// What the customer says and asks for, as one text: for a matter that joins a case there is.
    #[must_use]
    pub fn words(&self) -> FreeText {
        let parts = [Some(&self.description), self.demand.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().filter_map(FreeText::plain).collect();
        FreeText::Plain(parts.join("\n"))
    }

    /// Reads a registration, reporting all faults at once.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn read(value: Value) -> Result<Self, Vec<Fault>> {
        let mut faults = joined(&value);
        match shape::check(value, FIELDS) {
            Ok(value) if faults.is_empty() => {
                serde_json::from_value(value).map_err(|_| vec![Fault::new("", "unreadable")])
            }
            Ok(_) => Err(faults),
            Err(found) => {
                faults.extend(found);
                Err(faults)
            }
        }
    }

    /// Parts the intake. `fallback_region` is the registrar's own area, used when nothing says where it happened.
    #[must_use]
    pub fn split(self, fallback_region: &str) -> Parted {
        let region =
            self.region.or_else(|| self.subscription.region.clone()).unwrap_or_else(|| fallback_region.to_owned());
        let person = self.complainant;
        Parted {
            identity: Identity {
                name: person.name,
                phone: person.phone,
                phone_alt: person.phone_alt,
                email: person.email,
                address: person.address,
                id_number: person.id_number,
                language: person.language,
                preferred_time: person.preferred_time,
                subscription: self.subscription.number,
                caller: self.subscription.caller,
                plan: self.subscription.plan,
            },
            person: person.person,
            category: self.category,
            received_at: self.received_at,
            other_matter: self.other_matter,
            suggested_by: self.suggested_by,
            record: Record {
                kind: self.kind,
                submit_channel: self.submit_channel.unwrap_or_else(|| self.accept_channel.clone()),
                accept_channel: self.accept_channel,
                subject: self.subject,
                description: self.description,
                demand: self.demand,
                occurred_at: self.occurred_at,
                contract_document_at: self.contract_document_at,
                promised_at: self.promised_at,
                anonymous: person.anonymous,
                identity_verified: person.identity_verified,
                verification: person.verification,
                capacity: person.capacity.unwrap_or_else(|| "self".to_owned()),
                authority: person.authority,
                vulnerable: person.vulnerable,
                preferred_mode: person.preferred_mode,
                product: self.subscription.product,
                segment: self.subscription.segment,
                star: self.subscription.star,
                monthly_fee: self.subscription.monthly_fee,
                home_region: self.subscription.region,
                region,
                place: self.place.text,
                area_type: self.place.area_type,
                neighbours_affected: self.place.neighbours_affected,
                visit_needed: self.place.visit_needed,
                device: self.device,
                amount: self.amount,
                external: self.external,
                assessment: self.assessment,
                pre_treatment: self.pre_treatment,
                contact_record: self.contact_record,
                subject_request: self.subject_request,
                about_staff: self.about_staff,
            },
        }
    }
}

/// Faults of members that must fit each other; checked even when the members have faults of their own.
pub(crate) fn joined(value: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    let asks = value.get("subject_request").is_some_and(|asked| !asked.is_null());
    if asks && value.get("kind").and_then(Value::as_str) != Some(ContactKind::ServiceRequest.code()) {
        faults.push(Fault::new("subject_request", "subject_request_kind"));
    }
    let Some(complainant) = value.get("complainant").filter(|complainant| complainant.is_object()) else {
        return faults;
    };
    let anonymous = complainant.get("anonymous").and_then(Value::as_bool).unwrap_or(false);
    let named = complainant.get("name").is_some_and(|name| !name.is_null());
    match (anonymous, named) {
        (false, false) => faults.push(Fault::new("complainant.name", "required")),
        (true, true) => faults.push(Fault::new("complainant.name", "anonymous_with_name")),
        _ => {}
    }
    faults
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
