//! Timers and jobs: everything once, nothing lost, whoever looks and whatever the clock does.

use crate::{House, house, intake, named, open};
use desk::jobs::{self, queue, run_timely, timers};
use desk::time::Time;
use desk::{Caller, CaseRef, Desk};
use domain::actor::Role;
use domain::case::Case;
use domain::event::{ClockOutcome, Event};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::testing::{Scratch, each_database};

fn each(test: impl Fn(&Scratch, &House) + Copy) {
    each_database(|scratch| {
        let house = house(scratch);
        test(scratch, &house);
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

impl House {
    pub(crate) fn tick(&self) {
        self.wait(run_timely(&self.desk, "node")).unwrap();
    }

    fn look(&self, who: &Caller, name: &CaseRef) -> (Case, Vec<Event>) {
        let view = self.wait(self.desk.case(who, name)).unwrap();
        (view.case, view.entries.into_iter().flat_map(|entry| entry.events).collect())
    }
}

/// Warnings a case has given for a rule.
fn warned(events: &[Event], of: &str) -> Vec<u8> {
    let percent = |event: &Event| match event {
        Event::Warned { rule, percent, .. } if rule == of => Some(*percent),
        _ => None,
    };
    events.iter().filter_map(percent).collect()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn a_clock_warns_at_each_part_of_its_time_once() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let name = named(&house.register(&who));
        let seen = |house: &House| warned(&house.look(&who, &name).1, "response");
        house.tick();
        assert_eq!(seen(house), [0; 0]);
        // 48 hours: half, three quarters, the end.
        for (pause, expected) in [(24, vec![50]), (0, vec![50]), (12, vec![50, 75]), (13, vec![50, 75, 100])] {
            house.desk.time().advance(hours(pause));
            house.tick();
            house.tick();
            assert_eq!(seen(house), expected);
        }
        house.desk.time().advance(hours(1_000));
        house.tick();
        assert_eq!(seen(house), [50, 75, 100], "it says so once");
    });
}

#[test]
fn what_was_slept_through_is_caught_up_with_and_a_clock_put_back_says_nothing_twice() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let name = named(&house.register(&who));
        house.desk.time().advance(hours(72));
        house.tick();
        let (_, events) = house.look(&who, &name);
        assert_eq!(warned(&events, "response"), [50, 75, 100]);
        house.desk.time().advance(-hours(48));
        house.tick();
        house.desk.time().advance(hours(49));
        house.tick();
        let (case, events) = house.look(&who, &name);
        assert_eq!(warned(&events, "response"), [50, 75, 100]);
        assert!(case.changed_at >= case.registered_at);
    });
}

#[test]
fn a_clock_set_back_by_a_day_holds_no_duty_up() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let unsealed = || desk::verify::verify(house.desk.db(), None).unwrap().unsealed;
        for back in [hours(0), hours(24), hours(24 * 400)] {
            house.desk.time().advance(-back);
            house.register(&who);
            assert!(unsealed() > 0);
            desk::jobs::run_due(&house.desk, "node").unwrap();
            assert_eq!(unsealed(), 0, "{back}");
            house.register(&who);
            desk::jobs::run_due(&house.desk, "node").unwrap();
            assert!(unsealed() > 0, "not due yet");
        }
    });
}

/// A house elsewhere: the calendars, and so the ends of days, are those of another zone.
fn house_in(scratch: &Scratch, zone: &str, now: Timestamp) -> House {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files = Vec::new();
    crate::collect(&root, &root, &mut files);
    for file in &mut files {
        file.text = file.text.replace("zone = \"Asia/Shanghai\"", &format!("zone = {zone:?}"));
    }
    let setup = desk::Setup {
        db: scratch.open().unwrap(),
        library: desk::Library::load(&files).unwrap(),
        zone: TimeZone::get(zone).unwrap(),
        time: Time::at(now),
    };
    let desk = Desk::open(setup, &crate::key_file(scratch)).unwrap();
    House { desk, runtime: tokio::runtime::Runtime::new().unwrap() }
}

/// Clocks that run out a quarter of an hour before and after the local clock is changed: in the hour that comes twice,
/// or right behind the one that never comes; and those of whole days across the change.
#[test]
fn a_clock_across_a_change_of_time_warns_at_its_moments_and_once() {
    let changes = [
        ("Europe/London", "2026-10-25T01:00:00Z"),
        ("Europe/London", "2027-03-28T01:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Australia/Lord_Howe", "2027-04-03T15:00:00Z"),
    ];
    for (zone, change) in changes {
        let change: Timestamp = change.parse().unwrap();
        for minutes in [-15, 15] {
            each_database(|scratch| {
                let due = change + SignedDuration::from_mins(minutes);
                let house = house_in(scratch, zone, due - hours(48));
                let who = house.user("one", Role::Specialist, "");
                let done = house.register(&who);
                let rules = house.desk.library().rules_of(&done.case).unwrap();
                let clock = |rule: &str| done.case.clocks.iter().find(|clock| clock.rule == rule).unwrap().clone();
                assert_eq!(clock("response").due_at, due, "48 hours are 48 hours");
                let law = clock("statutory_answer");
                let ends = law.due_at.to_zoned_datetime(TimeZone::get(zone).unwrap());
                assert_eq!(ends.time().hour(), 23, "a day ends when it ends there: {ends}");
                let mut moments: Vec<(Timestamp, &str, u8)> = Vec::new();
                for clock in [&clock("response"), &law] {
                    let parts = rules.clock(&clock.rule).unwrap().warnings(clock.from, clock.due_at);
                    assert!(parts.iter().any(|(percent, at)| *percent == 100 && *at == clock.due_at));
                    let rule = if clock.rule == law.rule { "statutory_answer" } else { "response" };
                    moments.extend(parts.into_iter().map(|(percent, at)| (at, rule, percent)));
                }
                moments.sort();
                let seen = |rule: &str| warned(&house.look(&who, &named(&done)).1, rule);
                for (at, rule, percent) in moments {
                    let before = if percent == 100 { at } else { at - SignedDuration::from_micros(1) };
                    house.desk.time().set(before);
                    house.tick();
                    assert!(!seen(rule).contains(&percent), "{rule} {percent} % early in {zone}");
                    house.desk.time().set(before + SignedDuration::from_micros(1));
                    house.tick();
                    house.tick();
                    assert_eq!(seen(rule).iter().filter(|told| **told == percent).count(), 1, "{rule} {percent} %");
                    let why = house.wait(house.desk.explain(&who, &named(&done), rule)).unwrap();
                    assert_eq!(why[0].explanation.due_at, clock(rule).due_at);
                }
                house.close_down();
            })
            .unwrap();
        }
    }
}

#[test]
fn of_many_nodes_one_wakes_a_case() {
    each(|scratch, house| {
        let who = house.user("one", Role::Specialist, "");
        let names: Vec<CaseRef> = (0..40).map(|_| named(&house.register(&who))).collect();
        let later: Timestamp = house.desk.time().now() + hours(36);
        let nodes: Vec<Desk> =
            (0..3).map(|_| open(scratch, Time::at(later), &crate::key_file(scratch)).unwrap()).collect();
        house.wait(async {
            let mut all = tokio::task::JoinSet::new();
            for (n, node) in nodes.iter().cloned().enumerate() {
                all.spawn(async move { run_timely(&node, &format!("node-{n}")).await });
            }
            while let Some(done) = all.join_next().await {
                done.unwrap().unwrap();
            }
        });
        for name in &names {
            assert_eq!(warned(&house.look(&who, name).1, "response"), [50, 75]);
        }
        // Jobs are done beside the timers; what the last timers left is for the next look.
        house.wait(queue::work(&nodes[0], "node-0")).unwrap();
        let told = house.wait(house.desk.notices(&who)).unwrap();
        let about: Vec<_> = told.iter().filter(|one| one.rule.as_deref() == Some("response")).collect();
        assert_eq!(about.len(), names.len(), "one notice a case");
        nodes.iter().for_each(|node| node.db().close());
    });
}

#[test]
fn a_promise_not_kept_is_broken_once_and_its_keepers_are_told() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let lead = house.user("two", Role::Supervisor, "");
        let name = named(&house.register(&who));
        let promise = json!({"what": "回电", "due_at": "2026-11-24T18:00:00+08:00"});
        house.act(&who, &name, 1, "promise", promise).unwrap();
        house.desk.time().advance(hours(6));
        house.tick();
        assert!(!house.look(&who, &name).0.promises[0].broken, "the moment itself is still in time");
        house.desk.time().advance(SignedDuration::from_secs(1));
        house.tick();
        house.tick();
        let (case, events) = house.look(&who, &name);
        assert!(case.promises[0].broken);
        assert_eq!(events.iter().filter(|event| matches!(event, Event::PromiseBroken { .. })).count(), 1);
        for person in [&who, &lead] {
            let told = house.wait(house.desk.notices(person)).unwrap();
            assert_eq!(told.iter().filter(|one| one.kind == "promise_broken").count(), 1);
        }
        // Kept at last, it stays broken on record.
        let kept = house.act(&who, &name, case.version, "keep-promise", json!({"promise": 1})).unwrap().case;
        assert!(kept.promises[0].broken && kept.promises[0].kept_at.is_some());
    });
}

#[test]
fn the_reply_promised_at_registration_is_a_promise_too() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let mut body = intake();
        body["promised_at"] = json!("2026-11-24T13:00:00+08:00");
        let name = named(&house.try_register(&who, body).unwrap());
        house.desk.time().advance(hours(2));
        house.tick();
        assert!(house.look(&who, &name).0.promises[0].broken);
    });
}

#[test]
fn warnings_do_not_refuse_the_work_of_whoever_looked_before() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        let name = named(&house.register(&who));
        house.desk.time().advance(hours(24));
        house.tick();
        assert_eq!(house.look(&who, &name).0.version, 2);
        let done = house.act(&who, &name, 1, "accept", json!({})).unwrap();
        assert_eq!(done.case.version, 3);
        assert!(house.act(&who, &name, 1, "note", json!({"text": "x"})).is_err(), "accepting is no warning");
        assert!(house.act(&who, &name, 9, "note", json!({"text": "x"})).is_err());
    });
}

#[test]
fn what_came_in_overdue_does_not_warn_of_the_past() {
    each(|_, house| {
        let lead = house.user("two", Role::Supervisor, "");
        let mut body = intake();
        body["received_at"] = json!("2026-11-01T09:00:00+08:00");
        let name = named(&house.try_register(&lead, body).unwrap());
        house.tick();
        assert_eq!(warned(&house.look(&lead, &name).1, "response"), [0; 0]);
    });
}

#[test]
fn a_job_that_keeps_failing_is_dead_until_somebody_revives_it() {
    each(|_, house| {
        let system = house.system();
        let now = house.desk.time().now().as_microsecond();
        house
            .desk
            .db()
            .write_now(move |tx| {
                store::jobs::enqueue(tx, "unheard-of", "k", "{}", now)?;
                store::jobs::enqueue(tx, "unheard-of", "k", "{}", now)
            })
            .unwrap();
        for attempt in 1..=8 {
            let dead = house.wait(house.desk.jobs(&system, true)).unwrap();
            assert_eq!(dead.len(), 0, "attempt {attempt}");
            let waiting = house.wait(house.desk.jobs(&system, false)).unwrap();
            assert_eq!(waiting.len(), 1, "the same key once");
            house.tick();
            house.desk.time().advance(hours(4));
        }
        let dead = house.wait(house.desk.jobs(&system, true)).unwrap();
        assert_eq!((dead.len(), dead[0].attempts), (1, 8));
        assert!(dead[0].error.contains("unheard-of"), "{}", dead[0].error);
        assert_eq!(house.wait(house.desk.count_jobs()).unwrap(), (0, 1));
        assert_eq!(house.wait(queue::work(&house.desk, "node")).unwrap(), 0, "nobody tries it");
        house.wait(house.desk.retry_job(&system, dead[0].id)).unwrap();
        assert!(house.wait(house.desk.retry_job(&system, dead[0].id)).is_err());
        assert_eq!(house.wait(queue::work(&house.desk, "node")).unwrap(), 1);
        let agent = house.user("one", Role::Agent, "");
        assert!(house.wait(house.desk.jobs(&agent, true)).is_err());
    });
}

/// Makes telling persons fail as a full disk does, on either database.
fn fill(scratch: &Scratch, house: &House) {
    let trouble = match scratch.target {
        store::Target::Sqlite(_) => {
            "CREATE TABLE ballast (bytes BLOB); PRAGMA max_page_count = 2000;
             CREATE TRIGGER refuses BEFORE INSERT ON notices BEGIN INSERT INTO ballast VALUES (zeroblob(50000000)); END"
        }
        store::Target::Postgres(_) => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN RAISE EXCEPTION ''no space'' USING ERRCODE = ''53100''; END';
             CREATE TRIGGER refuses BEFORE INSERT ON notices EXECUTE FUNCTION refuse()"
        }
    };
    house.desk.db().write_now(move |tx| store::testing::raw(tx, trouble)).unwrap();
}

fn make_room(scratch: &Scratch, house: &House) {
    let gone = match scratch.target {
        store::Target::Sqlite(_) => "DROP TRIGGER refuses",
        store::Target::Postgres(_) => "DROP TRIGGER refuses ON notices",
    };
    house.desk.db().write_now(move |tx| store::testing::raw(tx, gone)).unwrap();
}

#[test]
fn trouble_of_the_database_costs_a_job_neither_time_nor_a_try() {
    each(|scratch, house| {
        let (who, other) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Specialist, ""));
        let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
        for _ in 0..10 {
            house.act(&who, &named(&house.register(&who)), 1, "transfer", to.clone()).unwrap();
        }
        fill(scratch, house);
        for _ in 0..20 {
            let error = house.wait(queue::work(&house.desk, "node")).unwrap_err();
            assert!(error.is_temporary(), "{error}");
        }
        let waiting = house.wait(house.desk.jobs(&house.system(), false)).unwrap();
        assert_eq!(waiting.iter().map(|job| job.attempts).collect::<Vec<_>>(), [1; 10]);
        assert_eq!(
            house.wait(queue::work(&house.desk, "another")).unwrap(),
            0,
            "they are the first node's for a while"
        );
        make_room(scratch, house);
        // The clock has not moved.
        assert_eq!(house.wait(queue::work(&house.desk, "node")).unwrap(), 10);
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 10);
        assert_eq!(house.wait(house.desk.count_jobs()).unwrap(), (0, 0));
    });
}

#[test]
fn what_a_node_that_is_gone_took_another_does_after_the_lease() {
    each(|scratch, house| {
        let (who, other) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Specialist, ""));
        let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
        house.act(&who, &named(&house.register(&who)), 1, "transfer", to).unwrap();
        fill(scratch, house);
        house.wait(queue::work(&house.desk, "gone")).unwrap_err();
        make_room(scratch, house);
        assert_eq!(house.wait(queue::work(&house.desk, "another")).unwrap(), 0);
        house.desk.time().advance(SignedDuration::from_mins(2));
        assert_eq!(house.wait(queue::work(&house.desk, "another")).unwrap(), 1);
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 1);
    });
}

#[test]
fn a_duty_a_node_could_not_end_it_takes_again_at_once_and_another_after_the_lease() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        house.register(&who);
        let unsealed = || desk::verify::verify(house.desk.db(), None).unwrap().unsealed;
        assert!(unsealed() > 0);
        // As where the disk filled up between taking the duty and doing it.
        let take = |node: &'static str| {
            let now = house.desk.time().now();
            let (at, until) = (now.as_microsecond(), (now + SignedDuration::from_mins(2)).as_microsecond());
            let look = store::schedules::Look { now: at, furthest: until, furthest_lease: until };
            let took =
                house.desk.db().write_now(move |tx| store::schedules::claim(tx, "checkpoint", look, until, node));
            assert!(took.unwrap());
        };
        take("node");
        jobs::run_due(&house.desk, "another").unwrap();
        assert!(unsealed() > 0, "it is the first node's for a while");
        jobs::run_due(&house.desk, "node").unwrap();
        assert_eq!(unsealed(), 0, "the clock has not moved");
        house.register(&who);
        house.desk.time().advance(SignedDuration::from_secs(5));
        take("node");
        house.desk.time().advance(SignedDuration::from_mins(2));
        jobs::run_due(&house.desk, "another").unwrap();
        assert_eq!(unsealed(), 0);
    });
}

#[test]
fn notices_are_read_by_their_reader_only() {
    each(|_, house| {
        let (who, other) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Specialist, ""));
        let name = named(&house.register(&who));
        let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
        house.act(&who, &name, 1, "transfer", to).unwrap();
        house.tick();
        let told: Vec<desk::notices::Notice> = house.wait(house.desk.notices(&other)).unwrap();
        assert_eq!((told.len(), told[0].kind.as_str()), (1, "assigned"));
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 1);
        assert_eq!(house.wait(house.desk.notices(&who)).unwrap().len(), 0, "nobody is told of their own doing");
        assert!(house.wait(house.desk.read_notices(&who, Some(told[0].id))).is_err());
        house.wait(house.desk.read_notices(&other, Some(told[0].id))).unwrap();
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 0);
    });
}

#[test]
fn looking_when_nothing_is_due_writes_nothing() {
    each(|_, house| {
        let who = house.user("one", Role::Specialist, "");
        house.register(&who);
        house.tick();
        let before = house.desk.db().stats().commits;
        assert_eq!(house.wait(timers::ring_due(&house.desk)).unwrap(), 0);
        house.tick();
        assert_eq!(house.desk.db().stats().commits, before);
    });
}

/// A house whose practice pack has more clocks.
fn house_with(scratch: &Scratch, clocks: &str) -> House {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files = Vec::new();
    crate::collect(&root, &root, &mut files);
    for file in files.iter_mut().filter(|file| file.path == "guide-standard.toml") {
        file.text.push_str(clocks);
    }
    let library = desk::Library::load(&files).unwrap();
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let time = Time::at("2026-07-06T04:00:00Z".parse().unwrap());
    let setup = desk::Setup { db: scratch.open().unwrap(), library, zone, time };
    House {
        desk: Desk::open(setup, &crate::key_file(scratch)).unwrap(),
        runtime: tokio::runtime::Runtime::new().unwrap(),
    }
}

/// Clocks that follow others, come again and again, ask for tries, begin with a step, and those that begin at the end.
const KINDS: &str = r#"
[[clock]]
id = "apology"
title = { zh = "逾期致歉", en = "Apology" }
basis = "proposal"
confidence = "unverified"
source = "product"
start = "expiry:response"
stop = "closed"
amount = "24h"

[[clock]]
id = "daily"
title = { zh = "每日核对", en = "Look again" }
basis = "proposal"
confidence = "unverified"
source = "product"
kind = "recurring"
start = "received"
stop = "closed"
amount = "24h"

[[clock]]
id = "tries"
title = { zh = "联系三次", en = "Three tries" }
basis = "proposal"
confidence = "unverified"
source = "product"
kind = "attempts"
start = "contact_failed"
stop = ["first_contact", "closed"]
amount = "10d"
attempts = { need = 3, distinct = "calendar_day" }

[[clock]]
id = "plan"
title = { zh = "受理后方案", en = "Plan" }
basis = "proposal"
confidence = "unverified"
source = "product"
start = "accepted"
stop = ["proposed", "closed"]
amount = "8h"

[[clock]]
id = "kept"
title = { zh = "保存", en = "Kept" }
basis = "proposal"
confidence = "unverified"
source = "product"
kind = "keep_until"
start = "closed"
amount = "24mo"
"#;

#[test]
fn clocks_of_every_kind_run_in_a_case() {
    each_database(|scratch| {
        let house = house_with(scratch, KINDS);
        let who = house.user("one", Role::Specialist, "");
        let name = named(&house.register(&who));
        let clocks = |rule: &str| -> Vec<(Timestamp, Timestamp, Option<ClockOutcome>)> {
            let case = house.look(&who, &name).0;
            let of = case.clocks.iter().filter(|clock| clock.rule == rule);
            of.map(|clock| (clock.from, clock.due_at, clock.ended.map(|(outcome, _)| outcome))).collect()
        };
        let version = || house.look(&who, &name).0.version;
        let act = |verb: &str, body| house.act(&who, &name, version(), verb, body).unwrap();
        let begun = house.desk.time().now();
        // Due again and again: missed each day, counted from the last time, however long nobody looked.
        assert_eq!(clocks("daily"), [(begun, begun + hours(24), None)]);
        house.desk.time().advance(hours(60));
        house.tick();
        assert_eq!(
            clocks("daily"),
            [(begun, begun + hours(24), Some(ClockOutcome::Missed)), (begun + hours(48), begun + hours(72), None)]
        );
        // The response was due after 48 hours; the apology is counted from there, not from now.
        assert_eq!(clocks("apology"), [(begun + hours(48), begun + hours(72), None)]);
        house.tick();
        assert_eq!(clocks("apology").len(), 1, "once");

        // Three tries on different days; a second one on one day does not count.
        let failed = || act("record-contact", json!({"mode": "phone", "outcome": "no_answer"}));
        let first = house.desk.time().now();
        failed();
        assert_eq!(clocks("tries").len(), 1);
        house.desk.time().advance(hours(1));
        failed();
        house.desk.time().advance(hours(24));
        failed();
        assert_eq!(clocks("tries").last().unwrap().2, None);
        house.desk.time().advance(hours(24));
        failed();
        assert_eq!(clocks("tries"), [(first, clocks("tries")[0].1, Some(ClockOutcome::Met))]);

        act("accept", json!({}));
        assert_eq!(clocks("plan").len(), 1);
        for (verb, body) in crate::steps().into_iter().filter(|(verb, _)| *verb != "accept") {
            act(verb, body);
        }
        assert_eq!(clocks("plan")[0].2, Some(ClockOutcome::Met));
        let kept = clocks("kept");
        let closed_at = house.look(&who, &name).0.closed_at.unwrap();
        assert_eq!((kept.len(), kept[0].0, kept[0].2), (1, closed_at, None));
        house.tick();
        // What is registered late finds the ends of its clocks already passed.
        let admin = house.user("admin", Role::Admin, "");
        let mut late = crate::intake();
        late["received_at"] = json!((begun - hours(24 * 30)).to_string());
        let case = house.try_register(&admin, late).unwrap().case;
        let apology = case.clocks.iter().find(|clock| clock.rule == "apology").unwrap();
        assert_eq!(apology.from, case.received_at + hours(48));
        let daily: Vec<_> = case.clocks.iter().filter(|clock| clock.rule == "daily").collect();
        assert_eq!(daily.len(), 1, "one that is due next");
        assert!(daily[0].due_at >= house.desk.time().now());
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}
