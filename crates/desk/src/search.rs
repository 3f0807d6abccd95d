//! Finding cases by words. The index is a projection of the log: each node has its own, fed by a cursor in batches, and
//! losing it loses nothing. What is newer than the index, or everything near when there is none, is looked at directly, so
//! that a case is found as soon as its registration is answered. Who may see what stands in the question itself; nothing
//! is found first and taken away afterwards.

pub(crate) mod alike;
pub mod ask;
mod document;
pub mod facets;
mod feed;
mod folder;
mod index;
mod many;
mod names;
mod read;
mod snippet;
mod sources;
mod terms;
mod within;
mod words;

pub use alike::{Alike, AlikeAnswer, Why};
pub use feed::Feeder;
pub use folder::{Wish, wish};
pub(crate) use read::opening;
pub use snippet::{Part, Snippet};

use crate::caller::Caller;
use crate::error::DeskError;
use crate::queries::list::{Filter, Listed, Order};
use crate::vault::person::normal_number;
use crate::{Desk, load, permissions};
use ask::Ask;
use domain::actor::Actor;
use domain::audit::chain::Ledger;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::taxonomy::Taxonomy;
use facets::{Counted, Facet};
use folder::Reading;
pub(crate) use index::Reader;
use index::{Ordered, Rank, Sentences, Shape};
use names::Names;
use sources::Fresh;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, OnceLock};
use store::{ListQuery, Tx, cases, vault};
use tantivy::Searcher;

/// How deep one may page; who has read so many asks more narrowly.
const DEEP: usize = 2_000;
/// Where so many cases have every pair of a long sentence, those that lack some are left out. More than a page, so that all
/// pages of an answer are of one kind.
const ENOUGH: usize = 251;

/// A desk's search.
pub(crate) struct Search {
    shape: Shape,
    /// The names of the trees, once somebody asked.
    names: OnceLock<Names>,
    /// The index in use; none until it is made, or where it is switched off.
    reading: Mutex<Option<Reading>>,
    /// What is newer than it, as it was made for the last who asked.
    newer: Mutex<Option<Newer>>,
    /// Whether the index gave an answer that makes no sense: whoever feeds it looks it over.
    doubted: AtomicBool,
}

impl Search {
    pub(crate) fn new() -> Self {
        Self {
            shape: Shape::new(),
            names: OnceLock::new(),
            reading: Mutex::new(None),
            newer: Mutex::new(None),
            doubted: AtomicBool::new(false),
        }
    }

    /// How far this node's index has read each stream; nothing where there is none in use.
    pub(crate) fn seen(&self) -> Option<BTreeMap<i64, i64>> {
        self.reading().map(|reading| reading.seen)
    }

    fn names(&self, taxonomy: &Taxonomy) -> &Names {
        self.names.get_or_init(|| Names::of(taxonomy))
    }

    fn reading(&self) -> Option<Reading> {
        self.reading.lock().ok()?.clone()
    }

    /// The cases between two places of the log, where they were made ready before.
    fn newer(&self, between: &Between) -> Option<Newer> {
        self.newer.lock().ok()?.as_ref().filter(|newer| newer.between == *between).cloned()
    }

    fn keep(&self, newer: Newer) {
        if let Ok(mut current) = self.newer.lock() {
            *current = Some(newer);
        }
    }

    /// Drops opened words: somebody was erased.
    pub(crate) fn forget(&self) {
        if let Ok(mut current) = self.newer.lock() {
            *current = None;
        }
    }

    fn read_from(&self, reading: Option<Reading>) {
        if let Ok(mut current) = self.reading.lock() {
            *current = reading;
        }
        self.forget();
    }
}

/// Two places of the log: for each of its streams how far the index has seen it, and how far it goes.
type Between = (BTreeMap<i64, i64>, BTreeMap<i64, i64>);

/// The cases of a part of the log in memory. Between two entries everybody asks the same ones.
#[derive(Clone)]
struct Newer {
    between: Between,
    searcher: Option<Searcher>,
}

/// One case that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The case.
    pub listed: Listed,
    /// Where the words stand.
    pub snippets: Vec<Snippet>,
}

/// A page of what was found.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The cases, best first.
    pub items: Vec<Found>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Whether all cases were looked through; not while the index is being made, or where there is none.
    pub complete: bool,
    /// How many there are by each facet that was asked for; nothing while the index lies so far behind the log that a
    /// count could tell of a case what is no longer so.
    pub facets: Option<Vec<Counted>>,
}

impl Desk {
    /// Finds the cases the caller may see by what they typed, within a list's filters.
    ///
    /// # Errors
    /// A fault naming what makes no sense, or an error of the database. A damaged index is no error.
    pub async fn search(&self, caller: &Caller, filter: &Filter) -> Result<Answer, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let ask = Ask::read(filter.words.as_deref().unwrap_or_default())?;
        let rank = match filter.order {
            Order::Relevance => Rank::Relevance,
            Order::Received => Rank::Newest,
            Order::Due => return Err(Refusal::from(Fault::new("sort", "not_with_search")).into()),
        };
        let lists_only = [
            ("external", filter.external.is_some()),
            ("incident", filter.incident.is_some()),
            ("received_from", filter.received_from.is_some()),
            ("received_before", filter.received_before.is_some()),
            ("due_from", filter.due_from.is_some()),
            ("due_before", filter.due_before.is_some()),
            ("red_line", filter.red_line),
            ("escalated", filter.escalated),
        ];
        if let Some((field, _)) = lists_only.into_iter().find(|(_, asked)| *asked) {
            return Err(Refusal::from(Fault::new(field, "not_with_search")).into());
        }
        let skip = filter.after.as_deref().map(place).transpose()?.unwrap_or(0);
        let plain = Filter { words: None, order: Order::Received, after: None, facets: Vec::new(), ..filter.clone() };
        let mut query = self.query(&plain)?;
        query.scope = caller.actor.area.code().to_owned();
        query.reader = load::reader(&caller.actor);
        let reader = Reader::of(caller);
        let hash = filter.phone.as_deref().map(|phone| self.keyring().lookup_hash("phone", &normal_number(phone)));
        let facets = filter.facets.clone();
        let (desk, actor) = (self.clone(), caller.actor.clone());
        self.db()
            .read(move |tx| {
                if let Some(hash) = hash {
                    let persons = vault::persons_by_lookup(tx, &hash, "phone")?;
                    if persons.is_empty() {
                        let facets = facets.iter().map(|facet| Counted { facet: *facet, values: Vec::new() });
                        let facets = Some(facets.collect());
                        return Ok(Answer { items: Vec::new(), next: None, complete: true, facets });
                    }
                    query.persons = Some(persons);
                }
                let asked = Asked { ask: &ask, query: &query, reader: &reader, rank, skip, facets: &facets };
                answer(&desk, tx, &actor, &asked)
            })
            .await
    }
}

/// What is asked for, by whom.
struct Asked<'a> {
    ask: &'a Ask,
    query: &'a ListQuery,
    reader: &'a Reader,
    rank: Rank,
    /// How many of the first were shown before.
    skip: usize,
    facets: &'a [Facet],
}

fn answer(desk: &Desk, tx: &mut Tx<'_>, actor: &Actor, asked: &Asked<'_>) -> Result<Answer, DeskError> {
    let Asked { ask, query, reader, rank, skip, facets } = *asked;
    let most = (skip + query.limit + 1).min(DEEP);
    let search = desk.search_state();
    let shape = &search.shape;
    let names = search.names(desk.library().taxonomy());
    let put = |how| shape.query((ask, names), query, reader, desk.zone(), how);
    let order = if rank == Rank::Relevance { Ordered::Best } else { Ordered::Elsehow };
    let ((hits, facets), complete) = sources::put(desk, tx, (query, Fresh::Now), |sources| {
        let (mut sentences, mut hits) = (Sentences::Nearly, Vec::new());
        if ask.clauses.iter().any(index::may_lack_some) {
            // Where enough cases have all of a long sentence, those that lack some are left out.
            hits = sources.find(shape, &put((Sentences::Whole, order)), rank, most.max(ENOUGH))?;
            if hits.len() >= ENOUGH {
                sentences = Sentences::Whole;
            }
        }
        if sentences == Sentences::Nearly {
            hits = sources.find(shape, &put((Sentences::Nearly, order)), rank, most)?;
        }
        let counted = match facets {
            [] => Some(Vec::new()),
            facets if sources.is_current() => {
                let changed: Vec<tantivy::Term> = sources.changed().map(|id| shape.one(id)).collect();
                let question = put((sentences, Ordered::Elsehow));
                Some(facets::count(sources, &question, &changed, facets, desk.zone())?)
            }
            _ => None,
        };
        Ok((hits, counted))
    })?;
    let more = hits.len() > skip + query.limit && skip + query.limit < DEEP;
    let mut items = Vec::new();
    for hit in hits.into_iter().skip(skip).take(query.limit) {
        let Some(row) = cases::by_id(tx, hit.id)? else { continue };
        // The question asked only for what lies here; this is a second lock on the same door.
        if !load::is_there(&row, actor) {
            continue;
        }
        let wrapped = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
        let listed = desk.listed(&row, wrapped.as_deref())?;
        let log = store::entries::of(tx, row.id, Ledger::Case.code())?;
        let snippets = snippet::of(&ask.clauses, &read::findable(desk, tx, row, &log)?.words);
        items.push(Found { listed, snippets });
    }
    Ok(Answer { items, next: more.then(|| format!("s.{}", skip + query.limit)), complete, facets })
}

/// Where a page begins, as the page before said it.
fn place(after: &str) -> Result<usize, Refusal> {
    let place = after.strip_prefix("s.").and_then(|place| place.parse().ok());
    place.filter(|place| *place < DEEP).ok_or_else(|| Fault::new("after", "bad_cursor").into())
}

/// Where the index of an installation lies.
#[must_use]
pub fn folder(data: &std::path::Path) -> PathBuf {
    data.join("search")
}
