//! Work done over many cases at once: each run, and what became of each case in it.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT_RUN = "INSERT INTO bulk_runs (id, actor, verb, undoes, total, at, ended_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)";
    // What was chosen is needed until the run is through.
    END_RUN = "UPDATE bulk_runs SET ended_at = ?2, chosen = NULL WHERE id = ?1";
    RUN = "SELECT id, actor, verb, undoes, total, at, ended_at FROM bulk_runs WHERE id = ?1";
    LATEST = "SELECT id, actor, verb, undoes, total, at, ended_at FROM bulk_runs WHERE actor = ?1
        ORDER BY at DESC, id DESC LIMIT ?2";
    INSERT_ITEM = "INSERT INTO bulk_items (run, n, named, case_id, version, outcome, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    ITEMS = "SELECT i.run, i.n, i.named, i.case_id, i.version, i.outcome, i.reason, c.number, c.region
        FROM bulk_items i LEFT JOIN cases c ON c.id = i.case_id WHERE i.run = ?1 ORDER BY i.n";
    SET_CHOSEN = "UPDATE bulk_runs SET chosen = ?2 WHERE id = ?1";
    CHOSEN = "SELECT chosen FROM bulk_runs WHERE id = ?1";
    DELETE_ITEMS = "DELETE FROM bulk_items WHERE run IN (SELECT id FROM bulk_runs WHERE at < ?1)";
    DELETE_RUNS = "DELETE FROM bulk_runs WHERE at < ?1";
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRunRow {
    /// Identity.
    pub id: Uuid,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub verb: String,
    /// The run it takes back, if it does.
    pub undoes: Option<Uuid>,
    /// Cases it is about.
    pub total: i64,
    /// When it began, UTC microseconds.
    pub at: i64,
    /// When it was through.
    pub ended_at: Option<i64>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItemRow {
    /// The run.
    pub run: Uuid,
    /// Its place in it, from 1.
    pub n: i64,
    /// As it was named.
    pub named: String,
    /// The case, where there was one to be seen.
    pub case: Option<Uuid>,
    /// The case's version after it; 0 when nothing was done.
    pub version: i64,
    /// What became of it.
    pub outcome: String,
    /// Why not, as JSON; empty when it was done.
    pub reason: String,
}

/// The same with what has to be known of the case to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBulkItem {
    /// What became of it.
    pub row: BulkItemRow,
    /// Number and region of the case.
    pub case: Option<(String, String)>,
}

/// Writes a run that begins.
///
/// # Errors
/// Those of the database.
pub fn insert_run(tx: &mut Tx<'_>, row: &BulkRunRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.actor).into(),
        (&row.verb).into(),
        (&row.undoes).into(),
        row.total.into(),
        row.at.into(),
    ];
    tx.execute(INSERT_RUN, &values).map(drop)
}

/// Says that a run is through.
///
/// # Errors
/// Those of the database.
pub fn end_run(tx: &mut Tx<'_>, id: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(END_RUN, &[(&id).into(), at.into()]).map(drop)
}

/// A run.
///
/// # Errors
/// Those of the database.
pub fn run(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<BulkRunRow>, StoreError> {
    tx.query_opt(RUN, &[(&id).into()], read_run)
}

/// The latest runs of somebody, newest first.
///
/// # Errors
/// Those of the database.
pub fn latest(tx: &mut Tx<'_>, actor: &str, limit: i64) -> Result<Vec<BulkRunRow>, StoreError> {
    tx.query(LATEST, &[actor.into(), limit.into()], read_run)
}

fn read_run(row: &Row<'_>) -> Result<BulkRunRow, StoreError> {
    Ok(BulkRunRow {
        id: row.uuid(0)?,
        actor: row.text(1)?,
        verb: row.text(2)?,
        undoes: row.opt_uuid(3)?,
        total: row.int(4)?,
        at: row.int(5)?,
        ended_at: row.opt_int(6)?,
    })
}

/// Writes what became of one case.
///
/// # Errors
/// Those of the database.
pub fn insert_item(tx: &mut Tx<'_>, row: &BulkItemRow) -> Result<(), StoreError> {
    let values = [
        (&row.run).into(),
        row.n.into(),
        (&row.named).into(),
        (&row.case).into(),
        row.version.into(),
        (&row.outcome).into(),
        (&row.reason).into(),
    ];
    tx.execute(INSERT_ITEM, &values).map(drop)
}

/// What became of each case of a run, in order.
///
/// # Errors
/// Those of the database.
pub fn items(tx: &mut Tx<'_>, run: Uuid) -> Result<Vec<ListedBulkItem>, StoreError> {
    tx.query(ITEMS, &[(&run).into()], |row| {
        let case = row.opt_text(7)?.zip(row.opt_text(8)?);
        Ok(ListedBulkItem {
            row: BulkItemRow {
                run: row.uuid(0)?,
                n: row.int(1)?,
                named: row.text(2)?,
                case: row.opt_uuid(3)?,
                version: row.int(4)?,
                outcome: row.text(5)?,
                reason: row.text(6)?,
            },
            case,
        })
    })
}

/// Keeps what was chosen for a run.
///
/// # Errors
/// Those of the database.
pub fn set_chosen(tx: &mut Tx<'_>, run: Uuid, chosen: &str) -> Result<(), StoreError> {
    tx.execute(SET_CHOSEN, &[(&run).into(), chosen.into()]).map(drop)
}

/// What was chosen for a run that is not through.
///
/// # Errors
/// Those of the database.
pub fn chosen(tx: &mut Tx<'_>, run: Uuid) -> Result<Option<String>, StoreError> {
    Ok(tx.query_opt(CHOSEN, &[(&run).into()], |row| row.opt_text(0))?.flatten())
}

/// Forgets runs that began before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(DELETE_ITEMS, &[at.into()])?;
    tx.execute(DELETE_RUNS, &[at.into()]).map(drop)
}
