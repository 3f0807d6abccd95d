//! What is owed in a case and waits for a fact before it can be proposed.

use crate::Desk;
use crate::caller::Caller;
use domain::case::owed_compensation::{self, Waiting};
use domain::case::{Case, Context};

impl Desk {
    /// Compensations that effects of the rules asked for and that cannot be proposed yet, with what is missing; nothing
    /// where the rules of the case are not at hand.
    #[must_use]
    pub fn compensation_waiting(&self, case: &Case) -> Vec<Waiting> {
        let Ok(rules) = self.library().rules_of(case) else { return Vec::new() };
        let system = Caller::system(self.root());
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now: self.time().now(), actor: &system.actor, rules: &rules, taxonomy, others: &[] };
        owed_compensation::waiting(case, &ctx)
    }
}
