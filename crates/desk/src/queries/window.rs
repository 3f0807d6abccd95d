//! The windows of a case: rights of the customer or of another body that open and close, counted when somebody looks.

use crate::Desk;
use crate::error::DeskError;
use domain::case::{Case, grade};
use policy::Windows;

impl Desk {
    /// The windows of a case at hand, and what has to be recorded before others can be counted.
    ///
    /// # Errors
    /// If a pack that governs the case is missing.
    pub fn windows(&self, case: &Case) -> Result<Windows, DeskError> {
        let rules = self.library().rules_of(case)?;
        let facts = grade::facts(case, &rules, self.library().taxonomy());
        Ok(rules.windows(&facts, case.record.occurred_at, case.received_at))
    }
}
