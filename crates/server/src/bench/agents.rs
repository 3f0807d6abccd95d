//! A desk at work: hundreds of agents, each with a case open whose list and counts follow what happens, over a stream of
//! their own as a browser has it, and which says now and then that it is open. Meanwhile some open cases and lists, write notes and register, at a fixed rate. What
//! that costs the server, and how long the pages take.

use super::bulk::numbers;
use super::client::{Client, complete, on_version, request};
use super::ground::{Ground, Where};
use super::intake::{body, percentiles};
use super::lists::{FILTERS, Pace, at_rate, some_cases};
use super::process::Server;
use super::session::{agents, form, page};
use crate::cli::wait_plain;
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Half of the agents see everything, the others a province each.
const REGIONS: [&str; 8] = ["", "31", "", "33", "", "44", "", "51"];
/// Streams that begin in a second: people do not open their desks in the same moment.
const BEGIN: u64 = 100;
/// Cases that notes are written in, in turn.
const NOTED: usize = 2_000;
/// How often a page says that its case is open, as its script does.
const SAYS: Duration = Duration::from_secs(20);
/// The agents' pages may settle for so long before anything counts.
const SETTLE: Duration = Duration::from_secs(15);

/// Options of `bench agents`.
#[derive(Debug, Args)]
pub(super) struct Agents {
    #[command(flatten)]
    on: Where,
    /// How many.
    #[arg(long, default_value_t = 500)]
    agents: usize,
    /// Cases opened a second.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    opens: u64,
    /// Whole list pages opened a second.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    lists: u64,
    /// Notes written a second, each after reading the case.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    notes: u64,
    /// Contacts registered a second.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    registers: u64,
    /// Seconds to measure.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

/// How far the measurement is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Settling,
    Measured,
    Over,
}

/// What the pages of agents noticed.
struct Noticed {
    told: u64,
    lists: Histogram<u64>,
    counts: Histogram<u64>,
    presence: Histogram<u64>,
}

impl Noticed {
    fn new() -> Result<Self, String> {
        Ok(Self { told: 0, lists: empty()?, counts: empty()?, presence: empty()? })
    }

    fn add(&mut self, other: &Self) -> Result<(), String> {
        self.told += other.told;
        self.lists.add(&other.lists).map_err(|error| error.to_string())?;
        self.counts.add(&other.counts).map_err(|error| error.to_string())?;
        self.presence.add(&other.presence).map_err(|error| error.to_string())
    }
}

fn empty() -> Result<Histogram<u64>, String> {
    Histogram::new(3).map_err(|error| error.to_string())
}

fn record(latency: &mut Histogram<u64>, took: Duration) -> Result<(), String> {
    latency.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)).map_err(|error| error.to_string())
}

pub(super) fn run(ask: &Agents) -> Result<(), String> {
    let ground = Ground::prepare(&ask.on)?;
    let server = &ground.server;
    let cookies = ground.with_desk(|desk| agents(desk, ask.agents, &REGIONS))?;
    let everywhere = cookies.first().ok_or("nobody is at work")?.clone();
    let cases = some_cases(server, &ground.token)?;
    let opened: Vec<Vec<u8>> = cases.iter().map(|id| page(&format!("/console/cases/{id}"), &everywhere, "")).collect();
    let filters = FILTERS.iter().map(|filter| page(&format!("/console?view=open{filter}"), &everywhere, ""));
    let lists: Vec<Vec<u8>> = filters.collect();
    let registers = (0..2_000).map(|n| request("POST", "/api/v1/complaints", &ground.token, &body(9_100, n)));
    let registers: Vec<Vec<u8>> = registers.collect();
    let noted = numbers(server, &ground.token, NOTED)?;
    println!(
        "{} agents, and a second {} cases opened, {} lists, {} notes, {} registrations, from their due moment",
        ask.agents, ask.opens, ask.lists, ask.notes, ask.registers
    );
    let idle = share(server, Duration::from_secs(5));
    println!("memory MiB, nobody there   {:.0}, resident {:.0}", server.memory(), server.resident());
    let (phase, watched) = watch::channel(Phase::Settling);
    let flag = AtomicBool::new(true);
    let goes_on = &flag;
    let begins = Duration::from_secs((ask.agents as u64).div_ceil(BEGIN));
    // They stop by themselves a while after the measurement should be over.
    let longest = begins.as_secs() + SETTLE.as_secs() + ask.seconds + 60;
    let at_work = std::thread::scope(|scope| {
        let port = server.port;
        let places: Vec<(String, String)> = cookies.into_iter().zip(noted.iter().cycle().cloned()).collect();
        let pages = scope.spawn(move || wait_plain(everybody(port, places, watched)));
        let lane = |what, rate, connections| {
            let pace = Pace { rate, connections, seconds: longest };
            scope.spawn(move || at_rate(port, what, pace, goes_on))
        };
        let cases = lane(&opened, ask.opens, 4);
        let whole = lane(&lists, ask.lists, 2);
        let registered = lane(&registers, ask.registers, 2);
        let token = ground.token.as_str();
        let notes = scope.spawn(move || write_notes(port, token, &noted, ask.notes, goes_on));
        std::thread::sleep(begins + SETTLE);
        phase.send_replace(Phase::Measured);
        let busy = share(server, Duration::from_secs(ask.seconds));
        let memory = (server.memory(), server.resident());
        phase.send_replace(Phase::Over);
        goes_on.store(false, Ordering::Relaxed);
        let ended = |_| "the generator panicked".to_owned();
        let noticed = pages.join().map_err(ended)??;
        let others = [
            ("case page ms", cases.join().map_err(ended)??),
            ("list page ms", whole.join().map_err(ended)??),
            ("registration ms", registered.join().map_err(ended)??),
            ("note ms", notes.join().map_err(ended)??),
        ];
        Ok::<_, String>((noticed, others, busy, memory))
    });
    let (noticed, others, busy, (memory, resident)) = at_work?;
    let seconds = ask.seconds.max(1) as f64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("of two processors          {:.0} %, nobody there {:.1} % ({cores} there are)", busy / 2.0, idle / 2.0);
    println!("memory MiB                 {memory:.0}, resident {resident:.0}");
    println!(
        "told, fetched again        {:.1} times a minute each",
        noticed.told as f64 / seconds * 60.0 / ask.agents as f64
    );
    println!(
        "  a second                 {:.0} lists, {:.0} counts",
        noticed.lists.len() as f64 / seconds,
        noticed.counts.len() as f64 / seconds
    );
    println!("  list ms                  {}", percentiles(&noticed.lists));
    println!("  counts ms                {}", percentiles(&noticed.counts));
    println!("  presence ms              {}", percentiles(&noticed.presence));
    for (what, latency) in &others {
        println!("{what:<27}{}", percentiles(latency));
    }
    Ok(())
}

/// Processor time of the server in this span, in per cent of one processor.
fn share(server: &Server, span: Duration) -> f64 {
    let (cpu, begun) = (server.cpu(), Instant::now());
    std::thread::sleep(span);
    (server.cpu() - cpu) / begun.elapsed().as_secs_f64() * 100.0
}

/// All pages that are open.
async fn everybody(
    port: u16,
    places: Vec<(String, String)>,
    watched: watch::Receiver<Phase>,
) -> Result<Noticed, String> {
    let mut all = JoinSet::new();
    for (n, place) in (0_u32..).zip(places) {
        let begins = Duration::from_secs(1) * n / u32::try_from(BEGIN).unwrap_or(1);
        all.spawn(one_page(port, place, begins, watched.clone()));
    }
    let mut noticed = Noticed::new()?;
    while let Some(one) = all.join_next().await {
        noticed.add(&one.map_err(|error| error.to_string())??)?;
    }
    Ok(noticed)
}

/// A page that is open: it listens, and fetches its list and its counts again whenever it is told.
async fn one_page(
    port: u16,
    (cookie, case): (String, String),
    begins: Duration,
    mut watched: watch::Receiver<Phase>,
) -> Result<Noticed, String> {
    const CHANGED: &[u8] = b"event: changed";
    let lost = |error: std::io::Error| error.to_string();
    tokio::time::sleep(begins).await;
    let mut noticed = Noticed::new()?;
    let mut asks = Asks::connect(port, &cookie, &case).await?;
    let hears = page(&format!("/console/live?case={case}"), &cookie, "Accept: text/event-stream\r\n");
    let mut says = tokio::time::interval(SAYS);
    while *watched.borrow() != Phase::Over {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(lost)?;
        stream.write_all(&hears).await.map_err(lost)?;
        let mut heard = Vec::new();
        // A stream lasts ten minutes; whoever goes on listening begins another.
        loop {
            let read = tokio::select! {
                read = stream.read_buf(&mut heard) => read.map_err(lost)?,
                _ = says.tick() => {
                    let took = asks.present().await?;
                    if *watched.borrow() == Phase::Measured {
                        record(&mut noticed.presence, took)?;
                    }
                    continue;
                }
                _ = watched.changed() => {
                    if *watched.borrow_and_update() == Phase::Over {
                        return Ok(noticed);
                    }
                    continue;
                }
            };
            if read == 0 {
                break;
            }
            let told = heard.windows(CHANGED.len()).rposition(|window| window == CHANGED);
            if let Some(told) = told {
                // What is said twice before anybody looks is looked at once.
                heard.drain(..told + CHANGED.len());
                let (list, counts) = (asks.list().await?, asks.counts().await?);
                if *watched.borrow() == Phase::Measured {
                    noticed.told += 1;
                    record(&mut noticed.lists, list)?;
                    record(&mut noticed.counts, counts)?;
                }
            }
        }
    }
    Ok(noticed)
}

/// The connection a page fetches over.
struct Asks {
    port: u16,
    stream: TcpStream,
    list: Vec<u8>,
    counts: Vec<u8>,
    present: Vec<u8>,
    answer: Vec<u8>,
}

impl Asks {
    async fn connect(port: u16, cookie: &str, case: &str) -> Result<Self, String> {
        // As browsers say of what a script fetches.
        let part = "Sec-Fetch-Dest: empty\r\nSec-Fetch-Site: same-origin\r\n";
        let list = page("/console/pane?view=open", cookie, part);
        let counts = page("/console/counts", cookie, part);
        let present = form(&format!("/console/cases/{case}/presence"), cookie, "writing=");
        let stream = Self::open(port).await?;
        let mut asks = Self { port, stream, list, counts, present, answer: Vec::new() };
        asks.list().await?;
        asks.counts().await?;
        Ok(asks)
    }

    async fn open(port: u16) -> Result<TcpStream, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(stream)
    }

    async fn list(&mut self) -> Result<Duration, String> {
        let asked = self.list.clone();
        self.fetch(&asked).await
    }

    async fn counts(&mut self) -> Result<Duration, String> {
        let asked = self.counts.clone();
        self.fetch(&asked).await
    }

    async fn present(&mut self) -> Result<Duration, String> {
        let asked = self.present.clone();
        self.fetch(&asked).await
    }

    /// A connection nobody used for a while was closed by the server: as a browser does, another is opened.
    async fn fetch(&mut self, asked: &[u8]) -> Result<Duration, String> {
        let begun = Instant::now();
        for fresh in [false, true] {
            if fresh {
                self.stream = Self::open(self.port).await?;
            }
            if self.ask(asked).await? {
                return Ok(begun.elapsed());
            }
        }
        Err("the server closed the connection".to_owned())
    }

    /// Whether there was an answer.
    async fn ask(&mut self, asked: &[u8]) -> Result<bool, String> {
        self.answer.clear();
        if self.stream.write_all(asked).await.is_err() {
            return Ok(false);
        }
        loop {
            match self.stream.read_buf(&mut self.answer).await {
                Ok(0) | Err(_) => return Ok(false),
                Ok(_) => {}
            }
            match complete(&self.answer)? {
                None => {}
                // A case elsewhere is none for whoever sees a province.
                Some(200 | 404) => return Ok(true),
                Some(status) => return Err(format!("status {status}: {}", String::from_utf8_lossy(&self.answer))),
            }
        }
    }
}

/// Reads cases and writes a note in each, in turn and at a rate; how long the notes took.
fn write_notes(
    port: u16,
    token: &str,
    cases: &[String],
    rate: u64,
    goes_on: &AtomicBool,
) -> Result<Histogram<u64>, String> {
    let mut client = Client::connect(port)?;
    let mut latency = empty()?;
    let every = Duration::from_secs(1) / u32::try_from(rate.max(1)).unwrap_or(1);
    let begun = Instant::now();
    for (n, case) in (0_u32..).zip(cases.iter().cycle()) {
        let due = begun + every * n;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if !goes_on.load(Ordering::Relaxed) {
            break;
        }
        let status = client.send(&request("GET", &format!("/api/v1/complaints/{case}"), token, ""))?;
        let version = client.header("etag").ok_or_else(|| format!("status {status}, no version"))?;
        let note = json!({"text": "已核对账单，四笔扣费时间与描述一致。"}).to_string();
        let path = format!("/api/v1/complaints/{case}/note");
        let sent = Instant::now();
        let status = client.send(&on_version(&path, token, &version, &note))?;
        if status != 200 {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
        }
        record(&mut latency, sent.elapsed())?;
    }
    Ok(latency)
}
