//! Re-grade (重分级): a grade that stands is changed, up or down, with its reason. Every clock is counted anew from its
//! original start; one of the law layer never moves later.

use super::grade::{self, FIELDS as GRADE_FIELDS, SetGrade};
use super::{Case, Context, Decision, State};
use crate::refusal::Refusal;
use crate::shape::Field;
use serde::Deserialize;

/// Shape of a re-grading.
pub const FIELDS: &[Field] = GRADE_FIELDS;

/// Change the grade.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Regrade(pub SetGrade);

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    let handled = case.graded_by_hand || !matches!(case.state, State::Triage | State::Registered);
    case.state.is_open() && case.state != State::Suspended && handled
}

/// Decides a re-grading.
///
/// # Errors
/// If the case has ended or nothing would change.
pub fn decide(case: &Case, regrade: &Regrade, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    grade::set(case, &regrade.0, ctx)
}
