//! Emergency plans in their versions. A version never changes; who asked for it and who decided stands beside it.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO emergency_plans (plan, version, subject, content, state, asked_by, asked_at, decided_by, decided_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL) ON CONFLICT (plan, version) DO NOTHING";
    GET = "SELECT plan, version, subject, content, state, asked_by, asked_at, decided_by, decided_at FROM emergency_plans
        WHERE plan = ?1 AND version = ?2";
    NEWEST = "SELECT plan, version, subject, content, state, asked_by, asked_at, decided_by, decided_at FROM emergency_plans
        WHERE plan = ?1 AND (?2 = '' OR state = ?2) ORDER BY version DESC LIMIT 1";
    LIST = "SELECT plan, version, subject, content, state, asked_by, asked_at, decided_by, decided_at FROM emergency_plans
        ORDER BY plan, version DESC LIMIT ?1";
    DECIDE = "UPDATE emergency_plans SET state = ?3, decided_by = ?4, decided_at = ?5 WHERE plan = ?1 AND version = ?2
        AND state = 'requested'";
}

/// A version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyPlanRow {
    /// Identity of the plan.
    pub plan: String,
    /// Its version.
    pub version: i64,
    /// Its subject in the ledger.
    pub subject: Uuid,
    /// The text.
    pub content: String,
    /// `requested`, `approved` or `refused`.
    pub state: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
}

fn read(row: &Row<'_>) -> Result<EmergencyPlanRow, StoreError> {
    Ok(EmergencyPlanRow {
        plan: row.text(0)?,
        version: row.int(1)?,
        subject: row.uuid(2)?,
        content: row.text(3)?,
        state: row.text(4)?,
        asked_by: row.text(5)?,
        asked_at: row.int(6)?,
        decided_by: row.opt_text(7)?,
        decided_at: row.opt_int(8)?,
    })
}

/// Writes a version; false when there is one.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &EmergencyPlanRow) -> Result<bool, StoreError> {
    let values = [
        (&row.plan).into(),
        row.version.into(),
        (&row.subject).into(),
        (&row.content).into(),
        (&row.state).into(),
        (&row.asked_by).into(),
        row.asked_at.into(),
    ];
    Ok(tx.execute(INSERT, &values)? == 1)
}

/// A version.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, plan: &str, version: i64) -> Result<Option<EmergencyPlanRow>, StoreError> {
    tx.query_opt(GET, &[plan.into(), version.into()], read)
}

/// The newest version of a plan, in one state or any.
///
/// # Errors
/// Those of the database.
pub fn newest(tx: &mut Tx<'_>, plan: &str, state: &str) -> Result<Option<EmergencyPlanRow>, StoreError> {
    tx.query_opt(NEWEST, &[plan.into(), state.into()], read)
}

/// Every version, by plan, the newest first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<EmergencyPlanRow>, StoreError> {
    tx.query(LIST, &[limit.into()], read)
}

/// Decides about a version; false when it is decided.
///
/// # Errors
/// Those of the database.
pub fn decide(tx: &mut Tx<'_>, plan: &str, version: i64, state: &str, by: &str, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(DECIDE, &[plan.into(), version.into(), state.into(), by.into(), at.into()])? == 1)
}
