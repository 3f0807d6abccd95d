//! `/complaints/{id}/referrals/{n}/bundle` and `/matters/{n}/bundle`: what a body outside is given of a case.

use super::view;
use crate::app::AppState;
use crate::archive;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::archive::Archive;
use desk::archive::bundle::Bundle;
use desk::{Caller, CaseRef, permissions};
use domain::case::bundle::Concern;
use domain::fault::Fault;
use domain::refusal::Refusal;
use serde_json::{Map, Value, json};

/// What a bundle says of the complaint: everything else is the operator's own.
const GIVEN: &[&str] = &[
    "id",
    "number",
    "status",
    "version",
    "kind",
    "category",
    "grade",
    "received_at",
    "registered_at",
    "closed_at",
    "received_on",
    "clocks",
    "packs",
    "calendars",
    "accept_channel",
    "submit_channel",
    "subject",
    "description",
    "demand",
    "pre_treatment",
    "device",
    "occurred_at",
    "promised_at",
    "restored_at",
    "region",
    "place",
    "amount",
    "external",
    "complainant",
    "subscription",
    "round",
    "reply",
    "cause",
    "satisfaction_asked",
    "satisfaction",
    "confirmed",
    "disputes",
    "progress_at",
    "promises",
    "contacts",
    "letters",
    "routes",
    "referrals",
    "matters",
    "compensations",
    "conversions",
    "attachments",
    "erased",
];

/// Members that name the operator's people or its keys of a person, at any depth.
const PEOPLE: &[&str] = &["by", "proposed_by", "decided_by", "person", "actor", "activation"];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, id, summary, handler| {
        let operation =
            Operation { query: desk::archive::FIELDS, ..Operation::get(id, summary, "Attachments", "Archive") };
        Route::api(Method::Get, path, permissions::EXPORT_CASE, operation, handler)
    };
    vec![
        row(
            "/api/v1/complaints/{id}/referrals/{n}/bundle",
            "get_referral_bundle",
            "What the body of a referral is given of the case, as a ZIP it can read and verify; the access is logged. \
             What it would lack stands in `missing` of the referral.",
            get(referral),
        ),
        row(
            "/api/v1/complaints/{id}/matters/{n}/bundle",
            "get_matter_bundle",
            "What the body of a matter is given of the case, as a ZIP it can read and verify; the access is logged. \
             What it would lack stands in `missing` of the matter.",
            get(matter),
        ),
    ]
}

async fn referral(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((name, n)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    answer(&app, &caller, &name, concern(&n, Concern::Referral), raw.as_deref()).await
}

async fn matter(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((name, n)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    answer(&app, &caller, &name, concern(&n, Concern::Matter), raw.as_deref()).await
}

/// The referral or matter a path names; what is no number names none.
///
/// # Errors
/// `not_found`.
pub(crate) fn concern(n: &str, of: fn(u32) -> Concern) -> Result<Concern, Refusal> {
    n.parse().map(of).map_err(|_| Refusal::not_found())
}

async fn answer(
    app: &AppState,
    caller: &Caller,
    name: &str,
    concern: Result<Concern, Refusal>,
    raw: Option<&str>,
) -> Result<Response, Failure> {
    // Whoever may see no such case learns nothing about how to ask.
    let name = CaseRef::parse(name)?;
    let view = app.desk.case(caller, &name).await?;
    let concern = concern?;
    if !concern.is_in(&view.case) {
        return Err(Refusal::not_found().into());
    }
    let given = query::read(raw, desk::archive::FIELDS)?;
    let ask = serde_json::from_value(Value::Object(given)).map_err(|_| Fault::new("", "unreadable"))?;
    archive::answer(app, caller, &name, Some(concern), ask).await
}

/// A bundle for programmes.
pub(crate) fn data(app: &AppState, archive: &Archive, bundle: &Bundle) -> Value {
    let desk = &app.desk;
    let whole = view::case(desk, &archive.view);
    let mut complaint: Map<String, Value> = match whole {
        Value::Object(members) => members.into_iter().filter(|(name, _)| GIVEN.contains(&name.as_str())).collect(),
        _ => Map::new(),
    };
    if let Some(Value::Array(letters)) = complaint.get_mut("letters") {
        letters.iter_mut().for_each(|letter| digests(letter, archive));
    }
    if let Some(identity) = &archive.view.identity {
        complaint.insert("identity".to_owned(), view::identity(identity));
    }
    let clocks = desk.explain_clocks(&bundle.counted).unwrap_or_default();
    let clocks: Vec<Value> = clocks
        .iter()
        .map(|one| json!({"rule": one.clock.rule, "round": one.clock.round, "explanation": one.explanation}))
        .collect();
    let left_out: Map<String, Value> =
        bundle.left_out.iter().map(|(why, count)| (why.code().to_owned(), json!(count))).collect();
    let mut data = json!({
        "exported_at": view::moment(desk.time().now()),
        "bundle": {"of": bundle.concern.kind(), "n": bundle.concern.number()},
        "check": bundle.check.iter().map(view::item).collect::<Vec<_>>(),
        "complaint": complaint,
        "events": view::entries(&archive.view),
        "rules": {
            "clocks": clocks,
            "windows": desk.windows(&bundle.counted).map(|counted| view::rights(desk, &counted)).unwrap_or_default(),
        },
        "left_out": left_out,
    });
    without_people(&mut data);
    view::without_nulls(data)
}

/// Says of a letter that is out what it hashes to as it was sent, and whether anything of it is withheld here.
fn digests(letter: &mut Value, archive: &Archive) {
    let number = letter.get("letter").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    let Some(sent) = number.and_then(|number| archive.sent.get(&number)) else { return };
    let words = letter.pointer("/issued/content").and_then(Value::as_str).unwrap_or_default();
    let given = desk::archive::digest(words);
    if let Some(members) = letter.as_object_mut() {
        members.insert("sha256".to_owned(), json!(given));
        members.insert("sha256_sent".to_owned(), json!(sent));
        members.insert("redacted".to_owned(), json!(given != *sent));
    }
}

/// Takes out what names people other than the customer. What is missing stands in `check`, said once.
fn without_people(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // The owner of a case is a unit and a person; that of a matter is the body.
            members.retain(|name, value| {
                let held = value.is_object() && ["owner", "first_owner"].contains(&name.as_str());
                !held && !PEOPLE.contains(&name.as_str()) && name != "missing"
            });
            members.values_mut().for_each(without_people);
        }
        Value::Array(list) => list.iter_mut().for_each(without_people),
        _ => {}
    }
}
