//! Notify progress (进展告知): the customer hears how far the matter is, every 48 hours or as agreed
//! (DB3212/T 1102-2022). The clock of the next notice begins with this one.

use super::{Case, Context, Decision, State, clocks, register};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::{StartFact, StopFact};
use serde::Deserialize;
use uuid::Uuid;

/// Shape of a progress notice.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer was told."),
    required("content", Kind::Text { max: 5_000, multiline: true }, "In which words."),
    optional("at", Kind::Moment, "When. Default: now."),
];

/// Record a progress notice.
#[derive(Clone, Debug, Deserialize)]
pub struct NotifyProgress {
    /// How.
    pub mode: String,
    /// In which words.
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
    /// When.
    pub at: Option<Timestamp>,
    /// Set where the words are what the case's incident has approved for all; the desk says so, never a caller.
    #[serde(skip)]
    pub of_incident: Option<Wording>,
}

/// A wording of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The incident.
    pub incident: Uuid,
    /// Its number there.
    pub wording: u32,
}

/// States from which it is possible: before the outcome is told, the present state of things is.
pub(super) const FROM: &[State] = &[
    State::Triage,
    State::Registered,
    State::Accepted,
    State::InProgress,
    State::AwaitingReview,
    State::AwaitingReply,
    State::Suspended,
    State::Reopened,
];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state) && !case.record.anonymous
}

/// Decides a progress notice.
///
/// # Errors
/// After the outcome was told, when nobody can be told, if the moment lies outside the case's life, or the customer was told
/// these words of the case's incident already.
pub fn decide(case: &Case, notice: &NotifyProgress, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    if let Some(of) = notice.of_incident {
        let member = case.incident.as_ref().filter(|member| member.incident == of.incident);
        let member = member.ok_or_else(|| Refusal::conflict("in_no_incident"))?;
        if member.wording == Some(of.wording) {
            return Err(Refusal::conflict("told_already").with("number", &member.number));
        }
    }
    let at = notice.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let mut events = vec![Event::ProgressNotified {
        mode: notice.mode.clone(),
        at,
        content: notice.content.clone(),
        wording: notice.of_incident.map(|of| of.wording),
    }];
    events.extend(clocks::stop_at(case, StopFact::ProgressNotified, at, ctx));
    events.extend(clocks::start(case, StartFact::ProgressNotified, case.round, at, ctx));
    Ok(Decision::of(events))
}
