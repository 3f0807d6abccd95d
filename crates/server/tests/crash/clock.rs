//! The clock of a running server jumps by a day, forward and back: whatever was due is told once, nothing is lost, nothing
//! acknowledged disappears, and the log goes on being sealed.

use crate::BODY;
use crate::program::{Place, Program, remove};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where Debian's package `faketime` puts the library that shifts a process's clock.
fn library() -> Option<PathBuf> {
    let of = |machine: &str| PathBuf::from(format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1"));
    [of("x86_64"), of("aarch64")].into_iter().find(|path| path.exists())
}

/// A server whose clock is shifted by what a file says.
struct Shifted {
    program: Program,
    file: PathBuf,
    bearer: String,
    days: i64,
}

impl Shifted {
    fn start(place: Place, library: &Path) -> Self {
        let file = place.folder.join("shift");
        std::fs::write(&file, "+0").unwrap();
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &file)
            .env("FAKETIME_NO_CACHE", "1")
            // Only what the clock on the wall shows jumps; time that passes goes on.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let program = Program::from(place, command);
        let bearer = format!("Bearer {}", program.place.token());
        Self { program, file, bearer, days: 0 }
    }

    fn jump_to(&mut self, days: i64) {
        // Renamed into place, so that the server never reads half of it.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{days:+}d")).unwrap();
        std::fs::rename(&next, &self.file).unwrap();
        self.days = days;
    }

    /// Now, as the server sees it.
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_hours(24 * self.days)
    }

    fn post(&self, path: &str, version: i64, body: &str) -> Value {
        let seen = format!("\"{version}\"");
        let headers = [
            ("Authorization", self.bearer.as_str()),
            ("Content-Type", "application/json"),
            ("If-Match", seen.as_str()),
        ];
        let answer = self.program.send("POST", path, &headers, body).unwrap();
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        answer.json()
    }

    /// A new case with a promise that breaks in a moment.
    fn case(&self) -> String {
        let case = self.post("/api/v1/complaints", 0, BODY);
        let registered: Timestamp = case["registered_at"].as_str().unwrap().parse().unwrap();
        assert!(registered.duration_until(self.now()).abs() < SignedDuration::from_mins(1), "the clock has jumped");
        let id = case["id"].as_str().unwrap().to_owned();
        let due = self.now() + SignedDuration::from_secs(4);
        let promise = format!(r#"{{"what":"回电","due_at":"{due}"}}"#);
        self.post(&format!("/api/v1/complaints/{id}/promise"), 1, &promise);
        id
    }

    fn events(&self, case: &str) -> String {
        let headers = [("Authorization", self.bearer.as_str())];
        let answer = self.program.send("GET", &format!("/api/v1/complaints/{case}/events"), &headers, "").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Waits until a case tells something, and a moment more in which it must not tell it twice.
    fn told_once(&self, case: &str, what: &str) {
        let began = Instant::now();
        while !self.events(case).contains(what) {
            assert!(began.elapsed() < Duration::from_secs(30), "{what} is lost: {}", self.events(case));
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_millis(700));
        assert_eq!(self.events(case).matches(what).count(), 1, "{}", self.events(case));
    }

    /// Waits until the clock of 48 hours has told of its half, and looks that none told anything twice.
    fn warned_once(&self, case: &str) {
        let began = Instant::now();
        loop {
            let mut told = Vec::new();
            warnings(&serde_json::from_str(&self.events(case)).unwrap(), &mut told);
            let once: BTreeSet<_> = told.iter().collect();
            assert_eq!(once.len(), told.len(), "{told:?}");
            if told.contains(&("response".to_owned(), 50)) {
                return assert!(!told.iter().any(|(rule, percent)| rule == "response" && *percent > 50), "{told:?}");
            }
            assert!(began.elapsed() < Duration::from_secs(30), "the warning is lost: {told:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Rule and percentage of every warning in an answer.
fn warnings(answer: &Value, told: &mut Vec<(String, u64)>) {
    match answer {
        Value::Array(list) => list.iter().for_each(|one| warnings(one, told)),
        Value::Object(one) => {
            if one.get("type").is_some_and(|kind| kind == "warned") {
                told.push((one["rule"].as_str().unwrap().to_owned(), one["percent"].as_u64().unwrap()));
            }
            one.values().for_each(|part| warnings(part, told));
        }
        _ => {}
    }
}

#[test]
fn a_clock_that_jumps_by_a_day_loses_nothing_and_tells_nothing_twice() {
    let Some(library) = library() else {
        eprintln!("the package faketime is missing: this test of a clock that jumps is left out");
        return;
    };
    let place = Place::new(None);
    let folder = place.folder.clone();
    let mut server = Shifted::start(place, &library);
    let mut cases = Vec::new();
    for days in [0, 1, 0, -1, 0, 1] {
        server.jump_to(days);
        let case = server.case();
        server.told_once(&case, "promise_broken");
        cases.push(case);
        // Half of the 48 hours of whoever was registered a day earlier has passed, whatever the clock showed between.
        if days == 1 {
            server.warned_once(&cases[0]);
        }
        for case in &cases {
            assert_eq!(server.events(case).matches("promise_broken").count(), 1);
        }
    }
    server.warned_once(&cases[0]);
    // Sealing goes on after the clock was set back.
    server.jump_to(-1);
    let last = server.case();
    server.told_once(&last, "promise_broken");
    let sealed = |place: &Place| {
        let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
        report["unsealed"].as_u64().unwrap() == 0
    };
    let began = Instant::now();
    while !sealed(&server.program.place) {
        assert!(began.elapsed() < Duration::from_secs(60), "sealing stands still");
        std::thread::sleep(Duration::from_millis(500));
    }
    let Shifted { program, .. } = server;
    let place = program.kill();
    let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
    assert_eq!(report["cases"].as_u64().unwrap(), cases.len() as u64 + 1, "{report}");
    assert_eq!(report["unsealed"].as_u64().unwrap(), 0, "{report}");
    remove(&folder);
}
