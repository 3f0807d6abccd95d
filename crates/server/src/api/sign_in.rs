//! How people sign in: second steps, and what a provider knows them as. Making one's own second step is for the console.

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
use desk::sign_in::{IDENTITY, IdentityInput, ROLES, SignInView};
use desk::{organisation, permissions};
use domain::actor::Role;
use domain::ids::UserId;
use serde::Deserialize;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let of = |id, summary, answer| Operation::get(id, summary, "Staff", answer);
    let (manage, read) = (permissions::MANAGE_USERS, permissions::READ_SIGN_IN);
    let own = of("own_sign_in", "How the caller signs in.", "SignIn");
    let one = of("sign_in_of_user", "How a user signs in.", "SignIn");
    let reset = Operation {
        body: Some(&[]),
        ..of("reset_second_factor", "Take the second step off a user who lost it; all sessions end.", "Nothing")
    };
    let link = Operation {
        body: Some(IDENTITY),
        ..of("link_identity", "Say what the provider of sign-ins knows a user as.", "Nothing")
    };
    let unlink = Operation { body: Some(IDENTITY), ..of("unlink_identity", "Take that back.", "Nothing") };
    let roles = of("second_factor_roles", "The roles that have to have a second step.", "SecondFactorRoles");
    let require = Operation {
        body: Some(ROLES),
        ..of("require_second_factor", "Say which roles have to have a second step.", "SecondFactorRoles")
    };
    vec![
        Route::api(Method::Get, "/api/v1/me/sign-in", permissions::READ_SELF, own, get(of_caller)),
        Route::api(Method::Get, "/api/v1/users/{id}/sign-in", read, one, get(of_user)),
        Route::api(Method::Post, "/api/v1/users/{id}/reset-second-factor", manage, reset, post(take_off)),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}/identities",
            manage,
            link,
            post(|state, who, path, headers, body| identity(true, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/users/{id}/identities/remove",
            manage,
            unlink,
            post(|state, who, path, headers, body| identity(false, state, who, path, headers, body)),
        ),
        Route::api(Method::Get, "/api/v1/second-factor", read, roles, get(required)),
        Route::api(
            Method::Post,
            "/api/v1/second-factor",
            permissions::REQUIRE_SECOND_FACTOR,
            require,
            post(require_of),
        ),
    ]
}

#[derive(Deserialize)]
struct Roles {
    roles: Vec<Role>,
}

async fn of_caller(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    Ok(answer(StatusCode::OK, &view(&app.desk.own_sign_in(&caller).await?)))
}

async fn of_user(State(app): State<AppState>, Who(caller): Who, Path(user): Path<String>) -> Result<Response, Failure> {
    let user = identifier::<UserId>(&user)?;
    Ok(answer(StatusCode::OK, &view(&app.desk.sign_in_of(&caller, user).await?)))
}

async fn take_off(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let user = identifier::<UserId>(&user)?;
    blocking(&app, move |desk| {
        let username = organisation::username(desk, &caller, user)?;
        desk.reset_second_factor(&caller, &username)
    })
    .await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn identity(
    links: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let given: IdentityInput = input(&headers, body, IDENTITY).await?;
    let user = identifier::<UserId>(&user)?;
    match links {
        true => app.desk.link_identity(&caller, user, given).await?,
        false => app.desk.unlink_identity(&caller, user, given).await?,
    }
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn required(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    Ok(answer(StatusCode::OK, &listed(&app.desk.second_factor_roles(&caller).await?)))
}

async fn require_of(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let Roles { mut roles } = input(&headers, body, ROLES).await?;
    app.desk.require_second_factor(&caller, &roles).await?;
    roles.sort_unstable();
    roles.dedup();
    Ok(answer(StatusCode::OK, &listed(&roles)))
}

fn listed(roles: &[Role]) -> Value {
    json!({"roles": roles.iter().map(|role| role.code()).collect::<Vec<_>>()})
}

fn view(one: &SignInView) -> Value {
    let identities = one.identities.iter().map(
        |identity| json!({"issuer": identity.issuer, "subject": identity.subject, "since": identity.since.to_string()}),
    );
    Object::default()
        .put("second_factor", one.since.is_some())
        .put_some("since", one.since.map(|since| since.to_string()))
        .put("required", one.required)
        .put("recovery_codes", one.codes)
        .put("identities", identities.collect::<Vec<_>>())
        .done()
}
