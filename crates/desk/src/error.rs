//! Why the desk did not do something.

use crate::vault::cipher::CipherError;
use crate::vault::master::MasterError;
use domain::refusal::Refusal;
use store::StoreError;

/// Why the desk did not do something.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A rule says no; the value says why.
    #[error("refused: {}", .0.code)]
    Refused(Box<Refusal>),
    /// The case changed since the version the caller saw.
    #[error("the case is at version {current}")]
    Stale {
        /// Version now.
        current: i64,
        /// What happened since: version, verb, UTC microseconds.
        since: Vec<(i64, String, i64)>,
    },
    /// Another command on a case that this one touches came first; trying again decides anew.
    #[error("another command came first")]
    Overtaken,
    /// Too many attempts.
    #[error("too many attempts; try again in {retry_after} s")]
    TooMany {
        /// Seconds to wait.
        retry_after: i64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key or ciphertext.
    #[error(transparent)]
    Cipher(#[from] CipherError),
    /// The master key file.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// A file or stream the caller named.
    #[error("{0}")]
    Output(String),
    /// The stored bytes of an attachment are not those that were attached; never the caller's fault.
    #[error("{0}")]
    DamagedAttachment(String),
    /// The log contradicts itself; never the caller's fault.
    #[error("the log is damaged: {0}")]
    Damaged(String),
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<domain::event::UnreadableEntry> for DeskError {
    fn from(error: domain::event::UnreadableEntry) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<domain::case::BrokenLog> for DeskError {
    fn from(error: domain::case::BrokenLog) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl DeskError {
    /// Whether trying again later may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Overtaken) || matches!(self, Self::Store(error) if error.is_temporary())
    }
}
