//! The Chinese rows of a list of deadlines worked out elsewhere, read from outside the repository: `REDRESS_REFERENCE`
//! names the folder. `make accept` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::Timestamp;
use policy::{Amount, Calendar, Counting, due_at};
use std::collections::HashMap;
use std::path::PathBuf;

#[test]
#[ignore = "reads material from outside the repository"]
fn the_chinese_deadlines_worked_out_elsewhere() {
    let folder = PathBuf::from(std::env::var_os("REDRESS_REFERENCE").expect("REDRESS_REFERENCE names the folder"));
    let text = std::fs::read_to_string(folder.join("deadline_vectors.csv")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|row| row.starts_with("CN,")).collect();
    assert!(rows.len() >= 5, "{} rows", rows.len());
    for row in rows {
        let fields: Vec<&str> = row.splitn(6, ',').collect();
        let [_, rule, start, attributes, expected, _] = fields[..] else { panic!("{row}") };
        let attributes: HashMap<&str, &str> =
            attributes.split(';').filter_map(|attribute| attribute.split_once('=')).collect();
        assert_eq!((attributes["first_day"], attributes["roll"]), ("excluded", "none"), "{rule}");
        let unit = match attributes["unit"] {
            "hours" => "h",
            "calendar_days" => "d",
            "business_days" => "bd",
            "months" => "mo",
            other => panic!("{rule}: {other}"),
        };
        let amount: Amount = format!("{}{unit}", attributes["n"]).parse().unwrap();
        let calendar = match attributes["calendar"] {
            "CN" => shipped::calendar(),
            "none" => Calendar::none(attributes["tz"]).unwrap(),
            other => panic!("{rule}: {other}"),
        };
        assert_eq!(calendar.zone_name(), attributes["tz"], "{rule}");
        let due = due_at(start.parse().unwrap(), amount, &Counting::usual(amount), &calendar);
        assert_eq!(due, expected.parse::<Timestamp>().unwrap(), "{rule} from {start}");
        // Where the shipped packs have the rule, they say the same.
        if rule == "billing_appeal_window_5m" {
            let facts = shipped::facts("complaint", "B204");
            let windows = shipped::stack().windows(&facts, Some(start.parse().unwrap()), start.parse().unwrap());
            assert_eq!(windows.known[0].closes_at, due, "{rule}");
        }
    }
}
