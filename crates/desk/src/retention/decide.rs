//! Deciding about a plan: another person than the one who made it has it carried out, or says no. It is held against what
//! there is now; one that no longer fits is put aside, and a new one is made.

use super::plan::{Plan, PlanState, read};
use super::{carry_out, everywhere, judge};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::refusal::Refusal;
use domain::retention::{Verdict, judge as verdict};
use domain::shape::{Field, Kind, required};
use serde::Deserialize;
use store::retention;
use uuid::Uuid;

/// Shape of an approval.
pub const APPROVAL: &[Field] = &[required(
    "hash",
    Kind::Line { max: 64 },
    "Digest of the plan that was looked at: this and nothing else is approved.",
)];

/// An approval.
#[derive(Clone, Debug, Deserialize)]
pub struct Approval {
    /// Digest of the plan.
    pub hash: String,
}

/// Has a plan of another person carried out: from now on its persons are erased one by one. Blocking.
///
/// # Errors
/// `not_found`; a refusal when it is decided or one's own, when the digest is another, or when a person it names is no
/// longer due as it says. The last puts the plan aside.
pub fn approve(desk: &Desk, by: &Caller, id: Uuid, approval: &Approval) -> Result<(), DeskError> {
    let plan = find(desk, by, id)?;
    if plan.made_by.id == by.actor.id {
        return Err(Refusal::conflict("own_request").into());
    }
    if plan.hash != approval.hash {
        return Err(Refusal::conflict("plan_hash_differs").with("hash", &plan.hash).into());
    }
    // What is carried out are the stored lines: they must be what the digest was made of.
    let items: Vec<_> = plan.items.iter().map(|(one, _)| one.clone()).collect();
    if super::plan::digest(&items)? != plan.hash {
        return Err(Refusal::conflict("plan_hash_differs").with("hash", &plan.hash).into());
    }
    if let Some(number) = outdated(desk, &plan)? {
        decide(desk, by, &plan, PlanState::Outdated)?;
        return Err(Refusal::conflict("plan_outdated").with("number", number).into());
    }
    decide(desk, by, &plan, PlanState::Approved)
}

/// Says no to a plan of another person.
///
/// # Errors
/// `not_found`, or a refusal when it is decided or one's own.
pub fn refuse(desk: &Desk, by: &Caller, id: Uuid) -> Result<(), DeskError> {
    let plan = find(desk, by, id)?;
    if plan.made_by.id == by.actor.id {
        return Err(Refusal::conflict("own_request").into());
    }
    decide(desk, by, &plan, PlanState::Refused)
}

/// Takes back what one made oneself.
///
/// # Errors
/// `not_found`, or a refusal when it is decided or somebody else's.
pub fn withdraw(desk: &Desk, by: &Caller, id: Uuid) -> Result<(), DeskError> {
    let plan = find(desk, by, id)?;
    if plan.made_by.id != by.actor.id {
        return Err(Refusal::conflict("not_own_request").with("by", &plan.made_by.name).into());
    }
    decide(desk, by, &plan, PlanState::Withdrawn)
}

fn find(desk: &Desk, by: &Caller, id: Uuid) -> Result<Plan, DeskError> {
    permissions::PLAN_ERASURE.require(by)?;
    // What is everywhere is not there for who sees only a part of it.
    everywhere(by).map_err(|_| Refusal::not_found())?;
    let found = desk.db().read_now(move |tx| match retention::plan(tx, id)? {
        Some(row) => read(tx, row, true).map(Some),
        None => Ok::<_, DeskError>(None),
    })?;
    let found = found.ok_or_else(Refusal::not_found)?;
    crate::activation::a_person(by)?;
    if found.state != PlanState::Requested {
        return Err(Refusal::conflict("plan_decided").with("decision", found.state.code()).into());
    }
    Ok(found)
}

/// The first case of which the plan says something that is no longer so.
fn outdated(desk: &Desk, plan: &Plan) -> Result<Option<String>, DeskError> {
    let now = desk.time().now();
    for (one, _) in &plan.items {
        let (house, person) = (desk.clone(), one.person);
        let looked = desk.db().read_now(move |tx| {
            let today = judge::today(&house)?;
            Ok::<_, DeskError>(match store::vault::person(tx, person)?.and_then(|row| row.wrapped_key) {
                Some(_) => judge::look(tx, &house, &today, person)?,
                None => Vec::new(),
            })
        })?;
        let same = match verdict(&judge::keepings(&looked), now) {
            Verdict::Due(ground) => super::plan::planned(person, &looked, ground) == *one,
            _ => false,
        };
        if !same {
            return Ok(Some(one.cases.first().map(|(number, _)| number.clone()).unwrap_or_default()));
        }
    }
    Ok(None)
}

fn decide(desk: &Desk, by: &Caller, plan: &Plan, to: PlanState) -> Result<(), DeskError> {
    let verb = match to {
        PlanState::Approved => "approve-erasure",
        PlanState::Refused => "refuse-erasure",
        PlanState::Outdated => "outdate-erasure",
        PlanState::Withdrawn | PlanState::Requested => "withdraw-erasure",
    };
    let change = Change::new(verb).with("hash", plan.hash.clone()).with("persons", plan.items.len().to_string());
    let (id, persons, actor, at) = (plan.id, plan.items.len(), by.actor.id, stored(desk.time().now()));
    desk.db().write_now(move |tx| {
        if !retention::decide(tx, id, PlanState::Requested.code(), to.code(), &actor.to_string(), at)? {
            return Err(Refusal::conflict("plan_decided").with("decision", to.code()).into());
        }
        if to == PlanState::Approved {
            carry_out::enqueue(tx, id, persons, at)?;
        }
        administration::record(tx, id, actor, at, &change)
    })
}
