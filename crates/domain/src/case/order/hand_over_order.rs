//! Hand an order over (移交工单): another unit or person does it, never without a reason; its time runs on.

use super::{ORDER, OrderKind, OrderStep, event, may};
use crate::case::{Case, Context, Decision, Owner};
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a hand-over.
pub const FIELDS: &[Field] = &[
    ORDER,
    optional("unit", Kind::Uuid, "The unit. Default: the user's own unit."),
    optional("user", Kind::Uuid, "The person."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why it is not done here."),
];

/// Hand an order over. The desk has looked unit and user up: `unit` is set once it reaches `decide`.
#[derive(Clone, Debug, Deserialize)]
pub struct HandOverOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// The unit.
    pub unit: Option<UnitId>,
    /// The person.
    pub user: Option<UserId>,
    /// The absent person who was named. Never given by a caller.
    #[serde(skip)]
    pub instead_of: Option<UserId>,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "hand-over-order")
}

/// Decides a hand-over.
///
/// # Errors
/// If there is no such order, it lies with another unit or went out on a ruling, nobody is named, or the named one has
/// it already.
pub fn decide(case: &Case, over: &HandOverOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "hand-over-order", over.order, ctx)?;
    order.require_theirs()?;
    // Who else has to know of it is for whoever sent it.
    if order.kind == OrderKind::Copy {
        return Err(Fault::new("order", "copy_not_handed_over").into());
    }
    let unit = over.unit.ok_or_else(|| Fault::new("unit", "required"))?;
    // A ruling names the unit; within it anybody may do it.
    if order.ruled && unit != order.to.unit {
        return Err(Refusal::conflict("order_ruled"));
    }
    let to = Owner { unit, user: over.user };
    if to == order.to {
        return Err(Refusal::conflict("order_lies_there"));
    }
    if let Some(user) = over.user {
        case.may_hold(user, "user")?;
    }
    let (instead_of, reason) = (over.instead_of, over.reason.clone());
    Ok(Decision::of(vec![event(order.id, OrderStep::HandedOver { to, instead_of, reason })]))
}
