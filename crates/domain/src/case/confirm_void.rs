//! Confirm voiding (作废复核): a second person makes the case void, or refuses to.

use super::gates::{self, Ending};
use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use policy::StopFact;
use serde::Deserialize;

/// Shape of the decision.
pub const FIELDS: &[Field] = &[
    required("decision", Kind::Code(&["confirm", "refuse"]), "Whether the case becomes void."),
    optional("remark", Kind::Text { max: 1_000, multiline: true }, "Why."),
];

/// What the second person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It becomes void.
    Confirm,
    /// It stays.
    Refuse,
}

/// Decide about voiding.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfirmVoid {
    /// Whether it becomes void.
    pub decision: Verdict,
    /// Why.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.void_asked_by.is_some()
}

/// Decides about voiding.
///
/// # Errors
/// If nobody asked, the same person asked, customers of merged cases or another body wait for their answer, or the law
/// wants something of a case that was handled.
pub fn decide(case: &Case, confirm: &ConfirmVoid, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(asker) = case.void_asked_by else {
        return Err(Refusal::conflict("void_not_asked"));
    };
    let remark = confirm.remark.clone();
    if confirm.decision == Verdict::Refuse {
        return Ok(Decision::of(vec![Event::VoidRefused { remark }]));
    }
    if asker == ctx.actor.id {
        return Err(Refusal::forbidden("own_void_request"));
    }
    super::merge::nobody_waits(case)?;
    // It may have been handed over since somebody asked.
    super::matter::nothing_owed(case)?;
    super::referral::all_over(case, ctx)?;
    gates::require_ending(case, Ending::Void, ctx)?;
    let mut events = vec![Event::Voided { remark }];
    events.extend(clocks::end_all(case, StopFact::Voided, ctx));
    events.push(Event::Moved { to: State::Voided });
    Ok(Decision::of(events))
}
