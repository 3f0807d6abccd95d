//! Rule whose case it is (归属裁定): somebody of the unit above those that refused says who does it; that unit
//! gets an order it cannot refuse.

use super::ownership::OwnershipStep;
use super::{OrderKind, OrderStep, event, limits};
use crate::actor::Role;
use crate::case::{Case, Context, Decision, Owner};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::ids::UnitId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of the ruling.
pub const FIELDS: &[Field] = &[
    required("unit", Kind::Uuid, "Whose case it is."),
    required(
        "reason",
        Kind::Text { max: 1_000, multiline: true },
        "Why; shown when the next case of the kind is sent.",
    ),
    optional(
        "reply_by",
        Kind::Moment,
        "When that unit has to answer. Default: what the rules of the case say, else its own limit.",
    ),
];

/// Rule whose case it is.
#[derive(Clone, Debug, Deserialize)]
pub struct RuleOwnership {
    /// Whose.
    pub unit: UnitId,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
    /// When that unit has to answer.
    pub reply_by: Option<Timestamp>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.ownership.is_some()
}

/// Decides the ruling.
///
/// # Errors
/// If the question is not open, another unit has to rule, the judge belongs to one that refused, or the limit lies outside the case's.
pub fn decide(case: &Case, ruling: &RuleOwnership, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(open) = case.ownership else {
        return Err(Refusal::conflict("ownership_not_disputed"));
    };
    let actor = ctx.actor;
    let arbiter = actor.user().is_some() && actor.unit == open.arbiter;
    if !arbiter && !matches!(actor.role, Role::Admin) {
        return Err(Refusal::forbidden("not_the_arbiter"));
    }
    // Above the root is nobody: where it refused itself, it says so after all.
    if !arbiter && case.refused_by().contains(&actor.unit) {
        return Err(Refusal::forbidden("judge_in_own_cause"));
    }
    let asked = limits::Asked { reply_by: ruling.reply_by, ..limits::Asked::default() };
    let limits = limits::of(case, OrderKind::Handle, asked, ctx)?;
    let id = case.next_order();
    // What was asked of those who refused is asked of this unit.
    let asked = case.orders.iter().rev().find(|order| order.kind == OrderKind::Handle);
    let task = asked.map_or_else(|| ruling.reason.clone(), |order| order.task.clone());
    Ok(Decision::of(vec![
        Event::Ownership { step: OwnershipStep::Ruled { unit: ruling.unit, reason: ruling.reason.clone() } },
        event(
            id,
            OrderStep::Sent {
                kind: OrderKind::Handle,
                to: Owner { unit: ruling.unit, user: None },
                instead_of: None,
                task,
                pre_treatment: asked.and_then(|order| order.pre_treatment.clone()),
                accept_by: limits.accept_by,
                reply_by: limits.reply_by,
                contact_by: limits.contact_by,
                by_rule: limits.by_rule,
                part_of: None,
                proposed: false,
                ruled: true,
            },
        ),
    ]))
}
