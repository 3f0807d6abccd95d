//! Clock rules: which fact starts a limit, which facts stop it, how long it is for each grade, and what a new grade
//! does to it. The arithmetic is `deadline`'s.

use crate::basis::{Basis, Confidence, Layer};
use crate::code::codes;
use crate::counting::{Counting, CountingRule};
use crate::deadline::Pause;
use crate::duration::Amount;
use crate::grade::Grade;
use crate::predicate::Predicate;
use crate::text::Text;
use jiff::Timestamp;

codes! {
    /// What a clock means.
    pub ClockKind {
        /// Something must have happened by then.
        Due = "due",
    }
}

codes! {
    /// Who has to act before a clock runs out.
    pub Owner {
        /// The operator.
        Provider = "provider",
        /// The customer.
        Customer = "customer",
        /// The regulator or appeal body.
        Regulator = "regulator",
    }
}

codes! {
    /// What can start a clock.
    pub StartFact {
        /// First receipt in any channel.
        Received = "received",
        /// The case was accepted for handling.
        Accepted = "accepted",
        /// The customer was answered.
        Replied = "replied",
        /// The case was closed.
        Closed = "closed",
        /// The same matter was taken up again.
        Reopened = "reopened",
        /// The customer was told how far the matter is.
        ProgressNotified = "progress_notified",
        /// A regulator or a government hotline handed the matter over.
        HandedOff = "handed_off",
        /// The customer rejected the outcome.
        Disputed = "disputed",
    }
}

codes! {
    /// What can stop a clock.
    pub StopFact {
        /// Accepted for handling.
        Accepted = "accepted",
        /// The customer was reached for the first time.
        FirstContact = "first_contact",
        /// The customer was told how far the matter is.
        ProgressNotified = "progress_notified",
        /// A solution was proposed.
        Proposed = "proposed",
        /// The service works again.
        Restored = "restored",
        /// The customer was answered.
        Replied = "replied",
        /// The case was closed.
        Closed = "closed",
        /// Refused with a reason.
        Declined = "declined",
        /// Taken back by the customer.
        Withdrawn = "withdrawn",
        /// Registered by mistake.
        Voided = "voided",
        /// Went up in another case.
        Merged = "merged",
    }
}

codes! {
    /// What a new grade does to a running clock. Either way the new limit is counted from the original start.
    pub OnRegrade {
        /// The new limit holds, also when it is later.
        Recompute = "recompute",
        /// The earlier of the two limits holds.
        KeepEarlier = "keep_earlier",
    }
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// For each grade; a grade without an amount has no such clock.
    ByGrade {
        /// For 一般.
        normal: Option<Amount>,
        /// For 重大.
        major: Option<Amount>,
        /// For 紧急.
        urgent: Option<Amount>,
    },
    /// For each kind of area. An area nobody recorded counts as urban, whose amount is never the longer one.
    ByArea {
        /// In towns.
        urban: Amount,
        /// In the country.
        rural: Amount,
    },
}

impl Limit {
    /// The same length for every case.
    #[must_use]
    pub const fn same(amount: Amount) -> Self {
        Self::ByGrade { normal: Some(amount), major: Some(amount), urgent: Some(amount) }
    }

    /// The length for a case of a grade, in a kind of area ([`crate::Facts::area_type`]).
    #[must_use]
    pub fn of(&self, grade: Grade, area: Option<&str>) -> Option<Amount> {
        match (self, grade, area) {
            (Self::ByGrade { normal, .. }, Grade::Normal, _) => *normal,
            (Self::ByGrade { major, .. }, Grade::Major, _) => *major,
            (Self::ByGrade { urgent, .. }, Grade::Urgent, _) => *urgent,
            (Self::ByArea { rural, .. }, _, Some("rural")) => Some(*rural),
            (Self::ByArea { urban, .. }, ..) => Some(*urban),
        }
    }

    /// Every length it gives.
    pub fn amounts(&self) -> impl Iterator<Item = Amount> {
        match *self {
            Self::ByGrade { normal, major, urgent } => [normal, major, urgent],
            Self::ByArea { urban, rural } => [Some(urban), Some(rural), None],
        }
        .into_iter()
        .flatten()
    }

    /// Whether the grade decides.
    #[must_use]
    pub fn is_by_grade(&self) -> bool {
        matches!(self, Self::ByGrade { normal, major, urgent } if normal != major || major != urgent)
    }

    /// Whether the kind of area decides.
    #[must_use]
    pub const fn is_by_area(&self) -> bool {
        matches!(self, Self::ByArea { .. })
    }
}

/// One clock of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRule {
    /// Identity within the pack.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What it means.
    pub kind: ClockKind,
    /// Whether the operator may edit it.
    pub layer: Layer,
    /// What it rests on.
    pub basis: Basis,
    /// How sure the figure is.
    pub confidence: Confidence,
    /// Key of the source in the pack.
    pub source: String,
    /// Who has to act.
    pub owner: Owner,
    /// What starts it.
    pub start: Vec<StartFact>,
    /// What stops it.
    pub stop: Vec<StopFact>,
    /// How long it runs.
    pub limit: Limit,
    /// How it is counted; where the rule says nothing, as is usual for the unit.
    pub counting: CountingRule,
    /// Cases it applies to.
    pub applies: Predicate,
    /// Whether waiting may stop it. Almost nowhere may it; the default is no.
    pub pausable: bool,
    /// What a new grade does.
    pub on_regrade: OnRegrade,
    /// Percentages of the time at which to warn, ascending; 100 is the deadline itself.
    pub warn_at: Vec<u8>,
    /// Interpretation to print with each result.
    pub note: Option<Text>,
}

impl ClockRule {
    /// Whether a fact stops this clock.
    #[must_use]
    pub fn stops_on(&self, fact: StopFact) -> bool {
        self.stop.contains(&fact)
    }

    /// Whether a fact starts this clock.
    #[must_use]
    pub fn starts_on(&self, fact: StartFact) -> bool {
        self.start.contains(&fact)
    }

    /// The spans that count for this rule: none unless it may be paused, and never for the law layer.
    pub(crate) fn pauses<'p>(&self, pauses: &'p [Pause]) -> &'p [Pause] {
        if self.pausable && self.layer != Layer::Law { pauses } else { &[] }
    }

    /// How an amount of this rule is counted.
    #[must_use]
    pub fn counting_for(&self, amount: Amount) -> Counting {
        self.counting.complete(amount)
    }

    /// The moments at which to warn about a clock of this rule, with their percentages.
    #[must_use]
    pub fn warnings(&self, from: Timestamp, due_at: Timestamp) -> Vec<(u8, Timestamp)> {
        let span = due_at.as_microsecond().saturating_sub(from.as_microsecond());
        self.warn_at
            .iter()
            .map(|percent| {
                let part = i128::from(span) * i128::from(*percent) / 100;
                let at = i64::try_from(i128::from(from.as_microsecond()) + part)
                    .ok()
                    .and_then(|micros| Timestamp::from_microsecond(micros).ok());
                (*percent, at.unwrap_or(due_at))
            })
            .collect()
    }
}

/// A clock that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Rule of the pack.
    pub rule: String,
    /// What it is counted from.
    pub from: Timestamp,
    /// When it runs out.
    pub due_at: Timestamp,
}
