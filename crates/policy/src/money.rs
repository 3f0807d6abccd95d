//! Sums of money: whole hundredths of a currency's unit, never a fraction.

use crate::predicate::parse_sum;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A sum, written `9.98 GBP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Hundredths of the currency's unit.
    pub hundredths: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl FromStr for Sum {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_sum(text).map(|(hundredths, currency)| Self { hundredths, currency })
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} {}", self.hundredths / 100, self.hundredths % 100, self.currency)
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
