//! Record an arrival (到达): whoever was to visit the customer came.

use super::{ORDER, OrderStep, Standing, event, may};
use crate::case::register::within_life;
use crate::case::{Case, Context, Decision};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of the arrival.
pub const FIELDS: &[Field] = &[ORDER, optional("at", Kind::Moment, "When. Default: now.")];

/// Record an arrival.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordArrival {
    /// Number of the order.
    pub order: Option<u32>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "record-arrival")
}

/// Decides the arrival. One that came too late is recorded like any other; that the appointment was missed is said with
/// it, if it was not before, and stays.
///
/// # Errors
/// If no visit is booked, somebody came already, or the moment lies outside the life of the order.
pub fn decide(case: &Case, arrival: &RecordArrival, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "record-arrival", arrival.order, ctx)?;
    let at = arrival.at.unwrap_or(ctx.now);
    within_life(case, at, "at", ctx)?;
    order.require_theirs()?;
    let Some(visit) = order.visit else {
        return Err(Refusal::conflict("no_visit_booked").with("order", order.id));
    };
    if visit.arrived_at.is_some() {
        return Err(Refusal::conflict("already_arrived").with("order", order.id));
    }
    let mut events = Vec::new();
    if order.standing == Standing::Sent {
        events.push(event(order.id, OrderStep::Accepted {}));
    }
    if at > visit.arrive_by && !visit.missed {
        events.push(event(order.id, OrderStep::VisitMissed {}));
    }
    events.push(event(order.id, OrderStep::Arrived { at }));
    Ok(Decision::of(events))
}
