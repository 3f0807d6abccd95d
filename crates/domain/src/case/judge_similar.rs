//! Judge a similar case (评价相似工单): whether an ended case that was shown beside this one helped. Said again, what was
//! said last counts.

use super::{Case, Context, Decision};
use crate::advice::Advice;
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a judgement.
pub const FIELDS: &[Field] = &[
    required("other", Kind::Line { max: 64 }, "Number or identity of the other case."),
    required("useful", Kind::Bool, "Whether it helped."),
];

/// Say whether a similar case helped. The desk has loaded the other: it is the only one of the context.
#[derive(Clone, Debug, Deserialize)]
pub struct JudgeSimilar {
    /// The other case as the door named it.
    pub other: String,
    /// Whether it helped.
    pub useful: bool,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.version > 0
}

/// Decides a judgement.
///
/// # Errors
/// If there is no such case, or it is this one.
pub fn decide(case: &Case, judged: &JudgeSimilar, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(other) = ctx.others.first() else {
        return Err(Fault::new("other", "unknown_case").into());
    };
    if other.id == case.id {
        return Err(Fault::new("other", "same_case").into());
    }
    let advice = Advice::Similar { case: other.id, number: other.number.clone(), useful: judged.useful };
    Ok(Decision::of(vec![Event::Advised { advice }]))
}
