//! The events of an iCalendar file and the days they cover.

use super::rule::Rule;
use super::{Faults, Line};
use jiff::Span;
use jiff::civil::Date;

/// A calendar holds events, and events alarms.
const DEEPEST: usize = 8;

/// A day off longer than this is a slip of the pen.
const LONGEST_DAYS: i32 = 62;

/// Names people would not read.
const LONGEST_NAME: usize = 200;

/// An all-day event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Where it begins in the file.
    pub(super) line: u32,
    /// What it is called.
    pub(super) name: String,
    first: Date,
    days: i32,
    rule: Option<(u32, Rule)>,
}

impl Event {
    /// Every day it covers in the years asked for; nothing when it repeats without an end and no years were asked for.
    pub(super) fn days(&self, years: Option<(i16, i16)>, faults: &mut Faults<'_>) -> Option<Vec<Date>> {
        let firsts = match &self.rule {
            None => vec![self.first],
            Some((line, rule)) => match rule.dates(self.first, years.map(|(_, last)| last)) {
                Ok(dates) => dates,
                Err((reason, hint)) => {
                    faults.hint(*line, reason.to_owned(), hint);
                    return None;
                }
            },
        };
        let wanted = |day: &Date| years.is_none_or(|(first, last)| first <= day.year() && day.year() <= last);
        let covered = |first: Date| first.series(Span::new().days(1)).take(usize::try_from(self.days).unwrap_or(0));
        Some(firsts.into_iter().flat_map(covered).filter(wanted).collect())
    }
}

/// The lines of an event that say when it is.
#[derive(Default)]
struct Draft<'l> {
    start: Option<&'l Line>,
    end: Option<&'l Line>,
    duration: Option<&'l Line>,
    name: Option<&'l Line>,
    rule: Option<&'l Line>,
    cancelled: bool,
}

/// The name the calendar gives itself and its events, cancelled ones left out.
pub(super) fn read(lines: &[Line], faults: &mut Faults<'_>) -> Option<(Option<String>, Vec<Event>)> {
    let mut open: Vec<(&str, u32)> = Vec::new();
    let mut draft = Draft::default();
    let (mut name, mut events) = (None, Vec::new());
    for line in lines {
        match line.name.as_str() {
            "BEGIN" => {
                if open.is_empty() != line.value.eq_ignore_ascii_case("VCALENDAR") || open.len() >= DEEPEST {
                    faults.add(line.number, format!("BEGIN:{} stands in the wrong place", shown(&line.value)));
                    return None;
                }
                open.push((&line.value, line.number));
                if is_event(&open) {
                    draft = Draft::default();
                }
            }
            "END" => {
                let ended = is_event(&open);
                match open.pop() {
                    Some((begun, from)) if begun.eq_ignore_ascii_case(&line.value) => {
                        if ended && let Some(event) = std::mem::take(&mut draft).finish(from, faults) {
                            events.push(event);
                        }
                    }
                    Some((begun, from)) => {
                        let (end, begun) = (shown(&line.value), shown(begun));
                        faults.add(line.number, format!("END:{end} where {begun} of line {from} is still open"));
                        return None;
                    }
                    None => {
                        faults.add(line.number, format!("END:{} ends nothing", shown(&line.value)));
                        return None;
                    }
                }
            }
            "X-WR-CALNAME" if open.len() == 1 => name = Some(words(&line.value)).filter(|name| is_name(name)),
            _ if is_event(&open) => draft.take(line, faults),
            _ if open.is_empty() => faults.add(line.number, "stands outside BEGIN:VCALENDAR".to_owned()),
            _ => {}
        }
    }
    if let Some((begun, from)) = open.last() {
        faults.add(*from, format!("{} is never ended: the file is cut off", shown(begun)));
        return None;
    }
    Some((name, events))
}

fn is_event(open: &[(&str, u32)]) -> bool {
    matches!(open, [_, (name, _)] if name.eq_ignore_ascii_case("VEVENT"))
}

impl<'l> Draft<'l> {
    fn take(&mut self, line: &'l Line, faults: &mut Faults<'_>) {
        let place = match line.name.as_str() {
            "DTSTART" => &mut self.start,
            "DTEND" => &mut self.end,
            "DURATION" => &mut self.duration,
            "SUMMARY" => &mut self.name,
            "RRULE" => &mut self.rule,
            "STATUS" => {
                self.cancelled = line.value.trim().eq_ignore_ascii_case("CANCELLED");
                return;
            }
            "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID" => {
                let reason = format!("{} is not understood", line.name);
                faults.hint(line.number, reason, Some("export each day as an event of its own"));
                return;
            }
            _ => return,
        };
        if place.replace(line).is_some() {
            faults.add(line.number, format!("{} stands twice in one event", line.name));
        }
    }

    fn finish(self, from: u32, faults: &mut Faults<'_>) -> Option<Event> {
        if self.cancelled {
            return None;
        }
        let Some(start) = self.start else {
            faults.add(from, "the event has no DTSTART".to_owned());
            return None;
        };
        let name = self.name.map(|line| words(&line.value)).unwrap_or_default();
        if !is_name(&name) {
            let reason = format!("the event has no SUMMARY, or one longer than {LONGEST_NAME} characters");
            faults.add(self.name.map_or(from, |line| line.number), reason);
            return None;
        }
        let first = day(start, faults)?;
        let days = match (self.end, self.duration) {
            // The end is the day after; programmes that say the day itself mean one day.
            (Some(end), _) => match (day(end, faults)? - first).get_days() {
                0 => 1,
                days => days,
            },
            (None, Some(duration)) => match length(duration.value.trim()) {
                Some(days) => days,
                None => {
                    faults.add(duration.number, "DURATION is no number of days or weeks, such as P1D".to_owned());
                    return None;
                }
            },
            (None, None) => 1,
        };
        if !(1..=LONGEST_DAYS).contains(&days) {
            faults.add(start.number, format!("lasts {days} days; 1 to {LONGEST_DAYS} are understood"));
            return None;
        }
        let rule = match self.rule {
            None => None,
            Some(line) => match Rule::parse(line.value.trim(), first) {
                Ok(rule) => Some((line.number, rule)),
                Err(reason) => {
                    faults.hint(line.number, reason, Some("export each day as an event of its own"));
                    return None;
                }
            },
        };
        Some(Event { line: from, name, first, days, rule })
    }
}

/// A date such as 20260501.
fn day(line: &Line, faults: &mut Faults<'_>) -> Option<Date> {
    let value = line.value.trim();
    let found = date(value);
    if found.is_none() {
        let is_moment = value.split_once('T').is_some_and(|(day, _)| date(day).is_some());
        let (reason, hint) = if is_moment {
            ("is a moment, not a day", Some("days off are all-day events: DTSTART;VALUE=DATE:20260501"))
        } else {
            ("is no date such as 20260501", None)
        };
        faults.hint(line.number, format!("{} {reason}", line.name), hint);
    }
    found
}

/// Reads 20260501.
pub(super) fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Reads P3D or P1W.
fn length(text: &str) -> Option<i32> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: i32 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    match unit {
        "D" => Some(count),
        "W" => count.checked_mul(7),
        _ => None,
    }
}

/// A text without its escapes, line breaks and other control characters.
fn words(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push(' '),
                Some(escaped) => text.push(escaped),
                None => {}
            },
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST_NAME
}

/// Foreign text in a message, cut short.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
