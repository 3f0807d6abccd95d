//! Assign (分派): the case gets another owner. It never has none: a unit's queue at least.

use super::{Case, Context, Decision, Owner, State};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of an assignment.
pub const FIELDS: &[Field] = &[
    optional(
        "unit",
        Kind::Uuid,
        "The unit. Without a user the case goes into its queue. Default: the user's own unit.",
    ),
    optional(
        "user",
        Kind::Uuid,
        "The person. Somebody absent is stood in for by their deputy, else by the unit's queue.",
    ),
    optional("reason", Kind::Text { max: 500, multiline: true }, "Why."),
];

/// Give the case to a unit or person. The desk has looked both up: `unit` is set once it reaches `decide`.
#[derive(Clone, Debug, Deserialize)]
pub struct Assign {
    /// The unit.
    pub unit: Option<UnitId>,
    /// The person.
    pub user: Option<UserId>,
    /// The absent person who was named; the desk then puts the deputy into `user`, or nobody. Never given by a caller.
    #[serde(skip)]
    pub instead_of: Option<UserId>,
    /// Why.
    #[serde(default, deserialize_with = "plain_option")]
    pub reason: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides an assignment.
///
/// # Errors
/// If the case has ended, nobody is named, or the named one holds it already or handled an outcome that was rejected.
pub fn decide(case: &Case, assign: &Assign, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(unit) = assign.unit else {
        return Err(Fault::new("unit", "required").into());
    };
    let owner = Owner { unit, user: assign.user };
    if let Some(user) = assign.user {
        case.may_hold(user, "user")?;
    }
    if owner == case.owner {
        return Err(Refusal::conflict("already_owner"));
    }
    let mut events =
        vec![Event::Assigned { owner, instead_of: assign.instead_of, reason: assign.reason.clone(), routed: None }];
    if case.state == State::Accepted {
        events.push(Event::Moved { to: State::InProgress });
    }
    Ok(Decision::of(events))
}
