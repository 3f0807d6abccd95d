//! Periods: a length of time a pack sets for something that is no clock: taking a case up again, holding it, calling
//! another contact a repeat.

use crate::basis::Standing;
use crate::calendar::Calendar;
use crate::counting::CountingRule;
use crate::deadline::due_at;
use crate::document::Table;
use crate::duration::Amount;
use jiff::{Span, Timestamp};
use serde::Serialize;

/// A length of time with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// How long.
    pub length: Amount,
    /// How it is counted.
    pub counting: CountingRule,
    /// What it rests on.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Period {
    /// The last moment of a period that begins then.
    #[must_use]
    pub fn until(&self, from: Timestamp, calendar: &Calendar) -> Timestamp {
        due_at(from, self.length, &self.counting.complete(self.length), calendar)
    }

    /// The first moment whose period of calendar days has not passed by then: so many days earlier, at the day's start.
    #[must_use]
    pub fn since(&self, now: Timestamp, calendar: &Calendar) -> Timestamp {
        let days = match self.length {
            Amount::CalendarDays(days) => i64::from(days),
            Amount::Weeks(weeks) => i64::from(weeks) * 7,
            _ => 0,
        };
        let today = calendar.zone().to_datetime(now).date();
        let day = Span::new().try_days(days).and_then(|span| today.checked_sub(span));
        day.and_then(|day| calendar.zone().to_timestamp(day.at(0, 0, 0, 0))).unwrap_or(Timestamp::MIN)
    }

    /// Reads the table of a period; `key` is what its length is called there.
    pub(crate) fn read(mut table: Table<'_>, key: &'static str) -> Option<Self> {
        let length = table.needed(key).and_then(|value| value.parsed(str::parse::<Amount>));
        let counting = match table.optional("counting") {
            Some(value) => value.table().map(CountingRule::read),
            None => Some(CountingRule::default()),
        };
        let standing = Standing::read(&mut table);
        table.done();
        Some(Self { length: length?, counting: counting?, standing: standing? })
    }

    /// The same, for a period that is also looked at backwards, which only calendar days allow in one way.
    pub(crate) fn read_days(table: Table<'_>, key: &'static str) -> Option<Self> {
        let place = table.place();
        let period = Self::read(table, key)?;
        if !matches!(period.length, Amount::CalendarDays(_) | Amount::Weeks(_)) {
            place.fault(format!("`{key}` takes calendar days or weeks, such as 30d or 4w"));
            return None;
        }
        if period.counting != CountingRule::default() {
            place.fault(format!("`{key}` is counted in the usual way only"));
            return None;
        }
        Some(period)
    }
}
