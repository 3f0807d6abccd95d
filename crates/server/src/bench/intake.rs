//! Registrations: a closed loop of connections, every answer durable before the next request.

use super::bare;
use super::client::{Client, request};
use super::process::{Scratch, Server};
use clap::Args;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Options of `bench intake`.
#[derive(Debug, Args)]
pub(super) struct Intake {
    /// PostgreSQL instead of a new embedded database; the database must be empty.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Seconds to measure, after two of warming up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// A registration as an agent's system sends it; the n-th of a lane.
pub(super) fn body(lane: u64, n: u64) -> String {
    let phone = 13_800_000_000 + (lane * 1_000_003 + n * 7_919) % 100_000_000;
    format!(
        "{{\"kind\":\"complaint\",\"accept_channel\":\"hotline\",\"category\":\"B204\",\
         \"subject\":\"连扣四个月视频会员费\",\"description\":\"客户发现自四月起每月被扣二十五元视频会员费，称从未点播过，孩子也不会操作。\
         要求核实订购时间与渠道，回电请打{phone}。\",\"demand\":\"退还四个月费用并取消该业务\",\
         \"occurred_at\":\"2026-07-03T00:00:00+08:00\",\"complainant\":{{\"name\":\"王小明\",\"phone\":\"{phone}\",\
         \"capacity\":\"self\",\"vulnerable\":[\"elderly\"]}},\"subscription\":{{\"number\":\"{phone}\",\"product\":\"mobile\",\
         \"star\":3,\"region\":\"310115\"}},\"region\":\"310115\",\"place\":{{\"text\":\"浦东新区云杉路\",\"area_type\":\"urban\"}},\
         \"amount\":{{\"value\":\"100.00\",\"currency\":\"CNY\"}}}}"
    )
}

pub(super) fn run(ask: &Intake) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let key = scratch.0.join("master.key");
    let server = Server::start(&scratch.0, ask.database_url.as_deref(), &key)?;
    let token = server.token()?;
    let idle = server.memory();
    let warm = measure(&server, &token, ask.connections, || std::thread::sleep(Duration::from_secs(2)))?;
    let cpu = server.cpu();
    let time = Duration::from_secs(ask.seconds);
    let measured = measure(&server, &token, ask.connections, || std::thread::sleep(time))?;
    let used = server.cpu() - cpu;
    let loaded = server.memory();
    drop(server);
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    let per_second = measured.rate();
    let per_cpu = measured.count as f64 / used.max(0.01);
    println!("{which}, {} connections, generator on the same machine", ask.connections);
    println!("registrations/s            {per_second:.0}   (while warming up {:.0})", warm.rate());
    println!("latency ms                 {}", percentiles(&measured.latency));
    println!("per CPU-second of server   {per_cpu:.0}");
    println!("memory MiB idle, loaded    {idle:.0}, {loaded:.0}");
    if ask.database_url.is_none() {
        let bare = bare::run(&scratch.0.join("redress.db"), &scratch.0, ask.connections, ask.seconds)?;
        println!("bare store, same rows      {:.0} /s, {:.0} per CPU-second", bare.per_second, bare.per_cpu);
        println!("server against bare store  {:.2} per CPU-second", per_cpu / bare.per_cpu);
    }
    Ok(())
}

/// p50, p90, p99 and the largest, in milliseconds.
pub(super) fn percentiles(latency: &Histogram<u64>) -> String {
    let at = |quantile: f64| latency.value_at_quantile(quantile) as f64 / 1000.0;
    format!("p50 {:.1}  p90 {:.1}  p99 {:.1}  max {:.1}", at(0.5), at(0.9), at(0.99), latency.max() as f64 / 1000.0)
}

/// What was measured.
pub(super) struct Measured {
    count: u64,
    seconds: f64,
    pub(super) latency: Histogram<u64>,
}

impl Measured {
    /// Registrations a second.
    pub(super) fn rate(&self) -> f64 {
        self.count as f64 / self.seconds
    }
}

/// Registers on so many connections until `until` returns.
pub(super) fn measure(
    server: &Server,
    token: &str,
    connections: u64,
    until: impl FnOnce(),
) -> Result<Measured, String> {
    posting(server, token, ("/api/v1/complaints", body), connections, until)
}

/// Posts to an address what is made for a lane and the n-th request of it, and has each answered with 201.
pub(super) fn posting(
    server: &Server,
    token: &str,
    (path, body): (&'static str, fn(u64, u64) -> String),
    connections: u64,
    until: impl FnOnce(),
) -> Result<Measured, String> {
    static LANE: AtomicU64 = AtomicU64::new(0);
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let mut lanes = Vec::new();
    for _ in 0..connections {
        let lane = LANE.fetch_add(1, Ordering::Relaxed);
        let (port, token, stop) = (server.port, token.to_owned(), Arc::clone(&stop));
        let work = move || -> Result<Histogram<u64>, String> {
            let mut client = Client::connect(port)?;
            let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let request = request("POST", path, &token, &body(lane, n));
                let sent = Instant::now();
                let status = client.send(&request)?;
                if status != 201 {
                    return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
                }
                latency
                    .record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX))
                    .map_err(|error| error.to_string())?;
                n += 1;
            }
            Ok(latency)
        };
        // Small stacks: sixty-four idle megabytes would not be measured, but be there.
        let lane = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).map_err(|error| error.to_string())?;
        lanes.push(lane);
    }
    until();
    stop.store(true, Ordering::Relaxed);
    let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    for lane in lanes {
        let one = lane.join().map_err(|_| "a lane of the generator panicked".to_owned())??;
        latency.add(one).map_err(|error| error.to_string())?;
    }
    Ok(Measured { count: latency.len(), seconds: begun.elapsed().as_secs_f64(), latency })
}
