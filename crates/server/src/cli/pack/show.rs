//! `redress pack list`, `show` and `diff`.

use crate::cli::say;
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

/// Keys of a rule's head that are told apart.
const HEAD: [&str; 8] = ["id", "title", "layer", "basis", "confidence", "source", "note", "known_as"];

/// Everything a pack says, by name, its places in the file left out.
fn flat(pack: &Pack) -> Result<Vec<(String, Value)>, String> {
    let value = serde_json::to_value(pack).map_err(|error| error.to_string())?;
    let kinds = pack.heads().map(|(kind, head)| (head.id.clone(), kind.code())).collect::<Vec<_>>();
    let mut flat = Vec::new();
    for (section, value) in value.as_object().into_iter().flatten() {
        let Some(rules) = value.as_array().filter(|rules| rules.iter().all(|rule| rule.get("id").is_some())) else {
            flat.push((section.clone(), value.clone()));
            continue;
        };
        for rule in rules {
            let mut rule = rule.clone();
            let id = rule.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(keys) = rule.as_object_mut() {
                keys.retain(|key, _| key != "line" && key != "column");
            }
            let kind = kinds.iter().find(|(known, _)| *known == id).map(|(_, kind)| *kind);
            flat.push((format!("{} {id}", kind.unwrap_or(section)), rule));
        }
    }
    Ok(flat)
}

pub(super) fn diff(ask: &Diff) -> Result<(), String> {
    let library = super::library(ask.list.folder.as_deref())?;
    let (before, after) = (super::pack(&library, &ask.before)?, super::pack(&library, &ask.after)?);
    let (old, new) = (flat(&before)?, flat(&after)?);
    let mut changes = Vec::new();
    for (name, value) in &new {
        match old.iter().find(|(known, _)| known == name) {
            None => changes.push(json!({"what": name, "change": "added", "after": value})),
            Some((_, was)) if was != value => changes.extend(changed(name, was, value)),
            Some(_) => {}
        }
    }
    for (name, value) in &old {
        if !new.iter().any(|(known, _)| known == name) {
            changes.push(json!({"what": name, "change": "removed", "before": value}));
        }
    }
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

/// What changed in something both have, key by key where it has keys.
fn changed(name: &str, was: &Value, is: &Value) -> Vec<Value> {
    let (Some(old), Some(new)) = (was.as_object(), is.as_object()) else {
        return vec![json!({"what": name, "change": "changed", "key": "", "before": was, "after": is})];
    };
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let change = |key: &String| {
        json!({
            "what": name, "change": "changed", "key": key,
            "before": old.get(key).unwrap_or(&Value::Null), "after": new.get(key).unwrap_or(&Value::Null),
        })
    };
    differing.map(change).collect()
}
