//! The facts a row states, as rules see them.

use super::Slip;
use super::row::Attributes;
use crate::facts::{FactName, Facts};

/// What a row states about a case; the rest is open.
pub(super) struct Stated {
    pub(super) facts: Facts,
    /// Which facts the row states.
    names: Vec<FactName>,
    /// Names no rule can look at.
    pub(super) unknown: Vec<String>,
}

impl Stated {
    /// Reads the facts of a row by the names rules use for them.
    pub(super) fn read(attributes: &Attributes) -> Result<Self, Slip> {
        let dates =
            Facts { received_at: attributes.received_at, occurred_at: attributes.occurred_at, ..Facts::default() };
        let mut stated = Self { facts: dates, names: Vec::new(), unknown: Vec::new() };
        stated.names.extend(attributes.grade.map(|_| FactName::Grade));
        for (name, value) in &attributes.facts {
            match FactName::from_code(name) {
                Some(fact) => {
                    stated.facts.set(fact, value).map_err(|reason| Slip::new(name, reason))?;
                    stated.names.push(fact);
                }
                None => stated.take_by_other_name(name, value),
            }
        }
        Ok(stated)
    }

    /// Lists have words of their own; one that says nothing our rules know stays open and is told.
    fn take_by_other_name(&mut self, name: &str, value: &str) {
        let (fact, value) = match (name, name.strip_prefix("turnover_")) {
            ("service", _) => (FactName::Product, value.to_owned()),
            ("channel", _) => (FactName::AcceptChannel, value.to_owned()),
            (_, Some(currency)) => (FactName::Turnover, format!("{value} {}", currency.to_ascii_uppercase())),
            _ => return self.unknown.push(name.to_owned()),
        };
        match self.facts.set(fact, &value) {
            Ok(()) => self.names.push(fact),
            Err(_) => self.unknown.push(name.to_owned()),
        }
    }

    /// Whether the row states a fact.
    pub(super) fn has(&self, fact: FactName) -> bool {
        self.names.contains(&fact)
    }
}
