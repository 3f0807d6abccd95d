//! Erasing a person: the data key is destroyed, and with it identity, words and lifted identifiers. Log, hashes and
//! statistics stay valid because they never held anything but ciphertext.
//!
//! The ledger of erasures stands in the database and, as identifiers only, beside the master key, where no backup of
//! the database can bring an erased person back: it is replayed at every start.

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::case::State;
use domain::ids::PersonId;
use domain::refusal::Refusal;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use store::{ErasureRow, Tx, attachments, erasures, vault};
use uuid::Uuid;

impl Desk {
    /// Erases the complainant of a case from everything that belongs to them.
    ///
    /// # Errors
    /// When the caller may not, there is no such case, or the case is still open: whoever waits for an answer cannot
    /// be forgotten first.
    pub async fn erase(&self, caller: &Caller, name: &CaseRef, reason: &str) -> Result<PersonId, DeskError> {
        permissions::ERASE.require(caller)?;
        let (name, area) = (name.clone(), caller.actor.area.clone());
        let person = self
            .db()
            .read(move |tx| {
                let row = load::find(tx, &name, &area)?;
                for id in store::cases::by_person(tx, row.person)? {
                    let Some(row) = store::cases::by_id(tx, id)? else { continue };
                    // Whose case went up in another may still wait for an answer of their own.
                    let merged = row.state == State::Merged.code();
                    if row.open || (merged && load::from_row(tx, row)?.case.reply.is_none()) {
                        return Err(Refusal::conflict("person_has_open_case").into());
                    }
                }
                Ok::<_, DeskError>(row.person)
            })
            .await?;
        // The note beside the master key comes first: a crash in between erases at the next start.
        note(&ledger_path(self.master().path()), person)?;
        let row = ErasureRow {
            person,
            at: stored(self.time().now()),
            actor: caller.actor.id.to_string(),
            reason: reason.to_owned(),
        };
        let actor = caller.actor.id;
        self.db()
            .write(move |tx| {
                destroy(tx, &row)?;
                administration::record(tx, person, actor, row.at, &Change::new("erase-person"))
            })
            .await?;
        Ok(PersonId(person))
    }
}

fn destroy(tx: &mut Tx<'_>, row: &ErasureRow) -> Result<(), DeskError> {
    // The keys go first: who attaches a file at this moment then finds them gone, or has its chunks found here.
    vault::erase_person(tx, row.person, row.at)?;
    attachments::erase(tx, row.person)?;
    erasures::insert(tx, row)?;
    Ok(())
}

/// Erases again whoever a restored database has brought back.
pub(crate) fn replay(desk: &Desk) -> Result<usize, DeskError> {
    let path = ledger_path(desk.master().path());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(crate::vault::master::MasterError::Io { path, source }.into()),
    };
    let persons: Vec<Uuid> = text.lines().filter_map(|line| Uuid::parse_str(line.trim()).ok()).collect();
    let at = stored(desk.time().now());
    desk.db().write_now(move |tx| {
        let mut again = 0;
        for person in persons {
            if vault::person(tx, person)?.is_some_and(|row| row.wrapped_key.is_some()) {
                let row = ErasureRow {
                    person,
                    at,
                    actor: "system".to_owned(),
                    reason: "replayed after a restore".to_owned(),
                };
                destroy(tx, &row)?;
                administration::record(tx, person, domain::actor::ActorId::System, at, &Change::new("replay-erasure"))?;
                again += 1;
            }
        }
        Ok(again)
    })
}

fn ledger_path(master: &Path) -> PathBuf {
    master.with_extension("erasures")
}

fn note(path: &Path, person: Uuid) -> Result<(), DeskError> {
    let io = |source| crate::vault::master::MasterError::Io { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(io)?;
    writeln!(file, "{person}").and_then(|()| file.sync_all()).map_err(io)?;
    Ok(())
}
