//! Replaying: the life of a case under other rules. What happened stays as the log says; what rules make of it, the
//! kind a contact became, the grade and every clock, is decided anew by the same functions the verbs use. Under its own rules a case comes out as
//! it stands, which a test holds against random lives.
//!
//! What another case handed over is not decided anew: its clocks come as the log has them.

use super::hand_off::{self, HandOff};
use super::{
    Case, Clock, Context, State, agree_progress, clocks, compensation, convert, effects, grade, matter, message,
    recount, referral, reply, timers,
};
use crate::actor::Actor;
use crate::event::{ContactOutcome, Entry, Event};
use crate::ids::CaseId;
use crate::refusal::Refusal;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{Action, ClockKind, EffectRule, Proof, Stack, Start, StartFact, StopFact};
use std::borrow::Cow;

/// A rule that is due again and again is followed no further than this; nothing in a case's life is due more often.
const MOST_ENDS: usize = 10_000;

/// What a replay goes by.
#[derive(Clone, Copy)]
pub struct Replay<'a> {
    /// Until when clocks run out by themselves.
    pub now: Timestamp,
    /// Who carries it out; nothing is decided by it.
    pub actor: &'a Actor,
    /// Category and cause trees.
    pub taxonomy: &'a Taxonomy,
}

impl Replay<'_> {
    /// The case as its log would have made it under other rules; `rules` says which govern it, and is asked again
    /// whenever its calendars change. Nothing when these rules would not have let happen what happened.
    ///
    /// # Errors
    /// If the log does not add up to a case, or the rules cannot be had.
    pub fn case<E: From<super::BrokenLog>>(
        &self,
        id: CaseId,
        entries: &[Entry],
        rules: impl Fn(&Case) -> Result<Stack, E>,
    ) -> Result<Option<Case>, E> {
        let (Some(first), later) = (entries.first(), entries.get(1..).unwrap_or_default()) else {
            return Err(super::BrokenLog::NoBeginning.into());
        };
        let Some((registered, rest)) = first.events.split_first() else {
            return Err(super::BrokenLog::NoBeginning.into());
        };
        // Still without a version, as registering leaves it to what comes with it.
        let beginning = Entry { version: 0, verb: String::new(), events: vec![registered.clone()], ..*first };
        let mut case = Case::begin(id, &beginning)?;
        let mut governing = rules(&case)?;
        let mut brings = Brings::of(&governing);
        let ctx = self.context(first.at, &governing);
        let until = rest.iter().position(|event| matches!(event, Event::Moved { .. })).map_or(0, |place| place + 1);
        let (own, more) = rest.split_at(until);
        let begun = self.registered(&case, &ctx);
        facts_of(own).chain(&begun).for_each(|event| case.apply(event, first));
        let handed = more.iter().any(|event| matches!(event, Event::HandedOff { .. }));
        let caused = if handed { self.caused(&case, more, &ctx) } else { Ok(matter::registered(&case, &ctx)) };
        let Ok(caused) = caused else { return Ok(None) };
        facts_of(more).chain(&caused).for_each(|event| case.apply(event, first));
        brings.follow(&mut case, facts_of(&first.events).chain(&begun).chain(&caused), &ctx);
        case.version = first.version;
        for entry in later {
            self.run_out(&mut case, &governing, brings, entry.at);
            if entry.events.iter().any(|event| matches!(event, Event::CalendarChanged { .. })) {
                let before = governing;
                for event in entry.events.iter().filter(|event| matches!(event, Event::CalendarChanged { .. })) {
                    case.apply(event, entry);
                }
                governing = rules(&case)?;
                brings = Brings::of(&governing);
                let moved = recount::moved(&case, &before, &self.context(entry.at, &governing));
                moved.iter().for_each(|event| case.apply(event, entry));
            }
            let Ok(caused) = self.caused(&case, &entry.events, &self.context(entry.at, &governing)) else {
                return Ok(None);
            };
            let caused = clocks::once(&case, caused);
            let happened = || facts_of(&entry.events).chain(&caused);
            happened().for_each(|event| case.apply(event, entry));
            case.version = entry.version;
            case.changed_at = entry.at;
            brings.follow(&mut case, happened(), &self.context(entry.at, &governing));
        }
        self.run_out(&mut case, &governing, brings, self.now);
        Ok(Some(case))
    }

    fn context<'c>(&'c self, now: Timestamp, rules: &'c Stack) -> Context<'c> {
        Context { now, actor: self.actor, rules, taxonomy: self.taxonomy, others: &[] }
    }

    /// Grade and clocks of a registration.
    fn registered(&self, case: &Case, ctx: &Context<'_>) -> Vec<Event> {
        let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
        let (graded, grade) = grade::first(&facts, ctx);
        let mut events = vec![graded];
        events.extend(clocks::started_by(StartFact::Received, &facts, grade, 1, case.received_at, ctx));
        events
    }

    /// What the events of one command do to grade and clocks of the case as it was before.
    fn caused(&self, case: &Case, happened: &[Event], ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        let mut events = Vec::new();
        let mut case = Cow::Borrowed(case);
        // Whoever hands a matter over reopens an ended case with it; that is decided together.
        let handed = happened.iter().any(|event| matches!(event, Event::HandedOff { .. }));
        for event in happened {
            match event {
                Event::Classified { category, .. } => events.extend(grade::regrade_by_rules(&case, category, ctx)),
                Event::Graded { by_hand: true, .. } => events.extend(graded_by_hand(&case, event, ctx)),
                Event::CauseSet { cause, .. } => {
                    let facts = grade::facts(&case, ctx.rules, ctx.taxonomy);
                    let facts = policy::Facts { cause: Some(cause.clone()), ..facts };
                    events.extend(clocks::regrade(&case, case.grade, &facts, ctx));
                }
                Event::Accepted {} if matches!(case.state, State::Registered | State::Reopened) => {
                    let stopped = clocks::stop(&case, StopFact::Accepted, ctx);
                    let started = clocks::start_unless_running(&case, StartFact::Accepted, ctx.now, &stopped, ctx);
                    events.extend(stopped.into_iter().chain(started));
                }
                Event::Proposed { .. } => {
                    let restored = happened.iter().find_map(|event| match event {
                        Event::Restored { at } => Some(*at),
                        _ => None,
                    });
                    // The first of two that stop a clock is the one that counts.
                    events.extend(
                        restored.into_iter().flat_map(|at| clocks::stop_at(&case, StopFact::Restored, at, ctx)),
                    );
                    events.extend(clocks::stop(&case, StopFact::Proposed, ctx));
                }
                // What the customer of a merged case is told ends no clock there.
                Event::Replied { at, .. } if case.state != State::Merged => {
                    let restored = happened.iter().find_map(|event| match event {
                        Event::Restored { at } => Some(*at),
                        _ => None,
                    });
                    let stopped = reply::stopped(&case, restored, *at, ctx);
                    let started = clocks::start_unless_running(&case, StartFact::Replied, *at, &stopped, ctx);
                    events.extend(stopped.into_iter().chain(started));
                }
                Event::Contacted { outcome: ContactOutcome::Reached, at, .. } => {
                    events.extend(clocks::stop_at(&case, StopFact::FirstContact, *at, ctx));
                }
                Event::Contacted { at, .. } => {
                    events.extend(clocks::start_unless_running(&case, StartFact::ContactFailed, *at, &[], ctx));
                    events.extend(clocks::attempted(&case, *at, ctx));
                }
                Event::Unreachable { .. } => {
                    events.extend(clocks::start_unless_running(&case, StartFact::Unreachable, ctx.now, &[], ctx));
                }
                Event::ProgressNotified { at, .. } => {
                    events.extend(clocks::stop_at(&case, StopFact::ProgressNotified, *at, ctx));
                    events.extend(clocks::start(&case, StartFact::ProgressNotified, case.round, *at, ctx));
                }
                Event::ProgressAgreed { hours, .. } => events.extend(agree_progress::moved(&case, *hours, ctx)),
                Event::MessageMoved { .. } => {
                    let told = message::told_by_itself(&case, event);
                    events.extend(told.into_iter().flat_map(|at| message::news_told(&case, at, ctx)));
                }
                Event::Disputed { .. } => {
                    events.extend(clocks::start(&case, StartFact::Disputed, case.round, ctx.now, ctx));
                }
                Event::DeadlockDeclared { .. } => {
                    events.extend(clocks::start(&case, StartFact::Deadlock, case.round, ctx.now, ctx));
                }
                Event::Reopened { round, .. } if !handed => {
                    events.extend(clocks::start(&case, StartFact::Reopened, *round, ctx.now, ctx));
                    if case.state == State::Withdrawn {
                        events.extend(clocks::revive(&case, *round, ctx));
                    }
                }
                Event::CompensationPaid { id, at, .. } => {
                    events.extend(compensation::credited(&case, *id, *at, ctx));
                }
                Event::Closed {} => {
                    events.extend(clocks::end_all(&case, StopFact::Closed, ctx));
                    events.extend(clocks::after_closing(&case, ctx));
                }
                Event::Declined { .. } => events.extend(clocks::end_all(&case, StopFact::Declined, ctx)),
                Event::Withdrawn { .. } => events.extend(clocks::end_all(&case, StopFact::Withdrawn, ctx)),
                Event::Voided { .. } => events.extend(clocks::end_all(&case, StopFact::Voided, ctx)),
                Event::Merged { .. } => events.extend(clocks::end_all(&case, StopFact::Merged, ctx)),
                Event::Suspended { wait_for, .. } => events.extend(clocks::pause(&case, wait_for, ctx)),
                Event::Resumed { .. } => {
                    events.extend(clocks::resume(&case, ctx));
                    // Where its time was up, what follows in the entry was done to a case that goes on.
                    if let Some(to) = case.suspension.as_ref().map(|suspension| suspension.before) {
                        case.to_mut().anticipate(&[Event::Moved { to }], ctx);
                    }
                }
                Event::HandedOff { owner, number, request, handed_at, text } => {
                    let handed = HandOff {
                        owner: owner.clone(),
                        number: number.clone(),
                        request: request.clone(),
                        handed_at: *handed_at,
                        own_number: None,
                        text: text.clone(),
                        complaint: None,
                    };
                    let decided = hand_off::decide(&case, &handed, ctx)?.events;
                    events.extend(decided.into_iter().filter(|event| !is_fact(event)));
                }
                Event::RegulatorFedBack { matter, at, .. } => {
                    events.extend(turned(&case, *matter, matter::Stage::FedBack, *at, ctx));
                }
                Event::LetterIssued { rule, at, .. } if proof(ctx, rule) == Some(Proof::Sent) => {
                    events.extend(clocks::with_letter(&case, rule, *at, ctx));
                }
                Event::LetterDelivered { letter, at, .. } => {
                    let letter = case.letters.iter().find(|known| known.id == *letter);
                    let letter = letter.filter(|letter| proof(ctx, &letter.rule) == Some(Proof::Delivered));
                    events.extend(
                        letter.map_or_else(Vec::new, |letter| clocks::with_letter(&case, &letter.rule, *at, ctx)),
                    );
                }
                Event::Referred { route, stage, at, .. } | Event::ReferralMoved { route, stage, at, .. } => {
                    let turned = ctx.rules.route(route).and_then(|route| Some((route, route.stage(stage)?)));
                    let Some((route, stage)) = turned else { continue };
                    // A case that is taken up again by it is the one of the new round.
                    let mut here = case.clone().into_owned();
                    here.anticipate(&until_here(happened, event), ctx);
                    if here.state.is_open() {
                        here.anticipate(&events, ctx);
                        events.extend(referral::turn(&here, route, stage, *at, ctx));
                    }
                }
                Event::RegulatorActed { matter, step, at, .. } => {
                    events.extend(turned(&case, *matter, *step, *at, ctx));
                }
                _ => {}
            }
        }
        Ok(events)
    }

    /// What the ends of clocks, effects at times of theirs, and times without an answer bring by themselves until a moment.
    fn run_out(&self, case: &mut Case, rules: &Stack, brings: Brings, until: Timestamp) {
        if !brings.at_ends && !brings.raises_in_time && !brings.converts {
            return;
        }
        for _ in 0..MOST_ENDS {
            let begins = |clock: &&Clock| {
                let recurs = |rule: &policy::ClockRule| rule.kind == ClockKind::Recurring;
                rules.clock(&clock.rule).is_some_and(recurs)
                    || rules.clocks().any(|rule| rule.starts_after(&clock.rule))
            };
            let ends = |clock: &&Clock| timers::runs_out(case, clock, rules).filter(|at| *at <= until);
            let waiting = case.clocks.iter().filter(|_| case.state.is_open()).filter(begins);
            let next = waiting.filter_map(|clock| Some((ends(&clock)?, clock))).min_by_key(|(at, _)| *at);
            let effect = Some(()).filter(|()| brings.raises_in_time && case.state.is_open());
            let effect = effect.and_then(|()| effects::alarm(case, rules, self.taxonomy)).filter(|at| *at <= until);
            let conversion = Some(()).filter(|()| brings.converts);
            let conversion = conversion.and_then(|()| convert::alarm(case, rules, self.taxonomy));
            // What the last entry made come true comes about with it, however long its time has been up.
            let conversion = conversion.map(|at| at.max(case.changed_at)).filter(|at| *at <= until);
            let earliest = [next.map(|(at, _)| at), effect, conversion].into_iter().flatten().min();
            let Some(at) = earliest else { return };
            let ctx = self.context(at, rules);
            let mut events = Vec::new();
            if let Some((_, clock)) = next.filter(|(ends, _)| *ends == at) {
                events.push(Event::Warned { rule: clock.rule.clone(), round: clock.round, percent: 100 });
                events.extend(clocks::expired(case, clock, &ctx));
            }
            events = case.anticipated(events, &ctx);
            if conversion == Some(at) {
                events.extend(case.anticipated(convert::events(case, &ctx), &ctx));
            }
            if effect.is_some_and(|effect| effect <= at) {
                events.extend(effects::ring(case, &ctx));
            }
            brings.follow(case, events.iter(), &ctx);
        }
    }
}

/// What rules bring about by themselves that grades and clocks go by.
#[derive(Clone, Copy)]
struct Brings {
    /// The end of some clock begins another or itself anew.
    at_ends: bool,
    /// Some effect raises the grade.
    raises: bool,
    /// Some effect does so when the time of a clock comes.
    raises_in_time: bool,
    /// Some contact becomes one of another kind.
    converts: bool,
}

impl Brings {
    fn of(rules: &Stack) -> Self {
        let at_an_end = |start: &Start| matches!(start, Start::Expiry(_));
        let raises = |effect: &&EffectRule| effect.actions.iter().any(|action| matches!(action, Action::Raise(_)));
        let raising = || rules.packs().flat_map(policy::Pack::effects).filter(raises);
        Self {
            at_ends: rules.clocks().any(|rule| rule.kind == ClockKind::Recurring || rule.start.iter().any(at_an_end)),
            raises: raising().next().is_some(),
            raises_in_time: raising().any(|effect| effects::is_timed(&effect.at)),
            converts: rules.packs().any(|pack| !pack.conversions().is_empty()),
        }
    }

    /// Adds to a case what rules bring about because of the events that made it what it is.
    fn follow<'e>(self, case: &mut Case, events: impl Iterator<Item = &'e Event>, ctx: &Context<'_>) {
        if self.raises || self.converts {
            effects::caused(case, &events.cloned().collect::<Vec<_>>(), ctx);
        }
    }
}

/// What happened as the log says.
fn facts_of(happened: &[Event]) -> impl Iterator<Item = &Event> {
    happened.iter().filter(|event| is_fact(event))
}

/// What happened before an event of an entry.
fn until_here(happened: &[Event], event: &Event) -> Vec<Event> {
    facts_of(happened).take_while(|one| !std::ptr::eq(*one, event)).cloned().collect()
}

/// What proves that a letter is out.
fn proof(ctx: &Context<'_>, letter: &str) -> Option<Proof> {
    ctx.rules.letter(letter).map(|rule| rule.proof)
}

/// Whether it happened, whatever rules say: kinds that contacts became, grades and clocks are what rules make of it. Clocks that came from another
/// case are a fact of this one, and what a calendar changed is looked at beforehand.
fn is_fact(event: &Event) -> bool {
    !matches!(
        event,
        Event::Graded { .. }
            | Event::Converted { .. }
            | Event::ClockStarted { .. }
            | Event::ClockMoved { .. }
            | Event::ClockStopped { .. }
            | Event::ClockPaused { .. }
            | Event::ClockResumed { .. }
            | Event::CalendarChanged { .. }
            | Event::Warned { .. }
            | Event::EffectTaken { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldLifted { .. }
    )
}

/// Severity and urgency as the person set them, with the grade these rules give.
fn graded_by_hand(case: &Case, event: &Event, ctx: &Context<'_>) -> Vec<Event> {
    let Event::Graded { severity, urgency, .. } = event else { return Vec::new() };
    let decided = ctx.rules.grade(*severity, *urgency);
    let mut graded = event.clone();
    if let Event::Graded { grade, row, .. } = &mut graded {
        *grade = decided.grade;
        *row = decided.row;
    }
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let mut events = vec![graded];
    events.extend(clocks::regrade(case, decided.grade, &facts, ctx));
    events
}

fn turned(case: &Case, id: u32, to: matter::Stage, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let matter = case.matters.iter().find(|matter| matter.id == id);
    matter.map(|matter| matter::turn(case, matter, to, at, ctx)).unwrap_or_default()
}
