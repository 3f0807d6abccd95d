//! Bursts on streams whose truth is known: how many false alarms there are, and how soon outages of what size are seen.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use learn::burst::{Burst, Event, Options, Scan, scan};
use std::collections::BTreeSet;

/// A seeded sequence (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Between 0 and 1, never either.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let (stop, mut product, mut count) = ((-mean).exp(), self.share(), 0);
        while product > stop {
            product *= self.share();
            count += 1;
        }
        count
    }

    /// Mean one (Marsaglia and Tsang).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.share().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * (shape + 1.0) / shape * boost;
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.share().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing but chance and the season.
    Poisson,
    /// Every hour of every cell varies besides (shape 4).
    Wild,
    /// Whole days of everything vary besides (shape 30), as on days with a campaign.
    Days,
}

const REGIONS: u32 = 12;
const CATEGORIES: u32 = 8;
const DAYS: i64 = 56;
/// Monday, 5 January 2026.
const BEGIN: i64 = 20_458;

fn holidays() -> BTreeSet<i64> {
    (20..27).map(|day| BEGIN + day).collect()
}

/// Complaints a day that a cell has on a usual day.
fn level(region: u32, category: u32) -> f64 {
    let of = |n: u32, all: u32| (-(f64::from(n)) / f64::from(all) * 3.0).exp();
    60.0 * of(region, REGIONS) * of(category, CATEGORIES)
}

fn season(day: i64, hour: i64, category: u32) -> f64 {
    let weekday = (day + 3).rem_euclid(7);
    let of_day = if holidays().contains(&day) {
        0.4
    } else if weekday >= 5 {
        0.6
    } else {
        1.15
    };
    let shift = if category.is_multiple_of(2) { 0.0 } else { 4.0 };
    let wave = ((hour as f64 - 8.0 - shift) / 24.0 * std::f64::consts::TAU).sin();
    of_day * (1.0 + 0.9 * wave).max(0.05)
}

struct Outage {
    region: u32,
    category: u32,
    from: i64,
    seconds: i64,
    events: u32,
}

fn stream(kind: Kind, seed: u64, outages: &[Outage]) -> Vec<Event> {
    let mut chance = Chance(seed);
    let mut events = Vec::new();
    for day in BEGIN..BEGIN + DAYS {
        let of_day = if kind == Kind::Days { chance.gamma(30.0) } else { 1.0 };
        for region in 0..REGIONS {
            for category in 0..CATEGORIES {
                for hour in 0..24 {
                    let mean = level(region, category) / 24.0 * season(day, hour, category) * of_day;
                    let mean = if kind == Kind::Wild { mean * chance.gamma(4.0) } else { mean };
                    for _ in 0..chance.poisson(mean) {
                        let at = (day * 24 + hour) * 3600 + (chance.share() * 3600.0) as i64;
                        events.push(Event { at, region, category, product: 0, text: 0 });
                    }
                }
            }
        }
    }
    for outage in outages {
        for _ in 0..outage.events {
            let at = outage.from + (chance.share() * outage.seconds as f64) as i64;
            events.push(Event { at, region: outage.region, category: outage.category, product: 0, text: 0 });
        }
    }
    events
}

fn looked(kind: Kind, seed: u64, outages: &[Outage], alarm_rate: f64) -> Scan {
    let options = Options { alarm_rate, holidays: holidays(), ..Options::default() };
    scan(&stream(kind, seed, outages), &options).unwrap()
}

fn found<'s>(scan: &'s Scan, outage: &Outage) -> Option<&'s Burst> {
    scan.bursts.iter().find(|burst| {
        burst.region.is_none_or(|region| region == outage.region)
            && burst.category.is_none_or(|category| category == outage.category)
            && burst.start < outage.from + outage.seconds
            && burst.end > outage.from
    })
}

/// No more false alarms than were said, on streams of every kind. A greater rate than the default is asked for, so that
/// there is something to count.
#[test]
fn false_alarms_stay_under_the_stated_rate() {
    let rate = 0.25;
    for kind in [Kind::Poisson, Kind::Wild, Kind::Days] {
        let seeds = 2;
        let alarms: usize = (0..seeds).map(|seed| looked(kind, seed, &[], rate).bursts.len()).sum();
        let borne = rate * DAYS as f64 * seeds as f64;
        assert!(alarms as f64 <= borne, "{kind:?}: {alarms} false alarms, {borne} may be borne");
    }
}

#[test]
fn an_outage_is_seen_where_and_when_it_is() {
    let from = (BEGIN + 38) * 86_400 + 10 * 3600;
    let outage = Outage { region: 3, category: 2, from, seconds: 2 * 3600, events: 40 };
    for kind in [Kind::Poisson, Kind::Wild, Kind::Days] {
        let scan = looked(kind, 7, std::slice::from_ref(&outage), learn::burst::ALARM_RATE);
        let burst = found(&scan, &outage).unwrap_or_else(|| panic!("{kind:?}: {scan:?}"));
        assert_eq!((burst.region, burst.category), (Some(3), Some(2)), "{kind:?}");
        assert!(burst.detected_at - from <= 3600, "{kind:?}: {} s", burst.detected_at - from);
        assert!(burst.count >= 38 && burst.expected < 15.0, "{burst:?}");
        assert_eq!(scan.bursts.len(), 1, "{kind:?}: {:?}", scan.bursts);
    }
}

#[test]
fn copies_count_once_and_odd_streams_are_no_trouble() {
    let at = BEGIN * 86_400;
    let quiet = (0..400).map(|n| Event { at: at + n * 7_200, region: 0, category: 0, product: 0, text: 0 });
    let sent = (0..50).map(|n| Event { at: at + 1_000_000 + n, region: 0, category: 0, product: 0, text: 9 });
    let events: Vec<Event> = quiet.chain(sent).collect();
    let seen = scan(&events, &Options::default()).unwrap();
    assert_eq!((seen.copies, seen.bursts.len()), (49, 0), "{seen:?}");
    let told: Vec<Event> = events.iter().map(|event| Event { text: 0, ..*event }).collect();
    assert_eq!(scan(&told, &Options::default()).unwrap().bursts.len(), 1);

    assert!(scan(&[], &Options::default()).unwrap().bursts.is_empty());
    let one = Event { at: -5, region: 1, category: 1, product: 1, text: 1 };
    assert!(scan(&[one], &Options { products: true, ..Options::default() }).unwrap().bursts.is_empty());
    let far = Event { at: i64::MAX / 4, ..one };
    assert!(scan(&[one, far], &Options::default()).is_err());
    // Only days are known.
    let days: Vec<Event> = (0..60)
        .flat_map(|day| std::iter::repeat_n(day, if day == 50 { 40 } else { 5 }))
        .map(|day| Event { at: (BEGIN + day) * 86_400, region: 0, category: 0, product: 0, text: 0 })
        .collect();
    let seen = scan(&days, &Options::default()).unwrap();
    assert_eq!(seen.step, 86_400);
    assert_eq!(seen.bursts.len(), 1, "{seen:?}");
    assert_eq!(seen.bursts[0].start, (BEGIN + 50) * 86_400);
}

/// The table of docs/bursts.md: `cargo test --release -p learn --test streams -- --ignored --nocapture`.
#[test]
#[ignore = "takes a minute; prints a table"]
fn table() {
    const SEEDS: u64 = 20;
    for kind in [Kind::Poisson, Kind::Wild, Kind::Days] {
        for rate in [learn::burst::ALARM_RATE, 0.25] {
            let alarms: usize = (100..100 + SEEDS).map(|seed| looked(kind, seed, &[], rate).bursts.len()).sum();
            let days = SEEDS as f64 * DAYS as f64;
            println!("{kind:?}: {alarms} false alarms in {days} days; {:.1} may be borne at {rate:.3}", rate * days);
        }
        for (name, region, category) in [("large", 0, 0), ("middle", 4, 3), ("small", 10, 6)] {
            for events in [5, 8, 12, 20, 40, 80] {
                let mut delays: Vec<i64> = Vec::new();
                for seed in 0..SEEDS {
                    let from = (BEGIN + 36) * 86_400 + (9 + seed as i64 % 8) * 3600 + 600;
                    let outage = Outage { region, category, from, seconds: 2 * 3600, events };
                    let scan = looked(kind, 1_000 + seed, std::slice::from_ref(&outage), learn::burst::ALARM_RATE);
                    delays.extend(found(&scan, &outage).map(|burst| (burst.detected_at - from) / 60));
                }
                delays.sort_unstable();
                let usual = level(region, category) / 12.0;
                let median = delays.get(delays.len() / 2).copied();
                println!(
                    "{kind:?} {name} (usual {usual:.2} in 2 h) {events}: seen {}/{SEEDS}, median {median:?} min",
                    delays.len()
                );
            }
        }
    }
}

/// What people say of bursts: days they decided about say nothing of the usual, and a cell that is wary needs more.
#[test]
fn what_people_said_is_heeded() {
    use learn::burst::{Judged, Wary};
    let event = |at: i64, region: u32| Event { at, region, category: 0, product: 0, text: 0 };
    let mut events = Vec::new();
    for day in 0..28 {
        for region in 0..2 {
            // Twice a day, never at the same hour.
            for n in 0..2 {
                events.push(event(day * 86_400 + (day * 7_919 + region * 13 + n * 31_337) % 86_400, region as u32));
            }
        }
    }
    let spans = [20 * 86_400 + 40_000, 27 * 86_400 + 50_000];
    for (begin, count) in spans.iter().zip([30, 12]) {
        events.extend((0..count).map(|n| event(begin + n * 60, 0)));
    }
    events.sort_by_key(|event| event.at);
    let look = |judged: Vec<Judged>, wary: Vec<Wary>| {
        let options = Options { since: Some(27 * 86_400), judged, wary, ..Options::default() };
        let found = scan(&events, &options).unwrap().bursts;
        found.into_iter().find(|burst| burst.region == Some(0))
    };
    let judged = Judged { region: Some(0), category: Some(0), product: None, span: (spans[0], spans[0] + 1_800) };
    let plain = look(Vec::new(), Vec::new()).unwrap();
    let decided = look(vec![judged], Vec::new()).unwrap();
    assert!((decided.expected - plain.expected).abs() < 1e-9, "it was left out by itself already");
    assert!(plain.course.len() > 12 && plain.course.iter().all(|(_, mean)| *mean > 0.0), "{:?}", plain.course);
    let wary = |region, ln| vec![Wary { region: Some(region), category: Some(0), product: None, ln }];
    assert!(look(Vec::new(), wary(0, 1.0)).is_some());
    assert!(look(Vec::new(), wary(0, 500.0)).is_none());
    assert!(look(Vec::new(), wary(1, 500.0)).is_some(), "another cell's wariness");
}
