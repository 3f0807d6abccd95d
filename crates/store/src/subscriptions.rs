//! Who is told of what happens to cases, how far each was told, and the entries that could not be handed over yet.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO subscriptions (id, kind, name, url, query, owner, region, personal, generation, rotated_at, made_at,
        standing, reason, place, failing_since, tries, due_at, error, lease_until, holder)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 0, ?9, 'on', '', ?10, 0, 0, 0, '', 0, '')";
    EVERY = "SELECT id, kind, name, url, query, owner, region, personal, generation, rotated_at, made_at, standing, reason,
        place, failing_since, tries, due_at, error FROM subscriptions ORDER BY id LIMIT 1000";
    ONE = "SELECT id, kind, name, url, query, owner, region, personal, generation, rotated_at, made_at, standing, reason,
        place, failing_since, tries, due_at, error FROM subscriptions WHERE id = ?1";
    // With whether something is to be tried again: of each case the first that waits.
    DUE = "SELECT s.id, s.kind, s.name, s.url, s.query, s.owner, s.region, s.personal, s.generation, s.rotated_at, s.made_at,
        s.standing, s.reason, s.place, s.failing_since, s.tries, s.due_at, s.error,
        CASE WHEN EXISTS (SELECT 1 FROM event_deliveries d WHERE d.subscription = s.id AND d.dead = 0 AND d.due_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM event_deliveries e WHERE e.subscription = d.subscription AND e.subject = d.subject
        AND e.dead = 0 AND e.version < d.version)) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
        FROM subscriptions s WHERE s.standing = 'on' AND s.due_at <= ?1
        AND (s.lease_until <= ?1 OR s.holder = ?2) ORDER BY s.id LIMIT 1000";
    CLAIM = "UPDATE subscriptions SET lease_until = ?3, holder = ?4 WHERE id = ?1 AND standing = 'on' AND due_at <= ?2
        AND (lease_until <= ?2 OR holder = ?4)";
    FINISH = "UPDATE subscriptions SET place = ?3, failing_since = ?4, tries = ?5, due_at = ?6, error = ?7, standing = ?8,
        reason = ?9, lease_until = 0, holder = '' WHERE id = ?1 AND holder = ?2";
    // Without its lease: a round under way ends with nothing to write down.
    SWITCH = "UPDATE subscriptions SET standing = ?2, reason = ?3, failing_since = 0, tries = 0, due_at = 0, error = '',
        lease_until = 0, holder = '' WHERE id = ?1";
    HELD = "SELECT CAST(1 AS BIGINT) FROM subscriptions WHERE id = ?1 AND holder = ?2 AND standing = 'on'";
    QUIET = "UPDATE subscriptions SET standing = 'off', reason = ?1, failing_since = 0, tries = 0, due_at = 0, error = '',
        lease_until = 0, holder = '' WHERE standing = 'on'";
    ROTATE = "UPDATE subscriptions SET generation = generation + 1, rotated_at = ?3 WHERE id = ?1 AND generation = ?2";
    REMOVE = "DELETE FROM subscriptions WHERE id = ?1";
    // The first of each case that still waits: what comes later in a case is not told before it.
    AGAIN = "SELECT d.subject, d.version, d.first_at, d.due_at, d.tries, d.error, d.dead, d.logged, d.ledger FROM event_deliveries d
        WHERE d.subscription = ?1 AND d.dead = 0 AND d.due_at <= ?2 AND NOT EXISTS (SELECT 1 FROM event_deliveries e
        WHERE e.subscription = d.subscription AND e.subject = d.subject AND e.dead = 0 AND e.version < d.version)
        ORDER BY d.first_at, d.subject LIMIT ?3";
    HOLDS = "SELECT CAST(1 AS BIGINT) FROM event_deliveries WHERE subscription = ?1 AND subject = ?2 AND dead = 0 LIMIT 1";
    COUNT = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM event_deliveries WHERE subscription = ?1 AND dead = ?2 LIMIT ?3) counted";
    DEAD = "SELECT d.subject, d.version, d.first_at, d.due_at, d.tries, d.error, d.dead, d.logged, d.ledger, c.number
        FROM event_deliveries d
        LEFT JOIN cases c ON c.id = d.subject WHERE d.subscription = ?1 AND d.dead = 1
        ORDER BY d.first_at DESC, d.subject, d.version LIMIT ?2";
    KEEP = "INSERT INTO event_deliveries (subscription, subject, version, first_at, due_at, tries, error, dead, logged, ledger)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (subscription, subject, version) DO UPDATE SET
        first_at = excluded.first_at, due_at = excluded.due_at, tries = excluded.tries, error = excluded.error,
        dead = excluded.dead, logged = excluded.logged";
    TAKEN = "DELETE FROM event_deliveries WHERE subscription = ?1 AND subject = ?2 AND version = ?3";
    SOON = "UPDATE event_deliveries SET due_at = ?2 WHERE subscription = ?1 AND dead = 0";
    ANEW = "UPDATE event_deliveries SET first_at = ?2, due_at = ?2, tries = 0 WHERE subscription = ?1 AND dead = 0";
    REVIVE = "UPDATE event_deliveries SET dead = 0, tries = 0, first_at = ?2, due_at = ?2 WHERE subscription = ?1 AND dead = 1";
    DROP = "DELETE FROM event_deliveries WHERE subscription = ?1";
    EMPTY = "DELETE FROM event_deliveries";
    DROP_DEAD = "DELETE FROM event_deliveries WHERE dead = 1 AND first_at < ?1";
    NEXT = "SELECT seq, subject, ledger, version, verb FROM entries WHERE stream = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    PLACE = "SELECT stream, seq FROM entries WHERE subject = ?1 AND ledger = ?2 AND version = ?3";
}

/// Somebody who is told of what happens to cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Identity.
    pub id: Uuid,
    /// `webhook`, `hub_v5` or `hub_v4`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where it is told.
    pub url: String,
    /// Of what: kinds of events, or the query of a hub.
    pub query: String,
    /// Whose rights it has; empty where it has its own.
    pub owner: String,
    /// Its area; empty for everywhere.
    pub region: String,
    /// Whether it is told identifiers as they are.
    pub personal: bool,
    /// How-manieth secret signs.
    pub generation: i64,
    /// When the secret was changed last; 0 for never.
    pub rotated_at: i64,
    /// When it was made.
    pub made_at: i64,
    /// `on` or `off`.
    pub standing: String,
    /// Why it is off.
    pub reason: String,
    /// How far the log was told, as JSON.
    pub place: String,
    /// Since when nothing was taken; 0 while it takes.
    pub failing_since: i64,
    /// How often in a row nothing was taken.
    pub tries: i64,
    /// When the next try is due.
    pub due_at: i64,
    /// What went wrong last.
    pub error: String,
}

/// An entry that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// What it is about.
    pub subject: Uuid,
    /// In which ledger.
    pub ledger: i64,
    /// Its place in that.
    pub version: i64,
    /// When it was tried first, counted anew from when it was sent again by hand or its subscription switched on; of what
    /// was never tried, when it was read.
    pub first_at: i64,
    /// When it is tried next.
    pub due_at: i64,
    /// How often it was tried.
    pub tries: i64,
    /// What went wrong last.
    pub error: String,
    /// Whether it is no longer tried.
    pub dead: bool,
    /// Whether the access log has that it went out.
    pub logged: bool,
}

/// An entry as it is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedRow {
    /// Its place in its stream.
    pub seq: i64,
    /// What it is about.
    pub subject: Uuid,
    /// In which ledger.
    pub ledger: i64,
    /// Its place in that.
    pub version: i64,
    /// Which command.
    pub verb: String,
}

/// How a round of telling ended.
#[derive(Clone, Debug)]
pub struct RoundEnd<'a> {
    /// How far the log was told.
    pub place: &'a str,
    /// Since when nothing was taken.
    pub failing_since: i64,
    /// How often in a row.
    pub tries: i64,
    /// When the next try is due.
    pub due_at: i64,
    /// What went wrong.
    pub error: &'a str,
    /// `on` or `off`.
    pub standing: &'a str,
    /// Why it is off.
    pub reason: &'a str,
}

fn read(row: &Row<'_>) -> Result<SubscriptionRow, StoreError> {
    Ok(SubscriptionRow {
        id: row.uuid(0)?,
        kind: row.text(1)?,
        name: row.text(2)?,
        url: row.text(3)?,
        query: row.text(4)?,
        owner: row.text(5)?,
        region: row.text(6)?,
        personal: row.bool(7)?,
        generation: row.int(8)?,
        rotated_at: row.int(9)?,
        made_at: row.int(10)?,
        standing: row.text(11)?,
        reason: row.text(12)?,
        place: row.text(13)?,
        failing_since: row.int(14)?,
        tries: row.int(15)?,
        due_at: row.int(16)?,
        error: row.text(17)?,
    })
}

fn read_event(row: &Row<'_>) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        subject: row.uuid(0)?,
        version: row.int(1)?,
        first_at: row.int(2)?,
        due_at: row.int(3)?,
        tries: row.int(4)?,
        error: row.text(5)?,
        dead: row.bool(6)?,
        logged: row.bool(7)?,
        ledger: row.int(8)?,
    })
}

/// Adds one.
///
/// # Errors
/// Those of the database.
pub fn add(tx: &mut Tx<'_>, row: &SubscriptionRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.kind).into(),
        (&row.name).into(),
        (&row.url).into(),
        (&row.query).into(),
        (&row.owner).into(),
        (&row.region).into(),
        row.personal.into(),
        row.made_at.into(),
        (&row.place).into(),
    ];
    tx.execute(ADD, &values).map(drop)
}

/// All of them, oldest first.
///
/// # Errors
/// Those of the database.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<SubscriptionRow>, StoreError> {
    tx.query(EVERY, &[], read)
}

/// One of them.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<SubscriptionRow>, StoreError> {
    tx.query_opt(ONE, &[(&id).into()], read)
}

/// Those that may be told now by this holder, each with whether something is to be tried again.
///
/// # Errors
/// Those of the database.
pub fn due(tx: &mut Tx<'_>, now: i64, holder: &str) -> Result<Vec<(SubscriptionRow, bool)>, StoreError> {
    tx.query(DUE, &[now.into(), holder.into()], |row| Ok((read(row)?, row.bool(18)?)))
}

/// Takes one until `lease_until`; false when another has it or it is not due.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, id: Uuid, now: i64, lease_until: i64, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(CLAIM, &[(&id).into(), now.into(), lease_until.into(), holder.into()])? == 1)
}

/// Gives one back; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn finish(tx: &mut Tx<'_>, id: Uuid, holder: &str, end: &RoundEnd<'_>) -> Result<bool, StoreError> {
    let values = [
        (&id).into(),
        holder.into(),
        end.place.into(),
        end.failing_since.into(),
        end.tries.into(),
        end.due_at.into(),
        end.error.into(),
        end.standing.into(),
        end.reason.into(),
    ];
    Ok(tx.execute(FINISH, &values)? == 1)
}

/// Whether one is on and still this holder's to tell.
///
/// # Errors
/// Those of the database.
pub fn held(tx: &mut Tx<'_>, id: Uuid, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt(HELD, &[(&id).into(), holder.into()], |row| row.int(0))?.is_some())
}

/// Switches everything off that is on, for a reason, and forgets what waits; gives how many were on.
///
/// # Errors
/// Those of the database.
pub fn quiet(tx: &mut Tx<'_>, reason: &str) -> Result<u64, StoreError> {
    tx.execute(EMPTY, &[])?;
    tx.execute(QUIET, &[reason.into()])
}

/// Switches one on or off, for a reason. Whoever tells it now has it no longer.
///
/// # Errors
/// Those of the database.
pub fn switch(tx: &mut Tx<'_>, id: Uuid, standing: &str, reason: &str) -> Result<(), StoreError> {
    tx.execute(SWITCH, &[(&id).into(), standing.into(), reason.into()]).map(drop)
}

/// Moves on to the next secret; false when somebody else did meanwhile.
///
/// # Errors
/// Those of the database.
pub fn rotate(tx: &mut Tx<'_>, id: Uuid, generation: i64, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(ROTATE, &[(&id).into(), generation.into(), at.into()])? == 1)
}

/// Removes one with everything that waited for it.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, id: Uuid) -> Result<bool, StoreError> {
    tx.execute(DROP, &[(&id).into()])?;
    Ok(tx.execute(REMOVE, &[(&id).into()])? == 1)
}

/// Entries to be tried again, the first of each case, oldest first.
///
/// # Errors
/// Those of the database.
pub fn again(tx: &mut Tx<'_>, id: Uuid, now: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    tx.query(AGAIN, &[(&id).into(), now.into(), limit.into()], read_event)
}

/// Whether something of a case waits.
///
/// # Errors
/// Those of the database.
pub fn holds(tx: &mut Tx<'_>, id: Uuid, subject: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(HOLDS, &[(&id).into(), (&subject).into()], |row| row.int(0))?.is_some())
}

/// How many wait or are dead, counted up to a number.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, id: Uuid, dead: bool, most: i64) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[(&id).into(), dead.into(), most.into()], |row| row.int(0))
}

/// What is no longer tried, newest first, with the number of its case where there still is one.
///
/// # Errors
/// Those of the database.
pub fn dead(tx: &mut Tx<'_>, id: Uuid, limit: i64) -> Result<Vec<(EventRow, Option<String>)>, StoreError> {
    tx.query(DEAD, &[(&id).into(), limit.into()], |row| Ok((read_event(row)?, row.opt_text(9)?)))
}

/// Keeps an entry that was not taken.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, id: Uuid, row: &EventRow) -> Result<(), StoreError> {
    let values = [
        (&id).into(),
        (&row.subject).into(),
        row.version.into(),
        row.first_at.into(),
        row.due_at.into(),
        row.tries.into(),
        (&row.error).into(),
        row.dead.into(),
        row.logged.into(),
        row.ledger.into(),
    ];
    tx.execute(KEEP, &values).map(drop)
}

/// Takes an entry off the list.
///
/// # Errors
/// Those of the database.
pub fn taken(tx: &mut Tx<'_>, id: Uuid, subject: Uuid, version: i64) -> Result<(), StoreError> {
    tx.execute(TAKEN, &[(&id).into(), (&subject).into(), version.into()]).map(drop)
}

/// Has everything that waits tried now.
///
/// # Errors
/// Those of the database.
pub fn soon(tx: &mut Tx<'_>, id: Uuid, now: i64) -> Result<(), StoreError> {
    tx.execute(SOON, &[(&id).into(), now.into()]).map(drop)
}

/// Has everything that waits tried now, and counts its time and its tries anew.
///
/// # Errors
/// Those of the database.
pub fn anew(tx: &mut Tx<'_>, id: Uuid, now: i64) -> Result<(), StoreError> {
    tx.execute(ANEW, &[(&id).into(), now.into()]).map(drop)
}

/// Has what is dead tried again; gives how many.
///
/// # Errors
/// Those of the database.
pub fn revive(tx: &mut Tx<'_>, id: Uuid, now: i64) -> Result<u64, StoreError> {
    tx.execute(REVIVE, &[(&id).into(), now.into()])
}

/// Forgets what died before a moment.
///
/// # Errors
/// Those of the database.
pub fn drop_dead(tx: &mut Tx<'_>, before: i64) -> Result<(), StoreError> {
    tx.execute(DROP_DEAD, &[before.into()]).map(drop)
}

/// Entries after a place of a stream.
///
/// # Errors
/// Those of the database.
pub fn entries_after(tx: &mut Tx<'_>, stream: i64, seq: i64, limit: i64) -> Result<Vec<PassedRow>, StoreError> {
    tx.query(NEXT, &[stream.into(), seq.into(), limit.into()], |row| {
        Ok(PassedRow {
            seq: row.int(0)?,
            subject: row.uuid(1)?,
            ledger: row.int(2)?,
            version: row.int(3)?,
            verb: row.text(4)?,
        })
    })
}

/// Stream and position of an entry.
///
/// # Errors
/// Those of the database.
pub fn place_of(tx: &mut Tx<'_>, subject: Uuid, ledger: i64, version: i64) -> Result<Option<(i64, i64)>, StoreError> {
    tx.query_opt(PLACE, &[(&subject).into(), ledger.into(), version.into()], |row| Ok((row.int(0)?, row.int(1)?)))
}
