//! Work orders beside their cases: written with each entry, so that units find what lies with them; and who has to say
//! whose case it is.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::organisation::area::Tree;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::case::Case;
use domain::case::order::{OrderKind, WorkOrder};
use domain::fault::Fault;
use domain::ids::{CaseId, UnitId, UserId};
use domain::refusal::Refusal;
use jiff::Timestamp;
use store::{OrderCursor, OrderRow, RulingRow, Tx, Whose, orders, units};
use uuid::Uuid;

/// Most orders of one page.
pub const MOST: usize = 250;
/// Most rulings shown.
const MOST_RULINGS: i64 = 20;

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

/// Writes what an entry changed: orders that stand otherwise than before, and new rulings.
pub(crate) fn write(tx: &mut Tx<'_>, case: &Case, before: &[WorkOrder], rulings: usize) -> Result<(), DeskError> {
    for order in &case.orders {
        if before.iter().find(|known| known.id == order.id) != Some(order) {
            orders::put(tx, &row_of(case, order))?;
        }
    }
    for (n, ruling) in (1..).zip(&case.rulings).skip(rulings) {
        let row = RulingRow {
            case: case.id.0,
            n,
            category: case.category.clone().unwrap_or_default(),
            region: case.record.region.clone(),
            unit: ruling.unit.0,
            at: stored(ruling.at),
        };
        orders::rule(tx, &row)?;
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
    /// What for.
    pub kind: OrderKind,
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
        let theirs = matches!(whose, Whose::User(_)) || whose == Whose::Unit(own.0);
        let area = caller.actor.area.clone();
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(orders::list(tx, whose, after, most)?)).await?;
        let next = if rows.len() < limit { None } else { rows.last().map(|last| written(&last.row)) };
        let seen = rows.into_iter().filter(|listed| theirs || area.covers(&listed.region));
        let items = seen
            .map(|listed| {
                let row = listed.row;
                let kind = OrderKind::from_code(&row.kind);
                Ok(OrderListed {
                    case: CaseId(row.case),
                    number: listed.number,
                    category: listed.category,
                    grade: listed.grade,
                    region: listed.region,
                    order: u32::try_from(row.n).unwrap_or_default(),
                    kind: kind.ok_or_else(|| DeskError::Damaged(format!("kind of order {:?}", row.kind)))?,
                    standing: row.standing,
                    unit: UnitId(row.unit),
                    user: row.user.map(UserId),
                    sent_at: moment(row.sent_at),
                    due_at: Some(row.due_at).filter(|at| *at != i64::MAX).map(moment),
                    urged: row.urged,
                    late: row.late,
                })
            })
            .collect::<Result<Vec<_>, DeskError>>()?;
        Ok(OrderPage { items, next })
    }

    /// How it was ruled before whose cases of a category are, newest first.
    ///
    /// # Errors
    /// If the caller may see no cases, or an error of the database.
    pub async fn rulings(&self, caller: &Caller, category: &str) -> Result<Vec<RulingListed>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (area, category) = (caller.actor.area.clone(), category.to_owned());
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(orders::rulings(tx, &category, MOST_RULINGS)?)).await?;
        let seen = rows.into_iter().filter(|listed| area.covers(&listed.region));
        Ok(seen
            .map(|listed| RulingListed {
                case: CaseId(listed.row.case),
                number: listed.number,
                unit: UnitId(listed.row.unit),
                at: moment(listed.row.at),
            })
            .collect())
    }
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
