//! Place a legal hold (法律保全): nothing that belongs to the case is erased until it is lifted, whatever the times of
//! keeping say. Allowed in every state; disputes begin after a case has ended, too.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of the placing.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 1_000, multiline: true }, "Why, such as a lawsuit or an investigation.")];

/// More lasting holds than this are nobody's any more.
const MOST: usize = 20;

/// Place a legal hold.
#[derive(Clone, Debug, Deserialize)]
pub struct PlaceHold {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.version > 0
}

/// Decides the placing.
///
/// # Errors
/// If twenty holds last already.
pub fn decide(case: &Case, place: &PlaceHold, _: &Context<'_>) -> Result<Decision, Refusal> {
    if case.lasting_legal_holds().count() >= MOST {
        return Err(Refusal::conflict("too_many_holds").with("most", MOST));
    }
    let id = case.legal_holds.iter().map(|hold| hold.id).max().unwrap_or(0).saturating_add(1);
    Ok(Decision::of(vec![Event::LegalHoldPlaced { id, reason: place.reason.clone() }]))
}
