//! Problems: the list, and one with its analysis, measures, cases, and what can be done next.

use super::form::{Draw, Input, Typed};
use super::names::Names;
use super::operations::Operation;
use super::staff_form::beside_the_form;
use super::{Frame, effect, page, shown_with};
use crate::api::problems::{LIST, filter};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::problems::{ProblemFilter, ProblemLine, ProblemView};
use desk::{Caller, Permission, permissions};
use domain::actor::ActorId;
use domain::case::Owner;
use domain::fault::Fault;
use domain::problem::open::{self, Open};
use domain::problem::{Action, Command, Standing, VERBS, Verb};
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind};
use serde_json::Value;
use uuid::Uuid;

const PAGE: &str = "/console/problems";

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_PROBLEMS);
    let mut routes = vec![
        page(Method::Get, PAGE, read, get(list)),
        page(Method::Post, PAGE, Access::Needs(permissions::OPEN_PROBLEM), post(create)),
        page(Method::Get, "/console/problems/{id}", read, get(show)),
    ];
    for verb in VERBS {
        let Some(permission) = Permission::for_verb(verb.name) else { continue };
        let path: &'static str = Box::leak(format!("{PAGE}/{{id}}/{}", verb.name).into_boxed_str());
        let handler =
            post(move |state, visitor, who, path, headers, body| run(verb, state, visitor, who, path, headers, body));
        routes.push(page(Method::Post, path, Access::Needs(permission), handler));
    }
    routes
}

/// What was typed as the desk wants it: a list is typed in one box, whys a line each, numbers with anything between them.
fn value(typed: &Typed, fields: &'static [Field], frame: &Frame<'_>) -> Value {
    let mut value = typed.value(fields, frame);
    for field in fields.iter().filter(|field| matches!(field.kind, Kind::List { .. })) {
        let text = typed.get(field.name);
        let parts: Vec<Value> = match field.name {
            "whys" => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect(),
            _ => text
                .split(|letter: char| letter.is_whitespace() || ",，、;；".contains(letter))
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect(),
        };
        if let Some(object) = value.as_object_mut() {
            object.remove(field.name);
            if !parts.is_empty() {
                object.insert(field.name.to_owned(), Value::Array(parts));
            }
        }
    }
    value
}

/// Boxes for a form about problems.
fn inputs(draw: &Draw<'_>, fields: &'static [Field]) -> Vec<Input> {
    let mut inputs = draw.inputs("", fields);
    for input in &mut inputs {
        match input.name.as_str() {
            "whys" | "cases" | "users" => input.kind = "area",
            "attachment" => input.kind = "line",
            _ => {}
        }
    }
    inputs
}

/// A problem of the list.
struct Line {
    id: String,
    number: String,
    title: String,
    state: String,
    code: String,
    category: String,
    area: String,
    owner: String,
    due: String,
    overdue: bool,
    changed: String,
}

#[derive(Template)]
#[template(path = "problems.html")]
struct List<'a> {
    frame: &'a Frame<'a>,
    /// Address, words, and whether it is the one shown.
    tabs: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: String,
    inputs: Vec<Input>,
    told: Option<Told>,
    may_read_reports: bool,
}

fn line(frame: &Frame<'_>, one: ProblemLine) -> Line {
    let person = one.user.map(|(_, name)| name);
    Line {
        id: one.id.to_string(),
        number: one.number,
        state: frame.code("problem_state", &one.state),
        code: one.state,
        title: one.title,
        category: frame.category(&one.category),
        area: frame.area(&one.area),
        owner: person.into_iter().chain([one.unit.1]).collect::<Vec<_>>().join(" · "),
        due: one.due.map(|day| day.to_string()).unwrap_or_default(),
        overdue: one.overdue,
        changed: frame.moment(one.changed_at),
    }
}

/// The lists people look for: its words, and the parameters that ask for it.
const TABS: [(&str, &str); 4] =
    [("open", "open=true"), ("mine", "mine=true&open=true"), ("overdue", "overdue=true"), ("all", "")];

async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let raw = raw.unwrap_or_else(|| "open=true".to_owned());
    let asked = filter(&query::read(Some(&raw), LIST)?);
    draw_list(&app, &visitor, &caller, (&raw, asked), &Typed::default(), None).await
}

async fn draw_list(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    (raw, asked): (&str, ProblemFilter),
    typed: &Typed,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let page = app.desk.problems(caller, &asked).await?;
    let tabs = TABS
        .iter()
        .map(|(name, query)| (format!("{PAGE}?{query}"), frame.t(&format!("problems.tab.{name}")), raw == *query));
    let inputs = if frame.may(permissions::OPEN_PROBLEM) {
        let names = Names::gather(app, caller).await?;
        let known = |field: &str| names.choices(&frame, field);
        inputs(&Draw { frame: &frame, words: "open-problem", typed, errors: &errors, known: &known }, open::FIELDS)
    } else {
        Vec::new()
    };
    let own: String = raw.split('&').filter(|pair| !pair.starts_with("after=")).collect::<Vec<_>>().join("&");
    Ok(shown_with(
        told.clone(),
        &List {
            tabs: tabs.collect(),
            lines: page.items.into_iter().map(|one| line(&frame, one)).collect(),
            next: page.next.map(|next| format!("{PAGE}?{own}&after={}", query::encode(&next))).unwrap_or_default(),
            inputs,
            told,
            may_read_reports: frame.may(permissions::READ_REPORTS),
            frame: &frame,
        },
    ))
}

async fn create(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let read = shape::check(value(&typed, open::FIELDS, &frame), open::FIELDS).map_err(Refusal::invalid);
    let outcome = match read {
        Ok(value) => match serde_json::from_value::<Open>(value) {
            Ok(open) => app.desk.open_problem(&caller, open, None).await.map_err(Failure::from),
            Err(_) => Err(Fault::new("", "unreadable").into()),
        },
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(done) => Ok(Redirect::to(&format!("{PAGE}/{}?done=open-problem", done.problem.id)).into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            let asked = ProblemFilter { open_only: true, ..ProblemFilter::default() };
            draw_list(&app, &visitor, &caller, ("open=true", asked), &typed, Some(failure)).await
        }
    }
}

/// A measure on the page.
struct Measure {
    n: u32,
    what: String,
    owner: String,
    due: String,
    overdue: bool,
    standing: String,
    code: &'static str,
    evidence: String,
    proof: String,
    effective: String,
    reported: String,
    decided: String,
    remark: String,
}

/// A linked case on the page.
struct Linked {
    number: String,
    subject: String,
    about: String,
}

#[derive(Template)]
#[template(path = "problem_one.html")]
struct One<'a> {
    frame: &'a Frame<'a>,
    id: String,
    number: String,
    version: i64,
    title: String,
    state: String,
    code: &'static str,
    facts: Vec<(String, String)>,
    description: String,
    whys: Vec<String>,
    /// Heading and words.
    texts: Vec<(String, String)>,
    measures: Vec<Measure>,
    effect: Option<effect::Shown>,
    effect_told: Option<Told>,
    /// What was typed for the effect: exposures to choose from, and subscribers.
    exposures: Vec<(String, String, bool)>,
    users: String,
    ending: Vec<(String, String)>,
    frozen: Option<effect::Shown>,
    cases: Vec<Linked>,
    /// Where the next page of them is.
    more_cases: String,
    count: usize,
    log: Vec<(String, String, String)>,
    operations: Vec<Operation>,
    told: Option<Told>,
    changes: Vec<String>,
    done: String,
}

fn person(frame: &Frame<'_>, view: &ProblemView, actor: ActorId) -> String {
    match actor {
        ActorId::User(user) => view.users.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    }
}

fn owner(view: &ProblemView, owner: Owner) -> String {
    let user = owner.user.and_then(|user| view.users.get(&user));
    let unit = view.units.get(&owner.unit);
    user.into_iter().chain(unit).cloned().collect::<Vec<_>>().join(" · ")
}

fn measure(frame: &Frame<'_>, view: &ProblemView, one: &Action) -> Measure {
    let by = |actor: Option<ActorId>| actor.map(|actor| person(frame, view, actor)).unwrap_or_default();
    let report = one.report.as_ref();
    let proof = report
        .and_then(|report| report.proof)
        .and_then(|proof| view.cases.iter().find(|case| case.id == proof.case).map(|case| case.number.clone()));
    Measure {
        n: one.id,
        what: one.what.clone(),
        owner: owner(view, one.owner),
        due: one.due.to_string(),
        overdue: one.is_overdue(view.today),
        standing: frame.code("measure", one.standing.code()),
        code: one.standing.code(),
        evidence: report.map(|report| report.evidence.clone()).unwrap_or_default(),
        proof: proof.unwrap_or_default(),
        effective: report.map(|report| report.effective_on.to_string()).unwrap_or_default(),
        reported: by(one.reported_by),
        decided: by(one.decided_by),
        remark: one.remark.clone().unwrap_or_default(),
    }
}

/// What is wrong with a command, and what was typed for it.
#[derive(Default)]
struct Trouble<'a> {
    typed: Option<(&'static str, &'a Typed)>,
    told: Option<Told>,
}

/// A form as it is before anybody types: what changes what stands there shows what stands there.
fn begun(frame: &Frame<'_>, view: &ProblemView, verb: &str) -> Typed {
    let (mut typed, problem) = (Typed::default(), &view.problem);
    match verb {
        "amend-problem" => {
            typed.set("title", problem.matter.title.as_str());
            typed.set("description", problem.matter.description.as_deref().unwrap_or_default());
            let category = &problem.matter.category;
            typed.set("category", format!("{category} {}", frame.category(category)));
        }
        "analyse-problem" => {
            if let Some(analysis) = &problem.analysis {
                typed.set("whys", analysis.whys.join("\n"));
                let texts = [
                    ("cause", &analysis.cause),
                    ("customer_wording", &analysis.customer_wording),
                    ("script", &analysis.script),
                    ("internal_fix", &analysis.internal_fix),
                ];
                for (name, text) in texts {
                    typed.set(name, text.as_deref().unwrap_or_default());
                }
            }
        }
        _ => {}
    }
    typed
}

/// The measures a verb can be about.
fn meant(frame: &Frame<'_>, view: &ProblemView, verb: &str) -> Vec<(String, String)> {
    let fits = |one: &&Action| match verb {
        "report-action" => one.standing == Standing::Planned,
        "approve-action" | "return-action" => one.standing == Standing::Reported,
        _ => one.standing.is_open(),
    };
    let words = |one: &Action| {
        let what: String = one.what.chars().take(40).collect();
        format!("{} · {what} · {}", one.id, frame.code("measure", one.standing.code()))
    };
    view.problem.actions.iter().filter(fits).map(|one| (one.id.to_string(), words(one))).collect()
}

fn operations(
    frame: &Frame<'_>,
    caller: &Caller,
    view: &ProblemView,
    names: &Names,
    trouble: &Trouble<'_>,
) -> Vec<Operation> {
    let errors = trouble.told.as_ref().map(|told| told.errors.as_slice()).unwrap_or_default();
    let offered = VERBS.iter().filter(|verb| (verb.offered)(&view.problem));
    let permitted = offered.filter(|verb| Permission::for_verb(verb.name).is_some_and(|one| one.allows(caller)));
    permitted
        .map(|verb| {
            let mine = trouble.typed.filter(|(name, _)| *name == verb.name);
            let fresh = begun(frame, view, verb.name);
            let known = |field: &str| match field {
                "action" => meant(frame, view, verb.name),
                _ => names.choices(frame, field),
            };
            let draw = Draw {
                frame,
                words: verb.name,
                typed: mine.map_or(&fresh, |(_, typed)| typed),
                errors: if mine.is_some() { errors } else { &[] },
                known: &known,
            };
            Operation {
                key: "",
                verb: verb.name,
                words: frame.code("verb", verb.name),
                inputs: inputs(&draw, verb.fields),
                open: mine.is_some(),
                plain: false,
                next: false,
                side: "",
                drafts: false,
                kept_at: String::new(),
                machine: String::new(),
                assist: false,
                missing: String::new(),
            }
        })
        .collect()
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    (raw, trouble): (&str, Trouble<'_>),
) -> Result<Response, Failure> {
    let given = query::form(raw.as_bytes());
    let find = |wanted: &str| given.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str());
    let view = app.desk.problem(caller, id, find("cases_after")).await?;
    let frame = Frame::new(app, visitor);
    let (found, effect_told) = effect::of_problem(&frame, caller, &view, raw).await?;
    let names = Names::gather(app, caller).await?;
    let operations = operations(&frame, caller, &view, &names, &trouble);
    let problem = &view.problem;
    let mut facts = vec![
        (frame.t("problems.category"), frame.category(&problem.matter.category)),
        (frame.t("problems.area"), frame.area(&problem.area)),
        (frame.t("problems.owner"), owner(&view, problem.owner)),
        (
            frame.t("problems.opened"),
            format!("{} · {}", person(&frame, &view, problem.opened_by), frame.moment(problem.opened_at)),
        ),
    ];
    facts.extend(problem.hot_in.clone().map(|month| (frame.t("problems.hot_in"), month)));
    let analysis = problem.analysis.as_ref();
    facts.extend(
        analysis.and_then(|one| one.cause.as_deref()).map(|cause| (frame.t("problems.cause"), frame.cause(cause))),
    );
    let texts = analysis.map(|one| {
        let texts =
            [("customer_wording", &one.customer_wording), ("script", &one.script), ("internal_fix", &one.internal_fix)];
        let shown =
            texts.into_iter().filter_map(|(name, text)| Some((frame.t(&format!("problems.{name}")), text.clone()?)));
        shown.collect()
    });
    let ending = problem.ending.as_ref().map(|ending| {
        let by = format!("{} · {}", person(&frame, &view, ending.by), frame.moment(ending.at));
        vec![(frame.t("problems.ended"), by), (frame.t("problems.result"), ending.said.clone())]
    });
    let cases = view.cases.iter().map(|case| Linked {
        number: case.number.clone(),
        subject: frame.called_in_list(case),
        about: format!("{} · {}", frame.short(case.received_at), frame.code("state", case.state.code())),
    });
    let log = view
        .log
        .iter()
        .rev()
        .map(|one| (frame.moment(one.at), person(&frame, &view, one.actor), frame.code("verb", &one.verb)));
    let changes = trouble.told.iter().flat_map(|told| &told.stale).flat_map(|stale| &stale.since);
    let changes = changes.map(|(version, verb, _)| format!("#{version} {}", frame.code("verb", verb))).collect();
    let state = problem.state().code();
    let done = find("done").filter(|verb| *verb == "open-problem" || VERBS.iter().any(|one| one.name == *verb));
    Ok(shown_with(
        trouble.told.clone(),
        &One {
            id: id.to_string(),
            number: problem.number.clone(),
            version: problem.version,
            title: problem.matter.title.clone(),
            state: frame.code("problem_state", state),
            code: state,
            facts,
            description: problem.matter.description.clone().unwrap_or_default(),
            whys: analysis.map(|one| one.whys.clone()).unwrap_or_default(),
            texts: texts.unwrap_or_default(),
            measures: problem.actions.iter().map(|one| measure(&frame, &view, one)).collect(),
            effect: found,
            effect_told,
            exposures: effect::exposures(&frame, find("exposure").unwrap_or_default()),
            users: find("users").unwrap_or_default().to_owned(),
            ending: ending.unwrap_or_default(),
            frozen: problem
                .ending
                .as_ref()
                .and_then(|one| one.effect.as_ref())
                .map(|check| effect::shown(&frame, check)),
            cases: cases.collect(),
            more_cases: view
                .next
                .as_ref()
                .map(|next| format!("{PAGE}/{id}?cases_after={}#cases", query::encode(next)))
                .unwrap_or_default(),
            count: problem.cases.len(),
            log: log.collect(),
            operations,
            told: trouble.told,
            changes,
            done: done.map(|verb| frame.code("verb", verb)).unwrap_or_default(),
            frame: &frame,
        },
    ))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let id = app.desk.problem_named(&caller, &id).await?;
    draw(&app, &visitor, &caller, id, (&raw.unwrap_or_default(), Trouble::default())).await
}

async fn run(
    verb: &'static Verb,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id = app.desk.problem_named(&caller, &id).await?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let seen: i64 = typed.get("version").parse().map_err(|_| Failure::from(Why::VersionRequired))?;
    let frame = Frame::new(&app, &visitor);
    let outcome = match Command::read(verb.name, value(&typed, verb.fields, &frame)) {
        None => return Err(Why::NoSuchRoute.into()),
        Some(Err(faults)) => Err(Refusal::invalid(faults).into()),
        Some(Ok(command)) => app.desk.run_problem(&caller, id, seen, command, None).await.map_err(Failure::from),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("{PAGE}/{id}?done={}", verb.name)).into_response()),
        Err(failure) => {
            let told = beside_the_form(&app, &visitor, failure)?.tell(&app, visitor.language);
            let trouble = Trouble { typed: Some((verb.name, &typed)), told: Some(told) };
            draw(&app, &visitor, &caller, id, ("", trouble)).await
        }
    }
}
