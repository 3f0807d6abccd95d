//! Conversions that lead round: what one rule makes another kind of contact, others make what it was. A case goes through
//! each rule once, so it would end up as what it was, with the limits of both kinds begun.

use super::cases::{conditions, of};
use super::effort::Effort;
use super::{Check, Finding};
use crate::duty::ConversionRule;
use crate::facts::Facts;
use crate::grade::Grade;
use crate::pack::Pack;
use crate::rule::DatedFact;
use jiff::civil::Date;
use std::collections::{BTreeSet, VecDeque};

type Step<'p> = (&'p Pack, &'p ConversionRule);

/// Circles among the rules of packs that govern a case together, each told at its first rule with a case that goes it.
pub(super) fn findings(packs: &[&Pack], effort: &Effort) -> Vec<Finding> {
    let steps: Vec<Step<'_>> =
        packs.iter().flat_map(|pack| pack.conversions().iter().map(move |rule| (*pack, rule))).collect();
    let mut findings = Vec::new();
    if !steps.iter().any(|(_, rule)| steps.iter().any(|(_, other)| other.to == rule.from)) {
        return findings;
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let days = days(&steps);
    let times = steps.len().saturating_mul(days.len());
    let cases = of(steps.iter().flat_map(|(_, rule)| conditions(&rule.head)), times, effort);
    for (facts, grade) in cases.into_iter().flatten() {
        let open: Vec<Step<'_>> = steps.iter().copied().filter(|step| holds(*step, &facts, grade)).collect();
        for day in &days {
            let open: Vec<Step<'_>> = open.iter().copied().filter(|step| holds_on(*step, *day)).collect();
            for first in &open {
                if told.contains(first.1.head.id.as_str()) {
                    continue;
                }
                let Some(round) = way_back(*first, &open) else { continue };
                told.extend(round.iter().map(|(_, rule)| rule.head.id.as_str()));
                findings.push(finding(*first, &round));
            }
        }
    }
    findings
}

/// Whether a rule is for a case, were that of the kind it begins with.
fn holds((pack, rule): Step<'_>, facts: &Facts, grade: Grade) -> bool {
    let facts = Facts { kind: rule.from.clone(), ..facts.clone() };
    let head = &rule.head;
    pack.is_for(&facts) && head.applies.holds(&facts, Some(grade)) && !head.excludes(&facts, Some(grade))
}

/// Days of receipt between which the rules that hold differ.
fn days(steps: &[Step<'_>]) -> BTreeSet<Date> {
    let begins = steps.iter().filter_map(|(_, rule)| rule.head.version?.from);
    begins.chain(steps.iter().map(|(pack, _)| pack.validity().0)).collect()
}

fn holds_on((_, rule): Step<'_>, day: Date) -> bool {
    let version = rule.head.version.filter(|version| version.fact == DatedFact::ReceivedAt);
    version.is_none_or(|version| version.covers(day))
}

/// The shortest way from a rule over others back to the kind it began with.
fn way_back<'p>(first: Step<'p>, open: &[Step<'p>]) -> Option<Vec<Step<'p>>> {
    let mut ways = VecDeque::from([vec![first]]);
    let mut been: BTreeSet<&str> = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let (_, last) = way.last()?;
        if last.to == first.1.from {
            return Some(way);
        }
        if been.insert(last.to.as_str()) {
            let on = open.iter().filter(|(_, next)| next.from == last.to);
            ways.extend(on.map(|next| way.iter().copied().chain([*next]).collect()));
        }
    }
    None
}

fn finding((pack, rule): Step<'_>, round: &[Step<'_>]) -> Finding {
    let step = |(pack, rule): &Step<'_>| format!("{} to {} by `{}` of {}", rule.from, rule.to, rule.head.id, pack.id());
    let steps: Vec<String> = round.iter().map(step).collect();
    let message = format!("leads round in a circle: {}", steps.join(", "));
    Finding::of_rule(Check::ConversionCircle, pack, &rule.head, message)
        .hint("let `applies` or `unless` keep one of them from what another has made")
}
