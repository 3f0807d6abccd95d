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
            '\n' | '\t' => cleaned.push(letter),
            // A joiner between two signs makes one emoji of them; elsewhere it is invisible like the others.
            '\u{200D}' if joins(cleaned.chars().next_back(), letters.peek().copied()) => cleaned.push(letter),
            letter if is_invisible(letter) => {}
            letter if letter.is_control() => return Err(TextFault { control: letter }),
            letter => cleaned.push(letter),
        }
    }
    Ok(cleaned.trim().to_owned())
}

fn joins(before: Option<char>, after: Option<char>) -> bool {
    let sign = |letter: char| u32::from(letter) >= 0x2190;
    before.is_some_and(sign) && after.is_some_and(sign)
}

fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
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
            ("\u{200B}", ""),
        ] {
            assert_eq!(clean(given).unwrap(), kept, "{given:?}");
        }
        assert_eq!(clean("a\u{7}b").unwrap_err().to_string(), "U+0007");
        assert!(clean("\0").is_err());
    }

    proptest::proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "\\PC*[\\s\u{200B}-\u{200F}]*\\PC*") {
            if let Ok(once) = clean(&text) {
                proptest::prop_assert_eq!(clean(&once), Ok(once));
            }
        }
    }
}
