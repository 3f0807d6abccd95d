//! The model in use, in memory: every node looks once a second whether another was chosen. Bytes that are not what their
//! address says serve nobody; the word list then works alone.

use super::gather::Row;
use crate::Desk;
use crate::error::DeskError;
use learn::Model;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use store::models;
use uuid::Uuid;

/// A model that serves.
#[derive(Debug)]
pub(crate) struct Serving {
    /// How the log names it.
    pub(crate) name: String,
    pub(crate) model: Model,
    /// Says which unit will answer, where that is worth a line.
    pub(crate) unit: Option<Model>,
    /// Says which grade the case will have, where that is worth a line.
    pub(crate) grade: Option<Model>,
    /// Categories to ask for so that enough remain when those that take no cases any more are left out.
    pub(crate) foreign: usize,
}

#[derive(Debug, Default)]
struct Known {
    /// The choice that was taken over.
    seen: Option<i64>,
    serving: Option<Arc<Serving>>,
    damaged: bool,
}

/// What serves at this node.
#[derive(Debug, Default)]
pub struct State {
    known: RwLock<Known>,
    /// Texts of a file that wait to be learnt from: at this node and in memory alone.
    ready: Mutex<Option<(Uuid, Vec<Row>)>>,
}

impl State {
    pub(crate) fn serving(&self) -> Option<Arc<Serving>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).serving.clone()
    }

    fn ready(&self) -> MutexGuard<'_, Option<(Uuid, Vec<Row>)>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays texts ready to be learnt from; whatever lay there was never waited for, or is learnt from by now.
    pub(super) fn lay_ready(&self, id: Uuid, rows: Vec<Row>) {
        *self.ready() = Some((id, rows));
    }

    pub(super) fn is_ready(&self, id: Uuid) -> bool {
        self.ready().as_ref().is_some_and(|(ready, _)| *ready == id)
    }

    pub(super) fn take_ready(&self, id: Uuid) -> Option<Vec<Row>> {
        self.ready().take_if(|(ready, _)| *ready == id).map(|(_, rows)| rows)
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).damaged
    }

    fn seen(&self) -> Option<i64> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).seen
    }

    fn take_over(&self, seen: i64, model: Result<Option<Serving>, ()>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let damaged = model.is_err();
        *known = Known { seen: Some(seen), serving: model.unwrap_or_default().map(Arc::new), damaged };
    }
}

/// How the log names a model.
pub(super) fn name_of(hash: &str) -> String {
    format!("model/{hash}")
}

/// The address of the model a name of the log means; nothing for the word list.
pub(super) fn hash_of(name: &str) -> Option<&str> {
    name.strip_prefix("model/")
}

/// Bytes as a model and those beside it, if they are what their address says.
pub(super) fn open(bytes: &[u8], hash: &str) -> Option<(Model, Vec<(String, Model)>)> {
    (Model::name_of(bytes) == hash).then(|| learn::unbind(bytes).ok()).flatten()
}

/// Takes over what was chosen since the last look. Blocking; a look is one small read.
///
/// # Errors
/// Those of the database.
pub fn refresh(desk: &Desk) -> Result<(), DeskError> {
    let newest = desk.db().read_now(|tx| Ok::<_, DeskError>(models::newest_choice(tx)?))?;
    if desk.models().seen() == Some(newest) {
        return Ok(());
    }
    let found = desk.db().read_now(move |tx| {
        let Some(id) = models::choice(tx, newest)?.and_then(|choice| choice.model) else { return Ok(None) };
        let hash = models::by_id(tx, id)?.map(|row| row.hash).unwrap_or_default();
        let bytes = models::bytes(tx, &hash)?;
        Ok::<_, DeskError>(Some((hash, bytes)))
    })?;
    let model = match found {
        None => Ok(None),
        Some((hash, bytes)) => open(&bytes, &hash).ok_or(()).map(|(model, mut beside)| {
            let mut of = |what: &str| {
                let place = beside.iter().position(|(name, _)| name == what);
                place.map(|place| beside.swap_remove(place).1)
            };
            let (unit, grade) = (of("unit"), of("grade"));
            let taxonomy = desk.library().taxonomy();
            let foreign = model.classes().iter().filter(|class| !taxonomy.is_leaf(class)).count();
            Some(Serving { name: name_of(&hash), model, unit, grade, foreign })
        }),
    };
    desk.models().take_over(newest, model);
    Ok(())
}
