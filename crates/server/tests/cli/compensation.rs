//! `redress pack explain` of a compensation: needs neither data nor server.

use serde_json::Value;
use std::process::{Command, Output};

fn explain(more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
    command.args(["pack", "explain", "cn-telecom"]).args(more).output().unwrap()
}

#[test]
fn a_figure_can_be_tried_without_a_case() {
    let late = ["cn-11", "--at", "2026-07-11T00:00:00+08:00", "--until", "2026-07-14T10:00:00+08:00"];
    let facts = ["--fact", "kind=complaint", "--fact", "category=C301"];
    let ask = |more: &[&str]| explain(&[late.as_slice(), &facts, more].concat());
    let told = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    let counted = ask(&["--charged", "300 CNY"]);
    assert!(counted.status.success() && told(&counted).contains("Together 12.00 CNY."), "{counted:?}");
    assert!(
        told(&counted).contains("days 1 to 4): 1% of the 300.00 CNY charged, 3.00 CNY, 12.00 CNY."),
        "{}",
        told(&counted)
    );
    assert!(told(&ask(&["--lang", "zh"])).contains("尚不能计出，缺少：所收费用。"));
    let data: Value = serde_json::from_slice(&ask(&["--charged", "300 CNY", "--json"]).stdout).unwrap();
    assert_eq!(data["compensation"]["lines"][0]["days"], 4);
    let failed = |more: &[&str]| {
        let output = ask(more);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(failed(&["--exclude", "bad_luck"]).contains("there is no reason \"bad_luck\""));
    assert!(failed(&["--exclude", "force_majeure"]).contains("leaves out nothing for force_majeure"));
    assert!(failed(&["--set-off", "1 CNY"]).contains("sets nothing off"));
    let other = String::from_utf8(explain(&late).stderr).unwrap();
    assert!(other.contains("is not for such a case"), "{other}");
    let local = String::from_utf8(explain(&["cn-11", "--at", "2026-11-29T10:00"]).stderr).unwrap();
    assert!(local.contains("such as 2026-11-29T10:00:00+08:00"), "{local}");
}
