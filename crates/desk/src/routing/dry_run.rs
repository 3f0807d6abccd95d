//! A dry run: where a draft of the table would send the cases of the past, row by row, held against the table in force.
//! Cases are looked at as they stand, so a category somebody corrected counts as corrected. Nothing is written.

use super::in_force;
use super::standing::{RowRemark, of_draft};
use crate::activation::{self, MOST_BYTES, RulesKind};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::{Draft, Drafted};
use crate::time::stored;
use crate::what_if::{Cursor, page};
use crate::{Desk, permissions};
use domain::case::{Case, grade};
use domain::event::{CalendarPin, PackPin};
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use domain::routing::{Asked, row};
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Stack, Text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Numbers of cases told a row.
const TOLD: usize = 5;

/// Shape of the question.
pub const DRY_RUN: &[Field] = &[
    optional("since", Kind::Day, "First local date of receipt of the cases to look at. Default: all there are."),
    required("text", Kind::Document { max: MOST_BYTES }, "The whole pack of practice with the table, as TOML."),
];

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
pub struct DryRun {
    /// First local date of receipt.
    #[serde(default)]
    pub since: Option<Date>,
    /// The pack.
    pub text: String,
}

/// What became of a row.
#[derive(Clone, Debug, Default)]
pub struct RowTally {
    /// Its identity.
    pub rule: String,
    /// What people call it.
    pub title: Option<Text>,
    /// Code of its unit.
    pub unit: String,
    /// Cases that would go by it.
    pub cases: u64,
    /// Those of them that the table in force sends to another unit, or nowhere.
    pub changed: u64,
    /// Numbers of some of those, the newest first.
    pub told: Vec<String>,
}

/// What a dry run found.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Identity of the pack.
    pub rules: String,
    /// Its version.
    pub version: String,
    /// Cases looked at.
    pub cases: u64,
    /// Those that would go to another unit than by the table in force.
    pub changed: u64,
    /// Those no row of the draft is for.
    pub no_row: u64,
    /// Those the draft has no say in: its pack does not govern cases of their place.
    pub no_say: u64,
    /// Rows of the draft, in their order.
    pub rows: Vec<RowTally>,
    /// What is the matter with its rows as the organisation is now.
    pub remarks: Vec<RowRemark>,
    /// Whether all cases were looked at; time was up before, if not.
    pub complete: bool,
    /// First receipt of the oldest case looked at.
    pub reached: Option<Timestamp>,
}

/// Rules in force and those under the draft, by the calendars of a place.
type Known = BTreeMap<String, Arc<(Stack, Option<Stack>)>>;

/// Holds a draft against the cases of the caller's area, for so long at most. Blocking.
///
/// # Errors
/// A refusal when the caller may not ask; everything that speaks against the draft; an error of the database.
pub fn dry_run(desk: &Desk, by: &Caller, ask: &DryRun, most: Option<Duration>) -> Result<Tally, DeskError> {
    permissions::WHAT_IF.require(by)?;
    let (draft, named) = activation::draft(desk, by, RulesKind::Pack, &ask.text)?;
    let Draft::Pack(pack) = &draft else { return Err(Refusal::from(Fault::new("text", "no_routing_table")).into()) };
    if pack.routing().is_empty() {
        return Err(Refusal::from(Fault::new("text", "no_routing_table")).into());
    }
    let mut tally = Tally { rules: named.rules.clone(), version: named.version.clone(), ..Tally::default() };
    tally.rows = pack
        .routing()
        .iter()
        .map(|row| RowTally {
            rule: row.head.id.clone(),
            title: Some(row.head.title.clone()),
            unit: row.unit.clone(),
            ..RowTally::default()
        })
        .collect();
    tally.remarks = of_draft(desk, pack)?;
    let midnight = |day: Date| day.to_zoned_datetime(desk.zone().clone()).map(|at| stored(at.timestamp()));
    let since = ask.since.and_then(|day| midnight(day).ok()).unwrap_or(i64::MIN);
    let cursor = Arc::new(Mutex::new(Cursor::since(since)));
    let until = most.map(|most| Instant::now() + most);
    let now = desk.time().now();
    let mut known = Known::new();
    while let Some(read) = page::read(desk, &cursor)? {
        for (received_at, id, rows) in read.cases {
            let case = page::stands(CaseId(id), rows)?;
            if by.actor.area.covers(&case.record.region) && !case.is_about(&by.actor) {
                tally.reached = Some(crate::time::moment(received_at));
                let rules = rules_for(desk, &draft, &case, now, &mut known)?;
                tally.add(desk, &case, &rules, now);
            }
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(tally);
        }
    }
    tally.complete = true;
    Ok(tally)
}

fn rules_for(
    desk: &Desk,
    draft: &Draft,
    case: &Case,
    now: Timestamp,
    known: &mut Known,
) -> Result<Arc<(Stack, Option<Stack>)>, DeskError> {
    let place = case.record.place();
    if let Some(found) = known.get(place) {
        return Ok(Arc::clone(found));
    }
    let own = in_force(desk.library(), desk.zone(), place, now)?;
    let pins: Vec<PackPin> = own.packs().map(PackPin::of).collect();
    let under = match desk.library().drafted(draft, &pins, place, &CalendarPin::of_stack(&own))? {
        Drafted::Rules(under) => Some(under),
        Drafted::NoSay | Drafted::Apart => None,
    };
    let made = Arc::new((own, under));
    known.insert(place.to_owned(), Arc::clone(&made));
    Ok(made)
}

impl Tally {
    fn add(&mut self, desk: &Desk, case: &Case, (own, under): &(Stack, Option<Stack>), now: Timestamp) {
        self.cases += 1;
        let Some(under) = under else {
            self.no_say += 1;
            return;
        };
        let goes = |rules: &Stack| {
            let facts = grade::facts(case, rules, desk.library().taxonomy());
            let asked = Asked { facts: &facts, grade: case.grade, region: &case.record.region, at: now };
            row(rules, asked).map(|(_, rule)| (rule.head.id.clone(), rule.unit.clone()))
        };
        let (before, after) = (goes(own), goes(under));
        let changed = before.as_ref().map(|(_, unit)| unit) != after.as_ref().map(|(_, unit)| unit);
        self.changed += u64::from(changed);
        match after.and_then(|(rule, _)| self.rows.iter_mut().find(|row| row.rule == rule)) {
            None => self.no_row += 1,
            Some(row) => {
                row.cases += 1;
                row.changed += u64::from(changed);
                if changed && row.told.len() < TOLD {
                    row.told.push(case.number.clone());
                }
            }
        }
    }
}
