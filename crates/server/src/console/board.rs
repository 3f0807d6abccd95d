//! The board: what waits, what is late and due soon, each figure leading to its rows. It is fetched again while somebody
//! looks, and shows every reader what lies in their area.

use super::bursts;
use super::names::Names;
use super::queue::{self, Row};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use desk::board::{Board, Tally};
use desk::permissions;
use desk::queries::list::Filter;
use jiff::Timestamp;

/// Cases of the list by time left.
const FIRST: usize = 12;
/// People shown.
const PEOPLE: usize = 20;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/board", Access::Needs(permissions::READ_BOARD), get(show))]
}

/// A line of a table: name, the address of its cases, and how each figure narrows that.
struct Line {
    name: String,
    open: (i64, String),
    untouched: (i64, String),
    late: (i64, String),
    soon: (i64, String),
    left: String,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage<'a> {
    frame: &'a Frame<'a>,
    at: String,
    all: Line,
    units: Vec<Line>,
    grades: Vec<Line>,
    people: Vec<Line>,
    /// Name, address, count.
    categories: Vec<(String, String, i64)>,
    first: Vec<Row>,
    suspicions: Vec<bursts::Line>,
    today: i64,
    compared: String,
}

fn line(frame: &Frame<'_>, board: &Board, name: String, narrowed: &str, tally: &Tally) -> Line {
    let base = format!("/console?view=open{narrowed}");
    let before = |at: Timestamp| format!("{base}&due_before={}", query::encode(&at.to_string()));
    Line {
        name,
        untouched: (tally.untouched, format!("{base}&status=triage%2Cregistered%2Creopened")),
        late: (tally.late, before(board.at)),
        soon: (tally.soon, before(board.soon)),
        left: tally.first.map(|at| frame.left(at, board.at)).unwrap_or_default(),
        open: (tally.open, base),
    }
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let board = app.desk.board(&caller).await?;
    let names = Names::gather(&app, &caller).await?;
    let first = app.desk.list(&caller, &Filter { limit: FIRST, ..Filter::default() }).await?;
    let suspicions = app.desk.suspicions(&caller).await?;
    let now = app.desk.time().now();
    let of = |name: String, narrowed: &str, tally: &Tally| line(&frame, &board, name, narrowed, tally);
    let [today, by_now, then] = board.received;
    let page = BoardPage {
        at: frame.moment(board.at),
        all: of(frame.t("board.all"), "", &board.all),
        units: board
            .units
            .iter()
            .map(|(unit, tally)| of(names.unit(*unit).to_owned(), &format!("&unit={unit}"), tally))
            .collect(),
        grades: board
            .grades
            .iter()
            .map(|(grade, tally)| of(frame.code("grade", grade), &format!("&grade={grade}"), tally))
            .collect(),
        people: board
            .people
            .iter()
            .take(PEOPLE)
            .map(|(user, tally)| of(names.person(*user).to_owned(), &format!("&assignee={user}"), tally))
            .collect(),
        categories: board
            .categories
            .iter()
            .map(|(code, count)| {
                (frame.category(code), format!("/console?view=open&category={}", query::encode(code)), *count)
            })
            .collect(),
        first: first.items.iter().map(|one| queue::row(&frame, one, &names, &[], now)).collect(),
        suspicions: suspicions.iter().map(|one| bursts::line(&frame, one)).collect(),
        today,
        compared: frame.tv("board.compared", &[("by_now", &by_now.to_string()), ("then", &then.to_string())]),
        frame: &frame,
    };
    Ok(render(&page))
}
