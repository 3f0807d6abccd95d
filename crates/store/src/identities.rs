//! Whom a provider of sign-ins knows as which user, by the provider's own name for them and nothing else; and ways to the
//! provider and back, each of which is gone once.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    USER = "SELECT user_id FROM identities WHERE issuer = ?1 AND subject = ?2";
    OF_USER = "SELECT issuer, subject, linked_at FROM identities WHERE user_id = ?1 ORDER BY issuer, subject";
    INSERT = "INSERT INTO identities (issuer, subject, user_id, linked_at) VALUES (?1, ?2, ?3, ?4)";
    REMOVE = "DELETE FROM identities WHERE issuer = ?1 AND subject = ?2 AND user_id = ?3";
    BEGIN_FLOW = "INSERT INTO oidc_flows (state, user_id, back, expires_at) VALUES (?1, ?2, ?3, ?4)";
    TAKE_FLOW = "DELETE FROM oidc_flows WHERE state = ?1 RETURNING user_id, back, expires_at";
    REMOVE_FLOWS_BEFORE = "DELETE FROM oidc_flows WHERE expires_at < ?1";
}

/// Somebody a provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The provider.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
    /// Since when they are linked.
    pub linked_at: i64,
}

/// A way to the provider and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRow {
    /// Who links an account of the provider; nobody where somebody signs in.
    pub user: Option<Uuid>,
    /// Where it leads in the end.
    pub back: String,
    /// When it is over.
    pub expires_at: i64,
}

/// Which user a provider's name stands for.
///
/// # Errors
/// Those of the database.
pub fn user(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<Option<Uuid>, StoreError> {
    tx.query_opt(USER, &[issuer.into(), subject.into()], |row| row.uuid(0))
}

/// What providers know a user as.
///
/// # Errors
/// Those of the database.
pub fn of_user(tx: &mut Tx<'_>, user: Uuid) -> Result<Vec<IdentityRow>, StoreError> {
    tx.query(OF_USER, &[(&user).into()], |row| {
        Ok(IdentityRow { issuer: row.text(0)?, subject: row.text(1)?, linked_at: row.int(2)? })
    })
}

/// Links one.
///
/// # Errors
/// `Constraint` when the name stands for somebody already.
pub fn insert(tx: &mut Tx<'_>, row: &IdentityRow, user: Uuid) -> Result<(), StoreError> {
    let values = [(&row.issuer).into(), (&row.subject).into(), (&user).into(), row.linked_at.into()];
    tx.execute(INSERT, &values).map(drop)
}

/// Ends a link; false when there is none.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, issuer: &str, subject: &str, user: Uuid) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[issuer.into(), subject.into(), (&user).into()])? == 1)
}

/// Keeps that somebody went to the provider.
///
/// # Errors
/// Those of the database.
pub fn begin_flow(tx: &mut Tx<'_>, state: &[u8], row: &FlowRow) -> Result<(), StoreError> {
    let values = [state.into(), (&row.user).into(), (&row.back).into(), row.expires_at.into()];
    tx.execute(BEGIN_FLOW, &values).map(drop)
}

/// Takes it: whoever comes back a second time finds nothing.
///
/// # Errors
/// Those of the database.
pub fn take_flow(tx: &mut Tx<'_>, state: &[u8]) -> Result<Option<FlowRow>, StoreError> {
    tx.query_opt(TAKE_FLOW, &[state.into()], |row| {
        Ok(FlowRow { user: row.opt_uuid(0)?, back: row.text(1)?, expires_at: row.int(2)? })
    })
}

/// Forgets ways that were over before a moment.
///
/// # Errors
/// Those of the database.
pub fn remove_flows_before(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(REMOVE_FLOWS_BEFORE, &[at.into()]).map(drop)
}
