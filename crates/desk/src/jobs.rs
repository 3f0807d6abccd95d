//! Duties nobody asks for: waking cases whose moment has come, doing the jobs commands left behind, sealing the log,
//! forgetting what has served. Each holds a lease in the database, so that of many nodes one does it, and none is a
//! leader.

pub mod checkpoint;
pub mod forget;
pub mod notify;
pub mod queue;
pub mod recount;
pub mod rollup;
pub mod timers;

use crate::error::DeskError;
use crate::problems::overdue;
use crate::time::stored;
use crate::{Desk, activation, erase, models};
use jiff::SignedDuration;
use store::schedules::{self, Look};

/// How long a node may take before another tries.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

type Duty = fn(&Desk) -> Result<(), DeskError>;

/// Every recurring duty with the seconds between two runs.
const DUTIES: &[(&str, i64, Duty)] =
    &[("checkpoint", 5, checkpoint::seal_all), ("forget", 3600, forget::old), ("late_measures", 60, overdue::tell)];

/// Does whatever recurring duty is due. Blocking; called from a thread of its own about once a second.
///
/// # Errors
/// The first duty's that failed; the next look tries it again.
pub fn run_due(desk: &Desk, node: &str) -> Result<(), DeskError> {
    // Another process may have rotated the master key or erased somebody; every node looks for itself.
    desk.master().refresh()?;
    if desk.ledger().is_due() {
        erase::take_up(desk)?;
    }
    // So may another node have put rules into force, or a model into use.
    activation::refresh(desk)?;
    models::refresh(desk)?;
    // One that fails holds no other up.
    let mut outcome = Ok(());
    for (name, seconds, duty) in DUTIES {
        outcome = outcome.and(run_one(desk, node, name, *seconds, *duty));
    }
    outcome
}

fn run_one(desk: &Desk, node: &str, name: &'static str, seconds: i64, duty: Duty) -> Result<(), DeskError> {
    let now = desk.time().now();
    // Nodes' clocks may differ by as much as a lease; what is further off was written before one was set back.
    let look = Look {
        now: stored(now),
        furthest: stored(now + SignedDuration::from_secs(seconds) + LEASE),
        furthest_lease: stored(now + LEASE + LEASE),
    };
    // Looking costs no write; most looks find nothing due.
    let holder = node.to_owned();
    if !desk.db().read_now(move |tx| Ok::<_, DeskError>(schedules::is_due(tx, name, look, &holder)?))? {
        return Ok(());
    }
    let (holder, lease) = (node.to_owned(), stored(now + LEASE));
    if !desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::claim(tx, name, look, lease, &holder)?))? {
        return Ok(());
    }
    duty(desk)?;
    let (holder, next) = (node.to_owned(), stored(desk.time().now() + SignedDuration::from_secs(seconds)));
    desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::finish(tx, name, next, &holder)?))
}

/// Wakes cases and does jobs; called several times a second, so that nothing waits longer than that.
///
/// # Errors
/// The first that failed; it is tried again.
pub async fn run_timely(desk: &Desk, node: &str) -> Result<(), DeskError> {
    // Side by side: whoever is to be told can wait a moment, a clock that warns cannot.
    let (rung, worked) = tokio::join!(timers::ring_due(desk), queue::work(desk, node));
    rung.and(worked).map(drop)
}
