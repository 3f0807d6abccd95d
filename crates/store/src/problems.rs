//! Problems as people look for them, the cases that show each, and its measures. All of it follows from their logs.

use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO problems (id, version, state, open, title, category, area, owner_unit, owner_user, due,
        opened_at, changed_at, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    // Whoever finds another version than the one that was read comes too late.
    UPDATE = "UPDATE problems SET version = ?2, state = ?3, open = ?4, title = ?5, category = ?6, area = ?7,
        owner_unit = ?8, owner_user = ?9, due = ?10, opened_at = ?11, changed_at = ?12, number = ?13
        WHERE id = ?1 AND version = ?14";
    GET = "SELECT id, version, state, open, title, category, area, owner_unit, owner_user, due, opened_at, changed_at,
        number FROM problems WHERE id = ?1";
    NUMBERED = "SELECT id, area FROM problems WHERE number = ?1";
    LIST = "SELECT p.id, p.version, p.state, p.open, p.title, p.category, p.area, p.owner_unit, p.owner_user, p.due,
        p.opened_at, p.changed_at, p.number FROM problems p
        WHERE (?1 = '' OR p.area = ?1 OR (?12 = 1 AND substr(p.area, 1, length(?1)) = ?1)) AND (?2 = '' OR p.state = ?2) AND (?3 = 0 OR p.open = 1)
        AND (?4 = '' OR substr(p.category, 1, length(?4)) = ?4) AND (?5 = '' OR p.due < ?5)
        AND (?6 = 0 OR p.owner_unit = ?7 OR p.owner_user = ?8 OR EXISTS (SELECT 1 FROM problem_actions a
            WHERE a.problem = p.id AND a.open = 1 AND (a.unit = ?7 OR a.user_id = ?8)))
        AND (p.changed_at, p.id) < (?9, ?10) ORDER BY p.changed_at DESC, p.id DESC LIMIT ?11";
    OPEN = "SELECT id, version, state, open, title, category, area, owner_unit, owner_user, due, opened_at,
        changed_at, number FROM problems WHERE open = 1 ORDER BY opened_at, id";
    OF_CASE = "SELECT p.id, p.version, p.state, p.open, p.title, p.category, p.area, p.owner_unit, p.owner_user, p.due,
        p.opened_at, p.changed_at, p.number FROM problem_cases c JOIN problems p ON p.id = c.problem WHERE c.case_id = ?1
        ORDER BY p.opened_at, p.id";
    LINK = "INSERT INTO problem_cases (problem, case_id) VALUES (?1, ?2)";
    UNLINK = "DELETE FROM problem_cases WHERE problem = ?1 AND case_id = ?2";
    CASES = "SELECT c.id, c.region, c.received_at FROM problem_cases p JOIN cases c ON c.id = p.case_id
        WHERE p.problem = ?1 ORDER BY c.received_at DESC, c.id DESC";
    ACT = "INSERT INTO problem_actions (problem, n, open, unit, user_id, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    LATE = "SELECT DISTINCT problem FROM problem_actions WHERE open = 1 AND due >= ?1 AND due < ?2 ORDER BY problem";
    TOLD_LATE = "SELECT due FROM problem_looks WHERE what = 'late'";
    TELL_LATE = "INSERT INTO problem_looks (what, due, at) VALUES ('late', ?1, ?2)
        ON CONFLICT (what) DO UPDATE SET due = excluded.due, at = excluded.at";
    DROP_ACTIONS = "DELETE FROM problem_actions WHERE problem = ?1";
    VERSIONS = "SELECT id, version FROM problems ORDER BY id LIMIT ?1";
    VERSIONS_AFTER = "SELECT id, version FROM problems WHERE id > ?1 ORDER BY id LIMIT ?2";
}

/// What stands for no day: later than any.
pub const NO_DAY: &str = "9999-12-31";

/// A problem as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemRow {
    /// Identity.
    pub id: Uuid,
    /// Number people call it by; empty for one of before there were numbers.
    pub number: String,
    /// Version.
    pub version: i64,
    /// Where it stands.
    pub state: String,
    /// Whether anything can still be done.
    pub open: bool,
    /// One line.
    pub title: String,
    /// Node of the category tree.
    pub category: String,
    /// Region it is about; empty for everywhere.
    pub area: String,
    /// Unit that answers for it.
    pub owner_unit: Uuid,
    /// Person who does.
    pub owner_user: Option<Uuid>,
    /// Earliest day of a measure that is not done; [`NO_DAY`] without one.
    pub due: String,
    /// When it was named.
    pub opened_at: i64,
    /// When something last happened.
    pub changed_at: i64,
}

/// A measure as lists look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemActionRow {
    /// Number within the problem.
    pub n: i64,
    /// Whether something is still to be done about it.
    pub open: bool,
    /// Unit that does it.
    pub unit: Uuid,
    /// Person who does.
    pub user: Option<Uuid>,
    /// By which day.
    pub due: String,
}

/// A case that shows a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedCase {
    /// The case.
    pub id: Uuid,
    /// Where it lies.
    pub region: String,
    /// When it was first received.
    pub received_at: i64,
}

/// What to list; empty texts ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct ProblemQuery {
    /// In this region or a part of it.
    pub area: String,
    /// In this state.
    pub state: String,
    /// Without ended ones.
    pub open_only: bool,
    /// Below this node of the category tree.
    pub category: String,
    /// With a measure due before this day that is not done.
    pub due_before: String,
    /// That this unit or person answers for, or has a measure of.
    pub of: Option<(Uuid, Option<Uuid>)>,
    /// Changed before this moment and problem.
    pub after: Option<(i64, Uuid)>,
    /// At most so many.
    pub limit: usize,
}

fn read(row: &Row<'_>) -> Result<ProblemRow, StoreError> {
    Ok(ProblemRow {
        id: row.uuid(0)?,
        version: row.int(1)?,
        state: row.text(2)?,
        open: row.bool(3)?,
        title: row.text(4)?,
        category: row.text(5)?,
        area: row.text(6)?,
        owner_unit: row.uuid(7)?,
        owner_user: row.opt_uuid(8)?,
        due: row.text(9)?,
        opened_at: row.int(10)?,
        changed_at: row.int(11)?,
        number: row.text(12)?,
    })
}

/// A problem's row.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ProblemRow>, StoreError> {
    tx.query_opt(GET, &[(&id).into()], read)
}

/// Identity and area of the problem of a number.
///
/// # Errors
/// Those of the database.
pub fn numbered(tx: &mut Tx<'_>, number: &str) -> Result<Option<(Uuid, String)>, StoreError> {
    tx.query_opt(NUMBERED, &[number.into()], |row| Ok((row.uuid(0)?, row.text(1)?)))
}

/// The cases that show a problem, the last received first; some thousand at most.
///
/// # Errors
/// Those of the database.
pub fn cases(tx: &mut Tx<'_>, problem: Uuid) -> Result<Vec<LinkedCase>, StoreError> {
    tx.query(CASES, &[(&problem).into()], |row| {
        Ok(LinkedCase { id: row.uuid(0)?, region: row.text(1)?, received_at: row.int(2)? })
    })
}

/// Writes a problem's row: the first of its log, or the one after `seen`. False when it has moved on since.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &ProblemRow, seen: i64) -> Result<bool, StoreError> {
    let mut values: Vec<Param<'_>> = vec![
        (&row.id).into(),
        row.version.into(),
        (&row.state).into(),
        row.open.into(),
        (&row.title).into(),
        (&row.category).into(),
        (&row.area).into(),
        (&row.owner_unit).into(),
        (&row.owner_user).into(),
        (&row.due).into(),
        row.opened_at.into(),
        row.changed_at.into(),
        (&row.number).into(),
    ];
    if seen == 0 {
        return Ok(tx.execute(INSERT, &values)? == 1);
    }
    values.push(seen.into());
    Ok(tx.execute(UPDATE, &values)? == 1)
}

/// Writes which cases show a problem from now on, and which no longer do.
///
/// # Errors
/// Those of the database.
pub fn put_links(tx: &mut Tx<'_>, problem: Uuid, linked: &[Uuid], unlinked: &[Uuid]) -> Result<(), StoreError> {
    for case in unlinked {
        tx.execute(UNLINK, &[(&problem).into(), case.into()])?;
    }
    for case in linked {
        tx.execute(LINK, &[(&problem).into(), case.into()])?;
    }
    Ok(())
}

/// Writes what is done about a problem, in place of what stood there.
///
/// # Errors
/// Those of the database.
pub fn put_actions(tx: &mut Tx<'_>, problem: Uuid, actions: &[ProblemActionRow]) -> Result<(), StoreError> {
    tx.execute(DROP_ACTIONS, &[(&problem).into()])?;
    for one in actions {
        let values = [
            (&problem).into(),
            one.n.into(),
            one.open.into(),
            (&one.unit).into(),
            (&one.user).into(),
            (&one.due).into(),
        ];
        tx.execute(ACT, &values)?;
    }
    Ok(())
}

/// Problems with a measure that was due from one day on and before another and is not done.
///
/// # Errors
/// Those of the database.
pub fn late(tx: &mut Tx<'_>, since: &str, before: &str) -> Result<Vec<Uuid>, StoreError> {
    tx.query(LATE, &[since.into(), before.into()], |row| row.uuid(0))
}

/// The day before which everything that was late has been told of; empty before the first look.
///
/// # Errors
/// Those of the database.
pub fn told_late(tx: &mut Tx<'_>) -> Result<String, StoreError> {
    Ok(tx.query_opt(TOLD_LATE, &[], |row| row.text(0))?.unwrap_or_default())
}

/// Notes that everything due before a day was told of.
///
/// # Errors
/// Those of the database.
pub fn tell_late(tx: &mut Tx<'_>, before: &str, at: i64) -> Result<(), StoreError> {
    tx.execute(TELL_LATE, &[before.into(), at.into()]).map(drop)
}

/// A page of problems, the last changed first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &ProblemQuery) -> Result<Vec<ProblemRow>, StoreError> {
    let (unit, user) = query.of.unwrap_or_default();
    let (at, id) = query.after.unwrap_or((i64::MAX, Uuid::max()));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let values = [
        (&query.area).into(),
        (&query.state).into(),
        query.open_only.into(),
        (&query.category).into(),
        (&query.due_before).into(),
        query.of.is_some().into(),
        (&unit).into(),
        (&user).into(),
        at.into(),
        (&id).into(),
        limit.into(),
        // A part of a country, such as `IE-D`, is not the beginning of another.
        (!query.area.contains('-')).into(),
    ];
    tx.query(LIST, &values, read)
}

/// Every problem that has not ended, the oldest first; there are some dozens.
///
/// # Errors
/// Those of the database.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<ProblemRow>, StoreError> {
    tx.query(OPEN, &[], read)
}

/// The problems a case shows.
///
/// # Errors
/// Those of the database.
pub fn of_case(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<ProblemRow>, StoreError> {
    tx.query(OF_CASE, &[(&case).into()], read)
}

/// Identity and version of problems in the order of identity, after one.
///
/// # Errors
/// Those of the database.
pub fn versions_after(tx: &mut Tx<'_>, after: Option<Uuid>, limit: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let map = |row: &Row<'_>| Ok((row.uuid(0)?, row.int(1)?));
    match after {
        None => tx.query(VERSIONS, &[limit.into()], map),
        Some(after) => tx.query(VERSIONS_AFTER, &[(&after).into(), limit.into()], map),
    }
}
