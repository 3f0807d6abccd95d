//! Who else has a case open, for the page of the case: its script says that somebody looks or writes, and shows who else
//! does. Without a script nothing is said and nothing shown.

use super::form::Typed;
use super::{Frame, page, render};
use crate::api::presence::others;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use desk::{CaseRef, permissions};

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_CASES);
    vec![
        page(Method::Get, "/console/cases/{id}/presence", read, get(show)),
        page(Method::Post, "/console/cases/{id}/presence", read, post(say)),
    ]
}

#[derive(Template)]
#[template(path = "presence.html")]
struct Others {
    /// Each with what they do, and whether they write.
    lines: Vec<(String, bool)>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let others = others(&app, &caller, &CaseRef::parse(&name)?).await?;
    let line = |one: &desk::presence::Present| match one.writing {
        Some(verb) => {
            let what = frame.code("verb", verb);
            (frame.tv("presence.writes", &[("name", &one.name), ("what", &what)]), true)
        }
        None => (frame.tv("presence.reads", &[("name", &one.name)]), false),
    };
    // Whoever writes is what matters most.
    let mut lines: Vec<(String, bool)> = others.iter().map(line).collect();
    lines.sort_by_key(|(_, writes)| !writes);
    Ok(render(&Others { lines }))
}

/// Takes in that whoever asks has the case open, or that they left it.
async fn say(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    if typed.get("gone") == "true" {
        if !app.settings.no_presence {
            app.desk.say_gone(&caller, &case).await?;
        }
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if !app.settings.no_presence {
        app.desk.say_present(&caller, &case, typed.get("writing")).await?;
    }
    show(State(app), visitor, Who(caller), Path(name)).await
}
