//! Taking in a matter another body hands over, and the receipt for it. The same matter once more gives the same receipt.

use super::about_staff::{self, Meant};
use super::form::{Draw, Input, Typed};
use super::register::{Group, groups};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use desk::handoff::Handed;
use desk::permissions;
use domain::case::hand_off::FIELDS;
use domain::intake;
use serde_json::Value;

/// Where the contact stands in a hand-off.
const CONTACT: &str = "complaint";
/// Fields of a contact that say somebody was described, not only that the form has its usual choices.
const TELLING: [&str; 4] = ["description", "complainant.name", "complainant.phone", "subject"];

pub(super) fn routes() -> Vec<Route> {
    let access = Access::Needs(permissions::HAND_OFF);
    vec![
        page(Method::Get, "/console/handoffs/new", access, get(form)),
        page(Method::Post, "/console/handoffs/new", access, post(take_in)),
    ]
}

#[derive(Template)]
#[template(path = "handoff.html")]
struct Form<'a> {
    frame: &'a Frame<'a>,
    inputs: Vec<Input>,
    groups: Vec<Group>,
    categories: Vec<(String, String)>,
    told: Option<Told>,
}

#[derive(Template)]
#[template(path = "handed.html")]
struct Receipt<'a> {
    frame: &'a Frame<'a>,
    number: &'a str,
    lines: Vec<(String, String)>,
    suggested: &'a [String],
    attached: bool,
    replayed: bool,
}

async fn form(State(app): State<AppState>, visitor: Visitor) -> Response {
    let mut typed = Typed::default();
    typed.set("kind", "appeal");
    typed.set("accept_channel", "regulator_transfer");
    draw(&Frame::new(&app, &visitor), &typed, &Meant::default(), None)
}

fn draw(frame: &Frame<'_>, typed: &Typed, staff: &Meant, mut told: Option<Told>) -> Response {
    // The page has the contact's boxes under their own names.
    for error in told.iter_mut().flat_map(|told| &mut told.errors) {
        if let Some(inner) = error.0.strip_prefix(CONTACT).and_then(|rest| rest.strip_prefix('.')) {
            error.0 = inner.to_owned();
        }
    }
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let mut inputs = Vec::new();
    let handed = Draw { frame, words: "hand-off", typed, errors: &errors, known: &|_| Vec::new() };
    for field in FIELDS.iter().filter(|field| field.name != CONTACT) {
        inputs.push(handed.input(field.name.to_owned(), &field.kind, field.required));
    }
    let mut groups = groups(frame, typed, staff, &errors);
    for group in &mut groups {
        // First receipt is when the matter was handed over.
        group.inputs.retain(|input| input.name != "received_at");
        group.who = false;
    }
    render(&Form { frame, inputs, groups, categories: frame.leaves(), told })
}

/// What was typed, as a programme would send it.
fn value(typed: &Typed, frame: &Frame<'_>) -> Value {
    let mut value = typed.value(FIELDS, frame);
    if let Some(object) = value.as_object_mut()
        && TELLING.iter().any(|name| !typed.get(name).is_empty())
    {
        object.insert(CONTACT.to_owned(), typed.value(intake::FIELDS, frame));
    }
    value
}

async fn take_in(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let staff = about_staff::find(&app, &frame, &caller, &mut typed).await?;
    let handed = match &staff.fault {
        Some(fault) => Err(Failure::from(fault.clone())),
        None => app.desk.hand_off(&caller, value(&typed, &frame)).await.map_err(Failure::from),
    };
    match handed {
        Ok(handed) => Ok(receipt(&frame, &handed)),
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let status = told.status;
            let mut response = draw(&frame, &typed, &staff, Some(told));
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

fn receipt(frame: &Frame<'_>, handed: &Handed) -> Response {
    let receipt = &handed.receipt;
    let label = |name: &str| frame.app.locales.text(frame.language, &format!("field.hand-off.{name}.label"), &[]);
    let lines = vec![
        (frame.t("handoff.receipt"), receipt.receipt.clone()),
        (frame.t("receipt.number"), receipt.number.clone()),
        (label("owner"), frame.code("external", &receipt.owner)),
        (label("number"), receipt.external.clone()),
        (label("handed_at"), frame.moment(receipt.handed_at)),
        (frame.t("handoff.received_at"), frame.moment(receipt.received_at)),
        (frame.t("handoff.recorded_at"), frame.moment(receipt.recorded_at)),
    ];
    let (attached, replayed) = (receipt.attached, handed.replayed);
    render(&Receipt { frame, number: &receipt.number, lines, suggested: &receipt.suggested, attached, replayed })
}
