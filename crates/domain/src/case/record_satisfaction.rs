//! Record satisfaction (满意度记录): the three questions satisfied, solved, timely.

use super::survey::{self, BROUGHT};
use super::{Case, Context, Decision, State};
use crate::event::{Event, Satisfaction};
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the answers.
pub const FIELDS: &[Field] = &[
    required("satisfied", Kind::Code(&["satisfied", "neutral", "dissatisfied", "no_answer"]), "Overall."),
    optional("solved", Kind::Bool, "Whether the matter is solved."),
    optional("timely", Kind::Bool, "Whether the answer came in time."),
    optional("through", Kind::Code(BROUGHT), "How the customer said so. Default: to the agent."),
    optional("comment", Kind::Text { max: 2_000, multiline: true }, "In the customer's words."),
];

/// Record the customer's answers.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordSatisfaction {
    /// Overall.
    pub satisfied: Satisfaction,
    /// Whether the matter is solved.
    pub solved: Option<bool>,
    /// Whether the answer came in time.
    pub timely: Option<bool>,
    /// How the customer said so.
    pub through: Option<String>,
    /// In the customer's words.
    #[serde(default, deserialize_with = "plain_option")]
    pub comment: Option<FreeText>,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingCustomer, State::Closed];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides the recording.
///
/// # Errors
/// Unless the customer was asked in this round. One who is not satisfied has it reviewed by a third person.
pub fn decide(case: &Case, said: &RecordSatisfaction, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if !case.satisfaction_asked {
        return Err(Refusal::conflict("satisfaction_not_asked"));
    }
    let recorded = Event::SatisfactionRecorded {
        satisfied: said.satisfied,
        solved: said.solved,
        timely: said.timely,
        comment: said.comment.clone(),
        channel: said.through.clone(),
    };
    Ok(Decision::of(survey::said(case, recorded)))
}
