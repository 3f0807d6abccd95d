//! Grade (定级): severity × urgency give 一般 / 重大 / 紧急 by the pack's decision table. Rules derive it; a person
//! may set it with a reason, and then the rules leave it alone.

use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::Record;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{Facts, Grade, Severity, Stack, Urgency};
use serde::Deserialize;

/// Shape of a grading by hand.
pub const FIELDS: &[Field] = &[
    required("severity", Kind::Code(&["normal", "major"]), "How grave the matter is."),
    required("urgency", Kind::Code(&["normal", "urgent"]), "How fast it must be acted upon."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why."),
];

/// Set severity and urgency.
#[derive(Clone, Debug, Deserialize)]
pub struct SetGrade {
    /// How grave.
    pub severity: Severity,
    /// How fast.
    pub urgency: Urgency,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    matches!(case.state, State::Triage | State::Registered) && !case.graded_by_hand
}

/// Decides the first grading by hand.
///
/// # Errors
/// If the case has ended, nothing would change, or a person graded it before: that is a re-grading.
pub fn decide(case: &Case, grade: &SetGrade, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.graded_by_hand {
        return Err(Refusal::conflict("graded_by_hand"));
    }
    set(case, grade, ctx)
}

/// What a grade set by hand causes, the first time and later.
///
/// # Errors
/// If the case has ended or nothing would change.
pub(super) fn set(case: &Case, set: &SetGrade, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.state == State::Suspended {
        // How long its clocks stand still is known only when they run on.
        return Err(Refusal::conflict("suspended"));
    }
    if case.severity == set.severity && case.urgency == set.urgency {
        return Err(Refusal::conflict("unchanged"));
    }
    let decided = ctx.rules.grade(set.severity, set.urgency);
    let mut events = vec![Event::Graded {
        severity: set.severity,
        urgency: set.urgency,
        grade: decided.grade,
        row: decided.row,
        raised_by: Vec::new(),
        reason: Some(set.reason.clone()),
        by_hand: true,
    }];
    let facts = facts(case, ctx.rules, ctx.taxonomy);
    events.extend(clocks::regrade(case, decided.grade, &facts, ctx));
    Ok(Decision::of(events))
}

/// The first grading, at registration.
#[must_use]
pub fn first(facts: &Facts, ctx: &Context<'_>) -> (Event, Grade) {
    by_rules(facts, &[], ctx)
}

/// What the rules make of a case now: their assessment, and never less than their effects have raised it to.
#[must_use]
pub(super) fn anew(case: &Case, facts: &Facts, ctx: &Context<'_>) -> (Event, Grade) {
    by_rules(facts, &case.raised_to, ctx)
}

fn by_rules(facts: &Facts, raised_to: &[(String, Grade)], ctx: &Context<'_>) -> (Event, Grade) {
    let assessed = ctx.rules.assess(facts);
    let mut raised_by: Vec<String> = assessed.raised_by.into_iter().map(|raised| raised.row).collect();
    let (mut severity, mut urgency) = (assessed.severity, assessed.urgency);
    for (rule, to) in raised_to {
        let lifted = lifted(severity, urgency, *to);
        if lifted != (severity, urgency) {
            (severity, urgency) = lifted;
            raised_by.push(rule.clone());
        }
    }
    let decided = ctx.rules.grade(severity, urgency);
    let (grade, row) = (decided.grade, decided.row);
    (Event::Graded { severity, urgency, grade, row, raised_by, reason: None, by_hand: false }, grade)
}

/// Severity and urgency as an effect that raises the grade leaves them.
pub(super) fn lifted(severity: Severity, urgency: Urgency, to: Grade) -> (Severity, Urgency) {
    match to {
        Grade::Normal => (severity, urgency),
        Grade::Major => (Severity::Major, urgency),
        Grade::Urgent => (severity, Urgency::Urgent),
    }
}

/// What a new category changes about the grade and its clocks.
#[must_use]
pub fn regrade_by_rules(case: &Case, category: &str, ctx: &Context<'_>) -> Vec<Event> {
    let cause = case.cause.clone();
    let facts = facts_of(&case.record, Some(category), case.received_at, ctx.rules, ctx.taxonomy);
    regrade_for(case, &Facts { cause, ..facts }, ctx)
}

/// What new facts change about the grade and its clocks.
pub(super) fn regrade_for(case: &Case, facts: &Facts, ctx: &Context<'_>) -> Vec<Event> {
    if case.graded_by_hand {
        // The category alone may decide which clocks apply, such as the one for repairs.
        return clocks::regrade(case, case.grade, facts, ctx);
    }
    let (event, grade) = anew(case, facts, ctx);
    let mut events = vec![event];
    events.extend(clocks::regrade(case, grade, facts, ctx));
    events
}

/// What the rules may look at of a case.
#[must_use]
pub fn facts(case: &Case, rules: &Stack, taxonomy: &Taxonomy) -> Facts {
    let cause = case.cause.clone();
    let disputes = i64::from(case.disputes);
    let waiting_for = case.suspension.as_ref().map(|suspension| suspension.wait_for.clone());
    let credit_agreed = case.credits().next().is_some();
    Facts {
        cause,
        disputes,
        waiting_for,
        credit_agreed,
        ..facts_of(&case.record, case.category.as_deref(), case.received_at, rules, taxonomy)
    }
}

/// What they may look at of a matter that is no case yet, or would have another category.
#[must_use]
pub fn facts_of(
    record: &Record,
    category: Option<&str>,
    received_at: Timestamp,
    rules: &Stack,
    taxonomy: &Taxonomy,
) -> Facts {
    let known = category.and_then(|code| taxonomy.category(code));
    let assessed = &record.assessment;
    Facts {
        kind: record.kind.code().to_owned(),
        category: category.map(str::to_owned),
        regulator_class: known.and_then(|category| category.miit).map(|class| class.code().to_owned()),
        red_line: known.is_some_and(|category| category.red),
        severity: assessed.severity.or(known.map(|category| category.severity)).unwrap_or(Severity::Normal),
        urgency: assessed.urgency.or(known.map(|category| category.urgency)).unwrap_or(Urgency::Normal),
        accept_channel: record.accept_channel.clone(),
        vulnerable: record.vulnerable.clone(),
        amount: record.amount.as_ref().map(|money| (money.minor_units(), money.currency.clone())),
        area_type: record.area_type.clone(),
        product: record.product.clone(),
        segment: record.segment.clone(),
        star: record.star,
        repeat_count: assessed.repeat_count,
        mass: assessed.mass,
        safety: assessed.safety,
        media: assessed.media,
        regulator: assessed.regulator,
        key_account: assessed.key_account,
        disputes: 0,
        cause: None,
        received_at: Some(received_at),
        occurred_at: record.occurred_at,
        contract_document_at: record.contract_document_at,
        subject_request: record.subject_request.clone(),
        waiting_for: None,
        credit_agreed: false,
        operator: rules.operator().clone(),
    }
}
