//! Where now comes from: the system's clock, or one that a test or the demo moves.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A source of now.
#[derive(Clone, Debug)]
pub enum Time {
    /// The system's clock.
    System,
    /// A clock that stands until it is moved; UTC microseconds.
    Moved(Arc<AtomicI64>),
}

impl Time {
    /// A clock that stands at a moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self::Moved(Arc::new(AtomicI64::new(moment.as_microsecond())))
    }

    /// Now, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => domain::micros(Timestamp::now()),
            Self::Moved(at) => Timestamp::from_microsecond(at.load(Ordering::Acquire)).unwrap_or(Timestamp::MIN),
        }
    }

    /// Moves a standing clock; the system's clock stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Moved(at) = self {
            let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            at.fetch_add(micros, Ordering::AcqRel);
        }
    }

    /// Sets a standing clock.
    pub fn set(&self, moment: Timestamp) {
        if let Self::Moved(at) = self {
            at.store(moment.as_microsecond(), Ordering::Release);
        }
    }
}

/// How long to wait before the next try: `first`, doubled with each of them, `longest` at most.
pub(crate) fn doubled(first: SignedDuration, tries: i64, longest: SignedDuration) -> SignedDuration {
    let times = 1_i32 << tries.clamp(1, 16).saturating_sub(1);
    first.checked_mul(times).map_or(longest, |doubled| doubled.min(longest))
}

/// A moment as the database keeps it.
pub(crate) fn stored(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A moment the database kept.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
