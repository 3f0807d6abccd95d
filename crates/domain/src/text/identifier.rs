//! Finding identifiers in words: numbers and addresses by which a person can be found. One pass, no backtracking, so
//! that hostile input costs no more than its length.
//!
//! When in doubt a number is taken for an identifier: a masked order number annoys, an unmasked bank card harms.

mod mail;
mod scan;

pub use scan::find;
use serde::{Deserialize, Serialize};

/// Whether a text is one address of mail and nothing else, in plain letters.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let whole = |found: &[Found]| matches!(found, [one] if one.kind == IdentifierKind::Email && one.start == 0 && one.end == text.len());
    text.is_ascii() && text.len() <= 254 && whole(&find(text))
}

/// What kind of identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// Mobile number of mainland China.
    Mobile,
    /// Landline of mainland China with its area code.
    Landline,
    /// Resident identity number.
    ResidentId,
    /// Bank card.
    BankCard,
    /// Passport or travel permit.
    Passport,
    /// E-mail address.
    Email,
    /// Number of another country (E.164).
    International,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Mobile,
        Self::Landline,
        Self::ResidentId,
        Self::BankCard,
        Self::Passport,
        Self::Email,
        Self::International,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::ResidentId => "resident_id",
            Self::BankCard => "bank_card",
            Self::Passport => "passport",
            Self::Email => "email",
            Self::International => "international",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// An identifier in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: IdentifierKind,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// In normal form: digits only, capital letters, small letters for mail.
    pub normal: String,
}

/// A full-width letter or sign as its ASCII twin; all kinds of dashes as `-`.
#[must_use]
pub fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        '\u{3000}' | '\u{00A0}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Whether this is a resident identity number of 18 places: plausible region and date, valid check digit
/// (ISO 7064 MOD 11-2, GB 11643).
#[must_use]
pub fn is_resident_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ([digits @ .., last], 18) = (bytes, bytes.len()) else {
        return false;
    };
    if !digits.iter().all(u8::is_ascii_digit) || !plausible_person(text.get(..2), text.get(6..14)) {
        return false;
    }
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b"10X98765432".get((sum % 11) as usize).is_some_and(|check| check.eq_ignore_ascii_case(last))
}

/// Whether this may be a resident identity number of the old form of 15 places, which has no check digit.
#[must_use]
pub(crate) fn is_old_resident_id(digits: &str) -> bool {
    digits.len() == 15
        && digits.get(6..12).is_some_and(|date| plausible_person(digits.get(..2), Some(&format!("19{date}"))))
}

fn plausible_person(province: Option<&str>, date: Option<&str>) -> bool {
    let (Some(province), Some(date)) = (province, date) else {
        return false;
    };
    let part = |range: std::ops::Range<usize>| date.get(range).and_then(|part| part.parse::<i16>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(4..6), part(6..8)) else {
        return false;
    };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    crate::taxonomy::region_valid(province)
        && (1850..=2100).contains(&year)
        && jiff::civil::Date::new(year, month, day).is_ok()
}

/// Whether a row of digits passes the check of ISO/IEC 7812 (Luhn).
#[must_use]
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
        sum += digit / 10 + digit % 10;
    }
    !digits.is_empty() && sum % 10 == 0
}

/// Whether eleven digits are a mobile number of mainland China.
pub(crate) fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Whether digits are a landline of mainland China with its area code: three places for the great cities (010, 02x),
/// four elsewhere, then seven or eight.
pub(crate) fn is_landline(digits: &str) -> bool {
    let area = match digits.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', _, ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return false,
    };
    digits.get(area..).is_some_and(|local| (7..=8).contains(&local.len()) && !local.starts_with(['0', '1']))
}

/// A telephone number in the form in which it is looked up: `+` and country code. `None` if it is none.
#[must_use]
pub fn normalise_phone(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    let mut plus = false;
    for letter in text.trim().chars().map(narrow) {
        match letter {
            '0'..='9' if digits.len() < 20 => digits.push(letter),
            '+' if digits.is_empty() && !plus => plus = true,
            ' ' | '-' | '(' | ')' | '.' => {}
            _ => return None,
        }
    }
    let foreign = match digits.strip_prefix("00") {
        Some(rest) if !plus => Some(rest),
        _ => plus.then_some(digits.as_str()),
    };
    let national = match (foreign, digits.strip_prefix("86")) {
        (Some(foreign), _) => foreign.strip_prefix("86"),
        (None, Some(rest)) if is_mobile(rest) => Some(rest),
        (None, _) => Some(digits.as_str()),
    };
    if let Some(national) = national {
        let mobile = national.strip_prefix('0').unwrap_or(national);
        if is_mobile(mobile) {
            return Some(format!("+86{mobile}"));
        }
        let area = if national.starts_with('0') { national.to_owned() } else { format!("0{national}") };
        if (national.starts_with('0') || foreign.is_some()) && is_landline(&area) {
            return Some(format!("+86{}", area.get(1..).unwrap_or_default()));
        }
    }
    let foreign = foreign?;
    ((7..=15).contains(&foreign.len()) && !foreign.starts_with('0')).then(|| format!("+{foreign}"))
}

/// Any other number of a subscription, such as a broadband account, in the form in which it is looked up.
#[must_use]
pub fn normalise_subscription(text: &str) -> String {
    text.chars()
        .map(narrow)
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        assert!(is_resident_id("11010519491231002X"));
        assert!(is_resident_id("11010519491231002x"));
        assert!(!is_resident_id("110105194912310021"));
        assert!(!is_resident_id("99010519491231002X"), "no such province");
        assert!(!is_resident_id("1101051949123100"));
        assert!(luhn("4539578763621486") && !luhn("4539578763621487") && !luhn(""));
    }

    #[test]
    fn phones_have_one_form() {
        for (given, normal) in [
            ("13800138000", Some("+8613800138000")),
            ("+86 138-0013-8000", Some("+8613800138000")),
            ("0086 13800138000", Some("+8613800138000")),
            ("8613800138000", Some("+8613800138000")),
            ("013800138000", Some("+8613800138000")),
            ("１３８００１３８０００", Some("+8613800138000")),
            ("021-6222 3333", Some("+862162223333")),
            ("(0571) 87654321", Some("+8657187654321")),
            ("+86 21 62223333", Some("+862162223333")),
            ("+1 415 555 0100", Some("+14155550100")),
            ("0044 20 7946 0000", Some("+442079460000")),
            ("10086", None),
            ("021sh8877665", None),
            ("", None),
            ("+", None),
        ] {
            assert_eq!(normalise_phone(given).as_deref(), normal, "{given}");
        }
        assert_eq!(normalise_subscription(" SH-8877 ６６5a "), "sh8877665a");
    }
}
