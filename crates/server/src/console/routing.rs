//! The routing table: the one in force with what is the matter with its rows, and the form to try a draft.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use crate::what_if;
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use desk::routing::{DRY_RUN, DryRun, RowRemark, RowTally, StandingRow, Tally};
use desk::{Caller, permissions};

const PAGE: &str = "/console/rules/routing";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::WHAT_IF);
    vec![page(Method::Get, PAGE, may, get(show)), page(Method::Post, PAGE, may, post(ask))]
}

/// A row of the table in force.
struct Line {
    title: String,
    rule: String,
    unit: String,
    to: String,
    skill: String,
    care: String,
    remarks: Vec<String>,
}

/// A row of a draft and what would go by it.
struct Tried {
    title: String,
    rule: String,
    unit: String,
    cases: u64,
    changed: u64,
    examples: Vec<String>,
    remarks: Vec<String>,
}

struct Answer {
    said: Vec<String>,
    lines: Vec<Tried>,
}

#[derive(Template)]
#[template(path = "routing.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    inputs: Vec<Input>,
    answer: Option<Answer>,
    told: Option<Told>,
}

impl Frame<'_> {
    /// What is the matter with a row, in words.
    pub(super) fn remark(&self, one: &RowRemark) -> String {
        format!("{}: {}", one.name, self.code("remark", one.remark.code()))
    }

    fn routing_line(&self, one: &StandingRow) -> Line {
        let row = &one.row;
        Line {
            title: self.language.pick(&row.head.title.zh, &row.head.title.en).to_owned(),
            rule: row.head.id.clone(),
            unit: row.unit.clone(),
            to: self.t(&format!("routing.{}", row.to.code())),
            skill: row.skill.clone().unwrap_or_default(),
            care: row.care.clone().unwrap_or_default(),
            remarks: one.remarks.iter().map(|one| self.remark(one)).collect(),
        }
    }

    fn tried(&self, found: &Tally, row: &RowTally) -> Tried {
        let remarks = found.remarks.iter().filter(|one| one.rule == row.rule);
        Tried {
            title: row.title.as_ref().map_or("", |title| self.language.pick(&title.zh, &title.en)).to_owned(),
            rule: row.rule.clone(),
            unit: row.unit.clone(),
            cases: row.cases,
            changed: row.changed,
            examples: row.told.clone(),
            remarks: remarks.map(|one| self.remark(one)).collect(),
        }
    }

    fn dry_run(&self, found: &Tally) -> Answer {
        let (cases, changed) = (found.cases.to_string(), found.changed.to_string());
        let values =
            [("rules", found.rules.as_str()), ("version", &found.version), ("cases", &cases), ("changed", &changed)];
        let mut said = vec![self.tv("routing.looked", &values)];
        if let Some(reached) = found.reached.filter(|_| !found.complete) {
            said.push(self.tv("routing.reached", &[("at", &self.moment(reached))]));
        }
        for (key, count) in [("routing.no_row", found.no_row), ("routing.no_say", found.no_say)] {
            said.extend((count > 0).then(|| self.tv(key, &[("count", &count.to_string())])));
        }
        Answer { said, lines: found.rows.iter().map(|row| self.tried(found, row)).collect() }
    }
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, &Typed::default(), None, None).await
}

async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let wanted = read::<DryRun>(&typed, DRY_RUN, &Frame::new(&app, &visitor));
    let found = match wanted {
        Ok(wanted) => what_if::route(&app, &caller, wanted).await,
        Err(failure) => Err(failure),
    };
    match found {
        Ok(found) => draw(&app, &visitor, &caller, &typed, Some(&found), None).await,
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, &typed, None, Some(failure)).await
        }
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    found: Option<&Tally>,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let table = app.desk.routing_table(caller).await?;
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let nobody = |_: &str| Vec::new();
    let drawing = Draw { frame: &frame, words: "routing-dry-run", typed, errors: &errors, known: &nobody };
    Ok(shown_with(
        told.clone(),
        &Page {
            lines: table.iter().map(|row| frame.routing_line(row)).collect(),
            inputs: drawing.inputs("", DRY_RUN),
            answer: found.map(|found| frame.dry_run(found)),
            told,
            frame: &frame,
        },
    ))
}
