//! `redress pack check`.

use crate::cli::say;
use crate::data;
use clap::Args;
use desk::Library;
use desk::library::LibraryError;
use policy::check::{Finding, Weight};
use serde_json::json;
use std::path::PathBuf;

/// Options of `pack check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// Folder of packs, laid over the embedded ones file by file; without, the embedded ones are checked.
    folder: Option<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(ask: &Check) -> Result<(), String> {
    let files = match &ask.folder {
        Some(folder) => data::packs_of(folder)?,
        None => data::packs(None)?,
    };
    let (packs, findings) = match Library::load(&files) {
        Ok(library) => (library.packs().len(), library.check(&data::vectors(ask.folder.as_deref())?)),
        Err(LibraryError::Faults(faults)) => (0, faults.into_iter().map(Finding::from).collect()),
        Err(other) => return Err(other.to_string()),
    };
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
    if ask.json {
        say(super::pretty(&json!({"packs": packs, "errors": errors, "findings": findings}))?)?;
    } else {
        for finding in &findings {
            say(finding)?;
        }
        say(format_args!("{packs} packs, {errors} errors, {} warnings", findings.len().saturating_sub(errors)))?;
    }
    if errors == 0 { Ok(()) } else { Err(format!("{errors} errors")) }
}
