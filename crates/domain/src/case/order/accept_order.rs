//! Accept an order (签收): somebody of the unit takes it up; of a copy it is the receipt (抄送确认).

use super::{ORDER, OrderStep, Standing, event, may, not_barred};
use crate::case::{Case, Context, Decision};
use crate::refusal::Refusal;
use crate::shape::Field;
use serde::Deserialize;

/// Shape of the acceptance.
pub const FIELDS: &[Field] = &[ORDER];

/// Take an order up.
#[derive(Clone, Debug, Deserialize)]
pub struct AcceptOrder {
    /// Number of the order.
    pub order: Option<u32>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "accept-order")
}

/// Decides the acceptance.
///
/// # Errors
/// If there is no such order, it lies with another unit, it was taken up already, or the complaint is about the
/// one who would take it up.
pub fn decide(case: &Case, accept: &AcceptOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "accept-order", accept.order, ctx)?;
    not_barred(case, order, ctx.actor)?;
    order.require(&[Standing::Sent])?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Accepted {})]))
}
