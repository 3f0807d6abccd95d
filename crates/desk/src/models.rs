//! Classification models: learnt off every command's way from closed cases or a labelled file, measured on a share nobody
//! learnt from, put into use by a person who says why, and rolled back in one step. A model only suggests.
//!
//! Bytes are addressed by their SHA-256 and lie in the database, so every node and every backup has them. What a model was
//! learnt from is kept as counts; texts are opened in memory only.

mod choose;
mod drift;
mod file;
mod gather;
mod learn;
mod serve;

pub use choose::{CHOOSE_MODEL, ChooseModel, ROLL_BACK_MODEL, RollBackModel, activate, roll_back};
pub use drift::{DriftMonth, FEWEST, MOVED, STEADY, count as count_advice, drift};
pub use file::{Labelled, MODEL_FILE, ModelFile};
pub(crate) use gather::READ;
pub use gather::{MOST_CASES, MOST_TEXT};
pub use learn::{Asked, LEAST, NEW_MODEL, NewModel, go_on, learn_from, train, train_file};
pub use serve::{State as ModelsInUse, refresh};

use crate::activation::{Person, person};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::moment;
use crate::{Desk, kept, permissions};
use ::learn::measure::Figures;
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{ModelChoiceRow, ModelRow, Tx, models};
use uuid::Uuid;

/// Models and choices told at most.
const TOLD: i64 = 50;

/// Where a model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelState {
    /// It is being learnt, or will be.
    Waiting,
    /// It can be put into use.
    Ready,
    /// Nothing could be learnt.
    Failed,
}

impl ModelState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Ready, Self::Failed];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Result<Self, DeskError> {
        let known = Self::ALL.into_iter().find(|state| state.code() == code);
        known.ok_or_else(|| DeskError::Damaged(format!("model {code:?}")))
    }
}

/// What models are learnt from.
pub const SOURCES: [&str; 2] = ["cases", "file"];
/// Why nothing could be learnt.
pub const FAILED: [&str; 6] = ["too_few", "no_words", "one_category", "too_many", "gave_up", "lost"];
/// What is learnt beside the category: which unit answered, and which grade the case had.
pub const BESIDE: [&str; 2] = ["unit", "grade"];

/// What came of learning something beside the category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Why nothing could be learnt; one of [`FAILED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Texts that were learnt from, by unit or grade.
    pub classes: BTreeMap<String, u64>,
    /// Texts held back and measured on.
    pub held_back: u64,
    /// Share of those that were what most of the others are: what saying that always would have right.
    pub majority: f64,
    /// Share of those held back about which it was not sure.
    pub unsure: f64,
    /// Its figures on the share held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// Whether it is shown: it was right more often than saying the same always.
    pub used: bool,
}

/// What came of learning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    /// Why nothing could be learnt; one of [`FAILED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Texts that were learnt from, by category.
    pub categories: BTreeMap<String, u64>,
    /// Texts held back and measured on.
    pub held_back: u64,
    /// Texts left out because their category takes no cases any more.
    pub left_out: u64,
    /// First receipt of the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// First receipt of the oldest that was held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_from: Option<Timestamp>,
    /// First receipt of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Terms of the model.
    pub terms: u64,
    /// Its size.
    pub bytes: u64,
    /// Share of those held back about which it was not sure.
    pub unsure: f64,
    /// Its figures on the share held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// What was learnt beside the category, by what it is: each of [`BESIDE`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub beside: BTreeMap<String, Beside>,
}

impl Learnt {
    /// Texts that were learnt from.
    #[must_use]
    pub fn learnt_from(&self) -> u64 {
        self.categories.values().sum()
    }
}

/// A model.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredModel {
    /// Identity.
    pub id: Uuid,
    /// Where it stands.
    pub state: ModelState,
    /// What it is learnt from.
    pub source: String,
    /// How it was asked for.
    pub asked: Asked,
    /// Who asked.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// SHA-256 of its bytes; empty until there are any.
    pub hash: String,
    /// What came of it.
    pub learnt: Option<Learnt>,
}

/// That a model, or none, was put into use.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelChoice {
    /// The model; nothing for the word list alone.
    pub model: Option<Uuid>,
    /// Why.
    pub note: String,
    /// Who.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// Everything there is about models.
#[derive(Clone, Debug, PartialEq)]
pub struct Models {
    /// Models, the newest first; the one in use is among them.
    pub items: Vec<StoredModel>,
    /// What was put into use, the newest first.
    pub choices: Vec<ModelChoice>,
    /// The model in use; nothing when it is the word list alone.
    pub active: Option<Uuid>,
    /// Whether its bytes can no longer be read, so that the word list works alone.
    pub damaged: bool,
}

fn read(tx: &mut Tx<'_>, row: ModelRow) -> Result<StoredModel, DeskError> {
    Ok(StoredModel {
        id: row.id,
        state: ModelState::from_code(&row.state)?,
        source: row.source,
        asked: kept::read(&row.asked)?,
        asked_by: person(tx, &row.asked_by)?,
        asked_at: moment(row.asked_at),
        made_at: row.made_at.map(moment),
        hash: row.hash,
        learnt: (!row.told.is_empty()).then(|| kept::read(&row.told)).transpose()?,
    })
}

fn choice(tx: &mut Tx<'_>, row: ModelChoiceRow) -> Result<ModelChoice, DeskError> {
    Ok(ModelChoice { model: row.model, note: row.note, by: person(tx, &row.chosen_by)?, at: moment(row.chosen_at) })
}

/// A model serves the whole installation and is learnt from all of it.
fn everywhere(by: &Caller) -> Result<(), Refusal> {
    if by.actor.area.code().is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("models_are_everywhere").with("area", by.actor.area.code()))
}

/// Models and what was put into use. Blocking.
///
/// # Errors
/// If the caller may not see them.
pub fn list(desk: &Desk, by: &Caller) -> Result<Models, DeskError> {
    permissions::READ_MODELS.require(by)?;
    everywhere(by)?;
    let mut found = desk.db().read_now(|tx| {
        let rows = models::newest(tx, TOLD)?;
        let mut items = rows.into_iter().map(|row| read(tx, row)).collect::<Result<Vec<_>, _>>()?;
        let rows = models::choices(tx, TOLD)?;
        let choices = rows.into_iter().map(|row| choice(tx, row)).collect::<Result<Vec<_>, _>>()?;
        let active = choices.first().and_then(|choice| choice.model);
        // The one in use is told however many newer ones there are.
        if let Some(active) = active.filter(|active| items.iter().all(|one| one.id != *active))
            && let Some(row) = models::by_id(tx, active)?
        {
            items.push(read(tx, row)?);
        }
        Ok::<_, DeskError>(Models { items, choices, active, damaged: false })
    })?;
    found.damaged = found.active.is_some() && desk.models().is_damaged();
    Ok(found)
}

/// One model. Blocking.
///
/// # Errors
/// `not_found`; if the caller may not see it.
pub fn one(desk: &Desk, by: &Caller, id: Uuid) -> Result<StoredModel, DeskError> {
    permissions::READ_MODELS.require(by)?;
    // For whoever sees a part there is no model.
    everywhere(by).map_err(|_| Refusal::not_found())?;
    let found = desk.db().read_now(move |tx| match models::by_id(tx, id)? {
        Some(row) => read(tx, row).map(Some),
        None => Ok::<_, DeskError>(None),
    })?;
    found.ok_or_else(|| Refusal::not_found().into())
}
