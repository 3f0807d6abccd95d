//! JSON as words that can be sealed. Identifiers are lifted out of words as people write them; in JSON text they would
//! stand among escapes, and a number would become a placeholder that is no JSON. So values are framed by control
//! characters that no text of a client keeps, and everything between the frames is as it was written.

use serde_json::{Map, Number, Value};

const BEGIN: char = '\u{2}';
const END: char = '\u{3}';

/// Packs a value.
pub(super) fn pack(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    out.push(BEGIN);
    match value {
        Value::Null => out.push('n'),
        Value::Bool(true) => out.push('t'),
        Value::Bool(false) => out.push('f'),
        Value::Number(number) => {
            out.push('d');
            out.push_str(&number.to_string());
        }
        Value::String(text) => {
            out.push('s');
            push(out, text);
        }
        Value::Array(items) => {
            out.push('a');
            for item in items {
                write(out, item);
            }
        }
        Value::Object(members) => {
            out.push('o');
            for (name, member) in members {
                out.push(BEGIN);
                out.push('k');
                push(out, name);
                out.push(END);
                write(out, member);
            }
        }
    }
    out.push(END);
}

fn push(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| !matches!(c, '\u{0}' | &BEGIN | &END)));
}

/// Reads a packed value; `None` where the words are none.
pub(super) fn unpack(text: &str) -> Option<Value> {
    let mut rest = text;
    let value = read(&mut rest, 0)?;
    rest.is_empty().then_some(value)
}

/// Values nested deeper than this are none of ours.
const DEEPEST: u32 = 140;

fn read(rest: &mut &str, depth: u32) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let kind = begin(rest)?;
    Some(match kind {
        'n' => end(rest, Value::Null)?,
        't' => end(rest, Value::Bool(true))?,
        'f' => end(rest, Value::Bool(false))?,
        'd' => {
            let text = words(rest)?;
            // A number that was an identifier is shown masked, as words.
            serde_json::from_str::<Number>(text).map_or_else(|_| Value::from(text), Value::Number)
        }
        's' => Value::from(words(rest)?),
        'a' => {
            let mut items = Vec::new();
            while rest.starts_with(BEGIN) {
                items.push(read(rest, depth + 1)?);
            }
            end(rest, Value::Array(items))?
        }
        'o' => {
            let mut members = Map::new();
            while rest.starts_with(BEGIN) {
                if begin(rest)? != 'k' {
                    return None;
                }
                let name = words(rest)?.to_owned();
                members.insert(name, read(rest, depth + 1)?);
            }
            end(rest, Value::Object(members))?
        }
        _ => return None,
    })
}

fn begin(rest: &mut &str) -> Option<char> {
    let after = rest.strip_prefix(BEGIN)?;
    let kind = after.chars().next()?;
    *rest = after.get(kind.len_utf8()..)?;
    Some(kind)
}

fn words<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let (text, after) = rest.split_once(END)?;
    *rest = after;
    Some(text)
}

fn end(rest: &mut &str, value: Value) -> Option<Value> {
    *rest = rest.strip_prefix(END)?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_lifted_number_is_read_as_words() {
        let packed = pack(&json!({"value": 13_912_345_678_u64})).replace("13912345678", "139****5678");
        assert_eq!(unpack(&packed), Some(json!({"value": "139****5678"})));
    }

    #[test]
    fn what_is_not_packed_is_nothing() {
        for bad in ["", "x", "\u{2}", "\u{2}a\u{2}", "\u{2}s", "\u{2}n\u{3}x", "\u{2}o\u{2}n\u{3}\u{3}"] {
            assert_eq!(unpack(bad), None, "{bad:?}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[^\u{0}\u{2}\u{3}]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-z@]{1,5}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(value in any_json()) {
            prop_assert_eq!(unpack(&pack(&value)), Some(value));
        }

        #[test]
        fn reading_never_panics(text in "[\u{2}\u{3}nsdaokx]{0,40}") {
            let _ = unpack(&text);
        }
    }
}
