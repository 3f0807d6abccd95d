//! A problem (问题): what lies behind cases of a kind, why, what is done about it, and whether that helped. An aggregate of
//! its own with a log of its own: it outlives each of its cases and is seen by people who work on none of them.
//!
//! Its texts stand in the log as they are, for they belong to no person's key and outlive erasures. So they must not hold
//! anybody's identity: what a machine can recognise of it is refused ([`crate::text::nobody`]).

pub mod amend;
pub mod analyse;
pub mod approve_action;
pub mod cancel_action;
pub mod close;
pub mod command;
pub mod dismiss;
pub mod effect;
pub mod link_cases;
pub mod number;
pub mod open;
pub mod plan_action;
mod quantile;
pub mod reopen;
pub mod report_action;
pub mod return_action;
pub mod unlink_case;

pub use command::{Command, Context, VERBS, Verb};

use crate::actor::ActorId;
use crate::case::Owner;
use crate::ids::{AttachmentId, CaseId};
use crate::refusal::Refusal;
use effect::EffectCheck;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The schema number entries of problems are written with.
pub const SCHEMA: i64 = 1;

/// Where a problem stands. It follows from what was done, and is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Named; nobody has said why yet.
    Open,
    /// It is known why; nothing is under way.
    Analysed,
    /// Measures are under way.
    Acting,
    /// Measures are through; whether they helped is to be seen.
    Checking,
    /// Ended with what the check said.
    Closed,
    /// Ended without a measure.
    Dismissed,
}

impl State {
    /// Every state, in the order of the process.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Analysed, Self::Acting, Self::Checking, Self::Closed, Self::Dismissed];
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["open", "analysed", "acting", "checking", "closed", "dismissed"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Analysed => "analysed",
            Self::Acting => "acting",
            Self::Checking => "checking",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether anything can still be done.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Dismissed)
    }
}

/// Where a measure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Its owner has it in hand.
    Planned,
    /// Its owner says it is done; somebody else looks at the evidence.
    Reported,
    /// Somebody else agreed that it is done.
    Approved,
    /// It is not pursued any more.
    Cancelled,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Reported, Self::Approved, Self::Cancelled];
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["planned", "reported", "approved", "cancelled"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Reported => "reported",
            Self::Approved => "approved",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether something is still to be done about it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Reported)
    }
}

/// A file of a linked case that proves something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The case.
    pub case: CaseId,
    /// Its file.
    pub attachment: AttachmentId,
}

/// What whoever did a measure says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What shows that it was done, or where that lies.
    pub evidence: String,
    /// A file that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// From which day on it works.
    pub effective_on: Date,
}

/// Why of causes, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// One answer to “why?” after the other, each to the one before.
    pub whys: Vec<String>,
    /// Leaf of the cause tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How customers put it, in general words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_wording: Option<String>,
    /// What customers who ask are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// What is to be put right inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_fix: Option<String>,
}

/// What a problem is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// One line.
    pub title: String,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Node of the category tree; its rate is what measures are to bring down.
    pub category: String,
}

/// Something that happened to a problem, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was named.
    Opened {
        /// Its number; entries of before there were numbers have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// What it is about.
        matter: Matter,
        /// Region it is about and all below it; empty for everywhere. It stays.
        area: String,
        /// The month whose hot issue it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hot_in: Option<String>,
        /// Who answers for it.
        owner: Owner,
    },
    /// It was put in other words, or given to another owner.
    Amended {
        /// What it is about from now on.
        matter: Matter,
        /// Who answers for it from now on.
        owner: Owner,
    },
    /// It was said why.
    Analysed {
        /// All of it, in place of what was said before.
        analysis: Analysis,
    },
    /// Cases show it.
    CasesLinked {
        /// Which.
        cases: Vec<CaseId>,
    },
    /// A case does not show it after all.
    CaseUnlinked {
        /// Which.
        case: CaseId,
    },
    /// Something is to be done.
    ActionPlanned {
        /// Its number.
        action: u32,
        /// What.
        what: String,
        /// Who does it.
        owner: Owner,
        /// By which day.
        due: Date,
    },
    /// Its owner says it is done.
    ActionReported {
        /// Which.
        action: u32,
        /// With which evidence.
        report: Report,
    },
    /// Somebody else agreed.
    ActionApproved {
        /// Which.
        action: u32,
        /// What they had to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<String>,
    },
    /// Somebody else did not agree.
    ActionReturned {
        /// Which.
        action: u32,
        /// Why.
        reason: String,
    },
    /// It is not pursued any more.
    ActionCancelled {
        /// Which.
        action: u32,
        /// Why.
        reason: String,
    },
    /// It ended.
    Closed {
        /// What came of it.
        result: String,
        /// The check as it stood then.
        effect: EffectCheck,
    },
    /// It ended without a measure.
    Dismissed {
        /// Why.
        reason: String,
    },
    /// It came back.
    Reopened {
        /// Why.
        reason: String,
    },
}

/// A committed command on a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in its log, from 1; the problem's version after it.
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

/// A measure (整改措施).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number within the problem.
    pub id: u32,
    /// What is to be done.
    pub what: String,
    /// Who does it.
    pub owner: Owner,
    /// By which day.
    pub due: Date,
    /// Where it stands.
    pub standing: Standing,
    /// What whoever did it says.
    pub report: Option<Report>,
    /// Who said so.
    pub reported_by: Option<ActorId>,
    /// Who decided last: approved, sent back or cancelled.
    pub decided_by: Option<ActorId>,
    /// What they said.
    pub remark: Option<String>,
}

impl Action {
    /// Whether its day has passed and it is not through.
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.standing == Standing::Planned && today > self.due
    }
}

/// How a problem ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: ActorId,
    /// What came of it, or why it was dismissed.
    pub said: String,
    /// The check as it stood then; nothing of a dismissed one.
    pub effect: Option<EffectCheck>,
}

/// A problem, folded from its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Identity.
    pub id: Uuid,
    /// What people call it by.
    pub number: String,
    /// Number of its entries.
    pub version: i64,
    /// What it is about.
    pub matter: Matter,
    /// Region it is about; empty for everywhere.
    pub area: String,
    /// The month whose hot issue it is.
    pub hot_in: Option<String>,
    /// Who answers for it.
    pub owner: Owner,
    /// Why, as far as it is known.
    pub analysis: Option<Analysis>,
    /// The cases that show it.
    pub cases: BTreeSet<CaseId>,
    /// Measures, by number.
    pub actions: Vec<Action>,
    /// When it was named.
    pub opened_at: Timestamp,
    /// Who named it.
    pub opened_by: ActorId,
    /// When something last happened.
    pub changed_at: Timestamp,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}

/// A log that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log of a problem does not begin with its opening")]
pub struct NoBeginning;

impl Problem {
    /// Adds a log up.
    ///
    /// # Errors
    /// If it does not begin with the opening.
    pub fn fold(id: Uuid, entries: impl IntoIterator<Item = Entry>) -> Result<Self, NoBeginning> {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(NoBeginning)?;
        let mut problem = Self::begin(id, &first)?;
        for entry in entries {
            problem.apply(&entry);
        }
        Ok(problem)
    }

    /// The problem its first entry makes.
    ///
    /// # Errors
    /// If that is not the opening.
    pub fn begin(id: Uuid, entry: &Entry) -> Result<Self, NoBeginning> {
        let Some(Event::Opened { number, matter, area, hot_in, owner }) = entry.events.first() else {
            return Err(NoBeginning);
        };
        let mut problem = Self {
            id,
            number: number.clone().unwrap_or_else(|| number::of_identity(id)),
            version: 0,
            matter: matter.clone(),
            area: area.clone(),
            hot_in: hot_in.clone(),
            owner: *owner,
            analysis: None,
            cases: BTreeSet::new(),
            actions: Vec::new(),
            opened_at: entry.at,
            opened_by: entry.actor,
            changed_at: entry.at,
            ending: None,
        };
        problem.apply(entry);
        Ok(problem)
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
            Event::Amended { matter, owner } => (self.matter, self.owner) = (matter.clone(), *owner),
            Event::Analysed { analysis } => self.analysis = Some(analysis.clone()),
            Event::CasesLinked { cases } => self.cases.extend(cases),
            Event::CaseUnlinked { case } => {
                self.cases.remove(case);
            }
            Event::ActionPlanned { action, what, owner, due } => self.actions.push(Action {
                id: *action,
                what: what.clone(),
                owner: *owner,
                due: *due,
                standing: Standing::Planned,
                report: None,
                reported_by: None,
                decided_by: None,
                remark: None,
            }),
            Event::ActionReported { action, report } => self.change(*action, |one| {
                (one.standing, one.report, one.reported_by) =
                    (Standing::Reported, Some(report.clone()), Some(entry.actor));
            }),
            Event::ActionApproved { action, remark } => {
                self.decided(*action, Standing::Approved, remark.clone(), entry.actor);
            }
            Event::ActionReturned { action, reason } => {
                self.decided(*action, Standing::Planned, Some(reason.clone()), entry.actor);
            }
            Event::ActionCancelled { action, reason } => {
                self.decided(*action, Standing::Cancelled, Some(reason.clone()), entry.actor);
            }
            Event::Closed { result, effect } => self.end(entry, result, Some(effect.clone())),
            Event::Dismissed { reason } => self.end(entry, reason, None),
            Event::Reopened { .. } => self.ending = None,
        }
    }

    fn change(&mut self, action: u32, change: impl FnOnce(&mut Action)) {
        if let Some(one) = self.actions.iter_mut().find(|one| one.id == action) {
            change(one);
        }
    }

    fn decided(&mut self, action: u32, standing: Standing, remark: Option<String>, by: ActorId) {
        self.change(action, |one| {
            (one.standing, one.remark, one.decided_by) = (standing, remark, Some(by));
        });
    }

    fn end(&mut self, entry: &Entry, said: &str, effect: Option<EffectCheck>) {
        self.ending = Some(Ending { at: entry.at, by: entry.actor, said: said.to_owned(), effect });
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        let is = |standing: Standing| self.actions.iter().any(|one| one.standing == standing);
        match &self.ending {
            Some(ending) if ending.effect.is_some() => State::Closed,
            Some(_) => State::Dismissed,
            None if self.actions.iter().any(|one| one.standing.is_open()) => State::Acting,
            None if is(Standing::Approved) => State::Checking,
            None if self.analysis.is_some() => State::Analysed,
            None => State::Open,
        }
    }

    /// The earliest day by which a measure is to be done that is not.
    #[must_use]
    pub fn due(&self) -> Option<Date> {
        self.actions.iter().filter(|one| one.standing == Standing::Planned).map(|one| one.due).min()
    }

    /// The days approved measures took effect, of one or of all.
    #[must_use]
    pub fn effective(&self, of: Option<u32>) -> Vec<Date> {
        let approved = self.actions.iter().filter(|one| one.standing == Standing::Approved);
        let asked = approved.filter(|one| of.is_none_or(|id| id == one.id));
        asked.filter_map(|one| one.report.as_ref()).map(|report| report.effective_on).collect()
    }

    /// Refuses what needs a problem that has not ended.
    ///
    /// # Errors
    /// `problem_ended`.
    pub fn require_open(&self) -> Result<(), Refusal> {
        if self.state().is_open() {
            return Ok(());
        }
        Err(Refusal::conflict("problem_ended").with("state", self.state().code()))
    }

    /// A measure by number.
    ///
    /// # Errors
    /// A fault of `action` when there is none.
    pub fn action(&self, id: u32) -> Result<&Action, Refusal> {
        let found = self.actions.iter().find(|one| one.id == id);
        found.ok_or_else(|| crate::fault::Fault::new("action", "unknown_action").into())
    }
}

/// Reads the body of an entry.
///
/// # Errors
/// If it cannot be read, or was written by a newer version.
pub fn read_body(schema: i64, body: &str) -> Result<Vec<Event>, String> {
    if schema != SCHEMA {
        return Err(format!("an entry of a problem with schema {schema}; this version knows {SCHEMA}"));
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
