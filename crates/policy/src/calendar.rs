//! Calendars: zone, weekend, holidays, make-up working days (调休) and working hours, as known on a date.
//!
//! A calendar is data with a version of its own, because governments change them in mid-year. What is not announced
//! yet is marked provisional, and every result that leans on such a day says so.

mod load;

pub(crate) use load::intervals;

use crate::fault::Fault;
use crate::text::Text;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    id: String,
    title: Text,
    version: Date,
    zone_name: String,
    zone: TimeZone,
    weekend: [bool; 7],
    covers: Option<(Date, Date)>,
    days: BTreeMap<Date, Special>,
    hours: Hours,
    provisional: Vec<Provisional>,
    uncovered: Text,
}

/// A day that differs from its weekday.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Special {
    Off(Text),
    MakeUp(Text),
}

/// The time zone database does not know this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone `{0}`")]
pub struct UnknownZone(pub String);

fn zone_named(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZone::get(name).map_err(|_| UnknownZone(name.chars().take(64).collect()))
}

impl Calendar {
    /// Reads a calendar file.
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
        Ok(Self {
            id: "none".to_owned(),
            title: Text::new("不设节假日", "No days off"),
            version: Date::constant(1970, 1, 1),
            zone_name: zone.to_owned(),
            zone: zone_named(zone)?,
            weekend: [false; 7],
            covers: None,
            days: BTreeMap::new(),
            hours: Hours::default(),
            provisional: Vec::new(),
            uncovered: Text::new("", ""),
        })
    }

    /// The same calendar read in another zone, such as the customer's.
    ///
    /// # Errors
    /// If the zone is unknown.
    pub fn in_zone(&self, zone: &str) -> Result<Self, UnknownZone> {
        Ok(Self { zone: zone_named(zone)?, zone_name: zone.to_owned(), ..self.clone() })
    }

    /// Identity, such as `cn-state-council`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call it.
    #[must_use]
    pub const fn title(&self) -> &Text {
        &self.title
    }

    /// The day as known on which the calendar stands; newer announcements make a newer version.
    #[must_use]
    pub const fn version(&self) -> Date {
        self.version
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

    /// What a day is.
    #[must_use]
    pub fn day_kind(&self, day: Date) -> DayKind<'_> {
        match self.days.get(&day) {
            Some(Special::Off(name)) => DayKind::Holiday(name),
            Some(Special::MakeUp(name)) => DayKind::MakeUp(name),
            None if self.is_weekend(day.weekday()) => DayKind::Weekend,
            None => DayKind::Workday,
        }
    }

    /// Whether the day counts as a business day.
    #[must_use]
    pub fn is_business_day(&self, day: Date) -> bool {
        matches!(self.day_kind(day), DayKind::Workday | DayKind::MakeUp(_))
    }

    /// Working intervals of a day, in order; none on days off and when the calendar states no hours.
    #[must_use]
    pub fn intervals(&self, day: Date) -> &[Interval] {
        match self.day_kind(day) {
            DayKind::Workday => self.hours.weekdays.get(index(day.weekday())).map_or(&[], Vec::as_slice),
            DayKind::MakeUp(_) => &self.hours.make_up,
            DayKind::Weekend | DayKind::Holiday(_) => &[],
        }
    }

    /// Whether working hours can be counted: every week holds some.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        let weekdays = self.hours.weekdays.iter().zip(self.weekend);
        weekdays.into_iter().any(|(intervals, weekend)| !weekend && !intervals.is_empty())
    }

    /// Why this day may still change; nothing when it is settled. Days outside the years the calendar covers are never
    /// settled.
    #[must_use]
    pub fn provisional_note(&self, day: Date) -> Option<&Text> {
        if let Some(provisional) = self.provisional.iter().find(|range| range.from <= day && day <= range.to) {
            return Some(&provisional.note);
        }
        let (first, last) = self.covers?;
        (day < first || day > last).then_some(&self.uncovered)
    }

    /// The first and last day it was made for, when it says so.
    #[must_use]
    pub const fn covers(&self) -> Option<(Date, Date)> {
        self.covers
    }

    fn is_weekend(&self, weekday: Weekday) -> bool {
        self.weekend.get(index(weekday)).copied().unwrap_or(false)
    }
}

/// Place of a weekday in a week that begins on Monday.
fn index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}

/// The calendars at hand when packs are loaded.
#[derive(Clone, Debug, Default)]
pub struct CalendarSet {
    calendars: Vec<Arc<Calendar>>,
}

impl CalendarSet {
    /// Adds a calendar file; of two versions of one calendar the later stays.
    ///
    /// # Errors
    /// Every fault of the file with its line and column.
    pub fn add(&mut self, file: &str, toml: &str) -> Result<(), Vec<Fault>> {
        self.insert(Calendar::parse_file(file, toml)?);
        Ok(())
    }

    /// Adds a calendar; of two versions of one calendar the later stays.
    pub fn insert(&mut self, calendar: Calendar) {
        match self.calendars.iter_mut().find(|known| known.id == calendar.id) {
            Some(known) if known.version < calendar.version => *known = Arc::new(calendar),
            Some(_) => {}
            None => self.calendars.push(Arc::new(calendar)),
        }
    }

    /// The calendar with an identity.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Calendar>> {
        self.calendars.iter().find(|calendar| calendar.id == id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.iter().map(Arc::as_ref)
    }
}
