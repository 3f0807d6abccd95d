//! `redress register` and `redress case`: what console and API do, from the command line, by the same rules.

use crate::program::{Place, Program, remove};
use crate::{failed, program};
use domain::command::VERBS;
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;
use store::testing::each_database;

const COMPLAINT: &str = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"13800138000","complainant":{"name":"Li"}}"#;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_case_goes_its_way_beside_a_running_server() {
    each_database(|scratch| {
        let database = match &scratch.target {
            store::Target::Postgres(url) => Some(url.clone()),
            store::Target::Sqlite(_) => None,
        };
        let program = Program::at(Place::new(database), &[]);
        let place = program.place.clone();
        place.ok(&["user", "add", "mei", "--role", "agent", "--name", "美美"]);
        place.ok(&["user", "add", "wen", "--role", "auditor"]);
        operations(&program, &place);
        refusals(&program, &place);
        let report = read(&place.ok(&["audit", "verify", "--json"]));
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
        remove(&program.stop().folder);
    })
    .unwrap();
}

fn asked(program: &Program, place: &Place, path: &str) -> program::Answer {
    let bearer = format!("Bearer {}", place.token());
    program.send("GET", path, &[("Authorization", bearer.as_str()), ("Accept-Language", "en")], "").unwrap()
}

fn operations(program: &Program, place: &Place) {
    let register = ["register", "--body", COMPLAINT, "--as", "mei", "--idempotency-key", "k1", "--json"];
    let receipt = read(&place.ok(&register));
    let number = receipt["number"].as_str().unwrap();
    assert_eq!((receipt["version"].as_u64(), receipt["status"].as_str()), (Some(1), Some("registered")), "{receipt}");
    assert_eq!(read(&place.ok(&register))["number"], number, "the same key registers nothing more");

    let accept = ["case", number, "accept", "--as", "mei", "--idempotency-key", "k2"];
    let said = place.ok(&accept);
    assert!(said.starts_with(&format!("{number}  Accepted  Normal  version 2\nclock  due 20")), "{said}");
    assert!(place.ok(&accept).contains("version 2  (done before)"), "the same key does nothing more");

    // From a file, from standard input, at a version.
    std::fs::write(place.folder.join("note.json"), r#"{"text":"called back"}"#).unwrap();
    place.ok(&["case", number, "note", "--body-file", "note.json", "--if-version", "2"]);
    let mut piped = place.command(&["case", number, "propose", "--as", "mei", "--body-file", "-", "--json"]);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(br#"{"outcome":"refund"}"#).unwrap();
    let piped = piped.wait_with_output().unwrap();
    assert!(piped.status.success());
    let receipt = read(&String::from_utf8(piped.stdout).unwrap());
    assert_eq!((receipt["version"].as_u64(), receipt["status"].as_str()), (Some(4), Some("awaiting_review")));

    let shown = place.ok(&["case", number]);
    for words in [
        "Awaiting review",
        "version 4",
        "held by  ",
        "clock  due 20",
        "before closing  ",
        "美美  Propose",
        "System  Note",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let path = format!("/api/v1/complaints/{number}");
    assert_eq!(read(&place.ok(&["case", number, "--json"])), asked(program, place, &path).json());
    let log = asked(program, place, &format!("{path}/events")).json();
    assert_eq!(log["items"][1]["actor"]["name"], "美美", "{log}");
}

fn refusals(program: &Program, place: &Place) {
    let receipt = read(&place.ok(&["register", "--body", COMPLAINT, "--json"]));
    let number = receipt["number"].as_str().unwrap();
    let path = format!("/api/v1/complaints/{number}");
    let before = asked(program, place, &path).json();
    for (command, words) in [
        (vec!["reply"], "mode: is required"),
        (vec!["propose"], "outcome: is required"),
        (vec!["reply", "--body", r#"{"mode":"pigeon","content":"x","more":1}"#], "more: "),
        (vec!["note", "--body", "{\"text\":"], "line 1, column 8"),
        (vec!["note", "--body-file", "nowhere.json"], "--body-file nowhere.json: "),
        (vec!["accept", "--if-version", "7"], "at version 1"),
        (vec!["approve"], "this; it must be: awaiting_review. "),
        (vec!["accept", "--as", "wen"], "may not do this: accept"),
        (vec!["accept", "--as", "nobody"], "--as nobody: "),
        (vec!["--body", "{}"], "needs an operation"),
    ] {
        let command = [vec!["case", number], command].concat();
        let said = failed(place, &command);
        assert!(said.contains(words) && said.lines().count() == 1, "{command:?}: {said}");
    }
    assert!(failed(place, &["case", "nonsense", "accept"]).contains("no case number"));
    let said = failed(place, &["register", "--body", r#"{"kind":"complaint","accept_channel":"fax"}"#]);
    assert!(said.contains("accept_channel: ") && said.contains("description: is required"), "{said}");
    let one = "x".repeat(1 << 20);
    std::fs::write(place.folder.join("large.json"), format!("{{\"text\":\"{one}\"}}")).unwrap();
    assert!(failed(place, &["case", number, "note", "--body-file", "large.json"]).contains("1 MiB"));
    assert_eq!(asked(program, place, &path).json(), before, "a refusal changes nothing");
    // What clap refuses is a usage error.
    for command in [["case", number, "explode"], ["case", number, "--if-version=1"]] {
        assert_eq!(place.run(&command).status.code(), Some(2), "{command:?}");
    }
}

#[test]
fn every_verb_of_the_trade_is_offered() {
    let place = Place::new(None);
    let help = place.run(&["case", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    for verb in VERBS {
        assert!(help.contains(&format!("- {}:", verb.name)), "{}: {help}", verb.name);
    }
    remove(&place.folder);
}
