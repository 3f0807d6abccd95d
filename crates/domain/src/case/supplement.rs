//! Supplement (补充): the customer adds something, or asks how long it still takes (催单). Belongs to the case there
//! is, never to a second one.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::CHANNELS;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a supplement.
pub const FIELDS: &[Field] = &[
    required("text", Kind::Text { max: 10_000, multiline: true }, "What the customer adds."),
    optional("channel", Kind::Code(CHANNELS), "Channel it came in through."),
    optional("urging", Kind::Bool, "True when the customer presses for an answer (催单); counted."),
];

/// Add what the customer says further.
#[derive(Clone, Debug, Deserialize)]
pub struct Supplement {
    /// What the customer adds.
    #[serde(deserialize_with = "plain")]
    pub text: FreeText,
    /// Channel it came in through.
    pub channel: Option<String>,
    /// Whether the customer presses for an answer.
    #[serde(default)]
    pub urging: bool,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides a supplement.
///
/// # Errors
/// If the case has ended: then it is reopened instead.
pub fn decide(case: &Case, more: &Supplement, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    Ok(Decision::of(vec![Event::Supplemented {
        text: more.text.clone(),
        channel: more.channel.clone(),
        urging: more.urging,
    }]))
}
