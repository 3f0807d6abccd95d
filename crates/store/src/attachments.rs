//! Attached files: what is known about each, and its bytes in sealed chunks.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO attachments (id, case_id, hash, media, size, chunks, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    INSERT_CHUNK = "INSERT INTO attachment_chunks (attachment, n, sealed) VALUES (?1, ?2, ?3)";
    ONE = "SELECT id, case_id, hash, media, size, chunks, at FROM attachments WHERE id = ?1 AND case_id = ?2";
    BY_HASH = "SELECT id, case_id, hash, media, size, chunks, at FROM attachments WHERE case_id = ?1 AND hash = ?2
        ORDER BY at, id LIMIT 1";
    CHUNK = "SELECT sealed FROM attachment_chunks WHERE attachment = ?1 AND n = ?2";
    CHUNK_NUMBERS = "SELECT n FROM attachment_chunks WHERE attachment = ?1 ORDER BY n";
    PAGE = "SELECT id, case_id, hash, media, size, chunks, at FROM attachments ORDER BY id LIMIT ?1";
    PAGE_AFTER = "SELECT id, case_id, hash, media, size, chunks, at FROM attachments WHERE id > ?1
        ORDER BY id LIMIT ?2";
    ERASE_CHUNKS = "DELETE FROM attachment_chunks WHERE attachment IN (SELECT a.id FROM attachments a
        JOIN cases c ON c.id = a.case_id WHERE c.person = ?1)";
    ERASE = "DELETE FROM attachments WHERE case_id IN (SELECT id FROM cases WHERE person = ?1)";
}

/// What is known about an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Identity.
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Keyed hash of its bytes, by which the same bytes are found again.
    pub hash: Vec<u8>,
    /// Media type.
    pub media: String,
    /// Length in bytes.
    pub size: i64,
    /// Number of chunks.
    pub chunks: i64,
    /// When it was attached.
    pub at: i64,
}

fn read(row: &Row<'_>) -> Result<AttachmentRow, StoreError> {
    Ok(AttachmentRow {
        id: row.uuid(0)?,
        case_id: row.uuid(1)?,
        hash: row.blob(2)?,
        media: row.text(3)?,
        size: row.int(4)?,
        chunks: row.int(5)?,
        at: row.int(6)?,
    })
}

/// Writes an attachment with its sealed chunks, numbered from 0.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &AttachmentRow, chunks: &[Vec<u8>]) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.case_id).into(),
        (&row.hash).into(),
        (&row.media).into(),
        row.size.into(),
        row.chunks.into(),
        row.at.into(),
    ];
    tx.execute(INSERT, &values)?;
    for (n, sealed) in (0_i64..).zip(chunks) {
        tx.execute(INSERT_CHUNK, &[(&row.id).into(), n.into(), sealed.into()])?;
    }
    Ok(())
}

/// An attachment of a case.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, id: Uuid, case: Uuid) -> Result<Option<AttachmentRow>, StoreError> {
    tx.query_opt(ONE, &[(&id).into(), (&case).into()], read)
}

/// The attachment of a case with these bytes.
///
/// # Errors
/// Those of the database.
pub fn by_hash(tx: &mut Tx<'_>, case: Uuid, hash: &[u8]) -> Result<Option<AttachmentRow>, StoreError> {
    tx.query_opt(BY_HASH, &[(&case).into(), hash.into()], read)
}

/// A sealed chunk.
///
/// # Errors
/// Those of the database.
pub fn chunk(tx: &mut Tx<'_>, attachment: Uuid, n: i64) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt(CHUNK, &[(&attachment).into(), n.into()], |row| row.blob(0))
}

/// The numbers of the chunks there are.
///
/// # Errors
/// Those of the database.
pub fn chunk_numbers(tx: &mut Tx<'_>, attachment: Uuid) -> Result<Vec<i64>, StoreError> {
    tx.query(CHUNK_NUMBERS, &[(&attachment).into()], |row| row.int(0))
}

/// Attachments in the order of identity, after one.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: Option<Uuid>, limit: i64) -> Result<Vec<AttachmentRow>, StoreError> {
    match after {
        None => tx.query(PAGE, &[limit.into()], read),
        Some(after) => tx.query(PAGE_AFTER, &[(&after).into(), limit.into()], read),
    }
}

/// Deletes all attachments of a person's cases.
///
/// # Errors
/// Those of the database.
pub fn erase(tx: &mut Tx<'_>, person: Uuid) -> Result<(), StoreError> {
    tx.execute(ERASE_CHUNKS, &[(&person).into()])?;
    tx.execute(ERASE, &[(&person).into()]).map(drop)
}
