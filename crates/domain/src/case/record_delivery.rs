//! Record that a letter arrived (送达): some rules want more than proof that it went out.

use super::{Case, Context, Decision, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use policy::Proof;
use serde::Deserialize;

/// Shape of a delivery.
pub const FIELDS: &[Field] = &[
    required("letter", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the letter within the case."),
    optional("at", Kind::Moment, "When it arrived. Default: now."),
    optional("document", Kind::Uuid, "The attachment of this case that proves it; this or `reference` is needed."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "Number of the receipt; this or `document` is needed. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Record that a letter arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordDelivery {
    /// Number of the letter.
    pub letter: u32,
    /// When.
    pub at: Option<Timestamp>,
    /// The attachment that proves it.
    pub document: Option<AttachmentId>,
    /// The number that proves it.
    pub reference: Option<String>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.letters.iter().any(|letter| letter.issued.is_some() && letter.delivered_at.is_none())
}

/// Decides a delivery.
///
/// # Errors
/// If there is no such letter, it has not gone out or has arrived already, its time is wrong or nothing proves it.
pub fn decide(case: &Case, delivery: &RecordDelivery, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let letter = case.letters.iter().find(|letter| letter.id == delivery.letter);
    let letter = letter.ok_or_else(|| Fault::new("letter", "unknown_letter"))?;
    let Some(issued) = &letter.issued else { return Err(Refusal::conflict("letter_not_out")) };
    if letter.delivered_at.is_some() {
        return Err(Refusal::conflict("letter_arrived"));
    }
    let at = delivery.at.unwrap_or(ctx.now);
    if at > ctx.now + super::register::CLOCK_SKEW {
        return Err(Fault::new("at", "in_future").into());
    }
    if at < issued.at {
        return Err(Fault::new("at", "before_last_step").into());
    }
    case.require_attached(delivery.document)?;
    if delivery.document.is_none() && delivery.reference.is_none() {
        return Err(Fault::new("document", "needs_paper").into());
    }
    let (document, reference) = (delivery.document, delivery.reference.clone());
    let mut events = vec![Event::LetterDelivered { letter: delivery.letter, at, document, reference }];
    if ctx.rules.letter(&letter.rule).is_some_and(|rule| rule.proof == Proof::Delivered) {
        events.extend(clocks::with_letter(case, &letter.rule, at, ctx));
    }
    Ok(Decision::of(events))
}
