//! The journal of SQLite (`redress.db-wal`). What was committed stands in it until it is put away into the database,
//! which a long snapshot, as of a backup, prevents meanwhile. A little is put away by the writer after a commit, because
//! only then can the journal begin anew. Much is put away by a thread beside it: were it left to the writer, every
//! registration would wait behind gigabytes.
//!
//! SQLite waits for the disk only where the last page has been put away, and then for all pages since the time before.
//! Whoever does the last few would wait for all the others too, so the thread has the disk take them before it leaves
//! those few to the writer.

use super::open;
use crate::StoreError;
use rusqlite::Connection;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Pages in the journal from which they are put away.
const MANY: i64 = 8_000;
/// More than this is no work for the writer: everybody would wait while it is done.
const TOO_MANY: i64 = 300;
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

/// The database files of this process as they are opened once more, to have the disk take what was written to them. They
/// are not closed while they are there: with any descriptor of a file that a process closes, it gives back every lock it
/// holds on that file, those of SQLite's connections among them.
static FILES: LazyLock<Mutex<HashMap<PathBuf, Arc<File>>>> = LazyLock::new(Mutex::default);

fn file(path: &Path) -> Result<Arc<File>, StoreError> {
    let trouble = |error: std::io::Error| StoreError::Unavailable(error.to_string());
    let whole = path.canonicalize().map_err(trouble)?;
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = files.get(&whole).filter(|file| is_it(file, &whole)) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(File::options().read(true).write(cfg!(windows)).open(&whole).map_err(trouble)?);
    files.insert(whole, Arc::clone(&file));
    Ok(file)
}

/// Whether a file is still the one at its path: it may have been made anew.
#[cfg(unix)]
fn is_it(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |one: std::io::Result<std::fs::Metadata>| one.ok().map(|one| (one.dev(), one.ino()));
    of(file.metadata()) == of(path.metadata())
}

#[cfg(not(unix))]
fn is_it(_: &File, _: &Path) -> bool {
    true
}

/// Keeps the journal short.
pub(super) struct Journal {
    nudge: SyncSender<()>,
    /// Whether the thread is at it, or about to be.
    at_it: Arc<AtomicBool>,
    helper: JoinHandle<()>,
}

impl Journal {
    /// Starts the thread that puts much away.
    pub(super) fn begin(path: &Path) -> Result<Self, StoreError> {
        let connection = open(path, false)?;
        let file = file(path)?;
        let (nudge, nudged) = sync_channel(1);
        let at_it = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&at_it);
        let helper = super::spawn("store-journal", move || help(&connection, &file, &nudged, &theirs))?;
        Ok(Self { nudge, at_it, helper })
    }

    /// To be called by the writer after a commit.
    pub(super) fn tend(&self, connection: &Connection) {
        let Some(pages) = look(connection).filter(|pages| pages.all >= MANY && pages.left > 0) else {
            return;
        };
        let helped = self.at_it.load(Ordering::Acquire);
        let most = if pages.all >= LONG {
            TOO_MANY_WHEN_LONG
        } else if helped {
            return;
        } else {
            TOO_MANY
        };
        if pages.left <= most {
            put_away(connection);
        } else if !helped {
            self.at_it.store(true, Ordering::Release);
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

fn help(connection: &Connection, file: &File, nudged: &Receiver<()>, at_it: &AtomicBool) {
    while nudged.recv().is_ok() {
        let mut before = None;
        while let Some(pages) = put_away(connection).or_else(|| look(connection)) {
            // SQLite asks the disk again before the journal begins anew, and whoever has the file open hears of it then.
            if let Err(error) = file.sync_data() {
                tracing::error!(%error, "the disk did not take what was put away from the journal");
            }
            if pages.left <= TOO_MANY {
                break;
            }
            // Nothing moves while somebody reads what was before.
            if before.is_some_and(|before| pages.left >= before) {
                thread::sleep(LOOK);
            }
            before = Some(pages.left);
            if nudged.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                return;
            }
        }
        at_it.store(false, Ordering::Release);
    }
}
