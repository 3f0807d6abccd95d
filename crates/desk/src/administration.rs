//! The third ledger: who changed users, tokens, keys, and who erased whom. Chained and sealed like the log of a case.

use crate::error::DeskError;
use crate::kept;
use crate::log::{self, NewEntry};
use domain::actor::ActorId;
use domain::audit::chain::Ledger;
use std::collections::BTreeMap;
use store::Tx;
use uuid::Uuid;

/// What was changed, without secrets and without names of customers.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    verb: &'static str,
    details: BTreeMap<&'static str, String>,
}

impl Change {
    pub(crate) fn new(verb: &'static str) -> Self {
        Self { verb, details: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.insert(name, value.into());
        self
    }
}

pub(crate) fn record(
    tx: &mut Tx<'_>,
    subject: Uuid,
    actor: ActorId,
    at: i64,
    change: &Change,
) -> Result<(), DeskError> {
    record_hash(tx, subject, actor, at, change).map(drop)
}

/// The same, and gives the hash of the entry.
pub(crate) fn record_hash(
    tx: &mut Tx<'_>,
    subject: Uuid,
    actor: ActorId,
    at: i64,
    change: &Change,
) -> Result<Vec<u8>, DeskError> {
    let body = kept::written(&change.details)?;
    let entry = NewEntry {
        subject,
        ledger: Ledger::Administration,
        after: 0,
        prev: None,
        at,
        actor: actor.to_string(),
        verb: change.verb,
        schema: 1,
        body,
    };
    log::append_to_last(tx, entry)
}
