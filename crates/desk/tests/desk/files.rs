//! Attached files: kept sealed, found again, never handed out damaged, gone with the person.

use crate::{House, house, named, refusal, to_the_close};
use desk::attach::{Attached, Beside};
use desk::queries::attachment::Why;
use desk::verify;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::ids::AttachmentId;
use store::testing::{each_database, raw};

/// More than two chunks of bytes that differ from each other.
pub(crate) fn bytes(seed: u8) -> Vec<u8> {
    (0..600_000_u32).map(|n| (n % 251) as u8 ^ seed).collect()
}

pub(crate) fn try_attach(
    house: &House,
    who: &Caller,
    case: &CaseRef,
    name: &str,
    bytes: &[u8],
    seen: Option<i64>,
) -> Result<Attached, DeskError> {
    house.wait(async {
        let mut upload = house.desk.begin_attachment(who, case).await?;
        for piece in bytes.chunks(70_001) {
            upload.write(piece)?;
        }
        let beside =
            Beside { name: name.to_owned(), note: Some("营业厅交来，电话13900139000".to_owned()), seen };
        house.desk.attach(upload, beside).await
    })
}

pub(crate) fn attach(house: &House, who: &Caller, case: &CaseRef, name: &str, bytes: &[u8]) -> Attached {
    try_attach(house, who, case, name, bytes, None).unwrap()
}

fn read(house: &House, who: &Caller, case: &CaseRef, id: AttachmentId) -> Result<Vec<u8>, DeskError> {
    Ok(house.wait(house.desk.attachment(who, case, id, Why::default()))?.bytes)
}

#[test]
fn what_was_attached_comes_back_and_the_same_bytes_are_kept_once() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "31");
        let case = named(&house.register(&agent));
        let first = attach(&house, &agent, &case, "../13800138000\u{202E}.pdf", &bytes(0));
        assert!(!first.replayed);
        let again = attach(&house, &agent, &case, "other.pdf", &bytes(0));
        assert_eq!((again.id, again.replayed), (first.id, true));
        let second = attach(&house, &agent, &case, "b.txt", "收据".as_bytes());
        let view = house.wait(house.desk.case(&agent, &case)).unwrap();
        assert_eq!(view.case.version, 3, "the repetition wrote nothing");
        let names: Vec<_> = view.case.attachments.iter().map(|one| one.name.plain().unwrap()).collect();
        assert_eq!(names, ["138****8000.pdf", "b.txt"], "names are made harmless and masked");
        assert_eq!(view.case.attachments[0].note.as_ref().unwrap().plain().unwrap(), "营业厅交来，电话139****9000");
        assert_eq!((view.case.attachments[0].size, view.case.attachments[1].media.as_str()), (600_000, "text/plain"));
        assert_eq!(read(&house, &agent, &case, first.id).unwrap(), bytes(0));
        let opened = house.wait(house.desk.attachment(&agent, &case, second.id, Why::default())).unwrap();
        assert_eq!((opened.name.as_str(), opened.bytes.as_slice()), ("b.txt", "收据".as_bytes()));
        let log = house.wait(house.desk.accesses(&agent, &case)).unwrap();
        let extents: Vec<_> = log.iter().map(|one| one.extent.clone()).collect();
        assert_eq!(extents, [format!("attachment {}", first.id), format!("attachment {}", second.id)]);
        // The same bytes in another case are another file, and a file belongs to its case alone.
        let other = named(&house.register(&agent));
        let third = attach(&house, &agent, &other, "a.pdf", &bytes(0));
        assert_ne!(third.id, first.id);
        let digest =
            |case: &CaseRef| house.wait(house.desk.case(&agent, case)).unwrap().case.attachments[0].digest.clone();
        assert_ne!(digest(&case), digest(&other), "a digest does not tell that two cases hold the same file");
        assert_eq!(refusal(read(&house, &agent, &other, first.id).unwrap_err()).code, "not_found");
        let stranger = house.user("stranger", Role::Supervisor, "33");
        let hidden = try_attach(&house, &stranger, &case, "x", b"x", None).unwrap_err();
        assert_eq!(refusal(hidden).code, "not_found");
        let auditor = house.user("auditor", Role::Auditor, "");
        assert_eq!(refusal(read(&house, &auditor, &case, first.id).unwrap_err()).code, "not_permitted");
        let report = verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole() && report.attachments == 3, "{report:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn limits_and_versions() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let case = named(&house.register(&agent));
        let closed = to_the_close(&house, &agent, &case).case.version;
        attach(&house, &agent, &case, "late.txt", b"handed in late");
        let stale = try_attach(&house, &agent, &case, "x.txt", b"x", Some(closed)).unwrap_err();
        assert!(matches!(stale, DeskError::Stale { current, .. } if current == closed + 1), "{stale:?}");
        try_attach(&house, &agent, &case, "x.txt", b"x", Some(closed + 1)).unwrap();
        let empty = refusal(try_attach(&house, &agent, &case, "e", b"", None).unwrap_err());
        assert_eq!((empty.faults[0].field.as_str(), empty.faults[0].code), ("file", "empty"));
        let mut upload = house.wait(house.desk.begin_attachment(&agent, &case)).unwrap();
        let room = usize::try_from(upload.room()).unwrap();
        upload.write(&vec![1; room]).unwrap();
        assert_eq!(refusal(upload.write(b"x").unwrap_err()).faults[0].code, "file_too_large");
        for n in 2..50 {
            attach(&house, &agent, &case, "n.txt", format!("file {n}").as_bytes());
        }
        let full = refusal(try_attach(&house, &agent, &case, "n.txt", b"one more", None).unwrap_err());
        assert_eq!(full.code, "too_many_attachments");
        assert!(attach(&house, &agent, &case, "n.txt", b"file 7").replayed, "what is there already needs no room");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn papers_that_come_at_once_are_all_kept() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let case = named(&house.register(&agent));
        let works: Vec<_> = (0..12_u8)
            .map(|n| {
                let (desk, agent, case) = (house.desk.clone(), agent.clone(), case.clone());
                house.runtime.spawn(async move {
                    let mut upload = desk.begin_attachment(&agent, &case).await?;
                    // Each comes twice.
                    upload.write(&[n / 2; 1000])?;
                    desk.attach(upload, Beside { name: format!("{n}.txt"), ..Beside::default() }).await
                })
            })
            .collect();
        let done: Vec<Attached> = works.into_iter().map(|work| house.wait(work).unwrap().unwrap()).collect();
        assert_eq!(done.iter().filter(|one| one.replayed).count(), 6);
        let view = house.wait(house.desk.case(&agent, &case)).unwrap();
        assert_eq!((view.case.version, view.case.attachments.len()), (7, 6));
        assert!(verify::verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn damaged_bytes_are_named_and_never_handed_out() {
    let swap = "UPDATE attachment_chunks SET n = 100 WHERE n = 0; UPDATE attachment_chunks SET n = 0 WHERE n = 1;
        UPDATE attachment_chunks SET n = 1 WHERE n = 100";
    let copy = "UPDATE attachment_chunks SET sealed = (SELECT c.sealed FROM attachment_chunks c
        WHERE c.attachment = attachment_chunks.attachment AND c.n = 1) WHERE n = 0";
    let shorten = "DELETE FROM attachment_chunks WHERE n = 2; UPDATE attachments SET chunks = chunks - 1";
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let case = named(&house.register(&agent));
        let id = attach(&house, &agent, &case, "a.bin", &bytes(3)).id;
        desk::jobs::checkpoint::seal_all(&house.desk).unwrap();
        for (damage, named) in [
            ("UPDATE attachment_chunks SET sealed = substr(sealed, 1, 5000) WHERE n = 1", "chunk 2 of 3"),
            ("DELETE FROM attachment_chunks WHERE n = 1", "chunk 2 of 3 is missing"),
            ("DELETE FROM attachment_chunks WHERE n = 2", "chunk 3 of 3 is missing"),
            (swap, "chunk 1 of 3"),
            (copy, "chunk 1 of 3"),
            (shorten, "chunk 2 of 2"),
            ("UPDATE attachments SET chunks = chunks + 1", "chunk 3 of 4"),
            ("DELETE FROM attachments", "it is gone"),
        ] {
            let keep = "CREATE TABLE kept AS SELECT * FROM attachments; CREATE TABLE kept_chunks AS SELECT * FROM
                attachment_chunks";
            let back = "DELETE FROM attachments; INSERT INTO attachments SELECT * FROM kept; DELETE FROM
                attachment_chunks; INSERT INTO attachment_chunks SELECT * FROM kept_chunks; DROP TABLE kept;
                DROP TABLE kept_chunks";
            house.desk.db().write_now(move |tx| raw(tx, keep)).unwrap();
            house.desk.db().write_now(move |tx| raw(tx, damage)).unwrap();
            match read(&house, &agent, &case, id) {
                Err(DeskError::DamagedAttachment(what)) => assert!(what.contains(named), "{damage}: {what}"),
                other => panic!("{damage}: {:?}", other.map(|bytes| bytes.len())),
            }
            let report = verify::verify(house.desk.db(), None).unwrap();
            // A row that claims more chunks than there are is found when the file is read.
            if !damage.contains("chunks + 1") {
                let found = report
                    .findings
                    .iter()
                    .any(|one| one.code.starts_with("attachment_") && one.detail.contains(&id.to_string()));
                assert!(found, "{damage}: {:?}", report.findings);
            }
            house.desk.db().write_now(move |tx| raw(tx, back)).unwrap();
        }
        assert_eq!(read(&house, &agent, &case, id).unwrap(), bytes(3));
        assert_eq!(house.wait(house.desk.accesses(&agent, &case)).unwrap().len(), 1, "what was refused shows nothing");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn files_go_with_the_person() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let compliance = house.user("compliance", Role::Compliance, "");
        let case = named(&house.register(&agent));
        let kept = named(&house.register(&agent));
        let id = attach(&house, &agent, &case, "身份证.txt", "某人的身份证".as_bytes()).id;
        let other = attach(&house, &agent, &kept, "b.txt", b"stays").id;
        let version = house.wait(house.desk.case(&agent, &case)).unwrap().case.version;
        assert_eq!(version, 2);
        for (position, (verb, body)) in crate::steps().into_iter().enumerate() {
            house.act(&agent, &case, position as i64 + 2, verb, body).unwrap();
        }
        let waiting = house.wait(house.desk.begin_attachment(&agent, &case)).unwrap();
        house.wait(house.desk.erase(&compliance, &case, "request")).unwrap();
        let late = house.wait(async {
            let mut upload = waiting;
            upload.write(b"too late").unwrap();
            house.desk.attach(upload, Beside::default()).await
        });
        assert_eq!(refusal(late.unwrap_err()).code, "person_erased");
        assert_eq!(refusal(read(&house, &agent, &case, id).unwrap_err()).code, "person_erased");
        let refused = try_attach(&house, &agent, &case, "x", b"x", None).unwrap_err();
        assert_eq!(refusal(refused).code, "person_erased");
        let left = house.desk.db().read_now(|tx| store::attachments::page(tx, None, 10)).unwrap();
        assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [other.0]);
        let chunks = house.desk.db().read_now(move |tx| store::attachments::chunk_numbers(tx, id.0)).unwrap();
        assert!(chunks.is_empty(), "the bytes are gone too");
        let view = house.wait(house.desk.case(&agent, &case)).unwrap();
        assert_eq!(view.case.attachments[0].name.plain(), Some(desk::queries::case::ERASED));
        let report = verify::verify(house.desk.db(), None).unwrap();
        assert!(report.is_whole() && report.attachments == 1, "{report:?}");
        assert_eq!(read(&house, &agent, &kept, other).unwrap(), b"stays");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn files_come_back_from_a_backup() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let case = named(&house.register(&agent));
        let id = attach(&house, &agent, &case, "a.bin", &bytes(5)).id;
        let target = store::testing::sqlite().unwrap();
        let file = target.folder().join("night.backup");
        crate::backup::make(&house.desk, &file).unwrap();
        house.close_down();
        crate::backup::restore(&target, &file, false).unwrap();
        let time = desk::time::Time::at(crate::at(crate::NOON));
        let desk = crate::open(&target, time, &crate::key_file(scratch)).unwrap();
        let restored = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        assert_eq!(read(&restored, &agent, &case, id).unwrap(), bytes(5));
        let report = verify::verify(restored.desk.db(), None).unwrap();
        assert!(report.is_whole() && report.attachments == 1, "{report:?}");
        restored.close_down();
    })
    .unwrap();
}
