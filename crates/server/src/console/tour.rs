//! The tour of an agent's console: a few words about each part, offered until it is put away. The page works without any
//! script; with scripts the same words come up over the console, one part after the other.

use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions;

const PAGE: &str = "/console/tour";

/// What the tour shows, and which part of the page each is about.
const STEPS: [(&str, &str); 7] = [
    ("views", ".rail"),
    ("list", "main .tabs"),
    ("find", ".find"),
    ("register", "a.new"),
    ("keys", ""),
    ("notices", "a.bell"),
    ("me", "details.me"),
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_SELF), get(show)),
        page(Method::Post, PAGE, Access::Needs(permissions::OWN_TOUR), post(put_away)),
    ]
}

/// A part of the console, in words.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) words: String,
    /// What of the page it is about, for scripts.
    pub(super) about: &'static str,
    pub(super) place: String,
}

impl Frame<'_> {
    /// The parts of the tour.
    pub(super) fn tour(&self) -> Vec<Part> {
        let of = STEPS.len().to_string();
        let part = |(n, (code, about)): (usize, &(&str, &'static str))| Part {
            title: self.t(&format!("tour.part.{code}.title")),
            words: self.t(&format!("tour.part.{code}.words")),
            place: self.tv("tour.place", &[("n", &(n + 1).to_string()), ("of", &of)]),
            about,
        };
        STEPS.iter().enumerate().map(part).collect()
    }
}

#[derive(Template)]
#[template(path = "tour.html")]
struct Tour<'a> {
    frame: &'a Frame<'a>,
    /// Whether it is offered still.
    offered: bool,
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let offered = app.desk.offers_tour(&caller).await?;
    Ok(render(&Tour { frame: &frame, offered }))
}

async fn put_away(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    app.desk.put_tour_away(&caller).await?;
    Ok(Redirect::to("/console").into_response())
}
