//! What stands beside a case: the list it was opened from, tabs of open cases, counts of the views. Parts of pages for the
//! script of the console; each is asked like a page, so what somebody may see is decided at every fetch.

use super::names::Names;
use super::queue::{self, Asked, Row};
use super::times::step;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::views::VIEWS;
use desk::{CaseRef, DeskError, permissions};
use domain::refusal::RefusalKind;
use serde_json::{Map, Value};

/// Views are counted so far and no further.
pub(super) const COUNTED: usize = 100;
/// Most tabs.
const TABS: usize = 8;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_CASES);
    vec![
        page(Method::Get, "/console/pane", read, get(pane)),
        page(Method::Get, "/console/tabs", read, get(tabs)),
        page(Method::Get, "/console/counts", read, get(counts)),
    ]
}

#[derive(Template)]
#[template(path = "pane.html")]
struct Pane<'a> {
    frame: Frame<'a>,
    title: String,
    href: String,
    rows: Vec<Row>,
    more: bool,
}

async fn pane(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let Asked { view, text, .. } = queue::asked(&frame, &raw.unwrap_or_default());
    let absent = if view == "mine" { app.desk.deputised(&caller).await? } else { Vec::new() };
    let found = queue::find(&app, &caller, &view, &absent, &text.join("&"), &[]).await?;
    // The list beside a case names nobody, and is fetched again by every page that is open.
    let names = Names::default();
    let now = app.desk.time().now();
    let mut href = vec![format!("view={view}")];
    href.extend(text);
    Ok(render(&Pane {
        title: frame.t(&format!("view.{view}")),
        href: format!("/console?{}", href.join("&")),
        rows: found.items.iter().map(|one| queue::row(&frame, &one.listed, &names, &absent, now)).collect(),
        more: found.next.is_some(),
        frame,
    }))
}

/// An open case as a tab.
struct Tab {
    number: String,
    subject: String,
    /// Style and sign of the running clock due first; nothing runs without.
    due: Option<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "tabs.html")]
struct Tabs {
    tabs: Vec<Tab>,
}

async fn tabs(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let asked = query::form(raw.unwrap_or_default().as_bytes());
    let now = app.desk.time().now();
    let mut tabs = Vec::new();
    for (_, number) in asked.iter().filter(|(name, _)| name == "case").take(TABS) {
        let Ok(name) = CaseRef::parse(number) else { continue };
        let view = match app.desk.case(&caller, &name).await {
            Ok(view) => view,
            // What one may not see any more, or never could, is no tab.
            Err(DeskError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let case = &view.case;
        let due = case.clocks.iter().filter(|clock| clock.ended.is_none() && !clock.is_paused());
        let due = due.min_by_key(|clock| clock.due_at).filter(|_| case.state.is_open());
        let due = due.map(|clock| step(clock.from, clock.due_at, now)).map(|step| (step.class(), step.sign()));
        tabs.push(Tab { number: case.number.to_string(), subject: frame.called_on_its_page(case), due });
    }
    Ok(render(&Tabs { tabs }))
}

/// A count that went no further than [`COUNTED`], in words.
pub(super) fn count_words(count: u64) -> String {
    let most = COUNTED as u64;
    if count >= most { format!("{}+", most - 1) } else { count.to_string() }
}

/// How many cases each view and each list under a name has, as words; a hundred and more are not counted.
async fn counts(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Json<Value>, Failure> {
    let absent = app.desk.deputised(&caller).await?;
    // What has ended grows for ever and waits for nobody.
    let waits = |view: &str| !["closed", "all"].contains(&view);
    let plain = VIEWS.into_iter().filter(|view| waits(view)).map(|view| (view.to_owned(), view, String::new()));
    let saved = visitor.views.iter().filter(|one| waits(one.view()));
    let saved = saved.map(|one| (one.id.to_string(), one.view(), crate::api::views::address(&one.look)));
    let mut views = Vec::new();
    let mut filters = Vec::new();
    for (name, view, text) in plain.chain(saved) {
        let absent: &[_] = if view == "mine" { &absent } else { &[] };
        // A filter that makes no sense any more, such as a category that is gone, has nothing to count.
        let Ok(mut filter) = queue::filter_of(&caller, view, absent, &text) else { continue };
        filter.limit = COUNTED;
        if app.desk.makes_sense(&filter) {
            views.push(name);
            filters.push(filter);
        }
    }
    let counted = app.desk.count_lists(&caller, &filters).await?;
    let calls = app.desk.count_call_backs(&caller, COUNTED).await?;
    views.push(super::call_backs::TALLY.to_owned());
    let counted = counted.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).chain([calls as u64]);
    let counts = views.iter().zip(counted).map(|(view, count)| (view.clone(), Value::String(count_words(count))));
    Ok(Json(Value::Object(counts.collect::<Map<_, _>>())))
}
