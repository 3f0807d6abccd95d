//! From sums to figures: each column's arithmetic, in whole numbers, and what is missing where there is no figure.

use super::facts::within;
use policy::{Column, Operator, Rows};
use store::reports::Sum;

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// What is known of a row in a period.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Of cases.
    pub(crate) cases: Sum,
    /// Of matters of bodies outside.
    pub(crate) matters: Sum,
}

impl Figures {
    /// A column that counts.
    pub(crate) fn count(&self, column: Column) -> i64 {
        match column {
            Column::Closed => self.cases.closed,
            Column::Referrals => self.matters.received,
            Column::Effective => self.matters.effective,
            Column::Removed => self.matters.removed,
            Column::Undecided => self.matters.undecided,
            _ => self.cases.received,
        }
    }
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A count.
    Whole(i64),
    /// Of a hundred, in tenths.
    Percent(i64),
    /// Days, in hundredths.
    Days(i64),
    /// For so many customers or services, in hundredths.
    Rate(i64),
    /// None, and what is missing for one.
    Missing(&'static str),
}

impl Amount {
    /// The figure as a decimal number without unit; nothing where there is none.
    #[must_use]
    pub fn decimal(self) -> Option<String> {
        let (scaled, places) = match self {
            Self::Whole(count) => return Some(count.to_string()),
            Self::Percent(tenths) => (tenths, 1_u32),
            Self::Days(hundredths) | Self::Rate(hundredths) => (hundredths, 2),
            Self::Missing(_) => return None,
        };
        let unit = 10_i64.pow(places);
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, rest) = (scaled.abs() / unit, scaled.abs() % unit);
        Some(format!("{sign}{whole}.{rest:0width$}", width = places as usize))
    }
}

/// A figure of a table, with its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The column.
    pub column: Column,
    /// The figure.
    pub amount: Amount,
}

impl Cell {
    /// Whether there are cases behind it.
    #[must_use]
    pub fn has_cases(&self) -> bool {
        self.column != Column::Services && !matches!(self.amount, Amount::Missing(_) | Amount::Whole(0))
    }
}

/// `part` of `whole` times `scale`, rounded half away from nought.
fn ratio(part: i64, whole: i64, scale: i64) -> i64 {
    let exact = i128::from(part) * i128::from(scale) * 2;
    let whole = i128::from(whole) * 2;
    let half = whole / 2;
    let rounded = if exact < 0 { (exact - half) / whole } else { (exact + half) / whole };
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// A share in tenths of a percent.
fn share(part: i64, whole: i64, missing: &'static str) -> Amount {
    if whole == 0 { Amount::Missing(missing) } else { Amount::Percent(ratio(part, whole, 1_000)) }
}

/// So many for each `each` of `size`; what is missing where nobody said how many there are.
pub(crate) fn per(count: i64, size: Option<i64>, each: i64, missing: &'static str) -> Amount {
    match size {
        Some(size) if size > 0 => Amount::Rate(ratio(count, size, each * 100)),
        _ => Amount::Missing(missing),
    }
}

/// Whether a column says anything about a row, so that rows of nothing are left out.
pub(crate) fn is_shown(column: Column, first: Column, figures: &[Figures; 3]) -> bool {
    let [now, before, year_before] = figures;
    match column {
        Column::Previous => before.count(first) > 0,
        Column::LastYear => year_before.count(first) > 0,
        column if column.counts() => now.count(column) > 0,
        _ => false,
    }
}

/// A figure of a row. `all` is the row that holds everything.
pub(crate) fn cell(
    column: Column,
    first: Column,
    figures: &[Figures; 3],
    all: &[Figures; 3],
    operator: &Operator,
    rows: Rows,
    is_all: bool,
) -> Cell {
    let [now, before, year_before] = figures;
    let [all_now, ..] = all;
    let closed = now.cases.closed;
    let days = |minutes: i64, of: i64| Amount::Days(ratio(minutes, DAY * of, 100));
    let quickest = |percent: i64| match within(&now.cases.times, percent) {
        Some(minutes) => days(minutes, 1),
        None => Amount::Missing("cases"),
    };
    let change = |then: i64| share(now.count(first) - then, then, "base");
    // How many customers a product or region has is nothing anybody said.
    let of_a_part = !is_all && matches!(rows, Rows::Product | Rows::Region);
    let for_each = |size: Option<i64>, so_many: i64, missing: &'static str| match of_a_part {
        true => Amount::Missing("part"),
        false => per(now.cases.received, size, so_many, missing),
    };
    let amount = match column {
        Column::Count
        | Column::Closed
        | Column::Referrals
        | Column::Effective
        | Column::Removed
        | Column::Undecided => Amount::Whole(now.count(column)),
        Column::Previous => Amount::Whole(before.count(first)),
        Column::LastYear => Amount::Whole(year_before.count(first)),
        Column::PeriodOnPeriod => change(before.count(first)),
        Column::YearOnYear => change(year_before.count(first)),
        Column::Share => share(now.count(first), all_now.count(first), "cases"),
        Column::Mean if closed > 0 => days(now.cases.minutes, closed),
        Column::Mean => Amount::Missing("cases"),
        Column::P50 => quickest(50),
        Column::P80 => quickest(80),
        Column::P95 => quickest(95),
        Column::WithinTarget => share(now.cases.in_time, now.cases.judged, "cases"),
        Column::FirstContact => share(now.cases.at_once, closed, "cases"),
        Column::Reopened => share(now.cases.reopened, closed, "cases"),
        Column::Per100k => for_each(operator.subscribers, 100_000, "subscribers"),
        Column::Per10k => for_each(operator.services_in_operation, 10_000, "services"),
        Column::Services if of_a_part => Amount::Missing("part"),
        Column::Services => operator.services_in_operation.map_or(Amount::Missing("services"), Amount::Whole),
    };
    Cell { column, amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_half_away_from_nought() {
        assert_eq!(share(1, 8, "x"), Amount::Percent(125));
        assert_eq!(share(1, 3, "x"), Amount::Percent(333));
        assert_eq!(share(2, 3, "x"), Amount::Percent(667));
        assert_eq!(share(-1, 3, "x"), Amount::Percent(-333));
        assert_eq!(ratio(-5, 2, 1), -3);
        assert_eq!(share(1, 0, "x"), Amount::Missing("x"));
        for (amount, text) in [
            (Amount::Percent(-333), "-33.3"),
            (Amount::Percent(-5), "-0.5"),
            (Amount::Days(205), "2.05"),
            (Amount::Rate(0), "0.00"),
            (Amount::Whole(-7), "-7"),
        ] {
            assert_eq!(amount.decimal().as_deref(), Some(text));
        }
        assert_eq!(Amount::Missing("cases").decimal(), None);
    }
}
