//! What holds for every deadline, every table of grades and every text that claims to be a pack or a calendar.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::{SignedDuration, Timestamp};
use policy::{
    Amount, Calendar, CalendarSet, Counting, Ends, Facts, FirstDay, Grade, Lang, Layer, Pack, Roll, Severity,
    StartFact, Urgency, due, due_at,
};
use proptest::prelude::*;
use shipped::{CALENDAR, CN_TELECOM, GUIDE_STANDARD, calendar, calendars, stack};

fn any_amount() -> impl Strategy<Value = Amount> {
    (0_usize..7, 0_u32..2_000).prop_map(|(unit, n)| match unit {
        0 => Amount::Hours(n),
        1 => Amount::WorkingHours(n),
        2 => Amount::CalendarDays(n),
        3 => Amount::BusinessDays(n),
        4 => Amount::Weeks(n % 200),
        5 => Amount::Months(n % 100),
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

/// Within and around the years the calendar covers.
fn any_moment() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000_i64..1_900_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #[test]
    fn a_deadline_never_precedes_its_start_and_explains_itself(
        start in any_moment(), amount in any_amount(), counting in any_counting()
    ) {
        let calendar = calendar();
        let explained = due(start, amount, &counting, &calendar);
        prop_assert!(explained.at >= start);
        prop_assert_eq!(explained.at, due_at(start, amount, &counting, &calendar), "asking why changes nothing");
        for lang in [Lang::Zh, Lang::En] {
            let lines = explained.explanation.lines(lang);
            prop_assert!(!lines.is_empty() && lines.len() < 400);
        }
    }

    #[test]
    fn longer_is_never_earlier(start in any_moment(), n in 0_u32..400, unit in 0_usize..6) {
        let calendar = calendar();
        let amount = |n| match unit {
            0 => Amount::Hours(n),
            1 => Amount::WorkingHours(n),
            2 => Amount::CalendarDays(n),
            3 => Amount::BusinessDays(n),
            4 => Amount::Weeks(n),
            _ => Amount::Months(n),
        };
        let at = |n| due_at(start, amount(n), &Counting::usual(amount(n)), &calendar);
        prop_assert!(at(n) <= at(n + 1), "{n}");
    }

    #[test]
    fn later_is_never_due_earlier(start in any_moment(), minutes in 0_i64..20_000, amount in any_amount()) {
        let calendar = calendar();
        let counting = Counting::usual(amount);
        let later = start + SignedDuration::from_mins(minutes);
        prop_assert!(due_at(start, amount, &counting, &calendar) <= due_at(later, amount, &counting, &calendar));
    }

    #[test]
    fn amounts_are_written_as_they_are_read(amount in any_amount()) {
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,200}") {
        let _ = text.parse::<Amount>();
        let _ = Calendar::parse_file("x.toml", &text);
        let _ = Pack::load("x.toml", &text, &CalendarSet::default());
    }

    #[test]
    fn damage_is_told_with_its_place(at in 0_usize..20_000, letter in "[a-z\\[\\]=\"{}0-9 ]") {
        for (file, text) in [("pack.toml", GUIDE_STANDARD), ("law.toml", CN_TELECOM), ("calendar.toml", CALENDAR)] {
            let mut damaged: Vec<char> = text.chars().collect();
            let place = at % damaged.len();
            damaged[place] = letter.chars().next().unwrap();
            let damaged: String = damaged.into_iter().collect();
            let faults = if file == "calendar.toml" {
                Calendar::parse_file(file, &damaged).map(drop)
            } else {
                Pack::load(file, &damaged, &calendars()).map(drop)
            };
            if let Err(faults) = faults {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(fault.to_string().starts_with(file), "{fault}");
                }
            }
        }
    }

    #[test]
    fn assessing_never_lowers(
        safety in any::<bool>(), red in any::<bool>(), repeat in 0_i64..6, major in any::<bool>(), urgent in any::<bool>()
    ) {
        let severity = if major { Severity::Major } else { Severity::Normal };
        let urgency = if urgent { Urgency::Urgent } else { Urgency::Normal };
        let facts = Facts {
            kind: "complaint".into(), safety, red_line: red, repeat_count: repeat, severity, urgency, ..Facts::default()
        };
        let assessed = stack().assess(&facts);
        prop_assert!(assessed.severity >= severity && assessed.urgency >= urgency);
        if assessed.severity != severity || assessed.urgency != urgency {
            prop_assert!(!assessed.raised_by.is_empty(), "what was raised names its rule");
        }
    }
}

#[test]
fn every_pair_of_axes_has_exactly_one_grade() {
    let rules = stack();
    for (severity, urgency, grade) in [
        (Severity::Normal, Urgency::Normal, Grade::Normal),
        (Severity::Major, Urgency::Normal, Grade::Major),
        (Severity::Normal, Urgency::Urgent, Grade::Urgent),
        (Severity::Major, Urgency::Urgent, Grade::Urgent),
    ] {
        assert_eq!(rules.grade(severity, urgency).grade, grade);
    }
}

#[test]
fn a_table_with_a_hole_or_a_doubt_is_refused() {
    let load = |text: &str| Pack::load("pack.toml", text, &calendars()).map(drop);
    let row = "[[grade]]\nid = \"urgent-major\"\nwhen = { severity = \"major\", urgency = \"urgent\" }\n";
    let start = GUIDE_STANDARD.find(row).unwrap();
    let end = start + GUIDE_STANDARD[start..].find("\n\n").unwrap();
    let hole = format!("{}{}", &GUIDE_STANDARD[..start], &GUIDE_STANDARD[end..]);
    assert!(load(&hole).is_err(), "a pair without a grade");
    let twice = format!(
        "{GUIDE_STANDARD}\n{}",
        GUIDE_STANDARD[start..end].replace("urgent-major", "again").replace("grade = \"urgent\"", "grade = \"major\"")
    );
    assert!(load(&twice).is_err(), "a pair with two grades");
    load(GUIDE_STANDARD).unwrap();
}

#[test]
fn a_reopening_starts_internal_clocks_anew_and_no_statutory_one() {
    let facts = Facts { kind: "complaint".into(), ..Facts::default() };
    let at: Timestamp = "2026-11-24T04:00:00Z".parse().unwrap();
    let rules = stack();
    let started = rules.clocks_started_by(StartFact::Reopened, &facts, Grade::Normal, at);
    assert!(!started.is_empty() && started.iter().all(|clock| clock.from == at && clock.due_at > at));
    let layer = |rule: &str| rules.clock(rule).unwrap().head.layer;
    assert!(started.iter().all(|clock| layer(&clock.rule) == Layer::Practice));
}
