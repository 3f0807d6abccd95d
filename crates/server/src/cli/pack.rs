//! `redress pack`: looking at rules, and putting them into force.

mod activate;
mod check;
mod explain;
mod show;
mod what_if;

use crate::data;
use crate::rulebook::hold_against;
use clap::{Args, Subcommand};
use desk::{Library, activation};
use policy::{CheckedVector, VectorOutcome, VectorReport};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rules and calendars.
#[derive(Debug, Subcommand)]
pub(super) enum Pack {
    /// Check packs: their form and what the rules mean together. Exit code 1 when there is an error.
    Check(check::Check),
    /// List the packs and which of them make the stack.
    List(show::List),
    /// Show one pack, every rule with its figure, basis and source.
    Show(show::Show),
    /// What differs between two packs, or two versions of one.
    Diff(show::Diff),
    /// Count a rule's deadline from a start and tell every step.
    Explain(explain::Explain),
    /// Ask for a pack or calendar to be put into force; its identity is printed. Another person approves.
    Activate(activate::Activate),
    /// Put into force what another person asked for.
    Approve(activate::Decide),
    /// Say no to what another person asked for.
    Refuse(activate::Decide),
    /// Take back what one asked for oneself.
    Withdraw(activate::Decide),
    /// List what was asked for, newest first.
    Activations(super::place::Place),
    /// Tell what a draft of a pack or calendar would have changed in past cases; nothing is written.
    #[command(name = "whatif")]
    WhatIf(what_if::Ask),
    /// Print the JSON Schema of pack files, for editors.
    Schema,
    /// Hold a list of deadlines worked out elsewhere against the calendars and packs.
    Vectors(Vectors),
}

/// Options of `pack vectors`.
#[derive(Debug, Args)]
pub(super) struct Vectors {
    /// CSV with the columns jurisdiction, rule, start, attributes, expected_deadline and reasoning.
    file: PathBuf,
    /// Folder whose packs/ override the embedded files.
    #[arg(long, env = "REDRESS_OVERRIDE", value_name = "DIR")]
    r#override: Option<PathBuf>,
    /// Print every row with its outcome as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(pack: Pack) -> Result<(), String> {
    match pack {
        Pack::Check(ask) => check::run(&ask),
        Pack::List(ask) => show::list(&ask),
        Pack::Show(ask) => show::show(&ask),
        Pack::Diff(ask) => show::diff(&ask),
        Pack::Explain(ask) => explain::run(&ask),
        Pack::Activate(ask) => activate::ask(&ask),
        Pack::Approve(ask) => activate::decide(&ask, activation::approve),
        Pack::Refuse(ask) => activate::decide(&ask, activation::refuse),
        Pack::Withdraw(ask) => activate::decide(&ask, activation::withdraw),
        Pack::Activations(place) => activate::list(&place),
        Pack::WhatIf(ask) => what_if::run(&ask),
        Pack::Schema => super::say(pretty(&policy::schema::pack_schema())?),
        Pack::Vectors(ask) => vectors(&ask),
    }
}

/// The packs embedded, or those of a folder laid over them.
fn library(folder: Option<&Path>) -> Result<Library, String> {
    let files = match folder {
        Some(folder) => data::packs_of(folder)?,
        None => data::packs(None)?,
    };
    Library::load(&files).map_err(|error| error.to_string())
}

/// A pack by `id`, `id@version`, or as a file that is none of the library's.
fn pack(library: &Library, name: &str) -> Result<Arc<policy::Pack>, String> {
    if let Some(pack) = library.pack(name) {
        return Ok(pack);
    }
    let path = Path::new(name);
    if !path.is_file() {
        let known: Vec<String> =
            library.packs().iter().map(|pack| format!("{}@{}", pack.id(), pack.version())).collect();
        return Err(format!("{name:?} is neither a file nor one of the packs {}", known.join(", ")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let loaded = policy::Pack::load(name, &text, &library.calendars());
    loaded.map(Arc::new).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn pretty(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn vectors(ask: &Vectors) -> Result<(), String> {
    let files = data::packs(ask.r#override.as_deref())?;
    let library = Library::load(&files).map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let report = hold_against(&library, &text).map_err(|fault| format!("{}:{fault}", ask.file.display()))?;
    if ask.json {
        super::say(pretty(&report)?)?;
    } else {
        print(&report)?;
    }
    match report.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} vectors did not come out as expected", report.vectors)),
    }
}

fn print(report: &VectorReport) -> Result<(), String> {
    for CheckedVector { line, jurisdiction, rule, outcome } in &report.rows {
        let row = format!("line {line}: {jurisdiction} {rule}");
        match outcome {
            VectorOutcome::Passed { .. } => {}
            VectorOutcome::Mismatch { by, expected, got, why } => {
                super::say(format_args!("{row}: expected {expected}, but {by} gives {}", got.join(" or ")))?;
                for line in why {
                    super::say(format_args!("    {line}"))?;
                }
            }
            VectorOutcome::Faulty { field, reason } => super::say(format_args!("{row}: {field} {reason}"))?,
            VectorOutcome::NotCovered { reason } => super::say(format_args!("{row}: not covered: {reason}"))?,
        }
    }
    super::say(format_args!("{} vectors, {} passed, {} failed", report.vectors, report.passed, report.failed))
}
