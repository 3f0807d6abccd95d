//! Filling a database: whole lives through the pure core, thousands to a transaction.

use super::texts;
use crate::cli::{Place, told};
use clap::Args;
use desk::search::{self, Feeder};
use desk::seed::Life;
use desk::time::Time;
use desk::{Caller, Desk, DeskError};
use domain::actor::{Actor, ActorId};
use domain::command::Command;
use domain::ids::UserId;
use domain::intake::Intake;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{Db, Options, Target};

/// Lives in one transaction.
const BATCH: u64 = 1_000;
/// Transactions made ready at the same time.
const AHEAD: usize = 3;

/// Options of `bench seed`.
#[derive(Debug, Args)]
pub(super) struct Seed {
    /// Folder of a new embedded database. Keep it: the measurement of lists wants it again.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL instead; the database must be empty.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// How many cases.
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// One case in so many is still open.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    one_open_in: u64,
}

/// The key file of a database for measurements.
pub(super) fn key_beside(folder: &Path) -> PathBuf {
    folder.with_extension("key")
}

pub(super) fn run(ask: &Seed) -> Result<(), String> {
    let folder = ask.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let target = match &ask.database_url {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(folder.join("redress.db")),
    };
    if let Target::Sqlite(path) = &target {
        if path.exists() {
            return Err(format!("{} exists; bench seed fills new databases only", path.display()));
        }
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let db = Db::open(&target, &Options::default()).map_err(|error| error.to_string())?;
    db.migrate().map_err(|error| error.to_string())?;
    let place = Place {
        master_key_file: Some(ask.master_key_file.clone().unwrap_or_else(|| key_beside(&folder))),
        ..Place::default()
    };
    let desk = place.desk(db, Time::System)?;
    let begun = Instant::now();
    let entries = crate::cli::wait(fill(&desk, ask.cases, ask.one_open_in))?;
    let took = begun.elapsed().as_secs_f64();
    desk::jobs::checkpoint::seal_all(&desk).map_err(|error| told(&error))?;
    let sealed = begun.elapsed().as_secs_f64() - took;
    // What has been at work for long is counted too; else every measurement would run beside the first count.
    desk::jobs::rollup::go_on(&desk, "seed", 0, || false).map_err(|error| told(&error))?;
    let counted = begun.elapsed().as_secs_f64() - took - sealed;
    // Likewise its index of words; that of a server on PostgreSQL lies with the server.
    if ask.database_url.is_none() {
        Feeder::new(desk.clone(), &search::folder(&folder)).go_on(&|| false).map_err(|error| told(&error))?;
    }
    let indexed = begun.elapsed().as_secs_f64() - took - sealed - counted;
    desk.db().close();
    println!(
        "{} cases with {entries} entries in {took:.1} s ({:.0} cases/s); sealed in {sealed:.1} s, counted in {counted:.1} s, \
         indexed in {indexed:.1} s",
        ask.cases,
        ask.cases as f64 / took
    );
    Ok(())
}

async fn fill(desk: &Desk, cases: u64, one_open_in: u64) -> Result<u64, DeskError> {
    let now = desk.time().now();
    let mut under_way = std::collections::VecDeque::new();
    let mut entries = 0;
    let mut next = 0;
    while next < cases || !under_way.is_empty() {
        if next < cases && under_way.len() < AHEAD {
            let (desk, from, to) = (desk.clone(), next, (next + BATCH).min(cases));
            next = to;
            under_way.push_back(tokio::spawn(async move {
                let caller = Caller::system(desk.root());
                let lives =
                    (from..to).map(|n| life(&desk, n, cases, one_open_in, now)).collect::<Result<Vec<_>, _>>()?;
                desk.seed(&caller, lives).await
            }));
        } else if let Some(first) = under_way.pop_front() {
            entries += first.await.map_err(|error| DeskError::Damaged(error.to_string()))??;
        }
    }
    Ok(entries)
}

const REGIONS: [&str; 8] = ["310115", "330106", "510107", "440305", "610113", "320102", "420106", "110105"];
const CATEGORIES: [&str; 12] =
    ["A101", "A201", "A301", "B102", "B204", "B301", "C101", "C201", "D102", "E102", "F301", "G102"];

/// Of these the ones that are urgent or a red line by the tree.
const GRAVE: [&str; 3] = ["C101", "C201", "F301"];

/// The n-th life: one case in so many is still open, spread over a year and over states.
fn life(desk: &Desk, n: u64, cases: u64, one_open_in: u64, now: Timestamp) -> Result<Life, Refusal> {
    let pick = |list: &[&'static str], by: u64| {
        let place = usize::try_from(n / by).unwrap_or(0) % list.len().max(1);
        list.get(place).copied().unwrap_or_default()
    };
    let year = 365 * 24 * 60;
    let age = i64::try_from((cases - n) * year / cases.max(1)).unwrap_or(0);
    let open = n.is_multiple_of(one_open_in);
    // Open cases are young, as they are in a house that works.
    let registered_at = now - SignedDuration::from_mins(if open { age % (6 * 24 * 60) } else { age } + 5);
    let phone = 13_500_000_000 + n * 7_919 % 400_000_000;
    let (category, safety) = (pick(&CATEGORIES, 3), n.is_multiple_of(25));
    let texts = texts::of(n);
    let mut intake = json!({
        "kind": "complaint",
        "accept_channel": "hotline",
        "category": category,
        "complainant": {"name": "王小明", "phone": phone.to_string()},
        "subscription": {"number": phone.to_string(), "product": "mobile", "star": n % 6},
        "region": pick(&REGIONS, 1),
        "assessment": {"mass": n.is_multiple_of(9), "safety": safety},
    });
    texts.fill(&mut intake);
    let intake = Intake::read(intake).map_err(Refusal::invalid)?;
    let agent = person(desk, 1);
    let answer = "已说明订购来源并致歉，退费已到账，客户表示认可。";
    let mut steps: Vec<(i64, u128, &str, Value)> = vec![
        (20, 1, "accept", json!({})),
        (60, 1, "note", json!({"text": texts.note})),
        (120, 1, "propose", json!({"outcome": texts.outcome})),
        (30, 2, "approve", json!({})),
    ];
    // The practice of the guide wants answers in urgent cases and about red lines read by a second person.
    if safety || GRAVE.contains(&category) {
        steps.push((10, 1, "ask-reading", json!({"paper": "reply", "content": answer})));
        steps.push((10, 2, "release-reading", json!({"reading": 1})));
        steps.push((10, 1, "reply", json!({"mode": "phone", "reading": 1})));
    } else {
        steps.push((30, 1, "reply", json!({"mode": "phone", "content": answer})));
    }
    steps.extend([
        (5, 1, "set-cause", json!({"cause": "MKT.CONS"})),
        (5, 1, "ask-satisfaction", json!({"mode": "phone"})),
        (10, 1, "close", json!({})),
    ]);
    let how_far = if open { usize::try_from(n / one_open_in % 6).unwrap_or(0) } else { steps.len() };
    let mut then = Vec::with_capacity(how_far);
    let mut at = registered_at;
    for (minutes, who, verb, body) in steps.into_iter().take(how_far) {
        at += SignedDuration::from_mins(minutes);
        let Some(Ok(command)) = Command::read(verb, body) else { continue };
        then.push((if who == 1 { agent.clone() } else { person(desk, who) }, at, command));
    }
    Ok(Life { intake, registered_at, then })
}

fn person(desk: &Desk, n: u128) -> Caller {
    let system = Caller::system(desk.root());
    let id = ActorId::User(UserId(uuid::Uuid::from_u128(n)));
    Caller { actor: Actor { id, ..system.actor }, ..system }
}
