//! Compensation that proposes itself (自动提议补偿): what an effect asked for is counted by the same rule as when a person
//! proposes it, as soon as the case knows everything the rule asks for. Nobody's authority is used up: it waits for whoever
//! may decide. Until then the case says which fact is missing.
//!
//! What grows by the day may be proposed while the trouble lasts. That settles the time up to then: the rest stays owed,
//! and is proposed by itself once the end is known, from what was said of the time before.

use super::compensation::{Compensation, MOST, Standing};
use super::propose_compensation::{self as propose, Owed};
use super::{Case, Context, effects};
use crate::actor::Actor;
use crate::event::Event;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{CompensationRule, Per, Stack, StopFact};

/// A compensation that is owed and cannot be proposed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its rule.
    pub rule: String,
    /// The effect that asked for it.
    pub effect: String,
    /// The fields of a proposal nothing is known of, such as `until` and `monthly_fee`.
    pub missing: Vec<String>,
    /// Up to when it was proposed while the trouble lasted; none where nobody has proposed any of it.
    pub proposed_up_to: Option<Timestamp>,
}

/// How much of what a rule owes was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proposed {
    /// None of it.
    Nothing,
    /// What was owed up to this moment; the trouble lasted, or lasted longer than was said.
    UpTo(Timestamp),
    /// All of it.
    All,
}

/// How much of what a rule owes was proposed, however that was decided. What was proposed in an earlier round was all of
/// that round, and is not asked for again by itself.
pub(super) fn proposed(case: &Case, rule: &CompensationRule) -> Proposed {
    let mine = || proposals_by(case, &rule.head.id);
    if mine().next().is_none() {
        let ended = case.compensation_ended.get(&rule.head.id);
        let all = ended.is_some_and(|ended| restored(case, rule).is_none_or(|restored| restored <= *ended));
        return if all { Proposed::All } else { Proposed::Nothing };
    }
    let ends = mine().filter(|one| one.round == case.round).filter_map(|one| one.counted.as_ref());
    let furthest = ends.max_by_key(|counted| (counted.end(false), counted.until.is_some()));
    let Some(furthest) = furthest.filter(|_| rule.per != Per::Event) else { return Proposed::All };
    let ended = case.compensation_ended.get(&rule.head.id).copied();
    let reached = furthest.end(false).max(ended.unwrap_or(Timestamp::MIN));
    let lasts = match restored(case, rule) {
        Some(restored) => restored > reached,
        None => furthest.until.or(ended).is_none(),
    };
    if lasts { Proposed::UpTo(reached) } else { Proposed::All }
}

fn proposals_by<'c>(case: &'c Case, rule: &'c str) -> impl DoubleEndedIterator<Item = &'c Compensation> {
    case.compensations.iter().filter(move |one| one.counted.as_ref().is_some_and(|counted| counted.rule == rule))
}

/// What was proposed last by a rule in this round and not refused: what was said in it holds for the rest, too.
pub(super) fn last_said<'c>(case: &'c Case, rule: &'c str) -> Option<&'c Compensation> {
    proposals_by(case, rule).rfind(|one| one.standing != Standing::Refused && one.round == case.round)
}

/// When the trouble a rule speaks of was removed, as far as the case says.
pub(super) fn restored(case: &Case, rule: &CompensationRule) -> Option<Timestamp> {
    case.restored_at.filter(|_| rule.until.contains(&StopFact::Restored))
}

/// What effects asked for and nobody has proposed, or not all of it: the rule, the effect, and up to when it was.
fn outstanding<'c>(
    case: &'c Case,
    rules: &'c Stack,
) -> impl Iterator<Item = (&'c String, &'c String, Option<Timestamp>)> {
    let known = |rule: &str| rules.compensation(rule).map_or(Proposed::Nothing, |(_, rule)| proposed(case, rule));
    case.compensation_asked.iter().filter_map(move |(rule, effect)| match known(rule) {
        Proposed::Nothing => Some((rule, effect, None)),
        Proposed::UpTo(at) => Some((rule, effect, Some(at))),
        Proposed::All => None,
    })
}

/// Whether nobody has proposed something the law is said to owe. What was proposed may be part of it: only its rule tells.
#[must_use]
pub(super) fn any_due(case: &Case) -> bool {
    let ended = |rule: &String| {
        let mut counted = proposals_by(case, rule).filter_map(|one| one.counted.as_ref());
        counted.any(|counted| counted.until.is_some())
    };
    case.compensation_due.iter().any(|rule| !ended(rule))
}

/// What of a debt of the law nobody has seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// None of it is proposed.
    Whole,
    /// It was proposed while the trouble lasted; the rest is not.
    Rest,
}

/// Whether what the law is said to owe is still owed and nobody has proposed it: the limit was not kept after all, the rule
/// is for such a case, and it comes to something.
#[must_use]
pub(super) fn due(case: &Case, rule: &str, rules: &Stack, taxonomy: &Taxonomy) -> Option<Due> {
    let (_, effect, up_to) = outstanding(case, rules).find(|(known, ..)| *known == rule)?;
    if !effects::stands(case, effect, rules) {
        return None;
    }
    let actor = Actor::system(case.owner.unit);
    let ctx = Context { now: case.changed_at, actor: &actor, rules, taxonomy, others: &[] };
    let owed = match propose::by_what_is_known(case, rule, &ctx) {
        Ok(_) => true,
        // Faults of what nobody said yet leave it owed.
        Err(refusal) => {
            refusal.code != "nothing_owed" && refusal.faults.iter().all(|fault| fault.code != "rule_not_for_case")
        }
    };
    owed.then_some(if up_to.is_some() { Due::Rest } else { Due::Whole })
}

/// What waits for a fact. What turned out to be nothing, or is no longer for the case, waits for none.
#[must_use]
pub fn waiting(case: &Case, ctx: &Context<'_>) -> Vec<Waiting> {
    if !case.state.is_open() {
        return Vec::new();
    }
    let lacks = |rule: &str| {
        let faults = propose::by_what_is_known(case, rule, ctx).err().map(|refusal| refusal.faults).unwrap_or_default();
        let mut missing: Vec<String> = faults.into_iter().map(|fault| fault.field).collect();
        missing.dedup();
        missing
    };
    outstanding(case, ctx.rules)
        .filter(|(_, effect, _)| effects::stands(case, effect, ctx.rules))
        .map(|(rule, effect, proposed_up_to)| Waiting {
            missing: lacks(rule),
            rule: rule.clone(),
            effect: effect.clone(),
            proposed_up_to,
        })
        .filter(|one| !one.missing.is_empty() && one.missing.iter().all(|field| field != "rule"))
        .collect()
}

/// The proposals whose facts are all known.
#[must_use]
pub(super) fn proposals(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    if !case.state.is_open() {
        return events;
    }
    let mut id = case.compensations.iter().map(|one| one.id).max().unwrap_or(0);
    for (rule, effect, _) in outstanding(case, ctx.rules).take(MOST.saturating_sub(case.compensations.len())) {
        if effects::stands(case, effect, ctx.rules)
            && let Ok(Owed { sum, counted, pay_by }) = propose::by_what_is_known(case, rule, ctx)
        {
            id = id.saturating_add(1);
            let (counted, by_effect) = (counted.map(Box::new), Some(effect.clone()));
            events.push(Event::CompensationProposed {
                id,
                sum,
                kind: super::remedy::Kind::Compensation,
                first: false,
                follows: None,
                similar: None,
                unlike: None,
                counted,
                reason: None,
                pay_by,
                by_effect,
            });
        }
    }
    events
}
