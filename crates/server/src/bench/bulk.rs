//! Many cases assigned at once and given back, while others read pages and cases and register at a fixed rate: how long
//! it takes, and what the others notice of it.

use super::backup::copy;
use super::client::{Client, request};
use super::intake::{body, percentiles};
use super::lists::{FILTERS, Pace, at_rate, some_cases};
use super::process::{Scratch, Server};
use super::recount::redress;
use super::reports::counted;
use super::seed::key_beside;
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Who gets the cases, one after the other.
const HOLDERS: [&str; 2] = ["bench-first", "bench-second"];
/// The others stop by themselves after this many seconds.
const LONGEST: u64 = 120;

/// Options of `bench bulk`.
#[derive(Debug, Args)]
pub(super) struct Bulk {
    /// Folder of a database made by `bench seed --one-open-in 1`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed --one-open-in 1`; its cases are assigned.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Cases assigned at once.
    #[arg(long, default_value_t = 10_000)]
    cases: usize,
    /// Pages and cases that others read a second.
    #[arg(long, default_value_t = 200)]
    reads: u64,
    /// Contacts that others register a second.
    #[arg(long, default_value_t = 20)]
    registers: u64,
    /// Seconds to measure the others alone.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// What the others noticed.
struct Others {
    reads: Histogram<u64>,
    registers: Histogram<u64>,
}

impl Others {
    fn say(&self, what: &str) {
        println!("{what}");
        println!("  reads ms                 {}", percentiles(&self.reads));
        println!("  registrations ms         {}", percentiles(&self.registers));
    }
}

/// What others do meanwhile: read pages and cases, and register.
pub(super) struct Crowd {
    reads: Vec<Vec<u8>>,
    registers: Vec<Vec<u8>>,
    /// Reads and registrations a second.
    rates: (u64, u64),
}

impl Crowd {
    pub(super) fn gather(server: &Server, token: &str, rates: (u64, u64)) -> Result<Self, String> {
        println!("others: {} reads/s, {} registrations/s, from their due moment", rates.0, rates.1);
        let registers = (0..500).map(|n| request("POST", "/api/v1/complaints", token, &body(9_000, n)));
        Ok(Self { reads: reads(server, token)?, registers: registers.collect(), rates })
    }

    /// They work so many seconds, or until it no longer goes on.
    fn at_work(&self, server: &Server, seconds: u64, goes_on: &AtomicBool) -> Result<Others, String> {
        std::thread::scope(|scope| {
            let lane = |what, rate, connections| {
                let pace = Pace { rate, connections, seconds };
                scope.spawn(move || at_rate(server.port, what, pace, goes_on))
            };
            let (reads, registers) = (lane(&self.reads, self.rates.0, 16), lane(&self.registers, self.rates.1, 4));
            let ended = || "the generator panicked".to_owned();
            Ok::<_, String>(Others {
                reads: reads.join().map_err(|_| ended())??,
                registers: registers.join().map_err(|_| ended())??,
            })
        })
    }

    /// Sends a request that works on many cases while they work, and says what they noticed of it; gives the answer.
    pub(super) fn beside(&self, server: &Server, seconds: u64, asked: &[u8], what: &str) -> Result<Value, String> {
        // What followed from the run before has been done.
        std::thread::sleep(Duration::from_secs(seconds));
        // Just before, so that both are measured on the same machine, whatever else it is busy with.
        let alone = self.at_work(server, seconds, &AtomicBool::new(true))?;
        alone.say("without");
        let (goes_on, cpu) = (AtomicBool::new(true), server.cpu());
        let (done, beside) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| self.at_work(server, LONGEST, &goes_on));
            let done = ask_for(server, asked);
            goes_on.store(false, Ordering::Relaxed);
            (done, beside.join())
        });
        let (run, took) = done?;
        let beside = beside.map_err(|_| "the generator panicked".to_owned())??;
        let cpu = server.cpu() - cpu;
        let count = run.pointer("/counts/done").and_then(Value::as_u64).unwrap_or(0);
        for (code, count) in refusals(&run) {
            println!("not {what}: {code} {count}");
        }
        beside.say(&format!("{count} {what} in {took:.2} s, {cpu:.1} processor seconds, the others' among them"));
        let p99 = |one: &Histogram<u64>| one.value_at_quantile(0.99) as f64;
        println!(
            "  p99 against without      reads {:.1}x, registrations {:.1}x",
            p99(&beside.reads) / p99(&alone.reads),
            p99(&beside.registers) / p99(&alone.registers)
        );
        Ok(run)
    }
}

pub(super) fn run(ask: &Bulk) -> Result<(), String> {
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
    for name in HOLDERS {
        redress(&server, &["user", "add", name, "--role", "specialist"])?;
    }
    let [first, second] = HOLDERS.map(|name| holder(&server, &token, name));
    counted(&server, &token)?;
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, generator on the same machine");
    let crowd = Crowd::gather(&server, &token, (ask.reads, ask.registers))?;
    crowd.at_work(&server, 3, &AtomicBool::new(true))?;
    let cases = numbers(&server, &token, ask.cases)?;
    let assign = |user: String| json!({"cases": cases, "assign": {"user": user}}).to_string();
    let (first, second) = (assign(first?), assign(second?));
    let mut path = "/api/v1/bulk".to_owned();
    for (what, body) in [("assigned", first.as_str()), ("assigned once more", &second), ("given back", "")] {
        if body.is_empty() {
            path = format!("{path}/undo");
        } else {
            path = "/api/v1/bulk".to_owned();
        }
        let run = crowd.beside(&server, ask.seconds, &request("POST", &path, &token, body), what)?;
        let id = run.get("id").and_then(Value::as_str).ok_or("a run without an identity")?;
        path = format!("/api/v1/bulk/{id}");
    }
    Ok(())
}

/// Sends a request; the answer and how many seconds it took.
pub(super) fn ask_for(server: &Server, request: &[u8]) -> Result<(Value, f64), String> {
    let mut client = Client::connect(server.port)?;
    let begun = Instant::now();
    let status = client.send(request)?;
    let took = begun.elapsed().as_secs_f64();
    if status != 200 {
        return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
    }
    Ok((serde_json::from_slice(client.body()).map_err(|error| error.to_string())?, took))
}

/// How often which code stands against a case.
fn refusals(run: &Value) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::new();
    for item in run.get("items").and_then(Value::as_array).into_iter().flatten() {
        if let Some(code) = item.get("code").and_then(Value::as_str) {
            *codes.entry(code.to_owned()).or_insert(0) += 1;
        }
    }
    codes
}

/// Queue pages and cases with their history, in turn.
fn reads(server: &Server, token: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut reads = Vec::new();
    for (n, id) in some_cases(server, token)?.into_iter().enumerate() {
        let filter = FILTERS.get(n % FILTERS.len()).copied().unwrap_or_default();
        reads.push(request("GET", &format!("/api/v1/complaints?sort=due&limit=50{filter}"), token, ""));
        reads.push(request("GET", &format!("/api/v1/complaints/{id}/events"), token, ""));
    }
    Ok(reads)
}

fn holder(server: &Server, token: &str, name: &str) -> Result<String, String> {
    let (users, _) = ask_for(server, &request("GET", "/api/v1/users", token, ""))?;
    let users = users.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let ours = users.iter().find(|user| user.get("username").and_then(Value::as_str) == Some(name));
    let id = ours.and_then(|user| user.get("id")).and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| format!("no user {name}"))
}

/// Numbers of open cases, by time left.
pub(super) fn numbers(server: &Server, token: &str, most: usize) -> Result<Vec<String>, String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while found.len() < most {
        let path = format!("/api/v1/complaints?sort=due&limit=250{after}");
        let (page, _) = ask_for(server, &request("GET", &path, token, ""))?;
        let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        found.extend(items.iter().filter_map(|item| item.get("number").and_then(Value::as_str).map(str::to_owned)));
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    found.truncate(most);
    Ok(found)
}
