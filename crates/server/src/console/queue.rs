//! The queue: open cases by time left, filtered, page by page.

use super::facets::{self, Group};
use super::names::Names;
use super::pane::{self, COUNTED};
use super::times::{grade_sign, step};
use super::{Frame, page, shown_with, what_was_typed};
use crate::api::cases::{LIST, filter};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions;
use desk::queries::list::{Filter, Listed, Order};
use desk::search::facets::Facet;
use desk::search::{Answer, Found, Part, Snippet};
use desk::views::VIEWS;
use domain::case::State as CaseState;
use domain::ids::UserId;
use jiff::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/console", Access::Needs(permissions::READ_CASES), get(queue)),
        page(Method::Post, "/console/claim", Access::Needs(permissions::CLAIM), post(claim)),
    ]
}

pub(super) struct Row {
    pub(super) number: String,
    pub(super) version: i64,
    pub(super) subject: String,
    pub(super) category: String,
    pub(super) kind: String,
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) grade: &'static str,
    pub(super) grade_sign: &'static str,
    pub(super) grade_words: String,
    pub(super) owner: String,
    /// Held by somebody absent for whom the reader stands in.
    pub(super) deputised: bool,
    pub(super) received: String,
    /// Where the words stand: the field, then pieces of text, those that were asked for marked.
    pub(super) snippets: Vec<(String, Vec<Part>)>,
    pub(super) due: String,
    pub(super) due_class: &'static str,
    pub(super) due_sign: &'static str,
    pub(super) due_at: String,
    pub(super) rule: String,
}

struct Tab {
    words: String,
    href: String,
    here: bool,
}

struct Choice {
    code: &'static str,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue<'a> {
    frame: Frame<'a>,
    view: String,
    title: String,
    /// The list under a name that is shown.
    saved: String,
    /// All lists under a name: words and address.
    others: Vec<(String, String)>,
    keeping: Option<super::views::Keeping>,
    /// Whether the reader may say what comes first.
    by_time: bool,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    grades: Vec<Choice>,
    states: Vec<Choice>,
    region: String,
    category: String,
    phone: String,
    external: String,
    /// The address of the page, to be fetched again while somebody looks; a search stands as it was found.
    here: String,
    /// What was searched for.
    words: String,
    /// Newest first rather than best first.
    newest: bool,
    /// What else the list is narrowed to, as figures of the board lead to it.
    narrowed: Vec<String>,
    /// Whether every case was looked through.
    complete: bool,
    /// What a search can be narrowed by.
    facets: Vec<Group>,
    filtered: bool,
    next: Option<String>,
    categories: Vec<(String, String)>,
    told: Option<Told>,
    /// The filters as an address has them.
    query: String,
    /// What can be done to many; nothing for those who may not.
    operations: Vec<(&'static str, String)>,
    /// How many cases of the own unit's queue somebody may take.
    waiting: Option<String>,
    /// What to say when nothing is there.
    empty: &'static str,
    /// Whether the tour is offered.
    tour: bool,
}

/// What an address of a list asks for: the view, the filters, and these as an address has them.
pub(super) struct Asked {
    pub(super) view: String,
    /// The list under a name that was opened, if one was.
    pub(super) saved: Option<String>,
    pub(super) pairs: Vec<(String, String)>,
    pub(super) text: Vec<String>,
}

/// Reads the address of a list.
pub(super) fn asked(frame: &Frame<'_>, raw: &str) -> Asked {
    let mut pairs = query::form(raw.as_bytes());
    let view = pairs.iter().find(|(name, _)| name == "view").map(|(_, view)| view.clone());
    let view = view.filter(|view| VIEWS.contains(&view.as_str())).unwrap_or_else(|| "open".to_owned());
    let saved = pairs.iter().find(|(name, _)| name == "saved").map(|(_, id)| id.clone());
    pairs.retain(|(name, value)| !["view", "saved"].contains(&name.as_str()) && !value.trim().is_empty());
    for (name, value) in &mut pairs {
        match name.as_str() {
            "category" => *value = frame.category_code(value),
            "region" => *value = frame.region_code(value),
            _ => {}
        }
    }
    let text = pairs.iter().map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value))).collect();
    Asked { view, saved, pairs, text }
}

async fn queue(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let Asked { view, saved, pairs, text } = asked(&frame, &raw.unwrap_or_default());
    let saved = visitor.views.iter().find(|one| saved.as_ref().is_some_and(|id| *id == one.id.to_string()));
    // Whoever stands in for somebody works their cases too.
    let absent = if view == "mine" { app.desk.deputised(&caller).await? } else { Vec::new() };
    let (found, told) = match find(&app, &caller, &view, &absent, &text.join("&"), &Facet::ALL).await {
        Ok(found) => (found, None),
        Err(failure) => {
            let told = what_was_typed(&app, &visitor, failure)?;
            (Answer { items: Vec::new(), next: None, complete: true, facets: None }, Some(told))
        }
    };
    let claims = frame.may(permissions::CLAIM) && ["open", "mine", "unit"].contains(&view.as_str());
    let waiting = if claims { Some(app.desk.waiting(&caller, COUNTED).await?) } else { None };
    let names = Names::gather(&app, &caller).await?;
    let now = app.desk.time().now();
    let shown =
        |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let keep = |more: &str| {
        let mut parts = vec![format!("view={view}")];
        parts.extend(saved.map(|one| format!("saved={}", one.id)));
        parts.extend(text.iter().filter(|part| !part.starts_with("after=")).cloned());
        parts.push(more.to_owned());
        format!("/console?{}", parts.join("&"))
    };
    let tabs = VIEWS
        .iter()
        .map(|one| Tab {
            words: frame.t(&format!("view.{one}")),
            href: format!("/console?view={one}"),
            here: *one == view && saved.is_none(),
        })
        .collect();
    let choices = |list: &str, codes: &[&'static str], chosen: &str| {
        codes
            .iter()
            .map(|code| Choice { code, words: frame.code(list, code), chosen: *code == chosen })
            .collect::<Vec<_>>()
    };
    let states: Vec<&'static str> =
        CaseState::ALL.iter().filter(|state| state.is_open()).map(|state| state.code()).collect();
    let taxonomy = app.desk.library().taxonomy();
    let shown_as = saved.map_or_else(|| frame.t(&format!("view.{view}")), |one| one.name.clone());
    let page = Queue {
        tabs,
        title: shown_as,
        saved: saved.map(|one| one.id.to_string()).unwrap_or_default(),
        others: visitor.views.iter().map(|one| (one.name.clone(), super::views::href(one))).collect(),
        keeping: super::views::Keeping::of(&frame, &pairs),
        by_time: shown("q").is_empty() && ["open", "mine", "unit", "triage", "review"].contains(&view.as_str()),
        rows: found
            .items
            .iter()
            .map(|one| Row {
                snippets: one.snippets.iter().map(|one| snippet(&frame, one)).collect(),
                ..row(&frame, &one.listed, &names, &absent, now)
            })
            .collect(),
        grades: choices("grade", &["normal", "major", "urgent"], &shown("grade")),
        states: choices("state", &states, &shown("status")),
        region: shown("region"),
        category: shown("category"),
        phone: shown("phone"),
        external: shown("external"),
        here: frame.place.to_owned(),
        words: shown("q"),
        newest: shown("sort") == "-received",
        narrowed: narrowed(&frame, &pairs),
        complete: found.complete,
        facets: found.facets.map(|facets| facets::groups(&frame, &view, &pairs, &facets)).unwrap_or_default(),
        filtered: pairs.iter().any(|(name, _)| name != "after"),
        next: found.next.map(|next| keep(&format!("after={}", query::encode(&next)))),
        categories: taxonomy.categories().map(|one| (one.code.clone(), frame.category(&one.code))).collect(),
        told,
        query: text.iter().filter(|part| !part.starts_with("after=")).cloned().collect::<Vec<_>>().join("&"),
        // A search is read and worked on one by one: what is done to many goes by filters.
        operations: if shown("q").is_empty() { super::bulk::offered(&frame) } else { Vec::new() },
        waiting: waiting.filter(|count| *count > 0).map(pane::count_words),
        empty: empty(&view),
        tour: app.desk.offers_tour(&caller).await?,
        view,
        frame,
    };
    Ok(shown_with(page.told.clone(), &page))
}

/// Takes the next case of the own unit's queue and shows it.
async fn claim(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let done = app.desk.claim_next(&caller, None).await?;
    Ok(Redirect::to(&format!("/console/cases/{}?done=accept", done.case.number)).into_response())
}

/// What a list is narrowed to that its form has no box for.
fn narrowed(frame: &Frame<'_>, pairs: &[(String, String)]) -> Vec<String> {
    let said = pairs.iter().filter_map(|(name, value)| match name.as_str() {
        "red_line" | "escalated" => Some(frame.t(&format!("narrowed.{name}"))),
        "received_from" | "received_before" | "due_from" | "due_before" => {
            let at: Timestamp = value.parse().ok()?;
            Some(frame.tv(&format!("narrowed.{name}"), &[("at", &frame.moment(at))]))
        }
        _ => None,
    });
    said.collect()
}

/// The words for an empty view: each says what to do next.
fn empty(view: &str) -> &'static str {
    match view {
        "mine" => "empty.mine",
        "unit" => "empty.unit",
        "triage" => "empty.triage",
        "review" => "empty.review",
        "closed" => "empty.closed",
        _ => "empty.queue",
    }
}

/// The cases of a view that the filters leave, and what is counted of them.
pub(super) async fn find(
    app: &AppState,
    caller: &desk::Caller,
    view: &str,
    absent: &[UserId],
    text: &str,
    facets: &[Facet],
) -> Result<Answer, Failure> {
    let mut filter = filter_of(caller, view, absent, text)?;
    if filter.words.is_some() {
        filter.facets = facets.to_vec();
        return Ok(app.desk.search(caller, &filter).await?);
    }
    let page = app.desk.list(caller, &filter).await?;
    let items = page.items.into_iter().map(|listed| Found { listed, snippets: Vec::new() }).collect();
    Ok(Answer { items, next: page.next, complete: true, facets: None })
}

/// What a view shows, with the filters of an address.
pub(super) fn filter_of(caller: &desk::Caller, view: &str, absent: &[UserId], text: &str) -> Result<Filter, Failure> {
    let given = query::read(Some(text), LIST)?;
    let mut filter = filter(&given, caller)?;
    filter.limit = 50;
    match view {
        "mine" => {
            filter.assignee = caller.actor.user().or(Some(UserId::NIL));
            filter.also = absent.to_vec();
        }
        "unit" => filter.unit = Some(caller.actor.unit),
        "triage" => filter.states = vec![CaseState::Triage],
        "review" => filter.states = vec![CaseState::AwaitingReview],
        "closed" => filter.states = vec![CaseState::Closed],
        _ => {}
    }
    let ended = filter.states.iter().any(|state| !state.is_open());
    let by_time = !ended && view != "all";
    filter.open_only = by_time;
    // With words the reader says how; else what has ended waits for nothing, and of the rest the reader says what comes
    // first.
    if filter.words.is_none() {
        filter.order = match (by_time, given.get("sort")) {
            (false, _) => Order::Received,
            (true, None) => Order::Due,
            (true, Some(_)) => filter.order,
        };
    }
    Ok(filter)
}

/// A place where the words stand, with the name of its field.
fn snippet(frame: &Frame<'_>, one: &Snippet) -> (String, Vec<Part>) {
    (frame.code("search_field", one.field.names()[0]), one.parts.clone())
}

pub(super) fn row(frame: &Frame<'_>, one: &Listed, names: &Names, absent: &[UserId], now: Timestamp) -> Row {
    let due = one.due.as_ref();
    let step = due.map(|(_, at)| step(one.received_at, *at, now));
    let rule = due.and_then(|(rule, _)| frame.app.desk.library().rule_title(rule));
    let rule = rule.map(|title| frame.language.pick(&title.zh, &title.en).to_owned());
    Row {
        number: one.number.clone(),
        version: one.version,
        subject: frame.called_in_list(one),
        category: one.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        kind: frame.code("kind", &one.kind),
        state: one.state.code(),
        state_words: frame.code("state", one.state.code()),
        grade: one.grade.code(),
        grade_sign: grade_sign(one.grade),
        grade_words: frame.code("grade", one.grade.code()),
        owner: names.owner(one.unit, one.user),
        deputised: one.user.is_some_and(|user| absent.contains(&user)),
        received: frame.short(one.received_at),
        snippets: Vec::new(),
        due: due.map(|(_, at)| frame.left(*at, now)).unwrap_or_default(),
        due_class: step.map_or("", |step| step.class()),
        due_sign: step.map_or("", |step| step.sign()),
        due_at: due.map(|(_, at)| frame.moment(*at)).unwrap_or_default(),
        rule: rule.unwrap_or_default(),
    }
}
