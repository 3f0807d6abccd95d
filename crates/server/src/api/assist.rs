//! `/complaints/{id}/assist`: a summary, a draft of an answer or a translation by a machine outside, where one is connected.

use super::view::Object;
use super::{answer, input};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use desk::assist::{Ask, Assisted, FIELDS};
use desk::{Caller, CaseRef, permissions};
use domain::refusal::Refusal;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let operation = Operation {
        body: Some(FIELDS),
        ..Operation::get(
            "assist",
            "Have a machine outside summarise the case, draft an answer or translate an entry; it is told nobody's name. The use is logged.",
            "Complaints",
            "Assisted",
        )
    };
    let path = "/api/v1/complaints/{id}/assist";
    vec![Route::api(Method::Post, path, permissions::USE_ASSISTANT, operation, post(assist))]
}

async fn assist(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let ask: Ask = input(&headers, body, FIELDS).await?;
    let done = help(&app, &caller, &CaseRef::parse(&name)?, ask, visitor.language).await?;
    let told = Object::default()
        .put("kind", done.kind.code())
        .put("language", done.language)
        .put("text", done.text)
        .put("by", done.by)
        .put_some("entry", done.entry)
        .put_some("draft", done.draft);
    Ok(answer(StatusCode::OK, &told.done()))
}

/// Asks, and gives the words for a person to look at.
///
/// # Errors
/// Those of [`desk::Desk::assist`], that no assistant is connected, or that it has no words.
pub(crate) async fn help(
    app: &AppState,
    caller: &Caller,
    name: &CaseRef,
    ask: Ask,
    reader: Language,
) -> Result<Assisted, Failure> {
    let Some(assistant) = app.settings.assistant.clone() else {
        // Whether there is such a case is told by the same look as ever.
        app.desk.case(caller, name).await?;
        return Err(Refusal::conflict("no_assistant").into());
    };
    assistant.require_well()?;
    let prepared = app.desk.assist(caller, name, ask, reader.code(), assistant.limits()).await?;
    let (desk, caller, turn) = (app.desk.clone(), caller.clone(), prepared.turn.clone());
    // On its own, so that whoever asked may go away and still ask again.
    let asked = tokio::spawn(async move {
        let done = match assistant.ask(&prepared).await {
            Ok(words) => desk.assisted(&caller, prepared, &words).await,
            Err(refusal) => Err(refusal.into()),
        };
        if let Err(error) = desk.end_turn(turn).await {
            tracing::warn!(%error, "a question to the assistant ended and its turn did not; it will by itself");
        }
        done
    });
    match asked.await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Refusal::conflict("assistant_silent").into()),
    }
}
