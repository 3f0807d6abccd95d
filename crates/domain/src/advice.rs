//! Advice: what the machine found beside a case, and what a person made of it. The machine only shows; what is recorded
//! is the decision, with what it was about, so that one can count later how often the advice was right.

use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::ids::{CaseId, UnitId};
use crate::refusal::Refusal;
use policy::Grade;
use serde::{Deserialize, Serialize};

/// Most cases one decision is about.
pub const MOST: usize = 20;

/// Something that was shown, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Advice {
    /// An ended case that is like this one.
    Similar {
        /// The other case.
        case: CaseId,
        /// Its number.
        number: String,
        /// Whether it helped.
        useful: bool,
    },
    /// Cases that might have been the same matter; whoever registered this one saw them and said that it is another.
    OtherMatter {
        /// The cases.
        cases: Vec<Seen>,
    },
    /// Categories that were suggested while it was registered.
    Category {
        /// What suggested them: the word list of a version, or a model by its content.
        by: String,
        /// The categories, the likeliest first.
        suggested: Vec<Suggested>,
        /// Whether the first was likely enough to be called sure.
        sure: bool,
        /// What the person chose; none put the case into triage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<String>,
    },
    /// Units that were suggested while it was registered.
    Unit {
        /// What suggested them: a model by its content.
        by: String,
        /// The units, the likeliest first.
        suggested: Vec<SuggestedUnit>,
        /// Whether the first was likely enough to be called sure.
        sure: bool,
        /// Where it went: the table of routing or whoever registered says so.
        went: UnitId,
    },
    /// Grades that were suggested while it was registered.
    Grade {
        /// What suggested them: a model by its content.
        by: String,
        /// The grades, the likeliest first.
        suggested: Vec<SuggestedGrade>,
        /// Whether the first was likely enough to be called sure.
        sure: bool,
        /// What the rules made of what the person assessed.
        given: Grade,
    },
    /// Words a machine had drafted, which somebody sent or laid before a reader.
    Draft {
        /// What drafted them.
        by: String,
        /// Whether whoever sent them wrote something else than it did; else they confirmed its words as they were.
        changed: bool,
        /// The reading they were laid before a reader with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reading: Option<u32>,
    },
}

/// A unit that was suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedUnit {
    /// The unit.
    pub unit: UnitId,
    /// How likely, in thousandths.
    pub per_mille: u16,
}

/// A grade that was suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedGrade {
    /// The grade.
    pub grade: Grade,
    /// How likely, in thousandths.
    pub per_mille: u16,
}

/// What a machine had written where somebody sends words now; the desk knows it, never a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// What wrote it.
    pub by: String,
    /// Its words.
    pub words: String,
}

impl Drafted {
    /// What is recorded when words are sent where it had written some: a machine's words go out as they are only when a person
    /// says so.
    ///
    /// # Errors
    /// `machine_draft_unchanged` where nobody does.
    pub fn sent(&self, words: &FreeText, confirmed: bool, reading: Option<u32>) -> Result<Event, Refusal> {
        let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        let changed = words.plain().is_none_or(|words| letters(words) != letters(&self.words));
        if !changed && !confirmed {
            return Err(Fault::new("confirmed", "machine_draft_unchanged").into());
        }
        Ok(Event::Advised { advice: Advice::Draft { by: self.by.clone(), changed, reading } })
    }
}

/// A case that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
}

/// A category that was suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// Leaf of the category tree.
    pub category: String,
    /// How likely, in thousandths; a word list does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_mille: Option<u16>,
}
