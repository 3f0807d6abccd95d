//! What a case is made of: owner, clocks, proofs, promises, ties to other cases.

use super::State;
use crate::actor::ActorId;
use crate::event::{ClockOutcome, ContactOutcome, PackPin, Relation, Satisfaction};
use crate::free_text::FreeText;
use crate::ids::{AttachmentId, CaseId, UnitId, UserId};
use jiff::Timestamp;
use policy::{Held, LetterRule, Medium, Proof};
use serde::{Deserialize, Serialize};

/// Who holds the case: always a unit, and a person of it once somebody took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The unit; its queue when there is no user.
    pub unit: UnitId,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

/// A clock of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Rule of the stack.
    pub rule: String,
    /// Round of handling.
    pub round: u32,
    /// The moment it counts from.
    pub from: Timestamp,
    /// Last moment in time.
    pub due_at: Timestamp,
    /// Spans in which it stood still; the last one is open while it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<(Timestamp, Option<Timestamp>)>,
    /// The highest part of its time that was warned of, in percent.
    pub warned: u8,
    /// Whether it was taken over from a case that went up in this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// The pack its rule stands in, when it was taken over: that need not be one of the case's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<PackPin>,
    /// How and when it ended; `None` while it runs.
    pub ended: Option<(ClockOutcome, Timestamp)>,
}

impl Clock {
    /// A clock that has just begun.
    #[must_use]
    pub fn started(rule: String, round: u32, from: Timestamp, due_at: Timestamp) -> Self {
        let pauses = Vec::new();
        Self { rule, round, from, due_at, pauses, warned: 0, inherited: false, pack: None, ended: None }
    }

    /// Ends the span in which it stands still, if it does.
    pub(super) fn stand_no_longer(&mut self, at: Timestamp) {
        if let Some((_, to @ None)) = self.pauses.last_mut() {
            *to = Some(at);
        }
    }

    /// Whether it still counts for something, standing still or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it stands still because the case is suspended.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.is_open() && self.pauses.last().is_some_and(|(_, to)| to.is_none())
    }

    /// Whether time passes for it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.is_open() && !self.is_paused()
    }
}

/// A proposed outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is to be answered and done.
    pub outcome: FreeText,
    /// What was found out.
    pub finding: Option<FreeText>,
    /// Who proposed it.
    pub by: ActorId,
    /// Whether the person's request to be erased is granted; none where nothing of the kind is asked.
    pub grants: Option<bool>,
}

/// Proof that the customer was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyProof {
    /// How.
    pub mode: String,
    /// When.
    pub at: Timestamp,
    /// In which words.
    pub content: FreeText,
}

/// What the customer said in the survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Overall.
    pub satisfied: Satisfaction,
    /// Whether the matter is solved.
    pub solved: Option<bool>,
    /// Whether the answer came in time.
    pub timely: Option<bool>,
}

/// Something the customer was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    /// Number within the case; 0 is the reply promised at registration.
    pub id: u32,
    /// What; the reply promised at registration needs no words, and those of a merged case stay there.
    pub what: Option<FreeText>,
    /// To whom, when it is the customer of a case that went up in this one.
    pub origin: Option<PromisedThere>,
    /// By when.
    pub due_at: Timestamp,
    /// When it was kept.
    pub kept_at: Option<Timestamp>,
    /// Whether its moment passed without it being kept.
    pub broken: bool,
    /// Whether it is a call.
    pub call_back: bool,
    /// When a call that reached nobody is tried again.
    pub next_at: Option<Timestamp>,
    /// Whether it is waited for no longer, because the customer cannot be reached.
    pub given_up: bool,
}

impl Promised {
    /// The reply promised at registration.
    #[must_use]
    pub fn reply(due_at: Timestamp) -> Self {
        Self {
            id: 0,
            what: None,
            origin: None,
            due_at,
            kept_at: None,
            broken: false,
            call_back: false,
            next_at: None,
            given_up: false,
        }
    }

    /// Whether it should have been kept by a moment and was not.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.is_open() && self.due_at < now
    }

    /// Whether it is still to be kept, broken or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.kept_at.is_none() && !self.given_up
    }
}

/// Where a promise was made that is to be kept in the case this one went up in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromisedThere {
    /// The merged case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// Number of the promise there; 0 is the reply promised at registration.
    pub promise: u32,
}

/// A letter that is owed or went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Number within the case, from 1.
    pub id: u32,
    /// Rule of the stack.
    pub rule: String,
    /// Since when it is owed, and the effect that asked for it; nothing when somebody wrote it of their own accord.
    pub owed: Option<(Timestamp, String)>,
    /// Whether the law asks for it.
    pub binding: bool,
    /// How it went out.
    pub issued: Option<Issued>,
    /// When it arrived, where that is proved.
    pub delivered_at: Option<Timestamp>,
}

impl Letter {
    /// Whether the letter is out, with the proof its rule wants.
    #[must_use]
    pub fn is_done(&self, rule: Option<&LetterRule>) -> bool {
        self.done_at(rule).is_some()
    }

    /// When that came true, if it has.
    #[must_use]
    pub fn done_at(&self, rule: Option<&LetterRule>) -> Option<Timestamp> {
        let issued = self.issued.as_ref()?;
        if rule.is_some_and(|rule| rule.proof == Proof::Delivered) { self.delivered_at } else { Some(issued.at) }
    }
}

/// How a letter went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its language.
    pub language: String,
    /// How.
    pub medium: Medium,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// What it says.
    pub content: FreeText,
    /// The attached file that proves it.
    pub document: Option<AttachmentId>,
    /// Number of the posting or message that proves it.
    pub reference: Option<String>,
}

/// Something that must not be done while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Rule of the stack.
    pub rule: String,
    /// What must not be done.
    pub holds: Vec<Held>,
    /// Since when.
    pub placed_at: Timestamp,
    /// Until when; nothing while it lasts.
    pub lifted_at: Option<Timestamp>,
}

impl Hold {
    /// Whether it still lasts.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.lifted_at.is_none()
    }
}

/// A legal hold: while it lasts, nothing that belongs to the case is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalHold {
    /// Number within the case, from 1.
    pub id: u32,
    /// Why.
    pub reason: FreeText,
    /// Since when.
    pub placed_at: Timestamp,
    /// Who placed it.
    pub by: ActorId,
    /// Until when; nothing while it lasts.
    pub lifted_at: Option<Timestamp>,
}

impl LegalHold {
    /// Whether it still lasts.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.lifted_at.is_none()
    }
}

/// An attempt to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// The promised call-back it was.
    pub promise: Option<u32>,
}

/// Why and how long a case waits for somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// What it waits for.
    pub wait_for: String,
    /// Since when.
    pub since: Timestamp,
    /// When it goes on by itself.
    pub until: Timestamp,
    /// Where it stood before.
    pub before: State,
}

/// A case that went up in this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absorbed {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// When its customer was answered.
    pub answered_at: Option<Timestamp>,
}

/// Another case that has to do with this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is to this one.
    pub relation: Relation,
}

/// The mass incident a case is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InIncident {
    /// The incident.
    pub incident: uuid::Uuid,
    /// Its number.
    pub number: String,
    /// Whether work orders for all of it are those of this case.
    pub master: bool,
    /// When it joined.
    pub joined_at: Timestamp,
    /// When its own customer was told the outcome; a notice to the public tells nobody whose name is known.
    pub told_at: Option<Timestamp>,
    /// The wording of the progress its customer was told last.
    pub wording: Option<u32>,
}

/// A file attached to a case; its bytes are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Identity.
    pub id: AttachmentId,
    /// Name.
    pub name: FreeText,
    /// What its bytes are.
    pub media: String,
    /// Length in bytes.
    pub size: u64,
    /// Keyed digest of the bytes, hexadecimal.
    pub digest: String,
    /// What was said beside it.
    pub note: Option<FreeText>,
    /// When it was attached.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
}
