//! What a story does with mass incidents and network facts.

use super::{Scene, Teller};
use crate::api::{incidents, network};
use crate::cli::told;
use desk::bulk::{Bulk, Named, Selection};
use desk::incidents::Tell;
use desk::network::RecordKind;
use desk::{Caller, CaseRef, DeskError};
use domain::command::Command as OnCase;
use domain::incident::open::Open;
use domain::incident::{Command, Purpose, VERBS};
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, DeskError> {
    serde_json::from_value(value).map_err(|error| DeskError::Damaged(error.to_string()))
}

/// Whether a verb of a story is about these.
pub(super) fn knows(verb: &str) -> bool {
    matches!(verb, "network-fact" | "open-incident" | "tell-incident") || VERBS.iter().any(|known| known.name == verb)
}

impl Teller<'_> {
    /// Does what a scene says; a fact and an incident are called as the scene says from then on.
    pub(super) async fn act_on_many(&mut self, scene: &Scene, with: &Value, at: Timestamp) -> Result<(), DeskError> {
        let (caller, body) = (self.player(&scene.by)?, self.stage.look_up(with, at));
        let desk = self.stage.desk;
        let name = scene.name.as_deref();
        match scene.verb.as_str() {
            "network-fact" => {
                let taken = desk.take_record(&caller, RecordKind::NetworkFacts, body).await?;
                if let (Some(name), Some(id)) = (name, taken.id) {
                    self.stage.call_thing(name, id);
                }
                Ok(())
            }
            "open-incident" => {
                let open: Open = typed(body)?;
                let incident = desk.open_incident(&caller, open, None).await?.incident;
                if let Some(name) = name {
                    self.stage.call_thing(name, incident.id);
                }
                self.incident = Some((incident.id, incident.version));
                Ok(())
            }
            "tell-incident" => {
                let tell: Tell = typed(body)?;
                let (id, _) = self.incident()?;
                let view = desk.incident(&caller, id).await?;
                let content = view.incident.to_tell(tell.purpose)?.zh.clone();
                let waiting = view.cases.iter().filter(|(_, standing)| standing == "waiting");
                let named = waiting.map(|(case, _)| Named { name: case.number.clone(), seen: None }).collect();
                // Nothing is sent from a story: the words are written in each case as those of whoever told them.
                let verb = if tell.purpose == Purpose::Outcome { "reply" } else { "notify-progress" };
                let body = serde_json::json!({"mode": tell.mode, "content": content});
                let command = OnCase::read(verb, body).ok_or_else(Refusal::not_found)?.map_err(Refusal::invalid)?;
                let ask = Bulk { selection: Selection::Named(named), command, dry_run: false };
                desk.bulk(&caller, ask, None).await.map(drop)
            }
            verb => {
                let (id, version) = self.incident()?;
                let command = Command::read(verb, body).ok_or_else(Refusal::not_found)?.map_err(Refusal::invalid)?;
                let done = desk.run_incident(&caller, id, version, command, None).await?;
                self.incident = Some((id, done.incident.version));
                Ok(())
            }
        }
    }

    fn incident(&self) -> Result<(uuid::Uuid, i64), DeskError> {
        self.incident.ok_or_else(|| Refusal::not_found().into())
    }

    /// The incident of the story, as it is shown.
    pub(super) async fn incident_shown(&self) -> Result<Value, String> {
        let (id, _) = self.incident().map_err(|error| told(&error))?;
        let view = self.stage.desk.incident(&self.system, id).await.map_err(|error| told(&error))?;
        Ok(incidents::incident(&view))
    }

    /// Facts near a case, as they are shown.
    pub(super) async fn facts_near(&self, caller: &Caller, name: &CaseRef) -> Result<Value, String> {
        let found = self.stage.desk.facts_near(caller, name).await.map_err(|error| told(&error))?;
        Ok(network::shown(&found))
    }
}
