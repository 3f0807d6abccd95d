//! The second reader: what goes out in a grave case is what somebody else has read.

use crate::{House, house, intake, named, refusal};
use desk::macros::NewMacro;
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::case::Case;
use domain::case::reading::Standing;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::testing::each_database;

struct Players {
    writer: Caller,
    lead: Caller,
    quality: Caller,
}

fn each(test: impl Fn(&House, &Players)) {
    each_database(|scratch| {
        let house = house(scratch);
        let players = Players {
            writer: house.user("writer", Role::Specialist, ""),
            lead: house.user("lead", Role::Supervisor, ""),
            quality: house.user("quality", Role::Quality, ""),
        };
        test(&house, &players);
        house.close_down();
    })
    .unwrap();
}

/// Does one thing after the other and gives the case after them.
fn run(house: &House, name: &CaseRef, steps: &[(&Caller, &str, Value)]) -> Case {
    let mut case = seen(house, name);
    for (who, verb, body) in steps {
        let done = house.act(who, name, case.version, verb, body.clone());
        case = done.unwrap_or_else(|error| panic!("{verb}: {error:?}")).case;
    }
    case
}

fn seen(house: &House, name: &CaseRef) -> Case {
    house.wait(house.desk.case(&house.system(), name)).unwrap().case
}

fn refused(house: &House, name: &CaseRef, who: &Caller, verb: &str, body: Value) -> String {
    let refusal = refusal(house.act(who, name, seen(house, name).version, verb, body).unwrap_err());
    refusal.faults.first().map_or(refusal.code, |fault| fault.code).to_owned()
}

/// An urgent case whose outcome is approved.
fn grave(house: &House, players: &Players) -> CaseRef {
    let name = named(&house.register(&players.writer));
    let urgent = json!({"severity": "major", "urgency": "urgent", "reason": "媒体关注"});
    let outcome = json!({"outcome": "退费一百元"});
    run(
        house,
        &name,
        &[
            (&players.writer, "grade", urgent),
            (&players.writer, "accept", json!({})),
            (&players.writer, "propose", outcome),
            (&players.lead, "approve", json!({})),
        ],
    );
    name
}

const WORDS: &str = "已退费一百元。如有疑问请拨打13900139000。";

#[test]
fn a_grave_answer_goes_out_as_somebody_else_has_read_it() {
    each(|house, players| {
        let name = grave(house, players);
        let (writer, quality) = (&players.writer, &players.quality);
        let own = json!({"mode": "phone", "content": WORDS});
        assert_eq!(refused(house, &name, writer, "reply", own.clone()), "needs_second_reader");
        let asked = run(house, &name, &[(writer, "ask-reading", json!({"paper": "reply", "content": WORDS}))]);
        assert_eq!(asked.readings[0].standing, Standing::Waiting);
        assert_eq!(refused(house, &name, writer, "release-reading", json!({"reading": 1})), "own_words");
        let early = json!({"mode": "phone", "reading": 1});
        assert_eq!(refused(house, &name, writer, "reply", early.clone()), "reading_not_released");
        run(house, &name, &[(quality, "return-reading", json!({"reading": 1, "reason": "写明依据"}))]);
        assert_eq!(refused(house, &name, writer, "reply", early.clone()), "reading_not_released");
        assert_eq!(refused(house, &name, quality, "release-reading", json!({"reading": 1})), "reading_does_not_wait");
        run(
            house,
            &name,
            &[
                (writer, "ask-reading", json!({"paper": "reply", "content": WORDS})),
                (quality, "release-reading", json!({"reading": 2, "remark": "可以"})),
            ],
        );
        // What was released is what goes out; other words are read anew.
        assert_eq!(refused(house, &name, writer, "reply", own), "needs_second_reader");
        let both = json!({"mode": "phone", "content": "另一种说法", "reading": 2});
        assert_eq!(refused(house, &name, writer, "reply", both), "reading_has_words");
        let before = json!({"mode": "phone", "reading": 2, "at": "2026-11-24T11:59:00+08:00"});
        assert!(matches!(refused(house, &name, writer, "reply", before).as_str(), "before_release" | "before_receipt"));
        assert_eq!(refused(house, &name, writer, "reply", json!({"mode": "phone", "reading": 9})), "unknown_reading");
        shown_masked_when_tried(house, &name, writer);
        let told = run(house, &name, &[(writer, "reply", json!({"mode": "phone", "reading": 2}))]);
        assert_eq!(told.state.code(), "awaiting_customer");
        let shown = seen(house, &name);
        let words = shown.reply.unwrap().content;
        let words = words.plain().unwrap();
        assert!(words.starts_with("已退费一百元。如有疑问请拨打139"), "{words}");
        assert!(!words.contains("13900139000"), "identifiers stay masked: {words}");
        let standings: Vec<_> = shown.readings.iter().map(|one| one.standing).collect();
        assert_eq!(standings, [Standing::Returned, Standing::Used]);
    });
}

/// What a macro would send opens the words that were read; whoever only tries it has no right to what stood in them.
fn shown_masked_when_tried(house: &House, name: &CaseRef, writer: &Caller) {
    let steps = json!([{"reply": {"mode": "phone", "reading": 2}}]);
    let steps = steps.as_array().unwrap().iter().map(|step| step.as_object().unwrap().clone()).collect();
    let new = NewMacro { name: "answer".to_owned(), shared: "own".to_owned(), role: None, steps };
    let (id, _) = house.wait(house.desk.keep_macro(writer, new)).unwrap();
    let seen = seen(house, name).version;
    let tried = house.wait(house.desk.try_macro(writer, (name, seen), id, &BTreeMap::new())).unwrap();
    assert!(tried.stopped.is_none(), "{:?}", tried.stopped);
    let words = format!("{:?}", tried.entries);
    assert!(words.contains("已退费一百元") && !words.contains("13900139000"), "{words}");
}

#[test]
fn new_words_and_a_new_outcome_make_a_release_void() {
    each(|house, players| {
        let name = grave(house, players);
        let (writer, lead, quality) = (&players.writer, &players.lead, &players.quality);
        let ask = |words: &str| json!({"paper": "reply", "content": words});
        let case = run(
            house,
            &name,
            &[
                (writer, "ask-reading", ask("第一稿")),
                (quality, "release-reading", json!({"reading": 1})),
                (writer, "ask-reading", ask("第二稿")),
            ],
        );
        assert_eq!(case.readings[0].standing, Standing::Lapsed);
        assert_eq!(
            refused(house, &name, writer, "reply", json!({"mode": "phone", "reading": 1})),
            "reading_not_released"
        );
        run(
            house,
            &name,
            &[
                (quality, "release-reading", json!({"reading": 2})),
                (writer, "reply", json!({"mode": "phone", "reading": 2})),
                (writer, "dispute", json!({"reason": "金额不对"})),
            ],
        );
        // Whoever released what the customer rejects has judged this case.
        let other = house.user("other", Role::Specialist, "");
        run(house, &name, &[(&other, "accept", json!({})), (&other, "propose", json!({"outcome": "退费二百元"}))]);
        let second = house.user("second", Role::Supervisor, "");
        run(house, &name, &[(&second, "approve", json!({})), (&other, "ask-reading", ask("退费二百元"))]);
        for barred in [quality, lead] {
            house.act(barred, &name, seen(house, &name).version, "release-reading", json!({"reading": 3})).unwrap_err();
        }
        run(house, &name, &[(&second, "release-reading", json!({"reading": 3}))]);
    });
}

#[test]
fn ordinary_cases_need_no_reader_and_red_lines_do() {
    each(|house, players| {
        let plain = named(&house.register(&players.writer));
        let (writer, lead) = (&players.writer, &players.lead);
        run(
            house,
            &plain,
            &[
                (writer, "accept", json!({})),
                (writer, "propose", json!({"outcome": "退费"})),
                (lead, "approve", json!({})),
                (writer, "reply", json!({"mode": "phone", "content": "已退费"})),
            ],
        );
        let mut red = intake();
        red["category"] = json!("C101");
        let red = named(&house.try_register(writer, red).unwrap());
        run(
            house,
            &red,
            &[
                (writer, "accept", json!({})),
                (writer, "propose", json!({"outcome": "退费"})),
                (lead, "approve", json!({})),
            ],
        );
        let own = json!({"mode": "phone", "content": "已退费"});
        assert_eq!(refused(house, &red, writer, "reply", own), "needs_second_reader");
    });
}

#[test]
fn readers_and_writers_are_told() {
    each(|house, players| {
        let name = grave(house, players);
        let kinds = |who: &Caller| -> Vec<String> {
            house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
            let found = house.wait(house.desk.notices(who)).unwrap();
            found.into_iter().map(|notice| notice.kind).collect()
        };
        let ask = json!({"paper": "reply", "content": WORDS});
        run(house, &name, &[(&players.writer, "ask-reading", ask)]);
        assert!(kinds(&players.quality).contains(&"reading_wanted".to_owned()));
        assert!(kinds(&players.lead).contains(&"reading_wanted".to_owned()));
        run(house, &name, &[(&players.lead, "return-reading", json!({"reading": 1, "reason": "写明依据"}))]);
        assert!(kinds(&players.writer).contains(&"reading_returned".to_owned()));
    });
}
