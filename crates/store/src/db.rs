//! The handle everybody holds: hands work to the store's threads and waits for the answer.

use crate::dialect::Dialect;
use crate::job::{Job, Work};
use crate::{Migrated, StoreError, Tx, postgresql, schema, sqlite};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL address, `postgres://…`.
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Target {
    /// The target as it may be shown: without its password.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => postgresql::without_password(url),
        }
    }
}

/// How many threads and how much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that read from SQLite.
    pub sqlite_readers: usize,
    /// Threads, and so connections, to PostgreSQL.
    pub postgres_threads: usize,
    /// Work that may wait; whoever comes then waits to hand it over.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { sqlite_readers: 2, postgres_threads: 8, queue: 1024 }
    }
}

impl Options {
    /// For a command that runs and ends.
    #[must_use]
    pub fn small() -> Self {
        Self { sqlite_readers: 1, postgres_threads: 2, queue: 256 }
    }
}

/// Figures about the store since it was opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Transactions committed for writing.
    pub commits: u64,
    /// Pieces of work those held; more than commits where many share one.
    pub written: u64,
    /// Pieces of reading work.
    pub reads: u64,
    /// Work waiting now.
    pub waiting: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) reads: AtomicU64,
    /// What the last attempt to write met with.
    trouble: Mutex<Option<StoreError>>,
    /// Where the file of the embedded database lies.
    folder: Option<PathBuf>,
}

/// Free bytes from which a disk that was full is taken for one that can be written to: beside what is full to the brim a
/// commit of a page or two, as of a duty, still goes through now and then, while nothing a person asks for does.
const ROOM_ENOUGH: u64 = 1 << 20;

impl Counters {
    /// Notes how an attempt to write ended; mistakes of the work itself say nothing about the database.
    pub(crate) fn note(&self, end: &Result<(), StoreError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match end {
            Ok(()) if matches!(*trouble, Some(StoreError::Full(_))) && !self.has_room() => {}
            Ok(()) => *trouble = None,
            Err(error) if error.is_temporary() => *trouble = Some(error.clone()),
            Err(_) => {}
        }
    }

    fn has_room(&self) -> bool {
        self.folder.as_deref().and_then(room_at).is_none_or(|(free, _)| free >= ROOM_ENOUGH)
    }
}

/// What travels to a store thread.
pub(crate) enum Message {
    /// Work; true when it may write.
    Job(Box<dyn Job>, bool),
    /// The thread ends after what came before.
    Stop,
}

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    target: Target,
    dialect: Dialect,
    write: mpsc::Sender<Message>,
    read: mpsc::Sender<Message>,
    /// Reading that nobody waits for at a screen.
    behind: mpsc::Sender<Message>,
    readers: usize,
    writers: usize,
    read_threads: Mutex<Vec<JoinHandle<()>>>,
    write_threads: Mutex<Vec<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

impl Db {
    /// Opens the database and starts its threads. A SQLite file is created if missing.
    ///
    /// # Errors
    /// If it cannot be opened; a PostgreSQL server that does not answer yet is waited for when work comes.
    pub fn open(target: &Target, options: &Options) -> Result<Self, StoreError> {
        let folder = match target {
            Target::Sqlite(path) => path.parent().map(std::path::Path::to_owned),
            Target::Postgres(_) => None,
        };
        let counters = Arc::new(Counters { folder, ..Counters::default() });
        let (write, write_queue) = mpsc::channel(options.queue.max(1));
        let inner = match target {
            Target::Sqlite(path) => {
                let (read, read_queue) = mpsc::channel(options.queue.max(1));
                let writer = sqlite::writer(path, write_queue, Arc::clone(&counters))?;
                let shared = Arc::new(Mutex::new(read_queue));
                let mut threads = Vec::new();
                for _ in 0..options.sqlite_readers.max(1) {
                    threads.push(sqlite::reader(path, Arc::clone(&shared), Arc::clone(&counters))?);
                }
                let (behind, behind_queue) = mpsc::channel(options.queue.max(1));
                threads.push(sqlite::reader_behind(path, behind_queue, Arc::clone(&counters))?);
                Inner {
                    target: target.clone(),
                    dialect: Dialect::Sqlite,
                    write,
                    read,
                    behind,
                    readers: options.sqlite_readers.max(1),
                    writers: 1,
                    read_threads: Mutex::new(threads),
                    write_threads: Mutex::new(vec![writer]),
                    counters,
                }
            }
            Target::Postgres(url) => {
                let config = postgresql::config(url)?;
                let shared = Arc::new(Mutex::new(write_queue));
                let count = options.postgres_threads.max(1);
                let mut threads = Vec::new();
                for _ in 0..count {
                    threads.push(postgresql::worker(config.clone(), Arc::clone(&shared), Arc::clone(&counters))?);
                }
                Inner {
                    target: target.clone(),
                    dialect: Dialect::Postgres,
                    read: write.clone(),
                    behind: write.clone(),
                    write,
                    readers: 0,
                    writers: count,
                    read_threads: Mutex::default(),
                    write_threads: Mutex::new(threads),
                    counters,
                }
            }
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether no other process has the database open. Must be asked before this process opens it.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn is_free(target: &Target) -> Result<bool, StoreError> {
        match target {
            Target::Sqlite(path) => sqlite::is_free(path),
            Target::Postgres(url) => postgresql::is_free(url),
        }
    }

    /// Which database this is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Brings the tables to the form this version needs.
    ///
    /// # Errors
    /// If the database is newer, or a step fails; then nothing has changed.
    pub fn migrate(&self) -> Result<Migrated, StoreError> {
        let dialect = self.inner.dialect;
        self.write_now(move |tx| schema::migrate(tx, dialect))
    }

    /// Checks that the tables have the form this version needs.
    ///
    /// # Errors
    /// If they are older or newer.
    pub fn check_schema(&self) -> Result<(), StoreError> {
        self.read_now(schema::check)
    }

    /// Runs work that may write, in a transaction, and answers after the commit. An error undoes it.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.inner.write, work, true).await
    }

    /// Runs work that only reads, on one snapshot.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.inner.read, work, false).await
    }

    /// [`Db::read`] for work nobody waits for at a screen: counting for reports, cases of a run over many. On SQLite it has
    /// a thread of its own that steps back while others want the processor, so that pages wait for it neither there nor
    /// in the queue.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub async fn read_behind<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.inner.behind, work, false).await
    }

    /// [`Db::write`] for threads that may block; must not be called on an async worker.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub fn write_now<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run_now(&self.inner.write, work, true)
    }

    /// [`Db::read`] for threads that may block; must not be called on an async worker.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub fn read_now<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run_now(&self.inner.read, work, false)
    }

    /// [`Db::read_behind`] for threads that may block; must not be called on an async worker.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub fn read_behind_now<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run_now(&self.inner.behind, work, false)
    }

    /// Waits until everything handed over is done and ends the threads. Later work is refused. Must not be called on
    /// an async worker.
    ///
    /// The writer of SQLite ends when no other thread is left: the last connection puts the journal away and deletes it,
    /// but of two that end in the same moment each takes the other for one that stays, and the journal would lie on with
    /// all that was erased.
    pub fn close(&self) {
        for _ in 0..self.inner.readers {
            let _ = self.inner.read.blocking_send(Message::Stop);
        }
        if self.inner.readers > 0 {
            let _ = self.inner.behind.blocking_send(Message::Stop);
        }
        join(&self.inner.read_threads);
        for _ in 0..self.inner.writers {
            let _ = self.inner.write.blocking_send(Message::Stop);
        }
        join(&self.inner.write_threads);
    }

    /// Why nothing can be written, as the last attempt found: a full or read-only disk, a server that is away. A
    /// successful write puts an end to it, on a disk that was full once there is room again; a server's duties try every
    /// few seconds.
    #[must_use]
    pub fn trouble(&self) -> Option<StoreError> {
        self.inner.counters.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Room on the disk of the embedded database, in bytes: what is free, and all of it. Nothing where the database is a
    /// server's or the system does not say.
    #[must_use]
    pub fn room(&self) -> Option<(u64, u64)> {
        self.inner.counters.folder.as_deref().and_then(room_at)
    }

    /// The schema of the tables, and the newest this version knows.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn schema(&self) -> Result<(i64, i64), StoreError> {
        self.read(|tx| Ok::<_, StoreError>((schema::found(tx)?, schema::known()))).await
    }

    /// Figures since the store was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.inner.counters;
        let waiting = |queue: &mpsc::Sender<Message>| (queue.max_capacity() - queue.capacity()) as u64;
        let mut all = waiting(&self.inner.write);
        if self.inner.readers > 0 {
            all += waiting(&self.inner.read) + waiting(&self.inner.behind);
        }
        Stats {
            commits: counters.commits.load(Ordering::Relaxed),
            written: counters.written.load(Ordering::Relaxed),
            reads: counters.reads.load(Ordering::Relaxed),
            waiting: all,
        }
    }
}

fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
    for thread in threads {
        let _ = thread.join();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store has been closed".to_owned())
}

fn wrap<T, E, F>(work: F, reply: oneshot::Sender<Result<T, E>>) -> Box<dyn Job>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(Work { work: Some(work), result: None, reply, since: Instant::now() })
}

async fn run<T, E, F>(queue: &mpsc::Sender<Message>, work: F, writes: bool) -> Result<T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    queue.send(Message::Job(wrap(work, reply), writes)).await.map_err(|_| closed())?;
    answer.await.unwrap_or_else(|_| Err(closed().into()))
}

fn run_now<T, E, F>(queue: &mpsc::Sender<Message>, work: F, writes: bool) -> Result<T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    queue.blocking_send(Message::Job(wrap(work, reply), writes)).map_err(|_| closed())?;
    answer.blocking_recv().unwrap_or_else(|_| Err(closed().into()))
}

#[cfg(target_os = "linux")]
fn room_at(folder: &std::path::Path) -> Option<(u64, u64)> {
    let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
    let disk = rustix::fs::statvfs(folder).ok()?;
    // What is kept back is kept back for root.
    let free = if rustix::process::geteuid().is_root() { disk.f_bfree } else { disk.f_bavail };
    Some((free.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

#[cfg(not(target_os = "linux"))]
const fn room_at(_: &std::path::Path) -> Option<(u64, u64)> {
    None
}
