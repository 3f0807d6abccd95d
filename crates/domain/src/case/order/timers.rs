//! What orders do by themselves when a moment comes: a limit passes, a visit is missed, an arbiter is late.

use super::ownership::OwnershipStep;
use super::{Limit, OrderKind, OrderStep, Standing, WorkOrder, event};
use crate::case::Case;
use crate::case::timers::just_after;
use crate::event::Event;
use jiff::Timestamp;

/// Everything that comes true by itself, with its moment.
pub(in crate::case) fn coming(case: &Case) -> Vec<(Timestamp, Event)> {
    let orders = case.orders.iter().flat_map(of_order);
    let ruling = case.ownership.filter(|open| !open.late);
    let ruling = ruling.map(|open| (just_after(open.due_at), Event::Ownership { step: OwnershipStep::Late {} }));
    orders.chain(ruling).collect()
}

fn of_order(order: &WorkOrder) -> Vec<(Timestamp, Event)> {
    let mut coming = Vec::new();
    if !order.standing.is_theirs() || order.kind == OrderKind::Copy {
        return coming;
    }
    let mut limit = |limit: Limit, at: Option<Timestamp>| {
        let waits = at.filter(|_| !order.late.contains(&limit));
        coming.extend(waits.map(|at| (just_after(at), event(order.id, OrderStep::Late { limit }))));
    };
    if order.standing == Standing::Sent {
        limit(Limit::Accept, order.accept_by);
    }
    limit(Limit::Contact, order.contact_by);
    limit(Limit::Reply, order.reply_by);
    if let Some(visit) = order.visit.filter(|visit| visit.arrived_at.is_none() && !visit.missed) {
        coming.push((just_after(visit.missed_after), event(order.id, OrderStep::VisitMissed {})));
    }
    coming
}
