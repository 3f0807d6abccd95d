//! Feed back (反馈): the operator answers the body that handed the matter over. Without its paper no case closes that a
//! regulator is involved in.

use super::matter::{self, Proof, Stage};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a feedback.
pub const FIELDS: &[Field] = &[
    matter::MATTER,
    required("content", Kind::Text { max: 10_000, multiline: true }, "What the body was told: facts and result."),
    matter::DOCUMENT,
    matter::REFERENCE,
    matter::AT,
];

/// Record what the body was told.
#[derive(Clone, Debug, Deserialize)]
pub struct FeedBack {
    /// Which matter, when, and the document.
    #[serde(flatten)]
    pub proof: Proof,
    /// What it was told.
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.matters.iter().any(matter::Matter::takes_feedback)
}

/// Decides a feedback. It is owed to the body, however the case itself stands.
///
/// # Errors
/// If no matter takes one, or its time or document is wrong.
pub fn decide(case: &Case, input: &FeedBack, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let proof = &input.proof;
    // Who names none means the one that waits, if one does.
    let owed = proof.matter.is_none() && case.matters.iter().any(matter::Matter::owes_feedback);
    let matter = proof.matter(case, |one| one.takes_feedback() && (!owed || one.owes_feedback()))?;
    let at = proof.at(matter, ctx)?;
    proof.paper(case)?;
    let mut events = vec![Event::RegulatorFedBack {
        matter: matter.id,
        to: matter.owner.clone(),
        at,
        document: proof.document,
        reference: proof.reference.clone(),
        content: input.content.clone(),
    }];
    events.extend(matter::turn(case, matter, Stage::FedBack, at, ctx));
    Ok(Decision::of(events))
}
