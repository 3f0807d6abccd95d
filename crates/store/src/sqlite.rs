//! SQLite: one writer that commits many pieces of work at once, and readers on snapshots of their own.

mod journal;

use crate::StoreError;
use crate::db::{Counters, Message};
use crate::job::{Job, Verdict};
use crate::tx::{Driver, Tx};
use journal::Journal;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Most pieces of work one commit answers.
const GROUP: usize = 512;
/// A writer that never pauses would keep other processes (the command line) from ever getting the lock.
const PAUSE_EVERY: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(3);
/// How often and how long a locked database is tried again: about ten seconds.
const BUSY_TRIES: i32 = 10_000;
/// Who is just leaving the database may take so long.
const LEAVING: Duration = Duration::from_millis(500);
/// How far back the thread stands that reads behind the others, in the system's own measure of niceness.
const BEHIND: i32 = 10;
/// SQLite's own log stream: it has one writer at a time.
const STREAM: i64 = 1;
const LAST_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) FROM entries WHERE stream = ?1";

/// Where the log stands within the open transaction.
#[derive(Default)]
pub(crate) struct Positions {
    last: Cell<Option<i64>>,
}

impl Positions {
    pub(crate) fn next(&self, connection: &Connection) -> Result<(i64, i64), StoreError> {
        let last = match self.last.get() {
            Some(last) => last,
            // Another process may have written since the last transaction.
            None => connection.prepare_cached(LAST_SEQ)?.query_row([STREAM], |row| row.get(0))?,
        };
        self.last.set(Some(last + 1));
        Ok((STREAM, last + 1))
    }

    /// Where the log stands, to come back to.
    pub(crate) fn mark(&self) -> Option<i64> {
        self.last.get()
    }

    /// Gives back what was handed out since.
    pub(crate) fn back_to(&self, mark: Option<i64>) {
        self.last.set(mark);
    }

    /// Has the end of the log read anew.
    pub(crate) fn forget(&self) {
        self.last.set(None);
    }
}

fn busy(tries: i32) -> bool {
    thread::sleep(Duration::from_millis(1));
    tries < BUSY_TRIES
}

fn open(path: &Path, writes: bool) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_handler(Some(busy))?;
    // Once the planner has counted rows, it would plan some statements anew with each value they are given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    // The writer's own cache is small: what it has just written stays in the operating system's. The journal is put away
    // by ours; it keeps its room on the disk, because giving a gigabyte back would hold up the commit that does it.
    // What is deleted is overwritten wherever that costs no page more: the wrapped key of an erased person must not lie
    // on in the free part of a page, where whoever has the master key could pick it up. Erasing changes the row with the
    // key in its place, so this does as much for it as `ON`; where whole tables go, as in a restore, it would not. Neither
    // overwrites the copies of rows that SQLite leaves behind where it rebuilds a full page, about one in a thousand:
    // `docs/retention.md` says what takes them away.
    connection.execute_batch(if writes {
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -24000;
         PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST;"
    } else {
        "PRAGMA query_only = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -12000; PRAGMA temp_store = MEMORY;"
    })?;
    Ok(connection)
}

/// Whether nobody else has the file open: every other connection holds a lock on it that lets none be alone.
pub(crate) fn is_free(path: &Path) -> Result<bool, StoreError> {
    if !path.exists() {
        return Ok(true);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(LEAVING)?;
    let asked = connection
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; ROLLBACK;")
        .map_err(StoreError::from);
    match asked {
        Ok(()) => Ok(true),
        Err(StoreError::Unavailable(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|error| StoreError::Unavailable(error.to_string()))
}

pub(crate) fn writer(
    path: &Path,
    mut queue: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<()>, StoreError> {
    let connection = open(path, true)?;
    let journal = Journal::begin(path)?;
    spawn("store-writer", move || {
        let mut group: Vec<Box<dyn Job>> = Vec::with_capacity(GROUP);
        let mut busy_since = Instant::now();
        while let Some(first) = queue.blocking_recv() {
            let mut stop = gather(first, &mut group);
            let mut waited = true;
            while !stop && group.len() < GROUP {
                match queue.try_recv() {
                    Ok(message) => stop = gather(message, &mut group),
                    Err(_) => break,
                }
            }
            while !group.is_empty() {
                commit_group(&connection, &mut group, &counters);
                journal.tend(&connection);
            }
            if stop {
                break;
            }
            if queue.is_empty() {
                waited = false;
            }
            if !waited {
                busy_since = Instant::now();
            } else if busy_since.elapsed() > PAUSE_EVERY {
                thread::sleep(PAUSE);
                busy_since = Instant::now();
            }
        }
        // Whoever closes last puts away the rest by itself; to wait for that beside a server would hold up everybody. Nor
        // are rows counted for the planner here: each index would be read to its end with the lock of the one writer held,
        // which on a large file is longer than anybody else's patience. What plans there are does not hang on it.
        journal.end();
    })
}

fn gather(message: Message, group: &mut Vec<Box<dyn Job>>) -> bool {
    match message {
        // Whoever no longer waits was never promised anything.
        Message::Job(job, _) => {
            if job.wanted() {
                group.push(job);
            }
            false
        }
        Message::Stop => true,
    }
}

fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Runs the group in one transaction and answers everybody in it. Work that could not begin stays in the group.
fn commit_group(connection: &Connection, group: &mut Vec<Box<dyn Job>>, counters: &Counters) {
    if let Err(error) = statement(connection, "BEGIN IMMEDIATE") {
        let end = Err(error);
        counters.note(&end);
        answer_all(std::mem::take(group), &end);
        return;
    }
    let before = connection.total_changes();
    let positions = Positions::default();
    let mut done: Vec<Box<dyn Job>> = Vec::with_capacity(group.len());
    let mut rest = std::mem::take(group).into_iter();
    let mut broken: Option<StoreError> = None;
    for mut job in rest.by_ref() {
        if let Err(error) = run_one(connection, &positions, job.as_mut()) {
            broken = Some(error);
            done.push(job);
            break;
        }
        done.push(job);
    }
    let end = match broken {
        Some(error) => Err(error),
        None => statement(connection, "COMMIT"),
    };
    if end.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    // A commit of nothing touches no disk and proves nothing.
    if end.is_err() || connection.total_changes() != before {
        counters.note(&end);
    }
    counters.commits.fetch_add(1, Ordering::Relaxed);
    counters.written.fetch_add(done.len() as u64, Ordering::Relaxed);
    answer_all(done, &end);
    group.extend(rest);
}

fn answer_all(jobs: Vec<Box<dyn Job>>, end: &Result<(), StoreError>) {
    for job in jobs {
        job.answer(end.clone());
    }
}

/// One piece of work between savepoints. An error means that the whole transaction is lost.
fn run_one(connection: &Connection, positions: &Positions, job: &mut dyn Job) -> Result<(), StoreError> {
    statement(connection, "SAVEPOINT work")?;
    let before = positions.last.get();
    let mut tx = Tx { driver: Driver::Sqlite(connection, positions) };
    let verdict = job.run(&mut tx);
    if connection.is_autocommit() {
        // A full disk or a failing one makes SQLite roll everything back by itself.
        return Err(StoreError::Unavailable("the transaction was rolled back by the database".to_owned()));
    }
    if verdict == Verdict::Undo {
        positions.last.set(before);
        statement(connection, "ROLLBACK TO work")?;
    }
    statement(connection, "RELEASE work")
}

pub(crate) fn reader(
    path: &Path,
    queue: Arc<Mutex<mpsc::Receiver<Message>>>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<()>, StoreError> {
    let connection = open(path, false)?;
    let next = move || queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    spawn("store-reader", move || read_all(&connection, next, &counters))
}

/// A reader of its own that steps back while anything else wants the processor.
pub(crate) fn reader_behind(
    path: &Path,
    mut queue: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<()>, StoreError> {
    let connection = open(path, false)?;
    spawn("store-behind", move || {
        step_back(BEHIND);
        read_all(&connection, || queue.blocking_recv(), &counters);
    })
}

/// Lets others go first from here on, where the system knows that of a single thread: the one that calls this and those it
/// begins. `far` is the system's measure of niceness, 0 for everybody and 19 for whoever takes what all others leave.
/// Without it all is done as well, only less politely.
pub fn step_back(far: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), far) {
        tracing::debug!(%error, "a thread that was to stand behind the others has their priority");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = far;
}

fn read_all(connection: &Connection, mut next: impl FnMut() -> Option<Message>, counters: &Counters) {
    let positions = Positions::default();
    while let Some(Message::Job(mut job, _)) = next() {
        if !job.wanted() {
            continue;
        }
        counters.reads.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = statement(connection, "BEGIN") {
            job.answer(Err(error));
            continue;
        }
        let mut tx = Tx { driver: Driver::Sqlite(connection, &positions) };
        job.run(&mut tx);
        let end = statement(connection, "COMMIT");
        if end.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        job.answer(end);
    }
}
