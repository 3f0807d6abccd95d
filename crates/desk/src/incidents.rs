//! Mass incidents: one trouble, many cases, each of which is answered and ended for itself. One transaction a command; the
//! log of an incident is a ledger of its own, and which cases are in it stands in theirs.
//!
//! Whoever sees a part of an incident's area sees it, and of its cases those they may see anyway; whoever changes it sees
//! all of its area.

mod list;
pub(crate) mod members;
pub(crate) mod messages;
mod notify;
pub(crate) mod recipients;
mod run;
mod tell;
mod view;

pub use list::{IncidentFilter, IncidentLine, IncidentPage};
pub use members::STANDINGS;
pub use messages::{SEND, Send, WAYS};
pub use notify::KINDS;
pub use recipients::{Batch, CONSENTS, EXPORT, Export, Handed, LANGUAGES, NEW_RECIPIENTS, NewRecipients, Recipients};
pub use run::IncidentDone;
pub(crate) use run::opened;
pub use tell::{NearAsk, NearCase, NearCases, TELL, Tell};
pub use view::{IncidentLog, IncidentView};

use crate::error::DeskError;
use crate::time::{moment, stored};
use domain::actor::AreaScope;
use domain::audit::chain::Ledger;
use domain::incident::{self, Entry, Incident, Purpose, State};
use domain::refusal::Refusal;
use domain::taxonomy::region_in;
use store::{EntryRow, IncidentRow, Tx, entries, incidents};
use uuid::Uuid;

/// An incident with its log as read from the database.
struct Loaded {
    incident: Incident,
    entries: Vec<Entry>,
    last_hash: Vec<u8>,
}

/// Whether whoever sees an area sees an incident of another.
pub(crate) fn sees(area: &AreaScope, of: &str) -> bool {
    area.covers(of) || region_in(area.code(), of)
}

/// An incident's row, if the caller may see it. Not seeing is the same as not being there.
pub(crate) fn seen_row(tx: &mut Tx<'_>, id: Uuid, area: &AreaScope) -> Result<IncidentRow, DeskError> {
    let row = incidents::get(tx, id)?.filter(|row| sees(area, &row.area));
    Ok(row.ok_or_else(Refusal::not_found)?)
}

fn load(tx: &mut Tx<'_>, id: Uuid, area: &AreaScope) -> Result<Loaded, DeskError> {
    seen_row(tx, id, area)?;
    let rows = entries::of(tx, id, Ledger::Incident.code())?;
    let last_hash = rows.last().map(|row| row.hash.clone()).unwrap_or_default();
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    Ok(Loaded { incident: folded(id, entries.iter().cloned())?, entries, last_hash })
}

fn folded(id: Uuid, entries: impl Iterator<Item = Entry>) -> Result<Incident, DeskError> {
    Incident::fold(id, entries).map_err(|error| DeskError::Damaged(error.to_string()))
}

fn entry(row: &EntryRow) -> Result<Entry, DeskError> {
    Ok(Entry {
        version: row.version,
        at: moment(row.at),
        actor: row.actor.parse().map_err(|_| DeskError::Damaged(format!("actor {:?}", row.actor)))?,
        verb: row.verb.clone(),
        events: incident::read_body(row.schema, &row.body).map_err(DeskError::Damaged)?,
    })
}

/// The row that stands for an incident.
fn row_of(incident: &Incident) -> IncidentRow {
    let state = incident.state();
    let outcome = incident.told(Purpose::Outcome);
    IncidentRow {
        id: incident.id,
        version: incident.version,
        number: incident.number.clone(),
        state: state.code().to_owned(),
        open: state != State::Closed,
        title: incident.matter.title.clone(),
        product: incident.matter.product.clone().unwrap_or_default(),
        area: incident.area.clone(),
        fact: incident.matter.fact,
        started_at: stored(incident.started_at),
        restored_at: incident.restored_at.map(stored),
        owner_unit: incident.owner.unit.0,
        owner_user: incident.owner.user.map(|user| user.0),
        outcome_zh: outcome.map(|one| one.zh.clone()).unwrap_or_default(),
        outcome_en: outcome.map(|one| one.en.clone()).unwrap_or_default(),
        opened_at: stored(incident.opened_at),
        changed_at: stored(incident.changed_at),
    }
}
