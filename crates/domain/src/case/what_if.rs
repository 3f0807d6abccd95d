//! What if: the clocks of a case as they stand against those other rules would have made (see [`super::replay`]).

use super::{Case, Clock, binds_provider};
use crate::event::{ClockOutcome, Entry, Event};
use jiff::Timestamp;
use policy::Stack;

/// How the operator stands by a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Ended in time.
    Met,
    /// Ended too late, or runs and is overdue.
    Missed,
    /// Runs, and there is time left.
    Running,
    /// Nothing is owed: it lost its object, or running out makes nobody late.
    Moot,
}

impl Verdict {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Running => "running",
            Self::Moot => "moot",
        }
    }
}

/// A clock as far as two ways of counting can differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// What it counts from.
    pub from: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How the operator stands by it.
    pub verdict: Verdict,
}

impl Stands {
    fn of(clock: &Clock, rules: &Stack, now: Timestamp) -> Self {
        let binds = binds_provider(rules.clock(&clock.rule));
        let verdict = match clock.ended {
            Some((ClockOutcome::Met, _)) => Verdict::Met,
            Some((ClockOutcome::Missed, _)) if binds => Verdict::Missed,
            Some(_) => Verdict::Moot,
            // One that stands still is due at no moment yet.
            None if clock.is_running() && clock.due_at < now => {
                if binds {
                    Verdict::Missed
                } else {
                    Verdict::Moot
                }
            }
            None => Verdict::Running,
        };
        Self { from: clock.from, due_at: clock.due_at, ended_at: clock.ended.map(|(_, at)| at), verdict }
    }
}

/// A clock in which the two differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its rule.
    pub rule: String,
    /// Round of handling.
    pub round: u32,
    /// As it stands; nothing when only the other rules start it.
    pub before: Option<Stands>,
    /// As it would stand; nothing when the other rules do not start it.
    pub after: Option<Stands>,
    /// Whether it can be told: one that came from another case, or that its own rules do not lead to, cannot.
    pub judged: bool,
}

impl Difference {
    /// Whether both have it, due at another moment.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        self.before.zip(self.after).is_some_and(|(before, after)| before.due_at != after.due_at)
    }

    /// Whether the operator would have been late who is not.
    #[must_use]
    pub fn is_breached(&self) -> bool {
        missed(self.after) && !missed(self.before)
    }

    /// Whether the operator is late who would not have been.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        missed(self.before) && !missed(self.after)
    }
}

fn missed(stands: Option<Stands>) -> bool {
    stands.is_some_and(|stands| stands.verdict == Verdict::Missed)
}

/// A case with the rules its clocks go by.
#[derive(Clone, Copy)]
pub struct Ruled<'a> {
    /// The case.
    pub case: &'a Case,
    /// The rules.
    pub rules: &'a Stack,
}

impl Ruled<'_> {
    fn place(&self, rule: &str, round: u32, nth: usize, now: Timestamp) -> Option<Stands> {
        let mut same = self.case.clocks.iter().filter(|clock| clock.rule == rule && clock.round == round);
        same.nth(nth).map(|clock| Stands::of(clock, self.rules, now))
    }
}

/// Every clock in which a case as it stands differs from what other rules would have made of it, and those that cannot
/// be told.
#[must_use]
pub fn differences(stands: Ruled<'_>, would: Ruled<'_>, entries: &[Entry], now: Timestamp) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    for (place, before, after) in places(stands, would, now) {
        let same = |before: Stands, after: Stands| before.due_at == after.due_at && before.verdict == after.verdict;
        let (rule, round, _) = place;
        let judged = !came_over(entries, rule, round);
        if judged && before.zip(after).is_some_and(|(before, after)| same(before, after)) {
            continue;
        }
        found.push(Difference { rule: rule.to_owned(), round, before, after, judged });
    }
    found
}

/// Marks what the rules a case went by do not lead to either as not to be told: such a limit says nothing about other
/// rules. `own` is the case replayed under its own.
pub fn judge(found: &mut [Difference], stands: Ruled<'_>, own: Ruled<'_>, now: Timestamp) {
    for (place, before, again) in places(stands, own, now) {
        if before == again {
            continue;
        }
        let (rule, round, _) = place;
        for difference in found.iter_mut().filter(|one| one.rule == rule && one.round == round) {
            difference.judged = false;
        }
    }
}

type Place<'a> = (&'a str, u32, usize);

/// The clocks of two states of a case side by side: the first of a rule and round beside the first.
fn places<'a>(
    one: Ruled<'a>,
    other: Ruled<'a>,
    now: Timestamp,
) -> impl Iterator<Item = (Place<'a>, Option<Stands>, Option<Stands>)> {
    let numbered = |case: &'a Case| {
        case.clocks.iter().enumerate().map(|(at, clock)| {
            let earlier = case.clocks.iter().take(at);
            let nth = earlier.filter(|known| known.rule == clock.rule && known.round == clock.round).count();
            (clock.rule.as_str(), clock.round, nth)
        })
    };
    let mine = numbered(one.case).map(move |place| (place, other.place(place.0, place.1, place.2, now)));
    let mine = mine.map(move |(place, beside)| (place, one.place(place.0, place.1, place.2, now), beside));
    let only = numbered(other.case).filter(move |place| one.place(place.0, place.1, place.2, now).is_none());
    mine.chain(only.map(move |place| (place, None, other.place(place.0, place.1, place.2, now))))
}

/// Whether a clock of this rule came from another case.
fn came_over(entries: &[Entry], rule: &str, round: u32) -> bool {
    entries.iter().flat_map(|entry| &entry.events).any(|event| {
        matches!(event, Event::ClockInherited { rule: theirs, round: of, .. } if theirs == rule && *of == round)
    })
}
