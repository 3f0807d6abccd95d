//! What if: the log's history under rules nobody has put into force. Every case first received since a day is replayed
//! under the draft, which takes the place of the pack or calendar of its name, and held against what stands in the log.
//! Nothing is written.
//!
//! Cases are read page by page, the newest first, each page on a snapshot of its own, so a long run holds nothing back.
//! Pages are folded beside each other and told in their order; what is kept does not grow with the number of cases.

pub(crate) mod page;
mod tally;

pub use tally::{Change, Effect, RuleEffects};

use crate::activation::{self, Activation, MOST_BYTES, RulesKind};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::library::{Draft, Drafted, place_in, places};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::actor::Actor;
use domain::event::{CalendarPin, PackPin};
use domain::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use jiff::civil::Date;
use page::{Page, Read};
use policy::Stack;
use serde::Deserialize;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tally::Tally;
use uuid::Uuid;

/// Shape of a question.
pub const WHAT_IF: &[Field] = &[
    required("kind", Kind::Code(RulesKind::CODES), "What the text is."),
    optional("since", Kind::Day, "First local date of receipt of the cases to look at. Default: all there are."),
    required("text", Kind::Document { max: MOST_BYTES }, "The whole pack or calendar, as TOML."),
];

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
pub struct WhatIf {
    /// What the text is.
    pub kind: RulesKind,
    /// First local date of receipt.
    #[serde(default)]
    pub since: Option<Date>,
    /// The text.
    pub text: String,
}

/// How much of the machine a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Pages folded beside each other.
    pub workers: usize,
    /// It ends after so long, with what it has seen by then.
    pub most: Option<Duration>,
}

/// What a draft would have changed.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the draft is.
    pub kind: RulesKind,
    /// Identity of the pack or calendar.
    pub rules: String,
    /// Its version.
    pub version: String,
    /// First local date of receipt; nothing when all cases were asked for.
    pub since: Option<Date>,
    /// Cases looked at.
    pub cases: u64,
    /// Those of them in which anything would be different.
    pub changed: u64,
    /// Those the draft has no say in, because they are not governed by what it would take the place of.
    pub no_say: u64,
    /// Those that cannot be told: the draft does not go with the other packs they name, or would not have let happen
    /// what happened.
    pub untold: u64,
    /// Clocks that cannot be told: they came from another case, or their own rules do not lead to them either.
    pub not_judged: u64,
    /// Cases whose grade would be another.
    pub grades: Effect,
    /// What becomes of each rule's clocks, in the order of their names.
    pub rules_changed: Vec<RuleEffects>,
    /// Whether all cases asked for were looked at; time was up before, if not.
    pub complete: bool,
    /// First receipt of the oldest case looked at.
    pub reached: Option<Timestamp>,
}

/// A question whose draft was read and checked.
pub struct Prepared {
    desk: Desk,
    by: Caller,
    draft: Draft,
    named: Arc<Activation>,
    since: Option<Date>,
}

/// Makes a question ready: whether the caller may ask it, and whether the draft is sound. Blocking.
///
/// # Errors
/// A refusal when the caller may not; everything that speaks against the draft, with line and column.
pub fn prepare(desk: &Desk, by: &Caller, ask: &WhatIf) -> Result<Prepared, DeskError> {
    permissions::WHAT_IF.require(by)?;
    let (draft, named) = activation::draft(desk, by, ask.kind, &ask.text)?;
    Ok(Prepared { desk: desk.clone(), by: by.clone(), draft, named, since: ask.since })
}

impl Prepared {
    /// Looks at the cases of the caller's area. Every clock that differs is written to `out` as a line of CSV, the newest
    /// case first. Blocking.
    ///
    /// # Errors
    /// Those of the database and of writing.
    pub fn run(&self, pace: Pace, out: Option<&mut (dyn Write + Send)>) -> Result<Found, DeskError> {
        let midnight = |day: Date| day.to_zoned_datetime(self.desk.zone().clone()).map(|at| stored(at.timestamp()));
        let since = self.since.and_then(|day| midnight(day).ok()).unwrap_or(i64::MIN);
        let mut told = Told { next: 0, tally: Tally::default(), failed: None, out };
        told.heading()?;
        let run = Run {
            asked: self,
            now: self.desk.time().now(),
            actor: Caller::system(self.desk.root()).actor,
            known: RwLock::default(),
            cursor: Arc::new(Mutex::new(Cursor::since(since))),
            until: pace.most.map(|most| Instant::now() + most),
            told: Mutex::new(told),
            turn: Condvar::new(),
        };
        std::thread::scope(|scope| {
            for _ in 0..pace.workers.max(1) {
                scope.spawn(|| run.work());
            }
        });
        let complete = lock(&run.cursor).ended;
        let Told { tally, failed, .. } = run.told.into_inner().unwrap_or_else(PoisonError::into_inner);
        match failed {
            Some(error) => Err(error),
            None => Ok(self.found(tally, complete)),
        }
    }

    fn found(&self, tally: Tally, complete: bool) -> Found {
        let title = |rule: &str| match &self.draft {
            Draft::Pack(pack) => pack.clock(rule).map(|rule| rule.head.title.clone()),
            Draft::Calendar(_) => None,
        };
        let titled = |mut effects: RuleEffects| {
            effects.title = title(&effects.rule).or_else(|| self.desk.library().rule_title(&effects.rule));
            effects
        };
        Found {
            kind: self.named.kind,
            rules: self.named.rules.clone(),
            version: self.named.version.clone(),
            since: self.since,
            cases: tally.cases,
            changed: tally.changed,
            no_say: tally.no_say,
            untold: tally.untold,
            not_judged: tally.not_judged,
            complete,
            reached: tally.oldest,
            grades: tally.grades,
            rules_changed: tally.rules.into_values().map(titled).collect(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where reading has come to.
pub(crate) struct Cursor {
    since: i64,
    /// Number of the next page.
    page: u64,
    before: Option<(i64, Uuid)>,
    ended: bool,
}

impl Cursor {
    /// Before the newest case first received since a moment (UTC microseconds).
    pub(crate) const fn since(since: i64) -> Self {
        Self { since, page: 0, before: None, ended: false }
    }
}

/// What was told so far. Pages are told in their order, so that a run says the same each time.
struct Told<'o> {
    next: u64,
    tally: Tally,
    failed: Option<DeskError>,
    out: Option<&'o mut (dyn Write + Send)>,
}

impl Told<'_> {
    fn heading(&mut self) -> Result<(), DeskError> {
        let heading = "number,rule,round,change,from,due_before,due_after,ended_at,stands_before,stands_after\n";
        self.write(heading.as_bytes())
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), DeskError> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(lines).map_err(|error| DeskError::Output(error.to_string()))
    }
}

/// Rules of cases that name the same packs and calendars.
struct Known {
    packs: Vec<PackPin>,
    /// How the regions begin that either side has a calendar of its own for, the longest first, and the one meant here.
    places: Vec<String>,
    place: String,
    calendars: Vec<CalendarPin>,
    own: Stack,
    under: Drafted,
}

struct Run<'r, 'o> {
    asked: &'r Prepared,
    now: Timestamp,
    actor: Actor,
    /// Rules made so far. Which there can be is bounded by what the log names.
    known: RwLock<Vec<Arc<Known>>>,
    cursor: Arc<Mutex<Cursor>>,
    until: Option<Instant>,
    told: Mutex<Told<'o>>,
    turn: Condvar,
}

impl Run<'_, '_> {
    /// Reads, folds and tells pages until there are none, time is up or another worker has failed.
    fn work(&self) {
        loop {
            let read = match page::read(&self.asked.desk, &self.cursor) {
                Ok(Some(read)) => read,
                Ok(None) => return,
                Err(error) => return self.fail(error),
            };
            let number = read.number;
            let folded = match self.fold(read) {
                Ok(folded) => folded,
                Err(error) => return self.fail(error),
            };
            let told = lock(&self.told);
            let waits = |told: &mut Told<'_>| told.next != number && told.failed.is_none();
            let mut told = self.turn.wait_while(told, waits).unwrap_or_else(PoisonError::into_inner);
            if told.failed.is_some() {
                return;
            }
            if let Err(error) = told.write(&folded.lines) {
                drop(told);
                return self.fail(error);
            }
            told.tally.add(folded.tally);
            told.next += 1;
            self.turn.notify_all();
            drop(told);
            // However little time there is, the newest cases are looked at.
            if self.until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
        }
    }

    fn fail(&self, error: DeskError) {
        lock(&self.told).failed.get_or_insert(error);
        self.turn.notify_all();
    }

    fn fold(&self, read: Read) -> Result<Page, DeskError> {
        let mut page = Page { tally: Tally::default(), lines: Vec::new(), lists: lock(&self.told).out.is_some() };
        for (received_at, id, rows) in read.cases {
            self.fold_case(&mut page, received_at, id, rows)?;
        }
        Ok(page)
    }

    /// The rules of a case that names these, its own and those under the draft.
    fn known(&self, packs: &[PackPin], region: &str, calendars: &[CalendarPin]) -> Result<Arc<Known>, DeskError> {
        let same = |known: &&Arc<Known>| {
            known.packs == packs && known.calendars == calendars && place_in(&known.places, region) == known.place
        };
        let found = self.known.read().unwrap_or_else(PoisonError::into_inner).iter().find(same).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let library = self.asked.desk.library();
        let own = library.pinned(packs, region, calendars)?;
        let under = library.drafted(&self.asked.draft, packs, region, calendars)?;
        let mut places: Vec<String> = places(&own);
        if let Drafted::Rules(under) = &under {
            places.extend(self::places(under));
        }
        places.sort_unstable_by_key(|place| std::cmp::Reverse(place.len()));
        let made = Arc::new(Known {
            packs: packs.to_vec(),
            place: place_in(&places, region).to_owned(),
            places,
            calendars: calendars.to_vec(),
            own,
            under,
        });
        self.known.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&made));
        Ok(made)
    }
}
