//! Filling a database with many cases for measurements: every case goes through the same pure core, seals and hashes
//! as a real one, but thousands share one transaction and whole lives are written at once.

use crate::Desk;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::row_of;
use crate::log::{self, NewEntry};
use crate::register::Prepared;
use crate::time::stored;
use crate::vault::seal::{CaseKeys, SealedItem};
use domain::audit::chain::Ledger;
use domain::case::{Case, Context, timers};
use domain::command::Command;
use domain::event::{self, Entry};
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
        let mut case = prepared.case.clone();
        let mut later = Vec::with_capacity(life.then.len());
        let mut items = Vec::new();
        for (caller, at, command) in life.then {
            let now = at.max(case.changed_at);
            let body = self.step(&caller, now, &command, &mut case, &keys, &mut items)?;
            later.push(Later { at: stored(now), actor: caller.actor.id.to_string(), verb: command.verb(), body });
        }
        later.extend(self.rung(&mut case)?);
        // The row is written once, as the whole life leaves it.
        prepared.row = row_of(&case, &self.library().rules_of(&case)?, prepared.row.text_key.take());
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
        let body = event::write_body(&events).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let verb = crate::jobs::timers::VERB;
        let actor = system.actor.id;
        case.apply_entry(&Entry { version: case.version + 1, at: now, actor, verb: verb.to_owned(), events });
        Ok(Some(Later { at: stored(now), actor: actor.to_string(), verb, body }))
    }

    fn step(
        &self,
        caller: &Caller,
        now: Timestamp,
        command: &Command,
        case: &mut Case,
        keys: &CaseKeys,
        items: &mut Vec<SealedItem>,
    ) -> Result<String, DeskError> {
        let rules = self.library().rules_of(case)?;
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now, actor: &caller.actor, rules: &rules, taxonomy, others: &[] };
        let mut events = command.decide(case, &ctx)?.events;
        items.extend(keys.seal_events(&mut events)?);
        let body = event::write_body(&events).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let version = case.version + 1;
        let verb = command.verb().to_owned();
        case.apply_entry(&Entry { version, at: now, actor: caller.actor.id, verb, events });
        Ok(body)
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
        Ok(())
    }
}
