//! The ball's ledger by month: who held cases how long, by stage and category. Times are thousandths of a second.

use crate::statements::statements;
use crate::{StoreError, Tx};
use std::fmt::Write as _;

statements! {
    MONTH = "SELECT millis, working, spans FROM ledger_months
        WHERE area = ?1 AND month = ?2 AND holder = ?3 AND stage = ?4 AND category = ?5";
    PUT_MONTH = "INSERT INTO ledger_months (area, month, holder, stage, category, millis, working, spans)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (area, month, holder, stage, category) DO UPDATE SET millis = excluded.millis,
        working = excluded.working, spans = excluded.spans";
    DROP_MONTH = "DELETE FROM ledger_months
        WHERE area = ?1 AND month = ?2 AND holder = ?3 AND stage = ?4 AND category = ?5";
    BY_HOLDER = "SELECT month, holder, CAST(SUM(millis) AS BIGINT), CAST(SUM(working) AS BIGINT),
        CAST(SUM(spans) AS BIGINT) FROM ledger_months WHERE area = ?1 AND month >= ?2 AND month <= ?3
        GROUP BY month, holder ORDER BY month, holder";
    BY_STAGE = "SELECT month, stage, CAST(SUM(millis) AS BIGINT), CAST(SUM(working) AS BIGINT),
        CAST(SUM(spans) AS BIGINT) FROM ledger_months WHERE area = ?1 AND month >= ?2 AND month <= ?3
        GROUP BY month, stage ORDER BY month, stage";
    BY_CATEGORY = "SELECT month, category, CAST(SUM(millis) AS BIGINT), CAST(SUM(working) AS BIGINT),
        CAST(SUM(spans) AS BIGINT) FROM ledger_months WHERE area = ?1 AND month >= ?2 AND month <= ?3
        GROUP BY month, category ORDER BY month, category";
}

/// How long somebody held a case in a month and a stage of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFact {
    /// The month.
    pub month: i64,
    /// Identity of the unit, `customer` or `third_party`.
    pub holder: String,
    /// State of the case meanwhile.
    pub stage: String,
    /// How long.
    pub millis: i64,
    /// Of that, working time by the calendar of the case.
    pub working: i64,
    /// In how many pieces.
    pub spans: i64,
}

/// Which sum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerKey {
    /// Province; empty for everywhere.
    pub area: String,
    /// The month.
    pub month: i64,
    /// Identity of the unit, `customer` or `third_party`.
    pub holder: String,
    /// State of the cases meanwhile.
    pub stage: String,
    /// Leaf of the category tree; empty for none.
    pub category: String,
}

/// A sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerSum {
    /// How long.
    pub millis: i64,
    /// Of that, working time.
    pub working: i64,
    /// In how many pieces.
    pub spans: i64,
}

/// By what sums are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By who held it.
    Holder,
    /// By stage.
    Stage,
    /// By category.
    Category,
}

/// A sum of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The month.
    pub month: i64,
    /// The holder, stage or category.
    pub value: String,
    /// The sum.
    pub sum: LedgerSum,
}

/// What went into the ledger from a case, as its row keeps it.
pub(super) fn written(held: &[HeldFact]) -> String {
    let mut text = String::new();
    for one in held {
        let HeldFact { month, holder, stage, millis, working, spans } = one;
        let _ = write!(text, "{month} {holder} {stage} {millis} {working} {spans};");
    }
    text
}

pub(super) fn read(text: &str) -> Result<Vec<HeldFact>, StoreError> {
    let corrupt = || StoreError::Corrupt("ledger of a case".to_owned());
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).ok_or_else(corrupt);
    let one = |piece: &str| {
        let mut parts = piece.split(' ');
        Ok(HeldFact {
            month: number(parts.next())?,
            holder: parts.next().ok_or_else(corrupt)?.to_owned(),
            stage: parts.next().ok_or_else(corrupt)?.to_owned(),
            millis: number(parts.next())?,
            working: number(parts.next())?,
            spans: number(parts.next())?,
        })
    };
    text.split_terminator(';').map(one).collect()
}

/// Changes a sum; one that comes to nothing goes.
///
/// # Errors
/// Those of the database.
pub fn add_to_ledger(tx: &mut Tx<'_>, key: &LedgerKey, change: LedgerSum) -> Result<(), StoreError> {
    let place =
        [(&key.area).into(), key.month.into(), (&key.holder).into(), (&key.stage).into(), (&key.category).into()];
    let before = tx.query_opt(MONTH, &place, |row| {
        Ok(LedgerSum { millis: row.int(0)?, working: row.int(1)?, spans: row.int(2)? })
    })?;
    let before = before.unwrap_or_default();
    let now = LedgerSum {
        millis: before.millis + change.millis,
        working: before.working + change.working,
        spans: before.spans + change.spans,
    };
    if now == LedgerSum::default() {
        return tx.execute(DROP_MONTH, &place).map(drop);
    }
    let [area, month, holder, stage, category] = place;
    let values = [area, month, holder, stage, category, now.millis.into(), now.working.into(), now.spans.into()];
    tx.execute(PUT_MONTH, &values).map(drop)
}

/// The sums of a span of months, both ends included.
///
/// # Errors
/// Those of the database.
pub fn ledger(tx: &mut Tx<'_>, by: By, area: &str, (from, to): (i64, i64)) -> Result<Vec<LedgerRow>, StoreError> {
    let statement = match by {
        By::Holder => BY_HOLDER,
        By::Stage => BY_STAGE,
        By::Category => BY_CATEGORY,
    };
    tx.query(statement, &[area.into(), from.into(), to.into()], |row| {
        let sum = LedgerSum { millis: row.int(2)?, working: row.int(3)?, spans: row.int(4)? };
        Ok(LedgerRow { month: row.int(0)?, value: row.text(1)?, sum })
    })
}
