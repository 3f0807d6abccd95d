//! What if: what a draft would have changed in the past, told without touching it.

use crate::activation::{activate, edited, file, newer_calendar, pair};
use crate::scenarios::house_under;
use crate::{House, house, intake, named, refusal, to_the_close};
use desk::activation::{NewActivation, RulesKind};
use desk::what_if::{self, Change, Found, Pace, RuleEffects, WhatIf};
use desk::{Caller, DeskError};
use domain::actor::Role;
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use serde_json::json;
use std::io::Write;
use std::time::Duration;
use store::testing::each_database;
use store::{StoreError, dump, entries, tables};

const PACE: Pace = Pace { workers: 2, most: None };

fn asked(draft: &NewActivation) -> WhatIf {
    WhatIf { kind: draft.kind, since: None, text: draft.text.clone() }
}

fn run(
    house: &House,
    who: &Caller,
    draft: &WhatIf,
    pace: Pace,
    out: Option<&mut (dyn Write + Send)>,
) -> Result<Found, DeskError> {
    what_if::prepare(&house.desk, who, draft)?.run(pace, out)
}

fn ask(house: &House, who: &Caller, draft: &WhatIf) -> Found {
    run(house, who, draft, PACE, None).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What would happen to a rule's clocks, as counts: moved, new, gone, breached, saved.
fn counts(found: &Found, rule: &str) -> [u64; 5] {
    let known = found.rules_changed.iter().find(|effects| effects.rule == rule);
    let counts: Option<Vec<u64>> = known.map(|one| one.effects().map(|(_, effect)| effect.count).collect());
    counts.map_or([0; 5], |counts| counts.try_into().unwrap())
}

fn numbers(found: &Found, rule: &str, change: Change) -> Vec<String> {
    let known = found.rules_changed.iter().find(|effects| effects.rule == rule).map(RuleEffects::effects);
    known.into_iter().flatten().filter(|(one, _)| *one == change).flat_map(|(_, effect)| effect.cases.clone()).collect()
}

fn wait_hours(house: &House, hours: i64) {
    house.desk.time().advance(SignedDuration::from_hours(hours));
}

type Held = (Vec<(&'static str, u64)>, Vec<(i64, i64)>);

/// How many rows every table has, and where each stream of the log stands.
fn held(house: &House) -> Held {
    house
        .desk
        .db()
        .read_now(|tx| {
            let mut counts = Vec::new();
            for table in tables::TABLES {
                counts.push((table.name, dump::count(tx, table)?));
            }
            Ok::<_, StoreError>((counts, entries::heads(tx)?))
        })
        .unwrap()
}

#[test]
fn moved_limits_and_who_would_have_been_late() {
    each_database(|scratch| {
        let house = house(scratch);
        let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
        let swift = to_the_close(&house, &agent, &named(&house.register(&agent))).case;
        let registered = house.register(&agent);
        wait_hours(&house, 3);
        let slow = to_the_close(&house, &agent, &named(&registered)).case;
        let late = house.register(&agent);
        wait_hours(&house, 50);
        let late = to_the_close(&house, &agent, &named(&late)).case;
        let open = house.register(&agent).case;
        wait_hours(&house, 2);
        let before = held(&house);

        let found = ask(&house, &he, &asked(&edited("9.0.0", "1h")));
        assert_eq!((found.cases, found.changed, found.no_say, found.untold, found.not_judged), (4, 4, 0, 0, 0));
        assert_eq!((found.rules.as_str(), found.version.as_str(), found.complete), ("guide-standard", "9.0.0", true));
        // The slow one would have been late, and the open one is by now; the late one was late anyway.
        assert_eq!(counts(&found, "response"), [4, 0, 0, 2, 0]);
        assert_eq!(numbers(&found, "response", Change::Breached), [open.number.clone(), slow.number.clone()]);
        let all = [&open, &late, &slow, &swift].map(|case| case.number.clone());
        assert_eq!(numbers(&found, "response", Change::Moved), all, "the newest first");
        assert_eq!(found.rules_changed.len(), 1, "{found:?}");

        // Two business days end with the day, and so later than 48 hours.
        let mut csv = Vec::new();
        let draft = asked(&edited("9.0.0", "3bd"));
        let found = run(&house, &he, &draft, PACE, Some(&mut csv)).unwrap();
        assert_eq!(counts(&found, "response"), [4, 0, 0, 0, 1]);
        assert_eq!(numbers(&found, "response", Change::Saved), vec![late.number.clone()]);
        let csv = String::from_utf8(csv).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            (lines.len(), lines[0]),
            (5, "number,rule,round,change,from,due_before,due_after,ended_at,stands_before,stands_after")
        );
        let line = lines.iter().find(|line| line.starts_with(&late.number)).unwrap();
        assert!(line.contains(",response,1,moved saved,") && line.ends_with(",missed,met"), "{line}");

        // Only cases of that day on.
        let since = WhatIf { since: Some(date(2026, 11, 26)), ..draft.clone() };
        let found = ask(&house, &he, &since);
        assert_eq!((found.cases, numbers(&found, "response", Change::Moved)), (1, vec![open.number.clone()]));

        // Nothing was written, and no case is another.
        assert_eq!(held(&house), before);
        for case in [&swift, &slow, &late] {
            let name = desk::CaseRef::Id(case.id);
            let after = house.wait(house.desk.case(&agent, &name)).unwrap().case;
            assert_eq!((after.version, &after.clocks), (case.version, &case.clocks));
        }
        house.close_down();
    })
    .unwrap();
}

/// The guide in a version of its own, with one text for another.
fn guide(from: &str, to: &str) -> NewActivation {
    let draft = edited("9.0.0", "48h");
    assert!(draft.text.contains(from), "{from}");
    NewActivation { text: draft.text.replacen(from, to, 1), ..draft }
}

#[test]
fn rules_that_come_and_go_and_what_ends_them() {
    each_database(|scratch| {
        let house = house(scratch);
        let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
        let done = house.register(&agent);
        wait_hours(&house, 30);
        to_the_close(&house, &agent, &named(&done));
        house.register(&agent);

        // Under another name it is another rule: what was late is no longer, and the other would have been.
        let renamed = ask(&house, &he, &asked(&guide("id = \"first_handling\"", "id = \"taken_up\"")));
        assert_eq!(counts(&renamed, "first_handling"), [0, 0, 2, 0, 1]);
        assert_eq!(counts(&renamed, "taken_up"), [0, 2, 0, 1, 0]);

        // A clock that ends with something else: of a case accepted late and proposed at once nothing changes but that it
        // is still to be ended.
        let from = "stop = [\"accepted\", \"declined\", \"closed\"]\namount = \"24h\"";
        let to = "stop = [\"replied\", \"declined\", \"closed\"]\namount = \"31h\"";
        let ends = ask(&house, &he, &asked(&guide(from, to)));
        assert_eq!(counts(&ends, "first_handling"), [2, 0, 0, 0, 1]);

        // One that begins where another ends.
        let chained = "\n[[clock]]\nid = \"after_all\"\ntitle = { zh = \"逾期后说明\", en = \"Say why\" }\nlayer = \"practice\"\n\
             basis = \"proposal\"\nconfidence = \"unverified\"\nsource = \"product\"\nstart = [\"expiry:first_handling\"]\n\
             stop = [\"replied\", \"declined\", \"closed\"]\namount = \"1h\"\n";
        let mut draft = guide("48h", "48h");
        draft.text.push_str(chained);
        let chained = ask(&house, &he, &asked(&draft));
        assert_eq!(counts(&chained, "after_all"), [0, 1, 0, 1, 0], "{chained:?}");

        // Where a red line is urgent, the grade is another, and with it every limit by grade.
        let mut red = intake();
        red["category"] = json!("C201");
        let red = house.try_register(&agent, red).unwrap().case;
        let from = "when = { red_line = true }\nraise = { severity = \"major\" }";
        let to = "when = { red_line = true }\nraise = { urgency = \"urgent\" }";
        let graded = ask(&house, &he, &asked(&guide(from, to)));
        assert_eq!((graded.grades.count, &graded.grades.cases, graded.changed), (1, &vec![red.number], 1));
        assert_eq!(counts(&graded, "grade_feedback"), [0, 0, 1, 0, 0], "nobody asks for it where a case is urgent");
        assert_eq!(counts(&graded, "grade_solution"), [1, 0, 0, 0, 0]);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_draft_of_a_calendar_and_a_pause() {
    each_database(|scratch| {
        let house = house(scratch);
        let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
        activate(&house, &pair_of(&house), &edited("9.0.0", "3bd"));
        let open = house.register(&agent);
        let closed = to_the_close(&house, &agent, &named(&house.register(&agent))).case;
        let mut seen = house.register(&agent);
        for (verb, body) in [
            ("accept", json!({})),
            ("suspend", json!({"wait_for": "waiting_parts", "until": "2026-11-30T09:00:00+08:00", "reason": "缺货"})),
        ] {
            seen = house.act(&agent, &named(&seen), seen.case.version, verb, body).unwrap();
        }
        wait_hours(&house, 24);
        let held_up = house.act(&agent, &named(&seen), seen.case.version, "resume", json!({})).unwrap().case;
        let before = held(&house);
        // The Friday off moves the open one, the closed one and, by the day it stood still, the held one.
        let found = ask(&house, &he, &asked(&newer_calendar()));
        assert_eq!((found.kind, found.rules.as_str(), found.cases), (RulesKind::Calendar, "CN", 3));
        let moved = numbers(&found, "response", Change::Moved);
        assert_eq!(moved, [held_up.number.clone(), closed.number.clone(), open.case.number.clone()]);
        assert_eq!((counts(&found, "statutory_answer"), found.not_judged), ([0; 5], 0));
        assert_eq!(held(&house), before);

        // Put into force, what stands is what was foretold.
        let mut csv = Vec::new();
        run(&house, &he, &asked(&newer_calendar()), PACE, Some(&mut csv)).unwrap();
        let from_now = NewActivation { effective_from: date(2026, 11, 25), ..newer_calendar() };
        activate(&house, &pair_of(&house), &from_now);
        house.desk.time().advance(desk::activation::NOTICED_AFTER);
        house.wait(desk::jobs::recount::go_on(&house.desk, "node", || false)).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        for name in [named(&open), desk::CaseRef::Id(held_up.id)] {
            let case = house.wait(house.desk.case(&agent, &name)).unwrap().case;
            let due = case.clocks.iter().find(|clock| clock.rule == "response").unwrap().due_at.to_string();
            let line = csv.lines().find(|line| line.starts_with(&format!("{},response,", case.number))).unwrap();
            assert_eq!(line.split(',').nth(6), Some(due.as_str()), "{line}");
        }
        house.close_down();
    })
    .unwrap();
}

fn pair_of(house: &House) -> crate::activation::Pair {
    static TWICE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = TWICE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    crate::activation::Pair {
        asks: house.user(&format!("asks{n}"), Role::Compliance, ""),
        decides: house.user(&format!("decides{n}"), Role::Admin, ""),
    }
}

#[test]
fn what_came_from_another_case_is_not_judged_and_an_area_sees_its_own() {
    each_database(|scratch| {
        let house = house(scratch);
        let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
        let first = house.register(&agent);
        wait_hours(&house, 5);
        let second = house.register(&agent);
        let into = json!({"into": second.case.number, "reason": "同一事项"});
        let lead = house.user("lead", Role::Supervisor, "");
        house.act(&lead, &named(&first), 1, "merge", into).unwrap();
        let found = ask(&house, &he, &asked(&edited("9.0.0", "47h")));
        // The five earlier limits went over into the second case, which says nothing about their rules there.
        assert_eq!((found.cases, counts(&found, "response")[0], found.not_judged), (2, 1, 5));
        assert_eq!(numbers(&found, "response", Change::Moved), vec![first.case.number.clone()]);

        let mut elsewhere = intake();
        elsewhere["region"] = json!("330106");
        let elsewhere = house.try_register(&agent, elsewhere).unwrap().case;
        let regional = house.user("hang", Role::Compliance, "33");
        let found = ask(&house, &regional, &asked(&edited("9.0.0", "47h")));
        assert_eq!((found.cases, numbers(&found, "response", Change::Moved)), (1, vec![elsewhere.number]));
        let refused = run(&house, &agent, &asked(&edited("9.0.0", "47h")), PACE, None).unwrap_err();
        assert_eq!(refusal(refused).code, "not_permitted");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_bad_draft_is_told_with_its_place() {
    each_database(|scratch| {
        let house = house(scratch);
        let he = pair(&house).asks;
        let fault = |draft: &NewActivation| {
            let error: DeskError = run(&house, &he, &asked(draft), PACE, None).unwrap_err();
            let refusal = refusal(error);
            let fault = refusal.faults.into_iter().next().unwrap();
            (fault.code, fault.params)
        };
        let (code, place) = fault(&edited("9.0.0", "40d"));
        assert_eq!(code, "rule_finding");
        assert!(place.contains(&("check", "looser-than-law".to_owned())), "{place:?}");
        assert!(place.iter().any(|(name, value)| *name == "line" && value.parse::<u32>().unwrap() > 10));
        let broken = NewActivation { text: "version = 1\n[pack".into(), ..edited("9.0.0", "1h") };
        assert_eq!(fault(&broken).0, "rule_finding");
        let shipped = NewActivation { text: file("guide-standard.toml"), ..edited("9.0.0", "1h") };
        assert_eq!(fault(&shipped).0, "rules_known");
        let unused = NewActivation { text: file("calendars/fr.toml"), ..newer_calendar() };
        let later = unused.text.lines().find(|line| line.starts_with("known_as_of")).unwrap().to_owned();
        let unused = NewActivation { text: unused.text.replace(&later, "known_as_of = 2026-11-20"), ..unused };
        assert!(["calendar_unused", "version_never_changes"].contains(&fault(&unused).0));
        // The law is not edited here, but one may ask what it would mean.
        let law = file("cn-telecom.toml");
        let line = law.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
        let law = NewActivation { text: law.replacen(&line, "version = \"9.0.0\"", 1), ..edited("9.0.0", "1h") };
        house.register(&house.user("agent", Role::Specialist, ""));
        let found = ask(&house, &he, &asked(&law));
        assert_eq!((found.cases, found.changed), (1, 0));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn when_time_is_up_it_says_how_far_it_came() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
    let newest = (0..300).map(|_| house.register(&agent)).last().unwrap();
    let draft = asked(&edited("9.0.0", "47h"));
    let found = run(&house, &he, &draft, Pace { workers: 1, most: Some(Duration::ZERO) }, None).unwrap();
    assert_eq!((found.cases, found.complete, found.reached), (256, false, Some(newest.case.received_at)));
    let found = ask(&house, &he, &draft);
    assert_eq!((found.cases, found.complete, counts(&found, "response")[0]), (300, true, 300));
    let day: Date = date(2026, 11, 25);
    assert_eq!(ask(&house, &he, &WhatIf { since: Some(day), ..draft }).cases, 0);
    house.close_down();
}

#[test]
fn what_becomes_a_complaint_is_decided_by_the_draft() {
    each_database(|scratch| {
        let house = house_under(scratch, "ie");
        let (he, agent) = (house.user("he", Role::Compliance, ""), house.user("agent", Role::Specialist, ""));
        let ask_something = || {
            let mut body = intake();
            (body["kind"], body["external"]) = (json!("enquiry"), json!([]));
            house.try_register(&agent, body).unwrap()
        };
        let (ignored, told) = (ask_something(), ask_something());
        // It is Tuesday. Word on Thursday is within the two working days, and would not have been within one.
        wait_hours(&house, 50);
        house.act(&agent, &named(&told), 1, "notify-progress", json!({"mode": "sms", "content": "核查中"})).unwrap();
        // Found out two days late, on a Saturday.
        wait_hours(&house, 60);
        house.wait(desk::jobs::timers::ring_due(&house.desk)).unwrap();
        let before = held(&house);
        let text = file("ie-comreg.toml");
        let line = text.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
        let draft = |after: &str| {
            let text = text.replacen(&line, "version = \"9.0.0\"", 1);
            // It is put into force today, so rules for what was received before have no place in it.
            let text = text.replace("version = { fact = \"received_at\", to = 2026-09-02 }\n", "");
            let text = text.replace("after = \"2bd\"", &format!("after = \"{after}\""));
            asked(&NewActivation { text, ..edited("9.0.0", "1h") })
        };
        let same = ask(&house, &he, &draft("2bd"));
        assert_eq!((same.cases, same.changed, same.not_judged), (2, 0, 0), "{same:?}");
        // A working day sooner: the limits of the one count from Wednesday instead of Thursday, the other has them too. Two
        // working days were over with Friday.
        let sooner = ask(&house, &he, &draft("1bd"));
        assert_eq!((sooner.changed, sooner.not_judged), (2, 0));
        for (rule, late) in [("ie_acknowledge", 2), ("ie_respond", 0)] {
            assert_eq!(counts(&sooner, rule), [1, 1, 0, late, 0], "{rule}");
            assert_eq!(numbers(&sooner, rule, Change::New), std::slice::from_ref(&told.case.number));
        }
        // Where nothing becomes a complaint, nothing is counted as one.
        let never = ask(&house, &he, &draft("90bd"));
        assert_eq!((counts(&never, "ie_respond"), never.changed), ([0, 0, 1, 0, 0], 1));
        assert_eq!(numbers(&never, "ie_respond", Change::Gone), [ignored.case.number]);
        assert_eq!(held(&house), before, "nothing was written");
        house.close_down();
    })
    .unwrap();
}
