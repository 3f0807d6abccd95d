//! Limits of work orders: those the rules of a case set, and what a new grade and an approval make of them, on both
//! databases.

use crate::orders::{Shop, each};
use crate::staff::signed_in;
use crate::{NOON, at, intake};
use domain::actor::Role;
use domain::case::Case;
use domain::case::order::limits::explained;
use domain::case::order::{Limit, Standing};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A broadband fault, taken up.
fn fault(shop: &Shop) -> Case {
    let mut body = intake();
    body["kind"] = json!("fault_report");
    body["category"] = json!("A301");
    body["subscription"]["product"] = json!("broadband");
    let case = shop.house.try_register(&shop.agent, body).unwrap().case;
    shop.act(&shop.agent, &case, "accept", json!({}))
}

fn visit(shop: &Shop) -> Value {
    json!({"order_kind": "visit", "unit": shop.bill.to_string(), "task": "上门修复"})
}

fn slot(from: Timestamp, minutes: i64) -> Value {
    json!({"from": from.to_string(), "to": (from + SignedDuration::from_mins(minutes)).to_string()})
}

fn own_limit(shop: &Shop, case: &Case) -> Timestamp {
    case.next_due(&shop.house.desk.library().rules_of(case).unwrap()).unwrap().due_at
}

fn minutes(shop: &Shop, minutes: i64) {
    shop.house.desk.time().advance(SignedDuration::from_mins(minutes));
    shop.tick();
}

#[test]
fn a_repair_has_the_day_it_was_reported_and_says_why() {
    each(|shop| {
        // Noon: before four.
        let case = shop.act(&shop.agent, &fault(shop), "dispatch", visit(shop));
        let order = case.order(1).unwrap();
        assert_eq!(order.reply_by, Some(at("2026-11-24T23:59:59+08:00")));
        assert_eq!(order.contact_by, Some(at(NOON) + SignedDuration::from_mins(30)));
        let rules = shop.house.desk.library().rules_of(&case).unwrap();
        let why = explained(&case, order, &rules);
        let of = |wanted: Limit| &why.iter().find(|(limit, _)| *limit == wanted).unwrap().1;
        assert_eq!(Some(of(Limit::Reply).due_at), order.reply_by);
        assert_eq!(Some(of(Limit::Contact).due_at), order.contact_by);
        let told = of(Limit::Reply).lines(policy::Lang::En).join(" ");
        assert!(told.contains("before 16:00") && told.contains("operators' practice"), "{told}");
        let asked = json!({"order_kind": "visit", "unit": shop.bill.to_string(), "task": "上门",
            "reply_by": "2026-11-24T18:00:00+08:00"});
        let case = shop.act(&shop.agent, &case, "dispatch", asked);
        assert_eq!(case.order(2).unwrap().reply_by, Some(at("2026-11-24T18:00:00+08:00")), "what is asked comes first");
        assert!(case.order(2).unwrap().by_rule.iter().all(|set| set.limit != Limit::Reply));
        // The day is over: what the rule said binds nothing any more, the case's own limit does.
        minutes(shop, 13 * 60);
        let case = shop.act(&shop.agent, &shop.now(&case), "dispatch", visit(shop));
        assert_eq!(case.order(3).unwrap().reply_by, Some(own_limit(shop, &case)));
    });
}

#[test]
fn an_answer_that_is_sent_back_has_what_the_rules_give_it_again() {
    each(|shop| {
        let case = shop.act(&shop.agent, &fault(shop), "dispatch", visit(shop));
        let case = shop.act(&shop.bill_one, &case, "accept-order", json!({}));
        let now = shop.house.desk.time().now();
        let case = shop.act(&shop.bill_one, &case, "book-visit", slot(now, 30));
        let case = shop.act(&shop.bill_one, &case, "record-arrival", json!({}));
        let case = shop.act(&shop.bill_one, &case, "answer-order", json!({"result": "已修"}));
        minutes(shop, 60);
        let case = shop.act(&shop.agent, &shop.now(&case), "bounce-order", json!({"reason": "仍断网"}));
        let order = case.order(1).unwrap();
        let midnight = at("2026-11-24T23:59:59+08:00");
        assert_eq!((order.reply_by, order.counted_from), (Some(midnight), at(NOON) + SignedDuration::from_hours(1)));
        let rules = shop.house.desk.library().rules_of(&case).unwrap();
        let why = explained(&case, order, &rules);
        assert_eq!(why.iter().map(|(limit, why)| (*limit, why.due_at)).collect::<Vec<_>>(), [(Limit::Reply, midnight)]);
        // What the rule gave is over the next day; then the case's own limit is what is left.
        let case = shop.act(&shop.bill_one, &case, "answer-order", json!({"result": "已修"}));
        minutes(shop, 13 * 60);
        let case = shop.act(&shop.agent, &shop.now(&case), "bounce-order", json!({"reason": "仍断网"}));
        let order = case.order(1).unwrap();
        assert_eq!(order.reply_by, Some(own_limit(shop, &case)));
        assert!(order.by_rule.iter().all(|set| set.limit != Limit::Reply));
    });
}

#[test]
fn a_rule_never_reaches_beyond_the_case() {
    each(|shop| {
        let case = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        let case = shop.act(&shop.agent, &case, "accept", json!({}));
        let case = shop.act(&shop.agent, &case, "dispatch", visit(shop));
        let order = case.order(1).unwrap();
        assert_eq!(order.reply_by, Some(own_limit(shop, &case)), "no rule is for a dispute about a bill");
        let mut body = intake();
        body["kind"] = json!("fault_report");
        body["category"] = json!("A301");
        // Yesterday in the evening: for the rule its repair is due tonight.
        body["received_at"] = json!("2026-11-23T17:40:00+08:00");
        let case = shop.house.try_register(&shop.lead, body).unwrap().case;
        let case = shop.act(&shop.agent, &case, "accept", json!({}));
        let case = shop.act(&shop.agent, &case, "dispatch", visit(shop));
        let limit = own_limit(shop, &case);
        let reply_by = case.order(1).unwrap().reply_by.unwrap();
        assert!(reply_by <= limit && reply_by <= at("2026-11-24T23:59:59+08:00"), "{reply_by} {limit}");
    });
}

#[test]
fn who_does_not_call_or_come_is_told_of() {
    each(|shop| {
        let case = shop.act(&shop.agent, &fault(shop), "dispatch", visit(shop));
        minutes(shop, 31);
        let case = shop.now(&case);
        assert_eq!(case.order(1).unwrap().late, [Limit::Contact]);
        assert!(shop.told(&shop.agent).contains(&"order_late".to_owned()));
        let now = shop.house.desk.time().now();
        let case = shop.act(&shop.bill_one, &case, "book-visit", slot(now, 60));
        let booked = case.order(1).unwrap().visit.unwrap();
        assert_eq!(booked.arrive_by, now + SignedDuration::from_mins(90));
        assert_eq!(booked.missed_after, now + SignedDuration::from_mins(180));
        // An answer within two hours of the time agreed stands in for an arrival nobody recorded.
        minutes(shop, 100);
        assert_eq!(shop.now(&case).order(1).unwrap().missed_visits, 0);
        let case = shop.act(&shop.bill_one, &shop.now(&case), "answer-order", json!({"result": "已修复"}));
        minutes(shop, 120);
        assert_eq!(shop.now(&case).order(1).unwrap().missed_visits, 0);
        // The breakfast shop: fifty minutes late.
        let case = shop.act(&shop.agent, &shop.now(&case), "bounce-order", json!({"reason": "仍未修好"}));
        let now = shop.house.desk.time().now();
        let case = shop.act(&shop.bill_one, &case, "book-visit", slot(now, 30));
        minutes(shop, 80);
        let case = shop.act(&shop.bill_one, &shop.now(&case), "record-arrival", json!({}));
        let order = case.order(1).unwrap();
        assert!(order.missed_visits == 1 && order.visit.unwrap().arrived_at.is_some(), "{order:?}");
        assert!(shop.told(&shop.agent).contains(&"visit_missed".to_owned()));
    });
}

#[test]
fn an_arbiter_has_what_the_rules_say() {
    each(|shop| {
        let case = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        let mut case = shop.act(&shop.agent, &case, "accept", json!({}));
        for (unit, who) in [(shop.net, &shop.net_one), (shop.bill, &shop.bill_one)] {
            let order = json!({"order_kind": "handle", "unit": unit.to_string(), "task": "查账"});
            case = shop.act(&shop.agent, &case, "dispatch", order);
            case = shop.act(who, &case, "refuse-order", json!({"refusal": "not_our_duty", "reason": "不归我们"}));
        }
        assert_eq!(case.ownership.unwrap().due_at, at(NOON) + SignedDuration::from_hours(4));
    });
}

#[test]
fn a_grade_that_brings_the_case_forward_takes_its_orders_along() {
    each(|shop| {
        let case = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        let case = shop.act(&shop.agent, &case, "accept", json!({}));
        // Only what is dispatched after the first contact hangs on the solution.
        let contact = json!({"mode": "phone", "outcome": "reached", "summary": "已联系"});
        let case = shop.act(&shop.agent, &case, "record-contact", contact);
        let order = json!({"order_kind": "handle", "unit": shop.net.to_string(), "task": "查账"});
        let case = shop.act(&shop.agent, &case, "dispatch", order);
        let case = shop.act(&shop.net_one, &case, "accept-order", json!({}));
        let part = json!({"order_kind": "handle", "unit": shop.bill.to_string(), "task": "查详单", "part_of": 1});
        let case = shop.act(&shop.net_one, &case, "dispatch", part);
        let before = case.order(1).unwrap().reply_by.unwrap();
        let urgent = json!({"severity": "major", "urgency": "urgent", "reason": "媒体关注"});
        let case = shop.act(&shop.lead, &case, "re-grade", urgent);
        let own = own_limit(shop, &case);
        assert!(own < before, "{own} {before}");
        for id in [1, 2] {
            assert_eq!(case.order(id).unwrap().reply_by, Some(own));
        }
        assert!(shop.told(&shop.net_one).contains(&"order_tightened".to_owned()));
        let calm = json!({"severity": "normal", "urgency": "normal", "reason": "已澄清"});
        let case = shop.act(&shop.lead, &case, "re-grade", calm);
        assert_eq!(case.order(1).unwrap().reply_by, Some(own), "never the other way round");
    });
}

#[test]
fn a_supervision_order_is_not_late_at_birth() {
    each(|shop| {
        let case = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        let case = shop.act(&shop.agent, &case, "accept", json!({}));
        let hours = |hours: i64| (at(NOON) + SignedDuration::from_hours(hours)).to_string();
        let to = json!({"order_kind": "supervise", "unit": shop.net.to_string(), "task": "三日未联系客户",
            "accept_by": hours(1), "reply_by": hours(4)});
        let case = shop.act(&shop.lead, &case, "dispatch", to);
        minutes(shop, 6 * 60);
        let other = signed_in(&shop.house, "lead-two", Role::Supervisor, shop.house.desk.root());
        let case = shop.act(&other, &shop.now(&case), "approve-order", json!({"approved": true}));
        let order = case.order(1).unwrap();
        assert_eq!(order.standing, Standing::Sent);
        assert_eq!(order.accept_by, Some(at(NOON) + SignedDuration::from_hours(7)), "an hour from the approval");
        assert_eq!(order.reply_by, Some(at(NOON) + SignedDuration::from_hours(10)));
        minutes(shop, 30);
        assert!(shop.now(&case).order(1).unwrap().late.is_empty());
    });
}

#[test]
fn rows_beside_the_log_are_held_against_it_and_made_anew() {
    use store::testing::raw;
    each(|shop| {
        let order = json!({"order_kind": "handle", "unit": shop.net.to_string(), "task": "查账"});
        let case = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        let case = shop.act(&shop.agent, &case, "accept", json!({}));
        let case = shop.act(&shop.agent, &case, "dispatch", order.clone());
        shop.act(&shop.agent, &case, "dispatch", order);
        let waits = shop.house.try_register(&shop.agent, intake()).unwrap().case;
        shop.act(&shop.lead, &waits, "assign", json!({"unit": shop.bill.to_string()}));
        let db = shop.house.desk.db();
        let found = || -> Vec<&'static str> {
            let mut codes: Vec<&str> =
                desk::verify::verify(db, None).unwrap().findings.into_iter().map(|finding| finding.code).collect();
            codes.sort_unstable();
            codes
        };
        assert_eq!(found(), Vec::<&str>::new());
        assert_eq!(desk::indexes::rebuild(db).unwrap().mended, 0, "nothing to do");
        for (damage, code) in [
            ("UPDATE orders SET due_at = due_at + 1 WHERE n = 1", "order_row"),
            ("DELETE FROM orders WHERE n = 2", "order_row"),
            ("UPDATE orders SET n = 7 WHERE n = 2", "order_row"),
            ("DELETE FROM waiting", "waiting_row"),
            ("UPDATE waiting SET rank = 1 - rank", "waiting_row"),
        ] {
            db.write_now(|tx| raw(tx, damage)).unwrap();
            let codes = found();
            assert!(!codes.is_empty() && codes.iter().all(|one| *one == code), "{damage}: {codes:?}");
            let rebuilt = desk::indexes::rebuild(db).unwrap();
            assert_eq!((rebuilt.cases, rebuilt.mended), (2, 1), "{damage}");
            assert_eq!(found(), Vec::<&str>::new(), "{damage}");
        }
    });
}
