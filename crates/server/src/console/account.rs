//! Signing in and out, and changing one's own password.

use super::{Frame, local, page, render};
use crate::app::AppState;
use crate::extract::{self, SESSION, Visitor, Who};
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions;

/// Where one chooses a password of one's own: all that somebody may do who has one made for them.
pub(crate) const OWN_PASSWORD: &str = "/console/password";

pub(super) fn routes() -> Vec<Route> {
    let own = Access::Needs(permissions::READ_SELF);
    vec![
        page(Method::Get, "/sign-in", Access::Public, get(form)),
        page(Method::Post, "/sign-in", Access::Public, post(sign_in)),
        page(Method::Post, "/sign-out", Access::Public, post(sign_out)),
        page(Method::Get, OWN_PASSWORD, own, get(password_form)),
        page(Method::Post, OWN_PASSWORD, own, post(change_password)),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    frame: Frame<'a>,
    back: String,
    username: String,
    told: Option<Told>,
}

async fn form(State(app): State<AppState>, visitor: Visitor, RawQuery(raw): RawQuery) -> Response {
    let given = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| given.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let page = SignIn {
        frame: Frame::new(&app, &visitor),
        back: find("back").map(|back| local(Some(back))).unwrap_or_default(),
        username: String::new(),
        told: None,
    };
    render(&page)
}

fn value(pairs: &[(String, String)], wanted: &str) -> String {
    pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
}

async fn sign_in(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // There is no session yet that would make the guard look.
    if !extract::same_origin(&headers) {
        return Err(Why::CrossSite.into());
    }
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let (username, back) = (value(&pairs, "username"), value(&pairs, "back"));
    let address = visitor.address.to_string();
    match app.desk.sign_in(&username, &value(&pairs, "password"), &address).await {
        Ok(session) => {
            let target = local(Some(back).filter(|back| !back.is_empty()));
            Ok(with_cookie(&app, Redirect::to(&target).into_response(), &session.secret, session.lasts))
        }
        Err(error) => {
            let told = Failure::from(error).tell(&app, visitor.language);
            let page = SignIn { frame: Frame::new(&app, &visitor), back, username, told: Some(told.clone()) };
            Ok(told.on_page(render(&page)))
        }
    }
}

fn with_cookie(app: &AppState, response: Response, secret: &str, lasts: i64) -> Response {
    let secure = if app.settings.secure_cookie { "; Secure" } else { "" };
    let cookie = format!("{SESSION}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lasts}{secure}");
    extract::with_cookie(response, &cookie)
}

async fn sign_out(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(secret) = extract::cookie(&headers, SESSION) {
        app.desk.sign_out(secret).await?;
    }
    Ok(with_cookie(&app, Redirect::to("/sign-in").into_response(), "", 0))
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    frame: Frame<'a>,
    changed: bool,
    /// Whether the first set-up waits for whoever changed it.
    setup: bool,
    told: Option<Told>,
}

async fn password_form(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::form(raw.unwrap_or_default().as_bytes());
    let changed = given.iter().any(|(name, _)| name == "changed");
    let setup = changed && app.desk.setup_is_due(&caller).await?;
    Ok(render(&Password { frame: Frame::new(&app, &visitor), changed, setup, told: None }))
}

async fn change_password(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let (old, new) = (value(&pairs, "old_password"), value(&pairs, "password"));
    let outcome = if new == value(&pairs, "again") {
        app.desk.change_password(&caller, &old, &new).await.map_err(Failure::from)
    } else {
        Err(domain::fault::Fault::new("again", "passwords_differ").into())
    };
    match outcome {
        Ok(session) => {
            let target = format!("{OWN_PASSWORD}?changed=1");
            Ok(with_cookie(&app, Redirect::to(&target).into_response(), &session.secret, session.lasts))
        }
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let status = told.status;
            let mut response =
                render(&Password { frame: Frame::new(&app, &visitor), changed: false, setup: false, told: Some(told) });
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
