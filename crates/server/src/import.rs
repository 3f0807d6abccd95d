//! `redress import`: taking in files. A map says what each column is, in which form and zone; nothing is guessed. Every
//! row is taken in or listed with its reason; a row that was taken in before is left alone, so that an import that was
//! interrupted simply runs again.

mod map;
mod moment;
mod network;
mod organisation;
mod progress;
pub(crate) mod records;
mod rejected;
mod row;
mod run;
pub(crate) mod text;

use crate::cli::{Place, say};
use clap::{Args, Subcommand};
use domain::case::hand_off;
use domain::intake;
use domain::shape::Field;
use map::ImportMap;
use rejected::Reason;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::Options;

/// Rejected rows the summary repeats; the list holds all of them.
const TOLD: usize = 1_000;

/// Take in files.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Register every row of a CSV file.
    Complaints(Ask),
    /// Take in what another body hands over: every row joins the case there is, or becomes a new one.
    Handoffs(Ask),
    /// Make or change units and users as CSV files say: all rows or none; a second time changes nothing.
    Organisation(organisation::Organisation),
    /// Take in network facts, products, or users by month from a CSV file: all rows or none; a second time changes nothing.
    Records(network::Records),
}

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Complaints,
    Handoffs,
}

/// Options of an import.
#[derive(Debug, Args)]
pub struct Ask {
    #[command(flatten)]
    place: Place,
    /// The file.
    file: PathBuf,
    /// What its columns are; examples lie in examples/import.
    #[arg(long, value_name = "MAP.toml")]
    map: PathBuf,
    /// Where rows that could not be taken in are listed. Default: FILE.rejected.csv beside the file.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// User in whose name and with whose rights the rows are taken in. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// What became of a file.
#[derive(Default)]
struct Summary {
    rows: u64,
    registered: u64,
    attached: u64,
    known: u64,
    rejected: u64,
    /// The first of them.
    reasons: Vec<Reason>,
    seconds: f64,
    /// Where all of them are listed.
    list: Option<PathBuf>,
    /// Why the rest of the file was not read.
    unread: Option<String>,
    /// Why the import ended before the file did.
    stopped: Option<String>,
}

/// Runs an import.
///
/// # Errors
/// What is wrong with file or map as a whole, or why it ended early; single rows are listed, not errors.
pub fn run(import: Import) -> Result<(), String> {
    match import {
        Import::Complaints(ask) => take_in(What::Complaints, intake::FIELDS, &ask),
        Import::Handoffs(ask) => take_in(What::Handoffs, hand_off::FIELDS, &ask),
        Import::Organisation(ask) => organisation::run(&ask),
        Import::Records(ask) => network::run(&ask),
    }
}

fn take_in(what: What, fields: &'static [Field], ask: &Ask) -> Result<(), String> {
    let shown = |error: String| format!("{}: {error}", ask.map.display());
    let text = std::fs::read_to_string(&ask.map).map_err(|error| shown(error.to_string()))?;
    let map = ImportMap::parse(&text, fields).map_err(shown)?;
    let list = ask.rejected.clone().unwrap_or_else(|| rejected::beside(&ask.file, ".rejected.csv"));
    if same_file(&list, &ask.file) {
        return Err(format!("{}: the list of rejected rows would overwrite the file itself", list.display()));
    }
    // Enough connections that one commits while others write.
    let desk = ask.place.open_with(&Options { sqlite_readers: 1, postgres_threads: 4, queue: 256 })?;
    let work = async {
        let caller = crate::cli::caller(&desk, ask.user.as_deref()).await?;
        run::take_in(&desk, caller, what, map, &ask.file, &list).await
    };
    let summary = crate::cli::wait_plain(work);
    desk.db().close();
    let summary = summary?;
    if ask.json {
        say(summary.json(what))?;
    } else {
        summary.print(what)?;
    }
    match summary.stopped.or(summary.unread) {
        Some(reason) => Err(reason),
        None => Ok(()),
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

impl Summary {
    /// Keeps a reason to tell; only so many.
    fn note(&mut self, reason: Reason) {
        if self.reasons.len() < TOLD {
            self.reasons.push(reason);
        }
    }

    fn json(&self, what: What) -> Value {
        let row = |row: &Reason| json!({"line": row.line, "id": row.id, "field": row.field, "reason": row.reason});
        let mut told = json!({
            "rows": self.rows, "registered": self.registered, "already_known": self.known, "rejected": self.rejected,
            "rejections": self.reasons.iter().map(row).collect::<Vec<_>>(),
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        });
        if let Some(object) = told.as_object_mut() {
            if what == What::Handoffs {
                object.insert("attached".to_owned(), json!(self.attached));
            }
            let list = self.list.as_ref().map(|list| list.display().to_string());
            let stopped = self.stopped.as_ref().or(self.unread.as_ref()).cloned();
            for (name, value) in [("rejected_file", list), ("stopped", stopped)] {
                if let Some(value) = value {
                    object.insert(name.to_owned(), Value::String(value));
                }
            }
        }
        told
    }

    fn print(&self, what: What) -> Result<(), String> {
        let Self { rows, registered, attached, known, rejected, .. } = self;
        let joined = if what == What::Handoffs { format!("{attached} joined to a case, ") } else { String::new() };
        let speed = *rows as f64 / self.seconds.max(0.001);
        say(format_args!(
            "{rows} rows: {registered} registered, {joined}{known} already known, {rejected} rejected ({speed:.0} rows/s)"
        ))?;
        for row in self.reasons.iter().take(10) {
            let id = if row.id.is_empty() { String::new() } else { format!(" ({})", row.id) };
            let field = if row.field.is_empty() { String::new() } else { format!(" {}", row.field) };
            say(format_args!("  line {}{id}{field}: {}", row.line, row.reason))?;
        }
        match &self.list {
            Some(list) => say(format_args!(
                "all rejected rows with their reasons: {}; correct them there and import that file with the same map",
                list.display()
            )),
            None => Ok(()),
        }
    }
}
