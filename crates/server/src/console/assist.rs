//! What a machine outside says of a case, on its page: shown where somebody asked for it, or put into the box of an answer as a
//! draft that is marked as a machine's.

use super::case::{drawn_with_help, troubled};
use super::form::Typed;
use super::{Frame, page, staff_form};
use crate::api::assist::help;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use desk::assist::{Ask, Assisted, FIELDS, Kind};
use desk::drafts::{self, NewDraft};
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, permissions};

pub(super) fn routes() -> Vec<Route> {
    let may = || Access::Needs(permissions::USE_ASSISTANT);
    vec![
        page(Method::Post, "/console/cases/{id}/assist", may(), post(ask)),
        page(Method::Post, "/console/cases/{id}/assist/draft", may(), post(draft)),
    ]
}

/// The words on the page.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) language: &'static str,
    pub(super) text: String,
    pub(super) by: String,
}

impl Shown {
    pub(super) fn of(frame: &Frame<'_>, done: Assisted) -> Self {
        let title = match (done.kind, done.entry) {
            (Kind::Translation, Some(entry)) => frame.tv("assist.translated", &[("entry", &entry.to_string())]),
            (kind, _) => frame.t(&format!("assist.kind.{}", kind.code())),
        };
        Self { title, language: done.language, text: done.text, by: frame.tv("assist.by", &[("by", &done.by)]) }
    }
}

/// Whether the assistant can be asked from the page of a case as it is now.
pub(super) fn offered(frame: &Frame<'_>, caller: &Caller, view: &CaseView) -> bool {
    frame.app.settings.assistant.is_some()
        && permissions::USE_ASSISTANT.allows(caller)
        && !view.erased
        && caller.actor.area.covers(&view.case.record.region)
}

async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let asked = match staff_form::read::<Ask>(&typed, FIELDS, &Frame::new(&app, &visitor)) {
        Ok(ask) => help(&app, &caller, &name, ask, visitor.language).await,
        Err(failure) => Err(failure),
    };
    match asked {
        Ok(done) => {
            let view = app.desk.case(&caller, &name).await?;
            drawn_with_help(&app, &visitor, &caller, &view, done).await
        }
        Err(failure) => told(&app, &visitor, &caller, &name, failure).await,
    }
}

async fn draft(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let written: NewDraft = staff_form::read(&typed, drafts::FIELDS, &Frame::new(&app, &visitor))?;
    // What stands in the box is kept first: a machine's words take nobody's place.
    app.desk.keep_draft(&caller, &case, written).await?;
    let holder = app.desk.case(&caller, &case).await?.case.owner.user;
    // Whoever has to answer the customer sees whom they answer.
    let answers = holder.is_some() && holder == caller.actor.user() && permissions::REVEAL.allows(&caller);
    let purpose = answers.then(|| "contact".to_owned());
    let ask = Ask { kind: Kind::Draft.code().to_owned(), entry: None, language: None, purpose, reason: None };
    match help(&app, &caller, &case, ask, visitor.language).await {
        Ok(done) => {
            let verb = done.draft.unwrap_or_default();
            Ok(Redirect::to(&format!("/console/cases/{name}?do={verb}#do-{verb}")).into_response())
        }
        Err(failure) => told(&app, &visitor, &caller, &case, failure).await,
    }
}

/// Why there are no words, on the page of the case.
async fn told(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    case: &CaseRef,
    failure: Failure,
) -> Result<Response, Failure> {
    let told = failure.tell(app, visitor.language);
    if !matches!(told.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT | StatusCode::FORBIDDEN) {
        return Err(failure);
    }
    troubled(app, visitor, caller, case, (desk::assist::PURPOSE, None), told).await
}
