//! PostgreSQL: threads that each own one blocking connection. The client is made, used and dropped on its thread only.

use crate::StoreError;
use crate::db::{Counters, Message};
use crate::dialect::Dialect;
use crate::job::{Job, Verdict};
use crate::row::Param;
use crate::tx::{Driver, Tx};
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Statement};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc;

/// Work that has not begun waits this long for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Composed list queries differ in text; more than this many kept statements would be a leak.
const MOST_STATEMENTS: usize = 400;
/// First half of the advisory locks' keys: "rdrs".
const LOCK_CLASS: i32 = 0x7264_7273;
/// More writers than this on one database are not foreseen.
const MOST_STREAMS: i32 = 4096;

const TRY_STREAM: &str = "SELECT pg_try_advisory_lock($1, $2)";
const NOTE_STREAM: &str = "INSERT INTO streams (stream, sealed) VALUES ($1, 0) ON CONFLICT (stream) DO NOTHING";
/// Streams somebody else writes.
const STREAMS_HELD: &str = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::BIGINT = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const LAST_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) FROM entries WHERE stream = $1";

/// Reads an address.
pub(crate) fn config(url: &str) -> Result<Config, StoreError> {
    // The parser's message never repeats the address, which may hold a password.
    let mut config: Config = url.parse().map_err(|error: postgres::Error| {
        StoreError::Address(std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
    })?;
    if config.get_application_name().is_none() {
        config.application_name("redress");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(3));
    }
    Ok(config)
}

/// Whether no server or command writes to the database now.
pub(crate) fn is_free(url: &str) -> Result<bool, StoreError> {
    let mut client = config(url)?.connect(NoTls)?;
    let held: i64 = client.query_one(STREAMS_HELD, &[&i64::from(LOCK_CLASS)])?.try_get(0)?;
    Ok(held == 0)
}

/// The address as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "postgres".to_owned();
    };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let shown = match rest.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split_once(':').map_or(user, |(name, _)| name)),
        None => rest.to_owned(),
    };
    format!("{scheme}://{shown}")
}

/// The stream of the log this connection writes, held by a lock of its session.
#[derive(Clone, Copy)]
struct Stream {
    number: i64,
    /// Last position committed.
    committed: i64,
    /// Last position given out in the open transaction.
    given: i64,
}

/// One connection with its prepared statements.
pub(crate) struct Session {
    client: Client,
    statements: HashMap<String, Statement>,
    stream: Option<Stream>,
    /// Set by a failed statement: from then on the open transaction can only be rolled back.
    failed: bool,
    /// Set when the log was exchanged: the session must end with its transaction.
    spent: bool,
    /// What a statement met with that is no fault of the work: a full disk, a server that only reads.
    refused: Option<StoreError>,
}

impl Session {
    fn connect(config: &Config) -> Result<Self, StoreError> {
        let mut client = config.connect(NoTls)?;
        client.batch_execute(
            "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '30s';
             SET lock_timeout = '10s'; SET client_min_messages = 'warning'; SET TimeZone = 'UTC'",
        )?;
        Ok(Self { client, statements: HashMap::new(), stream: None, failed: false, spent: false, refused: None })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&Dialect::Postgres.statement(sql))?;
        if self.statements.len() >= MOST_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        let done = self.statement(sql).and_then(|statement| Ok(self.client.execute(&statement, &bound(params))?));
        self.failed |= done.is_err();
        if let Err(error @ (StoreError::Full(_) | StoreError::ReadOnly(_))) = &done {
            self.refused = Some(error.clone());
        }
        done
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<postgres::Row>, StoreError> {
        let rows = self.statement(sql).and_then(|statement| Ok(self.client.query(&statement, &bound(params))?));
        self.failed |= rows.is_err();
        rows
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.client.batch_execute(sql).map_err(StoreError::from);
        self.failed |= done.is_err();
        done
    }

    #[cfg(feature = "testing")]
    pub(crate) fn parameter_count(&mut self, sql: &str) -> Result<usize, StoreError> {
        Ok(self.statement(sql)?.params().len())
    }

    pub(crate) fn next_position(&mut self) -> Result<(i64, i64), StoreError> {
        let stream = self.stream.as_mut().ok_or_else(|| StoreError::Sql("no stream of the log is held".to_owned()))?;
        stream.given += 1;
        Ok((stream.number, stream.given))
    }

    /// Where the stream stands, to come back to.
    pub(crate) fn mark(&self) -> Option<i64> {
        self.stream.map(|stream| stream.given)
    }

    /// Ends a part of the open transaction. One that failed is undone, and the rest goes on.
    pub(crate) fn end_part(&mut self, kept: bool, mark: Option<i64>) -> Result<(), StoreError> {
        if kept && !self.failed {
            return self.batch("RELEASE SAVEPOINT part");
        }
        if kept {
            return Err(StoreError::Sql("a failed statement was passed over".to_owned()));
        }
        self.batch("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")?;
        self.failed = false;
        if let (Some(stream), Some(given)) = (&mut self.stream, mark) {
            stream.given = given;
        }
        Ok(())
    }

    /// Lifts the time limits for the open transaction.
    pub(crate) fn take_time(&mut self) -> Result<(), StoreError> {
        self.batch("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
    }

    /// The position held in memory is worth nothing any more; a new session reads it anew.
    pub(crate) fn forget_position(&mut self) {
        self.spent = true;
    }

    /// Takes the first stream nobody writes. Before the tables exist there is none to take.
    fn take_stream(&mut self) -> Result<(), StoreError> {
        let exists: bool = self.client.query_one("SELECT to_regclass('streams') IS NOT NULL", &[])?.try_get(0)?;
        if !exists {
            return Ok(());
        }
        for number in 1..=MOST_STREAMS {
            let mine: bool = self.client.query_one(TRY_STREAM, &[&LOCK_CLASS, &number])?.try_get(0)?;
            if mine {
                let number = i64::from(number);
                self.client.execute(NOTE_STREAM, &[&number])?;
                // Read after the lock: whoever held it before has ended, so this is final.
                let committed: i64 = self.client.query_one(LAST_SEQ, &[&number])?.try_get(0)?;
                self.stream = Some(Stream { number, committed, given: committed });
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("no stream of the log is free".to_owned()))
    }

    fn begin(&mut self, writes: bool) -> Result<(), StoreError> {
        self.failed = false;
        if writes {
            if self.stream.is_none() {
                self.take_stream()?;
            }
            self.batch("BEGIN")
        } else {
            self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }
    }

    /// Ends the transaction as the work's verdict says; positions advance only with a commit.
    fn end(&mut self, verdict: Verdict) -> Result<(), StoreError> {
        let end = match verdict {
            // After a failed statement COMMIT would roll back without saying so.
            Verdict::Keep if self.failed => {
                self.batch("ROLLBACK")?;
                Err(StoreError::Sql("a failed statement was passed over".to_owned()))
            }
            Verdict::Keep => self.batch("COMMIT"),
            Verdict::Undo => self.batch("ROLLBACK"),
        };
        if let Some(stream) = &mut self.stream {
            if end.is_ok() && verdict == Verdict::Keep {
                stream.committed = stream.given;
            } else {
                stream.given = stream.committed;
            }
        }
        end
    }
}

fn bound<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

pub(crate) fn worker(
    config: Config,
    queue: Arc<Mutex<mpsc::Receiver<Message>>>,
    counters: Arc<Counters>,
) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new()
        .name("store-postgres".to_owned())
        .spawn(move || {
            let mut session: Option<Session> = None;
            loop {
                let message = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                let Some(Message::Job(job, writes)) = message else {
                    break;
                };
                if job.wanted() {
                    carry_out(&config, &mut session, job, writes, &counters);
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn carry_out(config: &Config, session: &mut Option<Session>, mut job: Box<dyn Job>, writes: bool, counters: &Counters) {
    // Until the transaction has begun nothing can be lost, so this part is tried again.
    let begun = match begun(config, session, job.as_ref(), writes) {
        Ok(begun) => begun,
        Err(error) => {
            let end = Err(error);
            counters.note(&end);
            return job.answer(end);
        }
    };
    let verdict = job.run(&mut Tx { driver: Driver::Postgres(&mut *begun) });
    let end = begun.end(verdict);
    let refused = begun.refused.take();
    if writes {
        counters.note(&refused.map_or_else(|| end.clone(), Err));
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters.written.fetch_add(1, Ordering::Relaxed);
    } else {
        counters.reads.fetch_add(1, Ordering::Relaxed);
    }
    // A failed COMMIT leaves the session in a state nobody knows; a new one is certain.
    if end.is_err() || begun.spent || begun.client.is_closed() {
        *session = None;
    }
    job.answer(end);
}

fn begun<'s>(
    config: &Config,
    session: &'s mut Option<Session>,
    job: &dyn Job,
    writes: bool,
) -> Result<&'s mut Session, StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match session.take() {
            Some(mut open) => match open.begin(writes) {
                Ok(()) => return Ok(session.insert(open)),
                Err(error) => error,
            },
            None => match Session::connect(config) {
                Ok(open) => {
                    *session = Some(open);
                    continue;
                }
                Err(error) => error,
            },
        };
        if !error.is_temporary() || job.since().elapsed() > PATIENCE {
            return Err(error);
        }
        if !job.wanted() {
            return Err(error);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("postgres://me:secret@db:5432/redress?x=1"), "postgres://me@db:5432/redress");
        assert_eq!(without_password("postgres://db/redress"), "postgres://db/redress");
        assert!(!without_password("host=db password=secret").contains("secret"));
    }

    #[test]
    fn a_bad_address_is_named_without_its_password() {
        let error = config("postgres://me:secret@db:port/x").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
