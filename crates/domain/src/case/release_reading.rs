//! Release (审读放行): a second person has read what is to go out, and it may.

use super::reading::{Reading, Standing};
use super::{Case, Context, Decision, dispute};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a release.
pub const FIELDS: &[Field] = &[
    required("reading", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the reading within the case."),
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "Remark of the reader."),
];

/// Let it go out.
#[derive(Clone, Debug, Deserialize)]
pub struct ReleaseReading {
    /// Number of the reading.
    pub reading: u32,
    /// Remark.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.waiting_readings().next().is_some()
}

/// Decides a release.
///
/// # Errors
/// If nothing of that number waits, or the reader wrote it or must not judge this case.
pub fn decide(case: &Case, release: &ReleaseReading, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    waiting(case, release.reading, ctx)?;
    Ok(Decision::of(vec![Event::ReadingReleased { reading: release.reading, remark: release.remark.clone() }]))
}

/// The reading that waits, if whoever asks may be its reader.
pub(super) fn waiting<'c>(case: &'c Case, id: u32, ctx: &Context<'_>) -> Result<&'c Reading, Refusal> {
    let known = case.reading(id).ok_or_else(|| Fault::new("reading", "unknown_reading"))?;
    if known.standing != Standing::Waiting {
        return Err(Refusal::conflict("reading_does_not_wait").with("reading", id));
    }
    let reader = ctx.actor.id;
    if known.by == reader {
        return Err(Refusal::forbidden("own_words"));
    }
    dispute::impartial(case, reader)?;
    if case.excluded().contains(&reader) {
        return Err(Refusal::forbidden("complained_about"));
    }
    Ok(known)
}
