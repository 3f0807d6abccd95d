//! Several operations under a name: kept, tried on a case, applied to it.

use super::cases::tagged;
use super::view::Object;
use super::{answer, identifier, input, view};
use crate::app::AppState;
use crate::console::macros::blanks;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure};
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::audience::Audience;
use desk::bulk::Reason;
use desk::macros::{Applied, Macro, NEW_MACRO, NewMacro};
use desk::{CaseRef, permissions};
use domain::shape::{Field, Kind, optional};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let operation = |id, summary, answer| Operation::get(id, summary, "Macros", answer);
    let list = operation("list_macros", "Macros the caller may apply: own ones, the unit's, the role's.", "Macros");
    let keep = operation("keep_macro", "Keep operations under a name; a known name makes a new version.", "MacroKept");
    let keep = Operation { body: Some(NEW_MACRO), status: 201, ..keep };
    let remove = Operation { body: Some(&[]), ..operation("remove_macro", "Take a macro away.", "Entered") };
    let trial = operation("try_macro", "What a macro would do to a case; nothing is done.", "MacroTried");
    let apply = operation("apply_macro", "Apply a macro to a case: all of it, or nothing.", "Receipt");
    let apply = Operation { body: Some(APPLY), versioned: true, ..apply };
    let trial = Operation { body: Some(&[]), ..trial };
    let case = permissions::APPLY_MACRO;
    vec![
        Route::api(Method::Get, "/api/v1/macros", permissions::READ_MACROS, list, get(macros)),
        Route::api(Method::Post, "/api/v1/macros", permissions::SAVE_MACRO, keep, post(keep_one)),
        Route::api(Method::Post, "/api/v1/macros/{id}/remove", permissions::SAVE_MACRO, remove, post(remove_one)),
        Route::api(Method::Post, "/api/v1/complaints/{id}/macros/{macro}/try", case, trial, post(try_one)),
        Route::api(Method::Post, "/api/v1/complaints/{id}/macros/{macro}", case, apply, post(apply_one)),
    ]
}

async fn macros(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.macros(&caller).await?.into_iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn shown(one: Macro) -> Value {
    let role = match one.audience {
        Audience::Role(role) => Some(role.code()),
        _ => None,
    };
    let steps = one.steps.into_iter().map(|step| Value::Object(Map::from_iter([(step.verb, step.input)])));
    Object::default()
        .put("id", one.id.to_string())
        .put("name", one.name)
        .put("shared", one.audience.code())
        .put_some("role", role)
        .put("revision", one.revision)
        .put("may_change", one.may_change)
        .put("steps", steps.collect::<Vec<_>>())
        .done()
}

async fn keep_one(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewMacro = input(&headers, body, NEW_MACRO).await?;
    let (id, revision) = app.desk.keep_macro(&caller, new).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": id.to_string(), "revision": revision})))
}

async fn remove_one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let id = identifier::<Uuid>(&id)?;
    app.desk.remove_macro(&caller, id).await?;
    Ok(answer(StatusCode::OK, &json!({"id": id.to_string()})))
}

async fn try_one(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((case, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let case = app.desk.case(&caller, &CaseRef::parse(&case)?).await?;
    let known = blanks(&app, &visitor, &case).await?;
    let name = CaseRef::Id(case.case.id);
    let seen = case.case.version;
    let tried = app.desk.try_macro(&caller, (&name, seen), identifier::<Uuid>(&id)?, &known).await?;
    let stopped = tried.stopped.as_ref().map(|(step, error)| {
        let reason = Reason::of(error);
        let (detail, way_out, faults) = problem::reason(&app, visitor.language, &reason);
        let fault = |(field, code, detail)| json!({"field": field, "code": code, "detail": detail});
        let errors: Vec<Value> = faults.into_iter().map(fault).collect();
        json!({"step": step, "code": reason.code, "detail": detail, "way_out": way_out, "errors": errors})
    });
    let entries: Vec<Value> = tried.entries.iter().map(|entry| view::entry(entry, &case)).collect();
    let told = Object::default()
        .put("version", seen)
        .put("revision", tried.revision)
        .put("entries", entries)
        .put_some("stopped", stopped);
    Ok(answer(StatusCode::OK, &told.done()))
}

/// Shape of an application.
const APPLY: &[Field] = &[optional(
    "revision",
    Kind::Whole { min: 1, max: i64::MAX },
    "The revision that was tried: where the macro was changed since, nothing is done.",
)];

#[derive(Deserialize)]
struct Revision {
    revision: Option<i64>,
}

async fn apply_one(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((case, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let tried: Revision = input(&headers, body, APPLY).await?;
    let seen = extract::seen(&headers)?;
    let case = app.desk.case(&caller, &CaseRef::parse(&case)?).await?;
    let known = blanks(&app, &visitor, &case).await?;
    let name = CaseRef::Id(case.case.id);
    let which = (identifier::<Uuid>(&id)?, tried.revision);
    match app.desk.apply_macro(&caller, (&name, seen), which, &known).await? {
        Applied::Done(done, _) => {
            let receipt = view::receipt(&app.desk, &done.case);
            Ok(tagged(answer(StatusCode::OK, &receipt), done.case.version))
        }
        Applied::Stopped(_, error) => Err(error.into()),
    }
}
