//! `redress pack vectors`: needs neither data nor server.

use crate::program::{Place, remove};
use serde_json::Value;
use std::process::{Command, Output};

const HEAD: &str = "jurisdiction,rule,start,attributes,expected_deadline,reasoning\n";
const RIGHT: &str = "CN,statutory_answer,2026-07-03T10:00:00+08:00,n=15;unit=calendar_days;tz=Asia/Shanghai,2026-07-18T23:59:59+08:00,counted by hand\n";
const WRONG: &str = "CN,statutory_answer,2026-07-03T10:00:00+08:00,n=14;unit=calendar_days;tz=Asia/Shanghai,2026-07-17T23:59:59+08:00,not what the law says\n";
const UNKNOWN: &str =
    "NZ,quarterly,2026-03-31T23:59:59+13:00,services_in_operation=29999;tz=Pacific/Auckland,NONE,no such pack\n";

#[test]
fn the_last_line_counts_and_the_exit_code_tells() {
    let folder = Place::new(None).folder;
    let list = folder.join("list.csv");
    let ask = |text: &str, more: &[&str]| -> Output {
        std::fs::write(&list, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        command.args(["pack", "vectors"]).arg(&list).args(more).output().unwrap()
    };
    let run = |rows: &[&str], more: &[&str]| {
        let output = ask(&(HEAD.to_owned() + &rows.concat()), more);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run(&[RIGHT], &[]);
    assert_eq!((code, said.trim_end()), (Some(0), "1 vectors, 1 passed, 0 failed"));
    let (code, said) = run(&[RIGHT, WRONG, UNKNOWN], &[]);
    assert_eq!((code, said.lines().next_back()), (Some(1), Some("3 vectors, 1 passed, 2 failed")));
    let wrong = "line 3: CN statutory_answer: expected 2026-07-17T23:59:59+08:00, but cn-telecom 1.1.0 statutory_answer gives 2026-07-18T23:59:59+08:00";
    assert!(said.starts_with(wrong), "{said}");
    assert!(said.contains("line 4: NZ quarterly: not covered: there is no pack of NZ\n"), "{said}");
    let (code, said) = run(&[RIGHT, UNKNOWN], &["--json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["failed"], &report["not_covered"]), (Some(1), &Value::from(1), &Value::from(1)));
    assert_eq!(report["rows"][0]["outcome"], "passed");
    let output = ask("a,b\n", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no column `jurisdiction`"));
    remove(&folder);
}
