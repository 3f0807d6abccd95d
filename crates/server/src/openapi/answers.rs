//! Shapes of answers.

use super::{
    administration, masses, messages, models, notices, orders, problems, remedies, retention, routing, sign_in,
    webhooks,
};
use serde_json::{Map, Value, json};

pub(super) fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn items(of: &Value) -> Value {
    object(json!({"items": {"type": "array", "items": of}}))
}

/// What every receipt and every case says, so that programmes need not ask whether it is there.
const ALWAYS: &[&str] = &[
    "id",
    "number",
    "status",
    "version",
    "kind",
    "grade",
    "severity",
    "urgency",
    "owner",
    "first_owner",
    "received_at",
    "registered_at",
    "changed_at",
    "clocks",
];

/// An object some members of which are always there.
fn always(mut described: Value, names: &[&str]) -> Value {
    if let Some(object) = described.as_object_mut() {
        object.insert("required".to_owned(), json!(names));
    }
    described
}

/// What attaching answers: the file, and the version of the case after it.
fn attached(attachment: Value, whole: &Value) -> Value {
    let mut described = object(attachment);
    if let Some(properties) = described.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("version".to_owned(), whole.clone());
    }
    described
}

/// What the operator's customer system says.
fn customers() -> Value {
    let text = json!({"type": "string"});
    object(json!({
        "answers": {"type": "boolean", "description": "Whether the customer system answered in time."},
        "items": {"type": "array", "items": object(json!({
            "name": text, "star": {"type": "integer"},
            "level": {"type": "string", "description": "Level in the words of that system, where it is no star."},
            "segment": {"type": "string", "enum": domain::intake::SEGMENTS}, "region": text,
            "vulnerable": {"type": "array", "items": {"type": "string", "enum": domain::intake::VULNERABILITIES}},
            "subscriptions": {"type": "array", "description": "Missing where they could not be read.", "items": object(json!({
                "number": text, "product": {"type": "string", "enum": domain::intake::PRODUCTS}, "plan": text,
                "since": {"type": "string", "format": "date"},
                "standing": {"type": "string", "enum": ["active", "suspended", "pending", "ended"]},
            }))},
        }))},
    }))
}

/// The board: the same tally of everything, of units, grades and people.
fn board(listed: &Value) -> Value {
    let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
    let moment = json!({"type": "string", "format": "date-time"});
    let tally = |name: &str| {
        let mut one =
            json!({"open": whole, "untouched": whole, "late": whole, "due_soon": whole, "first_due_at": moment});
        if let (Some(members), false) = (one.as_object_mut(), name.is_empty()) {
            members.insert(name.to_owned(), text.clone());
        }
        object(one)
    };
    let list = |of: Value| json!({"type": "array", "items": of});
    let spans = list(object(json!({"from": moment, "until": moment, "count": whole})));
    let first = list(listed.clone());
    let pressing = object(json!({"count": whole, "first": first}));
    object(json!({
        "waits_for": object(json!({"customer": whole, "others": whole})),
        "time_left": spans, "red_line": pressing, "escalated": pressing,
        "received_by_hour": object(json!({"today": spans, "a_week_ago": spans})),
        "at": moment, "due_soon_until": moment, "all": tally(""), "units": list(tally("unit")),
        "grades": list(tally("grade")), "people": list(tally("user")),
        "categories": list(object(json!({"category": text, "open": whole}))),
        "received": object(json!({"today": whole, "a_week_ago_by_now": whole, "a_week_ago": whole})),
    }))
}

/// Every answer's schema by name.
pub(super) fn schemas() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let moment = json!({"type": "string", "format": "date-time"});
    let uuid = json!({"type": "string", "format": "uuid"});
    let whole = json!({"type": "integer"});
    let truth = json!({"type": "boolean"});
    let names = object(json!({"zh": text, "en": text}));
    let owner = object(json!({"unit": uuid, "user": uuid, "instead_of": uuid}));
    let clock = object(json!({
        "rule": text, "kind": text, "owner": text, "round": whole, "from": moment, "due_at": moment,
        "ended_at": moment,
        "state": {"type": "string", "enum": ["running", "paused", "overdue", "ran_out", "met", "missed", "moot"]},
    }));
    let activation = object(json!({
        "id": uuid, "kind": text, "rules": text, "version": text, "hash": text, "effective_from": text, "note": text,
        "state": {"type": "string", "enum": ["requested", "active", "refused", "withdrawn"]},
        "requested_by": object(json!({"id": text, "name": text})), "requested_at": moment,
        "decided_by": object(json!({"id": text, "name": text})), "decided_at": moment, "holds_at": moment,
        "looked": whole, "moved": whole, "recounted_at": moment, "remarks": routing::remarks(),
    }));
    let effect = object(json!({
        "count": whole, "cases": {
            "type": "array", "items": text, "description": "Numbers of the newest cases, at most a thousand.",
        },
    }));
    let receipt = json!({
        "id": uuid, "number": text, "tracking_code": text, "status": text, "version": whole, "kind": text,
        "category": text, "grade": text, "severity": text, "urgency": text, "owner": owner, "first_owner": owner,
        "received_at": moment, "registered_at": moment, "changed_at": moment, "closed_at": moment,
        "clocks": {"type": "array", "items": clock},
    });
    let missing = json!({"type": "array", "description": "What a bundle for the body would lack today.", "items": object(json!({
        "item": {"type": "string", "enum": domain::case::bundle_check::What::CODES},
        "rule": text, "element": text, "stage": text, "next": truth,
        "standing": {"type": "string", "enum": ["missing", "missed"]}, "at": moment,
    }))});
    let mut complaint = receipt.clone();
    let more = json!({
        "windows": {"type": "array", "items": object(json!({
            "rule": text, "title": names, "layer": text, "basis": text, "confidence": text, "opens_at": moment,
            "closes_at": moment, "state": {"type": "string", "enum": ["upcoming", "open", "closed"]},
        }))},
        "windows_missing": {"type": "array", "items": text, "description": "Fields to fill in before more windows can be counted."},
        "received_on": {"type": "string", "format": "date", "description": "Local date of first receipt; it chooses the versions of the packs."},
        "packs": {"type": "array", "items": object(json!({
            "id": text, "version": text, "hash": text, "layer": text, "title": names, "valid_from": text,
            "activation": activation,
        }))},
        "calendars": {"type": "array", "items": object(json!({
            "id": text, "version": text, "hash": text, "activation": activation,
        }))},
        "grading": object(json!({"row": text, "raised_by": {"type": "array", "items": text}, "by_hand": truth})),
        "accept_channel": text, "submit_channel": text, "subject": text, "description": text, "demand": text,
        "pre_treatment": text, "subject_request": text, "device": text, "occurred_at": moment, "contract_document_at": moment,
        "promised_at": moment, "restored_at": moment, "about_staff": uuid, "routed": routing::routed(),
        "region": text, "place": {"type": "object"}, "amount": object(json!({"value": text, "currency": text})),
        "external": {"type": "array", "items": object(json!({"owner": text, "number": text}))},
        "complainant": {"type": "object", "description": "Masked unless revealed."},
        "subscription": {"type": "object", "description": "Masked unless revealed."},
        "assessment": {"type": "object"}, "round": whole, "proposal": {"type": "object"}, "reply": {"type": "object"},
        "cause": text, "satisfaction_asked": truth, "satisfaction": {"type": "object"}, "confirmed": truth,
        "missing_for_close": {"type": "array", "items": {"type": "object"}},
        "missing_for": {"type": "object", "description": "What is missing before the case may be declined, withdrawn or made void, by the door."},
        "erased": truth,
    });
    let attachment = json!({
        "id": uuid, "name": text, "media": text, "size": whole, "digest": text, "note": text, "attached_at": moment,
        "by": object(json!({"id": text, "name": text})),
    });
    let mut compensation = object(json!({
        "compensation": whole, "sum": object(json!({"value": text, "currency": text})),
        "rule": text, "counted": {"type": "object", "description": "What the sum was counted from."},
        "reason": text, "proposed_by_rule": text, "proposed_by": object(json!({"id": text, "name": text})), "proposed_at": moment,
        "within_authority": truth, "decided_by": object(json!({"id": text, "name": text})), "decided_at": moment,
        "remark": text, "pay_by": moment, "overdue": truth,
        "paid": object(json!({"at": moment, "mode": text, "reference": text})),
        "lines": object(json!({
        "zh": {"type": "array", "items": text}, "en": {"type": "array", "items": text},
        })),
        "explanation": {"type": "object", "description": "Rule, days, rates, what was left out, cap and sums."},
    }));
    let members = compensation.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(members), Value::Object(more)) = (members, remedies::of_compensation()) {
        members.extend(more);
    }

    let tied = json!({"type": "string", "description": "Its number; — when the caller does not see that case."});
    let later = json!({
        "attachments": {"type": "array", "items": object(attachment.clone())},
        "urged": whole, "disputes": whole, "progress_at": moment, "suspension": {"type": "object"},
        "progress_agreed": object(json!({
            "hours": whole, "nothing": {"type": "boolean"}, "at": moment, "note": text,
        })),
        "promises": {"type": "array", "items": {"type": "object"}},
        "contacts": {"type": "array", "items": object(json!({"at": moment, "outcome": text, "promise": whole}))},
        "unreachable_since": moment,
        "tried": object(json!({
            "rule": text, "need": whole, "distinct_days": {"type": "boolean"}, "made": whole,
            "days": {"type": "array", "items": {"type": "string", "format": "date"}},
        })),
        "readings": {"type": "array", "description": "Words laid before a second reader.", "items": object(json!({
            "reading": whole, "paper": text, "letter": text, "language": text, "standing": text, "content": text,
            "written_by": object(json!({"id": text, "name": text})), "written_at": moment,
            "read_by": object(json!({"id": text, "name": text})), "read_at": moment, "remark": text,
        }))},
        "void_requested_by": {"type": "object"}, "merged_into": object(json!({"id": uuid, "number": tied})),
        "merged": {"type": "array", "items": object(json!({"id": uuid, "number": tied, "answered_at": moment}))},
        "matters": {"type": "array", "items": object(json!({
            "matter": whole, "owner": text, "number": text, "request": text, "stage": text, "owes_feedback": truth,
            "fed_back_at": moment, "steps": {"type": "array", "items": object(json!({
                "stage": text, "at": moment, "result": text, "document": uuid, "reference": text,
            }))}, "missing": missing,
        }))},
        "letters": {"type": "array", "items": object(json!({
            "letter": whole, "rule": text, "title": names, "languages": {"type": "array", "items": text},
            "owed_since": moment, "owed_by": text, "binding": truth, "done": truth,
            "open": {"type": "boolean", "description": "Whether it is still to be seen to: owed, and nothing has done for it."},
            "delivered_at": moment,
            "issued": object(json!({
                "language": text, "medium": text, "at": moment, "content": text, "by": {"type": "object"},
            })),
        }))},
        "holds": {"type": "array", "items": object(json!({
            "rule": text, "holds": {"type": "array", "items": text}, "placed_at": moment, "lifted_at": moment,
        }))},
        "legal_holds": {"type": "array", "items": object(json!({
            "hold": whole, "reason": text, "placed_at": moment, "by": {"type": "object"}, "lifted_at": moment,
        }))},
        "routes": {"type": "array", "items": object(json!({"route": text, "opened_at": moment}))},
        "referrals": {"type": "array", "items": object(json!({
            "referral": whole, "route": text, "number": text, "stage": text, "owner": text,
            "next": {"type": "array", "items": text},
            "steps": {"type": "array", "items": object(json!({
                "stage": text, "at": moment, "document": uuid, "reference": text,
            }))}, "missing": missing,
        }))},
        "compensations": {"type": "array", "items": compensation},
        "conversions": {"type": "array", "items": object(json!({
            "rule": text, "from": text, "to": text, "at": moment,
        }))},
        "compensation_waiting": {"type": "array", "items": object(json!({
            "rule": text, "asked_by": text, "missing": {"type": "array", "items": text}, "proposed_up_to": moment,
        }))},
        "links": {"type": "array", "items": object(json!({"id": uuid, "number": text, "relation": text}))},
        "incident": object(json!({
            "id": uuid, "number": text, "master": truth, "joined_at": moment, "told_at": moment,
        })),
    });
    let together = orders::of_complaint();
    if let (Some(complaint), Value::Object(said)) = (complaint.as_object_mut(), remedies::of_complaint()) {
        complaint.extend(said);
    }
    if let (Some(complaint), Value::Object(more), Value::Object(later), Value::Object(together)) =
        (complaint.as_object_mut(), more, later, together)
    {
        complaint.extend(more);
        complaint.extend(later);
        complaint.extend(together);
    }
    let complaint = always(object(complaint), ALWAYS);
    let listed = object(json!({
        "id": uuid, "number": text, "status": text, "version": whole, "kind": text, "category": text, "grade": text,
        "accept_channel": text, "subject": text, "owner": owner, "region": text, "received_at": moment,
        "closed_at": moment, "due": object(json!({"rule": text, "due_at": moment})),
    }));
    let report_case = listed.clone();
    let entry = object(json!({
        "version": whole, "at": moment, "actor": object(json!({"id": text, "name": text})), "operation": text,
        "events": {"type": "array", "items": {"type": "object"}},
    }));
    let problem = object(json!({
        "type": text, "title": text, "status": whole, "detail": text, "code": text, "way_out": text,
        "errors": {"type": "array", "items": object(json!({"field": text, "code": text, "detail": text}))},
        "current_version": whole,
        "changes": {"type": "array", "items": object(json!({"version": whole, "operation": text, "at": moment}))},
    }));
    let tree = object(json!({"code": text, "name": names, "children": {"type": "array", "items": {"type": "object"}}}));
    let unit = object(json!({
        "id": uuid, "parent": uuid, "code": text, "name": text, "region": text, "area": text, "closed": truth,
        "duties": {"type": "array", "items": text},
    }));
    let user = object(json!({
        "id": uuid, "username": text, "name": text, "role": text, "unit": uuid, "region": text, "area": text,
        "disabled": truth, "skills": {"type": "array", "items": text}, "email": text, "bounced": text, "absent_until": moment, "deputy": uuid,
    }));
    let mut found = listed.clone();
    if let Some(properties) = found.get_mut("properties").and_then(Value::as_object_mut) {
        let parts = json!({"type": "array", "items": object(json!({"text": text, "hit": truth}))});
        let snippet = object(json!({"field": text, "parts": parts}));
        properties.insert("snippets".to_owned(), json!({"type": "array", "items": snippet}));
    }
    let mut page = items(&found);
    if let Some(properties) = page.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("next".to_owned(), text.clone());
        properties.insert("complete".to_owned(), truth.clone());
        let counted = json!({"type": "array", "items": object(json!({"value": text, "count": whole}))});
        let facets = desk::search::facets::Facet::CODES.iter().map(|code| ((*code).to_owned(), counted.clone()));
        properties.insert("facets".to_owned(), object(Value::Object(facets.collect())));
    }
    [
        ("Receipt", always(notices::with_warnings(receipt), ALWAYS)),
        ("Revealed", object(json!({"identity": {"type": "object"}, "complaint": complaint, "events": {"type": "array", "items": entry}}))),
        ("Customers", customers()),
        ("Attachments", items(&object(attachment.clone()))),
        ("Attachment", attached(attachment, &whole)),
        ("Complaint", complaint),
        ("Page", page),
        (
            "Persons",
            items(&object(json!({
                "person": uuid, "name": text,
                "restricted": {"type": "boolean", "description": "True where a waiting request of theirs restricts the use of their data: only such requests are listed."},
                "complaints": {"type": "array", "items": object(json!({
                    "number": text, "status": text, "category": text, "received_at": moment,
                }))},
            }))),
        ),
        ("Entries", items(&entry)),
        (
            "Checked",
            object(json!({
                "customer": customers(),
                "faults": {"type": "array", "items": object(json!({"field": text, "code": text, "detail": text}))},
                "repeat_count": whole,
                "suggestion": object(json!({
                    "by": {"type": "string", "description": "To be given as `suggested_by` when registering."},
                    "sure": truth,
                    "categories": {"type": "array", "items": object(json!({
                        "category": text, "words": {"type": "array", "items": text},
                        "per_mille": {"type": "integer", "description": "How likely it is, in thousandths; a word list does not say."},
                    }))},
                    "cues": {"type": "array", "items": object(json!({
                        "cue": text, "words": {"type": "array", "items": text},
                    }))},
                    "units": super::models::options("unit", &super::models::named_unit(), "Units that may answer; the table of routing decides."),
                    "grades": super::models::options("grade", &text, "Grades it may have in the end; the rules decide."),
                })),
                "comes_to": super::models::named_unit(),
                "clocks": {"type": "array", "items": object(json!({"rule": text, "due_at": moment}))},
                "duplicates": {"type": "array", "items": object(json!({
                    "number": text, "status": text, "category": text, "received_at": moment, "open": truth,
                    "why": {"type": "array", "items": text, "description": "Fields of the body by which it was found."},
                    "alike": {"type": "integer", "description": "How nearly it says the same, in per cent."},
                }))},
            })),
        ),
        (
            "HandoffReceipt",
            object(json!({
                "receipt": text, "case": uuid, "number": text, "attached": truth, "suggested": {
                    "type": "array", "items": text,
                    "description": "Numbers of cases under the same telephone that may be the same matter and were left alone.",
                }, "received_at": moment,
                "recorded_at": moment, "owner": text, "external": text, "handed_at": moment,
            })),
        ),
        (
            "Accesses",
            items(&object(json!({"at": moment, "actor": text, "purpose": text, "reason": text, "extent": text, "restricted": {"type": "array", "items": text}}))),
        ),
        (
            "Explanations",
            items(&object(json!({
                "rule": text, "round": whole, "from": moment, "due_at": moment, "lines": {"type": "array", "items": text},
                "explanation": {"type": "object", "description": "Rule, version, calendar, days counted and skipped."},
            }))),
        ),
        (
            "GradeExplained",
            object(json!({
                "grade": text, "severity": text, "urgency": text, "row": text, "reason": names, "by_hand": truth,
                "raised_by": {"type": "array", "items": object(json!({
                    "rule": text, "reason": names, "basis": text, "confidence": text, "source": text,
                }))},
                "changes": {"type": "array", "items": object(json!({
                    "severity": text, "urgency": text, "grade": text,
                }))},
                "packs": {"type": "array", "items": object(json!({"id": text, "version": text, "hash": text}))},
            })),
        ),
        ("Erased", object(json!({"person": uuid, "erased": truth, "certificate": whole}))),
        ("Categories", items(&tree)),
        ("Causes", items(&tree)),
        (
            "Packs",
            items(&object(json!({
                "id": text, "version": text, "title": names, "layer": text, "status": text, "hash": text,
                "valid_from": text, "calendar": text,
                "notes": {"type": "array", "items": names},
                "sources": {"type": "array", "items": object(json!({"id": text, "title": names}))},
                "clocks": {"type": "array", "items": object(json!({
                    "rule": text, "title": names, "kind": text, "layer": text, "basis": text, "confidence": text,
                    "source": text,
                }))},
                "windows": {"type": "array", "items": object(json!({
                    "rule": text, "title": names, "owner": text, "from": text, "layer": text, "basis": text,
                    "confidence": text, "source": text,
                }))},
            }))),
        ),
        (
            "WhatIf",
            object(json!({
                "kind": text, "rules": text, "version": text, "since": {"type": "string", "format": "date"},
                "cases": whole, "changed": whole, "no_say": whole, "untold": whole, "not_judged": whole,
                "complete": {
                    "type": "boolean", "description": "False when time was up; then cases before `reached` were not looked at.",
                },
                "reached": moment, "grades": effect,
                "effects": {"type": "array", "items": object(json!({
                    "rule": text, "title": names, "moved": effect, "new": effect, "gone": effect, "breached": effect,
                    "saved": effect,
                }))},
            })),
        ),
        ("Activations", items(&activation)),
        ("Activation", activation),
        (
            "Me",
            object(json!({
                "actor": text, "name": text, "role": text, "region": text, "unit": uuid,
                "scopes": {"type": "array", "items": text}, "permissions": {"type": "array", "items": text},
            })),
        ),
        ("Units", items(&unit)),
        ("Unit", unit),
        ("Users", items(&user)),
        ("User", user),
        ("NewUser", object(json!({"username": text, "one_time_password": text}))),
        ("SignIn", sign_in::one()),
        ("SecondFactorRoles", sign_in::roles()),
        (
            "Absences",
            items(&object(json!({"id": uuid, "user": uuid, "deputy": uuid, "from": moment, "until": moment}))),
        ),
        ("Notices", notices::listed()),
        ("Followers", notices::followers()),
        ("Presence", notices::presence()),
        ("NoticeChoices", notices::choices()),
        (
            "Jobs",
            items(&object(json!({
                "id": uuid, "kind": text, "key": text, "run_at": moment, "attempts": whole, "error": text,
                "dead": truth, "created_at": moment,
            }))),
        ),
        (
            "Reports",
            object(json!({
                "items": {"type": "array", "items": object(json!({
                    "id": text, "title": names, "note": names, "period": text, "last_period": text,
                    "rules": {"type": "array", "items": text},
                }))},
                "filings": {"type": "array", "items": object(json!({
                    "rule": text, "title": names, "to": names, "layer": text, "period": text, "note": names,
                    "applies": truth, "report": text, "next_period": text, "due_at": moment,
                }))},
            })),
        ),
        (
            "Report",
            object(json!({
                "id": text, "title": names, "note": names, "period": text, "from": text, "to": text, "area": text,
                "first_month": text,
                "made_at": moment, "behind": whole, "going_through": truth,
                "tables": {"type": "array", "items": object(json!({
                    "id": text, "title": names, "by": text,
                    "columns": {"type": "array", "items": object(json!({
                        "column": text, "title": names, "definition": names, "source": names,
                    }))},
                    "rows": {"type": "array", "items": object(json!({
                        "key": text, "fix": object(json!({"cause": text, "count": whole})),
                        "wording": {"type": "array", "items": report_case},
                        "cells": {"type": "array", "items": object(json!({
                            "column": text, "value": text, "missing": text, "cases": text,
                        }))},
                    }))},
                }))},
            })),
        ),
        ("Webhooks", webhooks::webhooks()),
        ("WebhookSecret", webhooks::secret()),
        ("DeadLetters", webhooks::dead_letters()),
        ("Resent", webhooks::resent()),
        ("Remedies", remedies::remedies()),
        ("SimilarCases", remedies::similar_cases()),
        ("SimilarRemedies", remedies::similar()),
        ("Instructions", remedies::instructions()),
        ("Sent", remedies::sent()),
        ("Confirmed", remedies::confirmed()),
        ("Billing", remedies::billing()),
        ("SurveyLink", remedies::link()),
        ("SurveyRates", remedies::rates()),
        ("HotIssues", problems::hot_issues(&report_case)),
        ("ProblemRecords", problems::list()),
        ("ProblemRecord", problems::one(&report_case)),
        ("ProblemEffect", problems::effect()),
        ("Incidents", masses::incidents()),
        ("Incident", masses::incident(&report_case)),
        ("NearCases", masses::near()),
        ("Recipients", masses::recipients()),
        ("RecipientsExport", masses::export()),
        ("EmergencyPlans", items(&masses::plan())),
        ("EmergencyPlan", masses::plan()),
        ("Bursts", masses::bursts()),
        ("Burst", masses::burst()),
        ("Topics", masses::topics()),
        ("NetworkFacts", masses::facts()),
        ("NetworkFact", masses::fact()),
        ("Recorded", masses::recorded()),
        ("Catalogue", masses::catalogue()),
        ("Exposures", masses::exposures()),
        ("Kpis", masses::kpis()),
        ("Orders", orders::orders()),
        ("CallBacks", orders::call_backs()),
        ("Wordings", items(&messages::wording())),
        ("Wording", messages::wording()),
        ("Rulings", orders::rulings()),
        ("RoutingExplained", routing::explained()),
        ("RoutingDryRun", routing::dry_run()),
        ("Ledger", orders::ledger()),
        ("Retention", retention::schedule()),
        ("DryRun", retention::dry_run()),
        ("ErasurePlans", items(&retention::plan())),
        ("ErasurePlan", retention::plan()),
        ("Certificates", items(&retention::certificate())),
        ("Certificate", retention::certificate()),
        (
            "BulkRun",
            object(json!({
                "id": uuid, "operation": text, "dry_run": truth, "undoes": uuid, "at": moment, "ended_at": moment,
                "total": whole,
                "counts": object(json!({
                    "done": whole, "ready": whole, "refused": whole, "not_found": whole, "not_reached": whole,
                })),
                "undo": object(json!({"possible": truth, "code": text, "detail": text})),
                "items": {"type": "array", "items": object(json!({
                    "named": text, "complaint": object(json!({"id": uuid, "number": text})),
                    "outcome": {
                        "type": "string", "enum": desk::bulk::Outcome::ALL.map(desk::bulk::Outcome::code),
                    },
                    "version": whole, "code": text, "detail": text, "way_out": text,
                    "errors": {"type": "array", "items": object(json!({"field": text, "code": text, "detail": text}))},
                }))},
            })),
        ),
        ("Messages", messages::messages()),
        ("Drafts", messages::drafts()),
        ("Assisted", messages::assisted()),
        ("Letterbox", items(&messages::mail())),
        ("Mail", messages::mail()),
        ("OpenMail", messages::open_mail()),
        ("Nothing", object(json!({}))),
        ("Entered", object(json!({"id": uuid}))),
        ("Board", board(&listed)),
        ("Models", models::all()),
        ("Model", models::one()),
        ("ModelDrift", models::drift()),
        ("MacroKept", object(json!({"id": uuid, "revision": whole}))),
        ("MacroTried", object(json!({
            "version": {"type": "integer", "description": "Of the case that was looked at."},
            "revision": {"type": "integer", "description": "Of the macro that was tried."},
            "entries": {"type": "array", "description": "What each operation would write.", "items": {"type": "object"}},
            "stopped": object(json!({
                "step": {"type": "integer", "description": "The operation that is refused, from 0; then none is carried out."},
                "code": text, "detail": text, "way_out": text,
                "errors": {"type": "array", "items": object(json!({"field": text, "code": text, "detail": text}))},
            })),
        }))),
        ("Macros", items(&object(json!({
            "id": uuid, "name": text, "shared": {"type": "string", "enum": desk::audience::SHARED}, "role": text,
            "revision": whole, "may_change": truth,
            "steps": {"type": "array", "description": "One operation each, as it is kept.", "items": {"type": "object"}},
        })))),
        ("Views", items(&object(json!({
            "id": uuid, "name": text, "shared": {"type": "string", "enum": desk::audience::SHARED}, "role": text,
            "may_remove": truth, "view": {"type": "string", "enum": desk::views::VIEWS},
            "states": {"type": "array", "items": text}, "grade": text, "category": text, "assignee": text, "unit": uuid,
            "region": text, "incident": uuid, "sort": text,
        })))),
        ("Problem", problem),
    ]
    .into_iter()
    .chain(administration::all())
    .map(|(name, schema)| (name.to_owned(), schema))
    .collect()
}
