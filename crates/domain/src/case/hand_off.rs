//! Hand-off (转办): another body, such as the ministry or the 12345 hotline, hands a matter over under a number of its
//! own. It joins the case there is, or becomes a new one; either way the case counts as one a regulator is involved in.

use super::matter::{self, Matter};
use super::{Case, Context, Decision, clocks, grade, reopen};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::intake::{self, Intake};
use crate::refusal::Refusal;
use crate::shape::{self, Field, Form, Kind, optional, required};
use jiff::Timestamp;
use policy::{Facts, Grade};
use serde::Deserialize;
use serde_json::Value;

/// Bodies that hand matters over.
pub const OWNERS: &[&str] =
    &["miit", "provincial_authority", "12345", "12315", "12381", "consumer_association", "court", "police", "other"];

/// What a body asks for: to handle the matter (转办), to handle it under its eye (督办), to answer an appeal (申诉), to
/// try to settle before it decides about an appeal (预处理), to take part in a mediation (调解), to tell what is known
/// (协查).
pub const REQUESTS: &[&str] = &["transfer", "supervision", "appeal", "pretreatment", "mediation", "information"];

/// Shape of a hand-off.
pub const FIELDS: &[Field] = &[
    required("owner", Kind::Code(OWNERS), "Body that hands the matter over."),
    required(
        "number",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "That body's own number. The same once more changes nothing. Kept in the clear; nothing of a person is taken in it.",
    ),
    required("request", Kind::Code(REQUESTS), "What it asks for."),
    required("handed_at", Kind::Moment, "When it handed the matter over; for a new case the first receipt."),
    optional("own_number", Kind::Line { max: 40 }, "The complaint number of ours it refers to."),
    required("text", Kind::Text { max: 2_000, multiline: true }, "What it writes."),
    optional("complaint", Kind::Object(intake::FIELDS), "The contact, for the case that there is none of ours yet."),
];

/// A matter handed over.
#[derive(Clone, Debug, Deserialize)]
pub struct HandOff {
    /// Body that hands it over.
    pub owner: String,
    /// Its own number.
    pub number: String,
    /// What it asks for.
    pub request: String,
    /// When, by its own record.
    pub handed_at: Timestamp,
    /// Our number as it wrote it.
    #[serde(default)]
    pub own_number: Option<String>,
    /// What it writes.
    #[serde(deserialize_with = "plain")]
    pub text: FreeText,
    /// The contact.
    #[serde(default)]
    pub complaint: Option<Intake>,
}

impl HandOff {
    /// Reads a hand-off, reporting all faults at once. Besides it gives the cleaned input, by which a repetition is
    /// told from another content under the same number.
    ///
    /// # Errors
    /// Every fault with its path.
    pub fn read(value: Value) -> Result<(Self, Value), Vec<Fault>> {
        let mut faults = Vec::new();
        if let Some(complaint) = value.get("complaint").filter(|complaint| complaint.is_object()) {
            for fault in intake::joined(complaint) {
                faults.push(Fault { field: format!("complaint.{}", fault.field), ..fault });
            }
            // The other body's time is the first receipt; two statements of it could only differ.
            if complaint.get("received_at").is_some_and(|at| !at.is_null()) {
                faults.push(Fault::new("complaint.received_at", "is_handed_at"));
            }
        }
        let cleaned = match shape::check(value, FIELDS) {
            Ok(cleaned) if faults.is_empty() => cleaned,
            Ok(_) => return Err(faults),
            Err(found) => {
                faults.extend(found);
                return Err(faults);
            }
        };
        let typed = serde_json::from_value(cleaned.clone()).map_err(|_| vec![Fault::new("", "unreadable")])?;
        Ok((typed, cleaned))
    }
}

/// Decides what a hand-off does to a case.
///
/// # Errors
/// If the case has ended for good.
pub fn decide(case: &Case, handed: &HandOff, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let mut events = vec![Event::HandedOff {
        owner: handed.owner.clone(),
        number: handed.number.clone(),
        request: handed.request.clone(),
        handed_at: handed.handed_at,
        text: handed.text.clone(),
    }];
    if let Some(complaint) = &handed.complaint {
        // What the customer told the other body is part of the matter now.
        events.push(Event::Supplemented { text: complaint.words(), channel: None, urging: false });
    }
    let mut marked = case.clone();
    marked.record.assessment.regulator = true;
    let facts = grade::facts(&marked, ctx.rules, ctx.taxonomy);
    let raised = raised(&marked, &facts, ctx);
    if let Some((event, grade)) = &raised {
        events.push(event.clone());
        marked.grade = *grade;
    }
    let mut elsewhere = Vec::new();
    if reopen::offered(case) {
        // Who hands a matter over wants it handled; an ended case stands in nobody's queue.
        let reason = handed.text.clone();
        let reopened = reopen::decide(&marked, &reopen::Reopen { reason }, ctx)?;
        marked.anticipate(&reopened.events, ctx);
        events.extend(reopened.events);
        elsewhere = reopened.elsewhere;
    } else {
        case.require_open()?;
        if raised.is_some() {
            events.extend(clocks::regrade(&marked, marked.grade, &facts, ctx));
        }
    }
    // Its number within the case comes when the event is folded; clocks do not ask for it.
    let matter = Matter::handed_over(0, &handed.owner, &handed.number, &handed.request, handed.handed_at);
    events.extend(matter::begin(&marked, &matter, matter.stage, handed.handed_at, ctx));
    Ok(Decision { events, elsewhere })
}

/// What the rules make of a regulator being involved, if that changes anything. A grade set by hand stays.
fn raised(marked: &Case, facts: &Facts, ctx: &Context<'_>) -> Option<(Event, Grade)> {
    if marked.graded_by_hand {
        return None;
    }
    let (event, grade) = grade::anew(marked, facts, ctx);
    let Event::Graded { severity, urgency, .. } = &event else { return None };
    ((*severity, *urgency) != (marked.severity, marked.urgency)).then_some((event, grade))
}
