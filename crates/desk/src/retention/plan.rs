//! Plans: whom the rules want erased now, and why others stay. Making one changes nothing but the list of plans.

use super::{everywhere, judge};
use crate::activation::{Person, person as staff};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::time::{moment, stored};
use crate::{CaseRef, Desk, load, permissions};
use domain::refusal::Refusal;
use domain::retention::{Ground, Limit, Verdict, judge as verdict};
use domain::shape::{Field, Kind, required};
use jiff::Timestamp;
use policy::{KeptFrom, RecordClass, earlier};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::{PlanItemRow, PlanRow, Tx, retention};
use uuid::Uuid;

/// Persons a plan names at most; whoever is left comes with the next.
pub const MOST: usize = 2_000;
/// Persons that stay and are named one by one.
const MOST_NAMED: usize = 200;
/// Persons read in one transaction.
const PAGE: i64 = 500;

/// Shape of what is said when a plan is made.
pub const NEW_PLAN: &[Field] =
    &[required("note", Kind::Line { max: 200 }, "Why. Do not write personal data here: it is kept for good.")];

/// A plan as asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct NewPlan {
    /// Why.
    pub note: String,
}

/// A person that is to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Whom; an identifier that says nothing by itself.
    pub person: Uuid,
    /// Numbers and versions of their cases.
    pub cases: Vec<(String, i64)>,
    /// Why.
    pub ground: Ground,
}

/// A person that stays although something is asked or forbidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stays {
    /// Numbers of their cases.
    pub cases: Vec<String>,
    /// Codes of [`domain::retention::Stay`]; empty where a minimum has not passed.
    pub reasons: Vec<String>,
    /// The minimum that has not passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Limit>,
    /// The request that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// What a look over everybody found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// Persons looked at who have a key and cases.
    pub persons: u64,
    /// Persons to be erased, in the order of identity.
    #[serde(skip)]
    pub due: Vec<Planned>,
    /// Whether more are due than a plan names.
    pub more: bool,
    /// Cases, texts' keys with them, that go with those persons.
    pub cases: u64,
    /// Attached files that go.
    pub attachments: u64,
    /// Persons due by rule; requests under `request`.
    pub by_rule: BTreeMap<String, u64>,
    /// Persons that stay, by reason: codes of stays, `minimum`, `unasked`.
    pub stay: BTreeMap<String, u64>,
    /// Those of them with a request or a hold, at most two hundred.
    pub named: Vec<Stays>,
}

/// Where a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlanState {
    /// Somebody made it; another person decides.
    Requested,
    /// It is carried out, or has been.
    Approved,
    /// The other person said no.
    Refused,
    /// Whoever made it took it back.
    Withdrawn,
    /// It no longer fitted what it was made from.
    Outdated,
}

impl PlanState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Requested, Self::Approved, Self::Refused, Self::Withdrawn, Self::Outdated];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Outdated => "outdated",
        }
    }

    fn from_code(code: &str) -> Result<Self, DeskError> {
        let known = Self::ALL.into_iter().find(|state| state.code() == code);
        known.ok_or_else(|| DeskError::Damaged(format!("plan {code:?}")))
    }
}

/// A plan with the two people behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Identity.
    pub id: Uuid,
    /// Digest of whom it names and why: what is approved is this and nothing else.
    pub hash: String,
    /// Why it was made.
    pub note: String,
    /// Where it stands.
    pub state: PlanState,
    /// Who made it.
    pub made_by: Person,
    /// When.
    pub made_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<Person>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What it found; whom it names stands in `items`.
    pub found: DryRun,
    /// Whom it names, with what came of each: empty, `erased`, or why not.
    pub items: Vec<(Planned, String)>,
}

impl Plan {
    /// How many of its persons are through, whatever came of it.
    #[must_use]
    pub fn through(&self) -> usize {
        self.items.iter().filter(|(_, outcome)| !outcome.is_empty()).count()
    }
}

/// Looks over everybody without changing anything, for as long as `most` allows. Blocking; reads page by page, so that
/// nobody waits for it.
///
/// # Errors
/// If the caller may not, sees only a part, or the database fails; `look_took_too_long` when time is up, because half a
/// look would be passed off as a whole one.
pub fn dry_run(desk: &Desk, by: &Caller, most: Option<Duration>) -> Result<DryRun, DeskError> {
    permissions::READ_RETENTION.require(by)?;
    everywhere(by)?;
    find(desk, most)
}

/// What a plan made now would say of one person: that of a case. Nothing is changed.
///
/// # Errors
/// `not_found`; if the caller may not look.
pub async fn look_at(desk: &Desk, by: &Caller, name: &CaseRef) -> Result<DryRun, DeskError> {
    permissions::READ_RETENTION.require(by)?;
    everywhere(by)?;
    let (house, name, actor) = (desk.clone(), name.clone(), by.actor.clone());
    let look = move |tx: &mut Tx<'_>| {
        let person = load::find(tx, &name, &actor)?.person;
        let looked = judge::look(tx, &house, &judge::today(&house)?, person)?;
        let mut found = DryRun { persons: 1, ..DryRun::default() };
        found.take(person, &looked, house.time().now());
        Ok::<_, DeskError>(found)
    };
    desk.db().read(look).await
}

fn find(desk: &Desk, most: Option<Duration>) -> Result<DryRun, DeskError> {
    let until = most.map(|most| Instant::now() + most);
    let now = desk.time().now();
    let reach = Reach::of(desk, now);
    let mut found = DryRun::default();
    let mut after = Uuid::nil();
    loop {
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(Refusal::conflict("look_took_too_long").with("persons", found.persons).into());
        }
        let (page, again) = (desk.clone(), found);
        let (next, so_far) = desk.db().read_now(move |tx| {
            let mut found = again;
            let today = judge::today(&page)?;
            let candidates = retention::persons_after(tx, after, PAGE)?;
            let last = candidates.last().map(|one| one.person);
            for one in candidates {
                found.persons += 1;
                if one.open || !reach.may_concern(one.ended_at, one.asked) {
                    *found.stay.entry(if one.open { "open" } else { "unasked" }.to_owned()).or_default() += 1;
                    continue;
                }
                let looked = judge::look(tx, &page, &today, one.person)?;
                found.take(one.person, &looked, now);
            }
            Ok::<_, DeskError>((last, found))
        })?;
        found = so_far;
        match next {
            Some(next) => after = next,
            None => return Ok(found),
        }
    }
}

/// Which persons a closer look could be worth: whoever asked for something, and whose last case ended before the shortest
/// maximum of any rule.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// Latest end, UTC microseconds; nothing where any could be reached.
    ended_by: Option<i64>,
}

impl Reach {
    fn of(desk: &Desk, now: Timestamp) -> Self {
        let mut ended_by = Some(i64::MIN);
        for pack in desk.library().packs().iter() {
            for rule in pack.retentions().iter().filter(|rule| rule.class == RecordClass::Complaint) {
                let Some(max) = rule.max else { continue };
                let limit = stored(earlier(now, max, pack.calendar()));
                ended_by = match (rule.from, ended_by) {
                    (KeptFrom::Received, _) | (_, None) => None,
                    (_, Some(known)) => Some(known.max(limit)),
                };
            }
        }
        Self { ended_by }
    }

    fn may_concern(self, ended_at: i64, asked: bool) -> bool {
        asked || self.ended_by.is_none_or(|limit| ended_at <= limit)
    }
}

impl DryRun {
    fn take(&mut self, person: Uuid, looked: &[judge::Looked], now: Timestamp) {
        let keepings = judge::keepings(looked);
        let request = keepings.iter().find(|one| one.asks).map(|one| one.number.clone());
        let numbers: Vec<String> = keepings.iter().map(|one| one.number.clone()).collect();
        let stays = match verdict(&keepings, now) {
            Verdict::Due(ground) => {
                if self.due.len() >= MOST {
                    self.more = true;
                    return;
                }
                let rule = match &ground {
                    Ground::Maximum { limit } => limit.rule.clone(),
                    Ground::Request { .. } => "request".to_owned(),
                };
                *self.by_rule.entry(rule).or_default() += 1;
                self.cases += looked.len() as u64;
                self.attachments += looked.iter().map(|one| one.loaded.case.attachments.len() as u64).sum::<u64>();
                self.due.push(planned(person, looked, ground));
                return;
            }
            Verdict::Held => {
                let mut reasons: Vec<_> = keepings.iter().flat_map(|one| &one.stays).collect();
                reasons.sort_unstable();
                reasons.dedup();
                let reasons: Vec<String> = reasons.into_iter().map(|one| one.code().to_owned()).collect();
                for reason in &reasons {
                    *self.stay.entry(reason.clone()).or_default() += 1;
                }
                Stays { cases: numbers, reasons, until: None, request }
            }
            Verdict::Until(limit) => {
                *self.stay.entry("minimum".to_owned()).or_default() += 1;
                Stays { cases: numbers, reasons: Vec::new(), until: Some(limit), request }
            }
            Verdict::Unasked => {
                *self.stay.entry("unasked".to_owned()).or_default() += 1;
                return;
            }
        };
        if self.named.len() < MOST_NAMED && (stays.request.is_some() || stays.until.is_none()) {
            self.named.push(stays);
        }
    }
}

pub(super) fn planned(person: Uuid, looked: &[judge::Looked], ground: Ground) -> Planned {
    let cases = looked.iter().map(|one| (one.loaded.case.number.clone(), one.loaded.case.version)).collect();
    Planned { person, cases, ground }
}

/// The digest of whom a plan names.
pub(super) fn digest(due: &[Planned]) -> Result<String, DeskError> {
    let text = serde_json::to_vec(due).map_err(|error| DeskError::Damaged(error.to_string()))?;
    Ok(crate::vault::chunks::hex(&Sha256::digest(text)))
}

/// Makes a plan of what is due now, looking for as long as `most` allows; another person decides about it. Blocking.
///
/// # Errors
/// If the caller may not, is no person, sees only a part, nobody is due, or a plan of the same persons waits already;
/// `look_took_too_long` when time is up.
pub fn make(desk: &Desk, by: &Caller, new: &NewPlan, most: Option<Duration>) -> Result<Uuid, DeskError> {
    permissions::PLAN_ERASURE.require(by)?;
    everywhere(by)?;
    crate::activation::a_person(by)?;
    let found = find(desk, most)?;
    if found.due.is_empty() {
        return Err(Refusal::conflict("nothing_due").into());
    }
    let unwritable = |error: serde_json::Error| DeskError::Damaged(error.to_string());
    let row = PlanRow {
        id: Uuid::now_v7(),
        hash: digest(&found.due)?,
        body: serde_json::to_string(&found).map_err(unwritable)?,
        note: new.note.clone(),
        state: PlanState::Requested.code().to_owned(),
        made_by: by.actor.id.to_string(),
        made_at: stored(desk.time().now()),
        decided_by: None,
        decided_at: None,
    };
    let mut items = Vec::with_capacity(found.due.len());
    for (n, one) in (1..).zip(&found.due) {
        let body = serde_json::to_string(one).map_err(unwritable)?;
        items.push(PlanItemRow { plan: row.id, n, person: one.person, body, outcome: String::new() });
    }
    let change = Change::new("plan-erasure")
        .with("hash", row.hash.clone())
        .with("persons", found.due.len().to_string())
        .with("note", row.note.clone());
    let actor = by.actor.id;
    desk.db().write_now(move |tx| {
        // Two that say the same would be decided about twice.
        if let Some(same) = retention::plan_at(tx, &row.hash, PlanState::Requested.code())? {
            let by = staff(tx, &same.made_by)?.name;
            return Err(Refusal::conflict("plan_waits").with("by", by).with("note", same.note).into());
        }
        retention::insert_plan(tx, &row)?;
        for item in &items {
            retention::insert_item(tx, item)?;
        }
        administration::record(tx, row.id, actor, row.made_at, &change)?;
        Ok(row.id)
    })
}

pub(super) fn read(tx: &mut Tx<'_>, row: PlanRow, whole: bool) -> Result<Plan, DeskError> {
    let mut items = Vec::new();
    if whole {
        for item in retention::items(tx, row.id)? {
            items.push((kept::read(&item.body)?, item.outcome));
        }
    }
    Ok(Plan {
        id: row.id,
        hash: row.hash,
        note: row.note,
        state: PlanState::from_code(&row.state)?,
        made_by: staff(tx, &row.made_by)?,
        made_at: moment(row.made_at),
        decided_by: row.decided_by.map(|by| staff(tx, &by)).transpose()?,
        decided_at: row.decided_at.map(moment),
        found: kept::read(&row.body)?,
        items,
    })
}

impl Desk {
    /// The newest plans, at most a hundred, without whom they name.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn erasure_plans(&self, caller: &Caller) -> Result<Vec<Plan>, DeskError> {
        permissions::READ_RETENTION.require(caller)?;
        everywhere(caller)?;
        let read_all =
            |tx: &mut Tx<'_>| retention::plans(tx, 100)?.into_iter().map(|row| read(tx, row, false)).collect();
        self.db().read(read_all).await
    }

    /// A plan with whom it names.
    ///
    /// # Errors
    /// `not_found`, or if the caller may not see it.
    pub async fn erasure_plan(&self, caller: &Caller, id: Uuid) -> Result<Plan, DeskError> {
        permissions::READ_RETENTION.require(caller)?;
        // What is everywhere is not there for who sees only a part of it.
        everywhere(caller).map_err(|_| Refusal::not_found())?;
        let found = self.db().read(move |tx| match retention::plan(tx, id)? {
            Some(row) => read(tx, row, true).map(Some),
            None => Ok(None),
        });
        found.await?.ok_or_else(|| Refusal::not_found().into())
    }
}
