//! What customers say about the answers, month by month, read from sums: each channel for itself, and beside every rate
//! how many were asked and did not answer.

use super::ledger::months;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::{Desk, permissions};
use std::collections::BTreeMap;
use store::reports::{self, SurveyKey, SurveySum};

/// By what rates are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// By channel.
    #[default]
    Channel,
    /// By unit that holds the case.
    Unit,
    /// By category.
    Category,
    /// By month alone.
    Month,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct RatesAsk {
    /// The first month, `2026-01`; the last one that ended if neither is named.
    pub from: Option<String>,
    /// The last month; the first if left out.
    pub to: Option<String>,
    /// By what rates are told.
    pub by: By,
    /// Through this channel alone.
    pub channel: Option<String>,
}

/// The answers of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatesLine {
    /// The month, `2026-01`.
    pub month: String,
    /// A channel, the identity of a unit, or a leaf of the category tree; empty by month alone.
    pub value: String,
    /// The counts.
    pub sum: SurveySum,
}

impl RatesLine {
    /// Of those who were asked, how many of a thousand did not answer; none where nobody was asked.
    #[must_use]
    pub fn silent(&self) -> Option<i64> {
        rate(self.sum.asked - self.sum.answered, self.sum.asked)
    }

    /// Of those who answered, how many of a thousand are satisfied: 满意 / (满意 + 一般 + 不满意).
    #[must_use]
    pub fn satisfied(&self) -> Option<i64> {
        rate(self.sum.satisfied, self.sum.satisfied + self.sum.neutral + self.sum.dissatisfied)
    }

    /// Of those who said either, how many of a thousand say that it is solved.
    #[must_use]
    pub fn solved(&self) -> Option<i64> {
        rate(self.sum.solved, self.sum.solved + self.sum.unsolved)
    }

    /// Of those who said either, how many of a thousand say that the answer came in time.
    #[must_use]
    pub fn timely(&self) -> Option<i64> {
        rate(self.sum.timely, self.sum.timely + self.sum.late)
    }
}

/// Thousandths, rounded half up.
fn rate(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part * 2_000 + whole) / (whole * 2))
}

/// The answers of a span of months.
#[derive(Clone, Debug)]
pub struct Rates {
    /// The first month.
    pub from: String,
    /// The last month.
    pub to: String,
    /// How far counting has come.
    pub progress: Progress,
    /// Its lines, by month.
    pub lines: Vec<RatesLine>,
}

impl Desk {
    /// What customers of the caller's area say, and how many say nothing.
    ///
    /// # Errors
    /// If the caller may see no reports, a month is none, the last lies before the first, or there are too many.
    pub async fn survey_rates(&self, caller: &Caller, ask: RatesAsk) -> Result<Rates, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let today = self.zone().to_datetime(self.time().now()).date();
        let span = months(ask.from.as_deref(), ask.to.as_deref(), today)?;
        let area = caller.actor.area.code().to_owned();
        let province = domain::taxonomy::province_of(&area) == area;
        let (progress, sums) = self
            .db()
            .read(move |tx| {
                let progress = rollup::progress(tx)?;
                let sums: Vec<(SurveyKey, SurveySum)> = if province {
                    reports::surveys(tx, &area, span)?
                } else {
                    // There are no sums of less than a province.
                    let mut sums = BTreeMap::new();
                    for case in reports::within(tx, &area, (0, span.1))? {
                        super::facts::survey_sums(&mut sums, &case, 1);
                    }
                    // Everywhere and the province hold the same cases; one of them is enough.
                    sums.into_iter().filter(|(key, _)| key.area.is_empty()).collect()
                };
                Ok::<_, DeskError>((progress, sums))
            })
            .await?;
        let mut lines: BTreeMap<(i64, String), SurveySum> = BTreeMap::new();
        for (key, sum) in sums {
            let wanted = ask.channel.as_ref().is_none_or(|channel| *channel == key.channel);
            if !wanted || key.month < span.0 || key.month > span.1 {
                continue;
            }
            let value = match ask.by {
                By::Channel => key.channel,
                By::Unit => key.unit,
                By::Category => key.category,
                By::Month => String::new(),
            };
            lines.entry((key.month, value)).or_default().add(&sum, 1);
        }
        let line = |((month, value), sum)| RatesLine { month: super::ledger::written(month), value, sum };
        let lines = lines.into_iter().map(line).collect();
        Ok(Rates { from: super::ledger::written(span.0), to: super::ledger::written(span.1), progress, lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_thousandths() {
        assert_eq!([rate(1, 3), rate(2, 3), rate(0, 5), rate(5, 5)], [Some(333), Some(667), Some(0), Some(1000)]);
        assert_eq!(rate(0, 0), None, "nobody was asked");
    }
}
