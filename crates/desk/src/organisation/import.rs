//! Taking in a whole organisation from files: all rows or none, every fault at once, and a second time changes nothing.
//! Rows say how things are to be; units and users that no row names stay as they are.

mod plan;

use super::within;
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::sign_in::{hash_password, one_time_password};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::{ActorId, AreaScope, Role};
use domain::fault::Fault;
use domain::refusal::Refusal;
use plan::{Did, Plan};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use store::{Tx, people, sign_in, units};

pub use plan::{UNIT_ROW, USER_ROW};

/// Which file a row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// The units.
    Units,
    /// The users.
    Users,
}

/// A row: where it stands and its cells by field, empty ones left out.
#[derive(Clone, Debug)]
pub struct Line {
    /// Line of the file, from 1.
    pub line: u64,
    /// The cells, an object of the shape [`UNIT_ROW`] or [`USER_ROW`].
    pub cells: Value,
}

/// What the files say.
#[derive(Clone, Debug, Default)]
pub struct Sheets {
    /// Units, in any order.
    pub units: Vec<Line>,
    /// Users.
    pub users: Vec<Line>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// In which file.
    pub sheet: Sheet,
    /// In which line.
    pub line: u64,
    /// Field and reason.
    pub fault: Fault,
}

/// What happened to the rows of a file, by code or name to sign in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New ones.
    pub added: Vec<String>,
    /// Changed ones with the fields that changed.
    pub changed: Vec<(String, Vec<&'static str>)>,
    /// How many were so already.
    pub same: usize,
}

impl Tally {
    fn count<'d>(rows: impl Iterator<Item = (&'d str, &'d Did)>) -> Self {
        let mut tally = Self::default();
        for (name, did) in rows {
            match did {
                Did::Added => tally.added.push(name.to_owned()),
                Did::Changed(fields) => tally.changed.push((name.to_owned(), fields.clone())),
                Did::Same => tally.same += 1,
            }
        }
        tally
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What is wrong; nothing was written unless this is empty.
    pub faults: Vec<LineFault>,
    /// Units.
    pub units: Tally,
    /// Users.
    pub users: Tally,
    /// One-time passwords of new users: name to sign in with and password. Kept nowhere.
    pub passwords: Vec<(String, String)>,
}

impl From<&Plan> for Outcome {
    fn from(plan: &Plan) -> Self {
        Self {
            units: Tally::count(plan.units.iter().map(|(row, did)| (row.code.as_str(), did))),
            users: Tally::count(plan.users.iter().map(|(row, did)| (row.username.as_str(), did))),
            ..Self::default()
        }
    }
}

/// Takes the rows in, or with `dry_run` only says what that would do.
///
/// # Errors
/// If the caller may not, nobody would be left to administer, or an error of the database. Faults of rows stand in the
/// outcome.
pub fn import(desk: &Desk, by: &Caller, sheets: Sheets, dry_run: bool) -> Result<Outcome, DeskError> {
    permissions::MANAGE_ORGANISATION.require(by)?;
    permissions::MANAGE_USERS.require(by)?;
    // Files speak about the whole tree.
    within(&by.actor.area, &AreaScope::everywhere())?;
    let (sheets, root) = (Arc::new(sheets), desk.root().0);
    let wanted = Arc::clone(&sheets);
    let first = desk.db().read_now(move |tx| planned(tx, &wanted, root))?;
    let plan = match first {
        Ok(plan) => plan,
        Err(faults) => return Ok(Outcome { faults, ..Outcome::default() }),
    };
    if dry_run {
        return Ok(Outcome::from(&plan));
    }
    // Hashing takes long on purpose; nobody else's writing waits for it.
    let mut secrets = HashMap::new();
    for (row, _) in plan.users.iter().filter(|(_, did)| *did == Did::Added) {
        let password = one_time_password()?;
        let hash = hash_password(&password)?;
        secrets.insert(row.username.clone(), (password, hash));
    }
    let (at, actor) = (stored(desk.time().now()), by.actor.id);
    desk.db().write_now(move |tx| match planned(tx, &sheets, root)? {
        Ok(plan) => write(tx, plan, &secrets, actor, at),
        Err(faults) => Ok(Outcome { faults, ..Outcome::default() }),
    })
}

fn planned(tx: &mut Tx<'_>, sheets: &Sheets, root: uuid::Uuid) -> Result<Result<Plan, Vec<LineFault>>, DeskError> {
    Ok(plan::plan(&units::units(tx)?, &people::users(tx)?, sheets, root))
}

fn write(
    tx: &mut Tx<'_>,
    mut plan: Plan,
    secrets: &HashMap<String, (String, String)>,
    actor: ActorId,
    at: i64,
) -> Result<Outcome, DeskError> {
    let mut outcome = Outcome::from(&plan);
    let admins = people::count_active(tx, Role::Admin.code())?;
    for (row, did) in &plan.units {
        let change = match did {
            Did::Same => continue,
            Did::Added => {
                units::insert_unit(tx, row)?;
                Change::new("add-unit").with("code", row.code.clone())
            }
            Did::Changed(_) => {
                units::update_unit(tx, row)?;
                Change::new("change-unit")
            }
        };
        let change = change
            .with("name", row.name.clone())
            .with("parent", row.parent.map(|parent| parent.to_string()).unwrap_or_default())
            .with("region", row.region.clone())
            .with("duties", row.duties.clone())
            .with("source", "import");
        administration::record(tx, row.id, actor, at, &change)?;
    }
    for (row, did) in &mut plan.users {
        let change = match did {
            Did::Same => continue,
            Did::Added => {
                let (password, hash) = secrets
                    .get(&row.username)
                    .ok_or_else(|| DeskError::Damaged(format!("the user {:?} went away", row.username)))?;
                row.password.clone_from(hash);
                (row.created_at, row.changed_at) = (at, at);
                people::insert_user(tx, row)?;
                outcome.passwords.push((row.username.clone(), password.clone()));
                Change::new("add-user")
            }
            Did::Changed(fields) => {
                row.changed_at = at;
                people::update_user(tx, row)?;
                if fields.contains(&plan::EMAIL) {
                    people::set_email(tx, row.id, &row.email)?;
                }
                if fields.iter().any(|field| *field != plan::EMAIL) {
                    sign_in::delete_sessions_of(tx, row.id)?;
                }
                Change::new("change-user").with("fields", fields.join(","))
            }
        };
        let change = change
            .with("role", row.role.clone())
            .with("region", row.region.clone())
            .with("unit", row.unit.to_string())
            .with("source", "import");
        administration::record(tx, row.id, actor, at, &change)?;
    }
    if admins > 0 && people::count_active(tx, Role::Admin.code())? == 0 {
        return Err(Refusal::conflict("last_admin").into());
    }
    Ok(outcome)
}
