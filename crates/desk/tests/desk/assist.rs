//! The assistant as the desk has it: turns and measures of a day, drafts for a second reader, and whose data stays inside.

use crate::{House, house, intake, named, refusal};
use desk::assist::{Ask, Limits, Prepared};
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::Case;
use serde_json::{Value, json};
use store::testing::each_database;

fn ask(kind: &str) -> Ask {
    serde_json::from_value(json!({"kind": kind})).unwrap()
}

fn prepare(house: &House, who: &Caller, name: &CaseRef, kind: &str, limits: (u32, u32)) -> Result<Prepared, DeskError> {
    let limits = Limits { by: "model-1".to_owned(), requests: limits.0, own: limits.1 };
    house.wait(house.desk.assist(who, name, ask(kind), "en", &limits))
}

fn refused(outcome: Result<Prepared, DeskError>) -> &'static str {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => refusal(error).code,
    }
}

fn end(house: &House, prepared: Prepared) {
    house.wait(house.desk.end_turn(prepared.turn)).unwrap();
}

#[test]
fn one_question_at_a_time_and_no_more_than_a_day_allows() {
    each_database(|scratch| {
        let house = house(scratch);
        let (mei, lin) = (house.user("mei", Role::Specialist, ""), house.user("lin", Role::Agent, ""));
        let name = named(&house.register(&mei));
        let measure = (3, 2);
        let first = prepare(&house, &mei, &name, "summary", measure).unwrap();
        assert!(!first.material.contains("王小明") && first.material.contains("〔PHONE-1〕"), "{}", first.material);
        assert_eq!(refused(prepare(&house, &mei, &name, "summary", measure)), "assistant_busy");
        // Somebody else's question is no matter of mine.
        end(&house, prepare(&house, &lin, &name, "summary", measure).unwrap());
        end(&house, first);
        end(&house, prepare(&house, &mei, &name, "summary", measure).unwrap());
        assert_eq!(refused(prepare(&house, &mei, &name, "summary", measure)), "assistant_spent_own");
        assert_eq!(refused(prepare(&house, &lin, &name, "summary", measure)), "assistant_spent");
        // What was refused is neither counted nor logged.
        let lead = house.user("lead", Role::Supervisor, "");
        let log = house.wait(house.desk.accesses(&lead, &name)).unwrap();
        assert_eq!(log.len(), 3);
        assert!(log.iter().all(|one| one.purpose == "assist" && one.extent.starts_with("assistant summary ")));
        assert_eq!(refused(prepare(&house, &lead, &name, "summary", measure)), "assistant_spent");
        end(&house, prepare(&house, &lead, &name, "summary", (4, 2)).unwrap());
        desk::jobs::forget::old(&house.desk).unwrap();
        house.close_down();
    })
    .unwrap();
}

fn seen(house: &House, name: &CaseRef) -> Case {
    house.wait(house.desk.case(&house.system(), name)).unwrap().case
}

fn run(house: &House, name: &CaseRef, steps: &[(&Caller, &str, Value)]) -> Case {
    let mut case = seen(house, name);
    for (who, verb, body) in steps {
        let done = house.act(who, name, case.version, verb, body.clone());
        case = done.unwrap_or_else(|error| panic!("{verb}: {error:?}")).case;
    }
    case
}

#[test]
fn a_grave_answer_is_drafted_for_its_reader() {
    each_database(|scratch| {
        let house = house(scratch);
        let writer = house.user("writer", Role::Specialist, "");
        let (lead, quality) = (house.user("lead", Role::Supervisor, ""), house.user("quality", Role::Quality, ""));
        let name = named(&house.register(&writer));
        let urgent = json!({"severity": "major", "urgency": "urgent", "reason": "媒体关注"});
        let steps = [
            (&writer, "grade", urgent),
            (&writer, "accept", json!({})),
            (&writer, "propose", json!({"outcome": "退费一百元"})),
            (&lead, "approve", json!({})),
        ];
        run(&house, &name, &steps);
        assert_eq!(refused(prepare(&house, &house.system(), &name, "draft", (9, 9))), "users_only");
        let prepared = prepare(&house, &writer, &name, "draft", (9, 9)).unwrap();
        let turn = prepared.turn.clone();
        let done = house.wait(house.desk.assisted(&writer, prepared, "已退费一百元。")).unwrap();
        house.wait(house.desk.end_turn(turn)).unwrap();
        assert_eq!((done.draft, done.language, done.text.as_str()), (Some("ask-reading"), "zh-CN", "已退费一百元。"));
        // No way round the reader: the machine's words are laid before one by a person, who says or changes something.
        let reply = json!({"mode": "phone", "content": "已退费一百元。"});
        let version = seen(&house, &name).version;
        assert_eq!(
            refusal(house.act(&writer, &name, version, "reply", reply).unwrap_err()).code,
            "needs_second_reader"
        );
        let laid = |content: &str| json!({"paper": "reply", "content": content});
        let as_it_is = refusal(house.act(&writer, &name, version, "ask-reading", laid("已退费 一百元。")).unwrap_err());
        assert_eq!(as_it_is.faults[0].code, "machine_draft_unchanged");
        let steps = [
            (&writer, "ask-reading", laid("已退费一百元，并致歉。")),
            (&quality, "release-reading", json!({"reading": 1})),
            (&writer, "reply", json!({"mode": "phone", "reading": 1})),
        ];
        let case = run(&house, &name, &steps);
        assert_eq!(case.readings[0].drafted, Some(("model-1".to_owned(), true)));
        let view = house.wait(house.desk.case(&writer, &name)).unwrap();
        let said: Vec<String> = view.entries.iter().map(|entry| format!("{:?}", entry.events)).collect();
        let marked = |verb: &str| {
            let place = view.entries.iter().rposition(|entry| entry.verb == verb).unwrap();
            said[place].contains("Draft { by: \"model-1\", changed: true, reading: Some(1) }")
        };
        assert!(marked("ask-reading") && marked("reply"), "{said:?}");
        // What was sent is no draft any more, so the next words are one's own.
        assert_eq!(house.wait(house.desk.drafts(&writer, &name)).unwrap(), []);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn whose_data_is_restricted_or_gone_is_told_to_nobody() {
    each_database(|scratch| {
        let house = house(scratch);
        let admin = house.user("admin2", Role::Admin, "");
        let mut request = intake();
        request["kind"] = json!("service_request");
        request["category"] = json!("F203");
        request["subject_request"] = json!("restriction");
        let done = house.try_register(&admin, request);
        let name = named(&done.unwrap());
        let outcome = prepare(&house, &admin, &name, "summary", (9, 9));
        assert_eq!(refused(outcome), "assistant_restricted");
        // Erased while the machine thinks: what it says is nobody's any more.
        let body = json!({"kind": "enquiry", "accept_channel": "app", "category": "B102", "description": "x",
            "complainant": {"name": "Li", "phone": "13900139000"}});
        let gone = named(&house.try_register(&admin, body).unwrap());
        let steps = [
            (&admin, "accept", json!({})),
            (&admin, "reply", json!({"mode": "app", "content": "see the bill"})),
            (&admin, "close", json!({})),
        ];
        run(&house, &gone, &steps);
        let prepared = prepare(&house, &admin, &gone, "summary", (9, 9)).unwrap();
        house.wait(house.desk.erase(&admin, &gone, "asked")).unwrap();
        let late = house.wait(house.desk.assisted(&admin, prepared, "words"));
        assert_eq!(refusal(late.unwrap_err()).code, "person_erased");
        house.close_down();
    })
    .unwrap();
}
