//! A row becomes an intake as a programme would send it; the same checks follow.

use super::map::{Column, ImportMap};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

/// Where the columns of a map stand in a file.
pub(super) struct Columns {
    id: usize,
    columns: Vec<usize>,
    joins: Vec<Vec<usize>>,
}

impl Columns {
    pub(super) fn bind(map: &ImportMap, headers: &csv::StringRecord) -> Result<Self, String> {
        let find = |name: &str| {
            headers.iter().position(|header| header.trim() == name).ok_or_else(|| {
                format!("the file has no column {name:?}; it has {}", headers.iter().collect::<Vec<_>>().join(", "))
            })
        };
        Ok(Self {
            id: find(&map.id)?,
            columns: map.column.iter().map(|column| find(&column.name)).collect::<Result<_, _>>()?,
            joins: map
                .join
                .iter()
                .map(|join| join.columns.iter().map(|name| find(name)).collect::<Result<_, _>>())
                .collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn id<'r>(&self, record: &'r csv::StringRecord) -> &'r str {
        record.get(self.id).unwrap_or_default().trim()
    }

    /// The row as an intake, or the field and reason why not.
    pub(super) fn intake(&self, map: &ImportMap, record: &csv::StringRecord) -> Result<Value, (String, String)> {
        let id = self.id(record);
        if id.is_empty() || id.len() > 120 {
            return Err((map.id.clone(), "a row needs an identity of at most 120 bytes".to_owned()));
        }
        let mut intake = Value::Object(Map::new());
        for (path, constant) in &map.constants {
            let value = serde_json::to_value(constant).map_err(|error| (path.clone(), error.to_string()))?;
            put(&mut intake, path, value);
        }
        for (column, place) in map.column.iter().zip(&self.columns) {
            let cell = record.get(*place).unwrap_or_default().trim();
            if !cell.is_empty() {
                let value = one(column, cell).map_err(|reason| (column.field.clone(), reason))?;
                put(&mut intake, &column.field, value);
            }
        }
        for (join, places) in map.join.iter().zip(&self.joins) {
            let parts: Vec<&str> = places
                .iter()
                .filter_map(|place| record.get(*place))
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect();
            if !parts.is_empty() {
                put(&mut intake, &join.field, Value::String(parts.join(&join.separator)));
            }
        }
        Ok(intake)
    }
}

fn one(column: &Column, cell: &str) -> Result<Value, String> {
    if let Some(values) = &column.values {
        let code = values.get(cell).ok_or_else(|| format!("{:?} has no {cell:?} in the map", column.name))?;
        return Ok(Value::String(code.clone()));
    }
    let Some(format) = &column.format else {
        return Ok(Value::String(cell.to_owned()));
    };
    moment(column, format, cell)
        .map(|at| Value::String(at.to_string()))
        .map_err(|error| format!("{cell:?} is not {format}: {error}"))
}

fn moment(column: &Column, format: &str, cell: &str) -> Result<Timestamp, jiff::Error> {
    if format == "rfc3339" {
        return cell.parse();
    }
    match &column.time_zone {
        // An hour that does not exist or exists twice is read as most clocks of the zone showed it first.
        Some(zone) => Ok(zone.to_ambiguous_timestamp(DateTime::strptime(format, cell)?).compatible()?),
        None => Timestamp::strptime(format, cell),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_an_intake() {
        let map = ImportMap::parse(
            "source = 't'\nid = 'no'\nconstants = { kind = 'complaint', 'complainant.anonymous' = true }
             [[column]]\nname = 'when'\nfield = 'received_at'\nformat = '%d/%m/%Y %H:%M'\nzone = 'America/New_York'
             [[column]]\nname = 'how'\nfield = 'accept_channel'\nvalues = { Phone = 'hotline' }
             [[join]]\nfield = 'place.text'\ncolumns = ['city', 'state']\nseparator = ', '",
        )
        .unwrap();
        let headers = csv::StringRecord::from(vec!["no", "when", "how", "city", "state"]);
        let columns = map.bind(&headers).unwrap();
        let row = |cells: [&str; 5]| columns.intake(&map, &csv::StringRecord::from(cells.to_vec()));
        assert_eq!(
            row(["7", "04/07/2015 09:30", "Phone", "Dover", ""]).unwrap(),
            serde_json::json!({
                "kind": "complaint", "complainant": {"anonymous": true}, "received_at": "2015-07-04T13:30:00Z",
                "accept_channel": "hotline", "place": {"text": "Dover"},
            })
        );
        assert_eq!(row(["7", "2015-07-04", "Phone", "", ""]).unwrap_err().0, "received_at");
        assert_eq!(row(["7", "", "Fax", "", ""]).unwrap_err().0, "accept_channel");
        assert_eq!(row(["", "", "", "", ""]).unwrap_err().0, "no");
        assert!(map.bind(&csv::StringRecord::from(vec!["no"])).is_err());
    }
}
