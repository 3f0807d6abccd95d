//! Retention: what the rules ask and what is kept, whom a plan would erase, plans with the two people behind them, and
//! certificates to print.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use crate::{look_over, query};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::retention::decide::{self, Approval};
use desk::retention::plan;
use desk::retention::schedule::RECORDS;
use desk::retention::{Certificate, DryRun, Duty, NEW_PLAN, NewPlan, Plan, PlanState, Planned};
use desk::{Caller, CaseRef, DeskError, permissions};
use domain::refusal::Refusal;
use domain::retention::Ground;
use serde_json::Value;
use uuid::Uuid;

const PAGE: &str = "/console/retention";
/// As much of a digest as people compare by eye.
const SHORT: usize = 12;
/// Persons of a dry run that are listed on the page; the API has all.
const LISTED: usize = 100;
/// Approved plans, the newest first, that are asked whether they are through.
const LOOKED_INTO: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    let (look, may) = (Access::Needs(permissions::READ_RETENTION), Access::Needs(permissions::PLAN_ERASURE));
    vec![
        page(Method::Get, PAGE, look, get(show)),
        page(Method::Post, PAGE, may, post(make)),
        page(Method::Get, "/console/retention/plans/{id}", look, get(one_plan)),
        page(Method::Post, "/console/retention/plans/{id}/approve", may, post(approve)),
        page(
            Method::Post,
            "/console/retention/plans/{id}/refuse",
            may,
            post(|state, visitor, who, path| decided(decide::refuse, state, visitor, who, path)),
        ),
        page(
            Method::Post,
            "/console/retention/plans/{id}/withdraw",
            may,
            post(|state, visitor, who, path| decided(decide::withdraw, state, visitor, who, path)),
        ),
        page(Method::Get, "/console/retention/certificates/{n}", look, get(certificate)),
    ]
}

/// A rule about keeping.
struct Rule {
    class: String,
    title: String,
    times: String,
    standing: String,
    source: String,
    ours: bool,
}

/// A plan on the page.
struct Line {
    id: String,
    hash: String,
    whole: String,
    note: String,
    state: String,
    persons: String,
    made: String,
    decided: String,
    may_decide: bool,
    may_withdraw: bool,
}

/// What a look over everybody found, in sentences.
struct Look {
    said: Vec<String>,
    due: Vec<(String, String)>,
    stays: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "retention.html")]
struct Retention<'a> {
    frame: &'a Frame<'a>,
    rules: Vec<Rule>,
    records: Vec<(String, String)>,
    look: Option<Look>,
    /// Whether it was one person that was looked at.
    of_one: bool,
    plans: Vec<Line>,
    certificates: Vec<(i64, String)>,
    inputs: Vec<Input>,
    told: Option<Told>,
    /// What was just done; empty where nothing was.
    done: String,
    /// Whether persons of an approved plan are still to be erased.
    under_way: bool,
}

/// Whom a dry run is to look at.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Nothing,
    Everybody,
    /// The person of a case.
    PersonOf(&'a str),
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    (typed, asked): (&Typed, Asked<'_>),
    failure: Option<Failure>,
    done: &str,
) -> Result<Response, Failure> {
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let found = match asked {
        Asked::Nothing => None,
        Asked::Everybody => Some(look_over::dry_run(app, caller).await?),
        Asked::PersonOf(case) => Some(plan::look_at(&app.desk, caller, &CaseRef::parse(case)?).await?),
    };
    let of_one = matches!(asked, Asked::PersonOf(_));
    let certificates = app.desk.certificates(caller, None).await?;
    let plans = app.desk.erasure_plans(caller).await?;
    let mut under_way = false;
    for approved in plans.iter().filter(|plan| plan.state == PlanState::Approved).take(LOOKED_INTO) {
        let plan = app.desk.erasure_plan(caller, approved.id).await?;
        under_way |= plan.through() < plan.items.len();
    }
    let frame = Frame::new(app, visitor);
    let nobody = |_: &str| Vec::new();
    let drawing = Draw { frame: &frame, words: "retention-plan", typed, errors: &errors, known: &nobody };
    Ok(shown_with(
        told.clone(),
        &Retention {
            rules: app.desk.retention(caller)?.iter().map(|one| rule(&frame, one)).collect(),
            records: RECORDS.iter().map(|one| record(&frame, one)).collect(),
            look: found.map(|found| look(&frame, &found)),
            of_one,
            plans: plans.iter().map(|one| line(&frame, caller, one)).collect(),
            certificates: certificates.iter().map(|one| (one.n, frame.moment(one.at))).collect(),
            inputs: if frame.may(permissions::PLAN_ERASURE) { drawing.inputs("", NEW_PLAN) } else { Vec::new() },
            told,
            done: match done {
                "" => String::new(),
                "approved" => frame.t("retention.approved"),
                _ => frame.t("retention.done"),
            },
            under_way,
            frame: &frame,
        },
    ))
}

fn rule(frame: &Frame<'_>, one: &Duty) -> Rule {
    let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let from = frame.code("kept_from", one.from.code());
    let time = |key: &str, amount: Option<policy::Amount>| {
        amount.map(|amount| frame.tv(key, &[("time", &span(frame, amount)), ("from", &from)]))
    };
    let times = time("retention.at_least", one.min).into_iter().chain(time("retention.at_most", one.max));
    let said = if one.stated { "retention.law" } else { "retention.not_law" };
    Rule {
        class: frame.code("record_class", one.class.code()),
        title: format!("{} ({} {})", pick(&one.title), one.pack, one.version),
        times: times.collect::<Vec<_>>().join(&frame.t("list_comma")),
        standing: format!("{} · {}", frame.t(said), frame.code("confidence", one.confidence.code())),
        source: one.source.as_ref().map(pick).unwrap_or_default(),
        ours: one.ours,
    }
}

/// A time of keeping in words.
fn span(frame: &Frame<'_>, amount: policy::Amount) -> String {
    let text = amount.to_string();
    let count = amount.count().to_string();
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match unit {
        "mo" | "w" | "d" | "bd" => frame.tv(&format!("retention.span.{unit}"), &[("count", &count)]),
        _ => text,
    }
}

fn record(frame: &Frame<'_>, one: &desk::retention::Record) -> (String, String) {
    let end = match (one.erased, one.days, one.code) {
        (true, ..) => frame.t("retention.with_person"),
        (_, Some(days), _) => frame.tv("retention.span.d", &[("count", &days.to_string())]),
        (_, _, "archives" | "backups") => frame.t("retention.outside"),
        _ => frame.t("retention.for_good"),
    };
    (frame.code("record", one.code), end)
}

fn ground(frame: &Frame<'_>, one: &Planned) -> String {
    match &one.ground {
        Ground::Maximum { limit } => {
            frame.tv("retention.maximum", &[("rule", &frame.rule(&limit.rule)), ("at", &frame.moment(limit.at))])
        }
        Ground::Request { case } => frame.tv("retention.request", &[("number", case)]),
    }
}

fn numbers(one: &Planned) -> String {
    one.cases.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>().join(" ")
}

fn look(frame: &Frame<'_>, found: &DryRun) -> Look {
    let (persons, due) = (found.persons.to_string(), found.due.len().to_string());
    let values = [("persons", persons.as_str()), ("due", &due)];
    let mut said = vec![frame.tv("retention.found", &values)];
    if found.more {
        said.push(frame.t("retention.more"));
    }
    let why = |code: &str| frame.code("stays", code);
    said.extend(found.stay.iter().map(|(code, count)| format!("{}: {count}", why(code))));
    let stays = found.named.iter().map(|one| {
        let until = one.until.as_ref().map(|limit| {
            frame.tv("retention.until", &[("rule", &frame.rule(&limit.rule)), ("at", &frame.moment(limit.at))])
        });
        let reasons = one.reasons.iter().map(|code| why(code)).chain(until);
        (one.cases.join(" "), reasons.collect::<Vec<_>>().join(&frame.t("list_comma")))
    });
    Look {
        said,
        due: found.due.iter().take(LISTED).map(|one| (numbers(one), ground(frame, one))).collect(),
        stays: stays.collect(),
    }
}

fn line(frame: &Frame<'_>, caller: &Caller, one: &Plan) -> Line {
    let waits = one.state == PlanState::Requested && frame.may(permissions::PLAN_ERASURE);
    let own = one.made_by.id == caller.actor.id;
    let said = |name: &str, at| frame.tv("rules.by", &[("name", name), ("at", &frame.moment(at))]);
    let decided = one.decided_by.as_ref().zip(one.decided_at);
    Line {
        id: one.id.to_string(),
        hash: one.hash.chars().take(SHORT).collect(),
        whole: one.hash.clone(),
        note: one.note.clone(),
        state: frame.code("plan", one.state.code()),
        persons: one.found.by_rule.values().sum::<u64>().to_string(),
        made: said(&one.made_by.name, one.made_at),
        decided: decided.map(|(by, at)| said(&by.name, at)).unwrap_or_default(),
        may_decide: waits && !own,
        may_withdraw: waits && own,
    }
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| given.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let done = find("done").unwrap_or_default();
    let asked = match (find("look"), find("case")) {
        (None, _) => Asked::Nothing,
        (Some(_), Some(case)) => Asked::PersonOf(case),
        (Some(_), None) => Asked::Everybody,
    };
    draw(&app, &visitor, &caller, (&Typed::default(), asked), None, done).await
}

async fn make(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<NewPlan>(&typed, NEW_PLAN, &Frame::new(&app, &visitor)) {
        Ok(new) => look_over::make(&app, &caller, new).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(id) => Ok(Redirect::to(&format!("{PAGE}/plans/{id}")).into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, (&typed, Asked::Nothing), Some(failure), "").await
        }
    }
}

#[derive(Template)]
#[template(path = "retention_plan.html")]
struct PlanPage<'a> {
    frame: &'a Frame<'a>,
    line: Line,
    said: Vec<String>,
    items: Vec<(String, String, String)>,
}

async fn one_plan(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let plan = app.desk.erasure_plan(&caller, identifier(&id)?).await?;
    let frame = Frame::new(&app, &visitor);
    let (through, persons) = (plan.through().to_string(), plan.items.len().to_string());
    let mut said = Vec::new();
    if plan.state == PlanState::Approved && plan.through() < plan.items.len() {
        said.push(frame.t("retention.under_way"));
    }
    said.push(frame.tv("retention.through", &[("through", &through), ("persons", &persons)]));
    let (cases, files) = (plan.found.cases.to_string(), plan.found.attachments.to_string());
    said.push(frame.tv("retention.goes", &[("cases", &cases), ("files", &files)]));
    let item = |(one, outcome): &(Planned, String)| {
        let outcome = if outcome.is_empty() { String::new() } else { frame.code("left", outcome) };
        (numbers(one), ground(&frame, one), outcome)
    };
    let items = plan.items.iter().map(item).collect();
    Ok(render(&PlanPage { line: line(&frame, &caller, &plan), said, items, frame: &frame }))
}

async fn approve(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let approval = Approval { hash: typed.get("hash").to_owned() };
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    let outcome = blocking(&app, move |desk| decide::approve(desk, &by, id, &approval)).await;
    after(&app, &visitor, &caller, "approved", outcome).await
}

async fn decided(
    work: fn(&desk::Desk, &Caller, Uuid) -> Result<(), DeskError>,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    let outcome = blocking(&app, move |desk| work(desk, &by, id)).await;
    after(&app, &visitor, &caller, "decided", outcome).await
}

async fn after(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    done: &str,
    outcome: Result<(), Failure>,
) -> Result<Response, Failure> {
    let Err(failure) = outcome else {
        return Ok(Redirect::to(&format!("{PAGE}?done={done}")).into_response());
    };
    let failure = beside_the_form(app, visitor, failure)?;
    draw(app, visitor, caller, (&Typed::default(), Asked::Nothing), Some(failure), "").await
}

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage<'a> {
    frame: &'a Frame<'a>,
    n: i64,
    at: String,
    pairs: Vec<(String, String)>,
    counts: Vec<(String, String)>,
    cases: Vec<(String, String)>,
    retained: Vec<(String, String)>,
    signature: String,
    public_key: String,
}

async fn certificate(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(n): Path<String>,
) -> Result<Response, Failure> {
    let n = n.parse().map_err(|_| Refusal::not_found())?;
    let one = app.desk.certificate(&caller, n).await?;
    let frame = Frame::new(&app, &visitor);
    let said = &one.said;
    let count = |object: &Value, class: &str| object.get(class).map(ToString::to_string).unwrap_or_default();
    let classes = ["cases", "entries", "texts", "identifiers", "attachments", "letters"];
    let case = |case: &Value| {
        let counts: Vec<String> = classes
            .iter()
            .skip(1)
            .map(|class| format!("{} {}", frame.code("erased", class), count(case, class)))
            .collect();
        (text(case, "number"), counts.join(&frame.t("list_comma")))
    };
    let kept = said.get("retained").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Ok(render(&CertificatePage {
        n: one.n,
        at: frame.moment(one.at),
        pairs: pairs(&frame, &one),
        counts: classes
            .iter()
            .map(|class| {
                (frame.code("erased", class), said.get("erased").map(|all| count(all, class)).unwrap_or_default())
            })
            .collect(),
        cases: said.get("cases").and_then(Value::as_array).into_iter().flatten().map(case).collect(),
        retained: kept.map(|code| (frame.code("retained", code), frame.code("retained_why", code))).collect(),
        signature: one.signature.clone(),
        public_key: one.public_key.clone(),
        frame: &frame,
    }))
}

fn text(object: &Value, member: &str) -> String {
    object.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whom, why and by whose decision.
fn pairs(frame: &Frame<'_>, one: &Certificate) -> Vec<(String, String)> {
    let said = &one.said;
    let mut pairs = vec![(frame.t("certificate.person"), text(said, "person"))];
    let empty = Value::Null;
    let ground = said.get("ground").unwrap_or(&empty);
    let why = match text(ground, "kind").as_str() {
        "maximum" => {
            let title =
                ground.get("title").map(|title| frame.language.pick(&text(title, "zh"), &text(title, "en")).to_owned());
            let rule = title.unwrap_or_else(|| text(ground, "rule"));
            let pack = format!("{} {}", text(ground, "pack"), text(ground, "version"));
            let confidence = frame.code("confidence", &text(ground, "confidence"));
            frame.tv("certificate.maximum", &[("rule", &rule), ("pack", &pack), ("confidence", &confidence)])
        }
        "request" => frame.tv("retention.request", &[("number", &text(ground, "case"))]),
        _ => text(ground, "reason"),
    };
    pairs.push((frame.t("certificate.ground"), why));
    let source = ground.get("source").filter(|source| source.is_object());
    if let Some(source) = source {
        let source = frame.language.pick(&text(source, "zh"), &text(source, "en")).to_owned();
        pairs.push((frame.t("rules.source"), source));
    }
    for step in said.get("decided").and_then(Value::as_array).into_iter().flatten() {
        let at = text(step, "at").parse().map(|at| frame.moment(at)).unwrap_or_default();
        let who = frame.tv("rules.by", &[("name", &text(step, "name")), ("at", &at)]);
        pairs.push((frame.code("decided", &text(step, "step")), who));
    }
    pairs.push((frame.t("certificate.ledger"), text(said, "ledger_entry")));
    pairs
}
