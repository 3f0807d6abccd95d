//! Record the admission (受理 / 不予受理): the body has decided whether it takes the matter up.

use super::matter::{self, Proof, Stage};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// What the body may have decided.
pub const ADMISSIONS: &[&str] = &["admitted", "refused"];

/// Shape of the record.
pub const FIELDS: &[Field] = &[
    matter::MATTER,
    required("admission", Kind::Code(ADMISSIONS), "What the body decided."),
    matter::DOCUMENT,
    matter::REFERENCE,
    matter::AT,
    optional("remark", Kind::Text { max: 2_000, multiline: true }, "The body's reasons."),
];

/// Record what the body decided.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordAdmission {
    /// Which matter, when, and the paper.
    #[serde(flatten)]
    pub proof: Proof,
    /// [`Stage::Admitted`] or [`Stage::Refused`].
    pub admission: Stage,
    /// Its reasons.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.matters.iter().any(|matter| matter.may(Stage::Admitted))
}

/// Decides the record.
///
/// # Errors
/// If no matter waits for this decision, or its time or paper is wrong.
pub fn decide(case: &Case, input: &RecordAdmission, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let mut recorded = matter::record(case, input.admission, &input.proof, ctx)?;
    if let Event::RegulatorActed { remark, .. } = &mut recorded.event {
        remark.clone_from(&input.remark);
    }
    Ok(recorded.decision())
}
