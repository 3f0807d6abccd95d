//! Recurring duties with a lease: of many nodes one does each, and none is a leader.

use crate::statements::statements;
use crate::{StoreError, Tx};

statements! {
    NOTE = "INSERT INTO schedules (name, due_at, lease_until, holder) VALUES (?1, 0, 0, '')
        ON CONFLICT (name) DO NOTHING";
    DUE = "SELECT CAST(1 AS BIGINT) FROM schedules WHERE name = ?1 AND (due_at <= ?2 OR due_at > ?3)
        AND (lease_until <= ?2 OR lease_until > ?4 OR holder = ?5)";
    CLAIM = "UPDATE schedules SET lease_until = ?6, holder = ?5 WHERE name = ?1 AND (due_at <= ?2 OR due_at > ?3)
        AND (lease_until <= ?2 OR lease_until > ?4 OR holder = ?5)";
    FINISH = "UPDATE schedules SET due_at = ?2, lease_until = 0, holder = '' WHERE name = ?1 AND holder = ?3";
    HOLD = "UPDATE schedules SET lease_until = ?4, holder = ?5
        WHERE name = ?1 AND (lease_until <= ?2 OR lease_until > ?3 OR holder = ?5)";
    HELD = "SELECT CAST(1 AS BIGINT) FROM schedules WHERE name = ?1 AND lease_until > ?2";
    KNOWN = "SELECT CAST(1 AS BIGINT) FROM schedules WHERE name = ?1";
}

/// A look at a duty. Moments that lie further ahead than anybody who keeps time can have meant were written before a
/// clock was set back, and hold nothing up.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// When it is.
    pub now: i64,
    /// The furthest the duty can be due.
    pub furthest: i64,
    /// The furthest somebody's lease can reach.
    pub furthest_lease: i64,
}

/// Whether a duty is due and no other node does it; for a look before claiming. What this node holds it could not bring
/// to its end, as where the disk was full meanwhile: to wait for its own lease would help nobody.
///
/// # Errors
/// Those of the database.
pub fn is_due(tx: &mut Tx<'_>, name: &str, look: Look, holder: &str) -> Result<bool, StoreError> {
    if tx.query_opt(KNOWN, &[name.into()], |row| row.int(0))?.is_none() {
        return Ok(true);
    }
    let values = [name.into(), look.now.into(), look.furthest.into(), look.furthest_lease.into(), holder.into()];
    Ok(tx.query_opt(DUE, &values, |row| row.int(0))?.is_some())
}

/// Claims a duty that is due until `lease_until`; false when it is not due or another node has it. A
/// node has one thread for a duty: what it holds already it may claim again.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, name: &str, look: Look, lease_until: i64, holder: &str) -> Result<bool, StoreError> {
    tx.execute(NOTE, &[name.into()])?;
    let values = [
        name.into(),
        look.now.into(),
        look.furthest.into(),
        look.furthest_lease.into(),
        holder.into(),
        lease_until.into(),
    ];
    Ok(tx.execute(CLAIM, &values)? == 1)
}

/// Takes or keeps a duty that is never done for good; false when another node has it.
///
/// # Errors
/// Those of the database.
pub fn hold(tx: &mut Tx<'_>, name: &str, look: Look, lease_until: i64, holder: &str) -> Result<bool, StoreError> {
    tx.execute(NOTE, &[name.into()])?;
    let values = [name.into(), look.now.into(), look.furthest_lease.into(), lease_until.into(), holder.into()];
    Ok(tx.execute(HOLD, &values)? == 1)
}

/// Whether somebody has a duty.
///
/// # Errors
/// Those of the database.
pub fn is_held(tx: &mut Tx<'_>, name: &str, now: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt(HELD, &[name.into(), now.into()], |row| row.int(0))?.is_some())
}

/// Gives a duty back, due again at `next`. Whoever lost the lease changes nothing.
///
/// # Errors
/// Those of the database.
pub fn finish(tx: &mut Tx<'_>, name: &str, next: i64, holder: &str) -> Result<(), StoreError> {
    tx.execute(FINISH, &[name.into(), next.into(), holder.into()]).map(drop)
}
