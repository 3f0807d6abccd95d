//! Tokens, the master key, erasures.

use super::place::Place;
use clap::{Args, Subcommand};
use desk::CaseRef;
use desk::caller::Scope;
use desk::vault::rotate;
use desk::{Caller, Desk};
use domain::actor::Role;

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

/// Opens the desk for one piece of work.
pub(super) fn with<T>(
    place: &Place,
    work: impl FnOnce(&Desk, &Caller) -> Result<T, desk::DeskError>,
) -> Result<T, String> {
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
    let done = super::wait(desk.erase(&caller, &name, &ask.reason))?;
    desk.db().close();
    println!("{} erased, certificate {}", done.person, done.certificate);
    Ok(())
}
