//! Backup and restore: the whole database as one file that either kind of database can take in again. It is read from
//! one snapshot beside a running server and put back in one transaction. It needs no master key and holds none: what
//! is secret in it stays wrapped. `docs/backup.md` describes the file.

mod bytes;
mod carried;
mod check;
mod make;
mod part;
pub mod read;
mod restore;
pub mod write;

pub use check::check;
pub use make::{Make, make};
pub use restore::{RESTORED, Restore, Restored, restore};

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use store::{BackupRow, Db, StoreError, administration, tables};

/// The form of the file this version writes, and the newest it reads.
pub const FORMAT: u32 = 1;
/// What a backup begins with; the line ends show at once when a transfer took it for text.
pub const MAGIC: &[u8; 18] = b"REDRESS BACKUP\r\n\x1a\n";

/// The head of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Form of the file.
    pub format: u32,
    /// Schema of the tables.
    pub schema: i64,
    /// When the snapshot was taken, UTC microseconds.
    pub made_at: i64,
    /// Version of Redress that made it.
    pub made_by: String,
    /// Every table, in the order in which they follow.
    pub tables: Vec<TableHead>,
}

/// A table in the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHead {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// How many rows follow.
    pub rows: u64,
}

/// What a whole backup holds.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Digest of everything before its end: two files with the same one hold the same.
    pub digest: String,
    /// Form of the file.
    pub format: u32,
    /// Schema of the tables.
    pub schema: i64,
    /// When the snapshot was taken, RFC 3339.
    pub made_at: String,
    /// Version of Redress that made it.
    pub made_by: String,
    /// Rows in all tables.
    pub rows: u64,
    /// Rows by table, in the file's order.
    pub tables: Vec<Counted>,
}

/// A table in a summary.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

impl Summary {
    /// Rows of a table; 0 if there is none of that name.
    #[must_use]
    pub fn rows_of(&self, name: &str) -> u64 {
        self.tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows)
    }

    fn of(file: &Path, head: &Head, bytes: u64, digest: &[u8; 32]) -> Self {
        Self {
            file: file.to_owned(),
            bytes,
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            format: head.format,
            schema: head.schema,
            made_at: jiff::Timestamp::from_microsecond(head.made_at).map(|at| at.to_string()).unwrap_or_default(),
            made_by: head.made_by.clone(),
            rows: head.rows(),
            tables: head.tables.iter().map(|table| Counted { name: table.name.clone(), rows: table.rows }).collect(),
        }
    }
}

/// Notes in the database that a backup of it was made, for whoever looks after the installation. Blocking.
///
/// # Errors
/// Those of the database.
pub fn note(db: &Db, summary: &Summary) -> Result<(), StoreError> {
    let row = BackupRow {
        made_at: summary.made_at.parse::<jiff::Timestamp>().map_or(0, |at| at.as_microsecond()),
        file: summary.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        bytes: i64::try_from(summary.bytes).unwrap_or(i64::MAX),
        entries: i64::try_from(summary.rows_of("entries")).unwrap_or(i64::MAX),
    };
    db.write_now(move |tx| administration::note_backup(tx, &row))
}

impl Head {
    /// Rows in all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().fold(0, |sum, table| sum.saturating_add(table.rows))
    }

    /// What keeps this version from reading the backup, if anything.
    fn acceptable(&self, path: &Path) -> Result<(), BackupError> {
        let known = store::dump::known_schema();
        if self.schema > known {
            return Err(BackupError::NewerSchema {
                path: path.to_owned(),
                schema: self.schema,
                known,
                made_by: self.made_by.clone(),
            });
        }
        Ok(())
    }
}

/// How far a backup or a restore is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The table at hand.
    pub table: &'a str,
    /// Rows done, of all tables.
    pub rows: u64,
    /// Rows there are.
    pub of: u64,
}

/// Who wants to know how far it is.
pub type Watch = Box<dyn FnMut(Progress<'_>) + Send>;

/// Where a backup is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {at}{}: {what}", place(.table.as_deref(), *.row))]
pub struct Damage {
    /// Where the block begins that does not fit.
    pub at: u64,
    /// The table at hand.
    pub table: Option<String>,
    /// The row of it that comes next, from 1.
    pub row: u64,
    /// What is wrong.
    pub what: String,
}

fn place(table: Option<&str>, row: u64) -> String {
    table.map_or_else(String::new, |table| format!(" (table {table}, from row {row})"))
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// There is a file of that name.
    #[error("{0} exists; name another file, or say --overwrite")]
    Exists(PathBuf),
    /// Another backup is being written to the same name.
    #[error("{0} is being written by another backup")]
    Busy(PathBuf),
    /// The file is something else.
    #[error("{0} is no backup of Redress")]
    NoBackup(PathBuf),
    /// The file has a form of later.
    #[error(
        "{path} has form {format}, this version reads {FORMAT}; restore it with the version that made it ({made_by}) or a later one"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its form.
        format: u64,
        /// Version of Redress that made it.
        made_by: String,
    },
    /// The tables are those of a later version.
    #[error(
        "{path} has schema {schema}, this version knows {known}; restore it with the version that made it ({made_by}) or a later one"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        schema: i64,
        /// Newest schema this version knows.
        known: i64,
        /// Version of Redress that made it.
        made_by: String,
    },
    /// The file is damaged.
    #[error("{path}: {damage}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        damage: Damage,
    },
    /// The database holds something already.
    #[error(
        "the database holds {cases} cases and {users} users; nothing was restored. Restore into a new database, or say --discard-existing to lose what is there"
    )]
    Occupied {
        /// Cases.
        cases: u64,
        /// Users.
        users: u64,
    },
    /// A server or a command works with the database.
    #[error("a server or another command has the database open; stop it first. Nothing was restored")]
    InUse,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// The tables of this version with their columns, as a head names them.
#[must_use]
pub fn tables_of_today() -> Vec<TableHead> {
    tables::TABLES
        .iter()
        .map(|table| TableHead {
            name: table.name.to_owned(),
            columns: table.columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            rows: 0,
        })
        .collect()
}
