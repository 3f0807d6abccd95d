//! The archive of a case proves itself, and whoever touches it is found out.

use crate::files::{attach, bytes};
use crate::{House, house, named, refusal};
use desk::archive::{Ask, CASE, INDEX, LOG, MANIFEST, PROOFS, SIGNATURE};
use desk::verify::{ArchiveReport, verify_archive};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use serde_json::{Value, json};
use std::io::{Cursor, Read as _, Write as _};
use store::testing::each_database;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub(crate) type Members = Vec<(String, Vec<u8>)>;

pub(crate) fn ask() -> Ask {
    Ask { purpose: "regulator".to_owned(), reason: "调取".to_owned() }
}

fn archive(house: &House, who: &Caller, case: &CaseRef) -> Vec<u8> {
    let made = house.wait(house.desk.archive(who, case, ask())).unwrap();
    let said = json!({"complaint": {"number": made.view.case.number, "version": made.view.case.version}});
    let mut out = Vec::new();
    made.write("<!doctype html>", &said.to_string(), &[], &mut out).unwrap();
    out
}

pub(crate) fn unpack(bytes: &[u8]) -> Members {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|n| {
            let mut member = zip.by_index(n).unwrap();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            (member.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

pub(crate) fn pack(members: &Members) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn check(bytes: &[u8]) -> ArchiveReport {
    verify_archive(Cursor::new(bytes)).unwrap()
}

pub(crate) fn codes(members: &Members) -> Vec<&'static str> {
    check(&pack(members)).findings().iter().map(|finding| finding.code).collect()
}

pub(crate) fn edit(members: &Members, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Members {
    let mut members = members.clone();
    change(&mut members.iter_mut().find(|(known, _)| known == name).unwrap().1);
    members
}

/// What somebody does who knows the format: the manifest fits what they changed.
pub(crate) fn forged(mut members: Members) -> Members {
    use sha2::Digest as _;
    let mut manifest = String::from("redress archive 1\n");
    for (name, bytes) in members.iter().filter(|(name, _)| name != MANIFEST && name != SIGNATURE) {
        let digest: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        manifest.push_str(&format!("{digest}  {name}\n"));
    }
    members.iter_mut().find(|(name, _)| name == MANIFEST).unwrap().1 = manifest.into_bytes();
    members
}

fn edit_json(members: &Members, name: &str, change: impl FnOnce(&mut Value)) -> Members {
    edit(members, name, |bytes| {
        let mut value = serde_json::from_slice(bytes).unwrap();
        change(&mut value);
        *bytes = value.to_string().into_bytes();
    })
}

fn some_case(house: &House) -> (Caller, CaseRef) {
    let agent = house.user("agent", Role::Specialist, "");
    house.register(&agent);
    let case = named(&house.register(&agent));
    attach(house, &agent, &case, "evil.html", b"<script>alert(1)</script>");
    attach(house, &agent, &case, "录音 13800138000.bin", &bytes(9));
    house.register(&agent);
    desk::jobs::checkpoint::seal_all(&house.desk).unwrap();
    house.act(&agent, &case, 3, "note", json!({"text": "后来的一笔"})).unwrap();
    (agent, case)
}

#[test]
fn an_untouched_archive_adds_up() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, case) = some_case(&house);
        let bytes = archive(&house, &agent, &case);
        let report = check(&bytes);
        assert!(report.is_whole(), "{:?}", report.findings());
        assert_eq!((report.log.entries, report.log.unsealed, report.log.cases), (5, 0, 1), "{report:?}");
        assert_eq!((report.log.attachments, report.attachments_gone), (2, 0));
        assert!(report.log.checkpoints >= 2 && report.log.public_keys.len() == 1 && !report.cannot_show.is_empty());
        let names: Vec<String> = unpack(&bytes).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[4], "attachments/01-evil.html.txt", "nothing in it runs by a double click");
        assert_eq!(names[5], "attachments/02-录音 13800138000.bin");
        let log = house.wait(house.desk.accesses(&agent, &case)).unwrap();
        assert_eq!((log[0].extent.as_str(), log[0].reason.as_deref()), ("archive", Some("调取")));
        let auditor = house.user("auditor", Role::Auditor, "");
        let refused = house.wait(house.desk.archive(&auditor, &case, ask())).err().unwrap();
        assert_eq!(refusal(refused).code, "not_permitted");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn whoever_touches_an_archive_is_found_out() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, case) = some_case(&house);
        let members = unpack(&archive(&house, &agent, &case));
        assert_eq!(codes(&members), [""; 0], "packed anew it is still whole");
        let last = members.len();
        for position in 0..last {
            let name = members[position].0.clone();
            let mut dropped = members.clone();
            dropped.remove(position);
            assert!(!codes(&dropped).is_empty(), "{name} may be dropped");
            let flipped = edit(&members, &name, |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            });
            assert!(!codes(&flipped).is_empty(), "{name} may be changed");
        }
        let mut more = members.clone();
        more.push(("readme.txt".to_owned(), b"hello".to_vec()));
        assert_eq!(codes(&more), ["member_unknown"]);
        // Who also writes the manifest anew lacks the key.
        let page = forged(edit(&members, INDEX, |bytes| bytes.extend_from_slice(b"<p>other words")));
        assert_eq!(codes(&page), ["manifest_signature_wrong"]);
        let found = |members: Members, wanted: &str| {
            let found = codes(&forged(members));
            assert!(found.contains(&wanted), "{wanted}: {found:?}");
        };
        let lines = |bytes: &mut Vec<u8>, change: fn(&mut Vec<String>)| {
            let mut lines: Vec<String> = String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_owned).collect();
            change(&mut lines);
            *bytes = lines.join("\n").into_bytes();
        };
        found(edit(&members, LOG, |log| lines(log, |lines| lines.swap(1, 2))), "version_gap");
        found(edit(&members, LOG, |log| lines(log, |lines| drop(lines.remove(1)))), "version_gap");
        found(edit(&members, LOG, |log| lines(log, |lines| drop(lines.drain(3..)))), "case_other");
        found(edit(&members, LOG, |log| lines(log, Vec::clear)), "log_truncated");
        found(
            edit(&members, LOG, |log| lines(log, |lines| lines[0] = lines[0].replacen("hotline", "web", 1))),
            "entry_changed",
        );
        found(
            edit_json(&members, PROOFS, |proofs| {
                proofs["entries"][0]["beside"].as_array_mut().unwrap().push(json!("AAAA"));
            }),
            "not_included",
        );
        found(edit_json(&members, PROOFS, |proofs| proofs["checkpoints"][0]["leaves"] = json!(7)), "signature_wrong");
        found(edit_json(&members, PROOFS, |proofs| proofs["checkpoints"] = json!([])), "not_included");
        found(edit_json(&members, CASE, |case| case["complaint"]["version"] = json!(3)), "case_other");
        found(edit_json(&members, PROOFS, |proofs| proofs["digest_key"] = json!("AAAA")), "attachment_missing");
        found(edit(&members, "attachments/01-evil.html.txt", |bytes| bytes.push(b'!')), "attachment_changed");
        let key = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        found(edit_json(&members, PROOFS, |proofs| proofs["public_key"] = key), "foreign_key");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_no_archive_is_told_and_a_bomb_costs_little() {
    for broken in [&b""[..], b"PK\x03\x04", b"PK\x05\x06 and then nothing", &[0; 4096]] {
        assert!(verify_archive(Cursor::new(broken)).is_err());
    }
    // A gibibyte of nothing in a megabyte: reading stops at the limit for one member.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(LOG, SimpleFileOptions::default()).unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..300 {
        zip.write_all(&piece).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    assert!(verify_archive(Cursor::new(&bomb)).unwrap_err().to_string().contains("larger than anything"));
    let many: Members = (0..1_100).map(|n| (format!("{n}"), Vec::new())).collect();
    assert!(verify_archive(Cursor::new(pack(&many))).unwrap_err().to_string().contains("1100 members"));
    let slip: Members = vec![("../../etc/passwd".to_owned(), b"x".to_vec())];
    assert!(codes(&slip).contains(&"member_unknown"), "nothing is unpacked, so it is only a name");
}

#[test]
fn an_erased_persons_archive_holds_what_is_left() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let compliance = house.user("compliance", Role::Compliance, "");
        let case = named(&house.register(&agent));
        attach(&house, &agent, &case, "a.txt", b"somebody's words");
        for (position, (verb, body)) in crate::steps().into_iter().enumerate() {
            house.act(&agent, &case, position as i64 + 2, verb, body).unwrap();
        }
        house.wait(house.desk.erase(&compliance, &case, "request")).unwrap();
        let made = house.wait(house.desk.archive(&compliance, &case, ask())).unwrap();
        assert!(made.view.erased && made.view.identity.is_none() && made.kept.is_empty());
        let bytes = archive(&house, &compliance, &case);
        assert!(unpack(&bytes).iter().all(|(name, _)| !name.starts_with("attachments/")));
        let report = check(&bytes);
        assert!(report.is_whole(), "{:?}", report.findings());
        assert_eq!((report.log.attachments, report.attachments_gone), (0, 1));
        house.close_down();
    })
    .unwrap();
}
