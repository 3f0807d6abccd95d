//! Words as the index knows them. Text is folded first (width, case, traditional characters); runs of Chinese become
//! overlapping pairs and single characters, everything else words, each also by its English stem. The same text always
//! makes the same terms, so that a string that stands in a case is found whatever stands around it.

use pinyin::ToPinyin as _;
use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

/// Longest word, in characters; the rest of a longer one is not looked at.
const LONGEST: usize = 64;

/// Traditional characters and beside them the simplified ones: two lines, character by character. From OpenCC
/// (TSCharacters, Apache-2.0), the first reading of each.
const TRADITIONAL: &str = include_str!("traditional.txt");

static SIMPLE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut lines = TRADITIONAL.lines();
    let (from, to) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    // 覆 stays in some words and is 复 in others (覆蓋, 答覆): both are compared as one.
    from.chars().zip(to.chars()).chain([('覆', '复')]).collect()
});

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// A term with its place: a Chinese character or a word is one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) term: String,
    pub(super) at: usize,
}

/// How the words of a question are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// As they stand.
    Exactly,
    /// In any form of the word.
    Loosely,
}

/// A run of text.
enum Piece {
    Chinese(Vec<char>),
    Word(String),
}

/// One character in the form in which it is compared; nothing where it vanishes.
pub(super) fn fold(letter: char) -> impl Iterator<Item = char> {
    // Of these the rules of Unicode leave all but large letters as they are, and nearly every character is one of them.
    let plain =
        matches!(letter, '\0'..='\u{7f}' | '\u{4e00}'..='\u{9fff}').then(|| simple(letter.to_ascii_lowercase()));
    let folded = plain.is_none().then(|| by_the_rules(letter));
    plain.into_iter().chain(folded.into_iter().flatten())
}

fn simple(letter: char) -> char {
    if letter.is_ascii() { letter } else { SIMPLE.get(&letter).copied().unwrap_or(letter) }
}

fn by_the_rules(letter: char) -> impl Iterator<Item = char> {
    std::iter::once(letter).nfkc().flat_map(char::to_lowercase).map(simple)
}

pub(super) fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut chinese, mut word) = (Vec::new(), String::new());
    let mut letters = 0;
    let end = |chinese: &mut Vec<char>, word: &mut String, pieces: &mut Vec<Piece>| {
        if !chinese.is_empty() {
            pieces.push(Piece::Chinese(std::mem::take(chinese)));
        }
        if !word.is_empty() {
            pieces.push(Piece::Word(std::mem::take(word)));
        }
    };
    for letter in text.chars().flat_map(fold) {
        if is_chinese(letter) {
            if !word.is_empty() {
                end(&mut chinese, &mut word, &mut pieces);
            }
            chinese.push(letter);
        } else if letter.is_alphanumeric() {
            if word.is_empty() {
                end(&mut chinese, &mut word, &mut pieces);
                letters = 0;
            }
            letters += 1;
            if letters <= LONGEST {
                word.push(letter);
            }
        } else {
            end(&mut chinese, &mut word, &mut pieces);
        }
    }
    end(&mut chinese, &mut word, &mut pieces);
    pieces
}

/// The stem of an English word, marked so that it is no word; nothing for what has none, such as a number.
fn stem(word: &str) -> Option<String> {
    let plain = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    plain.then(|| format!("\u{1}{}", STEMMER.stem(word)))
}

fn pair(both: &[char]) -> String {
    both.iter().collect()
}

/// Hands over every term of a text with its place, for the index.
pub(super) fn each(text: &str, mut take: impl FnMut(&str, usize)) {
    let mut at = 0;
    let mut term = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Chinese(letters) => {
                for (n, letter) in letters.iter().enumerate() {
                    term.clear();
                    term.push(*letter);
                    take(&term, at + n);
                    if let Some(next) = letters.get(n + 1) {
                        term.push(*next);
                        take(&term, at + n);
                    }
                }
                at += letters.len();
            }
            Piece::Word(word) => {
                take(&word, at);
                if let Some(stem) = stem(&word) {
                    take(&stem, at);
                }
                at += 1;
            }
        }
    }
}

/// The fewest terms that tell a text, for a question; those of one run of Chinese overlap.
pub(super) fn fewest(text: &str, meant: Meant) -> Vec<Placed> {
    let (mut terms, mut at) = (Vec::new(), 0);
    for piece in pieces(text) {
        match piece {
            Piece::Chinese(letters) => {
                if let [only] = letters.as_slice() {
                    terms.push(Placed { term: only.to_string(), at });
                }
                terms.extend(letters.windows(2).enumerate().map(|(n, both)| Placed { term: pair(both), at: at + n }));
                at += letters.len();
            }
            Piece::Word(word) => {
                let term = match meant {
                    Meant::Exactly => word,
                    Meant::Loosely => stem(&word).unwrap_or(word),
                };
                terms.push(Placed { term, at });
                at += 1;
            }
        }
    }
    terms
}

/// The terms by which a text is held against others: pairs of characters and words by their stems. A character alone, a
/// digit or a letter tells nothing.
pub(super) fn telling(text: &str) -> Vec<String> {
    let terms = fewest(text, Meant::Loosely).into_iter().map(|one| one.term);
    terms.filter(|term| term.trim_start_matches('\u{1}').chars().count() > 1).collect()
}

/// The runs of a text whose terms are wanted, as people read them: overlapping pairs grow together, a stem is shown as
/// the word it comes from.
pub(super) fn runs(text: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut runs = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Chinese(letters) => {
                let mut run = String::new();
                for both in letters.windows(2) {
                    if wanted(&pair(both)) {
                        let fresh = if run.is_empty() { both } else { both.get(1..).unwrap_or_default() };
                        run.extend(fresh);
                    } else if !run.is_empty() {
                        runs.push(std::mem::take(&mut run));
                    }
                }
                if !run.is_empty() {
                    runs.push(run);
                }
            }
            Piece::Word(word) => {
                if wanted(&stem(&word).unwrap_or_else(|| word.clone())) {
                    runs.push(word);
                }
            }
        }
    }
    runs
}

/// How a Chinese name is typed in Latin letters: whole and by its initials.
pub(super) fn latin(name: &str) -> Vec<String> {
    let syllables: Vec<&str> = name.to_pinyin().flatten().map(pinyin::Pinyin::plain).collect();
    if syllables.is_empty() {
        return Vec::new();
    }
    vec![syllables.concat(), syllables.iter().filter_map(|one| one.chars().next()).collect()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<Placed> {
        let mut terms = Vec::new();
        each(text, |term, at| terms.push(Placed { term: term.to_owned(), at }));
        terms
    }

    fn of(text: &str) -> Vec<String> {
        all(text).into_iter().map(|one| one.term).collect()
    }

    #[test]
    fn chinese_becomes_pairs_and_words_stay_whole() {
        assert_eq!(of("宽带慢"), ["宽", "宽带", "带", "带慢", "慢"]);
        assert_eq!(of("5G套餐 V1.2"), ["5g", "套", "套餐", "餐", "v1", "2"]);
        assert_eq!(of("billed"), ["billed", "\u{1}bill"]);
    }

    #[test]
    fn width_case_and_tradition_make_no_difference() {
        assert_eq!(of("寬頻網絡ＡＢＣ"), of("宽频网络abc"));
        assert_eq!(of("１００元"), of("100元"));
    }

    #[test]
    fn the_short_way_to_fold_is_the_long_one() {
        for letter in '\0'..=char::MAX {
            assert!(fold(letter).eq(by_the_rules(letter)), "{letter:?}");
        }
    }

    #[test]
    fn shared_terms_are_shown_as_words() {
        let shared = ["宽带", "带断", "断网", "\u{1}bill"];
        let found = runs("家里宽带断网了, billed twice", &|term| shared.contains(&term));
        assert_eq!(found, ["宽带断网", "billed"]);
    }

    #[test]
    fn names_are_found_by_their_sound() {
        assert_eq!(latin("宽带"), ["kuandai", "kd"]);
        assert!(latin("Broadband").is_empty());
    }

    proptest! {
        /// Whatever part of a Chinese text somebody asks for, its terms stand in the text at the same distances.
        #[test]
        fn a_part_is_told_by_the_whole(
            before in "[\u{4e00}-\u{4fff}，a-c1-3 ]{0,12}",
            part in "[\u{4e00}-\u{4fff}]{2,9}",
            after in "[\u{4e00}-\u{4fff}，a-c1-3 ]{0,12}",
        ) {
            let text = format!("{before}{part}{after}");
            let (whole, part) = (all(&text), fewest(&part, Meant::Exactly));
            let found = (0..=text.chars().count()).any(|start| part.iter().all(|one| {
                whole.iter().any(|other| other.term == one.term && other.at == start + one.at)
            }));
            prop_assert!(found, "{} {:?}", text, part);
        }

        #[test]
        fn nothing_hostile_harms(text in "\\PC{0,200}") {
            for one in all(&text) {
                prop_assert!(one.term.chars().count() <= LONGEST + 1);
            }
        }
    }
}
