//! Notices: what a person should look at, told in the console. They point at a case, a problem, an incident, a subscription, a suspected
//! fault or the reader's own account, by the one column `case_id`, and hold none of its words.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO notices (id, user_id, case_id, kind, rule, percent, at, read_at, run, mail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9)";
    LIST = "SELECT n.id, n.user_id, n.case_id, n.kind, n.rule, n.percent, n.at, n.run, n.mail,
        COALESCE(c.number, p.number, i.number, s.name, b.number, u.username),
        COALESCE(c.region, p.area, i.area, s.region, b.region, u.region), c.grade,
        CAST(CASE WHEN p.id IS NOT NULL THEN 1 WHEN i.id IS NOT NULL THEN 2 WHEN s.id IS NOT NULL THEN 3
        WHEN b.id IS NOT NULL THEN 4 WHEN u.id IS NOT NULL THEN 5 ELSE 0 END AS BIGINT)
        FROM notices n LEFT JOIN cases c ON c.id = n.case_id
        LEFT JOIN problems p ON p.id = n.case_id LEFT JOIN incidents i ON i.id = n.case_id
        LEFT JOIN subscriptions s ON s.id = n.case_id LEFT JOIN bursts b ON b.id = n.case_id
        LEFT JOIN users u ON u.id = n.case_id
        WHERE n.user_id = ?1 AND n.read_at IS NULL AND (c.id IS NOT NULL OR p.id IS NOT NULL OR i.id IS NOT NULL
        OR s.id IS NOT NULL OR b.id IS NOT NULL OR u.id IS NOT NULL)
        ORDER BY n.at DESC, n.id DESC LIMIT ?2";
    GROUP = "SELECT n.id, n.user_id, n.case_id, n.kind, n.rule, n.percent, n.at, n.run, n.mail,
        COALESCE(c.number, p.number, i.number, s.name, b.number, u.username),
        COALESCE(c.region, p.area, i.area, s.region, b.region, u.region), c.grade,
        CAST(CASE WHEN p.id IS NOT NULL THEN 1 WHEN i.id IS NOT NULL THEN 2 WHEN s.id IS NOT NULL THEN 3
        WHEN b.id IS NOT NULL THEN 4 WHEN u.id IS NOT NULL THEN 5 ELSE 0 END AS BIGINT)
        FROM notices n LEFT JOIN cases c ON c.id = n.case_id
        LEFT JOIN problems p ON p.id = n.case_id LEFT JOIN incidents i ON i.id = n.case_id
        LEFT JOIN subscriptions s ON s.id = n.case_id LEFT JOIN bursts b ON b.id = n.case_id
        LEFT JOIN users u ON u.id = n.case_id
        WHERE n.user_id = ?1 AND n.read_at IS NULL AND (n.id = ?2 OR n.case_id = ?2 OR n.run = ?2)
        AND (c.id IS NOT NULL OR p.id IS NOT NULL OR i.id IS NOT NULL
        OR s.id IS NOT NULL OR b.id IS NOT NULL OR u.id IS NOT NULL) ORDER BY n.at DESC, n.id DESC LIMIT ?3";
    READ_ONE = "UPDATE notices SET read_at = ?3, mail = 0 WHERE id = ?1 AND user_id = ?2 AND read_at IS NULL";
    READ_ALL = "UPDATE notices SET read_at = ?2, mail = 0 WHERE user_id = ?1 AND read_at IS NULL AND at <= ?3";
    READ_GROUP = "UPDATE notices SET read_at = ?3, mail = 0 WHERE user_id = ?1 AND (case_id = ?2 OR run = ?2)
        AND read_at IS NULL";
    DELETE_BEFORE = "DELETE FROM notices WHERE at < ?1";
    TO_MAIL = "SELECT n.id, n.user_id, n.case_id, n.kind, n.rule, n.percent, n.at, n.run, n.mail,
        COALESCE(c.number, p.number, i.number, s.name, b.number, u.username),
        COALESCE(c.region, p.area, i.area, s.region, b.region, u.region), c.grade,
        CAST(CASE WHEN p.id IS NOT NULL THEN 1 WHEN i.id IS NOT NULL THEN 2 WHEN s.id IS NOT NULL THEN 3
        WHEN b.id IS NOT NULL THEN 4 WHEN u.id IS NOT NULL THEN 5 ELSE 0 END AS BIGINT)
        FROM notices n LEFT JOIN cases c ON c.id = n.case_id
        LEFT JOIN problems p ON p.id = n.case_id LEFT JOIN incidents i ON i.id = n.case_id
        LEFT JOIN subscriptions s ON s.id = n.case_id LEFT JOIN bursts b ON b.id = n.case_id
        LEFT JOIN users u ON u.id = n.case_id
        WHERE n.user_id = ?1 AND n.mail = ?2 AND n.mail > 0 AND (c.id IS NOT NULL OR p.id IS NOT NULL OR i.id IS NOT NULL
        OR s.id IS NOT NULL OR b.id IS NOT NULL OR u.id IS NOT NULL)
        ORDER BY n.at DESC, n.id DESC";
    WAITING = "SELECT CAST(1 AS BIGINT) FROM notices WHERE user_id = ?1 AND mail = 1 LIMIT 1";
    TAKE = "UPDATE notices SET mail = 2 WHERE user_id = ?1 AND mail = 1";
    TAKE_URGENT = "UPDATE notices SET mail = 2 WHERE user_id = ?1 AND mail = 1 AND case_id IN
        (SELECT id FROM cases WHERE grade = 'urgent')";
    FORGET_MAIL = "UPDATE notices SET mail = 0 WHERE mail > 0";
    CLEAR_MAIL = "UPDATE notices SET mail = 0 WHERE user_id = ?1 AND mail = ?2 AND mail > 0";
}

/// [`NoticeRow::mail`]: no mail tells of it, or one did.
pub const NO_MAIL: i64 = 0;
/// [`NoticeRow::mail`]: it waits for a letter.
pub const WAITS: i64 = 1;
/// [`NoticeRow::mail`]: it is in the letter under way.
pub const IN_LETTER: i64 = 2;

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub user: Uuid,
    /// About which case, problem or incident.
    pub case: Uuid,
    /// What happened.
    pub kind: String,
    /// Clock rule it is about; empty for none.
    pub rule: String,
    /// How much of the clock's time has passed; 0 for none.
    pub percent: i64,
    /// When.
    pub at: i64,
    /// The run over many cases it came by.
    pub run: Option<Uuid>,
    /// Whether mail is to tell of it: [`NO_MAIL`], [`WAITS`] or [`IN_LETTER`].
    pub mail: i64,
}

/// What a notice can be about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// A case.
    #[default]
    Case,
    /// A problem.
    Problem,
    /// A mass incident.
    Incident,
    /// Somebody who is told of events.
    Subscription,
    /// A suspected fault.
    Burst,
    /// The reader's own account.
    Account,
}

/// A notice with what its reader needs to find what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub row: NoticeRow,
    /// Number of what it is about.
    pub number: String,
    /// Its region: whoever may no longer see it is not told of it.
    pub region: String,
    /// Grade of the case.
    pub grade: String,
    /// What it is about.
    pub about: About,
}

fn read(row: &Row<'_>) -> Result<ListedNotice, StoreError> {
    Ok(ListedNotice {
        row: NoticeRow {
            id: row.uuid(0)?,
            user: row.uuid(1)?,
            case: row.uuid(2)?,
            kind: row.text(3)?,
            rule: row.text(4)?,
            percent: row.int(5)?,
            at: row.int(6)?,
            run: row.opt_uuid(7)?,
            mail: row.int(8)?,
        },
        number: row.text(9)?,
        region: row.text(10)?,
        grade: row.opt_text(11)?.unwrap_or_default(),
        about: match row.int(12)? {
            1 => About::Problem,
            2 => About::Incident,
            3 => About::Subscription,
            4 => About::Burst,
            5 => About::Account,
            _ => About::Case,
        },
    })
}

/// Writes a notice.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &NoticeRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.user).into(),
        (&row.case).into(),
        (&row.kind).into(),
        (&row.rule).into(),
        row.percent.into(),
        row.at.into(),
        (&row.run).into(),
        row.mail.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// What a person has not read, newest first.
///
/// # Errors
/// Those of the database.
pub fn unread(tx: &mut Tx<'_>, user: Uuid, limit: i64) -> Result<Vec<ListedNotice>, StoreError> {
    tx.query(LIST, &[(&user).into(), limit.into()], read)
}

/// What a person has not read of one case, problem or run, or one notice by itself; newest first.
///
/// # Errors
/// Those of the database.
pub fn unread_of(tx: &mut Tx<'_>, user: Uuid, group: Uuid, limit: i64) -> Result<Vec<ListedNotice>, StoreError> {
    tx.query(GROUP, &[(&user).into(), (&group).into(), limit.into()], read)
}

/// Marks one as read; false when the person has no such unread notice.
///
/// # Errors
/// Those of the database.
pub fn read_one(tx: &mut Tx<'_>, user: Uuid, id: Uuid, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(READ_ONE, &[(&id).into(), (&user).into(), at.into()])? == 1)
}

/// Marks everything up to a moment as read.
///
/// # Errors
/// Those of the database.
pub fn read_all(tx: &mut Tx<'_>, user: Uuid, at: i64, upto: i64) -> Result<u64, StoreError> {
    tx.execute(READ_ALL, &[(&user).into(), at.into(), upto.into()])
}

/// Marks everything about one case, or of one run over many, as read; how much that was.
///
/// # Errors
/// Those of the database.
pub fn read_group(tx: &mut Tx<'_>, user: Uuid, group: Uuid, at: i64) -> Result<u64, StoreError> {
    tx.execute(READ_GROUP, &[(&user).into(), (&group).into(), at.into()])
}

/// What waits for a letter to a person, or is in the one under way; what was read is neither. Newest first.
///
/// # Errors
/// Those of the database.
pub fn to_mail(tx: &mut Tx<'_>, user: Uuid, mail: i64) -> Result<Vec<ListedNotice>, StoreError> {
    tx.query(TO_MAIL, &[(&user).into(), mail.into()], read)
}

/// Whether anything waits for a letter to a person.
///
/// # Errors
/// Those of the database.
pub fn any_to_mail(tx: &mut Tx<'_>, user: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(WAITING, &[(&user).into()], |row| row.int(0))?.is_some())
}

/// Puts what waits into the letter that is begun: everything, or what is about urgent cases; how much that was.
///
/// # Errors
/// Those of the database.
pub fn take_for_mail(tx: &mut Tx<'_>, user: Uuid, urgent_only: bool) -> Result<u64, StoreError> {
    tx.execute(if urgent_only { TAKE_URGENT } else { TAKE }, &[(&user).into()])
}

/// Says of all of a person's notices that wait, or are in a letter, that no mail is to tell of them.
///
/// # Errors
/// Those of the database.
pub fn clear_mail(tx: &mut Tx<'_>, user: Uuid, mail: i64) -> Result<(), StoreError> {
    tx.execute(CLEAR_MAIL, &[(&user).into(), mail.into()]).map(drop)
}

/// Says of everybody's notices that no mail is to tell of them.
///
/// # Errors
/// Those of the database.
pub fn forget_mail(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(FORGET_MAIL, &[]).map(drop)
}

/// Forgets notices of before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into()])
}
