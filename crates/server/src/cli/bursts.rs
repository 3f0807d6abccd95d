//! `redress bursts`: a file looked through for places and categories with more complaints than the season explains.

use super::say;
use super::table::{LeftOut, Table, Written};
use super::when::{self, Order};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use learn::burst::{self, Burst, Event, Options, Scan};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Options of `bursts`.
#[derive(Debug, Args)]
pub(super) struct Bursts {
    /// The file, a complaint a row.
    file: PathBuf,
    /// Column of the time.
    #[arg(long, value_name = "COL")]
    time: String,
    /// Column of the place.
    #[arg(long, value_name = "COL")]
    region: String,
    /// Column of the category.
    #[arg(long, value_name = "COL")]
    category: String,
    /// Column of the product, to look at each by itself too.
    #[arg(long, value_name = "COL")]
    product: Option<String>,
    /// Column of the text: exact copies within a day are then counted once.
    #[arg(long, value_name = "COL")]
    text: Option<String>,
    /// False alarms a day that may be borne, over everything that is looked at.
    #[arg(long, value_name = "RATE", default_value_t = burst::ALARM_RATE, value_parser = rate)]
    alarm_rate: f64,
    /// Fewer complaints than this are never a burst.
    #[arg(long, value_name = "N", default_value_t = burst::LEAST, value_parser = clap::value_parser!(u32).range(2..))]
    least: u32,
    /// Zone whose clock times with an offset, or counted from 1970, are read by, such as Asia/Shanghai.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Order of day and month in times whose year stands last, where the file does not show it.
    #[arg(long, value_name = "ORDER")]
    time_order: Option<Order>,
    /// A day that is no ordinary one; repeat for more.
    #[arg(long, value_name = "DATE")]
    holiday: Vec<Date>,
    #[command(flatten)]
    written: Written,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate > 0.0 && rate <= 1_000.0 { Ok(rate) } else { Err("more than 0 and at most 1000 a day".to_owned()) }
}

/// Names by the numbers that stand for them.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.known.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    fn name(&self, number: Option<u32>) -> Option<&str> {
        number.and_then(|number| self.names.get(number as usize)).map(String::as_str)
    }
}

/// A file as it was read.
#[derive(Default)]
struct Rows {
    events: Vec<Event>,
    lines: Vec<u64>,
    regions: Names,
    categories: Names,
    products: Names,
    left_out: LeftOut,
}

pub(super) fn run(ask: &Bursts) -> Result<(), String> {
    let zone = ask.zone.as_deref().map(|name| TimeZone::get(name).map_err(|_| format!("there is no zone {name:?}")));
    let zone = zone.transpose()?;
    let rows = read(ask, zone.as_ref())?;
    let days = |date: &Date| Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
    let holidays: BTreeSet<i64> =
        ask.holiday.iter().filter_map(|date| days(date).ok()).map(|at| at.as_second().div_euclid(86_400)).collect();
    let options = Options {
        alarm_rate: ask.alarm_rate,
        products: ask.product.is_some(),
        least: ask.least,
        holidays,
        ..Options::default()
    };
    let scan = burst::scan(&rows.events, &options).map_err(|error| shown(&ask.file, &error.to_string()))?;
    if ask.json {
        return say(format_args!("{:#}", as_json(ask, &rows, &scan)));
    }
    rows.left_out.tell(&ask.file);
    print(ask, &rows, &scan)
}

fn shown(file: &Path, what: &str) -> String {
    format!("{}: {what}", file.display())
}

fn read(ask: &Bursts, zone: Option<&TimeZone>) -> Result<Rows, String> {
    let mut asked = vec![(ask.time.as_str(), true), (ask.region.as_str(), true), (ask.category.as_str(), true)];
    // Optional columns that are named have to be there; those that are not named are never found.
    asked.push((ask.product.as_deref().unwrap_or_default(), ask.product.is_some()));
    asked.push((ask.text.as_deref().unwrap_or_default(), ask.text.is_some()));
    let table = Table::open(&ask.file, &ask.written, &asked)?;
    let order = match ask.time_order {
        Some(order) => order,
        None => {
            let mut times: BTreeSet<String> = BTreeSet::new();
            table.each(|_, cells| {
                times.extend(cells.first().copied().flatten().map(str::to_owned));
            })?;
            let order = when::order_of(times.iter().map(String::as_str));
            order.map_err(|error| shown(&ask.file, &format!("column {:?}: {error}", ask.time)))?
        }
    };
    let mut rows = Rows::default();
    table.each(|line, cells| {
        let cell = |place: usize| cells.get(place).copied().flatten().map(str::trim);
        let (Some(time), Some(region), Some(category)) = (cell(0), cell(1), cell(2)) else {
            rows.left_out.add(line, "the row ends before its columns do");
            return;
        };
        let Some(at) = when::read(time, order, zone) else {
            rows.left_out.add(line, format!("column {:?}: {time:?} is no time that can be read", ask.time));
            return;
        };
        let product = if ask.product.is_some() { rows.products.number(cell(3).unwrap_or_default()) } else { 0 };
        let text = if ask.text.is_some() { digest(cell(4).unwrap_or_default()) } else { 0 };
        let (region, category) = (rows.regions.number(region), rows.categories.number(category));
        rows.events.push(Event { at, region, category, product, text });
        rows.lines.push(line);
    })?;
    if rows.events.is_empty() || rows.left_out.count() > rows.events.len() {
        let what = match rows.left_out.count() {
            0 => "there are no rows".to_owned(),
            count => format!("{count} rows cannot be read, {}", rows.left_out.first()),
        };
        return Err(shown(&ask.file, &what));
    }
    Ok(rows)
}

/// Which text it is; an empty one is a copy of nothing.
fn digest(text: &str) -> u64 {
    let folded = learn::text::fold(text);
    if folded.is_empty() {
        return 0;
    }
    let digest = Sha256::digest(folded.as_bytes());
    digest.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first)).max(1)
}

fn moment(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| Offset::UTC.to_datetime(at).to_string())
}

fn as_json(ask: &Bursts, rows: &Rows, scan: &Scan) -> Value {
    let one = |burst: &Burst| {
        let lines: Vec<u64> = burst.rows.iter().filter_map(|row| rows.lines.get(*row)).copied().collect();
        json!({
            "region": rows.regions.name(burst.region),
            "category": rows.categories.name(burst.category),
            "product": ask.product.as_ref().and_then(|_| rows.products.name(burst.product)),
            "start": moment(burst.start),
            "end": moment(burst.end),
            "detected_at": moment(burst.detected_at),
            "count": burst.count,
            "copies": burst.copies,
            "expected": burst.expected,
            "ratio": burst.ratio(),
            "growth": burst.growth(),
            "log10_p": burst.ln_p / std::f64::consts::LN_10,
            "lines": lines,
        })
    };
    json!({
        "rows": rows.events.len(),
        "left_out": rows.left_out.json(),
        "copies": scan.copies,
        "days": scan.days,
        "cells": scan.cells,
        "step_seconds": scan.step,
        "windows_seconds": scan.windows,
        "alarm_rate_per_day": ask.alarm_rate,
        "false_alarms_borne": ask.alarm_rate * scan.days as f64,
        "log10_threshold": scan.ln_threshold / std::f64::consts::LN_10,
        "bursts": scan.bursts.iter().map(one).collect::<Vec<_>>(),
    })
}

fn print(ask: &Bursts, rows: &Rows, scan: &Scan) -> Result<(), String> {
    say(format_args!(
        "{} complaints ({} exact copies besides) over {} days in {} cells; at {:.3} false alarms a day {:.1} may be among \
         what follows",
        scan.events,
        scan.copies,
        scan.days,
        scan.cells,
        ask.alarm_rate,
        ask.alarm_rate * scan.days as f64
    ))?;
    for burst in &scan.bursts {
        let place = rows.regions.name(burst.region).unwrap_or("everywhere");
        let category = rows.categories.name(burst.category).unwrap_or("every category");
        let product = rows.products.name(burst.product.filter(|_| ask.product.is_some()));
        let product = product.map(|product| format!(", {product}")).unwrap_or_default();
        let lines: Vec<String> = burst.rows.iter().filter_map(|row| rows.lines.get(*row)).map(u64::to_string).collect();
        say(format_args!(
            "{} to {}: {place}, {category}{product}: {} where {:.1} are usual ({:.1} times), {} copies, growth {:.1}, \
             known at {}, p 1e{:.0}, lines {}",
            moment(burst.start),
            moment(burst.end),
            burst.count,
            burst.expected,
            burst.ratio(),
            burst.copies,
            burst.growth(),
            moment(burst.detected_at),
            burst.ln_p / std::f64::consts::LN_10,
            lines.join(", ")
        ))?;
    }
    if scan.bursts.is_empty() {
        say("nothing stands out")?;
    }
    Ok(())
}
