//! Gates (放行条件): what must be there before a case takes a step. What the lifecycle asks for itself stands in the
//! verbs; here stands what the rules ask for besides, and the letters the law wants. No gate is opened by waiting.

use super::owed_compensation::Due;
use super::{Case, Context, Letter, effects, grade, matter, owed_compensation};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::taxonomy::Taxonomy;
use policy::{Evidence, GatedStep, Need, Stack, Text};

/// The doors by which a case ends. Going up in another is none: the other one answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is closed with its evidence.
    Close,
    /// It is not taken up.
    Decline,
    /// The customer takes it back.
    Withdraw,
    /// It was registered by mistake.
    Void,
}

impl Ending {
    /// Every door but closing, of which `missing_for_close` tells.
    pub const OTHERS: [Self; 3] = [Self::Decline, Self::Withdraw, Self::Void];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Decline => "decline",
            Self::Withdraw => "withdraw",
            Self::Void => "void",
        }
    }

    /// The verb that goes through it.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Void => "confirm-void",
            _ => self.code(),
        }
    }

    /// The step the gates of the packs know it by.
    const fn step(self) -> Option<GatedStep> {
        match self {
            Self::Close => Some(GatedStep::Close),
            Self::Decline => Some(GatedStep::Decline),
            Self::Withdraw => Some(GatedStep::Withdraw),
            Self::Void => None,
        }
    }
}

/// What is missing before a case ends by a door, each thing once: what its gates ask for, the letters and the
/// compensation the law wants, and decisions about compensation that was proposed. Whoever takes a complaint back, or is
/// told that it is not taken up, has lost nothing the law gave them before.
#[must_use]
pub fn before_ending(case: &Case, ending: Ending, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
    let asked = ending.step().map(|step| asked(case, case, step, rules, taxonomy)).unwrap_or_default();
    let owed = owed(case, rules, taxonomy, |effect| ending != Ending::Void || !effects::is_of_receipt(effect, rules));
    let mut missing: Vec<Fault> = Vec::new();
    for fault in asked.into_iter().chain(owed).chain(super::compensation::missing(case)) {
        if !missing.contains(&fault) {
            missing.push(fault);
        }
    }
    missing
}

/// Refuses to end a case by a door while something is missing.
///
/// # Errors
/// Names everything that is missing.
pub(super) fn require_ending(case: &Case, ending: Ending, ctx: &Context<'_>) -> Result<(), Refusal> {
    refused(ending.verb(), before_ending(case, ending, ctx.rules, ctx.taxonomy))
}

/// What the gates of a case ask for before a step. What was handled is looked for in `handled`, which for a merged case
/// is the one it went up in; letters are each customer's own.
fn asked(case: &Case, handled: &Case, step: GatedStep, rules: &Stack, taxonomy: &Taxonomy) -> Vec<Fault> {
    let facts = grade::facts(case, rules, taxonomy);
    let gates = rules.gates(&facts, case.grade, case.received_at).filter(|gate| gate.before == step);
    let lacking = gates.flat_map(|gate| &gate.need).filter_map(|need| match need {
        Need::Letter(letter) => lacks_letter(case, letter, rules),
        Need::Evidence(evidence) => lacks(handled, *evidence, step),
    });
    let mut missing: Vec<Fault> = Vec::new();
    for fault in lacking {
        if !missing.contains(&fault) {
            missing.push(fault);
        }
    }
    missing
}

/// Letters and compensation the law wants of a case and that nobody has seen to, of those `counts` is for by the effect
/// that asked for them.
fn owed(case: &Case, rules: &Stack, taxonomy: &Taxonomy, counts: impl Fn(&str) -> bool) -> Vec<Fault> {
    let by = |one: &Letter| one.owed.as_ref().is_none_or(|(_, why)| counts(why));
    let mut letters: Vec<&str> = case
        .letters
        .iter()
        .filter(|one| one.binding && by(one) && is_owed(case, one, rules))
        .map(|one| one.rule.as_str())
        .collect();
    letters.sort_unstable();
    letters.dedup();
    let letters = letters.into_iter().filter_map(|rule| lacks_letter(case, rule, rules));
    let due = case.compensation_due.iter();
    let due = due.filter(|rule| case.compensation_asked.get(*rule).is_none_or(|why| counts(why)));
    let compensation = due.filter_map(|rule| {
        let due = owed_compensation::due(case, rule, rules, taxonomy)?;
        Some(lacks_compensation(rule, due, rules))
    });
    compensation.chain(letters).collect()
}

/// Refuses to let a case go up in another while the law wants something of it.
///
/// # Errors
/// Names everything that is missing.
pub(super) fn nothing_owed(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    refused("merge", owed(case, ctx.rules, ctx.taxonomy, |_| true))
}

/// What the law wants of a merged case, with its number.
pub(super) fn owed_in_merged(case: &Case, ctx: &Context<'_>) -> impl Iterator<Item = Fault> {
    let undecided = super::compensation::missing(case);
    owed(case, ctx.rules, ctx.taxonomy, |_| true).into_iter().chain(undecided).map(|fault| {
        let mut titles = fault.params.into_iter().map(|(_, title)| title);
        let (en, zh) = (titles.next().unwrap_or_default(), titles.next().unwrap_or_default());
        let number = &case.number;
        match fault.code {
            "gate_letter" => Fault::new("merged", "gate_merged_letter")
                .with("number", number)
                .with("letter", en)
                .with("letter_zh", zh),
            "gate_compensation" => {
                Fault::new("merged", "gate_merged_undecided").with("number", number).with("compensation", en)
            }
            _ => Fault::new("merged", "gate_merged_compensation")
                .with("number", number)
                .with("rule", en)
                .with("rule_zh", zh),
        }
    })
}

/// That a letter is missing; nothing once it is out, with the proof it wants, and none of its kind is owed to the law.
pub(super) fn lacks_letter(case: &Case, letter: &str, rules: &Stack) -> Option<Fault> {
    let rule = rules.letter(letter);
    let mine = || case.letters.iter().filter(|one| one.rule == letter);
    if mine().any(|one| one.is_done(rule)) && !mine().any(|one| one.binding && is_owed(case, one, rules)) {
        return None;
    }
    let (zh, en) = titles(rule.map(|rule| &rule.head.title), letter);
    Some(Fault::new("letter", "gate_letter").with("letter", en).with("letter_zh", zh))
}

/// The title of a rule in Chinese and English; its identity, where the rule is gone.
pub(super) fn titles<'t>(title: Option<&'t Text>, id: &'t str) -> (&'t str, &'t str) {
    title.map_or((id, id), |title| (title.zh.as_str(), title.en.as_str()))
}

/// Whether a letter is still to be seen to. It is not once it is done, or a later one of its kind: one lost in the post is
/// written again. An earlier one does as well when it was done only after this one fell due: it told the customer the same,
/// late enough. One that would tell of a limit that was kept after all is owed no longer, nor is one that only the receipt
/// of a void case asked for.
#[must_use]
pub fn is_owed(case: &Case, letter: &Letter, rules: &Stack) -> bool {
    let rule = rules.letter(&letter.rule);
    let Some((since, why)) = &letter.owed else { return false };
    let fell_away = case.state == super::State::Voided && effects::is_of_receipt(why, rules);
    if fell_away || !effects::stands(case, why, rules) {
        return false;
    }
    let does = |one: &Letter| one.id >= letter.id || one.done_at(rule).is_some_and(|done| done >= *since);
    !case.letters.iter().any(|one| one.rule == letter.rule && one.is_done(rule) && does(one))
}

/// That nobody has proposed what the law says is owed, or only what was owed while the trouble lasted.
fn lacks_compensation(rule: &str, due: Due, rules: &Stack) -> Fault {
    let known = rules.packs().flat_map(policy::Pack::compensations).find(|known| known.head.id == rule);
    let (zh, en) = titles(known.map(|rule| &rule.head.title), rule);
    match due {
        Due::Whole => Fault::new("compensation", "gate_compensation_due").with("rule", en).with("rule_zh", zh),
        Due::Rest => Fault::new("compensation", "gate_compensation_rest").with("rule", en).with("rule_zh", zh),
    }
}

/// Whether the gates of a case before a step want a second reader. Which words were read is for whoever sends them to
/// look at.
pub(super) fn wants_reader(case: &Case, step: GatedStep, rules: &Stack, taxonomy: &Taxonomy) -> bool {
    let facts = grade::facts(case, rules, taxonomy);
    let mut gates = rules.gates(&facts, case.grade, case.received_at).filter(|gate| gate.before == step);
    gates.any(|gate| gate.need.contains(&Need::Evidence(Evidence::SecondReader)))
}

/// What is missing of one kind of evidence.
fn lacks(case: &Case, evidence: Evidence, step: GatedStep) -> Option<Fault> {
    let written = case.letters.iter().any(|letter| letter.issued.is_some());
    match evidence {
        Evidence::Reply if case.reply.is_none() => Some(Fault::new("reply", "gate_reply")),
        Evidence::Cause if case.cause.is_none() => Some(Fault::new("cause", "gate_cause")),
        // Somebody unknown cannot be asked; the reply was then a public notice.
        Evidence::Satisfaction if !case.satisfaction_asked && !case.record.anonymous => {
            Some(Fault::new("satisfaction", "gate_satisfaction"))
        }
        Evidence::Promises => {
            let open = case.open_promises().find(|promise| promise.id > 0)?;
            Some(Fault::new("promise", "gate_promise").with("promise", open.id))
        }
        Evidence::MergedAnswered => {
            let one = case.unanswered().next()?;
            Some(Fault::new("merged", "gate_merged").with("number", &one.number))
        }
        Evidence::FeedbackDocument => matter::missing(case).next(),
        // Whoever declines says where to turn next. A customer who rejected the outcome is told in a letter.
        Evidence::RecourseTold if step != GatedStep::Decline && case.disputes > 0 && !written => {
            Some(Fault::new("recourse", "gate_recourse"))
        }
        // Withdrawing takes the customer's words and how they were given; that is the proof.
        Evidence::WithdrawalProof
        | Evidence::SecondReader
        | Evidence::Reply
        | Evidence::Cause
        | Evidence::Satisfaction
        | Evidence::RecourseTold => None,
    }
}

/// Refuses a step while something is missing.
///
/// # Errors
/// Names everything that is missing.
pub(super) fn require(case: &Case, step: GatedStep, ctx: &Context<'_>) -> Result<(), Refusal> {
    refused(step.code(), asked(case, case, step, ctx.rules, ctx.taxonomy))
}

/// Refuses a step towards the customer of a merged case while something is missing.
///
/// # Errors
/// Names everything that is missing.
pub(super) fn require_for_merged(case: &Case, lead: &Case, step: GatedStep, ctx: &Context<'_>) -> Result<(), Refusal> {
    refused(step.code(), asked(case, lead, step, ctx.rules, ctx.taxonomy))
}

/// Refuses a step by its verb while something is missing before it.
///
/// # Errors
/// If anything is missing.
pub(super) fn refused(verb: &'static str, missing: Vec<Fault>) -> Result<(), Refusal> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("gates_not_met").with("verb", verb).missing(missing))
}
