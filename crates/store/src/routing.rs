//! What routing looks up: who of a unit can do what and has how much, and the cases that wait in a unit's queue.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    SKILLS = "SELECT skill FROM user_skills WHERE user_id = ?1 ORDER BY skill";
    SKILLS_IN = "SELECT s.user_id, s.skill FROM user_skills s JOIN users u ON u.id = s.user_id
        WHERE u.unit = ?1 AND u.disabled = 0 ORDER BY s.user_id, s.skill";
    ALL_SKILLS = "SELECT user_id, skill FROM user_skills ORDER BY user_id, skill";
    ADD_SKILL = "INSERT INTO user_skills (user_id, skill) VALUES (?1, ?2) ON CONFLICT (user_id, skill) DO NOTHING";
    DROP_SKILLS = "DELETE FROM user_skills WHERE user_id = ?1";
    ABSENT_IN = "SELECT a.user_id FROM absences a JOIN users u ON u.id = a.user_id
        WHERE u.unit = ?1 AND a.from_at <= ?2 AND a.until_at > ?2";
    // The index by unit and time left holds the holder too: no row is read.
    LOADS = "SELECT owner_user, COUNT(*) FROM cases WHERE open = 1 AND owner_unit = ?1 AND owner_user IS NOT NULL
        GROUP BY owner_user";
    LAST_IN = "SELECT r.user_id, r.at FROM user_routed r JOIN users u ON u.id = r.user_id WHERE u.unit = ?1";
    GAVE = "INSERT INTO user_routed (user_id, at) VALUES (?1, ?2) ON CONFLICT (user_id) DO UPDATE SET at = excluded.at";
    WAITS = "INSERT INTO waiting (case_id, unit, rank, due_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (case_id) DO UPDATE SET unit = excluded.unit, rank = excluded.rank, due_at = excluded.due_at";
    WAITS_NO_MORE = "DELETE FROM waiting WHERE case_id = ?1";
    NEXT = "SELECT case_id FROM waiting WHERE unit = ?1 ORDER BY rank, due_at, case_id LIMIT ?2";
    WAITING_OF = "SELECT case_id, unit, rank, due_at FROM waiting WHERE case_id = ?1";
    ALL_WAITING = "SELECT case_id, unit, rank, due_at FROM waiting WHERE case_id > ?1 ORDER BY case_id LIMIT ?2";
    COUNT = "SELECT COUNT(*) FROM (SELECT case_id FROM waiting WHERE unit = ?1 LIMIT ?2) w";
}

/// A case that waits in a unit's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingRow {
    /// The case.
    pub case: Uuid,
    /// The unit.
    pub unit: Uuid,
    /// 0 for customers who come first, 1 for all others.
    pub rank: i64,
    /// When the clock due first is due; the largest number when none runs.
    pub due_at: i64,
}

/// What a person is skilled in.
///
/// # Errors
/// Those of the database.
pub fn skills(tx: &mut Tx<'_>, user: Uuid) -> Result<Vec<String>, StoreError> {
    tx.query(SKILLS, &[(&user).into()], |row| row.text(0))
}

/// Skills of the people of a unit, person by person.
///
/// # Errors
/// Those of the database.
pub fn skills_in(tx: &mut Tx<'_>, unit: Uuid) -> Result<Vec<(Uuid, String)>, StoreError> {
    tx.query(SKILLS_IN, &[(&unit).into()], |row| Ok((row.uuid(0)?, row.text(1)?)))
}

/// All skills, person by person.
///
/// # Errors
/// Those of the database.
pub fn all_skills(tx: &mut Tx<'_>) -> Result<Vec<(Uuid, String)>, StoreError> {
    tx.query(ALL_SKILLS, &[], |row| Ok((row.uuid(0)?, row.text(1)?)))
}

/// Sets what a person is skilled in.
///
/// # Errors
/// Those of the database.
pub fn set_skills(tx: &mut Tx<'_>, user: Uuid, skills: &[String]) -> Result<(), StoreError> {
    tx.execute(DROP_SKILLS, &[(&user).into()])?;
    for skill in skills {
        tx.execute(ADD_SKILL, &[(&user).into(), skill.into()])?;
    }
    Ok(())
}

/// The people of a unit who are away at a moment.
///
/// # Errors
/// Those of the database.
pub fn absent_in(tx: &mut Tx<'_>, unit: Uuid, at: i64) -> Result<Vec<Uuid>, StoreError> {
    tx.query(ABSENT_IN, &[(&unit).into(), at.into()], |row| row.uuid(0))
}

/// How many open cases of a unit each of its people holds.
///
/// # Errors
/// Those of the database.
pub fn loads(tx: &mut Tx<'_>, unit: Uuid) -> Result<Vec<(Uuid, i64)>, StoreError> {
    tx.query(LOADS, &[(&unit).into()], pair)
}

/// When each of a unit's people last got a case by routing.
///
/// # Errors
/// Those of the database.
pub fn last_in(tx: &mut Tx<'_>, unit: Uuid) -> Result<Vec<(Uuid, i64)>, StoreError> {
    tx.query(LAST_IN, &[(&unit).into()], pair)
}

fn pair(row: &Row<'_>) -> Result<(Uuid, i64), StoreError> {
    Ok((row.uuid(0)?, row.int(1)?))
}

/// Notes that somebody got a case by routing.
///
/// # Errors
/// Those of the database.
pub fn gave(tx: &mut Tx<'_>, user: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(GAVE, &[(&user).into(), at.into()]).map(drop)
}

/// Notes whether a case waits, and where.
///
/// # Errors
/// Those of the database.
pub fn wait(tx: &mut Tx<'_>, case: Uuid, row: Option<&WaitingRow>) -> Result<(), StoreError> {
    match row {
        Some(row) => {
            let values = [(&row.case).into(), (&row.unit).into(), row.rank.into(), row.due_at.into()];
            tx.execute(WAITS, &values).map(drop)
        }
        None => tx.execute(WAITS_NO_MORE, &[(&case).into()]).map(drop),
    }
}

/// How a case waits, if it does.
///
/// # Errors
/// Those of the database.
pub fn waiting_of(tx: &mut Tx<'_>, case: Uuid) -> Result<Option<WaitingRow>, StoreError> {
    tx.query_opt(WAITING_OF, &[(&case).into()], read)
}

/// Cases that wait, after one, in the order of identity.
///
/// # Errors
/// Those of the database.
pub fn waiting_page(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<WaitingRow>, StoreError> {
    tx.query(ALL_WAITING, &[(&after).into(), limit.into()], read)
}

fn read(row: &Row<'_>) -> Result<WaitingRow, StoreError> {
    Ok(WaitingRow { case: row.uuid(0)?, unit: row.uuid(1)?, rank: row.int(2)?, due_at: row.int(3)? })
}

/// The next cases of a unit's queue.
///
/// # Errors
/// Those of the database.
pub fn next(tx: &mut Tx<'_>, unit: Uuid, limit: i64) -> Result<Vec<Uuid>, StoreError> {
    tx.query(NEXT, &[(&unit).into(), limit.into()], |row| row.uuid(0))
}

/// How many cases wait in a unit's queue, counted no further than `most`.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, unit: Uuid, most: i64) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[(&unit).into(), most.into()], |row| row.int(0))
}
