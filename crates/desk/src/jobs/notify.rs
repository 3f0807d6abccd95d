//! Notices: whoever should look at a case is told in the console. The job names only case and version; who is meant is
//! folded from the log when it runs, so that doing it twice tells nothing new.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::organisation::area::Tree;
use crate::organisation::deputy::{StandIn, stand_in};
use crate::time::{moment, stored};
use crate::{Desk, load, permissions};
use domain::actor::Role;
use domain::case::Case;
use domain::case::notices::{self, To};
use domain::event::Entry;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use jiff::Timestamp;
use policy::Stack;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{JobRow, NoticeRow, Tx, cases, jobs, people, units};
use uuid::Uuid;

/// Kind of these jobs.
pub(crate) const KIND: &str = "notify";
/// Roles that lead a unit.
const LEADS: &[&str] = &["supervisor"];
/// Most notices shown.
const MOST_SHOWN: i64 = 200;

#[derive(Serialize, Deserialize)]
struct Payload {
    case: Uuid,
    version: i64,
}

/// That somebody has to look at what an entry says.
pub(crate) struct Telling {
    key: String,
    payload: String,
    at: i64,
}

impl Telling {
    /// The telling, if an entry is worth any.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub(crate) fn of(case: &Case, entry: &Entry, rules: &Stack) -> Result<Option<Self>, DeskError> {
        if notices::notices(case, entry, rules).is_empty() {
            return Ok(None);
        }
        let payload = Payload { case: case.id.0, version: entry.version };
        let payload = serde_json::to_string(&payload).map_err(|error| DeskError::Damaged(error.to_string()))?;
        let key = format!("{KIND}:{}:{}", case.id, entry.version);
        Ok(Some(Self { key, payload, at: stored(entry.at) }))
    }

    /// Leaves it to the job.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn enqueue(&self, tx: &mut Tx<'_>) -> Result<(), DeskError> {
        Ok(jobs::enqueue(tx, KIND, &self.key, &self.payload, self.at)?)
    }
}

/// Writes the notices of one entry.
pub(crate) fn tell(desk: &Desk, tx: &mut Tx<'_>, job: &JobRow) -> Result<(), DeskError> {
    let payload: Payload = serde_json::from_str(&job.payload).map_err(|error| DeskError::Damaged(error.to_string()))?;
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
    let rules = desk.library().rules_of(&case)?;
    for notice in notices::notices(&case, entry, &rules) {
        // Whoever stands in for somebody with an order may belong to any area, like the order.
        let orders = ["order_", "visit_", "ownership_"].iter().any(|part| notice.kind.starts_with(part));
        for user in meant(tx, notice.to, &case.record.region, orders, entry.at)? {
            if !told.insert((user, notice.kind, notice.rule.clone())) {
                continue;
            }
            notices_row(tx, user, payload.case, &notice, entry.at)?;
        }
    }
    Ok(())
}

fn notices_row(
    tx: &mut Tx<'_>,
    user: Uuid,
    case: Uuid,
    notice: &notices::Notice,
    at: Timestamp,
) -> Result<(), DeskError> {
    let row = NoticeRow {
        id: Uuid::now_v7(),
        user,
        case,
        kind: notice.kind.to_owned(),
        rule: notice.rule.clone(),
        percent: i64::from(notice.percent),
        at: stored(at),
    };
    Ok(store::notices::insert(tx, &row)?)
}

/// The persons meant; beside somebody absent their deputy, or the notice would be read when it is too late. A unit without anybody who leads it is led by the unit above.
fn meant(tx: &mut Tx<'_>, to: To, region: &str, orders: bool, at: Timestamp) -> Result<Vec<Uuid>, DeskError> {
    let unit = match to {
        To::User(user) => {
            let deputy = match stand_in(tx, user.0, Some(region).filter(|_| !orders), stored(at))? {
                StandIn::Deputy(row) => Some(row.id),
                StandIn::Present | StandIn::Queue => None,
            };
            return Ok(std::iter::once(user.0).chain(deputy).collect());
        }
        To::Role(role) => return with_role(tx, role, region),
        To::Leads(unit) => unit,
    };
    let mut here = Some(unit.0);
    let mut seen = BTreeSet::new();
    while let Some(unit) = here.filter(|unit| seen.insert(*unit)) {
        let leads = people::users_of_unit(tx, unit)?;
        let leads: Vec<Uuid> =
            leads.into_iter().filter(|user| LEADS.contains(&user.role.as_str())).map(|user| user.id).collect();
        if !leads.is_empty() {
            return Ok(leads);
        }
        here = units::unit(tx, unit)?.and_then(|unit| unit.parent);
    }
    Ok(Vec::new())
}

/// Everybody with a role whose area holds the region.
fn with_role(tx: &mut Tx<'_>, role: Role, region: &str) -> Result<Vec<Uuid>, DeskError> {
    let units = units::units(tx)?;
    let areas = Tree::of(&units);
    let users = people::users(tx)?.into_iter().filter(|user| !user.disabled && user.role == role.code());
    Ok(users.filter(|user| areas.user(user).covers(region)).map(|user| user.id).collect())
}

/// A notice as its reader sees it.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Identity.
    pub id: Uuid,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What happened.
    pub kind: String,
    /// The clock rule it is about.
    pub rule: Option<String>,
    /// How much of the clock's time has passed.
    pub percent: Option<i64>,
    /// When.
    pub at: Timestamp,
}

impl Desk {
    /// What the caller has not read yet, newest first. A programme is told nothing here.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn notices(&self, caller: &Caller) -> Result<Vec<Notice>, DeskError> {
        permissions::READ_SELF.require(caller)?;
        let Some(user) = caller.actor.user() else {
            return Ok(Vec::new());
        };
        let actor = caller.actor.clone();
        let seen = self
            .db()
            .read(move |tx| {
                let mut seen = Vec::new();
                for listed in store::notices::unread(tx, user.0, MOST_SHOWN)? {
                    if load::sees(tx, listed.row.case, &listed.region, &actor)? {
                        seen.push(listed);
                    }
                }
                Ok::<_, DeskError>(seen)
            })
            .await?;
        Ok(seen
            .into_iter()
            .map(|listed| Notice {
                id: listed.row.id,
                case: CaseId(listed.row.case),
                number: listed.number,
                kind: listed.row.kind,
                rule: Some(listed.row.rule).filter(|rule| !rule.is_empty()),
                percent: Some(listed.row.percent).filter(|percent| *percent > 0),
                at: moment(listed.row.at),
            })
            .collect())
    }

    /// How much the caller has not read, up to a hundred.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_notices(&self, caller: &Caller) -> Result<i64, DeskError> {
        let Some(user) = caller.actor.user() else {
            return Ok(0);
        };
        self.db().read(move |tx| Ok(store::notices::count_unread(tx, user.0)?)).await
    }

    /// Marks one notice as read, or with none named everything there is now.
    ///
    /// # Errors
    /// `not_found` when the caller has no such unread notice.
    pub async fn read_notices(&self, caller: &Caller, one: Option<Uuid>) -> Result<(), DeskError> {
        permissions::MARK_NOTICES.require(caller)?;
        let Some(user) = caller.actor.user() else {
            return Err(Refusal::not_found().into());
        };
        let now = stored(self.time().now());
        let found = self
            .db()
            .write(move |tx| {
                Ok::<_, DeskError>(match one {
                    Some(id) => store::notices::read_one(tx, user.0, id, now)?,
                    None => store::notices::read_all(tx, user.0, now, now).map(|_| true)?,
                })
            })
            .await?;
        if found { Ok(()) } else { Err(Refusal::not_found().into()) }
    }
}
