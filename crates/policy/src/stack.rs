//! Stacks: the packs that govern one case together, in order: one of the law, one of practice, a baseline beneath.
//!
//! Clocks are the union over the packs, each counted with its own pack's calendar. What can have only one answer comes
//! from the first pack, from the top down, that has one: assessment, review and the periods. Grades come from exactly
//! one pack, which is proved when the stack is made.

use crate::assess::{self, AssessRule, Assessment};
use crate::authority::{Authority, AuthorityRule};
use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::clock::{ClockRule, StageRef, StartFact, Started};
use crate::counting::Counting;
use crate::deadline::{Pause, due_at};
use crate::duty::{ContactHours, ConversionRule, RouteRule};
use crate::effect::EffectRule;
use crate::explain::Explanation;
use crate::facts::{Facts, Operator};
use crate::gate::GateRule;
use crate::grade::{DecisionTable, Grade, GradeDecision, Severity, Urgency};
use crate::letter::LetterRule;
use crate::order_limit::{OrderFigure, OrderFor, OrderLimitRule};
use crate::pack::{Pack, ReviewRule};
use crate::period::Period;
use crate::remedy::{CompensationRule, HoldRule};
use crate::routing::RoutingRule;
use crate::rule::RuleHead;
use crate::window::{WindowFrom, WindowRule, Windows};
use jiff::civil::{self, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The last second of a day, at which limits of whole days lie.
const END_OF_DAY: Time = civil::time(23, 59, 59, 0);

/// Why packs do not make a stack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StackFault {
    /// Two packs claim one place.
    #[error("packs `{first}` and `{second}` are both of the layer {}; a stack has one pack a layer", .tier.code())]
    SameTier {
        /// The place.
        tier: Tier,
        /// The pack that has it.
        first: String,
        /// The pack that wants it too.
        second: String,
    },
    /// Two packs have a rule of the same identity, so that a case could not say which it means.
    #[error("rule `{rule}` stands in the packs `{first}` and `{second}`; within a stack a rule has one place")]
    RuleTwice {
        /// Identity of the rule.
        rule: String,
        /// The pack nearer to the top.
        first: String,
        /// The other pack.
        second: String,
    },
    /// No pack grades.
    #[error("none of the packs {0:?} has [[grade]] rows; a stack needs one that has")]
    NoGrades(Vec<String>),
    /// More than one pack grades.
    #[error("packs `{first}` and `{second}` both have [[grade]] rows; a stack has one source of grades")]
    GradesTwice {
        /// The pack nearer to the top.
        first: String,
        /// The other pack.
        second: String,
    },
}

/// The packs that govern a case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stack {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    /// From the top down.
    packs: Vec<Arc<Pack>>,
    /// How large the operator is whose cases these are.
    operator: Operator,
    /// The one table of grades, kept here so that grading has an answer by construction.
    grades: DecisionTable,
    /// Packs that only answer for clocks which began under them.
    guests: Vec<Arc<Pack>>,
}

impl Stack {
    /// Makes a stack, whatever order the packs are given in.
    ///
    /// # Errors
    /// Two packs of one layer, a rule identity in two packs, no or more than one source of grades; each names the packs.
    pub fn new(packs: impl IntoIterator<Item = Arc<Pack>>) -> Result<Self, StackFault> {
        let mut packs: Vec<Arc<Pack>> = packs.into_iter().collect();
        packs.sort_by_key(|pack| pack.tier());
        for (place, second) in packs.iter().enumerate() {
            for first in packs.iter().take(place) {
                beside(first, second)?;
            }
        }
        let grades = packs.iter().find_map(|pack| pack.grades()).cloned();
        let named = || packs.iter().map(|pack| pack.id().to_owned()).collect();
        let grades = grades.ok_or_else(|| StackFault::NoGrades(named()))?;
        let operator = Operator::default();
        Ok(Self { inner: Arc::new(Inner { packs, operator, grades, guests: Vec::new() }) })
    }

    /// The same packs for an operator of a size.
    #[must_use]
    pub fn of(&self, operator: Operator) -> Self {
        Self { inner: Arc::new(Inner { operator, ..self.inner.as_ref().clone() }) }
    }

    /// The same stack for a customer in a region: each pack counts with the calendar it has for that place.
    #[must_use]
    pub fn in_place(&self, region: &str) -> Self {
        let packs = self.inner.packs.iter().map(|pack| Arc::new(pack.in_place(region))).collect();
        Self { inner: Arc::new(Inner { packs, ..self.inner.as_ref().clone() }) }
    }

    /// How large the operator is whose cases these are; facts of a case repeat it.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.inner.operator
    }

    /// The same stack for a case that took clocks over from one under other packs. These answer for a rule the stack
    /// itself does not know: what it is, what stops it, why it is due. They start nothing and have no say otherwise.
    #[must_use]
    pub fn with_guests(&self, guests: impl IntoIterator<Item = Arc<Pack>>) -> Self {
        let guests = guests.into_iter().collect();
        Self { inner: Arc::new(Inner { guests, ..self.inner.as_ref().clone() }) }
    }

    /// Its packs, from the top down.
    pub fn packs(&self) -> impl DoubleEndedIterator<Item = &Pack> {
        self.inner.packs.iter().map(Arc::as_ref)
    }

    /// The zone of the customer's place: that of the calendar its uppermost pack counts with there.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.packs().next().map_or(TimeZone::UTC, |pack| pack.calendar().zone().clone())
    }

    /// A moment as a customer or a body outside is told it: the hour with what sets it off from Greenwich, of a limit that
    /// lasts to the end of a day the day alone.
    #[must_use]
    pub fn told(&self, at: Timestamp) -> String {
        self.written(at, "%Y-%m-%d %H:%M %:z")
    }

    /// The same by the clock of the place alone, for a page that says so once.
    #[must_use]
    pub fn told_there(&self, at: Timestamp) -> String {
        self.written(at, "%Y-%m-%d %H:%M")
    }

    fn written(&self, at: Timestamp, hour: &str) -> String {
        let local = at.to_zoned_datetime(self.zone());
        local.strftime(if local.time() == END_OF_DAY { "%Y-%m-%d" } else { hour }).to_string()
    }

    /// All clock rules, pack by pack.
    pub fn clocks(&self) -> impl Iterator<Item = &ClockRule> {
        self.packs().flat_map(Pack::clocks)
    }

    /// A clock rule by its identity.
    #[must_use]
    pub fn clock(&self, rule: &str) -> Option<&ClockRule> {
        self.placed(rule).map(|(_, rule)| rule)
    }

    /// The pack in which a clock rule stands.
    #[must_use]
    pub fn pack_of(&self, rule: &str) -> Option<&Pack> {
        self.placed(rule).map(|(pack, _)| pack)
    }

    /// The assessment rules that hold for its cases, in order.
    #[must_use]
    pub fn assess_rules(&self) -> &[AssessRule] {
        self.packs().map(Pack::assess_rules).find(|rules| !rules.is_empty()).unwrap_or_default()
    }

    /// The review rules that hold for its cases.
    #[must_use]
    pub fn reviews(&self) -> &[ReviewRule] {
        self.packs().map(Pack::reviews).find(|rules| !rules.is_empty()).unwrap_or_default()
    }

    /// Severity and urgency of a case: what was given, raised by the rules that hold.
    #[must_use]
    pub fn assess(&self, facts: &Facts) -> Assessment {
        assess::assess(self.assess_rules(), facts)
    }

    /// The grade for severity and urgency.
    #[must_use]
    pub fn grade(&self, severity: Severity, urgency: Urgency) -> GradeDecision {
        self.inner.grades.decide(severity, urgency)
    }

    /// Clocks that a fact starts at a moment, pack by pack.
    #[must_use]
    pub fn clocks_started_by(&self, fact: StartFact, facts: &Facts, grade: Grade, at: Timestamp) -> Vec<Started> {
        self.started(facts, grade, at, |rule| rule.starts_on(fact))
    }

    /// Clocks that the end of another starts, as of that moment.
    #[must_use]
    pub fn clocks_started_after(&self, clock: &str, facts: &Facts, grade: Grade, end: Timestamp) -> Vec<Started> {
        self.started(facts, grade, end, |rule| rule.starts_after(clock))
    }

    /// Clocks that a letter starts at the moment it is out.
    #[must_use]
    pub fn clocks_started_with(&self, letter: &str, facts: &Facts, grade: Grade, at: Timestamp) -> Vec<Started> {
        self.started(facts, grade, at, |rule| rule.starts_with_letter(letter))
    }

    /// Clocks that a stage of a matter outside starts at a moment.
    #[must_use]
    pub fn clocks_started_in(&self, stage: &StageRef, facts: &Facts, grade: Grade, at: Timestamp) -> Vec<Started> {
        self.started(facts, grade, at, |rule| rule.starts_in(stage))
    }

    /// A way to a body outside, by its identity.
    #[must_use]
    pub fn route(&self, id: &str) -> Option<&RouteRule> {
        self.packs().flat_map(Pack::routes).find(|route| route.head.id == id)
    }

    /// A letter by its identity.
    #[must_use]
    pub fn letter(&self, id: &str) -> Option<&LetterRule> {
        self.packs().flat_map(Pack::letters).find(|letter| letter.head.id == id)
    }

    /// A hold by its identity.
    #[must_use]
    pub fn hold(&self, id: &str) -> Option<&HoldRule> {
        self.packs().flat_map(Pack::holds).find(|hold| hold.head.id == id)
    }

    /// The effects that are for a case, each with the pack it stands in.
    pub fn effects(&self, facts: &Facts, grade: Grade, at: Timestamp) -> impl Iterator<Item = (&Pack, &EffectRule)> {
        self.holding(Pack::effects, |rule| &rule.head, facts, grade, at)
    }

    /// The holds that are for a case.
    pub fn holds(&self, facts: &Facts, grade: Grade, at: Timestamp) -> impl Iterator<Item = &HoldRule> {
        self.holding(Pack::holds, |rule| &rule.head, facts, grade, at).map(|(_, rule)| rule)
    }

    /// The letters that are for a case.
    pub fn letters(&self, facts: &Facts, grade: Grade, at: Timestamp) -> impl Iterator<Item = &LetterRule> {
        self.holding(Pack::letters, |rule| &rule.head, facts, grade, at).map(|(_, rule)| rule)
    }

    /// The conversions that are for a case, each with the moment it comes about: the first receipt, or right after the time
    /// the customer is left without an answer.
    #[must_use]
    pub fn conversions(
        &self,
        facts: &Facts,
        grade: Grade,
        received_at: Timestamp,
    ) -> Vec<(&ConversionRule, Timestamp)> {
        let of_kind = self.holding(Pack::conversions, |rule| &rule.head, facts, grade, received_at);
        let of_kind = of_kind.filter(|(_, rule)| rule.from == facts.kind);
        let when = |pack: &Pack, rule: &ConversionRule| match rule.after {
            Some(after) => {
                let last = due_at(received_at, after, &Counting::usual(after), pack.calendar());
                last.checked_add(SignedDuration::from_micros(1)).unwrap_or(last)
            }
            None => received_at,
        };
        of_kind.map(|(pack, rule)| (rule, when(pack, rule))).collect()
    }

    /// The gates that are for a case.
    pub fn gates(&self, facts: &Facts, grade: Grade, at: Timestamp) -> impl Iterator<Item = &GateRule> {
        self.holding(Pack::gates, |rule| &rule.head, facts, grade, at).map(|(_, rule)| rule)
    }

    fn holding<'s, R: 's>(
        &'s self,
        rules: impl Fn(&'s Pack) -> &'s [R],
        head: impl Fn(&R) -> &RuleHead,
        facts: &Facts,
        grade: Grade,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'s Pack, &'s R)> {
        let mut found = Vec::new();
        for pack in self.packs().filter(|pack| pack.is_for(facts)) {
            let zone = pack.calendar().zone();
            let holds = |rule: &&R| head(rule).holds(facts, Some(grade), at, zone);
            found.extend(rules(pack).iter().filter(holds).map(|rule| (pack, rule)));
        }
        found.into_iter()
    }

    fn started(&self, facts: &Facts, grade: Grade, at: Timestamp, which: impl Fn(&ClockRule) -> bool) -> Vec<Started> {
        self.rules()
            .filter(|(_, rule)| rule.kind.runs_in_a_case() && which(rule))
            .filter_map(|(pack, rule)| pack.start(rule, at, facts, grade, &[]))
            .collect()
    }

    /// The hours in which customers of a region may be called, and the calendar they are read by; nothing where no pack
    /// says.
    #[must_use]
    pub fn contact_hours(&self, region: &str) -> Option<(&ContactHours, &Calendar)> {
        let set = self.packs().find_map(|pack| Some((pack.contact_hours()?, pack.calendar())));
        set.filter(|(hours, _)| hours.holds_in(region))
    }

    /// A clock counted anew from its original start; nothing when the rule does not exist or does not apply.
    #[must_use]
    pub fn recompute(&self, rule: &str, start: Timestamp, facts: &Facts, grade: Grade) -> Option<Started> {
        self.due_paused(rule, start, facts, grade, &[])
    }

    /// The same for a clock that stood still in the given spans. They move a rule that may be paused, and nothing of the
    /// law layer; a span without an end that keeps the clock from running out makes it due at [`Timestamp::MAX`].
    #[must_use]
    pub fn due_paused(
        &self,
        rule: &str,
        from: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Started> {
        let (pack, rule) = self.placed(rule)?;
        pack.start(rule, from, facts, grade, pauses)
    }

    /// Whether it may be said of a clock of this rule that a limit was kept or missed: not of one that is unverified, nor in
    /// a pack nobody qualified has read. Either may remind.
    #[must_use]
    pub fn states_compliance(&self, rule: &str) -> bool {
        self.placed(rule).is_some_and(|(pack, rule)| pack.states_compliance(rule.head.confidence()))
    }

    /// Why a clock is due when it is; nothing when the rule does not exist or does not apply.
    #[must_use]
    pub fn explain(&self, rule: &str, start: Timestamp, facts: &Facts, grade: Grade) -> Option<Explanation> {
        self.explain_paused(rule, start, facts, grade, &[])
    }

    /// Why a clock that stood still in the given spans is due when it is.
    #[must_use]
    pub fn explain_paused(
        &self,
        rule: &str,
        from: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Explanation> {
        let (pack, rule) = self.placed(rule)?;
        pack.explain(rule, from, facts, grade, pauses)
    }

    /// Why a clock taken over from another case is due when it is. Whether its rule applies was decided by what that case
    /// is about, so it is not asked again; nothing when no rule of that name is known.
    #[must_use]
    pub fn explain_taken_over(
        &self,
        rule: &str,
        from: Timestamp,
        due_at: Timestamp,
        facts: &Facts,
        grade: Grade,
    ) -> Option<Explanation> {
        let (pack, rule) = self.placed(rule)?;
        Some(pack.explain_anyhow(rule, from, facts, grade, &[])?.taken_over(due_at))
    }

    /// The grade under which a limit was counted: the one the case has, or, where that leads elsewhere, another that leads
    /// to it.
    #[must_use]
    pub fn grade_of(
        &self,
        rule: &str,
        from: Timestamp,
        due_at: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Grade {
        let leads = |grade: &Grade| {
            self.due_paused(rule, from, facts, *grade, pauses).is_some_and(|started| started.due_at == due_at)
        };
        [grade].into_iter().chain(Grade::ALL.iter().copied()).find(leads).unwrap_or(grade)
    }

    /// Why a clock was due when it was whose rule is no longer for the case.
    #[must_use]
    pub fn explain_no_longer(
        &self,
        rule: &str,
        from: Timestamp,
        due_at: Timestamp,
        facts: &Facts,
        grade: Grade,
    ) -> Option<Explanation> {
        let (pack, rule) = self.placed(rule)?;
        Some(pack.explain_anyhow(rule, from, facts, grade, &[])?.no_longer(due_at))
    }

    /// The windows of a case: rights that follow from when the matter happened, when it was first received, and what else is
    /// known of its days.
    #[must_use]
    pub fn windows(&self, facts: &Facts, occurred_at: Option<Timestamp>, received_at: Timestamp) -> Windows {
        let mut windows = Windows::default();
        for pack in self.packs() {
            for rule in pack.windows() {
                let from = match rule.from {
                    WindowFrom::OccurredAt => occurred_at,
                    WindowFrom::ReceivedAt => Some(received_at),
                    WindowFrom::ContractDocumentAt => facts.contract_document_at,
                };
                // Where the moment is not known, whether the rule would hold is looked at as of the receipt.
                let at = from.unwrap_or(received_at);
                let head = &rule.head;
                let zone = pack.calendar().zone();
                if !head.holds(facts, None, at, zone) || !pack.is_for(facts) {
                    let perhaps = head.in_version(facts, at, zone) && !head.excludes(facts, None);
                    if facts.category.is_none() && perhaps && head.applies.holds_for_some_category(facts) {
                        windows.miss("category");
                    }
                    continue;
                }
                match from {
                    Some(from) => windows.known.extend(pack.window(rule, from)),
                    None => windows.miss(rule.from.code()),
                }
            }
        }
        windows
    }

    /// A window rule by its identity.
    #[must_use]
    pub fn window(&self, rule: &str) -> Option<&WindowRule> {
        self.packs().flat_map(Pack::windows).find(|window| window.head.id == rule)
    }

    /// Whether an outcome of this grade needs the approval of another person than its proposer. Where packs speak of
    /// review they name the grades, and whoever proposes may approve the others; where none does, nobody approves their own.
    #[must_use]
    pub fn needs_second_reviewer(&self, grade: Grade) -> bool {
        let reviews = self.reviews();
        reviews.is_empty() || reviews.iter().any(|review| review.four_eyes && review.grades.contains(&grade))
    }

    /// The last moment at which a case closed then may be reopened; nothing when no pack sets a limit.
    #[must_use]
    pub fn reopen_until(&self, closed_at: Timestamp) -> Option<Timestamp> {
        let (pack, period) = self.period(Pack::reopen)?;
        Some(period.until(closed_at, pack.calendar()))
    }

    /// The last moment until which a case may be held that is held from then; nothing when no pack sets a limit.
    #[must_use]
    pub fn suspend_until(&self, from: Timestamp) -> Option<Timestamp> {
        let (pack, period) = self.period(Pack::suspend)?;
        Some(period.until(from, pack.calendar()))
    }

    /// The earliest first receipt of which a contact at that moment is still a repeat; nothing when no pack says what a
    /// repeat is.
    #[must_use]
    pub fn repeat_since(&self, now: Timestamp) -> Option<Timestamp> {
        let (pack, period) = self.period(Pack::repeat)?;
        Some(period.since(now, pack.calendar()))
    }

    /// A compensation by its identity, with the pack it stands in.
    #[must_use]
    pub fn compensation(&self, rule: &str) -> Option<(&Pack, &CompensationRule)> {
        self.compensations().find(|(_, known)| known.head.id == rule)
    }

    /// All compensations, pack by pack.
    pub fn compensations(&self) -> impl Iterator<Item = (&Pack, &CompensationRule)> {
        self.packs().flat_map(|pack| pack.compensations().iter().map(move |rule| (pack, rule)))
    }

    /// How far a role's authority reaches in a currency, as the first pack that says so has it.
    #[must_use]
    pub fn authority(&self, role: &str, currency: &str) -> Authority {
        let rules = self.packs().map(Pack::authorities).find(|rules| !rules.is_empty());
        AuthorityRule::reach(rules.unwrap_or_default(), role, currency)
    }

    /// The table that says where cases go, of the first pack that has one; without, none of them goes anywhere by itself.
    #[must_use]
    pub fn routing(&self) -> Option<(&Pack, &[RoutingRule])> {
        self.packs().map(|pack| (pack, pack.routing())).find(|(_, rows)| !rows.is_empty())
    }

    /// The first rule that limits a figure of orders of a kind, for a case as it stands.
    #[must_use]
    pub fn order_limit(
        &self,
        kind: OrderFor,
        figure: OrderFigure,
        facts: &Facts,
        grade: Grade,
        at: Timestamp,
    ) -> Option<(&Pack, &OrderLimitRule)> {
        let mut holding = self.holding(Pack::order_limits, |rule| &rule.head, facts, grade, at);
        holding.find(|(_, rule)| rule.kind.contains(&kind) && rule.has(figure))
    }

    /// A rule about limits of work orders by its identity.
    #[must_use]
    pub fn order_limit_named(&self, id: &str) -> Option<(&Pack, &OrderLimitRule)> {
        let all = self.packs().flat_map(|pack| pack.order_limits().iter().map(move |rule| (pack, rule)));
        all.into_iter().find(|(_, rule)| rule.head.id == id)
    }

    /// A period of the first pack, from the top down, that sets it.
    fn period<'s>(&'s self, which: impl Fn(&'s Pack) -> Option<&'s Period>) -> Option<(&'s Pack, &'s Period)> {
        self.packs().find_map(|pack| Some((pack, which(pack)?)))
    }

    fn rules(&self) -> impl Iterator<Item = (&Pack, &ClockRule)> {
        self.packs().flat_map(|pack| pack.clocks().iter().map(move |rule| (pack, rule)))
    }

    fn placed(&self, rule: &str) -> Option<(&Pack, &ClockRule)> {
        let guests = self.inner.guests.iter().flat_map(|pack| pack.clocks().iter().map(move |rule| (&**pack, rule)));
        self.rules().chain(guests).find(|(_, known)| known.head.id == rule)
    }
}

/// Refuses two packs that cannot stand in one stack.
fn beside(first: &Pack, second: &Pack) -> Result<(), StackFault> {
    let named = |pack: &Pack| pack.id().to_owned();
    if first.tier() == second.tier() {
        return Err(StackFault::SameTier { tier: first.tier(), first: named(first), second: named(second) });
    }
    if let Some(rule) = first.rule_ids().find(|id| second.rule_ids().any(|other| other == *id)) {
        return Err(StackFault::RuleTwice { rule: rule.to_owned(), first: named(first), second: named(second) });
    }
    if first.grades().is_some() && second.grades().is_some() {
        return Err(StackFault::GradesTwice { first: named(first), second: named(second) });
    }
    Ok(())
}
