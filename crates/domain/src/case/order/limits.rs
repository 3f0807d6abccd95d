//! Limits of orders: what the rules of a case give them, always within the case's own.

use super::{ByRule, Limit, OrderKind, OrderStep, Standing, WorkOrder, event};
use crate::case::{Case, Context, grade};
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use policy::{OrderFigure, OrderFor, OrderFrom};

/// How late after the end of the time agreed somebody comes in time, where no rule of the case says so. Observed
/// practice.
const ARRIVAL: SignedDuration = SignedDuration::from_mins(30);

/// How long an arbiter has where no rule of the case says so. No source gives a figure: this is a proposal of ours.
const RULING: SignedDuration = SignedDuration::from_hours(4);

/// When somebody comes too late to a visit of a case whose rules do not say.
pub(super) fn arrival_without_rule(to: Timestamp) -> Timestamp {
    to.saturating_add(ARRIVAL).unwrap_or(to)
}

/// The latest moment a limit of an order may lie at: the earliest of what still lies ahead, of the order it is a part of
/// and of the limits of the case the operator has to keep. One that has passed binds nothing any more.
pub(in crate::case) fn bound(case: &Case, part_of: Option<u32>, ctx: &Context<'_>) -> Option<Timestamp> {
    let whole = part_of.and_then(|id| case.order(id)).and_then(|order| order.reply_by);
    let running = case.clocks.iter().filter(|clock| clock.is_running());
    let ours =
        running.filter(|clock| crate::case::binds_provider(ctx.rules.clock(&clock.rule))).map(|clock| clock.due_at);
    whole.into_iter().chain(ours).filter(|at| *at > ctx.now).min()
}

/// Checks a limit: after now, not after the bound.
///
/// # Errors
/// `in_past` or `past_case_limit`, with the latest moment allowed.
pub(super) fn within(
    field: &'static str,
    at: Timestamp,
    bound: Option<Timestamp>,
    ctx: &Context<'_>,
) -> Result<(), Fault> {
    if at <= ctx.now {
        return Err(Fault::new(field, "in_past"));
    }
    match bound {
        Some(latest) if at > latest => Err(Fault::new(field, "past_case_limit").with("latest", latest)),
        _ => Ok(()),
    }
}

/// What rules call a kind of order; a copy has no limit.
fn kind_of(kind: OrderKind) -> Option<OrderFor> {
    match kind {
        OrderKind::Handle => Some(OrderFor::Handle),
        OrderKind::JointReview => Some(OrderFor::JointReview),
        OrderKind::Visit => Some(OrderFor::Visit),
        OrderKind::Supervise => Some(OrderFor::Supervise),
        OrderKind::Copy => None,
    }
}

/// When the case came in, or was taken up again.
#[must_use]
pub fn came_in(case: &Case) -> Timestamp {
    if case.round == 1 { case.received_at } else { case.round_started_at }
}

/// What the rules of the case give a figure of an order that goes out then, with the rule.
fn ruled(
    case: &Case,
    kind: OrderFor,
    figure: OrderFigure,
    from: Timestamp,
    ctx: &Context<'_>,
) -> Option<(Timestamp, String)> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let (pack, rule) = ctx.rules.order_limit(kind, figure, &facts, case.grade, ctx.now)?;
    let from = match (figure, rule.from) {
        (OrderFigure::Reply, OrderFrom::Received) => came_in(case),
        _ => from,
    };
    let at = rule.due_at(figure, from, pack.calendar())?;
    Some((at, rule.head.id.clone()))
}

/// The limits of an order.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// To be taken up by.
    pub(super) accept_by: Option<Timestamp>,
    /// To be answered by.
    pub(super) reply_by: Option<Timestamp>,
    /// The customer is called by.
    pub(super) contact_by: Option<Timestamp>,
    /// Those that rules set.
    pub(super) by_rule: Vec<ByRule>,
}

/// What was asked of an order's limits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// To be taken up by.
    pub(super) accept_by: Option<Timestamp>,
    /// To be answered by.
    pub(super) reply_by: Option<Timestamp>,
    /// The order it is a part of.
    pub(super) part_of: Option<u32>,
}

/// The limits of an order that goes out now: what was asked, else what the rules say, else the case's own. What rules
/// say and has passed binds nothing any more.
///
/// # Errors
/// All faults at once: a limit that has passed or lies beyond the case's own, or none at all.
pub(super) fn of(case: &Case, kind: OrderKind, asked: Asked, ctx: &Context<'_>) -> Result<Limits, Refusal> {
    let mut faults = Vec::new();
    let Some(ordered) = kind_of(kind) else {
        let given = [("accept_by", asked.accept_by), ("reply_by", asked.reply_by)];
        let given = given.iter().filter(|(_, at)| at.is_some());
        faults.extend(given.map(|(name, _)| Fault::new(*name, "copy_has_no_limit")));
        return if faults.is_empty() { Ok(Limits::default()) } else { Err(Refusal::invalid(faults)) };
    };
    let bound = bound(case, asked.part_of, ctx);
    let mut by_rule = Vec::new();
    // A rule decides where it leaves less time than what binds anyhow.
    let mut rule = |limit: Limit, figure: OrderFigure, within: Option<Timestamp>| {
        let (at, rule) = ruled(case, ordered, figure, ctx.now, ctx)?;
        let decides = at > ctx.now && within.is_none_or(|latest| at < latest);
        decides.then(|| by_rule.push(ByRule { limit, rule })).map(|()| at)
    };
    let reply_by = asked.reply_by.or_else(|| rule(Limit::Reply, OrderFigure::Reply, bound)).or(bound);
    match reply_by {
        Some(at) => faults.extend(within("reply_by", at, bound, ctx).err()),
        // The case has no limit of its own that still lies ahead.
        None => faults.push(Fault::new("reply_by", "required")),
    }
    let latest = reply_by.or(bound);
    if let Some(at) = asked.accept_by {
        faults.extend(within("accept_by", at, latest, ctx).err());
    }
    let accept_by = asked.accept_by.or_else(|| rule(Limit::Accept, OrderFigure::Accept, latest));
    let contact_by = rule(Limit::Contact, OrderFigure::Contact, latest);
    if faults.is_empty() {
        Ok(Limits { accept_by, reply_by, contact_by, by_rule })
    } else {
        Err(Refusal::invalid(faults))
    }
}

/// By when an order is to be answered whose answer was not enough: what was asked, else what the rules say, counted from
/// now, else the case's own.
///
/// # Errors
/// A limit that has passed or lies beyond the case's own, or none at all.
pub(super) fn again(
    case: &Case,
    order: &WorkOrder,
    asked: Option<Timestamp>,
    ctx: &Context<'_>,
) -> Result<(Timestamp, Vec<ByRule>), Refusal> {
    let bound = bound(case, order.part_of, ctx);
    let rule = || {
        let (at, rule) = ruled(case, kind_of(order.kind)?, OrderFigure::Reply, ctx.now, ctx)?;
        (at > ctx.now && bound.is_none_or(|latest| at < latest)).then_some((at, rule))
    };
    if let (None, Some((at, rule))) = (asked, rule()) {
        return Ok((at, vec![ByRule { limit: Limit::Reply, rule }]));
    }
    let at = asked.or(bound).ok_or_else(|| Fault::new("reply_by", "required"))?;
    within("reply_by", at, bound, ctx)?;
    Ok((at, Vec::new()))
}

/// The limits of an order that was written before and goes out only now: they are counted from now, so that it is not
/// late before anybody could see it, and still lie within the case's own.
pub(super) fn from_now(case: &Case, order: &WorkOrder, ctx: &Context<'_>) -> (Option<Timestamp>, Option<Timestamp>) {
    let bound = bound(case, order.part_of, ctx);
    let waited = ctx.now.duration_since(order.sent_at);
    let anew = |limit: Limit, figure: OrderFigure, at: Timestamp| {
        let set = order.by_rule.iter().any(|set| set.limit == limit);
        let counted = kind_of(order.kind).filter(|_| set).and_then(|kind| ruled(case, kind, figure, ctx.now, ctx));
        let at = counted.map_or_else(|| at.saturating_add(waited).unwrap_or(at), |(at, _)| at);
        // A rule counted from the receipt may have passed while the order waited.
        let at = Some(at).filter(|at| *at > ctx.now);
        at.into_iter().chain(bound).min()
    };
    let reply_by = order.reply_by.and_then(|at| anew(Limit::Reply, OrderFigure::Reply, at));
    let accept_by = order.accept_by.and_then(|at| anew(Limit::Accept, OrderFigure::Accept, at));
    (accept_by.map(|at| reply_by.map_or(at, |reply| at.min(reply))), reply_by)
}

/// What is still in time of a visit that is agreed until then.
pub(super) struct Agreed {
    /// Whoever comes later comes too late.
    pub(super) arrive_by: Option<Timestamp>,
    /// By then somebody was recorded to have come, or had answered.
    pub(super) missed_after: Option<Timestamp>,
    /// The rules that say so.
    pub(super) by_rule: Vec<ByRule>,
}

/// What the rules say of a visit that is agreed until a moment.
pub(super) fn of_visit(case: &Case, to: Timestamp, ctx: &Context<'_>) -> Agreed {
    let ask = |figure| ruled(case, OrderFor::Visit, figure, to, ctx);
    let (arrive, answered) = (ask(OrderFigure::Arrive), ask(OrderFigure::Answered));
    let arrive_by = arrive.as_ref().map(|(at, _)| *at);
    let missed_after = answered.as_ref().map(|(at, _)| *at).max(arrive_by);
    let rules = [(Limit::Arrive, arrive), (Limit::Answered, answered)];
    let rules = rules.into_iter().filter_map(|(limit, found)| Some(ByRule { limit, rule: found?.1 }));
    Agreed { arrive_by, missed_after, by_rule: rules.collect() }
}

/// By when an arbiter has to say whose case it is, never after the case's own limit.
pub(super) fn of_ruling(case: &Case, ctx: &Context<'_>) -> Timestamp {
    let found = ruled(case, OrderFor::Ruling, OrderFigure::Reply, ctx.now, ctx).map(|(at, _)| at);
    let usual = || ctx.now.saturating_add(RULING).unwrap_or(ctx.now);
    let at = found.filter(|at| *at > ctx.now).unwrap_or_else(usual);
    bound(case, None, ctx).map_or(at, |latest| latest.min(at))
}

/// Whether an event can bring a limit of the case forward.
pub(in crate::case) fn moves(event: &Event) -> bool {
    matches!(event, Event::Graded { .. } | Event::ClockMoved { .. } | Event::ClockInherited { .. })
}

/// What a limit of the case that came forward does to its open orders: none is answered after it. Never the other way
/// round; the case is what it is after that, too.
pub(in crate::case) fn tighten(case: &mut Case, moved: bool, ctx: &Context<'_>) -> Vec<Event> {
    if !moved || !case.state.is_open() {
        return Vec::new();
    }
    let waits = |order: &WorkOrder| matches!(order.standing, Standing::Proposed | Standing::Sent | Standing::Accepted);
    // A part is sent after its whole, so that each follows what came of the one before.
    let mut open: Vec<u32> = case.orders.iter().filter(|order| waits(order)).map(|order| order.id).collect();
    open.sort_unstable();
    let mut events = Vec::new();
    for id in open {
        let Some((reply_by, part_of)) = case.order(id).and_then(|order| Some((order.reply_by?, order.part_of))) else {
            continue;
        };
        if let Some(latest) = bound(case, part_of, ctx).filter(|latest| *latest < reply_by) {
            let step = OrderStep::Tightened { reply_by: latest };
            events.extend(case.anticipated(vec![event(id, step)], ctx));
        }
    }
    events
}

/// Why a limit of an order is what it is, where a rule of the case set it: the limit, and what was counted.
#[must_use]
pub fn explained(case: &Case, order: &WorkOrder, rules: &policy::Stack) -> Vec<(Limit, policy::Explanation)> {
    let one = |set: &ByRule| {
        let (pack, rule) = rules.order_limit_named(&set.rule)?;
        let visit = || order.visit.map(|visit| visit.to);
        let (figure, from, at) = match set.limit {
            Limit::Accept => (OrderFigure::Accept, order.counted_from, order.accept_by?),
            Limit::Contact => (OrderFigure::Contact, order.counted_from, order.contact_by?),
            Limit::Arrive => (OrderFigure::Arrive, visit()?, order.visit?.arrive_by),
            Limit::Answered => (OrderFigure::Answered, visit()?, order.visit?.missed_after),
            Limit::Reply if rule.from == OrderFrom::Received => (OrderFigure::Reply, came_in(case), order.reply_by?),
            Limit::Reply => (OrderFigure::Reply, order.counted_from, order.reply_by?),
        };
        Some((set.limit, pack.order_limit(rule, figure, from)?.keeping(at)))
    };
    order.by_rule.iter().filter_map(one).collect()
}
