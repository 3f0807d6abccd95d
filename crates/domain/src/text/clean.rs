//! The form in which every text is kept. What cannot be seen is taken out or refused: invisible characters hide words
//! from the reader, direction marks turn them round, and two of them frame the placeholders of lifted identifiers.

use std::fmt;

/// Why a text cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFault {
    control: char,
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.control))
    }
}

/// Brings a text into its kept form: line breaks become `\n`, invisible characters go, blanks at both ends go.
///
/// # Errors
/// Names a control character, which no person types.
pub fn clean(text: &str) -> Result<String, TextFault> {
    let mut cleaned = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\n' | '\t' => cleaned.push(letter),
            // A joiner between two signs makes one emoji of them, a selector behind one chooses its look; elsewhere they
            // are invisible like the others, and between digits they would hide a number from whoever looks for it.
            '\u{200D}' if last(&cleaned).is_some_and(is_sign) && letters.peek().copied().is_some_and(is_sign) => {
                cleaned.push(letter);
            }
            letter if is_selector(letter) && last(&cleaned).is_some_and(has_variants) => cleaned.push(letter),
            letter if is_invisible(letter) => {}
            letter if letter.is_control() => return Err(TextFault { control: letter }),
            letter => cleaned.push(letter),
        }
    }
    Ok(cleaned.trim().to_owned())
}

fn last(text: &str) -> Option<char> {
    text.chars().next_back()
}

/// Whether this is an emoji or another picture, or the selector that made one of it.
fn is_sign(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}' | '\u{FE0F}')
}

/// Whether a selector behind this can mean anything: pictures, and ideographs, which names write in variants.
fn has_variants(letter: char) -> bool {
    (is_sign(letter) && !is_selector(letter))
        || matches!(letter, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_selector(letter: char) -> bool {
    matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn is_invisible(letter: char) -> bool {
    is_selector(letter)
        || matches!(letter,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_goes() {
        for (given, kept) in [
            ("  你好\r\n世界\r ", "你好\n世界"),
            ("a\u{200B}b\u{202E}c\u{FEFF}", "abc"),
            ("\u{FFF9}mobile:1\u{FFFB}", "mobile:1"),
            ("👨\u{200D}👩\u{200D}👧 a\u{200D}b", "👨\u{200D}👩\u{200D}👧 ab"),
            ("❤\u{FE0F}\u{200D}🔥 葛\u{E0100}", "❤\u{FE0F}\u{200D}🔥 葛\u{E0100}"),
            ("你\u{200D}好", "你好"),
            ("１\u{200D}３\u{FE0F}８\u{034F}0\u{3164}0", "１３８00"),
            ("a\u{2028}b", "a\nb"),
            ("\u{200B}", ""),
        ] {
            assert_eq!(clean(given).unwrap(), kept, "{given:?}");
        }
        assert_eq!(clean("a\u{7}b").unwrap_err().to_string(), "U+0007");
        assert!(clean("\0").is_err());
    }

    proptest::proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "(\\PC|[\\s\u{200B}-\u{200F}\u{FE00}-\u{FE0F}\u{2028}\u{2764}\u{1F525}葛1]){0,40}") {
            if let Ok(once) = clean(&text) {
                proptest::prop_assert_eq!(clean(&once), Ok(once));
            }
        }
    }
}
