//! The survey on both databases: a link is good once and tells nobody anything, whoever handled the case does not call
//! back, each channel is counted for itself, and a customer who is not satisfied has it looked at by a third person.

use crate::lives::{Desk, each};
use crate::refusal;
use desk::reports::surveys::{By, RatesAsk};
use desk::{CaseRef, jobs};
use domain::actor::Role;
use domain::case::invite_survey::Answer;
use domain::case::{Case, State};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn answer(satisfied: &str) -> Answer {
    serde_json::from_value(
        json!({"satisfied": satisfied, "solved": true, "timely": false, "comment": "电话13900139000"}),
    )
    .unwrap()
}

fn link(desk: &Desk<'_>, case: &Case) -> String {
    desk.house.wait(desk.house.desk.invite_survey(&desk.who, &CaseRef::Id(case.id), None)).unwrap().secret
}

fn take(desk: &Desk<'_>, secret: &str, satisfied: &str) -> bool {
    desk.house.wait(desk.house.desk.answer_survey(secret, answer(satisfied), "192.0.2.1".parse().unwrap())).unwrap()
}

#[test]
fn a_link_is_good_once_for_one_answer() {
    each(|desk| {
        let open = desk.open();
        let early = desk.house.wait(desk.house.desk.invite_survey(&desk.who, &CaseRef::Id(open.id), None));
        assert_eq!(refusal(early.unwrap_err()).code, "wrong_state");
        let case = desk.answered(&open);
        let (first, second) = (link(desk, &case), link(desk, &case));
        assert_ne!(first, second);
        let now = desk.now(&case);
        assert!(now.satisfaction_asked && now.invitations.len() == 2 && now.invitations[0].spent);
        let log = format!("{:?}", now.invitations);
        assert!(!log.contains(&first) && !log.contains(&second), "the secret is kept nowhere");
        for wrong in [first.as_str(), "", "x", &second[1..]] {
            assert!(!take(desk, wrong, "satisfied"), "{wrong}");
        }
        assert!(take(desk, &second, "neutral"));
        assert!(!take(desk, &second, "satisfied"), "once");
        let now = desk.now(&case);
        let asked = now.asked.iter().find(|one| one.channel == "link").unwrap();
        assert_eq!((asked.said.unwrap().solved, asked.said.unwrap().timely), (Some(true), Some(false)));
        // An old one has run out, and one about an outcome the customer rejected asks about nothing.
        let late = link(desk, &case);
        desk.house.desk.time().set(desk.house.desk.time().now() + SignedDuration::from_hours(14 * 24));
        assert!(!take(desk, &late, "satisfied"));
        let rejected = link(desk, &case);
        desk.act(&desk.now(&case), "dispute", json!({"reason": "不认可"}));
        assert!(!take(desk, &rejected, "satisfied"));
    });
}

#[test]
fn an_address_cannot_try_for_ever() {
    each(|desk| {
        let looks = |name: &str| desk.house.wait(desk.house.desk.survey_is_open("x", name.parse().unwrap())).is_ok();
        let good = (0..61).filter(|_| looks("192.0.2.9")).count();
        assert_eq!((good, looks("192.0.2.9")), (60, false));
        assert!(looks("192.0.2.10"), "others may");
        // Whoever has one address of version 6 has as many as they like of its network.
        let good = (0..61).filter(|n| looks(&format!("2001:db8:0:1::{n:x}"))).count();
        assert_eq!((good, looks("2001:db8:0:1:ffff::7"), looks("2001:db8:0:2::1")), (60, false, true));
    });
}

#[test]
fn whoever_handled_the_case_does_not_call_back() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let call = |outcome: &str| json!({"outcome": outcome});
        assert_eq!(desk.refused(&case, "call-back", call("no_answer")), "handler_cannot_call_back");
        let lead = refusal(desk.try_act(&desk.lead, &case, "call-back", call("no_answer")).unwrap_err());
        assert_eq!(lead.code, "handler_cannot_call_back", "who approved it handled it too");
        let caller = desk.house.user("calls", Role::Quality, "");
        let tried = desk.try_act(&caller, &case, "call-back", call("no_answer")).unwrap().case;
        let code = |body: Value| refusal(desk.try_act(&caller, &tried, "call-back", body).unwrap_err()).faults[0].code;
        assert_eq!(code(json!({"outcome": "refused", "satisfied": "satisfied"})), "only_when_reached");
        assert_eq!(code(call("reached")), "required");
        let said = json!({"outcome": "reached", "satisfied": "satisfied", "solved": true});
        let done = desk.try_act(&caller, &tried, "call-back", said).unwrap().case;
        assert_eq!((done.call_backs.len(), done.reviews.len()), (2, 0));
        assert!(done.asked.iter().any(|one| one.channel == "call_back" && one.said.is_some()));
    });
}

#[test]
fn a_third_person_decides_before_the_case_may_close() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let case = desk.act(&case, "set-cause", json!({"cause": "BIL.PART"}));
        let caller = desk.house.user("calls", Role::Quality, "");
        let bad = json!({"outcome": "reached", "satisfied": "dissatisfied"});
        let case = desk.try_act(&caller, &case, "call-back", bad.clone()).unwrap().case;
        assert!(case.open_review().is_some());
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_review");
        let upheld = json!({"decision": "upheld", "reason": "依据充分"});
        for who in [&desk.who, &desk.lead, &caller] {
            let refused = refusal(desk.try_act(who, &case, "decide-review", upheld.clone()).unwrap_err());
            assert_eq!(refused.code, "not_a_third_person", "{}", who.name);
        }
        let third = desk.house.user("third", Role::Supervisor, "");
        let kept = desk.try_act(&third, &case, "decide-review", upheld.clone()).unwrap().case;
        assert!(kept.open_review().is_none() && kept.state == State::AwaitingCustomer);
        let again = desk.try_act(&caller, &kept, "call-back", bad).unwrap().case;
        assert!(again.open_review().is_none(), "once a round");
        let closed = desk.act(&again, "close", json!({}));
        assert_eq!(closed.state, State::Closed);
        // A customer who says so after the end has it looked at, too; the case is taken up again where that is right.
        let secret = link(desk, &desk.answered(&desk.open_with(|body| body["complainant"]["name"] = json!("李四"))));
        assert!(take(desk, &secret, "dissatisfied"));
    });
}

#[test]
fn work_on_it_again_bars_whoever_handled_it_and_reopens_what_was_closed() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let secret = link(desk, &case);
        let case = desk.act(&desk.now(&case), "set-cause", json!({"cause": "BIL.PART"}));
        let closed = desk.act(&case, "close", json!({}));
        assert!(take(desk, &secret, "dissatisfied"), "also after the end");
        let third = desk.house.user("third", Role::Supervisor, "");
        let rework = json!({"decision": "rework", "reason": "应按承诺执行"});
        let again = desk.try_act(&third, &desk.now(&closed), "decide-review", rework.clone()).unwrap().case;
        assert_eq!((again.state, again.round), (State::Reopened, 2));
        let told = desk.answered(&desk.open_with(|body| body["complainant"]["name"] = json!("王五")));
        let secret = link(desk, &told);
        assert!(take(desk, &secret, "dissatisfied"));
        let back = desk.try_act(&third, &desk.now(&told), "decide-review", rework).unwrap().case;
        assert_eq!(back.state, State::InProgress);
        let back = desk.try_act(&third, &back, "accept", json!({})).unwrap().case;
        assert_eq!(desk.refused(&back, "propose", json!({"outcome": "x"})), "handled_disputed_outcome");
    });
}

#[test]
fn rates_are_told_beside_those_who_said_nothing() {
    each(|desk| {
        let caller = desk.house.user("calls", Role::Quality, "");
        for (n, said) in ["satisfied", "neutral", "dissatisfied", ""].into_iter().enumerate() {
            let case = desk.answered(&desk.open_with(|body| body["complainant"]["name"] = json!(format!("客户{n}"))));
            let secret = link(desk, &case);
            if !said.is_empty() {
                assert!(take(desk, &secret, said));
            }
            let call = json!({"outcome": "no_answer"});
            desk.try_act(&caller, &desk.now(&case), "call-back", call).unwrap();
        }
        jobs::rollup::go_on(&desk.house.desk, "node", 0, || false).unwrap();
        let ask = RatesAsk { from: Some("2026-11".into()), to: None, by: By::Channel, channel: None };
        let rates = desk.house.wait(desk.house.desk.survey_rates(&desk.lead, ask.clone())).unwrap();
        let of = |channel: &str| rates.lines.iter().find(|line| line.value == channel).unwrap().clone();
        let links = of("link");
        assert_eq!((links.sum.asked, links.sum.answered, links.sum.satisfied), (4, 3, 1));
        assert_eq!((links.silent(), links.satisfied(), links.timely()), (Some(250), Some(333), Some(0)));
        let calls = of("call_back");
        assert_eq!((calls.sum.asked, calls.sum.answered, calls.sum.calls), (4, 0, 4));
        assert_eq!(calls.satisfied(), None, "nobody said anything");
        for by in [By::Unit, By::Category, By::Month] {
            let rates =
                desk.house.wait(desk.house.desk.survey_rates(&desk.lead, RatesAsk { by, ..ask.clone() })).unwrap();
            assert_eq!(rates.lines.iter().map(|line| line.sum.asked).sum::<i64>(), 8, "{by:?}");
        }
        // Less than a province is added up from its cases.
        let there = desk.house.user("pudong", Role::Supervisor, "310115");
        let mine = desk.house.wait(desk.house.desk.survey_rates(&there, ask)).unwrap();
        assert_eq!(mine.lines.iter().map(|line| line.sum.asked).sum::<i64>(), 8);
    });
}
