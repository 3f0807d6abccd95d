//! The verifier: reads every entry and checkpoint and names what does not add up. It needs no master key, because
//! hashes cover ciphertext, and works on the database or on an export, without our server.

mod archive;
mod attachments;
pub(crate) mod export;
mod indexes;
mod scan;

pub use archive::{ArchiveReport, BEGINS, verify_archive};
pub use export::{export, verify_export};

use crate::error::DeskError;
use crate::jobs::checkpoint::{Spans, digest, message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::chain::{GENESIS, Hash, Ledger, Link};
use domain::audit::merkle;
use ed25519_dalek::{Signature, VerifyingKey};
use scan::{Item, scan};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::{CheckpointRow, Db, EntryRow};
use uuid::Uuid;

/// A damaged log may have very many faults; naming this many is enough.
const MOST_FINDINGS: usize = 1_000;

/// What the verifier found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Entries looked at.
    pub entries: u64,
    /// Cases among them.
    pub cases: u64,
    /// Checkpoints looked at.
    pub checkpoints: u64,
    /// Attachments looked at.
    pub attachments: u64,
    /// Entries no checkpoint covers yet.
    pub unsealed: u64,
    /// Public keys that signed checkpoints, base64. Compare with the one your operator published.
    pub public_keys: Vec<String>,
    /// Everything that does not add up.
    pub findings: Vec<Finding>,
}

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// The case or subject, if the fault is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// The entry's version, the checkpoint's number or the position in a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<i64>,
    /// In words.
    pub detail: String,
}

impl Report {
    /// Whether everything adds up.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, code: &'static str, subject: Option<Uuid>, place: Option<i64>, detail: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { code, subject, place, detail });
        }
    }
}

/// Checks entries one after another, chain by chain, then checkpoints over them.
#[derive(Default)]
struct Verifier {
    report: Report,
    /// Last version and hash of each chain.
    heads: HashMap<(Uuid, i64), (i64, Hash)>,
    /// Hash at each position of each stream.
    streams: BTreeMap<i64, BTreeMap<i64, Hash>>,
    sealed: BTreeMap<i64, i64>,
    last: Option<(i64, Hash)>,
    case_rows: u64,
    problem_rows: u64,
    incident_rows: u64,
}

impl Verifier {
    fn entry(&mut self, row: &EntryRow) {
        let prev = self.follows(row);
        let at = Some(row.version);
        let subject = Some(row.subject);
        if prev.is_some_and(|prev| row.prev != prev) {
            self.report.find("chain_broken", subject, at, "does not name the entry before it".to_owned());
        }
        let link = Link {
            prev: &row.prev,
            subject: row.subject,
            ledger: row.ledger,
            version: row.version,
            stream: row.stream,
            seq: row.seq,
            at: row.at,
            actor: &row.actor,
            verb: &row.verb,
            schema: row.schema,
            body: &row.body,
        };
        let hash = link.hash();
        if row.hash != hash {
            self.report.find("entry_changed", subject, at, "contents do not match the hash".to_owned());
        }
        self.linked(row, row.hash.as_slice().try_into().unwrap_or(hash));
    }

    /// An entry of which only its place and hash are known: the next one has to name that hash, and a checkpoint covers it.
    fn withheld(&mut self, row: &EntryRow) {
        self.follows(row);
        match row.hash.as_slice().try_into() {
            Ok(hash) => self.linked(row, hash),
            Err(_) => {
                let detail = "its hash is no hash".to_owned();
                self.report.find("entry_changed", Some(row.subject), Some(row.version), detail);
            }
        }
    }

    /// Counts an entry and holds its place against the one before, whose hash it has to name; nothing where one is missing.
    fn follows(&mut self, row: &EntryRow) -> Option<Hash> {
        self.report.entries += 1;
        let (before, prev) = self.heads.get(&(row.subject, row.ledger)).copied().unwrap_or((0, GENESIS));
        if row.version == 1 && row.ledger == Ledger::Case.code() {
            self.report.cases += 1;
        }
        if row.version != before + 1 {
            let detail = format!("entry {} follows entry {before}: entries are missing or swapped", row.version);
            self.report.find("version_gap", Some(row.subject), Some(row.version), detail);
            return None;
        }
        Some(prev)
    }

    fn linked(&mut self, row: &EntryRow, hash: Hash) {
        self.heads.insert((row.subject, row.ledger), (row.version, hash));
        if self.streams.entry(row.stream).or_default().insert(row.seq, hash).is_some() {
            self.report.find("position_twice", Some(row.subject), Some(row.seq), format!("in stream {}", row.stream));
        }
    }

    fn checkpoint(&mut self, row: &CheckpointRow) {
        self.report.checkpoints += 1;
        let place = Some(row.n);
        let (expected, prev) = self.last.map_or((1, [0; 32]), |(n, hash)| (n + 1, hash));
        if row.n != expected {
            let detail = format!("checkpoint {} follows {}", row.n, expected - 1);
            self.report.find("checkpoint_missing", None, place, detail);
        } else if row.prev != prev {
            self.report.find("checkpoint_chain_broken", None, place, "does not name the one before it".to_owned());
        }
        self.last = Some((row.n, digest(row)));
        if !signed(row) {
            self.report.find("signature_wrong", None, place, "the signature does not fit".to_owned());
        }
        let key = STANDARD.encode(&row.public_key);
        if !self.report.public_keys.contains(&key) {
            self.report.public_keys.push(key);
        }
        let Ok(spans) = serde_json::from_str::<Spans>(&row.ranges) else {
            self.report.find("checkpoint_unreadable", None, place, "its ranges cannot be read".to_owned());
            return;
        };
        let mut leaves = Vec::new();
        for (stream, (from, to)) in spans {
            let sealed = self.sealed.insert(stream, to).unwrap_or(0);
            if from != sealed + 1 {
                let detail = format!("stream {stream} is sealed to {sealed}, then from {from}");
                self.report.find("checkpoint_gap", None, place, detail);
            }
            let known = self.streams.get(&stream);
            let mut seq = from;
            while seq <= to {
                match known.and_then(|known| known.get(&seq)) {
                    Some(hash) => leaves.push(*hash),
                    None => {
                        let detail = format!("stream {stream} position {seq} was sealed and is gone");
                        self.report.find("entry_missing", None, Some(seq), detail);
                        if self.report.findings.len() >= MOST_FINDINGS {
                            return;
                        }
                    }
                }
                seq += 1;
            }
        }
        if merkle::root(&leaves).as_slice() != row.root {
            self.report.find("root_wrong", None, place, "sealed entries are not those that were signed".to_owned());
        }
    }

    fn case_row(&mut self, id: Uuid, version: i64) {
        self.case_rows += 1;
        self.row(Ledger::Case, "case", id, version);
    }

    fn problem_row(&mut self, id: Uuid, version: i64) {
        self.problem_rows += 1;
        self.row(Ledger::Problem, "problem", id, version);
    }

    fn incident_row(&mut self, id: Uuid, version: i64) {
        self.incident_rows += 1;
        self.row(Ledger::Incident, "incident", id, version);
    }

    /// Rows must say what the log says: a log cut off at its end leaves a row with a higher version.
    fn row(&mut self, ledger: Ledger, what: &str, id: Uuid, version: i64) {
        let logged = self.heads.get(&(id, ledger.code())).map_or(0, |(version, _)| *version);
        if logged != version {
            let detail = format!("the {what} is at version {version}, its log ends at {logged}");
            self.report.find("log_truncated", Some(id), Some(logged), detail);
        }
    }

    /// Every problem of the log must have its row.
    fn problem_rows(&mut self) {
        let logged = self.heads.keys().filter(|(_, ledger)| *ledger == Ledger::Problem.code()).count() as u64;
        if self.problem_rows < logged {
            let detail = format!("{} logged problems have no row", logged - self.problem_rows);
            self.report.find("problem_row_missing", None, None, detail);
        }
    }

    /// Every incident of the log must have its row.
    fn incident_rows(&mut self) {
        let logged = self.heads.keys().filter(|(_, ledger)| *ledger == Ledger::Incident.code()).count() as u64;
        if self.incident_rows < logged {
            let detail = format!("{} logged incidents have no row", logged - self.incident_rows);
            self.report.find("incident_row_missing", None, None, detail);
        }
    }

    /// Checkpoints must reach as far as was noted when they were made.
    fn said_sealed(&mut self, stream: i64, seq: i64) {
        let sealed = self.sealed.get(&stream).copied().unwrap_or(0);
        if sealed != seq {
            let detail = format!("stream {stream} was sealed to {seq}, checkpoints reach {sealed}");
            self.report.find("checkpoint_missing", None, Some(seq), detail);
        }
    }

    /// Positions must be gapless to the end, and what is beyond the last seal is counted.
    fn streams(&mut self) {
        let mut gaps = Vec::new();
        for (stream, positions) in &self.streams {
            let sealed = self.sealed.get(stream).copied().unwrap_or(0);
            self.report.unsealed += positions.range(sealed + 1..).count() as u64;
            let mut expected = 1;
            for seq in positions.keys() {
                if *seq != expected {
                    gaps.push((*stream, expected, *seq - 1));
                }
                expected = *seq + 1;
            }
        }
        for (stream, from, to) in gaps {
            let detail = format!("stream {stream} has nothing at positions {from} to {to}");
            self.report.find("stream_gap", None, Some(from), detail);
        }
    }
}

fn signed(row: &CheckpointRow) -> bool {
    let key = row.public_key.as_slice().try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    let signature = Signature::from_slice(&row.signature).ok();
    match (key, signature) {
        (Some(key), Some(signature)) => key.verify_strict(&message(row), &signature).is_ok(),
        _ => false,
    }
}

/// Verifies a database as it stands at one moment. `trusted` is the public key checkpoints must be signed with, if it
/// is known.
///
/// # Errors
/// Those of the database; a damaged log is no error but a finding.
pub fn verify(db: &Db, trusted: Option<[u8; 32]>) -> Result<Report, DeskError> {
    let mut verifier = Verifier::default();
    let mut attached = attachments::Attachments::default();
    let mut beside = indexes::Indexes::default();
    scan(db, true, |item| {
        match item {
            Item::Entry(row) => {
                attached.entry(&row);
                beside.entry(&row, &mut verifier.report);
                verifier.entry(&row);
            }
            Item::Order(row) => beside.order(&row, &mut verifier.report),
            Item::CallBack(row) => beside.call_back(&row, &mut verifier.report),
            Item::Remedy(row) => beside.remedy(&row, &mut verifier.report),
            Item::Ruling(row) => beside.ruling(&row, &mut verifier.report),
            Item::Macro(row) => beside.macro_row(&row, &mut verifier.report),
            Item::Waiting(row) => beside.waiting(&row, &mut verifier.report),
            Item::Attachment { id, case, sealed } => attached.stored(id, case, &sealed, &mut verifier.report),
            Item::Checkpoint(row) => verifier.checkpoint(&row),
            Item::Case(id, version, due_at) => {
                beside.told(&mut verifier.report);
                beside.case(id, due_at);
                verifier.case_row(id, version);
            }
            Item::Problem(id, version) => verifier.problem_row(id, version),
            Item::Incident(id, version) => verifier.incident_row(id, version),
            Item::Member(row) => beside.member(&row, &mut verifier.report),
            Item::Sealed(stream, seq) => verifier.said_sealed(stream, seq),
        }
        Ok(())
    })?;
    beside.finish(&mut verifier.report);
    attached.finish(&mut verifier.report);
    verifier.streams();
    verifier.problem_rows();
    verifier.incident_rows();
    if verifier.case_rows < verifier.report.cases {
        let missing = verifier.report.cases - verifier.case_rows;
        verifier.report.find("case_row_missing", None, None, format!("{missing} logged cases have no row"));
    }
    if let Some(trusted) = trusted {
        let trusted = STANDARD.encode(trusted);
        if let Some(other) = verifier.report.public_keys.iter().find(|key| **key != trusted).cloned() {
            verifier.report.find("foreign_key", None, None, format!("checkpoints are signed with {other}"));
        }
    }
    Ok(verifier.report)
}
