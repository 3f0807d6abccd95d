//! Urge an order (催办): somebody presses for it; counted, and told to its unit.

use super::{ORDER, OrderStep, event, may, sent_from_here};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of an urging.
pub const FIELDS: &[Field] = &[ORDER, optional("text", Kind::Text { max: 500, multiline: true }, "In words.")];

/// Press for an order.
#[derive(Clone, Debug, Deserialize)]
pub struct UrgeOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// In words.
    #[serde(default, deserialize_with = "plain_option")]
    pub text: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "urge-order")
}

/// Decides an urging.
///
/// # Errors
/// If there is no such order, it lies with nobody, or others sent it.
pub fn decide(case: &Case, urge: &UrgeOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(urge.order, |order| may::is_for("urge-order", order))?;
    sent_from_here(case, order, ctx.actor)?;
    order.require_theirs()?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Urged { text: urge.text.clone() })]))
}
