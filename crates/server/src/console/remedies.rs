//! Remedies over all cases: what waits for a decision, for money, for a verification; and the file for billing.

use super::{Frame, page, render};
use crate::api::remedies::{LIST, filter};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::remedies::RemedyListed;
use desk::{Permission, permissions};
use domain::case::compensation::Standing;
use serde_json::{Map, Value};

pub(super) fn routes() -> Vec<Route> {
    let send = Permission::for_verb("send-compensation").unwrap_or(permissions::EXPORT_REMEDIES);
    vec![
        page(Method::Get, "/console/remedies", Access::Needs(permissions::READ_REMEDIES), get(show)),
        page(Method::Post, "/console/remedies/send", Access::Needs(send), post(send_all)),
        page(Method::Post, "/console/remedies/file", Access::Needs(permissions::EXPORT_REMEDIES), post(file)),
    ]
}

struct Line {
    number: String,
    what: String,
    sum: String,
    standing: String,
    about: Vec<String>,
    changed: String,
}

#[derive(Template)]
#[template(path = "remedies.html")]
struct RemediesPage<'a> {
    frame: &'a Frame<'a>,
    /// Address, words, and whether it is the one shown.
    views: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: String,
    may_send: bool,
    may_export: bool,
    sent: Option<String>,
    /// How many wait to be delivered, and what went wrong.
    waiting: Option<String>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let sent = pairs.iter().find(|(name, _)| name == "sent").and_then(|(_, count)| count.parse::<u32>().ok());
    let known = |name: &String| LIST.iter().any(|field| field.name == name);
    let given: Map<String, Value> = pairs
        .into_iter()
        .filter(|(name, value)| !value.is_empty() && known(name))
        .map(|(name, value)| (name.clone(), if value == "true" { Value::Bool(true) } else { Value::String(value) }))
        .collect();
    let chosen = filter(&given);
    let page = app.desk.remedies(&caller, &chosen).await?;
    let standings = Standing::CODES.iter().map(|code| {
        let here = chosen.standing.as_deref() == Some(*code);
        (format!("?standing={code}"), frame.code("compensation", code), here)
    });
    let all = chosen.standing.is_none() && !chosen.verify && !chosen.recovery;
    let mut views = vec![(String::new(), frame.t("remedies.all"), all)];
    views.extend(standings);
    views.push(("?verify=true".to_owned(), frame.t("remedies.verify"), chosen.verify));
    views.push(("?recovery=true".to_owned(), frame.t("remedies.recovery"), chosen.recovery));
    let mut address: Vec<String> = chosen.standing.iter().map(|standing| format!("standing={standing}")).collect();
    address.extend(chosen.verify.then(|| "verify=true".to_owned()));
    address.extend(chosen.recovery.then(|| "recovery=true".to_owned()));
    let next = page.next.map(|next| {
        address.push(format!("after={}", query::encode(&next)));
        format!("/console/remedies?{}", address.join("&"))
    });
    let (waiting, _, error) = app.desk.billing(&caller).await?;
    let waiting =
        (waiting > 0).then(|| frame.tv("remedies.waiting", &[("count", &waiting.to_string()), ("error", &error)]));
    Ok(render(&RemediesPage {
        views,
        lines: page.items.iter().map(|one| line(&frame, one)).collect(),
        next: next.unwrap_or_default(),
        may_send: Permission::for_verb("send-compensation").is_some_and(|one| frame.may(one)),
        may_export: frame.may(permissions::EXPORT_REMEDIES),
        sent: sent.map(|sent| frame.tv("remedies.sent", &[("count", &sent.to_string())])),
        waiting,
        frame: &frame,
    }))
}

fn line(frame: &Frame<'_>, one: &RemedyListed) -> Line {
    let mut about = Vec::new();
    about.extend(one.category.as_deref().map(|category| frame.category(category)));
    about.extend(one.rule.as_deref().map(|rule| frame.rule(rule)));
    about.extend(one.verify.then(|| frame.t("remedies.to_verify")));
    about.extend(one.recovery.as_deref().map(|how| frame.code("recovery", how)));
    about.extend(one.way.as_deref().map(|way| {
        frame.tv("remedies.way", &[("way", &frame.code("way", way)), ("attempt", &one.attempts.to_string())])
    }));
    Line {
        number: one.number.clone(),
        what: frame.code("remedy", &one.kind),
        sum: one.sum.as_ref().map(|sum| sum.sum().to_string()).unwrap_or_default(),
        standing: match (one.standing.as_str(), one.sum.is_some()) {
            ("approved", false) => frame.t("compensations.to_do"),
            ("paid", false) => frame.t("compensations.carried_out"),
            (standing, _) => frame.code("compensation", standing),
        },
        about,
        changed: frame.moment(one.changed_at),
    }
}

/// Lines of one file people take along.
const MOST_LINES: usize = 200_000;

async fn send_all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let sent = app.desk.send_remedies(&caller, "file").await?;
    Ok(Redirect::to(&format!("/console/remedies?standing=sent&sent={sent}")).into_response())
}

async fn file(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let part = app.desk.export_remedies(&caller, 0, after).await?;
        lines.extend(part.lines);
        after = part.next;
        // What is beyond comes with the file that is asked for once billing has confirmed this one.
        if after.is_none() || lines.len() >= MOST_LINES {
            return crate::remedies::csv(&lines);
        }
    }
}
