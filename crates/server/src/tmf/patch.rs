//! The three ways to change a document: RFC 7396 merging, RFC 6902 operations, and operations whose path is a query.

use serde_json::{Map, Value};

/// Why a patch was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// It makes no sense: which operation, and why.
    Bad(usize, String),
    /// A test did not hold.
    Test(usize),
}

/// Most operations of one patch.
const MOST: usize = 1_000;
/// Most that the operations of one patch put into the document, in bytes: each copy of a copy would double it.
const MOST_PUT: usize = 4 << 20;
/// Deepest a value may come to stand: what is deeper could be written and not be read again.
const DEEPEST: usize = 64;

/// RFC 7396.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Some(members) = target.as_object_mut() {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// RFC 6902; with `query`, a path may also select entries of a list by the values of their members
/// (`/note?id=7`). Adding an object to a list appends it, as TM Forum's examples mean it, also where `lists` says that an
/// attribute that is not there would be one.
pub(super) fn operations(document: &Value, patch: &Value, query: bool, lists: Lists<'_>) -> Result<Value, Refused> {
    let Some(list) = patch.as_array() else {
        return Err(Refused::Bad(0, "a patch is a list of operations".to_owned()));
    };
    if list.len() > MOST {
        return Err(Refused::Bad(MOST, format!("there are more than {MOST} operations")));
    }
    let (mut document, mut room) = (document.clone(), MOST_PUT);
    for (number, operation) in list.iter().enumerate() {
        one(&mut document, operation, query, lists, &mut room).map_err(|why| match why {
            Some(why) => Refused::Bad(number, why),
            None => Refused::Test(number),
        })?;
    }
    Ok(document)
}

/// Which attributes are lists.
type Lists<'s> = &'s dyn Fn(&str) -> bool;

type Why = Option<String>;

fn bad<T>(why: impl Into<String>) -> Result<T, Why> {
    Err(Some(why.into()))
}

/// How much a value weighs and how deep it is.
pub(super) fn weight(value: &Value) -> (usize, usize) {
    let all = |parts: &mut dyn Iterator<Item = (usize, usize)>| {
        parts.fold((16, 1), |(weight, depth), (more, deep)| (weight + more, depth.max(deep + 1)))
    };
    match value {
        Value::Array(items) => all(&mut items.iter().map(weight)),
        Value::Object(members) => all(&mut members.iter().map(|(name, member)| {
            let (more, deep) = weight(member);
            (more + name.len() + 16, deep)
        })),
        Value::String(text) => (text.len() + 16, 1),
        _ => (16, 1),
    }
}

/// Refuses what would make the document too large or too deep.
fn fits(path: &[String], value: &Value, room: &mut usize) -> Result<(), Why> {
    let (weight, depth) = weight(value);
    if path.len() + depth > DEEPEST {
        return bad(format!("would stand more than {DEEPEST} levels deep"));
    }
    *room = match room.checked_sub(weight) {
        Some(left) => left,
        None => return bad(format!("the operations put more than {MOST_PUT} bytes into the document")),
    };
    Ok(())
}

fn one(document: &mut Value, operation: &Value, query: bool, lists: Lists<'_>, room: &mut usize) -> Result<(), Why> {
    let text = |name: &str| match operation.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        _ => bad(format!("`{name}` is missing or no text")),
    };
    let value = || match operation.get("value") {
        Some(value) => Ok(value.clone()),
        None => bad("`value` is missing"),
    };
    let (name, path) = (text("op")?, text("path")?);
    let paths = if query { selected(document, path)? } else { vec![steps(path)?] };
    match name {
        "add" => paths.into_iter().try_for_each(|path| {
            let value = match (path.as_slice(), value()?) {
                ([name], Value::Object(one)) if lists(name) && document.get(name).is_none() => {
                    Value::Array(vec![Value::Object(one)])
                }
                (_, value) => value,
            };
            fits(&path, &value, room)?;
            add_at(document, &path, value, true)
        }),
        "replace" => paths.into_iter().try_for_each(|path| {
            let place = find_mut(document, &path).ok_or_else(|| missing(&path))?;
            let value = value()?;
            fits(&path, &value, room)?;
            *place = value;
            Ok(())
        }),
        // From the last, or the places of the others would move.
        "remove" => paths.into_iter().rev().try_for_each(|path| remove(document, &path).map(drop)),
        "test" => {
            let wanted = value()?;
            paths.into_iter().try_for_each(|path| {
                let there = find(document, &path).ok_or_else(|| missing(&path))?;
                if same(there, &wanted) { Ok(()) } else { Err(None) }
            })
        }
        "move" | "copy" => {
            let from = steps(text("from")?)?;
            let to = steps(path)?;
            if name == "move" && to.len() > from.len() && to.starts_with(&from) {
                return bad("nothing can be moved into itself");
            }
            let there = find(document, &from).ok_or_else(|| missing(&from))?;
            fits(&to, there, room)?;
            let moved = if name == "move" { remove(document, &from)? } else { there.clone() };
            add_at(document, &to, moved, false)
        }
        other => bad(format!("there is no operation {other:?}")),
    }
}

/// Numbers that are the same are, however they are written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

fn missing(path: &[String]) -> Why {
    Some(format!("there is nothing at /{}", path.join("/")))
}

fn steps(path: &str) -> Result<Vec<String>, Why> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = path.strip_prefix('/') else { return bad(format!("{path:?} is no JSON pointer")) };
    let mut found = Vec::new();
    for step in rest.split('/') {
        let broken = step.split('~').skip(1).any(|after| !after.starts_with(['0', '1']));
        if broken {
            return bad(format!("{path:?} is no JSON pointer"));
        }
        found.push(step.replace("~1", "/").replace("~0", "~"));
    }
    Ok(found)
}

/// Paths a query selects: `/note?id=7&author=x/text`.
fn selected(document: &Value, path: &str) -> Result<Vec<Vec<String>>, Why> {
    let Some((before, after)) = path.split_once('?') else { return Ok(vec![steps(path)?]) };
    let (conditions, rest) = after.split_once('/').map_or((after, ""), |(conditions, rest)| (conditions, rest));
    let rest = if rest.is_empty() { Vec::new() } else { steps(&format!("/{rest}"))? };
    let mut wanted: Vec<(Vec<String>, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(conditions.as_bytes()) {
        let before = before.trim_start_matches('/');
        let name = name.strip_prefix(&format!("{before}.")).unwrap_or(&name).to_owned();
        wanted.push((name.split('.').map(str::to_owned).collect(), value.into_owned()));
    }
    if wanted.is_empty() {
        return bad(format!("{path:?} selects nothing"));
    }
    let list = steps(before)?;
    let Some(items) = find(document, &list).and_then(Value::as_array) else { return Err(missing(&list)) };
    let holds = |item: &Value| {
        wanted.iter().all(|(path, value)| {
            find(item, path).is_some_and(|found| match found {
                Value::String(text) => text == value,
                other => &other.to_string() == value,
            })
        })
    };
    let mut found = Vec::new();
    for (position, _) in items.iter().enumerate().filter(|(_, item)| holds(item)) {
        let mut path = list.clone();
        path.push(position.to_string());
        path.extend(rest.iter().cloned());
        found.push(path);
    }
    if found.is_empty() { bad(format!("{path:?} selects nothing")) } else { Ok(found) }
}

fn index(step: &str, length: usize) -> Option<usize> {
    let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|byte| byte.is_ascii_digit()));
    step.parse().ok().filter(|index| plain && *index < length)
}

fn find<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(index(step, items.len())?),
        _ => None,
    })
}

fn find_mut<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(items) => {
            let index = index(step, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    })
}

fn add_at(document: &mut Value, path: &[String], value: Value, appends: bool) -> Result<(), Why> {
    let Some((last, before)) = path.split_last() else {
        *document = value;
        return Ok(());
    };
    match find_mut(document, before).ok_or_else(|| missing(before))? {
        Value::Object(members) => {
            match members.get_mut(last) {
                Some(Value::Array(items)) if appends && value.is_object() => items.push(value),
                _ => drop(members.insert(last.clone(), value)),
            }
            Ok(())
        }
        Value::Array(items) => {
            let at = if last == "-" { Some(items.len()) } else { index(last, items.len().saturating_add(1)) };
            match at {
                Some(at) => items.insert(at, value),
                None => return Err(missing(path)),
            }
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn remove(document: &mut Value, path: &[String]) -> Result<Value, Why> {
    let Some((last, before)) = path.split_last() else { return bad("the whole cannot be removed") };
    let removed = match find_mut(document, before) {
        Some(Value::Object(members)) => members.remove(last),
        Some(Value::Array(items)) => index(last, items.len()).map(|index| items.remove(index)),
        _ => None,
    };
    removed.ok_or_else(|| missing(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(document: Value, patch: Value, query: bool) -> Result<Value, Refused> {
        operations(&document, &patch, query, &|name| name == "list")
    }

    #[test]
    fn operations_do_what_the_standard_says() {
        for (document, patch, expected) in [
            (json!({"a": 1}), json!([{"op": "add", "path": "/b", "value": 2}]), json!({"a": 1, "b": 2})),
            (json!({"a": [1, 3]}), json!([{"op": "add", "path": "/a/1", "value": 2}]), json!({"a": [1, 2, 3]})),
            (json!({"a": [1]}), json!([{"op": "add", "path": "/a/-", "value": 2}]), json!({"a": [1, 2]})),
            (json!({"a": [{}]}), json!([{"op": "add", "path": "/a", "value": {"b": 1}}]), json!({"a": [{}, {"b": 1}]})),
            (json!({}), json!([{"op": "add", "path": "/list", "value": {"b": 1}}]), json!({"list": [{"b": 1}]})),
            (json!({"a": 1, "b": 2}), json!([{"op": "remove", "path": "/a"}]), json!({"b": 2})),
            (json!({"a": 1}), json!([{"op": "move", "from": "/a", "path": "/b"}]), json!({"b": 1})),
            (json!({"a": 1}), json!([{"op": "copy", "from": "/a", "path": "/b"}]), json!({"a": 1, "b": 1})),
            (json!({"a/b": 1}), json!([{"op": "replace", "path": "/a~1b", "value": 2}]), json!({"a/b": 2})),
            (json!({"a": 1}), json!([{"op": "test", "path": "/a", "value": 1.0}]), json!({"a": 1})),
        ] {
            assert_eq!(apply(document, patch.clone(), false), Ok(expected), "{patch}");
        }
    }

    #[test]
    fn bad_pointers_and_tests_change_nothing() {
        let document = json!({"a": [1], "b": {"c": 1}});
        for patch in [
            json!({"op": "add"}),
            json!([{"op": "add", "path": "a", "value": 1}]),
            json!([{"op": "add", "path": "/a/2", "value": 1}]),
            json!([{"op": "add", "path": "/a/01", "value": 1}]),
            json!([{"op": "add", "path": "/x/y", "value": 1}]),
            json!([{"op": "remove", "path": "/x"}]),
            json!([{"op": "remove", "path": ""}]),
            json!([{"op": "replace", "path": "/~2", "value": 1}]),
            json!([{"op": "replace", "path": "/b"}]),
            json!([{"op": "move", "from": "/b", "path": "/b/c"}]),
            json!([{"op": "explode", "path": "/b"}]),
            json!([5]),
        ] {
            assert!(matches!(apply(document.clone(), patch.clone(), false), Err(Refused::Bad(..))), "{patch}");
        }
        let patch = json!([{"op": "remove", "path": "/a"}, {"op": "test", "path": "/b/c", "value": 2}]);
        assert_eq!(apply(document, patch, false), Err(Refused::Test(1)));
    }

    #[test]
    fn a_patch_cannot_make_a_document_grow_without_end() {
        let twice = |names: [&str; 2]| names.map(|to| json!({"op": "copy", "from": "", "path": to}));
        let doubling: Vec<Value> = (0..40).flat_map(|_| twice(["/a", "/b"])).collect();
        let deeper: Vec<Value> = (0..90).map(|_| json!({"op": "copy", "from": "/a", "path": "/a/a"})).collect();
        let wide = json!([{"op": "replace", "path": "/list?k=1/v", "value": "x".repeat(200_000)}]);
        let items: Vec<Value> = (0..100).map(|_| json!({"k": "1", "v": ""})).collect();
        for (document, patch, query) in [
            (json!({"x": "y"}), Value::Array(doubling), false),
            (json!({"a": {"a": {}}}), Value::Array(deeper), false),
            (json!({"list": items}), wide, true),
        ] {
            assert!(matches!(apply(document, patch, query), Err(Refused::Bad(..))));
        }
    }

    #[test]
    fn a_query_selects_entries() {
        let document = json!({"note": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]});
        let patch = json!([{"op": "replace", "path": "/note?id=2/text", "value": "c"}]);
        assert_eq!(apply(document.clone(), patch, true).unwrap()["note"][1]["text"], "c");
        let patch = json!([{"op": "remove", "path": "/note?note.id=1"}]);
        assert_eq!(apply(document.clone(), patch, true).unwrap()["note"].as_array().unwrap().len(), 1);
        assert!(apply(document, json!([{"op": "remove", "path": "/note?id=9"}]), true).is_err());
    }

    #[test]
    fn a_merge_takes_away_what_is_null() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut document, &json!({"a": {"b": null}, "d": [2, 3]}));
        assert_eq!(document, json!({"a": {"c": 2}, "d": [2, 3]}));
    }
}
