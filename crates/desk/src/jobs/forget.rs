//! Forgetting what has served: idempotency keys after seven days, ended sessions, counted attempts, old notices,
//! who had what open, and what became of each case of work done over many.

use crate::Desk;
use crate::error::DeskError;
use crate::import;
use crate::presence::SILENCE;
use crate::time::stored;
use jiff::SignedDuration;
use store::{
    assist, bulk, drafts, idempotency, identities, letterbox, notices, outbox, presence, resets, second_factor,
    sign_in, subscriptions,
};

/// How long a repeated request is recognised.
pub const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a notice can still be read; the case itself says the same for good.
pub const NOTICES_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How long the result of work over many cases can be looked up and taken back; the cases say the same for good.
pub const BULK_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How long a report about a message still finds its case; how far it came stands in the case for good.
pub const MESSAGES_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long the words of mail that was thrown away can still be looked at.
pub const THROWN_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long what somebody was writing waits for them.
pub const DRAFTS_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How long an event nobody took can be sent again.
pub const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Forgets everything that is old enough.
///
/// # Errors
/// Those of the database.
pub fn old(desk: &Desk) -> Result<(), DeskError> {
    let now = desk.time().now();
    let keys = stored(now - KEYS_KEPT);
    let attempts = stored(now - SignedDuration::from_hours(24));
    let sessions = stored(now);
    let told = stored(now - NOTICES_KEPT);
    let done = stored(now - BULK_KEPT);
    let (carried, thrown) = (stored(now - MESSAGES_KEPT), stored(now - THROWN_KEPT));
    let written = stored(now - DRAFTS_KEPT);
    let silent = stored(now - SILENCE);
    let undelivered = stored(now - EVENTS_KEPT);
    let used = desk.zone().to_datetime(now - SignedDuration::from_hours(48)).date().to_string();
    desk.db().write_now(move |tx| {
        // A file may be taken in again after years; what is known of it stays known.
        idempotency::delete_before(tx, keys, import::CLAIMANT)?;
        sign_in::delete_expired_sessions(tx, sessions)?;
        sign_in::delete_attempts_before(tx, attempts)?;
        second_factor::remove_halves_before(tx, sessions)?;
        resets::end_before(tx, sessions)?;
        identities::remove_flows_before(tx, sessions)?;
        notices::delete_before(tx, told)?;
        bulk::delete_before(tx, done)?;
        outbox::delete_before(tx, carried)?;
        letterbox::forget(tx, thrown)?;
        drafts::delete_before(tx, written)?;
        presence::delete_before(tx, silent)?;
        assist::delete_before(tx, &used)?;
        subscriptions::drop_dead(tx, undelivered)?;
        Ok(())
    })
}
