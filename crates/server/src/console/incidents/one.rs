//! The page of one incident.

use super::{facts, product};
use crate::api::identifier;
use crate::app::AppState;
use crate::console::bulk::{Lines, lines, listed};
use crate::console::form::{Draw, Input, Typed};
use crate::console::names::Names;
use crate::console::operations::Operation;
use crate::console::{Frame, shown_with};
use crate::extract::{Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use desk::bulk::Run;
use desk::incidents::{Batch, EXPORT, IncidentView, NEW_RECIPIENTS, NearAsk, Recipients, SEND, TELL};
use desk::plans::PlanStanding;
use desk::queries::list::Listed;
use desk::{Caller, Permission, permissions};
use domain::actor::ActorId;
use domain::case::Owner;
use domain::case::message::Way;
use domain::incident::{Running, VERBS, Wording};
use domain::shape::Field;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Cases near that a page can put in at once; the API has all.
const NEAR: usize = 1_000;
/// Forms beside the verbs: they name nobody's place in the process.
const BESIDE: [&str; 5] =
    ["open-incident", "tell-incident", "add-recipients", "send-to-recipients", "export-recipients"];

/// What is wrong with a form, what was typed in it, and what telling would do.
#[derive(Default)]
pub(super) struct Trouble<'a> {
    pub(super) typed: Option<(&'static str, &'a Typed)>,
    pub(super) told: Option<Told>,
    pub(super) tried: Option<Run>,
}

/// A case on the page.
struct Member {
    number: String,
    version: i64,
    subject: String,
    about: String,
    standing: String,
    code: String,
}

/// A wording on the page.
struct Said {
    n: u32,
    purpose: String,
    zh: String,
    en: String,
    state: String,
    code: &'static str,
    by: String,
    reason: String,
}

/// An item of the plan on the page.
struct Item {
    n: usize,
    words: String,
    role: String,
    due: String,
    late: bool,
    done: String,
    evidence: String,
}

/// The plan on the page.
struct Plan {
    title: String,
    roles: Vec<(String, String)>,
    items: Vec<Item>,
}

#[derive(Template)]
#[template(path = "incident_one.html")]
struct One<'a> {
    frame: &'a Frame<'a>,
    id: String,
    version: i64,
    number: String,
    title: String,
    state: String,
    code: &'static str,
    about: Vec<(String, String)>,
    description: String,
    result: String,
    counts: Vec<(String, i64)>,
    wordings: Vec<Said>,
    plan: Option<Plan>,
    master: Option<String>,
    cases: Vec<Member>,
    near: Vec<Member>,
    near_count: usize,
    /// All that are near, as the next page takes them.
    near_all: String,
    may_join: bool,
    operations: Vec<Operation>,
    tell: Vec<Input>,
    tell_open: bool,
    tried: Option<Lines>,
    recipients: Vec<(String, i64)>,
    add: Vec<Input>,
    send: Vec<Input>,
    export: Vec<Input>,
    log: Vec<(String, String, String)>,
    told: Option<Told>,
    changes: Vec<String>,
    done: String,
}

fn person(frame: &Frame<'_>, view: &IncidentView, actor: ActorId) -> String {
    match actor {
        ActorId::User(user) => view.users.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    }
}

fn owner(view: &IncidentView, owner: Owner) -> String {
    let user = owner.user.and_then(|user| view.users.get(&user));
    let unit = view.units.get(&owner.unit);
    user.into_iter().chain(unit).cloned().collect::<Vec<_>>().join(" · ")
}

fn by(frame: &Frame<'_>, view: &IncidentView, actor: ActorId, at: Timestamp) -> String {
    format!("{} · {}", person(frame, view, actor), frame.moment(at))
}

fn said(frame: &Frame<'_>, view: &IncidentView, one: &Wording) -> Said {
    let code = match one.approved {
        None => "asked",
        Some(true) => "approved",
        Some(false) => "returned",
    };
    let decided = one.decided_by.map(|by| format!(" → {}", person(frame, view, by))).unwrap_or_default();
    Said {
        n: one.id,
        purpose: frame.code("purpose", one.purpose.code()),
        zh: one.zh.clone(),
        en: one.en.clone(),
        state: frame.t(&format!("incidents.wording.{code}")),
        code,
        by: by(frame, view, one.by, one.at) + &decided,
        reason: one.reason.clone().unwrap_or_default(),
    }
}

fn plan(frame: &Frame<'_>, view: &IncidentView, one: &Running) -> Plan {
    let pick = |zh: &str, en: &str| frame.language.pick(zh, en).to_owned();
    let role = |id: &str| {
        let role = one.plan.roles.iter().find(|role| role.id == id);
        role.map_or_else(|| id.to_owned(), |role| pick(&role.zh, &role.en))
    };
    let roles = one.plan.roles.iter().map(|role| {
        let holder = one.holder(&role.id).and_then(|user| view.users.get(&user).cloned());
        (pick(&role.zh, &role.en), holder.unwrap_or_else(|| frame.t("incidents.nobody")))
    });
    let items = (1..).zip(one.plan.items.iter().zip(&one.ticked)).map(|(n, (item, done))| {
        let due = item.within.map(|minutes| one.started_at + SignedDuration::from_mins(minutes.into()));
        Item {
            n,
            words: pick(&item.zh, &item.en),
            role: role(&item.role),
            due: due.map(|at| frame.moment(at)).unwrap_or_default(),
            late: due.is_some_and(|at| done.as_ref().map_or(view.now, |done| done.at) > at),
            done: done.as_ref().map(|done| by(frame, view, done.by, done.at)).unwrap_or_default(),
            evidence: done.as_ref().map(|done| done.evidence.clone()).unwrap_or_default(),
        }
    });
    let title = format!("{} · {}", pick(&one.plan.zh, &one.plan.en), one.plan.version);
    Plan { title, roles: roles.collect(), items: items.collect() }
}

fn member(frame: &Frame<'_>, case: &Listed, standing: &str) -> Member {
    Member {
        number: case.number.clone(),
        version: case.version,
        subject: frame.called_in_list(case),
        about: format!("{} · {}", frame.short(case.received_at), frame.code("state", case.state.code())),
        standing: if standing.is_empty() { String::new() } else { frame.code("member", standing) },
        code: standing.to_owned(),
    }
}

/// A form as it is before anybody types: what changes what stands there shows what stands there.
fn begun(view: &IncidentView, verb: &str) -> Typed {
    let (mut typed, matter) = (Typed::default(), &view.incident.matter);
    if verb == "amend-incident" {
        typed.set("title", matter.title.as_str());
        typed.set("description", matter.description.as_deref().unwrap_or_default());
        typed.set("product", matter.product.as_deref().unwrap_or_default());
        typed.set("fact", matter.fact.map(|id| id.to_string()).unwrap_or_default());
    }
    typed
}

/// What a field of a verb is chosen from.
struct Known {
    names: Names,
    facts: Vec<(String, String)>,
    plans: Vec<(String, String)>,
}

impl Known {
    async fn gather(app: &AppState, frame: &Frame<'_>, caller: &Caller) -> Result<Self, Failure> {
        let plans = match frame.may(permissions::READ_PLANS) {
            true => app.desk.plans(caller).await?,
            false => Vec::new(),
        };
        let mut known: Vec<(String, String)> = Vec::new();
        for one in plans.into_iter().filter(|one| one.standing == PlanStanding::Approved) {
            let words = frame.language.pick(&one.plan.title.zh, &one.plan.title.en).to_owned();
            if known.iter().all(|(id, _)| *id != one.plan.id) {
                known.push((one.plan.id, words));
            }
        }
        let names = Names::gather(app, caller).await?;
        Ok(Self { names, facts: facts(app, frame, caller).await?, plans: known })
    }

    fn of(&self, frame: &Frame<'_>, view: &IncidentView, verb: &str, field: &str) -> Vec<(String, String)> {
        let running = view.incident.plan.as_ref();
        match field {
            "fact" => self.facts.clone(),
            "plan" => self.plans.clone(),
            "role" => {
                let roles = running.map(|one| one.plan.roles.as_slice()).unwrap_or_default();
                roles.iter().map(|one| (one.id.clone(), frame.language.pick(&one.zh, &one.en).to_owned())).collect()
            }
            "item" => {
                let items = running.map(|one| plan(frame, view, one).items).unwrap_or_default();
                let open = items.into_iter().filter(|one| one.done.is_empty());
                open.map(|one| (one.n.to_string(), format!("{} · {}", one.n, one.words))).collect()
            }
            "wording" if verb != "tell-incident" => {
                let open = view.incident.undecided();
                open.map(|one| {
                    (one.id.to_string(), format!("{} · {}", one.id, frame.code("purpose", one.purpose.code())))
                })
                .collect()
            }
            _ => self.names.choices(frame, field),
        }
    }
}

/// Draws the forms of an incident, the one that was refused with what was typed.
struct Forms<'a> {
    frame: &'a Frame<'a>,
    view: &'a IncidentView,
    known: &'a Known,
    trouble: &'a Trouble<'a>,
}

impl Forms<'_> {
    fn inputs(&self, words: &'static str, fields: &'static [Field]) -> (Vec<Input>, bool) {
        let mine = self.trouble.typed.filter(|(name, _)| *name == words);
        let fresh = begun(self.view, words);
        let known = |field: &str| self.known.of(self.frame, self.view, words, field);
        let errors = self.trouble.told.as_ref().filter(|_| mine.is_some()).map(|told| told.errors.as_slice());
        let draw = Draw {
            frame: self.frame,
            words,
            typed: mine.map_or(&fresh, |(_, typed)| typed),
            errors: errors.unwrap_or_default(),
            known: &known,
        };
        (draw.inputs("", fields), mine.is_some())
    }

    fn operations(&self, caller: &Caller) -> Vec<Operation> {
        let theirs = |name: &str| self.view.whole || name == "tick-item";
        let offered = VERBS.iter().filter(|verb| (verb.offered)(&self.view.incident) && theirs(verb.name));
        let permitted = offered.filter(|verb| Permission::for_verb(verb.name).is_some_and(|one| one.allows(caller)));
        permitted
            .map(|verb| {
                let (inputs, open) = self.inputs(verb.name, verb.fields);
                Operation {
                    key: "",
                    verb: verb.name,
                    words: self.frame.code("verb", verb.name),
                    inputs,
                    open,
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
}

fn about(frame: &Frame<'_>, view: &IncidentView, known: &Known) -> Vec<(String, String)> {
    let one = &view.incident;
    let mut about = vec![
        (frame.t("incidents.area"), frame.area(&one.area)),
        (frame.t("incidents.product"), product(frame, one.matter.product.as_deref())),
        (frame.t("incidents.began"), frame.moment(one.started_at)),
    ];
    about.extend(one.restored_at.map(|at| (frame.t("incidents.over"), frame.moment(at))));
    about.extend(one.cause.as_deref().map(|cause| (frame.t("incidents.cause"), frame.cause(cause))));
    if let Some(fact) = one.matter.fact {
        let words = known.facts.iter().find(|(id, _)| *id == fact.to_string()).map(|(_, words)| words.clone());
        about.push((frame.t("incidents.fact"), words.unwrap_or_else(|| fact.to_string())));
    }
    about.push((frame.t("incidents.owner"), owner(view, one.owner)));
    about.push((frame.t("incidents.opened"), by(frame, view, one.opened_by, one.opened_at)));
    about.extend(one.ending.as_ref().map(|end| (frame.t("incidents.ended"), by(frame, view, end.by, end.at))));
    about
}

fn counted(frame: &Frame<'_>, found: &Recipients) -> Vec<(String, i64)> {
    let always = [("waiting", found.waiting), ("exported", found.exported), ("complained", found.complained)];
    let sent =
        [("sending", found.sending), ("sent", found.sent), ("delivered", found.delivered), ("failed", found.failed)];
    let counts = always.into_iter().chain(sent.into_iter().filter(|(_, count)| *count > 0));
    let counts = counts.map(|(name, count)| (frame.t(&format!("incidents.list.{name}")), count));
    let name = frame.t("incidents.list.batch");
    let file = |one: &Batch| (format!("{name} {} ({})", one.number, frame.moment(one.at)), one.count);
    counts.chain(found.batches.iter().map(file)).collect()
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, identifier(&id)?, (&raw.unwrap_or_default(), Trouble::default())).await
}

pub(super) async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    (raw, trouble): (&str, Trouble<'_>),
) -> Result<Response, Failure> {
    let view = app.desk.incident(caller, id).await?;
    let frame = Frame::new(app, visitor);
    let known = Known::gather(app, &frame, caller).await?;
    let open = view.incident.ending.is_none();
    let near = match open && frame.may(permissions::READ_CASES) {
        true => Some(app.desk.near_incident(caller, id, &NearAsk { limit: NEAR, ..NearAsk::default() }).await?),
        false => None,
    };
    let recipients = app.desk.recipients(caller, id).await?;
    let tried = match &trouble.tried {
        Some(run) => Some(lines(&frame, run, &listed(app, caller, run).await?, &known.names)),
        None => None,
    };
    let forms = Forms { frame: &frame, view: &view, known: &known, trouble: &trouble };
    let beside = |words: &'static str, fields: &'static [Field], permission: Permission| match open
        && view.whole
        && frame.may(permission)
    {
        true => forms.inputs(words, fields),
        false => (Vec::new(), false),
    };
    let (mut tell, tell_open) = beside("tell-incident", TELL, permissions::TELL_INCIDENT);
    // Trying and doing are two buttons.
    tell.retain(|input| input.name != "dry_run");
    let (mut add, _) = beside("add-recipients", NEW_RECIPIENTS, permissions::ADD_RECIPIENTS);
    add.retain(|input| input.name == "csv");
    let ways = app.desk.ways();
    let (send, _) = match ways.has(Way::Sms) || ways.has(Way::Voice) {
        true => beside("send-to-recipients", SEND, permissions::SEND_TO_RECIPIENTS),
        false => (Vec::new(), false),
    };
    let (export, _) = beside("export-recipients", EXPORT, permissions::EXPORT_RECIPIENTS);
    let operations = forms.operations(caller);
    let log = view
        .log
        .iter()
        .rev()
        .map(|one| (frame.moment(one.at), person(&frame, &view, one.actor), frame.code("verb", &one.verb)));
    let changes = trouble.told.iter().flat_map(|told| &told.stale).flat_map(|stale| &stale.since);
    let changes = changes.map(|(version, verb, _)| format!("#{version} {}", frame.code("verb", verb))).collect();
    let given = query::form(raw.as_bytes());
    let done = given.iter().find(|(name, _)| name == "done").map(|(_, verb)| verb.as_str());
    let done = done.filter(|verb| BESIDE.contains(verb) || VERBS.iter().any(|one| one.name == *verb));
    let (one, state) = (&view.incident, view.incident.state().code());
    let named = |one: &desk::incidents::NearCase| format!("{}@{}", one.number, one.version);
    Ok(shown_with(
        trouble.told.clone(),
        &One {
            id: id.to_string(),
            version: one.version,
            number: one.number.clone(),
            title: one.matter.title.clone(),
            state: frame.code("incident_state", state),
            code: state,
            about: about(&frame, &view, &known),
            description: one.matter.description.clone().unwrap_or_default(),
            result: one.ending.as_ref().map(|end| end.result.clone()).unwrap_or_default(),
            counts: view.counts.iter().map(|(standing, count)| (frame.code("member", standing), *count)).collect(),
            wordings: one.wordings.iter().rev().map(|one| said(&frame, &view, one)).collect(),
            plan: one.plan.as_ref().map(|one| plan(&frame, &view, one)),
            master: view.master.as_ref().map(|(_, number)| number.clone()),
            cases: view.cases.iter().map(|(case, standing)| member(&frame, case, standing)).collect(),
            near_count: near.as_ref().map_or(0, |near| near.cases.len()),
            near_all: near
                .as_ref()
                .map(|near| near.cases.iter().map(named).collect::<Vec<_>>().join(","))
                .unwrap_or_default(),
            near: near.iter().flat_map(|near| &near.shown).map(|case| member(&frame, case, "")).collect(),
            may_join: frame.may(permissions::BULK)
                && Permission::for_verb("join-incident").is_some_and(|one| frame.may(one)),
            operations,
            tell,
            tell_open,
            tried,
            recipients: counted(&frame, &recipients),
            add,
            send,
            export,
            log: log.collect(),
            changes,
            done: done.map(|verb| frame.code("verb", verb)).unwrap_or_default(),
            told: trouble.told,
            frame: &frame,
        },
    ))
}
