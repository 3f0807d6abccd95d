//! `redress user`: the people who sign in, by the same desk as the console and the API.

use super::manage::with;
use super::place::Place;
use super::say;
use clap::{Args, Subcommand};
use desk::organisation::{self, Colleague, NewUser, Unit, UserChange};
use desk::{Caller, Desk};
use domain::actor::Role;
use domain::ids::UnitId;

/// Users who sign in.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a user; a one-time password is printed.
    Add(AddUser),
    /// Set a new one-time password; all sessions of the user end.
    ResetPassword(Named),
    /// Take the second step of signing in off a user who lost it; all sessions of the user end.
    ResetSecondFactor(Named),
    /// Change name, role, unit or region, close or reopen the account; all sessions of the user end.
    Change(ChangeUser),
    /// Close an account; all sessions of the user end.
    Disable(Named),
    /// Open a closed account again.
    Enable(Named),
    /// List users: name to sign in with, role, name, unit, area in force.
    List(Place),
}

/// Options of `user add`.
#[derive(Debug, Args)]
pub(super) struct AddUser {
    #[command(flatten)]
    place: Place,
    /// Name to sign in with.
    username: String,
    /// Name to show.
    #[arg(long)]
    name: Option<String>,
    /// Role.
    #[arg(long)]
    role: Role,
    /// Region the user may see; that of the unit if left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    region: String,
    /// Code of the unit; the root unit if left out.
    #[arg(long)]
    unit: Option<String>,
    /// What routing may choose them for, separated by spaces.
    #[arg(long, default_value = "", hide_default_value = true)]
    skills: String,
    /// Where mail reaches them.
    #[arg(long, default_value = "", hide_default_value = true)]
    email: String,
}

/// A user by name.
#[derive(Debug, Args)]
pub(super) struct Named {
    #[command(flatten)]
    place: Place,
    /// Name to sign in with.
    username: String,
}

/// Options of `user change`.
#[derive(Debug, Args)]
pub(super) struct ChangeUser {
    #[command(flatten)]
    place: Place,
    /// Name to sign in with.
    username: String,
    /// New name to show.
    #[arg(long)]
    name: Option<String>,
    /// New role.
    #[arg(long)]
    role: Option<Role>,
    /// Code of the new unit.
    #[arg(long)]
    unit: Option<String>,
    /// New region; "" for that of the unit.
    #[arg(long)]
    region: Option<String>,
    /// What routing may choose them for, all of it, separated by spaces.
    #[arg(long)]
    skills: Option<String>,
    /// Where mail reaches them; "" for nowhere.
    #[arg(long)]
    email: Option<String>,
    /// Close the account.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Open the account again.
    #[arg(long)]
    enable: bool,
}

/// Runs a command.
///
/// # Errors
/// What went wrong, in one line.
pub(super) fn run(user: User) -> Result<(), String> {
    match user {
        User::Add(ask) => add(ask),
        User::ResetPassword(ask) => say(with(&ask.place, |desk, by| desk.reset_password(by, &ask.username))?),
        User::ResetSecondFactor(ask) => {
            with(&ask.place, |desk, by| desk.reset_second_factor(by, &ask.username))?;
            say("off")
        }
        User::Change(ask) => change(ask),
        User::Disable(ask) => switch(&ask, true),
        User::Enable(ask) => switch(&ask, false),
        User::List(place) => list(&place),
    }
}

fn add(ask: AddUser) -> Result<(), String> {
    let desk = ask.place.open()?;
    let caller = Caller::system(desk.root());
    let unit = match ask.unit {
        Some(code) => unit(&desk, &caller, &code)?,
        None => desk.root(),
    };
    let name = ask.name.unwrap_or_else(|| ask.username.clone());
    let new = NewUser {
        username: ask.username,
        name,
        role: ask.role,
        region: ask.region,
        unit,
        skills: words(&ask.skills),
        email: ask.email,
    };
    let password = organisation::add_user(&desk, &caller, &new).map_err(|error| super::told(&error))?;
    desk.db().close();
    say(password)
}

fn change(ask: ChangeUser) -> Result<(), String> {
    let desk = ask.place.open()?;
    let caller = Caller::system(desk.root());
    let unit = ask.unit.map(|code| unit(&desk, &caller, &code)).transpose()?;
    let disabled = match (ask.disable, ask.enable) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let skills = ask.skills.as_deref().map(words);
    let change = UserChange {
        name: ask.name,
        role: ask.role,
        unit,
        region: ask.region,
        disabled,
        skills,
        email: ask.email,
        ..UserChange::default()
    };
    organisation::change_user(&desk, &caller, &ask.username, &change).map_err(|error| super::told(&error))?;
    desk.db().close();
    say("changed")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn switch(ask: &Named, disabled: bool) -> Result<(), String> {
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    with(&ask.place, |desk, by| organisation::change_user(desk, by, &ask.username, &change))?;
    say(if disabled { "closed" } else { "open" })
}

fn list(place: &Place) -> Result<(), String> {
    let desk = place.open()?;
    let caller = Caller::system(desk.root());
    let (users, units) = super::wait(async { Ok((desk.colleagues(&caller).await?, desk.units(&caller).await?)) })?;
    desk.db().close();
    for user in users {
        say(line(&user, &units))?;
    }
    Ok(())
}

fn line(user: &Colleague, units: &[Unit]) -> String {
    let unit = units.iter().find(|unit| unit.id == user.unit).map_or("?", |unit| unit.code.as_str());
    let area = if user.area.is_empty() { "everywhere" } else { &user.area };
    let closed = if user.disabled { "  closed" } else { "" };
    let absent = user.absent.as_ref().map(|absent| format!("  absent until {}", absent.until)).unwrap_or_default();
    format!("{}  {}  {}  {unit}  {area}{closed}{absent}", user.username, user.role, user.name)
}

fn unit(desk: &Desk, caller: &Caller, code: &str) -> Result<UnitId, String> {
    let units = super::wait(desk.units(caller))?;
    units.iter().find(|unit| unit.code == code).map(|unit| unit.id).ok_or_else(|| format!("there is no unit {code:?}"))
}
