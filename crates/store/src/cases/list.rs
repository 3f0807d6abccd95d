//! Lists of cases: one index drives, the rest filters, and no page ever looks at more candidates than [`most`] says.
//!
//! A page may therefore be short; its `next` then continues after the last candidate looked at, so that even a filter
//! that matches one case in a million answers each request at once.

use super::{CaseRow, read};
use crate::row::Param;
use crate::{StoreError, Tx};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most candidates one page looks at. By time left they are judged by the index alone, and so many cost less than the
/// rows of a full page; newest first each is a row read.
fn most(sort: Sort) -> i64 {
    match sort {
        Sort::Due => 5_000,
        Sort::ReceivedNewest => 2_000,
    }
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Open cases, the clock due first comes first.
    #[default]
    Due,
    /// Newest receipt first.
    ReceivedNewest,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Value of the sorted column.
    pub key: i64,
    /// Identity of the case.
    pub id: Uuid,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Area the caller may see: a prefix of the region; empty for everywhere.
    pub scope: String,
    /// Whoever asks, for whom cases about themselves are not there.
    pub reader: Option<String>,
    /// Any of these states; empty for all.
    pub states: Vec<String>,
    /// Grade.
    pub grade: Option<String>,
    /// Prefix of the category's code.
    pub category: Option<String>,
    /// Holder.
    pub owner_user: Option<Uuid>,
    /// Any of these holders; empty for all.
    pub holders: Vec<Uuid>,
    /// Holding unit.
    pub owner_unit: Option<Uuid>,
    /// Prefix of the region.
    pub region: Option<String>,
    /// Any of these persons; `Some` of nothing matches nothing.
    pub persons: Option<Vec<Uuid>>,
    /// Any of these categories, leaves; `Some` of nothing matches nothing.
    pub categories: Option<Vec<String>>,
    /// First received from here on.
    pub received_from: Option<i64>,
    /// First received before.
    pub received_before: Option<i64>,
    /// A clock due here or later.
    pub due_from: Option<i64>,
    /// A clock due before.
    pub due_before: Option<i64>,
    /// Brought by another body, and the customer has no answer yet.
    pub escalated: bool,
    /// Number of another body.
    pub external: Option<String>,
    /// In this incident.
    pub incident: Option<Uuid>,
    /// Without ended cases; [`Sort::Due`] implies it.
    pub open_only: bool,
    /// Order.
    pub sort: Sort,
    /// Most rows.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<Cursor>,
}

/// A case in a list, with its person's wrapped key for opening the subject.
#[derive(Clone, Debug)]
pub struct ListedRow {
    /// The case.
    pub row: CaseRow,
    /// The person's wrapped key.
    pub wrapped_key: Option<Vec<u8>>,
}

/// A page.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The cases.
    pub rows: Vec<ListedRow>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// Longest category code that names a leaf and so can drive by equality.
const LEAF: usize = 4;

/// A condition on a column of the case with its values; `@` stands for each of them until its place in the statement is
/// known.
struct Clause<'a> {
    column: &'static str,
    text: String,
    values: Vec<Param<'a>>,
}

impl<'a> Clause<'a> {
    /// What follows the column, without a value of its own.
    fn plain(column: &'static str, rest: &str) -> Self {
        Self { column, text: format!("c.{column} {rest}"), values: Vec::new() }
    }

    /// What follows the column, with one value.
    fn with(column: &'static str, rest: &str, value: impl Into<Param<'a>>) -> Self {
        Self { values: vec![value.into()], ..Self::plain(column, rest) }
    }

    fn is(column: &'static str, value: impl Into<Param<'a>>) -> Self {
        Self::with(column, "= @", value)
    }

    fn any(column: &'static str, values: Vec<Param<'a>>) -> Self {
        let marks = vec!["@"; values.len()].join(", ");
        Self { values, ..Self::plain(column, &format!("IN ({marks})")) }
    }

    fn starts_with(column: &'static str, prefix: &'a str) -> Self {
        let text = format!("substr(c.{column}, 1, {}) = @", prefix.chars().count());
        Self { column, text, values: vec![prefix.into()] }
    }
}

/// Joins conditions and gives their values the next numbers.
fn conditions<'a>(clauses: Vec<Clause<'a>>, values: &mut Vec<Param<'a>>) -> String {
    let mut text = String::new();
    for clause in clauses {
        text.push_str(if text.is_empty() { " WHERE " } else { " AND " });
        let mut given = clause.values.into_iter();
        for letter in clause.text.chars() {
            if letter == '@' {
                values.extend(given.next());
                text.push('?');
                text.push_str(&values.len().to_string());
            } else {
                text.push(letter);
            }
        }
    }
    text
}

/// Whether a filter names a list that is empty.
fn matches_nothing(query: &ListQuery) -> bool {
    query.persons.as_ref().is_some_and(Vec::is_empty) || query.categories.as_ref().is_some_and(Vec::is_empty)
}

/// Lists cases.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, query: &ListQuery) -> Result<ListPage, StoreError> {
    if matches_nothing(query) {
        return Ok(ListPage { rows: Vec::new(), next: None });
    }
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let Composed { page, probe, values, inner, .. } = compose(query, limit);
    let rows = tx.query(&page, &values, |row| Ok(ListedRow { row: read(row)?, wrapped_key: row.opt_blob(26)? }))?;
    let next = if rows.len() >= query.limit {
        rows.last().map(|last| cursor(&last.row, query.sort))
    } else {
        // A short page: perhaps the end, perhaps the most that may be looked at.
        let values = values.get(..inner).unwrap_or_default();
        tx.query_opt(&probe, values, |row| Ok(Cursor { key: row.int(0)?, id: row.uuid(1)? }))?
    };
    Ok(ListPage { rows, next })
}

/// How many cases a list has, counted no further than `query.limit` says and no further than a page looks.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, query: &ListQuery) -> Result<i64, StoreError> {
    if matches_nothing(query) {
        return Ok(0);
    }
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let Composed { count, values, .. } = compose(query, limit);
    tx.query_one(&count, &values, |row| row.int(0))
}

fn cursor(row: &CaseRow, sort: Sort) -> Cursor {
    let key = match sort {
        Sort::Due => row.due_at,
        Sort::ReceivedNewest => row.received_at,
    };
    Cursor { key, id: row.id }
}

/// Statements for one query.
struct Composed<'a> {
    /// Gives the page.
    page: String,
    /// Gives the last candidate a full scan looked at; uses only the first `inner` values.
    probe: String,
    /// Counts the candidates that match, up to the limit.
    count: String,
    values: Vec<Param<'a>>,
    inner: usize,
}

fn compose(query: &ListQuery, limit: i64) -> Composed<'_> {
    let (key, direction, past) = match query.sort {
        Sort::Due => ("due_at", "", ">"),
        Sort::ReceivedNewest => ("received_at", " DESC", "<"),
    };
    let by_due = query.sort == Sort::Due;
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    if by_due {
        inner.push(Clause::plain("open", "= 1"));
    } else if query.open_only {
        outer.push(Clause::plain("open", "= 1"));
    }
    filters(query, by_due, &mut inner, &mut outer);
    if let Some(after) = &query.after {
        inner.push(Clause {
            column: key,
            text: format!("(c.{key}, c.id) {past} (@, @)"),
            values: vec![after.key.into(), (&after.id).into()],
        });
    }
    // No clock is no moment, however late.
    let due_before = query.due_before.or(query.due_from.map(|_| i64::MAX));
    let bounds = [
        ("due_at", ">= @", query.due_from),
        ("due_at", "< @", due_before),
        ("received_at", ">= @", query.received_from),
        ("received_at", "< @", query.received_before),
    ];
    for (column, rest, bound) in bounds {
        // A bound of the order ends the scan; any other filters.
        let clauses = if column == key { &mut inner } else { &mut outer };
        clauses.extend(bound.map(|bound| Clause::with(column, rest, bound)));
    }
    // What candidates are judged by stands in the index that drives, but for the receipt; only those that match are read
    // as rows.
    let asked: BTreeSet<&str> = outer.iter().map(|clause| clause.column).collect();
    let judged: String =
        asked.iter().filter(|column| ![key, "id"].contains(column)).map(|one| format!(", c.{one}")).collect();
    let mut values = Vec::new();
    let order = format!("ORDER BY c.{key}{direction}, c.id{direction}");
    let candidates = format!("FROM cases c{} {order}", conditions(inner, &mut values));
    let scanned = values.len();
    let filters = conditions(outer, &mut values);
    values.push(limit.into());
    let limit = values.len();
    let most = most(query.sort);
    let found = order.replace("c.", "k.");
    let matching = format!(
        "(SELECT c.{key}, c.id FROM (SELECT c.{key}, c.id{judged} {candidates} LIMIT {most}) c{filters} {order} \
         LIMIT ?{limit}) k"
    );
    let count = format!("SELECT count(*) FROM {matching}");
    let page = format!(
        "SELECT c.id, c.number, c.version, c.state, c.kind, c.category, c.grade, c.channel, c.person, c.text_key, \
         c.subject, c.owner_unit, c.owner_user, c.first_owner, c.region, c.province, c.received_at, c.registered_at, \
         c.changed_at, c.closed_at, c.due_at, c.due_rule, c.open, c.alarm_at, \
         c.last_due_at, c.about, p.wrapped_key \
         FROM {matching} JOIN cases c ON c.id = k.id LEFT JOIN persons p ON p.id = c.person {found}"
    );
    let probe = format!("SELECT c.{key}, c.id {candidates} LIMIT 1 OFFSET {}", most - 1);
    Composed { page, probe, count, values, inner: scanned }
}

/// Lets the most telling filter drive and the others follow. Every index by time left holds what may be asked besides it;
/// the holder only those of unit and person, which therefore come first: a case that changes hands costs the others no
/// write.
fn filters<'a>(query: &'a ListQuery, by_due: bool, inner: &mut Vec<Clause<'a>>, outer: &mut Vec<Clause<'a>>) {
    let leaf = query.category.as_ref().filter(|category| category.len() >= LEAF);
    let mut equal: Vec<Clause<'a>> = Vec::new();
    if let Some(user) = &query.owner_user {
        equal.push(Clause::is("owner_user", user));
    }
    if !query.holders.is_empty() {
        equal.push(Clause::any("owner_user", query.holders.iter().map(Param::from).collect()));
    }
    if let Some(unit) = &query.owner_unit {
        equal.push(Clause::is("owner_unit", unit));
    }
    if let [state] = query.states.as_slice() {
        equal.push(Clause::is("state", state));
    }
    if let Some(category) = leaf {
        equal.push(Clause::is("category", category));
    }
    if let Some(categories) = &query.categories {
        equal.push(Clause::any("category", categories.iter().map(Param::from).collect()));
    }
    for region in [Some(&query.scope), query.region.as_ref()].into_iter().flatten() {
        if let Some(province) = region.get(..2) {
            equal.push(Clause::is("province", province));
        }
        // A part of a country, such as `IE-D`, is not the beginning of another.
        if region.contains('-') {
            outer.push(Clause::is("region", region));
        } else if region.len() > 2 {
            outer.push(Clause::starts_with("region", region));
        }
    }
    if let Some(reader) = &query.reader {
        outer.push(Clause::with("id", "NOT IN (SELECT id FROM cases WHERE about = @)", reader));
    }
    if let Some(grade) = &query.grade {
        equal.push(Clause::is("grade", grade));
    }
    // Few rows by themselves: these drive under any order.
    let narrow = query.persons.is_some() || query.external.is_some() || query.incident.is_some() || query.escalated;
    if query.escalated {
        // As the index of these says it, word by word.
        inner.push(Clause::plain("kind", "= 'appeal'"));
        outer.push(Clause::plain("state", "<> 'awaiting_customer'"));
    }
    if let Some(persons) = &query.persons {
        inner.push(Clause::any("person", persons.iter().map(Param::from).collect()));
    }
    if let Some(external) = &query.external {
        let rest = "IN (SELECT case_id FROM case_externals WHERE number = @)";
        inner.push(Clause::with("id", rest, external));
    }
    if let Some(incident) = &query.incident {
        let rest = "IN (SELECT case_id FROM incident_cases WHERE incident = @ AND standing <> 'left')";
        inner.push(Clause::with("id", rest, incident));
    }
    // Equality on a column indexed together with time left: the first drives, the rest filter.
    let mut equal = equal.into_iter();
    if by_due && !narrow {
        inner.extend(equal.next());
    }
    outer.extend(equal);
    if let (Some(category), None) = (&query.category, leaf) {
        outer.push(Clause::starts_with("category", category));
    }
    if query.states.len() > 1 {
        outer.push(Clause::any("state", query.states.iter().map(Param::from).collect()));
    }
}

/// The statements of a query as text, for the test that prepares them.
#[cfg(feature = "testing")]
pub(crate) fn variants(query: &ListQuery) -> [String; 3] {
    let composed = compose(query, 50);
    [composed.page, composed.probe, composed.count]
}

/// How SQLite would run a query, line by line.
#[cfg(feature = "testing")]
pub(crate) fn plan(tx: &mut Tx<'_>, query: &ListQuery) -> Result<Vec<String>, StoreError> {
    let composed = compose(query, 50);
    tx.query(&format!("EXPLAIN QUERY PLAN {}", composed.page), &composed.values, |row| row.text(3))
}
