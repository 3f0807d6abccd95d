//! `redress routing`: dry runs of a routing table, by the same desk as the API.

use super::place::Place;
use super::{caller, say, told, wait_plain};
use crate::api::routing::dry;
use crate::locale::Language;
use clap::{Args, Subcommand};
use desk::routing::{DRY_RUN, DryRun, RowRemark, Tally, dry_run};
use domain::refusal::Refusal;
use domain::shape;
use serde_json::json;
use std::path::PathBuf;

/// Where cases go.
#[derive(Debug, Subcommand)]
pub(super) enum Routing {
    /// Tell where a draft of the table would send past cases; nothing is written.
    DryRun(Ask),
}

/// Options of `routing dry-run`.
#[derive(Debug, Args)]
pub(super) struct Ask {
    #[command(flatten)]
    place: Place,
    /// The draft of a pack of practice, as TOML.
    draft: PathBuf,
    /// First local date of receipt of the cases to look at. Default: all there are.
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Print what the API answers.
    #[arg(long)]
    json: bool,
    /// In whose name: only cases of their area are looked at. Default: the system's.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
}

pub(super) fn run(routing: &Routing) -> Result<(), String> {
    let Routing::DryRun(ask) = routing;
    let draft = std::fs::read_to_string(&ask.draft).map_err(|error| format!("{}: {error}", ask.draft.display()))?;
    let mut value = json!({"text": draft});
    if let (Some(since), Some(object)) = (&ask.since, value.as_object_mut()) {
        object.insert("since".to_owned(), json!(since));
    }
    let value = shape::check(value, DRY_RUN).map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    let wanted: DryRun = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let desk = ask.place.open()?;
    let found = wait_plain(caller(&desk, ask.user.as_deref()))
        .and_then(|by| dry_run(&desk, &by, &wanted, None).map_err(|error| told(&error)));
    desk.db().close();
    let found = found?;
    if !ask.json {
        return say(summary(&found));
    }
    say(serde_json::to_string_pretty(&dry(&found)).map_err(|error| error.to_string())?)
}

/// A remark about a row, in words.
pub(super) fn remark(one: &RowRemark) -> String {
    let weight = if one.remark.stops() { "error" } else { "warning" };
    let words = super::words().text(Language::En, &format!("remark.{}", one.remark.code()), &[]);
    format!("{weight}: line {}, row {} ({}): {words}", one.line, one.rule, one.name)
}

fn summary(found: &Tally) -> String {
    let mut lines = vec![format!(
        "{} {}: {} cases looked at, {} would go to another unit than by the table in force",
        found.rules, found.version, found.cases, found.changed
    )];
    let others = [(found.no_row, "cases no row is for"), (found.no_say, "cases whose packs the draft is none of")];
    lines.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    lines.extend(found.remarks.iter().map(remark));
    for row in &found.rows {
        let title = row.title.as_ref().map(|title| title.en.as_str()).unwrap_or_default();
        let mut line = format!("{}  {title} -> {}: {} cases, {} changed", row.rule, row.unit, row.cases, row.changed);
        if !row.told.is_empty() {
            line.push_str(&format!(", such as {}", row.told.join(", ")));
        }
        lines.push(line);
    }
    lines.join("\n")
}
