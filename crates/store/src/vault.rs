//! The vault: persons under their own keys, keyed hashes to find them by, identifiers lifted out of texts.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    PERSON = "SELECT id, wrapped_key, identity, created_at, erased_at FROM persons WHERE id = ?1";
    HOLD_PERSON = "SELECT wrapped_key FROM persons WHERE id = ?1 FOR SHARE";
    INSERT_PERSON = "INSERT INTO persons (id, wrapped_key, identity, created_at, erased_at)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    INSERT_LOOKUP = "INSERT INTO person_lookups (hash, kind, person) VALUES (?1, ?2, ?3)
        ON CONFLICT (hash, kind, person) DO NOTHING";
    INSERT_ITEM = "INSERT INTO vault_items (case_id, item, kind, sealed) VALUES (?1, ?2, ?3, ?4)";
    ITEMS = "SELECT case_id, item, kind, sealed FROM vault_items WHERE case_id = ?1 ORDER BY item";
    PERSONS_BY_LOOKUP = "SELECT person FROM person_lookups WHERE hash = ?1 AND kind = ?2 ORDER BY person LIMIT 200";
    FIRST_NUMBER = "SELECT hash FROM person_lookups WHERE person = ?1 AND kind = 'phone' ORDER BY hash LIMIT 1";
    TAKE_PERSON = "UPDATE persons SET erased_at = ?2 WHERE id = ?1 AND wrapped_key IS NOT NULL";
    LET_GO = "UPDATE persons SET erased_at = NULL WHERE id = ?1 AND wrapped_key IS NOT NULL";
    ERASE_PERSON = "UPDATE persons SET wrapped_key = NULL, identity = NULL, erased_at = ?2 WHERE id = ?1";
    ERASE_LOOKUPS = "DELETE FROM person_lookups WHERE person = ?1";
    ERASE_ITEMS = "DELETE FROM vault_items WHERE case_id IN (SELECT id FROM cases WHERE person = ?1)";
    ERASE_TEXT_KEYS = "UPDATE cases SET text_key = NULL, subject = NULL WHERE person = ?1";
    WRAPPED_AFTER = "SELECT id, wrapped_key FROM persons WHERE id > ?1 AND wrapped_key IS NOT NULL
        ORDER BY id LIMIT ?2";
    REWRAP = "UPDATE persons SET wrapped_key = ?3 WHERE id = ?1 AND wrapped_key = ?2";
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// Identity.
    pub id: Uuid,
    /// Data key, wrapped by the master key; `None` once erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// Sealed identity.
    pub identity: Option<Vec<u8>>,
    /// When first recorded.
    pub created_at: i64,
    /// When erased.
    pub erased_at: Option<i64>,
}

/// An identifier lifted out of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// The case.
    pub case_id: Uuid,
    /// Its number in the case.
    pub item: i64,
    /// Kind of identifier.
    pub kind: String,
    /// Sealed value.
    pub sealed: Vec<u8>,
}

/// A person.
///
/// # Errors
/// Those of the database.
pub fn person(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<PersonRow>, StoreError> {
    tx.query_opt(PERSON, &[(&id).into()], |row| {
        Ok(PersonRow {
            id: row.uuid(0)?,
            wrapped_key: row.opt_blob(1)?,
            identity: row.opt_blob(2)?,
            created_at: row.int(3)?,
            erased_at: row.opt_int(4)?,
        })
    })
}

/// A person's wrapped key, which stays what it is until the transaction ends; `None` for nobody or somebody erased. For
/// writing only: whoever has asked is in time or too late for an erasure, never beside it.
///
/// # Errors
/// Those of the database.
pub fn hold_person(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(tx.query_opt(HOLD_PERSON, &[(&id).into()], |row| row.opt_blob(0))?.flatten())
}

/// Writes a new person.
///
/// # Errors
/// Those of the database.
pub fn insert_person(tx: &mut Tx<'_>, row: &PersonRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.wrapped_key).into(),
        (&row.identity).into(),
        row.created_at.into(),
        row.erased_at.into(),
    ];
    tx.execute(INSERT_PERSON, &values).map(drop)
}

/// Makes a person findable by a keyed hash.
///
/// # Errors
/// Those of the database.
pub fn insert_lookup(tx: &mut Tx<'_>, hash: &[u8], kind: &str, person: Uuid) -> Result<(), StoreError> {
    tx.execute(INSERT_LOOKUP, &[hash.into(), kind.into(), (&person).into()]).map(drop)
}

/// Keeps a lifted identifier.
///
/// # Errors
/// Those of the database.
pub fn insert_item(tx: &mut Tx<'_>, row: &ItemRow) -> Result<(), StoreError> {
    let values = [(&row.case_id).into(), row.item.into(), (&row.kind).into(), (&row.sealed).into()];
    tx.execute(INSERT_ITEM, &values).map(drop)
}

/// All lifted identifiers of a case.
///
/// # Errors
/// Those of the database.
pub fn items(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<ItemRow>, StoreError> {
    tx.query(ITEMS, &[(&case).into()], |row| {
        Ok(ItemRow { case_id: row.uuid(0)?, item: row.int(1)?, kind: row.text(2)?, sealed: row.blob(3)? })
    })
}

/// Persons with a keyed hash; at most 200.
///
/// # Errors
/// Those of the database.
pub fn persons_by_lookup(tx: &mut Tx<'_>, hash: &[u8], kind: &str) -> Result<Vec<Uuid>, StoreError> {
    tx.query(PERSONS_BY_LOOKUP, &[hash.into(), kind.into()], |row| row.uuid(0))
}

/// Whose a contact is, for counting people: by the keyed hash of their first number, and where there is none by the person.
/// Contacts of one caller are persons of their own until somebody says that they belong together.
pub(crate) fn who(person: Uuid, number: Option<Vec<u8>>) -> u64 {
    let known = number.as_deref().and_then(|hash| hash.first_chunk::<8>());
    known.map_or_else(|| person.as_u64_pair().1, |first| u64::from_be_bytes(*first))
}

/// The same of a person by their identity.
///
/// # Errors
/// Those of the database.
pub fn whose(tx: &mut Tx<'_>, person: Uuid) -> Result<u64, StoreError> {
    let number = tx.query_opt(FIRST_NUMBER, &[(&person).into()], |row| row.blob(0))?;
    Ok(who(person, number))
}

/// Takes a person who is about to be erased: whoever holds them ([`hold_person`]) is waited for here, and whoever comes
/// later waits for the end of the transaction. False for nobody or somebody erased.
///
/// # Errors
/// Those of the database.
pub fn take_person(tx: &mut Tx<'_>, person: Uuid, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_PERSON, &[(&person).into(), at.into()])? == 1)
}

/// Undoes [`take_person`] for somebody who is not erased after all.
///
/// # Errors
/// Those of the database.
pub fn let_go(tx: &mut Tx<'_>, person: Uuid) -> Result<(), StoreError> {
    tx.execute(LET_GO, &[(&person).into()]).map(drop)
}

/// Destroys a person's key and with it everything sealed under it. The key goes first: whoever holds the person
/// ([`hold_person`]) is waited for here, and whoever comes later finds them gone.
///
/// # Errors
/// Those of the database.
pub fn erase_person(tx: &mut Tx<'_>, person: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(ERASE_PERSON, &[(&person).into(), at.into()])?;
    tx.execute(ERASE_ITEMS, &[(&person).into()])?;
    tx.execute(ERASE_TEXT_KEYS, &[(&person).into()])?;
    tx.execute(ERASE_LOOKUPS, &[(&person).into()]).map(drop)
}

/// Wrapped keys after a person, in order; for rotation.
///
/// # Errors
/// Those of the database.
pub fn wrapped_after(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    tx.query(WRAPPED_AFTER, &[(&after).into(), limit.into()], |row| Ok((row.uuid(0)?, row.blob(1)?)))
}

/// Replaces a wrapped key if it is still the one that was read; a person erased meanwhile stays erased.
///
/// # Errors
/// Those of the database.
pub fn rewrap(tx: &mut Tx<'_>, person: Uuid, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(REWRAP, &[(&person).into(), old.into(), new.into()])? == 1)
}
