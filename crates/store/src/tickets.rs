//! What the TM Forum faces keep beside cases, and cases in the order in which tickets are listed.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

/// A case whose ticket was taken from the faces.
pub const GONE: &str = "gone";
/// A specification of tickets.
pub const SPECIFICATION: &str = "specification";

statements! {
    PUT = "INSERT INTO ticket_things (kind, id, body, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, id) DO NOTHING";
    ONE = "SELECT id, body, at FROM ticket_things WHERE kind = ?1 AND id = ?2";
    NEWEST = "SELECT id, body, at FROM ticket_things WHERE kind = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3";
    OF_KIND = "SELECT COUNT(*) FROM ticket_things WHERE kind = ?1";
    CHANGE = "UPDATE ticket_things SET body = ?3 WHERE kind = ?1 AND id = ?2 AND body = ?4";
    REMOVE = "DELETE FROM ticket_things WHERE kind = ?1 AND id = ?2";
    // Identities are made in the order of registration, so the newest stand last in the primary key.
    PAGE = "SELECT c.id FROM cases c WHERE (?1 = '' OR c.region = ?1 OR (?2 = 1 AND SUBSTR(c.region, 1, LENGTH(?1)) = ?1))
        AND c.id < ?6 AND NOT EXISTS (SELECT 1 FROM ticket_things t WHERE t.kind = 'gone' AND t.id = c.id)
        AND (c.about IS NULL OR c.about <> ?5) ORDER BY c.id DESC LIMIT ?3 OFFSET ?4";
    // The same of one state, by its own index.
    PAGE_IN = "SELECT c.id FROM cases c WHERE c.state = ?6 AND c.id < ?5
        AND (?1 = '' OR c.region = ?1 OR (?2 = 1 AND SUBSTR(c.region, 1, LENGTH(?1)) = ?1))
        AND NOT EXISTS (SELECT 1 FROM ticket_things t WHERE t.kind = 'gone' AND t.id = c.id)
        AND (c.about IS NULL OR c.about <> ?4) ORDER BY c.id DESC LIMIT ?3";
    COUNT = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM cases c
        WHERE (?1 = '' OR c.region = ?1 OR (?2 = 1 AND SUBSTR(c.region, 1, LENGTH(?1)) = ?1))
        AND NOT EXISTS (SELECT 1 FROM ticket_things t WHERE t.kind = 'gone' AND t.id = c.id)
        AND (c.about IS NULL OR c.about <> ?4) LIMIT ?3) counted";
    COUNT_IN = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM cases c
        WHERE c.state = ?5 AND (?1 = '' OR c.region = ?1 OR (?2 = 1 AND SUBSTR(c.region, 1, LENGTH(?1)) = ?1))
        AND NOT EXISTS (SELECT 1 FROM ticket_things t WHERE t.kind = 'gone' AND t.id = c.id)
        AND (c.about IS NULL OR c.about <> ?4) LIMIT ?3) counted";
    // Entries of one stream between two places, of the cases whose tickets are shown, newest first.
    ENTRIES = "SELECT e.subject, e.version, e.at, e.schema, e.body FROM entries e JOIN cases c ON c.id = e.subject
        WHERE e.stream = ?1 AND e.seq >= ?2 AND e.seq < ?3 AND e.ledger = 0
        AND (?4 = '' OR c.region = ?4 OR (?5 = 1 AND SUBSTR(c.region, 1, LENGTH(?4)) = ?4))
        AND NOT EXISTS (SELECT 1 FROM ticket_things t WHERE t.kind = 'gone' AND t.id = c.id)
        AND (c.about IS NULL OR c.about <> ?6) ORDER BY e.seq DESC";
}

/// Something the faces keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThingRow {
    /// Identity.
    pub id: Uuid,
    /// JSON.
    pub body: String,
    /// When it was made.
    pub at: i64,
}

fn read(row: &Row<'_>) -> Result<ThingRow, StoreError> {
    Ok(ThingRow { id: row.uuid(0)?, body: row.text(1)?, at: row.int(2)? })
}

/// Keeps something; what is there already stays.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, kind: &str, row: &ThingRow) -> Result<(), StoreError> {
    tx.execute(PUT, &[kind.into(), (&row.id).into(), (&row.body).into(), row.at.into()]).map(drop)
}

/// One of a kind.
///
/// # Errors
/// Those of the database.
pub fn one(tx: &mut Tx<'_>, kind: &str, id: Uuid) -> Result<Option<ThingRow>, StoreError> {
    tx.query_opt(ONE, &[kind.into(), (&id).into()], read)
}

/// The newest of a kind, after as many that are passed over.
///
/// # Errors
/// Those of the database.
pub fn newest(tx: &mut Tx<'_>, kind: &str, limit: i64, offset: i64) -> Result<Vec<ThingRow>, StoreError> {
    tx.query(NEWEST, &[kind.into(), limit.into(), offset.into()], read)
}

/// How many there are of a kind.
///
/// # Errors
/// Those of the database.
pub fn of_kind(tx: &mut Tx<'_>, kind: &str) -> Result<i64, StoreError> {
    tx.query_one(OF_KIND, &[kind.into()], |row| row.int(0))
}

/// Changes one if it is still what was read; false when it is not.
///
/// # Errors
/// Those of the database.
pub fn change(tx: &mut Tx<'_>, kind: &str, id: Uuid, body: &str, from: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(CHANGE, &[kind.into(), (&id).into(), body.into(), from.into()])? == 1)
}

/// Removes one; false when there is none.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, kind: &str, id: Uuid) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE, &[kind.into(), (&id).into()])? == 1)
}

/// Whether an area covers everything below its code; a part of a country, such as `IE-D`, is itself alone.
fn below(scope: &str) -> i64 {
    i64::from(!scope.contains('-'))
}

/// Which tickets are looked at: of cases of an area that are not about the reader, in any of some states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Among {
    /// The area; empty for everywhere.
    pub scope: String,
    /// Whoever asks, for whom cases about themselves are not there; empty for programmes.
    pub reader: String,
    /// The states; all where nothing is said.
    pub states: Option<Vec<String>>,
}

/// Cases whose tickets are shown, those registered last first, of those registered before one.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, among: &Among, before: Uuid, limit: i64, offset: i64) -> Result<Vec<Uuid>, StoreError> {
    let (scope, reader) = (among.scope.as_str(), among.reader.as_str());
    let Some(states) = &among.states else {
        let values = [scope.into(), below(scope).into(), limit.into(), offset.into(), reader.into(), (&before).into()];
        return tx.query(PAGE, &values, |row| row.uuid(0));
    };
    // Each state by its own index, and of all of them the newest.
    let most = limit.saturating_add(offset);
    let mut found = Vec::new();
    for state in states {
        let values =
            [scope.into(), below(scope).into(), most.into(), reader.into(), (&before).into(), state.as_str().into()];
        found.extend(tx.query(PAGE_IN, &values, |row| row.uuid(0))?);
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    let whole = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(found.into_iter().skip(whole(offset)).take(whole(limit)).collect())
}

/// An entry of a case whose ticket is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// The case.
    pub case: Uuid,
    /// Its place in the log of the case.
    pub version: i64,
    /// When it was written.
    pub at: i64,
    /// The schema it was written with.
    pub schema: i64,
    /// What it says, sealed.
    pub body: String,
}

/// Entries of one stream from one place to before another, of cases of an area whose tickets are shown, newest first.
///
/// # Errors
/// Those of the database.
pub fn entries(
    tx: &mut Tx<'_>,
    stream: i64,
    (from, to): (i64, i64),
    scope: &str,
    reader: &str,
) -> Result<Vec<ShownEntry>, StoreError> {
    let values = [stream.into(), from.into(), to.into(), scope.into(), below(scope).into(), reader.into()];
    tx.query(ENTRIES, &values, |row| {
        Ok(ShownEntry {
            case: row.uuid(0)?,
            version: row.int(1)?,
            at: row.int(2)?,
            schema: row.int(3)?,
            body: row.text(4)?,
        })
    })
}

/// How many there are, counted up to a number.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, among: &Among, most: i64) -> Result<i64, StoreError> {
    let (scope, reader) = (among.scope.as_str(), among.reader.as_str());
    let Some(states) = &among.states else {
        let values = [scope.into(), below(scope).into(), most.into(), reader.into()];
        return tx.query_one(COUNT, &values, |row| row.int(0));
    };
    let mut counted = 0;
    for state in states {
        let left = most - counted;
        let values = [scope.into(), below(scope).into(), left.into(), reader.into(), state.as_str().into()];
        counted += tx.query_one(COUNT_IN, &values, |row| row.int(0))?;
        if counted >= most {
            break;
        }
    }
    Ok(counted)
}
