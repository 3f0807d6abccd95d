//! The facts a row states, as rules see them.

use super::Slip;
use crate::facts::{FactName, Facts};

/// What a row states about a case; the rest is open.
#[derive(Default)]
pub(super) struct Stated {
    pub(super) facts: Facts,
    /// Which facts the row states.
    pub(super) names: Vec<FactName>,
    /// Names no rule can look at.
    pub(super) unknown: Vec<String>,
}

impl Stated {
    /// Reads facts by the names rules use for them.
    pub(super) fn read(given: &[(String, String)]) -> Result<Self, Slip> {
        let mut stated = Self::default();
        for (name, value) in given {
            match FactName::from_code(name) {
                // An attribute of the row, which also chooses the amount.
                Some(FactName::Grade) => stated.names.push(FactName::Grade),
                Some(fact) => {
                    stated.facts.set(fact, value).map_err(|reason| Slip::new(name, reason))?;
                    stated.names.push(fact);
                }
                None => stated.unknown.push(name.clone()),
            }
        }
        Ok(stated)
    }
}
