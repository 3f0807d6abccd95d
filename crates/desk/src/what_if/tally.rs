//! Counting: how many of each, and the numbers of the first cases, so that memory stays the same however many there are.

use domain::case::what_if::Difference;
use jiff::Timestamp;
use policy::Text;
use std::collections::BTreeMap;

/// Numbers kept of each effect.
const NUMBERS: usize = 1_000;

/// How many clocks or cases something would happen to, and to which first, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// How many.
    pub count: u64,
    /// Numbers of the newest cases, each once and at most a thousand.
    pub cases: Vec<String>,
}

impl Effect {
    pub(super) fn note(&mut self, number: &str) {
        self.count += 1;
        self.keep(number);
    }

    /// All clocks of a case come one after the other.
    fn keep(&mut self, number: &str) {
        if self.cases.len() < NUMBERS && self.cases.last().is_none_or(|last| last != number) {
            self.cases.push(number.to_owned());
        }
    }

    fn add(&mut self, later: Self) {
        self.count += later.count;
        let room = NUMBERS.saturating_sub(self.cases.len());
        self.cases.extend(later.cases.into_iter().take(room));
    }
}

/// What becomes of a clock. One can be moved and breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Due at another moment.
    Moved,
    /// Only the draft starts it.
    New,
    /// The draft does not start it.
    Gone,
    /// The operator would have been late who is not.
    Breached,
    /// The operator is late who would not have been.
    Saved,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 5] = [Self::Moved, Self::New, Self::Gone, Self::Breached, Self::Saved];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Breached => "breached",
            Self::Saved => "saved",
        }
    }

    /// Whether it is what happens to a clock.
    #[must_use]
    pub fn is(self, difference: &Difference) -> bool {
        match self {
            Self::Moved => difference.is_moved(),
            Self::New => difference.before.is_none(),
            Self::Gone => difference.after.is_none(),
            Self::Breached => difference.is_breached(),
            Self::Saved => difference.is_saved(),
        }
    }
}

/// What becomes of the clocks of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleEffects {
    /// The rule.
    pub rule: String,
    /// What people call it, where anybody knows.
    pub title: Option<Text>,
    effects: [Effect; Change::ALL.len()],
}

impl RuleEffects {
    fn of(rule: &str) -> Self {
        Self { rule: rule.to_owned(), title: None, effects: Default::default() }
    }

    /// Every change with what it happens to.
    pub fn effects(&self) -> impl Iterator<Item = (Change, &Effect)> {
        Change::ALL.into_iter().zip(&self.effects)
    }
}

/// What was counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) cases: u64,
    pub(super) changed: u64,
    pub(super) no_say: u64,
    pub(super) untold: u64,
    pub(super) not_judged: u64,
    pub(super) grades: Effect,
    pub(super) rules: BTreeMap<String, RuleEffects>,
    pub(super) oldest: Option<Timestamp>,
}

impl Tally {
    pub(super) fn note(&mut self, number: &str, difference: &Difference) {
        let rule = &difference.rule;
        let effects = self.rules.entry(rule.clone()).or_insert_with(|| RuleEffects::of(rule));
        for (change, effect) in Change::ALL.into_iter().zip(&mut effects.effects) {
            if change.is(difference) {
                effect.note(number);
            }
        }
    }

    /// Adds what was counted of later cases.
    pub(super) fn add(&mut self, later: Self) {
        self.cases += later.cases;
        self.changed += later.changed;
        self.no_say += later.no_say;
        self.untold += later.untold;
        self.not_judged += later.not_judged;
        self.grades.add(later.grades);
        self.oldest = later.oldest.or(self.oldest);
        for (rule, theirs) in later.rules {
            let mine = self.rules.entry(rule).or_insert_with_key(|rule| RuleEffects::of(rule));
            for (mine, theirs) in mine.effects.iter_mut().zip(theirs.effects) {
                mine.add(theirs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_does_not_grow_with_what_is_counted() {
        let mut all = Effect::default();
        for page in 0..40 {
            let mut one = Effect::default();
            for case in 0..100 {
                let number = format!("{:05}", page * 100 + case);
                one.note(&number);
                one.note(&number);
            }
            all.add(one);
        }
        assert_eq!((all.count, all.cases.len()), (8_000, NUMBERS));
        assert!(all.cases.windows(2).all(|two| two[0] < two[1]), "each once, in order");
    }
}
