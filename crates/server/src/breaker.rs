//! Systems outside that do not answer are left alone for a while, and then tried by one question first.

use std::time::Duration;
use tokio::time::Instant;

/// Failures one after the other before the system is left alone.
const FAILURES: u32 = 3;
/// For how long.
const RESTS: Duration = Duration::from_secs(15);

/// Leaves a system in trouble alone.
#[derive(Default)]
pub(crate) struct Breaker {
    failed: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether the system answered when it was asked last.
    pub(crate) fn is_well(&self) -> bool {
        self.failed == 0
    }

    /// Whether it is left alone; asks for no turn.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// Whether it may be asked now. After a rest one question goes first.
    pub(crate) fn lets_pass(&mut self, now: Instant) -> bool {
        match self.rests_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests_until = Some(now + RESTS);
                true
            }
            None => true,
        }
    }

    /// Notes how a question ended.
    pub(crate) fn note(&mut self, answered: bool, now: Instant) {
        if answered {
            *self = Self::default();
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed >= FAILURES {
            self.rests_until = Some(now + RESTS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_in_trouble_is_left_alone_and_tried_again_by_one() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.note(false, now);
            assert!(breaker.lets_pass(now));
        }
        breaker.note(false, now);
        assert!(!breaker.lets_pass(now) && !breaker.lets_pass(now + RESTS / 2));
        let later = now + RESTS;
        assert!(breaker.rests(now) && !breaker.rests(later) && !breaker.rests(later), "a look takes no turn");
        assert!(breaker.lets_pass(later), "one goes first");
        assert!(!breaker.lets_pass(later), "and no other with it");
        breaker.note(true, later);
        assert!(breaker.lets_pass(later) && breaker.is_well());
    }
}
