//! `/problems`: problems behind cases, one route a verb made from the domain's list; their effect; and `/hot-issues`.

use super::cases::{replayed, tagged};
use super::operations::path_and_name;
use super::view::{Object, listed, moment, owner};
use super::{answer, input};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::{Failure, Why};
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::problems::{EffectAsk, EffectView, ProblemFilter, ProblemLine, ProblemView};
use desk::register::OnceOnly;
use desk::reports::Amount;
use desk::reports::hot_issues::{HotAsk, HotIssue, HotIssues};
use desk::{CaseRef, Permission, permissions};
use domain::problem::close::USERS;
use domain::problem::effect::{EffectCheck, Exposure, MonthCount};
use domain::problem::open::{self, Open};
use domain::problem::{Action, Analysis, Command, Ending, Problem, State as Standing, VERBS};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const TAG: &str = "Improvement";

/// Parameters of a list.
pub const LIST: &[Field] = &[
    optional("status", Kind::Code(Standing::CODES), "In this state."),
    optional("open", Kind::Bool, "`true` leaves ended ones out."),
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
    optional("region", Kind::Region, "Where; everything below it."),
    optional("overdue", Kind::Bool, "`true`: with a measure whose day has passed."),
    optional("mine", Kind::Bool, "`true`: the caller's or their unit's, or with a measure of theirs under way."),
    optional(
        "complaint",
        Kind::Line { max: 64 },
        "Those this case shows, by its number or identifier; then nothing else is asked.",
    ),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Problems a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// Parameters of one problem.
pub const ONE: &[Field] = &[optional(
    "cases_after",
    Kind::Line { max: 80 },
    "`cases_next` of the answer before: the next hundred linked cases.",
)];

/// Parameters of a check.
pub const EFFECT: &[Field] = &[
    optional("action", Kind::Whole { min: 1, max: 1_000 }, "One measure. Default: all that took effect."),
    optional(
        "exposure",
        Kind::Code(Exposure::CODES),
        "What rates are rates of: the month, its subscribers, or cases of all other categories. Default: `users` where they are given, else `constant`.",
    ),
    optional("users", Kind::List { of: &Kind::Line { max: 24 }, max: 36 }, USERS),
];

/// Parameters of hot issues.
pub const HOT: &[Field] = &[
    optional("month", Kind::Line { max: 7 }, "2026-10. Default: the last that is over."),
    optional("region", Kind::Region, "A region within the caller's area."),
    optional("top", Kind::Whole { min: 1, max: 50 }, "How many. Default 10."),
    optional(
        "subscribers",
        Kind::Whole { min: 1, max: 10_000_000_000 },
        "Subscribers, for figures for each ten thousand. Default: what the installation says of all of it.",
    ),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = |path, operation, handler| Route::api(Method::Get, path, permissions::READ_PROBLEMS, operation, handler);
    let mut routes = vec![
        Route::api(
            Method::Get,
            "/api/v1/hot-issues",
            permissions::READ_REPORTS,
            Operation {
                query: HOT,
                ..Operation::get(
                    "list_hot_issues",
                    "What most was complained about in a month, how it changed, and who has it in hand.",
                    TAG,
                    "HotIssues",
                )
            },
            get(hot_issues),
        ),
        read(
            "/api/v1/problems",
            Operation {
                query: LIST,
                ..Operation::get("list_problems", "Problems, the last changed first.", TAG, "ProblemRecords")
            },
            get(list),
        ),
        Route::api(
            Method::Post,
            "/api/v1/problems",
            permissions::OPEN_PROBLEM,
            Operation {
                body: Some(open::FIELDS),
                status: 201,
                repeatable: true,
                ..Operation::get("open_problem", "Name a problem.", TAG, "ProblemRecord")
            },
            post(create),
        ),
        read(
            "/api/v1/problems/{id}",
            Operation {
                query: ONE,
                ..Operation::get(
                    "get_problem",
                    "A problem, by identity or number, with its cases, measures and log.",
                    TAG,
                    "ProblemRecord",
                )
            },
            get(one),
        ),
        read(
            "/api/v1/problems/{id}/effect",
            Operation {
                query: EFFECT,
                ..Operation::get(
                    "check_effect",
                    "The category's rate before and after, with its ratio and interval of 95 %.",
                    TAG,
                    "ProblemEffect",
                )
            },
            get(effect),
        ),
    ];
    routes.extend(VERBS.iter().filter_map(|verb| {
        let (path, id) = path_and_name("/api/v1/problems", verb.name);
        let operation = Operation {
            body: Some(verb.fields),
            versioned: true,
            repeatable: true,
            ..Operation::get(id, verb.doc.trim(), TAG, "ProblemRecord")
        };
        let name = verb.name;
        let handler = post(move |state, who, path, headers, body| run(name, state, who, path, headers, body));
        Some(Route::api(Method::Post, path, Permission::for_verb(name)?, operation, handler))
    }));
    routes
}

/// Filters of a list, from checked parameters.
pub(crate) fn filter(given: &Map<String, Value>) -> ProblemFilter {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let truth = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or(false);
    ProblemFilter {
        state: text("status"),
        open_only: truth("open"),
        category: text("category"),
        region: text("region"),
        overdue: truth("overdue"),
        mine: truth("mine"),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after"),
    }
}

/// What a check is asked with, from checked parameters.
pub(crate) fn effect_ask(given: &Map<String, Value>) -> EffectAsk {
    let users = given.get("users").and_then(Value::as_array);
    EffectAsk {
        action: given.get("action").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()),
        exposure: given.get("exposure").and_then(Value::as_str).map(str::to_owned),
        users: users.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

/// What hot issues are asked with, from checked parameters.
pub(crate) fn hot_ask(given: &Map<String, Value>) -> HotAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    HotAsk {
        month: text("month"),
        region: text("region"),
        top: given.get("top").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        subscribers: given.get("subscribers").and_then(Value::as_i64),
    }
}

async fn hot_issues(
    State(app): State<AppState>,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let found = app.desk.hot_issues(&caller, &hot_ask(&query::read(raw.as_deref(), HOT)?)).await?;
    Ok(answer(StatusCode::OK, &hot_view(&found)))
}

fn hot_view(found: &HotIssues) -> Value {
    let issues: Vec<Value> = found.issues.iter().map(issue).collect();
    Object::default()
        .put("month", found.month.to_string())
        .put("from", found.days.0.to_string())
        .put("to", found.days.1.to_string())
        .put("area", found.area.as_str())
        .put("made_at", moment(found.made_at))
        .put("behind", found.progress.behind)
        .put("going_through", found.progress.going_through)
        .put_some("subscribers", found.subscribers)
        .put("total", found.total)
        .put("items", issues)
        .done()
}

fn issue(one: &HotIssue) -> Value {
    let figure = |amount: Amount| match amount {
        Amount::Missing(what) => json!({"missing": what}),
        other => Object::default().put_some("value", other.decimal()).done(),
    };
    let causes: Vec<Value> = one.causes.iter().map(|(cause, count)| json!({"cause": cause, "count": count})).collect();
    let problems: Vec<Value> = one
        .problems
        .iter()
        .map(|problem| json!({"id": problem.id.to_string(), "title": problem.title, "status": problem.state}))
        .collect();
    Object::default()
        .put("category", one.category.as_str())
        .put("count", one.count)
        .put("share", figure(one.share))
        .put("previous", one.previous)
        .put("month_on_month", figure(one.month_on_month))
        .put("last_year", one.last_year)
        .put("year_on_year", figure(one.year_on_year))
        .put("per_10k", figure(one.per_10k))
        .put("wording", one.wording.iter().map(listed).collect::<Vec<_>>())
        .put("causes", causes)
        .put("problems", problems)
        .done()
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    if let Some(case) = given.get("complaint").and_then(Value::as_str) {
        let shows = app.desk.problems_of(&caller, &CaseRef::parse(case)?).await?;
        return Ok(answer(StatusCode::OK, &json!({"items": shows.iter().map(line).collect::<Vec<_>>()})));
    }
    let page = app.desk.problems(&caller, &filter(&given)).await?;
    let items: Vec<Value> = page.items.iter().map(line).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

fn line(one: &ProblemLine) -> Value {
    let user = one.user.as_ref();
    Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put("version", one.version)
        .put("status", one.state.as_str())
        .put("title", one.title.as_str())
        .put("category", one.category.as_str())
        .put("area", one.area.as_str())
        .put(
            "owner",
            Object::default()
                .put("unit", one.unit.0.to_string())
                .put_some("user", user.map(|(user, _)| user.to_string()))
                .done(),
        )
        .put_some("due", one.due.map(|day| day.to_string()))
        .put("overdue", one.overdue)
        .put("opened_at", moment(one.opened_at))
        .put("changed_at", moment(one.changed_at))
        .done()
}

async fn create(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let bytes = extract::bytes(&headers, body).await?;
    let open: Open = input(&headers, Body::from(bytes.clone()), open::FIELDS).await?;
    let once = key.as_deref().map(|key| OnceOnly { key, body: &bytes });
    let done = app.desk.open_problem(&caller, open, once).await?;
    let view = app.desk.problem(&caller, done.problem.id, None).await?;
    let response = answer(StatusCode::CREATED, &problem(&at(view, &done.problem)));
    Ok(replayed(tagged(response, done.problem.version), done.replayed))
}

async fn one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), ONE)?;
    let after = given.get("cases_after").and_then(Value::as_str);
    let id = app.desk.problem_named(&caller, &id).await?;
    let view = app.desk.problem(&caller, id, after).await?;
    Ok(tagged(answer(StatusCode::OK, &problem(&view)), view.problem.version))
}

async fn effect(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let ask = effect_ask(&query::read(raw.as_deref(), EFFECT)?);
    let id = app.desk.problem_named(&caller, &id).await?;
    let found = app.desk.problem_effect(&caller, id, &ask).await?;
    Ok(answer(StatusCode::OK, &effect_view(&found)))
}

fn effect_view(found: &EffectView) -> Value {
    Object::default()
        .put("category", found.category.as_str())
        .put("area", found.area.as_str())
        .put("effective_on", found.effective_on.iter().map(ToString::to_string).collect::<Vec<_>>())
        .put("behind", found.progress.behind)
        .put("going_through", found.progress.going_through)
        .put("made_at", moment(found.made_at))
        .put("check", check(&found.check))
        .done()
}

fn check(check: &EffectCheck) -> Value {
    let month = |one: &MonthCount| json!({"month": one.month, "count": one.count, "exposure": one.exposure});
    let ratio = check
        .ratio
        .as_ref()
        .map(|one| json!({"ratio": one.ratio, "low": one.low, "high": one.high, "dispersion": one.dispersion}));
    Object::default()
        .put("exposure", check.exposure.code())
        .put("before", check.before.iter().map(month).collect::<Vec<_>>())
        .put("left_out", check.left_out.clone())
        .put("after", check.after.iter().map(month).collect::<Vec<_>>())
        .put_some("expected", check.expected.as_deref())
        .put_some("ratio", ratio)
        .put("verdict", check.verdict.code())
        .done()
}

async fn run(
    verb: &'static str,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let id: Uuid = app.desk.problem_named(&caller, &id).await?;
    let seen = extract::seen(&headers)?;
    let bytes = extract::bytes(&headers, body).await?;
    let command = Command::read(verb, extract::json(&headers, &bytes)?).ok_or(Why::NoSuchRoute)?;
    let command = command.map_err(Refusal::invalid)?;
    let whole = [format!("{id}:{seen}:").as_bytes(), &bytes].concat();
    let once = key.as_deref().map(|key| OnceOnly { key, body: &whole });
    let done = app.desk.run_problem(&caller, id, seen, command, once).await?;
    let view = app.desk.problem(&caller, id, None).await?;
    let response = answer(StatusCode::OK, &problem(&at(view, &done.problem)));
    Ok(replayed(tagged(response, done.problem.version), done.replayed))
}

/// The view of a problem as it stood after a command, whatever came since; of its cases those the reader sees.
fn at(mut view: ProblemView, then: &Problem) -> ProblemView {
    let seen = std::mem::replace(&mut view.problem, then.clone()).cases;
    view.problem.cases.retain(|case| seen.contains(case));
    view.cases.retain(|case| then.cases.contains(&case.id));
    view.log.retain(|line| line.version <= then.version);
    view
}

/// A problem with its cases and log.
fn problem(view: &ProblemView) -> Value {
    let problem = &view.problem;
    let log: Vec<Value> = view
        .log
        .iter()
        .map(|line| {
            json!({
                "version": line.version, "at": moment(line.at), "operation": line.verb, "by": line.actor.to_string(),
            })
        })
        .collect();
    Object::default()
        .put("id", problem.id.to_string())
        .put("number", problem.number.as_str())
        .put("version", problem.version)
        .put("status", problem.state().code())
        .put("title", problem.matter.title.as_str())
        .put_some("description", problem.matter.description.as_deref())
        .put("category", problem.matter.category.as_str())
        .put("area", problem.area.as_str())
        .put_some("hot_in", problem.hot_in.as_deref())
        .put("owner", owner(&problem.owner, None))
        .put("opened_at", moment(problem.opened_at))
        .put("opened_by", problem.opened_by.to_string())
        .put("changed_at", moment(problem.changed_at))
        .put_some("analysis", problem.analysis.as_ref().map(analysis))
        .put("case_count", problem.cases.len())
        .put("cases", view.cases.iter().map(listed).collect::<Vec<_>>())
        .put_some("cases_next", view.next.as_deref())
        .put("actions", problem.actions.iter().map(|one| action(one, view)).collect::<Vec<_>>())
        .put_some("ending", problem.ending.as_ref().map(ending))
        .put("log", log)
        .done()
}

fn analysis(one: &Analysis) -> Value {
    Object::default()
        .put("whys", one.whys.clone())
        .put_some("cause", one.cause.as_deref())
        .put_some("customer_wording", one.customer_wording.as_deref())
        .put_some("script", one.script.as_deref())
        .put_some("internal_fix", one.internal_fix.as_deref())
        .done()
}

fn action(one: &Action, view: &ProblemView) -> Value {
    let report = one.report.as_ref().map(|report| {
        // A proof that lies in a case the reader does not see is not theirs to know of.
        let proof = report
            .proof
            .filter(|proof| view.problem.cases.contains(&proof.case))
            .map(|proof| json!({"complaint": proof.case.to_string(), "attachment": proof.attachment.to_string()}));
        Object::default()
            .put("evidence", report.evidence.as_str())
            .put("effective_on", report.effective_on.to_string())
            .put_some("proof", proof)
            .done()
    });
    Object::default()
        .put("action", one.id)
        .put("what", one.what.as_str())
        .put("owner", owner(&one.owner, None))
        .put("due", one.due.to_string())
        .put("overdue", one.is_overdue(view.today))
        .put("standing", one.standing.code())
        .put_some("report", report)
        .put_some("reported_by", one.reported_by.map(|by| by.to_string()))
        .put_some("decided_by", one.decided_by.map(|by| by.to_string()))
        .put_some("remark", one.remark.as_deref())
        .done()
}

fn ending(one: &Ending) -> Value {
    Object::default()
        .put("at", moment(one.at))
        .put("by", one.by.to_string())
        .put("said", one.said.as_str())
        .put_some("effect", one.effect.as_ref().map(check))
        .done()
}
