//! Dispatch (派单): ask a unit for something. The case stays with its holder; the order has limits of its own within the
//! case's. A joint review (会审) is one order to each unit asked; to split an order (拆单), a unit dispatches parts of it.

use super::{OrderKind, OrderStep, event, limits, may};
use crate::case::{Case, Context, Decision, Owner};
use crate::fault::Fault;
use crate::free_text::{FreeText, plain, plain_option};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of a dispatch.
pub const FIELDS: &[Field] = &[
    required(
        "order_kind",
        Kind::Code(OrderKind::CODES),
        "What for: handle (派单), joint_review (会审), visit (上门), supervise (督办), copy (抄送).",
    ),
    optional("unit", Kind::Uuid, "The unit. Default: the user's own unit."),
    optional(
        "user",
        Kind::Uuid,
        "The person. Somebody absent is stood in for by their deputy, else by the unit's queue.",
    ),
    required("task", Kind::Text { max: 2_000, multiline: true }, "What is asked."),
    optional(
        "pre_treatment",
        Kind::Text { max: 2_000, multiline: true },
        "What was already done and found. A unit may send an order back that lacks it.",
    ),
    optional(
        "accept_by",
        Kind::Moment,
        "To be taken up by. Default: what the rules of the case say, else no such limit.",
    ),
    optional(
        "reply_by",
        Kind::Moment,
        "To be answered by; never after the case's own limit. Default: what the rules of the case say, else that limit.",
    ),
    optional("part_of", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the order this is a part of."),
];

/// More open orders than this help nobody.
const MOST: usize = 50;

/// Ask a unit for something. The desk has looked unit and user up: `unit` is set once it reaches `decide`.
#[derive(Clone, Debug, Deserialize)]
pub struct Dispatch {
    /// What for.
    pub order_kind: OrderKind,
    /// The unit.
    pub unit: Option<UnitId>,
    /// The person.
    pub user: Option<UserId>,
    /// The absent person who was named. Never given by a caller.
    #[serde(skip)]
    pub instead_of: Option<UserId>,
    /// What is asked.
    #[serde(deserialize_with = "plain")]
    pub task: FreeText,
    /// What was already done and found.
    #[serde(default, deserialize_with = "plain_option")]
    pub pre_treatment: Option<FreeText>,
    /// To be taken up by.
    pub accept_by: Option<Timestamp>,
    /// To be answered by.
    pub reply_by: Option<Timestamp>,
    /// The order this is a part of.
    pub part_of: Option<u32>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides a dispatch.
///
/// # Errors
/// If the case has ended, nobody is named, a limit lies outside the case's, the order it is a part of is not one that is
/// being worked on, it is open whose case it is, or the case is in an incident and not its master.
pub fn decide(case: &Case, dispatch: &Dispatch, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(unit) = dispatch.unit else {
        return Err(Fault::new("unit", "required").into());
    };
    let kind = dispatch.order_kind;
    if case.open_orders().count() >= MOST {
        return Err(Refusal::conflict("too_many_orders").with("most", MOST));
    }
    if kind == OrderKind::Handle && case.ownership.is_some() {
        return Err(Refusal::conflict("ownership_disputed"));
    }
    // What is asked for all cases of an incident is asked once, of its master.
    if let Some(member) = case.incident.as_ref().filter(|member| !member.master && kind.carries_the_ball()) {
        return Err(Refusal::conflict("incident_holds_orders").with("number", &member.number));
    }
    // The conflict guard: whoever handled an outcome the customer rejected does not look into it again.
    if let Some(user) = dispatch.user
        && kind.carries_the_ball()
    {
        case.may_hold(user, "user")?;
    }
    if let Some(id) = dispatch.part_of {
        let whole = case.order(id).ok_or_else(|| Fault::new("part_of", "unknown_order"))?;
        whole.require_holder(ctx.actor)?;
        if !may::is_for("dispatch", whole) {
            return Err(Fault::new("part_of", "order_not_worked_on").into());
        }
    }
    let (accept_by, reply_by, part_of) = (dispatch.accept_by, dispatch.reply_by, dispatch.part_of);
    let limits = limits::of(case, kind, limits::Asked { accept_by, reply_by, part_of }, ctx)?;
    let id = case.next_order();
    Ok(Decision::of(vec![event(
        id,
        OrderStep::Sent {
            kind,
            to: Owner { unit, user: dispatch.user },
            instead_of: dispatch.instead_of,
            task: dispatch.task.clone(),
            pre_treatment: dispatch.pre_treatment.clone(),
            accept_by: limits.accept_by,
            reply_by: limits.reply_by,
            contact_by: limits.contact_by,
            by_rule: limits.by_rule,
            part_of,
            proposed: kind == OrderKind::Supervise,
            ruled: false,
        },
    )]))
}
