//! Work of the desk that may not run on an async worker: it waits for the database, or hashes passwords, which takes a
//! while on purpose.

use crate::app::AppState;
use crate::problem::Failure;
use desk::{Desk, DeskError};

/// Runs it aside.
///
/// # Errors
/// The work's own.
pub(crate) async fn blocking<T: Send + 'static>(
    app: &AppState,
    work: impl FnOnce(&Desk) -> Result<T, DeskError> + Send + 'static,
) -> Result<T, Failure> {
    let desk = app.desk.clone();
    let done = tokio::task::spawn_blocking(move || work(&desk)).await;
    Ok(done.map_err(|error| DeskError::Damaged(error.to_string()))??)
}
