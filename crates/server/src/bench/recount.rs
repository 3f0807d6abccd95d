//! What a newer calendar costs: two are put into force by two people, as `redress pack activate` and `approve` do, on a
//! server that registers complaints meanwhile. The first is of a day far ahead, as calendars are announced, the second of
//! one a week ahead, and the third of the next working day, so that it moves every limit that spans it.

use super::backup::{copy, say};
use super::intake::measure;
use super::process::{Scratch, Server};
use super::seed::key_beside;
use crate::cli::{Place, wait};
use clap::Args;
use desk::activation::Activation;
use desk::time::Time;
use desk::{Caller, Desk};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use store::{Db, Options, Target};

/// The measurement waits no longer for a recount that does not end.
const LONGEST: Duration = Duration::from_secs(1800);
/// The calendar that changes, and the two persons behind it.
const CALENDAR: &str = "CN";
const ASKS: &str = "bench-asks";
const DECIDES: &str = "bench-decides";

/// Options of `bench recount`.
#[derive(Debug, Args)]
pub(super) struct Recount {
    /// Folder of a database made by `bench seed --one-open-in 1`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Connections that register.
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Seconds to measure without recounting.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

pub(super) fn run(ask: &Recount) -> Result<(), String> {
    let scratch = Scratch::new()?;
    copy(&ask.data_dir, &scratch.0)?;
    let key = key_beside(&ask.data_dir);
    let server = Server::start(&scratch.0, None, &key)?;
    let token = server.token()?;
    for name in [ASKS, DECIDES] {
        redress(&server, &["user", "add", name, "--role", "compliance"])?;
    }
    let desk = open(&scratch.0, &key)?;
    let calendar = desk.library().calendars().get(CALENDAR).ok_or("no calendar of China")?;
    let today = calendar.zone().to_datetime(desk.time().now()).date();
    let text = shipped("calendars/cn.toml")?;
    println!("SQLite, synchronous=FULL, {} connections, generator on the same machine", ask.connections);
    let time = Duration::from_secs(ask.seconds);
    measure(&server, &token, ask.connections, || std::thread::sleep(Duration::from_secs(2)))?;
    let alone = measure(&server, &token, ask.connections, || std::thread::sleep(time))?;
    say("without", &alone);
    // A version is the day of its last announcement: that of the calendar shipped, then three more.
    let first = calendar.version();
    let far = workday(today.saturating_add(30.days()));
    let week = workday(today.saturating_add(7.days()));
    let near = workday(today.tomorrow().unwrap_or(today));
    for (what, known_as_of, days) in [
        ("a day a month ahead", first.tomorrow().unwrap_or(first), vec![far]),
        ("a day a week ahead", first.saturating_add(2.days()), vec![week, far]),
        ("the next working day", first.saturating_add(3.days()), vec![near, week, far]),
    ] {
        let file = scratch.0.join("calendar.toml");
        let changed = with_days_off(&text, known_as_of, &days)?;
        std::fs::write(&file, changed).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut ended = Err("nothing was put into force".to_owned());
        let beside = measure(&server, &token, ask.connections, || {
            ended = put_into_force(&server, &file, today).and_then(|()| recounted(&desk, known_as_of));
        })?;
        let (activation, took) = ended?;
        let looked = activation.looked;
        println!("{what}");
        say("  beside it", &beside);
        println!("  open cases, moved        {looked}, {} in {took:.1} s", activation.moved);
        println!("  entries written          {:.0} /s", activation.moved as f64 / took.max(0.001));
        println!("  intake kept              {:.0} %", beside.rate() / alone.rate() * 100.0);
    }
    desk.db().close();
    Ok(())
}

fn open(folder: &Path, key: &Path) -> Result<Desk, String> {
    let target = Target::Sqlite(folder.join("redress.db"));
    let db = Db::open(&target, &Options::small()).map_err(|error| error.to_string())?;
    Place { master_key_file: Some(key.to_owned()), ..Place::default() }.desk(db, Time::System)
}

/// A pack or calendar as it was shipped.
pub(super) fn shipped(path: &str) -> Result<String, String> {
    let file = crate::data::packs(None)?.into_iter().find(|file| file.path == path);
    file.map(|file| file.text).ok_or_else(|| format!("no {path}"))
}

fn workday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day.saturating_add(2.days()),
        Weekday::Sunday => day.saturating_add(1.days()),
        _ => day,
    }
}

/// The calendar with days off more than there were.
pub(super) fn with_days_off(text: &str, known_as_of: Date, days: &[Date]) -> Result<String, String> {
    let line = text.lines().find(|line| line.starts_with("known_as_of")).ok_or("the calendar says no date")?;
    let mut text = text.replace(line, &format!("known_as_of = {known_as_of}"));
    for day in days {
        text.push_str("\n[[holiday]]\nname = { zh = \"新增\", en = \"added\" }\n");
        let _ = writeln!(text, "on = {day}\nannounced = {known_as_of}");
    }
    Ok(text)
}

/// Two people put the file into force.
fn put_into_force(server: &Server, file: &Path, day: Date) -> Result<(), String> {
    let (file, day) = (file.display().to_string(), day.to_string());
    let arguments = ["pack", "activate", &file, "--calendar", "--effective", &day, "--note", "measured", "--as", ASKS];
    let printed = redress(server, &arguments)?;
    let id = printed.split_whitespace().next().unwrap_or_default();
    redress(server, &["pack", "approve", id, "--as", DECIDES]).map(drop)
}

/// Waits until the last open case has been looked at; seconds from the moment the calendar holds.
fn recounted(desk: &Desk, version: Date) -> Result<(Activation, f64), String> {
    let begun = Instant::now();
    while begun.elapsed() < LONGEST {
        let caller = Caller::system(desk.root());
        let all = wait(desk.activations(&caller))?;
        let mine = all.into_iter().find(|one| one.version == version.to_string());
        if let Some((activation, (from, to))) =
            mine.and_then(|one| Some((one.clone(), one.holds_at.zip(one.recounted_at)?)))
        {
            return Ok((activation, from.duration_until(to).as_secs_f64()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("the recount did not end".to_owned())
}

/// Runs this program as a command on a server's database; gives what it printed.
pub(super) fn redress(server: &Server, arguments: &[&str]) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output =
        Command::new(program).args(arguments).args(server.place()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
