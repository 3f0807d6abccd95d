//! Lists somebody keeps under a name, for themselves or for others.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    KEEP = "INSERT INTO saved_views (id, audience, area, name, body, kept_by, kept_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (audience, area, name) DO UPDATE SET body = excluded.body, kept_by = excluded.kept_by,
            kept_at = excluded.kept_at";
    // The areas of a reader are named, so that those of others take none of the room.
    NEAR = "SELECT id, audience, area, name, body, kept_by, kept_at FROM saved_views
        WHERE audience = ?1 AND area IN (?2, ?3, ?4, ?5)
        ORDER BY length(area) DESC, name LIMIT ?6";
    ONE = "SELECT id, audience, area, name, body, kept_by, kept_at FROM saved_views WHERE id = ?1";
    NAMED = "SELECT id, audience, area, name, body, kept_by, kept_at FROM saved_views
        WHERE audience = ?1 AND area = ?2 AND name = ?3";
    RENAME = "UPDATE saved_views SET name = ?2, kept_by = ?3, kept_at = ?4 WHERE id = ?1";
    COUNT = "SELECT COUNT(*) FROM saved_views WHERE audience = ?1 AND area = ?2 AND name <> ?3";
    FORGET = "DELETE FROM saved_views WHERE id = ?1";
}

/// A list under a name. Of one audience and area a name is there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRow {
    /// Identity.
    pub id: Uuid,
    /// For whom: `own:` and a user, `unit:` and a unit, `role:` and a role.
    pub audience: String,
    /// Region of whoever shares it with a role; empty for everywhere and for other audiences.
    pub area: String,
    /// What people call it.
    pub name: String,
    /// What it shows, as JSON.
    pub body: String,
    /// Who kept it last.
    pub kept_by: String,
    /// When.
    pub kept_at: i64,
}

fn read(row: &Row<'_>) -> Result<ViewRow, StoreError> {
    Ok(ViewRow {
        id: row.uuid(0)?,
        audience: row.text(1)?,
        area: row.text(2)?,
        name: row.text(3)?,
        body: row.text(4)?,
        kept_by: row.text(5)?,
        kept_at: row.int(6)?,
    })
}

/// Keeps a list; one of the same name for the same people is replaced and keeps its identity.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, row: &ViewRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        row.audience.as_str().into(),
        row.area.as_str().into(),
        row.name.as_str().into(),
        row.body.as_str().into(),
        row.kept_by.as_str().into(),
        row.kept_at.into(),
    ];
    tx.execute(KEEP, &values).map(drop)
}

/// The lists of an audience in four areas, those of the longest code first, by name, so many at most.
///
/// # Errors
/// Those of the database.
pub fn near(tx: &mut Tx<'_>, audience: &str, areas: &[String; 4], most: i64) -> Result<Vec<ViewRow>, StoreError> {
    let [one, two, three, four] = areas;
    tx.query(NEAR, &[audience.into(), one.into(), two.into(), three.into(), four.into(), most.into()], read)
}

/// A list.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ViewRow>, StoreError> {
    tx.query_opt(ONE, &[(&id).into()], read)
}

/// The list of a name.
///
/// # Errors
/// Those of the database.
pub fn named(tx: &mut Tx<'_>, audience: &str, area: &str, name: &str) -> Result<Option<ViewRow>, StoreError> {
    tx.query_opt(NAMED, &[audience.into(), area.into(), name.into()], read)
}

/// Gives a list another name.
///
/// # Errors
/// `Constraint` when the same people have another one of that name.
pub fn rename(tx: &mut Tx<'_>, id: Uuid, name: &str, by: &str, at: i64) -> Result<(), StoreError> {
    tx.execute(RENAME, &[(&id).into(), name.into(), by.into(), at.into()]).map(drop)
}

/// How many lists of other names there are for the same people.
///
/// # Errors
/// Those of the database.
pub fn others(tx: &mut Tx<'_>, audience: &str, area: &str, name: &str) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[audience.into(), area.into(), name.into()], |row| row.int(0))
}

/// Takes a list away.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx<'_>, id: Uuid) -> Result<(), StoreError> {
    tx.execute(FORGET, &[(&id).into()]).map(drop)
}
