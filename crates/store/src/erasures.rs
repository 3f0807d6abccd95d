//! Who was erased, when, by whom and why.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO erasures (person, at, actor, reason) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (person) DO NOTHING";
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRow {
    /// The person.
    pub person: Uuid,
    /// When.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// Why; never personal data.
    pub reason: String,
}

/// Notes an erasure; the first note of a person stays.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &ErasureRow) -> Result<(), StoreError> {
    tx.execute(INSERT, &[(&row.person).into(), row.at.into(), (&row.actor).into(), (&row.reason).into()]).map(drop)
}
