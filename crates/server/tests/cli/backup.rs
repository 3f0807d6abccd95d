//! `redress backup` beside a running server and `redress restore` into another database.

use crate::failed;
use crate::program::{Place, Program, remove};
use serde_json::Value;

const BODY: &str = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"回电13800138000","complainant":{"name":"Li","phone":"13800138000"}}"#;

fn headers(bearer: &str) -> [(&str, &str); 2] {
    [("Authorization", bearer), ("Content-Type", "application/json")]
}

/// Places on both kinds of database; the scratch database goes when dropped.
fn places() -> Vec<(Place, Option<store::testing::Scratch>)> {
    let mut places = vec![(Place::new(None), None)];
    if let Some(scratch) = store::testing::postgres().unwrap() {
        let store::Target::Postgres(url) = &scratch.target else { panic!("a server") };
        places.push((Place::new(Some(url.clone())), Some(scratch)));
    }
    places
}

#[test]
fn a_backup_moves_from_one_database_to_the_other() {
    let (sources, targets) = (places(), places());
    // Each source into the other kind where there is one.
    for ((from, _from), (to, _to)) in sources.iter().zip(targets.iter().rev()) {
        moves(from, to);
        remove(&from.folder);
        remove(&to.folder);
    }
}

fn moves(from: &Place, to: &Place) {
    let program = Program::at(from.clone(), &[]);
    let token = from.token();
    let bearer = format!("Bearer {token}");
    let case = program.send("POST", "/api/v1/complaints", &headers(&bearer), BODY).unwrap().json();
    let number = case["number"].as_str().unwrap();
    let hook = r#"{"name":"ours","url":"https://hooks.example/"}"#;
    assert_eq!(program.send("POST", "/api/v1/webhooks", &headers(&bearer), hook).unwrap().status, 201);
    let said = from.ok(&["backup", "night.backup", "--rate", "100"]);
    assert!(said.contains("1 cases") && said.contains("master key file") && said.contains(".erasures"), "{said}");
    assert!(failed(from, &["backup", "night.backup"]).contains("--overwrite"), "nothing is overwritten unasked");
    let made: Value = serde_json::from_str(&from.ok(&["backup", "night.backup", "--overwrite", "--json"])).unwrap();
    let rows = made["backup"]["rows"].as_u64().unwrap();
    assert!(rows > 5 && made["backup"]["schema"].as_i64() == Some(store::dump::known_schema()), "{made}");
    let checked: Value = serde_json::from_str(&from.ok(&["backup", "--verify", "night.backup", "--json"])).unwrap();
    assert_eq!(checked["backup"]["tables"], made["backup"]["tables"]);
    assert!(from.ok(&["backup", "--verify", "night.backup"]).contains("is whole"));
    let file = from.folder.join("night.backup");
    private(&file);
    let in_use = failed(from, &["restore", "night.backup", "--discard-existing"]);
    assert!(in_use.contains("has the database open") && in_use.contains("Nothing was restored"), "{in_use}");

    // Without the key everything comes back, and it is said that nobody can read it yet.
    let file = file.to_str().unwrap();
    assert!(failed(to, &["restore", "nothing.backup"]).contains("nothing.backup"));
    let said = to.ok(&["restore", file]);
    assert!(said.contains("everything adds up") && said.contains("Put the master key file"), "{said}");
    assert!(said.contains("1 subscriptions to events are off"), "{said}");
    assert!(failed(to, &["restore", file]).contains("--discard-existing"), "cases are not lost unasked");
    std::fs::copy(from.folder.join("master.key"), to.folder.join("master.key")).unwrap();
    // What an index of words beside it has seen is of the log before.
    let index = to.folder.join("data/search");
    std::fs::create_dir_all(&index).unwrap();
    let again: Value = serde_json::from_str(&to.ok(&["restore", file, "--discard-existing", "--json"])).unwrap();
    assert_eq!(
        (again["discarded"]["cases"].as_u64(), again["key"]["fits"].as_bool()),
        (Some(1), Some(true)),
        "{again}"
    );
    assert_eq!(again["backup"]["rows"].as_u64().unwrap(), rows);
    if to.database.is_none() {
        assert!(index.join("rebuild").exists(), "a new one is asked for");
    }

    let moved = Program::at(to.clone(), &[]);
    let read = moved.send("GET", &format!("/api/v1/complaints/{number}"), &headers(&bearer), "").unwrap().json();
    assert_eq!(read["description"], "回电138****8000", "token, words and keys have come along");
    let hooks = moved.send("GET", "/api/v1/webhooks", &headers(&bearer), "").unwrap().json();
    assert_eq!(
        (&hooks["items"][0]["on"], &hooks["items"][0]["reason"]),
        (&false.into(), &"restored".into()),
        "{hooks}"
    );
    let next = moved.send("POST", "/api/v1/complaints", &headers(&bearer), BODY).unwrap();
    assert_eq!(next.status, 201);
    assert_ne!(next.json()["number"], case["number"]);
    moved.stop();
    to.ok(&["audit", "verify"]);
    program.stop();
}

/// What stands in a backup is wrapped, and still nobody else's business.
#[cfg(unix)]
fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) {}

#[test]
fn a_damaged_backup_is_named_with_its_place_and_restores_nothing() {
    let program = Program::start(&[]);
    let place = program.place.clone();
    place.ok(&["backup", "sound.backup"]);
    let mut bytes = std::fs::read(place.folder.join("sound.backup")).unwrap();
    let middle = bytes.len() - 200;
    bytes[middle] ^= 1;
    std::fs::write(place.folder.join("bad.backup"), &bytes).unwrap();
    let said = failed(&place, &["backup", "--verify", "bad.backup"]);
    assert!(said.contains("bad.backup: damaged at byte ") && said.contains("(table "), "{said}");
    let place = program.stop();
    let said = failed(&place, &["restore", "bad.backup", "--discard-existing"]);
    assert!(said.contains("damaged at byte "), "{said}");
    assert!(place.ok(&["user", "list"]).contains("admin"), "everything is as it was");
    std::fs::write(place.folder.join("letter.backup"), "Dear Sir or Madam").unwrap();
    assert!(failed(&place, &["backup", "--verify", "letter.backup"]).contains("is no backup"));
    assert_eq!(place.run(&["backup", "x.backup", "--rate", "0"]).status.code(), Some(2));
    remove(&place.folder);
}
