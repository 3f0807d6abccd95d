//! Refuse an order (拒收): the unit says that this is not its business, and on which ground. The second unit that says so
//! opens the question whose case it is.

use super::ownership::{OwnershipStep, REFUSALS};
use super::{ORDER, OrderKind, OrderStep, WorkOrder, event, limits, may, no_parts};
use crate::actor::Actor;
use crate::case::{Case, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::ids::UnitId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Grounds of a refusal.
pub const REASONS: &[&str] = &["not_our_duty", "not_our_area", "already_ordered", "conflict_of_interest"];

/// Those that say whose case it is not.
pub const QUESTIONS_OWNERSHIP: &[&str] = &["not_our_duty", "not_our_area"];

/// Shape of a refusal.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("refusal", Kind::Code(REASONS), "On which ground."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "In words, with where it belongs."),
];

/// Refuse an order.
#[derive(Clone, Debug, Deserialize)]
pub struct RefuseOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// On which ground.
    pub refusal: String,
    /// In words.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
    /// The unit that would have to say whose it is: the nearest one above all that refused. The desk looks it up.
    #[serde(skip)]
    pub arbiter: Option<UnitId>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "refuse-order")
}

impl RefuseOrder {
    /// The order that is refused.
    fn order<'c>(&self, case: &'c Case, actor: &Actor) -> Result<&'c WorkOrder, Refusal> {
        case.named_order(self.order, |order| may::is_for("refuse-order", order) && order.require_holder(actor).is_ok())
    }

    /// The units whose refusals make it a dispute, this one included; empty while they do not. One unit that refuses
    /// twice disputes with nobody.
    #[must_use]
    pub fn disputing(&self, case: &Case, actor: &Actor) -> Vec<UnitId> {
        let asks = QUESTIONS_OWNERSHIP.contains(&self.refusal.as_str());
        let order = self.order(case, actor).ok().filter(|order| asks && order.asks_whose_case());
        let Some(order) = order.filter(|_| case.ownership.is_none()) else { return Vec::new() };
        let mut units = case.refused_by();
        if !units.contains(&order.to.unit) {
            units.push(order.to.unit);
        }
        if units.len() < REFUSALS { Vec::new() } else { units }
    }
}

/// Decides a refusal.
///
/// # Errors
/// If there is no such order, it lies with another unit, is being waited for by nobody, or went out on a ruling.
pub fn decide(case: &Case, refuse: &RefuseOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = refuse.order(case, ctx.actor)?;
    order.require_holder(ctx.actor)?;
    order.require_theirs()?;
    if order.ruled {
        return Err(Refusal::conflict("order_ruled"));
    }
    if order.kind == OrderKind::Copy {
        return Err(Fault::new("order", "copy_not_refused").into());
    }
    no_parts(case, order)?;
    let (ground, reason) = (refuse.refusal.clone(), refuse.reason.clone());
    let mut events = vec![event(order.id, OrderStep::Refused { ground, reason })];
    if let Some(arbiter) = refuse.arbiter.filter(|_| !refuse.disputing(case, ctx.actor).is_empty()) {
        let due_at = limits::of_ruling(case, ctx);
        events.push(Event::Ownership { step: OwnershipStep::Disputed { arbiter, due_at } });
    }
    Ok(Decision::of(events))
}
