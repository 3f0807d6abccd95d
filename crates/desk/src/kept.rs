//! What is kept as JSON beside the log: payloads of jobs, what became of runs, details of administration.

use crate::error::DeskError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes something of ours.
///
/// # Errors
/// If it has no JSON form.
pub(crate) fn written<T: Serialize + ?Sized>(what: &T) -> Result<String, DeskError> {
    serde_json::to_string(what).map_err(|error| DeskError::Damaged(error.to_string()))
}

/// Reads it back.
///
/// # Errors
/// If it is not what was written.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, DeskError> {
    serde_json::from_str(text).map_err(|error| DeskError::Damaged(error.to_string()))
}
