//! Telling all customers of an incident the same, each in their own case; and cases near it that may belong to it. Both go
//! the way of work over many cases, so that one that is refused takes no other with it.

use super::{load, seen_row};
use crate::bulk::{Bulk, MOST, Named, Run, Selection};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load as load_case;
use crate::queries::list::Listed;
use crate::register::OnceOnly;
use crate::time::moment;
use crate::{Desk, permissions};
use domain::case::message::Way;
use domain::case::notify_progress::{NotifyProgress, Wording};
use domain::case::reply::Reply;
use domain::command::Command;
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::incident::Purpose;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::incidents::{NearQuery, NearRow};
use store::{ListedRow, cases, incidents, vault};
use uuid::Uuid;

/// Whoever was hit may notice a day after the trouble is over.
const LATER: SignedDuration = SignedDuration::from_hours(24);
/// Cases near that are shown with what the customer wrote.
const SHOWN: usize = 100;

/// Ways the house sends what it tells many; what goes another way is written in each case by whoever told it.
const MODES: &[&str] = &["sms", "email"];

/// Shape of telling.
pub const TELL: &[Field] = &[
    required(
        "purpose",
        Kind::Code(Purpose::CODES),
        "How far the matter is, or what came of it: each customer's answer.",
    ),
    required("mode", Kind::Code(MODES), "How the house sends it to customers."),
    optional("wording", Kind::Code(&["zh", "en"]), "In which language. Default: zh."),
    optional("dry_run", Kind::Bool, "Only say what would happen to each case."),
];

/// Tell all customers who wait.
#[derive(Clone, Debug, Deserialize)]
pub struct Tell {
    /// What for.
    pub purpose: Purpose,
    /// How.
    pub mode: String,
    /// In which language.
    #[serde(default)]
    pub wording: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What cases near an incident are asked for with.
#[derive(Clone, Debug, Default)]
pub struct NearAsk {
    /// Below this node of the category tree.
    pub category: Option<String>,
    /// Received so many minutes before the trouble is said to have begun, too.
    pub minutes_before: i64,
    /// At most so many; 0 means as many as one run takes.
    pub limit: usize,
}

/// A case near an incident.
#[derive(Clone, Debug)]
pub struct NearCase {
    /// The case.
    pub id: CaseId,
    /// Its number.
    pub number: String,
    /// Its version.
    pub version: i64,
    /// Where it happened.
    pub region: String,
    /// Product line; none when nobody said, or it is not counted yet.
    pub product: Option<String>,
    /// First receipt.
    pub received_at: Timestamp,
}

impl From<NearRow> for NearCase {
    fn from(row: NearRow) -> Self {
        Self {
            id: CaseId(row.id),
            number: row.number,
            version: row.version,
            region: row.region,
            product: Some(row.product).filter(|product| !product.is_empty()),
            received_at: moment(row.received_at),
        }
    }
}

/// Cases near an incident.
#[derive(Clone, Debug)]
pub struct NearCases {
    /// Received from this moment on.
    pub from: Timestamp,
    /// Up to this one.
    pub to: Timestamp,
    /// The cases, the first received first.
    pub cases: Vec<NearCase>,
    /// The first hundred as lists show them, masked.
    pub shown: Vec<Listed>,
}

impl Desk {
    /// Tells the customers of all cases that wait what was approved for all of them, and of progress whoever was not told
    /// these words yet. Up to ten thousand at once; where there are more, the rest waits for another run.
    ///
    /// # Errors
    /// `not_found`; a refusal without such a way or an approved wording, for an outcome while the trouble lasts, when nobody
    /// waits, or when the caller may not.
    pub async fn tell_incident(
        &self,
        caller: &Caller,
        id: Uuid,
        tell: Tell,
        once: Option<OnceOnly<'_>>,
    ) -> Result<Run, DeskError> {
        permissions::TELL_INCIDENT.require(caller)?;
        let area = caller.actor.area.clone();
        let reader = load_case::reader(&caller.actor).unwrap_or_default();
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let purpose = tell.purpose;
        let (words, waiting) = self
            .db()
            .read(move |tx| {
                let incident = load(tx, id, &area)?.incident;
                let words = incident.to_tell(purpose)?.clone();
                let without = if purpose == Purpose::Progress { i64::from(words.id) } else { -1 };
                let waiting = incidents::to_tell(tx, id, without, area.code(), &reader, most)?;
                Ok::<_, DeskError>((words, waiting))
            })
            .await?;
        // After sight: what is not there for somebody answers alike, whatever is set.
        if Way::from_code(&tell.mode).is_none_or(|way| !self.ways().has(way)) {
            return Err(Refusal::conflict("way_not_set").with("way", tell.mode).into());
        }
        if waiting.is_empty() {
            return Err(Refusal::conflict("nobody_waits").into());
        }
        let text = (words.zh, words.en);
        let content = FreeText::Plain(if tell.wording.as_deref() == Some("en") { text.1 } else { text.0 });
        let command = match tell.purpose {
            Purpose::Outcome => {
                let content = Some(content);
                let (reading, read, of_incident) = (None, None, None);
                Command::Reply(Reply {
                    mode: tell.mode,
                    content,
                    reading,
                    read,
                    at: None,
                    to_merged: false,
                    of_incident,
                    confirmed: false,
                    drafted: None,
                })
            }
            Purpose::Progress => {
                let of_incident = Some(Wording { incident: id, wording: words.id });
                Command::NotifyProgress(NotifyProgress { mode: tell.mode, content, at: None, of_incident })
            }
        };
        let named = waiting.into_iter().map(|case| Named { name: case.to_string(), seen: None });
        let selection = Selection::Named(named.collect());
        self.bulk(caller, Bulk { selection, command, dry_run: tell.dry_run }, once).await
    }

    /// Open cases near an incident in place, time and product that nobody has answered and that are in no incident.
    ///
    /// # Errors
    /// `not_found`; a fault naming the parameter that makes no sense.
    pub async fn near_incident(&self, caller: &Caller, id: Uuid, ask: &NearAsk) -> Result<NearCases, DeskError> {
        permissions::READ_INCIDENTS.require(caller)?;
        permissions::READ_CASES.require(caller)?;
        if ask.category.as_deref().is_some_and(|code| self.library().taxonomy().category(code).is_none()) {
            return Err(Refusal::from(Fault::new("category", "unknown_category")).into());
        }
        let limit = if ask.limit == 0 { MOST } else { ask.limit.min(MOST) };
        let (actor, now) = (caller.actor.clone(), self.time().now());
        let before = SignedDuration::from_mins(ask.minutes_before.clamp(0, 7 * 24 * 60));
        let category = ask.category.clone().unwrap_or_default();
        let (found, listed, span) = self
            .db()
            .read(move |tx| {
                let area = &actor.area;
                let row = seen_row(tx, id, area)?;
                let from = moment(row.started_at) - before;
                let to = row.restored_at.map_or(now, |at| (moment(at) + LATER).min(now));
                // The smaller of the two: what is near lies in the incident's area and in the caller's.
                let region = if area.covers(&row.area) { row.area.as_str() } else { area.code() };
                let query = NearQuery {
                    incident: id,
                    from: crate::time::stored(from),
                    to: crate::time::stored(to),
                    region: region.to_owned(),
                    product: row.product.clone(),
                    category,
                    limit: i64::try_from(limit).unwrap_or(i64::MAX),
                };
                let mut found = incidents::near(tx, &query)?;
                let hidden = load_case::hidden(tx, &actor)?;
                found.retain(|one| !hidden.contains(&one.id));
                found.retain(|one| area.covers(&one.region) && domain::taxonomy::region_in(&one.region, &row.area));
                let mut listed = Vec::new();
                for one in found.iter().take(SHOWN) {
                    if let Some(row) = cases::by_id(tx, one.id)? {
                        let wrapped_key = vault::person(tx, row.person)?.and_then(|person| person.wrapped_key);
                        listed.push(ListedRow { row, wrapped_key });
                    }
                }
                Ok::<_, DeskError>((found, listed, (from, to)))
            })
            .await?;
        let mut shown = Vec::with_capacity(listed.len());
        for one in listed {
            shown.push(self.listed(&one.row, one.wrapped_key.as_deref())?);
        }
        Ok(NearCases { from: span.0, to: span.1, cases: found.into_iter().map(NearCase::from).collect(), shown })
    }
}
