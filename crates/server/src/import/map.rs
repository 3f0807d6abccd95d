//! The map of a file: which column is which field, in which form and zone, and what must hold of a row. Nothing is
//! guessed: a cell of another form than declared is named, not tried otherwise.

use super::moment::Moments;
use domain::shape::{Field, Kind};
use encoding_rs::Encoding;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A map, checked.
pub(super) struct ImportMap {
    /// Name of the source; with the row's identity it says which rows are known.
    pub(super) source: String,
    /// Encoding of the file.
    pub(super) encoding: &'static Encoding,
    /// Column that identifies a row.
    pub(super) id: String,
    /// Fields that are the same in every row, by path.
    pub(super) constants: Vec<(String, serde_json::Value)>,
    /// Fields and the columns they are made of.
    pub(super) parts: Vec<Part>,
    /// What must hold of a row.
    pub(super) checks: Vec<Check>,
    /// The shape the fields belong to.
    pub(super) fields: &'static [Field],
}

/// A field and the columns it is made of; empty ones are left out.
pub(super) struct Part {
    /// Path of the field.
    pub(super) field: String,
    /// What the shape says it may hold.
    pub(super) kind: &'static Kind,
    /// Headings.
    pub(super) columns: Vec<String>,
    /// What stands between them.
    pub(super) separator: String,
    /// For moments.
    pub(super) moments: Option<Moments>,
    /// Codes for what stands in the column; anything else is refused.
    pub(super) values: Option<BTreeMap<String, String>>,
}

/// Something that must hold of a row besides the form of its cells.
pub(super) enum Check {
    /// A column that becomes no field lies within a range.
    Within(Side),
    /// Two columns name the same day. Where one of them has another form the check says nothing: what is taken in is
    /// held to its own form anyway.
    SameDay(Side, Side),
}

/// A column of a check.
pub(super) struct Side {
    /// Heading.
    pub(super) column: String,
    /// Its form.
    pub(super) moments: Moments,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    #[serde(default = "utf8")]
    encoding: String,
    id: String,
    #[serde(default)]
    constants: BTreeMap<String, toml::Value>,
    #[serde(default)]
    column: Vec<WrittenColumn>,
    #[serde(default)]
    join: Vec<WrittenJoin>,
    #[serde(default)]
    check: Vec<WrittenCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    name: String,
    field: String,
    format: Option<String>,
    zone: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    values: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenJoin {
    field: String,
    columns: Vec<String>,
    #[serde(default = "blank")]
    separator: String,
    format: Option<String>,
    zone: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCheck {
    column: Option<String>,
    format: Option<String>,
    zone: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    same_day: Option<Vec<WrittenSide>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSide {
    column: String,
    format: String,
    zone: Option<String>,
}

fn utf8() -> String {
    "utf-8".to_owned()
}

fn blank() -> String {
    " ".to_owned()
}

impl ImportMap {
    /// Reads a map for inputs of a shape.
    ///
    /// # Errors
    /// The first fault, with its line or the name of the column.
    pub(super) fn parse(text: &str, fields: &'static [Field]) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
            format!("line {}, column {column}: {}", before.matches('\n').count() + 1, error.message())
        })?;
        if written.source.is_empty() || written.source.len() > 40 || written.source.contains(':') {
            return Err("source: needs 1 to 40 characters, no colon among them".to_owned());
        }
        let encoding = Encoding::for_label(written.encoding.as_bytes())
            .ok_or_else(|| format!("encoding {:?} is not known", written.encoding))?;
        let mut constants = Vec::new();
        for (path, value) in written.constants {
            kind_of(fields, &path).ok_or_else(|| unknown("constant", &path))?;
            let value = serde_json::to_value(value).map_err(|error| format!("constant {path:?}: {error}"))?;
            constants.push((path, value));
        }
        let mut parts = Vec::new();
        for one in written.column {
            let what = format!("column {:?}", one.name);
            let kind = kind_of(fields, &one.field).ok_or_else(|| unknown(&what, &one.field))?;
            let moments = Moments::declared(one.format, one.zone, one.not_before, one.not_after);
            parts.push(Part {
                field: one.field,
                kind,
                columns: vec![one.name],
                separator: String::new(),
                moments: moments.map_err(|error| format!("{what}: {error}"))?,
                values: one.values,
            });
        }
        for one in written.join {
            let what = format!("join of {}", one.columns.join(", "));
            let kind = kind_of(fields, &one.field).ok_or_else(|| unknown(&what, &one.field))?;
            let moments = Moments::declared(one.format, one.zone, one.not_before, one.not_after);
            parts.push(Part {
                field: one.field,
                kind,
                columns: one.columns,
                separator: one.separator,
                moments: moments.map_err(|error| format!("{what}: {error}"))?,
                values: None,
            });
        }
        // A moment without a declared form would be taken as it comes, and that is guessing.
        if let Some(part) = parts.iter().find(|part| matches!(part.kind, Kind::Moment) && part.moments.is_none()) {
            return Err(format!("{}: a moment needs a format, such as \"rfc3339\"", part.columns.join(", ")));
        }
        let checks = written.check.into_iter().map(check).collect::<Result<_, _>>()?;
        Ok(Self { source: written.source, encoding, id: written.id, constants, parts, checks, fields })
    }

    /// Every heading the map needs.
    pub(super) fn headings(&self) -> impl Iterator<Item = &str> {
        let checked = self.checks.iter().flat_map(|check| match check {
            Check::Within(side) => vec![side.column.as_str()],
            Check::SameDay(one, other) => vec![one.column.as_str(), other.column.as_str()],
        });
        let parts = self.parts.iter().flat_map(|part| part.columns.iter().map(String::as_str));
        std::iter::once(self.id.as_str()).chain(parts).chain(checked)
    }
}

fn unknown(what: &str, path: &str) -> String {
    format!("{what}: there is no field {path:?}")
}

fn check(written: WrittenCheck) -> Result<Check, String> {
    let side = |one: WrittenSide| {
        let moments = Moments::declared(Some(one.format), one.zone.or_else(|| Some("UTC".to_owned())), None, None);
        let moments = moments.map_err(|error| format!("check of {:?}: {error}", one.column))?;
        moments.map(|moments| Side { column: one.column, moments }).ok_or_else(|| "check: needs a format".to_owned())
    };
    let WrittenCheck { column, format, zone, not_before, not_after, same_day } = written;
    match (column, same_day) {
        (Some(column), None) => {
            if not_before.is_none() && not_after.is_none() {
                return Err(format!("check of {column:?}: needs not_before or not_after"));
            }
            let moments = Moments::declared(format, zone.or_else(|| Some("UTC".to_owned())), not_before, not_after);
            let moments = moments.map_err(|error| format!("check of {column:?}: {error}"))?;
            let moments = moments.ok_or_else(|| format!("check of {column:?}: needs a format"))?;
            Ok(Check::Within(Side { column, moments }))
        }
        (None, Some(sides)) => {
            let mut sides = sides.into_iter();
            match (sides.next(), sides.next(), sides.next()) {
                (Some(one), Some(other), None) => Ok(Check::SameDay(side(one)?, side(other)?)),
                _ => Err("check: same_day compares two columns".to_owned()),
            }
        }
        _ => Err("check: needs either a column or same_day".to_owned()),
    }
}

/// What the shape says about a path; a list of objects is written as if it were its one element.
fn kind_of(fields: &'static [Field], path: &str) -> Option<&'static Kind> {
    const PART_OF_MONEY: Kind = Kind::Line { max: 20 };
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = fields.iter().find(|field| field.name == name)?;
    match (&field.kind, rest) {
        (kind, None) => Some(kind),
        (Kind::Object(inner) | Kind::List { of: Kind::Object(inner), .. }, Some(rest)) => kind_of(inner, rest),
        (Kind::Money, Some("value" | "currency")) => Some(&PART_OF_MONEY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::intake::FIELDS;

    #[test]
    fn a_map_says_what_is_wrong_with_it() {
        let column = |more: &str| format!("source = 'x'\nid = 'a'\n[[column]]\nname = 'c'\n{more}");
        let check = |more: &str| format!("source = 'x'\nid = 'a'\n[[check]]\n{more}");
        for (text, wrong) in [
            ("source = 1".to_owned(), "line 1, column 10"),
            ("source = ''\nid = 'a'".to_owned(), "1 to 40"),
            ("source = 'x'\nid = 'a'\nhuh = 1".to_owned(), "huh"),
            ("source = 'x'\nid = 'a'\nencoding = 'klingon'".to_owned(), "klingon"),
            ("source = 'x'\nid = 'a'\nconstants = { colour = 'red' }".to_owned(), "no field \"colour\""),
            (column("field = 'colour'"), "no field \"colour\""),
            (column("field = 'place.colour'"), "no field \"place.colour\""),
            (column("field = 'received_at'"), "needs a format"),
            (column("field = 'received_at'\nformat = '%Y'"), "need a zone"),
            (column("field = 'received_at'\nformat = '%Y'\nzone = 'Mars'"), "no zone"),
            (column("field = 'subject'\nzone = 'UTC'"), "without a format"),
            (column("field = 'received_at'\nformat = 'rfc3339'\nnot_before = 'May'"), "not_before"),
            (check("column = 'c'\nformat = '%Y'"), "needs not_before or not_after"),
            (check("same_day = [{ column = 'c', format = '%Y' }]"), "two columns"),
            (check("format = '%Y'"), "either a column or same_day"),
        ] {
            let error = ImportMap::parse(&text, FIELDS).err().unwrap_or_default();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    #[test]
    fn paths_lead_into_the_shape() {
        for (path, found) in
            [("external.number", true), ("amount.value", true), ("amount.sum", false), ("kind.x", false), ("", false)]
        {
            assert_eq!(kind_of(FIELDS, path).is_some(), found, "{path}");
        }
    }
}
