//! Where a case goes: the first row of the packs' table that is for it names the unit, and skill and load the person.
//! Pure: who works there, with what and how much, is handed in.

use crate::actor::ActorId;
use crate::ids::UserId;
use crate::intake::Record;
use jiff::Timestamp;
use policy::{Facts, Grade, Looked, Pack, RoutedTo, RoutingRule, Stack};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From this level on a customer is a high-star one: the fourth and fifth star of `china-domain` 2.3 and what lies above.
pub const HIGH_STAR: i64 = 4;

/// Whether a customer comes before others: a high star, or circumstances that call for priority.
#[must_use]
pub fn comes_first(record: &Record) -> bool {
    record.star.is_some_and(|star| star >= HIGH_STAR) || !record.vulnerable.is_empty()
}

/// What a row may look at of a case.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// The grade.
    pub grade: Grade,
    /// Where it happened.
    pub region: &'a str,
    /// The moment of asking: the table in force then counts.
    pub at: Timestamp,
}

/// The first row that is for a case, with its pack.
#[must_use]
pub fn row<'s>(rules: &'s Stack, asked: Asked<'_>) -> Option<(&'s Pack, &'s RoutingRule)> {
    let (pack, rows) = rules.routing()?;
    rows.iter().find(|row| look(pack, row, asked) == Looked::Applies).map(|row| (pack, row))
}

/// Every row up to the one that is for a case, with what came of looking at it.
#[must_use]
pub fn explain<'s>(rules: &'s Stack, asked: Asked<'_>) -> Vec<(&'s RoutingRule, Looked)> {
    let Some((pack, rows)) = rules.routing() else { return Vec::new() };
    let mut looked = Vec::new();
    for row in rows {
        let found = look(pack, row, asked);
        looked.push((row, found));
        if found == Looked::Applies {
            break;
        }
    }
    looked
}

fn look(pack: &Pack, row: &RoutingRule, asked: Asked<'_>) -> Looked {
    row.look(asked.facts, asked.grade, asked.region, asked.at, pack.calendar().zone())
}

/// Somebody of the unit who works cases of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub user: UserId,
    /// What they are skilled in.
    pub skills: Vec<String>,
    /// Whether they are away.
    pub absent: bool,
    /// Open cases they hold.
    pub open: i64,
    /// When they last got a case this way, UTC microseconds; 0 for never.
    pub last: i64,
}

/// Why it was this person, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The row names the unit's queue.
    Pool,
    /// Fewest open cases among those who are there and have the skill.
    Load,
    /// The same among those high-star and vulnerable customers go to first.
    Care,
    /// All who have the skill are away: their deputy, or the queue where there is none.
    Away,
    /// Nobody in the unit has the skill and may hold the case: the queue.
    Nobody,
}

impl How {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pool, Self::Load, Self::Care, Self::Away, Self::Nobody];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Load => "load",
            Self::Care => "care",
            Self::Away => "away",
            Self::Nobody => "nobody",
        }
    }
}

/// The row by which a case went where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// Identity of the pack.
    pub pack: String,
    /// Its version.
    pub version: String,
    /// The row.
    pub rule: String,
    /// Why it was this person, or nobody.
    pub how: How,
}

impl Routed {
    /// By a row of a pack.
    #[must_use]
    pub fn by(pack: &Pack, rule: &RoutingRule, how: How) -> Self {
        Self { pack: pack.id().to_owned(), version: pack.version().to_owned(), rule: rule.head.id.clone(), how }
    }
}

/// The person within the unit: who has the skill, is there and is not excluded; of them the one with the fewest open cases,
/// then the one who has waited longest for a new one. Customers who come first go to those marked for them, if such are
/// there. Somebody who is away is named only when everybody is, and is then stood in for.
#[must_use]
pub fn choose(
    rule: &RoutingRule,
    first: bool,
    candidates: &[Candidate],
    excluded: &BTreeSet<ActorId>,
) -> (Option<UserId>, How) {
    if rule.to == RoutedTo::Pool {
        return (None, How::Pool);
    }
    let has = |one: &Candidate, skill: &Option<String>| skill.as_ref().is_none_or(|skill| one.skills.contains(skill));
    let fit = |one: &&Candidate| has(one, &rule.skill) && !excluded.contains(&ActorId::User(one.user));
    let least = |absent: bool, care: bool| {
        let there = candidates.iter().filter(fit).filter(|one| one.absent == absent);
        let marked = there.filter(|one| !care || has(one, &rule.care));
        marked.min_by_key(|one| (one.open, one.last, one.user)).map(|one| one.user)
    };
    let cared = if first && rule.care.is_some() { least(false, true) } else { None };
    if let Some(user) = cared {
        return (Some(user), How::Care);
    }
    if let Some(user) = least(false, false) {
        return (Some(user), How::Load);
    }
    match least(true, false) {
        Some(user) => (Some(user), How::Away),
        None => (None, How::Nobody),
    }
}

#[cfg(test)]
mod tests;
