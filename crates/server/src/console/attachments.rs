//! The files of a case on its page: listed, added without any script, kept by the browser and never shown; and the
//! way to take the whole case out.

use super::form::{Draw, Input, Typed};
use super::{Frame, page};
use crate::api::attachments::download;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use crate::{archive, upload};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, Permission, permissions};
use domain::case::bundle::Concern;
use domain::case::{Attachment, attach};
use domain::refusal::Refusal;
use domain::shape::{self, Field};

/// A file on the page.
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) name: String,
    /// What it is, how large, since when.
    pub(super) about: String,
    pub(super) note: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Post, "/console/cases/{id}/attachments", Access::Needs(permissions::ATTACH), post(add)),
        page(
            Method::Get,
            "/console/cases/{id}/attachments/{attachment}",
            Access::Needs(permissions::READ_ATTACHMENTS),
            get(one),
        ),
        page(Method::Post, "/console/cases/{id}/archive", Access::Needs(permissions::EXPORT_CASE), post(whole)),
        page(Method::Post, "/console/cases/{id}/person-data", Access::Needs(permissions::EXPORT_PERSON), post(person)),
    ]
}

/// The files of a case and what a caller can do with them.
pub(super) struct Files {
    pub(super) listed: Vec<Listed>,
    /// Whether their bytes may be read.
    pub(super) readable: bool,
    /// Boxes beside the file to attach; none when the caller may not.
    pub(super) attach: Vec<Input>,
    pub(super) attach_open: bool,
    /// Boxes for taking the case out; none when the caller may not.
    pub(super) export: Vec<Input>,
    pub(super) export_open: bool,
    /// Boxes for taking out all that is kept about the person; none when the caller may not.
    pub(super) person: Vec<Input>,
    pub(super) person_open: bool,
}

/// What was refused before this page was drawn: the verb, what was typed, what is wrong with it.
type Refused<'a> = (Option<&'static str>, Option<(&'static str, &'a Typed)>, &'a [(String, String, String)]);

/// Everything about files on the page of a case; a case as it stood earlier is only looked at.
pub(super) fn files(
    frame: &Frame<'_>,
    caller: &Caller,
    view: &CaseView,
    past: bool,
    (refused, typed, errors): Refused<'_>,
) -> Files {
    let nothing = Typed::default();
    let boxes = |permission: Permission, fields: &'static [Field]| {
        if past || !permission.allows(caller) {
            return Vec::new();
        }
        let words = permission.name();
        let typed = typed.filter(|(verb, _)| *verb == words).map_or(&nothing, |(_, typed)| typed);
        let errors = if refused == Some(words) { errors } else { &[] };
        Draw { frame, words, typed, errors, known: &|_| Vec::new() }.inputs("", fields)
    };
    Files {
        listed: listed(frame, view),
        readable: permissions::READ_ATTACHMENTS.allows(caller) && !view.erased,
        attach: if view.erased { Vec::new() } else { boxes(permissions::ATTACH, attach::FIELDS) },
        attach_open: refused == Some(permissions::ATTACH.name()),
        export: boxes(permissions::EXPORT_CASE, desk::archive::FIELDS),
        export_open: refused == Some(permissions::EXPORT_CASE.name()),
        person: if view.erased {
            Vec::new()
        } else {
            boxes(permissions::EXPORT_PERSON, desk::retention::subject::FIELDS)
        },
        person_open: refused == Some(permissions::EXPORT_PERSON.name()),
    }
}

fn listed(frame: &Frame<'_>, view: &CaseView) -> Vec<Listed> {
    let words =
        |text: Option<&domain::free_text::FreeText>| text.and_then(|text| text.plain()).unwrap_or_default().to_owned();
    let file = |one: &Attachment| Listed {
        id: one.id.to_string(),
        name: words(Some(&one.name)),
        about: about(frame, one),
        note: words(one.note.as_ref()),
    };
    view.case.attachments.iter().map(file).collect()
}

/// Media type, length and moment of a file.
pub(super) fn about(frame: &Frame<'_>, one: &Attachment) -> String {
    format!("{} · {} · {}", one.media, size(one.size), frame.moment(one.at))
}

/// A length people can compare.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20),
    }
}

async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    match upload::take(&app, &caller, &case, None, upload::Door::House, &headers, body).await {
        Ok(_) => {
            let number = app.desk.case(&caller, &case).await?.case.number;
            Ok(Redirect::to(&format!("/console/cases/{number}?done=attach#attachments")).into_response())
        }
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let on_the_page = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT, StatusCode::PAYLOAD_TOO_LARGE];
            if !on_the_page.contains(&told.status) {
                return Err(failure);
            }
            super::case::troubled(&app, &visitor, &caller, &case, (permissions::ATTACH.name(), None), told).await
        }
    }
}

async fn one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((name, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    download(&app, &caller, &name, &id, raw.as_deref()).await
}

async fn whole(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    take_out(&app, &visitor, &caller, &name, None, &headers, body).await
}

/// A case, or what is for one body, as a download; what is wrong with the asking is told on the page of the case.
///
/// # Errors
/// Those of the desk.
pub(super) async fn take_out(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    name: &str,
    concern: Option<Concern>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(name)?;
    let view = app.desk.case(caller, &case).await?;
    if concern.is_some_and(|concern| !concern.is_in(&view.case)) {
        return Err(Refusal::not_found().into());
    }
    let typed = Typed::read(&extract::bytes(headers, body).await?);
    let frame = Frame::new(app, visitor);
    let asked = shape::check(typed.value(desk::archive::FIELDS, &frame), desk::archive::FIELDS);
    let refused = match asked.map(serde_json::from_value) {
        Ok(Ok(ask)) => return archive::answer(app, caller, &case, concern, ask).await,
        Ok(Err(_)) => Refusal::from(domain::fault::Fault::new("", "unreadable")),
        Err(faults) => Refusal::invalid(faults),
    };
    let told: Told = Failure::from(refused).tell(app, visitor.language);
    super::case::troubled(app, visitor, caller, &case, (permissions::EXPORT_CASE.name(), Some(&typed)), told).await
}

async fn person(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    use desk::retention::subject::FIELDS;
    let case = CaseRef::parse(&name)?;
    app.desk.case(&caller, &case).await?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let asked = shape::check(typed.value(FIELDS, &frame), FIELDS);
    let refused: Failure = match asked.map(serde_json::from_value) {
        Ok(Ok(ask)) => match crate::subject::answer(&app, &caller, &case, ask).await {
            Ok(response) => return Ok(response),
            Err(failure) => failure,
        },
        Ok(Err(_)) => Refusal::from(domain::fault::Fault::new("", "unreadable")).into(),
        Err(faults) => Refusal::invalid(faults).into(),
    };
    let told: Told = refused.tell(&app, visitor.language);
    if ![StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT].contains(&told.status) {
        return Err(refused);
    }
    super::case::troubled(&app, &visitor, &caller, &case, (permissions::EXPORT_PERSON.name(), Some(&typed)), told).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, words) in
            [(0, "0 B"), (1023, "1023 B"), (1025, "2 KiB"), (1 << 20, "1.0 MiB"), (20 << 20, "20.0 MiB")]
        {
            assert_eq!(size(bytes), words);
        }
        assert_eq!(size((3 << 20) + (1 << 19)), "3.5 MiB");
    }
}
