//! Approve compensation (批准补偿): by another person than the proposer, whose own authority reaches that far.

use super::compensation::{self, Standing, WHICH};
use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::money::Money;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use policy::Authority;
use serde::Deserialize;

/// Shape of an approval.
pub const FIELDS: &[Field] =
    &[WHICH, optional("remark", Kind::Text { max: 2_000, multiline: true }, "Remark of the approver.")];

/// Approve a compensation.
#[derive(Clone, Debug, Deserialize)]
pub struct ApproveCompensation {
    /// Its number.
    pub compensation: u32,
    /// Remark.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    let goes_on = case.state.is_open() || case.state == State::Merged;
    goes_on && case.compensations.iter().any(|one| one.standing == Standing::Proposed)
}

/// Decides an approval.
///
/// # Errors
/// If there is no such compensation, it was decided about, one's own proposal is meant, one handled the outcome the
/// customer rejected, or the sum lies beyond one's authority.
pub fn decide(case: &Case, approve: &ApproveCompensation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    // The customer of a merged case is compensated where the trouble was recorded.
    if case.state != State::Merged {
        case.require_open()?;
    }
    let one = compensation::named(case, approve.compensation, Standing::Proposed)?;
    if one.by == ctx.actor.id {
        return Err(Refusal::forbidden("own_compensation"));
    }
    super::dispute::impartial(case, ctx.actor.id)?;
    let (role, sum) = (ctx.actor.role, &one.sum);
    if let Authority::UpTo(most) = compensation::authority(&sum.currency, ctx)
        && !compensation::can_approve(ctx.rules, role.code(), sum)
    {
        return Err(Refusal::forbidden("beyond_authority")
            .with("sum", sum.sum())
            .with("role", role)
            .with("up_to", Money::of(most, &sum.currency).sum())
            .with("roles", compensation::reaching(ctx.rules, sum).join(", ")));
    }
    Ok(Decision::of(vec![Event::CompensationApproved { id: one.id, own: false, remark: approve.remark.clone() }]))
}
