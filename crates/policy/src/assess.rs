//! Assessment: facts that raise severity or urgency, each with its reason. Rules only ever raise; a person lowers.

use crate::basis::Standing;
use crate::document::Table;
use crate::facts::{FactName, Facts};
use crate::grade::{Severity, Urgency};
use crate::predicate::Predicate;
use crate::text::Text;
use serde::Serialize;

/// A rule that raises severity, urgency or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssessRule {
    /// Identity within the pack.
    pub id: String,
    /// When it holds.
    pub when: Predicate,
    /// The severity it raises to.
    pub severity: Option<Severity>,
    /// The urgency it raises to.
    pub urgency: Option<Urgency>,
    /// Why, for people.
    pub reason: Text,
    /// What it rests on.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A rule that raised something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Identity of the rule.
    pub row: String,
    /// Why, for people.
    pub reason: Text,
}

/// Severity and urgency after all rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// How grave.
    pub severity: Severity,
    /// How fast.
    pub urgency: Urgency,
    /// The rules that hold and ask for more than was given, in the pack's order.
    pub raised_by: Vec<Raised>,
}

/// Assesses facts by rules: the highest of what was given and what any rule asks for.
pub(crate) fn assess(rules: &[AssessRule], facts: &Facts) -> Assessment {
    let mut assessment = Assessment { severity: facts.severity, urgency: facts.urgency, raised_by: Vec::new() };
    for rule in rules {
        let raises = rule.severity.is_some_and(|severity| severity > facts.severity)
            || rule.urgency.is_some_and(|urgency| urgency > facts.urgency);
        if !raises || !rule.when.holds(facts, None) {
            continue;
        }
        assessment.severity = assessment.severity.max(rule.severity.unwrap_or(Severity::Normal));
        assessment.urgency = assessment.urgency.max(rule.urgency.unwrap_or(Urgency::Normal));
        assessment.raised_by.push(Raised { row: rule.id.clone(), reason: rule.reason.clone() });
    }
    assessment
}

impl AssessRule {
    /// Reads one `[[assess]]`.
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let id = table.id("id");
        let when = table.needed("when").and_then(Predicate::read);
        let raise = table.needed("raise").and_then(|value| value.table());
        let (severity, urgency) = raise.map_or((None, None), |mut raise| {
            let severity = raise.optional("severity").map(|value| value.code::<Severity>());
            let urgency = raise.optional("urgency").map(|value| value.code::<Urgency>());
            if severity.is_none() && urgency.is_none() {
                raise.fault("`raise` names neither severity nor urgency");
            }
            if severity == Some(Some(Severity::Normal)) || urgency == Some(Some(Urgency::Normal)) {
                raise.fault("`raise` to normal does nothing");
            }
            raise.done();
            (severity.flatten(), urgency.flatten())
        });
        let reason = table.text("reason");
        let standing = Standing::read(&mut table);
        let when = when.filter(|when| {
            let unknown = when.facts().any(|fact| fact == FactName::Grade);
            if unknown {
                table.fault("the grade is not known yet while a case is being assessed");
            }
            let empty = when.always_holds();
            if empty {
                table.fault("`when` always holds: the rule would raise every case");
            }
            !unknown && !empty
        });
        table.done();
        Some(Self { id: id?, when: when?, severity, urgency, reason: reason?, standing: standing? })
    }
}
