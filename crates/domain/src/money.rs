//! Money: decimal text with an ISO 4217 code. Never binary floating point, never negative.

mod currency;

pub use currency::is_currency;
use policy::Sum;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The largest sum accepted, in units of the currency: far above any telecom dispute, far below overflow.
pub const LARGEST: &str = "9999999999.99";

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Decimal amount.
    pub value: Decimal,
    /// ISO 4217 code, such as `CNY`.
    pub currency: String,
}

impl Money {
    /// The sum in hundredths of the unit (分 for CNY).
    #[must_use]
    pub fn minor_units(&self) -> i64 {
        use rust_decimal::prelude::ToPrimitive;
        (self.value * Decimal::from(100)).to_i64().unwrap_or(i64::MAX)
    }

    /// A sum of hundredths of the unit.
    #[must_use]
    pub fn of(hundredths: i64, currency: &str) -> Self {
        Self { value: Decimal::new(hundredths, 2), currency: currency.to_owned() }
    }

    /// The same as rules count with it.
    #[must_use]
    pub fn sum(&self) -> Sum {
        Sum::new(self.minor_units(), &self.currency)
    }
}

/// What is wrong with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyFault {
    /// Not a plain decimal number such as `100.00`.
    NotDecimal,
    /// Below zero.
    Negative,
    /// More than two decimal places.
    TooFine,
    /// Above [`LARGEST`].
    TooLarge,
}

impl MoneyFault {
    /// The stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotDecimal => "money_not_decimal",
            Self::Negative => "money_negative",
            Self::TooFine => "money_too_fine",
            Self::TooLarge => "money_too_large",
        }
    }
}

/// Parses decimal text such as `100.00`.
///
/// # Errors
/// Names what is wrong with the text.
pub fn parse_value(text: &str) -> Result<Decimal, MoneyFault> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = !unsigned.is_empty()
        && unsigned.len() <= 40
        && unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && unsigned.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if !plain {
        return Err(MoneyFault::NotDecimal);
    }
    // More digits before the point than any sum has; the decimal library tells this case apart only in words.
    if unsigned.split('.').next().is_some_and(|whole| whole.trim_start_matches('0').len() > 20) {
        return Err(MoneyFault::TooLarge);
    }
    let value = Decimal::from_str(text).map_err(|_| MoneyFault::NotDecimal)?;
    if value.is_sign_negative() && !value.is_zero() {
        return Err(MoneyFault::Negative);
    }
    if value.normalize().scale() > 2 {
        return Err(MoneyFault::TooFine);
    }
    match Decimal::from_str(LARGEST) {
        Ok(largest) if value <= largest => Ok(value),
        _ => Err(MoneyFault::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, expected) in [
            ("100.00", None),
            ("0", None),
            ("9999999999.99", None),
            ("NaN", Some(MoneyFault::NotDecimal)),
            ("", Some(MoneyFault::NotDecimal)),
            ("1e9", Some(MoneyFault::NotDecimal)),
            ("-1", Some(MoneyFault::Negative)),
            ("1.005", Some(MoneyFault::TooFine)),
            ("10000000000", Some(MoneyFault::TooLarge)),
            ("99999999999999999999999999999999999", Some(MoneyFault::TooLarge)),
            ("1.2.3", Some(MoneyFault::NotDecimal)),
        ] {
            assert_eq!(parse_value(text).err(), expected, "{text}");
        }
    }
}
