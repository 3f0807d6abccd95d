//! Carrying a plan out: one job a person, spread over time so that intake does not feel it. A job that was interrupted is
//! done again from the beginning; a person who is no longer due is left, and the plan says why.

use super::certificate::{self, Cause};
use super::judge;
use super::plan::{Planned, planned};
use crate::Desk;
use crate::administration::{self, Change};
use crate::erase::destroy;
use crate::error::DeskError;
use crate::kept;
use crate::time::stored;
use domain::actor::ActorId;
use domain::retention::{Verdict, judge as verdict};
use serde::{Deserialize, Serialize};
use store::{ErasureRow, JobRow, Tx, jobs, retention, vault};
use uuid::Uuid;

/// Kind of these jobs.
pub(crate) const KIND: &str = "erase-person";
/// Microseconds between two persons: twenty a second.
const APART: i64 = 50_000;
/// What came of a person who was erased.
pub const ERASED: &str = "erased";
/// What came of a person of whom something changed after the plan was made.
const CHANGED: &str = "changed";

#[derive(Serialize, Deserialize)]
struct Payload {
    plan: Uuid,
    n: i64,
}

/// Writes a job for every person a plan names.
pub(super) fn enqueue(tx: &mut Tx<'_>, plan: Uuid, persons: usize, at: i64) -> Result<(), DeskError> {
    for (n, _) in (1_i64..).zip(0..persons) {
        let payload = kept::written(&Payload { plan, n })?;
        jobs::enqueue(tx, KIND, &format!("{KIND}:{plan}:{n}"), &payload, at + APART * (n - 1))?;
    }
    Ok(())
}

/// Erases one person of a plan, if they are still due as it says.
pub(crate) fn erase(desk: &Desk, tx: &mut Tx<'_>, job: &JobRow) -> Result<(), DeskError> {
    let payload: Payload = kept::read(&job.payload)?;
    let (Some(plan), Some(item)) = (retention::plan(tx, payload.plan)?, retention::item(tx, payload.plan, payload.n)?)
    else {
        return Ok(());
    };
    if !item.outcome.is_empty() {
        return Ok(());
    }
    let wanted: Planned = kept::read(&item.body)?;
    let now = desk.time().now();
    let at = stored(now);
    let outcome = if vault::take_person(tx, item.person, at)? {
        let today = judge::today(desk)?;
        let looked = judge::look(tx, desk, &today, item.person)?;
        match verdict(&judge::keepings(&looked), now) {
            // What was approved is these cases as they were, on this ground, and nothing that came since.
            Verdict::Due(ground) if planned(item.person, &looked, ground.clone()) == wanted => {
                let cause = Cause::Plan { plan: &plan, ground };
                let counts = certificate::count(tx, &looked)?;
                let actor = plan.decided_by.as_deref().and_then(|by| by.parse().ok()).unwrap_or(ActorId::System);
                let reason = format!("plan {}", plan.id);
                destroy(tx, &ErasureRow { person: item.person, at, actor: actor.to_string(), reason })?;
                let change =
                    Change::new("erase-person").with("plan", plan.id.to_string()).with("hash", plan.hash.clone());
                let hash = administration::record_hash(tx, item.person, actor, at, &change)?;
                certificate::issue(desk, tx, item.person, at, &cause, counts, &hash)?;
                desk.ledger().begin(item.person)?;
                ERASED
            }
            other => {
                vault::let_go(tx, item.person)?;
                left(&other)
            }
        }
    } else {
        "gone"
    };
    if outcome != ERASED {
        tracing::info!(plan = %plan.id, n = payload.n, cases = wanted.cases.len(), outcome, "a person was left");
    }
    Ok(retention::outcome(tx, payload.plan, payload.n, outcome)?)
}

/// Why somebody a plan names was left.
fn left(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Until(_) => "minimum",
        Verdict::Due(_) => CHANGED,
        Verdict::Unasked => "unasked",
    }
}
