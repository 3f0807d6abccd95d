//! Matters other bodies handed over: which of their numbers led to which case.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    CLAIM = "INSERT INTO handoffs (owner, number, case_id, digest, version, attached, handed_at, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (owner, number) DO NOTHING";
    GET = "SELECT owner, number, case_id, digest, version, attached, handed_at, at FROM handoffs
        WHERE owner = ?1 AND number = ?2";
}

/// A hand-off as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffRow {
    /// Body that handed the matter over.
    pub owner: String,
    /// Its own number.
    pub number: String,
    /// The case it led to.
    pub case_id: Uuid,
    /// Keyed digest of what was handed over.
    pub digest: Vec<u8>,
    /// Entry of the case's log that records it.
    pub version: i64,
    /// Whether the case was there before.
    pub attached: bool,
    /// When it was handed over, by the other body's record.
    pub handed_at: i64,
    /// When it was taken in.
    pub at: i64,
}

/// Notes a hand-off; false when its number is taken. Of two at once, the second waits for the first.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, row: &HandoffRow) -> Result<bool, StoreError> {
    let values = [
        (&row.owner).into(),
        (&row.number).into(),
        (&row.case_id).into(),
        (&row.digest).into(),
        row.version.into(),
        row.attached.into(),
        row.handed_at.into(),
        row.at.into(),
    ];
    Ok(tx.execute(CLAIM, &values)? == 1)
}

/// What a body's number led to.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, owner: &str, number: &str) -> Result<Option<HandoffRow>, StoreError> {
    tx.query_opt(GET, &[owner.into(), number.into()], |row| {
        Ok(HandoffRow {
            owner: row.text(0)?,
            number: row.text(1)?,
            case_id: row.uuid(2)?,
            digest: row.blob(3)?,
            version: row.int(4)?,
            attached: row.bool(5)?,
            handed_at: row.int(6)?,
            at: row.int(7)?,
        })
    })
}
