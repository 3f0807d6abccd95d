//! Any sequence of commands keeps the invariants, and the log folds to the stored row.

use crate::{House, house, intake, named};
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::{Case, State};
use domain::event::Event;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use store::cases;
use store::testing::each_database;

fn any_command() -> impl Strategy<Value = (&'static str, Value)> {
    let commands = [
        ("classify", json!({"category": "A101", "reason": "看错了"})),
        ("classify", json!({"category": "B204"})),
        ("accept", json!({})),
        ("grade", json!({"severity": "major", "urgency": "urgent", "reason": "升级"})),
        ("grade", json!({"severity": "normal", "urgency": "normal", "reason": "复核"})),
        ("note", json!({"text": "客户来电催办，电话13800138000"})),
        ("propose", json!({"outcome": "退费", "finding": "属实"})),
        ("approve", json!({})),
        ("send-back", json!({"reason": "依据不足"})),
        ("reply", json!({"mode": "phone", "content": "已退费"})),
        ("set-cause", json!({"cause": "BIL.RATE"})),
        ("ask-satisfaction", json!({"mode": "sms"})),
        ("record-satisfaction", json!({"satisfied": "neutral"})),
        ("confirm", json!({"mode": "phone"})),
        ("close", json!({})),
        ("close", json!({})),
        ("reopen", json!({"reason": "未解决"})),
        ("assign", json!({"unit": "ROOT", "reason": "转派"})),
    ];
    prop::sample::select(commands.to_vec())
}

/// What must hold after every command (appendix B.3 of the domain reference, as far as today's operations reach).
fn check(before: &Case, after: &Case, verb: &str) {
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.received_at, before.received_at, "first receipt never moves");
    assert_eq!(after.first_owner, before.first_owner, "first responsibility never moves");
    assert_eq!(after.number, before.number);
    assert!(after.changed_at >= before.changed_at, "time does not run backwards");
    assert_ne!(after.owner.unit.0, uuid::Uuid::nil(), "never without an owner");
    if after.state == State::Closed && before.state != State::Closed {
        assert!(after.reply.is_some() && after.cause.is_some() && after.satisfaction_asked, "closed without proof");
        assert!(after.clocks.iter().all(|clock| clock.ended.is_some()), "a closed case owes nothing");
    }
    if verb != "reopen" {
        assert!(after.round == before.round && after.reply.is_some() >= before.reply.is_some());
    }
    for old in before.clocks.iter().filter(|clock| clock.ended.is_some()) {
        assert!(after.clocks.contains(old), "an ended clock never changes");
    }
}

fn stored_equals_folded(house: &House, who: &Caller, name: &CaseRef) {
    let CaseRef::Id(id) = name else { panic!("by identity") };
    let view = house.wait(house.desk.case(who, name)).unwrap();
    let id = id.0;
    let row = house.desk.db().read_now(move |tx| cases::by_id(tx, id)).unwrap().unwrap();
    let case = view.case;
    assert_eq!(row.version, case.version);
    assert_eq!(row.state, case.state.code());
    assert_eq!(row.category, case.category);
    assert_eq!(row.grade.as_deref(), Some(case.grade.code()));
    assert_eq!(row.owner_unit, case.owner.unit.0);
    assert_eq!(row.owner_user, case.owner.user.map(|user| user.0));
    assert_eq!(row.open, case.state.is_open());
    assert_eq!(row.changed_at, case.changed_at.as_microsecond());
    assert_eq!(row.closed_at, case.closed_at.map(|at| at.as_microsecond()));
    let due = case.next_due();
    assert_eq!(row.due_rule, due.map(|clock| clock.rule.clone()));
    assert_eq!(row.due_at, due.map_or(i64::MAX, |clock| clock.due_at.as_microsecond()));
}

fn live(house: &House, actors: &[Caller], with_category: bool, steps: &[(usize, i64, (&'static str, Value))]) {
    let mut body = intake();
    if !with_category {
        body.as_object_mut().unwrap().remove("category");
    }
    let done = house.try_register(&actors[0], body).unwrap();
    let name = named(&done);
    let mut case = done.case;
    for (who, minutes, (verb, body)) in steps {
        house.desk.time().advance(SignedDuration::from_mins(*minutes));
        let mut body = body.clone();
        if body.get("unit").is_some() {
            body["unit"] = json!(house.desk.root().to_string());
        }
        match house.act(&actors[who % actors.len()], &name, case.version, verb, body) {
            Ok(next) => {
                check(&case, &next.case, verb);
                case = next.case;
            }
            Err(DeskError::Refused(refusal)) => {
                assert!(!refusal.code.is_empty(), "a refusal says why");
            }
            Err(other) => panic!("{verb}: {other:?}"),
        }
    }
    stored_equals_folded(house, &actors[0], &name);
    let view = house.wait(house.desk.case(&actors[0], &name)).unwrap();
    for entry in &view.entries {
        for event in &entry.events {
            if let Event::SentBack { reason } = event {
                assert!(reason.plain().is_some_and(|reason| !reason.is_empty()), "sent back without a reason");
            }
        }
    }
}

#[test]
fn any_sequence_keeps_the_invariants() {
    each_database(|scratch| {
        let house = house(scratch);
        let actors = [
            house.user("one", Role::Specialist, ""),
            house.user("two", Role::Supervisor, "31"),
            house.user("three", Role::Compliance, ""),
        ];
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let steps = prop::collection::vec((0_usize..3, 0_i64..3_000, any_command()), 1..30);
        runner
            .run(&(any::<bool>(), steps), |(with_category, steps)| {
                live(&house, &actors, with_category, &steps);
                Ok(())
            })
            .unwrap();
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}
