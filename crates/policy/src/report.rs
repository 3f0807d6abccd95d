//! Reports as data: which tables a report has, what their rows and columns are, and what each column means. That a report
//! is due, to whom and when, is a rule of a pack ([`ReportRule`]); a definition names the rules it fills.

use crate::code::codes;
use crate::document::{self, Table};
use crate::duty::{Cycle, Measure, ReportRule};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::pack::Pack;
use crate::text::Text;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

codes! {
    /// A figure of a report's table. What it means, and by whose authority, stands in `reports/measures.toml`.
    pub Column {
        /// Cases first received in the period.
        Count = "count",
        /// Cases closed in the period.
        Closed = "closed",
        /// The table's first figure in the period before.
        Previous = "previous",
        /// Change against the period before.
        PeriodOnPeriod = "period_on_period",
        /// The table's first figure in the same period a year before.
        LastYear = "last_year",
        /// Change against the same period a year before.
        YearOnYear = "year_on_year",
        /// Share of the table's first figure.
        Share = "share",
        /// Mean days to the answer.
        Mean = "mean_days",
        /// Days within which half are answered.
        P50 = "p50_days",
        /// Days within which 80 of 100 are answered.
        P80 = "p80_days",
        /// Days within which 95 of 100 are answered.
        P95 = "p95_days",
        /// Share answered within every limit for the answer.
        WithinTarget = "within_target",
        /// Share settled by who took it in, without anything more.
        FirstContact = "first_contact",
        /// Share that had been taken up again.
        Reopened = "reopened",
        /// Cases received for each hundred thousand subscribers.
        Per100k = "per_100k",
        /// Cases received for each ten thousand services.
        Per10k = "per_10k",
        /// Services in operation.
        Services = "services",
        /// Matters handed over by bodies outside.
        Referrals = "referrals",
        /// Of these, taken up by the body.
        Effective = "effective",
        /// Of these, refused or ended as invalid.
        Removed = "removed",
        /// Of these, not decided by the body yet, or settled before it decided.
        Undecided = "undecided",
    }
}

impl Column {
    /// Whether it counts, so that others can be compared with it or be a share of it.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Count | Self::Closed | Self::Referrals | Self::Effective | Self::Removed | Self::Undecided)
    }

    /// Whether it says something about the first column of its table.
    #[must_use]
    pub const fn follows_first(self) -> bool {
        matches!(self, Self::Previous | Self::PeriodOnPeriod | Self::LastYear | Self::YearOnYear | Self::Share)
    }

    /// Whether it counts matters of bodies outside and not cases.
    #[must_use]
    pub const fn of_matters(self) -> bool {
        matches!(self, Self::Referrals | Self::Effective | Self::Removed | Self::Undecided)
    }

    /// What a rule of a pack calls it.
    const fn measure(self) -> Option<Measure> {
        Some(match self {
            Self::Count => Measure::Count,
            Self::PeriodOnPeriod => Measure::PeriodOnPeriod,
            Self::YearOnYear => Measure::YearOnYear,
            Self::Mean => Measure::Mean,
            Self::P50 => Measure::P50,
            Self::P80 => Measure::P80,
            Self::P95 => Measure::P95,
            Self::WithinTarget => Measure::WithinTarget,
            Self::FirstContact => Measure::FirstContact,
            Self::Reopened => Measure::Reopened,
            Self::Per100k => Measure::Per100k,
            Self::Per10k => Measure::Per10k,
            Self::Services => Measure::Services,
            Self::Referrals => Measure::Referrals,
            _ => return None,
        })
    }
}

codes! {
    /// What the rows of a table are.
    pub Rows {
        /// One row: everything.
        Total = "total",
        /// Product line.
        Product = "product",
        /// First level of the category tree.
        CategoryArea = "category_area",
        /// Second level.
        CategoryGroup = "category_group",
        /// Leaf of the category tree.
        Category = "category",
        /// The ministry's class.
        RegulatorClass = "regulator_class",
        /// Stage of the customer's life with the operator.
        Stage = "stage",
        /// Channel.
        Channel = "channel",
        /// Province.
        Region = "region",
        /// Grade.
        Grade = "grade",
        /// Cause.
        Cause = "cause",
        /// Body outside that handed a matter over.
        Body = "body",
    }
}

impl Rows {
    /// Whether a pack's dimension is shown by such rows.
    fn shows(self, dimension: crate::duty::Dimension) -> bool {
        use crate::duty::Dimension;
        match dimension {
            Dimension::Product => self == Self::Product,
            Dimension::Category => matches!(self, Self::CategoryArea | Self::CategoryGroup | Self::Category),
            Dimension::RegulatorClass => self == Self::RegulatorClass,
            Dimension::Channel => self == Self::Channel,
            Dimension::Region => self == Self::Region,
        }
    }
}

/// A table of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportTable {
    /// Identity within the report.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// Its rows.
    pub rows: Rows,
    /// Only so many rows, those with the largest first figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// So many cases a row are shown with what the customer wrote.
    pub wording: usize,
    /// Whether each row shows its most frequent cause.
    pub fix: bool,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportDefinition {
    /// Identity.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// Rules of packs it fills; none where nobody asks for it.
    pub rules: Vec<String>,
    /// How long its period is.
    pub period: Cycle,
    /// Kinds of contact it counts.
    pub kinds: Vec<String>,
    /// Bodies whose matters it counts; all of them where nothing is said.
    pub bodies: Vec<String>,
    /// What it follows, and what of that is not known.
    pub note: Text,
    /// Its tables.
    pub tables: Vec<ReportTable>,
}

impl ReportDefinition {
    /// A table by its identity.
    #[must_use]
    pub fn table(&self, id: &str) -> Option<&ReportTable> {
        self.tables.iter().find(|table| table.id == id)
    }

    fn read(table: &mut Table<'_>) -> Option<Self> {
        let id = table.id("id");
        let title = table.text("title");
        let rules = table.or("rules", Vec::new(), |value| value.ids());
        let period = table.needed("period").and_then(|value| value.code::<Cycle>());
        if period == Some(Cycle::Event) {
            table.fault("what is reported whenever it happens has no figures of a period");
            return None;
        }
        let kinds = table.needed("kinds").and_then(|value| {
            let kinds: Option<Vec<String>> = value.many()?.iter().map(|kind| kind.listed(Facts::KINDS)).collect();
            kinds
        });
        let bodies = table.or("bodies", Vec::new(), |value| value.ids());
        let note = table.text("note");
        let mut tables: Vec<ReportTable> = Vec::new();
        let mut complete = true;
        for mut inner in table.tables("table") {
            match ReportTable::read(&mut inner) {
                Some(read) if tables.iter().any(|known| known.id == read.id) => {
                    inner.fault(format!("a second table `{}`", read.id));
                    complete = false;
                }
                Some(read) => tables.push(read),
                None => complete = false,
            }
            inner.done();
        }
        if tables.is_empty() && complete {
            table.fault("has no [[table]]");
        }
        Some(Self {
            id: id?,
            title: title?,
            rules: rules?,
            period: period?,
            kinds: kinds?,
            bodies: bodies?,
            note: note?,
            tables: Some(tables).filter(|tables| complete && !tables.is_empty())?,
        })
    }

    /// What a rule asks for that no table shows, or how else the two do not go together.
    fn misses(&self, rule: &ReportRule) -> Vec<String> {
        let mut missing = Vec::new();
        if rule.period != self.period {
            missing.push(format!("rule `{}` is of another period", rule.head.id));
        }
        let shown = |measure: Measure| {
            let column = |table: &ReportTable| table.columns.iter().any(|one| one.measure() == Some(measure));
            self.tables.iter().any(|table| column(table) || (measure == Measure::TopTypes && table.top.is_some()))
        };
        for measure in rule.measures.iter().filter(|measure| !shown(**measure)) {
            missing.push(format!("rule `{}` asks for `{}`, which no table shows", rule.head.id, measure.code()));
        }
        for dimension in &rule.dimensions {
            if !self.tables.iter().any(|table| table.rows.shows(*dimension)) {
                missing.push(format!("rule `{}` asks for rows by `{}`", rule.head.id, dimension.code()));
            }
        }
        missing
    }
}

impl ReportTable {
    fn read(table: &mut Table<'_>) -> Option<Self> {
        let id = table.id("id");
        let title = table.text("title");
        let rows = table.needed("rows").and_then(|value| value.code::<Rows>());
        let few = |value: crate::document::Value<'_>| {
            let number = value.whole().and_then(|number| usize::try_from(number).ok());
            let fits = number.filter(|number| (1..=100).contains(number));
            if fits.is_none() {
                value.fault("takes a number from 1 to 100");
            }
            fits
        };
        let top = table.maybe("top", few);
        let columns = table.needed("columns").and_then(|value| value.codes::<Column>());
        let wording = table.or("wording", 0, few);
        let fix = table.or("fix", false, |value| value.flag());
        let read =
            Self { id: id?, title: title?, rows: rows?, top: top?, columns: columns?, wording: wording?, fix: fix? };
        let first = read.columns.first().copied();
        if read.columns.iter().any(|column| column.follows_first()) && !first.is_some_and(Column::counts) {
            table.fault("shares and comparisons are of the first column, which has to count something");
            return None;
        }
        if read.rows == Rows::Body && !read.columns.iter().all(|column| column.of_matters() || column.follows_first()) {
            table.fault("rows by body count matters and nothing else");
            return None;
        }
        if read.fix && read.rows != Rows::Category {
            table.fault("only leaves of the category tree have a most frequent cause");
            return None;
        }
        Some(read)
    }
}

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeasureText {
    /// The column.
    pub column: Column,
    /// What people call it.
    pub title: Text,
    /// What is counted, and how.
    pub definition: Text,
    /// Who says that it is to be counted so.
    pub source: Text,
}

impl MeasureText {
    fn read(table: &mut Table<'_>) -> Option<Self> {
        let column = table.needed("column").and_then(|value| value.code());
        let title = table.text("title");
        let definition = table.text("definition");
        let source = table.text("source");
        Some(Self { column: column?, title: title?, definition: definition?, source: source? })
    }
}

/// Every report of an installation, with what its figures mean.
#[derive(Clone, Debug, Default)]
pub struct ReportSet {
    reports: Vec<ReportDefinition>,
    measures: Vec<MeasureText>,
}

impl ReportSet {
    /// Reads the files below `reports/`: one report each, and `measures.toml`. Packs that name a rule say what it asks.
    ///
    /// # Errors
    /// Every fault with file, line and column: no figure goes without its definition, none that a rule asks for is left
    /// out.
    pub fn load<'f>(files: impl Iterator<Item = (&'f str, &'f str)>, packs: &[Arc<Pack>]) -> Result<Self, Vec<Fault>> {
        let (mut set, mut faults) = (Self::default(), Vec::new());
        let mut named = Vec::new();
        for (name, text) in files {
            if name.ends_with("/measures.toml") {
                match document::read(Some(name), text, read_measures) {
                    Ok(measures) => set.measures.extend(measures),
                    Err(found) => faults.extend(found),
                }
                continue;
            }
            match document::read(Some(name), text, ReportDefinition::read) {
                Ok(report) => {
                    named.push(name);
                    set.reports.push(report);
                }
                Err(found) => faults.extend(found),
            }
        }
        for (place, (report, name)) in set.reports.iter().zip(&named).enumerate() {
            let fault = |message: String| Fault {
                file: Some((*name).to_owned()),
                line: 1,
                column: 1,
                check: None,
                message,
                hint: None,
            };
            if set.reports.iter().take(place).any(|known| known.id == report.id) {
                faults.push(fault(format!("a second report `{}`", report.id)));
            }
            for id in &report.rules {
                let rules = packs.iter().flat_map(|pack| pack.reports()).filter(|rule| rule.head.id == *id);
                let mut known = rules.peekable();
                if known.peek().is_none() {
                    faults.push(fault(format!("no pack has a report rule `{id}`")));
                }
                faults.extend(known.flat_map(|rule| report.misses(rule)).map(fault));
            }
            let columns = report.tables.iter().flat_map(|table| &table.columns);
            for column in columns.filter(|column| set.measure(**column).is_none()) {
                faults.push(fault(format!("measures.toml does not say what `{}` means", column.code())));
            }
        }
        set.reports.sort_by(|one, other| one.id.cmp(&other.id));
        if faults.is_empty() { Ok(set) } else { Err(faults) }
    }

    /// Every report, by identity.
    #[must_use]
    pub fn reports(&self) -> &[ReportDefinition] {
        &self.reports
    }

    /// A report by its identity.
    #[must_use]
    pub fn report(&self, id: &str) -> Option<&ReportDefinition> {
        self.reports.iter().find(|report| report.id == id)
    }

    /// What a column means.
    #[must_use]
    pub fn measure(&self, column: Column) -> Option<&MeasureText> {
        self.measures.iter().find(|text| text.column == column)
    }
}

fn read_measures(table: &mut Table<'_>) -> Option<Vec<MeasureText>> {
    let mut measures: Vec<MeasureText> = Vec::new();
    for mut one in table.tables("measure") {
        match MeasureText::read(&mut one) {
            Some(read) if measures.iter().any(|known| known.column == read.column) => {
                one.fault(format!("`{}` is explained twice", read.column.code()));
            }
            Some(read) => measures.push(read),
            None => {}
        }
        one.done();
    }
    Some(measures)
}

/// A period reports are made of: whole months of the installation's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportPeriod {
    /// Its first month, counted from the year 0.
    first: i32,
    /// How many months.
    months: i32,
}

/// The text names no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is written 2026-10, 2026-Q3, 2026-H1 or 2026")]
pub struct NoPeriod;

/// Number of a day's month, counted from the year 0.
#[must_use]
pub fn month_of(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month()) - 1
}

impl Cycle {
    /// How many months a period of it has; nothing for what is reported whenever it happens.
    #[must_use]
    pub const fn months(self) -> Option<i32> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::HalfYear => Some(6),
            Self::Year => Some(12),
            Self::Event => None,
        }
    }
}

impl ReportPeriod {
    /// A single month, counted from the year 0.
    #[must_use]
    pub const fn month(month: i32) -> Self {
        Self { first: month, months: 1 }
    }

    /// The period of a length a day lies in.
    #[must_use]
    pub fn around(day: Date, cycle: Cycle) -> Option<Self> {
        let months = cycle.months()?;
        Some(Self { first: month_of(day).div_euclid(months) * months, months })
    }

    /// Whether it has the length of a cycle.
    #[must_use]
    pub fn is_of(self, cycle: Cycle) -> bool {
        cycle.months() == Some(self.months)
    }

    /// The period before.
    #[must_use]
    pub const fn before(self) -> Self {
        Self { first: self.first - self.months, months: self.months }
    }

    /// The period after.
    #[must_use]
    pub const fn after(self) -> Self {
        Self { first: self.first + self.months, months: self.months }
    }

    /// The same period a year before.
    #[must_use]
    pub const fn year_before(self) -> Self {
        Self { first: self.first - 12, months: self.months }
    }

    /// Its first and last month, counted from the year 0.
    #[must_use]
    pub const fn span(self) -> (i32, i32) {
        (self.first, self.first + self.months - 1)
    }

    /// Its first and last day; nothing beyond the calendar.
    #[must_use]
    pub fn days(self) -> Option<(Date, Date)> {
        let first = first_day(self.first)?;
        let last = first_day(self.first + self.months)?.yesterday().ok()?;
        Some((first, last))
    }
}

fn first_day(month: i32) -> Option<Date> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    Date::new(year, month, 1).ok()
}

impl fmt::Display for ReportPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.div_euclid(12), self.first.rem_euclid(12));
        match self.months {
            1 => write!(f, "{year:04}-{:02}", month + 1),
            3 => write!(f, "{year:04}-Q{}", month / 3 + 1),
            6 => write!(f, "{year:04}-H{}", month / 6 + 1),
            _ => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for ReportPeriod {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
        if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoPeriod);
        }
        let year: i32 = year.parse().map_err(|_| NoPeriod)?;
        let (months, number) = match part {
            None => (12, "1"),
            Some(part) => match (part.strip_prefix('Q'), part.strip_prefix('H')) {
                (Some(quarter), _) if quarter.len() == 1 => (3, quarter),
                (_, Some(half)) if half.len() == 1 => (6, half),
                (None, None) if part.len() == 2 => (1, part),
                _ => return Err(NoPeriod),
            },
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoPeriod);
        }
        let number: i32 = number.parse().map_err(|_| NoPeriod)?;
        if number < 1 || number > 12 / months {
            return Err(NoPeriod);
        }
        Ok(Self { first: year * 12 + (number - 1) * months, months })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test panics")]

    use super::*;

    #[test]
    fn periods_are_written_and_read() {
        for text in ["2026-10", "2026-01", "2026-Q1", "2026-Q4", "2026-H2", "2026"] {
            assert_eq!(text.parse::<ReportPeriod>().unwrap().to_string(), text);
        }
        for text in ["2026-13", "2026-00", "2026-1", "2026-Q5", "2026-H3", "26", "2026-Q", "2026-+1", "x", "2026-q1"] {
            assert_eq!(text.parse::<ReportPeriod>(), Err(NoPeriod), "{text}");
        }
    }

    #[test]
    fn periods_follow_each_other_over_a_years_end() {
        let read = |text: &str| text.parse::<ReportPeriod>().unwrap();
        for (one, before, year_before, last) in [
            ("2026-01", "2025-12", "2025-01", "2026-01-31"),
            ("2026-Q1", "2025-Q4", "2025-Q1", "2026-03-31"),
            ("2026-H1", "2025-H2", "2025-H1", "2026-06-30"),
            ("2026", "2025", "2025", "2026-12-31"),
            ("2028-02", "2028-01", "2027-02", "2028-02-29"),
        ] {
            assert_eq!(read(one).before(), read(before));
            assert_eq!(read(one).year_before(), read(year_before));
            assert_eq!(read(before).after(), read(one));
            assert_eq!(read(one).days().unwrap().1.to_string(), last);
        }
        let day = "2026-11-24".parse().unwrap();
        let around = |cycle| ReportPeriod::around(day, cycle).map(|period| period.to_string());
        assert_eq!(around(Cycle::Month).unwrap(), "2026-11");
        assert_eq!(around(Cycle::Quarter).unwrap(), "2026-Q4");
        assert_eq!(around(Cycle::HalfYear).unwrap(), "2026-H2");
        assert_eq!(around(Cycle::Event), None);
    }

    #[test]
    fn a_definition_says_what_is_wrong_with_it() {
        let load = |report: &str, measures: &str| {
            let files = [("reports/x.toml", report), ("reports/measures.toml", measures)];
            let faults = ReportSet::load(files.into_iter(), &[]).map(drop).unwrap_err();
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let head = "id = \"x\"\ntitle = { zh = \"甲\", en = \"X\" }\nnote = { zh = \"无\", en = \"none\" }\n\
                    period = \"month\"\nkinds = \"complaint\"\n";
        let table = |more: &str| format!("{head}[[table]]\nid = \"t\"\ntitle = {{ zh = \"表\", en = \"T\" }}\n{more}");
        assert!(load(&table("rows = \"total\"\ncolumns = [\"count\"]"), "").contains("what `count` means"));
        assert!(load(head, "").contains("has no [[table]]"));
        let compared = load(&table("rows = \"total\"\ncolumns = [\"share\"]"), "");
        assert!(compared.contains("first column"), "{compared}");
        assert!(load(&table("rows = \"body\"\ncolumns = [\"count\"]"), "").contains("rows by body"));
        assert!(load(&table("rows = \"channel\"\ncolumns = [\"count\"]\nfix = true"), "").contains("frequent cause"));
        let unknown = format!("rules = [\"nobody\"]\n{}", table("rows = \"total\"\ncolumns = [\"count\"]"));
        assert!(load(&unknown, "").contains("no pack has a report rule `nobody`"));
    }
}
