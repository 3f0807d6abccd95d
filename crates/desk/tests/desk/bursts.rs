//! Suspected faults on both databases: a seeded outage is found among ordinary noise and moved on, people decide, decisions
//! teach, an incident is made of it; and what phrases rise.

use crate::{House, house, intake, key_file, open, refusal};
use desk::bulk::{Bulk, Named, Outcome, Selection};
use desk::bursts::{Burst, BurstFilter, BurstView, Watch, look};
use desk::notices::About;
use desk::topics::TopicAsk;
use desk::{Caller, DeskError};
use domain::actor::Role;
use domain::burst::{Command, Confirm, Dismiss, State};
use domain::command::Command as OnCase;
use domain::incident::open::Open;
use domain::refusal::Refusal;
use jiff::SignedDuration;
use serde_json::json;
use store::testing::each_database;
use uuid::Uuid;

/// A contact received so many minutes ago.
fn came(house: &House, minutes: i64, (region, category): (&str, &str), n: u64) -> Uuid {
    let mut body = intake();
    body.as_object_mut().unwrap().remove("external");
    let phone = format!("139{n:08}");
    body["region"] = json!(region);
    body["category"] = json!(category);
    body["received_at"] = json!((house.desk.time().now() - SignedDuration::from_mins(minutes)).to_string());
    body["complainant"] = json!({"name": "王小明", "phone": phone});
    body["subscription"] = json!({"number": phone, "product": "broadband"});
    body["description"] = json!(format!("宽带很慢 {}", n % 7));
    house.try_register(&house.system(), body).unwrap().case.id.0
}

/// Three weeks of two places and two matters, a contact or so a day each.
fn quiet(house: &House) -> u64 {
    let cells = [("330106", "A301"), ("330106", "B204"), ("310115", "A301"), ("310115", "B204")];
    let mut n = 0;
    for day in 1..22 {
        for (place, cell) in cells.iter().enumerate() {
            // Neither by the clock nor all at once.
            let minute = (day * 7_919 + place as i64 * 3_571) % 1_440;
            came(house, day * 1_440 + minute, *cell, n);
            n += 1;
        }
    }
    n
}

fn looked(house: &House) -> bool {
    house.desk.time().advance(SignedDuration::from_mins(6));
    look(&house.desk, "node", Watch::default()).unwrap()
}

fn listed(house: &House, who: &Caller) -> Vec<Burst> {
    house.wait(house.desk.bursts(who, &BurstFilter::default())).unwrap().items
}

fn decide(house: &House, who: &Caller, one: &Burst, command: Command) -> Result<BurstView, Refusal> {
    house.wait(house.desk.decide_burst(who, one.id, one.version, command)).map_err(refusal)
}

#[test]
fn an_outage_is_found_once_and_moved_on() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "33");
        let far = house.user("far", Role::Supervisor, "31");
        let mut n = quiet(&house);
        assert!(looked(&house));
        assert!(listed(&house, &house.system()).is_empty(), "chance alone is nothing");
        let mut cases = Vec::new();
        for minute in 0..12 {
            cases.push(came(&house, 3 * minute, ("330106", "A301"), n));
            n += 1;
        }
        // One person's second call is a copy.
        came(&house, 1, ("330106", "A301"), n - 1);
        // What is about the reader is counted for them nowhere.
        let mut about = intake();
        about.as_object_mut().unwrap().remove("external");
        about["region"] = json!("330106");
        about["category"] = json!("A301");
        about["about_staff"] = json!(lead.actor.user().unwrap().to_string());
        about["complainant"] = json!({"name": "李雷", "phone": "13700000001"});
        about["subscription"] = json!({"number": "13700000001", "product": "broadband"});
        house.try_register(&house.system(), about.clone()).unwrap();
        house.try_register(&house.system(), about).unwrap();
        assert!(looked(&house));
        let all = listed(&house, &house.system());
        let [found] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((found.said.region.as_str(), found.said.state), ("3301", State::Suspected), "{found:?}");
        assert_eq!((found.said.count, found.said.copies), (13, 2), "{found:?}");
        assert!(found.said.expected < 2.0 && found.said.log10_p < found.said.needs, "{found:?}");
        let theirs = listed(&house, &lead);
        assert_eq!((theirs.len(), theirs[0].said.count, theirs[0].said.copies), (1, 12, 1));
        assert!(listed(&house, &far).is_empty());
        let hidden = house.wait(house.desk.burst(&far, found.id)).unwrap_err();
        assert_eq!(refusal(hidden).code, "not_found");
        let view = house.wait(house.desk.burst(&lead, found.id)).unwrap();
        assert_eq!(view.cases.len(), 12);
        assert!(cases.iter().all(|case| view.cases.iter().any(|one| one.id == *case)), "{view:?}");
        let in_course: i64 = view.course.iter().map(|step| step.count).sum();
        assert!((12..16).contains(&in_course), "{:?}", view.course);

        // Whoever leads the area is told once; nobody looks again at once.
        let told = house.wait(house.desk.notices(&lead)).unwrap();
        let told: Vec<_> = told.iter().filter(|one| one.about == About::Burst).collect();
        assert_eq!(
            (told.len(), told[0].kind.as_str(), told[0].number.as_str()),
            (1, "burst_found", found.number.as_str())
        );
        assert!(!look(&house.desk, "other", Watch::default()).unwrap(), "the other node has nothing to do");
        for _ in 0..5 {
            came(&house, 0, ("330106", "A301"), n);
            n += 1;
        }
        assert!(looked(&house));
        let on = listed(&house, &house.system());
        assert_eq!((on.len(), on[0].id, on[0].said.count, on[0].version), (1, found.id, 18, 1), "{on:?}");
        assert_eq!(
            house.wait(house.desk.notices(&lead)).unwrap().iter().filter(|one| one.about == About::Burst).count(),
            1
        );
        // A little more is no news for the ledger, and known all the same.
        let entries = house.wait(house.desk.burst(&house.system(), found.id)).unwrap().log.len();
        came(&house, 0, ("330106", "A301"), n);
        assert!(looked(&house));
        let more = house.wait(house.desk.burst(&house.system(), found.id)).unwrap();
        assert_eq!((more.burst.said.region.as_str(), more.log.len()), ("3301", entries), "{on:?} {more:?}");
        assert!((18..20).contains(&more.burst.said.count), "{more:?}");
        assert!(desk::verify::verify(house.desk.db(), None).unwrap().is_whole());
        house.desk.time().advance(SignedDuration::from_hours(5));
        assert!(looked(&house));
        let over = listed(&house, &house.system());
        assert!(over.len() == 1 && over[0].said.done && over[0].said.count >= 18, "{over:?}");
        assert!(desk::verify::verify(house.desk.db(), None).unwrap().is_whole());

        // Where it has grown beyond the place somebody was told of, they see it and decide nothing; and a row that says
        // what the ledger does not is found.
        let (id, city) = (found.id, house.user("city", Role::Supervisor, "3301"));
        let grown = move |tx: &mut store::Tx<'_>| {
            let row = store::bursts::get(tx, id)?.ok_or_else(|| store::StoreError::Unavailable("gone".into()))?;
            let body = row.latest.replace("\"region\":\"3301\"", "\"region\":\"33\",\"origin\":\"3301\"");
            let (region, origin) = ("33".to_owned(), "3301".to_owned());
            store::bursts::put(tx, &store::BurstRow { region, origin, body: body.clone(), latest: body, ..row })
        };
        house.desk.db().write_now::<_, store::StoreError, _>(grown).unwrap();
        let theirs = listed(&house, &city);
        assert!(theirs.len() == 1 && !theirs[0].whole && listed(&house, &far).is_empty(), "{theirs:?}");
        assert!(house.wait(house.desk.burst(&city, id)).unwrap().course.is_empty());
        assert_eq!(decide(&house, &city, &theirs[0], Command::Acknowledge).unwrap_err().code, "burst_beyond_area");
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        let codes: Vec<_> = report.findings.iter().map(|one| one.code).collect();
        assert_eq!(codes, ["burst_row"], "{report:?}");
    })
    .unwrap();
}

#[test]
fn what_is_dismissed_teaches_and_what_is_confirmed_becomes_an_incident() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "33");
        let reader = house.user("reader", Role::Quality, "33");
        let mut n = quiet(&house);
        let mut burst = |house: &House, most: i64| {
            for minute in 0..most {
                came(house, 3 * minute, ("330106", "A301"), n);
                n += 1;
            }
            assert!(looked(house));
        };
        burst(&house, 8);
        let first = listed(&house, &lead).remove(0);
        let known = decide(&house, &reader, &first, Command::Acknowledge).unwrap_err();
        assert_eq!(known.code, "not_permitted");
        let known = decide(&house, &lead, &first, Command::Acknowledge).unwrap();
        let stale = house.wait(house.desk.decide_burst(&lead, first.id, first.version, Command::Acknowledge));
        assert!(matches!(stale, Err(DeskError::Stale { current: 2, .. })), "{stale:?}");
        let nothing = Command::Dismiss(Dismiss { why: "announcement".into(), note: None });
        let gone = decide(&house, &lead, &known.burst, nothing).unwrap();
        assert_eq!((gone.burst.said.state, gone.burst.said.why.as_deref()), (State::Dismissed, Some("announcement")));
        assert_eq!(gone.log.len(), 3, "{:?}", gone.log);

        // What grows to more than twice of it is told once more.
        burst(&house, 20);
        let grown = listed(&house, &lead);
        assert_eq!((grown.len(), grown[0].said.state), (2, State::Suspected), "{grown:?}");
        let nothing = Command::Dismiss(Dismiss { why: "announcement".into(), note: None });
        decide(&house, &lead, &grown[0], nothing).unwrap();

        // What comes three days later is another, and says that it took more.
        house.desk.time().advance(SignedDuration::from_hours(72));
        burst(&house, 30);
        let all = listed(&house, &lead);
        assert_eq!(all.len(), 3, "{all:?}");
        let second = all.into_iter().find(|one| one.said.state == State::Suspected).unwrap();
        assert_eq!(second.said.dismissed_before, 2);
        assert!((first.said.needs - second.said.needs - 4.0).abs() < 0.5, "{} {}", first.said.needs, second.said.needs);

        let confirm = |incident| Command::Confirm(Confirm { incident });
        let sure = decide(&house, &lead, &second, confirm(None)).unwrap();
        let open = json!({"title": "疑似断网", "region": "3301", "started_at": second.said.began.to_string()});
        let open: Open = serde_json::from_value(open).unwrap();
        let incident = house.wait(house.desk.open_incident(&lead, open, None)).unwrap().incident;
        let nobody = decide(&house, &lead, &sure.burst, confirm(Some(Uuid::nil()))).unwrap_err();
        assert_eq!(nobody.faults[0].code, "unknown_incident");
        let named = decide(&house, &lead, &sure.burst, confirm(Some(incident.id))).unwrap();
        assert_eq!(named.incident.as_deref(), Some(incident.number.as_str()));
        let cases = named.cases.iter().map(|one| Named { name: one.number.clone(), seen: Some(one.version) }).collect();
        let join = OnCase::read("join-incident", json!({"incident": incident.id.to_string()})).unwrap().unwrap();
        let run = Bulk { selection: Selection::Named(cases), command: join, dry_run: false };
        let run = house.wait(house.desk.bulk(&lead, run, None)).unwrap();
        assert_eq!(run.count(Outcome::Done), 30);
        let again = decide(&house, &lead, &named.burst, confirm(Some(incident.id))).unwrap_err();
        assert_eq!(again.code, "burst_decided");
    })
    .unwrap();
}

#[test]
fn a_product_that_stands_out_alone_is_named() {
    each_database(|scratch| {
        let house = house(scratch);
        for (n, minute) in (quiet(&house)..).zip(0..14) {
            let mut body = intake();
            body.as_object_mut().unwrap().remove("external");
            let phone = format!("139{n:08}");
            body["region"] = json!("330106");
            body["category"] = json!("A301");
            body["received_at"] = json!((house.desk.time().now() - SignedDuration::from_mins(3 * minute)).to_string());
            body["complainant"] = json!({"name": "王小明", "phone": phone});
            body["subscription"] = json!({"number": phone, "product": "mobile"});
            house.try_register(&house.system(), body).unwrap();
        }
        desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        assert!(looked(&house));
        let all = listed(&house, &house.system());
        let [found] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((found.said.product.as_deref(), found.said.count), (Some("mobile"), 14), "{found:?}");
        assert!(desk::verify::verify(house.desk.db(), None).unwrap().is_whole());
    })
    .unwrap();
}

#[test]
fn two_nodes_look_once() {
    let Some(scratch) = store::testing::postgres().unwrap() else { return };
    let house = house(&scratch);
    let n = quiet(&house);
    for minute in 0..12 {
        came(&house, 3 * minute, ("330106", "A301"), n + minute as u64);
    }
    let other = open(&scratch, desk::time::Time::at(house.desk.time().now()), &key_file(&scratch)).unwrap();
    let looks = std::thread::scope(|scope| {
        let nodes = [(house.desk.clone(), "one"), (other, "two")];
        let looks = nodes.map(|(desk, node)| scope.spawn(move || look(&desk, node, Watch::default()).unwrap()));
        looks.map(|one| one.join().unwrap())
    });
    assert_eq!(looks.iter().filter(|looked| **looked).count(), 1);
    assert_eq!(listed(&house, &house.system()).len(), 1);
}

#[test]
fn a_phrase_needs_three_persons_and_a_reader_who_sees_the_place() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Supervisor, "33");
        let far = house.user("far", Role::Supervisor, "31");
        let said = |text: &str, region: &str, phone: &str, days: i64| {
            let mut body = intake();
            body.as_object_mut().unwrap().remove("external");
            body["region"] = json!(region);
            body["description"] = json!(text);
            body["subject"] = json!("网络问题");
            body["received_at"] = json!((house.desk.time().now() - SignedDuration::from_hours(24 * days)).to_string());
            body["complainant"] = json!({"name": "王小明", "phone": phone});
            body["subscription"] = json!({"number": phone, "product": "broadband"});
            house.try_register(&house.system(), body).unwrap();
        };
        for n in 0..30 {
            said("宽带很慢", "330106", &format!("1380000{n:04}"), 40);
        }
        for n in 0..6 {
            said("光猫红灯闪烁 请打13911112222", "330106", &format!("1370000{n:04}"), 0);
        }
        // One person says it often.
        for _ in 0..6 {
            said("紫外干扰", "330106", "13600000001", 0);
        }
        let ask = TopicAsk::default();
        let found = house.wait(house.desk.topics(&lead, &ask)).unwrap();
        let phrases: Vec<&str> = found.topics.iter().map(|one| one.phrase.as_str()).collect();
        assert!(phrases.contains(&"光猫红灯闪烁"), "{phrases:?}");
        assert!(phrases.iter().all(|one| !one.contains("紫外") && !one.contains("139")), "{phrases:?}");
        assert_eq!(found.topics[0].cases.len(), 3);
        assert_eq!((found.texts, found.more), ((7, 30), false));
        assert!(house.wait(house.desk.topics(&far, &ask)).unwrap().topics.is_empty());
        let beyond = TopicAsk { region: Some("31".into()), ..ask };
        let beyond = refusal(house.wait(house.desk.topics(&lead, &beyond)).unwrap_err());
        assert_eq!(beyond.faults[0].code, "outside_area");
        let agent = house.user("agent", Role::Agent, "33");
        assert_eq!(
            refusal(house.wait(house.desk.topics(&agent, &TopicAsk::default())).unwrap_err()).code,
            "not_permitted"
        );
    })
    .unwrap();
}

#[test]
fn a_rate_of_nothing_looks_for_nothing() {
    assert!(Watch::default().looks() && !Watch { alarm_rate: 0.0 }.looks());
}
