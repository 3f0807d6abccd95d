//! Telling subscriptions what happened, round after round. A subscription follows the log by a cursor over its streams. What
//! is not taken becomes a row of its own and is tried again with growing pauses for three days; the cursor goes on, except
//! past what comes later in the same case. Where nothing is taken at all the whole subscription pauses, and after five days
//! it is switched off: its cursor stays, so that switching it on loses nothing. Each subscription has rounds of its own
//! ([`Rounds`]): a receiver that takes its time holds up no other.

use super::{HUB_V5, OVERLAP, area_of, counted_waiting};
use crate::administration::{self, Change};
use crate::caller::{Caller, Scope};
use crate::error::DeskError;
use crate::organisation::area;
use crate::sign_in;
use crate::tickets::specifications;
use crate::time::{doubled, stored};
use crate::vault::cipher::random;
use crate::{Desk, kept, permissions};
use domain::actor::{Actor, ActorId, Role};
use domain::audit::chain::Ledger;
use domain::case::notices::To;
use domain::ids::{CaseId, TokenId};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::{EventRow, PassedRow, RoundEnd, SubscriptionRow, Tx, entries, idempotency, people, subscriptions};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Entries of different cases told to one subscription at the same moment.
const AT_ONCE: usize = 32;
/// Entries of a round. Each round costs two commits, however much is told in it.
const IN_A_ROUND: usize = 256;
/// So few subscriptions are looked through with the readers of pages; many are looked through behind them.
const FEW: usize = 16;
/// Lines of a process beyond the one that every subscription has for itself.
const MORE_LINES: usize = 256;
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
/// How often an entry is tried whose receiver says that the fault lies with the request: some ten minutes.
const REFUSED: i64 = 8;
/// How long a subscription may take nothing before it is switched off.
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Bytes of an entry's hash in the identity of its events.
const MARK: usize = 8;
/// Longest error that is kept.
const MOST_SAID: usize = 200;

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It was taken, or there was nothing to tell of it.
    Taken,
    /// Nothing went out now.
    Later(String),
    /// It went out and was not taken now.
    Failed(String),
    /// It went out, and its receiver says that it will never take it.
    Refused(String),
    /// Whoever is told said that they are gone for good.
    Gone,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A case.
    Case(CaseId),
    /// A specification of tickets.
    Specification(Uuid),
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
    /// What it is about.
    pub about: About,
    /// Which entry of that.
    pub version: i64,
    /// Beginning of that entry's hash: another entry in its place, after a restore, has another.
    pub mark: String,
    /// Whether the access log has that it went out.
    pub logged: bool,
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

fn fresh(passed: &PassedRow, now: i64) -> EventRow {
    EventRow {
        subject: passed.subject,
        ledger: passed.ledger,
        version: passed.version,
        first_at: now,
        due_at: now,
        tries: 0,
        error: String::new(),
        dead: false,
        logged: false,
    }
}

/// Whether a subscription is told of an entry that it passes.
fn is_told(tx: &mut Tx<'_>, row: &SubscriptionRow, passed: &PassedRow) -> Result<bool, DeskError> {
    if passed.ledger == Ledger::Case.code() {
        // What a file brought in was no news when it was registered.
        return Ok(!(passed.version == 1 && idempotency::imported(tx, passed.subject)?));
    }
    let specified = specifications::VERBS.contains(&passed.verb.as_str());
    Ok(specified && row.kind == HUB_V5 && passed.ledger == Ledger::Administration.code())
}

/// Reads what is to be told next, at most so many entries.
fn batch(tx: &mut Tx<'_>, row: &SubscriptionRow, now: i64, most: usize) -> Result<Batch, DeskError> {
    let mut batch = Batch { place: kept::read(&row.place)?, ..Batch::default() };
    // Whoever takes nothing is asked with one entry that waits and a new one whether they do again: a receiver that refuses
    // one kind of event takes others.
    let failing = row.failing_since > 0;
    let most = if failing { 1 } else { most };
    let limit = i64::try_from(most).unwrap_or(1);
    for one in subscriptions::again(tx, row.id, now, limit)? {
        batch.groups.entry(one.subject).or_default().push(one);
    }
    let mut room = if failing { 1 } else { most.saturating_sub(batch.groups.len()) };
    if !failing && counted_waiting(tx, row.id, MOST_WAITING)? >= MOST_WAITING {
        room = 0;
    }
    let heads = entries::heads(tx)?;
    loop {
        let (mut moved, mut waits) = (false, false);
        for (stream, _) in &heads {
            let from = batch.place.get(stream).copied().unwrap_or(0);
            for passed in subscriptions::entries_after(tx, *stream, from, LOOKED_AT)? {
                if is_told(tx, row, &passed)? {
                    if room == 0 {
                        break;
                    }
                    if !follows(tx, &batch.place, &passed)? {
                        waits = true;
                        break;
                    }
                    room -= 1;
                    let one = fresh(&passed, now);
                    if subscriptions::holds(tx, row.id, passed.subject)? {
                        batch.held.push(one);
                    } else {
                        batch.groups.entry(passed.subject).or_default().push(one);
                    }
                } else {
                    batch.passed += 1;
                }
                batch.place.insert(*stream, passed.seq);
                moved = true;
            }
        }
        // What waited in one stream may have been for an entry of another that was reached or passed over since.
        if !(moved && waits) {
            return Ok(batch);
        }
    }
}

/// Whether the entry before one was told: the entries of a case may lie in several streams, and are told in their order.
fn follows(tx: &mut Tx<'_>, place: &BTreeMap<i64, i64>, passed: &PassedRow) -> Result<bool, DeskError> {
    if passed.version == 1 {
        return Ok(true);
    }
    let before = subscriptions::place_of(tx, passed.subject, passed.ledger, passed.version - 1)?;
    Ok(before.is_none_or(|(stream, seq)| place.get(&stream).copied().unwrap_or(0) >= seq))
}

/// What became of the entries of one case: those taken, those that were not with the reason, those nobody came to.
#[derive(Default)]
struct Told {
    taken: Vec<EventRow>,
    /// With whether they are never taken.
    failed: Vec<(EventRow, String, bool)>,
    left: Vec<EventRow>,
    gone: bool,
}

/// Sends one telling.
type Sender<'a> = Arc<dyn Fn(Telling) -> BoxFuture<'a, Handed> + Send + Sync + 'a>;

/// What a look at a subscription found that had nothing to be told: how far it was told, and the log's heads.
type Looked = (String, Vec<(i64, i64)>);

/// The rounds of one process: one for each subscription, none waiting for another.
pub struct Rounds<'a> {
    desk: Desk,
    /// Names the process.
    node: String,
    /// Whether who needs no credentials may be told.
    open: bool,
    send: Sender<'a>,
    under_way: FuturesUnordered<BoxFuture<'a, (Uuid, Result<usize, DeskError>)>>,
    busy: BTreeSet<Uuid>,
    idle: BTreeMap<Uuid, Looked>,
    lines: Arc<Semaphore>,
}

impl Debug for Rounds<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Rounds").field("node", &self.node).field("busy", &self.busy).finish_non_exhaustive()
    }
}

impl<'a> Rounds<'a> {
    /// Rounds of a process that `node` names; `open` says whether who needs no credentials may be told.
    pub fn new<F, Sending>(desk: Desk, node: &str, open: bool, send: F) -> Self
    where
        F: Fn(Telling) -> Sending + Send + Sync + 'a,
        Sending: Future<Output = Handed> + Send + 'a,
    {
        Self {
            desk,
            node: node.to_owned(),
            open,
            send: Arc::new(move |telling| Box::pin(send(telling)) as BoxFuture<'a, Handed>),
            under_way: FuturesUnordered::new(),
            busy: BTreeSet::new(),
            idle: BTreeMap::new(),
            lines: Arc::new(Semaphore::new(MORE_LINES)),
        }
    }

    /// Begins a round for every subscription that something is to be told and that is in the middle of none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin(&mut self) -> Result<(), DeskError> {
        let (now, holder) = (stored(self.desk.time().now()), self.node.clone());
        let (busy, idle) = (self.busy.clone(), std::mem::take(&mut self.idle));
        let few = busy.len() + idle.len() <= FEW;
        let look = move |tx: &mut Tx<'_>| {
            let heads = entries::heads(tx)?;
            let (mut worth, mut still) = (Vec::new(), BTreeMap::new());
            for (row, again) in subscriptions::due(tx, now, &holder)? {
                if busy.contains(&row.id) {
                    continue;
                }
                // Nothing waits, and nothing came since the last look found nothing.
                let known = idle.get(&row.id).is_some_and(|(place, seen)| *place == row.place && *seen == heads);
                if !again && known || !batch(tx, &row, now, 1)?.is_worth_it() {
                    still.insert(row.id, (row.place, heads.clone()));
                } else {
                    worth.push(row.id);
                }
            }
            Ok::<_, DeskError>((worth, still))
        };
        // What is read behind the pages may stand behind a count over the whole database.
        let db = self.desk.db();
        let (worth, still) = if few { db.read(look).await? } else { db.read_behind(look).await? };
        self.idle = still;
        for id in worth {
            self.busy.insert(id);
            let (desk, node, open) = (self.desk.clone(), self.node.clone(), self.open);
            let (send, lines) = (Arc::clone(&self.send), Arc::clone(&self.lines));
            self.under_way.push(Box::pin(async move { (id, desk.tell_one(id, &node, open, &send, &lines).await) }));
        }
        Ok(())
    }

    /// Waits for a round to end and gives how many entries were taken in it; nothing when none is under way.
    ///
    /// # Errors
    /// Those of the database; what came of telling is noted.
    pub async fn ended(&mut self) -> Option<Result<usize, DeskError>> {
        let (id, done) = self.under_way.next().await?;
        self.busy.remove(&id);
        Some(done)
    }
}

impl Desk {
    async fn tell_one(
        &self,
        id: Uuid,
        node: &str,
        open: bool,
        send: &Sender<'_>,
        lines: &Semaphore,
    ) -> Result<usize, DeskError> {
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
            let batch = batch(tx, &row, now, IN_A_ROUND)?;
            Ok::<_, DeskError>(Some((row, rights, batch)))
        });
        let Some((row, rights, mut batch)) = read.await? else { return Ok(0) };
        let Some(rights) = rights else {
            let nothing = Batch { place: kept::read(&row.place)?, ..Batch::default() };
            return self.end_round(&row, node, nothing, Vec::new(), Some("no_rights")).await;
        };
        let groups = std::mem::take(&mut batch.groups);
        // A line of its own, and as many more as nobody else has.
        let more = groups.len().min(AT_ONCE).saturating_sub(1).min(lines.available_permits());
        let more = u32::try_from(more).ok().and_then(|more| lines.try_acquire_many(more).ok());
        let at_once = 1 + more.as_ref().map_or(0, tokio::sync::SemaphorePermit::num_permits);
        let (taken, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let round = Round { desk: self, node, row: &row, rights: &rights, begun: Instant::now(), send, taken, failed };
        let groups: Vec<_> = groups.into_values().map(|group| round.tell_group(group)).collect();
        let told: Vec<Told> = stream::iter(groups).buffer_unordered(at_once).collect().await;
        drop(more);
        let gone = told.iter().any(|one| one.gone).then_some("gone");
        self.end_round(&row, node, batch, told, gone).await
    }

    /// Whether a subscription is on and still this process's to tell, and the beginning of the hash of an entry.
    async fn still(&self, id: Uuid, node: &str, event: &EventRow) -> Result<Option<String>, DeskError> {
        let (node, subject, ledger, version) = (node.to_owned(), event.subject, event.ledger, event.version);
        let read = self.db().read(move |tx| {
            if !subscriptions::held(tx, id, &node)? {
                return Ok(None);
            }
            // Of a case that was destroyed there is no entry; whoever sends finds nothing to tell.
            Ok::<_, DeskError>(Some(entries::hash_of(tx, subject, ledger, version)?.unwrap_or_default()))
        });
        let hash = read.await?;
        Ok(hash.map(|hash| hash.iter().take(MARK).map(|byte| format!("{byte:02x}")).collect()))
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
        let trouble = told.iter().flat_map(|one| &one.failed).map(|(_, why, _)| why.clone()).next_back();
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
            for (event, why, refused) in &one.failed {
                let tries = event.tries + 1;
                let first_at = if event.tries == 0 { stored(now) } else { event.first_at };
                let dead = first_at <= stored(now - TRIED) || *refused && tries >= REFUSED;
                let error = why.chars().take(MOST_SAID).collect();
                let due_at = stored(now + pause(tries)?);
                keep.push(EventRow { tries, error, dead, due_at, first_at, ..event.clone() });
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
                let before = if keep.is_empty() { 0 } else { counted_waiting(tx, row.id, MOST_WAITING)? };
                for (subject, version) in &done {
                    subscriptions::taken(tx, row.id, *subject, *version)?;
                }
                for one in &keep {
                    subscriptions::keep(tx, row.id, one)?;
                }
                if !keep.is_empty()
                    && before < MOST_WAITING
                    && counted_waiting(tx, row.id, MOST_WAITING)? >= MOST_WAITING
                {
                    desk.notice(tx, &row, "subscription_full")?;
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
        self.notice(tx, row, "subscription_off")
    }

    /// Tells the administrators of its area, and whoever made a subscription if they look after webhooks.
    fn notice(&self, tx: &mut Tx<'_>, row: &SubscriptionRow, kind: &'static str) -> Result<(), DeskError> {
        let maker = match row.owner.parse::<ActorId>() {
            Ok(ActorId::User(user)) => Some((kind, To::User(user))),
            _ => None,
        };
        let named = std::iter::once((kind, To::Role(Role::Admin))).chain(maker).collect();
        crate::notices::named::write_to(
            self,
            tx,
            &crate::notices::named::Thing {
                id: row.id,
                region: &row.region,
                needs: permissions::MANAGE_WEBHOOKS,
                sees: &|area, region| area.covers(region) || area.code() == region,
            },
            (None, self.time().now()),
            named,
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

/// A round under way.
struct Round<'r, 's> {
    desk: &'r Desk,
    node: &'r str,
    row: &'r SubscriptionRow,
    rights: &'r Rights,
    begun: Instant,
    send: &'r Sender<'s>,
    /// Entries taken so far, and those that were not.
    taken: AtomicUsize,
    failed: AtomicUsize,
}

impl Round<'_, '_> {
    /// Whether nothing more is begun: the time is over, or whoever is told takes nothing at all.
    fn is_over(&self) -> bool {
        let (taken, failed) = (self.taken.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        self.begun.elapsed() > ROUND || taken == 0 && failed >= AT_ONCE
    }

    /// Tells the entries of one case one after the other, and stops at the first that is not taken, or when the subscription
    /// was switched off meanwhile.
    async fn tell_group(&self, group: Vec<EventRow>) -> Told {
        let mut told = Told::default();
        let mut open = true;
        for mut event in group {
            if !open || self.is_over() {
                told.left.push(event);
                continue;
            }
            let mark = match self.desk.still(self.row.id, self.node, &event).await {
                Ok(Some(mark)) => mark,
                Ok(None) => {
                    told.left.push(event);
                    open = false;
                    continue;
                }
                Err(error) => {
                    told.failed.push((event, error.to_string(), false));
                    open = false;
                    continue;
                }
            };
            let telling = Telling {
                subscription: self.row.id,
                kind: self.row.kind.clone(),
                url: self.row.url.clone(),
                query: self.row.query.clone(),
                caller: self.rights.caller.clone(),
                secrets: self.rights.secrets.clone(),
                about: if event.ledger == Ledger::Case.code() {
                    About::Case(CaseId(event.subject))
                } else {
                    About::Specification(event.subject)
                },
                version: event.version,
                mark,
                logged: event.logged,
            };
            let (why, refused) = match (self.send)(telling).await {
                Handed::Taken => {
                    self.taken.fetch_add(1, Ordering::Relaxed);
                    told.taken.push(event);
                    continue;
                }
                Handed::Later(why) => (why, false),
                Handed::Failed(why) => {
                    event.logged = true;
                    (why, false)
                }
                Handed::Refused(why) => {
                    event.logged = true;
                    (why, true)
                }
                Handed::Gone => {
                    event.logged = true;
                    told.gone = true;
                    ("410".to_owned(), false)
                }
            };
            self.failed.fetch_add(1, Ordering::Relaxed);
            told.failed.push((event, why, refused));
            open = false;
        }
        told
    }
}

/// The pause before the next try: doubled each time, a half to the whole of it, so that many do not come at once.
fn pause(tries: i64) -> Result<SignedDuration, DeskError> {
    let whole = doubled(FIRST_PAUSE, tries, LONGEST_PAUSE);
    let [chance] = random::<1>()?;
    let half = whole / 2;
    Ok(half + SignedDuration::from_millis(i64::try_from(half.as_millis()).unwrap_or(0) * i64::from(chance) / 255))
}
