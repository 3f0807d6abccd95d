//! When reports are due, by the rules in force today.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::{Desk, permissions};
use jiff::Timestamp;
use policy::{Cycle, FactName, Facts, Layer, Pack, ReportPeriod, ReportRule, Text, due_at};

/// A report somebody has to be handed.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Rule of the pack.
    pub rule: String,
    /// What it is called there.
    pub title: Text,
    /// Who gets it.
    pub to: Text,
    /// Whether the law asks for it.
    pub layer: Layer,
    /// How often.
    pub period: Cycle,
    /// Interpretation of the pack.
    pub note: Option<Text>,
    /// Whether it is asked of this operator; nothing where its size is not known.
    pub applies: Option<bool>,
    /// The report that fills it, where one does.
    pub report: Option<String>,
    /// The period whose report is due next, and when; nothing for what is reported whenever it happens.
    pub next: Option<(ReportPeriod, Timestamp)>,
}

impl Desk {
    /// What is to be handed in by the rules in force, and when next. Whether it was is known to whoever did it.
    ///
    /// # Errors
    /// If the caller may not see reports.
    pub fn filings(&self, caller: &Caller) -> Result<Vec<Filing>, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let now = self.time().now();
        // What is handed in is about all of the operator, wherever complaints come in.
        let rules = self.rules_now("")?;
        let facts = Facts { operator: rules.operator().clone(), received_at: Some(now), ..Facts::default() };
        let mut filings = Vec::new();
        for pack in rules.packs() {
            let zone = pack.calendar().zone();
            for rule in pack.reports().iter().filter(|rule| rule.head.in_version(&facts, now, zone)) {
                let unknown = rule.head.applies.facts().any(|fact| match fact {
                    FactName::ServicesInOperation => facts.operator.services_in_operation.is_none(),
                    FactName::Subscribers => facts.operator.subscribers.is_none(),
                    FactName::Turnover => facts.operator.turnover.is_none(),
                    _ => false,
                });
                let applies = (!unknown).then(|| rule.head.applies.holds(&facts, None));
                let fills = |report: &&policy::ReportDefinition| report.rules.contains(&rule.head.id);
                filings.push(Filing {
                    rule: rule.head.id.clone(),
                    title: rule.head.title.clone(),
                    to: rule.to.clone(),
                    layer: rule.head.layer,
                    period: rule.period,
                    note: rule.head.note.clone(),
                    applies,
                    report: self.library().reports().reports().iter().find(fills).map(|report| report.id.clone()),
                    next: next(pack, rule, now),
                });
            }
        }
        Ok(filings)
    }
}

/// The first period that is not due yet. Counting begins with the last moment of the period.
fn next(pack: &Pack, rule: &ReportRule, now: Timestamp) -> Option<(ReportPeriod, Timestamp)> {
    let calendar = pack.calendar();
    let today = calendar.zone().to_datetime(now).date();
    let mut period = ReportPeriod::around(today, rule.period)?.before().before();
    // The report of the period that has only begun is due after its end, so this ends.
    for _ in 0..4 {
        let (_, last) = period.days()?;
        let end = last.to_datetime(jiff::civil::time(23, 59, 59, 0));
        let end = calendar.zone().to_timestamp(end).ok()?;
        let due = due_at(end, rule.due, &rule.counting.complete(rule.due), calendar);
        if due >= now {
            return Some((period, due));
        }
        period = period.after();
    }
    None
}
