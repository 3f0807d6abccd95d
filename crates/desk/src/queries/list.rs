//! Lists: by time left or newest first, filtered, paged by key. Nothing here counts or scans a whole table.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::search::facets::Facet;
use crate::time::{moment, stored};
use crate::vault::person::normal_number;
use crate::{Desk, permissions};
use domain::case::State;
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::ids::{CaseId, UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use policy::Grade;
use std::collections::HashMap;
use store::{CaseRow, Cursor, ListQuery, Sort, cases, vault};

/// Most cases of one page.
pub const MOST: usize = 250;

/// Codes of the states, as `status` of a list names them.
pub const STATES: &[&str] = &[
    "draft",
    "triage",
    "registered",
    "accepted",
    "in_progress",
    "awaiting_review",
    "awaiting_reply",
    "awaiting_customer",
    "closed",
    "suspended",
    "reopened",
    "withdrawn",
    "voided",
    "merged",
    "declined",
];

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Open cases; the clock that is due first comes first, cases without a running clock come last.
    #[default]
    Due,
    /// The newest receipt comes first.
    Received,
    /// What fits the words best comes first; only for a search.
    Relevance,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any of these states; all open ones when empty and `open_only`.
    pub states: Vec<State>,
    /// Of this grade.
    pub grade: Option<Grade>,
    /// Below this node of the category tree.
    pub category: Option<String>,
    /// Held by this person.
    pub assignee: Option<UserId>,
    /// Or held by any of these: the people the caller stands in for.
    pub also: Vec<UserId>,
    /// Held by this unit.
    pub unit: Option<UnitId>,
    /// In this region or below it.
    pub region: Option<String>,
    /// That say these words; such a list is a search (`search::ask`).
    pub words: Option<String>,
    /// What a search counts its cases by.
    pub facets: Vec<Facet>,
    /// Of persons with this number.
    pub phone: Option<String>,
    /// First received from this moment on.
    pub received_from: Option<Timestamp>,
    /// First received before this moment.
    pub received_before: Option<Timestamp>,
    /// With a clock due at this moment or later.
    pub due_from: Option<Timestamp>,
    /// With a clock due before this moment.
    pub due_before: Option<Timestamp>,
    /// Of a category on the red-line list.
    pub red_line: bool,
    /// Brought by another body, and the customer has no answer yet; without ended cases.
    pub escalated: bool,
    /// With this number of another body.
    pub external: Option<String>,
    /// In this mass incident.
    pub incident: Option<uuid::Uuid>,
    /// Without ended cases.
    pub open_only: bool,
    /// In which order.
    pub order: Order,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The case.
    pub id: CaseId,
    /// Number for people.
    pub number: String,
    /// Its version.
    pub version: i64,
    /// State.
    pub state: State,
    /// Kind of contact.
    pub kind: String,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// Grade.
    pub grade: Grade,
    /// Channel.
    pub channel: String,
    /// One line, masked; `None` when there is none or the person was erased.
    pub subject: Option<String>,
    /// The unit that holds it.
    pub unit: UnitId,
    /// The person who holds it.
    pub user: Option<UserId>,
    /// Where it happened.
    pub region: String,
    /// First receipt.
    pub received_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Rule and moment of the clock due first.
    pub due: Option<(String, Timestamp)>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The cases.
    pub items: Vec<Listed>,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<String>,
}

impl Desk {
    /// Lists the cases the caller may see.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense, or an error of the database.
    pub async fn list(&self, caller: &Caller, filter: &Filter) -> Result<Page, DeskError> {
        if filter.words.is_some() {
            let found = self.search(caller, &Filter { facets: Vec::new(), ..filter.clone() }).await?;
            return Ok(Page { items: found.items.into_iter().map(|one| one.listed).collect(), next: found.next });
        }
        permissions::READ_CASES.require(caller)?;
        let mut query = self.query(filter)?;
        query.scope = caller.actor.area.code().to_owned();
        query.reader = load::reader(&caller.actor);
        let hash = filter.phone.as_deref().map(|phone| self.keyring().lookup_hash("phone", &normal_number(phone)));
        let page = self
            .db()
            .read(move |tx| {
                if let Some(hash) = hash {
                    query.persons = Some(vault::persons_by_lookup(tx, &hash, "phone")?);
                }
                Ok::<_, DeskError>(cases::list(tx, &query)?)
            })
            .await?;
        let mut items = Vec::with_capacity(page.rows.len());
        for listed in page.rows {
            items.push(self.listed(&listed.row, listed.wrapped_key.as_deref())?);
        }
        Ok(Page { items, next: page.next.map(|cursor| format!("{}.{}", cursor.key, cursor.id)) })
    }

    /// How many cases each list has, counted no further than each filter's limit.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense, or an error of the database.
    pub async fn count_lists(&self, caller: &Caller, filters: &[Filter]) -> Result<Vec<i64>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let mut queries = filters.iter().map(|filter| self.query(filter)).collect::<Result<Vec<_>, _>>()?;
        for query in &mut queries {
            query.scope = caller.actor.area.code().to_owned();
            query.reader = load::reader(&caller.actor);
        }
        let count = move |tx: &mut store::Tx<'_>| {
            queries.iter().map(|query| Ok(cases::count(tx, query)?)).collect::<Result<Vec<_>, DeskError>>()
        };
        self.db().read(count).await
    }

    /// How far each stream of the log is: what anybody writes moves one of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn heads(&self) -> Result<Vec<(i64, i64)>, DeskError> {
        self.db().read(|tx| Ok::<_, DeskError>(store::entries::heads(tx)?)).await
    }

    /// Whether a filter can be listed by.
    #[must_use]
    pub fn makes_sense(&self, filter: &Filter) -> bool {
        self.query(filter).is_ok()
    }

    pub(crate) fn query(&self, filter: &Filter) -> Result<ListQuery, Refusal> {
        let limit = page_size(filter.limit, MOST)?;
        if let Some(category) = &filter.category
            && self.library().taxonomy().category(category).is_none()
        {
            return Err(Fault::new("category", "unknown_category").into());
        }
        if let Some(region) = &filter.region
            && !domain::taxonomy::region_valid(region)
        {
            return Err(Fault::new("region", "bad_region").into());
        }
        // What is done by filters alone must not be done to more than the words leave.
        if filter.words.is_some() {
            return Err(Fault::new("q", "not_with_search").into());
        }
        if !filter.facets.is_empty() {
            return Err(Fault::new("facets", "facets_need_words").into());
        }
        if filter.order == Order::Relevance {
            return Err(Fault::new("sort", "relevance_needs_words").into());
        }
        if filter.order == Order::Due && filter.states.iter().any(|state| !state.is_open()) {
            return Err(Fault::new("sort", "due_needs_open").into());
        }
        let after = filter.after.as_deref().map(cursor).transpose()?;
        Ok(ListQuery {
            states: filter.states.iter().map(|state| state.code().to_owned()).collect(),
            grade: filter.grade.map(|grade| grade.code().to_owned()),
            category: filter.category.clone(),
            owner_user: filter.assignee.map(|user| user.0).filter(|_| filter.also.is_empty()),
            holders: match filter.assignee {
                Some(user) if !filter.also.is_empty() => {
                    std::iter::once(user).chain(filter.also.iter().copied()).map(|user| user.0).collect()
                }
                _ => Vec::new(),
            },
            owner_unit: filter.unit.map(|unit| unit.0),
            region: filter.region.clone(),
            categories: filter.red_line.then(|| self.library().taxonomy().red_line()),
            received_from: filter.received_from.map(stored),
            received_before: filter.received_before.map(stored),
            due_from: filter.due_from.map(stored),
            due_before: filter.due_before.map(stored),
            escalated: filter.escalated,
            external: filter.external.clone(),
            incident: filter.incident,
            open_only: filter.open_only || filter.escalated,
            sort: match filter.order {
                Order::Due => Sort::Due,
                Order::Received | Order::Relevance => Sort::ReceivedNewest,
            },
            limit,
            after,
            ..ListQuery::default()
        })
    }

    /// Those of some cases that lie in the caller's area, as a list has them.
    ///
    /// # Errors
    /// If the caller may not see cases at all.
    pub async fn listed_cases(&self, caller: &Caller, ids: Vec<CaseId>) -> Result<HashMap<CaseId, Listed>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let actor = caller.actor.clone();
        let read = self.db().read(move |tx| {
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                if let Some(row) = cases::by_id(tx, id.0)?.filter(|row| load::is_there(row, &actor)) {
                    // Only words have to be opened.
                    let wrapped = match row.subject {
                        Some(_) => vault::person(tx, row.person)?.and_then(|person| person.wrapped_key),
                        None => None,
                    };
                    rows.push((row, wrapped));
                }
            }
            Ok::<_, DeskError>(rows)
        });
        let rows = read.await?;
        let mut listed = HashMap::with_capacity(rows.len());
        for (row, wrapped) in &rows {
            listed.insert(CaseId(row.id), self.listed(row, wrapped.as_deref())?);
        }
        Ok(listed)
    }

    pub(crate) fn listed(&self, row: &CaseRow, wrapped: Option<&[u8]>) -> Result<Listed, DeskError> {
        let subject = match (&row.subject, wrapped) {
            (Some(sealed), Some(_)) => {
                let keys = load::open_keys(self.master(), row, wrapped)?;
                let opened = keys.open("subject", &FreeText::Sealed(sealed.clone()))?;
                // Identifiers in a subject line are shown as their kind alone; opening each would cost a list dearly.
                Some(domain::text::lift::fill(&opened, |_, _| "***".to_owned()))
            }
            _ => None,
        };
        let state = State::from_code(&row.state).ok_or_else(|| DeskError::Damaged(format!("state {:?}", row.state)))?;
        Ok(Listed {
            id: CaseId(row.id),
            number: row.number.clone(),
            version: row.version,
            state,
            kind: row.kind.clone(),
            category: row.category.clone(),
            grade: row.grade.as_deref().and_then(Grade::from_code).unwrap_or(Grade::Normal),
            channel: row.channel.clone(),
            subject,
            unit: UnitId(row.owner_unit),
            user: row.owner_user.map(UserId),
            region: row.region.clone(),
            received_at: moment(row.received_at),
            closed_at: row.closed_at.map(moment),
            due: row.due_rule.clone().map(|rule| (rule, moment(row.due_at))),
        })
    }
}

/// How many one page of a list holds: fifty unless somebody asks, `most` at most.
///
/// # Errors
/// A fault of `limit`.
pub(crate) fn page_size(asked: usize, most: usize) -> Result<usize, Refusal> {
    match asked {
        0 => Ok(50),
        asked if asked <= most => Ok(asked),
        _ => Err(Fault::new("limit", "out_of_range").with("min", 1).with("max", most).into()),
    }
}

/// Where a page ended, as whoever asks for the next one says it.
pub(crate) fn cursor(text: &str) -> Result<Cursor, Refusal> {
    let bad = || Refusal::from(Fault::new("after", "bad_cursor"));
    let (key, id) = text.split_once('.').ok_or_else(bad)?;
    Ok(Cursor { key: key.parse().map_err(|_| bad())?, id: id.parse().map_err(|_| bad())? })
}
