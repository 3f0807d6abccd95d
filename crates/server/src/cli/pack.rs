//! `redress pack`: looking at rules without any data.

use crate::data;
use clap::{Args, Subcommand};
use desk::Library;
use policy::{CheckedVector, VectorOutcome, VectorReport, check_vectors};
use std::path::PathBuf;

/// Rules and calendars.
#[derive(Debug, Subcommand)]
pub(super) enum Pack {
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
        Pack::Vectors(ask) => vectors(&ask),
    }
}

fn vectors(ask: &Vectors) -> Result<(), String> {
    let files = data::packs(ask.r#override.as_deref())?;
    let library = Library::load(&files).map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let report = check_vectors(&text, library.calendars(), library.packs())
        .map_err(|fault| format!("{}:{fault}", ask.file.display()))?;
    if ask.json {
        super::say(serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?)?;
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
