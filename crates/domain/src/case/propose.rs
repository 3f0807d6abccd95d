//! Propose (拟定处理意见): what is to be answered and done, for approval.

use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::StopFact;
use serde::Deserialize;

/// Shape of a proposal.
pub const FIELDS: &[Field] = &[
    required("outcome", Kind::Text { max: 10_000, multiline: true }, "What is to be answered and done."),
    optional(
        "finding",
        Kind::Text { max: 10_000, multiline: true },
        "What was found out: event, demand, problem, measure.",
    ),
    optional("restored_at", Kind::Moment, "When the trouble itself was removed, if it is."),
    optional(
        "grants",
        Kind::Bool,
        "Whether the request to be erased is granted. Required where `subject_request` is `erasure`, refused elsewhere.",
    ),
    optional(
        "identity_verified",
        Kind::Bool,
        "True when the identity was checked since the registration. Nobody unnamed or unchecked is granted an erasure.",
    ),
];

/// Propose an outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Propose {
    /// What is to be answered and done.
    #[serde(deserialize_with = "plain")]
    pub outcome: FreeText,
    /// What was found out.
    #[serde(default, deserialize_with = "plain_option")]
    pub finding: Option<FreeText>,
    /// When the trouble was removed.
    pub restored_at: Option<Timestamp>,
    /// Whether the request to be erased is granted.
    #[serde(default)]
    pub grants: Option<bool>,
    /// Whether the identity was checked since the registration.
    #[serde(default)]
    pub identity_verified: bool,
}

/// States from which it is possible.
const FROM: &[State] = &[State::Accepted, State::InProgress];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a proposal.
///
/// # Errors
/// Unless the case is being worked on; if the restoration lies outside the case's life; if a request to be erased is
/// neither granted nor refused, or granted to nobody whose identity was checked.
pub fn decide(case: &Case, propose: &Propose, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    super::dispute::impartial(case, ctx.actor.id)?;
    granted(case, propose)?;
    let mut events = vec![Event::Proposed {
        outcome: propose.outcome.clone(),
        finding: propose.finding.clone(),
        grants: propose.grants,
        identity_verified: propose.identity_verified,
    }];
    if let Some(at) = propose.restored_at {
        super::register::within_life(case, at, "restored_at", ctx)?;
        events.push(Event::Restored { at });
        events.extend(clocks::stop_at(case, StopFact::Restored, at, ctx));
    }
    // A clock both facts stop must not be stopped twice.
    let mut proposed = clocks::stop(case, StopFact::Proposed, ctx);
    let stopped = clocks::stopped_in(&events);
    proposed.retain(|event| !clocks::stopped_in(std::slice::from_ref(event)).iter().any(|c| stopped.contains(c)));
    events.extend(proposed);
    events.push(Event::Moved { to: State::AwaitingReview });
    Ok(Decision::of(events))
}

/// Whether the proposal says of a request to be erased what becomes of it, and of nothing else. An answer alone does not
/// tell: a refusal is an answer as well.
fn granted(case: &Case, propose: &Propose) -> Result<(), Refusal> {
    match (crate::retention::asks_erasure(case), propose.grants) {
        (true, None) => Err(Fault::new("grants", "required").into()),
        (false, Some(_)) => Err(Fault::new("grants", "nothing_to_grant").into()),
        (true, Some(true)) if case.record.anonymous => Err(Fault::new("grants", "grant_to_nobody").into()),
        (true, Some(true)) if !case.record.identity_verified && !propose.identity_verified => {
            Err(Fault::new("identity_verified", "identity_unchecked").into())
        }
        _ => Ok(()),
    }
}
