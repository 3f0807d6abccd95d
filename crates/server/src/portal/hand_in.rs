//! Handing something in: a complaint in plain words, or a question about one's own data.

use super::{CASE, opened, ours};
use crate::app::AppState;
use crate::console::form::{Draw, Input, Typed};
use crate::console::{Frame, page, shown_with};
use crate::extract::{self, Visitor};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::register::OnceOnly;
use domain::fault::Fault;
use domain::intake::{Intake, PRODUCTS};
use domain::refusal::Refusal;
use domain::shape::{self, Field, Form, Kind, optional, required};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What a customer hands in by themselves; what else there is to know they are asked by whoever takes it up.
const KINDS: &[&str] = &["complaint", "fault_report", "service_request", "suggestion", "praise"];

const WHO: &[Field] = &[
    required("name", Kind::Line { max: 100 }, "Name of the person."),
    optional("phone", Kind::Formed { form: Form::Phone, max: 40 }, "Contact number."),
    optional("email", Kind::Formed { form: Form::Email, max: 254 }, "E-mail address."),
];

const WHAT_ABOUT: &[Field] = &[
    optional("number", Kind::Line { max: 64 }, "Business number it is about."),
    optional("product", Kind::Code(PRODUCTS), "Product line."),
];

/// Boxes of a complaint.
const COMPLAINT: &[Field] = &[
    required("kind", Kind::Code(KINDS), "What it is."),
    required("description", Kind::Text { max: 10_000, multiline: true }, "What happened."),
    optional("demand", Kind::Text { max: 2_000, multiline: true }, "What the customer asks for."),
    optional("subscription", Kind::Object(WHAT_ABOUT), "What it is about."),
    optional("region", Kind::Region, "Where it happened."),
    required("complainant", Kind::Object(WHO), "Who hands it in."),
];

/// Boxes of a question about one's own data.
const DATA: &[Field] = &[
    required(
        "subject_request",
        Kind::Code(policy::Facts::SUBJECT_REQUESTS),
        "What the person asks about their own data.",
    ),
    required("description", Kind::Text { max: 10_000, multiline: true }, "In the person's words."),
    optional("subscription", Kind::Object(WHAT_ABOUT), "What it is about."),
    required("complainant", Kind::Object(WHO), "Who hands it in."),
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/portal/complaint", Access::Public, get(complaint)),
        page(Method::Post, "/portal/complaint", Access::Public, post(take_complaint)),
        page(Method::Get, "/portal/data", Access::Public, get(data)),
        page(Method::Post, "/portal/data", Access::Public, post(take_data)),
    ]
}

/// What can be handed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Complaint,
    Data,
}

impl What {
    fn fields(self) -> &'static [Field] {
        match self {
            Self::Complaint => COMPLAINT,
            Self::Data => DATA,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Complaint => "/portal/complaint",
            Self::Data => "/portal/data",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Data => "data",
        }
    }
}

#[derive(Template)]
#[template(path = "portal_hand_in.html")]
struct HandIn<'a> {
    frame: &'a Frame<'a>,
    back: &'a str,
    title: String,
    lead: String,
    inputs: Vec<Input>,
    /// Makes the same form sent twice one case.
    once: String,
    told: Option<Told>,
}

fn drawn(frame: &Frame<'_>, what: What, typed: &Typed, told: Option<Told>) -> Response {
    let errors = told.as_ref().map_or(&[][..], |told| told.errors.as_slice());
    let mut inputs = Draw { frame, words: "", typed, errors, known: &|_| Vec::new() }.inputs("", what.fields());
    for input in &mut inputs {
        let asked = match (what, input.name.as_str()) {
            (What::Data, "description") => "data_description",
            (_, name) => name,
        };
        input.label = frame.t(&format!("portal.ask.{asked}"));
        if input.name == "region" {
            // Whoever is not of the house knows no codes.
            input.kind = "choice";
            let chosen = input.value.clone();
            input.choices = frame.provinces().into_iter().map(|one| (one.0 == chosen, one)).map(choice).collect();
        }
    }
    let once = Some(typed.get("once").to_owned()).filter(|once| once.parse::<Uuid>().is_ok());
    let page = HandIn {
        frame,
        back: what.path(),
        title: frame.t(&format!("portal.{}", what.code())),
        lead: frame.t(&format!("portal.{}_lead", what.code())),
        inputs,
        once: once.unwrap_or_else(|| Uuid::new_v4().to_string()),
        told: told.clone(),
    };
    shown_with(told, &page)
}

fn choice((chosen, (code, words)): (bool, (String, String))) -> crate::console::form::Choice {
    crate::console::form::Choice { code, words, chosen }
}

async fn complaint(State(app): State<AppState>, visitor: Visitor) -> Response {
    let mut typed = Typed::default();
    typed.set("kind", "complaint");
    drawn(&Frame::new(&app, &visitor), What::Complaint, &typed, None)
}

async fn data(State(app): State<AppState>, visitor: Visitor) -> Response {
    drawn(&Frame::new(&app, &visitor), What::Data, &Typed::default(), None)
}

async fn take_complaint(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    take(&app, &visitor, &headers, body, What::Complaint).await
}

async fn take_data(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    take(&app, &visitor, &headers, body, What::Data).await
}

async fn take(
    app: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    body: Body,
    what: What,
) -> Result<Response, Failure> {
    ours(headers)?;
    let bytes = extract::bytes(headers, body).await?;
    let typed = Typed::read(&bytes);
    let frame = Frame::new(app, visitor);
    // Without the mark of the form nobody could tell the same thing sent twice from two.
    let mark = typed.get("once").parse::<Uuid>().unwrap_or_else(|_| Uuid::new_v4());
    // Whoever goes back, changes something and sends again hands in something else.
    let key = format!("{}:{mark}:{}", what.code(), URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
    let done = match read(app, visitor, &typed, &frame, what) {
        Ok(intake) => {
            let once = OnceOnly { key: &key, body: &bytes };
            app.desk.hand_in(intake, once, visitor.address).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match done {
        Ok(done) => {
            let code = app.desk.tracking_code(done.case.id);
            Ok(opened(app, &format!("{CASE}?new"), &done.case.number, &code))
        }
        Err(failure) => Ok(drawn(&frame, what, &typed, Some(failure.tell(app, visitor.language)))),
    }
}

/// The intake the boxes come to.
fn read(app: &AppState, visitor: &Visitor, typed: &Typed, frame: &Frame<'_>, what: What) -> Result<Intake, Failure> {
    let checked = shape::check(typed.value(what.fields(), frame), what.fields());
    let mut faults = checked.as_ref().err().cloned().unwrap_or_default();
    // Whoever cannot be reached cannot be answered.
    if typed.get("complainant.phone").is_empty() && typed.get("complainant.email").is_empty() {
        faults.push(Fault::new("complainant.phone", "contact_wanted"));
    }
    let mut value = checked.unwrap_or_default();
    let (true, Some(object)) = (faults.is_empty(), value.as_object_mut()) else {
        return Err(Refusal::invalid(faults).into());
    };
    object.insert("accept_channel".to_owned(), json!("web"));
    if what == What::Data {
        object.insert("kind".to_owned(), json!("service_request"));
    }
    let region = &app.desk.ways().region;
    if !region.is_empty() && !object.contains_key("region") {
        object.insert("region".to_owned(), json!(region));
    }
    if let Some(Value::Object(who)) = object.get_mut("complainant") {
        who.insert("language".to_owned(), json!(visitor.language.code()));
        who.insert("preferred_mode".to_owned(), json!(if who.contains_key("phone") { "phone" } else { "email" }));
    }
    Intake::read(value).map_err(|faults| Refusal::invalid(faults).into())
}
