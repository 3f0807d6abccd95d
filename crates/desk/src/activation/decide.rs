//! Deciding: another person than the one who asked approves or refuses; who asked may take it back.

use super::request::{now_in_force, prove, read as read_content};
use super::{
    Activation, ActivationState, NOTICED_AFTER, RulesKind, a_person, content, everywhere, in_force, read, refresh,
};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::Activated;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use store::activations::{self, Decided};
use uuid::Uuid;

/// Puts what another person asked for into force. It is proved once more: since it was asked for, other rules may have
/// come into force, and its day may have passed.
///
/// # Errors
/// `not_found`; a refusal when it is decided or one's own; everything that speaks against the content.
pub fn approve(desk: &Desk, by: &Caller, id: Uuid) -> Result<(), DeskError> {
    let asked = another_persons(desk, by, id)?;
    let hash = asked.hash.clone();
    let (file, force) = desk.db().read_now(move |tx| Ok::<_, DeskError>((content(tx, &hash)?, in_force(tx)?)))?;
    let rules = now_in_force(desk.library(), &force)?;
    let known = read_content(&rules, asked.kind, &file.text)?;
    let activated = Activated { activation: Arc::new(asked), file };
    prove(desk, &rules, &known, &force, &activated)?;
    let holds_at = holds_at(&activated.activation, desk.time().now(), desk.zone())?;
    decide(desk, by, &activated.activation, ActivationState::Active, Some(holds_at))?;
    refresh(desk)
}

/// Says no to what another person asked for.
///
/// # Errors
/// `not_found`, or a refusal when it is decided or one's own.
pub fn refuse(desk: &Desk, by: &Caller, id: Uuid) -> Result<(), DeskError> {
    let asked = another_persons(desk, by, id)?;
    decide(desk, by, &asked, ActivationState::Refused, None)
}

/// Takes back what one asked for oneself.
///
/// # Errors
/// `not_found`, or a refusal when it is decided or somebody else's.
pub fn withdraw(desk: &Desk, by: &Caller, id: Uuid) -> Result<(), DeskError> {
    let asked = find(desk, by, id)?;
    if asked.requested_by.id != by.actor.id {
        return Err(Refusal::conflict("not_own_request").with("by", &asked.requested_by.name).into());
    }
    decide(desk, by, &asked, ActivationState::Withdrawn, None)
}

fn find(desk: &Desk, by: &Caller, id: Uuid) -> Result<Activation, DeskError> {
    permissions::ACTIVATE_RULES.require(by)?;
    // What is everywhere is not there for who sees only a part of it.
    everywhere(by).map_err(|_| Refusal::not_found())?;
    let found = desk.db().read_now(move |tx| match activations::activation(tx, id)? {
        Some(row) => read(tx, row).map(Some),
        None => Ok(None),
    })?;
    let found = found.ok_or_else(Refusal::not_found)?;
    a_person(by)?;
    if found.state != ActivationState::Requested {
        return Err(decided(&found).into());
    }
    Ok(found)
}

fn another_persons(desk: &Desk, by: &Caller, id: Uuid) -> Result<Activation, DeskError> {
    let found = find(desk, by, id)?;
    if found.requested_by.id == by.actor.id {
        return Err(Refusal::conflict("own_request").into());
    }
    Ok(found)
}

fn decided(activation: &Activation) -> Refusal {
    Refusal::conflict("activation_decided").with("state", activation.state.code())
}

/// From which moment on all nodes go by it: not before each has noticed, and a calendar not before its day.
fn holds_at(activation: &Activation, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, DeskError> {
    let noticed = now + NOTICED_AFTER;
    if activation.kind == RulesKind::Pack {
        return Ok(noticed);
    }
    let begins = activation.effective_from.to_zoned_datetime(zone.clone());
    let begins = begins.map_err(|error| DeskError::Damaged(error.to_string()))?.timestamp();
    Ok(noticed.max(begins))
}

fn decide(
    desk: &Desk,
    by: &Caller,
    asked: &Activation,
    to: ActivationState,
    holds_at: Option<Timestamp>,
) -> Result<(), DeskError> {
    let verb = match to {
        ActivationState::Active => "approve-activation",
        ActivationState::Refused => "refuse-activation",
        ActivationState::Withdrawn | ActivationState::Requested => "withdraw-activation",
    };
    let change = Change::new(verb)
        .with("kind", asked.kind.code())
        .with("rules", asked.rules.clone())
        .with("version", asked.version.clone())
        .with("hash", asked.hash.clone());
    let change = match holds_at {
        Some(at) => change.with("holds_at", at.to_string()),
        None => change,
    };
    let (asked, actor, at) = (asked.clone(), by.actor.id, stored(desk.time().now()));
    desk.db().write_now(move |tx| {
        let by = actor.to_string();
        let decision = Decided {
            from: ActivationState::Requested.code(),
            to: to.code(),
            by: &by,
            at,
            holds_at: holds_at.map(stored),
        };
        if !activations::decide(tx, asked.id, &decision)? {
            return Err(Refusal::conflict("activation_decided").with("state", asked.state.code()).into());
        }
        administration::record(tx, asked.id, actor, at, &change)
    })
}
