//! Mail to the people who work here: what each chose, and to whom a letter is due. A letter under way has an identity, and
//! the notices it tells of are marked as being in it, so that every try says the same under the same name.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    CHOICE = "SELECT user_id, mail, quiet_from, quiet_until, urgent, language, changed_at FROM notice_choices
        WHERE user_id = ?1";
    SET_CHOICE = "INSERT INTO notice_choices (user_id, mail, quiet_from, quiet_until, urgent, language, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (user_id) DO UPDATE SET mail = excluded.mail,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, urgent = excluded.urgent,
        language = excluded.language, changed_at = excluded.changed_at";
    // What is due sooner stays so; a letter under way keeps the moment of its next try.
    DUE = "INSERT INTO mail_due (user_id, due_at, lease_until, holder, attempts, letter, error)
        VALUES (?1, ?2, 0, '', 0, NULL, '') ON CONFLICT (user_id) DO UPDATE SET due_at = CASE
        WHEN mail_due.letter IS NULL AND excluded.due_at < mail_due.due_at THEN excluded.due_at ELSE mail_due.due_at END";
    ANY_DUE = "SELECT CAST(1 AS BIGINT) FROM mail_due WHERE due_at <= ?1 AND lease_until <= ?1 LIMIT 1";
    // Asking again in the outer condition keeps two nodes from taking one person at the same moment.
    CLAIM = "UPDATE mail_due SET lease_until = ?2, holder = ?3, attempts = attempts + 1 WHERE user_id IN
        (SELECT user_id FROM mail_due WHERE due_at <= ?1 AND lease_until <= ?1 ORDER BY due_at, user_id LIMIT ?4)
        AND lease_until <= ?1 RETURNING user_id, attempts, letter";
    BEGIN = "UPDATE mail_due SET letter = ?3 WHERE user_id = ?1 AND holder = ?2";
    AGAIN = "UPDATE mail_due SET due_at = ?3, lease_until = 0, holder = '', error = ?4
        WHERE user_id = ?1 AND holder = ?2";
    // One that could not even be tried does not count as a try.
    REST = "UPDATE mail_due SET due_at = ?3, lease_until = 0, holder = '', attempts = attempts - 1, error = ?4
        WHERE user_id = ?1 AND holder = ?2";
    DONE = "DELETE FROM mail_due WHERE user_id = ?1 AND holder = ?2";
    NEXT = "SELECT due_at, error FROM mail_due WHERE user_id = ?1";
    WAITING = "SELECT COUNT(*) FROM mail_due";
}

/// What somebody chose about notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceRow {
    /// Whose.
    pub user: Uuid,
    /// `off`, `gathered` or `at_once`.
    pub mail: String,
    /// Minute of the day quiet hours begin at; -1 for no quiet hours.
    pub quiet_from: i64,
    /// Minute of the day they end at; -1 for no quiet hours.
    pub quiet_until: i64,
    /// Whether urgent cases come through in quiet hours.
    pub urgent: bool,
    /// Language of mail; empty for that of the installation.
    pub language: String,
    /// When chosen.
    pub changed_at: i64,
}

/// Somebody to whom a letter is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    /// To whom.
    pub user: Uuid,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// The letter, if one is under way.
    pub letter: Option<Uuid>,
}

fn choice_of(row: &Row<'_>) -> Result<ChoiceRow, StoreError> {
    Ok(ChoiceRow {
        user: row.uuid(0)?,
        mail: row.text(1)?,
        quiet_from: row.int(2)?,
        quiet_until: row.int(3)?,
        urgent: row.bool(4)?,
        language: row.text(5)?,
        changed_at: row.int(6)?,
    })
}

/// What a user chose, if they chose anything.
///
/// # Errors
/// Those of the database.
pub fn choice(tx: &mut Tx<'_>, user: Uuid) -> Result<Option<ChoiceRow>, StoreError> {
    tx.query_opt(CHOICE, &[(&user).into()], choice_of)
}

/// Writes what a user chose.
///
/// # Errors
/// Those of the database.
pub fn set_choice(tx: &mut Tx<'_>, row: &ChoiceRow) -> Result<(), StoreError> {
    let values = [
        (&row.user).into(),
        (&row.mail).into(),
        row.quiet_from.into(),
        row.quiet_until.into(),
        row.urgent.into(),
        (&row.language).into(),
        row.changed_at.into(),
    ];
    tx.execute(SET_CHOICE, &values).map(drop)
}

/// That a letter to a user is due at a moment, if none is due sooner.
///
/// # Errors
/// Those of the database.
pub fn due(tx: &mut Tx<'_>, user: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(DUE, &[(&user).into(), at.into()]).map(drop)
}

/// Whether a letter is due to anybody; a look that writes nothing.
///
/// # Errors
/// Those of the database.
pub fn any_due(tx: &mut Tx<'_>, now: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ANY_DUE, &[now.into()], |row| row.int(0))?.is_some())
}

/// Takes up to `limit` people a letter is due to until `lease_until`.
///
/// # Errors
/// Those of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    now: i64,
    lease_until: i64,
    holder: &str,
    limit: i64,
) -> Result<Vec<MailRow>, StoreError> {
    tx.query(CLAIM, &[now.into(), lease_until.into(), holder.into(), limit.into()], |row| {
        Ok(MailRow { user: row.uuid(0)?, attempts: row.int(1)?, letter: row.opt_uuid(2)? })
    })
}

/// Gives the letter to a user its identity; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn begin(tx: &mut Tx<'_>, user: Uuid, holder: &str, letter: Uuid) -> Result<bool, StoreError> {
    Ok(tx.execute(BEGIN, &[(&user).into(), holder.into(), (&letter).into()])? == 1)
}

/// Leaves a letter to be tried again at `at`; `tried` is false when it was not even begun.
///
/// # Errors
/// Those of the database.
pub fn again(tx: &mut Tx<'_>, user: Uuid, holder: &str, at: i64, error: &str, tried: bool) -> Result<(), StoreError> {
    let statement = if tried { AGAIN } else { REST };
    tx.execute(statement, &[(&user).into(), holder.into(), at.into(), error.into()]).map(drop)
}

/// Takes a user off the list; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn done(tx: &mut Tx<'_>, user: Uuid, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DONE, &[(&user).into(), holder.into()])? == 1)
}

/// When the next letter to a user is due, and what went wrong last.
///
/// # Errors
/// Those of the database.
pub fn next(tx: &mut Tx<'_>, user: Uuid) -> Result<Option<(i64, String)>, StoreError> {
    tx.query_opt(NEXT, &[(&user).into()], |row| Ok((row.int(0)?, row.text(1)?)))
}

/// How many people a letter waits for.
///
/// # Errors
/// Those of the database.
pub fn waiting(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(WAITING, &[], |row| row.int(0))
}
