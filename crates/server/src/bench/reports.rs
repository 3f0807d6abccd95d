//! Reports over a large database: how long it takes to count it for the first time, what that costs registrations, and
//! how long a report takes from the sums.

use super::backup::{copy, say};
use super::client::{Client, request};
use super::intake::{measure, percentiles};
use super::process::{Scratch, Server};
use super::seed::key_beside;
use clap::Args;
use hdrhistogram::Histogram;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use policy::{Cycle, ReportPeriod};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The measurement waits no longer for counting that does not end.
const LONGEST: Duration = Duration::from_secs(7200);
/// Reports asked for, each with the length of its period.
const REPORTS: [(&str, Cycle); 5] = [
    ("cn-monthly", Cycle::Month),
    ("cn-appeals", Cycle::Month),
    ("cn-quality", Cycle::HalfYear),
    ("etsi-quality", Cycle::Quarter),
    ("per-100k", Cycle::Quarter),
];

/// Options of `bench reports`.
#[derive(Debug, Args)]
pub(super) struct Reports {
    /// Folder of a database made by `bench seed`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`; cases are added to it.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// How often each report is asked for.
    #[arg(long, default_value_t = 20)]
    times: u64,
    /// Connections that register.
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Seconds to register.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

pub(super) fn run(ask: &Reports) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let key = match (&ask.data_dir, &ask.master_key_file) {
        (_, Some(key)) => key.clone(),
        (Some(from), None) => key_beside(from),
        (None, None) => return Err("name the key file with --master-key-file".to_owned()),
    };
    if let Some(from) = &ask.data_dir {
        copy(from, &scratch.0)?;
    }
    let server = Server::start(&scratch.0, ask.database_url.as_deref(), &key)?;
    let token = server.token()?;
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, generator on the same machine");
    let time = Duration::from_secs(ask.seconds);
    measure(&server, &token, ask.connections, || std::thread::sleep(Duration::from_secs(2)))?;
    let beside = measure(&server, &token, ask.connections, || std::thread::sleep(time))?;
    say("while all is counted", &beside);
    let begun = Instant::now();
    let counted = counted(&server, &token)?;
    println!("first count                {:.0} s more, {counted} cases", begun.elapsed().as_secs_f64());
    let beside = measure(&server, &token, ask.connections, || std::thread::sleep(time))?;
    say("while the new is counted", &beside);
    let begun = Instant::now();
    self::counted(&server, &token)?;
    println!("counted after              {:.1} s", begun.elapsed().as_secs_f64());
    let zone = TimeZone::get("Asia/Shanghai").map_err(|error| error.to_string())?;
    let today = zone.to_datetime(Timestamp::now()).date();
    let mut client = Client::connect(server.port)?;
    let mut asked: Vec<(String, String)> = Vec::new();
    for (id, cycle) in REPORTS {
        let period = ReportPeriod::around(today, cycle).ok_or("no period")?.before();
        asked.push((format!("{id} {period}"), format!("/api/v1/reports/{id}?period={period}")));
    }
    let (from, to) = (today.saturating_sub(12.months()).strftime("%Y-%m"), today.strftime("%Y-%m"));
    for by in crate::api::ledger::BY {
        asked.push((format!("ledger by {by}, a year"), format!("/api/v1/ledger?by={by}&from={from}&to={to}")));
    }
    for (name, path) in asked {
        let asked = request("GET", &path, &token, "");
        let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
        for _ in 0..ask.times.max(1) {
            let begun = Instant::now();
            let status = client.send(&asked)?;
            if status != 200 {
                return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
            }
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            latency.record(took).map_err(|error| error.to_string())?;
        }
        println!("{:<26} {}", format!("{name} ms"), percentiles(&latency));
    }
    println!("memory MiB                 {:.0}", server.memory());
    Ok(())
}

/// Waits until nothing is left to be counted; gives how many cases were counted.
pub(super) fn counted(server: &Server, token: &str) -> Result<i64, String> {
    let begun = Instant::now();
    let mut client = Client::connect(server.port)?;
    let asked = request("GET", "/api/v1/reports/per-100k", token, "");
    while begun.elapsed() < LONGEST {
        if client.send(&asked)? != 200 {
            return Err(String::from_utf8_lossy(client.body()).into_owned());
        }
        let made: Value = serde_json::from_slice(client.body()).map_err(|error| error.to_string())?;
        let behind = made.get("behind").and_then(Value::as_i64);
        if made.get("going_through").and_then(Value::as_bool) == Some(false) && behind == Some(0) {
            return received(&mut client, token);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err("counting did not end".to_owned())
}

/// Cases received in the last eight quarters, the one under way included.
fn received(client: &mut Client, token: &str) -> Result<i64, String> {
    let zone = TimeZone::get("Asia/Shanghai").map_err(|error| error.to_string())?;
    let today = zone.to_datetime(Timestamp::now()).date();
    let mut period = ReportPeriod::around(today, Cycle::Quarter).ok_or("no period")?;
    let mut all = 0;
    for _ in 0..8 {
        let path = format!("/api/v1/reports/per-100k?period={period}");
        client.send(&request("GET", &path, token, ""))?;
        let made: Value = serde_json::from_slice(client.body()).map_err(|error| error.to_string())?;
        let count = made.pointer("/tables/0/rows/0/cells/0/value").and_then(Value::as_str);
        all += count.and_then(|count| count.parse::<i64>().ok()).ok_or("no figure")?;
        period = period.before();
    }
    Ok(all)
}
