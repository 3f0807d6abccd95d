//! Changes of one ticket one after the other: of many at once on what was read, only one could be written, and most
//! would be worked out in vain.

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// So many tickets are told apart; two that share a place wait for each other, and nothing worse.
const PLACES: usize = 256;

/// Whose turn it is.
#[derive(Debug)]
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..PLACES).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits for the turn to change something; it ends when what is given is dropped.
    pub async fn of(&self, id: Uuid) -> Option<MutexGuard<'_, ()>> {
        let place = id.as_bytes().last().map_or(0, |byte| usize::from(*byte));
        match self.0.get(place % PLACES) {
            Some(place) => Some(place.lock().await),
            None => None,
        }
    }
}
