//! Wordings of messages in their versions. A version never changes; who asked for it and who decided stands beside it.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO wordings (kind, language, version, subject, content, note, state, asked_by, asked_at, decided_by,
        decided_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, NULL)
        ON CONFLICT (kind, language, version) DO NOTHING";
    GET = "SELECT kind, language, version, subject, content, note, state, asked_by, asked_at, decided_by, decided_at
        FROM wordings WHERE kind = ?1 AND language = ?2 AND version = ?3";
    NEWEST = "SELECT COALESCE(MAX(version), 0) FROM wordings WHERE kind = ?1 AND language = ?2";
    APPROVED = "SELECT w.kind, w.language, w.version, w.subject, w.content, w.note, w.state, w.asked_by, w.asked_at,
        w.decided_by, w.decided_at FROM wordings w WHERE w.language = ?1 AND w.state = 'approved' AND w.version =
        (SELECT MAX(n.version) FROM wordings n WHERE n.kind = w.kind AND n.language = w.language
        AND n.state = 'approved') ORDER BY w.kind";
    LIST = "SELECT kind, language, version, subject, content, note, state, asked_by, asked_at, decided_by, decided_at
        FROM wordings ORDER BY kind, language, version DESC LIMIT ?1";
    DECIDE = "UPDATE wordings SET state = ?4, decided_by = ?5, decided_at = ?6 WHERE kind = ?1 AND language = ?2
        AND version = ?3 AND state = 'requested'";
}

/// A version of a wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordingRow {
    /// What it is for.
    pub kind: String,
    /// Its language.
    pub language: String,
    /// Its version.
    pub version: i64,
    /// Its subject in the ledger.
    pub subject: Uuid,
    /// The text.
    pub content: String,
    /// Why.
    pub note: String,
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

fn read(row: &Row<'_>) -> Result<WordingRow, StoreError> {
    Ok(WordingRow {
        kind: row.text(0)?,
        language: row.text(1)?,
        version: row.int(2)?,
        subject: row.uuid(3)?,
        content: row.text(4)?,
        note: row.text(5)?,
        state: row.text(6)?,
        asked_by: row.text(7)?,
        asked_at: row.int(8)?,
        decided_by: row.opt_text(9)?,
        decided_at: row.opt_int(10)?,
    })
}

/// Writes a version; false when there is one.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &WordingRow) -> Result<bool, StoreError> {
    let values = [
        (&row.kind).into(),
        (&row.language).into(),
        row.version.into(),
        (&row.subject).into(),
        (&row.content).into(),
        (&row.note).into(),
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
pub fn get(tx: &mut Tx<'_>, kind: &str, language: &str, version: i64) -> Result<Option<WordingRow>, StoreError> {
    tx.query_opt(GET, &[kind.into(), language.into(), version.into()], read)
}

/// The number of the newest version; 0 where there is none.
///
/// # Errors
/// Those of the database.
pub fn newest(tx: &mut Tx<'_>, kind: &str, language: &str) -> Result<i64, StoreError> {
    tx.query_one(NEWEST, &[kind.into(), language.into()], |row| row.int(0))
}

/// Of each kind the newest version of a language that was approved.
///
/// # Errors
/// Those of the database.
pub fn approved(tx: &mut Tx<'_>, language: &str) -> Result<Vec<WordingRow>, StoreError> {
    tx.query(APPROVED, &[language.into()], read)
}

/// Every version, by kind and language, the newest first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<WordingRow>, StoreError> {
    tx.query(LIST, &[limit.into()], read)
}

/// Decides about a version that waits; false when it does not.
///
/// # Errors
/// Those of the database.
pub fn decide(
    tx: &mut Tx<'_>,
    (kind, language, version): (&str, &str, i64),
    state: &str,
    by: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let values = [kind.into(), language.into(), version.into(), state.into(), by.into(), at.into()];
    Ok(tx.execute(DECIDE, &values)? == 1)
}
