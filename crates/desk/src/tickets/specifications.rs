//! What kinds of tickets there are: kept as the client wrote them, every change in the administration ledger.

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, kept, permissions};
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Map, Value};
use store::tickets::SPECIFICATION;
use store::{ThingRow, tickets};
use uuid::Uuid;

/// Most specifications an installation keeps.
const MOST: i64 = 10_000;

/// A specification of tickets.
#[derive(Clone, Debug)]
pub struct Specification {
    /// Identity.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// As it is stored, to be changed only where nobody else did.
    body: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Body {
    changed_at: i64,
    attributes: Map<String, Value>,
}

fn read(row: ThingRow) -> Result<Specification, DeskError> {
    let body: Body = kept::read(&row.body)?;
    Ok(Specification {
        id: row.id,
        made_at: moment(row.at),
        changed_at: moment(body.changed_at),
        attributes: body.attributes,
        body: row.body,
    })
}

fn noted(verb: &'static str, body: &str) -> Change {
    Change::new(verb).with("specification", body)
}

impl Desk {
    /// Writes a specification down.
    ///
    /// # Errors
    /// When the caller may not, or there are as many as there may be.
    pub async fn add_specification(&self, caller: &Caller, attributes: Map<String, Value>) -> Result<Uuid, DeskError> {
        permissions::SPECIFY_TICKETS.require(caller)?;
        let (id, at, actor) = (Uuid::now_v7(), stored(self.time().now()), caller.actor.id);
        let body = kept::written(&Body { changed_at: at, attributes })?;
        self.db()
            .write(move |tx| {
                if i64::try_from(tickets::newest(tx, SPECIFICATION, MOST)?.len()).unwrap_or(MOST) >= MOST {
                    return Err(Refusal::conflict("too_many_specifications").with("max", MOST).into());
                }
                administration::record(tx, id, actor, at, &noted("add-specification", &body))?;
                tickets::put(tx, SPECIFICATION, &ThingRow { id, body, at })?;
                Ok(id)
            })
            .await
    }

    /// One specification.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn specification(&self, caller: &Caller, id: Uuid) -> Result<Specification, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let found = self.db().read(move |tx| Ok::<_, DeskError>(tickets::one(tx, SPECIFICATION, id)?)).await?;
        read(found.ok_or_else(Refusal::not_found)?)
    }

    /// All specifications, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn specifications(&self, caller: &Caller) -> Result<Vec<Specification>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(tickets::newest(tx, SPECIFICATION, MOST)?)).await?;
        rows.into_iter().map(read).collect()
    }

    /// Changes a specification as it was read.
    ///
    /// # Errors
    /// [`DeskError::Overtaken`] when somebody else did meanwhile.
    pub async fn change_specification(
        &self,
        caller: &Caller,
        seen: &Specification,
        attributes: Map<String, Value>,
    ) -> Result<(), DeskError> {
        permissions::SPECIFY_TICKETS.require(caller)?;
        let (id, at, actor, from) = (seen.id, stored(self.time().now()), caller.actor.id, seen.body.clone());
        let body = kept::written(&Body { changed_at: at, attributes })?;
        self.db()
            .write(move |tx| {
                if !tickets::change(tx, SPECIFICATION, id, &body, &from)? {
                    return Err(DeskError::Overtaken);
                }
                administration::record(tx, id, actor, at, &noted("change-specification", &body))
            })
            .await
    }

    /// Removes a specification; the ledger keeps what it said.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove_specification(&self, caller: &Caller, id: Uuid) -> Result<(), DeskError> {
        permissions::SPECIFY_TICKETS.require(caller)?;
        let (at, actor) = (stored(self.time().now()), caller.actor.id);
        self.db()
            .write(move |tx| {
                if !tickets::remove(tx, SPECIFICATION, id)? {
                    return Err(Refusal::not_found().into());
                }
                administration::record(tx, id, actor, at, &Change::new("remove-specification"))
            })
            .await
    }
}
