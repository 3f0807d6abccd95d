//! Deadlines: start, amount, way of counting and calendar give a moment. Total: every input has an answer, the answer
//! never precedes the start, and beyond the last year the calendar arithmetic knows it stays there and says so.

use crate::calendar::{Calendar, DayKind};
use crate::counting::{Counting, Ends, FirstDay, Roll};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, Step, Trace};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Span, Timestamp};

/// A moment and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The moment, inclusive.
    pub at: Timestamp,
    /// Every day counted and skipped.
    pub explanation: Explanation,
}

/// The deadline with its explanation.
#[must_use]
pub fn due(start: Timestamp, amount: Amount, counting: &Counting, calendar: &Calendar) -> Deadline {
    let mut explanation = Explanation::begin(start, amount, *counting, calendar);
    let at = count(start, amount, counting, calendar, &mut explanation);
    explanation.due_at = at;
    Deadline { at, explanation }
}

/// The deadline alone, for when nobody asks why. Always equal to [`due`]'s.
#[must_use]
pub fn due_at(start: Timestamp, amount: Amount, counting: &Counting, calendar: &Calendar) -> Timestamp {
    count(start, amount, counting, calendar, &mut ())
}

/// Where an amount lands: on a moment, or on a day whose end is still to be found.
enum Landing {
    Moment(Timestamp),
    Day(Date),
}

fn count(
    start: Timestamp,
    amount: Amount,
    counting: &Counting,
    calendar: &Calendar,
    trace: &mut impl Trace,
) -> Timestamp {
    let local = calendar.zone().to_datetime(start);
    let landing = match amount {
        Amount::Instant => Landing::Moment(start),
        Amount::Hours(hours) => {
            trace.step(|| Step::Elapsed { hours });
            let end = start.checked_add(SignedDuration::from_hours(i64::from(hours)));
            Landing::Moment(end.unwrap_or_else(|_| beyond(trace)))
        }
        Amount::WorkingHours(hours) => Landing::Moment(working_hours(start, hours, calendar, trace)),
        Amount::CalendarDays(days) => Landing::Day(days_on(local.date(), i64::from(days), counting, trace)),
        Amount::Weeks(weeks) => Landing::Day(days_on(local.date(), i64::from(weeks) * 7, counting, trace)),
        Amount::Months(months) => Landing::Day(months_on(local.date(), months, counting, trace)),
        Amount::BusinessDays(days) => Landing::Day(business_days(local.date(), days, counting, calendar, trace)),
    };
    let landing = if counting.strictly_less { less(landing, trace) } else { landing };
    let landing = roll(landing, counting.roll, calendar, trace);
    let end = end(landing, counting.ends, local, calendar, trace);
    if end < start {
        trace.note(|| Note::NotBeforeStart);
        return start;
    }
    end
}

/// Marks that the answer lies beyond what dates can express.
fn beyond(trace: &mut impl Trace) -> Timestamp {
    trace.note(|| Note::OutOfRange);
    Timestamp::MAX
}

fn moved(date: Date, days: i64, trace: &mut impl Trace) -> Date {
    let moved = Span::new().try_days(days).and_then(|span| date.checked_add(span));
    moved.unwrap_or_else(|_| {
        trace.note(|| Note::OutOfRange);
        if days < 0 { Date::MIN } else { Date::MAX }
    })
}

fn begin(date: Date, first_day: FirstDay, trace: &mut impl Trace) {
    trace.step(|| match first_day {
        FirstDay::Excluded => Step::FirstDayExcluded { date },
        FirstDay::Included => Step::FirstDayIncluded { date },
    });
}

fn days_on(date: Date, days: i64, counting: &Counting, trace: &mut impl Trace) -> Date {
    begin(date, counting.first_day, trace);
    let first = i64::from(counting.first_day == FirstDay::Excluded);
    let last = moved(date, (days - 1 + first).max(0), trace);
    if days > 0 {
        let from = moved(date, first, trace);
        trace.step(|| Step::Counted { from, to: last, days: u32::try_from(days).unwrap_or(u32::MAX) });
    }
    last
}

fn months_on(date: Date, months: u32, counting: &Counting, trace: &mut impl Trace) -> Date {
    begin(date, counting.first_day, trace);
    let to = Span::new().try_months(months).and_then(|span| date.checked_add(span)).unwrap_or_else(|_| {
        trace.note(|| Note::OutOfRange);
        Date::MAX
    });
    trace.step(|| Step::Months { months, from: date, to, clamped: to.day() != date.day() });
    if counting.first_day == FirstDay::Included && months > 0 { moved(to, -1, trace) } else { to }
}

fn business_days(date: Date, days: u32, counting: &Counting, calendar: &Calendar, trace: &mut impl Trace) -> Date {
    begin(date, counting.first_day, trace);
    let mut day = date;
    let mut left = days;
    if counting.first_day == FirstDay::Included && left > 0 {
        left -= u32::from(look(day, calendar, trace));
    }
    while left > 0 {
        let Ok(next) = day.tomorrow() else {
            trace.note(|| Note::OutOfRange);
            return Date::MAX;
        };
        day = next;
        left -= u32::from(look(day, calendar, trace));
    }
    day
}

/// Whether a day counts, telling the trace.
fn look(day: Date, calendar: &Calendar, trace: &mut impl Trace) -> bool {
    let kind = calendar.day_kind(day);
    trace.day(day, kind, calendar);
    matches!(kind, DayKind::Workday | DayKind::MakeUp(_))
}

fn less(landing: Landing, trace: &mut impl Trace) -> Landing {
    match landing {
        Landing::Moment(at) => {
            trace.step(|| Step::StrictlyLess { to: None });
            Landing::Moment(at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN))
        }
        Landing::Day(day) => {
            let before = moved(day, -1, trace);
            trace.step(|| Step::StrictlyLess { to: Some(before) });
            Landing::Day(before)
        }
    }
}

fn roll(landing: Landing, roll: Roll, calendar: &Calendar, trace: &mut impl Trace) -> Landing {
    if roll == Roll::None {
        return landing;
    }
    let (date, time) = match landing {
        Landing::Day(date) => (date, None),
        Landing::Moment(at) => {
            let local = calendar.zone().to_datetime(at);
            (local.date(), Some(local.time()))
        }
    };
    let day = rolled(date, roll, calendar, trace);
    if day == date {
        return landing;
    }
    trace.step(|| Step::Rolled { rule: roll, from: date, to: day });
    match time {
        None => Landing::Day(day),
        Some(time) => Landing::Moment(moment(day.to_datetime(time), calendar, trace)),
    }
}

fn rolled(date: Date, roll: Roll, calendar: &Calendar, trace: &mut impl Trace) -> Date {
    let mut day = date;
    loop {
        let kind = calendar.day_kind(day);
        let stays = match (roll, kind) {
            (_, DayKind::Workday | DayKind::MakeUp(_)) => true,
            (Roll::NextNotSundayOrHoliday, DayKind::Weekend) => day.weekday() != Weekday::Sunday,
            (Roll::None, _) => true,
            _ => false,
        };
        if stays {
            trace.touch(day, calendar);
            return day;
        }
        trace.day(day, kind, calendar);
        let next = if roll == Roll::PreviousBusinessDay { day.yesterday() } else { day.tomorrow() };
        let Ok(next) = next else {
            trace.note(|| Note::OutOfRange);
            return day;
        };
        day = next;
    }
}

fn end(landing: Landing, ends: Ends, start: DateTime, calendar: &Calendar, trace: &mut impl Trace) -> Timestamp {
    let date = match (&landing, ends) {
        (Landing::Moment(at), Ends::Instant) => return *at,
        (Landing::Moment(at), _) => calendar.zone().to_datetime(*at).date(),
        (Landing::Day(date), _) => *date,
    };
    match ends {
        Ends::Instant => moment(date.to_datetime(start.time()), calendar, trace),
        Ends::DayEnd => {
            // Where the clock is put back over midnight, 23:59:59 comes twice: the day is over at the second one.
            let last = calendar.zone().to_ambiguous_timestamp(date.at(23, 59, 59, 0)).later();
            last.unwrap_or_else(|_| beyond(trace))
        }
        Ends::DayAfterStart => {
            let after = moved(date, 1, trace);
            moment(after.at(0, 0, 0, 0), calendar, trace)
        }
    }
}

/// A local time as a moment: the first of two, and after a gap as far as it was long.
fn moment(local: DateTime, calendar: &Calendar, trace: &mut impl Trace) -> Timestamp {
    calendar.zone().to_timestamp(local).unwrap_or_else(|_| beyond(trace))
}

fn working_hours(start: Timestamp, hours: u32, calendar: &Calendar, trace: &mut impl Trace) -> Timestamp {
    if !calendar.has_hours() {
        trace.note(|| Note::NoWorkingHours);
        return if hours == 0 { start } else { beyond(trace) };
    }
    let mut left = SignedDuration::from_hours(i64::from(hours));
    let mut day = calendar.zone().to_datetime(start).date();
    while left > SignedDuration::ZERO {
        trace.day_of_hours(day, calendar);
        for interval in calendar.intervals(day) {
            let from = moment(day.to_datetime(interval.from), calendar, trace).max(start);
            let to = moment(day.to_datetime(interval.to), calendar, trace);
            let open = from.duration_until(to);
            if open <= SignedDuration::ZERO {
                continue;
            }
            let used = open.min(left);
            trace.step(|| Step::Worked { date: day, minutes: u32::try_from(used.as_mins()).unwrap_or(u32::MAX) });
            if used == left {
                return from.checked_add(left).unwrap_or_else(|_| beyond(trace));
            }
            left -= used;
        }
        let Ok(next) = day.tomorrow() else {
            return beyond(trace);
        };
        day = next;
    }
    start
}
