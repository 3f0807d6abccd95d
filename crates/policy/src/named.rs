//! Rules by name: what any rule of a pack that has a figure makes of a start and a case, whoever asks and whatever the
//! rule's kind. For explanations on the command line and for lists of worked deadlines.

use crate::clock::ClockRule;
use crate::counting::CountingRule;
use crate::deadline::{Pause, due_paused};
use crate::duration::Amount;
use crate::explain::{Explanation, Note};
use crate::facts::Facts;
use crate::grade::Grade;
use crate::order_limit::OrderLimitRule;
use crate::pack::Pack;
use crate::rule::RuleHead;
use crate::window::WindowRule;
use jiff::Timestamp;

/// What a rule says of a start and a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The pack has no rule of that name with a figure.
    Unknown,
    /// The rule is not for such a case.
    NotForThis,
    /// The moment, with everything that led there.
    Deadline(Box<Explanation>),
}

impl Pack {
    /// Asks a rule by its identity or a name others know it by. Where a name belongs to several rules, as with two
    /// versions of one duty, the one that is for the case answers. Of a window the closing counts, of a compensation
    /// the end of the free time, of a retention the least time of keeping, of a report the filing, counted from the
    /// period's end, of limits of work orders the first one it has, of the answer before all others.
    #[must_use]
    pub fn ask(&self, name: &str, start: Timestamp, facts: &Facts, grade: Grade, pauses: &[Pause]) -> Named {
        let mut found = false;
        for (head, figure) in self.figures() {
            if !head.answers_to(name) {
                continue;
            }
            found = true;
            if let Some(explanation) = self.figure(head, figure, start, facts, grade, pauses) {
                return Named::Deadline(Box::new(explanation));
            }
        }
        if found { Named::NotForThis } else { Named::Unknown }
    }

    /// Rules with a figure, in order of their kinds.
    pub(crate) fn figures(&self) -> impl Iterator<Item = (&RuleHead, Figure<'_>)> {
        let clocks = self.clocks().iter().map(|rule| (&rule.head, Figure::Clock(rule)));
        let windows = self.windows().iter().map(|rule| (&rule.head, Figure::Window(rule)));
        let reports = self.reports().iter().map(|rule| (&rule.head, Figure::Plain(rule.due, rule.counting)));
        let free = self.compensations().iter().map(|rule| (&rule.head, Figure::usual(rule.free)));
        let kept =
            self.retentions().iter().filter_map(|rule| Some((&rule.head, Figure::usual(rule.min.or(rule.max)?))));
        let orders = self.order_limits().iter().map(|rule| (&rule.head, Figure::Order(rule)));
        clocks.chain(windows).chain(reports).chain(free).chain(kept).chain(orders)
    }

    fn figure(
        &self,
        head: &RuleHead,
        figure: Figure<'_>,
        start: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Explanation> {
        let (amount, counting) = match figure {
            Figure::Clock(rule) => return self.explain(rule, start, facts, grade, pauses),
            Figure::Window(rule) => (rule.amount, rule.counting),
            Figure::Plain(amount, counting) => (amount, counting),
            Figure::Order(rule) => {
                let holds = head.holds(facts, Some(grade), start, self.calendar().zone()) && self.is_for(facts);
                return self.order_limit(rule, rule.figures().next().filter(|_| holds)?, start);
            }
        };
        if !head.holds(facts, Some(grade), start, self.calendar().zone()) || !self.is_for(facts) {
            return None;
        }
        let counting = counting.complete(amount);
        let mut explanation = due_paused(start, amount, &counting, self.calendar(), &[]).explanation;
        explanation.rule = Some(self.reference(head)?);
        explanation.notes.extend(head.note.clone().map(|text| Note::Interpretation { text }));
        Some(explanation)
    }
}

/// The figure of a rule.
#[derive(Clone, Copy)]
pub(crate) enum Figure<'p> {
    Clock(&'p ClockRule),
    Window(&'p WindowRule),
    Plain(Amount, CountingRule),
    Order(&'p OrderLimitRule),
}

impl Figure<'_> {
    fn usual(amount: Amount) -> Self {
        Self::Plain(amount, CountingRule::default())
    }
}
