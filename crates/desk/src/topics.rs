//! Hot topics: phrases that more of a month's complaints say than the months before would have it, by category. The texts
//! are opened in memory when somebody asks, with every identifier that was lifted out of them left out; what was counted is
//! kept in memory for an hour and nowhere else.
//!
//! It is counted for one region, over nothing but cases that lie in it, and shown to whoever sees all of it. Cases about one
//! of the staff are not counted at all. A phrase needs three texts of three persons: one person's are one text.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::network::{month_name, month_number};
use crate::search::opening;
use crate::time::{moment, stored};
use crate::{Desk, load, permissions};
use domain::actor::Actor;
use domain::fault::Fault;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use domain::text::identifier;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use learn::topics::{Told, rising};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use store::{Tx, cases, vault};
use uuid::Uuid;

/// Months before that a month is held against.
pub const BEFORE: i64 = 3;
/// Texts of the month, and of those before together, that are read at most: the newest.
pub const MOST: (usize, usize) = (4_000, 8_000);
/// Phrases a category.
const A_CATEGORY: usize = 5;
/// Cases opened between two looks at whether others wait for the reader.
const AT_ONCE: usize = 200;
/// How long what was counted is shown before it is counted anew.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Counts kept.
const MOST_KEPT: usize = 200;
/// Digits in a row that could be somebody's number.
const DIGITS: usize = 5;

/// What topics are asked with.
#[derive(Clone, Debug, Default)]
pub struct TopicAsk {
    /// `2026-10`; this month where nothing is said.
    pub month: Option<String>,
    /// A region within the caller's area; all of it where nothing is said.
    pub region: Option<String>,
    /// Below this node of the category tree.
    pub category: Option<String>,
}

/// A phrase that rises.
#[derive(Clone, Debug, PartialEq)]
pub struct HotTopic {
    /// Leaf of the category tree.
    pub category: String,
    /// The phrase.
    pub phrase: String,
    /// Persons who say it in the month.
    pub now: usize,
    /// Persons who said it in the months before.
    pub before: usize,
    /// How many would have said it in the month had nothing changed.
    pub expected: f64,
    /// Log-likelihood ratio of the change (G²).
    pub strength: f64,
    /// Numbers of three cases that say it, the first first.
    pub cases: Vec<String>,
}

/// The topics of a month.
#[derive(Clone, Debug)]
pub struct Topics {
    /// The month, `2026-10`.
    pub month: String,
    /// The region they are of; empty for everywhere.
    pub region: String,
    /// Texts of the month, and of those before, that were read.
    pub texts: (usize, usize),
    /// Whether there were more.
    pub more: bool,
    /// When they were counted.
    pub made_at: Timestamp,
    /// The topics, by category, the strongest first.
    pub topics: Vec<HotTopic>,
}

/// A topic with the cases behind it.
struct Counting {
    topic: HotTopic,
    cases: Vec<Uuid>,
}

/// What was counted of a region and month.
struct Made {
    texts: (usize, usize),
    more: bool,
    at: Timestamp,
    topics: Vec<Counting>,
}

/// What was counted of a region and month; whoever asks for it while it is counted waits for it.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<Made>>>>;

/// What was counted and may be shown again. One region and month is counted at a time, and nobody who asks for another one
/// that is known waits for it.
pub(crate) struct Counted {
    slots: Mutex<BTreeMap<(String, i64), Slot>>,
    counting: tokio::sync::Semaphore,
}

impl Default for Counted {
    fn default() -> Self {
        Self { slots: Mutex::default(), counting: tokio::sync::Semaphore::new(1) }
    }
}

impl Counted {
    fn slot(&self, region: &str, month: i64) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_KEPT {
            // Whoever waits for one holds it.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry((region.to_owned(), month)).or_default())
    }
}

/// A text with whose it is.
struct Said {
    month: i64,
    category: String,
    text: String,
    case: Uuid,
}

/// The first moment of a month.
fn begins(desk: &Desk, month: i64) -> Timestamp {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let of_year = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    let date = Date::new(year, of_year, 1).unwrap_or(Date::MAX);
    desk.zone().to_timestamp(date.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// The texts of cases, each person's first of a category and month.
fn read(desk: &Desk, ids: &[Uuid], zone_month: &dyn Fn(Timestamp) -> i64) -> Result<Vec<Said>, DeskError> {
    let mut known: HashSet<(u64, String, i64)> = HashSet::new();
    let mut texts = Vec::with_capacity(ids.len());
    for page in ids.chunks(AT_ONCE) {
        let (house, page) = (desk.clone(), page.to_vec());
        let read = desk.db().read_behind_now(move |tx| {
            let mut opened = Vec::with_capacity(page.len());
            for id in page {
                if let Some((row, text)) = opening(&house, tx, id)? {
                    let who = vault::whose(tx, row.person)?;
                    opened.push((row, who, text));
                }
            }
            Ok::<_, DeskError>(opened)
        })?;
        for (row, who, text) in read {
            let (month, category) = (zone_month(moment(row.received_at)), row.category.unwrap_or_default());
            if !text.is_empty() && known.insert((who, category.clone(), month)) {
                texts.push(Said { month, category, text, case: row.id });
            }
        }
    }
    Ok(texts)
}

/// Whether a phrase could name somebody by a number or address.
fn names_somebody(phrase: &str) -> bool {
    let mut row = 0;
    let long = phrase.chars().any(|sign| {
        row = if sign.is_numeric() { row + 1 } else { 0 };
        row >= DIGITS
    });
    long || !identifier::find(phrase).is_empty()
}

fn count(desk: &Desk, region: &str, month: i64) -> Result<Made, DeskError> {
    let zone = desk.zone().clone();
    let zone_month = move |at: Timestamp| {
        let date = zone.to_datetime(at).date();
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    };
    let spans = [
        (begins(desk, month), begins(desk, month + 1), MOST.0),
        (begins(desk, month - BEFORE), begins(desk, month), MOST.1),
    ];
    let (mut more, mut texts) = (false, Vec::new());
    for (from, to, most) in spans {
        let region = region.to_owned();
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let mut ids = desk.db().read_behind_now(move |tx| {
            Ok::<_, DeskError>(cases::said(tx, &region, (stored(from), stored(to)), limit)?)
        })?;
        more |= ids.len() > most;
        ids.truncate(most);
        // The first complaint of a person is the one that counts.
        ids.reverse();
        texts.extend(read(desk, &ids, &zone_month)?);
    }
    let told: Vec<Told<'_>> = texts
        .iter()
        .enumerate()
        .map(|(row, one)| Told { month: one.month, category: &one.category, text: &one.text, row })
        .collect();
    let topics = rising(&told, month, A_CATEGORY).into_iter().filter(|one| !names_somebody(&one.phrase));
    let topics = topics.map(|one| Counting {
        cases: one.rows.iter().filter_map(|row| texts.get(*row)).map(|said| said.case).collect(),
        topic: HotTopic {
            category: one.category,
            phrase: one.phrase,
            now: one.now,
            before: one.before,
            expected: one.expected,
            strength: one.strength,
            cases: Vec::new(),
        },
    });
    let topics = topics.collect();
    let now = texts.iter().filter(|said| said.month == month).count();
    Ok(Made { texts: (now, texts.len() - now), more, at: desk.time().now(), topics })
}

/// A topic as its reader sees it; nothing where one of the persons behind it was erased since, until it is counted anew.
fn shown(tx: &mut Tx<'_>, one: &Counting, actor: &Actor) -> Result<Option<HotTopic>, DeskError> {
    let mut topic = one.topic.clone();
    for case in &one.cases {
        let row = match load::find(tx, &crate::CaseRef::Id(CaseId(*case)), actor) {
            Ok(row) => row,
            Err(DeskError::Refused(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        if vault::person(tx, row.person)?.is_none_or(|person| person.wrapped_key.is_none()) {
            return Ok(None);
        }
        topic.cases.push(row.number);
    }
    Ok(Some(topic))
}

impl Desk {
    /// The phrases that rise in a month, in a region the caller sees all of. Whoever asks first waits for the counting.
    ///
    /// # Errors
    /// A fault naming the parameter that makes no sense.
    pub async fn topics(&self, caller: &Caller, ask: &TopicAsk) -> Result<Topics, DeskError> {
        permissions::READ_TOPICS.require(caller)?;
        permissions::READ_CASES.require(caller)?;
        let actor = caller.actor.clone();
        let region = ask.region.clone().unwrap_or_else(|| actor.area.code().to_owned());
        if !actor.area.covers(&region) {
            return Err(Refusal::from(Fault::new("region", "outside_area").with("area", actor.area.code())).into());
        }
        let now = self.time().now();
        let today = self.zone().to_datetime(now).date();
        let this = i64::from(today.year()) * 12 + i64::from(today.month()) - 1;
        let month = match ask.month.as_deref() {
            Some(text) => month_number("month", text).map_err(Refusal::from)?,
            None => this,
        };
        if month > this {
            return Err(Refusal::from(Fault::new("month", "in_future")).into());
        }
        let made = self.counted(&region, month, now).await?;
        let category = ask.category.clone().unwrap_or_default();
        let (counted, place) = (Arc::clone(&made), region.clone());
        let read = self.db().read(move |tx| {
            let mut topics = Vec::new();
            for one in counted.topics.iter().filter(|one| one.topic.category.starts_with(&category)) {
                topics.extend(shown(tx, one, &actor)?);
            }
            Ok::<_, DeskError>(topics)
        });
        let topics = read.await?;
        let (texts, more, made_at) = (made.texts, made.more, made.at);
        Ok(Topics { month: month_name(month), region: place, texts, more, made_at, topics })
    }

    /// What was counted within the last hour, or is counted now.
    async fn counted(&self, region: &str, month: i64, now: Timestamp) -> Result<Arc<Made>, DeskError> {
        let counted = &self.inner.topics;
        let slot = counted.slot(region, month);
        let mut kept = slot.lock().await;
        if let Some(made) = kept.as_ref().filter(|made| made.at <= now && now < made.at + KEPT) {
            return Ok(Arc::clone(made));
        }
        let closed = |error: tokio::sync::AcquireError| DeskError::Damaged(error.to_string());
        let turn = counted.counting.acquire().await.map_err(closed)?;
        let (desk, region) = (self.clone(), region.to_owned());
        let counting = tokio::task::spawn_blocking(move || count(&desk, &region, month));
        let made = counting.await.map_err(|error| DeskError::Damaged(error.to_string()))?;
        drop(turn);
        let made = Arc::new(made?);
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_somebodys_number_is_no_phrase() {
        for phrase in ["13800138000", "尾号90210", "call 13800138000"] {
            assert!(names_somebody(phrase), "{phrase}");
        }
        for phrase in ["光猫红灯", "5g 套餐", "2026 年"] {
            assert!(!names_somebody(phrase), "{phrase}");
        }
    }
}
