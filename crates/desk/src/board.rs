//! The board of whoever leads: what waits, what is late, who holds how much, what came in today against the same weekday.
//! Everything is counted for the area of whoever looks, without what is about them, and each figure is one a list can show.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::ids::{UnitId, UserId};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeMap;
use store::board;

/// What is due before this has passed counts as soon.
pub const SOON: SignedDuration = SignedDuration::from_hours(24);
/// Categories shown.
const CATEGORIES: i64 = 8;

/// Open cases of somebody or something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub open: i64,
    /// Of these, how many nobody has taken up.
    pub untouched: i64,
    /// Of these, how many have a clock that is late.
    pub late: i64,
    /// Of these, how many are due before [`Board::soon`], the late ones among them.
    pub soon: i64,
    /// When the first is due.
    pub first: Option<Timestamp>,
}

impl Tally {
    fn add(&mut self, row: &store::HeldRow) {
        self.open += row.open;
        self.untouched += row.untouched;
        self.late += row.late;
        self.soon += row.soon;
        let first = Some(moment(row.first)).filter(|_| row.first < i64::MAX);
        self.first = self.first.into_iter().chain(first).min();
    }
}

/// The board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The moment it stands for, to the minute: lists are asked with it.
    pub at: Timestamp,
    /// Until when due is soon.
    pub soon: Timestamp,
    /// Everything.
    pub all: Tally,
    /// By unit; what is due first stands first.
    pub units: Vec<(UnitId, Tally)>,
    /// By grade, likewise.
    pub grades: Vec<(String, Tally)>,
    /// By person, most first.
    pub people: Vec<(UserId, Tally)>,
    /// Categories with the most open cases.
    pub categories: Vec<(String, i64)>,
    /// Received today so far, by the same hour a week ago, and on that whole day.
    pub received: [i64; 3],
}

/// Tallies, the first due first, those without a clock last.
fn by_due<K: Ord>(tallies: BTreeMap<K, Tally>) -> Vec<(K, Tally)> {
    let mut sorted: Vec<_> = tallies.into_iter().collect();
    sorted.sort_by_key(|(_, tally)| (tally.first.is_none(), tally.first));
    sorted
}

/// More categories than any tree has.
const EVERY: i64 = 10_000;

impl Desk {
    /// Open cases of the caller's area by category.
    ///
    /// # Errors
    /// If the caller may not see cases, or an error of the database.
    pub async fn open_by_category(&self, caller: &Caller) -> Result<Vec<(String, i64)>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let reader = load::reader(&caller.actor).unwrap_or_default();
        let whose = board::Whose { area: caller.actor.area.code().to_owned(), reader };
        self.db().read_behind(move |tx| Ok::<_, DeskError>(board::categories(tx, &whose, EVERY)?)).await
    }

    /// The board for the caller's area.
    ///
    /// # Errors
    /// If the caller may not see it, or an error of the database.
    pub async fn board(&self, caller: &Caller) -> Result<Board, DeskError> {
        permissions::READ_BOARD.require(caller)?;
        let now = self.time().now();
        let at = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).unwrap_or(now);
        let soon = at + SOON;
        let zone = self.zone();
        let here = at.to_zoned_datetime(zone.clone());
        let day = |date: jiff::civil::Date| zone.to_timestamp(date.at(0, 0, 0, 0)).map_or(at, |start| start);
        let (today, then) = (here.date(), here.date().saturating_sub(7.days()));
        let by_now = zone.to_timestamp(then.to_datetime(here.time())).unwrap_or(at);
        let spans = [
            (day(today), at + SignedDuration::from_mins(1)),
            (day(then), by_now),
            (day(then), day(then.saturating_add(1.day()))),
        ];
        let reader = load::reader(&caller.actor).unwrap_or_default();
        let whose = board::Whose { area: caller.actor.area.code().to_owned(), reader };
        let read = self.db().read_behind(move |tx| {
            let held = board::held(tx, &whose, stored(at), stored(soon))?;
            let categories = board::categories(tx, &whose, CATEGORIES)?;
            let mut received = [0; 3];
            for (count, (from, until)) in received.iter_mut().zip(spans) {
                *count = board::received(tx, &whose, stored(from), stored(until))?;
            }
            Ok::<_, DeskError>((held, categories, received))
        });
        let (held, categories, received) = read.await?;
        let mut all = Tally::default();
        let (mut units, mut grades, mut people) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for row in &held {
            all.add(row);
            units.entry(UnitId(row.unit)).or_insert_with(Tally::default).add(row);
            grades.entry(row.grade.clone()).or_insert_with(Tally::default).add(row);
            if let Some(user) = row.user {
                people.entry(UserId(user)).or_insert_with(Tally::default).add(row);
            }
        }
        let mut people: Vec<(UserId, Tally)> = people.into_iter().collect();
        people.sort_by_key(|(user, tally)| (-tally.open, *user));
        Ok(Board { at, soon, all, units: by_due(units), grades: by_due(grades), people, categories, received })
    }
}
