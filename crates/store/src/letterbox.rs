//! Mail that came in: what was taken in already, how far each mailbox was read, and what waits for a person.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    KNOWN = "SELECT CAST(1 AS BIGINT) FROM mail_taken WHERE digest = ?1";
    TAKE = "INSERT INTO mail_taken (digest, at) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING";
    PLACE = "SELECT validity, uid FROM mail_boxes WHERE name = ?1";
    // A slower node does not set the place back; under another validity places mean something else.
    MOVE_ON = "INSERT INTO mail_boxes (name, validity, uid) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET
        uid = CASE WHEN mail_boxes.validity = excluded.validity AND mail_boxes.uid > excluded.uid THEN mail_boxes.uid
        ELSE excluded.uid END, validity = excluded.validity";
    INSERT_ITEM = "INSERT INTO mail_items (id, reason, state, received_at, at, sealed, size, suggested, case_id, decided_by,
        decided_at) VALUES (?1, ?2, 'waits', ?3, ?4, ?5, ?6, ?7, NULL, NULL, NULL)";
    ITEM = "SELECT id, reason, state, received_at, at, sealed, size, suggested, case_id, decided_by, decided_at
        FROM mail_items WHERE id = ?1";
    LIST = "SELECT id, reason, state, received_at, at, CASE WHEN state = '' THEN sealed END, size, suggested, case_id, decided_by, decided_at
        FROM mail_items WHERE state = ?1 AND (at > ?2 OR (at = ?2 AND id > ?3)) ORDER BY at, id LIMIT ?4";
    LIST_ENDED = "SELECT id, reason, state, received_at, at, CASE WHEN state = '' THEN sealed END, size, suggested, case_id, decided_by, decided_at
        FROM mail_items WHERE state = ?1 ORDER BY at DESC, id DESC LIMIT ?2";
    COUNT = "SELECT COUNT(*) FROM (SELECT 1 FROM mail_items WHERE state = 'waits' LIMIT 10000) AS waiting";
    // What is a case now is kept there; of what was thrown away the words stay for a while.
    DECIDE = "UPDATE mail_items SET state = ?2, case_id = ?3, decided_by = ?4, decided_at = ?5,
        sealed = CASE WHEN ?2 = 'discarded' THEN sealed ELSE NULL END WHERE id = ?1 AND state = 'waits'";
    FORGET = "UPDATE mail_items SET sealed = NULL WHERE state = 'discarded' AND sealed IS NOT NULL AND decided_at < ?1";
}

/// A message that waits for a person, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailItemRow {
    /// Identity.
    pub id: Uuid,
    /// Why it waits.
    pub reason: String,
    /// `waits`, `registered`, `attached` or `discarded`.
    pub state: String,
    /// When it was received.
    pub received_at: i64,
    /// When it was put here.
    pub at: i64,
    /// The message, sealed; nothing in lists, and nothing once it has gone elsewhere.
    pub sealed: Option<Vec<u8>>,
    /// Its length in bytes.
    pub size: i64,
    /// A case it may belong to.
    pub suggested: Option<Uuid>,
    /// The case it went to.
    pub case: Option<Uuid>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
}

fn item_of(row: &Row<'_>) -> Result<MailItemRow, StoreError> {
    Ok(MailItemRow {
        id: row.uuid(0)?,
        reason: row.text(1)?,
        state: row.text(2)?,
        received_at: row.int(3)?,
        at: row.int(4)?,
        sealed: row.opt_blob(5)?,
        size: row.int(6)?,
        suggested: row.opt_uuid(7)?,
        case: row.opt_uuid(8)?,
        decided_by: row.opt_text(9)?,
        decided_at: row.opt_int(10)?,
    })
}

/// Whether a message was taken in before.
///
/// # Errors
/// Those of the database.
pub fn known(tx: &mut Tx<'_>, digest: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.query_opt(KNOWN, &[digest.into()], |row| row.int(0))?.is_some())
}

/// Notes that a message is taken in; false when it was before.
///
/// # Errors
/// Those of the database.
pub fn take(tx: &mut Tx<'_>, digest: &[u8], at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE, &[digest.into(), at.into()])? == 1)
}

/// How far a mailbox was read: the validity of its places, and the last one.
///
/// # Errors
/// Those of the database.
pub fn place(tx: &mut Tx<'_>, name: &str) -> Result<Option<(i64, i64)>, StoreError> {
    tx.query_opt(PLACE, &[name.into()], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Notes how far a mailbox was read.
///
/// # Errors
/// Those of the database.
pub fn move_on(tx: &mut Tx<'_>, name: &str, validity: i64, uid: i64) -> Result<(), StoreError> {
    tx.execute(MOVE_ON, &[name.into(), validity.into(), uid.into()]).map(drop)
}

/// Keeps a message for a person to decide about.
///
/// # Errors
/// Those of the database.
pub fn insert_item(tx: &mut Tx<'_>, row: &MailItemRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.reason).into(),
        row.received_at.into(),
        row.at.into(),
        (&row.sealed).into(),
        row.size.into(),
        (&row.suggested).into(),
    ];
    tx.execute(INSERT_ITEM, &values).map(drop)
}

/// A message with its sealed bytes.
///
/// # Errors
/// Those of the database.
pub fn item(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<MailItemRow>, StoreError> {
    tx.query_opt(ITEM, &[(&id).into()], item_of)
}

/// Messages that wait behind a place, oldest first, without their bytes.
///
/// # Errors
/// Those of the database.
pub fn waiting(tx: &mut Tx<'_>, after: (i64, Uuid), limit: i64) -> Result<Vec<MailItemRow>, StoreError> {
    tx.query(LIST, &["waits".into(), after.0.into(), (&after.1).into(), limit.into()], item_of)
}

/// Messages that were decided about one way, newest first, without their bytes.
///
/// # Errors
/// Those of the database.
pub fn ended(tx: &mut Tx<'_>, state: &str, limit: i64) -> Result<Vec<MailItemRow>, StoreError> {
    tx.query(LIST_ENDED, &[state.into(), limit.into()], item_of)
}

/// How many messages wait, up to ten thousand.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[], |row| row.int(0))
}

/// Ends a message's wait; false when somebody did before.
///
/// # Errors
/// Those of the database.
pub fn decide(
    tx: &mut Tx<'_>,
    id: Uuid,
    state: &str,
    case: Option<Uuid>,
    by: &str,
    at: i64,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DECIDE, &[(&id).into(), state.into(), (&case).into(), by.into(), at.into()])? == 1)
}

/// Forgets the bytes of what was thrown away before a moment.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx<'_>, before: i64) -> Result<u64, StoreError> {
    tx.execute(FORGET, &[before.into()])
}
