//! Asking a running server what a draft would have changed: one at a time, with half of its processors, and no longer
//! than a person waits. Who has more cases than that allows takes the newest, asks from a later day on, downloads the
//! list, or asks on the command line.

use crate::app::AppState;
use crate::blocking::blocking;
use crate::download;
use crate::problem::Failure;
use axum::response::Response;
use desk::routing::{DryRun, Tally, dry_run};
use desk::what_if::{self, Found, Pace, WhatIf};
use desk::{Caller, DeskError};
use domain::refusal::Refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// After so long an answer says what was seen by then.
const MOST_ANSWER: Duration = Duration::from_secs(30);
/// After so long a list is broken off.
const MOST_LIST: Duration = Duration::from_secs(600);

fn pace(most: Duration) -> Pace {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Pace { workers: processors.div_ceil(2), most: Some(most) }
}

fn place(app: &AppState) -> Result<OwnedSemaphorePermit, Refusal> {
    Arc::clone(&app.what_if).try_acquire_owned().map_err(|_| Refusal::conflict("what_if_running"))
}

/// What a draft would have changed.
///
/// # Errors
/// Those of the desk; a refusal while another is being answered.
pub(crate) async fn ask(app: &AppState, caller: &Caller, ask: WhatIf) -> Result<Found, Failure> {
    let (place, by) = (place(app)?, caller.clone());
    blocking(app, move |desk| {
        let _place = place;
        what_if::prepare(desk, &by, &ask)?.run(pace(MOST_ANSWER), None)
    })
    .await
}

/// Where a draft of the routing table would send past cases.
///
/// # Errors
/// Those of the desk; a refusal while another is being answered.
pub(crate) async fn route(app: &AppState, caller: &Caller, ask: DryRun) -> Result<Tally, Failure> {
    let (place, by) = (place(app)?, caller.clone());
    blocking(app, move |desk| {
        let _place = place;
        dry_run(desk, &by, &ask, Some(MOST_ANSWER))
    })
    .await
}

/// Every clock that differs, as a file.
///
/// # Errors
/// Those of the desk; a refusal while another is being answered.
pub(crate) async fn list(app: &AppState, caller: &Caller, ask: WhatIf) -> Result<Response, Failure> {
    let (place, by) = (place(app)?, caller.clone());
    let prepared = blocking(app, move |desk| what_if::prepare(desk, &by, &ask)).await?;
    download::sent("what-if", "what-if.csv", "text/csv; charset=utf-8", move |out| {
        let _place = place;
        match prepared.run(pace(MOST_LIST), Some(out))?.complete {
            true => Ok(()),
            false => Err(DeskError::Output("time is up".to_owned())),
        }
    })
}
