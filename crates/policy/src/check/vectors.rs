//! Deadlines counted by hand, as they stand beside a pack: one a line, held against the pack's own rules.

use super::{Check, Finding};
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use crate::named::Named;
use crate::pack::Pack;
use crate::stack::Stack;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Columns every list has.
const NEEDED: [&str; 3] = ["rule", "from", "due_at"];
/// Columns that are no facts of the case.
const OTHERS: [&str; 8] = ["rule", "fact", "from", "due_at", "provisional", "remark", "grade", "place"];

/// Holds a list of deadlines against a pack and the stack it stands in. `classify` adds to a case what the caller's
/// category tree says of its category.
#[must_use]
pub fn vectors(file: &str, text: &str, pack: &Pack, rules: &Stack, classify: &dyn Fn(&mut Facts)) -> Vec<Finding> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let finding = |id: Check, line: u64, rule: &str, message: String| Finding {
        id,
        weight: id.weight(),
        file: Some(file.to_owned()),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: 1,
        rule: Some(rule.to_owned()).filter(|rule| !rule.is_empty()),
        message,
        hint: None,
    };
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => return vec![finding(Check::Form, 1, "", error.to_string())],
    };
    if let Some(missing) = NEEDED.iter().find(|name| !header.iter().any(|column| column == *name)) {
        return vec![finding(Check::Form, 1, "", format!("the column `{missing}` is missing"))];
    }
    let mut findings = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                findings.push(finding(Check::Form, line, "", error.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        let row: BTreeMap<&str, &str> = header.iter().map(String::as_str).zip(record.iter()).collect();
        let rule = row.get("rule").copied().unwrap_or_default();
        match compare(&row, pack, rules, classify) {
            Ok(None) => {}
            Ok(Some(message)) => findings.push(finding(Check::Vector, line, rule, message)),
            Err(message) => findings.push(finding(Check::Form, line, rule, message)),
        }
    }
    findings
}

/// What is wrong with a row's deadline, if anything; an error where the row cannot be read.
fn compare(
    row: &BTreeMap<&str, &str>,
    pack: &Pack,
    rules: &Stack,
    classify: &dyn Fn(&mut Facts),
) -> Result<Option<String>, String> {
    let field = |name: &str| row.get(name).copied().unwrap_or_default();
    let time = |name: &str| field(name).parse::<Timestamp>().map_err(|error| format!("`{name}` is no moment: {error}"));
    let from = time("from")?;
    let expected = if field("due_at") == "none" { None } else { Some(time("due_at")?) };
    let grade = match field("grade") {
        "" => Grade::Normal,
        code => Grade::from_code(code).ok_or_else(|| format!("there is no grade {code:?}"))?,
    };
    let mut facts = Facts::default();
    for (name, value) in row.iter().filter(|(name, value)| !OTHERS.contains(name) && !value.is_empty()) {
        let code = if *name == "area" { "area_type" } else { name };
        let fact = FactName::from_code(code).ok_or_else(|| format!("there is no fact `{name}`"))?;
        facts.set(fact, value)?;
    }
    classify(&mut facts);
    let (placed, rules) = match field("place") {
        "" => (None, rules.clone()),
        place => (Some(pack.in_place(place)), rules.in_place(place)),
    };
    let pack = placed.as_ref().unwrap_or(pack);
    let rule = field("rule");
    let got = match rule {
        "reopen" => rules.reopen_until(from),
        "suspend" => rules.suspend_until(from),
        "repeat" => rules.repeat_since(from),
        "contact_hours" => rules.contact_hours("").and_then(|(hours, calendar)| hours.next(from, calendar)),
        _ => match pack.ask(rule, from, &facts, grade, &[]) {
            Named::Deadline(explanation) => Some(explanation.due_at),
            Named::NotForThis => None,
            Named::Unknown => return Err(format!("the pack {} has no rule `{rule}` with a figure", pack.id())),
        },
    };
    let shown =
        |at: Option<Timestamp>| at.map_or_else(|| "none".to_owned(), |at| super::cases::local(at, pack.calendar()));
    Ok((got != expected).then(|| format!("counted by hand it is {}, the pack says {}", shown(expected), shown(got))))
}
