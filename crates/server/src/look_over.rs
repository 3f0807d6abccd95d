//! Looking over everybody in a request, for a dry run or a plan: one at a time, and no longer than a person waits. The
//! command line has no limit.

use crate::app::AppState;
use crate::blocking::blocking;
use crate::problem::Failure;
use desk::Caller;
use desk::retention::plan::{self, DryRun, NewPlan};
use domain::refusal::Refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// After so long a dry run is refused.
const MOST_LOOK: Duration = Duration::from_secs(60);
/// After so long a plan is refused: whoever makes one waits once, and cannot make it anywhere else.
const MOST_PLAN: Duration = Duration::from_secs(600);

fn place(app: &AppState) -> Result<OwnedSemaphorePermit, Refusal> {
    Arc::clone(&app.look_over).try_acquire_owned().map_err(|_| Refusal::conflict("look_running"))
}

/// Who would be erased now.
///
/// # Errors
/// Those of the desk; a refusal while another looks.
pub(crate) async fn dry_run(app: &AppState, caller: &Caller) -> Result<DryRun, Failure> {
    let (place, by) = (place(app)?, caller.clone());
    blocking(app, move |desk| {
        let _place = place;
        plan::dry_run(desk, &by, Some(MOST_LOOK))
    })
    .await
}

/// Makes a plan.
///
/// # Errors
/// Those of the desk; a refusal while another looks.
pub(crate) async fn make(app: &AppState, caller: &Caller, new: NewPlan) -> Result<Uuid, Failure> {
    let (place, by) = (place(app)?, caller.clone());
    blocking(app, move |desk| {
        let _place = place;
        plan::make(desk, &by, &new, Some(MOST_PLAN))
    })
    .await
}
