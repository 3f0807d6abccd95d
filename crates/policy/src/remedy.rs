//! Holds and compensation: what an operator must not do while a matter is open, and what it owes when it is late.

mod compensation;
mod count;
mod words;

use crate::basis::Tier;
use crate::clock::{StartFact, StopFact};
use crate::code::codes;
use crate::document::Table;
use crate::rule::RuleHead;
pub use compensation::{CompensationRule, Exclusion, LastDay, OnceOver, Owed, Per, Rate, SetOff};
pub use count::{Compensation, Excluded, How, Incident, Lacks, Line, Off, Reading};
use serde::Serialize;

codes! {
    /// What must not be done while a hold stands.
    pub Held {
        /// The service is not cut off.
        Disconnection = "disconnection",
        /// The disputed sum is not collected.
        Collection = "collection",
        /// The debt is not reported or sold.
        CreditReporting = "credit_reporting",
        /// What proves the matter is not erased: bills, orders, logs, recordings.
        Records = "records",
    }
}

/// One hold of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// What must not be done.
    pub holds: Vec<Held>,
    /// What places it.
    pub from: StartFact,
    /// What lifts it.
    pub until: Vec<StopFact>,
}

impl HoldRule {
    /// Reads one `[[hold]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let holds = table.needed("holds").and_then(|value| value.codes());
        let from = table.needed("from").and_then(|value| value.code());
        let until = table.needed("until").and_then(|value| value.codes());
        table.done();
        Some(Self { head: head?, holds: holds?, from: from?, until: until? })
    }
}
