//! `/complaints/{id}/letters/{letter}`: a letter as page, PDF or JSON.

use super::answer as json_answer;
use super::attachments::as_download;
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::letters::Document;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};

/// What may be said about a draft.
pub const FIELDS: &[Field] = &[optional(
    "language",
    Kind::Line { max: 16 },
    "Language of a draft, one of the letter's. Default: the first of them.",
)];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route::api(
        Method::Get,
        "/api/v1/complaints/{id}/letters/{letter}",
        permissions::READ_CASES,
        Operation {
            query: FIELDS,
            ..Operation::get(
                "get_letter",
                "A letter by its number, or the draft of a rule by the rule's name, identifiers masked: as a page \
                 (.html), a PDF (.pdf; 406 no_font where no font has its characters), or its words with open blanks \
                 and advice on plain language (.json). Without an ending Accept decides.",
                "Complaints",
                "Letter",
            )
        },
        get(one),
    )]
}

async fn one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((case, letter)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    answer(&app, &caller, &case, &letter, raw.as_deref(), &headers).await
}

enum Form {
    Page,
    Pdf,
    Json,
}

fn form<'n>(name: &'n str, headers: &HeaderMap) -> (&'n str, Form) {
    for (ending, form) in [(".html", Form::Page), (".pdf", Form::Pdf), (".json", Form::Json)] {
        if let Some(name) = name.strip_suffix(ending) {
            return (name, form);
        }
    }
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = match accepted {
        _ if accepted.contains("text/html") => Form::Page,
        _ if accepted.contains("application/pdf") => Form::Pdf,
        _ if accepted.contains("application/json") => Form::Json,
        _ => Form::Page,
    };
    (name, form)
}

/// A letter as an answer, for both faces.
///
/// # Errors
/// Those of the desk, and a missing font.
pub(crate) async fn answer(
    app: &AppState,
    caller: &Caller,
    case: &str,
    letter: &str,
    raw: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let view = app.desk.case(caller, &CaseRef::parse(case)?).await?;
    if view.erased {
        return Err(Refusal::not_found().into());
    }
    let given = query::read(raw, FIELDS)?;
    let language = given.get("language").and_then(|value| value.as_str());
    let (name, form) = form(letter, headers);
    let document = match Document::of(app, &view, name, language) {
        Ok(document) => document,
        Err(error) => return Err(other_format(app, &view, name).map_or_else(|| error.into(), Failure::from)),
    };
    Ok(match form {
        Form::Page => shown(document.html(app)),
        Form::Pdf => as_download(&document.name("pdf"), "application/pdf", document.pdf(app).await?.into()),
        Form::Json => json_answer(StatusCode::OK, &document.json()),
    })
}

/// That a letter of this name is there, and what its ending asks for is not.
fn other_format(app: &AppState, view: &CaseView, name: &str) -> Option<Fault> {
    let (name, ending) = name.rsplit_once('.')?;
    let known = Document::of(app, view, name, None).is_ok();
    known.then(|| Fault::new("letter", "letter_format").with("ending", ending))
}

/// A page that can do nothing but be read.
fn shown(page: String) -> Response {
    let mut response = page.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
