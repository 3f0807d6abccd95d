//! What key figures count of a case, and their sums by month.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use std::fmt::Write as _;

statements! {
    SUM = "SELECT counted, sum, hits, silent, waits FROM kpi_months WHERE kpi = ?1 AND area = ?2 AND month = ?3";
    PUT = "INSERT INTO kpi_months (kpi, area, month, counted, sum, hits, silent, waits)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (kpi, area, month) DO UPDATE SET counted = excluded.counted, sum = excluded.sum,
        hits = excluded.hits, silent = excluded.silent, waits = excluded.waits";
    DROP = "DELETE FROM kpi_months WHERE kpi = ?1 AND area = ?2 AND month = ?3";
    MONTHS = "SELECT kpi, month, counted, sum, hits, silent, waits FROM kpi_months
        WHERE area = ?1 AND month >= ?2 AND month <= ?3";
    AREAS = "SELECT DISTINCT month, area FROM kpi_months WHERE area <> '' AND month >= ?1 AND month <= ?2
        AND counted + waits > 0";
    // Of one month alone: in those before all are late, in those after none.
    LATE = "SELECT COUNT(*) FROM report_cases f JOIN cases c ON c.id = f.id WHERE f.received = ?1 AND f.kpi LIKE ?2
        AND c.received_at <= ?3 AND (?4 = '' OR substr(f.region, 1, length(?4)) = ?4)";
    CLEAR = "DELETE FROM kpi_months";
}

/// What a key figure counts of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiFact {
    /// Its code.
    pub kpi: String,
    /// Minutes, of figures of times; 0 of others.
    pub value: i64,
    /// How it counts.
    pub counts: KpiCounts,
}

/// How a case counts for a key figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KpiCounts {
    /// In numerator and denominator.
    Hit,
    /// In the denominator alone.
    Miss,
    /// Beside it: whoever was asked and did not answer.
    Silent,
    /// What is counted has not come; in the denominator once the limit is over.
    Waits,
}

impl KpiCounts {
    /// The sign it has in the text of a row.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Hit => '+',
            Self::Miss => '-',
            Self::Silent => '~',
            Self::Waits => '?',
        }
    }
}

/// Facts as a row keeps them; each begins with a space and its sign, so that one is found by what it begins with.
pub(super) fn written(facts: &[KpiFact]) -> String {
    let mut text = String::new();
    for one in facts {
        let _ = write!(text, " {}{}:{}", one.counts.sign(), one.kpi, one.value);
    }
    text
}

pub(super) fn read(text: &str) -> Result<Vec<KpiFact>, StoreError> {
    let corrupt = || StoreError::Corrupt("key figures of a case".to_owned());
    let one = |word: &str| {
        let (name, value) = word.rsplit_once(':').ok_or_else(corrupt)?;
        let sign = name.chars().next().ok_or_else(corrupt)?;
        let all = [KpiCounts::Hit, KpiCounts::Miss, KpiCounts::Silent, KpiCounts::Waits];
        let counts = all.into_iter().find(|counts| counts.sign() == sign).ok_or_else(corrupt)?;
        let kpi = name.get(1..).ok_or_else(corrupt)?.to_owned();
        Ok(KpiFact { kpi, value: value.parse().map_err(|_| corrupt())?, counts })
    };
    text.split_whitespace().map(one).collect()
}

/// What the text of a row holds where a key figure counts it in some way, as a pattern of LIKE; `_` in its code stands for
/// any letter, which no other code differs by.
#[must_use]
pub fn pattern(kpi: &str, counts: KpiCounts) -> String {
    format!("% {}{kpi}:%", counts.sign())
}

/// Which sum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KpiKey {
    /// Code of the figure.
    pub kpi: String,
    /// Province; empty for everywhere.
    pub area: String,
    /// The month.
    pub month: i64,
}

/// A sum of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KpiSum {
    /// Cases in the denominator.
    pub counted: i64,
    /// Their minutes.
    pub sum: i64,
    /// Those in the numerator.
    pub hits: i64,
    /// Those beside it.
    pub silent: i64,
    /// Those that wait for what is counted.
    pub waits: i64,
}

impl KpiSum {
    /// Adds a case, `by` times.
    pub fn count(&mut self, fact: &KpiFact, by: i64) {
        match fact.counts {
            KpiCounts::Silent => self.silent += by,
            KpiCounts::Waits => self.waits += by,
            counts => {
                self.counted += by;
                self.sum += fact.value * by;
                self.hits += by * i64::from(counts == KpiCounts::Hit);
            }
        }
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.counted += other.counted;
        self.sum += other.sum;
        self.hits += other.hits;
        self.silent += other.silent;
        self.waits += other.waits;
    }
}

fn read_sum(row: &Row<'_>, from: usize) -> Result<KpiSum, StoreError> {
    Ok(KpiSum {
        counted: row.int(from)?,
        sum: row.int(from + 1)?,
        hits: row.int(from + 2)?,
        silent: row.int(from + 3)?,
        waits: row.int(from + 4)?,
    })
}

/// Adds to a sum. A sum of nothing has no row.
///
/// # Errors
/// Those of the database.
pub fn add_to_kpi(tx: &mut Tx<'_>, key: &KpiKey, change: &KpiSum) -> Result<(), StoreError> {
    let place = [(&key.kpi).into(), (&key.area).into(), key.month.into()];
    let mut sum = tx.query_opt(SUM, &place, |row| read_sum(row, 0))?.unwrap_or_default();
    sum.add(change);
    if sum == KpiSum::default() {
        return tx.execute(DROP, &place).map(drop);
    }
    let mut values = place.to_vec();
    values.extend([sum.counted, sum.sum, sum.hits, sum.silent, sum.waits].map(crate::Param::from));
    tx.execute(PUT, &values).map(drop)
}

/// Provinces that have cases of any figure in a span of months, by month.
///
/// # Errors
/// Those of the database.
pub fn kpi_areas(tx: &mut Tx<'_>, (from, to): (i64, i64)) -> Result<Vec<(i64, String)>, StoreError> {
    tx.query(AREAS, &[from.into(), to.into()], |row| Ok((row.int(0)?, row.text(1)?)))
}

/// The sums of all figures over a span of months, both ends included: code, month, sum.
///
/// # Errors
/// Those of the database.
pub fn kpi_months(
    tx: &mut Tx<'_>,
    area: &str,
    (from, to): (i64, i64),
) -> Result<Vec<(String, i64, KpiSum)>, StoreError> {
    tx.query(MONTHS, &[area.into(), from.into(), to.into()], |row| Ok((row.text(0)?, row.int(1)?, read_sum(row, 2)?)))
}

/// How many cases of a month wait for what a figure counts since a moment or longer.
///
/// # Errors
/// Those of the database.
pub fn late(tx: &mut Tx<'_>, kpi: &str, area: &str, month: i64, before: i64) -> Result<i64, StoreError> {
    let pattern = pattern(kpi, KpiCounts::Waits);
    tx.query_one(LATE, &[month.into(), (&pattern).into(), before.into(), area.into()], |row| row.int(0))
}

pub(super) fn clear(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[]).map(drop)
}
