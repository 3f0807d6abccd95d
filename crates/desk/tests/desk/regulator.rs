//! Matters of other bodies, each on both databases: how they come in, where they may go, what they keep from ending.

use crate::intake;
use crate::lives::{Desk, each};
use crate::refusal;
use desk::CaseRef;
use domain::case::matter::Stage;
use domain::case::{Case, Clock, State};
use domain::event::ClockOutcome;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn handed(desk: &Desk<'_>, case: &Case, number: &str, request: &str) -> Case {
    let body = json!({
        "owner": "miit", "number": number, "request": request, "handed_at": desk.house.desk.time().now().to_string(),
        "own_number": case.number, "text": "请依法处理",
    });
    let handed = desk.house.wait(desk.house.desk.hand_off(&desk.lead, body)).unwrap();
    assert!(handed.receipt.attached && !handed.replayed);
    desk.now(case)
}

fn feedback(case: &Case) -> Vec<&Clock> {
    case.clocks.iter().filter(|clock| clock.rule == "regulator_feedback").collect()
}

fn stages(case: &Case) -> Vec<Stage> {
    case.matters.iter().map(|matter| matter.stage).collect()
}

#[test]
fn a_matter_goes_its_way_and_no_other() {
    each(|desk| {
        let case = handed(desk, &desk.open(), "预1", "pretreatment");
        assert_eq!(stages(&case), [Stage::Pretreatment]);
        assert!(feedback(&case).is_empty(), "nothing is transferred yet");
        let paper = json!({"reference": "受1号"});
        assert_eq!(desk.refused(&case, "record-mediation", paper.clone()), "no_such_matter");
        let mut named = paper.clone();
        named["matter"] = json!(1);
        assert_eq!(desk.refused(&case, "record-mediation", named.clone()), "matter_elsewhere");
        named["matter"] = json!(7);
        assert_eq!(desk.refused(&case, "record-transfer", named), "unknown_matter");
        assert_eq!(desk.refused(&case, "record-admission", json!({"admission": "admitted"})), "needs_paper");
        let foreign = json!({"admission": "admitted", "document": "01900000-0000-7000-8000-000000000001"});
        assert_eq!(desk.refused(&case, "record-admission", foreign), "unknown_document");
        let early = json!({"admission": "admitted", "reference": "受1号", "at": "2026-11-24T11:00:00+08:00"});
        assert_eq!(desk.refused(&case, "record-admission", early), "before_last_step");

        let case = desk.act(&case, "record-admission", json!({"admission": "admitted", "reference": "受1号"}));
        let case = desk.act(&case, "record-transfer", paper.clone());
        assert_eq!(feedback(&case).len(), 1, "the transfer is what the ten days count from");
        assert_eq!(
            desk.refused(&case, "record-end", json!({"result": "mediated", "reference": "结1号"})),
            "never_mediated"
        );
        let case = desk.act(&case, "feed-back", json!({"content": "已退费", "reference": "复1号"}));
        assert_eq!(feedback(&case)[0].ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Met));
        let case = desk.act(&case, "record-transfer", json!({"reference": "转2号", "remark": "请补充核查"}));
        assert!(case.matters[0].owes_feedback(), "asked once more, owed once more");
        assert_eq!(feedback(&case).len(), 2);
        let case = desk.act(&case, "feed-back", json!({"content": "补充如下", "reference": "复2号"}));
        let case = desk.act(&case, "record-mediation", json!({"reference": "调1号"}));
        let case = desk.act(&case, "record-end", json!({"result": "not_mediated", "reference": "结1号"}));
        assert_eq!(stages(&case), [Stage::Ended]);
        assert_eq!(case.matters[0].steps.len(), 8);
        assert_eq!(
            desk.refused(&case, "feed-back", json!({"content": "再报", "reference": "复3号"})),
            "no_such_matter"
        );
        assert_eq!(case.state, State::Registered, "none of it moves the case itself");
    });
}

#[test]
fn nothing_ends_while_a_body_waits() {
    each(|desk| {
        let case = handed(desk, &desk.open(), "转1", "transfer");
        let other = desk.open();
        for (verb, body) in [
            ("withdraw", json!({"mode": "phone", "reason": "不投诉了"})),
            (
                "decline",
                json!({"ground": "in_court", "explanation": "已起诉", "next_channel": "other", "mode": "phone"}),
            ),
            ("merge", json!({"into": other.number, "reason": "同一事项"})),
            ("request-void", json!({"reason": "误登"})),
        ] {
            assert_eq!(desk.refused(&case, verb, body), "feedback_owed", "{verb}");
        }
        let case = desk.answered(&case);
        assert!(feedback(&case)[0].is_open(), "the customer's answer is not the regulator's");
        let case = desk.act(&case, "set-cause", json!({"cause": "BIL.RATE"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "sms"}));
        let close = refusal(desk.try_act(&desk.who, &case, "close", json!({})).unwrap_err());
        assert_eq!((close.code, close.faults[0].code), ("gates_not_met", "gate_feedback"));
        let case = desk.act(&case, "feed-back", json!({"content": "已退费", "reference": "复1号"}));
        let case = desk.act(&case, "record-mediation", json!({"reference": "调1号"}));
        let close = refusal(desk.try_act(&desk.who, &case, "close", json!({})).unwrap_err());
        assert_eq!(close.faults[0].code, "gate_mediation");
        let case = desk.act(&case, "record-end", json!({"result": "mediated", "reference": "结1号"}));
        let case = desk.act(&case, "close", json!({}));
        assert!(case.clocks.iter().all(|clock| !clock.is_open()));
        // The same body once more: the case goes on, and owes once more.
        let case = handed(desk, &case, "转2", "supervision");
        assert_eq!((case.state, stages(&case)), (State::Reopened, vec![Stage::Ended, Stage::Transferred]));
        assert!(feedback(&case).last().is_some_and(|clock| clock.is_open() && clock.round == 2));
    });
}

#[test]
fn the_clock_goes_over_to_who_has_waited_longest() {
    each(|desk| {
        let hours = |hours| desk.house.desk.time().advance(SignedDuration::from_hours(hours));
        let case = handed(desk, &desk.open(), "转1", "transfer");
        hours(24);
        let case = handed(desk, &case, "转2", "transfer");
        hours(24);
        let case = handed(desk, &case, "转3", "transfer");
        assert_eq!(feedback(&case).len(), 1, "one clock, for the first");
        let twice = json!({"content": "已退费", "reference": "复1号"});
        assert_eq!(desk.refused(&case, "feed-back", twice.clone()), "which_matter");
        let with = |matter: u32| {
            let mut body = twice.clone();
            body["matter"] = json!(matter);
            body
        };
        let first = case.matters[0].steps[0].at;
        let second = case.matters[1].steps[0].at;
        assert_eq!(feedback(&case)[0].from, first);
        let case = desk.act(&case, "feed-back", with(1));
        assert_eq!(
            feedback(&case).iter().map(|clock| (clock.from, clock.is_open())).collect::<Vec<_>>(),
            [(first, false), (second, true)]
        );
        // Whoever waits less does not shorten what the other is owed; what is asked no longer is not owed.
        let case = desk.act(&case, "record-end", json!({"matter": 3, "result": "concluded", "reference": "结3号"}));
        assert_eq!(feedback(&case).len(), 2);
        let case = desk.act(&case, "record-end", json!({"matter": 2, "result": "settled", "reference": "结2号"}));
        assert_eq!(feedback(&case)[1].ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Moot));
        assert!(case.matters.iter().all(|matter| !matter.owes_feedback()));
    });
}

#[test]
fn what_a_regulator_did_not_admit_owes_nothing() {
    each(|desk| {
        let case = handed(desk, &desk.open(), "预1", "pretreatment");
        let refused = json!({"admission": "refused", "reference": "不受1号", "remark": "已过申诉期限"});
        let case = desk.act(&case, "record-admission", refused);
        assert_eq!(stages(&case), [Stage::Refused]);
        assert_eq!(desk.act(&case, "withdraw", json!({"mode": "phone", "reason": "算了"})).state, State::Withdrawn);
    });
}

#[test]
fn a_regulators_channel_is_a_matter_too() {
    each(|desk| {
        let case = desk.open_with(|body| {
            body["accept_channel"] = json!("regulator_transfer");
            body["external"] = json!([]);
        });
        let matter = &case.matters[0];
        assert_eq!((matter.owner.as_str(), matter.number.as_deref()), ("provincial_authority", None));
        assert_eq!(feedback(&case).len(), 1);
        assert_eq!(feedback(&case)[0].from, case.received_at);
        // The notice that follows says which matter it was; it is not a second one.
        let case = handed(desk, &case, "转9", "transfer");
        assert_eq!(case.matters.len(), 1);
        assert_eq!((case.matters[0].owner.as_str(), case.matters[0].number.as_deref()), ("miit", Some("转9")));
        assert_eq!(feedback(&case).len(), 1);
        let case = handed(desk, &case, "转10", "transfer");
        assert_eq!(case.matters.len(), 2);
    });
}

fn contact(name: &str, more: &Value) -> Value {
    let mut body = intake();
    body["accept_channel"] = json!("regulator_transfer");
    body["complainant"]["name"] = json!(name);
    for (field, value) in more.as_object().into_iter().flatten() {
        body["complainant"][field] = value.clone();
    }
    body
}

#[test]
fn a_shared_number_alone_joins_nobody() {
    each(|desk| {
        let own = desk.open_with(|body| body["complainant"]["id_number"] = json!("310101198001010018"));
        let hand = |number: &str, complaint: Value| {
            let body = json!({
                "owner": "miit", "number": number, "request": "transfer", "handed_at": "2026-11-24T11:00:00+08:00",
                "text": "请处理", "complaint": complaint,
            });
            desk.house.wait(desk.house.desk.hand_off(&desk.lead, body)).unwrap()
        };
        for (number, name, more) in
            [("1", "王 小明", json!({})), ("2", "李四", json!({"id_number": "310101198001010018"}))]
        {
            let handed = hand(number, contact(name, &more));
            assert!(handed.receipt.attached && handed.receipt.suggested.is_empty(), "{name}");
            assert_eq!(handed.receipt.number, own.number);
        }
        let own = desk.now(&own);
        assert_eq!(own.matters.len(), 2);
        for (number, name, more) in [
            ("3", "李四", json!({})),
            ("4", "王先生", json!({})),
            ("5", "王*明", json!({})),
            ("6", "王小明", json!({"id_number": "310101199909090091"})),
        ] {
            let complaint = contact(name, &more);
            let first = hand(number, complaint.clone());
            assert!(!first.receipt.attached, "{name}");
            assert!(first.receipt.suggested.contains(&own.number), "{name}");
            let again = hand(number, complaint);
            assert!(again.replayed && again.receipt == first.receipt, "{name}");
            assert_eq!(desk.now(&own), own, "a stranger's case is not touched");
            let name = CaseRef::Number(first.receipt.number);
            let new = desk.house.wait(desk.house.desk.case(&desk.who, &name)).unwrap().case;
            assert!(new.links.iter().any(|link| link.case == own.id), "and not lost either");
        }
    });
}
