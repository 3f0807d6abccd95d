//! Why nothing was done to a case, in a form that is kept: codes and values, never words of a person.

use crate::error::DeskError;
use crate::kept;
use crate::mentions::Unreached;
use serde::{Deserialize, Serialize};

/// Why nothing was done to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code; `stale` when the case changed since it was looked at, else that of the refusal.
    pub code: String,
    /// Values for the sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
    /// What is missing or wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ReasonFault>,
}

/// One thing that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonFault {
    /// Where.
    pub field: String,
    /// What, as a stable code.
    pub code: String,
    /// Values for the sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
}

/// Code when the case changed since it was looked at.
pub const STALE: &str = "stale";
/// Code when the run ended before the case.
const NOT_REACHED: &str = "bulk_not_reached";
/// Code when it was done, and somebody named in the words is not told.
pub const UNREACHED: &str = "mention_unreached";

impl Reason {
    /// Nothing was done because the run ended before.
    pub(super) fn not_reached() -> Self {
        Self { code: NOT_REACHED.to_owned(), params: Vec::new(), faults: Vec::new() }
    }

    /// The reason an error stands for.
    #[must_use]
    pub fn of(error: &DeskError) -> Self {
        let (code, params) = match error {
            DeskError::Refused(refusal) => {
                let faults = refusal.faults.iter().map(|fault| ReasonFault {
                    field: fault.field.clone(),
                    code: fault.code.to_owned(),
                    params: owned(&fault.params),
                });
                return Self {
                    code: refusal.code.to_owned(),
                    params: owned(&refusal.params),
                    faults: faults.collect(),
                };
            }
            DeskError::Stale { current, .. } => (STALE, vec![("current".to_owned(), current.to_string())]),
            DeskError::Overtaken => ("bulk_overtaken", Vec::new()),
            error if error.is_temporary() => (NOT_REACHED, Vec::new()),
            _ => ("bulk_failed", Vec::new()),
        };
        Self { code: code.to_owned(), params, faults: Vec::new() }
    }

    /// That something was done and not everybody it names is told.
    pub(super) fn unreached(names: &[Unreached]) -> Option<Self> {
        let all: Vec<&str> = names.iter().map(|one| one.username.as_str()).collect();
        let params = vec![("names".to_owned(), all.join(", "))];
        (!all.is_empty()).then(|| Self { code: UNREACHED.to_owned(), params, faults: Vec::new() })
    }

    pub(super) fn read(text: &str) -> Result<Option<Self>, DeskError> {
        if text.is_empty() {
            return Ok(None);
        }
        kept::read(text).map(Some)
    }

    pub(super) fn written(&self) -> Result<String, DeskError> {
        kept::written(self)
    }
}

fn owned(params: &[(&'static str, String)]) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
