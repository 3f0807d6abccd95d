//! The contacts a look counts, kept in the memory of the node that looked: their columns as numbers, no word of any. The next
//! look reads those alone that the log has named since, and once a day everything anew, because what erasures and imports
//! change does not always stand in the log of a case.

use super::{COPY, Codes, HISTORY, MOST, UNCLASSIFIED, wall};
use crate::error::DeskError;
use crate::time::{moment, stored};
use domain::audit::chain::Ledger;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use store::{Received, Tx, bursts, entries};
use uuid::Uuid;

/// After so long everything is read anew.
const ANEW: SignedDuration = SignedDuration::from_hours(24);
/// Entries read at once.
const PAGE: i64 = 2_000;
/// Where so many contacts changed, reading everything is no more work.
const MANY: usize = 50_000;
/// A contact of which no product is known is read again for so long.
const UNSAID: SignedDuration = SignedDuration::from_hours(6);
/// Clocks of two nodes may differ a little: a contact a moment ahead is counted by the next look.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// What this node read last, if it looked, and how often somebody was erased since it runs.
#[derive(Debug, Default)]
pub(crate) struct Watched(Mutex<(u64, Option<Contacts>)>);

impl Watched {
    /// What is kept, with a mark for [`Self::keep`].
    pub(super) fn take(&self) -> (u64, Option<Contacts>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.0, kept.1.take())
    }

    /// Keeps what was read, unless somebody was erased while it was.
    pub(super) fn keep(&self, mark: u64, contacts: Contacts) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == mark {
            kept.1 = Some(contacts);
        }
    }

    /// Drops what is kept: somebody was erased.
    pub(crate) fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = (kept.0 + 1, None);
    }
}

/// A contact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    pub(super) id: Uuid,
    /// First receipt, UTC microseconds.
    pub(super) at: i64,
    pub(super) region: u32,
    pub(super) category: u32,
    pub(super) product: u32,
    /// Whose: the same for the same number.
    pub(super) who: u64,
}

/// All of them, with what their numbers mean.
#[derive(Debug)]
pub(super) struct Contacts {
    /// When everything was read.
    read_at: Timestamp,
    /// Up to where the log was read, by stream.
    marks: BTreeMap<i64, i64>,
    /// Nothing before it is whole.
    from: i64,
    known: HashMap<Uuid, Contact>,
    pub(super) regions: Codes,
    pub(super) categories: Codes,
    pub(super) products: Codes,
}

impl Contacts {
    /// What is kept, brought up to now, or everything anew.
    pub(super) fn read(
        tx: &mut Tx<'_>,
        kept: Option<Self>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Self, DeskError> {
        let recent = |kept: &Self| kept.read_at <= now && now - ANEW < kept.read_at;
        if let Some(mut kept) = kept.filter(recent)
            && kept.catch_up(tx, zone, now)?
        {
            return Ok(kept);
        }
        Self::whole(tx, zone, now)
    }

    fn whole(tx: &mut Tx<'_>, zone: &TimeZone, now: Timestamp) -> Result<Self, DeskError> {
        // Marks first: what is written meanwhile is read once more.
        let marks = entries::heads(tx)?.into_iter().collect();
        let from = stored(now - HISTORY);
        let mut contacts = Self {
            read_at: now,
            marks,
            from,
            known: HashMap::new(),
            regions: Codes::default(),
            categories: Codes::default(),
            products: Codes::default(),
        };
        let found = bursts::received(tx, (from, stored(now + AHEAD)), MOST)?;
        if i64::try_from(found.len()).unwrap_or(i64::MAX) >= MOST
            && let Some(first) = found.last()
        {
            contacts.from = after_day(zone, first.at);
        }
        for one in found {
            contacts.put(&one);
        }
        Ok(contacts)
    }

    /// Reads what the log has named since; false where that is so much that everything is read as quickly.
    fn catch_up(&mut self, tx: &mut Tx<'_>, zone: &TimeZone, now: Timestamp) -> Result<bool, DeskError> {
        // The product of a contact is counted a while after it was registered.
        let (unsaid, lately) = (self.products.number(""), stored(now - UNSAID));
        let unsaid = self.known.values().filter(|one| one.product == unsaid && one.at >= lately);
        let again: BTreeSet<Uuid> = unsaid.map(|one| one.id).collect();
        let mut changed: BTreeSet<Uuid> = BTreeSet::new();
        for (stream, head) in entries::heads(tx)? {
            let mut seen = self.marks.get(&stream).copied().unwrap_or_default();
            while seen < head {
                let page = entries::subjects_after(tx, stream, seen, PAGE)?;
                let Some((last, ..)) = page.last() else { break };
                seen = *last;
                let cases = page.into_iter().filter(|(_, _, ledger)| *ledger == Ledger::Case.code());
                changed.extend(cases.map(|(_, subject, _)| subject));
                if changed.len() > MANY {
                    return Ok(false);
                }
            }
            self.marks.insert(stream, seen);
        }
        for id in again.union(&changed) {
            match bursts::received_one(tx, *id)? {
                Some(one) => self.put(&one),
                None => {
                    self.known.remove(id);
                }
            }
        }
        self.from = self.from.max(stored(now - HISTORY));
        let from = self.from;
        self.known.retain(|_, one| one.at >= from);
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        if self.known.len() > most {
            let mut moments: Vec<i64> = self.known.values().map(|one| one.at).collect();
            moments.sort_unstable_by(|a, b| b.cmp(a));
            if let Some(last) = moments.get(most) {
                let from = after_day(zone, *last);
                self.from = from;
                self.known.retain(|_, one| one.at >= from);
            }
        }
        Ok(true)
    }

    fn put(&mut self, one: &Received) {
        if one.at < self.from {
            self.known.remove(&one.id);
            return;
        }
        let category = if one.category.is_empty() { UNCLASSIFIED } else { &one.category };
        let contact = Contact {
            id: one.id,
            at: one.at,
            region: self.regions.number(&one.region),
            category: self.categories.number(category),
            product: self.products.number(&one.product),
            who: one.who,
        };
        self.known.insert(one.id, contact);
    }

    /// Those received by now, the first first.
    pub(super) fn in_order(&self, now: Timestamp) -> Vec<&Contact> {
        let until = stored(now);
        let mut order: Vec<&Contact> = self.known.values().filter(|one| one.at <= until).collect();
        order.sort_unstable_by_key(|one| (one.at, one.id));
        order
    }
}

/// The end of the day of a moment: the day a limit falls into is not whole, and would teach that so little is usual.
fn after_day(zone: &TimeZone, at: i64) -> i64 {
    let day = wall(zone, moment(at)).div_euclid(COPY);
    stored(super::unwall(zone, (day + 1) * COPY))
}
