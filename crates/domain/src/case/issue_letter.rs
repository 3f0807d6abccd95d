//! Issue a letter (发函): what the rules want a customer or another body told goes out in their words. The letter stands
//! sealed in the log, with the way it went and what proves it; pages and files of it are only pictures of that.

use super::reading::{self, Given, Paper};
use super::{Case, Context, Decision, State, clocks, grade, register};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use policy::{LetterFault, LetterRule, Medium, Proof};
use serde::Deserialize;

/// How letters go out.
pub const MEDIA: &[&str] = &["post", "email", "sms", "app", "portal", "phone"];

/// Shape of a letter.
pub const FIELDS: &[Field] = &[
    required("letter", Kind::Line { max: 64 }, "Rule of the letter, such as right_to_appeal."),
    required("language", Kind::Line { max: 16 }, "Its language, one of the rule's, such as zh-CN."),
    required("medium", Kind::Code(MEDIA), "How it goes out, one of the rule's ways."),
    optional(
        "content",
        Kind::Text { max: 20_000, multiline: true },
        "What it says; every statement the rule requires. Left out with `reading`.",
    ),
    optional("reading", Kind::Whole { min: 1, max: 1_000_000 }, "The released reading whose words go out."),
    optional("at", Kind::Moment, "When it went out. Default: now."),
    optional("document", Kind::Uuid, "The attachment of this case that proves it."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "Number of the posting or message that proves it. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Issue a letter.
#[derive(Clone, Debug, Deserialize)]
pub struct IssueLetter {
    /// Rule of the letter.
    pub letter: String,
    /// Its language.
    pub language: String,
    /// How it goes out.
    pub medium: Medium,
    /// What it says.
    #[serde(default, deserialize_with = "plain_option")]
    pub content: Option<FreeText>,
    /// The released reading whose words go out.
    pub reading: Option<u32>,
    /// Those words; the desk opens them, never a caller.
    #[serde(skip)]
    pub read: Option<FreeText>,
    /// When.
    pub at: Option<Timestamp>,
    /// The attachment that proves it.
    pub document: Option<AttachmentId>,
    /// The number that proves it.
    pub reference: Option<String>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    // What the customer of a merged case is told of their own is written there. Of a void case nobody is told anything,
    // unless a rule asks for it because it became void.
    let since_then = |one: &super::Letter| one.owed.as_ref().is_some_and(|(since, _)| Some(*since) >= case.closed_at);
    case.state != State::Voided || case.letters.iter().any(|one| one.issued.is_none() && since_then(one))
}

/// Decides a letter.
///
/// # Errors
/// If there is no such letter for this case, it has no such language or way, or lacks a statement it must make; all at
/// once, each statement by its words.
pub fn decide(case: &Case, letter: &IssueLetter, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if !offered(case) {
        return Err(Refusal::conflict("wrong_state").with("state", case.state.code()).with("allowed", "—"));
    }
    let rule = rule(case, &letter.letter, ctx)?;
    let mut faults = faults(rule, &letter.language, letter.content.as_ref());
    if !rule.media.contains(&letter.medium) {
        let allowed: Vec<&str> = rule.media.iter().map(|medium| medium.code()).collect();
        faults.push(Fault::new("medium", "not_one_of").with("allowed", allowed.join(", ")));
    }
    let at = letter.at.unwrap_or(ctx.now);
    if let Err(refusal) = register::within_life(case, at, "at", ctx) {
        faults.extend(refusal.faults);
    }
    faults.extend(case.require_attached(letter.document).err());
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    let paper = Paper::Letter { letter: letter.letter.clone(), language: letter.language.clone() };
    let given = Given { content: letter.content.as_ref(), reading: letter.reading, read: letter.read.as_ref() };
    let content = reading::words(case, &paper, given, reading::wanted_for(case, rule, ctx.rules, ctx.taxonomy), at)?;
    let owed = case.letters.iter().find(|one| one.rule == letter.letter && one.issued.is_none());
    let mut events = vec![Event::LetterIssued {
        letter: owed.map_or_else(|| case.next_letter(), |owed| owed.id),
        rule: letter.letter.clone(),
        language: letter.language.clone(),
        medium: letter.medium,
        at,
        content,
        document: letter.document,
        reference: letter.reference.clone(),
    }];
    // Where arrival is what counts, clocks wait for that.
    if rule.proof == Proof::Sent {
        events.extend(clocks::with_letter(case, &letter.letter, at, ctx));
    }
    Ok(Decision::of(events))
}

/// What is wrong with the words of a letter in a language, each statement by its words.
pub(super) fn faults(rule: &LetterRule, language: &str, content: Option<&FreeText>) -> Vec<Fault> {
    if !rule.languages.iter().any(|known| known == language) {
        return vec![Fault::new("language", "not_one_of").with("allowed", rule.languages.join(", "))];
    }
    let written = content.and_then(FreeText::plain).unwrap_or_default();
    let wrong = if content.is_some() { rule.faults(language, written) } else { Vec::new() };
    let faults = wrong.into_iter().map(|fault| match fault {
        LetterFault::Lacks { words, .. } => Fault::new("content", "letter_lacks").with("words", words),
        LetterFault::Blank(name) => Fault::new("content", "letter_blank").with("blank", name),
    });
    faults.collect()
}

/// The rule of a letter that is for this case, or is owed in it.
///
/// # Errors
/// Names the field.
pub fn rule<'r>(case: &Case, letter: &str, ctx: &Context<'r>) -> Result<&'r LetterRule, Refusal> {
    let rule = ctx.rules.letter(letter).ok_or_else(|| Fault::new("letter", "unknown_letter"))?;
    let owed = case.letters.iter().any(|one| one.rule == letter && one.issued.is_none());
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    if owed || ctx.rules.letters(&facts, case.grade, case.received_at).any(|one| one.head.id == letter) {
        return Ok(rule);
    }
    Err(Fault::new("letter", "letter_not_for_case").into())
}
