//! What is kept about a person on its way to them: a page for people in both languages, the data for programmes, and the
//! files. Who of our people did what is left out, and so are notes meant for colleagues.

use crate::api::view;
use crate::app::AppState;
use crate::problem::Failure;
use crate::{console, download};
use axum::response::Response;
use desk::queries::case::CaseView;
use desk::retention::SubjectData;
use desk::retention::subject::Ask;
use desk::{Caller, CaseRef};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Members of a case that say who of our people handled it, or how it was weighed inside.
const INSIDE: &[&str] = &[
    "owner",
    "first_owner",
    "proposal",
    "void_requested_by",
    "grading",
    "missing_for_close",
    "missing_for",
    "legal_holds",
    "compensation_waiting",
    "windows_missing",
    "holds",
    "merged_into",
    "merged",
    "links",
    "tracking_code",
    "complainant",
    "about_staff",
    "routed",
    "packs",
    "calendars",
];

/// Members of a compensation that say how it was weighed inside.
const INSIDE_COMPENSATION: &[&str] = &["reason", "remark", "within_authority"];

/// Members that say who of our people did something, wherever they stand.
const STAFF: &[&str] =
    &["by", "proposed_by", "decided_by", "asked_by", "placed_by", "lifted_by", "made_by", "instead_of"];

/// The person's data as an answer. What goes wrong after its beginning breaks it off.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn answer(app: &AppState, caller: &Caller, name: &CaseRef, ask: Ask) -> Result<Response, Failure> {
    let place = Arc::clone(&app.files).acquire_owned().await.map_err(|_| crate::problem::Why::TooSlow)?;
    let data = app.desk.subject_data(caller, name, ask).await?;
    let page = console::subject::page(app, caller, &data)?;
    let text = serde_json::to_string_pretty(&whole(app, &data)).unwrap_or_default();
    let file = data.cases.first().map(|view| view.case.number.clone()).unwrap_or_default();
    download::sent("person", &format!("person-{file}.zip"), "application/zip", move |out| {
        let _place = place;
        data.write(&page, &text, out)
    })
}

fn whole(app: &AppState, data: &SubjectData) -> Value {
    let case = |view: &CaseView| {
        let mut said = view::case(&app.desk, view);
        outward(&mut said);
        if let Some(object) = said.as_object_mut() {
            let number = &view.case.number;
            let files: Vec<&String> =
                data.files.iter().filter(|(of, _)| of == number).map(|(_, place)| place).collect();
            object.insert("files".to_owned(), json!(files));
        }
        said
    };
    json!({
        "exported_at": view::moment(app.desk.time().now()),
        "person": view::identity(&data.identity),
        "cases": data.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

/// Takes out of a case what is ours to know.
fn outward(said: &mut Value) {
    if let Some(object) = said.as_object_mut() {
        object.retain(|member, _| !INSIDE.contains(&member.as_str()));
        for one in object.get_mut("compensations").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(one) = one.as_object_mut() {
                one.retain(|member, _| !INSIDE_COMPENSATION.contains(&member.as_str()));
            }
        }
    }
    nameless(said);
}

/// Takes out who of our people did something.
fn nameless(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|member, _| !STAFF.contains(&member.as_str()));
            Map::values_mut(object).for_each(nameless);
        }
        Value::Array(list) => list.iter_mut().for_each(nameless),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compensation_names_nobody_of_ours_and_keeps_what_the_person_gets() {
        let by = json!({"id": "user:1", "name": "周敏"});
        let mut case = json!({
            "number": "TS-1",
            "compensations": [{
                "compensation": 1, "sum": {"value": "20.00", "currency": "CNY"}, "standing": "paid",
                "proposed_by": by, "decided_by": by, "reason": "周敏认为应补", "remark": "同意", "within_authority": true,
                "paid": {"at": "2026-07-03T00:00:00Z", "mode": "bill_credit"},
            }],
            "compensation_waiting": [{"rule": "r", "asked_by": "e"}],
            "legal_holds": [{"hold": 1, "reason": "周敏已起诉", "by": by}],
            "attachments": [{"id": "1", "by": by}],
            "letters": [{"issued": {"language": "zh", "by": by}}],
        });
        outward(&mut case);
        let paid = json!({"at": "2026-07-03T00:00:00Z", "mode": "bill_credit"});
        assert_eq!(
            case["compensations"],
            json!([{
                "compensation": 1, "sum": {"value": "20.00", "currency": "CNY"}, "standing": "paid", "paid": paid,
            }])
        );
        assert!(!case.to_string().contains("周敏"), "{case}");
        assert!(case.get("legal_holds").is_none() && case.get("compensation_waiting").is_none());
    }
}
