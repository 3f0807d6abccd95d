//! Shapes of answers about hot issues, problems and effects.

use super::answers::object;
use super::shapes::{list as list_of, moment, text, truth, uuid, whole};
use domain::problem::effect::{Exposure, Verdict};
use domain::problem::{Standing, State};
use serde_json::{Value, json};

fn codes(codes: &[&str]) -> Value {
    json!({"type": "string", "enum": codes})
}

fn day() -> Value {
    json!({"type": "string", "format": "date"})
}

/// A figure, or what is missing for one.
fn figure() -> Value {
    object(json!({"value": text(), "missing": text()}))
}

/// The hot issues of a month; `case` is a case of a list.
pub(super) fn hot_issues(case: &Value) -> Value {
    let issue = object(json!({
        "category": text(), "count": whole(), "share": figure(), "previous": whole(), "month_on_month": figure(),
        "last_year": whole(), "year_on_year": figure(), "per_10k": figure(), "wording": list_of(case),
        "causes": list_of(&object(json!({"cause": text(), "count": whole()}))),
        "problems": list_of(&object(json!({"id": uuid(), "title": text(), "status": codes(State::CODES)}))),
    }));
    object(json!({
        "month": text(), "from": text(), "to": text(), "area": text(), "made_at": moment(), "behind": whole(),
        "going_through": truth(), "subscribers": whole(), "total": whole(), "items": list_of(&issue),
    }))
}

fn owner() -> Value {
    object(json!({"unit": uuid(), "user": uuid()}))
}

/// A page of problems.
pub(super) fn list() -> Value {
    let one = object(json!({
        "id": uuid(), "number": text(), "version": whole(), "status": codes(State::CODES), "title": text(),
        "category": text(), "area": text(), "owner": owner(), "due": day(), "overdue": truth(), "opened_at": moment(),
        "changed_at": moment(),
    }));
    object(json!({"items": list_of(&one), "next": text()}))
}

/// A problem with its cases, measures and log.
pub(super) fn one(case: &Value) -> Value {
    let action = object(json!({
        "action": whole(), "what": text(), "owner": owner(), "due": day(), "overdue": truth(),
        "standing": codes(Standing::CODES), "reported_by": text(), "decided_by": text(), "remark": text(),
        "report": object(json!({
            "evidence": text(), "effective_on": day(),
            "proof": object(json!({"complaint": uuid(), "attachment": uuid()})),
        })),
    }));
    object(json!({
        "id": uuid(), "number": {"type": "string", "description": "What people call it by: WT-2026-0007."},
        "version": whole(), "status": codes(State::CODES), "title": text(), "description": text(),
        "category": text(), "area": text(), "hot_in": text(), "owner": owner(), "opened_at": moment(),
        "opened_by": text(), "changed_at": moment(),
        "analysis": object(json!({
            "whys": list_of(&text()), "cause": text(), "customer_wording": text(), "script": text(),
            "internal_fix": text(),
        })),
        "case_count": {"type": "integer", "description": "Linked cases the caller may see."},
        "cases": list_of(case),
        "cases_next": {"type": "string", "description": "Where the next hundred begin, as `cases_after`."}, "actions": list_of(&action),
        "ending": object(json!({
            "at": moment(), "by": text(), "said": text(), "effect": check(),
        })),
        "log": list_of(&object(json!({"version": whole(), "at": moment(), "operation": text(), "by": text()}))),
    }))
}

fn check() -> Value {
    let month = object(json!({"month": text(), "count": whole(), "exposure": whole()}));
    object(json!({
        "exposure": codes(Exposure::CODES), "before": list_of(&month), "left_out": list_of(&text()),
        "after": list_of(&month),
        "expected": {"type": "string", "description": "Cases to expect after, had nothing changed."},
        "ratio": object(json!({
            "ratio": {"type": "string", "description": "Rate after divided by rate before."},
            "low": {"type": "string", "description": "Lower end of the interval of 95 %."},
            "high": {"type": "string", "description": "Upper end."},
            "dispersion": {"type": "string", "description": "How much more the months vary than chance; docs/improvement.md."},
        })),
        "verdict": codes(Verdict::CODES),
    }))
}

/// A check as it stands now.
pub(super) fn effect() -> Value {
    object(json!({
        "category": text(), "area": text(), "effective_on": list_of(&day()), "behind": whole(),
        "going_through": truth(), "made_at": moment(), "check": check(),
    }))
}
