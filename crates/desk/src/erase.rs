//! Erasing a person: the data key is destroyed, and with it identity, words and lifted identifiers. Log, hashes and
//! statistics stay valid because they never held anything but ciphertext.
//!
//! Who was erased stands in the database and, as identifiers only, in the [`ledger`] beside each node's master key, where
//! no backup of the database can bring an erased person back. Each node takes up what others erased; whoever is noted in
//! either place is erased again at every start, and a restore carries the notes of the database it replaces over. The
//! ledger is told before an erasure is committed and once more when it was: what was only announced erases nobody.

mod ledger;

pub(crate) use ledger::Ledger;

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::retention::certificate::{self, Cause};
use crate::retention::judge::{self, Looked};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::{Actor, ActorId};
use domain::ids::PersonId;
use domain::refusal::Refusal;
use domain::retention::Stay;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{ErasureRow, Tx, attachments, erasures, vault};
use uuid::Uuid;

/// What an erasure leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Who was erased.
    pub person: PersonId,
    /// Number of the certificate.
    pub certificate: i64,
}

impl Desk {
    /// Erases the complainant of a case from everything that belongs to them, and certifies it.
    ///
    /// # Errors
    /// When the caller may not, there is no such case, something of the person's is open or held, a minimum of the law
    /// has not passed, or they were erased before: whoever waits for an answer cannot be forgotten first.
    pub async fn erase(&self, caller: &Caller, name: &CaseRef, reason: &str) -> Result<Erased, DeskError> {
        permissions::ERASE.require(caller)?;
        let (name, by, reason) = (name.clone(), caller.clone(), reason.to_owned());
        let (actor, now, desk) = (caller.actor.id, self.time().now(), self.clone());
        let at = stored(now);
        let done = self
            .db()
            .write(move |tx| {
                let person = load::find(tx, &name, &by.actor)?.person;
                // First the person is taken, then looked at: a case of theirs that is opened at this moment is waited
                // for and seen, or finds nobody left. A refusal undoes it all.
                if !vault::take_person(tx, person, at)? {
                    return Err(Refusal::conflict("person_erased").into());
                }
                let today = judge::today(&desk)?;
                let looked = judge::look(tx, &desk, &today, person)?;
                may_go(&looked, &by.actor, now)?;
                let counts = certificate::count(tx, &looked)?;
                destroy(tx, &ErasureRow { person, at, actor: actor.to_string(), reason: reason.clone() })?;
                let hash = administration::record_hash(tx, person, actor, at, &Change::new("erase-person"))?;
                let request = looked.iter().find(|one| one.keeping.asks).map(|one| one.keeping.number.clone());
                let cause = Cause::Hand { by: &by, reason: &reason, request };
                let certificate = certificate::issue(&desk, tx, person, at, &cause, counts, &hash)?;
                // Last, and before the commit: where nothing can be noted, nobody is erased.
                desk.ledger().begin(person)?;
                Ok::<_, DeskError>(Erased { person: PersonId(person), certificate })
            })
            .await?;
        confirm(self).await;
        Ok(done)
    }
}

/// Confirms in the ledger whom this process announced and the database has erased since.
pub(crate) async fn confirm(desk: &Desk) {
    let begun = desk.ledger().begun();
    if begun.is_empty() {
        return;
    }
    desk.forget();
    let house = desk.clone();
    let confirmed = desk.db().read(move |tx| {
        let mut erased = Vec::new();
        for person in begun {
            if vault::person(tx, person)?.is_some_and(|row| row.wrapped_key.is_none()) {
                erased.push(person);
            }
        }
        house.ledger().note(&erased)
    });
    // The erasure stands in the database all the same, and the next look there confirms it.
    if let Err(error) = confirmed.await {
        tracing::warn!(%error, "an erasure could not be confirmed beside the master key yet");
    }
}

/// Refuses to forget somebody whose case is open, who waits for an answer or a promise, or whose records are held. A
/// minimum of the operator's own is for whoever decides by hand to set aside; one of the law is not.
fn may_go(looked: &[Looked], actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
    let seen = |one: &&Looked| load::is_there(&one.loaded.row, actor);
    let has = |stays: &[Stay]| looked.iter().any(|one| one.keeping.stays.iter().any(|stay| stays.contains(stay)));
    if has(&[Stay::Open, Stay::Unanswered]) {
        return Err(Refusal::conflict("person_has_open_case"));
    }
    let mut reasons: Vec<Stay> = looked.iter().flat_map(|one| one.keeping.stays.iter().copied()).collect();
    if !reasons.is_empty() {
        reasons.sort_unstable();
        reasons.dedup();
        let held = looked.iter().filter(|one| !one.keeping.stays.is_empty());
        // Cases that lie elsewhere are not there for whoever asks.
        let numbers: Vec<&str> = held.filter(seen).map(|one| one.keeping.number.as_str()).collect();
        let reasons: Vec<&str> = reasons.into_iter().map(Stay::code).collect();
        let numbers = if numbers.is_empty() { "—".to_owned() } else { numbers.join(", ") };
        return Err(Refusal::conflict("person_is_held").with("reasons", reasons.join(", ")).with("cases", numbers));
    }
    let least = looked.iter().filter_map(|one| one.keeping.least_of_law.as_ref()).max_by_key(|limit| limit.at);
    match least.filter(|limit| limit.at >= now) {
        Some(limit) => Err(Refusal::conflict("kept_until").with("until", limit.at).with("rule", &limit.rule)),
        None => Ok(()),
    }
}

/// Destroys everything that opens what belongs to a person.
pub(crate) fn destroy(tx: &mut Tx<'_>, row: &ErasureRow) -> Result<(), DeskError> {
    // The keys go first: who attaches a file at this moment then finds them gone, or has its chunks found here.
    vault::erase_person(tx, row.person, row.at)?;
    attachments::erase(tx, row.person)?;
    erasures::insert(tx, row)?;
    Ok(())
}

/// Erases again whoever a restored database has brought back, and takes up what other nodes erased; with it whoever was
/// announced and erased, and not confirmed before the process ended. Blocking.
pub(crate) fn replay(desk: &Desk) -> Result<usize, DeskError> {
    let noted = desk.ledger().read()?;
    let (mut persons, begun) = (noted.erased, noted.begun);
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
        for person in begun {
            if vault::person(tx, person)?.is_some_and(|row| row.wrapped_key.is_some()) {
                // Either its commit failed, or the database is older than it: which, only people can tell.
                tracing::warn!(%person, "an erasure was announced beside the master key and is not in the database");
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
    let noted: BTreeSet<Uuid> = desk.ledger().read()?.erased;
    let missing: Vec<Uuid> = erased.iter().map(|row| row.person).filter(|person| !noted.contains(person)).collect();
    if !missing.is_empty() {
        desk.forget();
    }
    desk.ledger().note(&missing)
}
