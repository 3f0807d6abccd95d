//! A mass incident with many cases: put in at once, and each customer told the approved answer in a case of their own,
//! while others read pages and cases and register at a fixed rate.

use super::backup::copy;
use super::bulk::{Crowd, ask_for, numbers};
use super::client::{Client, request};
use super::process::{Scratch, Server};
use super::reports::counted;
use super::seed::key_beside;
use super::session::{supervisor, versioned};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Options of `bench incident`.
#[derive(Debug, Args)]
pub(super) struct Incident {
    /// Folder of a database made by `bench seed --one-open-in 1`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed --one-open-in 1`; its cases are answered.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Cases of the incident.
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

/// What all customers are told.
const OUTCOME: &str = "光缆已修复，中断期间费用已减免。";

pub(super) fn run(ask: &Incident) -> Result<(), String> {
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
    let [writes, approves] = ["bench-writes", "bench-approves"].map(|name| supervisor(&server, name));
    let (writes, approves) = (writes?, approves?);
    counted(&server, &token)?;
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, generator on the same machine");
    let crowd = Crowd::gather(&server, &token, (ask.reads, ask.registers))?;
    let cases = numbers(&server, &token, ask.cases)?;
    let id = opened(&server, &token)?;
    let at = |verb: &str| format!("/api/v1/incidents/{id}/{verb}");
    let words = json!({"purpose": "outcome", "zh": OUTCOME, "en": "The cable is mended."});
    ask_for(&server, &versioned(&at("word-incident"), &writes, 1, &words.to_string()))?;
    ask_for(&server, &versioned(&at("approve-wording"), &approves, 2, &json!({"wording": 1}).to_string()))?;
    let join = json!({"cases": cases, "join-incident": {"incident": id}}).to_string();
    crowd.beside(&server, ask.seconds, &request("POST", "/api/v1/bulk", &token, &join), "put in")?;
    let over = json!({"at": "2020-01-02T00:00:00Z"}).to_string();
    ask_for(&server, &versioned(&at("restore-incident"), &writes, 3, &over))?;
    // The server has no gateway: the words are written in each case as those of whoever told them.
    let told = json!({"mode": "sms", "content": OUTCOME});
    let reply = json!({"cases": cases, "reply": told}).to_string();
    crowd.beside(&server, ask.seconds, &request("POST", "/api/v1/bulk", &token, &reply), "answered")?;
    let (one, took) = ask_for(&server, &request("GET", &format!("/api/v1/incidents/{id}"), &token, ""))?;
    let counts = one.get("case_counts").cloned().unwrap_or_default();
    println!("the incident's page in {:.0} ms: {counts}", took * 1_000.0);
    println!("memory MiB                 {:.0}", server.memory());
    Ok(())
}

fn opened(server: &Server, token: &str) -> Result<String, String> {
    let body = json!({"title": "干线中断", "started_at": "2020-01-01T00:00:00Z"}).to_string();
    let mut client = Client::connect(server.port)?;
    let status = client.send(&request("POST", "/api/v1/incidents", token, &body))?;
    let made: Value = serde_json::from_slice(client.body()).map_err(|error| error.to_string())?;
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| format!("status {status}: {made}"))
}
