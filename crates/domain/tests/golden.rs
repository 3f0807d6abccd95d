//! Every form an entry of the log has ever had can still be read, and today's form is written as it stands here.
//! A file is never changed once released; a new form gets a new file.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use domain::case::Case;
use domain::case::compensation::Standing;
use domain::event::{Entry, PackPin, SCHEMA, read_body, write_body};
use domain::ids::CaseId;

/// The case a golden file adds up to. Today's form is also written as it stands.
fn folded(schema: i64, text: &str) -> Case {
    let mut entries = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let events = read_body(schema, line).unwrap();
        assert!(!events.is_empty());
        if schema == SCHEMA {
            assert_eq!(write_body(&events).unwrap(), line, "line {}", position + 1);
        }
        let version = i64::try_from(position).unwrap() + 1;
        let at = "2026-11-24T04:00:00Z".parse().unwrap();
        let actor = "user:01900000-0000-7000-8000-000000000001".parse().unwrap();
        entries.push(Entry { version, at, actor, verb: "golden".to_owned(), events });
    }
    Case::fold(CaseId::NIL, entries).unwrap()
}

/// The same of a whole life.
fn lived(schema: i64, text: &str) -> Case {
    let case = folded(schema, text);
    assert_eq!(case.state.code(), "reopened");
    assert_eq!(case.round, 2);
    case
}

fn pins(case: &Case) -> Vec<String> {
    case.packs.iter().map(|PackPin { id, version, .. }| format!("{id} {version}")).collect()
}

#[test]
fn schema_1_names_one_pack() {
    let case = lived(1, include_str!("golden/schema-1.jsonl"));
    assert_eq!(pins(&case), ["guide-standard 1.0.0"]);
}

#[test]
fn schema_2_names_a_stack() {
    let case = lived(2, include_str!("golden/schema-2.jsonl"));
    assert_eq!(pins(&case), ["cn-telecom 1.0.0", "guide-standard 1.1.0", "iso-10002 1.0.0"]);
}

#[test]
fn compensation_as_schema_2_writes_it() {
    let case = folded(2, include_str!("golden/schema-2-compensation.jsonl"));
    let found: Vec<_> = case.compensations.iter().map(|one| (one.id, one.standing, one.own)).collect();
    assert_eq!(found, [(1, Standing::Paid, true), (2, Standing::Refused, false), (3, Standing::Approved, false)]);
    let counted = case.compensation(1).unwrap().counted.as_ref().unwrap();
    assert_eq!((counted.exclude.len(), counted.awarded.as_ref().unwrap().minor_units()), (2, 100));
}

#[test]
fn remedies_and_the_survey_as_schema_2_writes_them() {
    use domain::case::remedy::Kind;
    let case = folded(2, include_str!("golden/schema-2-remedies.jsonl"));
    let found: Vec<_> = case.compensations.iter().map(|one| (one.kind, one.standing, one.attempts)).collect();
    let wanted = [
        (Kind::Refund, Standing::Paid, 2),
        (Kind::Refund, Standing::Proposed, 0),
        (Kind::Apology, Standing::Proposed, 0),
    ];
    assert_eq!(found, wanted);
    let first = case.compensation(1).unwrap();
    assert!(first.first && first.verified.as_ref().unwrap().justified && first.similar.as_ref().unwrap().same_cause);
    assert_eq!(first.recovery.as_ref().unwrap().ended.as_ref().unwrap().0, "recovered");
    assert_eq!(case.compensation(2).unwrap().follows, Some(1));
    let said: Vec<_> = case.asked.iter().map(|one| (one.channel.as_str(), one.said.is_some())).collect();
    assert_eq!(said, [("ivr", false), ("link", true), ("call_back", false)]);
    assert!(case.invitations[0].spent && case.call_backs.len() == 1 && case.open_review().is_none());
    assert_eq!(case.reviews[0].decided.as_ref().unwrap().2, "upheld");
}

#[test]
fn what_rules_bring_about_as_schema_2_writes_it() {
    let case = folded(2, include_str!("golden/schema-2-rules.jsonl"));
    assert_eq!(case.conversions.first().map(|one| one.rule.as_str()), Some("au_outage_report"));
    assert_eq!(case.raised_to, [("repair_missed".to_owned(), policy::Grade::Urgent)]);
    assert!(case.compensation_due.contains("rent_waived"));
    assert_eq!(case.compensations.first().and_then(|one| one.by_effect.as_deref()), Some("repair_missed"));
    let letter = case.letters.first().unwrap();
    assert!(letter.binding && letter.issued.is_some() && letter.delivered_at.is_some());
    assert!(case.deadlock_at.is_some());
    assert_eq!(case.opened.first().map(|(route, _)| route.as_str()), Some("tio"));
    assert_eq!(case.referrals.first().map(|one| one.stage()), Some("fed_back"));
    assert!(case.holds.iter().all(|hold| !hold.lasts()) && case.legal_holds.iter().all(|hold| !hold.lasts()));
    assert_eq!((case.holds.len(), case.legal_holds.len()), (1, 1));
}

#[test]
fn work_orders_as_schema_2_writes_them() {
    use domain::case::order::Standing::{Accepted, Cancelled, Done, Refused, Returned, Sent};
    let case = folded(2, include_str!("golden/schema-2-orders.jsonl"));
    let found: Vec<_> = case.orders.iter().map(|order| (order.id, order.standing)).collect();
    let wanted = [Done, Refused, Refused, Cancelled, Returned, Accepted, Sent, Sent];
    assert_eq!(found, (1..).zip(wanted).collect::<Vec<_>>());
    let first = case.order(1).unwrap();
    assert_eq!((first.urged, first.bounced, first.handed_over), (2, 1, 1));
    assert!(first.late.is_empty(), "a new limit has not passed");
    let visit = case.order(5).unwrap();
    assert!(visit.part_of == Some(4) && visit.missed_visits == 1 && visit.visit.unwrap().arrived_at.is_some());
    assert!(case.order(4).unwrap().ruled && case.rulings.len() == 1 && case.ownership.is_none());
}

#[test]
fn mentions_as_schema_2_writes_them() {
    let case = folded(2, include_str!("golden/schema-2-mentions.jsonl"));
    assert_eq!((case.version, case.state.code()), (2, "triage"), "a mention moves nothing");
}

#[test]
fn tickets_as_schema_2_writes_them() {
    let case = folded(2, include_str!("golden/schema-2-tickets.jsonl"));
    assert_eq!((case.version, case.state.code()), (3, "triage"), "what a ticket says moves nothing");
}

#[test]
fn advice_as_schema_2_writes_it() {
    let case = folded(2, include_str!("golden/schema-2-advice.jsonl"));
    let helped: Vec<_> = case.helped.values().copied().collect();
    assert_eq!((case.version, helped), (3, vec![false]), "what was said last counts");
}

#[test]
fn messages_as_schema_2_writes_them() {
    use domain::case::message::{Stage, Why};
    let case = folded(2, include_str!("golden/schema-2-messages.jsonl"));
    let found: Vec<_> = case.messages.iter().map(|one| (one.stage, one.why)).collect();
    assert_eq!(found, [(Stage::Delivered, None), (Stage::Failed, Some(Why::CameBack))]);
}

#[test]
fn messages_name_the_entry_that_wrote_them() {
    let case = folded(2, include_str!("golden/schema-2-message-entries.jsonl"));
    assert_eq!(case.messages.len(), 2);
}

#[test]
fn limits_of_orders_as_schema_2_writes_them() {
    use domain::case::order::Limit;
    let case = folded(2, include_str!("golden/schema-2-order-limits.jsonl"));
    let at = |text: &str| Some(text.parse::<jiff::Timestamp>().unwrap());
    let visit = case.order(1).unwrap();
    assert_eq!((visit.reply_by, visit.contact_by), (at("2026-11-24T12:00:00Z"), None));
    assert_eq!(visit.visit.map(|one| one.missed_after), at("2026-11-24T09:00:00Z"));
    assert_eq!(visit.by_rule.iter().map(|set| set.limit).collect::<Vec<_>>(), [Limit::Arrive, Limit::Answered]);
    let supervised = case.order(2).unwrap();
    assert_eq!((supervised.accept_by, supervised.reply_by), (at("2026-11-24T11:00:00Z"), at("2026-11-24T14:00:00Z")));
}

#[test]
fn bounced_answers_as_schema_2_writes_them() {
    use domain::case::order::{Limit, Standing::Accepted};
    let case = folded(2, include_str!("golden/schema-2-bounces.jsonl"));
    let order = case.order(1).unwrap();
    assert_eq!((order.standing, order.bounced, order.contact_by), (Accepted, 1, None));
    assert_eq!(order.by_rule.iter().map(|set| set.limit).collect::<Vec<_>>(), [Limit::Reply]);
}

#[test]
fn a_payment_by_an_earlier_sending_as_schema_2_writes_it() {
    let case = folded(2, include_str!("golden/schema-2-paid-earlier.jsonl"));
    assert_eq!(case.compensation(1).unwrap().paid.as_ref().unwrap().reference.as_deref(), Some("B-1"));
}

#[test]
fn readings_as_schema_2_writes_them() {
    use domain::case::reading::Standing::{Lapsed, Returned, Used};
    let case = folded(2, include_str!("golden/schema-2-readings.jsonl"));
    let found: Vec<_> = case.readings.iter().map(|one| (one.id, one.paper.code(), one.standing)).collect();
    assert_eq!(found, [(1, "reply", Returned), (2, "reply", Used), (3, "letter", Lapsed)]);
}

#[test]
fn what_is_newer_or_broken_is_refused() {
    assert!(read_body(SCHEMA + 1, "[]").is_err());
    for schema in 1..=SCHEMA {
        for body in ["{", "{}", "[1]", "null", "[{\"type\":\"registered\",\"pack\":1}]"] {
            assert!(read_body(schema, body).is_err(), "{schema} {body}");
        }
    }
}

#[test]
fn incidents_as_schema_2_writes_them() {
    let case = folded(2, include_str!("golden/schema-2-incident.jsonl"));
    let member = case.incident.unwrap();
    assert_eq!((member.number.as_str(), member.master, member.told_at), ("IN-20261124-1", true, None));
}
