//! Other cases under the numbers of a case's complainant. The same number need not be the same person.

use super::Frame;
use desk::queries::persons::Suggested;

/// A case under the same number.
pub(super) struct Related {
    pub(super) number: String,
    /// Masked name of its complainant.
    pub(super) name: String,
    /// Moment, state and category in words.
    pub(super) about: String,
}

/// Suggestions as lines for the page.
pub(super) fn related(frame: &Frame<'_>, persons: Vec<Suggested>) -> Vec<Related> {
    let mut found = Vec::new();
    for person in persons {
        for case in person.cases {
            let mut parts = vec![frame.short(case.received_at), frame.code("state", case.state.code())];
            parts.extend(case.category.as_deref().map(|code| frame.category(code)));
            let name = person.name.clone().unwrap_or_default();
            found.push(Related { number: case.number, name, about: parts.join(" · ") });
        }
    }
    found
}
