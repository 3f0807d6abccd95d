//! Clocks of a case: which start, which stop, and what a new grade does to them. The counting itself is `policy`'s.

use super::{Case, Clock, Context, agree_progress, grade};
use crate::event::{ClockOutcome, Event, PackPin};
use jiff::Timestamp;
use policy::{ClockKind, Facts, Grade, StageRef, StartFact, Started, StopFact};

/// Clocks that a fact starts, for facts already gathered; and those that begin where one of these has ended before now,
/// as with a matter that is registered late.
#[must_use]
pub fn started_by(
    fact: StartFact,
    facts: &Facts,
    grade: Grade,
    round: u32,
    at: Timestamp,
    ctx: &Context<'_>,
) -> Vec<Event> {
    started_now(fact, facts, grade, at, ctx).into_iter().map(|clock| event(clock, round)).collect()
}

fn started_now(fact: StartFact, facts: &Facts, grade: Grade, at: Timestamp, ctx: &Context<'_>) -> Vec<Started> {
    let mut started = ctx.rules.clocks_started_by(fact, facts, grade, at);
    let mut looked_at = 0;
    while let Some(clock) = started.get_mut(looked_at) {
        looked_at = looked_at.saturating_add(1);
        let Some(rule) = ctx.rules.clock(&clock.rule) else { continue };
        if rule.kind == ClockKind::Recurring {
            *clock = recurred(clock.clone(), facts, grade, ctx);
        } else if clock.due_at < ctx.now {
            // Clocks of a pack never wait for themselves, so this ends.
            let after = ctx.rules.clocks_started_after(&clock.rule, facts, grade, clock.due_at);
            // One that waits for the first of several ends begins with that one.
            let new = |next: &Started| !started.iter().any(|known| known.rule == next.rule);
            let new: Vec<Started> = after.into_iter().filter(new).collect();
            started.extend(new);
        }
    }
    started
}

/// A clock that is due again and again, as it stands now: the first of its limits that has not passed.
fn recurred(mut clock: Started, facts: &Facts, grade: Grade, ctx: &Context<'_>) -> Started {
    while clock.due_at < ctx.now {
        match ctx.rules.recompute(&clock.rule, clock.due_at, facts, grade) {
            Some(next) if next.due_at > clock.due_at => clock = next,
            _ => break,
        }
    }
    clock
}

fn event(clock: Started, round: u32) -> Event {
    Event::ClockStarted { rule: clock.rule, round, from: clock.from, due_at: clock.due_at }
}

/// What the end of a clock brings: those that begin with it, and itself anew when it is due again and again.
#[must_use]
pub fn expired(case: &Case, clock: &Clock, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let mut events = Vec::new();
    let recurring = |rule: &policy::ClockRule| rule.kind == ClockKind::Recurring;
    if ctx.rules.clock(&clock.rule).is_some_and(recurring) {
        events.push(stopped(clock, clock.due_at, ClockOutcome::Missed));
        let next = ctx.rules.recompute(&clock.rule, clock.due_at, &facts, case.grade);
        events.extend(next.map(|next| event(recurred(next, &facts, case.grade, ctx), clock.round)));
    }
    let after = ctx.rules.clocks_started_after(&clock.rule, &facts, case.grade, clock.due_at);
    let running = |rule: &str| open(case).any(|open| open.rule == rule && open.round == clock.round);
    events.extend(after.into_iter().filter(|next| !running(&next.rule)).map(|next| event(next, clock.round)));
    events
}

/// Stops the clocks that ask for tries once enough were made, this one included.
#[must_use]
pub fn attempted(case: &Case, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let tries: Vec<Timestamp> = case.contacts.iter().map(|contact| contact.at).chain([at]).collect();
    let zone = ctx.rules.zone();
    open(case)
        .filter_map(|clock| {
            let attempts = ctx.rules.clock(&clock.rule)?.attempts?;
            let enough = attempts.enough(&tries, clock.from, clock.due_at, &zone)?;
            Some(stopped(clock, enough, ClockOutcome::Met))
        })
        .collect()
}

/// Clocks that a fact about an existing case starts.
#[must_use]
pub fn start(case: &Case, fact: StartFact, round: u32, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let started = started_by(fact, &facts, case.grade, round, at, ctx);
    started.into_iter().filter_map(|event| agree_progress::instead(case, event, ctx)).collect()
}

/// The same where the fact can come true again within a round: a clock that still runs after what happened so far goes
/// on instead of beginning anew.
#[must_use]
pub fn start_unless_running(
    case: &Case,
    fact: StartFact,
    at: Timestamp,
    so_far: &[Event],
    ctx: &Context<'_>,
) -> Vec<Event> {
    let stopped = stopped_in(so_far);
    let running: Vec<&str> = open(case)
        .filter(|clock| clock.round == case.round && !stopped.contains(&(clock.rule.as_str(), clock.round)))
        .map(|clock| clock.rule.as_str())
        .collect();
    let mut events = start(case, fact, case.round, at, ctx);
    events.retain(|event| !matches!(event, Event::ClockStarted { rule, .. } if running.contains(&rule.as_str())));
    events
}

/// Clocks that begin with the end of a case: rights that open or lapse then and times of keeping. A closed case owes
/// nothing more, so nothing somebody could be late with begins.
#[must_use]
pub fn after_closing(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = start(case, StartFact::Closed, case.round, ctx.now, ctx);
    let owed = |rule: &str| ctx.rules.clock(rule).is_none_or(|rule| rule.kind.can_be_missed());
    events.retain(|event| !matches!(event, Event::ClockStarted { rule, .. } if owed(rule)));
    events
}

/// Clocks that a stage of a matter outside starts. A right of the customer that was counted already, as from the letter
/// that told of it, is not counted once more from when they used it.
#[must_use]
pub fn entered(case: &Case, stage: &StageRef, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let started = ctx.rules.clocks_started_in(stage, &facts, case.grade, at);
    let counted = |rule: &str| {
        let right = ctx.rules.clock(rule).is_some_and(policy::ClockRule::is_customers_right);
        right && case.clocks.iter().any(|clock| clock.rule == rule)
    };
    started.into_iter().filter(|next| !counted(&next.rule)).map(|clock| event(clock, case.round)).collect()
}

/// What a letter that is out does to clocks: those that wait for it end, those that begin with it begin.
#[must_use]
pub fn with_letter(case: &Case, letter: &str, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let waits = |clock: &&Clock| ctx.rules.clock(&clock.rule).is_some_and(|rule| rule.stops_with_letter(letter));
    let mut events: Vec<Event> = open(case).filter(waits).map(|clock| ended(clock, at, ctx)).collect();
    if case.state.is_open() {
        let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
        let started = ctx.rules.clocks_started_with(letter, &facts, case.grade, at);
        events.extend(started.into_iter().map(|clock| event(clock, case.round)));
    }
    events
}

/// What a stage of a body outside does to clocks that wait for it.
#[must_use]
pub(super) fn stopped_by(case: &Case, stage: &StageRef, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let waits = |clock: &&Clock| ctx.rules.clock(&clock.rule).is_some_and(|rule| rule.stops_in(stage));
    open(case).filter(waits).map(|clock| ended(clock, at, ctx)).collect()
}

/// Ends one clock as of the moment that ends it.
pub(super) fn ended(clock: &Clock, at: Timestamp, ctx: &Context<'_>) -> Event {
    let late = at > clock.due_at && can_be_missed(clock, ctx);
    stopped(clock, at, if late { ClockOutcome::Missed } else { ClockOutcome::Met })
}

/// Stops the running clocks this fact stops, now.
#[must_use]
pub fn stop(case: &Case, fact: StopFact, ctx: &Context<'_>) -> Vec<Event> {
    stop_at(case, fact, ctx.now, ctx)
}

/// Stops them as of the moment the fact became true, which may lie before it was recorded.
#[must_use]
pub fn stop_at(case: &Case, fact: StopFact, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    open(case)
        .filter(|clock| ctx.rules.clock(&clock.rule).is_some_and(|rule| rule.stops_on(fact)))
        .map(|clock| ended(clock, at, ctx))
        .collect()
}

/// Ends the running clocks that `which` picks because they have lost their object; one already overdue was missed.
#[must_use]
pub fn moot(case: &Case, ctx: &Context<'_>, which: impl Fn(&Clock) -> bool) -> Vec<Event> {
    open(case).filter(|clock| which(clock)).map(|clock| without_object(clock, ctx)).collect()
}

/// Statutory clocks that lost their object with an ending that is taken back: they run on to their first limit, in the
/// new round. First receipt decided it, and nothing that happened since can move it (appendix B.3 of the reference).
/// What had lost its object before that ending, or is no longer for such a case, stays ended.
#[must_use]
pub fn revive(case: &Case, round: u32, ctx: &Context<'_>) -> Vec<Event> {
    let law = |rule: &str| ctx.rules.clock(rule).is_some_and(|rule| rule.head.layer == policy::Layer::Law);
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let lost = |clock: &&Clock| {
        clock.round == case.round && matches!(clock.ended, Some((ClockOutcome::Moot, at)) if Some(at) == case.closed_at)
    };
    case.clocks
        .iter()
        .filter(lost)
        .filter(|clock| law(&clock.rule))
        .filter(|clock| clock.inherited || ctx.rules.recompute(&clock.rule, clock.from, &facts, case.grade).is_some())
        .map(|clock| {
            let (rule, from, due_at, pack) = (clock.rule.clone(), clock.from, clock.due_at, clock.pack.clone());
            match clock.inherited {
                true => Event::ClockInherited { rule, round, from, due_at, pack },
                false => Event::ClockStarted { rule, round, from, due_at },
            }
        })
        .collect()
}

/// Lets the clocks stand still whose rule allows it; one already overdue has nothing left to stand still for.
#[must_use]
pub fn pause(case: &Case, wait_for: &str, ctx: &Context<'_>) -> Vec<Event> {
    let may = |clock: &&Clock| {
        clock.is_running()
            && ctx.now <= clock.due_at
            && ctx.rules.clock(&clock.rule).is_some_and(|rule| rule.pausable.stops_for(wait_for))
    };
    let paused = case.clocks.iter().filter(may);
    paused.map(|clock| Event::ClockPaused { rule: clock.rule.clone(), round: clock.round }).collect()
}

/// Lets the clocks that stood still run on, longer by what they stood.
#[must_use]
pub fn resume(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let standing = case.clocks.iter().filter(|clock| clock.is_paused());
    standing
        .map(|clock| {
            let pauses: Vec<_> = clock.pauses.iter().map(|(from, to)| (*from, Some(to.unwrap_or(ctx.now)))).collect();
            let counted = ctx.rules.due_paused(&clock.rule, clock.from, &facts, case.grade, &pauses);
            // A limit that was kept shorter than the rule's own stays so; standing still only ever adds.
            let without = ctx.rules.recompute(&clock.rule, clock.from, &facts, case.grade);
            let due_at = match (counted, without) {
                (Some(with), Some(without)) if clock.due_at < without.due_at => {
                    let stood = without.due_at.duration_until(with.due_at);
                    clock.due_at.checked_add(stood).unwrap_or(with.due_at)
                }
                (Some(with), _) => with.due_at.max(clock.due_at),
                (None, _) => clock.due_at,
            };
            Event::ClockResumed { rule: clock.rule.clone(), round: clock.round, due_at }
        })
        .collect()
}

/// Ends every clock of a case that ends: those the fact stops, and those that lose their object with it. A right of the
/// customer runs on: that the operator is done, or the customer took the complaint back, takes no day of it away. Of a case
/// that was none, or goes up in another, nothing is left.
#[must_use]
pub fn end_all(case: &Case, fact: StopFact, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = stop(case, fact, ctx);
    let stopped = stopped_in(&events);
    let stays = |clock: &Clock| {
        let lives_on = matches!(fact, StopFact::Closed | StopFact::Declined | StopFact::Withdrawn);
        lives_on && ctx.rules.clock(&clock.rule).is_some_and(policy::ClockRule::is_customers_right)
    };
    let moot = moot(case, ctx, |clock| !stays(clock) && !stopped.contains(&(clock.rule.as_str(), clock.round)));
    events.extend(moot);
    events
}

/// What a lead case takes over from one that goes up in it: of two clocks of one rule the earlier limit, and those of
/// the law layer that only the other case had, with the pack that knows its rule. A duty does not vanish because two
/// matters became one. The rules at hand are those of the case that goes up.
#[must_use]
pub fn inherit(lead: &Case, from: &Case, ctx: &Context<'_>) -> Vec<Event> {
    let law = |rule: &str| ctx.rules.clock(rule).is_some_and(|rule| rule.head.layer == policy::Layer::Law);
    // A clock of another body's matter goes with the matter, which stays where it is.
    let of_a_matter = |rule: &str| {
        let of_stage = |start: &policy::Start| matches!(start, policy::Start::Stage(_));
        ctx.rules.clock(rule).is_some_and(|rule| rule.start.iter().all(of_stage))
    };
    open(from)
        .filter(|theirs| !of_a_matter(&theirs.rule))
        .filter(|theirs| match open(lead).find(|mine| mine.rule == theirs.rule && mine.round == lead.round) {
            Some(mine) => theirs.due_at < mine.due_at,
            None => law(&theirs.rule),
        })
        .map(|theirs| Event::ClockInherited {
            rule: theirs.rule.clone(),
            round: lead.round,
            from: theirs.from,
            due_at: theirs.due_at,
            pack: ctx.rules.pack_of(&theirs.rule).map(PackPin::of),
        })
        .collect()
}

/// What a new grade or category does: clocks move (counted from their original start), begin or lose their object.
#[must_use]
pub fn regrade(case: &Case, grade: Grade, facts: &Facts, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let (fact, from) = match case.round {
        1 => (StartFact::Received, case.received_at),
        _ => (StartFact::Reopened, case.round_started_at),
    };
    let wanted = started_now(fact, facts, grade, from, ctx);
    // One that stands still is counted anew when it runs on.
    let agreed = |rule: &str| agree_progress::is_agreed(case, rule, ctx.rules);
    for clock in case.clocks.iter().filter(|clock| clock.round == case.round && clock.is_running()) {
        // What was agreed with the customer no grade changes.
        if agreed(&clock.rule) {
            continue;
        }
        // From its own start, which for a clock that began anew in mid-round is not the round's.
        match ctx.rules.due_paused(&clock.rule, clock.from, facts, grade, &clock.pauses) {
            Some(started) => {
                // A new grade keeps or shortens; what was missed stays missed.
                let due_at = clock.due_at.min(started.due_at);
                if due_at != clock.due_at {
                    events.push(Event::ClockMoved { rule: clock.rule.clone(), round: clock.round, due_at });
                }
            }
            // The duty of a merged case does not hang on what this one is about.
            None if clock.inherited => {}
            None => events.push(without_object(clock, ctx)),
        }
    }
    for started in wanted {
        let known = case.clocks.iter().any(|clock| {
            clock.rule == started.rule
                && clock.round == case.round
                && !matches!(clock.ended, Some((ClockOutcome::Moot, _)))
        });
        if !known && !agreed(&started.rule) && !already_done(case, &started.rule, ctx) {
            events.push(event(started, case.round));
        }
    }
    events
}

/// A clock whose stopping fact is already true would never be stopped again, so it does not begin.
fn already_done(case: &Case, rule: &str, ctx: &Context<'_>) -> bool {
    use super::State;
    let Some(rule) = ctx.rules.clock(rule) else {
        return true;
    };
    let accepted = !matches!(case.state, State::Triage | State::Registered | State::Reopened);
    (accepted && rule.stops_on(StopFact::Accepted))
        || (case.proposal.is_some() && rule.stops_on(StopFact::Proposed))
        || (case.restored_at.is_some() && rule.stops_on(StopFact::Restored))
        || (case.reply.is_some() && rule.stops_on(StopFact::Replied))
}

fn open(case: &Case) -> impl Iterator<Item = &Clock> {
    case.clocks.iter().filter(|clock| clock.is_open())
}

pub(super) fn without_object(clock: &Clock, ctx: &Context<'_>) -> Event {
    // A missed deadline stays missed; only what was still in time can lose its object.
    let late = ctx.now > clock.due_at && can_be_missed(clock, ctx);
    stopped(clock, ctx.now, if late { ClockOutcome::Missed } else { ClockOutcome::Moot })
}

/// Whether somebody is late once the clock has run out; of a rule that is gone nobody knows better than that it is.
fn can_be_missed(clock: &Clock, ctx: &Context<'_>) -> bool {
    ctx.rules.clock(&clock.rule).is_none_or(|rule| rule.kind.can_be_missed())
}

fn stopped(clock: &Clock, at: Timestamp, outcome: ClockOutcome) -> Event {
    Event::ClockStopped { rule: clock.rule.clone(), round: clock.round, at, outcome }
}

/// Leaves out clocks that would begin while one of the same rule runs in the same round: that one goes on.
#[must_use]
pub fn once(case: &Case, events: Vec<Event>) -> Vec<Event> {
    let mut running: Vec<(String, u32)> = open(case).map(|clock| (clock.rule.clone(), clock.round)).collect();
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        match &event {
            Event::ClockStarted { rule, round, .. } | Event::ClockInherited { rule, round, .. } => {
                let known = running.iter().any(|(known, of)| known == rule && of == round);
                if known && matches!(event, Event::ClockStarted { .. }) {
                    continue;
                }
                running.push((rule.clone(), *round));
            }
            Event::ClockStopped { rule, round, .. } => running.retain(|(known, of)| known != rule || of != round),
            _ => {}
        }
        kept.push(event);
    }
    kept
}

/// Rules and rounds of the clocks these events stop.
#[must_use]
pub fn stopped_in(events: &[Event]) -> Vec<(&str, u32)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::ClockStopped { rule, round, .. } => Some((rule.as_str(), *round)),
            _ => None,
        })
        .collect()
}
