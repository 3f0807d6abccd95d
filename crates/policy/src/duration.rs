//! Lengths of time as rules write them: `30min`, `24h`, `8wh`, `15d`, `3bd`, `8w`, `5mo`, `0`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Above a century a duration in a rule is a slip of the pen.
const CENTURY_DAYS: u32 = 36_525;

/// A length of time with its unit. The unit decides the way of counting, so units are never converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Amount {
    /// Elapsed minutes: `30min`.
    Minutes(u32),
    /// Elapsed hours, through nights and holidays: `24h`.
    Hours(u32),
    /// Hours within the working intervals of business days: `8wh`.
    WorkingHours(u32),
    /// Days of the calendar: `15d`.
    CalendarDays(u32),
    /// Business days, make-up days included: `3bd`.
    BusinessDays(u32),
    /// Weeks of seven calendar days: `8w`.
    Weeks(u32),
    /// Months that keep the day's number, or the month's last day: `5mo`.
    Months(u32),
    /// At once: `0`.
    Instant,
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// Neither `0` nor a whole number with a known unit.
    #[error("not a duration; write 0, 30min, 24h, 8wh, 15d, 3bd, 8w or 5mo")]
    Unreadable,
    /// Longer than a century.
    #[error("longer than a century")]
    TooLong,
}

impl Amount {
    /// Number and unit as written, without the number's bounds.
    const fn parts(self) -> (u32, &'static str) {
        match self {
            Self::Minutes(n) => (n, "min"),
            Self::Hours(n) => (n, "h"),
            Self::WorkingHours(n) => (n, "wh"),
            Self::CalendarDays(n) => (n, "d"),
            Self::BusinessDays(n) => (n, "bd"),
            Self::Weeks(n) => (n, "w"),
            Self::Months(n) => (n, "mo"),
            Self::Instant => (0, ""),
        }
    }

    /// The number, without its unit.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.parts().0
    }

    /// Whether it lands on a moment rather than on a day.
    #[must_use]
    pub const fn is_momentary(self) -> bool {
        matches!(self, Self::Minutes(_) | Self::Hours(_) | Self::WorkingHours(_) | Self::Instant)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = self.parts();
        write!(f, "{count}{unit}")
    }
}

impl FromStr for Amount {
    type Err = AmountFault;

    fn from_str(text: &str) -> Result<Self, AmountFault> {
        if text == "0" {
            return Ok(Self::Instant);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(AmountFault::Unreadable)?;
        // One way of writing each number, so that Display gives the same text back.
        if number.is_empty() || (number.len() > 1 && number.starts_with('0')) {
            return Err(AmountFault::Unreadable);
        }
        let (make, most): (fn(u32) -> Self, u32) = match unit {
            "min" => (Self::Minutes, CENTURY_DAYS * 24 * 60),
            "h" => (Self::Hours, CENTURY_DAYS * 24),
            "wh" => (Self::WorkingHours, CENTURY_DAYS * 24),
            "d" => (Self::CalendarDays, CENTURY_DAYS),
            "bd" => (Self::BusinessDays, CENTURY_DAYS),
            "w" => (Self::Weeks, CENTURY_DAYS / 7),
            "mo" => (Self::Months, 1_200),
            _ => return Err(AmountFault::Unreadable),
        };
        match number.parse::<u32>() {
            Ok(count) if count <= most => Ok(make(count)),
            _ => Err(AmountFault::TooLong),
        }
    }
}

impl TryFrom<String> for Amount {
    type Error = AmountFault;

    fn try_from(text: String) -> Result<Self, AmountFault> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_unit_reads_and_writes_the_same() {
        for (text, amount) in [
            ("30min", Amount::Minutes(30)),
            ("24h", Amount::Hours(24)),
            ("8wh", Amount::WorkingHours(8)),
            ("15d", Amount::CalendarDays(15)),
            ("3bd", Amount::BusinessDays(3)),
            ("8w", Amount::Weeks(8)),
            ("5mo", Amount::Months(5)),
            ("0d", Amount::CalendarDays(0)),
            ("0", Amount::Instant),
        ] {
            assert_eq!(text.parse(), Ok(amount));
            assert_eq!(amount.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "h", "24", "24 h", "-1h", "1.5h", "024h", "24H", "二d", "1y", "+3d", "3bdx"] {
            assert_eq!(text.parse::<Amount>(), Err(AmountFault::Unreadable), "{text}");
        }
        for text in ["99999999999999999999h", "36526d", "1201mo", "4294967296w"] {
            assert_eq!(text.parse::<Amount>(), Err(AmountFault::TooLong), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.to_string(), text);
            }
        }
    }
}
