//! Hot topics: phrases that rise in a month, by category, with cases that say them.

use super::{Frame, page, render, what_was_typed};
use crate::api::bursts::{TOPICS, rounded, topic_ask};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::topics::{HotTopic, MOST, Topics};

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/topics", Access::Needs(permissions::READ_TOPICS), get(show))]
}

/// A phrase on the page.
struct Line {
    category: String,
    phrase: String,
    now: usize,
    before: usize,
    expected: String,
    cases: Vec<String>,
}

#[derive(Template)]
#[template(path = "topics.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    month: String,
    region: String,
    category: String,
    said: String,
    more: String,
    lines: Vec<Line>,
    /// For the box in which a category is typed.
    categories: Vec<(String, String)>,
    told: Option<Told>,
}

fn line(frame: &Frame<'_>, one: HotTopic) -> Line {
    Line {
        category: frame.category(&one.category),
        phrase: one.phrase,
        now: one.now,
        before: one.before,
        expected: rounded(one.expected).to_string(),
        cases: one.cases,
    }
}

/// What was counted, in words.
fn said(frame: &Frame<'_>, found: &Topics) -> String {
    let (texts, before) = (found.texts.0.to_string(), found.texts.1.to_string());
    let (area, at) = (frame.area(&found.region), frame.moment(found.made_at));
    frame.tv("topics.said", &[("area", &area), ("texts", &texts), ("before", &before), ("at", &at)])
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    // People type names where programmes send codes, and leave boxes empty.
    let mut pairs = query::form(raw.unwrap_or_default().as_bytes());
    pairs.retain(|(_, value)| !value.trim().is_empty());
    for (name, value) in &mut pairs {
        match name.as_str() {
            "region" => *value = frame.region_code(value),
            "category" => *value = frame.category_code(value),
            _ => {}
        }
    }
    let text = |wanted: &str| {
        pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let asked: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value))).collect();
    let found = match query::read(Some(&asked.join("&")), TOPICS) {
        Ok(given) => app.desk.topics(&caller, &topic_ask(&given)).await.map_err(Failure::from),
        Err(refusal) => Err(refusal.into()),
    };
    let nothing = Page {
        frame: &frame,
        month: text("month"),
        region: text("region"),
        category: text("category"),
        said: String::new(),
        more: String::new(),
        lines: Vec::new(),
        categories: frame.leaves(),
        told: None,
    };
    let found = match found {
        Ok(found) => found,
        Err(failure) => {
            let told = what_was_typed(&app, &visitor, failure)?;
            let status = told.status;
            let mut response = render(&Page { told: Some(told), ..nothing });
            *response.status_mut() = status;
            return Ok(response);
        }
    };
    let most = [MOST.0.to_string(), MOST.1.to_string()];
    let page = Page {
        said: said(&frame, &found),
        more: match found.more {
            true => frame.tv("topics.more", &[("texts", &most[0]), ("before", &most[1])]),
            false => String::new(),
        },
        month: found.month.clone(),
        region: found.region.clone(),
        lines: found.topics.into_iter().map(|one| line(&frame, one)).collect(),
        ..nothing
    };
    Ok(render(&page))
}
