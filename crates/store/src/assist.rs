//! How much the assistant was used on a day, by whom and altogether, and whose question is under way.

use crate::statements::statements;
use crate::{StoreError, Tx};

statements! {
    // Nothing is counted where it would be too much, or while the same person's question is under way.
    TAKE = "INSERT INTO assist_uses (day, who, requests, characters, busy_until) VALUES (?1, ?2, 1, ?3, ?4)
        ON CONFLICT (day, who) DO UPDATE SET requests = assist_uses.requests + 1,
        characters = assist_uses.characters + excluded.characters, busy_until = excluded.busy_until
        WHERE assist_uses.requests < ?5 AND assist_uses.characters + excluded.characters <= ?6
        AND assist_uses.busy_until <= ?7";
    BUSY = "SELECT busy_until FROM assist_uses WHERE day = ?1 AND who = ?2";
    RELEASE = "UPDATE assist_uses SET busy_until = 0 WHERE day = ?1 AND who = ?2";
    DELETE_BEFORE = "DELETE FROM assist_uses WHERE day < ?1";
}

/// One question as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Use<'u> {
    /// The day, as `YYYY-MM-DD`.
    pub day: &'u str,
    /// Who asks; nobody for everybody together.
    pub who: &'u str,
    /// Characters that are sent.
    pub characters: i64,
    /// Until when nobody of this name asks anything else.
    pub busy_until: i64,
    /// Most requests of the day.
    pub most_requests: i64,
    /// Most characters of the day.
    pub most_characters: i64,
    /// Now.
    pub now: i64,
}

/// Counts a question, if it may be asked; whether it was counted.
///
/// # Errors
/// Those of the database.
pub fn take(tx: &mut Tx<'_>, one: Use<'_>) -> Result<bool, StoreError> {
    // The first of a day meets nothing it could be held against.
    if one.most_requests < 1 || one.characters > one.most_characters {
        return Ok(false);
    }
    let values = [
        one.day.into(),
        one.who.into(),
        one.characters.into(),
        one.busy_until.into(),
        one.most_requests.into(),
        one.most_characters.into(),
        one.now.into(),
    ];
    Ok(tx.execute(TAKE, &values)? > 0)
}

/// Until when a question of somebody is under way.
///
/// # Errors
/// Those of the database.
pub fn busy_until(tx: &mut Tx<'_>, day: &str, who: &str) -> Result<i64, StoreError> {
    Ok(tx.query_opt(BUSY, &[day.into(), who.into()], |row| row.int(0))?.unwrap_or(0))
}

/// Lets somebody ask again.
///
/// # Errors
/// Those of the database.
pub fn release(tx: &mut Tx<'_>, day: &str, who: &str) -> Result<(), StoreError> {
    tx.execute(RELEASE, &[day.into(), who.into()]).map(drop)
}

/// Forgets days before one.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, day: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[day.into()])
}
