//! Work orders beside their cases: written with each entry, so that units find what lies with them; and who has to say
//! whose case it is.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::organisation::area::Tree;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::case::Case;
use domain::case::order::{Ownership, WorkOrder};
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use store::{OrderCursor, OrderRow, RulingRow, Tx, Whose, orders, units};
use uuid::Uuid;

/// Most orders of one page.
pub const MOST: usize = 250;
/// Pages looked through for one page of orders, where most lie elsewhere.
const MOST_PAGES: usize = 40;
/// Most rulings shown.
const MOST_RULINGS: usize = 20;
/// Most rulings looked through for them.
const MOST_LOOKED_AT: i64 = 500;

/// Kind of the row that stands for the question whose case it is; it has the number 0 and lies with the arbiter.
pub const QUESTION: &str = "ownership";

/// The row of the question whose case it is, as it was asked last.
fn question(case: &Case, asked: &Ownership, open: bool) -> OrderRow {
    OrderRow {
        case: case.id.0,
        n: 0,
        kind: QUESTION.to_owned(),
        standing: if open { "sent" } else { "done" }.to_owned(),
        open,
        unit: asked.arbiter.0,
        user: None,
        sent_at: stored(case.changed_at),
        due_at: if open { stored(asked.due_at) } else { i64::MAX },
        urged: 0,
        late: asked.late,
    }
}

/// The row of an order.
pub(crate) fn row_of(case: &Case, order: &WorkOrder) -> OrderRow {
    OrderRow {
        case: case.id.0,
        n: i64::from(order.id),
        kind: order.kind.code().to_owned(),
        standing: order.standing.code().to_owned(),
        open: order.is_open(),
        unit: order.to.unit.0,
        user: order.to.user.map(|user| user.0),
        sent_at: stored(order.sent_at),
        due_at: order.due_at().map_or(i64::MAX, stored),
        urged: i64::from(order.urged),
        late: !order.late.is_empty(),
    }
}

/// What stood in a case before an entry.
pub(crate) struct Before {
    orders: Vec<WorkOrder>,
    ownership: Option<Ownership>,
    rulings: usize,
}

impl Before {
    pub(crate) fn of(case: &Case) -> Self {
        Self { orders: case.orders.clone(), ownership: case.ownership, rulings: case.rulings.len() }
    }
}

/// What an entry changed: orders that stand otherwise than before, the question whose case it is, new rulings.
pub(crate) fn changes(case: &Case, before: &Before) -> (Vec<OrderRow>, Vec<RulingRow>) {
    let known = |order: &WorkOrder| before.orders.iter().find(|known| known.id == order.id) == Some(order);
    let mut rows: Vec<OrderRow> =
        case.orders.iter().filter(|order| !known(order)).map(|order| row_of(case, order)).collect();
    match (case.ownership, before.ownership) {
        (now, then) if now == then => {}
        (Some(open), _) => rows.push(question(case, &open, true)),
        (None, Some(asked)) => rows.push(question(case, &asked, false)),
        (None, None) => {}
    }
    let rulings = (1..).zip(&case.rulings).skip(before.rulings).map(|(n, ruling)| RulingRow {
        case: case.id.0,
        n,
        category: case.category.clone().unwrap_or_default(),
        unit: ruling.unit.0,
        at: stored(ruling.at),
    });
    (rows, rulings.collect())
}

/// Writes what an entry changed.
pub(crate) fn write(tx: &mut Tx<'_>, case: &Case, before: &Before) -> Result<(), DeskError> {
    let (rows, rulings) = changes(case, before);
    for row in &rows {
        orders::put(tx, row)?;
    }
    for ruling in &rulings {
        orders::rule(tx, ruling)?;
    }
    Ok(())
}

/// The unit that has to say whose case it is: the nearest one above all that refused.
pub(crate) fn arbiter(tx: &mut Tx<'_>, disputing: &[UnitId]) -> Result<UnitId, DeskError> {
    let rows = units::units(tx)?;
    let tree = Tree::of(&rows);
    let chains: Vec<Vec<Uuid>> =
        disputing.iter().map(|unit| tree.up_from(unit.0).map(|(id, _)| id).collect()).collect();
    let above = |unit: &&Uuid| {
        let refused = disputing.iter().any(|one| one.0 == **unit);
        !refused && chains.iter().all(|chain| chain.contains(unit))
    };
    let nearest = chains.first().and_then(|chain| chain.iter().find(above)).copied();
    // Where the root itself refused, it has to decide after all: nothing lies above it.
    let root = || rows.iter().find(|row| row.parent.is_none()).map(|row| row.id);
    let found = nearest.or_else(root).ok_or_else(|| DeskError::Damaged("there is no root unit".to_owned()))?;
    Ok(UnitId(found))
}

/// Which orders to list.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Those that lie with this unit; the caller's own if neither is named.
    pub unit: Option<UnitId>,
    /// Only those the caller has taken.
    pub mine: bool,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// An order in a list.
#[derive(Clone, Debug)]
pub struct OrderListed {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// Its category.
    pub category: Option<String>,
    /// Its grade.
    pub grade: Option<String>,
    /// Its region.
    pub region: String,
    /// Number of the order within the case.
    pub order: u32,
    /// What for: a kind of order, or [`QUESTION`] with the number 0.
    pub kind: String,
    /// Where it stands.
    pub standing: String,
    /// The unit it lies with.
    pub unit: UnitId,
    /// The person.
    pub user: Option<UserId>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The limit that comes next.
    pub due_at: Option<Timestamp>,
    /// How often somebody pressed for it.
    pub urged: i64,
    /// Whether a limit passed.
    pub late: bool,
}

/// A page of orders.
#[derive(Clone, Debug)]
pub struct OrderPage {
    /// The orders, the one due first first.
    pub items: Vec<OrderListed>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A ruling about whose cases of a kind are.
#[derive(Clone, Debug)]
pub struct RulingListed {
    /// The case it was about.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// Whose it was.
    pub unit: UnitId,
    /// When.
    pub at: Timestamp,
}

impl Desk {
    /// Open work orders of a unit, or those the caller has taken. Those of the caller's own unit are seen whatever area
    /// their cases lie in; of other units, those of cases in the caller's area.
    ///
    /// # Errors
    /// If the caller may see no cases, or names a cursor that is none.
    pub async fn orders(&self, caller: &Caller, filter: OrderFilter) -> Result<OrderPage, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let limit = if filter.limit == 0 { 50 } else { filter.limit.min(MOST) };
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let own = caller.actor.unit;
        let whose = match (filter.mine, caller.actor.user()) {
            (true, Some(user)) => Whose::User(user.0),
            _ => Whose::Unit(filter.unit.unwrap_or(own).0),
        };
        // A token works in no unit: it finds what lies in its area.
        let theirs = caller.actor.user().is_some() && (matches!(whose, Whose::User(_)) || whose == Whose::Unit(own.0));
        let actor = caller.actor.clone();
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let (seen, more) = self
            .db()
            .read(move |tx| {
                let (mut seen, mut after) = (Vec::new(), after);
                let hidden = load::hidden(tx, &actor)?;
                let there = |listed: &store::ListedOrder| {
                    (theirs || actor.area.covers(&listed.region)) && !hidden.contains(&listed.row.case)
                };
                // What lies elsewhere is passed over here, so that neither a page nor where it ends tells of it.
                for _ in 0..MOST_PAGES {
                    let rows = orders::list(tx, whose, after, most)?;
                    let full = rows.len() >= limit;
                    after = rows.last().map(|last| place(&last.row)).or(after);
                    seen.extend(rows.into_iter().filter(there));
                    if !full || seen.len() >= limit {
                        return Ok::<_, DeskError>((seen, full));
                    }
                }
                Ok((seen, false))
            })
            .await?;
        let more = more || seen.len() > limit;
        let next = seen.get(limit - 1).filter(|_| more).map(|last| written(&last.row));
        let items = seen
            .into_iter()
            .take(limit)
            .map(|listed| {
                let row = listed.row;
                OrderListed {
                    case: CaseId(row.case),
                    number: listed.number,
                    category: listed.category,
                    grade: listed.grade,
                    region: listed.region,
                    order: u32::try_from(row.n).unwrap_or_default(),
                    kind: row.kind,
                    standing: row.standing,
                    unit: UnitId(row.unit),
                    user: row.user.map(UserId),
                    sent_at: moment(row.sent_at),
                    due_at: Some(row.due_at).filter(|at| *at != i64::MAX).map(moment),
                    urged: row.urged,
                    late: row.late,
                }
            })
            .collect();
        Ok(OrderPage { items, next })
    }

    /// How it was ruled before whose cases of a category are, newest first.
    ///
    /// # Errors
    /// If the caller may see no cases, or an error of the database.
    pub async fn rulings(&self, caller: &Caller, category: &str) -> Result<Vec<RulingListed>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (actor, category) = (caller.actor.clone(), category.to_owned());
        let (rows, hidden) = self
            .db()
            .read(move |tx| {
                Ok::<_, DeskError>((orders::rulings(tx, &category, MOST_LOOKED_AT)?, load::hidden(tx, &actor)?))
            })
            .await?;
        let area = &caller.actor.area;
        let seen = rows.into_iter().filter(|one| area.covers(&one.region) && !hidden.contains(&one.row.case));
        Ok(seen
            .take(MOST_RULINGS)
            .map(|listed| RulingListed {
                case: CaseId(listed.row.case),
                number: listed.number,
                unit: UnitId(listed.row.unit),
                at: moment(listed.row.at),
            })
            .collect())
    }
}

fn place(row: &OrderRow) -> OrderCursor {
    OrderCursor { due_at: row.due_at, case: row.case, n: row.n }
}

fn written(row: &OrderRow) -> String {
    format!("{}.{}.{}", row.due_at, row.case, row.n)
}

fn cursor(text: &str) -> Result<OrderCursor, Refusal> {
    let mut parts = text.splitn(3, '.');
    let mut read = || parts.next().unwrap_or_default().to_owned();
    let (due, case, n) = (read(), read(), read());
    match (due.parse(), Uuid::parse_str(&case), n.parse()) {
        (Ok(due_at), Ok(case), Ok(n)) => Ok(OrderCursor { due_at, case, n }),
        _ => Err(Fault::new("after", "bad_cursor").into()),
    }
}
