//! A row becomes an input as a programme would send it; the same checks follow. Everything that is wrong with a row is
//! said at once.

use super::map::{Check, ImportMap, Part, Side};
use super::moment::swapped_day;
use super::records::{Broken, Record};
use domain::shape::{Field, Kind};
use domain::text::clean::clean;
use serde_json::{Map, Value};

/// Longest identity of a row, in bytes.
const LONGEST_ID: usize = 120;

/// What is wrong with a row: field or column, and reason.
pub(super) type Wrong = (String, String);

/// Where the columns of a map stand in a file.
pub(super) struct Columns {
    headings: Vec<String>,
    id: usize,
    parts: Vec<Vec<usize>>,
    checks: Vec<(usize, Option<usize>)>,
    /// Whether the file is a list of rejected rows, in which unreadable signs are marked.
    again: bool,
}

impl Columns {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// Names the column that is missing or stands there twice.
    pub(super) fn bind(map: &ImportMap, header: &Record, again: bool) -> Result<Self, String> {
        let headings: Vec<String> = header.cells().map(|cell| cell.trim().to_owned()).collect();
        for name in map.headings() {
            match headings.iter().filter(|heading| *heading == name).count() {
                0 => return Err(format!("the file has no column {name:?}; it has {}", headings.join(", "))),
                1 => {}
                count => return Err(format!("the file has {count} columns {name:?}")),
            }
        }
        let find = |name: &str| headings.iter().position(|heading| heading == name).unwrap_or(usize::MAX);
        Ok(Self {
            id: find(&map.id),
            parts: map.parts.iter().map(|part| part.columns.iter().map(|name| find(name)).collect()).collect(),
            checks: map
                .checks
                .iter()
                .map(|check| match check {
                    Check::Within(side) => (find(&side.column), None),
                    Check::SameDay(one, other) => (find(&one.column), Some(find(&other.column))),
                })
                .collect(),
            headings,
            again,
        })
    }

    /// Headings of the file.
    pub(super) fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The row's identity.
    pub(super) fn id<'r>(&self, record: &'r Record) -> &'r str {
        record.get(self.id).unwrap_or_default().trim()
    }

    /// The row as an input, as far as it can be read, and what is wrong with its cells.
    ///
    /// # Errors
    /// What is wrong with the row as such; then its cells mean nothing.
    pub(super) fn input(&self, map: &ImportMap, record: &Record) -> Result<(Value, Vec<Wrong>), Wrong> {
        self.as_such(map, record)?;
        let mut input = Value::Object(Map::new());
        let mut wrong = Vec::new();
        for (path, constant) in &map.constants {
            put(&mut input, path, constant.clone());
        }
        for (part, places) in map.parts.iter().zip(&self.parts) {
            let cells: Vec<&str> = places
                .iter()
                .filter_map(|place| record.get(*place))
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect();
            if cells.is_empty() {
                continue;
            }
            match value(part, &cells.join(&part.separator)) {
                Ok(value) => put(&mut input, &part.field, value),
                Err(reason) => wrong.push((part.field.clone(), reason)),
            }
        }
        for (check, (one, other)) in map.checks.iter().zip(&self.checks) {
            let cell = |place: usize| record.get(place).unwrap_or_default().trim();
            wrong.extend(match check {
                Check::Within(side) => within(side, cell(*one)),
                Check::SameDay(left, right) => same_day((left, cell(*one)), (right, cell(other.unwrap_or(usize::MAX)))),
            });
        }
        listed(&mut input, map.fields);
        Ok((input, wrong))
    }

    /// Whether the row has cells that can mean anything.
    fn as_such(&self, map: &ImportMap, record: &Record) -> Result<(), Wrong> {
        let whole = |reason: String| Err((String::new(), reason));
        match record.broken {
            Some(Broken::Encoding) => return whole(format!("the bytes are not {}", map.encoding.name())),
            Some(Broken::OpenQuote) => return whole("a quotation mark is left open up to the end".to_owned()),
            None => {}
        }
        let width = self.headings.len();
        if record.len() != width {
            return whole(format!("{} cells where the heading has {width}", record.len()));
        }
        if record.cells().zip(&self.headings).all(|(cell, heading)| cell.trim() == heading) {
            return whole("the heading stands here again".to_owned());
        }
        for (cell, heading) in record.cells().zip(&self.headings) {
            if cell.contains('\0') {
                return Err((heading.clone(), "holds a NUL character (U+0000)".to_owned()));
            }
            if self.again && cell.contains('\u{FFFD}') {
                return Err((heading.clone(), "still holds the mark of an unreadable sign (U+FFFD)".to_owned()));
            }
        }
        let id = self.id(record);
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err((map.id.clone(), format!("a row needs an identity of at most {LONGEST_ID} bytes")));
        }
        Ok(())
    }
}

fn value(part: &Part, cell: &str) -> Result<Value, String> {
    if let Some(values) = &part.values {
        let code =
            values.get(cell).ok_or_else(|| format!("{:?} has no {cell:?} in the map", part.columns.join(", ")))?;
        return Ok(of_kind(part.kind, code));
    }
    match &part.moments {
        Some(moments) => moments.read(cell).map(|at| Value::String(at.to_string())),
        None => Ok(of_kind(part.kind, cell)),
    }
}

/// A cell as the shape wants it; what does not fit stays text, and the shape's own check names it.
fn of_kind(kind: &Kind, cell: &str) -> Value {
    match kind {
        Kind::Bool => cell.parse::<bool>().map_or_else(|_| Value::from(cell), Value::from),
        Kind::Whole { .. } => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
        Kind::List { .. } => cell.split(';').map(|one| Value::from(one.trim())).collect(),
        _ => Value::from(cell),
    }
}

fn within(side: &Side, cell: &str) -> Option<Wrong> {
    side.moments.read(cell).err().map(|reason| (side.column.clone(), reason))
}

fn same_day((one, left): (&Side, &str), (other, right): (&Side, &str)) -> Option<Wrong> {
    let (here, there) = (one.moments.day(left)?, other.moments.day(right)?);
    if here == there {
        return None;
    }
    let swap = if swapped_day(here) == Some(there) { "; day and month are swapped in one of them" } else { "" };
    let reason = format!("{:?} says {here}, {:?} says {there}{swap}", one.column, other.column);
    Some((one.column.clone(), reason))
}

/// Puts a value at a dotted path, making objects on the way.
fn put(target: &mut Value, path: &str, value: Value) {
    let mut here = target;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let Value::Object(object) = here else { return };
        if names.peek().is_none() {
            object.insert(name.to_owned(), value);
            return;
        }
        here = object.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    }
}

/// Takes out of a contact what has not the form of its optional field, and keeps it in the words: a system that never
/// asked for a form holds such cells, and neither the row nor the cell is to be lost for them.
pub(super) fn set_aside(contact: &mut Value) {
    let mut lines = String::new();
    unfit(contact, domain::intake::FIELDS, "", &mut lines);
    if let Some(Value::String(words)) = contact.get_mut("description") {
        words.push_str(&lines);
    }
}

fn unfit(value: &mut Value, fields: &[Field], path: &str, lines: &mut String) {
    let Value::Object(object) = value else { return };
    for field in fields {
        let at = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        match (&field.kind, object.get_mut(field.name)) {
            (Kind::Object(inner), Some(value)) => unfit(value, inner, &at, lines),
            (Kind::Formed { form, .. }, Some(Value::String(cell)))
                if !field.required && clean(cell).is_ok_and(|cell| form.fault(&cell).is_some()) =>
            {
                lines.push_str(&format!("\n{at}: {cell}"));
                object.remove(field.name);
            }
            _ => {}
        }
    }
}

/// A list of objects has one element in a row; a map writes it as if it were that element.
fn listed(input: &mut Value, fields: &[Field]) {
    for field in fields {
        let Some(value) = input.get_mut(field.name) else { continue };
        match &field.kind {
            Kind::Object(inner) => listed(value, inner),
            Kind::List { of: Kind::Object(_), .. } if value.is_object() => *value = Value::Array(vec![value.take()]),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::intake::FIELDS;

    const MAP: &str = "source = 't'\nid = 'no'\nconstants = { kind = 'complaint', 'complainant.anonymous' = true, 'external.owner' = 'crm' }
        [[column]]\nname = 'when'\nfield = 'received_at'\nformat = '%d/%m/%Y %H:%M'\nzone = 'America/New_York'
        [[column]]\nname = 'how'\nfield = 'accept_channel'\nvalues = { Phone = 'hotline' }
        [[column]]\nname = 'star'\nfield = 'subscription.star'
        [[column]]\nname = 'ref'\nfield = 'external.number'
        [[join]]\nfield = 'place.text'\ncolumns = ['city', 'state']\nseparator = ', '
        [[check]]\nsame_day = [{ column = 'day', format = '%d-%b-%y' }, { column = 'when', format = '%d/%m/%Y %H:%M' }]";
    const HEADER: [&str; 8] = ["no", "when", "how", "star", "ref", "city", "state", "day"];

    fn input(cells: &[&str]) -> (Value, Vec<Wrong>) {
        let map = ImportMap::parse(MAP, FIELDS).unwrap();
        let columns = Columns::bind(&map, &Record::from(&HEADER[..]), false).unwrap();
        columns.input(&map, &Record::from(cells)).unwrap_or_else(|wrong| (Value::Null, vec![wrong]))
    }

    #[test]
    fn a_row_becomes_an_input() {
        let (value, wrong) = input(&["7", "04/07/2015 09:30", "Phone", "3", "C-1", "Dover", "", "4-Jul-15"]);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(
            value,
            serde_json::json!({
                "kind": "complaint", "complainant": {"anonymous": true}, "received_at": "2015-07-04T13:30:00Z",
                "accept_channel": "hotline", "place": {"text": "Dover"}, "subscription": {"star": 3},
                "external": [{"owner": "crm", "number": "C-1"}],
            })
        );
    }

    #[test]
    fn everything_wrong_with_a_row_is_said_at_once() {
        let fields = |cells: &[&str]| input(cells).1.into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(fields(&["7", "2015-07-04", "Fax", "", "", "", "", ""]), ["received_at", "accept_channel"]);
        assert_eq!(fields(&["", "", "", "", "", "", "", ""]), ["no"]);
        assert_eq!(fields(&["7\0", "", "", "", "", "", "", ""]), ["no"]);
        assert_eq!(fields(&["7"]), [""]);
        let swapped = input(&["7", "04/07/2015 09:30", "", "", "", "", "", "7-Apr-15"]).1;
        assert_eq!(
            swapped,
            [(
                "day".to_owned(),
                "\"day\" says 2015-04-07, \"when\" says 2015-07-04; day and month are swapped in one of them"
                    .to_owned()
            )]
        );
        assert!(input(&HEADER).1[0].1.contains("heading"));
    }

    #[test]
    fn what_has_no_form_goes_into_the_words() {
        let mut contact = serde_json::json!({
            "description": "no signal", "complainant": {"name": "x", "phone": "none", "email": "wang@example.com"},
            "subscription": {"caller": "0\u{200B}10-62223333"}, "external": [{"owner": "crm", "number": "13800138000"}],
        });
        let before = contact.clone();
        set_aside(&mut contact);
        assert_eq!(contact["description"], "no signal\ncomplainant.phone: none");
        assert_eq!(contact["complainant"], serde_json::json!({"name": "x", "email": "wang@example.com"}));
        assert_eq!((&contact["subscription"], &contact["external"]), (&before["subscription"], &before["external"]));
    }

    #[test]
    fn columns_must_be_there_once() {
        let map = ImportMap::parse(MAP, FIELDS).unwrap();
        let bind = |cells: &[&str]| Columns::bind(&map, &Record::from(cells), false).err().unwrap_or_default();
        assert!(bind(&["no"]).contains("no column \"when\""));
        let twice = [&HEADER[..], &["when"]].concat();
        assert!(bind(&twice).contains("2 columns \"when\""));
    }
}
