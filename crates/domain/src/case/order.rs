//! Work orders (工单): what the holder of a case asks another unit for. An order has limits of its own, which lie within
//! those of the case; whatever happens to it moves no clock of the case. Verbs stand in the files beside; this is the
//! noun: the steps an order goes through, and what they add up to.

pub mod accept_order;
pub mod answer_order;
pub mod approve_order;
pub mod ask_extension;
pub mod book_visit;
pub mod bounce_order;
pub mod cancel_order;
pub mod decide_extension;
pub mod dispatch;
pub mod hand_over_order;
pub mod ownership;
pub mod record_arrival;
pub mod refuse_order;
pub mod report_order;
pub mod return_order;
pub mod rule_ownership;
pub mod timers;
pub mod urge_order;

use super::{Case, Context, Owner};
use crate::actor::{Actor, ActorId, Role};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use ownership::{Ownership, OwnershipStep, Ruling};

/// What somebody may do who sees a case only for an order of it.
pub const ABOUT_ORDERS: &[&str] = &[
    "dispatch",
    "accept-order",
    "refuse-order",
    "return-order",
    "hand-over-order",
    "book-visit",
    "record-arrival",
    "report-order",
    "answer-order",
    "ask-extension",
    "urge-order",
    "bounce-order",
    "cancel-order",
    "note",
];

/// How a command names an order.
const ORDER: Field = optional(
    "order",
    Kind::Whole { min: 1, max: 1_000_000 },
    "Number of the work order within the case. Default: the only one that can be meant.",
);

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// 派单: look into the matter, or do something, and report back.
    Handle,
    /// 会审: say what you think of it; several units are asked at once, and each answers.
    JointReview,
    /// 上门: go to the customer.
    Visit,
    /// 督办: see to it that the case moves; approved when it is issued and when it is done.
    Supervise,
    /// 抄送: know of it; nothing but a receipt is wanted.
    Copy,
}

impl OrderKind {
    /// The codes of all kinds.
    pub const CODES: &[&str] = &["handle", "joint_review", "visit", "supervise", "copy"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::JointReview => "joint_review",
            Self::Visit => "visit",
            Self::Supervise => "supervise",
            Self::Copy => "copy",
        }
    }

    /// Whether the case waits for its answer: while it does, the ball lies with the order's unit.
    #[must_use]
    pub fn carries_the_ball(self) -> bool {
        matches!(self, Self::Handle | Self::JointReview | Self::Visit)
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waits for approval before it goes out.
    Proposed,
    /// Went out; nobody has taken it yet.
    Sent,
    /// Somebody works on it.
    Accepted,
    /// The answer waits for approval.
    AwaitingApproval,
    /// Answered; of a copy: its receipt was acknowledged.
    Done,
    /// Refused: not this unit's business.
    Refused,
    /// Sent back: what should have been done before was not.
    Returned,
    /// Taken back by whoever sent it, or not approved.
    Cancelled,
    /// The case ended before it.
    Lapsed,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Proposed,
        Self::Sent,
        Self::Accepted,
        Self::AwaitingApproval,
        Self::Done,
        Self::Refused,
        Self::Returned,
        Self::Cancelled,
        Self::Lapsed,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// Whether something is still to come of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Sent | Self::Accepted | Self::AwaitingApproval)
    }

    /// Whether it lies with the unit it went to.
    #[must_use]
    pub fn is_theirs(self) -> bool {
        matches!(self, Self::Sent | Self::Accepted)
    }
}

/// Which limit of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// To be taken up by.
    Accept,
    /// To be answered by.
    Reply,
}

impl Limit {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reply => "reply",
        }
    }
}

/// A step of an order, as the log records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum OrderStep {
    /// It was written; unless it waits for approval, it went out.
    Sent {
        /// What for.
        kind: OrderKind,
        /// To whom.
        to: Owner,
        /// The absent person it was meant for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// What is asked.
        task: FreeText,
        /// What was already done and found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_treatment: Option<FreeText>,
        /// To be taken up by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accept_by: Option<Timestamp>,
        /// To be answered by; a copy has no such limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_by: Option<Timestamp>,
        /// The order it is a part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<u32>,
        /// Whether it waits for approval first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        proposed: bool,
        /// Whether it goes out on a ruling about whose case it is, and so cannot be refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ruled: bool,
    },
    /// Somebody of the unit took it up.
    Accepted {},
    /// The unit says that it is not its business.
    Refused {
        /// One of [`refuse_order::REASONS`].
        ground: String,
        /// In words, with where it belongs.
        reason: FreeText,
    },
    /// The unit sends it back: what should have been done before was not.
    Returned {
        /// What is lacking.
        reason: FreeText,
    },
    /// The unit gave it to another.
    HandedOver {
        /// To whom.
        to: Owner,
        /// The absent person it was meant for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// Why.
        reason: FreeText,
    },
    /// The unit said how far it is.
    Reported {
        /// How far.
        text: FreeText,
    },
    /// The unit answered.
    Answered {
        /// What was found and done.
        result: FreeText,
    },
    /// The answer was not enough; the order is open again.
    Bounced {
        /// What is lacking.
        reason: FreeText,
        /// To be answered by, from now on.
        reply_by: Timestamp,
    },
    /// Somebody pressed for it.
    Urged {
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<FreeText>,
    },
    /// The unit asked for more time.
    ExtensionAsked {
        /// Until when.
        reply_by: Timestamp,
        /// Why.
        reason: FreeText,
    },
    /// That was decided about.
    ExtensionDecided {
        /// Whether it was granted.
        granted: bool,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// A supervision order, or its answer, was decided about.
    Approved {
        /// Whether it was approved.
        approved: bool,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// It was taken back.
    Cancelled {
        /// Why.
        reason: FreeText,
    },
    /// A visit was agreed with the customer; the one agreed before no longer holds.
    VisitBooked {
        /// From when.
        from: Timestamp,
        /// To when.
        to: Timestamp,
    },
    /// Whoever was to come came.
    Arrived {
        /// When.
        at: Timestamp,
    },
    /// Nobody came in the time agreed.
    VisitMissed {},
    /// A limit passed.
    Late {
        /// Which.
        limit: Limit,
    },
}

/// An agreed visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
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
    /// Whether something is still to come of it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.standing.is_open()
    }

    /// Whether the case waits for it.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.is_open() && self.kind != OrderKind::Copy
    }

    /// Whether a refusal of it says something about whose case it is: a part or an opinion does not.
    #[must_use]
    pub fn asks_whose_case(&self) -> bool {
        self.kind == OrderKind::Handle && self.part_of.is_none()
    }

    /// The limit that comes next, if one has not passed yet or has passed unheeded.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Sent => self.accept_by.or(self.reply_by),
            Standing::Accepted => self.reply_by,
            _ => None,
        }
    }

    /// Refuses whoever does not belong to the unit the order lies with. A programme of the operator and an administrator
    /// act for any unit.
    ///
    /// # Errors
    /// `not_your_order`.
    pub fn require_holder(&self, actor: &Actor) -> Result<(), Refusal> {
        let of_the_unit = |user| actor.unit == self.to.unit || self.to.user == Some(user);
        if actor.user().is_some_and(of_the_unit) || matches!(actor.role, Role::Admin | Role::Integration) {
            return Ok(());
        }
        Err(Refusal::forbidden("not_your_order"))
    }

    /// Refuses unless it stands where this makes sense.
    ///
    /// # Errors
    /// `order_stands_otherwise`, with where it stands.
    pub fn require(&self, allowed: &[Standing]) -> Result<(), Refusal> {
        if allowed.contains(&self.standing) {
            return Ok(());
        }
        Err(Refusal::conflict("order_stands_otherwise")
            .with("order", self.id)
            .with("order_standing", self.standing.code()))
    }

    fn sent(id: u32, step: &OrderStep, at: Timestamp, by: ActorId) -> Option<Self> {
        let OrderStep::Sent {
            kind,
            to,
            instead_of,
            task,
            pre_treatment,
            accept_by,
            reply_by,
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

    fn end(&mut self, standing: Standing, at: Timestamp, outcome: Option<&FreeText>) {
        self.standing = standing;
        self.ended_at = Some(at);
        self.extension = None;
        if let Some(outcome) = outcome {
            self.outcome = Some(outcome.clone());
        }
    }

    fn step(&mut self, step: &OrderStep, at: Timestamp, by: ActorId) {
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
            OrderStep::Bounced { reply_by, .. } => {
                self.standing = Standing::Accepted;
                self.ended_at = None;
                self.bounced += 1;
                self.reply_by = Some(*reply_by);
                self.late.retain(|limit| *limit != Limit::Reply);
                // A visit nobody recorded the end of is over; the next one is booked anew.
                self.visit = None;
            }
            OrderStep::Urged { .. } => self.urged += 1,
            OrderStep::ExtensionAsked { reply_by, .. } => self.extension = Some(Extension { by, reply_by: *reply_by }),
            OrderStep::ExtensionDecided { granted, .. } => {
                if let Some(extension) = self.extension.take().filter(|_| *granted) {
                    self.reply_by = Some(extension.reply_by);
                    self.late.retain(|limit| *limit != Limit::Reply);
                }
            }
            OrderStep::Approved { approved, .. } => match (self.standing, approved) {
                (Standing::Proposed, true) => self.standing = Standing::Sent,
                (Standing::Proposed, false) => self.end(Standing::Cancelled, at, None),
                (_, true) => self.end(Standing::Done, at, None),
                (_, false) => {
                    self.standing = Standing::Accepted;
                    self.bounced += 1;
                }
            },
            OrderStep::Cancelled { reason } => self.end(Standing::Cancelled, at, Some(reason)),
            OrderStep::VisitBooked { from, to } => {
                self.visit = Some(Visit { from: *from, to: *to, arrived_at: None, missed: false });
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
}

impl OrderStep {
    /// Every free text in this step, with a stable name for its place.
    pub fn texts(&mut self) -> Vec<(&'static str, &mut FreeText)> {
        match self {
            Self::Sent { task, pre_treatment, .. } => {
                let before = pre_treatment.as_mut().map(|text| ("pre_treatment", text));
                std::iter::once(("task", task)).chain(before).collect()
            }
            Self::Refused { reason, .. }
            | Self::Returned { reason }
            | Self::HandedOver { reason, .. }
            | Self::Bounced { reason, .. }
            | Self::ExtensionAsked { reason, .. }
            | Self::Cancelled { reason } => vec![("reason", reason)],
            Self::Reported { text } => vec![("text", text)],
            Self::Answered { result } => vec![("result", result)],
            Self::Urged { text } => text.as_mut().map(|text| ("text", text)).into_iter().collect(),
            Self::ExtensionDecided { remark, .. } | Self::Approved { remark, .. } => {
                remark.as_mut().map(|text| ("remark", text)).into_iter().collect()
            }
            Self::Accepted {}
            | Self::VisitBooked { .. }
            | Self::Arrived { .. }
            | Self::VisitMissed {}
            | Self::Late { .. } => Vec::new(),
        }
    }
}

impl Case {
    /// Orders that something is still to come of.
    pub fn open_orders(&self) -> impl Iterator<Item = &WorkOrder> {
        self.orders.iter().filter(|order| order.is_open())
    }

    /// The number the next order gets.
    pub(super) fn next_order(&self) -> u32 {
        self.orders.iter().map(|order| order.id).max().unwrap_or(0).saturating_add(1)
    }

    /// An order by its number within the case.
    #[must_use]
    pub fn order(&self, id: u32) -> Option<&WorkOrder> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// The order a command names; without a number the only one it can mean.
    ///
    /// # Errors
    /// `unknown_order` or, where several could be meant, `required`.
    pub(super) fn named_order(
        &self,
        id: Option<u32>,
        could_be: impl Fn(&WorkOrder) -> bool,
    ) -> Result<&WorkOrder, Refusal> {
        if let Some(id) = id {
            return Ok(self.order(id).ok_or_else(|| Fault::new("order", "unknown_order"))?);
        }
        let mut meant = self.orders.iter().filter(|order| could_be(order));
        match (meant.next(), meant.next()) {
            (Some(order), None) => Ok(order),
            (Some(_), Some(_)) => Err(Fault::new("order", "required").into()),
            (None, _) => Err(Refusal::conflict("no_such_order_open")),
        }
    }

    pub(super) fn apply_order(&mut self, id: u32, step: &OrderStep, at: Timestamp, by: ActorId) {
        match self.orders.iter_mut().find(|order| order.id == id) {
            Some(order) => order.step(step, at, by),
            None => self.orders.extend(WorkOrder::sent(id, step, at, by)),
        }
    }

    /// The case has ended: nothing it waited for matters any more.
    pub(super) fn lapse_orders(&mut self, at: Timestamp) {
        self.ownership = None;
        self.orders.iter_mut().filter(|order| order.is_open()).for_each(|order| order.end(Standing::Lapsed, at, None));
    }
}

/// What keeps a case from closing: orders it waits for.
pub(super) fn missing(case: &Case) -> Vec<Fault> {
    let waited = case.orders.iter().filter(|order| order.is_waited_for());
    let waited = waited.map(|order| Fault::new("order", "gate_order").with("order", order.id));
    waited.chain(case.ownership.map(|_| Fault::new("ownership", "gate_ownership"))).collect()
}

/// Refuses to let a case go up in another while a unit works on it, or it is open whose it is.
///
/// # Errors
/// `orders_open` or `ownership_disputed`.
pub(super) fn none_waited_for(case: &Case) -> Result<(), Refusal> {
    if case.ownership.is_some() {
        return Err(Refusal::conflict("ownership_disputed"));
    }
    match case.orders.iter().any(WorkOrder::is_waited_for) {
        true => Err(Refusal::conflict("orders_open")),
        false => Ok(()),
    }
}

/// A step as an event.
pub(super) fn event(order: u32, step: OrderStep) -> Event {
    Event::Order { order, step }
}

/// The latest moment a limit of an order may lie at: the earliest of what still lies ahead, of the order it is a part of
/// and of the limits of the case the operator has to keep. One that has passed binds nothing any more.
pub(super) fn bound(case: &Case, part_of: Option<u32>, ctx: &Context<'_>) -> Option<Timestamp> {
    let whole = part_of.and_then(|id| case.order(id)).and_then(|order| order.reply_by);
    let running = case.clocks.iter().filter(|clock| clock.is_running());
    let ours = running.filter(|clock| super::binds_provider(ctx.rules.clock(&clock.rule))).map(|clock| clock.due_at);
    whole.into_iter().chain(ours).filter(|at| *at > ctx.now).min()
}

/// The conflict guard: refuses whom the complaint is about, and whoever handled an outcome the customer rejected. A copy
/// is no work, so the latter may know of it.
///
/// # Errors
/// `complaint_is_about_them` or `reviewer_handled_it`.
pub(super) fn not_barred(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Fault> {
    let Some(user) = actor.user() else { return Ok(()) };
    match order.kind {
        OrderKind::Copy if case.record.about_staff != Some(user) => Ok(()),
        _ => case.may_hold(user, "order"),
    }
}

/// Refuses whoever is not on the side that sent an order: who sees the case in their area, or has the order it is a part
/// of.
///
/// # Errors
/// `not_your_dispatch`.
pub(super) fn sent_from_here(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Refusal> {
    let whole = order.part_of.and_then(|id| case.order(id));
    let theirs = whole.is_some_and(|whole| whole.require_holder(actor).is_ok());
    if theirs || actor.area.covers(&case.record.region) {
        return Ok(());
    }
    Err(Refusal::forbidden("not_your_dispatch"))
}

/// Refuses the unit that has an order to judge what it asked or answered itself, unless it is the case's own.
///
/// # Errors
/// `own_wish`.
pub(super) fn not_of_its_unit(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Refusal> {
    if actor.unit == order.to.unit && order.to.unit != case.owner.unit && actor.role != Role::Admin {
        return Err(Refusal::forbidden("own_wish"));
    }
    Ok(())
}

/// Checks a limit: after now, not after the bound.
///
/// # Errors
/// `in_past` or `past_case_limit`, with the latest moment allowed.
pub(super) fn within(
    field: &'static str,
    at: Timestamp,
    bound: Option<Timestamp>,
    ctx: &Context<'_>,
) -> Result<(), Fault> {
    if at <= ctx.now {
        return Err(Fault::new(field, "in_past"));
    }
    match bound {
        Some(latest) if at > latest => Err(Fault::new(field, "past_case_limit").with("latest", latest)),
        _ => Ok(()),
    }
}
