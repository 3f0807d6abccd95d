//! Telling subscriptions what happened, round after round. A subscription follows the log by a cursor over its streams. What
//! is not taken becomes a row of its own and is tried again with growing pauses for three days; the cursor goes on, except
//! past what comes later in the same case. Where nothing is taken at all the whole subscription pauses, and after five days
//! it is switched off: its cursor stays, so that switching it on loses nothing.

use super::{OVERLAP, area_of, counted_waiting};
use crate::administration::{self, Change};
use crate::caller::{Caller, Scope};
use crate::error::DeskError;
use crate::organisation::area;
use crate::sign_in;
use crate::time::{doubled, stored};
use crate::vault::cipher::random;
use crate::{Desk, kept, permissions};
use domain::actor::{Actor, ActorId, Role};
use domain::audit::chain::Ledger;
use domain::case::notices::To;
use domain::ids::{CaseId, TokenId};
use futures_util::future::join_all;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::{EventRow, RoundEnd, SubscriptionRow, Tx, entries, people, subscriptions};
use uuid::Uuid;

/// Entries of different cases told at the same moment.
const AT_ONCE: usize = 32;
/// Entries of a stream looked at in a round.
const LOOKED_AT: i64 = 500;
/// Entries passed over before that is written down: what is no case costs no write of its own.
const PASSED_OVER: i64 = 200;
/// Entries that may wait for another try before nothing more is read from the log.
const MOST_WAITING: i64 = 1_000;
/// How long a node may take before another tries.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// After this long a round begins nothing new, well within the lease.
const ROUND: Duration = Duration::from_secs(45);
/// First pause after something was not taken, and the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// How long an entry is tried.
const TRIED: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How long a subscription may take nothing before it is switched off.
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Longest error that is kept.
const MOST_SAID: usize = 200;

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It was taken, or there was nothing to tell of it.
    Taken,
    /// It was not taken now.
    Later(String),
    /// Whoever is told said that they are gone for good.
    Gone,
}

/// One entry to be told to one subscription.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Whom.
    pub subscription: Uuid,
    /// `webhook`, or the hub of a face.
    pub kind: String,
    /// Where.
    pub url: String,
    /// Which events.
    pub query: String,
    /// With whose rights.
    pub caller: Caller,
    /// What signs, newest first.
    pub secrets: Vec<[u8; 32]>,
    /// Which case.
    pub case: CaseId,
    /// Which entry of it.
    pub version: i64,
}

/// Whose rights and secrets a subscription has now.
struct Rights {
    caller: Caller,
    secrets: Vec<[u8; 32]>,
}

/// What is to be told in a round.
#[derive(Default)]
struct Batch {
    /// Entries in the order in which they are told, those of a case together.
    groups: BTreeMap<Uuid, Vec<EventRow>>,
    /// Entries that come after one of the same case that waits.
    held: Vec<EventRow>,
    place: BTreeMap<i64, i64>,
    passed: i64,
}

impl Batch {
    fn is_worth_it(&self) -> bool {
        !self.groups.is_empty() || !self.held.is_empty() || self.passed >= PASSED_OVER
    }
}

fn fresh(subject: Uuid, version: i64, now: i64) -> EventRow {
    EventRow { subject, version, first_at: now, due_at: now, tries: 0, error: String::new(), dead: false }
}

/// Reads what is to be told next.
fn batch(tx: &mut Tx<'_>, row: &SubscriptionRow, now: i64) -> Result<Batch, DeskError> {
    let mut batch = Batch { place: kept::read(&row.place)?, ..Batch::default() };
    // Whoever takes nothing is asked with one entry whether they do again.
    let most = if row.failing_since > 0 { 1 } else { AT_ONCE };
    let limit = i64::try_from(most).unwrap_or(1);
    for one in subscriptions::again(tx, row.id, now, limit)? {
        batch.groups.entry(one.subject).or_default().push(one);
    }
    let mut room = most.saturating_sub(batch.groups.len());
    if counted_waiting(tx, row.id, MOST_WAITING)? >= MOST_WAITING {
        room = 0;
    }
    for (stream, _) in entries::heads(tx)? {
        let from = batch.place.get(&stream).copied().unwrap_or(0);
        for (seq, subject, ledger, version) in subscriptions::entries_after(tx, stream, from, LOOKED_AT)? {
            if ledger == Ledger::Case.code() {
                if room == 0 || !follows(tx, &batch.place, subject, version)? {
                    break;
                }
                room -= 1;
                let one = fresh(subject, version, now);
                if subscriptions::holds(tx, row.id, subject)? {
                    batch.held.push(one);
                } else {
                    batch.groups.entry(subject).or_default().push(one);
                }
            } else {
                batch.passed += 1;
            }
            batch.place.insert(stream, seq);
        }
    }
    Ok(batch)
}

/// Whether the entry before one was told: the entries of a case may lie in several streams, and are told in their order.
fn follows(tx: &mut Tx<'_>, place: &BTreeMap<i64, i64>, subject: Uuid, version: i64) -> Result<bool, DeskError> {
    let before = subscriptions::place_of(tx, subject, Ledger::Case.code(), version - 1)?;
    Ok(before.is_none_or(|(stream, seq)| place.get(&stream).copied().unwrap_or(0) >= seq))
}

/// What became of the entries of one case: those taken, those that were not with the reason, those nobody came to.
#[derive(Default)]
struct Told {
    taken: Vec<EventRow>,
    failed: Vec<(EventRow, String)>,
    left: Vec<EventRow>,
    gone: bool,
}

impl Desk {
    /// Tells every subscription what is due, each on its own, so that one that does not answer holds up no other. `node`
    /// names one process; `open` says whether who needs no credentials may be told. Gives how many entries were taken.
    ///
    /// # Errors
    /// Those of the database; what came of telling is noted.
    pub async fn tell_subscriptions<F, Sending>(&self, node: &str, open: bool, send: F) -> Result<usize, DeskError>
    where
        F: Fn(Telling) -> Sending,
        Sending: Future<Output = Handed>,
    {
        let (now, holder) = (stored(self.time().now()), node.to_owned());
        let due = self.db().read(move |tx| {
            let mut worth = Vec::new();
            for row in subscriptions::due(tx, now, &holder)? {
                if batch(tx, &row, now)?.is_worth_it() {
                    worth.push(row.id);
                }
            }
            Ok::<_, DeskError>(worth)
        });
        let rounds = due.await?.into_iter().map(|id| self.tell_one(id, node, open, &send));
        let mut taken = 0;
        for done in join_all(rounds).await {
            taken += done?;
        }
        Ok(taken)
    }

    async fn tell_one<F, Sending>(&self, id: Uuid, node: &str, open: bool, send: &F) -> Result<usize, DeskError>
    where
        F: Fn(Telling) -> Sending,
        Sending: Future<Output = Handed>,
    {
        let (now, lease) = (stored(self.time().now()), stored(self.time().now() + LEASE));
        let holder = node.to_owned();
        let claim = move |tx: &mut Tx<'_>| Ok::<_, DeskError>(subscriptions::claim(tx, id, now, lease, &holder)?);
        if !self.db().write(claim).await? {
            return Ok(0);
        }
        let desk = self.clone();
        let read = self.db().read(move |tx| {
            let Some(row) = subscriptions::one(tx, id)? else { return Ok(None) };
            let rights = desk.rights(tx, &row, open)?;
            let batch = batch(tx, &row, now)?;
            Ok::<_, DeskError>(Some((row, rights, batch)))
        });
        let Some((row, rights, mut batch)) = read.await? else { return Ok(0) };
        let Some(rights) = rights else {
            let nothing = Batch { place: kept::read(&row.place)?, ..Batch::default() };
            return self.end_round(&row, node, nothing, Vec::new(), Some("no_rights")).await;
        };
        let begun = Instant::now();
        let groups = std::mem::take(&mut batch.groups);
        let told = join_all(groups.into_values().map(|group| tell_group(&row, &rights, group, begun, send))).await;
        let gone = told.iter().any(|one| one.gone).then_some("gone");
        self.end_round(&row, node, batch, told, gone).await
    }

    /// Writes down how a round ended, and gives the subscription back.
    async fn end_round(
        &self,
        row: &SubscriptionRow,
        node: &str,
        batch: Batch,
        told: Vec<Told>,
        off: Option<&'static str>,
    ) -> Result<usize, DeskError> {
        let now = self.time().now();
        let taken: usize = told.iter().map(|one| one.taken.len()).sum();
        let trouble = told.iter().flat_map(|one| &one.failed).map(|(_, why)| why.clone()).next_back();
        let fails = taken == 0 && trouble.is_some();
        let failing_since = match (fails, row.failing_since) {
            (false, _) if taken > 0 => 0,
            (true, 0) => stored(now),
            (_, since) => since,
        };
        let tries = if fails {
            row.tries + 1
        } else if taken > 0 {
            0
        } else {
            row.tries
        };
        let worn_out = fails && failing_since > 0 && failing_since <= stored(now - PATIENCE);
        let off = off.or(worn_out.then_some("unreachable"));
        let due_at = if fails { stored(now + pause(tries)?) } else { 0 };
        let mut keep = batch.held;
        for one in &told {
            for (event, why) in &one.failed {
                let tries = event.tries + 1;
                let dead = event.first_at <= stored(now - TRIED);
                let error = why.chars().take(MOST_SAID).collect();
                let due_at = stored(now + pause(tries)?);
                keep.push(EventRow { tries, error, dead, due_at, ..event.clone() });
            }
            // Of a group that failed the rest waits behind; of one nobody came to, for the next round.
            keep.extend(one.left.iter().cloned());
        }
        let done: Vec<(Uuid, i64)> =
            told.iter().flat_map(|one| one.taken.iter().map(|event| (event.subject, event.version))).collect();
        let (place, holder, row, desk) = (kept::written(&batch.place)?, node.to_owned(), row.clone(), self.clone());
        let error: String = trouble.unwrap_or_default().chars().take(MOST_SAID).collect();
        let written = self
            .db()
            .write(move |tx| {
                let end = RoundEnd {
                    place: &place,
                    failing_since,
                    tries,
                    due_at,
                    error: &error,
                    standing: if off.is_some() { "off" } else { "on" },
                    reason: off.unwrap_or_default(),
                };
                // Whoever lost the lease writes nothing: another tells it again.
                if !subscriptions::finish(tx, row.id, &holder, &end)? {
                    return Err(DeskError::Overtaken);
                }
                for (subject, version) in &done {
                    subscriptions::taken(tx, row.id, *subject, *version)?;
                }
                for one in &keep {
                    subscriptions::keep(tx, row.id, one)?;
                }
                if row.failing_since > 0 && failing_since == 0 {
                    subscriptions::soon(tx, row.id, stored(now))?;
                }
                if let Some(reason) = off {
                    desk.say_off(tx, &row, reason)?;
                }
                Ok(())
            })
            .await;
        match written {
            Ok(()) => Ok(taken),
            Err(DeskError::Overtaken) => Ok(0),
            Err(other) => Err(other),
        }
    }

    /// Says in the ledger and to the administrators that a subscription was switched off.
    fn say_off(&self, tx: &mut Tx<'_>, row: &SubscriptionRow, reason: &str) -> Result<(), DeskError> {
        let now = self.time().now();
        tracing::warn!(subscription = %row.id, name = %row.name, reason, "a subscription to events was switched off");
        let change = Change::new("switch-off-subscription").with("name", &row.name).with("reason", reason);
        administration::record(tx, row.id, ActorId::System, stored(now), &change)?;
        crate::notices::named::write_to(
            self,
            tx,
            &crate::notices::named::Thing {
                id: row.id,
                region: &row.region,
                needs: permissions::MANAGE_WEBHOOKS,
                sees: &|area, region| area.covers(region) || area.code() == region,
            },
            (None, now),
            vec![("subscription_off", To::Role(Role::Admin))],
        )
    }

    /// With whose rights a subscription is told; nothing when whoever made it may no longer see cases.
    fn rights(&self, tx: &mut Tx<'_>, row: &SubscriptionRow, open: bool) -> Result<Option<Rights>, DeskError> {
        let owner = row.owner.parse::<ActorId>().ok().filter(|_| !row.owner.is_empty());
        let mut caller = match owner {
            // A webhook is told as a programme of its own, whose name is its purpose.
            None => Some(Caller {
                actor: Actor {
                    id: ActorId::Token(TokenId(row.id)),
                    role: Role::Integration,
                    area: area_of(&row.region)?,
                    unit: self.root(),
                },
                name: row.name.clone(),
                scopes: vec![Scope::Read, Scope::PersonalData],
                one_time: false,
            }),
            Some(ActorId::Token(TokenId(id))) if id.is_nil() => open.then(|| self.anybody()),
            Some(ActorId::Token(TokenId(id))) => self.token_caller(store::sign_in::token(tx, id)?)?,
            Some(ActorId::User(id)) => match people::user(tx, id.0)?.filter(|user| !user.disabled) {
                Some(user) => Some(sign_in::caller_of(&user, area::of_user(tx, &user)?)?),
                None => None,
            },
            Some(ActorId::System) => None,
        };
        if let Some(caller) = &mut caller
            && !row.personal
        {
            caller.scopes.retain(|scope| *scope != Scope::PersonalData);
        }
        let both = row.rotated_at > 0 && row.rotated_at > stored(self.time().now() - OVERLAP);
        let generations = std::iter::once(row.generation).chain(both.then_some(row.generation - 1));
        let secrets = generations.map(|one| self.keyring().webhook_secret(row.id, one)).collect();
        Ok(caller.filter(Self::may_be_told).map(|caller| Rights { caller, secrets }))
    }
}

/// Tells the entries of one case one after the other, and stops at the first that is not taken.
async fn tell_group<F, Sending>(
    row: &SubscriptionRow,
    rights: &Rights,
    group: Vec<EventRow>,
    begun: Instant,
    send: &F,
) -> Told
where
    F: Fn(Telling) -> Sending,
    Sending: Future<Output = Handed>,
{
    let mut told = Told::default();
    let mut open = true;
    for event in group {
        if !open || begun.elapsed() > ROUND {
            told.left.push(event);
            continue;
        }
        let telling = Telling {
            subscription: row.id,
            kind: row.kind.clone(),
            url: row.url.clone(),
            query: row.query.clone(),
            caller: rights.caller.clone(),
            secrets: rights.secrets.clone(),
            case: CaseId(event.subject),
            version: event.version,
        };
        match send(telling).await {
            Handed::Taken => told.taken.push(event),
            Handed::Later(why) => {
                told.failed.push((event, why));
                open = false;
            }
            Handed::Gone => {
                told.failed.push((event, "410".to_owned()));
                told.gone = true;
                open = false;
            }
        }
    }
    told
}

/// The pause before the next try: doubled each time, a half to the whole of it, so that many do not come at once.
fn pause(tries: i64) -> Result<SignedDuration, DeskError> {
    let whole = doubled(FIRST_PAUSE, tries, LONGEST_PAUSE);
    let [chance] = random::<1>()?;
    let half = whole / 2;
    Ok(half + SignedDuration::from_millis(i64::try_from(half.as_millis()).unwrap_or(0) * i64::from(chance) / 255))
}
