//! Notices: what a person should look at, told in the console. They point at a case and hold none of its words.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO notices (id, user_id, case_id, kind, rule, percent, at, read_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)";
    LIST = "SELECT n.id, n.user_id, n.case_id, n.kind, n.rule, n.percent, n.at, c.number, c.region FROM notices n
        JOIN cases c ON c.id = n.case_id WHERE n.user_id = ?1 AND n.read_at IS NULL ORDER BY n.at DESC, n.id DESC
        LIMIT ?2";
    COUNT = "SELECT COUNT(*) FROM (SELECT id FROM notices WHERE user_id = ?1 AND read_at IS NULL LIMIT 100) counted";
    READ_ONE = "UPDATE notices SET read_at = ?3 WHERE id = ?1 AND user_id = ?2 AND read_at IS NULL";
    READ_ALL = "UPDATE notices SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL AND at <= ?3";
    READ_OF_CASE = "UPDATE notices SET read_at = ?3 WHERE user_id = ?1 AND case_id = ?2 AND read_at IS NULL";
    DELETE_BEFORE = "DELETE FROM notices WHERE at < ?1";
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub user: Uuid,
    /// About which case.
    pub case: Uuid,
    /// What happened.
    pub kind: String,
    /// Clock rule it is about; empty for none.
    pub rule: String,
    /// How much of the clock's time has passed; 0 for none.
    pub percent: i64,
    /// When.
    pub at: i64,
}

/// A notice with what its reader needs to find the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub row: NoticeRow,
    /// Number of the case.
    pub number: String,
    /// Its region: whoever may no longer see it is not told of it.
    pub region: String,
}

fn read(row: &Row<'_>) -> Result<ListedNotice, StoreError> {
    Ok(ListedNotice {
        row: NoticeRow {
            id: row.uuid(0)?,
            user: row.uuid(1)?,
            case: row.uuid(2)?,
            kind: row.text(3)?,
            rule: row.text(4)?,
            percent: row.int(5)?,
            at: row.int(6)?,
        },
        number: row.text(7)?,
        region: row.text(8)?,
    })
}

/// Writes a notice.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &NoticeRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.user).into(),
        (&row.case).into(),
        (&row.kind).into(),
        (&row.rule).into(),
        row.percent.into(),
        row.at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// What a person has not read, newest first.
///
/// # Errors
/// Those of the database.
pub fn unread(tx: &mut Tx<'_>, user: Uuid, limit: i64) -> Result<Vec<ListedNotice>, StoreError> {
    tx.query(LIST, &[(&user).into(), limit.into()], read)
}

/// How much a person has not read; counting stops at a hundred.
///
/// # Errors
/// Those of the database.
pub fn count_unread(tx: &mut Tx<'_>, user: Uuid) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[(&user).into()], |row| row.int(0))
}

/// Marks one as read; false when the person has no such unread notice.
///
/// # Errors
/// Those of the database.
pub fn read_one(tx: &mut Tx<'_>, user: Uuid, id: Uuid, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(READ_ONE, &[(&id).into(), (&user).into(), at.into()])? == 1)
}

/// Marks everything up to a moment as read.
///
/// # Errors
/// Those of the database.
pub fn read_all(tx: &mut Tx<'_>, user: Uuid, at: i64, upto: i64) -> Result<u64, StoreError> {
    tx.execute(READ_ALL, &[(&user).into(), at.into(), upto.into()])
}

/// Marks everything about one case as read.
///
/// # Errors
/// Those of the database.
pub fn read_of_case(tx: &mut Tx<'_>, user: Uuid, case: Uuid, at: i64) -> Result<u64, StoreError> {
    tx.execute(READ_OF_CASE, &[(&user).into(), (&case).into(), at.into()])
}

/// Forgets notices of before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into()])
}
