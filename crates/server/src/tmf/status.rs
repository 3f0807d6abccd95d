//! The eight words of TM Forum and the states of a case, both ways. A ticket never stands elsewhere than its case: to
//! change the word is to carry out the operations that take the case there, or to be refused as they are.

use super::mapping::Defaults;
use desk::tickets::{Ticket, changed};
use domain::case::{Case, State};
use domain::command::Command;
use domain::event::Event;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The words.
pub(super) const WORDS: [&str; 8] =
    ["acknowledged", "rejected", "pending", "held", "inProgress", "cancelled", "closed", "resolved"];

/// Where each may lead (`tmf621.md`, section 3).
const WAYS: &[(&str, &[&str])] = &[
    ("acknowledged", &["inProgress", "pending", "held", "rejected", "cancelled"]),
    ("inProgress", &["pending", "held", "resolved", "cancelled"]),
    ("pending", &["inProgress", "resolved", "cancelled"]),
    ("held", &["inProgress", "cancelled"]),
    ("resolved", &["closed", "inProgress"]),
];

/// The word for a state; what a case waits for tells pending from held.
fn word(state: State, waits_for: Option<&str>) -> &'static str {
    match state {
        State::Draft | State::Triage | State::Registered => "acknowledged",
        State::Accepted | State::InProgress | State::AwaitingReview | State::AwaitingReply | State::Reopened => {
            "inProgress"
        }
        State::Suspended if waits_for == Some("waiting_customer") => "pending",
        State::Suspended => "held",
        State::AwaitingCustomer => "resolved",
        State::Closed | State::Merged => "closed",
        State::Withdrawn | State::Voided => "cancelled",
        State::Declined => "rejected",
    }
}

/// The states whose cases have any of some words, and whether they say it exactly: whom a suspended case waits for does not
/// stand in its row.
pub(super) fn states(words: &[String]) -> (Vec<State>, bool) {
    let asked = |word: &str| words.iter().any(|one| one == word);
    let (pending, held) = (asked("pending"), asked("held"));
    let meant = |state: &State| match state {
        State::Suspended => pending || held,
        state => asked(word(*state, None)),
    };
    (State::ALL.into_iter().filter(meant).collect(), pending == held)
}

/// The word for a case.
pub(super) fn of(case: &Case) -> &'static str {
    word(case.state, case.suspension.as_ref().map(|suspension| suspension.wait_for.as_str()))
}

/// Since when it has had its word, and all words it had, oldest first, with the reasons clients gave.
pub(super) fn history(ticket: &Ticket) -> (Timestamp, Vec<Value>) {
    let case = &ticket.view.case;
    let mut found: Vec<(&'static str, Timestamp, Option<String>)> = vec![("acknowledged", case.registered_at, None)];
    let mut waits_for: Option<String> = None;
    let mut fresh = false;
    for entry in &ticket.view.entries {
        for event in &entry.events {
            match event {
                Event::Suspended { wait_for, .. } => waits_for = Some(wait_for.clone()),
                Event::Moved { to } => {
                    let word = word(*to, waits_for.as_deref());
                    if found.last().is_none_or(|(last, ..)| *last != word) {
                        found.push((word, entry.at, None));
                        fresh = true;
                    }
                }
                _ => {}
            }
        }
        if let Some(Value::String(reason)) = changed(entry).remove("statusChangeReason") {
            if fresh && let Some((.., why)) = found.last_mut() {
                *why = Some(reason);
            }
            fresh = false;
        }
    }
    let since = found.last().map_or(case.registered_at, |(_, at, _)| *at);
    let told = found.into_iter().map(|(word, at, why)| {
        let mut one = json!({"status": word, "statusChangeDate": super::when(at), "@type": "StatusChange"});
        if let (Some(why), Some(members)) = (why, one.as_object_mut()) {
            members.insert("statusChangeReason".to_owned(), why.into());
        }
        one
    });
    (since, told.collect())
}

/// What takes a case to a word.
///
/// # Errors
/// `ticket_status` when nothing leads there from where it stands.
pub(super) fn way(
    case: &Case,
    to: &str,
    (reason, cause): (Option<&str>, Option<&str>),
    mapping: &Defaults,
    now: Timestamp,
) -> Result<Vec<Command>, Refusal> {
    let from = of(case);
    let refused = || Refusal::conflict("ticket_status").with("from", from).with("to", to);
    let open = WAYS.iter().find(|(word, _)| *word == from).is_some_and(|(_, to_)| to_.contains(&to));
    if !open {
        return Err(refused());
    }
    let mode = mapping.mode.as_str();
    let cause = cause.unwrap_or(&mapping.closing_cause);
    let given = reason.map(str::trim).filter(|reason| !reason.is_empty());
    // A customer is answered with words: those the client gives, else those the house has for it.
    let because = match to {
        "resolved" | "rejected" => given.unwrap_or(&mapping.answer),
        _ => given.unwrap_or("-"),
    };
    let short: String = because.chars().take(1_000).collect();
    let mut steps: Vec<(&str, Value)> = Vec::new();
    // What is waited for ends first, and what nobody took up is taken up.
    match case.state {
        // Somebody has to sort it first; nothing a client does takes that away.
        State::Draft | State::Triage if to == "inProgress" => return Err(refused()),
        State::Suspended if to != "cancelled" => steps.push(("resume", json!({}))),
        State::Registered | State::Reopened if !matches!(to, "cancelled" | "rejected") => {
            steps.push(("accept", json!({})));
        }
        _ => {}
    }
    match to {
        "inProgress" if case.state == State::AwaitingCustomer => steps.push(("dispute", json!({"reason": short}))),
        "inProgress" => {}
        "pending" | "held" => {
            let wait_for = if to == "pending" { "waiting_customer" } else { "waiting_third_party" };
            let until = now + SignedDuration::from_hours(i64::from(mapping.waits_days) * 24);
            steps.push(("suspend", json!({"wait_for": wait_for, "until": until.to_string(), "reason": short})));
        }
        "resolved" => {
            if matches!(
                case.state,
                State::Registered | State::Reopened | State::Accepted | State::InProgress | State::Suspended
            ) {
                steps.push(("propose", json!({"outcome": short})));
            }
            if case.state != State::AwaitingReply {
                steps.push(("approve", json!({})));
            }
            // What was approved here is what the customer hears, unless the client words it.
            let proposed = case.proposal.as_ref().and_then(|proposal| proposal.outcome.plain());
            let approved = proposed.filter(|_| given.is_none() && case.state == State::AwaitingReply);
            steps.push(("reply", json!({"mode": mode, "content": approved.unwrap_or(&short)})));
        }
        "closed" => {
            if !case.confirmed {
                steps.push(("confirm", json!({"mode": mode})));
            }
            if case.cause.is_none() && !cause.is_empty() && case.record.kind.needs_cause() {
                steps.push(("set-cause", json!({"cause": cause})));
            }
            if mapping.closing_asks && !case.satisfaction_asked && case.record.kind.needs_cause() {
                steps.push(("ask-satisfaction", json!({"mode": mode})));
            }
            steps.push(("close", json!({})));
        }
        "cancelled" => steps.push(("withdraw", json!({"mode": mode, "reason": short}))),
        "rejected" => {
            let next = "internal_review";
            let body = json!({"ground": "other", "explanation": short, "next_channel": next, "mode": mode});
            steps.push(("decline", body));
        }
        _ => return Err(refused()),
    }
    steps
        .into_iter()
        .map(|(verb, body)| match Command::read(verb, body) {
            Some(Ok(command)) => Ok(command),
            Some(Err(faults)) => Err(Refusal::invalid(faults)),
            None => Err(refused()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_the_states_that_have_them() {
        let of = |words: &[&str]| states(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["closed"]), (vec![State::Closed, State::Merged], true));
        assert_eq!(of(&["pending"]), (vec![State::Suspended], false));
        assert_eq!(of(&["pending", "held", "nonsense"]), (vec![State::Suspended], true));
        assert_eq!(of(&["Closed"]), (Vec::new(), true));
        let all: Vec<&str> = WORDS.to_vec();
        assert_eq!(of(&all).0.len(), State::ALL.len());
    }

    #[test]
    fn every_way_leads_between_words_there_are() {
        for (from, to) in WAYS {
            assert!(WORDS.contains(from));
            assert!(to.iter().all(|word| WORDS.contains(word) && word != from), "{from}");
        }
        for state in State::ALL {
            assert!(WORDS.contains(&word(state, None)));
        }
    }
}
