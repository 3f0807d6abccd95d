//! How much of a pack is looked at. A pack made to keep the checker busy for hours is refused instead: what was not
//! looked at is not proved.

use crate::duration::Amount;
use std::cell::Cell;

/// Cases and deadlines looked at of one pack, or of two together. The largest pack of this product needs a fifth of it.
const MOST: u64 = 4_000_000;

/// What is left of the looking.
pub(super) struct Effort(Cell<Option<u64>>);

impl Effort {
    /// All of it.
    pub(super) const fn whole() -> Self {
        Self(Cell::new(Some(MOST)))
    }

    /// Whether so much is left; it is spent. After the first no there is nothing left for anybody.
    pub(super) fn take(&self, cost: usize) -> bool {
        let cost = u64::try_from(cost).unwrap_or(u64::MAX);
        let left = self.0.get().and_then(|left| left.checked_sub(cost));
        self.0.set(left);
        left.is_some()
    }

    /// Whether something was not looked at.
    pub(super) const fn is_spent(&self) -> bool {
        self.0.get().is_none()
    }
}

/// What counting an amount once costs, by the days that are walked for it.
pub(super) const fn of(amount: Amount) -> usize {
    match amount {
        Amount::WorkingHours(hours) => 1 + hours as usize / 4,
        Amount::BusinessDays(days) => 1 + days as usize / 250,
        _ => 1,
    }
}

/// What counting an amount costs when a pause may have taken away any of its days.
pub(super) const fn of_paused(amount: Amount) -> usize {
    1 + match amount {
        Amount::WorkingHours(hours) => hours as usize / 4,
        Amount::BusinessDays(days) => days as usize * 2,
        Amount::CalendarDays(days) => days as usize,
        Amount::Weeks(weeks) => weeks as usize * 7,
        Amount::Months(months) => months as usize * 31,
        Amount::Minutes(_) | Amount::Hours(_) | Amount::Instant => 0,
    }
}
