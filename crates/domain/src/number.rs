//! Complaint numbers: `TS-20261123-000042-7`. The date of the installation's zone, a number of that day, and a check
//! digit, so that a number misheard on the telephone is noticed before another customer's case is opened.

use crate::text::identifier::narrow;
use jiff::civil::Date;
use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "TS";
const DAY: usize = 8;
const SHORTEST_SEQ: usize = 6;

/// A complaint number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComplaintNumber {
    /// Date of registration.
    pub day: Date,
    /// Number within the day.
    pub seq: u32,
}

/// Why a text is no complaint number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It has another form.
    #[error("a complaint number looks like TS-20261123-000042-7")]
    Form,
    /// The date does not exist.
    #[error("the date in the complaint number does not exist")]
    Date,
    /// A digit is wrong or two are swapped.
    #[error("the check digit does not fit: a digit is wrong or two are swapped")]
    CheckDigit,
}

impl fmt::Display for ComplaintNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.day.year(), self.day.month(), self.day.day());
        let digits = format!("{year:04}{month:02}{day:02}{:06}", self.seq);
        let (date, seq) = digits.split_at_checked(DAY).unwrap_or_default();
        write!(f, "{PREFIX}-{date}-{seq}-{}", check_digit(&digits))
    }
}

impl FromStr for ComplaintNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let mut compact = String::with_capacity(text.len().min(40));
        for letter in text.chars().map(narrow).filter(|letter| !letter.is_whitespace() && *letter != '-') {
            if compact.len() > 30 {
                return Err(NumberError::Form);
            }
            compact.push(letter.to_ascii_uppercase());
        }
        let digits = compact.strip_prefix(PREFIX).ok_or(NumberError::Form)?;
        if digits.len() < DAY + SHORTEST_SEQ + 1 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Form);
        }
        let (body, check) = digits.split_at_checked(digits.len() - 1).ok_or(NumberError::Form)?;
        if check != check_digit(body).to_string() {
            return Err(NumberError::CheckDigit);
        }
        let (date, seq) = body.split_at_checked(DAY).ok_or(NumberError::Form)?;
        // A longer number may not begin with a zero that its written form would not have.
        if seq.len() > SHORTEST_SEQ && seq.starts_with('0') {
            return Err(NumberError::Form);
        }
        let part = |range: std::ops::Range<usize>| date.get(range).ok_or(NumberError::Form);
        let year = part(0..4)?.parse().map_err(|_| NumberError::Form)?;
        let month = part(4..6)?.parse().map_err(|_| NumberError::Form)?;
        let day = part(6..8)?.parse().map_err(|_| NumberError::Form)?;
        let day = Date::new(year, month, day).map_err(|_| NumberError::Date)?;
        Ok(Self { day, seq: seq.parse().map_err(|_| NumberError::Form)? })
    }
}

/// ISO 7064 MOD 11,10: finds every single wrong digit and nearly every swap of neighbours.
fn check_digit(digits: &str) -> u32 {
    let mut product = 10;
    for digit in digits.bytes().map(|byte| u32::from(byte.saturating_sub(b'0'))) {
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_and_read() {
        let number = ComplaintNumber { day: jiff::civil::date(2026, 11, 23), seq: 42 };
        let text = number.to_string();
        assert!(text.starts_with("TS-20261123-000042-"), "{text}");
        for form in [text.clone(), text.to_lowercase(), text.replace('-', ""), format!(" {} ", text.replace('-', "－"))]
        {
            assert_eq!(form.parse(), Ok(number), "{form}");
        }
        for (wrong, why) in [
            ("", NumberError::Form),
            ("TS-1", NumberError::Form),
            ("XX-20261123-000042-7", NumberError::Form),
            ("TS-2026112３-00004２-x", NumberError::Form),
        ] {
            assert_eq!(wrong.parse::<ComplaintNumber>(), Err(why), "{wrong}");
        }
        let nowhere = format!("TS20261331000001{}", check_digit("20261331000001"));
        assert_eq!(nowhere.parse::<ComplaintNumber>(), Err(NumberError::Date));
    }

    #[test]
    fn check_digit_follows_the_standard() {
        // 0794 with 5 behind it is the example of ISO 7064 for MOD 11,10.
        assert_eq!(check_digit("0794"), 5);
        let (mut swaps, mut missed) = (0, 0);
        for seq in 0..2_000_u32 {
            let body = format!("20261123{:06}", seq * 487 % 1_000_000);
            for place in 0..body.len() - 1 {
                let mut swapped = body.clone().into_bytes();
                swapped.swap(place, place + 1);
                let swapped = String::from_utf8(swapped).unwrap();
                if swapped != body {
                    swaps += 1;
                    missed += u32::from(check_digit(&swapped) == check_digit(&body));
                }
            }
        }
        assert!(missed * 100 < swaps * 3, "{missed} of {swaps}");
    }

    fn any_number() -> impl Strategy<Value = ComplaintNumber> {
        (2000_i16..2100, 1_i8..=12, 1_i8..=28, any::<u32>())
            .prop_map(|(year, month, day, seq)| ComplaintNumber { day: jiff::civil::date(year, month, day), seq })
    }

    proptest! {
        #[test]
        fn round_trip(number in any_number()) {
            prop_assert_eq!(number.to_string().parse(), Ok(number));
        }

        #[test]
        fn every_single_wrong_digit_is_found(number in any_number(), place in 0_usize..15, by in 1_u8..10) {
            let text = number.to_string().replace('-', "");
            let mut bytes = text.into_bytes();
            let digit = &mut bytes[2 + place];
            *digit = b'0' + (*digit - b'0' + by) % 10;
            let wrong = String::from_utf8(bytes).unwrap();
            prop_assert!(wrong.parse::<ComplaintNumber>().is_err(), "{}", wrong);
        }

        #[test]
        fn anything_may_be_tried(text in "\\PC{0,40}") {
            let _ = text.parse::<ComplaintNumber>();
        }
    }
}
