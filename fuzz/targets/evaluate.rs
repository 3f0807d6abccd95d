//! A case and a pack: the first line says the start and the facts (`2026-07-03T10:00:00+08:00;kind=complaint;
//! category=B204;grade=urgent`), the rest is the pack. Whatever it asks of the case, the answer comes.
#![no_main]

use jiff::Timestamp;
use policy::{Calendar, CalendarSet, FactName, Facts, Grade, Lang, Pack, Stack, StartFact};
use std::sync::{Arc, LazyLock};

static CALENDARS: LazyLock<CalendarSet> = LazyLock::new(|| {
    let mut calendars = CalendarSet::default();
    calendars.add("cn.toml", include_str!("../../packs/calendars/cn.toml")).expect("a shipped calendar");
    calendars.add("au-nsw.toml", include_str!("../../packs/calendars/au-nsw.toml")).expect("a shipped calendar");
    calendars.insert(Calendar::none("UTC").expect("a zone"));
    calendars
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let Some((case, pack)) = text.split_once('\n') else { return };
    let Some((start, facts, grade)) = read(case) else { return };
    let Ok(pack) = Pack::load("x.toml", pack, &CALENDARS) else { return };
    evaluate(Arc::new(pack), start, &facts, grade);
});

/// Start, facts and grade of a case.
fn read(line: &str) -> Option<(Timestamp, Facts, Grade)> {
    let mut words = line.split(';');
    let start = words.next()?.parse().ok()?;
    let (mut facts, mut grade) = (Facts { received_at: Some(start), ..Facts::default() }, Grade::Normal);
    for word in words {
        let (name, value) = word.split_once('=')?;
        match FactName::from_code(name)? {
            FactName::Grade => grade = Grade::from_code(value)?,
            fact => facts.set(fact, value).ok()?,
        }
    }
    Some((start, facts, grade))
}

fn evaluate(pack: Arc<Pack>, start: Timestamp, facts: &Facts, grade: Grade) {
    let asked: Vec<String> = pack.heads().map(|(_, head)| head.id.clone()).collect();
    for rule in &asked {
        let _ = pack.ask(rule, start, facts, grade, &[]);
    }
    for region in pack.places().map(|(region, _)| region.to_owned()).collect::<Vec<_>>() {
        let _ = pack.in_place(&region);
    }
    let Ok(rules) = Stack::new([pack]) else { return };
    let assessed = rules.assess(facts);
    let _ = rules.grade(assessed.severity, assessed.urgency);
    for fact in StartFact::ALL {
        for clock in rules.clocks_started_by(*fact, facts, grade, start) {
            assert!(clock.due_at >= start, "{} is due before it begins", clock.rule);
            let why = rules.explain(&clock.rule, start, facts, grade).expect("what started is explained");
            assert!(!why.lines(Lang::Zh).is_empty() && !why.lines(Lang::En).is_empty());
            // What waits for its end, and what waits for that, comes to an end.
            let mut ended = vec![clock];
            let mut at = 0;
            while let Some(clock) = ended.get(at).cloned() {
                at += 1;
                let next = rules.clocks_started_after(&clock.rule, facts, grade, clock.due_at);
                ended.extend(next.into_iter().filter(|next| next.rule != clock.rule));
                assert!(ended.len() < 10_000, "{} goes round", clock.rule);
            }
        }
    }
    for (_, at) in rules.conversions(facts, grade, start) {
        assert!(at >= start);
    }
    for window in rules.windows(facts, Some(start), start).known {
        assert!(window.closes_at >= start && window.opens_at >= start);
    }
    let _ = rules.effects(facts, grade, start).count();
    let _ = rules.gates(facts, grade, start).count();
    let _ = (rules.reopen_until(start), rules.suspend_until(start), rules.repeat_since(start));
}
