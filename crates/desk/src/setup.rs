//! The first set-up of an installation: a few steps, each of which can be done, left out, or taken up later. What was said of
//! each stands in the database and in the ledger, so nothing is asked twice. The steps themselves are what the organisation,
//! the users and the rules have anyway; here only stands how far somebody came.

use crate::activation::Person;
use crate::administration::{self, Change};
use crate::audit::known;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::schedules::{self, Look};
use store::{SetupRow, Tx, administration as rows};
use uuid::Uuid;

/// The steps, in the order in which they are offered; the last ends the set-up.
pub const STEPS: &[&str] = &["organisation", "rules", "users", "sample", "finish"];
/// What can be said of a step.
pub const STATES: &[&str] = &["done", "skipped"];
/// The step that fills an empty installation with invented cases.
const SAMPLE: &str = "sample";
/// Name of the lease of whoever loads them.
const LEASE_NAME: &str = "sample";
/// Should that node be ended in the middle, the next start tries after this long; loading them takes a fraction of it.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// The step that ends it.
const FINISH: &str = "finish";
/// What the sample step says once the data is there.
const LOADED: &str = "loaded";

/// Shape of what is said of a step.
pub const SET_UP: &[Field] = &[
    required("step", Kind::Code(STEPS), "Which step."),
    required(
        "state",
        Kind::Code(STATES),
        "Done or left out. Of `sample`, done means that invented cases are loaded at the next start.",
    ),
];

/// What is said of a step.
#[derive(Clone, Debug, Deserialize)]
pub struct SetUp {
    /// One of [`STEPS`].
    pub step: String,
    /// One of [`STATES`].
    pub state: String,
}

/// A step and what was said of it.
#[derive(Clone, Debug)]
pub struct SetupStep {
    /// One of [`STEPS`].
    pub step: &'static str,
    /// `open`, one of [`STATES`], or `loaded`.
    pub state: String,
    /// Who said so, and when.
    pub said: Option<(Person, Timestamp)>,
}

/// How far the set-up is.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The steps.
    pub steps: Vec<SetupStep>,
    /// Whether it is offered by itself: it was begun or there is nothing yet, and nobody ended it.
    pub due: bool,
    /// Whether invented cases can still be loaded: there is no case yet.
    pub sample: bool,
}

impl Setup {
    /// The first step nothing was said of.
    #[must_use]
    pub fn next(&self) -> Option<&'static str> {
        self.steps.iter().find(|step| step.state == "open").map(|step| step.step)
    }
}

/// An installation is set up by whoever sees all of it.
fn everywhere(by: &Caller) -> Result<(), Refusal> {
    if by.actor.area.code().is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("set_up_is_everywhere").with("area", by.actor.area.code()))
}

impl Desk {
    /// How far the first set-up is.
    ///
    /// # Errors
    /// If the caller may not set up.
    pub async fn setup(&self, caller: &Caller) -> Result<Setup, DeskError> {
        permissions::SET_UP.require(caller)?;
        everywhere(caller)?;
        self.db()
            .read(|tx| {
                let said = rows::setup(tx)?;
                let mut steps = Vec::new();
                for step in STEPS {
                    let row = said.iter().find(|row| row.step == *step);
                    let by = row.map(|row| Ok::<_, DeskError>((known(tx, &row.done_by)?, moment(row.done_at))));
                    let state = row.map_or("open", |row| row.state.as_str()).to_owned();
                    steps.push(SetupStep { step, state, said: by.transpose()? });
                }
                let ended = said.iter().any(|row| row.step == FINISH);
                let due = !ended && (!said.is_empty() || rows::is_empty(tx)?);
                Ok::<_, DeskError>(Setup { steps, due, sample: !rows::any_case(tx)? })
            })
            .await
    }

    /// Whether whoever signs in is to be led to the set-up. Nobody else is asked anything of the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn setup_is_due(&self, caller: &Caller) -> Result<bool, DeskError> {
        if !permissions::SET_UP.allows(caller) || !caller.actor.area.code().is_empty() {
            return Ok(false);
        }
        Ok(self.setup(caller).await?.due)
    }

    /// Notes what was said of a step. Said again, the new word stands.
    ///
    /// # Errors
    /// When the caller may not; `not_empty` for sample data where there are cases.
    pub async fn set_up(&self, caller: &Caller, said: &SetUp) -> Result<(), DeskError> {
        permissions::SET_UP.require(caller)?;
        everywhere(caller)?;
        let actor = caller.actor.id;
        let row = SetupRow {
            step: said.step.clone(),
            state: said.state.clone(),
            done_by: actor.to_string(),
            done_at: stored(self.time().now()),
        };
        let root = self.root().0;
        self.db()
            .write(move |tx| {
                if row.step == SAMPLE && row.state == "done" && rows::any_case(tx)? {
                    return Err(Refusal::conflict("not_empty").into());
                }
                note(tx, root, actor, &row)
            })
            .await
    }
}

fn note(tx: &mut Tx<'_>, root: Uuid, actor: ActorId, row: &SetupRow) -> Result<(), DeskError> {
    rows::set_up(tx, row)?;
    let change = Change::new("set-up").with("step", row.step.clone()).with("state", row.state.clone());
    administration::record(tx, root, actor, row.done_at, &change)
}

/// Whether the set-up asked for invented cases, there is no case yet, and no other node loads them: whoever starts a server
/// and is told so loads them before anything else, because time is moved for them. Of nodes that start together one is.
/// Blocking.
///
/// # Errors
/// Those of the database.
pub fn takes_sample(desk: &Desk, node: &str) -> Result<bool, DeskError> {
    // Looking costs no write; most starts find nothing to do.
    if !desk.db().read_now(wants_sample)? {
        return Ok(false);
    }
    let now = desk.time().now();
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    let look = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
    // Another node may have ended it since the look.
    desk.db().write_now(move |tx| Ok(schedules::hold(tx, LEASE_NAME, look, until, &holder)? && wants_sample(tx)?))
}

fn wants_sample(tx: &mut Tx<'_>) -> Result<bool, DeskError> {
    Ok(asked_for(tx)? && !rows::any_case(tx)?)
}

/// Whether the set-up asked for invented cases and none were loaded since.
fn asked_for(tx: &mut Tx<'_>) -> Result<bool, DeskError> {
    Ok(rows::setup(tx)?.iter().any(|row| row.step == SAMPLE && row.state == "done"))
}

/// Whether another node loads them at this moment. Blocking.
///
/// # Errors
/// Those of the database.
pub fn sample_is_under_way(desk: &Desk) -> Result<bool, DeskError> {
    let now = stored(desk.time().now());
    desk.db().read_now(move |tx| Ok(asked_for(tx)? && schedules::is_held(tx, LEASE_NAME, now)?))
}

/// Gives the lease back where they could not be loaded: the next start tries again. Blocking.
///
/// # Errors
/// Those of the database.
pub fn sample_failed(desk: &Desk, node: &str) -> Result<(), DeskError> {
    let (at, holder) = (stored(desk.time().now()), node.to_owned());
    desk.db().write_now(move |tx| Ok(schedules::finish(tx, LEASE_NAME, at, &holder)?))
}

/// Notes that they are there, or that they were left out, and gives the lease back. Blocking.
///
/// # Errors
/// Those of the database.
pub fn sample_ended(desk: &Desk, node: &str, loaded: bool) -> Result<(), DeskError> {
    let (root, at, holder) = (desk.root().0, stored(desk.time().now()), node.to_owned());
    let row = SetupRow {
        step: SAMPLE.to_owned(),
        state: if loaded { LOADED } else { "skipped" }.to_owned(),
        done_by: ActorId::System.to_string(),
        done_at: at,
    };
    desk.db().write_now(move |tx| {
        schedules::finish(tx, LEASE_NAME, at, &holder)?;
        note(tx, root, ActorId::System, &row)
    })
}
