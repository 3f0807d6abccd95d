//! `redress pack list`, `show` and `diff`.

use crate::cli::say;
use crate::rulebook::{HEAD, differences, flat};
use clap::Args;
use policy::{Pack, Text};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Options of `pack list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Folder of packs, laid over the embedded ones.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `pack show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The pack: `id`, `id@version`, or a file.
    pack: String,
    #[command(flatten)]
    list: List,
}

/// Options of `pack diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The older: `id@version`, or a file.
    before: String,
    /// The newer.
    after: String,
    #[command(flatten)]
    list: List,
}

pub(super) fn list(ask: &List) -> Result<(), String> {
    let library = super::library(ask.folder.as_deref())?;
    if ask.json {
        let packs: Vec<Value> = library
            .packs()
            .iter()
            .map(|pack| {
                let (from, to) = pack.validity();
                json!({
                    "id": pack.id(), "version": pack.version(), "title": pack.title(), "layer": pack.tier(),
                    "jurisdiction": pack.jurisdiction(), "status": pack.status(), "valid_from": from, "valid_to": to,
                    "calendar": pack.calendar().id(), "hash": pack.hash(),
                })
            })
            .collect();
        return say(super::pretty(&json!({"stack": library.stack(), "packs": packs}))?);
    }
    say(format_args!("stack {}", library.stack()))?;
    for pack in library.packs().iter() {
        let (from, to) = pack.validity();
        let until = to.map_or_else(|| "on".to_owned(), |to| format!("to {to}"));
        let (id, version, tier, status) = (pack.id(), pack.version(), pack.tier().code(), pack.status().code());
        say(format_args!(
            "{id}@{version}  {tier}  {}  {status}  from {from} {until}  {}  {}",
            pack.jurisdiction(),
            pack.hash().get(..12).unwrap_or_default(),
            both(pack.title())
        ))?;
    }
    Ok(())
}

fn both(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}

pub(super) fn show(ask: &Show) -> Result<(), String> {
    let library = super::library(ask.list.folder.as_deref())?;
    let pack = super::pack(&library, &ask.pack)?;
    if ask.list.json {
        return say(super::pretty(pack.as_ref())?);
    }
    say(format_args!("{}@{}  {}", pack.id(), pack.version(), both(pack.title())))?;
    say(format_args!("content {}", pack.hash()))?;
    for note in pack.notes() {
        say(format_args!("note: {}", both(note)))?;
    }
    let rules = flat(&pack)?;
    for (kind, head) in pack.heads() {
        let source = pack.source(&head.standing.source).map_or_else(String::new, |source| both(&source.title));
        let (basis, confidence) = (head.basis().code(), head.confidence().code());
        say(format_args!("{} {}  {}", kind.code(), head.id, both(&head.title)))?;
        say(format_args!("    {} · {basis} · {confidence} · {source}", head.layer.code()))?;
        let own = rules.iter().find(|(name, _)| *name == format!("{} {}", kind.code(), head.id));
        for (key, value) in own.iter().flat_map(|(_, keys)| keys.as_object()).flatten() {
            if !HEAD.contains(&key.as_str()) {
                say(format_args!("    {key} = {value}"))?;
            }
        }
        if let Some(note) = &head.note {
            say(format_args!("    {}", both(note)))?;
        }
    }
    Ok(())
}

pub(super) fn diff(ask: &Diff) -> Result<(), String> {
    let library = super::library(ask.list.folder.as_deref())?;
    let (before, after) = (super::pack(&library, &ask.before)?, super::pack(&library, &ask.after)?);
    let changes = differences(&before, &after)?;
    let shown = |pack: &Pack| format!("{}@{}", pack.id(), pack.version());
    if ask.list.json {
        let answer = json!({"before": shown(&before), "after": shown(&after), "changes": changes});
        return say(super::pretty(&answer)?);
    }
    say(format_args!("{} → {}: {} changes", shown(&before), shown(&after), changes.len()))?;
    for change in &changes {
        let text = |key: &str| {
            change.get(key).map_or_else(String::new, |value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
        };
        match text("change").as_str() {
            "added" => say(format_args!("+ {} {}", text("what"), text("after")))?,
            "removed" => say(format_args!("- {} {}", text("what"), text("before")))?,
            _ => say(format_args!("~ {} {}: {} → {}", text("what"), text("key"), text("before"), text("after")))?,
        }
    }
    Ok(())
}
