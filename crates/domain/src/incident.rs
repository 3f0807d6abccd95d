//! A mass incident (群障、批量投诉): one trouble that many customers complain about. It says once what all of them are told,
//! has a plan people work through, and ends when each of its cases has ended or goes on alone.
//!
//! Which cases are in it stands in the logs of those cases ([`crate::case::join_incident`]), so that a case can neither be
//! in two nor lose its way out. Its own texts stand in its log in the clear and hold nobody's identity
//! ([`crate::text::nobody`]).

pub mod amend;
pub mod approve_wording;
pub mod close;
pub mod command;
pub mod name_role;
pub mod open;
pub mod reopen;
pub mod restore;
pub mod return_wording;
pub mod start_plan;
pub mod tick_item;
pub mod word;

pub use command::{Command, Context, VERBS, Verb};

use crate::actor::ActorId;
use crate::case::Owner;
use crate::ids::UserId;
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The schema number entries of incidents are written with.
pub const SCHEMA: i64 = 1;

/// Where an incident stands. It follows from what was done, and is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The trouble lasts.
    Open,
    /// The trouble is over; customers are being told and cases ended.
    Restored,
    /// Ended.
    Closed,
}

impl State {
    /// Every state, in the order of the process.
    pub const ALL: [Self; 3] = [Self::Open, Self::Restored, Self::Closed];
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["open", "restored", "closed"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restored => "restored",
            Self::Closed => "closed",
        }
    }
}

/// What a wording is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// How far the matter is.
    Progress,
    /// What came of it: each customer's answer.
    Outcome,
}

impl Purpose {
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["progress", "outcome"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Outcome => "outcome",
        }
    }
}

/// What an incident is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// One line.
    pub title: String,
    /// What is wrong, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Product line it is about; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The network fact behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<Uuid>,
}

/// A role of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRole {
    /// Its code within the plan.
    pub id: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// An item of a plan's checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// The role that does it.
    pub role: String,
    /// Chinese words.
    pub zh: String,
    /// English words.
    pub en: String,
    /// Minutes from the start of the plan by which it is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
}

/// A version of a plan as it was when it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Identity of the plan.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Who does what.
    pub roles: Vec<PlanRole>,
    /// What is to be done, in order.
    pub items: Vec<PlanItem>,
}

/// Something that happened to an incident, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    Opened {
        /// Number for people.
        number: String,
        /// What it is about.
        matter: Matter,
        /// Region it is about and all below it; empty for everywhere. It stays.
        area: String,
        /// When the trouble began.
        started_at: Timestamp,
        /// Who answers for it.
        owner: Owner,
    },
    /// It was put in other words, or given to another owner.
    Amended {
        /// What it is about from now on.
        matter: Matter,
        /// When the trouble began.
        started_at: Timestamp,
        /// Who answers for it from now on.
        owner: Owner,
    },
    /// It was written what customers are told.
    Worded {
        /// Number of the wording, from 1.
        wording: u32,
        /// What for.
        purpose: Purpose,
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// Somebody else approved a wording.
    WordingApproved {
        /// Which.
        wording: u32,
    },
    /// Somebody else sent a wording back.
    WordingReturned {
        /// Which.
        wording: u32,
        /// Why.
        reason: String,
    },
    /// The trouble is over.
    Restored {
        /// When it ended.
        at: Timestamp,
        /// Leaf of the cause tree, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// An approved plan was started.
    PlanStarted {
        /// As it was then.
        plan: Plan,
    },
    /// Somebody takes a role of the plan.
    RoleNamed {
        /// Which.
        role: String,
        /// Who.
        user: UserId,
    },
    /// An item of the plan was done.
    ItemTicked {
        /// Its number, from 1.
        item: u32,
        /// What shows it.
        evidence: String,
    },
    /// It ended.
    Closed {
        /// What came of it.
        result: String,
    },
    /// It came back.
    Reopened {
        /// Why.
        reason: String,
    },
}

/// A committed command on an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in its log, from 1; the incident's version after it.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: ActorId,
    /// Which command.
    pub verb: String,
    /// What it caused.
    pub events: Vec<Event>,
}

/// What customers are told, once for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// Number, from 1.
    pub id: u32,
    /// What for.
    pub purpose: Purpose,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Who wrote it.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Who approved it or sent it back.
    pub decided_by: Option<ActorId>,
    /// Whether it was approved; nothing while nobody has decided.
    pub approved: Option<bool>,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// Whether the incident was taken up again after it was approved: what was true then is told no more.
    pub lapsed: bool,
}

/// What was done of an item of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorId,
    /// What shows it.
    pub evidence: String,
}

/// A plan being worked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// As it was when it was started.
    pub plan: Plan,
    /// When.
    pub started_at: Timestamp,
    /// By whom.
    pub started_by: ActorId,
    /// Who has which role; a role may be nobody's yet.
    pub named: Vec<(String, UserId)>,
    /// What was done of each item, in the plan's order.
    pub ticked: Vec<Option<Ticked>>,
}

impl Running {
    /// Who has a role.
    #[must_use]
    pub fn holder(&self, role: &str) -> Option<UserId> {
        self.named.iter().find(|(named, _)| named == role).map(|(_, user)| *user)
    }

    /// Items that are not done.
    #[must_use]
    pub fn open(&self) -> usize {
        self.ticked.iter().filter(|one| one.is_none()).count()
    }
}

/// How an incident ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: ActorId,
    /// What came of it.
    pub result: String,
}

/// An incident, folded from its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// Number of its entries.
    pub version: i64,
    /// What it is about.
    pub matter: Matter,
    /// Region it is about; empty for everywhere.
    pub area: String,
    /// When the trouble began.
    pub started_at: Timestamp,
    /// When it ended.
    pub restored_at: Option<Timestamp>,
    /// Leaf of the cause tree, where it is known.
    pub cause: Option<String>,
    /// Who answers for it.
    pub owner: Owner,
    /// What customers are or were told, oldest first.
    pub wordings: Vec<Wording>,
    /// The plan that was started with it.
    pub plan: Option<Running>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: ActorId,
    /// When something last happened.
    pub changed_at: Timestamp,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}

/// A log that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log of an incident does not begin with its opening")]
pub struct NoBeginning;

impl Incident {
    /// Adds a log up.
    ///
    /// # Errors
    /// If it does not begin with the opening.
    pub fn fold(id: Uuid, entries: impl IntoIterator<Item = Entry>) -> Result<Self, NoBeginning> {
        let mut entries = entries.into_iter();
        let mut incident = Self::begin(id, &entries.next().ok_or(NoBeginning)?)?;
        for entry in entries {
            incident.apply(&entry);
        }
        Ok(incident)
    }

    /// The incident its first entry makes.
    ///
    /// # Errors
    /// If that is not the opening.
    pub fn begin(id: Uuid, entry: &Entry) -> Result<Self, NoBeginning> {
        let Some(Event::Opened { number, matter, area, started_at, owner }) = entry.events.first() else {
            return Err(NoBeginning);
        };
        let mut incident = Self {
            id,
            number: number.clone(),
            version: 0,
            matter: matter.clone(),
            area: area.clone(),
            started_at: *started_at,
            restored_at: None,
            cause: None,
            owner: *owner,
            wordings: Vec::new(),
            plan: None,
            opened_at: entry.at,
            opened_by: entry.actor,
            changed_at: entry.at,
            ending: None,
        };
        incident.apply(entry);
        Ok(incident)
    }

    /// Adds an entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.version = entry.version;
        self.changed_at = entry.at;
        for event in &entry.events {
            self.take_in(event, entry);
        }
    }

    fn take_in(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::Opened { .. } => {}
            Event::Amended { matter, started_at, owner } => {
                (self.matter, self.started_at, self.owner) = (matter.clone(), *started_at, *owner);
            }
            Event::Worded { wording, purpose, zh, en } => self.wordings.push(Wording {
                id: *wording,
                purpose: *purpose,
                zh: zh.clone(),
                en: en.clone(),
                by: entry.actor,
                at: entry.at,
                decided_by: None,
                approved: None,
                reason: None,
                lapsed: false,
            }),
            Event::WordingApproved { wording } => self.decided(*wording, true, None, entry.actor),
            Event::WordingReturned { wording, reason } => {
                self.decided(*wording, false, Some(reason.clone()), entry.actor);
            }
            Event::Restored { at, cause } => {
                self.restored_at = Some(*at);
                self.cause = cause.clone().or_else(|| self.cause.take());
            }
            Event::PlanStarted { plan } => {
                self.plan = Some(Running {
                    started_at: entry.at,
                    started_by: entry.actor,
                    named: Vec::new(),
                    ticked: plan.items.iter().map(|_| None).collect(),
                    plan: plan.clone(),
                });
            }
            Event::RoleNamed { role, user } => {
                if let Some(running) = &mut self.plan {
                    running.named.retain(|(named, _)| named != role);
                    running.named.push((role.clone(), *user));
                }
            }
            Event::ItemTicked { item, evidence } => {
                let place = usize::try_from(*item).unwrap_or(0).checked_sub(1);
                let slot = self.plan.as_mut().zip(place).and_then(|(running, place)| running.ticked.get_mut(place));
                if let Some(slot) = slot {
                    *slot = Some(Ticked { at: entry.at, by: entry.actor, evidence: evidence.clone() });
                }
            }
            Event::Closed { result } => {
                self.ending = Some(Ending { at: entry.at, by: entry.actor, result: result.clone() });
            }
            // What was approved, and the plan that was worked through, were about the trouble that had ended.
            Event::Reopened { .. } => {
                (self.ending, self.restored_at, self.plan) = (None, None, None);
                for one in self.wordings.iter_mut().filter(|one| one.approved == Some(true)) {
                    one.lapsed = true;
                }
            }
        }
    }

    fn decided(&mut self, wording: u32, approved: bool, reason: Option<String>, by: ActorId) {
        if let Some(one) = self.wordings.iter_mut().find(|one| one.id == wording) {
            (one.approved, one.reason, one.decided_by) = (Some(approved), reason, Some(by));
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.ending, self.restored_at) {
            (Some(_), _) => State::Closed,
            (None, Some(_)) => State::Restored,
            (None, None) => State::Open,
        }
    }

    /// What customers are told now for a purpose: the newest wording that was approved since the trouble last came back. An
    /// outcome is told once the trouble is over.
    #[must_use]
    pub fn told(&self, purpose: Purpose) -> Option<&Wording> {
        if purpose == Purpose::Outcome && self.restored_at.is_none() {
            return None;
        }
        self.wordings.iter().rev().find(|one| one.purpose == purpose && one.approved == Some(true) && !one.lapsed)
    }

    /// What customers are told now for a purpose.
    ///
    /// # Errors
    /// `incident_ended`; `incident_lasts` for an outcome while the trouble does; `nothing_approved`.
    pub fn to_tell(&self, purpose: Purpose) -> Result<&Wording, Refusal> {
        self.require_open()?;
        if purpose == Purpose::Outcome && self.restored_at.is_none() {
            return Err(Refusal::conflict("incident_lasts").with("number", &self.number));
        }
        self.told(purpose).ok_or_else(|| Refusal::conflict("nothing_approved"))
    }

    /// Wordings nobody has decided about.
    pub fn undecided(&self) -> impl Iterator<Item = &Wording> {
        self.wordings.iter().filter(|one| one.approved.is_none())
    }

    /// Refuses what needs an incident that has not ended.
    ///
    /// # Errors
    /// `incident_ended`.
    pub fn require_open(&self) -> Result<(), Refusal> {
        match self.ending {
            None => Ok(()),
            Some(_) => Err(Refusal::conflict("incident_ended").with("number", &self.number)),
        }
    }

    /// A wording by number that nobody has decided about.
    ///
    /// # Errors
    /// A fault when there is none; a refusal when it is decided.
    pub fn undecided_wording(&self, id: u32) -> Result<&Wording, Refusal> {
        let found = self.wordings.iter().find(|one| one.id == id);
        let found = found.ok_or_else(|| crate::fault::Fault::new("wording", "unknown_wording"))?;
        match found.approved {
            None => Ok(found),
            Some(_) => Err(Refusal::conflict("wording_decided").with("wording", id)),
        }
    }
}

/// Reads the body of an entry.
///
/// # Errors
/// If it cannot be read, or was written by a newer version.
pub fn read_body(schema: i64, body: &str) -> Result<Vec<Event>, String> {
    if schema != SCHEMA {
        return Err(format!("an entry of an incident with schema {schema}; this version knows {SCHEMA}"));
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
