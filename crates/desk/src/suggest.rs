//! Suggestions while somebody registers: categories, the unit that will answer, the grade, and words that call for care.
//! Categories come from the model in use, each with its probability, and from the word list of the packs, which works alone
//! where there is no model; units and grades come from a model alone, and only from one that is right more often than saying
//! what most are; words that call for care come from the list always. The machine only suggests: the table of routing and
//! the rules decide about unit and grade, and what became of it is kept beside what was suggested.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::organisation::area::Tree;
use crate::{Desk, permissions};
use domain::actor::AreaScope;
use domain::advice::{self, Advice, SuggestedGrade, SuggestedUnit};
use domain::event::Event;
use domain::free_text::FreeText;
use domain::ids::UnitId;
use domain::intake::Parted;
use learn::{Cue, Guess, Model};
use policy::Grade;
use serde_json::Value;
use std::collections::HashMap;
use store::units;

/// Categories suggested at most, and units, and grades.
const MOST: usize = 3;
/// Units a model is asked for, so that enough remain when those that do not fit the place are left out.
const ASKED: usize = 30;
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

/// A unit, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedUnit {
    /// The unit.
    pub id: UnitId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Something that is suggested beside the category, with what spoke for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside<T> {
    /// Which.
    pub of: T,
    /// Words of the text as the model read them.
    pub words: Vec<String>,
    /// How likely it is, in thousandths.
    pub per_mille: u16,
}

/// What is suggested beside the category: units, or grades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options<T> {
    /// The likeliest first; not empty.
    pub options: Vec<Beside<T>>,
    /// Whether the first is more likely right than wrong.
    pub sure: bool,
}

impl<T> Options<T> {
    /// What of guesses is known here; nothing of a text the model knows nothing of.
    fn of(guesses: Vec<Guess>, known: impl Fn(&str) -> Option<T>) -> Option<Self> {
        let told = guesses.into_iter().filter(|guess| guess.probability >= LIKELY && !guess.reasons.is_empty());
        let mut sure = false;
        let mut options = Vec::with_capacity(MOST);
        for guess in told {
            let Some(of) = known(&guess.label) else { continue };
            sure = sure || (options.is_empty() && guess.probability >= Model::SURE);
            let per_mille = thousandths(&guess);
            options.push(Beside { of, words: guess.reasons.into_iter().map(|one| one.words).collect(), per_mille });
            if options.len() == MOST {
                break;
            }
        }
        (!options.is_empty()).then_some(Self { options, sure })
    }
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
    /// Units that may answer, open ones of the place that whoever asks sees.
    pub units: Option<Options<NamedUnit>>,
    /// Grades it may have in the end.
    pub grades: Option<Options<Grade>>,
    /// Words that call for care, the gravest first.
    pub cues: Vec<(Cue, Vec<String>)>,
}

impl Desk {
    /// What is suggested for an intake as a person or programme gives it; nothing where that is switched off or nothing
    /// is found.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn suggest(&self, caller: &Caller, intake: &Value) -> Result<Option<Suggestion>, DeskError> {
        let text = |at: &str| intake.pointer(at).and_then(Value::as_str);
        let texts: Vec<&str> =
            [text("/subject"), text("/description"), text("/demand")].into_iter().flatten().collect();
        let region = text("/region").filter(|region| domain::taxonomy::region_valid(region));
        self.suggest_for(caller, &texts.join("\n"), region.unwrap_or_default()).await
    }

    async fn suggest_for(&self, caller: &Caller, text: &str, region: &str) -> Result<Option<Suggestion>, DeskError> {
        if !self.suggests() {
            return Ok(None);
        }
        let text: String = text.chars().take(READ).collect();
        let read = self.library().lexicon().read(&text);
        let words = |said: Vec<learn::Said>| said.into_iter().map(|one| one.words).collect::<Vec<_>>();
        let cues: Vec<_> = read.cues.into_iter().map(|hit| (hit.cue, words(hit.said))).collect();
        // An operator's own list may name what their tree does not have.
        let known = |code: &str| self.library().taxonomy().is_leaf(code);
        let by_words = read.categories.into_iter().filter(|(code, _)| known(code));
        let by_words: Vec<(String, Vec<String>)> = by_words.map(|(code, said)| (code, words(said))).collect();
        let mut found = Suggestion { cues, ..Suggestion::default() };
        match self.models().serving() {
            Some(serving) => {
                let guesses = serving.model.guess(&text, MOST + serving.foreign);
                let guesses: Vec<Guess> = guesses.into_iter().filter(|guess| known(&guess.label)).collect();
                (found.categories, found.sure) = united(&guesses, by_words);
                found.by.clone_from(&serving.name);
                let grades = serving.grade.as_ref().map(|model| model.guess(&text, MOST));
                found.grades = grades.and_then(|guesses| Options::of(guesses, Grade::from_code));
                if let Some(model) = &serving.unit {
                    let there = self.units_for(caller, region).await?;
                    found.units = Options::of(model.guess(&text, ASKED), |id| there.get(id).cloned());
                }
            }
            None => {
                let one = |(category, words)| Suggested { category, words, per_mille: None };
                found.categories = by_words.into_iter().take(MOST).map(one).collect();
                found.sure = found.categories.len() == 1;
                found.by = self.library().lexicon_name().to_owned();
            }
        }
        let nothing = found.categories.is_empty() && found.cues.is_empty();
        Ok((!nothing || found.units.is_some() || found.grades.is_some()).then_some(found))
    }

    /// Open units that take cases of a place and that the caller sees, by identity.
    async fn units_for(&self, caller: &Caller, region: &str) -> Result<HashMap<String, NamedUnit>, DeskError> {
        if !permissions::READ_ORGANISATION.allows(caller) {
            return Ok(HashMap::new());
        }
        let rows = self.db().read(|tx| Ok::<_, DeskError>(units::units(tx)?)).await?;
        let tree = Tree::of(&rows);
        let own = &caller.actor.area;
        let fits = |area: &AreaScope| own.meets(area) && (region.is_empty() || area.covers(region));
        let there = rows.into_iter().filter(|row| !row.closed && fits(&tree.unit(row.id)));
        let named = |row: store::UnitRow| NamedUnit { id: UnitId(row.id), code: row.code, name: row.name };
        Ok(there.map(|row| (row.id.to_string(), named(row))).collect())
    }

    /// What was suggested to whoever registers. Suggested once more rather than believed.
    pub(crate) async fn shown(&self, caller: &Caller, parted: &Parted) -> Result<Option<Suggestion>, DeskError> {
        if parted.suggested_by.is_none() {
            return Ok(None);
        }
        let record = &parted.record;
        let texts = [record.subject.as_ref(), Some(&record.description), record.demand.as_ref()];
        let texts: Vec<&str> = texts.into_iter().flatten().filter_map(FreeText::plain).collect();
        self.suggest_for(caller, &texts.join("\n"), &record.region).await
    }
}

impl Suggestion {
    /// Categories that were suggested and the one the person chose, for the log.
    pub(crate) fn of_category(&self, parted: &Parted) -> Option<Event> {
        let one = |one: &Suggested| advice::Suggested { category: one.category.clone(), per_mille: one.per_mille };
        let suggested: Vec<advice::Suggested> = self.categories.iter().map(one).collect();
        let (by, sure, chosen) = (self.by.clone(), self.sure, parted.category.clone());
        let advice = Advice::Category { by, suggested, sure, chosen };
        (!self.categories.is_empty()).then_some(Event::Advised { advice })
    }

    /// Units and grades that were suggested, with where the case went and the grade it got, for the log.
    pub(crate) fn beside(&self, first: &[Event]) -> Vec<Event> {
        let mut went = None;
        let mut given = None;
        for event in first {
            match event {
                Event::Registered { owner, .. } | Event::Assigned { owner, .. } => went = Some(owner.unit),
                Event::Graded { grade, .. } => given = Some(*grade),
                _ => {}
            }
        }
        let units = self.units.as_ref().zip(went).map(|(units, went)| {
            let one = |one: &Beside<NamedUnit>| SuggestedUnit { unit: one.of.id, per_mille: one.per_mille };
            let suggested = units.options.iter().map(one).collect();
            Advice::Unit { by: self.by.clone(), suggested, sure: units.sure, went }
        });
        let grades = self.grades.as_ref().zip(given).map(|(grades, given)| {
            let one = |one: &Beside<Grade>| SuggestedGrade { grade: one.of, per_mille: one.per_mille };
            let suggested = grades.options.iter().map(one).collect();
            Advice::Grade { by: self.by.clone(), suggested, sure: grades.sure, given }
        });
        units.into_iter().chain(grades).map(|advice| Event::Advised { advice }).collect()
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
