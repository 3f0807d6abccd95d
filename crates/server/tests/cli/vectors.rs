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
    // Words of other lists; what a category is about follows from the tree, and a category nobody states from the product.
    for (facts, due) in [
        ("service=mobile", "NONE"),
        ("service=wireless", "NONE"),
        ("service=broadband", "2026-03-06T23:59:59+05:30"),
        ("category=fault;service=wireline", "2026-03-06T23:59:59+05:30"),
        ("category=A301", "2026-03-06T23:59:59+05:30"),
        ("category=A101", "NONE"),
        ("category=billing", "NONE"),
        ("category=A301;cause=CUS.EQUIP", "NONE"),
        ("cause=terminal", "NONE"),
        ("cause=X", "2026-03-06T23:59:59+05:30"),
    ] {
        let row = format!("IN,wireline_fault_3wd,2026-03-02T11:00:00+05:30,{facts},{due},\n");
        assert_eq!(run(&[&row], &[]), (Some(0), "1 vectors, 1 passed, 0 failed\n".to_owned()), "{facts}");
    }
    for (rule, start, facts) in [
        ("default_3d", "2026-08-13T18:00:00+05:30", "category=B204"),
        ("default_3d", "2026-08-13T18:00:00+05:30", "category=closure"),
        ("default_3d", "2026-08-13T18:00:00+05:30", "subscribers=10000"),
    ] {
        let row = format!("IN,{rule},{start},{facts},NONE,\n");
        assert_eq!(run(&[&row], &[]).0, Some(0), "{facts}");
    }
    for row in [
        "CN,mobile_fault_repair_max_48h,2026-04-03T22:00:00+08:00,product=broadband,NONE,\n",
        "CN,billing_appeal_window_5m,2025-09-30T09:00:00+08:00,category=A301,NONE,\n",
        "HK,ccss_deadlock_opens_6w,2026-02-16T10:00:00+08:00,amount_hkd=200.00,NONE,\n",
        "AU,ack_written_2wd,2026-04-02T16:00:00+11:00,channel=phone,NONE,\n",
        "AU,ack_live_channel,2026-05-05T10:15:00+10:00,channel=live_chat,2026-05-05T10:15:00+10:00,\n",
        "DE,tkg58_free_period_2d,2026-05-11T14:00:00+02:00,cause=force_majeure,NONE,\n",
        "NG,data_contact_4h,2026-10-01T22:30:00+01:00,category=data_fluctuation,2026-10-02T02:30:00+01:00,\n",
        "UK,autocomp_repair_2wd,2026-06-12T09:00:00+01:00,service=mobile,NONE,\n",
        "UK,autocomp_repair_2wd,2026-04-02T10:00:00+01:00,segment=consumer,2026-04-08T23:59:59+01:00,\n",
    ] {
        assert_eq!(run(&[row], &[]), (Some(0), "1 vectors, 1 passed, 0 failed\n".to_owned()), "{row}");
    }
    // Worked out by a second program with the holidays of another data set, or by hand where a rule creates no clock.
    let worked = include_str!("worked.csv");
    let output = ask(worked, &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&Value> =
        report["rows"].as_array().unwrap().iter().filter(|row| row["outcome"] != "passed").collect();
    assert!(failed.is_empty() && output.status.code() == Some(0), "{failed:#?}");
    assert_eq!(report["vectors"], worked.lines().count() - 1);
    let output = ask("a,b\n", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no column `jurisdiction`"));
    remove(&folder);
}
