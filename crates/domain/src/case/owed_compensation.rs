//! Compensation that proposes itself (自动提议补偿): what an effect asked for is counted by the same rule as when a person
//! proposes it, as soon as the case knows everything the rule asks for. Nobody's authority is used up: it waits for whoever
//! may decide. Until then the case says which fact is missing.

use super::compensation::MOST;
use super::propose_compensation::{self as propose, Owed};
use super::{Case, Context, effects};
use crate::actor::Actor;
use crate::event::Event;
use crate::taxonomy::Taxonomy;
use policy::Stack;

/// A compensation that is owed and cannot be proposed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its rule.
    pub rule: String,
    /// The effect that asked for it.
    pub effect: String,
    /// The fields of a proposal nothing is known of, such as `until` and `monthly_fee`.
    pub missing: Vec<String>,
}

/// What effects asked for and nobody has proposed. Whatever was proposed by a rule is not proposed again by itself, however
/// it was decided.
fn unproposed(case: &Case) -> impl Iterator<Item = (&String, &String)> {
    let proposed = |rule: &String| {
        let mut counted = case.compensations.iter().filter_map(|one| one.counted.as_ref());
        counted.any(|counted| counted.rule == *rule)
    };
    case.compensation_asked.iter().filter(move |(rule, _)| !proposed(rule))
}

/// Whether nobody has proposed something the law is said to owe.
#[must_use]
pub(super) fn any_due(case: &Case) -> bool {
    unproposed(case).any(|(rule, _)| case.compensation_due.contains(rule))
}

/// Whether what the law is said to owe is still owed and nobody has proposed it: the limit was not kept after all, the rule
/// is for such a case, and it comes to something.
#[must_use]
pub(super) fn is_due(case: &Case, rule: &str, rules: &Stack, taxonomy: &Taxonomy) -> bool {
    let Some((_, effect)) = unproposed(case).find(|(known, _)| *known == rule) else { return false };
    if !effects::stands(case, effect, rules) {
        return false;
    }
    let actor = Actor::system(case.owner.unit);
    let ctx = Context { now: case.changed_at, actor: &actor, rules, taxonomy, others: &[] };
    match propose::by_what_is_known(case, rule, &ctx) {
        Ok(_) => true,
        // Faults of what nobody said yet leave it owed.
        Err(refusal) => {
            refusal.code != "nothing_owed" && refusal.faults.iter().all(|fault| fault.code != "rule_not_for_case")
        }
    }
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
    unproposed(case)
        .filter(|(_, effect)| effects::stands(case, effect, ctx.rules))
        .map(|(rule, effect)| Waiting { missing: lacks(rule), rule: rule.clone(), effect: effect.clone() })
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
    for (rule, effect) in unproposed(case).take(MOST.saturating_sub(case.compensations.len())) {
        if effects::stands(case, effect, ctx.rules)
            && let Ok(Owed { sum, counted, pay_by }) = propose::by_what_is_known(case, rule, ctx)
        {
            id = id.saturating_add(1);
            let (counted, by_effect) = (counted.map(Box::new), Some(effect.clone()));
            events.push(Event::CompensationProposed { id, sum, counted, reason: None, pay_by, by_effect });
        }
    }
    events
}
