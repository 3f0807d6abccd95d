//! Jobs that wait or are dead, for whoever looks after the installation.

use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::{Permission, permissions};
use domain::refusal::Refusal;

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/console/jobs", Access::Needs(permissions::READ_JOBS), get(show)),
        page(Method::Post, "/console/jobs/{id}/retry", Access::Needs(permissions::RETRY_JOBS), post(again)),
    ]
}

struct Line {
    id: String,
    kind: String,
    created: String,
    next: String,
    attempts: i64,
    error: String,
    dead: bool,
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct Jobs<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    may_retry: bool,
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let mut found = app.desk.jobs(&caller, true).await?;
    found.extend(app.desk.jobs(&caller, false).await?);
    let lines = found.into_iter().map(|job| Line {
        id: job.id.to_string(),
        kind: frame.code("job", &job.kind),
        created: frame.moment(job.created_at),
        next: if job.dead { String::new() } else { frame.moment(job.run_at) },
        attempts: job.attempts,
        error: job.error,
        dead: job.dead,
    });
    let may_retry = Permission::allows(permissions::RETRY_JOBS, &caller);
    let lines = lines.collect();
    Ok(render(&Jobs { frame: &frame, lines, may_retry }))
}

async fn again(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Refusal::not_found())?;
    app.desk.retry_job(&caller, id).await?;
    Ok(Redirect::to("/console/jobs").into_response())
}
