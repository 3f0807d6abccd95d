//! Case and ticket: what a client wrote is answered as it was written; what it left open is told from the case.

use super::face::Face;
use super::mapping::Mapping;
use super::{schema, status, when};
use crate::problem::Failure;
use desk::tickets::{CONTACT, Ticket};
use domain::event::Event;
use domain::intake::Intake;
use domain::refusal::Refusal;
use domain::taxonomy::Taxonomy;
use policy::Grade;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Attributes the server owns, in the names of both versions: ignored wherever a client sends them.
pub(super) const OWNED: &[&str] =
    &["id", "href", "creationDate", "lastUpdate", "statusChangeDate", "statusChange", "statusChangeHistory"];
/// Attributes that stay as they were at creation.
pub(super) const FIXED: &[&str] = &["@type", "@baseType", "@schemaLocation"];
/// Names of entries that are told from the case and never kept.
const TOLD: [&str; 2] = ["complaintStage", "complaintNumber"];

/// The ticket as its reader may see it, in the names of version 5.
pub(crate) fn tell(ticket: &Ticket, root: &str) -> Map<String, Value> {
    let case = &ticket.view.case;
    let mut kept = ticket.attributes();
    let (since, history) = status::history(ticket);
    let own_notes = notes(ticket);
    // Whoever made a ticket said of it what there is to say; of another case everything is told from the case.
    let born_here = ticket.is_born_here();
    for note in own_notes {
        match kept.entry("note").or_insert_with(|| json!([])) {
            Value::Array(list) => list.push(note),
            other => *other = json!([note]),
        }
    }
    let words = |text: Option<&domain::free_text::FreeText>| text.and_then(|text| text.plain()).map(Value::from);
    let mut missing = |name: &str, value: Option<Value>| {
        if let (false, Some(value)) = (kept.contains_key(name), value) {
            kept.insert(name.to_owned(), value);
        }
    };
    missing("@type", Some("TroubleTicket".into()));
    missing("description", words(Some(&case.record.description)));
    missing("name", words(case.record.subject.as_ref()));
    missing("severity", Some(severity(case.grade).into()));
    missing("ticketType", Some(case.record.kind.code().into()));
    missing("priority", Some(priority(case.grade).into()));
    missing("expectedResolutionDate", ticket.due.map(|at| when(at).into()));
    let done = case.reply.as_ref().map(|reply| reply.at).or(case.closed_at);
    missing("resolutionDate", done.map(|at| when(at).into()));
    let number = json!([{"id": case.number, "owner": "redress", "externalIdentifierType": TOLD[1], "@type": "ExternalIdentifier"}]);
    missing("externalIdentifier", Some(number));
    let stage =
        json!([{"name": TOLD[0], "value": case.state.code(), "valueType": "string", "@type": "StringCharacteristic"}]);
    missing("troubleTicketCharacteristic", Some(stage));
    if !born_here {
        let channel = &case.record.accept_channel;
        missing("channel", Some(json!({"id": channel, "name": channel, "@type": "ChannelRef"})));
        let name = ticket.view.identity.as_ref().and_then(|identity| identity.name.clone());
        missing(
            "relatedParty",
            name.map(|name| {
                json!([{"role": "complainant", "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole":
                {"id": case.person, "name": name, "@type": "PartyRef", "@referredType": "Individual"}}])
            }),
        );
    }
    let id = case.id.to_string();
    kept.insert("href".to_owned(), format!("{root}/troubleTicket/{id}").into());
    kept.insert("status".to_owned(), status::of(case).into());
    kept.insert("creationDate".to_owned(), when(case.registered_at).into());
    kept.insert("lastUpdate".to_owned(), when(case.changed_at).into());
    kept.insert("statusChangeDate".to_owned(), when(since).into());
    kept.insert("statusChangeHistory".to_owned(), Value::Array(history));
    // What identifies the ticket itself is nobody's data.
    let own = ["href"].map(|name| (name, kept.remove(name)));
    let Value::Object(mut told) = ticket.told(Value::Object(kept)) else { return Map::new() };
    for (name, value) in own {
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    }
    told.insert("id".to_owned(), id.into());
    schema::tidy(told)
}

/// What was said on the case through other doors: to and from the customer for everybody, among colleagues for whoever
/// sees personal data.
fn notes(ticket: &Ticket) -> Vec<Value> {
    let mut found = Vec::new();
    for entry in &ticket.view.entries {
        for event in &entry.events {
            let (text, author, kind) = match event {
                Event::Supplemented { text, .. } => (text, "customer", "Note"),
                Event::Replied { content, .. } | Event::ProgressNotified { content, .. } => {
                    (content, "operator", "Note")
                }
                Event::Noted { text } if ticket.shows_internal() => (text, "operator", "InternalNote"),
                _ => continue,
            };
            let Some(text) = text.plain().filter(|text| *text != "-") else { continue };
            let id = format!("{}-{}", entry.version, found.len());
            let mut note = json!({"id": id, "author": author, "date": when(entry.at), "text": text, "@type": kind});
            if let (true, Some(members)) = (kind != "Note", note.as_object_mut()) {
                members.insert("@baseType".to_owned(), "Note".into());
            }
            found.push(note);
        }
    }
    found
}

fn severity(grade: Grade) -> &'static str {
    match grade {
        Grade::Urgent => "Critical",
        Grade::Major => "Major",
        Grade::Normal => "Minor",
    }
}

fn priority(grade: Grade) -> &'static str {
    match grade {
        Grade::Urgent => "Critical",
        Grade::Major => "High",
        Grade::Normal => "Medium",
    }
}

/// One line of at most so many characters, or several.
pub(super) fn clean(text: &str, most: usize, lines: bool) -> String {
    let plain = text.chars().map(|c| if c.is_control() && !(lines && c == '\n') { ' ' } else { c });
    plain.take(most).collect::<String>().trim().to_owned()
}

/// The registration a ticket stands for; what it says beyond that is kept beside it.
///
/// # Errors
/// Faults of a registration, should what the ticket says make none.
pub(super) fn intake(body: &Map<String, Value>, mapping: &Mapping, taxonomy: &Taxonomy) -> Result<Intake, Failure> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let ticket_type = text("ticketType");
    let of_channel = |name: &str| body.get("channel").and_then(|channel| channel[name].as_str()).unwrap_or_default();
    let leaf = |code: &&str| taxonomy.category(code).is_some() && code.len() == 4;
    let category =
        characteristic(body, "complaintCategory").filter(leaf).or_else(|| mapping.category(ticket_type).filter(leaf));
    let name = complainant(body).map(|name| clean(name, 100, false)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| clean(&mapping.ticket.unnamed, 100, false));
    let mut fields = json!({
        "kind": mapping.kind(ticket_type),
        "accept_channel": mapping.channel(&[of_channel("name"), of_channel("id")]),
        "description": clean(text("description"), 10_000, true),
        "complainant": {"name": name},
    });
    if let Some(fields) = fields.as_object_mut() {
        let subject = clean(text("name"), 200, false);
        if !subject.is_empty() {
            fields.insert("subject".to_owned(), subject.into());
        }
        if let Some(severity) = mapping.severity(text("severity")) {
            fields.insert("assessment".to_owned(), json!({"severity": severity}));
        }
        if let Some(category) = category {
            fields.insert("category".to_owned(), category.into());
        }
    }
    Ok(Intake::read(fields).map_err(Refusal::invalid)?)
}

/// The value of a characteristic, where it is text.
pub(super) fn characteristic<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b str> {
    let list = body.get("troubleTicketCharacteristic").and_then(Value::as_array)?;
    list.iter().find(|one| one["name"] == name)?["value"].as_str()
}

/// The name of whoever is dissatisfied, by the roles in which tickets name them.
fn complainant(body: &Map<String, Value>) -> Option<&str> {
    let parties = body.get("relatedParty").and_then(Value::as_array)?;
    ["complainant", "customer", "originator", "requester", "reporter"].iter().find_map(|role| {
        let one = parties.iter().find(|party| party["role"].as_str().is_some_and(|r| r.eq_ignore_ascii_case(role)))?;
        one.pointer("/partyOrPartyRole/name").or_else(|| one.get("name")).and_then(Value::as_str)
    })
}

/// What is kept of a body: everything but what the server owns and what follows from the case.
pub(super) fn kept(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|name, _| !OWNED.contains(&name.as_str()) && name != "status" && name != CONTACT);
    for name in ["externalIdentifier", "troubleTicketCharacteristic"] {
        if let Some(Value::Array(list)) = body.get_mut(name) {
            list.retain(|one| !(one["externalIdentifierType"] == TOLD[1] || one["name"] == TOLD[0]));
        }
    }
    body
}

/// The numbers clients gave a ticket.
pub(super) fn kept_numbers(ticket: &Ticket) -> Vec<Value> {
    ticket.attributes().remove("externalIdentifier").and_then(|list| list.as_array().cloned()).unwrap_or_default()
}

/// Notes as they are kept: each with an identity and a moment.
pub(super) fn fresh_notes(list: Vec<Value>, now: &str) -> Vec<Value> {
    list.into_iter()
        .map(|mut note| {
            if let Some(members) = note.as_object_mut() {
                let named = members.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty());
                if !named {
                    members.insert("id".to_owned(), Uuid::now_v7().to_string().into());
                }
                members.entry("date").or_insert_with(|| now.into());
            }
            note
        })
        .collect()
}

/// What a changed document says that the one before did not, in the names of version 5; notes only ever come.
///
/// # Errors
/// `ticket_note_kept` when a note was taken away or rewritten by an operation; a merge that leaves notes out means
/// nothing by it.
pub(super) fn differences(
    face: Face,
    before: &Map<String, Value>,
    mut after: Map<String, Value>,
    merged: bool,
    now: &str,
) -> Result<Map<String, Value>, Refusal> {
    after.retain(|name, _| !OWNED.contains(&name.as_str()) && !FIXED.contains(&name.as_str()) && name != "status");
    let mut found = Map::new();
    for (name, value) in &after {
        if before.get(name) != Some(value) {
            found.insert(name.clone(), value.clone());
        }
    }
    let gone = before.keys().filter(|name| !OWNED.contains(&name.as_str()) && !FIXED.contains(&name.as_str()));
    for name in gone.filter(|name| *name != "status" && !after.contains_key(*name)) {
        found.insert(name.clone(), Value::Null);
    }
    let mut found = match face {
        Face::V5 => kept(found),
        Face::V4 => kept(face.hear(found)),
    };
    if let Some(list) = found.remove("note") {
        let there = before.get("note").and_then(Value::as_array).cloned().unwrap_or_default();
        let more = new_entries(&there, list, merged).ok_or_else(|| Refusal::conflict("ticket_note_kept"))?;
        if !more.is_empty() {
            found.insert("note".to_owned(), Value::Array(fresh_notes(more, now)));
        }
    }
    Ok(found)
}

/// Notes compared with one that has no identity, at most: those of the same words.
const MOST_ALIKE: usize = 50;

/// What of a list is new; nothing where an entry was taken away or rewritten, which a merge that leaves some out does not
/// mean.
pub(super) fn new_entries(there: &[Value], list: Value, merged: bool) -> Option<Vec<Value>> {
    let list = match list {
        Value::Array(list) => list,
        _ if merged || there.is_empty() => Vec::new(),
        _ => return None,
    };
    // Everything the client says of a note is already said of one.
    let says = |note: &Value, known: &Value| {
        note.as_object()
            .is_some_and(|members| !members.is_empty() && members.iter().all(|(name, value)| &known[name] == value))
    };
    if !merged {
        let sent: HashSet<&Value> = list.iter().collect();
        if there.iter().any(|known| !sent.contains(known)) {
            return None;
        }
    }
    let mut more = Vec::new();
    let by_id: HashMap<&str, &Value> = there.iter().filter_map(|known| Some((known["id"].as_str()?, known))).collect();
    let mut by_words: HashMap<Option<&str>, Vec<&Value>> = HashMap::new();
    for known in there {
        let alike = by_words.entry(known["text"].as_str()).or_default();
        if alike.len() < MOST_ALIKE {
            alike.push(known);
        }
    }
    for note in list {
        let known = note.get("id").and_then(Value::as_str).and_then(|id| by_id.get(id).copied());
        let alike = || {
            by_words
                .get(&note.get("text").and_then(Value::as_str))
                .is_some_and(|all| all.iter().any(|known| says(&note, known)))
        };
        match known {
            Some(known) if says(&note, known) => {}
            Some(_) => return None,
            None if note.get("id").is_some_and(Value::is_string) || !alike() => more.push(note),
            None => {}
        }
    }
    Some(more)
}

/// What a client wrote, with everything put back that it was shown masked and left as it was: `clear` and `seen` are one
/// value as it is and as the client sees it.
pub(super) fn restored(clear: &Value, seen: &Value, after: Value) -> Value {
    if &after == seen {
        return clear.clone();
    }
    match (clear, seen, after) {
        (Value::Object(clear), Value::Object(seen), Value::Object(after)) => {
            let put_back = |(name, value): (String, Value)| {
                let value = match (clear.get(&name), seen.get(&name)) {
                    (Some(clear), Some(seen)) => restored(clear, seen, value),
                    _ => value,
                };
                (name, value)
            };
            Value::Object(after.into_iter().map(put_back).collect())
        }
        (Value::Array(clear), Value::Array(seen), Value::Array(after)) if clear.len() == seen.len() => {
            // Entries may have moved: the same entry first, then one of the same identity.
            let mut whole: HashMap<&Value, Vec<&Value>> = HashMap::new();
            let mut named: HashMap<&str, (&Value, &Value)> = HashMap::new();
            for (clear, seen) in clear.iter().zip(seen).rev() {
                whole.entry(seen).or_default().push(clear);
                if let Some(id) = seen["id"].as_str() {
                    named.insert(id, (clear, seen));
                }
            }
            let put_back = |value: Value| {
                let same =
                    whole.get_mut(&value).and_then(|all| if all.len() > 1 { all.pop() } else { all.last().copied() });
                match (same, value.get("id").and_then(Value::as_str).and_then(|id| named.get(id))) {
                    (Some(clear), _) => clear.clone(),
                    (None, Some((clear, seen))) => restored(clear, seen, value),
                    (None, None) => value,
                }
            };
            Value::Array(after.into_iter().map(put_back).collect())
        }
        (_, _, after) => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_merge_never_takes_notes_away() {
        let before = object(json!({"note": [{"id": "1", "text": "a"}], "severity": "Major"}));
        for (note, merged, expected) in [
            (json!([]), true, Ok(0)),
            (json!([{"id": "2", "text": "b"}]), true, Ok(1)),
            (json!([{"text": "a"}]), true, Ok(0)),
            (json!([{"id": "1", "text": "c"}]), true, Err("ticket_note_kept")),
            (json!([]), false, Err("ticket_note_kept")),
            (json!([{"id": "1", "text": "a"}, {"text": "b"}]), false, Ok(1)),
        ] {
            let after = object(json!({"note": note, "severity": "Major"}));
            let found = differences(Face::V5, &before, after, merged, "2026-01-01T00:00:00Z");
            let found = found.map(|found| found.get("note").map_or(0, |list| list.as_array().unwrap().len()));
            assert_eq!(found.map_err(|refusal| refusal.code), expected, "{note} {merged}");
        }
    }

    #[test]
    fn what_was_shown_masked_is_put_back() {
        let clear = json!({"d": "call 13912345678", "l": [{"id": "1", "t": "a 13912345678", "u": 1}, {"t": "b"}]});
        let seen = json!({"d": "call 139****5678", "l": [{"id": "1", "t": "a 139****5678", "u": 1}, {"t": "b"}]});
        for (after, expected) in [
            (seen.clone(), clear.clone()),
            (json!({"d": "other", "l": seen["l"]}), json!({"d": "other", "l": clear["l"]})),
            (
                json!({"l": [{"t": "b"}, {"id": "1", "t": "a 139****5678", "u": 2}, {"t": "c"}]}),
                json!({"l": [{"t": "b"}, {"id": "1", "t": "a 13912345678", "u": 2}, {"t": "c"}]}),
            ),
        ] {
            assert_eq!(restored(&clear, &seen, after), expected);
        }
    }

    #[test]
    fn notes_without_identities_are_compared_quickly() {
        let notes =
            |n: usize| (0..n).map(|n| json!({"@type": "Note", "text": (n % 3).to_string()})).collect::<Vec<_>>();
        let there = fresh_notes(notes(20_000), "2026-01-01T00:00:00Z");
        assert_eq!(new_entries(&there, Value::Array(notes(20_000)), true).unwrap().len(), 0);
        assert_eq!(new_entries(&there, Value::Array(there.clone()), false).unwrap().len(), 0);
    }

    #[test]
    fn what_the_server_owns_makes_no_difference() {
        let before = object(json!({"id": "1", "@type": "TroubleTicket", "severity": "Major"}));
        let after = object(json!({"id": "2", "@type": "X", "severity": "Minor", "creationDate": "x"}));
        let found = differences(Face::V5, &before, after, true, "").unwrap();
        assert_eq!(Value::Object(found), json!({"severity": "Minor"}));
    }
}
