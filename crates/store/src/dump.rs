//! Copying whole tables, row by row and in pages, out of one database and into another of either kind.

use crate::tables::{Kind, LEFT_OUT, TABLES, Table};
use crate::{Param, Row, StoreError, Tx, schema};
use std::fmt::Write as _;

/// A statement takes about so many values at once: fewer ways to the server and back, and far from either limit.
const VALUES: usize = 2_000;

/// A value of any column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl<'a> From<&'a Value> for Param<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Int(*value),
            Value::Text(value) => Self::Text(value),
            Value::Blob(value) => Self::Blob(value),
        }
    }
}

impl Value {
    /// Whether a column of a kind can hold it.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        match self {
            Self::Null => true,
            Self::Int(_) => kind == Kind::Int,
            Self::Text(_) => kind == Kind::Text,
            Self::Blob(_) => kind == Kind::Blob,
        }
    }
}

fn value(row: &Row<'_>, column: usize, kind: Kind) -> Result<Value, StoreError> {
    Ok(match kind {
        Kind::Int => row.opt_int(column)?.map_or(Value::Null, Value::Int),
        Kind::Text => row.opt_text(column)?.map_or(Value::Null, Value::Text),
        Kind::Blob => row.opt_blob(column)?.map_or(Value::Null, Value::Blob),
    })
}

fn names(columns: impl Iterator<Item = &'static str>) -> String {
    columns.collect::<Vec<_>>().join(", ")
}

fn holes(from: usize, count: usize) -> String {
    let mut text = String::new();
    for n in from..from + count {
        let comma = if n == from { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}?{n}");
    }
    text
}

/// The statement that reads a page: the first one, or one that begins after a key.
pub(crate) fn page_statement(table: &Table, first: bool) -> String {
    let all = names(table.columns.iter().map(|(name, _)| *name));
    let key = names(table.columns.iter().take(table.key).map(|(name, _)| *name));
    let (after, limit) =
        if first { (String::new(), 1) } else { (format!(" WHERE ({key}) > ({})", holes(1, table.key)), table.key + 1) };
    format!("SELECT {all} FROM {}{after} ORDER BY {key} LIMIT ?{limit}", table.name)
}

/// The statement that counts a table's rows.
pub(crate) fn count_statement(table: &Table) -> String {
    format!("SELECT COUNT(*) FROM {}", table.name)
}

/// The statement that writes so many rows of the columns named by their places.
pub(crate) fn insert_statement(table: &Table, columns: &[usize], rows: usize) -> String {
    let named = names(columns.iter().filter_map(|column| table.columns.get(*column)).map(|(name, _)| *name));
    let mut sql = format!("INSERT INTO {} ({named}) VALUES ", table.name);
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}({})", holes(1 + row * columns.len(), columns.len()));
    }
    sql
}

/// How many rows a table has in this snapshot.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, table: &Table) -> Result<u64, StoreError> {
    let counted = tx.query_one(&count_statement(table), &[], |row| row.int(0))?;
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// The next rows after `last`, in the order of the table's key; none when there are no more.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, table: &Table, last: Option<&[Value]>) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut params: Vec<Param<'_>> =
        last.map_or_else(Vec::new, |row| row.iter().take(table.key).map(Param::from).collect());
    params.push(table.page.into());
    tx.query(&page_statement(table, last.is_none()), &params, |row| {
        table.columns.iter().enumerate().map(|(column, (_, kind))| value(row, column, *kind)).collect()
    })
}

/// Writes rows; `columns` says which of the table's columns the values of each row are for, by their places.
///
/// # Errors
/// Those of the database; `Constraint` when a row is there already.
pub fn insert(tx: &mut Tx<'_>, table: &Table, columns: &[usize], rows: &[Vec<Value>]) -> Result<(), StoreError> {
    let most = (VALUES / columns.len().max(1)).max(1);
    for some in rows.chunks(most) {
        let params: Vec<Param<'_>> = some.iter().flatten().map(Param::from).collect();
        tx.execute(&insert_statement(table, columns, some.len()), &params)?;
    }
    Ok(())
}

/// What a database holds that a restore would take the place of: cases and users. A database without tables holds
/// none.
///
/// # Errors
/// `Newer` when this version does not know its tables; those of the database.
pub fn holdings(tx: &mut Tx<'_>) -> Result<(u64, u64), StoreError> {
    let found = schema::found(tx)?;
    if found > schema::known() {
        return Err(StoreError::Newer { found, known: schema::known() });
    }
    let mut counted = [0, 0];
    if found > 0 {
        for (count_of, name) in counted.iter_mut().zip(["cases", "users"]) {
            if let Some(table) = crate::tables::by_name(name) {
                *count_of = count(tx, table)?;
            }
        }
    }
    let [cases, users] = counted;
    Ok((cases, users))
}

/// Empties the database and makes the tables of a schema, without their indexes: rows come in faster that way. What was
/// there is overwritten: somebody whose wrapped key lay on in it would come back with the backup under the same key, and
/// could be read by that copy after their erasure.
///
/// # Errors
/// Those of the database.
pub fn begin_restore(tx: &mut Tx<'_>, schema: i64) -> Result<(), StoreError> {
    tx.overwrite_freed()?;
    for name in TABLES.iter().map(|table| table.name).chain(LEFT_OUT.iter().map(|(name, _)| *name)) {
        tx.batch(&format!("DROP TABLE IF EXISTS {name}"))?;
    }
    tx.forget_position();
    schema::create(tx, schema)
}

/// Makes the indexes of the schema the rows came in, and brings everything to the form this version needs.
///
/// # Errors
/// Those of the database; `Constraint` when rows that came in contradict each other.
pub fn finish_restore(tx: &mut Tx<'_>, schema: i64) -> Result<(), StoreError> {
    schema::index(tx, schema)?;
    let dialect = tx.dialect();
    schema::migrate(tx, dialect).map(drop)
}

/// The schema of the database's tables; 0 without tables.
///
/// # Errors
/// Those of the database.
pub fn schema_found(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    schema::found(tx)
}

/// The newest schema this version knows.
#[must_use]
pub fn known_schema() -> i64 {
    schema::known()
}

/// Every statement of this file, for the test that prepares them all, with how many values it takes.
#[cfg(feature = "testing")]
pub(crate) fn all_statements() -> Vec<(String, usize)> {
    let mut all = Vec::new();
    for table in TABLES {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        all.push((count_statement(table), 0));
        all.push((page_statement(table, true), 1));
        all.push((page_statement(table, false), table.key + 1));
        all.push((insert_statement(table, &columns, 2), columns.len() * 2));
    }
    all
}
