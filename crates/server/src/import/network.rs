//! `redress import records`: what other systems know, from a CSV file whose headings are the names of the fields.

use crate::cli::{Place, caller, say, told, wait_plain};
use clap::Args;
use desk::network::RecordKind;
use serde_json::json;
use std::path::PathBuf;
use store::Options;

/// Options of `import records`.
#[derive(Debug, Args)]
pub struct Records {
    #[command(flatten)]
    place: Place,
    /// What its rows are: network-facts, products or exposures.
    #[arg(long, value_parser = kind)]
    kind: RecordKind,
    /// The file.
    file: PathBuf,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// User in whose name and with whose rights the rows are taken in. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

fn kind(code: &str) -> Result<RecordKind, String> {
    let kinds = || RecordKind::ALL.map(RecordKind::code).join(", ");
    RecordKind::from_code(code).ok_or_else(|| format!("one of {}", kinds()))
}

pub(super) fn run(ask: &Records) -> Result<(), String> {
    let shown = |error: String| format!("{}: {error}", ask.file.display());
    let text = std::fs::read_to_string(&ask.file).map_err(|error| shown(error.to_string()))?;
    let desk = ask.place.open_with(&Options::small())?;
    let taken = wait_plain(async {
        let by = caller(&desk, ask.user.as_deref()).await?;
        desk.take_sheet(&by, ask.kind, &text, ask.dry_run).await.map_err(|error| told(&error))
    });
    desk.db().close();
    let taken = taken.map_err(shown)?;
    if ask.json {
        return say(json!({
            "new": taken.new, "corrected": taken.corrected, "same": taken.same, "dry_run": taken.dry_run,
        }));
    }
    if ask.dry_run {
        say("nothing was written; it would be:")?;
    }
    say(format_args!("{} new, {} corrected, {} as before", taken.new, taken.corrected, taken.same))
}
