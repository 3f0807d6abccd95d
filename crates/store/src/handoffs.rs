//! Matters other bodies handed over: which of their numbers led to which case. A body's number may stand here more than
//! once: areas that do not see each other may each have taken one like it in.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    CLAIM = "INSERT INTO handoffs (owner, number, nth, case_id, digest, version, attached, handed_at, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (owner, number, nth) DO NOTHING";
    OF = "SELECT owner, number, nth, case_id, digest, version, attached, handed_at, at FROM handoffs
        WHERE owner = ?1 AND number = ?2 ORDER BY nth";
}

/// A hand-off as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffRow {
    /// Body that handed the matter over.
    pub owner: String,
    /// Its own number.
    pub number: String,
    /// Which hand-off under this number it is, from 0.
    pub nth: i64,
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

/// Notes a hand-off; false when its place under the number is taken. Of two at once, the second waits for the first.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, row: &HandoffRow) -> Result<bool, StoreError> {
    let values = [
        (&row.owner).into(),
        (&row.number).into(),
        row.nth.into(),
        (&row.case_id).into(),
        (&row.digest).into(),
        row.version.into(),
        row.attached.into(),
        row.handed_at.into(),
        row.at.into(),
    ];
    Ok(tx.execute(CLAIM, &values)? == 1)
}

/// What a body's number led to, in the order it was taken in.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, owner: &str, number: &str) -> Result<Vec<HandoffRow>, StoreError> {
    tx.query(OF, &[owner.into(), number.into()], |row| {
        Ok(HandoffRow {
            owner: row.text(0)?,
            number: row.text(1)?,
            nth: row.int(2)?,
            case_id: row.uuid(3)?,
            digest: row.blob(4)?,
            version: row.int(5)?,
            attached: row.bool(6)?,
            handed_at: row.int(7)?,
            at: row.int(8)?,
        })
    })
}
