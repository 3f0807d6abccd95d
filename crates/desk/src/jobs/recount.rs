//! Recounting: a newer calendar moves the limits of open cases. Pages of cases are read and counted while the page before
//! is written, small enough that intake goes on beside it. How far it has come is written with each page, so another node
//! goes on where one failed.
//!
//! Of a case that nothing moves in nothing is written: it takes note of the calendar with the next thing that happens to
//! it (see `catch_up`).

use crate::Desk;
use crate::activation::{self, ActivationState, NOTICED_AFTER, RulesKind};
use crate::caller::Caller;
use crate::catch_up::catch_up;
use crate::commit::{Commit, Ready};
use crate::error::DeskError;
use crate::library::Activated;
use crate::load;
use crate::time::{moment, stored};
use domain::audit::chain::Ledger;
use domain::event::Event;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use policy::Calendar;
use std::time::{Duration, Instant};
use store::schedules::{self, Look};
use store::{Tx, activations, cases, entries};
use uuid::Uuid;

/// Verb of the entries recounting writes.
pub const VERB: &str = "recount";
/// Open cases looked at together. Of most the row alone says that nothing moves, and each page costs a write.
const PAGE: i64 = 16_384;
/// Cases of a page that are counted; the page ends with the last of them.
const COUNTED: usize = 1_024;
/// Entries written in one transaction. Neighbours in the order of identity lie on the same pages of most indexes, so that
/// many at once cost far less than one after the other; intake waits that long at most, some tens of milliseconds.
const BATCH: usize = 128;
/// Whoever waited this long for the writer shares it with others.
const BUSY: Duration = Duration::from_millis(2);
/// Should this node fail, another goes on after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// Recounts what a calendar that came into force moves, until nothing is left or `enough` says so, and returns how many
/// cases were looked at. Looking whether there is anything to do costs one read.
///
/// # Errors
/// Those of the database; it goes on where it was.
pub async fn go_on(desk: &Desk, node: &str, enough: impl Fn() -> bool) -> Result<u64, DeskError> {
    let mut looked = 0;
    while !enough() {
        let Some(work) = next(desk).await? else { break };
        if !hold(desk, node).await? {
            break;
        }
        looked += work.go_on(desk, node, &enough).await?;
    }
    Ok(looked)
}

/// A calendar whose cases have not all been recounted.
struct Work {
    id: Uuid,
    /// Address of its content.
    hash: String,
    reached: Uuid,
    /// Cases whose last limit that asks a calendar is before this are not moved; nothing when the calendar counts like
    /// the one before.
    from: Option<i64>,
}

/// The calendar to go on with: the one that came into force first, once every node goes by it.
async fn next(desk: &Desk) -> Result<Option<Work>, DeskError> {
    let now = desk.time().now();
    let waiting = desk
        .db()
        .read(move |tx| {
            let rows = activations::activations(tx)?.into_iter().filter(|row| {
                row.state == ActivationState::Active.code()
                    && row.kind == RulesKind::Calendar.code()
                    && row.recounted_at.is_none()
            });
            let due = rows.filter(|row| row.holds_at.is_some_and(|at| moment(at) + NOTICED_AFTER <= now));
            let Some(row) = due.min_by_key(|row| row.holds_at) else { return Ok(None) };
            Ok::<_, DeskError>(Some((row.id, row.reached, activation::in_force(tx)?)))
        })
        .await?;
    let Some((id, reached, force)) = waiting else { return Ok(None) };
    let Some(one) = force.iter().find(|one| one.activation.id == id) else { return Ok(None) };
    let from = changed_from(desk, &force, one)?;
    Ok(Some(Work { id, hash: one.activation.hash.clone(), reached: reached.unwrap_or(Uuid::nil()), from }))
}

/// The first moment a calendar counts differently.
fn changed_from(desk: &Desk, force: &[Activated], one: &Activated) -> Result<Option<i64>, DeskError> {
    let Some(before) = activation::before(desk, force, one)? else { return Ok(None) };
    let after = Calendar::parse(&one.file.text)
        .map_err(|faults| DeskError::Damaged(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let Some(day) = before.first_change(&after) else { return Ok(None) };
    if day == Date::MIN {
        // Zone or weekend: every limit, whatever it is counted in.
        return Ok(Some(i64::MIN));
    }
    // A day earlier, for a limit that ends with the day before.
    let day = day.yesterday().unwrap_or(day);
    let moment = day.to_zoned_datetime(after.zone().clone()).map_or(Timestamp::MIN, |at| at.timestamp());
    Ok(Some(stored(moment)))
}

/// Takes or keeps the lease.
async fn hold(desk: &Desk, node: &str) -> Result<bool, DeskError> {
    let now = desk.time().now();
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    // Nodes' clocks may differ by as much as a lease.
    let look = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
    desk.db().write(move |tx| Ok::<_, DeskError>(schedules::hold(tx, VERB, look, until, &holder)?)).await
}

/// A page that was read and counted.
struct Page {
    /// Open cases of it.
    looked: i64,
    /// The last of them; nothing when there are no more.
    last: Option<Uuid>,
    /// Those a clock moves in, ready to be written.
    moved: Vec<(Uuid, Ready)>,
}

impl Work {
    async fn go_on(&self, desk: &Desk, node: &str, enough: &impl Fn() -> bool) -> Result<u64, DeskError> {
        let mut looked = 0;
        let mut held = desk.time().now();
        let mut page = match self.from {
            Some(_) => self.read(desk, self.reached).await?,
            None => Page { looked: 0, last: None, moved: Vec::new() },
        };
        while let Some(last) = page.last {
            looked += page.looked.unsigned_abs();
            let (written, following) = tokio::join!(self.write(desk, page, last), self.read(desk, last));
            written?;
            page = following?;
            if enough() {
                return Ok(looked);
            }
            if desk.time().now() > held + LEASE / 3 {
                held = desk.time().now();
                if !hold(desk, node).await? {
                    return Ok(looked);
                }
            }
        }
        let (id, at) = (self.id, stored(desk.time().now()));
        desk.db().write(move |tx| Ok::<_, DeskError>(activations::recounted(tx, id, at)?)).await?;
        Ok(looked)
    }

    async fn read(&self, desk: &Desk, after: Uuid) -> Result<Page, DeskError> {
        let (desk, from, hash) = (desk.clone(), self.from.unwrap_or(i64::MAX), self.hash.clone());
        let db = desk.db().clone();
        db.read_behind(move |tx| {
            let mut page = Page { looked: 0, last: None, moved: Vec::new() };
            let mut counted = 0;
            for (id, last_due) in cases::open_after(tx, after, PAGE)? {
                page.looked += 1;
                page.last = Some(id);
                if last_due >= from {
                    page.moved.extend(moved(&desk, tx, id, &hash)?.map(|ready| (id, ready)));
                    counted += 1;
                }
                if counted == COUNTED {
                    break;
                }
            }
            Ok::<_, DeskError>(page)
        })
        .await
    }

    async fn write(&self, desk: &Desk, page: Page, last: Uuid) -> Result<(), DeskError> {
        let (id, looked) = (self.id, page.looked);
        let mut moved = page.moved.into_iter();
        loop {
            let batch: Vec<_> = moved.by_ref().take(BATCH).collect();
            // The last batch says that the page is done; until then a node that takes over begins with the page again,
            // and finds what is written already up to date.
            let done = batch.len() < BATCH;
            let (desk, hash) = (desk.clone(), self.hash.clone());
            let db = desk.db().clone();
            let asked = Instant::now();
            let (waited, took) = db
                .write(move |tx| {
                    let begun = Instant::now();
                    let count = batch.len() as i64;
                    for (case, ready) in batch {
                        write_one(&desk, tx, case, ready, &hash)?;
                    }
                    match done {
                        true => activations::reached(tx, id, last, looked, count)?,
                        false => activations::counted(tx, id, count)?,
                    }
                    Ok::<_, DeskError>((begun.duration_since(asked), begun.elapsed()))
                })
                .await?;
            // Whoever registers comes first: where others wait for the writer too, they have it three times as long.
            if waited > BUSY {
                tokio::time::sleep(took * 3).await;
            }
            if done {
                return Ok(());
            }
        }
    }
}

/// What a newer calendar causes in a case, ready to be written; nothing when no clock moves.
fn moved(desk: &Desk, tx: &mut Tx<'_>, id: Uuid, hash: &str) -> Result<Option<Ready>, DeskError> {
    let Some(row) = cases::by_id(tx, id)? else { return Ok(None) };
    let rows = entries::of(tx, id, Ledger::Case.code())?;
    // Whoever registers while this goes on counts by the calendar already: their cases need no folding.
    if rows.first().is_some_and(|first| first.body.contains(hash)) {
        return Ok(None);
    }
    let loaded = load::from_rows(row, &rows)?;
    let system = Caller::system(desk.root());
    let now = desk.time().now().max(loaded.case.changed_at);
    let events = catch_up(desk.library(), &loaded.case, &system.actor, now, false)?.events;
    if !events.iter().any(|event| matches!(event, Event::ClockMoved { .. })) {
        return Ok(None);
    }
    let (library, master, actor) = (desk.library(), desk.master(), system.actor.id);
    let commit = Commit { library, master, actor, verb: VERB, now, run: None };
    commit.ready(loaded, events, None).map(Some)
}

fn write_one(desk: &Desk, tx: &mut Tx<'_>, case: Uuid, ready: Ready, hash: &str) -> Result<(), DeskError> {
    match ready.write(tx) {
        // A command came first; what it left is counted again, unless it has caught up by itself.
        Err(DeskError::Overtaken) => match moved(desk, tx, case, hash)? {
            Some(ready) => ready.write(tx).map(drop),
            None => Ok(()),
        },
        other => other.map(drop),
    }
}
