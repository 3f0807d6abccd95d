//! How the installation is: what the database, the queues, the log and the backups say of themselves, for whoever looks
//! after it. Nothing here is about a person or a case.

use crate::audit::unsealed;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use jiff::Timestamp;
use store::{BackupRow, Stats, StoreError, Target, administration as rows, checkpoints, entries, subscriptions};

/// Backups told.
const BACKUPS: i64 = 5;
/// Events waiting that are counted.
const MOST_COUNTED: i64 = 10_000;

/// How far behind the log this node's index of words is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Whether there is one in use.
    pub there: bool,
    /// Entries it has not read.
    pub behind: i64,
}

/// Those who are told of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many there are.
    pub all: i64,
    /// How many are switched off.
    pub off: i64,
    /// How many take nothing at the moment.
    pub failing: i64,
    /// Entries that wait for another try.
    pub waiting: i64,
    /// Entries that are no longer tried.
    pub dead: i64,
}

/// A recurring duty.
#[derive(Clone, Debug)]
pub struct DutyTime {
    /// Its name.
    pub name: String,
    /// When it is due next; nothing for what is only a lease.
    pub next_at: Option<Timestamp>,
    /// Until when a node has it in hand.
    pub held_until: Option<Timestamp>,
}

/// How it is.
#[derive(Clone, Debug)]
pub struct Health {
    /// `sqlite` or `postgresql`.
    pub database: &'static str,
    /// Schema of the tables, and the newest this version knows.
    pub schema: (i64, i64),
    /// `full`, `read_only` or `refused` when the last attempt to write failed.
    pub trouble: Option<&'static str>,
    /// Room on the disk: free, and all of it.
    pub room: Option<(u64, u64)>,
    /// Figures of the store since the start.
    pub stats: Stats,
    /// Jobs that wait, and that are no longer tried; each up to ten thousand.
    pub jobs: (i64, i64),
    /// People mail about notices waits for.
    pub letters: i64,
    /// Messages to customers that wait to go out.
    pub messages: i64,
    /// Mail that waits for a person.
    pub letterbox: i64,
    /// Those who are told of events.
    pub told: Told,
    /// When the newest checkpoint was made.
    pub checkpoint: Option<Timestamp>,
    /// Entries no checkpoint covers yet.
    pub unsealed: i64,
    /// This node's index of words.
    pub index: Index,
    /// Recurring duties.
    pub duties: Vec<DutyTime>,
    /// Backups made of this database, the newest first.
    pub backups: Vec<BackupRow>,
    /// Now, as this node has it.
    pub now: Timestamp,
}

impl Desk {
    /// How the installation is.
    ///
    /// # Errors
    /// If the caller may not see it, or the database does not answer.
    pub async fn health(&self, caller: &Caller) -> Result<Health, DeskError> {
        permissions::READ_METRICS.require(caller)?;
        let now = self.time().now();
        let seen = self.search_state().seen();
        let (told, checkpoint, unsealed, duties, backups, heads) = self
            .db()
            .read(move |tx| {
                let mut told = Told::default();
                for row in subscriptions::all(tx)? {
                    told.all += 1;
                    told.off += i64::from(row.standing != "on");
                    told.failing += i64::from(row.standing == "on" && row.failing_since > 0);
                    told.waiting += subscriptions::count(tx, row.id, false, MOST_COUNTED)?;
                    told.dead += subscriptions::count(tx, row.id, true, MOST_COUNTED)?;
                }
                let last = checkpoints::last(tx)?.map(|row| moment(row.at));
                let heads = entries::heads(tx)?;
                let (duties, backups) = (rows::duties(tx)?, rows::backups(tx, BACKUPS)?);
                Ok::<_, DeskError>((told, last, unsealed(tx)?, duties, backups, heads))
            })
            .await?;
        let index = match seen {
            Some(seen) => {
                let read = |stream: &i64| seen.get(stream).copied().unwrap_or(0);
                let behind = heads.iter().map(|(stream, head)| (head - read(stream)).max(0)).sum();
                Index { there: true, behind }
            }
            None => Index { there: false, behind: 0 },
        };
        let duty = |(name, due, lease): (String, i64, i64)| DutyTime {
            name,
            next_at: (due > 0).then(|| moment(due)),
            held_until: (lease > stored(now)).then(|| moment(lease)),
        };
        Ok(Health {
            database: match self.db().target() {
                Target::Sqlite(_) => "sqlite",
                Target::Postgres(_) => "postgresql",
            },
            schema: self.db().schema().await?,
            trouble: self.db().trouble().map(|trouble| match trouble {
                StoreError::Full(_) => "full",
                StoreError::ReadOnly(_) => "read_only",
                _ => "refused",
            }),
            room: self.db().room(),
            stats: self.db().stats(),
            jobs: self.count_jobs().await?,
            letters: self.count_letters().await?,
            messages: self.count_outbox().await?,
            letterbox: self.count_letterbox().await?,
            told,
            checkpoint,
            unsealed,
            index,
            duties: duties.into_iter().map(duty).collect(),
            backups,
            now,
        })
    }
}
