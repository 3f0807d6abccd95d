//! The same operation on many cases: chosen in the queue, worded once, tried, then carried out. The page in between says
//! of each case what would happen; what became of each is a page of its own that can be found again.

use super::form::{Draw, Input, Typed};
use super::names::Names;
use super::queue::filter_of;
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::bulk::{Bulk, Item, Named, Outcome, Run, Selection, VERBS};
use desk::queries::list::Listed;
use desk::{Caller, Permission, permissions};
use domain::command::{Command, VERBS as ALL, Verb};
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Cases a page names; those nothing is done to come first, and the API has all.
const LISTED: usize = 500;

pub(super) fn routes() -> Vec<Route> {
    let (may, look) = (Access::Needs(permissions::BULK), Access::Needs(permissions::READ_CASES));
    vec![
        page(Method::Get, "/console/bulk", look, get(runs)),
        page(Method::Post, "/console/bulk", may, post(work)),
        page(Method::Get, "/console/bulk/{id}", look, get(result)),
        page(Method::Post, "/console/bulk/{id}/undo", may, post(undo)),
    ]
}

/// What the caller may do to many cases: verb and words.
pub(super) fn offered(frame: &Frame<'_>) -> Vec<(&'static str, String)> {
    let may = |verb: &str| Permission::for_verb(verb).is_some_and(|one| frame.may(one));
    let verbs = VERBS.iter().copied().filter(|verb| frame.may(permissions::BULK) && may(verb));
    verbs.map(|verb| (verb, frame.code("verb", verb))).collect()
}

/// One case on a page.
pub(super) struct Line {
    pub(super) number: String,
    pub(super) known: bool,
    /// What it is about and who holds it now; empty where the reader does not have it in their area.
    pub(super) subject: String,
    pub(super) owner: String,
    pub(super) outcome: &'static str,
    pub(super) words: String,
    pub(super) why: String,
}

/// What would happen or what became of the cases.
pub(super) struct Lines {
    pub(super) said: Vec<String>,
    pub(super) items: Vec<Line>,
    pub(super) left_out: String,
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct Work<'a> {
    frame: &'a Frame<'a>,
    operation: &'static str,
    words: String,
    /// Cases with the versions that were seen.
    cases: String,
    all: bool,
    view: String,
    query: String,
    /// The list it was chosen in, and the same as a part of another address.
    list: String,
    back: String,
    chosen: String,
    inputs: Vec<Input>,
    tried: Option<Lines>,
    /// Something would be done.
    ready: bool,
    told: Option<Told>,
}

#[derive(Template)]
#[template(path = "bulk_run.html")]
struct Outcomes<'a> {
    frame: &'a Frame<'a>,
    id: String,
    words: String,
    when: String,
    undoes: Option<String>,
    lines: Lines,
    may_undo: bool,
    stays: String,
}

/// A run in the list of one's own.
struct Made {
    id: String,
    when: String,
    words: String,
    undoes: bool,
    total: i64,
    standing: String,
}

#[derive(Template)]
#[template(path = "bulk_runs.html")]
struct Runs<'a> {
    frame: &'a Frame<'a>,
    runs: Vec<Made>,
}

/// What was chosen: cases one by one, or all of a view.
fn selection(
    caller: &Caller,
    typed: &Typed,
    names: &[String],
    absent: &[domain::ids::UserId],
) -> Result<Selection, Failure> {
    if typed.get("all") == "true" {
        let filter = filter_of(caller, typed.get("view"), absent, typed.get("query"))?;
        return Ok(Selection::Filter(Box::new(filter)));
    }
    Ok(Selection::Named(names.iter().map(|name| Named::parse(name)).collect()))
}

async fn work(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let operation = VERBS.iter().find(|verb| **verb == typed.get("operation"));
    let verb = operation.and_then(|name| ALL.iter().find(|verb| verb.name == *name));
    let verb = verb.ok_or_else(|| Fault::new("operation", "not_one_of").with("allowed", VERBS.join(", ")))?;
    let mut names: Vec<String> = typed.all("case").to_vec();
    names.extend(typed.get("cases").split(',').filter(|name| !name.is_empty()).map(str::to_owned));
    if names.is_empty() && typed.get("all") != "true" {
        let failure = Failure::from(Fault::new("cases", "required"));
        return draw(&app, &frame, &caller, (verb, &typed, &names), None, Some(failure)).await;
    }
    let step = typed.get("step");
    if step != "preview" && step != "run" {
        return draw(&app, &frame, &caller, (verb, &typed, &names), None, None).await;
    }
    let command = match Command::read(verb.name, typed.value(verb.fields, &frame)) {
        Some(Ok(command)) => Ok(command),
        Some(Err(faults)) => Err(Failure::from(Refusal::invalid(faults))),
        None => Err(Failure::from(Refusal::not_found())),
    };
    let outcome = match command {
        Ok(command) => {
            let absent = if typed.get("view") == "mine" { app.desk.deputised(&caller).await? } else { Vec::new() };
            let selection = selection(&caller, &typed, &names, &absent)?;
            let ask = Bulk { selection, command, dry_run: step == "preview" };
            app.desk.bulk(&caller, ask, None).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(Run { id: Some(id), .. }) => Ok(Redirect::to(&format!("/console/bulk/{id}")).into_response()),
        Ok(tried) => draw(&app, &frame, &caller, (verb, &typed, &names), Some(tried), None).await,
        Err(failure) => {
            let status = failure.tell(&app, visitor.language).status;
            if status != StatusCode::UNPROCESSABLE_ENTITY {
                return Err(failure);
            }
            draw(&app, &frame, &caller, (verb, &typed, &names), None, Some(failure)).await
        }
    }
}

async fn draw(
    app: &AppState,
    frame: &Frame<'_>,
    caller: &Caller,
    (verb, typed, names): (&'static Verb, &Typed, &[String]),
    tried: Option<Run>,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let told = failure.map(|failure| failure.tell(app, frame.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let organisation = Names::gather(app, caller).await?.with_incidents(app, caller).await?;
    let listed = match &tried {
        Some(run) => listed(app, caller, run).await?,
        None => HashMap::new(),
    };
    let known = |field: &str| match field {
        "user" => organisation.workers(frame),
        _ => organisation.choices(frame, field),
    };
    let draw = Draw { frame, words: verb.name, typed, errors: &errors, known: &known };
    // What was looked at is what is carried out: each case against the version that was tried.
    let (cases, all) = match &tried {
        Some(run) => (run.items.iter().map(seen).collect::<Vec<_>>().join(","), false),
        None => (names.join(","), typed.get("all") == "true"),
    };
    let count = tried.as_ref().map_or(names.len(), |run| run.total).to_string();
    let list = match typed.get("query") {
        "" => format!("/console?view={}", query::encode(typed.get("view"))),
        filters => format!("/console?view={}&{filters}", query::encode(typed.get("view"))),
    };
    let page = Work {
        frame,
        operation: verb.name,
        words: frame.code("verb", verb.name),
        cases,
        all,
        view: typed.get("view").to_owned(),
        query: typed.get("query").to_owned(),
        back: query::encode(&list),
        list,
        chosen: if all { frame.t("bulk.all") } else { frame.tv("bulk.chosen", &[("count", &count)]) },
        inputs: draw.inputs("", verb.fields),
        ready: tried.as_ref().is_some_and(|run| run.count(Outcome::Ready) > 0),
        tried: tried.map(|run| lines(frame, &run, &listed, &organisation)),
        told,
    };
    Ok(shown_with(page.told.clone(), &page))
}

/// A case with the version that was looked at; one nothing would be done to keeps what it was named by.
fn seen(item: &Item) -> String {
    match (&item.number, item.version) {
        (Some(number), Some(version)) => format!("{number}@{version}"),
        _ => item.named.clone(),
    }
}

/// The cases a page names: those nothing is done to come first.
fn named(run: &Run) -> Vec<&Item> {
    let good = |item: &Item| matches!(item.outcome, Outcome::Done | Outcome::Ready);
    let mut items: Vec<&Item> = run.items.iter().collect();
    items.sort_by_key(|item| good(item));
    items.truncate(LISTED);
    items
}

/// The cases a page names, as a list has them.
pub(super) async fn listed(app: &AppState, caller: &Caller, run: &Run) -> Result<HashMap<CaseId, Listed>, Failure> {
    let ids = named(run).iter().filter_map(|item| item.case).collect();
    Ok(app.desk.listed_cases(caller, ids).await?)
}

pub(super) fn lines(frame: &Frame<'_>, run: &Run, listed: &HashMap<CaseId, Listed>, names: &Names) -> Lines {
    let counted = |one: &Outcome| (*one, run.count(*one));
    let said = Outcome::ALL.iter().map(counted).filter(|(_, count)| *count > 0);
    let said = said.map(|(one, count)| format!("{}: {count}", frame.code("bulk_outcome", one.code())));
    let left_out = run.items.len().saturating_sub(LISTED);
    let known = |item: &Item| item.case.and_then(|case| listed.get(&case));
    Lines {
        said: said.collect(),
        items: named(run).into_iter().map(|item| line(frame, item, known(item), names)).collect(),
        left_out: if left_out == 0 {
            String::new()
        } else {
            frame.tv("bulk.left_out", &[("count", &left_out.to_string())])
        },
    }
}

fn line(frame: &Frame<'_>, item: &Item, listed: Option<&Listed>, names: &Names) -> Line {
    let mut why = String::new();
    if let Some(reason) = item.reason.as_ref().filter(|_| item.outcome != Outcome::NotFound) {
        let (detail, _, faults) = problem::reason(frame.app, frame.language, reason);
        why = detail;
        for (_, _, sentence) in faults {
            let _ = write!(why, " {sentence}{}", frame.t("bulk.semicolon"));
        }
    }
    Line {
        number: item.number.clone().unwrap_or_else(|| item.named.clone()),
        known: item.number.is_some(),
        subject: listed.map(|one| frame.called_in_list(one)).unwrap_or_default(),
        owner: listed.map(|one| names.owner(one.unit, one.user)).unwrap_or_default(),
        outcome: item.outcome.code(),
        words: frame.code("bulk_outcome", item.outcome.code()),
        why,
    }
}

/// The runs the reader made.
async fn runs(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let made = app.desk.bulk_runs(&caller).await?.into_iter().map(|run| Made {
        id: run.id.to_string(),
        when: frame.moment(run.at),
        words: frame.code("verb", &run.verb),
        undoes: run.undoes.is_some(),
        total: run.total,
        standing: frame.t(if run.ended_at.is_some() { "bulk.ended" } else { "bulk.going" }),
    });
    Ok(render(&Runs { runs: made.collect(), frame: &frame }))
}

async fn result(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let run = app.desk.bulk_run(&caller, identifier(&id)?).await?;
    let frame = Frame::new(&app, &visitor);
    let (listed, names) = (listed(&app, &caller, &run).await?, Names::gather(&app, &caller).await?);
    let stays = run.stays().filter(|_| run.count(Outcome::Done) > 0);
    Ok(render(&Outcomes {
        id: run.id.map(|id| id.to_string()).unwrap_or_default(),
        words: frame.code("verb", &run.verb),
        when: frame.moment(run.at),
        undoes: run.undoes.map(|id| id.to_string()),
        lines: lines(&frame, &run, &listed, &names),
        may_undo: run.can_be_undone() && frame.may(permissions::BULK),
        stays: stays.map(|reason| problem::reason(&app, frame.language, &reason).0).unwrap_or_default(),
        frame: &frame,
    }))
}

async fn undo(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let run = app.desk.undo_bulk(&caller, identifier(&id)?).await?;
    let id = run.id.map(|id| id.to_string()).unwrap_or_default();
    Ok(Redirect::to(&format!("/console/bulk/{id}")).into_response())
}
