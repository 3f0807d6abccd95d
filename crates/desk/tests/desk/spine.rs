//! A complaint from its registration to its close, and everything that stands in the way.

use crate::{at, house, intake, named, refusal, to_the_close};
use desk::queries::list::{Filter, Order};
use desk::register::OnceOnly;
use desk::{CaseRef, DeskError};
use domain::actor::Role;
use domain::case::State;
use domain::event::ClockOutcome;
use domain::intake::Intake;
use domain::refusal::RefusalKind;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::each_database;

#[test]
fn from_registration_to_close() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let done = house.register(&agent);
        assert_eq!(done.case.state, State::Registered);
        assert!(done.case.number.starts_with("TS-20261124-"), "{}", done.case.number);
        assert_eq!(done.case.first_owner.user, agent.actor.user());
        let due: Vec<_> = done.case.clocks.iter().map(|clock| (clock.rule.as_str(), clock.due_at)).collect();
        assert_eq!(
            due,
            [
                ("statutory_answer", at("2026-12-09T23:59:59+08:00")),
                ("first_handling", at("2026-11-25T12:00:00+08:00")),
                ("first_contact", at("2026-11-25T12:00:00+08:00")),
                ("response", at("2026-11-26T12:00:00+08:00")),
                ("progress", at("2026-11-26T12:00:00+08:00")),
                ("grade_response", at("2026-11-25T12:00:00+08:00")),
                ("grade_solution", at("2026-11-27T23:59:59+08:00")),
            ]
        );
        let closed = to_the_close(&house, &agent, &named(&done));
        assert_eq!(closed.case.state, State::Closed);
        assert!(closed.case.clocks.iter().all(|clock| matches!(clock.ended, Some((ClockOutcome::Met, _)))));
        let view = house.wait(house.desk.case(&agent, &CaseRef::Number(done.case.number.clone()))).unwrap();
        assert_eq!(view.case.version, 10);
        let words = view.case.record.description.plain().unwrap();
        assert_eq!(words, "回电请打138****8000，身份证1101**********002X。");
        assert_eq!(view.identity.unwrap().name.as_deref(), Some("王**"));
        let reopened = house.act(&agent, &named(&done), 10, "reopen", json!({"reason": "又扣费了"})).unwrap();
        assert_eq!(reopened.case.round, 2);
        assert_eq!(reopened.case.received_at, done.case.received_at, "first receipt stays");
        assert_eq!(reopened.case.clocks.iter().filter(|clock| clock.round == 2).count(), 6);
        let then = house.wait(house.desk.case_at(&agent, &named(&done), 1)).unwrap();
        assert_eq!(then.case.state, State::Registered);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn gates_say_what_is_missing() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let done = house.register(&agent);
        let early = refusal(house.act(&agent, &named(&done), 1, "close", Value::Null).unwrap_err());
        assert_eq!(early.code, "gates_not_met");
        let missing: Vec<_> = early.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(missing, ["gate_reply", "gate_cause", "gate_satisfaction"]);
        let reply = json!({"mode": "phone", "content": "…"});
        let early = refusal(house.act(&agent, &named(&done), 1, "reply", reply).unwrap_err());
        assert_eq!((early.kind, early.code), (RefusalKind::Conflict, "wrong_state"));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn grave_outcomes_need_a_second_pair_of_eyes() {
    each_database(|scratch| {
        let house = house(scratch);
        let (one, two) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Supervisor, ""));
        let mut grave = intake();
        grave["assessment"] = json!({"safety": true});
        let done = house.try_register(&one, grave).unwrap();
        assert_eq!(done.case.grade, policy::Grade::Urgent);
        let case = named(&done);
        house.act(&one, &case, 1, "accept", Value::Null).unwrap();
        house.act(&one, &case, 2, "propose", json!({"outcome": "退费"})).unwrap();
        let own = refusal(house.act(&one, &case, 3, "approve", Value::Null).unwrap_err());
        assert_eq!((own.kind, own.code), (RefusalKind::Forbidden, "own_proposal"));
        assert_eq!(house.act(&two, &case, 3, "approve", Value::Null).unwrap().case.state, State::AwaitingReply);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn who_saw_an_old_version_changes_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let done = house.register(&agent);
        house.act(&agent, &named(&done), 1, "accept", Value::Null).unwrap();
        let stale = house.act(&agent, &named(&done), 1, "note", json!({"text": "x"})).unwrap_err();
        let DeskError::Stale { current, since } = stale else { panic!("{stale:?}") };
        assert_eq!((current, since.len(), since[0].1.as_str()), (2, 1, "accept"));
        let future = house.act(&agent, &named(&done), 9, "note", json!({"text": "x"})).unwrap_err();
        assert!(matches!(future, DeskError::Stale { current: 2, .. }), "{future:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_repeated_request_is_answered_as_the_first() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, other) = (house.user("agent", Role::Agent, ""), house.user("other", Role::Agent, ""));
        let register = |who, key, body| {
            let once = OnceOnly { key, body };
            house.wait(house.desk.register(who, Intake::read(intake()).unwrap(), Some(once)))
        };
        let first = register(&agent, "k1", b"body").unwrap();
        house.act(&agent, &named(&first), 1, "accept", Value::Null).unwrap();
        let again = register(&agent, "k1", b"body").unwrap();
        assert!(again.replayed);
        assert_eq!((again.case.id, again.case.version), (first.case.id, 1), "as it was answered then");
        let other_body = refusal(register(&agent, "k1", b"other").unwrap_err());
        assert_eq!(other_body.faults[0].code, "idempotency_key_reused");
        assert_ne!(register(&other, "k1", b"body").unwrap().case.id, first.case.id, "keys belong to an actor");
        assert_eq!(refusal(register(&agent, "", b"").unwrap_err()).faults[0].code, "bad_idempotency_key");
        let once = || OnceOnly { key: "n1", body: b"note" };
        let case = named(&first);
        let case_two = house.act_once(&agent, &case, 2, "propose", once());
        assert!(case_two.is_err(), "a refused request uses up no key");
        house.act(&agent, &case, 2, "note", json!({"text": "a"})).unwrap();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn an_area_hides_what_lies_outside_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let (sh, zj) = (house.user("sh", Role::Agent, "31"), house.user("zj", Role::Supervisor, "33"));
        let done = house.register(&sh);
        let hidden = refusal(house.wait(house.desk.case(&zj, &named(&done))).unwrap_err());
        let nothing = CaseRef::parse("01900000-0000-7000-8000-000000000000").unwrap();
        let none = refusal(house.wait(house.desk.case(&zj, &nothing)).unwrap_err());
        assert_eq!(hidden, none, "hidden and missing look alike");
        assert_eq!(refusal(house.act(&zj, &named(&done), 1, "accept", Value::Null).unwrap_err()), none);
        let filter = Filter { order: Order::Received, phone: Some("138 0013 8000".into()), ..Filter::default() };
        assert!(house.wait(house.desk.list(&zj, &filter)).unwrap().items.is_empty());
        assert_eq!(house.wait(house.desk.list(&sh, &filter)).unwrap().items.len(), 1);
        let outside = refusal(house.try_register(&zj, intake()).unwrap_err());
        assert_eq!(outside.faults[0].code, "outside_area");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn lists_find_by_number_of_any_kind() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let done = house.register(&agent);
        let find = |filter: Filter| {
            let page = house.wait(house.desk.list(&agent, &filter)).unwrap();
            page.items.iter().map(|one| one.id).collect::<Vec<_>>()
        };
        let any = || Filter { order: Order::Received, ..Filter::default() };
        assert_eq!(find(Filter { external: Some("GX-1".into()), ..any() }), [done.case.id]);
        assert_eq!(find(Filter { phone: Some("+86 138-0013-8000".into()), ..any() }), [done.case.id]);
        assert!(find(Filter { phone: Some("13800138001".into()), ..any() }).is_empty());
        assert_eq!(find(Filter { category: Some("B2".into()), open_only: true, ..Filter::default() }), [done.case.id]);
        let ended = Filter { states: vec![State::Closed], ..Filter::default() };
        assert_eq!(refusal(house.wait(house.desk.list(&agent, &ended)).unwrap_err()).faults[0].code, "due_needs_open");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn late_and_moot_clocks_say_so() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let done = house.register(&agent);
        house.desk.time().advance(SignedDuration::from_hours(25));
        let accepted = house.act(&agent, &named(&done), 1, "accept", Value::Null).unwrap();
        let outcome = |rule: &str| {
            accepted.case.clocks.iter().find(|clock| clock.rule == rule).unwrap().ended.map(|(outcome, _)| outcome)
        };
        assert_eq!(outcome("first_handling"), Some(ClockOutcome::Missed));
        assert_eq!(outcome("response"), None);
        let explained = house.wait(house.desk.explain(&agent, &named(&done), "grade_solution")).unwrap();
        assert!(!explained[0].explanation.lines(policy::Lang::Zh).is_empty());
        let unknown = house.wait(house.desk.explain(&agent, &named(&done), "nothing")).unwrap_err();
        assert_eq!(refusal(unknown).kind, RefusalKind::NotFound);
        house.close_down();
    })
    .unwrap();
}
