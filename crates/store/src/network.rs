//! What other systems know of the network, an operator's own products, and users by month: the newest of each.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

/// Facts end no later than this after they began.
const LONGEST: i64 = 401 * 24 * 3_600 * 1_000_000;

statements! {
    PUT = "INSERT INTO network_facts (id, source, number, kind, region, product, began, ended, users, down, withdrawn,
        revision, body, recorded_at, recorded_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, region = excluded.region, product = excluded.product,
        began = excluded.began, ended = excluded.ended, users = excluded.users, down = excluded.down,
        withdrawn = excluded.withdrawn, revision = excluded.revision, body = excluded.body,
        recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by";
    GET = "SELECT id, source, number, kind, region, product, began, ended, users, down, withdrawn, revision, body,
        recorded_at, recorded_by FROM network_facts WHERE id = ?1";
    BY_NUMBER = "SELECT id, source, number, kind, region, product, began, ended, users, down, withdrawn, revision, body,
        recorded_at, recorded_by FROM network_facts WHERE source = ?1 AND number = ?2";
    // Everything a system says under one number, at several places: the region stands behind the slash and nothing more, so
    // that a number which goes on behind a slash of its own is another's.
    PARTS = "SELECT id, source, number, kind, region, product, began, ended, users, down, withdrawn, revision, body,
        recorded_at, recorded_by FROM network_facts WHERE source = ?1 AND number >= ?2 AND number < ?3
        AND number = ?2 || region ORDER BY number LIMIT 1000";
    LIST = "SELECT id, source, number, kind, region, product, began, ended, users, down, withdrawn, revision, body,
        recorded_at, recorded_by FROM network_facts WHERE (?1 = '' OR substr(region, 1, length(?1)) = ?1
        OR (?11 = 1 AND substr(?1, 1, length(region)) = region))
        AND (?2 = '' OR product IN ('', ?2)) AND (?3 = '' OR kind = ?3) AND ended >= ?4 AND began <= ?5
        AND (?6 = 1 OR withdrawn = 0) AND (?7 = '' OR source = ?7) AND (began, id) < (?8, ?9)
        ORDER BY began DESC, id DESC LIMIT ?10";
    // Above and below a region: whoever lives in a part of it was hit, and so perhaps was who does not say which part.
    NEAR = "SELECT id, source, number, kind, region, product, began, ended, users, down, withdrawn, revision, body,
        recorded_at, recorded_by FROM network_facts WHERE began >= ?1 AND began <= ?2 AND ended >= ?3 AND withdrawn = 0
        AND kind <> 'availability' AND (substr(region, 1, length(?4)) = ?4 OR substr(?4, 1, length(region)) = region)
        AND (?5 = '' OR product IN ('', ?5)) ORDER BY began DESC, id DESC LIMIT ?6";
    // Minutes of measurements and minutes without service, each as often as it stands for users.
    MEASURED = "SELECT CAST(COALESCE(SUM((ended - began) / 60000000 * CASE WHEN users > 0 THEN users ELSE 1 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(down * CASE WHEN users > 0 THEN users ELSE 1 END), 0) AS BIGINT), COUNT(*) FROM network_facts
        WHERE kind = 'availability' AND withdrawn = 0 AND began >= ?1 AND began < ?2
        AND (?3 = '' OR substr(region, 1, length(?3)) = ?3)";
    PRODUCT = "SELECT code, id, line, zh, en, since, until, revision, recorded_at FROM products WHERE code = ?1";
    PRODUCTS = "SELECT code, id, line, zh, en, since, until, revision, recorded_at FROM products ORDER BY line, code LIMIT ?1";
    PUT_PRODUCT = "INSERT INTO products (code, id, line, zh, en, since, until, revision, recorded_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (code) DO UPDATE SET line = excluded.line,
        zh = excluded.zh, en = excluded.en, since = excluded.since, until = excluded.until,
        revision = excluded.revision, recorded_at = excluded.recorded_at";
    EXPOSURE = "SELECT month, region, id, users, revision, recorded_at FROM exposures WHERE month = ?1 AND region = ?2";
    EXPOSURES = "SELECT month, region, id, users, revision, recorded_at FROM exposures WHERE month >= ?1 AND month <= ?2
        AND (?3 = '' OR substr(region, 1, length(?3)) = ?3) ORDER BY month DESC, region LIMIT ?4";
    PUT_EXPOSURE = "INSERT INTO exposures (month, region, id, users, revision, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (month, region) DO UPDATE SET users = excluded.users, revision = excluded.revision,
        recorded_at = excluded.recorded_at";
}

/// A fact of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFactRow {
    /// Identity.
    pub id: Uuid,
    /// System that knows it.
    pub source: String,
    /// Its number there.
    pub number: String,
    /// What it is.
    pub kind: String,
    /// Where.
    pub region: String,
    /// Product line; empty for all.
    pub product: String,
    /// When it began.
    pub began: i64,
    /// When it ended; later than anything while it lasts.
    pub ended: i64,
    /// Users hit, or a measurement stands for.
    pub users: i64,
    /// Minutes without service, of a measurement.
    pub down: i64,
    /// Whether it was no fact after all.
    pub withdrawn: bool,
    /// 1, and one more with each correction.
    pub revision: i64,
    /// The whole of it, as JSON.
    pub body: String,
    /// When it was said.
    pub recorded_at: i64,
    /// By whom.
    pub recorded_by: String,
}

/// What to list; empty texts ask for nothing.
#[derive(Clone, Debug)]
pub struct NetworkQuery {
    /// Beginning of the region's code.
    pub region: String,
    /// With what reaches over that region.
    pub over: bool,
    /// Product line, with what is about all.
    pub product: String,
    /// Kind.
    pub kind: String,
    /// System that knows it.
    pub source: String,
    /// Lasting at this moment or later.
    pub from: i64,
    /// Begun by this moment.
    pub to: i64,
    /// With what was withdrawn.
    pub withdrawn: bool,
    /// Where the last page ended.
    pub after: Option<(i64, Uuid)>,
    /// At most so many.
    pub limit: usize,
}

fn read(row: &Row<'_>) -> Result<NetworkFactRow, StoreError> {
    Ok(NetworkFactRow {
        id: row.uuid(0)?,
        source: row.text(1)?,
        number: row.text(2)?,
        kind: row.text(3)?,
        region: row.text(4)?,
        product: row.text(5)?,
        began: row.int(6)?,
        ended: row.int(7)?,
        users: row.int(8)?,
        down: row.int(9)?,
        withdrawn: row.bool(10)?,
        revision: row.int(11)?,
        body: row.text(12)?,
        recorded_at: row.int(13)?,
        recorded_by: row.text(14)?,
    })
}

/// Writes a fact, in place of what was said of it before.
///
/// # Errors
/// Those of the database.
pub fn put(tx: &mut Tx<'_>, row: &NetworkFactRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.source).into(),
        (&row.number).into(),
        (&row.kind).into(),
        (&row.region).into(),
        (&row.product).into(),
        row.began.into(),
        row.ended.into(),
        row.users.into(),
        row.down.into(),
        row.withdrawn.into(),
        row.revision.into(),
        (&row.body).into(),
        row.recorded_at.into(),
        (&row.recorded_by).into(),
    ];
    tx.execute(PUT, &values).map(drop)
}

/// A fact.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<NetworkFactRow>, StoreError> {
    tx.query_opt(GET, &[(&id).into()], read)
}

/// A fact by its source and number.
///
/// # Errors
/// Those of the database.
pub fn by_number(tx: &mut Tx<'_>, source: &str, number: &str) -> Result<Option<NetworkFactRow>, StoreError> {
    tx.query_opt(BY_NUMBER, &[source.into(), number.into()], read)
}

/// Facts of a source whose numbers are a number, a slash and their region: what it says of several places.
///
/// # Errors
/// Those of the database.
pub fn parts(tx: &mut Tx<'_>, source: &str, number: &str) -> Result<Vec<NetworkFactRow>, StoreError> {
    // The sign after the slash.
    let (from, to) = (format!("{number}/"), format!("{number}0"));
    tx.query(PARTS, &[source.into(), (&from).into(), (&to).into()], read)
}

/// A page of facts, the last begun first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &NetworkQuery) -> Result<Vec<NetworkFactRow>, StoreError> {
    let (began, id) = query.after.unwrap_or((i64::MAX, Uuid::max()));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let values = [
        (&query.region).into(),
        (&query.product).into(),
        (&query.kind).into(),
        query.from.into(),
        query.to.into(),
        query.withdrawn.into(),
        (&query.source).into(),
        began.into(),
        (&id).into(),
        limit.into(),
        query.over.into(),
    ];
    tx.query(LIST, &values, read)
}

/// Outages and planned works that touch a span of time in a region, above or below it.
///
/// # Errors
/// Those of the database.
pub fn near(
    tx: &mut Tx<'_>,
    region: &str,
    product: &str,
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<NetworkFactRow>, StoreError> {
    let earliest = from.saturating_sub(LONGEST);
    let values = [earliest.into(), to.into(), from.into(), region.into(), product.into(), limit.into()];
    tx.query(NEAR, &values, read)
}

/// Of measurements that begin in a span of time in a region: minutes, minutes without service, both weighted by users, and
/// how many there are.
///
/// # Errors
/// Those of the database.
pub fn measured(tx: &mut Tx<'_>, region: &str, (from, to): (i64, i64)) -> Result<(i64, i64, i64), StoreError> {
    let values = [from.into(), to.into(), region.into()];
    tx.query_one(MEASURED, &values, |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)))
}

/// A product of the operator's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRow {
    /// Its code.
    pub code: String,
    /// Its subject in the ledger.
    pub id: Uuid,
    /// Product line it belongs to.
    pub line: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// First day it is sold; empty for always.
    pub since: String,
    /// Last day it is sold; empty for ever.
    pub until: String,
    /// 1, and one more with each change.
    pub revision: i64,
    /// When it was said.
    pub recorded_at: i64,
}

fn read_product(row: &Row<'_>) -> Result<ProductRow, StoreError> {
    Ok(ProductRow {
        code: row.text(0)?,
        id: row.uuid(1)?,
        line: row.text(2)?,
        zh: row.text(3)?,
        en: row.text(4)?,
        since: row.text(5)?,
        until: row.text(6)?,
        revision: row.int(7)?,
        recorded_at: row.int(8)?,
    })
}

/// A product by its code.
///
/// # Errors
/// Those of the database.
pub fn product(tx: &mut Tx<'_>, code: &str) -> Result<Option<ProductRow>, StoreError> {
    tx.query_opt(PRODUCT, &[code.into()], read_product)
}

/// Every product, by line and code.
///
/// # Errors
/// Those of the database.
pub fn products(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<ProductRow>, StoreError> {
    tx.query(PRODUCTS, &[limit.into()], read_product)
}

/// Writes a product, in place of what was said of it before.
///
/// # Errors
/// Those of the database.
pub fn put_product(tx: &mut Tx<'_>, row: &ProductRow) -> Result<(), StoreError> {
    let values = [
        (&row.code).into(),
        (&row.id).into(),
        (&row.line).into(),
        (&row.zh).into(),
        (&row.en).into(),
        (&row.since).into(),
        (&row.until).into(),
        row.revision.into(),
        row.recorded_at.into(),
    ];
    tx.execute(PUT_PRODUCT, &values).map(drop)
}

/// Users of a month in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureRow {
    /// The month, counted from the year 0.
    pub month: i64,
    /// Where.
    pub region: String,
    /// Its subject in the ledger.
    pub id: Uuid,
    /// How many.
    pub users: i64,
    /// 1, and one more with each correction.
    pub revision: i64,
    /// When it was said.
    pub recorded_at: i64,
}

fn read_exposure(row: &Row<'_>) -> Result<ExposureRow, StoreError> {
    Ok(ExposureRow {
        month: row.int(0)?,
        region: row.text(1)?,
        id: row.uuid(2)?,
        users: row.int(3)?,
        revision: row.int(4)?,
        recorded_at: row.int(5)?,
    })
}

/// Users of a month in exactly a region.
///
/// # Errors
/// Those of the database.
pub fn exposure(tx: &mut Tx<'_>, month: i64, region: &str) -> Result<Option<ExposureRow>, StoreError> {
    tx.query_opt(EXPOSURE, &[month.into(), region.into()], read_exposure)
}

/// Users of a span of months in a region and below it.
///
/// # Errors
/// Those of the database.
pub fn exposures(
    tx: &mut Tx<'_>,
    (from, to): (i64, i64),
    region: &str,
    limit: i64,
) -> Result<Vec<ExposureRow>, StoreError> {
    tx.query(EXPOSURES, &[from.into(), to.into(), region.into(), limit.into()], read_exposure)
}

/// Writes users of a month, in place of what was said before.
///
/// # Errors
/// Those of the database.
pub fn put_exposure(tx: &mut Tx<'_>, row: &ExposureRow) -> Result<(), StoreError> {
    let values = [
        row.month.into(),
        (&row.region).into(),
        (&row.id).into(),
        row.users.into(),
        row.revision.into(),
        row.recorded_at.into(),
    ];
    tx.execute(PUT_EXPOSURE, &values).map(drop)
}
