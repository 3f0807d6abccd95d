//! Power cuts: the server is killed at random moments under load and started again. Nothing it acknowledged may be
//! missing, no number may be given twice, and the log must add up. Ten rounds on each database; `make soak` makes 500.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod clock;
mod disk;
#[path = "../program/mod.rs"]
mod program;

use program::{Place, Program, remove, send};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BODY: &str = r#"{"kind":"complaint","accept_channel":"hotline","category":"B204","description":"回电13800138000","complainant":{"name":"王小明","phone":"13800138000"}}"#;

/// What the server acknowledged: case → number and highest version.
type Acknowledged = Arc<Mutex<BTreeMap<String, (String, i64)>>>;

fn rounds() -> u32 {
    std::env::var("REDRESS_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10)
}

/// A moment between 60 and 460 ms; any spread will do, a seed would only hide the rare ones.
fn moment() -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 400;
    Duration::from_millis(60 + u64::try_from(random).unwrap())
}

fn load(port: u16, token: &str, known: &Acknowledged, stop: &AtomicBool) {
    let bearer = format!("Bearer {token}");
    let base = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    while !stop.load(Ordering::Relaxed) {
        // An error means the cut came; what was not answered was not promised.
        let Ok(answer) = send(port, "POST", "/api/v1/complaints", &base, BODY) else { return };
        assert_eq!(answer.status, 201, "{answer:?}");
        let case = answer.json();
        let (id, number) = (case["id"].as_str().unwrap().to_owned(), case["number"].as_str().unwrap().to_owned());
        let earlier = known.lock().unwrap().insert(id.clone(), (number, 1));
        assert!(earlier.is_none());
        let version = [("If-Match", "\"1\"")];
        let headers: Vec<_> = base.iter().chain(&version).copied().collect();
        let Ok(answer) = send(port, "POST", &format!("/api/v1/complaints/{id}/accept"), &headers, "{}") else { return };
        assert_eq!(answer.status, 200, "{answer:?}");
        known.lock().unwrap().get_mut(&id).unwrap().1 = 2;
        // A promise nobody keeps: its moment comes while the power is on or off, and is told once.
        let due = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(700);
        let promise = format!(r#"{{"what":"回电","due_at":"{due}"}}"#);
        let version = [("If-Match", "\"2\"")];
        let headers: Vec<_> = base.iter().chain(&version).copied().collect();
        let path = format!("/api/v1/complaints/{id}/promise");
        let Ok(answer) = send(port, "POST", &path, &headers, &promise) else { return };
        assert_eq!(answer.status, 200, "{answer:?}");
        known.lock().unwrap().get_mut(&id).unwrap().1 = PROMISED;
    }
}

/// Version of a case whose promise was acknowledged.
const PROMISED: i64 = 3;

fn crash(database: Option<String>) {
    let mut place = Place::new(database);
    let known: Acknowledged = Arc::default();
    let mut token = String::new();
    let mut seen = BTreeSet::new();
    for round in 0..rounds() {
        let program = Program::at(place, &[]);
        if token.is_empty() {
            token = program.place.token();
        }
        let stop = AtomicBool::new(false);
        place = std::thread::scope(|scope| {
            for _ in 0..6 {
                let (known, stop, token, port) = (&known, &stop, &token, program.port());
                scope.spawn(move || load(port, token, known, stop));
            }
            std::thread::sleep(moment());
            let place = program.kill();
            stop.store(true, Ordering::Relaxed);
            place
        });
        let last = round + 1 == rounds();
        if round % 5 == 4 || last {
            // What was looked at before is looked at once more in the end: hundreds of rounds must not each ask for
            // all that hundreds before them left.
            let mut fresh = known.lock().unwrap().clone();
            if !last {
                fresh.retain(|id, _| !seen.contains(id));
            }
            check(&place, &fresh, &token);
            seen.extend(fresh.into_keys());
        }
        if round < 10 || round % 25 == 24 || last {
            place.ok(&["audit", "verify"]);
            println!("round {}: {} cases, all there, and the log adds up", round + 1, known.lock().unwrap().len());
        }
    }
    assert!(!known.lock().unwrap().is_empty(), "the server never answered");
    remove(&place.folder);
}

fn check(place: &Place, known: &BTreeMap<String, (String, i64)>, token: &str) {
    let program = Program::at(place.clone(), &[]);
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let numbers: BTreeSet<&str> = known.values().map(|(number, _)| number.as_str()).collect();
    assert_eq!(numbers.len(), known.len(), "a number was given twice");
    for (id, (number, version)) in known.iter() {
        let answer = program.send("GET", &format!("/api/v1/complaints/{id}"), &headers, "").unwrap();
        assert_eq!(answer.status, 200, "{number} is lost");
        let case = answer.json();
        assert_eq!(case["number"].as_str(), Some(number.as_str()));
        assert!(case["version"].as_i64().unwrap() >= *version, "{number} lost an operation");
    }
    // Every promise has had its moment by now. What a killed server had taken is looked at again after three seconds.
    std::thread::sleep(Duration::from_millis(5_000));
    for (id, (number, _)) in known.iter().filter(|(_, (_, version))| *version == PROMISED) {
        let answer = program.send("GET", &format!("/api/v1/complaints/{id}/events"), &headers, "").unwrap();
        assert_eq!(answer.body.matches("promise_broken").count(), 1, "{number}: {}", answer.body);
    }
    // Ends politely this time: what was accepted is finished, and the exit code says so.
    program.stop();
}

#[test]
fn sqlite_survives_power_cuts() {
    crash(None);
}

#[test]
fn postgresql_survives_power_cuts() {
    let Some(scratch) = store::testing::postgres().unwrap() else { return };
    let store::Target::Postgres(url) = &scratch.target else { panic!("a server") };
    crash(Some(url.clone()));
}

/// The database itself is restarted under load: the server answers 503 for a moment and heals by itself.
#[test]
fn a_database_restart_under_load_heals() {
    let Some(scratch) = store::testing::postgres_at(store::testing::UNSTEADY).unwrap() else { return };
    let Ok(restart) = std::env::var("REDRESS_TEST_POSTGRES_RESTART") else {
        eprintln!("REDRESS_TEST_POSTGRES_RESTART is not set: the restart is left out");
        return;
    };
    let store::Target::Postgres(url) = &scratch.target else { panic!("a server") };
    let program = Program::at(Place::new(Some(url.clone())), &[]);
    let token = program.place.token();
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let acknowledged = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = program.send("POST", "/api/v1/complaints", &headers, BODY).unwrap();
                    match answer.status {
                        201 => {
                            let id = answer.json()["id"].as_str().unwrap().to_owned();
                            acknowledged.lock().unwrap().push(id);
                        }
                        503 => assert!(answer.head.to_lowercase().contains("retry-after"), "{answer:?}"),
                        _ => panic!("{answer:?}"),
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(500));
        let mut words = restart.split_whitespace();
        let status = std::process::Command::new(words.next().unwrap()).args(words).output().unwrap();
        assert!(status.status.success(), "{status:?}");
        std::thread::sleep(Duration::from_millis(1500));
        stop.store(true, Ordering::Relaxed);
    });
    let answer = program.send("POST", "/api/v1/complaints", &headers, BODY).unwrap();
    assert_eq!(answer.status, 201, "healed: {answer:?}");
    let acknowledged = acknowledged.into_inner().unwrap();
    for id in &acknowledged {
        let answer = program.send("GET", &format!("/api/v1/complaints/{id}"), &headers, "").unwrap();
        assert_eq!(answer.status, 200, "{id} is lost");
    }
    let place = program.stop();
    place.ok(&["audit", "verify"]);
    remove(&place.folder);
}
