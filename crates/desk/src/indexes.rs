//! Rows beside the log that follow from it: work orders, rulings, remedies, call-backs, cases that wait in a queue. What they have to be is
//! told here from a case's log alone, for the verifier, which holds them against it, and for whoever makes them anew. A
//! server of an older release that runs beside a newer one does not know of all of them.

use crate::error::DeskError;
use crate::incidents::members;
use crate::{call_backs as calls, load, orders as index, remedies as given};
use domain::audit::chain::Ledger;
use domain::case::{BrokenLog, Case};
use domain::event::Entry;
use domain::ids::CaseId;
use domain::routing::comes_first;
use std::collections::BTreeMap;
use store::{
    CallBackRow, CaseRow, Db, MemberRow, OrderRow, RemedyRow, RulingRow, Tx, WaitingRow, call_backs, cases, entries,
    incidents, orders, remedies, routing,
};
use uuid::Uuid;

/// Cases looked at in one transaction.
const PAGE: i64 = 200;

/// The rows a case has to have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Orders by number; 0 is the question whose case it is.
    pub(crate) orders: BTreeMap<i64, OrderRow>,
    /// Rulings in order.
    pub(crate) rulings: Vec<RulingRow>,
    /// How it stands in incidents, by incident.
    pub(crate) members: BTreeMap<Uuid, MemberRow>,
    /// Remedies by number.
    pub(crate) remedies: BTreeMap<i64, RemedyRow>,
    /// Call-backs by number.
    pub(crate) call_backs: BTreeMap<i64, CallBackRow>,
    /// The queue it waits in, and whether its customer comes first (0) or not (1).
    pub(crate) waits: Option<(Uuid, i64)>,
}

impl Rows {
    /// What the log of a case says, entry by entry, as they were written with it.
    pub(crate) fn of(id: Uuid, entries: Vec<Entry>) -> Result<Self, BrokenLog> {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(BrokenLog::NoBeginning)?;
        let mut case = Case::fold(CaseId(id), [first])?;
        let mut rows = Self::default();
        for entry in entries {
            let (before, belonged) = (index::Before::of(&case), members::Before::of(&case));
            let given_before = given::Before::of(&case);
            let called_before = calls::Before::of(&case);
            case.apply_entry(&entry);
            rows.members.extend(members::changes(&case, &belonged).into_iter().map(|row| (row.incident, row)));
            let (orders, rulings) = index::changes(&case, &before);
            for row in orders {
                // When it was sent is written once.
                let sent_at = rows.orders.get(&row.n).map_or(row.sent_at, |known| known.sent_at);
                rows.orders.insert(row.n, OrderRow { sent_at, ..row });
            }
            rows.rulings.extend(rulings);
            rows.remedies.extend(given::changes(&case, &given_before).into_iter().map(|row| (row.n, row)));
            rows.call_backs.extend(calls::changes(&case, &called_before).into_iter().map(|row| (row.n, row)));
        }
        let rank = i64::from(!comes_first(&case.record));
        rows.waits = case.waits().then_some((case.owner.unit.0, rank));
        Ok(rows)
    }

    /// The row of a case that waits; when it is due stands in the case's own row.
    pub(crate) fn waiting(&self, case: Uuid, due_at: i64) -> Option<WaitingRow> {
        self.waits.map(|(unit, rank)| WaitingRow { case, unit, rank, due_at })
    }
}

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Cases looked at.
    pub cases: u64,
    /// Cases whose rows were other than their log.
    pub mended: u64,
}

/// Holds the rows of every case against its log and makes anew those that differ. Servers may go on working meanwhile:
/// a case is held only while its rows are written.
///
/// # Errors
/// Those of the database, or a log that cannot be read.
pub fn rebuild(db: &Db) -> Result<Rebuilt, DeskError> {
    let mut rebuilt = Rebuilt::default();
    let mut after = None;
    loop {
        let page = db.read_now(move |tx| {
            let rows = cases::versions_after(tx, after, PAGE)?;
            let last = rows.last().map(|(id, ..)| *id);
            let mut wrong = Vec::new();
            for (id, ..) in &rows {
                if differs(tx, *id)?.is_some() {
                    wrong.push(*id);
                }
            }
            Ok::<_, DeskError>((rows.len(), last, wrong))
        });
        let (count, last, wrong) = page?;
        rebuilt.cases += count as u64;
        for id in wrong {
            rebuilt.mended += u64::from(db.write_now(move |tx| mend(tx, id))?);
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok(rebuilt),
        }
    }
}

/// The row of a case and what its other rows have to be, where they are not.
fn differs(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<(CaseRow, Rows)>, DeskError> {
    let Some(row) = cases::by_id(tx, id)? else { return Ok(None) };
    let log = entries::of(tx, id, Ledger::Case.code())?;
    let log = log.iter().map(load::entry).collect::<Result<Vec<_>, _>>()?;
    let rows = Rows::of(id, log)?;
    let stored: BTreeMap<i64, OrderRow> = orders::of(tx, id)?.into_iter().map(|row| (row.n, row)).collect();
    let belongs: BTreeMap<Uuid, MemberRow> =
        incidents::of_case(tx, id)?.into_iter().map(|row| (row.incident, row)).collect();
    let known: BTreeMap<i64, RemedyRow> = remedies::of(tx, id)?.into_iter().map(|row| (row.n, row)).collect();
    let called: BTreeMap<i64, CallBackRow> = call_backs::of(tx, id)?.into_iter().map(|row| (row.n, row)).collect();
    let same = stored == rows.orders
        && belongs == rows.members
        && known == rows.remedies
        && called == rows.call_backs
        && orders::rulings_of(tx, id)? == rows.rulings
        && routing::waiting_of(tx, id)? == rows.waiting(id, row.due_at);
    Ok((!same).then_some((row, rows)))
}

/// Makes the rows of one case anew; false if they are right after all. Whoever works on the case is waited for.
fn mend(tx: &mut Tx<'_>, id: Uuid) -> Result<bool, DeskError> {
    let Some((row, rows)) = differs(tx, id)? else { return Ok(false) };
    if !cases::hold(tx, id, row.version)? {
        // A command came first and wrote its rows; what it left is looked at by the next run.
        return Ok(false);
    }
    for stored in orders::of(tx, id)? {
        if rows.orders.get(&stored.n) != Some(&stored) {
            orders::remove(tx, id, stored.n)?;
        }
    }
    for order in rows.orders.values() {
        orders::put(tx, order)?;
    }
    for stored in incidents::of_case(tx, id)? {
        if rows.members.get(&stored.incident) != Some(&stored) {
            incidents::drop_member(tx, stored.incident, id)?;
        }
    }
    for member in rows.members.values() {
        incidents::put_member(tx, member)?;
    }
    for known in remedies::of(tx, id)? {
        if rows.remedies.get(&known.n) != Some(&known) {
            remedies::remove(tx, id, known.n)?;
        }
    }
    for remedy in rows.remedies.values() {
        remedies::put(tx, remedy)?;
    }
    for known in call_backs::of(tx, id)? {
        if rows.call_backs.get(&known.n) != Some(&known) {
            call_backs::remove(tx, id, known.n)?;
        }
    }
    for call in rows.call_backs.values() {
        call_backs::put(tx, call)?;
    }
    orders::forget_rulings(tx, id)?;
    for ruling in &rows.rulings {
        orders::rule(tx, ruling)?;
    }
    routing::wait(tx, id, rows.waiting(id, row.due_at).as_ref())?;
    Ok(true)
}
