//! Which cases are in an incident: rows that follow from the logs of the cases, written with each entry that changes them;
//! and what a command on a case has to know of its incident.

use super::seen_row;
use crate::error::DeskError;
use crate::load;
use crate::time::{moment, stored};
use domain::actor::Actor;
use domain::case::join_incident::{Found, JoinIncident};
use domain::case::reply::{OfIncident, Reply};
use domain::case::{Case, InIncident};
use domain::free_text::FreeText;
use store::{MemberRow, Tx, cases, incidents};
use uuid::Uuid;

/// The customer has not been told yet.
pub(crate) const WAITING: &str = "waiting";
/// The customer was told, and the case has not ended.
pub(crate) const TOLD: &str = "told";
/// The case has ended.
pub(crate) const ENDED: &str = "ended";
/// It goes on alone, or went on alone.
pub(crate) const LEFT: &str = "left";
/// Every standing.
pub const STANDINGS: [&str; 4] = [WAITING, TOLD, ENDED, LEFT];

/// What stood in a case before an entry.
pub(crate) struct Before {
    incident: Option<InIncident>,
    open: bool,
}

impl Before {
    pub(crate) fn of(case: &Case) -> Self {
        Self { incident: case.incident.clone(), open: case.state.is_open() }
    }
}

fn row(case: Uuid, member: &InIncident, standing: &str) -> MemberRow {
    MemberRow {
        incident: member.incident,
        case,
        master: member.master,
        standing: standing.to_owned(),
        joined_at: stored(member.joined_at),
        told_at: member.told_at.map(stored),
        wording: member.wording.map_or(0, i64::from),
    }
}

fn standing(member: &InIncident, open: bool) -> &'static str {
    match (open, member.told_at) {
        (false, _) => ENDED,
        (true, Some(_)) => TOLD,
        (true, None) => WAITING,
    }
}

/// Rows an entry changed.
pub(crate) fn changes(case: &Case, before: &Before) -> Vec<MemberRow> {
    let mut rows = Vec::new();
    let now = case.incident.as_ref();
    if let Some(then) = &before.incident
        && now.is_none_or(|now| now.incident != then.incident)
    {
        rows.push(row(case.id.0, then, LEFT));
    }
    if let Some(now) = now
        && (before.incident.as_ref(), before.open) != (Some(now), case.state.is_open())
    {
        rows.push(row(case.id.0, now, standing(now, case.state.is_open())));
    }
    rows
}

/// Writes what an entry changed.
///
/// # Errors
/// [`DeskError::Overtaken`] when an incident the case joins ended meanwhile, or got another master; else those of the
/// database.
pub(crate) fn write(tx: &mut Tx<'_>, case: &Case, before: &Before) -> Result<(), DeskError> {
    for row in changes(case, before) {
        let joins = row.standing != LEFT && before.incident.as_ref().is_none_or(|then| then.incident != row.incident);
        if joins {
            let open = incidents::hold(tx, row.incident, row.master)?;
            let taken = row.master && incidents::master(tx, row.incident)?.is_some_and(|(of, _)| of != row.case);
            if open != Some(true) || taken {
                return Err(DeskError::Overtaken);
            }
        }
        incidents::put_member(tx, &row)?;
    }
    Ok(())
}

/// Looks an incident up that a case is to join.
pub(crate) fn joined(tx: &mut Tx<'_>, join: JoinIncident, actor: &Actor) -> Result<JoinIncident, DeskError> {
    let found = match seen_row(tx, join.incident, &actor.area) {
        Ok(row) => row,
        Err(DeskError::Refused(_)) => return Ok(join),
        Err(other) => return Err(other),
    };
    let master = if join.master { incidents::master(tx, join.incident)? } else { None };
    let has_master = master.is_some();
    let mut seen = None;
    if let Some((case, number)) = master
        && let Some(row) = cases::by_id(tx, case)?
        && load::sees(tx, case, &row.region, actor)?
    {
        seen = Some(number);
    }
    let found = Found { number: found.number, area: found.area, ended: !found.open, has_master, master: seen };
    Ok(JoinIncident { found: Some(found), ..join })
}

/// Says of a reply whether its words are those the case's incident has approved for all.
pub(crate) fn replied(tx: &mut Tx<'_>, reply: Reply, case: &Case) -> Result<Reply, DeskError> {
    let (Some(member), Some(words)) = (&case.incident, reply.content.as_ref().and_then(FreeText::plain)) else {
        return Ok(reply);
    };
    let row = incidents::get(tx, member.incident)?;
    // An outcome is told once the trouble is over.
    let row = row.filter(|row| row.open && row.restored_at.is_some());
    let row =
        row.filter(|row| [&row.outcome_zh, &row.outcome_en].into_iter().any(|told| !told.is_empty() && told == words));
    let of_incident = row.map(|row| OfIncident { restored_at: row.restored_at.map(moment) });
    Ok(Reply { of_incident, ..reply })
}
