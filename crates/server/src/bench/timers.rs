//! Timers: a house with a million open clocks, of which a thousand reach a part of their time each second. The server
//! runs as a process of its own; how late each case was woken stands in the log.

use super::process::Server;
use super::seed::key_beside;
use crate::cli::{Place, told, wait};
use clap::Args;
use desk::queries::list::{Filter, Order};
use desk::seed::Life;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, DeskError};
use domain::event::Event;
use domain::intake::Intake;
use domain::refusal::Refusal;
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::time::{Duration, Instant};
use store::{Db, Options, Target};

/// Options of `bench timers`.
#[derive(Debug, Args)]
pub(super) struct Timers {
    /// Open clocks in the house, about.
    #[arg(long, default_value_t = 1_000_000)]
    clocks: u64,
    /// Cases woken a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u64,
    /// Seconds of it.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// The clock that is watched: it warns when half of its 48 hours has passed.
const RULE: &str = "response";
const HALF: SignedDuration = SignedDuration::from_hours(24);
/// Cases that are woken lie here, all others elsewhere.
const HERE: &str = "460100";
const ELSEWHERE: &str = "310115";
/// From the end of the preparations to the first case: the server starts, and stands idle for a while.
const BEFORE: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(8);

pub(super) fn run(ask: &Timers) -> Result<(), String> {
    let folder = tempfile()?;
    let outcome = measure(ask, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    let _ = std::fs::remove_file(key_beside(&folder));

    outcome
}

fn tempfile() -> Result<std::path::PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("redress-timers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn open(folder: &std::path::Path) -> Result<Desk, String> {
    let target = Target::Sqlite(folder.join("redress.db"));
    let db = Db::open(&target, &Options::default()).map_err(|error| error.to_string())?;
    db.migrate().map_err(|error| error.to_string())?;
    let place = Place { master_key_file: Some(key_beside(folder)), ..Place::default() };
    place.desk(db, Time::System)
}

fn measure(ask: &Timers, folder: &std::path::Path) -> Result<(), String> {
    let desk = open(folder)?;
    let system = Caller::system(desk.root());
    let now = desk.time().now();
    let each = wait(async {
        desk.seed(&system, vec![life(ELSEWHERE, now).map_err(DeskError::from)?]).await?;
        let all = desk.list(&system, &Filter { order: Order::Received, ..Filter::default() }).await?;
        let first = all.items.first().ok_or_else(|| DeskError::Damaged("no case".to_owned()))?.id;
        Ok(desk.case(&system, &CaseRef::Id(first)).await?.case.clocks.len().max(1) as u64)
    })?;
    let others = ask.clocks / each;
    wait(fill(&desk, others, ELSEWHERE, move |_| now))?;
    // Preparing the cases to be woken takes a while too, so the first moment lies behind it.
    let woken = ask.rate * ask.seconds;
    let first = desk.time().now() + SignedDuration::from_secs(20 + i64::try_from(woken / 2_000).unwrap_or(0));
    let step = 1_000_000 / i64::try_from(ask.rate).unwrap_or(1);
    let moment = move |n: u64| first + SignedDuration::from_micros(i64::try_from(n).unwrap_or(0) * step);
    wait(fill(&desk, woken, HERE, move |n| moment(n) - HALF))?;
    desk::jobs::checkpoint::seal_all(&desk).map_err(|error| told(&error))?;
    desk.db().close();
    println!("open clocks                about {}", (others + woken) * each);
    let server = Server::start(folder, None, &key_beside(folder))?;
    std::thread::sleep(Duration::from_secs(2));
    let (before, begun) = (server.cpu(), Instant::now());
    let quiet = Timestamp::now().duration_until(first);
    let quiet = Duration::try_from(quiet).unwrap_or_default().min(IDLE).saturating_sub(Duration::from_millis(500));
    std::thread::sleep(quiet);
    println!("processor while idle       {:.2} %", (server.cpu() - before) / begun.elapsed().as_secs_f64() * 100.0);
    let last = Duration::try_from(Timestamp::now().duration_until(moment(woken))).unwrap_or_default();
    let (before, begun) = (server.cpu(), Instant::now());
    std::thread::sleep(last);
    println!("processor while waking     {:.0} %", (server.cpu() - before) / begun.elapsed().as_secs_f64() * 100.0);
    std::thread::sleep(BEFORE.min(Duration::from_secs(5)));
    drop(server);
    report(&open(folder)?, ask)
}

/// How late each case was woken, by its log.
fn report(desk: &Desk, ask: &Timers) -> Result<(), String> {
    let system = Caller::system(desk.root());
    let mut late = Histogram::<u64>::new(3).map_err(|error| error.to_string())?;
    let (mut once, mut never, mut again) = (0_u64, 0_u64, 0_u64);
    wait(async {
        let mut filter =
            Filter { region: Some(HERE.to_owned()), order: Order::Received, limit: 250, ..Filter::default() };
        loop {
            let page = desk.list(&system, &filter).await?;
            for listed in &page.items {
                let view = desk.case(&system, &CaseRef::Id(listed.id)).await?;
                let due = view.case.received_at + HALF;
                let rang = view.entries.iter().filter(|entry| {
                    entry
                        .events
                        .iter()
                        .any(|event| matches!(event, Event::Warned { rule, percent: 50, .. } if rule == RULE))
                });
                let times: Vec<Timestamp> = rang.map(|entry| entry.at).collect();
                match times.as_slice() {
                    [] => never += 1,
                    [at] => {
                        once += 1;
                        let micros = due.duration_until(*at).as_micros().max(0);
                        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
                        late.record(micros).map_err(|error| DeskError::Damaged(error.to_string()))?;
                    }
                    _ => again += 1,
                }
            }
            match page.next {
                Some(next) => filter.after = Some(next),
                None => return Ok(()),
            }
        }
    })?;
    desk.db().close();
    println!("due each second            {}", ask.rate);
    println!("woken once, twice, never   {once}, {again}, {never}");
    println!("late ms                    {}", super::intake::percentiles(&late));
    Ok(())
}

async fn fill(
    desk: &Desk,
    count: u64,
    region: &'static str,
    received: impl Fn(u64) -> Timestamp + Send + Sync + Copy + 'static,
) -> Result<(), DeskError> {
    let mut under_way = tokio::task::JoinSet::new();
    let mut next = 0;
    while next < count || !under_way.is_empty() {
        if next < count && under_way.len() < 3 {
            let (desk, from, to) = (desk.clone(), next, (next + 1_000).min(count));
            next = to;
            under_way.spawn(async move {
                let lives = (from..to).map(|n| life(region, received(n))).collect::<Result<Vec<_>, _>>()?;
                desk.seed(&Caller::system(desk.root()), lives).await
            });
        } else if let Some(done) = under_way.join_next().await {
            done.map_err(|error| DeskError::Damaged(error.to_string()))??;
        }
    }
    Ok(())
}

fn life(region: &str, registered_at: Timestamp) -> Result<Life, Refusal> {
    let intake = json!({
        "kind": "complaint", "accept_channel": "hotline", "category": "A301",
        "description": "宽带断网，收款码无法使用，要求尽快修复。",
        "complainant": {"name": "王小明"}, "region": region, "place": {"area_type": "urban"},
    });
    let intake = Intake::read(intake).map_err(Refusal::invalid)?;
    Ok(Life { intake, registered_at, then: Vec::new() })
}
