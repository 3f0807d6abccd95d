//! Suspected faults: the list, and one with its course, cases and the facts near it, where it is decided about and an
//! incident is made of it.

use super::form::{Draw, Input, Typed};
use super::incidents::{facts, product};
use super::names::Names;
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, render, shown_with};
use crate::api::bursts::{LIST, filter, matter, place, proposal, rounded};
use crate::api::identifier;
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
use desk::bursts::{Burst, BurstView, Said, Step};
use desk::{Caller, permissions};
use domain::actor::ActorId;
use domain::burst::{CONFIRM, Command, Confirm, DISMISS, Dismiss, State as Standing};
use domain::incident::open::{self, Open};
use domain::incident::{Purpose, VERBS};
use domain::shape::Field;
use serde_json::Value;
use uuid::Uuid;

const PAGE: &str = "/console/bursts";
/// Cases named on a page; the API has all.
const SHOWN: usize = 20;
/// Breadth of a bar and height of the chart.
const WIDTH: i64 = 8;
/// Room for the first moment under the chart, however few bars there are.
const NARROWEST: i64 = 112;
const HEIGHT: i64 = 80;
/// What can be done: the end of the address, the words of the form, its fields.
const ACTS: [(&str, &str, &[Field]); 3] = [
    ("acknowledge", "acknowledge-burst", &[]),
    ("dismiss", "dismiss-burst", DISMISS),
    ("confirm", "confirm-burst", CONFIRM),
];

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_BURSTS);
    let act = |n: usize| {
        post(move |state, visitor, who, path, headers, body| act(n, state, visitor, who, path, headers, body))
    };
    vec![
        page(Method::Get, PAGE, read, get(list)),
        page(Method::Get, "/console/bursts/{id}", read, get(show)),
        page(Method::Post, "/console/bursts/{id}/acknowledge", Access::Needs(permissions::ACKNOWLEDGE_BURST), act(0)),
        page(Method::Post, "/console/bursts/{id}/dismiss", Access::Needs(permissions::DISMISS_BURST), act(1)),
        page(Method::Post, "/console/bursts/{id}/confirm", Access::Needs(permissions::CONFIRM_BURST), act(2)),
        page(
            Method::Post,
            "/console/bursts/{id}/incident",
            Access::Needs(permissions::CONFIRM_BURST),
            post(open_incident),
        ),
    ]
}

/// One of the list, and of the board.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) number: String,
    pub(super) state: String,
    pub(super) code: &'static str,
    pub(super) span: String,
    pub(super) count: u32,
    pub(super) expected: String,
    /// Both of them in words.
    pub(super) against: String,
}

/// The lists people look for: its words, and the parameters that ask for it.
const TABS: [(&str, &str); 3] = [("open", "open=true"), ("confirmed", "status=confirmed"), ("all", "")];

#[derive(Template)]
#[template(path = "bursts.html")]
struct List<'a> {
    frame: &'a Frame<'a>,
    /// Address, words, and whether it is the one shown.
    tabs: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: String,
}

/// Place, matter and product in words.
fn title(frame: &Frame<'_>, said: &Said) -> String {
    let mut words =
        vec![place(frame.app, frame.language, &said.region), matter(frame.app, frame.language, &said.category)];
    words.extend(said.product.as_deref().map(|code| frame.code("product", code)));
    words.join(" · ")
}

/// One in a line.
pub(super) fn line(frame: &Frame<'_>, one: &Burst) -> Line {
    let said = &one.said;
    let end = if said.done { frame.moment(said.ended) } else { frame.t("bursts.goes_on") };
    Line {
        id: one.id.to_string(),
        title: title(frame, said),
        number: one.number.clone(),
        state: frame.code("burst_state", said.state.code()),
        code: said.state.code(),
        span: format!("{} – {end}", frame.moment(said.began)),
        count: said.count,
        expected: rounded(said.expected).to_string(),
        against: against(frame, said.count.into(), said.expected),
    }
}

async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let raw = raw.unwrap_or_else(|| "open=true".to_owned());
    let page = app.desk.bursts(&caller, &filter(&query::read(Some(&raw), LIST)?)).await?;
    let own: String = raw.split('&').filter(|pair| !pair.starts_with("after=")).collect::<Vec<_>>().join("&");
    let tabs =
        TABS.map(|(name, query)| (format!("{PAGE}?{query}"), frame.t(&format!("bursts.tab.{name}")), own == query));
    Ok(render(&List {
        tabs: tabs.into(),
        lines: page.items.iter().map(|one| line(&frame, one)).collect(),
        next: page.next.map(|next| format!("{PAGE}?{own}&after={}", query::encode(&next))).unwrap_or_default(),
        frame: &frame,
    }))
}

/// How many came in where how many are usual.
fn against(frame: &Frame<'_>, count: i64, expected: f64) -> String {
    let values = [("count", count.to_string()), ("expected", rounded(expected).to_string())];
    frame.tv("bursts.against", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Once in how many a power of ten is, to one figure: a thousand million at most, beyond which a figure says nothing more.
fn once_in(log10: f64) -> String {
    let power = (-log10).clamp(0.0, 9.0);
    let zeros = power.floor() as usize;
    let plain = format!("{:.0}{}", 10_f64.powf(power.fract() + 1e-9).floor(), "0".repeat(zeros));
    let mut grouped = String::new();
    for (nth, digit) in plain.chars().enumerate() {
        if nth > 0 && (plain.len() - nth).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A bar of the chart: what came in, and the mark where what was expected lies.
struct Bar {
    x: i64,
    y: i64,
    height: i64,
    mark: i64,
    within: bool,
    words: String,
}

/// A form on the page.
struct Form {
    path: &'static str,
    words: String,
    inputs: Vec<Input>,
    open: bool,
}

/// A case on the page.
struct Case {
    number: String,
    about: String,
}

#[derive(Template)]
#[template(path = "burst_one.html")]
struct One<'a> {
    frame: &'a Frame<'a>,
    id: String,
    version: i64,
    line: Line,
    about: Vec<(String, String)>,
    bars: Vec<Bar>,
    width: i64,
    /// Moments under the chart, and the most of one bar.
    marks: Vec<(i64, &'static str, String)>,
    most: i64,
    /// When, how many, how many were expected.
    rows: Vec<(String, i64, String)>,
    cases: Vec<Case>,
    case_count: usize,
    /// All that are open, as the next page takes them.
    join: String,
    may_join: bool,
    /// Identity, what, span.
    facts: Vec<(String, String, String)>,
    forms: Vec<Form>,
    incident_form: Vec<Input>,
    incident: Option<(String, String)>,
    /// A wording begun for the incident: its version and boxes.
    wording: Option<(i64, Vec<Input>)>,
    /// When, who, what.
    log: Vec<(String, String, String)>,
    told: Option<Told>,
    done: String,
}

fn bars(frame: &Frame<'_>, view: &BurstView) -> Vec<Bar> {
    let said = &view.burst.said;
    let most = view.course.iter().map(|one| (one.count as f64).max(one.expected)).fold(1.0, f64::max);
    let scaled = |figure: f64| (figure / most * HEIGHT as f64).round() as i64;
    let bar = |(n, one): (usize, &Step)| {
        let height = scaled(one.count as f64);
        Bar {
            x: i64::try_from(n).unwrap_or(0) * WIDTH,
            y: HEIGHT - height,
            height,
            mark: (HEIGHT - scaled(one.expected)).min(HEIGHT - 1),
            within: one.from >= said.began - jiff::SignedDuration::from_hours(1) && one.from < said.ended,
            words: format!("{} · {}", frame.moment(one.from), against(frame, one.count, one.expected)),
        }
    };
    view.course.iter().enumerate().map(bar).collect()
}

/// Steps between two moments under the chart, and how near to its end the last one may stand.
const MARKED: usize = 14;

/// Moments under the chart: where each stands, which part of its words stands there, and the words.
fn marks(frame: &Frame<'_>, view: &BurstView) -> Vec<(i64, &'static str, String)> {
    let mark = |(nth, one): (usize, &Step)| {
        let anchor = if nth == 0 { "start" } else { "middle" };
        (i64::try_from(nth).unwrap_or(0) * WIDTH + 3, anchor, frame.short(one.from))
    };
    let whole = view.course.len().saturating_sub(MARKED / 2);
    let marked = view.course.iter().enumerate().step_by(MARKED);
    marked.filter(|(nth, _)| *nth == 0 || *nth < whole).map(mark).collect()
}

/// What the log says was done. Who had confirmed a fault and does so once more named the incident opened for it.
fn log(frame: &Frame<'_>, view: &BurstView) -> Vec<(String, String, String)> {
    let first = view.log.iter().rposition(|(.., verb)| verb == "confirm-burst");
    let line = |(nth, (at, by, verb)): (usize, &(jiff::Timestamp, ActorId, String))| {
        let words = match verb == "confirm-burst" && first.is_some_and(|first| nth < first) {
            true => frame.t("bursts.named_incident"),
            false => frame.code("verb", verb),
        };
        (frame.moment(*at), person(frame, view, *by), words)
    };
    view.log.iter().enumerate().map(line).collect()
}

fn person(frame: &Frame<'_>, view: &BurstView, actor: ActorId) -> String {
    match actor {
        ActorId::User(user) => view.users.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    }
}

fn about(frame: &Frame<'_>, view: &BurstView) -> Vec<(String, String)> {
    let said = &view.burst.said;
    let mut about = vec![
        (frame.t("bursts.place"), place(frame.app, frame.language, &said.region)),
        (frame.t("bursts.matter"), matter(frame.app, frame.language, &said.category)),
        (frame.t("bursts.product"), product(frame, view.product.as_deref())),
        (frame.t("bursts.when"), line(frame, &view.burst).span),
        (
            frame.t("bursts.count"),
            frame.tv(
                "bursts.counted",
                &[
                    ("count", &said.count.to_string()),
                    ("expected", &rounded(said.expected).to_string()),
                    ("copies", &said.copies.to_string()),
                ],
            ),
        ),
        (frame.t("bursts.growth"), frame.tv("bursts.times", &[("times", &format!("{:.2}", said.growth))])),
        (
            frame.t("bursts.chance"),
            frame.tv("bursts.chance_words", &[("p", &once_in(said.log10_p)), ("needs", &once_in(said.needs))]),
        ),
    ];
    if let Some(origin) = &said.origin {
        about.push((frame.t("bursts.origin"), place(frame.app, frame.language, origin)));
    }
    if !view.burst.whole {
        about.push((frame.t("bursts.beyond"), frame.t("bursts.beyond_words")));
    }
    if said.dismissed_before > 0 {
        let times = said.dismissed_before.to_string();
        about.push((frame.t("bursts.wary"), frame.tv("bursts.wary_words", &[("times", &times)])));
    }
    let by =
        |(actor, at): &(ActorId, jiff::Timestamp)| format!("{} · {}", person(frame, view, *actor), frame.moment(*at));
    about.extend(said.acknowledged.as_ref().map(|one| (frame.t("bursts.acknowledged"), by(one))));
    about.extend(said.decided.as_ref().map(|one| (frame.t("bursts.decided"), by(one))));
    about.extend(said.why.as_deref().map(|code| (frame.t("bursts.why"), frame.code("burst_why", code))));
    about.extend(said.note.clone().map(|note| (frame.t("bursts.note"), note)));
    about
}

/// What was typed into which form, and why it was refused.
#[derive(Default)]
struct Trouble<'a> {
    typed: Option<(&'static str, &'a Typed)>,
    told: Option<Told>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, identifier(&id)?, (&raw.unwrap_or_default(), Trouble::default())).await
}

/// What a form about the incident begins with.
fn begun(app: &AppState, frame: &Frame<'_>, view: &BurstView) -> Typed {
    let mut typed = Typed::default();
    if let Some(proposed) = proposal(app, frame.language, view) {
        typed.set("title", proposed.title);
        typed.set("region", proposed.region);
        typed.set("product", proposed.product.unwrap_or_default());
        typed.set("started_at", frame.input(proposed.started_at));
        typed.set("fact", proposed.fact.map(|id| id.to_string()).unwrap_or_default());
    }
    typed
}

/// The form in which words for its incident are begun, once it has one nobody has written words for.
async fn wording(
    app: &AppState,
    frame: &Frame<'_>,
    caller: &Caller,
    view: &BurstView,
) -> Result<Option<(i64, Vec<Input>)>, Failure> {
    let verb = VERBS.iter().find(|verb| verb.name == "word-incident");
    let may = desk::Permission::for_verb("word-incident").is_some_and(|one| one.allows(caller));
    let (Some(verb), Some(id), true) = (verb, view.burst.said.incident.filter(|_| view.incident.is_some()), may) else {
        return Ok(None);
    };
    let incident = app.desk.incident(caller, id).await?;
    if !incident.whole || !incident.incident.wordings.is_empty() || !(verb.offered)(&incident.incident) {
        return Ok(None);
    }
    let mut unnamed = view.clone();
    unnamed.burst.said.incident = None;
    let mut typed = Typed::default();
    typed.set("purpose", Purpose::Progress.code());
    if let Some(proposed) = proposal(app, frame.language, &unnamed) {
        typed.set("zh", proposed.zh);
        typed.set("en", proposed.en);
    }
    let draw = Draw { frame, words: verb.name, typed: &typed, errors: &[], known: &|_| Vec::new() };
    Ok(Some((incident.incident.version, draw.inputs("", verb.fields))))
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    (raw, trouble): (&str, Trouble<'_>),
) -> Result<Response, Failure> {
    let view = app.desk.burst(caller, id).await?;
    let frame = Frame::new(app, visitor);
    let said = &view.burst.said;
    let errors = trouble.told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let mine = |words: &str| trouble.typed.filter(|(name, _)| *name == words).map(|(_, typed)| typed);
    let fresh = Typed::default();
    let mut forms = Vec::new();
    for (path, words, fields) in ACTS {
        let may = view.burst.whole && desk::Permission::for_verb(words).is_some_and(|one| frame.may(one));
        let offered = match path {
            "acknowledge" => said.state == Standing::Suspected,
            _ => said.state.is_open(),
        };
        if !may || !offered {
            continue;
        }
        let typed = mine(words);
        let draw =
            Draw { frame: &frame, words, typed: typed.unwrap_or(&fresh), errors: &errors, known: &|_| Vec::new() };
        let mut inputs = draw.inputs("", fields);
        // It is opened from here, once the fault is confirmed.
        inputs.retain(|input| input.name != "incident");
        forms.push(Form { path, words: frame.code("verb", words), inputs, open: typed.is_some() });
    }
    let opens = view.burst.whole
        && said.state == Standing::Confirmed
        && said.incident.is_none()
        && frame.may(permissions::OPEN_INCIDENT)
        && frame.may(permissions::CONFIRM_BURST);
    let incident_form = if opens {
        let names = Names::gather(app, caller).await?;
        let known_facts = facts(app, &frame, caller).await?;
        let known = |field: &str| if field == "fact" { known_facts.clone() } else { names.choices(&frame, field) };
        let begun = begun(app, &frame, &view);
        let typed = mine("open-incident").unwrap_or(&begun);
        let draw = Draw { frame: &frame, words: "open-incident", typed, errors: &errors, known: &known };
        draw.inputs("", open::FIELDS)
    } else {
        Vec::new()
    };
    let given = query::form(raw.as_bytes());
    let done = given.iter().find(|(name, _)| name == "done").map(|(_, verb)| verb.as_str());
    let done = done.filter(|verb| *verb == "open-incident" || ACTS.iter().any(|(_, words, _)| words == verb));
    let open_cases = view.cases.iter().filter(|one| one.open);
    let fact = |one: &desk::network::FactView| {
        let what = format!("{} · {}", frame.code("fact", &one.fact.fact), frame.area(&one.fact.region));
        let end = one.fact.to.map_or_else(|| frame.t("bursts.goes_on"), |at| frame.moment(at));
        (one.id.to_string(), what, format!("{} – {end}", frame.moment(one.fact.from)))
    };
    let case = |one: &store::SeenBy| Case {
        number: one.number.clone(),
        about: format!(
            "{} · {} · {}",
            frame.moment(jiff::Timestamp::from_microsecond(one.received_at).unwrap_or_default()),
            place(app, frame.language, &one.region),
            matter(app, frame.language, &one.category),
        ),
    };
    let bars = bars(&frame, &view);
    Ok(shown_with(
        trouble.told.clone(),
        &One {
            id: id.to_string(),
            version: view.burst.version,
            line: line(&frame, &view.burst),
            about: about(&frame, &view),
            width: (i64::try_from(bars.len()).unwrap_or(0) * WIDTH).max(NARROWEST),
            bars,
            marks: marks(&frame, &view),
            most: view.course.iter().map(|one| one.count.max(one.expected.ceil() as i64)).max().unwrap_or(0),
            rows: view
                .course
                .iter()
                .map(|one| (frame.moment(one.from), one.count, rounded(one.expected).to_string()))
                .collect(),
            cases: view.cases.iter().take(SHOWN).map(case).collect(),
            case_count: view.cases.len(),
            join: open_cases.map(|one| format!("{}@{}", one.number, one.version)).collect::<Vec<_>>().join(","),
            may_join: frame.may(permissions::BULK)
                && desk::Permission::for_verb("join-incident").is_some_and(|one| frame.may(one)),
            facts: view.facts.iter().map(fact).collect(),
            forms,
            incident_form,
            incident: said.incident.zip(view.incident.clone()).map(|(id, number)| (id.to_string(), number)),
            wording: wording(app, &frame, caller, &view).await?,
            log: log(&frame, &view),
            done: done.map(|verb| frame.t(&format!("bursts.done.{verb}"))).unwrap_or_default(),
            told: trouble.told,
            frame: &frame,
        },
    ))
}

/// The page once more with why it was refused.
async fn refused(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    (words, typed): (&'static str, &Typed),
    failure: Failure,
) -> Result<Response, Failure> {
    let told = beside_the_form(app, visitor, failure)?.tell(app, visitor.language);
    draw(app, visitor, caller, id, ("", Trouble { typed: Some((words, typed)), told: Some(told) })).await
}

fn seen(typed: &Typed) -> Result<i64, Failure> {
    typed.get("version").parse().map_err(|_| Failure::from(Why::VersionRequired))
}

async fn act(
    n: usize,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let version = seen(&typed)?;
    let frame = Frame::new(&app, &visitor);
    let (words, command) = match n {
        0 => ("acknowledge-burst", read::<Value>(&typed, &[], &frame).map(|_| Command::Acknowledge)),
        1 => ("dismiss-burst", read::<Dismiss>(&typed, DISMISS, &frame).map(Command::Dismiss)),
        _ => ("confirm-burst", read::<Confirm>(&typed, CONFIRM, &frame).map(Command::Confirm)),
    };
    let outcome = match command {
        Ok(command) => app.desk.decide_burst(&caller, id, version, command).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("{PAGE}/{id}?done={words}")).into_response()),
        Err(failure) => refused(&app, &visitor, &caller, id, (words, &typed), failure).await,
    }
}

/// Opens the incident as the form has it by now, and says of which fault it is.
async fn open_incident(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = identifier(&id)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let version = seen(&typed)?;
    let outcome = match read::<Open>(&typed, open::FIELDS, &Frame::new(&app, &visitor)) {
        Ok(open) => app.desk.open_incident_of_burst(&caller, id, version, open).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(_) => Ok(Redirect::to(&format!("{PAGE}/{id}?done=open-incident")).into_response()),
        Err(failure) => refused(&app, &visitor, &caller, id, ("open-incident", &typed), failure).await,
    }
}

#[cfg(test)]
mod tests {
    use super::once_in;

    #[test]
    fn chance_is_told_as_once_in_how_many() {
        assert_eq!(once_in(-7.0), "10,000,000");
        assert_eq!(once_in(-2.5), "300");
        assert_eq!(once_in(-17.4), "1,000,000,000");
        assert_eq!(once_in(0.0), "1");
    }
}
