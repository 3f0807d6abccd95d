//! Declare unreachable (登记无法联系): the customer was tried as often as the rules ask, on as many days, and not reached.
//! How often that is, the packs say; earlier nobody may say so. Call-backs that were promised are waited for no longer, and
//! what is to be told goes a way that can be kept.

use super::{Case, Context, Decision, clocks};
use crate::event::{ContactOutcome, Event};
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Stack, StartFact};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Shape of the declaration.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 1_000, multiline: true }, "What was tried, and what came of it.")];

/// Declare the customer unreachable.
#[derive(Clone, Debug, Deserialize)]
pub struct DeclareUnreachable {
    /// What was tried.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// How often the customer was tried in vain, and how often the rules ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The rule that asks.
    pub rule: String,
    /// How many tries it asks for.
    pub need: u32,
    /// Whether only one a day counts.
    pub distinct_days: bool,
    /// The tries that count, oldest first.
    pub counted: Vec<Timestamp>,
    /// The local days of those.
    pub days: BTreeSet<Date>,
}

impl Tried {
    /// Whether enough were made.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        u32::try_from(self.counted.len()).is_ok_and(|made| made >= self.need)
    }

    /// The days as people read them.
    #[must_use]
    pub fn days_told(&self) -> String {
        let days: Vec<String> = self.days.iter().map(ToString::to_string).collect();
        if days.is_empty() { "–".to_owned() } else { days.join(", ") }
    }
}

/// What was tried in this round since the customer was reached last; nothing where no rule of the case says how often they
/// have to be tried.
#[must_use]
pub fn tried(case: &Case, rules: &Stack) -> Option<Tried> {
    let (rule, attempts) = rules.clocks().find_map(|rule| Some((rule, rule.attempts?)))?;
    // Days as the customer's place has them: a pack of no country counts in none.
    let zone = rules.zone();
    let reached = case.contacts.iter().filter(|one| one.outcome == ContactOutcome::Reached).map(|one| one.at).max();
    let counts = |at: &Timestamp| *at >= case.round_started_at && reached.is_none_or(|reached| *at > reached);
    let failed = case.contacts.iter().filter(|one| one.outcome != ContactOutcome::Reached).map(|one| one.at);
    let mut counted: Vec<Timestamp> = failed.filter(counts).collect();
    counted.sort_unstable();
    let mut days = BTreeSet::new();
    counted.retain(|at| days.insert(zone.to_datetime(*at).date()) || !attempts.distinct_days);
    Some(Tried {
        rule: rule.head.id.clone(),
        need: attempts.need,
        distinct_days: attempts.distinct_days,
        counted,
        days,
    })
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    let failed = case.contacts.iter().any(|one| one.outcome != ContactOutcome::Reached);
    case.state.is_open() && !case.record.anonymous && case.unreachable_at.is_none() && failed
}

/// Decides the declaration.
///
/// # Errors
/// If the case has ended, nobody known is to be reached, it was declared already, no rule says how often they have to be
/// tried, or they were not tried so often.
pub fn decide(case: &Case, declared: &DeclareUnreachable, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    if case.unreachable_at.is_some() {
        return Err(Refusal::conflict("unreachable_already"));
    }
    let Some(tried) = tried(case, ctx.rules) else { return Err(Refusal::conflict("no_rule_of_attempts")) };
    if !tried.is_enough() {
        let (need, made, days) = (tried.need, tried.counted.len(), tried.days_told());
        return Err(match tried.distinct_days {
            true => Refusal::conflict("too_few_days").with("need", need).with("made", made).with("days", days),
            false => Refusal::conflict("too_few_attempts").with("need", need).with("made", made).with("days", days),
        });
    }
    let mut events =
        vec![Event::Unreachable { rule: tried.rule, tries: tried.counted, reason: declared.reason.clone() }];
    events.extend(clocks::start_unless_running(case, StartFact::Unreachable, ctx.now, &events, ctx));
    Ok(Decision::of(events))
}
