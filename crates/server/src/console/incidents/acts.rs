//! What can be done on the page of an incident: its verbs, telling its customers, and the list of those to be told besides.

use super::one::{Trouble, draw};
use super::{PAGE, beside_the_form, read};
use crate::api::attachments::as_download;
use crate::api::identifier;
use crate::app::AppState;
use crate::console::Frame;
use crate::console::form::Typed;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Why};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use desk::incidents::{EXPORT, Export, NEW_RECIPIENTS, NewRecipients, Recipients, SEND, Send, TELL, Tell};
use desk::{Caller, DeskError};
use domain::incident::{Command, Verb};
use domain::refusal::Refusal;
use domain::shape::Field;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The page once more with why it was refused.
async fn refused(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    (words, typed): (&'static str, &Typed),
    failure: Failure,
) -> Result<Response, Failure> {
    let told = beside_the_form(app, visitor, failure)?.tell(app, visitor.language);
    let trouble = Trouble { typed: Some((words, typed)), told: Some(told), tried: None };
    draw(app, visitor, caller, id, ("", trouble)).await
}

pub(super) async fn run(
    verb: &'static Verb,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let seen: i64 = typed.get("version").parse().map_err(|_| Failure::from(Why::VersionRequired))?;
    let frame = Frame::new(&app, &visitor);
    let outcome = match Command::read(verb.name, typed.value(verb.fields, &frame)) {
        None => return Err(Why::NoSuchRoute.into()),
        Some(Err(faults)) => Err(Refusal::invalid(faults).into()),
        Some(Ok(command)) => app.desk.run_incident(&caller, id, seen, command, None).await.map_err(Failure::from),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("{PAGE}/{id}?done={}", verb.name)).into_response()),
        Err(failure) => refused(&app, &visitor, &caller, id, (verb.name, &typed), failure).await,
    }
}

pub(super) async fn tell(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<Tell>(&typed, TELL, &Frame::new(&app, &visitor)) {
        Ok(tell) => {
            let tell = Tell { dry_run: typed.get("step") != "run", ..tell };
            app.desk.tell_incident(&caller, id, tell, None).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(run) => match run.id {
            Some(run) => Ok(Redirect::to(&format!("/console/bulk/{run}")).into_response()),
            None => {
                let trouble = Trouble { typed: Some(("tell-incident", &typed)), told: None, tried: Some(run) };
                draw(&app, &visitor, &caller, id, ("", trouble)).await
            }
        },
        Err(failure) => refused(&app, &visitor, &caller, id, ("tell-incident", &typed), failure).await,
    }
}

/// Does something with the list of those to be told, and shows how it stands.
async fn with_list<T: DeserializeOwned>(
    app: AppState,
    visitor: Visitor,
    caller: Caller,
    (id, verb, fields): (String, &'static str, &'static [Field]),
    (headers, body): (HeaderMap, Body),
    done: impl AsyncFnOnce(&AppState, &Caller, Uuid, T) -> Result<Recipients, DeskError>,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<T>(&typed, fields, &Frame::new(&app, &visitor)) {
        Ok(input) => done(&app, &caller, id, input).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("{PAGE}/{id}?done={verb}#recipients")).into_response()),
        Err(failure) => refused(&app, &visitor, &caller, id, (verb, &typed), failure).await,
    }
}

pub(super) async fn add_recipients(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let add = async |app: &AppState, caller: &Caller, id: Uuid, new: NewRecipients| {
        app.desk.add_recipients(caller, id, new).await
    };
    with_list(app, visitor, caller, (id, "add-recipients", NEW_RECIPIENTS), (headers, body), add).await
}

pub(super) async fn send_to_recipients(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let send = async |app: &AppState, caller: &Caller, id: Uuid, send: Send| {
        app.desk.send_to_recipients(caller, id, send).await
    };
    with_list(app, visitor, caller, (id, "send-to-recipients", SEND), (headers, body), send).await
}

pub(super) async fn export_recipients(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<Export>(&typed, EXPORT, &Frame::new(&app, &visitor)) {
        Ok(ask) => app.desk.export_recipients(&caller, id, ask).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(handed) => Ok(as_download(
            &format!("recipients-{}.csv", handed.batch),
            "text/csv; charset=utf-8",
            Body::from(handed.csv),
        )),
        Err(failure) => refused(&app, &visitor, &caller, id, ("export-recipients", &typed), failure).await,
    }
}
