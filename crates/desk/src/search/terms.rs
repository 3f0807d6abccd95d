//! Words as the index knows them. Text is folded first (width, case, traditional characters); runs of Chinese become
//! overlapping pairs, with the first and the last character of each run alone besides, everything else words, each also by
//! its English stem. The same text always makes the same terms, so that a string that stands in a case is found whatever
//! stands around it.

use pinyin::ToPinyin as _;
use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

/// Longest word, in characters; the rest of a longer one is not looked at.
const LONGEST: usize = 64;

/// Traditional characters and beside them the simplified ones: two lines, character by character. From OpenCC
/// (TSCharacters, Apache-2.0), the first reading of each.
const TRADITIONAL: &str = include_str!("traditional.txt");

/// The simplified form of each traditional character.
static SIMPLE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut lines = TRADITIONAL.lines();
    let (from, to) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    // 覆 stays in some words and is 复 in others (覆蓋, 答覆): both are compared as one.
    from.chars().zip(to.chars()).chain([('覆', '复')]).collect()
});

/// The common characters, and for each in its place the form in which it is compared: every character of every text is
/// looked up here.
const COMMON: RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';
static FOLDED: LazyLock<Vec<char>> =
    LazyLock::new(|| COMMON.map(|letter| SIMPLE.get(&letter).copied().unwrap_or(letter)).collect());

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
#[derive(Clone)]
enum Piece {
    Chinese(Vec<char>),
    Word(String),
}

/// What comes next in a text.
enum Step<'a> {
    /// A Chinese character that stands beside the one before, or begins a run.
    Letter(char),
    /// A run of Chinese ended, if there was one.
    End,
    /// A word between anything but letters and figures.
    Word(&'a str),
}

/// One character in the form in which it is compared; nothing where it vanishes.
pub(super) fn fold(letter: char) -> impl Iterator<Item = char> {
    let plain = plainly(letter);
    let folded = plain.is_none().then(|| by_the_rules(letter));
    plain.into_iter().chain(folded.into_iter().flatten())
}

/// The same for those the rules of Unicode leave as they are but for large letters; nearly every character is one of them.
fn plainly(letter: char) -> Option<char> {
    match letter {
        '\0'..='\u{7f}' => Some(letter.to_ascii_lowercase()),
        _ if COMMON.contains(&letter) => {
            let at = u32::from(letter) - u32::from(*COMMON.start());
            FOLDED.get(usize::try_from(at).ok()?).copied()
        }
        _ => None,
    }
}

fn by_the_rules(letter: char) -> impl Iterator<Item = char> {
    let simple = |letter: char| SIMPLE.get(&letter).copied().unwrap_or(letter);
    std::iter::once(letter).nfkc().flat_map(char::to_lowercase).map(simple)
}

pub(super) fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Goes through a text. Nothing is kept of it but the word at hand.
fn walk(text: &str, mut step: impl FnMut(Step<'_>)) {
    let (mut word, mut letters) = (String::new(), 0);
    let mut take = |letter: char| {
        if !is_chinese(letter) && letter.is_alphanumeric() {
            if word.is_empty() {
                step(Step::End);
                letters = 0;
            }
            letters += 1;
            if letters <= LONGEST {
                word.push(letter);
            }
            return;
        }
        if !word.is_empty() {
            step(Step::Word(&word));
            word.clear();
        }
        step(if is_chinese(letter) { Step::Letter(letter) } else { Step::End });
    };
    for letter in text.chars() {
        match plainly(letter) {
            Some(plain) => take(plain),
            None => by_the_rules(letter).for_each(&mut take),
        }
    }
    // Whatever is open ends here.
    take(' ');
}

fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut run) = (Vec::new(), Vec::new());
    walk(text, |step| match step {
        Step::Letter(letter) => run.push(letter),
        Step::End if run.is_empty() => {}
        Step::End => pieces.push(Piece::Chinese(std::mem::take(&mut run))),
        Step::Word(word) => pieces.push(Piece::Word(word.to_owned())),
    });
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

/// Hands over every term of a text with its place, for the index, and returns the place behind the last. Of a run of
/// Chinese the pairs, and its first and its last character alone: those are what a phrase that goes on with something
/// else begins or ends with. Any other character alone is the beginning of a pair, and looked for as that.
pub(super) fn each(text: &str, mut take: impl FnMut(&str, usize)) -> usize {
    let (mut at, mut run, mut before) = (0, 0, ' ');
    let mut term = String::new();
    walk(text, |step| match step {
        Step::Letter(letter) => {
            term.clear();
            if run > 0 {
                term.push(before);
            }
            term.push(letter);
            // A pair is where its first character is.
            take(&term, at - usize::from(run > 0));
            (at, run, before) = (at + 1, run + 1, letter);
        }
        Step::End => {
            if run > 1 {
                term.clear();
                term.push(before);
                take(&term, at - 1);
            }
            run = 0;
        }
        Step::Word(word) => {
            take(word, at);
            if let Some(stem) = stem(word) {
                take(&stem, at);
            }
            at += 1;
        }
    });
    at
}

/// The one character a question is for, if it is for one alone: whatever begins with it has it.
pub(super) fn alone(terms: &[Placed]) -> Option<char> {
    let [only] = terms else { return None };
    only.term.chars().next().filter(|_| is_alone(&only.term))
}

/// Whether a term is a Chinese character alone.
pub(super) fn is_alone(term: &str) -> bool {
    let mut letters = term.chars();
    letters.next().is_some_and(is_chinese) && letters.next().is_none()
}

/// Most gaps between runs of Chinese of which each may be closed by itself; of more all are or none.
const GAPS: usize = 3;

/// The forms in which a phrase may stand in a text: what stands between two runs of Chinese may be missing there. First as
/// it was typed.
pub(super) fn forms(text: &str, meant: Meant) -> Vec<Vec<Placed>> {
    let pieces = pieces(text);
    let gaps: Vec<usize> = (1..)
        .zip(pieces.windows(2))
        .filter(|(_, both)| matches!(both, [Piece::Chinese(_), Piece::Chinese(_)]))
        .map(|(behind, _)| behind)
        .collect();
    let ways: Vec<usize> = if gaps.len() > GAPS { vec![0, usize::MAX] } else { (0..1 << gaps.len()).collect() };
    let form = |way: &usize| {
        let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
        for (n, piece) in pieces.iter().enumerate() {
            let gap = gaps.iter().position(|gap| *gap == n).and_then(|gap| u32::try_from(gap).ok());
            let closes = |gap: u32| *way == usize::MAX || way.checked_shr(gap).is_some_and(|rest| rest & 1 == 1);
            let closed = gap.is_some_and(closes);
            match (joined.last_mut(), piece) {
                (Some(Piece::Chinese(run)), Piece::Chinese(more)) if closed => run.extend(more),
                _ => joined.push(piece.clone()),
            }
        }
        placed(joined, meant)
    };
    ways.iter().map(form).collect()
}

/// The fewest terms that tell a text, for a question; those of one run of Chinese overlap.
pub(super) fn fewest(text: &str, meant: Meant) -> Vec<Placed> {
    placed(pieces(text), meant)
}

fn placed(pieces: Vec<Piece>, meant: Meant) -> Vec<Placed> {
    let (mut terms, mut at) = (Vec::new(), 0);
    for piece in pieces {
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
        let end = each(text, |term, at| terms.push(Placed { term: term.to_owned(), at }));
        assert!(terms.iter().all(|one| one.at < end));
        terms
    }

    fn of(text: &str) -> Vec<String> {
        all(text).into_iter().map(|one| one.term).collect()
    }

    #[test]
    fn chinese_becomes_pairs_and_words_stay_whole() {
        assert_eq!(of("宽带慢"), ["宽", "宽带", "带慢", "慢"]);
        assert_eq!(of("慢，5G套餐 V1.2"), ["慢", "5g", "套", "套餐", "餐", "v1", "2"]);
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
    fn what_stands_between_characters_may_be_missing() {
        let told = |text: &str| -> Vec<String> {
            let joined = |form: &Vec<Placed>| form.iter().map(|one| one.term.as_str()).collect::<Vec<_>>().join(" ");
            forms(text, Meant::Exactly).iter().map(joined).collect()
        };
        assert_eq!(told("不 退费"), ["不 退费", "不退 退费"]);
        assert_eq!(told("我，不 退 5 元"), ["我 不 退 5 元", "我不 退 5 元", "我 不退 5 元", "我不 不退 5 元"]);
        assert_eq!(told("一 二 三 四 五"), ["一 二 三 四 五", "一二 二三 三四 四五"]);
        assert_eq!(told("slow line"), ["slow line"]);
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
        /// Whatever part of a text somebody asks for, its terms stand in the text at the same distances; of one character
        /// alone a term that begins with it.
        #[test]
        fn a_part_is_told_by_the_whole(
            before in "([\u{4e00}-\u{4fff}，a-c1-3 ]{0,12}[\u{4e00}-\u{4fff}，])?",
            part in "[\u{4e00}-\u{4fff}]{1,4}(，| x |7)?[\u{4e00}-\u{4fff}]{1,4}|[\u{4e00}-\u{4fff}]",
            after in "([\u{4e00}-\u{4fff}，][\u{4e00}-\u{4fff}，a-c1-3 ]{0,12})?",
        ) {
            let text = format!("{before}{part}{after}");
            let (whole, part) = (all(&text), fewest(&part, Meant::Exactly));
            let found = match alone(&part) {
                Some(letter) => whole.iter().any(|one| one.term.starts_with(letter)),
                None => (0..=text.chars().count()).any(|start| part.iter().all(|one| {
                    whole.iter().any(|other| other.term == one.term && other.at == start + one.at)
                })),
            };
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
