//! Absences: one's own, and for who leads a team those of the others.

use super::form::{Draw, Input, Typed};
use super::names::{Names, works_cases};
use super::staff_form::beside_the_form;
use super::{Frame, page, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::organisation::{self, Colleague, NEW_ABSENCE, NewAbsence};
use desk::{Caller, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let own = Access::Needs(permissions::OWN_ABSENCE);
    vec![
        page(Method::Get, "/console/absence", own, get(show)),
        page(Method::Post, "/console/absence", own, post(enter)),
        page(Method::Post, "/console/absence/{id}/end", own, post(end)),
    ]
}

struct Row {
    id: String,
    who: String,
    from: String,
    until: String,
    deputy: String,
    running: bool,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "absence.html")]
struct AbsencePage<'a> {
    frame: &'a Frame<'a>,
    title: String,
    rows: Vec<Row>,
    inputs: Vec<Input>,
    told: Option<Told>,
    done: bool,
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    failure: Option<Failure>,
    done: bool,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let names = Names::gather(app, caller).await?;
    let leads = permissions::MANAGE_ABSENCES.allows(caller);
    let now = app.desk.time().now();
    let absences = app.desk.absences(caller).await?;
    let shown = absences.iter().filter(|one| leads || caller.actor.user() == Some(one.user));
    let rows = shown.map(|one| Row {
        id: one.id.to_string(),
        who: names.person(one.user).to_owned(),
        from: frame.moment(one.from),
        until: frame.moment(one.until),
        deputy: one.deputy.map(|deputy| names.person(deputy).to_owned()).unwrap_or_default(),
        running: one.from <= now,
        may_end: one.may_end,
    });
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let known = |field: &str| {
        let wanted = names.offered(|user| if field == "deputy" { works_cases(user) } else { covers(caller, user) });
        let entry = |user: &Colleague| {
            let unit = names.unit(user.unit);
            (user.id.to_string(), format!("{} · {unit}", frame.colleague(user)))
        };
        wanted.map(entry).collect()
    };
    let drawing = Draw { frame: &frame, words: "absence", typed, errors: &errors, known: &known };
    let mut inputs = drawing.inputs("", NEW_ABSENCE);
    inputs.retain(|input| leads || input.name != "user");
    let title = frame.t(if leads { "absence.title" } else { "absence.mine" });
    Ok(shown_with(told.clone(), &AbsencePage { title, rows: rows.collect(), inputs, told, done, frame: &frame }))
}

/// Whether the absence of this user may be entered by the caller.
fn covers(caller: &Caller, user: &Colleague) -> bool {
    caller.actor.area.covers(&user.area) || caller.actor.user() == Some(user.id)
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let done = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "done");
    let mut typed = Typed::default();
    typed.set("user", caller.actor.user().map(|user| user.to_string()).unwrap_or_default());
    draw(&app, &visitor, &caller, &typed, None, done).await
}

async fn enter(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read(&typed, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| organisation::add_absence(desk, &by, &new)).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to("/console/absence?done=absence").into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &typed, Some(failure), false).await
}

fn read(typed: &Typed, frame: &Frame<'_>) -> Result<NewAbsence, Failure> {
    let value = shape::check(typed.value(NEW_ABSENCE, frame), NEW_ABSENCE).map_err(Refusal::invalid)?;
    Ok(serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?)
}

async fn end(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Redirect, Failure> {
    let absence: Uuid = identifier(&id)?;
    blocking(&app, move |desk| organisation::end_absence(desk, &caller, absence)).await?;
    Ok(Redirect::to("/console/absence?done=absence"))
}
