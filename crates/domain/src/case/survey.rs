//! Survey (满意度调查): what the customer says about the answer, each channel for itself, and what follows when they are
//! not satisfied: a review inside the house by a third person, before the case may close.

use super::{Case, call_back};
use crate::actor::ActorId;
use crate::event::{ContactOutcome, Entry, Event, Satisfaction};
use crate::fault::Fault;
use crate::free_text::FreeText;
use jiff::{SignedDuration, Timestamp};

/// How customers say it; results are kept apart by these.
pub const CHANNELS: &[&str] = &["link", "agent", "call_back", "sms", "ivr"];

/// Channels whose results somebody brings in from outside: an agent who has the customer on the line, or a programme.
pub const BROUGHT: &[&str] = &["agent", "sms", "ivr"];

/// Attempts to call back kept in one case; more are a mistake.
pub(super) const MOST_CALLS: usize = 50;
/// Links made in one case; more are a mistake.
pub(super) const MOST_LINKS: usize = 50;

/// How long a customer who was asked is left to answer by themselves, and the least time between two calls.
const LEFT_ALONE: SignedDuration = SignedDuration::from_hours(24);
/// Calls a round after which nobody is called any more.
const MOST_TRIES: usize = 3;

/// The call in which somebody who did not handle the case asks a customer who was asked and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// From when on it is to be made.
    pub due_at: Timestamp,
    /// When it is to be tried next.
    pub next_at: Timestamp,
    /// Whether it is still to be made.
    pub open: bool,
}

impl Call {
    /// Whether it should have been made by a moment.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.open && self.due_at < now
    }
}

/// A link that was made for the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Number within the case, from 1.
    pub id: u32,
    /// Digest of its secret, hexadecimal; the secret itself is kept nowhere.
    pub digest: String,
    /// When it was made.
    pub at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Round of handling it asks about.
    pub round: u32,
    /// Whether it was answered, replaced by a later one, or the outcome it asks about no longer counts.
    pub spent: bool,
}

/// An attempt to call back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallBack {
    /// Who called.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// Round of handling.
    pub round: u32,
}

/// That a customer was asked through a channel, once a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// One of [`CHANNELS`].
    pub channel: String,
    /// When first.
    pub at: Timestamp,
    /// Round of handling.
    pub round: u32,
    /// What the customer said through it last; none where they did not answer.
    pub said: Option<Said>,
}

/// Answers to the three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Overall.
    pub satisfied: Satisfaction,
    /// Whether the matter is solved.
    pub solved: Option<bool>,
    /// Whether the answer came in time.
    pub timely: Option<bool>,
}

/// A review by a third person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Number within the case, from 1.
    pub id: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Round of handling.
    pub round: u32,
    /// Who decided it, when and how.
    pub decided: Option<(ActorId, Timestamp, String)>,
    /// Why, in words.
    pub reason: Option<FreeText>,
    /// Whether the customer rejected the outcome meanwhile, or the case was taken up again: somebody looks at all of it
    /// anew then.
    pub lapsed: bool,
}

impl Review {
    /// Whether somebody still has to decide it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.decided.is_none() && !self.lapsed
    }
}

/// The channel of an asking or an answer, as far as an entry says; before channels were told apart an agent asked, or it
/// was an SMS.
#[must_use]
pub fn channel_of<'e>(channel: Option<&'e String>, mode: Option<&str>) -> &'e str {
    match channel {
        Some(channel) => channel,
        None if mode == Some("sms") => "sms",
        None => "agent",
    }
}

/// What an answer means: it is kept, and a customer who is not satisfied has it looked at by a third person, once a round.
pub(super) fn said(case: &Case, answer: Event) -> Vec<Event> {
    let bad = matches!(answer, Event::SatisfactionRecorded { satisfied: Satisfaction::Dissatisfied, .. });
    let mut events = vec![answer];
    let again = case.reviews.iter().any(|review| review.round == case.round && !review.lapsed);
    if bad && !again {
        let review = case.reviews.iter().map(|review| review.id).max().unwrap_or(0).saturating_add(1);
        events.push(Event::ReviewOpened { review });
    }
    events
}

/// What keeps a case from being closed: a review nobody has decided.
pub(super) fn missing(case: &Case) -> impl Iterator<Item = Fault> {
    case.open_review().into_iter().map(|review| Fault::new("review", "gate_review").with("review", review.id))
}

impl Case {
    /// The review somebody has to decide.
    #[must_use]
    pub fn open_review(&self) -> Option<&Review> {
        self.reviews.iter().find(|review| review.is_open())
    }

    /// Who handled this round: proposed, approved, told, or holds the case. They neither call back nor review.
    #[must_use]
    pub fn handled_by(&self, actor: ActorId) -> bool {
        let holds = self.owner.user.map(ActorId::User) == Some(actor);
        holds || self.handlers.contains(&actor) || self.barred.contains(&actor)
    }

    /// The call that asks the customer of the last round that was asked about; nothing where nobody was asked yet.
    #[must_use]
    pub fn survey_call(&self) -> Option<Call> {
        let round = self.asked.iter().map(|one| one.round).max()?;
        let asked = self.asked.iter().filter(|one| one.round == round).map(|one| one.at).min()?;
        let tries = || self.call_backs.iter().filter(|call| call.round == round);
        let later = |at: Timestamp| at.checked_add(LEFT_ALONE).unwrap_or(at);
        let next_at = later(tries().map(|call| call.at).max().unwrap_or(asked));
        let waits = round == self.round && self.survey.is_none() && self.unreachable_at.is_none();
        let open = waits && call_back::offered(self) && tries().count() < MOST_TRIES;
        Some(Call { due_at: later(asked), next_at, open })
    }

    /// The link that is good at a moment, by the digest of its secret.
    #[must_use]
    pub fn invitation(&self, digest: &str, now: Timestamp) -> Option<&Invitation> {
        self.invitations.iter().find(|one| one.digest == digest && !one.spent && now < one.expires_at)
    }

    pub(super) fn apply_survey(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::SatisfactionAsked { mode, channel } => {
                self.satisfaction_asked = true;
                self.asked_through(channel_of(channel.as_ref(), Some(mode)), entry.at);
            }
            Event::SurveyInvited { invitation, digest, expires_at } => {
                self.satisfaction_asked = true;
                self.spend_links();
                self.asked_through("link", entry.at);
                self.invitations.push(Invitation {
                    id: *invitation,
                    digest: digest.clone(),
                    at: entry.at,
                    expires_at: *expires_at,
                    round: self.round,
                    spent: false,
                });
            }
            Event::CalledBack { outcome, at, .. } => {
                self.satisfaction_asked = true;
                self.asked_through("call_back", *at);
                self.callers.insert(entry.actor);
                if *outcome == ContactOutcome::Reached {
                    self.unreachable_at = None;
                }
                self.call_backs.push(CallBack { by: entry.actor, at: *at, outcome: *outcome, round: self.round });
            }
            Event::SatisfactionRecorded { satisfied, solved, timely, channel, .. } => {
                let (satisfied, solved, timely) = (*satisfied, *solved, *timely);
                let channel = channel_of(channel.as_ref(), None);
                self.survey = Some(super::Survey { satisfied, solved, timely });
                if channel == "link" {
                    self.spend_links();
                } else {
                    self.callers.insert(entry.actor);
                }
                self.asked_through(channel, entry.at);
                let round = self.round;
                let asked = self.asked.iter_mut().find(|one| one.channel == channel && one.round == round);
                if let Some(asked) = asked.filter(|_| satisfied != Satisfaction::NoAnswer) {
                    asked.said = Some(Said { at: entry.at, satisfied, solved, timely });
                }
            }
            Event::ReviewOpened { review } => self.reviews.push(Review {
                id: *review,
                opened_at: entry.at,
                round: self.round,
                decided: None,
                reason: None,
                lapsed: false,
            }),
            Event::ReviewDecided { review, decision, reason } => {
                if let Some(one) = self.reviews.iter_mut().find(|one| one.id == *review) {
                    one.decided = Some((entry.actor, entry.at, decision.clone()));
                    one.reason = Some(reason.clone());
                }
            }
            _ => {}
        }
    }

    fn asked_through(&mut self, channel: &str, at: Timestamp) {
        let round = self.round;
        if !self.asked.iter().any(|one| one.channel == channel && one.round == round) {
            self.asked.push(Asked { channel: channel.to_owned(), at, round, said: None });
        }
    }

    /// What was asked about no longer counts: links lead nowhere, and an open review has lost its object.
    pub(super) fn spend_survey(&mut self) {
        self.spend_links();
        self.callers.clear();
        for review in self.reviews.iter_mut().filter(|review| review.is_open()) {
            review.lapsed = true;
        }
    }

    fn spend_links(&mut self) {
        for one in &mut self.invitations {
            one.spent = true;
        }
    }
}
