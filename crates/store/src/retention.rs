//! Plans of what is to be erased, whom they name, and the certificates of what was erased; and the look over all persons
//! that plans are made from.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    // A person with an open case is nobody a plan could name; of the others only what decides whether to look closer.
    // Whether somebody asks to be erased stands in the first entry of the log, in clear, whatever kind of contact the
    // case has become since.
    PERSONS = "SELECT c.person, MAX(c.open), MAX(COALESCE(c.closed_at, c.changed_at)),
        CAST(MAX(CASE WHEN EXISTS (SELECT 1 FROM entries e WHERE e.subject = c.id AND e.ledger = 0 AND e.version = 1
        AND e.body LIKE '%\"subject_request\":\"erasure\"%') THEN 1 ELSE 0 END) AS BIGINT)
        FROM cases c JOIN persons p ON p.id = c.person
        WHERE c.person > ?1 AND p.wrapped_key IS NOT NULL GROUP BY c.person ORDER BY c.person LIMIT ?2";
    REQUESTS = "SELECT c.id FROM cases c WHERE c.person = ?1 AND EXISTS (SELECT 1 FROM entries e WHERE e.subject = c.id
        AND e.ledger = 0 AND e.version = 1 AND e.body LIKE '%\"subject_request\":\"%') ORDER BY c.id";
    INSERT_PLAN = "INSERT INTO erasure_plans (id, hash, body, note, state, made_by, made_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    PLAN = "SELECT id, hash, body, note, state, made_by, made_at, decided_by, decided_at FROM erasure_plans
        WHERE id = ?1";
    PLANS = "SELECT id, hash, body, note, state, made_by, made_at, decided_by, decided_at FROM erasure_plans
        ORDER BY made_at DESC, id DESC LIMIT ?1";
    PLAN_AT = "SELECT id, hash, body, note, state, made_by, made_at, decided_by, decided_at FROM erasure_plans
        WHERE hash = ?1 AND state = ?2 LIMIT 1";
    // Of two who decide at once the second finds it decided.
    DECIDE = "UPDATE erasure_plans SET state = ?3, decided_by = ?4, decided_at = ?5 WHERE id = ?1 AND state = ?2";
    INSERT_ITEM = "INSERT INTO erasure_items (plan, n, person, body, outcome) VALUES (?1, ?2, ?3, ?4, '')";
    ITEMS = "SELECT plan, n, person, body, outcome FROM erasure_items WHERE plan = ?1 ORDER BY n";
    ITEM = "SELECT plan, n, person, body, outcome FROM erasure_items WHERE plan = ?1 AND n = ?2";
    OUTCOME = "UPDATE erasure_items SET outcome = ?3 WHERE plan = ?1 AND n = ?2";
    // The row is taken until the transaction ends, so that no number is given twice or left out.
    NEXT = "INSERT INTO counters (name, value) VALUES (?1, 1)
        ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    COUNTED = "SELECT COALESCE(MAX(value), 0) FROM counters WHERE name = ?1";
    GO_ON = "INSERT INTO counters (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = CASE WHEN counters.value < excluded.value THEN excluded.value
        ELSE counters.value END";
    INSERT_CERTIFICATE = "INSERT INTO erasure_certificates (n, person, plan, at, body, signature, public_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (n) DO NOTHING";
    CERTIFICATE = "SELECT n, person, plan, at, body, signature, public_key FROM erasure_certificates WHERE n = ?1";
    CERTIFICATES = "SELECT n, person, plan, at, body, signature, public_key FROM erasure_certificates
        WHERE n < ?1 ORDER BY n DESC LIMIT ?2";
}

/// The schema that has these tables.
pub const SINCE: i64 = 7;

/// Name of the counter of certificates.
const CERTIFICATE_NUMBERS: &str = "certificate";

/// What a look over all persons shows of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The person.
    pub person: Uuid,
    /// Whether a case of theirs is open.
    pub open: bool,
    /// When the last of their cases ended, UTC microseconds.
    pub ended_at: i64,
    /// Whether one of their cases is a request to be erased.
    pub asked: bool,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Identity.
    pub id: Uuid,
    /// Digest of whom it names and why.
    pub hash: String,
    /// What else it says, as JSON.
    pub body: String,
    /// Why, in the words of whoever made it.
    pub note: String,
    /// Where it stands.
    pub state: String,
    /// Who made it.
    pub made_by: String,
    /// When, UTC microseconds.
    pub made_at: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
}

/// A line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanItemRow {
    /// The plan.
    pub plan: Uuid,
    /// Its place in it, from 1.
    pub n: i64,
    /// Whom it names.
    pub person: Uuid,
    /// Cases and ground, as JSON.
    pub body: String,
    /// What came of it; empty until then.
    pub outcome: String,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its number.
    pub n: i64,
    /// Who was erased.
    pub person: Uuid,
    /// The plan that was carried out, if any.
    pub plan: Option<Uuid>,
    /// When, UTC microseconds.
    pub at: i64,
    /// What it says, in the form that is signed.
    pub body: String,
    /// Signature over that.
    pub signature: Vec<u8>,
    /// The key to verify it with.
    pub public_key: Vec<u8>,
}

/// Persons who have a key and cases, after one, in order.
///
/// # Errors
/// Those of the database.
pub fn persons_after(tx: &mut Tx<'_>, after: Uuid, limit: i64) -> Result<Vec<Candidate>, StoreError> {
    tx.query(PERSONS, &[(&after).into(), limit.into()], |row| {
        Ok(Candidate { person: row.uuid(0)?, open: row.int(1)? > 0, ended_at: row.int(2)?, asked: row.int(3)? > 0 })
    })
}

fn plan_row(row: &Row<'_>) -> Result<PlanRow, StoreError> {
    Ok(PlanRow {
        id: row.uuid(0)?,
        hash: row.text(1)?,
        body: row.text(2)?,
        note: row.text(3)?,
        state: row.text(4)?,
        made_by: row.text(5)?,
        made_at: row.int(6)?,
        decided_by: row.opt_text(7)?,
        decided_at: row.opt_int(8)?,
    })
}

/// Writes a plan nobody has decided about yet.
///
/// # Errors
/// Those of the database.
pub fn insert_plan(tx: &mut Tx<'_>, row: &PlanRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.hash).into(),
        (&row.body).into(),
        (&row.note).into(),
        (&row.state).into(),
        (&row.made_by).into(),
        row.made_at.into(),
    ];
    tx.execute(INSERT_PLAN, &values).map(drop)
}

/// A plan.
///
/// # Errors
/// Those of the database.
pub fn plan(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<PlanRow>, StoreError> {
    tx.query_opt(PLAN, &[(&id).into()], plan_row)
}

/// Cases of a person that are requests about their own data.
///
/// # Errors
/// Those of the database.
pub fn requests_of(tx: &mut Tx<'_>, person: Uuid) -> Result<Vec<Uuid>, StoreError> {
    tx.query(REQUESTS, &[(&person).into()], |row| row.uuid(0))
}

/// A plan with this digest that stands at `state`.
///
/// # Errors
/// Those of the database.
pub fn plan_at(tx: &mut Tx<'_>, hash: &str, state: &str) -> Result<Option<PlanRow>, StoreError> {
    tx.query_opt(PLAN_AT, &[hash.into(), state.into()], plan_row)
}

/// Plans, the newest first.
///
/// # Errors
/// Those of the database.
pub fn plans(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<PlanRow>, StoreError> {
    tx.query(PLANS, &[limit.into()], plan_row)
}

/// Decides about a plan; false when it no longer stands at `from`.
///
/// # Errors
/// Those of the database.
pub fn decide(tx: &mut Tx<'_>, id: Uuid, from: &str, to: &str, by: &str, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(DECIDE, &[(&id).into(), from.into(), to.into(), by.into(), at.into()])? == 1)
}

fn item_row(row: &Row<'_>) -> Result<PlanItemRow, StoreError> {
    Ok(PlanItemRow {
        plan: row.uuid(0)?,
        n: row.int(1)?,
        person: row.uuid(2)?,
        body: row.text(3)?,
        outcome: row.text(4)?,
    })
}

/// Writes a line of a plan.
///
/// # Errors
/// Those of the database.
pub fn insert_item(tx: &mut Tx<'_>, row: &PlanItemRow) -> Result<(), StoreError> {
    let values = [(&row.plan).into(), row.n.into(), (&row.person).into(), (&row.body).into()];
    tx.execute(INSERT_ITEM, &values).map(drop)
}

/// The lines of a plan, in order.
///
/// # Errors
/// Those of the database.
pub fn items(tx: &mut Tx<'_>, plan: Uuid) -> Result<Vec<PlanItemRow>, StoreError> {
    tx.query(ITEMS, &[(&plan).into()], item_row)
}

/// One line of a plan.
///
/// # Errors
/// Those of the database.
pub fn item(tx: &mut Tx<'_>, plan: Uuid, n: i64) -> Result<Option<PlanItemRow>, StoreError> {
    tx.query_opt(ITEM, &[(&plan).into(), n.into()], item_row)
}

/// Notes what came of a line.
///
/// # Errors
/// Those of the database.
pub fn outcome(tx: &mut Tx<'_>, plan: Uuid, n: i64, outcome: &str) -> Result<(), StoreError> {
    tx.execute(OUTCOME, &[(&plan).into(), n.into(), outcome.into()]).map(drop)
}

/// The number of the next certificate; whoever else asks waits until this transaction ends.
///
/// # Errors
/// Those of the database.
pub fn next_certificate(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(NEXT, &[CERTIFICATE_NUMBERS.into()], |row| row.int(0))
}

/// The number given last.
///
/// # Errors
/// Those of the database.
pub fn last_certificate(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(COUNTED, &[CERTIFICATE_NUMBERS.into()], |row| row.int(0))
}

/// Goes on behind a number, where fewer were given.
///
/// # Errors
/// Those of the database.
pub fn certificates_go_on(tx: &mut Tx<'_>, last: i64) -> Result<(), StoreError> {
    tx.execute(GO_ON, &[CERTIFICATE_NUMBERS.into(), last.into()]).map(drop)
}

/// Writes a certificate; one that is there stays.
///
/// # Errors
/// Those of the database.
pub fn insert_certificate(tx: &mut Tx<'_>, row: &CertificateRow) -> Result<(), StoreError> {
    let values = [
        row.n.into(),
        (&row.person).into(),
        (&row.plan).into(),
        row.at.into(),
        (&row.body).into(),
        row.signature.as_slice().into(),
        row.public_key.as_slice().into(),
    ];
    tx.execute(INSERT_CERTIFICATE, &values).map(drop)
}

fn certificate_row(row: &Row<'_>) -> Result<CertificateRow, StoreError> {
    Ok(CertificateRow {
        n: row.int(0)?,
        person: row.uuid(1)?,
        plan: row.opt_uuid(2)?,
        at: row.int(3)?,
        body: row.text(4)?,
        signature: row.blob(5)?,
        public_key: row.blob(6)?,
    })
}

/// A certificate.
///
/// # Errors
/// Those of the database.
pub fn certificate(tx: &mut Tx<'_>, n: i64) -> Result<Option<CertificateRow>, StoreError> {
    tx.query_opt(CERTIFICATE, &[n.into()], certificate_row)
}

/// Certificates before a number, the newest first.
///
/// # Errors
/// Those of the database.
pub fn certificates(tx: &mut Tx<'_>, before: i64, limit: i64) -> Result<Vec<CertificateRow>, StoreError> {
    tx.query(CERTIFICATES, &[before.into(), limit.into()], certificate_row)
}
