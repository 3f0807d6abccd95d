//! Counting days: which of them count, and where the last one is.

use super::pauses::Pauses;
use super::{Landing, last_second, moved};
use crate::calendar::Calendar;
use crate::counting::FirstDay;
use crate::explain::{Note, Step, Trace};
use jiff::Span;
use jiff::Timestamp;
use jiff::civil::Date;

/// How days are counted.
pub(super) struct Days<'c> {
    pub(super) first: FirstDay,
    pub(super) calendar: &'c Calendar,
    pub(super) pauses: &'c Pauses,
}

/// What a day is to the count.
enum Counts {
    Yes,
    No,
    /// Neither this day nor any after it: the clock stands still until further notice.
    Never,
}

impl Days<'_> {
    fn begin(&self, date: Date, trace: &mut impl Trace) {
        trace.step(|| match self.first {
            FirstDay::Excluded => Step::FirstDayExcluded { date },
            FirstDay::Included => Step::FirstDayIncluded { date },
        });
    }

    /// Days of the calendar.
    pub(super) fn calendar(&self, date: Date, days: i64, trace: &mut impl Trace) -> Landing {
        self.begin(date, trace);
        if !self.pauses.is_empty() {
            let days = u32::try_from(days).unwrap_or(u32::MAX);
            return self.walk(date, days, self.first == FirstDay::Included, false, trace);
        }
        let first = i64::from(self.first == FirstDay::Excluded);
        let last = moved(date, (days - 1 + first).max(0), trace);
        if days > 0 {
            let from = moved(date, first, trace);
            trace.step(|| Step::Counted { from, to: last, days: u32::try_from(days).unwrap_or(u32::MAX) });
        }
        Landing::Day(last)
    }

    /// Business days, make-up days included. Each is looked at only where somebody wants to know or a pause may have
    /// taken it away; otherwise the calendar jumps.
    pub(super) fn business<T: Trace>(&self, date: Date, days: u32, trace: &mut T) -> Landing {
        self.begin(date, trace);
        let included = self.first == FirstDay::Included;
        if T::LISTENS || !self.pauses.is_empty() {
            return self.walk(date, days, included, true, trace);
        }
        let itself = u32::from(included && self.calendar.is_business_day(date));
        Landing::Day(self.calendar.business_day_after(date, days.saturating_sub(itself)).unwrap_or(Date::MAX))
    }

    /// Months by the calendar, lengthened by the days whose end fell into a pause.
    pub(super) fn months(&self, date: Date, months: u32, trace: &mut impl Trace) -> Landing {
        self.begin(date, trace);
        let to = Span::new().try_months(months).and_then(|span| date.checked_add(span)).unwrap_or_else(|_| {
            trace.note(|| Note::OutOfRange);
            Date::MAX
        });
        trace.step(|| Step::Months { months, from: date, to, clamped: to.day() != date.day() });
        let included = self.first == FirstDay::Included;
        let last = if included && months > 0 { moved(to, -1, trace) } else { to };
        let first = if included { date } else { moved(date, 1, trace) };
        match self.paused_ends(first, last) {
            Ok(0) => Landing::Day(last),
            Ok(days) => {
                trace.step(|| Step::Lengthened { days });
                self.walk(last, days, false, false, trace)
            }
            Err(since) => {
                trace.note(|| Note::StandsStill { since });
                Landing::Never
            }
        }
    }

    /// Goes on from a date, excluded unless said otherwise, until so many days have counted.
    fn walk(&self, date: Date, days: u32, included: bool, business: bool, trace: &mut impl Trace) -> Landing {
        let mut day = date;
        let mut left = days;
        let mut look = included;
        while left > 0 {
            if look {
                match self.counts(day, business, trace) {
                    Counts::Yes => left -= 1,
                    Counts::No => {}
                    Counts::Never => return Landing::Never,
                }
                if left == 0 {
                    break;
                }
            }
            look = true;
            let Ok(next) = day.tomorrow() else {
                trace.note(|| Note::OutOfRange);
                return Landing::Day(Date::MAX);
            };
            day = next;
        }
        Landing::Day(day)
    }

    /// Whether a day counts, telling the trace.
    fn counts(&self, day: Date, business: bool, trace: &mut impl Trace) -> Counts {
        let kind = self.calendar.day_kind(day);
        if business && !kind.is_business_day() {
            trace.day(day, kind, self.calendar);
            return Counts::No;
        }
        match self.pause_over_end(day) {
            Some((since, None)) => {
                trace.note(|| Note::StandsStill { since });
                Counts::Never
            }
            Some((_, Some(_))) => {
                trace.paused_day(day);
                Counts::No
            }
            None => {
                if business {
                    trace.day(day, kind, self.calendar);
                } else {
                    trace.counted_day(day);
                }
                Counts::Yes
            }
        }
    }

    /// The pause in which a day ends.
    fn pause_over_end(&self, day: Date) -> Option<super::Pause> {
        if self.pauses.is_empty() {
            return None;
        }
        self.pauses.at(last_second(day, self.calendar)?)
    }

    /// How many of these days end within a pause; the beginning of one that has no end.
    fn paused_ends(&self, first: Date, last: Date) -> Result<u32, Timestamp> {
        let mut days = 0;
        let mut day = first;
        while !self.pauses.is_empty() && day <= last {
            match self.pause_over_end(day) {
                Some((since, None)) => return Err(since),
                Some((_, Some(_))) => days += 1,
                None => {}
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(days)
    }
}
