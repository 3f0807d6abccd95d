//! Entering an absence and ending it. People enter their own; who leads a team enters those of others.

use super::{area, role_of, within, works_cases};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::actor::AreaScope;
use domain::fault::Fault;
use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;
use store::{AbsenceRow, Tx, UserRow, absences, people};
use uuid::Uuid;

/// Shape of an absence.
pub const NEW_ABSENCE: &[Field] = &[
    optional("user", Kind::Uuid, "Who is away. Default: the caller."),
    optional("from", Kind::Moment, "First moment away. Default: now."),
    required("until", Kind::Moment, "First moment back."),
    optional("deputy", Kind::Uuid, "Who gets their cases meanwhile. Default: nobody; the unit's queue does."),
];

/// An absence to be entered.
#[derive(Clone, Debug, Deserialize)]
pub struct NewAbsence {
    /// Who is away; the caller when left out.
    #[serde(default)]
    pub user: Option<UserId>,
    /// First moment away; now when left out.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// First moment back.
    pub until: Timestamp,
    /// Who gets their cases.
    #[serde(default)]
    pub deputy: Option<UserId>,
}

/// An absence that runs or lies ahead.
#[derive(Clone, Debug)]
pub struct Absence {
    /// Identity.
    pub id: Uuid,
    /// Who is away.
    pub user: UserId,
    /// Who gets their cases.
    pub deputy: Option<UserId>,
    /// First moment away.
    pub from: Timestamp,
    /// First moment back.
    pub until: Timestamp,
    /// Whether the caller may end it.
    pub may_end: bool,
}

/// Enters an absence.
///
/// # Errors
/// Faults of the fields; a refusal when the absence is somebody else's and the caller leads no team.
pub fn add_absence(desk: &Desk, by: &Caller, new: &NewAbsence) -> Result<Uuid, DeskError> {
    permissions::OWN_ABSENCE.require(by)?;
    let user = new.user.or(by.actor.user()).ok_or_else(|| Refusal::from(Fault::new("user", "required")))?;
    let others = by.actor.user() != Some(user);
    if others {
        permissions::MANAGE_ABSENCES.require(by)?;
    }
    let now = desk.time().now();
    let from = new.from.unwrap_or(now);
    if new.until <= from {
        return Err(Refusal::from(Fault::new("until", "before_from")).into());
    }
    if new.until <= now {
        return Err(Refusal::from(Fault::new("until", "absence_over")).into());
    }
    let row = AbsenceRow {
        id: Uuid::now_v7(),
        user_id: user.0,
        deputy: new.deputy.map(|deputy| deputy.0),
        from_at: stored(from),
        until_at: stored(new.until),
        created_at: stored(now),
    };
    let (actor, own) = (by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        let user = known(tx, row.user_id, "user", &own)?;
        let area = area::of_user(tx, &user)?;
        if others {
            within(&own, &area)?;
        }
        if absences::overlapping(tx, user.id, row.from_at, row.until_at)? {
            return Err(Refusal::from(Fault::new("from", "absence_overlaps")).into());
        }
        if let Some(deputy) = row.deputy {
            check_deputy(tx, &row, deputy, &area, &own)?;
        }
        absences::insert(tx, &row)?;
        let mut change = Change::new("add-absence")
            .with("absence", row.id.to_string())
            .with("from", moment(row.from_at).to_string())
            .with("until", moment(row.until_at).to_string());
        if let Some(deputy) = row.deputy {
            change = change.with("deputy", deputy.to_string());
        }
        administration::record(tx, user.id, actor, row.created_at, &change)?;
        Ok(row.id)
    })
}

/// Somebody with an open account the caller knows of, or a fault of the field that named them.
fn known(tx: &mut Tx<'_>, user: Uuid, field: &str, own: &AreaScope) -> Result<UserRow, DeskError> {
    let row = people::user(tx, user)?.filter(|row| !row.disabled);
    let row = row.ok_or_else(|| Refusal::from(Fault::new(field, "unknown_user")))?;
    if own.meets(&area::of_user(tx, &row)?) {
        return Ok(row);
    }
    Err(Refusal::from(Fault::new(field, "unknown_user")).into())
}

/// A deputy must be somebody else, there all the time, able to hold cases, and at home in some of the same area.
fn check_deputy(
    tx: &mut Tx<'_>,
    absence: &AbsenceRow,
    deputy: Uuid,
    area: &AreaScope,
    own: &AreaScope,
) -> Result<(), DeskError> {
    if deputy == absence.user_id {
        return Err(Refusal::from(Fault::new("deputy", "own_deputy")).into());
    }
    let row = known(tx, deputy, "deputy", own)?;
    if !works_cases(role_of(&row)?) {
        return Err(Refusal::from(Fault::new("deputy", "user_works_no_cases")).into());
    }
    if !area.meets(&area::of_user(tx, &row)?) {
        return Err(Refusal::from(Fault::new("deputy", "deputy_elsewhere")).into());
    }
    if absences::overlapping(tx, deputy, absence.from_at, absence.until_at)? {
        return Err(Refusal::from(Fault::new("deputy", "deputy_absent")).into());
    }
    Ok(())
}

/// Ends an absence now; one that has not begun is called off. One that is over stays as it is.
///
/// # Errors
/// `not_found`; a refusal when it is somebody else's and the caller leads no team.
pub fn end_absence(desk: &Desk, by: &Caller, absence: Uuid) -> Result<(), DeskError> {
    permissions::OWN_ABSENCE.require(by)?;
    let (at, by) = (stored(desk.time().now()), by.clone());
    desk.db().write_now(move |tx| {
        let row = absences::absence(tx, absence)?.ok_or_else(Refusal::not_found)?;
        let user = people::user(tx, row.user_id)?.ok_or_else(Refusal::not_found)?;
        let area = area::of_user(tx, &user)?;
        if by.actor.user() != Some(UserId(user.id)) {
            if !by.actor.area.meets(&area) {
                return Err(Refusal::not_found().into());
            }
            permissions::MANAGE_ABSENCES.require(&by)?;
            within(&by.actor.area, &area)?;
        }
        let until = at.max(row.from_at);
        if until >= row.until_at {
            return Ok(());
        }
        absences::end(tx, row.id, until)?;
        let change = Change::new("end-absence").with("absence", row.id.to_string());
        administration::record(tx, user.id, by.actor.id, at, &change)
    })
}

impl Desk {
    /// The absences that run or lie ahead, of everybody whose area has anything in common with the caller's.
    ///
    /// # Errors
    /// If the caller may not see the organisation.
    pub async fn absences(&self, caller: &Caller) -> Result<Vec<Absence>, DeskError> {
        let colleagues = self.colleagues(caller).await?;
        let at = stored(self.time().now());
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(absences::ahead(tx, at)?)).await?;
        let own = &caller.actor.area;
        let shown = rows.into_iter().filter_map(|row| {
            let user = colleagues.iter().find(|user| user.id.0 == row.user_id)?;
            let leads = permissions::MANAGE_ABSENCES.allows(caller) && own.covers(&user.area);
            Some(Absence {
                id: row.id,
                user: user.id,
                deputy: row.deputy.map(UserId),
                from: moment(row.from_at),
                until: moment(row.until_at),
                may_end: leads || (caller.actor.user() == Some(user.id) && permissions::OWN_ABSENCE.allows(caller)),
            })
        });
        Ok(shown.collect())
    }

    /// The people whose cases come to the caller now, because they are away.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn deputised(&self, caller: &Caller) -> Result<Vec<UserId>, DeskError> {
        let (Some(user), at) = (caller.actor.user(), stored(self.time().now())) else { return Ok(Vec::new()) };
        self.db().read(move |tx| super::deputy::deputised(tx, user.0, at)).await
    }
}
