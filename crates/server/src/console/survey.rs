//! The customer's side of the survey: one page that needs nothing but the link, works without scripts and on a telephone,
//! and tells nobody anything of the case. With it the link itself, shown once to whoever made it.

use super::form::{Draw, Input, Typed};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::{CaseRef, permissions};
use domain::case::invite_survey::{ANSWER, Answer};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape;
use serde_json::Value;

/// Longest secret anybody could have; longer ones are none.
const LONGEST: usize = 64;

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/survey/{secret}", Access::Public, get(show)),
        page(Method::Post, "/survey/{secret}", Access::Public, post(take)),
        page(Method::Post, "/console/cases/{id}/survey-link", Access::Needs(permissions::INVITE_SURVEY), post(invite)),
    ]
}

/// A box, the code of what is wrong with it, and the words.
type Error = (String, String, String);

#[derive(Template)]
#[template(path = "survey.html")]
struct SurveyPage<'a> {
    frame: &'a Frame<'a>,
    secret: &'a str,
    /// The three questions and the words; none where there is nothing to ask.
    inputs: Vec<Input>,
    thanks: bool,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "survey_link.html")]
struct LinkPage<'a> {
    frame: &'a Frame<'a>,
    number: String,
    address: String,
    until: String,
}

/// The form, or that the link is not good: used, too old, replaced or never made, all in the same words.
fn drawn(app: &AppState, visitor: &Visitor, secret: &str, typed: Option<(&Typed, &[Error])>) -> Response {
    let frame = Frame::new(app, visitor);
    let inputs = typed.map(|(typed, errors)| {
        let draw = Draw { frame: &frame, words: WORDS, typed, errors, known: &|_| Vec::new() };
        draw.inputs("", ANSWER)
    });
    let wrong = typed.is_some_and(|(_, errors)| !errors.is_empty());
    let open = inputs.is_some();
    let page = SurveyPage { frame: &frame, secret, inputs: inputs.unwrap_or_default(), thanks: false, wrong };
    let mut response = render(&page);
    if !open {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The verb whose words the boxes have.
const WORDS: &str = desk::survey::ANSWER;

async fn show(State(app): State<AppState>, visitor: Visitor, Path(secret): Path<String>) -> Result<Response, Failure> {
    let good = secret.len() <= LONGEST && app.desk.survey_is_open(&secret, visitor.address).await?;
    let nothing = Typed::default();
    Ok(drawn(&app, &visitor, &secret, good.then_some((&nothing, &[]))))
}

async fn take(
    State(app): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let read = shape::check(answers(&typed, &frame), ANSWER);
    let read = read.and_then(|value| {
        serde_json::from_value::<Answer>(value).map_err(|_| vec![Fault::new("satisfied", "required")])
    });
    let answer = match read {
        Ok(answer) => answer,
        Err(faults) => {
            // What is wrong is only told whoever has a good link.
            if secret.len() > LONGEST || !app.desk.survey_is_open(&secret, visitor.address).await? {
                return Ok(drawn(&app, &visitor, &secret, None));
            }
            let told = Failure::from(Refusal::invalid(faults)).tell(&app, visitor.language);
            return Ok(drawn(&app, &visitor, &secret, Some((&typed, &told.errors))));
        }
    };
    if secret.len() > LONGEST || !app.desk.answer_survey(&secret, answer, visitor.address).await? {
        return Ok(drawn(&app, &visitor, &secret, None));
    }
    Ok(render(&SurveyPage { frame: &frame, secret: "", inputs: Vec::new(), thanks: true, wrong: false }))
}

/// What was chosen; yes and no come as words, and no choice is no answer.
fn answers(typed: &Typed, frame: &Frame<'_>) -> Value {
    let mut value = typed.value(ANSWER, frame);
    if let Some(object) = value.as_object_mut() {
        for name in ["solved", "timely"] {
            match typed.get(name) {
                "yes" | "true" => object.insert(name.to_owned(), Value::Bool(true)),
                "no" | "false" => object.insert(name.to_owned(), Value::Bool(false)),
                _ => object.remove(name),
            };
        }
    }
    value
}

async fn invite(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let invited = app.desk.invite_survey(&caller, &CaseRef::parse(&name)?, None).await?;
    let frame = Frame::new(&app, &visitor);
    let (number, address) = (invited.case.number.clone(), invited.address(&app.settings.public_url));
    let until = frame.moment(invited.expires_at);
    Ok(render(&LinkPage { frame: &frame, number, address, until }))
}
