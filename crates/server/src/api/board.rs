//! The board of whoever leads.

use super::answer;
use super::view::{self, Object, moment};
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::board::{Pressing, Span, Tally};
use desk::permissions;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let summary = "What is open, late, due soon and must not wait in the caller's area, by unit, grade and person; today's receipts.";
    let board = Operation::get("get_board", summary, "Reports", "Board");
    vec![Route::api(Method::Get, "/api/v1/board", permissions::READ_BOARD, board, get(show))]
}

fn tally(name: &str, of: &str, tally: &Tally) -> Value {
    let mut one = Object::default();
    if !name.is_empty() {
        one = one.put(name, of);
    }
    let one = one.put("open", tally.open).put("untouched", tally.untouched).put("late", tally.late);
    one.put("due_soon", tally.soon).put_some("first_due_at", tally.first.map(moment)).done()
}

fn span(span: &Span) -> Value {
    let bounds = Object::default().put_some("from", span.from.map(moment)).put_some("until", span.until.map(moment));
    bounds.put("count", span.count).done()
}

fn spans(spans: &[Span]) -> Vec<Value> {
    spans.iter().map(span).collect()
}

fn pressing(pressing: &Pressing) -> Value {
    json!({"count": pressing.count, "first": pressing.first.iter().map(view::listed).collect::<Vec<_>>()})
}

async fn show(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let board = app.desk.board(&caller).await?;
    let [today, by_now, then] = board.received.map(|span| span.count);
    let ([customer, others], [hours, hours_then]) = (board.elsewhere, &board.hours);
    let units: Vec<Value> = board.units.iter().map(|(unit, one)| tally("unit", &unit.to_string(), one)).collect();
    let grades: Vec<Value> = board.grades.iter().map(|(grade, one)| tally("grade", grade, one)).collect();
    let people: Vec<Value> = board.people.iter().map(|(user, one)| tally("user", &user.to_string(), one)).collect();
    let categories = board.categories.iter().map(|(code, open)| json!({"category": code, "open": open}));
    let told = json!({
        "at": moment(board.at), "due_soon_until": moment(board.soon), "all": tally("", "", &board.all), "units": units,
        "grades": grades, "people": people, "categories": categories.collect::<Vec<_>>(),
        "waits_for": {"customer": customer, "others": others},
        "time_left": spans(&board.left), "red_line": pressing(&board.red_line), "escalated": pressing(&board.escalated),
        "received": {"today": today, "a_week_ago_by_now": by_now, "a_week_ago": then},
        "received_by_hour": {"today": spans(hours), "a_week_ago": spans(hours_then)},
    });
    Ok(answer(StatusCode::OK, &told))
}
