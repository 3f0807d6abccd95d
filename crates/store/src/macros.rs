//! Several operations under one name, for whoever keeps them or for others.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO macros (id, audience, area, name, body, revision, kept_by, kept_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    CHANGE = "UPDATE macros SET body = ?2, revision = ?3, kept_by = ?4, kept_at = ?5 WHERE id = ?1";
    // The areas of a reader are named, so that those of others take none of the room.
    NEAR = "SELECT id, audience, area, name, body, revision, kept_by, kept_at FROM macros
        WHERE audience = ?1 AND area IN (?2, ?3, ?4, ?5)
        ORDER BY length(area) DESC, name LIMIT ?6";
    ONE = "SELECT id, audience, area, name, body, revision, kept_by, kept_at FROM macros WHERE id = ?1";
    NAMED = "SELECT id, audience, area, name, body, revision, kept_by, kept_at FROM macros
        WHERE audience = ?1 AND area = ?2 AND name = ?3";
    PAGE = "SELECT id, audience, area, name, body, revision, kept_by, kept_at FROM macros WHERE id > ?1 ORDER BY id LIMIT ?2";
    COUNT = "SELECT COUNT(*) FROM macros WHERE audience = ?1 AND area = ?2";
    FORGET = "DELETE FROM macros WHERE id = ?1";
}

/// A macro as it is now. Of one audience and area a name is there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroRow {
    /// Identity.
    pub id: Uuid,
    /// For whom: `own:` and a user, `unit:` and a unit, `role:` and a role.
    pub audience: String,
    /// Region of whoever shares it with a role; empty for everywhere and for other audiences.
    pub area: String,
    /// What people call it.
    pub name: String,
    /// Its steps, as JSON.
    pub body: String,
    /// How often it was said, from 1.
    pub revision: i64,
    /// Who said it last.
    pub kept_by: String,
    /// When.
    pub kept_at: i64,
}

fn read(row: &Row<'_>) -> Result<MacroRow, StoreError> {
    Ok(MacroRow {
        id: row.uuid(0)?,
        audience: row.text(1)?,
        area: row.text(2)?,
        name: row.text(3)?,
        body: row.text(4)?,
        revision: row.int(5)?,
        kept_by: row.text(6)?,
        kept_at: row.int(7)?,
    })
}

/// Writes a macro, or what a known one says now.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, row: &MacroRow) -> Result<(), StoreError> {
    if row.revision > 1 {
        let values = [
            (&row.id).into(),
            row.body.as_str().into(),
            row.revision.into(),
            row.kept_by.as_str().into(),
            row.kept_at.into(),
        ];
        return tx.execute(CHANGE, &values).map(drop);
    }
    let values = [
        (&row.id).into(),
        row.audience.as_str().into(),
        row.area.as_str().into(),
        row.name.as_str().into(),
        row.body.as_str().into(),
        row.revision.into(),
        row.kept_by.as_str().into(),
        row.kept_at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// The macros of an audience in four areas, those of the longest code first, by name, so many at most.
///
/// # Errors
/// Those of the database.
pub fn near(tx: &mut Tx<'_>, audience: &str, areas: &[String; 4], most: i64) -> Result<Vec<MacroRow>, StoreError> {
    let [one, two, three, four] = areas;
    tx.query(NEAR, &[audience.into(), one.into(), two.into(), three.into(), four.into(), most.into()], read)
}

/// A macro.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<MacroRow>, StoreError> {
    tx.query_opt(ONE, &[(&id).into()], read)
}

/// The macro of a name.
///
/// # Errors
/// Those of the database.
pub fn named(tx: &mut Tx<'_>, audience: &str, area: &str, name: &str) -> Result<Option<MacroRow>, StoreError> {
    tx.query_opt(NAMED, &[audience.into(), area.into(), name.into()], read)
}

/// Macros in the order of identity, after one.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<MacroRow>, StoreError> {
    tx.query(PAGE, &[(&after).into(), limit.into()], read)
}

/// How many there are for the same people.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, audience: &str, area: &str) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[audience.into(), area.into()], |row| row.int(0))
}

/// Takes a macro away.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx<'_>, id: Uuid) -> Result<(), StoreError> {
    tx.execute(FORGET, &[(&id).into()]).map(drop)
}
