//! Attach (添加附件): a paper joins the case. Allowed in every state, as a note is: what somebody hands in late still
//! belongs to it. The bytes are kept apart; the log holds the name, what the bytes are, and digests they are held
//! against.

use super::{Case, Decision};
use crate::event::Event;
use crate::free_text::FreeText;
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};

/// Most attachments of one case.
pub const MOST: usize = 50;
/// Largest attachment, bytes.
pub const LARGEST: u64 = 20 << 20;

/// Shape of what is said beside the file.
pub const FIELDS: &[Field] =
    &[optional("note", Kind::Text { max: 1_000, multiline: true }, "What the file is, for colleagues.")];

/// Attach a file whose bytes have been taken in and sealed.
#[derive(Clone, Debug)]
pub struct Attach {
    /// Identity.
    pub id: AttachmentId,
    /// Name, cleaned by [`crate::text::file_name::clean`].
    pub name: FreeText,
    /// What the bytes are, from [`crate::media::of`].
    pub media: &'static str,
    /// Length in bytes.
    pub size: u64,
    /// Keyed digest of the bytes, hexadecimal.
    pub digest: String,
    /// Merkle root over the digests of the sealed chunks, hexadecimal; holds what is stored against the log without
    /// a key.
    pub sealed: String,
    /// What was said beside it.
    pub note: Option<FreeText>,
}

/// Decides an attachment.
///
/// # Errors
/// If the case holds as many as it may.
pub fn decide(case: &Case, input: &Attach) -> Result<Decision, Refusal> {
    if case.attachments.len() >= MOST {
        return Err(Refusal::conflict("too_many_attachments").with("max", MOST));
    }
    Ok(Decision::of(vec![Event::Attached {
        id: input.id,
        name: input.name.clone(),
        media: input.media.to_owned(),
        size: input.size,
        digest: input.digest.clone(),
        sealed: input.sealed.clone(),
        note: input.note.clone(),
    }]))
}
