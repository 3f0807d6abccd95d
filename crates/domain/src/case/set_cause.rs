//! Set cause (责任原因): why it happened, apart from what it was about. Improvement starts here.

use super::{Case, Context, Decision, clocks, grade};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use policy::Facts;
use serde::Deserialize;

/// Shape of a cause.
pub const FIELDS: &[Field] = &[
    required("cause", Kind::Cause, "Leaf of the cause tree."),
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "Remark."),
];

/// Set the cause.
#[derive(Clone, Debug, Deserialize)]
pub struct SetCause {
    /// Leaf of the cause tree.
    pub cause: String,
    /// Remark.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.category.is_some()
}

/// Decides a cause.
///
/// # Errors
/// If the case has ended or waits for triage, or there is no such leaf.
pub fn decide(case: &Case, set: &SetCause, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.category.is_none() {
        return Err(Refusal::conflict("not_classified").with("state", case.state.code()));
    }
    if !ctx.taxonomy.is_cause_leaf(&set.cause) {
        return Err(Fault::new("cause", "unknown_cause").into());
    }
    if case.cause.as_deref() == Some(&set.cause) && set.remark.is_none() {
        return Err(Refusal::conflict("unchanged"));
    }
    let mut events = vec![Event::CauseSet { cause: set.cause.clone(), remark: set.remark.clone() }];
    // A cause can take the object from a clock, as a fault that turns out to lie in the customer's own device does.
    let facts = Facts { cause: Some(set.cause.clone()), ..grade::facts(case, ctx.rules, ctx.taxonomy) };
    events.extend(clocks::regrade(case, case.grade, &facts, ctx));
    Ok(Decision::of(events))
}
