//! Values as bytes: a letter for the type, then the value; whole numbers in as few bytes as they need.

use store::dump::Value;

const NULL: u8 = b'0';
const INT: u8 = b'i';
const TEXT: u8 = b't';
const BLOB: u8 = b'b';

/// Appends a value.
pub(super) fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Int(value) => {
            out.push(INT);
            // Zigzag: small negative numbers are short too.
            put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
        }
        Value::Text(text) => put_bytes(out, TEXT, text.as_bytes()),
        Value::Blob(bytes) => put_bytes(out, BLOB, bytes),
    }
}

fn put_bytes(out: &mut Vec<u8>, letter: u8, bytes: &[u8]) {
    out.push(letter);
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a number, seven bits a byte, lowest first; all bytes but the last have their top bit set.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// Takes a value off the front.
///
/// # Errors
/// What is wrong with it.
pub(super) fn take(from: &mut &[u8]) -> Result<Value, &'static str> {
    let (letter, rest) = from.split_first().ok_or("a value is missing")?;
    *from = rest;
    match *letter {
        NULL => Ok(Value::Null),
        INT => {
            let number = take_number(from)?;
            Ok(Value::Int((number >> 1).cast_signed() ^ -(number & 1).cast_signed()))
        }
        TEXT => {
            let bytes = take_bytes(from)?.to_vec();
            String::from_utf8(bytes).map(Value::Text).map_err(|_| "a text is not UTF-8")
        }
        BLOB => Ok(Value::Blob(take_bytes(from)?.to_vec())),
        _ => Err("a value has an unknown type"),
    }
}

fn take_bytes<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let length = usize::try_from(take_number(from)?).map_err(|_| "a value is too long")?;
    let (bytes, rest) = from.split_at_checked(length).ok_or("a value is longer than its block")?;
    *from = rest;
    Ok(bytes)
}

/// Takes a number off the front.
///
/// # Errors
/// What is wrong with it.
pub(super) fn take_number(from: &mut &[u8]) -> Result<u64, &'static str> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first().ok_or("a number is cut off")?;
        *from = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number is too long")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Blob),
        ]
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(values in prop::collection::vec(value(), 0..20)) {
            let mut bytes = Vec::new();
            values.iter().for_each(|value| put(&mut bytes, value));
            let mut rest = bytes.as_slice();
            for value in values {
                prop_assert_eq!(take(&mut rest), Ok(value));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in any::<Vec<u8>>()) {
            let mut rest = bytes.as_slice();
            while take(&mut rest).is_ok() {}
        }
    }

    #[test]
    fn the_ends_of_the_scale_fit() {
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, &Value::Int(number));
            assert_eq!(take(&mut bytes.as_slice()), Ok(Value::Int(number)));
        }
    }
}
