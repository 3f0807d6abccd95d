//! Events that repeat once a year: on a date, or on the n-th weekday of a month.

use super::event::date;
use jiff::civil::{Date, Weekday};

/// A rule is followed over this many years at most; beyond, somebody means for ever.
const LONGEST_YEARS: i16 = 200;

const ENDLESS: &str = "repeats without an end";
const ENDLESS_HINT: &str = "say which years are wanted: --years 2025-2027";

/// Once a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    interval: i16,
    count: Option<u32>,
    until: Option<Date>,
    place: Place,
}

/// Where in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On a day of a month.
    Day { month: i8, day: i8 },
    /// On the n-th weekday of a month, from its end when negative.
    Nth { month: i8, nth: i8, weekday: Weekday },
}

impl Place {
    fn of(self, year: i16) -> Option<Date> {
        match self {
            Self::Day { month, day } => Date::new(year, month, day).ok(),
            Self::Nth { month, nth, weekday } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
        }
    }
}

impl Rule {
    /// Reads `FREQ=YEARLY;…`.
    pub(super) fn parse(text: &str, first: Date) -> Result<Self, String> {
        let (mut yearly, mut interval, mut count, mut until) = (false, 1, None, None);
        let (mut month, mut day, mut nth) = (first.month(), None, None);
        let mut has_month = false;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err("RRULE is no list of KEY=value".to_owned());
            };
            let wrong = || format!("RRULE: {}={} is not understood", short(key), short(value));
            match key.to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("YEARLY") => yearly = true,
                "FREQ" => return Err(format!("repeats {}; only yearly is understood", short(value))),
                "INTERVAL" => interval = value.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(wrong)?,
                "COUNT" => count = Some(value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?),
                "UNTIL" => until = Some(value.get(..8).and_then(date).ok_or_else(wrong)?),
                "BYMONTH" => {
                    month = value.parse().ok().filter(|n| (1..=12).contains(n)).ok_or_else(wrong)?;
                    has_month = true;
                }
                "BYMONTHDAY" => day = Some(value.parse().ok().filter(|n| (1..=31).contains(n)).ok_or_else(wrong)?),
                "BYDAY" => nth = Some(nth_weekday(value).ok_or_else(wrong)?),
                "WKST" => {}
                _ => return Err(wrong()),
            }
        }
        if !yearly {
            return Err("RRULE does not say FREQ=YEARLY".to_owned());
        }
        let place = match (nth, day) {
            (Some((nth, weekday)), None) if has_month => Place::Nth { month, nth, weekday },
            (None, day) => Place::Day { month, day: day.unwrap_or_else(|| first.day()) },
            _ => return Err("RRULE: BYDAY is understood with BYMONTH and without BYMONTHDAY".to_owned()),
        };
        if place.of(first.year()) != Some(first) {
            return Err("RRULE does not give the day on which the event begins".to_owned());
        }
        Ok(Self { interval, count, until, place })
    }

    /// The days it gives, up to the end of a year; a refusal with the way out where there is no end.
    pub(super) fn dates(
        &self,
        first: Date,
        last_year: Option<i16>,
    ) -> Result<Vec<Date>, (&'static str, Option<&'static str>)> {
        let last = first.year().saturating_add(LONGEST_YEARS);
        let mut dates = Vec::new();
        let mut year = first.year();
        loop {
            let counted = |count: u32| usize::try_from(count).is_ok_and(|count| dates.len() >= count);
            let over = self.until.is_some_and(|until| until.year() < year) || self.count.is_some_and(counted);
            if over || last_year.is_some_and(|last| last < year) {
                return Ok(dates);
            }
            if year > last {
                return Err((ENDLESS, Some(ENDLESS_HINT)));
            }
            dates.extend(self.place.of(year).filter(|day| self.until.is_none_or(|until| *day <= until)));
            year = year.saturating_add(self.interval);
        }
    }
}

/// Reads 4TH or -1MO.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = nth.parse().ok().filter(|nth| *nth != 0 && (-5..=5).contains(nth))?;
    Some((nth, weekday))
}

/// Foreign text in a message, cut short.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
