//! The console as one person has it: its pages at a fixed rate, a macro from the click until the changed page is there, and
//! what a browser loads for the page of a case.

use super::bulk::numbers;
use super::client::{Client, request};
use super::ground::{Ground, Where};
use super::intake::percentiles;
use super::lists::{FILTERS, Pace, at_rate, some_cases};
use super::session::{agents, asked, form, page};
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Options of `bench console`.
#[derive(Debug, Args)]
pub(super) struct Console {
    #[command(flatten)]
    on: Where,
    /// Pages a second.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,
    /// Connections.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    connections: u64,
    /// Seconds for each kind of page.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Cases a macro is applied to.
    #[arg(long, default_value_t = 300)]
    macros: usize,
}

pub(super) fn run(ask: &Console) -> Result<(), String> {
    let ground = Ground::prepare(&ask.on)?;
    let server = &ground.server;
    let cookies = ground.with_desk(|desk| agents(desk, 1, &[""]))?;
    let cookie = cookies.first().ok_or("nobody is at work")?.as_str();
    let cases = some_cases(server, &ground.token)?;
    let opened: Vec<Vec<u8>> = cases.iter().map(|id| page(&format!("/console/cases/{id}"), cookie, "")).collect();
    // As browsers say of what a script fetches.
    let part = "Sec-Fetch-Dest: empty\r\nSec-Fetch-Site: same-origin\r\n";
    let filtered = |path: &str, more: &str| -> Vec<Vec<u8>> {
        FILTERS.iter().map(|filter| page(&format!("{path}?view=open{filter}"), cookie, more)).collect()
    };
    let kinds = [
        ("list page ms", filtered("/console", "")),
        ("list beside a case ms", filtered("/console/pane", part)),
        ("counts ms", vec![page("/console/counts", cookie, part)]),
        ("case page ms", opened),
    ];
    println!("{} pages/s over {} connections, from their due moment", ask.rate, ask.connections);
    let goes_on = AtomicBool::new(true);
    for (what, pages) in &kinds {
        let pace = |seconds| Pace { rate: ask.rate, connections: ask.connections, seconds };
        // What is touched for the first time is none of the answers that count.
        at_rate(server.port, pages, pace(3), &goes_on)?;
        println!("{what:<27}{}", percentiles(&at_rate(server.port, pages, pace(ask.seconds), &goes_on)?));
    }
    let applied = macros(&ground, cookie, ask.macros)?;
    let p95 = applied.value_at_quantile(0.95) as f64 / 1_000.0;
    println!("macro to changed page ms   {}  p95 {p95:.1}", percentiles(&applied));
    let first = cases.first().map(String::as_str).unwrap_or_default();
    loaded(server.port, cookie, &format!("/console/cases/{first}"))?;
    println!("memory MiB                 {:.0}, resident {:.0}", server.memory(), server.resident());
    Ok(())
}

/// Applies a macro of two operations to open cases, one after the other, and reads the page it leads to; how long both took
/// together.
fn macros(ground: &Ground, cookie: &str, most: usize) -> Result<Histogram<u64>, String> {
    let mut client = Client::connect(ground.server.port)?;
    let note = |text: &str| json!({"note": {"text": text}});
    let steps = [note("已核对账单，四笔扣费时间与描述一致。"), note("已申请先行退费，等待复核。")];
    let status = client.send(&asked("/api/v1/macros", cookie, &json!({"name": "核对", "steps": steps}).to_string()))?;
    let made: Value = serde_json::from_slice(client.body()).map_err(|error| error.to_string())?;
    let told = || format!("status {status}: {made}");
    let id = made.get("id").and_then(Value::as_str).ok_or_else(told)?;
    let revision = made.get("revision").and_then(Value::as_i64).ok_or_else(told)?;
    let mut latency = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    for case in numbers(&ground.server, &ground.token, most)? {
        client.send(&request("GET", &format!("/api/v1/complaints/{case}"), &ground.token, ""))?;
        let version = client.header("etag").ok_or("a case without a version")?;
        let typed = format!("version={}&macro={id}&revision={revision}", version.trim_matches('"'));
        let begun = Instant::now();
        let status = client.send(&form(&format!("/console/cases/{case}/macro"), cookie, &typed))?;
        let to = client.header("location").filter(|_| status == 303);
        let to = to.ok_or_else(|| format!("the macro was not carried out: status {status}"))?;
        let status = client.send(&page(&to, cookie, ""))?;
        if status != 200 {
            return Err(format!("status {status} of {to}"));
        }
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        latency.record(took).map_err(|error| error.to_string())?;
    }
    Ok(latency)
}

/// What a browser loads for a page that it has never seen: the page itself, and every file it names, as they are sent.
fn loaded(port: u16, cookie: &str, path: &str) -> Result<(), String> {
    let mut client = Client::connect(port)?;
    client.send(&page(path, cookie, ""))?;
    let html = client.body().len();
    let text = String::from_utf8_lossy(client.body()).into_owned();
    let mut waiting: Vec<String> =
        between(&text, "\"/assets/").into_iter().map(|rest| format!("/assets/{rest}")).collect();
    let (mut seen, mut sent) = (BTreeSet::new(), 0);
    while let Some(address) = waiting.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        // Once squeezed, as browsers ask; once plain, to read what it names.
        let status = client.send(&page(&address, cookie, "Accept-Encoding: gzip\r\n"))?;
        if status != 200 {
            return Err(format!("status {status} of {address}"));
        }
        sent += client.body().len();
        client.send(&page(&address, cookie, ""))?;
        let text = String::from_utf8_lossy(client.body()).into_owned();
        let folder = address.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
        let mut named = between(&text, "\"./");
        named.extend(between(&text, "url(\""));
        waiting.extend(named.iter().map(|name| format!("{folder}/{name}")));
    }
    println!(
        "files of a case page       {} in {:.1} KiB as sent, the page itself {:.1} KiB",
        seen.len(),
        kib(sent),
        kib(html)
    );
    Ok(())
}

fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

/// What follows each of these beginnings, up to the quotation mark.
fn between(text: &str, begins: &str) -> Vec<String> {
    let found = text.match_indices(begins).filter_map(|(at, _)| {
        let rest = text.get(at + begins.len()..)?;
        rest.split_once('"').map(|(name, _)| name.to_owned())
    });
    found.collect()
}
