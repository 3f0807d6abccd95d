//! Calls to customers as people look for them; they follow from the logs of the cases, and the words stand only there.

use crate::orders::{OrderCursor, Whose};
use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    PUT = "INSERT INTO call_backs (case_id, n, open, due_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (case_id, n) DO UPDATE SET open = excluded.open, due_at = excluded.due_at,
        next_at = excluded.next_at";
    OF = "SELECT case_id, n, open, due_at, next_at FROM call_backs WHERE case_id = ?1 ORDER BY n";
    EVERY = "SELECT case_id, n, open, due_at, next_at FROM call_backs WHERE (case_id, n) > (?1, ?2)
        ORDER BY case_id, n LIMIT ?3";
    DROP = "DELETE FROM call_backs WHERE case_id = ?1 AND n = ?2";
    OF_UNIT = "SELECT k.case_id, k.n, k.open, k.due_at, k.next_at, c.region FROM call_backs k
        JOIN cases c ON c.id = k.case_id WHERE k.open = 1 AND c.owner_unit = ?1 AND k.due_at < ?2
        AND (k.next_at, k.case_id, k.n) > (?3, ?4, ?5)
        AND k.n >= ?7 AND k.n <= ?8
        AND (k.n >= 0 OR (k.due_at > ?9 AND (c.owner_user IS NULL OR c.owner_user <> ?10)))
        ORDER BY k.next_at, k.case_id, k.n LIMIT ?6";
    OF_USER = "SELECT k.case_id, k.n, k.open, k.due_at, k.next_at, c.region FROM call_backs k
        JOIN cases c ON c.id = k.case_id WHERE k.open = 1 AND c.owner_user = ?1 AND k.due_at < ?2
        AND (k.next_at, k.case_id, k.n) > (?3, ?4, ?5)
        AND k.n >= ?7 AND k.n <= ?8
        AND (k.n >= 0 OR (k.due_at > ?9 AND (c.owner_user IS NULL OR c.owner_user <> ?10)))
        ORDER BY k.next_at, k.case_id, k.n LIMIT ?6";
}

/// Which calls to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallBacksAsked {
    /// Those to be made before this moment.
    pub due_before: i64,
    /// Those that were promised.
    pub promised: bool,
    /// Those that ask how satisfied customers are.
    pub surveys: bool,
    /// Of those only what became due after this moment.
    pub surveys_since: i64,
    /// And not what this person holds: nobody asks how satisfied their own customers are.
    pub surveys_by: Uuid,
}

/// A call to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallBackRow {
    /// The case.
    pub case: Uuid,
    /// Number of the promise within the case; below zero where it was not promised.
    pub n: i64,
    /// Whether the call is still to be made.
    pub open: bool,
    /// By when it is to be made.
    pub due_at: i64,
    /// When it is to be tried next.
    pub next_at: i64,
}

fn read(row: &Row<'_>) -> Result<CallBackRow, StoreError> {
    Ok(CallBackRow {
        case: row.uuid(0)?,
        n: row.int(1)?,
        open: row.bool(2)?,
        due_at: row.int(3)?,
        next_at: row.int(4)?,
    })
}

/// Writes a call-back as it stands now.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &CallBackRow) -> Result<(), StoreError> {
    let values = [(&row.case).into(), row.n.into(), row.open.into(), row.due_at.into(), row.next_at.into()];
    tx.execute(PUT, &values).map(drop)
}

/// All call-backs of a case.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<CallBackRow>, StoreError> {
    tx.query(OF, &[(&case).into()], read)
}

/// Call-backs after one, in the order of case and number.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: (Uuid, i64), limit: i64) -> Result<Vec<CallBackRow>, StoreError> {
    tx.query(EVERY, &[(&after.0).into(), after.1.into(), limit.into()], read)
}

/// Takes a call-back away that its case does not have.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, case: Uuid, n: i64) -> Result<(), StoreError> {
    tx.execute(DROP, &[(&case).into(), n.into()]).map(drop)
}

/// Open call-backs with the region of their case, the one to be tried first first.
///
/// # Errors
/// Those of the database.
pub fn list(
    tx: &mut Tx<'_>,
    whose: Whose,
    asked: CallBacksAsked,
    after: Option<OrderCursor>,
    limit: i64,
) -> Result<Vec<(CallBackRow, String)>, StoreError> {
    let (statement, id) = match whose {
        Whose::Unit(id) => (OF_UNIT, id),
        Whose::User(id) => (OF_USER, id),
    };
    let after = after.unwrap_or(OrderCursor { due_at: i64::MIN, case: Uuid::nil(), n: 0 });
    let values: [Param<'_>; 10] = [
        (&id).into(),
        asked.due_before.into(),
        after.due_at.into(),
        (&after.case).into(),
        after.n.into(),
        limit.into(),
        (if asked.surveys { i64::MIN } else { 0 }).into(),
        (if asked.promised { i64::MAX } else { -1 }).into(),
        asked.surveys_since.into(),
        (&asked.surveys_by).into(),
    ];
    tx.query(statement, &values, |row| Ok((read(row)?, row.text(5)?)))
}
