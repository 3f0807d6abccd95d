//! `redress import organisation`: units and users from two CSV files with declared headings.

use crate::cli::{Place, reason, say, told};
use clap::Args;
use desk::Caller;
use desk::organisation::import::{Line, LineFault, Outcome, Sheet, Sheets, Tally, import};
use domain::fault::Fault;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Headings of the file of units.
const UNIT_HEADINGS: [&str; 5] = ["code", "parent", "name", "region", "duties"];
/// Headings of the file of users.
const USER_HEADINGS: [&str; 5] = ["username", "name", "role", "unit", "region"];
/// A heading the file of users may have besides.
const EMAIL: &str = "email";

/// Options of `import organisation`.
#[derive(Debug, Args)]
#[group(id = "files", required = true, multiple = true, args = ["units", "users"])]
pub struct Organisation {
    #[command(flatten)]
    place: Place,
    /// Units: code, parent, name, region, duties (several separated by ;). Examples lie in examples/organisation.
    #[arg(long, value_name = "UNITS.csv")]
    units: Option<PathBuf>,
    /// Users: username, name, role, unit, region, and if wanted email.
    #[arg(long, value_name = "USERS.csv")]
    users: Option<PathBuf>,
    /// Say what would change and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the one-time passwords of new users to this new file, for the owner's eyes alone, instead of printing
    /// them.
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the import.
///
/// # Errors
/// In one line, after the faults of the rows were listed.
pub(super) fn run(ask: &Organisation) -> Result<(), String> {
    let mut faults = Vec::new();
    let sheets = Sheets {
        units: read(ask.units.as_deref(), Sheet::Units, &mut faults)?,
        users: read(ask.users.as_deref(), Sheet::Users, &mut faults)?,
    };
    let desk = ask.place.open()?;
    let caller = Caller::system(desk.root());
    // What is wrong with rows that cannot even be read does not hide what is wrong with the others.
    let dry_run = ask.dry_run || !faults.is_empty();
    let secrets = match &ask.passwords {
        Some(path) if !dry_run => Some((path, create(path)?)),
        _ => None,
    };
    let outcome = import(&desk, &caller, sheets, dry_run).map_err(|error| told(&error));
    desk.db().close();
    if let (true, Some((path, _))) = (outcome.as_ref().map_or(true, |done| done.passwords.is_empty()), &secrets) {
        std::fs::remove_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut outcome = outcome?;
    outcome.faults.extend(faults);
    outcome.faults.sort_by_key(|fault| (fault.sheet == Sheet::Users, fault.line));
    if !outcome.faults.is_empty() {
        tell_faults(ask, &outcome.faults)?;
        return Err(format!("nothing was imported: {} faults", outcome.faults.len()));
    }
    let written = match secrets {
        Some((path, file)) if !outcome.passwords.is_empty() => match write(file, &outcome.passwords) {
            Ok(()) => Some(path.display().to_string()),
            Err(error) => {
                // The users exist by now; their passwords must not be lost with a full disk.
                eprintln!("redress: {}: {error}; the passwords are printed instead", path.display());
                None
            }
        },
        _ => None,
    };
    tell(ask, &outcome, written)
}

/// The rows of a file; those that are no rows are listed as faults.
fn read(path: Option<&Path>, sheet: Sheet, faults: &mut Vec<LineFault>) -> Result<Vec<Line>, String> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let shown = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|error| shown(&error))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        shown(&format!("line {line}: the bytes are not UTF-8; save the file as CSV in UTF-8"))
    })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| shown(&error))?.clone();
    let known = if sheet == Sheet::Units { UNIT_HEADINGS } else { USER_HEADINGS };
    let more = usize::from(sheet == Sheet::Users && headings.iter().any(|one| one == EMAIL));
    let complete =
        headings.len() == known.len() + more && known.iter().all(|name| headings.iter().any(|one| one == *name));
    if !complete {
        return Err(shown(&format!("line 1: the headings must be {}", known.join(","))));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| shown(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() == headings.len() {
            lines.push(Line { line, cells: cells(&headings, &record) });
        } else {
            let fault = Fault::new("", "cells").with("given", record.len()).with("wanted", headings.len());
            faults.push(LineFault { sheet, line, fault });
        }
    }
    Ok(lines)
}

/// A row as an object; empty cells are left out.
fn cells(headings: &csv::StringRecord, record: &csv::StringRecord) -> Value {
    let mut cells = Map::new();
    for (name, cell) in headings.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        let value = match name {
            "duties" => cell.split(';').map(str::trim).filter(|duty| !duty.is_empty()).map(Value::from).collect(),
            _ => Value::from(cell),
        };
        cells.insert(name.to_owned(), value);
    }
    Value::Object(cells)
}

/// A new file that only its owner can read. What is there already is left alone.
fn create(path: &Path) -> Result<File, String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(mut file: File, passwords: &[(String, String)]) -> std::io::Result<()> {
    for (username, password) in passwords {
        writeln!(file, "{username},{password}")?;
    }
    file.sync_all()
}

fn name_of(ask: &Organisation, sheet: Sheet) -> String {
    let path = if sheet == Sheet::Units { &ask.units } else { &ask.users };
    path.as_deref().map(|path| path.display().to_string()).unwrap_or_default()
}

fn tell_faults(ask: &Organisation, faults: &[LineFault]) -> Result<(), String> {
    if ask.json {
        let list: Vec<Value> = faults
            .iter()
            .map(|one| {
                json!({
                    "file": name_of(ask, one.sheet), "line": one.line, "field": one.fault.field,
                    "code": one.fault.code, "reason": reason(&one.fault),
                })
            })
            .collect();
        return say(json!({"faults": list}));
    }
    for one in faults {
        let field = if one.fault.field.is_empty() { String::new() } else { format!(" {}:", one.fault.field) };
        say(format_args!("{} line {}:{field} {}", name_of(ask, one.sheet), one.line, reason(&one.fault)))?;
    }
    Ok(())
}

fn tell(ask: &Organisation, outcome: &Outcome, written: Option<String>) -> Result<(), String> {
    if ask.json {
        let mut summary = json!({
            "dry_run": ask.dry_run, "units": tally(&outcome.units), "users": tally(&outcome.users),
        });
        if let Some(object) = summary.as_object_mut() {
            match written {
                Some(file) => object.insert("passwords_file".to_owned(), Value::from(file)),
                None => object.insert("passwords".to_owned(), outcome.passwords.iter().cloned().collect()),
            };
        }
        return say(summary);
    }
    if ask.dry_run {
        say("nothing was written; it would be:")?;
    }
    for (what, tally) in [("units", &outcome.units), ("users", &outcome.users)] {
        let (added, changed) = (tally.added.len(), tally.changed.len());
        say(format_args!("{what}: {added} added, {changed} changed, {} unchanged", tally.same))?;
        for (name, fields) in &tally.changed {
            say(format_args!("  {name}: {}", fields.join(", ")))?;
        }
    }
    match written {
        Some(file) => say(format_args!("one-time passwords: {file}")),
        None if outcome.passwords.is_empty() => Ok(()),
        None => {
            say("one-time passwords, shown only now:")?;
            outcome.passwords.iter().try_for_each(|(name, password)| say(format_args!("  {name}  {password}")))
        }
    }
}

fn tally(tally: &Tally) -> Value {
    let changed: Map<String, Value> =
        tally.changed.iter().map(|(name, fields)| (name.clone(), json!(fields))).collect();
    json!({"added": tally.added, "changed": changed, "unchanged": tally.same})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<(Vec<Line>, Vec<LineFault>), String> {
        let path = std::env::temp_dir().join(format!("units-{}.csv", uuid::Uuid::now_v7()));
        std::fs::write(&path, text).unwrap();
        let mut faults = Vec::new();
        let lines = read(Some(&path), Sheet::Units, &mut faults);
        std::fs::remove_file(&path).unwrap();
        Ok((lines?, faults))
    }

    #[test]
    fn rows_are_read_under_their_headings() {
        let text = "\u{feff}name,code,parent,duties,region\n\"上海\n分公司\",sh,,billing; partner,31\nx,y\n";
        let (lines, faults) = rows(text).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].line, 2);
        assert_eq!(
            lines[0].cells,
            json!({"name": "上海\n分公司", "code": "sh", "duties": ["billing", "partner"], "region": "31"})
        );
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].line, faults[0].fault.code), (4, "cells"));
        assert!(rows("code,name\n").unwrap_err().contains("line 1: the headings must be code,parent"));
    }
}
