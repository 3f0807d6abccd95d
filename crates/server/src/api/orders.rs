//! `/orders`: work orders that lie with a unit, and rulings about whose cases of a kind are; and how orders and the ball's
//! ledger stand in a case.

use super::view::{Object, actor, moment, owner};
use super::{answer, view};
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::orders::{OrderFilter, OrderListed, RulingListed};
use desk::permissions;
use desk::queries::case::CaseView;
use domain::case::Case;
use domain::case::ball::Holder;
use domain::case::order::{Ownership, Ruling, WorkOrder};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use serde_json::{Value, json};

const LIST: &[Field] = &[
    optional("unit", Kind::Uuid, "The unit they lie with. Default: the caller's own."),
    optional("mine", Kind::Bool, "Only those the caller has taken."),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Orders a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

const RULINGS: &[Field] = &[required("category", Kind::Category, "Leaf of the category tree.")];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, operation, handler| Route {
        method: Method::Get,
        path,
        access: Access::Needs(permissions::READ_CASES),
        face: Face::Api,
        operation: Some(operation),
        handler,
    };
    let orders =
        Operation::get("list_orders", "Open work orders of a unit, the one due first first.", "Orders", "Orders");
    let rulings = Operation::get(
        "list_rulings",
        "Whose cases of a category were ruled to be, newest first.",
        "Orders",
        "Rulings",
    );
    vec![
        row("/api/v1/orders", Operation { query: LIST, ..orders }, get(list)),
        row("/api/v1/rulings", Operation { query: RULINGS, ..rulings }, get(rulings_of)),
    ]
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let unknown = |_| Refusal::from(Fault::new("unit", "bad_uuid"));
    let filter = OrderFilter {
        unit: text("unit").map(str::parse).transpose().map_err(unknown)?,
        mine: given.get("mine").and_then(Value::as_bool).unwrap_or(false),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after").map(str::to_owned),
    };
    let page = app.desk.orders(&caller, filter).await?;
    let items: Vec<Value> = page.items.iter().map(listed).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

fn listed(order: &OrderListed) -> Value {
    Object::default()
        .put("complaint", json!({"id": order.case.to_string(), "number": order.number}))
        .put_some("category", order.category.as_deref())
        .put_some("grade", order.grade.as_deref())
        .put("region", order.region.as_str())
        .put("order", order.order)
        .put("order_kind", order.kind.as_str())
        .put("standing", order.standing.as_str())
        .put("unit", order.unit.to_string())
        .put_some("user", order.user.map(|user| user.to_string()))
        .put("sent_at", moment(order.sent_at))
        .put_some("due_at", order.due_at.map(moment))
        .put("urged", order.urged)
        .put("late", order.late)
        .done()
}

async fn rulings_of(
    State(app): State<AppState>,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), RULINGS)?;
    let category = given.get("category").and_then(Value::as_str).unwrap_or_default();
    let shown = |ruling: &RulingListed| {
        json!({
            "complaint": {"id": ruling.case.to_string(), "number": ruling.number},
            "unit": ruling.unit.to_string(), "at": moment(ruling.at),
        })
    };
    let items: Vec<Value> = app.desk.rulings(&caller, category).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// An order of a case.
pub(super) fn order(order: &WorkOrder, view: &CaseView) -> Value {
    let visit = order.visit.map(|visit| {
        Object::default()
            .put("from", moment(visit.from))
            .put("to", moment(visit.to))
            .put_some("arrived_at", visit.arrived_at.map(moment))
            .put("missed", visit.missed)
            .put("arrive_by", moment(visit.arrive_by))
            .put("missed_after", moment(visit.missed_after))
            .done()
    });
    let extension = order.extension.map(|asked| {
        Object::default().put("by", actor(&asked.by, view)).put("reply_by", moment(asked.reply_by)).done()
    });
    Object::default()
        .put("order", order.id)
        .put("order_kind", order.kind.code())
        .put("standing", order.standing.code())
        .put("to", owner(&order.to, order.instead_of))
        .put("by", actor(&order.by, view))
        .put("sent_at", moment(order.sent_at))
        .put_text("task", Some(&order.task))
        .put_text("pre_treatment", order.pre_treatment.as_ref())
        .put_some("accept_by", order.accept_by.map(moment))
        .put_some("reply_by", order.reply_by.map(moment))
        .put_some("contact_by", order.contact_by.map(moment))
        .put_some("by_rule", by_rule(order))
        .put_some("part_of", order.part_of)
        .put("ruled", order.ruled)
        .put_some("accepted_at", order.accepted_at.map(moment))
        .put_some("ended_at", order.ended_at.map(moment))
        .put_some("refusal", order.ground.as_deref())
        .put_text("outcome", order.outcome.as_ref())
        .put_some("answered_by", order.answered_by.as_ref().map(|by| actor(by, view)))
        .put_text("progress", order.progress.as_ref())
        .put("urged", order.urged)
        .put("bounced", order.bounced)
        .put("handed_over", order.handed_over)
        .put_some("extension", extension)
        .put_some("visit", visit)
        .put("missed_visits", order.missed_visits)
        .put("late", order.late.iter().map(|limit| limit.code()).collect::<Vec<_>>())
        .done()
}

/// Limits of an order that rules of its case set.
fn by_rule(order: &WorkOrder) -> Option<Vec<Value>> {
    let set = order.by_rule.iter().map(|set| json!({"limit": set.limit.code(), "rule": set.rule}));
    Some(set.collect::<Vec<Value>>()).filter(|set| !set.is_empty())
}

/// The question whose case it is.
pub(super) fn ownership(open: &Ownership) -> Value {
    json!({"arbiter": open.arbiter.to_string(), "due_at": moment(open.due_at), "late": open.late})
}

/// How it was ruled.
pub(super) fn ruling(ruling: &Ruling, view: &CaseView) -> Value {
    Object::default()
        .put("unit", ruling.unit.to_string())
        .put_text("reason", Some(&ruling.reason))
        .put("at", moment(ruling.at))
        .put("by", actor(&ruling.by, view))
        .done()
}

/// Who held the ball up to the last entry: every span, what each had in all, and the age they add up to, in microseconds.
/// What has passed since then is the last holder's; the same version is always told alike.
pub(super) fn ball(case: &Case) -> Value {
    let now = case.changed_at;
    let holder = |holder: Holder| match holder {
        Holder::Unit(unit) => json!({"kind": "unit", "unit": unit.to_string()}),
        Holder::Customer => json!({"kind": "customer"}),
        Holder::ThirdParty => json!({"kind": "third_party"}),
    };
    let micros = |lasted: jiff::SignedDuration| i64::try_from(lasted.as_micros()).unwrap_or(i64::MAX);
    let spans: Vec<Value> = case
        .ball
        .spans()
        .iter()
        .map(|span| {
            Object::default()
                .put("holder", holder(span.holder))
                .put("status", span.state.code())
                .put("from", view::moment(span.from))
                .put_some("to", span.to.map(view::moment))
                .put("lasted", micros(span.lasted(now)))
                .done()
        })
        .collect();
    let by_holder = case.ball.by_holder(now);
    let by_holder: Vec<Value> =
        by_holder.into_iter().map(|(who, lasted)| json!({"holder": holder(who), "lasted": micros(lasted)})).collect();
    json!({
        "at": moment(now), "age": micros(case.ball.age(now)), "counted": micros(case.ball.counted(now)), "by_holder": by_holder,
        "spans": spans,
    })
}
