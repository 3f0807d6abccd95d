//! Compensation, on both databases: what a rule comes to, whose authority reaches how far, and that it takes another pair
//! of eyes beyond it.

use crate::lives::{Desk, each};
use crate::{at, refusal};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::audit::chain::Ledger;
use domain::case::compensation::Standing;
use domain::case::{Case, State};
use domain::refusal::RefusalKind;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn goodwill(value: &str) -> Value {
    json!({"amount": {"value": value, "currency": "CNY"}, "reason": "误扣四个月，客户手机13900139000"})
}

fn rent(until: &str) -> Value {
    json!({
        "rule": "rent_waived", "monthly_fee": {"value": "99.00", "currency": "CNY"},
        "from": "2026-07-03T10:00:00+08:00", "until": until,
    })
}

fn standings(case: &Case) -> Vec<Standing> {
    case.compensations.iter().map(|one| one.standing).collect()
}

fn sums(case: &Case) -> Vec<String> {
    case.compensations.iter().map(|one| one.sum.sum().to_string()).collect()
}

fn code(desk: &Desk<'_>, who: &Caller, case: &Case, verb: &str, body: Value) -> (RefusalKind, &'static str) {
    let refused = refusal(desk.try_act(who, case, verb, body).unwrap_err());
    (refused.kind, refused.faults.first().map_or(refused.code, |fault| fault.code))
}

#[test]
fn within_ones_authority_nobody_else_is_needed() {
    each(|desk| {
        // A specialist decides about 200 yuan, an agent about 50, a supervisor about 2,000, compliance about any sum.
        let case = desk.act(&desk.open(), "propose-compensation", goodwill("200.00"));
        assert_eq!((standings(&case), case.compensations[0].own), (vec![Standing::Approved], true));
        let agent = desk.house.user("agent", Role::Agent, "");
        let case = desk.try_act(&agent, &case, "propose-compensation", goodwill("50.01")).unwrap().case;
        assert_eq!(standings(&case), [Standing::Approved, Standing::Proposed]);
        let second = json!({"compensation": 2});
        assert_eq!(code(desk, &agent, &case, "approve-compensation", second.clone()).1, "not_permitted");
        let case = desk.act(&case, "approve-compensation", second);
        assert_eq!(standings(&case), [Standing::Approved, Standing::Approved]);
        assert_eq!(case.compensations[1].decided.map(|(by, _)| by), Some(desk.who.actor.id));
        assert!(!case.compensations[1].own);
    });
}

#[test]
fn beyond_it_another_person_decides_whose_authority_reaches_that_far() {
    each(|desk| {
        let case = desk.act(&desk.open(), "propose-compensation", goodwill("2000.01"));
        let one = json!({"compensation": 1, "remark": "同意"});
        let own = (RefusalKind::Forbidden, "own_compensation");
        assert_eq!(code(desk, &desk.who, &case, "approve-compensation", one.clone()), own);
        let beyond = (RefusalKind::Forbidden, "beyond_authority");
        assert_eq!(code(desk, &desk.lead, &case, "approve-compensation", one.clone()), beyond);
        let third = desk.house.user("three", Role::Specialist, "");
        assert_eq!(code(desk, &third, &case, "approve-compensation", one.clone()), beyond);
        // An administrator runs the house and has no sums to give away.
        let admin = desk.house.user("admin", Role::Admin, "");
        assert_eq!(code(desk, &admin, &case, "approve-compensation", one.clone()), beyond);
        let compliance = desk.house.user("compliance", Role::Compliance, "");
        let case = desk.try_act(&compliance, &case, "approve-compensation", one.clone()).unwrap().case;
        assert_eq!(standings(&case), [Standing::Approved]);
        let decided = (RefusalKind::Conflict, "compensation_elsewhere");
        assert_eq!(code(desk, &compliance, &case, "approve-compensation", one.clone()), decided);
        assert_eq!(desk.refused(&case, "refuse-compensation", one), "compensation_elsewhere");
        let case = desk.act(&case, "propose-compensation", goodwill("500.00"));
        let case = desk.try_act(&desk.lead, &case, "refuse-compensation", json!({"compensation": 2, "remark": "过高"}));
        let case = case.unwrap().case;
        assert_eq!(standings(&case), [Standing::Approved, Standing::Refused]);
        assert_eq!(
            desk.refused(&case, "pay-compensation", json!({"compensation": 2, "mode": "refund"})),
            "compensation_elsewhere"
        );
        assert_eq!(
            desk.refused(&case, "pay-compensation", json!({"compensation": 3, "mode": "refund"})),
            "unknown_compensation"
        );
        // Nobody has a sum of their own in a currency only compliance may decide about.
        let abroad = json!({"amount": {"value": "1.00", "currency": "USD"}, "reason": "致歉"});
        let case = desk.try_act(&desk.lead, &case, "propose-compensation", abroad).unwrap().case;
        assert_eq!(standings(&case)[2], Standing::Proposed);
    });
}

#[test]
fn a_case_closes_over_what_is_to_be_paid_and_not_over_what_is_undecided() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let case = desk.act(&case, "propose-compensation", goodwill("300.00"));
        let case = desk.act(&case, "set-cause", json!({"cause": "BIL.RATE"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_compensation");
        let case = desk.try_act(&desk.lead, &case, "approve-compensation", json!({"compensation": 1})).unwrap().case;
        let closed = desk.act(&case, "close", json!({}));
        assert_eq!(closed.state, State::Closed);
        assert_eq!(desk.refused(&closed, "propose-compensation", goodwill("1.00")), "closed");
        let early = json!({"compensation": 1, "mode": "refund", "at": "2020-01-01T00:00:00Z"});
        assert_eq!(desk.refused(&closed, "pay-compensation", early), "before_receipt");
        let paid = json!({"compensation": 1, "mode": "bill_credit", "reference": "2026-12"});
        let closed = desk.act(&closed, "pay-compensation", paid.clone());
        let payment = closed.compensations[0].paid.clone().unwrap();
        assert_eq!((payment.mode.as_str(), payment.reference.as_deref()), ("bill_credit", Some("2026-12")));
        assert_eq!((closed.state, standings(&closed)), (State::Closed, vec![Standing::Paid]));
        assert_eq!(desk.refused(&closed, "pay-compensation", paid), "compensation_elsewhere");
        // Words are sealed in the log and masked where they are shown.
        let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(case.id))).unwrap();
        let told = format!("{:?}", view.case.compensations);
        assert!(told.contains("误扣四个月") && told.contains("139****9000") && !told.contains("13900139000"), "{told}");
        let id = case.id.0;
        let rows = desk.house.desk.db().read_now(move |tx| store::entries::of(tx, id, Ledger::Case.code())).unwrap();
        assert!(rows.iter().any(|row| row.body.contains("compensation_proposed")));
        assert!(!rows.iter().any(|row| row.body.contains("误扣")));
    });
}

#[test]
fn a_rule_says_the_sum_and_the_same_time_is_compensated_once() {
    each(|desk| {
        let case = desk.open();
        let case = desk.act(&case, "propose-compensation", rent("2026-07-05T18:00:00+08:00"));
        assert_eq!((sums(&case), standings(&case)), (vec!["9.58 CNY".to_owned()], vec![Standing::Approved]));
        let counted = case.compensations[0].counted.clone().unwrap();
        assert_eq!((counted.from, counted.until), (at("2026-07-03T02:00:00Z"), Some(at("2026-07-05T10:00:00Z"))));
        let rules = desk.house.desk.library().rules_of(&case).unwrap();
        let explained = case.compensations[0].explained(&rules).unwrap();
        assert_eq!(explained.total.as_ref().unwrap(), &case.compensations[0].sum.sum());
        let lines = explained.lines(policy::Lang::Zh);
        assert!(lines[0].contains("免收故障期间租费（cn-telecom 1.1.0 rent_waived）"), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("按月费 99.00 CNY、当月 31 天折算，计 9.58 CNY")), "{lines:#?}");
        assert_eq!(desk.refused(&case, "propose-compensation", rent("2026-07-05T18:00:00+08:00")), "nothing_owed");
        // It lasted a day longer: what is owed for the rest.
        let case = desk.act(&case, "propose-compensation", rent("2026-07-06T18:00:00+08:00"));
        assert_eq!(sums(&case)[1], "3.19 CNY");
        // Without an end it lasts, and the beginning is the first receipt.
        desk.house.desk.time().advance(SignedDuration::from_hours(1));
        let mut lasting = rent("");
        lasting.as_object_mut().unwrap().retain(|key, _| key != "from" && key != "until");
        let agent = desk.house.user("agent", Role::Agent, "");
        let mut dear = lasting.clone();
        dear["monthly_fee"]["value"] = json!("9900.00");
        let case = desk.try_act(&agent, &case, "propose-compensation", dear).unwrap().case;
        assert_eq!((sums(&case)[2].as_str(), standings(&case)[2]), ("330.00 CNY", Standing::Proposed));
        assert_eq!(desk.refused(&case, "propose-compensation", lasting), "compensation_undecided");
    });
}

#[test]
fn what_a_rule_needs_is_said_all_at_once() {
    each(|desk| {
        let case = desk.open();
        let faults = |body: Value| {
            let refused = refusal(desk.try_act(&desk.who, &case, "propose-compensation", body).unwrap_err());
            refused.faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect::<Vec<_>>()
        };
        let mut whole = rent("2026-07-01T00:00:00+08:00");
        whole["amount"] = json!({"value": "1.00", "currency": "CNY"});
        whole["exclude"] = json!([{"reason": "force_majeure", "from": "2026-07-03"}]);
        whole["set_off"] = json!({"value": "1.00", "currency": "CNY"});
        assert_eq!(
            faults(whole),
            [
                "amount only_without_rule",
                "until before_begin",
                "exclude[0].reason not_excluded_by_rule",
                "exclude[0].to required",
                "set_off not_set_off_by_rule",
            ]
        );
        let mut without = rent("2026-07-05T18:00:00+08:00");
        without.as_object_mut().unwrap().remove("monthly_fee");
        assert_eq!(faults(without), ["monthly_fee required"]);
        let rule = |rule: &str| faults(json!({"rule": rule, "fee_charged": {"value": "300.00", "currency": "CNY"}}));
        assert_eq!(rule("nothing"), ["rule unknown_compensation_rule"]);
        assert_eq!(rule("installation_late"), ["rule rule_not_for_case"], "for installations only");
        assert_eq!(faults(json!({})), ["reason required", "amount required"]);
        assert_eq!(
            faults(json!({"amount": {"value": "0.00", "currency": "CNY"}, "until": "2026-07-05T18:00:00+08:00"})),
            ["until only_with_rule", "reason required", "amount money_nothing"]
        );
        assert_eq!(faults(rent("2026-12-05T18:00:00+08:00")), ["until in_future"]);
    });
}

#[test]
fn whoever_handled_a_rejected_outcome_decides_about_no_money() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let third = desk.house.user("three", Role::Specialist, "");
        let reviewer = third.actor.user().unwrap().to_string();
        let case = desk.act(&case, "dispute", json!({"reason": "金额不对", "user": reviewer}));
        assert_eq!(desk.refused(&case, "propose-compensation", goodwill("1.00")), "handled_disputed_outcome");
        let case = desk.try_act(&third, &case, "propose-compensation", goodwill("300.00")).unwrap().case;
        let one = json!({"compensation": 1});
        let barred = (RefusalKind::Forbidden, "handled_disputed_outcome");
        assert_eq!(code(desk, &desk.lead, &case, "approve-compensation", one.clone()), barred);
        let fourth = desk.house.user("four", Role::Supervisor, "");
        let case = desk.try_act(&fourth, &case, "approve-compensation", one).unwrap().case;
        assert_eq!(standings(&case), [Standing::Approved]);
    });
}

#[test]
fn who_should_look_is_told() {
    each(|desk| {
        let case = desk.act(&desk.open(), "propose-compensation", goodwill("300.00"));
        let told = |who: &Caller| {
            desk.house.wait(desk::jobs::run_timely(&desk.house.desk, "node")).unwrap();
            let notices = desk.house.wait(desk.house.desk.notices(who)).unwrap();
            notices.into_iter().map(|notice| notice.kind).collect::<Vec<_>>()
        };
        assert!(told(&desk.lead).contains(&"compensation_proposed".to_owned()));
        desk.try_act(&desk.lead, &case, "approve-compensation", json!({"compensation": 1})).unwrap();
        assert!(told(&desk.who).contains(&"compensation_decided".to_owned()));
    });
}
