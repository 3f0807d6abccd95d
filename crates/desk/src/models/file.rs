//! A labelled file: texts with what they are of, handed in to be learnt from. What is wrong is told by line and column. The
//! texts are held in memory until they are learnt from; nothing of them is kept.

use super::gather::{READ, Row};
use crate::Desk;
use crate::error::DeskError;
use crate::sheet;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind, optional, required};
use policy::Grade;
use serde::Deserialize;
use std::collections::HashMap;
use store::units;

/// After so many faults more of them help nobody.
const MOST_FAULTS: usize = 200;
/// Codes of grades.
const GRADES: &[&str] = &[Grade::Normal.code(), Grade::Major.code(), Grade::Urgent.code()];

/// Shape of a request for a model learnt from a file.
pub const MODEL_FILE: &[Field] = &[
    required(
        "csv",
        Kind::Document { max: sheet::MOST_BYTES },
        "A CSV file in UTF-8, the oldest rows first, with the headings text, category, unit and grade; the last two may be \
         missing. At most 5,000 rows. Its texts are not kept.",
    ),
    optional(
        "held_back",
        Kind::Whole { min: 5, max: 50 },
        "How many of a hundred, the last, are measured on and not learnt from. Default: 20.",
    ),
];

/// Shape of its rows.
const ROW: &[Field] = &[
    required("text", Kind::Text { max: READ, multiline: true }, "What somebody said."),
    required("category", Kind::Category, "Leaf of the category tree."),
    optional("unit", Kind::Line { max: 64 }, "Code of the unit that answered."),
    optional("grade", Kind::Code(GRADES), "The grade it had."),
];

/// A model to be learnt from a file.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelFile {
    /// The file.
    pub csv: String,
    /// Share held back, in per cent.
    #[serde(default)]
    pub held_back: Option<i64>,
}

/// A text with what it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Labelled {
    /// The text.
    pub text: String,
    /// Its category.
    pub category: String,
    /// Code of the unit that answered.
    #[serde(default)]
    pub unit: Option<String>,
    /// The grade it had.
    #[serde(default)]
    pub grade: Option<String>,
}

/// The same with where it stands.
pub(super) struct Placed {
    of: Labelled,
    at: sheet::Row,
}

impl From<Labelled> for Placed {
    fn from(of: Labelled) -> Self {
        Self { of, at: sheet::Row::alone(serde_json::Value::Null) }
    }
}

/// Reads a file.
///
/// # Errors
/// Every fault of its form and of its rows, with line and column.
pub(super) fn read(desk: &Desk, csv: &str) -> Result<Vec<Placed>, Refusal> {
    let (mut placed, mut faults) = (Vec::new(), Vec::new());
    for at in sheet::read(csv, ROW)? {
        let read = shape::check(at.value.clone(), ROW)
            .and_then(|value| serde_json::from_value(value).map_err(|_| vec![Fault::new("text", "unreadable")]));
        match read {
            // One that takes no cases any more is left out and counted; one nobody knows is a slip.
            Ok(Labelled { category, .. }) if desk.library().taxonomy().category(&category).is_none() => {
                faults.push(at.fault(Fault::new("category", "unknown_category")));
            }
            Ok(of) => placed.push(Placed { of, at }),
            Err(found) => faults.extend(found.into_iter().map(|fault| at.fault(fault))),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok(placed) } else { Err(Refusal::invalid(faults)) }
}

/// Rows to learn from: units by their codes, empty cells for nothing.
///
/// # Errors
/// Every row that names a unit or grade there is not.
pub(super) fn rows(desk: &Desk, labelled: Vec<Placed>) -> Result<Vec<Row>, DeskError> {
    let known: HashMap<String, String> = desk.db().read_now(|tx| {
        let units = units::units(tx)?.into_iter().map(|unit| (unit.code, unit.id.to_string()));
        Ok::<_, DeskError>(units.collect())
    })?;
    let (mut rows, mut faults) = (Vec::with_capacity(labelled.len()), Vec::new());
    for Placed { of, at } in labelled {
        let unit = of.unit.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let id = unit.and_then(|code| known.get(code)).cloned();
        if unit.is_some() && id.is_none() {
            faults.push(at.fault(Fault::new("unit", "unknown_unit")));
        }
        let grade = of.grade.as_deref().map(str::trim).filter(|code| !code.is_empty());
        if grade.is_some_and(|code| !GRADES.contains(&code)) {
            faults.push(at.fault(Fault::new("grade", "not_one_of").with("allowed", GRADES.join(", "))));
        }
        let grade = grade.map(str::to_owned);
        rows.push(Row { at: None, text: of.text.chars().take(READ).collect(), label: of.category, unit: id, grade });
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(Refusal::invalid(faults).into()) }
}
