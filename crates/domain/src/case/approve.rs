//! Approve (审核通过): the proposed outcome may be told to the customer.

use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of an approval.
pub const FIELDS: &[Field] =
    &[optional("remark", Kind::Text { max: 2_000, multiline: true }, "Remark of the approver.")];

/// Approve the proposed outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Approve {
    /// Remark.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingReview];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides an approval.
///
/// # Errors
/// Unless an outcome waits for approval, or if the pack wants a second pair of eyes and the proposer asks.
pub fn decide(case: &Case, approve: &Approve, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    super::dispute::impartial(case, ctx.actor.id)?;
    let own = case.proposal.as_ref().is_some_and(|proposal| proposal.by == ctx.actor.id);
    if own && ctx.rules.needs_second_reviewer(case.grade) {
        return Err(Refusal::forbidden("own_proposal").with("grade", case.grade.code()));
    }
    Ok(Decision::of(vec![
        Event::Approved { remark: approve.remark.clone() },
        Event::Moved { to: State::AwaitingReply },
    ]))
}
