//! What is wrong with an input: where, what, and with which limits. Doors turn codes into sentences.

use serde::Serialize;

/// One fault in an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a dotted path with list positions: `external[0].number`. Empty for the whole input.
    pub field: String,
    /// What, as a stable code; the locale files hold `fault.<code>`.
    pub code: &'static str,
    /// Values for the sentence, such as `max`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(&'static str, String)>,
}

impl Fault {
    /// A fault without values.
    pub fn new(field: impl Into<String>, code: &'static str) -> Self {
        Self { field: field.into(), code, params: Vec::new() }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
}
