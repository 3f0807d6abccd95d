//! Calendars from iCalendar files (RFC 5545): text in, the text of a calendar file out.
//!
//! Days off are all-day events. What is no day, repeats otherwise than once a year or cannot be read is refused with its
//! line, because a holiday that silently went missing is a deadline on the wrong day.

mod event;
mod lines;
mod rule;

use crate::calendar::{Calendar, DayCode};
use crate::fault::Fault;
use crate::text::Text;
use jiff::civil::Date;
use lines::Line;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// More days than this are no calendar of days off.
const MOST_DAYS: usize = 20_000;

/// Dates on a line of the file that is made.
const DATES_A_LINE: usize = 8;

/// What a calendar made of an iCalendar file has to say beside its days.
#[derive(Clone, Debug)]
pub struct IcalImport<'a> {
    /// Identity of the calendar.
    pub id: &'a str,
    /// What people call it; else the name the file gives itself, else the identity.
    pub title: Option<Text>,
    /// Name of its zone in the time zone database.
    pub zone: &'a str,
    /// The weekend.
    pub weekend: &'a [DayCode],
    /// The day on which the file was taken.
    pub known_as_of: Date,
    /// First and last year to take; else all the events lie in.
    pub years: Option<(i16, i16)>,
    /// Events whose name has this in it are days worked in exchange, such as `班`.
    pub make_up: Option<&'a str>,
}

/// What a day of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Holiday,
    MakeUp,
}

/// Makes a calendar file of an iCalendar file. What comes out loads.
///
/// # Errors
/// Every fault with its line; faults carry the file's name where one is given.
pub fn import_ical(file: Option<&str>, text: &str, wanted: &IcalImport<'_>) -> Result<String, Vec<Fault>> {
    let mut faults = Faults { file, found: Vec::new() };
    let made = make(text, wanted, &mut faults);
    match made {
        Some(made) if faults.found.is_empty() => match Calendar::parse_file("the calendar made of it", &made) {
            Ok(_) => Ok(made),
            Err(faults) => Err(faults),
        },
        _ => {
            faults.found.sort_by_key(|fault| fault.line);
            Err(faults.found)
        }
    }
}

fn make(text: &str, wanted: &IcalImport<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let lines = lines::read(text, faults)?;
    let (name, events) = event::read(&lines, faults)?;
    let mut days: BTreeMap<Date, (Kind, Vec<String>)> = BTreeMap::new();
    for event in &events {
        let kind = wanted.make_up.filter(|mark| event.name.contains(mark)).map_or(Kind::Holiday, |_| Kind::MakeUp);
        for day in event.days(wanted.years, faults)? {
            if kind == Kind::MakeUp && !wanted.weekend.iter().any(|code| code.weekday() == day.weekday()) {
                faults.add(event.line, format!("{day} is named a day worked in exchange but is no day of the weekend"));
            }
            let (there, names) = days.entry(day).or_insert_with(|| (kind, Vec::new()));
            if *there != kind {
                faults.add(event.line, format!("{day} is both a day off and one worked in exchange"));
            }
            if !names.contains(&event.name) {
                names.push(event.name.clone());
            }
            if days.len() > MOST_DAYS {
                faults.add(event.line, format!("there are more than {MOST_DAYS} days"));
                return None;
            }
        }
    }
    if faults.found.is_empty() && days.is_empty() {
        faults.add(1, "no event is a day off in the years asked for".to_owned());
    }
    let years = wanted.years.or_else(|| Some((days.keys().next()?.year(), days.keys().next_back()?.year())))?;
    Some(written(wanted, name.as_deref(), years, days))
}

/// The calendar file.
fn written(
    wanted: &IcalImport<'_>,
    name: Option<&str>,
    (first, last): (i16, i16),
    days: BTreeMap<Date, (Kind, Vec<String>)>,
) -> String {
    // Days of one name stand together, in the order of the first.
    let mut entries: Vec<(Kind, String, Vec<Date>)> = Vec::new();
    for (day, (kind, names)) in days {
        let name = names.join(" / ");
        match entries.iter_mut().find(|(there, known, _)| *there == kind && *known == name) {
            Some((_, _, days)) => days.push(day),
            None => entries.push((kind, name, vec![day])),
        }
    }
    let title = wanted.title.clone().unwrap_or_else(|| {
        let name = name.unwrap_or(wanted.id);
        Text::new(name, name)
    });
    let source = name.map_or_else(
        || Text::new("iCalendar 文件", "iCalendar file"),
        |name| Text::new(format!("iCalendar 文件：{name}"), format!("iCalendar file: {name}")),
    );
    let weekend: Vec<String> = wanted.weekend.iter().map(|code| quoted(code.code())).collect();
    let mut out = format!(
        "# Taken from an iCalendar file. Say in `source` what its days rest on before deadlines do.\n\
         id = {}\ntitle = {}\nknown_as_of = {}\nzone = {}\n",
        quoted(wanted.id),
        texts(&title),
        wanted.known_as_of,
        quoted(wanted.zone),
    );
    if !weekend.is_empty() {
        let _ = writeln!(out, "weekend = [{}]", weekend.join(", "));
    }
    let _ = write!(
        out,
        "covers = {{ from = {first:04}-01-01, to = {last:04}-12-31 }}\n\n\
         [source]\ntitle = {}\nbasis = \"operator\"\nconfidence = \"low\"\n",
        texts(&source)
    );
    for (kind, name, days) in entries {
        let table = match kind {
            Kind::Holiday => "holiday",
            Kind::MakeUp => "make_up",
        };
        let lines: Vec<String> = days
            .chunks(DATES_A_LINE)
            .map(|days| days.iter().map(Date::to_string).collect::<Vec<_>>().join(", "))
            .collect();
        let _ = write!(
            out,
            "\n[[{table}]]\nname = {}\non = [{}]\n",
            texts(&Text::new(name.as_str(), name.as_str())),
            lines.join(",\n    ")
        );
    }
    out
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn texts(text: &Text) -> String {
    format!("{{ zh = {}, en = {} }}", quoted(&text.zh), quoted(&text.en))
}

/// What is wrong with the file so far.
struct Faults<'f> {
    file: Option<&'f str>,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, line: u32, message: String) {
        self.hint(line, message, None);
    }

    fn hint(&mut self, line: u32, message: String, hint: Option<&str>) {
        const MOST: usize = 100;
        if self.found.len() < MOST {
            let (file, hint) = (self.file.map(str::to_owned), hint.map(str::to_owned));
            self.found.push(Fault { file, line, column: 1, check: None, message, hint });
        }
    }
}
