//! Shapes of answers about where cases go.

use super::answers::object;
use desk::routing::Remark;
use domain::routing::How;
use policy::Looked;
use serde_json::{Value, json};

fn how() -> Value {
    json!({"type": "string", "enum": How::ALL.map(How::code)})
}

fn title() -> Value {
    object(json!({"zh": {"type": "string"}, "en": {"type": "string"}}))
}

/// The row by which a case came to its owner.
pub(super) fn routed() -> Value {
    let text = json!({"type": "string"});
    object(json!({"pack": text, "version": text, "rule": text, "how": how()}))
}

/// Why a case goes where it goes.
pub(super) fn explained() -> Value {
    let (text, uuid) = (json!({"type": "string"}), json!({"type": "string", "format": "uuid"}));
    let looked: Vec<&str> = Looked::ALL.iter().map(|looked| looked.code()).collect();
    object(json!({
        "routed": routed(),
        "pack": object(json!({"id": text, "version": text})),
        "rows": {"type": "array", "description": "Up to the one that is for the case.", "items": object(json!({
            "rule": text, "title": title(), "unit": text, "looked": {"type": "string", "enum": looked},
        }))},
        "goes": object(json!({"unit": uuid, "user": uuid, "instead_of": uuid, "how": how()})),
        "no_unit": {"type": "string", "description": "Code of a unit that is not there or cannot take the case."},
    }))
}

/// What is the matter with rows of a table.
pub(super) fn remarks() -> Value {
    let text = json!({"type": "string"});
    let codes = Remark::ALL.map(Remark::code);
    json!({"type": "array", "items": object(json!({
        "rule": text, "line": {"type": "integer"}, "code": {"type": "string", "enum": codes},
        "name": {"type": "string", "description": "The unit or skill."},
        "stops": {"type": "boolean", "description": "No case can ever go by the row: it is not put into force."},
    }))})
}

/// What a dry run found.
pub(super) fn dry_run() -> Value {
    let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
    let texts = json!({"type": "array", "items": text});
    object(json!({
        "rules": text, "version": text, "cases": whole, "changed": whole, "no_row": whole, "no_say": whole,
        "remarks": remarks(),
        "rows": {"type": "array", "items": object(json!({
            "rule": text, "title": title(), "unit": text, "cases": whole, "changed": whole, "examples": texts,
        }))},
        "complete": {"type": "boolean"}, "reached": {"type": "string", "format": "date-time"},
    }))
}
