//! Forms for users.

use super::form::Typed;
use super::names::Names;
use super::staff_form::{Act, StaffForm, beside_the_form, password_once, read};
use super::{Frame, page};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::organisation::{self, CHANGE_USER, Colleague, NEW_USER, NewUser, UserChange};
use desk::{Caller, permissions};
use domain::ids::UserId;
use domain::refusal::Refusal;

const DONE: &str = "/console/organisation?done=user";

pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Needs(permissions::MANAGE_USERS);
    vec![
        page(Method::Get, "/console/organisation/new-user", manage, get(blank)),
        page(Method::Post, "/console/organisation/new-user", manage, post(add)),
        page(Method::Get, "/console/organisation/users/{id}", manage, get(show)),
        page(Method::Post, "/console/organisation/users/{id}", manage, post(amend)),
        page(
            Method::Post,
            "/console/organisation/users/{id}/disable",
            manage,
            post(|state, visitor, who, path| switch(true, state, visitor, who, path)),
        ),
        page(
            Method::Post,
            "/console/organisation/users/{id}/enable",
            manage,
            post(|state, visitor, who, path| switch(false, state, visitor, who, path)),
        ),
        page(Method::Post, "/console/organisation/users/{id}/reset-password", manage, post(reset)),
    ]
}

fn new_form(frame: &Frame<'_>) -> StaffForm<'static> {
    StaffForm {
        title: frame.t("org.new_user"),
        known_as: String::new(),
        action: "/console/organisation/new-user".to_owned(),
        button: frame.t("org.make"),
        words: "user",
        fields: NEW_USER,
        hidden: &[],
        aside: None,
        acts: Vec::new(),
    }
}

fn form(frame: &Frame<'_>, user: &Colleague) -> StaffForm<'static> {
    let action = format!("/console/organisation/users/{}", user.id);
    let (verb, words) = if user.disabled { ("enable", "org.enable_user") } else { ("disable", "org.disable_user") };
    let act = |verb: &str, words: &str| Act { action: format!("{action}/{verb}"), words: frame.t(words) };
    StaffForm {
        aside: Some(act("sign-in", "account.of_user")),
        acts: vec![act("reset-password", "org.reset_password"), act(verb, words)],
        title: user.name.clone(),
        known_as: user.username.clone(),
        action,
        button: frame.t("org.save"),
        words: "user",
        fields: CHANGE_USER,
        hidden: &["inherit_region", "no_email"],
    }
}

/// The boxes filled with what is so now.
fn filled(user: &Colleague) -> Typed {
    let mut typed = Typed::default();
    typed.set("name", user.name.as_str());
    typed.set("role", user.role.as_str());
    typed.set("unit", user.unit.to_string());
    typed.set("region", user.region.as_str());
    typed.set("skills", user.skills.join(" "));
    typed.set("email", user.email.as_str());
    typed
}

/// A user the caller may change.
async fn find(app: &AppState, frame: &Frame<'_>, caller: &Caller, id: &str) -> Result<(Colleague, Names), Failure> {
    let id: UserId = identifier(id)?;
    let names = Names::gather(app, caller).await?;
    let user = names.users.iter().find(|user| user.id == id && frame.manages_user(user)).cloned();
    Ok((user.ok_or_else(Refusal::not_found)?, names))
}

async fn blank(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let names = Names::gather(&app, &caller).await?;
    Ok(new_form(&frame).draw(&frame, &names, &Typed::default(), None))
}

async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let outcome = match read::<NewUser>(&typed, NEW_USER, &frame) {
        Ok(new) => {
            let (by, username) = (caller.clone(), new.username.trim().to_lowercase());
            let made = blocking(&app, move |desk| organisation::add_user(desk, &by, &new)).await;
            made.map(|password| (username, password))
        }
        Err(failure) => Err(failure),
    };
    let failure = match outcome {
        Ok((username, password)) => return Ok(password_once(&app, &visitor, username, password)),
        Err(failure) => beside_the_form(&app, &visitor, failure)?,
    };
    let names = Names::gather(&app, &caller).await?;
    Ok(new_form(&frame).draw(&frame, &names, &typed, Some(&failure)))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let (user, names) = find(&app, &frame, &caller, &id).await?;
    Ok(form(&frame, &user).draw(&frame, &names, &filled(&user), None))
}

async fn amend(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let (user, names) = find(&app, &frame, &caller, &id).await?;
    let outcome = match read::<UserChange>(&typed, CHANGE_USER, &frame) {
        Ok(change) => {
            let username = user.username.clone();
            blocking(&app, move |desk| organisation::change_user(desk, &caller, &username, &change)).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to(DONE).into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    Ok(form(&frame, &user).draw(&frame, &names, &typed, Some(&failure)))
}

async fn switch(
    disabled: bool,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let (user, names) = find(&app, &frame, &caller, &id).await?;
    let (username, change) = (user.username.clone(), UserChange { disabled: Some(disabled), ..UserChange::default() });
    let outcome = blocking(&app, move |desk| organisation::change_user(desk, &caller, &username, &change)).await;
    let Err(failure) = outcome else {
        return Ok(Redirect::to(DONE).into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    Ok(form(&frame, &user).draw(&frame, &names, &filled(&user), Some(&failure)))
}

async fn reset(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (user, _) = find(&app, &Frame::new(&app, &visitor), &caller, &id).await?;
    let username = user.username.clone();
    let password = blocking(&app, move |desk| desk.reset_password(&caller, &username)).await?;
    Ok(password_once(&app, &visitor, user.username, password))
}
