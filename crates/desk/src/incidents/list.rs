//! Lists of incidents, the last changed first.

use super::members::STANDINGS;
use super::sees;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::list::cursor;
use crate::time::moment;
use crate::{Desk, permissions};
use domain::actor::{Actor, AreaScope};
use domain::fault::Fault;
use domain::incident::State;
use domain::refusal::Refusal;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{IncidentQuery, IncidentRow, Tx, incidents};
use uuid::Uuid;

/// Most incidents of a page.
const MOST: usize = 250;

/// Which incidents.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// In this state.
    pub state: Option<String>,
    /// Without ended ones.
    pub open_only: bool,
    /// About this product line.
    pub product: Option<String>,
    /// In this region or below it.
    pub region: Option<String>,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// An incident of a list.
#[derive(Clone, Debug)]
pub struct IncidentLine {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// Version.
    pub version: i64,
    /// Where it stands.
    pub state: String,
    /// One line.
    pub title: String,
    /// Product line; none for all.
    pub product: Option<String>,
    /// Region; empty for everywhere.
    pub area: String,
    /// When the trouble began.
    pub started_at: Timestamp,
    /// When it ended.
    pub restored_at: Option<Timestamp>,
    /// When something last happened.
    pub changed_at: Timestamp,
    /// Cases of it the caller may see, by how they stand.
    pub cases: BTreeMap<&'static str, i64>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct IncidentPage {
    /// The incidents.
    pub items: Vec<IncidentLine>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// How many cases of an area stand how in an incident; every standing has a number.
pub(super) fn counted(
    tx: &mut Tx<'_>,
    incident: Uuid,
    area: &AreaScope,
    reader: &str,
) -> Result<BTreeMap<&'static str, i64>, DeskError> {
    let found = incidents::counts(tx, incident, area.code(), reader)?;
    let count = |standing: &str| found.iter().find(|(known, _)| known == standing).map_or(0, |(_, count)| *count);
    Ok(STANDINGS.into_iter().map(|standing| (standing, count(standing))).collect())
}

fn line(tx: &mut Tx<'_>, row: IncidentRow, actor: &Actor) -> Result<IncidentLine, DeskError> {
    Ok(IncidentLine {
        cases: counted(tx, row.id, &actor.area, &load::reader(actor).unwrap_or_default())?,
        id: row.id,
        number: row.number,
        version: row.version,
        state: row.state,
        title: row.title,
        product: Some(row.product).filter(|product| !product.is_empty()),
        area: row.area,
        started_at: moment(row.started_at),
        restored_at: row.restored_at.map(moment),
        changed_at: moment(row.changed_at),
    })
}

impl Desk {
    /// Lists the incidents the caller may see.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense.
    pub async fn incidents(&self, caller: &Caller, filter: &IncidentFilter) -> Result<IncidentPage, DeskError> {
        permissions::READ_INCIDENTS.require(caller)?;
        let limit = match filter.limit {
            0 => 50,
            limit if limit <= MOST => limit,
            _ => {
                let fault = Fault::new("limit", "out_of_range").with("min", 1).with("max", MOST);
                return Err(Refusal::from(fault).into());
            }
        };
        let actor = caller.actor.clone();
        if let Some(region) = filter.region.as_deref()
            && !actor.area.covers(region)
        {
            let fault = Fault::new("region", "outside_area").with("area", actor.area.code());
            return Err(Refusal::from(fault).into());
        }
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let state = filter.state.as_deref().filter(|code| State::CODES.contains(code));
        // What is about a larger area than the caller's is theirs too, so its code does not narrow the search.
        let query = IncidentQuery {
            area: filter.region.clone().unwrap_or_default(),
            around: actor.area.code().to_owned(),
            state: state.unwrap_or_default().to_owned(),
            open_only: filter.open_only,
            product: filter.product.clone().unwrap_or_default(),
            after: after.map(|cursor| (cursor.key, cursor.id)),
            limit: limit + 1,
        };
        self.db()
            .read(move |tx| {
                // What is not theirs is passed over before the page ends, so that its end names nothing unseen.
                let (mut query, mut seen) = (query, Vec::new());
                loop {
                    let rows = incidents::list(tx, &query)?;
                    let all = rows.len() < query.limit;
                    query.after = rows.last().map(|row| (row.changed_at, row.id));
                    seen.extend(rows.into_iter().filter(|row| sees(&actor.area, &row.area)));
                    if all || seen.len() > limit {
                        break;
                    }
                }
                let more = seen.len() > limit;
                seen.truncate(limit);
                let next = seen.last().filter(|_| more).map(|row| format!("{}.{}", row.changed_at, row.id));
                let mut items = Vec::with_capacity(seen.len());
                for row in seen {
                    items.push(line(tx, row, &actor)?);
                }
                Ok::<_, DeskError>(IncidentPage { items, next })
            })
            .await
    }

    /// Incidents that have not ended, for choosing one: identity, number and title.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open_incidents(&self, caller: &Caller) -> Result<Vec<(Uuid, String, String)>, DeskError> {
        if !permissions::READ_INCIDENTS.allows(caller) {
            return Ok(Vec::new());
        }
        let area = caller.actor.area.clone();
        let around = area.code().to_owned();
        let query = IncidentQuery { open_only: true, around, limit: MOST, ..IncidentQuery::default() };
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(incidents::list(tx, &query)?)).await?;
        let seen = rows.into_iter().filter(|row| sees(&area, &row.area));
        Ok(seen.map(|row| (row.id, row.number, row.title)).collect())
    }

    /// The incidents a case is or was in, of those the caller may see, each with how the case stands in it.
    ///
    /// # Errors
    /// `not_found` when there is no such case for the caller.
    pub async fn incidents_of(
        &self,
        caller: &Caller,
        case: &CaseRef,
    ) -> Result<Vec<(IncidentLine, &'static str)>, DeskError> {
        if !permissions::READ_INCIDENTS.allows(caller) {
            return Ok(Vec::new());
        }
        let (case, actor) = (case.clone(), caller.actor.clone());
        self.db()
            .read(move |tx| {
                let (row, _) = load::find_for(tx, &case, &actor)?;
                let mut found = Vec::new();
                for member in incidents::of_case(tx, row.id)? {
                    let incident = incidents::get(tx, member.incident)?.filter(|row| sees(&actor.area, &row.area));
                    let standing = STANDINGS.into_iter().find(|standing| *standing == member.standing);
                    if let Some((incident, standing)) = incident.zip(standing) {
                        found.push((line(tx, incident, &actor)?, standing));
                    }
                }
                Ok::<_, DeskError>(found)
            })
            .await
    }
}
