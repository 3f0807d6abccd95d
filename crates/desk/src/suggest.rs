//! Suggestions while somebody registers: categories, and words that call for care. Categories come from the model in use,
//! each with its probability, and from the word list of the packs, which works alone where there is no model; words that
//! call for care come from the list always. The machine only suggests, and what the person chose is kept beside it.

use crate::Desk;
use domain::advice::{self, Advice};
use domain::event::Event;
use domain::free_text::FreeText;
use domain::intake::Parted;
use learn::{Cue, Guess, Model};
use serde_json::Value;

/// Categories suggested at most.
const MOST: usize = 3;
/// Characters of a text that are read.
const READ: usize = crate::models::READ;
/// A category less likely than this is not worth a line. [P]: a proposal of this product.
const LIKELY: f32 = 0.01;

/// A category with what spoke for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// Leaf of the category tree.
    pub category: String,
    /// What spoke for it: words of the text as the model read them, and words as the list has them.
    pub words: Vec<String>,
    /// How likely it is, in thousandths; a word list does not say.
    pub per_mille: Option<u16>,
}

/// What is suggested for a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// By what: the model in use, else the word list, by its content.
    pub by: String,
    /// Categories, the likeliest or the one with most words first.
    pub categories: Vec<Suggested>,
    /// Whether the first is more likely right than wrong, or words of one category alone were found; else the person is told
    /// that it is not sure.
    pub sure: bool,
    /// Words that call for care, the gravest first.
    pub cues: Vec<(Cue, Vec<String>)>,
}

impl Desk {
    /// What is suggested for an intake as a person or programme gives it; nothing where that is switched off or nothing
    /// is found.
    #[must_use]
    pub fn suggest(&self, intake: &Value) -> Option<Suggestion> {
        let text = |at: &str| intake.pointer(at).and_then(Value::as_str);
        let texts: Vec<&str> =
            [text("/subject"), text("/description"), text("/demand")].into_iter().flatten().collect();
        self.suggest_for(&texts.join("\n"))
    }

    fn suggest_for(&self, text: &str) -> Option<Suggestion> {
        if !self.suggests() {
            return None;
        }
        let text: String = text.chars().take(READ).collect();
        let read = self.library().lexicon().read(&text);
        let words = |said: Vec<learn::Said>| said.into_iter().map(|one| one.words).collect::<Vec<_>>();
        let cues: Vec<_> = read.cues.into_iter().map(|hit| (hit.cue, words(hit.said))).collect();
        // An operator's own list may name what their tree does not have.
        let known = |code: &str| self.library().taxonomy().is_leaf(code);
        let by_words = read.categories.into_iter().filter(|(code, _)| known(code));
        let by_words: Vec<(String, Vec<String>)> = by_words.map(|(code, said)| (code, words(said))).collect();
        let (by, categories, sure) = match self.models().serving() {
            Some(serving) => {
                let guesses = serving.model.guess(&text, MOST + serving.foreign);
                let guesses: Vec<Guess> = guesses.into_iter().filter(|guess| known(&guess.label)).collect();
                let (categories, sure) = united(&guesses, by_words);
                (serving.name.clone(), categories, sure)
            }
            None => {
                let one = |(category, words)| Suggested { category, words, per_mille: None };
                let categories: Vec<Suggested> = by_words.into_iter().take(MOST).map(one).collect();
                let sure = categories.len() == 1;
                (self.library().lexicon_name().to_owned(), categories, sure)
            }
        };
        (!categories.is_empty() || !cues.is_empty()).then_some(Suggestion { by, categories, sure, cues })
    }

    /// What was suggested to whoever registers and what they chose, for the log. Suggested once more rather than believed.
    pub(crate) fn chosen(&self, parted: &Parted) -> Option<Event> {
        parted.suggested_by.as_ref()?;
        let record = &parted.record;
        let texts = [record.subject.as_ref(), Some(&record.description), record.demand.as_ref()];
        let texts: Vec<&str> = texts.into_iter().flatten().filter_map(FreeText::plain).collect();
        let found = self.suggest_for(&texts.join("\n")).filter(|found| !found.categories.is_empty())?;
        let suggested = found.categories.into_iter();
        let suggested =
            suggested.map(|one| advice::Suggested { category: one.category, per_mille: one.per_mille }).collect();
        let chosen = parted.category.clone();
        Some(Event::Advised { advice: Advice::Category { by: found.by, suggested, sure: found.sure, chosen } })
    }
}

/// What model and word list say together: the likeliest categories of the model with what spoke for them, then those the
/// list alone names. Whether it is sure the model alone says, and only of a text it knows something of.
fn united(guesses: &[Guess], by_words: Vec<(String, Vec<String>)>) -> (Vec<Suggested>, bool) {
    let sure = guesses.first().is_some_and(|first| first.probability >= Model::SURE && !first.reasons.is_empty());
    let mut categories: Vec<Suggested> = Vec::with_capacity(MOST);
    for guess in guesses.iter().filter(|guess| guess.probability >= LIKELY && !guess.reasons.is_empty()).take(MOST) {
        let mut words: Vec<String> = guess.reasons.iter().map(|reason| reason.words.clone()).collect();
        let listed = by_words.iter().filter(|(code, _)| *code == guess.label).flat_map(|(_, listed)| listed);
        for word in listed {
            if !words.iter().any(|one| one.contains(word.as_str())) {
                words.push(word.clone());
            }
        }
        categories.push(Suggested { category: guess.label.clone(), words, per_mille: Some(thousandths(guess)) });
    }
    for (category, words) in by_words {
        if categories.len() < MOST && !categories.iter().any(|one| one.category == category) {
            let guess = guesses.iter().find(|guess| guess.label == category);
            categories.push(Suggested { category, words, per_mille: guess.map(thousandths) });
        }
    }
    (categories, sure)
}

fn thousandths(guess: &Guess) -> u16 {
    (guess.probability.clamp(0.0, 1.0) * 1000.0).round() as u16
}
