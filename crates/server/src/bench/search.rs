//! Search over a large database, within one process: how fast the index is made, and how long answers take.

use super::intake::percentiles;
use super::process::Scratch;
use super::seed::key_beside;
use crate::cli::Place;
use clap::Args;
use desk::queries::list::{Filter, Order};
use desk::search::Feeder;
use desk::{Caller, CaseRef, Desk};
use hdrhistogram::Histogram;
use std::path::PathBuf;
use std::time::Instant;

/// Options of `bench search`.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// Folder of a database made by `bench seed`. The index is made in a folder of its own and taken away again.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// PostgreSQL database made by `bench seed`, instead of the folder's.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// How often each question is asked.
    #[arg(long, default_value_t = 100)]
    times: u64,
}

/// Two characters and several words, with and without filters, of things few cases and many cases say (see `texts`); one
/// character alone, and words of one field.
const QUESTIONS: [&str; 13] = [
    "扣费",
    "漫游",
    "彩铃",
    "视频会员 退还",
    "宽带频繁掉线",
    "滨江花园 没有信号",
    "装维师傅爽约",
    "光猫 -维修",
    "received:2020-01-01.. 押金",
    "家中没有信号已影响居家办公",
    "网",
    "text:信号",
    "text:网",
];

pub(super) fn run(ask: &Search) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let key = ask.master_key_file.clone().unwrap_or_else(|| key_beside(&ask.data_dir));
    let place = Place {
        data_dir: ask.data_dir.clone(),
        database_url: ask.database_url.clone(),
        master_key_file: Some(key),
        ..Place::default()
    };
    let desk = place.open_with(&store::Options::default())?;
    let folder = scratch.0.join("search");
    let begun = Instant::now();
    let mut feeder = Feeder::new(desk.clone(), &folder);
    let cases = feeder.go_on(&|| false).map_err(|error| error.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("index made                 {cases} cases in {seconds:.1} s, {:.0} cases/s", cases as f64 / seconds);
    println!("index on disk MiB          {:.0}", size(&folder) as f64 / 1_048_576.0);
    for (name, order) in [("by relevance ms", Order::Relevance), ("newest first ms", Order::Received)] {
        for words in QUESTIONS {
            println!("{name:<26} {}  {words}", percentiles(&times(&desk, words, order, ask.times)?));
        }
    }
    let (alike, cases) = similar(&desk, ask.times)?;
    if cases > 0 {
        println!("{:<26} {}", "similar ended cases ms", percentiles(&alike));
    }
    desk.db().close();
    Ok(())
}

/// How long it takes to find ended cases like open ones, and of how many that was asked with an answer.
fn similar(desk: &Desk, times: u64) -> Result<(Histogram<u64>, u64), String> {
    let caller = Caller::system(desk.root());
    let filter = Filter { order: Order::Received, limit: 100, ..Filter::default() };
    let page = crate::cli::wait(desk.list(&caller, &filter))?;
    let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    let mut answered = 0;
    for one in page.items.iter().cycle().take(usize::try_from(times).unwrap_or(0)) {
        let begun = Instant::now();
        let found = crate::cli::wait(desk.similar_cases(&caller, &CaseRef::Id(one.id)))?;
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        latency.record(took).map_err(|error| error.to_string())?;
        answered += u64::from(!found.items.is_empty());
    }
    Ok((latency, answered))
}

fn times(desk: &Desk, words: &str, order: Order, times: u64) -> Result<Histogram<u64>, String> {
    let caller = Caller::system(desk.root());
    let filter = Filter { words: Some(words.to_owned()), order, limit: 20, ..Filter::default() };
    let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    for n in 0..=times.max(1) {
        let begun = Instant::now();
        let found = crate::cli::wait(desk.search(&caller, &filter))?;
        if found.items.is_empty() || !found.complete {
            return Err(format!("{words}: nothing was found, or not everywhere"));
        }
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        // The first touches files nobody has read yet.
        if n > 0 {
            latency.record(took).map_err(|error| error.to_string())?;
        }
    }
    Ok(latency)
}

fn size(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.metadata().map_or(0, |about| if about.is_dir() { size(&entry.path()) } else { about.len() }))
        .sum()
}
