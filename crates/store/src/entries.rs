//! The log: one row a committed command, four ledgers, chained by hash.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    APPEND = "INSERT INTO entries (subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    OF = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE subject = ?1 AND ledger = ?2 ORDER BY version";
    ONE = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE subject = ?1 AND ledger = ?2 AND version = ?3";
    // One statement a page of cases: on a server each statement is a way there and back.
    BETWEEN = "SELECT e.subject, e.version, e.at, e.actor, e.schema, e.body FROM cases c
        JOIN entries e ON e.subject = c.id AND e.ledger = ?1
        WHERE (c.received_at, c.id) >= (?2, ?3) AND (c.received_at, c.id) <= (?4, ?5)";
    LAST = "SELECT version, hash FROM entries WHERE subject = ?1 AND ledger = ?2 ORDER BY version DESC LIMIT 1";
    HASH = "SELECT hash FROM entries WHERE subject = ?1 AND ledger = ?2 AND version = ?3";
    HEADS = "SELECT s.stream, (SELECT COALESCE(MAX(e.seq), 0) FROM entries e WHERE e.stream = s.stream)
        FROM streams s ORDER BY s.stream";
    HASHES = "SELECT hash FROM entries WHERE stream = ?1 AND seq >= ?2 AND seq <= ?3 ORDER BY seq";
    // What was suggested while a case was registered stands in its first entry.
    ADVISED = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 AND ledger = 0 AND version = 1
        AND body LIKE '%\"about\":\"category\"%' ORDER BY seq";
    SUBJECTS = "SELECT seq, subject, ledger FROM entries WHERE stream = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    // Who read what, and who changed which setting: the index of these two ledgers alone is read.
    BESIDE = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE ledger IN (1, 2) AND ledger = ?1 AND (at, stream, seq) < (?2, ?3, ?4) AND (at, stream, seq) >= (?5, ?6, ?7)
        AND (?8 = '' OR actor = ?8) AND (?9 = '' OR verb = ?9)
        ORDER BY at DESC, stream DESC, seq DESC LIMIT ?10";
    // Where a stretch of them ends, by the index alone.
    BESIDE_END = "SELECT at, stream, seq FROM entries
        WHERE ledger IN (1, 2) AND ledger = ?1 AND (at, stream, seq) < (?2, ?3, ?4) AND at >= ?5
        ORDER BY at DESC, stream DESC, seq DESC LIMIT 1 OFFSET ?6";
    // A stretch of a stream, backwards: it is looked through, so it has two ends.
    BACKWARDS = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE stream = ?1 AND seq < ?2 AND seq >= ?3 AND ledger NOT IN (1, 2)
        AND (?4 = '' OR actor = ?4) AND (?5 = '' OR verb = ?5) ORDER BY seq DESC LIMIT ?6";
    AT = "SELECT at FROM entries WHERE stream = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1";
    PAGE = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        ORDER BY subject, ledger, version LIMIT ?1";
    FIRST_SUBJECT = "SELECT subject FROM entries ORDER BY subject LIMIT 1";
    LAST_SUBJECT = "SELECT subject FROM entries ORDER BY subject DESC LIMIT 1";
    PAGE_AFTER = "SELECT subject, ledger, version, stream, seq, at, actor, verb, schema, body, prev, hash FROM entries
        WHERE (subject, ledger, version) > (?1, ?2, ?3) ORDER BY subject, ledger, version LIMIT ?4";
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The case, or the subject of the administration.
    pub subject: Uuid,
    /// Which ledger.
    pub ledger: i64,
    /// Place in the subject's chain, from 1.
    pub version: i64,
    /// The writer's stream.
    pub stream: i64,
    /// Position in it, gapless.
    pub seq: i64,
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Which command.
    pub verb: String,
    /// Schema of the body.
    pub schema: i64,
    /// Events as JSON.
    pub body: String,
    /// Hash of the entry before.
    pub prev: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
}

/// What an entry says, without its place in chain and stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidRow {
    /// The case.
    pub subject: Uuid,
    /// Place in its log, from 1.
    pub version: i64,
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Schema of the body.
    pub schema: i64,
    /// Events as JSON.
    pub body: String,
}

fn read(row: &Row<'_>) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        subject: row.uuid(0)?,
        ledger: row.int(1)?,
        version: row.int(2)?,
        stream: row.int(3)?,
        seq: row.int(4)?,
        at: row.int(5)?,
        actor: row.text(6)?,
        verb: row.text(7)?,
        schema: row.int(8)?,
        body: row.text(9)?,
        prev: row.blob(10)?,
        hash: row.blob(11)?,
    })
}

/// Appends an entry.
///
/// # Errors
/// `Constraint` when the place in the chain is taken.
pub fn append(tx: &mut Tx<'_>, row: &EntryRow) -> Result<(), StoreError> {
    let values = [
        (&row.subject).into(),
        row.ledger.into(),
        row.version.into(),
        row.stream.into(),
        row.seq.into(),
        row.at.into(),
        (&row.actor).into(),
        (&row.verb).into(),
        row.schema.into(),
        (&row.body).into(),
        (&row.prev).into(),
        (&row.hash).into(),
    ];
    tx.execute(APPEND, &values).map(drop)
}

/// The whole chain of a subject.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, subject: Uuid, ledger: i64) -> Result<Vec<EntryRow>, StoreError> {
    tx.query(OF, &[(&subject).into(), ledger.into()], read)
}

/// The first entry of a subject.
///
/// # Errors
/// Those of the database.
pub fn first(tx: &mut Tx<'_>, subject: Uuid, ledger: i64) -> Result<Option<EntryRow>, StoreError> {
    one(tx, subject, ledger, 1)
}

/// One entry of a subject.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, subject: Uuid, ledger: i64, version: i64) -> Result<Option<EntryRow>, StoreError> {
    tx.query_opt(ONE, &[(&subject).into(), ledger.into(), version.into()], read)
}

/// What the logs of the cases say that lie between two places in the order of first receipt, both included; in no order.
///
/// # Errors
/// Those of the database.
pub fn between(
    tx: &mut Tx<'_>,
    ledger: i64,
    first: (i64, Uuid),
    last: (i64, Uuid),
) -> Result<Vec<SaidRow>, StoreError> {
    let places = [ledger.into(), first.0.into(), (&first.1).into(), last.0.into(), (&last.1).into()];
    tx.query(BETWEEN, &places, |row| {
        Ok(SaidRow {
            subject: row.uuid(0)?,
            version: row.int(1)?,
            at: row.int(2)?,
            actor: row.text(3)?,
            schema: row.int(4)?,
            body: row.text(5)?,
        })
    })
}

/// Entries of a span of a stream that registered a case for which categories were suggested; the first place is left out.
///
/// # Errors
/// Those of the database.
pub fn advised(tx: &mut Tx<'_>, stream: i64, after: i64, to: i64) -> Result<Vec<EntryRow>, StoreError> {
    tx.query(ADVISED, &[stream.into(), after.into(), to.into()], read)
}

/// Version and hash of the last entry of a chain.
///
/// # Errors
/// Those of the database.
pub fn last(tx: &mut Tx<'_>, subject: Uuid, ledger: i64) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    tx.query_opt(LAST, &[(&subject).into(), ledger.into()], |row| Ok((row.int(0)?, row.blob(1)?)))
}

/// Hash of an entry.
///
/// # Errors
/// Those of the database.
pub fn hash_of(tx: &mut Tx<'_>, subject: Uuid, ledger: i64, version: i64) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt(HASH, &[(&subject).into(), ledger.into(), version.into()], |row| row.blob(0))
}

/// Every stream with its last position.
///
/// # Errors
/// Those of the database.
pub fn heads(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.query(HEADS, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Hashes of a span of a stream, both ends included, in order.
///
/// # Errors
/// Those of the database.
pub fn hashes(tx: &mut Tx<'_>, stream: i64, from: i64, to: i64) -> Result<Vec<Vec<u8>>, StoreError> {
    tx.query(HASHES, &[stream.into(), from.into(), to.into()], |row| row.blob(0))
}

/// Whose entries follow a position of a stream: position, subject and ledger of each.
///
/// # Errors
/// Those of the database.
pub fn subjects_after(tx: &mut Tx<'_>, stream: i64, seq: i64, limit: i64) -> Result<Vec<(i64, Uuid, i64)>, StoreError> {
    tx.query(SUBJECTS, &[stream.into(), seq.into(), limit.into()], |row| Ok((row.int(0)?, row.uuid(1)?, row.int(2)?)))
}

/// Entries in the order of subject, ledger and version, after a place.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: Option<(Uuid, i64, i64)>, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
    match after {
        None => tx.query(PAGE, &[limit.into()], read),
        Some((subject, ledger, version)) => {
            tx.query(PAGE_AFTER, &[(&subject).into(), ledger.into(), version.into(), limit.into()], read)
        }
    }
}

/// The first and the last subject in their order; nothing where there are no entries.
///
/// # Errors
/// Those of the database.
pub fn ends(tx: &mut Tx<'_>) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let first = tx.query_opt(FIRST_SUBJECT, &[], |row| row.uuid(0))?;
    let last = tx.query_opt(LAST_SUBJECT, &[], |row| row.uuid(0))?;
    Ok(first.zip(last))
}

/// Entries of the ledger of accesses (1) or of the administration (2) between two places (moment, stream, position),
/// newest first: the upper is left out, the lower is in it; an empty actor or verb is any.
///
/// # Errors
/// Those of the database.
pub fn beside(
    tx: &mut Tx<'_>,
    ledger: i64,
    before: (i64, i64, i64),
    from: (i64, i64, i64),
    (actor, verb): (&str, &str),
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let given = [
        ledger.into(),
        before.0.into(),
        before.1.into(),
        before.2.into(),
        from.0.into(),
        from.1.into(),
        from.2.into(),
        actor.into(),
        verb.into(),
        limit.into(),
    ];
    tx.query(BESIDE, &given, read)
}

/// The place of the last of so many of them before a place and not before a moment; nothing where there are fewer.
///
/// # Errors
/// Those of the database.
pub fn beside_end(
    tx: &mut Tx<'_>,
    ledger: i64,
    before: (i64, i64, i64),
    since: i64,
    count: i64,
) -> Result<Option<(i64, i64, i64)>, StoreError> {
    let (at, stream, seq) = before;
    let given = [ledger.into(), at.into(), stream.into(), seq.into(), since.into(), (count - 1).into()];
    tx.query_opt(BESIDE_END, &given, |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)))
}

/// Entries of cases, problems and incidents in a stretch of a stream, newest first: the upper end is left out, the lower
/// is in it.
///
/// # Errors
/// Those of the database.
pub fn backwards(
    tx: &mut Tx<'_>,
    stream: i64,
    (before, from): (i64, i64),
    (actor, verb): (&str, &str),
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let given = [stream.into(), before.into(), from.into(), actor.into(), verb.into(), limit.into()];
    tx.query(BACKWARDS, &given, read)
}

/// When the entry at a place of a stream was written, or the first one after it.
///
/// # Errors
/// Those of the database.
pub fn at(tx: &mut Tx<'_>, stream: i64, seq: i64) -> Result<Option<i64>, StoreError> {
    tx.query_opt(AT, &[stream.into(), seq.into()], |row| row.int(0))
}
