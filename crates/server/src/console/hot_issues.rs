//! Hot issues of a month: what most was complained about, how it changed, why, and who has it in hand.

use super::{Frame, page, render, what_was_typed};
use crate::api::problems::{HOT, hot_ask};
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
use desk::reports::Amount;
use desk::reports::hot_issues::{HotAsk, HotIssue};
use domain::refusal::Refusal;
use policy::ReportPeriod;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/hot-issues", Access::Needs(permissions::READ_REPORTS), get(show))]
}

/// An issue on the page.
struct Line {
    rank: usize,
    code: String,
    category: String,
    count: i64,
    share: String,
    previous: i64,
    month_on_month: String,
    last_year: i64,
    year_on_year: String,
    per_10k: String,
    /// Number and subject of cases.
    wording: Vec<(String, String)>,
    causes: Vec<String>,
    /// Identity, title and state of problems.
    problems: Vec<(String, String, String)>,
    /// What a problem made of it would be called.
    title: String,
}

#[derive(Template)]
#[template(path = "hot_issues.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    month: String,
    before: String,
    after: String,
    area: String,
    region: String,
    subscribers: String,
    total: i64,
    behind: bool,
    with_rate: bool,
    lines: Vec<Line>,
    may_open: bool,
    told: Option<Told>,
}

fn amount(amount: Amount, unit: &str) -> String {
    amount.decimal().map_or_else(|| "—".to_owned(), |figure| format!("{figure}{unit}"))
}

fn line(frame: &Frame<'_>, month: &str, (place, one): (usize, HotIssue)) -> Line {
    let change = |amount: Amount| match amount.decimal() {
        Some(figure) if figure.starts_with('-') => format!("{figure}%"),
        Some(figure) => format!("+{figure}%"),
        None => "—".to_owned(),
    };
    let category = match one.category.as_str() {
        "" => frame.t("hot.no_category"),
        code => frame.category(code),
    };
    let quoted = one.wording.iter().map(|case| (case.number.clone(), case.subject.clone().unwrap_or_default()));
    let cause = |(cause, count): &(String, i64)| format!("{} × {count}", frame.cause(cause));
    let problem = |one: &desk::reports::hot_issues::HotProblem| {
        (one.id.to_string(), one.title.clone(), frame.code("problem_state", &one.state))
    };
    Line {
        rank: place + 1,
        title: frame.tv("hot.problem_title", &[("category", &category), ("month", month)]),
        code: one.category,
        category,
        count: one.count,
        share: amount(one.share, "%"),
        previous: one.previous,
        month_on_month: change(one.month_on_month),
        last_year: one.last_year,
        year_on_year: change(one.year_on_year),
        per_10k: amount(one.per_10k, ""),
        wording: quoted.collect(),
        causes: one.causes.iter().map(cause).collect(),
        problems: one.problems.iter().map(problem).collect(),
    }
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let raw = raw.unwrap_or_default();
    let typed = query::form(raw.as_bytes());
    let typed = |wanted: &str| typed.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone());
    // People type names of provinces where programmes send codes.
    let region = typed("region").filter(|text| !text.trim().is_empty()).map(|text| frame.region_code(&text));
    let asked = match query::read(Some(&raw), HOT) {
        Ok(given) => Ok(HotAsk { region: region.clone(), ..hot_ask(&given) }),
        // A province may be typed by its name; everything else is wrong.
        Err(refusal) if refusal.faults.iter().all(|fault| fault.field == "region") && region.is_some() => {
            let others: Vec<&str> = raw.split('&').filter(|pair| !pair.starts_with("region=")).collect();
            query::read(Some(&others.join("&")), HOT).map(|given| HotAsk { region: region.clone(), ..hot_ask(&given) })
        }
        Err(refusal) => Err(refusal),
    };
    let found = match asked {
        Ok(ask) => app.desk.hot_issues(&caller, &ask).await.map_err(Failure::from),
        Err(refusal) => Err(Refusal::into(refusal)),
    };
    let nothing = Page {
        frame: &frame,
        month: typed("month").unwrap_or_default(),
        before: String::new(),
        after: String::new(),
        area: String::new(),
        region: typed("region").unwrap_or_default(),
        subscribers: typed("subscribers").unwrap_or_default(),
        total: 0,
        behind: false,
        with_rate: false,
        lines: Vec::new(),
        may_open: frame.may(permissions::OPEN_PROBLEM),
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
    let month = found.month.to_string();
    let beside = |month: ReportPeriod| {
        let mut place = format!("/console/hot-issues?month={month}");
        for (name, value) in [("region", &nothing.region), ("subscribers", &nothing.subscribers)] {
            if !value.is_empty() {
                place.push_str(&format!("&{name}={}", query::encode(value)));
            }
        }
        place
    };
    let page = Page {
        before: beside(found.month.before()),
        after: found.following.map(beside).unwrap_or_default(),
        area: frame.area(&found.area),
        region: found.area.clone(),
        total: found.total,
        behind: found.progress.behind > 0 || found.progress.going_through,
        with_rate: found.subscribers.is_some(),
        lines: found.issues.into_iter().enumerate().map(|one| line(&frame, &month, one)).collect(),
        month,
        ..nothing
    };
    Ok(render(&page))
}
