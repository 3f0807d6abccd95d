//! Contents of rules by their address, and who put which into force, when and from when on.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    // The same address is the same content: whoever brings it again brings nothing new.
    INSERT_FILE = "INSERT INTO rule_files (hash, kind, name, content) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (hash) DO NOTHING";
    HASHES = "SELECT hash FROM rule_files";
    FILES = "SELECT hash, kind, name, content FROM rule_files ORDER BY hash";
    FILE = "SELECT hash, kind, name, content FROM rule_files WHERE hash = ?1";
    INSERT = "INSERT INTO activations (id, kind, hash, rules, version, effective_from, note, state, requested_by,
        requested_at, looked, moved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0)";
    ACTIVATION = "SELECT id, kind, hash, rules, version, effective_from, note, state, requested_by, requested_at,
        decided_by, decided_at, holds_at, reached, looked, moved, recounted_at FROM activations WHERE id = ?1";
    ACTIVATIONS = "SELECT id, kind, hash, rules, version, effective_from, note, state, requested_by, requested_at,
        decided_by, decided_at, holds_at, reached, looked, moved, recounted_at FROM activations ORDER BY requested_at, id";
    // What was put into force stays so, hence the number only grows.
    IN_FORCE = "SELECT COUNT(*) FROM activations WHERE holds_at IS NOT NULL";
    // Of two who decide at once the second finds it decided.
    DECIDE = "UPDATE activations SET state = ?3, decided_by = ?4, decided_at = ?5, holds_at = ?6
        WHERE id = ?1 AND state = ?2";
    REACHED = "UPDATE activations SET reached = ?2, looked = looked + ?3, moved = moved + ?4 WHERE id = ?1";
    COUNTED = "UPDATE activations SET moved = moved + ?2 WHERE id = ?1";
    RECOUNTED = "UPDATE activations SET recounted_at = ?2 WHERE id = ?1";
}

/// A content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFileRow {
    /// Its address.
    pub hash: String,
    /// What kind of rules it holds.
    pub kind: String,
    /// Name of the file.
    pub name: String,
    /// The text.
    pub content: String,
}

/// An activation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRow {
    /// Identity.
    pub id: Uuid,
    /// What kind of rules.
    pub kind: String,
    /// Address of the content.
    pub hash: String,
    /// Identity of the pack or calendar.
    pub rules: String,
    /// Its version.
    pub version: String,
    /// First local date it is for.
    pub effective_from: String,
    /// Why.
    pub note: String,
    /// Where it stands.
    pub state: String,
    /// Who asked.
    pub requested_by: String,
    /// When, UTC microseconds.
    pub requested_at: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
    /// From which moment on all nodes go by it.
    pub holds_at: Option<i64>,
    /// The case recounted last.
    pub reached: Option<Uuid>,
    /// Cases looked at.
    pub looked: i64,
    /// Cases of which a clock moved.
    pub moved: i64,
    /// When the last case was recounted.
    pub recounted_at: Option<i64>,
}

fn file(row: &Row<'_>) -> Result<RuleFileRow, StoreError> {
    Ok(RuleFileRow { hash: row.text(0)?, kind: row.text(1)?, name: row.text(2)?, content: row.text(3)? })
}

fn read(row: &Row<'_>) -> Result<ActivationRow, StoreError> {
    Ok(ActivationRow {
        id: row.uuid(0)?,
        kind: row.text(1)?,
        hash: row.text(2)?,
        rules: row.text(3)?,
        version: row.text(4)?,
        effective_from: row.text(5)?,
        note: row.text(6)?,
        state: row.text(7)?,
        requested_by: row.text(8)?,
        requested_at: row.int(9)?,
        decided_by: row.opt_text(10)?,
        decided_at: row.opt_int(11)?,
        holds_at: row.opt_int(12)?,
        reached: row.opt_uuid(13)?,
        looked: row.int(14)?,
        moved: row.int(15)?,
        recounted_at: row.opt_int(16)?,
    })
}

/// Keeps a content, if it is not there yet.
///
/// # Errors
/// Those of the database.
pub fn insert_file(tx: &mut Tx<'_>, row: &RuleFileRow) -> Result<(), StoreError> {
    let values = [(&row.hash).into(), (&row.kind).into(), (&row.name).into(), (&row.content).into()];
    tx.execute(INSERT_FILE, &values).map(drop)
}

/// Addresses of all contents kept.
///
/// # Errors
/// Those of the database.
pub fn hashes(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    tx.query(HASHES, &[], |row| row.text(0))
}

/// All contents kept.
///
/// # Errors
/// Those of the database.
pub fn files(tx: &mut Tx<'_>) -> Result<Vec<RuleFileRow>, StoreError> {
    tx.query(FILES, &[], file)
}

/// A content by its address.
///
/// # Errors
/// Those of the database.
pub fn file_at(tx: &mut Tx<'_>, hash: &str) -> Result<Option<RuleFileRow>, StoreError> {
    tx.query_opt(FILE, &[hash.into()], file)
}

/// Writes what was asked for; nobody has decided yet.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &ActivationRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.kind).into(),
        (&row.hash).into(),
        (&row.rules).into(),
        (&row.version).into(),
        (&row.effective_from).into(),
        (&row.note).into(),
        (&row.state).into(),
        (&row.requested_by).into(),
        row.requested_at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// An activation.
///
/// # Errors
/// Those of the database.
pub fn activation(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ActivationRow>, StoreError> {
    tx.query_opt(ACTIVATION, &[(&id).into()], read)
}

/// All activations in the order they were asked for.
///
/// # Errors
/// Those of the database.
pub fn activations(tx: &mut Tx<'_>) -> Result<Vec<ActivationRow>, StoreError> {
    tx.query(ACTIVATIONS, &[], read)
}

/// How many were put into force; a look that costs next to nothing.
///
/// # Errors
/// Those of the database.
pub fn in_force(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(IN_FORCE, &[], |row| row.int(0))
}

/// A decision about an activation.
#[derive(Clone, Debug)]
pub struct Decided<'d> {
    /// Where it must stand.
    pub from: &'d str,
    /// Where it stands then.
    pub to: &'d str,
    /// Who.
    pub by: &'d str,
    /// When, UTC microseconds.
    pub at: i64,
    /// From which moment on all nodes go by it.
    pub holds_at: Option<i64>,
}

/// Decides; false when somebody else already has.
///
/// # Errors
/// Those of the database.
pub fn decide(tx: &mut Tx<'_>, id: Uuid, decided: &Decided<'_>) -> Result<bool, StoreError> {
    let values = [
        (&id).into(),
        decided.from.into(),
        decided.to.into(),
        decided.by.into(),
        decided.at.into(),
        decided.holds_at.into(),
    ];
    Ok(tx.execute(DECIDE, &values)? == 1)
}

/// Notes how far the recount has come.
///
/// # Errors
/// Those of the database.
pub fn reached(tx: &mut Tx<'_>, id: Uuid, case: Uuid, looked: i64, moved: i64) -> Result<(), StoreError> {
    tx.execute(REACHED, &[(&id).into(), (&case).into(), looked.into(), moved.into()]).map(drop)
}

/// Notes how many cases more were moved, the page not being done.
///
/// # Errors
/// Those of the database.
pub fn counted(tx: &mut Tx<'_>, id: Uuid, moved: i64) -> Result<(), StoreError> {
    tx.execute(COUNTED, &[(&id).into(), moved.into()]).map(drop)
}

/// Notes that every case has been recounted.
///
/// # Errors
/// Those of the database.
pub fn recounted(tx: &mut Tx<'_>, id: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(RECOUNTED, &[(&id).into(), at.into()]).map(drop)
}
