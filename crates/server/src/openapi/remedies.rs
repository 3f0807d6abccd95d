//! Shapes of answers about remedies, billing and the survey.

use super::answers::object;
use super::shapes::{list, moment, text, truth, whole};
use domain::case::compensation::Standing;
use domain::case::remedy::{From, Kind};
use serde_json::{Value, json};

fn codes(codes: &[&str]) -> Value {
    json!({"type": "string", "enum": codes})
}

fn money() -> Value {
    object(json!({"value": text(), "currency": text()}))
}

fn by() -> Value {
    object(json!({"id": text(), "name": text()}))
}

fn usual() -> Value {
    object(json!({"count": whole(), "median": money(), "low": money(), "high": money(), "same_cause": truth()}))
}

/// What a remedy has besides what every compensation has.
pub(super) fn of_compensation() -> Value {
    json!({
        "id": text(), "remedy": codes(Kind::CODES), "standing": codes(Standing::CODES), "first": truth(),
        "awaits_verification": truth(), "follows": whole(), "similar": usual(), "unlike": text(), "attempts": whole(),
        "way": text(), "failed": text(),
        "verified": object(json!({"justified": truth(), "finding": text(), "by": by(), "at": moment()})),
        "recovery": object(json!({
            "sum": money(), "from": codes(From::CODES), "partner": text(), "result": text(), "at": moment(),
            "reference": text(),
        })),
    })
}

/// What a case says of its survey.
pub(super) fn of_complaint() -> Value {
    let asked = object(json!({
        "through": text(), "round": whole(), "at": moment(), "said": object(json!({
            "at": moment(), "satisfied": text(), "solved": truth(), "timely": truth(),
        })),
    }));
    json!({
        "surveys": list(&asked),
        "call_backs": list(&object(json!({"by": by(), "at": moment(), "outcome": text(), "round": whole()}))),
        "survey_links": list(&object(json!({
            "link": whole(), "at": moment(), "expires_at": moment(), "round": whole(), "spent": truth(),
        }))),
        "reviews": list(&object(json!({
            "review": whole(), "opened_at": moment(), "round": whole(), "lapsed": truth(), "decision": text(),
            "decided_by": by(), "decided_at": moment(), "reason": text(),
        }))),
    })
}

/// A page of remedies.
pub(super) fn remedies() -> Value {
    let one = object(json!({
        "id": text(), "complaint": text(), "compensation": whole(), "remedy": codes(Kind::CODES),
        "standing": codes(Standing::CODES), "rule": text(), "sum": money(), "verify": truth(), "recovery": text(),
        "category": text(), "attempts": whole(), "way": text(), "proposed_at": moment(), "changed_at": moment(),
    }));
    object(json!({"items": list(&one), "next": text()}))
}

/// What similar cases got.
pub(super) fn similar() -> Value {
    object(json!({"usual": usual(), "items": list(&object(json!({"complaint": text(), "sum": money()})))}))
}

/// Ended cases like another.
pub(super) fn similar_cases() -> Value {
    let why = object(json!({"code": codes(&desk::search::Why::CODES), "words": list(&text())}));
    let remedy = object(json!({"remedy": codes(Kind::CODES), "standing": codes(Standing::CODES), "sum": money()}));
    let one = object(json!({
        "id": text(), "number": text(), "category": text(), "region": text(), "received_at": moment(),
        "closed_at": moment(), "why": list(&why), "outcome": text(), "reply": text(), "cause": text(),
        "remedies": list(&remedy), "satisfied": text(), "useful": truth(),
    }));
    object(json!({"items": list(&one), "complete": truth()}))
}

/// What billing is to do.
pub(super) fn instructions() -> Value {
    let one = object(json!({
        "remedy": text(), "attempt": whole(), "complaint": text(), "kind": codes(Kind::CODES), "sum": money(),
        "account": text(), "sent_at": moment(),
    }));
    let mut file = object(json!({"items": list(&one), "next": text()}));
    if let Some(required) = file.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "next");
    }
    file
}

/// How many were sent.
pub(super) fn sent() -> Value {
    object(json!({"sent": whole()}))
}

/// What was made of what billing says.
pub(super) fn confirmed() -> Value {
    object(json!({"id": text(), "standing": codes(Standing::CODES), "replayed": truth()}))
}

/// What waits to be delivered.
pub(super) fn billing() -> Value {
    object(json!({"waiting": whole(), "tries": whole(), "error": text()}))
}

/// A link that was just made.
pub(super) fn link() -> Value {
    object(json!({
        "complaint": text(), "expires_at": moment(),
        "address": {"type": "string", "description": "Told here once and kept nowhere."},
    }))
}

/// What customers say.
pub(super) fn rates() -> Value {
    let line = object(json!({
        "month": text(), "value": text(), "asked": whole(), "answered": whole(), "satisfied": whole(),
        "neutral": whole(), "dissatisfied": whole(), "solved": whole(), "unsolved": whole(), "timely": whole(),
        "late": whole(), "calls": whole(), "silent_rate": text(), "satisfied_rate": text(), "solved_rate": text(),
        "timely_rate": text(),
    }));
    object(json!({
        "from": text(), "to": text(), "behind": whole(), "going_through": truth(), "items": list(&line),
    }))
}
