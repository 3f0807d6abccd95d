//! Registrations with and without a backup beside them, on one database in one run: what a backup costs those who work
//! meanwhile.

use super::intake::{Measured, measure, percentiles};
use super::process::{Scratch, Server};
use super::seed::key_beside;
use clap::Args;
use desk::search;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The measurement waits no longer for a backup that does not end.
const LONGEST: Duration = Duration::from_secs(3600);

/// Options of `bench backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Folder of a database made by `bench seed`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`; cases are added to it.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Seconds to measure without a backup, before and after it.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Share of the time the backup works, in percent; that of `redress backup` if left out.
    #[arg(long, value_name = "PERCENT")]
    rate: Option<u8>,
}

pub(super) fn run(ask: &Backup) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let (folder, key) = match &ask.data_dir {
        Some(from) => {
            copy(from, &scratch.0)?;
            (scratch.0.clone(), ask.master_key_file.clone().unwrap_or_else(|| key_beside(from)))
        }
        None => (scratch.0.clone(), ask.master_key_file.clone().ok_or("name the key file with --master-key-file")?),
    };
    let server = Server::start(&folder, ask.database_url.as_deref(), &key)?;
    let token = server.token()?;
    let plain = || measure(&server, &token, ask.connections, || std::thread::sleep(Duration::from_secs(ask.seconds)));
    measure(&server, &token, ask.connections, || std::thread::sleep(Duration::from_secs(2)))?;
    let before = plain()?;
    let file = scratch.0.join("bench.backup");
    let begun = Instant::now();
    let mut making = Making(start(ask, &server, &file)?);
    let mut ended = Ok(());
    let beside = measure(&server, &token, ask.connections, || ended = making.wait())?;
    ended?;
    let took = begun.elapsed().as_secs_f64();
    let after = plain()?;
    drop(server);
    let bytes = std::fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?.len();
    let mean = f64::midpoint(before.rate(), after.rate());
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, {} connections, generator and backup on the same machine", ask.connections);
    say("without, before", &before);
    say("beside the backup", &beside);
    say("without, after", &after);
    println!("backup                     {:.0} MiB in {took:.1} s", bytes as f64 / 1024.0 / 1024.0);
    println!("intake kept                {:.0} %", beside.rate() / mean * 100.0);
    Ok(())
}

pub(super) fn say(what: &str, measured: &Measured) {
    println!("{what:<26} {:.0} registrations/s   {}", measured.rate(), percentiles(&measured.latency));
}

/// Copies a folder whose database nobody has open, with what is left of its journal and with its index of words: a
/// server that made one first would be measured beside that.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let mut files: Vec<PathBuf> = ["redress.db", "redress.db-wal"]
        .into_iter()
        .map(PathBuf::from)
        .filter(|name| from.join(name).exists())
        .collect();
    let mut copied = || {
        let index = search::folder(Path::new(""));
        under(from, &index, &mut files)?;
        for name in &files {
            let target = to.join(name);
            target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::copy(from.join(name), &target)?;
            // What the system would write to the disk later would be measured with what comes after.
            std::fs::File::open(&target)?.sync_all()?;
        }
        Ok(())
    };
    copied().map_err(|error: std::io::Error| format!("{}: {error}", from.display()))
}

/// Files of a folder below another, by their names from there.
fn under(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !root.join(folder).is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            under(root, &name, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

fn start(ask: &Backup, server: &Server, file: &Path) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("backup").arg(file).args(server.place()).stdout(Stdio::null());
    if let Some(rate) = ask.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    command.spawn().map_err(|error| error.to_string())
}

/// A backup under way; it does not outlive the measurement.
struct Making(Child);

impl Making {
    fn wait(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST {
            if let Some(status) = self.0.try_wait().map_err(|error| error.to_string())? {
                return if status.success() { Ok(()) } else { Err(format!("the backup failed: {status}")) };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the backup did not end".to_owned())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
