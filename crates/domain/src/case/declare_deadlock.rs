//! Declare a deadlock (宣告僵局): the provider has said its last word and will not look at the matter again. Some laws open
//! the way to a body outside with it, earlier than by time alone; which way that is, the packs say.

use super::{Case, Context, Decision, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use policy::StartFact;
use serde::Deserialize;

/// Shape of the declaration.
pub const FIELDS: &[Field] = &[required(
    "position",
    Kind::Text { max: 2_000, multiline: true },
    "The provider's final position, as the customer is told.",
)];

/// Declare that the provider stays with its outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct DeclareDeadlock {
    /// The final position.
    #[serde(deserialize_with = "plain")]
    pub position: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.deadlock_at.is_none() && outcome_told(case)
}

/// An outcome was told, whether or not the customer has rejected it since.
fn outcome_told(case: &Case) -> bool {
    case.reply.is_some() || case.disputes > 0
}

/// Decides the declaration. It ends nothing: the case goes on until it is closed.
///
/// # Errors
/// If the case has ended, no outcome was told yet, or a deadlock was declared already.
pub fn decide(case: &Case, declared: &DeclareDeadlock, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if !outcome_told(case) {
        return Err(Refusal::conflict("no_outcome_told"));
    }
    if case.deadlock_at.is_some() {
        return Err(Refusal::conflict("deadlock_already"));
    }
    let mut events = vec![Event::DeadlockDeclared { position: declared.position.clone() }];
    events.extend(clocks::start(case, StartFact::Deadlock, case.round, ctx.now, ctx));
    Ok(Decision::of(events))
}
