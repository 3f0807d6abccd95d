//! `redress restore`: a backup goes into a database, is verified, and the erasures noted beside the master key are
//! carried out again.

use super::place::{self, Place};
use super::progress::watch;
use clap::Args;
use desk::backup::{self, Restored};
use desk::search;
use desk::time::Time;
use desk::verify::{self, Report};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;
use store::{Db, Options};

/// Options of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    #[command(flatten)]
    place: Place,
    /// The backup.
    file: PathBuf,
    /// Lose the cases and users the database holds now. Without it such a database is left alone.
    #[arg(long)]
    discard_existing: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(ask: &Restore) -> Result<(), String> {
    let begun = Instant::now();
    let target = ask.place.target();
    // A file that cannot be restored leaves no folder behind.
    std::fs::metadata(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    place::folder_of(&target)?;
    let restore = backup::Restore {
        file: ask.file.clone(),
        discard_existing: ask.discard_existing,
        now: Time::System.now(),
        zone: ask.place.time_zone(&ask.place.library()?)?,
        watch: watch(ask.json),
    };
    let restored = backup::restore(&target, restore).map_err(|error| format!("{}: {error}", target.shown()))?;
    // What the index of words beside it knows is of the log before; nodes elsewhere find out by the hashes in theirs.
    let index = search::folder(&ask.place.data_dir);
    if index.exists() {
        search::wish(&index, true).map_err(|error| super::told(&error))?;
    }
    // A new handle: what a connection remembers of the log before is no longer true.
    let db = Db::open(&target, &Options::small()).map_err(|error| format!("{}: {error}", target.shown()))?;
    let report = verify::verify(&db, None).map_err(|error| super::told(&error))?;
    let key = ask.place.desk(db.clone(), Time::System).map(drop);
    db.close();
    tell(ask, &restored, &report, &key, begun.elapsed().as_secs_f64())?;
    if report.is_whole() {
        Ok(())
    } else {
        Err(format!(
            "{} findings: restored, but the log does not add up; see `redress audit verify`",
            report.findings.len()
        ))
    }
}

fn tell(
    ask: &Restore,
    restored: &Restored,
    report: &Report,
    key: &Result<(), String>,
    seconds: f64,
) -> Result<(), String> {
    let (cases, users) = restored.discarded;
    if ask.json {
        let told = json!({
            "backup": restored.summary,
            "discarded": {"cases": cases, "users": users},
            "subscriptions_off": restored.quiet,
            "report": report,
            "key": match key {
                Ok(()) => json!({"fits": true}),
                Err(why) => json!({"fits": false, "why": why}),
            },
            "seconds": seconds,
        });
        return super::say(format_args!("{told:#}"));
    }
    super::say(super::backup::line(&restored.summary, "is restored", seconds))?;
    if cases > 0 || users > 0 {
        super::say(format_args!("{cases} cases and {users} users that were there before are gone"))?;
    }
    if restored.quiet > 0 {
        super::say(format_args!(
            "{} subscriptions to events are off, and what waited for them is forgotten; switch on those that this \
             installation is to tell",
            restored.quiet
        ))?;
    }
    if report.is_whole() {
        super::say(format_args!("{} entries verified: everything adds up", report.entries))?;
    }
    match key {
        Ok(()) => super::say("The master key fits; noted erasures have been carried out again."),
        Err(why) => super::say(format_args!(
            "Put the master key file and its .erasures file of the backed-up installation in place before you start \
             the server: {why}"
        )),
    }
}
