//! Gates: what must be there before a case takes a step. A gate is never opened by waiting.

use crate::basis::Tier;
use crate::code::codes;
use crate::document::{Table, Value};
use crate::rule::RuleHead;
use serde::{Serialize, Serializer};
use std::fmt;

codes! {
    /// A step a gate stands before.
    pub Step {
        /// Closing.
        Close = "close",
        /// Refusing.
        Decline = "decline",
        /// The answer to the customer.
        Reply = "reply",
        /// Taking the matter back on the customer's word.
        Withdraw = "withdraw",
        /// A letter that says what was found or decided.
        Letter = "letter",
    }
}

codes! {
    /// Evidence a gate asks for.
    pub Evidence {
        /// Proof of the answer: mode, time, content.
        Reply = "reply",
        /// The cause.
        Cause = "cause",
        /// That the customer was asked how satisfied they are.
        Satisfaction = "satisfaction",
        /// Every promise kept.
        Promises = "promises",
        /// Everybody whose matter went up in the case answered.
        MergedAnswered = "merged_answered",
        /// The document that tells the regulator facts and result.
        FeedbackDocument = "feedback_document",
        /// That the customer took the appeal back.
        WithdrawalProof = "withdrawal_proof",
        /// That the customer was told where else to turn.
        RecourseTold = "recourse_told",
        /// That somebody else than its writer has read and released what goes out.
        SecondReader = "second_reader",
    }
}

/// What a gate asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Evidence of a known kind.
    Evidence(Evidence),
    /// A letter of the pack that has gone out: `letter:<letter>`.
    Letter(String),
}

impl Need {
    pub(crate) fn read(value: &Value<'_>) -> Option<Self> {
        match value.string()?.strip_prefix("letter:") {
            Some(letter) => Some(Self::Letter(letter.to_owned())),
            None => value.code().map(Self::Evidence),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evidence(evidence) => f.write_str(evidence.code()),
            Self::Letter(letter) => write!(f, "letter:{letter}"),
        }
    }
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_reader(need: &Need) -> bool {
    *need == Need::Evidence(Evidence::SecondReader)
}

/// One gate of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// The step it stands before.
    pub before: Step,
    /// What must be there.
    pub need: Vec<Need>,
}

impl GateRule {
    /// Reads one `[[gate]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let before = table.needed("before").and_then(|value| value.code());
        let need = table.needed("need").and_then(|value| {
            let read: Vec<Option<Need>> = value.many()?.iter().map(Need::read).collect();
            read.into_iter().collect()
        });
        if need.iter().flatten().any(is_reader)
            && before.is_some_and(|before| !matches!(before, Step::Reply | Step::Letter))
        {
            table.fault("`second_reader` reads what goes out: it stands before `reply` or `letter`");
        }
        if before == Some(Step::Letter) && need.iter().flatten().any(|need| !is_reader(need)) {
            table.fault("before `letter` only `second_reader` is asked for");
        }
        table.done();
        Some(Self { head: head?, before: before?, need: need? })
    }
}
