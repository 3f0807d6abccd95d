//! Checkpoints: the Merkle root over all new entries, signed and chained. From then on nobody, not even who owns the
//! database, can change or drop one of them unseen.

use crate::Desk;
use crate::error::DeskError;
use crate::kept;
use crate::time::stored;
use domain::audit::chain::Hash;
use domain::audit::merkle;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use store::{CheckpointRow, StoreError, checkpoints, entries};

/// Most entries under one checkpoint; more wait for the next.
const MOST: i64 = 50_000;

/// A span of one stream: first and last position, both included.
pub(crate) type Spans = BTreeMap<i64, (i64, i64)>;

/// Seals everything new.
///
/// # Errors
/// Those of the database.
pub fn seal_all(desk: &Desk) -> Result<(), DeskError> {
    while seal(desk)? {}
    Ok(())
}

/// Seals up to [`MOST`] entries; false when there was nothing new.
///
/// # Errors
/// Those of the database.
pub fn seal(desk: &Desk) -> Result<bool, DeskError> {
    let ring = desk.keyring().clone();
    let at = stored(desk.time().now());
    let sealed = desk.db().write_now(move |tx| {
        let last = checkpoints::last(tx)?;
        let mut covered: BTreeMap<i64, i64> = BTreeMap::new();
        for (stream, seq) in checkpoints::covered(tx)? {
            covered.insert(stream, seq);
        }
        let mut spans = Spans::new();
        let mut leaves: Vec<Hash> = Vec::new();
        for (stream, head) in entries::heads(tx)? {
            let from = covered.get(&stream).copied().unwrap_or(0) + 1;
            let room = MOST - i64::try_from(leaves.len()).unwrap_or(MOST);
            if head < from || room <= 0 {
                continue;
            }
            let to = head.min(from + room - 1);
            let hashes = entries::hashes(tx, stream, from, to)?;
            // A gap would be sealed over; better to seal nothing and let the verifier name it.
            if i64::try_from(hashes.len()).unwrap_or(-1) != to - from + 1 {
                return Err(DeskError::Damaged(format!("stream {stream} has a gap between {from} and {to}")));
            }
            for hash in hashes {
                leaves.push(hash.try_into().map_err(|_| DeskError::Damaged("hash of wrong length".into()))?);
            }
            spans.insert(stream, (from, to));
        }
        if leaves.is_empty() {
            return Ok(false);
        }
        let mut row = CheckpointRow {
            n: last.as_ref().map_or(1, |last| last.n + 1),
            at,
            ranges: kept::written(&spans)?,
            leaves: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
            root: merkle::root(&leaves).to_vec(),
            prev: last.map_or_else(|| vec![0; 32], |last| digest(&last).to_vec()),
            signature: Vec::new(),
            public_key: ring.public_key().to_bytes().to_vec(),
        };
        row.signature = ring.sign(&message(&row)).to_vec();
        checkpoints::insert(tx, &row)?;
        for (stream, (_, to)) in spans {
            checkpoints::cover(tx, stream, to)?;
        }
        Ok(true)
    });
    match sealed {
        // Another node sealed at the same moment.
        Err(DeskError::Store(StoreError::Constraint { .. })) => Ok(false),
        other => other,
    }
}

/// What the signature of a checkpoint covers.
pub(crate) fn message(row: &CheckpointRow) -> Vec<u8> {
    let mut message = b"redress checkpoint 1\n".to_vec();
    for part in [
        &row.n.to_be_bytes()[..],
        &row.at.to_be_bytes(),
        row.ranges.as_bytes(),
        &row.leaves.to_be_bytes(),
        &row.root,
        &row.prev,
        &row.public_key,
    ] {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend(part);
    }
    message
}

/// What the next checkpoint names as the one before it.
pub(crate) fn digest(row: &CheckpointRow) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(message(row));
    hasher.update(&row.signature);
    hasher.finalize().into()
}
