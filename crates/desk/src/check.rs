//! Trying a registration without making one: everything that is wrong with it, and cases that may be the same matter.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::queries::similar::{Similar, Sought};
use crate::suggest::Suggestion;
use crate::{Desk, permissions};
use domain::case::{Context, register};
use domain::event::Event;
use domain::fault::Fault;
use domain::ids::PersonId;
use domain::intake::Intake;
use jiff::Timestamp;
use serde_json::Value;

/// What registering would meet.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Everything that stands against it; empty when it could be registered.
    pub faults: Vec<Fault>,
    /// What is suggested for its words.
    pub suggestion: Option<Suggestion>,
    /// Cases that may be the same matter, open ones first.
    pub similar: Vec<Similar>,
    /// The clocks that would start: rule and last moment in time, the first due first. None while it could not be
    /// registered.
    pub due: Vec<(String, Timestamp)>,
}

/// What stands against an intake, and the clocks it would start.
type Would = (Vec<Fault>, Vec<(String, Timestamp)>);

impl Desk {
    /// Checks an intake as [`Desk::register`] would and looks for the same matter, even when it is not complete yet.
    ///
    /// # Errors
    /// If the caller may not register or may not see cases, or an error of the database.
    pub async fn check(&self, caller: &Caller, intake: Value) -> Result<Checked, DeskError> {
        permissions::REGISTER.require(caller)?;
        let suggestion = self.suggest(&intake);
        let similar = self.similar(caller, &Sought::of(&intake)).await?;
        let (faults, due) = match Intake::read(intake) {
            Ok(intake) => self.would_be(caller, intake).await?,
            Err(faults) => (faults, Vec::new()),
        };
        Ok(Checked { faults, suggestion, similar, due })
    }

    async fn would_be(&self, caller: &Caller, intake: Intake) -> Result<Would, DeskError> {
        let parted = intake.split(caller.actor.area.code());
        let faults_of = |error: DeskError| match error {
            DeskError::Refused(refusal) => Ok(refusal.faults),
            other => Err(other),
        };
        let mut faults = match parted.person {
            Some(person) => self.known_person(caller, person).await.map_or_else(faults_of, |_| Ok(Vec::new()))?,
            None => Vec::new(),
        };
        let fresh = register::Fresh {
            number: String::new(),
            person: parted.person.unwrap_or(PersonId::NIL),
            may_backdate: permissions::BACKDATE.allows(caller),
        };
        let now = self.time().now();
        let received_at = parted.received_at.unwrap_or(now);
        let rules = self.library().governing_at(received_at, parted.record.place(), self.zone())?;
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now, actor: &caller.actor, rules: &rules, taxonomy, others: &[] };
        let mut due = Vec::new();
        match register::decide(&parted, &fresh, &ctx) {
            Ok(decision) => due.extend(decision.events.into_iter().filter_map(|event| match event {
                Event::ClockStarted { rule, due_at, .. } => Some((rule, due_at)),
                _ => None,
            })),
            Err(refusal) => faults.extend(refusal.faults),
        }
        due.sort_by_key(|(_, at)| *at);
        Ok((faults, due))
    }
}
