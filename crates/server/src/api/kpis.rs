//! `/kpis`: key figures of a period with their definitions, and the cases behind each.

use super::answer;
use super::view::{Object, listed, moment};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::reports::kpi::{KpiAsk, KpiCasesAsk, KpiLine, PARTS};
use domain::shape::{Field, Kind, optional};
use policy::{KpiFigure, KpiTarget};
use serde_json::{Map, Value, json};

const TAG: &str = "Key figures";

/// Parameters of key figures.
pub const ASK: &[Field] = &[
    optional(
        "period",
        Kind::Line { max: 7 },
        "2026-10, 2026-Q3, 2026-H1 or 2026. Default: the last month that is over.",
    ),
    optional("region", Kind::Region, "A region within the caller's area."),
];

/// Parameters of the cases behind one.
pub const CASES: &[Field] = &[
    optional("period", Kind::Line { max: 7 }, "As of the figure."),
    optional("region", Kind::Region, "As of the figure."),
    optional(
        "part",
        Kind::Code(PARTS),
        "`hit`: in the numerator; `miss`: in the denominator alone; `silent`: asked and did not answer. Default: all.",
    ),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Cases a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let may = permissions::READ_REPORTS;
    let of = |id, summary, answer| Operation::get(id, summary, TAG, answer);
    vec![
        Route::api(
            Method::Get,
            "/api/v1/kpis",
            may,
            Operation { query: ASK, ..of("list_kpis", "Key figures of a period, each with its definition.", "Kpis") },
            get(list),
        ),
        Route::api(
            Method::Get,
            "/api/v1/kpis/{kpi}/cases",
            may,
            Operation { query: CASES, ..of("list_kpi_cases", "The cases behind a key figure.", "Page") },
            get(cases),
        ),
    ]
}

/// Period and region, from checked parameters.
pub(crate) fn ask(given: &Map<String, Value>) -> KpiAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    KpiAsk { period: text("period"), region: text("region") }
}

/// What cases are asked for with, from checked parameters.
pub(crate) fn cases_ask(given: &Map<String, Value>) -> KpiCasesAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    KpiCasesAsk {
        of: ask(given),
        part: text("part").unwrap_or_default(),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after"),
    }
}

/// Thousandths as a decimal number: availability to three places, everything else to two.
pub(crate) fn decimal(thousandths: i64, figure: KpiFigure) -> String {
    if figure == KpiFigure::Time {
        return format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    }
    let hundredths = (thousandths + 5) / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let page = app.desk.kpis(&caller, &ask(&query::read(raw.as_deref(), ASK)?)).await?;
    let items: Vec<Value> = page.items.iter().map(|one| line(one, &page.period.to_string(), &page.area)).collect();
    let body = Object::default()
        .put("period", page.period.to_string())
        .put("from", page.days.0.to_string())
        .put("to", page.days.1.to_string())
        .put("area", page.area.as_str())
        .put("made_at", moment(page.made_at))
        .put("behind", page.progress.behind)
        .put("going_through", page.progress.going_through)
        .put("items", items);
    Ok(answer(StatusCode::OK, &body.done()))
}

fn target(one: &KpiTarget, figure: KpiFigure) -> Value {
    json!({
        "bound": one.bound.code(), "value": decimal(one.thousandths, figure), "basis": one.basis.code(),
        "confidence": one.confidence.code(), "source": one.source,
    })
}

fn line(one: &KpiLine, period: &str, area: &str) -> Value {
    let kpi = &one.kpi;
    let cases = || {
        let region = if area.is_empty() { String::new() } else { format!("&region={area}") };
        format!("/api/v1/kpis/{}/cases?period={period}{region}", kpi.id)
    };
    Object::default()
        .put("kpi", kpi.id.as_str())
        .put("version", kpi.version)
        .put("title", json!(kpi.title))
        .put("figure", kpi.figure.code())
        .put_some("value", one.thousandths.map(|value| decimal(value, kpi.figure)))
        .put_some("missing", one.missing)
        .put_some("previous", one.before.map(|value| decimal(value, kpi.figure)))
        .put("counted", one.sum.counted)
        .put("hits", one.sum.hits)
        .put("silent", one.sum.silent)
        .put("waits", one.sum.waits)
        .put_some("users", one.users)
        .put("formula", json!(kpi.formula))
        .put("population", json!(kpi.population))
        .put("exclusions", json!(kpi.exclusions))
        .put("source", json!(kpi.source))
        .put_some("within_minutes", kpi.within)
        .put_some("per", kpi.per)
        .put_some("target", kpi.target.as_ref().map(|one| target(one, kpi.figure)))
        .put_some("met", one.met)
        .put_some("cases", kpi.of_cases().then(cases))
        .done()
}

async fn cases(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(kpi): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let ask = cases_ask(&query::read(raw.as_deref(), CASES)?);
    let page = app.desk.kpi_cases(&caller, &kpi, &ask).await?;
    let items: Vec<Value> = page.items.iter().map(listed).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_to_the_places_people_expect() {
        assert_eq!(decimal(99_950, KpiFigure::Time), "99.950");
        assert_eq!(decimal(66_667, KpiFigure::Share), "66.67");
        assert_eq!(decimal(5, KpiFigure::Rate), "0.01");
    }
}
