//! Which phrases rise within a category: said in more texts of a month than the months before would have it.

use crate::hash::Key;
use crate::text;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// A text with its month (counted from anywhere), category and row.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The month.
    pub month: i64,
    /// The category.
    pub category: &'a str,
    /// The text.
    pub text: &'a str,
    /// Which row it is, for the examples.
    pub row: usize,
}

/// A phrase that rises.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// The category.
    pub category: String,
    /// The phrase, folded.
    pub phrase: String,
    /// Texts of the month that say it.
    pub now: usize,
    /// Texts of the months before that say it.
    pub before: usize,
    /// How many would have said it in this month had nothing changed.
    pub expected: f64,
    /// Log-likelihood ratio of the change (G²).
    pub strength: f64,
    /// Some of the rows, the first first.
    pub rows: Vec<usize>,
}

/// Fewer texts than this are no topic, and could name a person.
const LEAST: usize = 3;
/// G² from which a change is told: one in a thousand by chance for one phrase.
const STRONG: f64 = 10.83;
const EXAMPLES: usize = 3;
/// Phrases counted exactly at most; where more could be topics, those said in more texts.
const MOST_COUNTED: usize = 1 << 20;
/// Places of the rough count that comes before, at most and for each text: two phrases that share one are both counted
/// exactly.
const ROUGH: usize = 1 << 24;
const ROUGH_EACH: usize = 1 << 12;
/// Longest phrase: signs where words are not separated, words elsewhere.
const LONGEST: (usize, usize) = (6, 3);
/// So much of a text is looked at, in bytes.
const LOOKED: usize = 1_200;

/// The rising phrases of a month, at most `most` a category, the strongest first.
#[must_use]
pub fn rising(texts: &[Told<'_>], month: i64, most: usize) -> Vec<Topic> {
    let mut by_category: BTreeMap<&str, Vec<&Told<'_>>> = BTreeMap::new();
    for told in texts.iter().filter(|told| told.month <= month) {
        by_category.entry(told.category).or_default().push(told);
    }
    let mut topics = Vec::new();
    for (category, texts) in by_category {
        topics.extend(of_category(category, &texts, month, most));
    }
    topics
}

fn of_category(category: &str, texts: &[&Told<'_>], month: i64, most: usize) -> Vec<Topic> {
    let now = texts.iter().filter(|told| told.month == month).count();
    let before = texts.len() - now;
    if now < LEAST {
        return Vec::new();
    }
    let least = said_often(texts.iter().filter(|told| told.month == month).map(|told| told.text), now);
    let mut counts: HashMap<String, (usize, usize, Vec<usize>)> = HashMap::new();
    // What the month does not say cannot rise in it, so the months before only count what is known.
    for round in [true, false] {
        for told in texts.iter().filter(|told| (told.month == month) == round) {
            let folded = text::fold(told.text);
            for phrase in distinct(&folded) {
                if round {
                    if !least(phrase) {
                        continue;
                    }
                    let entry = counts.entry(phrase.to_owned()).or_default();
                    entry.0 += 1;
                    if entry.2.len() < EXAMPLES {
                        entry.2.push(told.row);
                    }
                } else if let Some(entry) = counts.get_mut(phrase) {
                    entry.1 += 1;
                }
            }
        }
        counts.retain(|_, (now, _, _)| *now >= LEAST);
    }
    let mut topics: Vec<Topic> = counts
        .into_iter()
        .filter_map(|(phrase, (said, earlier, rows))| {
            let strength = strength((said, now), (earlier, before))?;
            let expected = (earlier as f64 + 0.5) / (before as f64 + 1.0) * now as f64;
            (strength >= STRONG).then(|| Topic {
                category: category.to_owned(),
                phrase,
                now: said,
                before: earlier,
                expected,
                strength,
                rows,
            })
        })
        .collect();
    // Of phrases that stand in the same texts the longest is the one people said.
    topics.sort_by(|a, b| {
        b.strength.total_cmp(&a.strength).then(b.phrase.len().cmp(&a.phrase.len())).then(a.phrase.cmp(&b.phrase))
    });
    let mut told: Vec<Topic> = Vec::new();
    for topic in topics {
        if told.len() == most {
            break;
        }
        let part = |other: &Topic| {
            other.phrase.contains(&topic.phrase) || topic.phrase.contains(&other.phrase) || other.rows == topic.rows
        };
        if !told.iter().any(part) {
            told.push(topic);
        }
    }
    told
}

/// Every phrase of a folded text once.
fn distinct(folded: &str) -> BTreeSet<&str> {
    let folded = folded.get(..folded.floor_char_boundary(LOOKED)).unwrap_or_default();
    phrases(folded).into_iter().map(|place| folded.get(place).unwrap_or_default()).collect()
}

/// Counts the phrases of texts roughly, in memory that does not grow with them, and tells which could be topics. Most
/// phrases of a month are said once.
fn said_often<'t>(texts: impl Iterator<Item = &'t str>, count: usize) -> impl Fn(&str) -> bool {
    let places = count.saturating_mul(ROUGH_EACH).clamp(1, ROUGH);
    let place = move |phrase: &str| Key::begin(0).then(phrase).end() as usize % places;
    let mut rough = vec![0_u8; places];
    for told in texts {
        for phrase in distinct(&text::fold(told)) {
            if let Some(count) = rough.get_mut(place(phrase)) {
                *count = count.saturating_add(1);
            }
        }
    }
    let mut of: [usize; 256] = [0; 256];
    for count in &rough {
        if let Some(of) = of.get_mut(usize::from(*count)) {
            *of += 1;
        }
    }
    let mut left: usize = of.iter().skip(LEAST).sum();
    let mut least = LEAST;
    while left > MOST_COUNTED && least < 255 {
        left -= of.get(least).copied().unwrap_or_default();
        least += 1;
    }
    move |phrase| rough.get(place(phrase)).is_some_and(|count| usize::from(*count) >= least)
}

/// G² of a share that rose; nothing for one that did not.
fn strength((said, now): (usize, usize), (earlier, before): (usize, usize)) -> Option<f64> {
    let (said, now, earlier, before) = (said as f64, now as f64, earlier as f64 + 0.5, before as f64 + 1.0);
    let all = (said + earlier) / (now + before);
    if said / now <= all {
        return None;
    }
    let part = |seen: f64, of: f64, share: f64| if seen > 0.0 { seen * (seen / (of * share)).ln() } else { 0.0 };
    Some(
        2.0 * (part(said, now, all)
            + part(now - said, now, 1.0 - all)
            + part(earlier, before, all)
            + part(before - earlier, before, 1.0 - all)),
    )
}

/// The places of everything that could be a phrase.
fn phrases(folded: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut signs: Vec<Range<usize>> = Vec::new();
    let mut word: Option<usize> = None;
    let past = |places: &mut Vec<Range<usize>>, units: &[Range<usize>], least: usize, most: usize| {
        if let Some(last) = units.last() {
            for first in units.iter().rev().take(most).skip(least - 1) {
                places.push(first.start..last.end);
            }
        }
    };
    for (at, sign) in folded.char_indices().chain([(folded.len(), '.')]) {
        let runs = text::unspaced(sign);
        let joins = sign.is_alphanumeric() && !runs;
        if !joins && let Some(from) = word.take() {
            words.push(from..at);
            let long = folded.get(from..at).is_some_and(|word| word.chars().nth(2).is_some());
            if long {
                past(&mut places, &words, 1, LONGEST.1);
            }
        }
        if runs {
            signs.push(at..at + sign.len_utf8());
            past(&mut places, &signs, 2, LONGEST.0);
        } else {
            signs.clear();
        }
        if joins && word.is_none() {
            word = Some(at);
        }
        if !joins && sign != ' ' && sign != '\'' {
            words.clear();
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_rises_and_what_was_always_said_does_not() {
        let mut texts: Vec<(i64, String)> = Vec::new();
        for n in 0..60 {
            texts.push((n % 3, format!("宽带很慢 {n}")));
        }
        for n in 0..8 {
            texts.push((3, format!("宽带很慢，光猫红灯闪烁 {n}")));
        }
        for n in 0..12 {
            texts.push((3, format!("宽带很慢 {n}")));
        }
        let told: Vec<Told<'_>> = texts
            .iter()
            .enumerate()
            .map(|(row, (month, text))| Told { month: *month, category: "net", text, row })
            .collect();
        let topics = rising(&told, 3, 5);
        assert_eq!(topics.len(), 1);
        assert_eq!((topics[0].phrase.as_str(), topics[0].now, topics[0].before), ("光猫红灯闪烁", 8, 0));
        assert_eq!(topics[0].rows, [60, 61, 62]);
        assert!(rising(&told, 2, 5).is_empty());
    }
}
