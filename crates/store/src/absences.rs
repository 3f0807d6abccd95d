//! Who is away, from when until when, and who works their cases meanwhile.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO absences (id, user_id, deputy, from_at, until_at, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    ABSENCE = "SELECT id, user_id, deputy, from_at, until_at, created_at FROM absences WHERE id = ?1";
    AHEAD = "SELECT id, user_id, deputy, from_at, until_at, created_at FROM absences
        WHERE until_at > ?1 AND until_at > from_at ORDER BY from_at, id";
    AT = "SELECT id, user_id, deputy, from_at, until_at, created_at FROM absences
        WHERE user_id = ?1 AND from_at <= ?2 AND until_at > ?2 LIMIT 1";
    OVERLAPPING = "SELECT CAST(1 AS BIGINT) FROM absences
        WHERE user_id = ?1 AND from_at < ?3 AND until_at > ?2 AND until_at > from_at LIMIT 1";
    DEPUTISED = "SELECT user_id FROM absences WHERE deputy = ?1 AND from_at <= ?2 AND until_at > ?2";
    END = "UPDATE absences SET until_at = ?2 WHERE id = ?1";
}

/// An absence: from a moment until just before another. An absence called off before it began is empty: it ends where
/// it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsenceRow {
    /// Identity.
    pub id: Uuid,
    /// Who is away.
    pub user_id: Uuid,
    /// Who gets their cases; `None` leaves them to the unit's queue.
    pub deputy: Option<Uuid>,
    /// First moment, UTC microseconds.
    pub from_at: i64,
    /// First moment back, UTC microseconds.
    pub until_at: i64,
    /// When it was entered.
    pub created_at: i64,
}

fn read(row: &Row<'_>) -> Result<AbsenceRow, StoreError> {
    Ok(AbsenceRow {
        id: row.uuid(0)?,
        user_id: row.uuid(1)?,
        deputy: row.opt_uuid(2)?,
        from_at: row.int(3)?,
        until_at: row.int(4)?,
        created_at: row.int(5)?,
    })
}

/// Writes an absence.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &AbsenceRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.user_id).into(),
        (&row.deputy).into(),
        row.from_at.into(),
        row.until_at.into(),
        row.created_at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// An absence.
///
/// # Errors
/// Those of the database.
pub fn absence(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<AbsenceRow>, StoreError> {
    tx.query_opt(ABSENCE, &[(&id).into()], read)
}

/// Absences that run at a moment or begin later, in the order they begin.
///
/// # Errors
/// Those of the database.
pub fn ahead(tx: &mut Tx<'_>, at: i64) -> Result<Vec<AbsenceRow>, StoreError> {
    tx.query(AHEAD, &[at.into()], read)
}

/// The absence of a user at a moment.
///
/// # Errors
/// Those of the database.
pub fn at(tx: &mut Tx<'_>, user: Uuid, at: i64) -> Result<Option<AbsenceRow>, StoreError> {
    tx.query_opt(AT, &[(&user).into(), at.into()], read)
}

/// Whether a user is away at any moment of a span.
///
/// # Errors
/// Those of the database.
pub fn overlapping(tx: &mut Tx<'_>, user: Uuid, from: i64, until: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt(OVERLAPPING, &[(&user).into(), from.into(), until.into()], |row| row.int(0))?.is_some())
}

/// Users who are away at a moment and named this one as their deputy.
///
/// # Errors
/// Those of the database.
pub fn deputised(tx: &mut Tx<'_>, deputy: Uuid, at: i64) -> Result<Vec<Uuid>, StoreError> {
    tx.query(DEPUTISED, &[(&deputy).into(), at.into()], |row| row.uuid(0))
}

/// Moves the end of an absence.
///
/// # Errors
/// Those of the database.
pub fn end(tx: &mut Tx<'_>, id: Uuid, until: i64) -> Result<(), StoreError> {
    tx.execute(END, &[(&id).into(), until.into()]).map(drop)
}
