//! What rules bring about by themselves: nothing of it is lost, whichever door came first, and each thing sees the one
//! before. The rules are the shipped ones with a few more, for customers of five stars only.

use crate::lives::{Desk, desk_of};
use crate::{House, collect, intake, key_file, refusal};
use desk::jobs::{queue, timers};
use desk::library::DataFile;
use desk::time::Time;
use desk::{Desk as House_, Library, Setup};
use domain::case::{Case, State};
use domain::event::Event;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use policy::Grade;
use serde_json::{Value, json};
use std::path::Path;
use store::testing::each_database;
use tokio::runtime::Runtime;

const PRACTICE: &str = r#"
[[effect]]
id = "told_at_once"
title = { zh = "即时告知", en = "Told at once" }
layer = "practice"
basis = "proposal"
confidence = "unverified"
source = "product"
at = "event:received"
do = ["notify:supervisor"]
applies = { star = 5 }

[[effect]]
id = "graver"
title = { zh = "更重大", en = "Graver" }
layer = "practice"
basis = "proposal"
confidence = "unverified"
source = "product"
at = "event:accepted"
do = ["raise:major"]
applies = { star = 5 }

[[effect]]
id = "faster"
title = { zh = "更紧急", en = "Faster" }
layer = "practice"
basis = "proposal"
confidence = "unverified"
source = "product"
at = "event:accepted"
do = ["raise:urgent"]
applies = { star = 5 }
"#;

const LAW: &str = r#"
[[effect]]
id = "written_after_answer"
title = { zh = "答复后发函", en = "A letter after the answer" }
layer = "law"
basis = "law"
confidence = "low"
source = "telecom-regulations"
at = "event:replied"
do = ["letter:repair_late"]
applies = { star = 5 }
"#;

fn each(test: impl Fn(&Desk<'_>) + Copy) {
    each_database(|scratch| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
        let mut files: Vec<DataFile> = Vec::new();
        collect(&root, &root, &mut files);
        for file in &mut files {
            match file.path.as_str() {
                "guide-standard.toml" => file.text.push_str(PRACTICE),
                "cn-telecom.toml" => file.text.push_str(LAW),
                _ => {}
            }
        }
        let library = Library::load(&files).unwrap();
        let time = Time::at(crate::NOON.parse().unwrap());
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let setup = Setup { db: scratch.open().unwrap(), library, zone, time };
        let desk = House_::open(setup, &key_file(scratch)).unwrap();
        let house = House { desk, runtime: Runtime::new().unwrap() };
        test(&desk_of(&house));
        house.close_down();
    })
    .unwrap();
}

/// A complaint of a customer with five stars.
fn five_stars(desk: &Desk<'_>) -> Case {
    desk.open_with(|body| {
        body["subscription"]["star"] = json!(5);
        body["external"] = json!([]);
    })
}

/// A broadband line in town that does not work.
pub(crate) fn dead_line(desk: &Desk<'_>) -> Case {
    desk.open_with(|body| {
        body["kind"] = json!("fault_report");
        body["category"] = json!("A301");
        body["subscription"]["product"] = json!("broadband");
        body["place"] = json!({"text": "张江路", "area_type": "urban"});
        body["external"] = json!([]);
    })
}

pub(crate) fn letter(case: &Case, desk: &Desk<'_>) -> Value {
    let rules = desk.house.desk.library().rules_of(case).unwrap();
    let rule = rules.letter("repair_late").unwrap();
    let known = rule.blanks("zh-CN").into_iter().map(|blank| (blank, "见案件记录".to_owned())).collect();
    let content = rule.compose("zh-CN", &known).unwrap();
    json!({"letter": "repair_late", "language": "zh-CN", "medium": "sms", "content": content})
}

#[test]
fn what_rules_say_at_a_registration_reaches_people() {
    each(|desk| {
        five_stars(desk);
        desk.house.wait(queue::work(&desk.house.desk, "node")).unwrap();
        let told = desk.house.wait(desk.house.desk.notices(&desk.lead)).unwrap();
        let told: Vec<_> = told.iter().map(|notice| (notice.kind.as_str(), notice.rule.as_deref())).collect();
        assert_eq!(told, [("rule_reminds", Some("told_at_once"))]);
    });
}

#[test]
fn two_effects_of_one_moment_both_count_and_a_new_category_takes_neither_back() {
    each(|desk| {
        let case = desk.act(&five_stars(desk), "accept", json!({}));
        assert_eq!((case.grade, case.grade_row.as_str()), (Grade::Urgent, "urgent-major"));
        assert!(["graver", "faster"].iter().all(|rule| case.raised_by.iter().any(|by| by == rule)));
        let raised = case.clocks.iter().filter(|clock| clock.is_open()).map(|clock| (&clock.rule, clock.round));
        let mut once: Vec<_> = raised.clone().collect();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), raised.count(), "no rule runs twice");
        let case = desk.act(&case, "classify", json!({"category": "B101"}));
        assert_eq!((case.grade, case.grade_row.as_str()), (Grade::Urgent, "urgent-major"));
        assert!(["graver", "faster"].iter().all(|rule| case.raised_by.iter().any(|by| by == rule)));
    });
}

#[test]
fn whoever_ends_a_late_clock_before_its_timer_does_not_undo_what_is_owed() {
    each(|desk| {
        let case = desk.act(&dead_line(desk), "accept", json!({}));
        let seen = case.version;
        desk.house.desk.time().advance(SignedDuration::from_hours(60));
        // No timer has come by.
        let restored = desk.house.desk.time().now().to_string();
        let case = desk.act(&case, "propose", json!({"outcome": "已修复", "restored_at": restored}));
        assert_eq!(case.version, seen + 1);
        assert!(case.letters.iter().any(|one| one.rule == "repair_late" && one.binding));
        assert!(case.compensation_due.contains("rent_waived"));
        desk.house.wait(timers::ring_due(&desk.house.desk)).unwrap();
        assert_eq!(desk.now(&case).letters.len(), case.letters.len(), "once and no more");
        // Nor does the other case's customer lose it by a merging.
        let other = desk.open();
        assert_eq!(desk.refused(&case, "merge", json!({"into": other.number, "reason": "x"})), "gate_compensation_due");
    });
}

#[test]
fn a_reminder_makes_nobodys_work_stale() {
    each(|desk| {
        let case = desk.act(&dead_line(desk), "accept", json!({}));
        let solution = case.clocks.iter().find(|clock| clock.rule == "grade_solution").unwrap().due_at;
        desk.house.desk.time().set(solution + SignedDuration::from_secs(1));
        desk.house.wait(timers::ring_due(&desk.house.desk)).unwrap();
        let rung = desk.now(&case);
        assert!(rung.version > case.version);
        // What a late repair leads to is more than a reminder.
        assert!(matches!(
            desk.try_act(&desk.who, &case, "note", json!({"text": "x"})),
            Err(desk::DeskError::Stale { .. })
        ));
        let plain = desk.open_with(|body| body["external"] = json!([]));
        let solution = plain.clocks.iter().find(|clock| clock.rule == "grade_solution").unwrap().due_at;
        desk.house.desk.time().set(solution + SignedDuration::from_secs(1));
        desk.house.wait(timers::ring_due(&desk.house.desk)).unwrap();
        let entries = desk.house.wait(desk.house.desk.case(&desk.who, &desk::CaseRef::Id(plain.id))).unwrap().entries;
        let reminded = |event: &Event| matches!(event, Event::EffectTaken { rule, .. } if rule == "solution_late");
        assert!(entries.iter().flat_map(|entry| &entry.events).any(reminded));
        desk.act(&plain, "note", json!({"text": "仍在核实"}));
    });
}

#[test]
fn a_merged_customers_own_letter_is_written_before_the_other_case_closes() {
    each(|desk| {
        let lead = desk.open_with(|body| body["external"] = json!([]));
        let merged = desk.act(&five_stars(desk), "merge", json!({"into": lead.number, "reason": "同一扣费"}));
        let lead = desk.answered(&desk.now(&lead));
        let merged = desk.act(&merged, "reply", json!({"mode": "phone", "content": "已退费"}));
        assert!(merged.letters.iter().any(|one| one.binding && one.issued.is_none()));
        let lead = desk.act(&desk.now(&lead), "set-cause", json!({"cause": "BIL.RATE"}));
        let lead = desk.act(&lead, "ask-satisfaction", json!({"mode": "phone"}));
        let refused = refusal(desk.try_act(&desk.who, &lead, "close", json!({})).unwrap_err());
        let missing: Vec<_> = refused.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(missing, ["gate_merged_letter"]);
        assert!(refused.faults[0].params.contains(&("number", merged.number.clone())));
        desk.act(&merged, "issue-letter", letter(&merged, desk));
        assert_eq!(desk.act(&lead, "close", json!({})).state, State::Closed);
    });
}

#[test]
fn a_step_that_makes_it_our_turn_takes_an_ended_case_up_again() {
    each_database(|scratch| {
        let house = crate::scenarios::house_under(scratch, "us");
        let desk = desk_of(&house);
        let merged = desk.open_with(|body| body["external"] = json!([]));
        let case = desk.open_with(|body| body["external"] = json!([]));
        let merged = desk.act(&merged, "merge", json!({"into": case.number, "reason": "the same"}));
        let case = desk.act(
            &desk.now(&case),
            "refer",
            json!({"route": "fcc_informal", "reason": "asks for an answer", "reference": "R0"}),
        );
        let case = desk.answered(&case);
        desk.act(&merged, "reply", json!({"mode": "phone", "content": "refunded"}));
        let case = desk.act(&desk.now(&case), "set-cause", json!({"cause": "BIL.RATE"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_referral");
        // An answer to the body, in whatever letter the way wants.
        let rules = house.desk.library().rules_of(&case).unwrap();
        let needs = rules.route("fcc_informal").unwrap().stage("fed_back").unwrap().needs.clone();
        let mut case = case;
        for need in needs {
            let policy::Need::Letter(id) = need else { continue };
            let rule = rules.letter(&id).unwrap();
            let language = rule.languages.first().unwrap();
            let known = rule.blanks(language).into_iter().map(|blank| (blank, "as agreed".to_owned())).collect();
            let medium = rule.media.first().unwrap().code();
            let content = rule.compose(language, &known).unwrap();
            let body = json!({"letter": id, "language": language, "medium": medium, "content": content});
            case = desk.act(&case, "issue-letter", body);
        }
        let case = desk.act(&case, "record-step", json!({"stage": "fed_back", "reference": "R1"}));
        let case = desk.act(&case, "close", json!({}));
        assert_eq!(desk.refused(&desk.open(), "merge", json!({"into": case.number, "reason": "x"})), "case_ended");
        let back = |remark: Value| json!({"stage": "transferred", "reference": "R2", "remark": remark});
        assert_eq!(desk.refused(&case, "record-step", back(Value::Null)), "required_to_take_up");
        let case = desk.act(&case, "record-step", back(json!("the answer does not do")));
        assert_eq!((case.state, case.round), (State::Reopened, 2));
        assert!(case.clocks.iter().any(|clock| clock.round == 2 && clock.is_open()));
        assert_eq!(case.unanswered().count(), 1, "whoever was told the outcome waits again");
        assert!(desk.now(&merged).reply.is_none());
        assert_eq!(
            desk.refused(&case, "merge", json!({"into": desk.open().number, "reason": "x"})),
            "has_merged_cases"
        );
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_body_that_has_the_matter_in_hand_keeps_a_case_from_going_up_in_another() {
    each_database(|scratch| {
        let house = crate::scenarios::house_under(scratch, "us");
        let desk = desk_of(&house);
        let mut body = intake();
        body["external"] = json!([]);
        let case = house.try_register(&desk.who, body.clone()).unwrap().case;
        let other = house.try_register(&desk.who, body).unwrap().case;
        let referred = json!({"route": "fcc_informal", "reason": "asks for an answer", "reference": "R0"});
        let case = desk.act(&case, "refer", referred);
        let into = json!({"into": other.number, "reason": "the same"});
        assert_eq!(desk.refused(&case, "merge", into), "referral_not_over");
        assert_eq!(desk.refused(&case, "request-void", json!({"reason": "x"})), "referral_not_over");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_owed_for_a_limit_that_was_kept_after_all_is_owed_no_longer() {
    each(|desk| {
        let case = desk.act(&dead_line(desk), "accept", json!({}));
        // Repaired after 40 of 48 hours, and recorded ten hours after the limit, when the timer has come by.
        let repaired = (case.received_at + SignedDuration::from_hours(40)).to_string();
        desk.house.desk.time().advance(SignedDuration::from_hours(58));
        desk.house.wait(timers::ring_due(&desk.house.desk)).unwrap();
        let case = desk.now(&case);
        assert!(case.compensation_due.contains("rent_waived"));
        let case = desk.act(&case, "propose", json!({"outcome": "已修复", "restored_at": repaired}));
        assert!(case.compensations.is_empty(), "nothing was late, so nothing proposes itself");
        let case = finished(desk, &case, "NET.CABLE");
        assert_eq!(case.state, State::Closed);
    });
}

#[test]
fn what_the_true_cause_rules_out_keeps_no_case_open() {
    each(|desk| {
        let case = desk.act(&dead_line(desk), "accept", json!({}));
        desk.house.desk.time().advance(SignedDuration::from_hours(60));
        desk.house.wait(timers::ring_due(&desk.house.desk)).unwrap();
        let case = desk.now(&case);
        assert!(case.compensation_due.contains("rent_waived"));
        let case = desk.act(&case, "propose", json!({"outcome": "用户光猫损坏，已更换"}));
        // The customer is told that it took long; the rent is due for equipment of theirs in no case.
        let case = desk.act(&case, "issue-letter", letter(&case, desk));
        let case = finished(desk, &case, "CUS.EQUIP");
        assert_eq!(case.state, State::Closed);
    });
}

/// From the proposal to the close.
pub(crate) fn finished(desk: &Desk<'_>, case: &Case, cause: &str) -> Case {
    let case = desk.try_act(&desk.lead, case, "approve", json!({})).unwrap().case;
    let case = desk.act(&case, "reply", json!({"mode": "phone", "content": "已修复"}));
    let case = desk.act(&case, "set-cause", json!({"cause": cause}));
    let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
    desk.act(&case, "close", json!({}))
}
