//! Attaching a file: its bytes are sealed as they arrive, before any transaction; the transaction writes chunks, row
//! and log entry together.
//!
//! Adding a paper conflicts with nothing, so a case that moved on meanwhile is no reason to refuse; the same bytes
//! again are the attachment that is there already.

use crate::caller::Caller;
use crate::commit::Commit;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::run::{only_warned_since, stale};
use crate::time::stored;
use crate::vault::MasterKeys;
use crate::vault::chunks::{SealedFile, Sealer};
use crate::vault::cipher::CipherError;
use crate::vault::seal::CaseKeys;
use crate::{Desk, Library, permissions};
use domain::actor::Actor;
use domain::case::attach::{self, Attach, LARGEST};
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::ids::{AttachmentId, CaseId};
use domain::refusal::Refusal;
use domain::text::file_name;
use jiff::Timestamp;
use std::sync::Arc;
use store::{AttachmentRow, CaseRow, Tx, attachments};
use uuid::Uuid;

/// Most times a race for the next place in the log is run again.
const MOST_TRIES: usize = 20;

/// A file on its way in.
pub struct Upload {
    caller: Caller,
    case: CaseId,
    id: AttachmentId,
    sealer: Sealer,
}

impl Upload {
    /// How many more bytes may come.
    #[must_use]
    pub fn room(&self) -> u64 {
        LARGEST.saturating_sub(self.sealer.size())
    }

    /// Takes more bytes in.
    ///
    /// # Errors
    /// If they are more than an attachment may have.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DeskError> {
        if bytes.len() as u64 > self.room() {
            return Err(Refusal::from(Fault::new("file", "file_too_large").with("max", LARGEST >> 20)).into());
        }
        Ok(self.sealer.write(bytes)?)
    }
}

/// What is said beside a file.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The file's name as its sender gave it.
    pub name: String,
    /// What it is, in words.
    pub note: Option<String>,
    /// The version of the case the sender saw, if that matters to them.
    pub seen: Option<i64>,
}

/// What attaching led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The case.
    pub case: CaseId,
    /// The attachment.
    pub id: AttachmentId,
    /// True when the same bytes were there already and nothing was done now.
    pub replayed: bool,
}

impl Desk {
    /// Begins to take a file in.
    ///
    /// # Errors
    /// When the caller may not, there is no such case they may see, or its person was erased.
    pub async fn begin_attachment(&self, caller: &Caller, name: &CaseRef) -> Result<Upload, DeskError> {
        permissions::ATTACH.require(caller)?;
        let (name, actor, master) = (name.clone(), caller.actor.clone(), Arc::clone(self.master()));
        let keys = self
            .db()
            .read(move |tx| {
                let (row, sight) = load::find_for(tx, &name, &actor)?;
                sight.require_work()?;
                keys(tx, &master, &row)
            })
            .await?;
        let id = AttachmentId(Uuid::now_v7());
        Ok(Upload { caller: caller.clone(), case: keys.case, id, sealer: Sealer::new(keys, id) })
    }

    /// Attaches a file whose bytes are all there.
    ///
    /// # Errors
    /// If it is empty, the case has as many as it may, or it is no longer at the version that was seen.
    pub async fn attach(&self, upload: Upload, beside: Beside) -> Result<Attached, DeskError> {
        let Upload { caller, case, id, sealer } = upload;
        if sealer.size() == 0 {
            return Err(Refusal::from(Fault::new("file", "empty")).into());
        }
        let work = Work {
            actor: caller.actor.clone(),
            case,
            id,
            file: Arc::new(sealer.finish()?),
            name: file_name::clean(&beside.name),
            note: beside.note,
            seen: beside.seen,
            now: self.time().now(),
            library: self.library().clone(),
            master: Arc::clone(self.master()),
        };
        let mut tries = 0;
        loop {
            let once = work.clone();
            match self.db().write(move |tx| once.carry_out(tx)).await {
                // Somebody else wrote to the case at this very moment: a paper simply takes the next place.
                Err(DeskError::Overtaken) if tries < MOST_TRIES => tries += 1,
                other => return other,
            }
        }
    }
}

/// The keys of a case, for which an erased person's are a refusal.
pub(crate) fn keys(tx: &mut Tx<'_>, master: &Arc<MasterKeys>, row: &CaseRow) -> Result<CaseKeys, DeskError> {
    match load::keys(tx, master, row) {
        Err(DeskError::Cipher(CipherError::Erased)) => Err(Refusal::conflict("person_erased").into()),
        other => other,
    }
}

/// A file that is sealed and waits for the transaction it is attached in.
#[derive(Clone)]
pub(crate) struct SealedWork(Work);

impl SealedWork {
    /// Attaches it.
    ///
    /// # Errors
    /// If the case has as many files as it may, another command came first, or one of the database.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<Attached, DeskError> {
        self.0.carry_out(tx)
    }
}

impl Desk {
    /// Seals a file whose bytes are all there, for a case whose keys are at hand.
    ///
    /// # Errors
    /// If it is larger than an attachment may be.
    pub(crate) fn seal_file(
        &self,
        actor: &Actor,
        keys: &CaseKeys,
        name: &str,
        bytes: &[u8],
    ) -> Result<SealedWork, DeskError> {
        if bytes.len() as u64 > LARGEST {
            return Err(Refusal::from(Fault::new("file", "file_too_large").with("max", LARGEST >> 20)).into());
        }
        let id = AttachmentId(Uuid::now_v7());
        let mut sealer = Sealer::new(keys.clone(), id);
        sealer.write(bytes)?;
        Ok(SealedWork(Work {
            actor: actor.clone(),
            case: keys.case,
            id,
            file: Arc::new(sealer.finish()?),
            name: file_name::clean(name),
            note: None,
            seen: None,
            now: self.time().now(),
            library: self.library().clone(),
            master: Arc::clone(self.master()),
        }))
    }
}

#[derive(Clone)]
struct Work {
    actor: Actor,
    case: CaseId,
    id: AttachmentId,
    file: Arc<SealedFile>,
    name: String,
    note: Option<String>,
    seen: Option<i64>,
    now: Timestamp,
    library: Library,
    master: Arc<MasterKeys>,
}

impl Work {
    fn carry_out(self, tx: &mut Tx<'_>) -> Result<Attached, DeskError> {
        let (row, sight) = load::find_for(tx, &CaseRef::Id(self.case), &self.actor)?;
        sight.require_work()?;
        let loaded = load::from_row(tx, row)?;
        let case = loaded.case.id;
        if let Some(known) = attachments::by_hash(tx, case.0, self.file.digest.as_bytes())? {
            return Ok(Attached { case, id: AttachmentId(known.id), replayed: true });
        }
        if let Some(seen) = self.seen
            && (seen > loaded.case.version || !only_warned_since(&loaded.entries, seen))
        {
            return Err(stale(&loaded.case, &loaded.entries, seen));
        }
        let input = Attach {
            id: self.id,
            name: FreeText::Plain(self.name),
            media: self.file.media,
            size: self.file.size,
            digest: self.file.digest.clone(),
            sealed: self.file.sealed.clone(),
            note: self.note.map(FreeText::Plain),
        };
        let decision = attach::decide(&loaded.case, &input)?;
        // Two nodes' clocks may differ; within one case time never runs backwards.
        let now = self.now.max(loaded.case.changed_at);
        let (actor, verb) = (self.actor.id, permissions::ATTACH.name());
        let commit = Commit { library: &self.library, master: &self.master, actor, verb, now, run: None };
        // It seals name and note, and so holds the person: chunks an erasure would not find cannot follow.
        commit.write(tx, loaded, decision.events)?;
        let row = AttachmentRow {
            id: self.id.0,
            case_id: case.0,
            hash: self.file.digest.clone().into_bytes(),
            media: self.file.media.to_owned(),
            size: i64::try_from(self.file.size).unwrap_or(i64::MAX),
            chunks: i64::try_from(self.file.chunks.len()).unwrap_or(i64::MAX),
            at: stored(now),
        };
        attachments::insert(tx, &row, &self.file.chunks)?;
        Ok(Attached { case, id: self.id, replayed: false })
    }
}
