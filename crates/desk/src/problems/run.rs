//! Opening a problem, and commands on one: load, decide, append, in one transaction.

use super::tell::{Told, tell};
use super::{actions_of, effect, folded, load, row_of};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::load::{self as cases_of, CaseRef};
use crate::log::{self, NewEntry};
use crate::organisation::{area, role_of};
use crate::register::{Claim, Earlier, OnceOnly, take};
use crate::run::MOST_ATTEMPTS;
use crate::time::stored;
use crate::{Desk, Permission, permissions};
use domain::audit::chain::Ledger;
use domain::case::Owner;
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId, UserId};
use domain::problem::open::{self, Open, Opening};
use domain::problem::{Command, Context, Entry, Problem, Proof, SCHEMA, number};
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{Tx, attachments, numbers, people, problems, units};
use uuid::Uuid;

/// What a command on a problem led to.
#[derive(Clone, Debug)]
pub struct ProblemDone {
    /// The problem after it.
    pub problem: Problem,
    /// True when this request had been carried out before and nothing was done now.
    pub replayed: bool,
}

/// What is to be written after a problem's last entry.
struct After<'a> {
    entry: &'a Entry,
    prev: Option<&'a [u8]>,
}

impl Desk {
    /// Names a problem.
    ///
    /// # Errors
    /// Every fault of the input; a refusal when the caller may not.
    pub async fn open_problem(
        &self,
        caller: &Caller,
        open: Open,
        once: Option<OnceOnly<'_>>,
    ) -> Result<ProblemDone, DeskError> {
        permissions::OPEN_PROBLEM.require(caller)?;
        // The answer shows it.
        permissions::READ_PROBLEMS.require(caller)?;
        let verb = permissions::OPEN_PROBLEM.name();
        let claim = once.map(|once| self.claim(caller, verb, once)).transpose()?;
        let (desk, by, now, id) = (self.clone(), caller.clone(), domain::micros(self.time().now()), Uuid::now_v7());
        let outcome = self
            .db()
            .write(move |tx| {
                if let Some(earlier) = earlier(tx, claim.as_ref(), id, 1, now)? {
                    return Ok(Err(earlier));
                }
                let named = owner(tx, open.unit, open.user, &open.area(&by.actor), permissions::READ_PROBLEMS, unseen)?;
                let owner = named.unwrap_or(Owner { unit: by.actor.unit, user: by.actor.user() });
                let today = desk.zone().to_datetime(now).date();
                // No day is the zeroth of a month, so the year's count stands beside those of cases.
                let seq = numbers::lease_block(tx, i64::from(today.year()) * 10_000, 1)?;
                let (taxonomy, number) = (desk.library().taxonomy(), number::number(today.year(), seq));
                let opening = Opening { actor: &by.actor, taxonomy, owner, today, number };
                let events = open::decide(&open, &opening)?;
                let entry = Entry { version: 1, at: now, actor: by.actor.id, verb: verb.to_owned(), events };
                let problem = Problem::begin(id, &entry).map_err(|error| DeskError::Damaged(error.to_string()))?;
                write(tx, &problem, None, &After { entry: &entry, prev: None })?;
                tell(&desk, tx, &Told { before: None, problem: &problem, entry: &entry })?;
                Ok::<_, DeskError>(Ok(problem))
            })
            .await?;
        self.done(caller, outcome).await
    }

    /// Carries out a command on a problem. `seen` is the version the caller saw; a problem that moved on is left alone.
    ///
    /// # Errors
    /// A refusal with reason and way out, [`DeskError::Stale`] with what changed, or an error of the database.
    pub async fn run_problem(
        &self,
        caller: &Caller,
        id: Uuid,
        seen: i64,
        command: Command,
        once: Option<OnceOnly<'_>>,
    ) -> Result<ProblemDone, DeskError> {
        let verb = command.verb();
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        permissions::READ_PROBLEMS.require(caller)?;
        let claim = once.map(|once| self.claim(caller, verb, once)).transpose()?;
        let now = domain::micros(self.time().now());
        for attempt in 0.. {
            let (desk, by, command, claim) = (self.clone(), caller.clone(), command.clone(), claim.clone());
            let outcome = self.db().write(move |tx| desk.carry_out(tx, &by, (id, seen), &command, claim.as_ref(), now));
            match outcome.await {
                Ok(outcome) => return self.done(caller, outcome).await,
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }

    fn carry_out(
        &self,
        tx: &mut Tx<'_>,
        by: &Caller,
        (id, seen): (Uuid, i64),
        command: &Command,
        claim: Option<&Claim>,
        now: Timestamp,
    ) -> Result<Result<Problem, Earlier>, DeskError> {
        let loaded = load(tx, id, &by.actor.area)?;
        let mut problem = loaded.problem;
        let before = problem.clone();
        if let Some(earlier) = earlier(tx, claim, id, problem.version.saturating_add(1), now)? {
            return Ok(Err(earlier));
        }
        if seen != problem.version {
            let since = loaded.entries.iter().filter(|entry| entry.version > seen);
            let since = since.map(|entry| (entry.version, entry.verb.clone(), stored(entry.at))).collect();
            return Err(DeskError::Stale { current: problem.version, since });
        }
        let (unit, user) = command.owner();
        let ctx = Context {
            actor: &by.actor,
            today: self.zone().to_datetime(now).date(),
            taxonomy: self.library().taxonomy(),
            owner: owner(tx, unit, user, &problem.area, permissions::READ_PROBLEMS, unseen)?,
            cases: named(tx, by, command)?,
            proof: proof(tx, by, &problem, command)?,
            effect: match command {
                Command::Close(close) => effect::at_close(self, tx, &problem, close, now)?,
                _ => None,
            },
        };
        let events = command.decide(&problem, &ctx)?;
        let version = problem.version + 1;
        let entry = Entry { version, at: now, actor: by.actor.id, verb: command.verb().to_owned(), events };
        problem.apply(&entry);
        write(tx, &problem, Some(&before), &After { entry: &entry, prev: Some(&loaded.last_hash) })?;
        tell(self, tx, &Told { before: Some(&before), problem: &problem, entry: &entry })?;
        Ok(Ok(problem))
    }

    /// The answer, or the one a repeated request got the first time.
    async fn done(&self, caller: &Caller, outcome: Result<Problem, Earlier>) -> Result<ProblemDone, DeskError> {
        let earlier = match outcome {
            Ok(problem) => return Ok(ProblemDone { problem, replayed: false }),
            Err(earlier) => earlier,
        };
        let area = caller.actor.area.clone();
        let loaded = self.db().read(move |tx| load(tx, earlier.case, &area)).await?;
        let upto = loaded.entries.into_iter().filter(|entry| entry.version <= earlier.version);
        Ok(ProblemDone { problem: folded(earlier.case, upto)?, replayed: true })
    }
}

fn earlier(
    tx: &mut Tx<'_>,
    claim: Option<&Claim>,
    id: Uuid,
    version: i64,
    now: Timestamp,
) -> Result<Option<Earlier>, DeskError> {
    claim.map_or(Ok(None), |claim| take(tx, claim, id, version, stored(now)))
}

/// Writes the row, what belongs to it, and the entry. [`DeskError::Overtaken`] when another came first.
fn write(tx: &mut Tx<'_>, problem: &Problem, before: Option<&Problem>, after: &After<'_>) -> Result<(), DeskError> {
    let seen = problem.version - 1;
    if !problems::put(tx, &row_of(problem), seen)? {
        return Err(DeskError::Overtaken);
    }
    let none = BTreeSet::new();
    let linked = before.map_or(&none, |before| &before.cases);
    let new: Vec<Uuid> = problem.cases.difference(linked).map(|case| case.0).collect();
    let gone: Vec<Uuid> = linked.difference(&problem.cases).map(|case| case.0).collect();
    problems::put_links(tx, problem.id, &new, &gone)?;
    if before.is_none_or(|before| before.actions != problem.actions) {
        problems::put_actions(tx, problem.id, &actions_of(problem))?;
    }
    let body = kept::written(&after.entry.events)?;
    let entry = NewEntry {
        subject: problem.id,
        ledger: Ledger::Problem,
        after: seen,
        prev: after.prev,
        at: stored(after.entry.at),
        actor: after.entry.actor.to_string(),
        verb: &after.entry.verb,
        schema: SCHEMA,
        body,
    };
    log::append(tx, entry).map(drop)
}

fn unseen() -> Fault {
    Fault::new("user", "user_sees_no_problems")
}

/// Looks up who is to answer for something of an area: somebody who sees it and whose role may.
pub(crate) fn owner(
    tx: &mut Tx<'_>,
    unit: Option<UnitId>,
    user: Option<UserId>,
    region: &str,
    sees: Permission,
    unseen: fn() -> Fault,
) -> Result<Option<Owner>, DeskError> {
    if let Some(user) = user {
        let row = people::user(tx, user.0)?.filter(|row| !row.disabled);
        let row = row.ok_or_else(|| Refusal::from(Fault::new("user", "unknown_user")))?;
        if unit.is_some_and(|unit| unit.0 != row.unit) {
            return Err(Refusal::from(Fault::new("user", "user_of_other_unit")).into());
        }
        if !area::of_user(tx, &row)?.covers(region) {
            return Err(Refusal::from(Fault::new("user", "user_outside_area")).into());
        }
        if !sees.granted_to(role_of(&row)?) {
            return Err(Refusal::from(unseen()).into());
        }
        return Ok(Some(Owner { unit: UnitId(row.unit), user: Some(user) }));
    }
    let Some(unit) = unit else { return Ok(None) };
    let row = units::unit(tx, unit.0)?;
    let row = row.ok_or_else(|| Refusal::from(Fault::new("unit", "unknown_unit")))?;
    if row.closed {
        return Err(Refusal::from(Fault::new("unit", "closed_unit")).into());
    }
    if !area::of_unit(tx, unit.0)?.covers(region) {
        return Err(Refusal::from(Fault::new("unit", "unit_outside_area")).into());
    }
    Ok(Some(Owner { unit, user: None }))
}

/// The cases a command names, of those the caller may see in their area; every unknown one is told at once.
fn named(tx: &mut Tx<'_>, by: &Caller, command: &Command) -> Result<Vec<(CaseId, String)>, DeskError> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for (field, name) in command.cases() {
        let row = match CaseRef::parse(name.trim()) {
            Ok(name) => cases_of::find(tx, &name, &by.actor),
            Err(refusal) => Err(refusal.into()),
        };
        match row {
            Ok(row) => found.push((CaseId(row.id), row.region)),
            Err(DeskError::Refused(_)) => faults.push(Fault::new(field, "unknown_case")),
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(Refusal::invalid(faults).into()) }
}

/// The file a report names, if it belongs to a linked case the caller sees.
fn proof(tx: &mut Tx<'_>, by: &Caller, problem: &Problem, command: &Command) -> Result<Option<Proof>, DeskError> {
    let Command::ReportAction(report) = command else { return Ok(None) };
    let Some(attachment) = report.attachment else { return Ok(None) };
    for case in &problem.cases {
        if attachments::one(tx, attachment.0, case.0)?.is_some()
            && cases_of::find(tx, &CaseRef::Id(*case), &by.actor).is_ok()
        {
            return Ok(Some(Proof { case: *case, attachment }));
        }
    }
    Ok(None)
}
