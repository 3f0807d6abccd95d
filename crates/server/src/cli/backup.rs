//! `redress backup`: everything in one file, beside a running server.

use super::place::Place;
use super::progress::watch;
use clap::Args;
use desk::backup::{self, Make, Summary};
use desk::time::Time;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;
use store::Options;

/// Options of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(flatten)]
    place: Place,
    /// The backup.
    file: PathBuf,
    /// Only check the file, without a database: every block, row and count.
    #[arg(long, conflicts_with_all = ["overwrite", "rate"])]
    verify: bool,
    /// Replace a file of that name once the new one is whole.
    #[arg(long)]
    overwrite: bool,
    /// Share of the time it works, in percent; it rests for the others, so that a running server keeps its pace. 100
    /// never rests.
    #[arg(long, value_name = "PERCENT", default_value_t = 40, value_parser = clap::value_parser!(u8).range(1..=100))]
    rate: u8,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(ask: &Backup) -> Result<(), String> {
    let begun = Instant::now();
    let shown = |error: backup::BackupError| error.to_string();
    if ask.verify {
        let summary = backup::check(&ask.file, watch(ask.json)).map_err(shown)?;
        return tell(ask, &summary, begun, "is whole");
    }
    let db = ask.place.open_db(&Options::small())?;
    let make = Make {
        file: ask.file.clone(),
        overwrite: ask.overwrite,
        rate: ask.rate,
        now: Time::System.now(),
        watch: watch(ask.json),
    };
    let made = backup::make(&db, make).map_err(shown);
    if let Ok(summary) = &made
        && let Err(error) = backup::note(&db, summary)
    {
        // The backup is whole all the same; only the page of the administration does not tell of it.
        tracing::warn!(%error, "that a backup was made could not be noted");
    }
    db.close();
    tell(ask, &made?, begun, "is written")?;
    if ask.json {
        return Ok(());
    }
    super::say(
        "Keep the master key file and its .erasures file too, and never beside the backup: without the key nobody \
         can read what is restored, without the other file erased persons would come back.",
    )
}

fn tell(ask: &Backup, summary: &Summary, begun: Instant, what: &str) -> Result<(), String> {
    let seconds = begun.elapsed().as_secs_f64();
    if ask.json {
        return super::say(format_args!("{:#}", json!({"backup": summary, "seconds": seconds})));
    }
    super::say(line(summary, what, seconds))
}

/// A backup in one line.
pub(super) fn line(summary: &Summary, what: &str, seconds: f64) -> String {
    format!(
        "{} {what}: {} cases, {} entries, {} rows in all, {:.1} MiB, schema {}, of {}; {seconds:.1} s",
        summary.file.display(),
        summary.rows_of("cases"),
        summary.rows_of("entries"),
        summary.rows,
        summary.bytes as f64 / 1024.0 / 1024.0,
        summary.schema,
        summary.made_at,
    )
}
