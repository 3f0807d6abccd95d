//! `/reports`: what is reported, its figures, and the cases behind each of them.

use super::{answer, view};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::reports::{self, Words, csv, html, xlsx};
use crate::routes::{Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::reports::{Ask, CasesAsk, Cell, Filing, FilledRow, FilledTable, Report};
use desk::{DeskError, permissions};
use domain::shape::{Field, Kind, optional, required};
use policy::{ReportDefinition, Text};
use serde_json::{Map, Value, json};

const PERIOD: Field = optional(
    "period",
    Kind::Line { max: 10 },
    "2026-10, 2026-Q3, 2026-H1 or 2026, as long as the report's own. Default: the last that is over.",
);

/// Forms of a report.
pub const FORMATS: &[&str] = &["json", "csv", "xlsx", "html"];

/// Parameters of a report.
pub const ASK: &[Field] = &[
    PERIOD,
    optional("format", Kind::Code(FORMATS), "Default: json."),
    optional(
        "subscribers",
        Kind::Whole { min: 1, max: 10_000_000_000 },
        "Subscribers, for figures for each hundred thousand. Default: what the installation says.",
    ),
    optional(
        "services",
        Kind::Whole { min: 1, max: 10_000_000_000 },
        "Services in operation. Default: what the installation says.",
    ),
];

/// Parameters of the cases behind a figure.
pub const CASES: &[Field] = &[
    PERIOD,
    required("table", Kind::Line { max: 64 }, "Identity of the table."),
    required("row", Kind::Line { max: 64 }, "Key of the row; `*` for all. A row of what nobody said has the key `-`."),
    required("column", Kind::Line { max: 32 }, "Code of the column."),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Cases a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = |id, summary, answer| Operation::get(id, summary, "Reports", answer);
    let list = read("list_reports", "Every report, and what is due to be handed in when.", "Reports");
    let one = Operation { query: ASK, ..read("get_report", "A report of a period, as data or as a file.", "Report") };
    let cases = Operation {
        query: CASES,
        ..read("get_report_cases", "The cases behind a figure of a report, the newest first.", "Page")
    };
    vec![
        Route::api(Method::Get, "/api/v1/reports", permissions::READ_REPORTS, list, get(all)),
        Route::api(Method::Get, "/api/v1/reports/{report}", permissions::READ_REPORTS, one, get(show)),
        Route::api(Method::Get, "/api/v1/reports/{report}/cases", permissions::READ_REPORTS, cases, get(behind)),
    ]
}

fn names(text: &Text) -> Value {
    json!({"zh": text.zh, "en": text.en})
}

/// A value without what is not there.
fn some(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    Value::Object(pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

async fn all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let shown = |report: &ReportDefinition| {
        some([
            ("id", Some(json!(report.id))),
            ("title", Some(names(&report.title))),
            ("note", Some(names(&report.note))),
            ("period", Some(json!(report.period.code()))),
            ("rules", Some(json!(report.rules))),
            ("last_period", app.desk.last_period(report).map(|period| json!(period.to_string()))),
        ])
    };
    let filing = |filing: &Filing| {
        some([
            ("rule", Some(json!(filing.rule))),
            ("title", Some(names(&filing.title))),
            ("to", Some(names(&filing.to))),
            ("layer", Some(json!(filing.layer.code()))),
            ("period", Some(json!(filing.period.code()))),
            ("note", filing.note.as_ref().map(names)),
            ("applies", filing.applies.map(Value::from)),
            ("report", filing.report.as_ref().map(|id| json!(id))),
            ("next_period", filing.next.map(|(period, _)| json!(period.to_string()))),
            ("due_at", filing.next.map(|(_, at)| json!(view::moment(at)))),
        ])
    };
    let items: Vec<Value> = app.desk.reports(&caller)?.iter().map(shown).collect();
    let filings: Vec<Value> = app.desk.filings(&caller)?.iter().map(filing).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items, "filings": filings})))
}

/// What a report is asked with, from checked parameters.
#[must_use]
pub fn ask(given: &Map<String, Value>) -> Ask {
    let whole = |name: &str| given.get(name).and_then(Value::as_i64);
    Ask {
        period: given.get("period").and_then(Value::as_str).map(str::to_owned),
        subscribers: whole("subscribers"),
        services: whole("services"),
    }
}

/// What the cases behind a figure are asked with, from checked parameters.
#[must_use]
pub fn cases_ask(given: &Map<String, Value>) -> CasesAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    CasesAsk {
        period: text("period"),
        table: text("table").unwrap_or_default(),
        row: text("row").filter(|row| row != UNSAID).unwrap_or_default(),
        column: text("column").unwrap_or_default(),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
        after: text("after"),
    }
}

/// How an address names the row of what nobody said: a parameter without a value is none.
pub const UNSAID: &str = "-";

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), ASK)?;
    let report = app.desk.report(&caller, &id, &ask(&given)).await?;
    let format = given.get("format").and_then(Value::as_str).unwrap_or("json");
    if format == "json" {
        return Ok(answer(StatusCode::OK, &data(&app, &report)));
    }
    let bytes = file(&app, visitor.language, &report, format)?;
    let media = match format {
        "csv" => "text/csv; charset=utf-8",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "text/html; charset=utf-8",
    };
    let disposition = format!("attachment; filename=\"{}-{}.{format}\"", report.definition.id, report.period);
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// A report as a file of a form other than JSON.
///
/// # Errors
/// None that memory and templates do not have.
pub fn file(
    app: &AppState,
    language: crate::locale::Language,
    report: &Report,
    format: &str,
) -> Result<Vec<u8>, DeskError> {
    let sheet = reports::sheet(app, language, report);
    let words = Words { app, language };
    match format {
        "csv" => csv::write(&sheet).map_err(DeskError::Output),
        "xlsx" => xlsx::write(&words, &sheet).map_err(|error| DeskError::Output(error.to_string())),
        _ => html::write(&words, &sheet).map(String::into_bytes).map_err(|error| DeskError::Output(error.to_string())),
    }
}

async fn behind(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), CASES)?;
    let page = app.desk.report_cases(&caller, &id, &cases_ask(&given)).await?;
    let mut body = json!({"items": page.items.iter().map(view::listed).collect::<Vec<_>>()});
    if let (Some(next), Some(object)) = (page.next, body.as_object_mut()) {
        object.insert("next".to_owned(), Value::String(next));
    }
    Ok(answer(StatusCode::OK, &body))
}

/// A report as data.
#[must_use]
pub fn data(app: &AppState, report: &Report) -> Value {
    let tables: Vec<Value> = report.tables.iter().map(|table| table_data(app, report, table)).collect();
    let mut said = json!({
        "id": report.definition.id,
        "title": names(&report.definition.title),
        "note": names(&report.definition.note),
        "period": report.period.to_string(),
        "from": report.days.0.to_string(),
        "to": report.days.1.to_string(),
        "area": report.area,
        "made_at": view::moment(report.made_at),
        "behind": report.progress.behind,
        "going_through": report.progress.going_through,
        "tables": tables,
    });
    if let (Some(first), Some(object)) = (report.first, said.as_object_mut()) {
        object.insert("first_month".to_owned(), Value::String(first.to_string()));
    }
    said
}

fn table_data(app: &AppState, report: &Report, table: &FilledTable) -> Value {
    let known = app.desk.library().reports();
    let columns: Vec<Value> = table
        .definition
        .columns
        .iter()
        .filter_map(|column| known.measure(*column))
        .map(|text| {
            json!({
                "column": text.column.code(), "title": names(&text.title), "definition": names(&text.definition),
                "source": names(&text.source),
            })
        })
        .collect();
    let rows: Vec<Value> = table.rows.iter().map(|row| row_data(report, table, row)).collect();
    json!({
        "id": table.definition.id, "title": names(&table.definition.title), "by": table.definition.rows.code(),
        "columns": columns, "rows": rows,
    })
}

fn row_data(report: &Report, table: &FilledTable, row: &FilledRow) -> Value {
    let cell = |cell: &Cell| {
        let missing = match cell.amount {
            desk::reports::Amount::Missing(what) => Some(json!(what)),
            _ => None,
        };
        let cases = cell.has_cases().then(|| {
            let behind = reports::cases_query(&report.period.to_string(), &table.definition.id, &row.key, cell.column);
            json!(format!("/api/v1/reports/{}{behind}", query::encode(&report.definition.id)))
        });
        some([
            ("column", Some(json!(cell.column.code()))),
            ("value", cell.amount.decimal().map(Value::String)),
            ("missing", missing),
            ("cases", cases),
        ])
    };
    let fix = row.fix.as_ref().map(|(cause, count)| json!({"cause": cause, "count": count}));
    let wording: Vec<Value> = row.wording.iter().map(view::listed).collect();
    some([
        ("key", Some(json!(row.key))),
        ("cells", Some(row.cells.iter().map(cell).collect())),
        ("wording", (!wording.is_empty()).then_some(Value::Array(wording))),
        ("fix", fix),
    ])
}
