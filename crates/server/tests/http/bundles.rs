//! The evidence for a body outside, at the doors: what is missing is told before, the archive reads alone in both
//! languages, and nothing in it is another's or for colleagues alone.

use crate::{Answer, House, handoff, house, house_under, intake};
use desk::verify::verify_archive;
use domain::actor::Role;
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};
use store::testing::each_database;

const ASK: &str = "?purpose=regulator&reason=x";

/// Every member by its name, as text.
fn members(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"), "{answer:?}");
    let report = verify_archive(Cursor::new(&answer.bytes)).unwrap();
    assert!(report.is_whole(), "{:?}", report.findings());
    assert_eq!(report.log.unsealed, 0);
    let mut zip = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        (name, String::from_utf8_lossy(&bytes).into_owned())
    };
    names.into_iter().map(read).collect()
}

fn member<'m>(members: &'m [(String, String)], name: &str) -> &'m str {
    &members.iter().find(|(known, _)| known == name).unwrap().1
}

fn act(house: &House, token: &str, id: &str, verb: &str, body: &Value) -> Value {
    let version = house.get(token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
    let answer = house.act(token, id, version, verb, body);
    assert_eq!(answer.status, 200, "{verb}: {answer:?}");
    answer.json()
}

fn missing(house: &House, token: &str, id: &str, list: &str) -> Vec<String> {
    let case = house.get(token, &format!("/api/v1/complaints/{id}")).json();
    let items = case[list][0]["missing"].as_array().unwrap().clone();
    items.iter().map(|item| item["item"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_matter_goes_to_its_body_without_what_is_for_colleagues() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Compliance, "");
        let mut handed = handoff();
        handed["complaint"]["external"] = json!([]);
        handed["complaint"]["description"] = json!("机主13800138000，邻居13911112222也受影响");
        handed["complaint"]["assessment"] = json!({"media": true});
        let receipt = house.call(&token, "POST", "/api/v1/handoffs", &[], &handed);
        assert!([200, 201].contains(&receipt.status), "{receipt:?}");
        let id = receipt.json()["case"].as_str().unwrap().to_owned();
        let number = house.get(&token, &format!("/api/v1/complaints/{id}")).json()["number"].clone();
        let mut other = json!({"owner": "12345", "number": "热线-777", "request": "transfer", "text": "另案", "own_number": number});
        other["handed_at"] = json!("2026-07-11T09:00:00+08:00");
        house.call(&token, "POST", "/api/v1/handoffs", &[], &other);
        act(&house, &token, &id, "note", &json!({"text": "绝密备注"}));
        act(&house, &token, &id, "accept", &json!({}));
        act(&house, &token, &id, "propose", &json!({"outcome": "草案一", "finding": "调查甲"}));
        act(&house, &house.token(Role::Supervisor, ""), &id, "send-back", &json!({"reason": "质检意见"}));
        assert_eq!(missing(&house, &token, &id, "matters"), ["paper", "feedback", "deadline", "deadline"]);
        let path = format!("/api/v1/complaints/{id}/matters/1/bundle");
        for (query, field) in [("", "purpose"), ("?purpose=regulator", "reason"), ("?purpose=contact&reason=x", "purpose")] {
            let refused = house.get(&token, &format!("{path}{query}"));
            assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some(field)));
        }
        for wrong in ["0", "7", "x", "-1", "99999999999", "%00"] {
            let none = house.get(&token, &format!("/api/v1/complaints/{id}/matters/{wrong}/bundle{ASK}"));
            assert_eq!(none.status, 404, "{wrong}");
        }
        assert_eq!(house.get(&token, &format!("/api/v1/complaints/{id}/referrals/1/bundle{ASK}")).status, 404);
        let before = members(&house.get(&token, &(path.clone() + ASK)));
        let page = member(&before, "index.html");
        for words in ["缺少 · 对机构的反馈", "missing · Answer to the body", "lang=\"zh-CN\"", "lang=\"en\"", "sha256sum"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(page.contains("转〔2026〕17号") && page.contains("cn-telecom") && page.contains("13800138000"));
        act(&house, &token, &id, "feed-back", &json!({"matter": 1, "content": "已退费", "reference": "复1号"}));
        assert_eq!(missing(&house, &token, &id, "matters"), ["deadline", "deadline"], "late, and so it stays said");
        let after = members(&house.get(&token, &(path.clone() + ASK)));
        assert!(!member(&after, "index.html").contains("缺少 · 对机构的反馈"));
        let data: Value = serde_json::from_str(member(&after, "case.json")).unwrap();
        assert_eq!(data["complaint"]["matters"][0]["number"], "转〔2026〕17号", "{data}");
        assert_eq!(data["complaint"]["identity"]["phone"], "13800138000");
        assert!(data["left_out"]["internal"].as_i64().unwrap() >= 3 && data["left_out"]["other_bodies"].is_number());
        let clocks = data["rules"]["clocks"].as_array().unwrap();
        assert!(clocks.iter().any(|clock| clock["explanation"]["rule"]["source"]["id"].is_string()), "{data}");
        let all: String = after.iter().map(|(_, text)| text.as_str()).collect();
        for never in ["绝密备注", "草案一", "调查甲", "质检意见", "热线-777", "13911112222"] {
            assert!(!all.contains(never), "{never}");
        }
        for never in ["<script", "<img", "<iframe", "href=\"http", "url("] {
            assert!(!member(&after, "index.html").contains(never), "{never}");
        }
        let taken_in = &data["events"][0]["events"][0];
        assert!(taken_in["type"] == "registered" && taken_in["owner"].is_null() && taken_in["person"].is_null());
        assert!(taken_in["record"]["assessment"]["media"] != true, "{taken_in}");
        let log = house.get(&token, &format!("/api/v1/complaints/{id}/accesses")).json();
        assert_eq!((&log["items"][0]["extent"], &log["items"][0]["purpose"]), (&json!("bundle matter 1"), &json!("regulator")));
        for (role, region, status) in [(Role::Auditor, "", 403), (Role::Compliance, "33", 404)] {
            assert_eq!(house.get(&house.token(role, region), &(path.clone() + ASK)).status, status, "{role:?}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_referral_is_taken_out_on_the_page_of_the_case() {
    each_database(|scratch| {
        let house = house_under(scratch, Some("uk"));
        let token = house.token(Role::Compliance, "");
        let mut body = intake();
        body["external"] = json!([]);
        let case = house.register(&token, &body);
        let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
        let refer =
            json!({"route": "cisas", "stage": "admitted", "reason": "they ask for the file", "reference": "C-1"});
        act(&house, &token, id, "refer", &refer);
        assert_eq!(missing(&house, &token, id, "referrals"), ["number"]);
        let cookie = house.session("mei", Role::Compliance);
        let headers = [
            ("cookie", cookie.as_str()),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let at = |more: &str| format!("/console/cases/{number}{more}");
        let page = house.send("GET", &at(""), &headers, "");
        assert!(page.body.contains("/referrals/1/bundle") && page.body.contains("Number the body gave the matter"));
        let unasked = house.send("POST", &at("/referrals/1/bundle"), &headers, "purpose=regulator");
        assert_eq!(unasked.status, 422, "{unasked:?}");
        assert_eq!(house.send("POST", &at("/referrals/2/bundle"), &headers, "purpose=regulator&reason=x").status, 404);
        let taken = house.send("POST", &at("/referrals/1/bundle"), &headers, "purpose=regulator&reason=asked");
        let members = members(&taken);
        assert!(taken.header("content-disposition").contains(&format!("{number}-referral-1.zip")));
        let page = member(&members, "index.html");
        assert!(
            page.contains("CISAS")
                && page.contains("The pack is a preview.")
                && page.contains("it states no compliance")
        );
        let data: Value = serde_json::from_str(member(&members, "case.json")).unwrap();
        assert_eq!(data["complaint"]["referrals"][0]["route"], "cisas");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_letter_is_given_as_it_was_sent() {
    each_database(|scratch| {
        let house = house_under(scratch, Some("uk"));
        let token = house.token(Role::Compliance, "");
        let mut body = intake();
        body["external"] = json!([]);
        body["description"] = json!("邻居13911112222也受影响，本人13800138000");
        let case = house.register(&token, &body);
        let id = case["id"].as_str().unwrap();
        let drafted = house.get(&token, &format!("/api/v1/complaints/{id}/letters/uk_adr_letter.json")).json();
        let written = |more: &str| {
            let mut content = drafted["content"].as_str().unwrap().replace("{appeal_contact}", "0330 440 1614");
            for blank in drafted["blanks"].as_array().unwrap() {
                content = content.replace(&format!("{{{}}}", blank.as_str().unwrap()), "13800138000");
            }
            content + more
        };
        let (whole, third) = (written(""), written("\n\n13911112222"));
        for content in [&whole, &third] {
            let letter = json!({"letter": "uk_adr_letter", "language": "en", "medium": "email", "content": content, "reference": "P1"});
            act(&house, &token, id, "issue-letter", &letter);
        }
        act(&house, &token, id, "refer", &json!({"route": "cisas", "stage": "admitted", "reason": "asks", "reference": "C-1"}));
        let taken = house.get(&token, &format!("/api/v1/complaints/{id}/referrals/1/bundle{ASK}"));
        let members = members(&taken);
        let hash = |text: &str| desk::archive::digest(text);
        let mut pages: Vec<(&str, &str)> = Vec::new();
        for (name, page) in members.iter().filter(|(name, _)| name.contains("letters/") && name.ends_with(".html")) {
            pages.push((name, page));
        }
        pages.sort_unstable();
        assert_eq!(pages.len(), 2, "{:?}", members.iter().map(|(name, _)| name).collect::<Vec<_>>());
        let letter = |n: usize| pages[n - 1].1;
        assert!(letter(1).contains("0330 440 1614") && letter(1).contains(&hash(&whole)), "{}", letter(1));
        assert!(!letter(1).contains("withheld"));
        assert!(letter(2).contains("0330 440 1614") && !letter(2).contains("13911112222"), "{}", letter(2));
        assert!(letter(2).contains("withheld") && letter(2).contains(&hash(&third)), "{}", letter(2));
        let data: Value = serde_json::from_str(member(&members, "case.json")).unwrap();
        let told: Vec<&Value> =
            data["complaint"]["letters"].as_array().unwrap().iter().filter(|one| one["issued"].is_object()).collect();
        assert_eq!((&told[0]["redacted"], &told[0]["sha256"]), (&json!(false), &told[0]["sha256_sent"]));
        assert_eq!(told[0]["issued"]["content"], json!(whole));
        assert_eq!((&told[1]["redacted"], &told[1]["sha256_sent"]), (&json!(true), &json!(hash(&third))));
        house.desk.db().close();
    })
    .unwrap();
}
