//! `redress export`: taking things out as files.

use super::place::Place;
use crate::app::AppState;
use crate::archive;
use crate::locale::Language;
use clap::{Args, Subcommand};
use desk::archive::Ask;
use desk::{Caller, CaseRef};
use domain::case::bundle::Concern;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

/// Take things out as files.
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// Write one case, or what is for the body of one referral or matter, as an archive that anybody can read and
    /// `redress audit verify` checks. It is logged.
    Case(Case),
}

/// Options of `export case`.
#[derive(Debug, Args)]
pub(super) struct Case {
    /// Number of the case.
    number: String,
    /// Write only what is for the body of this referral, by its number within the case.
    #[arg(long, value_name = "N", conflicts_with = "matter")]
    referral: Option<u32>,
    /// Write only what is for the body of this matter, by its number within the case.
    #[arg(long, value_name = "N")]
    matter: Option<u32>,
    /// Where to write the ZIP; nothing is overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Why; it is logged.
    #[arg(long, value_name = "PURPOSE", default_value = "regulator", value_parser = purpose)]
    purpose: String,
    /// The same in words, without personal data.
    #[arg(long, value_name = "TEXT", default_value = "taken out on the command line")]
    reason: String,
    #[command(flatten)]
    place: Place,
}

fn purpose(text: &str) -> Result<String, String> {
    if desk::archive::PURPOSES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("one of {}", desk::archive::PURPOSES.join(", ")))
}

pub(super) fn run(export: Export) -> Result<(), String> {
    let Export::Case(ask) = export;
    let shown = |error: std::io::Error| format!("{}: {error}", ask.out.display());
    let name = CaseRef::parse(&ask.number).map_err(|_| format!("{:?} is no case number", ask.number))?;
    let desk = ask.place.open()?;
    let caller = Caller::system(desk.root());
    let state = AppState::new(desk.clone(), ask.place.locales()?, ask.place.letter_settings());
    let concern = ask.referral.map(Concern::Referral).or(ask.matter.map(Concern::Matter));
    let wanted = Ask { purpose: ask.purpose.clone(), reason: ask.reason.clone() };
    let prepared = super::wait_plain(async {
        let ready = archive::prepare(&state, &caller, &name, concern, wanted).await;
        ready.map_err(|failure| failure.tell(&state, Language::En).detail)
    });
    let written = prepared.and_then(|ready| {
        let mut out = BufWriter::new(create(&ask.out).map_err(shown)?);
        let done = ready.write(&mut out).map_err(|error| super::told(&error)).and_then(|()| out.flush().map_err(shown));
        if done.is_err() {
            // Half an archive would only mislead.
            let _ = std::fs::remove_file(&ask.out);
        }
        done
    });
    desk.db().close();
    written?;
    super::say(format_args!("{} written; `redress audit verify {}` checks it", ask.number, ask.out.display()))
}

/// A new file that only its owner may read: it holds personal data in the clear.
fn create(path: &std::path::Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
