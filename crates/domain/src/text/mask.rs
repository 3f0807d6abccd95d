//! Showing enough of an identifier to recognise it and too little to use it.

use super::identifier::{IdentifierKind, normalise_phone};
use super::lift::{fill, lift};

const STAR: char = '*';

/// A text with every identifier in it masked; what stands in no case's vault is masked by what it looks like.
#[must_use]
pub fn mask_words(text: &str) -> String {
    let lifted = lift(text, 0);
    let mut items = lifted.items.into_iter();
    // They come in the order in which they were lifted.
    fill(&lifted.text, |_, _| items.next().map_or_else(|| "***".to_owned(), |item| mask(item.kind, &item.value)))
}

/// An identifier, masked by its kind.
#[must_use]
pub fn mask(kind: IdentifierKind, value: &str) -> String {
    match kind {
        IdentifierKind::Mobile | IdentifierKind::Landline | IdentifierKind::International => mask_phone(value),
        IdentifierKind::ResidentId => keep(value, 4, 4),
        IdentifierKind::BankCard => keep(value, 0, 4),
        IdentifierKind::Passport => keep(value, 1, 2),
        IdentifierKind::Email => mask_email(value),
    }
}

/// A business or contact number of any form.
#[must_use]
pub fn mask_number(value: &str) -> String {
    if value.contains('@') { mask_email(value) } else { mask_phone(value) }
}

/// A name: its first character, and of names in several words the first of each.
#[must_use]
pub fn mask_name(name: &str) -> String {
    let one = |word: &str| {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().collect();
        match letters.count() {
            0 => STAR.to_string(),
            rest => first + &STAR.to_string().repeat(rest.min(2)),
        }
    };
    name.split_whitespace().map(one).collect::<Vec<_>>().join(" ")
}

/// An address: about as much as names the district.
#[must_use]
pub fn mask_address(address: &str) -> String {
    let length = address.chars().count();
    let shown: String = address.chars().take((length / 2).min(6)).collect();
    shown + "***"
}

fn mask_phone(value: &str) -> String {
    match normalise_phone(value) {
        Some(normal) => match normal.strip_prefix("+86") {
            Some(national) if national.starts_with('1') && national.len() == 11 => keep(national, 3, 4),
            Some(national) => keep(&format!("0{national}"), 3, 4),
            None => keep(&normal, 3, 2),
        },
        None => {
            let compact: String = value.chars().filter(|letter| !letter.is_whitespace()).collect();
            if compact.chars().count() >= 7 { keep(&compact, 2, 2) } else { keep(&compact, 0, 0) }
        }
    }
}

fn mask_email(value: &str) -> String {
    match value.split_once(['@', '＠']) {
        Some((local, domain)) => {
            // Of a single letter nothing would stay hidden.
            let shown = usize::from(local.chars().nth(1).is_some());
            let first: String = local.chars().take(shown).collect();
            format!("{first}***@{domain}")
        }
        None => keep(value, 0, 0),
    }
}

/// Stars between the first and last characters kept; everything is starred when too little would stay hidden.
fn keep(value: &str, first: usize, last: usize) -> String {
    let letters: Vec<char> = value.chars().filter(|letter| !letter.is_whitespace()).collect();
    let length = letters.len();
    let hidden = length.saturating_sub(first + last);
    if hidden < 3 {
        return STAR.to_string().repeat(length.max(3));
    }
    letters
        .iter()
        .enumerate()
        .map(|(place, letter)| if place < first || place >= length - last { *letter } else { STAR })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_to_recognise_too_little_to_use() {
        for (kind, value, shown) in [
            (IdentifierKind::Mobile, "138 0013 8000", "138****8000"),
            (IdentifierKind::Landline, "021-62223333", "021****3333"),
            (IdentifierKind::ResidentId, "11010519491231002X", "1101**********002X"),
            (IdentifierKind::BankCard, "4539 5787 6362 1486", "************1486"),
            (IdentifierKind::Passport, "E12345678", "E******78"),
            (IdentifierKind::Email, "zhang.san@example.com", "z***@example.com"),
            (IdentifierKind::Email, "a@example.com", "***@example.com"),
            (IdentifierKind::Email, "ｚｓ＠example.com", "ｚ***@example.com"),
            (IdentifierKind::International, "+1 415 555 0100", "+14*******00"),
        ] {
            assert_eq!(mask(kind, value), shown);
        }
        assert_eq!(mask_name("王小明"), "王**");
        assert_eq!(mask_name("王"), "*");
        assert_eq!(mask_name("John Smith"), "J** S**");
        assert_eq!(mask_name(""), "");
        assert_eq!(mask_number("sh8877665"), "sh*****65");
        assert_eq!(mask_number("12345"), "*****");
        assert_eq!(mask_address("上海市浦东新区世纪大道100号"), "上海市浦东新***");
    }
}
