//! Erasing a person: the data key is destroyed, and with it identity, words and lifted identifiers. Log, hashes and
//! statistics stay valid because they never held anything but ciphertext.
//!
//! Who was erased stands in the database and, as identifiers only, in the [`ledger`] beside each node's master key, where
//! no backup of the database can bring an erased person back. Each node takes up what others erased; whoever is noted in
//! either place is erased again at every start, and a restore carries the notes of the database it replaces over.

mod ledger;

pub(crate) use ledger::Ledger;

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::case::{Case, State};
use domain::ids::PersonId;
use domain::refusal::Refusal;
use std::collections::BTreeSet;
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
        let (name, area, reason) = (name.clone(), caller.actor.area.clone(), reason.to_owned());
        let (actor, at, desk) = (caller.actor.id, stored(self.time().now()), self.clone());
        self.db()
            .write(move |tx| {
                let person = load::find(tx, &name, &area)?.person;
                // First the person is taken, then looked at: a case of theirs that is opened at this moment is waited
                // for and seen, or finds nobody left. A refusal undoes it all.
                destroy(tx, &ErasureRow { person, at, actor: actor.to_string(), reason })?;
                waits_for_nothing(tx, person)?;
                administration::record(tx, person, actor, at, &Change::new("erase-person"))?;
                // Last, and before the commit: were it lost between the two, the note erases at the next start.
                desk.ledger().note(&[person])?;
                Ok::<_, DeskError>(PersonId(person))
            })
            .await
    }
}

/// Refuses to forget somebody whose case is open, or who after a merging waits for their own answer or for what they were
/// promised.
fn waits_for_nothing(tx: &mut Tx<'_>, person: Uuid) -> Result<(), DeskError> {
    for id in store::cases::by_person(tx, person)? {
        let Some(row) = store::cases::by_id(tx, id)? else { continue };
        let merged = row.state == State::Merged.code();
        let waits = |case: &Case| case.reply.is_none() || case.open_promises().next().is_some();
        if row.open || (merged && waits(&load::from_row(tx, row)?.case)) {
            return Err(Refusal::conflict("person_has_open_case").into());
        }
    }
    Ok(())
}

fn destroy(tx: &mut Tx<'_>, row: &ErasureRow) -> Result<(), DeskError> {
    // The keys go first: who attaches a file at this moment then finds them gone, or has its chunks found here.
    vault::erase_person(tx, row.person, row.at)?;
    attachments::erase(tx, row.person)?;
    erasures::insert(tx, row)?;
    Ok(())
}

/// Erases again whoever a restored database has brought back, and takes up what other nodes erased. Blocking.
pub(crate) fn replay(desk: &Desk) -> Result<usize, DeskError> {
    let mut persons = desk.ledger().read()?;
    let at = stored(desk.time().now());
    let again = desk.db().write_now(move |tx| {
        persons.extend(erasures::undone(tx)?);
        let mut again = 0;
        for person in persons {
            if vault::hold_person(tx, person)?.is_some() {
                let reason = "replayed after a restore".to_owned();
                destroy(tx, &ErasureRow { person, at, actor: ActorId::System.to_string(), reason })?;
                administration::record(tx, person, ActorId::System, at, &Change::new("replay-erasure"))?;
                again += 1;
            }
        }
        Ok::<_, DeskError>(again)
    })?;
    take_up(desk)?;
    Ok(again)
}

/// Notes beside this node's master key whoever any node has erased. Blocking.
///
/// # Errors
/// Those of the database, or of writing beside the key.
pub(crate) fn take_up(desk: &Desk) -> Result<(), DeskError> {
    let erased = desk.db().read_now(|tx| Ok::<_, DeskError>(erasures::all(tx)?))?;
    let noted: BTreeSet<Uuid> = desk.ledger().read()?;
    let missing: Vec<Uuid> = erased.iter().map(|row| row.person).filter(|person| !noted.contains(person)).collect();
    desk.ledger().note(&missing)
}
