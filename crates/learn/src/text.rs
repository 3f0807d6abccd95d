//! From a text to its terms: width, case and compatibility forms folded (NFKC, lower case), then overlapping runs of one to
//! three signs where words are not separated (Chinese, Japanese, Korean), and words, pairs of words and pieces of words of
//! two to five signs elsewhere.

use crate::hash::Key;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

/// So much of a text is looked at, in signs. What a complaint is about stands before that.
pub const LONGEST: usize = 4_000;
/// Longest run of signs that becomes a term where words are not separated.
const LONGEST_RUN: usize = 3;
/// Pieces of words, in signs, the boundary counted.
const PIECES: Range<usize> = 2..6;

/// What sort of term it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A word, or two that follow each other.
    Word,
    /// A piece of a word.
    Piece,
    /// A run of signs of a script without word boundaries.
    Run,
}

impl Block {
    pub(crate) const COUNT: usize = 3;

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Word => 0,
            Self::Piece => 1,
            Self::Run => 2,
        }
    }
}

/// The form in which texts are compared: NFKC, lower case, white space as one space, at most [`LONGEST`] signs.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len().min(LONGEST * 4));
    let mut space = true;
    let signs = text.nfkc().flat_map(char::to_lowercase).take(LONGEST);
    for sign in signs {
        if sign.is_whitespace() || sign.is_control() {
            if !space {
                folded.push(' ');
            }
            space = true;
        } else {
            folded.push(sign);
            space = false;
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// Whether a sign is of a script written without spaces between words.
pub(crate) fn unspaced(sign: char) -> bool {
    matches!(u32::from(sign),
        0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3100..=0x312F | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x0E00..=0x0E7F
        | 0x20000..=0x3FFFF)
}

/// How many signs of a folded text are of unspaced scripts, and how many letters and digits there are besides.
pub(crate) fn shares(folded: &str) -> (usize, usize) {
    folded.chars().fold((0, 0), |(runs, words), sign| {
        if unspaced(sign) { (runs + 1, words) } else { (runs, words + usize::from(!sign.is_whitespace())) }
    })
}

/// Tells every term of a folded text: its block, its key and where it stands.
pub(crate) fn terms(folded: &str, mut tell: impl FnMut(Block, u32, Range<usize>)) {
    words(folded, &mut tell);
    let mut rest = 0;
    for chunk in folded.split(' ') {
        let start = rest;
        rest += chunk.len() + 1;
        let mut from = start;
        // Chunks are cut where the script changes.
        let mut kind: Option<bool> = None;
        for (at, sign) in chunk.char_indices() {
            let runs = unspaced(sign);
            if kind.is_some_and(|kind| kind != runs) {
                piece_of(folded, from..start + at, !runs, &mut tell);
                from = start + at;
            }
            kind = Some(runs);
        }
        if let Some(runs) = kind {
            piece_of(folded, from..start + chunk.len(), runs, &mut tell);
        }
    }
}

fn piece_of(folded: &str, place: Range<usize>, runs: bool, tell: &mut impl FnMut(Block, u32, Range<usize>)) {
    let Some(text) = folded.get(place.clone()) else { return };
    if runs {
        for (at, _) in text.char_indices() {
            let tail = text.get(at..).unwrap_or_default();
            let mut key = Key::begin(2);
            for (far, sign) in tail.char_indices().take(LONGEST_RUN) {
                key = key.then(sign.encode_utf8(&mut [0; 4]));
                tell(Block::Run, key.end(), place.start + at..place.start + at + far + sign.len_utf8());
            }
        }
        return;
    }
    // The word between two spaces, which are part of its pieces.
    let padded: Vec<(usize, char)> =
        std::iter::once((0, ' ')).chain(text.char_indices()).chain(std::iter::once((text.len(), ' '))).collect();
    for begin in 0..padded.len() {
        let mut key = Key::begin(1);
        for (n, (at, sign)) in padded.iter().skip(begin).take(PIECES.end - 1).enumerate() {
            key = key.then(sign.encode_utf8(&mut [0; 4]));
            if PIECES.contains(&(n + 1)) {
                let from = padded.get(begin).map_or(0, |(at, _)| *at);
                let to = (at + sign.len_utf8()).min(text.len());
                tell(Block::Piece, key.end(), place.start + from..place.start + to);
            }
        }
    }
}

/// Words of two signs and more, and neighbours.
fn words(folded: &str, tell: &mut impl FnMut(Block, u32, Range<usize>)) {
    let mut before: Option<Range<usize>> = None;
    let mut from: Option<usize> = None;
    for (at, sign) in folded.char_indices() {
        let inside = (sign.is_alphanumeric() || sign == '_') && !unspaced(sign);
        match (from, inside) {
            (None, true) => from = Some(at),
            (Some(start), false) => {
                before = word_at(folded, start..at, before, tell);
                from = None;
            }
            _ => {}
        }
        // What stands on both sides of another script are no neighbours.
        if unspaced(sign) {
            before = None;
        }
    }
    if let Some(start) = from {
        word_at(folded, start..folded.len(), before, tell);
    }
}

/// Tells a word and the pair it makes with the one before; gives back which word stands before the next.
fn word_at(
    folded: &str,
    place: Range<usize>,
    before: Option<Range<usize>>,
    tell: &mut impl FnMut(Block, u32, Range<usize>),
) -> Option<Range<usize>> {
    let word = folded.get(place.clone())?;
    if word.chars().nth(1).is_none() {
        return before;
    }
    tell(Block::Word, Key::begin(0).then(word).end(), place.clone());
    if let Some(first) = before {
        let key = Key::begin(0).then(folded.get(first.clone()).unwrap_or_default()).then(" ").then(word);
        tell(Block::Word, key.end(), first.start..place.end);
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, block: Block) -> Vec<String> {
        let folded = fold(text);
        let mut found = Vec::new();
        terms(&folded, |of, _, place| {
            if of == block {
                found.push(folded[place].to_owned());
            }
        });
        found
    }

    #[test]
    fn width_and_case_are_folded() {
        assert_eq!(fold(" ５Ｇ  没信号\r\n①ﬁ "), "5g 没信号 1fi");
        assert_eq!(fold(""), "");
        assert_eq!(fold(&"啊".repeat(LONGEST + 5)).chars().count(), LONGEST);
    }

    #[test]
    fn terms_by_script() {
        assert_eq!(of("没信号", Block::Run), ["没", "没信", "没信号", "信", "信号", "号"]);
        assert_eq!(of("No signal!", Block::Word), ["no", "signal", "no signal"]);
        assert!(of("No signal!", Block::Run).is_empty());
        // A piece at the end of a word and the same letters within another are different terms of the same look.
        assert_eq!(of("ab", Block::Piece), ["a", "ab", "ab", "ab", "ab", "b"]);
        assert_eq!(of("A市5g慢", Block::Run), ["市", "慢"]);
    }
}
