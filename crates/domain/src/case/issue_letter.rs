//! Issue a letter (发函): what the rules want a customer or another body told goes out in their words. The letter stands
//! sealed in the log, with the way it went and what proves it; pages and files of it are only pictures of that.

use super::{Case, Context, Decision, State, clocks, grade, register};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
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
    required(
        "content",
        Kind::Text { max: 20_000, multiline: true },
        "What it says; every statement the rule requires.",
    ),
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
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
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
    let mut faults = Vec::new();
    if !rule.languages.contains(&letter.language) {
        faults.push(Fault::new("language", "not_one_of").with("allowed", rule.languages.join(", ")));
    }
    if !rule.media.contains(&letter.medium) {
        let allowed: Vec<&str> = rule.media.iter().map(|medium| medium.code()).collect();
        faults.push(Fault::new("medium", "not_one_of").with("allowed", allowed.join(", ")));
    }
    if let FreeText::Plain(written) = &letter.content {
        faults.extend(rule.faults(&letter.language, written).into_iter().map(|fault| match fault {
            LetterFault::Lacks { words, .. } => Fault::new("content", "letter_lacks").with("words", words),
            LetterFault::Blank(name) => Fault::new("content", "letter_blank").with("blank", name),
        }));
    }
    let at = letter.at.unwrap_or(ctx.now);
    if let Err(refusal) = register::within_life(case, at, "at", ctx) {
        faults.extend(refusal.faults);
    }
    faults.extend(case.require_attached(letter.document).err());
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    let owed = case.letters.iter().find(|one| one.rule == letter.letter && one.issued.is_none());
    let mut events = vec![Event::LetterIssued {
        letter: owed.map_or_else(|| case.next_letter(), |owed| owed.id),
        rule: letter.letter.clone(),
        language: letter.language.clone(),
        medium: letter.medium,
        at,
        content: letter.content.clone(),
        document: letter.document,
        reference: letter.reference.clone(),
    }];
    // Where arrival is what counts, clocks wait for that.
    if rule.proof == Proof::Sent {
        events.extend(clocks::with_letter(case, &letter.letter, at, ctx));
    }
    Ok(Decision::of(events))
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
