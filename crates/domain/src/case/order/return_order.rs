//! Return an order (退回): what should have been done before it was sent was not. Never without saying what is lacking
//! (observed practice: a ticket whose pre-diagnosis is inadequate is sent back with a written reason).

use super::{ORDER, OrderKind, OrderStep, Standing, WorkOrder, event};
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

fn returnable(order: &WorkOrder) -> bool {
    order.standing.is_theirs() && order.kind != OrderKind::Copy && !order.ruled
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.open_orders().any(returnable)
}

/// Decides a return.
///
/// # Errors
/// If there is no such order, it lies with another unit, or parts of it are open.
pub fn decide(case: &Case, back: &ReturnOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(back.order, |one| returnable(one) && one.require_holder(ctx.actor).is_ok())?;
    order.require_holder(ctx.actor)?;
    order.require(&[Standing::Sent, Standing::Accepted])?;
    if order.ruled {
        return Err(Refusal::conflict("order_ruled"));
    }
    no_parts(case, order)?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Returned { reason: back.reason.clone() })]))
}

/// Refuses to end an order while parts of it are open: their units would work for nobody.
///
/// # Errors
/// `parts_open`, with their numbers.
pub(super) fn no_parts(case: &Case, order: &WorkOrder) -> Result<(), Refusal> {
    let parts = case.open_orders().filter(|part| part.part_of == Some(order.id) && part.kind != OrderKind::Copy);
    let parts: Vec<String> = parts.map(|part| part.id.to_string()).collect();
    if parts.is_empty() { Ok(()) } else { Err(Refusal::conflict("parts_open").with("orders", parts.join(", "))) }
}
