//! Limits of one pack: the later a matter comes the later it is due, and waiting never shortens.

use super::cases::{local, receipts};
use super::effort::{self, Effort};
use super::{Check, Finding};
use crate::clock::Pausing;
use crate::counting::{Counting, CountingRule};
use crate::deadline::{due_at, due_at_paused};
use crate::duration::Amount;
use crate::order_limit::{OrderFigure, OrderLimitRule};
use crate::pack::Pack;
use crate::rule::RuleHead;
use crate::window::WindowRule;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

pub(super) fn findings(pack: &Pack, effort: &Effort) -> Vec<Finding> {
    let mut findings = Vec::new();
    let starts = receipts(pack.calendar());
    let overtaking = |amount: Amount, counting: Counting| overtaking(pack, amount, counting, &starts, effort);
    for rule in pack.clocks() {
        let amounts = distinct(rule.limit.amounts().chain(rule.targets.iter().map(|target| target.within)));
        let mut overtaken = None;
        for amount in &amounts {
            let counting = rule.counting_for(*amount);
            overtaken = overtaken.or_else(|| overtaking(*amount, counting));
            if rule.pausable != Pausing::Never {
                findings.extend(waiting(pack, &rule.head, *amount, counting, &starts, effort));
            }
            if let Some(extension) = rule.extend.filter(|extension| extension.total) {
                let whole = extension.amount;
                let cost =
                    starts.len().div_ceil(29).saturating_mul(effort::of(*amount).saturating_add(effort::of(whole)));
                if effort.take(cost) {
                    findings.extend(extended(pack, &rule.head, *amount, whole, counting, &starts));
                }
            }
        }
        match (overtaken, &rule.may_overtake) {
            (Some(example), None) => findings.push(
                Finding::of_rule(Check::Overtakes, pack, &rule.head, example)
                    .hint("say why in `may_overtake`, or count in another way"),
            ),
            (None, Some(_)) if !effort.is_spent() => findings.push(Finding::of_rule(
                Check::NeedlessReason,
                pack,
                &rule.head,
                "gives a reason why a later start may lead to an earlier deadline, and none does".to_owned(),
            )),
            _ => {}
        }
    }
    let windows = pack.windows().iter().map(|rule| (&rule.head, rule.amount, rule.counting));
    let reports = pack.reports().iter().map(|rule| (&rule.head, rule.due, rule.counting));
    let free = pack.compensations().iter().map(|rule| (&rule.head, rule.free, CountingRule::default()));
    for (head, amount, counting) in windows.chain(reports).chain(free) {
        let example = overtaking(amount, counting.complete(amount));
        findings.extend(example.map(|example| Finding::of_rule(Check::Overtakes, pack, head, example)));
    }
    for rule in pack.order_limits() {
        for amount in distinct(rule.amounts()) {
            let example = overtaking(amount, Counting::usual(amount));
            findings.extend(example.map(|example| Finding::of_rule(Check::Overtakes, pack, &rule.head, example)));
        }
        if effort.take(starts.len().saturating_mul(rule.amounts().map(effort::of).sum())) {
            findings.extend(accepted_late(pack, rule, &starts));
        }
    }
    for rule in pack.windows() {
        if let Some(opens) = rule.opens_after
            && effort.take(starts.len().saturating_mul(effort::of(opens).saturating_add(effort::of(rule.amount))))
        {
            findings.extend(never_open(pack, rule, &starts));
        }
    }
    findings
}

/// A right that has lapsed when it begins.
fn never_open(pack: &Pack, rule: &WindowRule, starts: &[Timestamp]) -> Option<Finding> {
    let lapsed = |start: &&Timestamp| {
        let (opens_at, closes_at) = rule.moments(**start, pack.calendar());
        closes_at < opens_at
    };
    let at = local(*starts.iter().find(lapsed)?, pack.calendar());
    let message = format!("what is counted from {at} lapses before the right can be used");
    Some(Finding::of_rule(Check::NeverOpens, pack, &rule.head, message))
}

/// An order that may be taken up later than it has to be answered.
fn accepted_late(pack: &Pack, rule: &OrderLimitRule, starts: &[Timestamp]) -> Option<Finding> {
    let due = |figure, at: Timestamp| rule.due_at(figure, at, pack.calendar());
    let late = |at: &&Timestamp| {
        due(OrderFigure::Accept, **at).zip(due(OrderFigure::Reply, **at)).is_some_and(|(accept, reply)| accept > reply)
    };
    let at = local(*starts.iter().find(late)?, pack.calendar());
    let message = format!("what is sent {at} may be taken up later than it has to be answered");
    Some(Finding::of_rule(Check::AcceptAfterReply, pack, &rule.head, message))
}

fn distinct(amounts: impl Iterator<Item = Amount>) -> Vec<Amount> {
    let mut seen = BTreeSet::new();
    amounts.filter(|amount| seen.insert(amount.to_string())).collect()
}

/// Two receipts of which the later is due earlier.
fn overtaking(
    pack: &Pack,
    amount: Amount,
    counting: Counting,
    starts: &[Timestamp],
    effort: &Effort,
) -> Option<String> {
    if !effort.take(starts.len().saturating_mul(effort::of(amount))) {
        return None;
    }
    let calendar = pack.calendar();
    let mut before: Option<(Timestamp, Timestamp)> = None;
    for start in starts {
        let due = due_at(*start, amount, &counting, calendar);
        if let Some((earlier, first)) = before
            && due < first
        {
            let local = |at: Timestamp| local(at, calendar);
            return Some(format!(
                "what starts {} is due {}, what starts later, {}, is due earlier, {}",
                local(earlier),
                local(first),
                local(*start),
                local(due)
            ));
        }
        before = Some((*start, due));
    }
    None
}

/// A longer pause that leads to an earlier limit.
fn waiting(
    pack: &Pack,
    head: &RuleHead,
    amount: Amount,
    counting: Counting,
    starts: &[Timestamp],
    effort: &Effort,
) -> Option<Finding> {
    const LENGTHS: [i64; 6] = [1, 8, 16, 24, 72, 240];
    let each = effort::of_paused(amount).saturating_mul(LENGTHS.len());
    if !effort.take(starts.len().div_ceil(97).saturating_mul(each)) {
        return None;
    }
    let calendar = pack.calendar();
    let hours = |at: Timestamp, hours: i64| at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(at);
    for start in starts.iter().step_by(97) {
        let mut before = due_at(*start, amount, &counting, calendar);
        for length in LENGTHS {
            let from = hours(*start, 3);
            let due = due_at_paused(*start, amount, &counting, calendar, &[(from, Some(hours(from, length)))]);
            if due < before {
                let message = format!("standing still for {length} hours from {from} makes the limit earlier: {due}");
                return Some(Finding::of_rule(Check::ShortensByWaiting, pack, head, message));
            }
            before = due;
        }
    }
    None
}

/// A longer time granted that is the shorter one.
fn extended(
    pack: &Pack,
    head: &RuleHead,
    amount: Amount,
    whole: Amount,
    counting: Counting,
    starts: &[Timestamp],
) -> Option<Finding> {
    let shorter = |start: &&Timestamp| {
        due_at(**start, whole, &counting, pack.calendar()) < due_at(**start, amount, &counting, pack.calendar())
    };
    let start = starts.iter().step_by(29).find(shorter)?;
    let message = format!("the whole time of {whole} once extended ends before the {amount} it extends, from {start}");
    Some(Finding::of_rule(Check::ShortensByWaiting, pack, head, message))
}
