//! Second reader (二人审读): an answer of a grave case goes out only in words that somebody else than their writer has read
//! and released. Which cases those are is said by gates of the packs (`need = ["second_reader"]`). What was released goes
//! out as it is; other words are read anew.

use super::{Case, gates};
use crate::actor::ActorId;
use crate::event::{Entry, Event};
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::refusal::Refusal;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{GatedStep, LetterRule, Stack};
use serde::{Deserialize, Serialize};

/// What is read, as inputs name it.
pub const PAPERS: &[&str] = &["reply", "letter"];

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "paper", rename_all = "snake_case")]
pub enum Paper {
    /// The answer to the customer.
    Reply {},
    /// A letter, by its rule and language.
    Letter {
        /// Rule of the letter.
        letter: String,
        /// Its language.
        language: String,
    },
}

impl Paper {
    /// The stable code, one of [`PAPERS`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reply {} => "reply",
            Self::Letter { .. } => "letter",
        }
    }

    /// Whether both go out as the same: of a letter one language replaces another.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Reply {}, Self::Reply {}) => true,
            (Self::Letter { letter, .. }, Self::Letter { letter: theirs, .. }) => letter == theirs,
            _ => false,
        }
    }
}

/// How a reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody is to read it.
    Waiting,
    /// It may go out.
    Released,
    /// Its writer has to look at it again.
    Returned,
    /// It went out.
    Used,
    /// Other words, or another outcome, came instead.
    Lapsed,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Released, Self::Returned, Self::Used, Self::Lapsed];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Returned => "returned",
            Self::Used => "used",
            Self::Lapsed => "lapsed",
        }
    }
}

/// Words somebody wants read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Number within the case, from 1.
    pub id: u32,
    /// What they are.
    pub paper: Paper,
    /// The words.
    pub content: FreeText,
    /// Who wrote them.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// How it stands.
    pub standing: Standing,
    /// Who read them, and when.
    pub read: Option<(ActorId, Timestamp)>,
    /// What the reader says about them.
    pub remark: Option<FreeText>,
    /// What drafted them where a machine did, and whether their writer changed that.
    pub drafted: Option<(String, bool)>,
}

/// What whoever sends something gives for words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'g> {
    /// Words of their own.
    pub(super) content: Option<&'g FreeText>,
    /// The reading whose words go out.
    pub(super) reading: Option<u32>,
    /// Those words, as the desk opened them.
    pub(super) read: Option<&'g FreeText>,
}

/// Whether the rules of a case want its answer read by a second person.
#[must_use]
pub fn wanted(case: &Case, rules: &Stack, taxonomy: &Taxonomy) -> bool {
    gates::wants_reader(case, GatedStep::Reply, rules, taxonomy)
}

/// Whether they want a letter read: one that says what was found or decided.
#[must_use]
pub fn wanted_for(case: &Case, letter: &LetterRule, rules: &Stack, taxonomy: &Taxonomy) -> bool {
    letter.tells_outcome() && gates::wants_reader(case, GatedStep::Letter, rules, taxonomy)
}

/// The words that go out: one's own, where nobody has to read them, or those of a released reading.
///
/// # Errors
/// `needs_second_reader`, or a fault of the field that is wrong.
pub(super) fn words(
    case: &Case,
    paper: &Paper,
    given: Given<'_>,
    wanted: bool,
    at: Timestamp,
) -> Result<FreeText, Refusal> {
    let Some(id) = given.reading else {
        let content = given.content.ok_or_else(|| Fault::new("content", "required"))?;
        return if wanted { Err(Refusal::conflict("needs_second_reader")) } else { Ok(content.clone()) };
    };
    if given.content.is_some() {
        return Err(Fault::new("content", "reading_has_words").into());
    }
    let known = case.readings.iter().find(|one| one.id == id && one.paper == *paper);
    let (known, read) = known.zip(given.read).ok_or_else(|| Fault::new("reading", "unknown_reading"))?;
    match known.read {
        Some((_, read_at)) if known.standing == Standing::Released && at >= read_at => Ok(read.clone()),
        Some((_, read_at)) if known.standing == Standing::Released => {
            Err(Fault::new("at", "before_release").with("released", read_at).into())
        }
        _ => Err(Fault::new("reading", "reading_not_released").into()),
    }
}

impl Case {
    /// A reading by its number.
    #[must_use]
    pub fn reading(&self, id: u32) -> Option<&Reading> {
        self.readings.iter().find(|one| one.id == id)
    }

    /// Readings that wait for a reader.
    pub fn waiting_readings(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(|one| one.standing == Standing::Waiting)
    }

    /// Readings whose words may go out.
    pub fn released_readings(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(|one| one.standing == Standing::Released)
    }

    pub(super) fn apply_reading(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::ReadingAsked { reading, paper, content } => {
                self.end_readings(|one| one.is_same(paper), Standing::Lapsed);
                self.readings.push(Reading {
                    id: *reading,
                    paper: paper.clone(),
                    content: content.clone(),
                    by: entry.actor,
                    at: entry.at,
                    standing: Standing::Waiting,
                    read: None,
                    remark: None,
                    drafted: None,
                });
            }
            Event::ReadingReleased { reading, remark } => {
                self.handlers.insert(entry.actor);
                self.decided(*reading, Standing::Released, remark.clone(), entry);
            }
            Event::ReadingReturned { reading, reason } => {
                self.decided(*reading, Standing::Returned, Some(reason.clone()), entry);
            }
            Event::Replied { .. } => self.end_readings(|one| *one == Paper::Reply {}, Standing::Used),
            Event::LetterIssued { rule, .. } => {
                self.end_readings(|one| matches!(one, Paper::Letter { letter, .. } if letter == rule), Standing::Used);
            }
            _ => {}
        }
    }

    pub(super) fn note_draft(&mut self, id: u32, by: &str, changed: bool) {
        if let Some(one) = self.readings.iter_mut().find(|one| one.id == id) {
            one.drafted = Some((by.to_owned(), changed));
        }
    }

    fn decided(&mut self, id: u32, standing: Standing, remark: Option<FreeText>, entry: &Entry) {
        if let Some(one) = self.readings.iter_mut().find(|one| one.id == id) {
            (one.standing, one.read, one.remark) = (standing, Some((entry.actor, entry.at)), remark);
        }
    }

    /// Another outcome, or none: what was written about the one before is not to go out.
    pub(super) fn lapse_readings(&mut self) {
        self.end_readings(|_| true, Standing::Lapsed);
    }

    fn end_readings(&mut self, which: impl Fn(&Paper) -> bool, to: Standing) {
        for one in self.readings.iter_mut().filter(|one| which(&one.paper)) {
            match one.standing {
                Standing::Released => one.standing = to,
                Standing::Waiting => one.standing = Standing::Lapsed,
                Standing::Returned | Standing::Used | Standing::Lapsed => {}
            }
        }
    }
}
