//! `redress calendar`: list, show and import, without a database.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn calendar(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redress")).arg("calendar").args(arguments).current_dir(folder).output().unwrap()
}

fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = calendar(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn failed(folder: &Path, arguments: &[&str]) -> String {
    let output = calendar(folder, arguments);
    assert!(!output.status.success(), "{arguments:?} should fail");
    String::from_utf8(output.stderr).unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(folder, arguments)).unwrap()
}

/// A folder that is gone with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("redress-calendar-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_calendars_are_listed_and_shown_as_known_on_a_day() {
    let folder = Folder::new();
    let list = ok(&folder.0, &["list"]);
    assert!(list.contains("AU-NSW  New South Wales  新南威尔士州  Australia/Sydney  version 2026-02-15"), "{list}");
    assert_eq!(json(&folder.0, &["list", "--json"]).as_array().unwrap().len(), list.lines().count());

    let shown = ok(&folder.0, &["show", "AU-NSW", "--year", "2026"]);
    assert!(shown.contains("2026-04-27 Mon holiday  off    Anzac Day (additional day)"), "{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("2027-")), "{shown}");
    assert!(!ok(&folder.0, &["show", "AU-NSW@2026-02-14"]).contains("2026-04-27"));
    let china = json(&folder.0, &["show", "CN@2025-11-03", "--json", "--year", "2026"]);
    assert_eq!(china["version"], "2024-11-12");
    assert_eq!(china["provisional"][0]["from"], "2026-01-01");
    assert!(china["days"].as_array().unwrap().iter().all(|day| day["kind"] == "holiday"));
    let half = json(&folder.0, &["show", "AU-SA", "--json"]);
    let half = half["days"].as_array().unwrap().iter().find(|day| day["kind"] == "half_day").unwrap().clone();
    assert_eq!(
        (&half["business_day"], &half["name"]["en"]),
        (&Value::Bool(true), &Value::from("Christmas Eve, a holiday from 19:00"))
    );

    for wrong in ["XX", "AU-NSW@yesterday"] {
        let error = failed(&folder.0, &["show", wrong]);
        assert!(error.contains("there is no calendar") && error.contains("redress calendar list"), "{error}");
    }
}

#[test]
fn what_is_imported_is_shown() {
    let folder = Folder::new();
    let ics = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Days\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260504\r\nSUMMARY:劳动\r\n 节\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20251225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(folder.0.join("x.ics"), ics).unwrap();
    let base = ["import", "x.ics", "--id", "XX-A", "--zone", "Asia/Shanghai", "--weekend", "sat,sun"];
    let error = failed(&folder.0, &base);
    assert!(
        error.contains("x.ics:11:1: repeats without an end (say which years are wanted: --years 2025-2027)"),
        "{error}"
    );

    let mut import = base.to_vec();
    std::fs::create_dir_all(folder.0.join("packs/calendars")).unwrap();
    import.extend(["--years", "2025-2027", "--known-as-of", "2026-03-01", "--title-zh", "甲", "--title-en", "A"]);
    let printed = ok(&folder.0, &import);
    import.extend(["--out", "packs/calendars/xx-a.toml"]);
    ok(&folder.0, &import);
    let written = std::fs::read_to_string(folder.0.join("packs/calendars/xx-a.toml")).unwrap();
    assert_eq!(printed.trim_end(), written.trim_end());
    assert!(failed(&folder.0, &import).contains("exists"), "nothing is overwritten");

    let shown = json(&folder.0, &["show", "XX-A", "--override", ".", "--json"]);
    let days: Vec<(&str, &str)> = shown["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["date"].as_str().unwrap(), day["name"]["zh"].as_str().unwrap()))
        .collect();
    assert_eq!(
        days,
        [
            ("2025-12-25", "Christmas"),
            ("2026-05-01", "劳动节"),
            ("2026-05-02", "劳动节"),
            ("2026-05-03", "劳动节"),
            ("2026-12-25", "Christmas"),
            ("2027-12-25", "Christmas"),
        ]
    );
    assert_eq!((&shown["version"], &shown["title"]["en"]), (&Value::from("2026-03-01"), &Value::from("A")));

    for (option, value, says) in [
        ("--weekend", "sat,someday", "one of mon"),
        ("--years", "2027-2025", "years such as"),
        ("--zone", "Mars", "Mars"),
    ] {
        let mut wrong = base.to_vec();
        let place = wrong.iter().position(|argument| *argument == option);
        match place {
            Some(place) => wrong[place + 1] = value,
            None => wrong.extend([option, value]),
        }
        let error = failed(&folder.0, &wrong);
        assert!(error.contains(says), "{option}: {error}");
    }
    assert!(
        failed(&folder.0, &["import", "none.ics", "--id", "X", "--zone", "UTC", "--weekend", "sun"])
            .contains("none.ics")
    );
}
