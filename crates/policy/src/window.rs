//! Windows: a right of the customer or of another body that opens and closes, such as the appeal to the regulator.
//!
//! Nothing starts or stops a window: it follows from what was recorded, so no event says anything about it, and it is
//! counted whenever somebody looks.

use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::clock::{Owner, amount, can_be_counted};
use crate::code::codes;
use crate::counting::{Counting, CountingRule, Ends};
use crate::deadline::{due, due_at};
use crate::document::Table;
use crate::duration::Amount;
use crate::explain::{Explanation, Note};
use crate::facts::FactName;
use crate::rule::RuleHead;
use jiff::Timestamp;
use serde::Serialize;

codes! {
    /// What a window is counted from.
    pub WindowFrom {
        /// When the matter happened, as far as it was recorded.
        OccurredAt = "occurred_at",
        /// First receipt in any channel.
        ReceivedAt = "received_at",
        /// When the customer got the contract document, as far as it was recorded.
        ContractDocumentAt = "contract_document_at",
    }
}

codes! {
    /// Where a window stands at a moment.
    pub WindowState {
        /// Not open yet.
        Upcoming = "upcoming",
        /// The right can be used.
        Open = "open",
        /// The right has lapsed.
        Closed = "closed",
    }
}

/// One window of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// Whose right it is.
    pub owner: Owner,
    /// What it is counted from.
    pub from: WindowFrom,
    /// What has to pass before it opens; a window without is open from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_after: Option<Amount>,
    /// After what it closes.
    pub amount: Amount,
    /// How both are counted.
    pub counting: CountingRule,
}

/// A window of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rule of the stack.
    pub rule: String,
    /// First moment at which the right can be used.
    pub opens_at: Timestamp,
    /// Last moment at which it can.
    pub closes_at: Timestamp,
    /// How the last moment came about, with the rule behind it.
    pub explanation: Explanation,
}

impl Window {
    /// Where it stands at a moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> WindowState {
        if now > self.closes_at {
            WindowState::Closed
        } else if now < self.opens_at {
            WindowState::Upcoming
        } else {
            WindowState::Open
        }
    }
}

/// The windows of a case, and what has to be recorded before others can be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// Those that can be counted, pack by pack.
    pub known: Vec<Window>,
    /// Fields nobody filled in without which a window cannot be counted: `occurred_at`, `contract_document_at`, `category`.
    pub missing: Vec<&'static str>,
}

impl Windows {
    /// Notes a missing field, once.
    pub(crate) fn miss(&mut self, field: &'static str) {
        if !self.missing.contains(&field) {
            self.missing.push(field);
        }
    }
}

impl WindowRule {
    /// First moment.
    fn opens_at(&self, from: Timestamp, calendar: &Calendar) -> Timestamp {
        self.opens_after.map_or(from, |amount| {
            let usual = self.counting.complete(amount);
            due_at(from, amount, &Counting { ends: Ends::not_before(amount), ..usual }, calendar)
        })
    }

    /// First and last moment alone.
    pub(crate) fn moments(&self, from: Timestamp, calendar: &Calendar) -> (Timestamp, Timestamp) {
        let closes_at = due_at(from, self.amount, &self.counting.complete(self.amount), calendar);
        (self.opens_at(from, calendar), closes_at)
    }

    /// First and last moment, and how the last came about.
    pub(crate) fn count(&self, from: Timestamp, calendar: &Calendar) -> (Timestamp, Explanation) {
        let opens_at = self.opens_at(from, calendar);
        let mut explanation = due(from, self.amount, &self.counting.complete(self.amount), calendar).explanation;
        explanation.notes.extend(self.head.note.clone().map(|text| Note::Interpretation { text }));
        (opens_at, explanation)
    }

    /// Reads one `[[window]]`.
    pub(crate) fn read(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let owner = table.needed("owner").and_then(|value| value.code());
        let from = table.needed("from").and_then(|value| value.code());
        let opens_after = table.maybe("opens_after", amount);
        let closes_after = table.needed("amount").and_then(amount);
        let counting = table.or("counting", CountingRule::default(), |value| value.table().map(CountingRule::read));
        if head.as_ref().is_some_and(|head| head.facts().any(|fact| fact == FactName::Grade)) {
            table.fault("a right does not hang on the grade the operator gave");
        }
        let amounts = opens_after.flatten().into_iter().chain(closes_after);
        can_be_counted(&table, amounts, calendar);
        table.done();
        Some(Self {
            head: head?,
            owner: owner?,
            from: from?,
            opens_after: opens_after?,
            amount: closes_after?,
            counting: counting?,
        })
    }
}
