//! `redress import complaints`: every row of every kind of file is taken in or listed with its reason.

use crate::failed;
use crate::program::{Place, remove};
use serde_json::Value;
use store::testing::each_database;

const MAP: &str = r#"
source = "test"
id = "no"
constants = { kind = "complaint", accept_channel = "web", "complainant.anonymous" = true }
[[column]]
name = "text"
field = "description"
[[column]]
name = "when"
field = "received_at"
format = "%d/%m/%Y %H:%M"
zone = "America/New_York"
not_before = "2015-01-01"
"#;

/// A prepared place with a map and a file.
fn place(database: Option<String>, rows: &[u8]) -> Place {
    let place = Place::new(database);
    place.ok(&["migrate"]);
    std::fs::write(place.folder.join("map.toml"), MAP).unwrap();
    std::fs::write(place.folder.join("rows.csv"), rows).unwrap();
    place
}

fn import(place: &Place, file: &str, more: &[&str]) -> Value {
    let command = [&["import", "complaints", file, "--map", "map.toml", "--json"], more].concat();
    serde_json::from_str(&place.ok(&command)).unwrap()
}

/// Rows, registered, known, rejected.
fn counts(summary: &Value) -> [u64; 4] {
    ["rows", "registered", "already_known", "rejected"].map(|name| summary[name].as_u64().unwrap())
}

fn reasons(summary: &Value) -> Vec<(u64, String, String)> {
    let rows = summary["rejections"].as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| (row["line"].as_u64().unwrap(), text(row, "field"), text(row, "reason"))).collect()
}

#[test]
fn every_row_is_taken_in_or_listed_with_its_reason() {
    each_database(|scratch| {
        let database = match &scratch.target {
            store::Target::Postgres(url) => Some(url.clone()),
            store::Target::Sqlite(_) => None,
        };
        let rows = "no,text,when\n1,no signal,04/07/2015 09:30\n2,\"bill, wrong\nagain\",05/07/2015 10:00\n\
                    3,,05/07/2015 10:00\n4,late,2015-07-04\n5,short\n6,future,05/07/2099 10:00\n\
                    ,no id,05/07/2015 10:00\n8,early,05/07/2014 10:00\n9,\"=1+1\",never\n";
        let place = place(database, rows.as_bytes());
        let first = import(&place, "rows.csv", &[]);
        assert_eq!(counts(&first), [9, 2, 0, 7], "{first}");
        let listed = reasons(&first);
        let fields: Vec<_> = listed.iter().map(|(line, field, _)| (*line, field.as_str())).collect();
        assert_eq!(
            fields,
            [
                (5, "description"),
                (6, "received_at"),
                (7, ""),
                (8, "received_at"),
                (9, "no"),
                (10, "received_at"),
                (11, "received_at")
            ]
        );
        assert!(listed[5].2.contains("2014-07-05 lies outside the declared range from 2015-01-01"), "{listed:?}");
        // The list stands beside the file, with the rows' own cells, and no formula among them.
        let list = std::fs::read_to_string(place.folder.join("rows.csv.rejected.csv")).unwrap();
        assert!(
            list.starts_with("\u{FEFF}redress:line,redress:id,redress:field,redress:reason,no,text,when\n"),
            "{list}"
        );
        assert!(list.contains(",9,'=1+1,never\n") && !list.contains(",=1"), "{list}");
        let again = import(&place, "rows.csv", &[]);
        assert_eq!(counts(&again), [9, 0, 2, 7], "nothing twice");
        // Corrected in the list, taken in from there with the same map.
        let corrected = list.replace("2015-07-04", "04/07/2015 11:00").replace("never", "05/07/2015 10:00");
        std::fs::write(place.folder.join("rows.csv.rejected.csv"), corrected).unwrap();
        let third = import(&place, "rows.csv.rejected.csv", &[]);
        assert_eq!(counts(&third), [7, 2, 0, 5], "{third}");
        assert!(std::fs::exists(place.folder.join("rows.csv.rejected.csv.rejected.csv")).unwrap());
        let original = rows.replace("late,2015-07-04", "late,04/07/2015 11:00").replace("never", "05/07/2015 10:00");
        std::fs::write(place.folder.join("rows.csv"), original).unwrap();
        assert_eq!(counts(&import(&place, "rows.csv", &[])), [9, 0, 4, 5], "the mark before a formula is no content");
        remove(&place.folder);
    })
    .unwrap();
}

#[test]
fn an_interrupted_import_goes_on() {
    each_database(|scratch| {
        let database = match &scratch.target {
            store::Target::Postgres(url) => Some(url.clone()),
            store::Target::Sqlite(_) => None,
        };
        let mut rows = String::from("no,text,when\n");
        for n in 0..4_000 {
            rows.push_str(&format!("{n},no signal in house {n},04/07/2015 09:30\n"));
        }
        let place = place(database, rows.as_bytes());
        let mut child = place
            .command(&["import", "complaints", "rows.csv", "--map", "map.toml", "--json"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(900));
        child.kill().unwrap();
        child.wait().unwrap();
        let [all, registered, known, rejected] = counts(&import(&place, "rows.csv", &[]));
        assert_eq!((all, registered + known, rejected), (4_000, 4_000, 0));
        assert_eq!(counts(&import(&place, "rows.csv", &[])), [4_000, 0, 4_000, 0]);
        let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
        assert_eq!(report["cases"], 4_000, "each once");
        remove(&place.folder);
    })
    .unwrap();
}

#[test]
fn hostile_files_are_named_row_by_row() {
    let rows =
        b"no,text,when\r\n1,a\x00b,04/07/2015 09:30\r\n2,\xFF\xFE,04/07/2015 09:30\r\n3,fine,04/07/2015 09:30\r\n\
                 no,text,when\r\n3,other words,04/07/2015 09:30\r\n3,fine,04/07/2015 09:30\r\n\
                 4,\xE6\x8A\x95\xE8\xAF\x89,04/07/2015 09:30";
    let place = place(None, rows);
    let summary = import(&place, "rows.csv", &[]);
    assert_eq!(counts(&summary), [7, 2, 1, 4], "{summary}");
    let told: Vec<_> =
        reasons(&summary).into_iter().map(|(line, field, reason)| format!("{line} {field}: {reason}")).collect();
    for (told, wanted) in told.iter().zip([
        "2 text: holds a NUL",
        "3 : the bytes are not UTF-8",
        "5 : the heading stands here again",
        "6 no: this identity was taken in before with other content",
    ]) {
        assert!(told.starts_with(wanted), "{told}");
    }
    let list = std::fs::read(place.folder.join("rows.csv.rejected.csv")).unwrap();
    assert!(!list.contains(&0) && std::str::from_utf8(&list).is_ok());
    // What is marked as unreadable is not taken in by way of the list.
    let [.., rejected] = counts(&import(&place, "rows.csv.rejected.csv", &[]));
    assert_eq!(rejected, 4);
    remove(&place.folder);
}

#[test]
fn files_of_every_make_are_read() {
    let place = place(None, b"no,text,when\r1,a,04/07/2015 09:30\r2,b,04/07/2015 09:30\r");
    assert_eq!(counts(&import(&place, "rows.csv", &[])), [2, 2, 0, 0], "carriage returns alone");
    let (chinese, _, _) = encoding_rs::GB18030.encode("no,text,when\n3,投诉无信号,04/07/2015 09:30\n4,坏,never\n");
    std::fs::write(place.folder.join("gb.csv"), &chinese).unwrap();
    std::fs::write(place.folder.join("map.toml"), format!("encoding = \"gb18030\"\n{MAP}")).unwrap();
    assert_eq!(counts(&import(&place, "gb.csv", &[])), [2, 1, 0, 1]);
    // The list is UTF-8 and says so; the map of the file fits it all the same.
    let list = std::fs::read_to_string(place.folder.join("gb.csv.rejected.csv")).unwrap();
    std::fs::write(place.folder.join("gb.csv.rejected.csv"), list.replace("never", "04/07/2015 09:30")).unwrap();
    assert_eq!(counts(&import(&place, "gb.csv.rejected.csv", &[])), [1, 1, 0, 0]);
    std::fs::write(place.folder.join("bom.csv"), "\u{FEFF}no,text,when\n9,坏,04/07/2015 09:30").unwrap();
    assert_eq!(counts(&import(&place, "bom.csv", &[])), [1, 1, 0, 0], "no line end at the end");
    remove(&place.folder);
}

#[test]
fn what_is_wrong_with_a_file_as_a_whole_is_said_in_one_line() {
    let place = place(None, b"no,text,when\n1,a,04/07/2015 09:30\n");
    let command = ["import", "complaints", "rows.csv", "--map", "map.toml"];
    let with = |more: &[&str]| failed(&place, &[&command, more].concat());
    assert!(with(&["--rejected", "rows.csv"]).contains("overwrite"));
    assert!(with(&["--as", "nobody"]).contains("no such user"));
    let map = |text: &str| std::fs::write(place.folder.join("map.toml"), text).unwrap();
    map(&MAP.replace("zone = \"America/New_York\"", ""));
    assert!(with(&[]).contains("need a zone"));
    map(&MAP.replace("\"text\"", "\"words\""));
    assert!(with(&[]).contains("no column \"words\""));
    map(MAP);
    let file = |bytes: &[u8]| std::fs::write(place.folder.join("rows.csv"), bytes).unwrap();
    file(b"");
    assert!(with(&[]).contains("empty"));
    file(b"no,text,when,text\n1,a,b,c\n");
    assert!(with(&[]).contains("2 columns \"text\""));
    file(b"no,\xFF,when\n1,a,b\n");
    assert!(with(&[]).contains("line 1: the heading's bytes are not UTF-8"));
    // A mark left open, or a line without an end: what came before it is taken in, the rest is refused.
    let mut long = b"no,text,when\n1,a,04/07/2015 09:30\n2,\"".to_vec();
    long.resize(8 << 20, b'x');
    file(&long);
    let told = with(&[]);
    assert!(told.contains("line 3: the row is longer than 1 MiB"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    file(b"no,text,when\n1,a,04/07/2015 09:30\n");
    assert_eq!(counts(&import(&place, "rows.csv", &[])), [1, 0, 1, 0]);
    remove(&place.folder);
}

#[test]
fn rows_are_taken_in_with_somebodys_rights_and_name() {
    let place = place(None, b"no,text,when\n1,a,04/07/2015 09:30\n");
    place.ok(&["user", "add", "mei", "--role", "agent"]);
    place.ok(&["user", "add", "lan", "--role", "compliance"]);
    let command = ["import", "complaints", "rows.csv", "--map", "map.toml", "--as"];
    let told = failed(&place, &[&command[..], &["mei"]].concat());
    assert!(told.contains("Import files") || told.contains("import"), "{told}");
    assert_eq!(counts(&import(&place, "rows.csv", &["--as", "lan"])), [1, 1, 0, 0]);
    assert_eq!(counts(&import(&place, "rows.csv", &[])), [1, 0, 1, 0], "known whoever takes it in");
    place.ok(&["user", "change", "lan", "--disable"]);
    assert!(failed(&place, &[&command[..], &["lan"]].concat()).contains("no such user"));
    remove(&place.folder);
}
