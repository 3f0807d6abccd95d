//! What the law gave a customer survives the end of the case: letters and compensation owed stand before every door by
//! which a case ends, rights run on behind it, and what the customer is told of times is told by the clock of their place.

use crate::countries::Desk;
use crate::refusal;
use desk::CaseRef;
use domain::case::{Case, State, gates::Ending};
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::testing::each_database;

fn decline() -> Value {
    json!({"ground": "out_of_scope", "explanation": "x", "next_channel": "regulator_appeal", "mode": "email"})
}

fn codes(refused: &Refusal) -> Vec<&str> {
    refused.faults.iter().map(|fault| fault.code).collect()
}

fn missing(desk: &Desk, case: &Case, ending: Ending) -> Vec<&'static str> {
    let case = desk.now(case);
    let rules = desk.house.desk.library().rules_of(&case).unwrap();
    let missing = case.missing_before(ending, &rules, desk.house.desk.library().taxonomy());
    missing.into_iter().map(|fault| fault.code).collect()
}

fn open<'c>(case: &'c Case, rule: &str) -> Option<&'c domain::case::Clock> {
    case.clocks.iter().find(|clock| clock.rule == rule && clock.is_open())
}

/// Answered, and the answer rejected or not.
fn answered(desk: &Desk) -> Case {
    let case = desk.take_in(|body| body["amount"] = json!({"value": "40.00", "currency": "GBP"}));
    desk.act(&case, "accept", json!({}));
    desk.act(&case, "propose", json!({"outcome": "nothing", "finding": "as agreed"}));
    desk.act_as(&desk.lead, &case, "approve", json!({})).unwrap();
    desk.act(&case, "reply", json!({"mode": "email", "content": "The charge is right."}))
}

#[test]
fn a_letter_the_law_wants_stands_before_every_door() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let case = desk.take_in(|_| ());
        desk.act(&case, "accept", json!({}));
        for ending in Ending::OTHERS {
            assert!(missing(&desk, &case, ending).is_empty(), "{ending:?}: nothing is owed yet");
        }
        desk.wait(24 * 50);
        desk.act(&case, "request-void", json!({"reason": "a mistake"}));
        let doors = [
            ("decline", decline(), Ending::Decline),
            ("withdraw", json!({"mode": "phone", "reason": "no more"}), Ending::Withdraw),
            ("confirm-void", json!({"decision": "confirm"}), Ending::Void),
        ];
        for (verb, body, ending) in &doors {
            let refused = refusal(desk.act_as(&desk.lead, &case, verb, body.clone()).unwrap_err());
            assert_eq!((refused.code, codes(&refused)), ("gates_not_met", vec!["gate_letter"]), "{verb}");
            assert_eq!(refused.params, [("verb", (*verb).to_owned())]);
            assert_eq!(missing(&desk, &case, *ending), ["gate_letter"], "{verb}: told before");
        }
        let case = desk.write(&case, "uk_adr_letter", "email");
        let id = case.letters.last().unwrap().id;
        let refused = refusal(desk.act_as(&desk.lead, &case, "withdraw", doors[1].1.clone()).unwrap_err());
        assert_eq!(codes(&refused), ["gate_letter"], "it has not arrived");
        desk.act(&case, "record-delivery", json!({"letter": id, "reference": "D1"}));
        let case = desk.act_as(&desk.lead, &case, "withdraw", doors[1].1.clone()).unwrap();
        assert_eq!(case.state, State::Withdrawn);
        assert!(open(&case, "uk_adr_application").is_some(), "the customer may still change their mind");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_case_registered_by_mistake_owes_no_acknowledgement() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "ie");
        let case = desk.take_in(|_| ());
        assert!(case.letters.iter().any(|one| one.rule == "ie_acknowledgement" && one.binding));
        assert_eq!(missing(&desk, &case, Ending::Withdraw), ["gate_letter"]);
        desk.act(&case, "request-void", json!({"reason": "a test"}));
        let case = desk.act_as(&desk.lead, &case, "confirm-void", json!({"decision": "confirm"})).unwrap();
        assert_eq!(case.state, State::Voided);
        let rules = desk.house.desk.library().rules_of(&case).unwrap();
        assert!(case.letters.iter().all(|one| !domain::case::gates::is_owed(&case, one, &rules)), "it fell away");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn compensation_of_the_law_does_not_vanish_with_the_complaint() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "de");
        let case = desk.take_in(|body| {
            body["category"] = json!("A301");
            body["subscription"] =
                json!({"product": "broadband", "monthly_fee": {"value": "60.00", "currency": "EUR"}});
        });
        desk.act(&case, "accept", json!({}));
        desk.wait(24 * 5);
        for (verb, body) in [("decline", decline()), ("withdraw", json!({"mode": "phone", "reason": "no more"}))] {
            let refused = refusal(desk.act_as(&desk.lead, &case, verb, body).unwrap_err());
            assert!(codes(&refused).contains(&"gate_compensation_due"), "{verb}: {refused:?}");
        }
        assert!(!desk.house.desk.compensation_waiting(&desk.now(&case)).is_empty(), "still asked for");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn one_letter_does_for_both_that_ask_for_it() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let case = answered(&desk);
        let case = desk.write(&case, "uk_adr_letter", "email");
        let id = case.letters.last().unwrap().id;
        desk.act_as(&desk.lead, &case, "declare-deadlock", json!({"position": "We stay with it."})).unwrap();
        assert_eq!(missing(&desk, &case, Ending::Withdraw), ["gate_letter"]);
        desk.act(&case, "record-delivery", json!({"letter": id, "reference": "D1"}));
        assert!(missing(&desk, &case, Ending::Withdraw).is_empty(), "it arrived after the deadlock, and told of it");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_right_of_the_customer_outlives_the_case_and_is_counted_once() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let case = answered(&desk);
        let case = desk.write(&case, "uk_adr_letter", "email");
        let id = case.letters.last().unwrap().id;
        desk.act(&case, "record-delivery", json!({"letter": id, "reference": "D1"}));
        desk.act(&case, "set-cause", json!({"cause": "BIL.RATE"}));
        desk.act(&case, "ask-satisfaction", json!({"mode": "sms"}));
        let closed = desk.act(&case, "close", json!({}));
        let ends = open(&closed, "uk_adr_application").expect("it runs on").due_at;
        assert!(closed.clocks.iter().filter(|clock| clock.rule != "uk_adr_application").all(|clock| !clock.is_open()));
        desk.wait(24 * 30);
        let referred = desk.act(
            &case,
            "refer",
            json!({"route": "cisas", "stage": "notified", "reason": "asks", "reference": "C1"}),
        );
        let counted: Vec<Timestamp> = referred
            .clocks
            .iter()
            .filter(|clock| clock.rule == "uk_adr_application")
            .map(|clock| clock.due_at)
            .collect();
        assert_eq!(counted, [ends], "no second time from the referral");
        desk.house.close_down();
    })
    .unwrap();
}

/// A draft for the case as it stands.
fn draft(desk: &Desk, case: &Case, letter: &str) -> desk::letters::Draft {
    let view = desk.house.wait(desk.house.desk.case(&desk.clerk, &CaseRef::Id(case.id))).unwrap();
    desk.house.desk.letter_draft(&view, letter, Some("en")).unwrap()
}

#[test]
fn letters_tell_the_day_of_the_customers_place() {
    each_database(|scratch| {
        // The house lies in China; the customer does not.
        let desk = Desk::under(scratch, "au");
        let case = desk.take_in(|body| {
            body["accept_channel"] = json!("email");
            body["subscription"]["region"] = json!("AU-WA");
        });
        let answer = open(&case, "au_propose").unwrap().due_at;
        let day = answer.to_zoned_datetime(jiff::tz::TimeZone::get("Australia/Perth").unwrap());
        assert_eq!(day.time(), jiff::civil::time(23, 59, 59, 0));
        let told = draft(&desk, &case, "acknowledgement");
        assert!(!told.blanks.contains(&"answer_due_at".to_owned()), "{told:?}");
        let content = told.content;
        assert!(content.contains(&day.date().to_string()), "the limit of the answer: {content}");
        assert!(!content.contains("23:59") && !content.contains("02:59"), "the day alone: {content}");
        assert!(!content.contains(&open(&case, "au_ack_other").unwrap().due_at.to_string()[..10]), "{content}");
        desk.house.close_down();
    })
    .unwrap();
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        // Half past eleven at night in London is the next day in Shanghai.
        let late: Timestamp = "2027-01-10T23:30:00Z".parse().unwrap();
        let case = desk.house.try_register(&desk.lead, {
            let mut body = crate::intake();
            body["external"] = json!([]);
            body["received_at"] = json!(late.to_string());
            body
        });
        let case = case.unwrap().case;
        let library = desk.house.desk.library();
        assert_eq!(library.received_on(&case, desk.house.desk.zone()).to_string(), "2027-01-10");
        let content = draft(&desk, &case, "uk_adr_letter").content;
        assert!(content.contains("2027-01-10 23:30 +00:00"), "{content}");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn the_end_of_a_counted_right_stands_in_the_letter() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "in");
        let case = answered(&desk);
        let ends = open(&desk.now(&case), "in_appeal_window").expect("it runs from the answer").due_at;
        let told = draft(&desk, &case, "in_action_sms");
        assert!(!told.blanks.contains(&"appeal_closes_at".to_owned()), "{told:?}");
        let day = ends.to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Kolkata").unwrap()).date();
        assert!(told.content.contains(&day.to_string()), "{}", told.content);
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_step_outside_that_is_refused_is_named() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let case = answered(&desk);
        let refer = json!({"route": "cisas", "stage": "notified", "reason": "asks", "reference": "C1"});
        let refused = refusal(desk.act_as(&desk.clerk, &case, "refer", refer).unwrap_err());
        assert_eq!((refused.code, refused.params), ("gates_not_met", vec![("verb", "refer".to_owned())]));
        desk.house.close_down();
    })
    .unwrap();
}
