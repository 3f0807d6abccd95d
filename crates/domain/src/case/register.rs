//! Register (登记): a contact becomes a case. Its first-responsible owner (首问责任人), the packs that govern it and
//! the moment of first receipt are fixed here, for good.

use super::{Case, Context, Decision, Owner, State, classify, clocks, grade};
use crate::event::{CalendarPin, Event, PackPin};
use crate::fault::Fault;
use crate::ids::PersonId;
use crate::intake::Parted;
use crate::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use policy::StartFact;

/// Clocks of two machines may differ a little; further ahead is a mistake.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What the desk made ready for the new case.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// Number for people.
    pub number: String,
    /// The person in the vault.
    pub person: PersonId,
    /// Whether the actor may state an earlier receipt.
    pub may_backdate: bool,
}

/// Decides a registration.
///
/// # Errors
/// All faults that need more than the shape: unknown category, moments in the future, a region outside the
/// registrar's area, a backdated receipt without permission.
pub fn decide(parted: &Parted, fresh: &Fresh, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let record = &parted.record;
    let received_at = parted.received_at.unwrap_or(ctx.now);
    let mut faults = moments(parted, received_at, ctx);
    if parted.received_at.is_some_and(|at| at < ctx.now - CLOCK_SKEW) && !fresh.may_backdate {
        faults.push(Fault::new("received_at", "may_not_backdate"));
    }
    if let Some(category) = &parted.category
        && let Err(refusal) = classify::known_leaf(category, ctx)
    {
        faults.extend(refusal.faults);
    }
    if !ctx.actor.area.covers(&record.region) {
        faults.push(Fault::new("region", "outside_area").with("area", ctx.actor.area.code()));
    }
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    // Whom it is about may have to write it down, but does not hold it.
    let user = ctx.actor.user().filter(|user| record.about_staff != Some(*user));
    let owner = Owner { unit: ctx.actor.unit, user };
    let facts = grade::facts_of(record, parted.category.as_deref(), received_at, ctx.rules, ctx.taxonomy);
    let (graded, grade) = grade::first(&facts, ctx);
    let mut events = vec![
        Event::Registered {
            number: fresh.number.clone(),
            packs: ctx.rules.packs().map(PackPin::of).collect(),
            calendars: CalendarPin::of_stack(ctx.rules),
            person: fresh.person,
            received_at,
            category: parted.category.clone(),
            owner,
            record: Box::new(record.clone()),
        },
        graded,
    ];
    events.extend(clocks::started_by(StartFact::Received, &facts, grade, 1, received_at, ctx));
    let to = if parted.category.is_some() { State::Registered } else { State::Triage };
    events.push(Event::Moved { to });
    Ok(Decision::of(events))
}

fn moments(parted: &Parted, received_at: Timestamp, ctx: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if received_at > ctx.now + CLOCK_SKEW {
        faults.push(Fault::new("received_at", "in_future"));
    }
    match parted.record.occurred_at {
        Some(at) if at > ctx.now + CLOCK_SKEW => faults.push(Fault::new("occurred_at", "in_future")),
        Some(at) if at > received_at + CLOCK_SKEW => {
            faults.push(Fault::new("occurred_at", "after_receipt"));
        }
        _ => {}
    }
    if parted.record.contract_document_at.is_some_and(|at| at > ctx.now + CLOCK_SKEW) {
        faults.push(Fault::new("contract_document_at", "in_future"));
    }
    if parted.record.promised_at.is_some_and(|at| at < received_at) {
        faults.push(Fault::new("promised_at", "before_receipt"));
    }
    faults
}

/// Refuses a moment that lies before first receipt or in the future.
///
/// # Errors
/// Names the field.
pub(super) fn within_life(case: &Case, at: Timestamp, field: &'static str, ctx: &Context<'_>) -> Result<(), Refusal> {
    if at > ctx.now + CLOCK_SKEW {
        return Err(Fault::new(field, "in_future").into());
    }
    if at < case.received_at {
        return Err(Fault::new(field, "before_receipt").into());
    }
    Ok(())
}
