//! Signed Merkle checkpoints over the log, and how far each stream is sealed.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO checkpoints (n, at, ranges, leaves, root, prev, signature, public_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    LAST = "SELECT n, at, ranges, leaves, root, prev, signature, public_key FROM checkpoints ORDER BY n DESC LIMIT 1";
    AFTER = "SELECT n, at, ranges, leaves, root, prev, signature, public_key FROM checkpoints WHERE n > ?1
        ORDER BY n LIMIT ?2";
    COVERED = "SELECT stream, sealed FROM streams ORDER BY stream";
    COVER = "INSERT INTO streams (stream, sealed) VALUES (?1, ?2)
        ON CONFLICT (stream) DO UPDATE SET sealed = excluded.sealed";
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Number from 1.
    pub n: i64,
    /// When it was made.
    pub at: i64,
    /// Which positions of which streams, as JSON.
    pub ranges: String,
    /// How many entries.
    pub leaves: i64,
    /// Merkle root.
    pub root: Vec<u8>,
    /// Digest of the checkpoint before.
    pub prev: Vec<u8>,
    /// Ed25519 signature.
    pub signature: Vec<u8>,
    /// The key it is verified with.
    pub public_key: Vec<u8>,
}

fn read(row: &Row<'_>) -> Result<CheckpointRow, StoreError> {
    Ok(CheckpointRow {
        n: row.int(0)?,
        at: row.int(1)?,
        ranges: row.text(2)?,
        leaves: row.int(3)?,
        root: row.blob(4)?,
        prev: row.blob(5)?,
        signature: row.blob(6)?,
        public_key: row.blob(7)?,
    })
}

/// Writes a checkpoint.
///
/// # Errors
/// `Constraint` when another node wrote the same number.
pub fn insert(tx: &mut Tx<'_>, row: &CheckpointRow) -> Result<(), StoreError> {
    let values = [
        row.n.into(),
        row.at.into(),
        (&row.ranges).into(),
        row.leaves.into(),
        (&row.root).into(),
        (&row.prev).into(),
        (&row.signature).into(),
        (&row.public_key).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The newest checkpoint.
///
/// # Errors
/// Those of the database.
pub fn last(tx: &mut Tx<'_>) -> Result<Option<CheckpointRow>, StoreError> {
    tx.query_opt(LAST, &[], read)
}

/// Checkpoints after a number, in order.
///
/// # Errors
/// Those of the database.
pub fn after(tx: &mut Tx<'_>, n: i64, limit: i64) -> Result<Vec<CheckpointRow>, StoreError> {
    tx.query(AFTER, &[n.into(), limit.into()], read)
}

/// Every stream with the last position that is sealed.
///
/// # Errors
/// Those of the database.
pub fn covered(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.query(COVERED, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Notes how far a stream is sealed.
///
/// # Errors
/// Those of the database.
pub fn cover(tx: &mut Tx<'_>, stream: i64, sealed: i64) -> Result<(), StoreError> {
    tx.execute(COVER, &[stream.into(), sealed.into()]).map(drop)
}
