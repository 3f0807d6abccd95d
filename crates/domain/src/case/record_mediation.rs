//! Record the mediation (调解): the body has begun to mediate. Until it ends the case stays open.

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
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "What the body writes about it."),
];

/// Record that the body mediates.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordMediation {
    /// Which matter, when, and the paper.
    #[serde(flatten)]
    pub proof: Proof,
    /// What the body writes.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.matters.iter().any(|matter| matter.may(Stage::Mediation))
}

/// Decides the record.
///
/// # Errors
/// If the case has ended, no matter can be mediated, or its time or paper is wrong.
pub fn decide(case: &Case, input: &RecordMediation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let mut recorded = matter::record(case, Stage::Mediation, &input.proof, ctx)?;
    if let Event::RegulatorActed { remark, .. } = &mut recorded.event {
        remark.clone_from(&input.remark);
    }
    Ok(recorded.decision())
}
