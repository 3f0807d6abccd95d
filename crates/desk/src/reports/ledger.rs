//! The ball's ledger over all cases: who held them how long, month by month, read from sums.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use jiff::civil::Date;
use policy::month_of;
use std::collections::BTreeMap;
use store::reports::{self, By, CaseFacts, LedgerKey, LedgerRow, LedgerSum};

/// Most months asked for at once.
const MOST_MONTHS: i32 = 36;

/// What is asked.
#[derive(Clone, Debug)]
pub struct LedgerAsk {
    /// The first month, `2026-01`; the last one that ended if neither is named.
    pub from: Option<String>,
    /// The last month; the first if left out.
    pub to: Option<String>,
    /// By what the sums are added up.
    pub by: By,
}

/// A sum of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The month, `2026-01`.
    pub month: String,
    /// Identity of a unit, `customer` or `third_party`; a state; or a leaf of the category tree.
    pub value: String,
    /// How long, working time within it, and in how many pieces.
    pub sum: LedgerSum,
}

/// The ledger of a span of months.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The first month.
    pub from: String,
    /// The last month.
    pub to: String,
    /// How far counting has come.
    pub progress: Progress,
    /// Its lines, by month.
    pub lines: Vec<LedgerLine>,
}

pub(super) fn written(month: i64) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

fn read(field: &str, text: &str) -> Result<i32, Refusal> {
    let day: Option<Date> =
        Some(text).filter(|text| text.len() == 7).and_then(|text| format!("{text}-01").parse().ok());
    day.map(month_of).ok_or_else(|| Fault::new(field, "bad_month").into())
}

/// The span of months that is asked for, both ends included; the last one that ended if neither is named.
///
/// # Errors
/// If a month is none, the last lies before the first, or there are too many.
pub(super) fn months(from: Option<&str>, to: Option<&str>, today: Date) -> Result<(i64, i64), Refusal> {
    let from = from.map(|text| read("from", text)).transpose()?;
    let to = to.map(|text| read("to", text)).transpose()?;
    let from = from.or(to).unwrap_or(month_of(today) - 1);
    let to = to.unwrap_or(from);
    if to < from {
        return Err(Fault::new("to", "before_from").into());
    }
    if to - from >= MOST_MONTHS {
        return Err(Fault::new("to", "too_many_months").with("most", MOST_MONTHS).into());
    }
    Ok((i64::from(from), i64::from(to)))
}

impl Desk {
    /// Who held cases how long: time that has ended, natural and working, of the cases in the caller's area.
    ///
    /// # Errors
    /// If the caller may see no reports, a month is none, the last lies before the first, or there are too many.
    pub async fn who_held(&self, caller: &Caller, ask: LedgerAsk) -> Result<Ledger, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let today = self.zone().to_datetime(self.time().now()).date();
        let span = months(ask.from.as_deref(), ask.to.as_deref(), today)?;
        let by = ask.by;
        let area = caller.actor.area.code().to_owned();
        let province = domain::taxonomy::province_of(&area) == area;
        let (progress, rows) = self
            .db()
            .read(move |tx| {
                let progress = rollup::progress(tx)?;
                let rows = if province {
                    reports::ledger(tx, by, &area, span)?
                } else {
                    // There are no sums of less than a province.
                    added_up(&reports::within(tx, &area, (0, span.1))?, by, span)
                };
                Ok::<_, DeskError>((progress, rows))
            })
            .await?;
        let line = |row: LedgerRow| LedgerLine { month: written(row.month), value: row.value, sum: row.sum };
        let lines = rows.into_iter().map(line).collect();
        Ok(Ledger { from: written(span.0), to: written(span.1), progress, lines })
    }
}

fn added_up(cases: &[CaseFacts], by: By, (from, to): (i64, i64)) -> Vec<LedgerRow> {
    let mut sums: BTreeMap<LedgerKey, LedgerSum> = BTreeMap::new();
    for case in cases {
        super::facts::charge(&mut sums, case, 1);
    }
    let mut rows: BTreeMap<(i64, String), LedgerSum> = BTreeMap::new();
    // Everywhere and the province hold the same cases; one of them is enough.
    for (key, sum) in sums.into_iter().filter(|(key, _)| key.area.is_empty() && (from..=to).contains(&key.month)) {
        let value = match by {
            By::Holder => key.holder,
            By::Stage => key.stage,
            By::Category => key.category,
        };
        let row = rows.entry((key.month, value)).or_default();
        row.millis += sum.millis;
        row.working += sum.working;
        row.spans += sum.spans;
    }
    rows.into_iter().map(|((month, value), sum)| LedgerRow { month, value, sum }).collect()
}
