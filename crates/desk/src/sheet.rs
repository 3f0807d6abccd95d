//! Rows of a CSV file under headings that are names of fields. What is wrong is told by line and column: `csv:12:3 from` is
//! the third column of line 12, where `from` stands.

use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind};
use serde_json::{Map, Value};

/// Most rows of a file.
pub(crate) const MOST_ROWS: usize = 5_000;
/// Largest file, bytes; a body of the API has a limit of its own.
pub(crate) const MOST_BYTES: usize = 900_000;
/// After so many faults more of them help nobody.
const MOST_FAULTS: usize = 200;

/// A row as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Where it stands; nothing where it came by itself.
    line: Option<u64>,
    /// Headings in their order.
    headings: Vec<String>,
    /// Its cells by heading, empty ones left out.
    pub(crate) value: Value,
}

impl Row {
    /// A row that came by itself.
    pub(crate) fn alone(value: Value) -> Self {
        Self { line: None, headings: Vec::new(), value }
    }

    /// A fault of the row, with its place.
    pub(crate) fn fault(&self, mut fault: Fault) -> Fault {
        if let Some(line) = self.line {
            let column = self.headings.iter().position(|heading| *heading == fault.field).map_or(1, |place| place + 1);
            fault.field = format!("csv:{line}:{column} {}", fault.field).trim_end().to_owned();
        }
        fault
    }
}

/// Reads a file.
///
/// # Errors
/// Every fault of its form: headings that are no fields or stand twice, required ones missing, rows with too many or too few
/// cells, too many rows, none at all.
pub(crate) fn read(text: &str, fields: &'static [Field]) -> Result<Vec<Row>, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings: Vec<String> = match reader.headers() {
        Ok(headings) => headings.iter().map(str::to_owned).collect(),
        Err(_) => return Err(Fault::new("csv:1:1", "unreadable").into()),
    };
    let mut faults = Vec::new();
    for (place, heading) in (1..).zip(&headings) {
        let shown: String = heading.chars().filter(|letter| !letter.is_control()).take(60).collect();
        if !fields.iter().any(|field| field.name == heading) {
            faults.push(Fault::new(format!("csv:1:{place} {shown}"), "unknown_field"));
        } else if headings.iter().take(place - 1).any(|known| known == heading) {
            faults.push(Fault::new(format!("csv:1:{place} {shown}"), "given_twice"));
        }
    }
    for field in fields.iter().filter(|field| field.required && !headings.iter().any(|one| one == field.name)) {
        faults.push(Fault::new(format!("csv:1:1 {}", field.name), "required"));
    }
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault::new(format!("csv:{line}:1"), "unreadable"));
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != headings.len() {
            let place = format!("csv:{line}:{}", record.len().min(headings.len()) + 1);
            faults.push(Fault::new(place, "cells").with("given", record.len()).with("wanted", headings.len()));
        } else {
            let value = cells(&headings, &record, fields);
            rows.push(Row { line: Some(line), headings: headings.clone(), value });
        }
        if rows.len() > MOST_ROWS {
            return Err(Fault::new("csv", "too_many").with("max", MOST_ROWS).into());
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() && rows.is_empty() {
        faults.push(Fault::new("csv", "required"));
    }
    if faults.is_empty() { Ok(rows) } else { Err(Refusal::invalid(faults)) }
}

/// A row as an object: numbers and truths as what they are, everything else as text.
fn cells(headings: &[String], record: &csv::StringRecord, fields: &[Field]) -> Value {
    let mut cells = Map::new();
    for (name, cell) in headings.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        let kind = fields.iter().find(|field| field.name == name).map(|field| &field.kind);
        let text = || Value::from(cell);
        let value = match kind {
            Some(Kind::Whole { .. }) => cell.parse::<i64>().map_or_else(|_| text(), Value::from),
            Some(Kind::Bool) => cell.parse::<bool>().map_or_else(|_| text(), Value::from),
            _ => text(),
        };
        cells.insert(name.clone(), value);
    }
    Value::Object(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::network::exposure::FIELDS;

    fn faults(text: &str) -> Vec<(String, &'static str)> {
        let faults = read(text, FIELDS).map(drop).unwrap_err().faults;
        faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn faults_are_told_with_line_and_column() {
        assert_eq!(
            faults("month,users,colour\n"),
            [("csv:1:3 colour".into(), "unknown_field"), ("csv:1:1 region".into(), "required")]
        );
        assert_eq!(faults("month,region,users,users\n"), [("csv:1:4 users".into(), "given_twice")]);
        assert_eq!(faults("month,region,users\n2026-10,31\n\n2026-11,31,5,6\n").len(), 2);
        assert_eq!(faults("month,region,users\n"), [("csv".into(), "required")]);
        let rows = read("\u{feff}users,month,region\n5,2026-10,31\n x ,2026-11,\n", FIELDS).unwrap();
        assert_eq!(rows[0].value, serde_json::json!({"users": 5, "month": "2026-10", "region": "31"}));
        let fault = rows[1].fault(Fault::new("users", "wrong_type"));
        assert_eq!(fault.field, "csv:3:1 users");
    }
}
