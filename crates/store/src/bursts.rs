//! Suspected faults, the cases they were seen by, and what is counted to find them.

use crate::board::pattern;
use crate::statements::statements;
use crate::vault::who;
use crate::{Row, StoreError, Tx};
use std::collections::HashSet;
use uuid::Uuid;

statements! {
    NEXT = "INSERT INTO counters (name, value) VALUES ('bursts', 1)
        ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    PUT = "INSERT INTO bursts (id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, done = excluded.done,
        region = excluded.region, category = excluded.category, product = excluded.product, origin = excluded.origin,
        began = excluded.began, ended = excluded.ended, changed_at = excluded.changed_at, body = excluded.body,
        latest = excluded.latest";
    // What the job saw of one that goes on as it did.
    FOLLOW = "UPDATE bursts SET ended = ?2, latest = ?3 WHERE id = ?1";
    GET = "SELECT id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest FROM bursts
        WHERE id = ?1";
    HELD = "SELECT id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest FROM bursts
        WHERE id = ?1 FOR UPDATE";
    SINCE = "SELECT id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest FROM bursts
        WHERE ended >= ?1 OR done = 0 ORDER BY ended, id";
    LIST = "SELECT id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest FROM bursts
        WHERE (region LIKE ?1 OR (origin <> '' AND origin LIKE ?1)) AND (?2 = '' OR state = ?2) AND (?3 = 0 OR state IN ('suspected', 'acknowledged'))
        AND (?4 = '' OR substr(category, 1, length(?4)) = ?4) AND (ended, id) < (?5, ?6)
        ORDER BY ended DESC, id DESC LIMIT ?7";
    // Whoever calls twice is known by their number: each contact may be a person of its own.
    // Both ends of the index by first receipt; the newest first, so that the limit leaves out what is longest ago.
    RECEIVED = "SELECT c.id, c.received_at, c.region, COALESCE(c.category, ''), COALESCE(r.product, ''), c.person,
        (SELECT l.hash FROM person_lookups l WHERE l.person = c.person AND l.kind = 'phone' ORDER BY l.hash LIMIT 1)
        FROM cases c LEFT JOIN report_cases r ON r.id = c.id
        WHERE c.received_at >= ?1 AND c.received_at <= ?2 ORDER BY c.received_at DESC LIMIT ?3";
    RECEIVED_ONE = "SELECT c.id, c.received_at, c.region, COALESCE(c.category, ''), COALESCE(r.product, ''), c.person,
        (SELECT l.hash FROM person_lookups l WHERE l.person = c.person AND l.kind = 'phone' ORDER BY l.hash LIMIT 1)
        FROM cases c LEFT JOIN report_cases r ON r.id = c.id WHERE c.id = ?1";
    // Of one cell; whoever a case is about does not even find it counted.
    COURSE = "SELECT c.id, c.received_at, c.region, COALESCE(c.category, ''), COALESCE(r.product, ''), c.person,
        (SELECT l.hash FROM person_lookups l WHERE l.person = c.person AND l.kind = 'phone' ORDER BY l.hash LIMIT 1)
        FROM cases c LEFT JOIN report_cases r ON r.id = c.id
        WHERE c.received_at >= ?1 AND c.received_at <= ?2 AND c.region LIKE ?3
        AND (?4 = '' OR COALESCE(c.category, '-') = ?4) AND (?5 = '' OR COALESCE(r.product, '') = ?5)
        AND c.id NOT IN (SELECT id FROM cases WHERE about = ?6) ORDER BY c.received_at LIMIT ?7";
    PUT_CASE = "INSERT INTO burst_cases (burst, case_id) VALUES (?1, ?2) ON CONFLICT (burst, case_id) DO NOTHING";
    KNOWN_CASES = "SELECT case_id FROM burst_cases WHERE burst = ?1";
    CASES = "SELECT c.id, c.number, c.version, c.region, COALESCE(c.category, ''), c.received_at, c.open
        FROM burst_cases b JOIN cases c ON c.id = b.case_id WHERE b.burst = ?1 AND c.region LIKE ?2
        AND c.id NOT IN (SELECT id FROM cases WHERE about = ?3) ORDER BY c.received_at, c.id";
    UNSEEN = "SELECT COUNT(*) FROM burst_cases b JOIN cases c ON c.id = b.case_id WHERE b.burst = ?1 AND c.about = ?2
        AND c.received_at >= ?3";
    // Copies about a reader are among the contacts of its place and time that are not cases it was seen by.
    UNSEEN_COPIES = "SELECT COUNT(*) FROM cases c LEFT JOIN report_cases r ON r.id = c.id
        WHERE c.about = ?1 AND c.received_at >= ?2 AND c.received_at <= ?3 AND c.region LIKE ?4
        AND (?5 = '' OR COALESCE(c.category, '-') = ?5) AND (?6 = '' OR COALESCE(r.product, '') = ?6)
        AND c.id NOT IN (SELECT case_id FROM burst_cases WHERE burst = ?7)";
    PRODUCTS = "SELECT r.product, COUNT(*) FROM burst_cases b JOIN report_cases r ON r.id = b.case_id
        WHERE b.burst = ?1 AND r.product <> '' AND r.id NOT IN (SELECT id FROM cases WHERE about = ?2)
        GROUP BY r.product ORDER BY COUNT(*) DESC, r.product";
    PAGE = "SELECT id, number, version, state, done, region, category, product, origin, began, ended,
        changed_at, body, latest FROM bursts WHERE id > ?1 ORDER BY id LIMIT ?2";
}

/// A suspected fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurstRow {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// 1, and one more with each decision about it.
    pub version: i64,
    /// What people made of it.
    pub state: String,
    /// Whether it goes on no more.
    pub done: bool,
    /// Where; empty for everywhere.
    pub region: String,
    /// Of what; empty for everything, `-` for what nobody classified.
    pub category: String,
    /// Of which product line; empty for all.
    pub product: String,
    /// The place it was first told in, where it lies elsewhere by now; empty otherwise.
    pub origin: String,
    /// First receipt.
    pub began: i64,
    /// End of the last window that stood out.
    pub ended: i64,
    /// When something was last said of it.
    pub changed_at: i64,
    /// The whole of it as the ledger says it last, as JSON.
    pub body: String,
    /// The whole of it as the job saw it last; empty where that was never told apart.
    pub latest: String,
}

/// What is counted of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The case.
    pub id: Uuid,
    /// First receipt.
    pub at: i64,
    /// Where it happened; empty when nobody knows.
    pub region: String,
    /// Leaf of the category tree; empty when it has none.
    pub category: String,
    /// Product line; empty when it names none, or is not counted yet.
    pub product: String,
    /// Whose: the same for the same number.
    pub who: u64,
}

/// A case a suspected fault was seen by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenBy {
    /// The case.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Its version.
    pub version: i64,
    /// Where it happened.
    pub region: String,
    /// Leaf of the category tree; empty when it has none.
    pub category: String,
    /// First receipt.
    pub received_at: i64,
    /// Whether it has not ended.
    pub open: bool,
}

/// Which to list; empty texts ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct BurstQuery {
    /// Region of the reader's area, or the one asked for.
    pub area: String,
    /// In this state.
    pub state: String,
    /// Those nobody has decided about.
    pub open_only: bool,
    /// Beginning of the category's code.
    pub category: String,
    /// Where the last page ended.
    pub after: Option<(i64, Uuid)>,
    /// At most so many.
    pub limit: usize,
}

fn read(row: &Row<'_>) -> Result<BurstRow, StoreError> {
    Ok(BurstRow {
        id: row.uuid(0)?,
        number: row.text(1)?,
        version: row.int(2)?,
        state: row.text(3)?,
        done: row.bool(4)?,
        region: row.text(5)?,
        category: row.text(6)?,
        product: row.text(7)?,
        origin: row.text(8)?,
        began: row.int(9)?,
        ended: row.int(10)?,
        changed_at: row.int(11)?,
        body: row.text(12)?,
        latest: row.text(13)?,
    })
}

fn read_received(row: &Row<'_>) -> Result<Received, StoreError> {
    Ok(Received {
        id: row.uuid(0)?,
        at: row.int(1)?,
        region: row.text(2)?,
        category: row.text(3)?,
        product: row.text(4)?,
        who: who(row.uuid(5)?, row.opt_blob(6)?),
    })
}

/// The next number.
///
/// # Errors
/// Those of the database.
pub fn next(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(NEXT, &[], |row| row.int(0))
}

/// Writes one as it is now.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &BurstRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.number).into(),
        row.version.into(),
        (&row.state).into(),
        row.done.into(),
        (&row.region).into(),
        (&row.category).into(),
        (&row.product).into(),
        (&row.origin).into(),
        row.began.into(),
        row.ended.into(),
        row.changed_at.into(),
        (&row.body).into(),
        (&row.latest).into(),
    ];
    tx.execute(PUT, &values).map(drop)
}

/// Notes what was seen last of one that goes on as it did.
///
/// # Errors
/// Those of the database.
pub fn follow(tx: &mut Tx<'_>, id: Uuid, ended: i64, latest: &str) -> Result<(), StoreError> {
    tx.execute(FOLLOW, &[(&id).into(), ended.into(), latest.into()]).map(drop)
}

/// All of them in the order of their identity, page by page.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: Uuid, most: i64) -> Result<Vec<BurstRow>, StoreError> {
    tx.query(PAGE, &[(&after).into(), most.into()], read)
}

/// One of them.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<BurstRow>, StoreError> {
    tx.query_opt(GET, &[(&id).into()], read)
}

/// The same, held until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub fn held(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<BurstRow>, StoreError> {
    tx.query_opt(HELD, &[(&id).into()], read)
}

/// Those that ended at a moment or later, or go on.
///
/// # Errors
/// Those of the database.
pub fn since(tx: &mut Tx<'_>, at: i64) -> Result<Vec<BurstRow>, StoreError> {
    tx.query(SINCE, &[at.into()], read)
}

/// A page of them, the last ended first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &BurstQuery) -> Result<Vec<BurstRow>, StoreError> {
    let (ended, id) = query.after.unwrap_or((i64::MAX, Uuid::max()));
    let (area, limit) = (pattern(&query.area), i64::try_from(query.limit).unwrap_or(i64::MAX));
    let values = [
        area.as_str().into(),
        (&query.state).into(),
        query.open_only.into(),
        (&query.category).into(),
        ended.into(),
        (&id).into(),
        limit.into(),
    ];
    tx.query(LIST, &values, read)
}

/// Contacts received in a span, the newest first, so many at most.
///
/// # Errors
/// Those of the database.
pub fn received(tx: &mut Tx<'_>, (from, to): (i64, i64), most: i64) -> Result<Vec<Received>, StoreError> {
    tx.query(RECEIVED, &[from.into(), to.into(), most.into()], read_received)
}

/// One contact as it is counted now.
///
/// # Errors
/// Those of the database.
pub fn received_one(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Received>, StoreError> {
    tx.query_opt(RECEIVED_ONE, &[(&id).into()], read_received)
}

/// A place, category and product line; empty for all of them.
#[derive(Clone, Copy, Debug)]
pub struct BurstCell<'a> {
    /// Where.
    pub region: &'a str,
    /// Of what.
    pub category: &'a str,
    /// Of which product line.
    pub product: &'a str,
}

/// Those of a region, category and product that are there for a reader, the first first.
///
/// # Errors
/// Those of the database.
pub fn course(
    tx: &mut Tx<'_>,
    cell: BurstCell<'_>,
    (from, to): (i64, i64),
    reader: &str,
    most: i64,
) -> Result<Vec<Received>, StoreError> {
    let region = pattern(cell.region);
    let values = [
        from.into(),
        to.into(),
        region.as_str().into(),
        cell.category.into(),
        cell.product.into(),
        reader.into(),
        most.into(),
    ];
    tx.query(COURSE, &values, read_received)
}

/// Notes the cases one was seen by.
///
/// # Errors
/// Those of the database.
pub fn put_cases(tx: &mut Tx<'_>, burst: Uuid, cases: &[Uuid]) -> Result<(), StoreError> {
    // A look finds mostly what the one before it found, and everybody else's writes wait meanwhile.
    let known: HashSet<Uuid> = tx.query(KNOWN_CASES, &[(&burst).into()], |row| row.uuid(0))?.into_iter().collect();
    for case in cases.iter().filter(|case| !known.contains(*case)) {
        tx.execute(PUT_CASE, &[(&burst).into(), case.into()])?;
    }
    Ok(())
}

/// The cases one was seen by that are there for a reader, the first first.
///
/// # Errors
/// Those of the database.
pub fn cases(tx: &mut Tx<'_>, burst: Uuid, area: &str, reader: &str) -> Result<Vec<SeenBy>, StoreError> {
    let area = pattern(area);
    tx.query(CASES, &[(&burst).into(), area.as_str().into(), reader.into()], |row| {
        Ok(SeenBy {
            id: row.uuid(0)?,
            number: row.text(1)?,
            version: row.int(2)?,
            region: row.text(3)?,
            category: row.text(4)?,
            received_at: row.int(5)?,
            open: row.bool(6)?,
        })
    })
}

/// How many of them, received since a moment, are about a reader.
///
/// # Errors
/// Those of the database.
pub fn unseen(tx: &mut Tx<'_>, burst: Uuid, reader: &str, since: i64) -> Result<i64, StoreError> {
    tx.query_one(UNSEEN, &[(&burst).into(), reader.into(), since.into()], |row| row.int(0))
}

/// How many contacts about a reader lie in its place and time and are no case it was seen by: among what it calls copies.
///
/// # Errors
/// Those of the database.
pub fn unseen_copies(
    tx: &mut Tx<'_>,
    burst: Uuid,
    cell: BurstCell<'_>,
    (from, to): (i64, i64),
    reader: &str,
) -> Result<i64, StoreError> {
    let region = pattern(cell.region);
    let values = [
        reader.into(),
        from.into(),
        to.into(),
        region.as_str().into(),
        cell.category.into(),
        cell.product.into(),
        (&burst).into(),
    ];
    tx.query_one(UNSEEN_COPIES, &values, |row| row.int(0))
}

/// Product lines of those that are there for a reader with how many, the most frequent first, as far as they are counted.
///
/// # Errors
/// Those of the database.
pub fn products(tx: &mut Tx<'_>, burst: Uuid, reader: &str) -> Result<Vec<(String, i64)>, StoreError> {
    tx.query(PRODUCTS, &[(&burst).into(), reader.into()], |row| Ok((row.text(0)?, row.int(1)?)))
}
