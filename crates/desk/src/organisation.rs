//! Units with their duties, the people in them, and who stands in for whom. There is always a root unit, so that no
//! case is ever without an owner.

mod absence;
pub(crate) mod area;
pub(crate) mod deputy;
pub mod import;
mod units;
mod users;

pub use absence::{Absence, NEW_ABSENCE, NewAbsence, add_absence, end_absence};
pub use units::{CHANGE_UNIT, NEW_UNIT, NewUnit, UnitChange, add_unit, change_unit, close_unit, reopen_unit};
pub use users::{CHANGE_USER, NEW_USER, NewUser, UserChange, add_user, change_user, username};
pub(crate) use users::{clean_username, no_programme_over};

use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, Permission, permissions};
use area::Tree;
use domain::actor::{AreaScope, Role};
use domain::duty::Duty;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::HashMap;
use store::{Db, UnitRow, UserRow, absences, people, routing, units as rows};
use uuid::Uuid;

/// Code of the unit above all others.
pub const ROOT: &str = "root";

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
    /// Area of their own; empty when they have that of their unit.
    pub region: String,
    /// Area in force; empty for everywhere.
    pub area: String,
    /// Whether the account is closed.
    pub disabled: bool,
    /// What routing may choose them for.
    pub skills: Vec<String>,
    /// Where mail reaches them, and why a server refused that address for good; for whoever may change them only.
    pub email: String,
    /// Why a server refused that address for good; empty when none did.
    pub bounced: String,
    /// Set while they are away.
    pub absent: Option<Absent>,
}

/// That somebody is away now.
#[derive(Clone, Debug)]
pub struct Absent {
    /// First moment back.
    pub until: Timestamp,
    /// Who was named as deputy.
    pub deputy: Option<UserId>,
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
    /// Area of its own; empty when it has that of the unit above.
    pub region: String,
    /// Area in force; empty for everywhere.
    pub area: String,
    /// What it is there for.
    pub duties: Vec<Duty>,
    /// Whether it was closed.
    pub closed: bool,
}

pub(crate) fn ensure_root(db: &Db) -> Result<UnitId, DeskError> {
    let row = UnitRow {
        id: Uuid::now_v7(),
        parent: None,
        code: ROOT.to_owned(),
        name: "总部".to_owned(),
        region: String::new(),
        duties: String::new(),
        closed: false,
    };
    db.write_now(move |tx| {
        if let Some(root) = rows::unit_by_code(tx, ROOT)? {
            return Ok(UnitId(root.id));
        }
        rows::insert_unit(tx, &row)?;
        Ok(UnitId(row.id))
    })
}

/// Whether somebody with this role can be left holding a case.
pub(crate) fn works_cases(role: Role) -> bool {
    Permission::for_verb("accept").is_some_and(|accept| accept.granted_to(role))
}

/// The role a user's row names.
pub(crate) fn role_of(user: &UserRow) -> Result<Role, DeskError> {
    user.role.parse().map_err(|_| DeskError::Damaged(format!("role {:?}", user.role)))
}

/// Duties as a unit's row keeps them: each once, in their usual order.
fn written(duties: &[Duty]) -> String {
    let kept: Vec<&str> = Duty::ALL.into_iter().filter(|duty| duties.contains(duty)).map(Duty::code).collect();
    kept.join(",")
}

fn read_duties(text: &str) -> Vec<Duty> {
    text.split(',').filter_map(|code| code.parse().ok()).collect()
}

/// Refuses to touch what lies outside the caller's own area. What has nothing in common with it is not there at all.
pub(crate) fn within(own: &AreaScope, found: &AreaScope) -> Result<(), Refusal> {
    if own.covers(found.code()) {
        return Ok(());
    }
    if own.meets(found) {
        return Err(Refusal::forbidden("above_own_area").with("area", own.code()));
    }
    Err(Refusal::not_found())
}

fn unit_of(row: UnitRow, tree: &Tree) -> Unit {
    Unit {
        area: tree.unit(row.id).code().to_owned(),
        id: UnitId(row.id),
        parent: row.parent.map(UnitId),
        duties: read_duties(&row.duties),
        code: row.code,
        name: row.name,
        region: row.region,
        closed: row.closed,
    }
}

impl Desk {
    /// The units that have anything to do with the caller's area, closed ones too, by code.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn units(&self, caller: &Caller) -> Result<Vec<Unit>, DeskError> {
        permissions::READ_ORGANISATION.require(caller)?;
        let own = caller.actor.area.clone();
        let rows = self.db().read(|tx| Ok::<_, DeskError>(rows::units(tx)?)).await?;
        let tree = Tree::of(&rows);
        Ok(rows.into_iter().filter(|row| own.meets(&tree.unit(row.id))).map(|row| unit_of(row, &tree)).collect())
    }

    /// The users whose area has anything in common with the caller's, closed accounts too, by the name they sign in
    /// with.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn colleagues(&self, caller: &Caller) -> Result<Vec<Colleague>, DeskError> {
        permissions::READ_ORGANISATION.require(caller)?;
        let (own, at) = (caller.actor.area.clone(), stored(self.time().now()));
        // Addresses are nobody's business but that of whoever keeps them.
        let manages = permissions::MANAGE_USERS.allows(caller);
        let (users, units, away, skilled) = self
            .db()
            .read(move |tx| {
                let away = absences::ahead(tx, at)?;
                Ok::<_, DeskError>((people::users(tx)?, rows::units(tx)?, away, routing::all_skills(tx)?))
            })
            .await?;
        let tree = Tree::of(&units);
        let mut away: HashMap<Uuid, Absent> = away
            .into_iter()
            .filter(|row| row.from_at <= at)
            .map(|row| (row.user_id, Absent { until: moment(row.until_at), deputy: row.deputy.map(UserId) }))
            .collect();
        let mut skills: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (user, skill) in skilled {
            skills.entry(user).or_default().push(skill);
        }
        let seen = users.into_iter().filter_map(|row| {
            let area = tree.user(&row);
            own.meets(&area).then(|| Colleague {
                id: UserId(row.id),
                username: row.username,
                name: row.name,
                role: row.role,
                unit: UnitId(row.unit),
                region: row.region,
                area: area.code().to_owned(),
                disabled: row.disabled,
                email: if manages && own.covers(area.code()) { row.email } else { String::new() },
                bounced: if manages && own.covers(area.code()) { row.bounced } else { String::new() },
                skills: skills.remove(&row.id).unwrap_or_default(),
                absent: away.remove(&row.id),
            })
        });
        Ok(seen.collect())
    }
}
