//! What a machine outside wrote, as plain words and nothing else: no links, no markup, nothing that is not seen, and no number
//! it was not given.

use super::clean::clean;
use super::mask::mask_words;

/// Why it cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There are no words in it.
    Empty,
    /// It is longer than asked for.
    TooLong,
}

/// What stands for a link.
const LINK: &str = "[…]";
/// Ends of names that make a link of a word without anything before it.
const ENDS: [&str; 14] =
    ["com", "cn", "net", "org", "io", "top", "xyz", "info", "link", "site", "cc", "me", "ly", "app"];

/// The words of an answer, at most so many characters.
///
/// # Errors
/// If there are none, or more.
pub fn plain(text: &str, most: usize) -> Result<String, Unusable> {
    // What is far too long is not looked through.
    if text.chars().nth(most.saturating_mul(2)).is_some() {
        return Err(Unusable::TooLong);
    }
    let visible: String = text.chars().filter(|letter| !letter.is_control() || "\n\r\t".contains(*letter)).collect();
    let words = clean(&visible).map_err(|_| Unusable::Empty)?;
    let words = mask_words(&defused(&unlinked(&untagged(&words))));
    let words = words.trim();
    match words.chars().count() {
        0 => Err(Unusable::Empty),
        length if length > most => Err(Unusable::TooLong),
        _ => Ok(words.to_owned()),
    }
}

/// What taking out left beside each other begins neither tag nor link.
fn defused(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        match (letter, next) {
            ('<', next) if begins_tag(next) => {}
            (']', '(') => kept.push_str("] "),
            _ => kept.push(letter),
        }
    }
    kept
}

fn begins_tag(letter: char) -> bool {
    letter.is_ascii_alphabetic() || "/!?".contains(letter)
}

/// Without tags, and without what stands in scripts and styles.
fn untagged(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        kept.push_str(before);
        let tag = behind.starts_with(begins_tag);
        rest = behind;
        if !tag {
            // A sign between two numbers stays one.
            kept.push('<');
            continue;
        }
        let Some((inside, after)) = behind.split_once('>') else { continue };
        rest = after;
        for name in ["script", "style"] {
            let whole = inside.get(..name.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(name));
            if let (true, Some(end)) = (whole, closing(after, name)) {
                rest = after.get(end..).unwrap_or_default();
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Where an element begins to end.
fn closing(text: &str, name: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&format!("</{name}"))
}

/// Without links: of those written with words their words stay.
fn unlinked(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("](") {
        let (Some((head, label)), Some((_, after))) = (before.rsplit_once('['), behind.split_once(')')) else {
            kept.push_str(before);
            kept.push_str("] (");
            rest = behind;
            continue;
        };
        kept.push_str(head.strip_suffix('!').unwrap_or(head));
        kept.push_str(label);
        rest = after;
    }
    kept.push_str(rest);
    let mut plain = String::with_capacity(kept.len());
    for piece in kept.split_inclusive(|letter: char| letter.is_whitespace() || !letter.is_ascii()) {
        let end = piece.char_indices().next_back().filter(|(_, last)| last.is_whitespace() || !last.is_ascii());
        let (word, last) = end.map_or((piece, ""), |(at, _)| piece.split_at(at));
        plain.push_str(if is_link(word) { LINK } else { word });
        plain.push_str(last);
    }
    plain
}

/// Whether a word of plain letters leads somewhere.
fn is_link(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| "()[]<>\"',;:!?.*_`".contains(letter)).to_ascii_lowercase();
    if word.contains("://") || word.starts_with("www.") {
        return true;
    }
    if ["javascript:", "data:", "mailto:", "tel:"].iter().any(|scheme| word.starts_with(scheme)) {
        return true;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let named = |(name, end): (&str, &str)| name.len() > 1 && ENDS.contains(&end);
    !host.contains('@') && host.rsplit_once('.').is_some_and(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_left() {
        for (text, words) in [
            ("  您好\u{202E}，\u{7}谢谢 ", "您好，谢谢"),
            ("a<script>alert(1)</script>b<img src=x onerror=y>c", "abc"),
            ("1 < 2 and <b>bold</b> <unfinished", "1 < 2 and bold unfinished"),
            ("see [our page](https://evil.example/?a=1) ![x](http://t.example/p.png)", "see our page x"),
            ("go to https://evil.example/x, www.evil.example or evil.com/a now", "go to […] […] or […] now"),
            ("访问http://evil.example/获取", "访问[…]获取"),
            ("javascript:alert(1)", "[…]"),
            ("e.g. 12.50 yuan at 3 p.m. [note] (x)", "e.g. 12.50 yuan at 3 p.m. [note] (x)"),
            ("call 13911139111", "call 139****9111"),
            ("〔NAME-1〕 \u{FFF9}mobile:1\u{FFFB}", "〔NAME-1〕 mobile:1"),
        ] {
            assert_eq!(plain(text, 200).as_deref(), Ok(words), "{text:?}");
        }
    }

    #[test]
    fn length_is_bounded_and_nothing_is_no_answer() {
        assert_eq!(plain(" \u{200B}\u{1} ", 10), Err(Unusable::Empty));
        assert_eq!(plain("<script>x</script>", 30), Err(Unusable::Empty));
        assert_eq!(plain(&"长".repeat(11), 10), Err(Unusable::TooLong));
        assert_eq!(plain(&"长".repeat(1000), 10), Err(Unusable::TooLong));
        assert_eq!(plain(&"长".repeat(10), 10).unwrap().chars().count(), 10);
    }

    proptest::proptest! {
        #[test]
        fn no_answer_breaks_it(text in "(\\PC|[<>/\\[\\]()!a.中\u{202E}\n]){0,60}") {
            if let Ok(words) = plain(&text, 200) {
                proptest::prop_assert!(!words.contains("](") && !words.to_lowercase().contains("<a"));
            }
        }
    }
}
