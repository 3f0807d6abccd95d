//! Putting a model into use, and taking it out again. One person does it and says why: a model only suggests, people decide
//! about each case, and what it said before is one step away. Whoever had it learnt may do it too.

use super::serve::{open, refresh};
use super::{ModelState, everywhere};
use crate::activation::a_person;
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use domain::text::nobody::nobodys;
use serde::Deserialize;
use store::{ModelChoiceRow, Tx, models};
use uuid::Uuid;

const NOTE: Field = required("note", Kind::Text { max: 500, multiline: false }, "Why. No personal data.");

/// Shape of putting a model into use.
pub const CHOOSE_MODEL: &[Field] = &[NOTE];

/// Shape of rolling back.
pub const ROLL_BACK_MODEL: &[Field] = &[
    required("from", Kind::Uuid, "The model that is in use, as the caller saw it; of two who roll back one does."),
    NOTE,
];

/// A model to be put into use.
#[derive(Clone, Debug, Deserialize)]
pub struct ChooseModel {
    /// Why.
    pub note: String,
}

/// A model to be taken out of use.
#[derive(Clone, Debug, Deserialize)]
pub struct RollBackModel {
    /// Which is in use.
    pub from: Uuid,
    /// Why.
    pub note: String,
}

fn may(by: &Caller, note: &str) -> Result<(), Refusal> {
    permissions::ACTIVATE_MODEL.require(by)?;
    everywhere(by)?;
    a_person(by)?;
    nobodys([("note".to_owned(), Some(note))])
}

fn current(tx: &mut Tx<'_>) -> Result<Option<ModelChoiceRow>, DeskError> {
    let newest = models::newest_choice(tx)?;
    Ok(models::choice(tx, newest)?)
}

fn choose(tx: &mut Tx<'_>, row: &ModelChoiceRow) -> Result<(), DeskError> {
    if models::choose(tx, row)? {
        return Ok(());
    }
    Err(Refusal::conflict("model_changed").into())
}

/// Puts a model into use; all nodes go by it within seconds. Blocking.
///
/// # Errors
/// `not_found`; a refusal when it is not ready, in use already, or its bytes are damaged.
pub fn activate(desk: &Desk, by: &Caller, id: Uuid, new: &ChooseModel) -> Result<(), DeskError> {
    permissions::ACTIVATE_MODEL.require(by)?;
    // For whoever sees a part there is no model.
    everywhere(by).map_err(|_| Refusal::not_found())?;
    may(by, &new.note)?;
    let found = desk.db().read_now(move |tx| {
        let Some(row) = models::by_id(tx, id)? else { return Ok(None) };
        let bytes = models::bytes(tx, &row.hash)?;
        Ok::<_, DeskError>(Some((row, bytes)))
    })?;
    let (row, bytes) = found.ok_or_else(Refusal::not_found)?;
    if row.state != ModelState::Ready.code() {
        return Err(Refusal::conflict("model_not_ready").into());
    }
    if open(&bytes, &row.hash).is_none() {
        return Err(Refusal::conflict("model_damaged").with("hash", &row.hash).into());
    }
    let (actor, at, note) = (by.actor.id, stored(desk.time().now()), new.note.clone());
    let change = Change::new("activate-model").with("hash", row.hash).with("note", note.clone());
    desk.db().write_now(move |tx| {
        let current = current(tx)?;
        if current.as_ref().is_some_and(|choice| choice.model == Some(id)) {
            return Err(Refusal::conflict("model_active").into());
        }
        let under = current.map_or(0, |choice| choice.n);
        let chosen_by = actor.to_string();
        choose(tx, &ModelChoiceRow { n: under + 1, model: Some(id), under, note, chosen_by, chosen_at: at })?;
        administration::record(tx, id, actor, at, &change)
    })?;
    refresh(desk)
}

/// Takes the model in use out of it; what was in use before is again, at last the word list alone. Blocking.
///
/// # Errors
/// A refusal when another model is in use than the caller saw.
pub fn roll_back(desk: &Desk, by: &Caller, back: &RollBackModel) -> Result<(), DeskError> {
    may(by, &back.note)?;
    let (actor, at, back) = (by.actor.id, stored(desk.time().now()), back.clone());
    desk.db().write_now(move |tx| {
        let seen = |choice: &ModelChoiceRow| choice.model == Some(back.from);
        let current = current(tx)?.filter(seen).ok_or_else(|| Refusal::conflict("model_changed"))?;
        let before = models::choice(tx, current.under)?;
        let (model, under) = before.map_or((None, 0), |before| (before.model, before.under));
        let change = Change::new("roll-back-model").with("note", back.note.clone());
        let change = match model {
            Some(model) => change.with("to", model.to_string()),
            None => change.with("to", "words"),
        };
        let chosen_by = actor.to_string();
        choose(tx, &ModelChoiceRow { n: current.n + 1, model, under, note: back.note, chosen_by, chosen_at: at })?;
        administration::record(tx, back.from, actor, at, &change)
    })?;
    refresh(desk)
}
