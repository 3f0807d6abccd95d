//! Record a step of a referral (登记外部程序进展): where the matter now stands with the body outside. Should it be the
//! operator's turn then, an ended case is taken up again: nobody looks after one that has ended.

use super::{Case, Context, Decision, Referral, referral, reopen};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use policy::{RouteRule, Stack, Stage};
use serde::Deserialize;

/// Shape of a step.
pub const FIELDS: &[Field] = &[
    required("stage", Kind::Line { max: 64 }, "The stage it leads to, one that follows where the referral stands."),
    optional(
        "referral",
        Kind::Whole { min: 1, max: 1_000_000 },
        "Number of the referral within the case. Default: the only one this step is possible in.",
    ),
    optional("at", Kind::Moment, "When. Default: now."),
    optional("document", Kind::Uuid, "The attachment of this case that is its paper."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "Number of its paper. Kept in the clear; nothing of a person is taken in it.",
    ),
    optional(
        "remark",
        Kind::Text { max: 2_000, multiline: true },
        "What was said or decided; needed where it takes an ended case up again.",
    ),
];

/// Record a step.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordStep {
    /// The stage it leads to.
    pub stage: String,
    /// The referral.
    pub referral: Option<u32>,
    /// When.
    pub at: Option<Timestamp>,
    /// The attachment that is its paper.
    pub document: Option<AttachmentId>,
    /// Number of its paper.
    pub reference: Option<String>,
    /// What was said.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    !case.referrals.is_empty() && (case.state.is_open() || reopen::offered(case))
}

/// Whether a step takes an ended case up again: the body wants something of the operator.
#[must_use]
pub fn takes_up(case: &Case, step: &RecordStep, rules: &Stack) -> bool {
    let led = find(case, step, rules);
    reopen::offered(case) && led.is_ok_and(|(_, _, stage)| referral::is_our_turn(stage))
}

/// The referral a step is about, its way and the stage it leads to.
fn find<'c>(
    case: &'c Case,
    step: &RecordStep,
    rules: &'c Stack,
) -> Result<(&'c Referral, &'c RouteRule, &'c Stage), Fault> {
    let mut mine = case.referrals.iter().filter(|one| step.referral.is_none_or(|id| one.id == id)).peekable();
    let Some(first) = mine.peek().copied() else { return Err(Fault::new("referral", "unknown_referral")) };
    let leads = |one: &&Referral| one.stands(rules).is_some_and(|stage| stage.next.contains(&step.stage));
    let mut fitting = mine.filter(leads);
    let Some(referral) = fitting.next() else {
        let next = first.stands(rules).map(|stage| stage.next.join(", ")).filter(|next| !next.is_empty());
        return Err(Fault::new("stage", "not_one_of").with("allowed", next.unwrap_or_else(|| "—".to_owned())));
    };
    if fitting.next().is_some() {
        return Err(Fault::new("referral", "which_referral"));
    }
    let route = rules.route(&referral.route).ok_or_else(|| Fault::new("referral", "unknown_referral"))?;
    let stage = route.stage(&step.stage).ok_or_else(|| Fault::new("stage", "unknown_stage"))?;
    Ok((referral, route, stage))
}

/// Decides a step.
///
/// # Errors
/// If the case is void or went up in another, no referral can take the step, something it needs is missing, or its time
/// or paper is wrong.
pub fn decide(case: &Case, step: &RecordStep, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let (referral, route, stage) = find(case, step, ctx.rules)?;
    if !offered(case) {
        return Err(Refusal::conflict("wrong_state").with("state", case.state.code()).with("allowed", "—"));
    }
    let at = step.at.unwrap_or(ctx.now);
    referral::proved(case, at, referral.steps.last().map(|last| last.at), step.document, ctx)?;
    referral::ready(case, "record-step", stage, step.document.is_some() || step.reference.is_some(), ctx)?;
    let mut decision = Decision::default();
    let mut here = case.clone();
    if takes_up(case, step, ctx.rules) {
        // Whoever takes the case up again reads why.
        let reason = step.remark.clone().ok_or_else(|| Fault::new("remark", "required_to_take_up"))?;
        decision = reopen::again(case, reason, ctx);
        here.anticipate(&decision.events, ctx);
    }
    decision.events.push(Event::ReferralMoved {
        referral: referral.id,
        route: referral.route.clone(),
        stage: step.stage.clone(),
        at,
        document: step.document,
        reference: step.reference.clone(),
        remark: step.remark.clone(),
    });
    if here.state.is_open() {
        decision.events.extend(referral::turn(&here, route, stage, at, ctx));
    }
    Ok(decision)
}
