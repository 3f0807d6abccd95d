//! Shapes of answers about notices, followers and mentions.

use super::answers::object;
use desk::mentions::Why;
use desk::notices::MAIL;
use domain::case::notices::KINDS;
use serde_json::{Value, json};

fn text() -> Value {
    json!({"type": "string"})
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// Notices, each by itself and standing together.
pub(super) fn listed() -> Value {
    let kinds = [KINDS, desk::problems::KINDS, desk::incidents::KINDS, desk::bursts::KINDS].concat();
    let kind = json!({"type": "string", "enum": kinds});
    let about = json!({"type": "string", "enum": ["complaint", "problem", "incident", "subscription", "burst"], "description": "What `number` is the number of."});
    let notice = object(json!({
        "id": uuid(), "kind": kind, "number": text(), "about": about, "rule": text(), "percent": {"type": "integer"}, "at": moment(),
        "run": uuid(),
    }));
    let group = object(json!({
        "id": uuid(), "run": {"type": "boolean", "description": "Whether a run over many cases brought them; else they are of one case."},
        "number": text(), "about": about, "cases": {"type": "integer"}, "count": {"type": "integer"}, "at": moment(),
        "kinds": {"type": "array", "items": object(json!({"kind": kind, "count": {"type": "integer"}}))},
    }));
    object(json!({
        "items": {"type": "array", "description": "The newest two hundred.", "items": notice},
        "groups": {"type": "array", "description": "Two hundred a page.", "items": group},
        "next_page": {"type": "integer", "description": "The page that follows, if one does."},
    }))
}

/// Who follows a case.
pub(super) fn followers() -> Value {
    object(json!({
        "items": {"type": "array", "items": object(json!({"user": uuid(), "name": text(), "since": moment()}))},
    }))
}

/// Who else has a case open.
pub(super) fn presence() -> Value {
    let writing = json!({"type": "string", "enum": desk::presence::WRITING,
        "description": "What they are writing; missing while they only read."});
    object(json!({
        "items": {"type": "array", "items": object(json!({"user": uuid(), "name": text(), "writing": writing}))},
    }))
}

/// What somebody chose.
pub(super) fn choices() -> Value {
    object(json!({
        "mail": {"type": "string", "enum": MAIL}, "email": text(), "quiet_from": text(), "quiet_until": text(),
        "urgent": {"type": "boolean"}, "language": text(),
        "bounced": {"type": "string", "description": "Why a server refused the address for good."},
        "mail_goes": {"type": "boolean", "description": "Whether this installation sends mail at all."},
    }))
}

/// A receipt with those who were named and are not told.
pub(super) fn with_warnings(receipt: Value) -> Value {
    let mut described = object(receipt);
    let warnings = json!({"type": "array", "items": object(json!({
        "code": {"type": "string", "enum": Why::CODES}, "username": text(), "detail": text(),
    }))});
    if let Some(properties) = described.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("warnings".to_owned(), warnings);
    }
    described
}
