//! The index beside the running program: found at once, after a power cut, while it is made anew, and without one.

use crate::program::{Place, Program, remove};
use std::time::{Duration, Instant};

const BODY: &str = r#"{"kind":"complaint","accept_channel":"hotline","category":"B204","subject":"宽带断了","description":"宽带断了三天","complainant":{"name":"王小明","phone":"13800138000"}}"#;
const ASKED: &str = "/api/v1/complaints?q=%E5%AE%BD%E5%B8%A6&limit=250";

/// How many are found, and whether everywhere was looked.
fn found(program: &Program, token: &str) -> (usize, bool) {
    let bearer = format!("Bearer {token}");
    let answer = program.send("GET", ASKED, &[("Authorization", &bearer)], "").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.json();
    (found["items"].as_array().unwrap().len(), found["complete"] == true)
}

fn register(program: &Program, token: &str) {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    assert_eq!(program.send("POST", "/api/v1/complaints", &headers, BODY).unwrap().status, 201);
}

/// The name of the index in use; waits until there is one.
fn made(place: &Place) -> String {
    let begun = Instant::now();
    loop {
        if let Ok(name) = std::fs::read_to_string(place.folder.join("data/search/current")) {
            return name;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "no index is made");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn cases_are_found_at_once_and_after_power_cuts() {
    let mut program = Program::start(&[]);
    let token = program.place.token();
    for round in 1..=5 {
        for n in 1..=8 {
            register(&program, &token);
            assert_eq!(found(&program, &token), ((round - 1) * 8 + n, true));
        }
        std::thread::sleep(Duration::from_millis(37 * round as u64));
        program = Program::at(program.kill(), &[]);
        assert_eq!(found(&program, &token), (round * 8, true));
    }
    let place = program.stop();
    remove(&place.folder);
}

#[test]
fn the_index_is_made_anew_beside_a_server_and_without_one() {
    let program = Program::start(&[]);
    let token = program.place.token();
    register(&program, &token);
    let first = made(&program.place);
    let said = program.place.ok(&["reindex"]);
    assert!(said.contains("made anew"), "{said}");
    let second = made(&program.place);
    assert_ne!(first, second);
    assert_eq!(found(&program, &token), (1, true));
    let place = program.stop();
    let said = place.ok(&["reindex"]);
    assert!(said.contains("1 cases"), "{said}");
    assert_ne!(second, made(&place));
    // Damaged while nobody looked.
    let index = place.folder.join("data/search").join(made(&place));
    for file in std::fs::read_dir(index).unwrap() {
        std::fs::write(file.unwrap().path(), "broken").unwrap();
    }
    let program = Program::at(place, &[]);
    assert_eq!(found(&program, &token), (1, true));
    let place = program.stop();
    let program = Program::at(place, &["--no-search"]);
    assert_eq!(found(&program, &token), (1, true));
    let place = program.stop();
    remove(&place.folder);
}

#[test]
fn two_nodes_agree() {
    let Some(scratch) = store::testing::postgres().unwrap() else { return };
    let store::Target::Postgres(url) = &scratch.target else { return };
    let one = Program::at(Place::new(Some(url.clone())), &[]);
    let token = one.place.token();
    let other = Place {
        folder: std::env::temp_dir().join(format!("redress-other-{}", uuid::Uuid::now_v7().simple())),
        ..one.place.clone()
    };
    std::fs::create_dir_all(&other.folder).unwrap();
    // The other node has its own data folder and the same key.
    let key = one.place.folder.join("master.key");
    std::fs::copy(&key, other.folder.join("master.key")).unwrap();
    let two = Program::at(other, &[]);
    for n in 1..=6 {
        register(if n % 2 == 0 { &one } else { &two }, &token);
        let begun = Instant::now();
        assert_eq!((found(&one, &token), found(&two, &token)), ((n, true), (n, true)));
        assert!(begun.elapsed() < Duration::from_secs(2));
        std::thread::sleep(Duration::from_millis(150));
    }
    let (one, two) = (one.stop(), two.stop());
    remove(&one.folder);
    remove(&two.folder);
}
