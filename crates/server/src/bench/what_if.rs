//! What asking costs: `redress pack whatif` on a large database, once with a draft that moves a limit of every case, and
//! once with a calendar that moves what spans a day.

use super::process::{Scratch, cpu_of, memory_of};
use super::recount::{shipped, with_days_off};
use clap::Args;
use jiff::civil::date;
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The measurement waits no longer for an answer.
const LONGEST: Duration = Duration::from_secs(1800);

/// Options of `bench whatif`.
#[derive(Debug, Args)]
pub(super) struct WhatIf {
    /// Folder of a database made by `bench seed`; nothing is written to it. Its file is read once before.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`; needs its key file.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
}

pub(super) fn run(ask: &WhatIf) -> Result<(), String> {
    let scratch = Scratch::new()?;
    if let Some(folder) = &ask.data_dir {
        read_through(&folder.join("redress.db"))?;
    }
    let calendar = shipped("calendars/cn.toml")?;
    // A Wednesday, in every case's year.
    let day = date(2026, 9, 16);
    for (what, name, text) in [
        ("an answer an hour earlier", "pack.toml", hour_earlier(&shipped("guide-standard.toml")?)?),
        ("a day off more", "calendar.toml", with_days_off(&calendar, date(2099, 1, 1), &[day])?),
    ] {
        let file = scratch.0.join(name);
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        let begun = Instant::now();
        let (found, cpu, memory) = Asking(start(ask, &file)?).answer()?;
        let took = begun.elapsed().as_secs_f64();
        let count = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or(0);
        println!("{what}");
        println!("  cases, different         {}, {}", count("cases"), count("changed"));
        println!("  took                     {took:.1} s, {cpu:.1} processor seconds");
        let part = |of: usize| memory.get(memory.len() * of / 10).copied().unwrap_or(0.0);
        println!(
            "  memory MiB               {:.0} after a tenth, {:.0} half way, {:.0} near the end",
            part(1),
            part(5),
            part(9)
        );
    }
    Ok(())
}

/// Reads a file once, so that not the disk is measured, which the others' copies are spared too.
fn read_through(path: &Path) -> Result<(), String> {
    let read = std::fs::File::open(path).and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
    read.map(drop).map_err(|error| format!("{}: {error}", path.display()))
}

/// The guide in a version of its own whose answer is due an hour earlier.
fn hour_earlier(guide: &str) -> Result<String, String> {
    let line = guide.lines().find(|line| line.starts_with("version = ")).ok_or("the guide says no version")?;
    let guide = guide.replacen(line, "version = \"99.0.0\"", 1);
    let (before, after) = guide.split_once("id = \"response\"").ok_or("the guide has no answer")?;
    Ok(format!("{before}id = \"response\"{}", after.replacen("48h", "47h", 1)))
}

fn start(ask: &WhatIf, draft: &Path) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = ask.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let key = ask.master_key_file.clone().unwrap_or_else(|| super::seed::key_beside(&folder));
    let mut command = Command::new(program);
    command.args(["pack", "whatif", "--json"]).arg(draft).arg("--master-key-file").arg(key).stdout(Stdio::piped());
    match &ask.database_url {
        Some(url) => command.args(["--database-url", url]),
        None => command.arg("--data-dir").arg(folder),
    };
    command.spawn().map_err(|error| error.to_string())
}

/// A question under way; it does not outlive the measurement.
struct Asking(Child);

impl Asking {
    /// The answer, the processor seconds and the memory from moment to moment.
    fn answer(mut self) -> Result<(Value, f64, Vec<f64>), String> {
        let mut out = self.0.stdout.take().ok_or("no output of the command")?;
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        });
        let (begun, process) = (Instant::now(), self.0.id());
        let (mut cpu, mut memory) = (0.0, Vec::new());
        while begun.elapsed() < LONGEST {
            if let Some(status) = self.0.try_wait().map_err(|error| error.to_string())? {
                let text = reader.join().map_err(|_| "the answer was not read".to_owned())?;
                let text = text.map_err(|error| error.to_string())?;
                if !status.success() {
                    return Err(format!("the question failed: {status}"));
                }
                let found = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                return Ok((found, cpu, memory));
            }
            cpu = cpu_of(&process.to_string()).max(cpu);
            memory.push(memory_of(process));
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the question did not end".to_owned())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
