//! Shapes of answers about events on their way out.

use super::answers::object;
use super::shapes::{list, moment, text, truth, uuid, whole};
use serde_json::{Value, json};

/// Who is told.
pub(super) fn webhooks() -> Value {
    let one = object(json!({
        "id": uuid(), "kind": {"type": "string", "enum": ["webhook", "hub_v5", "hub_v4", "hub_683_v5", "hub_683_v4"]}, "name": text(), "url": text(),
        "query": {"type": "string", "description": "Kinds of events of a webhook, the query of a hub's listener."},
        "region": text(), "personal": truth(), "made_at": moment(), "on": truth(),
        "reason": {"type": "string", "enum": desk::subscriptions::OFF},
        "failing_since": moment(), "next_at": moment(), "error": text(), "both_until": moment(), "waiting": whole(),
        "dead": whole(),
    }));
    object(json!({"items": list(&one)}))
}

/// A secret, shown once.
pub(super) fn secret() -> Value {
    object(json!({"id": uuid(), "secret": {"type": "string", "description": "Told here once."}}))
}

/// What was given up.
pub(super) fn dead_letters() -> Value {
    let one = object(json!({
        "case": uuid(), "number": text(), "version": whole(), "first_at": moment(), "tries": whole(), "error": text(),
    }));
    object(json!({"items": list(&one)}))
}

/// How many are tried again.
pub(super) fn resent() -> Value {
    object(json!({"resent": whole()}))
}
