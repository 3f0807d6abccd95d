//! The journal of SQLite (`redress.db-wal`). What was committed stands in it until it is put away into the database,
//! which a long snapshot, as of a backup, prevents meanwhile. A little is put away by the writer after a commit, because
//! only then can the journal begin anew. Much is put away by a thread beside it: were it left to the writer, every
//! registration would wait behind gigabytes.

use super::open;
use crate::StoreError;
use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Pages in the journal from which they are put away.
const MANY: i64 = 8_000;
/// More than this is no work for the writer: everybody would wait while it is done.
const TOO_MANY: i64 = 500;
/// A journal of so many pages has to begin anew soon: where each commit adds much, that moment comes only if the writer
/// takes on as much as it has to write itself.
const LONG: i64 = 4 * MANY;
const TOO_MANY_WHEN_LONG: i64 = 2 * MANY;
/// Between two looks whether a snapshot has ended that keeps the journal from being put away.
const LOOK: Duration = Duration::from_millis(100);

/// Pages in the journal, and how many of them are still to be put away.
#[derive(Clone, Copy)]
struct Pages {
    all: i64,
    left: i64,
}

/// Looks, or puts away what can be; `None` when somebody else is at it, or the disk refuses, which the next commit tells.
fn ask(connection: &Connection, how: &str) -> Option<Pages> {
    let mut statement = connection.prepare_cached(how).ok()?;
    let (busy, all, done) = statement
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        .ok()?;
    (busy == 0).then_some(Pages { all, left: all - done })
}

fn look(connection: &Connection) -> Option<Pages> {
    ask(connection, "PRAGMA wal_checkpoint(NOOP)")
}

fn put_away(connection: &Connection) -> Option<Pages> {
    ask(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

/// Keeps the journal short.
pub(super) struct Journal {
    nudge: SyncSender<()>,
    helper: JoinHandle<()>,
}

impl Journal {
    /// Starts the thread that puts much away.
    pub(super) fn begin(path: &Path) -> Result<Self, StoreError> {
        let connection = open(path, false)?;
        let (nudge, nudged) = sync_channel(1);
        let helper = super::spawn("store-journal", move || help(&connection, &nudged))?;
        Ok(Self { nudge, helper })
    }

    /// To be called by the writer after a commit.
    pub(super) fn tend(&self, connection: &Connection) {
        let Some(pages) = look(connection).filter(|pages| pages.all >= MANY && pages.left > 0) else {
            return;
        };
        let most = if pages.all < LONG { TOO_MANY } else { TOO_MANY_WHEN_LONG };
        if pages.left <= most {
            put_away(connection);
        } else {
            // A full channel has been nudged already.
            let _ = self.nudge.try_send(());
        }
    }

    /// Ends the thread.
    pub(super) fn end(self) {
        drop(self.nudge);
        let _ = self.helper.join();
    }
}

fn help(connection: &Connection, nudged: &Receiver<()>) {
    while nudged.recv().is_ok() {
        let mut before = None;
        while let Some(pages) = put_away(connection).or_else(|| look(connection)).filter(|pages| pages.left > TOO_MANY)
        {
            // Nothing moves while somebody reads what was before.
            if before.is_some_and(|before| pages.left >= before) {
                thread::sleep(LOOK);
            }
            before = Some(pages.left);
            if nudged.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                return;
            }
        }
    }
}
