//! What hostile bytes are thrown at: each takes any bytes and panics where something that must always hold does not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a target reports")]

use jiff::{SignedDuration, Timestamp};
use policy::{
    Amount, Calendar, CalendarSet, Counting, Ends, Facts, Fault, FirstDay, Grade, Lang, Pack, Pause, Plan, Roll, Stack,
    StartFact, check_vectors, due_at_paused, due_paused,
};
use std::sync::Arc;

pub(crate) const CALENDAR: &str = include_str!("../../../../packs/calendars/cn.toml");
pub(crate) const PACKS: [&str; 3] = [
    include_str!("../../../../packs/cn-telecom.toml"),
    include_str!("../../../../packs/guide-standard.toml"),
    include_str!("../../../../packs/iso-10002.toml"),
];
pub(crate) const STACKS: &str =
    "default = \"cn\"\n[[stack]]\nid = \"cn\"\npacks = [\"cn-telecom\", \"guide-standard\", \"iso-10002\"]\n";

pub(crate) fn calendars() -> CalendarSet {
    let mut calendars = CalendarSet::default();
    calendars.add("calendar.toml", CALENDAR).unwrap();
    calendars.insert(Calendar::none("UTC").unwrap());
    calendars
}

fn refused(file: &str, text: &str, faults: &[Fault]) {
    assert!(!faults.is_empty(), "refused without a reason");
    let lines = u32::try_from(text.split('\n').count()).unwrap();
    for fault in faults {
        assert_eq!(fault.file.as_deref(), Some(file));
        assert!((1..=lines).contains(&fault.line) && fault.column >= 1, "{fault}: no such place");
        assert!(fault.message.len() < 2_000, "a message nobody reads: {} bytes", fault.message.len());
    }
}

/// Bytes as a calendar, a pack and a list of stacks. What is taken is used.
pub(crate) fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Calendar::parse_file("x.toml", &text) {
        Ok(calendar) => counts(&calendar),
        Err(faults) => refused("x.toml", &text, &faults),
    }
    let (mut packs, calendars): (Vec<Arc<Pack>>, _) = (Vec::new(), calendars());
    match Pack::load("x.toml", &text, &calendars) {
        Ok(pack) => packs.push(Arc::new(pack)),
        Err(faults) => refused("x.toml", &text, &faults),
    }
    if let Err(faults) = Plan::load("x.toml", &text, &packs) {
        refused("x.toml", &text, &faults);
    }
    if let Ok(stack) = Stack::new(packs) {
        judges(&stack);
    }
}

/// A calendar that was taken gives deadlines.
fn counts(calendar: &Calendar) {
    let start = Timestamp::from_second(1_790_000_000).unwrap();
    for amount in ["100h", "100wh", "100d", "100bd", "100w", "100mo"] {
        let amount: Amount = amount.parse().unwrap();
        assert!(due_at_paused(start, amount, &Counting::usual(amount), calendar, &[]) >= start);
    }
}

/// A stack that was taken grades, counts and explains.
fn judges(stack: &Stack) {
    let start = Timestamp::from_second(1_790_000_000).unwrap();
    for kind in Facts::KINDS {
        let facts = Facts { kind: (*kind).to_owned(), category: Some("B204".to_owned()), ..Facts::default() };
        let assessed = stack.assess(&facts);
        let grade = stack.grade(assessed.severity, assessed.urgency).grade;
        for fact in StartFact::ALL {
            for clock in stack.clocks_started_by(*fact, &facts, grade, start) {
                assert!(clock.due_at >= start);
                let why = stack.explain(&clock.rule, start, &facts, grade).unwrap();
                assert!(why.due_at == clock.due_at && !why.lines(Lang::Zh).is_empty());
                let anew = stack.recompute(&clock.rule, start, &facts, Grade::Urgent);
                assert!(anew.is_none_or(|anew| anew.due_at >= start));
            }
        }
        let windows = stack.windows(&facts, Some(start), start);
        assert!(windows.known.iter().all(|window| window.closes_at >= start && window.opens_at >= start));
    }
}

/// Bytes as a start, an amount, a way of counting and pauses.
pub(crate) fn deadline(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let mut next = |bytes_of: u32| (0..bytes_of).fold(0_i64, |sum, _| sum << 8 | i64::from(bytes.next().unwrap_or(0)));
    // From the first year to the last, more or less.
    let start = Timestamp::from_second(next(5).rem_euclid(630_000_000_000) - 377_700_000_000).unwrap();
    let n = u32::try_from(next(3)).unwrap();
    let unit = ["h", "wh", "d", "bd", "w", "mo"][usize::try_from(next(1) % 6).unwrap()];
    let Ok(amount) = format!("{n}{unit}").parse::<Amount>() else { return };
    let choice = usize::try_from(next(1)).unwrap();
    let counting = Counting {
        first_day: FirstDay::ALL[choice % 2],
        ends: Ends::ALL[choice / 2 % 3],
        roll: Roll::ALL[choice / 6 % 4],
        strictly_less: choice / 24 % 2 == 1,
    };
    let mut pauses: Vec<Pause> = Vec::new();
    for _ in 0..next(1) % 4 {
        let (from, length) = (next(4) - 10_000, next(4));
        let at = |seconds: i64| start.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(start);
        pauses.push((at(from), (length % 17 != 0).then(|| at(from + length))));
    }
    let calendars = calendars();
    for calendar in calendars.iter() {
        let due = due_paused(start, amount, &counting, calendar, &pauses);
        assert!(due.at >= start);
        assert_eq!(due.at, due_at_paused(start, amount, &counting, calendar, &pauses));
        assert!(due.at >= due_at_paused(start, amount, &counting, calendar, &[]));
        assert!(!due.explanation.lines(Lang::En).is_empty());
    }
}

/// Bytes as a list of deadlines.
pub(crate) fn vectors(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let calendars = calendars();
    let packs = PACKS.map(|text| Arc::new(Pack::load("pack.toml", text, &calendars).unwrap()));
    if let Ok(report) = check_vectors(&text, &calendars, &packs, &[]) {
        assert_eq!(report.vectors, report.rows.len());
        assert_eq!(report.vectors, report.passed + report.failed);
        assert!(report.not_covered <= report.failed);
        let lines = u64::try_from(text.split('\n').count()).unwrap();
        assert!(report.rows.iter().all(|row| (1..=lines).contains(&row.line)));
    }
}
