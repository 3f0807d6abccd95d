//! Request voiding (申请作废): the case was registered by mistake. It takes a second person to make it void, so that no
//! complaint disappears by one hand.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of the request.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 2_000, multiline: true }, "Why it was registered by mistake.")];

/// Ask for voiding.
#[derive(Clone, Debug, Deserialize)]
pub struct RequestVoid {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.void_asked_by.is_none()
}

/// Decides the request.
///
/// # Errors
/// If the case has ended or voiding is asked for already.
pub fn decide(case: &Case, request: &RequestVoid, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.void_asked_by.is_some() {
        return Err(Refusal::conflict("void_already_asked"));
    }
    super::matter::nothing_owed(case)?;
    super::referral::all_over(case, ctx)?;
    Ok(Decision::of(vec![Event::VoidRequested { reason: request.reason.clone() }]))
}
