//! Clocks that stand still: worked examples counted by hand, and what holds for every pause.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::{SignedDuration, Timestamp};
use policy::{
    Amount, Calendar, Counting, Ends, FirstDay, Grade, Lang, Note, Pause, Roll, Step, due, due_at_paused, due_paused,
};
use proptest::prelude::*;
use shipped::{calendar, facts, stack};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Nine to twelve and two to six on the working days of the shipped calendar.
fn with_hours() -> Calendar {
    Calendar::parse(
        r#"
id = "office"
title = { zh = "办公时间", en = "Office hours" }
known_as_of = 2026-01-01
zone = "Asia/Shanghai"
weekend = ["sat", "sun"]

[hours]
mon = ["09:00-12:00", "14:00-18:00"]
tue = ["09:00-12:00", "14:00-18:00"]
wed = ["09:00-12:00", "14:00-18:00"]
thu = ["09:00-12:00", "14:00-18:00"]
fri = ["09:00-12:00", "14:00-18:00"]
"#,
    )
    .unwrap()
}

/// Start, amount, spans, deadline; all in July 2026, of which the third is a Friday.
type Example = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const EXAMPLES: &[Example] = &[
    // 48 hours and six that did not count.
    ("03T10:00", "48h", &[("03T20:00", "04T02:00")], "05T16:00"),
    // A span that began before the clock did counts from the clock's start on.
    ("03T10:00", "48h", &[("01T00:00", "03T12:00")], "05T12:00"),
    // The time is used up at the moment the span begins.
    ("03T10:00", "48h", &[("05T10:00", "09T00:00")], "05T10:00"),
    // Two that overlap are one of 24 hours.
    ("03T10:00", "48h", &[("04T00:00", "04T20:00"), ("04T10:00", "05T00:00")], "06T10:00"),
    // Days 4 to 18; the fourth and the fifth ended in the span, so 19 and 20 take their place.
    ("03T10:00", "15d", &[("04T12:00", "06T12:00")], "20T23:59:59"),
    // Within one day: nothing ends in it.
    ("03T10:00", "15d", &[("04T08:00", "04T20:00")], "18T23:59:59"),
    // On the day that is not counted anyway.
    ("03T10:00", "15d", &[("03T11:00", "04T09:00")], "18T23:59:59"),
    // After the last day.
    ("03T10:00", "15d", &[("19T00:00", "25T00:00")], "18T23:59:59"),
    // Mon 6, Tue 7, Wed 8; held over the weekend, of which no day counts.
    ("03T10:00", "3bd", &[("03T18:00", "06T09:00")], "08T23:59:59"),
    // Held from Monday to Wednesday noon: Wed 8, Thu 9, Fri 10.
    ("03T10:00", "3bd", &[("06T09:00", "08T12:00")], "10T23:59:59"),
    // Held from Friday noon over the last moment of Monday: Tue 7, Wed 8, Thu 9.
    ("03T10:00", "3bd", &[("03T12:00", "07T00:00")], "09T23:59:59"),
    // One week from the third is the tenth; two ends of day did not count.
    ("03T10:00", "1w", &[("05T12:00", "07T12:00")], "12T23:59:59"),
];

#[test]
fn counted_by_hand() {
    let moment = |text: &str| at(&format!("2026-07-{text}+08:00"));
    for (start, amount, spans, deadline) in EXAMPLES {
        let amount: Amount = amount.parse().unwrap();
        let pauses: Vec<Pause> = spans.iter().map(|(from, to)| (moment(from), Some(moment(to)))).collect();
        let counted = due_paused(moment(start), amount, &Counting::usual(amount), &calendar(), &pauses);
        assert_eq!(counted.at, moment(deadline), "{start} {amount} {spans:?}");
    }
}

#[test]
fn months_are_lengthened_by_the_days_that_ended_in_a_pause() {
    let amount = Amount::Months(1);
    let pauses = [(at("2026-07-10T12:00:00+08:00"), Some(at("2026-07-13T12:00:00+08:00")))];
    let start = at("2026-07-03T10:00:00+08:00");
    let counted = due_paused(start, amount, &Counting::usual(amount), &calendar(), &pauses);
    assert_eq!(counted.at, at("2026-08-06T23:59:59+08:00"), "10, 11 and 12 July ended in it");
    assert!(counted.explanation.steps.contains(&Step::Lengthened { days: 3 }));
    // A second hold over one of the added days: they have to end while the clock runs.
    let pauses = [pauses[0], (at("2026-08-04T12:00:00+08:00"), Some(at("2026-08-05T12:00:00+08:00")))];
    let counted = due_paused(start, amount, &Counting::usual(amount), &calendar(), &pauses);
    assert_eq!(counted.at, at("2026-08-07T23:59:59+08:00"));
}

#[test]
fn of_working_hours_only_those_outside_count() {
    let amount = Amount::WorkingHours(8);
    let usual = Counting::usual(amount);
    let start = at("2026-07-03T10:00:00+08:00");
    // Friday 10–12 and 14–18 are six, Monday 9–11 two.
    assert_eq!(due(start, amount, &usual, &with_hours()).at, at("2026-07-06T11:00:00+08:00"));
    // Held over lunch and the weekend: nothing is lost.
    let idle = [
        (at("2026-07-03T12:00:00+08:00"), Some(at("2026-07-03T14:00:00+08:00"))),
        (at("2026-07-03T18:00:00+08:00"), Some(at("2026-07-06T09:00:00+08:00"))),
    ];
    assert_eq!(due_at_paused(start, amount, &usual, &with_hours(), &idle), at("2026-07-06T11:00:00+08:00"));
    // Held on Friday from 15 to 17: two hours more, Monday 11–12 and 14–15.
    let worked = [(at("2026-07-03T15:00:00+08:00"), Some(at("2026-07-03T17:00:00+08:00")))];
    assert_eq!(due_at_paused(start, amount, &usual, &with_hours(), &worked), at("2026-07-06T15:00:00+08:00"));
}

#[test]
fn while_it_stands_still_nothing_is_due() {
    let start = at("2026-07-03T10:00:00+08:00");
    let since = at("2026-07-04T10:00:00+08:00");
    for amount in [Amount::Hours(48), Amount::CalendarDays(3), Amount::BusinessDays(3), Amount::Months(1)] {
        let counted = due_paused(start, amount, &Counting::usual(amount), &calendar(), &[(since, None)]);
        assert_eq!(counted.at, Timestamp::MAX, "{amount}");
        assert!(counted.explanation.notes.contains(&Note::StandsStill { since }), "{amount}");
        assert!(!counted.explanation.notes.contains(&Note::OutOfRange), "{amount}");
        assert!(counted.explanation.lines(Lang::En).last().unwrap().contains("stands still"));
        let late =
            due_paused(start, amount, &Counting::usual(amount), &calendar(), &[(at("2027-01-01T00:00:00Z"), None)]);
        assert_eq!(late.at, due(start, amount, &Counting::usual(amount), &calendar()).at, "{amount}: already over");
    }
    let amount = Amount::WorkingHours(8);
    let counted = due_paused(start, amount, &Counting::usual(amount), &with_hours(), &[(since, None)]);
    assert_eq!(counted.at, Timestamp::MAX);
}

#[test]
fn only_what_may_be_paused_is() {
    let rules = stack();
    let from = at("2026-07-03T10:00:00+08:00");
    let pauses = [(at("2026-07-04T10:00:00+08:00"), Some(at("2026-07-09T10:00:00+08:00"))), (from, None)];
    let facts = facts("complaint", "A301");
    let mut moved = Vec::new();
    for rule in rules.clocks() {
        let Some(running) = rules.recompute(&rule.head.id, from, &facts, Grade::Major) else { continue };
        let paused = rules.due_paused(&rule.head.id, from, &facts, Grade::Major, &pauses).unwrap();
        let why = rules.explain_paused(&rule.head.id, from, &facts, Grade::Major, &pauses).unwrap();
        assert_eq!(why.due_at, paused.due_at, "{}", rule.head.id);
        if paused != running {
            assert!(rule.pausable != policy::Pausing::Never, "{}", rule.head.id);
            moved.push(rule.head.id.as_str());
        }
    }
    assert_eq!(moved, ["response", "repair", "grade_feedback", "grade_solution"]);
}

fn any_amount() -> impl Strategy<Value = Amount> {
    (0_usize..7, 0_u32..120).prop_map(|(unit, n)| match unit {
        0 => Amount::Hours(n),
        1 => Amount::WorkingHours(n),
        2 => Amount::CalendarDays(n),
        3 => Amount::BusinessDays(n),
        4 => Amount::Weeks(n % 10),
        5 => Amount::Months(n % 6),
        _ => Amount::Instant,
    })
}

fn any_counting() -> impl Strategy<Value = Counting> {
    let first = prop::sample::select(FirstDay::ALL);
    let ends = prop::sample::select(Ends::ALL);
    let roll = prop::sample::select(Roll::ALL);
    (first, ends, roll, any::<bool>()).prop_map(|(first_day, ends, roll, strictly_less)| Counting {
        first_day,
        ends,
        roll,
        strictly_less,
    })
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    (1_760_000_000_i64..1_790_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// Minutes after a start at which it stops, and how long for; none lasts until further notice.
fn any_pauses() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let length = prop_oneof![20 => (-100_i64..6_000).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((-5_000_i64..80_000, length), 0..6)
}

fn spans(start: Timestamp, minutes: &[(i64, Option<i64>)]) -> Vec<Pause> {
    let span = |(from, length): &(i64, Option<i64>)| {
        let from = start + SignedDuration::from_mins(*from);
        (from, length.map(|length| from + SignedDuration::from_mins(length)))
    };
    minutes.iter().map(span).collect()
}

/// Hours that end on a day off go on to the next working day at the same time of day; a standstill that moves the end
/// from the day's second hour into the next night must not bring it forward.
#[test]
fn a_standstill_over_midnight_brings_nothing_forward() {
    let counting = Counting { roll: Roll::NextBusinessDay, ..Counting::usual(Amount::Hours(116)) };
    let (start, calendar) = (at("2026-01-26T05:23:01+08:00"), calendar());
    let paused = due_paused(start, Amount::Hours(116), &counting, &calendar, &spans(start, &[(0, Some(1_357))]));
    assert_eq!(paused.at, at("2026-02-02T01:23:01+08:00"));
    let counted = at("2026-02-02T00:00:01+08:00");
    assert!(paused.explanation.notes.contains(&Note::NeverShortened { counted }));
}

proptest! {
    #[test]
    fn a_pause_never_shortens_and_explains_itself(
        start in any_moment(), amount in any_amount(), counting in any_counting(), minutes in any_pauses(), hours in any::<bool>()
    ) {
        let calendar = if hours { with_hours() } else { calendar() };
        let plain = due(start, amount, &counting, &calendar);
        prop_assert_eq!(&due_paused(start, amount, &counting, &calendar, &[]), &plain, "no pause is no pause");
        let pauses = spans(start, &minutes);
        let paused = due_paused(start, amount, &counting, &calendar, &pauses);
        prop_assert!(paused.at >= plain.at);
        prop_assert_eq!(paused.at, due_at_paused(start, amount, &counting, &calendar, &pauses));
        for lang in [Lang::Zh, Lang::En] {
            prop_assert!(!paused.explanation.lines(lang).is_empty());
        }
        let mut reversed = pauses.clone();
        reversed.reverse();
        prop_assert_eq!(paused.at, due_at_paused(start, amount, &counting, &calendar, &reversed), "in any order");
    }

    #[test]
    fn what_comes_after_the_deadline_moves_nothing(
        start in any_moment(), amount in any_amount(), after in 86_400_i64..900_000, length in 1_i64..900_000
    ) {
        let calendar = with_hours();
        let counting = Counting::usual(amount);
        let plain = due(start, amount, &counting, &calendar).at;
        let from = plain + SignedDuration::from_secs(after);
        let pauses = [(from, Some(from + SignedDuration::from_secs(length)))];
        prop_assert_eq!(due_at_paused(start, amount, &counting, &calendar, &pauses), plain);
    }

    #[test]
    fn hours_are_lengthened_by_exactly_the_span(start in any_moment(), hours in 1_u32..200, into in 0_i64..3_000, length in 1_i64..9_000) {
        let amount = Amount::Hours(hours);
        let counting = Counting::usual(amount);
        let plain = due(start, amount, &counting, &calendar()).at;
        let from = start + SignedDuration::from_mins(into);
        let pauses = [(from, Some(from + SignedDuration::from_mins(length)))];
        let expected = if from < plain { plain + SignedDuration::from_mins(length) } else { plain };
        prop_assert_eq!(due_at_paused(start, amount, &counting, &calendar(), &pauses), expected);
    }
}
