//! Reads a calendar file and refuses what contradicts itself: a holiday twice, a make-up day that is worked anyway.

use super::{Calendar, Hours, Interval, Provisional, Special, index, zone_named};
use crate::code::codes;
use crate::document::{self, Table, Value};
use crate::fault::Fault;
use crate::text::Text;
use jiff::civil::{Date, Time, Weekday};
use std::collections::BTreeMap;

/// A holiday longer than this is a slip of the pen, and would be slow to unfold.
const LONGEST_HOLIDAY_DAYS: usize = 62;

codes! {
    /// A day of the week in a file.
    DayCode {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

impl DayCode {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}

/// Reads a calendar file.
pub(super) fn parse(file: Option<&str>, toml: &str) -> Result<Calendar, Vec<Fault>> {
    document::read(file, toml, read)
}

fn read(table: &mut Table<'_>) -> Option<Calendar> {
    let id = table.id("id");
    let title = table.text("title");
    let version = table.needed("known_as_of").and_then(|value| value.date());
    let zone = table.needed("zone").and_then(|value| {
        let zone = value.parsed(zone_named)?;
        Some((value.string()?.to_owned(), zone))
    });
    let source = table.optional("source").map(|value| value.text());
    let weekend = weekend(table);
    let covers = table.optional("covers").and_then(|value| value.table()).map(|table| range(table, "covers"));
    let days = days(table, weekend.unwrap_or_default());
    let hours = table.optional("hours").map_or_else(|| Some(Hours::default()), |value| hours(value.table()?));
    let provisional = table
        .tables("provisional")
        .into_iter()
        .map(|mut table| {
            let note = table.text("note");
            let (from, to) = range(table, "provisional")?;
            Some(Provisional { from, to, note: note? })
        })
        .collect::<Option<Vec<_>>>();
    if let Some(None) = source {
        return None;
    }
    let covers = match covers {
        Some(covers) => Some(covers?),
        None => None,
    };
    let uncovered = covers.map_or_else(
        || Text::new("", ""),
        |(from, to)| {
            Text::new(
                format!("日历只覆盖 {from} 至 {to}；其外只区分周末"),
                format!("the calendar covers {from} to {to}; outside only weekends are known"),
            )
        },
    );
    let (zone_name, zone) = zone?;
    Some(Calendar {
        id: id?,
        title: title?,
        version: version?,
        zone_name,
        zone,
        weekend: weekend?,
        covers,
        days: days?,
        hours: hours?,
        provisional: provisional?,
        uncovered,
    })
}

/// The days of the weekend; a week without a working day would make counting pointless.
fn weekend(table: &mut Table<'_>) -> Option<[bool; 7]> {
    let mut weekend = [false; 7];
    let Some(value) = table.optional("weekend") else {
        return Some(weekend);
    };
    for code in value.codes::<DayCode>()? {
        if let Some(day) = weekend.get_mut(index(code.weekday())) {
            *day = true;
        }
    }
    if weekend.iter().all(|day| *day) {
        value.fault("leaves no working day");
        return None;
    }
    Some(weekend)
}

/// `from` and `to`, both inclusive.
fn range(mut table: Table<'_>, what: &str) -> Option<(Date, Date)> {
    let from = table.needed("from").and_then(|value| value.date());
    let to = table.needed("to").and_then(|value| value.date());
    let (from, to) = from.zip(to)?;
    if to < from {
        table.fault(format!("`{what}` ends before it begins"));
        return None;
    }
    table.done();
    Some((from, to))
}

fn days(calendar: &mut Table<'_>, weekend: [bool; 7]) -> Option<BTreeMap<Date, Special>> {
    let mut days = BTreeMap::new();
    let mut complete = true;
    for mut table in calendar.tables("holiday") {
        let name = table.text("name");
        let first = table.needed("from").and_then(|value| value.date());
        let last = match table.optional("to") {
            Some(value) => value.date(),
            None => first,
        };
        let (Some(name), Some((first, last))) = (name, first.zip(last)) else {
            complete = false;
            continue;
        };
        if last < first
            || first.series(jiff::Span::new().days(1)).nth(LONGEST_HOLIDAY_DAYS).is_none_or(|end| last >= end)
        {
            table.fault(format!("a holiday lasts 1 to {LONGEST_HOLIDAY_DAYS} days"));
            complete = false;
            continue;
        }
        for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
            if days.insert(day, Special::Off(name.clone())).is_some() {
                table.fault(format!("{day} is already a holiday"));
                complete = false;
            }
        }
        table.done();
    }
    for mut table in calendar.tables("make_up") {
        let name = table.text("name");
        let date = table.needed("date").and_then(|value| value.date());
        let (Some(name), Some(day)) = (name, date) else {
            complete = false;
            continue;
        };
        if !weekend.get(index(day.weekday())).copied().unwrap_or(false) {
            table.fault(format!("{day} is a working day anyway"));
            complete = false;
        } else if days.insert(day, Special::MakeUp(name)).is_some() {
            table.fault(format!("{day} is already a holiday or make-up day"));
            complete = false;
        }
        table.done();
    }
    complete.then_some(days)
}

/// Working hours by weekday; make-up days follow Monday unless they have hours of their own.
fn hours(mut table: Table<'_>) -> Option<Hours> {
    let mut hours = Hours::default();
    let mut complete = true;
    for code in DayCode::ALL {
        let Some(value) = table.optional(code.code()) else {
            continue;
        };
        match (intervals(value), hours.weekdays.get_mut(index(code.weekday()))) {
            (Some(read), Some(day)) => *day = read,
            _ => complete = false,
        }
    }
    hours.make_up = match table.optional("make_up") {
        Some(value) => intervals(value)?,
        None => hours.weekdays.first().cloned().unwrap_or_default(),
    };
    table.done();
    complete.then_some(hours)
}

/// Stretches of time within a day, in order, such as `["09:00-12:00", "13:30-18:00"]`.
pub(crate) fn intervals(value: Value<'_>) -> Option<Vec<Interval>> {
    let mut intervals: Vec<Interval> = Vec::new();
    for item in value.many()? {
        let interval = item.parsed(interval)?;
        if intervals.last().is_some_and(|before| interval.from < before.to) {
            item.fault("overlaps the interval before, or stands before it");
            return None;
        }
        intervals.push(interval);
    }
    Some(intervals)
}

/// Reads `09:00-12:00`.
fn interval(text: &str) -> Result<Interval, &'static str> {
    const WRONG: &str = "write an interval such as 09:00-12:00";
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        let both = hour.len() == 2 && minute.len() == 2;
        let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i8>().ok()).flatten();
        both.then(|| Time::new(number(hour)?, number(minute)?, 0, 0).ok()).flatten()
    };
    let (from, to) = text.split_once('-').ok_or(WRONG)?;
    let (from, to) = time(from).zip(time(to)).ok_or(WRONG)?;
    if from < to { Ok(Interval { from, to }) } else { Err("an interval ends after it begins") }
}
