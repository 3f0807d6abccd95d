//! Ask for reading (提交审读): the words of an answer or letter are laid before a second person before they go out.

use super::reading::{PAPERS, Paper};
use super::{Case, Context, Decision, issue_letter, reply};
use crate::advice::Drafted;
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the asking.
pub const FIELDS: &[Field] = &[
    required("paper", Kind::Code(PAPERS), "What is to be read: the reply, or a letter."),
    optional("letter", Kind::Line { max: 64 }, "Rule of the letter; with `paper` letter alone."),
    optional("language", Kind::Line { max: 16 }, "Language of the letter; with `paper` letter alone."),
    required(
        "content",
        Kind::Text { max: 20_000, multiline: true },
        "The words that are to go out; of a reply at most 10,000 characters.",
    ),
    optional("confirmed", Kind::Bool, "True when a machine's draft is laid before a reader as it is, on purpose."),
];

/// Most characters of a reply.
const MOST_REPLY: usize = 10_000;
/// Readings kept in one case; more are a mistake.
const MOST: usize = 200;

/// Ask a second person to read what is to go out.
#[derive(Clone, Debug, Deserialize)]
pub struct AskReading {
    /// What it is, one of [`PAPERS`].
    pub paper: String,
    /// Rule of the letter.
    pub letter: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// The words.
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
    /// Whether a machine's draft is meant to stay as it is.
    #[serde(default)]
    pub confirmed: bool,
    /// What a machine had drafted for the asker; the desk says so, never a caller.
    #[serde(skip)]
    pub drafted: Option<Drafted>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    reply::offered(case) || issue_letter::offered(case)
}

/// Decides the asking.
///
/// # Errors
/// If the reply or letter could not go out as it stands: there is no approved outcome, no such letter, or a statement is
/// missing in it. Nobody is to read what has to be written anew.
pub fn decide(case: &Case, ask: &AskReading, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if case.readings.len() >= MOST {
        return Err(Refusal::conflict("too_many_readings").with("max", MOST));
    }
    let paper = match (ask.paper.as_str(), &ask.letter, &ask.language) {
        ("letter", Some(letter), Some(language)) => {
            if !issue_letter::offered(case) {
                return Err(Refusal::conflict("wrong_state").with("state", case.state.code()).with("allowed", "—"));
            }
            let rule = issue_letter::rule(case, letter, ctx)?;
            let faults = issue_letter::faults(rule, language, Some(&ask.content));
            if !faults.is_empty() {
                return Err(Refusal::invalid(faults));
            }
            Paper::Letter { letter: letter.clone(), language: language.clone() }
        }
        ("letter", letter, _) => {
            let field = if letter.is_none() { "letter" } else { "language" };
            return Err(Fault::new(field, "required").into());
        }
        (_, None, None) => {
            reply::tellable(case)?;
            let given = ask.content.plain().map_or(0, |words| words.chars().count());
            if given > MOST_REPLY {
                return Err(Fault::new("content", "too_long").with("max", MOST_REPLY).with("given", given).into());
            }
            Paper::Reply {}
        }
        (_, letter, _) => {
            let field = if letter.is_some() { "letter" } else { "language" };
            return Err(Fault::new(field, "of_letters_only").into());
        }
    };
    let reading = case.readings.iter().map(|one| one.id).max().unwrap_or(0).saturating_add(1);
    let drafted = ask.drafted.as_ref().filter(|_| paper == Paper::Reply {});
    let drafted = drafted.map(|draft| draft.sent(&ask.content, ask.confirmed, Some(reading))).transpose()?;
    let mut events = vec![Event::ReadingAsked { reading, paper, content: ask.content.clone() }];
    events.extend(drafted);
    Ok(Decision::of(events))
}
