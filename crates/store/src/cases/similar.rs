//! Cases of whoever is found under a key: the raw material for duplicates and repeats.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    // A number everybody calls from has very many persons; the newest two hundred bound the work.
    BY_LOOKUP = "SELECT c.id, c.number, c.state, c.category, c.region, c.received_at, c.open, c.person
        FROM (SELECT l.person FROM person_lookups l WHERE l.hash = ?1 AND l.kind = ?2 ORDER BY l.person DESC LIMIT 200) p
        JOIN cases c ON c.person = p.person
        WHERE c.received_at >= ?3 OR c.open = 1 ORDER BY c.received_at DESC, c.id DESC LIMIT 500";
    BY_PERSON = "SELECT c.id, c.number, c.state, c.category, c.region, c.received_at, c.open, c.person
        FROM cases c
        WHERE c.person = ?1 AND (c.received_at >= ?2 OR c.open = 1) ORDER BY c.received_at DESC, c.id DESC LIMIT 500";
}

/// What is needed of a case to tell whether it is the same matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarRow {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// State.
    pub state: String,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// Where it happened.
    pub region: String,
    /// First receipt.
    pub received_at: i64,
    /// Whether somebody still has to do something.
    pub open: bool,
    /// Who complains.
    pub person: Uuid,
}

fn read(row: &Row<'_>) -> Result<SimilarRow, StoreError> {
    Ok(SimilarRow {
        id: row.uuid(0)?,
        number: row.text(1)?,
        state: row.text(2)?,
        category: row.opt_text(3)?,
        region: row.text(4)?,
        received_at: row.int(5)?,
        open: row.bool(6)?,
        person: row.uuid(7)?,
    })
}

/// Cases of persons with a keyed hash that are open or were received since a moment, newest first.
///
/// # Errors
/// Those of the database.
pub fn by_lookup(tx: &mut Tx<'_>, hash: &[u8], kind: &str, since: i64) -> Result<Vec<SimilarRow>, StoreError> {
    tx.query(BY_LOOKUP, &[hash.into(), kind.into(), since.into()], read)
}

/// The same for a person.
///
/// # Errors
/// Those of the database.
pub fn of_person(tx: &mut Tx<'_>, person: Uuid, since: i64) -> Result<Vec<SimilarRow>, StoreError> {
    tx.query(BY_PERSON, &[(&person).into(), since.into()], read)
}
