//! Shapes of answers about keeping and erasing.

use super::answers::object;
use super::shapes::{list, moment, text, truth, uuid, whole};
use serde_json::{Value, json};

fn names() -> Value {
    object(json!({"zh": text(), "en": text()}))
}

/// What the rules ask, and what is kept.
pub(super) fn schedule() -> Value {
    let duty = object(json!({
        "class": text(), "ours": truth(), "rule": text(), "title": names(), "pack": text(), "version": text(),
        "layer": text(), "basis": text(), "confidence": text(), "stated_as_law": truth(), "source": names(),
        "min": text(), "max": text(), "from": text(), "note": names(),
    }));
    let record = object(json!({"record": text(), "class": text(), "erased": truth(), "days": whole()}));
    object(json!({"items": list(&duty), "records": list(&record)}))
}

fn limit() -> Value {
    object(json!({"at": moment(), "rule": text(), "pack": text(), "version": text(), "law": truth()}))
}

/// A person to be erased.
fn item(outcome: bool) -> Value {
    let mut members = json!({
        "person": uuid(), "cases": list(&object(json!({"number": text(), "version": whole()}))),
        "ground": object(json!({"kind": text(), "limit": limit(), "case": text()})),
    });
    if let (true, Some(members)) = (outcome, members.as_object_mut()) {
        members.insert("outcome".to_owned(), text());
    }
    object(members)
}

/// What a look over everybody found.
fn found() -> Value {
    let stays = object(json!({
        "cases": list(&text()), "reasons": list(&text()), "until": limit(), "request": text(),
    }));
    let counts = json!({"type": "object", "additionalProperties": whole()});
    json!({
        "persons": whole(), "more": truth(), "cases": whole(), "attachments": whole(), "by_rule": counts,
        "stay": counts, "named": list(&stays),
    })
}

/// Who would be erased now.
pub(super) fn dry_run() -> Value {
    let mut members = found();
    if let Some(members) = members.as_object_mut() {
        members.insert("due".to_owned(), whole());
        members.insert("items".to_owned(), list(&item(false)));
    }
    object(members)
}

/// A plan with the two people behind it.
pub(super) fn plan() -> Value {
    let person = object(json!({"id": text(), "name": text()}));
    object(json!({
        "id": uuid(), "hash": text(), "note": text(),
        "state": {"type": "string", "enum": ["requested", "approved", "refused", "withdrawn", "outdated"]},
        "made_by": person, "made_at": moment(), "decided_by": person, "decided_at": moment(), "through": whole(),
        "found": object(found()), "items": list(&item(true)),
    }))
}

/// The file of a certificate.
pub(super) fn certificate() -> Value {
    object(json!({
        "certificate": {"type": "object", "description": "What is certified; docs/retention.md lists its members."},
        "signature": text(), "public_key": text(),
    }))
}
