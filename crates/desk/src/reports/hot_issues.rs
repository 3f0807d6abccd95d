//! Hot issues (热点问题): what most was complained about in a month, how that changed, how customers put it, why, and whether
//! anybody has it in hand. Made from the same sums as every report; nothing is counted a second time.

use super::figures::{self, Amount};
use super::sums::Sums;
use super::{ALL, Ask, predicate, rows_of, spans};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::queries::list::Listed;
use crate::{Desk, permissions};
use domain::actor::AreaScope;
use domain::fault::Fault;
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Column, Cycle, Operator, ReportDefinition, ReportPeriod, ReportTable, Rows, Text};
use store::{ListedRow, ProblemRow, problems, reports};
use uuid::Uuid;

/// Kinds of contact that are counted: those in which somebody is dissatisfied.
pub const KINDS: &[&str] = &["complaint", "appeal"];
/// Issues of a month, where nobody says how many.
pub const TOP: usize = 10;
/// Most issues of a month.
pub const MOST: usize = 50;
/// Cases of an issue that are quoted.
const QUOTED: usize = 3;
/// Causes of an issue that are named.
const CAUSES: usize = 3;
/// What is told of an issue, in this order.
const COLUMNS: [Column; 6] =
    [Column::Count, Column::Share, Column::Previous, Column::PeriodOnPeriod, Column::LastYear, Column::YearOnYear];

/// What hot issues are asked with.
#[derive(Clone, Debug, Default)]
pub struct HotAsk {
    /// `2026-10`; the last month that is over where nothing is said.
    pub month: Option<String>,
    /// A region within the caller's area.
    pub region: Option<String>,
    /// How many; 0 means [`TOP`].
    pub top: usize,
    /// Subscribers, where the installation does not say or for a part of it.
    pub subscribers: Option<i64>,
}

/// The hot issues of a month.
#[derive(Clone, Debug)]
pub struct HotIssues {
    /// The month.
    pub month: ReportPeriod,
    /// Its first and last day, in the installation's zone.
    pub days: (Date, Date),
    /// Region they are of; empty for everywhere.
    pub area: String,
    /// When they were made.
    pub made_at: Timestamp,
    /// How far counting had come.
    pub progress: Progress,
    /// Subscribers they were held against.
    pub subscribers: Option<i64>,
    /// The month after it, if that has begun.
    pub following: Option<ReportPeriod>,
    /// All cases of the month.
    pub total: i64,
    /// The issues, the largest first.
    pub issues: Vec<HotIssue>,
}

/// A hot issue.
#[derive(Clone, Debug)]
pub struct HotIssue {
    /// Leaf of the category tree; empty for cases without one.
    pub category: String,
    /// Cases of the month.
    pub count: i64,
    /// Of all cases of the month.
    pub share: Amount,
    /// Cases of the month before.
    pub previous: i64,
    /// Change against the month before.
    pub month_on_month: Amount,
    /// Cases of the same month a year before.
    pub last_year: i64,
    /// Change against it.
    pub year_on_year: Amount,
    /// For ten thousand subscribers.
    pub per_10k: Amount,
    /// Cases of it with what the customer wrote, masked.
    pub wording: Vec<Listed>,
    /// Its most frequent causes, with how many cases have each.
    pub causes: Vec<(String, i64)>,
    /// Problems that are open for it, of those the caller may see.
    pub problems: Vec<HotProblem>,
}

/// A problem that is open for a hot issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotProblem {
    /// Identity.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: String,
}

fn definition(top: usize) -> ReportDefinition {
    let nothing = || Text { zh: String::new(), en: String::new() };
    let table = ReportTable {
        id: "hot".to_owned(),
        title: nothing(),
        rows: Rows::Category,
        top: Some(top),
        columns: COLUMNS.to_vec(),
        wording: QUOTED,
        fix: true,
    };
    ReportDefinition {
        id: "hot-issues".to_owned(),
        title: nothing(),
        rules: Vec::new(),
        period: Cycle::Month,
        kinds: KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        bodies: Vec::new(),
        note: nothing(),
        tables: vec![table],
    }
}

impl Desk {
    /// The hot issues of a month and area.
    ///
    /// # Errors
    /// A fault naming the parameter that makes no sense.
    pub async fn hot_issues(&self, caller: &Caller, ask: &HotAsk) -> Result<HotIssues, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let top = match ask.top {
            0 => TOP,
            top if top <= MOST => top,
            _ => return Err(Refusal::from(Fault::new("top", "out_of_range").with("min", 1).with("max", MOST)).into()),
        };
        let definition = definition(top);
        let month = match &ask.month {
            Some(text) => text.parse::<ReportPeriod>().ok().filter(|month| month.is_of(Cycle::Month)),
            None => self.last_period(&definition),
        };
        let month = month.ok_or_else(|| Refusal::from(Fault::new("month", "bad_month")))?;
        let days = month.days().ok_or_else(|| Refusal::from(Fault::new("month", "bad_month")))?;
        let today = self.zone().to_datetime(self.time().now()).date();
        if days.0 > today {
            return Err(Refusal::from(Fault::new("month", "period_not_begun").with("today", today)).into());
        }
        let (area, operator) = self.part(caller, ask)?;
        let (desk, caller, scope) = (self.clone(), caller.clone(), area.clone());
        let (progress, total, found) = self
            .db()
            .read(move |tx| {
                let progress = rollup::progress(tx)?;
                let taxonomy = desk.library().taxonomy();
                let sums = Sums::read(tx, &definition, &scope, spans(month))?;
                let open = match permissions::READ_PROBLEMS.allows(&caller) {
                    true => problems::open(tx)?,
                    false => Vec::new(),
                };
                let (mut total, mut found) = (0, Vec::new());
                for table in &definition.tables {
                    for row in sums.fill(&definition, table, &operator, taxonomy).rows {
                        let amount = |wanted: Column| row.cells.iter().find(|cell| cell.column == wanted);
                        let amount = |wanted| amount(wanted).map_or(Amount::Missing("cases"), |cell| cell.amount);
                        let whole = |wanted| if let Amount::Whole(count) = amount(wanted) { count } else { 0 };
                        if row.key == ALL {
                            total = whole(Column::Count);
                            continue;
                        }
                        let mut query = predicate(&definition, table, &row.key, Column::Count, month, taxonomy);
                        query.scope = scope.code().to_owned();
                        query.limit = QUOTED;
                        let quoted = reports::cases(tx, &query)?;
                        let mut causes = sums.causes(&definition, &row.key);
                        causes.truncate(CAUSES);
                        let count = whole(Column::Count);
                        let issue = HotIssue {
                            count,
                            share: amount(Column::Share),
                            previous: whole(Column::Previous),
                            month_on_month: amount(Column::PeriodOnPeriod),
                            last_year: whole(Column::LastYear),
                            year_on_year: amount(Column::YearOnYear),
                            per_10k: figures::per(count, operator.subscribers, 10_000, "subscribers"),
                            wording: Vec::new(),
                            causes,
                            problems: of_issue(&open, &row.key, &scope, &caller.actor.area),
                            category: row.key,
                        };
                        found.push((issue, rows_of(tx, &quoted.ids)?));
                    }
                }
                Ok::<_, DeskError>((progress, total, (operator.subscribers, found)))
            })
            .await?;
        let (subscribers, found) = found;
        let mut issues = Vec::with_capacity(found.len());
        for (mut issue, quoted) in found {
            issue.wording = self.quoted(&quoted)?;
            issues.push(issue);
        }
        let (made_at, area) = (self.time().now(), area.code().to_owned());
        let following = Some(month.after()).filter(|after| after.days().is_some_and(|(first, _)| first <= today));
        Ok(HotIssues { month, days, following, area, made_at, progress, subscribers, total, issues })
    }

    fn quoted(&self, rows: &[ListedRow]) -> Result<Vec<Listed>, DeskError> {
        rows.iter().map(|case| self.listed(&case.row, case.wrapped_key.as_deref())).collect()
    }

    /// The area that is asked for, and how large the operator is there. What the installation says of itself is about all
    /// of it, and of a part of it says nothing.
    fn part(&self, caller: &Caller, ask: &HotAsk) -> Result<(AreaScope, Operator), DeskError> {
        let Some(region) = ask.region.as_deref() else {
            let of_all = Ask { subscribers: ask.subscribers, ..Ask::default() };
            return Ok((caller.actor.area.clone(), self.operator(caller, &of_all)?));
        };
        let area = AreaScope::region(region).map_err(Refusal::from)?;
        if !caller.actor.area.covers(region) {
            let fault = Fault::new("region", "outside_area").with("area", caller.actor.area.code());
            return Err(Refusal::from(fault).into());
        }
        Ok((area, Operator { subscribers: ask.subscribers, ..Operator::default() }))
    }
}

/// The open problems about a category that the reader may see and that have something in common with an area.
fn of_issue(open: &[ProblemRow], category: &str, area: &AreaScope, sight: &AreaScope) -> Vec<HotProblem> {
    let about = |row: &&ProblemRow| {
        let there = AreaScope::region(&row.area).is_ok_and(|there| there.meets(area));
        !category.is_empty() && category.starts_with(&row.category) && there && sight.covers(&row.area)
    };
    let told = |row: &ProblemRow| HotProblem { id: row.id, title: row.title.clone(), state: row.state.clone() };
    open.iter().filter(about).map(told).collect()
}
