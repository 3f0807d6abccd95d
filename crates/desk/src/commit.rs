//! Committing what was decided: words sealed, the case folded on, row and log entry written, follow-up work enqueued.
//! Commands and timers both end here; nothing else changes a case.

use crate::error::DeskError;
use crate::jobs::notify::Telling;
use crate::library::Library;
use crate::load::{self, Loaded, row_of};
use crate::log::{self, NewEntry};
use crate::register::item_rows;
use crate::time::stored;
use crate::vault::MasterKeys;
use crate::vault::cipher::CipherError;
use domain::actor::{Actor, ActorId};
use domain::audit::chain::Ledger;
use domain::case::{Case, Context, Decision, clocks, effects};
use domain::event::{self, Entry, Event};
use domain::free_text::FreeText;
use domain::refusal::Refusal;
use jiff::Timestamp;
use policy::Stack;
use std::sync::Arc;
use store::{CaseRow, ItemRow, Tx, WaitingRow, cases, vault};
use uuid::Uuid;

/// Adds to an entry what the rules of the case bring about because of it, and gives those rules. Every entry comes this
/// way before it is written, whatever door it came through.
///
/// # Errors
/// If a content the case names is not there.
pub(crate) fn follow_up(library: &Library, case: &mut Case, entry: &mut Entry) -> Result<Stack, DeskError> {
    let rules = library.rules_of(case)?;
    let actor = Actor { id: entry.actor, ..Actor::system(case.owner.unit) };
    let ctx = Context { now: entry.at, actor: &actor, rules: &rules, taxonomy: library.taxonomy(), others: &[] };
    let caused = effects::caused(case, &entry.events, &ctx);
    entry.events.extend(caused);
    Ok(rules)
}

/// Who does what, when, and what it takes.
pub(crate) struct Commit<'a> {
    pub(crate) library: &'a Library,
    pub(crate) master: &'a Arc<MasterKeys>,
    pub(crate) actor: ActorId,
    pub(crate) verb: &'a str,
    pub(crate) now: Timestamp,
    /// The run over many cases this belongs to.
    pub(crate) run: Option<Uuid>,
}

impl Commit<'_> {
    /// Writes a decision: the events of the case and of those it reaches, always in one order, or two commands could wait
    /// for each other's rows. Gives the case after them.
    ///
    /// # Errors
    /// Those of [`Commit::write`].
    pub(crate) fn write_all(
        &self,
        tx: &mut Tx<'_>,
        loaded: Loaded,
        others: Vec<Loaded>,
        decision: Decision,
    ) -> Result<Case, DeskError> {
        let id = loaded.case.id;
        let mut parts = vec![(loaded, decision.events)];
        for other in others {
            if let Some(theirs) = decision.elsewhere.iter().find(|theirs| theirs.case == other.case.id) {
                parts.push((other, theirs.events.clone()));
            }
        }
        parts.sort_by_key(|(part, _)| part.row.id);
        let mut done = None;
        for (part, events) in parts {
            let case = self.write(tx, part, events)?;
            if case.id == id {
                done = Some(case);
            }
        }
        done.ok_or(DeskError::Overtaken)
    }

    /// Writes the events of one case and gives the case after them.
    ///
    /// # Errors
    /// [`DeskError::Overtaken`] when another command on this case came first; else those of database and keys.
    pub(crate) fn write(&self, tx: &mut Tx<'_>, loaded: Loaded, mut events: Vec<Event>) -> Result<Case, DeskError> {
        let mut sealed = None;
        if holds_words(&mut events) {
            // Held, so that an erasure comes before or after all this and never in between.
            let wrapped = vault::hold_person(tx, loaded.row.person)?;
            sealed = Some(self.sealed(&loaded, wrapped.as_deref(), &mut events)?);
        }
        self.ready(loaded, events, sealed)?.write(tx)
    }

    /// Seals the words of events and gives the identifiers that stood in them. A person who is erased before they are
    /// written is found out there.
    ///
    /// # Errors
    /// If the person was erased, or the keys do not open.
    pub(crate) fn sealed(
        &self,
        loaded: &Loaded,
        wrapped: Option<&[u8]>,
        events: &mut [Event],
    ) -> Result<Vec<ItemRow>, DeskError> {
        let keys = match load::open_keys(self.master, &loaded.row, wrapped) {
            Err(DeskError::Cipher(CipherError::Erased)) => return Err(Refusal::conflict("person_erased").into()),
            other => other?,
        };
        Ok(item_rows(loaded.case.id, keys.seal_events(events)?))
    }

    /// Works out what the events of one case, whose words are `sealed` where they hold any, come to: everything that needs
    /// no database, so that whoever writes many cases keeps the writer for no longer than writing takes.
    ///
    /// # Errors
    /// If a content the case names is not there.
    pub(crate) fn ready(
        &self,
        loaded: Loaded,
        events: Vec<Event>,
        sealed: Option<Vec<ItemRow>>,
    ) -> Result<Ready, DeskError> {
        let events = clocks::once(&loaded.case, events);
        let after = loaded.case.version;
        let waited = crate::routing::waiting(&loaded.case, &loaded.row);
        let before = crate::orders::Before::of(&loaded.case);
        let belonged = crate::incidents::members::Before::of(&loaded.case);
        let remedies = crate::remedies::Before::of(&loaded.case);
        let call_backs = crate::call_backs::Before::of(&loaded.case);
        let mut case = loaded.case;
        // Two nodes' clocks may differ; within one case time never runs backwards.
        let at = self.now.max(case.changed_at);
        let mut entry = Entry { version: after + 1, at, actor: self.actor, verb: self.verb.to_owned(), events };
        case.apply_entry(&entry);
        let rules = follow_up(self.library, &mut case, &mut entry)?;
        let body = event::write_body(&entry.events).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let row = row_of(&case, &rules, self.library.taxonomy(), None);
        let telling = Telling::of(&case, &entry, &rules, self.run)?;
        Ok(Ready {
            case,
            entry,
            body,
            sealed,
            from: loaded.row,
            row,
            last_hash: loaded.last_hash,
            before,
            belonged,
            remedies,
            call_backs,
            waited,
            telling,
        })
    }
}

/// Whether there are words that have to be sealed before anything is written.
pub(crate) fn holds_words(events: &mut [Event]) -> bool {
    events.iter_mut().any(|event| event.texts().iter().any(|(_, text)| matches!(text, FreeText::Plain(_))))
}

/// One entry of one case, ready to be written.
pub(crate) struct Ready {
    case: Case,
    entry: Entry,
    body: String,
    /// What was lifted out of its words, where it has any.
    sealed: Option<Vec<ItemRow>>,
    /// The row as it was read.
    from: CaseRow,
    row: CaseRow,
    last_hash: Vec<u8>,
    before: crate::orders::Before,
    belonged: crate::incidents::members::Before,
    remedies: crate::remedies::Before,
    call_backs: crate::call_backs::Before,
    waited: Option<WaitingRow>,
    telling: Option<Telling>,
}

impl Ready {
    /// Writes it and gives the case after it.
    ///
    /// # Errors
    /// [`DeskError::Overtaken`] when another command on this case came first; a refusal when whose words they are was
    /// erased meanwhile; else those of the database.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<Case, DeskError> {
        let Self { case, entry, body, sealed, from, row, last_hash, .. } = self;
        let (before, belonged, remedies, call_backs) = (self.before, self.belonged, self.remedies, self.call_backs);
        let (waited, telling) = (self.waited, self.telling);
        let after = entry.version - 1;
        if let Some(items) = sealed {
            // Sealed under a key that is gone, they would be words nobody can read; held, so that it does not go now.
            if vault::hold_person(tx, from.person)?.is_none() {
                return Err(Refusal::conflict("person_erased").into());
            }
            for item in &items {
                vault::insert_item(tx, item)?;
            }
        }
        // The row is taken first: where two nodes act at once, the second waits here and then finds it changed.
        if !cases::update(tx, &from, &row)? {
            return Err(DeskError::Overtaken);
        }
        crate::orders::write(tx, &case, &before)?;
        crate::incidents::members::write(tx, &case, &belonged)?;
        crate::remedies::write(tx, &case, &remedies)?;
        crate::call_backs::write(tx, &case, &call_backs)?;
        let waits = crate::routing::waiting(&case, &row);
        crate::routing::write(tx, &case, waited, waits, &entry.events)?;
        log::append(
            tx,
            NewEntry {
                subject: case.id.0,
                ledger: Ledger::Case,
                after,
                prev: Some(&last_hash),
                at: stored(entry.at),
                actor: entry.actor.to_string(),
                verb: &entry.verb,
                schema: event::SCHEMA,
                body,
            },
        )?;
        if let Some(telling) = telling {
            telling.enqueue(tx)?;
        }
        crate::outbox::note(tx, &case, &entry)?;
        Ok(case)
    }
}
