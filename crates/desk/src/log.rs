//! Writing the log: one entry a command, chained to the one before it, in the same transaction as everything else.

use crate::error::DeskError;
use domain::audit::chain::{GENESIS, Ledger, Link};
use store::{EntryRow, Tx, entries};
use uuid::Uuid;

/// An entry before its place in the log is known.
pub(crate) struct NewEntry<'a> {
    pub(crate) subject: Uuid,
    pub(crate) ledger: Ledger,
    /// Version of the entry before it; 0 for the first.
    pub(crate) after: i64,
    /// Hash of the entry before it.
    pub(crate) prev: Option<&'a [u8]>,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) verb: &'a str,
    pub(crate) schema: i64,
    pub(crate) body: String,
}

/// Appends an entry and returns its version and hash.
pub(crate) fn append(tx: &mut Tx<'_>, new: NewEntry<'_>) -> Result<(i64, Vec<u8>), DeskError> {
    let (stream, seq) = tx.next_position()?;
    let prev = new.prev.unwrap_or(&GENESIS);
    let version = new.after + 1;
    let link = Link {
        prev,
        subject: new.subject,
        ledger: new.ledger.code(),
        version,
        stream,
        seq,
        at: new.at,
        actor: &new.actor,
        verb: new.verb,
        schema: new.schema,
        body: &new.body,
    };
    let hash = link.hash().to_vec();
    let prev = prev.to_vec();
    let row = EntryRow {
        subject: new.subject,
        ledger: new.ledger.code(),
        version,
        stream,
        seq,
        at: new.at,
        actor: new.actor,
        verb: new.verb.to_owned(),
        schema: new.schema,
        body: new.body,
        prev,
        hash,
    };
    entries::append(tx, &row)?;
    Ok((version, row.hash))
}

/// Appends to a ledger whose last entry is not at hand.
pub(crate) fn append_next(tx: &mut Tx<'_>, new: NewEntry<'_>) -> Result<(), DeskError> {
    append_to_last(tx, new).map(drop)
}

/// The same, and gives the hash of the entry.
pub(crate) fn append_to_last(tx: &mut Tx<'_>, new: NewEntry<'_>) -> Result<Vec<u8>, DeskError> {
    let (_, hash) = match entries::last(tx, new.subject, new.ledger.code())? {
        Some((after, hash)) => append(tx, NewEntry { after, prev: Some(&hash), ..new })?,
        None => append(tx, new)?,
    };
    Ok(hash)
}
