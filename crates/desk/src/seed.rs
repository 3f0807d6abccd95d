//! Filling a database with many cases for measurements: every case goes through the same pure core, seals and hashes
//! as a real one, but thousands share one transaction and whole lives are written at once.

use crate::Desk;
use crate::caller::Caller;
use crate::commit::follow_up;
use crate::error::DeskError;
use crate::load::row_of;
use crate::log::{self, NewEntry};
use crate::readings::with_words_of;
use crate::register::Prepared;
use crate::time::stored;
use crate::vault::seal::{CaseKeys, SealedItem};
use domain::actor::ActorId;
use domain::audit::chain::Ledger;
use domain::case::{Case, Context, timers};
use domain::command::Command;
use domain::event::{self, Entry, Event};
use domain::intake::Intake;
use jiff::Timestamp;
use store::{Tx, vault};

/// The life of one case: its registration and what followed, each with its moment.
#[derive(Debug)]
pub struct Life {
    /// How it was taken in.
    pub intake: Intake,
    /// When.
    pub registered_at: Timestamp,
    /// Commands with the caller and moment of each.
    pub then: Vec<(Caller, Timestamp, Command)>,
}

struct Lived {
    prepared: Prepared,
    case: Case,
    later: Vec<Later>,
    items: Vec<SealedItem>,
}

struct Later {
    at: i64,
    actor: String,
    verb: &'static str,
    body: String,
}

impl Desk {
    /// Writes whole lives in one transaction and returns how many entries they have.
    ///
    /// # Errors
    /// A refusal when a life is not possible, or an error of the database.
    pub async fn seed(&self, caller: &Caller, lives: Vec<Life>) -> Result<u64, DeskError> {
        let mut lived = Vec::with_capacity(lives.len());
        let mut count = 0;
        for life in lives {
            let life = self.live(caller, life).await?;
            count += 1 + life.later.len() as u64;
            lived.push(life);
        }
        self.db()
            .write(move |tx| {
                for life in lived {
                    life.write(tx)?;
                }
                Ok::<_, DeskError>(())
            })
            .await?;
        Ok(count)
    }

    async fn live(&self, caller: &Caller, life: Life) -> Result<Lived, DeskError> {
        let (mut prepared, keys) = self.prepare(caller, life.intake, life.registered_at).await?;
        // Nobody is told of lives that are over.
        prepared.telling = None;
        let mut case = prepared.case.clone();
        let mut later = Vec::with_capacity(life.then.len());
        let mut items = Vec::new();
        for (caller, at, command) in life.then {
            let now = at.max(case.changed_at);
            let verb = command.verb();
            let body = self.step(&caller, now, command, &mut case, &keys, &mut items)?;
            later.push(Later { at: stored(now), actor: caller.actor.id.to_string(), verb, body });
        }
        later.extend(self.rung(&mut case)?);
        // The row is written once, as the whole life leaves it.
        let rules = self.library().rules_of(&case)?;
        prepared.row = row_of(&case, &rules, self.library().taxonomy(), prepared.row.text_key.take());
        prepared.waits = crate::routing::waiting(&case, &prepared.row);
        Ok(Lived { prepared, case, later, items })
    }

    /// What timers would have written by now, as one entry; without it a seeded house would wake up to a year of
    /// warnings.
    fn rung(&self, case: &mut Case) -> Result<Option<Later>, DeskError> {
        let rules = self.library().rules_of(case)?;
        let system = Caller::system(self.root());
        let now = self.time().now().max(case.changed_at);
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now, actor: &system.actor, rules: &rules, taxonomy, others: &[] };
        let events = timers::ring(case, &ctx);
        if events.is_empty() {
            return Ok(None);
        }
        let verb = crate::jobs::timers::VERB;
        let body = self.folded(case, system.actor.id, now, verb, events)?;
        Ok(Some(Later { at: stored(now), actor: system.actor.id.to_string(), verb, body }))
    }

    fn step(
        &self,
        caller: &Caller,
        now: Timestamp,
        command: Command,
        case: &mut Case,
        keys: &CaseKeys,
        items: &mut Vec<SealedItem>,
    ) -> Result<String, DeskError> {
        let rules = self.library().rules_of(case)?;
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now, actor: &caller.actor, rules: &rules, taxonomy, others: &[] };
        // What has come true by then, as everywhere before a command.
        let mut events = timers::ring(case, &ctx);
        let mut here = case.clone();
        here.anticipate(&events, &ctx);
        let command = with_words_of(keys, &here, command)?;
        events.extend(command.decide(&here, &ctx)?.events);
        items.extend(keys.seal_events(&mut events)?);
        self.folded(case, caller.actor.id, now, command.verb(), events)
    }

    /// Folds an entry with what follows from it, and gives its body.
    fn folded(
        &self,
        case: &mut Case,
        actor: ActorId,
        at: Timestamp,
        verb: &str,
        events: Vec<Event>,
    ) -> Result<String, DeskError> {
        let mut entry = Entry { version: case.version + 1, at, actor, verb: verb.to_owned(), events };
        case.apply_entry(&entry);
        follow_up(self.library(), case, &mut entry)?;
        event::write_body(&entry.events).map_err(|error| DeskError::Damaged(error.to_string()))
    }
}

impl Lived {
    fn write(self, tx: &mut Tx<'_>) -> Result<(), DeskError> {
        let (mut after, mut hash) = self.prepared.write(tx)?;
        let id = self.case.id;
        for later in self.later {
            (after, hash) = log::append(
                tx,
                NewEntry {
                    subject: id.0,
                    ledger: Ledger::Case,
                    after,
                    prev: Some(&hash),
                    at: later.at,
                    actor: later.actor,
                    verb: later.verb,
                    schema: event::SCHEMA,
                    body: later.body,
                },
            )?;
        }
        for item in crate::register::item_rows(id, self.items) {
            vault::insert_item(tx, &item)?;
        }
        // Customers who were asked and have not answered are called.
        crate::call_backs::write(tx, &self.case, &crate::call_backs::Before::nothing())
    }
}
