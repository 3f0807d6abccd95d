//! The organisation's units: a tree with one root.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    UNIT = "SELECT id, parent, code, name, region, duties, closed FROM units WHERE id = ?1";
    UNITS = "SELECT id, parent, code, name, region, duties, closed FROM units ORDER BY code";
    UNIT_BY_CODE = "SELECT id, parent, code, name, region, duties, closed FROM units WHERE code = ?1";
    INSERT_UNIT = "INSERT INTO units (id, parent, code, name, region, duties, closed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (code) DO NOTHING";
    UPDATE_UNIT = "UPDATE units SET parent = ?2, name = ?3, region = ?4, duties = ?5, closed = ?6 WHERE id = ?1";
    // Deeper than any organisation; the bound ends the walk even if the tree were damaged into a ring.
    UP_FROM = "WITH RECURSIVE up (id, parent, region, step) AS (
            SELECT id, parent, region, CAST(0 AS BIGINT) FROM units WHERE id = ?1
            UNION ALL
            SELECT u.id, u.parent, u.region, up.step + 1 FROM units u JOIN up ON u.id = up.parent WHERE up.step < 100)
        SELECT id, region FROM up ORDER BY step";
    OPEN_BELOW = "SELECT CAST(1 AS BIGINT) FROM units WHERE parent = ?1 AND closed = 0 LIMIT 1";
    HOLDS_CASES = "SELECT CAST(1 AS BIGINT) FROM cases WHERE owner_unit = ?1 AND open = 1 LIMIT 1";
}

/// A unit of the organisation tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRow {
    /// Identity.
    pub id: Uuid,
    /// The unit above; `None` for the root.
    pub parent: Option<Uuid>,
    /// Stable code.
    pub code: String,
    /// Name to show.
    pub name: String,
    /// Area of its own; empty when it has that of the unit above.
    pub region: String,
    /// Codes of its duties, separated by commas.
    pub duties: String,
    /// Whether it was closed: it stays for the names in old cases, but gets nothing new.
    pub closed: bool,
}

fn read_unit(row: &Row<'_>) -> Result<UnitRow, StoreError> {
    Ok(UnitRow {
        id: row.uuid(0)?,
        parent: row.opt_uuid(1)?,
        code: row.text(2)?,
        name: row.text(3)?,
        region: row.text(4)?,
        duties: row.text(5)?,
        closed: row.bool(6)?,
    })
}

/// A unit.
///
/// # Errors
/// Those of the database.
pub fn unit(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<UnitRow>, StoreError> {
    tx.query_opt(UNIT, &[(&id).into()], read_unit)
}

/// All units, closed ones too.
///
/// # Errors
/// Those of the database.
pub fn units(tx: &mut Tx<'_>) -> Result<Vec<UnitRow>, StoreError> {
    tx.query(UNITS, &[], read_unit)
}

/// A unit by its code.
///
/// # Errors
/// Those of the database.
pub fn unit_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<UnitRow>, StoreError> {
    tx.query_opt(UNIT_BY_CODE, &[code.into()], read_unit)
}

/// Writes a new unit unless its code is taken.
///
/// # Errors
/// Those of the database.
pub fn insert_unit(tx: &mut Tx<'_>, row: &UnitRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.parent).into(),
        (&row.code).into(),
        (&row.name).into(),
        (&row.region).into(),
        (&row.duties).into(),
        row.closed.into(),
    ];
    tx.execute(INSERT_UNIT, &values).map(drop)
}

/// Changes everything of a unit but its code.
///
/// # Errors
/// Those of the database.
pub fn update_unit(tx: &mut Tx<'_>, row: &UnitRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.parent).into(),
        (&row.name).into(),
        (&row.region).into(),
        (&row.duties).into(),
        row.closed.into(),
    ];
    tx.execute(UPDATE_UNIT, &values).map(drop)
}

/// A unit and all above it with the regions they have of their own, nearest first.
///
/// # Errors
/// Those of the database.
pub fn up_from(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<(Uuid, String)>, StoreError> {
    tx.query(UP_FROM, &[(&id).into()], |row| Ok((row.uuid(0)?, row.text(1)?)))
}

/// Whether an open unit lies directly below.
///
/// # Errors
/// Those of the database.
pub fn open_below(tx: &mut Tx<'_>, id: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(OPEN_BELOW, &[(&id).into()], |row| row.int(0))?.is_some())
}

/// Whether a unit holds an open case.
///
/// # Errors
/// Those of the database.
pub fn holds_cases(tx: &mut Tx<'_>, id: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(HOLDS_CASES, &[(&id).into()], |row| row.int(0))?.is_some())
}
