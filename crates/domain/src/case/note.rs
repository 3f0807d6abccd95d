//! Note (备注): words for colleagues. Allowed in every state; a closed case still learns.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a note.
pub const FIELDS: &[Field] = &[required("text", Kind::Text { max: 10_000, multiline: true }, "The note.")];

/// Write a note.
#[derive(Clone, Debug, Deserialize)]
pub struct Note {
    /// The note.
    #[serde(deserialize_with = "plain")]
    pub text: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.version > 0
}

/// Decides a note.
///
/// # Errors
/// Never at present.
pub fn decide(_: &Case, note: &Note, _: &Context<'_>) -> Result<Decision, Refusal> {
    Ok(Decision::of(vec![Event::Noted { text: note.text.clone() }]))
}
