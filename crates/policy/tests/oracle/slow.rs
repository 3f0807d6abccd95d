//! Deadlines the slow way, written without the crate's arithmetic: days are plain numbers stepped one by one, time is
//! plain seconds, and of the time zones only one question is asked, which offset holds at a moment.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::{Amount, Calendar, Counting, Ends, FirstDay, Roll};

/// Days and years the calendars know; what lies outside is an ordinary week.
pub(crate) const FIRST_YEAR: i64 = 2004;
const LAST_YEAR: i64 = 2036;

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Work,
    Weekend,
    Off,
    MakeUp,
}

/// A calendar as plain tables, and the crate's calendar read from the same data.
pub(crate) struct Slow {
    pub(crate) zone: TimeZone,
    /// Monday first.
    weekend: [bool; 7],
    special: Vec<(i64, Kind)>,
    /// Minutes of the day, Monday first, make-up days last.
    hours: [Vec<(i64, i64)>; 8],
    pub(crate) quick: Calendar,
}

/// Days since 1 January 1970, counted year by year and month by month.
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 =
        if year >= 1970 { (1970..year).map(year_length).sum() } else { -(year..1970).map(year_length).sum::<i64>() };
    years + (1..month).map(|month| month_length(year, month)).sum::<i64>() + day - 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn year_length(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a day number.
fn date_of(number: i64) -> (i64, i64, i64) {
    let mut left = number;
    let mut year = 1970;
    while left < 0 {
        year -= 1;
        left += year_length(year);
    }
    while left >= year_length(year) {
        left -= year_length(year);
        year += 1;
    }
    let mut month = 1;
    while left >= month_length(year, month) {
        left -= month_length(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// Monday is 0; 1 January 1970 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap()
}

/// A generator of its own, so that calendars are the same on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

impl Slow {
    /// A calendar with random holidays, make-up days and working hours.
    pub(crate) fn random(zone: &str, weekend: [bool; 7], with_hours: bool, dice: &mut Dice) -> Self {
        let mut special: Vec<(i64, Kind)> = Vec::new();
        let (first, last) = (day_number(FIRST_YEAR, 1, 1), day_number(LAST_YEAR, 1, 1));
        let mut day = first;
        while day < last {
            day += 1 + i64::try_from(dice.roll(56)).unwrap();
            if weekend[weekday(day)] && dice.roll(3) == 0 {
                special.push((day, Kind::MakeUp));
            } else {
                let length = 1 + i64::try_from(dice.roll(5)).unwrap();
                special.extend((day..day + length).map(|day| (day, Kind::Off)));
                day += length;
            }
        }
        let mut hours: [Vec<(i64, i64)>; 8] = Default::default();
        if with_hours {
            for day in &mut hours {
                let mut minute = i64::try_from(dice.roll(600)).unwrap();
                for _ in 0..dice.roll(4) {
                    let end = minute + 1 + i64::try_from(dice.roll(300)).unwrap();
                    if end >= 24 * 60 {
                        break;
                    }
                    day.push((minute, end));
                    minute = end + i64::try_from(dice.roll(120)).unwrap();
                }
            }
            if hours[..7].iter().zip(weekend).all(|(hours, weekend)| weekend || hours.is_empty()) {
                let open = weekend.iter().position(|weekend| !weekend).unwrap();
                hours[open] = vec![(540, 1020)];
            }
        }
        // A calendar cannot say that a make-up day has no hours: without its own it has Monday's.
        if hours[7].is_empty() {
            hours[7] = hours[0].clone();
        }
        let quick = Calendar::parse(&written(zone, weekend, &special, &hours)).unwrap();
        Self { zone: TimeZone::get(zone).unwrap(), weekend, special, hours, quick }
    }

    pub(crate) fn kind(&self, day: i64) -> Kind {
        match self.special.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(at) => self.special[at].1,
            Err(_) if self.weekend[weekday(day)] => Kind::Weekend,
            Err(_) => Kind::Work,
        }
    }

    fn is_open(&self, day: i64) -> bool {
        matches!(self.kind(day), Kind::Work | Kind::MakeUp)
    }

    fn intervals(&self, day: i64) -> &[(i64, i64)] {
        match self.kind(day) {
            Kind::Work => &self.hours[weekday(day)],
            Kind::MakeUp => &self.hours[7],
            Kind::Weekend | Kind::Off => &[],
        }
    }

    fn offset(&self, second: i64) -> i64 {
        i64::from(self.zone.to_offset(Timestamp::from_second(second).unwrap()).seconds())
    }

    /// Local day and second of the day.
    fn local(&self, second: i64) -> (i64, i64) {
        let local = second + self.offset(second);
        (local.div_euclid(86_400), local.rem_euclid(86_400))
    }

    /// All moments that bear a local time: one, two where clocks were put back, none where they were put forward.
    fn bearing(&self, day: i64, second: i64) -> Vec<i64> {
        let local = day * 86_400 + second;
        let mut found: Vec<i64> = [local - 86_400, local + 86_400]
            .into_iter()
            .map(|near| local - self.offset(near))
            .filter(|at| at + self.offset(*at) == local)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The first moment that bears a local time; in a gap, as far into what follows as the time lies in the gap.
    fn at(&self, day: i64, second: i64) -> i64 {
        let local = day * 86_400 + second;
        self.bearing(day, second).first().copied().unwrap_or_else(|| local - self.offset(local - 86_400))
    }

    /// The last second of a local day.
    pub(crate) fn day_end(&self, day: i64) -> i64 {
        self.bearing(day, 86_399).last().copied().unwrap()
    }

    /// The deadline; nothing where the clock stands still for ever or its time never ends.
    pub(crate) fn due(
        &self,
        start: i64,
        amount: Amount,
        counting: Counting,
        pauses: &[(i64, Option<i64>)],
    ) -> Option<i64> {
        let paused = |at: i64| pauses.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to));
        let for_ever = |at: i64| pauses.iter().any(|(from, to)| *from <= at && to.is_none());
        let (today, time) = self.local(start);
        let included = counting.first_day == FirstDay::Included;
        let all = |_: i64| true;
        let landed = match amount {
            Amount::Instant => Landed::Moment(start),
            Amount::Minutes(minutes) => {
                let open = |from: i64, to: i64| running(from, to, pauses);
                Landed::Moment(reached(start, i64::from(minutes) * 60, open, pauses)?)
            }
            Amount::Hours(hours) => {
                let open = |from: i64, to: i64| running(from, to, pauses);
                Landed::Moment(reached(start, i64::from(hours) * 3_600, open, pauses)?)
            }
            Amount::WorkingHours(hours) => Landed::Moment(self.working(start, i64::from(hours) * 3_600, pauses)?),
            Amount::CalendarDays(days) => Landed::Day(self.step(today, days, included, all, paused, for_ever)?),
            Amount::Weeks(weeks) => Landed::Day(self.step(today, weeks * 7, included, all, paused, for_ever)?),
            Amount::BusinessDays(days) => {
                let open = |day: i64| self.is_open(day);
                Landed::Day(self.step(today, days, included, open, paused, for_ever)?)
            }
            Amount::Months(months) => {
                let (year, month, day) = date_of(today);
                let month = month - 1 + i64::from(months);
                let (year, month) = (year + month / 12, month % 12 + 1);
                let mut last = day_number(year, month, day.min(month_length(year, month)));
                if included && months > 0 {
                    last -= 1;
                }
                let first = if included { today } else { today + 1 };
                let ends: Vec<i64> = (first..=last).map(|day| self.day_end(day)).collect();
                if ends.iter().any(|end| for_ever(*end)) {
                    return None;
                }
                let lost = ends.iter().filter(|end| paused(**end)).count();
                Landed::Day(self.step(last, u32::try_from(lost).unwrap(), false, all, paused, for_ever)?)
            }
        };
        let landed = match landed {
            Landed::Moment(at) if counting.strictly_less => Landed::Moment(at - 1),
            Landed::Day(day) if counting.strictly_less => Landed::Day(day - 1),
            landed => landed,
        };
        let landed = match landed {
            Landed::Day(day) => Landed::Day(self.rolled(day, counting.roll)),
            Landed::Moment(at) => {
                let (day, time) = self.local(at);
                let rolled = self.rolled(day, counting.roll);
                if rolled == day { Landed::Moment(at) } else { Landed::Moment(self.at(rolled, time)) }
            }
        };
        let last_day = match landed {
            Landed::Day(day) => day,
            Landed::Moment(at) => self.local(at).0,
        };
        let end = match (counting.ends, landed) {
            (Ends::Instant, Landed::Moment(at)) => at,
            (Ends::Instant, Landed::Day(day)) => self.at(day, time),
            (Ends::DayEnd, _) => self.day_end(last_day),
            (Ends::DayAfterStart, _) => self.at(last_day + 1, 0),
        };
        Some(end.max(start))
    }

    /// From a day on, one by one, until enough have counted.
    fn step(
        &self,
        today: i64,
        days: u32,
        included: bool,
        counts: impl Fn(i64) -> bool,
        paused: impl Fn(i64) -> bool,
        for_ever: impl Fn(i64) -> bool,
    ) -> Option<i64> {
        let mut day = if included { today } else { today + 1 };
        let mut last = today;
        let mut counted = 0;
        while counted < days {
            if counts(day) {
                let end = self.day_end(day);
                if for_ever(end) {
                    return None;
                }
                if !paused(end) {
                    counted += 1;
                    last = day;
                }
            }
            day += 1;
        }
        Some(last)
    }

    fn rolled(&self, day: i64, roll: Roll) -> i64 {
        let mut day = day;
        loop {
            let stays = match roll {
                Roll::None => true,
                Roll::NextBusinessDay | Roll::PreviousBusinessDay => self.is_open(day),
                Roll::NextNotSundayOrHoliday => self.kind(day) != Kind::Off && (weekday(day) != 6 || self.is_open(day)),
            };
            if stays {
                return day;
            }
            day += if roll == Roll::PreviousBusinessDay { -1 } else { 1 };
        }
    }

    /// The moment at which so many seconds of working time have passed.
    fn working(&self, start: i64, needed: i64, pauses: &[(i64, Option<i64>)]) -> Option<i64> {
        if needed == 0 {
            return Some(start);
        }
        if self.hours.iter().take(7).zip(self.weekend).all(|(hours, weekend)| weekend || hours.is_empty()) {
            return None;
        }
        let mut worked = 0;
        let mut day = self.local(start).0;
        loop {
            // Each second of the day counts once, however the clocks were put.
            let spans: Vec<(i64, i64)> =
                self.intervals(day).iter().map(|(from, to)| (self.at(day, from * 60), self.at(day, to * 60))).collect();
            let open = |from: i64, to: i64| {
                let mut edges: Vec<i64> = spans.iter().flat_map(|(one, other)| [*one, *other]).collect();
                edges.extend([from, to]);
                let inside = |at: i64| spans.iter().any(|(one, other)| *one <= at && at < *other);
                measured(from, to, edges, pauses, inside)
            };
            let (begin, end) = (self.at(day, 0).max(start), self.at(day + 1, 0).max(start));
            let today = open(begin, end);
            if worked + today >= needed {
                return reached(begin, needed - worked, open, pauses);
            }
            if pauses.iter().any(|(from, to)| to.is_none() && *from <= begin) {
                return None;
            }
            worked += today;
            day += 1;
        }
    }
}

enum Landed {
    Day(i64),
    Moment(i64),
}

/// Seconds of a span in which no pause lies.
fn running(from: i64, to: i64, pauses: &[(i64, Option<i64>)]) -> i64 {
    measured(from, to, vec![from, to], pauses, |_| true)
}

/// Seconds of a span that are inside something and outside all pauses.
fn measured(
    from: i64,
    to: i64,
    mut edges: Vec<i64>,
    pauses: &[(i64, Option<i64>)],
    inside: impl Fn(i64) -> bool,
) -> i64 {
    edges.extend(pauses.iter().flat_map(|(from, to)| [Some(*from), *to]).flatten());
    edges.retain(|edge| (from..=to).contains(edge));
    edges.sort_unstable();
    let counts = |at: i64| inside(at) && !pauses.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to));
    edges.windows(2).filter(|pair| counts(pair[0])).map(|pair| pair[1] - pair[0]).sum()
}

/// The first moment by which so many seconds have been open, found by halving.
fn reached(start: i64, needed: i64, open: impl Fn(i64, i64) -> i64, pauses: &[(i64, Option<i64>)]) -> Option<i64> {
    let longest: i64 = pauses.iter().filter_map(|(from, to)| Some(((*to)? - from).max(0))).sum();
    let latest = pauses.iter().map(|(from, to)| to.unwrap_or(*from)).max().unwrap_or(start);
    let (mut low, mut high) = (start, start.max(latest) + needed + longest + 2 * 86_400);
    if open(start, high) < needed {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if open(start, middle) >= needed {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// The same data as a calendar file.
fn written(zone: &str, weekend: [bool; 7], special: &[(i64, Kind)], hours: &[Vec<(i64, i64)>; 8]) -> String {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut text = format!(
        "id = \"random\"\ntitle = {{ zh = \"随机\", en = \"Random\" }}\nknown_as_of = 2026-01-01\nzone = \"{zone}\"\n"
    );
    let names: Vec<String> =
        DAYS.iter().zip(weekend).filter(|(_, weekend)| *weekend).map(|(name, _)| format!("{name:?}")).collect();
    if !names.is_empty() {
        text += &format!("weekend = [{}]\n", names.join(", "));
    }
    let list = |intervals: &[(i64, i64)]| {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let one = |(from, to): &(i64, i64)| format!("\"{}-{}\"", clock(*from), clock(*to));
        intervals.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    if hours.iter().any(|day| !day.is_empty()) {
        text += "[hours]\n";
        for (name, intervals) in DAYS.iter().zip(hours).filter(|(_, intervals)| !intervals.is_empty()) {
            text += &format!("{name} = [{}]\n", list(intervals));
        }
        if !hours[7].is_empty() {
            text += &format!("make_up = [{}]\n", list(&hours[7]));
        }
    }
    for (day, kind) in special {
        let (year, month, number) = date_of(*day);
        let date = format!("{year}-{month:02}-{number:02}");
        let name = "name = { zh = \"日\", en = \"Day\" }";
        text += &match kind {
            Kind::MakeUp => format!("[[make_up]]\n{name}\non = {date}\n"),
            _ => format!("[[holiday]]\n{name}\non = {date}\n"),
        };
    }
    text
}
