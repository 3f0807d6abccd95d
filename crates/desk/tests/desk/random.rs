//! Any sequence of commands keeps the invariants, and the log folds to the stored row.

use crate::scenarios::house_under;
use crate::staff::{signed_in, unit};
use crate::{House, house, intake, named};
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::compensation::{Compensation, Standing};
use domain::case::gates;
use domain::case::matter::Stage;
use domain::case::replay::Replay;
use domain::case::{Case, Clock, Promised, State, timers};
use domain::event::{Entry, Event};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use store::cases;
use store::testing::each_database;

/// A verb and its body.
pub(crate) type Command = (&'static str, Value);

pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let commands = [
        ("classify", json!({"category": "A101", "reason": "看错了"})),
        ("classify", json!({"category": "B204"})),
        ("classify", json!({"category": "A501", "reason": "断网"})),
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
        ("transfer", json!({"unit": "ROOT", "reason": "不属于本班组"})),
        ("re-grade", json!({"severity": "major", "urgency": "normal", "reason": "复核"})),
        ("re-grade", json!({"severity": "normal", "urgency": "urgent", "reason": "升级"})),
        ("supplement", json!({"text": "又来电，13900139000", "urging": true})),
        ("record-contact", json!({"mode": "phone", "outcome": "reached"})),
        ("record-contact", json!({"mode": "phone", "outcome": "no_answer", "number": "13900139000"})),
        ("notify-progress", json!({"mode": "sms", "content": "核查中"})),
        ("agree-progress", json!({"hours": 100, "note": "客户同意，致电13900139000"})),
        ("agree-progress", json!({"nothing": true, "note": "结案前不必联系"})),
        ("promise", json!({"what": "回电", "due_at": "2026-11-26T12:00:00+08:00"})),
        ("keep-promise", json!({"promise": 1})),
        ("suspend", json!({"wait_for": "waiting_parts", "until": "2026-11-27T09:00:00+08:00", "reason": "缺货"})),
        ("suspend", json!({"wait_for": "waiting_customer", "until": "2026-12-09T09:00:00+08:00", "reason": "待客户"})),
        ("resume", json!({})),
        ("resume", json!({"remark": "客户已到场"})),
        ("dispute", json!({"reason": "不认可"})),
        ("declare-deadlock", json!({"position": "维持处理结果"})),
        (
            "decline",
            json!({
                "ground": "out_of_scope", "explanation": "非本企业业务", "next_channel": "other_operator", "mode": "phone",
            }),
        ),
        ("withdraw", json!({"mode": "phone", "reason": "不投诉了"})),
        ("request-void", json!({"reason": "重复录入"})),
        ("confirm-void", json!({"decision": "refuse"})),
        ("confirm-void", json!({"decision": "confirm"})),
        ("merge", json!({"into": "OTHER", "reason": "同一事项"})),
        ("link", json!({"to": "OTHER", "relation": "related"})),
        ("reply", json!({"mode": "phone", "content": "已退费", "to_merged": true})),
        ("ask-reading", json!({"paper": "reply", "content": "已退费，致电13900139000"})),
        ("release-reading", json!({"reading": 1})),
        ("return-reading", json!({"reading": 2, "reason": "写明依据"})),
        ("reply", json!({"mode": "phone", "reading": 1})),
        ("hand-off", json!({"request": "pretreatment"})),
        ("hand-off", json!({"request": "transfer"})),
        ("feed-back", json!({"content": "已退费", "reference": "复1号"})),
        ("feed-back", json!({"content": "补充说明", "reference": "复2号", "matter": 2})),
        ("record-admission", json!({"admission": "admitted", "reference": "受1号"})),
        ("record-admission", json!({"admission": "refused", "reference": "受2号", "remark": "已过期限"})),
        ("record-transfer", json!({"reference": "转1号"})),
        ("record-mediation", json!({"reference": "调1号"})),
        ("record-end", json!({"result": "settled", "reference": "结1号"})),
        ("record-end", json!({"result": "not_mediated", "reference": "结2号"})),
        ("propose-compensation", json!({"amount": {"value": "20.00", "currency": "CNY"}, "reason": "致歉"})),
        ("propose-compensation", json!({"amount": {"value": "900.00", "currency": "CNY"}, "reason": "长期误扣"})),
        (
            "propose-compensation",
            json!({"rule": "rent_waived", "monthly_fee": {"value": "99.00", "currency": "CNY"}, "reason": "逾期"}),
        ),
        ("approve-compensation", json!({"compensation": 1})),
        ("approve-compensation", json!({"compensation": 2, "remark": "同意"})),
        ("refuse-compensation", json!({"compensation": 1, "remark": "无依据"})),
        ("pay-compensation", json!({"compensation": 1, "mode": "bill_credit"})),
        (
            "propose-compensation",
            json!({"remedy": "refund", "amount": {"value": "30.00", "currency": "CNY"}, "reason": "先退", "first": true}),
        ),
        ("propose-compensation", json!({"remedy": "apology", "reason": "致歉"})),
        ("verify-compensation", json!({"compensation": 1, "justified": true, "finding": "属实"})),
        (
            "verify-compensation",
            json!({
                "compensation": 2, "justified": false, "finding": "不属实", "recover_from": "customer",
                "recover": {"value": "10.00", "currency": "CNY"},
            }),
        ),
        ("settle-recovery", json!({"compensation": 2, "result": "written_off"})),
        ("send-compensation", json!({"compensation": 1})),
        ("send-compensation", json!({"compensation": 2, "way": "webhook"})),
        ("confirm-compensation", json!({"compensation": 1, "result": "failed"})),
        ("confirm-compensation", json!({"compensation": 1, "result": "paid", "reference": "B-1"})),
        ("call-back", json!({"outcome": "no_answer"})),
        ("call-back", json!({"outcome": "reached", "satisfied": "dissatisfied"})),
        ("record-satisfaction", json!({"satisfied": "dissatisfied", "through": "sms"})),
        ("decide-review", json!({"decision": "upheld", "reason": "依据充分"})),
        ("decide-review", json!({"decision": "rework", "reason": "应改"})),
        ("dispatch", json!({"order_kind": "handle", "unit": "NET", "task": "查基站，13800138000"})),
        ("dispatch", json!({"order_kind": "handle", "unit": "BILL", "task": "查话单"})),
        ("dispatch", json!({"order_kind": "joint_review", "unit": "NET", "task": "会审"})),
        ("dispatch", json!({"order_kind": "visit", "unit": "BILL", "task": "上门"})),
        ("dispatch", json!({"order_kind": "supervise", "unit": "ROOT", "task": "督办"})),
        ("dispatch", json!({"order_kind": "copy", "unit": "BILL", "task": "知悉"})),
        ("dispatch", json!({"order_kind": "handle", "unit": "BILL", "task": "拆分", "part_of": 1})),
        ("accept-order", json!({})),
        ("accept-order", json!({"order": 1})),
        ("refuse-order", json!({"refusal": "not_our_duty", "reason": "归对方"})),
        ("refuse-order", json!({"refusal": "not_our_area", "reason": "归对方"})),
        ("return-order", json!({"reason": "预处理不足"})),
        ("hand-over-order", json!({"unit": "NET", "reason": "同级移交"})),
        ("book-visit", json!({"from": "2026-11-25T09:00:00+08:00", "to": "2026-11-25T10:00:00+08:00"})),
        ("record-arrival", json!({})),
        ("report-order", json!({"text": "在查"})),
        ("answer-order", json!({"result": "已修复"})),
        ("answer-order", json!({"order": 2, "result": "已修复"})),
        ("bounce-order", json!({"reason": "不全"})),
        ("urge-order", json!({"text": "客户在催"})),
        ("ask-extension", json!({"reply_by": "2026-11-25T18:00:00+08:00", "reason": "缺件"})),
        ("decide-extension", json!({"granted": true})),
        ("approve-order", json!({"approved": true})),
        ("approve-order", json!({"approved": false, "remark": "不必"})),
        ("cancel-order", json!({"reason": "不需要了"})),
        ("rule-ownership", json!({"unit": "NET", "reason": "涉及网络"})),
        ("place-hold", json!({"reason": "诉讼"})),
        ("lift-hold", json!({"reason": "已结"})),
        ("tick", json!({})),
        ("tick", json!({})),
    ];
    prop::sample::select(commands.to_vec())
}

/// The age of a case by its log alone: from first receipt to the end, without the time it had ended.
fn age(case: &Case, entries: &[Entry], now: Timestamp) -> SignedDuration {
    let (mut age, mut open_since) = (SignedDuration::ZERO, Some(case.received_at));
    for version in 1..=entries.len() {
        let then = Case::fold(case.id, &entries[..version]).unwrap();
        let at = entries[version - 1].at;
        match (open_since, then.state.is_open()) {
            (Some(since), false) => {
                age += at.duration_since(since);
                open_since = None;
            }
            (None, true) => open_since = Some(at),
            _ => {}
        }
    }
    age + open_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
}

/// Every moment of the case is charged to one holder, and the sum is its age; orders stand in their table as in the log.
pub(crate) fn ball_and_orders(house: &House, who: &Caller, name: &CaseRef) {
    let view = house.wait(house.desk.case(who, name)).unwrap();
    let (case, now) = (view.case, house.desk.time().now().max(view.entries.last().unwrap().at));
    let spans = case.ball.spans();
    for pair in spans.windows(2) {
        assert!(pair[0].to.is_some_and(|to| to <= pair[1].from && to >= pair[0].from), "{spans:?}");
    }
    assert_eq!(spans.last().unwrap().to.is_none(), case.state.is_open());
    assert_eq!(case.ball.age(now), age(&case, &view.entries, now));
    let all: SignedDuration = case.ball.by_holder(now).into_iter().map(|(_, lasted)| lasted).sum();
    assert_eq!(all, case.ball.age(now));
    let id = case.id.0;
    let rows = house.desk.db().read_now(move |tx| store::orders::of(tx, id)).unwrap();
    let (asked, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.n == 0);
    assert_eq!(asked.iter().any(|row| row.open), case.ownership.is_some());
    assert_eq!(rows.len(), case.orders.len());
    for (row, order) in rows.iter().zip(&case.orders) {
        assert_eq!((row.open, row.standing.as_str()), (order.is_open(), order.standing.code()));
        assert_eq!((row.unit, row.user), (order.to.unit.0, order.to.user.map(|user| user.0)));
        assert_eq!(row.due_at, order.due_at().map_or(i64::MAX, Timestamp::as_microsecond));
    }
}

/// What must hold after every command (appendix B.3 of the domain reference, as far as today's operations reach).
pub(crate) fn check(house: &House, before: &Case, after: &Case, verb: &str) {
    assert_eq!(after.received_at, before.received_at, "first receipt never moves");
    assert_eq!(after.first_owner, before.first_owner, "first responsibility never moves");
    assert_eq!(after.number, before.number);
    assert!(after.changed_at >= before.changed_at, "time does not run backwards");
    assert_ne!(after.owner.unit.0, uuid::Uuid::nil(), "never without an owner");
    let about_orders = ["order", "visit", "arrival", "extension", "ownership", "dispatch"];
    if about_orders.iter().any(|part| verb.contains(part)) && after.state == before.state {
        for (old, new) in before.clocks.iter().zip(&after.clocks) {
            let overtaken = old.ended.is_none() && new.ended.is_some();
            assert!(overtaken || (old.due_at, old.from) == (new.due_at, new.from), "{verb} moved {}", old.rule);
        }
    }
    if !after.state.is_open() {
        assert!(after.open_orders().next().is_none() && after.ownership.is_none(), "{verb} left an order open");
        let rules = house.desk.library().rules_of(after).unwrap();
        let right = |rule: &str| rules.clock(rule).unwrap().is_customers_right();
        let left = after.clocks.iter().find(|clock| clock.is_open() && !right(&clock.rule));
        assert!(left.is_none(), "an ended case owes nothing: {verb} {left:?}");
        assert!(after.suspension.is_none() && after.void_asked_by.is_none());
    }
    assert_eq!(after.suspension.is_some(), after.state == State::Suspended);
    if after.state == State::Closed && before.state != State::Closed {
        assert!(after.reply.is_some() && after.cause.is_some() && after.satisfaction_asked, "closed without proof");
        assert_eq!(after.unanswered().count(), 0, "closed while somebody waits");
        let waited = before.orders.iter().any(|order| order.is_waited_for());
        assert!(!waited, "closed over a work order");
        assert!(after.open_promises().all(|promise| promise.id == 0), "closed over a promise");
        assert!(after.matters.iter().all(|matter| matter.stage != Stage::Mediation), "closed over a mediation");
    }
    if after.state == State::Closed {
        let open = |one: &Compensation| one.standing == Standing::Proposed;
        assert!(!after.compensations.iter().any(open), "closed over an undecided compensation");
        let unverified = after.compensations.iter().any(Compensation::awaits_verification);
        assert!(!unverified, "closed over what was given first and nobody verified");
        let asked_later = verb == "record-satisfaction" || verb == "call-back" || before.state == State::Closed;
        assert!(asked_later || after.open_review().is_none(), "closed over a review");
    }
    for (old, new) in before.compensations.iter().zip(&after.compensations) {
        assert_eq!((old.id, &old.sum, &old.counted, old.by), (new.id, &new.sum, &new.counted, new.by));
        // What billing could not pay is sent again.
        let again = old.standing == Standing::Failed && new.standing == Standing::Sent;
        assert!(
            (again || new.standing >= old.standing) && !(old.standing == Standing::Refused && new != old),
            "{verb}"
        );
    }
    for one in after.compensations.iter().filter(|one| !one.own) {
        assert!(
            one.standing == Standing::Refused || one.decided.is_none_or(|(by, _)| by != one.by),
            "one pair of eyes"
        );
    }
    if before.state.is_open() && !after.state.is_open() {
        assert!(
            after.matters.iter().all(|matter| !matter.owes_feedback()),
            "{verb} left a regulator without an answer"
        );
    }
    for (old, new) in before.matters.iter().zip(&after.matters) {
        assert!(new.steps.starts_with(&old.steps), "what a body did stays");
    }
    let mut open: Vec<_> = after.clocks.iter().filter(|clock| clock.is_open()).map(|c| (&c.rule, c.round)).collect();
    open.sort();
    let all = open.len();
    open.dedup();
    assert_eq!(open.len(), all, "{verb}: two clocks of one rule run in one round");
    let owed = after.matters.iter().any(|one| one.stage == Stage::Transferred && one.owes_feedback());
    let counted = after.clocks.iter().any(|clock| clock.rule == "regulator_feedback" && clock.is_open());
    if after.state.is_open() {
        assert!(counted || !owed, "{verb}: a feedback is owed and nothing counts");
    }
    if !matches!(verb, "reopen" | "dispute" | "hand-off" | "decide-review") {
        // The answer to a merged customer counts no longer when the other case's outcome does not.
        let lapsed = verb == "elsewhere" && after.state == State::Merged;
        assert!(after.round == before.round && (lapsed || after.reply.is_some() >= before.reply.is_some()));
    }
    let rules = house.desk.library().rules_of(after).unwrap();
    for old in &before.clocks {
        if old.ended.is_some() {
            assert!(after.clocks.contains(old), "an ended clock never changes");
        } else if rules.clock(&old.rule).unwrap().head.layer == policy::Layer::Law {
            let now = after.clocks.iter().find(|new| new.rule == old.rule && new.round == old.round).unwrap();
            assert!(now.due_at <= old.due_at, "{verb} lengthened {}", old.rule);
            assert!(now.pauses.is_empty(), "a statutory clock never stands still");
        }
    }
}

/// Through whatever door a case ended, no letter the law wanted before is left: only what its very end asks for is still
/// to be written.
fn told_before_the_end(house: &House, case: &Case, verb: &str) {
    if case.state.is_open() {
        return;
    }
    let rules = house.desk.library().rules_of(case).unwrap();
    let owed = case.letters.iter().find(|one| {
        let before = one.owed.as_ref().is_some_and(|(since, _)| Some(*since) < case.closed_at);
        one.binding && before && gates::is_owed(case, one, &rules)
    });
    assert!(owed.is_none(), "{verb} left a letter the law wants: {owed:?}");
}

/// What a case says of those that went up in it is what they say themselves.
fn together(lead: &Case, all: &[Case]) {
    for one in &lead.absorbed {
        let theirs = all.iter().find(|case| case.id == one.case).unwrap();
        assert_eq!(
            one.answered_at,
            theirs.reply.as_ref().map(|reply| reply.at),
            "answered on both sides or on neither"
        );
        if lead.reply.is_none() && lead.disputes > 0 {
            assert!(theirs.reply.is_none() || lead.approved, "an answer that counts no longer counts nowhere");
        }
        for promise in &theirs.promises {
            let here = |one: &&Promised| {
                one.origin.as_ref().is_some_and(|there| (there.case, there.promise) == (theirs.id, promise.id))
            };
            let taken_over = lead.promises.iter().find(here);
            assert_eq!(
                promise.kept_at,
                taken_over.map_or(promise.kept_at, |taken| taken.kept_at),
                "kept on both sides"
            );
            assert!(promise.kept_at.is_some() || taken_over.is_some(), "nobody keeps promise {}", promise.id);
        }
    }
}

pub(crate) fn stored_equals_folded(house: &House, who: &Caller, name: &CaseRef) {
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
    let rules = house.desk.library().rules_of(&case).unwrap();
    assert_eq!(
        row.alarm_at,
        timers::alarm(&case, &rules, house.desk.library().taxonomy()).map(|at| at.as_microsecond())
    );
    let due = case.next_due(&rules);
    assert_eq!(row.due_rule, due.map(|clock| clock.rule.clone()));
    assert_eq!(row.due_at, due.map_or(i64::MAX, |clock| clock.due_at.as_microsecond()));
}

/// What all that happened to a case must leave behind in each case of the house.
pub(crate) fn look(house: &House, who: &Caller, names: &[CaseRef]) -> Vec<Case> {
    names.iter().map(|name| house.wait(house.desk.case(who, name)).unwrap().case).collect()
}

/// One step on one of three cases: who, which, how much later, what.
type Step = (usize, usize, i64, (&'static str, Value));

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_usize..5, 0_usize..3, 0_i64..2_000, any_command()), 1..40)
}

pub(crate) fn actors(house: &House) -> [Caller; 5] {
    [
        house.user("one", Role::Specialist, ""),
        house.user("two", Role::Supervisor, "31"),
        house.user("three", Role::Compliance, ""),
        signed_in(house, "net", Role::Supervisor, unit(house, "net", Some(house.desk.root()), "33")),
        signed_in(house, "bill", Role::Specialist, unit(house, "bill", Some(house.desk.root()), "")),
    ]
}

/// `PROPTEST_CASES`, or as many as given.
pub(crate) fn runner(usual: u32) -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// The kinds of contact some country's rules make complaints of; nothing for a complaint under those of China.
type Kind = Option<&'static str>;

fn live(house: &House, actors: &[Caller], kind: Kind, with_category: bool, steps: &[Step]) {
    let mut body = intake();
    if let Some(kind) = kind {
        body["kind"] = json!(kind);
        body["assessment"] = json!({"mass": true});
        body["external"] = json!([]);
    }
    if !with_category {
        body.as_object_mut().unwrap().remove("category");
    }
    body["promised_at"] = json!(house.desk.time().now() + SignedDuration::from_hours(20));
    let names: Vec<CaseRef> = (0..3).map(|_| named(&house.try_register(&actors[0], body.clone()).unwrap())).collect();
    let mut cases = look(house, &actors[0], &names);
    for (who, which, minutes, (verb, body)) in steps {
        house.desk.time().advance(SignedDuration::from_mins(*minutes));
        // What a command does to another case finds that as the timers left it.
        let reaches = matches!(*verb, "merge" | "link") || cases.iter().any(|case| case.merged_into.is_some());
        if kind.is_some() && reaches {
            house.wait(desk::jobs::timers::ring_due(&house.desk)).unwrap();
            cases = look(house, &actors[0], &names);
        }
        let (case, other) = (&cases[*which], &cases[(which + 1) % cases.len()]);
        let mut body = body.clone();
        for value in body.as_object_mut().into_iter().flat_map(|object| object.values_mut()) {
            match value.as_str() {
                Some("NET") => *value = json!(actors[3].actor.unit.to_string()),
                Some("BILL") => *value = json!(actors[4].actor.unit.to_string()),
                Some("ROOT") => *value = json!(house.desk.root().to_string()),
                Some("OTHER") => *value = json!(other.id.to_string()),
                _ => {}
            }
        }
        if *verb == "tick" {
            house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        } else if *verb == "hand-off" {
            body["owner"] = json!("miit");
            body["number"] = json!(format!("{}-{}", case.number, case.matters.len()));
            body["handed_at"] = json!(house.desk.time().now().to_string());
            body["own_number"] = json!(case.number);
            body["text"] = json!("请依法处理");
            match house.wait(house.desk.hand_off(&actors[1], body)) {
                Ok(handed) => assert!(handed.receipt.attached, "their paper names ours"),
                Err(DeskError::Refused(refusal)) => assert!(!refusal.faults.is_empty(), "a contact is asked for"),
                Err(other) => panic!("{verb}: {other:?}"),
            }
        } else {
            match house.act(&actors[who % actors.len()], &names[*which], case.version, verb, body) {
                Ok(next) => assert!(next.case.version > case.version),
                Err(DeskError::Refused(refusal)) => assert!(!refusal.code.is_empty(), "a refusal says why"),
                Err(other) => panic!("{verb}: {other:?}"),
            }
        }
        let after = look(house, &actors[0], &names);
        for (before, after) in cases.iter().zip(&after).filter(|_| kind.is_none()) {
            let verb = if before.id == cases[*which].id { verb } else { "elsewhere" };
            check(house, before, after, verb);
        }
        for lead in &after {
            told_before_the_end(house, lead, verb);
            together(lead, &after);
        }
        cases = after;
    }
    // What has come true by now is said before it is asked of the rules.
    house.wait(desk::jobs::timers::ring_due(&house.desk)).unwrap();
    for name in &names {
        stored_equals_folded(house, &actors[0], name);
        replayed_equals_folded(house, &actors[0], name);
        ball_and_orders(house, &actors[0], name);
    }
}

/// Under its own rules a case comes out as it stands; what another handed over is not decided anew.
fn replayed_equals_folded(house: &House, who: &Caller, name: &CaseRef) {
    let view = house.wait(house.desk.case(who, name)).unwrap();
    let (case, library) = (view.case, house.desk.library());
    let system = house.system();
    let replay = Replay { now: house.desk.time().now(), actor: &system.actor, taxonomy: library.taxonomy() };
    let rules = |case: &Case| library.pinned(&case.packs, case.record.place(), &case.calendars);
    let again = replay.case::<DeskError>(case.id, &view.entries, rules).unwrap().unwrap();
    let came_over = |clock: &Clock| {
        view.entries.iter().flat_map(|entry| &entry.events).any(
            |event| matches!(event, Event::ClockInherited { rule, round, .. } if (rule, *round) == (&clock.rule, clock.round)),
        )
    };
    let own = |case: &Case| {
        let mut own: Vec<_> = case.clocks.iter().filter(|clock| !came_over(clock)).cloned().collect();
        own.iter_mut().for_each(|clock| clock.warned = 0);
        own.sort_by(|one, other| (&one.rule, one.round, one.from).cmp(&(&other.rule, other.round, other.from)));
        own
    };
    assert_eq!(own(&again), own(&case), "{:#?}", view.entries);
    assert_eq!(
        (again.grade, &again.grade_row, &again.raised_by, again.graded_by_hand),
        (case.grade, &case.grade_row, &case.raised_by, case.graded_by_hand)
    );
    assert_eq!((again.state, again.round, &again.matters), (case.state, case.round, &case.matters));
}

#[test]
fn any_sequence_keeps_the_invariants() {
    each_database(|scratch| {
        let house = house(scratch);
        let actors = actors(&house);
        runner(48)
            .run(&(any::<bool>(), any_steps()), |(with_category, steps)| {
                live(&house, &actors, None, with_category, &steps);
                Ok(())
            })
            .unwrap();
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

/// Where rules make complaints of other contacts, the log and the rules by themselves come to the same.
#[test]
fn what_becomes_a_complaint_becomes_one_again() {
    for (stack, kinds) in
        [("ie", &["enquiry", "service_request", "fault_report"][..]), ("au", &["fault_report"]), ("uk", &["complaint"])]
    {
        each_database(|scratch| {
            let house = house_under(scratch, stack);
            let actors = actors(&house);
            runner(24)
                .run(&(prop::sample::select(kinds), any::<bool>(), any_steps()), |(kind, with_category, mut steps)| {
                    // Their bodies do not hand over by themselves.
                    steps.retain(|(.., (verb, _))| *verb != "hand-off");
                    live(&house, &actors, Some(kind), with_category, &steps);
                    Ok(())
                })
                .unwrap();
            house.close_down();
        })
        .unwrap();
    }
}
