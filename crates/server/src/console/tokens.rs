//! Tokens of programmes, and which role may do what.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions::TABLE;
use desk::tokens::{NEW_TOKEN, NewToken, Token};
use desk::{Caller, permissions};
use domain::actor::{ActorId, Role};
use domain::ids::TokenId;

const PAGE: &str = "/console/admin/tokens";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::MANAGE_TOKENS);
    vec![
        page(Method::Get, PAGE, may, get(show)),
        page(Method::Post, PAGE, may, post(make)),
        page(Method::Post, "/console/admin/tokens/{id}/end", may, post(end)),
        page(Method::Get, "/console/admin/roles", Access::Needs(permissions::READ_ORGANISATION), get(roles)),
    ]
}

struct Line {
    id: String,
    name: String,
    purpose: String,
    role: String,
    area: String,
    scopes: Vec<String>,
    made: String,
    until: String,
    good: bool,
    ended: String,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    inputs: Vec<Input>,
    /// A secret that was just made, with whose it is.
    secret: Option<(String, String)>,
    told: Option<Told>,
}

fn line(frame: &Frame<'_>, one: Token) -> Line {
    let made_at = frame.moment(one.made_at);
    let made = match &one.made_by {
        Some(by) => {
            let name = if by.id == ActorId::System { frame.t("actor.system") } else { by.name.clone() };
            frame.tv("tokens.made_by", &[("at", &made_at), ("name", &name)])
        }
        None => made_at,
    };
    Line {
        id: one.id.to_string(),
        role: frame.code("role", &one.role),
        area: frame.area(&one.region),
        scopes: one.scopes.iter().map(|scope| frame.code("token_scope", scope)).collect(),
        made,
        until: one.expires_at.map_or_else(|| frame.t("tokens.for_good"), |at| frame.moment(at)),
        ended: one.ended_at.map(|at| frame.moment(at)).unwrap_or_default(),
        name: one.name,
        purpose: one.purpose,
        good: one.good,
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    secret: Option<(String, String)>,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let lines = app.desk.tokens(caller).await?.into_iter().map(|one| line(&frame, one)).collect();
    let draw = Draw { frame: &frame, words: "token", typed, errors: &errors, known: &|_| Vec::new() };
    let inputs = draw.inputs("", NEW_TOKEN);
    Ok(shown_with(told.clone(), &Tokens { frame: &frame, lines, inputs, secret, told }))
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, &Typed::default(), None, None).await
}

async fn make(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let made = match read::<NewToken>(&typed, NEW_TOKEN, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let made = app.desk.add_token(&caller, &new).await;
            made.map(|(_, secret)| (new.name, secret)).map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match made {
        Ok(secret) => draw(&app, &visitor, &caller, &Typed::default(), Some(secret), None).await,
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, &typed, None, Some(failure)).await
        }
    }
}

async fn end(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    match app.desk.end_token(&caller, identifier::<TokenId>(&id)?).await.map_err(Failure::from) {
        Ok(()) => Ok(Redirect::to(PAGE).into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, &Typed::default(), None, Some(failure)).await
        }
    }
}

/// What may be done, and whether each role may.
struct May {
    words: String,
    code: &'static str,
    scope: String,
    roles: Vec<(String, bool)>,
}

#[derive(Template)]
#[template(path = "roles.html")]
struct Roles<'a> {
    frame: &'a Frame<'a>,
    roles: Vec<String>,
    groups: Vec<(String, Vec<May>)>,
}

async fn roles(State(app): State<AppState>, visitor: Visitor, _: Who) -> Response {
    let frame = Frame::new(&app, &visitor);
    let names: Vec<String> = Role::ALL.iter().map(|role| frame.code("role", role.code())).collect();
    let is = |name: &str| {
        if domain::command::VERBS.iter().any(|verb| verb.name == name) {
            "roles.cases"
        } else if domain::problem::VERBS.iter().any(|verb| verb.name == name)
            || domain::incident::VERBS.iter().any(|verb| verb.name == name)
        {
            "roles.problems"
        } else {
            "roles.other"
        }
    };
    let groups = ["roles.other", "roles.cases", "roles.problems"].map(|group| {
        let rows = TABLE.iter().filter(|row| is(row.permission.name()) == group);
        let may = rows.map(|row| May {
            words: frame.code("verb", row.permission.name()),
            code: row.permission.name(),
            scope: frame.code("token_scope", row.scope.code()),
            roles: Role::ALL.iter().zip(&names).map(|(role, name)| (name.clone(), row.roles.contains(role))).collect(),
        });
        (frame.t(group), may.collect())
    });
    render(&Roles { roles: names, groups: groups.into(), frame: &frame })
}
