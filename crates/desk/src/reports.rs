//! Reports: figures of a period from the sums kept by [`crate::jobs::rollup`], each with the cases behind it. What a report
//! holds is data (`packs/reports`); that it is due is a rule of a pack.

pub(crate) mod facts;
mod figures;
mod filing;
pub mod hot_issues;
pub mod kpi;
pub mod ledger;
pub(crate) mod sums;
pub mod surveys;

pub use figures::{Amount, Cell};
pub use filing::Filing;

use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::load;
use crate::queries::list::{Listed, Page, cursor, page_size};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::taxonomy::Taxonomy;
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Column, Operator, ReportDefinition, ReportPeriod, ReportTable, Rows};
use std::collections::BTreeMap;
use store::reports::{self, CasesQuery, Flag, Population};
use store::{ListedRow, Tx, cases, vault};
use sums::{Sums, key_of};

/// Key of the row that holds everything.
pub const ALL: &str = "*";
/// Most cases of a page.
const MOST: usize = 250;

/// What a report is asked with besides its name.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Of which period; of the last that is over where nothing is said.
    pub period: Option<String>,
    /// Subscribers, where the installation does not say.
    pub subscribers: Option<i64>,
    /// Services in operation, where the installation does not say.
    pub services: Option<i64>,
}

/// A figure whose cases are asked for.
#[derive(Clone, Debug, Default)]
pub struct CasesAsk {
    /// Of which period.
    pub period: Option<String>,
    /// Table of the report.
    pub table: String,
    /// Row of the table: its key.
    pub row: String,
    /// Column of the table.
    pub column: String,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A report of a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its definition.
    pub definition: ReportDefinition,
    /// The period.
    pub period: ReportPeriod,
    /// First and last day of it, in the installation's zone.
    pub days: (Date, Date),
    /// The first month there is anything of in that area; nothing where there is no case.
    pub first: Option<ReportPeriod>,
    /// Area the caller sees, as a region; empty for everywhere.
    pub area: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// How far counting had come.
    pub progress: Progress,
    /// Its tables, in the order of the definition.
    pub tables: Vec<FilledTable>,
}

/// A table with its figures.
#[derive(Clone, Debug)]
pub struct FilledTable {
    /// What it is.
    pub definition: ReportTable,
    /// Its rows.
    pub rows: Vec<FilledRow>,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct FilledRow {
    /// What it is about, as a code; empty where a case does not say, [`ALL`] for everything.
    pub key: String,
    /// One figure a column.
    pub cells: Vec<Cell>,
    /// Cases of it with what the customer wrote, masked.
    pub wording: Vec<Listed>,
    /// Its most frequent cause, with how many cases have it.
    pub fix: Option<(String, i64)>,
}

/// The three periods a table looks at.
const SPANS: usize = 3;
/// The period itself, the one before, the same a year before.
type Spans = [ReportPeriod; SPANS];

fn spans(period: ReportPeriod) -> Spans {
    [period, period.before(), period.year_before()]
}

impl Desk {
    /// Every report, with those first that the rules in force ask for.
    ///
    /// # Errors
    /// If the caller may not see reports.
    pub fn reports(&self, caller: &Caller) -> Result<Vec<ReportDefinition>, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let filings = self.filings(caller)?;
        let asked = |report: &ReportDefinition| filings.iter().any(|filing| report.rules.contains(&filing.rule));
        let (mut first, others): (Vec<_>, Vec<_>) = self.library().reports().reports().iter().cloned().partition(asked);
        first.extend(others);
        Ok(first)
    }

    /// The last period of a report that is over.
    #[must_use]
    pub fn last_period(&self, report: &ReportDefinition) -> Option<ReportPeriod> {
        let today = self.zone().to_datetime(self.time().now()).date();
        ReportPeriod::around(today, report.period).map(ReportPeriod::before)
    }

    /// A report of a period.
    ///
    /// # Errors
    /// `not_found` when there is none of that name; a fault naming the parameter that makes no sense.
    pub async fn report(&self, caller: &Caller, id: &str, ask: &Ask) -> Result<Report, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let (definition, period) = self.named(id, ask.period.as_deref())?;
        let days = period.days().ok_or_else(|| Refusal::from(Fault::new("period", "bad_period")))?;
        let operator = self.operator(caller, ask)?;
        let area = caller.actor.area.clone();
        let (desk, wanted, scope) = (self.clone(), definition.clone(), area.clone());
        let reader = load::reader(&caller.actor);
        let (progress, first, mut tables, mut examples) = self
            .db()
            .read(move |tx| {
                let progress = rollup::progress(tx)?;
                let sums = Sums::read(tx, &wanted, &scope, spans(period))?;
                let first = sums.first(tx, &scope)?;
                let taxonomy = desk.library().taxonomy();
                let mut tables = Vec::new();
                let mut examples = BTreeMap::new();
                for table in &wanted.tables {
                    let filled = sums.fill(&wanted, table, &operator, taxonomy);
                    if table.wording > 0 {
                        for row in filled.rows.iter().filter(|row| row.key != ALL) {
                            let column = table.columns.first().copied().unwrap_or(Column::Count);
                            let mut query = predicate(&wanted, table, &row.key, column, period, taxonomy);
                            query.scope = scope.code().to_owned();
                            query.reader.clone_from(&reader);
                            query.limit = table.wording;
                            let page = reports::cases(tx, &query)?;
                            examples.insert((table.id.clone(), row.key.clone()), rows_of(tx, &page.ids)?);
                        }
                    }
                    tables.push(filled);
                }
                Ok::<_, DeskError>((progress, first, tables, examples))
            })
            .await?;
        for table in &mut tables {
            for row in &mut table.rows {
                let found = examples.remove(&(table.definition.id.clone(), row.key.clone())).unwrap_or_default();
                for case in found {
                    row.wording.push(self.listed(&case.row, case.wrapped_key.as_deref())?);
                }
            }
        }
        let made_at = self.time().now();
        Ok(Report { definition, period, days, first, area: area.code().to_owned(), made_at, progress, tables })
    }

    /// The cases behind a figure: found by the same conditions that counted them, the newest first.
    ///
    /// # Errors
    /// `not_found` when there is no such report; a fault naming the parameter that makes no sense.
    pub async fn report_cases(&self, caller: &Caller, id: &str, ask: &CasesAsk) -> Result<Page, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        permissions::READ_CASES.require(caller)?;
        let (definition, period) = self.named(id, ask.period.as_deref())?;
        let table = definition.table(&ask.table).ok_or_else(|| Refusal::from(Fault::new("table", "unknown_table")))?;
        let column = Column::from_code(&ask.column).filter(|column| table.columns.contains(column));
        let column = column.ok_or_else(|| Refusal::from(Fault::new("column", "unknown_column")))?;
        if column == Column::Services {
            return Err(Refusal::from(Fault::new("column", "no_cases_behind")).into());
        }
        let limit = page_size(ask.limit, MOST)?;
        let mut query = predicate(&definition, table, &ask.row, column, period, self.library().taxonomy());
        query.scope = caller.actor.area.code().to_owned();
        query.reader = load::reader(&caller.actor);
        query.limit = limit;
        query.after = ask.after.as_deref().map(cursor).transpose()?;
        let (found, next) = self
            .db()
            .read(move |tx| {
                let page = reports::cases(tx, &query)?;
                let rows = rows_of(tx, &page.ids)?;
                Ok::<_, DeskError>((rows, page.next))
            })
            .await?;
        let mut items = Vec::with_capacity(found.len());
        for case in found {
            items.push(self.listed(&case.row, case.wrapped_key.as_deref())?);
        }
        Ok(Page { items, next: next.map(|cursor| format!("{}.{}", cursor.key, cursor.id)) })
    }

    fn named(&self, id: &str, period: Option<&str>) -> Result<(ReportDefinition, ReportPeriod), Refusal> {
        let definition = self.library().reports().report(id).ok_or_else(Refusal::not_found)?.clone();
        let wrong = || Fault::new("period", "bad_period");
        let period = match period {
            Some(text) => text.parse::<ReportPeriod>().ok().filter(|period| period.is_of(definition.period)),
            None => self.last_period(&definition),
        };
        let period = period.ok_or_else(wrong)?;
        let today = self.zone().to_datetime(self.time().now()).date();
        if period.days().is_some_and(|(first, _)| first > today) {
            return Err(Fault::new("period", "period_not_begun").with("today", today).into());
        }
        Ok((definition, period))
    }

    /// How large the operator is. What the installation says is about all of it, and of a part of it says nothing.
    fn operator(&self, caller: &Caller, ask: &Ask) -> Result<Operator, DeskError> {
        for (name, given) in [("subscribers", ask.subscribers), ("services", ask.services)] {
            if given.is_some_and(|given| given < 1) {
                let fault = Fault::new(name, "out_of_range").with("min", 1).with("max", i64::MAX);
                return Err(Refusal::from(fault).into());
            }
        }
        let mut operator = Operator::default();
        if caller.actor.area.code().is_empty() {
            operator = self.rules_now("")?.operator().clone();
        }
        operator.subscribers = ask.subscribers.or(operator.subscribers);
        operator.services_in_operation = ask.services.or(operator.services_in_operation);
        Ok(operator)
    }
}

/// Rows of cases as lists show them.
fn rows_of(tx: &mut Tx<'_>, ids: &[uuid::Uuid]) -> Result<Vec<ListedRow>, DeskError> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(row) = cases::by_id(tx, *id)? {
            let wrapped_key = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
            rows.push(ListedRow { row, wrapped_key });
        }
    }
    Ok(rows)
}

/// The conditions under which a figure counts a case.
fn predicate(
    report: &ReportDefinition,
    table: &ReportTable,
    row: &str,
    column: Column,
    period: ReportPeriod,
    taxonomy: &Taxonomy,
) -> CasesQuery {
    let first = table.columns.first().copied().unwrap_or(Column::Count);
    let (counted, period) = match column {
        Column::Previous => (first, period.before()),
        Column::LastYear => (first, period.year_before()),
        Column::PeriodOnPeriod | Column::YearOnYear | Column::Share => (first, period),
        own => (own, period),
    };
    let population = match counted {
        _ if counted.of_matters() => Population::Matters,
        Column::Count | Column::Per100k | Column::Per10k => Population::Received,
        _ => Population::Closed,
    };
    let (from, to) = period.span();
    let mut query = CasesQuery { population, months: (from.into(), to.into()), ..CasesQuery::default() };
    query.flag = match counted {
        Column::WithinTarget => Some(Flag::InTime),
        Column::FirstContact => Some(Flag::AtOnce),
        Column::Reopened => Some(Flag::Reopened),
        _ => None,
    };
    query.outcome = match counted {
        Column::Effective => Some(facts::EFFECTIVE),
        Column::Removed => Some(facts::REMOVED),
        Column::Undecided => Some(facts::UNDECIDED),
        _ => None,
    };
    match population {
        Population::Matters => query.bodies = report.bodies.clone(),
        _ => query.kinds = report.kinds.clone(),
    }
    if row == ALL || table.rows == Rows::Total {
        return query;
    }
    let one = |column: &'static str| Some((column, vec![row.to_owned()]));
    query.beginnings = !row.is_empty() && matches!(table.rows, Rows::CategoryArea | Rows::CategoryGroup | Rows::Region);
    match table.rows {
        Rows::Total => {}
        Rows::Product => query.rows = one("product"),
        Rows::CategoryArea | Rows::CategoryGroup | Rows::Category => query.rows = one("category"),
        Rows::Channel => query.rows = one("channel"),
        Rows::Region => query.rows = one("region"),
        Rows::Grade => query.rows = one("grade"),
        Rows::Cause => query.rows = one("cause"),
        Rows::Body => query.bodies = vec![row.to_owned()],
        rows @ (Rows::RegulatorClass | Rows::Stage) => {
            let of_class = |code: &str| key_of(rows, code, taxonomy) == row;
            let codes = taxonomy.categories().map(|category| category.code.clone());
            query.rows = Some(("category", codes.chain([String::new()]).filter(|code| of_class(code)).collect()));
        }
    }
    query
}
