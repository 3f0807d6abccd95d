//! `/remedies`: what customers get over all cases, what similar cases got, and the two ways to billing and back.

use super::{answer, input, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::remedies::csv;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use desk::remedies::{Instruction, RemedyFilter, RemedyListed, name_of};
use desk::{CaseRef, Permission, permissions};
use domain::case::compensation::Standing;
use domain::case::confirm_compensation::{ConfirmCompensation, GROUNDS, RESULTS};
use domain::case::remedy::Kind as RemedyKind;
use domain::money::Money;
use domain::shape::{Field, Form, Kind, optional, required};
use serde_json::{Map, Value, json};

/// Parameters of the list.
pub(crate) const LIST: &[Field] = &[
    optional("standing", Kind::Code(Standing::CODES), "Where they stand."),
    optional("remedy", Kind::Code(RemedyKind::CODES), "What they are."),
    optional("verify", Kind::Bool, "`true`: those given first that wait to be verified alone."),
    optional("recovery", Kind::Bool, "`true`: those of which something is to come back alone."),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Remedies a page. Default 50."),
    optional("after", Kind::Line { max: 120 }, "`next` of the page before."),
];

const SIMILAR: &[Field] = &[
    optional("remedy", Kind::Code(RemedyKind::CODES), "What it is to be. Default: compensation."),
    optional("currency", Kind::Line { max: 3 }, "Currency. Default: that of the installation."),
];

const FILE: &[Field] = &[
    optional("format", Kind::Code(&["json", "csv"]), "Default: json."),
    optional("limit", Kind::Whole { min: 1, max: 10_000 }, "Most remedies of the file. Default 10,000."),
    optional("after", Kind::Line { max: 120 }, "`next` of the file before; of CSV the header `Link` names it."),
];

/// What billing says of one remedy.
const CONFIRMATION: &[Field] = &[
    required("result", Kind::Code(RESULTS), "Whether it was paid."),
    optional(
        "attempt",
        Kind::Whole { min: 1, max: 1_000_000 },
        "Which sending it speaks of. Default: the last. That an earlier one failed changes nothing.",
    ),
    optional("ground", Kind::Code(GROUNDS), "Why not. Default: other."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional("reference", Kind::Formed { form: Form::FileNumber, max: 100 }, "Number of the bill or voucher."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = |id, summary, answer| Operation::get(id, summary, "Remedies", answer);
    let list = Operation {
        query: LIST,
        ..read("list_remedies", "Remedies of cases the caller may see, what changed last first.", "Remedies")
    };
    let similar = Operation {
        query: SIMILAR,
        ..read("similar_remedies", "What similar cases got: the median, the range, and the newest.", "SimilarRemedies")
    };
    let file = Operation {
        query: FILE,
        ..read(
            "export_remedies",
            "What is on its way to billing by file and was not confirmed, with the accounts; the access is logged.",
            "Instructions",
        )
    };
    let send = Operation {
        body: Some(&[]),
        ..read("send_remedies", "Put everything that was agreed upon on its way to billing by file.", "Sent")
    };
    let confirm = Operation {
        body: Some(CONFIRMATION),
        ..read("confirm_remedy", "What billing says of a remedy; saying it again changes nothing.", "Confirmed")
    };
    let billing = read("get_billing", "How many remedies wait to be delivered to billing, and why.", "Billing");
    let of = |verb: &str| Permission::for_verb(verb).unwrap_or(permissions::EXPORT_REMEDIES);
    vec![
        Route::api(Method::Get, "/api/v1/remedies", permissions::READ_REMEDIES, list, get(all)),
        Route::api(Method::Get, "/api/v1/remedies/billing", permissions::READ_REMEDIES, billing, get(waiting)),
        Route::api(Method::Get, "/api/v1/remedies/file", permissions::EXPORT_REMEDIES, file, get(export)),
        Route::api(Method::Post, "/api/v1/remedies/send", of("send-compensation"), send, post(send_all)),
        Route::api(
            Method::Post,
            "/api/v1/remedies/{id}/confirmation",
            of("confirm-compensation"),
            confirm,
            post(confirmed),
        ),
        Route::api(
            Method::Get,
            "/api/v1/complaints/{id}/similar-remedies",
            permissions::READ_CASES,
            similar,
            get(alike),
        ),
    ]
}

/// What to list, from checked parameters.
pub(crate) fn filter(given: &Map<String, Value>) -> RemedyFilter {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let truth = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or(false);
    RemedyFilter {
        standing: text("standing"),
        kind: text("remedy"),
        verify: truth("verify"),
        recovery: truth("recovery"),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after"),
    }
}

fn shown(one: &RemedyListed) -> Value {
    view::Object::default()
        .put("id", one.id.as_str())
        .put("complaint", one.number.as_str())
        .put("compensation", one.n)
        .put("remedy", one.kind.as_str())
        .put("standing", one.standing.as_str())
        .put_some("rule", one.rule.as_deref())
        .put_some("sum", one.sum.as_ref().map(|sum| json!(sum)))
        .put("verify", one.verify)
        .put_some("recovery", one.recovery.as_deref())
        .put_some("category", one.category.as_deref())
        .put("attempts", one.attempts)
        .put_some("way", one.way.as_deref())
        .put("proposed_at", view::moment(one.proposed_at))
        .put("changed_at", view::moment(one.changed_at))
        .done()
}

async fn all(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let page = app.desk.remedies(&caller, &filter(&given)).await?;
    let items: Vec<Value> = page.items.iter().map(shown).collect();
    let body = view::Object::default().put("items", items).put_some("next", page.next);
    Ok(answer(StatusCode::OK, &body.done()))
}

async fn alike(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), SIMILAR)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let kind = RemedyKind::ALL.into_iter().find(|kind| Some(kind.code()) == text("remedy")).unwrap_or_default();
    let currency = text("currency").unwrap_or(app.desk.library().currency());
    let found = app.desk.similar_remedies(&caller, &CaseRef::parse(&name)?, kind, currency).await?;
    let case = |(number, sum): &(String, Money)| json!({"complaint": number, "sum": sum});
    let cases: Vec<Value> = found.cases.iter().map(case).collect();
    let body = view::Object::default().put_some("usual", found.usual.map(|usual| json!(usual))).put("items", cases);
    Ok(answer(StatusCode::OK, &body.done()))
}

async fn waiting(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let (waiting, tries, error) = app.desk.billing(&caller).await?;
    let error = Some(error).filter(|error| !error.is_empty());
    let body = view::Object::default().put("waiting", waiting).put("tries", tries).put_some("error", error);
    Ok(answer(StatusCode::OK, &body.done()))
}

async fn send_all(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Map<String, Value> = input(&headers, body, &[]).await?;
    let sent = app.desk.send_remedies(&caller, "file").await?;
    Ok(answer(StatusCode::OK, &json!({"sent": sent})))
}

async fn export(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), FILE)?;
    let asked = filter(&given);
    let file = app.desk.export_remedies(&caller, asked.limit, asked.after).await?;
    if given.get("format").and_then(Value::as_str) == Some("csv") {
        let mut response = csv(&file.lines)?;
        let next = file.next.map(|after| {
            let limit = if asked.limit == 0 { String::new() } else { format!("&limit={}", asked.limit) };
            format!("</api/v1/remedies/file?format=csv{limit}&after={after}>; rel=\"next\"")
        });
        if let Some(Ok(next)) = next.map(HeaderValue::try_from) {
            response.headers_mut().insert(header::LINK, next);
        }
        return Ok(response);
    }
    let items: Vec<Value> = file.lines.iter().map(instruction).collect();
    Ok(answer(StatusCode::OK, &view::Object::default().put("items", items).put_some("next", file.next).done()))
}

fn instruction(one: &Instruction) -> Value {
    view::Object::default()
        .put("remedy", one.remedy.as_str())
        .put("attempt", one.attempt)
        .put("complaint", one.complaint.as_str())
        .put("kind", one.kind.as_str())
        .put("sum", json!(one.sum))
        .put_some("account", one.account.as_deref())
        .put("sent_at", view::moment(one.sent_at))
        .done()
}

async fn confirmed(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut said: Map<String, Value> = input(&headers, body, CONFIRMATION).await?;
    // Which remedy is meant stands in the address.
    said.insert("compensation".to_owned(), json!(0));
    let said: ConfirmCompensation = serde_json::from_value(Value::Object(said))
        .map_err(|_| domain::refusal::Refusal::from(domain::fault::Fault::new("", "unreadable")))?;
    let done = app.desk.confirm_remedy(&caller, &id, &said).await?;
    let standing = done.case.compensation(done.n).map_or("", |one| one.standing.code());
    let remedy = name_of(&done.case.number, i64::from(done.n));
    Ok(answer(StatusCode::OK, &json!({"id": remedy, "standing": standing, "replayed": done.replayed})))
}
