//! A transaction as work sees it: statements, rows, and positions in the log's streams.

use crate::StoreError;
use crate::dialect::Dialect;
use crate::postgresql::Session;
use crate::row::{Param, Row};
use crate::sqlite::Positions;

/// An open transaction. Its end belongs to the store.
pub struct Tx<'a> {
    pub(crate) driver: Driver<'a>,
}

pub(crate) enum Driver<'a> {
    Sqlite(&'a rusqlite::Connection, &'a Positions),
    Postgres(&'a mut Session),
}

impl Tx<'_> {
    /// Runs a statement and returns how many rows it touched.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, _) => {
                let mut statement = connection.prepare_cached(&Dialect::Sqlite.statement(sql))?;
                let touched = statement.execute(rusqlite::params_from_iter(params))?;
                Ok(touched as u64)
            }
            Driver::Postgres(session) => session.execute(sql, params),
        }
    }

    /// Runs a query and maps its rows.
    ///
    /// # Errors
    /// If the database refuses or a row cannot be mapped.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, _) => {
                let mut statement = connection.prepare_cached(&Dialect::Sqlite.statement(sql))?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                let mut mapped = Vec::new();
                while let Some(row) = rows.next()? {
                    mapped.push(map(&Row::Sqlite(row))?);
                }
                Ok(mapped)
            }
            Driver::Postgres(session) => {
                session.query(sql, params)?.iter().map(|row| map(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Runs a query that gives at most one row of interest.
    ///
    /// # Errors
    /// If the database refuses or the row cannot be mapped.
    pub fn query_opt<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.query(sql, params, map)?.into_iter().next())
    }

    /// Runs a query that always gives a row.
    ///
    /// # Errors
    /// If it gives none, the database refuses or the row cannot be mapped.
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.query_opt(sql, params, map)?.ok_or_else(|| StoreError::Sql("a query gave no row".to_owned()))
    }

    /// Runs a part of the work that may fail without taking the rest with it: what it wrote is then undone, and its
    /// positions in the log are given back.
    ///
    /// # Errors
    /// Outside: the transaction is lost as a whole. Inside: the part's own.
    pub fn attempt<T, E>(
        &mut self,
        part: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        self.batch("SAVEPOINT part")?;
        let before = match &mut self.driver {
            Driver::Sqlite(_, positions) => positions.mark(),
            Driver::Postgres(session) => session.mark(),
        };
        let outcome = part(self);
        match &mut self.driver {
            Driver::Sqlite(connection, positions) => {
                if connection.is_autocommit() {
                    // A full disk or a failing one makes SQLite roll everything back by itself.
                    return Err(StoreError::Unavailable("the transaction was rolled back by the database".to_owned()));
                }
                if outcome.is_err() {
                    positions.back_to(before);
                    connection.execute_batch("ROLLBACK TO part")?;
                }
                connection.execute_batch("RELEASE part")?;
            }
            Driver::Postgres(session) => session.end_part(outcome.is_ok(), before)?,
        }
        Ok(outcome)
    }

    /// Several statements without values, as table definitions are.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, _) => Ok(connection.execute_batch(sql)?),
            Driver::Postgres(session) => session.batch(sql),
        }
    }

    /// Whether the database accepts a statement; returns how many values it wants.
    #[cfg(feature = "testing")]
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<usize, StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, _) => Ok(connection.prepare(&Dialect::Sqlite.statement(sql))?.parameter_count()),
            Driver::Postgres(session) => session.parameter_count(sql),
        }
    }

    /// Lets this transaction take as long as it needs; otherwise PostgreSQL ends one that runs or rests for half a
    /// minute. For work that reads or writes everything.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn take_time(&mut self) -> Result<(), StoreError> {
        match &mut self.driver {
            Driver::Sqlite(..) => Ok(()),
            Driver::Postgres(session) => session.take_time(),
        }
    }

    /// Says that the log was exchanged in this transaction: where the stream stood is no longer known.
    pub(crate) fn forget_position(&mut self) {
        match &mut self.driver {
            Driver::Sqlite(_, positions) => positions.forget(),
            Driver::Postgres(session) => session.forget_position(),
        }
    }

    /// Has whole pages overwritten as well when they become free, on this connection from now on. `FAST` leaves them as
    /// they are, because each would be written once more; PostgreSQL gives the files of a dropped table back.
    pub(crate) fn overwrite_freed(&mut self) -> Result<(), StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, _) => Ok(connection.execute_batch("PRAGMA secure_delete = ON")?),
            Driver::Postgres(_) => Ok(()),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.driver {
            Driver::Sqlite(..) => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The next position in this writer's stream of the log: stream and sequence number, gapless in the order of
    /// commits. A transaction that is rolled back gives its positions back.
    ///
    /// # Errors
    /// If the stream cannot be read.
    pub fn next_position(&mut self) -> Result<(i64, i64), StoreError> {
        match &mut self.driver {
            Driver::Sqlite(connection, positions) => positions.next(connection),
            Driver::Postgres(session) => session.next_position(),
        }
    }
}
