//! What other bodies hand over (转办): joined to the case there is, or registered as a new one, in one transaction. A
//! body's own number is taken once; the same once more gives the same receipt and does nothing.
//!
//! A case is joined when the body names it, or when it is of the same family of categories, stands under one of the
//! contact's numbers and is the same person's besides (`queries::same_person`). Under the number alone it is only
//! suggested: the matter becomes a new case that is linked to it, and the other case is not touched.

use crate::caller::Caller;
use crate::catch_up::{CaughtUp, catch_up};
use crate::commit::Commit;
use crate::error::DeskError;
use crate::load::{self, CaseRef, Loaded};
use crate::queries::same_person::SamePerson;
use crate::queries::similar::{Keys, Sought};
use crate::register::{Prepared, begun};
use crate::run::answered;
use crate::time::{moment, stored};
use crate::vault::MasterKeys;
use crate::{Desk, Library, permissions};
use domain::case::hand_off::{self, HandOff};
use domain::case::{Case, Context, Decision, reopen};
use domain::event::{Event, Relation};
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::intake::External;
use domain::refusal::Refusal;
use domain::taxonomy::region_in;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use store::{CaseRow, HandoffRow, Tx, cases, handoffs};

/// Cases tried at most when a body names none of ours.
const MOST_TRIED: usize = 20;
/// Cases suggested at most.
const MOST_SUGGESTED: usize = 5;
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
    /// Numbers of cases that may be the same matter and were left alone, as far as the caller may see them.
    pub suggested: Vec<String>,
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
            person: SamePerson::of(&complaint),
            caller: caller.clone(),
            handed,
            digest,
            now,
            library: self.library().clone(),
            master: Arc::clone(self.master()),
            fresh: None,
        };
        for _ in 0..MOST_ATTEMPTS {
            // Most matters are known or new; what a new case needs is made ready outside the transaction, and only then.
            let again = work.clone();
            let ready = match self.db().read(move |tx| again.look(tx)).await? {
                Place::There => work.clone(),
                Place::Nowhere { suggested } => self.with_new_case(work.clone(), suggested).await?,
            };
            match self.db().write(move |tx| ready.carry_out(tx)).await {
                Ok(Some(handed)) => return Ok(handed),
                // What was looked at changed in between: a case ended or came in, or another command was first.
                Ok(None) | Err(DeskError::Overtaken) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Refusal::conflict("handoff_overtaken").into())
    }

    async fn with_new_case(&self, mut work: Work, suggested: Vec<(CaseId, String)>) -> Result<Work, DeskError> {
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
        // The contact is the registration; it would stand there twice.
        let (handed, now, actor) =
            (&HandOff { complaint: None, ..work.handed.clone() }, work.now, work.caller.actor.id);
        let prepared = self.prepare_parted(&work.caller, &parted, true, now, |decision, ctx| {
            let mut events = hand_off::decide(&begun(decision, actor, now)?, handed, ctx)?.events;
            // Said here alone: a stranger's case must not change because somebody shares a number.
            events.extend(suggested.iter().map(|(case, number)| Event::Linked {
                case: *case,
                number: number.clone(),
                relation: Relation::Suggested,
            }));
            Ok(events)
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
    person: SamePerson,
    now: Timestamp,
    library: Library,
    master: Arc<MasterKeys>,
    /// The case to register where there is none.
    fresh: Option<Arc<Prepared>>,
}

/// Where a hand-off leads, as far as can be seen before it is taken in.
enum Place {
    /// Its number is known, or there is a case to join.
    There,
    /// To a new case, beside these that may be the same matter.
    Nowhere { suggested: Vec<(CaseId, String)> },
}

/// The case to join, or those to suggest.
enum Target {
    Join(Box<Loaded>),
    Suggest(Vec<(CaseId, String)>),
}

impl Work {
    fn look(self, tx: &mut Tx<'_>) -> Result<Place, DeskError> {
        if self.known(tx)?.0.is_some() {
            return Ok(Place::There);
        }
        Ok(match self.target(tx)? {
            Target::Join(_) => Place::There,
            Target::Suggest(suggested) => Place::Nowhere { suggested },
        })
    }

    /// What the number led to before, as far as the caller may see it, and how often it was taken in at all. Areas that
    /// do not see each other may each have a matter under it: hotlines of two cities count alike.
    fn known(&self, tx: &mut Tx<'_>) -> Result<(Option<(HandoffRow, CaseRow)>, i64), DeskError> {
        let mut found: Option<(HandoffRow, CaseRow)> = None;
        let rows = handoffs::of(tx, &self.handed.owner, &self.handed.number)?;
        let taken = rows.len();
        for row in rows {
            let seen = cases::by_id(tx, row.case_id)?.filter(|case| load::is_there(case, &self.caller.actor));
            let Some(case) = seen else { continue };
            // Of several that are visible, the one with the same content is meant.
            if found.is_none() || row.digest == self.digest {
                found = Some((row, case));
            }
            if found.as_ref().is_some_and(|(row, _)| row.digest == self.digest) {
                break;
            }
        }
        Ok((found, i64::try_from(taken).unwrap_or(i64::MAX)))
    }

    /// Does it; `None` when what was made ready no longer fits.
    fn carry_out(self, tx: &mut Tx<'_>) -> Result<Option<Handed>, DeskError> {
        let (known, nth) = self.known(tx)?;
        if let Some((row, case)) = known {
            return self.again(tx, row, case).map(Some);
        }
        let target = self.target(tx)?;
        let (case, version) = match (&target, &self.fresh) {
            (Target::Join(loaded), _) => (loaded.row.id, loaded.case.version + 1),
            (Target::Suggest(suggested), Some(prepared)) if *suggested == suggestions(&prepared.case) => {
                (prepared.row.id, 1)
            }
            (Target::Suggest(_), _) => return Ok(None),
        };
        let row = HandoffRow {
            owner: self.handed.owner.clone(),
            number: self.handed.number.clone(),
            nth,
            case_id: case,
            digest: self.digest.clone(),
            version,
            attached: matches!(target, Target::Join(_)),
            handed_at: stored(self.handed.handed_at),
            at: stored(self.now),
        };
        if !handoffs::claim(tx, &row)? {
            // Another node took the same number in just now.
            return Ok(None);
        }
        let receipt = match (target, &self.fresh) {
            (Target::Join(loaded), _) => {
                let case = self.join(tx, *loaded)?;
                receipt(&case.number, case.received_at, row, Vec::new())
            }
            (Target::Suggest(suggested), Some(prepared)) => {
                prepared.write(tx)?;
                let suggested = suggested.into_iter().map(|(_, number)| number).collect();
                receipt(&prepared.case.number, prepared.case.received_at, row, suggested)
            }
            (Target::Suggest(_), None) => return Ok(None),
        };
        Ok(Some(Handed { receipt, replayed: false }))
    }

    /// The receipt given before.
    fn again(&self, tx: &mut Tx<'_>, row: HandoffRow, case: CaseRow) -> Result<Handed, DeskError> {
        if row.digest != self.digest {
            return Err(Refusal::from(Fault::new("number", "handoff_number_reused")).into());
        }
        let mut suggested = Vec::new();
        if !row.attached {
            for (id, number) in suggestions(&load::from_row(tx, case.clone())?.case) {
                let actor = &self.caller.actor;
                if cases::by_id(tx, id.0)?.is_some_and(|other| load::is_there(&other, actor)) {
                    suggested.push(number);
                }
            }
        }
        Ok(Handed { receipt: receipt(&case.number, moment(case.received_at), row, suggested), replayed: true })
    }

    /// The case to join: the one the body names, else one of the same person in the same family of categories. Those
    /// that were passed by are suggested.
    fn target(&self, tx: &mut Tx<'_>) -> Result<Target, DeskError> {
        let mut suggested: Vec<(CaseId, String)> = Vec::new();
        // Whoever sees the new case reads what is suggested, so that only what they see anyway may be.
        let region = self.region();
        let told = |other: &str| region_in(other, &region);
        // What the other body wrote may be mistyped or not ours; then it names nothing.
        if let Some(Ok(name)) = self.handed.own_number.as_deref().map(CaseRef::parse) {
            match self.joined(tx, &name)? {
                Some(loaded) => return Ok(Target::Join(Box::new(loaded))),
                None => suggested.extend(self.seen(tx, &name, &told)?),
            }
        }
        for found in self.keys.find(tx, &self.caller.actor)?.into_iter().take(MOST_TRIED) {
            let id = CaseId(found.row.id);
            if self.person.owns(tx, &self.master, found.row.person)?
                && let Some(loaded) = self.joined(tx, &CaseRef::Id(id))?
            {
                return Ok(Target::Join(Box::new(loaded)));
            }
            let new = !suggested.iter().any(|(known, _)| *known == id);
            if new && suggested.len() < MOST_SUGGESTED && told(&found.row.region) {
                suggested.push((id, found.row.number));
            }
        }
        Ok(Target::Suggest(suggested))
    }

    /// The region of the case the matter would become.
    fn region(&self) -> String {
        let complaint = self.handed.complaint.as_ref();
        complaint.map(|it| it.clone().split(self.caller.actor.area.code()).record.region).unwrap_or_default()
    }

    /// A case that is named and cannot be joined, if the caller may see it and its region may be told.
    fn seen(
        &self,
        tx: &mut Tx<'_>,
        name: &CaseRef,
        told: &impl Fn(&str) -> bool,
    ) -> Result<Option<(CaseId, String)>, DeskError> {
        match load::find(tx, name, &self.caller.actor) {
            Ok(row) => Ok(told(&row.region).then_some((CaseId(row.id), row.number))),
            Err(DeskError::Refused(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// A case, if the caller may see it and a hand-off can still join it.
    fn joined(&self, tx: &mut Tx<'_>, name: &CaseRef) -> Result<Option<Loaded>, DeskError> {
        let loaded = match load::load(tx, name, &self.caller.actor) {
            Ok(loaded) => loaded,
            Err(DeskError::Refused(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        // What went up in another case lives on there.
        if let Some((lead, _)) = &loaded.case.merged_into {
            return self.joined(tx, &CaseRef::Id(*lead));
        }
        // An erased person's case takes no more words.
        let joins = loaded.row.text_key.is_some() && self.decide(&loaded, &[]).is_ok();
        Ok(joins.then_some(loaded))
    }

    fn decide(&self, loaded: &Loaded, others: &[Case]) -> Result<Decision, DeskError> {
        let now = self.now.max(loaded.case.changed_at);
        let actor = &self.caller.actor;
        let taken_up = reopen::offered(&loaded.case);
        let CaughtUp { case, rules, mut events } = catch_up(&self.library, &loaded.case, actor, now, taken_up)?;
        let ctx = Context { now, actor, rules: &rules, taxonomy: self.library.taxonomy(), others };
        let decision = hand_off::decide(&case, &self.handed, &ctx)?;
        events.extend(decision.events);
        Ok(Decision { events, elsewhere: decision.elsewhere })
    }

    fn join(&self, tx: &mut Tx<'_>, loaded: Loaded) -> Result<Case, DeskError> {
        // Should the case be taken up again, everybody whose matter went up in it waits again.
        let others = answered(tx, &loaded.case)?;
        let known: Vec<Case> = others.iter().map(|other| other.case.clone()).collect();
        let decision = self.decide(&loaded, &known)?;
        cases::insert_external(tx, &self.handed.owner, &self.handed.number, loaded.row.id)?;
        let (library, master) = (&self.library, &self.master);
        let commit = Commit { library, master, actor: self.caller.actor.id, verb: VERB, now: self.now, run: None };
        commit.write_all(tx, loaded, others, decision)
    }
}

/// Cases a new one was linked to when it was handed over.
fn suggestions(case: &Case) -> Vec<(CaseId, String)> {
    let suggested = case.links.iter().filter(|link| link.relation == Relation::Suggested);
    suggested.map(|link| (link.case, link.number.clone())).collect()
}

fn receipt(number: &str, received_at: Timestamp, row: HandoffRow, suggested: Vec<String>) -> Receipt {
    Receipt {
        receipt: format!("{number}/{}", row.version),
        case: CaseId(row.case_id),
        number: number.to_owned(),
        attached: row.attached,
        suggested,
        received_at,
        recorded_at: moment(row.at),
        owner: row.owner,
        external: row.number,
        handed_at: moment(row.handed_at),
    }
}
