//! Return (审读退回): a second person has read what is to go out and wants it written anew.

use super::{Case, Context, Decision, release_reading};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a return.
pub const FIELDS: &[Field] = &[
    required("reading", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the reading within the case."),
    required("reason", Kind::Text { max: 2_000, multiline: true }, "What has to be written otherwise."),
];

/// Send it back to its writer.
#[derive(Clone, Debug, Deserialize)]
pub struct ReturnReading {
    /// Number of the reading.
    pub reading: u32,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

pub use super::release_reading::offered;

/// Decides a return.
///
/// # Errors
/// Those of a release.
pub fn decide(case: &Case, sent: &ReturnReading, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    release_reading::waiting(case, sent.reading, ctx)?;
    Ok(Decision::of(vec![Event::ReadingReturned { reading: sent.reading, reason: sent.reason.clone() }]))
}
