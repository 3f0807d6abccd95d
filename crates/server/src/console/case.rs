//! A case: where it stands, which clocks run and why, what was said and done, and what can be done next.

use super::form::{Draw, Input, Typed};
use super::history::{Moment, timeline};
use super::queue::Names;
use super::times::step;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use crate::words;
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, Permission, permissions, reveal};
use domain::case::{Case, State as CaseState};
use domain::command::{Command, VERBS, Verb};
use domain::free_text::FreeText;
use domain::intake::Identity;
use domain::refusal::Refusal;

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

struct Stage {
    words: String,
    done: bool,
    here: bool,
}

struct Clock {
    title: String,
    due: String,
    left: String,
    class: &'static str,
    sign: &'static str,
    running: bool,
    /// No law stands behind the figure.
    internal: bool,
    lines: Vec<String>,
}

struct Operation {
    verb: &'static str,
    words: String,
    inputs: Vec<Input>,
    open: bool,
    plain: bool,
}

struct Trouble {
    told: Told,
    verb: &'static str,
    changes: Vec<String>,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    frame: &'a Frame<'a>,
    case: &'a Case,
    version: i64,
    past: bool,
    state: String,
    grade: String,
    grade_why: Vec<String>,
    owner: String,
    first_owner: String,
    stages: Vec<Stage>,
    missing: Vec<String>,
    clocks: Vec<Clock>,
    facts: Vec<(String, String)>,
    person: Vec<(String, String)>,
    texts: Vec<(String, String)>,
    timeline: Vec<Moment>,
    operations: Vec<Operation>,
    trouble: Option<Trouble>,
    done: String,
    tracking: String,
    reveal: Vec<Input>,
    revealed: bool,
    holder: bool,
    erased: bool,
}

/// What a page is drawn with besides the case.
#[derive(Default)]
struct Extras<'a> {
    typed: Option<(&'static str, &'a Typed)>,
    trouble: Option<Trouble>,
    done: String,
    past: bool,
    revealed: Option<Identity>,
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
    let version = find("version").and_then(|version| version.parse().ok());
    let view = match version {
        Some(version) => app.desk.case_at(&caller, &name, version).await?,
        None => app.desk.case(&caller, &name).await?,
    };
    let done = find("done").filter(|verb| *verb == "register" || VERBS.iter().any(|known| known.name == *verb));
    let extras = Extras { done: done.unwrap_or_default().to_owned(), past: version.is_some(), ..Extras::default() };
    draw(&app, &visitor, &caller, &view, extras).await
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    extras: Extras<'_>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let names = Names::gather(app, caller).await?;
    let case = &view.case;
    let identity = extras.revealed.as_ref().or(view.identity.as_ref());
    let errors = extras.trouble.as_ref().map(|trouble| trouble.told.errors.clone()).unwrap_or_default();
    let operations = if extras.past || view.erased {
        Vec::new()
    } else {
        operations(&frame, caller, case, &names, extras.typed, &errors)
    };
    let nothing = Typed::default();
    let reveal_form = Draw { frame: &frame, words: "reveal", typed: &nothing, errors: &[], people: &|_| Vec::new() };
    let page = CasePage {
        version: case.version,
        past: extras.past,
        state: frame.code("state", case.state.code()),
        grade: frame.code("grade", case.grade.code()),
        grade_why: grade_why(&frame, case),
        owner: names.owner(case.owner.unit, case.owner.user),
        first_owner: names.owner(case.first_owner.unit, case.first_owner.user),
        stages: stages(&frame, case),
        missing: missing(&frame, case),
        clocks: clocks(&frame, app, caller, case)?,
        facts: facts(&frame, case),
        person: person(&frame, view, identity),
        texts: texts(&frame, case),
        timeline: timeline(&frame, view, &names),
        operations,
        trouble: extras.trouble,
        done: if extras.done.is_empty() { String::new() } else { frame.code("verb", &extras.done) },
        tracking: app.desk.tracking_code(case.id),
        reveal: if permissions::REVEAL.allows(caller) { reveal_form.inputs("", reveal::FIELDS) } else { Vec::new() },
        revealed: extras.revealed.is_some(),
        holder: case.owner.user.is_some() && case.owner.user == caller.actor.user(),
        erased: view.erased,
        frame: &frame,
        case,
    };
    Ok(render(&page))
}

fn grade_why(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let Ok(pack) = frame.app.desk.library().pinned(&case.pack) else { return Vec::new() };
    let mut lines = vec![format!(
        "{} × {} → {}",
        frame.code("severity", case.severity.code()),
        frame.code("urgency", case.urgency.code()),
        frame.code("grade", case.grade.code())
    )];
    for rule in pack.assess_rules().iter().filter(|rule| case.raised_by.contains(&rule.id)) {
        lines.push(frame.language.pick(&rule.reason.zh, &rule.reason.en).to_owned());
    }
    if case.graded_by_hand {
        lines.push(frame.t("graded_by_hand"));
    }
    lines.push(format!("{} {}", case.pack.id, case.pack.version));
    lines
}

fn stages(frame: &Frame<'_>, case: &Case) -> Vec<Stage> {
    use CaseState::{
        Accepted, AwaitingCustomer, AwaitingReply, AwaitingReview, Closed, InProgress, Registered, Reopened, Triage,
    };
    let order = [Registered, Accepted, InProgress, AwaitingReview, AwaitingReply, AwaitingCustomer, Closed];
    let now = match case.state {
        Triage | Reopened => Registered,
        other => other,
    };
    let place = order.iter().position(|state| *state == now).unwrap_or(0);
    order
        .iter()
        .enumerate()
        .map(|(n, state)| Stage {
            words: frame.code("state", if n == place { case.state.code() } else { state.code() }),
            done: n < place,
            here: n == place,
        })
        .collect()
}

fn missing(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    if !case.state.is_open() {
        return Vec::new();
    }
    let sentence = |fault| crate::problem::sentence(frame.app, frame.language, fault);
    case.missing_for_close().iter().map(sentence).collect()
}

fn clocks(frame: &Frame<'_>, app: &AppState, caller: &Caller, case: &Case) -> Result<Vec<Clock>, Failure> {
    let pack = app.desk.library().pinned(&case.pack)?;
    let now = app.desk.time().now();
    let mut shown = Vec::new();
    for one in app.desk.explain_clocks(caller, case)? {
        let clock = one.clock;
        let rule = pack.clock(&clock.rule);
        let title = rule.map_or(clock.rule.as_str(), |rule| frame.language.pick(&rule.title.zh, &rule.title.en));
        let (class, sign, left) = match &clock.ended {
            Some((outcome, _)) => {
                let code = words::outcome(*outcome);
                (code, if code == "missed" { "✕" } else { "✓" }, frame.code("outcome", code))
            }
            None => {
                let step = step(clock.from, clock.due_at, now);
                (step.class(), step.sign(), frame.left(clock.due_at, now))
            }
        };
        shown.push(Clock {
            title: title.to_owned(),
            due: frame.moment(clock.due_at),
            left,
            class,
            sign,
            running: clock.ended.is_none(),
            internal: rule.is_none_or(|rule| rule.layer != policy::Layer::Law),
            lines: one.explanation.lines(frame.language.of_rules()),
        });
    }
    // Running ones first, the next due on top.
    shown.sort_by(|a, b| b.running.cmp(&a.running).then_with(|| a.due.cmp(&b.due)));
    Ok(shown)
}

/// Pairs of label and value, those without a value left out.
struct Pairs<'a> {
    frame: &'a Frame<'a>,
    pairs: Vec<(String, String)>,
}

impl Pairs<'_> {
    fn put(&mut self, field: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            let label = self.frame.app.locales.text(self.frame.language, &format!("field.{field}.label"), &[]);
            self.pairs.push((label, value));
        }
    }

    fn flag(&mut self, field: &str, value: bool) {
        self.put(field, value.then(|| self.frame.t("yes")));
    }
}

fn facts(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let record = &case.record;
    let code = |list: &str, code: &str| Some(frame.code(list, code));
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    pairs.put("kind", code("kind", record.kind.code()));
    pairs.put("category", case.category.as_deref().map(|one| format!("{one} {}", frame.category(one))));
    pairs.put("accept_channel", code("channel", &record.accept_channel));
    if record.submit_channel != record.accept_channel {
        pairs.put("submit_channel", code("channel", &record.submit_channel));
    }
    pairs.put("received_at", Some(frame.moment(case.received_at)));
    pairs.put("occurred_at", record.occurred_at.map(|at| frame.moment(at)));
    pairs.put("promised_at", record.promised_at.map(|at| frame.moment(at)));
    pairs.put("subscription.product", record.product.as_deref().map(|one| frame.code("product", one)));
    pairs.put("subscription.star", record.star.map(|star| star.to_string()));
    let province = frame.app.desk.library().taxonomy().province(&record.region);
    let province = province.map(|one| frame.language.pick(&one.zh, &one.en)).unwrap_or_default();
    pairs.put("region", Some(format!("{province} {}", record.region).trim().to_owned()));
    pairs.put("place.area_type", record.area_type.as_deref().map(|one| frame.code("area_type", one)));
    pairs.put("amount", record.amount.as_ref().map(|amount| format!("{} {}", amount.value, amount.currency)));
    for external in &record.external {
        let label = frame.code("external", &external.owner);
        pairs.pairs.push((label, external.number.clone()));
    }
    let assessed = &record.assessment;
    pairs.put("assessment.repeat_count", (assessed.repeat_count > 0).then(|| assessed.repeat_count.to_string()));
    pairs.flag("assessment.mass", assessed.mass);
    pairs.flag("assessment.safety", assessed.safety);
    pairs.flag("assessment.media", assessed.media);
    pairs.flag("assessment.regulator", assessed.regulator);
    pairs.flag("assessment.escalation_threat", assessed.escalation_threat);
    pairs.flag("assessment.key_account", assessed.key_account);
    pairs.flag("place.neighbours_affected", record.neighbours_affected == Some(true));
    pairs.flag("place.visit_needed", record.visit_needed == Some(true));
    pairs.put("set-cause.cause", case.cause.as_deref().map(|one| frame.cause(one)));
    pairs.pairs
}

fn person(frame: &Frame<'_>, view: &CaseView, identity: Option<&Identity>) -> Vec<(String, String)> {
    let record = &view.case.record;
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    pairs.flag("complainant.anonymous", record.anonymous);
    if let Some(identity) = identity {
        pairs.put("complainant.name", identity.name.clone());
        pairs.put("complainant.phone", identity.phone.clone());
        pairs.put("complainant.phone_alt", identity.phone_alt.clone());
        pairs.put("complainant.email", identity.email.clone());
        pairs.put("complainant.address", identity.address.clone());
        pairs.put("complainant.id_number", identity.id_number.clone());
        pairs.put("subscription.number", identity.subscription.clone());
        pairs.put("subscription.caller", identity.caller.clone());
        pairs.put("subscription.plan", identity.plan.clone());
        pairs.put("complainant.language", identity.language.clone());
        pairs.put("complainant.preferred_time", identity.preferred_time.clone());
    }
    if record.capacity != "self" {
        pairs.put("complainant.capacity", Some(frame.code("capacity", &record.capacity)));
    }
    pairs.flag("complainant.identity_verified", record.identity_verified);
    let vulnerable: Vec<String> = record.vulnerable.iter().map(|one| frame.code("vulnerable", one)).collect();
    pairs.put("complainant.vulnerable", Some(vulnerable.join("、")));
    pairs.put("complainant.preferred_mode", record.preferred_mode.as_deref().map(|one| frame.code("mode", one)));
    pairs.pairs
}

fn texts(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let record = &case.record;
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    let words = |text: Option<&FreeText>| text.and_then(FreeText::plain).map(str::to_owned);
    pairs.put("description", words(Some(&record.description)));
    pairs.put("demand", words(record.demand.as_ref()));
    pairs.put("place.text", words(record.place.as_ref()));
    pairs.put("device", words(record.device.as_ref()));
    pairs.put("pre_treatment", words(record.pre_treatment.as_ref()));
    pairs.put("complainant.authority", words(record.authority.as_ref()));
    pairs.pairs
}

fn operations(
    frame: &Frame<'_>,
    caller: &Caller,
    case: &Case,
    names: &Names,
    typed: Option<(&'static str, &Typed)>,
    errors: &[(String, String, String)],
) -> Vec<Operation> {
    let fresh = Typed::default();
    let people = |field: &str| match field {
        "unit" => names.units.iter().map(|unit| (unit.id.to_string(), unit.name.clone())).collect(),
        "user" => names
            .users
            .iter()
            .filter(|user| !user.disabled)
            .map(|user| (user.id.to_string(), format!("{} · {}", user.name, frame.code("role", &user.role))))
            .collect(),
        _ => Vec::new(),
    };
    VERBS
        .iter()
        .filter(|verb| (verb.offered)(case) && Permission::for_verb(verb.name).is_some_and(|one| one.allows(caller)))
        .map(|verb| {
            let mine = typed.filter(|(name, _)| *name == verb.name);
            let errors = if mine.is_some() { errors } else { &[] };
            let typed = mine.map_or(&fresh, |(_, typed)| typed);
            let draw = Draw { frame, words: verb.name, typed, errors, people: &people };
            let inputs = draw.inputs("", verb.fields);
            Operation {
                verb: verb.name,
                words: frame.code("verb", verb.name),
                open: mine.is_some(),
                plain: inputs.is_empty(),
                inputs,
            }
        })
        .collect()
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
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let seen: i64 = typed.get("version").parse().map_err(|_| Failure::from(Why::VersionRequired))?;
    let frame = Frame::new(&app, &visitor);
    let outcome = match Command::read(verb.name, typed.value(verb.fields, &frame)) {
        None => return Err(Why::NoSuchRoute.into()),
        Some(Err(faults)) => Err(Refusal::invalid(faults).into()),
        Some(Ok(command)) => app.desk.run(&caller, &case, seen, command, None).await.map_err(Failure::from),
    };
    let failure = match outcome {
        Ok(done) => {
            let place = format!("/console/cases/{}?done={}", done.case.number, verb.name);
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
    let trouble = Some(Trouble { told, verb: verb.name, changes });
    let extras = Extras { typed: Some((verb.name, &typed)), trouble, ..Extras::default() };
    let mut response = draw(&app, &visitor, &caller, &view, extras).await?;
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
    if !reveal::PURPOSES.contains(&ask.purpose.as_str()) {
        return Err(domain::fault::Fault::new("purpose", "required").into());
    }
    let shown = app.desk.reveal(&caller, &name, ask).await?;
    let view = match shown.view {
        Some(view) => view,
        None => app.desk.case(&caller, &name).await?,
    };
    draw(&app, &visitor, &caller, &view, Extras { revealed: Some(shown.identity), ..Extras::default() }).await
}
