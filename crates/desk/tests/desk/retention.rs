//! Keeping and erasing: nobody before their time or while anything holds, two people behind a plan, nothing readable left
//! wherever one looks, and a certificate that proves itself.

use crate::backup::{make as back_up, restore};
use crate::files::attach;
use crate::{House, NOON, intake, key_file, named, open_with, refusal, shipped, steps, to_the_close};
use desk::jobs::{checkpoint, rollup};
use desk::retention::decide::{self, Approval};
use desk::retention::plan::{self, NewPlan};
use desk::retention::{PlanState, certificate, subject};
use desk::reveal::Reveal;
use desk::time::Time;
use desk::{Caller, CaseRef, DeskError, Library, verify};
use domain::actor::Role;
use domain::case::Case;
use domain::retention::Ground;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::testing::{Scratch, each_database, sqlite};

/// Words of the person's that must be nowhere afterwards.
const WORDS: [&str; 8] = [
    "13800138000",
    "13900139000",
    "王小明",
    "wang@example.com",
    "11010519491231002X",
    "视频会员",
    "营业厅交来",
    "退费一百元",
];

/// The shipped rules, with a maximum an operator might set; `maximum` is TOML.
fn with_maximum(maximum: &str) -> Library {
    let mut files = shipped();
    let practice = files.iter_mut().find(|file| file.path == "guide-standard.toml").unwrap();
    let minimum = "class = \"complaint\"\nmin = \"36mo\"\n";
    assert!(practice.text.contains(minimum));
    practice.text = practice.text.replace(minimum, &format!("{minimum}{maximum}\n"));
    Library::load(&files).unwrap()
}

fn house_by(scratch: &Scratch, library: Library) -> House {
    let time = Time::at(NOON.parse().unwrap());
    let desk = open_with(scratch, library, time, &key_file(scratch)).unwrap();
    House { desk, runtime: tokio::runtime::Runtime::new().unwrap() }
}

fn months_on(house: &House, months: i64) {
    house.desk.time().set(NOON.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(months * 31 * 24));
}

fn now(house: &House, case: &CaseRef) -> Case {
    house.wait(house.desk.case(&house.system(), case)).unwrap().case
}

fn act(house: &House, who: &Caller, case: &CaseRef, verb: &str, body: Value) {
    let seen = now(house, case).version;
    house.act(who, case, seen, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}"));
}

fn code<T: std::fmt::Debug>(outcome: Result<T, DeskError>) -> String {
    refusal(outcome.unwrap_err()).code.to_owned()
}

/// Everything stored, as text: every table row by row, and of SQLite the file with its free pages and its journal.
fn everything(scratch: &Scratch, house: &House) -> Vec<u8> {
    let names = store::tables::TABLES.iter().map(|table| table.name);
    let names: Vec<&str> = names.chain(store::tables::LEFT_OUT.iter().map(|(name, _)| *name)).collect();
    let mut all = Vec::new();
    match &scratch.target {
        store::Target::Sqlite(path) => {
            for file in [path.clone(), path.with_extension("db-wal")] {
                all.extend(std::fs::read(file).unwrap_or_default());
            }
        }
        store::Target::Postgres(_) => {
            for name in names {
                let sql = format!("SELECT t::text FROM {name} t");
                let rows = house.desk.db().read_now(move |tx| tx.query(&sql, &[], |row| row.text(0))).unwrap();
                all.extend(rows.join("\n").into_bytes());
            }
        }
    }
    all
}

fn holds(all: &[u8], word: &[u8]) -> bool {
    let hex: String = word.iter().map(|byte| format!("{byte:02x}")).collect();
    let found = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    found(word) || found(hex.as_bytes())
}

/// What reports counted, row by row.
fn counted(house: &House) -> Vec<String> {
    rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let sql = "SELECT dim || '/' || area || '/' || CAST(month AS TEXT) || '/' || value || '/' || sort || '/'
        || CAST(received AS TEXT) || '/' || CAST(closed AS TEXT) || '/' || CAST(minutes AS TEXT) || '/'
        || CAST(judged AS TEXT) || '/' || CAST(in_time AS TEXT) || '/' || times FROM report_months ORDER BY 1";
    house.desk.db().read_now(move |tx| tx.query(sql, &[], |row| row.text(0))).unwrap()
}

/// A person with a case that has everything: files, a letter, compensation, and a second one merged into a stranger's.
fn a_life(house: &House) -> (CaseRef, CaseRef) {
    let agent = house.user("agent", Role::Specialist, "");
    let lead = house.user("lead", Role::Supervisor, "");
    let case = named(&house.register(&agent));
    to_the_close(house, &agent, &case);
    attach(house, &agent, &case, "13800138000.pdf", "视频会员收据 13800138000".as_bytes());
    act(house, &agent, &case, "reopen", json!({"reason": "王小明又来电"}));
    act(house, &agent, &case, "supplement", json!({"text": "视频会员仍在扣费", "channel": "hotline"}));
    let letter = "We received your complaint on 3 July; its number is TS-1. You told us: 视频会员. You ask for: a refund. \
        If that is not what you meant, let us know. We answer by 18 July; with the tracking code 118D you can see how far it is.";
    act(
        house,
        &agent,
        &case,
        "issue-letter",
        json!({"letter": "acknowledgement", "language": "en", "medium": "sms", "content": letter}),
    );
    act(house, &agent, &case, "accept", json!({}));
    act(
        house,
        &agent,
        &case,
        "propose-compensation",
        json!({"amount": {"value": "20.00", "currency": "CNY"}, "reason": "王小明多次来电"}),
    );
    act(house, &lead, &case, "pay-compensation", json!({"compensation": 1, "mode": "bill_credit"}));
    act(house, &agent, &case, "propose", json!({"outcome": "退费一百元"}));
    act(house, &lead, &case, "approve", json!({}));
    act(house, &agent, &case, "reply", json!({"mode": "phone", "content": "已退费，致电13900139000"}));
    act(house, &agent, &case, "ask-satisfaction", json!({"mode": "phone"}));
    act(house, &agent, &case, "record-satisfaction", json!({"satisfied": "satisfied", "solved": true}));
    act(house, &agent, &case, "close", json!({}));
    let person = now(house, &case).person;
    let mut body = intake();
    body["complainant"]["person"] = json!(person.to_string());
    let second = named(&house.try_register(&agent, body).unwrap());
    let mut body = intake();
    body["complainant"] = json!({"name": "李四", "phone": "13711112222"});
    body["subscription"]["number"] = json!("13711112222");
    body["description"] = json!("宽带断网");
    body["subject"] = json!("断网");
    body["external"] = json!([]);
    let other = named(&house.try_register(&agent, body).unwrap());
    let number = now(house, &other).number;
    act(house, &lead, &second, "merge", json!({"into": number, "reason": "同一事项"}));
    act(house, &agent, &other, "accept", json!({}));
    act(house, &agent, &other, "propose", json!({"outcome": "修复"}));
    act(house, &lead, &other, "approve", json!({}));
    act(house, &agent, &other, "reply", json!({"mode": "phone", "content": "已修复", "to_merged": true}));
    act(house, &agent, &other, "set-cause", json!({"cause": "NET.COVER"}));
    act(house, &agent, &other, "ask-satisfaction", json!({"mode": "phone"}));
    act(house, &agent, &other, "record-satisfaction", json!({"satisfied": "satisfied", "solved": true}));
    act(house, &agent, &other, "close", json!({}));
    (case, other)
}

fn approve(house: &House, by: &Caller, id: uuid::Uuid) -> Result<(), DeskError> {
    let hash = house.wait(house.desk.erasure_plan(by, id)).unwrap().hash;
    decide::approve(&house.desk, by, id, &Approval { hash })
}

fn carry_out(house: &House) {
    for _ in 0..3 {
        house.desk.time().advance(SignedDuration::from_secs(2));
        house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    }
}

#[test]
fn a_plan_erases_whom_it_names_and_leaves_nothing_to_read() {
    each_database(|scratch| {
        let house = house_by(scratch, with_maximum("max = \"37mo\""));
        let (case, other) = a_life(&house);
        let (one, two) = (house.user("one", Role::Compliance, ""), house.user("two", Role::Admin, ""));
        let note = NewPlan { note: "年度清理".to_owned() };
        let early = plan::dry_run(&house.desk, &one, None).unwrap();
        assert!(early.due.is_empty() && early.persons == 2, "{early:?}");
        assert_eq!(code(plan::make(&house.desk, &one, &note, None)), "nothing_due");

        months_on(&house, 38);
        let due = plan::dry_run(&house.desk, &one, None).unwrap();
        assert_eq!((due.due.len(), due.cases, due.attachments), (2, 3, 1), "{due:?}");
        assert!(
            due.due
                .iter()
                .all(|one| matches!(&one.ground, Ground::Maximum { limit } if limit.rule == "complaint_files"))
        );
        act(&house, &one, &case, "place-hold", json!({"reason": "王小明已起诉"}));
        let held = plan::dry_run(&house.desk, &one, None).unwrap();
        assert_eq!(held.due.len(), 1);
        assert_eq!(held.stay.get("legal_hold"), Some(&1));
        let by_hand = refusal(house.wait(house.desk.erase(&one, &case, "request")).unwrap_err());
        assert_eq!(by_hand.code, "person_is_held");
        assert!(by_hand.params.iter().any(|(_, value)| value.contains(&now(&house, &case).number)), "{by_hand:?}");
        act(&house, &one, &case, "lift-hold", json!({"reason": "案件已结"}));

        // A hold of the other case holds whoever went up in it.
        act(&house, &one, &other, "place-hold", json!({"reason": "调查"}));
        assert!(plan::dry_run(&house.desk, &one, None).unwrap().due.is_empty());
        act(&house, &one, &other, "lift-hold", json!({"hold": 1, "reason": "调查已结"}));

        let first = plan::make(&house.desk, &one, &note, None).unwrap();
        assert_eq!(code(approve(&house, &one, first)), "own_request");
        let wrong = Approval { hash: "00".repeat(32) };
        assert_eq!(code(decide::approve(&house.desk, &two, first, &wrong)), "plan_hash_differs");
        assert_eq!(code(plan::make(&house.desk, &house.system(), &note, None)), "needs_a_person");
        act(&house, &one, &other, "note", json!({"text": "补记"}));
        assert_eq!(code(approve(&house, &two, first)), "plan_outdated");
        assert_eq!(house.wait(house.desk.erasure_plan(&one, first)).unwrap().state, PlanState::Outdated);
        assert_eq!(code(approve(&house, &two, first)), "plan_decided");

        let backup = scratch.folder().join("before.backup");
        back_up(&house.desk, &backup).unwrap();
        let before = counted(&house);
        assert!(!before.is_empty());
        let person = now(&house, &case).person;
        let keys = house.desk.db().read_now(move |tx| store::vault::person(tx, person.0)).unwrap().unwrap();
        let wrapped = keys.wrapped_key.unwrap();

        let second = plan::make(&house.desk, &one, &note, None).unwrap();
        approve(&house, &two, second).unwrap();
        // One person is taken up again between approval and its job: they stay, and the plan says so.
        act(&house, &one, &other, "place-hold", json!({"reason": "新的调查"}));
        carry_out(&house);
        let done = house.wait(house.desk.erasure_plan(&one, second)).unwrap();
        assert_eq!(done.through(), 2, "{done:?}");
        let mut outcomes: Vec<&str> = done.items.iter().map(|(_, outcome)| outcome.as_str()).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["held", "held"], "who went up in a held case is held with it");
        act(&house, &one, &other, "lift-hold", json!({"reason": "调查已结"}));
        let third = plan::make(&house.desk, &one, &note, None).unwrap();
        approve(&house, &two, third).unwrap();
        carry_out(&house);
        let done = house.wait(house.desk.erasure_plan(&one, third)).unwrap();
        assert!(done.items.iter().all(|(_, outcome)| outcome == "erased"), "{done:?}");
        let view = house.wait(house.desk.case(&one, &case)).unwrap();
        assert!(view.erased && view.identity.is_none());
        assert_eq!(code(house.wait(house.desk.erase(&one, &case, "again"))), "person_erased");

        let certificates = house.wait(house.desk.certificates(&one, None)).unwrap();
        assert_eq!(certificates.len(), 2);
        let mine = certificates.iter().find(|one| one.said["person"] == person.to_string()).unwrap();
        assert_eq!(mine.said["erased"]["cases"], 2);
        assert_eq!(mine.said["erased"]["attachments"], 1);
        assert_eq!((&mine.said["erased"].get("compensations"), &mine.said["erased"]["letters"]), (&None, &json!(1)));
        assert!(
            mine.said["retained"].as_array().unwrap().contains(&json!("compensation")),
            "its sum can still be read"
        );
        let sealed = |count: &Value| count["entries"].as_u64().unwrap();
        assert!(
            sealed(&mine.said["erased"]) > 0
                && mine.said["cases"].as_array().unwrap().iter().any(|one| {
                    let number = one["number"].as_str().unwrap();
                    let seen = house.wait(house.desk.case(&house.system(), &CaseRef::parse(number).unwrap())).unwrap();
                    sealed(one) < seen.entries.len() as u64
                }),
            "entries without words are not counted"
        );
        assert_eq!(mine.said["decided"][0]["name"], "one");
        assert_eq!(mine.said["decided"][1]["name"], "two");
        assert_eq!(mine.said["ground"]["confidence"], "unverified");
        let file = mine.file().to_string();
        assert!(WORDS.iter().all(|word| !file.contains(word)), "{file}");
        certificate::verify(&file, Some(&mine.public_key)).unwrap();
        let forged = file.replace("\"cases\":2", "\"cases\":3");
        assert_ne!(forged, file);
        assert_eq!(certificate::verify(&forged, None), Err(certificate::Broken::Signature));
        assert_eq!(certificate::verify(&file, Some("AAAA")), Err(certificate::Broken::Key));
        let entry = mine.said["ledger_entry"].as_str().unwrap().to_owned();
        let sealed = house.desk.db().read_now(move |tx| store::entries::of(tx, person.0, 2)).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(sealed.iter().any(|row| hex(&row.hash) == entry), "the ledger has that entry");

        assert_eq!(counted(&house), before, "statistics are what they were");
        rollup::begin_anew(&house.desk).unwrap();
        assert_eq!(counted(&house), before, "and counted anew as well");
        checkpoint::seal_all(&house.desk).unwrap();
        let report = verify::verify(house.desk.db(), Some(house.desk.public_key())).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);

        let is_file = matches!(scratch.target, store::Target::Sqlite(_));
        let mut all = if is_file { Vec::new() } else { everything(scratch, &house) };
        if is_file {
            house.desk.db().close();
            all = everything(scratch, &house);
        }
        for word in WORDS {
            assert!(!holds(&all, word.as_bytes()), "{word} can still be read");
        }
        assert!(!holds(&all, &wrapped), "the wrapped key lies on in a free place");
        house.close_down();

        // An older backup, restored elsewhere with the same key file: erased again before anybody reads.
        let to = sqlite().unwrap();
        restore(&to, &backup, false).unwrap();
        let time = Time::at(NOON.parse().unwrap());
        let desk = open_with(&to, with_maximum("max = \"37mo\""), time, &key_file(scratch)).unwrap();
        let after = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        assert!(after.wait(after.desk.case(&after.system(), &case)).unwrap().erased);
        let report = verify::verify(after.desk.db(), Some(after.desk.public_key())).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        after.desk.db().close();
        let all = everything(&to, &after);
        assert!(WORDS.iter().all(|word| !holds(&all, word.as_bytes())));
        assert!(!holds(&all, &wrapped), "the key came back with the backup and is gone again");
        after.close_down();
    })
    .unwrap();
}

/// A request of the person about their own data, worked to its close.
fn request(house: &House, of: &CaseRef, what: &str, grants: Option<bool>) -> CaseRef {
    let name = format!("r-{what}-{}", grants.unwrap_or_default());
    let agent = house.user(&name, Role::Specialist, "");
    let mut body = intake();
    body["kind"] = json!("service_request");
    body["category"] = json!("F203");
    body["subject_request"] = json!(what);
    body["complainant"]["person"] = json!(now(house, of).person.to_string());
    let case = named(&house.try_register(&agent, body).unwrap());
    answer_request(house, &agent, &case, grants);
    case
}

fn answer_request(house: &House, agent: &Caller, case: &CaseRef, grants: Option<bool>) {
    for (verb, mut body) in steps() {
        if let ("propose", Some(grants)) = (verb, grants) {
            body["grants"] = json!(grants);
            body["identity_verified"] = json!(grants);
        }
        act(house, agent, case, verb, body);
    }
}

#[test]
fn a_granted_request_waits_for_the_minimum_and_is_then_carried_out() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let case = named(&house.register(&agent));
        to_the_close(&house, &agent, &case);
        let asked = request(&house, &case, "erasure", Some(true));
        let one = house.user("one", Role::Compliance, "");
        let found = plan::dry_run(&house.desk, &one, None).unwrap();
        assert!(found.due.is_empty());
        let waits = &found.named[0];
        let number = now(&house, &asked).number;
        assert_eq!(waits.request.as_deref(), Some(number.as_str()));
        let until = waits.until.as_ref().unwrap();
        assert_eq!(until.rule, "complaint_files");
        assert!(!until.law, "a proposal is planned by and never stated as law");
        house.desk.time().set(until.at);
        assert!(plan::dry_run(&house.desk, &one, None).unwrap().due.is_empty(), "the last moment is still kept");
        house.desk.time().advance(SignedDuration::from_secs(1));
        let due = plan::dry_run(&house.desk, &one, None).unwrap();
        assert_eq!(due.due[0].ground, Ground::Request { case: number });
        house.close_down();
    })
    .unwrap();
}

#[test]
fn only_a_granted_request_erases() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let one = house.user("one", Role::Compliance, "");
        let mut body = intake();
        body["kind"] = json!("service_request");
        body["category"] = json!("F203");
        body["subject_request"] = json!("erasure");
        let asked = named(&house.try_register(&agent, body.clone()).unwrap());
        act(&house, &agent, &asked, "accept", json!({}));
        let say = |verb: &str, body: Value| {
            let seen = now(&house, &asked).version;
            let refused = refusal(house.act(&agent, &asked, seen, verb, body).unwrap_err());
            refused.faults.first().map_or(refused.code, |fault| fault.code).to_owned()
        };
        // An answer alone decides nothing, and an outcome must say which it is.
        assert_eq!(say("reply", json!({"mode": "phone", "content": "不同意"})), "wrong_state");
        assert_eq!(say("propose", json!({"outcome": "同意"})), "required");
        assert_eq!(say("propose", json!({"outcome": "同意", "grants": true})), "identity_unchecked");
        act(&house, &agent, &asked, "propose", json!({"outcome": "依法须保留", "grants": false}));
        for (verb, body) in steps().into_iter().skip(2) {
            act(&house, &agent, &asked, verb, body);
        }
        let found = plan::dry_run(&house.desk, &one, None).unwrap();
        assert!(found.due.is_empty() && found.named.is_empty(), "a refusal erases nobody: {found:?}");

        // Granted in a second round, by somebody who was checked since.
        act(&house, &agent, &asked, "reopen", json!({"reason": "再次申请"}));
        act(&house, &agent, &asked, "accept", json!({}));
        answer_rest(&house, &agent, &asked);
        let found = plan::dry_run(&house.desk, &one, None).unwrap();
        assert_eq!(found.due.len(), 1, "{found:?}");
        assert!(now(&house, &asked).record.identity_verified);

        // What comes after the approval was not approved.
        let note = NewPlan { note: "已同意的请求".to_owned() };
        let planned = plan::make(&house.desk, &one, &note, None).unwrap();
        let two = house.user("two", Role::Admin, "");
        approve(&house, &two, planned).unwrap();
        let mut further = intake();
        further["complainant"]["person"] = json!(now(&house, &asked).person.to_string());
        further["kind"] = json!("service_request");
        further["category"] = json!("F203");
        further["subject_request"] = json!("access");
        let further = named(&house.try_register(&agent, further).unwrap());
        let out_of_place = house.act(&agent, &further, 1, "propose", json!({"outcome": "x", "grants": true}));
        assert!(out_of_place.is_err());
        answer_request(&house, &agent, &further, None);
        carry_out(&house);
        let done = house.wait(house.desk.erasure_plan(&one, planned)).unwrap();
        assert_eq!(done.items[0].1, "changed", "{done:?}");
        assert!(!house.wait(house.desk.case(&one, &asked)).unwrap().erased);
        house.close_down();
    })
    .unwrap();
}

/// A granted request from its acceptance to its close.
fn answer_rest(house: &House, agent: &Caller, case: &CaseRef) {
    for (verb, mut body) in steps().into_iter().skip(1).filter(|(verb, _)| *verb != "set-cause") {
        if verb == "propose" {
            body["grants"] = json!(true);
            body["identity_verified"] = json!(true);
        }
        act(house, agent, case, verb, body);
    }
}

#[test]
fn what_was_only_announced_beside_the_key_erases_nobody() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let (kept, gone) = (named(&house.register(&agent)), named(&house.register(&agent)));
        for case in [&kept, &gone] {
            to_the_close(&house, &agent, case);
        }
        let compliance = house.user("compliance", Role::Compliance, "");
        let person = now(&house, &kept).person;
        let erased = house.wait(house.desk.erase(&compliance, &gone, "request")).unwrap().person;
        let ledger = key_file(scratch).with_extension("erasures");
        assert_eq!(std::fs::read_to_string(&ledger).unwrap(), format!("? {erased}\n{erased}\n"));
        act(&house, &compliance, &kept, "place-hold", json!({"reason": "诉讼"}));
        house.close_down();
        // As after a commit that failed, and a process that ended before it could confirm another.
        std::fs::write(&ledger, format!("? {person}\n? {erased}\n")).unwrap();
        let time = Time::at(NOON.parse().unwrap());
        let desk = crate::open(scratch, time, &key_file(scratch)).unwrap();
        let after = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        assert!(!after.wait(after.desk.case(&after.system(), &kept)).unwrap().erased);
        assert!(after.wait(after.desk.case(&after.system(), &gone)).unwrap().erased);
        assert_eq!(std::fs::read_to_string(&ledger).unwrap(), format!("? {person}\n? {erased}\n{erased}\n"));
        after.close_down();
    })
    .unwrap();
}

#[test]
fn a_minimum_of_the_law_binds_whoever_erases_by_hand() {
    each_database(|scratch| {
        let house = house_by(scratch, Library::load_for(&shipped(), Some("ie")).unwrap());
        let agent = house.user("agent", Role::Specialist, "");
        let mut body = intake();
        body["external"] = json!([]);
        let case = named(&house.try_register(&agent, body).unwrap());
        let view = house.wait(house.desk.case(&agent, &case)).unwrap();
        let draft = house.desk.letter_draft(&view, "ie_acknowledgement", None).unwrap();
        let content =
            draft.blanks.iter().fold(draft.content, |text, blank| text.replace(&format!("{{{blank}}}"), "118"));
        let letter =
            json!({"letter": "ie_acknowledgement", "language": draft.language, "medium": "email", "content": content});
        act(&house, &agent, &case, "issue-letter", letter);
        let letter = json!({"letter": 1, "reference": "D1"});
        act(&house, &agent, &case, "record-delivery", letter);
        act(&house, &agent, &case, "withdraw", json!({"mode": "phone", "reason": "不投诉了"}));
        let one = house.user("one", Role::Compliance, "");
        let early = refusal(house.wait(house.desk.erase(&one, &case, "request")).unwrap_err());
        assert_eq!(early.code, "kept_until", "{early:?}");
        months_on(&house, 13);
        let done = house.wait(house.desk.erase(&one, &case, "request")).unwrap();
        let said = house.wait(house.desk.certificate(&one, done.certificate)).unwrap().said;
        assert_eq!((said["ground"]["kind"].as_str(), said["erased"]["cases"].as_i64()), (Some("by_hand"), Some(1)));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_kept_about_a_person_is_handed_over_whole_and_logged() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let case = named(&house.register(&agent));
        attach(&house, &agent, &case, "收据.txt", "收据内容".as_bytes());
        act(&house, &agent, &case, "note", json!({"text": "同事看"}));
        let mut body = intake();
        body["complainant"]["person"] = json!(now(&house, &case).person.to_string());
        body["region"] = json!("330100");
        let elsewhere = named(&house.try_register(&agent, body).unwrap());
        let ask = || subject::Ask { reason: "答复查阅请求".to_owned() };
        let partly = house.user("partly", Role::Supervisor, "31");
        assert_eq!(code(house.wait(house.desk.subject_data(&partly, &case, ask())).map(drop)), "person_beyond_area");
        let whole = house.user("whole", Role::Compliance, "");
        let data = house.wait(house.desk.subject_data(&whole, &case, ask())).unwrap();
        assert_eq!((data.cases.len(), data.files.len()), (2, 1));
        assert_eq!(data.identity.name.as_deref(), Some("王小明"));
        let mut out = Vec::new();
        data.write("page", "data", &mut out).unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(out)).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(&data.files[0].1).unwrap(), &mut text).unwrap();
        assert_eq!(text, "收据内容");
        for case in [&case, &elsewhere] {
            let accesses = house.wait(house.desk.accesses(&whole, case)).unwrap();
            let last = accesses.last().unwrap();
            assert_eq!((last.purpose.as_str(), last.extent.as_str()), ("data_subject", "person"));
        }
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_second_plan_of_the_same_persons_waits_for_the_first() {
    each_database(|scratch| {
        let house = house_by(scratch, with_maximum("max = \"48mo\""));
        let agent = house.user("agent", Role::Specialist, "");
        let case = named(&house.register(&agent));
        to_the_close(&house, &agent, &case);
        months_on(&house, 50);
        let one = house.user("one", Role::Compliance, "");
        let note = || NewPlan { note: "到期".to_owned() };
        let took = plan::dry_run(&house.desk, &one, Some(std::time::Duration::ZERO));
        assert_eq!(code(took), "look_took_too_long");
        assert_eq!(code(plan::make(&house.desk, &one, &note(), Some(std::time::Duration::ZERO))), "look_took_too_long");
        let first = plan::make(&house.desk, &one, &note(), None).unwrap();
        let two = house.user("two", Role::Admin, "");
        assert_eq!(code(plan::make(&house.desk, &two, &note(), None)), "plan_waits");
        assert_eq!(house.wait(house.desk.erasure_plans(&one)).unwrap().len(), 1, "nothing was written");
        decide::withdraw(&house.desk, &one, first).unwrap();
        plan::make(&house.desk, &two, &note(), None).unwrap();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_request_that_waits_restricts_the_use_and_says_so_in_the_access_log() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let case = named(&house.register(&agent));
        act(&house, &agent, &case, "accept", json!({}));
        let look = |reason: Option<&str>| {
            let ask = Reveal { purpose: "contact".to_owned(), reason: reason.map(str::to_owned) };
            house.wait(house.desk.reveal(&agent, &case, ask)).map(drop)
        };
        look(None).unwrap();
        let one = house.user("one", Role::Compliance, "");
        let restrictions = || house.wait(house.desk.restrictions(&agent, &now(&house, &case))).unwrap();
        assert!(restrictions().is_empty());
        let mut body = intake();
        body["kind"] = json!("service_request");
        body["category"] = json!("F203");
        body["complainant"]["person"] = json!(now(&house, &case).person.to_string());
        for (asked, holds) in [("access", 0), ("restriction", 1)] {
            body["subject_request"] = json!(asked);
            house.try_register(&one, body.clone()).unwrap();
            assert_eq!(restrictions().len(), holds, "{asked}");
        }
        body["region"] = json!("330100");
        body["subject_request"] = json!("erasure");
        let erasure = named(&house.try_register(&one, body).unwrap());
        let partly = house.user("partly", Role::Supervisor, "31");
        let seen = house.wait(house.desk.restrictions(&partly, &now(&house, &case))).unwrap();
        assert_eq!(seen.iter().filter(|one| one.number.is_none()).count(), 1, "another area's number is not told");
        let refused = refusal(look(None).unwrap_err());
        assert_eq!((refused.faults[0].field.as_str(), refused.faults[0].code), ("reason", "reason_while_restricted"));
        look(Some("回电告知进展")).unwrap();
        let accesses = house.wait(house.desk.accesses(&one, &case)).unwrap();
        assert!(accesses[0].restricted.is_empty());
        assert_eq!(accesses.last().unwrap().restricted, ["restriction", "erasure"]);
        // A refusal ends it, a grant that must wait does not.
        let two = house.user("two", Role::Specialist, "");
        answer_request(&house, &two, &erasure, Some(true));
        assert_eq!(restrictions().len(), 2);
        let found = house.wait(plan::look_at(&house.desk, &one, &case)).unwrap();
        assert_eq!((found.persons, found.due.len()), (1, 0), "{found:?}");
        assert!(found.stay.contains_key("open"), "{found:?}");
        house.close_down();
    })
    .unwrap();
}
