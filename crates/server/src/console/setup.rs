//! The first set-up, step by step: who the organisation is, by which rules it goes, who works in it, and whether there are
//! invented cases to look at. Each step is a page of its own that works without any script, can be left out, and can be
//! taken up again; what was done stays done.

use super::form::Typed;
use super::{Frame, page, render};
use crate::api::administration::say_step;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::organisation::{self, NewUnit, NewUser, UnitChange};
use desk::setup::{STEPS, SetUp, Setup};
use desk::{Caller, permissions};
use domain::actor::Role;
use domain::fault::Fault;
use domain::ids::UnitId;
use domain::refusal::Refusal;

/// Where it begins.
pub(super) const PAGE: &str = "/console/setup";
/// Units or people that can be typed at once; more by saving and going on.
const ROWS: usize = 6;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::SET_UP);
    vec![
        page(Method::Get, PAGE, may, get(overview)),
        page(Method::Get, "/console/setup/{step}", may, get(show)),
        page(Method::Post, "/console/setup/{step}", may, post(carry_out)),
    ]
}

/// A step as the way through shows it.
struct Step {
    code: &'static str,
    words: String,
    state: String,
    open: bool,
    here: bool,
}

/// A box of a form, typed again where something was wrong.
struct Cell {
    name: String,
    label: String,
    value: String,
    error: String,
}

/// A line of boxes: one unit, or one person.
struct Line {
    /// What a screen reader calls it.
    label: String,
    cells: Vec<Cell>,
    /// Roles to choose from, for a person: code, name, chosen.
    roles: Vec<(&'static str, String, bool)>,
    /// Units to choose from: identity, name, chosen.
    units: Vec<(String, String, bool)>,
    role_name: String,
    unit_name: String,
}

/// A set of rules an installation can be governed by.
struct Stack {
    id: String,
    packs: Vec<String>,
    preview: bool,
    here: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    frame: &'a Frame<'a>,
    steps: Vec<Step>,
    /// The step shown; empty for the overview.
    step: &'static str,
    next: &'static str,
    changed: bool,
    /// Name of the whole; its area is everywhere.
    lead: Vec<Cell>,
    lines: Vec<Line>,
    /// What is there already: units or people.
    there: Vec<String>,
    stacks: Vec<Stack>,
    sample: bool,
    /// One-time passwords, this once: name to sign in with and password.
    passwords: Vec<(String, String)>,
    told: Option<Told>,
}

/// What came of a step.
#[derive(Default)]
struct Came {
    typed: Typed,
    passwords: Vec<(String, String)>,
    failure: Option<Failure>,
    /// Which boxes the fields of a line that was refused were typed into.
    boxes: Vec<(&'static str, String)>,
}

fn known(step: &str) -> Option<&'static str> {
    STEPS.iter().copied().find(|known| *known == step)
}

/// The step after one, back to the overview after the last.
fn after(step: &str) -> &'static str {
    let place = STEPS.iter().position(|known| *known == step).unwrap_or(STEPS.len());
    STEPS.get(place + 1).copied().unwrap_or_default()
}

async fn overview(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let changed = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "changed");
    draw(&app, &visitor, &caller, "", changed, Came::default()).await
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(step): Path<String>,
) -> Result<Response, Failure> {
    let step = known(&step).ok_or_else(Refusal::not_found)?;
    draw(&app, &visitor, &caller, step, false, Came::default()).await
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    step: &'static str,
    changed: bool,
    came: Came,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let setup = app.desk.setup(caller).await?;
    let told = came.failure.as_ref().map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    // A fault stands at the box of its line rather than at the field it went to.
    let at = |field: &str| {
        let boxed = came.boxes.iter().find(|(known, _)| *known == field);
        boxed.map_or_else(|| field.to_owned(), |(_, name)| name.clone())
    };
    let error = |name: &str| {
        errors.iter().find(|(field, ..)| at(field) == name).map(|(_, _, words)| words.clone()).unwrap_or_default()
    };
    let typed = &came.typed;
    let cell = |name: String, words: &str| Cell {
        label: frame.t(words),
        value: typed.get(&name).to_owned(),
        error: error(&name),
        name,
    };
    let units = app.desk.units(caller).await?;
    let root = units.iter().find(|unit| unit.id == app.desk.root());
    let mut name = cell("name".to_owned(), "setup.name");
    if told.is_none() {
        name.value = root.map(|unit| unit.name.clone()).unwrap_or_default();
    }
    let open: Vec<_> = units.iter().filter(|unit| !unit.closed).collect();
    let (mut lines, mut there) = (Vec::new(), Vec::new());
    if step == "organisation" {
        there.extend(open.iter().map(|unit| format!("{} · {} · {}", unit.name, unit.code, frame.area(&unit.area))));
        for n in 1..=ROWS {
            lines.push(Line {
                label: frame.tv("setup.unit_n", &[("n", &n.to_string())]),
                cells: vec![
                    cell(format!("code{n}"), "setup.unit_code"),
                    cell(format!("unit{n}"), "setup.unit_name"),
                    cell(format!("region{n}"), "setup.unit_region"),
                ],
                roles: Vec::new(),
                units: Vec::new(),
                role_name: String::new(),
                unit_name: String::new(),
            });
        }
    }
    if step == "users" {
        let people = app.desk.colleagues(caller).await?;
        let one = |user: &desk::organisation::Colleague| {
            format!("{} · {} · {}", user.name, user.username, frame.code("role", &user.role))
        };
        there.extend(people.iter().filter(|user| !user.disabled).map(one));
        for n in 1..=ROWS {
            let (role, unit) = (typed.get(&format!("role{n}")), typed.get(&format!("in{n}")));
            let role = if role.is_empty() { Role::Agent.code() } else { role };
            lines.push(Line {
                label: frame.tv("setup.user_n", &[("n", &n.to_string())]),
                cells: vec![cell(format!("username{n}"), "setup.username"), cell(format!("called{n}"), "setup.called")],
                roles: Role::ALL
                    .iter()
                    .filter(|one| **one != Role::Integration)
                    .map(|one| (one.code(), frame.code("role", one.code()), one.code() == role))
                    .collect(),
                units: open
                    .iter()
                    .map(|one| (one.id.to_string(), one.name.clone(), one.id.to_string() == unit))
                    .collect(),
                role_name: format!("role{n}"),
                unit_name: format!("in{n}"),
            });
        }
    }
    let status = told.as_ref().map_or(StatusCode::OK, |told| told.status);
    let mut response = render(&SetupPage {
        steps: steps(&frame, &setup, step),
        step,
        next: if step.is_empty() { setup.next().unwrap_or_default() } else { after(step) },
        changed,
        lead: vec![name],
        lines,
        there,
        stacks: if step == "rules" { stacks(&frame) } else { Vec::new() },
        sample: setup.sample,
        passwords: came.passwords,
        told,
        frame: &frame,
    });
    *response.status_mut() = status;
    Ok(response)
}

fn steps(frame: &Frame<'_>, setup: &Setup, here: &str) -> Vec<Step> {
    let one = |step: &desk::setup::SetupStep| {
        let state = frame.t(&format!("setup.state.{}", step.state));
        let said = step.said.as_ref().map(|(by, at)| {
            let at = frame.moment(*at);
            frame.tv("setup.said", &[("state", &state), ("name", &by.name), ("at", &at)])
        });
        Step {
            code: step.step,
            words: frame.t(&format!("setup.step.{}", step.step)),
            open: step.state == "open",
            here: step.step == here,
            state: said.unwrap_or(state),
        }
    };
    setup.steps.iter().map(one).collect()
}

/// Sets of rules there are, the one in force first.
fn stacks(frame: &Frame<'_>) -> Vec<Stack> {
    let library = frame.app.desk.library();
    let title = |name: &str| match library.pack(name) {
        Some(pack) => frame.language.pick(&pack.title().zh, &pack.title().en).to_owned(),
        None => name.to_owned(),
    };
    let preview = |name: &str| library.pack(name).is_some_and(|pack| pack.status() == policy::Status::Preview);
    let mut all: Vec<Stack> = library
        .stacks()
        .into_iter()
        .map(|(id, packs)| Stack {
            here: id == library.stack(),
            preview: packs.iter().any(|name| preview(name)),
            packs: packs.iter().map(|name| title(name)).collect(),
            id,
        })
        .collect();
    all.sort_by_key(|one| !one.here);
    all
}

async fn carry_out(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(step): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let step = known(&step).ok_or_else(Refusal::not_found)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let skipped = !typed.get("skip").is_empty();
    let mut came = Came { typed, ..Came::default() };
    if !skipped {
        match step {
            "organisation" => arrange(&app, &visitor, &caller, &mut came).await,
            "users" => employ(&app, &caller, &mut came).await,
            _ => {}
        }
        if let Some(failure) = came.failure.take() {
            came.failure = Some(super::staff_form::beside_the_form(&app, &visitor, failure)?);
            return draw(&app, &visitor, &caller, step, false, came).await;
        }
    }
    let state = if skipped { "skipped" } else { "done" };
    let said = SetUp { step: step.to_owned(), state: state.to_owned() };
    if let Err(failure) = say_step(&app, &caller, &said).await {
        came.failure = Some(super::staff_form::beside_the_form(&app, &visitor, failure)?);
        return draw(&app, &visitor, &caller, step, false, came).await;
    }
    // Passwords are shown once: the page that shows them is this one.
    if !came.passwords.is_empty() {
        return draw(&app, &visitor, &caller, step, false, came).await;
    }
    let target = match after(step) {
        "" => super::admin::PAGE.to_owned(),
        next => format!("{PAGE}/{next}"),
    };
    Ok(Redirect::to(&target).into_response())
}

/// Names the organisation and makes the units that were typed. A line that was carried out is emptied, so that it is not
/// made twice when another has to be typed again.
async fn arrange(app: &AppState, visitor: &Visitor, caller: &Caller, came: &mut Came) {
    let frame = Frame::new(app, visitor);
    let root = app.desk.root();
    let name = came.typed.get("name").to_owned();
    if name.is_empty() {
        came.failure = Some(Fault::new("name", "required").into());
        return;
    }
    let change = UnitChange { name: Some(name), ..UnitChange::default() };
    let by = caller.clone();
    if let Err(failure) = blocking(app, move |desk| organisation::change_unit(desk, &by, root, &change)).await {
        came.failure = Some(failure);
        return;
    }
    for n in 1..=ROWS {
        let boxes = ["code", "unit", "region"].map(|part| format!("{part}{n}"));
        let [code, unit, region] = boxes.each_ref().map(|name| came.typed.get(name).to_owned());
        if code.is_empty() && unit.is_empty() {
            continue;
        }
        let new = NewUnit { code, name: unit, parent: None, region: frame.region_code(&region), duties: Vec::new() };
        let [code, unit, region] = boxes;
        let by = caller.clone();
        let made = if new.name.is_empty() {
            Err(Fault::new("name", "required").into())
        } else {
            blocking(app, move |desk| organisation::add_unit(desk, &by, &new)).await
        };
        if let Err(failure) = made {
            came.failure = Some(failure);
            came.boxes = vec![("code", code), ("name", unit), ("region", region)];
            return;
        }
        for name in [&code, &unit, &region] {
            came.typed.set(name, "");
        }
    }
}

/// Makes the users that were typed, each with a one-time password.
async fn employ(app: &AppState, caller: &Caller, came: &mut Came) {
    for n in 1..=ROWS {
        let boxes = ["username", "called", "role", "in"].map(|part| format!("{part}{n}"));
        let [username, called, role, unit] = boxes.each_ref().map(|name| came.typed.get(name).to_owned());
        if username.is_empty() && called.is_empty() {
            continue;
        }
        let [username_box, called_box, role_box, unit_box] = boxes;
        let unit = if unit.is_empty() { Ok(app.desk.root()) } else { unit.parse::<UnitId>() };
        let made = match (role.parse::<Role>(), unit) {
            _ if called.is_empty() => Err(Fault::new("name", "required").into()),
            (Ok(role), Ok(unit)) => {
                let new = NewUser {
                    username: username.clone(),
                    name: called,
                    role,
                    region: String::new(),
                    unit,
                    skills: Vec::new(),
                    email: String::new(),
                };
                let by = caller.clone();
                blocking(app, move |desk| organisation::add_user(desk, &by, &new)).await
            }
            (Err(_), _) => Err(Fault::new("role", "required").into()),
            (_, Err(_)) => Err(Fault::new("unit", "required").into()),
        };
        match made {
            Ok(password) => {
                came.passwords.push((username.trim().to_lowercase(), password));
                for name in [&username_box, &called_box] {
                    came.typed.set(name, "");
                }
            }
            Err(failure) => {
                came.failure = Some(failure);
                came.boxes =
                    vec![("username", username_box), ("name", called_box), ("role", role_box), ("unit", unit_box)];
                return;
            }
        }
    }
}
