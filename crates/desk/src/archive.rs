//! One case as a file that speaks for itself: readable in any browser, provable without our server or a key.
//!
//! The archive holds what the case says in the clear, the log as it stands in the chain, the signed checkpoints over
//! it with the hashes that lead to their roots, and the attachments with the key of their digests. A manifest with the
//! digest of every member is signed with the installation's checkpoint key. `verify::archive` reads it back.

pub mod bundle;
mod letters;
pub(crate) mod proofs;

use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::checkpoint::seal_all;
use crate::load::{self, CaseRef};
use crate::queries::attachment;
use crate::queries::case::{CaseView, open_items};
use crate::reveal::{self, Access, AccessBody};
use crate::vault::chunks::hex;
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::{Desk, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bundle::Bundle;
use domain::audit::chain::Ledger;
use domain::case::Attachment;
use domain::case::bundle::Concern;
use domain::ids::{AttachmentId, PersonId};
use domain::media::honest_name;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use domain::text::file_name;
use proofs::{Member, Proofs};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use store::{EntryRow, StoreError, entries};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The page for people.
pub const INDEX: &str = "index.html";
/// The case for programmes.
pub const CASE: &str = "case.json";
/// The log, one entry a line as `audit export` writes it.
pub const LOG: &str = "log.jsonl";
/// Checkpoints, the way from each entry to its root, and what attachments are held against.
pub const PROOFS: &str = "proofs.json";
/// Digest and name of every other member.
pub const MANIFEST: &str = "MANIFEST";
/// Signature of the manifest, base64.
pub const SIGNATURE: &str = "MANIFEST.sig";

/// Why a case may be taken out; to call somebody back nobody needs an archive.
pub const PURPOSES: &[&str] = &["verify_identity", "investigate", "regulator", "data_subject", "quality"];

/// Shape of what is said when a case is taken out.
pub const FIELDS: &[Field] = &[
    required("purpose", Kind::Code(PURPOSES), "Why; it is logged."),
    required(
        "reason",
        Kind::Line { max: 200 },
        "In words. Do not write personal data here: it stands in the access log.",
    ),
];

/// An archive as asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    /// Why.
    pub purpose: String,
    /// In words.
    pub reason: String,
}

/// An attachment with its place in the archive.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Identity.
    pub id: AttachmentId,
    /// Member that holds the bytes.
    pub member: String,
    file: Attachment,
}

/// A case ready to be written as an archive.
pub struct Archive {
    /// The case, nothing masked; without words and identity when the person was erased. Of a bundle what the body is
    /// given, identifiers of others masked.
    pub view: CaseView,
    /// Who looked at the personal data of the case, this export last.
    pub accesses: Vec<Access>,
    /// The attachments that can still be read.
    pub kept: Vec<Kept>,
    /// What the bundle is about, where it is one.
    pub bundle: Option<Bundle>,
    /// SHA-256 of each letter as it was sent, by its number. One whose words differ here is not given whole.
    pub sent: BTreeMap<u32, String>,
    desk: Desk,
    keys: Option<CaseKeys>,
    entries: Vec<EntryRow>,
    proofs: Proofs,
}

impl Desk {
    /// Makes a case ready to be taken out and logs that it is. New entries are sealed first, so that all can be
    /// proved; attachments are opened once to see that they are whole.
    ///
    /// # Errors
    /// When the caller may not, there is no such case they may see, or an attachment is damaged.
    pub async fn archive(&self, caller: &Caller, name: &CaseRef, ask: Ask) -> Result<Archive, DeskError> {
        permissions::EXPORT_CASE.require(caller)?;
        self.take_out(caller, name, None, ask).await
    }

    async fn take_out(
        &self,
        caller: &Caller,
        name: &CaseRef,
        concern: Option<Concern>,
        ask: Ask,
    ) -> Result<Archive, DeskError> {
        let raw = self.raw(caller, name).await?;
        raw.sight.require_area()?;
        if concern.is_some_and(|concern| !concern.is_in(&raw.loaded.case)) {
            return Err(Refusal::not_found().into());
        }
        let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
        let keys = match load::open_keys(self.master(), &raw.loaded.row, wrapped) {
            Ok(keys) => Some(keys),
            Err(DeskError::Cipher(CipherError::Erased)) => None,
            Err(other) => return Err(other),
        };
        let (case, version, holder) = (raw.loaded.row.id, raw.loaded.case.version, raw.loaded.row.person);
        let mut attached = if keys.is_some() { raw.loaded.case.attachments.clone() } else { Vec::new() };
        if let Some(concern) = concern {
            let papers = bundle::papers(&raw.loaded.case, &raw.loaded.entries, concern);
            attached.retain(|file| papers.contains(&file.id));
        }
        let mut identity = None;
        let mut shown = BTreeSet::new();
        let mut sent = BTreeMap::new();
        if let Some(keys) = &keys {
            let sealed = raw.person.as_ref().and_then(|row| row.identity.as_deref());
            identity = sealed.map(|sealed| person::open(PersonId(holder), &keys.person, sealed)).transpose()?;
            let items = open_items(keys, &raw.items)?;
            let written = letters::read(keys, &raw.loaded.entries, &items)?;
            shown = match (concern, &identity) {
                (None, _) => items.into_keys().collect(),
                (Some(_), Some(identity)) => bundle::own_items(identity, &items),
                (Some(_), None) => BTreeSet::new(),
            };
            shown.extend(written.contacts);
            sent = written.hashes;
        }
        for file in attached.clone() {
            self.bytes(keys.clone(), file).await?;
        }
        let extent = match concern {
            None => "archive".to_owned(),
            Some(concern) => format!("bundle {} {}", concern.kind(), concern.number()),
        };
        let body = AccessBody { purpose: ask.purpose, reason: Some(ask.reason), extent, restricted: Vec::new() };
        self.log_access(caller, case, permissions::EXPORT_CASE.name(), &body).await?;
        let desk = self.clone();
        tokio::task::spawn_blocking(move || seal_all(&desk)).await.map_err(|_| StoreError::Panicked)??;
        let (entries, checkpoints, proofs) = self
            .db()
            .read(move |tx| {
                let mut rows = entries::of(tx, case, Ledger::Case.code())?;
                rows.retain(|row| row.version <= version);
                // Who looked at what is for the operator.
                if concern.is_none() {
                    rows.extend(entries::of(tx, case, Ledger::Access.code())?);
                }
                let (checkpoints, proofs) = proofs::gather(tx, &rows)?;
                Ok::<_, DeskError>((rows, checkpoints, proofs))
            })
            .await?;
        let accesses = entries.iter().filter(|row| row.ledger == Ledger::Access.code()).map(reveal::access);
        let accesses = accesses.collect::<Result<_, _>>()?;
        let mut view = self.view(raw, &shown)?;
        view.identity = identity;
        let bundle = concern.map(|concern| bundle::cut(self, &mut view, concern)).transpose()?;
        let kept = place(&view, attached);
        let proofs = Proofs {
            public_key: STANDARD.encode(self.public_key()),
            checkpoints,
            entries: proofs,
            digest_key: keys.as_ref().map(|keys| STANDARD.encode(keys.digest_key())),
            attachments: kept.iter().map(|one| Member { id: one.id, file: one.member.clone() }).collect(),
        };
        Ok(Archive { view, accesses, kept, bundle, sent, desk: self.clone(), keys, entries, proofs })
    }

    async fn bytes(&self, keys: Option<CaseKeys>, file: Attachment) -> Result<Vec<u8>, DeskError> {
        let keys = keys.ok_or(CipherError::Erased)?;
        self.db().read(move |tx| attachment::open(tx, &keys, &file)).await
    }
}

/// SHA-256 of words, in hexadecimal digits.
#[must_use]
pub fn digest(words: &str) -> String {
    hex(&Sha256::digest(words.as_bytes()))
}

/// Gives every attachment its place. Names were made harmless when they came; they are again, because the view has put
/// identifiers back into them, and they end as their bytes are, so that no double click runs anything.
fn place(view: &CaseView, attached: Vec<Attachment>) -> Vec<Kept> {
    let names = view.case.attachments.iter().map(|one| one.name.plain().unwrap_or_default());
    attached
        .into_iter()
        .zip(names)
        .zip(1..)
        .map(|((file, name), n)| {
            let name = honest_name(&file_name::clean(name), &file.media);
            Kept { id: file.id, member: format!("attachments/{n:02}-{name}"), file }
        })
        .collect()
}

impl Archive {
    /// Writes the archive with the page for people, the case for programmes and the letters as documents, each with its
    /// member. One attachment at a time stands in
    /// memory. Must not be called on an async worker.
    ///
    /// # Errors
    /// If it cannot be written, or an attachment is no longer whole.
    pub fn write(
        &self,
        index: &str,
        case: &str,
        letters: &[(String, Vec<u8>)],
        out: impl Write,
    ) -> Result<(), DeskError> {
        let mut members = Members { zip: ZipWriter::new_stream(out), manifest: String::from("redress archive 1\n") };
        members.add(INDEX, index.as_bytes())?;
        members.add(CASE, case.as_bytes())?;
        let mut log = String::new();
        for row in &self.entries {
            let line = serde_json::to_string(&bundle::line(row, self.bundle.as_ref())).map_err(unwritable)?;
            log.push_str(&line);
            log.push('\n');
        }
        members.add(LOG, log.as_bytes())?;
        members.add(PROOFS, &serde_json::to_vec_pretty(&self.proofs).map_err(unwritable)?)?;
        for (member, bytes) in letters {
            members.add(member, bytes)?;
        }
        for one in &self.kept {
            let keys = self.keys.clone().ok_or(CipherError::Erased)?;
            let file = one.file.clone();
            let bytes = self.desk.db().read_now(move |tx| attachment::open(tx, &keys, &file))?;
            members.add(&one.member, &bytes)?;
        }
        let manifest = std::mem::take(&mut members.manifest);
        members.add(MANIFEST, manifest.as_bytes())?;
        let signature = self.desk.keyring().sign(&message(manifest.as_bytes()));
        members.add(SIGNATURE, STANDARD.encode(signature).as_bytes())?;
        members.zip.finish().map_err(unwritable)?.flush().map_err(unwritable)
    }
}

/// What the signature of a manifest covers; no checkpoint's message begins like it.
pub(crate) fn message(manifest: &[u8]) -> Vec<u8> {
    [b"redress archive manifest 1\n", manifest].concat()
}

fn unwritable(error: impl std::fmt::Display) -> DeskError {
    DeskError::Output(error.to_string())
}

struct Members<W: Write> {
    zip: ZipWriter<zip::write::StreamWriter<W>>,
    manifest: String,
}

impl<W: Write> Members<W> {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeskError> {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o644);
        self.zip.start_file(name, options).map_err(unwritable)?;
        self.zip.write_all(bytes).map_err(unwritable)?;
        self.manifest.push_str(&format!("{}  {name}\n", hex(&Sha256::digest(bytes))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_needs_an_archive_to_call_back() {
        let others: Vec<_> = reveal::PURPOSES.iter().filter(|code| **code != "contact").collect();
        assert_eq!(PURPOSES.iter().collect::<Vec<_>>(), others);
    }
}
