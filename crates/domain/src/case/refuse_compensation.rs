//! Refuse compensation (驳回补偿): with a reason. Also one's own, to take it back.

use super::compensation::{self, Standing, WHICH};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a refusal.
pub const FIELDS: &[Field] = &[WHICH, required("remark", Kind::Text { max: 2_000, multiline: true }, "Why.")];

/// Refuse a compensation.
#[derive(Clone, Debug, Deserialize)]
pub struct RefuseCompensation {
    /// Its number.
    pub compensation: u32,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub remark: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(|one| one.standing == Standing::Proposed)
}

/// Decides a refusal.
///
/// # Errors
/// If there is no such compensation or it was decided about.
pub fn decide(case: &Case, refuse: &RefuseCompensation, _: &Context<'_>) -> Result<Decision, Refusal> {
    let one = compensation::named(case, refuse.compensation, Standing::Proposed)?;
    Ok(Decision::of(vec![Event::CompensationRefused { id: one.id, remark: refuse.remark.clone() }]))
}
