//! Notices: whoever should look at a case is told in the console. The job names only case and version; who is meant is
//! folded from the log when it runs, so that doing it twice tells nothing new.

use crate::error::DeskError;
use crate::kept;
use crate::notices::letters;
use crate::organisation::area::Tree;
use crate::organisation::deputy::{StandIn, stand_in};
use crate::time::stored;
use crate::{Desk, load, mentions};
use domain::actor::Role;
use domain::case::Case;
use domain::case::notices::{self, To};
use domain::event::Entry;
use jiff::Timestamp;
use policy::Stack;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{CaseRow, JobRow, NoticeRow, Tx, cases, followers, jobs, people, units};
use uuid::Uuid;

/// Kind of these jobs.
pub(crate) const KIND: &str = "notify";
/// Roles that lead a unit.
const LEADS: &[&str] = &["supervisor"];
/// Kind of the notice to whoever was named in words.
const MENTIONED: &str = "mentioned";
/// What kinds of notices to followers begin with.
const FOLLOWED: &str = "followed_";

#[derive(Serialize, Deserialize)]
struct Payload {
    case: Uuid,
    version: i64,
    /// The run over many cases it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Uuid>,
}

/// That somebody has to look at what an entry says.
pub(crate) struct Telling {
    case: Uuid,
    /// Set when it concerns nobody but those who follow the case.
    followers_only: bool,
    key: String,
    payload: String,
    at: i64,
}

impl Telling {
    /// The telling, if an entry is worth any.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub(crate) fn of(case: &Case, entry: &Entry, rules: &Stack, run: Option<Uuid>) -> Result<Option<Self>, DeskError> {
        let found = notices::notices(case, entry, rules);
        if found.is_empty() {
            return Ok(None);
        }
        let followers_only = found.iter().all(|notice| notice.to == To::Followers);
        let payload = Payload { case: case.id.0, version: entry.version, run };
        let payload = kept::written(&payload)?;
        let key = format!("{KIND}:{}:{}", case.id, entry.version);
        Ok(Some(Self { case: case.id.0, followers_only, key, payload, at: stored(entry.at) }))
    }

    /// Leaves it to the job.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn enqueue(&self, tx: &mut Tx<'_>) -> Result<(), DeskError> {
        // Most cases are followed by nobody, and a look costs less than a job.
        if self.followers_only && !followers::any(tx, self.case)? {
            return Ok(());
        }
        Ok(jobs::enqueue(tx, KIND, &self.key, &self.payload, self.at)?)
    }
}

/// Writes the notices of one entry.
pub(crate) fn tell(desk: &Desk, tx: &mut Tx<'_>, job: &JobRow) -> Result<(), DeskError> {
    let payload: Payload = kept::read(&job.payload)?;
    let Some(row) = cases::by_id(tx, payload.case)? else {
        return Ok(());
    };
    let loaded = load::from_row(tx, row)?;
    let case = if loaded.case.version == payload.version {
        loaded.case
    } else {
        let then = loaded.entries.iter().take_while(|entry| entry.version <= payload.version).cloned();
        Case::fold(loaded.case.id, then)?
    };
    let Some(entry) = loaded.entries.iter().find(|entry| entry.version == payload.version) else {
        return Ok(());
    };
    let mut told: BTreeSet<(Uuid, &str, String)> = BTreeSet::new();
    // Whoever it is about never hears of it: whoever leads above them does.
    let about = case.record.about_staff.map(|user| user.0);
    let rules = desk.library().rules_of(&case)?;
    let mut found = notices::notices(&case, entry, &rules);
    // Whoever is told because it concerns them is not told once more because they follow the case.
    found.sort_by_key(|notice| notice.to == To::Followers);
    for notice in found {
        // Whoever stands in for somebody with an order may belong to any area, like the order.
        let orders = ["order_", "visit_", "ownership_"].iter().any(|part| notice.kind.starts_with(part));
        let mut users = match notice.to {
            To::Followers => following(tx, payload.case, entry)?,
            to => meant(tx, to, &case.record.region, orders, (entry.at, about))?,
        };
        users.retain(|user| Some(*user) != about);
        if notice.to == To::Followers {
            users.retain(|user| !told.iter().any(|(known, kind, _)| known == user && !kind.starts_with(FOLLOWED)));
        }
        let mentioned = notice.kind == MENTIONED;
        for user in users {
            // A mention and following grant nothing: whoever may not see the case now is not told.
            if (mentioned || notice.to == To::Followers) && !sees(tx, user, &loaded.row)? {
                continue;
            }
            if !told.insert((user, notice.kind, notice.rule.clone())) {
                continue;
            }
            if mentioned {
                followers::follow(tx, payload.case, user, stored(entry.at))?;
            }
            write(desk, tx, user, &payload, &notice, entry.at)?;
        }
    }
    Ok(())
}

fn write(
    desk: &Desk,
    tx: &mut Tx<'_>,
    user: Uuid,
    payload: &Payload,
    notice: &notices::Notice,
    at: Timestamp,
) -> Result<(), DeskError> {
    let by_mail = letters::announce(desk, tx, user)?;
    let row = NoticeRow {
        id: Uuid::now_v7(),
        user,
        case: payload.case,
        kind: notice.kind.to_owned(),
        rule: notice.rule.clone(),
        percent: i64::from(notice.percent),
        at: stored(at),
        run: payload.run,
        mail: if by_mail { store::notices::WAITS } else { store::notices::NO_MAIL },
    };
    Ok(store::notices::insert(tx, &row)?)
}

/// Whoever follows a case, but for the one who did what is told.
fn following(tx: &mut Tx<'_>, case: Uuid, entry: &Entry) -> Result<Vec<Uuid>, DeskError> {
    let by = entry.actor.user().map(|user| user.0);
    let all = followers::of_case(tx, case)?.into_iter().map(|(user, _)| user);
    Ok(all.filter(|user| Some(*user) != by).collect())
}

fn sees(tx: &mut Tx<'_>, user: Uuid, row: &CaseRow) -> Result<bool, DeskError> {
    match people::user(tx, user)? {
        Some(user) => mentions::may_see(tx, &user, row),
        None => Ok(false),
    }
}

/// The persons meant, without one; beside somebody absent their deputy, or the notice would be read when it is too late. A unit without anybody who leads it is led by the unit above.
pub(crate) fn meant(
    tx: &mut Tx<'_>,
    to: To,
    region: &str,
    orders: bool,
    (at, but): (Timestamp, Option<Uuid>),
) -> Result<Vec<Uuid>, DeskError> {
    let unit = match to {
        To::User(user) => {
            let deputy = match stand_in(tx, user.0, Some(region).filter(|_| !orders), stored(at))? {
                StandIn::Deputy(row) => Some(row.id),
                StandIn::Present | StandIn::Queue => None,
            };
            return Ok(std::iter::once(user.0).chain(deputy).collect());
        }
        To::Role(role) => return with_role(tx, role, region),
        To::Followers => return Ok(Vec::new()),
        To::Leads(unit) => unit,
    };
    let mut here = Some(unit.0);
    let mut seen = BTreeSet::new();
    while let Some(unit) = here.filter(|unit| seen.insert(*unit)) {
        let leads = people::users_of_unit(tx, unit)?;
        let leads: Vec<Uuid> =
            leads.into_iter().filter(|user| LEADS.contains(&user.role.as_str())).map(|user| user.id).collect();
        let leads: Vec<Uuid> = leads.into_iter().filter(|user| Some(*user) != but).collect();
        if !leads.is_empty() {
            return Ok(leads);
        }
        here = units::unit(tx, unit)?.and_then(|unit| unit.parent);
    }
    Ok(Vec::new())
}

/// Whoever leads the closest area that holds a region: a fault of a city is told in the city where somebody leads it, else in
/// the province.
pub(crate) fn leads_of(tx: &mut Tx<'_>, region: &str) -> Result<Vec<Uuid>, DeskError> {
    let units = units::units(tx)?;
    let areas = Tree::of(&units);
    let leads = people::users(tx)?.into_iter().filter(|user| !user.disabled && LEADS.contains(&user.role.as_str()));
    let leads: Vec<(usize, Uuid)> = leads
        .filter(|user| areas.user(user).covers(region))
        .map(|user| (areas.user(&user).code().len(), user.id))
        .collect();
    let closest = leads.iter().map(|(length, _)| *length).max();
    Ok(leads.into_iter().filter(|(length, _)| Some(*length) == closest).map(|(_, user)| user).collect())
}

/// Everybody with a role whose area holds the region.
fn with_role(tx: &mut Tx<'_>, role: Role, region: &str) -> Result<Vec<Uuid>, DeskError> {
    let units = units::units(tx)?;
    let areas = Tree::of(&units);
    let users = people::users(tx)?.into_iter().filter(|user| !user.disabled && user.role == role.code());
    Ok(users.filter(|user| areas.user(user).covers(region)).map(|user| user.id).collect())
}
