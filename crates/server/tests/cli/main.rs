//! The command line, beside a running server and without one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod backup;
mod calendar;
mod compensation;
mod examples;
mod handoffs;
mod import;
mod learning;
mod operations;
#[path = "../program/mod.rs"]
mod program;
mod search;
mod seed;
mod stories;
mod vectors;
mod what_if;

use program::{Place, Program, remove};
use serde_json::Value;

pub(crate) fn failed(place: &Place, command: &[&str]) -> String {
    let output = place.run(command);
    assert!(!output.status.success(), "{command:?} should fail");
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

#[test]
fn commands_work_beside_a_running_server() {
    let databases = [None, store::testing::postgres().unwrap()];
    for (position, scratch) in databases.iter().enumerate() {
        let url = match scratch.as_ref().map(|scratch| &scratch.target) {
            Some(store::Target::Postgres(url)) => Some(url.clone()),
            _ if position == 0 => None,
            _ => continue,
        };
        beside(Place::new(url));
    }
}

fn beside(place: Place) {
    let program = Program::at(place.clone(), &[]);
    assert!(program.password().len() >= 16, "the first start shows a password");
    let token = place.token();
    assert!(token.starts_with("rdt_") && !token.contains(char::is_whitespace), "the token alone: {token:?}");
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Accept-Language", "en")];
    let body = r#"{"kind":"enquiry","accept_channel":"app","category":"B102","description":"13800138000","complainant":{"name":"Li"}}"#;
    let case = program.send("POST", "/api/v1/complaints", &headers, body).unwrap().json();
    let number = case["number"].as_str().unwrap();
    let limited =
        place.ok(&["token", "create", "--name", "crm", "--role", "agent", "--region", "33", "--scope", "read"]);
    let bearer_two = format!("Bearer {limited}");
    let hidden = program.send("GET", &format!("/api/v1/complaints/{number}"), &[("Authorization", &bearer_two)], "");
    assert_eq!(hidden.unwrap().status, 404);
    place.ok(&["token", "revoke", "--name", "crm"]);
    let revoked = program.send("GET", "/api/v1/me", &[("Authorization", &bearer_two)], "").unwrap();
    assert_eq!(revoked.status, 401);
    assert!(failed(&place, &["token", "revoke", "--name", "crm"]).contains("no valid token"));
    assert!(failed(&place, &["token", "create", "--name", "x", "--role", "king"]).contains("unknown role"));
    assert!(
        failed(&place, &["token", "create", "--name", "x", "--role", "agent", "--region", "99"]).contains("region")
    );

    let password = place.ok(&["user", "add", "mei", "--role", "agent", "--name", "美美"]);
    assert!(password.len() >= 16 && !password.contains(' '));
    assert_ne!(place.ok(&["user", "reset-password", "mei"]), password);
    assert!(failed(&place, &["user", "reset-second-factor", "mei"]).contains("no second step"));
    place.ok(&["user", "change", "mei", "--role", "specialist", "--disable"]);
    let list = place.ok(&["user", "list"]);
    assert!(list.contains("mei  specialist  美美  root  everywhere  closed"), "{list}");
    place.ok(&["user", "enable", "mei"]);
    place.ok(&["user", "change", "mei", "--region", "31"]);
    assert!(place.ok(&["user", "list"]).contains("mei  specialist  美美  root  31"));
    place.ok(&["user", "disable", "mei"]);
    assert!(failed(&place, &["user", "add", "mei", "--role", "agent"]).contains("taken"));
    assert!(failed(&place, &["user", "add", "bo", "--role", "agent", "--unit", "moon"]).contains("no unit \"moon\""));
    assert!(failed(&place, &["user", "add", "Me i", "--role", "agent"]).contains("username"));
    assert!(failed(&place, &["user", "change", "admin", "--disable"]).contains("administrator"));

    assert!(place.ok(&["key", "check"]).contains("every key opens"));
    assert!(place.ok(&["key", "rotate"]).contains("1 persons wrapped anew"));
    let read = program.send("GET", &format!("/api/v1/complaints/{number}"), &headers, "").unwrap().json();
    assert_eq!(read["description"], "138****8000", "the server opens what was wrapped anew");
    assert!(place.ok(&["key", "rotate", "--finish"]).contains("1 old keys taken out"));
    assert!(place.ok(&["key", "check"]).contains("every key opens"));
    let read = program.send("GET", &format!("/api/v1/complaints/{number}"), &headers, "").unwrap();
    assert_eq!(read.status, 200);

    assert!(failed(&place, &["erase", number, "--reason", "request"]).contains("open"));
    assert!(failed(&place, &["erase", "nonsense", "--reason", "x"]).contains("no case number"));
    for (version, verb, body) in
        [(1, "accept", "{}"), (2, "reply", r#"{"mode":"app","content":"see the bill"}"#), (3, "close", "")]
    {
        let tag = format!("\"{version}\"");
        let with: Vec<_> = headers.iter().copied().chain([("If-Match", tag.as_str())]).collect();
        let done = program.send("POST", &format!("/api/v1/complaints/{number}/{verb}"), &with, body).unwrap();
        assert_eq!(done.status, 200, "{verb}: {done:?}");
    }
    place.ok(&["erase", number, "--reason", "request"]);
    let gone = program.send("GET", &format!("/api/v1/complaints/{number}"), &headers, "").unwrap().json();
    assert_eq!(gone["erased"], true);

    place.ok(&["audit", "export", "log.jsonl"]);
    let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
    assert_eq!((report["cases"].as_u64(), report["findings"].as_array().unwrap().len()), (Some(1), 0));
    assert!(place.ok(&["audit", "verify", "--file", "log.jsonl"]).contains("everything adds up"));
    let log = std::fs::read_to_string(place.folder.join("log.jsonl")).unwrap();
    std::fs::write(place.folder.join("forged.jsonl"), log.replacen("enquiry", "praise", 1)).unwrap();
    assert!(failed(&place, &["audit", "verify", "--file", "forged.jsonl"]).contains("does not add up"));
    assert!(failed(&place, &["audit", "export", "log.jsonl"]).contains("log.jsonl"), "nothing is overwritten");

    let config = place.ok(&["config"]);
    assert!(
        config.contains("stack = \"cn\"\n")
            && config.contains("pack = \"cn-telecom 1.1.0\"\n")
            && config.contains("zone = \"Asia/Shanghai\""),
        "{config}"
    );
    let config = place.ok(&["config", "--crm-url", "http://127.0.0.1:1/crm", "--crm-keep", "5"]);
    assert!(
        config.contains("crm_url = \"http://127.0.0.1:1/crm/\"\ncrm_version = 5\n") && config.contains("crm_keep = 5")
    );
    assert!(
        failed(&place, &["config", "--crm-url", "http://crm.example/"]).contains("--crm-url: it begins with https://")
    );
    let config = place.ok(&["config", "--assistant-url", "http://127.0.0.1:1/", "--assistant-budget", "20"]);
    assert!(
        config.contains("assistant_url = \"http://127.0.0.1:1/v1/chat/completions\"\nassistant_model = \"default\"\n")
            && config.contains("assistant_budget = 20\nassistant_own_budget = 20\n"),
        "{config}"
    );
    let place = program.stop();
    let again = Program::at(place, &["--demo"]);
    assert!(again.password().is_empty(), "the password is shown once, and --demo leaves data alone");
    let place = again.stop();
    let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
    assert_eq!(report["cases"], 1, "--demo leaves data alone");
    let schema = store::dump::known_schema();
    assert!(place.ok(&["migrate"]).contains(&format!("schema {schema} → {schema}")));

    assert!(place.ok(&["report", "list"]).contains("cn-monthly"));
    assert!(place.ok(&["report", "rebuild"]).contains("everything is counted, 1 cases"));
    let shown = place.ok(&["report", "show", "etsi-quality", "--lang", "en", "--subscribers", "100000"]);
    assert!(shown.contains("Quality of complaint handling (ETSI)") && shown.contains("Days for 95 %: "), "{shown}");
    place.ok(&["report", "show", "cn-monthly", "--format", "xlsx", "--out", "month.xlsx"]);
    assert!(
        failed(&place, &["report", "show", "cn-monthly", "--format", "xlsx", "--out", "month.xlsx"])
            .contains("month.xlsx")
    );
    assert!(failed(&place, &["report", "show", "cn-monthly", "--period", "2026"]).contains("2026-Q3"));
    assert!(failed(&place, &["report", "show", "nothing"]).contains("not"));
    remove(&place.folder);
}

#[test]
fn a_case_is_taken_out_and_verified_without_a_server_or_key() {
    let program = Program::start(&[]);
    let place = program.place.clone();
    let bearer = format!("Bearer {}", place.token());
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"13800138000","complainant":{"name":"Li"}}"#;
    let case = program.send("POST", "/api/v1/complaints", &headers, body).unwrap().json();
    let number = case["number"].as_str().unwrap();
    let form = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nreceipt 0815\r\n--edge--\r\n";
    let upload = [("Authorization", bearer.as_str()), ("Content-Type", "multipart/form-data; boundary=edge")];
    let path = format!("/api/v1/complaints/{number}/attachments");
    assert_eq!(program.send("POST", &path, &upload, form).unwrap().status, 201);
    let written = place.ok(&["export", "case", number, "--out", "case.zip", "--reason", "asked for"]);
    assert!(written.contains("case.zip"), "{written}");
    assert!(
        failed(&place, &["export", "case", number, "--out", "case.zip"]).contains("case.zip"),
        "nothing is overwritten"
    );
    assert!(failed(&place, &["export", "case", "nonsense", "--out", "x.zip"]).contains("no case number"));
    assert!(failed(&place, &["export", "case", number, "--out", "x.zip", "--purpose", "fun"]).contains("one of"));
    let log = program.send("GET", &path.replace("attachments", "accesses"), &headers, "").unwrap().json();
    assert_eq!(log["items"][0]["reason"], "asked for", "{log}");
    let place = program.stop();
    // Another machine: neither data nor key.
    let elsewhere = Place::new(None);
    std::fs::copy(place.folder.join("case.zip"), elsewhere.folder.join("case.zip")).unwrap();
    let said = elsewhere.ok(&["audit", "verify", "case.zip"]);
    for words in ["everything adds up", number, "attachments: 1", "signed by", "cannot show"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let report: Value =
        serde_json::from_str(&elsewhere.ok(&["audit", "verify", "--json", "--file", "case.zip"])).unwrap();
    assert_eq!((report["number"].as_str(), report["unsealed"].as_u64()), (Some(number), Some(0)), "{report}");
    let mut bytes = std::fs::read(place.folder.join("case.zip")).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(elsewhere.folder.join("forged.zip"), &bytes).unwrap();
    let said = failed(&elsewhere, &["audit", "verify", "forged.zip"]);
    assert!(said.contains("does not add up") || said.contains("cannot be read"), "{said}");
    std::fs::write(elsewhere.folder.join("cut.zip"), &bytes[..middle]).unwrap();
    assert!(failed(&elsewhere, &["audit", "verify", "cut.zip"]).contains("cannot be read"));
    remove(&place.folder);
    remove(&elsewhere.folder);
}

#[test]
fn an_organisation_comes_in_from_the_examples_and_twice_is_once() {
    let program = Program::start(&[]);
    let place = program.place.clone();
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/organisation");
    for name in ["units.csv", "users.csv"] {
        std::fs::copy(format!("{examples}/{name}"), place.folder.join(name)).unwrap();
    }
    let import = ["import", "organisation", "--units", "units.csv", "--users", "users.csv"];
    let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let with = |more: &[&'static str]| [import.as_slice(), more].concat();
    let dry = read(place.ok(&with(&["--dry-run", "--json"])));
    assert_eq!((dry["dry_run"].as_bool(), dry["users"]["added"].as_array().unwrap().len()), (Some(true), 8));
    assert!(place.ok(&["user", "list"]).lines().all(|line| line.starts_with("admin")), "a dry run writes nothing");
    let done = place.ok(&with(&["--passwords", "passwords.csv"]));
    assert!(done.contains("units: 8 added, 1 changed, 0 unchanged") && done.contains("root: name"), "{done}");
    let secrets = place.folder.join("passwords.csv");
    assert_eq!(std::fs::read_to_string(&secrets).unwrap().lines().count(), 8);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(place.ok(&["user", "list"]).contains("nj.agent1  agent  孟佳  js-nj-service  3201"));
    assert!(
        failed(&place, &with(&["--passwords", "passwords.csv"])).contains("passwords.csv"),
        "nothing is overwritten"
    );
    let again = read(place.ok(&with(&["--json"])));
    assert_eq!((again["units"]["unchanged"].as_u64(), again["users"]["unchanged"].as_u64()), (Some(9), Some(8)));
    assert_eq!(again["passwords"], serde_json::json!({}));
    let wrong = "username,name,role,unit,region\nlin.yue,林悦,boss,service,\nx,短\nkong.li,孔力,agent,nowhere,99\n";
    std::fs::write(place.folder.join("wrong.csv"), wrong).unwrap();
    let output = place.run(&["import", "organisation", "--users", "wrong.csv", "--json"]);
    assert!(!output.status.success());
    let faults = read(String::from_utf8(output.stdout).unwrap())["faults"].clone();
    let places: Vec<_> = faults
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["line"], one["field"].as_str().unwrap()))
        .collect();
    assert_eq!(places, ["2 role", "3 ", "4 region", "4 unit"], "{faults}");
    std::fs::write(place.folder.join("wrong.csv"), "name,code\n").unwrap();
    assert!(
        failed(&place, &["import", "organisation", "--units", "wrong.csv"]).contains("line 1: the headings must be")
    );
}

#[test]
fn what_cannot_work_is_said_in_one_line() {
    let place = Place::new(None);
    for command in [vec!["audit", "verify"], vec!["user", "list"], vec!["key", "check"]] {
        let said = failed(&place, &command);
        assert!(said.contains("there is no database") && said.lines().count() == 1, "{said}");
    }
    let wrong = Place::new(Some("postgres://me:topsecret@127.0.0.1:1/x".to_owned()));
    let shown = wrong.ok(&["config"]);
    assert!(shown.contains("postgres://me@127.0.0.1:1/x") && !shown.contains("topsecret"), "{shown}");
    let output = place.command(&["serve", "--zone", "Mars/Olympus"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no time zone"));
    let usage = place.run(&["fly"]);
    assert_eq!(usage.status.code(), Some(2));
    remove(&place.folder);
    remove(&wrong.folder);
}
