//! The TM Forum side of cases: attributes a client wrote that the complaint has no place for, kept beside it as events,
//! and the specifications of tickets. What a ticket looks like outside is the server's business.

mod contacts;
mod packed;
pub(crate) mod specifications;

pub use contacts::{CONTACT, Contact, contact};
pub use specifications::{Noted, Specification};

use crate::caller::Caller;
use crate::commit::Commit;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::log::{self, NewEntry};
use crate::queries::case::{CaseView, Raw};
use crate::register::begun;
use crate::reveal::AccessBody;
use crate::run::{Done, Outcome, Work, only_warned_since, stale};
use crate::time::stored;
use crate::{Desk, Permission, kept, permissions, queries};
use domain::actor::{Actor, ActorId};
use domain::audit::chain::Ledger;
use domain::case::{Case, State, matter};
use domain::command::Command;
use domain::event::{Entry, Event};
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::intake::Intake;
use domain::refusal::Refusal;
use domain::text::mask::{mask_name, mask_words};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::tickets::Among;
use store::{ThingRow, Tx, tickets};
use uuid::Uuid;

/// So many tickets are counted, and looked through for a filter without an index, at most.
pub const MOST_COUNTED: u64 = 10_000;

/// Tickets read and opened together.
const TOGETHER: usize = 25;

/// A case as a ticket: opened, identifiers in place. Whoever is not to see them gets [`Ticket::told`].
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The case with its log, texts readable.
    pub view: CaseView,
    /// When its next clock is due.
    pub due: Option<Timestamp>,
    /// Whether the reader sees identifiers as they are.
    clear: bool,
    /// Whether the reader sees what colleagues tell each other.
    internal: bool,
}

/// What changes in a ticket.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What is done to the case, in order, all of it or nothing.
    pub commands: Vec<Command>,
    /// Attributes that changed; `null` takes one away. Notes are those that came.
    pub attributes: Map<String, Value>,
    /// What is said beside the contact that the commands record; it is kept with the entry they make.
    pub contact: Option<Map<String, Value>>,
    /// Whether it is taken from the faces.
    pub gone: bool,
}

/// The attribute whose entries only ever come.
const NOTE: &str = "note";

impl Ticket {
    /// What clients said, newest word of each attribute; all notes.
    #[must_use]
    pub fn attributes(&self) -> Map<String, Value> {
        let mut found: Map<String, Value> = Map::new();
        for entry in &self.view.entries {
            for (name, value) in changed(entry).into_iter().filter(|(name, _)| name != CONTACT) {
                match (value, found.get_mut(&name)) {
                    (Value::Null, _) => drop(found.remove(&name)),
                    (Value::Array(more), Some(Value::Array(there))) if name == NOTE => there.extend(more),
                    (value, _) => drop(found.insert(name, value)),
                }
            }
        }
        found
    }

    /// Whether it came as a ticket; else as a case through another door.
    #[must_use]
    pub fn is_born_here(&self) -> bool {
        let first = self.view.entries.first();
        first.is_some_and(|entry| entry.events.iter().any(|event| matches!(event, Event::TicketChanged { .. })))
    }

    /// Whether the reader sees what colleagues tell each other.
    #[must_use]
    pub fn shows_internal(&self) -> bool {
        self.internal
    }

    /// The same with identifiers in place, to work out what a change comes to; never to be shown.
    #[must_use]
    pub fn cleared(self) -> Self {
        Self { clear: true, ..self }
    }

    /// Whether the reader sees identifiers as they are.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.clear
    }

    /// The whole as the reader may see it: unless they may see personal data, identifiers and names of people are masked,
    /// and files that were sent as values are not among it.
    #[must_use]
    pub fn told(&self, value: Value) -> Value {
        if self.clear {
            return value;
        }
        let Value::Object(members) = masked(value) else { return Value::Null };
        let shown = |(name, value): (String, Value)| match name.as_str() {
            "relatedParty" => (name, without_names(value)),
            "attachment" => (name, without_files(value)),
            _ => (name, value),
        };
        Value::Object(members.into_iter().map(shown).collect())
    }
}

/// Whether somebody sees tickets with their personal data: a programme that was made for a purpose. A person says their
/// purpose case by case, where they reveal.
fn sees_clear(caller: &Caller) -> bool {
    matches!(caller.actor.id, ActorId::Token(_)) && permissions::REVEAL.allows(caller)
}

/// Which tickets a caller lists.
fn among(caller: &Caller, states: Option<&[State]>) -> Among {
    Among {
        scope: caller.actor.area.code().to_owned(),
        reader: load::reader(&caller.actor).unwrap_or_default(),
        states: states.map(|states| states.iter().map(|state| state.code().to_owned()).collect()),
    }
}

/// A case whose ticket was not taken from the faces.
fn shown_case(tx: &mut Tx<'_>, id: CaseId, actor: &Actor) -> Result<Raw, DeskError> {
    if tickets::one(tx, tickets::GONE, id.0)?.is_some() {
        return Err(Refusal::not_found().into());
    }
    queries::case::read(tx, &CaseRef::Id(id), actor)
}

/// A case as it stood after an entry.
fn as_of(mut raw: Raw, version: i64) -> Result<Raw, DeskError> {
    raw.loaded.entries.retain(|entry| entry.version <= version);
    raw.loaded.case = Case::fold(raw.loaded.case.id, &raw.loaded.entries)?;
    Ok(raw)
}

/// Questions found to have more tickets than are counted: for a while that is not found out again, since counting ten
/// thousand takes longer than reading a page.
#[derive(Default)]
pub(crate) struct Plenty(Mutex<HashMap<Among, Instant>>);

impl Plenty {
    /// How long it is taken to be still so.
    const FOR: Duration = Duration::from_secs(60);
    /// Questions remembered.
    const MOST: usize = 1_000;

    fn has(&self, among: &Among) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(among).is_some_and(|since| since.elapsed() < Self::FOR)
    }

    fn keep(&self, among: Among) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(among, Instant::now());
    }
}

/// What a client changed with an entry.
#[must_use]
pub fn changed(entry: &Entry) -> Map<String, Value> {
    let mut found = Map::new();
    for event in &entry.events {
        if let Event::TicketChanged { change, .. } = event
            && let Some(Ok(Value::Object(more))) = change.plain().map(serde_json::from_str)
        {
            found.extend(more);
        }
    }
    found
}

/// The opened words of a change as JSON; words that are none, such as those of somebody erased, stay.
pub(crate) fn shown(opened: &str) -> String {
    packed::unpack(opened).map_or_else(|| opened.to_owned(), |value| value.to_string())
}

fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(mask_words(&text)),
        Value::Number(number) => {
            let text = number.to_string();
            let shown = mask_words(&text);
            if shown == text { Value::Number(number) } else { Value::String(shown) }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, masked(member))).collect(),
        other => other,
    }
}

/// Names of parties, masked.
fn without_names(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(without_names).collect()),
        Value::Object(members) => {
            let shown = |(name, value): (String, Value)| match value {
                Value::String(text) if name == "name" => (name, Value::String(mask_name(&text))),
                value => (name, without_names(value)),
            };
            Value::Object(members.into_iter().map(shown).collect())
        }
        other => other,
    }
}

/// Attachments, without what they hold.
fn without_files(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(without_files).collect()),
        Value::Object(mut members) => {
            members.remove("content");
            Value::Object(members)
        }
        other => other,
    }
}

fn packed_change(attributes: Map<String, Value>, gone: bool) -> Event {
    Event::TicketChanged { change: FreeText::Plain(packed::pack(&Value::Object(attributes))), gone }
}

impl Desk {
    /// Registers a contact that came as a ticket, with what the complaint has no place for, as one entry; `contact` is what
    /// is said beside the contact it came with.
    ///
    /// # Errors
    /// As [`Desk::register`].
    pub async fn register_ticket(
        &self,
        caller: &Caller,
        intake: Intake,
        mut attributes: Map<String, Value>,
        contact: Option<Map<String, Value>>,
    ) -> Result<Done, DeskError> {
        permissions::REGISTER.require(caller)?;
        permissions::CHANGE_TICKET.require(caller)?;
        if let Some(said) = contact {
            attributes.insert(CONTACT.to_owned(), contacts::said(1, said));
        }
        let now = self.time().now();
        let parted = intake.split(caller.actor.area.code());
        let may_backdate = permissions::BACKDATE.allows(caller);
        let actor = caller.actor.id;
        let more = |decision: &domain::case::Decision, ctx: &domain::case::Context<'_>| {
            let mut events = matter::registered(&begun(decision, actor, now)?, ctx);
            events.push(packed_change(attributes, false));
            Ok(events)
        };
        let (prepared, _) = self.prepare_parted(caller, &parted, may_backdate, now, more).await?;
        let case = self
            .db()
            .write(move |tx| {
                prepared.write(tx)?;
                Ok::<_, DeskError>(prepared.case)
            })
            .await?;
        Ok(Done { case, replayed: false, unreached: Vec::new() })
    }

    /// The ticket of a case.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see, or it was taken from the faces.
    pub async fn ticket(&self, caller: &Caller, id: CaseId) -> Result<Ticket, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let actor = caller.actor.clone();
        let raw = self.db().read(move |tx| shown_case(tx, id, &actor)).await?;
        self.opened(caller, raw)
    }

    /// What was read, as far as the reader may see it.
    fn opened(&self, caller: &Caller, raw: Raw) -> Result<Ticket, DeskError> {
        raw.sight.require_area()?;
        let rules = self.library().rules_of(&raw.loaded.case)?;
        let due = raw.loaded.case.next_due(&rules).map(|clock| clock.due_at);
        let view = self.view_clear(raw)?;
        let clear = sees_clear(caller);
        Ok(Ticket { view, due, clear, internal: clear && permissions::READ_LOG.allows(caller) })
    }

    /// The ticket of a case as it stood after an entry and before it, also once it was taken from the faces; nothing before
    /// the first.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see, or it never had that version.
    pub async fn ticket_around(
        &self,
        caller: &Caller,
        id: CaseId,
        version: i64,
    ) -> Result<(Ticket, Option<Ticket>), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let raw = self.raw(caller, &CaseRef::Id(id)).await?;
        if !raw.loaded.entries.iter().any(|entry| entry.version == version) {
            return Err(Refusal::not_found().into());
        }
        let before = match version {
            1 => None,
            version => Some(self.opened(caller, as_of(raw.clone(), version - 1)?)?),
        };
        Ok((self.opened(caller, as_of(raw, version)?)?, before))
    }

    /// Tickets the caller may see, those registered last first: `limit` of them after `offset`, of cases in any of some
    /// states where they are named.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tickets(
        &self,
        caller: &Caller,
        states: Option<&[State]>,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<Ticket>, DeskError> {
        Ok(self.tickets_before(caller, states, Uuid::max(), (offset, limit)).await?.0)
    }

    /// The same of those registered before one, with where the next page begins: nothing when there is none. A walk by
    /// identity neither ends early nor repeats when tickets go or come meanwhile.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tickets_before(
        &self,
        caller: &Caller,
        states: Option<&[State]>,
        before: Uuid,
        (offset, limit): (u64, u64),
    ) -> Result<(Vec<Ticket>, Option<Uuid>), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let among = among(caller, states);
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (most, offset) = (whole(limit), whole(offset));
        let read = move |tx: &mut Tx<'_>| Ok::<_, DeskError>(tickets::page(tx, &among, before, most, offset)?);
        let ids = self.db().read(read).await?;
        let next = ids.last().copied().filter(|_| ids.len() as u64 >= limit);
        Ok((self.tickets_named(caller, &ids).await?, next))
    }

    /// The tickets of these cases, in their order; those that went meanwhile are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tickets_named(&self, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Ticket>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        // Some beside others: each is opened and folded, which is more work than reading it.
        let under_way: Vec<_> = ids
            .chunks(TOGETHER)
            .map(|some| {
                let (desk, caller, some) = (self.clone(), caller.clone(), some.to_vec());
                tokio::spawn(async move { desk.some_tickets(&caller, some).await })
            })
            .collect();
        let mut found = Vec::with_capacity(ids.len());
        for some in under_way {
            found.extend(some.await.map_err(|error| DeskError::Damaged(error.to_string()))??);
        }
        Ok(found)
    }

    async fn some_tickets(&self, caller: &Caller, ids: Vec<Uuid>) -> Result<Vec<Ticket>, DeskError> {
        let there = |one| match one {
            Ok(found) => Ok(Some(found)),
            // Taken away since the page was read.
            Err(DeskError::Refused(_)) => Ok(None),
            Err(other) => Err(other),
        };
        let actor = caller.actor.clone();
        let read = move |tx: &mut Tx<'_>| {
            let mut raws = Vec::with_capacity(ids.len());
            for id in ids {
                match shown_case(tx, CaseId(id), &actor) {
                    Err(DeskError::Refused(_)) => {}
                    other => raws.push(other?),
                }
            }
            Ok::<_, DeskError>(raws)
        };
        let raws = self.db().read(read).await?;
        let opened = raws.into_iter().filter_map(|raw| there(self.opened(caller, raw)).transpose());
        opened.collect()
    }

    /// How many tickets the caller may see, of cases in any of some states where they are named; one more than
    /// [`MOST_COUNTED`] stands for more than that.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_tickets(&self, caller: &Caller, states: Option<&[State]>) -> Result<u64, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let among = among(caller, states);
        if self.inner.plenty.has(&among) {
            return Ok(MOST_COUNTED + 1);
        }
        let most = i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX).saturating_add(1);
        let asked = among.clone();
        let counted = self.db().read(move |tx| Ok::<_, DeskError>(tickets::count(tx, &asked, most)?)).await?;
        let counted = u64::try_from(counted).unwrap_or_default();
        if counted > MOST_COUNTED {
            self.inner.plenty.keep(among);
        }
        Ok(counted)
    }

    /// Logs that the caller is given the personal data of these cases. Nothing is shown before it is safe; who may not
    /// see them is not logged.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn log_tickets(&self, caller: &Caller, cases: Vec<Uuid>) -> Result<(), DeskError> {
        if !sees_clear(caller) || cases.is_empty() {
            return Ok(());
        }
        // A token is made for a purpose, which is its name.
        let body = kept::written(&AccessBody {
            purpose: "investigate".to_owned(),
            reason: Some(caller.name.clone()),
            extent: "all".to_owned(),
            restricted: Vec::new(),
        })?;
        let (actor, at) = (caller.actor.id.to_string(), stored(self.time().now()));
        for attempt in 0.. {
            let (body, actor, cases) = (body.clone(), actor.clone(), cases.clone());
            let written = self
                .db()
                .write(move |tx| {
                    for case in cases {
                        let (actor, body) = (actor.clone(), body.clone());
                        let ledger = Ledger::Access;
                        let entry = NewEntry {
                            subject: case,
                            ledger,
                            after: 0,
                            prev: None,
                            at,
                            actor,
                            verb: "ticket",
                            schema: 1,
                            body,
                        };
                        log::append_next(tx, entry)?;
                    }
                    Ok::<_, DeskError>(())
                })
                .await;
            match written {
                // Two nodes showed one case at the same moment; the second takes the next place.
                Err(DeskError::Store(store::StoreError::Constraint { .. })) if attempt < 5 => {}
                other => return other,
            }
        }
        Ok(())
    }

    /// Changes a ticket at the version seen: what is done to the case and what is said beside it, all or nothing. Gives
    /// the version the commands led to.
    ///
    /// # Errors
    /// A refusal of the first command that is refused; [`DeskError::Stale`] when the case moved on.
    pub async fn change_ticket(
        &self,
        caller: &Caller,
        case: CaseId,
        seen: i64,
        change: Change,
    ) -> Result<i64, DeskError> {
        let needed = if change.gone { permissions::DELETE_TICKET } else { permissions::CHANGE_TICKET };
        needed.require(caller)?;
        for command in &change.commands {
            Permission::for_verb(command.verb()).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        }
        let work = |command: Command, seen| Work {
            caller: caller.clone(),
            name: CaseRef::Id(case),
            seen,
            command,
            claim: None,
            now: self.time().now(),
            library: self.library().clone(),
            zone: self.zone().clone(),
            master: Arc::clone(self.master()),
            run: None,
        };
        let mut seen = Some(seen);
        let works: Vec<Work> = change.commands.iter().map(|command| work(command.clone(), seen.take())).collect();
        let (library, master, now) = (self.library().clone(), Arc::clone(self.master()), self.time().now());
        let (actor, mut attributes, gone) = (caller.actor.clone(), change.attributes, change.gone);
        let contact = change.contact;
        let verb = needed.name();
        self.db()
            .write(move |tx| {
                for work in works {
                    match work.carry_out(tx)? {
                        Outcome::Done(..) => {}
                        Outcome::Earlier(_) => return Err(DeskError::Overtaken),
                    }
                }
                let (row, sight) = load::find_for(tx, &CaseRef::Id(case), &actor)?;
                sight.require_area()?;
                let version = row.version;
                if let Some(said) = contact {
                    attributes.insert(CONTACT.to_owned(), contacts::said(version, said));
                }
                if attributes.is_empty() && !gone {
                    return Ok(version);
                }
                let loaded = load::from_row(tx, row)?;
                if let Some(seen) = seen
                    && (seen > loaded.case.version || !only_warned_since(&loaded.entries, seen))
                {
                    return Err(stale(&loaded.case, &loaded.entries, seen));
                }
                let at = now.max(loaded.case.changed_at);
                let commit = Commit { library: &library, master: &master, actor: actor.id, verb, now: at, run: None };
                commit.write(tx, loaded, vec![packed_change(attributes, gone)])?;
                if gone {
                    let row = ThingRow { id: case.0, body: "{}".to_owned(), at: stored(at) };
                    tickets::put(tx, tickets::GONE, &row)?;
                }
                Ok(version)
            })
            .await
    }
}
