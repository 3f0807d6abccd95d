//! Forgetting what has served: idempotency keys after seven days, ended sessions, counted attempts.

use crate::Desk;
use crate::error::DeskError;
use crate::time::stored;
use jiff::SignedDuration;
use store::{idempotency, sign_in};

/// How long a repeated request is recognised.
pub const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Forgets everything that is old enough.
///
/// # Errors
/// Those of the database.
pub fn old(desk: &Desk) -> Result<(), DeskError> {
    let now = desk.time().now();
    let keys = stored(now - KEYS_KEPT);
    let attempts = stored(now - SignedDuration::from_hours(24));
    let sessions = stored(now);
    desk.db().write_now(move |tx| {
        idempotency::delete_before(tx, keys)?;
        sign_in::delete_expired_sessions(tx, sessions)?;
        sign_in::delete_attempts_before(tx, attempts)?;
        Ok(())
    })
}
