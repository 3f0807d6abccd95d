//! Record a step of a referral (登记外部程序进展): where the matter now stands with the body outside.

use super::{Case, Context, Decision, referral};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
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
    optional("reference", Kind::Line { max: 64 }, "Number of its paper."),
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "What was said or decided."),
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
    !case.referrals.is_empty()
}

/// Decides a step.
///
/// # Errors
/// If no referral can take it, something it needs is missing, or its time or paper is wrong.
pub fn decide(case: &Case, step: &RecordStep, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let mine = case.referrals.iter().filter(|one| step.referral.is_none_or(|id| one.id == id));
    let mine: Vec<_> = mine.collect();
    let leads =
        |one: &&&referral::Referral| one.stands(ctx.rules).is_some_and(|stage| stage.next.contains(&step.stage));
    let mut fitting = mine.iter().filter(leads);
    let Some(referral) = fitting.next() else {
        let Some(one) = mine.first() else { return Err(Fault::new("referral", "unknown_referral").into()) };
        let next = one.stands(ctx.rules).map(|stage| stage.next.join(", ")).filter(|next| !next.is_empty());
        return Err(Fault::new("stage", "not_one_of").with("allowed", next.unwrap_or_else(|| "—".to_owned())).into());
    };
    if fitting.next().is_some() {
        return Err(Fault::new("referral", "which_referral").into());
    }
    let route = ctx.rules.route(&referral.route).ok_or_else(|| Fault::new("referral", "unknown_referral"))?;
    let stage = route.stage(&step.stage).ok_or_else(|| Fault::new("stage", "unknown_stage"))?;
    let at = step.at.unwrap_or(ctx.now);
    referral::proved(case, at, referral.steps.last().map(|last| last.at), step.document, ctx)?;
    referral::ready(case, stage, step.document.is_some() || step.reference.is_some(), ctx)?;
    let mut events = vec![Event::ReferralMoved {
        referral: referral.id,
        route: referral.route.clone(),
        stage: step.stage.clone(),
        at,
        document: step.document,
        reference: step.reference.clone(),
        remark: step.remark.clone(),
    }];
    if case.state.is_open() {
        events.extend(referral::turn(case, route, stage, at, ctx));
    }
    Ok(Decision::of(events))
}
