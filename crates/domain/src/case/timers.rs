//! Timers: what a case does by itself when a moment comes. A clock warns at the parts of its time its rule names,
//! an effect of the rules comes about, a promise is broken, a suspension ends. [`alarm`] says when to look next, [`ring`] what has come true by then.
//!
//! Both are folded from the log like everything else: whatever woke the case, and however often, each thing happens
//! once.

use super::{Case, Clock, Context, Promised, clocks, convert, effects, order, resume};
use crate::event::Event;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::Stack;

/// The next moment at which something comes true by itself; `None` when nothing is waited for.
#[must_use]
pub fn alarm(case: &Case, rules: &Stack, taxonomy: &Taxonomy) -> Option<Timestamp> {
    if !case.state.is_open() {
        return None;
    }
    let warnings = case.clocks.iter().flat_map(|clock| warnings(case, clock, rules)).map(|(_, at)| at);
    let promises = case.open_promises().filter(|promise| !promise.broken).map(|promise| just_after(promise.due_at));
    let suspended = case.suspension.as_ref().map(|suspension| suspension.until);
    let converted = convert::alarm(case, rules, taxonomy);
    let orders = order::timers::coming(case).into_iter().map(|(at, _)| at);
    let others = promises.chain(suspended).chain(effects::alarm(case, rules, taxonomy)).chain(converted).chain(orders);
    warnings.chain(others).min()
}

/// Everything that has come true by now, each thing in view of the one before.
#[must_use]
pub fn ring(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    if alarm(case, ctx.rules, ctx.taxonomy).is_none_or(|at| at > ctx.now) {
        return Vec::new();
    }
    let mut here = case.clone();
    let mut events = Vec::new();
    for clock in &case.clocks {
        for (percent, _) in warnings(case, clock, ctx.rules).into_iter().filter(|(_, at)| *at <= ctx.now) {
            let warned = Event::Warned { rule: clock.rule.clone(), round: clock.round, percent };
            events.extend(here.anticipated(vec![warned], ctx));
            if percent == 100 {
                events.extend(here.anticipated(clocks::expired(&here, clock, ctx), ctx));
            }
        }
    }
    let broken = |promise: &&Promised| !promise.broken && promise.due_at < ctx.now;
    let broken = case.open_promises().filter(broken).map(|promise| Event::PromiseBroken { id: promise.id }).collect();
    events.extend(here.anticipated(broken, ctx));
    let orders = order::timers::coming(&here).into_iter().filter(|(at, _)| *at <= ctx.now);
    let orders: Vec<Event> = orders.map(|(_, event)| event).collect();
    events.extend(here.anticipated(orders, ctx));
    events.extend(here.anticipated(convert::events(&here, ctx), ctx));
    events.extend(effects::ring(&mut here, ctx));
    if here.suspension.as_ref().is_some_and(|suspension| suspension.until <= ctx.now) {
        events.extend(resume::events(&here, None, true, ctx));
    }
    events
}

/// Warnings a clock still has to give, with their moments. What had passed before the case was registered is plain to
/// see on it and was never waited for.
fn warnings(case: &Case, clock: &Clock, rules: &Stack) -> Vec<(u8, Timestamp)> {
    if !clock.is_running() {
        return Vec::new();
    }
    let Some(rule) = rules.clock(&clock.rule) else {
        return Vec::new();
    };
    let mut waiting = rule.warnings(clock.from, clock.due_at);
    waiting.retain_mut(|(percent, at)| {
        let waits = *percent > clock.warned && *at > case.registered_at;
        // The limit itself is still in time; it has passed right after it.
        if *percent == 100 {
            *at = just_after(*at);
        }
        waits
    });
    waiting
}

/// The moment from which on a clock has run out, if it still waits for that.
pub(super) fn runs_out(case: &Case, clock: &Clock, rules: &Stack) -> Option<Timestamp> {
    warnings(case, clock, rules).into_iter().find(|(percent, _)| *percent == 100).map(|(_, at)| at)
}

pub(super) fn just_after(at: Timestamp) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_micros(1)).unwrap_or(at)
}
