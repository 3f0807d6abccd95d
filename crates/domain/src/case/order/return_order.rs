//! Return an order (退回): what should have been done before it was sent was not. Never without saying what is lacking
//! (observed practice: a ticket whose pre-diagnosis is inadequate is sent back with a written reason).

use super::{ORDER, OrderStep, event, may, no_parts};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a return.
pub const FIELDS: &[Field] =
    &[ORDER, required("reason", Kind::Text { max: 1_000, multiline: true }, "What is lacking.")];

/// Send an order back.
#[derive(Clone, Debug, Deserialize)]
pub struct ReturnOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// What is lacking.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "return-order")
}

/// Decides a return.
///
/// # Errors
/// If there is no such order, it lies with another unit, or parts of it are open.
pub fn decide(case: &Case, back: &ReturnOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "return-order", back.order, ctx)?;
    order.require_theirs()?;
    if order.ruled {
        return Err(Refusal::conflict("order_ruled"));
    }
    no_parts(case, order)?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Returned { reason: back.reason.clone() })]))
}
