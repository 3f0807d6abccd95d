//! Promise (承诺): something the customer was promised, due at a moment. It is an object of its own: it warns, it can be
//! broken, and no case closes over one that is still open. One that is a call stands in the list of call-backs.

use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Shape of a promise.
pub const FIELDS: &[Field] = &[
    required("what", Kind::Text { max: 1_000, multiline: true }, "What was promised."),
    required("due_at", Kind::Moment, "By when."),
    optional("call_back", Kind::Bool, "That the customer is called; it stands in the list of call-backs then."),
];

/// The furthest a promise may reach: a longer one is a mistyped year.
pub(super) const FURTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// More open promises than this are nobody's any more.
pub(super) const MOST_OPEN: usize = 50;

/// Note a promise.
#[derive(Clone, Debug, Deserialize)]
pub struct Promise {
    /// What was promised.
    #[serde(deserialize_with = "plain")]
    pub what: FreeText,
    /// By when.
    pub due_at: Timestamp,
    /// Whether the customer is to be called.
    #[serde(default)]
    pub call_back: Option<bool>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.state != State::Triage
}

/// Decides a promise.
///
/// # Errors
/// If the case has ended, the moment has passed or lies more than a year ahead, or nobody known could be called.
pub fn decide(case: &Case, promise: &Promise, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if promise.due_at <= ctx.now {
        return Err(Fault::new("due_at", "in_past").into());
    }
    if promise.due_at > ctx.now + FURTHEST {
        return Err(Fault::new("due_at", "too_far_ahead").with("days", 366).into());
    }
    if case.open_promises().count() >= MOST_OPEN {
        return Err(Refusal::conflict("too_many_promises").with("most", MOST_OPEN));
    }
    let call_back = promise.call_back == Some(true);
    if call_back && case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    let id = case.next_promise();
    Ok(Decision::of(vec![Event::Promised { id, what: promise.what.clone(), due_at: promise.due_at, call_back }]))
}
