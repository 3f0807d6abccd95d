//! Shapes of answers about incidents, plans, network facts, products, users and key figures.

use super::answers::object;
use super::shapes::{list as list_of, moment, text, truth, uuid, whole};
use domain::incident::{Purpose, State};
use serde_json::{Value, json};

fn codes(codes: &[&str]) -> Value {
    json!({"type": "string", "enum": codes})
}

fn names() -> Value {
    object(json!({"zh": text(), "en": text()}))
}

fn counts() -> Value {
    object(json!({"waiting": whole(), "told": whole(), "ended": whole(), "left": whole()}))
}

fn standing() -> Value {
    codes(&["waiting", "told", "ended", "left"])
}

/// A page of incidents.
pub(super) fn incidents() -> Value {
    let one = object(json!({
        "id": uuid(), "number": text(), "version": whole(), "status": codes(State::CODES), "title": text(),
        "product": text(), "area": text(), "started_at": moment(), "restored_at": moment(), "changed_at": moment(),
        "case_counts": counts(), "standing": standing(),
    }));
    object(json!({"items": list_of(&one), "next": text()}))
}

/// An incident with its cases, wordings, plan and log.
pub(super) fn incident(case: &Value) -> Value {
    let wording = object(json!({
        "wording": whole(), "purpose": codes(Purpose::CODES), "zh": text(), "en": text(), "by": text(), "at": moment(),
        "approved": truth(), "decided_by": text(), "reason": text(),
    }));
    let role = object(json!({"role": text(), "title": names(), "user": uuid()}));
    let item = object(json!({
        "item": whole(), "role": text(), "title": names(), "within_minutes": whole(),
        "done": object(json!({"at": moment(), "by": text(), "evidence": text()})),
    }));
    object(json!({
        "id": uuid(), "number": text(), "version": whole(), "status": codes(State::CODES), "title": text(),
        "description": text(), "product": text(), "fact": uuid(), "area": text(), "started_at": moment(),
        "restored_at": moment(), "cause": text(), "owner": object(json!({"unit": uuid(), "user": uuid()})),
        "opened_at": moment(), "opened_by": text(), "changed_at": moment(), "wordings": list_of(&wording),
        "plan": object(json!({
            "id": text(), "version": whole(), "title": names(), "started_at": moment(), "started_by": text(),
            "roles": list_of(&role), "items": list_of(&item),
        })),
        "case_counts": counts(), "master": object(json!({"id": uuid(), "number": text()})),
        "cases": list_of(&object(json!({"standing": standing(), "complaint": case}))),
        "ending": object(json!({"at": moment(), "by": text(), "result": text()})),
        "log": list_of(&object(json!({"version": whole(), "at": moment(), "operation": text(), "by": text()}))),
    }))
}

/// Open cases near an incident.
pub(super) fn near() -> Value {
    let one = object(json!({
        "id": uuid(), "number": text(), "version": whole(), "region": text(), "product": text(),
        "received_at": moment(),
    }));
    object(json!({"from": moment(), "to": moment(), "items": list_of(&one)}))
}

/// A figure that need not be whole.
fn figure() -> Value {
    json!({"type": "number"})
}

fn decision() -> Value {
    object(json!({"by": text(), "at": moment()}))
}

/// What a suspected fault of a list has.
fn suspicion() -> Value {
    let decided = object(json!({"by": text(), "at": moment(), "why": codes(domain::burst::WHYS), "note": text()}));
    json!({
        "id": uuid(), "number": text(), "version": whole(), "status": codes(domain::burst::State::CODES),
        "goes_on": truth(),
        "region": {"type": "string", "description": "A province or city; empty for everywhere."},
        "category": {"type": "string", "description": "A leaf of the category tree; empty for everything, `-` for what nobody classified."},
        "product": {"type": "string", "description": "A product line, where one alone stands out or nearly all cases name it; nothing for all."},
        "first_region": {"type": "string", "description": "Where it was when it was first told, if it lies elsewhere by now."},
        "whole": {"type": "boolean", "description": "Whether the caller sees all of its place; who does not may look and decides nothing."},
        "began_at": moment(), "ended_at": moment(), "detected_at": moment(), "found_at": moment(),
        "count": {"type": "integer", "description": "The same person's within a day once."}, "copies": whole(),
        "expected": figure(), "growth": figure(), "log10_p": figure(),
        "needed_log10_p": {"type": "number", "description": "Below which it stands out here."},
        "dismissed_before": {"type": "integer", "description": "Dismissals here within thirty days that count."},
        "acknowledged": decision(), "decided": decided, "incident": uuid(),
    })
}

/// A page of suspected faults.
pub(super) fn bursts() -> Value {
    object(json!({"items": list_of(&object(suspicion())), "next": text()}))
}

/// A suspected fault with everything beside it.
pub(super) fn burst() -> Value {
    let proposed = object(json!({
        "incident": object(json!({
            "title": text(), "region": text(), "product": text(), "started_at": moment(), "fact": uuid(),
        })),
        "wording": object(json!({"purpose": codes(Purpose::CODES), "zh": text(), "en": text()})),
    }));
    let case = object(json!({
        "id": uuid(), "number": text(), "version": whole(), "region": text(), "category": text(),
        "received_at": moment(), "open": truth(),
    }));
    let mut one = suspicion();
    for (name, of) in [
        ("course", list_of(&object(json!({"from": moment(), "count": whole(), "expected": figure()})))),
        ("cases", list_of(&case)),
        ("facts", list_of(&object(with(said(), "id", uuid())))),
        ("log", list_of(&object(json!({"at": moment(), "operation": text(), "by": text()})))),
        ("proposal", proposed),
    ] {
        one = with(one, name, of);
    }
    object(one)
}

/// Phrases that rise.
pub(super) fn topics() -> Value {
    let one = object(json!({
        "category": text(), "phrase": text(), "persons": whole(), "persons_before": whole(), "expected": figure(),
        "strength": figure(), "cases": {"type": "array", "description": "Numbers of three that say it.", "items": text()},
    }));
    object(json!({
        "month": text(), "region": text(), "texts": whole(), "texts_before": whole(),
        "complete": {"type": "boolean", "description": "False where there were more texts than are read."},
        "made_at": moment(), "items": list_of(&one),
    }))
}

/// How a list of people to be told stands.
pub(super) fn recipients() -> Value {
    object(json!({
        "added": whole(), "known": whole(), "waiting": whole(), "exported": whole(),
        "sending": whole(), "sent": whole(), "delivered": whole(), "failed": whole(), "complained": whole(),
        "batches": list_of(&object(json!({"batch": whole(), "count": whole(), "at": moment()}))),
    }))
}

/// Numbers handed out.
pub(super) fn export() -> Value {
    object(json!({
        "batch": {"type": "integer", "description": "Number under which the same numbers can be taken out again while the incident is open."},
        "count": whole(),
        "csv": {"type": "string", "description": "number, language, words; one line each."},
    }))
}

/// A version of a plan.
pub(super) fn plan() -> Value {
    let person = || object(json!({"id": text(), "name": text()}));
    object(json!({
        "id": text(), "version": whole(), "title": names(), "state": codes(&["requested", "approved", "refused"]),
        "text": text(), "roles": list_of(&object(json!({"role": text(), "title": names()}))),
        "items": list_of(&object(json!({"role": text(), "title": names(), "within_minutes": whole()}))),
        "asked_by": person(), "asked_at": moment(), "decided_by": person(), "decided_at": moment(),
    }))
}

fn said() -> Value {
    json!({
        "source": text(), "number": text(), "fact": codes(domain::network::KINDS), "region": text(), "product": text(),
        "place": text(), "cell": text(), "from": moment(), "to": moment(), "users": whole(), "minutes_down": whole(),
        "note": text(), "withdrawn": truth(), "revision": whole(), "recorded_at": moment(), "recorded_by": text(),
    })
}

fn with(mut members: Value, name: &str, member: Value) -> Value {
    if let Some(object) = members.as_object_mut() {
        object.insert(name.to_owned(), member);
    }
    members
}

/// A page of facts.
pub(super) fn facts() -> Value {
    object(json!({"items": list_of(&object(with(said(), "id", uuid()))), "next": text()}))
}

/// A fact with what was said of it before.
pub(super) fn fact() -> Value {
    object(with(with(said(), "id", uuid()), "versions", list_of(&object(said()))))
}

/// What became of records.
pub(super) fn recorded() -> Value {
    object(json!({"new": whole(), "corrected": whole(), "same": whole(), "dry_run": truth(), "id": uuid()}))
}

/// Products by line, and stages.
pub(super) fn catalogue() -> Value {
    let one = object(json!({
        "code": text(), "line": text(), "title": names(), "since": text(), "until": text(), "revision": whole(),
        "recorded_at": moment(),
    }));
    let stage = object(json!({"stage": text(), "title": names(), "categories": list_of(&text())}));
    object(json!({"items": list_of(&one), "lines": list_of(&text()), "stages": list_of(&stage)}))
}

/// Users by month.
pub(super) fn exposures() -> Value {
    object(json!({"items": list_of(&object(json!({
        "month": text(), "region": text(), "users": whole(), "revision": whole(), "recorded_at": moment(),
    })))}))
}

/// Key figures of a period.
pub(super) fn kpis() -> Value {
    let target = object(json!({
        "bound": codes(&["at_least", "at_most"]), "value": text(), "basis": text(), "confidence": text(),
        "source": names(),
    }));
    let one = object(json!({
        "kpi": text(), "version": whole(), "title": names(), "figure": codes(&["share", "mean", "rate", "time"]),
        "value": {"type": "string", "description": "Percent, hours, or for so many users."},
        "missing": codes(&["cases", "users", "measurements"]), "previous": text(), "counted": whole(), "hits": whole(),
        "silent": whole(), "waits": whole(), "users": whole(), "formula": names(), "population": names(), "exclusions": names(),
        "source": names(), "within_minutes": whole(), "per": whole(), "target": target,
        "met": {"type": "boolean", "description": "Left out where the target is unverified: such judges nobody."},
        "cases": text(),
    }));
    object(json!({
        "period": text(), "from": text(), "to": text(), "area": text(), "made_at": moment(), "behind": whole(),
        "going_through": truth(), "items": list_of(&one),
    }))
}
