//! Analyse (原因分析): ask why until an answer can be acted upon, and say what follows for customers and inside.

use super::{Analysis, Context, Event, Problem};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobodys;
use serde::Deserialize;

/// Most answers to “why?”.
pub const MOST_WHYS: usize = 5;

/// Shape of an analysis.
pub const FIELDS: &[Field] = &[
    required(
        "whys",
        Kind::List { of: &Kind::Text { max: 500, multiline: false }, max: MOST_WHYS },
        "One answer to “why?” after the other, each to the one before; at least one. No personal data.",
    ),
    optional("cause", Kind::Cause, "Leaf of the cause tree."),
    optional(
        "customer_wording",
        Kind::Text { max: 2_000, multiline: true },
        "How customers put it, in general words. No personal data; quotations are shown from the linked cases.",
    ),
    optional(
        "script",
        Kind::Text { max: 5_000, multiline: true },
        "What customers who ask are told. No personal data.",
    ),
    optional(
        "internal_fix",
        Kind::Text { max: 5_000, multiline: true },
        "What is to be put right inside. No personal data.",
    ),
];

/// Say why.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Answers to “why?”.
    pub whys: Vec<String>,
    /// Leaf of the cause tree.
    #[serde(default)]
    pub cause: Option<String>,
    /// How customers put it.
    #[serde(default)]
    pub customer_wording: Option<String>,
    /// What customers are told.
    #[serde(default)]
    pub script: Option<String>,
    /// What is to be put right.
    #[serde(default)]
    pub internal_fix: Option<String>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open()
}

/// Decides an analysis, which takes the place of the one before as a whole.
///
/// # Errors
/// If the problem has ended, no “why?” is answered, the cause is none, or a text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    if input.whys.is_empty() {
        return Err(Fault::new("whys", "required").into());
    }
    if let Some(cause) = &input.cause
        && !ctx.taxonomy.is_cause_leaf(cause)
    {
        return Err(Fault::new("cause", "unknown_cause").into());
    }
    let whys = input.whys.iter().enumerate().map(|(place, why)| (format!("whys[{place}]"), Some(why.as_str())));
    let others = [
        ("customer_wording".to_owned(), input.customer_wording.as_deref()),
        ("script".to_owned(), input.script.as_deref()),
        ("internal_fix".to_owned(), input.internal_fix.as_deref()),
    ];
    nobodys(whys.chain(others))?;
    Ok(vec![Event::Analysed {
        analysis: Analysis {
            whys: input.whys.clone(),
            cause: input.cause.clone(),
            customer_wording: input.customer_wording.clone(),
            script: input.script.clone(),
            internal_fix: input.internal_fix.clone(),
        },
    }])
}
