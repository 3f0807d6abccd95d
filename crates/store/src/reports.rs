//! What reports count: of each case what matters to them, the matters of bodies outside, and the sums of both by month.
//! Nothing of it is personal, and all of it follows from the log; who fills it in and when is not known here.

mod cases;
mod kpi;
mod ledger;
mod surveys;

#[cfg(feature = "testing")]
pub(crate) use cases::variants;
pub use cases::{CasesPage, CasesQuery, Flag, KpiPart, Population, cases};
#[cfg(feature = "testing")]
pub(crate) use kpi::ALL as KPI_ALL;
pub use kpi::{KpiCounts, KpiFact, KpiKey, KpiSum, add_to_kpi, kpi_areas, kpi_months, late, pattern};
#[cfg(feature = "testing")]
pub(crate) use ledger::ALL as LEDGER_ALL;
pub use ledger::{By, HeldFact, LedgerKey, LedgerRow, LedgerSum, add_to_ledger, ledger};
#[cfg(feature = "testing")]
pub(crate) use surveys::ALL as SURVEYS_ALL;
pub use surveys::{SurveyFact, SurveyKey, SurveySum, add_to_surveys, surveys};

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use uuid::Uuid;

statements! {
    STATE = "SELECT value FROM report_state WHERE name = 'state'";
    FIRST_STATE = "INSERT INTO report_state (name, value) VALUES ('state', ?1) ON CONFLICT (name) DO NOTHING";
    // Whoever finds the state another than it was read comes too late: what it counted was counted by another node.
    NEXT_STATE = "UPDATE report_state SET value = ?2 WHERE name = 'state' AND value = ?1";
    FACTS = "SELECT id, kind, category, product, channel, region, grade, cause, received, closed, minutes, judged,
        in_time, at_once, reopened, held, surveys, kpi FROM report_cases WHERE id = ?1";
    MATTERS = "SELECT matter, month, body, outcome FROM report_matters WHERE case_id = ?1 ORDER BY matter";
    PUT_FACTS = "INSERT INTO report_cases (id, kind, category, product, channel, region, grade, cause, received, closed,
        minutes, judged, in_time, at_once, reopened, held, surveys, kpi)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, category = excluded.category, product = excluded.product,
        channel = excluded.channel, region = excluded.region, grade = excluded.grade, cause = excluded.cause,
        received = excluded.received, closed = excluded.closed, minutes = excluded.minutes, judged = excluded.judged,
        in_time = excluded.in_time, at_once = excluded.at_once, reopened = excluded.reopened, held = excluded.held,
        surveys = excluded.surveys, kpi = excluded.kpi";
    DROP_FACTS = "DELETE FROM report_cases WHERE id = ?1";
    PUT_MATTER = "INSERT INTO report_matters (case_id, matter, month, body, outcome) VALUES (?1, ?2, ?3, ?4, ?5)";
    DROP_MATTERS = "DELETE FROM report_matters WHERE case_id = ?1";
    MONTH = "SELECT received, closed, minutes, judged, in_time, at_once, reopened, effective, removed, undecided, times
        FROM report_months WHERE dim = ?1 AND area = ?2 AND month = ?3 AND value = ?4 AND sort = ?5";
    PUT_MONTH = "INSERT INTO report_months (dim, area, month, value, sort, received, closed, minutes, judged, in_time,
        at_once, reopened, effective, removed, undecided, times)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT (dim, area, month, value, sort) DO UPDATE SET received = excluded.received,
        closed = excluded.closed, minutes = excluded.minutes, judged = excluded.judged, in_time = excluded.in_time,
        at_once = excluded.at_once, reopened = excluded.reopened, effective = excluded.effective,
        removed = excluded.removed, undecided = excluded.undecided, times = excluded.times";
    DROP_MONTH = "DELETE FROM report_months WHERE dim = ?1 AND area = ?2 AND month = ?3 AND value = ?4 AND sort = ?5";
    MONTHS = "SELECT received, closed, minutes, judged, in_time, at_once, reopened, effective, removed, undecided, times,
        month, value, sort FROM report_months WHERE dim = ?1 AND area = ?2 AND month >= ?3 AND month <= ?4";
    FIRST_MONTH = "SELECT MIN(month) FROM report_months WHERE dim = ?1 AND area = ?2";
    FACTS_WITHIN = "SELECT id, kind, category, product, channel, region, grade, cause, received, closed, minutes, judged,
        in_time, at_once, reopened, held, surveys, kpi FROM report_cases WHERE region >= ?1 AND region <= ?2
        AND received >= ?3 AND received <= ?4";
    MATTERS_WITHIN = "SELECT m.matter, m.month, m.body, m.outcome, m.case_id FROM report_cases c
        JOIN report_matters m ON m.case_id = c.id WHERE c.region >= ?1 AND c.region <= ?2
        AND c.received >= ?3 AND c.received <= ?4
        ORDER BY m.case_id, m.matter";
    CLEAR_CASES = "DELETE FROM report_cases";
    CLEAR_MATTERS = "DELETE FROM report_matters";
    CLEAR_MONTHS = "DELETE FROM report_months";
    CLEAR_LEDGER = "DELETE FROM ledger_months";
}

/// What reports count of a case. Months are counted from the year 0; 0 is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFacts {
    /// The case.
    pub id: Uuid,
    /// Kind of contact.
    pub kind: String,
    /// Leaf of the category tree; empty when it has none.
    pub category: String,
    /// Product line; empty when nobody said.
    pub product: String,
    /// Channel.
    pub channel: String,
    /// Where it happened; empty when nobody knows.
    pub region: String,
    /// Grade.
    pub grade: String,
    /// Leaf of the cause tree; empty while it is not found.
    pub cause: String,
    /// Month of first receipt.
    pub received: i64,
    /// Month in which it was closed, if it stands closed.
    pub closed: i64,
    /// Minutes from first receipt to the answer, of a closed one.
    pub minutes: i64,
    /// Whether a limit for the answer came to an end, of a closed one.
    pub judged: bool,
    /// Whether none of them was missed.
    pub in_time: bool,
    /// Whether it was settled with the first contact.
    pub at_once: bool,
    /// Whether it had been taken up again.
    pub reopened: bool,
    /// Who held it how long.
    pub held: Vec<HeldFact>,
    /// What key figures count of it.
    pub kpis: Vec<KpiFact>,
    /// What the customer said, each channel for itself.
    pub surveys: Vec<SurveyFact>,
    /// Matters of bodies outside.
    pub matters: Vec<MatterFact>,
}

/// What reports count of a matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterFact {
    /// Number within the case.
    pub matter: i64,
    /// Month in which it was handed over.
    pub month: i64,
    /// By whom.
    pub body: String,
    /// `effective`, `removed` or `undecided`.
    pub outcome: String,
}

/// Which sum of a month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthKey {
    /// By what it is broken down.
    pub dim: &'static str,
    /// Province; empty for everywhere.
    pub area: String,
    /// The month.
    pub month: i64,
    /// The row.
    pub value: String,
    /// Kind of contact; of matters `@` and the body.
    pub sort: String,
}

/// A sum of a month: of cases, or of matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Cases first received; matters handed over.
    pub received: i64,
    /// Cases closed.
    pub closed: i64,
    /// Minutes to their answers.
    pub minutes: i64,
    /// Of these, those with a limit for the answer.
    pub judged: i64,
    /// Of these, those that kept every one.
    pub in_time: i64,
    /// Closed cases that were settled with the first contact.
    pub at_once: i64,
    /// Closed cases that had been taken up again.
    pub reopened: i64,
    /// Matters a body took up.
    pub effective: i64,
    /// Matters that do not count.
    pub removed: i64,
    /// Matters nobody decided about.
    pub undecided: i64,
    /// How many closed cases took how long, by step.
    pub times: BTreeMap<u16, i64>,
}

impl Sum {
    /// Adds another sum, `by` times.
    pub fn add(&mut self, other: &Self, by: i64) {
        let pairs = [
            (&mut self.received, other.received),
            (&mut self.closed, other.closed),
            (&mut self.minutes, other.minutes),
            (&mut self.judged, other.judged),
            (&mut self.in_time, other.in_time),
            (&mut self.at_once, other.at_once),
            (&mut self.reopened, other.reopened),
            (&mut self.effective, other.effective),
            (&mut self.removed, other.removed),
            (&mut self.undecided, other.undecided),
        ];
        for (mine, theirs) in pairs {
            *mine += theirs * by;
        }
        for (step, count) in &other.times {
            *self.times.entry(*step).or_default() += count * by;
        }
        self.times.retain(|_, count| *count != 0);
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn times(&self) -> String {
        let mut text = String::new();
        for (step, count) in &self.times {
            let _ = write!(text, "{step}:{count} ");
        }
        text
    }
}

fn read_sum(row: &Row<'_>) -> Result<Sum, StoreError> {
    let corrupt = || StoreError::Corrupt("times of a report".to_owned());
    let mut times = BTreeMap::new();
    for pair in row.text(10)?.split_whitespace() {
        let (step, count) = pair.split_once(':').ok_or_else(corrupt)?;
        times.insert(step.parse().map_err(|_| corrupt())?, count.parse().map_err(|_| corrupt())?);
    }
    Ok(Sum {
        received: row.int(0)?,
        closed: row.int(1)?,
        minutes: row.int(2)?,
        judged: row.int(3)?,
        in_time: row.int(4)?,
        at_once: row.int(5)?,
        reopened: row.int(6)?,
        effective: row.int(7)?,
        removed: row.int(8)?,
        undecided: row.int(9)?,
        times,
    })
}

fn read_facts(row: &Row<'_>) -> Result<CaseFacts, StoreError> {
    Ok(CaseFacts {
        id: row.uuid(0)?,
        kind: row.text(1)?,
        category: row.text(2)?,
        product: row.text(3)?,
        channel: row.text(4)?,
        region: row.text(5)?,
        grade: row.text(6)?,
        cause: row.text(7)?,
        received: row.int(8)?,
        closed: row.int(9)?,
        minutes: row.int(10)?,
        judged: row.bool(11)?,
        in_time: row.bool(12)?,
        at_once: row.bool(13)?,
        reopened: row.bool(14)?,
        held: ledger::read(&row.text(15)?)?,
        surveys: surveys::read(&row.text(16)?)?,
        kpis: kpi::read(&row.text(17)?)?,
        matters: Vec::new(),
    })
}

fn read_matter(row: &Row<'_>) -> Result<MatterFact, StoreError> {
    Ok(MatterFact { matter: row.int(0)?, month: row.int(1)?, body: row.text(2)?, outcome: row.text(3)? })
}

/// How far counting has come, as whoever counts wrote it.
///
/// # Errors
/// Those of the database.
pub fn state(tx: &mut Tx<'_>) -> Result<Option<String>, StoreError> {
    tx.query_opt(STATE, &[], |row| row.text(0))
}

/// Writes how far it has come; false when it is no longer where it was.
///
/// # Errors
/// Those of the database.
pub fn advance(tx: &mut Tx<'_>, before: Option<&str>, after: &str) -> Result<bool, StoreError> {
    let touched = match before {
        Some(before) => tx.execute(NEXT_STATE, &[before.into(), after.into()])?,
        None => tx.execute(FIRST_STATE, &[after.into()])?,
    };
    Ok(touched == 1)
}

/// What is counted of a case; nothing when nothing is.
///
/// # Errors
/// Those of the database.
pub fn facts(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<CaseFacts>, StoreError> {
    let Some(mut facts) = tx.query_opt(FACTS, &[(&id).into()], read_facts)? else { return Ok(None) };
    facts.matters = tx.query(MATTERS, &[(&id).into()], read_matter)?;
    Ok(Some(facts))
}

/// Writes what is counted of a case from now on; nothing when nothing is. Its matters are written only where they or
/// those before are any.
///
/// # Errors
/// Those of the database.
pub fn put_facts(
    tx: &mut Tx<'_>,
    id: Uuid,
    before: Option<&CaseFacts>,
    after: Option<&CaseFacts>,
) -> Result<(), StoreError> {
    let matters = |facts: Option<&CaseFacts>| facts.map(|facts| facts.matters.clone()).unwrap_or_default();
    if matters(before) != matters(after) {
        tx.execute(DROP_MATTERS, &[(&id).into()])?;
        for one in matters(after) {
            let values = [(&id).into(), one.matter.into(), one.month.into(), (&one.body).into(), (&one.outcome).into()];
            tx.execute(PUT_MATTER, &values)?;
        }
    }
    let Some(facts) = after else {
        return tx.execute(DROP_FACTS, &[(&id).into()]).map(drop);
    };
    let (held, kpis) = (ledger::written(&facts.held), kpi::written(&facts.kpis));
    let surveys = surveys::written(&facts.surveys);
    let values = [
        (&id).into(),
        (&facts.kind).into(),
        (&facts.category).into(),
        (&facts.product).into(),
        (&facts.channel).into(),
        (&facts.region).into(),
        (&facts.grade).into(),
        (&facts.cause).into(),
        facts.received.into(),
        facts.closed.into(),
        facts.minutes.into(),
        facts.judged.into(),
        facts.in_time.into(),
        facts.at_once.into(),
        facts.reopened.into(),
        held.as_str().into(),
        surveys.as_str().into(),
        kpis.as_str().into(),
    ];
    tx.execute(PUT_FACTS, &values).map(drop)
}

/// Adds to a sum of a month. A sum of nothing has no row, so that counting anew leads to the same rows.
///
/// # Errors
/// Those of the database.
pub fn add_to_month(tx: &mut Tx<'_>, key: &MonthKey, change: &Sum) -> Result<(), StoreError> {
    let place = [key.dim.into(), (&key.area).into(), key.month.into(), (&key.value).into(), (&key.sort).into()];
    let mut sum = tx.query_opt(MONTH, &place, read_sum)?.unwrap_or_default();
    sum.add(change, 1);
    if sum.is_nothing() {
        return tx.execute(DROP_MONTH, &place).map(drop);
    }
    let times = sum.times();
    let mut values = place.to_vec();
    values.extend(
        [
            sum.received,
            sum.closed,
            sum.minutes,
            sum.judged,
            sum.in_time,
            sum.at_once,
            sum.reopened,
            sum.effective,
            sum.removed,
            sum.undecided,
        ]
        .map(crate::Param::from),
    );
    values.push((&times).into());
    tx.execute(PUT_MONTH, &values).map(drop)
}

/// A sum with its month, row and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthRow {
    /// The month.
    pub month: i64,
    /// The row.
    pub value: String,
    /// Kind of contact; of matters `@` and the body.
    pub sort: String,
    /// The sum.
    pub sum: Sum,
}

/// The sums of a span of months, both ends included.
///
/// # Errors
/// Those of the database.
pub fn months(tx: &mut Tx<'_>, dim: &str, area: &str, (from, to): (i64, i64)) -> Result<Vec<MonthRow>, StoreError> {
    tx.query(MONTHS, &[dim.into(), area.into(), from.into(), to.into()], |row| {
        Ok(MonthRow { month: row.int(11)?, value: row.text(12)?, sort: row.text(13)?, sum: read_sum(row)? })
    })
}

/// The first month anything is counted in; nothing where nothing is.
///
/// # Errors
/// Those of the database.
pub fn first_month(tx: &mut Tx<'_>, dim: &str, area: &str) -> Result<Option<i64>, StoreError> {
    tx.query_one(FIRST_MONTH, &[dim.into(), area.into()], |row| row.opt_int(0))
}

/// What is counted of every case of an area within a province that was received in a span of months; there are no sums of
/// such.
///
/// # Errors
/// Those of the database.
pub fn within(tx: &mut Tx<'_>, region: &str, (from, to): (i64, i64)) -> Result<Vec<CaseFacts>, StoreError> {
    let last = format!("{region}9999");
    let values = [region.into(), (&last).into(), from.into(), to.into()];
    let mut found = tx.query(FACTS_WITHIN, &values, read_facts)?;
    let matters = tx.query(MATTERS_WITHIN, &values, |row| Ok((row.uuid(4)?, read_matter(row)?)))?;
    let mut of: BTreeMap<Uuid, Vec<MatterFact>> = BTreeMap::new();
    for (case, matter) in matters {
        of.entry(case).or_default().push(matter);
    }
    for facts in &mut found {
        facts.matters = of.remove(&facts.id).unwrap_or_default();
    }
    Ok(found)
}

/// Forgets everything counted, so that it is counted anew.
///
/// # Errors
/// Those of the database.
pub fn clear(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.take_time()?;
    for statement in [CLEAR_CASES, CLEAR_MATTERS, CLEAR_MONTHS, CLEAR_LEDGER] {
        tx.execute(statement, &[])?;
    }
    surveys::clear(tx)?;
    kpi::clear(tx)
}
