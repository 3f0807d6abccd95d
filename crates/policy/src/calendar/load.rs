//! Reads a calendar file and refuses what contradicts itself: a day that is two things at once, a make-up day that is
//! worked anyway, an announcement after the file was last looked at.

use super::history::{CalendarSource, Dated, History, Known};
use super::table::is_weekend;
use super::{Calendar, Hours, Interval, Provisional, Special, index, zone_named};
use crate::address::address;
use crate::code::codes;
use crate::document::{self, Place, Table, Value};
use crate::fault::Fault;
use crate::text::Text;
use jiff::civil::{Date, Time, Weekday};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A holiday longer than this is a slip of the pen, and would be slow to unfold.
const LONGEST_HOLIDAY_DAYS: usize = 62;

/// Every day between the first and the last special one is spelt out in memory.
const LONGEST_CALENDAR_YEARS: i16 = 200;

codes! {
    /// A day of the week in a file.
    pub DayCode {
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
    /// The weekday it stands for.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
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
    document::read(file, toml, |table| read(address(toml), table))
}

fn read(hash: String, table: &mut Table<'_>) -> Option<Calendar> {
    let id = table.needed("id").and_then(|value| value.parsed(id));
    let title = table.text("title");
    let zone = table.needed("zone").and_then(|value| Some((value.string()?.to_owned(), value.parsed(zone_named)?)));
    let source = optional(table, "source", |value| source(value.table()?));
    let time = time(table);
    let weekend = weekend(table);
    let covers = optional(table, "covers", |value| range(value.table()?, "covers"));
    let hours = optional(table, "hours", |value| hours(value.table()?)).map(Option::unwrap_or_default);
    // What is missing is told; the days are read all the same, so that no fault hides another.
    let told = time.unwrap_or(Told { from: Date::MIN, to: Date::MAX });
    let usual = hours.clone().unwrap_or_default();
    let days = Reader { weekend: weekend.unwrap_or_default(), hours: &usual, time: told }.days(table);
    let provisional = provisional(table, told);
    let covers = covers?;
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
    let history = History {
        hash,
        id: id?,
        title: title?,
        source: source?,
        known_from: time?.from,
        known_as_of: time?.to,
        weekend: weekend?,
        covers,
        uncovered,
        hours: hours?,
        days: days?,
        provisional: provisional?,
    };
    let newest = history.version_on(Date::MAX);
    Some(Calendar::of(Arc::new(history), newest, zone_name, zone))
}

/// A key that may be absent: nothing where it is wrong, `Some(None)` where it is not there.
fn optional<T>(
    table: &mut Table<'_>,
    key: &'static str,
    read: impl FnOnce(Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match table.optional(key) {
        Some(value) => read(value).map(Some),
        None => Some(None),
    }
}

/// Reads an identity: the code of a country or subdivision, or a name of the house.
fn id(text: &str) -> Result<String, &'static str> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if fits { Ok(text.to_owned()) } else { Err("use 1 to 64 of A-Z, a-z, 0-9, `_`, `-` and `.`, such as AU-NSW") }
}

fn source(mut table: Table<'_>) -> Option<CalendarSource> {
    let title = table.text("title");
    let basis = table.needed("basis").and_then(|value| value.code());
    let confidence = table.needed("confidence").and_then(|value| value.code());
    let url = optional(&mut table, "url", |value| value.string().map(str::to_owned));
    let seen = optional(&mut table, "seen", |value| value.date());
    table.done();
    Some(CalendarSource { title: title?, basis: basis?, confidence: confidence?, url: url?, seen: seen? })
}

/// The time over which a file tells what was known when.
#[derive(Clone, Copy)]
struct Told {
    from: Date,
    to: Date,
}

fn time(table: &mut Table<'_>) -> Option<Told> {
    let to = table.needed("known_as_of").and_then(|value| value.date());
    let Some(value) = table.optional("known_from") else {
        return to.map(|to| Told { from: to, to });
    };
    let (from, to) = value.date().zip(to)?;
    if to < from {
        value.fault("lies after `known_as_of`");
        return None;
    }
    Some(Told { from, to })
}

impl Told {
    /// When an entry became known and was withdrawn.
    fn known(self, table: &mut Table<'_>) -> Option<Known> {
        let announced = optional(table, "announced", |value| self.change(value))?;
        let withdrawn = optional(table, "withdrawn", |value| self.change(value))?;
        if announced.zip(withdrawn).is_some_and(|(announced, withdrawn)| withdrawn <= announced) {
            table.fault("is withdrawn before it was announced");
            return None;
        }
        Some(Known { announced, withdrawn })
    }

    fn change(self, value: Value<'_>) -> Option<Date> {
        let day = value.date()?;
        if day <= self.from || day > self.to {
            let Self { from, to } = self;
            value.fault(format!("must lie after `known_from` ({from}) and not after `known_as_of` ({to})"));
            return None;
        }
        Some(day)
    }
}

fn provisional(calendar: &mut Table<'_>, time: Told) -> Option<Vec<Dated<Provisional>>> {
    let read = |mut table: Table<'_>| {
        let note = table.text("note");
        let known = time.known(&mut table);
        let (from, to) = range(table, "provisional")?;
        Some(Dated { what: Provisional { from, to, note: note? }, known: known? })
    };
    let read: Vec<_> = calendar.tables("provisional").into_iter().map(read).collect();
    read.into_iter().collect()
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

/// A holiday, make-up day or half day with all its days.
struct Entry<'d> {
    place: Place<'d>,
    known: Known,
    days: Vec<(Date, Arc<Special>)>,
}

/// What a day that differs from its weekday is judged by.
struct Reader<'h> {
    weekend: [bool; 7],
    hours: &'h Hours,
    time: Told,
}

impl Reader<'_> {
    fn days(&self, calendar: &mut Table<'_>) -> Option<Vec<(Date, Dated<Arc<Special>>)>> {
        let mut days = Vec::new();
        let holidays = calendar.tables("holiday").into_iter().map(|table| self.entry(table, Self::holiday));
        let made_up = calendar.tables("make_up").into_iter().map(|table| self.entry(table, Self::make_up));
        let halved = calendar.tables("half_day").into_iter().map(|table| self.entry(table, Self::half_day));
        let mut complete = true;
        // By day, to find what says two things about one.
        let mut taken: BTreeMap<Date, Vec<Known>> = BTreeMap::new();
        for entry in holidays.chain(made_up).chain(halved) {
            let Some(Entry { place, known, days: of_entry }) = entry else {
                complete = false;
                continue;
            };
            for (day, what) in of_entry {
                let others = taken.entry(day).or_default();
                if others.iter().any(|other| other.meets(known)) {
                    place.fault(format!("{day} is already a holiday, make-up day or half day"));
                    complete = false;
                }
                others.push(known);
                days.push((day, Dated { what, known }));
            }
        }
        let bounds = taken.keys().next().zip(taken.keys().next_back());
        if bounds.is_some_and(|(first, last)| last.year() - first.year() > LONGEST_CALENDAR_YEARS) {
            calendar.fault(format!("a calendar reaches over {LONGEST_CALENDAR_YEARS} years at most"));
            complete = false;
        }
        complete.then_some(days)
    }

    /// Reads one entry with all its days.
    fn entry<'d>(
        &self,
        mut table: Table<'d>,
        read: impl Fn(&Self, &mut Table<'d>, Text, &[Date]) -> Option<Vec<Arc<Special>>>,
    ) -> Option<Entry<'d>> {
        let place = table.place();
        let name = table.text("name");
        let known = self.time.known(&mut table);
        let days = listed(&mut table);
        let (name, days) = name.zip(days)?;
        let specials = read(self, &mut table, name, &days);
        table.done();
        Some(Entry { place, known: known?, days: days.into_iter().zip(specials?).collect() })
    }

    // The signature is that of the other readers.
    #[expect(clippy::unnecessary_wraps)]
    fn holiday(&self, _: &mut Table<'_>, name: Text, days: &[Date]) -> Option<Vec<Arc<Special>>> {
        let off = Arc::new(Special::Off(name));
        Some(vec![off; days.len()])
    }

    fn make_up(&self, table: &mut Table<'_>, name: Text, days: &[Date]) -> Option<Vec<Arc<Special>>> {
        if let Some(day) = days.iter().find(|day| !is_weekend(self.weekend, **day)) {
            table.fault(format!("{day} is a working day anyway"));
            return None;
        }
        let worked = Arc::new(Special::MakeUp(name));
        Some(vec![worked; days.len()])
    }

    /// Of the hours of the weekday those within the half day's are worked.
    fn half_day(&self, table: &mut Table<'_>, name: Text, days: &[Date]) -> Option<Vec<Arc<Special>>> {
        let within = table.needed("hours").and_then(intervals);
        let counts = optional(table, "counts", |value| value.flag()).map(|counts| counts.unwrap_or(true));
        if let Some(day) = days.iter().find(|day| is_weekend(self.weekend, **day)) {
            table.fault(format!("{day} is a day of the weekend anyway"));
            return None;
        }
        let (within, counts) = within.zip(counts)?;
        let half = |day: &Date| {
            let usual = self.hours.of(day.weekday()).iter();
            let cut = |usual: &Interval| {
                let parts =
                    within.iter().map(|part| Interval { from: usual.from.max(part.from), to: usual.to.min(part.to) });
                parts.filter(|part| part.from < part.to).collect::<Vec<_>>()
            };
            Arc::new(Special::Half { name: name.clone(), counts, hours: usual.flat_map(cut).collect() })
        };
        Some(days.iter().map(half).collect())
    }
}

/// The days of an entry: each of `on`, or those `from` one `to` another.
fn listed(table: &mut Table<'_>) -> Option<Vec<Date>> {
    if let Some(value) = table.optional("on") {
        return value.many()?.into_iter().map(|value| value.date()).collect();
    }
    let Some(first) = table.optional("from") else {
        table.fault("says neither `on` which days nor `from` when `to` when");
        return None;
    };
    let first = first.date();
    let last = table.needed("to").and_then(|value| value.date());
    let (first, last) = first.zip(last)?;
    let days: Vec<Date> =
        first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).take(LONGEST_HOLIDAY_DAYS + 1).collect();
    if days.is_empty() || days.len() > LONGEST_HOLIDAY_DAYS {
        table.fault(format!("lasts 1 to {LONGEST_HOLIDAY_DAYS} days"));
        return None;
    }
    Some(days)
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
