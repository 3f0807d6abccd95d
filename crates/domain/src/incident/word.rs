//! Word (拟定口径): what all customers are told, once, in both languages. Nobody is told before somebody else has read it.

use super::{Context, Event, Incident, Purpose};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobodys;
use serde::Deserialize;

/// Most wordings of an incident.
const MOST: usize = 200;

/// Shape of a wording.
pub const FIELDS: &[Field] = &[
    required(
        "purpose",
        Kind::Code(Purpose::CODES),
        "How far the matter is, or what came of it: each customer's answer.",
    ),
    required("zh", Kind::Text { max: 2_000, multiline: true }, "In Chinese. No personal data."),
    required("en", Kind::Text { max: 2_000, multiline: true }, "In English. No personal data."),
];

/// Write what customers are told.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// What for.
    pub purpose: Purpose,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none()
}

/// Decides a wording.
///
/// # Errors
/// If the incident has ended, there are too many, or a text holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    if incident.wordings.len() >= MOST {
        return Err(Refusal::conflict("too_many_wordings").with("max", MOST));
    }
    nobodys([("zh".to_owned(), Some(input.zh.as_str())), ("en".to_owned(), Some(input.en.as_str()))])?;
    let wording = u32::try_from(incident.wordings.len()).unwrap_or(u32::MAX).saturating_add(1);
    let (purpose, zh, en) = (input.purpose, input.zh.clone(), input.en.clone());
    Ok(vec![Event::Worded { wording, purpose, zh, en }])
}
