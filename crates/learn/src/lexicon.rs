//! A list of words that call for care or name a category. It works from the first day, without anything to learn from, and
//! says for everything it finds which words it went by.

use crate::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Most words of a list.
const MOST_WORDS: usize = 20_000;

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// It is not of its form.
    #[error("{0}")]
    Form(String),
    /// An entry that cannot work.
    #[error("{entry}: {what}")]
    Entry {
        /// Which.
        entry: String,
        /// Why.
        what: &'static str,
    },
}

/// What words can call for, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// Somebody may be or was hurt.
    Safety,
    /// A person who needs particular care.
    Vulnerable,
    /// The customer turns or threatens to turn to the regulator, a court or the consumers' association.
    Regulator,
    /// The press or the public.
    Media,
    /// Waiting does harm.
    Urgent,
    /// A loss or fault beyond the usual.
    Severe,
    /// The customer is about to leave.
    Leaving,
}

impl Cue {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Safety, Self::Vulnerable, Self::Regulator, Self::Media, Self::Urgent, Self::Severe, Self::Leaving];

    /// Its name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Vulnerable => "vulnerable",
            Self::Regulator => "regulator",
            Self::Media => "media",
            Self::Urgent => "urgent",
            Self::Severe => "severe",
            Self::Leaving => "leaving",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    cue: Vec<WrittenEntry<Cue>>,
    #[serde(default)]
    category: Vec<WrittenEntry<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry<T> {
    id: T,
    #[serde(default)]
    zh: Vec<String>,
    #[serde(default)]
    en: Vec<String>,
    /// Words that hold one of the above and mean something else.
    #[serde(default)]
    except: Vec<String>,
}

/// Words of an entry, folded.
#[derive(Clone, Debug)]
struct Words {
    words: Vec<String>,
    except: Vec<String>,
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    cues: BTreeMap<Cue, Words>,
    categories: BTreeMap<String, Words>,
}

/// A place in a text that an entry went by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The words, folded.
    pub words: String,
}

/// A cue that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueHit {
    /// Which.
    pub cue: Cue,
    /// By what, each once.
    pub said: Vec<Said>,
}

/// What a list says of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Cues, the gravest first.
    pub cues: Vec<CueHit>,
    /// Categories with the words that name them, the one with most first.
    pub categories: Vec<(String, Vec<Said>)>,
}

impl Lexicon {
    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(toml: &str) -> Result<Self, LexiconError> {
        let written: Written = toml::from_str(toml).map_err(|error| LexiconError::Form(error.to_string()))?;
        let mut lexicon = Self::default();
        let mut count = 0;
        for entry in written.cue {
            let name = entry.id.code().to_owned();
            if lexicon.cues.insert(entry.id, words(&name, entry.zh, entry.en, entry.except, &mut count)?).is_some() {
                return Err(LexiconError::Entry { entry: name, what: "stands twice" });
            }
        }
        for entry in written.category {
            let words = words(&entry.id, entry.zh, entry.en, entry.except, &mut count)?;
            if lexicon.categories.insert(entry.id.clone(), words).is_some() {
                return Err(LexiconError::Entry { entry: entry.id, what: "stands twice" });
            }
        }
        Ok(lexicon)
    }

    /// The categories it has words for.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.categories.keys().map(String::as_str)
    }

    /// What it says of a text.
    #[must_use]
    pub fn read(&self, text: &str) -> Read {
        let folded = text::fold(text);
        let cues = self.cues.iter().filter_map(|(cue, words)| {
            let said = words.said(&folded);
            (!said.is_empty()).then_some(CueHit { cue: *cue, said })
        });
        let mut categories: Vec<(String, Vec<Said>)> = self
            .categories
            .iter()
            .map(|(category, words)| (category.clone(), words.said(&folded)))
            .filter(|(_, said)| !said.is_empty())
            .collect();
        let weight = |said: &[Said]| said.iter().map(|said| said.words.chars().count()).sum::<usize>();
        categories.sort_by(|a, b| weight(&b.1).cmp(&weight(&a.1)).then(a.0.cmp(&b.0)));
        Read { cues: cues.collect(), categories }
    }
}

fn words(
    name: &str,
    zh: Vec<String>,
    en: Vec<String>,
    except: Vec<String>,
    count: &mut usize,
) -> Result<Words, LexiconError> {
    let wrong = |what| LexiconError::Entry { entry: name.to_owned(), what };
    let folded = |words: Vec<String>| words.iter().map(|word| text::fold(word)).collect::<Vec<_>>();
    let (mut words, except) = (folded(zh), folded(except));
    words.extend(folded(en));
    *count += words.len() + except.len();
    if *count > MOST_WORDS {
        return Err(wrong("the list is too long"));
    }
    if words.is_empty() {
        return Err(wrong("has no words"));
    }
    if words.iter().chain(&except).any(|word| word.trim_end_matches('*').chars().nth(1).is_none()) {
        return Err(wrong("a word of fewer than two signs finds everything"));
    }
    Ok(Words { words, except })
}

impl Words {
    /// What of them stands in a text, each once, longer words before those within them.
    fn said(&self, folded: &str) -> Vec<Said> {
        let barred: Vec<Range<usize>> = self.except.iter().flat_map(|word| places(folded, word)).collect();
        let mut found: Vec<Range<usize>> = self
            .words
            .iter()
            .flat_map(|word| places(folded, word))
            .filter(|place| !barred.iter().any(|barred| barred.start <= place.start && place.end <= barred.end))
            .collect();
        found.sort_by_key(|place| (std::cmp::Reverse(place.len()), place.start));
        let mut taken: Vec<Range<usize>> = Vec::new();
        for place in found {
            if taken.iter().all(|taken| place.end <= taken.start || taken.end <= place.start) {
                taken.push(place);
            }
        }
        taken.sort_by_key(|place| place.start);
        let mut said: Vec<Said> = Vec::new();
        for place in taken {
            let words = folded.get(place).unwrap_or_default().to_owned();
            if said.iter().all(|said| said.words != words) {
                said.push(Said { words });
            }
        }
        said
    }
}

/// Where a word stands. Letters and digits only as a whole word, or as its beginning when the word ends with `*`.
fn places(folded: &str, word: &str) -> Vec<Range<usize>> {
    let (stem, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
    let joins = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() && !text::unspaced(sign));
    let begins = stem.chars().next();
    let ends = stem.chars().next_back();
    let fits = |(at, _): (usize, &str)| {
        let before = folded.get(..at).and_then(|text| text.chars().next_back());
        let after = folded.get(at + stem.len()..).and_then(|text| text.chars().next());
        let free = !(joins(begins) && joins(before)) && (open || !(joins(ends) && joins(after)));
        free.then(|| {
            let rest = folded.get(at + stem.len()..).unwrap_or_default();
            let more = if open { rest.find(|sign: char| !joins(Some(sign))).unwrap_or(rest.len()) } else { 0 };
            at..at + stem.len() + more
        })
    };
    folded.match_indices(stem).filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_runs_and_exceptions() {
        let list = r#"
            [[cue]]
            id = "safety"
            zh = ["触电", "冒烟"]
            en = ["fire", "burn*"]
            except = ["fire tv"]
            [[category]]
            id = "x.y"
            zh = ["没信号"]
            en = ["no signal"]
        "#;
        let lexicon = Lexicon::parse(list).unwrap();
        let said = |text: &str| {
            let read = lexicon.read(text);
            read.cues.into_iter().flat_map(|hit| hit.said).map(|said| said.words).collect::<Vec<_>>()
        };
        assert_eq!(said("光猫冒烟了，差点触电"), ["冒烟", "触电"]);
        assert_eq!(said("It burned, FIRE! firewall"), ["burned", "fire"]);
        assert!(said("My Fire TV is slow").is_empty());
        assert_eq!(lexicon.read("家里没信号 NO  SIGNAL").categories[0].1.len(), 2);
        assert!(Lexicon::parse("[[cue]]\nid=\"safety\"\nzh=[\"电\"]").is_err());
        assert!(Lexicon::parse("[[cue]]\nid=\"nothing\"").is_err());
    }
}
