//! The people who work here.

use super::view::Object;
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::organisation::{self, CHANGE_USER, Colleague, NEW_USER, NewUser, UserChange};
use desk::{Caller, permissions};
use domain::ids::UserId;
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation::get("list_users", "Colleagues, as far as they concern one's area.", "Staff", "Users");
    let change = |id, summary, answer| Operation::get(id, summary, "Staff", answer);
    let manage = permissions::MANAGE_USERS;
    vec![
        Route::api(Method::Get, "/api/v1/users", permissions::READ_ORGANISATION, list, get(users)),
        Route::api(
            Method::Post,
            "/api/v1/users",
            manage,
            Operation {
                body: Some(NEW_USER),
                status: 201,
                ..change("add_user", "Make a user; the one-time password is shown once.", "NewUser")
            },
            post(add),
        ),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}",
            manage,
            Operation {
                body: Some(CHANGE_USER),
                ..change("change_user", "Change name, role, unit or area; all sessions of the user end.", "User")
            },
            post(amend),
        ),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}/disable",
            manage,
            Operation { body: Some(&[]), ..change("disable_user", "Close an account; its sessions end.", "User") },
            post(|state, who, path, headers, body| switch(true, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}/enable",
            manage,
            Operation { body: Some(&[]), ..change("enable_user", "Open a closed account again.", "User") },
            post(|state, who, path, headers, body| switch(false, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}/reset-password",
            manage,
            Operation {
                body: Some(&[]),
                ..change("reset_password", "Set a one-time password, shown once; all sessions end.", "NewUser")
            },
            post(reset),
        ),
    ]
}

async fn users(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    // Closed accounts concern only those who may open them again.
    let all = permissions::MANAGE_USERS.allows(&caller);
    let users = app.desk.colleagues(&caller).await?;
    let items: Vec<Value> = users.iter().filter(|user| all || !user.disabled).map(view).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn add(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewUser = input(&headers, body, NEW_USER).await?;
    let username = new.username.trim().to_lowercase();
    let password = blocking(&app, move |desk| organisation::add_user(desk, &caller, &new)).await?;
    Ok(answer(StatusCode::CREATED, &json!({"username": username, "one_time_password": password})))
}

async fn amend(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let change: UserChange = input(&headers, body, CHANGE_USER).await?;
    let user = identifier::<UserId>(&user)?;
    apply(&app, &caller, user, change).await
}

async fn switch(
    disabled: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let user = identifier::<UserId>(&user)?;
    apply(&app, &caller, user, UserChange { disabled: Some(disabled), ..UserChange::default() }).await
}

async fn apply(app: &AppState, caller: &Caller, user: UserId, change: UserChange) -> Result<Response, Failure> {
    let by = caller.clone();
    blocking(app, move |desk| {
        let username = organisation::username(desk, &by, user)?;
        organisation::change_user(desk, &by, &username, &change)
    })
    .await?;
    // Whoever writes need not be allowed to read: a token may have the one scope without the other.
    if !permissions::READ_ORGANISATION.allows(caller) {
        return Ok(answer(StatusCode::OK, &json!({"id": user.to_string()})));
    }
    let users = app.desk.colleagues(caller).await?;
    let user = users.iter().find(|known| known.id == user).ok_or_else(Refusal::not_found)?;
    Ok(answer(StatusCode::OK, &view(user)))
}

async fn reset(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let user = identifier::<UserId>(&user)?;
    let (username, password) = blocking(&app, move |desk| {
        let username = organisation::username(desk, &caller, user)?;
        let password = desk.reset_password(&caller, &username)?;
        Ok((username, password))
    })
    .await?;
    Ok(answer(StatusCode::OK, &json!({"username": username, "one_time_password": password})))
}

fn view(user: &Colleague) -> Value {
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Object::default()
        .put("id", user.id.to_string())
        .put("username", user.username.as_str())
        .put("name", user.name.as_str())
        .put("role", user.role.as_str())
        .put("unit", user.unit.to_string())
        .put_some("region", set(&user.region))
        .put_some("area", set(&user.area))
        .put_some("disabled", user.disabled.then_some(true))
        .put_some("skills", Some(&user.skills).filter(|skills| !skills.is_empty()).map(|skills| json!(skills)))
        .put_some("email", set(&user.email))
        .put_some("bounced", set(&user.bounced))
        .put_some("absent_until", user.absent.as_ref().map(|absent| absent.until.to_string()))
        .put_some("deputy", user.absent.as_ref().and_then(|absent| absent.deputy).map(|deputy| deputy.to_string()))
        .done()
}
