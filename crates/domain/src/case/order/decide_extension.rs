//! Decide about more time (延期审批): somebody who did not ask for it says yes or no.

use super::limits::{bound, within};
use super::{ORDER, OrderStep, event, may, not_of_its_unit};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the decision.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("granted", Kind::Bool, "Whether the order gets more time."),
    optional("remark", Kind::Text { max: 500, multiline: true }, "In words."),
];

/// Decide about more time.
#[derive(Clone, Debug, Deserialize)]
pub struct DecideExtension {
    /// Number of the order.
    pub order: Option<u32>,
    /// Whether it is granted.
    pub granted: bool,
    /// In words.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "decide-extension")
}

/// Decides about more time.
///
/// # Errors
/// If nobody asked for it, the asker decides, or the case's limit has become earlier than what was asked for.
pub fn decide(case: &Case, decision: &DecideExtension, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(decision.order, |order| may::is_for("decide-extension", order))?;
    let Some(asked) = order.extension.filter(|_| order.is_open()) else {
        return Err(Refusal::conflict("no_extension_asked").with("order", order.id));
    };
    if asked.by == ctx.actor.id {
        return Err(Refusal::forbidden("own_wish"));
    }
    not_of_its_unit(case, order, ctx.actor)?;
    if decision.granted {
        within("granted", asked.reply_by, bound(case, order.part_of, ctx), ctx)?;
    }
    let (granted, remark) = (decision.granted, decision.remark.clone());
    Ok(Decision::of(vec![event(order.id, OrderStep::ExtensionDecided { granted, remark })]))
}
