//! Checks of the whole log that somebody asked for: carried out off every command's way by one node, with progress and
//! what came of it. What is checked is what `redress audit verify` checks, and by the same code.

use crate::activation::Person;
use crate::administration::{self, Change};
use crate::audit::{everywhere, known};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::verify::{self, Report};
use crate::{Desk, kept, permissions};
use domain::actor::ActorId;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::schedules::{self, Look};
use store::{Db, Options, VerificationRow, administration as rows, entries};
use uuid::Uuid;

/// Checks that are shown.
const SHOWN: i64 = 20;
/// Findings that are kept; how many there were is kept besides.
const FINDINGS: usize = 100;
/// Name of the lease.
const LEASE_NAME: &str = "verification";
/// Should this node fail, another begins anew after this long. It is taken anew with each word of progress.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Entries between two words of progress.
const STEP: u64 = 20_000;
/// Times it is begun: what brought a node down each time is not begun for ever.
const TRIES: i64 = 3;

/// Where a check stands.
pub const STATES: [&str; 3] = ["waiting", "done", "failed"];

/// What does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// Stable code.
    pub code: String,
    /// The case or subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// The entry's version, the checkpoint's number or the position in a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<i64>,
    /// In words.
    pub detail: String,
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Entries looked at.
    pub entries: u64,
    /// Cases among them.
    pub cases: u64,
    /// Checkpoints looked at.
    pub checkpoints: u64,
    /// Attachments looked at.
    pub attachments: u64,
    /// Entries no checkpoint covered yet.
    pub unsealed: u64,
    /// Public keys that signed checkpoints, base64.
    pub public_keys: Vec<String>,
    /// How many things do not add up.
    pub found: u64,
    /// The first of them.
    pub findings: Vec<KeptFinding>,
}

/// A check.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Identity.
    pub id: Uuid,
    /// One of [`STATES`]; `failed` when it could not be carried out.
    pub state: &'static str,
    /// Who asked.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// Entries looked at so far.
    pub looked: i64,
    /// Entries there were when it began.
    pub whole: i64,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<Outcome>,
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        let kept = |one: verify::Finding| KeptFinding {
            code: one.code.to_owned(),
            subject: one.subject,
            place: one.place,
            detail: one.detail,
        };
        Self {
            entries: report.entries,
            cases: report.cases,
            checkpoints: report.checkpoints,
            attachments: report.attachments,
            unsealed: report.unsealed,
            public_keys: report.public_keys,
            found: report.findings.len() as u64,
            findings: report.findings.into_iter().take(FINDINGS).map(kept).collect(),
        }
    }
}

impl Desk {
    /// Has the whole log checked; one check at a time.
    ///
    /// # Errors
    /// When the caller may not, sees only a part of the installation, or a check waits already.
    pub async fn ask_verification(&self, caller: &Caller) -> Result<Uuid, DeskError> {
        permissions::VERIFY_LOG.require(caller)?;
        everywhere(caller)?;
        let (id, at, actor) = (Uuid::now_v7(), stored(self.time().now()), caller.actor.id);
        self.db()
            .write(move |tx| {
                if rows::waiting_verification(tx)?.is_some() {
                    return Err(Refusal::conflict("verification_waits").into());
                }
                let whole = entries::heads(tx)?.iter().map(|(_, head)| head).sum();
                rows::insert_verification(tx, id, &actor.to_string(), at, whole)?;
                administration::record(tx, id, actor, at, &Change::new("ask-verification"))?;
                Ok::<_, DeskError>(id)
            })
            .await
    }

    /// Checks that were asked for, the newest first. What was found is about cases of the whole installation: who sees a
    /// part of it is told how much it was, and nothing of each.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn verifications(&self, caller: &Caller) -> Result<Vec<Verification>, DeskError> {
        permissions::READ_AUDIT.require(caller)?;
        let whole = everywhere(caller).is_ok();
        self.db()
            .read(move |tx| {
                let mut found = Vec::new();
                for row in rows::verifications(tx, SHOWN)? {
                    let state = STATES.into_iter().find(|state| *state == row.state);
                    let told: Option<Outcome> = (!row.told.is_empty()).then(|| kept::read(&row.told)).transpose()?;
                    found.push(Verification {
                        id: row.id,
                        state: state.ok_or_else(|| DeskError::Damaged(format!("verification {:?}", row.state)))?,
                        asked_by: known(tx, &row.asked_by)?,
                        asked_at: moment(row.asked_at),
                        looked: row.looked,
                        whole: row.whole,
                        ended_at: row.ended_at.map(moment),
                        outcome: told.map(|told| if whole { told } else { Outcome { findings: Vec::new(), ..told } }),
                    });
                }
                Ok::<_, DeskError>(found)
            })
            .await
    }
}

fn hold(desk: &Desk, node: &str) -> Result<bool, DeskError> {
    let now = desk.time().now();
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    let look = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
    desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::hold(tx, LEASE_NAME, look, until, &holder)?))
}

/// Carries out the check that waits, unless another node does; false when there was nothing to do. Blocking, for as long as
/// it takes.
///
/// # Errors
/// Those of the database; it is begun anew.
pub fn go_on(desk: &Desk, node: &str, enough: impl Fn() -> bool) -> Result<bool, DeskError> {
    let waiting = desk.db().read_now(|tx| Ok::<_, DeskError>(rows::waiting_verification(tx)?))?;
    let Some(row) = waiting else { return Ok(false) };
    if !hold(desk, node)? {
        return Ok(false);
    }
    let done = carry_out(desk, node, &row, &enough);
    let (holder, now) = (node.to_owned(), stored(desk.time().now()));
    desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::finish(tx, LEASE_NAME, now, &holder)?))?;
    done
}

fn carry_out(desk: &Desk, node: &str, row: &VerificationRow, enough: &impl Fn() -> bool) -> Result<bool, DeskError> {
    let id = row.id;
    if row.tries >= TRIES {
        return end(desk, id, "failed", &Outcome::default());
    }
    desk.db().write_now(move |tx| {
        let whole = entries::heads(tx)?.iter().map(|(_, head)| head).sum();
        Ok::<_, DeskError>(rows::begin_verification(tx, id, whole)?)
    })?;
    let mut told = 0;
    // Reading everything takes minutes: threads of its own, so that no page waits for it.
    let own = Db::open(desk.db().target(), &Options::small())?;
    let report = verify::verify_watched(&own, Some(desk.public_key()), |looked| {
        if looked < told + STEP {
            return Ok(true);
        }
        told = looked;
        let looked = i64::try_from(looked).unwrap_or(i64::MAX);
        desk.db().write_now(move |tx| Ok::<_, DeskError>(rows::looked(tx, id, looked)?))?;
        Ok(!enough() && hold(desk, node)?)
    });
    own.close();
    let report = report?;
    // The server ends, or another node has it: it is begun anew.
    let Some(report) = report else { return Ok(false) };
    end(desk, id, "done", &report.into())
}

fn end(desk: &Desk, id: Uuid, state: &'static str, outcome: &Outcome) -> Result<bool, DeskError> {
    let (told, at) = (kept::written(outcome)?, stored(desk.time().now()));
    let change = Change::new("end-verification")
        .with("state", state)
        .with("entries", outcome.entries.to_string())
        .with("found", outcome.found.to_string());
    desk.db().write_now(move |tx| {
        if rows::end_verification(tx, id, state, &told, at)? {
            administration::record(tx, id, ActorId::System, at, &change)?;
        }
        Ok::<_, DeskError>(true)
    })
}
