//! What the operator's customer system says about somebody: beside the form while a contact is registered, and on the page of
//! a case when it is asked for. Masked like other personal data, unless somebody says what they need it for.

use super::case::drawn_with_customers;
use super::form::Typed;
use super::{Frame, case, page};
use crate::api::customers::about;
use crate::app::AppState;
use crate::crm::{Customer, Standing, Subscription, Told};
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use desk::archive::{Ask, FIELDS};
use desk::{CaseRef, permissions};
use domain::refusal::Refusal;
use domain::shape;
use domain::text::mask::{mask_name, mask_number};

/// What the form of asking in the clear is called among the forms of a case.
pub(crate) const ASK: &str = "customer";

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Post, "/console/cases/{id}/customer", Access::Needs(permissions::READ_CASES), post(ask)),
        page(Method::Post, "/console/cases/{id}/customer/reveal", Access::Needs(permissions::REVEAL), post(reveal)),
    ]
}

/// The answer as a page shows it.
pub(super) struct Card {
    /// Whether the system answered.
    pub(super) answers: bool,
    pub(super) customers: Vec<Shown>,
    /// Whether identifiers stand in the clear.
    pub(super) clear: bool,
}

/// One customer.
pub(super) struct Shown {
    pub(super) key: String,
    pub(super) name: String,
    /// Star, kind, region and circumstances, in words.
    pub(super) about: Vec<String>,
    /// What they have: key and words; `None` where that could not be read.
    pub(super) subscriptions: Option<Vec<(String, String)>>,
}

impl Card {
    pub(super) fn of(frame: &Frame<'_>, told: &Told, clear: bool) -> Self {
        let Told::Known(known) = told else { return Self { answers: false, customers: Vec::new(), clear } };
        Self { answers: true, customers: known.iter().map(|one| shown(frame, one, clear)).collect(), clear }
    }
}

fn shown(frame: &Frame<'_>, one: &Customer, clear: bool) -> Shown {
    let label = |field: &str| frame.app.locales.text(frame.language, &format!("field.{field}.label"), &[]);
    let named = |field: &str, value: &str| frame.tv("crm.named", &[("what", &label(field)), ("value", value)]);
    let mut about = Vec::new();
    about.extend(one.star.map(|star| named("subscription.star", &star.to_string())));
    about.extend(one.level.as_deref().map(|level| frame.tv("crm.level", &[("level", level)])));
    about.extend(one.segment.map(|segment| frame.code("segment", segment)));
    about.extend(one.region.as_deref().map(|region| named("subscription.region", &frame.region(region))));
    about.extend(one.vulnerable.iter().map(|mark| frame.code("vulnerable", mark)));
    let subscription = |one: &Subscription| {
        let number = one.number.as_deref().map(|number| if clear { number.to_owned() } else { mask_number(number) });
        let since = one.since.as_deref().map(|day| frame.tv("crm.since", &[("day", day)]));
        let standing = one.standing.filter(|standing| *standing != Standing::Active);
        let parts = [
            one.product.map(|product| frame.code("product", product)),
            one.plan.clone(),
            number,
            since,
            standing.map(|standing| frame.t(&format!("crm.standing.{}", standing.code()))),
        ];
        (one.key.clone(), parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    };
    let name = one.name.as_deref().map(|name| if clear { name.to_owned() } else { mask_name(name) });
    Shown {
        key: one.key.clone(),
        name: name.unwrap_or_else(|| frame.t("unnamed")),
        about,
        subscriptions: one.subscriptions.as_ref().map(|list| list.iter().map(subscription).collect()),
    }
}

/// Puts what was chosen into boxes that are empty: `customer`, or `customer.subscription`. Whatever somebody typed stays.
/// Whether it was found.
pub(super) fn take(told: &Told, chosen: &str, typed: &mut Typed) -> bool {
    let Told::Known(known) = told else { return false };
    let (customer, subscription) = chosen.split_once('.').unwrap_or((chosen, ""));
    let Some(one) = known.iter().find(|one| one.key == customer) else { return false };
    let mut put = |name: &str, value: Option<&str>| {
        if let (Some(value), true) = (value, typed.get(name).is_empty()) {
            typed.set(name, value);
        }
    };
    put("complainant.name", one.name.as_deref());
    put("subscription.star", one.star.map(|star| star.to_string()).as_deref());
    put("subscription.segment", one.segment);
    put("subscription.region", one.region.as_deref());
    let mut subscriptions = one.subscriptions.iter().flatten();
    if let Some(line) = subscriptions.find(|line| line.key == subscription) {
        put("subscription.number", line.number.as_deref());
        put("subscription.product", line.product);
        put("subscription.plan", line.plan.as_deref());
    }
    for mark in &one.vulnerable {
        if !typed.all("complainant.vulnerable").iter().any(|known| known == mark) {
            typed.add("complainant.vulnerable", *mark);
        }
    }
    true
}

async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let told = about(&app, &caller, &name, None).await?;
    let card = Card::of(&Frame::new(&app, &visitor), &told, false);
    let view = app.desk.case(&caller, &name).await?;
    drawn_with_customers(&app, &visitor, &caller, &view, card).await
}

async fn reveal(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let name = CaseRef::parse(&name)?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let read = shape::check(typed.value(FIELDS, &frame), FIELDS).map_err(|faults| Refusal::invalid(faults).into());
    let told = match read.map(serde_json::from_value::<Ask>) {
        Ok(Ok(ask)) => about(&app, &caller, &name, Some(ask)).await,
        Ok(Err(_)) => Err(domain::fault::Fault::new("", "unreadable").into()),
        Err(failure) => Err(failure),
    };
    let told = match told {
        Ok(told) => told,
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            if told.status != StatusCode::UNPROCESSABLE_ENTITY {
                return Err(failure);
            }
            return case::troubled(&app, &visitor, &caller, &name, (ASK, Some(&typed)), told).await;
        }
    };
    let view = app.desk.case(&caller, &name).await?;
    drawn_with_customers(&app, &visitor, &caller, &view, Card::of(&frame, &told, true)).await
}
