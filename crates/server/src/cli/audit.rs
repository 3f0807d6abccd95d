//! `redress audit`: proving that nobody changed the log.

use super::place::Place;
use clap::{Args, Subcommand};
use desk::verify::{self, Report};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use store::Options;

/// The log and its proof.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check every hash chain and checkpoint of a database or an export. Needs no master key.
    Verify(Verify),
    /// Write the whole log and its checkpoints to a file that anybody can verify.
    Export(Export),
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
    /// An export instead of a database.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `audit export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    place: Place,
    /// Where to write; one JSON object a line.
    file: PathBuf,
}

pub(super) fn run(audit: Audit) -> Result<(), String> {
    match audit {
        Audit::Verify(verify) => check(&verify),
        Audit::Export(export) => write(&export),
    }
}

fn check(ask: &Verify) -> Result<(), String> {
    let report = match &ask.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            verify::verify_export(&mut BufReader::new(file)).map_err(|error| super::told(&error))?
        }
        None => {
            let db = ask.place.open_db(&Options::small())?;
            let report = verify::verify(&db, None).map_err(|error| super::told(&error))?;
            db.close();
            report
        }
    };
    if ask.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    } else {
        print(&report);
    }
    if report.is_whole() { Ok(()) } else { Err(format!("{} findings: the log does not add up", report.findings.len())) }
}

fn print(report: &Report) {
    println!(
        "{} entries of {} cases, {} checkpoints, {} entries not yet sealed",
        report.entries, report.cases, report.checkpoints, report.unsealed
    );
    for key in &report.public_keys {
        println!("signed by {key}");
    }
    for finding in &report.findings {
        let subject = finding.subject.map(|subject| format!(" {subject}")).unwrap_or_default();
        let place = finding.place.map(|place| format!(" #{place}")).unwrap_or_default();
        println!("{}{subject}{place}: {}", finding.code, finding.detail);
    }
    if report.is_whole() {
        println!("everything adds up");
    }
}

fn write(export: &Export) -> Result<(), String> {
    let shown = |error: std::io::Error| format!("{}: {error}", export.file.display());
    let db = export.place.open_db(&Options::small())?;
    let mut out = BufWriter::new(File::create_new(&export.file).map_err(shown)?);
    let lines = verify::export(&db, &mut out).map_err(|error| super::told(&error))?;
    out.flush().map_err(shown)?;
    db.close();
    println!("{lines} lines written to {}", export.file.display());
    Ok(())
}
