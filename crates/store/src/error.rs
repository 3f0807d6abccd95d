//! What can go wrong with a database, in the words of whoever has to react.

/// Why the database did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, is busy or was closed. What was in flight may or may not have happened.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It may not be written to.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
    /// The disk is full.
    #[error("the disk is full: {0}")]
    Full(String),
    /// A uniqueness or other constraint was violated.
    #[error("constraint violated: {name}")]
    Constraint {
        /// As the database names it.
        name: String,
    },
    /// The file is damaged or no database.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// It was written by a newer version of Redress.
    #[error("the database has schema {found}, newer than the {known} this version knows")]
    Newer {
        /// Schema found.
        found: i64,
        /// Newest schema this version knows.
        known: i64,
    },
    /// It has not been prepared for this version.
    #[error("the database has schema {found} but this version needs {known}; run `redress migrate`")]
    Older {
        /// Schema found.
        found: i64,
        /// Schema needed.
        known: i64,
    },
    /// The address makes no sense.
    #[error("bad database address: {0}")]
    Address(String),
    /// A statement failed for another reason; a mistake in Redress.
    #[error("statement failed: {0}")]
    Sql(String),
    /// Work handed over panicked; its transaction was rolled back.
    #[error("internal error while using the database")]
    Panicked,
}

impl StoreError {
    /// Whether trying again later may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full(_) | Self::ReadOnly(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        let Some(code) = error.sqlite_error_code() else {
            return Self::Sql(text);
        };
        // Where the disk is full when the index of the journal has to grow, SQLite has a name of its own for it.
        let extended = error.sqlite_error().map(|error| error.extended_code);
        if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::Full(text);
        }
        match code {
            Code::ConstraintViolation => Self::Constraint { name: constraint(&text) },
            Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::SystemIoFailure
            | Code::CannotOpen
            | Code::FileLockingProtocolFailed
            | Code::OperationInterrupted
            | Code::OutOfMemory => Self::Unavailable(text),
            Code::ReadOnly => Self::ReadOnly(text),
            Code::DiskFull => Self::Full(text),
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt(text),
            _ => Self::Sql(text),
        }
    }
}

/// `UNIQUE constraint failed: cases.number` names the columns after the colon.
fn constraint(text: &str) -> String {
    text.rsplit_once(": ").map_or(text, |(_, name)| name).to_owned()
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            // Everything that is not an answer of the database is trouble on the way to it, or a mistake of ours.
            return if error.is_closed() || std::error::Error::source(&error).is_some_and(|s| s.is::<std::io::Error>()) {
                Self::Unavailable(error.to_string())
            } else {
                Self::Sql(describe(&error))
            };
        };
        let text = format!("{} ({})", db.message(), db.code().code());
        match db.code().code() {
            code if code.starts_with("23") => {
                Self::Constraint { name: db.constraint().unwrap_or(db.message()).to_owned() }
            }
            // Connection trouble, resources, operator intervention, serialisation, lock timeouts.
            code if code.starts_with("08") || code.starts_with("57") || code.starts_with("40") => {
                Self::Unavailable(text)
            }
            "53100" => Self::Full(text),
            "25006" => Self::ReadOnly(text),
            "55P03" => Self::Unavailable(text),
            code if code.starts_with("53") => Self::Unavailable(text),
            code if code.starts_with("XX") => Self::Corrupt(text),
            _ => Self::Sql(text),
        }
    }
}

fn describe(error: &postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
