//! Shapes of answers about classification models.

use super::answers::object;
use super::shapes::{list, moment, text, uuid, whole};
use serde_json::{Value, json};

fn number() -> Value {
    json!({"type": "number"})
}

/// A model.
pub(super) fn one() -> Value {
    let class = object(json!({
        "label": text(), "support": whole(), "predicted": whole(), "precision": number(), "recall": number(),
        "f1": number(),
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
            "figures": object(json!({
                "rows": whole(), "accuracy": number(), "macro_f1": number(), "log_loss": number(), "ece": number(),
                "classes": list(&class),
            })),
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
