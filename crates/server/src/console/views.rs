//! Lists under a name: kept from the queue, shared by who leads, taken away on a page of their own.

use super::form::{Choice, Typed};
use super::queue::{asked, filter_of};
use super::{Frame, page, render};
use crate::api::identifier;
use crate::api::views::address;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::audience::{Audience, SHARED};
use desk::permissions;
use desk::views::{LOOK, NEW_NAME, NEW_VIEW, NewView, SavedView};
use domain::actor::Role;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/console/views", Access::Needs(permissions::READ_CASES), get(show)),
        page(Method::Post, "/console/views", Access::Needs(permissions::SAVE_VIEW), post(keep)),
        page(Method::Post, "/console/views/{id}/rename", Access::Needs(permissions::SAVE_VIEW), post(rename)),
        page(Method::Post, "/console/views/{id}/remove", Access::Needs(permissions::SAVE_VIEW), post(remove)),
    ]
}

/// Filters of a list that would hold personal data if they were kept.
const PERSONAL: [&str; 3] = ["phone", "external", "q"];

/// Where a saved list is shown.
pub(super) fn href(view: &SavedView) -> String {
    let more = address(&view.look);
    let more = if more.is_empty() { more } else { format!("&{more}") };
    format!("/console?view={}&saved={}{more}", view.view(), view.id)
}

/// What the queue offers for keeping what it shows: the choices of whom to share with; nothing for those who may not.
pub(super) struct Keeping {
    pub(super) shared: Vec<Choice>,
    pub(super) roles: Vec<Choice>,
    /// Whether the filters name somebody and are therefore not kept.
    pub(super) personal: bool,
}

impl Keeping {
    /// Nothing where the reader may keep no list, or is no person and may not share.
    pub(super) fn of(frame: &Frame<'_>, filters: &[(String, String)]) -> Option<Self> {
        let shares = frame.may(permissions::SHARE_VIEW);
        let keeps = frame.caller.is_some_and(|caller| caller.actor.user().is_some());
        if !(frame.may(permissions::SAVE_VIEW) && keeps) {
            return None;
        }
        let choice =
            |list: &str, code: &str| Choice { code: code.to_owned(), words: frame.code(list, code), chosen: false };
        Some(Self {
            shared: if shares { SHARED.iter().map(|code| choice("shared", code)).collect() } else { Vec::new() },
            roles: if shares { Role::CODES.iter().map(|code| choice("role", code)).collect() } else { Vec::new() },
            personal: filters.iter().any(|(name, _)| PERSONAL.contains(&name.as_str())),
        })
    }
}

async fn keep(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let shown = asked(&frame, &format!("view={}&{}", query::encode(typed.get("view")), typed.get("query")));
    if shown.pairs.iter().any(|(name, _)| PERSONAL.contains(&name.as_str())) {
        return Err(Fault::new("name", "view_names_somebody").into());
    }
    let mut given = Map::new();
    for (name, value) in &shown.pairs {
        let (name, value) = match name.as_str() {
            "status" => ("states", value.split(',').map(Value::from).collect()),
            name => (name, Value::from(value.as_str())),
        };
        if LOOK.contains(&name) {
            given.insert(name.to_owned(), value);
        }
    }
    given.insert("view".to_owned(), Value::from(shown.view.as_str()));
    for field in ["name", "shared", "role"] {
        let value = typed.get(field);
        // A role is chosen for those one shares with a role.
        if !value.is_empty() && (field != "role" || typed.get("shared") == "role") {
            given.insert(field.to_owned(), Value::from(value));
        }
    }
    let value = shape::check(Value::Object(given), NEW_VIEW).map_err(Refusal::invalid)?;
    let new: NewView = serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?;
    let filter = filter_of(&caller, &shown.view, &[], &shown.text.join("&"))?;
    let id = app.desk.keep_view(&caller, new, &filter).await?;
    let kept = app.desk.views(&caller).await?.into_iter().find(|view| view.id == id);
    // Who shares with a role of others does not see the list themselves.
    Ok(Redirect::to(&kept.map_or_else(|| "/console/views".to_owned(), |view| href(&view))).into_response())
}

struct Line {
    id: String,
    name: String,
    href: String,
    shared: String,
    about: String,
    may_remove: bool,
}

#[derive(Template)]
#[template(path = "views.html")]
struct ViewsPage<'a> {
    frame: Frame<'a>,
    lines: Vec<Line>,
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let line = |view: SavedView| Line {
        id: view.id.to_string(),
        href: href(&view),
        shared: match view.audience {
            Audience::Role(role) => frame.tv("views.with_role", &[("role", &frame.code("role", role.code()))]),
            _ => frame.code("shared", view.audience.code()),
        },
        about: about(&frame, &view),
        name: view.name,
        may_remove: view.may_remove,
    };
    let lines = app.desk.views(&caller).await?.into_iter().map(line).collect();
    Ok(render(&ViewsPage { frame, lines }))
}

/// What a list shows, in words.
fn about(frame: &Frame<'_>, view: &SavedView) -> String {
    let mut parts = vec![frame.t(&format!("view.{}", view.view()))];
    for (name, value) in view.look.iter().filter(|(name, _)| *name != "view") {
        let text = value.as_str().unwrap_or_default();
        parts.push(match name.as_str() {
            "grade" => frame.code("grade", text),
            "category" => frame.category(text),
            "region" => {
                let known = frame.provinces().into_iter().find(|(code, _)| code == text);
                known.map_or_else(|| text.to_owned(), |(_, name)| name)
            }
            "states" => {
                let states = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                states.map(|state| frame.code("state", state)).collect::<Vec<_>>().join(" / ")
            }
            "sort" if text == "due" => frame.t("sort.due"),
            "sort" => frame.t("sort.received"),
            "assignee" => frame.t("views.of_holder"),
            "unit" => frame.t("views.of_unit"),
            _ => frame.t("views.of_incident"),
        });
    }
    parts.join(" · ")
}

async fn rename(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Redirect, Failure> {
    let id = identifier::<Uuid>(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let given = Map::from_iter([("name".to_owned(), Value::from(typed.get("name")))]);
    let given = shape::check(Value::Object(given), NEW_NAME).map_err(Refusal::invalid)?;
    let name = given.get("name").and_then(Value::as_str).unwrap_or_default();
    app.desk.rename_view(&caller, id, name).await?;
    Ok(Redirect::to("/console/views"))
}

async fn remove(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Redirect, Failure> {
    app.desk.remove_view(&caller, identifier::<Uuid>(&id)?).await?;
    Ok(Redirect::to("/console/views"))
}
