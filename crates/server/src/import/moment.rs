//! Moments as a file writes them: one declared form and zone a column, and the range in which they must lie.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Form, zone and range of a column's moments.
pub(super) struct Moments {
    /// `rfc3339`, or a pattern such as `%Y-%m-%dT%H:%M:%S`.
    format: String,
    /// Zone of moments written without an offset.
    zone: Option<TimeZone>,
    from: Option<Bound>,
    until: Option<Bound>,
}

/// An end of a range: as written, and the moment.
struct Bound {
    written: String,
    at: Timestamp,
}

impl Moments {
    /// What a map declares; nothing when it declares no form.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub(super) fn declared(
        format: Option<String>,
        zone: Option<String>,
        not_before: Option<String>,
        not_after: Option<String>,
    ) -> Result<Option<Self>, String> {
        let Some(format) = format else {
            return match (zone, not_before.or(not_after)) {
                (None, None) => Ok(None),
                (Some(_), _) => Err("a zone without a format".to_owned()),
                (None, Some(_)) => Err("a range without a format".to_owned()),
            };
        };
        let zone = match zone {
            Some(name) => Some(TimeZone::get(&name).map_err(|_| format!("there is no zone {name:?}"))?),
            None => None,
        };
        let has_offset = format == "rfc3339" || format.contains("%z") || format.contains("%:z");
        if !has_offset && zone.is_none() {
            return Err("moments without an offset need a zone".to_owned());
        }
        let bound = |name: &str, written: Option<String>, end_of_day: bool| {
            written
                .map(|written| Bound::read(written, zone.as_ref(), end_of_day))
                .transpose()
                .map_err(|error| format!("{name}: {error}"))
        };
        let (from, until) = (bound("not_before", not_before, false)?, bound("not_after", not_after, true)?);
        Ok(Some(Self { format, zone, from, until }))
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// That it has another form or lies outside the range, in words.
    pub(super) fn read(&self, cell: &str) -> Result<Timestamp, String> {
        let at = self.parse(cell).map_err(|_| format!("{cell:?} is not a moment of the form {}", self.format))?;
        if self.within(at) {
            return Ok(at);
        }
        let local = self.local(at);
        let mut told = format!("{} lies outside the declared range{}", local.date(), self.range());
        if let Some(swapped) = swapped(local)
            && self.zone().to_timestamp(swapped).is_ok_and(|at| self.within(at))
        {
            told.push_str(&format!("; day and month swapped would be {}, which is inside", swapped.date()));
        }
        Err(told)
    }

    /// The day a cell names, in the column's zone; nothing when the cell has another form.
    pub(super) fn day(&self, cell: &str) -> Option<Date> {
        self.parse(cell).ok().map(|at| self.local(at).date())
    }

    fn parse(&self, cell: &str) -> Result<Timestamp, jiff::Error> {
        if self.format == "rfc3339" {
            return cell.parse();
        }
        match &self.zone {
            // An hour that does not exist or exists twice is read as most clocks of the zone showed it first.
            Some(zone) => Ok(zone.to_ambiguous_timestamp(DateTime::strptime(&self.format, cell)?).compatible()?),
            None => Timestamp::strptime(&self.format, cell),
        }
    }

    fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.zone().to_datetime(at)
    }

    fn within(&self, at: Timestamp) -> bool {
        self.from.as_ref().is_none_or(|from| at >= from.at) && self.until.as_ref().is_none_or(|until| at <= until.at)
    }

    fn range(&self) -> String {
        match (&self.from, &self.until) {
            (Some(from), Some(until)) => format!(" from {} to {}", from.written, until.written),
            (Some(from), None) => format!(" from {}", from.written),
            (None, Some(until)) => format!(" to {}", until.written),
            (None, None) => String::new(),
        }
    }
}

impl Bound {
    /// A moment with an offset, or a day in the column's zone, the whole of it inside the range.
    fn read(written: String, zone: Option<&TimeZone>, end_of_day: bool) -> Result<Self, String> {
        if let Ok(at) = written.parse::<Timestamp>() {
            return Ok(Self { written, at });
        }
        let date: Date =
            written.parse().map_err(|_| format!("{written:?} is neither a day nor a moment with an offset"))?;
        let zone = zone.ok_or_else(|| format!("{written:?}: a day needs a zone"))?;
        let begin =
            |date: Date| zone.to_timestamp(date.to_datetime(Time::midnight())).map_err(|error| error.to_string());
        let at = if end_of_day {
            let next = date.tomorrow().map_err(|error| error.to_string())?;
            begin(next)?.checked_sub(SignedDuration::from_micros(1)).map_err(|error| error.to_string())?
        } else {
            begin(date)?
        };
        Ok(Self { written, at })
    }
}

/// The same with day and month in each other's place, where that is a date too and another one.
pub(super) fn swapped(local: DateTime) -> Option<DateTime> {
    let date = swapped_day(local.date())?;
    Some(date.to_datetime(local.time()))
}

/// [`swapped`] for a day.
pub(super) fn swapped_day(day: Date) -> Option<Date> {
    let other = Date::new(day.year(), day.day(), day.month()).ok()?;
    (other != day).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(format: &str, zone: &str, from: &str, until: &str) -> Moments {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Moments::declared(given(format), given(zone), given(from), given(until)).unwrap().unwrap()
    }

    #[test]
    fn one_form_and_no_other() {
        let moments = moments("%d/%m/%Y %H:%M", "America/New_York", "", "");
        assert_eq!(moments.read("04/07/2015 09:30").unwrap().to_string(), "2015-07-04T13:30:00Z");
        assert!(moments.read("2015-07-04 09:30").unwrap_err().contains("%d/%m/%Y"));
        assert!(moments.read("31/02/2015 09:30").is_err());
    }

    #[test]
    fn a_swapped_day_is_named() {
        let moments = moments("%d-%b-%y", "America/New_York", "2015-04-01", "2015-06-30");
        assert_eq!(moments.read("30-Jun-15").unwrap().to_string(), "2015-06-30T04:00:00Z");
        assert_eq!(
            moments.read("4-Aug-15").unwrap_err(),
            "2015-08-04 lies outside the declared range from 2015-04-01 to 2015-06-30; day and month swapped would be \
             2015-04-08, which is inside"
        );
        assert_eq!(
            moments.read("1-Jul-15").unwrap_err(),
            "2015-07-01 lies outside the declared range from 2015-04-01 to 2015-06-30"
        );
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it() {
        let moments = moments("rfc3339", "Asia/Shanghai", "2026-01-01", "2026-01-02T00:00:00Z");
        assert!(moments.read("2026-01-01T00:00:00+08:00").is_ok());
        assert!(moments.read("2025-12-31T23:59:59+08:00").is_err());
        assert!(moments.read("2026-01-02T00:00:00Z").is_ok());
        assert!(moments.read("2026-01-02T00:00:01Z").is_err());
    }
}
