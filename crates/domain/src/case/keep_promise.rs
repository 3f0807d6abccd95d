//! Keep a promise (兑现承诺): what was promised has been done. A broken one can still be kept, and stays broken on record.

use super::{Case, Context, Decision, register};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of the keeping.
pub const FIELDS: &[Field] = &[
    required("promise", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the promise within the case."),
    optional("at", Kind::Moment, "When it was kept. Default: now."),
    optional("remark", Kind::Text { max: 1_000, multiline: true }, "How."),
];

/// Record that a promise was kept.
#[derive(Clone, Debug, Deserialize)]
pub struct KeepPromise {
    /// Number of the promise.
    pub promise: u32,
    /// When.
    pub at: Option<Timestamp>,
    /// How.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.open_promises().any(|promise| promise.id > 0)
}

/// Decides the keeping.
///
/// # Errors
/// If the case has ended, there is no such promise, or it was kept already.
pub fn decide(case: &Case, keep: &KeepPromise, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(promise) = case.promises.iter().find(|promise| promise.id == keep.promise && promise.id > 0) else {
        return Err(Fault::new("promise", "unknown_promise").into());
    };
    if promise.kept_at.is_some() {
        return Err(Refusal::conflict("promise_already_kept"));
    }
    let at = keep.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    Ok(Decision::of(vec![Event::PromiseKept { id: promise.id, at, remark: keep.remark.clone() }]))
}
