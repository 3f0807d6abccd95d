//! The checker: what can be proved or tried about packs beyond their form. Loading refuses what cannot be read; this
//! looks at what the rules mean together. It counts deadlines for receipts all over the calendar and for cases at the
//! edges of every condition, so what it finds it can show with an example.

mod cases;
mod circles;
mod effort;
mod limits;
mod standing;
mod together;
mod vectors;

use crate::code::codes;
use crate::facts::FactName;
use crate::fault::Fault;
use crate::pack::Pack;
use crate::plan::Plan;
use crate::predicate::Predicate;
use crate::rule::RuleHead;
use effort::Effort;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
pub use vectors::vectors;

codes! {
    /// How much a finding weighs.
    pub Weight {
        /// The pack is not to be used like this.
        Error = "error",
        /// Somebody should look at it.
        Warning = "warning",
    }
}

codes! {
    /// What a finding is about.
    pub Check {
        /// The file cannot be read as a pack, calendar or list of stacks.
        Form = "form",
        /// A combination of severity and urgency has no grade.
        Ungraded = "ungraded",
        /// A combination of severity and urgency has two grades.
        GradedTwice = "graded-twice",
        /// A name leads to no rule, stage, letter or source of the pack.
        LeadsNowhere = "leads-nowhere",
        /// A clock would start at its own end, by way of others.
        ClockCircle = "clock-circle",
        /// A stage of a route has no way out, or none that leads to it.
        StageWay = "stage-way",
        /// More rules and conditions than are looked at.
        TooMuch = "too-much",
        /// No case there can be is one the rule is for.
        NeverHolds = "never-holds",
        /// The dates a rule holds for lie outside those of its pack.
        OutsideValidity = "outside-validity",
        /// A category or cause that is on no tree of the installation.
        UnknownCode = "unknown-code",
        /// Whatever the rule says, another has said it already.
        Shadowed = "shadowed",
        /// Two limits of the law for one duty of one case.
        TwoLimits = "two-limits",
        /// A later receipt leads to an earlier deadline.
        Overtakes = "overtakes",
        /// A rule says why a later receipt may lead to an earlier deadline, and none does.
        NeedlessReason = "needless-reason",
        /// Waiting, or a longer time granted, makes a deadline earlier.
        ShortensByWaiting = "shortens-by-waiting",
        /// Practice gives more time, or keeps for less, than the law above it.
        LooserThanLaw = "looser-than-law",
        /// A clock waits for something that never comes.
        NeverStarts = "never-starts",
        /// A right lapses before it can be used.
        NeverOpens = "never-opens",
        /// A letter lacks words in one of its languages.
        LetterWords = "letter-words",
        /// A letter has a blank nobody knows what to fill with.
        LetterBlank = "letter-blank",
        /// Words of a letter are hard to read.
        LetterPlain = "letter-plain",
        /// No rule ever asks for the letter.
        LetterUnused = "letter-unused",
        /// A single time already comes to more than the most that is owed.
        CapBelowRate = "cap-below-rate",
        /// Conversions lead from one kind of contact over others back to it.
        ConversionCircle = "conversion-circle",
        /// Every role has a limit of authority, so that somebody for higher sums is missing.
        NobodyDecides = "nobody-decides",
        /// A place is given the calendar that holds there anyhow.
        PlaceNeedless = "place-needless",
        /// A work order may be taken up later than it has to be answered.
        AcceptAfterReply = "accept-after-reply",
        /// No rule cites the source.
        SourceUnused = "source-unused",
        /// Of a pack, or of a rule that changed, no version holds for some days between two others.
        VersionGap = "version-gap",
        /// A deadline counted by hand is another one.
        Vector = "vector",
    }
}

impl Check {
    /// How much it weighs.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::NeedlessReason
            | Self::LetterPlain
            | Self::LetterUnused
            | Self::NobodyDecides
            | Self::PlaceNeedless
            | Self::SourceUnused
            | Self::VersionGap => Weight::Warning,
            _ => Weight::Error,
        }
    }
}

/// Something the checker found, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about; stable, so that it can be looked up.
    pub id: Check,
    /// How much it weighs.
    pub weight: Weight,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1.
    pub column: u32,
    /// The rule, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What is wrong, with an example where there is one.
    pub message: String,
    /// The likely way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding about a rule.
    #[must_use]
    pub fn of_rule(id: Check, pack: &Pack, head: &RuleHead, message: String) -> Self {
        let place = (head.line, head.column);
        Self { rule: Some(head.id.clone()), ..Self::of_pack(id, pack, place, message) }
    }

    /// A finding about a place of a pack.
    #[must_use]
    pub fn of_pack(id: Check, pack: &Pack, (line, column): (u32, u32), message: String) -> Self {
        Self {
            id,
            weight: id.weight(),
            file: Some(pack.file().to_owned()),
            line,
            column,
            rule: None,
            message,
            hint: None,
        }
    }

    /// The same as something somebody should only look at.
    #[must_use]
    pub(crate) fn only_warning(self) -> Self {
        Self { weight: Weight::Warning, ..self }
    }

    /// A finding about a whole file.
    #[must_use]
    pub fn of_file(id: Check, file: &str, message: String) -> Self {
        let file = Some(file.to_owned());
        Self { id, weight: id.weight(), file, line: 1, column: 1, rule: None, message, hint: None }
    }

    fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        let Fault { file, line, column, check, message, hint } = fault;
        let id = check.unwrap_or(Check::Form);
        Self { id, weight: id.weight(), file, line, column, rule: None, message, hint }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        write!(f, "{}:{}: {} [{}]: ", self.line, self.column, self.weight.code(), self.id.code())?;
        if let Some(rule) = &self.rule {
            write!(f, "`{rule}`: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// What is said of a pack, or of one beside another, that was not looked at to the end.
fn too_much(pack: &Pack, effort: &Effort) -> Option<Finding> {
    let message = "has more rules and conditions than are looked at, so nothing is proved of it".to_owned();
    let finding = || Finding::of_pack(Check::TooMuch, pack, (1, 1), message);
    effort.is_spent().then(|| finding().hint("say it in fewer rules, with fewer codes in one condition"))
}

/// Looks at packs that loaded, each alone and all as the plan puts them together.
#[must_use]
pub fn check(packs: &[Arc<Pack>], plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pack in packs {
        findings.extend(alone(pack));
    }
    findings.extend(together::stacks(packs, plan));
    findings.extend(together::versions(packs));
    findings.sort_by(|one, other| (&one.file, one.line, one.id).cmp(&(&other.file, other.line, other.id)));
    findings.dedup();
    findings
}

/// Codes of categories and causes a pack names that the caller's trees do not have: such a rule would be for nobody.
#[must_use]
pub fn unknown_codes(pack: &Pack, known: &dyn Fn(FactName, &str) -> bool) -> Vec<Finding> {
    /// After so many more of them help nobody.
    const MOST: usize = 100;
    let told =
        |fact: FactName, code: &str| format!("no {} of the installation is or begins with `{code}`", fact.code());
    let mut findings = Vec::new();
    for (_, head) in pack.heads() {
        let codes = cases::conditions(head).flat_map(Predicate::tree_codes).filter(|(fact, code)| !known(*fact, code));
        findings.extend(codes.map(|(fact, code)| Finding::of_rule(Check::UnknownCode, pack, head, told(fact, code))));
    }
    for rule in pack.assess_rules() {
        let codes = rule.when.tree_codes().filter(|(fact, code)| !known(*fact, code));
        findings.extend(codes.map(|(fact, code)| {
            let finding = Finding::of_pack(Check::UnknownCode, pack, (1, 1), told(fact, code));
            Finding { rule: Some(rule.id.clone()), ..finding }
        }));
    }
    findings.truncate(MOST);
    findings
}

/// Looks at one pack that loaded.
#[must_use]
pub fn alone(pack: &Pack) -> Vec<Finding> {
    let effort = Effort::whole();
    let mut findings = standing::findings(pack, &effort);
    findings.extend(limits::findings(pack, &effort));
    findings.extend(circles::findings(&[pack], &effort));
    findings.extend(too_much(pack, &effort));
    findings
}
