//! Who stands in for whom. An absent person's cases go to the present deputy; a deputy who is away as well hands on to
//! their own, a few steps at most.

use super::{area, role_of, works_cases};
use crate::error::DeskError;
use domain::ids::UserId;
use std::collections::BTreeSet;
use store::{Tx, UserRow, absences, people};
use uuid::Uuid;

/// So many times a case is handed on before it is left to the queue: deputies of deputies of deputies hardly know the
/// matter any more.
const MOST_STEPS: usize = 4;

/// Who works the cases of somebody at a moment.
pub(crate) enum StandIn {
    /// They themselves.
    Present,
    /// Their deputy, or the deputy's.
    Deputy(Box<UserRow>),
    /// Nobody who may: the queue of the unit.
    Queue,
}

/// Who works a case of this region for a user at a moment (UTC microseconds); without a region, a work order, which may
/// lie anywhere.
pub(crate) fn stand_in(tx: &mut Tx<'_>, user: Uuid, region: Option<&str>, at: i64) -> Result<StandIn, DeskError> {
    let Some(mut absence) = absences::at(tx, user, at)? else {
        return Ok(StandIn::Present);
    };
    for _ in 0..MOST_STEPS {
        // Everything a deputy needs may have changed since they were named.
        let Some(row) = next(tx, absence.deputy)? else { break };
        match absences::at(tx, row.id, at)? {
            Some(away) => absence = away,
            None => {
                let area = area::of_user(tx, &row)?;
                if region.is_none_or(|region| area.covers(region)) {
                    return Ok(StandIn::Deputy(Box::new(row)));
                }
                break;
            }
        }
    }
    Ok(StandIn::Queue)
}

/// A deputy who still may hold cases.
fn next(tx: &mut Tx<'_>, deputy: Option<Uuid>) -> Result<Option<UserRow>, DeskError> {
    let Some(id) = deputy else { return Ok(None) };
    let Some(row) = people::user(tx, id)?.filter(|row| !row.disabled) else { return Ok(None) };
    Ok(works_cases(role_of(&row)?).then_some(row))
}

/// The people whose cases come to a user at a moment, because they are away.
pub(crate) fn deputised(tx: &mut Tx<'_>, user: Uuid, at: i64) -> Result<Vec<UserId>, DeskError> {
    let mut found = BTreeSet::new();
    let mut reach = vec![user];
    for _ in 0..MOST_STEPS {
        let mut further = Vec::new();
        for deputy in reach {
            for absent in absences::deputised(tx, deputy, at)? {
                if absent != user && found.insert(absent) {
                    further.push(absent);
                }
            }
        }
        reach = further;
    }
    Ok(found.into_iter().map(UserId).collect())
}
