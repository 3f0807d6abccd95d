//! Dispute (客户不认可): the customer rejects the outcome. The matter is looked at again inside the house by somebody who
//! did not handle it (内部复核); the answer given before no longer counts as one.

use super::{Case, Context, Decision, Owner, State, clocks, merge};
use crate::actor::ActorId;
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use policy::StartFact;
use serde::Deserialize;

/// Shape of a dispute.
pub const FIELDS: &[Field] = &[
    required("reason", Kind::Text { max: 2_000, multiline: true }, "Why the customer rejects the outcome."),
    optional("unit", Kind::Uuid, "Unit that reviews it. Default: the unit that holds the case."),
    optional("user", Kind::Uuid, "Person who reviews it; not one who handled it."),
];

/// Record that the customer rejects the outcome. The desk has looked unit and user up.
#[derive(Clone, Debug, Deserialize)]
pub struct Dispute {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
    /// Reviewing unit.
    pub unit: Option<UnitId>,
    /// Reviewing person.
    pub user: Option<UserId>,
    /// The absent person who was named; the desk then puts the deputy into `user`, or nobody. Never given by a caller.
    #[serde(skip)]
    pub instead_of: Option<UserId>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state == State::AwaitingCustomer
}

/// Decides a dispute.
///
/// # Errors
/// Unless an outcome was told, or if the reviewer handled the case.
pub fn decide(case: &Case, dispute: &Dispute, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(&[State::AwaitingCustomer])?;
    if let Some(user) = dispute.user {
        if case.handlers.contains(&ActorId::User(user)) {
            return Err(Fault::new("user", "reviewer_handled_it").into());
        }
        case.may_hold(user, "user")?;
    }
    let reviewer = Owner { unit: dispute.unit.unwrap_or(case.owner.unit), user: dispute.user };
    let (merged, elsewhere) = merge::wait_again(case, ctx);
    let mut events = vec![Event::Disputed { reason: dispute.reason.clone() }];
    events.extend(merged);
    if reviewer != case.owner {
        events.push(Event::Assigned { owner: reviewer, instead_of: dispute.instead_of, reason: None, routed: None });
    }
    events.extend(clocks::start(case, StartFact::Disputed, case.round, ctx.now, ctx));
    events.push(Event::Moved { to: State::InProgress });
    Ok(Decision { events, elsewhere })
}

/// The steps towards another outcome, which [`impartial`] keeps from whoever handled the one the customer rejected. Of a
/// merged case the answer is its own.
const STEPS: [&str; 6] = ["accept", "propose", "approve", "reply", "decide-review", "call-back"];

/// The same about what the customer gets, which is recorded in a merged case too.
const REMEDIES: [&str; 3] = ["propose-compensation", "approve-compensation", "verify-compensation"];

/// Whether an operation is for somebody else to carry out: the actor handled an outcome the customer rejected.
#[must_use]
pub fn bars(case: &Case, actor: ActorId, verb: &str) -> bool {
    let decides = REMEDIES.contains(&verb) || (case.state != State::Merged && STEPS.contains(&verb));
    decides && case.barred.contains(&actor)
}

/// Refuses whoever handled a disputed outcome to decide about it again, and whom the complaint is about to decide at all.
///
/// # Errors
/// `handled_disputed_outcome`, `complained_about`.
pub(crate) fn impartial(case: &Case, actor: ActorId) -> Result<(), Refusal> {
    if case.barred.contains(&actor) {
        return Err(Refusal::forbidden("handled_disputed_outcome"));
    }
    if actor.user().is_some_and(|user| case.record.about_staff == Some(user)) {
        return Err(Refusal::forbidden("complained_about"));
    }
    Ok(())
}
