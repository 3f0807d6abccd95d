//! The noun: a complaint case as the sum of its events. State changes only in [`Case::apply`].
//!
//! Each verb has a file of its own under `case/`, with the shape of its input and a pure `decide`: no clock, no I/O,
//! no randomness. `now` and everything else it needs is handed in.

pub mod accept;
pub mod approve;
pub mod ask_satisfaction;
pub mod assign;
pub mod classify;
pub mod clocks;
pub mod close;
pub mod confirm;
pub mod grade;
pub mod note;
pub mod propose;
pub mod record_satisfaction;
pub mod register;
pub mod reopen;
pub mod reply;
pub mod send_back;
pub mod set_cause;

use crate::actor::{Actor, ActorId};
use crate::event::{ClockOutcome, Entry, Event, PackPin, Satisfaction};
use crate::free_text::FreeText;
use crate::ids::{CaseId, PersonId, UnitId, UserId};
use crate::intake::Record;
use crate::refusal::Refusal;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{Grade, Severity, Stack, Urgency};
use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 草稿: not yet registered.
    Draft,
    /// 待分类: registered without a category.
    Triage,
    /// 已登记: waits to be taken up.
    Registered,
    /// 已受理: somebody took it up.
    Accepted,
    /// 处理中: being worked on.
    InProgress,
    /// 待审核: an outcome waits for approval.
    AwaitingReview,
    /// 待回复: the approved outcome waits to be told.
    AwaitingReply,
    /// 待确认: told; waits for the customer.
    AwaitingCustomer,
    /// 已办结.
    Closed,
    /// 挂起.
    Suspended,
    /// 重开: taken up again after closing.
    Reopened,
    /// 撤诉.
    Withdrawn,
    /// 作废.
    Voided,
    /// 并案.
    Merged,
    /// 不予受理.
    Declined,
}

impl State {
    /// Every state, in the order of the process.
    pub const ALL: [Self; 15] = [
        Self::Draft,
        Self::Triage,
        Self::Registered,
        Self::Accepted,
        Self::InProgress,
        Self::AwaitingReview,
        Self::AwaitingReply,
        Self::AwaitingCustomer,
        Self::Closed,
        Self::Suspended,
        Self::Reopened,
        Self::Withdrawn,
        Self::Voided,
        Self::Merged,
        Self::Declined,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Triage => "triage",
            Self::Registered => "registered",
            Self::Accepted => "accepted",
            Self::InProgress => "in_progress",
            Self::AwaitingReview => "awaiting_review",
            Self::AwaitingReply => "awaiting_reply",
            Self::AwaitingCustomer => "awaiting_customer",
            Self::Closed => "closed",
            Self::Suspended => "suspended",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
            Self::Voided => "voided",
            Self::Merged => "merged",
            Self::Declined => "declined",
        }
    }

    /// The state with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::Voided | Self::Merged | Self::Declined)
    }
}

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
    /// How and when it ended; `None` while it runs.
    pub ended: Option<(ClockOutcome, Timestamp)>,
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

/// A complaint case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Identity.
    pub id: CaseId,
    /// Number for people.
    pub number: String,
    /// Number of entries folded.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// The packs that govern it, from the top of the stack down.
    pub packs: Vec<PackPin>,
    /// The person in the vault.
    pub person: PersonId,
    /// What was recorded.
    pub record: Record,
    /// First receipt.
    pub received_at: Timestamp,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When the last entry was committed.
    pub changed_at: Timestamp,
    /// When it was closed, if it is.
    pub closed_at: Option<Timestamp>,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// Severity, urgency and the grade they give.
    pub severity: Severity,
    /// Urgency after assessment.
    pub urgency: Urgency,
    /// The grade.
    pub grade: Grade,
    /// Row of the decision table that gave the grade.
    pub grade_row: String,
    /// Assessment rules that raised severity or urgency.
    pub raised_by: Vec<String>,
    /// Whether a person set the grade.
    pub graded_by_hand: bool,
    /// Who holds it now.
    pub owner: Owner,
    /// First-responsible owner, fixed at registration.
    pub first_owner: Owner,
    /// All clocks, ended ones too.
    pub clocks: Vec<Clock>,
    /// Round of handling, from 1; one more with each reopening.
    pub round: u32,
    /// When this round began: first receipt, or the last reopening.
    pub round_started_at: Timestamp,
    /// Proposed outcome of this round.
    pub proposal: Option<Proposal>,
    /// Whether the proposal was approved.
    pub approved: bool,
    /// When the trouble itself was removed.
    pub restored_at: Option<Timestamp>,
    /// Proof of reply of this round.
    pub reply: Option<ReplyProof>,
    /// Leaf of the cause tree.
    pub cause: Option<String>,
    /// Whether satisfaction was asked in this round.
    pub satisfaction_asked: bool,
    /// What the customer said.
    pub survey: Option<Survey>,
    /// Whether the customer accepted the outcome.
    pub confirmed: bool,
}

/// What a decision may look at besides the case.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment of deciding, whole microseconds.
    pub now: Timestamp,
    /// Who asks.
    pub actor: &'a Actor,
    /// The packs that govern the case, as one.
    pub rules: &'a Stack,
    /// Category and cause trees.
    pub taxonomy: &'a Taxonomy,
}

/// What a command causes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Events in order.
    pub events: Vec<Event>,
}

impl Decision {
    /// A decision that causes these events.
    #[must_use]
    pub fn of(events: Vec<Event>) -> Self {
        Self { events }
    }
}

/// Why a log does not add up to a case.
#[derive(Debug, thiserror::Error)]
pub enum BrokenLog {
    /// The first event is something else than a registration.
    #[error("the log does not begin with a registration")]
    NoBeginning,
    /// A version is missing or twice.
    #[error("expected entry {expected}, found {found}")]
    Gap {
        /// The version that should follow.
        expected: i64,
        /// The version found.
        found: i64,
    },
}

impl Case {
    /// Folds a whole log.
    ///
    /// # Errors
    /// If it does not begin with a registration or has a gap.
    pub fn fold(id: CaseId, entries: impl IntoIterator<Item = Entry>) -> Result<Self, BrokenLog> {
        let mut case: Option<Self> = None;
        for entry in entries {
            let expected = case.as_ref().map_or(1, |case| case.version + 1);
            if entry.version != expected {
                return Err(BrokenLog::Gap { expected, found: entry.version });
            }
            case = Some(match case {
                None => Self::begin(id, &entry)?,
                Some(mut case) => {
                    case.apply_entry(&entry);
                    case
                }
            });
        }
        case.ok_or(BrokenLog::NoBeginning)
    }

    /// The case after its first entry.
    ///
    /// # Errors
    /// If the entry does not begin with a registration.
    pub fn begin(id: CaseId, entry: &Entry) -> Result<Self, BrokenLog> {
        let Some(Event::Registered { number, packs, person, received_at, category, owner, record }) =
            entry.events.first()
        else {
            return Err(BrokenLog::NoBeginning);
        };
        let mut case = Self {
            id,
            number: number.clone(),
            version: 0,
            state: State::Draft,
            packs: packs.clone(),
            person: *person,
            record: (**record).clone(),
            received_at: *received_at,
            registered_at: entry.at,
            changed_at: entry.at,
            closed_at: None,
            category: category.clone(),
            severity: Severity::Normal,
            urgency: Urgency::Normal,
            grade: Grade::Normal,
            grade_row: String::new(),
            raised_by: Vec::new(),
            graded_by_hand: false,
            owner: *owner,
            first_owner: *owner,
            clocks: Vec::new(),
            round: 1,
            round_started_at: *received_at,
            proposal: None,
            approved: false,
            restored_at: None,
            reply: None,
            cause: None,
            satisfaction_asked: false,
            survey: None,
            confirmed: false,
        };
        case.apply_entry(entry);
        Ok(case)
    }

    /// Folds one more entry.
    pub fn apply_entry(&mut self, entry: &Entry) {
        for event in &entry.events {
            self.apply(event, entry);
        }
        self.version = entry.version;
        self.changed_at = entry.at;
    }

    fn apply(&mut self, event: &Event, entry: &Entry) {
        match event {
            // Read by `begin`; a second one cannot be decided.
            Event::Registered { .. } | Event::Noted { .. } => {}
            Event::Classified { category, .. } => self.category = Some(category.clone()),
            Event::Graded { severity, urgency, grade, row, raised_by, by_hand, .. } => {
                self.severity = *severity;
                self.urgency = *urgency;
                self.grade = *grade;
                self.grade_row.clone_from(row);
                self.raised_by.clone_from(raised_by);
                self.graded_by_hand = *by_hand;
            }
            Event::ClockStarted { rule, round, from, due_at } => {
                self.clocks.push(Clock { rule: rule.clone(), round: *round, from: *from, due_at: *due_at, ended: None })
            }
            Event::ClockMoved { rule, round, due_at } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.due_at = *due_at;
                }
            }
            Event::ClockStopped { rule, round, at, outcome } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.ended = Some((*outcome, *at));
                }
            }
            Event::Accepted {} => {}
            Event::Assigned { owner, .. } => self.owner = *owner,
            Event::Proposed { outcome, finding } => {
                self.approved = false;
                self.proposal = Some(Proposal { outcome: outcome.clone(), finding: finding.clone(), by: entry.actor });
            }
            Event::Restored { at } => self.restored_at = Some(*at),
            Event::Approved { .. } => self.approved = true,
            Event::SentBack { .. } => self.approved = false,
            Event::Replied { mode, at, content } => {
                self.reply = Some(ReplyProof { mode: mode.clone(), at: *at, content: content.clone() });
            }
            Event::CauseSet { cause, .. } => self.cause = Some(cause.clone()),
            Event::SatisfactionAsked { .. } => self.satisfaction_asked = true,
            Event::SatisfactionRecorded { satisfied, solved, timely, .. } => {
                self.survey = Some(Survey { satisfied: *satisfied, solved: *solved, timely: *timely });
            }
            Event::Confirmed { .. } => self.confirmed = true,
            Event::Closed {} => self.closed_at = Some(entry.at),
            Event::Reopened { round, .. } => self.start_round(*round, entry.at),
            Event::Moved { to } => self.state = *to,
        }
    }

    /// What belongs to one round of handling starts afresh; what belongs to the case stays.
    fn start_round(&mut self, round: u32, at: Timestamp) {
        self.round = round;
        self.round_started_at = at;
        self.closed_at = None;
        self.proposal = None;
        self.approved = false;
        self.restored_at = None;
        self.reply = None;
        self.satisfaction_asked = false;
        self.survey = None;
        self.confirmed = false;
    }

    fn clock_mut(&mut self, rule: &str, round: u32) -> Option<&mut Clock> {
        // A rule that lost its object and applies again has a second clock in the same round.
        self.clocks.iter_mut().find(|clock| clock.rule == rule && clock.round == round && clock.ended.is_none())
    }

    /// The running clock that is due first.
    #[must_use]
    pub fn next_due(&self) -> Option<&Clock> {
        self.clocks.iter().filter(|clock| clock.ended.is_none()).min_by_key(|clock| clock.due_at)
    }

    /// Refuses unless the case is in one of these states.
    ///
    /// # Errors
    /// Names the state the case is in and those that would allow it.
    pub fn require(&self, allowed: &[State]) -> Result<(), Refusal> {
        if allowed.contains(&self.state) {
            return Ok(());
        }
        let code = match self.state {
            State::Triage => "not_classified",
            State::Closed => "closed",
            _ => "wrong_state",
        };
        let names: Vec<_> = allowed.iter().map(|state| state.code()).collect();
        Err(Refusal::conflict(code).with("state", self.state.code()).with("allowed", names.join(", ")))
    }

    /// Refuses unless somebody still works on the case.
    ///
    /// # Errors
    /// If the case has ended.
    pub fn require_open(&self) -> Result<(), Refusal> {
        if self.state.is_open() {
            return Ok(());
        }
        Err(Refusal::conflict("closed").with("state", self.state.code()))
    }

    /// What is still missing before the case may be closed, as field faults.
    #[must_use]
    pub fn missing_for_close(&self) -> Vec<crate::fault::Fault> {
        close::missing(self)
    }
}
