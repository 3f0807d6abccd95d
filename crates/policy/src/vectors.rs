//! Lists of deadlines worked out by somebody else, held against this arithmetic and the packs at hand.
//!
//! A list is CSV with the columns `jurisdiction`, `rule`, `start`, `attributes`, `expected_deadline` and, for people,
//! `reasoning`. The attributes say how to count; what says nothing about counting is a fact of the case. Where a pack of
//! the jurisdiction has the rule in force on the day of the start, the rule is asked too, and both must agree with the
//! list. `NONE` as the expected deadline can only be confirmed by a rule: without one the row is not covered, and a row
//! that is not covered has not passed.

mod facts;
mod row;
mod rule;
mod words;

pub use facts::CategoryLeaf;

use crate::calendar::{Calendar, CalendarSet};
use crate::counting::Counting;
use crate::deadline::{Deadline, Pause, due_paused};
use crate::duration::Amount;
use crate::fault::Fault;
use crate::grade::Grade;
use crate::pack::Pack;
use crate::text::Lang;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use row::{Attributes, Expected, Row, Term};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The columns a list must have, in any order.
const COLUMNS: [&str; 5] = ["jurisdiction", "rule", "start", "attributes", "expected_deadline"];

/// What became of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VectorReport {
    /// Rows of the list.
    pub vectors: usize,
    /// Rows whose deadline came out as expected.
    pub passed: usize,
    /// All others.
    pub failed: usize,
    /// How many of the failed ones nothing here could answer.
    pub not_covered: usize,
    /// Every row, in order.
    pub rows: Vec<CheckedVector>,
}

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedVector {
    /// Line on which the row begins, counted from 1.
    pub line: u64,
    /// Jurisdiction as the row names it.
    pub jurisdiction: String,
    /// Rule as the row names it.
    pub rule: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: VectorOutcome,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum VectorOutcome {
    /// The deadline came out as expected.
    Passed {
        /// What gave it: `attributes`, and the rule where a pack has it.
        by: Vec<String>,
    },
    /// Another deadline came out.
    Mismatch {
        /// What gave it.
        by: String,
        /// The deadline of the list, or `NONE`.
        expected: String,
        /// The deadline that came out, or `NONE`; more than one where the row leaves open which grade or area is meant.
        got: Vec<String>,
        /// How it came about.
        why: Vec<String>,
    },
    /// The row cannot be read.
    Faulty {
        /// Column or attribute at fault.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing here can answer the row.
    NotCovered {
        /// What is missing.
        reason: String,
    },
}

/// Holds a list against the arithmetic, these calendars and these packs. `tree` is what a case can be about: without it a
/// category nobody states stays open.
///
/// # Errors
/// If the text is no such list at all: a column is missing. What is wrong with single rows stands in the report.
pub fn check_vectors(
    text: &str,
    calendars: &CalendarSet,
    packs: &[Arc<Pack>],
    tree: &[CategoryLeaf],
) -> Result<VectorReport, Fault> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
    let mut lines = Lines { text, at: 0, line: 1 };
    let unreadable = |message: String| Fault {
        file: None,
        line: 1,
        column: 1,
        check: None,
        message,
        hint: Some(format!("columns: {}", COLUMNS.join(", "))),
    };
    let headers = reader.headers().map_err(|error| unreadable(error.to_string()))?.clone();
    let mut columns = [0; COLUMNS.len()];
    for (place, name) in columns.iter_mut().zip(COLUMNS) {
        let found = headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
        *place = found.ok_or_else(|| unreadable(format!("there is no column `{name}`")))?;
    }
    // What stands behind the columns that are read, such as commas nobody quoted in the reasoning, is for people.
    let least = columns.iter().max().map_or(0, |last| last.saturating_add(1));
    let mut check = Check { calendars, packs, tree, zoned: HashMap::new() };
    let mut report = VectorReport::default();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(error.to_string()))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |at: usize| record.get(at).map(str::trim);
        let [jurisdiction, rule, start, attributes, expected] = columns.map(cell);
        let (jurisdiction, rule) = (jurisdiction.unwrap_or_default(), rule.unwrap_or_default());
        let outcome = if record.len() >= least {
            let cell = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
            Row::read(jurisdiction, rule, &cell(start), &cell(attributes), &cell(expected))
                .and_then(|row| check.row(&row))
        } else {
            let reason = format!("has {} cells, and column {least} is read", record.len());
            Err(Slip::new("row", reason))
        };
        let outcome = outcome.unwrap_or_else(|slip| VectorOutcome::Faulty { field: slip.field, reason: slip.reason });
        report.take(CheckedVector {
            line: lines.begin(record.position().map_or(0, csv::Position::byte)),
            jurisdiction: jurisdiction.to_owned(),
            rule: rule.to_owned(),
            outcome,
        });
    }
    Ok(report)
}

impl VectorReport {
    fn take(&mut self, row: CheckedVector) {
        self.vectors += 1;
        match &row.outcome {
            VectorOutcome::Passed { .. } => self.passed += 1,
            VectorOutcome::Mismatch { .. } | VectorOutcome::Faulty { .. } => self.failed += 1,
            VectorOutcome::NotCovered { .. } => {
                self.failed += 1;
                self.not_covered += 1;
            }
        }
        self.rows.push(row);
    }
}

/// Finds the lines on which rows begin. The reader's own count ends before the blank lines a row follows.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the row the reader met at or after a byte; rows are asked for in order.
    fn begin(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let mut byte = usize::try_from(byte).unwrap_or(bytes.len()).max(self.at);
        // Blank lines and remarks stand before the row they belong to.
        while let Some(next) = bytes.get(byte) {
            match next {
                b'\r' | b'\n' => byte += 1,
                b'#' => byte += bytes.get(byte..).unwrap_or_default().iter().take_while(|one| **one != b'\n').count(),
                _ => break,
            }
        }
        let passed = bytes.get(self.at..byte).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = byte;
        self.line
    }
}

/// What is wrong with a row, and where.
#[derive(Debug)]
struct Slip {
    field: String,
    reason: String,
}

impl Slip {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }
}

/// A list being checked.
struct Check<'l> {
    calendars: &'l CalendarSet,
    packs: &'l [Arc<Pack>],
    tree: &'l [CategoryLeaf],
    /// Calendars in the zones the rows read them in.
    zoned: HashMap<(String, String), Arc<Calendar>>,
}

impl Check<'_> {
    fn row(&mut self, row: &Row) -> Result<VectorOutcome, Slip> {
        let attributes = &row.attributes;
        let calendar = self.calendar(row)?;
        let ask = Ask { row, calendar: &calendar, tree: self.tree };
        let mut by = Vec::new();
        if let Some(expected) = row.expected
            && let Some(deadline) = ask.by_attributes()?
        {
            let how = "attributes".to_owned();
            if !expected.is(deadline.at, calendar.zone()) {
                return Ok(ask.mismatch(how, &[deadline], None));
            }
            by.push(how);
        }
        match rule::find(self.packs, row, calendar.zone()) {
            Some(found) => {
                let calendar = self.calendar_of(found.pack, &calendar, attributes)?;
                let ask = Ask { row, calendar: &calendar, tree: self.tree };
                let answer = ask.by_rule(&found)?;
                let agrees = match row.expected {
                    Some(expected) => answer.deadlines.iter().any(|deadline| expected.is(deadline.at, calendar.zone())),
                    None => answer.deadlines.is_empty(),
                };
                if !agrees {
                    return Ok(ask.mismatch(found.to_string(), &answer.deadlines, answer.remark));
                }
                by.push(found.to_string());
            }
            None if by.is_empty() => {
                let missing = rule::missing(self.packs, row);
                let reason =
                    if row.expected.is_some() { format!("the row states no amount, and {missing}") } else { missing };
                return Ok(VectorOutcome::NotCovered { reason });
            }
            None => {}
        }
        Ok(VectorOutcome::Passed { by })
    }

    /// The calendar the row names, in the zone it names; without one, in that of the jurisdiction.
    fn calendar(&mut self, row: &Row) -> Result<Arc<Calendar>, Slip> {
        let attributes = &row.attributes;
        let name = attributes.calendar.as_deref().unwrap_or("none");
        let zone = attributes.tz.as_deref();
        if name.eq_ignore_ascii_case("none") {
            // Elapsed hours end at the same moment in every zone.
            let elapsed = |amount| matches!(amount, Amount::Minutes(_) | Amount::Hours(_) | Amount::Instant);
            let any = || attributes.amounts().all(elapsed).then_some("UTC");
            let zone = zone.or_else(|| rule::zone_of(self.packs, row)).or_else(any);
            let zone = zone.ok_or_else(|| Slip::new("tz", "is missing, and neither calendar nor pack has one"))?;
            return self.in_zone("none", zone, || Calendar::none(zone));
        }
        let calendar = self.calendars.get(name).or_else(|| {
            let (id, day) = name.split_once('@').map_or((name, None), |(id, day)| (id, Some(day)));
            let known = self.calendars.iter().map(Calendar::id).find(|known| known.eq_ignore_ascii_case(id))?;
            self.calendars.get(&day.map_or_else(|| known.to_owned(), |day| format!("{known}@{day}")))
        });
        let calendar =
            calendar.ok_or_else(|| Slip::new("calendar", format!("there is no calendar `{}`", row::shown(name))))?;
        match zone {
            Some(zone) => self.in_zone(name, zone, || calendar.in_zone(zone)),
            None => Ok(calendar),
        }
    }

    /// The calendar a rule of a pack counts with. Which subdivision a case lies in is what the row's calendar says; a
    /// pack that counts without any calendar goes on to do so.
    fn calendar_of(
        &mut self,
        pack: &Pack,
        named: &Arc<Calendar>,
        attributes: &Attributes,
    ) -> Result<Arc<Calendar>, Slip> {
        let own = pack.calendar();
        if own.id() != "none" && named.id() != "none" {
            return Ok(Arc::clone(named));
        }
        let zone = attributes.tz.as_deref().unwrap_or_else(|| own.zone_name());
        self.in_zone(own.id(), zone, || own.in_zone(zone))
    }

    fn in_zone(
        &mut self,
        name: &str,
        zone: &str,
        make: impl FnOnce() -> Result<Calendar, crate::calendar::UnknownZone>,
    ) -> Result<Arc<Calendar>, Slip> {
        let key = (name.to_owned(), zone.to_owned());
        if let Some(known) = self.zoned.get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(make().map_err(|fault| Slip::new("tz", fault.to_string()))?);
        self.zoned.insert(key, Arc::clone(&made));
        Ok(made)
    }
}

/// A row asked of one calendar.
struct Ask<'a> {
    row: &'a Row,
    calendar: &'a Calendar,
    tree: &'a [CategoryLeaf],
}

impl Ask<'_> {
    /// The deadline the attributes alone give; nothing when they state no amount.
    fn by_attributes(&self) -> Result<Option<Deadline>, Slip> {
        let attributes = &self.row.attributes;
        if attributes.amounts().next().is_none() {
            return Ok(None);
        }
        let amount = |grade| attributes.amount_of(grade);
        self.settled(&amount, &|amount| attributes.counting(amount), &attributes.pauses).map(Some)
    }

    /// The deadline that holds in the end: the one amount's, or after a re-grade what the policy makes of several.
    fn settled(
        &self,
        amount: &dyn Fn(Grade) -> Option<Amount>,
        counting: &dyn Fn(Amount) -> Counting,
        pauses: &[Pause],
    ) -> Result<Deadline, Slip> {
        let attributes = &self.row.attributes;
        let count = |from: Timestamp, grade: Grade| {
            let missing = || Slip::new(grade.code(), "is not stated, and the row asks for it");
            let amount = amount(grade).ok_or_else(missing)?;
            Ok(due_paused(from, amount, &counting(amount), self.calendar, pauses))
        };
        let before = attributes.grade_before();
        let Some(regrade) = &attributes.regrade else {
            return count(self.row.start, attributes.grade.unwrap_or(before));
        };
        let term = |term: &Term| match term {
            Term::Original => count(self.row.start, before),
            Term::FromStart(grade) => count(self.row.start, *grade),
            Term::FromRegrade(grade) => count(regrade.at, *grade),
        };
        let (first, others) = &regrade.policy;
        let mut holds = term(first)?;
        for other in others {
            let other = term(other)?;
            if other.at < holds.at {
                holds = other;
            }
        }
        Ok(holds)
    }

    fn mismatch(&self, by: String, got: &[Deadline], remark: Option<String>) -> VectorOutcome {
        let shown = |at: Timestamp| moment(at, self.calendar.zone());
        let none = || vec!["NONE".to_owned()];
        let moments: Vec<String> = got.iter().map(|deadline| shown(deadline.at)).collect();
        let lines = got.first().map(|deadline| deadline.explanation.lines(Lang::En)).unwrap_or_default();
        VectorOutcome::Mismatch {
            by,
            expected: match self.row.expected {
                Some(Expected::At(at)) => shown(at),
                Some(Expected::On(day)) => day.to_string(),
                None => "NONE".to_owned(),
            },
            got: if moments.is_empty() { none() } else { moments },
            why: lines.into_iter().chain(remark).collect(),
        }
    }
}

/// A moment as the lists write it: local time with the offset then in force.
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.display_with_offset(zone.to_offset(at)).to_string()
}
