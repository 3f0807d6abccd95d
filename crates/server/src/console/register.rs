//! Registering a contact while the customer is on the line.

use super::about_staff::{self, Meant};
use super::customer_system::{self, Card};
use super::earlier::{Found, look, same_matters};
use super::form::{Draw, Input, Typed, is_about};
use super::{Frame, page, render};
use crate::api::customers::while_registering;
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::Caller;
use desk::permissions;
use desk::queries::similar::Sought;
use desk::suggest::{NamedUnit, Options, Suggested, Suggestion};
use domain::intake::{FIELDS, Intake};
use domain::refusal::Refusal;
use policy::{Grade, Severity, Urgency};
use serde_json::Value;

/// Groups of the form in the order of a call, with the fields of each by dotted name or prefix.
const GROUPS: &[(&str, bool, &[&str])] = &[
    ("what", true, &["kind", "subject_request", "accept_channel", "category", "subject", "description", "demand"]),
    (
        "who",
        true,
        &[
            "complainant.name",
            "complainant.phone",
            "complainant.anonymous",
            "subscription.number",
            "subscription.product",
            "complainant.vulnerable",
        ],
    ),
    ("where", true, &["region", "place.text", "place.area_type", "occurred_at", "amount.value"]),
    ("assess", false, &["assessment", "place.neighbours_affected", "place.visit_needed", "pre_treatment", "device"]),
    (
        "more",
        false,
        &[
            "complainant.phone_alt",
            "complainant.email",
            "complainant.address",
            "complainant.id_number",
            "complainant.identity_verified",
            "complainant.verification",
            "complainant.capacity",
            "complainant.authority",
            "complainant.language",
            "complainant.preferred_mode",
            "complainant.preferred_time",
            "subscription.caller",
            "subscription.plan",
            "subscription.segment",
            "subscription.star",
            "subscription.monthly_fee.value",
            "subscription.region",
            "contract_document_at",
            "submit_channel",
            "received_at",
            "promised_at",
            "external",
            "contact_record",
            about_staff::FIELD,
        ],
    ),
];

/// The button by which what the customer system says is taken over.
const CUSTOMER: &str = "customer";

/// Fields that are no boxes of this form.
const ELSEWHERE: &[&str] = &["complainant.person", "other_matter", "suggested_by"];

pub(super) fn routes() -> Vec<Route> {
    let access = Access::Needs(permissions::REGISTER);
    vec![
        page(Method::Get, "/console/new", access, get(form)),
        page(Method::Post, "/console/new", access, post(register)),
        page(Method::Post, "/console/new/known", access, post(known)),
    ]
}

/// A part of the form.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) open: bool,
    /// Whether this group tells who is calling.
    pub(super) who: bool,
    pub(super) inputs: Vec<Input>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    frame: &'a Frame<'a>,
    groups: Vec<Group>,
    categories: Vec<(String, String)>,
    /// What was found about the caller's numbers; `None` when nobody looked.
    found: Option<Found>,
    /// The earlier person chosen.
    person: String,
    told: Option<Told>,
    /// What is wrong with what was typed, and in which box; none for what has no box here.
    wrong: Vec<(String, String)>,
    /// Whether nothing was sent yet, so that what the browser kept may be put back.
    fresh: bool,
    fragment: bool,
    wanting: Vec<String>,
    due: Vec<(String, String)>,
    hint: Option<Hint>,
    /// What the customer system says; `None` where it was not asked.
    customers: Option<Card>,
}

/// Units or grades that are suggested, in words.
#[derive(Default)]
pub(super) struct Choices {
    /// Code, name with how likely it is, and the words that spoke for it.
    lines: Vec<(String, String, String)>,
    sure: bool,
}

impl Choices {
    fn of<T>(found: Option<&Options<T>>, named: impl Fn(&T) -> (String, String)) -> Self {
        let Some(found) = found else { return Self::default() };
        let line = |one: &desk::suggest::Beside<T>| {
            let (code, name) = named(&one.of);
            (code, format!("{name} {}%", one.per_mille.saturating_add(5) / 10), one.words.join(" · "))
        };
        Self { lines: found.options.iter().map(line).collect(), sure: found.sure }
    }
}

/// What is suggested for what was typed, in words.
pub(super) struct Hint {
    by: String,
    /// Code, name with how likely it is, and the words that spoke for it.
    categories: Vec<(String, String, String)>,
    sure: bool,
    units: Choices,
    /// The unit it would come to, where that is known.
    comes_to: String,
    grades: Choices,
    /// What calls for care, and the words.
    cues: Vec<(String, String)>,
}

impl Hint {
    fn of(frame: &Frame<'_>, found: &Suggestion, comes_to: Option<&NamedUnit>) -> Self {
        let category = |one: &Suggested| {
            let likely = one.per_mille.map(|likely| format!(" {}%", likely.saturating_add(5) / 10)).unwrap_or_default();
            let name = format!("{}{likely}", frame.category(&one.category));
            (one.category.clone(), name, one.words.join(" · "))
        };
        Self {
            by: found.by.clone(),
            categories: found.categories.iter().map(category).collect(),
            sure: found.sure,
            units: Choices::of(found.units.as_ref(), |unit| (unit.code.clone(), unit.name.clone())),
            comes_to: comes_to.map(|unit| unit.name.clone()).unwrap_or_default(),
            grades: Choices::of(found.grades.as_ref(), |grade| {
                (grade.code().to_owned(), frame.code("grade", grade.code()))
            }),
            cues: found.cues.iter().map(|(cue, words)| (frame.code("cue", cue.code()), words.join(" · "))).collect(),
        }
    }
}

/// What is known while somebody types: earlier contacts, what may be the same, what is wanting, what would be due.
#[derive(Template)]
#[template(path = "known.html")]
struct Known<'a> {
    frame: &'a Frame<'a>,
    found: Option<Found>,
    person: String,
    fragment: bool,
    wanting: Vec<String>,
    due: Vec<(String, String)>,
    hint: Option<Hint>,
    customers: Option<Card>,
}

impl Register<'_> {
    /// Whether the page shows a case that may be the same matter.
    fn may_be_known(&self) -> bool {
        self.found.as_ref().is_some_and(|found| !found.same.is_empty())
    }
}

async fn form(State(app): State<AppState>, visitor: Visitor) -> Response {
    let mut typed = Typed::default();
    typed.set("kind", "complaint");
    typed.set("accept_channel", "hotline");
    draw(&Frame::new(&app, &visitor), &typed, (&Meant::default(), None), Beside::default(), None)
}

/// The boxes of an intake in their groups.
pub(super) fn groups(
    frame: &Frame<'_>,
    typed: &Typed,
    staff: &Meant,
    errors: &[(String, String, String)],
) -> Vec<Group> {
    let known = |field: &str| if field == about_staff::FIELD { staff.choices.clone() } else { Vec::new() };
    let draw = Draw { frame, words: "", typed, errors, known: &known };
    let mut inputs = draw.inputs("", FIELDS);
    // A person already known is chosen among the earlier contacts of the number.
    inputs.retain(|input| !ELSEWHERE.contains(&input.name.as_str()));
    let mut groups = Vec::new();
    for (title, open, names) in GROUPS {
        let mut mine = Vec::new();
        for name in *names {
            let belongs = |input: &Input| input.name == *name || input.name.starts_with(&format!("{name}."));
            while let Some(place) = inputs.iter().position(belongs) {
                mine.push(inputs.remove(place));
            }
        }
        let open = *open || mine.iter().any(|input| !input.error.is_empty() || !input.value.is_empty());
        groups.push(Group { title: frame.t(&format!("group.{title}")), open, who: *title == "who", inputs: mine });
    }
    groups
}

/// What is wrong with what was typed, in the order of the form, each with the box it is about; what no box is about stands
/// last without one.
fn at_fault(frame: &Frame<'_>, groups: &[Group], errors: &[(String, String, String)]) -> Vec<(String, String)> {
    let boxes = || groups.iter().flat_map(|group| &group.inputs).filter(|input| !input.error.is_empty());
    let named = boxes().map(|input| {
        let words = frame.tv("fault_of", &[("field", &input.label), ("fault", &input.error)]);
        (input.id.clone(), words)
    });
    let elsewhere = errors.iter().filter(|(field, ..)| !boxes().any(|input| is_about(field, &input.name)));
    named.chain(elsewhere.map(|(_, _, words)| (String::new(), words.clone()))).collect()
}

/// What is shown beside the form.
#[derive(Default)]
struct Beside {
    found: Option<Found>,
    customers: Option<Card>,
}

impl Beside {
    /// Everything there is to say about whoever is calling.
    async fn look(app: &AppState, frame: &Frame<'_>, caller: &Caller, value: &Value) -> Result<Self, Failure> {
        let (found, told) = tokio::join!(look(app, frame, caller, value), while_registering(app, caller, value));
        Ok(Self { found: Some(found?), customers: told?.map(|told| Card::of(frame, &told, false)) })
    }
}

/// The page once more, with what is suggested for what was typed by now.
async fn redraw(
    frame: &Frame<'_>,
    caller: &Caller,
    typed: &Typed,
    meant: (&Meant, Option<Told>),
    beside: Beside,
) -> Result<Response, Failure> {
    let suggested = frame.app.desk.suggest(caller, &typed.value(FIELDS, frame)).await?;
    Ok(draw(frame, typed, meant, beside, suggested.as_ref()))
}

fn draw(
    frame: &Frame<'_>,
    typed: &Typed,
    (staff, told): (&Meant, Option<Told>),
    beside: Beside,
    suggested: Option<&Suggestion>,
) -> Response {
    let Beside { found, customers } = beside;
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let person = typed.get("complainant.person").to_owned();
    let groups = groups(frame, typed, staff, &errors);
    let wrong = at_fault(frame, &groups, &errors);
    let fresh = told.is_none() && found.is_none();
    render(&Register {
        hint: suggested.map(|found| Hint::of(frame, found, None)),
        frame,
        groups,
        categories: frame.leaves(),
        found,
        person,
        told,
        wrong,
        fresh,
        fragment: false,
        wanting: Vec::new(),
        due: Vec::new(),
        customers,
    })
}

/// The same as the page would say of what is typed so far, as a part of it for the script. Registers nothing.
async fn known(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    // Whom of the staff it is about is asked when it is registered.
    typed.set(about_staff::FIELD, "");
    let value = typed.value(FIELDS, &frame);
    let sought = Sought::of(&value).number().is_some();
    let beside =
        async { if sought { Beside::look(&app, &frame, &caller, &value).await } else { Ok(Beside::default()) } };
    let (beside, checked) = tokio::join!(beside, app.desk.check(&caller, value.clone()));
    let (Beside { mut found, customers }, checked) = (beside?, checked?);
    if found.is_some() || !checked.similar.is_empty() {
        found.get_or_insert_default().same = same_matters(&frame, checked.similar);
    }
    let label = |fault: &domain::fault::Fault| {
        let key = format!("field.{}.label", fault.field);
        let known = fault.code == "required" && app.locales.has(frame.language, &key);
        known.then(|| app.locales.text(frame.language, &key, &[]))
    };
    Ok(render(&Known {
        found,
        person: typed.get("complainant.person").to_owned(),
        fragment: true,
        hint: checked.suggestion.as_ref().map(|found| Hint::of(&frame, found, checked.comes_to.as_ref())),
        wanting: checked.faults.iter().filter_map(label).collect(),
        due: checked.due.iter().map(|(rule, at)| (frame.rule(rule), frame.moment(*at))).collect(),
        customers,
        frame: &frame,
    }))
}

async fn register(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let staff = about_staff::find(&app, &frame, &caller, &mut typed).await?;
    if let Some(fault) = &staff.fault {
        let told = Failure::from(fault.clone()).tell(&app, visitor.language);
        let status = told.status;
        let mut response = redraw(&frame, &caller, &typed, (&staff, Some(told)), Beside::default()).await?;
        *response.status_mut() = status;
        return Ok(response);
    }
    let value = typed.value(FIELDS, &frame);
    // One of the suggested categories was taken.
    if !typed.get("take").is_empty() {
        let taken = typed.get("take").to_owned();
        typed.set("category", taken);
        let beside = Beside::look(&app, &frame, &caller, &value).await?;
        return redraw(&frame, &caller, &typed, (&staff, None), beside).await;
    }
    // So was one of the suggested grades: it becomes what the person assesses, and the rules grade by it.
    if let Some(grade) = Grade::from_code(typed.get("take_grade")) {
        let severity = if grade == Grade::Major { Severity::Major } else { Severity::Normal };
        let urgency = if grade == Grade::Urgent { Urgency::Urgent } else { Urgency::Normal };
        typed.set("assessment.severity", severity.code());
        typed.set("assessment.urgency", urgency.code());
        let beside = Beside::look(&app, &frame, &caller, &value).await?;
        return redraw(&frame, &caller, &typed, (&staff, None), beside).await;
    }
    // So was what the customer system says. It is shown in the clear from then on, as whatever the caller said would be.
    let chosen = typed.get(CUSTOMER).to_owned();
    if !chosen.is_empty() {
        if let Some(told) = while_registering(&app, &caller, &value).await?
            && permissions::REVEAL.allows(&caller)
        {
            app.desk.log_customer(&caller).await?;
            customer_system::take(&told, &chosen, &mut typed);
        }
        let value = typed.value(FIELDS, &frame);
        let beside = Beside::look(&app, &frame, &caller, &value).await?;
        return redraw(&frame, &caller, &typed, (&staff, None), beside).await;
    }
    if !typed.get("look").is_empty() {
        let beside = Beside::look(&app, &frame, &caller, &value).await?;
        return redraw(&frame, &caller, &typed, (&staff, None), beside).await;
    }
    // What may be the same matter is shown once; it never stops whoever registers it all the same.
    if typed.get("anyway").is_empty() && permissions::READ_CASES.allows(&caller) {
        let checked = app.desk.check(&caller, value.clone()).await?;
        if checked.faults.is_empty() && !checked.similar.is_empty() {
            let mut beside = Beside::look(&app, &frame, &caller, &value).await?;
            beside.found.get_or_insert_default().same = same_matters(&frame, checked.similar);
            return redraw(&frame, &caller, &typed, (&staff, None), beside).await;
        }
    }
    let outcome = match Intake::read(value.clone()) {
        Ok(intake) => app.desk.register(&caller, intake, None).await.map_err(Failure::from),
        Err(faults) => Err(Refusal::invalid(faults).into()),
    };
    match outcome {
        // Whom it is about may write it down, and then does not see it.
        Ok(done) if done.case.is_about(&caller.actor) => Ok(Redirect::to("/console").into_response()),
        Ok(done) => Ok(Redirect::to(&format!("/console/cases/{}?done=register", done.case.number)).into_response()),
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let status = told.status;
            // Whoever had chosen among earlier contacts finds them again.
            let chosen = !typed.get("complainant.person").is_empty();
            let beside = if chosen { Beside::look(&app, &frame, &caller, &value).await? } else { Beside::default() };
            let mut response = redraw(&frame, &caller, &typed, (&staff, Some(told)), beside).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shape::{Field, Kind};

    fn names(prefix: &str, fields: &'static [Field], found: &mut Vec<String>) {
        for field in fields {
            let name = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
            match &field.kind {
                Kind::Object(inner) | Kind::List { of: Kind::Object(inner), .. } => names(&name, inner, found),
                Kind::Money => found.push(format!("{name}.value")),
                _ => found.push(name),
            }
        }
    }

    #[test]
    fn every_field_of_an_intake_is_on_the_form() {
        let mut all = Vec::new();
        names("", FIELDS, &mut all);
        all.retain(|name| !ELSEWHERE.contains(&name.as_str()));
        for name in all {
            let count = GROUPS
                .iter()
                .flat_map(|(_, _, names)| names.iter())
                .filter(|listed| name == **listed || name.starts_with(&format!("{listed}.")))
                .count();
            assert_eq!(count, 1, "{name}");
        }
    }
}
