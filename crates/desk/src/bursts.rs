//! Suspected faults: where more came in than the season explains, found by a job ([`look`]) and decided about by people.
//! Each is a row with its entries in the ledger of the administration, for it is no case's, and no incident's until a
//! person makes one of it; what was said of it before stands there.
//!
//! Whoever's area holds the place sees it: its figures count all of the place. Where it grows beyond the place somebody was
//! told of, they go on seeing it, and whoever sees all of it decides. A case about the reader is counted for them nowhere.
//!
//! The ledger says what it became when its area, its product or its strength changed much, when it ended, and when somebody
//! decided; in between its row alone keeps what the job saw last.

mod look;

pub(crate) use look::Watched;
pub use look::{EVERY, Watch, look};

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::incidents::{opened, seen_row, sees};
use crate::network::{self as facts, FactView};
use crate::queries::list::{cursor, page_size};
use crate::time::{moment, stored};
use crate::{Desk, kept, load, permissions};
use domain::actor::{Actor, ActorId, AreaScope};
use domain::audit::chain::Ledger;
use domain::burst::{self, Command, Confirm, State};
use domain::fault::Fault;
use domain::ids::UserId;
use domain::incident::open::Open;
use domain::refusal::Refusal;
use domain::taxonomy::region_in;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use store::{BurstCell, BurstQuery, BurstRow, EntryRow, SeenBy, Tx, bursts, entries, network, people};
use uuid::Uuid;

/// What a notice about a suspected fault can be of.
pub const KINDS: &[&str] = &["burst_found"];
/// What nobody classified, where a category is named.
pub const UNCLASSIFIED: &str = "-";

/// Most suspected faults of a page.
const MOST: usize = 250;
/// How far around one facts of the network are looked for.
const AROUND: SignedDuration = SignedDuration::from_hours(2);
/// Facts shown beside one.
const FACTS: i64 = 20;
/// Contacts counted for a chart at most.
const CHARTED: i64 = 50_000;
/// Suspicions the board names.
const ON_BOARD: usize = 8;
/// A product is named where so many of five cases that name one name it.
const MOSTLY: i64 = 4;

/// What is known and said of one; its newest words stand in its row, all of them in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// What people made of it.
    pub state: State,
    /// Whether it goes on no more.
    pub done: bool,
    /// Where: a province or city; empty for everywhere.
    pub region: String,
    /// Of what: a leaf of the category tree; empty for everything, [`UNCLASSIFIED`] for what nobody classified.
    pub category: String,
    /// Of which product line, where one alone stands out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The place it was first told in, where it lies elsewhere by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// First receipt.
    pub began: Timestamp,
    /// End of the last window that stood out.
    pub ended: Timestamp,
    /// End of the first: when it could be known.
    pub detected_at: Timestamp,
    /// When the job found it.
    pub found_at: Timestamp,
    /// Contacts, the same person's within a day counted once.
    pub count: u32,
    /// Those that were not counted.
    pub copies: u32,
    /// How many there would have been.
    pub expected: f64,
    /// How much faster its second half was than its first.
    pub growth: f64,
    /// How likely its strongest window is without a cause, as a power of ten.
    pub log10_p: f64,
    /// Below which it stands out in this place and category.
    pub needs: f64,
    /// How often people said of this place and category in the thirty days before that it was nothing, as far as it counts.
    pub dismissed_before: u32,
    /// What was expected, hour by hour (day by day where only days are known), in seconds of UTC.
    pub course: Vec<(i64, f64)>,
    /// Who looks into it, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<(ActorId, Timestamp)>,
    /// Who decided, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<(ActorId, Timestamp)>,
    /// Why it was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The incident that was opened for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Uuid>,
    /// Contacts when it was dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<u32>,
}

/// One as its reader sees it.
#[derive(Clone, Debug)]
pub struct Burst {
    /// Identity.
    pub id: Uuid,
    /// Number for people.
    pub number: String,
    /// 1, and one more with each decision.
    pub version: i64,
    /// What is known and said of it; `count` and `copies` without what is about the reader.
    pub said: Said,
    /// Whether the reader sees all of its place, and so may decide.
    pub whole: bool,
}

/// A step of the course.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its beginning.
    pub from: Timestamp,
    /// Contacts, counted as the job counts them.
    pub count: i64,
    /// How many there would have been.
    pub expected: f64,
}

/// One with everything beside it.
#[derive(Clone, Debug)]
pub struct BurstView {
    /// Itself.
    pub burst: Burst,
    /// Product line nearly all of its cases name.
    pub product: Option<String>,
    /// Counts against what was expected.
    pub course: Vec<Step>,
    /// The cases since it began that it was seen by and that are there for the reader, the first first.
    pub cases: Vec<SeenBy>,
    /// Outages and planned works near it in place and time.
    pub facts: Vec<FactView>,
    /// When what was said of it, by whom.
    pub log: Vec<(Timestamp, ActorId, String)>,
    /// Names of those who occur.
    pub users: BTreeMap<UserId, String>,
    /// Number of its incident, if the reader sees it.
    pub incident: Option<String>,
}

/// Which to list.
#[derive(Clone, Debug, Default)]
pub struct BurstFilter {
    /// In this state.
    pub state: Option<String>,
    /// Only those nobody has decided about.
    pub open_only: bool,
    /// In this region or below it.
    pub region: Option<String>,
    /// Below this node of the category tree.
    pub category: Option<String>,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct BurstPage {
    /// The last ended first.
    pub items: Vec<Burst>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// The row that keeps what is said of one.
fn row_of(id: Uuid, number: &str, version: i64, at: i64, said: &Said) -> Result<BurstRow, DeskError> {
    Ok(BurstRow {
        id,
        number: number.to_owned(),
        version,
        state: said.state.code().to_owned(),
        done: said.done,
        region: said.region.clone(),
        category: said.category.clone(),
        product: said.product.clone().unwrap_or_default(),
        origin: said.origin.clone().unwrap_or_default(),
        began: stored(said.began),
        ended: stored(said.ended),
        changed_at: at,
        body: kept::written(said)?,
        latest: kept::written(said)?,
    })
}

/// What is known of one: what the job saw last, and where it is older than that knowledge, what the ledger says.
fn known(row: &BurstRow) -> Result<Said, DeskError> {
    kept::read(if row.latest.is_empty() { &row.body } else { &row.latest })
}

/// Its place, category and product.
fn cell(said: &Said) -> BurstCell<'_> {
    BurstCell { region: &said.region, category: &said.category, product: said.product.as_deref().unwrap_or_default() }
}

/// What the ledger says of one, entry by entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged {
    decisions: i64,
    number: String,
    said: String,
}

/// Verbs of entries about suspected faults, and whether each is a decision of somebody.
const LOGGED: [(&str, bool); 6] = [
    ("find-burst", false),
    ("follow-burst", false),
    ("end-burst", false),
    ("acknowledge-burst", true),
    ("dismiss-burst", true),
    ("confirm-burst", true),
];

impl Logged {
    /// Takes an entry of the administration ledger over, if it is about a suspected fault.
    pub(crate) fn take(known: &mut BTreeMap<Uuid, Self>, entry: &EntryRow) {
        let Some((_, decision)) = LOGGED.iter().find(|(verb, _)| *verb == entry.verb) else { return };
        let details: BTreeMap<String, String> = serde_json::from_str(&entry.body).unwrap_or_default();
        let detail = |name: &str| details.get(name).cloned().unwrap_or_default();
        let one = known.entry(entry.subject).or_default();
        one.decisions += i64::from(*decision);
        (one.number, one.said) = (detail("number"), detail("said"));
    }

    /// What of a row is not what the ledger says; nothing where all of it is. Only what the job saw last may be newer.
    pub(crate) fn against(&self, row: &BurstRow) -> Option<String> {
        let said: Said = match serde_json::from_str(&self.said) {
            Ok(said) => said,
            Err(_) => return Some("the last entry about it cannot be read".to_owned()),
        };
        let Ok(meant) = row_of(row.id, &self.number, 1 + self.decisions, row.changed_at, &said) else {
            return Some("the last entry about it cannot be written".to_owned());
        };
        let (latest, ended) = (row.latest.clone(), row.ended.max(meant.ended));
        let meant = BurstRow { latest, ended, body: self.said.clone(), ..meant };
        (meant != *row).then(|| format!("the row says {row:?}, the ledger {meant:?}"))
    }
}

/// Writes one with its entry.
fn write(tx: &mut Tx<'_>, row: &BurstRow, actor: ActorId, verb: &'static str) -> Result<(), DeskError> {
    bursts::put(tx, row)?;
    let change = Change::new(verb).with("number", row.number.as_str()).with("said", row.body.as_str());
    administration::record(tx, row.id, actor, row.changed_at, &change)
}

fn shown(tx: &mut Tx<'_>, row: BurstRow, actor: &Actor) -> Result<Burst, DeskError> {
    let mut said = known(&row)?;
    if let Some(reader) = load::reader(actor) {
        let less = |count: u32, unseen: i64| count.saturating_sub(u32::try_from(unseen).unwrap_or(u32::MAX));
        said.count = less(said.count, bursts::unseen(tx, row.id, &reader, stored(said.began))?);
        if said.copies > 0 {
            let span = (stored(said.began), stored(said.ended));
            said.copies = less(said.copies, bursts::unseen_copies(tx, row.id, cell(&said), span, &reader)?);
        }
    }
    let whole = actor.area.covers(&said.region);
    Ok(Burst { id: row.id, number: row.number, version: row.version, said, whole })
}

/// Whether one is seen from an area.
pub(crate) fn in_sight(row: &BurstRow, area: &AreaScope) -> bool {
    area.covers(&row.region) || (!row.origin.is_empty() && area.covers(&row.origin))
}

/// One the caller may see: because it lies in their area, or did when it was told. Not seeing is the same as not being there.
fn seen(tx: &mut Tx<'_>, id: Uuid, actor: &Actor, hold: bool) -> Result<BurstRow, DeskError> {
    let row = if hold { bursts::held(tx, id)? } else { bursts::get(tx, id)? };
    Ok(row.filter(|row| in_sight(row, &actor.area)).ok_or_else(Refusal::not_found)?)
}

/// Counts by step, each person once a day, as the job does.
fn course(tx: &mut Tx<'_>, said: &Said, reader: &str) -> Result<Vec<Step>, DeskError> {
    let (Some((first, _)), Some((last, _))) = (said.course.first(), said.course.last()) else { return Ok(Vec::new()) };
    let width = match said.course.as_slice() {
        [(one, _), (other, _), ..] => (other - one).max(1),
        _ => 3_600,
    };
    let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
    // Whoever complained on the day before is not counted again.
    let span = (micros(first - look::COPY), micros(last + width) - 1);
    let mut counts = vec![0_i64; said.course.len()];
    let mut last_of: HashMap<(u64, String), i64> = HashMap::new();
    for one in bursts::course(tx, cell(said), span, reader, CHARTED)? {
        let at = one.at.div_euclid(1_000_000);
        let known = last_of.entry((one.who, one.category)).or_insert(i64::MIN / 2);
        if at - *known < look::COPY {
            continue;
        }
        *known = at;
        let place = said.course.partition_point(|(from, _)| *from <= at);
        if let Some(count) = place.checked_sub(1).and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let step = |((from, expected), count): (&(i64, f64), i64)| Step {
        from: moment(micros(*from)),
        count,
        expected: *expected,
    };
    Ok(said.course.iter().zip(counts).map(step).collect())
}

/// Facts near one that the reader may see.
fn near(tx: &mut Tx<'_>, said: &Said, product: &str, actor: &Actor) -> Result<Vec<FactView>, DeskError> {
    let span = (stored(said.began - AROUND), stored(said.ended + AROUND));
    let rows = network::near(tx, &said.region, product, span, FACTS)?;
    let theirs = rows.into_iter().filter(|row| {
        let branch = region_in(&row.region, &said.region) || region_in(&said.region, &row.region);
        branch && sees(&actor.area, &row.region)
    });
    theirs.map(facts::view).collect()
}

fn product(tx: &mut Tx<'_>, id: Uuid, reader: &str) -> Result<Option<String>, DeskError> {
    let lines = bursts::products(tx, id, reader)?;
    let all: i64 = lines.iter().map(|(_, count)| count).sum();
    let first = lines.into_iter().next();
    Ok(first.filter(|(_, count)| count * 5 >= all * MOSTLY).map(|(line, _)| line))
}

fn view(tx: &mut Tx<'_>, row: BurstRow, actor: &Actor) -> Result<BurstView, DeskError> {
    let reader = load::reader(actor).unwrap_or_default();
    let id = row.id;
    let burst = shown(tx, row, actor)?;
    let product = match burst.said.product.clone() {
        Some(product) => Some(product),
        None => product(tx, id, &reader)?,
    };
    let mut users = BTreeMap::new();
    let mut log = Vec::new();
    for entry in entries::of(tx, id, Ledger::Administration.code())?.into_iter().rev() {
        let actor: ActorId = entry.actor.parse().map_err(|_| DeskError::Damaged(format!("actor {:?}", entry.actor)))?;
        log.push((moment(entry.at), actor, entry.verb));
    }
    let said_by = burst.said.acknowledged.iter().chain(&burst.said.decided).map(|(by, _)| *by);
    for user in log.iter().map(|(_, by, _)| *by).chain(said_by).filter_map(ActorId::user) {
        if !users.contains_key(&user)
            && let Some(found) = people::user(tx, user.0)?
        {
            users.insert(user, found.name);
        }
    }
    let incident = match burst.said.incident {
        Some(incident) => store::incidents::get(tx, incident)?.filter(|row| sees(&actor.area, &row.area)),
        None => None,
    };
    // Looked at more widely it may have begun earlier than it does by now; what came before is not counted either.
    let mut cases = bursts::cases(tx, id, actor.area.code(), &reader)?;
    cases.retain(|one| one.received_at >= stored(burst.said.began));
    Ok(BurstView {
        // What was expected is told of the whole place alone.
        course: if burst.whole { course(tx, &burst.said, &reader)? } else { Vec::new() },
        cases,
        facts: match permissions::READ_NETWORK_FACTS.granted_to(actor.role) {
            true => near(tx, &burst.said, product.as_deref().unwrap_or_default(), actor)?,
            false => Vec::new(),
        },
        incident: incident.map(|row| row.number),
        burst,
        product,
        log,
        users,
    })
}

impl Desk {
    /// Suspected faults of the caller's area.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense.
    pub async fn bursts(&self, caller: &Caller, filter: &BurstFilter) -> Result<BurstPage, DeskError> {
        permissions::READ_BURSTS.require(caller)?;
        let limit = page_size(filter.limit, MOST)?;
        let actor = caller.actor.clone();
        if let Some(region) = filter.region.as_deref()
            && !actor.area.covers(region)
        {
            return Err(Refusal::from(Fault::new("region", "outside_area").with("area", actor.area.code())).into());
        }
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let query = BurstQuery {
            area: filter.region.clone().unwrap_or_else(|| actor.area.code().to_owned()),
            state: filter.state.clone().unwrap_or_default(),
            open_only: filter.open_only,
            category: filter.category.clone().unwrap_or_default(),
            after: after.map(|cursor| (cursor.key, cursor.id)),
            limit: limit + 1,
        };
        let read = self.db().read(move |tx| {
            let mut rows = bursts::list(tx, &query)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.ended, row.id));
            let mut items = Vec::with_capacity(rows.len());
            for row in rows {
                items.push(shown(tx, row, &actor)?);
            }
            Ok::<_, DeskError>(BurstPage { items, next })
        });
        read.await
    }

    /// The newest of them nobody has decided about, for the board; nothing for whoever sees none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn suspicions(&self, caller: &Caller) -> Result<Vec<Burst>, DeskError> {
        if !permissions::READ_BURSTS.allows(caller) {
            return Ok(Vec::new());
        }
        let filter = BurstFilter { open_only: true, limit: ON_BOARD, ..BurstFilter::default() };
        Ok(self.bursts(caller, &filter).await?.items)
    }

    /// One of them with its course, cases, facts and log.
    ///
    /// # Errors
    /// `not_found` when there is none in the caller's area.
    pub async fn burst(&self, caller: &Caller, id: Uuid) -> Result<BurstView, DeskError> {
        permissions::READ_BURSTS.require(caller)?;
        let actor = caller.actor.clone();
        let read = self.db().read(move |tx| {
            let row = seen(tx, id, &actor, false)?;
            view(tx, row, &actor)
        });
        read.await
    }

    /// Acknowledges, dismisses or confirms one. `version` is the one the caller saw; one that moved on is left alone.
    ///
    /// # Errors
    /// A refusal with reason and way out, [`DeskError::Stale`], or an error of the database.
    pub async fn decide_burst(
        &self,
        caller: &Caller,
        id: Uuid,
        version: i64,
        command: Command,
    ) -> Result<BurstView, DeskError> {
        let verb = command.verb();
        crate::Permission::for_verb(verb).ok_or_else(|| Refusal::forbidden("not_permitted"))?.require(caller)?;
        permissions::READ_BURSTS.require(caller)?;
        let (actor, now) = (caller.actor.clone(), self.time().now());
        let written = self.db().write(move |tx| {
            let row = decide(tx, (id, version), &actor, command, now)?;
            view(tx, row, &actor)
        });
        written.await
    }

    /// Opens the incident of one and says that it is its incident, both or neither: of two who do it at once one does.
    ///
    /// # Errors
    /// Every fault of the input; a refusal with reason and way out, [`DeskError::Stale`], or an error of the database.
    pub async fn open_incident_of_burst(
        &self,
        caller: &Caller,
        id: Uuid,
        version: i64,
        open: Open,
    ) -> Result<BurstView, DeskError> {
        for permission in [
            permissions::CONFIRM_BURST,
            permissions::READ_BURSTS,
            permissions::OPEN_INCIDENT,
            permissions::READ_INCIDENTS,
        ] {
            permission.require(caller)?;
        }
        let (desk, by, now) = (self.clone(), caller.clone(), self.time().now());
        let written = self.db().write(move |tx| {
            // Held first, so that whoever comes second finds it decided and opens nothing.
            let said = known(&ready(tx, (id, version), &by.actor)?)?;
            let any = Command::Confirm(Confirm { incident: Some(id) });
            burst::decide(said.state, said.incident, true, &any)?;
            let incident = opened(&desk, tx, &by, Uuid::now_v7(), &open, domain::micros(now))?;
            let named = Command::Confirm(Confirm { incident: Some(incident.id) });
            let row = decide(tx, (id, version), &by.actor, named, now)?;
            view(tx, row, &by.actor)
        });
        written.await
    }
}

/// One about which the caller may decide and which is as they saw it, held until the end of the transaction.
fn ready(tx: &mut Tx<'_>, (id, version): (Uuid, i64), actor: &Actor) -> Result<BurstRow, DeskError> {
    let row = seen(tx, id, actor, true)?;
    if row.version != version {
        return Err(DeskError::Stale { current: row.version, since: Vec::new() });
    }
    if !actor.area.covers(&row.region) {
        return Err(Refusal::forbidden("burst_beyond_area").into());
    }
    Ok(row)
}

/// Carries out a decision about one that the caller saw in a version.
fn decide(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    actor: &Actor,
    command: Command,
    now: Timestamp,
) -> Result<BurstRow, DeskError> {
    let row = ready(tx, (id, version), actor)?;
    let verb = command.verb();
    let mut said = known(&row)?;
    let named = match &command {
        Command::Confirm(confirm) => confirm.incident,
        Command::Acknowledge | Command::Dismiss(_) => None,
    };
    let incident_seen = match named {
        Some(incident) => match seen_row(tx, incident, &actor.area) {
            Ok(incident) => incident.open,
            Err(DeskError::Refused(_)) => false,
            Err(other) => return Err(other),
        },
        None => false,
    };
    said.state = burst::decide(said.state, said.incident, incident_seen, &command)?;
    match command {
        Command::Acknowledge => said.acknowledged = Some((actor.id, now)),
        Command::Dismiss(dismiss) => {
            said.decided = Some((actor.id, now));
            said.dismissed_at = Some(said.count);
            said.why = Some(dismiss.why);
            said.note = dismiss.note.filter(|note| !note.is_empty());
        }
        Command::Confirm(confirm) => {
            said.decided = said.decided.or(Some((actor.id, now)));
            said.incident = said.incident.or(confirm.incident);
        }
    }
    let row = row_of(id, &row.number, row.version + 1, stored(now), &said)?;
    write(tx, &row, actor.id, verb)?;
    Ok(row)
}
