//! The noun: a complaint case as the sum of its events. State changes only in `fold`.
//!
//! Each verb has a file of its own under `case/`, with the shape of its input and a pure `decide`: no clock, no I/O,
//! no randomness. `now` and everything else it needs is handed in.

pub mod accept;
pub mod agree_progress;
pub mod approve;
pub mod approve_compensation;
pub mod ask_reading;
pub mod ask_satisfaction;
pub mod assign;
pub mod attach;
pub mod ball;
pub mod bundle;
pub mod bundle_check;
pub mod call_back;
pub mod classify;
pub mod clocks;
pub mod close;
pub mod compensation;
pub mod confirm;
pub mod confirm_compensation;
pub mod confirm_void;
pub mod convert;
pub mod decide_review;
pub mod declare_deadlock;
pub mod declare_unreachable;
pub mod decline;
pub mod dispute;
pub mod effects;
pub mod feed_back;
mod fold;
pub mod gates;
pub mod grade;
pub mod hand_off;
pub mod invite_survey;
pub mod issue_letter;
pub mod join_incident;
pub mod judge_similar;
pub mod keep_promise;
pub mod leave_incident;
pub mod lift_hold;
pub mod link;
pub mod matter;
pub mod merge;
pub mod message;
pub mod note;
pub mod notices;
pub mod notify_progress;
pub mod order;
pub mod owed_compensation;
mod parts;
pub mod pay_compensation;
pub mod place_hold;
pub mod promise;
pub mod propose;
pub mod propose_compensation;
pub mod reading;
pub mod record_admission;
pub mod record_contact;
pub mod record_delivery;
pub mod record_end;
pub mod record_mediation;
pub mod record_satisfaction;
pub mod record_step;
pub mod record_transfer;
pub mod recount;
pub mod refer;
pub mod referral;
pub mod refuse_compensation;
pub mod register;
pub mod regrade;
pub mod release_reading;
pub mod remedy;
pub mod reopen;
pub mod replay;
pub mod reply;
pub mod request_void;
pub mod resume;
pub mod return_reading;
pub mod route;
pub mod send_back;
pub mod send_compensation;
pub mod send_message;
pub mod set_cause;
pub mod settle_recovery;
mod state;
pub mod supplement;
pub mod survey;
pub mod suspend;
pub mod timers;
pub mod transfer;
pub mod verify_compensation;
pub mod what_if;
pub mod withdraw;

use crate::actor::{Actor, ActorId};
use crate::event::{CalendarPin, Event, PackPin};
use crate::fault::Fault;
use crate::ids::{AttachmentId, CaseId, PersonId, UserId};
use crate::intake::Record;
use crate::refusal::Refusal;
use crate::routing::Routed;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{ClockRule, Grade, Severity, Stack, Urgency};
use std::collections::{BTreeMap, BTreeSet};

pub use compensation::Compensation;
pub use fold::BrokenLog;
pub use matter::Matter;
pub use message::Message;
pub use order::{
    WorkOrder, accept_order, answer_order, approve_order, ask_extension, book_visit, bounce_order, cancel_order,
    decide_extension, dispatch, hand_over_order, record_arrival, refuse_order, report_order, return_order,
    rule_ownership, urge_order,
};
pub use parts::{
    Absorbed, Attachment, Clock, Contact, Hold, InIncident, Issued, LegalHold, Letter, Linked, Owner, Promised,
    PromisedThere, Proposal, ReplyProof, Survey, Suspension,
};
pub use reading::Reading;
pub use referral::Referral;
pub use state::State;

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
    /// The versions of calendars its clocks are counted with; none where an entry of before did not say.
    pub calendars: Vec<CalendarPin>,
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
    /// Effects of the rules that raised the grade, oldest first, with what they raised it to: the rules alone do not bring
    /// it down again.
    pub raised_to: Vec<(String, Grade)>,
    /// Whether a person set the grade.
    pub graded_by_hand: bool,
    /// Who holds it now.
    pub owner: Owner,
    /// The absent person the owner stands in for.
    pub instead_of: Option<UserId>,
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
    /// What the customer said last in this round, through whatever channel.
    pub survey: Option<Survey>,
    /// That the customer was asked, and what they said, each channel and round for itself.
    pub asked: Vec<survey::Asked>,
    /// Links made for the survey, oldest first.
    pub invitations: Vec<survey::Invitation>,
    /// Attempts to call back, oldest first.
    pub call_backs: Vec<survey::CallBack>,
    /// Who asked the customer about the outcome that counts.
    pub callers: BTreeSet<ActorId>,
    /// Reviews by a third person, oldest first.
    pub reviews: Vec<survey::Review>,
    /// Whether the customer accepted the outcome.
    pub confirmed: bool,
    /// Everything the customer was promised.
    pub promises: Vec<Promised>,
    /// Attempts to reach the customer.
    pub contacts: Vec<Contact>,
    /// Since when the customer counts as unreachable: they were tried as often as the rules ask, and not reached since.
    pub unreachable_at: Option<Timestamp>,
    /// When the customer last heard how far the matter is.
    pub progress_at: Option<Timestamp>,
    /// How often they want to hear it, where that was agreed.
    pub progress_agreed: Option<agree_progress::Agreed>,
    /// When they were first reached, told how far it is, or answered.
    pub responded_at: Option<Timestamp>,
    /// How often the customer pressed for an answer.
    pub urged: u32,
    /// What the case waits for while it is suspended.
    pub suspension: Option<Suspension>,
    /// Who proposed, approved or told an outcome in this round.
    pub handlers: BTreeSet<ActorId>,
    /// Who may not decide about it again: they handled an outcome the customer rejected.
    pub barred: BTreeSet<ActorId>,
    /// The row of the routing table by which it came to its owner; none where somebody gave it to them.
    pub routed: Option<Routed>,
    /// How often the customer rejected the outcome in this round.
    pub disputes: u32,
    /// Who asked to make it void, while that is open.
    pub void_asked_by: Option<ActorId>,
    /// The case it went up in: identity and number.
    pub merged_into: Option<(CaseId, String)>,
    /// Cases that went up in it.
    pub absorbed: Vec<Absorbed>,
    /// Cases that have to do with it.
    pub links: Vec<Linked>,
    /// The mass incident it is in.
    pub incident: Option<InIncident>,
    /// Ended cases like it that somebody looked at, and whether they helped.
    pub helped: BTreeMap<CaseId, bool>,
    /// Attached files, oldest first.
    pub attachments: Vec<Attachment>,
    /// Messages of the house to the customer, oldest first.
    pub messages: Vec<Message>,
    /// Words laid before a second reader, oldest first.
    pub readings: Vec<Reading>,
    /// What other bodies handed over, oldest first.
    pub matters: Vec<Matter>,
    /// Effects of clocks' times that came about: the rule and the moment its clock counts from.
    pub effects: BTreeSet<(String, Timestamp)>,
    /// Letters owed and written, oldest first.
    pub letters: Vec<Letter>,
    /// Holds, those that ended too.
    pub holds: Vec<Hold>,
    /// Legal holds, oldest first, those that were lifted too.
    pub legal_holds: Vec<LegalHold>,
    /// What the customer took to bodies outside, oldest first.
    pub referrals: Vec<Referral>,
    /// Ways to bodies outside that effects opened, with the moment.
    pub opened: Vec<(String, Timestamp)>,
    /// What the contact was taken in as, where rules made it something else, oldest first.
    pub conversions: Vec<convert::Conversion>,
    /// When the provider declared that it stays with its outcome; in this round.
    pub deadlock_at: Option<Timestamp>,
    /// What the law says is owed to the customer, by its rule; a case does not end before it is proposed.
    pub compensation_due: BTreeSet<String>,
    /// What effects asked to be compensated, binding or not: the rule, and the effect that asked first.
    pub compensation_asked: BTreeMap<String, String>,
    /// When the trouble of a rule ended, where nothing was owed by it beyond what was proposed while it lasted; in this
    /// round.
    pub compensation_ended: BTreeMap<String, Timestamp>,
    /// What the customer gets or is to get, oldest first.
    pub compensations: Vec<Compensation>,
    /// Work orders, oldest first.
    pub orders: Vec<WorkOrder>,
    /// The question whose case it is, while it is open.
    pub ownership: Option<order::Ownership>,
    /// How that was ruled, oldest first.
    pub rulings: Vec<order::Ruling>,
    /// Who held the ball, span by span, oldest first.
    pub ball: ball::Ledger,
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
    /// Other cases the command names or that hang on this one.
    pub others: &'a [Case],
}

/// What a command causes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Events in order.
    pub events: Vec<Event>,
    /// What it causes in other cases, in the same transaction.
    pub elsewhere: Vec<Elsewhere>,
}

/// Events of another case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The other case.
    pub case: CaseId,
    /// Events in order.
    pub events: Vec<Event>,
}

impl Decision {
    /// A decision that causes these events.
    #[must_use]
    pub fn of(events: Vec<Event>) -> Self {
        Self { events, elsewhere: Vec::new() }
    }
}

/// Whether the operator is late when a clock of a rule runs out; of a rule that is gone nobody knows better than that it
/// is.
#[must_use]
pub fn binds_provider(rule: Option<&ClockRule>) -> bool {
    rule.is_none_or(ClockRule::binds_provider)
}

impl Case {
    /// The running clock of the operator that is due first. One that stands still is due at no moment yet.
    #[must_use]
    pub fn next_due(&self, rules: &Stack) -> Option<&Clock> {
        let running = self.clocks.iter().filter(|clock| clock.is_running());
        running.filter(|clock| binds_provider(rules.clock(&clock.rule))).min_by_key(|clock| clock.due_at)
    }

    /// The latest limit of a clock that has not ended and whose rule asks a calendar: a calendar that changes later than
    /// that moves nothing in this case.
    #[must_use]
    pub fn last_due(&self, rules: &Stack) -> Option<Timestamp> {
        let open = self.clocks.iter().filter(|clock| clock.is_open());
        let follows = |clock: &&Clock| rules.clock(&clock.rule).is_none_or(ClockRule::follows_calendar);
        open.filter(follows).map(|clock| clock.due_at).max()
    }

    /// Promises that are still to be kept, broken ones too.
    pub fn open_promises(&self) -> impl Iterator<Item = &Promised> {
        self.promises.iter().filter(|promise| promise.is_open())
    }

    /// Legal holds that last.
    pub fn lasting_legal_holds(&self) -> impl Iterator<Item = &LegalHold> {
        self.legal_holds.iter().filter(|hold| hold.lasts())
    }

    /// Cases that went up in this one and whose customers wait for an answer.
    pub fn unanswered(&self) -> impl Iterator<Item = &Absorbed> {
        self.absorbed.iter().filter(|one| one.answered_at.is_none())
    }

    /// Whether a hold of this rule lasts.
    #[must_use]
    pub fn is_held_by(&self, rule: &str) -> bool {
        self.holds.iter().any(|hold| hold.rule == rule && hold.lasts())
    }

    /// Who may not hold it: whom it is about, and who handled an outcome the customer rejected.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<ActorId> {
        self.barred.iter().copied().chain(self.record.about_staff.map(ActorId::User)).collect()
    }

    /// Whether it is about whoever acts. Then it is not there for them, in their own area too.
    #[must_use]
    pub fn is_about(&self, actor: &Actor) -> bool {
        self.record.about_staff.is_some() && self.record.about_staff == actor.user()
    }

    /// The conflict guard: refuses to give it to somebody of [`Case::excluded`].
    ///
    /// # Errors
    /// A fault of the field that named them.
    pub fn may_hold(&self, user: UserId, field: &'static str) -> Result<(), Fault> {
        if self.record.about_staff == Some(user) {
            return Err(Fault::new(field, "complaint_is_about_them"));
        }
        if self.barred.contains(&ActorId::User(user)) {
            return Err(Fault::new(field, "reviewer_handled_it"));
        }
        Ok(())
    }

    /// Whether it lies in its unit's queue until somebody takes it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.owner.user.is_none() && (self.state == State::Triage || accept::offered(self))
    }

    /// Refuses a paper that is no attachment of this case.
    ///
    /// # Errors
    /// Names the field.
    pub fn require_attached(&self, document: Option<AttachmentId>) -> Result<(), Fault> {
        match document {
            Some(id) if self.attachments.iter().all(|file| file.id != id) => {
                Err(Fault::new("document", "unknown_document"))
            }
            _ => Ok(()),
        }
    }

    /// The number the next letter gets.
    #[must_use]
    pub fn next_letter(&self) -> u32 {
        u32::try_from(self.letters.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The number the next promise gets.
    #[must_use]
    pub fn next_promise(&self) -> u32 {
        self.promises.iter().map(|promise| promise.id).max().unwrap_or(0).saturating_add(1)
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
            State::Suspended => "suspended",
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
    pub fn missing_for_close(&self, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
        close::missing(self, rules, taxonomy)
    }

    /// What is still missing before the case may end by another door.
    #[must_use]
    pub fn missing_before(&self, ending: gates::Ending, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
        close::missing_before(self, ending, rules, taxonomy)
    }
}
