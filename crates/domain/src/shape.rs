//! The shape of an input, declared once. Validation, the OpenAPI description and the console's forms all read the
//! same table, so none of the three can drift from the others.
//!
//! [`check`] reports every fault of an input at once and hands back the cleaned value; it never stops at the first.

mod form;

use crate::fault::Fault;
use crate::text::clean;
pub use form::Form;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// One named member of an object.
#[derive(Debug)]
pub struct Field {
    /// Name in JSON, `snake_case`.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Whether it must be present.
    pub required: bool,
    /// One English sentence for the API description.
    pub doc: &'static str,
}

/// What a field may hold.
#[derive(Debug)]
pub enum Kind {
    /// Words of a person: cleaned, at least one character, at most `max` characters.
    Text {
        /// Most characters allowed.
        max: usize,
        /// Whether line breaks are expected; forms show a larger box.
        multiline: bool,
    },
    /// A short technical value: one line, at most `max` characters.
    Line {
        /// Most characters allowed.
        max: usize,
    },
    /// A short value with a form of its own: one line, at most `max` characters.
    Formed {
        /// Its form.
        form: Form,
        /// Most characters allowed.
        max: usize,
    },
    /// One of a closed list of codes.
    Code(&'static [&'static str]),
    /// A leaf of the category tree; existence is checked where the taxonomy is at hand.
    Category,
    /// A leaf of the cause tree.
    Cause,
    /// An administrative region: two, four or six digits (GB/T 2260), elsewhere a code of ISO 3166-2.
    Region,
    /// A moment, RFC 3339 with an offset, between 1990 and 2100.
    Moment,
    /// A day of the calendar, `YYYY-MM-DD`, between 1990 and 2100.
    Day,
    /// A whole file as text: kept as it is but for the ends of its lines, at most `max` bytes.
    Document {
        /// Most bytes allowed.
        max: usize,
    },
    /// True or false.
    Bool,
    /// A whole number.
    Whole {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A sum of money `{value, currency}`: decimal text, never negative, at most two places, ISO 4217 code.
    Money,
    /// A UUID.
    Uuid,
    /// An object with these members and no others.
    Object(&'static [Field]),
    /// A list.
    List {
        /// What each element is.
        of: &'static Kind,
        /// Most elements allowed.
        max: usize,
    },
}

/// A required field.
pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, required: true, doc }
}

/// A field that may be absent.
pub const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, required: false, doc }
}

const EARLIEST: &str = "1990-01-01T00:00:00Z";
const LATEST: &str = "2100-01-01T00:00:00Z";
const MOST_FAULTS: usize = 200;

/// Checks an object against its fields and returns it cleaned, or every fault found.
///
/// # Errors
/// All faults, with their paths.
pub fn check(value: Value, fields: &[Field]) -> Result<Value, Vec<Fault>> {
    let mut faults = Vec::new();
    let cleaned = object(value, fields, "", &mut faults);
    if faults.is_empty() {
        Ok(cleaned)
    } else {
        faults.truncate(MOST_FAULTS);
        Err(faults)
    }
}

fn object(value: Value, fields: &[Field], path: &str, faults: &mut Vec<Fault>) -> Value {
    let Value::Object(mut given) = value else {
        faults.push(wrong_type(path, "object"));
        return Value::Null;
    };
    let mut cleaned = Map::with_capacity(given.len());
    for field in fields {
        let at = join(path, field.name);
        match given.remove(field.name) {
            None if field.required => faults.push(Fault::new(at, "required")),
            None => {}
            Some(Value::Null) if field.required => faults.push(Fault::new(at, "null")),
            // An optional member that is null says the same as an absent one.
            Some(Value::Null) => {}
            Some(value) => {
                let value = one(value, &field.kind, &at, faults);
                cleaned.insert(field.name.to_owned(), value);
            }
        }
    }
    for name in given.keys().take(MOST_FAULTS) {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
        faults.push(Fault::new(join(path, &shown), "unknown_field"));
    }
    Value::Object(cleaned)
}

fn one(value: Value, kind: &Kind, path: &str, faults: &mut Vec<Fault>) -> Value {
    match kind {
        Kind::Text { max, multiline } => text(value, *max, *multiline, path, faults),
        Kind::Line { max } => text(value, *max, false, path, faults),
        Kind::Formed { form, max } => match text(value, *max, false, path, faults) {
            Value::String(given) => match form.fault(&given) {
                Some(code) => refuse(Fault::new(path, code), faults),
                None => Value::String(given),
            },
            refused => refused,
        },
        Kind::Category | Kind::Cause => text(value, 12, false, path, faults),
        Kind::Code(codes) => code(value, codes, path, faults),
        Kind::Region => region(value, path, faults),
        Kind::Moment => moment(value, path, faults),
        Kind::Day => day(value, path, faults),
        Kind::Document { max } => document(value, *max, path, faults),
        Kind::Bool if value.is_boolean() => value,
        Kind::Bool => refuse(wrong_type(path, "boolean"), faults),
        Kind::Whole { min, max } => whole(value, *min, *max, path, faults),
        Kind::Money => money(value, path, faults),
        Kind::Uuid => match value.as_str().map(uuid::Uuid::parse_str) {
            Some(Ok(id)) => Value::String(id.to_string()),
            Some(Err(_)) => refuse(Fault::new(path, "bad_uuid"), faults),
            None => refuse(wrong_type(path, "string"), faults),
        },
        Kind::Object(fields) => object(value, fields, path, faults),
        Kind::List { of, max } => list(value, of, *max, path, faults),
    }
}

fn list(value: Value, of: &Kind, max: usize, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Value::Array(items) = value else {
        return refuse(wrong_type(path, "array"), faults);
    };
    if items.len() > max {
        return refuse(Fault::new(path, "too_many").with("max", max).with("given", items.len()), faults);
    }
    items
        .into_iter()
        .enumerate()
        .map(|(position, item)| one(item, of, &format!("{path}[{position}]"), faults))
        .collect()
}

fn text(value: Value, max: usize, multiline: bool, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Value::String(given) = value else {
        return refuse(wrong_type(path, "string"), faults);
    };
    // Four bytes a character at most: a hostile megabyte is refused before it is looked at closely.
    if given.len() > max.saturating_mul(8) {
        return refuse(Fault::new(path, "too_long").with("max", max), faults);
    }
    let cleaned = match clean::clean(&given) {
        Ok(cleaned) => cleaned,
        Err(fault) => {
            return refuse(Fault::new(path, "forbidden_character").with("what", fault), faults);
        }
    };
    if cleaned.is_empty() {
        return refuse(Fault::new(path, "empty"), faults);
    }
    if !multiline && cleaned.contains(['\n', '\t']) {
        return refuse(Fault::new(path, "one_line"), faults);
    }
    let length = cleaned.chars().count();
    if length > max {
        return refuse(Fault::new(path, "too_long").with("max", max).with("given", length), faults);
    }
    Value::String(cleaned)
}

/// A browser sends a text with line ends of its own, and the address of a content must not depend on who sent it.
fn document(value: Value, max: usize, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Value::String(given) = value else {
        return refuse(wrong_type(path, "string"), faults);
    };
    if given.len() > max.saturating_mul(2) {
        return refuse(Fault::new(path, "too_long").with("max", max), faults);
    }
    let kept = given.replace("\r\n", "\n");
    if kept.trim().is_empty() {
        return refuse(Fault::new(path, "empty"), faults);
    }
    if kept.contains('\0') {
        return refuse(Fault::new(path, "forbidden_character").with("what", "U+0000"), faults);
    }
    if kept.len() > max {
        return refuse(Fault::new(path, "too_long").with("max", max).with("given", kept.len()), faults);
    }
    Value::String(kept)
}

fn day(value: Value, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Some(given) = value.as_str() else {
        return refuse(wrong_type(path, "string"), faults);
    };
    // One way of writing a day, so that nobody has to wonder which number is the month.
    match given.parse::<Date>() {
        Ok(day) if day.to_string() == given && (1990..2100).contains(&day.year()) => value,
        _ => refuse(Fault::new(path, "bad_day"), faults),
    }
}

fn code(value: Value, codes: &[&str], path: &str, faults: &mut Vec<Fault>) -> Value {
    match value.as_str() {
        Some(given) if codes.contains(&given) => value,
        Some(_) => refuse(Fault::new(path, "not_one_of").with("allowed", codes.join(", ")), faults),
        None => refuse(wrong_type(path, "string"), faults),
    }
}

fn region(value: Value, path: &str, faults: &mut Vec<Fault>) -> Value {
    match value.as_str() {
        Some(given) if crate::taxonomy::region_valid(given) => value,
        Some(_) => refuse(Fault::new(path, "bad_region"), faults),
        None => refuse(wrong_type(path, "string"), faults),
    }
}

fn moment(value: Value, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Some(given) = value.as_str() else {
        return refuse(wrong_type(path, "string"), faults);
    };
    let Some(at) = rfc3339(given) else {
        return refuse(Fault::new(path, "bad_moment"), faults);
    };
    let within = EARLIEST.parse().is_ok_and(|earliest: Timestamp| at >= earliest)
        && LATEST.parse().is_ok_and(|latest: Timestamp| at < latest);
    if within {
        // The log keeps microseconds; anything finer would not survive the database.
        Value::String(crate::micros(at).to_string())
    } else {
        refuse(Fault::new(path, "moment_out_of_range").with("from", EARLIEST).with("to", LATEST), faults)
    }
}

/// A moment as RFC 3339 writes it and not otherwise: others add the name of a zone, leave seconds out, or state offsets no
/// clock has.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let (day, rest) = (text.get(..10)?, text.get(10..)?);
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let place = time.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = time.split_at(place);
    let (time, fraction) = time.split_once('.').map_or((time, "0"), |(time, fraction)| (time, fraction));
    let is = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, sign)| match sign {
                b'0' => byte.is_ascii_digit(),
                sign => byte == sign,
            })
    };
    let offset_right = match offset {
        "Z" | "z" => true,
        offset => {
            let (sign, clock) = offset.split_at_checked(1)?;
            let within = |range: std::ops::Range<usize>, most: u8| {
                clock.get(range).and_then(|part| part.parse::<u8>().ok()).is_some_and(|part| part <= most)
            };
            matches!(sign, "+" | "-") && is(clock, "00:00") && within(0..2, 23) && within(3..5, 59)
        }
    };
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let right = is(day, "0000-00-00") && is(time, "00:00:00") && digits && offset_right;
    right.then(|| text.parse().ok()).flatten()
}

fn whole(value: Value, min: i64, max: i64, path: &str, faults: &mut Vec<Fault>) -> Value {
    match value.as_i64() {
        Some(given) if (min..=max).contains(&given) => value,
        Some(_) => refuse(Fault::new(path, "out_of_range").with("min", min).with("max", max), faults),
        None if value.is_number() => refuse(Fault::new(path, "not_whole").with("min", min).with("max", max), faults),
        None => refuse(wrong_type(path, "integer"), faults),
    }
}

fn money(value: Value, path: &str, faults: &mut Vec<Fault>) -> Value {
    let Value::Object(given) = &value else {
        return refuse(wrong_type(path, "object"), faults);
    };
    let before = faults.len();
    for name in given.keys().filter(|name| !matches!(name.as_str(), "value" | "currency")) {
        faults.push(Fault::new(join(path, name), "unknown_field"));
    }
    let sum = match given.get("value") {
        None | Some(Value::Null) => Err("required"),
        Some(Value::String(sum)) => crate::money::parse_value(sum).map_err(crate::money::MoneyFault::code),
        // A JSON number would pass through binary floating point; money is decimal text.
        Some(_) => Err("money_as_text"),
    };
    let currency = match given.get("currency") {
        None | Some(Value::Null) => Err("required"),
        Some(Value::String(code)) if crate::money::is_currency(code) => Ok(()),
        Some(_) => Err("bad_currency"),
    };
    if let Err(code) = currency {
        faults.push(Fault::new(join(path, "currency"), code));
    }
    match sum {
        Err(code) => faults.push(Fault::new(join(path, "value"), code).with("max", crate::money::LARGEST)),
        Ok(_) if faults.len() == before => return value,
        Ok(_) => {}
    }
    Value::Null
}

fn wrong_type(path: &str, expected: &'static str) -> Fault {
    Fault::new(path, "wrong_type").with("expected", expected)
}

fn refuse(fault: Fault, faults: &mut Vec<Fault>) -> Value {
    faults.push(fault);
    Value::Null
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_standard_has_it() {
        for good in [
            "2026-07-03T00:00:00+08:00",
            "2026-07-03T00:00:00Z",
            "2026-07-03t00:00:00.123456z",
            "2026-07-03 10:00:00-03:30",
            "2026-07-03T23:59:59+23:59",
        ] {
            assert!(rfc3339(good).is_some(), "{good}");
        }
        for bad in [
            "2026-07-03T00:00:00+25:00",
            "2026-07-03T00:00:00+08:60",
            "2026-07-03T00:00:00+08:00[Asia/Shanghai]",
            "2026-07-03T00:00:00[Asia/Shanghai]",
            "2026-07-03T00:00:00+0800",
            "2026-07-03T00:00:00+08",
            "2026-07-03T00:00Z",
            "2026-07-03T00:00:00.Z",
            "2026-07-03T00:00:00,5Z",
            "2026-07-03T24:00:00Z",
            "2026-07-03T00:00:00",
            "2026-07-03",
            "+002026-07-03T00:00:00Z",
            "２026-07-03T00:00:00Z",
            "",
        ] {
            assert!(rfc3339(bad).is_none(), "{bad}");
        }
    }
}
