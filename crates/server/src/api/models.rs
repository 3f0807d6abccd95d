//! Classification models: learnt, measured, put into use, rolled back, and what became of their suggestions.

use super::activations::person;
use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::models::{
    self, CHOOSE_MODEL, ChooseModel, DriftMonth, Learnt, MODEL_FILE, ModelChoice, ModelFile, NEW_MODEL, NewModel,
    ROLL_BACK_MODEL, RollBackModel, StoredModel,
};
use desk::{Caller, permissions};
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let operation = |id, summary, answer| Operation::get(id, summary, "Models", answer);
    let list = operation("list_models", "Models, the one in use, and what was put into use before.", "Models");
    let one = operation("get_model", "A model with its figures.", "Model");
    let train = operation("train_model", "Have a model learnt from closed cases. Nothing changes by it.", "Model");
    let train = Operation { body: Some(NEW_MODEL), status: 201, ..train };
    let file =
        operation("train_model_from_file", "Have a model learnt from a labelled file. Nothing changes by it.", "Model");
    let file = Operation { body: Some(MODEL_FILE), status: 201, ..file };
    let activate = operation("activate_model", "Put a model into use.", "Models");
    let activate = Operation { body: Some(CHOOSE_MODEL), ..activate };
    let back = operation("roll_back_model", "Go back to what was in use before.", "Models");
    let back = Operation { body: Some(ROLL_BACK_MODEL), ..back };
    let drift = operation("model_drift", "What became of suggestions, by source and month.", "ModelDrift");
    let (see, may) = (permissions::READ_MODELS, permissions::ACTIVATE_MODEL);
    vec![
        Route::api(Method::Get, "/api/v1/models", see, list, get(all)),
        Route::api(Method::Post, "/api/v1/models", permissions::TRAIN_MODEL, train, post(train_one)),
        Route::api(Method::Post, "/api/v1/models/file", permissions::TRAIN_MODEL, file, post(train_file)),
        Route::api(Method::Get, "/api/v1/models/drift", see, drift, get(months)),
        Route::api(Method::Post, "/api/v1/models/roll-back", may, back, post(roll_back)),
        Route::api(Method::Get, "/api/v1/models/{id}", see, one, get(show)),
        Route::api(Method::Post, "/api/v1/models/{id}/activate", may, activate, post(activate_one)),
    ]
}

async fn told(app: &AppState, caller: Caller) -> Result<Response, Failure> {
    let found = blocking(app, move |desk| models::list(desk, &caller)).await?;
    let choice = |one: &ModelChoice| {
        Object::default()
            .put_some("model", one.model.map(|id| id.to_string()))
            .put("note", one.note.as_str())
            .put("by", person(&one.by))
            .put("at", moment(one.at))
            .done()
    };
    let body = Object::default()
        .put("items", found.items.iter().map(view).collect::<Vec<_>>())
        .put_some("active", found.active.map(|id| id.to_string()))
        .put("damaged", found.damaged)
        .put("choices", found.choices.iter().map(choice).collect::<Vec<_>>())
        .done();
    Ok(answer(StatusCode::OK, &body))
}

async fn all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    told(&app, caller).await
}

async fn train_one(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewModel = input(&headers, body, NEW_MODEL).await?;
    let work = move |desk: &desk::Desk| {
        let id = models::train(desk, &caller, &new)?;
        models::one(desk, &caller, id)
    };
    Ok(answer(StatusCode::CREATED, &view(&blocking(&app, work).await?)))
}

async fn train_file(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: ModelFile = input(&headers, body, MODEL_FILE).await?;
    let work = move |desk: &desk::Desk| {
        let id = models::train_file(desk, &caller, &new)?;
        models::one(desk, &caller, id)
    };
    Ok(answer(StatusCode::CREATED, &view(&blocking(&app, work).await?)))
}

async fn show(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = identifier::<Uuid>(&id)?;
    let found = blocking(&app, move |desk| models::one(desk, &caller, id)).await?;
    Ok(answer(StatusCode::OK, &view(&found)))
}

async fn activate_one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: ChooseModel = input(&headers, body, CHOOSE_MODEL).await?;
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    blocking(&app, move |desk| models::activate(desk, &by, id, &new)).await?;
    told(&app, caller).await
}

async fn roll_back(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let back: RollBackModel = input(&headers, body, ROLL_BACK_MODEL).await?;
    let by = caller.clone();
    blocking(&app, move |desk| models::roll_back(desk, &by, &back)).await?;
    told(&app, caller).await
}

async fn months(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let found = blocking(&app, move |desk| models::drift(desk, &caller)).await?;
    let one = |one: &DriftMonth| {
        Object::default()
            .put("source", one.source.as_str())
            .put_some("model", one.model.map(|id| id.to_string()))
            .put("month", month(one))
            .put("suggested", one.counted)
            .put("taken", one.taken)
            .put("among", one.among)
            .put("unsure", one.unsure)
            .put_some("index", one.index)
            .done()
    };
    Ok(answer(StatusCode::OK, &json!({"items": found.iter().map(one).collect::<Vec<_>>()})))
}

/// A month as people write it.
pub(crate) fn month(one: &DriftMonth) -> String {
    format!("{:04}-{:02}", one.month.0, one.month.1)
}

/// A model with what came of it.
pub(crate) fn view(one: &StoredModel) -> Value {
    let learnt = |learnt: &Learnt| {
        Object::default()
            .put_some("failed", learnt.failed.as_deref())
            .put("learnt_from", learnt.learnt_from())
            .put("held_back", learnt.held_back)
            .put("left_out", learnt.left_out)
            .put("categories", json!(learnt.categories))
            .put_some("from", learnt.from.map(moment))
            .put_some("held_from", learnt.held_from.map(moment))
            .put_some("until", learnt.until.map(moment))
            .put("terms", learnt.terms)
            .put("bytes", learnt.bytes)
            .put("unsure", learnt.unsure)
            .put_some("figures", learnt.figures.as_ref().map(|figures| json!(figures)))
            .put_some("beside", Some(json!(learnt.beside)).filter(|_| !learnt.beside.is_empty()))
            .done()
    };
    Object::default()
        .put("id", one.id.to_string())
        .put("state", one.state.code())
        .put("source", one.source.as_str())
        .put_some("since", one.asked.since.map(|day| day.to_string()))
        .put_some("until", one.asked.until.map(|day| day.to_string()))
        .put("held_back", one.asked.held_back)
        .put("asked_by", person(&one.asked_by))
        .put("asked_at", moment(one.asked_at))
        .put_some("made_at", one.made_at.map(moment))
        .put_some("hash", Some(one.hash.as_str()).filter(|hash| !hash.is_empty()))
        .put_some("learnt", one.learnt.as_ref().map(learnt))
        .done()
}
