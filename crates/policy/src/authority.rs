//! Authority: up to what sum a role decides about compensation by itself. Beyond it another person decides whose own
//! authority reaches that far.

use crate::basis::{Standing, Tier};
use crate::document::Table;
use crate::money::Sum;
use serde::Serialize;

/// The authority of one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuthorityRule {
    /// The role: one of [`AuthorityRule::ROLES`].
    pub role: String,
    /// Up to what sum, currency by currency; empty for any sum in any currency.
    pub up_to: Vec<Sum>,
    /// What it rests on.
    #[serde(flatten)]
    pub standing: Standing,
}

/// How far the authority of a role reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// No pack says anything about such sums.
    Unstated,
    /// Up to so many hundredths, inclusive.
    UpTo(i64),
    /// Any sum.
    Any,
}

impl Authority {
    /// Whether a role with it decides about a sum by itself. Where nobody says how far it reaches, nobody does.
    #[must_use]
    pub const fn covers(self, hundredths: i64) -> bool {
        match self {
            Self::Unstated => false,
            Self::UpTo(most) => hundredths <= most,
            Self::Any => true,
        }
    }
}

impl AuthorityRule {
    /// Roles a rule may name.
    pub const ROLES: &'static [&'static str] =
        &["agent", "specialist", "supervisor", "quality", "compliance", "trainer", "auditor", "admin", "integration"];

    /// Reads one `[[authority]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let role = table.needed("role").and_then(|value| value.listed(Self::ROLES));
        let up_to = table.or("up_to", Vec::new(), |value| {
            let mut sums: Vec<Sum> = Vec::new();
            for item in value.many()? {
                let sum = item.parsed(str::parse::<Sum>)?;
                if sums.iter().any(|known| known.currency == sum.currency) {
                    item.fault("names a currency twice");
                    return None;
                }
                sums.push(sum);
            }
            Some(sums)
        });
        let standing = Standing::read(&mut table);
        table.done();
        if tier.is_some_and(|tier| tier != Tier::Practice) {
            table
                .fault("who may decide up to what sum is the operator's own: it belongs into a pack of layer practice");
            return None;
        }
        Some(Self { role: role?, up_to: up_to?, standing: standing? })
    }

    /// How far a table of them lets a role go in a currency.
    pub(crate) fn reach(rules: &[Self], role: &str, currency: &str) -> Authority {
        let sum = |rule: &Self| rule.up_to.iter().find(|sum| sum.currency == currency).map(|sum| sum.hundredths);
        let says = |rule: &Self| rule.up_to.is_empty() || sum(rule).is_some();
        if !rules.iter().any(says) {
            return Authority::Unstated;
        }
        match rules.iter().find(|rule| rule.role == role) {
            Some(rule) if rule.up_to.is_empty() => Authority::Any,
            Some(rule) => Authority::UpTo(sum(rule).unwrap_or(0)),
            None => Authority::UpTo(0),
        }
    }
}
