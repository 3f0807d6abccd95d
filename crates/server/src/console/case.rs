//! A case: where it stands, which clocks run and why, what was said and done, and what can be done next.

use super::assist;
use super::attachments::{Files, files};
use super::compensations::{self, compensations};
use super::customer;
use super::customer_system::{self, Card};
use super::differs::{Differs, differs};
use super::facts::{facts, grade_why, missing, missing_for, person, request_without_limit, texts};
use super::form::{Draw, Input, Typed};
use super::history::{Moment, timeline};
use super::letter_form::{self, Writing};
use super::letters;
use super::matters::{Shown, matters};
use super::messages;
use super::names::Names;
use super::operations::{Group, Operation, barred, composed, grouped, operations};
use super::orders;
use super::progress::{Clock, Stage, clocks, disputed, stages};
use super::readings;
use super::referrals;
use super::related::{Related, related};
use super::rules::governing;
use super::similar;
use super::ties::{Tie, ties};
use super::times::grade_sign;
use super::windows::{Windows, windows};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure, Told, Why as Problem};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::assist::Assisted;
use desk::mentions::{Unreached, Why};
use desk::queries::case::CaseView;
use desk::retention::restricted::Restriction;

use desk::{Caller, CaseRef, Permission, permissions, reveal};
use domain::case::Case;
use domain::case::route::{self, Found};
use domain::command::{Command, VERBS, Verb};
use domain::intake::Identity;
use domain::refusal::Refusal;
use domain::text::mentions::MOST;
use std::collections::BTreeSet;

const REVEAL: &str = "reveal";
/// Cases like it that are named beside a case; its page of them tells more.
const LIKE: usize = 3;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_CASES);
    let mut routes = vec![
        page(Method::Get, "/console/cases/{id}", read, get(show)),
        page(Method::Post, "/console/cases/{id}/reveal", Access::Needs(permissions::REVEAL), post(reveal_it)),
    ];
    for verb in VERBS {
        let Some(permission) = Permission::for_verb(verb.name) else { continue };
        let path: &'static str = Box::leak(format!("/console/cases/{{id}}/{}", verb.name).into_boxed_str());
        let handler =
            post(move |state, visitor, who, path, headers, body| run(verb, state, visitor, who, path, headers, body));
        routes.push(page(Method::Post, path, Access::Needs(permission), handler));
    }
    routes
}

struct Trouble {
    told: Told,
    verb: &'static str,
    /// Faults, each with the box it belongs to.
    faults: Vec<String>,
    /// What happened since the version that was seen.
    changes: Vec<String>,
    /// The fields a colleague changed meanwhile.
    differs: Vec<Differs>,
    /// What was typed for an operation that is no longer offered: label and words.
    kept: Vec<(String, String)>,
}

impl Trouble {
    fn of(frame: &Frame<'_>, verb: &'static str, told: Told, changes: Vec<String>) -> Self {
        let fault = |(field, _, sentence): &(String, String, String)| match label(frame, verb, field) {
            Some(label) => frame.tv("fault_of", &[("field", &label), ("fault", sentence)]),
            None => sentence.clone(),
        };
        Self {
            faults: told.errors.iter().map(fault).collect(),
            told,
            verb,
            changes,
            differs: Vec::new(),
            kept: Vec::new(),
        }
    }
}

/// A request that restricts the use of a person's data, as a sentence.
fn restriction(frame: &Frame<'_>, one: &Restriction) -> String {
    let request = frame.code("subject_request", &one.request);
    match &one.number {
        Some(number) => frame.tv("restricted_by", &[("request", &request), ("number", number)]),
        None => frame.tv("restricted_elsewhere", &[("request", &request)]),
    }
}

/// What a box of an operation is called, whatever element of a list it is in.
fn label(frame: &Frame<'_>, verb: &str, field: &str) -> Option<String> {
    let plain = field.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect::<String>();
    let key = format!("field.{verb}.{plain}.label");
    let locales = &frame.app.locales;
    locales.has(frame.language, &key).then(|| locales.text(frame.language, &key, &[]))
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    frame: &'a Frame<'a>,
    case: &'a Case,
    /// What it is called.
    called: String,
    version: i64,
    past: bool,
    /// The moment shown, as a box for moments has it.
    at_input: String,
    state: String,
    grade: String,
    grade_sign: &'static str,
    grade_why: Vec<String>,
    governing: Vec<String>,
    owner: String,
    first_owner: String,
    stages: Vec<Stage>,
    /// That the customer rejected the outcome, and their words.
    disputed: Option<(String, String)>,
    missing: Vec<String>,
    /// What stands before the other doors by which a case ends: their names, and what is missing.
    doors: Vec<(String, Vec<String>)>,
    clocks: Vec<Clock>,
    windows: Windows,
    facts: Vec<(String, String)>,
    /// That a request about one's own data has no limit as it is classified.
    no_limit: String,
    person: Vec<(String, String)>,
    matters: Vec<Shown>,
    referrals: Vec<referrals::Shown>,
    letters: Vec<letters::Shown>,
    messages: Vec<messages::Shown>,
    /// Whether the answer is read by a second person, and what was laid before one.
    reader_wanted: bool,
    readings: Vec<readings::Shown>,
    holds: Vec<String>,
    opened: Vec<String>,
    may_write: bool,
    compensations: Vec<compensations::Shown>,
    compensation_waiting: Vec<String>,
    /// What the customer said about the answer.
    customer: Vec<String>,
    /// Whether a link for the survey can be made from here.
    may_invite: bool,
    /// What similar cases got, in one sentence, and the newest of them: number and sum.
    usual: Option<String>,
    alike: Vec<(String, String)>,
    /// Ended cases like it.
    like: Vec<similar::Shown>,
    /// What is to be said of promised call-backs and of tries to reach the customer.
    calls: Vec<String>,
    orders: Vec<orders::Shown>,
    ownership: Vec<String>,
    /// How it was ruled before whose cases of the kind are: number and words.
    before_rulings: Vec<(String, String)>,
    ball: Vec<orders::Held>,
    age: String,
    ties: Vec<Tie>,
    /// Problems it shows: identity, title and state.
    problems: Vec<(String, String, String)>,
    /// Mass incidents it is or was in: identity, words, and how it stands there.
    incidents: Vec<(String, String, String)>,
    /// Outages and planned works near it in place and time.
    near: Vec<super::network::FactLine>,
    related: Vec<Related>,
    texts: Vec<(String, String)>,
    timeline: Vec<Moment>,
    files: Files,
    /// Where the table would send it, where that is elsewhere.
    goes: Option<String>,
    operations: Vec<Group>,
    /// Why steps the case is at are for somebody else.
    barred: Option<String>,
    /// What is written to the customer or for the house, always at hand.
    compose: Vec<Operation>,
    macros: super::macros::Offered,
    writing: Option<Writing>,
    trouble: Option<Trouble>,
    done: String,
    registered: bool,
    oldest_first: bool,
    /// Versions before and after the one shown, when an earlier one is.
    before: Option<i64>,
    after: Option<i64>,
    tracking: String,
    reveal: Vec<Input>,
    reveal_open: bool,
    /// Whether the customer system can be asked from here.
    may_ask_customer: bool,
    /// What is said when it is to answer in the clear.
    ask_customer: Vec<Input>,
    ask_customer_open: bool,
    /// What it answered, where it was asked.
    customers: Option<Card>,
    /// Whether a machine outside can be asked from here, and what it said where it was.
    may_assist: bool,
    assisted: Option<assist::Shown>,
    /// Versions whose words it translates.
    translates: BTreeSet<i64>,
    revealed: bool,
    holder: bool,
    erased: bool,
    /// Whether others are told that the reader has it open, and the reader of them.
    shares: bool,
    /// Who follows it: name and moment; whether the reader does; whether they may.
    followers: Vec<(String, String)>,
    follows: bool,
    may_follow: bool,
    /// Those named a moment ago who are not told.
    unreached: Vec<String>,
    /// Requests of the person that wait and restrict the use of their data.
    restricted: Vec<String>,
    /// Whether what a plan would say of this person can be looked at from here.
    dry_run: bool,
}

/// Those who were named and are not told, as the address of the next page says it.
pub(super) fn named(unreached: &[Unreached]) -> String {
    unreached.iter().map(|one| format!("&{}={}", one.why.code(), query::encode(&one.username))).collect()
}

/// The same read back; what cannot be a name is nobody's words.
fn unreached(pairs: &[(String, String)]) -> Vec<Unreached> {
    let name = |text: &str| {
        text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    let found = pairs.iter().filter(|(_, username)| name(username)).filter_map(|(code, username)| {
        let why = [Why::Unknown, Why::Unseen].into_iter().find(|why| why.code() == code)?;
        Some(Unreached { username: username.clone(), why })
    });
    found.take(MOST).collect()
}

/// Where the table in force would send a case, for whoever may have it decide.
fn goes(
    frame: &Frame<'_>,
    case: &Case,
    way: &desk::routing::Explained,
    names: &Names,
    operations: &[Operation],
) -> Option<String> {
    let Found::Goes(goes) = &way.found else { return None };
    let offered = operations.iter().any(|operation| operation.verb == "route") && route::moves(case, goes);
    let to = || names.owner(goes.owner.unit, goes.owner.user) + &frame.instead_of(names, goes.instead_of);
    offered.then(|| frame.tv("operations.would_go", &[("to", &to())]))
}

/// Clocks shown at once; the others are folded away.
const SHOWN_CLOCKS: usize = 2;

/// What a page is drawn with besides the case.
#[derive(Default)]
struct Extras<'a> {
    typed: Option<(&'static str, &'a Typed)>,
    trouble: Option<Trouble>,
    done: String,
    unreached: Vec<Unreached>,
    /// Whether an earlier version is shown; then the newest there is.
    past: Option<i64>,
    oldest_first: bool,
    revealed: Option<Identity>,
    customers: Option<Card>,
    assisted: Option<Assisted>,
    writing: Option<Writing>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let mut view = app.desk.case(&caller, &name).await?;
    let asked_version = find("version").and_then(|version| version.parse().ok());
    // A moment means the last version there was at it, and before the first one the first.
    let moment = find("at").and_then(|at| Frame::new(&app, &visitor).read_input(at)?.parse::<jiff::Timestamp>().ok());
    let at_moment = moment.and_then(|moment| {
        let until = view.entries.iter().rev().find(|entry| entry.at < moment + jiff::SignedDuration::from_mins(1));
        until.or(view.entries.first()).map(|entry| entry.version)
    });
    let version = asked_version.or(at_moment);
    let newest = view.case.version;
    if let Some(version) = version {
        view = app.desk.case_at(&caller, &name, version).await?;
    }
    let done = find("done")
        .filter(|verb| ["register", "attach"].contains(verb) || VERBS.iter().any(|known| known.name == *verb));
    let asked = find("do").and_then(|asked| VERBS.iter().find(|verb| verb.name == asked));
    let started = match (asked, find("letter")) {
        (Some(verb), Some(letter)) if verb.name == "issue-letter" => {
            letter_form::started(&Frame::new(&app, &visitor), &view, letter, find("language"))
        }
        (Some(verb), _) if verb.name == "record-contact" && find("promise").is_some() => {
            let rules = app.desk.library().rules_of(&view.case)?;
            let (frame, promise) = (Frame::new(&app, &visitor), find("promise").unwrap_or_default());
            super::call_backs::started(&frame, &view.case, promise, &rules, app.desk.time().now())
        }
        _ => Typed::default(),
    };
    let writing = letter_form::looked(&Frame::new(&app, &visitor), &view, &started, true);
    let extras = Extras {
        writing,
        // Whoever comes for one operation finds it open.
        typed: asked.map(|verb| (verb.name, &started)),
        done: done.unwrap_or_default().to_owned(),
        unreached: unreached(&pairs),
        past: version.map(|_| newest),
        oldest_first: find("order") == Some("oldest"),
        ..Extras::default()
    };
    draw(&app, &visitor, &caller, &view, extras).await
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    mut extras: Extras<'_>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let mut names = Names::gather(app, caller).await?.with_incidents(app, caller).await?;
    names.add(view);
    let same_number = app.desk.related(caller, &CaseRef::Id(view.case.id)).await?;
    let rulings = match &view.case.category {
        Some(category) if view.case.state.is_open() => app.desk.rulings(caller, category).await?,
        _ => Vec::new(),
    };
    let followers = app.desk.followers(caller, &CaseRef::Id(view.case.id)).await?;
    let shows = app.desk.problems_of(caller, &CaseRef::Id(view.case.id)).await?;
    let incidents = app.desk.incidents_of(caller, &CaseRef::Id(view.case.id)).await?;
    let near = app.desk.facts_near(caller, &CaseRef::Id(view.case.id)).await?;
    let case = &view.case;
    let alike = if case.state.is_open() && case.category.is_some() {
        let (name, currency) = (CaseRef::Id(case.id), app.desk.library().currency().to_owned());
        // Whoever has the case for an order alone is not told what others got.
        app.desk.similar_remedies(caller, &name, Default::default(), &currency).await.unwrap_or_default()
    } else {
        desk::remedies::Alike::default()
    };
    let like = if case.state.is_open() && extras.past.is_none() && caller.actor.area.covers(&case.record.region) {
        let found = app.desk.similar_cases(caller, &CaseRef::Id(case.id)).await?;
        found.items.iter().take(LIKE).map(|one| similar::shown(&frame, one)).collect()
    } else {
        Vec::new()
    };
    let restricted = if view.erased { Vec::new() } else { app.desk.restrictions(caller, case).await? };
    let sent = app.desk.messages(caller, &CaseRef::Id(case.id)).await?;
    let drafts =
        if extras.past.is_some() { Vec::new() } else { messages::of(app, caller, &CaseRef::Id(case.id)).await? };
    let macros = match extras.past.is_some() || view.erased {
        true => super::macros::Offered::default(),
        false => super::macros::Offered::of(app, caller).await?,
    };
    let way = app.desk.explain_routing(caller, &CaseRef::Id(case.id)).await?;
    let identity = extras.revealed.as_ref().or(view.identity.as_ref());
    let errors = extras.trouble.as_ref().map(|trouble| trouble.told.errors.clone()).unwrap_or_default();
    let may_assist = extras.past.is_none() && restricted.is_empty() && assist::offered(&frame, caller, view);
    let mut operations = if extras.past.is_some() || view.erased {
        Vec::new()
    } else {
        operations(&frame, caller, case, &names, way.pack.is_some(), (extras.typed, &errors), &drafts)
    };
    if let (Some((verb, typed)), Some(trouble)) = (extras.typed, &mut extras.trouble)
        && !operations.iter().any(|one| one.verb == verb)
        && let Some(verb) = VERBS.iter().find(|one| one.name == verb)
    {
        let draw = Draw { frame: &frame, words: verb.name, typed, errors: &[], known: &|_| Vec::new() };
        let typed = draw.inputs("", verb.fields).into_iter().filter(|input| !input.value.is_empty());
        trouble.kept = typed.map(|input| (input.label, input.value)).collect();
    }
    if may_assist && domain::case::reply::offered(case) {
        // Where a second person reads the answer, it is laid before them first.
        let verb = if readings::wanted(&frame, case) { "ask-reading" } else { "reply" };
        operations.iter_mut().filter(|one| one.verb == verb && one.drafts).for_each(|one| one.assist = true);
    }
    let nothing = Typed::default();
    let asked = extras.typed.filter(|(verb, _)| *verb == REVEAL).map(|(_, typed)| typed);
    let reveal_errors: &[_] = if asked.is_some() { &errors } else { &[] };
    let reveal_form = Draw {
        frame: &frame,
        words: REVEAL,
        typed: asked.unwrap_or(&nothing),
        errors: reveal_errors,
        known: &|_| Vec::new(),
    };
    let asked_customer = extras.typed.filter(|(verb, _)| *verb == customer_system::ASK).map(|(_, typed)| typed);
    let customer_form = Draw {
        frame: &frame,
        words: customer_system::ASK,
        typed: asked_customer.unwrap_or(&nothing),
        errors: if asked_customer.is_some() { &errors } else { &[] },
        known: &|_| Vec::new(),
    };
    let may_ask_customer = app.settings.crm.is_some()
        && extras.past.is_none()
        && !view.erased
        && !case.record.anonymous
        && caller.actor.area.covers(&case.record.region);
    let refused = extras.trouble.as_ref().map(|trouble| trouble.verb);
    let files = files(&frame, caller, view, extras.past.is_some(), (refused, extras.typed, &errors));
    // An earlier version is shown as it looked then.
    let then = view.entries.last().map(|entry| entry.at).filter(|_| extras.past.is_some());
    let now = then.unwrap_or_else(|| app.desk.time().now());
    let mut timeline = timeline(&frame, view, &names);
    if extras.oldest_first {
        timeline.reverse();
    }
    let (ball, age) = orders::ball(&frame, case, &names, now);
    let goes = goes(&frame, case, &way, &names, &operations);
    let may_write = operations.iter().any(|operation| operation.verb == "issue-letter");
    let (compose, operations) = composed(operations);
    let page = CasePage {
        called: frame.called_on_its_page(case),
        version: case.version,
        at_input: frame.input(now),
        past: extras.past.is_some(),
        before: Some(case.version - 1).filter(|version| *version > 0),
        after: extras.past.filter(|newest| case.version < *newest).map(|_| case.version + 1),
        state: frame.code("state", case.state.code()),
        grade: frame.code("grade", case.grade.code()),
        grade_sign: grade_sign(case.grade),
        grade_why: grade_why(&frame, case),
        governing: governing(&frame, case),
        owner: names.owner(case.owner.unit, case.owner.user) + &frame.instead_of(&names, case.instead_of),
        first_owner: names.owner(case.first_owner.unit, case.first_owner.user),
        stages: stages(&frame, case),
        disputed: disputed(&frame, view),
        missing: missing(&frame, case),
        doors: missing_for(&frame, case),
        clocks: clocks(&frame, case, now)?,
        windows: windows(&frame, case, now)?,
        facts: facts(&frame, case),
        no_limit: request_without_limit(&frame, case),
        person: person(&frame, view, identity),
        matters: matters(&frame, view),
        referrals: referrals::referrals(&frame, view),
        letters: letters::letters(&frame, view),
        messages: messages::shown(&frame, &sent),
        reader_wanted: readings::wanted(&frame, case),
        readings: readings::shown(&frame, view),
        holds: letters::holds(&frame, case),
        opened: letters::opened(&frame, case),
        may_write,
        compensations: compensations(&frame, view, now),
        compensation_waiting: compensations::waiting(&frame, case),
        customer: customer::lines(&frame, view),
        may_invite: extras.past.is_none()
            && !view.erased
            && permissions::INVITE_SURVEY.allows(caller)
            && domain::case::invite_survey::offered(case),
        usual: alike.usual.as_ref().map(|usual| compensations::usual(&frame, usual)),
        like,
        alike: alike.cases.iter().map(|(number, sum)| (number.clone(), sum.sum().to_string())).collect(),
        calls: super::call_backs::of_case(&frame, case, &app.desk.library().rules_of(case)?),
        orders: orders::orders(&frame, case, &names),
        ownership: orders::ownership(&frame, case, &names),
        before_rulings: orders::before(&frame, case, &rulings, &names),
        ball,
        age,
        ties: ties(&frame, case),
        problems: shows
            .into_iter()
            .map(|one| (one.id.to_string(), one.title, frame.code("problem_state", &one.state)))
            .collect(),
        incidents: incidents
            .into_iter()
            .map(|(one, standing)| {
                (one.id.to_string(), format!("{} {}", one.number, one.title), frame.code("member", standing))
            })
            .collect(),
        near: near
            .iter()
            .map(|one| super::network::fact_line(&frame, one.id.to_string(), one.revision, &one.fact))
            .collect(),
        related: related(&frame, same_number),
        texts: texts(&frame, case),
        timeline,
        files,
        goes,
        compose,
        macros,
        operations: grouped(&frame, operations),
        barred: if extras.past.is_some() || view.erased { None } else { barred(&frame, caller, case) },
        writing: extras.writing,
        trouble: extras.trouble,
        registered: extras.done == "register",
        oldest_first: extras.oldest_first,
        done: if extras.done.is_empty() { String::new() } else { frame.code("verb", &extras.done) },
        tracking: app.desk.tracking_code(case.id),
        reveal: if permissions::REVEAL.allows(caller) { reveal_form.inputs("", reveal::FIELDS) } else { Vec::new() },
        reveal_open: asked.is_some(),
        may_ask_customer,
        ask_customer: match permissions::REVEAL.allows(caller) {
            true => customer_form.inputs("", desk::archive::FIELDS),
            false => Vec::new(),
        },
        ask_customer_open: asked_customer.is_some(),
        customers: extras.customers,
        may_assist,
        assisted: extras.assisted.map(|done| assist::Shown::of(&frame, done)),
        translates: if may_assist { desk::assist::translated(view) } else { BTreeSet::new() },
        revealed: extras.revealed.is_some(),
        holder: case.owner.user.is_some() && case.owner.user == caller.actor.user(),
        shares: !app.settings.no_presence && extras.past.is_none() && caller.actor.user().is_some(),
        follows: followers.iter().any(|one| Some(one.user) == caller.actor.user()),
        followers: followers.into_iter().map(|one| (one.name, frame.moment(one.since))).collect(),
        may_follow: permissions::FOLLOW.allows(caller) && caller.actor.user().is_some() && extras.past.is_none(),
        unreached: extras.unreached.iter().map(|one| problem::unreached(app, visitor.language, one)).collect(),
        erased: view.erased,
        restricted: restricted.iter().map(|one| restriction(&frame, one)).collect(),
        dry_run: domain::retention::is_request(case) && frame.may(permissions::READ_RETENTION),
        frame: &frame,
        case,
    };
    Ok(render(&page))
}

async fn run(
    verb: &'static Verb,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let seen: i64 = typed.get("version").parse().map_err(|_| Failure::from(Problem::VersionRequired))?;
    let frame = Frame::new(&app, &visitor);
    let outcome = match Command::read(verb.name, typed.value(verb.fields, &frame)) {
        None => return Err(Problem::NoSuchRoute.into()),
        Some(Err(faults)) => Err(Refusal::invalid(faults).into()),
        Some(Ok(command)) => app.desk.run(&caller, &case, seen, command, None).await.map_err(Failure::from),
    };
    let failure = match outcome {
        Ok(done) => {
            // Whoever gave the only order away that showed them the case finds the next one.
            let covered = caller.actor.area.covers(&done.case.record.region);
            let seen = covered || app.desk.case(&caller, &case).await.is_ok();
            let place = match seen {
                true if verb.name == "judge-similar" => format!("/console/cases/{}/similar", done.case.number),
                true => format!("/console/cases/{}?done={}{}", done.case.number, verb.name, named(&done.unreached)),
                false => "/console/orders".to_owned(),
            };
            return Ok(Redirect::to(&place).into_response());
        }
        Err(failure) => failure,
    };
    let told = failure.tell(&app, visitor.language);
    let status = told.status;
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR) {
        return Err(failure);
    }
    // The page shows the case as it is now, with everything that was typed.
    let view = app.desk.case(&caller, &case).await?;
    let changes = told.stale.iter().flat_map(|stale| &stale.since);
    let changes = changes.map(|(version, verb, _)| format!("#{version} {}", frame.code("verb", verb))).collect();
    let mut trouble = Trouble::of(&frame, verb.name, told, changes);
    if trouble.told.stale.is_some()
        && let Ok(before) = app.desk.case_at(&caller, &case, seen).await
    {
        let mut names = Names::gather(&app, &caller).await?;
        names.add(&before);
        names.add(&view);
        trouble.differs = differs(&frame, &before.case, &view.case, &names);
    }
    let trouble = Some(trouble);
    let writing = if verb.name == letter_form::VERB {
        let drafted = letter_form::follow_language(&frame, &view, &mut typed);
        letter_form::looked(&frame, &view, &typed, drafted)
    } else {
        None
    };
    let extras = Extras { typed: Some((verb.name, &typed)), trouble, writing, ..Extras::default() };
    let mut response = draw(&app, &visitor, &caller, &view, extras).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// The page of a case with a form as somebody filled it, and what is to be said beside the form of a letter.
pub(super) async fn drawn_with(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    (verb, typed): (&'static str, &Typed),
    writing: Option<Writing>,
) -> Result<Response, Failure> {
    let extras = Extras { typed: Some((verb, typed)), writing, ..Extras::default() };
    draw(app, visitor, caller, view, extras).await
}

/// The page of a case with what the customer system answered.
pub(super) async fn drawn_with_customers(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    card: Card,
) -> Result<Response, Failure> {
    draw(app, visitor, caller, view, Extras { customers: Some(card), ..Extras::default() }).await
}

/// The page of a case with what a machine outside said of it.
pub(super) async fn drawn_with_help(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    done: Assisted,
) -> Result<Response, Failure> {
    draw(app, visitor, caller, view, Extras { assisted: Some(done), ..Extras::default() }).await
}

/// The page of a case with why something beside its verbs was refused.
pub(super) async fn troubled(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    case: &CaseRef,
    (verb, typed): (&'static str, Option<&Typed>),
    told: Told,
) -> Result<Response, Failure> {
    let status = told.status;
    let view = app.desk.case(caller, case).await?;
    let trouble = Some(Trouble::of(&Frame::new(app, visitor), verb, told, Vec::new()));
    let extras = Extras { typed: typed.map(|typed| (verb, typed)), trouble, ..Extras::default() };
    let mut response = draw(app, visitor, caller, &view, extras).await?;
    *response.status_mut() = status;
    Ok(response)
}

async fn reveal_it(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let reason = Some(typed.get("reason").to_owned()).filter(|reason| !reason.is_empty());
    let ask = reveal::Reveal { purpose: typed.get("purpose").to_owned(), reason };
    let outcome = if reveal::PURPOSES.contains(&ask.purpose.as_str()) {
        app.desk.reveal(&caller, &name, ask).await.map_err(Failure::from)
    } else {
        Err(domain::fault::Fault::new("purpose", "required").into())
    };
    let shown = match outcome {
        Ok(shown) => shown,
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let status = told.status;
            if status != StatusCode::UNPROCESSABLE_ENTITY {
                return Err(failure);
            }
            return troubled(&app, &visitor, &caller, &name, (REVEAL, Some(&typed)), told).await;
        }
    };
    let view = match shown.view {
        Some(view) => view,
        None => app.desk.case(&caller, &name).await?,
    };
    draw(&app, &visitor, &caller, &view, Extras { revealed: Some(shown.identity), ..Extras::default() }).await
}
