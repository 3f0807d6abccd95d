//! The packs and calendars this product ships, held against deadlines counted by hand.
//!
//! `packs/vectors/*.csv` has one deadline a line: which rule, started by which fact (for a window: counted from what),
//! for which case and moment, when it is due (`none`: the rule gives the case nothing), whether the calendar of those
//! days is still provisional, and the days as a person counts them. Law, calendar or code may change; then a line here
//! changes with it, on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use policy::{DayKind, Facts, Grade, Note, Stack, StartFact, WindowFrom};
use shipped::{CN_TELECOM, GUIDE_STANDARD, GUIDE_STANDARD_1_0_0, calendar, facts, stack};

const VECTORS: [(&str, &str); 2] = [
    (GUIDE_STANDARD, include_str!("../../../packs/vectors/guide-standard.csv")),
    (CN_TELECOM, include_str!("../../../packs/vectors/cn-telecom.csv")),
];
const HEADER: &str = "rule,fact,kind,category,grade,area,from,due_at,provisional,remark";
/// Vectors of the periods, which are neither clocks nor windows.
const PERIODS: [&str; 3] = ["reopen", "suspend", "repeat"];

/// One line of the vectors.
struct Vector {
    line: usize,
    rule: &'static str,
    fact: &'static str,
    facts: Facts,
    grade: Grade,
    from: Timestamp,
    due_at: Option<Timestamp>,
    provisional: bool,
}

impl Vector {
    fn parse(line: usize, text: &'static str) -> Self {
        let fields: Vec<&'static str> = text.split(',').collect();
        let [rule, fact, kind, category, grade, area, from, due_at, provisional, remark] = fields[..] else {
            panic!("line {line}: {} fields", fields.len());
        };
        assert!(!remark.is_empty(), "line {line}: says not how it was counted");
        assert!(area.is_empty() || Facts::AREA_TYPES.contains(&area), "line {line}: {area}");
        Self {
            line,
            rule,
            fact,
            facts: Facts { area_type: Some(area.to_owned()).filter(|area| !area.is_empty()), ..facts(kind, category) },
            grade: Grade::from_code(grade).unwrap(),
            from: from.parse().unwrap(),
            due_at: (due_at != "none").then(|| due_at.parse().unwrap()),
            provisional: match provisional {
                "yes" => true,
                "no" => false,
                other => panic!("line {line}: {other}"),
            },
        }
    }

    fn check(&self, rules: &Stack) {
        let Self { line, rule, from, .. } = self;
        match *rule {
            "reopen" => assert_eq!(rules.reopen_until(*from), self.due_at, "line {line}"),
            "suspend" => assert_eq!(rules.suspend_until(*from), self.due_at, "line {line}"),
            "repeat" => assert_eq!(rules.repeat_since(*from), self.due_at, "line {line}"),
            _ if rules.window(rule).is_some() => self.check_window(rules),
            _ => self.check_clock(rules),
        }
    }

    fn check_window(&self, rules: &Stack) {
        let Self { line, rule, facts, from, .. } = self;
        let counted = WindowFrom::from_code(self.fact).unwrap();
        let windows = match counted {
            WindowFrom::OccurredAt => rules.windows(facts, Some(*from), Timestamp::UNIX_EPOCH),
            WindowFrom::ReceivedAt => rules.windows(facts, None, *from),
        };
        let window = windows.known.iter().find(|window| window.rule == *rule);
        assert_eq!(window.map(|window| window.closes_at), self.due_at, "line {line}: {rule}");
        assert!(window.is_none_or(|window| window.explanation.due_at == window.closes_at), "line {line}");
    }

    fn check_clock(&self, rules: &Stack) {
        let Self { line, rule, facts, grade, from, .. } = self;
        let fact = StartFact::from_code(self.fact).unwrap();
        assert!(rules.clock(rule).is_some_and(|rule| rule.starts_on(fact)), "line {line}: {rule} never starts so");
        let started = rules.clocks_started_by(fact, facts, *grade, *from);
        let due_at = started.iter().find(|started| started.rule == *rule).map(|started| started.due_at);
        assert_eq!(due_at, self.due_at, "line {line}: {rule}");
        let again = rules.recompute(rule, *from, facts, *grade).map(|started| started.due_at);
        assert_eq!(again, self.due_at, "line {line}: {rule} counted again");
        let why = rules.explain(rule, *from, facts, *grade);
        assert_eq!(why.as_ref().map(|why| why.due_at), self.due_at, "line {line}: {rule} explained");
        let note = |wanted: fn(&Note) -> bool| why.as_ref().is_some_and(|why| why.notes.iter().any(wanted));
        let provisional = note(|note| matches!(note, Note::Provisional { .. }));
        assert_eq!(provisional, self.provisional, "line {line}: {rule} provisional");
        let by_area = rules.clock(rule).is_some_and(|rule| rule.limit.is_by_area());
        let assumed = by_area && self.due_at.is_some() && facts.area_type.is_none();
        assert_eq!(note(|note| matches!(note, Note::AreaAssumed)), assumed, "line {line}: an assumption is told");
    }
}

fn vectors(text: &'static str) -> Vec<Vector> {
    let (header, rows) = text.split_once('\n').unwrap();
    assert_eq!(header, HEADER);
    rows.lines().enumerate().map(|(row, text)| Vector::parse(row + 2, text)).collect()
}

#[test]
fn every_deadline_counted_by_hand() {
    let rules = stack();
    for (_, text) in VECTORS {
        let vectors = vectors(text);
        assert!(vectors.len() >= 24);
        for vector in vectors {
            vector.check(&rules);
        }
    }
}

/// What a case began under goes on to hold for it.
#[test]
fn the_first_version_counts_as_it_always_did() {
    let old = Stack::new([shipped::pack("guide-standard-1.0.0.toml", GUIDE_STANDARD_1_0_0)]).unwrap();
    let (mut checked, new_facts) = (0, ["disputed"]);
    for vector in vectors(VECTORS[0].1) {
        let known = old.clock(vector.rule).is_some() || vector.rule == "reopen";
        if known && !new_facts.contains(&vector.fact) {
            vector.check(&old);
            checked += 1;
        }
    }
    assert!(checked >= 50, "{checked}");
}

/// A figure nobody counted by hand is a figure nobody checked.
#[test]
fn every_rule_and_amount_has_its_vectors() {
    for (pack, text) in VECTORS {
        let pack = shipped::pack("pack.toml", pack);
        let vectors = vectors(text);
        let count = |rule: &str, which: &dyn Fn(&Vector) -> bool| {
            vectors.iter().filter(|vector| vector.rule == rule && vector.due_at.is_some() && which(vector)).count()
        };
        for rule in PERIODS.into_iter().filter(|_| pack.reopen().is_some()) {
            assert!(count(rule, &|_| true) >= 3, "{rule}: fewer than 3 vectors");
        }
        for rule in pack.windows() {
            assert!(count(&rule.head.id, &|_| true) >= 3, "{}: fewer than 3 vectors", rule.head.id);
        }
        for rule in pack.clocks() {
            assert!(count(&rule.head.id, &|_| true) >= 3, "{}: fewer than 3 vectors", rule.head.id);
            for grade in Grade::ALL {
                for area in Facts::AREA_TYPES {
                    let has = rule.limit.of(*grade, Some(area)).is_some();
                    let of_grade = |vector: &Vector| vector.grade == *grade;
                    let of_area = |vector: &Vector| vector.facts.area_type.as_deref() == Some(area);
                    let counted = count(&rule.head.id, if rule.limit.is_by_area() { &of_area } else { &of_grade });
                    assert_eq!(counted > 0, has, "{}, {}, {area}", rule.head.id, grade.code());
                }
            }
        }
    }
}

/// What the yearly notices sum up to: days off listed, days worked in exchange, working days of the year.
#[test]
fn the_announced_years_add_up() {
    let calendar = calendar();
    for (year, off, made_up, worked) in [(2025, 28, 5, 248), (2026, 33, 6, 248)] {
        let days: Vec<Date> = date(year, 1, 1).series(1.day()).take_while(|day| day.year() == year).collect();
        let kinds =
            |wanted: fn(DayKind<'_>) -> bool| days.iter().filter(|day| wanted(calendar.day_kind(**day))).count();
        assert_eq!(kinds(|kind| matches!(kind, DayKind::Holiday(_))), off, "{year}");
        assert_eq!(kinds(|kind| matches!(kind, DayKind::MakeUp(_))), made_up, "{year}");
        assert_eq!(days.iter().filter(|day| calendar.is_business_day(**day)).count(), worked, "{year}");
        assert!(days.iter().all(|day| calendar.provisional_note(*day).is_none()), "{year}");
    }
}

/// What is not announced is not claimed: days outside the announced years carry a warning.
#[test]
fn years_not_announced_say_so() {
    let calendar = calendar();
    for day in [date(2027, 1, 1), date(2027, 2, 8), date(2027, 12, 31), date(2028, 1, 1), date(2024, 12, 31)] {
        assert!(calendar.provisional_note(day).is_some(), "{day}");
    }
    for fixed in [date(2027, 1, 1), date(2027, 5, 1), date(2027, 5, 2), date(2027, 10, 1), date(2027, 10, 3)] {
        assert!(matches!(calendar.day_kind(fixed), DayKind::Holiday(_)), "{fixed}");
    }
}
