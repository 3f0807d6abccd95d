//! Decide a review (内部复核): a third person, who neither handled the case nor asked the customer, says whether the
//! outcome stays or the matter is worked on again.

use super::{Case, Context, Decision, State, dispute, reopen};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// How it may be decided.
pub const DECISIONS: &[&str] = &["upheld", "rework"];

/// Shape of a decision.
pub const FIELDS: &[Field] = &[
    required("decision", Kind::Code(DECISIONS), "Whether the outcome stays or the matter is worked on again."),
    required("reason", Kind::Text { max: 2_000, multiline: true }, "Why."),
];

/// Decide the open review.
#[derive(Clone, Debug, Deserialize)]
pub struct DecideReview {
    /// One of [`DECISIONS`].
    pub decision: String,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.open_review().is_some()
}

/// Decides the review. Working on it again is what a customer's own rejection leads to; a closed case is taken up again.
///
/// # Errors
/// If there is no open review, or for whoever handled the case, asked the customer, or is complained about.
pub fn decide(case: &Case, review: &DecideReview, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(open) = case.open_review() else { return Err(Refusal::conflict("no_review")) };
    if case.handled_by(ctx.actor.id) || case.callers.contains(&ctx.actor.id) {
        return Err(Refusal::forbidden("not_a_third_person"));
    }
    dispute::impartial(case, ctx.actor.id)?;
    let decided =
        Event::ReviewDecided { review: open.id, decision: review.decision.clone(), reason: review.reason.clone() };
    if review.decision != "rework" {
        return Ok(Decision::of(vec![decided]));
    }
    let reason = review.reason.clone();
    let again = if case.state == State::AwaitingCustomer {
        let again = dispute::Dispute { reason, unit: None, user: None, instead_of: None };
        dispute::decide(case, &again, ctx)?
    } else {
        reopen::decide(case, &reopen::Reopen { reason }, ctx)?
    };
    let events = std::iter::once(decided).chain(again.events).collect();
    Ok(Decision { events, elsewhere: again.elsewhere })
}
