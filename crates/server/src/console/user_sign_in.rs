//! How a user signs in, for whoever looks after users, and the roles that have to have a second step.

use super::account::value;
use super::names::Names;
use super::{Frame, page, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::organisation::{self, Colleague};
use desk::sign_in::IdentityInput;
use desk::{Caller, permissions};
use domain::actor::Role;
use domain::fault::Fault;
use domain::ids::UserId;
use domain::refusal::Refusal;

/// The page of the roles that have to have a second step.
pub(super) const ROLES: &str = "/console/second-factor";

pub(super) fn routes() -> Vec<Route> {
    let (read, manage) = (Access::Needs(permissions::READ_SIGN_IN), Access::Needs(permissions::MANAGE_USERS));
    let require = Access::Needs(permissions::REQUIRE_SECOND_FACTOR);
    vec![
        page(Method::Get, "/console/organisation/users/{id}/sign-in", read, get(show)),
        page(Method::Post, "/console/organisation/users/{id}/reset-second-factor", manage, post(take_off)),
        page(
            Method::Post,
            "/console/organisation/users/{id}/identities",
            manage,
            post(|state, visitor, who, path, headers, body| identity(true, state, visitor, who, path, headers, body)),
        ),
        page(
            Method::Post,
            "/console/organisation/users/{id}/identities/remove",
            manage,
            post(|state, visitor, who, path, headers, body| identity(false, state, visitor, who, path, headers, body)),
        ),
        page(Method::Get, ROLES, read, get(roles)),
        page(Method::Post, ROLES, require, post(require_of)),
    ]
}

#[derive(Template)]
#[template(path = "user_sign_in.html")]
struct UserSignIn<'a> {
    frame: Frame<'a>,
    id: String,
    name: String,
    username: String,
    on: bool,
    since: String,
    required: bool,
    /// How many codes are left.
    left: String,
    /// Provider, its name for the user, since when.
    identities: Vec<(String, String, String)>,
    /// The provider of this installation, to be filled in.
    issuer: String,
    manages: bool,
    told: Option<Told>,
}

fn place(id: UserId) -> String {
    format!("/console/organisation/users/{id}/sign-in")
}

/// A user the caller may look after.
async fn find(app: &AppState, caller: &Caller, id: UserId) -> Result<Colleague, Failure> {
    let names = Names::gather(app, caller).await?;
    let user = names.users.into_iter().find(|user| user.id == id);
    Ok(user.ok_or_else(Refusal::not_found)?)
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: UserId,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let view = app.desk.sign_in_of(caller, id).await?;
    let user = find(app, caller, id).await?;
    let frame = Frame::new(app, visitor);
    let identities = view.identities.into_iter();
    let identities = identities.map(|one| (one.issuer, one.subject, frame.moment(one.since))).collect();
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let page = UserSignIn {
        id: id.to_string(),
        on: view.since.is_some(),
        since: view.since.map(|since| frame.moment(since)).unwrap_or_default(),
        required: view.required,
        left: frame.tv("second.left", &[("count", &view.codes.to_string())]),
        identities,
        issuer: app.settings.oidc.as_ref().map(|oidc| oidc.issuer().to_owned()).unwrap_or_default(),
        manages: frame.manages_user(&user),
        name: user.name,
        username: user.username,
        told,
        frame,
    };
    Ok(shown_with(page.told.clone(), &page))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, identifier(&id)?, None).await
}

async fn take_off(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = identifier::<UserId>(&id)?;
    let by = caller.clone();
    let outcome = blocking(&app, move |desk| {
        let username = organisation::username(desk, &by, id)?;
        desk.reset_second_factor(&by, &username)
    })
    .await;
    done(&app, &visitor, &caller, id, outcome).await
}

async fn done(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: UserId,
    outcome: Result<(), Failure>,
) -> Result<Response, Failure> {
    match outcome {
        Ok(()) => Ok(Redirect::to(&place(id)).into_response()),
        Err(failure) => {
            let failure = super::staff_form::beside_the_form(app, visitor, failure)?;
            draw(app, visitor, caller, id, Some(failure)).await
        }
    }
}

async fn identity(
    links: bool,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id = identifier::<UserId>(&id)?;
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let given = IdentityInput {
        issuer: value(&pairs, "issuer").trim().to_owned(),
        subject: value(&pairs, "subject").trim().to_owned(),
    };
    let outcome = match links {
        true if given.issuer.is_empty() => Err(Fault::new("issuer", "required").into()),
        true if given.subject.is_empty() => Err(Fault::new("subject", "required").into()),
        true => app.desk.link_identity(&caller, id, given).await.map_err(Failure::from),
        false => app.desk.unlink_identity(&caller, id, given).await.map_err(Failure::from),
    };
    done(&app, &visitor, &caller, id, outcome).await
}

#[derive(Template)]
#[template(path = "second_factor_roles.html")]
struct Roles<'a> {
    frame: Frame<'a>,
    /// Code, name, whether it has to have one.
    roles: Vec<(&'static str, String, bool)>,
    manages: bool,
    done: bool,
    told: Option<Told>,
}

async fn draw_roles(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    done: bool,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let required = app.desk.second_factor_roles(caller).await?;
    let frame = Frame::new(app, visitor);
    // Programmes do not sign in.
    let people = Role::ALL.into_iter().filter(|role| *role != Role::Integration);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let page = Roles {
        roles: people.map(|role| (role.code(), frame.code("role", role.code()), required.contains(&role))).collect(),
        manages: frame.may(permissions::REQUIRE_SECOND_FACTOR),
        done,
        told,
        frame,
    };
    Ok(shown_with(page.told.clone(), &page))
}

async fn roles(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let done = pairs.iter().any(|(name, _)| name == "done");
    draw_roles(&app, &visitor, &caller, done, None).await
}

async fn require_of(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let chosen = pairs.iter().filter(|(name, _)| name == "role").filter_map(|(_, code)| code.parse().ok());
    let chosen: Vec<Role> = chosen.collect();
    match app.desk.require_second_factor(&caller, &chosen).await {
        Ok(()) => Ok(Redirect::to(&format!("{ROLES}?done=1")).into_response()),
        Err(error) => {
            let failure = super::staff_form::beside_the_form(&app, &visitor, error.into())?;
            draw_roles(&app, &visitor, &caller, false, Some(failure)).await
        }
    }
}
