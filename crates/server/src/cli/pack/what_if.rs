//! `redress pack whatif`: what a draft would have changed, by the same desk as console and API.

use crate::api::what_if::view;
use crate::cli::place::Place;
use crate::cli::{caller, told, wait_plain};
use clap::Args;
use desk::activation::RulesKind;
use desk::what_if::{self, Effect, Found, Pace, WHAT_IF, WhatIf};
use desk::{Caller, Desk};
use domain::refusal::Refusal;
use domain::shape;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use store::Options;

/// Options of `pack whatif`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Ask {
    #[command(flatten)]
    place: Place,
    /// The draft of a pack or calendar, as TOML.
    draft: PathBuf,
    /// First local date of receipt of the cases to look at. Default: all there are.
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Write every clock that differs to this file, as CSV; - is standard output.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print what the API answers.
    #[arg(long)]
    json: bool,
    /// In whose name: only cases of their area are looked at. Default: the system's.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
}

pub(super) fn run(ask: &Ask) -> Result<(), String> {
    let draft = std::fs::read_to_string(&ask.draft).map_err(|error| format!("{}: {error}", ask.draft.display()))?;
    let mut value = json!({"kind": RulesKind::of(&draft).code(), "text": draft});
    if let (Some(since), Some(object)) = (&ask.since, value.as_object_mut()) {
        object.insert("since".to_owned(), json!(since));
    }
    let value = shape::check(value, WHAT_IF).map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    let wanted: WhatIf = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let small = Options::small();
    let desk = ask.place.open_with(&Options {
        sqlite_readers: workers,
        postgres_threads: workers.max(small.postgres_threads),
        ..small
    })?;
    let found = wait_plain(caller(&desk, ask.user.as_deref())).and_then(|by| look(&desk, &by, &wanted, workers, ask));
    desk.db().close();
    let said = match (found?, ask.json) {
        (found, true) => super::pretty(&view(&found))?,
        (found, false) => summary(&found),
    };
    // Standard output is the list's where that was asked for.
    let mut out: Box<dyn Write> = match ask.csv.as_deref() {
        Some(file) if is_standard(file) => Box::new(std::io::stderr().lock()),
        _ => Box::new(std::io::stdout().lock()),
    };
    writeln!(out, "{said}").map_err(|error| format!("standard output: {error}"))
}

fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

fn look(desk: &Desk, by: &Caller, wanted: &WhatIf, workers: usize, ask: &Ask) -> Result<Found, String> {
    let prepared = what_if::prepare(desk, by, wanted).map_err(|error| told(&error))?;
    let pace = Pace { workers, most: None };
    let Some(file) = ask.csv.as_deref() else { return prepared.run(pace, None).map_err(|error| told(&error)) };
    let shown = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut out: BufWriter<Box<dyn Write + Send>> = BufWriter::new(match is_standard(file) {
        true => Box::new(std::io::stdout()),
        false => Box::new(File::create(file).map_err(shown)?),
    });
    let found = prepared.run(pace, Some(&mut out)).map_err(|error| told(&error));
    let found = found.and_then(|found| out.flush().map(|()| found).map_err(shown));
    if found.is_err() && !is_standard(file) {
        // Half a list would only mislead.
        let _ = std::fs::remove_file(file);
    }
    found
}

/// Numbers of cases said of an effect; the list and the JSON have more.
const SAID: usize = 5;

fn summary(found: &Found) -> String {
    let since = found.since.map_or_else(|| "all cases".to_owned(), |day| format!("cases since {day}"));
    let mut lines = vec![format!(
        "{} {}, {since}: {} looked at, {} would be different",
        found.rules, found.version, found.cases, found.changed
    )];
    for (count, what) in [
        (found.no_say, "cases the draft has no say in"),
        (
            found.untold,
            "cases that cannot be told: the draft does not go with the other packs they name, or would not have let happen what happened",
        ),
        (
            found.not_judged,
            "clocks not judged: they came from another case, or their own rules do not lead to them either",
        ),
    ] {
        lines.extend((count > 0).then(|| format!("{count} {what}")));
    }
    if found.grades.count > 0 {
        lines.push(format!("another grade  {}", effect(&found.grades)));
    }
    for rule in &found.rules_changed {
        let title = rule.title.as_ref().map(|title| format!("  {} / {}", title.zh, title.en)).unwrap_or_default();
        lines.push(format!("{}{title}", rule.rule));
        let any = rule.effects().filter(|(_, what)| what.count > 0);
        lines.extend(any.map(|(change, what)| format!("    {:<9} {}", change.code(), effect(what))));
    }
    lines.join("\n")
}

fn effect(effect: &Effect) -> String {
    let some: Vec<&str> = effect.cases.iter().take(SAID).map(String::as_str).collect();
    let more = if effect.cases.len() > SAID { " …" } else { "" };
    format!("{}  {}{more}", effect.count, some.join(" "))
}
