//! The cases behind a figure: the same conditions that counted them, page by page. Like lists of the desk, no page looks
//! at more candidates than [`MOST`]; a short page may be followed by more.

use crate::row::Param;
use crate::{Cursor, StoreError, Tx};
use uuid::Uuid;

/// Most candidates one page looks at.
const MOST: i64 = 20_000;

/// Which cases a figure is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Population {
    /// Those first received in the period.
    #[default]
    Received,
    /// Those closed in it.
    Closed,
    /// Those with a matter handed over in it.
    Matters,
}

/// What more is true of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// They kept every limit for the answer.
    InTime,
    /// They were settled with the first contact.
    AtOnce,
    /// They had been taken up again.
    Reopened,
}

/// How a key figure counts them, as patterns of LIKE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiPart {
    /// Those it counts so.
    pub counts: Vec<String>,
    /// Those that wait for what it counts, with the last moment whose cases count as late; nothing where none is meant.
    pub waits: Option<(String, i64)>,
}

/// The cases of a figure.
#[derive(Clone, Debug, Default)]
pub struct CasesQuery {
    /// Which.
    pub population: Population,
    /// First and last month.
    pub months: (i64, i64),
    /// Area the caller may see: a prefix of the region; empty for everywhere.
    pub scope: String,
    /// Whoever asks, for whom cases about themselves are not there.
    pub reader: Option<String>,
    /// Kinds of contact; empty for all.
    pub kinds: Vec<String>,
    /// A column with the values it may have, all of one length where only the beginning counts.
    pub rows: Option<(&'static str, Vec<String>)>,
    /// Whether the values are beginnings.
    pub beginnings: bool,
    /// Of matters: bodies; empty for all.
    pub bodies: Vec<String>,
    /// Of matters: what became of them.
    pub outcome: Option<&'static str>,
    /// What more is true.
    pub flag: Option<Flag>,
    /// What key figures count of them.
    pub kpi: Option<KpiPart>,
    /// Most cases.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<Cursor>,
}

/// A page of cases.
#[derive(Clone, Debug, Default)]
pub struct CasesPage {
    /// Their identities, the newest first.
    pub ids: Vec<Uuid>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

/// Text of a statement with its values, given numbers as they come.
struct Text<'q> {
    sql: String,
    values: Vec<Param<'q>>,
}

impl<'q> Text<'q> {
    fn value(&mut self, value: impl Into<Param<'q>>) {
        self.values.push(value.into());
        self.sql.push('?');
        self.sql.push_str(&self.values.len().to_string());
    }

    fn any(&mut self, column: &str, values: &'q [String]) {
        self.sql.push_str(column);
        self.sql.push_str(" IN (");
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.sql.push_str(", ");
            }
            self.value(value);
        }
        self.sql.push(')');
    }
}

impl<'q> Text<'q> {
    fn kpi(&mut self, part: &'q KpiPart) {
        self.sql.push_str(" AND (1 = 0");
        for pattern in &part.counts {
            self.sql.push_str(" OR c.kpi LIKE ");
            self.value(pattern);
        }
        if let Some((pattern, before)) = &part.waits {
            self.sql.push_str(" OR c.kpi LIKE ");
            self.value(pattern);
            self.sql.push_str(" AND EXISTS (SELECT 1 FROM cases k WHERE k.id = c.id AND k.received_at <= ");
            self.value(*before);
            self.sql.push(')');
        }
        self.sql.push(')');
    }
}

/// Candidates in order, which are cut off, and what of them matches.
fn compose(query: &CasesQuery, limit: i64) -> (String, String, Vec<Param<'_>>, usize) {
    let (month, id, tables) = match query.population {
        Population::Received => ("f.received", "f.id", "report_cases f"),
        Population::Closed => ("f.closed", "f.id", "report_cases f"),
        Population::Matters => ("m.month", "m.case_id", "report_matters m JOIN report_cases f ON f.id = m.case_id"),
    };
    let mut text = Text { sql: format!("FROM {tables} WHERE {month} >= "), values: Vec::new() };
    text.value(query.months.0);
    text.sql.push_str(&format!(" AND {month} <= "));
    text.value(query.months.1);
    if query.population == Population::Closed {
        // Says so again for the index, which holds closed ones alone.
        text.sql.push_str(" AND f.closed > 0");
    }
    if let Some(after) = &query.after {
        text.sql.push_str(&format!(" AND ({month}, {id}) < ("));
        text.value(after.key);
        text.sql.push_str(", ");
        text.value(&after.id);
        text.sql.push(')');
    }
    text.sql.push_str(&format!(" ORDER BY {month} DESC, {id} DESC"));
    let inner = text.values.len();
    let matter = if query.population == Population::Matters { ", m.body, m.outcome" } else { "" };
    let probe = format!("SELECT {month}, {id} {} LIMIT 1 OFFSET {}", text.sql, MOST - 1);
    text.sql = format!(
        "SELECT DISTINCT c.month, c.id FROM (SELECT {month} AS month, {id} AS id, f.kind, f.category, f.product, \
         f.channel, f.region, f.grade, f.cause, f.in_time, f.at_once, f.reopened, f.kpi{matter} {} LIMIT {MOST}) c WHERE 1 = 1",
        text.sql
    );
    if !query.kinds.is_empty() {
        text.sql.push_str(" AND ");
        text.any("c.kind", &query.kinds);
    }
    if let Some((column, values)) = &query.rows {
        let length = values.first().map_or(0, |value| value.chars().count());
        let left = if query.beginnings { format!("substr(c.{column}, 1, {length})") } else { format!("c.{column}") };
        text.sql.push_str(" AND ");
        text.any(&left, values);
    }
    if !query.bodies.is_empty() {
        text.sql.push_str(" AND ");
        text.any("c.body", &query.bodies);
    }
    if let Some(outcome) = query.outcome {
        text.sql.push_str(" AND c.outcome = ");
        text.value(outcome);
    }
    if !query.scope.is_empty() {
        text.sql.push_str(&format!(" AND substr(c.region, 1, {}) = ", query.scope.chars().count()));
        text.value(&query.scope);
    }
    if let Some(reader) = &query.reader {
        text.sql.push_str(" AND c.id NOT IN (SELECT id FROM cases WHERE about = ");
        text.value(reader);
        text.sql.push(')');
    }
    if let Some(part) = &query.kpi {
        text.kpi(part);
    }
    text.sql.push_str(match query.flag {
        Some(Flag::InTime) => " AND c.in_time = 1",
        Some(Flag::AtOnce) => " AND c.at_once = 1",
        Some(Flag::Reopened) => " AND c.reopened = 1",
        None => "",
    });
    text.sql.push_str(" ORDER BY c.month DESC, c.id DESC LIMIT ");
    text.value(limit);
    (text.sql, probe, text.values, inner)
}

/// The cases of a figure, those of the latest month and identity first.
///
/// # Errors
/// Those of the database.
pub fn cases(tx: &mut Tx<'_>, query: &CasesQuery) -> Result<CasesPage, StoreError> {
    if query.rows.as_ref().is_some_and(|(_, values)| values.is_empty()) {
        return Ok(CasesPage::default());
    }
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let (page, probe, values, inner) = compose(query, limit);
    let place = |row: &crate::Row<'_>| Ok(Cursor { key: row.int(0)?, id: row.uuid(1)? });
    let found = tx.query(&page, &values, place)?;
    let next = if found.len() >= query.limit {
        found.last().copied()
    } else {
        tx.query_opt(&probe, values.get(..inner).unwrap_or_default(), place)?
    };
    Ok(CasesPage { ids: found.into_iter().map(|place| place.id).collect(), next })
}

/// The statements in every form there is, for the test that prepares them.
#[cfg(feature = "testing")]
pub(crate) fn variants() -> Vec<String> {
    let mut found = Vec::new();
    for population in [Population::Received, Population::Closed, Population::Matters] {
        for full in [false, true] {
            let some = |text: &str| if full { vec![text.to_owned()] } else { Vec::new() };
            let of_matters = full && population == Population::Matters;
            let query = CasesQuery {
                population,
                months: (1, 2),
                scope: some("31").concat(),
                reader: full.then(|| "somebody".to_owned()),
                kinds: some("complaint"),
                rows: full.then(|| ("category", some("A1"))),
                beginnings: full,
                bodies: if of_matters { some("miit") } else { Vec::new() },
                outcome: of_matters.then_some("effective"),
                flag: full.then_some(Flag::InTime),
                kpi: full.then(|| KpiPart {
                    counts: vec![super::pattern("repeat", super::KpiCounts::Hit)],
                    waits: Some((super::pattern("repeat", super::KpiCounts::Waits), 1)),
                }),
                limit: 3,
                after: full.then(|| Cursor { key: 1, id: Uuid::nil() }),
            };
            let (page, probe, ..) = compose(&query, 3);
            found.extend([page, probe]);
        }
    }
    found
}
