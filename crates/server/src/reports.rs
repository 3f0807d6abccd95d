//! Reports for people and for files: the figures of the desk with their words in one language, drawn as a page, a table
//! for programmes (CSV) or a workbook (XLSX). Each figure stands with what it means and with the way to its cases.

pub mod csv;
pub mod html;
pub mod xlsx;

use crate::api::ROOT;
use crate::api::reports::UNSAID;
use crate::app::App;
use crate::locale::Language;
use crate::query;
use desk::reports::{ALL, Amount, Ask, Cell, FilledRow, FilledTable, Report};
use policy::{Column, Rows};

/// A report in words.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Identity of the report.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The period as it is written.
    pub period: String,
    /// First and last day, area, moment, what is not counted yet.
    pub lines: Vec<String>,
    /// What it follows.
    pub note: String,
    /// Its tables.
    pub tables: Vec<SheetTable>,
    /// What its columns mean.
    pub measures: Vec<SheetMeasure>,
}

/// A table in words.
#[derive(Clone, Debug)]
pub struct SheetTable {
    /// Identity within the report.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Head of the first column.
    pub rows_title: String,
    /// Its columns.
    pub columns: Vec<SheetColumn>,
    /// Its rows.
    pub rows: Vec<SheetRow>,
    /// Whether rows show what customers wrote.
    pub wording: bool,
    /// Whether rows show their most frequent cause.
    pub fix: bool,
}

/// A column in words.
#[derive(Clone, Debug)]
pub struct SheetColumn {
    /// Its code.
    pub code: &'static str,
    /// Its title.
    pub title: String,
}

/// A row in words.
#[derive(Clone, Debug)]
pub struct SheetRow {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its figures.
    pub cells: Vec<SheetCell>,
    /// Numbers of cases with what the customer wrote.
    pub wording: Vec<(String, String)>,
    /// The most frequent cause.
    pub fix: String,
}

/// A figure in words.
#[derive(Clone, Debug)]
pub struct SheetCell {
    /// The figure, or what is missing for one.
    pub text: String,
    /// The figure as a number.
    pub amount: Amount,
    /// What stands behind the address of its cases; empty where there are none.
    pub cases: String,
}

impl SheetCell {
    /// Whether there is no figure.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.amount, Amount::Missing(_))
    }
}

/// What a column means, in words.
#[derive(Clone, Debug)]
pub struct SheetMeasure {
    /// Its code.
    pub code: &'static str,
    /// Its title.
    pub title: String,
    /// What is counted, and how.
    pub definition: String,
    /// Who says so.
    pub source: String,
}

/// The words of a report's page.
pub struct Words<'a> {
    /// Where they are.
    pub app: &'a App,
    /// In which language.
    pub language: Language,
}

impl Words<'_> {
    /// Words of pages.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.tv(key, &[])
    }

    /// The same with values.
    #[must_use]
    pub fn tv(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.app.locales.text(self.language, &format!("ui.{key}"), values)
    }

    fn code(&self, list: &str, code: &str) -> String {
        self.app.locales.text(self.language, &format!("{list}.{code}"), &[])
    }

    fn of(&self, text: &policy::Text) -> String {
        self.language.pick(&text.zh, &text.en).to_owned()
    }

    /// What a row is called.
    #[must_use]
    pub fn row(&self, rows: Rows, key: &str) -> String {
        let taxonomy = self.app.desk.library().taxonomy();
        let pick = |zh: &str, en: &str| self.language.pick(zh, en).to_owned();
        match (rows, key) {
            (_, ALL) => self.t("reports.all"),
            (_, "") => self.t("reports.unsaid"),
            (Rows::Product, _) => self.code("product", key),
            (Rows::Channel, _) => self.code("channel", key),
            (Rows::Grade, _) => self.code("grade", key),
            (Rows::Body, _) => match self.app.desk.library().body_of(key) {
                Some(body) => self.of(&body),
                None => self.code("external", key),
            },
            (Rows::RegulatorClass, _) => self.t(&format!("reports.class.{key}")),
            (Rows::Region, _) => {
                taxonomy.province(key).map_or_else(|| key.to_owned(), |province| pick(&province.zh, &province.en))
            }
            (Rows::Cause, _) => self.cause(key),
            (Rows::Stage, _) => {
                let stage = taxonomy.stages().iter().find(|stage| stage.id == key);
                stage.map_or_else(|| key.to_owned(), |stage| self.of(&stage.title))
            }
            (Rows::CategoryArea | Rows::CategoryGroup | Rows::Category, _) => {
                let category = taxonomy.category(key);
                category.map_or_else(|| key.to_owned(), |one| format!("{key} {}", pick(&one.zh, &one.en)))
            }
            (Rows::Total, _) => key.to_owned(),
        }
    }

    fn cause(&self, key: &str) -> String {
        let cause = self.app.desk.library().taxonomy().cause(key);
        cause.map_or_else(|| key.to_owned(), |one| format!("{key} {}", self.language.pick(&one.zh, &one.en)))
    }

    fn amount(&self, amount: Amount) -> String {
        match amount {
            Amount::Missing(what) => self.t(&format!("reports.missing.{what}")),
            Amount::Percent(_) => format!("{}%", amount.decimal().unwrap_or_default()),
            _ => amount.decimal().unwrap_or_default(),
        }
    }
}

/// The address of a figure's cases behind that of the report's.
#[must_use]
pub fn cases_query(period: &str, table: &str, row: &str, column: Column) -> String {
    let row = if row.is_empty() { UNSAID } else { row };
    let (table, row) = (query::encode(table), query::encode(row));
    format!("/cases?period={period}&table={table}&row={row}&column={}", column.code())
}

/// The address of a report over the API, with the same parameters.
#[must_use]
pub fn address(id: &str, period: &str, ask: &Ask, format: &str) -> String {
    let mut address = format!("{ROOT}/reports/{}?period={period}&format={format}", query::encode(id));
    for (name, value) in [("subscribers", ask.subscribers), ("services", ask.services)] {
        if let Some(value) = value {
            address.push_str(&format!("&{name}={value}"));
        }
    }
    address
}

/// Puts a report into words.
#[must_use]
pub fn sheet(app: &App, language: Language, report: &Report) -> Sheet {
    let words = Words { app, language };
    let period = report.period.to_string();
    let made = report.made_at.to_zoned_datetime(app.desk.zone().clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (report.days.0.to_string(), report.days.1.to_string());
    let area = match report.area.as_str() {
        "" => words.t("reports.everywhere"),
        region => {
            let province = app.desk.library().taxonomy().province(region);
            let name = province.map(|one| language.pick(&one.zh, &one.en)).unwrap_or_default();
            format!("{region} {name}")
        }
    };
    let mut lines = vec![words.tv("reports.span", &[("from", &from), ("to", &to), ("area", &area), ("made", &made)])];
    if report.progress.going_through {
        lines.push(words.t("reports.going_through"));
    } else if report.progress.behind > 0 {
        lines.push(words.tv("reports.behind", &[("behind", &report.progress.behind.to_string())]));
    }
    if let Some(first) = report.first.filter(|first| report.period.span().1 < first.span().0) {
        lines.push(words.tv("reports.before_first", &[("first", &first.to_string())]));
    }
    let mut used: Vec<Column> = report.tables.iter().flat_map(|table| table.definition.columns.clone()).collect();
    used.sort_unstable();
    used.dedup();
    let known = app.desk.library().reports();
    Sheet {
        id: report.definition.id.clone(),
        title: words.of(&report.definition.title),
        lines,
        note: words.of(&report.definition.note),
        tables: report.tables.iter().map(|table| sheet_table(&words, &period, table)).collect(),
        measures: used
            .into_iter()
            .filter_map(|column| known.measure(column))
            .map(|text| SheetMeasure {
                code: text.column.code(),
                title: words.of(&text.title),
                definition: words.of(&text.definition),
                source: words.of(&text.source),
            })
            .collect(),
        period,
    }
}

fn sheet_table(words: &Words<'_>, period: &str, table: &FilledTable) -> SheetTable {
    let definition = &table.definition;
    let known = words.app.desk.library().reports();
    SheetTable {
        id: definition.id.clone(),
        title: words.of(&definition.title),
        rows_title: words.t(&format!("reports.rows.{}", definition.rows.code())),
        columns: definition
            .columns
            .iter()
            .map(|column| SheetColumn {
                code: column.code(),
                title: known.measure(*column).map(|text| words.of(&text.title)).unwrap_or_default(),
            })
            .collect(),
        rows: table.rows.iter().map(|row| sheet_row(words, period, definition, row)).collect(),
        wording: definition.wording > 0,
        fix: definition.fix,
    }
}

fn sheet_row(words: &Words<'_>, period: &str, table: &policy::ReportTable, row: &FilledRow) -> SheetRow {
    let cell = |cell: &Cell| SheetCell {
        text: words.amount(cell.amount),
        amount: cell.amount,
        cases: match cell.has_cases() {
            true => cases_query(period, &table.id, &row.key, cell.column),
            false => String::new(),
        },
    };
    let unsaid = || words.t("no_subject");
    SheetRow {
        key: row.key.clone(),
        title: words.row(table.rows, &row.key),
        cells: row.cells.iter().map(cell).collect(),
        wording: row
            .wording
            .iter()
            .map(|case| (case.number.clone(), case.subject.clone().unwrap_or_else(unsaid)))
            .collect(),
        fix: match &row.fix {
            Some((cause, count)) => {
                words.tv("reports.fix_of", &[("cause", &words.cause(cause)), ("count", &count.to_string())])
            }
            None => String::new(),
        },
    }
}
