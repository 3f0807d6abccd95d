//! What a bundle has to hold and what of it is there: numbers, papers, letters with their statements, the answer to the
//! body, deadlines of its stages. Told from the case and the rules that govern it, before anything is taken out.

use super::bundle::Concern;
use super::{Case, Clock, gates};
use crate::event::ClockOutcome;
use jiff::Timestamp;
use policy::{LetterFault, Need, RouteRule, Stack, Stage};

/// Something a bundle has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The number the body gave the matter.
    Number,
    /// The paper of a stage.
    Paper,
    /// A letter, by its rule.
    Letter(String),
    /// A statement a letter that is out lacks: rule of the letter, identity of the statement.
    Statement(String, String),
    /// The answer a body asked for.
    Feedback,
    /// A deadline, by its rule.
    Deadline(String),
}

impl What {
    /// The codes.
    pub const CODES: &'static [&'static str] = &["number", "paper", "letter", "statement", "feedback", "deadline"];

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Paper => "paper",
            Self::Letter(_) => "letter",
            Self::Statement(..) => "statement",
            Self::Feedback => "feedback",
            Self::Deadline(_) => "deadline",
        }
    }

    /// The rule it comes from.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Letter(rule) | Self::Statement(rule, _) | Self::Deadline(rule) => Some(rule),
            Self::Number | Self::Paper | Self::Feedback => None,
        }
    }
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is there; a deadline was kept.
    There,
    /// It is not.
    Missing,
    /// A deadline runs.
    Running,
    /// A deadline passed without what it asks for.
    Missed,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::There, Self::Missing, Self::Running, Self::Missed];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Missing => "missing",
            Self::Running => "running",
            Self::Missed => "missed",
        }
    }

    /// Whether something is wanting.
    #[must_use]
    pub fn is_wanting(self) -> bool {
        matches!(self, Self::Missing | Self::Missed)
    }
}

/// One line of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is asked for.
    pub what: What,
    /// The stage it belongs to.
    pub stage: Option<String>,
    /// Whether that stage is still to come.
    pub next: bool,
    /// How it stands.
    pub standing: Standing,
    /// When it was done, or is due.
    pub at: Option<Timestamp>,
}

/// A stage the matter came to: its identity, when, and whether it has a paper.
struct Reached {
    stage: String,
    at: Timestamp,
    paper: bool,
    /// Whether no step gets by without a paper.
    wanted: bool,
}

/// Checks what a body is to get. Statements are looked for where the words of letters can be read; of an erased person
/// there are none. Nothing when the case has no such referral or matter.
#[must_use]
pub fn check(case: &Case, concern: Concern, rules: &Stack, now: Timestamp, readable: bool) -> Vec<Item> {
    let route = concern.route(case, rules);
    let (number, reached) = match (concern.referral(case), concern.matter(case)) {
        (Some(one), _) => {
            let steps = one.steps.iter().map(|step| {
                let paper = step.document.is_some() || step.reference.is_some();
                Reached { stage: step.stage.clone(), at: step.at, paper, wanted: false }
            });
            (&one.number, steps.collect::<Vec<_>>())
        }
        (_, Some(one)) => {
            // What a body hands over stands in the log with its words; every step after it has a paper.
            let steps = one.steps.iter().enumerate().map(|(n, step)| {
                let paper = step.document.is_some() || step.reference.is_some();
                Reached { stage: step.stage.code().to_owned(), at: step.at, paper, wanted: n > 0 }
            });
            (&one.number, steps.collect())
        }
        (None, None) => return Vec::new(),
    };
    let has_number = number.as_ref().is_some_and(|number| !number.is_empty());
    let mut items = vec![line(What::Number, None, has_number)];
    for step in &reached {
        let rule = route.and_then(|route| route.stage(&step.stage));
        let asked = rule.is_some_and(|rule| rule.needs.iter().any(|need| matches!(need, Need::Evidence(_))));
        if step.paper || step.wanted || asked {
            items.push(Item { at: Some(step.at), ..line(What::Paper, Some(&step.stage), step.paper) });
        }
        items.extend(rule.into_iter().flat_map(|rule| letters(case, rule, false, rules)));
    }
    let stands = reached.last().and_then(|step| route?.stage(&step.stage));
    for stage in stands.into_iter().flat_map(|stands| &stands.next).filter_map(|next| route?.stage(next)) {
        if stage.needs.iter().any(|need| matches!(need, Need::Evidence(_))) {
            items.push(Item { next: true, ..line(What::Paper, Some(&stage.id), false) });
        }
        items.extend(letters(case, stage, true, rules));
    }
    if let Some(one) = concern.matter(case)
        && (one.owes_feedback() || one.fed_back_at.is_some())
    {
        items.push(Item { at: one.fed_back_at, ..line(What::Feedback, None, !one.owes_feedback()) });
    }
    items.extend(owed(case, rules));
    if readable {
        items.extend(statements(case, rules));
    }
    items.extend(route.into_iter().flat_map(|route| deadlines(case, concern, route, rules, now)));
    let mut once: Vec<Item> = Vec::new();
    for item in items {
        if !once.iter().any(|known| known.what == item.what && known.stage == item.stage && known.at == item.at) {
            once.push(item);
        }
    }
    once
}

fn line(what: What, stage: Option<&str>, there: bool) -> Item {
    let standing = if there { Standing::There } else { Standing::Missing };
    Item { what, stage: stage.map(str::to_owned), next: false, standing, at: None }
}

/// The letters a stage needs.
fn letters<'c>(case: &'c Case, stage: &'c Stage, next: bool, rules: &'c Stack) -> impl Iterator<Item = Item> + 'c {
    stage.needs.iter().filter_map(move |need| match need {
        Need::Letter(rule) => {
            let there = gates::lacks_letter(case, rule, rules).is_none();
            let sent = case.letters.iter().rev().find(|one| one.rule == *rule && one.issued.is_some());
            let at = sent.and_then(|one| one.delivered_at.or(one.issued.as_ref().map(|issued| issued.at)));
            Some(Item { next, at: at.filter(|_| there), ..line(What::Letter(rule.clone()), Some(&stage.id), there) })
        }
        Need::Evidence(_) => None,
    })
}

/// Letters the law wants of the case and that are not out, whatever the stage.
fn owed<'c>(case: &'c Case, rules: &'c Stack) -> impl Iterator<Item = Item> + 'c {
    let binding = case.letters.iter().filter(|one| one.binding);
    binding.filter(|one| gates::is_owed(case, one, rules)).map(|one| line(What::Letter(one.rule.clone()), None, false))
}

/// Statements that letters which are out lack, by the rules of now.
fn statements(case: &Case, rules: &Stack) -> Vec<Item> {
    let mut items = Vec::new();
    for letter in &case.letters {
        let Some((rule, issued)) = rules.letter(&letter.rule).zip(letter.issued.as_ref()) else { continue };
        let Some(words) = issued.content.plain() else { continue };
        for fault in rule.faults(&issued.language, words) {
            let (LetterFault::Lacks { element: lacking, .. } | LetterFault::Blank(lacking)) = fault;
            items
                .push(Item { at: Some(issued.at), ..line(What::Statement(letter.rule.clone(), lacking), None, false) });
        }
    }
    items
}

/// The deadlines of the stages of a way.
fn deadlines(case: &Case, concern: Concern, route: &RouteRule, rules: &Stack, now: Timestamp) -> Vec<Item> {
    let one = |clock: &Clock| {
        let rule = rules.clock(&clock.rule)?;
        if !concern.is_of_route(&route.head.id, rule) {
            return None;
        }
        let (standing, at) = match &clock.ended {
            Some((ClockOutcome::Met, at)) => (Standing::There, *at),
            Some((ClockOutcome::Missed, at)) => (Standing::Missed, *at),
            Some((ClockOutcome::Moot, _)) => return None,
            // Nobody here is late with what is another's.
            None if clock.due_at < now && !clock.is_paused() && rule.binds_provider() => {
                (Standing::Missed, clock.due_at)
            }
            None => (Standing::Running, clock.due_at),
        };
        let what = What::Deadline(clock.rule.clone());
        Some(Item { what, stage: None, next: false, standing, at: Some(at) })
    };
    case.clocks.iter().filter_map(one).collect()
}
