//! Send to billing (送计费): a sum that was agreed upon is handed to the billing system, which pays it and says so. From
//! then on nobody pays it by hand, so that it is never paid twice.

use super::compensation::{self, WHICH};
use super::{Case, Compensation, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Ways to the billing system.
pub const WAYS: &[&str] = &["file", "webhook"];

/// Shape of the handing over.
pub const FIELDS: &[Field] =
    &[WHICH, optional("way", Kind::Code(WAYS), "How it gets there. Default: with the next file.")];

/// Send a sum to billing.
#[derive(Clone, Debug, Deserialize)]
pub struct SendCompensation {
    /// Its number.
    pub compensation: u32,
    /// One of [`WAYS`].
    pub way: Option<String>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(Compensation::can_be_sent)
}

/// Decides the handing over.
///
/// # Errors
/// If there is no such sum, it was not agreed upon, is on its way or paid.
pub fn decide(case: &Case, send: &SendCompensation, _: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(one) = case.compensation(send.compensation) else {
        return Err(Fault::new("compensation", "unknown_compensation").into());
    };
    if !one.kind.is_money() {
        return Err(Fault::new("compensation", "no_money").into());
    }
    if !one.can_be_sent() {
        return Err(compensation::elsewhere(one));
    }
    let (way, attempt) = (send.way.clone().unwrap_or_else(|| "file".to_owned()), one.attempts.saturating_add(1));
    Ok(Decision::of(vec![Event::CompensationSent { id: one.id, attempt, way }]))
}
