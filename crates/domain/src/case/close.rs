//! Close (办结): only when the evidence is there. Nothing closes by itself.

use super::gates::{self, Ending};
use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::Field;
use crate::taxonomy::Taxonomy;
use policy::{Stack, StopFact};
use serde::Deserialize;

/// Closing needs no words; the evidence speaks.
pub const FIELDS: &[Field] = &[];

/// Close the case.
#[derive(Clone, Debug, Deserialize)]
pub struct Close {}

/// The evidence still missing: proof of reply, of one's own where many were told the same, cause, satisfaction asked,
/// promises kept, everyone answered, customers and other bodies alike, every compensation decided about and verified, no
/// review open; and what the rules of the case ask for besides.
#[must_use]
pub fn missing(case: &Case, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
    let mut missing = own(case, rules);
    let more = gates::before_ending(case, Ending::Close, rules, taxonomy);
    // What the lifecycle asks for already is not asked for twice.
    let new: Vec<Fault> = more.into_iter().filter(|fault| missing.iter().all(|own| own.code != fault.code)).collect();
    missing.extend(new);
    missing
}

/// What is missing before the case ends by another door than closing: who waits for an answer, and what the rules ask for.
#[must_use]
pub fn missing_before(case: &Case, ending: Ending, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
    let waits = ["gate_merged", "gate_feedback", "gate_referral"];
    let mut missing: Vec<Fault> = own(case, rules).into_iter().filter(|fault| waits.contains(&fault.code)).collect();
    missing.extend(gates::before_ending(case, ending, rules, taxonomy));
    missing
}

/// What the lifecycle asks for, whatever the rules say.
fn own(case: &Case, rules: &Stack) -> Vec<Fault> {
    let mut missing = Vec::new();
    if case.reply.is_none() {
        missing.push(Fault::new("reply", "gate_reply"));
    }
    if case.record.kind.needs_cause() {
        if case.cause.is_none() {
            missing.push(Fault::new("cause", "gate_cause"));
        }
        // Somebody unknown cannot be asked; the reply was then a public notice.
        if !case.satisfaction_asked && !case.record.anonymous {
            missing.push(Fault::new("satisfaction", "gate_satisfaction"));
        }
    }
    for promise in case.open_promises().filter(|promise| promise.id > 0) {
        missing.push(Fault::new("promise", "gate_promise").with("promise", promise.id));
    }
    if let Some(member) = case.incident.as_ref().filter(|member| member.told_at.is_none()) {
        missing.push(Fault::new("incident", "gate_incident").with("number", &member.number));
    }
    for one in case.unanswered() {
        missing.push(Fault::new("merged", "gate_merged").with("number", &one.number));
    }
    missing.extend(super::order::missing(case));
    missing.extend(super::matter::missing(case));
    missing.extend(super::referral::missing(case, rules));
    missing.extend(super::compensation::missing(case));
    missing.extend(super::remedy::missing(case));
    missing.extend(super::survey::missing(case));
    missing
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state == State::AwaitingCustomer
}

/// Decides the closing.
///
/// # Errors
/// Names everything that is missing.
pub fn decide(case: &Case, _: &Close, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let mut missing = missing(case, ctx.rules, ctx.taxonomy);
    // What the law wants the customers of merged cases told or paid is asked for nowhere else.
    missing.extend(ctx.others.iter().flat_map(|one| gates::owed_in_merged(one, ctx)));
    gates::refused("close", missing)?;
    case.require(&[State::AwaitingCustomer])?;
    let mut events = vec![Event::Closed {}];
    // A clock nothing stopped has lost its object: a closed case owes nothing more.
    events.extend(clocks::end_all(case, StopFact::Closed, ctx));
    events.extend(clocks::after_closing(case, ctx));
    events.push(Event::Moved { to: State::Closed });
    Ok(Decision::of(events))
}
