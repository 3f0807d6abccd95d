//! Classification models: what was asked for and came of it, their bytes by address, which one is in use since when, and
//! what became of suggestions by month.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO models (id, state, source, asked, asked_by, asked_at, tries, hash, told, made_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9)";
    MODEL = "SELECT id, state, source, asked, asked_by, asked_at, tries, hash, told, made_at FROM models WHERE id = ?1";
    MODELS = "SELECT id, state, source, asked, asked_by, asked_at, tries, hash, told, made_at FROM models
        ORDER BY asked_at DESC, id DESC LIMIT ?1";
    // Of several that came out the same, the first.
    OF_HASH = "SELECT id, state, source, asked, asked_by, asked_at, tries, hash, told, made_at FROM models
        WHERE hash = ?1 ORDER BY asked_at, id LIMIT 1";
    WAITING = "SELECT id, state, source, asked, asked_by, asked_at, tries, hash, told, made_at FROM models
        WHERE state = 'waiting' ORDER BY asked_at, id LIMIT 1";
    TRY = "UPDATE models SET tries = tries + 1 WHERE id = ?1 AND state = 'waiting'";
    // Of two nodes that made the same model the second finds it made.
    MADE = "UPDATE models SET state = ?2, hash = ?3, told = ?4, made_at = ?5 WHERE id = ?1 AND state = 'waiting'";
    // The same address is the same content: whoever brings it again brings nothing new.
    INSERT_PART = "INSERT INTO model_parts (hash, n, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (hash, n) DO NOTHING";
    PARTS = "SELECT bytes FROM model_parts WHERE hash = ?1 ORDER BY n";
    // Of two who choose at once the second finds that something else is in use than what was seen.
    CHOOSE = "INSERT INTO model_choices (n, model, under, note, chosen_by, chosen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (n) DO NOTHING";
    CHOICE = "SELECT n, model, under, note, chosen_by, chosen_at FROM model_choices WHERE n = ?1";
    CHOICES = "SELECT n, model, under, note, chosen_by, chosen_at FROM model_choices ORDER BY n DESC LIMIT ?1";
    NEWEST = "SELECT COALESCE(MAX(n), 0) FROM model_choices";
    MARKS = "SELECT stream, seq FROM advice_marks";
    MARK_NEW = "INSERT INTO advice_marks (stream, seq) VALUES (?1, ?2) ON CONFLICT (stream) DO NOTHING";
    MARK = "UPDATE advice_marks SET seq = ?3 WHERE stream = ?1 AND seq = ?2";
    COUNT = "INSERT INTO advice_months (source, month, category, counted, taken, among, unsure)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (source, month, category) DO UPDATE SET counted = advice_months.counted + excluded.counted,
        taken = advice_months.taken + excluded.taken, among = advice_months.among + excluded.among,
        unsure = advice_months.unsure + excluded.unsure";
    MONTHS = "SELECT source, month, category, counted, taken, among, unsure FROM advice_months WHERE month >= ?1
        ORDER BY month DESC, source, category";
}

/// A model that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRow {
    /// Identity.
    pub id: Uuid,
    /// Where it stands.
    pub state: String,
    /// What it is learnt from.
    pub source: String,
    /// How it was asked for, as JSON.
    pub asked: String,
    /// Who asked.
    pub asked_by: String,
    /// When, UTC microseconds.
    pub asked_at: i64,
    /// How often somebody began to learn.
    pub tries: i64,
    /// Address of its bytes; empty until there are any.
    pub hash: String,
    /// What came of it, as JSON; empty until something did.
    pub told: String,
    /// When it was made.
    pub made_at: Option<i64>,
}

/// Which model is in use from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelChoiceRow {
    /// Place in the order of choices, from 1.
    pub n: i64,
    /// The model; nothing for the word list alone.
    pub model: Option<Uuid>,
    /// The choice that holds again when this one is rolled back; 0 for the word list alone.
    pub under: i64,
    /// Why.
    pub note: String,
    /// Who.
    pub chosen_by: String,
    /// When, UTC microseconds.
    pub chosen_at: i64,
}

/// What became of suggestions of one source in a month where people chose one category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdviceSum {
    /// Suggestions.
    pub counted: i64,
    /// Of which the first was taken.
    pub taken: i64,
    /// Of which any was.
    pub among: i64,
    /// That said they were not sure.
    pub unsure: i64,
}

/// What a sum is of: source, month, category.
pub type AdviceKey = (String, i64, String);

fn model(row: &Row<'_>) -> Result<ModelRow, StoreError> {
    Ok(ModelRow {
        id: row.uuid(0)?,
        state: row.text(1)?,
        source: row.text(2)?,
        asked: row.text(3)?,
        asked_by: row.text(4)?,
        asked_at: row.int(5)?,
        tries: row.int(6)?,
        hash: row.text(7)?,
        told: row.text(8)?,
        made_at: row.opt_int(9)?,
    })
}

fn chosen(row: &Row<'_>) -> Result<ModelChoiceRow, StoreError> {
    Ok(ModelChoiceRow {
        n: row.int(0)?,
        model: row.opt_uuid(1)?,
        under: row.int(2)?,
        note: row.text(3)?,
        chosen_by: row.text(4)?,
        chosen_at: row.int(5)?,
    })
}

/// Writes a model that was asked for or is made.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &ModelRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.state).into(),
        (&row.source).into(),
        (&row.asked).into(),
        (&row.asked_by).into(),
        row.asked_at.into(),
        (&row.hash).into(),
        (&row.told).into(),
        row.made_at.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A model.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ModelRow>, StoreError> {
    tx.query_opt(MODEL, &[(&id).into()], model)
}

/// Models, the newest first.
///
/// # Errors
/// Those of the database.
pub fn newest(tx: &mut Tx<'_>, most: i64) -> Result<Vec<ModelRow>, StoreError> {
    tx.query(MODELS, &[most.into()], model)
}

/// The model whose bytes have an address; the first of several.
///
/// # Errors
/// Those of the database.
pub fn by_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<ModelRow>, StoreError> {
    tx.query_opt(OF_HASH, &[hash.into()], model)
}

/// The model that waits to be made.
///
/// # Errors
/// Those of the database.
pub fn waiting(tx: &mut Tx<'_>) -> Result<Option<ModelRow>, StoreError> {
    tx.query_opt(WAITING, &[], model)
}

/// Notes that somebody begins to learn.
///
/// # Errors
/// Those of the database.
pub fn note_try(tx: &mut Tx<'_>, id: Uuid) -> Result<(), StoreError> {
    tx.execute(TRY, &[(&id).into()]).map(drop)
}

/// Notes what came of a model that waited; false when somebody else has.
///
/// # Errors
/// Those of the database.
pub fn made(tx: &mut Tx<'_>, row: &ModelRow) -> Result<bool, StoreError> {
    let values = [(&row.id).into(), (&row.state).into(), (&row.hash).into(), (&row.told).into(), row.made_at.into()];
    Ok(tx.execute(MADE, &values)? == 1)
}

/// Bytes of a part of a model: small enough for a row of a backup.
const PART: usize = 1 << 18;

/// Keeps the bytes of a model, if they are not there yet.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, hash: &str, bytes: &[u8]) -> Result<(), StoreError> {
    for (n, part) in (0_i64..).zip(bytes.chunks(PART)) {
        tx.execute(INSERT_PART, &[hash.into(), n.into(), part.into()])?;
    }
    Ok(())
}

/// The bytes of a model; none where there are none.
///
/// # Errors
/// Those of the database.
pub fn bytes(tx: &mut Tx<'_>, hash: &str) -> Result<Vec<u8>, StoreError> {
    Ok(tx.query(PARTS, &[hash.into()], |row| row.blob(0))?.concat())
}

/// Writes a choice; false when its place is taken.
///
/// # Errors
/// Those of the database.
pub fn choose(tx: &mut Tx<'_>, row: &ModelChoiceRow) -> Result<bool, StoreError> {
    let values = [
        row.n.into(),
        (&row.model).into(),
        row.under.into(),
        (&row.note).into(),
        (&row.chosen_by).into(),
        row.chosen_at.into(),
    ];
    Ok(tx.execute(CHOOSE, &values)? == 1)
}

/// A choice by its place.
///
/// # Errors
/// Those of the database.
pub fn choice(tx: &mut Tx<'_>, n: i64) -> Result<Option<ModelChoiceRow>, StoreError> {
    tx.query_opt(CHOICE, &[n.into()], chosen)
}

/// Choices, the newest first.
///
/// # Errors
/// Those of the database.
pub fn choices(tx: &mut Tx<'_>, most: i64) -> Result<Vec<ModelChoiceRow>, StoreError> {
    tx.query(CHOICES, &[most.into()], chosen)
}

/// Place of the newest choice, 0 without any; a look that costs next to nothing.
///
/// # Errors
/// Those of the database.
pub fn newest_choice(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(NEWEST, &[], |row| row.int(0))
}

/// Up to where suggestions are counted, by stream.
///
/// # Errors
/// Those of the database.
pub fn marks(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.query(MARKS, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Moves the mark of a stream; false when it stands elsewhere than was seen.
///
/// # Errors
/// Those of the database.
pub fn mark(tx: &mut Tx<'_>, stream: i64, seen: i64, now: i64) -> Result<bool, StoreError> {
    if seen == 0 {
        return Ok(tx.execute(MARK_NEW, &[stream.into(), now.into()])? == 1);
    }
    Ok(tx.execute(MARK, &[stream.into(), seen.into(), now.into()])? == 1)
}

/// Adds to a sum.
///
/// # Errors
/// Those of the database.
pub fn add(tx: &mut Tx<'_>, (source, month, category): &AdviceKey, sum: &AdviceSum) -> Result<(), StoreError> {
    let values = [
        source.into(),
        (*month).into(),
        category.into(),
        sum.counted.into(),
        sum.taken.into(),
        sum.among.into(),
        sum.unsure.into(),
    ];
    tx.execute(COUNT, &values).map(drop)
}

/// Sums since a month, the newest month first.
///
/// # Errors
/// Those of the database.
pub fn months(tx: &mut Tx<'_>, since: i64) -> Result<Vec<(AdviceKey, AdviceSum)>, StoreError> {
    tx.query(MONTHS, &[since.into()], |row| {
        let sum = AdviceSum { counted: row.int(3)?, taken: row.int(4)?, among: row.int(5)?, unsure: row.int(6)? };
        Ok(((row.text(0)?, row.int(1)?, row.text(2)?), sum))
    })
}
