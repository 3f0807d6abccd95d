//! The log as a file: one JSON object a line, entries chain by chain, then checkpoints, then a line that says how much
//! there was. Anybody can verify it without our server and without a key.

use super::scan::{Item, scan};
use super::{Report, Verifier};
use crate::error::DeskError;
use crate::kept;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::chain::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use store::{CheckpointRow, Db, EntryRow};
use uuid::Uuid;

/// One line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Entry(ExportedEntry),
    /// Of an archive for a body outside: an entry the body is not given.
    Withheld(WithheldEntry),
    Checkpoint(ExportedCheckpoint),
    /// The last line: how much there was, and how far each stream was sealed.
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExportedEntry {
    subject: Uuid,
    ledger: i64,
    version: i64,
    stream: i64,
    seq: i64,
    at: i64,
    actor: String,
    verb: String,
    schema: i64,
    body: String,
    prev: String,
    hash: String,
}

/// An entry by its place and hash, without a word of what it says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WithheldEntry {
    pub(super) subject: Uuid,
    pub(super) version: i64,
    pub(super) stream: i64,
    pub(super) seq: i64,
    pub(super) hash: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExportedCheckpoint {
    pub(crate) n: i64,
    at: i64,
    ranges: String,
    leaves: i64,
    root: String,
    prev: String,
    signature: String,
    pub(crate) public_key: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct End {
    entries: u64,
    checkpoints: u64,
    cases: BTreeMap<Uuid, i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    problems: BTreeMap<Uuid, i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    incidents: BTreeMap<Uuid, i64>,
    sealed: BTreeMap<i64, i64>,
}

/// Writes an export and returns how many lines it has.
///
/// # Errors
/// Those of the database or of writing.
pub fn export(db: &Db, out: &mut dyn Write) -> Result<u64, DeskError> {
    let mut lines = 0;
    let mut write = |line: &Line| -> Result<(), DeskError> {
        let text = kept::written(line)?;
        lines += 1;
        writeln!(out, "{text}").map_err(|error| DeskError::Output(error.to_string()))
    };
    let mut end = End::default();
    scan(db, false, |item| match item {
        Item::Entry(row) => {
            end.entries += 1;
            write(&Line::Entry(ExportedEntry::from(&row)))
        }
        Item::Checkpoint(row) => {
            end.checkpoints += 1;
            write(&Line::Checkpoint(ExportedCheckpoint::from(&row)))
        }
        Item::Case(id, version, _) => {
            end.cases.insert(id, version);
            Ok(())
        }
        Item::Problem(id, version) => {
            end.problems.insert(id, version);
            Ok(())
        }
        Item::Incident(id, version) => {
            end.incidents.insert(id, version);
            Ok(())
        }
        Item::Sealed(stream, seq) => {
            end.sealed.insert(stream, seq);
            Ok(())
        }
        // An export is the log alone.
        Item::Attachment { .. }
        | Item::Order(_)
        | Item::Ruling(_)
        | Item::Member(_)
        | Item::Remedy(_)
        | Item::CallBack(_)
        | Item::Macro(_)
        | Item::Waiting(_) => Ok(()),
    })?;
    write(&Line::End(end))?;
    Ok(lines)
}

/// Verifies an export.
///
/// # Errors
/// If it cannot be read at all; a damaged line is a finding.
pub fn verify_export(input: &mut dyn BufRead) -> Result<Report, DeskError> {
    let mut verifier = Verifier::default();
    let mut end = None;
    for (position, line) in input.lines().enumerate() {
        let line = line.map_err(|error| DeskError::Output(error.to_string()))?;
        let place = i64::try_from(position + 1).ok();
        match serde_json::from_str(&line) {
            Ok(Line::Entry(entry)) => match EntryRow::try_from(entry) {
                Ok(row) => verifier.entry(&row),
                Err(what) => verifier.report.find("line_unreadable", None, place, what),
            },
            Ok(Line::Checkpoint(checkpoint)) => match CheckpointRow::try_from(checkpoint) {
                Ok(row) => verifier.checkpoint(&row),
                Err(what) => verifier.report.find("line_unreadable", None, place, what),
            },
            // An export is the whole log.
            Ok(Line::Withheld(_)) => {
                verifier.report.find("line_unreadable", None, place, "an export leaves out nothing".to_owned());
            }
            Ok(Line::End(found)) => end = Some(found),
            Err(error) => verifier.report.find("line_unreadable", None, place, error.to_string()),
        }
    }
    verifier.streams();
    let Some(end) = end else {
        verifier.report.find("export_truncated", None, None, "the last line is missing".to_owned());
        return Ok(verifier.report);
    };
    if (end.entries, end.checkpoints) != (verifier.report.entries, verifier.report.checkpoints) {
        let detail = format!("it had {} entries and {} checkpoints", end.entries, end.checkpoints);
        verifier.report.find("export_truncated", None, None, detail);
    }
    for (id, version) in end.cases {
        verifier.case_row(id, version);
    }
    if verifier.case_rows != verifier.report.cases {
        verifier.report.find("export_truncated", None, None, "logged cases are not those listed at the end".to_owned());
    }
    for (id, version) in end.problems {
        verifier.problem_row(id, version);
    }
    verifier.problem_rows();
    for (id, version) in end.incidents {
        verifier.incident_row(id, version);
    }
    verifier.incident_rows();
    for (stream, seq) in end.sealed {
        verifier.said_sealed(stream, seq);
    }
    Ok(verifier.report)
}

impl From<&EntryRow> for ExportedEntry {
    fn from(row: &EntryRow) -> Self {
        Self {
            subject: row.subject,
            ledger: row.ledger,
            version: row.version,
            stream: row.stream,
            seq: row.seq,
            at: row.at,
            actor: row.actor.clone(),
            verb: row.verb.clone(),
            schema: row.schema,
            body: row.body.clone(),
            prev: STANDARD.encode(&row.prev),
            hash: STANDARD.encode(&row.hash),
        }
    }
}

impl From<&EntryRow> for WithheldEntry {
    fn from(row: &EntryRow) -> Self {
        let hash = STANDARD.encode(&row.hash);
        Self { subject: row.subject, version: row.version, stream: row.stream, seq: row.seq, hash }
    }
}

impl TryFrom<ExportedEntry> for EntryRow {
    type Error = String;
    fn try_from(entry: ExportedEntry) -> Result<Self, String> {
        Ok(Self {
            subject: entry.subject,
            ledger: entry.ledger,
            version: entry.version,
            stream: entry.stream,
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            verb: entry.verb,
            schema: entry.schema,
            body: entry.body,
            prev: decode(&entry.prev)?,
            hash: decode(&entry.hash)?,
        })
    }
}

/// The row of an entry of which only its place and hash are known; a case's ledger alone has such.
impl TryFrom<WithheldEntry> for EntryRow {
    type Error = String;
    fn try_from(entry: WithheldEntry) -> Result<Self, String> {
        Ok(Self {
            subject: entry.subject,
            ledger: Ledger::Case.code(),
            version: entry.version,
            stream: entry.stream,
            seq: entry.seq,
            at: 0,
            actor: String::new(),
            verb: String::new(),
            schema: 0,
            body: String::new(),
            prev: Vec::new(),
            hash: decode(&entry.hash)?,
        })
    }
}

impl From<&CheckpointRow> for ExportedCheckpoint {
    fn from(row: &CheckpointRow) -> Self {
        Self {
            n: row.n,
            at: row.at,
            ranges: row.ranges.clone(),
            leaves: row.leaves,
            root: STANDARD.encode(&row.root),
            prev: STANDARD.encode(&row.prev),
            signature: STANDARD.encode(&row.signature),
            public_key: STANDARD.encode(&row.public_key),
        }
    }
}

impl TryFrom<ExportedCheckpoint> for CheckpointRow {
    type Error = String;
    fn try_from(line: ExportedCheckpoint) -> Result<Self, String> {
        Ok(Self {
            n: line.n,
            at: line.at,
            ranges: line.ranges,
            leaves: line.leaves,
            root: decode(&line.root)?,
            prev: decode(&line.prev)?,
            signature: decode(&line.signature)?,
            public_key: decode(&line.public_key)?,
        })
    }
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| error.to_string())
}
