//! Effects (规则触发): what the rules of a case bring about by themselves when something happens to it, or when the time
//! of one of its clocks comes. Pure: told what happened, it says what follows, so that the log says both in one entry,
//! whichever door it came through.

use super::message::{self, Way, What};
use super::{Case, Clock, Context, clocks, convert, grade, order, owed_compensation};
use crate::event::{Caused, ContactOutcome, Event};
use crate::intake::ContactKind;
use jiff::{SignedDuration, Timestamp};
use policy::{Action, At, EffectRule, Facts, Grade, Layer, Stack};

/// What follows from what follows from … ends after this many steps; a pack that goes round in circles gets no further.
const DEEPEST: usize = 8;
/// How long before the end of the hours for calls a message sets out that is to arrive in them.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(10);

/// What happened that effects and holds wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger<'e> {
    Starts(&'e str),
    Stops(&'e str),
    Fact(&'static str),
}

impl Trigger<'_> {
    fn is(self, at: &At) -> bool {
        match (self, at) {
            (Self::Starts(clock), At::Start(own)) | (Self::Stops(clock), At::Stop(own)) => own == clock,
            (Self::Fact(fact), At::Event(own)) => *own == fact,
            _ => false,
        }
    }
}

/// What an event is to the rules; the facts are those of [`policy::StartFact`] and [`policy::StopFact`].
fn trigger(event: &Event) -> Option<Trigger<'_>> {
    Some(match event {
        Event::ClockStarted { rule, .. } | Event::ClockInherited { rule, .. } => Trigger::Starts(rule),
        Event::ClockStopped { rule, .. } => Trigger::Stops(rule),
        Event::Registered { .. } => Trigger::Fact("received"),
        Event::Accepted {} => Trigger::Fact("accepted"),
        Event::Contacted { outcome: ContactOutcome::Reached, .. } => Trigger::Fact("first_contact"),
        Event::Contacted { .. } => Trigger::Fact("contact_failed"),
        Event::Unreachable { .. } => Trigger::Fact("unreachable"),
        Event::ProgressNotified { .. } => Trigger::Fact("progress_notified"),
        Event::MessageMoved { what: What::News, way, stage, .. } if *stage == way.told_at() => {
            Trigger::Fact("progress_notified")
        }
        Event::Proposed { .. } => Trigger::Fact("proposed"),
        Event::Restored { .. } => Trigger::Fact("restored"),
        Event::Replied { .. } => Trigger::Fact("replied"),
        Event::Disputed { .. } => Trigger::Fact("disputed"),
        Event::DeadlockDeclared { .. } => Trigger::Fact("deadlock"),
        Event::Closed {} => Trigger::Fact("closed"),
        Event::Declined { .. } => Trigger::Fact("declined"),
        Event::Withdrawn { .. } => Trigger::Fact("withdrawn"),
        Event::Voided { .. } => Trigger::Fact("voided"),
        Event::Merged { .. } => Trigger::Fact("merged"),
        Event::Reopened { .. } => Trigger::Fact("reopened"),
        Event::HandedOff { .. } => Trigger::Fact("handed_off"),
        Event::RegulatorFedBack { .. } => Trigger::Fact("fed_back"),
        _ => return None,
    })
}

/// What the rules bring about because of the events that made this case what it is now; the case is what it is after
/// that, too.
pub fn caused(case: &mut Case, events: &[Event], ctx: &Context<'_>) -> Vec<Event> {
    // What a contact is comes first: rules are for its kind.
    let mut all = case.anticipated(convert::events(case, ctx), ctx);
    let mut fresh = if all.is_empty() {
        follow(case, events, &[], ctx)
    } else {
        let happened: Vec<Event> = events.iter().chain(&all).cloned().collect();
        follow(case, &happened, &[], ctx)
    };
    for _ in 0..DEEPEST {
        if fresh.is_empty() {
            break;
        }
        all.extend(fresh.iter().cloned());
        fresh = follow(case, &fresh, &all, ctx);
    }
    all.extend(fresh);
    all.extend(case.anticipated(owed_compensation::proposals(case, ctx), ctx));
    let moved = events.iter().chain(&all).any(order::limits::moves);
    all.extend(order::limits::tighten(case, moved, ctx));
    all
}

/// One step of it: the effects and holds that wait for these events. Each sees what the one before it did.
fn follow(case: &mut Case, events: &[Event], done: &[Event], ctx: &Context<'_>) -> Vec<Event> {
    let mut triggers: Vec<Trigger<'_>> = events.iter().filter_map(trigger).collect();
    let paid = events.iter().any(|event| matches!(event, Event::CompensationPaid { .. }));
    triggers.extend(Some(Trigger::Fact("credited")).filter(|_| paid && case.credits().next().is_none()));
    if triggers.is_empty() && converted_from(events).is_none() {
        return Vec::new();
    }
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let mut new = Vec::new();
    let at = case.grade;
    let before = converted_from(events).map(|kind| Facts { kind: kind.code().to_owned(), ..facts.clone() });
    for (pack, effect) in ctx.rules.effects(&facts, at, ctx.now) {
        let again =
            done.iter().any(|event| matches!(event, Event::EffectTaken { rule, .. } if *rule == effect.head.id));
        // What is due at the receipt of such a contact is due now, unless it was due at the receipt of the one it was.
        let received_now = effect.at == At::Event("received")
            && before
                .as_ref()
                .is_some_and(|before| !effect.head.holds(before, Some(at), ctx.now, pack.calendar().zone()));
        if !again && (received_now || triggers.iter().any(|trigger| trigger.is(&effect.at))) {
            let taken = taken(case, effect, None, ctx);
            new.extend(case.anticipated(taken, ctx));
        }
    }
    let is = |fact: &str| triggers.iter().any(|trigger| matches!(trigger, Trigger::Fact(own) if *own == fact));
    let mut holds = Vec::new();
    for hold in ctx.rules.holds(&facts, at, ctx.now) {
        // What ended with the case lasts again when it is taken up again.
        let again = is("reopened") && case.holds.iter().any(|known| known.rule == hold.head.id);
        if (is(hold.from.code()) || again) && !case.is_held_by(&hold.head.id) {
            holds.push(Event::HoldPlaced { rule: hold.head.id.clone(), holds: hold.holds.clone() });
        }
    }
    for hold in case.holds.iter().filter(|hold| hold.lasts()) {
        // One whose rule is gone ends with the case.
        let ends = match ctx.rules.hold(&hold.rule) {
            Some(rule) => rule.until.iter().any(|until| is(until.code())),
            None => !case.state.is_open(),
        };
        if ends {
            holds.push(Event::HoldLifted { rule: hold.rule.clone() });
        }
    }
    new.extend(case.anticipated(holds, ctx));
    new
}

/// The kind a case was before one of these events made it another; nothing where it was registered with them.
fn converted_from(events: &[Event]) -> Option<ContactKind> {
    let kind = events.iter().find_map(|event| match event {
        Event::Converted { from, .. } => Some(*from),
        _ => None,
    });
    kind.filter(|_| !events.iter().any(|event| matches!(event, Event::Registered { .. })))
}

/// An effect that comes about, with what it changes about the case itself.
fn taken(case: &Case, effect: &EffectRule, from: Option<Timestamp>, ctx: &Context<'_>) -> Vec<Event> {
    let binding = effect.head.layer == Layer::Law;
    let mut did = Vec::new();
    let mut more = Vec::new();
    for action in &effect.actions {
        match action {
            Action::Notify(told) => did.push(Caused::Notify(*told)),
            Action::Letter(letter) => did.push(Caused::Letter(letter.clone())),
            Action::Route(route) => did.push(Caused::Route(route.clone())),
            Action::Compensate(rule) => did.push(Caused::Compensate(rule.clone())),
            Action::Hold(hold) => {
                did.push(Caused::Hold(hold.clone()));
                if let Some(rule) = ctx.rules.hold(hold).filter(|_| !case.is_held_by(hold)) {
                    more.push(Event::HoldPlaced { rule: hold.clone(), holds: rule.holds.clone() });
                }
            }
            Action::Raise(grade) => {
                let raised = raised(case, *grade, &effect.head.id, ctx);
                did.extend((!raised.is_empty()).then_some(Caused::Raise(*grade)));
                more.extend(raised);
            }
            Action::TellProgress => did.push(message::news(case).map_or_else(Caused::NewsKept, Caused::News)),
        }
    }
    if did.is_empty() {
        return Vec::new();
    }
    let mut events = vec![Event::EffectTaken { rule: effect.head.id.clone(), from, binding, did }];
    events.extend(more);
    events
}

/// A grade that only ever rises, with what that does to the clocks. One that a person set rises too.
fn raised(case: &Case, to: Grade, by: &str, ctx: &Context<'_>) -> Vec<Event> {
    let (severity, urgency) = grade::lifted(case.severity, case.urgency, to);
    let decided = ctx.rules.grade(severity, urgency);
    if decided.grade <= case.grade || !case.state.is_open() {
        return Vec::new();
    }
    let raised_by = case.raised_by.iter().cloned().chain([by.to_owned()]).collect();
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let mut events = vec![Event::Graded {
        severity,
        urgency,
        grade: decided.grade,
        row: decided.row,
        raised_by,
        reason: None,
        by_hand: case.graded_by_hand,
    }];
    events.extend(clocks::regrade(case, decided.grade, &facts, ctx));
    events
}

/// Whether an effect comes about by itself, at a time of a clock.
pub(super) fn is_timed(at: &At) -> bool {
    matches!(at, At::Due { .. } | At::Breach(_) | At::Forecast { .. })
}

/// Effects that wait for the time of a running clock, with the moments. What a reminder would have reminded of before
/// the case was registered is plain to see; what the law attaches to a limit that passed before is not lost.
fn waiting<'c, 'r>(
    case: &'c Case,
    rules: &'r Stack,
    taxonomy: &crate::taxonomy::Taxonomy,
) -> Vec<(&'r EffectRule, &'c Clock, Timestamp)> {
    let mut found = Vec::new();
    let mut facts = None;
    for clock in case.clocks.iter().filter(|clock| clock.is_running()) {
        let Some(pack) = rules.pack_of(&clock.rule) else { continue };
        let own = |effect: &&EffectRule| is_timed(&effect.at) && effect.at.clock() == Some(clock.rule.as_str());
        for (home, effect) in rules.packs().flat_map(|pack| pack.effects().iter().map(move |one| (pack, one))) {
            if !own(&effect) || case.effects.contains(&(effect.head.id.clone(), clock.from)) {
                continue;
            }
            let Some(mut at) = effect.at.moment(clock.due_at, pack.calendar()) else { continue };
            // Who waits with the case beyond that moment knows by then.
            if let (At::Forecast { .. }, Some(waits)) = (&effect.at, &case.suspension)
                && waits.until >= at
            {
                at = at.min(waits.since);
            }
            if effect.actions.contains(&Action::TellProgress) {
                at = at_an_hour_for_it(case, rules, at).max(clock.from);
            }
            let reminds = matches!(effect.at, At::Due { before: true, .. });
            if reminds && at <= case.registered_at {
                continue;
            }
            let facts = facts.get_or_insert_with(|| grade::facts(case, rules, taxonomy));
            if home.is_for(facts) && effect.head.holds(facts, Some(case.grade), clock.from, home.calendar().zone()) {
                found.push((effect, clock, at));
            }
        }
    }
    found
}

/// When news goes out that is wanted by a moment: short messages and calls in the hours the rules leave for them, so that
/// one that would wait for the morning goes the evening before.
fn at_an_hour_for_it(case: &Case, rules: &Stack, at: Timestamp) -> Timestamp {
    let hours = match message::news(case) {
        Ok(Way::Sms | Way::Voice) => rules.contact_hours(&case.record.region),
        _ => None,
    };
    let Some((hours, calendar)) = hours.filter(|(hours, calendar)| !hours.allows(at, calendar)) else { return at };
    let last = hours.before(at, calendar).and_then(|last| last.checked_sub(ON_ITS_WAY).ok());
    last.unwrap_or(at)
}

/// The next moment at which an effect comes about by itself.
#[must_use]
pub fn alarm(case: &Case, rules: &Stack, taxonomy: &crate::taxonomy::Taxonomy) -> Option<Timestamp> {
    waiting(case, rules, taxonomy).into_iter().map(|(_, _, at)| at).min()
}

/// Effects whose moment has come, in the order of their moments, each in view of the one before; the case is what it is
/// after them.
#[must_use]
pub fn ring(case: &mut Case, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let due = waiting(case, ctx.rules, ctx.taxonomy).into_iter().filter(|(_, _, at)| *at <= ctx.now);
        let Some((effect, from)) = due.min_by_key(|(_, _, at)| *at).map(|(effect, clock, _)| (effect, clock.from))
        else {
            return events;
        };
        let mut taken = taken(case, effect, Some(from), ctx);
        if taken.is_empty() {
            // It changed nothing, and is not to be looked at again.
            let rule = effect.head.id.clone();
            taken.push(Event::EffectTaken { rule, from: Some(from), binding: false, did: Vec::new() });
        }
        // What is taken is waited for no longer, so this ends.
        events.extend(case.anticipated(taken, ctx));
    }
}

/// Whether an effect comes about by the receipt of a matter alone, so that there is no ground for it where nothing was
/// received: a case registered by mistake.
#[must_use]
pub(super) fn is_of_receipt(effect: &str, rules: &Stack) -> bool {
    let known = rules.packs().flat_map(policy::Pack::effects).find(|one| one.head.id == effect);
    known.is_some_and(|effect| effect.at == At::Event("received"))
}

/// Whether a case is still one an effect is for that came about at the time of a clock begun at a moment.
pub(super) fn is_still_for(
    case: &Case,
    (effect, from): (&str, Timestamp),
    rules: &Stack,
    taxonomy: &crate::taxonomy::Taxonomy,
) -> bool {
    let facts = grade::facts(case, rules, taxonomy);
    let mut known = rules.packs().flat_map(|pack| pack.effects().iter().map(move |one| (pack, one)));
    known.any(|(home, one)| {
        one.head.id == effect
            && home.is_for(&facts)
            && one.head.holds(&facts, Some(case.grade), from, home.calendar().zone())
    })
}

/// Whether what an effect at the time of a clock brought about still has its ground. Somebody may record only afterwards
/// that the clock had ended before that time; then nothing was late.
#[must_use]
pub(super) fn stands(case: &Case, effect: &str, rules: &Stack) -> bool {
    let known = rules.packs().flat_map(|pack| pack.effects().iter().map(move |one| (pack, one)));
    let Some((pack, effect)) = known.into_iter().find(|(_, one)| one.head.id == effect) else { return true };
    let late_only = matches!(effect.at, At::Breach(_) | At::Forecast { .. } | At::Due { before: false, .. });
    let Some(rule) = effect.at.clock().filter(|_| late_only) else { return true };
    let mut clocks = case.clocks.iter().filter(|clock| clock.rule == rule).peekable();
    let late = |clock: &Clock| match (clock.ended, effect.at.moment(clock.due_at, pack.calendar())) {
        (Some((_, ended)), Some(moment)) => ended >= moment,
        _ => true,
    };
    clocks.peek().is_none() || clocks.any(late)
}
