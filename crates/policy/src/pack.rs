//! Policy packs: the rules of one jurisdiction or house, with version, sources and calendar. A pack says what its rules
//! are; what they mean for a case is asked of the stack it stands in ([`crate::Stack`]).

mod load;

use crate::assess::AssessRule;
use crate::basis::{Basis, Confidence, Source, Status, Tier};
use crate::calendar::{Calendar, CalendarSet};
use crate::clock::{ClockRule, Started};
use crate::deadline::{Pause, due_at_paused, due_paused};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, RuleRef};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::grade::{DecisionTable, Grade};
use crate::period::Period;
use crate::text::Text;
use crate::window::{Window, WindowRule};
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

/// A loaded pack.
#[derive(Clone, Debug)]
pub struct Pack {
    id: String,
    version: String,
    title: Text,
    tier: Tier,
    jurisdiction: String,
    status: Status,
    valid_from: Date,
    valid_to: Option<Date>,
    calendar: Arc<Calendar>,
    sources: Vec<Source>,
    clocks: Vec<ClockRule>,
    grades: Option<DecisionTable>,
    assess: Vec<AssessRule>,
    reviews: Vec<ReviewRule>,
    windows: Vec<WindowRule>,
    reopen: Option<Period>,
    suspend: Option<Period>,
    repeat: Option<Period>,
    notes: Vec<Text>,
}

impl Pack {
    /// Reads a pack and proves what can be proved about it: known names only, one grade for every combination where it
    /// grades at all, sources for every figure, no statutory rule on weak ground or outside a pack of the law.
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

    /// The version as numbers, so that 1.10.0 comes after 1.9.0.
    #[must_use]
    pub fn version_key(&self) -> Vec<u32> {
        self.version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    }

    /// What people call it.
    #[must_use]
    pub const fn title(&self) -> &Text {
        &self.title
    }

    /// Its place in a stack.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
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

    /// Identities of its rules that a case refers to.
    pub(crate) fn rule_ids(&self) -> impl Iterator<Item = &str> {
        let clocks = self.clocks.iter().map(|rule| rule.id.as_str());
        let windows = self.windows.iter().map(|rule| rule.id.as_str());
        clocks.chain(windows).chain(self.assess.iter().map(|rule| rule.id.as_str()))
    }

    /// The decision table of grades, when it grades at all.
    #[must_use]
    pub const fn grades(&self) -> Option<&DecisionTable> {
        self.grades.as_ref()
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

    /// Its windows, in order.
    #[must_use]
    pub fn windows(&self) -> &[WindowRule] {
        &self.windows
    }

    /// How long after its closing a case may be taken up again.
    #[must_use]
    pub const fn reopen(&self) -> Option<&Period> {
        self.reopen.as_ref()
    }

    /// How long a case may be held at a time.
    #[must_use]
    pub const fn suspend(&self) -> Option<&Period> {
        self.suspend.as_ref()
    }

    /// Within what another contact about the same matter is a repeat.
    #[must_use]
    pub const fn repeat(&self) -> Option<&Period> {
        self.repeat.as_ref()
    }

    /// Interpretations that hold for the whole pack.
    #[must_use]
    pub fn notes(&self) -> &[Text] {
        &self.notes
    }

    /// Why a clock of this pack is due when it is, the spans it stood still counted as far as the rule may be paused;
    /// nothing when the rule does not apply.
    pub(crate) fn explain(
        &self,
        rule: &ClockRule,
        start: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Explanation> {
        let amount = amount(rule, facts, grade)?;
        let counting = rule.counting_for(amount);
        let mut explanation = due_paused(start, amount, &counting, &self.calendar, rule.pauses(pauses)).explanation;
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
            grade: rule.limit.is_by_grade().then_some(grade),
            start: rule.start.clone(),
            from: None,
            states_compliance: self.states_compliance(rule.confidence),
        });
        if rule.limit.is_by_area() && facts.area_type.is_none() {
            explanation.notes.push(Note::AreaAssumed);
        }
        explanation.notes.extend(rule.note.clone().map(|text| Note::Interpretation { text }));
        Some(explanation)
    }

    /// A window of this pack, counted from a moment.
    pub(crate) fn window(&self, rule: &WindowRule, from: Timestamp) -> Option<Window> {
        let (opens_at, mut explanation) = rule.count(from, &self.calendar);
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
            grade: None,
            start: Vec::new(),
            from: Some(rule.from),
            states_compliance: self.states_compliance(rule.confidence),
        });
        Some(Window { rule: rule.id.clone(), opens_at, closes_at: explanation.due_at, explanation })
    }

    /// Whether compliance may be stated from a figure. A preview or an unverified figure may only remind.
    #[must_use]
    pub fn states_compliance(&self, confidence: Confidence) -> bool {
        self.status == Status::Active && confidence != Confidence::Unverified
    }

    /// When a clock of this pack that begins at a moment is due, the spans it stood still counted as far as the rule may
    /// be paused; nothing when the rule does not apply.
    pub(crate) fn start(
        &self,
        rule: &ClockRule,
        from: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Started> {
        let amount = amount(rule, facts, grade)?;
        let due_at = due_at_paused(from, amount, &rule.counting_for(amount), &self.calendar, rule.pauses(pauses));
        Some(Started { rule: rule.id.clone(), from, due_at })
    }
}

/// The amount of a rule for a case, when the rule applies to it.
fn amount(rule: &ClockRule, facts: &Facts, grade: Grade) -> Option<Amount> {
    let amount = rule.limit.of(grade, facts.area_type.as_deref())?;
    rule.applies.holds(facts, Some(grade)).then_some(amount)
}
