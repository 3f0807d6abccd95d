//! Shapes of answers about messages to and from customers.

use super::answers::object;
use super::shapes::{list, moment, text, uuid, whole};
use desk::letterbox::{REASONS, STATES};
use domain::case::message::{Stage, Way, What, Why};
use serde_json::{Map, Value, json};

fn codes(codes: &[&str]) -> Value {
    json!({"type": "string", "enum": codes})
}

/// Messages of a case to its customer.
pub(super) fn list_of() -> Value {
    let of = |all: Vec<&'static str>| codes(&all);
    let stages = std::iter::once("waits").chain(Stage::ALL.iter().map(|one| one.code())).collect();
    object(json!({
        "id": uuid(), "what": of(What::ALL.iter().map(|one| one.code()).collect()),
        "way": of(Way::ALL.iter().map(|one| one.code()).collect()), "stage": of(stages),
        "at": {"type": "string", "format": "date-time", "description": "When it came so far; of one that waits, when it is tried next."},
        "why": of(Why::ALL.iter().map(|one| one.code()).collect()), "attempts": whole(),
        "quiet": {"type": "boolean", "description": "Whether it waits for the hours in which customers may be called."},
    }))
}

/// The same as a list.
pub(super) fn messages() -> Value {
    object(json!({"items": list(&list_of())}))
}

/// What somebody is writing.
pub(super) fn drafts() -> Value {
    let machine = json!({"type": "string", "description": "What drafted the words, where a machine did."});
    let one = object(json!({
        "verb": codes(desk::drafts::VERBS), "content": text(), "at": moment(), "machine": machine,
    }));
    object(json!({"items": list(&one)}))
}

/// What a machine outside said.
pub(super) fn assisted() -> Value {
    object(json!({
        "kind": codes(desk::assist::KINDS), "language": codes(desk::assist::LANGUAGES), "text": text(),
        "by": {"type": "string", "description": "What wrote it."},
        "entry": {"type": "integer", "description": "The entry that was translated."},
        "draft": {"type": "string", "enum": ["reply", "ask-reading"], "description": "Of what it is kept as the caller's draft."},
    }))
}

/// A message that waits for a person.
pub(super) fn mail() -> Value {
    object(Value::Object(about()))
}

fn about() -> Map<String, Value> {
    let mut about = Map::new();
    for (name, schema) in [
        ("id", uuid()),
        ("reason", codes(REASONS)),
        ("state", codes(STATES)),
        ("received_at", moment()),
        ("at", moment()),
        ("size", whole()),
        ("suggested", text()),
        ("case", text()),
        ("decided_at", moment()),
    ] {
        about.insert(name.to_owned(), schema);
    }
    about
}

/// The same with its words.
pub(super) fn open_mail() -> Value {
    let mut open = about();
    let file = object(json!({"name": text(), "size": whole()}));
    for (name, schema) in [
        ("from", text()),
        ("name", text()),
        ("to", list(&text())),
        ("subject", text()),
        ("text", text()),
        ("files", list(&file)),
    ] {
        open.insert(name.to_owned(), schema);
    }
    object(Value::Object(open))
}

/// A version of a wording.
pub(super) fn wording() -> Value {
    let person = || object(json!({"id": text(), "name": text()}));
    object(json!({
        "part": {"type": "string", "enum": desk::wordings::KIND_CODES},
        "language": {"type": "string", "enum": desk::wordings::LANGUAGES}, "version": whole(), "text": text(),
        "length": object(json!({"characters": whole(), "parts": whole()})), "hash": text(), "note": text(),
        "state": {"type": "string", "enum": desk::wordings::WordingStanding::ALL.map(desk::wordings::WordingStanding::code)},
        "asked_by": person(), "asked_at": moment(), "decided_by": person(), "decided_at": moment(),
    }))
}
