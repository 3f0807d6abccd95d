//! Deadlines: start, amount, way of counting and calendar give a moment. Total: every input has an answer, the answer
//! never precedes the start, and beyond the last year the calendar arithmetic knows it stays there and says so.
//!
//! Where waiting may stop a clock, the spans it stood still are handed in. Elapsed hours are lengthened by them. A day
//! counts when the clock runs at that day's end, so that a hold within a day, over a weekend or after the last day moves
//! nothing. Of working hours only those outside the spans count. Months are lengthened by as many days as had their end
//! within a span. A pause never makes a deadline earlier.

mod days;
mod pauses;

use crate::calendar::{Calendar, DayKind};
use crate::counting::{Counting, Ends, Roll};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, Step, Trace};
use days::Days;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Span, Timestamp};
pub use pauses::Pause;
use pauses::Pauses;

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
    due_paused(start, amount, counting, calendar, &[])
}

/// The deadline of a clock that stood still in the given spans, with its explanation. While a span without an end keeps
/// it from running out, the moment is [`Timestamp::MAX`] and a note says so; to learn when it would be due if it ran on
/// from now, end that span now.
#[must_use]
pub fn due_paused(
    start: Timestamp,
    amount: Amount,
    counting: &Counting,
    calendar: &Calendar,
    pauses: &[Pause],
) -> Deadline {
    let mut explanation = Explanation::begin(start, amount, *counting, calendar);
    let at = count(start, amount, counting, calendar, &Pauses::after(start, pauses), &mut explanation);
    explanation.due_at = at;
    Deadline { at, explanation }
}

/// The deadline alone, for when nobody asks why. Always equal to [`due`]'s.
#[must_use]
pub fn due_at(start: Timestamp, amount: Amount, counting: &Counting, calendar: &Calendar) -> Timestamp {
    count(start, amount, counting, calendar, &Pauses::NONE, &mut ())
}

/// The deadline of [`due_paused`] alone.
#[must_use]
pub fn due_at_paused(
    start: Timestamp,
    amount: Amount,
    counting: &Counting,
    calendar: &Calendar,
    pauses: &[Pause],
) -> Timestamp {
    count(start, amount, counting, calendar, &Pauses::after(start, pauses), &mut ())
}

/// The moment an amount lies before another: hours elapsed; days, weeks and months at the same time of day; business days
/// as many of the calendar's as lie between. Working hours count as elapsed ones: nobody is reminded later for it.
#[must_use]
pub fn earlier(at: Timestamp, amount: Amount, calendar: &Calendar) -> Timestamp {
    let local = calendar.zone().to_datetime(at);
    let day = match amount {
        Amount::Instant => return at,
        Amount::Minutes(minutes) => {
            return at.checked_sub(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(Timestamp::MIN);
        }
        Amount::Hours(hours) | Amount::WorkingHours(hours) => {
            return at.checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MIN);
        }
        Amount::CalendarDays(days) => local.date().saturating_sub(Span::new().days(days.min(36_600))),
        Amount::Weeks(weeks) => local.date().saturating_sub(Span::new().weeks(weeks.min(5_300))),
        Amount::Months(months) => local.date().saturating_sub(Span::new().months(months.min(1_200))),
        Amount::BusinessDays(count) => business_days_before(local.date(), count, calendar),
    };
    calendar.zone().to_timestamp(day.to_datetime(local.time())).unwrap_or(at)
}

fn business_days_before(mut day: Date, count: u32, calendar: &Calendar) -> Date {
    let mut left = count;
    // A calendar without business days must not keep anybody here.
    for _ in 0..MOST_DAYS {
        let Some(before) = Some(left).filter(|left| *left > 0).and_then(|_| day.yesterday().ok()) else { break };
        day = before;
        left -= u32::from(calendar.is_business_day(day));
    }
    day
}

/// Working hours are looked for over one cycle of the calendar, 400 years: a rule that needs more of them has no end
/// anybody will see, and walking to the last year there is would take its time for each case.
const MOST_DAYS: u32 = 146_097;

/// Where an amount lands: on a moment, or on a day whose end is still to be found.
enum Landing {
    Moment(Timestamp),
    Day(Date),
    /// Nowhere, because the clock stands still until further notice or its time never ends.
    Never,
}

fn count(
    start: Timestamp,
    amount: Amount,
    counting: &Counting,
    calendar: &Calendar,
    pauses: &Pauses,
    trace: &mut impl Trace,
) -> Timestamp {
    let at = counted(start, amount, counting, calendar, pauses, trace);
    if pauses.is_empty() {
        return at;
    }
    // A last moment that rolls to a business day keeps its time of day, so one moved into the night after may come out
    // earlier than it was.
    let unpaused = counted(start, amount, counting, calendar, &Pauses::NONE, &mut ());
    if at < unpaused {
        trace.note(|| Note::NeverShortened { counted: at });
    }
    at.max(unpaused)
}

fn counted(
    start: Timestamp,
    amount: Amount,
    counting: &Counting,
    calendar: &Calendar,
    pauses: &Pauses,
    trace: &mut impl Trace,
) -> Timestamp {
    let local = calendar.zone().to_datetime(start);
    let days = Days { first: counting.first_day, calendar, pauses };
    let landing = match amount {
        Amount::Instant => Landing::Moment(start),
        Amount::Minutes(minutes) => {
            trace.step(|| Step::ElapsedMinutes { minutes });
            elapsed(start, SignedDuration::from_mins(i64::from(minutes)), pauses, trace)
        }
        Amount::Hours(hours) => {
            trace.step(|| Step::Elapsed { hours });
            elapsed(start, SignedDuration::from_hours(i64::from(hours)), pauses, trace)
        }
        Amount::WorkingHours(hours) => working_hours(start, hours, calendar, pauses, trace),
        Amount::CalendarDays(count) => days.calendar(local.date(), i64::from(count), trace),
        Amount::Weeks(weeks) => days.calendar(local.date(), i64::from(weeks) * 7, trace),
        Amount::Months(months) => days.months(local.date(), months, trace),
        Amount::BusinessDays(count) => days.business(local.date(), count, trace),
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

fn elapsed(start: Timestamp, mut left: SignedDuration, pauses: &Pauses, trace: &mut impl Trace) -> Landing {
    let mut from = start;
    for (pause, resumed) in pauses.iter() {
        let run = from.duration_until(pause);
        if left <= run {
            break;
        }
        left -= run;
        let Some(resumed) = resumed else {
            trace.note(|| Note::StandsStill { since: pause });
            return Landing::Never;
        };
        trace.step(|| Step::StoodStill { from: pause, to: resumed });
        from = resumed;
    }
    Landing::Moment(from.checked_add(left).unwrap_or_else(|_| beyond(trace)))
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
        Landing::Never => Landing::Never,
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
        Landing::Never => return landing,
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
            (_, kind) if kind.is_business_day() => true,
            (Roll::NextNotSundayOrHoliday, DayKind::Weekend | DayKind::HalfDay { .. }) => {
                day.weekday() != Weekday::Sunday
            }
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
        (Landing::Never, _) => return Timestamp::MAX,
        (Landing::Moment(at), Ends::Instant) => return *at,
        (Landing::Moment(at), _) => calendar.zone().to_datetime(*at).date(),
        (Landing::Day(date), _) => *date,
    };
    match ends {
        Ends::Instant => moment(date.to_datetime(start.time()), calendar, trace),
        Ends::DayEnd => last_second(date, calendar).unwrap_or_else(|| beyond(trace)),
        Ends::DayAfterStart => {
            let after = moved(date, 1, trace);
            moment(after.at(0, 0, 0, 0), calendar, trace)
        }
    }
}

/// The last second of a day. Where the clock is put back over midnight, 23:59:59 comes twice: the day is over at the
/// second one.
fn last_second(date: Date, calendar: &Calendar) -> Option<Timestamp> {
    calendar.zone().to_ambiguous_timestamp(date.at(23, 59, 59, 0)).later().ok()
}

/// A local time as a moment: the first of two, and after a gap as far as it was long.
fn moment(local: DateTime, calendar: &Calendar, trace: &mut impl Trace) -> Timestamp {
    calendar.zone().to_timestamp(local).unwrap_or_else(|_| beyond(trace))
}

fn working_hours(
    start: Timestamp,
    hours: u32,
    calendar: &Calendar,
    pauses: &Pauses,
    trace: &mut impl Trace,
) -> Landing {
    if !calendar.has_hours() {
        trace.note(|| Note::NoWorkingHours);
        return if hours == 0 { Landing::Moment(start) } else { Landing::Never };
    }
    let mut left = SignedDuration::from_hours(i64::from(hours));
    let mut day = calendar.zone().to_datetime(start).date();
    let mut worked_until = start;
    let mut looked = 0;
    while left > SignedDuration::ZERO {
        looked += 1;
        if looked > MOST_DAYS {
            return Landing::Moment(beyond(trace));
        }
        trace.day_of_hours(day, calendar);
        for interval in calendar.intervals(day) {
            // Where clocks are put forward an interval may end after the next begins; no second counts twice.
            let from = moment(day.to_datetime(interval.from), calendar, trace).max(worked_until);
            let to = moment(day.to_datetime(interval.to), calendar, trace);
            worked_until = worked_until.max(to);
            for (from, to) in pauses.outside(from, to) {
                let open = from.duration_until(to);
                let used = open.min(left);
                trace.step(|| Step::Worked { date: day, minutes: u32::try_from(used.as_mins()).unwrap_or(u32::MAX) });
                if used == left {
                    return Landing::Moment(from.checked_add(left).unwrap_or_else(|_| beyond(trace)));
                }
                left -= used;
            }
            if let Some((since, None)) = pauses.at(to) {
                trace.note(|| Note::StandsStill { since });
                return Landing::Never;
            }
        }
        let Ok(next) = day.tomorrow() else {
            return Landing::Moment(beyond(trace));
        };
        day = next;
    }
    Landing::Moment(start)
}
