//! Live pages: a stream of server-sent events that says *that* something changed and never what. Whoever hears it fetches
//! again, and every fetch asks what they may see. One look a second at the heads of the log, shared by all streams, finds
//! what any node wrote. The page of a case also hears that others came to it, write or went (`desk::presence`), only of that
//! case, and only where what it shows of them changed: what happens of people one may not be told of is no hint. Streams are bounded, end by themselves and with the server, and where none is to be had pages are fetched
//! every half minute as before. The more pages listen, the longer they are left alone between two words: what fetching
//! again costs in a second does not grow with them.

use crate::app::AppState;
use crate::console::page;
use crate::extract::Who;
use crate::query;
use crate::routes::{Access, Method, Route};
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::presence::{Presences, Present};
use desk::{Caller, CaseRef, permissions};
use domain::ids::{CaseId, UserId};
use futures_util::stream;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// Most streams at the same time; they take connections away from requests.
const MOST: usize = 2_000;
/// Most streams of one caller: as many windows as anybody looks at.
const MOST_EACH: usize = 6;
/// How often the heads of the log are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What happens within this time of the last word is one word, so that a busy desk does not fetch without end.
const APART: Duration = Duration::from_secs(5);
/// Streams that are told in a second at most, where there are many.
const TOLD: usize = 50;
/// No stream is left alone longer than pages are that hear nothing.
const LONGEST_APART: Duration = Duration::from_secs(30);
/// How long a stream is silent at most: proxies and browsers take longer silence for an end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts; the browser begins another, and whether it may is asked anew.
const LASTS: Duration = Duration::from_secs(600);

/// Who listens, and what wakes them.
pub struct Live {
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
    /// Who has which case open, as the last look found it.
    here: watch::Sender<Arc<Presences>>,
    /// Streams of pages of cases.
    of_cases: AtomicUsize,
    places: Arc<Semaphore>,
    each: Mutex<HashMap<String, usize>>,
    /// How many streams there have been.
    begun: AtomicU32,
    looking: AtomicBool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            changed: watch::channel(0).0,
            closing: watch::channel(false).0,
            here: watch::channel(Arc::default()).0,
            of_cases: AtomicUsize::new(0),
            places: Arc::new(Semaphore::new(MOST)),
            each: Mutex::default(),
            begun: AtomicU32::new(0),
            looking: AtomicBool::new(false),
        }
    }
}

impl Live {
    /// Ends every stream, now and for good: the server is about to end.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// How many streams there are.
    #[must_use]
    pub fn streams(&self) -> usize {
        MOST - self.places.available_permits()
    }
}

/// A place for a stream; given back when it ends, however that is.
struct Place {
    app: AppState,
    who: String,
    /// Whether it is of a page of a case.
    of_case: bool,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Nothing where there are too many already.
    fn take(app: &AppState, caller: &Caller, of_case: bool) -> Option<Self> {
        let permit = Arc::clone(&app.live.places).try_acquire_owned().ok()?;
        let who = caller.actor.id.to_string();
        let mut each = app.live.each.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = each.entry(who.clone()).or_default();
        if *mine >= MOST_EACH {
            return None;
        }
        *mine += 1;
        app.live.of_cases.fetch_add(usize::from(of_case), Ordering::Relaxed);
        Some(Self { app: app.clone(), who, of_case, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.app.live.of_cases.fetch_sub(usize::from(self.of_case), Ordering::Relaxed);
        let mut each = self.app.live.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = each.get_mut(&self.who) {
            *mine -= 1;
            if *mine == 0 {
                each.remove(&self.who);
            }
        }
    }
}

pub(crate) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/live", Access::Needs(permissions::READ_CASES), get(listen))]
}

/// Looks at the heads of the log while the server runs and wakes the streams when one has moved.
async fn look(app: AppState) {
    let mut known = None;
    let mut closing = app.live.closing.subscribe();
    while !*closing.borrow_and_update() {
        // Nobody who listens needs no look.
        if app.live.streams() > 0
            && let Ok(heads) = app.desk.heads().await
        {
            if known.as_ref().is_some_and(|known| *known != heads) {
                app.live.changed.send_modify(|count| *count += 1);
            }
            known = Some(heads);
        }
        if app.live.of_cases.load(Ordering::Relaxed) > 0
            && let Ok(here) = app.desk.presences().await
        {
            app.live.here.send_if_modified(|known| {
                let moved = **known != here;
                if moved {
                    *known = Arc::new(here);
                }
                moved
            });
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => {}
        }
    }
}

/// A stream under way.
struct Heard {
    place: Place,
    /// The case whose page it is.
    case: Option<Watched>,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    ends: Instant,
    next: Instant,
    /// Its place among those told of the same change.
    nth: u32,
    /// When it says so of a change it heard of and has not told.
    tells: Option<Instant>,
    begun: bool,
}

/// The case of a page, and who else has it open.
struct Watched {
    app: AppState,
    case: CaseId,
    caller: Caller,
    here: watch::Receiver<Arc<Presences>>,
    /// Who had it open when it was asked last what the caller may be told.
    known: Vec<(UserId, String)>,
    /// What that was.
    told: Vec<Present>,
}

impl Watched {
    /// Returns when others of whom the caller is told came, write or went. It may be left off at any time and begun again.
    async fn moved(&mut self) -> Result<(), watch::error::RecvError> {
        loop {
            let now = self.others();
            if now == self.known {
                self.here.changed().await?;
                continue;
            }
            let shown = self.shown().await;
            self.known = now;
            if shown != self.told {
                self.told = shown;
                return Ok(());
            }
        }
    }

    /// Who of those who have it open the page shows; nobody where the case is not there for the caller any more.
    async fn shown(&self) -> Vec<Present> {
        self.app.desk.present(&self.caller, &CaseRef::Id(self.case)).await.unwrap_or_default()
    }

    fn others(&mut self) -> Vec<(UserId, String)> {
        // Whoever looks is nobody else.
        let me = self.caller.actor.user();
        let here = self.here.borrow_and_update();
        let others = here.get(&self.case).into_iter().flatten().filter(|(user, _)| Some(*user) != me);
        others.cloned().collect()
    }
}

/// How long so many streams are left alone after a word.
fn apart(streams: usize) -> Duration {
    let share = u32::try_from(streams).unwrap_or(u32::MAX);
    let fair = Duration::from_secs(1) * share / u32::try_from(TOLD).unwrap_or(1);
    fair.clamp(APART, LONGEST_APART)
}

/// How long after a change the nth of so many streams says so, so that many pages do not fetch at once: by the golden ratio,
/// which keeps any number of streams that follow each other apart.
fn behind(nth: u32, streams: usize) -> Duration {
    apart(streams) * 2 / 5 * (nth.wrapping_mul(2_654_435_769) >> 16) / 65_536
}

impl Heard {
    /// The next words of the stream; nothing at its end.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if *self.closing.borrow_and_update() {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some((Ok(Bytes::from_static(b"retry: 5000\n\n")), self));
        }
        let (next, ends) = (self.next, self.ends);
        let changed = async {
            sleep_until(next).await;
            // Kept, because a heartbeat may come before it is told.
            let tells = match self.tells {
                Some(tells) => tells,
                None => {
                    self.changed.changed().await?;
                    let behind = behind(self.nth, self.place.app.live.streams());
                    *self.tells.insert(Instant::now() + behind)
                }
            };
            sleep_until(tells).await;
            Ok::<_, watch::error::RecvError>(())
        };
        let moved = async {
            match &mut self.case {
                Some(case) => case.moved().await,
                None => std::future::pending().await,
            }
        };
        let words = tokio::select! {
            _ = self.closing.changed() => return None,
            () = sleep_until(ends) => return None,
            moved = changed => match moved {
                Ok(()) => {
                    self.tells = None;
                    // What came meanwhile is fetched with it.
                    self.changed.mark_unchanged();
                    self.next = Instant::now() + apart(self.place.app.live.streams());
                    "event: changed\ndata: \n\n"
                }
                Err(_) => return None,
            },
            moved = moved => match moved {
                Ok(()) => "event: presence\ndata: \n\n",
                Err(_) => return None,
            },
            () = sleep(HEARTBEAT) => ": \n\n",
        };
        Some((Ok(Bytes::from_static(words.as_bytes())), self))
    }
}

/// The case whose page asks, if it is there for them and people are told of each other at all.
async fn case_of(app: &AppState, caller: &Caller, raw: Option<String>) -> Option<CaseId> {
    let asked = query::form(raw?.as_bytes());
    let (_, number) = asked.iter().find(|(name, _)| name == "case").filter(|_| !app.settings.no_presence)?;
    app.desk.seen_case(caller, &CaseRef::parse(number).ok()?).await.ok()
}

async fn listen(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Response {
    let case = case_of(&app, &caller, raw).await;
    // An empty answer tells a browser to come no more; it fetches by itself then.
    let Some(place) = Place::take(&app, &caller, case.is_some()) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if !app.live.looking.swap(true, Ordering::Relaxed) {
        tokio::spawn(look(app.clone()));
    }
    let now = Instant::now();
    let case = match case {
        Some(case) => {
            let here = app.live.here.subscribe();
            let app = app.clone();
            let mut watched = Watched { app, case, caller, here, known: Vec::new(), told: Vec::new() };
            watched.known = watched.others();
            watched.told = watched.shown().await;
            Some(watched)
        }
        None => None,
    };
    let heard = Heard {
        place,
        case,
        changed: app.live.changed.subscribe(),
        closing: app.live.closing.subscribe(),
        ends: now + LASTS,
        next: now,
        nth: app.live.begun.fetch_add(1, Ordering::Relaxed),
        tells: None,
        begun: false,
    };
    let body = Body::from_stream(stream::unfold(heard, Heard::next));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_listen_the_rarer_each_is_told() {
        let seconds = |streams| apart(streams).as_secs_f64();
        assert_eq!([1, 250, 500, 1_000, MOST].map(seconds), [5.0, 5.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    fn streams_are_told_one_after_the_other() {
        // Wherever the count stands, also where it begins anew.
        for (from, streams) in [(0, 1), (1_000_000, 500), (u32::MAX - 50, MOST)] {
            let spread = apart(streams) * 2 / 5;
            let mut tenths = [0; 10];
            for nth in 0..100 {
                let at = behind(from.wrapping_add(nth), streams);
                assert!(at < spread, "{at:?}");
                let tenth = usize::try_from(at.as_millis() * 10 / spread.as_millis()).unwrap();
                tenths[tenth] += 1;
            }
            assert!(tenths.iter().all(|count| (8..=12).contains(count)), "{tenths:?}");
        }
    }
}
