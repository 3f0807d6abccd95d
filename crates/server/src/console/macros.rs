//! Macros in the console: made step by step from the same forms as the operations, tried on a case entry by entry, applied
//! as a whole; and canned wordings, which are macros of one operation with words.

use super::form::{Choice, Draw, Input, Typed};
use super::history::{Moment, moment};
use super::names::Names;
use super::staff_form::beside_the_form;
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::audience::{Audience, SHARED};
use desk::bulk::Reason;
use desk::macros::{Applied, BLANKS, Macro, NEW_MACRO, NewMacro, STEPS, VERBS, fill};
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, Permission, permissions};
use domain::actor::Role;
use domain::command::{VERBS as ALL, Verb};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let (apply, keep) = (Access::Needs(permissions::APPLY_MACRO), Access::Needs(permissions::SAVE_MACRO));
    vec![
        page(Method::Get, "/console/macros", Access::Needs(permissions::READ_MACROS), get(list)),
        page(Method::Get, "/console/macros/new", keep, get(begin)),
        page(Method::Post, "/console/macros", keep, post(work)),
        page(Method::Post, "/console/macros/{id}/remove", keep, post(remove)),
        page(Method::Get, "/console/cases/{id}/macro", apply, get(look)),
        page(Method::Post, "/console/cases/{id}/macro", apply, post(carry_out)),
        page(Method::Get, "/console/cases/{id}/wording/{macro}", apply, get(wording)),
    ]
}

/// What the blanks of macros are filled with for a case, in the language of whoever applies one.
pub(crate) async fn blanks(
    app: &AppState,
    visitor: &Visitor,
    view: &CaseView,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let frame = Frame::new(app, visitor);
    let case = &view.case;
    let rules = app.desk.library().rules_of(case)?;
    let due = case.clocks.iter().filter(|clock| clock.ended.is_none() && !clock.is_paused());
    let due =
        due.filter(|clock| domain::case::binds_provider(rules.clock(&clock.rule))).map(|clock| clock.due_at).min();
    let unit = view.units.get(&case.owner.unit).cloned().unwrap_or_default();
    Ok(BTreeMap::from([
        ("number", case.number.to_string()),
        ("category", case.category.as_deref().map(|code| frame.category(code)).unwrap_or_default()),
        ("received", frame.moment(case.received_at)),
        ("due", due.map(|at| frame.limit(at, &rules)).unwrap_or_default()),
        ("unit", unit),
        ("agent", frame.name()),
    ]))
}

struct Line {
    id: String,
    name: String,
    steps: String,
    shared: String,
    revision: i64,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "macros.html")]
struct ListPage<'a> {
    frame: Frame<'a>,
    lines: Vec<Line>,
    may_make: bool,
}

fn for_whom(frame: &Frame<'_>, audience: &Audience) -> String {
    match audience {
        Audience::Role(role) => frame.tv("views.with_role", &[("role", &frame.code("role", role.code()))]),
        _ => frame.code("shared", audience.code()),
    }
}

async fn list(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let line = |one: Macro| Line {
        id: one.id.to_string(),
        steps: one.steps.iter().map(|step| frame.code("verb", &step.verb)).collect::<Vec<_>>().join(" → "),
        shared: for_whom(&frame, &one.audience),
        name: one.name,
        revision: one.revision,
        may_change: one.may_change,
    };
    let lines = app.desk.macros(&caller).await?.into_iter().map(line).collect();
    let may_make = frame.may(permissions::SAVE_MACRO) && caller.actor.user().is_some();
    Ok(render(&ListPage { frame, lines, may_make }))
}

/// A step on the form: its operation and its boxes.
struct Drawn {
    n: usize,
    verb: &'static str,
    words: String,
    inputs: Vec<Input>,
}

#[derive(Template)]
#[template(path = "macro_form.html")]
struct FormPage<'a> {
    frame: &'a Frame<'a>,
    name: String,
    shared: Vec<Choice>,
    roles: Vec<Choice>,
    steps: Vec<Drawn>,
    /// Operations that can be added; none when there are as many as fit.
    offered: Vec<(&'static str, String)>,
    blanks: String,
    told: Option<Told>,
    name_error: String,
}

/// The operations somebody chose, in their order.
fn chosen(typed: &Typed) -> Vec<&'static Verb> {
    let named = typed.all("do").iter().filter(|name| VERBS.contains(&name.as_str()));
    named.filter_map(|name| ALL.iter().find(|verb| verb.name == name)).take(STEPS).collect()
}

/// What was typed for one step, without the number before its names.
fn of_step(typed: &Typed, n: usize, verb: &Verb) -> Typed {
    fn names(prefix: &str, fields: &[shape::Field], found: &mut Vec<String>) {
        for field in fields {
            let name = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
            match &field.kind {
                shape::Kind::Object(inner) | shape::Kind::List { of: shape::Kind::Object(inner), .. } => {
                    names(&name, inner, found);
                }
                shape::Kind::Money => found.push(format!("{name}.value")),
                _ => found.push(name),
            }
        }
    }
    let mut all = Vec::new();
    names("", verb.fields, &mut all);
    let mut mine = Typed::default();
    for name in all {
        for value in typed.all(&format!("{n}.{name}")) {
            mine.add(&name, value.clone());
        }
    }
    mine
}

async fn draw(
    app: &AppState,
    frame: &Frame<'_>,
    caller: &Caller,
    typed: &Typed,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let told = failure.map(|failure| failure.tell(app, frame.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let names = Names::gather(app, caller).await?;
    let known = |field: &str| match field {
        "user" => names.workers(frame),
        _ => names.choices(frame, field),
    };
    let mut steps = Vec::new();
    for (n, verb) in chosen(typed).into_iter().enumerate() {
        let mine = of_step(typed, n, verb);
        let path = format!("steps[{n}].{}.", verb.name);
        let of_step = errors.iter().filter_map(|(field, code, words)| {
            Some((field.strip_prefix(&path)?.to_owned(), code.clone(), words.clone()))
        });
        let errors: Vec<_> = of_step.collect();
        let draw = Draw { frame, words: verb.name, typed: &mine, errors: &errors, known: &known };
        let inputs = draw.inputs("", verb.fields).into_iter().map(|input| Input {
            name: format!("{n}.{}", input.name),
            id: format!("step{n}-{}", input.id),
            ..input
        });
        steps.push(Drawn { n, verb: verb.name, words: frame.code("verb", verb.name), inputs: inputs.collect() });
    }
    let choice = |list: &str, field: &str, code: &str| Choice {
        code: code.to_owned(),
        words: frame.code(list, code),
        chosen: typed.get(field) == code,
    };
    let shares = frame.may(permissions::SHARE_MACRO);
    let may = |verb: &str| Permission::for_verb(verb).is_some_and(|one| frame.may(one));
    let full = steps.len() >= STEPS;
    let page = FormPage {
        name: typed.get("name").to_owned(),
        shared: if shares { SHARED.iter().map(|one| choice("shared", "shared", one)).collect() } else { Vec::new() },
        roles: if shares { Role::CODES.iter().map(|one| choice("role", "role", one)).collect() } else { Vec::new() },
        offered: VERBS
            .into_iter()
            .filter(|verb| !full && may(verb))
            .map(|verb| (verb, frame.code("verb", verb)))
            .collect(),
        blanks: BLANKS
            .map(|name| format!("{{{name}}} {}", frame.t(&format!("macros.blank.{name}"))))
            .join(&frame.t("list_comma")),
        name_error: errors.iter().filter(|(field, ..)| field == "name").map(|(_, _, words)| words.as_str()).collect(),
        frame,
        steps,
        told,
    };
    Ok(shown_with(page.told.clone(), &page))
}

async fn begin(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let typed = Typed::read(raw.unwrap_or_default().as_bytes());
    draw(&app, &Frame::new(&app, &visitor), &caller, &typed, None).await
}

/// Adds a step, takes one out, or keeps what is there.
async fn work(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    match typed.get("step").to_owned().as_str() {
        "add" => {
            let verb = typed.get("add").to_owned();
            typed.add("do", verb);
            return draw(&app, &frame, &caller, &typed, None).await;
        }
        "drop" => {
            typed.drop_last("do");
            return draw(&app, &frame, &caller, &typed, None).await;
        }
        _ => {}
    }
    let outcome = match read(&typed, &frame) {
        Ok(new) => app.desk.keep_macro(&caller, new).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to("/console/macros").into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &frame, &caller, &typed, Some(failure)).await
        }
    }
}

fn read(typed: &Typed, frame: &Frame<'_>) -> Result<NewMacro, Failure> {
    let step = |(n, verb): (usize, &Verb)| {
        let input = of_step(typed, n, verb).value(verb.fields, frame);
        Value::Object(Map::from_iter([(verb.name.to_owned(), input)]))
    };
    let steps: Vec<Value> = chosen(typed).into_iter().enumerate().map(step).collect();
    let mut given = Map::from_iter([("steps".to_owned(), Value::Array(steps))]);
    for field in ["name", "shared", "role"] {
        let value = typed.get(field);
        // A role is chosen for those one shares with a role.
        if !value.is_empty() && (field != "role" || typed.get("shared") == "role") {
            given.insert(field.to_owned(), Value::from(value));
        }
    }
    let value = shape::check(Value::Object(given), NEW_MACRO).map_err(Refusal::invalid)?;
    Ok(serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?)
}

async fn remove(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Redirect, Failure> {
    app.desk.remove_macro(&caller, identifier::<Uuid>(&id)?).await?;
    Ok(Redirect::to("/console/macros"))
}

#[derive(Template)]
#[template(path = "macro_try.html")]
struct TryPage<'a> {
    frame: &'a Frame<'a>,
    case: String,
    id: String,
    name: String,
    version: i64,
    revision: i64,
    /// What each operation would write.
    moments: Vec<Moment>,
    /// Which operation is refused, and why.
    stopped: Option<(String, Vec<String>)>,
    told: Option<Told>,
}

/// The page that says what a macro would do to a case.
async fn draw_try(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    (case, id): (&CaseRef, Uuid),
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let view = app.desk.case(caller, case).await?;
    let one = app.desk.macro_of(caller, id).await?;
    let known = blanks(app, visitor, &view).await?;
    let version = view.case.version;
    let mut names = Names::gather(app, caller).await?;
    names.add(&view);
    let (moments, stopped, blank) =
        match app.desk.try_macro(caller, (&CaseRef::Id(view.case.id), version), id, &known).await {
            Ok(tried) => {
                let stopped = tried.stopped.map(|(n, error)| {
                    let verb = one.steps.get(n).map(|step| frame.code("verb", &step.verb)).unwrap_or_default();
                    let (detail, way_out, faults) = problem::reason(app, frame.language, &Reason::of(&error));
                    let mut why = vec![detail, way_out];
                    why.extend(faults.into_iter().map(|(_, _, sentence)| sentence));
                    why.retain(|sentence| !sentence.is_empty());
                    (format!("{}. {verb}", n + 1), why)
                });
                let moments = tried.entries.iter().map(|entry| moment(&frame, &view, &names, entry)).collect();
                (moments, stopped, None)
            }
            Err(error) => (Vec::new(), None, Some(Failure::from(error))),
        };
    let told = match (failure, blank) {
        (Some(failure), _) => Some(failure.tell(app, visitor.language)),
        (None, Some(failure)) => Some(super::what_was_typed(app, visitor, failure)?),
        (None, None) => None,
    };
    let page = TryPage {
        frame: &frame,
        case: view.case.number.to_string(),
        id: id.to_string(),
        name: one.name,
        version,
        revision: one.revision,
        moments,
        stopped,
        told,
    };
    Ok(shown_with(page.told.clone(), &page))
}

async fn look(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let asked = query::form(raw.unwrap_or_default().as_bytes());
    let id = asked.iter().find(|(name, _)| name == "macro").map(|(_, id)| id.as_str()).unwrap_or_default();
    draw_try(&app, &visitor, &caller, (&CaseRef::parse(&case)?, identifier::<Uuid>(id)?), None).await
}

async fn carry_out(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(case): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&case)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let seen = typed.get("version").parse().map_err(|_| Fault::new("version", "required"))?;
    let id = identifier::<Uuid>(typed.get("macro"))?;
    let view = app.desk.case(&caller, &name).await?;
    let known = blanks(&app, &visitor, &view).await?;
    let tried = typed.get("revision").parse().map_err(|_| Fault::new("revision", "required"))?;
    let name_of = CaseRef::Id(view.case.id);
    let failure = match app.desk.apply_macro(&caller, (&name_of, seen), (id, Some(tried)), &known).await {
        Ok(Applied::Done(done, last)) => {
            let told = super::case::named(&done.unreached);
            return Ok(Redirect::to(&format!("/console/cases/{}?done={last}{told}", done.case.number)).into_response());
        }
        Ok(Applied::Stopped(_, error)) | Err(error) => Failure::from(error),
    };
    // What is refused now is said beside what would be done to the case as it is.
    let status = failure.tell(&app, visitor.language).status;
    if !matches!(status.as_u16(), 409 | 422) {
        return Err(failure);
    }
    draw_try(&app, &visitor, &caller, (&name, id), Some(failure)).await
}

/// The words of a canned wording, filled from the case, for whoever writes.
async fn wording(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((case, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let view = app.desk.case(&caller, &CaseRef::parse(&case)?).await?;
    let one = app.desk.macro_of(&caller, identifier::<Uuid>(&id)?).await?;
    let (_, words) = one.wording().ok_or_else(Refusal::not_found)?;
    let known = blanks(&app, &visitor, &view).await?;
    // A blank nothing is known for stays, to be seen and filled by hand.
    let words = fill(words, &known).unwrap_or_else(|_| words.to_owned());
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response())
}

/// What a case offers: macros to apply, and wordings by the operation they are for.
#[derive(Default)]
pub(super) struct Offered {
    /// Identity and name.
    pub(super) macros: Vec<(String, String)>,
    /// Operation, identity, name.
    pub(super) wordings: Vec<(String, String, String)>,
}

impl Offered {
    /// Nothing for those who may not.
    pub(super) async fn of(app: &AppState, caller: &Caller) -> Result<Self, Failure> {
        if !(permissions::APPLY_MACRO.allows(caller) && permissions::READ_MACROS.allows(caller)) {
            return Ok(Self::default());
        }
        let mut offered = Self::default();
        for one in app.desk.macros(caller).await? {
            let wording = one.wording().map(|(verb, _)| verb.to_owned());
            match wording {
                Some(verb) => offered.wordings.push((verb, one.id.to_string(), one.name)),
                None => offered.macros.push((one.id.to_string(), one.name)),
            }
        }
        Ok(offered)
    }

    /// The wordings for an operation: identity and name.
    pub(super) fn wordings_for(&self, verb: &str) -> Vec<(&str, &str)> {
        let mine = self.wordings.iter().filter(|(one, ..)| one == verb);
        mine.map(|(_, id, name)| (id.as_str(), name.as_str())).collect()
    }
}
