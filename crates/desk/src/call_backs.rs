//! Calls to customers beside their cases, those that were promised and those that ask how satisfied they are: written with
//! each entry, so that whoever has to call finds them, and the list of them with what a caller needs to know.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::case::CaseView;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::case::survey::Call;
use domain::case::{Case, Promised};
use domain::event::ContactOutcome;
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId};
use domain::refusal::{Refusal, RefusalKind};
use jiff::{SignedDuration, Timestamp};
use policy::Stack;
use store::{CallBackRow, CallBacksAsked, OrderCursor, Tx, Whose, call_backs};
use uuid::Uuid;

/// Most call-backs of one page.
pub const MOST: usize = 50;
/// Pages looked through for one page, where most lie elsewhere.
const MOST_PAGES: usize = 40;

/// Number of the call that asks how satisfied a customer is: it is no promise, and a case has one.
const SURVEY: i64 = -1;
/// Who was asked so long ago is not called about it any more.
const SURVEY_LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The call-backs of a case before an entry.
pub(crate) struct Before(Vec<CallBackRow>);

impl Before {
    /// Before the first entry.
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn of(case: &Case) -> Self {
        Self(rows(case))
    }
}

fn rows(case: &Case) -> Vec<CallBackRow> {
    let calls = case.promises.iter().filter(|promise| promise.call_back);
    let promised = calls.map(|call| CallBackRow {
        case: case.id.0,
        n: i64::from(call.id),
        open: case.state.is_open() && call.is_open(),
        due_at: stored(call.due_at),
        next_at: stored(call.next_at.unwrap_or(call.due_at)),
    });
    let survey = case.survey_call().map(|call| CallBackRow {
        case: case.id.0,
        n: SURVEY,
        open: call.open,
        due_at: stored(call.due_at),
        next_at: stored(call.next_at),
    });
    survey.into_iter().chain(promised).collect()
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

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// It was promised.
    Promise,
    /// It asks how satisfied the customer is.
    Survey,
}

impl For {
    /// Every one.
    pub const CODES: &[&str] = &["promise", "survey"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Promise => "promise",
            Self::Survey => "survey",
        }
    }

    /// The one of a stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Promise, Self::Survey].into_iter().find(|one| one.code() == code)
    }
}

/// Which call-backs to list.
#[derive(Clone, Debug, Default)]
pub struct CallBackFilter {
    /// Those of cases of this unit; of the caller's own if neither is named.
    pub unit: Option<UnitId>,
    /// Those of cases the caller holds. Nobody who holds a case asks its customer how satisfied they are.
    pub mine: bool,
    /// Only those for this.
    pub of: Option<For>,
    /// Only those whose moment has passed.
    pub overdue: bool,
    /// At most so many; 0 means 25.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// The call itself.
#[derive(Clone, Debug)]
pub enum What {
    /// One that was promised.
    Promised(Promised),
    /// One that asks how satisfied the customer is.
    Survey(Call),
}

/// A call-back in a list.
#[derive(Clone, Debug)]
pub struct CallBackListed {
    /// Its case, masked.
    pub view: CaseView,
    /// The call.
    pub what: What,
    /// Whether it should have been made by now.
    pub late: bool,
    /// What is left today of the hours in which this customer may be called; nothing where no rule says.
    pub hours: Option<Vec<(Timestamp, Timestamp)>>,
    /// When another try would lie within the hours, on another day.
    pub another_day: Option<Timestamp>,
}

impl CallBackListed {
    /// The promise, where it was one.
    #[must_use]
    pub fn promise(&self) -> Option<&Promised> {
        match &self.what {
            What::Promised(promise) => Some(promise),
            What::Survey(_) => None,
        }
    }

    /// What it is for.
    #[must_use]
    pub fn of(&self) -> For {
        match self.what {
            What::Promised(_) => For::Promise,
            What::Survey(_) => For::Survey,
        }
    }

    /// By when it is to be made.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        match &self.what {
            What::Promised(promise) => promise.due_at,
            What::Survey(call) => call.due_at,
        }
    }

    /// When it is to be tried next, where that is another moment.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        match &self.what {
            What::Promised(promise) => promise.next_at,
            What::Survey(call) => Some(call.next_at).filter(|next| *next != call.due_at),
        }
    }

    /// The tries so far, oldest first, with what came of each.
    #[must_use]
    pub fn tries(&self) -> Vec<(Timestamp, ContactOutcome)> {
        let case = &self.view.case;
        match &self.what {
            What::Promised(promise) => {
                let of_it = case.contacts.iter().filter(|one| one.promise == Some(promise.id));
                of_it.map(|one| (one.at, one.outcome)).collect()
            }
            What::Survey(_) => {
                let of_it = case.call_backs.iter().filter(|one| one.round == case.round);
                of_it.map(|one| (one.at, one.outcome)).collect()
            }
        }
    }

    fn with(view: CaseView, what: What, rules: &Stack, now: Timestamp) -> Self {
        let hours = rules.contact_hours(&view.case.record.region);
        let another_day = hours.and_then(|(hours, calendar)| hours.another_day(now, calendar));
        let hours = hours.map(|(hours, calendar)| hours.left(now, calendar));
        let late = match &what {
            What::Promised(promise) => promise.is_late(now),
            What::Survey(call) => call.is_late(now),
        };
        Self { view, what, late, hours, another_day }
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
    /// Open call-backs of cases a unit has, or the caller holds, in the caller's area. Those that ask how satisfied a customer
    /// is are left out for whoever handled the case.
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
        let of = if filter.mine { Some(For::Promise) } else { filter.of };
        if filter.mine && filter.of == Some(For::Survey) {
            return Ok(CallBackPage { items: Vec::new(), next: None });
        }
        let asked = CallBacksAsked {
            due_before: if filter.overdue { stored(now) } else { i64::MAX },
            promised: of != Some(For::Survey),
            surveys: of != Some(For::Promise),
            ..everything(caller, now)
        };
        let actor = caller.actor.clone();
        let read = move |tx: &mut Tx<'_>| there(tx, &actor, (whose, asked), after, limit);
        let Looked { rows, more, stopped } = self.db().read(read).await?;
        let more = more || rows.len() > limit;
        let next = rows.get(limit - 1).filter(|_| more).map(place).or(stopped).map(written);
        let mut items = Vec::new();
        for row in rows.into_iter().take(limit) {
            let view = match self.case(caller, &CaseRef::Id(CaseId(row.case))).await {
                // It moved between the two looks.
                Err(DeskError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => continue,
                other => other?,
            };
            let what = if row.n == SURVEY {
                // Whoever handled it asks nobody how it went.
                let id = caller.actor.id;
                let handled = view.case.handled_by(id) || view.case.excluded().contains(&id);
                view.case.survey_call().filter(|call| call.open && !handled).map(What::Survey)
            } else {
                let promise = view.case.open_promises().find(|one| i64::from(one.id) == row.n).cloned();
                promise.map(What::Promised)
            };
            let Some(what) = what else { continue };
            let rules = self.library().rules_of(&view.case)?;
            items.push(CallBackListed::with(view, what, &rules, now));
        }
        Ok(CallBackPage { items, next })
    }

    /// How many call-backs the list has that somebody sees who asks for none in particular, up to a number. What they
    /// handled without holding it is in it: only the whole log of each case tells, and this is asked with every page.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_call_backs(&self, caller: &Caller, most: usize) -> Result<usize, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let asked = everything(caller, self.time().now());
        let (actor, whose) = (caller.actor.clone(), Whose::Unit(caller.actor.unit.0));
        let looked = self.db().read(move |tx| there(tx, &actor, (whose, asked), None, most)).await?;
        Ok(looked.rows.len().min(most))
    }
}

/// Every call somebody may have to make.
fn everything(caller: &Caller, now: Timestamp) -> CallBacksAsked {
    CallBacksAsked {
        due_before: i64::MAX,
        promised: true,
        surveys: true,
        surveys_since: now.checked_sub(SURVEY_LASTS).map_or(i64::MIN, stored),
        surveys_by: caller.actor.user().map_or(Uuid::nil(), |user| user.0),
    }
}

/// What was found for a page.
struct Looked {
    /// Those that are there for whoever asks; perhaps more than a page.
    rows: Vec<CallBackRow>,
    /// Whether there may be more.
    more: bool,
    /// Where it was left off, when that is not behind the last of them.
    stopped: Option<OrderCursor>,
}

/// Looks for a page of call-backs. What lies elsewhere is passed over here, so that neither a page nor where it ends tells
/// of it.
fn there(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (whose, asked): (Whose, CallBacksAsked),
    mut after: Option<OrderCursor>,
    limit: usize,
) -> Result<Looked, DeskError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut seen = Vec::new();
    let hidden = load::hidden(tx, actor)?;
    for _ in 0..MOST_PAGES {
        let rows = call_backs::list(tx, whose, asked, after, most)?;
        let full = rows.len() >= limit;
        after = rows.last().map(|(row, _)| place(row)).or(after);
        let there = |(row, region): &(CallBackRow, String)| actor.area.covers(region) && !hidden.contains(&row.case);
        seen.extend(rows.into_iter().filter(there).map(|(row, _)| row));
        if !full || seen.len() >= limit {
            return Ok(Looked { rows: seen, more: full, stopped: None });
        }
    }
    // Much that lies elsewhere: the page ends here, and the next goes on behind it.
    Ok(Looked { rows: seen, more: true, stopped: after })
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
