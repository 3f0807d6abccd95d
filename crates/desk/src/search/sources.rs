//! Where cases are looked for: the index with what is newer than it beside it, or, where there is none, the newest cases
//! the filters leave, one by one. Both are asked by the very same question.

use super::index::{self, Findable, Hit, Rank, Shape};
use super::{Newer, Search, read};
use crate::Desk;
use crate::error::DeskError;
use domain::audit::chain::Ledger;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use store::{ListQuery, Sort, Tx, cases, entries};
use tantivy::query::Query;
use tantivy::{Searcher, TantivyError};
use uuid::Uuid;

/// Most cases looked at directly where there is no index.
const DIRECT: usize = 500;
/// Most entries newer than the index that are looked at directly.
const NEWER: i64 = 1_024;

/// How new what is asked has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// As the log is now: whatever is newer than the index is looked at beside it.
    Now,
    /// As the index is, which follows the log within moments. For what has long ended, and what every page of a case asks:
    /// where much is written, cases newer than the index take longer to make ready than to find.
    Lately,
}

/// What is asked.
pub(super) struct Sources {
    index: Option<Searcher>,
    /// What is newer than it, or everything near where there is none.
    beside: Option<Searcher>,
    /// Cases that changed since: what the index says of them no longer holds.
    changed: BTreeSet<Uuid>,
    /// Whether all cases were looked through; of [`Fresh::Lately`], but for what the last few entries of the log are about.
    pub(super) complete: bool,
}

impl Sources {
    /// The index in use; nothing where there is none.
    fn indexed(desk: &Desk, tx: &mut Tx<'_>, fresh: Fresh) -> Result<Option<Self>, DeskError> {
        let Some(reading) = desk.search_state().reading() else { return Ok(None) };
        if fresh == Fresh::Lately {
            let seen = |stream: i64| reading.seen.get(&stream).copied().unwrap_or(0);
            let newer: i64 = entries::heads(tx)?.into_iter().map(|(stream, head)| (head - seen(stream)).max(0)).sum();
            let index = Some(reading.searcher);
            return Ok(Some(Self { index, beside: None, changed: BTreeSet::new(), complete: newer <= NEWER }));
        }
        let mut seen = reading.seen.clone();
        let since = read::since(tx, &mut seen, NEWER)?;
        let between = (reading.seen, seen);
        let beside = match desk.search_state().newer(&between) {
            Some(newer) => newer.searcher,
            None => {
                let mut found = Vec::new();
                for id in &since.cases {
                    found.extend(read::case(desk, tx, *id)?);
                }
                let searcher = in_memory(desk, &found)?;
                // Where the log goes on beyond what was looked at, what changed there is not in `between`.
                if since.beyond == 0 {
                    desk.search_state().keep(Newer { between, searcher: searcher.clone() });
                }
                searcher
            }
        };
        let complete = since.beyond == 0;
        Ok(Some(Self { index: Some(reading.searcher), beside, changed: since.cases, complete }))
    }

    /// The newest cases a list finds.
    fn direct(desk: &Desk, tx: &mut Tx<'_>, near: &ListQuery) -> Result<Self, DeskError> {
        let near = ListQuery { sort: Sort::ReceivedNewest, limit: DIRECT, after: None, ..near.clone() };
        let page = cases::list(tx, &near)?;
        let mut found = Vec::with_capacity(page.rows.len());
        for listed in page.rows {
            let log = entries::of(tx, listed.row.id, Ledger::Case.code())?;
            found.push(read::findable(desk, tx, listed.row, &log)?);
        }
        let beside = in_memory(desk, &found)?;
        Ok(Self { index: None, beside, changed: BTreeSet::new(), complete: page.next.is_none() })
    }

    /// The index in use, if there is one.
    pub(super) fn index(&self) -> Option<&Searcher> {
        self.index.as_ref()
    }

    /// What is newer than it, or everything near where there is none.
    pub(super) fn beside(&self) -> Option<&Searcher> {
        self.beside.as_ref()
    }

    /// Cases of which the index holds what is no longer so.
    pub(super) fn changed(&self) -> impl Iterator<Item = Uuid> {
        self.changed.iter().copied()
    }

    /// Whether nothing that is asked says of a case what is no longer so: an index that lies far behind the log may.
    pub(super) fn is_current(&self) -> bool {
        self.index.is_none() || self.complete
    }

    /// What is asked, one after the other.
    pub(super) fn searchers(&self) -> impl Iterator<Item = &Searcher> {
        self.index.iter().chain(&self.beside)
    }

    pub(super) fn find(
        &self,
        shape: &Shape,
        query: &dyn Query,
        rank: Rank,
        most: usize,
    ) -> Result<Vec<Hit>, TantivyError> {
        let mut found = Vec::new();
        if let Some(index) = &self.index {
            found = shape.find(index, query, rank, most + self.changed.len())?;
            found.retain(|hit| !self.changed.contains(&hit.id));
        }
        if let Some(beside) = &self.beside {
            found.extend(shape.find(beside, query, rank, most)?);
        }
        found.sort_by(Hit::order);
        Ok(found)
    }
}

fn in_memory(desk: &Desk, cases: &[Findable]) -> Result<Option<Searcher>, DeskError> {
    if cases.is_empty() {
        return Ok(None);
    }
    let shape = &desk.search_state().shape;
    index::of_these(shape, cases, desk.library().taxonomy()).map(Some).map_err(in_memory_failed)
}

fn in_memory_failed(error: TantivyError) -> DeskError {
    DeskError::Damaged(format!("search in memory: {error}"))
}

/// Finds the best cases for a question that is put together by what is asked.
pub(super) fn find(
    desk: &Desk,
    tx: &mut Tx<'_>,
    near: (&ListQuery, Fresh),
    (rank, most): (Rank, usize),
    mut question: impl FnMut(&Sources) -> Result<Box<dyn Query>, TantivyError>,
) -> Result<(Vec<Hit>, bool), DeskError> {
    let shape = &desk.search_state().shape;
    put(desk, tx, near, |sources| sources.find(shape, &*question(sources)?, rank, most))
}

/// Puts something to what is asked, and says whether all cases were looked through. `near` says which cases are looked at
/// where there is no index. A damaged index is passed over, and looked over by whoever feeds it.
pub(super) fn put<T>(
    desk: &Desk,
    tx: &mut Tx<'_>,
    (near, fresh): (&ListQuery, Fresh),
    mut put: impl FnMut(&Sources) -> Result<T, TantivyError>,
) -> Result<(T, bool), DeskError> {
    let search: &Search = desk.search_state();
    if let Some(sources) = Sources::indexed(desk, tx, fresh)? {
        // A damaged file may be noticed only in the middle of it.
        match std::panic::catch_unwind(AssertUnwindSafe(|| put(&sources))) {
            Ok(Ok(found)) => return Ok((found, sources.complete)),
            Ok(Err(error)) => tracing::error!(%error, "the search index cannot be read; it is looked over"),
            Err(_) => tracing::error!("the search index is damaged; it is looked over"),
        }
        search.read_from(None);
        search.doubted.store(true, Ordering::Release);
    }
    let sources = Sources::direct(desk, tx, near)?;
    Ok((put(&sources).map_err(in_memory_failed)?, sources.complete))
}
