//! What is known about whoever gets in touch, found by their numbers before anything is registered: persons who called
//! before, and cases that may be the same matter. Families share numbers and numbers are given out again, so nothing is
//! joined unless the agent says that it is the same person or the same matter.

use super::Frame;
use crate::app::AppState;
use crate::problem::Failure;
use desk::Caller;
use desk::permissions;
use desk::queries::persons::{self, Suggested};
use desk::queries::similar::{Similar, Sought};
use serde_json::Value;

/// Cases shown of a person; the newest say enough during a call.
const MOST: usize = 3;

/// Everything found.
#[derive(Default)]
pub(super) struct Found {
    /// Cases that may be the same matter.
    pub(super) same: Vec<Contact>,
    /// Persons who were in touch.
    pub(super) persons: Vec<Earlier>,
}

/// A person who was in touch under the number.
pub(super) struct Earlier {
    /// Identity in the vault.
    pub(super) person: String,
    /// Masked.
    pub(super) name: String,
    /// The newest contacts.
    pub(super) cases: Vec<Contact>,
    /// Whether the use of their data is restricted.
    pub(super) restricted: bool,
}

/// One of their contacts.
pub(super) struct Contact {
    pub(super) number: String,
    pub(super) category: String,
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) received: String,
    /// Why it may be the same matter.
    pub(super) why: String,
    /// What can be done with it instead of registering: the verb, and what to call it.
    pub(super) instead: (&'static str, String),
}

/// Looks for persons and cases under the numbers of an intake that need not be complete.
pub(super) async fn look(app: &AppState, frame: &Frame<'_>, caller: &Caller, intake: &Value) -> Result<Found, Failure> {
    if !permissions::READ_CASES.allows(caller) {
        return Ok(Found::default());
    }
    let sought = Sought::of(intake);
    let persons = match sought.number() {
        Some(number) => app.desk.persons(caller, number).await?,
        None => Vec::new(),
    };
    let same = app.desk.similar(caller, &sought).await?;
    Ok(Found { same: same_matters(frame, same), persons: earlier(frame, persons) })
}

/// Cases that may be the same matter, in words.
pub(super) fn same_matters(frame: &Frame<'_>, cases: Vec<Similar>) -> Vec<Contact> {
    let case = |one: Similar| {
        let earlier = persons::Earlier {
            number: one.number,
            state: one.state,
            category: one.category,
            received_at: one.received_at,
        };
        let label = |field: &&str| frame.app.locales.text(frame.language, &format!("field.{field}.label"), &[]);
        let mut why: Vec<String> = one.why.iter().filter(|field| **field != "description").map(label).collect();
        why.extend(one.alike.map(|percent| frame.tv("same.alike", &[("percent", &percent.to_string())])));
        Contact { why: why.join(" · "), ..contact(frame, earlier) }
    };
    cases.into_iter().map(case).collect()
}

/// Persons in words.
fn earlier(frame: &Frame<'_>, persons: Vec<Suggested>) -> Vec<Earlier> {
    persons
        .into_iter()
        .map(|one| Earlier {
            person: one.person.0.to_string(),
            name: one.name.unwrap_or_else(|| frame.t("unnamed")),
            cases: one.cases.into_iter().take(MOST).map(|case| contact(frame, case)).collect(),
            restricted: one.restricted,
        })
        .collect()
}

fn contact(frame: &Frame<'_>, case: persons::Earlier) -> Contact {
    let (verb, words) =
        if case.state.is_open() { ("supplement", "same.supplement") } else { ("reopen", "same.reopen") };
    Contact {
        category: case.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        state: case.state.code(),
        state_words: frame.code("state", case.state.code()),
        received: frame.moment(case.received_at),
        number: case.number,
        why: String::new(),
        instead: (verb, frame.t(words)),
    }
}
