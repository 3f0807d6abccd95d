//! Work on its way to a store thread and the answer on its way back.

use crate::{StoreError, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tokio::sync::oneshot;

/// What became of a job inside its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its writes stand once the transaction commits.
    Keep,
    /// Its writes are to be undone.
    Undo,
}

/// Work that runs in a transaction and is answered after its end.
pub(crate) trait Job: Send {
    /// Runs the work. Never panics.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Answers whoever waits: with the work's own result, or with the error that befell the transaction.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
    /// When it was handed over.
    fn since(&self) -> Instant;
    /// Whether somebody still waits.
    fn wanted(&self) -> bool;
}

pub(crate) struct Work<T, E, F> {
    pub(crate) work: Option<F>,
    pub(crate) result: Option<Result<T, E>>,
    pub(crate) reply: oneshot::Sender<Result<T, E>>,
    pub(crate) since: Instant,
}

impl<T, E, F> Job for Work<T, E, F>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let Some(work) = self.work.take() else {
            return Verdict::Undo;
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        let verdict = if result.is_ok() { Verdict::Keep } else { Verdict::Undo };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let answer = match (self.result, end) {
            (Some(Err(own)), _) => Err(own),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(StoreError::Unavailable("not carried out".to_owned()).into()),
        };
        // Whoever asked may have gone; what was committed stays committed.
        let _ = self.reply.send(answer);
    }

    fn since(&self) -> Instant {
        self.since
    }

    fn wanted(&self) -> bool {
        !self.reply.is_closed()
    }
}
