//! What a body outside is given of a case: it proves itself like an archive, says what is missing, and holds nothing that
//! is another's.

use crate::archive::{Members, ask, check, codes, edit, forged, pack, unpack};
use crate::files::attach;
use crate::lives::each;
use crate::scenarios::house_under;
use crate::{House, intake, named, refusal};
use desk::archive::{CASE, INDEX, LOG, MANIFEST};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::case::Case;
use domain::case::bundle::{Concern, LeftOut};
use domain::case::bundle_check::{Item, Standing, What};
use serde_json::{Value, json};
use store::testing::each_database;

fn bundle(house: &House, who: &Caller, case: &Case, concern: Concern) -> Members {
    let made = house.wait(house.desk.bundle(who, &CaseRef::Id(case.id), concern, ask())).unwrap();
    let said = json!({"complaint": {"number": made.view.case.number, "version": made.view.case.version}});
    let mut out = Vec::new();
    made.write("<!doctype html>", &said.to_string(), &[], &mut out).unwrap();
    unpack(&out)
}

fn hand_off(house: &House, lead: &Caller, case: &Case, owner: &str, number: &str) {
    let body = json!({
        "owner": owner, "number": number, "request": "transfer", "handed_at": house.desk.time().now().to_string(),
        "own_number": case.number, "text": "请依法处理",
    });
    house.wait(house.desk.hand_off(lead, body)).unwrap();
}

#[test]
fn a_matter_is_given_to_its_body_and_nothing_else() {
    each(|desk| {
        let house = desk.house;
        let case = desk.open_with(|body| body["external"] = json!([]));
        hand_off(house, &desk.lead, &case, "miit", "转1");
        hand_off(house, &desk.lead, &case, "12345", "热线77");
        let case = desk.act(&desk.now(&case), "note", json!({"text": "内部意见"}));
        let name = CaseRef::Id(case.id);
        let paper = attach(house, &desk.who, &name, "反馈函.pdf", b"%PDF-1.7 answer");
        attach(house, &desk.who, &name, "内部截图.png", b"not for them");
        let view = house.wait(house.desk.case(&desk.who, &name)).unwrap();
        let before = house.desk.bundle_check(&view, Concern::Matter(1)).unwrap();
        assert!(wants(&before, &What::Feedback), "{before:?}");
        assert!(before.iter().any(|item| matches!(&item.what, What::Deadline(rule) if rule == "regulator_feedback")));
        let answer = json!({"matter": 1, "content": "已退费", "document": paper.id.to_string()});
        let case = desk.act(&view.case, "feed-back", answer);
        let view = house.wait(house.desk.case(&desk.who, &name)).unwrap();
        let after = house.desk.bundle_check(&view, Concern::Matter(1)).unwrap();
        assert!(after.iter().all(|item| !item.standing.is_wanting()), "{after:?}");
        assert!(wants(&house.desk.bundle_check(&view, Concern::Matter(2)).unwrap(), &What::Feedback));

        let members = bundle(house, &desk.who, &case, Concern::Matter(1));
        let report = check(&pack(&members));
        assert!(report.is_whole(), "{:?}", report.findings());
        assert_eq!((report.log.unsealed, report.log.attachments), (0, 1), "{report:?}");
        assert!(report.withheld >= 3 && report.number.as_deref() == Some(&case.number), "{report:?}");
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"attachments/01-反馈函.pdf"), "{names:?}");
        let all: String = members.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
        for never in ["热线77", "12345", "not for them", "内部", "\"note\""] {
            assert!(!all.contains(never), "{never}");
        }
        let log = house.wait(house.desk.accesses(&desk.who, &name)).unwrap();
        assert_eq!((log[0].extent.as_str(), log[0].reason.as_deref()), ("bundle matter 1", Some("调取")));
        let missing = house.wait(house.desk.bundle(&desk.who, &name, Concern::Matter(3), ask())).err().unwrap();
        assert_eq!(refusal(missing).code, "not_found");
        let missing = house.wait(house.desk.bundle(&desk.who, &name, Concern::Referral(1), ask())).err().unwrap();
        assert_eq!(refusal(missing).code, "not_found");
        let auditor = house.user("auditor", Role::Auditor, "");
        let refused = house.wait(house.desk.bundle(&auditor, &name, Concern::Matter(1), ask())).err().unwrap();
        assert_eq!(refusal(refused).code, "not_permitted");
        let elsewhere = house.user("elsewhere", Role::Compliance, "33");
        let hidden = house.wait(house.desk.bundle(&elsewhere, &name, Concern::Matter(1), ask())).err().unwrap();
        assert_eq!(refusal(hidden).code, "not_found");
    });
}

fn wants(items: &[Item], what: &What) -> bool {
    items.iter().any(|item| item.what == *what && item.standing == Standing::Missing)
}

#[test]
fn whoever_touches_a_bundle_is_found_out() {
    each(|desk| {
        let case = desk.open();
        hand_off(desk.house, &desk.lead, &case, "miit", "转1");
        let case = desk.act(&desk.now(&case), "note", json!({"text": "内部意见"}));
        let case = desk.act(&case, "feed-back", json!({"content": "已退费", "reference": "复1号"}));
        let members = bundle(desk.house, &desk.who, &case, Concern::Matter(1));
        assert_eq!(codes(&members), [""; 0]);
        for position in 0..members.len() {
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
        let found = |members: Members, wanted: &str| {
            let found = codes(&forged(members));
            assert!(found.contains(&wanted), "{wanted}: {found:?}");
        };
        found(edit(&members, INDEX, |bytes| bytes.extend_from_slice(b"<p>other words")), "manifest_signature_wrong");
        let lines = |change: &dyn Fn(&mut Vec<Value>)| {
            edit(&members, LOG, |bytes| {
                let text = String::from_utf8(bytes.clone()).unwrap();
                let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                change(&mut lines);
                *bytes = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes();
            })
        };
        let withheld = |lines: &[Value]| lines.iter().position(|line| line.get("withheld").is_some()).unwrap();
        // Another hash in its place fits neither the next entry nor the checkpoint; none in its place leaves a hole.
        let zero = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let other = lines(&|lines| {
            let at = withheld(lines);
            lines[at]["withheld"]["hash"] = zero.clone();
        });
        found(other.clone(), "chain_broken");
        found(other, "not_included");
        found(
            lines(&|lines| {
                let at = withheld(lines);
                lines.remove(at);
            }),
            "version_gap",
        );
        found(lines(&|lines| drop(lines.pop())), "case_other");
        assert!(members.iter().any(|(name, _)| name == MANIFEST) && members.iter().any(|(name, _)| name == CASE));
    });
}

#[test]
fn a_referral_says_what_its_next_stage_lacks_until_it_is_there() {
    each_database(|scratch| {
        let house = house_under(scratch, "us");
        let (clerk, compliance) = (house.user("clerk", Role::Specialist, ""), house.user("chief", Role::Compliance, ""));
        let mut body = intake();
        body["external"] = json!([]);
        let case = house.try_register(&clerk, body).unwrap();
        let name = named(&case);
        let act = |verb: &str, body: Value| {
            let version = house.wait(house.desk.case(&clerk, &name)).unwrap().case.version;
            house.act(&clerk, &name, version, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}")).case
        };
        act("refer", json!({"route": "fcc_informal", "reason": "served", "reference": "FCC-PAPER-1"}));
        let checked = || {
            let view = house.wait(house.desk.case(&clerk, &name)).unwrap();
            (house.desk.bundle_check(&view, Concern::Referral(1)).unwrap(), view)
        };
        let letter = What::Letter("us_fcc_reply_letter".to_owned());
        let (before, view) = checked();
        assert!(wants(&before, &letter) && wants(&before, &What::Number), "{before:?}");
        let runs = |item: &Item| matches!(item.what, What::Deadline(_)) && item.standing == Standing::Running;
        assert!(before.iter().any(runs), "{before:?}");
        let draft = house.desk.letter_draft(&view, "us_fcc_reply_letter", None).unwrap();
        let mut content = draft.content;
        for blank in &draft.blanks {
            content = content.replace(&format!("{{{blank}}}"), "as told");
        }
        act(
            "issue-letter",
            json!({"letter": "us_fcc_reply_letter", "language": "en", "medium": "portal", "content": content, "reference": "P-1"}),
        );
        let (after, _) = checked();
        assert!(!wants(&after, &letter), "{after:?}");
        assert!(after.iter().all(|item| !matches!(item.what, What::Statement(..))), "{after:?}");
        let case = act("record-step", json!({"stage": "fed_back", "reference": "FCC-PAPER-2"}));
        let made = house.wait(house.desk.bundle(&compliance, &name, Concern::Referral(1), ask())).unwrap();
        let left_out = &made.bundle.as_ref().unwrap().left_out;
        assert!(left_out.keys().all(|why| *why != LeftOut::OtherBodies), "{left_out:?}");
        assert!(made.view.users.is_empty() && made.view.identity.as_ref().unwrap().phone.is_some());
        let members = bundle(&house, &compliance, &case, Concern::Referral(1));
        let report = check(&pack(&members));
        assert!(report.is_whole(), "{:?}", report.findings());
        house.close_down();
    })
    .unwrap();
}
