//! Lift a legal hold (解除法律保全): from then on the times of keeping count again.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the lifting.
pub const FIELDS: &[Field] = &[
    optional(
        "hold",
        Kind::Whole { min: 1, max: 1_000_000 },
        "Number of the hold within the case. Default: the only one that lasts.",
    ),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why it is no longer needed."),
];

/// Lift a legal hold.
#[derive(Clone, Debug, Deserialize)]
pub struct LiftHold {
    /// Number of the hold.
    pub hold: Option<u32>,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.lasting_legal_holds().next().is_some()
}

/// Decides the lifting.
///
/// # Errors
/// If no such hold lasts, or several do and none is named.
pub fn decide(case: &Case, lift: &LiftHold, _: &Context<'_>) -> Result<Decision, Refusal> {
    let mut lasting = case.lasting_legal_holds().filter(|hold| lift.hold.is_none_or(|id| hold.id == id));
    let id = match (lasting.next(), lasting.next()) {
        (Some(hold), None) => hold.id,
        (Some(_), Some(_)) => return Err(Fault::new("hold", "required").into()),
        (None, _) if lift.hold.is_some() => return Err(Fault::new("hold", "unknown_hold").into()),
        (None, _) => return Err(Refusal::conflict("no_legal_hold")),
    };
    Ok(Decision::of(vec![Event::LegalHoldLifted { id, reason: lift.reason.clone() }]))
}
