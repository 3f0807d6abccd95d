//! The arithmetic against a second one that was written separately and steps day by day, over calendars with make-up
//! days and half weeks, every way of counting, pauses, and zones whose clocks are put forward and back.
//!
//! `REDRESS_ORACLE_CASES` sets how many random cases are compared.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod properties;
mod slow;

use jiff::Timestamp;
use policy::{Amount, Counting, DayKind, Ends, FirstDay, Pause, Roll, due_at_paused, due_paused};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use slow::{Dice, FIRST_YEAR, Kind, Slow, day_number};
use std::sync::LazyLock;

/// São Paulo put its clocks forward at midnight until 2018 and back at midnight until 2019, so that a day lacked its
/// first hour and another had its last one twice; Lord Howe's clocks move by half an hour.
const ZONES: [&str; 6] =
    ["Australia/Sydney", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Shanghai", "UTC"];

/// Saturday and Sunday; Friday and Saturday; Sunday alone; half the week; every other day; none.
const WEEKENDS: [[bool; 7]; 6] = [
    [false, false, false, false, false, true, true],
    [false, false, false, false, true, true, false],
    [false, false, false, false, false, false, true],
    [true, false, false, false, true, true, true],
    [false, true, false, true, false, true, false],
    [false; 7],
];

static CALENDARS: LazyLock<Vec<Slow>> = LazyLock::new(|| {
    let mut dice = Dice(7);
    let all = ZONES.iter().flat_map(|zone| WEEKENDS.map(|weekend| (zone, weekend)));
    all.enumerate().map(|(at, (zone, weekend))| Slow::random(zone, weekend, at % 5 != 4, &mut dice)).collect()
});

fn cases() -> u32 {
    std::env::var("REDRESS_ORACLE_CASES").ok().map_or(100_000, |cases| cases.parse().expect("a number of cases"))
}

fn any_amount() -> impl Strategy<Value = Amount> {
    (0_usize..8, 0_u32..120).prop_map(|(unit, n)| match unit {
        0 => Amount::Hours(n * 5),
        1 => Amount::WorkingHours(n),
        2 => Amount::CalendarDays(n),
        3 | 4 => Amount::BusinessDays(n),
        5 => Amount::Weeks(n / 8),
        6 => Amount::Months(n / 8),
        _ => Amount::Instant,
    })
}

fn any_counting() -> impl Strategy<Value = Counting> {
    let first = prop::sample::select(FirstDay::ALL);
    let ends = prop::sample::select(Ends::ALL);
    let roll = prop::sample::select(Roll::ALL);
    (first, ends, roll, prop::bool::weighted(0.2)).prop_map(|(first_day, ends, roll, strictly_less)| Counting {
        first_day,
        ends,
        roll,
        strictly_less,
    })
}

/// Moments of every year, half of them within three days of the first Sundays of April and October and the last of
/// March, when clocks are put.
fn any_start() -> impl Strategy<Value = i64> {
    let years = FIRST_YEAR + 1..2034;
    let near = (
        years,
        prop::sample::select(vec![(2, 15), (3, 28), (4, 3), (10, 4), (10, 16), (10, 28)]),
        -259_200_i64..432_000,
    )
        .prop_map(|(year, (month, day), offset)| day_number(year, month, day) * 86_400 + offset);
    prop_oneof![near, day_number(2005, 1, 1) * 86_400..day_number(2034, 1, 1) * 86_400]
}

/// Spans by their distance from the start in minutes, now and then before it, empty, overlapping or without an end.
fn any_pauses() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let span = (-3_000_i64..60_000, prop_oneof![0_i64..400, 0_i64..9_000], prop::bool::weighted(0.05));
    let spans =
        prop::collection::vec(span.prop_map(|(from, length, open)| (from, (!open).then_some(from + length))), 1..4);
    prop_oneof![2 => Just(Vec::new()), 1 => spans]
}

/// Spans in minutes after the start.
type Minutes = Vec<(i64, Option<i64>)>;

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_slow_count_agrees() {
    let case = (0..CALENDARS.len(), any_start(), any_amount(), any_counting(), any_pauses());
    let mut runner = TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() });
    let compare = |(calendar, start, amount, counting, minutes): (usize, i64, Amount, Counting, Minutes)| {
        let calendar = &CALENDARS[calendar];
        // Both begin to look at the start; an empty span is none.
        let spans = minutes.iter().map(|(from, to)| ((start + from * 60).max(start), to.map(|to| start + to * 60)));
        let spans: Vec<(i64, Option<i64>)> = spans.filter(|(from, to)| to.is_none_or(|to| *from < to)).collect();
        let given: Vec<Pause> = minutes
            .iter()
            .map(|(from, to)| (moment(start + from * 60), to.map(|to| moment(start + to * 60))))
            .collect();
        let due =
            |spans: &[(i64, Option<i64>)]| calendar.due(start, amount, counting, spans).map_or(Timestamp::MAX, moment);
        // Standing still never shortens.
        let slow = due(&spans).max(due(&[]));
        let quick = due_at_paused(moment(start), amount, &counting, &calendar.quick, &given);
        if quick != slow {
            let why = due_paused(moment(start), amount, &counting, &calendar.quick, &given).explanation;
            let why = why.lines(policy::Lang::En).join("\n");
            return Err(TestCaseError::fail(format!(
                "{} {}: slow {slow}, quick {quick}\n{why}",
                calendar.quick.zone_name(),
                moment(start)
            )));
        }
        Ok(())
    };
    runner.run(&case, compare).unwrap();
}

/// Both read the same calendars, day by day.
#[test]
fn calendars_are_read_as_they_are_written() {
    for calendar in CALENDARS.iter() {
        let first = jiff::civil::date(2004, 1, 1);
        for (number, date) in (day_number(2004, 1, 1)..).zip(first.series(jiff::Span::new().days(1))).take(13_000) {
            let kind = match calendar.quick.day_kind(date) {
                DayKind::Workday => Kind::Work,
                DayKind::Weekend => Kind::Weekend,
                DayKind::Holiday(_) => Kind::Off,
                DayKind::MakeUp(_) => Kind::MakeUp,
                DayKind::HalfDay { .. } => panic!("{date}: these calendars have no half days"),
            };
            assert_eq!(kind, calendar.kind(number), "{date}");
        }
    }
}

/// The slow end of a day is the second before the next day's first, looked for quarter hour by quarter hour.
#[test]
fn days_end_where_the_next_begins() {
    for calendar in CALENDARS.iter().step_by(WEEKENDS.len()) {
        for day in day_number(2005, 1, 1)..day_number(2034, 1, 1) {
            let end = calendar.day_end(day);
            let number = |at: i64| {
                let local = at + i64::from(calendar.zone.to_offset(moment(at)).seconds());
                local.div_euclid(86_400)
            };
            assert_eq!((number(end), number(end + 1)), (day, day + 1), "{:?} {day}", calendar.zone.iana_name());
            let later = (1..=96).map(|quarter| number(end + quarter * 900));
            assert!(later.into_iter().all(|number| number > day), "{:?} {day}", calendar.zone.iana_name());
        }
    }
}
