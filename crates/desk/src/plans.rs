//! Emergency plans: a text with roles and a checklist, in versions that never change. One person asks for a version, another
//! approves it; incidents start the newest that was approved.

use crate::activation::{Person, a_person, everywhere, person};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::incident::{Plan, PlanItem, PlanRole};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use jiff::Timestamp;
use policy::EmergencyPlan;
use serde::Deserialize;
use store::{EmergencyPlanRow, Tx, plans};
use uuid::Uuid;

/// Largest text, bytes.
const MOST_BYTES: usize = 65_536;
/// Most versions listed.
const MOST: i64 = 1_000;

/// Shape of a request.
pub const NEW_PLAN: &[Field] =
    &[required("text", Kind::Document { max: MOST_BYTES }, "The whole plan, as TOML; docs/incidents.md says how.")];

/// A version of a plan to be approved.
#[derive(Clone, Debug, Deserialize)]
pub struct NewPlan {
    /// The text.
    pub text: String,
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanStanding {
    /// Somebody asked; another person decides.
    Requested,
    /// It can be started.
    Approved,
    /// The other person said no.
    Refused,
}

impl PlanStanding {
    /// Every standing.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Approved, Self::Refused];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

/// A version of a plan with the two people behind it.
#[derive(Clone, Debug)]
pub struct PlanView {
    /// The plan.
    pub plan: EmergencyPlan,
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub standing: PlanStanding,
    /// Who asked.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<Person>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

fn parse(text: &str) -> Result<EmergencyPlan, Refusal> {
    let told = |fault: policy::Fault| {
        let hint = fault.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        Fault::new("text", "plan_fault")
            .with("line", fault.line)
            .with("column", fault.column)
            .with("message", format!("{}{hint}", fault.message))
    };
    EmergencyPlan::parse(text).map_err(|faults| Refusal::invalid(faults.into_iter().map(told).collect()))
}

fn view(tx: &mut Tx<'_>, row: EmergencyPlanRow) -> Result<PlanView, DeskError> {
    let standing = PlanStanding::ALL.into_iter().find(|one| one.code() == row.state);
    Ok(PlanView {
        plan: parse(&row.content).map_err(|_| DeskError::Damaged(format!("plan {} {}", row.plan, row.version)))?,
        text: row.content,
        standing: standing.ok_or_else(|| DeskError::Damaged(format!("plan {:?}", row.state)))?,
        asked_by: person(tx, &row.asked_by)?,
        asked_at: moment(row.asked_at),
        decided_by: row.decided_by.map(|by| person(tx, &by)).transpose()?,
        decided_at: row.decided_at.map(moment),
    })
}

/// The newest approved version of a plan, as an incident starts it.
pub(crate) fn approved(tx: &mut Tx<'_>, plan: &str) -> Result<Option<Plan>, DeskError> {
    let Some(row) = plans::newest(tx, plan, PlanStanding::Approved.code())? else { return Ok(None) };
    let EmergencyPlan { id, version, title, roles, items } = view(tx, row)?.plan;
    let roles = roles.into_iter().map(|role| PlanRole { id: role.id, zh: role.title.zh, en: role.title.en });
    let items = items.into_iter().map(|item| PlanItem {
        role: item.role,
        zh: item.title.zh,
        en: item.title.en,
        within: item.within,
    });
    Ok(Some(Plan { id, version, zh: title.zh, en: title.en, roles: roles.collect(), items: items.collect() }))
}

impl Desk {
    /// Every version of every plan, by plan, the newest first.
    ///
    /// # Errors
    /// If the caller may see none.
    pub async fn plans(&self, caller: &Caller) -> Result<Vec<PlanView>, DeskError> {
        permissions::READ_PLANS.require(caller)?;
        let read = self.db().read(|tx| {
            let rows = plans::list(tx, MOST)?;
            rows.into_iter().map(|row| view(tx, row)).collect::<Result<Vec<_>, DeskError>>()
        });
        read.await
    }

    /// Asks for a version of a plan to be approved by another person.
    ///
    /// # Errors
    /// Every fault of the text with line and column; that the version is not newer; a refusal when the caller may not.
    pub async fn propose_plan(&self, caller: &Caller, new: NewPlan) -> Result<PlanView, DeskError> {
        permissions::PROPOSE_PLAN.require(caller)?;
        everywhere(caller)?;
        a_person(caller)?;
        let plan = parse(&new.text)?;
        let (actor, at) = (caller.actor.id, stored(self.time().now()));
        let row = EmergencyPlanRow {
            plan: plan.id.clone(),
            version: plan.version.into(),
            subject: Uuid::now_v7(),
            content: new.text,
            state: PlanStanding::Requested.code().to_owned(),
            asked_by: actor.to_string(),
            asked_at: at,
            decided_by: None,
            decided_at: None,
        };
        let write = self.db().write(move |tx| {
            if let Some(known) = plans::newest(tx, &row.plan, "")?
                && known.version >= row.version
            {
                let fault =
                    Fault::new("text", "version_not_newer").with("rules", &row.plan).with("newest", known.version);
                return Err(Refusal::from(fault).into());
            }
            if !plans::insert(tx, &row)? {
                return Err(DeskError::Overtaken);
            }
            let change = Change::new("propose-plan")
                .with("plan", row.plan.clone())
                .with("version", row.version.to_string())
                .with("hash", policy::address(&row.content));
            administration::record(tx, row.subject, actor, at, &change)?;
            view(tx, row)
        });
        write.await
    }

    /// Approves or refuses a version another person asked for.
    ///
    /// # Errors
    /// `not_found`; a refusal when it is decided or one's own.
    pub async fn decide_plan(
        &self,
        caller: &Caller,
        plan: &str,
        version: i64,
        approve: bool,
    ) -> Result<PlanView, DeskError> {
        permissions::APPROVE_PLAN.require(caller)?;
        everywhere(caller)?;
        a_person(caller)?;
        let (actor, at, plan) = (caller.actor.id, stored(self.time().now()), plan.to_owned());
        let standing = if approve { PlanStanding::Approved } else { PlanStanding::Refused };
        let write = self.db().write(move |tx| {
            let row = plans::get(tx, &plan, version)?.ok_or_else(Refusal::not_found)?;
            if row.asked_by == actor.to_string() {
                return Err(Refusal::conflict("own_plan").into());
            }
            if !plans::decide(tx, &plan, version, standing.code(), &actor.to_string(), at)? {
                return Err(Refusal::conflict("plan_version_decided").with("plan", plan).into());
            }
            let change = Change::new(if approve { "approve-plan" } else { "refuse-plan" })
                .with("plan", row.plan.clone())
                .with("version", row.version.to_string());
            administration::record(tx, row.subject, actor, at, &change)?;
            let row = plans::get(tx, &plan, version)?.ok_or_else(Refusal::not_found)?;
            view(tx, row)
        });
        write.await
    }
}
