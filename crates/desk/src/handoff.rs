//! What other bodies hand over (转办): joined to the case there is, or registered as a new one, in one transaction. A
//! body's own number is taken once; the same once more gives the same receipt and does nothing.

use crate::caller::Caller;
use crate::commit::Commit;
use crate::error::DeskError;
use crate::load::{self, CaseRef, Loaded};
use crate::queries::similar::{Keys, Sought};
use crate::register::Prepared;
use crate::time::{moment, stored};
use crate::vault::MasterKeys;
use crate::{Desk, Library, permissions};
use domain::case::hand_off::{self, HandOff};
use domain::case::{Case, Context};
use domain::event::{Entry, Event};
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::intake::External;
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use store::{HandoffRow, Tx, cases, handoffs};

/// Cases tried at most when a body names none of ours.
const MOST_TRIED: usize = 20;
/// How often it is done anew because another command on the case came first.
const MOST_ATTEMPTS: u32 = 5;
/// The verb in the log.
const VERB: &str = "hand-off";

/// What a body is told about a matter it handed over; the same however often it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the receipt: the case's number and the entry of its log that records the hand-off.
    pub receipt: String,
    /// Identity of the case.
    pub case: CaseId,
    /// Number of the case.
    pub number: String,
    /// Whether the case was there before.
    pub attached: bool,
    /// First receipt of the case; the body's own time for a new one.
    pub received_at: Timestamp,
    /// When the hand-off was taken in.
    pub recorded_at: Timestamp,
    /// Body that handed it over.
    pub owner: String,
    /// Its own number.
    pub external: String,
    /// When, by its own record.
    pub handed_at: Timestamp,
}

/// A receipt, and whether it was given before.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The receipt.
    pub receipt: Receipt,
    /// True when nothing was done now.
    pub replayed: bool,
}

impl Desk {
    /// Takes a matter in that another body hands over, as it came from outside.
    ///
    /// # Errors
    /// All faults of the input at once; that the number is known with other content; a refusal when the caller may not;
    /// an error of the database.
    pub async fn hand_off(&self, caller: &Caller, value: Value) -> Result<Handed, DeskError> {
        permissions::HAND_OFF.require(caller)?;
        let (handed, cleaned) = HandOff::read(value).map_err(Refusal::invalid)?;
        let now = self.time().now();
        if handed.handed_at > now + domain::case::register::CLOCK_SKEW {
            return Err(Refusal::from(Fault::new("handed_at", "in_future")).into());
        }
        let digest = self.keyring().request_digest(VERB, cleaned.to_string().as_bytes()).to_vec();
        let complaint = cleaned.get("complaint").cloned().unwrap_or_default();
        let work = Work {
            keys: self.keys_of(&Sought::of(&complaint), now)?,
            caller: caller.clone(),
            handed,
            digest,
            now,
            library: self.library().clone(),
            master: Arc::clone(self.master()),
            fresh: None,
        };
        // Most matters are known or new; what a new case needs is made ready outside the transaction, and only then.
        let (work, found) = self.db().read(move |tx| work.look(tx)).await?;
        let work = if found { work } else { self.with_new_case(work).await? };
        for attempt in 0.. {
            let again = work.clone();
            match self.db().write(move |tx| again.carry_out(tx)).await {
                Ok(Some(handed)) => return Ok(handed),
                // The case it was to join ended in between, and nothing was made ready for a new one.
                Ok(None) => break,
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(Refusal::conflict("handoff_overtaken").into())
    }

    async fn with_new_case(&self, mut work: Work) -> Result<Work, DeskError> {
        let Some(complaint) = work.handed.complaint.clone() else {
            return Err(Refusal::from(Fault::new("complaint", "required_without_case")).into());
        };
        let mut parted = complaint.split(work.caller.actor.area.code());
        parted.received_at = Some(work.handed.handed_at);
        parted.record.assessment.regulator = true;
        let external = External { owner: work.handed.owner.clone(), number: work.handed.number.clone() };
        if !parted.record.external.contains(&external) {
            parted.record.external.push(external);
        }
        let (handed, now, actor) = (&work.handed, work.now, work.caller.actor.id);
        let prepared = self.prepare_parted(&work.caller, &parted, true, now, |decision, ctx| {
            let events = decision.events.clone();
            let entry = Entry { version: 1, at: now, actor, verb: "register".to_owned(), events };
            Ok(hand_off::decide(&Case::begin(CaseId::NIL, &entry)?, handed, ctx)?.events)
        });
        let (prepared, _) = prepared.await.map_err(within_complaint)?;
        work.fresh = Some(Arc::new(prepared));
        Ok(work)
    }
}

/// Faults of the contact, named where they stand in a hand-off.
fn within_complaint(error: DeskError) -> DeskError {
    let DeskError::Refused(mut refusal) = error else { return error };
    for fault in &mut refusal.faults {
        fault.field = match fault.field.as_str() {
            "received_at" => "handed_at".to_owned(),
            other => format!("complaint.{other}"),
        };
    }
    DeskError::Refused(refusal)
}

#[derive(Clone)]
struct Work {
    caller: Caller,
    handed: HandOff,
    /// Tells a repetition from another content under the same number.
    digest: Vec<u8>,
    keys: Keys,
    now: Timestamp,
    library: Library,
    master: Arc<MasterKeys>,
    /// The case to register where there is none.
    fresh: Option<Arc<Prepared>>,
}

impl Work {
    /// Whether the number is known or there is a case to join.
    fn look(self, tx: &mut Tx<'_>) -> Result<(Self, bool), DeskError> {
        let found = handoffs::get(tx, &self.handed.owner, &self.handed.number)?.is_some() || self.target(tx)?.is_some();
        Ok((self, found))
    }

    /// Does it; `None` when a new case is needed and none was made ready.
    fn carry_out(self, tx: &mut Tx<'_>) -> Result<Option<Handed>, DeskError> {
        if let Some(row) = handoffs::get(tx, &self.handed.owner, &self.handed.number)? {
            return self.again(tx, &row).map(Some);
        }
        let target = self.target(tx)?;
        let (case, version) = match (&target, &self.fresh) {
            (Some(loaded), _) => (loaded.row.id, loaded.case.version + 1),
            (None, Some(prepared)) => (prepared.row.id, 1),
            (None, None) => return Ok(None),
        };
        let row = HandoffRow {
            owner: self.handed.owner.clone(),
            number: self.handed.number.clone(),
            case_id: case,
            digest: self.digest.clone(),
            version,
            attached: target.is_some(),
            handed_at: stored(self.handed.handed_at),
            at: stored(self.now),
        };
        if !handoffs::claim(tx, &row)? {
            // Another node took the same number in just now.
            let row = handoffs::get(tx, &self.handed.owner, &self.handed.number)?;
            let row = row.ok_or_else(|| DeskError::Damaged("a hand-off that is taken cannot be read".to_owned()))?;
            return self.again(tx, &row).map(Some);
        }
        let receipt = match (target, &self.fresh) {
            (Some(loaded), _) => {
                let case = self.join(tx, loaded)?;
                receipt(&case.number, case.received_at, row)
            }
            (None, Some(prepared)) => {
                prepared.write(tx)?;
                receipt(&prepared.case.number, prepared.case.received_at, row)
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Handed { receipt, replayed: false }))
    }

    /// The receipt given before.
    fn again(&self, tx: &mut Tx<'_>, row: &HandoffRow) -> Result<Handed, DeskError> {
        let case = cases::by_id(tx, row.case_id)?.filter(|case| self.caller.actor.area.covers(&case.region));
        match case {
            Some(case) if row.digest == self.digest => {
                Ok(Handed { receipt: receipt(&case.number, moment(case.received_at), row.clone()), replayed: true })
            }
            // A case elsewhere and another content are one answer: what lies elsewhere is not shown.
            _ => Err(Refusal::from(Fault::new("number", "handoff_number_reused")).into()),
        }
    }

    /// The case to join: the one the body names, else one of the same person in the same family of categories.
    fn target(&self, tx: &mut Tx<'_>) -> Result<Option<Loaded>, DeskError> {
        // What the other body wrote may be mistyped or not ours; then it names nothing.
        if let Some(Ok(name)) = self.handed.own_number.as_deref().map(CaseRef::parse)
            && let Some(loaded) = self.joined(tx, &name)?
        {
            return Ok(Some(loaded));
        }
        for found in self.keys.find(tx, &self.caller.actor.area)?.into_iter().take(MOST_TRIED) {
            if let Some(loaded) = self.joined(tx, &CaseRef::Id(CaseId(found.row.id)))? {
                return Ok(Some(loaded));
            }
        }
        Ok(None)
    }

    /// A case, if the caller may see it and a hand-off can still join it.
    fn joined(&self, tx: &mut Tx<'_>, name: &CaseRef) -> Result<Option<Loaded>, DeskError> {
        let loaded = match load::load(tx, name, &self.caller.actor.area) {
            Ok(loaded) => loaded,
            Err(DeskError::Refused(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        // What went up in another case lives on there.
        if let Some((lead, _)) = &loaded.case.merged_into {
            return self.joined(tx, &CaseRef::Id(*lead));
        }
        // An erased person's case takes no more words.
        let joins = loaded.row.text_key.is_some() && self.decide(&loaded).is_ok();
        Ok(joins.then_some(loaded))
    }

    fn decide(&self, loaded: &Loaded) -> Result<Vec<Event>, DeskError> {
        let ctx = Context {
            now: self.now.max(loaded.case.changed_at),
            actor: &self.caller.actor,
            rules: &self.library.rules_of(&loaded.case)?,
            taxonomy: self.library.taxonomy(),
            others: &[],
        };
        Ok(hand_off::decide(&loaded.case, &self.handed, &ctx)?.events)
    }

    fn join(&self, tx: &mut Tx<'_>, loaded: Loaded) -> Result<Case, DeskError> {
        let events = self.decide(&loaded)?;
        cases::insert_external(tx, &self.handed.owner, &self.handed.number, loaded.row.id)?;
        let (library, master) = (&self.library, &self.master);
        let commit = Commit { library, master, actor: self.caller.actor.id, verb: VERB, now: self.now };
        commit.write(tx, loaded, events)
    }
}

fn receipt(number: &str, received_at: Timestamp, row: HandoffRow) -> Receipt {
    Receipt {
        receipt: format!("{number}/{}", row.version),
        case: CaseId(row.case_id),
        number: number.to_owned(),
        attached: row.attached,
        received_at,
        recorded_at: moment(row.at),
        owner: row.owner,
        external: row.number,
        handed_at: moment(row.handed_at),
    }
}
