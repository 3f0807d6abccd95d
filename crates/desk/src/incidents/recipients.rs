//! Telling those who were hit and have not complained (主动告知): a list of numbers whose owners said that they may be told.
//! Nothing but the number is kept, sealed under a key of the incident that is destroyed with the list when the incident
//! ends. Whoever complains is taken off: they are told in their case. Each is told once: by a message of the house
//! (`messages.rs`), or by whoever takes the numbers out to send; either is logged.

use super::{load, seen_row};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::sheet;
use crate::time::{moment, stored};
use crate::vault::MasterKeys;
use crate::vault::cipher::Key;
use crate::vault::person::normal_number;
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::incident::Purpose;
use domain::refusal::Refusal;
use domain::shape::{self, Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{RecipientMove, RecipientRow, Tx, incidents};
use uuid::Uuid;

/// Where somebody said that they may be told.
pub const CONSENTS: &[&str] = &["contract", "app", "hotline", "sms", "hall"];
/// Languages they can be told in.
pub const LANGUAGES: &[&str] = &["zh", "en"];
/// Most numbers of one list.
const MOST: i64 = 200_000;
/// Numbers of one transaction.
pub(super) const AT_ONCE: usize = 256;
/// Most numbers handed out at once.
pub(super) const HANDED: i64 = 10_000;

const ROW: &[Field] = &[
    required("number", Kind::Formed { form: Form::Phone, max: 40 }, "Number of somebody who was hit."),
    required("consent", Kind::Code(CONSENTS), "Where they said that they may be told."),
    optional("language", Kind::Code(LANGUAGES), "In which language. Default: zh."),
];

/// Shape of an addition to a list.
pub const NEW_RECIPIENTS: &[Field] = &[
    optional("csv", Kind::Document { max: sheet::MOST_BYTES }, "A file with the headings number, consent, language."),
    optional("people", Kind::List { of: &Kind::Object(ROW), max: sheet::MOST_ROWS }, "Or the same one by one."),
];

/// An addition to a list.
#[derive(Clone, Debug, Deserialize)]
pub struct NewRecipients {
    /// A file.
    #[serde(default)]
    pub csv: Option<String>,
    /// Or the same one by one.
    #[serde(default)]
    pub people: Vec<Recipient>,
}

/// Somebody to be told.
#[derive(Clone, Debug, Deserialize)]
pub struct Recipient {
    number: String,
    consent: String,
    #[serde(default)]
    language: Option<String>,
}

/// How a list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Put on it just now.
    pub added: usize,
    /// On it already.
    pub known: usize,
    /// To be told.
    pub waiting: i64,
    /// Handed out to be told.
    pub exported: i64,
    /// With a message on its way to them.
    pub sending: i64,
    /// With one a gateway took over.
    pub sent: i64,
    /// With one that arrived.
    pub delivered: i64,
    /// With one that did not.
    pub failed: i64,
    /// Who complained since, and is told in their case.
    pub complained: i64,
    /// The files of numbers that were handed out, the newest first.
    pub batches: Vec<Batch>,
}

/// A file of numbers that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The number under which it can be had again.
    pub number: i64,
    /// How many numbers it holds.
    pub count: i64,
    /// When.
    pub at: Timestamp,
}

/// Numbers handed out, with what each is to be told.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The file: number, language, words.
    pub csv: String,
    /// How many numbers it holds.
    pub count: usize,
    /// The number under which the same can be had again.
    pub batch: i64,
}

/// What is to be handed out.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Export {
    /// What they are told.
    pub purpose: Purpose,
    /// Those of an earlier file once more.
    #[serde(default)]
    pub batch: Option<i64>,
}

/// Shape of handing numbers out.
pub const EXPORT: &[Field] = &[
    required("purpose", Kind::Code(Purpose::CODES), "How far the matter is, or what came of it."),
    optional(
        "batch",
        Kind::Whole { min: 1, max: i64::MAX },
        "Number of a file that was made before: those in it once more, while the incident is open.",
    ),
];

fn place(incident: Uuid) -> Vec<u8> {
    format!("incident-key:{incident}").into_bytes()
}

fn number_place(incident: Uuid, hash: &[u8]) -> Vec<u8> {
    let mut place = format!("incident-number:{incident}:").into_bytes();
    place.extend_from_slice(hash);
    place
}

/// Wraps the key of a list anew.
pub(crate) fn rewrap(master: &MasterKeys, incident: Uuid, wrapped: &[u8]) -> Result<Vec<u8>, DeskError> {
    let key = master.unwrap(wrapped, &place(incident))?;
    Ok(master.wrap(&key, &place(incident))?)
}

/// The key of a list, unwrapped.
pub(super) fn opened(master: &MasterKeys, incident: Uuid, wrapped: &[u8]) -> Result<Key, DeskError> {
    Ok(Key::from_slice(&master.unwrap(wrapped, &place(incident))?)?)
}

/// The key of a list; one is made where there is none.
pub(super) fn key(tx: &mut Tx<'_>, master: &MasterKeys, incident: Uuid) -> Result<Key, DeskError> {
    if let Some(wrapped) = incidents::key(tx, incident)? {
        return opened(master, incident, &wrapped);
    }
    let key = Key::random()?;
    if incidents::new_key(tx, incident, &master.wrap(key.bytes(), &place(incident))?)? {
        return Ok(key);
    }
    // Another made one meanwhile, and numbers are sealed under it.
    let wrapped = incidents::key(tx, incident)?.ok_or(DeskError::Overtaken)?;
    opened(master, incident, &wrapped)
}

/// The number of somebody on a list.
pub(super) fn number_of(key: &Key, row: &RecipientRow) -> Result<String, DeskError> {
    let number = key.open(&row.sealed, &number_place(row.incident, &row.hash))?;
    String::from_utf8(number).map_err(|_| DeskError::Damaged("a number".to_owned()))
}

/// Takes somebody who waits off for `to`; false for whoever has a case by now, who is told there, or was taken meanwhile.
pub(super) fn taken(tx: &mut Tx<'_>, row: &RecipientRow, to: &RecipientMove<'_>) -> Result<bool, DeskError> {
    let complained = incidents::complained(tx, row.incident, &row.hash)?;
    let step = if complained { RecipientMove { to: "complained", ..RecipientMove::default() } } else { *to };
    let moved = incidents::move_recipient(tx, row.incident, &row.hash, &RecipientMove { from: "waiting", ..step })?;
    Ok(moved && !complained)
}

/// Counts a list, having taken off who has complained meanwhile.
pub(super) fn counted(tx: &mut Tx<'_>, incident: Uuid) -> Result<Recipients, DeskError> {
    let counts: BTreeMap<String, i64> = incidents::recipient_counts(tx, incident)?.into_iter().collect();
    let batches = incidents::batches(tx, incident)?;
    let count = |state: &str| counts.get(state).copied().unwrap_or(0);
    Ok(Recipients {
        added: 0,
        known: 0,
        waiting: count("waiting"),
        exported: count("exported"),
        sending: count("sending"),
        sent: count("sent"),
        delivered: count("delivered"),
        failed: count("failed"),
        complained: count("complained"),
        batches: batches.into_iter().map(|(number, count, at)| Batch { number, count, at: moment(at) }).collect(),
    })
}

impl Recipients {
    /// How many stand on it.
    fn all(&self) -> i64 {
        self.waiting + self.exported + self.sending + self.sent + self.delivered + self.failed + self.complained
    }
}

/// A list is the incident's: whoever sees only a part of its area does not keep it. Nobody ends the incident meanwhile.
pub(super) fn keeps(tx: &mut Tx<'_>, id: Uuid, caller: &Caller) -> Result<(), DeskError> {
    let row = seen_row(tx, id, &caller.actor.area)?;
    if !caller.actor.area.covers(&row.area) {
        return Err(Refusal::forbidden("incident_beyond_area").into());
    }
    if incidents::hold(tx, id, false)? != Some(true) {
        return Err(Refusal::conflict("incident_ended").with("number", row.number).into());
    }
    Ok(())
}

impl Desk {
    /// How the list of an incident stands: numbers of people, never the people.
    ///
    /// # Errors
    /// `not_found`, or a refusal when the caller may not.
    pub async fn recipients(&self, caller: &Caller, id: Uuid) -> Result<Recipients, DeskError> {
        permissions::READ_INCIDENTS.require(caller)?;
        let area = caller.actor.area.clone();
        let read = self.db().read(move |tx| {
            seen_row(tx, id, &area)?;
            counted(tx, id)
        });
        read.await
    }

    /// Puts people on the list of an incident; who is on it stays, and who has a case in it is told there.
    ///
    /// # Errors
    /// Every fault, of a file with line and column; `not_found`, or a refusal when the caller may not.
    pub async fn add_recipients(&self, caller: &Caller, id: Uuid, new: NewRecipients) -> Result<Recipients, DeskError> {
        permissions::ADD_RECIPIENTS.require(caller)?;
        let mut people = new.people;
        if let Some(csv) = &new.csv {
            let mut faults = Vec::new();
            for row in sheet::read(csv, ROW)? {
                match shape::check(row.value.clone(), ROW) {
                    Ok(value) => match serde_json::from_value(value) {
                        Ok(person) => people.push(person),
                        Err(_) => faults.push(row.fault(Fault::new("", "unreadable"))),
                    },
                    Err(found) => faults.extend(found.into_iter().map(|fault| row.fault(fault))),
                }
            }
            if !faults.is_empty() {
                return Err(Refusal::invalid(faults).into());
            }
        }
        if people.is_empty() {
            return Err(Refusal::from(Fault::new("people", "required")).into());
        }
        let hashed: Vec<(Vec<u8>, Recipient)> = people
            .into_iter()
            .map(|person| {
                let number = normal_number(&person.number);
                (self.keyring().lookup_hash("phone", &number).to_vec(), Recipient { number, ..person })
            })
            .collect();
        let (mut added, mut known) = (0, 0);
        let now = stored(self.time().now());
        for slice in hashed.chunks(AT_ONCE) {
            let (all, by, master) = (slice.len(), caller.clone(), std::sync::Arc::clone(self.master()));
            let slice = slice.to_vec();
            let write = self.db().write(move |tx| {
                keeps(tx, id, &by)?;
                let before = counted(tx, id)?;
                if before.all() >= MOST {
                    return Err(Refusal::from(Fault::new("people", "too_many").with("max", MOST)).into());
                }
                let key = key(tx, &master, id)?;
                let mut added = 0;
                for (hash, person) in &slice {
                    let state = if incidents::complained(tx, id, hash)? { "complained" } else { "waiting" };
                    let row = RecipientRow {
                        incident: id,
                        hash: hash.clone(),
                        sealed: key.seal(person.number.as_bytes(), &number_place(id, hash))?,
                        language: person.language.clone().unwrap_or_else(|| "zh".to_owned()),
                        consent: person.consent.clone(),
                        state: state.to_owned(),
                        added_at: now,
                        told_at: None,
                    };
                    added += usize::from(incidents::put_recipient(tx, &row)?);
                }
                let change = Change::new("add-recipients").with("count", added.to_string());
                administration::record(tx, id, by.actor.id, now, &change)?;
                Ok::<_, DeskError>(added)
            });
            let fresh = write.await?;
            added += fresh;
            known += all - fresh;
        }
        let counts = self.db().read(move |tx| counted(tx, id)).await?;
        Ok(Recipients { added, known, ..counts })
    }

    /// Hands the numbers out that wait, with the approved wording each is to be told; at most ten thousand at once. Who has
    /// complained meanwhile is not among them. A file that was lost on its way can be had again by its number.
    ///
    /// # Errors
    /// `not_found`; a refusal without an approved wording, when nobody waits, or when the caller may not.
    pub async fn export_recipients(&self, caller: &Caller, id: Uuid, ask: Export) -> Result<Handed, DeskError> {
        permissions::EXPORT_RECIPIENTS.require(caller)?;
        let (by, master, now) = (caller.clone(), std::sync::Arc::clone(self.master()), stored(self.time().now()));
        let write = self.db().write(move |tx| {
            keeps(tx, id, &by)?;
            let incident = load(tx, id, &by.actor.area)?.incident;
            let words = incident.to_tell(ask.purpose)?;
            let key = key(tx, &master, id)?;
            let mut rows = Vec::new();
            let (batch, listed) = match ask.batch {
                Some(batch) => (batch, incidents::batch(tx, id, batch, HANDED)?),
                None => (incidents::next_message(tx)?, incidents::recipients(tx, id, "waiting", HANDED)?),
            };
            for row in listed {
                // One number that cannot be read keeps nobody else from being told.
                let number = match number_of(&key, &row) {
                    Ok(number) => number,
                    Err(error) => {
                        tracing::error!(%error, incident = %id, "a number on a list could not be read");
                        let step = RecipientMove { from: &row.state, to: "failed", ..RecipientMove::default() };
                        incidents::move_recipient(tx, id, &row.hash, &step)?;
                        continue;
                    }
                };
                let message = Some(batch);
                let step = RecipientMove { to: "exported", told_at: Some(now), message, ..RecipientMove::default() };
                if ask.batch.is_none() && !taken(tx, &row, &step)? {
                    continue;
                }
                let told = if row.language == "en" { words.en.clone() } else { words.zh.clone() };
                rows.push([number, row.language, told]);
            }
            if rows.is_empty() {
                return Err(match ask.batch {
                    Some(_) => Refusal::from(Fault::new("batch", "unknown_batch")).into(),
                    None => Refusal::conflict("nobody_waits").into(),
                });
            }
            let change = Change::new("export-recipients").with("count", rows.len().to_string());
            administration::record(
                tx,
                id,
                by.actor.id,
                now,
                &change.with("purpose", ask.purpose.code()).with("batch", batch.to_string()),
            )?;
            Ok::<_, DeskError>((rows, batch))
        });
        let (rows, batch) = write.await?;
        let count = rows.len();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let broken = |error: csv::Error| DeskError::Output(error.to_string());
        csv.write_record(["number", "language", "words"]).map_err(broken)?;
        for row in &rows {
            csv.write_record(row).map_err(broken)?;
        }
        let bytes = csv.into_inner().map_err(|error| DeskError::Output(error.to_string()))?;
        let csv = String::from_utf8(bytes).map_err(|error| DeskError::Output(error.to_string()))?;
        Ok(Handed { csv, count, batch })
    }
}
