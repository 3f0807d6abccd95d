//! The operations of a whole case, each on both databases: what it does, what it refuses, what it never touches.

use crate::{House, house, intake, refusal};
use desk::run::Done;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::{Case, Clock, State};
use domain::event::{ClockOutcome, Event};
use serde_json::{Value, json};
use store::testing::each_database;

pub(crate) struct Desk<'h> {
    pub(crate) house: &'h House,
    pub(crate) who: Caller,
    pub(crate) lead: Caller,
}

impl<'h> Desk<'h> {
    fn of(house: &'h House) -> Self {
        Self { house, who: house.user("one", Role::Specialist, ""), lead: house.user("two", Role::Supervisor, "") }
    }

    pub(crate) fn open(&self) -> Case {
        self.house.register(&self.who).case
    }

    pub(crate) fn open_with(&self, change: impl Fn(&mut Value)) -> Case {
        let mut body = intake();
        change(&mut body);
        self.house.try_register(&self.who, body).unwrap().case
    }

    pub(crate) fn act(&self, case: &Case, verb: &str, body: Value) -> Case {
        self.try_act(&self.who, case, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}")).case
    }

    pub(crate) fn try_act(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> Result<Done, DeskError> {
        self.house.act(who, &CaseRef::Id(case.id), case.version, verb, body)
    }

    pub(crate) fn refused(&self, case: &Case, verb: &str, body: Value) -> String {
        let refusal = refusal(self.try_act(&self.who, case, verb, body).unwrap_err());
        refusal.faults.first().map_or(refusal.code, |fault| fault.code).to_owned()
    }

    pub(crate) fn now(&self, id: &Case) -> Case {
        self.house.wait(self.house.desk.case(&self.who, &CaseRef::Id(id.id))).unwrap().case
    }

    /// As far as the customer hears the outcome.
    pub(crate) fn answered(&self, case: &Case) -> Case {
        let case = self.act(case, "accept", json!({}));
        let case = self.act(&case, "propose", json!({"outcome": "退费"}));
        let case = self.try_act(&self.lead, &case, "approve", json!({})).unwrap().case;
        self.act(&case, "reply", json!({"mode": "phone", "content": "已退费"}))
    }
}

pub(crate) fn desk_of(house: &House) -> Desk<'_> {
    Desk::of(house)
}

pub(crate) fn each(test: impl Fn(&Desk<'_>) + Copy) {
    each_database(|scratch| {
        let house = house(scratch);
        test(&Desk::of(&house));
        let report = desk::verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_grade_is_set_once_and_changed_with_a_reason() {
    each(|desk| {
        let case = desk.open();
        let graded = json!({"severity": "major", "urgency": "urgent", "reason": "升级"});
        let urgent = desk.act(&case, "grade", graded.clone());
        assert_eq!(desk.refused(&urgent, "grade", graded), "graded_by_hand");
        let lower = json!({"severity": "normal", "urgency": "normal", "reason": "复核"});
        let normal = desk.act(&urgent, "re-grade", lower.clone());
        assert_eq!(desk.refused(&normal, "re-grade", lower), "unchanged");
        assert!(desk.refused(&normal, "re-grade", json!({"severity": "major", "urgency": "normal"})) == "required");
        for law in ["statutory_answer", "response"] {
            let due = |case: &Case| case.clocks.iter().find(|clock| clock.rule == law).map(|clock| clock.due_at);
            assert_eq!(due(&case), due(&normal), "{law} is where it was");
            assert!(due(&urgent) <= due(&case));
        }
        let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(case.id))).unwrap();
        let history = view.entries.iter().flat_map(|entry| &entry.events);
        assert_eq!(history.filter(|event| matches!(event, Event::Graded { .. })).count(), 3);
    });
}

#[test]
fn a_transfer_says_why_and_may_land_in_a_queue() {
    each(|desk| {
        let case = desk.act(&desk.open(), "accept", json!({}));
        let root = desk.house.desk.root().to_string();
        assert_eq!(desk.refused(&case, "transfer", json!({"unit": root})), "required");
        let case = desk.act(&case, "transfer", json!({"unit": root, "reason": "不属于本班组"}));
        assert_eq!((case.owner.user, case.state), (None, State::InProgress));
        assert_eq!(case.first_owner.user, desk.who.actor.user(), "first responsibility stays");
        let taken = desk.try_act(&desk.lead, &case, "accept", json!({})).unwrap().case;
        assert_eq!((taken.owner.user, taken.state), (desk.lead.actor.user(), State::InProgress));
        assert_eq!(desk.refused(&taken, "accept", json!({})), "wrong_state");
    });
}

#[test]
fn contacts_progress_and_supplements_are_kept_masked() {
    each(|desk| {
        let case = desk.act(&desk.open(), "accept", json!({}));
        let tried = json!({"mode": "phone", "outcome": "no_answer", "number": "13900139000"});
        let case = desk.act(&case, "record-contact", tried);
        let first = |case: &Case| case.clocks.iter().find(|clock| clock.rule == "first_contact").cloned();
        if let Some(clock) = first(&case) {
            assert!(clock.is_running(), "nobody was reached");
        }
        let early = json!({"mode": "phone", "outcome": "reached", "at": "2020-01-01T00:00:00Z"});
        assert_eq!(desk.refused(&case, "record-contact", early), "before_receipt");
        let case =
            desk.act(&case, "record-contact", json!({"mode": "phone", "outcome": "reached", "summary": "已说明"}));
        if let Some(clock) = first(&case) {
            assert_eq!(clock.ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Met));
        }
        let case = desk.act(&case, "notify-progress", json!({"mode": "sms", "content": "核查中，电话13900139000"}));
        let running = case.clocks.iter().filter(|clock| clock.rule == "progress" && clock.is_running()).count();
        assert!(running <= 1, "the next notice has a clock of its own");
        let case = desk.act(&case, "supplement", json!({"text": "又扣费了", "urging": true}));
        assert_eq!((case.urged, case.contacts.len()), (1, 2));
        let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(case.id))).unwrap();
        let told = format!("{:?}", view.entries);
        assert!(!told.contains("13900139000") && told.contains("139****9000"), "{told}");
        let nobody = desk.open_with(|body| body["complainant"] = json!({"anonymous": true}));
        let call = json!({"mode": "phone", "outcome": "reached"});
        assert_eq!(desk.refused(&nobody, "record-contact", call), "anonymous_cannot_be_reached");
    });
}

#[test]
fn no_case_closes_over_an_open_promise() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        assert_eq!(
            desk.refused(&case, "promise", json!({"what": "回电", "due_at": "2026-11-24T03:00:00Z"})),
            "in_past"
        );
        let far = json!({"what": "回电", "due_at": "2029-01-01T00:00:00Z"});
        assert_eq!(desk.refused(&case, "promise", far), "too_far_ahead");
        let case = desk.act(&case, "promise", json!({"what": "周五前回电", "due_at": "2026-11-27T10:00:00+08:00"}));
        let case = desk.act(&case, "set-cause", json!({"cause": "BIL.RATE"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_promise");
        assert_eq!(desk.refused(&case, "keep-promise", json!({"promise": 2})), "unknown_promise");
        let case = desk.act(&case, "keep-promise", json!({"promise": 1, "remark": "已回电"}));
        assert_eq!(desk.refused(&case, "keep-promise", json!({"promise": 1})), "promise_already_kept");
        assert_eq!(desk.act(&case, "close", json!({})).state, State::Closed);
    });
}

#[test]
fn a_dispute_is_reviewed_by_somebody_else() {
    each(|desk| {
        let case = desk.answered(&desk.open());
        let own = json!({"reason": "金额不对", "user": desk.who.actor.user().unwrap().to_string()});
        assert_eq!(desk.refused(&case, "dispute", own), "reviewer_handled_it");
        let third = desk.house.user("three", Role::Specialist, "");
        let fourth = desk.house.user("four", Role::Supervisor, "");
        let reviewer = third.actor.user().unwrap();
        let case = desk.act(&case, "dispute", json!({"reason": "金额不对", "user": reviewer.to_string()}));
        assert_eq!((case.state, case.disputes, case.owner.user), (State::InProgress, 1, Some(reviewer)));
        assert!(case.reply.is_none() && case.proposal.is_none() && !case.approved, "the outcome counts no longer");
        assert_eq!(desk.refused(&case, "propose", json!({"outcome": "维持"})), "handled_disputed_outcome");
        let back = json!({"user": desk.who.actor.user().unwrap().to_string(), "reason": "退回"});
        assert_eq!(desk.refused(&case, "transfer", back), "reviewer_handled_it");
        let case = desk.try_act(&third, &case, "propose", json!({"outcome": "补退三十元"})).unwrap().case;
        let refused = refusal(desk.try_act(&desk.lead, &case, "approve", json!({})).unwrap_err());
        assert_eq!(refused.code, "handled_disputed_outcome");
        let case = desk.try_act(&fourth, &case, "approve", json!({})).unwrap().case;
        let told = json!({"mode": "phone", "content": "补退三十元"});
        let case = desk.try_act(&third, &case, "reply", told).unwrap().case;
        assert_eq!(case.state, State::AwaitingCustomer);
    });
}

#[test]
fn a_refusal_names_the_next_place_to_turn_to() {
    each(|desk| {
        let case = desk.open();
        let without = json!({"ground": "out_of_scope", "explanation": "非本企业业务", "mode": "phone"});
        assert_eq!(desk.refused(&case, "decline", without), "required");
        let declined = json!({
            "ground": "out_of_scope", "explanation": "非本企业业务", "mode": "phone", "next_channel": "other_operator",
        });
        let ended = desk.act(&case, "decline", declined);
        assert_eq!(ended.state, State::Declined);
        assert!(ended.clocks.iter().all(|clock| !clock.is_open()), "nothing is owed any more");
        assert_eq!(desk.refused(&ended, "supplement", json!({"text": "x"})), "closed");
        let again = desk.act(&ended, "reopen", json!({"reason": "客户提供了合同"}));
        assert_eq!((again.state, again.round), (State::Reopened, 2));
        let taken_back = desk.act(&desk.open(), "withdraw", json!({"mode": "phone", "reason": "不投诉了"}));
        let law = |case: &Case| case.clocks.iter().rfind(|clock| clock.rule == "statutory_answer").cloned().unwrap();
        assert!(!law(&taken_back).is_open());
        let brought = desk.act(&taken_back, "reopen", json!({"reason": "又来电"}));
        assert!(law(&brought).is_running());
        assert_eq!(law(&brought).due_at, law(&taken_back).due_at, "the same day as before");
        let unsorted = desk.open_with(|body| {
            body.as_object_mut().unwrap().remove("category");
        });
        let gone = desk.act(&unsorted, "withdraw", json!({"mode": "phone", "reason": "不投诉了"}));
        assert_eq!(gone.state, State::Withdrawn);
        assert_eq!(desk.act(&gone, "reopen", json!({"reason": "又来电"})).state, State::Triage);
    });
}

#[test]
fn voiding_takes_two() {
    each(|desk| {
        let case = desk.open();
        assert_eq!(desk.refused(&case, "confirm-void", json!({"decision": "confirm"})), "void_not_asked");
        let asked = desk.act(&case, "request-void", json!({"reason": "重复录入"}));
        assert_eq!(desk.refused(&asked, "request-void", json!({"reason": "x"})), "void_already_asked");
        assert_eq!(desk.refused(&asked, "confirm-void", json!({"decision": "confirm"})), "own_void_request");
        let kept = desk.try_act(&desk.lead, &asked, "confirm-void", json!({"decision": "refuse"})).unwrap().case;
        assert_eq!((kept.state, kept.void_asked_by), (State::Registered, None));
        let asked = desk.act(&kept, "request-void", json!({"reason": "重复录入"}));
        let void = desk.try_act(&desk.lead, &asked, "confirm-void", json!({"decision": "confirm"})).unwrap().case;
        assert_eq!(void.state, State::Voided);
        assert_eq!(desk.refused(&void, "reopen", json!({"reason": "x"})), "not_closed");
    });
}

#[test]
fn of_merged_cases_the_earliest_clock_wins_and_everyone_is_answered() {
    each(|desk| {
        let early = "2026-11-20T09:00:00+08:00";
        let boss = desk.house.user("boss", Role::Supervisor, "");
        let mut old = intake();
        old["received_at"] = json!(early);
        old["complainant"] = json!({"name": "李红", "phone": "13700137000"});
        old["external"] = json!([]);
        let old = desk.house.try_register(&boss, old).unwrap().case;
        let lead = desk.open();
        let merged = desk.act(&old, "merge", json!({"into": lead.number, "reason": "同一扣费"}));
        assert_eq!((merged.state, merged.merged_into.clone().unwrap().1), (State::Merged, lead.number.clone()));
        assert!(merged.clocks.iter().all(|clock| !clock.is_open()));
        let lead = desk.now(&lead);
        assert_eq!(lead.absorbed.len(), 1);
        for clock in lead.clocks.iter().filter(|clock| clock.is_open()) {
            let theirs = old.clocks.iter().find(|other| other.rule == clock.rule).unwrap();
            assert!(clock.due_at <= theirs.due_at, "{} is later than the earlier case's", clock.rule);
        }
        let ids = [("into", &lead, "same_case"), ("into", &merged, "case_ended")];
        for (_, other, code) in ids {
            assert_eq!(desk.refused(&lead, "merge", json!({"into": other.id.to_string(), "reason": "x"})), code);
        }
        assert_eq!(desk.refused(&lead, "merge", json!({"into": "TS-1", "reason": "x"})), "unknown_case");
        assert_eq!(desk.refused(&lead, "withdraw", json!({"mode": "phone", "reason": "x"})), "merged_wait");
        let lead = desk.answered(&lead);
        let lead = desk.act(&lead, "set-cause", json!({"cause": "BIL.RATE"}));
        let lead = desk.act(&lead, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&lead, "close", json!({})), "gate_merged");
        let own = desk.act(&merged, "reply", json!({"mode": "phone", "content": "已退费"}));
        assert_eq!(own.state, State::Merged);
        let lead = desk.now(&lead);
        assert!(lead.absorbed[0].answered_at.is_some());
        assert_eq!(desk.act(&lead, "close", json!({})).state, State::Closed);
    });
}

#[test]
fn one_reply_can_answer_all_merged_customers() {
    each(|desk| {
        let lead = desk.open();
        let others = [desk.open(), desk.open()];
        for other in &others {
            desk.act(other, "merge", json!({"into": lead.id.to_string(), "reason": "同一扣费"}));
        }
        let lead = desk.act(&desk.now(&lead), "accept", json!({}));
        let lead = desk.act(&lead, "propose", json!({"outcome": "退费"}));
        let lead = desk.try_act(&desk.lead, &lead, "approve", json!({})).unwrap().case;
        let told = json!({"mode": "sms", "content": "已退费", "to_merged": true});
        let lead = desk.act(&lead, "reply", told);
        assert_eq!(lead.unanswered().count(), 0);
        for other in &others {
            assert!(desk.now(other).reply.is_some(), "each has its own proof");
        }
    });
}

#[test]
fn whoever_was_told_an_outcome_that_counts_no_longer_is_told_the_next() {
    each(|desk| {
        let lead = desk.open();
        let others = [desk.open(), desk.open(), desk.open()];
        for other in &others {
            desk.act(other, "merge", json!({"into": lead.id.to_string(), "reason": "同一扣费"}));
        }
        let lead = desk.answered(&desk.now(&lead));
        let content = |words: &str| json!({"mode": "phone", "content": words});
        for other in &others[..2] {
            desk.act(&desk.now(other), "reply", content("已退费"));
        }
        let third = desk.house.user("third", Role::Specialist, "");
        let fourth = desk.house.user("fourth", Role::Supervisor, "");
        let lead = desk.act(&desk.now(&lead), "dispute", json!({"reason": "金额不对"}));
        assert_eq!(lead.unanswered().count(), 3);
        assert!(others.iter().all(|other| desk.now(other).reply.is_none()));
        let early = desk.refused(&desk.now(&others[0]), "reply", content("维持"));
        assert_eq!(early, "lead_not_approved", "the next outcome must be approved first");
        let lead = desk.try_act(&third, &lead, "propose", json!({"outcome": "补退"})).unwrap().case;
        let lead = desk.try_act(&fourth, &lead, "approve", json!({})).unwrap().case;
        let all = json!({"mode": "sms", "content": "补退三十元", "to_merged": true});
        let lead = desk.try_act(&third, &lead, "reply", all).unwrap().case;
        assert_eq!(lead.unanswered().count(), 0);
        let lead = desk.act(&lead, "set-cause", json!({"cause": "BIL.RATE"}));
        let lead = desk.act(&lead, "ask-satisfaction", json!({"mode": "phone"}));
        let lead = desk.act(&lead, "close", json!({}));
        // One of them is erased after the close: nobody can tell them anything any more, and nobody waits for that.
        let compliance = desk.house.user("compliance", Role::Compliance, "");
        let gone = CaseRef::Id(others[2].id);
        desk.house.wait(desk.house.desk.erase(&compliance, &gone, "request")).unwrap();
        let lead = desk.act(&lead, "reopen", json!({"reason": "仍在扣费"}));
        assert_eq!(lead.unanswered().map(|one| one.case).collect::<Vec<_>>(), [others[0].id, others[1].id]);
        let waits = desk.house.wait(desk.house.desk.erase(&compliance, &CaseRef::Id(others[1].id), "request"));
        assert_eq!(refusal(waits.unwrap_err()).code, "person_has_open_case", "they wait for their answer");
    });
}

#[test]
fn what_a_merged_customer_was_promised_is_kept_in_the_other_case() {
    each(|desk| {
        let lead = desk.open();
        let lead = desk.act(&lead, "promise", json!({"what": "回电", "due_at": "2026-11-26T10:00:00+08:00"}));
        let other = desk.open_with(|body| body["promised_at"] = json!("2026-11-25T09:00:00+08:00"));
        let other = desk.act(&other, "promise", json!({"what": "寄发票", "due_at": "2026-11-25T10:00:00+08:00"}));
        let other = desk.act(&other, "promise", json!({"what": "上门", "due_at": "2026-11-28T10:00:00+08:00"}));
        let other = desk.act(&other, "keep-promise", json!({"promise": 2}));
        desk.act(&other, "merge", json!({"into": lead.number, "reason": "同一扣费"}));
        let lead = desk.now(&lead);
        let there: Vec<_> =
            lead.promises.iter().filter_map(|one| Some((one.id, one.origin.as_ref()?.promise))).collect();
        assert_eq!(there, [(2, 0), (3, 1)], "what was kept stays behind");
        // They are broken in time, once, and told to whoever holds the case now.
        desk.house.desk.time().advance(jiff::SignedDuration::from_hours(30));
        for _ in 0..2 {
            desk.house.wait(desk::jobs::run_timely(&desk.house.desk, "node")).unwrap();
        }
        let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(lead.id))).unwrap();
        let broken = view.entries.iter().flat_map(|entry| &entry.events);
        let broken: Vec<_> = broken.filter(|event| matches!(event, Event::PromiseBroken { .. })).collect();
        assert_eq!(broken, [&Event::PromiseBroken { id: 2 }, &Event::PromiseBroken { id: 3 }]);
        let lead = view.case;
        assert_eq!(desk.refused(&lead, "keep-promise", json!({"promise": 2})), "promise_is_the_reply");
        let lead = desk.act(&lead, "keep-promise", json!({"promise": 1}));
        let lead = desk.act(&lead, "keep-promise", json!({"promise": 3, "remark": "已寄出，13900139000"}));
        let kept = desk.now(&other).promises.into_iter().find(|promise| promise.id == 1).unwrap();
        assert!(kept.kept_at.is_some() && kept.broken);
        let lead = desk.answered(&lead);
        assert_eq!(lead.open_promises().map(|promise| promise.id).collect::<Vec<_>>(), [2]);
        desk.act(&desk.now(&other), "reply", json!({"mode": "phone", "content": "已退费"}));
        assert_eq!(desk.now(&lead).open_promises().count(), 0, "the reply to that customer was the promise");
        assert_eq!(desk.now(&other).open_promises().count(), 0);
    });
}

#[test]
fn both_sides_know_of_a_link() {
    each(|desk| {
        let (one, two) = (desk.open(), desk.open());
        let one = desk.act(&one, "link", json!({"to": two.number, "relation": "predecessor"}));
        assert_eq!(one.links[0].number, two.number);
        let two = desk.now(&two);
        assert_eq!((two.links[0].number.as_str(), two.links[0].relation.code()), (one.number.as_str(), "successor"));
        assert_eq!(two.version, 2);
        assert_eq!(desk.refused(&one, "link", json!({"to": two.number, "relation": "predecessor"})), "already_linked");
        let area = desk.house.user("far", Role::Specialist, "33");
        let theirs = desk.house.try_register(
            &area,
            json!({
                "kind": "complaint", "accept_channel": "hotline", "category": "B204", "description": "x",
                "complainant": {"name": "甲"}, "region": "330100",
            }),
        );
        let theirs = theirs.unwrap().case;
        let refused = refusal(
            desk.house
                .act(&area, &CaseRef::Id(theirs.id), 1, "link", json!({"to": one.number, "relation": "related"}))
                .unwrap_err(),
        );
        assert_eq!(refused.faults[0].code, "unknown_case", "a case elsewhere is not there");
    });
}

#[test]
fn only_clocks_that_may_stand_still_while_a_case_waits() {
    each(|desk| {
        let case = desk.act(&desk.open(), "accept", json!({}));
        let rules = desk.house.desk.library().rules_of(&case).unwrap();
        let may = |rule: &str| rules.clock(rule).unwrap().pausable != policy::Pausing::Never;
        let past = json!({"wait_for": "waiting_parts", "until": "2026-11-24T03:00:00Z", "reason": "缺货"});
        assert_eq!(desk.refused(&case, "suspend", past), "in_past");
        let long = json!({"wait_for": "waiting_parts", "until": "2027-03-01T00:00:00Z", "reason": "缺货"});
        assert_eq!(desk.refused(&case, "suspend", long), "suspended_too_long");
        let until = json!({"wait_for": "waiting_parts", "until": "2026-11-27T12:00:00+08:00", "reason": "缺货"});
        let waits = desk.act(&case, "suspend", until);
        assert_eq!(waits.state, State::Suspended);
        assert!(waits.clocks.iter().any(Clock::is_paused), "the pack lets some stand");
        for clock in waits.clocks.iter().filter(|clock| clock.is_open()) {
            assert_eq!(clock.is_paused(), may(&clock.rule), "{}", clock.rule);
        }
        assert_eq!(desk.refused(&waits, "propose", json!({"outcome": "x"})), "suspended");
        let grade = json!({"severity": "major", "urgency": "urgent", "reason": "升级"});
        assert_eq!(desk.refused(&waits, "re-grade", grade), "suspended");
        desk.house.desk.time().advance(jiff::SignedDuration::from_hours(30));
        let goes_on = desk.act(&waits, "resume", json!({}));
        assert_eq!(goes_on.state, State::Accepted);
        for clock in goes_on.clocks.iter().filter(|clock| clock.is_open()) {
            let before = waits.clocks.iter().find(|before| before.rule == clock.rule).unwrap();
            if may(&clock.rule) {
                assert!(clock.due_at >= before.due_at && !clock.is_paused(), "{}", clock.rule);
                let why = desk.house.wait(desk.house.desk.explain(&desk.who, &CaseRef::Id(case.id), &clock.rule));
                assert_eq!(why.unwrap()[0].explanation.due_at, clock.due_at, "{} explains itself", clock.rule);
            } else {
                assert_eq!(clock.due_at, before.due_at, "{} never stands still", clock.rule);
            }
        }
        // Left alone, it goes on by itself when its time is up.
        let again = json!({"wait_for": "waiting_customer", "until": "2026-11-26T18:00:00+08:00", "reason": "待客户"});
        let waits = desk.act(&goes_on, "suspend", again);
        desk.house.desk.time().advance(jiff::SignedDuration::from_hours(24));
        desk.house.wait(desk::jobs::run_timely(&desk.house.desk, "node")).unwrap();
        let now = desk.now(&waits);
        assert_eq!((now.state, now.suspension.is_none()), (State::Accepted, true));
    });
}
