//! Putting rules into force: one person asks, with the text, the day and the reason, and another decides. Contents are
//! addressed by what they say and kept for ever, so a version never changes and what governed a case stays readable.
//!
//! The law layer is not edited here: it comes with a release. What an operator edits is practice, and the checker refuses
//! what is looser than the law above it.

mod decide;
mod refresh;
mod request;

pub use decide::{approve, refuse, withdraw};
pub use refresh::refresh;
pub(crate) use refresh::{before, keep_shipped};
pub(crate) use request::draft;
pub use request::{MOST_BYTES, NEW_ACTIVATION, NewActivation, request};

use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::{Activated, DataFile};
use crate::time::moment;
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::refusal::Refusal;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::sync::Arc;
use store::{ActivationRow, Tx, activations, people};
use uuid::Uuid;

/// After this every node has noticed what was decided; from then on all go by it. They look once a second.
pub const NOTICED_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// What a content holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesKind {
    /// A pack.
    Pack,
    /// A calendar.
    Calendar,
}

impl RulesKind {
    /// The codes.
    pub const CODES: &'static [&'static str] = &["pack", "calendar"];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Calendar => "calendar",
        }
    }

    /// What a text is, as far as its first look says: a pack has a section of that name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.lines().any(|line| line.trim() == "[pack]") || !text.contains("known_as_of") {
            true => Self::Pack,
            false => Self::Calendar,
        }
    }

    fn from_code(code: &str) -> Result<Self, DeskError> {
        match code {
            "pack" => Ok(Self::Pack),
            "calendar" => Ok(Self::Calendar),
            other => Err(DeskError::Damaged(format!("rules of kind {other:?}"))),
        }
    }

    /// Where a content lies among the files.
    fn path(self, rules: &str, version: &str) -> String {
        match self {
            Self::Pack => format!("{rules}-{version}.toml"),
            Self::Calendar => format!("calendars/{rules}-{version}.toml"),
        }
    }
}

/// Where an activation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActivationState {
    /// Somebody asked; another person decides.
    Requested,
    /// In force from its day on.
    Active,
    /// The other person said no.
    Refused,
    /// Whoever asked took it back.
    Withdrawn,
}

impl ActivationState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Active, Self::Refused, Self::Withdrawn];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn from_code(code: &str) -> Result<Self, DeskError> {
        let known = Self::ALL.into_iter().find(|state| state.code() == code);
        known.ok_or_else(|| DeskError::Damaged(format!("activation {code:?}")))
    }
}

/// Somebody who asked or decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: ActorId,
    /// Name to show.
    pub name: String,
}

/// An activation with the two people behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Identity.
    pub id: Uuid,
    /// What it puts into force.
    pub kind: RulesKind,
    /// Address of the content.
    pub hash: String,
    /// Identity of the pack or calendar.
    pub rules: String,
    /// Its version.
    pub version: String,
    /// Of a pack the first local date of receipt it governs, of a calendar the first local date it holds.
    pub effective_from: Date,
    /// Why, in the words of whoever asked.
    pub note: String,
    /// Where it stands.
    pub state: ActivationState,
    /// Who asked.
    pub requested_by: Person,
    /// When.
    pub requested_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<Person>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// From which moment on all nodes go by it.
    pub holds_at: Option<Timestamp>,
    /// Of a calendar: open cases looked at so far.
    pub looked: i64,
    /// Of a calendar: open cases of which a clock moved so far.
    pub moved: i64,
    /// Of a calendar: when the last open case had been recounted.
    pub recounted_at: Option<Timestamp>,
}

/// Somebody by the code the log keeps of them.
pub(crate) fn person(tx: &mut Tx<'_>, code: &str) -> Result<Person, DeskError> {
    let id: ActorId = code.parse().map_err(|_| DeskError::Damaged(format!("actor {code:?}")))?;
    let name = match id {
        ActorId::User(user) => people::user(tx, user.0)?.map(|row| row.name),
        ActorId::Token(_) | ActorId::System => None,
    };
    Ok(Person { id, name: name.unwrap_or_else(|| code.to_owned()) })
}

fn read(tx: &mut Tx<'_>, row: ActivationRow) -> Result<Activation, DeskError> {
    let day = row.effective_from.parse();
    Ok(Activation {
        id: row.id,
        kind: RulesKind::from_code(&row.kind)?,
        hash: row.hash,
        rules: row.rules,
        version: row.version,
        effective_from: day.map_err(|_| DeskError::Damaged(format!("day {:?}", row.effective_from)))?,
        note: row.note,
        state: ActivationState::from_code(&row.state)?,
        requested_by: person(tx, &row.requested_by)?,
        requested_at: moment(row.requested_at),
        decided_by: row.decided_by.map(|by| person(tx, &by)).transpose()?,
        decided_at: row.decided_at.map(moment),
        holds_at: row.holds_at.map(moment),
        looked: row.looked,
        moved: row.moved,
        recounted_at: row.recounted_at.map(moment),
    })
}

fn all(tx: &mut Tx<'_>) -> Result<Vec<Activation>, DeskError> {
    activations::activations(tx)?.into_iter().map(|row| read(tx, row)).collect()
}

/// A content by its address.
pub(crate) fn content(tx: &mut Tx<'_>, hash: &str) -> Result<DataFile, DeskError> {
    let row = activations::file_at(tx, hash)?;
    let row = row.ok_or_else(|| DeskError::Damaged(format!("no rules at the address {hash}")))?;
    Ok(DataFile { path: row.name, text: row.content })
}

/// Everything decided to be in force, whether or not its moment has come.
pub(crate) fn in_force(tx: &mut Tx<'_>) -> Result<Vec<Activated>, DeskError> {
    let active = all(tx)?.into_iter().filter(|one| one.state == ActivationState::Active);
    active.map(|one| Ok(Activated { file: content(tx, &one.hash)?, activation: Arc::new(one) })).collect()
}

/// Rules, plans and wordings are the whole installation's: whoever sees only a part of it does not change them.
pub(crate) fn everywhere(by: &Caller) -> Result<(), Refusal> {
    if by.actor.area.code().is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("rules_are_everywhere").with("area", by.actor.area.code()))
}

/// Two people answer for what is put into force, and a programme is nobody who answers.
pub(crate) fn a_person(by: &Caller) -> Result<(), Refusal> {
    by.actor.user().map(drop).ok_or_else(|| Refusal::conflict("needs_a_person"))
}

impl Desk {
    /// Everything that was asked for, the newest first.
    ///
    /// # Errors
    /// If the caller may not see rules.
    pub async fn activations(&self, caller: &Caller) -> Result<Vec<Activation>, DeskError> {
        permissions::READ_RULES.require(caller)?;
        let mut found = self.db().read(all).await?;
        found.reverse();
        Ok(found)
    }
}
