//! A full disk and one that cannot be written to, under a running server on the embedded database: every request gets
//! a clear answer, nothing acknowledged is lost, and the server goes on by itself when it can.
//!
//! A small file system in memory is the disk where one may be mounted (as root); a limit on the size of files stands
//! for it everywhere.

use crate::BODY;
use crate::program::{Answer, Place, Program, remove};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Room for some hundred registrations.
const SMALL: &str = "size=16m";
const LARGE: &str = "size=256m";
/// The duties of a server notice within seconds; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())
}

/// A disk of its own under a folder; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// None, with the reason printed, where nothing may be mounted.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let path = at.to_str().unwrap();
        if run("mount", &["-t", "tmpfs", "-o", SMALL, "tmpfs", path]).is_none() {
            eprintln!("no file system may be mounted here: this test of a full disk is left out");
            return None;
        }
        Some(Self(at.to_owned()))
    }

    fn now(&self, option: &str) {
        let option = format!("remount,{option}");
        run("mount", &["-o", &option, self.0.to_str().unwrap()]).unwrap_or_else(|| panic!("{option}"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A server that is just ending may hold it for a moment.
        for _ in 0..50 {
            if run("umount", &[self.0.to_str().unwrap()]).is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        eprintln!("{} is still mounted", self.0.display());
    }
}

/// A server with what it acknowledged.
struct Witness {
    program: Program,
    bearer: String,
    known: Vec<String>,
}

impl Witness {
    fn of(program: Program) -> Self {
        let bearer = format!("Bearer {}", program.place.token());
        Self { program, bearer, known: Vec::new() }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers =
            [("Authorization", self.bearer.as_str()), ("Content-Type", "application/json"), ("Accept-Language", "en")];
        self.program.send(method, path, &headers, body).unwrap()
    }

    fn register(&mut self) -> Answer {
        let answer = self.ask("POST", "/api/v1/complaints", BODY);
        if answer.status == 201 {
            self.known.push(answer.json()["id"].as_str().unwrap().to_owned());
        }
        answer
    }

    /// Registers until the disk takes nothing more: the first refusal.
    fn until_refused(&mut self) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.register();
            if answer.status != 201 {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE * 4, "the disk never filled up");
        }
    }

    /// Waits until the server says of itself whether it is ready.
    fn readiness(&self, status: u16) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.ask("GET", "/readyz", "");
            if answer.status == status {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "still {answer:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn nothing_is_lost(&self) {
        assert!(!self.known.is_empty());
        for id in &self.known {
            assert_eq!(self.ask("GET", &format!("/api/v1/complaints/{id}"), "").status, 200, "{id} is lost");
        }
    }

    /// The newest case is found by its words, whatever became of the index.
    fn the_newest_is_found(&self) -> bool {
        let answer = self.ask("GET", "/api/v1/complaints?q=%E5%9B%9E%E7%94%B5&sort=-received&limit=1", "");
        assert_eq!(answer.status, 200, "{answer:?}");
        let found = answer.json();
        let newest = found["items"][0]["id"].as_str() == self.known.last().map(String::as_str);
        assert!(newest || found["complete"] == false, "{answer:?}");
        newest && found["complete"] == true
    }

    /// While nothing can be written: clear answers, reading goes on, and nobody is told that all is well.
    fn suffers(&mut self) {
        assert_refused(&self.until_refused());
        for _ in 0..5 {
            // What the index puts away meanwhile may leave room for some more.
            assert_refused(&self.until_refused());
        }
        self.nothing_is_lost();
        self.the_newest_is_found();
        assert_refused(&self.until_refused());
        let told = self.readiness(503);
        assert!(told.body.contains("nothing can be written"), "{told:?}");
        assert_eq!(self.ask("GET", "/healthz", "").status, 200, "it lives: a restart would not help");
    }

    /// Once it can write again, without anybody's help.
    fn recovers(mut self) {
        self.readiness(200);
        assert_eq!(self.register().status, 201, "it goes on by itself");
        self.nothing_is_lost();
        let begun = Instant::now();
        while !self.the_newest_is_found() {
            assert!(begun.elapsed() < PATIENCE * 4, "the index never caught up");
            std::thread::sleep(Duration::from_millis(100));
        }
        let count = self.known.len();
        let place = self.program.stop();
        let report: serde_json::Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
        assert_eq!(report["cases"].as_u64().unwrap(), count as u64, "what was refused is not there either");
        assert_eq!(report["unsealed"].as_u64().unwrap(), 0, "sealing went on");
    }
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.to_lowercase().contains("retry-after"), "{answer:?}");
    let problem = answer.json();
    let code = problem["code"].as_str().unwrap();
    assert!(["disk_full", "read_only", "unavailable"].contains(&code), "{answer:?}");
    assert!(problem["detail"].as_str().unwrap().contains("nothing was saved"), "{answer:?}");
}

#[test]
fn a_full_disk_is_said_and_survived() {
    let place = Place::new(None);
    let folder = place.folder.clone();
    if let Some(disk) = Disk::mount(&folder.join("data")) {
        let mut witness = Witness::of(Program::at(place, &[]));
        witness.suffers();
        let told = witness.until_refused().json();
        assert_eq!(told["code"], "disk_full", "{told}");
        assert!(witness.readiness(503).body.contains("the disk is full"));
        disk.now(LARGE);
        witness.recovers();
    }
    remove(&folder);
}

#[test]
fn a_disk_that_refuses_every_write_is_said_and_survived() {
    let place = Place::new(None);
    let folder = place.folder.clone();
    if run("prlimit", &["--version"]).is_none() {
        eprintln!("there is no prlimit here: a disk that refuses every write is left out");
        return remove(&folder);
    }
    // A process is killed for writing beyond its limit unless it was started without minding.
    let serve = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    // Its log lies on that disk too.
    command
        .args(["-c", "trap '' XFSZ; exec \"$@\" 2>>server.log", "sh"])
        .arg(serve.get_program())
        .args(serve.get_args());
    command.current_dir(&folder);
    let mut witness = Witness::of(Program::from(place, command));
    assert_eq!(witness.register().status, 201);
    let process = witness.program.process().to_string();
    // Only the soft limit, so that it can be lifted again without being root.
    run("prlimit", &["--pid", &process, "--fsize=1:"]).unwrap();
    witness.suffers();
    run("prlimit", &["--pid", &process, "--fsize=unlimited:"]).unwrap();
    witness.recovers();
    remove(&folder);
}

#[test]
fn a_read_only_disk_keeps_the_server_from_starting_and_does_no_harm() {
    let place = Place::new(None);
    let folder = place.folder.clone();
    if let Some(disk) = Disk::mount(&folder.join("data")) {
        let mut witness = Witness::of(Program::at(place, &[]));
        assert_eq!(witness.register().status, 201);
        let Witness { program, bearer, known } = witness;
        let place = program.stop();
        disk.now("ro");
        let output = place.run(&["serve", "--listen", "127.0.0.1:0"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("redress.db"), "{said}");
        assert!(said.contains("read-only") || said.contains("readonly") || said.contains("unable to open"), "{said}");
        disk.now("rw");
        let witness = Witness { program: Program::at(place, &[]), bearer, known };
        witness.recovers();
    }
    remove(&folder);
}
