//! Trying a registration without making one: everything that is wrong with it, and cases that may be the same matter.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::queries::similar::{Similar, Sought};
use crate::register::begun;
use crate::suggest::{NamedUnit, Suggestion};
use crate::{Desk, permissions};
use domain::case::{Context, register};
use domain::event::Event;
use domain::fault::Fault;
use domain::ids::{PersonId, UnitId};
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
    /// The unit it would come to, by the table of routing or by who registers it; told where units are suggested.
    pub comes_to: Option<NamedUnit>,
    /// Cases that may be the same matter, open ones first.
    pub similar: Vec<Similar>,
    /// The clocks that would start: rule and last moment in time, the first due first. None while it could not be
    /// registered.
    pub due: Vec<(String, Timestamp)>,
}

/// What an intake would become.
#[derive(Default)]
struct Would {
    /// What stands against it.
    faults: Vec<Fault>,
    /// The clocks it would start.
    due: Vec<(String, Timestamp)>,
    /// The unit it would come to, where that is asked.
    unit: Option<UnitId>,
}

impl Desk {
    /// Checks an intake as [`Desk::register`] would and looks for the same matter, even when it is not complete yet.
    ///
    /// # Errors
    /// If the caller may not register or may not see cases, or an error of the database.
    pub async fn check(&self, caller: &Caller, intake: Value) -> Result<Checked, DeskError> {
        permissions::REGISTER.require(caller)?;
        let suggestion = self.suggest(caller, &intake).await?;
        let asks_unit = suggestion.as_ref().is_some_and(|found| found.units.is_some());
        let similar = self.similar(caller, &Sought::of(&intake)).await?;
        let Would { faults, due, unit } = match Intake::read(intake) {
            Ok(intake) => self.would_be(caller, intake, asks_unit).await?,
            Err(faults) => Would { faults, ..Would::default() },
        };
        let comes_to = match unit {
            Some(unit) => self.named_unit(unit).await?,
            None => None,
        };
        Ok(Checked { faults, suggestion, comes_to, similar, due })
    }

    async fn named_unit(&self, unit: UnitId) -> Result<Option<NamedUnit>, DeskError> {
        let row = self.db().read(move |tx| Ok::<_, DeskError>(store::units::unit(tx, unit.0)?)).await?;
        Ok(row.map(|row| NamedUnit { id: unit, code: row.code, name: row.name }))
    }

    async fn would_be(&self, caller: &Caller, intake: Intake, asks_unit: bool) -> Result<Would, DeskError> {
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
        let decision = match register::decide(&parted, &fresh, &ctx) {
            Ok(decision) => decision,
            Err(refusal) => {
                faults.extend(refusal.faults);
                return Ok(Would { faults, ..Would::default() });
            }
        };
        let unit = if asks_unit && faults.is_empty() {
            let table = crate::routing::in_force(self.library(), self.zone(), parted.record.place(), now)?;
            let case = begun(&decision, caller.actor.id, now)?;
            let stays = case.owner.unit;
            match self.routed(case, table, now).await? {
                Some(Event::Assigned { owner, .. }) => Some(owner.unit),
                _ => Some(stays),
            }
        } else {
            None
        };
        let clocks = decision.events.into_iter().filter_map(|event| match event {
            Event::ClockStarted { rule, due_at, .. } => Some((rule, due_at)),
            _ => None,
        });
        let mut due: Vec<(String, Timestamp)> = clocks.collect();
        due.sort_by_key(|(_, at)| *at);
        Ok(Would { faults, due, unit })
    }
}
