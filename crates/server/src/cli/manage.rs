//! Tokens, users, the master key, erasures.

use super::place::Place;
use clap::{Args, Subcommand};
use desk::CaseRef;
use desk::caller::Scope;
use desk::organisation::{self, NewUser};
use desk::vault::rotate;
use desk::{Caller, Desk};
use domain::actor::Role;
use domain::ids::UnitId;

/// Tokens for programmes.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Create a token; it alone is printed on stdout, once.
    Create(CreateToken),
    /// Revoke every token of a name.
    Revoke(RevokeToken),
}

/// Options of `token create`.
#[derive(Debug, Args)]
pub(super) struct CreateToken {
    #[command(flatten)]
    place: Place,
    /// Name to recognise it by.
    #[arg(long)]
    name: String,
    /// Role.
    #[arg(long)]
    role: Role,
    /// Region it may see; everywhere if left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    region: String,
    /// What it may touch: read, write, personal-data. May be repeated; all if left out.
    #[arg(long, value_parser = scope)]
    scope: Vec<Scope>,
}

/// Options of `token revoke`.
#[derive(Debug, Args)]
pub(super) struct RevokeToken {
    #[command(flatten)]
    place: Place,
    /// Name it was created with.
    #[arg(long)]
    name: String,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_code(text).ok_or_else(|| "known scopes: read, write, personal-data".to_owned())
}

/// Users who sign in.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a user; a one-time password is printed.
    Add(AddUser),
    /// Set a new one-time password; all sessions of the user end.
    ResetPassword(Named),
    /// Change role or region, close or reopen the account; all sessions of the user end.
    Change(ChangeUser),
    /// List users.
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
    /// Region the user may see; everywhere if left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    region: String,
    /// Code of the unit; the root unit if left out.
    #[arg(long)]
    unit: Option<String>,
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
    /// New role.
    #[arg(long)]
    role: Option<Role>,
    /// New region; "" for everywhere.
    #[arg(long)]
    region: Option<String>,
    /// Close the account.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Open the account again.
    #[arg(long)]
    enable: bool,
}

/// The master key.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Open every wrapped key and count them by master key.
    Check(Place),
    /// Put a new key on top of the file and wrap everything under it.
    Rotate(Rotate),
}

/// Options of `key rotate`.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    place: Place,
    /// Make no new key; take old ones that nothing uses any more out of the file. Wait a minute after rotating, so
    /// that every running server has read the new key.
    #[arg(long)]
    finish: bool,
}

/// Options of `erase`.
#[derive(Debug, Args)]
pub(super) struct Erase {
    #[command(flatten)]
    place: Place,
    /// Number or identifier of a case of the person.
    case: String,
    /// Why; kept for good, so no personal data.
    #[arg(long)]
    reason: String,
}

fn with<T>(place: &Place, work: impl FnOnce(&Desk, &Caller) -> Result<T, desk::DeskError>) -> Result<T, String> {
    let desk = place.open()?;
    let caller = Caller::system(desk.root());
    let outcome = work(&desk, &caller).map_err(|error| super::told(&error));
    desk.db().close();
    outcome
}

pub(super) fn token(token: Token) -> Result<(), String> {
    match token {
        Token::Create(ask) => {
            let scopes = if ask.scope.is_empty() { Scope::ALL.to_vec() } else { ask.scope };
            let secret = with(&ask.place, |desk, by| desk.create_token(by, &ask.name, ask.role, &ask.region, &scopes))?;
            println!("{secret}");
        }
        Token::Revoke(ask) => match with(&ask.place, |desk, by| desk.revoke_tokens(by, &ask.name))? {
            0 => return Err(format!("there is no valid token named {:?}", ask.name)),
            count => println!("{count} revoked"),
        },
    }
    Ok(())
}

pub(super) fn user(user: User) -> Result<(), String> {
    match user {
        User::Add(ask) => {
            let desk = ask.place.open()?;
            let caller = Caller::system(desk.root());
            let unit = unit(&desk, &caller, ask.unit.as_deref())?;
            let name = ask.name.unwrap_or_else(|| ask.username.clone());
            let new = NewUser { username: ask.username, name, role: ask.role, region: ask.region, unit };
            let password = organisation::add_user(&desk, &caller, &new).map_err(|error| super::told(&error))?;
            desk.db().close();
            println!("{password}");
        }
        User::ResetPassword(ask) => {
            println!("{}", with(&ask.place, |desk, by| desk.reset_password(by, &ask.username))?);
        }
        User::Change(ask) => {
            let disabled = match (ask.disable, ask.enable) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            };
            with(&ask.place, |desk, by| {
                organisation::change_user(desk, by, &ask.username, ask.role, ask.region.as_deref(), disabled)
            })?;
            println!("changed");
        }
        User::List(place) => {
            let desk = place.open()?;
            let caller = Caller::system(desk.root());
            for user in super::wait(desk.colleagues(&caller))? {
                let area = if user.region.is_empty() { "everywhere" } else { &user.region };
                let closed = if user.disabled { "  closed" } else { "" };
                println!("{}  {}  {}  {area}{closed}", user.username, user.role, user.name);
            }
            desk.db().close();
        }
    }
    Ok(())
}

fn unit(desk: &Desk, caller: &Caller, code: Option<&str>) -> Result<UnitId, String> {
    let Some(code) = code else {
        return Ok(desk.root());
    };
    let units = super::wait(desk.units(caller))?;
    units.iter().find(|unit| unit.code == code).map(|unit| unit.id).ok_or_else(|| format!("there is no unit {code:?}"))
}

pub(super) fn key(key: Key) -> Result<(), String> {
    match key {
        Key::Check(place) => {
            let usage = with(&place, |desk, _| rotate::check(desk))?;
            for (position, id) in usage.file.iter().enumerate() {
                let newest = if position == 0 { "  newest" } else { "" };
                println!("{id:08x}  {} persons{newest}", usage.persons.get(id).unwrap_or(&0));
            }
            if !usage.broken.is_empty() {
                return Err(format!("{} persons' keys do not open", usage.broken.len()));
            }
            println!("every key opens");
        }
        Key::Rotate(ask) if ask.finish => {
            let gone = with(&ask.place, |desk, _| rotate::finish(desk))?;
            println!("{} old keys taken out", gone.len());
        }
        Key::Rotate(ask) => {
            let (fresh, persons) = with(&ask.place, |desk, _| rotate::rotate(desk))?;
            println!("new key {fresh:08x}; {persons} persons wrapped anew");
            println!("Copy the key file to the other nodes, then run `redress key rotate --finish`.");
        }
    }
    Ok(())
}

pub(super) fn erase(ask: Erase) -> Result<(), String> {
    let desk = ask.place.open()?;
    let caller = Caller::system(desk.root());
    let name = CaseRef::parse(&ask.case).map_err(|_| format!("{:?} is no case number", ask.case))?;
    let person = super::wait(desk.erase(&caller, &name, &ask.reason))?;
    desk.db().close();
    println!("{person} erased");
    Ok(())
}
