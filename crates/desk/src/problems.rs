//! Problems behind cases: from a hot issue over causes and measures to what the figures say afterwards. One transaction a
//! command, as for cases; the log of a problem is a ledger of its own, and its row an index into it.
//!
//! Whoever sees the area of a problem sees it; of the cases that show it each reader sees, and has counted, only those
//! they may see anyway.

mod effect;
mod list;
pub(crate) mod overdue;
mod run;
mod tell;
mod view;

pub use effect::{EffectAsk, EffectView};
pub use list::{ProblemFilter, ProblemLine, ProblemPage};
pub use run::ProblemDone;
pub(crate) use run::owner;
pub use tell::KINDS;
pub use view::{LogLine, ProblemView};

use crate::error::DeskError;
use crate::time::{moment, stored};
use domain::actor::AreaScope;
use domain::audit::chain::Ledger;
use domain::problem::{self, Entry, Problem};
use domain::refusal::Refusal;
use store::{EntryRow, ProblemActionRow, ProblemRow, Tx, entries, problems};
use uuid::Uuid;

/// A problem with its log as read from the database.
struct Loaded {
    problem: Problem,
    entries: Vec<Entry>,
    last_hash: Vec<u8>,
}

/// A problem, if the caller may see it. Not seeing is the same as not being there.
fn load(tx: &mut Tx<'_>, id: Uuid, area: &AreaScope) -> Result<Loaded, DeskError> {
    let row = problems::get(tx, id)?.filter(|row| area.covers(&row.area));
    row.ok_or_else(Refusal::not_found)?;
    let rows = entries::of(tx, id, Ledger::Problem.code())?;
    let last_hash = rows.last().map(|row| row.hash.clone()).unwrap_or_default();
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    Ok(Loaded { problem: folded(id, entries.iter().cloned())?, entries, last_hash })
}

fn folded(id: Uuid, entries: impl Iterator<Item = Entry>) -> Result<Problem, DeskError> {
    Problem::fold(id, entries).map_err(|error| DeskError::Damaged(error.to_string()))
}

fn entry(row: &EntryRow) -> Result<Entry, DeskError> {
    Ok(Entry {
        version: row.version,
        at: moment(row.at),
        actor: row.actor.parse().map_err(|_| DeskError::Damaged(format!("actor {:?}", row.actor)))?,
        verb: row.verb.clone(),
        events: problem::read_body(row.schema, &row.body).map_err(DeskError::Damaged)?,
    })
}

/// The row that stands for a problem.
fn row_of(problem: &Problem) -> ProblemRow {
    let state = problem.state();
    ProblemRow {
        id: problem.id,
        number: problem.number.clone(),
        version: problem.version,
        state: state.code().to_owned(),
        open: state.is_open(),
        title: problem.matter.title.clone(),
        category: problem.matter.category.clone(),
        area: problem.area.clone(),
        owner_unit: problem.owner.unit.0,
        owner_user: problem.owner.user.map(|user| user.0),
        due: problem.due().filter(|_| state.is_open()).map_or(problems::NO_DAY.to_owned(), |day| day.to_string()),
        opened_at: stored(problem.opened_at),
        changed_at: stored(problem.changed_at),
    }
}

/// The rows of its measures.
fn actions_of(problem: &Problem) -> Vec<ProblemActionRow> {
    let one = |action: &problem::Action| ProblemActionRow {
        n: i64::from(action.id),
        open: action.standing.is_open(),
        unit: action.owner.unit.0,
        user: action.owner.user.map(|user| user.0),
        due: action.due.to_string(),
    };
    problem.actions.iter().map(one).collect()
}
