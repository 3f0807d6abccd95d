//! Notices: who should look at a case because of what just happened to it. Pure: folded from the entry and the case
//! after it; the desk only finds out which persons are meant.

use super::compensation::Standing;
use super::message::{Stage, What, Why};
use super::order::{self, OrderStep, OwnershipStep, WorkOrder};
use super::{Case, Owner, binds_provider};
use crate::actor::{ActorId, Role};
use crate::event::{Caused, Entry, Event};
use crate::ids::{UnitId, UserId};
use policy::{Stack, Told};

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// One person.
    User(UserId),
    /// Whoever leads a unit.
    Leads(UnitId),
    /// Everybody with a role who sees the case.
    Role(Role),
    /// Whoever follows the case.
    Followers,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who is meant.
    pub to: To,
    /// What happened; one of [`KINDS`].
    pub kind: &'static str,
    /// The clock rule it is about; empty for none.
    pub rule: String,
    /// How much of the clock's time has passed; 0 for none.
    pub percent: u8,
}

/// What may have happened.
pub const KINDS: &[&str] = &[
    "assigned",
    "clock_warning",
    "clock_overdue",
    "clock_ended",
    "promise_broken",
    "resumed_by_limit",
    "urged",
    "message_failed",
    "disputed",
    "review_wanted",
    "review_decided",
    "void_requested",
    "reading_wanted",
    "reading_released",
    "reading_returned",
    "handed_off",
    "regulator_acted",
    "rule_reminds",
    "letter_owed",
    "compensation_proposed",
    "compensation_decided",
    "compensation_failed",
    "compensation_paid_earlier",
    "order_sent",
    "order_came_back",
    "order_answered",
    "order_bounced",
    "order_urged",
    "order_late",
    "order_decision_wanted",
    "order_decided",
    "order_lapsed",
    "order_tightened",
    "visit_missed",
    "ownership_disputed",
    "ownership_late",
    "mentioned",
    "followed_assigned",
    "followed_suspended",
    "followed_resumed",
    "followed_replied",
    "followed_disputed",
    "followed_closed",
    "followed_reopened",
    "followed_ended",
    "followed_merged",
    "followed_answered",
    "followed_overdue",
    "followed_handed_off",
];

/// The notices of an entry. Nobody is told of what they did themselves.
#[must_use]
pub fn notices(case: &Case, entry: &Entry, rules: &Stack) -> Vec<Notice> {
    let mut found: Vec<Notice> = Vec::new();
    for event in &entry.events {
        found.extend(followed(event, rules).map(|kind| plain(To::Followers, kind)));
        match event {
            Event::Mentioned { users } => found.extend(users.iter().map(|user| plain(To::User(*user), "mentioned"))),
            Event::Assigned { owner, .. } => {
                if let Some(user) = owner.user {
                    found.push(plain(To::User(user), "assigned"));
                }
            }
            Event::Warned { rule, percent, .. } => {
                // Of several parts reached at once only the last is worth a notice.
                found.retain(|one| one.rule != *rule);
                let ours = binds_provider(rules.clock(rule));
                let kind = match (*percent >= 100, ours) {
                    (true, true) => "clock_overdue",
                    (true, false) => "clock_ended",
                    (false, _) => "clock_warning",
                };
                let about = |to| Notice { to, kind, rule: rule.clone(), percent: *percent };
                found.push(about(holder(case.owner)));
                if *percent >= 100 && ours && case.owner.user.is_some() {
                    found.push(about(To::Leads(case.owner.unit)));
                }
            }
            Event::EffectTaken { rule, from, did, .. } => {
                let about = |to, kind, rule: &str| Notice { to, kind, rule: rule.to_owned(), percent: 0 };
                for caused in did {
                    match caused {
                        Caused::Notify(told) => found.push(about(meant(case, *told), "rule_reminds", rule)),
                        // One that follows from what somebody just did is on the page before them.
                        Caused::Letter(letter) if from.is_some() => {
                            found.push(about(holder(case.owner), "letter_owed", letter));
                        }
                        _ => {}
                    }
                }
            }
            Event::PromiseBroken { .. } => {
                found.push(plain(holder(case.owner), "promise_broken"));
                found.push(plain(To::Leads(case.owner.unit), "promise_broken"));
            }
            Event::Resumed { by_limit: true, .. } => found.push(plain(holder(case.owner), "resumed_by_limit")),
            // Where the house has no way, nobody waits for news by itself: the clock reminds, as it did before.
            Event::MessageMoved { what: What::News, why: Some(Why::NoWay), .. } => {}
            Event::MessageMoved { stage: Stage::Failed, .. } => {
                found.push(plain(holder(case.owner), "message_failed"));
            }
            Event::Supplemented { urging: true, .. } => found.push(plain(holder(case.owner), "urged")),
            Event::ReviewOpened { .. } => found.push(plain(To::Leads(case.owner.unit), "review_wanted")),
            Event::ReviewDecided { .. } => found.push(plain(holder(case.owner), "review_decided")),
            Event::CompensationFailed { .. } => found.push(plain(holder(case.owner), "compensation_failed")),
            Event::CompensationPaid { earlier: Some(_), .. } => {
                found.push(plain(holder(case.owner), "compensation_paid_earlier"));
                found.push(plain(To::Leads(case.owner.unit), "compensation_paid_earlier"));
            }
            Event::Disputed { .. } => found.push(plain(To::Leads(case.owner.unit), "disputed")),
            Event::HandedOff { .. } => {
                found.push(plain(holder(case.owner), "handed_off"));
                found.push(plain(To::Leads(case.owner.unit), "handed_off"));
            }
            Event::RegulatorActed { .. } => found.push(plain(holder(case.owner), "regulator_acted")),
            // What lay within the proposer's own authority is decided in the same entry.
            Event::CompensationProposed { id, .. } => {
                let waits = case.compensation(*id).is_some_and(|one| one.standing == Standing::Proposed);
                found.extend(waits.then(|| plain(To::Leads(case.owner.unit), "compensation_proposed")));
            }
            Event::CompensationApproved { id, own: false, .. } | Event::CompensationRefused { id, .. } => {
                if let Some(ActorId::User(by)) = case.compensation(*id).map(|one| one.by) {
                    found.push(plain(To::User(by), "compensation_decided"));
                }
            }
            // Whoever leads the unit may read it, and whoever looks after quality.
            Event::ReadingAsked { .. } => {
                found.push(plain(To::Leads(case.owner.unit), "reading_wanted"));
                found.push(plain(To::Role(Role::Quality), "reading_wanted"));
            }
            Event::ReadingReleased { reading, .. } => found.extend(of_writer(case, *reading, "reading_released")),
            Event::ReadingReturned { reading, .. } => found.extend(of_writer(case, *reading, "reading_returned")),
            Event::VoidRequested { .. } => found.push(plain(To::Leads(case.owner.unit), "void_requested")),
            Event::Order { order, step } => {
                found.extend(case.order(*order).map(|order| of_order(case, order, step)).into_iter().flatten())
            }
            Event::Ownership { step } => found.extend(of_ownership(case, step)),
            // Whoever still worked on an order of a case that ended can stop.
            Event::Declined { .. } | Event::Withdrawn { .. } | Event::Voided { .. } => {
                let lapsed = case
                    .orders
                    .iter()
                    .filter(|order| order.standing == order::Standing::Lapsed && order.ended_at == Some(entry.at));
                found.extend(lapsed.map(|order| plain(holder(order.to), "order_lapsed")));
            }
            _ => {}
        }
    }
    found.retain(|one| !matches!((one.to, entry.actor), (To::User(to), ActorId::User(by)) if to == by));
    let mut once: Vec<Notice> = Vec::with_capacity(found.len());
    for one in found {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// What whoever follows a case is told of: that it changes hands, rests, is answered, ends or begins again, and that a
/// limit of ours is over. Notes and preparatory steps move nothing.
fn followed(event: &Event, rules: &Stack) -> Option<&'static str> {
    Some(match event {
        Event::Assigned { .. } => "followed_assigned",
        Event::Suspended { .. } => "followed_suspended",
        Event::Resumed { .. } => "followed_resumed",
        Event::Replied { .. } => "followed_replied",
        Event::Disputed { .. } => "followed_disputed",
        Event::Closed {} => "followed_closed",
        Event::Reopened { .. } => "followed_reopened",
        Event::Declined { .. } | Event::Withdrawn { .. } | Event::Voided { .. } => "followed_ended",
        Event::Merged { .. } => "followed_merged",
        Event::Order { step: OrderStep::Answered { .. }, .. } => "followed_answered",
        Event::Warned { rule, percent, .. } if *percent >= 100 && binds_provider(rules.clock(rule)) => {
            "followed_overdue"
        }
        Event::HandedOff { .. } => "followed_handed_off",
        _ => return None,
    })
}

/// Who should look at a step of an order. The first-responsible owner is told of every stall.
fn of_order(case: &Case, order: &WorkOrder, step: &OrderStep) -> Vec<Notice> {
    let (there, here) = (holder(order.to), holder(case.owner));
    match step {
        OrderStep::Sent { proposed: true, .. } => vec![plain(To::Leads(case.owner.unit), "order_decision_wanted")],
        OrderStep::Sent { .. } | OrderStep::HandedOver { .. } => vec![plain(there, "order_sent")],
        OrderStep::Refused { .. } | OrderStep::Returned { .. } => {
            vec![plain(here, "order_came_back"), plain(holder(case.first_owner), "order_came_back")]
        }
        OrderStep::Answered { .. } if order.standing == order::Standing::AwaitingApproval => {
            vec![plain(To::Leads(case.owner.unit), "order_decision_wanted")]
        }
        OrderStep::Answered { .. } => vec![plain(here, "order_answered")],
        OrderStep::Bounced { .. } => vec![plain(there, "order_bounced")],
        OrderStep::Urged { .. } => vec![plain(there, "order_urged")],
        OrderStep::ExtensionAsked { .. } => vec![plain(To::Leads(case.owner.unit), "order_decision_wanted")],
        OrderStep::ExtensionDecided { .. } => vec![plain(there, "order_decided")],
        OrderStep::Approved { approved: true, .. } if order.standing == order::Standing::Sent => {
            vec![plain(there, "order_sent")]
        }
        OrderStep::Approved { .. } => {
            let author = order.by.user().map(|user| plain(To::User(user), "order_decided"));
            author.into_iter().chain(std::iter::once(plain(there, "order_decided"))).collect()
        }
        OrderStep::Tightened { .. } => vec![plain(there, "order_tightened")],
        OrderStep::Cancelled { .. } => vec![plain(there, "order_lapsed")],
        OrderStep::VisitMissed {} => vec![
            plain(there, "visit_missed"),
            plain(To::Leads(order.to.unit), "visit_missed"),
            plain(here, "visit_missed"),
            plain(holder(case.first_owner), "visit_missed"),
        ],
        OrderStep::Late { .. } => vec![
            plain(there, "order_late"),
            plain(To::Leads(order.to.unit), "order_late"),
            plain(here, "order_late"),
            plain(holder(case.first_owner), "order_late"),
        ],
        OrderStep::Accepted {}
        | OrderStep::Reported { .. }
        | OrderStep::VisitBooked { .. }
        | OrderStep::Arrived { .. } => Vec::new(),
    }
}

/// Who should look when it is open whose case it is.
fn of_ownership(case: &Case, step: &OwnershipStep) -> Vec<Notice> {
    let first = |kind| plain(holder(case.first_owner), kind);
    match step {
        OwnershipStep::Disputed { arbiter, .. } => {
            vec![plain(To::Leads(*arbiter), "ownership_disputed"), first("ownership_disputed")]
        }
        OwnershipStep::Late {} => {
            let arbiter = case.ownership.map(|open| plain(To::Leads(open.arbiter), "ownership_late"));
            arbiter.into_iter().chain([first("ownership_late")]).collect()
        }
        // The order that follows from it is told to its unit.
        OwnershipStep::Ruled { .. } => Vec::new(),
    }
}

/// What whoever wrote something should know of it; where a programme wrote it, whoever holds the case.
fn of_writer(case: &Case, reading: u32, kind: &'static str) -> Option<Notice> {
    let by = case.reading(reading)?.by;
    Some(plain(by.user().map_or_else(|| holder(case.owner), To::User), kind))
}

fn plain(to: To, kind: &'static str) -> Notice {
    Notice { to, kind, rule: String::new(), percent: 0 }
}

/// Whom a rule names.
fn meant(case: &Case, told: Told) -> To {
    match told {
        Told::Holder => holder(case.owner),
        Told::Supervisor => To::Leads(case.owner.unit),
        Told::Quality => To::Role(Role::Quality),
        Told::Compliance => To::Role(Role::Compliance),
    }
}

/// Whoever holds the case; for a queue those who lead the unit.
fn holder(owner: Owner) -> To {
    owner.user.map_or(To::Leads(owner.unit), To::User)
}
