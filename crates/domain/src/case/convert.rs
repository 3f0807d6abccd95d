//! Conversion (转为投诉): by a rule of the packs what was taken in as something else becomes a complaint, at once or after
//! a time without an answer. The matter is the same one: it was first received when it was, and what its new kind wants
//! is counted from there, unless the rule counts from the conversion.

use super::{Case, Contact, Context, grade};
use crate::event::{ContactOutcome, Event};
use crate::intake::ContactKind;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{ConversionRule, CountsFrom, Facts, Stack};

/// What the contact was before, and since when it is something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The rule.
    pub rule: String,
    /// Kind of contact it was.
    pub from: ContactKind,
    /// Kind of contact it became.
    pub to: ContactKind,
    /// When.
    pub at: Timestamp,
}

/// Whether anybody answered: by a reply, with word of how far it is, or by reaching the customer.
fn answered(case: &Case) -> bool {
    let reached = |contact: &Contact| contact.outcome == ContactOutcome::Reached;
    case.reply.is_some() || case.progress_at.is_some() || case.contacts.iter().any(reached)
}

/// The conversions that are for a case as it is, with the moment each comes about.
fn due<'r>(
    case: &Case,
    rules: &'r Stack,
    taxonomy: &Taxonomy,
) -> impl Iterator<Item = (&'r ConversionRule, Timestamp)> {
    let may = case.state.is_open() && rules.packs().any(|pack| !pack.conversions().is_empty());
    let facts = may.then(|| grade::facts(case, rules, taxonomy));
    let found = facts.into_iter().flat_map(|facts| rules.conversions(&facts, case.grade, case.received_at));
    let answered = answered(case);
    // Each once: two rules that lead to each other must not go round for ever.
    let done: Vec<String> = case.conversions.iter().map(|done| done.rule.clone()).collect();
    found.filter(move |(rule, _)| !done.contains(&rule.head.id) && (rule.after.is_none() || !answered))
}

/// The next moment at which one comes about by itself.
#[must_use]
pub fn alarm(case: &Case, rules: &Stack, taxonomy: &Taxonomy) -> Option<Timestamp> {
    due(case, rules, taxonomy).map(|(_, at)| at).min()
}

/// The conversion that has come about by now, with what the new kind does to grade and clocks as of the moment it came
/// about: its time being up, or the entry that made the case one the rule is for. Who looks later changes nothing.
#[must_use]
pub fn events(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    let come = due(case, ctx.rules, ctx.taxonomy).filter(|(_, at)| *at <= ctx.now).min_by_key(|(_, at)| *at);
    let Some((rule, at)) = come else { return Vec::new() };
    let Some(to) = ContactKind::from_code(&rule.to) else { return Vec::new() };
    let ctx = Context { now: at.max(case.changed_at).min(ctx.now), ..*ctx };
    let mut events = vec![Event::Converted { rule: rule.head.id.clone(), from: case.record.kind, to }];
    events.extend(consequences(case, rule, to, &ctx));
    events
}

/// What becoming another kind does to grade and clocks.
fn consequences(case: &Case, rule: &ConversionRule, to: ContactKind, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let facts = Facts { kind: to.code().to_owned(), ..facts };
    let mut events = grade::regrade_for(case, &facts, ctx);
    if rule.counts_from == CountsFrom::Received {
        return events;
    }
    let grade = events.iter().rev().find_map(|event| match event {
        Event::Graded { grade, .. } => Some(*grade),
        _ => None,
    });
    for event in &mut events {
        if let Event::ClockStarted { rule, from, due_at, .. } = event
            && let Some(started) = ctx.rules.recompute(rule, ctx.now, &facts, grade.unwrap_or(case.grade))
        {
            (*from, *due_at) = (started.from, started.due_at);
        }
    }
    events
}
