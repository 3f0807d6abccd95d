//! Live pages: a stream of server-sent events that says *that* something changed and never what. Whoever hears it fetches
//! again, and every fetch asks what they may see. One look a second at the heads of the log, shared by all streams, finds
//! what any node wrote. Streams are bounded, end by themselves and with the server, and where none is to be had pages are
//! fetched every half minute as before.

use crate::app::AppState;
use crate::console::page;
use crate::extract::Who;
use crate::routes::{Access, Method, Route};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::{Caller, permissions};
use futures_util::stream;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
/// Over this time streams are told of the same change, one after the other, so that many pages do not fetch at once.
const SPREAD: Duration = Duration::from_secs(2);
/// How long a stream is silent at most: proxies and browsers take longer silence for an end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts; the browser begins another, and whether it may is asked anew.
const LASTS: Duration = Duration::from_secs(600);

/// Who listens, and what wakes them.
pub struct Live {
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
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
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Nothing where there are too many already.
    fn take(app: &AppState, caller: &Caller) -> Option<Self> {
        let permit = Arc::clone(&app.live.places).try_acquire_owned().ok()?;
        let who = caller.actor.id.to_string();
        let mut each = app.live.each.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = each.entry(who.clone()).or_default();
        if *mine >= MOST_EACH {
            return None;
        }
        *mine += 1;
        Some(Self { app: app.clone(), who, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
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
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = closing.changed() => {}
        }
    }
}

/// A stream under way.
struct Heard {
    _place: Place,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    ends: Instant,
    next: Instant,
    /// How long after a change this stream says so.
    behind: Duration,
    /// When it says so of a change it heard of and has not told.
    tells: Option<Instant>,
    begun: bool,
}

/// How long after a change the nth stream says so: by the golden ratio, which keeps any number of streams that follow each
/// other apart.
fn behind(nth: u32) -> Duration {
    SPREAD * (nth.wrapping_mul(2_654_435_769) >> 16) / 65_536
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
                    *self.tells.insert(Instant::now() + self.behind)
                }
            };
            sleep_until(tells).await;
            Ok::<_, watch::error::RecvError>(())
        };
        let words = tokio::select! {
            _ = self.closing.changed() => return None,
            () = sleep_until(ends) => return None,
            moved = changed => match moved {
                Ok(()) => {
                    self.tells = None;
                    // What came meanwhile is fetched with it.
                    self.changed.mark_unchanged();
                    self.next = Instant::now() + APART;
                    "event: changed\ndata: \n\n"
                }
                Err(_) => return None,
            },
            () = sleep(HEARTBEAT) => ": \n\n",
        };
        Some((Ok(Bytes::from_static(words.as_bytes())), self))
    }
}

async fn listen(State(app): State<AppState>, Who(caller): Who) -> Response {
    // An empty answer tells a browser to come no more; it fetches by itself then.
    let Some(place) = Place::take(&app, &caller) else { return StatusCode::NO_CONTENT.into_response() };
    if !app.live.looking.swap(true, Ordering::Relaxed) {
        tokio::spawn(look(app.clone()));
    }
    let now = Instant::now();
    let heard = Heard {
        _place: place,
        changed: app.live.changed.subscribe(),
        closing: app.live.closing.subscribe(),
        ends: now + LASTS,
        next: now,
        behind: behind(app.live.begun.fetch_add(1, Ordering::Relaxed)),
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
    fn streams_are_told_one_after_the_other() {
        // Wherever the count stands, also where it begins anew.
        for from in [0, 1_000_000, u32::MAX - 50] {
            let mut tenths = [0; 10];
            for nth in 0..100 {
                let at = behind(from.wrapping_add(nth));
                assert!(at < SPREAD, "{at:?}");
                let tenth = usize::try_from(at.as_millis() * 10 / SPREAD.as_millis()).unwrap();
                tenths[tenth] += 1;
            }
            assert!(tenths.iter().all(|count| (8..=12).contains(count)), "{tenths:?}");
        }
    }
}
