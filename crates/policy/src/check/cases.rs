//! Cases at the edges of conditions: for every fact a condition looks at, the values it names, one it does not name, and
//! nothing at all. What holds for all of these holds for every case, because a condition can tell no others apart.

use super::effort::Effort;
use crate::calendar::Calendar;
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use crate::predicate::Predicate;
use crate::rule::RuleHead;
use jiff::civil::{Date, Time};
use jiff::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// More cases than this are thinned out, evenly.
const MOST: usize = 20_000;

/// A case with the grade it has.
pub(super) type OneCase = (Facts, Grade);

/// The conditions of a rule.
pub(super) fn conditions(head: &RuleHead) -> impl Iterator<Item = &Predicate> {
    [&head.applies].into_iter().chain(head.unless.iter())
}

/// Whether conditions can tell more cases apart than are looked at, so that what was not seen may still be.
pub(super) fn are_thinned<'p>(conditions: impl IntoIterator<Item = &'p Predicate>) -> bool {
    count(&values(conditions)) > MOST
}

/// The cases conditions can tell apart, as far as there is effort left to look at them so many times over.
pub(super) fn of<'p>(
    conditions: impl IntoIterator<Item = &'p Predicate>,
    times: usize,
    effort: &Effort,
) -> Option<Vec<OneCase>> {
    let values = values(conditions);
    let all = count(&values);
    // An odd step, so that it does not fall in with the length of a list.
    let step = (all / MOST).max(1) | 1;
    // Making a case sets each of its facts, and conditions are as long as the codes they name.
    let codes: usize = values.iter().map(|(_, values)| values.len()).sum();
    let cost = all.div_ceil(step).saturating_mul(values.len().saturating_add(codes / 50).saturating_add(times));
    effort.take(cost).then(|| (0..all).step_by(step).filter_map(|number| nth(&values, number)).collect())
}

type Values = Vec<(FactName, Vec<Option<String>>)>;

fn count(values: &Values) -> usize {
    values.iter().fold(Grade::ALL.len(), |all, (_, values)| all.saturating_mul(values.len()))
}

fn values<'p>(conditions: impl IntoIterator<Item = &'p Predicate>) -> Values {
    let mut edges: BTreeMap<FactName, BTreeSet<String>> = BTreeMap::new();
    for condition in conditions {
        condition.edges(&mut edges);
    }
    // Limits differ by grade and area although no condition names them.
    edges.entry(FactName::AreaType).or_default().extend(Facts::AREA_TYPES.iter().map(|area| (*area).to_owned()));
    edges.remove(&FactName::Grade);
    edges.into_iter().map(|(fact, known)| (fact, with_others(fact, known))).collect()
}

/// The case with a number, the values read off it like digits.
fn nth(values: &[(FactName, Vec<Option<String>>)], number: usize) -> Option<OneCase> {
    let grades = Grade::ALL.len();
    let grade = *Grade::ALL.get(number % grades)?;
    let mut rest = number / grades;
    let mut facts = Facts::default();
    for (fact, values) in values {
        if let Some(value) = values.get(rest % values.len())? {
            // Values come from conditions that were read, or from the lists themselves.
            facts.set(*fact, value).ok()?;
        }
        rest /= values.len();
    }
    Some((facts, grade))
}

fn with_others(fact: FactName, known: BTreeSet<String>) -> Vec<Option<String>> {
    let closed: &[&str] = match fact {
        FactName::Kind => Facts::KINDS,
        FactName::RegulatorClass => Facts::REGULATOR_CLASSES,
        FactName::AcceptChannel => Facts::CHANNELS,
        FactName::Vulnerable => Facts::VULNERABILITIES,
        FactName::Product => Facts::PRODUCTS,
        FactName::Segment => Facts::SEGMENTS,
        FactName::SubjectRequest => Facts::SUBJECT_REQUESTS,
        FactName::WaitingFor => Facts::WAITS,
        FactName::Category => &["Z999"],
        FactName::Cause => &["ZZZ"],
        _ => &[],
    };
    let other = closed.iter().find(|code| !known.contains(**code)).map(|code| Some((*code).to_owned()));
    known.iter().cloned().map(Some).chain(other).chain([None]).collect()
}

/// Moments of receipt all over the days a calendar knows: before and after each midnight, in the morning, the afternoon.
pub(super) fn receipts(calendar: &Calendar) -> Vec<Timestamp> {
    const USUAL: (Date, Date) = (Date::constant(2025, 1, 1), Date::constant(2027, 12, 31));
    let (first, last) = calendar.covers().unwrap_or(USUAL);
    let times = [Time::constant(0, 0, 0, 0), Time::constant(8, 30, 0, 0), Time::constant(12, 0, 0, 0)];
    let times = times.into_iter().chain([Time::constant(17, 45, 0, 0), Time::constant(23, 59, 59, 0)]);
    let times: Vec<Time> = times.collect();
    let days = first.series(Span::new().days(1)).take_while(|day| *day <= last);
    let at = |day: Date, time: &Time| calendar.zone().to_timestamp(day.to_datetime(*time)).ok();
    let mut moments: Vec<Timestamp> = days.flat_map(|day| times.iter().filter_map(move |time| at(day, time))).collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// A moment as people in the calendar's zone read it.
pub(super) fn local(at: Timestamp, calendar: &Calendar) -> String {
    calendar.zone().to_datetime(at).to_string().replace('T', " ")
}
