//! Reading at a fixed rate: each request has its moment, and its latency counts from there, so that a slow answer also
//! counts for those that had to wait behind it.

use super::client::{Client, request};
use super::intake::percentiles;
use super::process::Server;
use super::reports::counted;
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Options of `bench lists`.
#[derive(Debug, Args)]
pub(super) struct Lists {
    /// Folder of a database made by `bench seed`.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`; needs its key file.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Requests a second.
    #[arg(long, default_value_t = 300)]
    rate: u64,
    /// Connections.
    #[arg(long, default_value_t = 32)]
    connections: u64,
    /// Seconds for each kind of request.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// Filters of queue pages, as agents and supervisors use them. Each fills a page of fifty also in ten thousand cases: a
/// shorter page there would make the growth look larger than it is.
pub(super) const FILTERS: [&str; 8] = [
    "",
    "&grade=urgent",
    "&category=B204",
    "&region=31",
    "&status=accepted",
    "&grade=major&region=33",
    "&category=A&region=51",
    "&status=registered,triage",
];

pub(super) fn run(ask: &Lists) -> Result<(), String> {
    let folder = ask.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let key = ask.master_key_file.clone().unwrap_or_else(|| super::seed::key_beside(&folder));
    let server = Server::start(&folder, ask.database_url.as_deref(), &key)?;
    println!("start to listening ms      {}", server.started_in.as_millis());
    println!("memory MiB idle            {:.0}", server.memory());
    let token = server.token()?;
    // A database that was just filled is counted for reports once; what is asked here is how it reads ever after.
    let counting = Instant::now();
    counted(&server, &token)?;
    println!("first count for reports s  {:.0}", counting.elapsed().as_secs_f64());
    let cases = some_cases(&server, &token)?;
    let pages: Vec<Vec<u8>> = FILTERS
        .iter()
        .map(|filter| request("GET", &format!("/api/v1/complaints?sort=due&limit=50{filter}"), &token, ""))
        .collect();
    let histories: Vec<Vec<u8>> =
        cases.iter().map(|id| request("GET", &format!("/api/v1/complaints/{id}/events"), &token, "")).collect();
    // Every index and page is touched once before anything counts.
    let pace = |seconds| Pace { rate: ask.rate, connections: ask.connections, seconds };
    let goes_on = AtomicBool::new(true);
    let read = |what: &[Vec<u8>], seconds| at_rate(server.port, what, pace(seconds), &goes_on);
    read(&pages, 3)?;
    read(&histories, 3)?;
    let shown = format!("{} requests/s over {} connections, from their due moment", ask.rate, ask.connections);
    println!("{shown}");
    println!("queue page ms              {}", percentiles(&read(&pages, ask.seconds)?));
    println!("case with history ms       {}", percentiles(&read(&histories, ask.seconds)?));
    println!("memory MiB under load      {:.0}", server.memory());
    Ok(())
}

/// Identifiers of cases all over the database.
pub(super) fn some_cases(server: &Server, token: &str) -> Result<Vec<String>, String> {
    let mut client = Client::connect(server.port)?;
    let mut found = Vec::new();
    for filter in ["&sort=due", "&sort=-received", "&sort=-received&status=closed"] {
        let mut after = String::new();
        for _ in 0..8 {
            let path = format!("/api/v1/complaints?limit=250{filter}{after}");
            client.send(&request("GET", &path, token, ""))?;
            let page: Value = serde_json::from_slice(client.body()).map_err(|error| error.to_string())?;
            for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                found.extend(item.get("id").and_then(Value::as_str).map(str::to_owned));
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
    }
    if found.is_empty() { Err("the database holds no cases".to_owned()) } else { Ok(found) }
}

/// How fast and how long to ask.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) rate: u64,
    pub(super) connections: u64,
    pub(super) seconds: u64,
}

/// Latency of requests at a fixed rate, until the time is over or somebody says it is enough.
pub(super) fn at_rate(
    port: u16,
    requests: &[Vec<u8>],
    pace: Pace,
    goes_on: &AtomicBool,
) -> Result<Histogram<u64>, String> {
    let Pace { rate, connections, seconds } = pace;
    let interval = Duration::from_secs_f64(connections as f64 / rate as f64);
    let begun = Instant::now() + Duration::from_millis(50);
    let each = rate * seconds / connections;
    std::thread::scope(|scope| {
        let lane = |lane: u64| {
            let offset = interval.mul_f64(lane as f64 / connections as f64);
            move || -> Result<Histogram<u64>, String> {
                let mut client = Client::connect(port)?;
                let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
                for n in (0..each).take_while(|_| goes_on.load(Ordering::Relaxed)) {
                    let due = begun + offset + interval.mul_f64(n as f64);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let place = usize::try_from(n * connections + lane).unwrap_or(0) % requests.len();
                    let status = client.send(requests.get(place).map(Vec::as_slice).unwrap_or_default())?;
                    if status != 200 && status != 201 {
                        return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
                    }
                    let took = Instant::now().saturating_duration_since(due);
                    latency
                        .record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
                        .map_err(|error| error.to_string())?;
                }
                Ok(latency)
            }
        };
        let lanes: Vec<_> = (0..connections).map(|n| scope.spawn(lane(n))).collect();
        let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
        for lane in lanes {
            let one = lane.join().map_err(|_| "a lane of the generator panicked".to_owned())??;
            latency.add(one).map_err(|error| error.to_string())?;
        }
        Ok(latency)
    })
}
