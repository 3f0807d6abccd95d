//! Cases as JSON. Nothing is ever null: what is not known is left out.

use super::{activations, call_backs, orders, routing};
use crate::crm::{Customer, Standing, Subscription, Told};
use desk::queries::case::CaseView;
use desk::queries::list::Listed;
use desk::{Desk, queries};
use domain::actor::ActorId;
use domain::case::bundle::Concern;
use domain::case::bundle_check::{Item, What};
use domain::case::compensation::Compensation;
use domain::case::gates::{self, Ending};
use domain::case::matter::Step;
use domain::case::{
    Absorbed, Attachment, Case, Clock, Contact, Hold, InIncident, LegalHold, Letter, Linked, Matter, Owner, Promised,
    Referral, Suspension, binds_provider,
};
use domain::event::{CalendarPin, Entry, PackPin};
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::ids::{CaseId, UserId};
use domain::intake::Identity;
use domain::text::mask::{mask_name, mask_number};
use jiff::Timestamp;
use policy::{ClockRule, Severity, Stack, Urgency, Window, Windows};
use serde_json::{Map, Value, json};

/// A JSON object under construction.
#[derive(Default)]
pub(super) struct Object(Map<String, Value>);

impl Object {
    pub(super) fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn put_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    pub(super) fn put_text(self, name: &str, text: Option<&FreeText>) -> Self {
        self.put_some(name, text.and_then(FreeText::plain))
    }

    fn put_filled(self, name: &str, inner: Self) -> Self {
        if inner.0.is_empty() { self } else { self.put(name, Value::Object(inner.0)) }
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// A moment as RFC 3339 in UTC.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.to_string()
}

/// The same from UTC microseconds.
#[must_use]
pub fn micros(at: i64) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| String::new(), moment)
}

/// The code of how a clock of a rule stands now.
#[must_use]
pub fn clock_state(clock: &Clock, rule: Option<&ClockRule>, now: Timestamp) -> &'static str {
    match &clock.ended {
        Some((outcome, _)) => crate::words::outcome(*outcome),
        None if clock.is_paused() => "paused",
        None if clock.due_at >= now => "running",
        None if binds_provider(rule) => "overdue",
        None => "ran_out",
    }
}

/// What a clock looks like now.
fn clock(clock: &Clock, desk: &Desk, case: &Case) -> Value {
    let rules = desk.library().rules_of(case).ok();
    let rule = rules.as_ref().and_then(|rules| rules.clock(&clock.rule));
    let state = clock_state(clock, rule, desk.time().now());
    let ended = clock.ended.as_ref().map(|(_, at)| moment(*at));
    Object::default()
        .put("rule", clock.rule.as_str())
        .put_some("kind", rule.map(|rule| rule.kind.code()))
        .put_some("owner", rule.map(|rule| rule.owner.code()))
        .put("round", clock.round)
        .put("from", moment(clock.from))
        .put("due_at", moment(clock.due_at))
        .put("state", state)
        .put_some("ended_at", ended)
        .done()
}

pub(super) fn owner(owner: &Owner, instead_of: Option<UserId>) -> Value {
    Object::default()
        .put("unit", owner.unit.to_string())
        .put_some("user", owner.user.map(|user| user.to_string()))
        .put_some("instead_of", instead_of.map(|user| user.to_string()))
        .done()
}

/// What every command answers with: enough to go on, without opening texts.
#[must_use]
pub fn receipt(desk: &Desk, case: &Case) -> Value {
    short(desk, case).put("tracking_code", desk.tracking_code(case.id)).done()
}

fn short(desk: &Desk, case: &Case) -> Object {
    let clocks: Vec<Value> = case.clocks.iter().map(|one| clock(one, desk, case)).collect();
    Object::default()
        .put("id", case.id.to_string())
        .put("number", case.number.as_str())
        .put("status", case.state.code())
        .put("version", case.version)
        .put("kind", case.record.kind.code())
        .put_some("category", case.category.as_deref())
        .put("grade", case.grade.code())
        .put("severity", case.severity.code())
        .put("urgency", case.urgency.code())
        .put("owner", owner(&case.owner, case.instead_of))
        .put("first_owner", owner(&case.first_owner, None))
        .put("received_at", moment(case.received_at))
        .put("registered_at", moment(case.registered_at))
        .put("changed_at", moment(case.changed_at))
        .put_some("closed_at", case.closed_at.map(moment))
        .put("clocks", clocks)
}

/// A case as a whole, identifiers masked unless the view was revealed.
#[must_use]
pub fn case(desk: &Desk, view: &CaseView) -> Value {
    let case = &view.case;
    let record = &case.record;
    let place = Object::default()
        .put_text("text", record.place.as_ref())
        .put_some("area_type", record.area_type.as_deref())
        .put_some("neighbours_affected", record.neighbours_affected)
        .put_some("visit_needed", record.visit_needed);
    let identity = view.identity.as_ref();
    let subscription = Object::default()
        .put_some("number", identity.and_then(|identity| identity.subscription.as_deref()))
        .put_some("caller", identity.and_then(|identity| identity.caller.as_deref()))
        .put_some("plan", identity.and_then(|identity| identity.plan.as_deref()))
        .put_some("product", record.product.as_deref())
        .put_some("segment", record.segment.as_deref())
        .put_some("star", record.star)
        .put_some("monthly_fee", record.monthly_fee.as_ref().map(|fee| json!(fee)))
        .put_some("region", record.home_region.as_deref());
    let grading = Object::default()
        .put("row", case.grade_row.as_str())
        .put("raised_by", case.raised_by.clone())
        .put("by_hand", case.graded_by_hand);
    let reply = case.reply.as_ref().map(|reply| {
        Object::default()
            .put("mode", reply.mode.as_str())
            .put("at", moment(reply.at))
            .put_text("content", Some(&reply.content))
            .done()
    });
    let proposal = case.proposal.as_ref().map(|proposal| {
        Object::default()
            .put_text("outcome", Some(&proposal.outcome))
            .put_text("finding", proposal.finding.as_ref())
            .put("by", actor(&proposal.by, view))
            .put("approved", case.approved)
            .put_some("grants", proposal.grants)
            .done()
    });
    let survey = case.survey.as_ref().map(|survey| {
        Object::default()
            .put("satisfied", json!(survey.satisfied))
            .put_some("solved", survey.solved)
            .put_some("timely", survey.timely)
            .done()
    });
    let external: Vec<Value> =
        record.external.iter().map(|one| json!({"owner": one.owner, "number": one.number})).collect();
    let rules = desk.library().rules_of(case).ok().filter(|_| case.state.is_open());
    let taxonomy = desk.library().taxonomy();
    let faults = |missing: Vec<Fault>| -> Vec<Value> {
        missing.iter().map(|fault| json!({"field": fault.field, "code": fault.code})).collect()
    };
    let tried = rules.as_ref().and_then(|rules| domain::case::declare_unreachable::tried(case, rules));
    let tried = tried.filter(|tried| !tried.counted.is_empty());
    let missing = rules.as_ref().map(|rules| faults(case.missing_for_close(rules, taxonomy))).unwrap_or_default();
    let elsewhere = rules.as_ref().map(|rules| {
        Ending::OTHERS.into_iter().fold(Object::default(), |doors, ending| {
            let missing = faults(case.missing_before(ending, rules, taxonomy));
            doors.put_some(ending.code(), some(missing))
        })
    });
    let windows = desk.windows(case).ok();
    let missing_for_windows = windows.as_ref().map(|windows| &windows.missing).filter(|missing| !missing.is_empty());
    short(desk, case)
        .put("tracking_code", desk.tracking_code(case.id))
        .put_some("windows", windows.as_ref().map(|counted| rights(desk, counted)))
        .put_some("windows_missing", missing_for_windows.cloned())
        .put("packs", packs(desk, case))
        .put("received_on", desk.library().received_on(case, desk.zone()).to_string())
        .put_some("calendars", some(calendars(desk, case)))
        .put_filled("grading", grading)
        .put("accept_channel", record.accept_channel.as_str())
        .put("submit_channel", record.submit_channel.as_str())
        .put_text("subject", record.subject.as_ref())
        .put_text("description", Some(&record.description))
        .put_text("demand", record.demand.as_ref())
        .put_text("pre_treatment", record.pre_treatment.as_ref())
        .put_text("device", record.device.as_ref())
        .put_some("occurred_at", record.occurred_at.map(moment))
        .put_some("contract_document_at", record.contract_document_at.map(moment))
        .put_some("promised_at", record.promised_at.map(moment))
        .put_some("restored_at", case.restored_at.map(moment))
        .put_some("region", Some(record.region.as_str()).filter(|region| !region.is_empty()))
        .put_filled("place", place)
        .put_some("amount", record.amount.as_ref().map(|amount| json!(amount)))
        .put_some("external", (!external.is_empty()).then_some(external))
        .put("complainant", complainant(view))
        .put_filled("subscription", subscription)
        .put("assessment", json!(record.assessment))
        .put_some("subject_request", record.subject_request.as_deref())
        .put_some("contact_record", record.contact_record.as_deref())
        .put_some("about_staff", record.about_staff.map(|user| user.to_string()))
        .put_some("routed", case.routed.as_ref().map(routing::routed))
        .put("round", case.round)
        .put_some("proposal", proposal)
        .put_some("reply", reply)
        .put_some("cause", case.cause.as_deref())
        .put("satisfaction_asked", case.satisfaction_asked)
        .put_some("satisfaction", survey)
        .put("confirmed", case.confirmed)
        .put_some("urged", (case.urged > 0).then_some(case.urged))
        .put_some("disputes", (case.disputes > 0).then_some(case.disputes))
        .put_some("progress_at", case.progress_at.map(moment))
        .put_some("promises", some(case.promises.iter().map(promise).collect()))
        .put_some("contacts", some(case.contacts.iter().map(contact_attempt).collect()))
        .put_some("unreachable_since", case.unreachable_at.map(moment))
        .put_some("tried", tried.as_ref().map(call_backs::tried))
        .put_some("suspension", case.suspension.as_ref().map(suspension))
        .put_some("readings", some(readings(view)))
        .put_some("void_requested_by", case.void_asked_by.as_ref().map(|by| actor(by, view)))
        .put_some("merged_into", case.merged_into.as_ref().map(|(id, number)| tie(id, number).done()))
        .put_some("merged", some(case.absorbed.iter().map(absorbed).collect()))
        .put_some("links", some(case.links.iter().map(link).collect()))
        .put_some("incident", case.incident.as_ref().map(in_incident))
        .put_some("matters", some(case.matters.iter().map(|one| matter(desk, view, one)).collect()))
        .put_some("letters", some(case.letters.iter().map(|one| letter(desk, case, view, one)).collect()))
        .put_some("holds", some(case.holds.iter().map(hold).collect()))
        .put_some("orders", some(case.orders.iter().map(|one| orders::order(one, view)).collect()))
        .put_some("ownership", case.ownership.as_ref().map(orders::ownership))
        .put_some("rulings", some(case.rulings.iter().map(|one| orders::ruling(one, view)).collect()))
        .put("ball", orders::ball(case))
        .put_some("legal_holds", some(case.legal_holds.iter().map(|one| legal_hold(one, view)).collect()))
        .put_some("routes", some(routes(case)))
        .put_some("referrals", some(case.referrals.iter().map(|one| referral(desk, view, one)).collect()))
        .put_some("surveys", some(surveys(case)))
        .put_some("call_backs", some(call_backs(view)))
        .put_some("survey_links", some(survey_links(case)))
        .put_some("reviews", some(reviews(view)))
        .put_some("compensations", some(compensations(desk, view)))
        .put_some("conversions", some(case.conversions.iter().map(conversion).collect()))
        .put_some("compensation_waiting", some(compensation_waiting(desk, view)))
        .put_some("missing_for_close", (!missing.is_empty()).then_some(missing))
        .put_filled("missing_for", elsewhere.unwrap_or_default())
        .put_some("attachments", (!case.attachments.is_empty()).then(|| attachments(view)))
        .put("erased", view.erased)
        .done()
}

/// Windows as they stand now.
pub(super) fn rights(desk: &Desk, counted: &Windows) -> Vec<Value> {
    let now = desk.time().now();
    let one = |window: &Window| {
        let rule = window.explanation.rule.as_ref();
        Object::default()
            .put("rule", window.rule.as_str())
            .put_some("title", rule.map(|rule| json!({"zh": rule.title.zh, "en": rule.title.en})))
            .put_some("layer", rule.map(|rule| rule.layer.code()))
            .put_some("basis", rule.map(|rule| rule.basis.code()))
            .put_some("confidence", rule.map(|rule| rule.confidence.code()))
            .put("opens_at", moment(window.opens_at))
            .put("closes_at", moment(window.closes_at))
            .put("state", window.state(now).code())
            .done()
    };
    counted.known.iter().map(one).collect()
}

/// The packs that govern a case, from the top of the stack down, each with the day it is valid from and, where it was
/// not shipped, who put it into force.
fn packs(desk: &Desk, case: &Case) -> Vec<Value> {
    let rules = desk.library().rules_of(case).ok();
    let one = |pin: &PackPin| {
        let pack = rules.as_ref().and_then(|rules| rules.packs().find(|pack| pack.id() == pin.id));
        let title = pack.map(|pack| json!({"zh": pack.title().zh, "en": pack.title().en}));
        let activation = pin.hash.as_ref().and_then(|hash| desk.library().activation_of(hash));
        let from = activation.as_ref().map(|one| one.effective_from).or_else(|| Some(pack?.validity().0));
        Object::default()
            .put("id", pin.id.as_str())
            .put("version", pin.version.as_str())
            .put_some("hash", pin.hash.as_deref())
            .put_some("layer", pack.map(|pack| pack.tier().code()))
            .put_some("title", title)
            .put_some("valid_from", from.map(|from| from.to_string()))
            .put_some("activation", activation.map(|one| activations::view(&one, None)))
            .done()
    };
    case.packs.iter().map(one).collect()
}

/// The calendars a case is counted with.
fn calendars(desk: &Desk, case: &Case) -> Vec<Value> {
    let one = |pin: &CalendarPin| {
        Object::default()
            .put("id", pin.id.as_str())
            .put("version", pin.version.to_string())
            .put("hash", pin.hash.as_str())
            .put_some("activation", desk.library().activation_of(&pin.hash).map(|one| activations::view(&one, None)))
            .done()
    };
    case.calendars.iter().map(one).collect()
}

/// A letter owed or out.
fn letter(desk: &Desk, case: &Case, view: &CaseView, letter: &Letter) -> Value {
    let rules = desk.library().rules_of(case).ok();
    let rule = rules.as_ref().and_then(|rules| rules.letter(&letter.rule));
    let issued = letter.issued.as_ref().map(|issued| {
        Object::default()
            .put("language", issued.language.as_str())
            .put("medium", issued.medium.code())
            .put("at", moment(issued.at))
            .put("by", actor(&issued.by, view))
            .put_text("content", Some(&issued.content))
            .done()
    });
    Object::default()
        .put("letter", letter.id)
        .put("rule", letter.rule.as_str())
        .put_some("title", rule.map(|rule| json!({"zh": rule.head.title.zh, "en": rule.head.title.en})))
        .put_some("languages", rule.map(|rule| rule.languages.clone()))
        .put_some("owed_since", letter.owed.as_ref().map(|(since, _)| moment(*since)))
        .put_some("owed_by", letter.owed.as_ref().map(|(_, by)| by.as_str()))
        .put("binding", letter.binding)
        .put("done", letter.is_done(rule))
        .put("open", rules.as_ref().is_some_and(|rules| gates::is_owed(case, letter, rules)))
        .put_some("issued", issued)
        .put_some("delivered_at", letter.delivered_at.map(moment))
        .done()
}

/// A hold somebody placed by hand.
fn legal_hold(hold: &LegalHold, view: &CaseView) -> Value {
    Object::default()
        .put("hold", hold.id)
        .put_text("reason", Some(&hold.reason))
        .put("placed_at", moment(hold.placed_at))
        .put("by", actor(&hold.by, view))
        .put_some("lifted_at", hold.lifted_at.map(moment))
        .done()
}

/// Something that must not be done.
fn hold(hold: &Hold) -> Value {
    Object::default()
        .put("rule", hold.rule.as_str())
        .put("holds", hold.holds.iter().map(|held| held.code()).collect::<Vec<_>>())
        .put("placed_at", moment(hold.placed_at))
        .put_some("lifted_at", hold.lifted_at.map(moment))
        .done()
}

/// Ways to bodies outside that the rules have opened.
fn routes(case: &Case) -> Vec<Value> {
    case.opened.iter().map(|(route, at)| json!({"route": route, "opened_at": moment(*at)})).collect()
}

/// What the customer took to a body outside.
pub(super) fn referral(desk: &Desk, view: &CaseView, referral: &Referral) -> Value {
    let rules = desk.library().rules_of(&view.case).ok();
    let stands = rules.as_ref().and_then(|rules| referral.stands(rules));
    let steps = referral.steps.iter().map(|step| {
        Object::default()
            .put("stage", step.stage.as_str())
            .put("at", moment(step.at))
            .put_some("document", step.document.map(|id| id.to_string()))
            .put_some("reference", step.reference.as_deref())
            .done()
    });
    Object::default()
        .put("referral", referral.id)
        .put("route", referral.route.as_str())
        .put_some("number", referral.number.as_deref())
        .put("stage", referral.stage())
        .put_some("owner", stands.map(|stage| stage.owner.code()))
        .put_some("next", stands.map(|stage| stage.next.clone()))
        .put("steps", steps.collect::<Vec<_>>())
        .put("missing", wanting(desk, view, Concern::Referral(referral.id)))
        .done()
}

/// What a bundle for the body would lack today.
fn wanting(desk: &Desk, view: &CaseView, concern: Concern) -> Vec<Value> {
    let items = desk.bundle_check(view, concern).unwrap_or_default();
    items.iter().filter(|item| item.standing.is_wanting()).map(item).collect()
}

/// A line of the check of a bundle.
pub(super) fn item(item: &Item) -> Value {
    let element = match &item.what {
        What::Statement(_, element) => Some(element.as_str()),
        _ => None,
    };
    Object::default()
        .put("item", item.what.code())
        .put_some("rule", item.what.rule())
        .put_some("element", element)
        .put_some("stage", item.stage.as_deref())
        .put("next", item.next)
        .put("standing", item.standing.code())
        .put_some("at", item.at.map(moment))
        .done()
}

/// A list that is left out when there is nothing in it.
pub(super) fn some(list: Vec<Value>) -> Option<Vec<Value>> {
    Some(list).filter(|list| !list.is_empty())
}

fn promise(promise: &Promised) -> Value {
    Object::default()
        .put("promise", promise.id)
        .put_text("what", promise.what.as_ref())
        .put_some(
            "to",
            promise.origin.as_ref().map(|there| tie(&there.case, &there.number).put("promise", there.promise).done()),
        )
        .put("due_at", moment(promise.due_at))
        .put_some("kept_at", promise.kept_at.map(moment))
        .put("broken", promise.broken)
        .put("call_back", promise.call_back)
        .put_some("next_at", promise.next_at.map(moment))
        .put("given_up", promise.given_up)
        .done()
}

pub(super) fn contact_attempt(contact: &Contact) -> Value {
    Object::default()
        .put("at", moment(contact.at))
        .put("outcome", crate::words::contact(contact.outcome))
        .put_some("promise", contact.promise)
        .done()
}

fn suspension(suspension: &Suspension) -> Value {
    json!({
        "wait_for": suspension.wait_for, "until": moment(suspension.until), "before": suspension.before.code(),
    })
}

fn tie(id: &CaseId, number: &str) -> Object {
    Object::default().put("id", id.to_string()).put("number", number)
}

fn absorbed(one: &Absorbed) -> Value {
    tie(&one.case, &one.number).put_some("answered_at", one.answered_at.map(moment)).done()
}

fn link(link: &Linked) -> Value {
    tie(&link.case, &link.number).put("relation", link.relation.code()).done()
}

fn in_incident(one: &InIncident) -> Value {
    Object::default()
        .put("id", one.incident.to_string())
        .put("number", one.number.as_str())
        .put("master", one.master)
        .put("joined_at", moment(one.joined_at))
        .put_some("told_at", one.told_at.map(moment))
        .done()
}

pub(super) fn matter(desk: &Desk, view: &CaseView, matter: &Matter) -> Value {
    let step = |step: &Step| {
        Object::default()
            .put("stage", step.stage.code())
            .put("at", moment(step.at))
            .put_some("result", step.result.as_deref())
            .put_some("document", step.document.map(|id| id.to_string()))
            .put_some("reference", step.reference.as_deref())
            .done()
    };
    Object::default()
        .put("matter", matter.id)
        .put("owner", matter.owner.as_str())
        .put_some("number", matter.number.as_deref())
        .put("request", matter.request.as_str())
        .put("stage", matter.stage.code())
        .put("owes_feedback", matter.owes_feedback())
        .put_some("fed_back_at", matter.fed_back_at.map(moment))
        .put("steps", matter.steps.iter().map(step).collect::<Vec<_>>())
        .put("missing", wanting(desk, view, Concern::Matter(matter.id)))
        .done()
}

/// What the customer gets or is to get, each line by line in both languages and as data.
fn compensations(desk: &Desk, view: &CaseView) -> Vec<Value> {
    let rules = desk.library().rules_of(&view.case).ok();
    let now = desk.time().now();
    view.case.compensations.iter().map(|one| compensation(one, rules.as_ref(), view, now)).collect()
}

/// What the customer said, each channel and round for itself.
fn surveys(case: &Case) -> Vec<Value> {
    let one = |asked: &domain::case::survey::Asked| {
        let said = asked.said.map(|said| {
            Object::default()
                .put("at", moment(said.at))
                .put("satisfied", json!(said.satisfied))
                .put_some("solved", said.solved)
                .put_some("timely", said.timely)
                .done()
        });
        Object::default()
            .put("through", asked.channel.as_str())
            .put("round", asked.round)
            .put("at", moment(asked.at))
            .put_some("said", said)
            .done()
    };
    case.asked.iter().map(one).collect()
}

fn call_backs(view: &CaseView) -> Vec<Value> {
    let one = |call: &domain::case::survey::CallBack| json!({"by": actor(&call.by, view), "at": moment(call.at), "outcome": call.outcome, "round": call.round});
    view.case.call_backs.iter().map(one).collect()
}

fn survey_links(case: &Case) -> Vec<Value> {
    let one = |link: &domain::case::survey::Invitation| {
        json!({
            "link": link.id, "at": moment(link.at), "expires_at": moment(link.expires_at), "round": link.round,
            "spent": link.spent,
        })
    };
    case.invitations.iter().map(one).collect()
}

fn readings(view: &CaseView) -> Vec<Value> {
    use domain::case::reading::{Paper, Reading};
    let one = |one: &Reading| {
        let (letter, language) = match &one.paper {
            Paper::Reply {} => (None, None),
            Paper::Letter { letter, language } => (Some(letter.as_str()), Some(language.as_str())),
        };
        let read = one.read.as_ref();
        Object::default()
            .put("reading", one.id)
            .put("paper", one.paper.code())
            .put_some("letter", letter)
            .put_some("language", language)
            .put("standing", one.standing.code())
            .put_text("content", Some(&one.content))
            .put("written_by", actor(&one.by, view))
            .put("written_at", moment(one.at))
            .put_some("read_by", read.map(|(by, _)| actor(by, view)))
            .put_some("read_at", read.map(|(_, at)| moment(*at)))
            .put_text("remark", one.remark.as_ref())
            .done()
    };
    view.case.readings.iter().map(one).collect()
}

fn reviews(view: &CaseView) -> Vec<Value> {
    let one = |review: &domain::case::survey::Review| {
        let decided = review.decided.as_ref();
        Object::default()
            .put("review", review.id)
            .put("opened_at", moment(review.opened_at))
            .put("round", review.round)
            .put("lapsed", review.lapsed)
            .put_some("decision", decided.map(|(.., decision)| decision.as_str()))
            .put_some("decided_by", decided.map(|(by, ..)| actor(by, view)))
            .put_some("decided_at", decided.map(|(_, at, _)| moment(*at)))
            .put_text("reason", review.reason.as_ref())
            .done()
    };
    view.case.reviews.iter().map(one).collect()
}

/// How the contact became another kind.
fn conversion(one: &domain::case::convert::Conversion) -> Value {
    json!({"rule": one.rule, "from": one.from.code(), "to": one.to.code(), "at": moment(one.at)})
}

/// What is owed and cannot be proposed yet, with the fields nothing is known of.
fn compensation_waiting(desk: &Desk, view: &CaseView) -> Vec<Value> {
    let one = |one: domain::case::owed_compensation::Waiting| {
        Object::default()
            .put("rule", one.rule)
            .put("asked_by", one.effect)
            .put("missing", one.missing)
            .put_some("proposed_up_to", one.proposed_up_to.map(moment))
            .done()
    };
    desk.compensation_waiting(&view.case).into_iter().map(one).collect()
}

fn compensation(one: &Compensation, rules: Option<&Stack>, view: &CaseView, now: Timestamp) -> Value {
    let explained = rules.and_then(|rules| one.explained(rules));
    let lines = explained
        .as_ref()
        .map(|counted| json!({"zh": counted.lines(policy::Lang::Zh), "en": counted.lines(policy::Lang::En)}));
    let paid = one.paid.as_ref().map(|paid| {
        Object::default()
            .put("at", moment(paid.at))
            .put("mode", paid.mode.as_str())
            .put_some("reference", paid.reference.as_deref())
            .done()
    });
    Object::default()
        .put("id", desk::remedies::name_of(&view.case.number, i64::from(one.id)))
        .put("compensation", one.id)
        .put("remedy", one.kind.code())
        .put("first", one.first)
        .put("awaits_verification", one.awaits_verification())
        .put_some("follows", one.follows)
        .put_some("similar", one.similar.as_ref().map(|usual| json!(usual)))
        .put_text("unlike", one.unlike.as_ref())
        .put("attempts", one.attempts)
        .put_some("way", one.way.as_deref())
        .put_some("failed", one.failed.as_deref())
        .put_some(
            "verified",
            one.verified.as_ref().map(|verified| {
                Object::default()
                    .put("justified", verified.justified)
                    .put_text("finding", Some(&verified.finding))
                    .put("by", actor(&verified.by, view))
                    .put("at", moment(verified.at))
                    .done()
            }),
        )
        .put_some(
            "recovery",
            one.recovery.as_ref().map(|recovery| {
                let ended = recovery.ended.as_ref();
                Object::default()
                    .put("sum", json!(recovery.claim.sum))
                    .put("from", recovery.claim.from.code())
                    .put_text("partner", recovery.claim.partner.as_ref())
                    .put_some("result", ended.map(|(result, ..)| result.as_str()))
                    .put_some("at", ended.map(|(_, at, _)| moment(*at)))
                    .put_some("reference", ended.and_then(|(.., reference)| reference.as_deref()))
                    .done()
            }),
        )
        .put("sum", json!(one.sum))
        .put("standing", one.standing.code())
        .put_some("rule", one.counted.as_ref().map(|counted| counted.rule.as_str()))
        .put_some("counted", one.counted.as_ref().map(|counted| json!(counted)))
        .put_text("reason", one.reason.as_ref())
        .put_some("proposed_by_rule", one.by_effect.as_deref())
        .put("proposed_by", actor(&one.by, view))
        .put("proposed_at", moment(one.proposed_at))
        .put("within_authority", one.own)
        .put_some("decided_by", one.decided.as_ref().map(|(by, _)| actor(by, view)))
        .put_some("decided_at", one.decided.as_ref().map(|(_, at)| moment(*at)))
        .put_text("remark", one.remark.as_ref())
        .put_some("pay_by", one.pay_by.map(moment))
        .put("overdue", one.is_overdue(now))
        .put_some("paid", paid)
        .put_some("lines", lines)
        .put_some("explanation", explained.and_then(|counted| serde_json::to_value(&counted).ok()).map(without_nulls))
        .done()
}

/// The files of a case.
#[must_use]
pub fn attachments(view: &CaseView) -> Vec<Value> {
    view.case.attachments.iter().map(|one| attachment(one, view)).collect()
}

/// A file of a case.
#[must_use]
pub fn attachment(one: &Attachment, view: &CaseView) -> Value {
    Object::default()
        .put("id", one.id.to_string())
        .put_text("name", Some(&one.name))
        .put("media", one.media.as_str())
        .put("size", one.size)
        .put("digest", one.digest.as_str())
        .put_text("note", one.note.as_ref())
        .put("attached_at", moment(one.at))
        .put("by", actor(&one.by, view))
        .done()
}

fn complainant(view: &CaseView) -> Value {
    let record = &view.case.record;
    let base = Object::default()
        .put("person", view.case.person.to_string())
        .put("anonymous", record.anonymous)
        .put("capacity", record.capacity.as_str())
        .put("identity_verified", record.identity_verified)
        .put_some("verification", record.verification.as_deref())
        .put_text("authority", record.authority.as_ref())
        .put_some("vulnerable", (!record.vulnerable.is_empty()).then(|| record.vulnerable.clone()))
        .put_some("preferred_mode", record.preferred_mode.as_deref());
    match &view.identity {
        Some(identity) => contact(base, identity).done(),
        None => base.done(),
    }
}

fn contact(object: Object, identity: &Identity) -> Object {
    object
        .put_some("name", identity.name.as_deref())
        .put_some("phone", identity.phone.as_deref())
        .put_some("phone_alt", identity.phone_alt.as_deref())
        .put_some("email", identity.email.as_deref())
        .put_some("address", identity.address.as_deref())
        .put_some("id_number", identity.id_number.as_deref())
        .put_some("language", identity.language.as_deref())
        .put_some("preferred_time", identity.preferred_time.as_deref())
}

/// A revealed identity.
#[must_use]
pub fn identity(identity: &Identity) -> Value {
    contact(Object::default(), identity)
        .put_some("subscription", identity.subscription.as_deref())
        .put_some("caller", identity.caller.as_deref())
        .put_some("plan", identity.plan.as_deref())
        .done()
}

pub(super) fn actor(actor: &ActorId, view: &CaseView) -> Value {
    let name = match actor {
        ActorId::User(user) => view.users.get(user).map(String::as_str),
        _ => None,
    };
    Object::default().put("id", actor.to_string()).put_some("name", name).done()
}

/// The log of a case, texts readable and masked.
#[must_use]
pub fn entries(view: &CaseView) -> Value {
    Value::Array(view.entries.iter().map(|one| entry(one, view)).collect())
}

pub(super) fn entry(entry: &Entry, view: &CaseView) -> Value {
    let mut shown = entry.clone();
    for event in &mut shown.events {
        for (_, text) in event.texts() {
            // Only sealed text can be written out; what the view opened and masked is put where the seal was.
            if let FreeText::Plain(words) = text {
                *text = FreeText::Sealed(std::mem::take(words));
            }
        }
    }
    Object::default()
        .put("version", entry.version)
        .put("at", moment(entry.at))
        .put("actor", actor(&entry.actor, view))
        .put("operation", entry.verb.as_str())
        .put_some("events", serde_json::to_value(&shown.events).ok().map(without_nulls))
        .done()
}

/// A line of a list.
#[must_use]
pub fn listed(one: &Listed) -> Value {
    let due = one.due.as_ref().map(|(rule, at)| json!({"rule": rule, "due_at": moment(*at)}));
    Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put("status", one.state.code())
        .put("version", one.version)
        .put("kind", one.kind.as_str())
        .put_some("category", one.category.as_deref())
        .put("grade", one.grade.code())
        .put("accept_channel", one.channel.as_str())
        .put_some("subject", one.subject.as_deref())
        .put("owner", owner(&Owner { unit: one.unit, user: one.user }, None))
        .put_some("region", Some(one.region.as_str()).filter(|region| !region.is_empty()))
        .put("received_at", moment(one.received_at))
        .put_some("closed_at", one.closed_at.map(moment))
        .put_some("due", due)
        .done()
}

/// What was found by words.
#[must_use]
pub fn found(answer: &desk::search::Answer) -> Value {
    let part = |part: &desk::search::Part| json!({"text": part.text, "hit": part.hit});
    let snippet = |one: &desk::search::Snippet| json!({"field": one.field.names()[0], "parts": one.parts.iter().map(part).collect::<Vec<_>>()});
    let item = |one: &desk::search::Found| {
        let mut item = listed(&one.listed);
        if let Some(item) = item.as_object_mut() {
            item.insert("snippets".to_owned(), one.snippets.iter().map(snippet).collect());
        }
        item
    };
    Object::default()
        .put("items", answer.items.iter().map(item).collect::<Value>())
        .put_some("next", answer.next.as_deref())
        .put("complete", answer.complete)
        .put_some("facets", answer.facets.as_ref().filter(|facets| !facets.is_empty()).map(|facets| counted(facets)))
        .done()
}

fn counted(facets: &[desk::search::facets::Counted]) -> Value {
    let value = |(value, count): &(String, u64)| json!({"value": value, "count": count});
    let one = |one: &desk::search::facets::Counted| {
        (one.facet.code().to_owned(), one.values.iter().map(value).collect::<Value>())
    };
    Value::Object(facets.iter().map(one).collect())
}

/// Persons who might be the same.
#[must_use]
pub fn suggested(list: &[queries::persons::Suggested]) -> Value {
    let case = |one: &queries::persons::Earlier| {
        Object::default()
            .put("number", one.number.as_str())
            .put("status", one.state.code())
            .put_some("category", one.category.as_deref())
            .put("received_at", moment(one.received_at))
            .done()
    };
    list.iter()
        .map(|one| {
            Object::default()
                .put("person", one.person.to_string())
                .put_some("name", one.name.as_deref())
                .put("complaints", one.cases.iter().map(case).collect::<Value>())
                .put_some("restricted", one.restricted.then_some(true))
                .done()
        })
        .collect()
}

/// What a body is told about a matter it handed over.
#[must_use]
pub fn handoff(receipt: &desk::handoff::Receipt) -> Value {
    json!({
        "receipt": receipt.receipt, "case": receipt.case.to_string(), "number": receipt.number,
        "attached": receipt.attached, "suggested": receipt.suggested, "received_at": moment(receipt.received_at),
        "recorded_at": moment(receipt.recorded_at), "owner": receipt.owner, "external": receipt.external,
        "handed_at": moment(receipt.handed_at),
    })
}

/// What registering would meet; `faults` are sentences already.
#[must_use]
pub fn checked(faults: Vec<Value>, checked: &desk::check::Checked) -> Value {
    let category = |one: &desk::suggest::Suggested| {
        Object::default()
            .put("category", one.category.as_str())
            .put("words", one.words.clone())
            .put_some("per_mille", one.per_mille)
            .done()
    };
    let suggestion = checked.suggestion.as_ref().map(|one| {
        let cues = one.cues.iter().map(|(cue, words)| json!({"cue": cue.code(), "words": words}));
        json!({
            "by": one.by, "sure": one.sure, "categories": one.categories.iter().map(category).collect::<Vec<_>>(),
            "cues": cues.collect::<Vec<_>>(),
        })
    });
    let duplicates: Vec<Value> = checked
        .similar
        .iter()
        .map(|one| {
            Object::default()
                .put("number", one.number.as_str())
                .put("status", one.state.code())
                .put_some("category", one.category.as_deref())
                .put("received_at", moment(one.received_at))
                .put("open", one.open)
                .put("why", one.why.clone())
                .put_some("alike", one.alike)
                .done()
        })
        .collect();
    let clock = |(rule, at): &(String, Timestamp)| json!({"rule": rule, "due_at": moment(*at)});
    let clocks: Vec<Value> = checked.due.iter().map(clock).collect();
    Object::default()
        .put("faults", faults)
        .put("repeat_count", duplicates.len())
        .put("clocks", clocks)
        .put("duplicates", duplicates)
        .put_some("suggestion", suggestion)
        .done()
}

/// What the customer system said; in the clear only for whoever is shown personal data.
#[must_use]
pub fn customers(told: &Told, clear: bool) -> Value {
    let Told::Known(known) = told else { return json!({"answers": false, "items": []}) };
    let items: Vec<Value> = known.iter().map(|one| customer(one, clear)).collect();
    json!({"answers": true, "items": items})
}

fn customer(one: &Customer, clear: bool) -> Value {
    let shown = |text: &Option<String>, mask: fn(&str) -> String| {
        text.as_deref().map(|text| if clear { text.to_owned() } else { mask(text) })
    };
    let subscription = |one: &Subscription| {
        Object::default()
            .put_some("number", shown(&one.number, mask_number))
            .put_some("product", one.product)
            .put_some("plan", one.plan.as_deref())
            .put_some("since", one.since.as_deref())
            .put_some("standing", one.standing.map(Standing::code))
            .done()
    };
    let subscriptions = one.subscriptions.as_ref().map(|list| list.iter().map(subscription).collect::<Vec<_>>());
    Object::default()
        .put_some("name", shown(&one.name, mask_name))
        .put_some("star", one.star)
        .put_some("level", one.level.as_deref())
        .put_some("segment", one.segment)
        .put_some("region", one.region.as_deref())
        .put("vulnerable", one.vulnerable.clone())
        .put_some("subscriptions", subscriptions)
        .done()
}

/// Accesses to a case's personal data.
#[must_use]
pub fn accesses(list: &[desk::reveal::Access]) -> Value {
    list.iter()
        .map(|one| {
            Object::default()
                .put("at", moment(one.at))
                .put("actor", one.actor.as_str())
                .put("purpose", one.purpose.as_str())
                .put_some("reason", one.reason.as_deref())
                .put("extent", one.extent.as_str())
                .put_some("restricted", Some(one.restricted.clone()).filter(|all| !all.is_empty()))
                .done()
        })
        .collect()
}

/// Explained clocks of a rule: in sentences of one language, and as data for programmes.
#[must_use]
pub fn explained(list: &[queries::clock::ExplainedClock], language: policy::Lang) -> Value {
    list.iter()
        .map(|one| {
            Object::default()
                .put("rule", one.clock.rule.as_str())
                .put("round", one.clock.round)
                .put("from", moment(one.clock.from))
                .put("due_at", moment(one.clock.due_at))
                .put("lines", one.explanation.lines(language))
                .put_some("explanation", serde_json::to_value(&one.explanation).ok().map(without_nulls))
                .done()
        })
        .collect()
}

/// Why a case has its grade: the row of the table, what raised severity or urgency, and the other rows.
#[must_use]
pub fn graded(case: &Case, rules: &Stack) -> Value {
    let decided = rules.grade(case.severity, case.urgency);
    let raised = rules.assess_rules().iter().filter(|rule| case.raised_by.contains(&rule.id)).map(|rule| {
        json!({
            "rule": rule.id, "reason": rule.reason, "basis": rule.standing.basis,
            "confidence": rule.standing.confidence, "source": rule.standing.source,
        })
    });
    let others =
        Severity::ALL.iter().flat_map(|severity| Urgency::ALL.iter().map(move |urgency| (*severity, *urgency)));
    let others = others.filter(|pair| *pair != (case.severity, case.urgency)).map(|(severity, urgency)| {
        let grade = rules.grade(severity, urgency).grade;
        json!({"severity": severity, "urgency": urgency, "grade": grade})
    });
    json!({
        "grade": case.grade,
        "severity": case.severity,
        "urgency": case.urgency,
        "row": decided.row,
        "reason": decided.reason,
        "by_hand": case.graded_by_hand,
        "raised_by": raised.collect::<Vec<_>>(),
        "changes": others.collect::<Vec<_>>(),
        "packs": case.packs,
    })
}

/// Leaves out what is not known, at every depth.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = members.into_iter().filter(|(_, member)| !member.is_null());
            Value::Object(known.map(|(name, member)| (name, without_nulls(member))).collect())
        }
        Value::Array(list) => list.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
