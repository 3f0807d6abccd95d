//! Classification models: which there are, how good each is, which is in use, and what became of suggestions.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::api::identifier;
use crate::api::models::month;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::models::{
    self, BESIDE, CHOOSE_MODEL, ChooseModel, DriftMonth, MODEL_FILE, MOVED, ModelFile, ModelState, NEW_MODEL, NewModel,
    ROLL_BACK_MODEL, RollBackModel, STEADY, StoredModel,
};
use desk::{Caller, permissions};
use domain::shape::Field;
use uuid::Uuid;

const PAGE: &str = "/console/models";
/// As much of an address as people compare by eye.
const SHORT: usize = 12;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::ACTIVATE_MODEL);
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_MODELS), get(show)),
        page(Method::Post, PAGE, Access::Needs(permissions::TRAIN_MODEL), post(train)),
        page(Method::Post, "/console/models/file", Access::Needs(permissions::TRAIN_MODEL), post(train_file)),
        page(Method::Post, "/console/models/roll-back", may, post(roll_back)),
        page(Method::Post, "/console/models/{id}/activate", may, post(activate)),
    ]
}

/// A category of a model: name, texts, precision, recall, F1.
struct Class {
    name: String,
    support: usize,
    precision: String,
    recall: String,
    f1: String,
}

struct Line {
    id: String,
    hash: String,
    state: String,
    about: Vec<String>,
    figures: Vec<(String, String)>,
    /// What was learnt beside the category, a line each.
    beside: Vec<String>,
    classes: Vec<Class>,
    active: bool,
    ready: bool,
    /// Why somebody wanted it in use, when that was refused.
    note: String,
}

/// What was typed, and into which form.
#[derive(Default)]
struct Filled<'a> {
    train: Option<&'a Typed>,
    file: Option<&'a Typed>,
    back: Option<&'a Typed>,
    /// With the model it was about.
    activate: Option<(Uuid, &'a Typed)>,
}

struct Month {
    month: String,
    source: String,
    suggested: i64,
    taken: String,
    among: String,
    unsure: String,
    index: String,
}

#[derive(Template)]
#[template(path = "models.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    active: String,
    damaged: bool,
    choices: Vec<String>,
    months: Vec<Month>,
    inputs: Vec<Input>,
    file_inputs: Vec<Input>,
    /// Whether the form of a file stands open.
    file_open: bool,
    back_note: String,
    may_choose: bool,
    told: Option<Told>,
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn share(part: i64, of: i64) -> String {
    if of == 0 { String::new() } else { percent(part as f64 / of as f64) }
}

fn short(hash: &str) -> String {
    hash.chars().take(SHORT).collect()
}

/// What was learnt beside the category, and whether it is shown.
fn beside(frame: &Frame<'_>, what: &str, found: &models::Beside) -> String {
    let name = frame.code("model_beside", what);
    if let Some(why) = &found.failed {
        return format!("{name}: {}", frame.code("model_beside_failed", why));
    }
    let accuracy = found.figures.as_ref().map(|figures| percent(figures.accuracy)).unwrap_or_default();
    let values = [("share", accuracy.as_str()), ("majority", &percent(found.majority))];
    let used = frame.t(if found.used { "models.beside_used" } else { "models.beside_unused" });
    format!("{name}: {}{used}", frame.tv("models.beside", &values))
}

fn line(frame: &Frame<'_>, one: &StoredModel, active: Option<Uuid>, filled: &Filled<'_>) -> Line {
    let mut about = vec![
        frame.code("model_source", &one.source),
        frame.tv("rules.by", &[("name", &one.asked_by.name), ("at", &frame.moment(one.asked_at))]),
    ];
    let (mut figures, mut classes, mut told) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(learnt) = &one.learnt {
        let (from, held, left) =
            (learnt.learnt_from().to_string(), learnt.held_back.to_string(), learnt.left_out.to_string());
        about.push(frame.tv("models.learnt", &[("from", &from), ("held", &held), ("left", &left)]));
        about.extend(learnt.failed.as_deref().map(|why| frame.code("model_failed", why)));
        let span = learnt.from.zip(learnt.until);
        let span = span.map(|(from, until)| [frame.short(from), frame.short(until)]);
        about.extend(span.map(|[from, until]| frame.tv("models.span", &[("from", &from), ("until", &until)])));
        let known = BESIDE.into_iter().filter_map(|what| Some((what, learnt.beside.get(what)?)));
        told.extend(known.map(|(what, found)| beside(frame, what, found)));
        if let Some(found) = &learnt.figures {
            let mut put = |key: &str, value: String| figures.push((frame.t(key), value));
            put("models.accuracy", percent(found.accuracy));
            put("models.macro_f1", format!("{:.3}", found.macro_f1));
            put("models.log_loss", format!("{:.3}", found.log_loss));
            let chance = format!("{:.3}", found.ece_by_chance);
            put("models.ece", frame.tv("models.ece_of", &[("ece", &format!("{:.3}", found.ece)), ("chance", &chance)]));
            put("models.unsure", percent(learnt.unsure));
            classes.extend(found.classes.iter().map(|class| Class {
                name: frame.category(&class.label),
                support: class.support,
                precision: format!("{:.2}", class.precision),
                recall: format!("{:.2}", class.recall),
                f1: format!("{:.2}", class.f1),
            }));
        }
    }
    Line {
        id: one.id.to_string(),
        hash: short(&one.hash),
        state: frame.code("model_state", one.state.code()),
        about,
        figures,
        beside: told,
        classes,
        note: filled
            .activate
            .filter(|(id, _)| *id == one.id)
            .map(|(_, typed)| typed.get("note").to_owned())
            .unwrap_or_default(),
        active: active == Some(one.id),
        ready: one.state == ModelState::Ready,
    }
}

fn drifted(frame: &Frame<'_>, one: &DriftMonth) -> Month {
    let source = one.source.strip_prefix("model/").map_or_else(|| frame.t("models.words"), short);
    let index = one.index.map(|index| {
        let how = if index < STEADY {
            "models.steady"
        } else if index < MOVED {
            "models.moving"
        } else {
            "models.moved"
        };
        format!("{index:.2} · {}", frame.t(how))
    });
    Month {
        month: month(one),
        source,
        suggested: one.counted,
        taken: share(one.taken, one.counted),
        among: share(one.among, one.counted),
        unsure: share(one.unsure, one.counted),
        index: index.unwrap_or_default(),
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    filled: &Filled<'_>,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let by = caller.clone();
    let (found, months) = blocking(app, move |desk| Ok((models::list(desk, &by)?, models::drift(desk, &by)?))).await?;
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let nobody = |_: &str| Vec::new();
    let nothing = Typed::default();
    // What is wrong with one form is not wrong with the other.
    let of = |mine: Option<&Typed>| if mine.is_some() { errors.as_slice() } else { &[] };
    let may_train = frame.may(permissions::TRAIN_MODEL);
    let drawn = |words: &'static str, mine: Option<&Typed>, fields: &'static [Field]| {
        let typed = mine.unwrap_or(&nothing);
        let drawing = Draw { frame: &frame, words, typed, errors: of(mine), known: &nobody };
        if may_train { drawing.inputs("", fields) } else { Vec::new() }
    };
    let named = |id: Option<Uuid>| {
        let hash = found.items.iter().find(|one| Some(one.id) == id).map(|one| short(&one.hash));
        hash.unwrap_or_else(|| id.map_or_else(|| frame.t("models.words"), |id| id.to_string()))
    };
    let choice = |one: &models::ModelChoice| {
        let by = frame.tv("rules.by", &[("name", &one.by.name), ("at", &frame.moment(one.at))]);
        format!("{} · {by} · {}", named(one.model), one.note)
    };
    Ok(shown_with(
        told.clone(),
        &Page {
            lines: found.items.iter().map(|one| line(&frame, one, found.active, filled)).collect(),
            active: found.active.map(|id| id.to_string()).unwrap_or_default(),
            damaged: found.damaged,
            choices: found.choices.iter().map(choice).collect(),
            months: months.iter().map(|one| drifted(&frame, one)).collect(),
            inputs: drawn("model", filled.train, NEW_MODEL),
            file_inputs: drawn("model-file", filled.file, MODEL_FILE),
            file_open: filled.file.is_some(),
            back_note: filled.back.map(|typed| typed.get("note").to_owned()).unwrap_or_default(),
            may_choose: frame.may(permissions::ACTIVATE_MODEL),
            told,
            frame: &frame,
        },
    ))
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, &Filled::default(), None).await
}

async fn after(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    filled: &Filled<'_>,
    outcome: Result<(), Failure>,
) -> Result<Response, Failure> {
    let Err(failure) = outcome else { return Ok(Redirect::to(PAGE).into_response()) };
    let failure = beside_the_form(app, visitor, failure)?;
    draw(app, visitor, caller, filled, Some(failure)).await
}

async fn train(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<NewModel>(&typed, NEW_MODEL, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| models::train(desk, &by, &new)).await.map(drop)
        }
        Err(failure) => Err(failure),
    };
    after(&app, &visitor, &caller, &Filled { train: Some(&typed), ..Filled::default() }, outcome).await
}

async fn train_file(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<ModelFile>(&typed, MODEL_FILE, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| models::train_file(desk, &by, &new)).await.map(drop)
        }
        Err(failure) => Err(failure),
    };
    after(&app, &visitor, &caller, &Filled { file: Some(&typed), ..Filled::default() }, outcome).await
}

async fn activate(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let id = identifier::<Uuid>(&id)?;
    let outcome = match read::<ChooseModel>(&typed, CHOOSE_MODEL, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| models::activate(desk, &by, id, &new)).await
        }
        Err(failure) => Err(failure),
    };
    after(&app, &visitor, &caller, &Filled { activate: Some((id, &typed)), ..Filled::default() }, outcome).await
}

async fn roll_back(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<RollBackModel>(&typed, ROLL_BACK_MODEL, &Frame::new(&app, &visitor)) {
        Ok(back) => {
            let by = caller.clone();
            blocking(&app, move |desk| models::roll_back(desk, &by, &back)).await
        }
        Err(failure) => Err(failure),
    };
    after(&app, &visitor, &caller, &Filled { back: Some(&typed), ..Filled::default() }, outcome).await
}
