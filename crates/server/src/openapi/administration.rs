//! Shapes of answers about looking after an installation, and of rules as they are read.

use super::answers::object;
use super::shapes::{list, moment, text, truth, uuid, whole};
use serde_json::{Value, json};

fn person() -> Value {
    object(json!({"id": text(), "name": text()}))
}

fn names() -> Value {
    object(json!({"zh": text(), "en": text()}))
}

fn items(of: &Value) -> Value {
    object(json!({"items": list(of)}))
}

fn any() -> Value {
    json!({"type": "object"})
}

/// Every answer, by name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("Tokens", tokens()),
        ("NewToken", object(json!({"id": uuid(), "token": {"type": "string", "description": "Told here once."}}))),
        ("Roles", roles()),
        ("AuditPage", audit()),
        ("Checkpoints", checkpoints()),
        ("Verifications", verifications()),
        ("AskedVerification", object(json!({"id": uuid()}))),
        ("Health", health()),
        ("SetupState", setup()),
        ("PackText", object(json!({"id": text(), "version": text(), "hash": text(), "pack": any()}))),
        ("PackDiff", object(json!({"before": text(), "after": text(), "changes": list(&any())}))),
        ("VectorReport", vectors()),
        ("Calendars", items(&object(calendar(&json!({}))))),
        (
            "CalendarYear",
            object(calendar(&json!({"year": whole(), "days": list(&object(json!({
                "day": text(), "kind": {"type": "string", "enum": ["off", "make_up", "half_day", "half_day_counts"]},
                "name": names(), "provisional": names(),
            })))}))),
        ),
    ]
}

fn tokens() -> Value {
    items(&object(json!({
        "id": uuid(), "name": text(), "purpose": text(), "role": text(), "region": text(), "scopes": list(&text()),
        "made_by": person(), "made_at": moment(), "expires_at": moment(), "ended_at": moment(), "good": truth(),
    })))
}

fn roles() -> Value {
    object(json!({
        "roles": list(&text()),
        "items": list(&object(json!({"permission": text(), "scope": text(), "roles": list(&text())}))),
    }))
}

fn audit() -> Value {
    object(json!({
        "items": list(&object(json!({
            "at": moment(),
            "ledger": {"type": "string", "enum": ["case", "access", "administration", "problem", "incident"]},
            "subject": uuid(), "number": text(), "version": whole(), "actor": person(), "verb": text(), "told": any(),
        }))),
        "next": text(), "looked": whole(),
    }))
}

fn checkpoints() -> Value {
    object(json!({
        "items": list(&object(json!({
            "n": whole(), "at": moment(), "entries": whole(), "root": text(), "signature": text(), "public_key": text(),
        }))),
        "unsealed": whole(),
    }))
}

fn verifications() -> Value {
    let outcome = object(json!({
        "entries": whole(), "cases": whole(), "checkpoints": whole(), "attachments": whole(), "unsealed": whole(),
        "public_keys": list(&text()), "found": whole(),
        "findings": list(&object(json!({"code": text(), "subject": uuid(), "place": whole(), "detail": text()}))),
    }));
    items(&object(json!({
        "id": uuid(), "state": {"type": "string", "enum": desk::verifications::STATES}, "asked_by": person(),
        "asked_at": moment(), "looked": whole(), "whole": whole(), "ended_at": moment(), "outcome": outcome,
    })))
}

fn health() -> Value {
    object(json!({
        "version": text(), "database": {"type": "string", "enum": ["sqlite", "postgresql"]}, "schema": whole(),
        "trouble": {"type": "string", "enum": ["full", "read_only", "refused"]},
        "room_free": whole(), "room_whole": whole(), "jobs_waiting": whole(), "jobs_dead": whole(),
        "letters_waiting": whole(), "messages_waiting": whole(), "letterbox_waiting": whole(),
        "events_waiting": whole(), "events_dead": whole(), "subscriptions": whole(), "subscriptions_off": whole(),
        "subscriptions_failing": whole(), "checkpoint_at": moment(), "unsealed": whole(), "index": truth(),
        "index_behind": whole(), "now": moment(),
        "duties": list(&object(json!({"name": text(), "next_at": moment(), "held_until": moment()}))),
        "backups": list(&object(json!({
            "made_at": moment(), "file": text(), "bytes": whole(), "entries": whole(),
        }))),
        "items": list(&object(json!({
            "what": text(), "how": {"type": "string", "enum": ["fine", "look", "act"]},
        }))),
    }))
}

fn setup() -> Value {
    object(json!({
        "steps": list(&object(json!({
            "step": {"type": "string", "enum": desk::setup::STEPS},
            "state": {"type": "string", "enum": ["open", "done", "skipped", "loaded"]}, "by": person(), "at": moment(),
        }))),
        "due": truth(), "sample": truth(), "stack": text(),
    }))
}

fn vectors() -> Value {
    object(json!({
        "vectors": whole(), "passed": whole(), "failed": whole(), "not_covered": whole(), "rows": list(&any()),
    }))
}

/// What is said of a calendar, with more.
fn calendar(more: &Value) -> Value {
    let source = object(json!({
        "title": names(), "basis": text(), "confidence": text(), "url": text(), "seen": text(),
    }));
    let mut told = json!({
        "id": text(), "title": names(), "zone": text(), "version": text(), "versions": list(&text()), "hash": text(),
        "weekend": list(&text()), "covers_from": text(), "covers_to": text(), "source": source,
    });
    if let (Some(told), Some(more)) = (told.as_object_mut(), more.as_object()) {
        told.extend(more.clone());
    }
    told
}
