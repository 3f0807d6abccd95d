//! Shapes of answers about classification models.

use super::answers::object;
use super::shapes::{list, moment, text, uuid, whole};
use serde_json::{Value, json};

fn number() -> Value {
    json!({"type": "number"})
}

/// A unit as people know it.
pub(super) fn named_unit() -> Value {
    object(json!({"id": uuid(), "code": text(), "name": text()}))
}

/// What is suggested beside the category.
pub(super) fn options(name: &str, of: &Value, description: &str) -> Value {
    let mut one = json!({"words": list(&text()), "per_mille": whole()});
    if let Some(members) = one.as_object_mut() {
        members.insert(name.to_owned(), of.clone());
    }
    let mut found = object(json!({"sure": {"type": "boolean"}, "items": list(&object(one))}));
    if let Some(members) = found.as_object_mut() {
        members.insert("description".to_owned(), description.into());
    }
    found
}

/// A model.
pub(super) fn one() -> Value {
    let class = object(json!({
        "label": text(), "support": whole(), "predicted": whole(), "precision": number(), "recall": number(),
        "f1": number(),
    }));
    let figures = object(json!({
        "rows": whole(), "accuracy": number(), "macro_f1": number(), "log_loss": number(), "ece": number(),
        "ece_by_chance": {"type": "number", "description": "What of it exactly right probabilities would have of so few texts."},
        "classes": list(&class),
    }));
    let beside = object(json!({
        "failed": {"type": "string", "enum": desk::models::FAILED},
        "classes": {"type": "object", "additionalProperties": whole()}, "held_back": whole(),
        "majority": {"type": "number", "description": "Share that saying always what most are would have right."},
        "unsure": number(), "figures": figures,
        "used": {"type": "boolean", "description": "Whether it is shown: it is right more often than that."},
    }));
    let day = json!({"type": "string", "format": "date"});
    let person = object(json!({"id": text(), "name": text()}));
    object(json!({
        "id": uuid(), "state": {"type": "string", "enum": ["waiting", "ready", "failed"]},
        "source": {"type": "string", "enum": desk::models::SOURCES}, "since": day, "until": day,
        "held_back": whole(), "asked_by": person, "asked_at": moment(), "made_at": moment(),
        "hash": {"type": "string", "description": "SHA-256 of its bytes."},
        "learnt": object(json!({
            "failed": {"type": "string", "enum": desk::models::FAILED},
            "learnt_from": whole(), "held_back": whole(), "left_out": whole(),
            "categories": {"type": "object", "additionalProperties": whole()},
            "from": moment(), "held_from": moment(), "until": moment(), "terms": whole(), "bytes": whole(),
            "unsure": number(),
            "figures": figures,
            "beside": object(json!({"unit": beside, "grade": beside})),
        })),
    }))
}

/// Models and what was put into use.
pub(super) fn all() -> Value {
    let person = object(json!({"id": text(), "name": text()}));
    let choice = object(json!({"model": uuid(), "note": text(), "by": person, "at": moment()}));
    object(json!({
        "items": list(&one()), "active": uuid(),
        "damaged": {"type": "boolean", "description": "Bytes of the model in use are not what their address says; the word list works alone."},
        "choices": list(&choice),
    }))
}

/// What became of suggestions.
pub(super) fn drift() -> Value {
    let one = object(json!({
        "source": text(), "model": uuid(), "month": text(), "suggested": whole(), "taken": whole(), "among": whole(),
        "unsure": whole(),
        "index": {"type": "number", "description": "Population stability index of the categories chosen against those learnt from."},
    }));
    object(json!({"items": list(&one)}))
}
