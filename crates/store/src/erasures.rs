//! Who was erased, when, by whom and why.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO erasures (person, at, actor, reason) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (person) DO NOTHING";
    LIST = "SELECT person, at, actor, reason FROM erasures ORDER BY person";
    UNDONE = "SELECT e.person FROM erasures e JOIN persons p ON p.id = e.person WHERE p.wrapped_key IS NOT NULL
        ORDER BY e.person";
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

/// Every erasure, in the order of the persons.
///
/// # Errors
/// Those of the database.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<ErasureRow>, StoreError> {
    tx.query(LIST, &[], |row| {
        Ok(ErasureRow { person: row.uuid(0)?, at: row.int(1)?, actor: row.text(2)?, reason: row.text(3)? })
    })
}

/// Persons who are noted as erased and whose key is there all the same, as after a restore.
///
/// # Errors
/// Those of the database.
pub fn undone(tx: &mut Tx<'_>) -> Result<Vec<Uuid>, StoreError> {
    tx.query(UNDONE, &[], |row| row.uuid(0))
}
