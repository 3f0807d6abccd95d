//! Units and users. There is always a root unit, so that no case is ever without an owner.

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::sign_in::{hash_password, one_time_password};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::{AreaScope, Role};
use domain::fault::Fault;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;
use store::{Db, UnitRow, UserRow, people, sign_in};
use uuid::Uuid;

/// Code of the unit above all others.
pub const ROOT: &str = "root";

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Name to sign in with: lower-case letters, digits, dot, hyphen, underscore.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Area; empty for everywhere.
    pub region: String,
    /// Unit.
    pub unit: UnitId,
}

/// A user as colleagues see them.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// Identity.
    pub id: UserId,
    /// Name to sign in with.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: String,
    /// Unit.
    pub unit: UnitId,
    /// Area; empty for everywhere.
    pub region: String,
    /// Whether the account is closed.
    pub disabled: bool,
}

/// A unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Identity.
    pub id: UnitId,
    /// The unit above.
    pub parent: Option<UnitId>,
    /// Stable code.
    pub code: String,
    /// Name to show.
    pub name: String,
}

pub(crate) fn ensure_root(db: &Db) -> Result<UnitId, DeskError> {
    let row = UnitRow {
        id: Uuid::now_v7(),
        parent: None,
        code: ROOT.to_owned(),
        name: "总部".to_owned(),
        region: String::new(),
    };
    db.write_now(move |tx| {
        if let Some(root) = people::unit_by_code(tx, ROOT)? {
            return Ok(UnitId(root.id));
        }
        people::insert_unit(tx, &row)?;
        Ok(UnitId(row.id))
    })
}

/// Adds a unit below another.
///
/// # Errors
/// If the code is taken.
pub fn add_unit(desk: &Desk, by: &Caller, parent: UnitId, code: &str, name: &str) -> Result<UnitId, DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    let row = UnitRow {
        id: Uuid::now_v7(),
        parent: Some(parent.0),
        code: code.to_owned(),
        name: name.to_owned(),
        region: String::new(),
    };
    let (at, actor) = (stored(desk.time().now()), by.actor.id);
    desk.db().write_now(move |tx| {
        if people::unit_by_code(tx, &row.code)?.is_some() {
            return Err(Refusal::from(Fault::new("code", "taken")).into());
        }
        people::insert_unit(tx, &row)?;
        administration::record(tx, row.id, actor, at, &Change::new("add-unit").with("code", row.code.clone()))?;
        Ok(UnitId(row.id))
    })
}

/// Creates a user and returns the one-time password, shown once.
///
/// # Errors
/// If the name is taken or malformed, or the region unknown.
pub fn add_user(desk: &Desk, by: &Caller, new: &NewUser) -> Result<String, DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    let username = new.username.trim().to_lowercase();
    let form = (2..=40).contains(&username.len())
        && username.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
    if !form {
        return Err(Refusal::from(Fault::new("username", "bad_username")).into());
    }
    let area = AreaScope::region(&new.region).map_err(Refusal::from)?;
    let password = one_time_password()?;
    let at = stored(desk.time().now());
    let row = UserRow {
        id: Uuid::now_v7(),
        username,
        name: new.name.trim().to_owned(),
        role: new.role.code().to_owned(),
        region: area.code().to_owned(),
        unit: new.unit.0,
        password: hash_password(&password)?,
        disabled: false,
        created_at: at,
        changed_at: at,
    };
    let actor = by.actor.id;
    desk.db().write_now(move |tx| {
        if people::user_by_name(tx, &row.username)?.is_some() {
            return Err(Refusal::from(Fault::new("username", "taken")).into());
        }
        people::insert_user(tx, &row)?;
        let change = Change::new("add-user").with("role", row.role.clone()).with("region", row.region.clone());
        administration::record(tx, row.id, actor, at, &change)
    })?;
    Ok(password)
}

/// Changes role, area or unit of a user, or closes the account. All sessions of the user end.
///
/// # Errors
/// If there is no such user, or nobody would be left to administer.
pub fn change_user(
    desk: &Desk,
    by: &Caller,
    username: &str,
    role: Option<Role>,
    region: Option<&str>,
    disabled: Option<bool>,
) -> Result<(), DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    let area = region.map(AreaScope::region).transpose().map_err(Refusal::from)?;
    let (name, at, actor) = (username.trim().to_lowercase(), stored(desk.time().now()), by.actor.id);
    desk.db().write_now(move |tx| {
        let mut user =
            people::user_by_name(tx, &name)?.ok_or_else(|| Refusal::from(Fault::new("username", "unknown_user")))?;
        let was_admin = user.role == Role::Admin.code() && !user.disabled;
        let mut change = Change::new("change-user");
        if let Some(role) = role {
            role.code().clone_into(&mut user.role);
            change = change.with("role", user.role.clone());
        }
        if let Some(area) = area {
            area.code().clone_into(&mut user.region);
            change = change.with("region", user.region.clone());
        }
        if let Some(disabled) = disabled {
            user.disabled = disabled;
            change = change.with("disabled", disabled.to_string());
        }
        user.changed_at = at;
        people::update_user(tx, &user)?;
        let still_admin = user.role == Role::Admin.code() && !user.disabled;
        if was_admin && !still_admin && people::count_active(tx, Role::Admin.code())? == 0 {
            return Err(Refusal::conflict("last_admin").into());
        }
        sign_in::delete_sessions_of(tx, user.id)?;
        administration::record(tx, user.id, actor, at, &change)?;
        Ok(())
    })
}

impl Desk {
    /// All units.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn units(&self, caller: &Caller) -> Result<Vec<Unit>, DeskError> {
        permissions::READ_ORGANISATION.require(caller)?;
        let rows = self.db().read(|tx| Ok::<_, DeskError>(people::units(tx)?)).await?;
        Ok(rows
            .into_iter()
            .map(|row| Unit { id: UnitId(row.id), parent: row.parent.map(UnitId), code: row.code, name: row.name })
            .collect())
    }

    /// All users.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn colleagues(&self, caller: &Caller) -> Result<Vec<Colleague>, DeskError> {
        permissions::READ_ORGANISATION.require(caller)?;
        let rows = self.db().read(|tx| Ok::<_, DeskError>(people::users(tx)?)).await?;
        Ok(rows
            .into_iter()
            .map(|row| Colleague {
                id: UserId(row.id),
                username: row.username,
                name: row.name,
                role: row.role,
                unit: UnitId(row.unit),
                region: row.region,
                disabled: row.disabled,
            })
            .collect())
    }
}
