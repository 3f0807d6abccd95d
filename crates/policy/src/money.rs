//! Sums of money: whole hundredths of a currency's unit, never a fraction.

use crate::predicate::parse_sum;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Currencies without a smaller coin (ISO 4217, exponent 0): a part of a sum is rounded to whole units.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];

/// A sum, written `9.98 GBP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Hundredths of the currency's unit.
    pub hundredths: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl Sum {
    /// A sum.
    #[must_use]
    pub fn new(hundredths: i64, currency: &str) -> Self {
        Self { hundredths, currency: currency.to_owned() }
    }

    /// The smallest step of a currency, in hundredths of its unit. Of one with thousandths, such as KWD, hundredths are
    /// the smallest that is counted.
    #[must_use]
    pub fn step(currency: &str) -> i64 {
        if WHOLE.contains(&currency) { 100 } else { 1 }
    }

    /// A part of it, rounded half up to the smallest step of its currency.
    #[must_use]
    pub fn part(&self, of: u32, whole: u32) -> Self {
        let step = i128::from(Self::step(&self.currency));
        let whole = i128::from(whole.max(1)) * step;
        let steps = (i128::from(self.hundredths.max(0)) * i128::from(of) * 2 + whole) / (whole * 2);
        Self { hundredths: i64::try_from(steps * step).unwrap_or(i64::MAX), currency: self.currency.clone() }
    }

    /// So many times as much.
    #[must_use]
    pub fn times(&self, count: u32) -> Self {
        Self { hundredths: self.hundredths.saturating_mul(i64::from(count)), currency: self.currency.clone() }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_rounded_half_up_to_the_coin_there_is() {
        for (sum, of, whole, part) in [
            ("99.00 CNY", 1, 31, "3.19 CNY"),
            ("0.05 CNY", 1, 2, "0.03 CNY"),
            ("0.01 CNY", 1, 3, "0.00 CNY"),
            ("29.95 EUR", 1_000, 10_000, "3.00 EUR"),
            ("29.94 EUR", 1_000, 10_000, "2.99 EUR"),
            ("1000 JPY", 1, 3, "333.00 JPY"),
            ("1001 JPY", 1, 2, "501.00 JPY"),
        ] {
            assert_eq!(sum.parse::<Sum>().unwrap().part(of, whole).to_string(), part, "{sum} × {of}/{whole}");
        }
        let most = Sum::new(i64::MAX, "CNY");
        assert_eq!((most.part(1_000, 1).hundredths, most.times(9).hundredths), (i64::MAX, i64::MAX));
    }
}
