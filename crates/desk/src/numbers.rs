//! Complaint numbers: each node leases blocks from the database, so that no number is ever given twice and no two
//! registrations wait for each other. A restart leaves a gap; gaps are allowed.

use crate::error::DeskError;
use domain::number::ComplaintNumber;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};
use store::{Db, numbers};
use tokio::sync::Mutex;

/// Numbers leased at first.
const BLOCK: i64 = 500;
/// Numbers leased at most: whoever takes thousands a second must not wait for a lease every tenth of one.
const LARGEST_BLOCK: i64 = 16_000;
/// A block used up within this time is followed by one twice as large.
const QUICK: Duration = Duration::from_secs(2);
/// Registrations carry one date only, but a seed or a test wanders over many; the oldest blocks are forgotten.
const DAYS_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Numbers {
    blocks: Mutex<BTreeMap<Date, Block>>,
}

struct Block {
    left: Range<i64>,
    size: i64,
    leased: Instant,
}

impl Numbers {
    /// The next number of a date.
    pub(crate) async fn next(&self, db: &Db, day: Date) -> Result<ComplaintNumber, DeskError> {
        let mut blocks = self.blocks.lock().await;
        if let Some(seq) = blocks.get_mut(&day).and_then(|block| block.left.next()) {
            return number(day, seq);
        }
        let size = match blocks.get(&day) {
            Some(used) if used.leased.elapsed() < QUICK => (used.size * 2).min(LARGEST_BLOCK),
            _ => BLOCK,
        };
        let key = day_key(day);
        let first = db.write(move |tx| Ok::<_, DeskError>(numbers::lease_block(tx, key, size)?)).await?;
        let mut left = first..first.saturating_add(size);
        let seq = left.next().unwrap_or(first);
        if blocks.len() >= DAYS_KEPT {
            blocks.pop_first();
        }
        blocks.insert(day, Block { left, size, leased: Instant::now() });
        number(day, seq)
    }
}

fn number(day: Date, seq: i64) -> Result<ComplaintNumber, DeskError> {
    let seq = u32::try_from(seq).map_err(|_| DeskError::Damaged("complaint numbers of the day ran out".into()))?;
    Ok(ComplaintNumber { day, seq })
}

/// A day as the database writes it: 20261124.
pub(crate) fn day_key(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}
