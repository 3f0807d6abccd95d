//! `/complaints/{id}/similar`: ended cases like one, with what was done there and how it ended.

use super::{answer, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::words;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::search::{Alike, Why};
use desk::{CaseRef, permissions};
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let similar = Operation::get(
        "similar_complaints",
        "Ended cases like this one: why they are shown, what was done, and how they ended. The nearest first; texts masked.",
        "Complaints",
        "SimilarCases",
    );
    vec![Route::api(Method::Get, "/api/v1/complaints/{id}/similar", permissions::READ_CASES, similar, get(alike))]
}

async fn alike(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let found = app.desk.similar_cases(&caller, &CaseRef::parse(&name)?).await?;
    let items: Vec<Value> = found.items.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items, "complete": found.complete})))
}

fn shown(one: &Alike) -> Value {
    let why = |why: &Why| {
        let words = match why {
            Why::Words(words) => Some(json!(words)),
            _ => None,
        };
        view::Object::default().put("code", why.code()).put_some("words", words).done()
    };
    let remedies = one.remedies.iter().map(|(kind, sum, standing)| {
        let sum = sum.as_ref().map(|sum| json!(sum));
        view::Object::default().put("remedy", kind.code()).put("standing", standing.code()).put_some("sum", sum).done()
    });
    view::Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put_some("category", one.category.as_deref())
        .put_some("region", Some(one.region.as_str()).filter(|region| !region.is_empty()))
        .put("received_at", view::moment(one.received_at))
        .put_some("closed_at", one.closed_at.map(view::moment))
        .put("why", one.why.iter().map(why).collect::<Vec<_>>())
        .put_some("outcome", one.outcome.as_deref())
        .put_some("reply", one.reply.as_deref())
        .put_some("cause", one.cause.as_deref())
        .put("remedies", remedies.collect::<Vec<_>>())
        .put_some("satisfied", one.satisfied.map(words::satisfaction))
        .put_some("useful", one.useful)
        .done()
}
