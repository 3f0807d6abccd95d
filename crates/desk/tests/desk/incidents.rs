//! Mass incidents on both databases: one answer for many, each told and ended for itself; who goes on alone; the list of
//! those told besides; and a log that is verified.

use crate::{House, at, house, intake, key_file, open, refusal};
use desk::bulk::{Bulk, Named, Outcome, Run, Selection};
use desk::incidents::{Export, NearAsk, NewRecipients, Send, Tell};
use desk::notices::About;
use desk::notices::letters::Handed;
use desk::outbox::{Parcel, send_due};
use desk::plans::NewPlan;
use desk::verify::verify;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::message::{Stage, Way, What, Why};
use domain::command::Command as OnCase;
use domain::incident::open::Open;
use domain::incident::{Command, Incident, Purpose};
use domain::refusal::Refusal;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::testing::{each_database, raw};
use uuid::Uuid;

const PLAN: &str = r#"id = "outage"
version = 1
title = { zh = "中断", en = "Outage" }
[[role]]
id = "lead"
title = { zh = "总指挥", en = "Lead" }
[[item]]
role = "lead"
title = { zh = "确认范围", en = "Confirm" }
"#;

fn opened(house: &House, who: &Caller, body: Value) -> Incident {
    let open: Open = serde_json::from_value(body).unwrap();
    house.wait(house.desk.open_incident(who, open, None)).unwrap().incident
}

fn act(house: &House, who: &Caller, id: Uuid, verb: &str, body: Value) -> Result<Incident, Refusal> {
    let seen = house.wait(house.desk.incident(&house.system(), id)).unwrap().incident.version;
    let command = Command::read(verb, body).unwrap().map_err(Refusal::invalid)?;
    house.wait(house.desk.run_incident(who, id, seen, command, None)).map(|done| done.incident).map_err(refusal)
}

fn broken(house: &House, region: &str, phone: &str) -> String {
    let mut body = intake();
    body.as_object_mut().unwrap().remove("external");
    body["region"] = json!(region);
    body["category"] = json!("A301");
    body["complainant"] = json!({"name": "王小明", "phone": phone});
    body["subscription"] = json!({"number": phone, "product": "broadband"});
    house.try_register(&house.system(), body).unwrap().case.id.to_string()
}

fn many(house: &House, who: &Caller, verb: &str, body: Value, cases: &[String]) -> Result<Run, DeskError> {
    let named = cases.iter().map(|name| Named { name: name.clone(), seen: None }).collect();
    let command = OnCase::read(verb, body).unwrap().unwrap();
    house.wait(house.desk.bulk(who, Bulk { selection: Selection::Named(named), command, dry_run: false }, None))
}

fn tell(house: &House, who: &Caller, id: Uuid, purpose: Purpose) -> Result<Run, DeskError> {
    let ask = Tell { purpose, mode: "sms".into(), wording: None, dry_run: false };
    house.wait(house.desk.tell_incident(who, id, ask, None))
}

fn codes(run: &Run) -> Vec<&str> {
    run.items.iter().map(|item| item.reason.as_ref().map_or(item.outcome.code(), |one| one.code.as_str())).collect()
}

fn one_by_one(house: &House, who: &Caller, case: &str, verb: &str, body: Value) -> Result<(), Refusal> {
    let name = CaseRef::parse(case).unwrap();
    let version = house.wait(house.desk.case(&house.system(), &name)).unwrap().case.version;
    house.act(who, &name, version, verb, body).map(drop).map_err(refusal)
}

fn counts(house: &House, id: Uuid) -> Vec<(&'static str, i64)> {
    house.wait(house.desk.incident(&house.system(), id)).unwrap().counts.into_iter().collect()
}

#[test]
fn one_answer_for_all_is_told_each_of_them() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, "31"), house.user("second", Role::Supervisor, ""));
        house.desk.set_ways(desk::ways::Ways { sms: true, ..desk::ways::Ways::none() });
        let elsewhere = house.user("zj", Role::Supervisor, "33");
        let began = house.desk.time().now() - SignedDuration::from_mins(30);
        let cases: Vec<String> =
            ["13900000001", "13900000002", "13900000003"].map(|phone| broken(&house, "310115", phone)).into();
        let other = broken(&house, "330106", "13900000004");
        let body = json!({
            "title": "锦绣苑断网", "region": "310115", "product": "broadband", "started_at": began.to_string(),
        });
        let id = opened(&house, &lead, body).id;
        desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        let near = house.wait(house.desk.near_incident(&lead, id, &NearAsk::default())).unwrap();
        assert_eq!((near.cases.len(), near.shown.len()), (3, 3), "{near:?}");

        let mut wanted = cases.clone();
        wanted.push(other);
        let join = json!({"incident": id.to_string()});
        let joined = many(&house, &second, "join-incident", join.clone(), &wanted).unwrap();
        assert_eq!(joined.count(Outcome::Done), 3, "{:?}", codes(&joined));
        let again = many(&house, &lead, "join-incident", join, &cases[..1]).unwrap();
        assert_eq!(codes(&again), ["in_an_incident"]);
        let near = house.wait(house.desk.near_incident(&lead, id, &NearAsk::default())).unwrap();
        assert!(near.cases.is_empty(), "who is in one is near none");
        let order = json!({"order_kind": "handle", "unit": house.desk.root().to_string(), "task": "x"});
        let held = one_by_one(&house, &lead, &cases[0], "dispatch", order.clone()).unwrap_err();
        assert_eq!(held.code, "incident_holds_orders");

        // Nothing is told that nobody approved, and nobody approves their own words.
        // Progress is told each customer once in the same words, whoever asks; one who joins later hears it too.
        let words = json!({"purpose": "progress", "zh": "抢修中", "en": "Repair is under way"});
        act(&house, &lead, id, "word-incident", words).unwrap();
        assert_eq!(refusal(tell(&house, &lead, id, Purpose::Progress).unwrap_err()).code, "nothing_approved");
        act(&house, &second, id, "approve-wording", json!({"wording": 1})).unwrap();
        let by_mail = Tell { purpose: Purpose::Progress, mode: "email".into(), wording: None, dry_run: true };
        let by_mail = house.wait(house.desk.tell_incident(&lead, id, by_mail, None)).unwrap_err();
        assert_eq!(refusal(by_mail).code, "way_not_set");
        assert_eq!(tell(&house, &lead, id, Purpose::Progress).unwrap().count(Outcome::Done), 3);
        assert_eq!(refusal(tell(&house, &second, id, Purpose::Progress).unwrap_err()).code, "nobody_waits");
        assert_eq!(refusal(tell(&house, &lead, id, Purpose::Outcome).unwrap_err()).code, "incident_lasts");
        let lasts = act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap_err();
        assert_eq!(lasts.code, "incident_lasts");
        let over = house.desk.time().now();
        let wrong = (over - SignedDuration::from_mins(5)).to_string();
        act(&house, &lead, id, "restore-incident", json!({"at": wrong, "cause": "NET.CABLE"})).unwrap();
        let mended = act(&house, &lead, id, "restore-incident", json!({"at": over.to_string()})).unwrap();
        assert_eq!((mended.restored_at, mended.cause.as_deref()), (Some(over), Some("NET.CABLE")));
        let words = json!({"purpose": "outcome", "zh": "光缆已修复", "en": "The cable is mended"});
        act(&house, &lead, id, "word-incident", words).unwrap();
        let own = act(&house, &lead, id, "approve-wording", json!({"wording": 2})).unwrap_err();
        assert_eq!(own.code, "own_wording");
        act(&house, &second, id, "approve-wording", json!({"wording": 2})).unwrap();
        let foreign = tell(&house, &elsewhere, id, Purpose::Outcome).unwrap_err();
        assert_eq!(refusal(foreign).code, "not_found");

        // A case ends only when its own customer was told; one that still has the trouble goes on alone.
        let early = one_by_one(&house, &lead, &cases[0], "close", json!({})).unwrap_err();
        assert!(early.faults.iter().any(|fault| fault.code == "gate_incident"), "{early:?}");
        one_by_one(&house, &lead, &cases[2], "leave-incident", json!({"reason": "仍未恢复"})).unwrap();
        one_by_one(&house, &lead, &cases[2], "dispatch", order).unwrap();
        let near = house.wait(house.desk.near_incident(&lead, id, &NearAsk::default())).unwrap();
        assert!(near.cases.is_empty(), "who was taken out is not offered again");
        let told = tell(&house, &lead, id, Purpose::Outcome).unwrap();
        assert_eq!(codes(&told), ["done", "done"]);
        assert_eq!(counts(&house, id), [("ended", 0), ("left", 1), ("told", 2), ("waiting", 0)]);
        assert_eq!(refusal(tell(&house, &lead, id, Purpose::Outcome).unwrap_err()).code, "nobody_waits");

        // An answer that did not arrive told nobody: that case waits again and is told anew.
        house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        house.desk.time().set(at("2026-11-25T10:30:00+08:00"));
        let parcels = handed_over(&house);
        let failed = parcels.iter().find(|one| one.what == What::Reply).unwrap();
        let now = house.desk.time().now();
        assert!(house.wait(house.desk.report_message(failed.id, Stage::Failed, Some(Why::Refused), now)).unwrap());
        assert_eq!(counts(&house, id), [("ended", 0), ("left", 1), ("told", 1), ("waiting", 1)]);
        assert_eq!(codes(&tell(&house, &lead, id, Purpose::Outcome).unwrap()), ["done"]);
        assert_eq!(counts(&house, id), [("ended", 0), ("left", 1), ("told", 2), ("waiting", 0)]);
        let open_yet = act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap_err();
        assert_eq!((open_yet.code, open_yet.params.len()), ("incident_has_cases", 1));
        for (verb, body) in [
            ("set-cause", json!({"cause": "NET.CABLE"})),
            ("ask-satisfaction", json!({"mode": "sms"})),
            ("record-satisfaction", json!({"satisfied": "satisfied", "solved": true})),
            ("close", json!({})),
        ] {
            for case in &cases[..2] {
                one_by_one(&house, &lead, case, verb, body.clone()).unwrap();
            }
        }
        act(&house, &lead, id, "close-incident", json!({"result": "全部告知"})).unwrap();
        assert_eq!(counts(&house, id), [("ended", 2), ("left", 1), ("told", 0), ("waiting", 0)]);

        let db = house.desk.db().clone();
        let report = verify(&db, None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        let mut exported = Vec::new();
        desk::verify::export(&db, &mut exported).unwrap();
        assert!(desk::verify::verify_export(&mut exported.as_slice()).unwrap().is_whole());
        db.write_now(|tx| raw(tx, "UPDATE entries SET body = '[]' WHERE ledger = 4 AND version = 2")).unwrap();
        assert!(verify(&db, None).unwrap().findings.iter().any(|one| one.code == "entry_changed"));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_plan_is_approved_by_another_and_worked_through_by_name() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, ""), house.user("second", Role::Supervisor, ""));
        let new = || NewPlan { text: PLAN.to_owned() };
        let asked = house.wait(house.desk.propose_plan(&lead, new())).unwrap();
        assert_eq!(
            refusal(house.wait(house.desk.propose_plan(&lead, new())).unwrap_err()).faults[0].code,
            "version_not_newer"
        );
        let broken = NewPlan { text: PLAN.replace("role = \"lead\"", "role = \"chef\"") };
        let broken = refusal(house.wait(house.desk.propose_plan(&lead, broken)).unwrap_err());
        assert_eq!((broken.faults[0].field.as_str(), broken.faults[0].code), ("text", "plan_fault"));
        let id = opened(&house, &lead, json!({"title": "x", "started_at": house.desk.time().now().to_string()})).id;
        let start = json!({"plan": asked.plan.id});
        let early = act(&house, &lead, id, "start-plan", start.clone()).unwrap_err();
        assert_eq!(early.faults[0].code, "unknown_plan", "nobody has approved it");
        let own = house.wait(house.desk.decide_plan(&lead, "outage", 1, true)).unwrap_err();
        assert_eq!(refusal(own).code, "own_plan");
        house.wait(house.desk.decide_plan(&second, "outage", 1, true)).unwrap();
        let twice = house.wait(house.desk.decide_plan(&second, "outage", 1, false)).unwrap_err();
        assert_eq!(refusal(twice).code, "plan_version_decided");
        act(&house, &lead, id, "start-plan", start).unwrap();
        let tick = json!({"item": 1, "evidence": "告警 7"});
        assert_eq!(act(&house, &lead, id, "tick-item", tick.clone()).unwrap_err().code, "role_is_nobodys");
        let user = second.actor.user().unwrap().to_string();
        act(&house, &lead, id, "name-role", json!({"role": "lead", "user": user})).unwrap();
        assert_eq!(act(&house, &lead, id, "tick-item", tick.clone()).unwrap_err().code, "role_of_another");
        act(&house, &lead, id, "restore-incident", json!({"at": house.desk.time().now().to_string()})).unwrap();
        let undone = act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap_err();
        assert_eq!(undone.code, "plan_not_done");
        act(&house, &second, id, "tick-item", tick.clone()).unwrap();
        assert_eq!(act(&house, &second, id, "tick-item", tick).unwrap_err().code, "item_done");
        act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap();
        assert!(verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn whoever_is_told_besides_is_told_once_and_then_forgotten() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, "31"), house.user("second", Role::Supervisor, ""));
        let began = at("2026-11-24T10:00:00+08:00").to_string();
        let id = opened(&house, &lead, json!({"title": "x", "region": "310115", "started_at": began})).id;
        let add = |csv: &str| {
            let new: NewRecipients = serde_json::from_value(json!({"csv": csv})).unwrap();
            house.wait(house.desk.add_recipients(&lead, id, new))
        };
        let first =
            add("number,consent,language\n13900000001,app,zh\n139 0000 0002,sms,en\n13900000003,sms,\n").unwrap();
        assert_eq!((first.added, first.known, first.waiting), (3, 0, 3));
        assert_eq!(add("number,consent\n13900000001,app\n").unwrap().known, 1, "written otherwise or not, it is one");
        let wrong = refusal(add("number,consent\n13900000001,nobody\n").unwrap_err());
        assert_eq!((wrong.faults[0].field.as_str(), wrong.faults[0].code), ("csv:2:2 consent", "not_one_of"));
        // One of them complains and is told in their case.
        let case = broken(&house, "310115", "13900000003");
        many(&house, &lead, "join-incident", json!({"incident": id.to_string()}), std::slice::from_ref(&case)).unwrap();
        let export_of = |batch| {
            let ask = Export { purpose: Purpose::Outcome, batch };
            house.wait(house.desk.export_recipients(&lead, id, ask))
        };
        let export = || export_of(None);
        act(&house, &lead, id, "restore-incident", json!({"at": house.desk.time().now().to_string()})).unwrap();
        assert_eq!(refusal(export().unwrap_err()).code, "nothing_approved");
        act(&house, &lead, id, "word-incident", json!({"purpose": "outcome", "zh": "已恢复", "en": "Mended"})).unwrap();
        act(&house, &second, id, "approve-wording", json!({"wording": 1})).unwrap();
        let handed = export().unwrap();
        let mut lines: Vec<&str> = handed.csv.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["+8613900000001,zh,已恢复", "+8613900000002,en,Mended", "number,language,words"]);
        assert_eq!(refusal(export().unwrap_err()).code, "nobody_waits", "each number is handed out once");
        let files = house.wait(house.desk.recipients(&lead, id)).unwrap().batches;
        assert_eq!(files.iter().map(|one| (one.number, one.count)).collect::<Vec<_>>(), [(handed.batch, 2)]);
        assert_eq!(export_of(Some(handed.batch)).unwrap().csv, handed.csv, "a file that was lost is had again");
        let unknown = refusal(export_of(Some(handed.batch + 1)).unwrap_err());
        assert_eq!(unknown.faults[0].code, "unknown_batch");
        // Nothing of it lies in the database in the clear, and the end of the incident destroys it.
        let db = house.desk.db().clone();
        let mut exported = Vec::new();
        desk::verify::export(&db, &mut exported).unwrap();
        assert!(!String::from_utf8_lossy(&exported).contains("13900000001"));
        one_by_one(&house, &lead, &case, "leave-incident", json!({"reason": "x"})).unwrap();
        act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap();
        let left = house.wait(house.desk.recipients(&lead, id)).unwrap();
        assert_eq!((left.waiting, left.exported, left.complained), (0, 0, 0));
        assert_eq!(refusal(add("number,consent\n13900000008,app\n").unwrap_err()).code, "incident_ended");
        house.close_down();
        assert!(open(scratch, desk::time::Time::System, &key_file(scratch)).is_ok());
    })
    .unwrap();
}

/// Sends what is due and says what was handed over.
fn handed_over(house: &House) -> Vec<Parcel> {
    let sent: Arc<Mutex<Vec<Parcel>>> = Arc::default();
    let round = send_due(&house.desk, "node", |parcel| {
        sent.lock().unwrap().push(parcel);
        async { Handed::Taken }
    });
    house.wait(round).unwrap();
    std::mem::take(&mut *sent.lock().unwrap())
}

#[test]
fn whoever_is_told_besides_gets_a_message_of_the_house_once_and_by_day() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, "31"), house.user("second", Role::Supervisor, ""));
        let agent = house.user("agent", Role::Agent, "31");
        let began = (house.desk.time().now() - SignedDuration::from_mins(30)).to_string();
        let id = opened(&house, &lead, json!({"title": "x", "region": "310115", "started_at": began})).id;
        let csv =
            "number,consent,language\n13900000001,app,zh\n13900000002,sms,en\n13900000003,sms,\n13900000004,app,\n";
        let new: NewRecipients = serde_json::from_value(json!({"csv": csv})).unwrap();
        house.wait(house.desk.add_recipients(&lead, id, new)).unwrap();
        let send = |who: &Caller| {
            house.wait(house.desk.send_to_recipients(who, id, Send { purpose: Purpose::Outcome, way: Way::Sms }))
        };
        assert_eq!(refusal(send(&lead).unwrap_err()).code, "way_not_set");
        house.desk.set_ways(desk::ways::Ways { sms: true, ..desk::ways::Ways::none() });
        assert_eq!(refusal(send(&agent).unwrap_err()).code, "not_permitted");
        assert_eq!(refusal(send(&lead).unwrap_err()).code, "incident_lasts");
        act(&house, &lead, id, "restore-incident", json!({"at": house.desk.time().now().to_string()})).unwrap();
        assert_eq!(refusal(send(&lead).unwrap_err()).code, "nothing_approved");
        act(&house, &lead, id, "word-incident", json!({"purpose": "outcome", "zh": "已恢复", "en": "Mended"})).unwrap();
        act(&house, &second, id, "approve-wording", json!({"wording": 1})).unwrap();
        // At night nothing goes; meanwhile one of them complains and is told in their case.
        house.desk.time().set(at("2026-11-24T23:30:00+08:00"));
        let counted = send(&lead).unwrap();
        assert_eq!((counted.sending, counted.waiting), (4, 0));
        assert_eq!(refusal(send(&lead).unwrap_err()).code, "nobody_waits", "each is told once");
        assert!(handed_over(&house).is_empty());
        let case = broken(&house, "310115", "13900000003");
        many(&house, &lead, "join-incident", json!({"incident": id.to_string()}), std::slice::from_ref(&case)).unwrap();
        house.desk.time().set(at("2026-11-25T10:30:00+08:00"));
        let mut sent = handed_over(&house);
        sent.sort_by(|one, other| one.to.cmp(&other.to));
        let told: Vec<(&str, &str)> = sent.iter().map(|one| (one.to.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [("+8613900000001", "已恢复"), ("+8613900000002", "Mended"), ("+8613900000004", "已恢复")]);
        assert!(sent.iter().all(|one| one.number.starts_with("IN-") && one.way == Way::Sms));
        // What the gateway reports is noted, and stages only go on.
        let now = house.desk.time().now();
        let report = |n: usize, stage, why| house.wait(house.desk.report_message(sent[n].id, stage, why, now)).unwrap();
        assert!(report(0, Stage::Delivered, None) && report(1, Stage::Failed, Some(Why::Refused)));
        assert!(report(0, Stage::Sent, None));
        let stands = house.wait(house.desk.recipients(&lead, id)).unwrap();
        let counts = (stands.sending, stands.sent, stands.delivered, stands.failed, stands.complained);
        assert_eq!(counts, (0, 1, 1, 1, 1), "{stands:?}");
        // What had not gone when it ended does not go; what is told of it after it came back is new in words and number.
        let add = |number: &str| {
            let new: NewRecipients =
                serde_json::from_value(json!({"people": [{"number": number, "consent": "app"}]})).unwrap();
            house.wait(house.desk.add_recipients(&lead, id, new)).unwrap();
        };
        house.desk.time().set(at("2026-11-25T23:30:00+08:00"));
        add("13900000005");
        assert_eq!(send(&lead).unwrap().sending, 1);
        one_by_one(&house, &lead, &case, "leave-incident", json!({"reason": "x"})).unwrap();
        act(&house, &lead, id, "close-incident", json!({"result": "x"})).unwrap();
        act(&house, &lead, id, "reopen-incident", json!({"reason": "又断了"})).unwrap();
        act(&house, &lead, id, "restore-incident", json!({"at": house.desk.time().now().to_string()})).unwrap();
        add("13900000006");
        assert_eq!(
            refusal(send(&lead).unwrap_err()).code,
            "nothing_approved",
            "what was approved was about the first time"
        );
        act(&house, &lead, id, "word-incident", json!({"purpose": "outcome", "zh": "再次恢复", "en": "Again"}))
            .unwrap();
        act(&house, &second, id, "approve-wording", json!({"wording": 2})).unwrap();
        assert_eq!(send(&lead).unwrap().sending, 1);
        house.desk.time().set(at("2026-11-26T10:30:00+08:00"));
        let again = handed_over(&house);
        let told: Vec<(&str, &str)> = again.iter().map(|one| (one.to.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [("+8613900000006", "再次恢复")]);
        let late = house.wait(house.desk.report_message(sent[2].id, Stage::Failed, Some(Why::Refused), now));
        assert!(late.unwrap());
        assert_eq!(house.wait(house.desk.recipients(&lead, id)).unwrap().sent, 1, "an old report moves nobody new");
        let db = house.desk.db().clone();
        assert!(verify(&db, None).unwrap().findings.is_empty());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn who_answers_for_an_incident_or_has_a_role_is_told() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, "31"), house.user("second", Role::Supervisor, ""));
        let repair = house.user("repair", Role::Specialist, "3101");
        let third = house.user("third", Role::Supervisor, "");
        let plan = house.wait(house.desk.propose_plan(&third, NewPlan { text: PLAN.into() })).unwrap().plan;
        house.wait(house.desk.decide_plan(&second, &plan.id, i64::from(plan.version), true)).unwrap();
        let began = (house.desk.time().now() - SignedDuration::from_mins(30)).to_string();
        let owner = lead.actor.user().unwrap().to_string();
        let id = opened(&house, &second, json!({"title": "x", "region": "31", "started_at": began, "user": owner})).id;
        act(&house, &second, id, "start-plan", json!({"plan": "outage"})).unwrap();
        let named = repair.actor.user().unwrap().to_string();
        act(&house, &second, id, "name-role", json!({"role": "lead", "user": named})).unwrap();
        let kinds = |who: &Caller| {
            let mut found = house.wait(house.desk.notices(who)).unwrap();
            assert!(found.iter().all(|one| one.about == About::Incident && one.number.starts_with("IN-")));
            found.sort_by(|one, other| one.kind.cmp(&other.kind));
            found.into_iter().map(|one| one.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&lead), ["incident_given", "plan_started"]);
        assert_eq!(kinds(&repair), ["role_given"], "who sees a part of it is told of it");
        assert!(kinds(&second).is_empty(), "nobody is told what they did themselves");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_done_to_an_incident_at_once_holds_together() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, second) = (house.user("lead", Role::Supervisor, "31"), house.user("second", Role::Supervisor, ""));
        let body = json!({"title": "x", "region": "31", "started_at": "2026-11-24T00:00:00Z"});
        let desk = &house.desk;
        let over = || json!({"at": house.desk.time().now().to_string()});

        // Two first additions seal under one key, or the numbers of one could never be read again.
        let id = opened(&house, &lead, body.clone()).id;
        let add = |who: &Caller, number: &str| {
            let new: NewRecipients =
                serde_json::from_value(json!({"people": [{"number": number, "consent": "app"}]})).unwrap();
            let (desk, who) = (desk.clone(), who.clone());
            async move { desk.add_recipients(&who, id, new).await.unwrap().added }
        };
        let added = house.wait(async { tokio::join!(add(&lead, "13900000001"), add(&second, "13900000002")) });
        assert_eq!(added, (1, 1));
        act(&house, &lead, id, "restore-incident", over()).unwrap();
        act(&house, &lead, id, "word-incident", json!({"purpose": "outcome", "zh": "已恢复", "en": "Mended"})).unwrap();
        act(&house, &second, id, "approve-wording", json!({"wording": 1})).unwrap();
        let ask = Export { purpose: Purpose::Outcome, batch: None };
        assert_eq!(house.wait(desk.export_recipients(&lead, id, ask)).unwrap().count, 2);

        // One of two becomes the master.
        let join = |case: &str, id: Uuid, master: bool| {
            let command = OnCase::read("join-incident", json!({"incident": id.to_string(), "master": master}));
            let named = Selection::Named(vec![Named { name: case.to_owned(), seen: None }]);
            let ask = Bulk { selection: named, command: command.unwrap().unwrap(), dry_run: false };
            let (desk, who) = (desk.clone(), lead.clone());
            async move { desk.bulk(&who, ask, None).await.unwrap().count(Outcome::Done) }
        };
        let cases: Vec<String> = (1..=3).map(|n| broken(&house, "310115", &format!("1380013800{n}"))).collect();
        let (one, other) = house.wait(async { tokio::join!(join(&cases[0], id, true), join(&cases[1], id, true)) });
        assert_eq!(one + other, 1, "an incident has one master");

        // Either the case is in and the incident goes on, or it has ended and the case is not in.
        let id = opened(&house, &lead, body).id;
        act(&house, &lead, id, "restore-incident", over()).unwrap();
        let close = Command::read("close-incident", json!({"result": "x"})).unwrap().unwrap();
        let close = desk.run_incident(&lead, id, 2, close, None);
        let (joined, closed) = house.wait(async { tokio::join!(join(&cases[2], id, false), close) });
        assert_eq!(joined == 1, closed.is_err(), "{closed:?}");
        assert!(verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}
