//! Referrals (外部争议解决): the customer took the matter to a body outside, an ombudsman, a mediator or a regulator, on one
//! of the ways the rules know. Its stages are the pack's (`[[route.stage]]`), with who has to act in each; our people
//! record them, each with its time and its paper. What a Chinese regulator hands over is a matter of its own
//! ([`super::matter`]), with feedback and joining by number.

use super::{Case, Context, clocks, gates};
use crate::event::Event;
use crate::fault::Fault;
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use jiff::Timestamp;
use policy::{Need, Owner, RouteRule, Stack, Stage, StageRef};

/// A referral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// Number within the case, from 1.
    pub id: u32,
    /// Way of the stack.
    pub route: String,
    /// The body's own number, where it is known.
    pub number: Option<String>,
    /// What happened, oldest first; the last says where it stands.
    pub steps: Vec<Step>,
}

/// A step of a referral, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The stage it led to.
    pub stage: String,
    /// When.
    pub at: Timestamp,
    /// The attached file that is its paper.
    pub document: Option<AttachmentId>,
    /// Number of its paper.
    pub reference: Option<String>,
}

impl Referral {
    /// Where it stands.
    #[must_use]
    pub fn stage(&self) -> &str {
        self.steps.last().map_or("", |step| step.stage.as_str())
    }

    /// The rule of that stage.
    #[must_use]
    pub fn stands<'r>(&self, rules: &'r Stack) -> Option<&'r Stage> {
        rules.route(&self.route)?.stage(self.stage())
    }

    /// Whether nothing follows any more.
    #[must_use]
    pub fn is_over(&self, rules: &Stack) -> bool {
        self.stands(rules).is_none_or(|stage| stage.next.is_empty())
    }

    /// Whether the operator has to act next.
    #[must_use]
    pub fn is_ours(&self, rules: &Stack) -> bool {
        self.stands(rules).is_some_and(is_our_turn)
    }
}

/// Whether the operator has to act in a stage.
pub(super) fn is_our_turn(stage: &Stage) -> bool {
    stage.owner == Owner::Provider && !stage.next.is_empty()
}

/// The number the next referral gets.
pub(super) fn next(case: &Case) -> u32 {
    u32::try_from(case.referrals.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// What a step needs of the case, by the rule of the stage it leads to.
///
/// # Errors
/// Names everything that is missing.
pub(super) fn ready(
    case: &Case,
    verb: &'static str,
    stage: &Stage,
    has_paper: bool,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let mut missing: Vec<Fault> = Vec::new();
    for need in &stage.needs {
        match need {
            Need::Letter(letter) => missing.extend(gates::lacks_letter(case, letter, ctx.rules)),
            // The paper of the step is the document asked for.
            Need::Evidence(_) if has_paper => {}
            Need::Evidence(_) => missing.push(Fault::new("document", "needs_paper")),
        }
    }
    gates::refused(verb, missing)
}

/// That a paper named is one of this case, and a moment one of its life.
///
/// # Errors
/// Names the field.
pub(super) fn proved(
    case: &Case,
    at: Timestamp,
    after: Option<Timestamp>,
    document: Option<AttachmentId>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    super::register::within_life(case, at, "at", ctx)?;
    if after.is_some_and(|last| at < last) {
        return Err(Fault::new("at", "before_last_step").into());
    }
    Ok(case.require_attached(document)?)
}

/// What coming to a stage does to clocks: those that wait for it end, those that begin with it begin, and once nothing
/// follows any more, those that began on this way have lost their object.
pub(super) fn turn(case: &Case, route: &RouteRule, stage: &Stage, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let named = StageRef { route: route.head.id.clone(), stage: stage.id.clone() };
    let mut events = clocks::stopped_by(case, &named, at, ctx);
    if stage.next.is_empty() {
        let here = |start: &policy::Start| matches!(start, policy::Start::Stage(own) if own.route == route.head.id);
        let began_here = |rule: &str| ctx.rules.clock(rule).is_some_and(|rule| rule.start.iter().all(here));
        let ended = |rule: &str| {
            events.iter().any(|event| matches!(event, Event::ClockStopped { rule: own, .. } if own == rule))
        };
        let moot = clocks::moot(case, ctx, |clock| began_here(&clock.rule) && !ended(&clock.rule));
        events.extend(moot);
    }
    events.extend(clocks::entered(case, &named, at, ctx));
    events
}

/// What keeps a case from ending: bodies that wait for the operator.
pub(super) fn missing(case: &Case, rules: &Stack) -> Vec<Fault> {
    let ours = case.referrals.iter().filter(|one| one.is_ours(rules));
    ours.map(|one| {
        let (zh, en) = gates::titles(rules.route(&one.route).map(|route| &route.head.title), &one.route);
        Fault::new("referral", "gate_referral").with("route", en).with("route_zh", zh)
    })
    .collect()
}

/// Refuses while a body outside has the matter in hand, whoever's turn it is: what ends the case for good leaves nobody
/// to go on with it.
///
/// # Errors
/// If a referral is under way.
pub(super) fn all_over(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    match case.referrals.iter().any(|one| !one.is_over(ctx.rules)) {
        true => Err(Refusal::conflict("referral_not_over")),
        false => Ok(()),
    }
}

/// Refuses while a body outside waits for the operator: whatever ends the case would let that be forgotten.
///
/// # Errors
/// Names the bodies.
pub(super) fn nothing_owed(case: &Case, verb: &'static str, ctx: &Context<'_>) -> Result<(), Refusal> {
    gates::refused(verb, missing(case, ctx.rules))
}
