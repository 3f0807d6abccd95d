//! The ways of counting days that laws use. The same word "day" hides several of them, so each choice is written out
//! in the rule and printed in its explanation.

use crate::code::codes;
use crate::document::Table;
use crate::duration::Amount;
use serde::{Deserialize, Serialize};

codes! {
    /// Whether the day of the start counts.
    pub FirstDay {
        /// The next day is day one (most laws).
        Excluded = "excluded",
        /// The day of the start is day one (Japan's cooling-off).
        Included = "included",
    }
}

codes! {
    /// When on the last day the time is over.
    pub Ends {
        /// At the time of day of the start.
        Instant = "instant",
        /// At 23:59:59 local time, inclusive.
        DayEnd = "day_end",
        /// At the start of the day after: the first moment a right exists.
        DayAfterStart = "day_after_start",
    }
}

codes! {
    /// Where a last day moves that is no business day.
    pub Roll {
        /// Stays.
        None = "none",
        /// To the next business day.
        NextBusinessDay = "next_bd",
        /// Past Sundays and holidays, but not past Saturdays (South Africa).
        NextNotSundayOrHoliday = "next_not_sun_hol",
        /// Back to the business day before.
        PreviousBusinessDay = "prev_bd",
    }
}

impl Ends {
    /// When a right exists that needs the amount to have passed: with the day after; after hours at once.
    pub(crate) const fn not_before(amount: Amount) -> Self {
        if amount.is_momentary() { Self::Instant } else { Self::DayAfterStart }
    }
}

/// How an amount is counted from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counting {
    /// Whether the day of the start counts. Means nothing for hours.
    pub first_day: FirstDay,
    /// When the time is over.
    pub ends: Ends,
    /// Where a last day moves that is no business day.
    pub roll: Roll,
    /// Less than the amount: the last allowed day is the day before, for hours the second before.
    pub strictly_less: bool,
}

impl Counting {
    /// The usual way for a unit: hours end at an instant; days leave the first one out and end at the day's end; no
    /// roll.
    #[must_use]
    pub const fn usual(amount: Amount) -> Self {
        Self {
            first_day: FirstDay::Excluded,
            ends: if amount.is_momentary() { Ends::Instant } else { Ends::DayEnd },
            roll: Roll::None,
            strictly_less: false,
        }
    }
}

/// The counting a rule states; what it leaves open is filled in as is usual for the unit of the amount at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountingRule {
    /// Whether the day of the start counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<FirstDay>,
    /// When the time is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ends>,
    /// Where a last day moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roll: Option<Roll>,
    /// Less than the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strictly_less: Option<bool>,
}

impl CountingRule {
    /// The complete way of counting an amount.
    #[must_use]
    pub fn complete(&self, amount: Amount) -> Counting {
        let usual = Counting::usual(amount);
        Counting {
            first_day: self.first_day.unwrap_or(usual.first_day),
            ends: self.ends.unwrap_or(usual.ends),
            roll: self.roll.unwrap_or(usual.roll),
            strictly_less: self.strictly_less.unwrap_or(usual.strictly_less),
        }
    }

    /// Reads `[clock.counting]`; an empty one counts as usual.
    pub(crate) fn read(mut table: Table<'_>) -> Self {
        let rule = Self {
            first_day: table.optional("first_day").and_then(|value| value.code()),
            ends: table.optional("ends").and_then(|value| value.code()),
            roll: table.optional("roll").and_then(|value| value.code()),
            strictly_less: table.optional("strictly_less").and_then(|value| value.flag()),
        };
        table.done();
        rule
    }
}
