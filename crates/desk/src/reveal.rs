//! Revealing: who looks at unmasked personal data says why, and the access log keeps it, chained like the rest. The
//! case itself does not change.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::load::CaseRef;
use crate::log::{self, NewEntry};
use crate::queries::case::{CaseView, open_items};
use crate::time::{moment, stored};
use crate::vault::person;
use crate::{Desk, load, permissions};
use domain::audit::chain::Ledger;
use domain::case::Case;
use domain::fault::Fault;
use domain::ids::PersonId;
use domain::intake::Identity;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{EntryRow, entries};

/// Why personal data may be looked at.
pub const PURPOSES: &[&str] = &["contact", "verify_identity", "investigate", "regulator", "data_subject", "quality"];

/// Shape of a reveal.
pub const FIELDS: &[Field] = &[
    required("purpose", Kind::Code(PURPOSES), "Why. `contact` shows the contact numbers alone."),
    optional(
        "reason",
        Kind::Line { max: 200 },
        "In words; needed for every purpose but `contact`. Do not write personal data here: it stands in the access log.",
    ),
];

/// A reveal as asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct Reveal {
    /// Why.
    pub purpose: String,
    /// In words.
    pub reason: Option<String>,
}

/// What was revealed.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// Identity: contact numbers alone for purpose `contact`.
    pub identity: Identity,
    /// The case with its texts unmasked; `None` for purpose `contact`.
    pub view: Option<CaseView>,
}

/// What the access log keeps of an access.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessBody {
    pub(crate) purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// `contact`, `all`, `archive`, `bundle` with its referral or matter, `attachment` with its identity, `customer` for what
    /// the customer system answers, or `assistant` with what it was asked for and how many characters it was sent.
    pub(crate) extent: String,
    /// Waiting requests of the person that restricted the use when it happened, by what they ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) restricted: Vec<String>,
}

/// One line of a case's access log.
#[derive(Clone, Debug)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Why.
    pub purpose: String,
    /// In words.
    pub reason: Option<String>,
    /// `contact`, `all`, `archive`, `bundle` with its referral or matter, `attachment` with its identity, `customer` for what
    /// the customer system answers, or `assistant` with what it was asked for and how many characters it was sent.
    pub extent: String,
    /// Waiting requests of the person that restricted the use when it happened, by what they ask for.
    pub restricted: Vec<String>,
}

/// Refuses a purpose that is not explained well enough: one click is for whoever has to call back; anybody else says why.
///
/// # Errors
/// A fault of the reason.
pub(crate) fn require_reason(caller: &Caller, case: &Case, ask: &Reveal) -> Result<(), Refusal> {
    let holder = case.owner.user;
    match (ask.purpose.as_str(), &ask.reason) {
        (_, Some(_)) => Ok(()),
        ("contact", None) if holder.is_some() && holder == caller.actor.user() => Ok(()),
        ("contact", None) => Err(Fault::new("reason", "reason_unless_holder").into()),
        (_, None) => Err(Fault::new("reason", "required").into()),
    }
}

impl Desk {
    /// Reveals a case's personal data and logs that it was done. Nothing is shown before the log entry is safe.
    ///
    /// # Errors
    /// When the caller may not, says no reason, or the person was erased.
    pub async fn reveal(&self, caller: &Caller, name: &CaseRef, ask: Reveal) -> Result<Revealed, DeskError> {
        permissions::REVEAL.require(caller)?;
        let raw = self.raw(caller, name).await?;
        raw.sight.require_data(&raw.loaded.case, &caller.actor)?;
        let contact = ask.purpose == "contact";
        let restricted = self.restrictions(caller, &raw.loaded.case).await?;
        if !restricted.is_empty() && ask.reason.is_none() {
            return Err(Refusal::from(Fault::new("reason", "reason_while_restricted")).into());
        }
        require_reason(caller, &raw.loaded.case, &ask)?;
        let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
        let keys = load::open_keys(self.master(), &raw.loaded.row, wrapped)?;
        let identity = match raw.person.as_ref().and_then(|row| row.identity.as_deref()) {
            Some(sealed) => person::open(PersonId(raw.loaded.row.person), &keys.person, sealed)?,
            None => Identity::default(),
        };
        let shown: BTreeSet<u32> = open_items(&keys, &raw.items)?.into_keys().collect();
        let body = AccessBody {
            purpose: ask.purpose,
            reason: ask.reason,
            extent: if contact { "contact" } else { "all" }.to_owned(),
            restricted: restricted.into_iter().map(|one| one.request).collect(),
        };
        self.log_access(caller, raw.loaded.row.id, "reveal", &body).await?;
        if contact {
            let Identity { name, phone, phone_alt, caller, language, preferred_time, .. } = identity;
            let identity = Identity { name, phone, phone_alt, caller, language, preferred_time, ..Identity::default() };
            return Ok(Revealed { identity, view: None });
        }
        let mut view = self.view(raw, &shown)?;
        view.identity = Some(identity.clone());
        Ok(Revealed { identity, view: Some(view) })
    }

    pub(crate) async fn log_access(
        &self,
        caller: &Caller,
        case: uuid::Uuid,
        verb: &'static str,
        body: &AccessBody,
    ) -> Result<(), DeskError> {
        let body = kept::written(body)?;
        let actor = caller.actor.id.to_string();
        let at = stored(self.time().now());
        for attempt in 0.. {
            let (body, actor) = (body.clone(), actor.clone());
            let written = self
                .db()
                .write(move |tx| {
                    let entry = NewEntry {
                        subject: case,
                        ledger: Ledger::Access,
                        after: 0,
                        prev: None,
                        at,
                        actor,
                        verb,
                        schema: 1,
                        body,
                    };
                    log::append_next(tx, entry)
                })
                .await;
            match written {
                // Two nodes revealed at the same moment; the second takes the next place.
                Err(DeskError::Store(store::StoreError::Constraint { .. })) if attempt < 5 => {}
                other => return other,
            }
        }
        Ok(())
    }

    /// Who looked at a case's personal data, newest last.
    ///
    /// # Errors
    /// `not_found` when there is no such case the caller may see.
    pub async fn accesses(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Access>, DeskError> {
        permissions::READ_LOG.require(caller)?;
        let (name, actor) = (name.clone(), caller.actor.clone());
        let rows = self
            .db()
            .read(move |tx| {
                let row = load::find(tx, &name, &actor)?;
                Ok::<_, DeskError>(entries::of(tx, row.id, Ledger::Access.code())?)
            })
            .await?;
        rows.iter().map(access).collect()
    }
}

/// An entry of the access log.
pub(crate) fn access(row: &EntryRow) -> Result<Access, DeskError> {
    let body: AccessBody = kept::read(&row.body)?;
    Ok(Access {
        at: moment(row.at),
        actor: row.actor.clone(),
        purpose: body.purpose,
        reason: body.reason,
        extent: body.extent,
        restricted: body.restricted,
    })
}
