//! Throw-away databases of both kinds. PostgreSQL is used when `REDRESS_TEST_POSTGRES` names a server where databases
//! may be created; `make test` always sets it.

use crate::cases::{self, ListQuery, Sort};
use crate::{Db, Options, StoreError, Target, Tx, dump, reports, statements};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Variable with the address of a PostgreSQL server for tests.
pub const POSTGRES: &str = "REDRESS_TEST_POSTGRES";

/// Variable with the address of a second PostgreSQL server, which a test may restart without disturbing the others.
pub const UNSTEADY: &str = "REDRESS_TEST_POSTGRES_UNSTEADY";

/// A database that disappears when dropped.
pub struct Scratch {
    /// Where it is.
    pub target: Target,
    /// A folder for files that belong to it.
    pub folder: PathBuf,
    server: Option<String>,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let (Some(server), Target::Postgres(url)) = (&self.server, &self.target)
            && let Some((_, name)) = url.rsplit_once('/')
            && let Ok(mut client) = postgres::Client::connect(server, postgres::NoTls)
        {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// An empty SQLite database.
///
/// # Errors
/// If the temporary folder cannot be written to.
pub fn sqlite() -> Result<Scratch, String> {
    let folder = folder()?;
    Ok(Scratch { target: Target::Sqlite(folder.join("redress.db")), folder, server: None })
}

/// An empty PostgreSQL database, or `None` without a server for tests.
///
/// # Errors
/// If the server does not answer.
pub fn postgres() -> Result<Option<Scratch>, String> {
    postgres_at(POSTGRES)
}

/// An empty database on the PostgreSQL server that a variable names, or `None` if it names none.
///
/// # Errors
/// If the server does not answer.
pub fn postgres_at(variable: &str) -> Result<Option<Scratch>, String> {
    postgres_with(variable, "")
}

/// An empty PostgreSQL database that compares text as a language does, or `None` without a server for tests.
///
/// # Errors
/// If the server does not answer.
pub fn postgres_in(language: &str) -> Result<Option<Scratch>, String> {
    postgres_with(POSTGRES, &format!(" LOCALE_PROVIDER icu ICU_LOCALE '{language}' TEMPLATE template0"))
}

fn postgres_with(variable: &str, locale: &str) -> Result<Option<Scratch>, String> {
    let Some(server) = std::env::var(variable).ok().filter(|server| !server.is_empty()) else {
        eprintln!("{variable} is not set: PostgreSQL is left out");
        return Ok(None);
    };
    let name = format!("redress_{}", Uuid::now_v7().simple());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).map_err(|error| error.to_string())?;
    client.batch_execute(&format!("CREATE DATABASE {name}{locale}")).map_err(|error| error.to_string())?;
    let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base).to_owned();
    Ok(Some(Scratch { target: Target::Postgres(format!("{base}/{name}")), folder: folder()?, server: Some(server) }))
}

/// Runs a test on every kind of database.
///
/// # Errors
/// The test's own, or why a database could not be made.
pub fn each_database(test: impl Fn(&Scratch)) -> Result<(), String> {
    test(&sqlite()?);
    if let Some(scratch) = postgres()? {
        test(&scratch);
    }
    Ok(())
}

impl Scratch {
    /// Opens the database and prepares its tables.
    ///
    /// # Errors
    /// Those of the database.
    pub fn open(&self) -> Result<Db, StoreError> {
        let db = Db::open(&self.target, &Options::default())?;
        db.migrate()?;
        Ok(db)
    }

    /// The folder for files that belong to the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn folder() -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("redress-test-{}", Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    Ok(folder)
}

/// Prepares every statement there is, composed ones in every combination that differs; returns how many.
///
/// # Errors
/// The first statement the database does not accept, with its name.
pub fn prepare_all(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let mut count = 0;
    for (module, name, sql) in statements::all() {
        let wanted = (1..=40).rev().find(|n| sql.contains(&format!("?{n}"))).unwrap_or(0);
        let found = tx.prepare(sql).map_err(|error| StoreError::Sql(format!("{module}::{name}: {error}")))?;
        if found != wanted {
            return Err(StoreError::Sql(format!("{module}::{name} takes {found} values, not {wanted}")));
        }
        count += 1;
    }
    for (sql, wanted) in dump::all_statements() {
        let found = tx.prepare(&sql).map_err(|error| StoreError::Sql(format!("{sql}: {error}")))?;
        if found != wanted {
            return Err(StoreError::Sql(format!("{sql} takes {found} values, not {wanted}")));
        }
        count += 1;
    }
    for sql in reports::variants() {
        tx.prepare(&sql).map_err(|error| StoreError::Sql(format!("{sql}: {error}")))?;
        count += 1;
    }
    for query in list_queries() {
        for sql in cases::variants(&query) {
            tx.prepare(&sql).map_err(|error| StoreError::Sql(format!("{sql}: {error}")))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Runs statements a test wrote itself, to look behind the tables or to damage them.
///
/// # Errors
/// Those of the database.
pub fn raw(tx: &mut Tx<'_>, sql: &str) -> Result<(), StoreError> {
    tx.batch(sql)
}

/// How SQLite would run a list: the plan's lines.
///
/// # Errors
/// Those of the database.
pub fn plan(tx: &mut Tx<'_>, query: &ListQuery) -> Result<Vec<String>, StoreError> {
    cases::plan(tx, query)
}

/// How SQLite would run a statement, named by its module and its name: the plan's lines.
///
/// # Errors
/// If there is none of that name; those of the database.
pub fn plan_of(tx: &mut Tx<'_>, module: &str, name: &str) -> Result<Vec<String>, StoreError> {
    let found = statements::all().into_iter().find(|(within, called, _)| (*within, *called) == (module, name));
    let (_, _, sql) = found.ok_or_else(|| StoreError::Sql(format!("there is no {module}::{name}")))?;
    let values = (1..=40).take_while(|n| sql.contains(&format!("?{n}"))).map(|_| 0_i64.into());
    tx.query(&format!("EXPLAIN QUERY PLAN {sql}"), &values.collect::<Vec<_>>(), |row| row.text(3))
}

/// A query for every filter alone and with each of the others, in both orders, on first and later pages.
#[must_use]
pub fn list_queries() -> Vec<ListQuery> {
    type Filter = fn(&mut ListQuery);
    let filters: [Filter; 20] = [
        |_| {},
        |q| q.reader = Some("somebody".to_owned()),
        |q| q.scope = "31".to_owned(),
        |q| q.scope = "3101".to_owned(),
        |q| q.states = vec!["triage".to_owned()],
        |q| q.states = vec!["triage".to_owned(), "closed".to_owned()],
        |q| q.grade = Some("urgent".to_owned()),
        |q| q.category = Some("A102".to_owned()),
        |q| q.category = Some("A1".to_owned()),
        |q| q.owner_user = Some(Uuid::nil()),
        |q| q.holders = vec![Uuid::nil(), Uuid::max()],
        |q| q.owner_unit = Some(Uuid::nil()),
        |q| q.persons = Some(vec![Uuid::nil(), Uuid::max()]),
        |q| q.external = Some("X1".to_owned()),
        |q| q.due_before = Some(1),
        |q| q.due_from = Some(1),
        |q| q.received_from = Some(1),
        |q| q.received_before = Some(1),
        |q| q.categories = Some(vec!["A102".to_owned(), "B204".to_owned()]),
        |q| q.escalated = true,
    ];
    let mut queries = Vec::new();
    for (position, one) in filters.iter().enumerate() {
        for other in filters.iter().skip(position) {
            for sort in [Sort::Due, Sort::ReceivedNewest] {
                for after in [None, Some(cases::Cursor { key: 1, id: Uuid::nil() })] {
                    let mut query = ListQuery { sort, after, limit: 50, ..ListQuery::default() };
                    one(&mut query);
                    other(&mut query);
                    query.open_only = position % 2 == 0;
                    queries.push(query);
                }
            }
        }
    }
    queries
}
