//! Calendars: zone, weekend, holidays, make-up working days (调休), half days and working hours, as known on a date.
//!
//! A calendar is data with versions of its own, because governments change them in mid-year. One file holds the history:
//! what was announced when, and what was withdrawn again. What is not announced yet is marked provisional, and every
//! result that leans on such a day says so.

mod history;
mod load;
mod set;
mod table;

use crate::fault::Fault;
use crate::text::Text;
pub use history::CalendarSource;
use history::History;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
pub use load::DayCode;
pub(crate) use load::intervals;
use serde::Serialize;
pub use set::CalendarSet;
use std::collections::BTreeSet;
use std::sync::Arc;
use table::{Days, Entry};

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayKind<'c> {
    /// An ordinary working day.
    Workday,
    /// A day of the weekend.
    Weekend,
    /// A day off, with its name.
    Holiday(&'c Text),
    /// A day of the weekend that is worked, with the holiday it makes up for.
    MakeUp(&'c Text),
    /// A day on which only a part of the usual hours is worked.
    HalfDay {
        /// Why.
        name: &'c Text,
        /// Whether it is a business day all the same.
        counts: bool,
    },
}

impl DayKind<'_> {
    /// Whether such a day counts as a business day.
    #[must_use]
    pub const fn is_business_day(self) -> bool {
        matches!(self, Self::Workday | Self::MakeUp(_) | Self::HalfDay { counts: true, .. })
    }
}

/// A stretch of working time within a day, from its first moment up to, not including, its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
}

/// Days on which the calendar rests on less than an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Provisional {
    from: Date,
    to: Date,
    note: Text,
}

/// Working hours by weekday (Monday first) and on make-up days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hours {
    weekdays: [Vec<Interval>; 7],
    make_up: Vec<Interval>,
}

impl Hours {
    /// The hours of an ordinary day, were it worked.
    fn of(&self, weekday: Weekday) -> &[Interval] {
        self.weekdays.get(index(weekday)).map_or(&[], Vec::as_slice)
    }
}

/// A calendar, as it was known on some day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    history: Arc<History>,
    version: Date,
    days: Arc<Days>,
    provisional: Arc<[Provisional]>,
    zone_name: String,
    zone: TimeZone,
}

/// A day that differs from its weekday.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Special {
    Off(Text),
    MakeUp(Text),
    Half { name: Text, counts: bool, hours: Vec<Interval> },
}

impl Special {
    const fn kind(&self) -> DayKind<'_> {
        match self {
            Self::Off(name) => DayKind::Holiday(name),
            Self::MakeUp(name) => DayKind::MakeUp(name),
            Self::Half { name, counts, .. } => DayKind::HalfDay { name, counts: *counts },
        }
    }

    const fn is_business_day(&self) -> bool {
        self.kind().is_business_day()
    }
}

/// The time zone database does not know this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone `{0}`")]
pub struct UnknownZone(pub String);

fn zone_named(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZone::get(name).map_err(|_| UnknownZone(name.chars().take(64).collect()))
}

impl Calendar {
    /// Reads a calendar file; the newest version holds.
    ///
    /// # Errors
    /// Every fault with its line and column.
    pub fn parse(toml: &str) -> Result<Self, Vec<Fault>> {
        load::parse(None, toml)
    }

    /// Reads a calendar file; faults carry the file's name.
    ///
    /// # Errors
    /// Every fault with its line and column.
    pub fn parse_file(file: &str, toml: &str) -> Result<Self, Vec<Fault>> {
        load::parse(Some(file), toml)
    }

    /// The calendar `none`: every day counts, and there are no working hours.
    ///
    /// # Errors
    /// If the zone is unknown.
    pub fn none(zone: &str) -> Result<Self, UnknownZone> {
        let always = Date::constant(1970, 1, 1);
        let history = History {
            hash: String::new(),
            id: "none".to_owned(),
            title: Text::new("不设节假日", "No days off"),
            source: None,
            known_from: always,
            known_as_of: always,
            weekend: [false; 7],
            covers: None,
            uncovered: Text::new("", ""),
            hours: Hours::default(),
            days: Vec::new(),
            provisional: Vec::new(),
        };
        Ok(Self::of(Arc::new(history), always, zone.to_owned(), zone_named(zone)?))
    }

    /// A version of a history.
    fn of(history: Arc<History>, version: Date, zone_name: String, zone: TimeZone) -> Self {
        let days = Arc::new(history.days(version));
        let provisional = history.provisional(version).into();
        Self { history, version, days, provisional, zone_name, zone }
    }

    /// The same calendar read in another zone, such as the customer's.
    ///
    /// # Errors
    /// If the zone is unknown.
    pub fn in_zone(&self, zone: &str) -> Result<Self, UnknownZone> {
        Ok(Self { zone: zone_named(zone)?, zone_name: zone.to_owned(), ..self.clone() })
    }

    /// The calendar as it was known at the end of a day: what was announced later is not in it, what was withdrawn later
    /// still is. For a day before its history begins it is the first version.
    #[must_use]
    pub fn as_known_on(&self, day: Date) -> Self {
        match self.history.version_on(day) {
            version if version == self.version => self.clone(),
            version => Self::of(Arc::clone(&self.history), version, self.zone_name.clone(), self.zone.clone()),
        }
    }

    /// The days on which its history changed, in order; each is a version that [`Self::as_known_on`] can give.
    #[must_use]
    pub fn versions(&self) -> Vec<Date> {
        self.history.versions()
    }

    /// Identity: the code of the country or subdivision, such as `CN` or `AU-NSW`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.history.id
    }

    /// Address of its file's content: SHA-256, in hexadecimal. Empty for `none`, which has no file.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.history.hash
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &Text {
        &self.history.title
    }

    /// Where its days come from, when the file says so.
    #[must_use]
    pub fn source(&self) -> Option<&CalendarSource> {
        self.history.source.as_ref()
    }

    /// The day of the last announcement it holds. Two calendars of one file with the same version are the same.
    #[must_use]
    pub const fn version(&self) -> Date {
        self.version
    }

    /// The day on which the file was last held against its source.
    #[must_use]
    pub fn known_as_of(&self) -> Date {
        self.history.known_as_of
    }

    /// The first and the last day it knows more about than the weekday, when the file says so.
    #[must_use]
    pub fn covers(&self) -> Option<(Date, Date)> {
        self.history.covers
    }

    /// Name of the zone in the time zone database.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether a weekday belongs to the weekend.
    #[must_use]
    pub fn is_weekend(&self, weekday: Weekday) -> bool {
        self.history.weekend.get(index(weekday)).copied().unwrap_or(false)
    }

    /// The days of the weekend, from Monday on.
    pub fn weekend(&self) -> impl Iterator<Item = DayCode> {
        DayCode::ALL.iter().copied().filter(|code| self.is_weekend(code.weekday()))
    }

    /// What a day is.
    #[must_use]
    pub fn day_kind(&self, day: Date) -> DayKind<'_> {
        match self.days.get(day) {
            Entry::Special(special) => special.kind(),
            Entry::Plain if self.is_weekend(day.weekday()) => DayKind::Weekend,
            Entry::Plain => DayKind::Workday,
        }
    }

    /// Whether the day counts as a business day.
    #[must_use]
    pub fn is_business_day(&self, day: Date) -> bool {
        self.day_kind(day).is_business_day()
    }

    /// The business day so many after a day, the day itself for none; nothing beyond the last date there is. It takes
    /// the same time however many they are.
    #[must_use]
    pub fn business_day_after(&self, day: Date, count: u32) -> Option<Date> {
        self.days.after(day, count)
    }

    /// The days that are not settled, as the file names them: first, last and why.
    pub fn provisional(&self) -> impl Iterator<Item = (Date, Date, &Text)> {
        self.provisional.iter().map(|range| (range.from, range.to, &range.note))
    }

    /// Every day that differs from its weekday, in order.
    pub fn special_days(&self) -> impl Iterator<Item = (Date, DayKind<'_>)> {
        self.days.specials().map(|(day, special)| (day, special.kind()))
    }

    /// Working intervals of a day, in order; none on days off and when the calendar states no hours.
    #[must_use]
    pub fn intervals(&self, day: Date) -> &[Interval] {
        match self.days.get(day) {
            Entry::Special(Special::Half { hours, .. }) => hours,
            Entry::Special(Special::MakeUp(_)) => &self.history.hours.make_up,
            Entry::Special(Special::Off(_)) => &[],
            Entry::Plain if self.is_weekend(day.weekday()) => &[],
            Entry::Plain => self.history.hours.of(day.weekday()),
        }
    }

    /// The first day on which another version counts differently; nothing when every deadline comes out the same.
    #[must_use]
    pub fn first_change(&self, other: &Self) -> Option<Date> {
        let (mine, theirs) = (&self.history, &other.history);
        if mine.weekend != theirs.weekend || mine.hours != theirs.hours || self.zone_name != other.zone_name {
            return Some(Date::MIN);
        }
        let special = |calendar: &Self| calendar.special_days().map(|(day, _)| day).collect::<BTreeSet<_>>();
        special(self).union(&special(other)).copied().find(|day| {
            self.is_business_day(*day) != other.is_business_day(*day) || self.intervals(*day) != other.intervals(*day)
        })
    }

    /// Whether working hours can be counted: every week holds some.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        let weekdays = self.history.hours.weekdays.iter().zip(self.history.weekend);
        weekdays.into_iter().any(|(intervals, weekend)| !weekend && !intervals.is_empty())
    }

    /// Working time between two moments; nothing when the calendar states no hours, or the second comes first.
    #[must_use]
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let mut sum = SignedDuration::ZERO;
        let local = |at: Timestamp| self.zone.to_datetime(at).date();
        let (mut day, last) = (local(from), local(to));
        while day <= last {
            for interval in self.intervals(day) {
                let moment = |time| self.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok();
                if let (Some(begin), Some(end)) = (moment(interval.from), moment(interval.to)) {
                    sum += end.min(to).duration_since(begin.max(from)).max(SignedDuration::ZERO);
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        sum
    }

    /// Why this day may still change; nothing when it is settled. Days outside the years the calendar covers are never
    /// settled.
    #[must_use]
    pub fn provisional_note(&self, day: Date) -> Option<&Text> {
        if let Some(provisional) = self.provisional.iter().find(|range| range.from <= day && day <= range.to) {
            return Some(&provisional.note);
        }
        let (first, last) = self.history.covers?;
        (day < first || day > last).then_some(&self.history.uncovered)
    }
}

/// Place of a weekday in a week that begins on Monday.
fn index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}
