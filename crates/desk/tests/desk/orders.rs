//! Work orders, the question whose case it is, and the ball's ledger, on both databases.

use crate::staff::{signed_in, unit};
use crate::{House, NOON, at, house, intake, key_file, named, open, refusal};
use desk::orders::OrderFilter;
use desk::reports::ledger::LedgerAsk;
use desk::reveal::Reveal;
use desk::time::Time;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::ball::Holder;
use domain::case::order::Standing;
use domain::case::{Case, State};
use domain::ids::UnitId;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::reports::By;
use store::testing::{each_database, postgres};
use tokio::runtime::Runtime;

/// A house with two departments beside the hotline.
pub(crate) struct Shop {
    pub(crate) house: House,
    pub(crate) net: UnitId,
    pub(crate) bill: UnitId,
    hotline: UnitId,
    pub(crate) agent: Caller,
    pub(crate) lead: Caller,
    /// Head of the branch the network department belongs to.
    zhejiang: Caller,
    zj: UnitId,
    pub(crate) net_one: Caller,
    net_two: Caller,
    pub(crate) bill_one: Caller,
}

impl Shop {
    fn of(house: House) -> Self {
        let root = Some(house.desk.root());
        let hotline = unit(&house, "hotline", root, "");
        // The network department looks after another province only.
        let zj = unit(&house, "zj", root, "33");
        let (net, bill) = (unit(&house, "net", Some(zj), ""), unit(&house, "bill", root, "31"));
        Self {
            zj,
            zhejiang: signed_in(&house, "zhejiang", Role::Supervisor, zj),
            net,
            bill,
            hotline,
            agent: signed_in(&house, "agent", Role::Specialist, hotline),
            lead: signed_in(&house, "lead", Role::Supervisor, house.desk.root()),
            net_one: signed_in(&house, "net-one", Role::Specialist, net),
            net_two: signed_in(&house, "net-two", Role::Supervisor, net),
            bill_one: signed_in(&house, "bill-one", Role::Specialist, bill),
            house,
        }
    }

    fn case(&self) -> Case {
        let case = self.house.try_register(&self.agent, intake()).unwrap().case;
        self.act(&self.agent, &case, "accept", json!({}))
    }

    pub(crate) fn act(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> Case {
        self.house
            .act(who, &CaseRef::Id(case.id), case.version, verb, body)
            .unwrap_or_else(|error| panic!("{verb}: {error:?}"))
            .case
    }

    /// The code of a refusal: of its first fault, if it has one.
    pub(crate) fn refused(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> String {
        let refusal = refusal(self.house.act(who, &CaseRef::Id(case.id), case.version, verb, body).unwrap_err());
        refusal.faults.first().map_or(refusal.code, |fault| fault.code).to_owned()
    }

    fn sent(&self, case: &Case, to: UnitId) -> Case {
        self.act(&self.agent, case, "dispatch", order(to))
    }

    pub(crate) fn now(&self, case: &Case) -> Case {
        self.house.wait(self.house.desk.case(&self.agent, &CaseRef::Id(case.id))).unwrap().case
    }

    pub(crate) fn later(&self, hours: i64) {
        self.house.desk.time().advance(SignedDuration::from_hours(hours));
    }

    pub(crate) fn tick(&self) {
        self.house.wait(desk::jobs::run_timely(&self.house.desk, "node")).unwrap();
    }

    pub(crate) fn told(&self, who: &Caller) -> Vec<String> {
        // What a timer says is told by a job that follows it.
        self.tick();
        self.tick();
        self.house.wait(self.house.desk.notices(who)).unwrap().into_iter().map(|notice| notice.kind).collect()
    }
}

fn order(to: UnitId) -> Value {
    json!({"order_kind": "handle", "unit": to.to_string(), "task": "查基站日志", "pre_treatment": "已重启光猫"})
}

pub(crate) fn each(test: impl Fn(&Shop) + Copy) {
    each_database(|scratch| {
        let shop = Shop::of(house(scratch));
        test(&shop);
        let report = desk::verify::verify(shop.house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        shop.house.close_down();
    })
    .unwrap();
}

#[test]
fn an_order_is_taken_up_reported_on_answered_and_bounced() {
    each(|shop| {
        let case = shop.sent(&shop.case(), shop.net);
        assert!(shop.told(&shop.net_two).contains(&"order_sent".to_owned()));
        let due = case.next_due(&shop.house.desk.library().rules_of(&case).unwrap()).unwrap().due_at;
        assert_eq!(case.order(1).unwrap().reply_by, Some(due), "its limit is the case's");
        let queue = |who: &Caller| shop.house.wait(shop.house.desk.orders(who, OrderFilter::default())).unwrap().items;
        assert_eq!(queue(&shop.net_one).len(), 1, "seen by its unit, whatever area the case lies in");
        assert!(queue(&shop.bill_one).is_empty());
        assert_eq!(shop.refused(&shop.bill_one, &case, "accept-order", json!({})), "no_such_order_open");
        assert_eq!(shop.refused(&shop.bill_one, &case, "accept-order", json!({"order": 1})), "not_your_order");
        let case = shop.act(&shop.net_one, &case, "accept-order", json!({}));
        assert_eq!(case.order(1).unwrap().to.user, shop.net_one.actor.user());
        assert_eq!(shop.refused(&shop.net_one, &case, "accept-order", json!({"order": 1})), "order_stands_otherwise");
        let case = shop.act(&shop.net_one, &case, "report-order", json!({"text": "正在查，电话13800138000"}));
        let clocks = case.clocks.clone();
        let case = shop.act(&shop.agent, &case, "urge-order", json!({}));
        let case = shop.act(&shop.net_one, &case, "answer-order", json!({"result": "光缆中断，已修复"}));
        assert!(shop.told(&shop.agent).contains(&"order_answered".to_owned()));
        assert!(queue(&shop.net_one).is_empty());
        let case = shop.act(&shop.agent, &case, "bounce-order", json!({"reason": "没有写原因"}));
        assert_eq!((case.order(1).unwrap().standing, case.order(1).unwrap().bounced), (Standing::Accepted, 1));
        let case = shop.act(&shop.net_one, &case, "answer-order", json!({"result": "施工挖断"}));
        assert_eq!(case.clocks, clocks, "nothing an order does moves a clock of the case");
        // Whoever answered may look at what became of it, and no more.
        assert!(shop.house.wait(shop.house.desk.case(&shop.net_one, &CaseRef::Id(case.id))).is_ok());
        assert_eq!(shop.refused(&shop.net_one, &case, "propose", json!({"outcome": "退费"})), "only_the_order");
        let view = shop.house.wait(shop.house.desk.case(&shop.bill_one, &CaseRef::Id(case.id))).unwrap();
        let progress = view.case.order(1).unwrap().progress.as_ref().unwrap().plain().unwrap().to_owned();
        assert!(!progress.contains("13800138000"), "identifiers in it are masked: {progress}");
    });
}

#[test]
fn limits_lie_within_those_of_the_case() {
    each(|shop| {
        let case = shop.case();
        let due = case.next_due(&shop.house.desk.library().rules_of(&case).unwrap()).unwrap().due_at;
        let with = |field: &str, moment: jiff::Timestamp| {
            let mut body = order(shop.net);
            body[field] = json!(moment.to_string());
            body
        };
        let hour = SignedDuration::from_hours(1);
        let refused = |body| shop.refused(&shop.agent, &case, "dispatch", body);
        assert_eq!(refused(with("reply_by", due + hour)), "past_case_limit");
        assert_eq!(refused(with("reply_by", shop.house.desk.time().now() - hour)), "in_past");
        assert_eq!(refused(with("accept_by", due + hour)), "past_case_limit");
        let mut copy = order(shop.net);
        copy["order_kind"] = json!("copy");
        copy["reply_by"] = json!(due.to_string());
        assert_eq!(refused(copy), "copy_has_no_limit");
        let mut body = with("reply_by", due - hour - hour);
        body["accept_by"] = json!((shop.house.desk.time().now() + hour).to_string());
        let case = shop.act(&shop.agent, &case, "dispatch", body);
        shop.later(2);
        shop.tick();
        let late = shop.now(&case);
        assert_eq!(late.order(1).unwrap().late.len(), 1);
        // The version seen before the limit passed is still good: nobody did anything.
        let case = shop.act(&shop.net_one, &case, "accept-order", json!({}));
        assert!(shop.told(&shop.agent).contains(&"order_late".to_owned()), "the first responsible hears of a stall");
        let ask = |until: jiff::Timestamp| json!({"reply_by": until.to_string(), "reason": "缺备件"});
        assert_eq!(shop.refused(&shop.net_one, &case, "ask-extension", ask(due + hour)), "past_case_limit");
        let case = shop.act(&shop.net_two, &case, "ask-extension", ask(due - hour));
        assert_eq!(shop.refused(&shop.net_two, &case, "decide-extension", json!({"granted": true})), "only_the_order");
        let case = shop.act(&shop.lead, &case, "decide-extension", json!({"granted": true}));
        assert_eq!(case.order(1).unwrap().reply_by, Some(due - hour));
    });
}

#[test]
fn a_second_refusal_is_ruled_on_and_the_ruling_remembered() {
    each(|shop| {
        let case = shop.sent(&shop.case(), shop.net);
        let refuse = json!({"refusal": "not_our_duty", "reason": "属于计费"});
        let case = shop.act(&shop.net_one, &case, "refuse-order", refuse.clone());
        assert!(case.ownership.is_none());
        let case = shop.sent(&case, shop.bill);
        let case = shop.act(&shop.bill_one, &case, "refuse-order", refuse);
        let open = case.ownership.unwrap();
        assert_eq!(open.arbiter, shop.house.desk.root(), "the nearest unit above both");
        assert_eq!(case.ball_holder(), Some(Holder::Unit(open.arbiter)));
        assert!(shop.told(&shop.lead).contains(&"ownership_disputed".to_owned()));
        assert_eq!(shop.refused(&shop.agent, &case, "dispatch", order(shop.net)), "ownership_disputed");
        let rule = json!({"unit": shop.net.to_string(), "reason": "涉及基站参数"});
        assert_eq!(shop.refused(&shop.agent, &case, "rule-ownership", rule.clone()), "not_permitted");
        shop.later(5);
        shop.tick();
        assert!(shop.told(&shop.lead).contains(&"ownership_late".to_owned()));
        let case = shop.act(&shop.lead, &shop.now(&case), "rule-ownership", rule);
        let order = case.order(3).unwrap();
        assert!(order.ruled && order.to.unit == shop.net && order.task == case.order(2).unwrap().task);
        let refuse = json!({"refusal": "not_our_duty", "reason": "还是不归我们"});
        assert_eq!(shop.refused(&shop.net_one, &case, "refuse-order", refuse), "no_such_order_open");
        let rulings = shop.house.wait(shop.house.desk.rulings(&shop.agent, "B204")).unwrap();
        assert_eq!(rulings.iter().map(|one| (one.case, one.unit)).collect::<Vec<_>>(), [(case.id, shop.net)]);
    });
}

#[test]
fn joint_reviews_parts_and_copies() {
    each(|shop| {
        let to = |kind: &str, unit: UnitId| json!({"order_kind": kind, "unit": unit.to_string(), "task": "请会审"});
        let case = shop.act(&shop.agent, &shop.case(), "dispatch", to("joint_review", shop.net));
        let case = shop.act(&shop.agent, &case, "dispatch", to("joint_review", shop.bill));
        let case = shop.act(&shop.agent, &case, "dispatch", to("copy", shop.hotline));
        let mut part = to("handle", shop.bill);
        part["part_of"] = json!(1);
        assert_eq!(shop.refused(&shop.agent, &case, "dispatch", part.clone()), "not_your_order");
        assert_eq!(shop.refused(&shop.net_one, &case, "dispatch", part.clone()), "order_not_worked_on");
        let case = shop.act(&shop.net_one, &case, "accept-order", json!({}));
        let mut of_a_copy = part.clone();
        of_a_copy["part_of"] = json!(3);
        assert_eq!(shop.refused(&shop.agent, &case, "dispatch", of_a_copy), "order_not_worked_on");
        let case = shop.act(&shop.net_one, &case, "dispatch", part);
        // Whoever split it presses for the part, and takes it back.
        let case = shop.act(&shop.net_one, &case, "urge-order", json!({"order": 4}));
        assert_eq!(case.ball_holder(), Some(Holder::Unit(shop.bill)), "the part that is open");
        let answer = json!({"order": 1, "result": "无异常"});
        assert_eq!(shop.refused(&shop.net_one, &case, "answer-order", answer.clone()), "parts_open");
        assert_eq!(
            shop.refused(&shop.bill_one, &case, "answer-order", json!({"result": "x"})),
            "required",
            "two lie there"
        );
        let case = shop.act(&shop.bill_one, &case, "answer-order", json!({"order": 4, "result": "计费无误"}));
        let case = shop.act(&shop.net_one, &case, "answer-order", answer);
        let case = shop.act(&shop.bill_one, &case, "answer-order", json!({"result": "同意"}));
        let open: Vec<u32> = case.open_orders().map(|order| order.id).collect();
        assert_eq!(open, [3], "a copy keeps nobody waiting");
        assert_eq!(
            shop.refused(&shop.agent, &case, "answer-order", json!({"order": 3, "result": "x"})),
            "copy_not_answered"
        );
        let case = shop.act(&shop.agent, &case, "accept-order", json!({"order": 3}));
        assert_eq!(case.order(3).unwrap().standing, Standing::Done);
    });
}

#[test]
fn what_an_order_opens_and_for_how_long() {
    each(|shop| {
        let case = shop.case();
        let name = CaseRef::Id(case.id);
        let sees = |who: &Caller| shop.house.wait(shop.house.desk.case(who, &name)).is_ok();
        let code = |error: DeskError| refusal(error).code;
        let reveal = || Reveal { purpose: "investigate".into(), reason: Some("核查".into()) };
        let to = |kind: &str| json!({"order_kind": kind, "unit": shop.net.to_string(), "task": "请办"});
        // One that is not approved has not gone out.
        let case = shop.act(&shop.agent, &case, "dispatch", to("supervise"));
        assert!(!sees(&shop.net_one));
        let case = shop.act(&shop.lead, &case, "approve-order", json!({"approved": false, "remark": "不必"}));
        // A copy is for reading, until it is acknowledged.
        let case = shop.act(&shop.agent, &case, "dispatch", to("copy"));
        assert!(sees(&shop.net_one));
        let shown = shop.house.wait(shop.house.desk.reveal(&shop.net_one, &name, reveal()));
        assert_eq!(code(shown.unwrap_err()), "only_the_order");
        assert_eq!(shop.refused(&shop.net_one, &case, "note", json!({"text": "x"})), "only_the_order");
        assert_eq!(
            shop.refused(
                &shop.lead,
                &case,
                "hand-over-order",
                json!({"order": 2, "unit": shop.bill.to_string(), "reason": "x"})
            ),
            "not_your_order"
        );
        let case = shop.act(&shop.agent, &case, "cancel-order", json!({"reason": "x"}));
        assert!(!sees(&shop.net_one));
        // What is to be worked on opens more, and what was answered can be read.
        let case = shop.act(&shop.agent, &case, "dispatch", to("handle"));
        assert!(shop.house.wait(shop.house.desk.reveal(&shop.net_one, &name, reveal())).is_ok());
        let case = shop.act(&shop.net_one, &case, "answer-order", json!({"result": "已办"}));
        assert!(sees(&shop.net_one));
        let shown = shop.house.wait(shop.house.desk.reveal(&shop.net_one, &name, reveal()));
        assert_eq!(code(shown.unwrap_err()), "only_the_order");
        assert_eq!(shop.refused(&shop.net_one, &case, "note", json!({"text": "x"})), "only_the_order");
        assert!(!sees(&shop.zhejiang), "a unit above has no order");
    });
}

#[test]
fn the_nearest_unit_above_rules_wherever_the_case_lies() {
    each(|shop| {
        let refuse = json!({"refusal": "not_our_duty", "reason": "不归我们"});
        let mut case = shop.case();
        // One unit that refuses twice disputes with nobody.
        for _ in 0..2 {
            case = shop.sent(&case, shop.net);
            case = shop.act(&shop.net_one, &case, "refuse-order", refuse.clone());
        }
        assert!(case.ownership.is_none());
        let other = unit(&shop.house, "net-b", Some(shop.zj), "");
        let second = signed_in(&shop.house, "net-b-one", Role::Specialist, other);
        case = shop.sent(&case, other);
        case = shop.act(&second, &case, "refuse-order", refuse);
        assert_eq!(case.ownership.map(|open| open.arbiter), Some(shop.zj), "not the root: this one lies above both");
        assert!(shop.told(&shop.zhejiang).contains(&"ownership_disputed".to_owned()));
        let found = shop.house.wait(shop.house.desk.orders(&shop.zhejiang, OrderFilter::default())).unwrap().items;
        assert_eq!(found.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), [desk::orders::QUESTION]);
        let rule = json!({"unit": other.to_string(), "reason": "涉及传输"});
        assert_eq!(shop.refused(&shop.lead, &case, "rule-ownership", rule.clone()), "not_the_arbiter");
        let case = shop.act(&shop.zhejiang, &case, "rule-ownership", rule);
        assert_eq!(shop.refused(&second, &case, "return-order", json!({"order": 4, "reason": "x"})), "order_ruled");
        assert!(
            shop.house.wait(shop.house.desk.orders(&shop.zhejiang, OrderFilter::default())).unwrap().items.is_empty()
        );
    });
}

#[test]
fn supervision_takes_two_to_begin_and_two_to_end() {
    each(|shop| {
        let case = shop.case();
        let to = json!({"order_kind": "supervise", "unit": shop.hotline.to_string(), "task": "三日未联系客户"});
        let case = shop.act(&shop.lead, &case, "dispatch", to);
        assert_eq!(shop.refused(&shop.lead, &case, "approve-order", json!({"approved": true})), "own_wish");
        let other = signed_in(&shop.house, "lead-two", Role::Supervisor, shop.house.desk.root());
        assert_eq!(shop.refused(&other, &case, "approve-order", json!({"approved": false})), "required");
        let case = shop.act(&other, &case, "approve-order", json!({"approved": true}));
        let case = shop.act(&shop.agent, &case, "answer-order", json!({"result": "已联系"}));
        assert_eq!(case.order(1).unwrap().standing, Standing::AwaitingApproval);
        let case = shop.act(&other, &case, "approve-order", json!({"approved": false, "remark": "没有写结果"}));
        let case = shop.act(&shop.agent, &case, "answer-order", json!({"result": "已联系，客户同意周五回电"}));
        let case = shop.act(&shop.lead, &case, "approve-order", json!({"approved": true}));
        assert_eq!(case.order(1).unwrap().standing, Standing::Done);
    });
}

#[test]
fn a_missed_visit_is_told_and_stays() {
    each(|shop| {
        let to = json!({"order_kind": "visit", "unit": shop.bill.to_string(), "task": "更换光猫"});
        let case = shop.act(&shop.agent, &shop.case(), "dispatch", to);
        let noon = at(NOON);
        let slot = |from: i64, to: i64| {
            let moment = |hours| (noon + SignedDuration::from_hours(hours)).to_string();
            json!({"from": moment(from), "to": moment(to)})
        };
        assert_eq!(shop.refused(&shop.bill_one, &case, "book-visit", slot(3, 2)), "before_from");
        assert_eq!(shop.refused(&shop.bill_one, &case, "book-visit", slot(-3, -2)), "in_past");
        assert_eq!(shop.refused(&shop.bill_one, &case, "record-arrival", json!({})), "no_such_order_open");
        let case = shop.act(&shop.bill_one, &case, "book-visit", slot(2, 3));
        shop.later(6);
        assert!(shop.told(&shop.agent).contains(&"visit_missed".to_owned()));
        let case = shop.act(&shop.bill_one, &shop.now(&case), "record-arrival", json!({}));
        let order = case.order(1).unwrap();
        assert!(order.missed_visits == 1 && order.visit.unwrap().arrived_at.is_some());
        let case = shop.act(&shop.bill_one, &case, "book-visit", slot(7, 8));
        assert_eq!(case.order(1).unwrap().missed_visits, 1, "booked anew, it stays missed");
    });
}

#[test]
fn no_case_closes_over_an_order_and_the_ledger_adds_up() {
    each(|shop| {
        let start = shop.house.desk.time().now();
        let case = shop.case();
        shop.later(1);
        let case = shop.sent(&case, shop.net);
        shop.later(2);
        let case = shop.act(&shop.net_one, &case, "refuse-order", json!({"refusal": "not_our_area", "reason": "归沪"}));
        shop.later(1);
        let case = shop.sent(&case, shop.bill);
        shop.later(3);
        let case = shop.act(&shop.agent, &case, "propose", json!({"outcome": "退费"}));
        let case = shop.act(&shop.lead, &case, "approve", json!({}));
        let case = shop.act(&shop.agent, &case, "reply", json!({"mode": "phone", "content": "已退费"}));
        let case = shop.act(&shop.agent, &case, "set-cause", json!({"cause": "BIL.RATE"}));
        let case = shop.act(&shop.agent, &case, "ask-satisfaction", json!({"mode": "sms"}));
        assert_eq!(shop.refused(&shop.agent, &case, "close", json!({})), "gate_order");
        shop.later(1);
        let case = shop.act(&shop.agent, &case, "cancel-order", json!({"reason": "已查明"}));
        shop.later(4);
        let case = shop.act(&shop.agent, &case, "close", json!({}));
        assert_eq!(case.state, State::Closed);
        let end = shop.house.desk.time().now();
        let hours: Vec<(Holder, i64)> =
            case.ball.by_holder(end).into_iter().map(|(holder, lasted)| (holder, lasted.as_hours())).collect();
        let unit = Holder::Unit;
        // A refusal costs the one who refused the time the order lay there.
        let agent = case.first_owner.unit;
        assert_eq!(hours, [(unit(agent), 2), (unit(shop.net), 2), (unit(shop.bill), 4), (Holder::Customer, 4)]);
        assert_eq!(case.ball.age(end), end.duration_since(start));
        // The sums of all cases say the same, whichever way they are added up.
        desk::jobs::rollup::go_on(&shop.house.desk, "node", 0, || false).unwrap();
        let ledger = |by: By| {
            let ask = LedgerAsk { from: Some("2026-11".to_owned()), to: None, by };
            shop.house.wait(shop.house.desk.who_held(&shop.lead, ask)).unwrap().lines
        };
        let all = i64::try_from(end.duration_since(start).as_millis()).unwrap();
        for by in [By::Holder, By::Stage, By::Category] {
            assert_eq!(ledger(by).iter().map(|line| line.sum.millis).sum::<i64>(), all, "{by:?}");
        }
        let held = ledger(By::Holder);
        let of = |who: &str| held.iter().find(|line| line.value == who).map(|line| line.sum).unwrap();
        assert_eq!(of(&shop.net.to_string()).millis, 2 * 3_600_000);
        assert_eq!(of("customer").millis, 4 * 3_600_000);
        assert!(held.iter().all(|line| line.sum.working <= line.sum.millis));
        let wrong = |from: &str, to: Option<&str>| {
            let ask = LedgerAsk { from: Some(from.to_owned()), to: to.map(str::to_owned), by: By::Stage };
            refusal(shop.house.wait(shop.house.desk.who_held(&shop.lead, ask)).unwrap_err()).faults[0].code
        };
        assert_eq!(wrong("2026-13", None), "bad_month");
        assert_eq!(wrong("2026-11", Some("2026-10")), "before_from");
        assert_eq!(wrong("2020-01", Some("2026-10")), "too_many_months");
    });
}

#[test]
fn of_two_dispatchers_on_two_nodes_one_wins_and_the_other_is_told() {
    let Some(scratch) = postgres().unwrap() else { return };
    let node = || open(&scratch, Time::at(NOON.parse().unwrap()), &key_file(&scratch)).unwrap();
    let one = House { desk: node(), runtime: Runtime::new().unwrap() };
    let two = node();
    let unit = unit(&one, "net", Some(one.desk.root()), "");
    let (first, second) = (one.user("first", Role::Specialist, ""), one.user("second", Role::Specialist, ""));
    for _ in 0..20 {
        let case = one.register(&first);
        let (version, name) = (case.case.version, named(&case));
        let send = |desk: desk::Desk, who: Caller, name: CaseRef| async move {
            let command = domain::command::Command::read("dispatch", order(unit)).unwrap().unwrap();
            desk.run(&who, &name, version, command, None).await
        };
        let (left, right) = one.wait(async {
            let left = tokio::spawn(send(one.desk.clone(), first.clone(), name.clone()));
            let right = tokio::spawn(send(two.clone(), second.clone(), name.clone()));
            (left.await.unwrap(), right.await.unwrap())
        });
        let (won, lost) = match (left, right) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            other => panic!("{other:?}"),
        };
        assert_eq!(won.case.orders.len(), 1);
        match lost {
            DeskError::Stale { since, .. } => assert_eq!(since.first().map(|one| one.1.as_str()), Some("dispatch")),
            other => panic!("{other:?}"),
        }
    }
    two.db().close();
    one.close_down();
}
