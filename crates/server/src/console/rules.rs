//! The rules: which packs and calendars there are, what was put into force by whom, and the form to ask for more.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::activation::{self, Activation, ActivationState, NEW_ACTIVATION, NewActivation, RulesKind};
use desk::routing::RowRemark;
use desk::{Caller, Desk, DeskError, permissions};
use domain::case::Case;
use policy::{Pack, Status};
use uuid::Uuid;

const PAGE: &str = "/console/rules";
/// As much of an address as people compare by eye.
const SHORT: usize = 12;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::ACTIVATE_RULES);
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_RULES), get(show)),
        page(Method::Post, PAGE, may, post(ask)),
        page(
            Method::Post,
            "/console/rules/{id}/approve",
            may,
            post(|state, visitor, who, path| act(activation::approve, state, visitor, who, path)),
        ),
        page(
            Method::Post,
            "/console/rules/{id}/refuse",
            may,
            post(|state, visitor, who, path| act(activation::refuse, state, visitor, who, path)),
        ),
        page(
            Method::Post,
            "/console/rules/{id}/withdraw",
            may,
            post(|state, visitor, who, path| act(activation::withdraw, state, visitor, who, path)),
        ),
    ]
}

/// A version of a pack, or a calendar.
struct Line {
    title: String,
    name: String,
    /// By what its page is found.
    address: String,
    layer: String,
    since: String,
    hash: String,
    /// Whether nobody qualified has read it, so that it states compliance nowhere.
    preview: bool,
    /// Who put it into force; empty when it was shipped.
    by: String,
}

/// Packs that are looked at together.
struct Group {
    title: String,
    /// Whether they are put away until somebody asks.
    folded: bool,
    lines: Vec<Line>,
}

/// Something that was asked for.
struct Asked {
    id: String,
    name: String,
    kind: String,
    from: String,
    note: String,
    state: String,
    hash: String,
    requested: String,
    decided: String,
    recount: String,
    /// What is the matter with the rows of its table.
    remarks: Vec<String>,
    may_decide: bool,
    may_withdraw: bool,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct Rules<'a> {
    frame: &'a Frame<'a>,
    packs: Vec<Group>,
    calendars: Vec<Line>,
    asked: Vec<Asked>,
    inputs: Vec<Input>,
    told: Option<Told>,
    done: bool,
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    failure: Option<Failure>,
    done: bool,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let asked = app.desk.activations(caller).await?;
    let remarks = app.desk.table_remarks(caller, &asked).await?;
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let nobody = |_: &str| Vec::new();
    let drawing = Draw { frame: &frame, words: "activation", typed, errors: &errors, known: &nobody };
    let may = frame.may(permissions::ACTIVATE_RULES);
    let library = app.desk.library();
    Ok(shown_with(
        told.clone(),
        &Rules {
            packs: groups(&frame)?,
            calendars: library
                .calendars()
                .iter()
                .filter(|one| !one.hash().is_empty())
                .map(|one| calendar(&frame, one))
                .collect(),
            asked: asked.iter().map(|one| line(&frame, caller, one, remarks.get(&one.id))).collect(),
            inputs: if may { drawing.inputs("", NEW_ACTIVATION) } else { Vec::new() },
            told,
            done,
            frame: &frame,
        },
    ))
}

fn short(hash: &str) -> String {
    hash.chars().take(SHORT).collect()
}

/// The packs that govern what is received here today, the newest of the others, and versions that have a newer one.
fn groups(frame: &Frame<'_>) -> Result<Vec<Group>, Failure> {
    let desk = &frame.app.desk;
    let (stack, packs) = (desk.rules_here()?, desk.library().packs());
    let governs = |pack: &Pack| stack.packs().any(|one| one.id() == pack.id() && one.version() == pack.version());
    let is_newest = |pack: &Pack| {
        packs.iter().filter(|one| one.id() == pack.id()).all(|one| one.version_key() <= pack.version_key())
    };
    let group = |title: &str, folded: bool, lines: Vec<Line>| Group { title: frame.t(title), folded, lines };
    let here = stack.packs().map(|pack| pack_line(frame, pack)).collect();
    let (mut others, mut earlier) = (Vec::new(), Vec::new());
    for pack in packs.iter().filter(|pack| !governs(pack)) {
        let lines = if is_newest(pack) { &mut others } else { &mut earlier };
        lines.push(pack_line(frame, pack));
    }
    let all = [
        group("rules.in_force", false, here),
        group("rules.others", false, others),
        group("rules.earlier", true, earlier),
    ];
    Ok(all.into_iter().filter(|one| !one.lines.is_empty()).collect())
}

fn pack_line(frame: &Frame<'_>, pack: &Pack) -> Line {
    Line {
        title: frame.language.pick(&pack.title().zh, &pack.title().en).to_owned(),
        name: format!("{} {}", pack.id(), pack.version()),
        address: format!("{}@{}", pack.id(), pack.version()),
        layer: frame.code("layer", pack.tier().code()),
        since: pack.validity().0.to_string(),
        hash: short(pack.hash()),
        preview: pack.status() == Status::Preview,
        by: frame.put_into_force(pack.hash()),
    }
}

fn calendar(frame: &Frame<'_>, calendar: &policy::Calendar) -> Line {
    Line {
        title: frame.language.pick(&calendar.title().zh, &calendar.title().en).to_owned(),
        name: calendar.id().to_owned(),
        address: calendar.id().to_owned(),
        layer: String::new(),
        since: calendar.version().to_string(),
        hash: short(calendar.hash()),
        preview: false,
        by: frame.put_into_force(calendar.hash()),
    }
}

fn line(frame: &Frame<'_>, caller: &Caller, one: &Activation, remarks: Option<&Vec<RowRemark>>) -> Asked {
    let waits = one.state == ActivationState::Requested && frame.may(permissions::ACTIVATE_RULES);
    let own = one.requested_by.id == caller.actor.id;
    let said = |key: &str, name: &str, at| frame.tv(key, &[("name", name), ("at", &frame.moment(at))]);
    let decided = one.decided_by.as_ref().zip(one.decided_at);
    let (looked, moved) = (one.looked.to_string(), one.moved.to_string());
    let recount = match (one.kind, one.state, one.recounted_at) {
        (RulesKind::Calendar, ActivationState::Active, Some(_)) => {
            frame.tv("rules.recounted", &[("looked", &looked), ("moved", &moved)])
        }
        (RulesKind::Calendar, ActivationState::Active, None) => {
            frame.tv("rules.recounting", &[("looked", &looked), ("moved", &moved)])
        }
        _ => String::new(),
    };
    Asked {
        id: one.id.to_string(),
        name: format!("{} {}", one.rules, one.version),
        kind: frame.code("kind", one.kind.code()),
        from: one.effective_from.to_string(),
        note: one.note.clone(),
        state: frame.code("activation", one.state.code()),
        hash: short(&one.hash),
        requested: said("rules.by", &one.requested_by.name, one.requested_at),
        decided: decided.map(|(by, at)| said("rules.by", &by.name, at)).unwrap_or_default(),
        recount,
        remarks: remarks.into_iter().flatten().map(|one| format!("{} · {}", one.rule, frame.remark(one))).collect(),
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
    let done = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "done");
    let mut typed = Typed::default();
    typed.set("effective_from", app.desk.time().now().to_zoned_datetime(app.desk.zone().clone()).date().to_string());
    draw(&app, &visitor, &caller, &typed, None, done).await
}

async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<NewActivation>(&typed, NEW_ACTIVATION, &Frame::new(&app, &visitor)) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| activation::request(desk, &by, &new)).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to("/console/rules?done=asked").into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &typed, Some(failure), false).await
}

async fn act(
    work: fn(&Desk, &Caller, Uuid) -> Result<(), DeskError>,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    let Err(failure) = blocking(&app, move |desk| work(desk, &by, id)).await else {
        return Ok(Redirect::to("/console/rules?done=decided").into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &Typed::default(), Some(failure), false).await
}

impl Frame<'_> {
    /// Who put a content into force, and why; empty when it was shipped.
    fn put_into_force(&self, hash: &str) -> String {
        let Some(one) = self.app.desk.library().activation_of(hash) else { return String::new() };
        let approved = one.decided_by.as_ref().map(|by| by.name.clone()).unwrap_or_default();
        let from = one.effective_from.to_string();
        let values =
            [("asked", one.requested_by.name.as_str()), ("approved", &approved), ("from", &from), ("note", &one.note)];
        self.tv("rules.activated", &values)
    }
}

/// Which rules govern a case, and why these.
pub(super) fn governing(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return Vec::new() };
    let received = frame.app.desk.library().received_on(case, frame.app.desk.zone()).to_string();
    let mut lines = vec![frame.tv("rules.received", &[("day", &received)])];
    for (pack, pin) in rules.packs().zip(&case.packs) {
        let activation = library.activation_of(pack.hash());
        let from = activation.map_or(pack.validity().0, |one| one.effective_from).to_string();
        let title = frame.language.pick(&pack.title().zh, &pack.title().en);
        let layer = frame.code("layer", pack.tier().code());
        let values = [
            ("layer", layer.as_str()),
            ("title", title),
            ("pack", &pin.id),
            ("version", &pin.version),
            ("from", &from),
        ];
        lines.push(frame.tv("rules.governs", &values));
        lines.push(frame.tv("rules.content", &[("hash", pack.hash())]));
        lines.extend(Some(frame.put_into_force(pack.hash())).filter(|line| !line.is_empty()));
    }
    for pin in &case.calendars {
        let version = pin.version.to_string();
        lines.push(
            frame.tv("rules.calendar", &[("calendar", &pin.id), ("version", &version), ("hash", &short(&pin.hash))]),
        );
        lines.extend(Some(frame.put_into_force(&pin.hash)).filter(|line| !line.is_empty()));
    }
    lines
}
