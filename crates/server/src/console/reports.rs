//! Reports: what is due when, the figures of a period, and the cases behind each of them.

use super::{Frame, page, render, shown_with, what_was_typed};
use crate::api::reports::{ASK, CASES, FORMATS, ask, cases_ask};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::reports::{self, Sheet, Words};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::reports::{Ask, Filing};
use domain::refusal::Refusal;
use policy::{Column, Cycle};
use serde_json::{Map, Value};

pub(super) fn routes() -> Vec<Route> {
    let needs = Access::Needs(permissions::READ_REPORTS);
    vec![
        page(Method::Get, "/console/reports", needs, get(all)),
        page(Method::Get, "/console/reports/{report}", needs, get(show)),
        page(Method::Get, "/console/reports/{report}/cases", needs, get(cases)),
    ]
}

struct Due {
    href: String,
    title: String,
    layer: String,
    note: String,
    to: String,
    period: String,
    due: String,
}

struct Line {
    id: String,
    title: String,
    note: String,
    cycle: String,
    last: String,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct List<'a> {
    frame: Frame<'a>,
    filings: Vec<Due>,
    reports: Vec<Line>,
}

impl Frame<'_> {
    fn of_rules(&self, text: &policy::Text) -> String {
        self.language.pick(&text.zh, &text.en).to_owned()
    }

    fn filing(&self, filing: &Filing) -> Due {
        let href = match (&filing.report, filing.next) {
            (Some(report), Some((period, _))) => format!("/console/reports/{report}?period={period}"),
            _ => String::new(),
        };
        let applies = match filing.applies {
            Some(true) => String::new(),
            Some(false) => self.t("reports.not_asked"),
            None => self.t("reports.size_unknown"),
        };
        let note = filing.note.as_ref().map(|note| self.of_rules(note));
        let notes: Vec<String> = [applies].into_iter().chain(note).filter(|note| !note.is_empty()).collect();
        Due {
            href,
            title: self.of_rules(&filing.title),
            layer: self.code("layer", filing.layer.code()),
            note: notes.join(" · "),
            to: self.of_rules(&filing.to),
            period: match filing.next {
                Some((period, _)) => period.to_string(),
                None => self.cycle(filing.period),
            },
            due: filing.next.map(|(_, at)| self.moment(at)).unwrap_or_default(),
        }
    }

    fn cycle(&self, cycle: Cycle) -> String {
        self.t(&format!("reports.cycle_of.{}", cycle.code()))
    }
}

async fn all(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let filings = app.desk.filings(&caller)?.iter().map(|filing| frame.filing(filing)).collect();
    let found = app.desk.reports(&caller)?;
    let reports = found.iter().map(|report| Line {
        id: report.id.clone(),
        title: frame.of_rules(&report.title),
        note: frame.of_rules(&report.note),
        cycle: frame.cycle(report.period),
        last: app.desk.last_period(report).map(|period| period.to_string()).unwrap_or_default(),
    });
    let reports = reports.collect();
    Ok(render(&List { frame, filings, reports }))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    words: Words<'a>,
    id: String,
    title: String,
    period: String,
    example: String,
    subscribers: String,
    services: String,
    told: Option<Told>,
    sheet: Option<Sheet>,
    files: Vec<(String, String)>,
    /// Where the cases of its figures are.
    link: String,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let definition = app.desk.library().reports().report(&id).ok_or_else(Refusal::not_found)?;
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.as_deref().unwrap_or_default().as_bytes());
    let typed = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let given = query::read(raw.as_deref(), ASK).map_err(Failure::from);
    let made = match given {
        Ok(given) => {
            let ask = ask(&given);
            app.desk.report(&caller, &id, &ask).await.map(|report| (report, ask)).map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    let (made, told) = match made {
        Ok(made) => (Some(made), None),
        Err(failure) => {
            let told = what_was_typed(&app, &visitor, failure)?;
            (None, Some(told))
        }
    };
    let sheet = made.as_ref().map(|(report, _)| reports::sheet(&app, visitor.language, report));
    let period = sheet.as_ref().map(|sheet| sheet.period.clone()).or_else(|| typed("period")).unwrap_or_default();
    let page = Shown {
        title: frame.of_rules(&definition.title),
        example: app.desk.last_period(definition).map(|period| period.to_string()).unwrap_or_default(),
        subscribers: typed("subscribers").unwrap_or_default(),
        services: typed("services").unwrap_or_default(),
        files: made.as_ref().map(|(_, ask)| files(&id, &period, ask)).unwrap_or_default(),
        words: Words { app: &app, language: visitor.language },
        link: format!("/console/reports/{}", query::encode(&id)),
        period,
        frame,
        id: id.clone(),
        told,
        sheet,
    };
    Ok(shown_with(page.told.clone(), &page))
}

/// Names and addresses of the forms a browser can take away.
fn files(id: &str, period: &str, ask: &Ask) -> Vec<(String, String)> {
    let forms = FORMATS.iter().filter(|form| **form != "json");
    forms.map(|form| (form.to_uppercase(), reports::address(id, period, ask, form))).collect()
}

struct CaseLine {
    number: String,
    subject: String,
    category: String,
    state: String,
    grade: String,
    received: String,
}

#[derive(Template)]
#[template(path = "report_cases.html")]
struct Behind<'a> {
    frame: Frame<'a>,
    title: String,
    back: String,
    heading: String,
    meaning: String,
    lines: Vec<CaseLine>,
    next: Option<String>,
}

async fn cases(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given: Map<String, Value> = query::read(raw.as_deref(), CASES)?;
    let wanted = cases_ask(&given);
    let page = app.desk.report_cases(&caller, &id, &wanted).await?;
    let definition = app.desk.library().reports().report(&id).ok_or_else(Refusal::not_found)?;
    let frame = Frame::new(&app, &visitor);
    let words = Words { app: &app, language: visitor.language };
    let meant = Column::from_code(&wanted.column).and_then(|column| app.desk.library().reports().measure(column));
    let table = definition.table(&wanted.table);
    let parts: Vec<String> = [
        table.map(|table| frame.of_rules(&table.title)),
        table.map(|table| words.row(table.rows, &wanted.row)),
        meant.map(|text| frame.of_rules(&text.title)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lines = page.items.iter().map(|case| CaseLine {
        number: case.number.clone(),
        subject: frame.called_in_list(case),
        category: case.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        state: frame.code("state", case.state.code()),
        grade: frame.code("grade", case.grade.code()),
        received: frame.moment(case.received_at),
    });
    let lines = lines.collect();
    let here: Vec<String> = query::form(raw.as_deref().unwrap_or_default().as_bytes())
        .iter()
        .filter(|(name, _)| name != "after")
        .map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value)))
        .collect();
    let root = format!("/console/reports/{}", query::encode(&id));
    let after = |next: String| format!("{root}/cases?{}&after={}", here.join("&"), query::encode(&next));
    Ok(render(&Behind {
        title: frame.of_rules(&definition.title),
        back: format!("{root}?period={}", query::encode(wanted.period.as_deref().unwrap_or_default())),
        heading: parts.join(" · "),
        meaning: meant.map(|text| frame.of_rules(&text.definition)).unwrap_or_default(),
        lines,
        next: page.next.map(after),
        frame,
    }))
}
