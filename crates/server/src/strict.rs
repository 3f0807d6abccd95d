//! JSON read strictly: a member that stands twice in an object is a fault. Readers differ in which of the two they take, and
//! what one of them checked another would not have seen.

use domain::fault::Fault;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Most members named; more say nothing new.
const MOST_FAULTS: usize = 20;

/// Reads a value.
///
/// # Errors
/// What is no JSON; inside, the members that stand twice.
pub(crate) fn read(bytes: &[u8]) -> serde_json::Result<Result<Value, Vec<Fault>>> {
    let mut faults = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { path: String::new(), faults: &mut faults }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(if faults.is_empty() { Ok(value) } else { Err(faults) })
}

/// A value at a path.
struct Strict<'f> {
    path: String,
    faults: &'f mut Vec<Fault>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}]", cut(&self.path), list.len());
            match items.next_element_seed(Strict { path, faults: &mut *self.faults })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", cut(&self.path)) };
            if object.contains_key(&name) && self.faults.len() < MOST_FAULTS {
                let shown: String = path.chars().filter(|letter| !letter.is_control()).take(200).collect();
                self.faults.push(Fault::new(shown, "duplicate_field"));
            }
            let value = members.next_value_seed(Strict { path, faults: &mut *self.faults })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// As much of a path as is ever shown: a long name must not be copied for each element below it.
fn cut(path: &str) -> &str {
    path.char_indices().nth(200).map_or(path, |(end, _)| path.get(..end).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_named() {
        let text = r#"{"a": 1, "b": {"c": 1, "c": 2}, "d": [{"e": 1}, {"e": 1, "e": 1}], "a": 2, "\u0061": 3}"#;
        let faults = read(text.as_bytes()).unwrap().unwrap_err();
        let named: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(named, ["b.c", "d[1].e", "a", "a"]);
        assert!(read(b"{} x").is_err() && read(b"{\"a\": 1e999}").is_err() && read(&[b'['; 1000]).is_err());
        let many = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(1000));
        assert_eq!(read(many.as_bytes()).unwrap().unwrap_err().len(), MOST_FAULTS);
    }

    proptest::proptest! {
        #[test]
        fn everything_else_is_read_as_ever(text in r#"[\[\]{}",:0-9a-c.eE \\u+-]{0,24}|\{("[ab]": ?(1|-2|0.5|null|true|\[\]|"x")(, )?){0,3}\}"#) {
            match (read(text.as_bytes()), serde_json::from_str::<Value>(&text)) {
                (Ok(Ok(ours)), Ok(theirs)) => proptest::prop_assert_eq!(ours, theirs),
                (Ok(Err(_)), Ok(_)) | (Err(_), Err(_)) => {}
                (ours, theirs) => proptest::prop_assert!(false, "{}: {:?} {:?}", text, ours, theirs),
            }
        }
    }
}
