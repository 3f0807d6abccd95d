//! Opening an incident, and commands on one: load, decide, append, in one transaction.

use super::list::counted;
use super::members::{TOLD, WAITING};
use super::{folded, load, notify, row_of};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::log::{self, NewEntry};
use crate::problems::owner;
use crate::register::{Claim, Earlier, OnceOnly, take};
use crate::run::MOST_ATTEMPTS;
use crate::time::stored;
use crate::{Desk, Permission, permissions, plans};
use domain::actor::AreaScope;
use domain::audit::chain::Ledger;
use domain::case::Owner;
use domain::fault::Fault;
use domain::incident::open::{self, Open};
use domain::incident::{Command, Context, Entry, Incident, SCHEMA};
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Tx, incidents, network};
use uuid::Uuid;

/// What a command on an incident led to.
#[derive(Clone, Debug)]
pub struct IncidentDone {
    /// The incident after it.
    pub incident: Incident,
    /// True when this request had been carried out before and nothing was done now.
    pub replayed: bool,
}

fn unseen() -> Fault {
    Fault::new("user", "user_sees_no_incidents")
}

impl Desk {
    /// Opens an incident.
    ///
    /// # Errors
    /// Every fault of the input; a refusal when the caller may not.
    pub async fn open_incident(
        &self,
        caller: &Caller,
        open: Open,
        once: Option<OnceOnly<'_>>,
    ) -> Result<IncidentDone, DeskError> {
        permissions::OPEN_INCIDENT.require(caller)?;
        // The answer shows it.
        permissions::READ_INCIDENTS.require(caller)?;
        let claim = once.map(|once| self.claim(caller, permissions::OPEN_INCIDENT.name(), once)).transpose()?;
        let (desk, by) = (self.clone(), caller.clone());
        let (now, id) = (domain::micros(self.time().now()), Uuid::now_v7());
        let outcome = self
            .db()
            .write(move |tx| {
                if let Some(earlier) = earlier(tx, claim.as_ref(), id, 1, now)? {
                    return Ok(Err(earlier));
                }
                opened(&desk, tx, &by, id, &open, now).map(Ok)
            })
            .await?;
        self.incident_done(caller, outcome).await
    }

    /// Carries out a command on an incident. `seen` is the version the caller saw; one that moved on is left alone.
    ///
    /// # Errors
    /// A refusal with reason and way out, [`DeskError::Stale`] with what changed, or an error of the database.
    pub async fn run_incident(
        &self,
        caller: &Caller,
        id: Uuid,
        seen: i64,
        command: Command,
        once: Option<OnceOnly<'_>>,
    ) -> Result<IncidentDone, DeskError> {
        let verb = command.verb();
        Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        permissions::READ_INCIDENTS.require(caller)?;
        let claim = once.map(|once| self.claim(caller, verb, once)).transpose()?;
        let now = domain::micros(self.time().now());
        for attempt in 0.. {
            let (desk, by, command, claim) = (self.clone(), caller.clone(), command.clone(), claim.clone());
            let outcome =
                self.db().write(move |tx| desk.on_incident(tx, &by, (id, seen), &command, claim.as_ref(), now));
            match outcome.await {
                Ok(outcome) => return self.incident_done(caller, outcome).await,
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }

    fn on_incident(
        &self,
        tx: &mut Tx<'_>,
        by: &Caller,
        (id, seen): (Uuid, i64),
        command: &Command,
        claim: Option<&Claim>,
        now: Timestamp,
    ) -> Result<Result<Incident, Earlier>, DeskError> {
        // Nobody puts a case in or keeps its list while it is decided about.
        incidents::hold(tx, id, true)?;
        let loaded = load(tx, id, &by.actor.area)?;
        let mut incident = loaded.incident;
        if let Some(earlier) = earlier(tx, claim, id, incident.version.saturating_add(1), now)? {
            return Ok(Err(earlier));
        }
        if seen != incident.version {
            let since = loaded.entries.iter().filter(|entry| entry.version > seen);
            let since = since.map(|entry| (entry.version, entry.verb.clone(), stored(entry.at))).collect();
            return Err(DeskError::Stale { current: incident.version, since });
        }
        // Whoever sees a part of it works on their cases; whoever has a role of its plan does what that asks.
        if !by.actor.area.covers(&incident.area) && !matches!(command, Command::TickItem(_)) {
            return Err(Refusal::forbidden("incident_beyond_area").into());
        }
        let (unit, user) = command.owner();
        let counts = counted(tx, id, &AreaScope::everywhere(), "")?;
        let count = |standing: &str| counts.get(standing).copied().unwrap_or(0);
        let named = match command {
            // A role of a plan may be taken by whoever sees a part of the incident.
            Command::NameRole(input) => role_holder(tx, input.user.0, &incident.area)?,
            _ => owner(tx, unit, user, &incident.area, permissions::READ_INCIDENTS, unseen)?,
        };
        let holder = named;
        let ctx = Context {
            actor: &by.actor,
            now,
            taxonomy: self.library().taxonomy(),
            owner: named,
            fact_known: match command {
                Command::Amend(input) => known(tx, input.fact, &by.actor.area)?,
                _ => false,
            },
            plan: match command {
                Command::StartPlan(input) => plans::approved(tx, &input.plan)?,
                _ => None,
            },
            open_cases: count(WAITING) + count(TOLD),
        };
        let events = command.decide(&incident, &ctx)?;
        // Nobody is told any more: whom to tell is nobody's business any more.
        if matches!(command, Command::Close(_)) {
            incidents::forget_recipients(tx, id)?;
        }
        let version = incident.version + 1;
        let entry = Entry { version, at: now, actor: by.actor.id, verb: command.verb().to_owned(), events };
        let owned = incident.owner;
        incident.apply(&entry);
        write(tx, &incident, &entry, Some(&loaded.last_hash))?;
        notify::tell(self, tx, (Some(owned), &incident), &entry, holder)?;
        Ok(Ok(incident))
    }

    /// The answer, or the one a repeated request got the first time.
    async fn incident_done(
        &self,
        caller: &Caller,
        outcome: Result<Incident, Earlier>,
    ) -> Result<IncidentDone, DeskError> {
        let earlier = match outcome {
            Ok(incident) => return Ok(IncidentDone { incident, replayed: false }),
            Err(earlier) => earlier,
        };
        let area = caller.actor.area.clone();
        let loaded = self.db().read(move |tx| load(tx, earlier.case, &area)).await?;
        let upto = loaded.entries.into_iter().filter(|entry| entry.version <= earlier.version);
        Ok(IncidentDone { incident: folded(earlier.case, upto)?, replayed: true })
    }
}

/// Opens an incident in the caller's transaction. Whether they may was asked before.
pub(crate) fn opened(
    desk: &Desk,
    tx: &mut Tx<'_>,
    by: &Caller,
    id: Uuid,
    open: &Open,
    now: Timestamp,
) -> Result<Incident, DeskError> {
    let area = open.area(&by.actor);
    let named = owner(tx, open.unit, open.user, &area, permissions::READ_INCIDENTS, unseen)?;
    let owner = named.unwrap_or(Owner { unit: by.actor.unit, user: by.actor.user() });
    let fact_known = known(tx, open.fact, &by.actor.area)?;
    let number = number(tx, now, desk.zone())?;
    let events = open::decide(open, &by.actor, open::Found { number, owner, fact_known, now })?;
    let verb = permissions::OPEN_INCIDENT.name().to_owned();
    let entry = Entry { version: 1, at: now, actor: by.actor.id, verb, events };
    let incident = Incident::begin(id, &entry).map_err(|error| DeskError::Damaged(error.to_string()))?;
    write(tx, &incident, &entry, None)?;
    notify::tell(desk, tx, (None, &incident), &entry, None)?;
    Ok(incident)
}

/// Who takes a role: somebody who is there and sees the incident, whatever part of it they see.
fn role_holder(tx: &mut Tx<'_>, user: Uuid, of: &str) -> Result<Option<Owner>, DeskError> {
    let row = store::people::user(tx, user)?.filter(|row| !row.disabled);
    let row = row.ok_or_else(|| Refusal::from(Fault::new("user", "unknown_user")))?;
    if !super::sees(&crate::organisation::area::of_user(tx, &row)?, of) {
        return Err(Refusal::from(Fault::new("user", "user_outside_area")).into());
    }
    let may = Permission::for_verb("tick-item");
    if !may.is_some_and(|may| crate::organisation::role_of(&row).is_ok_and(|role| may.granted_to(role))) {
        return Err(Refusal::from(unseen()).into());
    }
    Ok(Some(Owner { unit: domain::ids::UnitId(row.unit), user: Some(domain::ids::UserId(user)) }))
}

/// Whether a fact is one the caller may see.
fn known(tx: &mut Tx<'_>, fact: Option<Uuid>, area: &AreaScope) -> Result<bool, DeskError> {
    let Some(fact) = fact else { return Ok(false) };
    Ok(network::get(tx, fact)?.is_some_and(|row| super::sees(area, &row.region)))
}

/// A number nobody had before: the day and a count.
fn number(tx: &mut Tx<'_>, now: Timestamp, zone: &TimeZone) -> Result<String, DeskError> {
    let day = zone.to_datetime(now).date().strftime("%Y%m%d").to_string();
    Ok(format!("IN-{day}-{}", incidents::next(tx)?))
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

/// Writes the row and the entry. [`DeskError::Overtaken`] when another came first.
fn write(tx: &mut Tx<'_>, incident: &Incident, entry: &Entry, prev: Option<&[u8]>) -> Result<(), DeskError> {
    let seen = incident.version - 1;
    if !incidents::put(tx, &row_of(incident), seen)? {
        return Err(DeskError::Overtaken);
    }
    let new = NewEntry {
        subject: incident.id,
        ledger: Ledger::Incident,
        after: seen,
        prev,
        at: stored(entry.at),
        actor: entry.actor.to_string(),
        verb: &entry.verb,
        schema: SCHEMA,
        body: kept::written(&entry.events)?,
    };
    log::append(tx, new).map(drop)
}
