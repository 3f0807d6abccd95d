//! Making and changing users. Whatever changes what somebody may do or see ends their sessions.

use super::{area, units, within};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::notices::clean_email;
use crate::sign_in::{end_begun, hash_password, one_time_password};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::{ActorId, AreaScope, Role};
use domain::fault::Fault;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use serde::Deserialize;
use std::collections::BTreeSet;
use store::{Tx, UserRow, people, routing};
use uuid::Uuid;

const NAME: Kind = Kind::Text { max: 60, multiline: false };
const SKILLS: Kind = Kind::List { of: &Kind::Line { max: 40 }, max: 30 };
const EMAIL: Kind = Kind::Line { max: 254 };
const ROLE: Kind = Kind::Code(&Role::CODES);

/// Shape of a new user.
pub const NEW_USER: &[Field] = &[
    required("username", Kind::Line { max: 40 }, "Name to sign in with: small letters, digits, dots, hyphens."),
    required("name", NAME, "Name to show."),
    required("role", ROLE, "What they are employed to do."),
    required("unit", Kind::Uuid, "The unit they belong to."),
    optional("region", Kind::Region, "Area of their own. Default: that of their unit."),
    optional("skills", SKILLS, "What routing may choose them for: small letters, digits, hyphens."),
    optional("email", EMAIL, "Where mail reaches them."),
];

/// Shape of a change to a user; what is left out stays.
pub const CHANGE_USER: &[Field] = &[
    optional("name", NAME, "Name to show."),
    optional("role", ROLE, "What they are employed to do."),
    optional("unit", Kind::Uuid, "The unit they belong to."),
    optional("region", Kind::Region, "Area of their own."),
    optional("skills", SKILLS, "What routing may choose them for, all of it."),
    optional("email", EMAIL, "Where mail reaches them; saying it anew has a refused one tried again."),
    optional("no_email", Kind::Bool, "`true` drops the address."),
    optional("inherit_region", Kind::Bool, "`true` drops the area of their own: that of their unit counts."),
];

/// A user to be created.
#[derive(Clone, Debug, Deserialize)]
pub struct NewUser {
    /// Name to sign in with: lower-case letters, digits, dot, hyphen, underscore.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Area of their own; empty for that of the unit.
    #[serde(default)]
    pub region: String,
    /// Unit.
    pub unit: UnitId,
    /// What routing may choose them for.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Where mail reaches them; empty for nowhere.
    #[serde(default)]
    pub email: String,
}

/// A change to a user; `None` leaves things as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserChange {
    /// Name to show.
    pub name: Option<String>,
    /// Role.
    pub role: Option<Role>,
    /// Unit.
    pub unit: Option<UnitId>,
    /// Area of their own; empty for that of the unit.
    pub region: Option<String>,
    /// What routing may choose them for, all of it.
    pub skills: Option<Vec<String>>,
    /// Where mail reaches them.
    pub email: Option<String>,
    /// Drops where mail reaches them.
    pub no_email: bool,
    /// Drops the area of their own.
    pub inherit_region: bool,
    /// Closes or opens the account; a door of its own asks for it.
    #[serde(skip)]
    pub disabled: Option<bool>,
}

/// A name to sign in with as it is kept, if it can be one.
pub(crate) fn clean_username(typed: &str) -> Option<String> {
    let username = typed.trim().to_lowercase();
    let form = (2..=40).contains(&username.len())
        && username.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
    form.then_some(username)
}

/// Skills as they are kept: each once, in order.
fn clean_skills(given: &[String]) -> Result<Vec<String>, Refusal> {
    let skills: BTreeSet<String> = given.iter().map(|skill| skill.trim().to_owned()).collect();
    match skills.iter().all(|skill| policy::is_skill(skill)) {
        true => Ok(skills.into_iter().collect()),
        false => Err(Fault::new("skills", "bad_skill").into()),
    }
}

/// Refuses a programme what would make an administrator or give it the sign-in of one: with that it made itself another
/// token and outlived its own.
pub(crate) fn no_programme_over(by: ActorId, role: &str) -> Result<(), Refusal> {
    match by {
        ActorId::Token(_) if role == Role::Admin.code() => Err(Refusal::forbidden("administrators_by_people")),
        ActorId::Token(_) | ActorId::User(_) | ActorId::System => Ok(()),
    }
}

/// Creates a user and returns the one-time password, shown once.
///
/// # Errors
/// If the name is taken or malformed, the region or unit unknown, or the area outside the caller's;
/// `administrators_by_people`.
pub fn add_user(desk: &Desk, by: &Caller, new: &NewUser) -> Result<String, DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    no_programme_over(by.actor.id, new.role.code())?;
    let username =
        clean_username(&new.username).ok_or_else(|| Refusal::from(Fault::new("username", "bad_username")))?;
    let region = AreaScope::region(&new.region).map_err(Refusal::from)?;
    let skills = clean_skills(&new.skills)?;
    let email = clean_email(&new.email)?;
    let password = one_time_password()?;
    let at = stored(desk.time().now());
    let row = UserRow {
        id: Uuid::now_v7(),
        username,
        name: new.name.trim().to_owned(),
        role: new.role.code().to_owned(),
        region: region.code().to_owned(),
        unit: new.unit.0,
        password: hash_password(&password)?,
        disabled: false,
        created_at: at,
        changed_at: at,
        email,
        bounced: String::new(),
        one_time: true,
    };
    let (actor, own) = (by.actor.id, by.actor.area.clone());
    desk.db().write_now(move |tx| {
        if people::user_by_name(tx, &row.username)?.is_some() {
            return Err(Refusal::from(Fault::new("username", "taken")).into());
        }
        let unit = units::open_unit(tx, row.unit, "unit", &own)?;
        inside(tx, &row, &own)?;
        people::insert_user(tx, &row)?;
        routing::set_skills(tx, row.id, &skills)?;
        let change = Change::new("add-user")
            .with("role", row.role.clone())
            .with("region", row.region.clone())
            .with("unit", unit.code);
        let change = if skills.is_empty() { change } else { change.with("skills", skills.join(" ")) };
        administration::record(tx, row.id, actor, at, &change)
    })?;
    Ok(password)
}

/// Changes a user or closes the account. All sessions of the user end; what is already so is not written again.
///
/// # Errors
/// If there is no such user, a new value is wrong, or nobody would be left to administer; `administrators_by_people`.
pub fn change_user(desk: &Desk, by: &Caller, username: &str, change: &UserChange) -> Result<(), DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    let region = change.region.as_deref().map(AreaScope::region).transpose().map_err(Refusal::from)?;
    let region = region.map(|area| area.code().to_owned()).or_else(|| change.inherit_region.then(String::new));
    let skills = change.skills.as_deref().map(clean_skills).transpose()?;
    let email = change.email.as_deref().map(clean_email).transpose()?.or_else(|| change.no_email.then(String::new));
    let (name, at, actor) = (username.trim().to_lowercase(), stored(desk.time().now()), by.actor.id);
    let (change, own) = (change.clone(), by.actor.area.clone());
    desk.db().write_now(move |tx| {
        let before =
            people::user_by_name(tx, &name)?.ok_or_else(|| Refusal::from(Fault::new("username", "unknown_user")))?;
        within(&own, &area::of_user(tx, &before)?)?;
        no_programme_over(actor, &before.role)?;
        let mut user = before.clone();
        let mut noted = Change::new("change-user");
        if let Some(name) = change.name.filter(|name| *name != user.name) {
            // People have a right to their old name being forgotten; the ledger keeps everything.
            noted = noted.with("name", "changed");
            user.name = name;
        }
        if let Some(role) = change.role.filter(|role| role.code() != user.role) {
            no_programme_over(actor, role.code())?;
            role.code().clone_into(&mut user.role);
            noted = noted.with("role", user.role.clone());
        }
        if let Some(unit) = change.unit.filter(|unit| unit.0 != user.unit) {
            user.unit = unit.0;
            noted = noted.with("unit", units::open_unit(tx, unit.0, "unit", &own)?.code);
        }
        if let Some(region) = region.filter(|region| *region != user.region) {
            noted = noted.with("region", region.clone());
            user.region = region;
        }
        if let Some(disabled) = change.disabled.filter(|disabled| *disabled != user.disabled) {
            if !disabled {
                // Nobody comes back into a unit that no longer exists.
                units::open_unit(tx, user.unit, "unit", &own)?;
            }
            user.disabled = disabled;
            noted = noted.with("disabled", disabled.to_string());
        }
        let skills = match skills {
            Some(skills) if skills != routing::skills(tx, user.id)? => Some(skills),
            _ => None,
        };
        if let Some(skills) = &skills {
            routing::set_skills(tx, user.id, skills)?;
            noted = noted.with("skills", skills.join(" "));
        }
        let email = email.filter(|email| *email != before.email || !before.bounced.is_empty());
        if let Some(email) = &email {
            people::set_email(tx, user.id, email)?;
            noted = noted.with("email", "changed");
        }
        if user == before {
            // What somebody can do, or where mail reaches them, changes nothing of what they may do: their sessions go on.
            let same = skills.is_none() && email.is_none();
            return if same { Ok(()) } else { administration::record(tx, user.id, actor, at, &noted) };
        }
        user.changed_at = at;
        inside(tx, &user, &own)?;
        people::update_user(tx, &user)?;
        let admin = |user: &UserRow| user.role == Role::Admin.code() && !user.disabled;
        if admin(&before) && !admin(&user) && people::count_active(tx, Role::Admin.code())? == 0 {
            return Err(Refusal::conflict("last_admin").into());
        }
        end_begun(tx, user.id)?;
        administration::record(tx, user.id, actor, at, &noted)
    })
}

/// The name a user signs in with, for whoever may change that user.
///
/// # Errors
/// `not_found` when there is no such user in the caller's area; a refusal when their area reaches beyond it.
pub fn username(desk: &Desk, by: &Caller, user: UserId) -> Result<String, DeskError> {
    permissions::MANAGE_USERS.require(by)?;
    let own = by.actor.area.clone();
    desk.db().read_now(move |tx| {
        let row = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
        within(&own, &area::of_user(tx, &row)?)?;
        Ok(row.username)
    })
}

/// Refuses what would let a user see more than the one who makes them so.
fn inside(tx: &mut Tx<'_>, user: &UserRow, own: &AreaScope) -> Result<(), DeskError> {
    if own.covers(area::of_user(tx, user)?.code()) {
        return Ok(());
    }
    Err(Refusal::from(Fault::new("region", "outside_area").with("area", own.code())).into())
}
