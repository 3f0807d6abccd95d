//! The ball's ledger (环节耗时): who held a case, from its first receipt to its end. Every microsecond is charged to exactly
//! one holder, so that the sum is the age of the case. Folded from the log with everything else; nobody keeps it.

use super::order::OrderKind;
use super::{Case, State};
use crate::ids::UnitId;
use jiff::{SignedDuration, Timestamp};

/// Who holds the ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A unit: the one that holds the case, or one it waits for.
    Unit(UnitId),
    /// The customer: asked for something, or told the outcome.
    Customer,
    /// Somebody outside the house.
    ThirdParty,
}

/// A time without a change of hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Who held it.
    pub holder: Holder,
    /// The state of the case meanwhile.
    pub state: State,
    /// From when.
    pub from: Timestamp,
    /// Until when; nothing while it lasts.
    pub to: Option<Timestamp>,
}

impl Span {
    /// How long it lasted, or has lasted by now.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> SignedDuration {
        self.to.unwrap_or(now).duration_since(self.from).max(SignedDuration::ZERO)
    }
}

/// Who held the ball, span by span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    spans: Vec<Span>,
}

/// States whose time counts for the operator by observed practice: taking in, dispatching, looking into it and checking
/// the result. Telling the customer and waiting for their word is measured and not counted.
pub const COUNTED: &[State] = &[
    State::Triage,
    State::Registered,
    State::Accepted,
    State::InProgress,
    State::Suspended,
    State::AwaitingReview,
    State::Reopened,
];

impl Ledger {
    /// The spans, oldest first.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The age of the case: the sum of all spans. The time between an end and being taken up again is nobody's.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        self.spans.iter().map(|span| span.lasted(now)).sum()
    }

    /// The part of the age that counts for the operator: spans of a unit in one of [`COUNTED`].
    #[must_use]
    pub fn counted(&self, now: Timestamp) -> SignedDuration {
        let counts = |span: &&Span| matches!(span.holder, Holder::Unit(_)) && COUNTED.contains(&span.state);
        self.spans.iter().filter(counts).map(|span| span.lasted(now)).sum()
    }

    /// What each holder had in all, in the order in which they first got it.
    #[must_use]
    pub fn by_holder(&self, now: Timestamp) -> Vec<(Holder, SignedDuration)> {
        let mut held: Vec<(Holder, SignedDuration)> = Vec::new();
        for span in &self.spans {
            match held.iter_mut().find(|(holder, _)| *holder == span.holder) {
                Some((_, sum)) => *sum += span.lasted(now),
                None => held.push((span.holder, span.lasted(now))),
            }
        }
        held
    }
}

impl Case {
    /// Who holds the ball now; nobody when the case has ended.
    ///
    /// While the case is suspended it is whoever it waits for. Otherwise an open question whose case it is lies with its
    /// arbiter; an order the case waits for lies with its unit from the moment it was sent, refused or not, the oldest
    /// first where there are several; told, the case waits for the customer; else it is the unit that holds the case.
    #[must_use]
    pub fn ball_holder(&self) -> Option<Holder> {
        if !self.state.is_open() {
            return None;
        }
        if let Some(suspension) = &self.suspension {
            return Some(match suspension.wait_for.as_str() {
                "waiting_customer" | "waiting_access" => Holder::Customer,
                _ => Holder::ThirdParty,
            });
        }
        if let Some(open) = &self.ownership {
            return Some(Holder::Unit(open.arbiter));
        }
        let waited = self.orders.iter().find(|order| order.kind.carries_the_ball() && order.standing.is_theirs());
        if let Some(order) = waited {
            // What was split lies with whoever has the part that is still open.
            let part = self.orders.iter().find(|part| {
                part.part_of == Some(order.id) && part.kind != OrderKind::Copy && part.standing.is_theirs()
            });
            return Some(Holder::Unit(part.unwrap_or(order).to.unit));
        }
        Some(match self.state {
            State::AwaitingCustomer => Holder::Customer,
            _ => Holder::Unit(self.owner.unit),
        })
    }

    /// Enters a change of hands at the moment of the last entry.
    pub(super) fn pass_the_ball(&mut self) {
        let now = self.ball_holder().map(|holder| (holder, self.state));
        let last = self.ball.spans.last().filter(|span| span.to.is_none()).map(|span| (span.holder, span.state));
        if now == last {
            return;
        }
        let at = self.changed_at;
        if let Some(open) = self.ball.spans.last_mut().filter(|span| span.to.is_none()) {
            open.to = Some(at);
        }
        if let Some((holder, state)) = now {
            // The time before somebody registered it is the operator's, too.
            let from = if self.ball.spans.is_empty() { self.received_at.min(at) } else { at };
            self.ball.spans.push(Span { holder, state, from, to: None });
        }
    }
}
