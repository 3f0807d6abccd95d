//! Whose case is it (派不出)? When a second unit says that a case is not its business, the question goes to an arbiter with
//! a short limit; the ruling sends an order that cannot be refused, and is remembered for the next case of the kind.

use super::{Case, Standing};
use crate::actor::ActorId;
use crate::free_text::FreeText;
use crate::ids::UnitId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Refusals that make it a dispute.
pub const REFUSALS: usize = 2;

/// What happened to the question whose case it is, as the log records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum OwnershipStep {
    /// A second unit refused; an arbiter has to say.
    Disputed {
        /// The unit that has to say.
        arbiter: UnitId,
        /// By when.
        due_at: Timestamp,
    },
    /// The arbiter's time passed.
    Late {},
    /// The arbiter said whose it is.
    Ruled {
        /// Whose.
        unit: UnitId,
        /// Why.
        reason: FreeText,
    },
}

/// A question that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The unit that has to say.
    pub arbiter: UnitId,
    /// By when.
    pub due_at: Timestamp,
    /// Whether that passed.
    pub late: bool,
}

/// A ruling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Whose it is.
    pub unit: UnitId,
    /// Why.
    pub reason: FreeText,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
}

impl Case {
    /// Units that refused to have the case, in this round and since the last ruling; each once.
    #[must_use]
    pub fn refused_by(&self) -> Vec<UnitId> {
        let since = self.rulings.last().map(|ruling| ruling.at);
        let counts = |ground: &str| super::refuse_order::QUESTIONS_OWNERSHIP.contains(&ground);
        let refused = self.orders.iter().filter(|order| {
            order.standing == Standing::Refused
                && order.asks_whose_case()
                && order.ended_at.is_some_and(|at| at >= self.round_started_at)
                && order.ground.as_deref().is_some_and(counts)
                && order.ended_at.is_some_and(|at| since.is_none_or(|since| at > since))
        });
        let mut units: Vec<UnitId> = Vec::new();
        for order in refused {
            if !units.contains(&order.to.unit) {
                units.push(order.to.unit);
            }
        }
        units
    }

    pub(in crate::case) fn apply_ownership(&mut self, step: &OwnershipStep, at: Timestamp, by: ActorId) {
        match step {
            OwnershipStep::Disputed { arbiter, due_at } => {
                self.ownership = Some(Ownership { arbiter: *arbiter, due_at: *due_at, late: false });
            }
            OwnershipStep::Late {} => {
                if let Some(open) = &mut self.ownership {
                    open.late = true;
                }
            }
            OwnershipStep::Ruled { unit, reason } => {
                self.ownership = None;
                self.rulings.push(Ruling { unit: *unit, reason: reason.clone(), at, by });
            }
        }
    }
}
