//! The server as a process: started, measured from outside, ended.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks a second in /proc, the same on every Linux this runs on.
const TICKS: f64 = 100.0;

/// A running server.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    /// From the start of the process until it listened.
    pub(super) started_in: Duration,
    place: Vec<String>,
}

impl Server {
    /// Starts this program as a server on a database.
    pub(super) fn start(data_dir: &Path, database_url: Option<&str>, key: &Path) -> Result<Self, String> {
        Self::start_with(data_dir, database_url, key, &[])
    }

    /// The same with more options of the server.
    pub(super) fn start_with(
        data_dir: &Path,
        database_url: Option<&str>,
        key: &Path,
        more: &[&str],
    ) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut place = match database_url {
            Some(url) => vec!["--database-url".to_owned(), url.to_owned()],
            None => vec!["--data-dir".to_owned(), data_dir.display().to_string()],
        };
        place.extend(["--master-key-file".to_owned(), key.display().to_string()]);
        let begun = Instant::now();
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&place)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let out = child.stdout.take().ok_or("no output of the server")?;
        let mut lines = BufReader::new(out).lines();
        let first = lines.next().and_then(Result::ok).ok_or("the server ended before it listened")?;
        let started_in = begun.elapsed();
        // The rest is read so that the server never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let port = first.rsplit_once(':').and_then(|(_, port)| port.trim().parse().ok());
        let port = port.ok_or_else(|| format!("no address in {first:?}"))?;
        Ok(Self { child, port, started_in, place })
    }

    /// A token with everything allowed.
    pub(super) fn token(&self) -> Result<String, String> {
        self.token_with(&[])
    }

    /// The same with more options.
    pub(super) fn token_with(&self, more: &[&str]) -> Result<String, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(program)
            .args(["token", "create", "--name", "bench", "--role", "admin"])
            .args(more)
            .args(&self.place)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Options that name its database and key.
    pub(super) fn place(&self) -> &[String] {
        &self.place
    }

    /// Processor seconds used so far.
    pub(super) fn cpu(&self) -> f64 {
        cpu_of(&self.child.id().to_string())
    }

    /// Anonymous memory in MiB.
    pub(super) fn memory(&self) -> f64 {
        memory_of(self.child.id())
    }

    /// All memory that is resident in MiB, pages of files among it.
    pub(super) fn resident(&self) -> f64 {
        let path = PathBuf::from(format!("/proc/{}/smaps_rollup", self.child.id()));
        mebibytes(&path, "Rss:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked politely, it finishes what it accepted; the deadline is for a server that does not.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(20) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Anonymous memory of a process in MiB.
pub(super) fn memory_of(process: u32) -> f64 {
    mebibytes(&PathBuf::from(format!("/proc/{process}/smaps_rollup")), "Anonymous:")
}

/// A figure the kernel says in KiB.
fn mebibytes(path: &Path, name: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib: f64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

/// Processor seconds of a process, `self` for this one.
pub(super) fn cpu_of(process: &str) -> f64 {
    cpu_at(process, 11)
}

/// Processor seconds of the commands this process ran to their end.
pub(super) fn cpu_of_commands() -> f64 {
    cpu_at("self", 13)
}

/// Two of the kernel's counters, for user and system.
fn cpu_at(process: &str, place: usize) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may hold blanks; the numbers follow it.
    let numbers = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = numbers.split_whitespace().skip(place).take(2).filter_map(|part| part.parse::<f64>().ok()).sum();
    ticks / TICKS
}

/// A folder that goes when dropped.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("redress-bench-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
