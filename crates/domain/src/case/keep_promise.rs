//! Keep a promise (兑现承诺): what was promised has been done. A broken one can still be kept, and stays broken on record.
//! One to the customer of a merged case is kept there as well.

use super::{Case, Context, Decision, Elsewhere, Promised, register};
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
    case.state.is_open() && case.open_promises().any(|promise| promise.id > 0 && !is_reply(promise))
}

/// Whether it is the reply a customer was promised at registration, which only the reply itself keeps.
fn is_reply(promise: &Promised) -> bool {
    promise.origin.as_ref().map_or(promise.id, |there| there.promise) == 0
}

/// Decides the keeping.
///
/// # Errors
/// If the case has ended, there is no such promise, it was kept already, or is the reply itself.
pub fn decide(case: &Case, keep: &KeepPromise, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(promise) = case.promises.iter().find(|promise| promise.id == keep.promise && promise.id > 0) else {
        return Err(Fault::new("promise", "unknown_promise").into());
    };
    if promise.kept_at.is_some() {
        return Err(Refusal::conflict("promise_already_kept"));
    }
    if is_reply(promise) {
        let number = promise.origin.as_ref().map_or(&case.number, |there| &there.number);
        return Err(Refusal::conflict("promise_is_the_reply").with("number", number));
    }
    let at = keep.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    // What was said about it stays in this case, whose customer may be another.
    let theirs = promise.origin.iter().map(|there| Elsewhere {
        case: there.case,
        events: vec![Event::PromiseKept { id: there.promise, at, remark: None }],
    });
    let elsewhere = theirs.collect();
    Ok(Decision { events: vec![Event::PromiseKept { id: promise.id, at, remark: keep.remark.clone() }], elsewhere })
}
