//! Reading everything the verifier looks at from one snapshot, so that a server may go on writing meanwhile.

use crate::error::DeskError;
use crate::vault::chunks;
use std::sync::mpsc::{SyncSender, sync_channel};
use store::{
    BurstRow, CallBackRow, CheckpointRow, Db, EntryRow, MacroRow, MemberRow, OrderRow, RemedyRow, RulingRow,
    StoreError, Tx, WaitingRow, attachments, bursts, call_backs, cases, checkpoints, entries, incidents, macros,
    orders, problems, remedies, routing,
};
use uuid::Uuid;

const PAGE: i64 = 2_000;
/// Items read ahead of whoever looks at them.
const AHEAD: usize = 8_000;

/// Something that is read, in this order.
pub(super) enum Item {
    /// Entries, chain by chain.
    Entry(EntryRow),
    /// Checkpoints in order.
    Checkpoint(CheckpointRow),
    /// A case's row: identity, version and when it is due.
    Case(Uuid, i64, i64),
    /// A work order beside its case.
    Order(OrderRow),
    /// A ruling beside its case.
    Ruling(RulingRow),
    /// A remedy beside its case.
    Remedy(RemedyRow),
    /// A promised call-back beside its case.
    CallBack(CallBackRow),
    /// A case that waits in a queue.
    Waiting(WaitingRow),
    /// A macro.
    Macro(MacroRow),
    /// A problem's row: identity and version.
    Problem(Uuid, i64),
    /// An incident's row: identity and version.
    Incident(Uuid, i64),
    /// A suspected fault.
    Burst(BurstRow),
    /// A case of an incident.
    Member(MemberRow),
    /// A stream and how far it was sealed.
    Sealed(i64, i64),
    /// A stored attachment and the root over its chunks.
    Attachment { id: Uuid, case: Uuid, sealed: String },
}

/// Hands everything over, item by item; what stands beside the log, attachments and the rows that follow from it, only
/// if asked for.
///
/// # Errors
/// Those of the database, or the first of whoever looks.
pub(super) fn scan(db: &Db, files: bool, mut look: impl FnMut(Item) -> Result<(), DeskError>) -> Result<(), DeskError> {
    let (send, receive) = sync_channel(AHEAD);
    let db = db.clone();
    let reading = std::thread::Builder::new()
        .name("verify".to_owned())
        .spawn(move || db.read_now(move |tx| Ok::<_, DeskError>(read(tx, files, &send)?)))
        .map_err(|error| DeskError::Output(error.to_string()))?;
    for item in receive {
        look(item)?;
    }
    reading.join().map_err(|_| DeskError::Store(StoreError::Panicked))?
}

/// Reads until there is nothing more or nobody looks any more.
fn read(tx: &mut Tx<'_>, files: bool, to: &SyncSender<Item>) -> Result<(), StoreError> {
    let mut after: Option<(Uuid, i64, i64)> = None;
    loop {
        let rows = entries::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = Some((last.subject, last.ledger, last.version));
        for row in rows {
            if to.send(Item::Entry(row)).is_err() {
                return Ok(());
            }
        }
    }
    let mut after = 0;
    loop {
        let rows = checkpoints::after(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.n;
        for row in rows {
            if to.send(Item::Checkpoint(row)).is_err() {
                return Ok(());
            }
        }
    }
    let mut after: Option<Uuid> = None;
    loop {
        let rows = cases::versions_after(tx, after, PAGE)?;
        let Some((last, ..)) = rows.last() else { break };
        after = Some(*last);
        for (id, version, due_at) in rows {
            if to.send(Item::Case(id, version, due_at)).is_err() {
                return Ok(());
            }
        }
    }
    let mut after: Option<Uuid> = None;
    loop {
        let rows = problems::versions_after(tx, after, PAGE)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(*last);
        for (id, version) in rows {
            if to.send(Item::Problem(id, version)).is_err() {
                return Ok(());
            }
        }
    }
    let mut after: Option<Uuid> = None;
    loop {
        let rows = incidents::versions_after(tx, after, PAGE)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(*last);
        for (id, version) in rows {
            if to.send(Item::Incident(id, version)).is_err() {
                return Ok(());
            }
        }
    }
    for (stream, sealed) in checkpoints::covered(tx)? {
        if to.send(Item::Sealed(stream, sealed)).is_err() {
            return Ok(());
        }
    }
    if files {
        read_indexes(tx, to)?;
        return read_files(tx, to);
    }
    Ok(())
}

fn read_indexes(tx: &mut Tx<'_>, to: &SyncSender<Item>) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        let rows = bursts::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        if rows.into_iter().any(|row| to.send(Item::Burst(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = (Uuid::nil(), -1);
    loop {
        let rows = orders::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.case, last.n);
        if rows.into_iter().any(|row| to.send(Item::Order(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = (Uuid::nil(), -1);
    loop {
        let rows = orders::rulings_page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.case, last.n);
        if rows.into_iter().any(|row| to.send(Item::Ruling(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = (Uuid::nil(), Uuid::nil());
    loop {
        let rows = incidents::members_after(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.incident, last.case);
        if rows.into_iter().any(|row| to.send(Item::Member(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = (Uuid::nil(), -1);
    loop {
        let rows = remedies::every(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.case, last.n);
        if rows.into_iter().any(|row| to.send(Item::Remedy(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = (Uuid::nil(), -1);
    loop {
        let rows = call_backs::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.case, last.n);
        if rows.into_iter().any(|row| to.send(Item::CallBack(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = Uuid::nil();
    loop {
        let rows = macros::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        if rows.into_iter().any(|row| to.send(Item::Macro(row)).is_err()) {
            return Ok(());
        }
    }
    let mut after = Uuid::nil();
    loop {
        let rows = routing::waiting_page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.case;
        if rows.into_iter().any(|row| to.send(Item::Waiting(row)).is_err()) {
            return Ok(());
        }
    }
}

fn read_files(tx: &mut Tx<'_>, to: &SyncSender<Item>) -> Result<(), StoreError> {
    let mut after: Option<Uuid> = None;
    loop {
        let rows = attachments::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows {
            let mut leaves = Vec::new();
            for n in attachments::chunk_numbers(tx, row.id)? {
                leaves.extend(attachments::chunk(tx, row.id, n)?.map(|sealed| chunks::leaf(&sealed)));
            }
            let sealed = chunks::root(leaves.into_iter());
            if to.send(Item::Attachment { id: row.id, case: row.case_id, sealed }).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
