//! Send a message (发消息): the customer is written to, or called by a machine, beside reply, progress and letters.

use super::message::Way;
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Ways the house has itself.
pub const WAYS: &[&str] = &["email", "sms", "voice"];
/// Most characters of what is not mail.
const MOST_SHORT: usize = 500;

/// Shape of a message.
pub const FIELDS: &[Field] = &[
    required(
        "way",
        Kind::Code(WAYS),
        "How it goes: by e-mail, as a short message, or read out by a machine that calls.",
    ),
    required(
        "content",
        Kind::Text { max: 5_000, multiline: true },
        "What it says; one line of 500 characters unless it is mail.",
    ),
];

/// Send a message.
#[derive(Clone, Debug, Deserialize)]
pub struct SendMessage {
    /// How.
    pub way: Way,
    /// In which words.
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && !case.record.anonymous
}

/// Decides a message.
///
/// # Errors
/// If the case has ended, nobody knows who complained, or what is no mail has several lines or is too long.
pub fn decide(case: &Case, message: &SendMessage, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_needs_notice"));
    }
    if let (Way::Sms | Way::Voice, FreeText::Plain(words)) = (message.way, &message.content) {
        if words.contains(['\n', '\t']) {
            return Err(Fault::new("content", "one_line").into());
        }
        let given = words.chars().count();
        if given > MOST_SHORT {
            return Err(Fault::new("content", "too_long").with("max", MOST_SHORT).with("given", given).into());
        }
    }
    Ok(Decision::of(vec![Event::MessageWritten { way: message.way, content: message.content.clone() }]))
}
