//! Record the end (办结): the body is through with the matter. It may come long after the case itself was closed.

use super::matter::{self, Proof, Stage};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// How a matter may end: the parties agreed (和解), the mediation succeeded (调解成) or not (调解不成), the body found that
/// nothing was to be complained of (无效), or it simply concluded it (办结), as a hotline does.
pub const RESULTS: &[&str] = &["settled", "mediated", "not_mediated", "invalid", "concluded"];

/// Shape of the record.
pub const FIELDS: &[Field] = &[
    matter::MATTER,
    required("result", Kind::Code(RESULTS), "How it ended."),
    matter::DOCUMENT,
    matter::REFERENCE,
    matter::AT,
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "What the body writes about it."),
];

/// Record how the matter ended.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordEnd {
    /// Which matter, when, and the paper.
    #[serde(flatten)]
    pub proof: Proof,
    /// How.
    pub result: String,
    /// What the body writes.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.matters.iter().any(|matter| matter.may(Stage::Ended))
}

/// Decides the record.
///
/// # Errors
/// If no matter can end, a mediation is named that never was, or its time or paper is wrong.
pub fn decide(case: &Case, input: &RecordEnd, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let mut recorded = matter::record(case, Stage::Ended, &input.proof, ctx)?;
    let mediated = input.proof.matter(case, |matter| matter.may(Stage::Ended))?.stage == Stage::Mediation;
    if matches!(input.result.as_str(), "mediated" | "not_mediated") && !mediated {
        return Err(Fault::new("result", "never_mediated").into());
    }
    if let Event::RegulatorActed { remark, result, .. } = &mut recorded.event {
        remark.clone_from(&input.remark);
        *result = Some(input.result.clone());
    }
    Ok(recorded.decision())
}
