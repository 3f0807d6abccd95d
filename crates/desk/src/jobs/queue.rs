//! The queue of jobs: work that follows from a command, written in the command's own transaction. Tried again with
//! growing pauses; a job that keeps failing is dead and waits for somebody to look at it.

use super::notify;
use crate::bulk::left;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::outbox;
use crate::retention::carry_out;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use store::{JobRow, Tx, jobs};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Jobs taken at once.
const BATCH: i64 = 64;
/// The same while many cases are being worked on at once: what follows from each can wait a few seconds, people who work
/// on others cannot.
const BATCH_BESIDE: i64 = 8;
/// How long a node may take before another tries.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Tries before a job is dead: with doubling pauses that is about four hours.
const MOST_TRIES: i64 = 8;

/// What a kind of job does, in one transaction with taking it off the list.
type Handler = fn(&Desk, &mut Tx<'_>, &JobRow) -> Result<(), DeskError>;

/// Every kind of job.
const KINDS: &[(&str, Handler)] = &[
    (notify::KIND, notify::tell),
    (carry_out::KIND, carry_out::erase),
    (left::KIND, left::end),
    (outbox::KIND, outbox::begin),
];

/// Does every job that waits and returns how many were taken. Looking costs one read and no write. `node` names one
/// process and one loop of it: what it took and could not do, it takes again at the next look.
///
/// # Errors
/// Those of the database; a job that fails is noted on the job.
pub async fn work(desk: &Desk, node: &str) -> Result<u64, DeskError> {
    let mut done = 0;
    loop {
        let now = stored(desk.time().now());
        let holder = node.to_owned();
        if !desk.db().read(move |tx| Ok::<_, DeskError>(jobs::any_waiting(tx, now, &holder)?)).await? {
            return Ok(done);
        }
        let beside = desk.inner.many.any();
        let batch = if beside { BATCH_BESIDE } else { BATCH };
        let lease = stored(desk.time().now() + LEASE);
        let holder = node.to_owned();
        let taken = desk.db().write(move |tx| Ok::<_, DeskError>(jobs::claim(tx, now, lease, &holder, batch)?)).await?;
        if taken.is_empty() {
            return Ok(done);
        }
        done += taken.len() as u64;
        // All at once, so that they share commits.
        let mut under_way = JoinSet::new();
        for job in taken {
            let (desk, node) = (desk.clone(), node.to_owned());
            under_way.spawn(async move { attempt(&desk, &node, job).await });
        }
        let mut failed = None;
        while let Some(one) = under_way.join_next().await {
            if let Ok(Err(error)) = one {
                failed = failed.or(Some(error));
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if beside {
            return Ok(done);
        }
    }
}

async fn attempt(desk: &Desk, node: &str, job: JobRow) -> Result<(), DeskError> {
    let (again, holder, one) = (desk.clone(), node.to_owned(), job.clone());
    let outcome = desk
        .db()
        .write(move |tx| {
            // Off the list first: whoever lost the lease does nothing.
            if jobs::finish(tx, one.id, &holder)? {
                let known = KINDS.iter().find(|(kind, _)| *kind == one.kind);
                let (_, handler) = known.ok_or_else(|| DeskError::Damaged(format!("no job of kind {}", one.kind)))?;
                handler(&again, tx, &one)?;
            }
            Ok::<_, DeskError>(())
        })
        .await;
    let Err(error) = outcome else {
        if job.kind == carry_out::KIND {
            crate::erase::confirm(desk).await;
        }
        return Ok(());
    };
    if matches!(error, DeskError::Overtaken) {
        // A command or a clock wrote to the same case at that moment. The job stays this node's and is done at the next
        // look; whoever else waits is not held up by it.
        return Ok(());
    }
    if error.is_temporary() {
        // The database itself is in trouble: that is not the job's fault, and nothing could be noted now. The job stays
        // this node's, and the next look finds it.
        return Err(error);
    }
    tracing::warn!(job = %job.id, kind = %job.kind, attempts = job.attempts, %error, "a job failed");
    let (holder, words) = (node.to_owned(), error.to_string());
    let next = stored(desk.time().now() + pause(job.attempts, job.id));
    desk.db()
        .write(move |tx| {
            if job.attempts >= MOST_TRIES {
                jobs::bury(tx, job.id, &holder, &words)?;
            } else {
                jobs::retry_later(tx, job.id, &holder, next, &words)?;
            }
            Ok(())
        })
        .await
}

/// One minute, doubled with each try, and up to a quarter more by chance: jobs that failed together do not come back
/// together.
fn pause(attempts: i64, id: Uuid) -> SignedDuration {
    let doubled = 60_000_i64 << attempts.clamp(1, 10).saturating_sub(1);
    let chance = i64::from(id.as_bytes().last().copied().unwrap_or_default());
    SignedDuration::from_millis(doubled + doubled / 4 * chance / 255)
}

/// A job as the administrator sees it.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Identity.
    pub id: Uuid,
    /// What it does.
    pub kind: String,
    /// What makes it unique.
    pub key: String,
    /// When it is tried next.
    pub run_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last; empty for nothing.
    pub error: String,
    /// Whether it is no longer tried.
    pub dead: bool,
    /// When it was enqueued.
    pub created_at: Timestamp,
}

impl Desk {
    /// Jobs that are dead, or that wait; the oldest two hundred.
    ///
    /// # Errors
    /// If the caller may not look after the installation.
    pub async fn jobs(&self, caller: &Caller, dead: bool) -> Result<Vec<Waiting>, DeskError> {
        permissions::READ_JOBS.require(caller)?;
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(jobs::list(tx, dead, 200)?)).await?;
        let shown = rows.into_iter().map(|row| Waiting {
            id: row.id,
            kind: row.kind,
            key: row.key,
            run_at: moment(row.run_at),
            attempts: row.attempts,
            error: row.error,
            dead: row.dead,
            created_at: moment(row.created_at),
        });
        Ok(shown.collect())
    }

    /// Has a dead job tried again.
    ///
    /// # Errors
    /// `not_found` when there is no dead job of this identity; a refusal when the caller may not.
    pub async fn retry_job(&self, caller: &Caller, id: Uuid) -> Result<(), DeskError> {
        permissions::RETRY_JOBS.require(caller)?;
        let now = stored(self.time().now());
        if self.db().write(move |tx| Ok::<_, DeskError>(jobs::revive(tx, id, now)?)).await? {
            return Ok(());
        }
        Err(Refusal::not_found().into())
    }

    /// How many jobs wait and how many are dead, each up to ten thousand. Who may see metrics may see this.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_jobs(&self) -> Result<(i64, i64), DeskError> {
        self.db().read(|tx| Ok((jobs::count(tx, false)?, jobs::count(tx, true)?))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let id = |last: u8| Uuid::from_u128(u128::from(last));
        assert_eq!(pause(1, id(0)), SignedDuration::from_mins(1));
        assert_eq!(pause(2, id(0)), SignedDuration::from_mins(2));
        assert_eq!(pause(8, id(0)), SignedDuration::from_mins(128));
        assert!(pause(3, id(255)) > pause(3, id(7)) && pause(3, id(255)) <= SignedDuration::from_mins(5));
        assert!(pause(i64::MAX, id(1)) < SignedDuration::from_hours(24));
    }
}
