//! Book a visit (预约上门): when somebody comes, as agreed with the customer. Booked anew (改约), the time before counts no
//! longer; one that had already passed without anybody coming stays missed.

use super::{ORDER, OrderKind, OrderStep, event, limits, may};
use crate::case::{Case, Context, Decision};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Shape of the booking.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("from", Kind::Moment, "From when somebody may come."),
    required("to", Kind::Moment, "Until when they come at the latest."),
];

/// Nobody waits at home longer than this for one visit.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Book a visit.
#[derive(Clone, Debug, Deserialize)]
pub struct BookVisit {
    /// Number of the order.
    pub order: Option<u32>,
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "book-visit")
}

/// Decides the booking. The unit books it, or whoever holds the case while speaking to the customer.
///
/// # Errors
/// If there is no such visit, the time has passed, ends before it begins, or is longer than a day.
pub fn decide(case: &Case, book: &BookVisit, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(book.order, |order| may::is_for("book-visit", order))?;
    if order.kind != OrderKind::Visit {
        return Err(Fault::new("order", "no_visit").into());
    }
    if ctx.actor.unit != case.owner.unit {
        order.require_holder(ctx.actor)?;
    }
    order.require_theirs()?;
    if book.to <= ctx.now {
        return Err(Fault::new("to", "in_past").into());
    }
    if book.to <= book.from {
        return Err(Fault::new("to", "before_from").into());
    }
    if book.to.duration_since(book.from) > LONGEST {
        return Err(Fault::new("to", "visit_too_long").with("most", LONGEST.as_hours()).into());
    }
    let agreed = limits::of_visit(case, book.to, ctx);
    Ok(Decision::of(vec![event(
        order.id,
        OrderStep::VisitBooked {
            from: book.from,
            to: book.to,
            arrive_by: agreed.arrive_by,
            missed_after: agreed.missed_after,
            by_rule: agreed.by_rule,
        },
    )]))
}
