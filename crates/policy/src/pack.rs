//! Policy packs: the rules of one jurisdiction or house, with version, sources and calendar. A pack says what its rules
//! are; what they mean for a case is asked of the stack it stands in ([`crate::Stack`]).

mod links;
mod load;
mod place;

use crate::assess::{self, AssessRule, Assessment};
use crate::authority::AuthorityRule;
use crate::basis::{Confidence, Source, Standing, Status, Tier};
use crate::calendar::{Calendar, CalendarSet};
use crate::clock::{ClockRule, Pausing, Start, Started};
use crate::code::codes;
use crate::deadline::{Pause, due_at_paused, due_paused};
use crate::duration::Amount;
use crate::duty::{ContactHours, ConversionRule, ReportRule, RetentionRule, RouteRule};
use crate::effect::EffectRule;
use crate::explain::{Change, Explanation, Note, RuleRef};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::gate::GateRule;
use crate::grade::{DecisionTable, Grade, GradeDecision};
use crate::letter::LetterRule;
use crate::order_limit::{OrderFigure, OrderLimitRule};
use crate::period::Period;
use crate::predicate::Predicate;
use crate::remedy::{Compensation, CompensationRule, HoldRule, Incident, Reading};
use crate::routing::RoutingRule;
use crate::rule::RuleHead;
use crate::text::Text;
use crate::window::{Window, WindowRule};
use jiff::Timestamp;
use jiff::civil::Date;
use place::Place;
pub use place::region_in;
use serde::Serialize;
use std::sync::Arc;

/// Which outcomes need a second pair of eyes before the customer hears of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    #[serde(flatten)]
    pub standing: Standing,
}

codes! {
    /// Kind of a rule.
    pub RuleKind {
        /// A limit of time.
        Clock = "clock",
        /// A right that opens and closes.
        Window = "window",
        /// What becomes a complaint.
        Conversion = "convert",
        /// What happens by itself.
        Effect = "effect",
        /// What must be there before a step.
        Gate = "gate",
        /// A message with required content.
        Letter = "letter",
        /// What must not be done.
        Hold = "hold",
        /// A way to a body outside.
        Route = "route",
        /// What is owed.
        Compensation = "compensation",
        /// How long records are kept.
        Retention = "retention",
        /// What is reported.
        Report = "report",
        /// Where a case goes.
        Routing = "routing",
        /// Within what work orders are dealt with.
        OrderLimit = "order_limit",
    }
}

/// A version of a pack as numbers, so that 1.10.0 comes after 1.9.0.
#[must_use]
pub fn version_key(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// A loaded pack.
#[derive(Clone, Debug, Serialize)]
pub struct Pack {
    #[serde(skip)]
    file: String,
    hash: String,
    id: String,
    version: String,
    title: Text,
    tier: Tier,
    jurisdiction: String,
    status: Status,
    valid_from: Date,
    valid_to: Option<Date>,
    #[serde(serialize_with = "calendar_name")]
    calendar: Arc<Calendar>,
    #[serde(skip)]
    follows: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<Place>,
    #[serde(skip_serializing_if = "Predicate::always_holds")]
    applies: Predicate,
    #[serde(skip_serializing_if = "Option::is_none")]
    unless: Option<Predicate>,
    sources: Vec<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grades: Option<DecisionTable>,
    assess: Vec<AssessRule>,
    reviews: Vec<ReviewRule>,
    clocks: Vec<ClockRule>,
    windows: Vec<WindowRule>,
    conversions: Vec<ConversionRule>,
    effects: Vec<EffectRule>,
    gates: Vec<GateRule>,
    letters: Vec<LetterRule>,
    holds: Vec<HoldRule>,
    routes: Vec<RouteRule>,
    compensations: Vec<CompensationRule>,
    authorities: Vec<AuthorityRule>,
    retentions: Vec<RetentionRule>,
    reports: Vec<ReportRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routing: Vec<RoutingRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    order_limits: Vec<OrderLimitRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reopen: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspend: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_hours: Option<ContactHours>,
    notes: Vec<Text>,
}

// The signature is serde's.
fn calendar_name<S: serde::Serializer>(calendar: &Arc<Calendar>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}@{}", calendar.id(), calendar.version()))
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

    /// Name of the file it was read from, as the caller gave it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Address of its content: SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
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
        version_key(&self.version)
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

    /// Whether newer versions of its calendar hold for it: one that names a day stays with what was known then.
    #[must_use]
    pub const fn follows_calendar(&self) -> bool {
        self.follows
    }

    /// The same pack counted with another version of its calendar. One that names the day of its calendar stays as it
    /// is.
    #[must_use]
    pub fn counted_with(&self, calendar: Arc<Calendar>) -> Self {
        let calendar = if self.follows { calendar } else { Arc::clone(&self.calendar) };
        Self { calendar, ..self.clone() }
    }

    /// The same pack for first receipts from another day on.
    #[must_use]
    pub fn in_force_from(&self, day: Date) -> Self {
        Self { valid_from: day, ..self.clone() }
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
        self.clocks.iter().find(|clock| clock.head.id == rule)
    }

    /// Operators it is for.
    pub(crate) const fn applies(&self) -> &Predicate {
        &self.applies
    }

    /// Operators it is not for.
    pub(crate) const fn unless(&self) -> Option<&Predicate> {
        self.unless.as_ref()
    }

    /// Whether the pack is for an operator at all. What nobody stated about it excludes nothing.
    #[must_use]
    pub fn is_for(&self, facts: &Facts) -> bool {
        self.applies.holds(facts, None) && !self.unless.as_ref().is_some_and(|unless| unless.holds(facts, None))
    }

    /// Heads of its rules, kind by kind; identities differ among them.
    pub fn heads(&self) -> impl Iterator<Item = (RuleKind, &RuleHead)> {
        let of = |kind: RuleKind| move |head| (kind, head);
        let clocks = self.clocks.iter().map(|rule| &rule.head).map(of(RuleKind::Clock));
        let windows = self.windows.iter().map(|rule| &rule.head).map(of(RuleKind::Window));
        let conversions = self.conversions.iter().map(|rule| &rule.head).map(of(RuleKind::Conversion));
        let effects = self.effects.iter().map(|rule| &rule.head).map(of(RuleKind::Effect));
        let gates = self.gates.iter().map(|rule| &rule.head).map(of(RuleKind::Gate));
        let letters = self.letters.iter().map(|rule| &rule.head).map(of(RuleKind::Letter));
        let holds = self.holds.iter().map(|rule| &rule.head).map(of(RuleKind::Hold));
        let routes = self.routes.iter().map(|rule| &rule.head).map(of(RuleKind::Route));
        let compensations = self.compensations.iter().map(|rule| &rule.head).map(of(RuleKind::Compensation));
        let retentions = self.retentions.iter().map(|rule| &rule.head).map(of(RuleKind::Retention));
        let reports = self.reports.iter().map(|rule| &rule.head).map(of(RuleKind::Report));
        let routing = self.routing.iter().map(|rule| &rule.head).map(of(RuleKind::Routing));
        let order_limits = self.order_limits.iter().map(|rule| &rule.head).map(of(RuleKind::OrderLimit));
        let first = clocks.chain(windows).chain(conversions).chain(effects).chain(gates).chain(letters);
        first
            .chain(holds)
            .chain(routes)
            .chain(compensations)
            .chain(retentions)
            .chain(reports)
            .chain(routing)
            .chain(order_limits)
    }

    /// Identities of its rules that a case refers to.
    pub(crate) fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.heads().map(|(_, head)| head.id.as_str()).chain(self.assess.iter().map(|rule| rule.id.as_str()))
    }

    /// The decision table of grades, when it grades at all.
    #[must_use]
    pub const fn grades(&self) -> Option<&DecisionTable> {
        self.grades.as_ref()
    }

    /// What its own rules make of a case: severity and urgency, and the grade they give; nothing when it grades nobody.
    #[must_use]
    pub fn grade(&self, facts: &Facts) -> Option<(Assessment, GradeDecision)> {
        let assessment = assess::assess(&self.assess, facts);
        let grade = self.grades()?.decide(assessment.severity, assessment.urgency);
        Some((assessment, grade))
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

    /// What becomes a complaint.
    #[must_use]
    pub fn conversions(&self) -> &[ConversionRule] {
        &self.conversions
    }

    /// What happens by itself.
    #[must_use]
    pub fn effects(&self) -> &[EffectRule] {
        &self.effects
    }

    /// What must be there before a step.
    #[must_use]
    pub fn gates(&self) -> &[GateRule] {
        &self.gates
    }

    /// Its letters.
    #[must_use]
    pub fn letters(&self) -> &[LetterRule] {
        &self.letters
    }

    /// What must not be done while a matter is open.
    #[must_use]
    pub fn holds(&self) -> &[HoldRule] {
        &self.holds
    }

    /// Ways to bodies outside.
    #[must_use]
    pub fn routes(&self) -> &[RouteRule] {
        &self.routes
    }

    /// What is owed for lateness.
    #[must_use]
    pub fn compensations(&self) -> &[CompensationRule] {
        &self.compensations
    }

    /// Who may decide up to what sum.
    #[must_use]
    pub fn authorities(&self) -> &[AuthorityRule] {
        &self.authorities
    }

    /// How long records are kept.
    #[must_use]
    pub fn retentions(&self) -> &[RetentionRule] {
        &self.retentions
    }

    /// What is reported outside.
    #[must_use]
    pub fn reports(&self) -> &[ReportRule] {
        &self.reports
    }

    /// Where cases go, row by row; the first that is for a case decides.
    #[must_use]
    pub fn routing(&self) -> &[RoutingRule] {
        &self.routing
    }

    /// Its limits of work orders, in order.
    #[must_use]
    pub fn order_limits(&self) -> &[OrderLimitRule] {
        &self.order_limits
    }

    /// When customers may be called.
    #[must_use]
    pub const fn contact_hours(&self) -> Option<&ContactHours> {
        self.contact_hours.as_ref()
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
        self.amount(rule, facts, grade, start)?;
        self.explain_anyhow(rule, start, facts, grade, pauses)
    }

    /// The same whether or not the rule applies to the facts.
    pub(crate) fn explain_anyhow(
        &self,
        rule: &ClockRule,
        start: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
    ) -> Option<Explanation> {
        let amount = rule.limit.of(grade, facts.area_type.as_deref()).or_else(|| rule.limit.amounts().next())?;
        let counting = rule.counting_for(amount);
        let mut explanation = due_paused(start, amount, &counting, &self.calendar, rule.pauses(pauses)).explanation;
        explanation.rule = Some(RuleRef {
            grade: rule.limit.is_by_grade().then_some(grade),
            start: rule.start.clone(),
            kind: Some(rule.kind),
            ..self.reference(&rule.head)?
        });
        if rule.limit.is_by_area() && facts.area_type.is_none() {
            explanation.notes.push(Note::AreaAssumed);
        }
        explanation.notes.extend(rule.head.note.clone().map(|text| Note::Interpretation { text }));
        explanation.changes = self.changes(rule, start, facts, grade, pauses, amount);
        Some(explanation)
    }

    /// What would lead to another limit.
    fn changes(
        &self,
        rule: &ClockRule,
        start: Timestamp,
        facts: &Facts,
        grade: Grade,
        pauses: &[Pause],
        amount: Amount,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let own = self.due(rule, start, amount, pauses);
        if rule.limit.is_by_grade() {
            changes.extend(Grade::ALL.iter().filter(|other| **other != grade).map(|other| {
                let due_at = self.start(rule, start, facts, *other, pauses).map(|started| started.due_at);
                // A new grade never lengthens.
                let due_at = due_at.map(|due_at| due_at.min(own));
                Change::Grade { grade: *other, due_at }
            }));
        }
        if rule.limit.is_by_area() {
            let counted = facts.area_type.as_deref().unwrap_or("urban");
            changes.extend(Facts::AREA_TYPES.iter().filter(|area| **area != counted).filter_map(|area| {
                let other = Facts { area_type: Some((*area).to_owned()), ..facts.clone() };
                let due_at = self.start(rule, start, &other, grade, pauses)?.due_at;
                Some(Change::Area { area: (*area).to_owned(), due_at })
            }));
        }
        match &rule.pausable {
            Pausing::Never => {}
            Pausing::Always => changes.push(Change::Waiting { for_: Vec::new() }),
            Pausing::While(listed) => changes.push(Change::Waiting { for_: listed.clone() }),
        }
        if let Some(extension) = rule.extend {
            let longer = if extension.total { start } else { self.due(rule, start, amount, pauses) };
            changes.push(Change::Extension { due_at: self.due(rule, longer, extension.amount, pauses) });
        }
        // Only what looks at the calendar's days follows it.
        if rule.looks_at_days(amount) {
            changes.push(Change::Calendar);
        }
        if changes.is_empty() {
            changes.push(Change::Nothing);
        }
        changes
    }

    fn due(&self, rule: &ClockRule, from: Timestamp, amount: Amount, pauses: &[Pause]) -> Timestamp {
        due_at_paused(from, amount, &rule.counting_for(amount), &self.calendar, rule.pauses(pauses))
    }

    /// The amount of a rule for a case, when pack and rule are for it.
    fn amount(&self, rule: &ClockRule, facts: &Facts, grade: Grade, start: Timestamp) -> Option<Amount> {
        rule.amount(facts, grade, start, self.calendar.zone()).filter(|_| self.is_for(facts))
    }

    /// A window of this pack, counted from a moment.
    pub(crate) fn window(&self, rule: &WindowRule, from: Timestamp) -> Option<Window> {
        let (opens_at, mut explanation) = rule.count(from, &self.calendar);
        explanation.rule = Some(RuleRef { from: Some(rule.from), ..self.reference(&rule.head)? });
        Some(Window { rule: rule.head.id.clone(), opens_at, closes_at: explanation.due_at, explanation })
    }

    /// A limit of a work order of this pack, counted from a moment.
    #[must_use]
    pub fn order_limit(&self, rule: &OrderLimitRule, figure: OrderFigure, from: Timestamp) -> Option<Explanation> {
        let mut explanation = rule.explain(figure, from, &self.calendar)?;
        explanation.rule = self.reference(&rule.head);
        Some(explanation)
    }

    /// Whether a compensation of this pack is for a case in which it would be counted from a moment.
    #[must_use]
    pub fn compensates(&self, rule: &CompensationRule, facts: &Facts, grade: Grade, from: Timestamp) -> bool {
        rule.holds(facts, grade, from, self.calendar.zone()) && self.is_for(facts)
    }

    /// What a compensation of this pack comes to for what happened, whether or not it is for the case.
    #[must_use]
    pub fn compensation(&self, rule: &CompensationRule, incident: &Incident) -> Compensation {
        let mut counted = rule.count(incident, &self.calendar);
        let start = vec![Start::Fact(rule.from)];
        counted.rule = self.reference(&rule.head).map(|reference| RuleRef { start, ..reference });
        counted.notes.extend(rule.head.note.clone().map(|text| Reading::Interpretation { text }));
        counted
    }

    /// What stands behind a rule of this pack, for an explanation; nothing where the pack has no such source.
    #[must_use]
    pub fn reference(&self, head: &RuleHead) -> Option<RuleRef> {
        Some(RuleRef {
            pack: self.id.clone(),
            pack_version: self.version.clone(),
            pack_status: self.status,
            rule: head.id.clone(),
            title: head.title.clone(),
            layer: head.layer,
            basis: head.basis(),
            confidence: head.confidence(),
            source: self.source(&head.standing.source)?.clone(),
            version: head.version,
            grade: None,
            start: Vec::new(),
            kind: None,
            from: None,
            states_compliance: self.states_compliance(head.confidence()),
        })
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
        let amount = self.amount(rule, facts, grade, from)?;
        let due_at = self.due(rule, from, amount, pauses);
        Some(Started { rule: rule.head.id.clone(), from, due_at })
    }
}
