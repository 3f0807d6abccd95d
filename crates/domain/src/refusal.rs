//! A command that is not carried out: why, what is missing, and the way out. A value, never a panic.

use crate::fault::Fault;
use serde::Serialize;

/// What kind of refusal; each door has its own code for each (HTTP: 422, 403, 404, 409).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The input itself is wrong.
    Invalid,
    /// The actor may not do this.
    Forbidden,
    /// There is no such thing, or the actor may not know of it.
    NotFound,
    /// The case is not in a state that allows this, or a gate is shut.
    Conflict,
}

/// A refusal with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// How a door should answer.
    pub kind: RefusalKind,
    /// Stable code; the locale files hold `refusal.<code>` (why) and `refusal.<code>.way_out` (what to do).
    pub code: &'static str,
    /// Values for the sentence.
    pub params: Vec<(&'static str, String)>,
    /// What is missing or wrong, with places.
    pub faults: Vec<Fault>,
}

impl Refusal {
    /// A refusal of a kind.
    #[must_use]
    pub fn new(kind: RefusalKind, code: &'static str) -> Self {
        Self { kind, code, params: Vec::new(), faults: Vec::new() }
    }

    /// The case does not allow this now.
    #[must_use]
    pub fn conflict(code: &'static str) -> Self {
        Self::new(RefusalKind::Conflict, code)
    }

    /// The actor may not.
    #[must_use]
    pub fn forbidden(code: &'static str) -> Self {
        Self::new(RefusalKind::Forbidden, code)
    }

    /// There is nothing here for this actor.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(RefusalKind::NotFound, "not_found")
    }

    /// The input has these faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self { faults, ..Self::new(RefusalKind::Invalid, "invalid") }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// Adds what is missing.
    #[must_use]
    pub fn missing(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::invalid(vec![fault])
    }
}
