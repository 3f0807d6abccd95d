//! Record the transfer (转办): the body hands over a matter it had under pretreatment, or asks for another feedback. What
//! it hands over for the first time is a hand-off, not this.

use super::matter::{self, Proof, Stage};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of the record.
pub const FIELDS: &[Field] = &[
    matter::MATTER,
    matter::DOCUMENT,
    matter::REFERENCE,
    matter::AT,
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "What the body asks for."),
];

/// Record the body's notice of transfer.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordTransfer {
    /// Which matter, when, and the notice.
    #[serde(flatten)]
    pub proof: Proof,
    /// What it asks for.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.matters.iter().any(|matter| matter.may(Stage::Transferred))
}

/// Decides the record.
///
/// # Errors
/// If the case has ended, no matter can be transferred, or its time or paper is wrong.
pub fn decide(case: &Case, input: &RecordTransfer, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let mut recorded = matter::record(case, Stage::Transferred, &input.proof, ctx)?;
    if let Event::RegulatorActed { remark, .. } = &mut recorded.event {
        remark.clone_from(&input.remark);
    }
    Ok(recorded.decision())
}
