//! Call back (回访): somebody who did not handle the case calls the customer and asks the three questions. Every attempt
//! counts, also one nobody answers.

use super::survey::{self, MOST_CALLS};
use super::{Case, Context, Decision, State, register};
use crate::event::{ContactOutcome, Event, Satisfaction};
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of an attempt.
pub const FIELDS: &[Field] = &[
    required("outcome", Kind::Code(ContactOutcome::CODES), "What came of the call."),
    optional(
        "satisfied",
        Kind::Code(&["satisfied", "neutral", "dissatisfied", "no_answer"]),
        "Overall, of who was reached.",
    ),
    optional("solved", Kind::Bool, "Whether the matter is solved."),
    optional("timely", Kind::Bool, "Whether the answer came in time."),
    optional("comment", Kind::Text { max: 2_000, multiline: true }, "In the customer's words."),
    optional("at", Kind::Moment, "When. Default: now."),
];

/// Call the customer back.
#[derive(Clone, Debug, Deserialize)]
pub struct CallBack {
    /// What came of it.
    pub outcome: ContactOutcome,
    /// Overall.
    pub satisfied: Option<Satisfaction>,
    /// Whether the matter is solved.
    pub solved: Option<bool>,
    /// Whether the answer came in time.
    pub timely: Option<bool>,
    /// In the customer's words.
    #[serde(default, deserialize_with = "plain_option")]
    pub comment: Option<FreeText>,
    /// When.
    pub at: Option<Timestamp>,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingCustomer, State::Closed];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state) && !case.record.anonymous && case.call_backs.len() < MOST_CALLS
}

/// Decides the attempt.
///
/// # Errors
/// Before the customer was answered, to whoever handled the case or whom it is about, or where answers and outcome do not
/// go together.
pub fn decide(case: &Case, call: &CallBack, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_asked"));
    }
    if case.handled_by(ctx.actor.id) {
        return Err(Refusal::forbidden("handler_cannot_call_back"));
    }
    super::dispute::impartial(case, ctx.actor.id)?;
    if case.call_backs.len() >= MOST_CALLS {
        return Err(Refusal::conflict("too_many_calls").with("most", MOST_CALLS));
    }
    let at = call.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let reached = call.outcome == ContactOutcome::Reached;
    let answers = [
        ("satisfied", call.satisfied.is_some()),
        ("solved", call.solved.is_some()),
        ("timely", call.timely.is_some()),
        ("comment", call.comment.is_some()),
    ];
    if !reached {
        let given = answers.iter().filter(|(_, given)| *given);
        let faults: Vec<Fault> = given.map(|(field, _)| Fault::new(*field, "only_when_reached")).collect();
        if !faults.is_empty() {
            return Err(Refusal::invalid(faults));
        }
    }
    let mut events = vec![Event::CalledBack { outcome: call.outcome, at }];
    if reached {
        let Some(satisfied) = call.satisfied else { return Err(Fault::new("satisfied", "required").into()) };
        let recorded = Event::SatisfactionRecorded {
            satisfied,
            solved: call.solved,
            timely: call.timely,
            comment: call.comment.clone(),
            channel: Some("call_back".to_owned()),
        };
        events.extend(survey::said(case, recorded));
    }
    Ok(Decision::of(events))
}
