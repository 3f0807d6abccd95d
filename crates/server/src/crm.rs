//! The operator's own customer system, asked while somebody is on the line: who has this number, and what do they have. It is
//! asked the way TM Forum's customer (TMF629), party (TMF632) and product inventory (TMF637) interfaces are, only ever read,
//! and nobody waits for it: there is one limit of time over everything, a system in trouble is left alone for a while, and its
//! answers are kept in memory alone, for a short life. What it says is no part of any case until a person takes it over.

mod read;

use crate::outbound;
use futures_util::future::{join, join_all};
use mail::outward::Guard;
pub use read::{Customer, Number, Standing, Subscription};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use url::Url;

/// Nobody waits longer, whatever is asked.
const LONGEST: Duration = Duration::from_millis(1500);
/// What is left of that for telling whose number it is when their products do not come.
const REMAINS: Duration = Duration::from_millis(200);
/// Most bytes of one answer.
const MOST_BYTES: usize = 256 * 1024;
/// Most numbers asked about at the same time.
const MOST_AT_ONCE: usize = 16;
/// Most answers kept.
const MOST_KEPT: usize = 1000;
/// That somebody is unknown, or what could not be read in full, is kept no longer than this.
const KEPT_BRIEFLY: Duration = Duration::from_secs(15);
/// Longest life of an answer that may be chosen.
pub(crate) const LONGEST_KEPT: u64 = 3600;
/// Failures one after the other before the system is left alone.
const FAILURES: u32 = 3;
/// For how long.
const RESTS: Duration = Duration::from_secs(15);

/// Which version of the interfaces is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Version 4.
    Four,
    /// Version 5.
    Five,
}

impl Version {
    /// The filter for a telephone number.
    fn phone(self) -> &'static str {
        match self {
            Self::Four => "contactMedium.characteristic.phoneNumber",
            Self::Five => "contactMedium.phoneNumber",
        }
    }

    /// The filter for whose a product is.
    fn owner(self) -> &'static str {
        match self {
            Self::Four => "relatedParty.id",
            Self::Five => "relatedParty.partyOrPartyRole.id",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Four => "v4",
            Self::Five => "v5",
        }
    }
}

/// What the customer system said.
#[derive(Clone)]
pub enum Told {
    /// Whom it knows under the numbers; nobody where it knows nobody.
    Known(Vec<Customer>),
    /// Nothing, or nothing that makes sense.
    Silent,
}

/// The customer system, as the operator of the server named it. Cheap to clone.
#[derive(Clone)]
pub struct Crm(Arc<Inner>);

struct Inner {
    base: Url,
    version: Version,
    token: Option<String>,
    keep: Duration,
    places: Arc<Semaphore>,
    kept: Mutex<Kept>,
    breaker: Mutex<Breaker>,
    counts: Counts,
}

/// Looks at the customer system, by how they ended.
#[derive(Default)]
struct Counts {
    found: AtomicU64,
    unknown: AtomicU64,
    failed: AtomicU64,
    kept: AtomicU64,
}

impl fmt::Debug for Crm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Crm").field(&self.shown()).finish()
    }
}

type Found = Arc<[Customer]>;

/// How a question stands that is under way.
#[derive(Clone)]
enum Flight {
    Under,
    Landed(Option<Found>),
}

#[derive(Default)]
struct Kept {
    answers: HashMap<String, (Found, Instant)>,
    flights: HashMap<String, watch::Receiver<Flight>>,
    /// Goes up whenever everything is dropped, so that what was asked before is not kept after.
    round: u64,
}

/// Leaves a system in trouble alone.
#[derive(Default)]
struct Breaker {
    failed: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether it may be asked now. After a rest one question goes first.
    fn lets_pass(&mut self, now: Instant) -> bool {
        match self.rests_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests_until = Some(now + RESTS);
                true
            }
            None => true,
        }
    }

    fn note(&mut self, answered: bool, now: Instant) {
        if answered {
            *self = Self::default();
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed >= FAILURES {
            self.rests_until = Some(now + RESTS);
        }
    }
}

impl Crm {
    /// The system behind an address ([`outbound::named`]), under which the interfaces stand as TM Forum names them.
    ///
    /// # Errors
    /// Says what is wrong with the address or the token.
    pub fn new(address: &str, version: Version, token: Option<&str>, keep: Duration) -> Result<Self, String> {
        let mut base = outbound::named(address)?;
        if base.query().is_some() {
            return Err("it has parts that are not sent".to_owned());
        }
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let token = token.map(str::trim);
        if token.is_some_and(|token| token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("its token is empty or has characters no token has".to_owned());
        }
        Ok(Self(Arc::new(Inner {
            base,
            version,
            token: token.map(|token| format!("Bearer {token}")),
            keep,
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            kept: Mutex::default(),
            breaker: Mutex::default(),
            counts: Counts::default(),
        })))
    }

    /// Where it is, without anything secret.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.0.base.as_str()
    }

    /// How long an answer is kept.
    #[must_use]
    pub fn keeps(&self) -> Duration {
        self.0.keep
    }

    /// Drops everything kept, and keeps nothing of what is under way.
    pub fn forget(&self) {
        let mut kept = self.0.kept();
        let round = kept.round.wrapping_add(1);
        *kept = Kept { round, ..Kept::default() };
    }

    /// Whether it answered when it was asked last.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.0.breaker().failed == 0
    }

    /// Looks so far, by how they ended.
    pub(crate) fn counted(&self) -> [(&'static str, u64); 4] {
        let counts = &self.0.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("found", of(&counts.found)),
            ("unknown", of(&counts.unknown)),
            ("failed", of(&counts.failed)),
            ("kept", of(&counts.kept)),
        ]
    }

    /// Whom it knows under these numbers.
    pub async fn about(&self, numbers: &[Number]) -> Told {
        let answers = join_all(numbers.iter().map(|number| self.one(number))).await;
        if !answers.is_empty() && answers.iter().all(Option::is_none) {
            return Told::Silent;
        }
        let mut known: Vec<Customer> = Vec::new();
        for one in answers.iter().flatten().flat_map(|found| found.iter()) {
            if !known.iter().any(|other| other.id == one.id) {
                known.push(one.clone());
            }
        }
        Told::Known(known)
    }

    /// The same of one number: kept, or heard with others who ask for it now, or asked.
    async fn one(&self, number: &Number) -> Option<Found> {
        let mut flight = {
            let mut kept = self.0.kept();
            let now = Instant::now();
            if let Some((found, _)) = kept.answers.get(number.plain()).filter(|(_, until)| now < *until) {
                self.0.counts.kept.fetch_add(1, Ordering::Relaxed);
                return Some(Arc::clone(found));
            }
            // One whose sender is gone lands no more.
            match kept.flights.get(number.plain()).filter(|flight| flight.has_changed().is_ok()) {
                Some(flight) => flight.clone(),
                None => {
                    let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
                    if !self.0.breaker().lets_pass(now) {
                        return None;
                    }
                    let (tell, flight) = watch::channel(Flight::Under);
                    kept.flights.insert(number.plain().to_owned(), flight.clone());
                    let (inner, number, round) = (Arc::clone(&self.0), number.clone(), kept.round);
                    // On its own, so that whoever asked first may go away.
                    tokio::spawn(async move {
                        let found = inner.fly(&number).await;
                        inner.land(&number, round, found, &tell);
                        drop(place);
                    });
                    flight
                }
            }
        };
        let landed = tokio::time::timeout(LONGEST, flight.wait_for(|flight| matches!(flight, Flight::Landed(_)))).await;
        match landed {
            Ok(Ok(flight)) => match &*flight {
                Flight::Landed(found) => found.clone(),
                Flight::Under => None,
            },
            _ => None,
        }
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, within the time there is.
    async fn fly(&self, number: &Number) -> Option<Found> {
        let until = Instant::now() + LONGEST;
        let asked = tokio::time::timeout_at(until, self.ask(number, until - REMAINS)).await;
        let found = asked.unwrap_or_else(|_| Err("it does not answer in time".to_owned()));
        let before = self.breaker().failed;
        self.breaker().note(found.is_ok(), Instant::now());
        let count = match &found {
            Ok(found) if found.is_empty() => &self.counts.unknown,
            Ok(_) => &self.counts.found,
            Err(_) => &self.counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(found) => Some(found.into()),
            Err(why) => {
                // The first of several says it; who was asked about is nobody's business in a log.
                if before == 0 {
                    tracing::warn!(%why, "the customer system cannot be asked");
                }
                None
            }
        }
    }

    /// Keeps an answer for a while and tells those who wait, in one: whoever comes before that waits with them, whoever comes
    /// after finds it kept, or asks anew.
    fn land(self: &Arc<Self>, number: &Number, round: u64, found: Option<Found>, tell: &watch::Sender<Flight>) {
        let mut kept = self.kept();
        // Somebody was erased meanwhile, perhaps this one: whoever waits is told nothing either.
        let found = found.filter(|_| kept.round == round);
        if kept.round == round {
            kept.flights.remove(number.plain());
        }
        let until = found.as_ref().and_then(|found| self.keep(&mut kept, number, found));
        tell.send_replace(Flight::Landed(found));
        drop(kept);
        // It does not outlive its time in memory, even when nobody asks again.
        if let Some(until) = until {
            let weak: Weak<Self> = Arc::downgrade(self);
            tokio::spawn(async move {
                tokio::time::sleep_until(until).await;
                if let Some(inner) = weak.upgrade() {
                    inner.kept().answers.retain(|_, (_, until)| Instant::now() < *until);
                }
            });
        }
    }

    /// Puts an answer among those kept; gives until when, nothing where none are.
    fn keep(&self, kept: &mut Kept, number: &Number, found: &Found) -> Option<Instant> {
        let whole = !found.is_empty() && found.iter().all(|one| one.subscriptions.is_some());
        let life = if whole { self.keep } else { self.keep.min(KEPT_BRIEFLY) };
        if life.is_zero() {
            return None;
        }
        let until = Instant::now() + life;
        if kept.answers.len() >= MOST_KEPT {
            let first = kept.answers.iter().min_by_key(|(_, (_, until))| *until).map(|(number, _)| number.clone());
            first.and_then(|number| kept.answers.remove(&number));
        }
        kept.answers.insert(number.plain().to_owned(), (Arc::clone(found), until));
        Some(until)
    }

    /// Customers of a number; where none is, those behind whom a person with the number stands.
    async fn ask(&self, number: &Number, until: Instant) -> Result<Vec<Customer>, String> {
        let phone = self.version.phone();
        let limit = read::MOST_CUSTOMERS.to_string();
        let mut found = match number {
            Number::Phone(text) => {
                let answer = self.list("customerManagement", "customer", &[(phone, text), ("limit", &limit)]).await?;
                let mut found = read::customers(&answer, number);
                if found.is_empty() {
                    let asked = [(phone, text.as_str()), ("limit", &limit)];
                    let answer = self.list("partyManagement", "individual", &asked).await?;
                    for person in read::individuals(&answer, number) {
                        let asked = [("engagedParty.id", person.id.as_str()), ("limit", &limit)];
                        let answer = self.list("customerManagement", "customer", &asked).await?;
                        found.extend(read::of_party(&answer, &person));
                    }
                }
                found
            }
            Number::Account { asked, .. } => {
                let asked = [("account.id", asked.as_str()), ("limit", &limit)];
                read::customers(&self.list("customerManagement", "customer", &asked).await?, number)
            }
        };
        found.truncate(read::MOST_CUSTOMERS);
        // What does not come in time is missing; whose number it is is told all the same.
        join_all(found.iter_mut().map(|one| async move {
            let limit = read::MOST_SUBSCRIPTIONS.to_string();
            let asked = [(self.version.owner(), one.id.as_str()), ("limit", &limit)];
            let products = tokio::time::timeout_at(until, self.list("productInventory", "product", &asked));
            let person = tokio::time::timeout_at(until, self.person(one.party.as_deref()));
            let (products, person) = join(products, person).await;
            let products = products.ok().and_then(Result::ok);
            let subscriptions = products.map(|answer| read::subscriptions(&answer, one));
            one.subscriptions = subscriptions;
            if let Ok(Some(person)) = person {
                one.complete(person);
            }
        }))
        .await;
        Ok(found)
    }

    /// The person behind a customer, where one is named and can be read.
    async fn person(&self, party: Option<&str>) -> Option<read::Individual> {
        let party = party?;
        let answer = self.get("partyManagement", &["individual", party], &[]).await.ok()??;
        read::individual(&answer).filter(|person| person.id == party)
    }

    async fn list(&self, api: &str, resource: &str, asked: &[(&str, &str)]) -> Result<Value, String> {
        Ok(self.get(api, &[resource], asked).await?.unwrap_or_else(|| Value::Array(Vec::new())))
    }

    /// Asks for one resource. What there is not is nothing; a list that was cut is still one.
    async fn get(&self, api: &str, path: &[&str], asked: &[(&str, &str)]) -> Result<Option<Value>, String> {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(["tmf-api", api, self.version.name()]).extend(path);
        }
        if !asked.is_empty() {
            url.query_pairs_mut().extend_pairs(asked);
        }
        let mut headers = vec![("accept", "application/json".to_owned())];
        headers.extend(self.token.clone().map(|token| ("authorization", token)));
        // Whoever starts the server named the address.
        let (status, body) = outbound::get(&Guard::trusting(), &url, &headers, MOST_BYTES).await?;
        match status {
            200 | 206 => {}
            204 | 404 => return Ok(None),
            status => return Err(format!("it answers {status}")),
        }
        let value: Value = serde_json::from_slice(&body).map_err(|_| "its answer is no JSON".to_owned())?;
        let makes_sense = value.is_array() || value.is_object();
        if makes_sense { Ok(Some(value)) } else { Err("its answer is no list".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_in_trouble_is_left_alone_and_tried_again_by_one() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.note(false, now);
            assert!(breaker.lets_pass(now));
        }
        breaker.note(false, now);
        assert!(!breaker.lets_pass(now) && !breaker.lets_pass(now + RESTS / 2));
        let later = now + RESTS;
        assert!(breaker.lets_pass(later), "one goes first");
        assert!(!breaker.lets_pass(later), "and no other with it");
        breaker.note(true, later);
        assert!(breaker.lets_pass(later) && breaker.failed == 0);
    }

    #[test]
    fn an_address_is_of_a_system_of_ours() {
        let crm = |address: &str, token| Crm::new(address, Version::Five, token, Duration::ZERO).map(drop);
        assert!(crm("http://127.0.0.1:9/crm", None).is_ok() && crm("http://localhost", Some(" secret\n")).is_ok());
        for wrong in
            ["http://crm.example/", "ftp://127.0.0.1/", "http://me:it@127.0.0.1/", "http://127.0.0.1/?a=1", "crm"]
        {
            assert!(crm(wrong, None).is_err(), "{wrong}");
        }
        assert!(crm("http://127.0.0.1/", Some("")).is_err() && crm("http://127.0.0.1/", Some("a b")).is_err());
    }
}
