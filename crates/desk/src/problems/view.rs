//! One problem as its reader sees it, and the problems a case shows.

use super::list::{ProblemLine, line};
use super::load;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self as cases_of, CaseRef};
use crate::queries::list::{Listed, cursor};
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId, UserId};
use domain::problem::{Problem, number};
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use store::cases::Cursor;
use store::problems::LinkedCase;
use store::{ListedRow, Tx, cases, people, problems, units, vault};
use uuid::Uuid;

/// Linked cases a page.
const SHOWN: usize = 100;

/// A problem opened for reading.
#[derive(Clone, Debug)]
pub struct ProblemView {
    /// The problem. Of its cases only those the reader may see are left.
    pub problem: Problem,
    /// A page of those cases as lists show them, masked; a hundred, the newest first.
    pub cases: Vec<Listed>,
    /// Where the next page of them begins.
    pub next: Option<String>,
    /// What happened to it.
    pub log: Vec<LogLine>,
    /// The day, for what is overdue.
    pub today: Date,
    /// Names of users that occur.
    pub users: BTreeMap<UserId, String>,
    /// Names of units that occur.
    pub units: BTreeMap<UnitId, String>,
}

/// A command on a problem, without what it said: that stands in the problem.
#[derive(Clone, Debug)]
pub struct LogLine {
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
    /// The problem of an identity or number.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see.
    pub async fn problem_named(&self, caller: &Caller, name: &str) -> Result<Uuid, DeskError> {
        permissions::READ_PROBLEMS.require(caller)?;
        if let Ok(id) = name.trim().parse() {
            return Ok(id);
        }
        let number = number::typed(name).ok_or_else(Refusal::not_found)?;
        let area = caller.actor.area.clone();
        let found = self.db().read(move |tx| Ok::<_, DeskError>(problems::numbered(tx, &number)?)).await?;
        let found = found.filter(|(_, region)| area.covers(region));
        found.map(|(id, _)| id).ok_or_else(|| Refusal::not_found().into())
    }

    /// A problem with what happened to it and a page of its cases, from where the last page ended.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see; a fault of `cases_after` when that is no end of a page.
    pub async fn problem(&self, caller: &Caller, id: Uuid, after: Option<&str>) -> Result<ProblemView, DeskError> {
        permissions::READ_PROBLEMS.require(caller)?;
        let actor = caller.actor.clone();
        let today = self.zone().to_datetime(self.time().now()).date();
        let after =
            after.map(cursor).transpose().map_err(|_| Refusal::from(Fault::new("cases_after", "bad_cursor")))?;
        let (mut view, rows) = self
            .db()
            .read(move |tx| {
                let loaded = load(tx, id, &actor.area)?;
                let mut problem = loaded.problem;
                problem.cases.clear();
                let mut page: Vec<LinkedCase> = Vec::new();
                // There may be thousands: what is about the reader is asked once.
                let hidden = cases_of::hidden(tx, &actor)?;
                for case in problems::cases(tx, id)? {
                    let here = actor.area.covers(&case.region);
                    if hidden.contains(&case.id) || !here && !cases_of::sees(tx, case.id, &case.region, &actor)? {
                        continue;
                    }
                    problem.cases.insert(CaseId(case.id));
                    let follows = |after: &Cursor| (case.received_at, case.id) < (after.key, after.id);
                    if page.len() <= SHOWN && after.as_ref().is_none_or(follows) {
                        page.push(case);
                    }
                }
                let more = page.len() > SHOWN;
                page.truncate(SHOWN);
                let next = page.last().filter(|_| more).map(|case| format!("{}.{}", case.received_at, case.id));
                let mut rows = Vec::with_capacity(page.len());
                for case in page {
                    if let Some(row) = cases::by_id(tx, case.id)? {
                        let wrapped_key = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
                        rows.push(ListedRow { row, wrapped_key });
                    }
                }
                let line = |entry: &domain::problem::Entry| LogLine {
                    version: entry.version,
                    at: entry.at,
                    actor: entry.actor,
                    verb: entry.verb.clone(),
                };
                let log: Vec<LogLine> = loaded.entries.iter().map(line).collect();
                let (users, units) = names(tx, &problem, &log)?;
                let view = ProblemView { problem, cases: Vec::new(), next, log, today, users, units };
                Ok::<_, DeskError>((view, rows))
            })
            .await?;
        for row in rows {
            view.cases.push(self.listed(&row.row, row.wrapped_key.as_deref())?);
        }
        Ok(view)
    }

    /// The problems a case shows, of those the caller may see; nothing for whoever sees no problems at all.
    ///
    /// # Errors
    /// `not_found` when there is no such case for the caller.
    pub async fn problems_of(&self, caller: &Caller, case: &CaseRef) -> Result<Vec<ProblemLine>, DeskError> {
        if !permissions::READ_PROBLEMS.allows(caller) {
            return Ok(Vec::new());
        }
        let (case, actor) = (case.clone(), caller.actor.clone());
        let today = self.zone().to_datetime(self.time().now()).date();
        self.db()
            .read(move |tx| {
                let (row, _) = cases_of::find_for(tx, &case, &actor)?;
                let found = problems::of_case(tx, row.id)?.into_iter();
                found.filter(|problem| actor.area.covers(&problem.area)).map(|row| line(tx, row, today)).collect()
            })
            .await
    }
}

type Names = (BTreeMap<UserId, String>, BTreeMap<UnitId, String>);

/// Names of everybody who occurs.
fn names(tx: &mut Tx<'_>, problem: &Problem, log: &[LogLine]) -> Result<Names, DeskError> {
    let (mut users, mut units_of) = (BTreeMap::new(), BTreeMap::new());
    let owners = problem.actions.iter().map(|action| action.owner);
    let owners: Vec<_> = owners.chain([problem.owner]).collect();
    let actors = problem.actions.iter().flat_map(|action| [action.reported_by, action.decided_by]).flatten();
    let actors = actors.chain(log.iter().map(|line| line.actor)).filter_map(ActorId::user);
    let wanted: Vec<UserId> = actors.chain(owners.iter().filter_map(|owner| owner.user)).collect();
    for user in wanted {
        if !users.contains_key(&user)
            && let Some(found) = people::user(tx, user.0)?
        {
            users.insert(user, found.name);
        }
    }
    for unit in owners.iter().map(|owner| owner.unit) {
        if !units_of.contains_key(&unit)
            && let Some(found) = units::unit(tx, unit.0)?
        {
            units_of.insert(unit, found.name);
        }
    }
    Ok((users, units_of))
}
