//! TM Forum's face: tickets created in a closed loop, tickets read at a fixed rate from a large database, and how soon a
//! receiver on this machine is told of what happened, counted from the event's own time.

use super::client::{Client, find, request};
use super::intake::{body, percentiles, posting};
use super::lists::{Pace, at_rate, some_cases};
use super::process::{Scratch, Server};
use super::reports::counted;
use super::seed::key_beside;
use clap::Args;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Options of `bench tmf`.
#[derive(Debug, Args)]
pub(super) struct Tmf {
    /// Folder of a database made by `bench seed`, to read from; without it nothing is read.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Connections that create tickets.
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Tickets read by identity a second.
    #[arg(long, default_value_t = 300)]
    rate: u64,
    /// Lists of a hundred read a second.
    #[arg(long, default_value_t = 10)]
    lists: u64,
    /// Events a second.
    #[arg(long, default_value_t = 1_000)]
    events: u64,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

const TICKETS: &str = "/tmf-api/troubleTicket/v5/troubleTicket";
/// Statuses that are asked for; each has far more than a hundred tickets among a million.
const STATUSES: [&str; 4] = ["acknowledged", "inProgress", "resolved", "closed"];
/// Events that are late are waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(ask: &Tmf) -> Result<(), String> {
    println!("TMF621 5.0.1, SQLite, synchronous=FULL, generator on the same machine");
    create(ask)?;
    if let Some(folder) = &ask.data_dir {
        read(ask, folder)?;
    }
    tell(ask)
}

/// A ticket as another system files a complaint; the n-th of a lane.
fn ticket(lane: u64, n: u64) -> String {
    let phone = 13_800_000_000 + (lane * 1_000_003 + n * 7_919) % 100_000_000;
    json!({
        "@type": "TroubleTicket", "name": "连扣四个月视频会员费", "severity": "Major", "ticketType": "complaint",
        "description": format!("客户发现自四月起每月被扣二十五元视频会员费，称从未点播过。要求核实订购时间与渠道，回电请打{phone}。"),
        "channel": {"@type": "ChannelRef", "id": "hotline", "name": "hotline"},
        "externalIdentifier": [{"@type": "ExternalIdentifier", "id": format!("X-{lane}-{n}"), "owner": "bench",
            "externalIdentifierType": "ticket"}],
        "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "complainant", "partyOrPartyRole": {
            "@type": "PartyRef", "id": format!("P-{lane}-{n}"), "name": "王小明", "@referredType": "Individual"}}],
        "note": [{"@type": "Note", "author": "bench", "text": "客户要求尽快答复。"}],
    })
    .to_string()
}

/// Tickets a second, each durable before it is answered.
fn create(ask: &Tmf) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let server = Server::start(&scratch.0, None, &scratch.0.join("master.key"))?;
    let token = server.token()?;
    let create = |seconds: u64| {
        let until = || std::thread::sleep(Duration::from_secs(seconds));
        posting(&server, &token, (TICKETS, ticket), ask.connections, until)
    };
    let warm = create(2)?;
    let measured = create(ask.seconds)?;
    println!("tickets created/s          {:.0}   (while warming up {:.0})", measured.rate(), warm.rate());
    println!("latency ms                 {}   over {} connections", percentiles(&measured.latency), ask.connections);
    Ok(())
}

/// Reading at a fixed rate.
fn read(ask: &Tmf, folder: &Path) -> Result<(), String> {
    let server = Server::start(folder, None, &key_beside(folder))?;
    let (plain, clear) = (server.token_with(&["--scope", "read", "--scope", "write"])?, server.token()?);
    counted(&server, &clear)?;
    let cases = some_cases(&server, &plain)?;
    let of = |token: &str| -> Vec<Vec<u8>> {
        cases.iter().map(|id| request("GET", &format!("{TICKETS}/{id}"), token, "")).collect()
    };
    let lists: Vec<Vec<u8>> = STATUSES
        .iter()
        .map(|status| request("GET", &format!("{TICKETS}?status={status}&limit=100"), &plain, ""))
        .collect();
    let goes_on = AtomicBool::new(true);
    let at = |what: &[Vec<u8>], rate: u64, seconds: u64| {
        at_rate(server.port, what, Pace { rate, connections: rate.clamp(1, 32), seconds }, &goes_on)
    };
    for (what, rate, requests) in [
        ("ticket by id ms            ", ask.rate, of(&plain)),
        ("  each logged              ", ask.rate, of(&clear)),
        ("100 tickets by status ms   ", ask.lists, lists),
    ] {
        // Every index and page is touched once before anything counts.
        at(&requests, rate, 3)?;
        println!(
            "{what}{}   {rate} requests/s, from their due moment",
            percentiles(&at(&requests, rate, ask.seconds)?)
        );
    }
    Ok(())
}

/// From an event's own time to its first try, while cases are registered at a fixed rate.
fn tell(ask: &Tmf) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let key = scratch.0.join("master.key");
    let server = Server::start_with(&scratch.0, None, &key, &["--events-allow", "127.0.0.0/8"])?;
    let token = server.token()?;
    let registrations: Vec<Vec<u8>> =
        (0..5_000).map(|n| request("POST", "/api/v1/complaints", &token, &body(20_000, n))).collect();
    let goes_on = AtomicBool::new(true);
    let register = |seconds: u64| {
        at_rate(server.port, &registrations, Pace { rate: ask.events, connections: 32, seconds }, &goes_on)
    };
    register(2)?;
    let receiver = Receiver::start()?;
    let webhook =
        json!({"name": "bench", "url": format!("http://127.0.0.1:{}/", receiver.port), "events": ["created"]});
    let mut client = Client::connect(server.port)?;
    let status = client.send(&request("POST", "/api/v1/webhooks", &token, &webhook.to_string()))?;
    if status != 201 {
        return Err(format!("status {status}: {}", String::from_utf8_lossy(client.body())));
    }
    let cpu = server.cpu();
    let registered = register(ask.seconds)?;
    let (waiting, expected) = (Instant::now(), registered.len());
    while receiver.count() < expected && waiting.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let used = server.cpu() - cpu;
    let came = receiver.came.lock().unwrap_or_else(PoisonError::into_inner);
    println!("registration ms            {}   {} /s, from their due moment", percentiles(&registered), ask.events);
    println!("event to first try ms      {}   one receiver on this machine", percentiles(&came.late));
    println!("events told, registered    {}, {expected}   {} came again", came.known.len(), came.again);
    println!("processor                  {:.0} %", used / ask.seconds.max(1) as f64 * 100.0);
    Ok(())
}

/// What came to the receiver.
struct Came {
    /// From the time an event bears to its arrival.
    late: Histogram<u64>,
    known: HashSet<String>,
    again: u64,
}

/// Somebody who is told of events and takes them all.
struct Receiver {
    port: u16,
    came: Arc<Mutex<Came>>,
}

impl Receiver {
    fn start() -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(told)?;
        let port = listener.local_addr().map_err(told)?.port();
        let late = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
        let came = Arc::new(Mutex::new(Came { late, known: HashSet::new(), again: 0 }));
        let kept = Arc::clone(&came);
        std::thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // A line that gets no thread is closed, and what would have come by it comes again.
                let _ = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || take(line, &kept));
            }
        });
        Ok(Self { port, came })
    }

    fn count(&self) -> u64 {
        self.came.lock().unwrap_or_else(PoisonError::into_inner).known.len() as u64
    }
}

/// Takes what comes by one line until it is closed.
fn take(mut line: TcpStream, kept: &Mutex<Came>) {
    let _ = line.set_nodelay(true);
    let mut left = Vec::with_capacity(16 * 1024);
    while let Some(event) = next_body(&mut line, &mut left) {
        let now = Timestamp::now();
        let Ok(event) = serde_json::from_slice::<Value>(&event) else { return };
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Ok(at) = text("time").parse::<Timestamp>() {
            let late = u64::try_from(at.duration_until(now).as_micros()).unwrap_or(0);
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.known.insert(text("id").to_owned()) {
                let _ = kept.late.record(late);
            } else {
                kept.again += 1;
            }
        }
        if line.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
            return;
        }
    }
}

/// The body of the next request of a line; nothing when it was closed. `left` is what came beyond the request before.
fn next_body(line: &mut TcpStream, left: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        if let Some(end) = find(left, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(left.get(..end)?).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if left.len() >= whole {
                let rest = left.split_off(whole);
                return Some(std::mem::replace(left, rest).split_off(end + 4));
            }
        }
        let read = line.read(&mut chunk).ok().filter(|read| *read > 0)?;
        left.extend_from_slice(chunk.get(..read)?);
    }
}
