//! The board: what waits, what is late and due soon, what must not wait, who has the ball, and how today compares; each
//! figure leads to exactly its rows. It is fetched again while somebody looks, and shows every reader what lies in their
//! area.

use super::bursts;
use super::names::Names;
use super::queue::{self, Row};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::chart::{Bars, Figure, Lines};
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use desk::board::{Board, Pressing, Span, Tally};
use desk::permissions;
use desk::queries::list::Filter;
use desk::reports::ledger::LedgerAsk;
use domain::case::State as CaseState;
use jiff::{SignedDuration, Timestamp};
use store::reports::By;

/// Cases of the list by time left.
const FIRST: usize = 12;
/// People shown.
const PEOPLE: usize = 20;
/// Holders of the ledger shown.
const HOLDERS: usize = 6;

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
    red_line: Pressed,
    escalated: Pressed,
    suspicions: Vec<bursts::Line>,
    /// Received today, by this hour a week ago, and on that whole day: figure and address.
    received: [(i64, String); 3],
    hours: Lines,
    left: Bars,
    ball: Bars,
    ledger: Option<Bars>,
}

/// What must not wait: how many, where all of them are, and those due first.
struct Pressed {
    count: i64,
    href: String,
    rows: Vec<Row>,
}

/// The address of a list narrowed to a span of receipts or deadlines.
fn within(base: &str, what: &str, span: &Span) -> String {
    let bound = |name: &str, at: Option<Timestamp>| match at {
        Some(at) => format!("&{what}_{name}={}", query::encode(&at.to_string())),
        None => String::new(),
    };
    format!("{base}{}{}", bound("from", span.from), bound("before", span.until))
}

/// What was received, hour by hour, beside the same weekday.
fn hours(frame: &Frame<'_>, board: &Board) -> Lines {
    let zone = frame.app.desk.zone();
    let [today, then] = &board.hours;
    let figure = |span: &Span| Figure { count: span.count, href: within("/console?view=all", "received", span) };
    let figures = |spans: &[Span]| spans.iter().map(figure).collect::<Vec<_>>();
    // The day a week ago is whole, and the longer of the two.
    let begins = then.iter().filter_map(|span| span.from);
    let places = begins.map(|at| at.to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string()).collect();
    let series = vec![
        (frame.t("board.hours_today"), "now", figures(today)),
        (frame.t("board.hours_then"), "then", figures(then)),
    ];
    Lines::of(frame.t("board.hours"), frame.t("board.hour"), places, series)
}

/// Open cases by time left.
fn left(frame: &Frame<'_>, board: &Board) -> Bars {
    let names = ["late", "hours", "day", "days", "week", "later"];
    let classes = ["bad", "hot", "warn", "", "", ""];
    let lines = board.left.iter().zip(names).zip(classes).map(|((span, name), class)| {
        let figure = Figure { count: span.count, href: within("/console?view=open", "due", span) };
        (frame.t(&format!("board.left_{name}")), figure, String::new(), class)
    });
    let heads = (frame.t("board.left_head"), frame.t("board.open"));
    Bars::of(frame.t("board.backlog"), heads, lines.collect())
}

/// Who has the ball: we, the customer, or somebody we wait for.
fn ball(frame: &Frame<'_>, board: &Board) -> Bars {
    let [customer, others] = board.elsewhere;
    let away = [CaseState::AwaitingCustomer, CaseState::Suspended];
    let ours = CaseState::ALL.iter().filter(|state| state.is_open() && !away.contains(state));
    let ours = ours.map(|state| state.code()).collect::<Vec<_>>().join("%2C");
    let line = |name: &str, count: i64, states: &str, class: &'static str| {
        let figure = Figure { count, href: format!("/console?view=open&status={states}") };
        (frame.t(&format!("board.ball_{name}")), figure, String::new(), class)
    };
    let lines = vec![
        line("ours", board.all.open - customer - others, &ours, "accent"),
        line("customer", customer, away[0].code(), ""),
        line("others", others, away[1].code(), ""),
    ];
    Bars::of(frame.t("board.ball"), (frame.t("board.ball_head"), frame.t("board.open")), lines)
}

/// Who held cases how long in the last month that ended.
async fn ledger(
    app: &AppState,
    caller: &desk::Caller,
    frame: &Frame<'_>,
    names: &Names,
) -> Result<Option<Bars>, Failure> {
    if !frame.may_read_reports() {
        return Ok(None);
    }
    let mut ledger = app.desk.who_held(caller, LedgerAsk { from: None, to: None, by: By::Holder }).await?;
    ledger.lines.sort_by_key(|line| -line.sum.millis);
    let href = format!("/console/ledger?from={}&to={}&by=unit", ledger.from, ledger.to);
    let lines = ledger.lines.iter().take(HOLDERS).map(|line| {
        let who = match line.value.as_str() {
            "customer" => frame.t("ball.customer"),
            "third_party" => frame.t("ball.third_party"),
            unit => unit.parse().map_or_else(|_| unit.to_owned(), |unit| names.unit(unit).to_owned()),
        };
        let lasted = super::orders::span(frame, SignedDuration::from_millis(line.sum.millis));
        (who, Figure { count: line.sum.millis / 60_000, href: href.clone() }, lasted, "accent")
    });
    let title = frame.tv("board.ledger", &[("month", &ledger.from)]);
    Ok(Some(Bars::of(title, (frame.t("board.of"), frame.t("board.held")), lines.collect())))
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
    let row = |one: &desk::queries::list::Listed| queue::row(&frame, one, &names, &[], now);
    let pressed = |pressing: &Pressing, narrowed: &str| Pressed {
        count: pressing.count,
        href: format!("/console?view=open&{narrowed}=true"),
        rows: pressing.first.iter().map(row).collect(),
    };
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
        first: first.items.iter().map(row).collect(),
        red_line: pressed(&board.red_line, "red_line"),
        escalated: pressed(&board.escalated, "escalated"),
        suspicions: suspicions.iter().map(|one| bursts::line(&frame, one)).collect(),
        received: board.received.map(|span| (span.count, within("/console?view=all", "received", &span))),
        hours: hours(&frame, &board),
        left: left(&frame, &board),
        ball: ball(&frame, &board),
        ledger: ledger(&app, &caller, &frame, &names).await?,
        frame: &frame,
    };
    Ok(render(&page))
}
