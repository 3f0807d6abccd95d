//! Key figures over a large database: how long they take from the sums, of everywhere, of a province and of a county.

use super::backup::copy;
use super::client::{Client, request};
use super::intake::percentiles;
use super::process::{Scratch, Server};
use super::reports::counted;
use super::seed::key_beside;
use clap::Args;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::{Cycle, ReportPeriod};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Options of `bench kpi`.
#[derive(Debug, Args)]
pub(super) struct Kpi {
    /// Folder of a database made by `bench seed`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// How often each is asked for.
    #[arg(long, default_value_t = 50)]
    times: u64,
}

pub(super) fn run(ask: &Kpi) -> Result<(), String> {
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
    let begun = Instant::now();
    let cases = counted(&server, &token)?;
    println!("first count                {:.0} s, {cases} cases", begun.elapsed().as_secs_f64());
    let zone = TimeZone::get("Asia/Shanghai").map_err(|error| error.to_string())?;
    let today = zone.to_datetime(Timestamp::now()).date();
    let period = |cycle| ReportPeriod::around(today, cycle).ok_or("no period").map(ReportPeriod::before);
    let (month, year) = (period(Cycle::Month)?, period(Cycle::Year)?);
    let mut client = Client::connect(server.port)?;
    // Rates need users to be held against.
    for region in ["31", "33", "44"] {
        let body = json!({"month": month.to_string(), "region": region, "users": 1_000_000}).to_string();
        let status = client.send(&request("POST", "/api/v1/exposures", &token, &body))?;
        if status != 200 {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
        }
    }
    for (name, path) in [
        (format!("{month} ms"), format!("/api/v1/kpis?period={month}")),
        (format!("{year} ms"), format!("/api/v1/kpis?period={year}")),
        (format!("{month}, province ms"), format!("/api/v1/kpis?period={month}&region=31")),
        (format!("{month}, county ms"), format!("/api/v1/kpis?period={month}&region=310115")),
        (format!("{month}, cases ms"), format!("/api/v1/kpis/resolution/cases?period={month}&limit=50")),
    ] {
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
        println!("{name:<26} {}", percentiles(&latency));
    }
    println!("memory MiB                 {:.0}", server.memory());
    Ok(())
}
