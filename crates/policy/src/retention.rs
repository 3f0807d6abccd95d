//! Times of keeping: what the rules say about how long the records of a case are kept, at least and at most.
//!
//! Minimums add up: what several rules ask is kept until the last of them has passed, whoever wrote it. Of several
//! maximums the earliest counts, and never before every minimum has passed.

use crate::counting::CountingRule;
use crate::deadline::due_at;
use crate::duration::Amount;
use crate::duty::{KeptFrom, RecordClass, RetentionRule};
use crate::facts::Facts;
use crate::grade::Grade;
use crate::pack::Pack;
use crate::stack::Stack;
use jiff::Timestamp;

/// The moments of a record that times of keeping count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// First receipt.
    pub received: Timestamp,
    /// When the case ended.
    pub closed: Timestamp,
    /// When the record was last added to.
    pub recorded: Timestamp,
}

/// A rule about a record, counted.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'s> {
    /// The pack it stands in.
    pub pack: &'s Pack,
    /// The rule.
    pub rule: &'s RetentionRule,
    /// Last moment it must be there.
    pub at_least: Option<Timestamp>,
    /// Last moment it may be there.
    pub at_most: Option<Timestamp>,
}

impl RetentionRule {
    /// Last moments for a record: at least, at most.
    fn count(&self, begun: &Begun, pack: &Pack) -> (Option<Timestamp>, Option<Timestamp>) {
        let from = match self.from {
            KeptFrom::Received => begun.received,
            KeptFrom::Closed => begun.closed,
            KeptFrom::Recorded => begun.recorded,
        };
        let end = |amount: Amount| due_at(from, amount, &CountingRule::default().complete(amount), pack.calendar());
        (self.min.map(end), self.max.map(end))
    }
}

impl Stack {
    /// Rules about records of a class, pack by pack, whatever case they are for.
    pub fn retentions(&self, class: RecordClass) -> impl Iterator<Item = (&Pack, &RetentionRule)> {
        self.packs()
            .flat_map(|pack| pack.retentions().iter().map(move |rule| (pack, rule)))
            .filter(move |(_, rule)| rule.class == class)
    }

    /// The rules that hold for the records of a class of one case, counted.
    #[must_use]
    pub fn kept(&self, class: RecordClass, facts: &Facts, grade: Grade, begun: &Begun) -> Vec<Kept<'_>> {
        self.retentions(class)
            .filter(|(pack, rule)| {
                pack.is_for(facts) && rule.head.holds(facts, Some(grade), begun.received, pack.calendar().zone())
            })
            .map(|(pack, rule)| {
                let (at_least, at_most) = rule.count(begun, pack);
                Kept { pack, rule, at_least, at_most }
            })
            .collect()
    }
}
