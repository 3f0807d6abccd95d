//! A command on an existing case: load, decide, commit, in one transaction.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef, row_of};
use crate::log::{self, NewEntry};
use crate::register::{Claim, OnceOnly, item_rows, take};
use crate::time::stored;
use crate::vault::MasterKeys;
use crate::{Desk, Library, Permission};
use domain::actor::AreaScope;
use domain::audit::chain::Ledger;
use domain::case::{Case, Context};
use domain::command::Command;
use domain::event::{self, Entry};
use domain::fault::Fault;
use domain::ids::{UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::sync::Arc;
use store::{Tx, cases, people, vault};

/// What a command led to.
#[derive(Clone, Debug)]
pub struct Done {
    /// The case after it.
    pub case: Case,
    /// True when this request had been carried out before and nothing was done now.
    pub replayed: bool,
}

impl Desk {
    /// Carries out a command. `seen` is the version the caller saw; a case that moved on since then is left alone.
    ///
    /// # Errors
    /// A refusal with reason and way out, [`DeskError::Stale`] with what changed, or an error of the database.
    pub async fn run(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: i64,
        command: Command,
        once: Option<OnceOnly<'_>>,
    ) -> Result<Done, DeskError> {
        let verb = command.verb();
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        let claim = once.map(|once| self.claim(caller, verb, once)).transpose()?;
        let work = Work {
            caller: caller.clone(),
            name: name.clone(),
            seen,
            command,
            claim,
            now: self.time().now(),
            library: self.library().clone(),
            master: Arc::clone(self.master()),
        };
        match self.db().write(move |tx| work.carry_out(tx)).await {
            Ok(Outcome::Done(case)) => Ok(Done { case: *case, replayed: false }),
            Ok(Outcome::Earlier(earlier)) => self.replay(caller, earlier).await,
            Err(DeskError::Stale { since, .. }) if since.is_empty() => self.what_changed(caller, name, seen).await,
            Err(other) => Err(other),
        }
    }

    /// Fills in what another node did in the meantime.
    async fn what_changed(&self, caller: &Caller, name: &CaseRef, seen: i64) -> Result<Done, DeskError> {
        let (name, area) = (name.clone(), caller.actor.area.clone());
        let loaded = self.db().read(move |tx| load::load(tx, &name, &area)).await?;
        Err(stale(&loaded.case, &loaded.entries, seen))
    }
}

struct Work {
    caller: Caller,
    name: CaseRef,
    seen: i64,
    command: Command,
    claim: Option<Claim>,
    now: Timestamp,
    library: Library,
    master: Arc<MasterKeys>,
}

enum Outcome {
    Done(Box<Case>),
    Earlier(crate::register::Earlier),
}

impl Work {
    fn carry_out(self, tx: &mut Tx<'_>) -> Result<Outcome, DeskError> {
        let loaded = load::load(tx, &self.name, &self.caller.actor.area)?;
        if let Some(claim) = &self.claim {
            let version = self.seen.saturating_add(1);
            if let Some(earlier) = take(tx, claim, loaded.row.id, version, stored(self.now))? {
                return Ok(Outcome::Earlier(earlier));
            }
        }
        if loaded.case.version != self.seen {
            return Err(stale(&loaded.case, &loaded.entries, self.seen));
        }
        let command = complete(tx, self.command, &loaded.case)?;
        // Two nodes' clocks may differ; within one case time never runs backwards.
        let now = self.now.max(loaded.case.changed_at);
        let rules = self.library.pinned(&loaded.case.packs)?;
        let ctx = Context { now, actor: &self.caller.actor, rules: &rules, taxonomy: self.library.taxonomy() };
        let mut events = command.decide(&loaded.case, &ctx)?.events;
        let keys = load::keys(tx, &self.master, &loaded.row)?;
        for item in item_rows(loaded.case.id, keys.seal_events(&mut events)?) {
            vault::insert_item(tx, &item)?;
        }
        let body = event::write_body(&events).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let actor = self.caller.actor.id;
        let after = loaded.case.version;
        let verb = command.verb();
        let mut case = loaded.case;
        case.apply_entry(&Entry { version: after + 1, at: now, actor, verb: verb.to_owned(), events });
        // The row is taken first: where two nodes act at once, the second waits here and then finds it changed.
        if !cases::update(tx, &row_of(&case, None), self.seen)? {
            return Err(DeskError::Stale { current: self.seen + 1, since: Vec::new() });
        }
        log::append(
            tx,
            NewEntry {
                subject: loaded.row.id,
                ledger: Ledger::Case,
                after,
                prev: Some(&loaded.last_hash),
                at: stored(now),
                actor: actor.to_string(),
                verb,
                schema: event::SCHEMA,
                body,
            },
        )?;
        Ok(Outcome::Done(Box::new(case)))
    }
}

fn stale(case: &Case, entries: &[Entry], seen: i64) -> DeskError {
    let since = entries
        .iter()
        .filter(|entry| entry.version > seen)
        .map(|entry| (entry.version, entry.verb.clone(), stored(entry.at)))
        .collect();
    DeskError::Stale { current: case.version, since }
}

/// Looks up what a command names and the domain cannot know: an assignment's unit and user.
fn complete(tx: &mut Tx<'_>, command: Command, case: &Case) -> Result<Command, DeskError> {
    let Command::Assign(mut assign) = command else {
        return Ok(command);
    };
    if let Some(user) = assign.user {
        let row = people::user(tx, user.0)?.filter(|row| !row.disabled);
        let row = row.ok_or_else(|| Refusal::from(Fault::new("user", "unknown_user")))?;
        let area = AreaScope::region(&row.region).unwrap_or_default();
        if !area.covers(&case.record.region) {
            return Err(Refusal::from(Fault::new("user", "user_outside_area")).into());
        }
        let role: domain::actor::Role =
            row.role.parse().map_err(|_| DeskError::Damaged(format!("role {:?}", row.role)))?;
        // Whoever may not work cases must not be left holding one.
        if !Permission::for_verb("accept").is_some_and(|accept| accept.granted_to(role)) {
            return Err(Refusal::from(Fault::new("user", "user_works_no_cases")).into());
        }
        let unit = assign.unit.unwrap_or(UnitId(row.unit));
        if unit.0 != row.unit {
            return Err(Refusal::from(Fault::new("unit", "user_of_other_unit")).into());
        }
        assign.unit = Some(unit);
        assign.user = Some(UserId(row.id));
    } else if let Some(unit) = assign.unit {
        people::unit(tx, unit.0)?.ok_or_else(|| Refusal::from(Fault::new("unit", "unknown_unit")))?;
    }
    Ok(Command::Assign(assign))
}
