//! The way from each entry of a case to the root of the signed checkpoint that covers it.

use crate::error::DeskError;
use crate::jobs::checkpoint::Spans;
use crate::verify::export::ExportedCheckpoint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::chain::Hash;
use domain::audit::merkle;
use domain::ids::AttachmentId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{CheckpointRow, EntryRow, Tx, checkpoints, entries};

/// Checkpoints read at a time while one is looked for.
const PAGE: i64 = 500;
/// How far the clocks of two nodes may differ before a checkpoint is looked for from the beginning, microseconds.
const SLACK: i64 = 600_000_000;

/// Everything an archive is proved with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proofs {
    /// The key that signed the manifest and, unless it was changed since, the checkpoints; base64.
    pub(crate) public_key: String,
    pub(crate) checkpoints: Vec<ExportedCheckpoint>,
    pub(crate) entries: Vec<Proof>,
    /// Key of the digests of attachments, base64; gone with an erased person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest_key: Option<String>,
    pub(crate) attachments: Vec<Member>,
}

/// The way from one entry to a checkpoint's root.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) ledger: i64,
    pub(crate) version: i64,
    /// Number of the checkpoint.
    pub(crate) checkpoint: i64,
    /// The hashes beside the way, from the leaf up; base64.
    pub(crate) beside: Vec<String>,
}

/// Which member holds an attachment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: AttachmentId,
    pub(crate) file: String,
}

/// Where an entry stands among the leaves of a checkpoint, and how many there are; `None` if it does not cover it.
pub(crate) fn place(spans: &Spans, stream: i64, seq: i64) -> Option<(usize, usize)> {
    let (mut before, mut found, mut all) = (0_usize, None, 0_usize);
    for (known, (from, to)) in spans {
        let length = usize::try_from(to.checked_sub(*from)?.checked_add(1)?).ok()?;
        if *known == stream && (*from..=*to).contains(&seq) {
            found = Some(before.checked_add(usize::try_from(seq - from).ok()?)?);
        }
        before = before.checked_add(length)?;
        all = before;
    }
    found.map(|place| (place, all))
}

/// The streams and positions a checkpoint covers.
pub(crate) fn spans(row: &CheckpointRow) -> Option<Spans> {
    serde_json::from_str(&row.ranges).ok()
}

/// Finds the checkpoints over these entries and the way to each root. Entries that are not sealed yet have none.
pub(super) fn gather(tx: &mut Tx<'_>, rows: &[EntryRow]) -> Result<(Vec<ExportedCheckpoint>, Vec<Proof>), DeskError> {
    let sealed: BTreeMap<i64, i64> = checkpoints::covered(tx)?.into_iter().collect();
    let mut covering: BTreeMap<i64, (CheckpointRow, Vec<&EntryRow>)> = BTreeMap::new();
    for row in rows {
        if sealed.get(&row.stream).is_none_or(|sealed| row.seq > *sealed) {
            continue;
        }
        let known = covering.values().find(|(checkpoint, _)| covers(checkpoint, row)).map(|(one, _)| one.clone());
        let found = match known {
            Some(known) => Some(known),
            None => find(tx, row)?,
        };
        if let Some(checkpoint) = found {
            covering.entry(checkpoint.n).or_insert_with(|| (checkpoint, Vec::new())).1.push(row);
        }
    }
    let (mut exported, mut proofs) = (Vec::new(), Vec::new());
    for (n, (checkpoint, covered)) in covering {
        let spans = spans(&checkpoint).unwrap_or_default();
        let leaves = leaves(tx, &spans)?;
        for row in covered {
            let Some((place, _)) = place(&spans, row.stream, row.seq) else { continue };
            let beside = merkle::proof(&leaves, place).iter().map(|hash| STANDARD.encode(hash)).collect();
            proofs.push(Proof { ledger: row.ledger, version: row.version, checkpoint: n, beside });
        }
        exported.push(ExportedCheckpoint::from(&checkpoint));
    }
    Ok((exported, proofs))
}

fn covers(checkpoint: &CheckpointRow, row: &EntryRow) -> bool {
    spans(checkpoint).is_some_and(|spans| place(&spans, row.stream, row.seq).is_some())
}

fn leaves(tx: &mut Tx<'_>, spans: &Spans) -> Result<Vec<Hash>, DeskError> {
    let mut leaves = Vec::new();
    for (stream, (from, to)) in spans {
        for hash in entries::hashes(tx, *stream, *from, *to)? {
            leaves.push(hash.try_into().map_err(|_| DeskError::Damaged("hash of wrong length".to_owned()))?);
        }
    }
    Ok(leaves)
}

/// The checkpoint over an entry: from the first that was made about when the entry was written, onwards; should clocks
/// have jumped, from the very first.
fn find(tx: &mut Tx<'_>, row: &EntryRow) -> Result<Option<CheckpointRow>, DeskError> {
    let Some(newest) = checkpoints::last(tx)? else { return Ok(None) };
    let about = row.at.saturating_sub(SLACK);
    let (mut low, mut high) = (1, newest.n);
    while low < high {
        let middle = low + (high - low) / 2;
        let made = checkpoints::after(tx, middle - 1, 1)?.first().map_or(i64::MAX, |one| one.at);
        if made < about {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    match scan(tx, row, low - 1, newest.n)? {
        None if low > 1 => scan(tx, row, 0, low - 1),
        found => Ok(found),
    }
}

fn scan(tx: &mut Tx<'_>, row: &EntryRow, mut after: i64, last: i64) -> Result<Option<CheckpointRow>, DeskError> {
    while after < last {
        let page = checkpoints::after(tx, after, PAGE)?;
        let Some(end) = page.last() else { break };
        after = end.n;
        if let Some(found) = page.into_iter().find(|one| covers(one, row)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_through_the_streams() {
        let spans: Spans = [(1, (5, 7)), (4, (1, 2))].into();
        assert_eq!(place(&spans, 1, 5), Some((0, 5)));
        assert_eq!(place(&spans, 1, 7), Some((2, 5)));
        assert_eq!(place(&spans, 4, 2), Some((4, 5)));
        assert_eq!((place(&spans, 1, 4), place(&spans, 4, 3), place(&spans, 2, 5)), (None, None, None));
        for broken in [(5, 4), (i64::MIN, i64::MAX), (9, i64::MIN)] {
            assert_eq!(place(&[(1, broken)].into(), 1, 9), None, "{broken:?}");
        }
    }
}
