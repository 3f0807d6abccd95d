//! Suspected faults: more came in somewhere than the season explains. A machine notices, a person decides: they know of it,
//! say that it was nothing, or that there is a fault.

use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobody;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What people made of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has looked yet.
    #[default]
    Suspected,
    /// Somebody looks into it.
    Acknowledged,
    /// It was nothing.
    Dismissed,
    /// There is a fault.
    Confirmed,
}

impl State {
    /// The stable codes.
    pub const CODES: &'static [&'static str] = &["suspected", "acknowledged", "dismissed", "confirmed"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Acknowledged => "acknowledged",
            Self::Dismissed => "dismissed",
            Self::Confirmed => "confirmed",
        }
    }

    /// Whether somebody still has to decide.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Suspected | Self::Acknowledged)
    }
}

/// Why something was nothing.
pub const WHYS: &[&str] = &["expected", "announcement", "data", "no_common_cause", "other"];

/// Shape of a dismissal.
pub const DISMISS: &[Field] = &[
    required("why", Kind::Code(WHYS), "Why it is no fault."),
    optional("note", Kind::Text { max: 2_000, multiline: true }, "More about it. No personal data."),
];

/// Shape of a confirmation.
pub const CONFIRM: &[Field] = &[optional(
    "incident",
    Kind::Uuid,
    "The mass incident that was opened for it. It may be named later, by confirming once more; once.",
)];

/// Why something was nothing, as somebody says it.
#[derive(Clone, Debug, Deserialize)]
pub struct Dismiss {
    /// One of [`WHYS`].
    pub why: String,
    /// More about it.
    #[serde(default)]
    pub note: Option<String>,
}

/// That there is a fault.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Confirm {
    /// The incident that was opened for it.
    #[serde(default)]
    pub incident: Option<Uuid>,
}

/// What is done about one.
#[derive(Clone, Debug)]
pub enum Command {
    /// Somebody looks into it.
    Acknowledge,
    /// It was nothing.
    Dismiss(Dismiss),
    /// There is a fault.
    Confirm(Confirm),
}

impl Command {
    /// The verb, as the ledger and the table of permissions name it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge-burst",
            Self::Dismiss(_) => "dismiss-burst",
            Self::Confirm(_) => "confirm-burst",
        }
    }
}

/// Decides what becomes of one in a state, of which an incident may be known already.
///
/// # Errors
/// `burst_decided` where somebody decided otherwise before, or if a note holds what identifies somebody.
pub fn decide(state: State, incident: Option<Uuid>, incident_seen: bool, command: &Command) -> Result<State, Refusal> {
    let decided = || Refusal::conflict("burst_decided").with("state", state.code());
    match command {
        Command::Acknowledge => match state {
            State::Suspected => Ok(State::Acknowledged),
            _ => Err(decided()),
        },
        Command::Dismiss(input) => {
            if !state.is_open() {
                return Err(decided());
            }
            nobody("note", input.note.as_deref().unwrap_or_default())?;
            Ok(State::Dismissed)
        }
        Command::Confirm(input) => {
            let named_later = state == State::Confirmed && incident.is_none() && input.incident.is_some();
            if !state.is_open() && !named_later {
                return Err(decided());
            }
            if input.incident.is_some() && !incident_seen {
                return Err(Fault::new("incident", "unknown_incident").into());
            }
            Ok(State::Confirmed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_stands_and_an_incident_is_named_once() {
        let dismiss = Command::Dismiss(Dismiss { why: "data".into(), note: None });
        let confirm = |incident| Command::Confirm(Confirm { incident });
        let some = Some(Uuid::nil());
        let known = State::Acknowledged;
        assert_eq!(decide(State::Suspected, None, false, &Command::Acknowledge), Ok(known));
        assert_eq!(decide(known, None, false, &dismiss), Ok(State::Dismissed));
        assert_eq!(decide(known, None, false, &confirm(None)), Ok(State::Confirmed));
        assert_eq!(decide(State::Confirmed, None, true, &confirm(some)), Ok(State::Confirmed));
        for (state, incident, command) in [
            (known, None, Command::Acknowledge),
            (State::Dismissed, None, confirm(None)),
            (State::Confirmed, None, dismiss.clone()),
            (State::Confirmed, None, confirm(None)),
            (State::Confirmed, some, confirm(some)),
        ] {
            assert_eq!(decide(state, incident, true, &command).unwrap_err().code, "burst_decided", "{state:?}");
        }
        let unknown = decide(known, None, false, &confirm(some)).unwrap_err();
        assert_eq!(unknown.faults[0].code, "unknown_incident");
        let named = Dismiss { why: "data".into(), note: Some("回电13800138000".into()) };
        assert_eq!(decide(known, None, false, &Command::Dismiss(named)).unwrap_err().faults[0].code, "personal_data");
    }
}
