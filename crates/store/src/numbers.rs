//! Blocks of complaint numbers, leased per node and day.

use crate::statements::statements;
use crate::{StoreError, Tx};

statements! {
    LEASE = "INSERT INTO number_blocks (day, next) VALUES (?1, 1 + ?2)
        ON CONFLICT (day) DO UPDATE SET next = number_blocks.next + ?2 RETURNING next";
}

/// Leases `size` numbers of a day (written as 20261124) and returns the first.
///
/// # Errors
/// Those of the database.
pub fn lease_block(tx: &mut Tx<'_>, day: i64, size: i64) -> Result<i64, StoreError> {
    Ok(tx.query_one(LEASE, &[day.into(), size.into()], |row| row.int(0))? - size)
}
