//! Shapes of answers about how people sign in.

use super::answers::object;
use super::shapes::{list, moment, text, truth, whole};
use domain::actor::Role;
use serde_json::{Value, json};

/// How somebody signs in.
pub(super) fn one() -> Value {
    let identity = object(json!({"issuer": text(), "subject": text(), "since": moment()}));
    object(json!({
        "second_factor": truth(),
        "since": moment(),
        "required": {"type": "boolean", "description": "Whether the role has to have a second step."},
        "recovery_codes": whole(),
        "identities": list(&identity),
    }))
}

/// The roles that have to have a second step.
pub(super) fn roles() -> Value {
    object(json!({"roles": list(&json!({"type": "string", "enum": Role::CODES}))}))
}
