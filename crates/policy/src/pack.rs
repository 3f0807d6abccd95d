//! Policy packs: the rules of one jurisdiction or house, with version, sources and calendar. A pack is loaded once and
//! then only asked; a case keeps the version that governs it.

mod load;

use crate::assess::{self, AssessRule, Assessment};
use crate::basis::{Basis, Confidence, Layer, Source, Status};
use crate::calendar::{Calendar, CalendarSet};
use crate::clock::{ClockRule, OnRegrade, StartFact, Started};
use crate::counting::CountingRule;
use crate::deadline::{due, due_at};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, RuleRef};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::grade::{DecisionTable, Grade, GradeDecision, Severity, Urgency};
use crate::text::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// Which outcomes need a second pair of eyes before the customer hears of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRule {
    /// Identity within the pack.
    pub id: String,
    /// Grades it applies to.
    pub grades: Vec<Grade>,
    /// Whether the approver must be another person than the proposer.
    pub four_eyes: bool,
    /// Why, for people.
    pub reason: Text,
    /// What it rests on.
    pub basis: Basis,
    /// How sure it is.
    pub confidence: Confidence,
    /// Key of the source in the pack.
    pub source: String,
}

/// How long after its closing a case may be taken up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopen {
    /// The window.
    pub within: Amount,
    /// How it is counted.
    pub counting: CountingRule,
    /// What it rests on.
    pub basis: Basis,
    /// How sure it is.
    pub confidence: Confidence,
    /// Key of the source in the pack.
    pub source: String,
}

/// A loaded pack.
#[derive(Clone, Debug)]
pub struct Pack {
    id: String,
    version: String,
    title: Text,
    jurisdiction: String,
    status: Status,
    valid_from: Date,
    valid_to: Option<Date>,
    calendar: Arc<Calendar>,
    sources: Vec<Source>,
    clocks: Vec<ClockRule>,
    grades: DecisionTable,
    assess: Vec<AssessRule>,
    reviews: Vec<ReviewRule>,
    reopen: Option<Reopen>,
    notes: Vec<Text>,
}

impl Pack {
    /// Reads a pack and proves what can be proved about it: known names only, one grade for every combination,
    /// sources for every figure, no statutory rule on weak ground.
    ///
    /// # Errors
    /// Every fault with file, line and column.
    pub fn load(file_name: &str, text: &str, calendars: &CalendarSet) -> Result<Self, Vec<Fault>> {
        load::load(file_name, text, calendars)
    }

    /// Identity, such as `guide-standard`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Version; a case keeps the one that governs it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What people call it.
    #[must_use]
    pub const fn title(&self) -> &Text {
        &self.title
    }

    /// ISO 3166 code or name of the jurisdiction.
    #[must_use]
    pub fn jurisdiction(&self) -> &str {
        &self.jurisdiction
    }

    /// Whether it may govern cases for real.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// First and last local date of receipt it is meant for, inclusive; no last date means until further notice.
    #[must_use]
    pub const fn validity(&self) -> (Date, Option<Date>) {
        (self.valid_from, self.valid_to)
    }

    /// The calendar it counts with.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Where its figures were read.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// A source by its key.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// Its clock rules, in order.
    #[must_use]
    pub fn clocks(&self) -> &[ClockRule] {
        &self.clocks
    }

    /// A clock rule by its identity.
    #[must_use]
    pub fn clock(&self, rule: &str) -> Option<&ClockRule> {
        self.clocks.iter().find(|clock| clock.id == rule)
    }

    /// The decision table of grades.
    #[must_use]
    pub const fn grades(&self) -> &DecisionTable {
        &self.grades
    }

    /// Its assessment rules, in order.
    #[must_use]
    pub fn assess_rules(&self) -> &[AssessRule] {
        &self.assess
    }

    /// Its review rules.
    #[must_use]
    pub fn reviews(&self) -> &[ReviewRule] {
        &self.reviews
    }

    /// The window for reopening.
    #[must_use]
    pub const fn reopen(&self) -> Option<&Reopen> {
        self.reopen.as_ref()
    }

    /// Interpretations that hold for the whole pack.
    #[must_use]
    pub fn notes(&self) -> &[Text] {
        &self.notes
    }

    /// Severity and urgency of a case: what was given, raised by the rules that hold.
    #[must_use]
    pub fn assess(&self, facts: &Facts) -> Assessment {
        assess::assess(&self.assess, facts)
    }

    /// The grade for severity and urgency.
    #[must_use]
    pub fn grade(&self, severity: Severity, urgency: Urgency) -> GradeDecision {
        self.grades.decide(severity, urgency)
    }

    /// Clocks that a fact starts at a moment, in the pack's order.
    #[must_use]
    pub fn clocks_started_by(&self, fact: StartFact, facts: &Facts, grade: Grade, at: Timestamp) -> Vec<Started> {
        self.clocks
            .iter()
            .filter(|rule| rule.starts_on(fact))
            .filter_map(|rule| self.start(rule, at, facts, grade))
            .collect()
    }

    /// A clock counted anew from its original start; nothing when the rule does not exist or does not apply.
    #[must_use]
    pub fn recompute(&self, rule: &str, start: Timestamp, facts: &Facts, grade: Grade) -> Option<Started> {
        self.start(self.clock(rule)?, start, facts, grade)
    }

    /// The limit that holds for a running clock after the grade changed. Clocks of the law layer are never lengthened,
    /// whatever their rule says; neither are those of a rule that is gone.
    #[must_use]
    pub fn after_regrade(&self, rule: &str, running: Timestamp, recomputed: Timestamp) -> Timestamp {
        let follows = self
            .clock(rule)
            .is_some_and(|rule| rule.layer == Layer::Practice && rule.on_regrade == OnRegrade::Recompute);
        if follows { recomputed } else { recomputed.min(running) }
    }

    /// Why a clock is due when it is; nothing when the rule does not exist or does not apply.
    #[must_use]
    pub fn explain(&self, rule: &str, start: Timestamp, facts: &Facts, grade: Grade) -> Option<Explanation> {
        let rule = self.clock(rule)?;
        let amount = amount(rule, facts, grade)?;
        let mut explanation = due(start, amount, &rule.counting_for(amount), &self.calendar).explanation;
        explanation.rule = Some(RuleRef {
            pack: self.id.clone(),
            pack_version: self.version.clone(),
            pack_status: self.status,
            rule: rule.id.clone(),
            title: rule.title.clone(),
            layer: rule.layer,
            basis: rule.basis,
            confidence: rule.confidence,
            source: self.source(&rule.source)?.clone(),
            grade,
            start: rule.start.clone(),
            states_compliance: self.states_compliance(rule),
        });
        explanation.notes.extend(rule.note.clone().map(|text| Note::Interpretation { text }));
        Some(explanation)
    }

    /// Whether compliance may be stated from a rule. A preview or an unverified figure may only remind.
    #[must_use]
    pub fn states_compliance(&self, rule: &ClockRule) -> bool {
        self.status == Status::Active && rule.confidence != Confidence::Unverified
    }

    /// Whether an outcome of this grade needs a second person's approval.
    #[must_use]
    pub fn needs_second_reviewer(&self, grade: Grade) -> bool {
        self.reviews.iter().any(|review| review.four_eyes && review.grades.contains(&grade))
    }

    /// The last moment at which a case closed then may be reopened; nothing when the pack sets no limit.
    #[must_use]
    pub fn reopen_until(&self, closed_at: Timestamp) -> Option<Timestamp> {
        let reopen = self.reopen.as_ref()?;
        Some(due_at(closed_at, reopen.within, &reopen.counting.complete(reopen.within), &self.calendar))
    }

    fn start(&self, rule: &ClockRule, from: Timestamp, facts: &Facts, grade: Grade) -> Option<Started> {
        let amount = amount(rule, facts, grade)?;
        let due_at = due_at(from, amount, &rule.counting_for(amount), &self.calendar);
        Some(Started { rule: rule.id.clone(), from, due_at })
    }
}

/// The amount of a rule for a case, when the rule applies to it.
fn amount(rule: &ClockRule, facts: &Facts, grade: Grade) -> Option<Amount> {
    let amount = rule.limit.for_grade(grade)?;
    rule.applies.holds(facts, Some(grade)).then_some(amount)
}
