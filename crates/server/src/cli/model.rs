//! `redress model`: the models of an installation, by the same desk as console and API.

use super::classify::{Columns, labelled};
use super::place::Place;
use super::table::Written;
use super::{caller, say, told, wait_plain};
use crate::api::models::view;
use clap::{Args, Subcommand};
use desk::models::{self, CHOOSE_MODEL, ChooseModel, Labelled, NewModel, ROLL_BACK_MODEL, RollBackModel};
use desk::{Caller, Desk, DeskError};
use domain::refusal::Refusal;
use domain::shape::{self, Field};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

/// Models of an installation.
#[derive(Debug, Subcommand)]
pub(super) enum ModelCommand {
    /// Learn from closed cases, and wait until it is done. Nothing changes by it.
    Train(Train),
    /// Learn from a labelled file, the oldest rows first. Nothing changes by it.
    TrainFile(TrainFile),
    /// List the models; a star stands before the one in use.
    List(Named),
    /// Show a model with its figures, as JSON.
    Show(Show),
    /// Put a model into use.
    Activate(Activate),
    /// Go back to what was in use before.
    Rollback(Activate),
}

/// Where, and in whose name.
#[derive(Debug, Args)]
pub(super) struct Named {
    #[command(flatten)]
    place: Place,
    /// Who does it. Default: the system, which may only look.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
}

/// Options of `model train`.
#[derive(Debug, Args)]
pub(super) struct Train {
    #[command(flatten)]
    named: Named,
    /// First local date of first receipt of the cases.
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Last such date.
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// How many of a hundred, the newest, are measured on and not learnt from.
    #[arg(long, value_name = "PER CENT", value_parser = clap::value_parser!(i64).range(5..=50))]
    held_back: Option<i64>,
}

/// Options of `model train-file`.
#[derive(Debug, Args)]
pub(super) struct TrainFile {
    #[command(flatten)]
    named: Named,
    /// The file.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    #[command(flatten)]
    columns: Columns,
    /// Column of the code of the unit that answered.
    #[arg(long, value_name = "COL")]
    unit: Option<String>,
    /// Column of the grade: normal, major or urgent.
    #[arg(long, value_name = "COL")]
    grade: Option<String>,
    #[command(flatten)]
    written: Written,
    /// How many of a hundred, the last, are measured on and not learnt from.
    #[arg(long, value_name = "PER CENT", value_parser = clap::value_parser!(i64).range(5..=50))]
    held_back: Option<i64>,
}

/// Options of `model show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    named: Named,
    /// The model, as `model list` prints it.
    id: Uuid,
}

/// Options of `model activate` and `model rollback`.
#[derive(Debug, Args)]
pub(super) struct Activate {
    #[command(flatten)]
    named: Named,
    /// The model: which to put into use, or which is in use and is to be rolled back.
    id: Uuid,
    /// Why; no personal data.
    #[arg(long, value_name = "TEXT")]
    note: String,
}

pub(super) fn run(ask: &ModelCommand) -> Result<(), String> {
    match ask {
        ModelCommand::Train(ask) => train(ask),
        ModelCommand::TrainFile(ask) => train_file(ask),
        ModelCommand::List(ask) => list(ask),
        ModelCommand::Show(ask) => show(&ask.named, ask.id),
        ModelCommand::Activate(ask) => {
            let new: ChooseModel = checked(json!({"note": ask.note}), CHOOSE_MODEL)?;
            named(&ask.named, |desk, by| models::activate(desk, by, ask.id, &new))?;
            say("done")
        }
        ModelCommand::Rollback(ask) => {
            let back: RollBackModel = checked(json!({"from": ask.id, "note": ask.note}), ROLL_BACK_MODEL)?;
            named(&ask.named, |desk, by| models::roll_back(desk, by, &back))?;
            say("done")
        }
    }
}

fn checked<T: DeserializeOwned>(value: Value, fields: &[Field]) -> Result<T, String> {
    let value = shape::check(value, fields).map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn named<T>(ask: &Named, work: impl FnOnce(&Desk, &Caller) -> Result<T, DeskError>) -> Result<T, String> {
    let desk = ask.place.open()?;
    let by = wait_plain(caller(&desk, ask.user.as_deref()));
    let outcome = by.and_then(|by| work(&desk, &by).map_err(|error| told(&error)));
    desk.db().close();
    outcome
}

fn train(ask: &Train) -> Result<(), String> {
    let new = NewModel { since: ask.since, until: ask.until, held_back: ask.held_back };
    let node = Uuid::now_v7().to_string();
    let made = named(&ask.named, |desk, by| {
        // What was asked for before and waits for a server that does not run is learnt first.
        models::go_on(desk, &node, || false)?;
        let id = models::train(desk, by, &new)?;
        // A running server that was quicker has it, and is waited for with `model show`.
        models::go_on(desk, &node, || false)?;
        models::one(desk, by, id)
    })?;
    say(format_args!("{:#}", view(&made)))
}

fn train_file(ask: &TrainFile) -> Result<(), String> {
    let more: Vec<&str> = [&ask.unit, &ask.grade].into_iter().flatten().map(String::as_str).collect();
    let found = labelled(&ask.data, &ask.written, &ask.columns, &more)?;
    found.left_out.tell(&ask.data);
    let rows = found.rows.into_iter().zip(found.beside).map(|((text, category), beside)| {
        let mut beside = beside.into_iter();
        let unit = ask.unit.as_ref().and_then(|_| beside.next());
        let grade = ask.grade.as_ref().and_then(|_| beside.next());
        Labelled { text, category, unit, grade }
    });
    let rows = rows.collect();
    let made = named(&ask.named, |desk, by| {
        let id = models::learn_from(desk, by, rows, ask.held_back)?;
        models::one(desk, by, id)
    })?;
    say(format_args!("{:#}", view(&made)))
}

fn list(ask: &Named) -> Result<(), String> {
    let found = named(ask, models::list)?;
    for one in &found.items {
        let star = if found.active == Some(one.id) { "*" } else { " " };
        let accuracy = one.learnt.as_ref().and_then(|learnt| learnt.figures.as_ref()).map(|found| found.accuracy);
        let accuracy = accuracy.map(|share| format!("accuracy {share:.4}")).unwrap_or_default();
        say(format_args!("{star} {}  {}  {}  {}  {accuracy}", one.id, one.state.code(), one.source, one.asked_at))?;
    }
    Ok(())
}

fn show(ask: &Named, id: Uuid) -> Result<(), String> {
    let found = named(ask, |desk, by| models::one(desk, by, id))?;
    say(format_args!("{:#}", view(&found)))
}
