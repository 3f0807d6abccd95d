//! Folding: a case is what its events add up to. State changes here and nowhere else.

use super::matter::{self, Step};
use super::referral;
use super::{
    Absorbed, Attachment, Case, Clock, Contact, Context, Hold, InIncident, Issued, LegalHold, Letter, Linked, Matter,
    Promised, PromisedThere, Proposal, Referral, ReplyProof, State, Suspension, clocks,
};
use crate::advice::Advice;
use crate::event::{Caused, ContactOutcome, Entry, Event};
use crate::ids::CaseId;
use crate::intake::External;
use jiff::Timestamp;
use policy::{Grade, Severity, Urgency};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

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
    pub fn fold<E: Borrow<Entry>>(id: CaseId, entries: impl IntoIterator<Item = E>) -> Result<Self, BrokenLog> {
        let mut case: Option<Self> = None;
        for entry in entries {
            let entry = entry.borrow();
            let expected = case.as_ref().map_or(1, |case| case.version + 1);
            if entry.version != expected {
                return Err(BrokenLog::Gap { expected, found: entry.version });
            }
            case = Some(match case {
                None => Self::begin(id, entry)?,
                Some(mut case) => {
                    case.apply_entry(entry);
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
        let Some(Event::Registered { number, packs, calendars, person, received_at, category, owner, record }) =
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
            calendars: calendars.clone(),
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
            raised_to: Vec::new(),
            graded_by_hand: false,
            owner: *owner,
            instead_of: None,
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
            asked: Vec::new(),
            invitations: Vec::new(),
            call_backs: Vec::new(),
            callers: BTreeSet::new(),
            reviews: Vec::new(),
            confirmed: false,
            promises: record.promised_at.into_iter().map(Promised::reply).collect(),
            contacts: Vec::new(),
            unreachable_at: None,
            progress_at: None,
            progress_agreed: None,
            responded_at: None,
            urged: 0,
            suspension: None,
            handlers: BTreeSet::new(),
            barred: BTreeSet::new(),
            routed: None,
            disputes: 0,
            void_asked_by: None,
            merged_into: None,
            absorbed: Vec::new(),
            links: Vec::new(),
            incident: None,
            helped: BTreeMap::new(),
            attachments: Vec::new(),
            messages: Vec::new(),
            readings: Vec::new(),
            matters: Matter::by_channel(record, *received_at).into_iter().collect(),
            effects: BTreeSet::new(),
            letters: Vec::new(),
            holds: Vec::new(),
            legal_holds: Vec::new(),
            opened: Vec::new(),
            referrals: Vec::new(),
            conversions: Vec::new(),
            deadlock_at: None,
            compensation_due: BTreeSet::new(),
            compensation_asked: BTreeMap::new(),
            compensation_ended: BTreeMap::new(),
            compensations: Vec::new(),
            orders: Vec::new(),
            ownership: None,
            rulings: Vec::new(),
            ball: super::ball::Ledger::default(),
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
        self.pass_the_ball();
    }

    /// The case as these events will leave it, while the entry that says so is still being made: version and moment stay
    /// those of the last entry.
    pub fn anticipate(&mut self, events: &[Event], ctx: &Context<'_>) {
        let (version, at, actor) = (self.version, ctx.now, ctx.actor.id);
        let entry = Entry { version, at, actor, verb: String::new(), events: Vec::new() };
        for event in events {
            self.apply(event, &entry);
        }
    }

    /// Events as they will be written, a clock that runs already left out, with the case as they leave it.
    pub(super) fn anticipated(&mut self, events: Vec<Event>, ctx: &Context<'_>) -> Vec<Event> {
        let events = clocks::once(self, events);
        self.anticipate(&events, ctx);
        events
    }

    pub(super) fn apply(&mut self, event: &Event, entry: &Entry) {
        match event {
            // Read by `begin`; a second one cannot be decided.
            Event::Registered { .. }
            | Event::Accepted {}
            | Event::Noted { .. }
            | Event::Mentioned { .. }
            | Event::TicketChanged { .. } => {}
            Event::Advised { advice: Advice::Similar { case, useful, .. } } => {
                self.helped.insert(*case, *useful);
            }
            Event::Advised { advice: Advice::Draft { by, changed, reading: Some(reading) } } => {
                self.note_draft(*reading, by, *changed);
            }
            Event::Advised { .. } => {}
            Event::MessageWritten { .. } => {}
            Event::MessageMoved { .. } => self.apply_message(event),
            Event::ReadingAsked { .. } | Event::ReadingReleased { .. } | Event::ReadingReturned { .. } => {
                self.apply_reading(event, entry);
            }
            Event::Attached { id, name, media, size, digest, note, .. } => self.attachments.push(Attachment {
                id: *id,
                name: name.clone(),
                media: media.clone(),
                size: *size,
                digest: digest.clone(),
                note: note.clone(),
                at: entry.at,
                by: entry.actor,
            }),
            Event::Classified { category, .. } => self.category = Some(category.clone()),
            Event::Graded { severity, urgency, grade, row, raised_by, by_hand, .. } => {
                self.severity = *severity;
                self.urgency = *urgency;
                self.grade = *grade;
                self.grade_row.clone_from(row);
                self.raised_by.clone_from(raised_by);
                self.graded_by_hand = *by_hand;
            }
            Event::Assigned { owner, instead_of, routed, .. } => {
                self.owner = *owner;
                self.routed.clone_from(routed);
                self.instead_of = *instead_of;
            }
            Event::Converted { rule, from, to } => {
                let (rule, from, to) = (rule.clone(), *from, *to);
                self.conversions.push(super::convert::Conversion { rule, from, to, at: entry.at });
                self.record.kind = to;
            }
            Event::DeadlockDeclared { .. } => self.deadlock_at = Some(entry.at),
            Event::Restored { at } => self.restored_at = Some(*at),
            Event::CauseSet { cause, .. } => self.cause = Some(cause.clone()),
            Event::HandedOff { owner, number, request, handed_at, .. } => {
                self.take_over(owner, number, request, *handed_at);
                self.record.assessment.regulator = true;
                let external = External { owner: owner.clone(), number: number.clone() };
                if !self.record.external.contains(&external) {
                    self.record.external.push(external);
                }
            }
            Event::RegulatorFedBack { .. } | Event::RegulatorActed { .. } => self.apply_matter(event),
            Event::Moved { to } => self.state = *to,
            Event::Supplemented { urging, .. } => self.urged += u32::from(*urging),
            Event::Contacted { outcome, at, promise, next_at, .. } => {
                self.contacts.push(Contact { at: *at, outcome: *outcome, promise: *promise });
                if let Some(call) = self.promises.iter_mut().find(|one| Some(one.id) == *promise) {
                    call.next_at = *next_at;
                }
                if *outcome == ContactOutcome::Reached {
                    self.unreachable_at = None;
                    self.responded_at.get_or_insert(*at);
                }
            }
            Event::Unreachable { .. } => {
                self.unreachable_at = Some(entry.at);
                for call in self.promises.iter_mut().filter(|one| one.call_back && one.kept_at.is_none()) {
                    call.given_up = true;
                }
            }
            Event::ProgressNotified { at, wording, .. } => {
                self.progress_at = Some(*at);
                if let Some(member) = self.incident.as_mut().filter(|_| wording.is_some()) {
                    member.wording = *wording;
                }
                self.responded_at.get_or_insert(*at);
            }
            Event::ProgressAgreed { .. } => self.apply_agreement(event, entry.at),
            Event::VoidRequested { .. } => self.void_asked_by = Some(entry.actor),
            Event::VoidRefused { .. } => self.void_asked_by = None,
            Event::Suspended { wait_for, until, .. } => {
                let (wait_for, since, until) = (wait_for.clone(), entry.at, *until);
                self.suspension = Some(Suspension { wait_for, since, until, before: self.state });
            }
            Event::Resumed { .. } => self.suspension = None,
            Event::CalendarChanged { calendar, .. } => {
                self.calendars.retain(|known| known.id != calendar.id);
                self.calendars.push(calendar.clone());
            }
            Event::ClockStarted { .. }
            | Event::ClockMoved { .. }
            | Event::ClockStopped { .. }
            | Event::ClockPaused { .. }
            | Event::ClockResumed { .. }
            | Event::ClockInherited { .. }
            | Event::Warned { .. } => self.apply_clock(event, entry.at),
            Event::EffectTaken { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldLifted { .. }
            | Event::LegalHoldPlaced { .. }
            | Event::LegalHoldLifted { .. }
            | Event::LetterIssued { .. }
            | Event::LetterDelivered { .. } => self.apply_effect(event, entry),
            Event::Referred { referral, route, stage, at, number, document, reference, .. } => {
                let step =
                    referral::Step { stage: stage.clone(), at: *at, document: *document, reference: reference.clone() };
                let (route, number) = (route.clone(), number.clone());
                self.referrals.push(Referral { id: *referral, route, number, steps: vec![step] });
            }
            Event::ReferralMoved { referral, stage, at, document, reference, .. } => {
                if let Some(known) = self.referrals.iter_mut().find(|known| known.id == *referral) {
                    let (stage, reference) = (stage.clone(), reference.clone());
                    known.steps.push(referral::Step { stage, at: *at, document: *document, reference });
                }
            }
            Event::Promised { .. }
            | Event::PromiseInherited { .. }
            | Event::PromiseKept { .. }
            | Event::PromiseBroken { .. } => {
                self.apply_promise(event);
            }
            Event::Merged { .. }
            | Event::Absorbed { .. }
            | Event::MergedAnswered { .. }
            | Event::MergedWaits { .. }
            | Event::Linked { .. } => {
                self.apply_tie(event, entry.at);
            }
            Event::Order { order, step } => self.apply_order(*order, step, entry.at, entry.actor),
            Event::Ownership { step } => self.apply_ownership(step, entry.at, entry.actor),
            Event::AnswerLapsed {} => {
                self.reply = None;
                self.untold();
                self.spend_survey();
            }
            Event::IncidentJoined { incident, number, master } => {
                let (incident, number, master, joined_at) = (*incident, number.clone(), *master, entry.at);
                self.incident = Some(InIncident { incident, number, master, joined_at, told_at: None, wording: None });
            }
            Event::IncidentLeft { .. } => self.incident = None,
            Event::CompensationProposed { .. }
            | Event::CompensationApproved { .. }
            | Event::CompensationRefused { .. }
            | Event::CompensationPaid { .. }
            | Event::CompensationVerified { .. }
            | Event::RecoverySettled { .. }
            | Event::CompensationSent { .. }
            | Event::CompensationFailed { .. }
            | Event::CompensationEnded { .. } => self.apply_compensation(event, entry),
            Event::SatisfactionAsked { .. }
            | Event::SatisfactionRecorded { .. }
            | Event::SurveyInvited { .. }
            | Event::CalledBack { .. }
            | Event::ReviewOpened { .. }
            | Event::ReviewDecided { .. } => self.apply_survey(event, entry),
            Event::Proposed { .. }
            | Event::Approved { .. }
            | Event::SentBack { .. }
            | Event::Replied { .. }
            | Event::Confirmed { .. }
            | Event::Disputed { .. } => self.apply_outcome(event, entry),
            Event::Closed {} | Event::Declined { .. } | Event::Withdrawn { .. } | Event::Voided { .. } => {
                self.end(entry.at);
            }
            Event::Reopened { round, .. } => self.start_round(*round, entry.at),
        }
    }

    /// The customer has not been told what came of the incident after all.
    pub(super) fn untold(&mut self) {
        if let Some(member) = &mut self.incident {
            member.told_at = None;
        }
    }

    fn apply_outcome(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::Proposed { outcome, finding, grants, identity_verified } => {
                self.approved = false;
                self.lapse_readings();
                self.record.identity_verified |= identity_verified;
                self.proposal = Some(Proposal {
                    outcome: outcome.clone(),
                    finding: finding.clone(),
                    by: entry.actor,
                    grants: *grants,
                });
                self.handlers.insert(entry.actor);
            }
            Event::Approved { .. } => {
                self.approved = true;
                self.handlers.insert(entry.actor);
            }
            Event::SentBack { .. } => self.approved = false,
            Event::Replied { mode, at, content } => {
                self.reply = Some(ReplyProof { mode: mode.clone(), at: *at, content: content.clone() });
                self.apply_reading(event, entry);
                self.handlers.insert(entry.actor);
                self.responded_at.get_or_insert(*at);
                let told = mode != "public_notice" || self.record.anonymous;
                if let Some(member) = self.incident.as_mut().filter(|_| told) {
                    member.told_at = Some(*at);
                }
                // The reply promised at registration is this one.
                self.keep(0, *at);
            }
            Event::Confirmed { .. } => self.confirmed = true,
            Event::Disputed { .. } => {
                self.disputes += 1;
                // Whoever rejects what all were told waits again, until they are told otherwise or go on alone.
                self.untold();
                self.barred.extend(std::mem::take(&mut self.handlers));
                self.without_outcome();
            }
            _ => {}
        }
    }

    fn apply_clock(&mut self, event: &Event, at: Timestamp) {
        match event {
            // Of one rule one clock runs in a round; a log that says otherwise means the first.
            Event::ClockStarted { rule, round, .. } if self.clock_mut(rule, *round).is_some() => {}
            Event::ClockStarted { rule, round, from, due_at } => {
                self.clocks.push(Clock::started(rule.clone(), *round, *from, *due_at));
            }
            Event::ClockInherited { rule, round, from, due_at, pack } => match self.clock_mut(rule, *round) {
                Some(clock) => {
                    clock.from = *from;
                    clock.due_at = *due_at;
                }
                None => {
                    let clock = Clock::started(rule.clone(), *round, *from, *due_at);
                    self.clocks.push(Clock { inherited: true, pack: pack.clone(), ..clock });
                }
            },
            Event::ClockMoved { rule, round, due_at } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.due_at = *due_at;
                }
            }
            Event::ClockStopped { rule, round, at, outcome } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.stand_no_longer(*at);
                    clock.ended = Some((*outcome, *at));
                }
            }
            Event::ClockPaused { rule, round } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.pauses.push((at, None));
                }
            }
            Event::ClockResumed { rule, round, due_at } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.stand_no_longer(at);
                    clock.due_at = *due_at;
                }
            }
            Event::Warned { rule, round, percent } => {
                if let Some(clock) = self.clock_mut(rule, *round) {
                    clock.warned = clock.warned.max(*percent);
                }
            }
            _ => {}
        }
    }

    fn apply_effect(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::EffectTaken { rule, from, binding, did } => {
                self.effects.extend(from.map(|from| (rule.clone(), from)));
                for caused in did {
                    match caused {
                        Caused::Letter(letter) => self.owe_letter(letter, rule, *binding, entry.at),
                        Caused::Route(route) if self.opened.iter().all(|(known, _)| known != route) => {
                            self.opened.push((route.clone(), entry.at));
                        }
                        Caused::Compensate(owed) => {
                            self.compensation_asked.entry(owed.clone()).or_insert_with(|| rule.clone());
                            // What practice would pay is for people to weigh.
                            if *binding {
                                self.compensation_due.insert(owed.clone());
                            }
                        }
                        Caused::Raise(grade) => self.raised_to.push((rule.clone(), *grade)),
                        // Holds have events of their own, and so have messages; who was told is for notices.
                        Caused::Route(_)
                        | Caused::Hold(_)
                        | Caused::Notify(_)
                        | Caused::News(_)
                        | Caused::NewsKept(_) => {}
                    }
                }
            }
            Event::HoldPlaced { rule, holds } => {
                self.holds.push(Hold { rule: rule.clone(), holds: holds.clone(), placed_at: entry.at, lifted_at: None })
            }
            Event::HoldLifted { rule } => {
                let lasting = self.holds.iter_mut().filter(|hold| hold.rule == *rule && hold.lasts());
                lasting.for_each(|hold| hold.lifted_at = Some(entry.at));
            }
            Event::LegalHoldPlaced { id, reason } => self.legal_holds.push(LegalHold {
                id: *id,
                reason: reason.clone(),
                placed_at: entry.at,
                by: entry.actor,
                lifted_at: None,
            }),
            Event::LegalHoldLifted { id, .. } => {
                let lasting = self.legal_holds.iter_mut().filter(|hold| hold.id == *id && hold.lasts());
                lasting.for_each(|hold| hold.lifted_at = Some(entry.at));
            }
            Event::LetterIssued { letter, rule, language, medium, at, content, document, reference } => {
                self.apply_reading(event, entry);
                if self.letters.iter().all(|known| known.id != *letter) {
                    let written = Letter {
                        id: *letter,
                        rule: rule.clone(),
                        owed: None,
                        binding: false,
                        issued: None,
                        delivered_at: None,
                    };
                    self.letters.push(written);
                }
                let issued = Issued {
                    language: language.clone(),
                    medium: *medium,
                    at: *at,
                    by: entry.actor,
                    content: content.clone(),
                    document: *document,
                    reference: reference.clone(),
                };
                if let Some(known) = self.letters.iter_mut().find(|known| known.id == *letter) {
                    known.issued = Some(issued);
                }
            }
            Event::LetterDelivered { letter, at, .. } => {
                if let Some(known) = self.letters.iter_mut().find(|known| known.id == *letter) {
                    known.delivered_at = Some(*at);
                }
            }
            _ => {}
        }
    }

    /// One letter of a rule is owed at a time; what asks for it again only makes it more urgent.
    fn owe_letter(&mut self, rule: &str, why: &str, binding: bool, at: Timestamp) {
        if let Some(owed) = self.letters.iter_mut().find(|one| one.rule == rule && one.issued.is_none()) {
            owed.binding |= binding;
            return;
        }
        let (id, owed) = (self.next_letter(), Some((at, why.to_owned())));
        self.letters.push(Letter { id, rule: rule.to_owned(), owed, binding, issued: None, delivered_at: None });
    }

    fn apply_promise(&mut self, event: &Event) {
        match event {
            Event::Promised { id, what, due_at, call_back } => self.promises.push(Promised {
                id: *id,
                what: Some(what.clone()),
                call_back: *call_back,
                ..Promised::reply(*due_at)
            }),
            Event::PromiseInherited { id, case, number, promise, due_at, broken, call_back } => {
                self.promises.push(Promised {
                    id: *id,
                    origin: Some(PromisedThere { case: *case, number: number.clone(), promise: *promise }),
                    broken: *broken,
                    call_back: *call_back,
                    ..Promised::reply(*due_at)
                });
            }
            Event::PromiseKept { id, at, .. } => self.keep(*id, *at),
            Event::PromiseBroken { id } => {
                if let Some(promise) = self.promises.iter_mut().find(|promise| promise.id == *id) {
                    promise.broken = true;
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, id: u32, at: Timestamp) {
        if let Some(promise) = self.promises.iter_mut().find(|one| one.id == id && one.kept_at.is_none()) {
            promise.kept_at = Some(at);
            promise.broken |= at > promise.due_at;
        }
    }

    fn take_over(&mut self, owner: &str, number: &str, request: &str, at: Timestamp) {
        // What is registered by a hand-off came in by it, whatever its channel says.
        let by_it = self.version == 0;
        match self.matters.iter_mut().find(|matter| (by_it && matter.by_channel) || matter.awaits(number)) {
            Some(matter) => *matter = Matter::handed_over(matter.id, owner, number, request, at),
            None => {
                let id = u32::try_from(self.matters.len()).unwrap_or(u32::MAX).saturating_add(1);
                self.matters.push(Matter::handed_over(id, owner, number, request, at));
            }
        }
    }

    fn apply_matter(&mut self, event: &Event) {
        match event {
            Event::RegulatorFedBack { matter, at, document, reference, .. } => {
                let (document, reference) = (*document, reference.clone());
                let step = Step { stage: matter::Stage::FedBack, at: *at, result: None, document, reference };
                if let Some(matter) = self.matters.iter_mut().find(|one| one.id == *matter) {
                    matter.feed_back(step);
                }
            }
            Event::RegulatorActed { matter, step, at, result, document, reference, .. } => {
                let (document, reference) = (*document, reference.clone());
                let step = Step { stage: *step, at: *at, result: result.clone(), document, reference };
                if let Some(matter) = self.matters.iter_mut().find(|one| one.id == *matter) {
                    matter.step(step);
                }
            }
            _ => {}
        }
    }

    fn apply_tie(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Merged { into, number, .. } => {
                self.merged_into = Some((*into, number.clone()));
                self.end(at);
            }
            Event::Absorbed { case, number, .. } => {
                self.absorbed.push(Absorbed { case: *case, number: number.clone(), answered_at: None });
            }
            Event::MergedAnswered { case, at } => {
                self.absorbed_mut(*case, |one| one.answered_at = Some(*at));
                // The reply they were promised at registration is this one.
                let promised =
                    |one: &&Promised| one.origin.as_ref().is_some_and(|of| of.case == *case && of.promise == 0);
                if let Some(id) = self.promises.iter().find(promised).map(|promise| promise.id) {
                    self.keep(id, *at);
                }
            }
            Event::MergedWaits { case } => self.absorbed_mut(*case, |one| one.answered_at = None),
            Event::Linked { case, number, relation } => {
                self.links.push(Linked { case: *case, number: number.clone(), relation: *relation });
            }
            _ => {}
        }
    }

    fn absorbed_mut(&mut self, case: CaseId, change: impl FnOnce(&mut Absorbed)) {
        if let Some(one) = self.absorbed.iter_mut().find(|one| one.case == case) {
            change(one);
        }
    }

    /// The case has ended, one way or another: nothing it waited for matters any more.
    fn end(&mut self, at: Timestamp) {
        self.closed_at = Some(at);
        self.suspension = None;
        self.void_asked_by = None;
        self.lapse_orders(at);
    }

    /// The outcome told before no longer counts as one.
    fn without_outcome(&mut self) {
        self.proposal = None;
        self.approved = false;
        self.reply = None;
        self.lapse_readings();
        self.satisfaction_asked = false;
        self.survey = None;
        self.spend_survey();
        self.confirmed = false;
    }

    /// What belongs to one round of handling starts afresh; what belongs to the case stays.
    fn start_round(&mut self, round: u32, at: Timestamp) {
        // Whoever comes back goes on alone.
        self.incident = None;
        self.deadlock_at = None;
        self.unreachable_at = None;
        self.round = round;
        self.round_started_at = at;
        self.closed_at = None;
        self.restored_at = None;
        self.compensation_ended.clear();
        self.disputes = 0;
        self.handlers.clear();
        self.barred.clear();
        self.without_outcome();
    }

    fn clock_mut(&mut self, rule: &str, round: u32) -> Option<&mut Clock> {
        // A rule that lost its object and applies again has a second clock in the same round.
        self.clocks.iter_mut().find(|clock| clock.rule == rule && clock.round == round && clock.ended.is_none())
    }
}
