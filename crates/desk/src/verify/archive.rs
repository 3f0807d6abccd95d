//! Verifying the archive of one case, offline: members against the manifest, the manifest against its signature, the
//! chain, the way from each entry to a signed root, attachments against the log. What cannot be seen from one archive
//! alone is said too. A hostile archive costs no more than its limits, and nothing is ever unpacked.

use super::export::{ExportedEntry, Line};
use super::{Finding, Report, Verifier, signed};
use crate::archive::proofs::{Proofs, place, spans};
use crate::archive::{CASE, INDEX, LOG, MANIFEST, PROOFS, SIGNATURE, message};
use crate::error::DeskError;
use crate::vault::chunks::{FileDigest, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::chain::{Hash, Ledger};
use domain::audit::merkle;
use domain::case::attach::LARGEST;
use domain::event::{Event, read_body};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Seek};
use store::{CheckpointRow, EntryRow};
use uuid::Uuid;
use zip::ZipArchive;

/// How every archive begins; an export of the log begins otherwise.
pub const BEGINS: &[u8] = b"PK\x03\x04";
/// More members than any archive of ours has.
const MOST_MEMBERS: usize = 1_000;
/// Largest member, bytes.
const LARGEST_MEMBER: u64 = 256 << 20;
/// All members together, bytes.
const LARGEST_ARCHIVE: u64 = 3 << 30;

/// What the verifier found in an archive.
#[derive(Debug, Serialize)]
pub struct ArchiveReport {
    /// Number of the case, as its first entry says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Members looked at.
    pub members: usize,
    /// Attachments the log names whose bytes are not there, because the person was erased.
    pub attachments_gone: u64,
    /// Entries that stand here by their hash alone, because the body the archive is for is not given them.
    pub withheld: usize,
    /// What was found about the log.
    #[serde(flatten)]
    pub log: Report,
    /// What was checked, in words.
    pub checked: Vec<&'static str>,
    /// What this file alone cannot show, in words.
    pub cannot_show: Vec<&'static str>,
}

impl ArchiveReport {
    /// Whether everything adds up.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.log.is_whole()
    }

    /// Everything that does not add up.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.log.findings
    }
}

const CHECKED: [&str; 5] = [
    "every member is the one the manifest names, and there is no other",
    "the manifest was signed by the key named here, so that page, data and attachments come from who holds it",
    "the entries form an unbroken chain from the registration on, and none was changed",
    "each sealed entry lies under the root of a checkpoint signed by the key named here",
    "each attachment is the one whose digest stands in the log",
];

/// What cannot be seen where entries are withheld.
const WITHHELD: &str =
    "what the entries say that stand here by their hash alone; that they are there, and where, is shown";

const CANNOT_SHOW: [&str; 3] = [
    "whether the key is the operator's: compare it with the one they published",
    "whether the case went on after the last entry here: ask the operator for their log",
    "that the readable words are those sealed in the log: that would take the case's key; the signed manifest says so",
];

struct Checker {
    verifier: Verifier,
    number: Option<String>,
    gone: u64,
    /// Versions of entries that are not given.
    withheld: BTreeSet<i64>,
}

/// Verifies an archive.
///
/// # Errors
/// If it is no archive at all or goes beyond every limit; anything else that is wrong is a finding.
pub fn verify_archive(input: impl Read + Seek) -> Result<ArchiveReport, DeskError> {
    let mut zip = ZipArchive::new(input).map_err(unreadable)?;
    if zip.len() > MOST_MEMBERS {
        return Err(DeskError::Output(format!("no archive of a case has {} members", zip.len())));
    }
    let mut checker = Checker { verifier: Verifier::default(), number: None, gone: 0, withheld: BTreeSet::new() };
    let mut room = LARGEST_ARCHIVE;
    let manifest = text(&mut zip, MANIFEST, &mut room)?;
    let members = checker.members(&mut zip, &manifest, &mut room)?;
    let mut room = LARGEST_ARCHIVE;
    let rows = checker.entries(&text(&mut zip, LOG, &mut room)?);
    let proofs = text(&mut zip, PROOFS, &mut room)?;
    match serde_json::from_str::<Proofs>(&proofs) {
        Ok(proofs) => {
            checker.signature(&manifest, &text(&mut zip, SIGNATURE, &mut room)?, &proofs.public_key);
            checker.inclusion(&rows, &proofs);
            checker.attached(&mut zip, &rows, &proofs, &mut room)?;
        }
        Err(error) => checker.find("proofs_unreadable", None, error.to_string()),
    }
    checker.case(&text(&mut zip, CASE, &mut room)?, &rows);
    let mut cannot_show = CANNOT_SHOW.to_vec();
    cannot_show.extend(Some(WITHHELD).filter(|_| !checker.withheld.is_empty()));
    Ok(ArchiveReport {
        number: checker.number,
        members,
        attachments_gone: checker.gone,
        withheld: checker.withheld.len(),
        log: checker.verifier.report,
        checked: CHECKED.to_vec(),
        cannot_show,
    })
}

fn unreadable(error: impl std::fmt::Display) -> DeskError {
    DeskError::Output(format!("the archive cannot be read: {error}"))
}

/// Hands a member over piece by piece, within the limits; nothing is believed of what it says about its own size.
fn each(
    zip: &mut ZipArchive<impl Read + Seek>,
    name: &str,
    room: &mut u64,
    mut look: impl FnMut(&[u8]),
) -> Result<bool, DeskError> {
    let Some(n) = zip.index_for_name(name) else { return Ok(false) };
    let mut member = zip.by_index(n).map_err(unreadable)?;
    let (mut piece, mut size) = (vec![0; 64 * 1024], 0);
    loop {
        // A checksum that does not hold is found here; the digest names the member anyway.
        let Ok(length) = member.read(&mut piece) else { return Ok(true) };
        if length == 0 {
            return Ok(true);
        }
        size += length as u64;
        *room = room.saturating_sub(length as u64);
        if size > LARGEST_MEMBER || *room == 0 {
            return Err(DeskError::Output(format!("{name:?} is larger than anything a case has")));
        }
        look(piece.get(..length).unwrap_or_default());
    }
}

fn text(zip: &mut ZipArchive<impl Read + Seek>, name: &str, room: &mut u64) -> Result<String, DeskError> {
    let mut bytes = Vec::new();
    each(zip, name, room, |piece| bytes.extend_from_slice(piece))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

impl Checker {
    fn find(&mut self, code: &'static str, place: Option<i64>, detail: String) {
        self.verifier.report.find(code, None, place, detail);
    }

    /// Holds every member against the manifest, and the manifest against the members.
    fn members(
        &mut self,
        zip: &mut ZipArchive<impl Read + Seek>,
        manifest: &str,
        room: &mut u64,
    ) -> Result<usize, DeskError> {
        let mut named: BTreeMap<String, String> = BTreeMap::new();
        let mut lines = manifest.lines();
        if lines.next() != Some("redress archive 1") {
            self.find("manifest_unreadable", Some(1), "it does not begin as a manifest does".to_owned());
        }
        for (n, line) in (2..).zip(lines) {
            match line.split_once("  ") {
                Some((digest, name)) if named.insert(name.to_owned(), digest.to_owned()).is_none() => {}
                _ => self.find("manifest_unreadable", Some(n), "the line names no member, or one again".to_owned()),
            }
        }
        for wanted in [INDEX, CASE, LOG, PROOFS] {
            if !named.contains_key(wanted) {
                self.find("member_missing", None, format!("the manifest does not name {wanted}"));
            }
        }
        if zip.has_duplicate_names() {
            self.find("member_twice", None, "two members have one name; programmes show one or the other".to_owned());
        }
        let present: Vec<String> =
            zip.file_names().map(|name| name.map(Cow::into_owned)).collect::<Result<_, _>>().map_err(unreadable)?;
        for name in &present {
            let Some(digest) = named.remove(name) else {
                if name != MANIFEST && name != SIGNATURE {
                    self.find("member_unknown", None, format!("{name:?} is not in the manifest"));
                }
                continue;
            };
            let mut hasher = Sha256::new();
            each(zip, name, room, |piece| hasher.update(piece))?;
            if hex(&hasher.finalize()) != digest {
                self.find("member_changed", None, format!("{name:?} is not what the manifest says"));
            }
        }
        for name in named.into_keys() {
            self.find("member_missing", None, format!("{name:?} is not in the archive"));
        }
        Ok(present.len())
    }

    /// Reads the log and checks its chains.
    fn entries(&mut self, log: &str) -> Vec<EntryRow> {
        let mut rows: Vec<EntryRow> = Vec::new();
        for (n, line) in (1..).zip(log.lines()) {
            let read = match serde_json::from_str(line) {
                Ok(Line::Entry(entry)) => <EntryRow as TryFrom<ExportedEntry>>::try_from(entry),
                Ok(Line::Withheld(entry)) => match EntryRow::try_from(entry) {
                    Ok(row) => {
                        self.verifier.withheld(&row);
                        self.withheld.insert(row.version);
                        rows.push(row);
                        continue;
                    }
                    Err(what) => Err(what),
                },
                Ok(_) => Err("an archive holds entries only".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            match read {
                Ok(row) => {
                    self.verifier.entry(&row);
                    rows.push(row);
                }
                Err(what) => self.find("line_unreadable", Some(n), what),
            }
        }
        let subjects: BTreeSet<Uuid> = rows.iter().map(|row| row.subject).collect();
        let foreign = rows.iter().any(|row| ![Ledger::Case.code(), Ledger::Access.code()].contains(&row.ledger));
        if subjects.len() > 1 || foreign {
            self.find("entry_foreign", None, "the log holds entries of something else than this case".to_owned());
        }
        if !rows.iter().any(|row| row.ledger == Ledger::Case.code()) {
            self.find("log_truncated", None, "the log holds no entry of the case".to_owned());
        }
        rows
    }

    fn signature(&mut self, manifest: &str, signature: &str, key: &str) {
        let key_bytes = hash(key).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let signature = STANDARD.decode(signature.trim()).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let right = key_bytes
            .zip(signature)
            .is_some_and(|(key, signature)| key.verify_strict(&message(manifest.as_bytes()), &signature).is_ok());
        if !right {
            self.find("manifest_signature_wrong", None, "the manifest was not signed by the key named".to_owned());
        }
        self.key(key);
    }

    /// Notes a key; one installation has one.
    fn key(&mut self, key: &str) {
        let known = &mut self.verifier.report.public_keys;
        let fresh = !known.iter().any(|one| one == key);
        if fresh {
            known.push(key.to_owned());
        }
        if fresh && known.len() == 2 {
            self.find("foreign_key", None, format!("manifest and checkpoints are signed with two keys: {key} too"));
        }
    }

    /// Follows each entry to the root of a signed checkpoint.
    fn inclusion(&mut self, rows: &[EntryRow], proofs: &Proofs) {
        let mut known: HashMap<i64, CheckpointRow> = HashMap::new();
        for exported in &proofs.checkpoints {
            self.verifier.report.checkpoints += 1;
            let n = exported.n;
            self.key(&exported.public_key);
            match CheckpointRow::try_from(exported.clone()) {
                Ok(row) if signed(&row) => drop(known.insert(n, row)),
                Ok(_) => self.find("signature_wrong", Some(n), "the checkpoint's signature does not hold".to_owned()),
                Err(what) => self.find("line_unreadable", Some(n), what),
            }
        }
        let ways: HashMap<(i64, i64), _> =
            proofs.entries.iter().map(|proof| ((proof.ledger, proof.version), proof)).collect();
        for row in rows {
            let Some(proof) = ways.get(&(row.ledger, row.version)) else {
                self.verifier.report.unsealed += 1;
                continue;
            };
            let climbed = known.get(&proof.checkpoint).and_then(|checkpoint| {
                let (place, length) = place(&spans(checkpoint)?, row.stream, row.seq)?;
                let beside = proof.beside.iter().map(|text| hash(text)).collect::<Option<Vec<Hash>>>()?;
                let leaf: Hash = row.hash.as_slice().try_into().ok()?;
                let counted = i64::try_from(length).ok()? == checkpoint.leaves;
                Some(counted && merkle::climb(&leaf, place, length, &beside)?.as_slice() == checkpoint.root)
            });
            if climbed != Some(true) {
                let detail = format!("does not lie under checkpoint {}", proof.checkpoint);
                self.verifier.report.find("not_included", Some(row.subject), Some(row.version), detail);
            }
        }
    }

    /// Holds each attachment the log names against its member.
    fn attached(
        &mut self,
        zip: &mut ZipArchive<impl Read + Seek>,
        rows: &[EntryRow],
        proofs: &Proofs,
        room: &mut u64,
    ) -> Result<(), DeskError> {
        let key = proofs.digest_key.as_deref().map(hash);
        let mut members: HashMap<_, _> = proofs.attachments.iter().map(|one| (one.id, one.file.as_str())).collect();
        for row in rows.iter().filter(|row| row.ledger == Ledger::Case.code()) {
            if self.withheld.contains(&row.version) {
                continue;
            }
            let Ok(events) = read_body(row.schema, &row.body) else {
                self.find("entry_unreadable", Some(row.version), "its events are not known to this version".to_owned());
                continue;
            };
            for event in events {
                match event {
                    Event::Registered { number, .. } => self.number = Some(number),
                    Event::Attached { id, digest, .. } => match (key, members.remove(&id)) {
                        (None, None) => self.gone += 1,
                        (Some(Some(key)), Some(name)) => {
                            let mut found = FileDigest::new(&key);
                            let mut size = 0;
                            let there = each(zip, name, room, |piece| {
                                size += piece.len() as u64;
                                found.update(piece);
                            })?;
                            if !there || size > LARGEST || found.finish() != digest {
                                let detail = format!("{name:?} is not the attachment the log names");
                                self.find("attachment_changed", Some(row.version), detail);
                            }
                            self.verifier.report.attachments += 1;
                        }
                        _ => self.find("attachment_missing", Some(row.version), format!("attachment {id}")),
                    },
                    _ => {}
                }
            }
        }
        for name in members.into_values() {
            self.find("attachment_unknown", None, format!("the log names no attachment {name:?}"));
        }
        Ok(())
    }

    /// The case for programmes must be the case of the log.
    fn case(&mut self, case: &str, rows: &[EntryRow]) {
        let value: Value = serde_json::from_str(case).unwrap_or_default();
        let last = rows.iter().filter(|row| row.ledger == Ledger::Case.code()).map(|row| row.version).max();
        let complaint = value.get("complaint");
        let said = |name: &str| complaint.and_then(|case| case.get(name));
        // Where the registration is withheld only the signed manifest says which case it is.
        if self.withheld.contains(&1) {
            self.number = said("number").and_then(Value::as_str).map(str::to_owned);
        }
        let same = said("number").and_then(Value::as_str) == self.number.as_deref()
            && said("version").and_then(Value::as_i64) == last;
        if !same {
            self.find("case_other", None, format!("{CASE} is not of the case and version of the log"));
        }
    }
}
