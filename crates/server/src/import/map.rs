//! The map of a file: which column is which field, in which form and zone.

use super::row::Columns;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A map as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportMap {
    /// Name of the source; with the row's identity it says which rows are known.
    pub(super) source: String,
    /// Encoding of the file, by its WHATWG label.
    #[serde(default = "utf8")]
    encoding: String,
    /// Column that identifies a row.
    pub(super) id: String,
    /// Fields that are the same in every row, by path.
    #[serde(default)]
    pub(super) constants: BTreeMap<String, toml::Value>,
    /// Columns.
    #[serde(default)]
    pub(super) column: Vec<Column>,
    /// Fields made of several columns.
    #[serde(default)]
    pub(super) join: Vec<Join>,
}

/// A column and the field it becomes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    /// Heading.
    pub(super) name: String,
    /// Path of the field.
    pub(super) field: String,
    /// For moments: `rfc3339`, or a pattern such as `%Y-%m-%dT%H:%M:%S`.
    pub(super) format: Option<String>,
    /// Zone of moments written without an offset.
    zone: Option<String>,
    /// Codes for what stands in the column; anything else is refused.
    pub(super) values: Option<BTreeMap<String, String>>,
    /// Read by the map when it is parsed.
    #[serde(skip)]
    pub(super) time_zone: Option<TimeZone>,
}

/// Several columns that become one text; empty ones are left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    /// Path of the field.
    pub(super) field: String,
    /// Headings.
    pub(super) columns: Vec<String>,
    /// What stands between them.
    #[serde(default = "blank")]
    pub(super) separator: String,
}

fn utf8() -> String {
    "utf-8".to_owned()
}

fn blank() -> String {
    " ".to_owned()
}

impl ImportMap {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut map: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            format!("line {}: {}", before.lines().count().max(1), error.message())
        })?;
        if map.source.is_empty() || map.source.len() > 40 {
            return Err("source: needs 1 to 40 characters".to_owned());
        }
        for column in &mut map.column {
            if column.zone.is_some() && column.format.is_none() {
                return Err(format!("column {:?}: a zone without a format", column.name));
            }
            if let Some(zone) = &column.zone {
                let known = TimeZone::get(zone).map_err(|_| format!("column {:?}: no zone {zone:?}", column.name))?;
                column.time_zone = Some(known);
            }
            let complete = column.format.as_deref().is_none_or(|format| {
                format == "rfc3339" || format.contains("%z") || format.contains("%:z") || column.zone.is_some()
            });
            if !complete {
                return Err(format!("column {:?}: moments without an offset need a zone", column.name));
            }
        }
        Ok(map)
    }

    /// The file's text.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<String, String> {
        let encoding = encoding_rs::Encoding::for_label(self.encoding.as_bytes())
            .ok_or_else(|| format!("encoding {:?} is not known", self.encoding))?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        text.map(std::borrow::Cow::into_owned).ok_or_else(|| {
            let place = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), |_| 0);
            let line = bytes.get(..place).map_or(1, |before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
            format!("line {line}: the bytes are not {}", encoding.name())
        })
    }

    /// Finds the columns in a header.
    pub(super) fn bind(&self, headers: &csv::StringRecord) -> Result<Columns, String> {
        Columns::bind(self, headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_what_is_wrong_with_it() {
        for (text, wrong) in [
            ("source = 1", "line 1"),
            ("source = ''\nid = 'a'", "1 to 40"),
            ("source = 'x'\nid = 'a'\nhuh = 1", "huh"),
            ("source = 'x'\nid = 'a'\n[[column]]\nname = 'c'\nfield = 'received_at'\nformat = '%Y'", "need a zone"),
            ("source = 'x'\nid = 'a'\n[[column]]\nname = 'c'\nfield = 'x'\nformat = '%Y'\nzone = 'Mars'", "no zone"),
        ] {
            let error = ImportMap::parse(text).unwrap_err();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn bytes_that_do_not_fit_are_named_by_line() {
        let map = ImportMap::parse("source = 'x'\nid = 'a'").unwrap();
        assert_eq!(map.decode(b"\xEF\xBB\xBFa,b").unwrap(), "a,b");
        assert!(map.decode(b"a\nb\n\xFF").unwrap_err().starts_with("line 3"));
        let gbk = ImportMap::parse("source = 'x'\nid = 'a'\nencoding = 'gb18030'").unwrap();
        assert_eq!(gbk.decode(&[0xCD, 0xB6, 0xCB, 0xDF]).unwrap(), "投诉");
    }
}
