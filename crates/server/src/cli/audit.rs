//! `redress audit`: proving that nobody changed the log.

use super::place::Place;
use clap::{Args, Subcommand};
use desk::verify::{self, ArchiveReport, Report};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use store::Options;

/// The log and its proof.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check every hash chain and checkpoint of a database, an export or the archive of a case. Needs no master key.
    Verify(Verify),
    /// Make the rows beside the log anew that differ from it: work orders, rulings, cases that wait.
    Reindex(Place),
    /// Write the whole log and its checkpoints to a file that anybody can verify.
    Export(Export),
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
    /// An export of the log or the archive of a case instead of a database.
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// The same.
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
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
        Audit::Reindex(place) => reindex(&place),
        Audit::Export(export) => write(&export),
    }
}

fn check(ask: &Verify) -> Result<(), String> {
    let report = match ask.path.as_ref().or(ask.file.as_ref()) {
        Some(path) => {
            let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
            let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
            if file.fill_buf().map_err(unreadable)?.starts_with(verify::BEGINS) {
                let report = verify::verify_archive(file).map_err(|error| super::told(&error))?;
                return check_archive(&report, ask.json);
            }
            verify::verify_export(&mut file).map_err(|error| super::told(&error))?
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

fn check_archive(report: &ArchiveReport, json: bool) -> Result<(), String> {
    if json {
        super::say(serde_json::to_string_pretty(report).map_err(|error| error.to_string())?)?;
    } else {
        let number = report.number.as_deref().unwrap_or("no case");
        super::say(format_args!(
            "archive of {number}: members: {}, attachments: {}, gone with the person: {}",
            report.members, report.log.attachments, report.attachments_gone
        ))?;
        if report.withheld > 0 {
            super::say(format_args!("{} entries stand in it by their hash alone", report.withheld))?;
        }
        print(&report.log);
        let checked = if report.is_whole() { "checked, and holds:" } else { "checked, and does not all hold:" };
        super::say(checked)?;
        for line in &report.checked {
            super::say(format_args!("  - {line}"))?;
        }
        super::say("this file alone cannot show:")?;
        for line in &report.cannot_show {
            super::say(format_args!("  - {line}"))?;
        }
    }
    match report.findings().len() {
        0 => Ok(()),
        found => Err(format!("{found} findings: the archive does not add up")),
    }
}

fn print(report: &Report) {
    println!(
        "entries: {}, cases: {}, checkpoints: {}, entries not yet sealed: {}",
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

fn reindex(place: &Place) -> Result<(), String> {
    let db = place.open_db(&Options::small())?;
    let rebuilt = desk::indexes::rebuild(&db).map_err(|error| super::told(&error))?;
    db.close();
    super::say(format_args!("cases looked at: {}, rows made anew: {}", rebuilt.cases, rebuilt.mended))
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
