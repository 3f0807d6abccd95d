//! Case rows: an index into the log, written in the same transaction. The log is the truth.

mod list;
pub mod similar;

pub use list::{Cursor, ListPage, ListQuery, ListedRow, Sort, count, list};
#[cfg(feature = "testing")]
pub(crate) use list::{plan, variants};
#[cfg(feature = "testing")]
pub(crate) use similar::ALL as SIMILAR_ALL;

use crate::row::Param;
use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO cases (id, number, version, state, kind, category, grade, channel, person, text_key, subject,
        owner_unit, owner_user, first_owner, region, province, received_at, registered_at, changed_at, closed_at,
        due_at, due_rule, open, alarm_at, last_due_at, about)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
        ?23, ?24, ?25, ?26)";
    BY_ID = "SELECT c.id, c.number, c.version, c.state, c.kind, c.category, c.grade, c.channel, c.person, c.text_key,
        c.subject, c.owner_unit, c.owner_user, c.first_owner, c.region, c.province, c.received_at, c.registered_at,
        c.changed_at, c.closed_at, c.due_at, c.due_rule, c.open, c.alarm_at, c.last_due_at,
        c.about FROM cases c WHERE c.id = ?1";
    ID_BY_NUMBER = "SELECT id FROM cases WHERE number = ?1";
    BY_PERSON = "SELECT id FROM cases WHERE person = ?1 ORDER BY id";
    INSERT_EXTERNAL = "INSERT INTO case_externals (number, owner, case_id) VALUES (?1, ?2, ?3)
        ON CONFLICT (number, owner, case_id) DO NOTHING";
    // The look is cheap and writes nothing: most looks find no case.
    FIRST_ALARM = "SELECT alarm_at FROM cases WHERE alarm_at IS NOT NULL ORDER BY alarm_at LIMIT 1";
    // Asking again in the outer condition keeps two nodes from taking one case at the same moment.
    CLAIM_ALARMS = "UPDATE cases SET alarm_at = ?2 WHERE id IN (SELECT id FROM cases WHERE alarm_at IS NOT NULL
        AND alarm_at <= ?1 ORDER BY alarm_at, id LIMIT ?3) AND alarm_at <= ?1 RETURNING id";
    SET_ALARM = "UPDATE cases SET alarm_at = ?3 WHERE id = ?1 AND version = ?2";
    // Most cases end before the days a newer calendar is about; the row alone says so.
    OPEN_AFTER = "SELECT id, last_due_at FROM cases WHERE id > ?1 AND open = 1 ORDER BY id LIMIT ?2";
    RECEIVED = "SELECT received_at, id FROM cases WHERE received_at >= ?1 ORDER BY received_at DESC, id DESC LIMIT ?2";
    RECEIVED_BEFORE = "SELECT received_at, id FROM cases WHERE received_at >= ?1 AND (received_at, id) < (?2, ?3)
        ORDER BY received_at DESC, id DESC LIMIT ?4";
    SAID = "SELECT id FROM cases WHERE received_at >= ?1 AND received_at < ?2 AND region LIKE ?3 AND about IS NULL
        AND category IS NOT NULL AND text_key IS NOT NULL ORDER BY received_at DESC, id DESC LIMIT ?4";
    ABOUT = "SELECT id FROM cases WHERE about = ?1";
    HOLD = "UPDATE cases SET version = version WHERE id = ?1 AND version = ?2";
    VERSIONS = "SELECT id, version, due_at FROM cases ORDER BY id LIMIT ?1";
    VERSIONS_AFTER = "SELECT id, version, due_at FROM cases WHERE id > ?1 ORDER BY id LIMIT ?2";
}

/// A case as its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// Number of log entries.
    pub version: i64,
    /// State.
    pub state: String,
    /// Kind of contact.
    pub kind: String,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// Grade.
    pub grade: Option<String>,
    /// Channel it was accepted through.
    pub channel: String,
    /// The complainant.
    pub person: Uuid,
    /// The case's text key, wrapped by the person's; `None` once erased.
    pub text_key: Option<Vec<u8>>,
    /// Sealed subject, for lists.
    pub subject: Option<String>,
    /// Unit that holds it.
    pub owner_unit: Uuid,
    /// Person who holds it.
    pub owner_user: Option<Uuid>,
    /// First-responsible person.
    pub first_owner: Option<Uuid>,
    /// Where it happened; empty when unknown.
    pub region: String,
    /// First two digits of the region.
    pub province: String,
    /// First receipt.
    pub received_at: i64,
    /// When registered.
    pub registered_at: i64,
    /// When the last entry was written.
    pub changed_at: i64,
    /// When closed.
    pub closed_at: Option<i64>,
    /// When the clock due first is due; the largest number when none runs.
    pub due_at: i64,
    /// Its rule.
    pub due_rule: Option<String>,
    /// Whether somebody still has to do something.
    pub open: bool,
    /// The next moment at which the case does something by itself.
    pub alarm_at: Option<i64>,
    /// When the last clock that asks a calendar is due; the smallest number when none runs.
    pub last_due_at: i64,
    /// Whom of the staff it is about: the identity in words. For them it is not there.
    pub about: Option<String>,
}

fn read(row: &Row<'_>) -> Result<CaseRow, StoreError> {
    Ok(CaseRow {
        id: row.uuid(0)?,
        number: row.text(1)?,
        version: row.int(2)?,
        state: row.text(3)?,
        kind: row.text(4)?,
        category: row.opt_text(5)?,
        grade: row.opt_text(6)?,
        channel: row.text(7)?,
        person: row.uuid(8)?,
        text_key: row.opt_blob(9)?,
        subject: row.opt_text(10)?,
        owner_unit: row.uuid(11)?,
        owner_user: row.opt_uuid(12)?,
        first_owner: row.opt_uuid(13)?,
        region: row.text(14)?,
        province: row.text(15)?,
        received_at: row.int(16)?,
        registered_at: row.int(17)?,
        changed_at: row.int(18)?,
        closed_at: row.opt_int(19)?,
        due_at: row.int(20)?,
        due_rule: row.opt_text(21)?,
        open: row.bool(22)?,
        alarm_at: row.opt_int(23)?,
        last_due_at: row.int(24)?,
        about: row.opt_text(25)?,
    })
}

/// Writes a new case.
///
/// # Errors
/// `Constraint` when identity or number are taken.
pub fn insert(tx: &mut Tx<'_>, row: &CaseRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.number).into(),
        row.version.into(),
        (&row.state).into(),
        (&row.kind).into(),
        (&row.category).into(),
        (&row.grade).into(),
        (&row.channel).into(),
        (&row.person).into(),
        (&row.text_key).into(),
        (&row.subject).into(),
        (&row.owner_unit).into(),
        (&row.owner_user).into(),
        (&row.first_owner).into(),
        (&row.region).into(),
        (&row.province).into(),
        row.received_at.into(),
        row.registered_at.into(),
        row.changed_at.into(),
        row.closed_at.into(),
        row.due_at.into(),
        (&row.due_rule).into(),
        row.open.into(),
        row.alarm_at.into(),
        row.last_due_at.into(),
        (&row.about).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// Updates a case if it is still at the version of its row `before`; false when it has moved on. SQLite writes every index
/// that holds a column an update names, whether its value changes or not: so it names those that changed. What
/// registration fixed is left alone: number, person, text key, subject, first owner, region, first receipt, whom it is
/// about.
///
/// # Errors
/// Those of the database.
pub fn update(tx: &mut Tx<'_>, before: &CaseRow, row: &CaseRow) -> Result<bool, StoreError> {
    let mut values: Vec<Param<'_>> = Vec::with_capacity(16);
    let sql = changes(before, row, &mut values);
    Ok(tx.execute(&sql, &values)? == 1)
}

/// The statement that makes the one row of the other, with its values.
fn changes<'a>(before: &'a CaseRow, row: &'a CaseRow, values: &mut Vec<Param<'a>>) -> String {
    let columns: [(&str, bool, Param<'a>); 14] = [
        ("version", true, row.version.into()),
        ("changed_at", true, row.changed_at.into()),
        ("closed_at", true, row.closed_at.into()),
        ("due_rule", true, (&row.due_rule).into()),
        ("last_due_at", true, row.last_due_at.into()),
        ("alarm_at", before.alarm_at != row.alarm_at, row.alarm_at.into()),
        ("owner_unit", before.owner_unit != row.owner_unit, (&row.owner_unit).into()),
        ("owner_user", before.owner_user != row.owner_user, (&row.owner_user).into()),
        ("state", before.state != row.state, (&row.state).into()),
        ("kind", before.kind != row.kind, (&row.kind).into()),
        ("category", before.category != row.category, (&row.category).into()),
        ("grade", before.grade != row.grade, (&row.grade).into()),
        ("due_at", before.due_at != row.due_at, row.due_at.into()),
        ("open", before.open != row.open, row.open.into()),
    ];
    let mut set = Vec::with_capacity(columns.len());
    for (column, _, value) in columns.into_iter().filter(|(_, named, _)| *named) {
        values.push(value);
        set.push(format!("{column} = ?{}", values.len()));
    }
    values.extend([Param::from(&before.id), before.version.into()]);
    let (id, version) = (values.len() - 1, values.len());
    format!("UPDATE cases SET {} WHERE id = ?{id} AND version = ?{version}", set.join(", "))
}

/// A case.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<CaseRow>, StoreError> {
    tx.query_opt(BY_ID, &[(&id).into()], read)
}

/// Identity of the case with a number.
///
/// # Errors
/// Those of the database.
pub fn id_by_number(tx: &mut Tx<'_>, number: &str) -> Result<Option<Uuid>, StoreError> {
    tx.query_opt(ID_BY_NUMBER, &[number.into()], |row| row.uuid(0))
}

/// All cases of a person.
///
/// # Errors
/// Those of the database.
pub fn by_person(tx: &mut Tx<'_>, person: Uuid) -> Result<Vec<Uuid>, StoreError> {
    tx.query(BY_PERSON, &[(&person).into()], |row| row.uuid(0))
}

/// Makes a case findable by another body's number.
///
/// # Errors
/// Those of the database.
pub fn insert_external(tx: &mut Tx<'_>, owner: &str, number: &str, case: Uuid) -> Result<(), StoreError> {
    tx.execute(INSERT_EXTERNAL, &[number.into(), owner.into(), (&case).into()]).map(drop)
}

/// The earliest moment at which some case does something by itself.
///
/// # Errors
/// Those of the database.
pub fn first_alarm(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    Ok(tx.query_opt(FIRST_ALARM, &[], |row| row.opt_int(0))?.flatten())
}

/// Takes up to `limit` cases whose moment has come, the longest waiting first, and sets their moment to `until`: should
/// whoever takes them fail, somebody looks again then.
///
/// # Errors
/// Those of the database.
pub fn claim_alarms(tx: &mut Tx<'_>, now: i64, until: i64, limit: i64) -> Result<Vec<Uuid>, StoreError> {
    tx.query(CLAIM_ALARMS, &[now.into(), until.into(), limit.into()], |row| row.uuid(0))
}

/// Sets a case's next moment if it is still at the version seen.
///
/// # Errors
/// Those of the database.
pub fn set_alarm(tx: &mut Tx<'_>, id: Uuid, seen: i64, at: Option<i64>) -> Result<(), StoreError> {
    tx.execute(SET_ALARM, &[(&id).into(), seen.into(), at.into()]).map(drop)
}

/// Open cases in the order of identity, after one, each with its latest limit.
///
/// # Errors
/// Those of the database.
pub fn open_after(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
    tx.query(OPEN_AFTER, &[(&after).into(), limit.into()], |row| Ok((row.uuid(0)?, row.int(1)?)))
}

/// Cases first received since a moment, the newest first: those before a place in that order.
///
/// # Errors
/// Those of the database.
pub fn received_since(
    tx: &mut Tx<'_>,
    since: i64,
    before: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<(i64, Uuid)>, StoreError> {
    let map = |row: &Row<'_>| Ok((row.int(0)?, row.uuid(1)?));
    match before {
        None => tx.query(RECEIVED, &[since.into(), limit.into()], map),
        Some((at, id)) => tx.query(RECEIVED_BEFORE, &[since.into(), at.into(), (&id).into(), limit.into()], map),
    }
}

/// Classified cases of a region received in a span that are about nobody of the staff, the newest first.
///
/// # Errors
/// Those of the database.
pub fn said(tx: &mut Tx<'_>, region: &str, (from, to): (i64, i64), limit: i64) -> Result<Vec<Uuid>, StoreError> {
    let region = crate::board::pattern(region);
    tx.query(SAID, &[from.into(), to.into(), region.as_str().into(), limit.into()], |row| row.uuid(0))
}

/// Cases about one of the staff, who never sees them.
///
/// # Errors
/// Those of the database.
pub fn about(tx: &mut Tx<'_>, user: &str) -> Result<Vec<Uuid>, StoreError> {
    tx.query(ABOUT, &[user.into()], |row| row.uuid(0))
}

/// Holds a case at a version until the end of the transaction: whoever writes it waits. False where it has moved on.
///
/// # Errors
/// Those of the database.
pub fn hold(tx: &mut Tx<'_>, id: Uuid, version: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(HOLD, &[(&id).into(), version.into()])? == 1)
}

/// Identity and version of cases in the order of identity, after one.
///
/// # Errors
/// Those of the database.
pub fn versions_after(tx: &mut Tx<'_>, after: Option<Uuid>, limit: i64) -> Result<Vec<(Uuid, i64, i64)>, StoreError> {
    let map = |row: &Row<'_>| Ok((row.uuid(0)?, row.int(1)?, row.int(2)?));
    match after {
        None => tx.query(VERSIONS, &[limit.into()], map),
        Some(after) => tx.query(VERSIONS_AFTER, &[(&after).into(), limit.into()], map),
    }
}
