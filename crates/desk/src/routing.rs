//! Where a case goes by the table of the packs in force: rows are looked at in memory, then only the people of the one
//! unit that is named. And taking the next case of a unit's queue.

mod claim;
mod dry_run;
mod explain;
pub(crate) mod standing;

pub use dry_run::{DRY_RUN, DryRun, RowTally, Tally, dry_run};
pub use explain::{Explained, LookedRow};
pub use standing::{Remark, RowRemark, StandingRow, remarks_of};

use crate::error::DeskError;
use crate::library::Library;
use crate::organisation::area::{self, Tree};
use crate::organisation::{role_of, works_cases};
use crate::time::stored;
use crate::{Desk, holder};
use domain::actor::AreaScope;
use domain::case::route::{Found, Goes};
use domain::case::{Case, Owner, grade};
use domain::event::Event;
use domain::ids::{UnitId, UserId};
use domain::routing::{Asked, Candidate, Routed, choose, comes_first, row};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::Stack;
use std::collections::{BTreeSet, HashMap};
use store::{CaseRow, Tx, WaitingRow, people, routing, units};
use uuid::Uuid;

/// The rules in force at a moment for customers of a place: which units there are is a matter of today, so routing goes by
/// today's table, whatever versions the case names.
pub(crate) fn in_force(library: &Library, zone: &TimeZone, place: &str, now: Timestamp) -> Result<Stack, DeskError> {
    library.governing_at(now, place, zone)
}

/// Whether any row is for a case; without asking a database.
pub(crate) fn has_row(library: &Library, rules: &Stack, case: &Case, now: Timestamp) -> bool {
    if rules.routing().is_none() {
        return false;
    }
    let facts = grade::facts(case, rules, library.taxonomy());
    row(rules, Asked { facts: &facts, grade: case.grade, region: &case.record.region, at: now }).is_some()
}

/// Where a case goes.
///
/// # Errors
/// Those of the database; that there is no way is no error.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    library: &Library,
    rules: &Stack,
    case: &Case,
    now: Timestamp,
) -> Result<Found, DeskError> {
    let facts = grade::facts(case, rules, library.taxonomy());
    let asked = Asked { facts: &facts, grade: case.grade, region: &case.record.region, at: now };
    let Some((pack, rule)) = row(rules, asked) else { return Ok(Found::NoRow) };
    let no_unit = || Ok(Found::NoUnit(rule.unit.clone()));
    let Some(unit) = units::unit_by_code(tx, &rule.unit)?.filter(|unit| !unit.closed) else { return no_unit() };
    if !area::of_unit(tx, unit.id)?.covers(&case.record.region) {
        return no_unit();
    }
    let excluded = case.excluded();
    let people = match rule.to {
        policy::RoutedTo::Pool => Vec::new(),
        policy::RoutedTo::Person => candidates(tx, unit.id, &case.record.region, now)?,
    };
    let (user, how) = choose(rule, comes_first(&case.record), &people, &excluded);
    let (owner, instead_of) = match user {
        None => (Owner { unit: UnitId(unit.id), user: None }, None),
        Some(user) => {
            let held = holder::named(tx, case, None, Some(user), &excluded, now)?;
            (Owner { unit: held.unit.unwrap_or(UnitId(unit.id)), user: held.user }, held.instead_of)
        }
    };
    Ok(Found::Goes(Goes { owner, instead_of, routed: Routed::by(pack, rule, how) }))
}

/// The people of a unit who work cases of a region, with what they can do and have to do.
fn candidates(tx: &mut Tx<'_>, unit: Uuid, region: &str, now: Timestamp) -> Result<Vec<Candidate>, DeskError> {
    let tree = Tree::of(&units::units(tx)?);
    let mut skills: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (user, skill) in routing::skills_in(tx, unit)? {
        skills.entry(user).or_default().push(skill);
    }
    let absent: BTreeSet<Uuid> = routing::absent_in(tx, unit, stored(now))?.into_iter().collect();
    let loads: HashMap<Uuid, i64> = routing::loads(tx, unit)?.into_iter().collect();
    let last: HashMap<Uuid, i64> = routing::last_in(tx, unit)?.into_iter().collect();
    let common: AreaScope = tree.unit(unit);
    let mut found = Vec::new();
    for row in people::users_of_unit(tx, unit)? {
        let there = if row.region.is_empty() { common.covers(region) } else { tree.user(&row).covers(region) };
        if there && works_cases(role_of(&row)?) {
            found.push(Candidate {
                user: UserId(row.id),
                skills: skills.remove(&row.id).unwrap_or_default(),
                absent: absent.contains(&row.id),
                open: loads.get(&row.id).copied().unwrap_or(0),
                last: last.get(&row.id).copied().unwrap_or(0),
            });
        }
    }
    Ok(found)
}

/// The row of a case that waits in a queue.
pub(crate) fn waiting(case: &Case, row: &CaseRow) -> Option<WaitingRow> {
    let rank = i64::from(!comes_first(&case.record));
    case.waits().then_some(WaitingRow { case: case.id.0, unit: case.owner.unit.0, rank, due_at: row.due_at })
}

/// Writes what an entry changed about who waits and who got a case by the table.
pub(crate) fn write(
    tx: &mut Tx<'_>,
    case: &Case,
    before: Option<WaitingRow>,
    after: Option<WaitingRow>,
    events: &[Event],
) -> Result<(), DeskError> {
    if before != after {
        routing::wait(tx, case.id.0, after.as_ref())?;
    }
    if let Some((user, at)) = gave(case, events) {
        routing::gave(tx, user.0, at)?;
    }
    Ok(())
}

/// Who got the case by the table in this entry, and when.
pub(crate) fn gave(case: &Case, events: &[Event]) -> Option<(UserId, i64)> {
    events.iter().rev().find_map(|event| match event {
        Event::Assigned { owner, routed: Some(_), .. } => owner.user.map(|user| (user, stored(case.changed_at))),
        _ => None,
    })
}

impl Desk {
    /// Where a contact goes that is just being registered; nothing where the table has no row for it or names no unit that
    /// can take it: it then stays with whoever registers.
    pub(crate) async fn routed(&self, case: Case, rules: Stack, now: Timestamp) -> Result<Option<Event>, DeskError> {
        let library = self.library().clone();
        if !has_row(&library, &rules, &case, now) {
            return Ok(None);
        }
        let found =
            self.db().read(move |tx| Ok::<_, DeskError>((find(tx, &library, &rules, &case, now)?, case.owner))).await;
        // Nobody is turned away because of where their case would go.
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "routing failed; the case stays with whoever registers it");
                return Ok(None);
            }
        };
        Ok(match found {
            (Found::Goes(goes), owner) if goes.owner != owner => Some(goes.event()),
            _ => None,
        })
    }
}
