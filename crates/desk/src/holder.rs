//! Looking up whom a command gives a case to: what the domain cannot know. An absent person is stood in for.

use crate::error::DeskError;
use crate::organisation::deputy::{StandIn, stand_in};
use crate::organisation::{area, role_of, works_cases};
use crate::time::stored;
use domain::actor::ActorId;
use domain::case::Case;
use domain::fault::Fault;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{Tx, people, units};

/// Who gets a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The unit; only missing when neither unit nor user was named.
    pub(crate) unit: Option<UnitId>,
    /// The person; nobody leaves it to the unit's queue.
    pub(crate) user: Option<UserId>,
    /// The absent person who was named.
    pub(crate) instead_of: Option<UserId>,
}

/// Looks up a unit, a user or both, as a command named them. A deputy among the excluded gets nothing: the case then
/// waits in the unit's queue.
///
/// # Errors
/// A fault of `user` or `unit` when there is none such, or they may not hold this case.
pub(crate) fn named(
    tx: &mut Tx<'_>,
    case: &Case,
    unit: Option<UnitId>,
    user: Option<UserId>,
    excluded: &BTreeSet<ActorId>,
    now: Timestamp,
) -> Result<Holder, DeskError> {
    if let Some(user) = user {
        let row = people::user(tx, user.0)?.filter(|row| !row.disabled);
        if let Some(row) = row
            && !area::of_user(tx, &row)?.covers(&case.record.region)
        {
            return Err(Refusal::from(Fault::new("user", "user_outside_area")).into());
        }
    } else if let Some(unit) = unit
        && units::unit(tx, unit.0)?.is_some_and(|row| !row.closed)
        && !area::of_unit(tx, unit.0)?.covers(&case.record.region)
    {
        return Err(Refusal::from(Fault::new("unit", "unit_outside_area")).into());
    }
    look_up(tx, Some(&case.record.region), unit, user, excluded, now)
}

/// The same for a work order, which may go to any area: whoever has it sees the case for it.
///
/// # Errors
/// A fault of `user` or `unit` when there is none such, or they work on no cases.
pub(crate) fn anywhere(
    tx: &mut Tx<'_>,
    unit: Option<UnitId>,
    user: Option<UserId>,
    excluded: &BTreeSet<ActorId>,
    now: Timestamp,
) -> Result<Holder, DeskError> {
    look_up(tx, None, unit, user, excluded, now)
}

fn look_up(
    tx: &mut Tx<'_>,
    region: Option<&str>,
    unit: Option<UnitId>,
    user: Option<UserId>,
    excluded: &BTreeSet<ActorId>,
    now: Timestamp,
) -> Result<Holder, DeskError> {
    let Some(user) = user else {
        if let Some(unit) = unit {
            let row = units::unit(tx, unit.0)?;
            let row = row.ok_or_else(|| Refusal::from(Fault::new("unit", "unknown_unit")))?;
            if row.closed {
                return Err(Refusal::from(Fault::new("unit", "closed_unit")).into());
            }
        }
        return Ok(Holder { unit, user: None, instead_of: None });
    };
    let row = people::user(tx, user.0)?.filter(|row| !row.disabled);
    let row = row.ok_or_else(|| Refusal::from(Fault::new("user", "unknown_user")))?;
    // Whoever may not work cases must not be left holding one.
    if !works_cases(role_of(&row)?) {
        return Err(Refusal::from(Fault::new("user", "user_works_no_cases")).into());
    }
    if unit.is_some_and(|unit| unit.0 != row.unit) {
        return Err(Refusal::from(Fault::new("unit", "user_of_other_unit")).into());
    }
    let own = UnitId(row.unit);
    Ok(match stand_in(tx, row.id, region, stored(now))? {
        StandIn::Present => Holder { unit: Some(own), user: Some(user), instead_of: None },
        StandIn::Deputy(deputy) if !excluded.contains(&ActorId::User(UserId(deputy.id))) => {
            Holder { unit: Some(UnitId(deputy.unit)), user: Some(UserId(deputy.id)), instead_of: Some(user) }
        }
        StandIn::Deputy(_) | StandIn::Queue => Holder { unit: Some(own), user: None, instead_of: Some(user) },
    })
}
