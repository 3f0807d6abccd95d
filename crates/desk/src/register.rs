//! Registration from any door: everything that can be done before the transaction is, so that the transaction only
//! writes rows.

use crate::caller::Caller;
use crate::commit::follow_up;
use crate::error::DeskError;
use crate::jobs::notify::Telling;
use crate::load::row_of;
use crate::log::{self, NewEntry};
use crate::permissions;
use crate::run::Done;
use crate::suggest::Suggestion;
use crate::time::stored;
use crate::vault::cipher::{CipherError, Key};
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::{CaseRef, Desk, load};
use domain::actor::ActorId;
use domain::advice::{Advice, Seen};
use domain::audit::chain::Ledger;
use domain::case::{Case, Context, Decision, matter, register};
use domain::event::{self, Entry, Event};
use domain::fault::Fault;
use domain::ids::{CaseId, PersonId, UserId};
use domain::intake::{Intake, Parted};
use domain::refusal::Refusal;
use jiff::Timestamp;
use store::{CaseRow, ItemRow, PersonRow, Tx, WaitingRow, cases, idempotency, people, routing, vault};
use uuid::Uuid;

/// The case a registration begins, before it has an identity.
pub(crate) fn begun(decision: &Decision, actor: ActorId, now: Timestamp) -> Result<Case, DeskError> {
    let events = decision.events.clone();
    let entry = Entry { version: 1, at: now, actor, verb: "register".to_owned(), events };
    Ok(Case::begin(CaseId::NIL, &entry)?)
}

/// A key that makes a repeated request harmless, with the body it was first sent with.
#[derive(Clone, Copy, Debug)]
pub struct OnceOnly<'a> {
    /// The caller's key.
    pub key: &'a str,
    /// Everything that distinguishes the request.
    pub body: &'a [u8],
}

/// The same, made ready for the database.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) actor: String,
    pub(crate) key: String,
    pub(crate) digest: Vec<u8>,
}

/// Rows of a registration, ready to be written.
pub(crate) struct Prepared {
    pub(crate) case: Case,
    pub(crate) row: CaseRow,
    person: Option<PersonRow>,
    lookups: Vec<(&'static str, [u8; 32])>,
    items: Vec<ItemRow>,
    /// Who has to look at it, if anybody.
    pub(crate) telling: Option<Telling>,
    /// Its place in a queue, if it waits in one.
    pub(crate) waits: Option<WaitingRow>,
    /// Who got it by the routing table.
    gave: Option<(UserId, i64)>,
    body: String,
    actor: String,
    at: i64,
}

impl Desk {
    /// Registers a contact.
    ///
    /// # Errors
    /// All faults of the input at once; a refusal when the caller may not; an error of the database.
    pub async fn register(
        &self,
        caller: &Caller,
        intake: Intake,
        once: Option<OnceOnly<'_>>,
    ) -> Result<Done, DeskError> {
        permissions::REGISTER.require(caller)?;
        let now = self.time().now();
        let claim = once.map(|once| self.claim(caller, "register", once)).transpose()?;
        let (prepared, _) = self.prepare(caller, intake, now).await?;
        let outcome = self
            .db()
            .write(move |tx| {
                if let Some(claim) = &claim
                    && let Some(earlier) = take(tx, claim, prepared.case.id.0, 1, prepared.at)?
                {
                    return Ok(Err(earlier));
                }
                prepared.write(tx)?;
                Ok::<_, DeskError>(Ok(prepared.case))
            })
            .await?;
        match outcome {
            Ok(case) => Ok(Done { case, replayed: false, unreached: Vec::new() }),
            Err(earlier) => self.replay(caller, earlier).await,
        }
    }

    /// Everything of a registration that needs no transaction.
    pub(crate) async fn prepare(
        &self,
        caller: &Caller,
        intake: Intake,
        now: Timestamp,
    ) -> Result<(Prepared, CaseKeys), DeskError> {
        let parted = intake.split(caller.actor.area.code());
        let may_backdate = permissions::BACKDATE.allows(caller);
        let actor = caller.actor.id;
        self.prepare_parted(caller, &parted, may_backdate, now, |decision, ctx| {
            Ok(matter::registered(&begun(decision, actor, now)?, ctx))
        })
        .await
    }

    /// The same for a parted intake; `more` says what else the first entry causes.
    pub(crate) async fn prepare_parted(
        &self,
        caller: &Caller,
        parted: &Parted,
        may_backdate: bool,
        now: Timestamp,
        more: impl FnOnce(&Decision, &Context<'_>) -> Result<Vec<Event>, DeskError>,
    ) -> Result<(Prepared, CaseKeys), DeskError> {
        let known = match parted.person {
            Some(person) => Some((person, self.known_person(caller, person).await?)),
            None => None,
        };
        if let Some(about) = parted.record.about_staff {
            self.known_staff(about).await?;
        }
        let shown = self.shown(caller, parted).await?;
        let advised = self.advised(caller, parted, shown.as_ref()).await?;
        let day = now.to_zoned_datetime(self.zone().clone()).date();
        let fresh = register::Fresh {
            // A refused registration must not use up a number.
            number: String::new(),
            person: known.as_ref().map_or_else(|| PersonId(Uuid::now_v7()), |(person, _)| *person),
            may_backdate,
        };
        let received_at = parted.received_at.unwrap_or(now);
        let rules = self.library().governing_at(received_at, parted.record.place(), self.zone())?;
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now, actor: &caller.actor, rules: &rules, taxonomy, others: &[] };
        let mut decision = register::decide(parted, &fresh, &ctx)?;
        let more = more(&decision, &ctx)?;
        decision.events.extend(more);
        decision.events.extend(advised);
        let table = crate::routing::in_force(self.library(), self.zone(), parted.record.place(), now)?;
        if table.routing().is_some() {
            let case = begun(&decision, caller.actor.id, now)?;
            decision.events.extend(self.routed(case, table, now).await?);
        }
        let beside = shown.map(|shown| shown.beside(&decision.events));
        decision.events.extend(beside.into_iter().flatten());
        let given = self.inner.numbers.next(self.db(), day).await?.to_string();
        if let Some(Event::Registered { number, .. }) = decision.events.first_mut() {
            *number = given;
        }
        self.seal_registration(caller, parted, known, fresh.person, decision, now)
    }

    fn seal_registration(
        &self,
        caller: &Caller,
        parted: &Parted,
        known: Option<(PersonId, Key)>,
        person: PersonId,
        decision: Decision,
        now: Timestamp,
    ) -> Result<(Prepared, CaseKeys), DeskError> {
        let id = CaseId(Uuid::now_v7());
        let (key, fresh_person) = match known {
            Some((_, key)) => (key, None),
            None => {
                let key = Key::random()?;
                let sealed = person::seal(self.master(), person, &key, &parted.identity)?;
                let row = PersonRow {
                    id: person.0,
                    wrapped_key: Some(sealed.wrapped_key),
                    identity: Some(sealed.identity),
                    created_at: stored(now),
                    erased_at: None,
                };
                (key, Some(row))
            }
        };
        let keys = CaseKeys { case: id, person: key, text: Key::random()? };
        let text_key = person::wrap_text_key(id, &keys.person, &keys.text)?;
        let mut events = decision.events;
        let items = keys.seal_events(&mut events)?;
        let mut entry = Entry { version: 1, at: now, actor: caller.actor.id, verb: "register".to_owned(), events };
        let mut case = Case::begin(id, &entry)?;
        let rules = follow_up(self.library(), &mut case, &mut entry)?;
        let body = event::write_body(&entry.events).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let telling = Telling::of(&case, &entry, &rules, None)?;
        let row = row_of(&case, &rules, self.library().taxonomy(), Some(text_key));
        let prepared = Prepared {
            waits: crate::routing::waiting(&case, &row),
            gave: crate::routing::gave(&case, &entry.events),
            row,
            case,
            person: fresh_person,
            lookups: person::lookups(self.keyring(), &parted.identity),
            items: item_rows(id, items),
            telling,
            body,
            actor: caller.actor.id.to_string(),
            at: stored(now),
        };
        Ok((prepared, keys))
    }

    /// The key of a person somebody chose. Persons who only stand in cases the caller may not see are unknown to them,
    /// or naming one would open their identity through a case of one's own.
    pub(crate) async fn known_person(&self, caller: &Caller, person: PersonId) -> Result<Key, DeskError> {
        let actor = caller.actor.clone();
        let row = self
            .db()
            .read(move |tx| {
                for id in cases::by_person(tx, person.0)? {
                    if cases::by_id(tx, id)?.is_some_and(|case| load::is_there(&case, &actor)) {
                        return Ok(vault::person(tx, person.0)?);
                    }
                }
                Ok::<_, DeskError>(None)
            })
            .await?;
        let row = row.ok_or_else(|| Refusal::from(Fault::new("complainant.person", "unknown_person")))?;
        match person::key(self.master(), person, row.wrapped_key.as_deref()) {
            Err(CipherError::Erased) => Err(Refusal::from(Fault::new("complainant.person", "unknown_person")).into()),
            other => Ok(other?),
        }
    }

    /// Refuses a complaint about a member of staff nobody knows. One whose account is closed may still be meant.
    async fn known_staff(&self, about: UserId) -> Result<(), DeskError> {
        let found = self.db().read(move |tx| Ok::<_, DeskError>(people::user(tx, about.0)?)).await?;
        found.map(drop).ok_or_else(|| Refusal::from(Fault::new("about_staff", "unknown_user")).into())
    }

    /// What the machine showed whoever registers, and what they made of it.
    async fn advised(
        &self,
        caller: &Caller,
        parted: &Parted,
        shown: Option<&Suggestion>,
    ) -> Result<Vec<Event>, DeskError> {
        let mut advised: Vec<Event> = shown.and_then(|shown| shown.of_category(parted)).into_iter().collect();
        if parted.other_matter.is_empty() {
            return Ok(advised);
        }
        let (names, actor) = (parted.other_matter.clone(), caller.actor.clone());
        let found = self
            .db()
            .read(move |tx| {
                let mut seen = Vec::with_capacity(names.len());
                for (n, name) in names.iter().enumerate() {
                    let unknown = || Refusal::from(Fault::new(format!("other_matter[{n}]"), "unknown_case"));
                    let name = CaseRef::parse(name.trim()).map_err(|_| unknown())?;
                    match load::find(tx, &name, &actor) {
                        Ok(row) => seen.push(Seen { case: CaseId(row.id), number: row.number }),
                        Err(DeskError::Refused(_)) => return Err(unknown().into()),
                        Err(other) => return Err(other),
                    }
                }
                Ok::<_, DeskError>(seen)
            })
            .await?;
        advised.push(Event::Advised { advice: Advice::OtherMatter { cases: found } });
        Ok(advised)
    }

    /// Makes an idempotency key ready.
    pub(crate) fn claim(&self, caller: &Caller, what: &str, once: OnceOnly<'_>) -> Result<Claim, DeskError> {
        let form = !once.key.is_empty() && once.key.len() <= 200 && once.key.bytes().all(|b| b.is_ascii_graphic());
        if !form {
            return Err(Refusal::from(Fault::new("Idempotency-Key", "bad_idempotency_key")).into());
        }
        Ok(Claim {
            actor: caller.actor.id.to_string(),
            key: once.key.to_owned(),
            digest: self.keyring().request_digest(what, once.body).to_vec(),
        })
    }

    /// The answer a repeated request got the first time: the case as it stood after that entry.
    pub(crate) async fn replay(&self, caller: &Caller, earlier: Earlier) -> Result<Done, DeskError> {
        let actor = caller.actor.clone();
        let read = move |tx: &mut Tx<'_>| {
            let (row, _) = load::find_for(tx, &load::CaseRef::Id(CaseId(earlier.case)), &actor)?;
            load::from_row(tx, row)
        };
        let loaded = self.db().read(read).await?;
        let upto = loaded.entries.into_iter().filter(|entry| entry.version <= earlier.version);
        // Whom it named was said the first time; the words are sealed by now.
        Ok(Done { case: Case::fold(loaded.case.id, upto)?, replayed: true, unreached: Vec::new() })
    }
}

/// Where an earlier request with the same key led.
pub(crate) struct Earlier {
    pub(crate) case: Uuid,
    pub(crate) version: i64,
}

/// Takes an idempotency key, or says where it led before.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    claim: &Claim,
    case: Uuid,
    version: i64,
    at: i64,
) -> Result<Option<Earlier>, DeskError> {
    match idempotency::claim(tx, &claim.actor, &claim.key, &claim.digest, case, version, at)? {
        None => Ok(None),
        Some(earlier) if earlier.digest == claim.digest => {
            Ok(Some(Earlier { case: earlier.case_id, version: earlier.version }))
        }
        Some(_) => Err(Refusal::from(Fault::new("Idempotency-Key", "idempotency_key_reused")).into()),
    }
}

/// Lifted identifiers as rows.
pub(crate) fn item_rows(case: CaseId, items: Vec<crate::vault::seal::SealedItem>) -> Vec<ItemRow> {
    items
        .into_iter()
        .map(|item| ItemRow {
            case_id: case.0,
            item: i64::from(item.item),
            kind: item.kind.code().to_owned(),
            sealed: item.sealed,
        })
        .collect()
}

impl Prepared {
    /// Writes everything; the caller commits. Returns the log entry's version and hash.
    pub(crate) fn write(&self, tx: &mut Tx<'_>) -> Result<(i64, Vec<u8>), DeskError> {
        match &self.person {
            Some(person) => vault::insert_person(tx, person)?,
            // Somebody chosen who was erased since would be found again by what is written here.
            None if vault::hold_person(tx, self.row.person)?.is_none() => {
                return Err(Refusal::from(Fault::new("complainant.person", "unknown_person")).into());
            }
            None => {}
        }
        for (kind, hash) in &self.lookups {
            vault::insert_lookup(tx, hash, kind, self.row.person)?;
        }
        for item in &self.items {
            vault::insert_item(tx, item)?;
        }
        for external in &self.case.record.external {
            cases::insert_external(tx, &external.owner, &external.number, self.row.id)?;
        }
        cases::insert(tx, &self.row)?;
        if let Some(waits) = &self.waits {
            routing::wait(tx, self.row.id, Some(waits))?;
        }
        if let Some((user, at)) = self.gave {
            routing::gave(tx, user.0, at)?;
        }
        if let Some(telling) = &self.telling {
            telling.enqueue(tx)?;
        }
        log::append(
            tx,
            NewEntry {
                subject: self.row.id,
                ledger: Ledger::Case,
                after: 0,
                prev: None,
                at: self.at,
                actor: self.actor.clone(),
                verb: "register",
                schema: event::SCHEMA,
                body: self.body.clone(),
            },
        )
    }
}
