//! Invite to the survey (满意度链接): a link for one customer and one answer. Its secret is made by the desk and kept
//! nowhere; the log holds its digest. A later link takes the place of an earlier one.

use super::survey::{self, MOST_LINKS};
use super::{Case, State};
use crate::event::{Event, Satisfaction};
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// How long a link is good.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Shape of what the customer answers.
pub const ANSWER: &[Field] = &[
    required("satisfied", Kind::Code(&["satisfied", "neutral", "dissatisfied"]), "Overall."),
    optional("solved", Kind::Bool, "Whether the matter is solved."),
    optional("timely", Kind::Bool, "Whether the answer came in time."),
    optional("comment", Kind::Text { max: 2_000, multiline: true }, "In the customer's words."),
];

/// What the customer answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// Overall.
    pub satisfied: Satisfaction,
    /// Whether the matter is solved.
    pub solved: Option<bool>,
    /// Whether the answer came in time.
    pub timely: Option<bool>,
    /// In the customer's words.
    #[serde(default, deserialize_with = "plain_option")]
    pub comment: Option<FreeText>,
}

/// Cases a link can be made for.
const FROM: &[State] = &[State::AwaitingCustomer, State::Closed];

/// Whether a link can be made for a case as it stands.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state) && case.reply.is_some() && !case.record.anonymous
}

/// Decides the invitation; `digest` is that of the secret, hexadecimal.
///
/// # Errors
/// Before the customer was answered, when nobody can be asked, or after too many links.
pub fn decide(case: &Case, digest: &str, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    case.require(FROM)?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_asked"));
    }
    if case.reply.is_none() {
        return Err(Refusal::conflict("not_answered_yet"));
    }
    if case.invitations.len() >= MOST_LINKS {
        return Err(Refusal::conflict("too_many_links").with("most", MOST_LINKS));
    }
    let invitation = u32::try_from(case.invitations.len()).unwrap_or(u32::MAX).saturating_add(1);
    Ok(vec![Event::SurveyInvited { invitation, digest: digest.to_owned(), expires_at: now + GOOD_FOR }])
}

/// Decides what an answer through a link causes; nothing where the link is not, or no longer, good.
#[must_use]
pub fn answered(case: &Case, digest: &str, answer: &Answer, now: Timestamp) -> Option<Vec<Event>> {
    case.invitation(digest, now).filter(|_| FROM.contains(&case.state))?;
    let recorded = Event::SatisfactionRecorded {
        satisfied: answer.satisfied,
        solved: answer.solved,
        timely: answer.timely,
        comment: answer.comment.clone(),
        channel: Some("link".to_owned()),
    };
    Some(survey::said(case, recorded))
}
