//! What packs of other countries say of customers and places, end to end: whom a rule is for, whose holidays count, what
//! becomes a complaint, what a deadlock opens, and what is owed without anybody asking.

use crate::scenarios::house_under;
use crate::{House, intake, refusal};
use desk::{Caller, CaseRef};
use domain::actor::{ActorId, Role};
use domain::case::Case;
use domain::case::compensation::Standing;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::testing::each_database;

pub(crate) struct Desk {
    pub(crate) house: House,
    pub(crate) clerk: Caller,
    pub(crate) lead: Caller,
}

impl Desk {
    pub(crate) fn under(scratch: &store::testing::Scratch, stack: &str) -> Self {
        let house = house_under(scratch, stack);
        let (clerk, lead) = (house.user("clerk", Role::Specialist, ""), house.user("lead", Role::Supervisor, ""));
        Self { house, clerk, lead }
    }

    pub(crate) fn take_in(&self, change: impl FnOnce(&mut Value)) -> Case {
        let mut body = intake();
        body["external"] = json!([]);
        change(&mut body);
        self.house.try_register(&self.clerk, body).unwrap().case
    }

    pub(crate) fn now(&self, case: &Case) -> Case {
        self.house.wait(self.house.desk.case(&self.clerk, &CaseRef::Id(case.id))).unwrap().case
    }

    pub(crate) fn act_as(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> Result<Case, desk::DeskError> {
        let seen = self.now(case).version;
        self.house.act(who, &CaseRef::Id(case.id), seen, verb, body).map(|done| done.case)
    }

    pub(crate) fn act(&self, case: &Case, verb: &str, body: Value) -> Case {
        self.act_as(&self.clerk, case, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}"))
    }

    /// Issues a letter with every blank filled in.
    pub(crate) fn write(&self, case: &Case, letter: &str, medium: &str) -> Case {
        let view = self.house.wait(self.house.desk.case(&self.clerk, &CaseRef::Id(case.id))).unwrap();
        let draft = self.house.desk.letter_draft(&view, letter, None).unwrap();
        let mut content = draft.content;
        for blank in &draft.blanks {
            content = content.replace(&format!("{{{blank}}}"), "2028-01-01");
        }
        let language = draft.language;
        let body =
            json!({"letter": letter, "language": language, "medium": medium, "content": content, "reference": "P1"});
        self.act(case, "issue-letter", body)
    }

    pub(crate) fn wait(&self, hours: i64) {
        self.house.desk.time().advance(SignedDuration::from_hours(hours));
        self.house.wait(desk::jobs::timers::ring_due(&self.house.desk)).unwrap();
    }
}

fn due(case: &Case, rule: &str) -> Option<Timestamp> {
    case.clocks.iter().find(|clock| clock.rule == rule).map(|clock| clock.due_at)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_holidays_of_the_customers_state_count() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "au");
        // Ten in the morning of Friday 30 April 2027 in the east. The Monday after is Labour Day in Queensland and no holiday
        // in New South Wales.
        desk.wait(108 * 24 - 4);
        let in_state = |region: Option<&str>| {
            desk.take_in(|body| {
                body["accept_channel"] = json!("email");
                body["subscription"]["region"] = region.map_or(Value::Null, |region| json!(region));
            })
        };
        let (nsw, qld) = (in_state(Some("AU-NSW")), in_state(Some("AU-QLD")));
        assert_eq!(due(&nsw, "au_ack_other"), Some(at("2027-05-04T23:59:59+10:00")));
        assert_eq!(due(&qld, "au_ack_other"), Some(at("2027-05-05T23:59:59+10:00")));
        assert_eq!(due(&in_state(None), "au_ack_other"), Some(at("2027-05-04T23:59:59+10:00")), "the usual one");
        let ids = |case: &Case| case.calendars.iter().map(|pin| pin.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&nsw), ids(&qld)), (vec!["AU-NSW".to_owned()], vec!["AU-QLD".to_owned()]), "what governs it");
        let library = desk.house.desk.library();
        let rules = library.rules_of(&qld).unwrap();
        let facts = domain::case::grade::facts(&qld, &rules, library.taxonomy());
        let why = rules.explain("au_ack_other", qld.received_at, &facts, qld.grade).unwrap();
        let told = why.lines(policy::Lang::En).join("\n");
        assert!(told.contains("AU-QLD") && told.contains("Labour Day"), "{told}");
        // A part of the country nobody knows is refused with its field.
        let mut wrong = intake();
        wrong["subscription"]["region"] = json!("AU-XYZ");
        let faults = domain::intake::Intake::read(wrong).unwrap_err();
        assert_eq!((faults[0].field.as_str(), faults[0].code), ("subscription.region", "bad_region"));
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_rule_is_for_some_customers_only() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let of = |segment: Option<&str>| {
            desk.take_in(|body| body["subscription"]["segment"] = segment.map_or(Value::Null, |one| json!(one)))
        };
        for (segment, theirs) in
            [(Some("residential"), true), (Some("small_business"), true), (None, true), (Some("public"), false)]
        {
            assert_eq!(due(&of(segment), "uk_adr_notice").is_some(), theirs, "{segment:?}");
        }
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_deadlock_brings_the_letter_before_the_six_weeks() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "uk");
        let case = desk.take_in(|body| body["amount"] = json!({"value": "40.00", "currency": "GBP"}));
        let early = desk.act_as(&desk.lead, &case, "declare-deadlock", json!({"position": "We stay with it."}));
        assert_eq!(refusal(early.unwrap_err()).code, "no_outcome_told");
        desk.act(&case, "accept", json!({}));
        desk.act(&case, "propose", json!({"outcome": "nothing", "finding": "as agreed"}));
        desk.act_as(&desk.lead, &case, "approve", json!({})).unwrap();
        desk.act(&case, "reply", json!({"mode": "email", "content": "The charge is right."}));
        let case = desk.act_as(&desk.lead, &case, "declare-deadlock", json!({"position": "We stay with it."})).unwrap();
        assert!(case.letters.iter().any(|one| one.rule == "uk_adr_letter" && one.binding && one.issued.is_none()));
        let again = desk.act_as(&desk.lead, &case, "declare-deadlock", json!({"position": "Still."}));
        assert_eq!(refusal(again.unwrap_err()).code, "deadlock_already");
        let case = desk.write(&case, "uk_adr_letter", "email");
        let open = |case: &Case, rule: &str| case.clocks.iter().any(|clock| clock.rule == rule && clock.is_open());
        assert!(open(&case, "uk_adr_notice") && !open(&case, "uk_adr_application"), "sent, and not arrived yet");
        let id = case.letters.iter().find(|one| one.rule == "uk_adr_letter").unwrap().id;
        let case = desk.act(&case, "record-delivery", json!({"letter": id, "reference": "D1"}));
        assert!(!open(&case, "uk_adr_notice") && open(&case, "uk_adr_application"), "the letter is what was due");
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_owed_proposes_itself_when_all_is_known() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "de");
        let loss = |fee: Option<&str>| {
            let case = desk.take_in(|body| {
                body["kind"] = json!("fault_report");
                body["category"] = json!("A301");
                body["subscription"]["monthly_fee"] =
                    fee.map_or(Value::Null, |fee| json!({"value": fee, "currency": "EUR"}));
            });
            desk.act(&case, "accept", json!({}));
            case
        };
        let (known, unknown) = (loss(Some("40.00")), loss(None));
        desk.wait(24 * 5);
        let missing = |case: &Case| {
            let waiting = desk.house.desk.compensation_waiting(&desk.now(case));
            waiting.into_iter().map(|one| (one.rule, one.missing)).collect::<Vec<_>>()
        };
        let until = vec!["until".to_owned()];
        assert_eq!(missing(&known), [("de_outage".to_owned(), until)], "how long it lasts nobody knows yet");
        let restored = desk.house.desk.time().now().to_string();
        let mend = json!({"outcome": "mended", "finding": "a cable", "restored_at": restored});
        let case = desk.act(&known, "propose", mend.clone());
        let [one] = case.compensations.as_slice() else { panic!("{:?}", case.compensations) };
        // Reported on Tuesday 12 January 2027: nothing for the 13th and 14th, 5 euros for the 15th and 16th, 10 for the
        // 17th; ten percent of 40 euros is less.
        assert_eq!(one.sum.sum().to_string(), "20.00 EUR");
        assert_eq!((one.standing, one.by, one.own), (Standing::Proposed, ActorId::System, false));
        assert_eq!(one.by_effect.as_deref(), Some("de_outage_compensated"));
        assert!(missing(&known).is_empty());
        let rules = desk.house.desk.library().rules_of(&case).unwrap();
        assert!(!one.explained(&rules).unwrap().lines(policy::Lang::En).is_empty(), "explained line by line");
        let case = desk.act_as(&desk.lead, &case, "approve-compensation", json!({"compensation": 1})).unwrap();
        assert_eq!(case.compensations[0].standing, Standing::Approved, "by whoever may");
        assert_eq!(case.compensations.len(), 1, "and not proposed again");
        // Without the fee nothing can be counted: the case says so, and whoever knows it proposes.
        let case = desk.act(&unknown, "propose", mend);
        assert!(case.compensations.is_empty());
        assert_eq!(missing(&unknown), [("de_outage".to_owned(), vec!["monthly_fee".to_owned()])]);
        let fee = json!({"rule": "de_outage", "monthly_fee": {"value": "80.00", "currency": "EUR"}});
        let case = desk.act(&unknown, "propose-compensation", fee);
        assert_eq!(case.compensations[0].sum.sum().to_string(), "32.00 EUR", "8, 8 and 16");
        assert!(missing(&unknown).is_empty());
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn what_nobody_answers_becomes_a_complaint() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "ie");
        let ask = || desk.take_in(|body| body["kind"] = json!("enquiry"));
        let (ignored, told) = (ask(), ask());
        desk.act(&told, "notify-progress", json!({"mode": "email", "content": "We are looking."}));
        assert_eq!(ignored.record.kind.code(), "enquiry");
        // Two working days from Tuesday: over with Thursday the 14th.
        desk.wait(24 * 3 + 12);
        let case = desk.now(&ignored);
        assert_eq!(case.record.kind.code(), "complaint");
        assert_eq!(case.conversions[0].rule, "ie_ignored_enquiry");
        assert!(due(&case, "ie_acknowledge").is_some_and(|due| due > case.conversions[0].at), "counted from then");
        assert!(case.letters.iter().any(|one| one.rule == "ie_acknowledgement"), "what a complaint is owed at receipt");
        assert_eq!(desk.now(&told).record.kind.code(), "enquiry", "somebody answered");
        desk.house.close_down();
    })
    .unwrap();
    // Australia: the report of an outage of many is a complaint as it comes in.
    each_database(|scratch| {
        let desk = Desk::under(scratch, "au");
        let case = desk.take_in(|body| {
            body["kind"] = json!("fault_report");
            body["category"] = json!("A501");
            body["assessment"] = json!({"mass": true});
        });
        assert_eq!((case.record.kind.code(), case.conversions.len()), ("complaint", 1));
        desk.house.close_down();
    })
    .unwrap();
}

/// Letters of a rule that are owed or out.
fn letters(case: &Case, rule: &str) -> usize {
    case.letters.iter().filter(|one| one.rule == rule).count()
}

#[test]
fn who_knows_of_a_delay_says_so_at_once() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "au");
        // Ten working days from Tuesday 12 January 2027 end with the 27th, ten more with 10 February.
        let put_off = |wait_for: &str, until: &str| {
            let case = desk.take_in(|_| ());
            desk.act(&case, "accept", json!({}));
            desk.act(&case, "suspend", json!({"wait_for": wait_for, "until": until, "reason": "parts"}));
            case
        };
        let in_time = put_off("waiting_parts", "2027-01-27T09:00:00+11:00");
        let late = put_off("waiting_parts", "2027-02-05T09:00:00+11:00");
        let very_late = put_off("waiting_parts", "2027-02-11T09:00:00+11:00");
        let theirs = put_off("waiting_customer", "2027-02-11T09:00:00+11:00");
        desk.wait(0);
        let owed = |case: &Case| {
            let case = desk.now(case);
            (letters(&case, "au_delay_notice"), letters(&case, "au_tio_information"))
        };
        assert_eq!([&in_time, &late, &very_late, &theirs].map(owed), [(0, 0), (1, 0), (1, 1), (1, 0)]);
        let notice = |one: &domain::case::Letter| one.rule == "au_delay_notice" && one.binding;
        assert!(desk.now(&late).letters.iter().any(notice), "no case closes before it is out");
        // At the latest it is known when it is so, and it is said once.
        desk.wait(24 * 16);
        assert_eq!([&in_time, &late].map(owed), [(1, 0), (1, 0)]);
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn letters_begin_and_end_limits_of_other_countries() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "au");
        let case = desk.take_in(|_| ());
        desk.act(&case, "record-contact", json!({"mode": "phone", "outcome": "no_answer"}));
        desk.wait(24 * 11);
        assert_eq!(letters(&desk.now(&case), "au_uncontactable"), 1, "ten days without reaching anybody");
        assert_eq!(due(&desk.now(&case), "au_customer_reply"), None);
        let case = desk.write(&case, "au_uncontactable", "post");
        // Saturday 23 January 2027; ten working days without Australia Day end on Monday 8 February.
        assert_eq!(due(&case, "au_customer_reply"), Some(at("2027-02-08T23:59:59+11:00")));
        desk.wait(24 * 20);
        let running = |case: &Case| case.clocks.iter().any(|one| one.rule == "au_tio_info" && one.is_open());
        assert!(running(&desk.now(&case)) && letters(&desk.now(&case), "au_tio_information") > 0);
        assert!(!running(&desk.write(&case, "au_tio_information", "email")), "the ombudsman was named");
        desk.house.close_down();
    })
    .unwrap();
    each_database(|scratch| {
        let desk = Desk::under(scratch, "ie");
        let case = desk.take_in(|_| ());
        desk.act(&case, "notify-progress", json!({"mode": "email", "content": "We are looking."}));
        let open = |case: &Case| case.clocks.iter().any(|one| one.rule == "ie_acknowledge" && one.is_open());
        assert!(open(&desk.now(&case)), "word is no acknowledgement");
        assert!(!open(&desk.write(&case, "ie_acknowledgement", "email")));
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn what_was_agreed_is_credited_within_a_week() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "in");
        let answered = |sums: &[&str]| {
            let case = desk.take_in(|_| ());
            desk.act(&case, "accept", json!({}));
            for (place, sum) in sums.iter().enumerate() {
                let goodwill = json!({"amount": {"value": sum, "currency": "INR"}, "reason": "charged twice"});
                desk.act(&case, "propose-compensation", goodwill);
                let known = desk.now(&case).compensations[place].standing;
                if known == Standing::Proposed {
                    let this = json!({"compensation": place + 1});
                    desk.act_as(&desk.lead, &case, "approve-compensation", this).unwrap();
                }
            }
            desk.act(&case, "propose", json!({"outcome": "credited", "finding": "charged twice"}));
            desk.act_as(&desk.lead, &case, "approve", json!({})).unwrap();
            desk.act(&case, "reply", json!({"mode": "phone", "content": "You get it back."}))
        };
        assert_eq!(due(&answered(&[]), "in_credit"), None, "nothing was agreed upon");
        let case = answered(&["120.00", "80.00"]);
        assert_eq!(due(&case, "in_credit"), Some(at("2027-01-19T23:59:59+05:30")));
        let open = |case: &Case| case.clocks.iter().any(|one| one.rule == "in_credit" && one.is_open());
        let pay = |number: u32| {
            let paid = json!({"compensation": number, "mode": "bill_credit"});
            desk.act_as(&desk.lead, &case, "pay-compensation", paid).unwrap()
        };
        assert!(open(&pay(1)), "the other is still owed");
        let case = pay(2);
        let clock = case.clocks.iter().find(|one| one.rule == "in_credit").unwrap();
        assert_eq!(clock.ended.map(|(outcome, _)| outcome), Some(domain::event::ClockOutcome::Met));
        desk.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_contract_is_cancelled_within_days_of_its_document() {
    each_database(|scratch| {
        let desk = Desk::under(scratch, "jp");
        let ask = |came: Option<&str>| {
            desk.take_in(|body| {
                body["category"] = json!("C601");
                body["kind"] = json!("service_request");
                body["contract_document_at"] = came.map_or(Value::Null, |came| json!(came));
            })
        };
        let windows = desk.house.desk.windows(&ask(Some("2027-01-08T10:00:00+09:00"))).unwrap();
        let closes: Vec<_> = windows.known.iter().map(|one| (one.rule.as_str(), one.closes_at)).collect();
        assert_eq!(closes, [("jp_initial_cancellation", at("2027-01-15T23:59:59+09:00"))], "the 8th is day one");
        assert_eq!(desk.house.desk.windows(&ask(None)).unwrap().missing, ["contract_document_at"]);
        let mut body = intake();
        body["contract_document_at"] = json!("2027-03-01T10:00:00+09:00");
        let refused = refusal(desk.house.try_register(&desk.clerk, body).unwrap_err());
        assert_eq!((refused.faults[0].field.as_str(), refused.faults[0].code), ("contract_document_at", "in_future"));
        desk.house.close_down();
    })
    .unwrap();
}
