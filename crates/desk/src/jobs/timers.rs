//! Timers: cases whose moment has come are woken, and whatever has come true is committed like a command. The log says
//! what has happened already, so each thing happens once, however many nodes look and however often.

use crate::Desk;
use crate::caller::Caller;
use crate::catch_up::{CaughtUp, catch_up};
use crate::commit::Commit;
use crate::error::DeskError;
use crate::load;
use crate::time::stored;
use domain::case::timers;
use jiff::{SignedDuration, Timestamp};
use store::{Tx, cases};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Verb of the entries timers write.
pub const VERB: &str = "timer";
/// Cases taken at once.
const BATCH: i64 = 256;
/// How many of them are under way at once. They share a commit, and whoever else writes waits until it is done.
const UNDER_WAY: usize = 32;
/// Should this node fail, another looks at the cases it took after this long.
const LEASE: SignedDuration = SignedDuration::from_secs(3);

/// Wakes every case whose moment has come and returns how many there were. Looking costs one read and no write.
///
/// # Errors
/// The first case's that failed; it is looked at again when its lease ends. The others are not held up by it.
pub async fn ring_due(desk: &Desk) -> Result<u64, DeskError> {
    let mut rung = 0;
    loop {
        let now = desk.time().now();
        let first = desk.db().read(|tx| Ok::<_, DeskError>(cases::first_alarm(tx)?)).await?;
        if first.is_none_or(|first| first > stored(now)) {
            return Ok(rung);
        }
        let until = stored(now + LEASE);
        let taken =
            desk.db().write(move |tx| Ok::<_, DeskError>(cases::claim_alarms(tx, stored(now), until, BATCH)?)).await?;
        if taken.is_empty() {
            return Ok(rung);
        }
        rung += taken.len() as u64;
        let (mut under_way, mut failed) = (JoinSet::new(), None);
        let mut taken = taken.into_iter();
        loop {
            for id in taken.by_ref().take(UNDER_WAY.saturating_sub(under_way.len())) {
                let desk = desk.clone();
                under_way.spawn(async move { ring(&desk, id).await });
            }
            match under_way.join_next().await {
                Some(Ok(Err(error))) => failed = failed.or(Some(error)),
                Some(_) => {}
                None => break,
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

async fn ring(desk: &Desk, id: Uuid) -> Result<(), DeskError> {
    let now = desk.time().now();
    let again = desk.clone();
    match desk.db().write(move |tx| ring_one(&again, tx, id, now)).await {
        // A command came first; with it came a new moment.
        Err(DeskError::Overtaken) => Ok(()),
        other => other,
    }
}

fn ring_one(desk: &Desk, tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<(), DeskError> {
    let Some(row) = cases::by_id(tx, id)? else {
        return Ok(());
    };
    let loaded = load::from_row(tx, row)?;
    let actor = Caller::system(desk.root()).actor;
    let now = now.max(loaded.case.changed_at);
    let CaughtUp { rules, events, .. } = catch_up(desk.library(), &loaded.case, &actor, now, false)?;
    if events.is_empty() {
        // Somebody was faster, or the moment has moved: only the next look is set right.
        let next = timers::alarm(&loaded.case, &rules, desk.library().taxonomy()).map(stored);
        return Ok(cases::set_alarm(tx, id, loaded.case.version, next)?);
    }
    let commit = Commit { library: desk.library(), master: desk.master(), actor: actor.id, verb: VERB, now, run: None };
    commit.write(tx, loaded, events).map(drop)
}
