//! Remedies as people and billing look for them, and those on their way to the billing system. The first follow from the
//! logs of the cases, their words stand only there; of the second there is one row a try of a remedy until it arrived.

use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    PUT = "INSERT INTO remedies (case_id, n, kind, standing, rule, currency, minor, verify, recovery, category, cause,
        region, attempts, way, proposed_at, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT (case_id, n) DO UPDATE SET standing = excluded.standing, verify = excluded.verify,
        recovery = excluded.recovery, category = excluded.category, cause = excluded.cause, region = excluded.region,
        attempts = excluded.attempts, way = excluded.way, changed_at = excluded.changed_at";
    OF = "SELECT case_id, n, kind, standing, rule, currency, minor, verify, recovery, category, cause, region, attempts,
        way, proposed_at, changed_at FROM remedies WHERE case_id = ?1 ORDER BY n";
    EVERY = "SELECT case_id, n, kind, standing, rule, currency, minor, verify, recovery, category, cause, region,
        attempts, way, proposed_at, changed_at FROM remedies WHERE (case_id, n) > (?1, ?2)
        ORDER BY case_id, n LIMIT ?3";
    DROP = "DELETE FROM remedies WHERE case_id = ?1 AND n = ?2";
    LIST = "SELECT r.case_id, r.n, r.kind, r.standing, r.rule, r.currency, r.minor, r.verify, r.recovery, r.category,
        r.cause, r.region, r.attempts, r.way, r.proposed_at, r.changed_at, c.number FROM remedies r
        JOIN cases c ON c.id = r.case_id WHERE (?1 = '' OR substr(r.region, 1, length(?1)) = ?1)
        AND (?2 = '' OR r.kind = ?2) AND (?3 = 0 OR r.verify = 1) AND (?4 = 0 OR r.recovery = 'open')
        AND (r.changed_at, r.case_id, r.n) < (?5, ?6, ?7)
        AND (c.about IS NULL OR c.about <> ?9) ORDER BY r.changed_at DESC, r.case_id DESC, r.n DESC LIMIT ?8";
    LIST_AT = "SELECT r.case_id, r.n, r.kind, r.standing, r.rule, r.currency, r.minor, r.verify, r.recovery, r.category,
        r.cause, r.region, r.attempts, r.way, r.proposed_at, r.changed_at, c.number FROM remedies r
        JOIN cases c ON c.id = r.case_id WHERE r.standing = ?10 AND (?1 = '' OR substr(r.region, 1, length(?1)) = ?1)
        AND (?2 = '' OR r.kind = ?2) AND (?3 = 0 OR r.verify = 1) AND (?4 = 0 OR r.recovery = 'open')
        AND (r.changed_at, r.case_id, r.n) < (?5, ?6, ?7)
        AND (c.about IS NULL OR c.about <> ?9) ORDER BY r.changed_at DESC, r.case_id DESC, r.n DESC LIMIT ?8";
    // Money that was given, whatever became of it since; what a rule says is not somebody's choice.
    LIKE_IT = "SELECT r.minor, r.case_id, r.n, c.number, r.at FROM (SELECT case_id, n, minor, region, cause,
        proposed_at AS at FROM remedies WHERE category = ?1 AND kind = ?2 AND currency = ?3 AND rule = ''
        AND standing IN ('approved', 'sent', 'failed', 'paid') ORDER BY proposed_at DESC LIMIT 1000) r
        JOIN cases c ON c.id = r.case_id WHERE r.case_id <> ?4 AND (?5 = '' OR substr(r.region, 1, length(?5)) = ?5)
        AND (?6 = '' OR r.cause = ?6) AND (c.about IS NULL OR c.about <> ?8) ORDER BY r.at DESC LIMIT ?7";
    TO_SEND = "SELECT case_id, n FROM remedies WHERE standing = 'approved'
        AND kind IN ('refund', 'credit', 'compensation') AND (?1 = '' OR substr(region, 1, length(?1)) = ?1)
        ORDER BY changed_at, case_id, n LIMIT ?2";
    DELIVER = "INSERT INTO billing_deliveries (case_id, n, attempt, created_at, due_at, lease_until, holder, tries, error)
        VALUES (?1, ?2, ?3, ?4, ?4, 0, '', 0, '') ON CONFLICT (case_id, n, attempt) DO NOTHING";
    DELIVERIES = "SELECT CAST(1 AS BIGINT) FROM billing_deliveries WHERE due_at <= ?1 AND lease_until <= ?1 LIMIT 1";
    // In the order in which they came: while the first waits for its next try, all wait. Asking again in the outer
    // condition keeps two nodes from taking it at the same moment.
    CLAIM = "UPDATE billing_deliveries SET lease_until = ?2, holder = ?3, tries = tries + 1
        WHERE (case_id, n, attempt) IN (SELECT case_id, n, attempt FROM billing_deliveries
        ORDER BY created_at, case_id, n, attempt LIMIT 1) AND due_at <= ?1 AND lease_until <= ?1
        RETURNING case_id, n, attempt, tries";
    AGAIN = "UPDATE billing_deliveries SET due_at = ?5, lease_until = 0, holder = '', error = ?6
        WHERE case_id = ?1 AND n = ?2 AND attempt = ?3 AND holder = ?4";
    DELIVERED = "DELETE FROM billing_deliveries WHERE case_id = ?1 AND n = ?2 AND attempt = ?3 AND holder = ?4";
    WAITING = "SELECT COUNT(*) FROM billing_deliveries";
    TROUBLE = "SELECT tries, error FROM billing_deliveries ORDER BY created_at, case_id, n, attempt LIMIT 1";
    LINK = "INSERT INTO survey_links (digest, case_id) VALUES (?1, ?2)";
    LINKED = "SELECT case_id FROM survey_links WHERE digest = ?1";
}

/// A remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyRow {
    /// The case.
    pub case: Uuid,
    /// Number within the case.
    pub n: i64,
    /// What it is.
    pub kind: String,
    /// Where it stands.
    pub standing: String,
    /// The rule it comes from; empty where somebody chose it.
    pub rule: String,
    /// Currency.
    pub currency: String,
    /// Hundredths of its unit.
    pub minor: i64,
    /// Whether it was given first and waits to be verified.
    pub verify: bool,
    /// What became of what is to come back; empty where nothing is, `open` while it did not.
    pub recovery: String,
    /// Category of the case.
    pub category: String,
    /// Its cause.
    pub cause: String,
    /// Its region.
    pub region: String,
    /// How often it was sent to billing.
    pub attempts: i64,
    /// By which way the last time.
    pub way: String,
    /// When it was proposed.
    pub proposed_at: i64,
    /// When something last happened to it.
    pub changed_at: i64,
}

/// A remedy with the number of its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRemedy {
    /// The remedy.
    pub row: RemedyRow,
    /// Number of the case.
    pub number: String,
}

/// What to list; empty texts ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct RemedyQuery {
    /// Beginning of the region.
    pub area: String,
    /// Whoever asks, for whom cases about themselves are not there; empty for none.
    pub reader: String,
    /// Where it stands.
    pub standing: String,
    /// What it is.
    pub kind: String,
    /// Those that wait to be verified alone.
    pub verify: bool,
    /// Those of which something is to come back alone.
    pub recovery: bool,
    /// Changed before this.
    pub after: Option<(i64, Uuid, i64)>,
    /// At most so many.
    pub limit: usize,
}

/// A remedy of a similar case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikeIt {
    /// Hundredths.
    pub minor: i64,
    /// The case.
    pub case: Uuid,
    /// Number within it.
    pub n: i64,
    /// Number of the case.
    pub number: String,
    /// When it was proposed.
    pub at: i64,
}

/// What similar remedies are.
#[derive(Clone, Debug, Default)]
pub struct LikeQuery {
    /// Category of the case.
    pub category: String,
    /// Cause; empty for any.
    pub cause: String,
    /// What it is.
    pub kind: String,
    /// Currency.
    pub currency: String,
    /// Beginning of the region.
    pub area: String,
    /// Whoever asks, for whom cases about themselves are not there; empty for none.
    pub reader: String,
    /// The case itself, which is left out.
    pub but: Uuid,
    /// At most so many.
    pub limit: i64,
}

/// A remedy on its way to billing, taken by whoever delivers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The case.
    pub case: Uuid,
    /// Number within the case.
    pub n: i64,
    /// How-manieth sending.
    pub attempt: i64,
    /// How often its delivery was tried, this time included.
    pub tries: i64,
}

fn read(row: &Row<'_>) -> Result<RemedyRow, StoreError> {
    Ok(RemedyRow {
        case: row.uuid(0)?,
        n: row.int(1)?,
        kind: row.text(2)?,
        standing: row.text(3)?,
        rule: row.text(4)?,
        currency: row.text(5)?,
        minor: row.int(6)?,
        verify: row.bool(7)?,
        recovery: row.text(8)?,
        category: row.text(9)?,
        cause: row.text(10)?,
        region: row.text(11)?,
        attempts: row.int(12)?,
        way: row.text(13)?,
        proposed_at: row.int(14)?,
        changed_at: row.int(15)?,
    })
}

/// Writes a remedy as it stands.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &RemedyRow) -> Result<(), StoreError> {
    let values: [Param<'_>; 16] = [
        (&row.case).into(),
        row.n.into(),
        (&row.kind).into(),
        (&row.standing).into(),
        (&row.rule).into(),
        (&row.currency).into(),
        row.minor.into(),
        row.verify.into(),
        (&row.recovery).into(),
        (&row.category).into(),
        (&row.cause).into(),
        (&row.region).into(),
        row.attempts.into(),
        (&row.way).into(),
        row.proposed_at.into(),
        row.changed_at.into(),
    ];
    tx.execute(PUT, &values).map(drop)
}

/// The remedies of a case, by number.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<RemedyRow>, StoreError> {
    tx.query(OF, &[(&case).into()], read)
}

/// Remedies of all cases after one, in the order of case and number.
///
/// # Errors
/// Those of the database.
pub fn every(tx: &mut Tx<'_>, after: (Uuid, i64), limit: i64) -> Result<Vec<RemedyRow>, StoreError> {
    tx.query(EVERY, &[(&after.0).into(), after.1.into(), limit.into()], read)
}

/// Takes a row away.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, case: Uuid, n: i64) -> Result<(), StoreError> {
    tx.execute(DROP, &[(&case).into(), n.into()]).map(drop)
}

/// A page of remedies, what changed last first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &RemedyQuery) -> Result<Vec<ListedRemedy>, StoreError> {
    let (at, case, n) = query.after.unwrap_or((i64::MAX, Uuid::max(), i64::MAX));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut values: Vec<Param<'_>> = vec![
        (&query.area).into(),
        (&query.kind).into(),
        query.verify.into(),
        query.recovery.into(),
        at.into(),
        (&case).into(),
        n.into(),
        limit.into(),
        (&query.reader).into(),
    ];
    let statement = if query.standing.is_empty() {
        LIST
    } else {
        values.push((&query.standing).into());
        LIST_AT
    };
    tx.query(statement, &values, |row| Ok(ListedRemedy { row: read(row)?, number: row.text(16)? }))
}

/// Remedies of similar cases, newest first.
///
/// # Errors
/// Those of the database.
pub fn like_it(tx: &mut Tx<'_>, query: &LikeQuery) -> Result<Vec<LikeIt>, StoreError> {
    let values: [Param<'_>; 8] = [
        (&query.category).into(),
        (&query.kind).into(),
        (&query.currency).into(),
        (&query.but).into(),
        (&query.area).into(),
        (&query.cause).into(),
        query.limit.into(),
        (&query.reader).into(),
    ];
    tx.query(LIKE_IT, &values, |row| {
        Ok(LikeIt { minor: row.int(0)?, case: row.uuid(1)?, n: row.int(2)?, number: row.text(3)?, at: row.int(4)? })
    })
}

/// Sums of an area that were agreed upon and can be sent to billing, those that wait longest first: case and number.
///
/// # Errors
/// Those of the database.
pub fn to_send(tx: &mut Tx<'_>, area: &str, limit: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
    tx.query(TO_SEND, &[area.into(), limit.into()], |row| Ok((row.uuid(0)?, row.int(1)?)))
}

/// That a remedy is to be delivered to billing.
///
/// # Errors
/// Those of the database.
pub fn deliver(tx: &mut Tx<'_>, case: Uuid, n: i64, attempt: i64, at: i64) -> Result<(), StoreError> {
    tx.execute(DELIVER, &[(&case).into(), n.into(), attempt.into(), at.into()]).map(drop)
}

/// Whether anything is to be delivered; a look that writes nothing.
///
/// # Errors
/// Those of the database.
pub fn any_delivery(tx: &mut Tx<'_>, now: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt(DELIVERIES, &[now.into()], |row| row.int(0))?.is_some())
}

/// Takes the first of those to be delivered until `lease_until`, if its time has come and nobody has it.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, now: i64, lease_until: i64, holder: &str) -> Result<Option<Delivery>, StoreError> {
    tx.query_opt(CLAIM, &[now.into(), lease_until.into(), holder.into()], |row| {
        Ok(Delivery { case: row.uuid(0)?, n: row.int(1)?, attempt: row.int(2)?, tries: row.int(3)? })
    })
}

/// Leaves a delivery to be tried again at `at`.
///
/// # Errors
/// Those of the database.
pub fn again(tx: &mut Tx<'_>, one: Delivery, holder: &str, at: i64, error: &str) -> Result<(), StoreError> {
    let Delivery { case, n, attempt, .. } = one;
    let values = [(&case).into(), n.into(), attempt.into(), holder.into(), at.into(), error.into()];
    tx.execute(AGAIN, &values).map(drop)
}

/// Takes a delivery off the list; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn delivered(tx: &mut Tx<'_>, one: Delivery, holder: &str) -> Result<bool, StoreError> {
    let Delivery { case, n, attempt, .. } = one;
    Ok(tx.execute(DELIVERED, &[(&case).into(), n.into(), attempt.into(), holder.into()])? == 1)
}

/// How many wait to be delivered, how often the first was tried, and what went wrong with it.
///
/// # Errors
/// Those of the database.
pub fn waiting(tx: &mut Tx<'_>) -> Result<(i64, i64, String), StoreError> {
    let count = tx.query_one(WAITING, &[], |row| row.int(0))?;
    let first = tx.query_opt(TROUBLE, &[], |row| Ok((row.int(0)?, row.text(1)?)))?;
    let (tries, error) = first.unwrap_or_default();
    Ok((count, tries, error))
}

/// Keeps which case a survey link leads to, by the digest of its secret.
///
/// # Errors
/// Those of the database.
pub fn link(tx: &mut Tx<'_>, digest: &[u8], case: Uuid) -> Result<(), StoreError> {
    tx.execute(LINK, &[digest.into(), (&case).into()]).map(drop)
}

/// The case a survey link leads to.
///
/// # Errors
/// Those of the database.
pub fn linked(tx: &mut Tx<'_>, digest: &[u8]) -> Result<Option<Uuid>, StoreError> {
    tx.query_opt(LINKED, &[digest.into()], |row| row.uuid(0))
}
