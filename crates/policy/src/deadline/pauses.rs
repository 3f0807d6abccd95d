//! Spans in which a clock stands still, put in order once so that counting only has to walk along them.

use jiff::Timestamp;

/// Spans from a moment up to, not including, another; without an end a span lasts until further notice.
pub type Pause = (Timestamp, Option<Timestamp>);

/// Spans in order, none touching another, none before the start. Only the last can be without an end.
pub(super) struct Pauses(Vec<Pause>);

impl Pauses {
    /// No span at all.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Spans as they were given: in any order, overlapping, empty or beginning before the start.
    pub(super) fn after(start: Timestamp, given: &[Pause]) -> Self {
        let mut spans: Vec<Pause> = given
            .iter()
            .map(|(from, to)| ((*from).max(start), *to))
            .filter(|(from, to)| to.is_none_or(|to| *from < to))
            .collect();
        spans.sort_by_key(|(from, _)| *from);
        let mut ordered: Vec<Pause> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match ordered.last_mut() {
                Some((_, None)) => break,
                Some((_, end)) if end.is_some_and(|end| from <= end) => {
                    *end = end.zip(to).map(|(one, other)| one.max(other));
                }
                _ => ordered.push((from, to)),
            }
        }
        Self(ordered)
    }

    /// Whether the clock never stands still.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spans in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Pause> {
        self.0.iter().copied()
    }

    /// The span a moment lies in.
    pub(super) fn at(&self, moment: Timestamp) -> Option<Pause> {
        let next = self.0.partition_point(|(from, _)| *from <= moment);
        let span = next.checked_sub(1).and_then(|last| self.0.get(last)).copied()?;
        span.1.is_none_or(|to| moment < to).then_some(span)
    }

    /// What is left of a span of time outside these, in order.
    pub(super) fn outside(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut left = Vec::new();
        let mut begin = from;
        for (pause, end) in self.iter() {
            if pause >= to {
                break;
            }
            if pause > begin {
                left.push((begin, pause));
            }
            // Without an end nothing of the span is left.
            begin = begin.max(end.unwrap_or(to));
        }
        if begin < to {
            left.push((begin, to));
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
    }

    #[test]
    fn any_order_and_overlap_becomes_one_line() {
        let given = [
            (at(50), Some(at(60))),
            (at(0), Some(at(20))),
            (at(15), Some(at(30))),
            (at(40), Some(at(40))),
            (at(45), Some(at(41))),
            (at(60), Some(at(70))),
            (at(90), None),
            (at(95), Some(at(99))),
            (at(80), Some(at(90))),
        ];
        let pauses = Pauses::after(at(10), &given);
        let ordered: Vec<Pause> = pauses.iter().collect();
        assert_eq!(ordered, [(at(10), Some(at(30))), (at(50), Some(at(70))), (at(80), None)]);
        assert_eq!(pauses.at(at(29)), Some((at(10), Some(at(30)))));
        assert_eq!(pauses.at(at(30)), None, "the clock runs again at the moment of resuming");
        assert_eq!(pauses.at(at(9)), None);
        assert_eq!(pauses.at(at(1_000)), Some((at(80), None)));
        assert_eq!(pauses.outside(at(0), at(55)), [(at(0), at(10)), (at(30), at(50))]);
        assert_eq!(pauses.outside(at(60), at(100)), [(at(70), at(80))]);
        assert_eq!(pauses.outside(at(85), at(100)), []);
    }
}
