//! `redress topics`: which phrases rise within a category in a file, month by month.

use super::say;
use super::table::{LeftOut, Table, Written};
use super::when::{self, Order};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::Offset;
use learn::topics::{Told, Topic, rising};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Options of `topics`.
#[derive(Debug, Args)]
pub(super) struct Topics {
    /// The file, a complaint a row.
    file: PathBuf,
    /// Column of the time.
    #[arg(long, value_name = "COL")]
    time: String,
    /// Column of the category.
    #[arg(long, value_name = "COL")]
    category: String,
    /// Column of the text.
    #[arg(long, value_name = "COL")]
    text: String,
    /// The month, such as 2026-03; the last of the file if left out.
    #[arg(long, value_name = "MONTH", value_parser = month)]
    month: Option<i64>,
    /// Phrases told a category.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    most: u8,
    /// Order of day and month in times whose year stands last, where the file does not show it.
    #[arg(long, value_name = "ORDER")]
    time_order: Option<Order>,
    #[command(flatten)]
    written: Written,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Months are counted from the year 0.
fn month(text: &str) -> Result<i64, String> {
    let (year, month) = text.split_once('-').ok_or("write a month such as 2026-03")?;
    let month: Option<i64> = month.parse().ok().filter(|month| (1..=12).contains(month));
    let year: Option<i64> = year.parse().ok().filter(|year| (1900..=2200).contains(year));
    Ok(year.zip(month).map(|(year, month)| year * 12 + month - 1).ok_or("write a month such as 2026-03")?)
}

struct Row {
    line: u64,
    month: i64,
    category: String,
    text: String,
}

pub(super) fn run(ask: &Topics) -> Result<(), String> {
    let shown = |what: String| format!("{}: {what}", ask.file.display());
    let asked = [(ask.time.as_str(), true), (ask.category.as_str(), true), (ask.text.as_str(), true)];
    let table = Table::open(&ask.file, &ask.written, &asked)?;
    let order = match ask.time_order {
        Some(order) => order,
        None => order_of(&table).map_err(|error| shown(format!("column {:?}: {error}", ask.time)))?,
    };
    let (mut rows, mut left_out) = (Vec::new(), LeftOut::default());
    table.each(|line, cells| {
        let cell = |place: usize| cells.get(place).copied().flatten();
        let (Some(time), Some(category), Some(text)) = (cell(0), cell(1), cell(2)) else {
            left_out.add(line, "the row ends before its columns do");
            return;
        };
        let at = when::read(time, order, None).and_then(|at| Timestamp::from_second(at).ok());
        let Some(date) = at.map(|at| Offset::UTC.to_datetime(at).date()) else {
            left_out.add(line, format!("column {:?}: {time:?} is no time that can be read", ask.time));
            return;
        };
        let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        rows.push(Row { line, month, category: category.trim().to_owned(), text: text.to_owned() });
    })?;
    let last = rows.iter().map(|row| row.month).max();
    let Some(month) = ask.month.or(last) else {
        let first = left_out.first();
        return Err(shown(if first.is_empty() { "there are no rows".to_owned() } else { first }));
    };
    let told: Vec<Told<'_>> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| Told { month: row.month, category: &row.category, text: &row.text, row: n })
        .collect();
    let topics = rising(&told, month, usize::from(ask.most));
    let lines =
        |topic: &Topic| topic.rows.iter().filter_map(|row| rows.get(*row)).map(|row| row.line).collect::<Vec<u64>>();
    let name = format!("{}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
    if ask.json {
        let one = |topic: &Topic| {
            json!({
                "category": topic.category,
                "phrase": topic.phrase,
                "count": topic.now,
                "before": topic.before,
                "expected": topic.expected,
                "strength": topic.strength,
                "lines": lines(topic),
            })
        };
        let topics: Vec<Value> = topics.iter().map(one).collect();
        let all = json!({"month": name, "rows": rows.len(), "left_out": left_out.json(), "topics": topics});
        return say(format_args!("{all:#}"));
    }
    left_out.tell(&ask.file);
    if topics.is_empty() {
        return say(format_args!("{name}: no phrase rises"));
    }
    topics.iter().try_for_each(|topic| {
        let lines: Vec<String> = lines(topic).iter().map(u64::to_string).collect();
        say(format_args!(
            "{name} {}: {} in {} texts where {:.1} are usual, lines {}",
            topic.category,
            topic.phrase,
            topic.now,
            topic.expected,
            lines.join(", ")
        ))
    })
}

fn order_of(table: &Table) -> Result<Order, String> {
    let mut times: BTreeSet<String> = BTreeSet::new();
    table.each(|_, cells| times.extend(cells.first().copied().flatten().map(str::to_owned)))?;
    when::order_of(times.iter().map(String::as_str))
}
