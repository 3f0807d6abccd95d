//! Answer an order (回单): what was found and done. The answer to a supervision order waits for approval.

use super::{ORDER, OrderKind, OrderStep, Standing, event, may, no_parts, not_barred};
use crate::case::{Case, Context, Decision};
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of an answer.
pub const FIELDS: &[Field] = &[
    ORDER,
    required(
        "result",
        Kind::Text { max: 4_000, multiline: true },
        "What was found, what was done, and why it happened.",
    ),
];

/// Answer an order.
#[derive(Clone, Debug, Deserialize)]
pub struct AnswerOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// What was found and done.
    #[serde(deserialize_with = "plain")]
    pub result: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "answer-order")
}

/// Decides an answer. Whoever answers without having taken the order up takes it up with that.
///
/// # Errors
/// If there is no such order, it lies with another unit, or parts of it are open.
pub fn decide(case: &Case, answer: &AnswerOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "answer-order", answer.order, ctx)?;
    not_barred(case, order, ctx.actor)?;
    order.require_theirs()?;
    if order.kind == OrderKind::Copy {
        return Err(Fault::new("order", "copy_not_answered").into());
    }
    no_parts(case, order)?;
    let mut events = Vec::new();
    if order.standing == Standing::Sent {
        events.push(event(order.id, OrderStep::Accepted {}));
    }
    events.push(event(order.id, OrderStep::Answered { result: answer.result.clone() }));
    Ok(Decision::of(events))
}
