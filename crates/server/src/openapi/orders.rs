//! Shapes of answers about work orders and the ball's ledger.

use super::answers::object;
use super::shapes::{list, moment, text, truth, uuid, whole};
use serde_json::{Value, json};

fn kind() -> Value {
    json!({"type": "string", "enum": domain::case::order::OrderKind::CODES})
}

fn by() -> Value {
    object(json!({"id": text(), "name": text()}))
}

fn case() -> Value {
    object(json!({"id": uuid(), "number": text()}))
}

/// What a case says of its orders.
pub(super) fn of_complaint() -> Value {
    let limit =
        json!({"type": "string", "enum": domain::case::order::Limit::ALL.map(domain::case::order::Limit::code)});
    let said = |what: &str| json!({"type": "string", "format": "date-time", "description": what});
    let mut by_rule = list(&object(json!({"limit": limit, "rule": text()})));
    if let Some(described) = by_rule.as_object_mut() {
        let words = "Limits that rules of the case set (`[[order_limit]]` of its packs). What was asked for comes first, then the rules, then the case's own limit, which none reaches beyond; a rule whose moment has passed binds nothing. Sending, booking a visit, approving a supervision and bouncing an answer count anew.";
        described.insert("description".to_owned(), json!(words));
    }
    let visit = object(json!({
        "from": moment(), "to": moment(), "arrived_at": moment(), "missed": truth(),
        "arrive_by": moment(), "missed_after": moment(),
    }));
    let mut order = json!({
        "order": whole(), "order_kind": kind(), "standing": text(),
        "to": object(json!({"unit": uuid(), "user": uuid(), "instead_of": uuid()})),
        "by": by(), "sent_at": moment(), "task": text(), "pre_treatment": text(),
        "accept_by": said("To be taken up by, where somebody asked for it or a rule says so."),
        "reply_by": said("To be answered by, never after the case's own limit; a copy has none."), "part_of": whole(), "ruled": truth(), "accepted_at": moment(), "ended_at": moment(),
    });
    let rest = json!({
        "refusal": text(), "outcome": text(), "answered_by": by(), "progress": text(), "urged": whole(),
        "bounced": whole(), "handed_over": whole(), "extension": object(json!({"by": by(), "reply_by": moment()})),
        "contact_by": said("Of a visit: the customer is called and the visit agreed by."), "by_rule": by_rule, "visit": visit, "missed_visits": whole(), "late": list(&text()),
    });
    if let (Some(order), Value::Object(rest)) = (order.as_object_mut(), rest) {
        order.extend(rest);
    }
    let holder = object(json!({
        "kind": {"type": "string", "enum": ["unit", "customer", "third_party"]}, "unit": uuid(),
    }));
    let micros = json!({"type": "integer", "description": "Microseconds."});
    json!({
        "orders": list(&object(order)),
        "ownership": object(json!({"arbiter": uuid(), "due_at": moment(), "late": truth()})),
        "rulings": list(&object(json!({"unit": uuid(), "reason": text(), "at": moment(), "by": by()}))),
        "ball": object(json!({
            "at": moment(), "age": micros, "counted": micros,
            "by_holder": list(&object(json!({"holder": holder, "lasted": micros}))),
            "spans": list(&object(json!({
                "holder": holder, "status": text(), "from": moment(), "to": moment(), "lasted": micros,
            }))),
        })),
    })
}

/// A page of orders.
pub(super) fn orders() -> Value {
    let order = object(json!({
        "complaint": case(), "category": text(), "grade": text(), "region": text(), "order": whole(),
        "order_kind": text(), "standing": text(), "unit": uuid(), "user": uuid(), "sent_at": moment(),
        "due_at": moment(), "urged": whole(), "late": truth(),
    }));
    object(json!({"items": list(&order), "next": text()}))
}

/// A page of calls to customers.
pub(super) fn call_backs() -> Value {
    let tries = list(&object(json!({"at": moment(), "outcome": text()})));
    let call = object(json!({
        "complaint": case(), "for": {"type": "string", "enum": desk::call_backs::For::CODES}, "promise": whole(), "what": text(), "name": text(), "phone": text(),
        "due_at": moment(), "next_at": moment(), "late": truth(), "tries": tries,
        "hours_today": list(&object(json!({"from": moment(), "to": moment()}))), "another_day": moment(),
        "region": text(), "owner": object(json!({"unit": uuid(), "user": uuid(), "instead_of": uuid()})),
    }));
    object(json!({"items": list(&call), "next": text()}))
}

/// The ledger of a span of months.
pub(super) fn ledger() -> Value {
    let line = object(json!({
        "month": text(), "value": text(), "millis": whole(), "working_millis": whole(), "spans": whole(),
    }));
    object(json!({
        "from": text(), "to": text(), "behind": whole(), "going_through": truth(), "items": list(&line),
    }))
}

/// Rulings about a category.
pub(super) fn rulings() -> Value {
    object(json!({"items": list(&object(json!({"complaint": case(), "unit": uuid(), "at": moment()})))}))
}
