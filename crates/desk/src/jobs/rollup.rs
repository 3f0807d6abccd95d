//! Counting for reports. The log is read on by its streams, each case it names is counted as it stands now, and what was
//! counted of it before is taken out again; how far that came is written in the same transaction. So nothing is counted
//! twice, whoever stops where, and reading an entry once more changes nothing. A registration pays nothing for it.
//!
//! A database that was never counted, or was by another programme or in another zone, is gone through case by case first.

use crate::Desk;
use crate::error::DeskError;
use crate::kept;
use crate::load;
use crate::reports::{facts, kpi};
use crate::time::stored;
use domain::audit::chain::Ledger;
use domain::case::Case;
use domain::ids::CaseId;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use store::reports::{CaseFacts, KpiKey, KpiSum, LedgerKey, LedgerSum, MonthKey, Sum, SurveyKey, SurveySum};
use store::schedules::{self, Look};
use store::{EntryRow, Tx, entries, reports};
use uuid::Uuid;

/// Name of the lease.
const LEASE_NAME: &str = "rollup";
/// Should this node fail, another goes on after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Entries read on at once, and so the most cases of a transaction: intake waits that long at most.
const AT_ONCE: i64 = 256;
/// The same while many cases are being worked on at once: it can wait a few seconds to be counted, people cannot.
const AT_ONCE_BESIDE: i64 = 32;
/// How many times as long it rests then.
const RESTS_BESIDE: u32 = 4;
/// Entries read at once while everything is gone through; a case has several.
const THROUGH: i64 = 2_048;

/// How far counting has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    form: u32,
    zone: String,
    /// Address of the definitions of key figures.
    #[serde(default)]
    figures: String,
    /// Of each stream, the last position that is counted.
    seen: BTreeMap<i64, i64>,
    /// The last case while everything is gone through; its entries after `seen` come afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    through: Option<Uuid>,
}

/// How far counting has come, for whoever reads a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Entries of the log that are not counted yet.
    pub behind: i64,
    /// Whether all cases are gone through, as after an upgrade: until that is done every figure is too small.
    pub going_through: bool,
}

fn read_state(tx: &mut Tx<'_>) -> Result<(Option<String>, Option<State>), DeskError> {
    let text = reports::state(tx)?;
    let state = text.as_deref().map(serde_json::from_str).transpose();
    Ok((text.clone(), state.map_err(|error| DeskError::Damaged(format!("state of reports: {error}")))?))
}

/// How far counting has come, as part of what else is read.
///
/// # Errors
/// Those of the database.
pub(crate) fn progress(tx: &mut Tx<'_>) -> Result<Progress, DeskError> {
    let state = read_state(tx)?.1;
    let going_through = state.as_ref().is_none_or(|state| state.through.is_some());
    let seen = state.map(|state| state.seen).unwrap_or_default();
    let behind = |(stream, head): (i64, i64)| (head - seen.get(&stream).copied().unwrap_or(0)).max(0);
    Ok(Progress { behind: entries::heads(tx)?.into_iter().map(behind).sum(), going_through })
}

/// Counts what is new, until nothing is left or `enough` says so, and returns how many cases were counted. It rests
/// `rest` times as long as it worked: whoever registers comes first, and what waits is counted a little later. Blocking;
/// looking whether there is anything to do costs one read.
///
/// # Errors
/// Those of the database; it goes on where it was.
pub fn go_on(desk: &Desk, node: &str, rest: u32, enough: impl Fn() -> bool) -> Result<u64, DeskError> {
    let (mut counted, mut held) = (0, None::<Instant>);
    while !enough() {
        let begun = Instant::now();
        let Some(page) = next(desk)? else { break };
        if held.is_none_or(|at| at.elapsed().as_secs() >= 10) {
            held = Some(Instant::now());
            if !hold(desk, node)? {
                break;
            }
        }
        counted += page.cases.len() as u64;
        if !write(desk, page)? {
            // Another node counted meanwhile.
            break;
        }
        let rest = if desk.inner.many.any() { rest * RESTS_BESIDE } else { rest };
        std::thread::sleep(begun.elapsed() * rest);
    }
    if held.is_some() {
        let (holder, now) = (node.to_owned(), stored(desk.time().now()));
        desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::finish(tx, LEASE_NAME, now, &holder)?))?;
    }
    Ok(counted)
}

/// How far counting has come.
///
/// # Errors
/// Those of the database.
pub fn look(desk: &Desk) -> Result<Progress, DeskError> {
    desk.db().read_now(progress)
}

/// Forgets everything counted; what follows counts it anew.
///
/// # Errors
/// Those of the database.
pub fn begin_anew(desk: &Desk) -> Result<(), DeskError> {
    let (zone, figures) = (zone_of(desk), figures_of(desk));
    desk.db().write_now(move |tx| {
        let before = reports::state(tx)?;
        begin(tx, before.as_deref(), &zone, &figures).map(drop)
    })
}

fn zone_of(desk: &Desk) -> String {
    desk.zone().iana_name().unwrap_or_default().to_owned()
}

fn figures_of(desk: &Desk) -> String {
    desk.library().kpis().hash().to_owned()
}

/// Takes or keeps the lease.
fn hold(desk: &Desk, node: &str) -> Result<bool, DeskError> {
    let now = desk.time().now();
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    // Nodes' clocks may differ by as much as a lease.
    let look = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
    desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::hold(tx, LEASE_NAME, look, until, &holder)?))
}

/// Cases read and counted, to be written.
struct Page {
    before: Option<String>,
    after: State,
    /// Nothing of a case means that nothing of it counts.
    cases: Vec<(Uuid, Option<CaseFacts>)>,
    /// Whether everything counted so far is forgotten first.
    anew: bool,
}

/// What is to be counted next; nothing when all is.
fn next(desk: &Desk) -> Result<Option<Page>, DeskError> {
    let (desk, zone, figures) = (desk.clone(), zone_of(desk), figures_of(desk));
    let db = desk.db().clone();
    db.read_behind_now(move |tx| {
        let (before, state) = read_state(tx)?;
        let Some(mut state) =
            state.filter(|state| state.form == facts::FORM && state.zone == zone && state.figures == figures)
        else {
            return Ok(Some(Page { before, after: State::default(), cases: Vec::new(), anew: true }));
        };
        let cases = match state.through {
            Some(after) => {
                let (cases, last) = read_through(&desk, tx, after)?;
                state.through = last;
                cases
            }
            None => {
                let most = if desk.inner.many.any() { AT_ONCE_BESIDE } else { AT_ONCE };
                let named = read_on(tx, &mut state.seen, most)?;
                if named.is_none() {
                    return Ok(None);
                }
                let mut cases = Vec::new();
                for id in named.unwrap_or_default() {
                    cases.push((id, count(&desk, id, &entries::of(tx, id, Ledger::Case.code())?)?));
                }
                cases
            }
        };
        Ok(Some(Page { before, after: state, cases, anew: false }))
    })
}

/// The cases new entries are about, having moved on what was seen; nothing when there are no new entries.
fn read_on(tx: &mut Tx<'_>, seen: &mut BTreeMap<i64, i64>, most: i64) -> Result<Option<BTreeSet<Uuid>>, DeskError> {
    let (mut named, mut room) = (BTreeSet::new(), most);
    for (stream, head) in entries::heads(tx)? {
        let from = seen.get(&stream).copied().unwrap_or(0);
        if head <= from || room == 0 {
            continue;
        }
        for (seq, subject, ledger) in entries::subjects_after(tx, stream, from, room)? {
            room -= 1;
            seen.insert(stream, seq);
            if ledger == Ledger::Case.code() {
                named.insert(subject);
            }
        }
    }
    Ok((room < most).then_some(named))
}

type Counted = Vec<(Uuid, Option<CaseFacts>)>;

/// The next cases in the order of identity, and the last of them; nothing when there are no more.
fn read_through(desk: &Desk, tx: &mut Tx<'_>, after: Uuid) -> Result<(Counted, Option<Uuid>), DeskError> {
    let mut rows = entries::page(tx, Some((after, i64::MAX, i64::MAX)), THROUGH)?;
    let full = i64::try_from(rows.len()).unwrap_or(0) == THROUGH;
    let last = rows.last().map(|row| row.subject);
    if full && let Some(last) = last {
        // The last one's entries may go on behind the page.
        let longest = rows.iter().all(|row| row.subject == last);
        match longest {
            true => rows = entries::of(tx, last, Ledger::Case.code())?,
            false => rows.retain(|row| row.subject != last),
        }
    }
    let through = rows.last().map(|row| row.subject).or(last).filter(|_| full);
    let mut cases = Vec::new();
    for group in rows.chunk_by(|one, other| one.subject == other.subject) {
        let of_the_case: Vec<EntryRow> =
            group.iter().filter(|row| row.ledger == Ledger::Case.code()).cloned().collect();
        if let Some(first) = of_the_case.first() {
            cases.push((first.subject, count(desk, first.subject, &of_the_case)?));
        }
    }
    Ok((cases, through))
}

/// What counts of a case by its log.
fn count(desk: &Desk, id: Uuid, rows: &[EntryRow]) -> Result<Option<CaseFacts>, DeskError> {
    let log = rows.iter().map(load::entry).collect::<Result<Vec<_>, _>>()?;
    let case = Case::fold(CaseId(id), log)?;
    let rules = desk.library().rules_of(&case)?;
    Ok(facts::of(&case, &rules, desk.zone(), desk.library().kpis()))
}

/// Writes a page; false when another node came first.
fn write(desk: &Desk, page: Page) -> Result<bool, DeskError> {
    let (zone, figures) = (zone_of(desk), figures_of(desk));
    desk.db().write_now(move |tx| {
        if page.anew {
            return begin(tx, page.before.as_deref(), &zone, &figures);
        }
        if !reports::advance(tx, page.before.as_deref(), &kept::written(&page.after)?)? {
            return Ok(false);
        }
        let mut changes: BTreeMap<MonthKey, Sum> = BTreeMap::new();
        let mut charges: BTreeMap<LedgerKey, LedgerSum> = BTreeMap::new();
        let mut figures: BTreeMap<KpiKey, KpiSum> = BTreeMap::new();
        let mut said: BTreeMap<SurveyKey, SurveySum> = BTreeMap::new();
        for (id, now) in page.cases {
            let before = reports::facts(tx, id)?;
            if before == now {
                continue;
            }
            for (facts, by) in before.iter().map(|facts| (facts, -1)).chain(now.iter().map(|facts| (facts, 1))) {
                facts::contribute(&mut changes, facts, by);
                facts::charge(&mut charges, facts, by);
                kpi::contribute(&mut figures, facts, by);
                facts::survey_sums(&mut said, facts, by);
            }
            reports::put_facts(tx, id, before.as_ref(), now.as_ref())?;
        }
        // Always in the order of their keys, and only those that change at all.
        for (key, change) in changes.iter().filter(|(_, change)| **change != Sum::default()) {
            reports::add_to_month(tx, key, change)?;
        }
        for (key, change) in charges.iter().filter(|(_, change)| **change != LedgerSum::default()) {
            reports::add_to_ledger(tx, key, *change)?;
        }
        for (key, change) in figures.iter().filter(|(_, change)| **change != KpiSum::default()) {
            reports::add_to_kpi(tx, key, change)?;
        }
        for (key, change) in said.iter().filter(|(_, change)| **change != SurveySum::default()) {
            reports::add_to_surveys(tx, key, change)?;
        }
        Ok::<_, DeskError>(true)
    })
}

/// Forgets everything and begins with the first case. What is in the log by now is gone through; what comes is read on.
fn begin(tx: &mut Tx<'_>, before: Option<&str>, zone: &str, figures: &str) -> Result<bool, DeskError> {
    let state = State {
        form: facts::FORM,
        zone: zone.to_owned(),
        figures: figures.to_owned(),
        seen: entries::heads(tx)?.into_iter().collect(),
        through: Some(Uuid::nil()),
    };
    if !reports::advance(tx, before, &kept::written(&state)?)? {
        return Ok(false);
    }
    reports::clear(tx)?;
    Ok(true)
}
