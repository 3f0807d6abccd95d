//! Whether a letter is easy to read: long sentences and paragraphs, words of offices with a plainer one, double
//! negations, short forms nobody explains, times as machines write them. What is found advises and never refuses.

use crate::code::codes;
use crate::letter::LetterRule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

codes! {
    /// What makes a place hard to read.
    pub Hard {
        /// A sentence longer than its language bears.
        Sentence = "long_sentence",
        /// A paragraph longer than its language bears.
        Paragraph = "long_paragraph",
        /// A word of offices; a plainer one is known.
        Jargon = "jargon",
        /// Two negations where one thing is meant.
        Negation = "double_negation",
        /// A short form that is not explained.
        Short = "short_form",
        /// A time as machines write it.
        Machine = "machine_time",
    }
}

/// A place that is hard to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What is hard about it.
    pub hard: Hard,
    /// The words; of what is long, its beginning.
    pub words: String,
    /// A plainer word, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    sentence: usize,
    paragraph: usize,
    #[serde(default)]
    jargon: Vec<(String, String)>,
    #[serde(default)]
    negation: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
}

fn family(language: &str) -> Option<&'static Family> {
    static FAMILIES: OnceLock<BTreeMap<String, Family>> = OnceLock::new();
    let known = FAMILIES.get_or_init(|| toml::from_str(include_str!("plain.toml")).unwrap_or_default());
    let begins = |tag: &str| language.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let mine = known.iter().filter(|(tag, _)| begins(tag)).max_by_key(|(tag, _)| tag.len());
    mine.map(|(_, family)| family).or_else(|| known.get("other"))
}

/// What is hard to read in a text, each thing once, in the order of the text's paragraphs.
#[must_use]
pub fn advice(language: &str, text: &str) -> Vec<Advice> {
    let Some(family) = family(language) else { return Vec::new() };
    let wide = language.starts_with("zh") || language.starts_with("ja");
    let length = |text: &str| if wide { letters(text) } else { text.split_whitespace().count() };
    let (most, most_paragraph) = (family.sentence, family.paragraph);
    let mut found: Vec<Advice> = Vec::new();
    let mut put = |hard, words: String, instead: Option<&String>| {
        let one = Advice { hard, words, instead: instead.cloned() };
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for paragraph in text.split("\n\n") {
        if length(paragraph) > most_paragraph {
            put(Hard::Paragraph, beginning(paragraph), None);
        }
        for sentence in sentences(paragraph).filter(|sentence| length(sentence) > most) {
            put(Hard::Sentence, beginning(sentence), None);
        }
        let low = paragraph.to_lowercase();
        for (word, instead) in family.jargon.iter().filter(|(word, _)| stands(&low, word, wide)) {
            put(Hard::Jargon, word.clone(), Some(instead));
        }
        for word in family.negation.iter().filter(|word| stands(&low, word, wide)) {
            put(Hard::Negation, word.clone(), None);
        }
        if !wide && !family.names.is_empty() {
            for word in short_forms(paragraph).filter(|word| !family.names.iter().any(|known| known == word)) {
                if !text.contains(&format!("({word})")) && !text.contains(&format!("{word} (")) {
                    put(Hard::Short, word.to_owned(), None);
                }
            }
        }
        for word in paragraph.split(|letter: char| letter.is_whitespace() || !letter.is_ascii()) {
            if is_machine_time(word) {
                put(Hard::Machine, word.to_owned(), None);
            }
        }
    }
    found
}

impl LetterRule {
    /// What is hard to read in the words of the rule, by language; blanks count as one word.
    pub fn advice(&self) -> impl Iterator<Item = (&str, Advice)> {
        let in_language = |language: &String| {
            let texts = self.elements.iter().filter_map(|element| element.text.get(language));
            // Braces would be taken for words.
            let whole: Vec<String> = texts.map(|text| text.replace(['{', '}'], "")).collect();
            advice(language, &whole.join("\n\n"))
        };
        self.languages
            .iter()
            .flat_map(move |language| in_language(language).into_iter().map(move |one| (language.as_str(), one)))
    }
}

fn letters(text: &str) -> usize {
    let mut count = 0;
    let mut in_word = false;
    for letter in text.chars() {
        // A number or foreign word is read at once.
        let narrow = letter.is_ascii_alphanumeric() || letter == '_';
        count += usize::from(if narrow { !in_word } else { letter.is_alphanumeric() });
        in_word = narrow;
    }
    count
}

fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    let ends = |text: &str, at: usize, letter: char| match letter {
        '。' | '！' | '？' | '；' | '\n' => true,
        // A point within a number or an address ends nothing.
        '.' | '!' | '?' | ';' | ':' => {
            text.get(at + letter.len_utf8()..).and_then(|rest| rest.chars().next()).is_none_or(char::is_whitespace)
        }
        _ => false,
    };
    let mut rest = paragraph;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find(|(at, letter)| ends(rest, *at, *letter));
        let end = end.map_or(rest.len(), |(at, letter)| at + letter.len_utf8());
        let (sentence, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(sentence)
    })
}

/// Whether a word stands in a text, in languages with spaces as a whole word.
fn stands(text: &str, word: &str, wide: bool) -> bool {
    let edge = |letter: Option<char>| wide || letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        edge(text.get(..at).and_then(|before| before.chars().next_back()))
            && edge(text.get(at + word.len()..).and_then(|after| after.chars().next()))
    })
}

fn short_forms(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    words.filter(|word| (2..=6).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase()))
}

fn is_machine_time(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    digits(0, 4) && bytes.get(4) == Some(&b'-') && digits(5, 7) && bytes.get(10) == Some(&b'T') && digits(11, 13)
}

fn beginning(text: &str) -> String {
    let text = text.trim();
    let mut short: String = text.chars().take(24).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hard(language: &str, text: &str) -> Vec<(Hard, String)> {
        advice(language, text).into_iter().map(|one| (one.hard, one.words)).collect()
    }

    #[test]
    fn the_lists_are_read() {
        for tag in ["zh", "zh-Hant", "en", "other"] {
            assert!(family(tag).is_some_and(|family| family.sentence > 0), "{tag}");
        }
        assert!(!family("zh-CN").unwrap().jargon.is_empty());
    }

    #[test]
    fn each_hard_thing_is_named() {
        assert_eq!(hard("zh-CN", "我们已经查清，三天内退款。"), []);
        assert_eq!(hard("zh-CN", "兹通知如下。"), [(Hard::Jargon, "兹".to_owned())]);
        assert_eq!(hard("zh-CN", "我们不得不这样做。"), [(Hard::Negation, "不得不".to_owned())]);
        assert_eq!(hard("en", "Pursuant to our rules."), [(Hard::Jargon, "pursuant to".to_owned())]);
        assert_eq!(hard("en", "Call the QPX now."), [(Hard::Short, "QPX".to_owned())]);
        assert_eq!(hard("en", "Call the Quick Phone Exchange (QPX). The QPX is free."), []);
        assert_eq!(hard("de", "Frist: 2026-03-05T10:00:00Z"), [(Hard::Machine, "2026-03-05T10:00:00Z".to_owned())]);
        assert_eq!(hard("zh-CN", &"长".repeat(71))[0].0, Hard::Sentence);
        assert_eq!(hard("en", &"word ".repeat(120)).len(), 2);
        assert_eq!(advice("en", "prior to").first().and_then(|one| one.instead.clone()).as_deref(), Some("before"));
    }

    #[test]
    fn words_within_words_are_left_alone() {
        assert_eq!(hard("en", "The terminated line."), []);
        assert_eq!(hard("en", "Version 1.2 costs 3.50."), []);
    }
}
