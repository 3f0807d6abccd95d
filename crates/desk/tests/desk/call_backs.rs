//! Promised call-backs and customers who cannot be reached, on both databases.

use crate::lives::{Desk, each};
use crate::{at, intake};
use desk::CaseRef;
use desk::call_backs::CallBackFilter;
use domain::actor::Role;
use domain::case::Case;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

fn listed(desk: &Desk<'_>, filter: CallBackFilter) -> Vec<(String, u32, usize)> {
    let page = desk.house.wait(desk.house.desk.call_backs(&desk.who, filter)).unwrap();
    page.items.iter().map(|one| (one.view.case.number.clone(), one.promise().unwrap().id, one.tries().len())).collect()
}

fn call(due: &str) -> Value {
    json!({"what": "说明账单", "due_at": due, "call_back": true})
}

#[test]
fn a_call_back_is_listed_until_it_is_made() {
    each(|desk| {
        let case = desk.act(&desk.open(), "accept", json!({}));
        let case = desk.act(&case, "promise", json!({"what": "寄发票", "due_at": "2026-11-25T10:00:00+08:00"}));
        let case = desk.act(&case, "promise", call("2026-11-24T18:00:00+08:00"));
        let other = desk.act(&desk.open(), "promise", call("2026-11-24T15:00:00+08:00"));
        let all = CallBackFilter::default;
        let mine = || CallBackFilter { mine: true, ..all() };
        assert_eq!(listed(desk, all()), [(other.number.clone(), 1, 0), (case.number.clone(), 2, 0)]);
        // Whoever registers one holds it until somebody takes it.
        let lead = desk.house.user("lead", Role::Supervisor, "");
        let user =
            json!({"user": desk.house.user("colleague", Role::Specialist, "").actor.user().unwrap().to_string()});
        let other = desk.try_act(&lead, &other, "assign", user).unwrap().case;
        assert_eq!(listed(desk, mine()), [(case.number.clone(), 2, 0)]);
        // Counted is what the list has that asks for none in particular.
        let count = |most| desk.house.wait(desk.house.desk.count_call_backs(&desk.who, most)).unwrap();
        assert_eq!((count(100), count(1)), (2, 1));
        // Pages follow each other, and a cursor that is none is refused.
        let one = CallBackFilter { limit: 1, ..all() };
        let page = desk.house.wait(desk.house.desk.call_backs(&desk.who, one.clone())).unwrap();
        assert_eq!(page.items[0].view.case.number, other.number);
        assert_eq!(listed(desk, CallBackFilter { after: page.next, ..one }), [(case.number.clone(), 2, 0)]);
        let wrong = CallBackFilter { after: Some("x".to_owned()), ..all() };
        assert!(desk.house.wait(desk.house.desk.call_backs(&desk.who, wrong)).is_err());
        // What can be seen of it: the number masked, the hours of a Tuesday noon, another day within the hours.
        let seen = &desk.house.wait(desk.house.desk.call_backs(&desk.who, mine())).unwrap().items[0];
        assert!(!format!("{:?}", seen.view.identity).contains("13800138000"));
        let span = (at("2026-11-24T14:00:00+08:00"), at("2026-11-24T19:00:00+08:00"));
        assert_eq!(seen.hours.as_deref(), Some(&[span][..]));
        assert_eq!(seen.another_day, Some(at("2026-11-25T08:30:00+08:00")));

        for (body, code) in [
            (json!({"mode": "phone", "outcome": "no_answer", "promise": 1}), "unknown_call_back"),
            (json!({"mode": "phone", "outcome": "no_answer", "promise": 7}), "unknown_call_back"),
            (
                json!({"mode": "phone", "outcome": "no_answer", "next_at": "2026-11-25T09:00:00+08:00"}),
                "only_unreached_call_back",
            ),
            (
                json!({"mode": "phone", "outcome": "reached", "promise": 2, "next_at": "2026-11-25T09:00:00+08:00"}),
                "only_unreached_call_back",
            ),
            (
                json!({"mode": "phone", "outcome": "no_answer", "promise": 2, "next_at": "2026-11-24T09:00:00+08:00"}),
                "in_past",
            ),
        ] {
            assert_eq!(desk.refused(&case, "record-contact", body), code);
        }
        let next = "2026-11-25T09:00:00+08:00";
        let tried = json!({"mode": "phone", "outcome": "no_answer", "promise": 2, "next_at": next});
        let case = desk.act(&case, "record-contact", tried);
        assert_eq!(listed(desk, mine()), [(case.number.clone(), 2, 1)], "it waits for the next try");
        desk.house.desk.time().advance(SignedDuration::from_hours(7));
        let late = CallBackFilter { overdue: true, ..all() };
        assert_eq!(listed(desk, late).len(), 2, "promised for before now");
        let case = desk.now(&case);
        let case = desk.act(&case, "record-contact", json!({"mode": "phone", "outcome": "reached", "promise": 2}));
        assert!(case.promises[1].kept_at.is_some() && case.promises[1].broken, "late, and kept");
        assert!(listed(desk, mine()).is_empty());
    });
}

#[test]
fn whoever_is_complained_about_and_another_area_find_none() {
    each(|desk| {
        let about = desk.house.user("about", Role::Specialist, "");
        let case = desk.open_with(|body| {
            body["about_staff"] = json!(about.actor.user().unwrap().to_string());
        });
        desk.act(&case, "promise", call("2026-11-24T18:00:00+08:00"));
        let elsewhere = desk.house.user("elsewhere", Role::Specialist, "65");
        let ask =
            |who| desk.house.wait(desk.house.desk.call_backs(who, CallBackFilter::default())).unwrap().items.len();
        assert_eq!((ask(&desk.who), ask(&about), ask(&elsewhere)), (1, 0, 0));
        let count = |who| desk.house.wait(desk.house.desk.count_call_backs(who, 100)).unwrap();
        assert_eq!((count(&desk.who), count(&about), count(&elsewhere)), (1, 0, 0));
    });
}

#[test]
fn what_was_promised_to_a_merged_customer_is_called_from_the_other_case() {
    each(|desk| {
        let lead = desk.act(&desk.open(), "accept", json!({}));
        let other = desk.act(&desk.open(), "promise", call("2026-11-24T18:00:00+08:00"));
        desk.act(&other, "merge", json!({"into": lead.number, "reason": "同一事项"}));
        let lead = desk.now(&lead);
        assert_eq!(listed(desk, CallBackFilter::default()), [(lead.number.clone(), 1, 0)]);
        let lead = desk.act(&lead, "record-contact", json!({"mode": "phone", "outcome": "reached", "promise": 1}));
        assert!(lead.promises.iter().all(|promise| promise.kept_at.is_some()));
        assert!(desk.now(&other).promises.iter().all(|promise| promise.kept_at.is_some()), "there too");
    });
}

#[test]
fn nobody_is_unreachable_before_as_many_days_as_the_rules_ask() {
    each(|desk| {
        let config = Config { cases: 6, failure_persistence: None, ..Config::default() };
        let tries = proptest::collection::vec((1_i64..30, 0_u8..8), 1..7);
        TestRunner::new(config)
            .run(&tries, |tries| {
                let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
                let mut days = std::collections::BTreeSet::new();
                let case = desk.act(&desk.house.try_register(&desk.who, intake()).unwrap().case, "accept", json!({}));
                let mut case: Case = desk.act(&case, "promise", call("2027-06-01T18:00:00+08:00"));
                for (hours, outcome) in tries {
                    desk.house.desk.time().advance(SignedDuration::from_hours(hours));
                    let outcome = if outcome == 0 { "reached" } else { "no_answer" };
                    case = desk.act(&case, "record-contact", json!({"mode": "phone", "outcome": outcome}));
                    if outcome == "reached" {
                        days.clear();
                    } else {
                        days.insert(zone.to_datetime(desk.house.desk.time().now()).date());
                    }
                    let declare = json!({"reason": "多次无人接听"});
                    let done = desk.try_act(&desk.who, &case, "declare-unreachable", declare.clone());
                    prop_assert_eq!(done.is_ok(), days.len() >= 3, "{:?}", days);
                    if let Ok(done) = done {
                        case = done.case;
                        prop_assert!(case.unreachable_at.is_some());
                        prop_assert!(case.open_promises().next().is_none(), "the call is waited for no longer");
                        prop_assert_eq!(desk.refused(&case, "declare-unreachable", declare), "unreachable_already");
                        return Ok(());
                    }
                    prop_assert_eq!(desk.refused(&case, "declare-unreachable", declare), "too_few_days");
                }
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn an_unreachable_customer_is_answered_in_a_way_that_is_kept() {
    each(|desk| {
        let mut case = desk.act(&desk.open(), "accept", json!({}));
        for _ in 0..3 {
            case = desk.act(&case, "record-contact", json!({"mode": "phone", "outcome": "no_answer"}));
            desk.house.desk.time().advance(SignedDuration::from_hours(24));
        }
        let case = desk.act(&case, "declare-unreachable", json!({"reason": "三日无人接听"}));
        let case = desk.act(&case, "propose", json!({"outcome": "退费"}));
        let case = desk.try_act(&desk.lead, &case, "approve", json!({})).unwrap().case;
        let told = |mode: &str| json!({"mode": mode, "content": "已退费"});
        assert_eq!(desk.refused(&case, "reply", told("phone")), "unreachable_by_phone");
        let sent = desk.act(&case, "reply", told("letter"));
        assert!(sent.reply.is_some());
        let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(case.id))).unwrap();
        assert_eq!(view.case.contacts.len(), 3);
    });
}
