//! How fast deadlines and whole cases are counted with the shipped calendar and stack, on one core.
#![allow(missing_docs, clippy::unwrap_used, reason = "a failed measurement panics")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use policy::{Amount, Calendar, CalendarSet, Counting, Facts, Pack, Severity, Stack, StartFact, Urgency, due, due_at};
use std::hint::black_box;
use std::sync::Arc;

const CALENDAR: &str = include_str!("../../../packs/calendars/cn.toml");
const PACKS: [(&str, &str); 3] = [
    ("cn-telecom.toml", include_str!("../../../packs/cn-telecom.toml")),
    ("guide-standard.toml", include_str!("../../../packs/guide-standard.toml")),
    ("iso-10002.toml", include_str!("../../../packs/iso-10002.toml")),
];

fn stack() -> Stack {
    let mut calendars = CalendarSet::default();
    calendars.add("calendar.toml", CALENDAR).unwrap();
    calendars.insert(Calendar::none("UTC").unwrap());
    Stack::new(PACKS.map(|(file, text)| Arc::new(Pack::load(file, text, &calendars).unwrap()))).unwrap()
}

/// A different start each time, over three years.
struct Starts(i64);

impl Iterator for Starts {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.0 = (self.0 + 7_919 * 61) % (3 * 365 * 86_400);
        Timestamp::from_second(1_735_660_800 + self.0).ok()
    }
}

fn deadlines(bench: &mut Criterion) {
    let calendar = Calendar::parse(CALENDAR).unwrap();
    let mut group = bench.benchmark_group("deadline");
    group.throughput(Throughput::Elements(1));
    for text in ["48h", "15d", "5mo", "2bd", "5bd", "10bd", "15bd", "8wh", "40wh"] {
        let amount: Amount = text.parse().unwrap();
        let counting = Counting::usual(amount);
        let mut starts = Starts(0);
        group.bench_function(text, |bench| {
            bench.iter(|| due_at(black_box(starts.next().unwrap()), amount, &counting, &calendar));
        });
    }
    for text in ["15d", "10bd"] {
        let amount: Amount = text.parse().unwrap();
        let counting = Counting::usual(amount);
        let mut starts = Starts(0);
        group.bench_function(format!("{text}, explained"), |bench| {
            bench.iter(|| due(black_box(starts.next().unwrap()), amount, &counting, &calendar));
        });
    }
    group.finish();
}

/// What registering asks of the rules: assess, grade, and every clock the receipt starts.
fn case(bench: &mut Criterion) {
    let rules = stack();
    let facts = Facts {
        kind: "complaint".to_owned(),
        category: Some("B204".to_owned()),
        regulator_class: Some("charging".to_owned()),
        accept_channel: "hotline".to_owned(),
        vulnerable: vec!["elderly".to_owned()],
        area_type: Some("urban".to_owned()),
        product: Some("mobile".to_owned()),
        ..Facts::default()
    };
    let mut group = bench.benchmark_group("case");
    let mut starts = Starts(0);
    group.bench_function("assess, grade, every clock", |bench| {
        bench.iter(|| {
            let at = starts.next().unwrap();
            let assessed = rules.assess(black_box(&facts));
            let decision = rules.grade(assessed.severity, assessed.urgency);
            let mut clocks = Vec::new();
            for fact in StartFact::ALL {
                clocks.extend(rules.clocks_started_by(*fact, &facts, decision.grade, at));
            }
            clocks
        });
    });
    let mut starts = Starts(0);
    group.bench_function("windows", |bench| {
        bench.iter(|| {
            let at = starts.next().unwrap();
            rules.windows(black_box(&facts), Some(at - SignedDuration::from_hours(48)), at)
        });
    });
    let grade = rules.grade(Severity::Normal, Urgency::Urgent).grade;
    let mut starts = Starts(0);
    group.bench_function("why, every clock", |bench| {
        bench.iter(|| {
            let at = starts.next().unwrap();
            let why = |rule: &policy::ClockRule| rules.explain(&rule.head.id, at, black_box(&facts), grade);
            rules.clocks().filter_map(why).collect::<Vec<_>>()
        });
    });
    group.finish();
}

criterion_group!(benches, deadlines, case);
criterion_main!(benches);
