//! Mass incidents: the list, and one with its wordings, plan, cases, those near it, and whom to tell besides.

mod acts;
mod one;

use super::form::{Draw, Input, Typed};
use super::names::Names;
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::api::incidents::{LIST, filter};
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::incidents::{IncidentFilter, IncidentLine};
use desk::network::FactFilter;
use desk::{Caller, Permission, permissions};
use domain::incident::VERBS;
use domain::incident::open::{self, Open};
use domain::network::AVAILABILITY;

const PAGE: &str = "/console/incidents";
/// Facts a form offers, the last begun first.
const OFFERED: usize = 50;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_INCIDENTS);
    let mut routes = vec![
        page(Method::Get, PAGE, read, get(list)),
        page(Method::Post, PAGE, Access::Needs(permissions::OPEN_INCIDENT), post(create)),
        page(Method::Get, "/console/incidents/{id}", read, get(one::show)),
        page(Method::Post, "/console/incidents/{id}/tell", Access::Needs(permissions::TELL_INCIDENT), post(acts::tell)),
        page(
            Method::Post,
            "/console/incidents/{id}/recipients",
            Access::Needs(permissions::ADD_RECIPIENTS),
            post(acts::add_recipients),
        ),
        page(
            Method::Post,
            "/console/incidents/{id}/recipients/send",
            Access::Needs(permissions::SEND_TO_RECIPIENTS),
            post(acts::send_to_recipients),
        ),
        page(
            Method::Post,
            "/console/incidents/{id}/recipients/export",
            Access::Needs(permissions::EXPORT_RECIPIENTS),
            post(acts::export_recipients),
        ),
    ];
    for verb in VERBS {
        let Some(permission) = Permission::for_verb(verb.name) else { continue };
        let path: &'static str = Box::leak(format!("{PAGE}/{{id}}/{}", verb.name).into_boxed_str());
        let handler = post(move |state, visitor, who, path, headers, body| {
            acts::run(verb, state, visitor, who, path, headers, body)
        });
        routes.push(page(Method::Post, path, Access::Needs(permission), handler));
    }
    routes
}

/// An incident of the list.
struct Line {
    id: String,
    title: String,
    state: String,
    code: String,
    about: String,
    began: String,
    over: String,
    cases: String,
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct List<'a> {
    frame: &'a Frame<'a>,
    /// Address, words, and whether it is the one shown.
    tabs: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: String,
    inputs: Vec<Input>,
    told: Option<Told>,
}

/// The lists people look for: its words, and the parameters that ask for it.
const TABS: [(&str, &str); 3] = [("open", "open=true"), ("closed", "status=closed"), ("all", "")];

/// A product line, or all of them.
pub(super) fn product(frame: &Frame<'_>, product: Option<&str>) -> String {
    product.map_or_else(|| frame.t("incidents.all_products"), |product| frame.code("product", product))
}

fn line(frame: &Frame<'_>, one: IncidentLine) -> Line {
    let count = |standing: &str| one.cases.get(standing).copied().unwrap_or_default();
    let (waiting, all) =
        (count("waiting").to_string(), (count("waiting") + count("told") + count("ended")).to_string());
    Line {
        id: one.id.to_string(),
        cases: frame.tv("incidents.of_cases", &[("waiting", &waiting), ("all", &all)]),
        state: frame.code("incident_state", &one.state),
        about: format!("{} · {} · {}", one.number, frame.area(&one.area), product(frame, one.product.as_deref())),
        title: one.title,
        code: one.state,
        began: frame.moment(one.started_at),
        over: one.restored_at.map(|at| frame.moment(at)).unwrap_or_default(),
    }
}

/// Outages and works a form about an incident can name.
pub(super) async fn facts(
    app: &AppState,
    frame: &Frame<'_>,
    caller: &Caller,
) -> Result<Vec<(String, String)>, Failure> {
    if !frame.may(permissions::READ_NETWORK_FACTS) {
        return Ok(Vec::new());
    }
    let asked = FactFilter { limit: OFFERED, ..FactFilter::default() };
    let found = app.desk.network_facts(caller, &asked).await?.items;
    let words = |one: &desk::network::FactView| {
        let (fact, from) = (frame.code("fact", &one.fact.fact), frame.moment(one.fact.from));
        format!("{fact} · {} · {from} · {}", frame.area(&one.fact.region), one.fact.number)
    };
    let fits = found.iter().filter(|one| one.fact.fact != AVAILABILITY);
    Ok(fits.map(|one| (one.id.to_string(), words(one))).collect())
}

async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let raw = raw.unwrap_or_else(|| "open=true".to_owned());
    let asked = filter(&query::read(Some(&raw), LIST)?);
    draw_list(&app, &visitor, &caller, (&raw, asked), &Typed::default(), None).await
}

async fn draw_list(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    (raw, asked): (&str, IncidentFilter),
    typed: &Typed,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let page = app.desk.incidents(caller, &asked).await?;
    let tabs = TABS
        .iter()
        .map(|(name, query)| (format!("{PAGE}?{query}"), frame.t(&format!("incidents.tab.{name}")), raw == *query));
    let inputs = if frame.may(permissions::OPEN_INCIDENT) {
        let names = Names::gather(app, caller).await?;
        let facts = facts(app, &frame, caller).await?;
        let known = |field: &str| if field == "fact" { facts.clone() } else { names.choices(&frame, field) };
        let draw = Draw { frame: &frame, words: "open-incident", typed, errors: &errors, known: &known };
        draw.inputs("", open::FIELDS)
    } else {
        Vec::new()
    };
    let own: String = raw.split('&').filter(|pair| !pair.starts_with("after=")).collect::<Vec<_>>().join("&");
    Ok(shown_with(
        told.clone(),
        &List {
            tabs: tabs.collect(),
            lines: page.items.into_iter().map(|one| line(&frame, one)).collect(),
            next: page.next.map(|next| format!("{PAGE}?{own}&after={}", query::encode(&next))).unwrap_or_default(),
            inputs,
            told,
            frame: &frame,
        },
    ))
}

async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<Open>(&typed, open::FIELDS, &Frame::new(&app, &visitor)) {
        Ok(open) => app.desk.open_incident(&caller, open, None).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(done) => Ok(Redirect::to(&format!("{PAGE}/{}?done=open-incident", done.incident.id)).into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            let asked = IncidentFilter { open_only: true, ..IncidentFilter::default() };
            draw_list(&app, &visitor, &caller, ("open=true", asked), &typed, Some(failure)).await
        }
    }
}
