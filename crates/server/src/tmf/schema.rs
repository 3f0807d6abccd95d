//! The shapes of both versions, condensed from TM Forum's OpenAPI files (Apache-2.0) into a table of our own, and the
//! validator that reads it. One letter says what an attribute is: `s` text, `d` moment, `b` truth value, `i` whole
//! number, `n` number, `o` object, `a` anything, `[` a list of what follows, `@` an object of that name.

use super::face::Face;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

type Shapes = HashMap<String, Shape>;

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Shape {
    /// Told apart by `@type`.
    By { by: HashMap<String, String> },
    /// One of these words.
    One { one: Vec<String> },
    /// An object.
    Is { req: Vec<String>, is: HashMap<String, String> },
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Dotted path.
    pub at: String,
    /// In words.
    pub why: String,
}

fn shapes(face: Face) -> &'static Shapes {
    static V5: OnceLock<Shapes> = OnceLock::new();
    static V4: OnceLock<Shapes> = OnceLock::new();
    let (place, text) = match face {
        Face::V5 => (&V5, include_str!("v5.json")),
        Face::V4 => (&V4, include_str!("v4.json")),
    };
    // A test reads both; a file that is no table would refuse everything rather than let it through.
    place.get_or_init(|| serde_json::from_str(text).unwrap_or_default())
}

/// The attributes of an object, by name.
pub fn attributes(face: Face, name: &str) -> Vec<&'static str> {
    match shapes(face).get(name) {
        Some(Shape::Is { is, .. }) => is.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether an attribute of an object is a list.
pub fn is_list(face: Face, name: &str, attribute: &str) -> bool {
    matches!(shapes(face).get(name), Some(Shape::Is { is, .. }) if is.get(attribute).is_some_and(|kind| kind.starts_with('[')))
}

/// Everything that is wrong with a body, at most ten of it. `skip` names attributes of the outermost object that are not
/// looked at.
pub fn check(face: Face, name: &str, value: &Value, skip: &[&str]) -> Vec<Wrong> {
    let mut found = Vec::new();
    object(shapes(face), name, value, "", skip, &mut found);
    found.truncate(10);
    found
}

/// Attributes of an object that are of another kind than they should be, of those named. They are ignored where they are
/// right, and may be null.
pub fn kinds(face: Face, name: &str, members: &Map<String, Value>, named: &[&str]) -> Vec<Wrong> {
    let mut found = Vec::new();
    let shapes = shapes(face);
    let Some(Shape::Is { is, .. }) = shapes.get(name) else { return found };
    for name in named {
        if let (Some(kind), Some(member)) = (is.get(*name), members.get(*name).filter(|member| !member.is_null())) {
            of_kind(shapes, kind, member, name, &mut found);
        }
    }
    found
}

fn wrong(found: &mut Vec<Wrong>, at: &str, why: impl Into<String>) {
    if found.len() < 10 {
        found.push(Wrong { at: if at.is_empty() { "body".to_owned() } else { at.to_owned() }, why: why.into() });
    }
}

fn object(shapes: &Shapes, name: &str, value: &Value, at: &str, skip: &[&str], found: &mut Vec<Wrong>) {
    match shapes.get(name) {
        Some(Shape::One { one }) => match value.as_str() {
            Some(text) if one.iter().any(|word| word == text) => {}
            _ => wrong(found, at, format!("is none of {}", one.join(", "))),
        },
        Some(Shape::By { by }) => {
            let Some(members) = value.as_object() else { return wrong(found, at, "is no object") };
            let word = |name: &str| members.get(name).and_then(Value::as_str);
            let known = [word("@type"), word("@baseType")].into_iter().flatten().find_map(|word| by.get(word));
            match known {
                Some(inner) => object(shapes, inner, value, at, skip, found),
                None => {
                    let mut names: Vec<&str> = by.keys().map(String::as_str).collect();
                    names.sort_unstable();
                    wrong(found, &join(at, "@type"), format!("is none of {}", names.join(", ")));
                }
            }
        }
        Some(Shape::Is { req, is }) => {
            let Some(members) = value.as_object() else { return wrong(found, at, "is no object") };
            for name in req.iter().filter(|name| !skip.contains(&name.as_str())) {
                match members.get(name) {
                    None | Some(Value::Null) => wrong(found, &join(at, name), "is required"),
                    Some(Value::String(text)) if text.trim().is_empty() => {
                        wrong(found, &join(at, name), "must not be blank");
                    }
                    Some(_) => {}
                }
            }
            for (name, member) in members {
                if skip.contains(&name.as_str()) || (member.is_null() && req.contains(name)) {
                    continue;
                }
                if let Some(kind) = is.get(name) {
                    of_kind(shapes, kind, member, &join(at, name), found);
                }
                // The one address both specifications call a URI. What only a browser would make one of is none.
                let odd = |c: char| {
                    !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '|' | '}')
                };
                if name == "@schemaLocation" && member.as_str().is_some_and(|text| text.contains(odd)) {
                    wrong(found, &join(at, name), "is no URI");
                }
            }
        }
        None => wrong(found, at, "is not known"),
    }
}

fn of_kind(shapes: &Shapes, kind: &str, value: &Value, at: &str, found: &mut Vec<Wrong>) {
    if found.len() >= 10 {
        return;
    }
    let mut letters = kind.chars();
    let right = match letters.next() {
        Some('s') => value.is_string(),
        Some('d') => match value.as_str() {
            Some(text) if super::moment(text).is_some() => true,
            Some(_) => return wrong(found, at, "is no moment as RFC 3339 writes it"),
            None => false,
        },
        Some('b') => value.is_boolean(),
        Some('i') => value.is_i64() || value.is_u64(),
        Some('n') => value.is_number(),
        Some('o') => value.is_object(),
        Some('[') => match value.as_array() {
            Some(items) => {
                for (position, item) in items.iter().enumerate() {
                    of_kind(shapes, letters.as_str(), item, &format!("{at}[{position}]"), found);
                }
                true
            }
            None => false,
        },
        Some('@') => return object(shapes, letters.as_str(), value, at, &[], found),
        _ => true,
    };
    if !right {
        let what = match kind.chars().next() {
            Some('b') => "is no truth value",
            Some('i') => "is no whole number",
            Some('n') => "is no number",
            Some('o') => "is no object",
            Some('[') => "is no list",
            _ => "is no text",
        };
        wrong(found, at, what);
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// What stands where a mandatory word is missing: another version did not ask for it.
const UNKNOWN: &str = "unknown";

/// Puts what an object must have and another version did not ask for.
pub fn complete(face: Face, name: &str, value: &mut Value) {
    fill(shapes(face), name, value);
}

fn fill(shapes: &Shapes, name: &str, value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    match shapes.get(name) {
        Some(Shape::By { by }) => {
            let word = |name: &str| members.get(name).and_then(Value::as_str);
            let known = [word("@type"), word("@baseType")].into_iter().flatten().find(|word| by.contains_key(*word));
            let known = match known {
                Some(known) => known.to_owned(),
                None => {
                    let mut names: Vec<&String> = by.keys().collect();
                    names.sort_unstable();
                    // What names something is a reference to it; what holds it is not.
                    let refers = members.contains_key("id") && !members.contains_key("content");
                    let fits = names.iter().find(|name| name.ends_with("Ref") == refers).or(names.first());
                    let Some(fits) = fits.map(|name| (*name).clone()) else { return };
                    members.insert("@type".to_owned(), fits.clone().into());
                    fits
                }
            };
            if let Some(inner) = by.get(&known) {
                fill(shapes, inner, value);
            }
        }
        Some(Shape::Is { req, is }) => {
            for name in req.iter().filter(|name| is.get(*name).is_some_and(|kind| kind == "s")) {
                members.entry(name.clone()).or_insert_with(|| UNKNOWN.into());
            }
            for (name, member) in members.iter_mut() {
                match (is.get(name).map(String::as_str), member) {
                    (Some(kind), member) if kind.starts_with('@') => fill(shapes, kind.trim_start_matches('@'), member),
                    (Some(kind), Value::Array(items)) if kind.starts_with("[@") => {
                        let inner = kind.trim_start_matches(['[', '@']);
                        items.iter_mut().for_each(|item| fill(shapes, inner, item));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Takes away every null, also within lists: no answer has one.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(tidy(members)),
        Value::Array(items) => {
            Value::Array(items.into_iter().filter(|item| !item.is_null()).map(without_nulls).collect())
        }
        other => other,
    }
}

/// The same for the members of an object.
pub fn tidy(members: Map<String, Value>) -> Map<String, Value> {
    members
        .into_iter()
        .filter(|(_, member)| !member.is_null())
        .map(|(name, member)| (name, without_nulls(member)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_tables_are_read_and_name_only_what_they_have() {
        for (face, name) in [(Face::V5, "TroubleTicket_FVO"), (Face::V4, "TroubleTicket_Create")] {
            assert!(attributes(face, name).len() > 15, "{name}");
            for shape in shapes(face).values() {
                if let Shape::Is { is, .. } = shape {
                    for kind in is.values() {
                        if let Some(name) = kind.trim_start_matches('[').strip_prefix('@') {
                            assert!(shapes(face).contains_key(name), "{name}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        let good =
            json!({"@type": "TroubleTicket", "description": "x", "severity": "Major", "ticketType": "complaint"});
        assert_eq!(check(Face::V5, "TroubleTicket_FVO", &good, &[]), []);
        for (name, value, at) in [
            ("description", json!(null), "description"),
            ("description", json!(" "), "description"),
            ("description", json!(5), "description"),
            ("status", json!("x"), "status"),
            ("note", json!({}), "note"),
            ("note", json!([{"text": "x"}]), "note[0].@type"),
            ("requestedResolutionDate", json!("tomorrow"), "requestedResolutionDate"),
            ("attachment", json!([{"@type": "Parcel", "id": "1"}]), "attachment[0].@type"),
            ("channel", json!({"@type": "ChannelRef"}), "channel.id"),
        ] {
            let mut body = good.clone();
            body[name] = value;
            let found = check(Face::V5, "TroubleTicket_FVO", &body, &[]);
            assert_eq!(found.first().map(|wrong| wrong.at.as_str()), Some(at), "{body}");
        }
    }
}
