//! Runs that were left behind: by a process that ended, or because the database could not go on. What was chosen is kept
//! with the run until it is through, and a job lies ready that ends it; each slice puts that job off. Once nobody does,
//! whichever node looks next takes the job, and what the run had not come to is said to be not reached. It is not gone on
//! with: the words of a command are kept nowhere but in the cases, and a person can have its rest done again.

use super::select::Picked;
use super::{Outcome, Reason};
use crate::Desk;
use crate::error::DeskError;
use crate::kept;
use crate::register::{Claim, take};
use crate::time::stored;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{BulkItemRow, BulkRunRow, JobRow, Tx, bulk, idempotency, jobs};
use uuid::Uuid;

/// Kind of the job that ends a run.
pub(crate) const KIND: &str = "end-bulk";
/// A run of which nothing was heard for so long is over; nodes' clocks may differ by as much as a lease.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(2);

#[derive(Serialize, Deserialize)]
struct Payload {
    run: Uuid,
}

/// A case as it was chosen: its place, how it was named, and what it is.
type Chosen = (i64, String, Option<Uuid>);

fn key(run: Uuid) -> String {
    format!("{KIND}:{run}")
}

impl Desk {
    /// Enters a run with what was chosen, unless the same request was entered before: then gives that one.
    pub(super) async fn enter(
        &self,
        row: BulkRunRow,
        picked: &[Picked],
        claim: Option<Claim>,
    ) -> Result<Option<Uuid>, DeskError> {
        let chosen: Vec<Chosen> =
            picked.iter().map(|one| (one.n, one.named.clone(), one.case.as_ref().map(|(id, _)| *id))).collect();
        let (chosen, payload) = (kept::written(&chosen)?, kept::written(&Payload { run: row.id })?);
        let ends = stored(self.time().now() + SILENCE);
        let begin = self.db().write(move |tx| {
            if let Some(claim) = &claim
                && let Some(earlier) = take(tx, claim, row.id, 0, row.at)?
            {
                return Ok::<_, DeskError>(Some(earlier.case));
            }
            bulk::insert_run(tx, &row)?;
            bulk::set_chosen(tx, row.id, &chosen)?;
            jobs::enqueue_for(tx, KIND, &key(row.id), &payload, ends, row.at)?;
            Ok(None)
        });
        begin.await
    }

    /// Ends a run early, as its job would.
    pub(super) async fn break_off(&self, run: Uuid) -> Result<i64, DeskError> {
        let at = stored(self.time().now());
        self.db().write(move |tx| break_off(tx, run, at).map(|()| at)).await
    }
}

/// Says that a run still goes on; false when somebody else has ended it.
pub(super) fn goes_on(desk: &Desk, tx: &mut Tx<'_>, run: Uuid) -> Result<bool, DeskError> {
    Ok(jobs::put_off(tx, &key(run), stored(desk.time().now() + SILENCE))?)
}

/// Says that a run is through.
pub(super) fn through(tx: &mut Tx<'_>, run: Uuid, at: i64) -> Result<(), DeskError> {
    bulk::end_run(tx, run, at)?;
    Ok(jobs::drop_key(tx, &key(run))?)
}

/// The job: ends a run nobody goes through any more.
pub(crate) fn end(desk: &Desk, tx: &mut Tx<'_>, job: &JobRow) -> Result<(), DeskError> {
    let payload: Payload = kept::read(&job.payload)?;
    break_off(tx, payload.run, stored(desk.time().now()))
}

/// What the run had not come to was not reached. Where that is everything, the key of the request is free again: the
/// caller is to have it done by asking once more.
fn break_off(tx: &mut Tx<'_>, run: Uuid, at: i64) -> Result<(), DeskError> {
    let Some(row) = bulk::run(tx, run)?.filter(|row| row.ended_at.is_none()) else { return Ok(()) };
    let reached: BTreeSet<i64> = bulk::items(tx, run)?.into_iter().map(|item| item.row.n).collect();
    let reason = Reason::not_reached().written()?;
    let chosen: Vec<Chosen> = bulk::chosen(tx, run)?.map(|text| kept::read(&text)).transpose()?.unwrap_or_default();
    for (n, named, case) in chosen.into_iter().filter(|(n, ..)| !reached.contains(n)) {
        let outcome = if case.is_some() { Outcome::NotReached } else { Outcome::NotFound }.code().to_owned();
        bulk::insert_item(tx, &BulkItemRow { run, n, named, case, version: 0, outcome, reason: reason.clone() })?;
    }
    if reached.is_empty() {
        idempotency::release(tx, &row.actor, run)?;
    }
    through(tx, run, at)
}
