//! `redress mail`: messages taken in from files, by the same way as from a mailbox.

use super::place::Place;
use super::ways::Channels;
use super::{say, told, wait_plain};
use crate::mail_in;
use clap::{Args, Subcommand};
use desk::Desk;
use desk::letterbox::Taken;
use mail::inbound::LARGEST;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// Messages under way at once, so that they share commits.
const BESIDE: usize = 64;

/// Mail.
#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// Take messages in from files (.eml), as from a mailbox; what was taken in before is left alone.
    Take(Take),
}

/// Options of `mail take`.
#[derive(Debug, Args)]
pub(super) struct Take {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    channels: Channels,
    /// Files, or folders whose .eml files are taken in by name.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// One line a message.
    #[arg(long)]
    each: bool,
}

pub(super) fn run(mail: &Mail) -> Result<(), String> {
    let Mail::Take(ask) = mail;
    let ways = ask.channels.ways(true)?;
    let mut files = VecDeque::new();
    for path in &ask.paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            found.retain(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("eml")));
            found.sort();
            files.extend(found);
        } else {
            files.push_back(path.clone());
        }
    }
    let desk = ask.place.open()?;
    desk.set_ways(ways);
    let outcome = wait_plain(all(&desk, files, ask.each));
    desk.db().close();
    let counts = outcome?;
    say(counts.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join("\n"))
}

async fn all(desk: &Desk, mut files: VecDeque<PathBuf>, each: bool) -> Result<BTreeMap<String, u64>, String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut under_way = tokio::task::JoinSet::new();
    while !files.is_empty() || !under_way.is_empty() {
        while under_way.len() < BESIDE
            && let Some(path) = files.pop_front()
        {
            let desk = desk.clone();
            under_way.spawn(async move { (take(&desk, &path).await, path) });
        }
        let Some(done) = under_way.join_next().await else { continue };
        let (taken, path) = done.map_err(|error| error.to_string())?;
        let taken = taken.map_err(|error| format!("{}: {error}", path.display()))?;
        let (what, more) = match taken {
            Taken::Registered(number) => ("registered".to_owned(), number),
            Taken::Supplemented(number) => ("supplemented".to_owned(), number),
            Taken::Waits(reason) => (format!("waits:{reason}"), String::new()),
            Taken::Reported => ("reported".to_owned(), String::new()),
            Taken::Known => ("known".to_owned(), String::new()),
        };
        if each {
            say(format!("{} {what} {more}", path.display()).trim_end())?;
        }
        *counts.entry(what).or_default() += 1;
    }
    Ok(counts)
}

async fn take(desk: &Desk, path: &Path) -> Result<Taken, String> {
    let mut raw = tokio::fs::read(path).await.map_err(|error| error.to_string())?;
    let whole = raw.len() <= LARGEST;
    raw.truncate(LARGEST);
    mail_in::take(desk, raw, None, whole).await.map_err(|error| told(&error))
}
