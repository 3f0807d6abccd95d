//! Suggestions while somebody registers: categories whose words a text holds, and words that call for care. By the word
//! list of the packs; the machine only suggests, and what the person chose is kept beside it.

use crate::Desk;
use domain::advice::{self, Advice};
use domain::event::Event;
use domain::free_text::FreeText;
use domain::intake::Parted;
use learn::Cue;
use serde_json::Value;

/// Categories suggested at most.
const MOST: usize = 3;
/// Characters of a text that are read.
const READ: usize = 10_000;

/// A category with what spoke for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// Leaf of the category tree.
    pub category: String,
    /// The words, as the list has them.
    pub words: Vec<String>,
}

/// What is suggested for a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// By what: the word list, by its content.
    pub by: String,
    /// Categories, the one with most words first.
    pub categories: Vec<Suggested>,
    /// Whether words of one category alone were found; else the person is told that it is not sure.
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
        // An operator's own list may name what their tree does not have.
        let known = |code: &str| self.library().taxonomy().category(code).is_some();
        let mut found = read.categories.into_iter().filter(|(code, _)| known(code)).peekable();
        let categories: Vec<Suggested> =
            found.by_ref().take(MOST).map(|(category, said)| Suggested { category, words: words(said) }).collect();
        let cues: Vec<_> = read.cues.into_iter().map(|hit| (hit.cue, words(hit.said))).collect();
        let sure = categories.len() == 1;
        (!categories.is_empty() || !cues.is_empty()).then(|| Suggestion {
            by: self.library().lexicon_name().to_owned(),
            categories,
            sure,
            cues,
        })
    }

    /// What was suggested to whoever registers and what they chose, for the log. Suggested once more rather than believed.
    pub(crate) fn chosen(&self, parted: &Parted) -> Option<Event> {
        parted.suggested_by.as_ref()?;
        let record = &parted.record;
        let texts = [record.subject.as_ref(), Some(&record.description), record.demand.as_ref()];
        let texts: Vec<&str> = texts.into_iter().flatten().filter_map(FreeText::plain).collect();
        let found = self.suggest_for(&texts.join("\n")).filter(|found| !found.categories.is_empty())?;
        let suggested = found.categories.into_iter();
        let suggested = suggested.map(|one| advice::Suggested { category: one.category, per_mille: None }).collect();
        let chosen = parted.category.clone();
        Some(Event::Advised { advice: Advice::Category { by: found.by, suggested, sure: found.sure, chosen } })
    }
}
