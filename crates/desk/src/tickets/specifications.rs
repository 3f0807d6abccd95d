//! What kinds of tickets there are: kept as the client wrote them, every change in the administration ledger.

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, kept, permissions};
use domain::audit::chain::Ledger;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::text::nobody::nobodys;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use store::tickets::SPECIFICATION;
use store::{EntryRow, ThingRow, entries, tickets};
use uuid::Uuid;

/// Most specifications an installation keeps; a list that is sorted or filtered reads them all.
const MOST: i64 = 1_000;
/// Longest specification, bytes of JSON; the ledger keeps each of its versions.
const LONGEST: usize = 64 << 10;

/// What is done to specifications, as the ledger has it; in these words they are told to those outside.
pub(crate) const VERBS: [&str; 3] = [ADD, CHANGE, REMOVE];
const ADD: &str = "add-specification";
const CHANGE: &str = "change-specification";
const REMOVE: &str = "remove-specification";

/// An entry of the ledger about a specification.
#[derive(Clone, Debug)]
pub struct Noted {
    /// Which command.
    pub verb: String,
    /// When.
    pub at: Timestamp,
    /// As it was before; nothing where it is new.
    pub before: Option<Specification>,
    /// As it is after; nothing where it was removed.
    pub after: Option<Specification>,
}

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

/// As it is kept. The ledger forgets nothing, so nobody may be named in a specification.
fn written(at: i64, attributes: Map<String, Value>) -> Result<String, DeskError> {
    let mut texts = Vec::new();
    for (name, value) in &attributes {
        say(name, value, &mut texts);
    }
    nobodys(texts.iter().map(|(field, text)| (field.clone(), Some(text.as_str()))))?;
    let body = kept::written(&Body { changed_at: at, attributes })?;
    if body.len() > LONGEST {
        let fault = Fault::new("body", "too_long").with("max", LONGEST).with("given", body.len());
        return Err(Refusal::from(fault).into());
    }
    Ok(body)
}

/// Everything it says, with where: texts, numbers, and names of its own.
fn say(field: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => into.push((field.to_owned(), number.to_string())),
        Value::String(text) => into.push((field.to_owned(), text.clone())),
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                say(&format!("{field}[{at}]"), entry, into);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                into.push((field.to_owned(), name.clone()));
                say(&format!("{field}.{name}"), member, into);
            }
        }
    }
}

/// The detail of an entry that holds what was written.
const WRITTEN: &str = "specification";

fn noted(verb: &'static str, body: &str) -> Change {
    Change::new(verb).with(WRITTEN, body)
}

/// What an entry of the ledger says a specification is from then on.
fn said(entry: &EntryRow, made_at: i64) -> Result<Option<Specification>, DeskError> {
    let mut details: BTreeMap<String, String> = kept::read(&entry.body)?;
    let body = details.remove(WRITTEN);
    body.map(|body| read(ThingRow { id: entry.subject, body, at: made_at })).transpose()
}

impl Desk {
    /// Writes a specification down, and says what was written: whoever may add one need not be allowed to read others.
    ///
    /// # Errors
    /// When the caller may not, it names somebody or is too long, or there are as many as there may be.
    pub async fn add_specification(
        &self,
        caller: &Caller,
        attributes: Map<String, Value>,
    ) -> Result<Specification, DeskError> {
        permissions::SPECIFY_TICKETS.require(caller)?;
        let (id, at, actor) = (Uuid::now_v7(), stored(self.time().now()), caller.actor.id);
        let body = written(at, attributes)?;
        let row = self
            .db()
            .write(move |tx| {
                if tickets::of_kind(tx, SPECIFICATION)? >= MOST {
                    return Err(Refusal::conflict("too_many_specifications").with("max", MOST).into());
                }
                administration::record(tx, id, actor, at, &noted(ADD, &body))?;
                let row = ThingRow { id, body, at };
                tickets::put(tx, SPECIFICATION, &row)?;
                Ok::<_, DeskError>(row)
            })
            .await?;
        read(row)
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

    /// Specifications, newest first: as many as asked for after as many passed over, and how many there are in all.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn specifications(
        &self,
        caller: &Caller,
        page: Option<(u64, u64)>,
    ) -> Result<(Vec<Specification>, u64), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (offset, limit) = page.unwrap_or((0, u64::MAX));
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (limit, offset) = (number(limit), number(offset));
        let (rows, all) = self
            .db()
            .read(move |tx| {
                let rows = tickets::newest(tx, SPECIFICATION, limit, offset)?;
                Ok::<_, DeskError>((rows, tickets::of_kind(tx, SPECIFICATION)?))
            })
            .await?;
        Ok((rows.into_iter().map(read).collect::<Result<_, _>>()?, u64::try_from(all).unwrap_or(0)))
    }

    /// What an entry of the ledger made of a specification, to be told to those outside.
    ///
    /// # Errors
    /// `not_found` when there is no such entry.
    pub async fn specification_around(&self, caller: &Caller, id: Uuid, version: i64) -> Result<Noted, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let ledger = Ledger::Administration.code();
        let rows = self.db().read(move |tx| {
            let entry = entries::one(tx, id, ledger, version)?.ok_or_else(Refusal::not_found)?;
            let made_at = entries::first(tx, id, ledger)?.map_or(entry.at, |first| first.at);
            Ok::<_, DeskError>((entries::one(tx, id, ledger, version - 1)?, entry, made_at))
        });
        let (before, entry, made_at) = rows.await?;
        if !VERBS.contains(&entry.verb.as_str()) {
            return Err(Refusal::not_found().into());
        }
        Ok(Noted {
            at: moment(entry.at),
            before: before.map(|before| said(&before, made_at)).transpose()?.flatten(),
            after: said(&entry, made_at)?,
            verb: entry.verb,
        })
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
        let body = written(at, attributes)?;
        self.db()
            .write(move |tx| {
                if !tickets::change(tx, SPECIFICATION, id, &body, &from)? {
                    return Err(DeskError::Overtaken);
                }
                administration::record(tx, id, actor, at, &noted(CHANGE, &body))
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
                administration::record(tx, id, actor, at, &Change::new(REMOVE))
            })
            .await
    }
}
