//! `redress calendar`: what the calendars say, and taking one from an iCalendar file.

use super::say;
use crate::data;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::{CalendarSet, CalendarSource, DayCode, DayKind, Fault, IcalImport, Text, import_ical};
use serde::Serialize;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// More of a file is not read; the import itself refuses sooner.
const LARGEST_FILE: u64 = 16 << 20;

/// Calendars of working days.
#[derive(Debug, Subcommand)]
pub(super) enum Calendar {
    /// List the calendars: identity, title, zone, version, years covered, how sure the days are.
    List(List),
    /// Show a calendar: every day that differs from its weekday.
    Show(Show),
    /// Make a calendar file of an iCalendar file whose all-day events are days off.
    Import(Import),
}

/// Where the calendars are.
#[derive(Debug, Args)]
struct Packs {
    /// Folder whose packs/ overrides the embedded files.
    #[arg(long, env = "REDRESS_OVERRIDE", value_name = "DIR")]
    r#override: Option<PathBuf>,
}

/// Options of `calendar list`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    packs: Packs,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `calendar show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Identity such as AU-NSW, or AU-NSW@2026-02-14 for what was known on that day.
    #[arg(value_name = "ID[@DATE]")]
    name: String,
    #[command(flatten)]
    packs: Packs,
    /// One year only.
    #[arg(long, value_name = "YEAR")]
    year: Option<i16>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `calendar import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The iCalendar file.
    file: PathBuf,
    /// Identity of the calendar, such as AU-NSW.
    #[arg(long)]
    id: String,
    /// Its time zone, such as Australia/Sydney.
    #[arg(long)]
    zone: String,
    /// The weekend, such as sat,sun.
    #[arg(long, value_name = "DAYS", required = true, value_delimiter = ',', value_parser = day_code)]
    weekend: Vec<DayCode>,
    /// Its title in Chinese; else the name the file gives itself.
    #[arg(long, requires = "title_en")]
    title_zh: Option<String>,
    /// Its title in English.
    #[arg(long, requires = "title_zh")]
    title_en: Option<String>,
    /// The day on which the file was taken; today if left out.
    #[arg(long, value_name = "DATE")]
    known_as_of: Option<Date>,
    /// The years to take, such as 2025-2027; all the events lie in if left out.
    #[arg(long, value_name = "YEARS", value_parser = years)]
    years: Option<(i16, i16)>,
    /// Events with this in their name are days worked in exchange, such as 班.
    #[arg(long, value_name = "TEXT")]
    make_up: Option<String>,
    /// Where to write; nothing is overwritten. Printed if left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn day_code(text: &str) -> Result<DayCode, String> {
    DayCode::from_code(text).ok_or_else(|| {
        let known: Vec<&str> = DayCode::ALL.iter().map(|code| code.code()).collect();
        format!("one of {}", known.join(", "))
    })
}

fn years(text: &str) -> Result<(i16, i16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let year = |text: &str| text.parse::<i16>().ok().filter(|year| (1900..=2200).contains(year));
    let years = year(first).zip(year(last)).filter(|(first, last)| first <= last);
    years.ok_or_else(|| "write years such as 2025-2027".to_owned())
}

pub(super) fn run(calendar: Calendar) -> Result<(), String> {
    match calendar {
        Calendar::List(ask) => list(&ask),
        Calendar::Show(ask) => show(&ask),
        Calendar::Import(ask) => import(&ask),
    }
}

impl Packs {
    fn calendars(&self) -> Result<CalendarSet, String> {
        let files = data::packs(self.r#override.as_deref())?;
        desk::library::calendars(&files).map_err(|error| error.to_string())
    }
}

/// A calendar without its days.
#[derive(Serialize)]
struct Head<'c> {
    id: &'c str,
    title: &'c Text,
    version: Date,
    versions: Vec<Date>,
    known_as_of: Date,
    zone: &'c str,
    weekend: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'c CalendarSource>,
}

#[derive(Serialize)]
struct Range {
    from: Date,
    to: Date,
}

/// A calendar with its days.
#[derive(Serialize)]
struct Whole<'c> {
    #[serde(flatten)]
    head: Head<'c>,
    days: Vec<Day<'c>>,
    provisional: Vec<Unsettled<'c>>,
}

/// A day that differs from its weekday.
#[derive(Serialize)]
struct Day<'c> {
    date: Date,
    kind: &'static str,
    business_day: bool,
    name: &'c Text,
}

/// Days that are not settled.
#[derive(Serialize)]
struct Unsettled<'c> {
    #[serde(flatten)]
    range: Range,
    note: &'c Text,
}

impl<'c> Head<'c> {
    fn of(calendar: &'c policy::Calendar) -> Self {
        Self {
            id: calendar.id(),
            title: calendar.title(),
            version: calendar.version(),
            versions: calendar.versions(),
            known_as_of: calendar.known_as_of(),
            zone: calendar.zone_name(),
            weekend: calendar.weekend().map(DayCode::code).collect(),
            covers: calendar.covers().map(|(from, to)| Range { from, to }),
            source: calendar.source(),
        }
    }

    fn covered(&self) -> String {
        self.covers
            .as_ref()
            .map_or_else(|| "no years stated".to_owned(), |range| format!("{} to {}", range.from, range.to))
    }

    fn confidence(&self) -> &'static str {
        self.source.map_or("no source", |source| source.confidence.code())
    }
}

impl<'c> Day<'c> {
    fn of(date: Date, kind: DayKind<'c>) -> Option<Self> {
        let (code, name) = match kind {
            DayKind::Holiday(name) => ("holiday", name),
            DayKind::MakeUp(name) => ("make_up", name),
            DayKind::HalfDay { name, .. } => ("half_day", name),
            DayKind::Workday | DayKind::Weekend => return None,
        };
        Some(Self { date, kind: code, business_day: kind.is_business_day(), name })
    }
}

fn list(ask: &List) -> Result<(), String> {
    let calendars = ask.packs.calendars()?;
    let mut heads: Vec<Head<'_>> = calendars.iter().map(Head::of).collect();
    heads.sort_by_key(|head| head.id);
    if ask.json {
        return json(&heads);
    }
    for head in &heads {
        let Head { id, title, zone, version, .. } = head;
        say(format_args!(
            "{id}  {}  {}  {zone}  version {version}  {}  {}",
            title.en,
            title.zh,
            head.covered(),
            head.confidence()
        ))?;
    }
    Ok(())
}

fn show(ask: &Show) -> Result<(), String> {
    let calendars = ask.packs.calendars()?;
    let Some(calendar) = calendars.get(&ask.name) else {
        return Err(format!(
            "there is no calendar {:?}; `redress calendar list` names them, and ID@2026-02-14 asks for a day",
            ask.name
        ));
    };
    let wanted = |day: Date| ask.year.is_none_or(|year| day.year() == year);
    let days = calendar.special_days().filter(|(day, _)| wanted(*day)).filter_map(|(day, kind)| Day::of(day, kind));
    let touches = |from: Date, to: Date| ask.year.is_none_or(|year| from.year() <= year && year <= to.year());
    let provisional = calendar.provisional().filter(|(from, to, _)| touches(*from, *to));
    let whole = Whole {
        head: Head::of(&calendar),
        days: days.collect(),
        provisional: provisional.map(|(from, to, note)| Unsettled { range: Range { from, to }, note }).collect(),
    };
    if ask.json { json(&whole) } else { print(&whole) }
}

fn json(what: &impl Serialize) -> Result<(), String> {
    say(serde_json::to_string_pretty(what).map_err(|error| error.to_string())?)
}

fn print(Whole { head, days, provisional }: &Whole<'_>) -> Result<(), String> {
    let Head { id, title, zone, version, versions, known_as_of, weekend, source, .. } = head;
    let versions: Vec<String> = versions.iter().map(Date::to_string).collect();
    say(format_args!("{id}  {}  {}", title.en, title.zh))?;
    say(format_args!("version {version} of {}; held against its source on {known_as_of}", versions.join(", ")))?;
    say(format_args!("{zone}, weekend {}, {}", weekend.join(" "), head.covered()))?;
    if let Some(source) = source {
        let (basis, confidence) = (source.basis.code(), source.confidence.code());
        say(format_args!("{} ({basis}, confidence {confidence})", source.title.en))?;
    }
    for Unsettled { range, note } in provisional {
        say(format_args!("not settled {} to {}: {}", range.from, range.to, note.en))?;
    }
    for Day { date, kind, business_day, name } in days {
        let worked = if *business_day { "worked" } else { "off" };
        say(format_args!("{} {kind:8} {worked:6} {}  {}", date.strftime("%Y-%m-%d %a"), name.en, name.zh))?;
    }
    Ok(())
}

fn import(ask: &Import) -> Result<(), String> {
    let text = read(&ask.file)?;
    let known_as_of = match ask.known_as_of {
        Some(day) => day,
        None => {
            let zone = TimeZone::get(&ask.zone).map_err(|_| format!("--zone: there is no time zone {:?}", ask.zone))?;
            zone.to_datetime(Timestamp::now()).date()
        }
    };
    let wanted = IcalImport {
        id: &ask.id,
        title: ask.title_zh.as_deref().zip(ask.title_en.as_deref()).map(|(zh, en)| Text::new(zh, en)),
        zone: &ask.zone,
        weekend: &ask.weekend,
        known_as_of,
        years: ask.years,
        make_up: ask.make_up.as_deref(),
    };
    let made = import_ical(Some(&ask.file.display().to_string()), &text, &wanted).map_err(|faults| told(&faults))?;
    let Some(out) = &ask.out else {
        return say(made.trim_end());
    };
    let shown = |error: std::io::Error| format!("{}: {error}", out.display());
    File::create_new(out).and_then(|mut file| file.write_all(made.as_bytes())).map_err(shown)?;
    say(format_args!("{} written; put it below packs/calendars of the folder --override names", out.display()))
}

fn read(path: &Path) -> Result<String, String> {
    let shown = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    File::open(path).map_err(shown)?.take(LARGEST_FILE).read_to_string(&mut text).map_err(shown)?;
    Ok(text)
}

/// Every fault on a line of its own.
fn told(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
