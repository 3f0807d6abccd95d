//! Route (自动派单): the case goes where the packs' table says, with the row that said so.

use super::{Case, Context, Decision, Owner, State};
use crate::event::Event;
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::routing::Routed;
use crate::shape::Field;
use serde::Deserialize;

/// Shape of a routing: there is nothing to say.
pub const FIELDS: &[Field] = &[];

/// Where the table sends a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goes {
    /// The unit, and the person if one was chosen.
    pub owner: Owner,
    /// The absent person the owner stands in for.
    pub instead_of: Option<UserId>,
    /// By which row.
    pub routed: Routed,
}

impl Goes {
    /// What it causes.
    #[must_use]
    pub fn event(self) -> Event {
        let Self { owner, instead_of, routed } = self;
        Event::Assigned { owner, instead_of, reason: None, routed: Some(routed) }
    }
}

/// What the table led to, as the desk looked it up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// No row is for the case, or there is no table.
    #[default]
    NoRow,
    /// The row names a unit that is not there, is closed, or has nothing to do with the region.
    NoUnit(String),
    /// There.
    Goes(Goes),
}

/// Have the table decide. The desk has looked it up.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Route {
    /// What it led to. Never given by a caller.
    #[serde(skip)]
    pub found: Found,
}

/// Whether a new category sends the case anew by itself: nobody has taken it up yet, because it was not classified or
/// lies in a queue. Who works on a case keeps it until somebody says otherwise.
#[must_use]
pub fn goes_anew(case: &Case) -> bool {
    case.state == State::Triage || (case.state == State::Registered && case.owner.user.is_none())
}

/// What the table does about a case by itself; nothing where it lies there already or there is no way.
#[must_use]
pub fn by_itself(case: &Case, found: Found) -> Option<Event> {
    match found {
        Found::Goes(goes) if moves(case, &goes) => Some(goes.event()),
        _ => None,
    }
}

/// Whether a case would lie elsewhere: to take it from somebody and lay it into the queue they belong to would only lose
/// time.
#[must_use]
pub fn moves(case: &Case, goes: &Goes) -> bool {
    let Owner { unit, user } = goes.owner;
    goes.owner != case.owner && (user.is_some() || unit != case.owner.unit)
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides a routing.
///
/// # Errors
/// If the case has ended, no row is for it, the row names no unit that can take it, or it lies there already.
pub fn decide(case: &Case, route: &Route, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let goes = match &route.found {
        Found::NoRow => return Err(Refusal::conflict("no_routing_row")),
        Found::NoUnit(unit) => return Err(Refusal::conflict("routing_unit").with("unit", unit)),
        Found::Goes(goes) => goes.clone(),
    };
    if !moves(case, &goes) {
        return Err(Refusal::conflict("already_owner"));
    }
    if let Some(user) = goes.owner.user {
        case.may_hold(user, "user")?;
    }
    let mut events = vec![goes.event()];
    if case.state == State::Accepted {
        events.push(Event::Moved { to: State::InProgress });
    }
    Ok(Decision::of(events))
}
