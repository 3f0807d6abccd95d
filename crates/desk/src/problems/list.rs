//! Lists of problems, the last changed first.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::queries::list::{cursor, page_size};
use crate::time::moment;
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::problem::{State, number};
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{ProblemQuery, ProblemRow, Tx, people, problems, units};
use uuid::Uuid;

/// Most problems of a page.
const MOST: usize = 250;

/// Which problems.
#[derive(Clone, Debug, Default)]
pub struct ProblemFilter {
    /// In this state.
    pub state: Option<String>,
    /// Without ended ones.
    pub open_only: bool,
    /// Below this node of the category tree.
    pub category: Option<String>,
    /// In this region or below it.
    pub region: Option<String>,
    /// With a measure whose day has passed.
    pub overdue: bool,
    /// The caller's or their unit's, or with a measure of theirs under way.
    pub mine: bool,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A problem of a list.
#[derive(Clone, Debug)]
pub struct ProblemLine {
    /// Identity.
    pub id: Uuid,
    /// What people call it by.
    pub number: String,
    /// Version.
    pub version: i64,
    /// Where it stands.
    pub state: String,
    /// One line.
    pub title: String,
    /// Node of the category tree.
    pub category: String,
    /// Region; empty for everywhere.
    pub area: String,
    /// Unit that answers for it, with its name.
    pub unit: (Uuid, String),
    /// Person who does, with their name.
    pub user: Option<(Uuid, String)>,
    /// Earliest day of a measure that is not done.
    pub due: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// When it was named.
    pub opened_at: Timestamp,
    /// When something last happened.
    pub changed_at: Timestamp,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ProblemPage {
    /// The problems.
    pub items: Vec<ProblemLine>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Desk {
    /// Lists the problems the caller may see.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense.
    pub async fn problems(&self, caller: &Caller, filter: &ProblemFilter) -> Result<ProblemPage, DeskError> {
        permissions::READ_PROBLEMS.require(caller)?;
        let limit = page_size(filter.limit, MOST)?;
        let area = caller.actor.area.clone();
        if let Some(region) = filter.region.as_deref()
            && !area.covers(region)
        {
            return Err(Refusal::from(Fault::new("region", "outside_area").with("area", area.code())).into());
        }
        let today = self.zone().to_datetime(self.time().now()).date();
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let state = filter.state.as_deref().filter(|code| State::CODES.contains(code));
        let query = ProblemQuery {
            area: filter.region.clone().unwrap_or_else(|| area.code().to_owned()),
            state: state.unwrap_or_default().to_owned(),
            open_only: filter.open_only,
            category: filter.category.clone().unwrap_or_default(),
            due_before: if filter.overdue { today.to_string() } else { String::new() },
            of: filter.mine.then(|| (caller.actor.unit.0, caller.actor.user().map(|user| user.0))),
            after: after.map(|cursor| (cursor.key, cursor.id)),
            limit: limit + 1,
        };
        self.db()
            .read(move |tx| {
                let mut rows = problems::list(tx, &query)?;
                let more = rows.len() > limit;
                rows.truncate(limit);
                let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.changed_at, row.id));
                let mut items = Vec::with_capacity(rows.len());
                for row in rows {
                    items.push(line(tx, row, today)?);
                }
                Ok::<_, DeskError>(ProblemPage { items, next })
            })
            .await
    }
}

/// What people call the problem of a row by.
fn number_of(row: &ProblemRow) -> String {
    if row.number.is_empty() { number::of_identity(row.id) } else { row.number.clone() }
}

/// A row with the names of who answers for it.
pub(super) fn line(tx: &mut Tx<'_>, row: ProblemRow, today: Date) -> Result<ProblemLine, DeskError> {
    let unit = units::unit(tx, row.owner_unit)?.map(|unit| unit.name).unwrap_or_default();
    let user = match row.owner_user {
        Some(user) => people::user(tx, user)?.map(|found| (user, found.name)),
        None => None,
    };
    let due: Option<Date> = match row.due.as_str() {
        problems::NO_DAY => None,
        day => Some(day.parse().map_err(|_| DeskError::Damaged(format!("day {day:?}")))?),
    };
    Ok(ProblemLine {
        number: number_of(&row),
        id: row.id,
        version: row.version,
        state: row.state,
        title: row.title,
        category: row.category,
        area: row.area,
        unit: (row.owner_unit, unit),
        user,
        overdue: due.is_some_and(|due| today > due),
        due,
        opened_at: moment(row.opened_at),
        changed_at: moment(row.changed_at),
    })
}
