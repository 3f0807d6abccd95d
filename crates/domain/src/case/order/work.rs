//! A work order as its steps have made it.

use super::{ByRule, Limit, OrderKind, OrderStep, Standing, limits};
use crate::actor::ActorId;
use crate::case::Owner;
use crate::free_text::FreeText;
use crate::ids::UserId;
use jiff::Timestamp;

/// An agreed visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
    /// Whoever comes later comes too late.
    pub arrive_by: Timestamp,
    /// By then somebody was recorded to have come, or had answered; else nobody came.
    pub missed_after: Timestamp,
    /// When somebody came.
    pub arrived_at: Option<Timestamp>,
    /// Whether nobody came in time.
    pub missed: bool,
}

/// More time that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// By whom.
    pub by: ActorId,
    /// Until when.
    pub reply_by: Timestamp,
}

/// A work order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkOrder {
    /// Number within the case, from 1.
    pub id: u32,
    /// What for.
    pub kind: OrderKind,
    /// With whom it lies.
    pub to: Owner,
    /// The absent person they stand in for.
    pub instead_of: Option<UserId>,
    /// Who sent it.
    pub by: ActorId,
    /// When.
    pub sent_at: Timestamp,
    /// What is asked.
    pub task: FreeText,
    /// What was already done and found.
    pub pre_treatment: Option<FreeText>,
    /// To be taken up by.
    pub accept_by: Option<Timestamp>,
    /// To be answered by.
    pub reply_by: Option<Timestamp>,
    /// Of a visit that is not agreed yet: the customer is called by.
    pub contact_by: Option<Timestamp>,
    /// Limits that rules of the case set.
    pub by_rule: Vec<ByRule>,
    /// From when limits that begin with the order are counted: when it was sent, of a supervision order when it went out.
    pub counted_from: Timestamp,
    /// The order it is a part of.
    pub part_of: Option<u32>,
    /// Whether it went out on a ruling.
    pub ruled: bool,
    /// Where it stands.
    pub standing: Standing,
    /// When it was taken up.
    pub accepted_at: Option<Timestamp>,
    /// When nothing more was to come of it.
    pub ended_at: Option<Timestamp>,
    /// The ground of a refusal.
    pub ground: Option<String>,
    /// What was said about its end: the answer, or why there is none.
    pub outcome: Option<FreeText>,
    /// Who answered.
    pub answered_by: Option<ActorId>,
    /// How far it is, as last reported.
    pub progress: Option<FreeText>,
    /// How often somebody pressed for it.
    pub urged: u32,
    /// How often an answer was not enough.
    pub bounced: u32,
    /// How often it was handed on.
    pub handed_over: u32,
    /// More time asked for and not decided about.
    pub extension: Option<Extension>,
    /// The visit agreed last.
    pub visit: Option<Visit>,
    /// Visits to which nobody came in time.
    pub missed_visits: u32,
    /// Limits that passed.
    pub late: Vec<Limit>,
}

impl WorkOrder {
    pub(super) fn sent(id: u32, step: &OrderStep, at: Timestamp, by: ActorId) -> Option<Self> {
        let OrderStep::Sent {
            kind,
            to,
            instead_of,
            task,
            pre_treatment,
            accept_by,
            reply_by,
            contact_by,
            by_rule,
            part_of,
            proposed,
            ruled,
        } = step
        else {
            return None;
        };
        Some(Self {
            id,
            kind: *kind,
            to: *to,
            instead_of: *instead_of,
            by,
            sent_at: at,
            task: task.clone(),
            pre_treatment: pre_treatment.clone(),
            accept_by: *accept_by,
            reply_by: *reply_by,
            contact_by: *contact_by,
            by_rule: by_rule.clone(),
            counted_from: at,
            part_of: *part_of,
            ruled: *ruled,
            standing: if *proposed { Standing::Proposed } else { Standing::Sent },
            accepted_at: None,
            ended_at: None,
            ground: None,
            outcome: None,
            answered_by: None,
            progress: None,
            urged: 0,
            bounced: 0,
            handed_over: 0,
            extension: None,
            visit: None,
            missed_visits: 0,
            late: Vec::new(),
        })
    }

    pub(super) fn end(&mut self, standing: Standing, at: Timestamp, outcome: Option<&FreeText>) {
        self.standing = standing;
        self.ended_at = Some(at);
        self.extension = None;
        if let Some(outcome) = outcome {
            self.outcome = Some(outcome.clone());
        }
    }

    pub(super) fn step(&mut self, step: &OrderStep, at: Timestamp, by: ActorId) {
        match step {
            OrderStep::Sent { .. } => {}
            OrderStep::Accepted {} => {
                if let ActorId::User(user) = by
                    && self.to.user != Some(user)
                {
                    self.to.user = Some(user);
                    self.instead_of = None;
                }
                self.accepted_at = Some(at);
                match self.kind {
                    OrderKind::Copy => self.end(Standing::Done, at, None),
                    _ => self.standing = Standing::Accepted,
                }
            }
            OrderStep::Refused { ground, reason } => {
                self.ground = Some(ground.clone());
                self.end(Standing::Refused, at, Some(reason));
            }
            OrderStep::Returned { reason } => self.end(Standing::Returned, at, Some(reason)),
            OrderStep::HandedOver { to, instead_of, .. } => {
                self.to = *to;
                self.instead_of = *instead_of;
                self.standing = Standing::Sent;
                self.handed_over += 1;
                // Whoever gets it on the way has what is left of the time; the limit to take it up was the first one's.
                self.accept_by = None;
                self.extension = None;
            }
            OrderStep::Reported { text } => self.progress = Some(text.clone()),
            OrderStep::Answered { result } => {
                self.answered_by = Some(by);
                self.outcome = Some(result.clone());
                self.extension = None;
                match self.kind {
                    OrderKind::Supervise => self.standing = Standing::AwaitingApproval,
                    _ => self.end(Standing::Done, at, None),
                }
            }
            OrderStep::Bounced { reply_by, by_rule, .. } => {
                self.standing = Standing::Accepted;
                self.ended_at = None;
                self.bounced += 1;
                self.answer_by(*reply_by);
                self.contact_by = None;
                if !by_rule.is_empty() {
                    // Counted from now; what was counted from the sending is over, for it was taken up.
                    self.by_rule.clone_from(by_rule);
                    self.counted_from = at;
                }
                // A visit nobody recorded the end of is over; the next one is booked anew.
                self.visit = None;
            }
            OrderStep::Urged { .. } => self.urged += 1,
            OrderStep::ExtensionAsked { reply_by, .. } => self.extension = Some(Extension { by, reply_by: *reply_by }),
            OrderStep::ExtensionDecided { granted, .. } => {
                if let Some(extension) = self.extension.take().filter(|_| *granted) {
                    self.answer_by(extension.reply_by);
                }
            }
            OrderStep::Approved { approved, accept_by, reply_by, .. } => match (self.standing, approved) {
                (Standing::Proposed, true) => {
                    self.standing = Standing::Sent;
                    // Entries from before limits were counted from the approval have none.
                    if reply_by.is_some() {
                        (self.accept_by, self.reply_by, self.counted_from) = (*accept_by, *reply_by, at);
                    }
                }
                (Standing::Proposed, false) => self.end(Standing::Cancelled, at, None),
                (_, true) => self.end(Standing::Done, at, None),
                (_, false) => {
                    self.standing = Standing::Accepted;
                    self.bounced += 1;
                }
            },
            OrderStep::Tightened { reply_by } => {
                self.accept_by = self.accept_by.map(|at| at.min(*reply_by));
                self.contact_by = self.contact_by.map(|at| at.min(*reply_by));
                self.answer_by(*reply_by);
            }
            OrderStep::Cancelled { reason } => self.end(Standing::Cancelled, at, Some(reason)),
            OrderStep::VisitBooked { from, to, arrive_by, missed_after, by_rule } => {
                self.contact_by = None;
                self.by_rule.retain(|set| matches!(set.limit, Limit::Accept | Limit::Reply));
                self.by_rule.extend(by_rule.iter().cloned());
                let arrive_by = arrive_by.unwrap_or_else(|| limits::arrival_without_rule(*to));
                let missed_after = missed_after.unwrap_or(arrive_by);
                self.visit =
                    Some(Visit { from: *from, to: *to, arrive_by, missed_after, arrived_at: None, missed: false });
            }
            OrderStep::Arrived { at } => {
                if let Some(visit) = &mut self.visit {
                    visit.arrived_at = Some(*at);
                }
            }
            OrderStep::VisitMissed {} => {
                self.missed_visits += 1;
                if let Some(visit) = &mut self.visit {
                    visit.missed = true;
                }
            }
            OrderStep::Late { limit } => {
                if !self.late.contains(limit) {
                    self.late.push(*limit);
                }
            }
        }
    }

    /// Another moment to answer by, which no rule of orders set and which has not passed.
    fn answer_by(&mut self, at: Timestamp) {
        self.reply_by = Some(at);
        self.by_rule.retain(|set| set.limit != Limit::Reply);
        self.late.retain(|limit| *limit != Limit::Reply);
    }
}
