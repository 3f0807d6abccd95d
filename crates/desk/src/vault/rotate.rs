//! Rotating the master key: a new key comes on top of the file, everything wrapped is wrapped anew, and the old key
//! goes once nothing needs it. Data keys and ciphertexts stay as they are. Servers may run meanwhile: they read the
//! file again by themselves, and until then what they wrap with the old key can still be opened.

use super::{Keyring, MasterKeys, person};
use crate::incidents::recipients;
use crate::{Desk, DeskError};
use domain::ids::PersonId;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{incidents, vault};
use uuid::Uuid;

/// Persons wrapped anew in one transaction.
const BATCH: i64 = 500;

/// How many secrets each master key wraps.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Keys in the file, newest first.
    pub file: Vec<u32>,
    /// Persons' data keys by master key.
    pub persons: BTreeMap<u32, u64>,
    /// Keys of lists of incidents by master key.
    pub lists: BTreeMap<u32, u64>,
    /// Persons whose data key does not open.
    pub broken: Vec<Uuid>,
}

/// Opens every wrapped key and counts them. Blocking.
///
/// # Errors
/// Those of the database.
pub fn check(desk: &Desk) -> Result<Usage, DeskError> {
    let mut usage = Usage { file: desk.master().ids(), ..Usage::default() };
    each_batch(desk, |master, rows| {
        for (id, wrapped) in rows {
            *usage.persons.entry(MasterKeys::id_of(&wrapped).unwrap_or_default()).or_default() += 1;
            if person::key(master, PersonId(id), Some(&wrapped)).is_err() {
                usage.broken.push(id);
            }
        }
        Ok(())
    })?;
    for (_, wrapped) in lists(desk)? {
        *usage.lists.entry(MasterKeys::id_of(&wrapped).unwrap_or_default()).or_default() += 1;
    }
    Ok(usage)
}

/// Puts a new key on top and wraps everything under it. Returns the new key's name and how many persons were wrapped
/// anew. Blocking.
///
/// # Errors
/// If the file cannot be written or a key does not open; what was wrapped so far stays valid either way.
pub fn rotate(desk: &Desk) -> Result<(u32, u64), DeskError> {
    let fresh = desk.master().rotate()?;
    Ok((fresh, rewrap_all(desk)?))
}

/// Wraps what is still under older keys, then takes keys nothing uses any more out of the file. To be run once every
/// server has read the new key, which takes a minute at most. Returns the keys that went. Blocking.
///
/// # Errors
/// If a key does not open or the file cannot be written.
pub fn finish(desk: &Desk) -> Result<Vec<u32>, DeskError> {
    desk.master().refresh()?;
    rewrap_all(desk)?;
    let usage = check(desk)?;
    let unused: Vec<u32> = usage
        .file
        .iter()
        .skip(1)
        .copied()
        .filter(|id| !usage.persons.contains_key(id) && !usage.lists.contains_key(id))
        .collect();
    desk.master().drop_keys(&unused)?;
    Ok(unused)
}

fn rewrap_all(desk: &Desk) -> Result<u64, DeskError> {
    Keyring::rewrap(desk.db(), desk.master())?;
    let mut count = 0;
    each_batch(desk, |master, rows| {
        let newest = master.ids().first().copied();
        let mut fresh = Vec::new();
        for (id, wrapped) in rows {
            if MasterKeys::id_of(&wrapped) != newest {
                let new = person::rewrap(master, PersonId(id), &wrapped)?;
                fresh.push((id, wrapped, new));
            }
        }
        count += desk.db().write_now(move |tx| {
            let mut count = 0;
            for (id, old, new) in &fresh {
                count += u64::from(vault::rewrap(tx, *id, old, new)?);
            }
            Ok::<_, DeskError>(count)
        })?;
        Ok(())
    })?;
    let newest = desk.master().ids().first().copied();
    for (incident, wrapped) in lists(desk)?.into_iter().filter(|(_, wrapped)| MasterKeys::id_of(wrapped) != newest) {
        let new = recipients::rewrap(desk.master(), incident, &wrapped)?;
        // The list may have been destroyed meanwhile, and stays so.
        desk.db().write_now(move |tx| Ok::<_, DeskError>(incidents::rewrap_key(tx, incident, &wrapped, &new)?))?;
    }
    Ok(count)
}

/// The wrapped keys of all lists of incidents; there are some dozens.
fn lists(desk: &Desk) -> Result<Vec<(Uuid, Vec<u8>)>, DeskError> {
    desk.db().read_now(|tx| {
        let (mut all, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let rows = incidents::keys_after(tx, after, BATCH)?;
            let Some((last, _)) = rows.last() else { return Ok::<_, DeskError>(all) };
            after = *last;
            all.extend(rows);
        }
    })
}

fn each_batch(
    desk: &Desk,
    mut work: impl FnMut(&Arc<MasterKeys>, Vec<(Uuid, Vec<u8>)>) -> Result<(), DeskError>,
) -> Result<(), DeskError> {
    let mut after = Uuid::nil();
    loop {
        let rows = desk.db().read_now(move |tx| Ok::<_, DeskError>(vault::wrapped_after(tx, after, BATCH)?))?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        work(desk.master(), rows)?;
    }
}
