//! Packs and calendars as people read them: everything a pack says, what differs between two, lists of deadlines held
//! against the rules, and the days of a year. The command line, the API and the console show the same.

use crate::data;
use desk::Library;
use desk::library::DataFile;
use jiff::civil::Date;
use policy::{Calendar, CheckedVector, DayKind, Pack, VectorOutcome, VectorReport, check_vectors};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Keys of a rule's head, which is told apart from what the rule says.
pub const HEAD: [&str; 8] = ["id", "title", "layer", "basis", "confidence", "source", "note", "known_as"];

/// Everything a pack says, by name, its places in the file left out.
///
/// # Errors
/// If it cannot be written down.
pub fn flat(pack: &Pack) -> Result<Vec<(String, Value)>, String> {
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

/// What differs between two packs: `what` it is about, whether it was `added`, `removed` or `changed`, with `before` and
/// `after`; of what both have, key by key.
///
/// # Errors
/// If one cannot be written down.
pub fn differences(before: &Pack, after: &Pack) -> Result<Vec<Value>, String> {
    let (old, new) = (flat(before)?, flat(after)?);
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
    Ok(changes)
}

/// What changed in something both have, key by key where it has keys.
fn changed(name: &str, was: &Value, is: &Value) -> Vec<Value> {
    let (Some(old), Some(new)) = (was.as_object(), is.as_object()) else {
        return vec![json!({"what": name, "change": "changed", "key": "", "before": was, "after": is})];
    };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let change = |key: &String| {
        json!({
            "what": name, "change": "changed", "key": key,
            "before": old.get(key).unwrap_or(&Value::Null), "after": new.get(key).unwrap_or(&Value::Null),
        })
    };
    differing.map(change).collect()
}

/// The same without members that say nothing: the API never says null.
#[must_use]
pub fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let said = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(name, value)| (name, without_null(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().filter(|one| !one.is_null()).map(without_null).collect()),
        other => other,
    }
}

/// Names of the lists of deadlines that stand beside the packs.
#[must_use]
pub fn lists(folder: Option<&Path>) -> Vec<String> {
    let files = data::vectors(folder).unwrap_or_default();
    let name = |path: &str| path.strip_prefix("vectors/").and_then(|name| name.strip_suffix(".csv")).map(str::to_owned);
    files.iter().filter_map(|file| name(&file.path)).collect()
}

/// Such a list.
#[must_use]
pub fn list(folder: Option<&Path>, name: &str) -> Option<DataFile> {
    let path = format!("vectors/{name}.csv");
    data::vectors(folder).ok()?.into_iter().find(|file| file.path == path)
}

/// Holds such a list against the pack it stands beside, as `pack check` does.
#[must_use]
pub fn hold_beside(library: &Library, file: &DataFile) -> VectorReport {
    let wrong = library.check_list(file);
    let all = csv::ReaderBuilder::new().flexible(true).from_reader(file.text.as_bytes()).records().count();
    let failed = wrong.iter().map(|one| one.line).collect::<BTreeSet<_>>().len();
    let rows = wrong.into_iter().map(|one| CheckedVector {
        line: one.line.into(),
        jurisdiction: String::new(),
        rule: one.rule.unwrap_or_default(),
        outcome: VectorOutcome::Faulty { field: one.id.code().to_owned(), reason: one.message },
    });
    let passed = all.saturating_sub(failed);
    VectorReport { vectors: all, passed, failed, not_covered: 0, rows: rows.collect() }
}

/// Holds a list against the rules this installation goes by.
///
/// # Errors
/// Why it is no such list.
pub fn hold_against(library: &Library, text: &str) -> Result<VectorReport, String> {
    let tree: Vec<_> = library.taxonomy().as_rules_look().collect();
    check_vectors(text, &library.calendars(), &library.packs(), &tree).map_err(|fault| fault.to_string())
}

/// A day that differs from its weekday.
#[derive(Clone, Debug)]
pub struct SpecialDay {
    /// Which.
    pub day: Date,
    /// `off`, `make_up`, `half_day` or `half_day_counts`.
    pub kind: &'static str,
    /// Its name, Chinese and English.
    pub name: (String, String),
    /// Why it is not settled, if it is not.
    pub provisional: Option<(String, String)>,
}

/// The days of a year that differ from their weekday, in order.
#[must_use]
pub fn days_of(calendar: &Calendar, year: i16) -> Vec<SpecialDay> {
    let both = |text: &policy::Text| (text.zh.clone(), text.en.clone());
    let day = |(day, kind): (Date, DayKind<'_>)| {
        let (kind, name) = match kind {
            DayKind::Holiday(name) => ("off", name),
            DayKind::MakeUp(name) => ("make_up", name),
            DayKind::HalfDay { name, counts: false } => ("half_day", name),
            DayKind::HalfDay { name, counts: true } => ("half_day_counts", name),
            DayKind::Workday | DayKind::Weekend => return None,
        };
        Some(SpecialDay { day, kind, name: both(name), provisional: calendar.provisional_note(day).map(both) })
    };
    calendar.special_days().filter(|(day, _)| day.year() == year).filter_map(day).collect()
}
