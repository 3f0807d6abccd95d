//! What is open now, counted for a board: by holder and grade, by category, and what came in within a span. Open cases are
//! counted from an index alone: those by holder from the one that has the holder in it.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    HELD = "SELECT owner_unit, owner_user, grade, COUNT(*),
        SUM(CASE WHEN state IN ('triage', 'registered', 'reopened') THEN 1 ELSE 0 END),
        SUM(CASE WHEN due_at < ?1 THEN 1 ELSE 0 END), SUM(CASE WHEN due_at < ?2 THEN 1 ELSE 0 END), MIN(due_at),
        SUM(CASE WHEN state = 'awaiting_customer' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'suspended' THEN 1 ELSE 0 END),
        SUM(CASE WHEN due_at < ?5 THEN 1 ELSE 0 END), SUM(CASE WHEN due_at < ?6 THEN 1 ELSE 0 END),
        SUM(CASE WHEN due_at < ?7 THEN 1 ELSE 0 END), SUM(CASE WHEN due_at < ?8 THEN 1 ELSE 0 END)
        FROM cases WHERE open = 1 AND region LIKE ?3 AND id NOT IN (SELECT id FROM cases WHERE about = ?4)
        GROUP BY owner_unit, owner_user, grade";
    CATEGORIES = "SELECT category, COUNT(*) FROM cases WHERE open = 1 AND region LIKE ?1 AND category IS NOT NULL
        AND id NOT IN (SELECT id FROM cases WHERE about = ?3) GROUP BY category ORDER BY COUNT(*) DESC, category LIMIT ?2";
    RECEIVED = "SELECT COUNT(*) FROM cases WHERE received_at >= ?1 AND received_at < ?2 AND region LIKE ?3
        AND id NOT IN (SELECT id FROM cases WHERE about = ?4)";
    HOURS = "SELECT (received_at - ?1) / 3600000000, COUNT(*) FROM cases WHERE received_at >= ?1 AND received_at < ?2
        AND region LIKE ?3 AND id NOT IN (SELECT id FROM cases WHERE about = ?4) GROUP BY 1 ORDER BY 1";
}

/// Open cases of one holder and grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// The unit.
    pub unit: Uuid,
    /// The person; nobody where it lies in the unit's queue.
    pub user: Option<Uuid>,
    /// Grade.
    pub grade: String,
    /// How many.
    pub open: i64,
    /// Of these, how many nobody has taken up.
    pub untouched: i64,
    /// Of these, how many are late.
    pub late: i64,
    /// Of these, how many are due before the second moment, the late ones among them.
    pub soon: i64,
    /// When the first is due, UTC microseconds; the largest number where no clock runs.
    pub first: i64,
    /// Of these, how many wait for the customer.
    pub customer: i64,
    /// Of these, how many stand still for somebody else.
    pub suspended: i64,
    /// Of these, how many are due before each of the bounds.
    pub within: [i64; 4],
}

/// Regions of an area, for the statements above: everything, one region alone, or what begins with it.
pub(crate) fn pattern(area: &str) -> String {
    // A part of a country, such as `IE-D`, is not the beginning of another.
    if area.contains('-') { area.to_owned() } else { format!("{area}%") }
}

/// Whose cases are counted.
#[derive(Clone, Debug)]
pub struct Whose {
    /// Region of the area; empty for everywhere.
    pub area: String,
    /// Whoever asks, for whom cases about themselves are not there; empty for nobody.
    pub reader: String,
}

/// Open cases by holder and grade: late at one moment, due before another, and before each of the bounds.
///
/// # Errors
/// Those of the database.
pub fn held(
    tx: &mut Tx<'_>,
    whose: &Whose,
    (late, soon): (i64, i64),
    bounds: [i64; 4],
) -> Result<Vec<HeldRow>, StoreError> {
    let area = pattern(&whose.area);
    let [first, second, third, fourth] = bounds;
    let values = [
        late.into(),
        soon.into(),
        area.as_str().into(),
        whose.reader.as_str().into(),
        first.into(),
        second.into(),
        third.into(),
        fourth.into(),
    ];
    tx.query(HELD, &values, |row| {
        Ok(HeldRow {
            unit: row.uuid(0)?,
            user: row.opt_uuid(1)?,
            grade: row.opt_text(2)?.unwrap_or_default(),
            open: row.int(3)?,
            untouched: row.int(4)?,
            late: row.int(5)?,
            soon: row.int(6)?,
            first: row.int(7)?,
            customer: row.int(8)?,
            suspended: row.int(9)?,
            within: [row.int(10)?, row.int(11)?, row.int(12)?, row.int(13)?],
        })
    })
}

/// Categories with the most open cases.
///
/// # Errors
/// Those of the database.
pub fn categories(tx: &mut Tx<'_>, whose: &Whose, most: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let area = pattern(&whose.area);
    let values = [area.as_str().into(), most.into(), whose.reader.as_str().into()];
    tx.query(CATEGORIES, &values, |row| Ok((row.text(0)?, row.int(1)?)))
}

/// Cases received from one moment until before another.
///
/// # Errors
/// Those of the database.
pub fn received(tx: &mut Tx<'_>, whose: &Whose, from: i64, until: i64) -> Result<i64, StoreError> {
    let area = pattern(&whose.area);
    let values = [from.into(), until.into(), area.as_str().into(), whose.reader.as_str().into()];
    tx.query_one(RECEIVED, &values, |row| row.int(0))
}

/// The same by full hours from the first moment on; hours in which none was received are left out.
///
/// # Errors
/// Those of the database.
pub fn received_by_hour(tx: &mut Tx<'_>, whose: &Whose, from: i64, until: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let area = pattern(&whose.area);
    let values = [from.into(), until.into(), area.as_str().into(), whose.reader.as_str().into()];
    tx.query(HOURS, &values, |row| Ok((row.int(0)?, row.int(1)?)))
}
