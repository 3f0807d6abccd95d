//! `redress pack activate`, `approve`, `refuse`, `withdraw` and `activations`: putting rules into force, by the same desk
//! as console and API.

use crate::cli::place::Place;
use crate::cli::{caller, say, told, wait_plain};
use clap::Args;
use desk::activation::{self, Activation, NEW_ACTIVATION, NewActivation, RulesKind};
use desk::{Caller, Desk, DeskError};
use domain::refusal::Refusal;
use domain::shape;
use serde_json::json;
use std::path::PathBuf;
use uuid::Uuid;

/// Options of `pack activate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Activate {
    #[command(flatten)]
    place: Place,
    /// The pack or calendar, as TOML.
    file: PathBuf,
    /// The file is a calendar.
    #[arg(long)]
    calendar: bool,
    /// First local date: of receipts a pack governs, on which a calendar holds.
    #[arg(long, value_name = "DATE")]
    effective: String,
    /// Why; it stands in the log of every case it moves, so no personal data.
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Who asks.
    #[arg(long = "as", value_name = "USERNAME")]
    user: String,
}

/// Options of a decision.
#[derive(Debug, Args)]
pub(in crate::cli) struct Decide {
    #[command(flatten)]
    place: Place,
    /// The activation, as `pack activate` and `pack activations` print it.
    id: Uuid,
    /// Who decides.
    #[arg(long = "as", value_name = "USERNAME")]
    user: String,
}

pub(super) fn ask(ask: &Activate) -> Result<(), String> {
    let text = std::fs::read_to_string(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let kind = if ask.calendar { RulesKind::Calendar } else { RulesKind::Pack };
    let value = json!({"kind": kind.code(), "effective_from": ask.effective, "note": ask.note, "text": text});
    let value = shape::check(value, NEW_ACTIVATION).map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    let new: NewActivation = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let (id, remarks) = named(&ask.place, &ask.user, |desk, by| {
        let id = activation::request(desk, by, &new)?;
        Ok((id, desk::routing::remarks_of(desk, id)?))
    })?;
    for one in &remarks {
        eprintln!("{}", crate::cli::routing::remark(one));
    }
    say(id)
}

pub(super) fn decide(ask: &Decide, work: fn(&Desk, &Caller, Uuid) -> Result<(), DeskError>) -> Result<(), String> {
    named(&ask.place, &ask.user, |desk, by| work(desk, by, ask.id))?;
    say("done")
}

/// Does something in the name of a user.
fn named<T>(place: &Place, user: &str, work: impl FnOnce(&Desk, &Caller) -> Result<T, DeskError>) -> Result<T, String> {
    let desk = place.open()?;
    let outcome = wait_plain(caller(&desk, Some(user))).and_then(|by| work(&desk, &by).map_err(|error| told(&error)));
    desk.db().close();
    outcome
}

pub(super) fn list(place: &Place) -> Result<(), String> {
    let desk = place.open()?;
    let found = crate::cli::wait(desk.activations(&Caller::system(desk.root())));
    desk.db().close();
    for one in found? {
        say(line(&one))?;
    }
    Ok(())
}

fn line(one: &Activation) -> String {
    let decided = one.decided_by.as_ref().map(|by| format!(", {}", by.name)).unwrap_or_default();
    format!(
        "{}  {}  {} {}  from {}  {}  {}{decided}  {}",
        one.id,
        one.state.code(),
        one.rules,
        one.version,
        one.effective_from,
        one.hash,
        one.requested_by.name,
        one.note
    )
}
