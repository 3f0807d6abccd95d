//! The customer's side: handing a complaint in, following it, adding to it, saying what one thinks of the outcome. Public,
//! without an account and without scripts; a case is opened by its number and its code, which a cookie keeps for half an
//! hour, so that neither stands in an address.

mod case;
mod commitments;
mod hand_in;

use crate::app::AppState;
use crate::console::{Frame, page, render, shown_with};
use crate::extract::{self, Visitor};
use crate::locale::Language;
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::portal::Tracked;

/// Where the customer's side begins.
pub(crate) const HOME: &str = "/portal";
/// The page of the case whose code was shown.
const CASE: &str = "/portal/case";
/// The cookie that holds number and code of the case being looked at.
const COOKIE: &str = "redress_track";
/// How long it is kept: a shared machine forgets soon.
const KEPT: i64 = 1_800;

/// The routes of the portal.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        page(Method::Get, HOME, Access::Public, get(home)),
        // Whose number and code were wrong, or who typed the address, begins where they are asked for.
        page(Method::Get, "/portal/track", Access::Public, get(|| async { Redirect::to(HOME) })),
        page(Method::Post, "/portal/track", Access::Public, post(track)),
        page(Method::Post, "/portal/leave", Access::Public, post(leave)),
    ];
    routes.extend(hand_in::routes());
    routes.extend(case::routes());
    routes.extend(commitments::routes());
    routes
}

#[derive(Template)]
#[template(path = "portal.html")]
struct Home<'a> {
    frame: &'a Frame<'a>,
    back: &'a str,
    number: String,
    /// Why a case could not be opened.
    wrong: bool,
    told: Option<Told>,
}

/// Whether an address lies on the customer's side.
pub(crate) fn holds(path: &str) -> bool {
    path.strip_prefix(HOME).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[derive(Template)]
#[template(path = "portal_problem.html")]
struct ProblemPage<'a> {
    frame: &'a Frame<'a>,
    back: &'a str,
    told: &'a Told,
    way_out: &'a str,
}

/// A failure as a page of the customer's side.
pub(crate) fn problem_page(frame: &Frame<'_>, told: &Told, way_out: &str) -> Response {
    told.on_page(render(&ProblemPage { frame, back: HOME, told, way_out }))
}

fn drawn(frame: &Frame<'_>, number: String, wrong: bool, told: Option<Told>) -> Response {
    shown_with(told.clone(), &Home { frame, back: HOME, number, wrong, told })
}

async fn home(State(app): State<AppState>, visitor: Visitor, RawQuery(raw): RawQuery) -> Response {
    // Whose half hour is over, or who came without one, types number and code again.
    let again = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "again");
    let frame = Frame::new(&app, &visitor);
    drawn(&frame, String::new(), again, None)
}

async fn track(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    ours(&headers)?;
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.trim());
    let (number, code) = (value("number").to_owned(), value("code").to_owned());
    let frame = Frame::new(&app, &visitor);
    match app.desk.track(&number, &code, visitor.address).await {
        Ok(Some(case)) => {
            // Not what was typed, which may be in letters no cookie holds.
            let number = app.desk.tracked(case).await?.case.number;
            Ok(opened(&app, CASE, &number, &app.desk.code_of(case)))
        }
        Ok(None) => {
            let mut response = drawn(&frame, number, true, None);
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
        Err(error) => {
            let told = Failure::from(error).tell(&app, visitor.language);
            Ok(drawn(&frame, number, false, Some(told)))
        }
    }
}

async fn leave(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Failure> {
    ours(&headers)?;
    Ok(with_cookie(&app, Redirect::to(HOME).into_response(), "", 0))
}

/// Sends a browser on to the page of a case, with what opens it.
fn opened(app: &AppState, target: &str, number: &str, code: &str) -> Response {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let number: String = number.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    with_cookie(app, Redirect::to(target).into_response(), &format!("{number}.{code}"), KEPT)
}

fn with_cookie(app: &AppState, response: Response, value: &str, lasts: i64) -> Response {
    let secure = if app.settings.secure_cookie { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path={HOME}; HttpOnly; SameSite=Strict; Max-Age={lasts}{secure}");
    extract::with_cookie(response, &cookie)
}

/// What opened the case, as it came with the request.
fn shown(headers: &HeaderMap) -> Option<(&str, &str)> {
    extract::cookie(headers, COOKIE)?.split_once('.')
}

/// The case a browser may look at.
async fn tracked(app: &AppState, visitor: &Visitor, headers: &HeaderMap) -> Result<Option<Tracked>, Failure> {
    match shown(headers) {
        Some((number, code)) => Ok(app.desk.track(number, code, visitor.address).await?),
        None => Ok(None),
    }
}

/// Sends a browser to type number and code again.
fn again() -> Response {
    Redirect::to("/portal?again").into_response()
}

/// Bodies outside that are there for such cases, where that may be stated.
fn bodies(language: Language, rules: &policy::Stack) -> Vec<String> {
    let mut bodies: Vec<String> = Vec::new();
    for pack in rules.packs() {
        for route in pack.routes().iter().filter(|route| pack.states_compliance(route.head.confidence())) {
            let body = language.pick(&route.body.zh, &route.body.en);
            if !bodies.iter().any(|known| known == body) {
                bodies.push(body.to_owned());
            }
        }
    }
    bodies
}

/// Refuses what a browser sent from somebody else's page: there is no session that would make the guard look.
fn ours(headers: &HeaderMap) -> Result<(), Failure> {
    if extract::same_origin(headers) { Ok(()) } else { Err(Why::CrossSite.into()) }
}
