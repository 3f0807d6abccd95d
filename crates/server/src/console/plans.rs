//! Emergency plans: every version with the two people behind it, and the form that asks for another.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::app::AppState;
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
use desk::plans::{NEW_PLAN, NewPlan, PlanStanding, PlanView};
use desk::{Caller, permissions};

const PAGE: &str = "/console/plans";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::APPROVE_PLAN);
    let decided = |approve: bool| post(move |state, visitor, who, path| decide(approve, state, visitor, who, path));
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_PLANS), get(show)),
        page(Method::Post, PAGE, Access::Needs(permissions::PROPOSE_PLAN), post(propose)),
        page(Method::Post, "/console/plans/{plan}/{version}/approve", may, decided(true)),
        page(Method::Post, "/console/plans/{plan}/{version}/refuse", may, decided(false)),
    ]
}

/// A version on the page.
struct Line {
    id: String,
    version: u32,
    title: String,
    state: String,
    roles: Vec<String>,
    items: Vec<(String, String)>,
    asked: String,
    decided: String,
    text: String,
    may_decide: bool,
}

#[derive(Template)]
#[template(path = "plans.html")]
struct Plans<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    inputs: Vec<Input>,
    told: Option<Told>,
    done: bool,
}

fn line(frame: &Frame<'_>, caller: &Caller, one: PlanView) -> Line {
    let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let role = |id: &str| {
        let role = one.plan.roles.iter().find(|role| role.id == id);
        role.map_or_else(|| id.to_owned(), |role| pick(&role.title))
    };
    let said = |name: &str, at| frame.tv("rules.by", &[("name", name), ("at", &frame.moment(at))]);
    let within = |minutes: Option<u32>| {
        minutes.map(|minutes| frame.tv("plans.within", &[("minutes", &minutes.to_string())])).unwrap_or_default()
    };
    let own = one.asked_by.id == caller.actor.id;
    Line {
        title: pick(&one.plan.title),
        state: frame.code("plan_standing", one.standing.code()),
        roles: one.plan.roles.iter().map(|role| pick(&role.title)).collect(),
        items: one
            .plan
            .items
            .iter()
            .map(|item| (pick(&item.title), format!("{}{}", role(&item.role), within(item.within))))
            .collect(),
        asked: said(&one.asked_by.name, one.asked_at),
        decided: one.decided_by.as_ref().zip(one.decided_at).map(|(by, at)| said(&by.name, at)).unwrap_or_default(),
        may_decide: one.standing == PlanStanding::Requested && !own && frame.may(permissions::APPROVE_PLAN),
        version: one.plan.version,
        id: one.plan.id,
        text: one.text,
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    failure: Option<Failure>,
    done: bool,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let lines = app.desk.plans(caller).await?.into_iter().map(|one| line(&frame, caller, one)).collect();
    let draw = Draw { frame: &frame, words: "plan", typed, errors: &errors, known: &|_| Vec::new() };
    let inputs = if frame.may(permissions::PROPOSE_PLAN) { draw.inputs("", NEW_PLAN) } else { Vec::new() };
    Ok(shown_with(told.clone(), &Plans { frame: &frame, lines, inputs, told, done }))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let done = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "done");
    draw(&app, &visitor, &caller, &Typed::default(), None, done).await
}

async fn propose(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<NewPlan>(&typed, NEW_PLAN, &Frame::new(&app, &visitor)) {
        Ok(new) => app.desk.propose_plan(&caller, new).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else { return Ok(Redirect::to("/console/plans?done=asked").into_response()) };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &typed, Some(failure), false).await
}

async fn decide(
    approve: bool,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((plan, version)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let version = version.parse().map_err(|_| Failure::from(domain::refusal::Refusal::not_found()))?;
    let Err(failure) = app.desk.decide_plan(&caller, &plan, version, approve).await.map_err(Failure::from) else {
        return Ok(Redirect::to("/console/plans?done=decided").into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &Typed::default(), Some(failure), false).await
}
