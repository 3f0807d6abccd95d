//! Promised call-backs beside their cases: written with each entry, so that whoever has to call finds them, and the list
//! of them with what a caller needs to know.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::case::CaseView;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::case::{Case, Contact, Promised};
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId};
use domain::refusal::{Refusal, RefusalKind};
use jiff::Timestamp;
use policy::Stack;
use store::{CallBackRow, OrderCursor, Tx, Whose, call_backs};
use uuid::Uuid;

/// Most call-backs of one page.
pub const MOST: usize = 50;
/// Pages looked through for one page, where most lie elsewhere.
const MOST_PAGES: usize = 40;

/// The call-backs of a case before an entry.
pub(crate) struct Before(Vec<CallBackRow>);

impl Before {
    pub(crate) fn of(case: &Case) -> Self {
        Self(rows(case))
    }
}

fn rows(case: &Case) -> Vec<CallBackRow> {
    let calls = case.promises.iter().filter(|promise| promise.call_back);
    calls
        .map(|call| CallBackRow {
            case: case.id.0,
            n: i64::from(call.id),
            open: case.state.is_open() && call.is_open(),
            due_at: stored(call.due_at),
            next_at: stored(call.next_at.unwrap_or(call.due_at)),
        })
        .collect()
}

/// The rows an entry changed.
pub(crate) fn changes(case: &Case, before: &Before) -> Vec<CallBackRow> {
    let mut rows = rows(case);
    rows.retain(|row| !before.0.contains(row));
    rows
}

/// Writes what an entry changed.
pub(crate) fn write(tx: &mut Tx<'_>, case: &Case, before: &Before) -> Result<(), DeskError> {
    for row in changes(case, before) {
        call_backs::put(tx, &row)?;
    }
    Ok(())
}

/// Which call-backs to list.
#[derive(Clone, Debug, Default)]
pub struct CallBackFilter {
    /// Those of cases of this unit; of the caller's own if neither is named.
    pub unit: Option<UnitId>,
    /// Those of cases the caller holds.
    pub mine: bool,
    /// Only those whose moment has passed.
    pub overdue: bool,
    /// At most so many; 0 means 25.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A call-back in a list.
#[derive(Clone, Debug)]
pub struct CallBackListed {
    /// Its case, masked.
    pub view: CaseView,
    /// The promise.
    pub promise: Promised,
    /// What is left today of the hours in which this customer may be called; nothing where no rule says.
    pub hours: Option<Vec<(Timestamp, Timestamp)>>,
    /// When another try would lie within the hours, on another day.
    pub another_day: Option<Timestamp>,
}

impl CallBackListed {
    /// The tries so far, oldest first.
    pub fn tries(&self) -> impl Iterator<Item = &Contact> {
        self.view.case.contacts.iter().filter(|one| one.promise == Some(self.promise.id))
    }

    fn of(view: CaseView, promise: Promised, rules: &Stack, now: Timestamp) -> Self {
        let hours = rules.contact_hours(&view.case.record.region);
        let another_day = hours.and_then(|(hours, calendar)| hours.another_day(now, calendar));
        let hours = hours.map(|(hours, calendar)| hours.left(now, calendar));
        Self { view, promise, hours, another_day }
    }
}

/// A page of call-backs.
#[derive(Clone, Debug)]
pub struct CallBackPage {
    /// The call-backs, the one to be tried first first.
    pub items: Vec<CallBackListed>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Desk {
    /// Open call-backs of cases a unit has, or the caller holds, in the caller's area.
    ///
    /// # Errors
    /// If the caller may see no cases, or names a cursor that is none.
    pub async fn call_backs(&self, caller: &Caller, filter: CallBackFilter) -> Result<CallBackPage, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let limit = if filter.limit == 0 { 25 } else { filter.limit.min(MOST) };
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let whose = match (filter.mine, caller.actor.user()) {
            (true, Some(user)) => Whose::User(user.0),
            // A programme holds no case.
            (true, None) => return Ok(CallBackPage { items: Vec::new(), next: None }),
            (false, _) => Whose::Unit(filter.unit.unwrap_or(caller.actor.unit).0),
        };
        let now = self.time().now();
        let due_before = if filter.overdue { stored(now) } else { i64::MAX };
        let actor = caller.actor.clone();
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = move |tx: &mut Tx<'_>| {
            let (mut seen, mut after) = (Vec::new(), after);
            let hidden = load::hidden(tx, &actor)?;
            // What lies elsewhere is passed over here, so that neither a page nor where it ends tells of it.
            for _ in 0..MOST_PAGES {
                let rows = call_backs::list(tx, whose, due_before, after, most)?;
                let full = rows.len() >= limit;
                after = rows.last().map(|(row, _)| place(row)).or(after);
                let there =
                    |(row, region): &(CallBackRow, String)| actor.area.covers(region) && !hidden.contains(&row.case);
                seen.extend(rows.into_iter().filter(there).map(|(row, _)| row));
                if !full || seen.len() >= limit {
                    return Ok::<_, DeskError>((seen, full, None));
                }
            }
            // Much that lies elsewhere: the page ends here, and the next goes on behind it.
            Ok((seen, true, after))
        };
        let (rows, more, stopped) = self.db().read(read).await?;
        let more = more || rows.len() > limit;
        let next = rows.get(limit - 1).filter(|_| more).map(place).or(stopped).map(written);
        let mut items = Vec::new();
        for row in rows.into_iter().take(limit) {
            let view = match self.case(caller, &CaseRef::Id(CaseId(row.case))).await {
                // It moved between the two looks.
                Err(DeskError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => continue,
                other => other?,
            };
            let promise = view.case.open_promises().find(|one| i64::from(one.id) == row.n).cloned();
            let Some(promise) = promise else { continue };
            let rules = self.library().rules_of(&view.case)?;
            items.push(CallBackListed::of(view, promise, &rules, now));
        }
        Ok(CallBackPage { items, next })
    }

    /// How many call-backs are open in cases the caller holds, up to a number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_call_backs(&self, caller: &Caller, most: i64) -> Result<i64, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let Some(user) = caller.actor.user() else { return Ok(0) };
        let reader = user.to_string();
        self.db().read(move |tx| Ok(call_backs::count(tx, user.0, &reader, most)?)).await
    }
}

fn place(row: &CallBackRow) -> OrderCursor {
    OrderCursor { due_at: row.next_at, case: row.case, n: row.n }
}

fn written(at: OrderCursor) -> String {
    format!("{}.{}.{}", at.due_at, at.case, at.n)
}

fn cursor(text: &str) -> Result<OrderCursor, Refusal> {
    let mut parts = text.splitn(3, '.');
    let mut read = || parts.next().unwrap_or_default().to_owned();
    let (next, case, n) = (read(), read(), read());
    match (next.parse(), Uuid::parse_str(&case), n.parse()) {
        (Ok(due_at), Ok(case), Ok(n)) => Ok(OrderCursor { due_at, case, n }),
        _ => Err(Fault::new("after", "bad_cursor").into()),
    }
}
