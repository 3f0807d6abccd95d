//! The plain shapes answers are made of.

use serde_json::{Value, json};

/// Text.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// A whole number.
pub(super) fn whole() -> Value {
    json!({"type": "integer"})
}

/// True or false.
pub(super) fn truth() -> Value {
    json!({"type": "boolean"})
}

/// A moment, RFC 3339.
pub(super) fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// A UUID.
pub(super) fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// A list of these.
pub(super) fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}
