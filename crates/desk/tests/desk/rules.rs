//! Which rules govern a case, for how long, and which rights follow from them.

use crate::{House, house, intake, library, to_the_close};
use desk::library::DataFile;
use desk::{Caller, CaseRef, DeskError, Library};
use domain::actor::Role;
use domain::case::Case;
use domain::case::matter::{self, Stage};
use domain::event::{ClockOutcome, Event, PackPin};
use jiff::SignedDuration;
use jiff::civil::date;
use policy::WindowState;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::testing::each_database;

fn pins(case: &Case) -> Vec<String> {
    case.packs.iter().map(|PackPin { id, version, .. }| format!("{id} {version}")).collect()
}

fn register(house: &House, who: &Caller, change: impl FnOnce(&mut Value)) -> Case {
    let mut body = intake();
    change(&mut body);
    house.try_register(who, body).unwrap().case
}

#[test]
fn a_case_names_the_stack_of_its_first_receipt() {
    each_database(|scratch| {
        let house = house(scratch);
        let admin = house.user("admin", Role::Admin, "");
        let today = register(&house, &admin, |_| ());
        assert_eq!(pins(&today), ["cn-telecom 1.1.0", "guide-standard 1.6.0", "iso-10002 1.2.0"]);
        let before_the_order =
            register(&house, &admin, |body| body["received_at"] = json!("2016-07-29T12:00:00+08:00"));
        assert_eq!(pins(&before_the_order), ["guide-standard 1.6.0", "iso-10002 1.2.0"]);
        assert!(before_the_order.clocks.iter().all(|clock| clock.rule != "statutory_answer"));
        // The local date decides: this is the last second of 29 July in China, the next one is the 30th.
        let second = register(&house, &admin, |body| body["received_at"] = json!("2016-07-29T16:00:00Z"));
        assert_eq!(pins(&second).len(), 3);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_older_cases_name_is_still_there() {
    let pin = |id: &str, version: &str| PackPin { id: id.into(), version: version.into(), hash: None };
    let old = library().pinned(&[pin("guide-standard", "1.0.0")], "", &[]).unwrap();
    assert_eq!(old.clocks().count(), 6);
    let new = library().governing(date(2026, 11, 24), "").unwrap();
    assert!(new.clocks().count() > 6);
    assert!(matches!(library().pinned(&[pin("guide-standard", "0.9.0")], "", &[]), Err(DeskError::Damaged(_))));
}

#[test]
fn data_that_does_not_hang_together_is_refused_at_start() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files = Vec::new();
    crate::collect(&root, &root, &mut files);
    let with = |path: &str, text: &str| {
        let mut files = files.clone();
        files.retain(|file| file.path != path);
        files.push(DataFile { path: path.into(), text: text.into() });
        Library::load(&files).map(drop).unwrap_err().to_string()
    };
    let guide = &files.iter().find(|file| file.path == "guide-standard.toml").unwrap().text;
    let twice = with("again.toml", guide);
    assert!(twice.contains("again.toml") && twice.contains("1.6.0"), "{twice}");
    let stacks = with("stacks.toml", "default = \"cn\"\n[[stack]]\nid = \"cn\"\npacks = [\"cn-telecom\"]");
    assert!(stacks.contains("stacks.toml:2:"), "{stacks}");
    let clash = with("guide-standard.toml", &guide.replace("id = \"repair\"", "id = \"statutory_repair\""));
    assert!(clash.contains("cn-telecom") && clash.contains("guide-standard"), "{clash}");
}

#[test]
fn no_grade_and_no_reopening_moves_the_statutory_date() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let (graded, reopened) = (register(&house, &agent, |_| ()), register(&house, &agent, |_| ()));
        let statutory = |case: &Case| {
            let clocks = case.clocks.iter().filter(|clock| clock.rule == "statutory_answer");
            clocks.map(|clock| (clock.round, clock.from, clock.due_at)).collect::<Vec<_>>()
        };
        let first = statutory(&graded);
        assert_eq!((first.len(), &statutory(&reopened)), (1, &first));
        house.desk.time().advance(SignedDuration::from_hours(30));
        let grade = json!({"severity": "major", "urgency": "urgent", "reason": "升级"});
        let done = house.act(&agent, &CaseRef::Id(graded.id), 1, "grade", grade).unwrap();
        assert_eq!(statutory(&done.case), first);
        let name = CaseRef::Id(reopened.id);
        let closed = to_the_close(&house, &agent, &name);
        let done = house.act(&agent, &name, closed.case.version, "reopen", json!({"reason": "未解决"})).unwrap();
        assert_eq!(statutory(&done.case), first);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_clock_of_a_stack_the_case_does_not_know_runs_on_in_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, admin) = (house.user("agent", Role::Specialist, ""), house.user("admin", Role::Admin, ""));
        // Received before the order there was, so its stack has no statutory answer.
        let lead = register(&house, &admin, |body| body["received_at"] = json!("2016-07-29T12:00:00+08:00"));
        let name = CaseRef::Id(lead.id);
        let other = register(&house, &agent, |_| ());
        let theirs = other.clocks.iter().find(|clock| clock.rule == "statutory_answer").unwrap();
        assert!(
            library()
                .pinned(&lead.packs, lead.record.place(), &lead.calendars)
                .unwrap()
                .clock("statutory_answer")
                .is_none()
        );
        let into = json!({"into": lead.number, "reason": "同一事项"});
        house.act(&agent, &CaseRef::Id(other.id), 1, "merge", into).unwrap();
        let now = || house.wait(house.desk.case(&agent, &name)).unwrap();
        let clock = || now().case.clocks.into_iter().find(|clock| clock.rule == "statutory_answer").unwrap();
        assert_eq!((clock().from, clock().due_at, clock().inherited), (theirs.from, theirs.due_at, true));

        let why = house.wait(house.desk.explain(&agent, &name, "statutory_answer")).unwrap();
        assert_eq!(why[0].explanation.due_at, theirs.due_at);
        assert_eq!(why[0].explanation.rule.as_ref().unwrap().pack, "cn-telecom");
        let lines = why[0].explanation.lines(policy::Lang::En).join(" ");
        assert!(lines.contains("Taken over"), "{lines}");

        let grade = json!({"severity": "major", "urgency": "urgent", "reason": "升级"});
        house.act(&agent, &name, now().case.version, "grade", grade).unwrap();
        assert_eq!(clock().due_at, theirs.due_at, "no grade moves what the law says");
        house.desk.time().set(theirs.due_at + SignedDuration::from_secs(1));
        house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        let warned = |percent: u8| {
            let of = |event: &Event| {
                matches!(event, Event::Warned { rule, percent: told, .. }
                if rule == "statutory_answer" && *told == percent)
            };
            now().entries.iter().flat_map(|entry| &entry.events).filter(|event| of(event)).count()
        };
        assert_eq!((warned(100), clock().warned), (1, 100));

        let own = |verb: &str, body: Value| house.act(&admin, &name, now().case.version, verb, body);
        own("accept", json!({})).unwrap();
        assert!(clock().is_running(), "accepting is no answer");
        own("propose", json!({"outcome": "退费"})).unwrap();
        let second = house.user("second", Role::Admin, "");
        house.act(&second, &name, now().case.version, "approve", json!({})).unwrap();
        own("ask-reading", json!({"paper": "reply", "content": "已退费"})).unwrap();
        house.act(&second, &name, now().case.version, "release-reading", json!({"reading": 1})).unwrap();
        own("reply", json!({"mode": "phone", "reading": 1, "to_merged": true})).unwrap();
        assert_eq!(clock().ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Missed), "the answer stops it");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn rights_follow_from_when_it_happened() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let unknown = register(&house, &agent, |_| ());
        let windows = house.desk.windows(&unknown).unwrap();
        assert!(windows.known.is_empty());
        assert_eq!(windows.missing, ["occurred_at"]);
        let case = register(&house, &agent, |body| body["occurred_at"] = json!("2026-07-10T09:00:00+08:00"));
        let windows = house.desk.windows(&case).unwrap();
        assert_eq!(windows.known.len(), 1);
        assert_eq!(windows.known[0].rule, "appeal_charging");
        assert_eq!(windows.known[0].closes_at, "2026-12-10T23:59:59+08:00".parse().unwrap());
        house.desk.time().advance(SignedDuration::from_hours(24 * 17));
        assert_eq!(windows.known[0].state(house.desk.time().now()), WindowState::Closed);
        let triage = register(&house, &agent, |body| {
            body["occurred_at"] = json!("2026-07-10T09:00:00+08:00");
            body.as_object_mut().unwrap().remove("category");
        });
        assert_eq!(house.desk.windows(&triage).unwrap().missing, ["category"]);
        house.close_down();
    })
    .unwrap();
}

/// The stages a pack writes clocks for are those the case goes through, and they follow each other as they do there.
#[test]
fn the_routes_of_the_packs_are_the_ways_of_the_matters() {
    let library = library();
    let pack = library.pack("cn-telecom").unwrap();
    for owner in ["miit", "provincial_authority", "12345", "12315"] {
        let route = matter::route(owner).unwrap();
        let route = pack.routes().iter().find(|rule| rule.head.id == route).unwrap();
        for stage in &route.stages {
            let known = Stage::ALL.into_iter().find(|known| known.code() == stage.id).unwrap();
            let next: BTreeSet<&str> = stage.next.iter().map(String::as_str).collect();
            let led: BTreeSet<&str> = Stage::ALL
                .into_iter()
                .filter(|to| to.from().contains(&known) && route.stage(to.code()).is_some())
                .map(Stage::code)
                .collect();
            assert_eq!(next, led, "{} {}", route.head.id, stage.id);
        }
    }
}
