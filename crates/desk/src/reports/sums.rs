//! Sums of months, and what they make of a report's rows.

use super::figures::{self, Figures};
use super::{ALL, FilledRow, FilledTable, SPANS, Spans, facts};
use crate::error::DeskError;
use domain::actor::AreaScope;
use domain::taxonomy::Taxonomy;
use policy::{Column, Operator, ReportDefinition, ReportPeriod, ReportTable, Rows};
use std::collections::BTreeMap;
use store::Tx;
use store::reports::{self, MonthRow};

/// The sums a report needs, by what they are broken down.
pub(crate) struct Sums {
    spans: Spans,
    dims: BTreeMap<&'static str, Vec<MonthRow>>,
}

/// By what sums are broken down that make rows.
fn dim_of(rows: Rows) -> &'static str {
    match rows {
        Rows::Total => "total",
        Rows::Product => "product",
        Rows::CategoryArea | Rows::CategoryGroup | Rows::Category | Rows::RegulatorClass | Rows::Stage => "category",
        Rows::Channel => "channel",
        Rows::Region => "region",
        Rows::Grade => "grade",
        Rows::Cause => "cause",
        Rows::Body => "body",
    }
}

impl Sums {
    pub(super) fn read(
        tx: &mut Tx<'_>,
        report: &ReportDefinition,
        area: &AreaScope,
        spans: Spans,
    ) -> Result<Self, DeskError> {
        let mut wanted: Vec<&'static str> = report.tables.iter().map(|table| dim_of(table.rows)).collect();
        wanted.extend(report.tables.iter().any(|table| table.fix).then_some("category_cause"));
        wanted.sort_unstable();
        wanted.dedup();
        let mut dims: BTreeMap<&'static str, Vec<MonthRow>> = BTreeMap::new();
        // All of them: in which month the first was received must not hang on the period asked for.
        if let Some(dims) = small_area(tx, area.code(), i64::MAX)? {
            return Ok(Self { spans, dims });
        }
        for dim in wanted {
            let rows = dims.entry(dim).or_default();
            let mut read: Vec<(i32, i32)> = Vec::new();
            for (from, to) in spans.map(ReportPeriod::span) {
                // A year before a year is the period before.
                if !read.contains(&(from, to)) {
                    rows.extend(reports::months(tx, dim, area.code(), (from.into(), to.into()))?);
                    read.push((from, to));
                }
            }
        }
        Ok(Self { spans, dims })
    }

    /// The first month anything is counted in.
    pub(super) fn first(&self, tx: &mut Tx<'_>, area: &AreaScope) -> Result<Option<ReportPeriod>, DeskError> {
        let month = match area.code() {
            // Everything of a smaller area has been read.
            small if small.len() > 2 => self.dims.values().flatten().map(|row| row.month).min(),
            code => reports::first_month(tx, dim_of(Rows::Total), code)?,
        };
        Ok(month.and_then(|month| i32::try_from(month).ok()).map(ReportPeriod::month))
    }

    /// The figures of rows by key, in each of the spans.
    fn rows(&self, report: &ReportDefinition, rows: Rows, taxonomy: &Taxonomy) -> BTreeMap<String, [Figures; SPANS]> {
        let mut found: BTreeMap<String, [Figures; SPANS]> = BTreeMap::new();
        for row in self.dims.get(dim_of(rows)).into_iter().flatten() {
            let body = row.sort.strip_prefix('@');
            let counts = match body {
                Some(body) => report.bodies.is_empty() || report.bodies.iter().any(|known| known == body),
                None => report.kinds.contains(&row.sort),
            };
            if !counts {
                continue;
            }
            let key = key_of(rows, &row.value, taxonomy);
            for (place, span) in self.spans.iter().enumerate() {
                let (from, to) = span.span();
                if (i64::from(from)..=i64::from(to)).contains(&row.month)
                    && let Some(figures) = found.entry(key.clone()).or_default().get_mut(place)
                {
                    let sum = if body.is_some() { &mut figures.matters } else { &mut figures.cases };
                    sum.add(&row.sum, 1);
                }
            }
        }
        found
    }

    pub(super) fn fill(
        &self,
        report: &ReportDefinition,
        table: &ReportTable,
        operator: &Operator,
        taxonomy: &Taxonomy,
    ) -> FilledTable {
        let rows = self.rows(report, table.rows, taxonomy);
        let mut all: [Figures; SPANS] = Default::default();
        for figures in rows.values() {
            for (sum, more) in all.iter_mut().zip(figures) {
                sum.cases.add(&more.cases, 1);
                sum.matters.add(&more.matters, 1);
            }
        }
        let first = table.columns.first().copied().unwrap_or(Column::Count);
        let fill = |key: &str, figures: &[Figures; SPANS]| FilledRow {
            key: key.to_owned(),
            cells: table
                .columns
                .iter()
                .map(|column| figures::cell(*column, first, figures, &all, operator, table.rows, key == ALL))
                .collect(),
            wording: Vec::new(),
            fix: table.fix.then(|| self.fix(report, key)).flatten(),
        };
        if table.rows == Rows::Total {
            return FilledTable { definition: table.clone(), rows: vec![fill(ALL, &all)] };
        }
        let lead = |figures: &[Figures; SPANS]| figures.first().map_or(0, |now| now.count(first));
        let mut kept: Vec<(&String, &[Figures; SPANS])> = rows.iter().collect();
        if let Some(top) = table.top {
            kept.retain(|(_, figures)| lead(figures) > 0);
            kept.sort_by(|one, other| lead(other.1).cmp(&lead(one.1)).then(one.0.cmp(other.0)));
            kept.truncate(top);
        } else {
            kept.retain(|(_, figures)| table.columns.iter().any(|column| figures::is_shown(*column, first, figures)));
        }
        let mut filled: Vec<FilledRow> = kept.into_iter().map(|(key, figures)| fill(key, figures)).collect();
        filled.push(fill(ALL, &all));
        FilledTable { definition: table.clone(), rows: filled }
    }

    /// The most frequent cause of a category in the period; of equal ones the first by code.
    fn fix(&self, report: &ReportDefinition, category: &str) -> Option<(String, i64)> {
        self.causes(report, category).into_iter().next()
    }

    /// The causes of a category in the period, the most frequent first; of equal ones the first by code.
    pub(super) fn causes(&self, report: &ReportDefinition, category: &str) -> Vec<(String, i64)> {
        let Some((from, to)) = self.spans.first().map(|span| span.span()) else { return Vec::new() };
        let mut causes: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.dims.get("category_cause").into_iter().flatten() {
            let in_period = (i64::from(from)..=i64::from(to)).contains(&row.month);
            if let Some((of, cause)) = row.value.split_once(' ')
                && of == category
                && in_period
                && report.kinds.contains(&row.sort)
            {
                *causes.entry(cause).or_default() += row.sum.received;
            }
        }
        let mut causes: Vec<(String, i64)> =
            causes.into_iter().map(|(cause, count)| (cause.to_owned(), count)).collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        causes
    }
}

/// Sums of an area within a province, by what they are broken down: sums are kept by province, and a smaller area has few
/// cases, which are added up: of those received up to a month, for what came later counts in none. Nothing of a province or everywhere.
fn small_area(
    tx: &mut Tx<'_>,
    area: &str,
    until: i64,
) -> Result<Option<BTreeMap<&'static str, Vec<MonthRow>>>, DeskError> {
    if area.len() <= 2 {
        return Ok(None);
    }
    let mut counted = BTreeMap::new();
    for facts in reports::within(tx, area, (0, until))? {
        facts::contribute(&mut counted, &facts, 1);
    }
    let mut dims: BTreeMap<&'static str, Vec<MonthRow>> = BTreeMap::new();
    for (key, sum) in counted.into_iter().filter(|(key, _)| key.area.is_empty()) {
        let row = MonthRow { month: key.month, value: key.value, sort: key.sort, sum };
        dims.entry(key.dim).or_default().push(row);
    }
    Ok(Some(dims))
}

/// What an area received by month: of a category and all below it, and of everything.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Of the category.
    pub(crate) of: BTreeMap<i64, i64>,
    /// Of all categories.
    pub(crate) all: BTreeMap<i64, i64>,
    /// The first month in which anything of any kind was received.
    pub(crate) first: Option<i64>,
}

/// Adds up what an area received of some kinds, up to a month.
pub(crate) fn received(
    tx: &mut Tx<'_>,
    area: &str,
    category: &str,
    kinds: &[&str],
    until: i64,
) -> Result<Received, DeskError> {
    let (of_category, total) = match small_area(tx, area, until)? {
        Some(mut dims) => (dims.remove("category").unwrap_or_default(), dims.remove("total").unwrap_or_default()),
        None => (reports::months(tx, "category", area, (0, until))?, reports::months(tx, "total", area, (0, until))?),
    };
    let mut found = Received::default();
    // What bodies handed over stands under names that begin with `@` and is counted with its case already.
    for row in total.iter().filter(|row| !row.sort.starts_with('@') && row.sum.received > 0) {
        found.first = Some(found.first.map_or(row.month, |first| first.min(row.month)));
        if kinds.contains(&row.sort.as_str()) {
            *found.all.entry(row.month).or_default() += row.sum.received;
        }
    }
    for row in of_category.iter().filter(|row| row.value.starts_with(category) && kinds.contains(&row.sort.as_str())) {
        *found.of.entry(row.month).or_default() += row.sum.received;
    }
    Ok(found)
}

/// The row a value belongs to.
pub(super) fn key_of(rows: Rows, value: &str, taxonomy: &Taxonomy) -> String {
    let first = |letters: usize| value.chars().take(letters).collect();
    match rows {
        Rows::Total => ALL.to_owned(),
        Rows::CategoryArea => first(AREA),
        Rows::CategoryGroup => first(GROUP),
        Rows::RegulatorClass => {
            let class = taxonomy.category(value).and_then(|category| category.miit);
            class.map(|class| class.code().to_owned()).unwrap_or_default()
        }
        Rows::Stage => taxonomy.stage_of(value).map(|stage| stage.id.clone()).unwrap_or_default(),
        _ => value.to_owned(),
    }
}

/// Letters of a code of the first and second level of the category tree.
const AREA: usize = 1;
/// See [`AREA`].
const GROUP: usize = 2;
