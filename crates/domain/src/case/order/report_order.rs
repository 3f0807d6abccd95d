//! Report on an order (阶段回复): how far the unit is. It is no answer, and moves no limit.

use super::{ORDER, OrderStep, Standing, event, may};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a report.
pub const FIELDS: &[Field] =
    &[ORDER, required("text", Kind::Text { max: 2_000, multiline: true }, "How far it is, and what comes next.")];

/// Say how far an order is.
#[derive(Clone, Debug, Deserialize)]
pub struct ReportOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// How far.
    #[serde(deserialize_with = "plain")]
    pub text: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "report-order")
}

/// Decides a report.
///
/// # Errors
/// If there is no such order, it lies with another unit, or nobody took it up yet.
pub fn decide(case: &Case, report: &ReportOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "report-order", report.order, ctx)?;
    order.require(&[Standing::Accepted])?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Reported { text: report.text.clone() })]))
}
