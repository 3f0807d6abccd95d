//! `/complaints/{id}/attachments`: files of a case; and the whole case as an archive.

use super::cases::{replayed, tagged};
use super::{answer, view};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use crate::{archive, query, upload};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use desk::queries::attachment::{self, OpenAttachment};
use desk::{Caller, CaseRef, permissions};
use domain::case::attach;
use domain::fault::Fault;
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |method, path, permission, operation, handler| Route {
        method,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(operation),
        handler,
    };
    let operation = |id, summary, answer| Operation::get(id, summary, "Attachments", answer);
    let list = "/api/v1/complaints/{id}/attachments";
    vec![
        row(
            Method::Post,
            list,
            permissions::ATTACH,
            Operation {
                body: Some(attach::FIELDS),
                upload: true,
                status: 201,
                ..operation(
                    "attach",
                    "Attach a file of at most 20 MiB. If-Match is optional; the same bytes again are answered with the attachment that is there.",
                    "Attachment",
                )
            },
            post(add),
        ),
        row(
            Method::Get,
            list,
            permissions::READ_CASES,
            operation("list_attachments", "The files of a case, identifiers in their names masked.", "Attachments"),
            get(all),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/attachments/{attachment}",
            permissions::READ_ATTACHMENTS,
            Operation {
                query: attachment::FIELDS,
                ..operation("get_attachment", "The bytes of a file, as a download; the access is logged.", "File")
            },
            get(one),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/archive",
            permissions::EXPORT_CASE,
            Operation {
                query: desk::archive::FIELDS,
                ..operation(
                    "get_archive",
                    "The whole case, unmasked, as a ZIP that anybody can read and verify; the access is logged.",
                    "Archive",
                )
            },
            get(whole),
        ),
    ]
}

async fn add(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let seen = headers.contains_key(header::IF_MATCH).then(|| extract::seen(&headers)).transpose()?;
    let done = upload::take(&app, &caller, &name, seen, upload::Door::House, &headers, body).await?;
    let view = app.desk.case(&caller, &CaseRef::Id(done.case)).await?;
    let attached = view.case.attachments.iter().find(|one| one.id == done.id).ok_or_else(Refusal::not_found)?;
    let mut body = view::attachment(attached, &view);
    if let Some(object) = body.as_object_mut() {
        object.insert("version".to_owned(), json!(view.case.version));
    }
    let mut response = answer(StatusCode::CREATED, &body);
    let place = format!("/api/v1/complaints/{}/attachments/{}", done.case, done.id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(replayed(tagged(response, view.case.version), done.replayed))
}

async fn all(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let view = app.desk.case(&caller, &CaseRef::parse(&name)?).await?;
    let body = json!({"items": view::attachments(&view)});
    Ok(tagged(answer(StatusCode::OK, &body), view.case.version))
}

async fn one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((name, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    download(&app, &caller, &name, &id, raw.as_deref()).await
}

/// An attachment as an answer, for both faces.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn download(
    app: &AppState,
    caller: &Caller,
    name: &str,
    id: &str,
    raw: Option<&str>,
) -> Result<Response, Failure> {
    let given = query::read(raw, attachment::FIELDS)?;
    let why = serde_json::from_value(Value::Object(given)).map_err(|_| Fault::new("", "unreadable"))?;
    let id = id.parse().map_err(|_| Refusal::not_found())?;
    let OpenAttachment { name, media, bytes } = app.desk.attachment(caller, &CaseRef::parse(name)?, id, why).await?;
    Ok(as_download(&name, &media, bytes.into()))
}

async fn whole(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    // Whoever may see no such case learns nothing about how to ask.
    let name = CaseRef::parse(&name)?;
    app.desk.case(&caller, &name).await?;
    let given = query::read(raw.as_deref(), desk::archive::FIELDS)?;
    let ask = serde_json::from_value(Value::Object(given)).map_err(|_| Fault::new("", "unreadable"))?;
    archive::answer(&app, &caller, &name, None, ask).await
}

/// Bytes that a browser keeps and never shows: whatever they hold runs nowhere near the console.
pub(crate) fn as_download(name: &str, media: &str, body: Body) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", query::encode(name));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    for (header, value) in [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(header, value);
        }
    }
    response
}
