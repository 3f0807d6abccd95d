//! What customers say about the answers, by month, channel, unit and category: how many were asked, how many answered.

use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use std::fmt::Write as _;

statements! {
    MONTH = "SELECT asked, answered, satisfied, neutral, dissatisfied, solved, unsolved, timely, late, calls
        FROM survey_months WHERE area = ?1 AND month = ?2 AND channel = ?3 AND unit = ?4 AND category = ?5";
    PUT_MONTH = "INSERT INTO survey_months (area, month, channel, unit, category, asked, answered, satisfied, neutral,
        dissatisfied, solved, unsolved, timely, late, calls)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (area, month, channel, unit, category) DO UPDATE SET asked = excluded.asked,
        answered = excluded.answered, satisfied = excluded.satisfied, neutral = excluded.neutral,
        dissatisfied = excluded.dissatisfied, solved = excluded.solved, unsolved = excluded.unsolved,
        timely = excluded.timely, late = excluded.late, calls = excluded.calls";
    DROP_MONTH = "DELETE FROM survey_months
        WHERE area = ?1 AND month = ?2 AND channel = ?3 AND unit = ?4 AND category = ?5";
    CLEAR = "DELETE FROM survey_months";
    SPAN = "SELECT asked, answered, satisfied, neutral, dissatisfied, solved, unsolved, timely, late, calls, month,
        channel, unit, category FROM survey_months WHERE area = ?1 AND month >= ?2 AND month <= ?3";
}

/// What a customer said through one channel about one round of handling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyFact {
    /// The month in which they were first asked.
    pub month: i64,
    /// The channel.
    pub channel: String,
    /// Identity of the unit that holds the case.
    pub unit: String,
    /// 2 satisfied, 1 neutral, 0 dissatisfied, -1 no answer.
    pub satisfied: i64,
    /// 1 yes, 0 no, -1 not said.
    pub solved: i64,
    /// 1 yes, 0 no, -1 not said.
    pub timely: i64,
    /// Attempts to call back.
    pub calls: i64,
}

/// Which sum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SurveyKey {
    /// Province; empty for everywhere.
    pub area: String,
    /// The month.
    pub month: i64,
    /// The channel.
    pub channel: String,
    /// Identity of the unit.
    pub unit: String,
    /// Leaf of the category tree; empty for none.
    pub category: String,
}

/// A sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SurveySum {
    /// Customers who were asked.
    pub asked: i64,
    /// Of these, those who answered.
    pub answered: i64,
    /// Of these, those who are satisfied.
    pub satisfied: i64,
    /// Neither nor.
    pub neutral: i64,
    /// Not satisfied.
    pub dissatisfied: i64,
    /// Who say the matter is solved.
    pub solved: i64,
    /// Who say it is not.
    pub unsolved: i64,
    /// Who say the answer came in time.
    pub timely: i64,
    /// Who say it did not.
    pub late: i64,
    /// Attempts to call back.
    pub calls: i64,
}

impl SurveySum {
    /// What one answer counts.
    #[must_use]
    pub fn of(fact: &SurveyFact) -> Self {
        let is = |value: i64, wanted: i64| i64::from(value == wanted);
        Self {
            asked: 1,
            answered: i64::from(fact.satisfied >= 0),
            satisfied: is(fact.satisfied, 2),
            neutral: is(fact.satisfied, 1),
            dissatisfied: is(fact.satisfied, 0),
            solved: is(fact.solved, 1),
            unsolved: is(fact.solved, 0),
            timely: is(fact.timely, 1),
            late: is(fact.timely, 0),
            calls: fact.calls,
        }
    }

    /// Adds another, `by` times.
    pub fn add(&mut self, other: &Self, by: i64) {
        let pairs = [
            (&mut self.asked, other.asked),
            (&mut self.answered, other.answered),
            (&mut self.satisfied, other.satisfied),
            (&mut self.neutral, other.neutral),
            (&mut self.dissatisfied, other.dissatisfied),
            (&mut self.solved, other.solved),
            (&mut self.unsolved, other.unsolved),
            (&mut self.timely, other.timely),
            (&mut self.late, other.late),
            (&mut self.calls, other.calls),
        ];
        for (mine, theirs) in pairs {
            *mine += theirs * by;
        }
    }

    fn values(&self) -> [i64; 10] {
        let Self { asked, answered, satisfied, neutral, dissatisfied, solved, unsolved, timely, late, calls } = *self;
        [asked, answered, satisfied, neutral, dissatisfied, solved, unsolved, timely, late, calls]
    }
}

fn read_sum(row: &Row<'_>) -> Result<SurveySum, StoreError> {
    Ok(SurveySum {
        asked: row.int(0)?,
        answered: row.int(1)?,
        satisfied: row.int(2)?,
        neutral: row.int(3)?,
        dissatisfied: row.int(4)?,
        solved: row.int(5)?,
        unsolved: row.int(6)?,
        timely: row.int(7)?,
        late: row.int(8)?,
        calls: row.int(9)?,
    })
}

/// What went into the sums from a case, as its row keeps it.
pub(super) fn written(facts: &[SurveyFact]) -> String {
    let mut text = String::new();
    for one in facts {
        let SurveyFact { month, channel, unit, satisfied, solved, timely, calls } = one;
        let _ = write!(text, "{month} {channel} {unit} {satisfied} {solved} {timely} {calls};");
    }
    text
}

pub(super) fn read(text: &str) -> Result<Vec<SurveyFact>, StoreError> {
    let corrupt = || StoreError::Corrupt("surveys of a case".to_owned());
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).ok_or_else(corrupt);
    let one = |piece: &str| {
        let mut parts = piece.split(' ');
        Ok(SurveyFact {
            month: number(parts.next())?,
            channel: parts.next().ok_or_else(corrupt)?.to_owned(),
            unit: parts.next().ok_or_else(corrupt)?.to_owned(),
            satisfied: number(parts.next())?,
            solved: number(parts.next())?,
            timely: number(parts.next())?,
            calls: number(parts.next())?,
        })
    };
    text.split_terminator(';').map(one).collect()
}

/// Changes a sum; one that comes to nothing goes.
///
/// # Errors
/// Those of the database.
pub fn add_to_surveys(tx: &mut Tx<'_>, key: &SurveyKey, change: &SurveySum) -> Result<(), StoreError> {
    let place: [Param<'_>; 5] =
        [(&key.area).into(), key.month.into(), (&key.channel).into(), (&key.unit).into(), (&key.category).into()];
    let mut sum = tx.query_opt(MONTH, &place, read_sum)?.unwrap_or_default();
    sum.add(change, 1);
    if sum == SurveySum::default() {
        return tx.execute(DROP_MONTH, &place).map(drop);
    }
    let mut values = place.to_vec();
    values.extend(sum.values().map(Param::from));
    tx.execute(PUT_MONTH, &values).map(drop)
}

/// The sums of a span of months, both ends included.
///
/// # Errors
/// Those of the database.
pub fn surveys(tx: &mut Tx<'_>, area: &str, (from, to): (i64, i64)) -> Result<Vec<(SurveyKey, SurveySum)>, StoreError> {
    tx.query(SPAN, &[area.into(), from.into(), to.into()], |row| {
        let key = SurveyKey {
            area: area.to_owned(),
            month: row.int(10)?,
            channel: row.text(11)?,
            unit: row.text(12)?,
            category: row.text(13)?,
        };
        Ok((key, read_sum(row)?))
    })
}

/// Forgets every sum.
///
/// # Errors
/// Those of the database.
pub(super) fn clear(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(CLEAR, &[]).map(drop)
}
