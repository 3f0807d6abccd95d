//! One incident as its reader sees it.

use super::list::counted;
use super::load;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load as cases_of;
use crate::queries::list::Listed;
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::ids::{CaseId, UnitId, UserId};
use domain::incident::Incident;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{ListedRow, Tx, cases, incidents, people, units, vault};
use uuid::Uuid;

/// Most cases that are shown, the newest first.
const SHOWN: i64 = 100;

/// An incident opened for reading.
#[derive(Clone, Debug)]
pub struct IncidentView {
    /// The incident.
    pub incident: Incident,
    /// Cases the reader may see, by how they stand.
    pub counts: BTreeMap<&'static str, i64>,
    /// Those cases as lists show them, masked, each with how it stands; at most a hundred, the newest first.
    pub cases: Vec<(Listed, String)>,
    /// The case whose work orders are those of all: identity and number.
    pub master: Option<(CaseId, String)>,
    /// Whether the reader sees all of its area, so that its verbs are theirs.
    pub whole: bool,
    /// What happened to it.
    pub log: Vec<IncidentLog>,
    /// The moment, for what is late.
    pub now: Timestamp,
    /// Names of users that occur.
    pub users: BTreeMap<UserId, String>,
    /// Names of units that occur.
    pub units: BTreeMap<UnitId, String>,
}

/// A command on an incident, without what it said: that stands in the incident.
#[derive(Clone, Debug)]
pub struct IncidentLog {
    /// Version after it.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: ActorId,
    /// Which command.
    pub verb: String,
}

impl Desk {
    /// An incident with its cases and what happened to it.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see.
    pub async fn incident(&self, caller: &Caller, id: Uuid) -> Result<IncidentView, DeskError> {
        permissions::READ_INCIDENTS.require(caller)?;
        let actor = caller.actor.clone();
        let now = self.time().now();
        let (mut view, rows) = self
            .db()
            .read(move |tx| {
                let loaded = load(tx, id, &actor.area)?;
                let incident = loaded.incident;
                let reader = cases_of::reader(&actor).unwrap_or_default();
                let mut rows = Vec::new();
                for member in incidents::members(tx, id, "", actor.area.code(), &reader, SHOWN)? {
                    if let Some(row) = cases::by_id(tx, member.case)?
                        && cases_of::sight(tx, &row, &actor)?.is_some()
                    {
                        let wrapped_key = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
                        rows.push((ListedRow { row, wrapped_key }, member.standing));
                    }
                }
                let mut master = None;
                if let Some((case, number)) = incidents::master(tx, id)?
                    && let Some(row) = cases::by_id(tx, case)?
                    && cases_of::sight(tx, &row, &actor)?.is_some()
                {
                    master = Some((CaseId(case), number));
                }
                let line = |entry: &domain::incident::Entry| IncidentLog {
                    version: entry.version,
                    at: entry.at,
                    actor: entry.actor,
                    verb: entry.verb.clone(),
                };
                let log: Vec<IncidentLog> = loaded.entries.iter().map(line).collect();
                let (users, units) = names(tx, &incident, &log)?;
                let counts = counted(tx, id, &actor.area, &reader)?;
                let whole = actor.area.covers(&incident.area);
                let view = IncidentView { incident, counts, cases: Vec::new(), master, whole, log, now, users, units };
                Ok::<_, DeskError>((view, rows))
            })
            .await?;
        for (row, standing) in rows {
            view.cases.push((self.listed(&row.row, row.wrapped_key.as_deref())?, standing));
        }
        Ok(view)
    }
}

type Names = (BTreeMap<UserId, String>, BTreeMap<UnitId, String>);

/// Names of everybody who occurs.
fn names(tx: &mut Tx<'_>, incident: &Incident, log: &[IncidentLog]) -> Result<Names, DeskError> {
    let (mut users, mut found) = (BTreeMap::new(), BTreeMap::new());
    let deciders = incident.wordings.iter().filter_map(|one| one.decided_by);
    let actors = log.iter().map(|line| line.actor).chain(deciders).filter_map(ActorId::user);
    let named = incident.plan.iter().flat_map(|running| running.named.iter().map(|(_, user)| *user));
    let wanted: Vec<UserId> = actors.chain(named).chain(incident.owner.user).collect();
    for user in wanted {
        if !users.contains_key(&user)
            && let Some(row) = people::user(tx, user.0)?
        {
            users.insert(user, row.name);
        }
    }
    if let Some(unit) = units::unit(tx, incident.owner.unit.0)? {
        found.insert(incident.owner.unit, unit.name);
    }
    Ok((users, found))
}
