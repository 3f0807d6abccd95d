//! `redress register`: a contact registered from the command line, by the same desk as console and API.

use super::body::Body;
use super::case::outcome;
use super::place::Place;
use super::{told, wait_plain};
use clap::Args;
use desk::register::OnceOnly;
use domain::intake::Intake;
use domain::refusal::Refusal;

/// Options of `register`.
#[derive(Debug, Args)]
pub(super) struct Register {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    body: Body,
    /// User in whose name and with whose rights it is registered. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// A repeated call with the same key and body registers nothing and answers as the first did.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Print what the API answers.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(ask: &Register) -> Result<(), String> {
    let (bytes, value) = ask.body.read()?;
    let intake = Intake::read(value).map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    let desk = ask.place.open()?;
    let done = wait_plain(async {
        let caller = super::caller(&desk, ask.user.as_deref()).await?;
        let once = ask.idempotency_key.as_deref().map(|key| OnceOnly { key, body: &bytes });
        desk.register(&caller, intake, once).await.map_err(|error| told(&error))
    });
    let said = done.and_then(|done| outcome(&desk, &done, ask.json));
    desk.db().close();
    said
}
