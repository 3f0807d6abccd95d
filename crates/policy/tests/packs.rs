//! The packs and calendars this product ships, held against deadlines counted by hand.
//!
//! `packs/vectors/*.csv` has one deadline a line: which rule, started by which fact, for which case and moment, when it
//! is due (`none`: the rule starts no clock), whether the calendar of those days is still provisional, and the days as
//! a person counts them. Law, calendar or code may change; then a line here changes with it, on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use policy::{Calendar, CalendarSet, DayKind, Facts, Grade, Note, Pack, Stack, StartFact};
use std::sync::Arc;

const CALENDAR: &str = include_str!("../../../packs/calendars/cn-state-council.toml");
const PACK: &str = include_str!("../../../packs/guide-standard.toml");
const VECTORS: &str = include_str!("../../../packs/vectors/guide-standard.csv");
const HEADER: &str = "rule,fact,kind,category,grade,from,due_at,provisional,remark";
/// Vectors of the window for reopening, which is no clock.
const REOPEN: &str = "reopen";

fn calendar() -> Calendar {
    Calendar::parse_file("cn-state-council.toml", CALENDAR).unwrap()
}

fn rules() -> Stack {
    let mut calendars = CalendarSet::default();
    calendars.insert(calendar());
    let pack = Pack::load("guide-standard.toml", PACK, &calendars).unwrap();
    Stack::new([Arc::new(pack)]).unwrap()
}

/// One line of the vectors.
struct Vector {
    line: usize,
    rule: &'static str,
    fact: StartFact,
    facts: Facts,
    grade: Grade,
    from: Timestamp,
    due_at: Option<Timestamp>,
    provisional: bool,
}

impl Vector {
    fn parse(line: usize, text: &'static str) -> Self {
        let fields: Vec<&'static str> = text.split(',').collect();
        let [rule, fact, kind, category, grade, from, due_at, provisional, remark] = fields[..] else {
            panic!("line {line}: {} fields", fields.len());
        };
        assert!(!remark.is_empty(), "line {line}: says not how it was counted");
        assert!(Facts::KINDS.contains(&kind), "line {line}: {kind}");
        let category = Some(category).filter(|category| !category.is_empty()).map(str::to_owned);
        Self {
            line,
            rule,
            fact: StartFact::from_code(fact).unwrap(),
            facts: Facts { kind: kind.to_owned(), category, ..Facts::default() },
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
        let Self { line, rule, facts, grade, from, .. } = self;
        if *rule == REOPEN {
            assert_eq!(self.fact, StartFact::Closed, "line {line}");
            assert_eq!(rules.reopen_until(*from), self.due_at, "line {line}");
            return;
        }
        assert!(rules.clock(rule).is_some_and(|rule| rule.starts_on(self.fact)), "line {line}: {rule} never starts so");
        let started = rules.clocks_started_by(self.fact, facts, *grade, *from);
        let due_at = started.iter().find(|started| started.rule == *rule).map(|started| started.due_at);
        assert_eq!(due_at, self.due_at, "line {line}: {rule}");
        let again = rules.recompute(rule, *from, facts, *grade).map(|started| started.due_at);
        assert_eq!(again, self.due_at, "line {line}: {rule} counted again");
        let why = rules.explain(rule, *from, facts, *grade);
        assert_eq!(why.as_ref().map(|why| why.due_at), self.due_at, "line {line}: {rule} explained");
        let provisional = why.is_some_and(|why| why.notes.iter().any(|note| matches!(note, Note::Provisional { .. })));
        assert_eq!(provisional, self.provisional, "line {line}: {rule} provisional");
    }
}

fn vectors() -> Vec<Vector> {
    let (header, rows) = VECTORS.split_once('\n').unwrap();
    assert_eq!(header, HEADER);
    rows.lines().enumerate().map(|(row, text)| Vector::parse(row + 2, text)).collect()
}

#[test]
fn every_deadline_counted_by_hand() {
    let rules = rules();
    let vectors = vectors();
    assert!(vectors.len() >= 24);
    for vector in vectors {
        vector.check(&rules);
    }
}

/// A figure nobody counted by hand is a figure nobody checked.
#[test]
fn every_rule_and_amount_has_its_vectors() {
    let rules = rules();
    let vectors = vectors();
    let count = |rule: &str, grade: Option<Grade>| {
        let due = vectors.iter().filter(|vector| vector.rule == rule && vector.due_at.is_some());
        due.filter(|vector| grade.is_none_or(|grade| vector.grade == grade)).count()
    };
    assert!(count(REOPEN, None) >= 3);
    for rule in rules.clocks() {
        assert!(count(&rule.id, None) >= 3, "{}: fewer than 3 vectors", rule.id);
        for grade in Grade::ALL {
            let has = rule.limit.for_grade(*grade).is_some();
            assert_eq!(count(&rule.id, Some(*grade)) > 0, has, "{}, {}", rule.id, grade.code());
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
