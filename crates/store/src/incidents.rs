//! Mass incidents as people look for them, the cases in each, and whom to tell who has not complained. The first two follow
//! from logs.

use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO incidents (id, version, number, state, open, title, product, area, fact, started_at, restored_at,
        owner_unit, owner_user, outcome_zh, outcome_en, opened_at, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    // Whoever finds another version than the one that was read comes too late.
    UPDATE = "UPDATE incidents SET version = ?2, number = ?3, state = ?4, open = ?5, title = ?6, product = ?7, area = ?8,
        fact = ?9, started_at = ?10, restored_at = ?11, owner_unit = ?12, owner_user = ?13, outcome_zh = ?14,
        outcome_en = ?15, opened_at = ?16, changed_at = ?17 WHERE id = ?1 AND version = ?18";
    GET = "SELECT id, version, number, state, open, title, product, area, fact, started_at, restored_at, owner_unit,
        owner_user, outcome_zh, outcome_en, opened_at, changed_at FROM incidents WHERE id = ?1";
    LIST = "SELECT id, version, number, state, open, title, product, area, fact, started_at, restored_at, owner_unit,
        owner_user, outcome_zh, outcome_en, opened_at, changed_at FROM incidents
        WHERE (?1 = '' OR substr(area, 1, length(?1)) = ?1) AND (?2 = '' OR state = ?2) AND (?3 = 0 OR open = 1)
        AND (?4 = '' OR product = ?4) AND (?8 = '' OR substr(area, 1, length(?8)) = ?8
        OR substr(?8, 1, length(area)) = area) AND (changed_at, id) < (?5, ?6) ORDER BY changed_at DESC, id DESC LIMIT ?7";
    VERSIONS_AFTER = "SELECT id, version FROM incidents WHERE id > ?1 ORDER BY id LIMIT ?2";
    NEXT = "INSERT INTO counters (name, value) VALUES ('incidents', 1)
        ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    PUT_MEMBER = "INSERT INTO incident_cases (incident, case_id, master, standing, joined_at, told_at, wording)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (incident, case_id) DO UPDATE SET master = excluded.master,
        standing = excluded.standing, joined_at = excluded.joined_at, told_at = excluded.told_at,
        wording = excluded.wording";
    DROP_MEMBER = "DELETE FROM incident_cases WHERE incident = ?1 AND case_id = ?2";
    MEMBERS_OF_CASE = "SELECT incident, case_id, master, standing, joined_at, told_at, wording FROM incident_cases
        WHERE case_id = ?1 ORDER BY incident";
    MEMBERS_AFTER = "SELECT incident, case_id, master, standing, joined_at, told_at, wording FROM incident_cases
        WHERE (incident, case_id) > (?1, ?2) ORDER BY incident, case_id LIMIT ?3";
    // The newest receipt first; sight is asked of each by whoever shows them.
    MEMBERS = "SELECT i.incident, i.case_id, i.master, i.standing, i.joined_at, i.told_at, i.wording FROM incident_cases i
        JOIN cases c ON c.id = i.case_id WHERE i.incident = ?1 AND (?2 = '' OR i.standing = ?2)
        AND (?3 = '' OR substr(c.region, 1, length(?3)) = ?3)
        AND (c.about IS NULL OR c.about <> ?5) ORDER BY c.received_at DESC, c.id DESC LIMIT ?4";
    // Whoever was not told a wording yet; of outcomes whoever waits at all.
    TO_TELL = "SELECT i.case_id FROM incident_cases i JOIN cases c ON c.id = i.case_id WHERE i.incident = ?1
        AND i.standing = 'waiting' AND i.wording <> ?2 AND (?3 = '' OR substr(c.region, 1, length(?3)) = ?3)
        AND (c.about IS NULL OR c.about <> ?5) ORDER BY c.received_at, c.id LIMIT ?4";
    // Whoever puts a case in or keeps the list holds the incident open meanwhile; whoever changes it holds it alone.
    HOLD = "SELECT open FROM incidents WHERE id = ?1 FOR SHARE";
    HOLD_ALONE = "SELECT open FROM incidents WHERE id = ?1 FOR UPDATE";
    COUNTS = "SELECT i.standing, COUNT(*) FROM incident_cases i JOIN cases c ON c.id = i.case_id WHERE i.incident = ?1
        AND (?2 = '' OR substr(c.region, 1, length(?2)) = ?2)
        AND (c.about IS NULL OR c.about <> ?3) GROUP BY i.standing";
    MASTER = "SELECT c.id, c.number FROM incident_cases i JOIN cases c ON c.id = i.case_id
        WHERE i.incident = ?1 AND i.master = 1 AND i.standing <> 'left' ORDER BY c.id LIMIT 1";
    // Open cases nobody has answered, of customers who were hit or may have been.
    NEAR = "SELECT c.id, c.number, c.version, c.region, c.received_at, COALESCE(r.product, '') FROM cases c
        LEFT JOIN report_cases r ON r.id = c.id WHERE c.open = 1 AND c.received_at >= ?1 AND c.received_at <= ?2
        AND (?3 = '' OR substr(c.region, 1, length(?3)) = ?3) AND (?4 = '' OR r.product IS NULL OR r.product IN ('', ?4))
        AND (?5 = '' OR substr(c.category, 1, length(?5)) = ?5) AND c.kind IN ('complaint', 'fault_report')
        AND c.state IN ('triage', 'registered', 'accepted', 'in_progress', 'awaiting_review', 'awaiting_reply', 'suspended',
        'reopened') AND NOT EXISTS (SELECT 1 FROM incident_cases i WHERE i.case_id = c.id
        AND (i.standing <> 'left' OR i.incident = ?7)) ORDER BY c.received_at, c.id LIMIT ?6";
    KEY = "SELECT wrapped FROM incident_keys WHERE incident = ?1";
    KEYS_AFTER = "SELECT incident, wrapped FROM incident_keys WHERE incident > ?1 ORDER BY incident LIMIT ?2";
    // Of two who make a key at once one does; the other takes that.
    NEW_KEY = "INSERT INTO incident_keys (incident, wrapped, handed) VALUES (?1, ?2, 0) ON CONFLICT (incident) DO NOTHING";
    REWRAP = "UPDATE incident_keys SET wrapped = ?3 WHERE incident = ?1 AND wrapped = ?2";
    DROP_KEY = "DELETE FROM incident_keys WHERE incident = ?1";
    // Numbers of messages to those on lists, and of files of them, never come back, whatever becomes of a list.
    HAND = "INSERT INTO counters (name, value) VALUES ('incident_messages', 1)
        ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    PUT_RECIPIENT = "INSERT INTO incident_recipients (incident, hash, sealed, language, consent, state, added_at, told_at,
        message, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, '') ON CONFLICT (incident, hash) DO NOTHING";
    RECIPIENTS = "SELECT incident, hash, sealed, language, consent, state, added_at, told_at FROM incident_recipients
        WHERE incident = ?1 AND (?2 = '' OR state = ?2) ORDER BY hash LIMIT ?3";
    RECIPIENT_COUNTS = "SELECT state, COUNT(*) FROM incident_recipients WHERE incident = ?1 GROUP BY state";
    BATCH = "SELECT incident, hash, sealed, language, consent, state, added_at, told_at FROM incident_recipients
        WHERE incident = ?1 AND message = ?2 AND state = 'exported' ORDER BY hash LIMIT ?3";
    BATCHES = "SELECT message, COUNT(*), MAX(told_at) FROM incident_recipients WHERE incident = ?1 AND state = 'exported'
        AND message IS NOT NULL GROUP BY message ORDER BY message DESC LIMIT 50";
    BY_MESSAGE = "SELECT incident, hash, sealed, language, consent, state, added_at, told_at FROM incident_recipients
        WHERE incident = ?1 AND message = ?2";
    // Of two who take somebody off the list of those who wait, one does.
    MOVE_RECIPIENT = "UPDATE incident_recipients SET state = ?3, told_at = ?4, message = COALESCE(?5, message), why = ?6
        WHERE incident = ?1 AND hash = ?2 AND state = ?7";
    SETTLE_MESSAGES = "UPDATE outbox SET state = 'failed', lease_until = 0, holder = '', error = '' WHERE case_id = ?1
        AND what = 'incident' AND state = 'waits'";
    DROP_RECIPIENTS = "DELETE FROM incident_recipients WHERE incident = ?1";
    // Whether somebody with a number has a case in an incident.
    COMPLAINED = "SELECT CAST(1 AS BIGINT) FROM person_lookups l JOIN cases c ON c.person = l.person
        JOIN incident_cases i ON i.case_id = c.id WHERE l.hash = ?2 AND l.kind = 'phone' AND i.incident = ?1
        AND i.standing <> 'left' LIMIT 1";
}

/// An incident as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// Identity.
    pub id: Uuid,
    /// Version.
    pub version: i64,
    /// Number for people.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// Whether anything can still be done.
    pub open: bool,
    /// One line.
    pub title: String,
    /// Product line; empty for all.
    pub product: String,
    /// Region it is about; empty for everywhere.
    pub area: String,
    /// The network fact behind it.
    pub fact: Option<Uuid>,
    /// When the trouble began.
    pub started_at: i64,
    /// When it ended.
    pub restored_at: Option<i64>,
    /// Unit that answers for it.
    pub owner_unit: Uuid,
    /// Person who does.
    pub owner_user: Option<Uuid>,
    /// The approved outcome in Chinese; empty without one.
    pub outcome_zh: String,
    /// The same in English.
    pub outcome_en: String,
    /// When it was opened.
    pub opened_at: i64,
    /// When something last happened.
    pub changed_at: i64,
}

/// A case of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The incident.
    pub incident: Uuid,
    /// The case.
    pub case: Uuid,
    /// Whether work orders for all of it are those of this case.
    pub master: bool,
    /// `waiting`, `told`, `ended` or `left`.
    pub standing: String,
    /// When it joined.
    pub joined_at: i64,
    /// When its customer was told.
    pub told_at: Option<i64>,
    /// The wording of the progress its customer was told last; 0 for none.
    pub wording: i64,
}

/// Somebody to be told who has not complained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientRow {
    /// The incident.
    pub incident: Uuid,
    /// The number's hash under the look-up key.
    pub hash: Vec<u8>,
    /// The number, sealed.
    pub sealed: Vec<u8>,
    /// Language to tell them in.
    pub language: String,
    /// Where they said that they may be told.
    pub consent: String,
    /// `waiting`, `exported` or `complained`.
    pub state: String,
    /// When they were put on the list.
    pub added_at: i64,
    /// When their number was handed out to be told.
    pub told_at: Option<i64>,
}

/// What to list; empty texts ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct IncidentQuery {
    /// Beginning of the area's code.
    pub area: String,
    /// Within or around this area.
    pub around: String,
    /// In this state.
    pub state: String,
    /// Without ended ones.
    pub open_only: bool,
    /// About this product line.
    pub product: String,
    /// Changed before this moment and incident.
    pub after: Option<(i64, Uuid)>,
    /// At most so many.
    pub limit: usize,
}

/// Where and when cases near an incident are looked for; empty texts ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct NearQuery {
    /// The incident; what left it is near it no more.
    pub incident: Uuid,
    /// First receipt from this moment on.
    pub from: i64,
    /// Up to this one.
    pub to: i64,
    /// Beginning of the region's code.
    pub region: String,
    /// Product line; a case that does not say may be of it.
    pub product: String,
    /// Beginning of the category's code.
    pub category: String,
    /// At most so many.
    pub limit: i64,
}

/// A case near an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearRow {
    /// The case.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Its version.
    pub version: i64,
    /// Where it happened.
    pub region: String,
    /// First receipt.
    pub received_at: i64,
    /// Product line; empty when nobody said, or it is not counted yet.
    pub product: String,
}

fn read(row: &Row<'_>) -> Result<IncidentRow, StoreError> {
    Ok(IncidentRow {
        id: row.uuid(0)?,
        version: row.int(1)?,
        number: row.text(2)?,
        state: row.text(3)?,
        open: row.bool(4)?,
        title: row.text(5)?,
        product: row.text(6)?,
        area: row.text(7)?,
        fact: row.opt_uuid(8)?,
        started_at: row.int(9)?,
        restored_at: row.opt_int(10)?,
        owner_unit: row.uuid(11)?,
        owner_user: row.opt_uuid(12)?,
        outcome_zh: row.text(13)?,
        outcome_en: row.text(14)?,
        opened_at: row.int(15)?,
        changed_at: row.int(16)?,
    })
}

fn read_member(row: &Row<'_>) -> Result<MemberRow, StoreError> {
    Ok(MemberRow {
        incident: row.uuid(0)?,
        case: row.uuid(1)?,
        master: row.bool(2)?,
        standing: row.text(3)?,
        joined_at: row.int(4)?,
        told_at: row.opt_int(5)?,
        wording: row.int(6)?,
    })
}

/// Holds an incident open until the transaction ends, so that nobody ends it meanwhile; `alone` also from others who hold
/// it. Says whether it is open; nothing when there is none.
///
/// # Errors
/// Those of the database.
pub fn hold(tx: &mut Tx<'_>, id: Uuid, alone: bool) -> Result<Option<bool>, StoreError> {
    tx.query_opt(if alone { HOLD_ALONE } else { HOLD }, &[(&id).into()], |row| row.bool(0))
}

/// An incident's row.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<IncidentRow>, StoreError> {
    tx.query_opt(GET, &[(&id).into()], read)
}

/// Writes an incident's row: the first of its log, or the one after `seen`. False when it has moved on since.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &IncidentRow, seen: i64) -> Result<bool, StoreError> {
    let mut values: Vec<Param<'_>> = vec![
        (&row.id).into(),
        row.version.into(),
        (&row.number).into(),
        (&row.state).into(),
        row.open.into(),
        (&row.title).into(),
        (&row.product).into(),
        (&row.area).into(),
        (&row.fact).into(),
        row.started_at.into(),
        row.restored_at.into(),
        (&row.owner_unit).into(),
        (&row.owner_user).into(),
        (&row.outcome_zh).into(),
        (&row.outcome_en).into(),
        row.opened_at.into(),
        row.changed_at.into(),
    ];
    if seen == 0 {
        return Ok(tx.execute(INSERT, &values)? == 1);
    }
    values.push(seen.into());
    Ok(tx.execute(UPDATE, &values)? == 1)
}

/// A page of incidents, the last changed first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &IncidentQuery) -> Result<Vec<IncidentRow>, StoreError> {
    let (at, id) = query.after.unwrap_or((i64::MAX, Uuid::max()));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let values = [
        (&query.area).into(),
        (&query.state).into(),
        query.open_only.into(),
        (&query.product).into(),
        at.into(),
        (&id).into(),
        limit.into(),
        (&query.around).into(),
    ];
    tx.query(LIST, &values, read)
}

/// Identity and version of incidents in the order of identity, after one.
///
/// # Errors
/// Those of the database.
pub fn versions_after(tx: &mut Tx<'_>, after: Option<Uuid>, limit: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let after = after.unwrap_or(Uuid::nil());
    tx.query(VERSIONS_AFTER, &[(&after).into(), limit.into()], |row| Ok((row.uuid(0)?, row.int(1)?)))
}

/// The next number of the count of incidents.
///
/// # Errors
/// Those of the database.
pub fn next(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(NEXT, &[], |row| row.int(0))
}

/// Writes how a case stands in an incident.
///
/// # Errors
/// Those of the database.
pub fn put_member(tx: &mut Tx<'_>, row: &MemberRow) -> Result<(), StoreError> {
    let values = [
        (&row.incident).into(),
        (&row.case).into(),
        row.master.into(),
        (&row.standing).into(),
        row.joined_at.into(),
        row.told_at.into(),
        row.wording.into(),
    ];
    tx.execute(PUT_MEMBER, &values).map(drop)
}

/// Takes a row away that no log stands behind.
///
/// # Errors
/// Those of the database.
pub fn drop_member(tx: &mut Tx<'_>, incident: Uuid, case: Uuid) -> Result<(), StoreError> {
    tx.execute(DROP_MEMBER, &[(&incident).into(), (&case).into()]).map(drop)
}

/// The incidents a case is or was in.
///
/// # Errors
/// Those of the database.
pub fn of_case(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<MemberRow>, StoreError> {
    tx.query(MEMBERS_OF_CASE, &[(&case).into()], read_member)
}

/// Every row, page by page.
///
/// # Errors
/// Those of the database.
pub fn members_after(
    tx: &mut Tx<'_>,
    (incident, case): (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    tx.query(MEMBERS_AFTER, &[(&incident).into(), (&case).into(), limit.into()], read_member)
}

/// Cases of an incident in an area, of one standing or all, the newest receipt first.
///
/// # Errors
/// Those of the database.
pub fn members(
    tx: &mut Tx<'_>,
    incident: Uuid,
    standing: &str,
    area: &str,
    reader: &str,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    let values = [(&incident).into(), standing.into(), area.into(), limit.into(), reader.into()];
    tx.query(MEMBERS, &values, read_member)
}

/// Cases of an incident in an area whose customers wait and were not told a wording yet, the first received first.
///
/// # Errors
/// Those of the database.
pub fn to_tell(
    tx: &mut Tx<'_>,
    incident: Uuid,
    wording: i64,
    area: &str,
    reader: &str,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let values = [(&incident).into(), wording.into(), area.into(), limit.into(), reader.into()];
    tx.query(TO_TELL, &values, |row| row.uuid(0))
}

/// How many cases of an area stand how in an incident.
///
/// # Errors
/// Those of the database.
pub fn counts(tx: &mut Tx<'_>, incident: Uuid, area: &str, reader: &str) -> Result<Vec<(String, i64)>, StoreError> {
    tx.query(COUNTS, &[(&incident).into(), area.into(), reader.into()], |row| Ok((row.text(0)?, row.int(1)?)))
}

/// The master of an incident: identity and number.
///
/// # Errors
/// Those of the database.
pub fn master(tx: &mut Tx<'_>, incident: Uuid) -> Result<Option<(Uuid, String)>, StoreError> {
    tx.query_opt(MASTER, &[(&incident).into()], |row| Ok((row.uuid(0)?, row.text(1)?)))
}

/// Open cases near in place and time that are in no incident, the first received first.
///
/// # Errors
/// Those of the database.
pub fn near(tx: &mut Tx<'_>, query: &NearQuery) -> Result<Vec<NearRow>, StoreError> {
    let values = [
        query.from.into(),
        query.to.into(),
        (&query.region).into(),
        (&query.product).into(),
        (&query.category).into(),
        query.limit.into(),
        (&query.incident).into(),
    ];
    tx.query(NEAR, &values, |row| {
        Ok(NearRow {
            id: row.uuid(0)?,
            number: row.text(1)?,
            version: row.int(2)?,
            region: row.text(3)?,
            received_at: row.int(4)?,
            product: row.text(5)?,
        })
    })
}

/// The wrapped key of an incident's list of people to be told.
///
/// # Errors
/// Those of the database.
pub fn key(tx: &mut Tx<'_>, incident: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt(KEY, &[(&incident).into()], |row| row.blob(0))
}

/// Such keys, page by page.
///
/// # Errors
/// Those of the database.
pub fn keys_after(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    tx.query(KEYS_AFTER, &[(&after).into(), limit.into()], |row| Ok((row.uuid(0)?, row.blob(1)?)))
}

/// Writes the key of a list that has none; false when another has written one.
///
/// # Errors
/// Those of the database.
pub fn new_key(tx: &mut Tx<'_>, incident: Uuid, wrapped: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(NEW_KEY, &[(&incident).into(), wrapped.into()])? == 1)
}

/// Writes such a key wrapped anew; nothing where it is not the one that was read.
///
/// # Errors
/// Those of the database.
pub fn rewrap_key(tx: &mut Tx<'_>, incident: Uuid, old: &[u8], new: &[u8]) -> Result<(), StoreError> {
    tx.execute(REWRAP, &[(&incident).into(), old.into(), new.into()]).map(drop)
}

/// Puts somebody on the list; false when they are on it.
///
/// # Errors
/// Those of the database.
pub fn put_recipient(tx: &mut Tx<'_>, row: &RecipientRow) -> Result<bool, StoreError> {
    let values = [
        (&row.incident).into(),
        (&row.hash).into(),
        (&row.sealed).into(),
        (&row.language).into(),
        (&row.consent).into(),
        (&row.state).into(),
        row.added_at.into(),
        row.told_at.into(),
    ];
    Ok(tx.execute(PUT_RECIPIENT, &values)? == 1)
}

/// People on the list, of one state or all.
///
/// # Errors
/// Those of the database.
pub fn recipients(tx: &mut Tx<'_>, incident: Uuid, state: &str, limit: i64) -> Result<Vec<RecipientRow>, StoreError> {
    tx.query(RECIPIENTS, &[(&incident).into(), state.into(), limit.into()], read_recipient)
}

/// How many are on the list in which state.
///
/// # Errors
/// Those of the database.
pub fn recipient_counts(tx: &mut Tx<'_>, incident: Uuid) -> Result<Vec<(String, i64)>, StoreError> {
    tx.query(RECIPIENT_COUNTS, &[(&incident).into()], |row| Ok((row.text(0)?, row.int(1)?)))
}

/// Where somebody of a list goes from where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecipientMove<'a> {
    /// Where they stand.
    pub from: &'a str,
    /// Where they go.
    pub to: &'a str,
    /// When they were told, or it was tried.
    pub told_at: Option<i64>,
    /// The message to them, or the file they stand in, where there is one now.
    pub message: Option<i64>,
    /// Why it did not arrive.
    pub why: &'a str,
}

/// Says where somebody of the list stands; false when they stood elsewhere than was read.
///
/// # Errors
/// Those of the database.
pub fn move_recipient(
    tx: &mut Tx<'_>,
    incident: Uuid,
    hash: &[u8],
    step: &RecipientMove<'_>,
) -> Result<bool, StoreError> {
    let values = [
        (&incident).into(),
        hash.into(),
        step.to.into(),
        step.told_at.into(),
        step.message.into(),
        step.why.into(),
        step.from.into(),
    ];
    Ok(tx.execute(MOVE_RECIPIENT, &values)? == 1)
}

/// The number of the next message to somebody of a list, or of the next file of one.
///
/// # Errors
/// Those of the database.
pub fn next_message(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(HAND, &[], |row| row.int(0))
}

/// Those who were handed out together.
///
/// # Errors
/// Those of the database.
pub fn batch(tx: &mut Tx<'_>, incident: Uuid, number: i64, limit: i64) -> Result<Vec<RecipientRow>, StoreError> {
    tx.query(BATCH, &[(&incident).into(), number.into(), limit.into()], read_recipient)
}

/// The files that were made of a list, the newest first: number, how many numbers, and when.
///
/// # Errors
/// Those of the database.
pub fn batches(tx: &mut Tx<'_>, incident: Uuid) -> Result<Vec<(i64, i64, i64)>, StoreError> {
    tx.query(BATCHES, &[(&incident).into()], |row| Ok((row.int(0)?, row.int(1)?, row.opt_int(2)?.unwrap_or(0))))
}

/// Whom a message of a list is to; nobody when the list is destroyed.
///
/// # Errors
/// Those of the database.
pub fn by_message(tx: &mut Tx<'_>, incident: Uuid, message: i64) -> Result<Option<RecipientRow>, StoreError> {
    tx.query_opt(BY_MESSAGE, &[(&incident).into(), message.into()], read_recipient)
}

fn read_recipient(row: &Row<'_>) -> Result<RecipientRow, StoreError> {
    Ok(RecipientRow {
        incident: row.uuid(0)?,
        hash: row.blob(1)?,
        sealed: row.blob(2)?,
        language: row.text(3)?,
        consent: row.text(4)?,
        state: row.text(5)?,
        added_at: row.int(6)?,
        told_at: row.opt_int(7)?,
    })
}

/// Destroys the list with its key; messages to those on it that had not gone do not go.
///
/// # Errors
/// Those of the database.
pub fn forget_recipients(tx: &mut Tx<'_>, incident: Uuid) -> Result<(), StoreError> {
    tx.execute(SETTLE_MESSAGES, &[(&incident).into()])?;
    tx.execute(DROP_RECIPIENTS, &[(&incident).into()])?;
    tx.execute(DROP_KEY, &[(&incident).into()]).map(drop)
}

/// Whether somebody with a number has a case in an incident.
///
/// # Errors
/// Those of the database.
pub fn complained(tx: &mut Tx<'_>, incident: Uuid, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.query_opt(COMPLAINED, &[(&incident).into(), hash.into()], |row| row.int(0))?.is_some())
}
