//! Packs together: practice never looser than the law above it, whichever versions meet; no gap between versions.

use super::cases::{conditions, local, of, receipts};
use super::effort::{self, Effort};
use super::{Check, Finding, circles, too_much};
use crate::basis::{Layer, Tier};
use crate::clock::{ClockKind, ClockRule, Start, StartFact};
use crate::deadline::due_at;
use crate::duration::Amount;
use crate::pack::Pack;
use crate::plan::Plan;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every combination of packs a receipt can lead to, whichever stack is chosen.
pub(super) fn stacks(packs: &[Arc<Pack>], plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let mut converting = BTreeSet::new();
    let plans = plan.stacks().filter_map(|id| plan.choosing(id));
    for stack in plans.flat_map(|plan| plan.days(packs).into_iter().map(|day| plan.on(packs, day)).collect::<Vec<_>>())
    {
        let converts: Vec<&Pack> =
            stack.iter().map(Arc::as_ref).filter(|pack| !pack.conversions().is_empty()).collect();
        let files: Vec<String> = converts.iter().map(|pack| pack.file().to_owned()).collect();
        if files.len() > 1 && converting.insert(files) {
            let effort = Effort::whole();
            findings.extend(circles::findings(&converts, &effort));
            findings.extend(converts.first().and_then(|pack| too_much(pack, &effort)));
        }
        let law = stack.iter().filter(|pack| pack.tier() == Tier::Law);
        for law in law {
            for below in stack.iter().filter(|pack| pack.tier() != Tier::Law) {
                let pair = (law.file().to_owned(), below.file().to_owned());
                if seen.insert(pair) {
                    let effort = Effort::whole();
                    findings.extend(looser(law, below, &effort));
                    findings.extend(too_much(below, &effort));
                    findings.extend(kept_for_less(law, below));
                }
            }
        }
    }
    findings
}

/// Limits of practice for what the law limits too: none may be later.
fn looser(law: &Pack, practice: &Pack, effort: &Effort) -> Vec<Finding> {
    let mut findings = Vec::new();
    let due = |rule: &&ClockRule| rule.kind == ClockKind::Due;
    for above in law.clocks().iter().filter(due).filter(|rule| rule.head.layer == Layer::Law) {
        for rule in practice.clocks().iter().filter(due) {
            let same_start =
                rule.start.iter().any(|start| matches!(start, Start::Fact(_)) && above.start.contains(start));
            // What is counted from acceptance begins after what is counted from first receipt.
            let begins_after = above.start.contains(&Start::Fact(StartFact::Received))
                && rule.start.iter().all(|start| *start == Start::Fact(StartFact::Accepted));
            // What a clock asks for is the first of what stops it; the others end it with the case.
            let same_duty = rule.owner == above.owner && rule.stop.first() == above.stop.first();
            if (same_start || begins_after) && same_duty {
                findings.extend(later(law, above, practice, rule, !same_start, effort));
            }
        }
    }
    findings
}

/// A case and a receipt for which practice is due after the law; where it begins after the law does, not before it.
fn later(
    law: &Pack,
    above: &ClockRule,
    practice: &Pack,
    rule: &ClockRule,
    begins_after: bool,
    effort: &Effort,
) -> Option<Finding> {
    let cases = of(conditions(&above.head).chain(conditions(&rule.head)), 2, effort)?;
    let starts: Vec<Timestamp> = receipts(practice.calendar()).into_iter().step_by(7).collect();
    let mut seen: Vec<(Amount, Amount)> = Vec::new();
    for (facts, grade) in &cases {
        let theirs = above.limit.of(*grade, facts.area_type.as_deref());
        let ours = rule.limit.of(*grade, facts.area_type.as_deref());
        let (Some(theirs), Some(ours)) = (theirs, ours) else { continue };
        let holds =
            |rule: &ClockRule| rule.head.applies.holds(facts, Some(*grade)) && !rule.head.excludes(facts, Some(*grade));
        if seen.contains(&(theirs, ours)) || !holds(above) || !holds(rule) {
            continue;
        }
        seen.push((theirs, ours));
        if !effort.take(starts.len().saturating_mul(effort::of(theirs).saturating_add(effort::of(ours)))) {
            return None;
        }
        // A rule that holds for some dates only is compared on those.
        let meet = |start: Timestamp| {
            above.head.in_version(facts, start, law.calendar().zone())
                && rule.head.in_version(facts, start, practice.calendar().zone())
        };
        let after = |start: &&Timestamp| {
            let ours = due_at(**start, ours, &rule.counting_for(ours), practice.calendar());
            let theirs = due_at(**start, theirs, &above.counting_for(theirs), law.calendar());
            meet(**start) && (ours > theirs || (begins_after && ours == theirs))
        };
        if let Some(start) = starts.iter().find(after) {
            let local = local(*start, practice.calendar());
            let from = if begins_after { " from acceptance" } else { "" };
            let message = format!(
                "gives {ours}{from} where `{}` of {} gives {theirs}: what is received {local} would be late",
                above.head.id,
                law.id()
            );
            return Some(
                Finding::of_rule(Check::LooserThanLaw, practice, &rule.head, message)
                    .hint("practice may be stricter than the law, never looser"),
            );
        }
    }
    None
}

/// Records practice would give up before the law lets it.
fn kept_for_less(law: &Pack, practice: &Pack) -> Vec<Finding> {
    let Some(start) = receipts(practice.calendar()).first().copied() else {
        return Vec::new();
    };
    let until =
        |amount: Amount, pack: &Pack| due_at(start, amount, &crate::counting::Counting::usual(amount), pack.calendar());
    let mut findings = Vec::new();
    for above in law.retentions().iter().filter(|rule| rule.head.layer == Layer::Law) {
        let Some(least) = above.min else { continue };
        for rule in practice.retentions().iter().filter(|rule| rule.class == above.class && rule.from == above.from) {
            let given_up = rule.max.or(rule.min);
            if given_up.is_some_and(|amount| until(amount, practice) < until(least, law)) {
                let message = format!("is kept for less than the {least} of `{}` of {}", above.head.id, law.id());
                findings.push(Finding::of_rule(Check::LooserThanLaw, practice, &rule.head, message));
            }
        }
    }
    findings
}

/// Days between two versions of a pack for which none is valid.
pub(super) fn versions(packs: &[Arc<Pack>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ids: BTreeSet<&str> = packs.iter().map(|pack| pack.id()).collect();
    for id in ids {
        let mut versions: Vec<&Arc<Pack>> = packs.iter().filter(|pack| pack.id() == id).collect();
        versions.sort_by_key(|pack| pack.validity());
        let mut covered = versions.first().and_then(|first| first.validity().1);
        for pack in versions.iter().skip(1) {
            let (from, to) = pack.validity();
            if covered.and_then(|last| last.tomorrow().ok()).is_some_and(|next| next < from) {
                let message = format!("no version of `{id}` is valid for the days before {from}");
                findings.push(Finding::of_pack(Check::VersionGap, pack, (1, 1), message));
            }
            covered = covered.zip(to).map(|(one, other)| one.max(other));
        }
    }
    findings
}
