//! Remedies on both databases: given first and verified later, like cases beside each other, and billing, which pays each
//! sum once, whatever is said twice, by whichever node, and whoever begins anew in between.

use crate::lives::{Desk, each};
use crate::{House, NOON, key_file, open, refusal};
use desk::remedies::{Handed, Instruction, RemedyFilter, name_of};
use desk::time::Time;
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::case::Case;
use domain::case::compensation::Standing;
use domain::case::confirm_compensation::ConfirmCompensation;
use domain::case::remedy::Kind;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use store::testing::{Scratch, each_database};

fn sum(value: &str) -> Value {
    json!({"value": value, "currency": "CNY"})
}

fn code(desk: &Desk<'_>, who: &Caller, case: &Case, verb: &str, body: Value) -> String {
    let refused = refusal(desk.try_act(who, case, verb, body).unwrap_err());
    refused.faults.first().map_or(refused.code, |fault| fault.code).to_owned()
}

fn said(result: &str, attempt: i64) -> ConfirmCompensation {
    ConfirmCompensation { result: result.to_owned(), ..ConfirmCompensation::failed("rejected", attempt) }
}

#[test]
fn what_is_no_money_has_no_sum_and_needs_no_authority() {
    each(|desk| {
        let agent = desk.house.user("agent", Role::Agent, "");
        let case = desk.open();
        let with_sum = json!({"remedy": "apology", "amount": sum("1.00"), "reason": "致歉"});
        assert_eq!(code(desk, &agent, &case, "propose-compensation", with_sum), "no_money");
        let case = desk.try_act(&agent, &case, "propose-compensation", json!({"remedy": "apology", "reason": "致歉"}));
        let case = case.unwrap().case;
        assert_eq!((case.compensations[0].standing, case.compensations[0].kind), (Standing::Approved, Kind::Apology));
        let pay = |mode: &str| json!({"compensation": 1, "mode": mode});
        assert_eq!(code(desk, &agent, &case, "pay-compensation", pay("refund")), "no_money");
        assert_eq!(code(desk, &desk.lead, &case, "send-compensation", json!({"compensation": 1})), "no_money");
        let case = desk.try_act(&agent, &case, "pay-compensation", pay("carried_out")).unwrap().case;
        assert_eq!(case.compensations[0].standing, Standing::Paid);
    });
}

#[test]
fn given_first_it_is_verified_by_another_before_the_case_ends() {
    each(|desk| {
        let first = json!({"remedy": "refund", "amount": sum("100.00"), "reason": "先退后查", "first": true});
        let case = desk.act(&desk.open(), "propose-compensation", first);
        let case = desk.act(&desk.answered(&case), "set-cause", json!({"cause": "BIL.PART"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_verification");
        let ask = |more: Value| {
            let mut body = json!({"compensation": 1, "justified": true, "finding": "无二次确认"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        assert_eq!(desk.refused(&case, "verify-compensation", ask(json!({}))), "own_verification");
        let third = desk.house.user("third", Role::Specialist, "");
        for (more, wanted) in [
            (json!({"recover": sum("100.01"), "recover_from": "customer", "justified": false}), "more_than_given"),
            (json!({"recover": sum("10.00"), "recover_from": "customer"}), "customer_was_right"),
            (json!({"recover": sum("10.00"), "recover_from": "partner"}), "required"),
            (json!({"recover": sum("10.00")}), "required"),
            (json!({"add": sum("10.00"), "justified": false}), "only_when_justified"),
            (json!({"add": json!({"value": "1.00", "currency": "EUR"})}), "other_currency"),
            (json!({"add": sum("0")}), "money_nothing"),
        ] {
            assert_eq!(code(desk, &third, &case, "verify-compensation", ask(more.clone())), wanted, "{more}");
        }
        let more =
            json!({"add": sum("100.00"), "recover": sum("200.00"), "recover_from": "partner", "partner": "畅享"});
        let case = desk.try_act(&third, &case, "verify-compensation", ask(more)).unwrap().case;
        assert_eq!((case.compensations[1].follows, case.compensations[1].standing), (Some(1), Standing::Approved));
        assert_eq!(code(desk, &third, &case, "verify-compensation", ask(json!({}))), "nothing_to_verify");
        let closed = desk.act(&case, "close", json!({}));
        let back = json!({"compensation": 1, "result": "recovered", "reference": "P-1"});
        let settled = desk.act(&closed, "settle-recovery", back.clone());
        assert!(settled.compensations[0].recovery.as_ref().unwrap().ended.is_some());
        assert_eq!(desk.refused(&settled, "settle-recovery", back), "nothing_to_recover");
    });
}

#[test]
fn what_is_far_from_similar_cases_needs_a_reason() {
    each(|desk| {
        let give = |case: &Case, value: &str, unlike: Option<&str>| {
            let mut body = json!({"remedy": "refund", "amount": sum(value), "reason": "退费"});
            if let Some(unlike) = unlike {
                body["unlike"] = json!(unlike);
            }
            desk.try_act(&desk.who, case, "propose-compensation", body)
        };
        let other = |n: usize| desk.open_with(|body| body["complainant"]["name"] = json!(format!("客户{n}")));
        for (n, value) in ["10.00", "20.00", "30.00", "40.00", "50.00"].into_iter().enumerate() {
            give(&other(n), value, None).unwrap();
        }
        let case = other(9);
        let name = CaseRef::Id(case.id);
        let alike = desk.house.desk.similar_remedies(&desk.who, &name, Kind::Refund, "CNY");
        let alike = desk.house.wait(alike).unwrap();
        let usual = alike.usual.unwrap();
        let sums = [&usual.low, &usual.median, &usual.high].map(|one| one.sum().to_string());
        assert_eq!((usual.count, sums.join(" "), alike.cases.len()), (5, "10.00 CNY 30.00 CNY 50.00 CNY".into(), 5));
        let far = refusal(give(&case, "61.00", None).unwrap_err());
        assert_eq!(far.faults[0].code, "far_from_similar");
        let kept = give(&case, "61.00", Some("多次上门")).unwrap().case;
        assert!(kept.compensations[0].unlike.is_some() && kept.compensations[0].similar.is_some());
        give(&other(10), "60.00", None).unwrap();
        // Nobody is told of cases they do not see.
        let elsewhere = desk.house.user("sichuan", Role::Specialist, "51");
        let theirs = desk.house.try_register(&elsewhere, {
            let mut body = crate::intake();
            body["region"] = json!("510107");
            body
        });
        let theirs = theirs.unwrap().case;
        let name = CaseRef::Id(theirs.id);
        let alike = desk.house.desk.similar_remedies(&elsewhere, &name, Kind::Refund, "CNY");
        let alike = desk.house.wait(alike).unwrap();
        assert!(alike.usual.is_none() && alike.cases.is_empty());
    });
}

#[test]
fn billing_gets_a_file_and_says_what_it_did() {
    each(|desk| {
        let case = desk.act(&desk.open(), "propose-compensation", json!({"amount": sum("30.00"), "reason": "退费"}));
        let house = desk.house;
        assert_eq!(house.wait(house.desk.send_remedies(&desk.lead, "file")).unwrap(), 1);
        assert_eq!(house.wait(house.desk.send_remedies(&desk.lead, "file")).unwrap(), 0, "once");
        let by_hand = json!({"compensation": 1, "mode": "refund"});
        assert_eq!(desk.refused(&desk.now(&case), "pay-compensation", by_hand.clone()), "sent_to_billing");
        for _ in 0..2 {
            let lines = house.wait(house.desk.export_remedies(&desk.lead, 0, None)).unwrap().lines;
            assert_eq!(lines.len(), 1, "as often as it is asked for");
            assert_eq!((lines[0].attempt, lines[0].account.as_deref()), (1, Some("13800138000")));
        }
        let accesses = house.wait(house.desk.accesses(&desk.lead, &CaseRef::Id(case.id))).unwrap();
        assert_eq!((accesses.len(), accesses[0].purpose.as_str()), (2, "billing"), "accounts are personal data");
        let id = name_of(&case.number, 1);
        let confirm =
            |result: &str, attempt: i64| house.wait(house.desk.confirm_remedy(&desk.lead, &id, &said(result, attempt)));
        assert!(!confirm("failed", 1).unwrap().replayed && confirm("failed", 1).unwrap().replayed);
        let sent = desk.try_act(&desk.lead, &desk.now(&case), "send-compensation", json!({"compensation": 1}));
        assert_eq!(sent.unwrap().case.compensations[0].attempts, 2);
        assert!(confirm("failed", 1).unwrap().replayed, "an earlier sending failed, which was known");
        let paid = |reference: &str| ConfirmCompensation { reference: Some(reference.into()), ..said("paid", 2) };
        let pay = |reference: &str| house.wait(house.desk.confirm_remedy(&desk.lead, &id, &paid(reference)));
        assert!(!pay("B-1").unwrap().replayed && pay("B-1").unwrap().replayed);
        assert_eq!(refusal(pay("B-2").unwrap_err()).code, "paid_otherwise", "money given twice is not passed over");
        assert_eq!(desk.refused(&desk.now(&case), "pay-compensation", by_hand), "compensation_elsewhere");
        let filter = RemedyFilter { standing: Some("paid".into()), ..RemedyFilter::default() };
        let listed = house.wait(house.desk.remedies(&desk.lead, &filter)).unwrap().items;
        assert_eq!((listed.len(), listed[0].id.as_str(), listed[0].attempts), (1, id.as_str(), 2));
        for wrong in ["x", "TS-20200101-000001-1-R1", &name_of(&case.number, 9)] {
            let refused = house.wait(house.desk.confirm_remedy(&desk.lead, wrong, &said("paid", 1)));
            assert_eq!(refusal(refused.unwrap_err()).code, "not_found", "{wrong}");
        }
    });
}

#[test]
fn what_an_earlier_sending_paid_while_a_later_is_out_warns_somebody_and_files_go_on() {
    each(|desk| {
        let case = desk.act(&desk.open(), "propose-compensation", json!({"amount": sum("30.00"), "reason": "退费"}));
        let other = desk.act(&desk.open(), "propose-compensation", json!({"amount": sum("30.00"), "reason": "退费"}));
        let house = desk.house;
        assert_eq!(house.wait(house.desk.send_remedies(&desk.lead, "file")).unwrap(), 2);
        let (mut numbers, mut after) = (Vec::new(), None);
        for files in 1.. {
            let file = house.wait(house.desk.export_remedies(&desk.lead, 1, after)).unwrap();
            assert!(file.lines.len() <= 1);
            numbers.extend(file.lines.into_iter().map(|line| line.complaint));
            after = file.next;
            if after.is_none() {
                assert_eq!(files, 2);
                break;
            }
        }
        numbers.sort();
        assert_eq!(numbers, [case.number.clone(), other.number.clone()]);
        let id = name_of(&case.number, 1);
        let confirm = |result: &str, attempt: i64| {
            house.wait(house.desk.confirm_remedy(&desk.lead, &id, &said(result, attempt))).unwrap().case
        };
        confirm("failed", 1);
        desk.try_act(&desk.lead, &desk.now(&case), "send-compensation", json!({"compensation": 1})).unwrap();
        let paid = confirm("paid", 1);
        assert_eq!(paid.compensations[0].standing.code(), "paid", "the money was given");
        house.tick();
        let kinds: Vec<String> =
            house.wait(house.desk.notices(&desk.lead)).unwrap().into_iter().map(|one| one.kind).collect();
        assert!(kinds.contains(&"compensation_paid_earlier".to_owned()), "{kinds:?}");
    });
}

#[test]
fn deliveries_come_in_order_and_none_is_lost() {
    each(|desk| {
        let house = desk.house;
        let mut cases = Vec::new();
        for n in 0..3 {
            let case = desk.open_with(|body| body["complainant"]["name"] = json!(format!("客户{n}")));
            desk.act(&case, "propose-compensation", json!({"amount": sum("10.00"), "reason": "退费"}));
            cases.push(case);
            assert_eq!(house.wait(house.desk.send_remedies(&house.system(), "webhook")).unwrap(), 1);
            let time = house.desk.time();
            time.set(time.now() + jiff::SignedDuration::from_secs(1));
        }
        let got: Mutex<Vec<Instruction>> = Mutex::default();
        let round = |answer: Handed| {
            let deliver = house.desk.deliver_remedies("node", |what| {
                got.lock().unwrap().push(what);
                std::future::ready(answer.clone())
            });
            house.wait(deliver).unwrap()
        };
        assert_eq!(round(Handed::Later("down".into())), (0, Some("down".into())));
        assert_eq!(got.lock().unwrap().len(), 1, "while the first waits, all wait");
        assert_eq!(house.wait(house.desk.billing(&desk.lead)).unwrap(), (3, 1, "down".into()));
        // Down for a day.
        for _ in 0..144 {
            let time = house.desk.time();
            time.set(time.now() + jiff::SignedDuration::from_mins(10));
            round(Handed::Later("down".into()));
        }
        got.lock().unwrap().clear();
        let time = house.desk.time();
        time.set(time.now() + jiff::SignedDuration::from_mins(10));
        assert_eq!(round(Handed::Taken), (3, None));
        let names: Vec<String> = got.lock().unwrap().iter().map(|one| one.complaint.clone()).collect();
        assert_eq!(names, cases.iter().map(|case| case.number.clone()).collect::<Vec<_>>());
        assert_eq!(house.wait(house.desk.billing(&desk.lead)).unwrap().0, 0);
        // What billing holds to be wrong is said so, and the others go on.
        let case = desk.act(&desk.open(), "propose-compensation", json!({"amount": sum("11.00"), "reason": "退费"}));
        house.wait(house.desk.send_remedies(&house.system(), "webhook")).unwrap();
        round(Handed::Refused("422".into()));
        let one = &desk.now(&case).compensations[0];
        assert_eq!((one.standing, one.failed.as_deref()), (Standing::Failed, Some("rejected")));
    });
}

/// What may happen to a remedy.
#[derive(Clone, Copy, Debug)]
enum Move {
    Propose(u16),
    Approve,
    Refuse,
    Send,
    Deliver,
    Pay,
    Confirm { paid: bool },
    Restart,
}

fn moves() -> impl Strategy<Value = Vec<(Move, bool, usize)>> {
    let one = prop_oneof![
        3 => (1_u16..3_000).prop_map(Move::Propose),
        2 => Just(Move::Approve),
        1 => Just(Move::Refuse),
        3 => Just(Move::Send),
        4 => Just(Move::Deliver),
        2 => Just(Move::Pay),
        4 => any::<bool>().prop_map(|paid| Move::Confirm { paid }),
        1 => Just(Move::Restart),
    ];
    prop::collection::vec((one, any::<bool>(), 0_usize..4), 20..60)
}

/// A billing system that pays what it is told once by its name and sending, and remembers what it did.
#[derive(Default)]
struct Billing {
    decided: BTreeMap<(String, i64), bool>,
    paid: BTreeMap<String, u32>,
}

impl Billing {
    fn take(&mut self, what: &Instruction, pays: bool) {
        let key = (what.remedy.clone(), what.attempt);
        if let std::collections::btree_map::Entry::Vacant(place) = self.decided.entry(key) {
            place.insert(pays);
            *self.paid.entry(what.remedy.clone()).or_default() += u32::from(pays);
        }
    }
}

#[test]
fn no_sum_is_ever_paid_twice() {
    each_database(|scratch| {
        let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
        let users = house_of(scratch);
        let (who, lead) = (users.user("one", Role::Specialist, ""), users.user("two", Role::Supervisor, ""));
        users.desk.db().close();
        runner.run(&moves(), |moves| live(scratch, &who, &lead, &moves)).unwrap();
    })
    .unwrap();
}

fn house_of(scratch: &Scratch) -> House {
    House {
        desk: open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap(),
        runtime: tokio::runtime::Runtime::new().unwrap(),
    }
}

fn live(scratch: &Scratch, who: &Caller, lead: &Caller, moves: &[(Move, bool, usize)]) -> Result<(), TestCaseError> {
    let mut nodes = [house_of(scratch), house_of(scratch)];
    let case = nodes[0].register(who).case;
    let name = CaseRef::Id(case.id);
    let billing = Mutex::new(Billing::default());
    let mut by_hand: BTreeMap<String, u32> = BTreeMap::new();
    for (one, second, pick) in moves {
        let node = &nodes[usize::from(*second)];
        let now = node.wait(node.desk.case(who, &name)).unwrap().case;
        let chosen = now.compensations.get(pick % now.compensations.len().max(1)).map_or(0, |one| one.id);
        let id = name_of(&now.number, i64::from(chosen));
        let act = |who: &Caller, verb: &str, body: Value| node.act(who, &name, now.version, verb, body).is_ok();
        match *one {
            Move::Propose(value) => {
                let body = json!({"amount": sum(&value.to_string()), "reason": "退费", "unlike": "特殊"});
                act(who, "propose-compensation", body);
            }
            Move::Approve => drop(act(lead, "approve-compensation", json!({"compensation": chosen}))),
            Move::Refuse => drop(act(lead, "refuse-compensation", json!({"compensation": chosen, "remark": "x"}))),
            Move::Send => {
                if *second {
                    act(lead, "send-compensation", json!({"compensation": chosen, "way": "webhook"}));
                } else {
                    node.wait(node.desk.send_remedies(&node.system(), "webhook")).unwrap();
                }
            }
            Move::Deliver => {
                // Sometimes it takes the instruction and its answer is lost, so that it comes again.
                let lost = pick % 2 == 1;
                let deliver = node.desk.deliver_remedies("node", |what| {
                    billing.lock().unwrap().take(&what, pick % 3 != 0);
                    let answer = if lost { Handed::Later("lost".into()) } else { Handed::Taken };
                    std::future::ready(answer)
                });
                node.wait(deliver).unwrap();
                for node in &nodes {
                    let time = node.desk.time();
                    time.set(time.now() + jiff::SignedDuration::from_mins(11));
                }
            }
            Move::Pay => {
                if act(who, "pay-compensation", json!({"compensation": chosen, "mode": "refund"})) {
                    *by_hand.entry(id).or_default() += 1;
                }
            }
            Move::Confirm { paid } => {
                // Billing says what it did, as often as it likes, and of sendings that are long past.
                let decided: Vec<_> =
                    billing.lock().unwrap().decided.iter().map(|(key, pays)| (key.clone(), *pays)).collect();
                for ((remedy, attempt), pays) in decided.into_iter().filter(|(_, pays)| *pays == paid) {
                    let result = if pays { "paid" } else { "failed" };
                    let _ = node.wait(node.desk.confirm_remedy(lead, &remedy, &said(result, attempt)));
                }
            }
            Move::Restart => {
                let time = node.desk.time().now();
                node.desk.db().close();
                let fresh = house_of(scratch);
                fresh.desk.time().set(time);
                nodes[usize::from(*second)] = fresh;
            }
        }
    }
    let view = nodes[0].wait(nodes[0].desk.case(who, &name)).unwrap();
    let billed = billing.into_inner().unwrap();
    for one in &view.case.compensations {
        let id = name_of(&view.case.number, i64::from(one.id));
        let events = view.entries.iter().flat_map(|entry| &entry.events);
        let recorded = events
            .filter(|event| matches!(event, domain::event::Event::CompensationPaid { id, .. } if *id == one.id))
            .count();
        let (sent, hand) = (billed.paid.get(&id).copied().unwrap_or(0), by_hand.get(&id).copied().unwrap_or(0));
        prop_assert!(recorded <= 1, "{id}: recorded {recorded} times");
        prop_assert!(sent + hand <= 1, "{id}: billing paid {sent} times, a person {hand}");
        prop_assert!(one.sum.minor_units() >= 0);
        let owed = matches!(one.standing, Standing::Proposed | Standing::Refused);
        prop_assert!(!owed || sent + hand == 0, "{id}: nobody agreed to it");
    }
    for node in &nodes {
        node.desk.db().close();
    }
    Ok(())
}
