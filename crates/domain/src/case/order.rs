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
pub mod limits;
mod may;
pub mod ownership;
pub mod record_arrival;
pub mod refuse_order;
pub mod report_order;
pub mod return_order;
pub mod rule_ownership;
mod step;
pub mod timers;
pub mod urge_order;
mod work;

use super::Case;
use crate::actor::ActorId;
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use may::{is_for, of_the_holder};
use may::{no_parts, not_barred, not_of_its_unit, sent_from_here};
pub use ownership::{Ownership, OwnershipStep, Ruling};
pub use step::{ByRule, OrderStep};
pub use work::{Extension, Visit, WorkOrder};

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
    /// Of a visit: the customer is called, and the visit agreed, by.
    Contact,
    /// Of a visit: to have come by.
    Arrive,
    /// Of a visit to which nobody was recorded to have come: to be answered by.
    Answered,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Accept, Self::Reply, Self::Contact, Self::Arrive, Self::Answered];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reply => "reply",
            Self::Contact => "contact",
            Self::Arrive => "arrive",
            Self::Answered => "answered",
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
