//! Taking the next case of one's unit's queue: customers who come first, then time left. Each case goes to one person,
//! however many ask at once: taking is a command on the version that was seen, and of two only the first is carried out.

use crate::Desk;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::permissions;
use crate::register::OnceOnly;
use crate::run::Done;
use domain::case::{Case, State};
use domain::command::Command;
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::HashSet;
use store::{cases, idempotency, routing};
use uuid::Uuid;

/// Cases looked at for one that the caller may take.
const LOOKED_AT: i64 = 1_000;
/// How often one is looked for anew because others were quicker.
const MOST_ATTEMPTS: usize = 100;

impl Desk {
    /// Takes the next case of the caller's unit's queue.
    ///
    /// # Errors
    /// `queue_empty` when nothing there is for them; a refusal when the caller may not, or is no person.
    pub async fn claim_next(&self, caller: &Caller, once: Option<OnceOnly<'_>>) -> Result<Done, DeskError> {
        permissions::CLAIM.require(caller)?;
        if caller.actor.user().is_none() {
            return Err(Refusal::conflict("only_people_claim").into());
        }
        if let Some(done) = self.claimed_before(caller, once).await? {
            return Ok(done);
        }
        let mut lost = HashSet::new();
        for _ in 0..MOST_ATTEMPTS {
            let Some(case) = self.first_waiting(caller, &lost).await? else { break };
            let (verb, body) = match case.state {
                State::Triage => ("assign", json!({"user": caller.actor.user().map(|user| user.to_string())})),
                _ => ("accept", Value::Null),
            };
            let read = Command::read(verb, body).ok_or_else(|| DeskError::Damaged(format!("no verb {verb}")))?;
            let command = read.map_err(Refusal::invalid)?;
            match self.run(caller, &CaseRef::Id(case.id), case.version, command, once).await {
                // Somebody was quicker; what they left of it shows when it is looked at again.
                Err(DeskError::Stale { .. } | DeskError::Overtaken) => {}
                Err(DeskError::Refused(_)) => {
                    lost.insert(case.id.0);
                }
                other => return other,
            }
        }
        Err(Refusal::conflict("queue_empty").into())
    }

    /// How many cases wait in the caller's unit's queue, counted no further than `most`.
    ///
    /// # Errors
    /// If the caller may not see cases.
    pub async fn waiting(&self, caller: &Caller, most: usize) -> Result<u64, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let unit = caller.actor.unit.0;
        let actor = caller.actor.clone();
        let limit = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
        let count = self.db().read(move |tx| {
            let hidden = load::hidden(tx, &actor)?;
            let mut count = routing::count(tx, unit, limit(most.saturating_add(hidden.len())))?;
            for case in hidden {
                count -= i64::from(routing::waiting_of(tx, case)?.is_some_and(|row| row.unit == unit));
            }
            Ok::<_, DeskError>(count.min(limit(most)))
        });
        let count = count.await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// What a repeated request led to the first time: it need not be the next case any more.
    async fn claimed_before(&self, caller: &Caller, once: Option<OnceOnly<'_>>) -> Result<Option<Done>, DeskError> {
        let Some(once) = once else { return Ok(None) };
        let digests = ["accept", "assign"].map(|verb| self.claim(caller, verb, once));
        let [accept, assign] = digests;
        let (accept, assign) = (accept?, assign?);
        let (actor, key) = (accept.actor.clone(), accept.key.clone());
        let earlier = self.db().read(move |tx| Ok::<_, DeskError>(idempotency::find(tx, &actor, &key)?)).await?;
        match earlier {
            None => Ok(None),
            Some(earlier) if earlier.digest == accept.digest || earlier.digest == assign.digest => {
                let earlier = crate::register::Earlier { case: earlier.case_id, version: earlier.version };
                self.replay(caller, earlier).await.map(Some)
            }
            Some(_) => Err(Refusal::from(Fault::new("Idempotency-Key", "idempotency_key_reused")).into()),
        }
    }

    /// The first waiting case the caller may hold, as it stands.
    async fn first_waiting(&self, caller: &Caller, lost: &HashSet<Uuid>) -> Result<Option<Case>, DeskError> {
        let (actor, lost) = (caller.actor.clone(), lost.clone());
        self.db()
            .read(move |tx| {
                for id in routing::next(tx, actor.unit.0, LOOKED_AT)? {
                    if lost.contains(&id) {
                        continue;
                    }
                    // Most of a long queue may lie elsewhere; their rows tell.
                    if !cases::by_id(tx, id)?.is_some_and(|row| row.open && load::is_there(&row, &actor)) {
                        continue;
                    }
                    let case = load::any(tx, CaseId(id))?.case;
                    if case.waits() && !case.excluded().contains(&actor.id) {
                        return Ok(Some(case));
                    }
                }
                Ok::<_, DeskError>(None)
            })
            .await
    }
}

/// Whoever claims takes a case up; the table of permissions says so once.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::Permission;

    #[test]
    fn who_claims_may_take_up() {
        let roles = domain::actor::Role::ALL.into_iter().filter(|role| permissions::CLAIM.granted_to(*role));
        for role in roles {
            assert!(
                ["accept", "assign"].iter().all(|verb| Permission::for_verb(verb).unwrap().granted_to(role)),
                "{role}"
            );
        }
    }
}
