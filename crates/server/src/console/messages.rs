//! Messages to the customer on the page of a case, and what somebody is writing.

use super::form::Typed;
use super::{Frame, page, staff_form};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use desk::drafts::{self, Draft, NewDraft};
use desk::outbox::Carried;
use desk::{Caller, CaseRef, permissions};
use domain::case::message::Stage;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::DRAFT);
    vec![page(Method::Post, "/console/cases/{id}/draft", may, post(keep))]
}

/// A message as a line.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) standing: String,
    pub(super) about: String,
    pub(super) failed: bool,
}

/// The messages of a case, newest first.
pub(super) fn shown(frame: &Frame<'_>, all: &[Carried]) -> Vec<Shown> {
    let one = |message: &Carried| {
        let at = frame.moment(message.at);
        let about = match (message.stage, message.why) {
            (None, _) if message.quiet => frame.tv("messages.quiet", &[("at", &at)]),
            (None, _) => frame.tv("messages.next", &[("at", &at), ("tries", &message.attempts.to_string())]),
            (Some(_), Some(why)) => format!("{at} · {}", frame.code("message_why", why.code())),
            (Some(_), None) => at,
        };
        Shown {
            title: format!(
                "{} · {}",
                frame.code("message_what", message.what.code()),
                frame.code("way", message.way.code())
            ),
            standing: frame.code("message_stage", message.stage.map_or("waits", Stage::code)),
            about,
            failed: message.stage == Some(Stage::Failed),
        }
    };
    all.iter().rev().map(one).collect()
}

/// What the reader was writing to the customer of a case.
///
/// # Errors
/// Those of the desk.
pub(super) async fn of(app: &AppState, caller: &Caller, case: &CaseRef) -> Result<Vec<Draft>, Failure> {
    if !permissions::DRAFT.allows(caller) {
        return Ok(Vec::new());
    }
    Ok(app.desk.drafts(caller, case).await?)
}

/// Keeps what is in a form of the page. The script of the page sends the same now and then.
async fn keep(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let draft: NewDraft = staff_form::read(&typed, drafts::FIELDS, &frame)?;
    let verb = draft.verb.clone();
    app.desk.keep_draft(&caller, &case, draft).await?;
    if !extract::wants_page(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Redirect::to(&format!("/console/cases/{name}?do={verb}&kept=1#do-{verb}")).into_response())
}
