//! Why a clock stands where it stands: rule, version, calendar, days counted and skipped.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::{Desk, permissions};
use domain::case::{Case, Clock, agree_progress, grade};
use domain::refusal::Refusal;
use policy::Explanation;
use store::Tx;

/// A clock with its explanation.
#[derive(Clone, Debug)]
pub struct ExplainedClock {
    /// The clock as the log has it.
    pub clock: Clock,
    /// How its moment came about.
    pub explanation: Explanation,
}

impl Desk {
    /// Explains the clocks a rule gave a case, newest round first.
    ///
    /// # Errors
    /// `not_found` when there is no such case or the rule gave it no clock.
    pub async fn explain(&self, caller: &Caller, name: &CaseRef, rule: &str) -> Result<Vec<ExplainedClock>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (name, actor) = (name.clone(), caller.actor.clone());
        let read = move |tx: &mut Tx<'_>| {
            let (row, _) = load::find_for(tx, &name, &actor)?;
            load::from_row(tx, row)
        };
        let case = self.db().read(read).await?.case;
        let mut explained = self.explain_clocks(&case)?;
        explained.retain(|one| one.clock.rule == rule);
        if explained.is_empty() {
            return Err(Refusal::not_found().into());
        }
        Ok(explained)
    }

    /// Explains every clock of a case at hand, newest first.
    ///
    /// # Errors
    /// If a pack that governs the case is missing.
    pub fn explain_clocks(&self, case: &Case) -> Result<Vec<ExplainedClock>, DeskError> {
        let rules = self.library().rules_of(case)?;
        let facts = grade::facts(case, &rules, self.library().taxonomy());
        let now = self.time().now();
        let mut explained: Vec<_> = case
            .clocks
            .iter()
            .filter_map(|clock| {
                // One that stands still is told as of now.
                let pauses: Vec<_> =
                    clock.pauses.iter().map(|(from, to)| (*from, Some(to.unwrap_or(now.max(*from))))).collect();
                let (from, due_at) = (clock.from, clock.due_at);
                let explanation = if clock.inherited {
                    rules.explain_taken_over(&clock.rule, from, due_at, &facts, case.grade)?
                } else {
                    // One that has ended was counted for the grade the case had then.
                    let grade = match clock.ended {
                        Some(_) => rules.grade_of(&clock.rule, from, due_at, &facts, case.grade, &pauses),
                        None => case.grade,
                    };
                    let now = rules.explain_paused(&clock.rule, from, &facts, grade, &pauses);
                    match now {
                        Some(explanation) if agree_progress::is_agreed(case, &clock.rule, &rules) => {
                            explanation.agreed(due_at)
                        }
                        Some(explanation) => explanation.keeping(due_at),
                        None => rules.explain_no_longer(&clock.rule, from, due_at, &facts, case.grade)?,
                    }
                };
                Some(ExplainedClock { clock: clock.clone(), explanation })
            })
            .collect();
        explained.reverse();
        Ok(explained)
    }
}
