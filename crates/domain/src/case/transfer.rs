//! Transfer (移交): the case goes to another unit or person, never without a reason. Whoever gave it away and why stays
//! on record; no clock stops for it.

use super::assign::{self, Assign};
use super::{Case, Context, Decision};
use crate::free_text::{FreeText, plain};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a transfer.
pub const FIELDS: &[Field] = &[
    optional(
        "unit",
        Kind::Uuid,
        "The unit. Without a user the case goes into its queue. Default: the user's own unit.",
    ),
    optional("user", Kind::Uuid, "The person."),
    required("reason", Kind::Text { max: 500, multiline: true }, "Why it is not handled here."),
];

/// Hand the case over. The desk has looked unit and user up: `unit` is set once it reaches `decide`.
#[derive(Clone, Debug, Deserialize)]
pub struct Transfer {
    /// The unit.
    pub unit: Option<UnitId>,
    /// The person.
    pub user: Option<UserId>,
    /// The absent person who was named; the desk then puts the deputy into `user`, or nobody. Never given by a caller.
    #[serde(skip)]
    pub instead_of: Option<UserId>,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides a transfer: an assignment that may not stay silent about its reason.
///
/// # Errors
/// Those of an assignment.
pub fn decide(case: &Case, transfer: &Transfer, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Transfer { unit, user, instead_of, reason } = transfer.clone();
    let assign = Assign { unit, user, instead_of, reason: Some(reason) };
    assign::decide(case, &assign, ctx)
}
