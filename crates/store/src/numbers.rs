//! Blocks of complaint numbers, leased per node and day.

use crate::statements::statements;
use crate::{StoreError, Tx};

statements! {
    LEASE = "INSERT INTO number_blocks (day, next) VALUES (?1, 1 + ?2)
        ON CONFLICT (day) DO UPDATE SET next = number_blocks.next + ?2 RETURNING next";
    LIST = "SELECT day, next FROM number_blocks ORDER BY day";
    AT_LEAST = "INSERT INTO number_blocks (day, next) VALUES (?1, ?2)
        ON CONFLICT (day) DO UPDATE SET next = excluded.next WHERE number_blocks.next < excluded.next";
}

/// Leases `size` numbers of a day (written as 20261124) and returns the first.
///
/// # Errors
/// Those of the database.
pub fn lease_block(tx: &mut Tx<'_>, day: i64, size: i64) -> Result<i64, StoreError> {
    Ok(tx.query_one(LEASE, &[day.into(), size.into()], |row| row.int(0))? - size)
}

/// Every day of which numbers were given, with the next one to give.
///
/// # Errors
/// Those of the database.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.query(LIST, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Has the numbers of a day go on at `next` at the earliest.
///
/// # Errors
/// Those of the database.
pub fn go_on_at(tx: &mut Tx<'_>, day: i64, next: i64) -> Result<(), StoreError> {
    tx.execute(AT_LEAST, &[day.into(), next.into()]).map(drop)
}
