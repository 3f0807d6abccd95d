//! Complaint numbers: each node leases blocks from the database, so that no number is ever given twice and no two
//! registrations wait for each other. A restart leaves a gap; gaps are allowed.

use crate::error::DeskError;
use domain::number::ComplaintNumber;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Range;
use store::{Db, numbers};
use tokio::sync::Mutex;

const BLOCK: i64 = 500;
/// Registrations carry one date only, but a seed or a test wanders over many; the oldest blocks are forgotten.
const DAYS_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Numbers {
    blocks: Mutex<BTreeMap<Date, Range<i64>>>,
}

impl Numbers {
    /// The next number of a date.
    pub(crate) async fn next(&self, db: &Db, day: Date) -> Result<ComplaintNumber, DeskError> {
        let mut blocks = self.blocks.lock().await;
        if let Some(seq) = blocks.get_mut(&day).and_then(Iterator::next) {
            return number(day, seq);
        }
        let key = day_key(day);
        let first = db.write(move |tx| Ok::<_, DeskError>(numbers::lease_block(tx, key, BLOCK)?)).await?;
        let mut block = first..first.saturating_add(BLOCK);
        let seq = block.next().unwrap_or(first);
        if blocks.len() >= DAYS_KEPT {
            blocks.pop_first();
        }
        blocks.insert(day, block);
        number(day, seq)
    }
}

fn number(day: Date, seq: i64) -> Result<ComplaintNumber, DeskError> {
    let seq = u32::try_from(seq).map_err(|_| DeskError::Damaged("complaint numbers of the day ran out".into()))?;
    Ok(ComplaintNumber { day, seq })
}

fn day_key(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}
