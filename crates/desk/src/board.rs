//! The board of whoever leads: what waits, what is late, who holds how much, what lies with others, what must not wait, and
//! what came in today against the same weekday.
//! Everything is counted for the area of whoever looks, without what is about them, and each figure is one a list can show.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::queries::list::{Filter, Listed};
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::ids::{UnitId, UserId};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeMap;
use store::{board, cases};

/// What is due before this has passed counts as soon.
pub const SOON: SignedDuration = SignedDuration::from_hours(24);
/// Where what waits is parted by time left besides [`SOON`]: late, due within each of these, later.
const PARTS: [SignedDuration; 3] =
    [SignedDuration::from_hours(4), SignedDuration::from_hours(3 * 24), SignedDuration::from_hours(7 * 24)];
/// Categories shown.
const CATEGORIES: i64 = 8;
/// Cases shown of what must not wait.
const SHOWN: usize = 8;
/// What must not wait is counted so far.
const COUNTED: usize = 10_000;

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

/// Open cases that must not wait.
#[derive(Clone, Debug, Default)]
pub struct Pressing {
    /// How many there are.
    pub count: i64,
    /// Those due first.
    pub first: Vec<Listed>,
}

/// A span of moments and how many cases fall into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when; nothing for the beginning of time.
    pub from: Option<Timestamp>,
    /// Until when; nothing for its end.
    pub until: Option<Timestamp>,
    /// How many.
    pub count: i64,
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
    /// Open cases that wait for the customer, and those that stand still for somebody else.
    pub elsewhere: [i64; 2],
    /// Open cases by time left: late, due within four hours, a day, three, seven, later. Those without a clock are in none.
    pub left: Vec<Span>,
    /// Of the red-line list.
    pub red_line: Pressing,
    /// Brought by other bodies, and their customers have no answer yet.
    pub escalated: Pressing,
    /// Received today so far, by the same hour a week ago, and on that whole day.
    pub received: [Span; 3],
    /// The same by hour: today until now, and that whole day.
    pub hours: [Vec<Span>; 2],
}

/// Hours of a day with what was received in each; the last ends with the day.
fn by_hour((from, until): (Timestamp, Timestamp), counts: &[(i64, i64)]) -> Vec<Span> {
    let hour = SignedDuration::from_hours(1);
    let begins = std::iter::successors(Some(from), |at| at.checked_add(hour).ok()).take_while(|at| *at < until);
    let span = |(nth, from): (i64, Timestamp)| Span {
        from: Some(from),
        until: Some((from + hour).min(until)),
        count: counts.iter().find(|(known, _)| *known == nth).map_or(0, |(_, count)| *count),
    };
    (0..).zip(begins).map(span).collect()
}

/// Tallies, the first due first, those without a clock last.
fn by_due<K: Ord>(tallies: BTreeMap<K, Tally>) -> Vec<(K, Tally)> {
    let mut sorted: Vec<_> = tallies.into_iter().collect();
    sorted.sort_by_key(|(_, tally)| (tally.first.is_none(), tally.first));
    sorted
}

impl Desk {
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
        let (day_of_now, day_then) =
            ((day(today), at + SignedDuration::from_mins(1)), (day(then), day(then.saturating_add(1.day()))));
        let reader = load::reader(&caller.actor);
        let whose =
            board::Whose { area: caller.actor.area.code().to_owned(), reader: reader.clone().unwrap_or_default() };
        let mut pressing = Vec::new();
        for filter in [Filter { red_line: true, ..Filter::default() }, Filter { escalated: true, ..Filter::default() }]
        {
            let mut query = self.query(&filter)?;
            query.scope.clone_from(&whose.area);
            query.reader.clone_from(&reader);
            pressing.push(query);
        }
        let [in_hours, in_days, in_week] = PARTS.map(|part| at + part);
        let bounds = [stored(in_hours), stored(in_days), stored(in_week), i64::MAX];
        let read = self.db().read_behind(move |tx| {
            let held = board::held(tx, &whose, (stored(at), stored(soon)), bounds)?;
            let categories = board::categories(tx, &whose, CATEGORIES)?;
            let by_now = board::received(tx, &whose, stored(day_then.0), stored(by_now))?;
            let mut hours = Vec::new();
            for (from, until) in [day_of_now, day_then] {
                hours.push(board::received_by_hour(tx, &whose, stored(from), stored(until))?);
            }
            let mut found = Vec::new();
            for mut query in pressing {
                query.limit = SHOWN;
                let rows = cases::list(tx, &query)?.rows;
                query.limit = COUNTED;
                found.push((cases::count(tx, &query)?, rows));
            }
            Ok::<_, DeskError>((held, categories, by_now, hours, found))
        });
        let (held, categories, count_by_now, hours, found) = read.await?;
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
        let sum = |of: fn(&store::HeldRow) -> i64| held.iter().map(of).sum::<i64>();
        let [hours_sum, days_sum, week_sum, clocked] = held.iter().fold([0; 4], |sums, row| {
            let mut within = row.within.into_iter();
            sums.map(|sum: i64| sum + within.next().unwrap_or_default())
        });
        let edges = [at, in_hours, soon, in_days, in_week].map(Some);
        let sums = [all.late, hours_sum, all.soon, days_sum, week_sum, clocked];
        let left = std::iter::once(None).chain(edges).zip(edges.into_iter().chain([None]));
        let counts = std::iter::once(0).chain(sums).zip(sums).map(|(before, until)| until - before);
        let left = left.zip(counts).map(|((from, until), count)| Span { from, until, count }).collect();
        let mut pressed = Vec::new();
        for (count, rows) in found {
            let mut first = Vec::with_capacity(rows.len());
            for one in rows {
                first.push(self.listed(&one.row, one.wrapped_key.as_deref())?);
            }
            pressed.push(Pressing { count, first });
        }
        let mut pressed = pressed.into_iter();
        let (red_line, escalated) = (pressed.next().unwrap_or_default(), pressed.next().unwrap_or_default());
        let mut hours = hours.into_iter();
        let [of_now, of_then] = [day_of_now, day_then].map(|day| by_hour(day, &hours.next().unwrap_or_default()));
        let in_all = |hours: &[Span]| hours.iter().map(|hour| hour.count).sum::<i64>();
        let whole = |(from, until): (Timestamp, Timestamp), count| Span { from: Some(from), until: Some(until), count };
        let received = [
            whole(day_of_now, in_all(&of_now)),
            whole((day_then.0, by_now), count_by_now),
            whole(day_then, in_all(&of_then)),
        ];
        let mut people: Vec<(UserId, Tally)> = people.into_iter().collect();
        people.sort_by_key(|(user, tally)| (-tally.open, *user));
        Ok(Board {
            at,
            soon,
            all,
            units: by_due(units),
            grades: by_due(grades),
            people,
            categories,
            elsewhere: [sum(|row| row.customer), sum(|row| row.suspended)],
            left,
            red_line,
            escalated,
            received,
            hours: [of_now, of_then],
        })
    }
}
