//! Query parameters, checked against the same kind of table as bodies: all faults at once, unknown ones refused.

use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind};
use serde_json::{Map, Value};

/// Reads the query of an address. A list is written with commas.
///
/// # Errors
/// Every fault with the parameter's name.
pub fn read(query: Option<&str>, fields: &[Field]) -> Result<Map<String, Value>, Refusal> {
    let mut given = Map::new();
    let mut faults = Vec::new();
    for (name, text) in form(query.unwrap_or_default().as_bytes()) {
        let kind = fields.iter().find(|field| field.name == name).map(|field| &field.kind);
        let value = match kind {
            // An empty box of a form says nothing.
            Some(_) if text.is_empty() => continue,
            Some(Kind::Bool) => match text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(text),
            },
            Some(Kind::Whole { .. }) => text.parse::<i64>().map_or(Value::String(text), Value::from),
            Some(Kind::List { .. }) => text.split(',').map(|part| Value::from(part.trim())).collect(),
            _ => Value::String(text),
        };
        if given.contains_key(&name) {
            faults.push(Fault::new(name, "given_twice"));
        } else {
            given.insert(name, value);
        }
    }
    match shape::check(Value::Object(given), fields) {
        Ok(Value::Object(cleaned)) if faults.is_empty() => Ok(cleaned),
        Ok(_) => Err(Refusal::invalid(faults)),
        Err(found) => {
            faults.extend(found);
            Err(Refusal::invalid(faults))
        }
    }
}

/// What a form asks in an address, as texts: it sends its empty boxes along, and what nobody knows is passed over.
pub(crate) fn texts(query: Option<&str>, fields: &[Field]) -> Map<String, Value> {
    form(query.unwrap_or_default().as_bytes())
        .into_iter()
        .filter(|(name, text)| !text.is_empty() && fields.iter().any(|field| field.name == name))
        .map(|(name, text)| (name, Value::String(text)))
        .collect()
}

/// The pairs of a form or query (`application/x-www-form-urlencoded`). Bytes that are no UTF-8 are replaced.
#[must_use]
pub fn form(bytes: &[u8]) -> Vec<(String, String)> {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(parts.next().unwrap_or_default());
            (name, decode(parts.next().unwrap_or_default()))
        })
        .collect()
}

fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        let pair = match after {
            [high, low, ..] if *first == b'%' => hex(high).zip(hex(low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes a value into an address.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shape::optional;

    #[test]
    fn forms_are_read() {
        let pairs = form("a=1&b=%E4%BD%A0+%26&c&=x&%zz=%".as_bytes());
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "你 &"), ("c", ""), ("", "x"), ("%zz", "%")]);
        let all: String = (0..128_u8).map(char::from).collect::<String>() + "你";
        assert_eq!(form(format!("x={}", encode(&all)).as_bytes())[0].1, all);
    }

    #[test]
    fn parameters_are_checked() {
        const FIELDS: &[Field] = &[
            optional("limit", Kind::Whole { min: 1, max: 9 }, ""),
            optional("open", Kind::Bool, ""),
            optional("status", Kind::List { of: &Kind::Code(&["a", "b"]), max: 2 }, ""),
        ];
        let read = |query| read(Some(query), FIELDS);
        assert_eq!(read("limit=3&open=true&status=a,b").unwrap()["limit"], 3);
        assert!(read("limit=").unwrap().is_empty());
        let refusal = read("limit=x&open=1&status=c&huh=1&limit=2").unwrap_err();
        assert_eq!(refusal.faults.len(), 5, "{:?}", refusal.faults);
    }
}
