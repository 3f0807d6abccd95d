//! The model in use, in memory: every node looks once a second whether another was chosen. Bytes that are not what their
//! address says serve nobody; the word list then works alone.

use crate::Desk;
use crate::error::DeskError;
use learn::Model;
use std::sync::{Arc, PoisonError, RwLock};
use store::models;

/// A model that serves.
#[derive(Debug)]
pub(crate) struct Serving {
    /// How the log names it.
    pub(crate) name: String,
    pub(crate) model: Model,
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
}

impl State {
    pub(crate) fn serving(&self) -> Option<Arc<Serving>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).serving.clone()
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

/// Bytes as a model, if they are what their address says.
pub(super) fn open(bytes: &[u8], hash: &str) -> Option<Model> {
    (Model::name_of(bytes) == hash).then(|| Model::from_bytes(bytes).ok()).flatten()
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
        Some((hash, bytes)) => open(&bytes, &hash).ok_or(()).map(|model| {
            let taxonomy = desk.library().taxonomy();
            let foreign = model.classes().iter().filter(|class| !taxonomy.is_leaf(class)).count();
            Some(Serving { name: name_of(&hash), model, foreign })
        }),
    };
    desk.models().take_over(newest, model);
    Ok(())
}
