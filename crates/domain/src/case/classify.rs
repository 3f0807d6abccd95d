//! Classify (分类): the leaf of the category tree. Ends triage; may correct an earlier choice.

use super::{Case, Context, Decision, State, grade};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a classification.
pub const FIELDS: &[Field] = &[
    required("category", Kind::Category, "Leaf of the category tree."),
    optional("reason", Kind::Text { max: 500, multiline: true }, "Why the earlier category was wrong."),
];

/// Set the category.
#[derive(Clone, Debug, Deserialize)]
pub struct Classify {
    /// Leaf of the category tree.
    pub category: String,
    /// Why the earlier one was wrong.
    #[serde(default, deserialize_with = "plain_option")]
    pub reason: Option<FreeText>,
}

/// States from which it is possible.
const FROM: &[State] = &[
    State::Triage,
    State::Registered,
    State::Accepted,
    State::InProgress,
    State::AwaitingReview,
    State::AwaitingReply,
    State::Reopened,
];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a classification; the rules grade the case anew unless a person set the grade.
///
/// # Errors
/// If the outcome is already told, there is no such leaf, or it is the same.
pub fn decide(case: &Case, classify: &Classify, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    known_leaf(&classify.category, ctx)?;
    if case.category.as_deref() == Some(&classify.category) {
        return Err(Refusal::conflict("unchanged"));
    }
    let mut events = vec![Event::Classified { category: classify.category.clone(), reason: classify.reason.clone() }];
    events.extend(grade::regrade_by_rules(case, &classify.category, ctx));
    if case.state == State::Triage {
        events.push(Event::Moved { to: State::Registered });
    }
    Ok(Decision::of(events))
}

/// Refuses a category that is no leaf in use.
///
/// # Errors
/// Names the field.
pub fn known_leaf(code: &str, ctx: &Context<'_>) -> Result<(), Refusal> {
    match ctx.taxonomy.category(code) {
        Some(category) if category.retired => Err(Fault::new("category", "retired_category").into()),
        Some(_) if ctx.taxonomy.is_leaf(code) => Ok(()),
        Some(_) => Err(Fault::new("category", "not_a_leaf").into()),
        None => Err(Fault::new("category", "unknown_category").into()),
    }
}
