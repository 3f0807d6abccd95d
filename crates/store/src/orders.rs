//! Work orders as units look for them, and rulings about whose case it is. Both follow from the logs of the cases; the
//! words stand only there.

use crate::statements::statements;
use crate::{Param, Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    PUT = "INSERT INTO orders (case_id, n, kind, standing, open, unit, user_id, sent_at, due_at, urged, late)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (case_id, n) DO UPDATE SET standing = excluded.standing, open = excluded.open,
        unit = excluded.unit, user_id = excluded.user_id, due_at = excluded.due_at, urged = excluded.urged,
        late = excluded.late";
    OF = "SELECT case_id, n, kind, standing, open, unit, user_id, sent_at, due_at, urged, late FROM orders
        WHERE case_id = ?1 ORDER BY n";
    EVERY = "SELECT case_id, n, kind, standing, open, unit, user_id, sent_at, due_at, urged, late FROM orders
        WHERE (case_id, n) > (?1, ?2) ORDER BY case_id, n LIMIT ?3";
    DROP = "DELETE FROM orders WHERE case_id = ?1 AND n = ?2";
    OF_UNIT = "SELECT o.case_id, o.n, o.kind, o.standing, o.open, o.unit, o.user_id, o.sent_at, o.due_at, o.urged,
        o.late, c.number, c.region, c.category, c.grade FROM orders o JOIN cases c ON c.id = o.case_id
        WHERE o.open = 1 AND o.standing <> 'proposed' AND o.unit = ?1 AND (o.due_at, o.case_id, o.n) > (?2, ?3, ?4)
        ORDER BY o.due_at, o.case_id, o.n LIMIT ?5";
    OF_USER = "SELECT o.case_id, o.n, o.kind, o.standing, o.open, o.unit, o.user_id, o.sent_at, o.due_at, o.urged,
        o.late, c.number, c.region, c.category, c.grade FROM orders o JOIN cases c ON c.id = o.case_id
        WHERE o.open = 1 AND o.standing <> 'proposed' AND o.user_id = ?1 AND (o.due_at, o.case_id, o.n) > (?2, ?3, ?4)
        ORDER BY o.due_at, o.case_id, o.n LIMIT ?5";
    UNIT_HAS = "SELECT CAST(1 AS BIGINT) FROM orders WHERE unit = ?1 AND open = 1 LIMIT 1";
    RULE = "INSERT INTO rulings (case_id, n, category, unit, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (case_id, n) DO NOTHING";
    RULINGS_OF = "SELECT case_id, n, category, unit, at FROM rulings WHERE case_id = ?1 ORDER BY n";
    ALL_RULINGS = "SELECT case_id, n, category, unit, at FROM rulings WHERE (case_id, n) > (?1, ?2)
        ORDER BY case_id, n LIMIT ?3";
    DROP_RULINGS = "DELETE FROM rulings WHERE case_id = ?1";
    RULINGS = "SELECT r.case_id, r.n, r.category, r.unit, r.at, c.number, c.region FROM rulings r
        JOIN cases c ON c.id = r.case_id WHERE r.category = ?1 ORDER BY r.at DESC, r.case_id LIMIT ?2";
}

/// A work order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The case.
    pub case: Uuid,
    /// Number within the case.
    pub n: i64,
    /// What for.
    pub kind: String,
    /// Where it stands.
    pub standing: String,
    /// Whether something is still to come of it.
    pub open: bool,
    /// The unit it lies with.
    pub unit: Uuid,
    /// The person.
    pub user: Option<Uuid>,
    /// When it was sent.
    pub sent_at: i64,
    /// The limit that comes next; the end of time for none.
    pub due_at: i64,
    /// How often somebody pressed for it.
    pub urged: i64,
    /// Whether a limit passed.
    pub late: bool,
}

/// An order with what its reader needs to know of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOrder {
    /// The order.
    pub row: OrderRow,
    /// Number of the case.
    pub number: String,
    /// Its region.
    pub region: String,
    /// Its category.
    pub category: Option<String>,
    /// Its grade.
    pub grade: Option<String>,
}

/// Where a page of orders ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderCursor {
    /// Limit of the last order.
    pub due_at: i64,
    /// Its case.
    pub case: Uuid,
    /// Its number.
    pub n: i64,
}

/// Whose orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those that lie with a unit, whoever has them there.
    Unit(Uuid),
    /// Those that lie with a person.
    User(Uuid),
}

/// A ruling about whose case it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulingRow {
    /// The case.
    pub case: Uuid,
    /// Which ruling in it, from 1.
    pub n: i64,
    /// Category of the case.
    pub category: String,
    /// Whose it is.
    pub unit: Uuid,
    /// When.
    pub at: i64,
}

/// A ruling with the number of its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRuling {
    /// The ruling.
    pub row: RulingRow,
    /// Number of the case.
    pub number: String,
    /// Region of the case now: whoever may not see it is not told of it.
    pub region: String,
}

fn read(row: &Row<'_>) -> Result<OrderRow, StoreError> {
    Ok(OrderRow {
        case: row.uuid(0)?,
        n: row.int(1)?,
        kind: row.text(2)?,
        standing: row.text(3)?,
        open: row.bool(4)?,
        unit: row.uuid(5)?,
        user: row.opt_uuid(6)?,
        sent_at: row.int(7)?,
        due_at: row.int(8)?,
        urged: row.int(9)?,
        late: row.bool(10)?,
    })
}

/// Writes an order as it stands now.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &OrderRow) -> Result<(), StoreError> {
    let values = [
        (&row.case).into(),
        row.n.into(),
        (&row.kind).into(),
        (&row.standing).into(),
        row.open.into(),
        (&row.unit).into(),
        (&row.user).into(),
        row.sent_at.into(),
        row.due_at.into(),
        row.urged.into(),
        row.late.into(),
    ];
    tx.execute(PUT, &values).map(drop)
}

/// All orders of a case.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<OrderRow>, StoreError> {
    tx.query(OF, &[(&case).into()], read)
}

/// Orders after one, in the order of case and number.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx<'_>, after: (Uuid, i64), limit: i64) -> Result<Vec<OrderRow>, StoreError> {
    tx.query(EVERY, &[(&after.0).into(), after.1.into(), limit.into()], read)
}

/// Takes an order away that its case does not have.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, case: Uuid, n: i64) -> Result<(), StoreError> {
    tx.execute(DROP, &[(&case).into(), n.into()]).map(drop)
}

/// Whether an open order lies with a unit.
///
/// # Errors
/// Those of the database.
pub fn unit_has(tx: &mut Tx<'_>, unit: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(UNIT_HAS, &[(&unit).into()], |row| row.int(0))?.is_some())
}

/// Open orders, the one that is due first first.
///
/// # Errors
/// Those of the database.
pub fn list(
    tx: &mut Tx<'_>,
    whose: Whose,
    after: Option<OrderCursor>,
    limit: i64,
) -> Result<Vec<ListedOrder>, StoreError> {
    let (statement, id) = match whose {
        Whose::Unit(id) => (OF_UNIT, id),
        Whose::User(id) => (OF_USER, id),
    };
    let after = after.unwrap_or(OrderCursor { due_at: i64::MIN, case: Uuid::nil(), n: 0 });
    let values: [Param<'_>; 5] =
        [(&id).into(), after.due_at.into(), (&after.case).into(), after.n.into(), limit.into()];
    tx.query(statement, &values, |row| {
        Ok(ListedOrder {
            row: read(row)?,
            number: row.text(11)?,
            region: row.text(12)?,
            category: row.opt_text(13)?,
            grade: row.opt_text(14)?,
        })
    })
}

/// Remembers a ruling.
///
/// # Errors
/// Those of the database.
pub fn rule(tx: &mut Tx<'_>, row: &RulingRow) -> Result<(), StoreError> {
    let values = [(&row.case).into(), row.n.into(), (&row.category).into(), (&row.unit).into(), row.at.into()];
    tx.execute(RULE, &values).map(drop)
}

/// Rulings of a case, in order.
///
/// # Errors
/// Those of the database.
pub fn rulings_of(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<RulingRow>, StoreError> {
    tx.query(RULINGS_OF, &[(&case).into()], read_ruling)
}

/// Rulings after one, in the order of case and number.
///
/// # Errors
/// Those of the database.
pub fn rulings_page(tx: &mut Tx<'_>, after: (Uuid, i64), limit: i64) -> Result<Vec<RulingRow>, StoreError> {
    tx.query(ALL_RULINGS, &[(&after.0).into(), after.1.into(), limit.into()], read_ruling)
}

/// Forgets the rulings of a case.
///
/// # Errors
/// Those of the database.
pub fn forget_rulings(tx: &mut Tx<'_>, case: Uuid) -> Result<(), StoreError> {
    tx.execute(DROP_RULINGS, &[(&case).into()]).map(drop)
}

fn read_ruling(row: &Row<'_>) -> Result<RulingRow, StoreError> {
    Ok(RulingRow { case: row.uuid(0)?, n: row.int(1)?, category: row.text(2)?, unit: row.uuid(3)?, at: row.int(4)? })
}

/// Rulings about cases of a category, newest first.
///
/// # Errors
/// Those of the database.
pub fn rulings(tx: &mut Tx<'_>, category: &str, limit: i64) -> Result<Vec<ListedRuling>, StoreError> {
    tx.query(RULINGS, &[category.into(), limit.into()], |row| {
        Ok(ListedRuling { row: read_ruling(row)?, number: row.text(5)?, region: row.text(6)? })
    })
}
