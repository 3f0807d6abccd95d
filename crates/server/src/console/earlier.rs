//! Earlier contacts from a number: they suggest who is calling. Families share numbers and numbers are given out
//! again, so nothing is joined unless the agent says that it is the same person.

use super::Frame;
use desk::queries::persons::Suggested;

/// Cases shown of a person; the newest say enough during a call.
const MOST: usize = 3;

/// A person who was in touch under the number.
pub(super) struct Earlier {
    /// Identity in the vault.
    pub(super) person: String,
    /// Masked.
    pub(super) name: String,
    /// The newest contacts.
    pub(super) cases: Vec<Contact>,
}

/// One of their contacts.
pub(super) struct Contact {
    pub(super) number: String,
    pub(super) category: String,
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) received: String,
}

/// Persons in words.
pub(super) fn earlier(frame: &Frame<'_>, persons: Vec<Suggested>) -> Vec<Earlier> {
    let contact = |case: desk::queries::persons::Earlier| Contact {
        category: case.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        state: case.state.code(),
        state_words: frame.code("state", case.state.code()),
        received: frame.moment(case.received_at),
        number: case.number,
    };
    persons
        .into_iter()
        .map(|one| Earlier {
            person: one.person.0.to_string(),
            name: one.name.unwrap_or_else(|| frame.t("unnamed")),
            cases: one.cases.into_iter().take(MOST).map(contact).collect(),
        })
        .collect()
}
