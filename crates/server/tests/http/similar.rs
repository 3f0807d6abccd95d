//! Duplicates and repeats by exact keys: shown before a contact is registered, and never in its way.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::each_database;

fn check(house: &House, token: &str, body: &Value) -> Value {
    let answer = house.call(token, "POST", "/api/v1/complaints/check", &[], body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn the_same_matter_is_found_before_it_is_registered() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "31");
        let mut fresh = check(&house, &token, &intake());
        let clocks = fresh.as_object_mut().unwrap().remove("clocks").unwrap();
        assert!(clocks[0]["due_at"].is_string() && clocks.as_array().unwrap().len() > 2, "{clocks}");
        fresh.as_object_mut().unwrap().remove("suggestion");
        assert_eq!(fresh, json!({"faults": [], "repeat_count": 0, "duplicates": []}));
        let case = house.register(&token, &intake());
        let checked = check(&house, &token, &intake());
        assert_eq!(checked["repeat_count"], 1);
        let found = &checked["duplicates"][0];
        assert_eq!(
            (&found["number"], &found["open"], &found["category"]),
            (&case["number"], &json!(true), &json!("B204"))
        );
        assert_eq!(found["why"], json!(["complainant.phone", "subscription.number", "description"]));
        assert!(
            found["alike"].as_u64().unwrap() >= 90,
            "numbers that were lifted out are not among the words: {found}"
        );
        assert_eq!(found.as_object().unwrap().len(), 7, "nothing about the person");
        // The family counts, not the leaf; the number, however it is written; a business number alone.
        let mut near = intake();
        near["category"] = json!("B201");
        near["complainant"] = json!({"name": "他人"});
        near["subscription"] = json!({"number": "+86 138-0013-8000"});
        (near["subject"], near["description"]) = (json!("另事"), json!("另有一事"));
        assert_eq!(check(&house, &token, &near)["duplicates"][0]["why"], json!(["subscription.number"]));
        for (pointer, value) in [("/category", "A101"), ("/subscription/number", "13900139000")] {
            let mut far = near.clone();
            *far.pointer_mut(pointer).unwrap() = json!(value);
            assert_eq!(check(&house, &token, &far)["repeat_count"], 0, "{pointer}");
        }
        // What is faulty is told and looked up all the same.
        let mut faulty = intake();
        faulty["description"] = json!("");
        faulty["received_at"] = json!("2026-01-01T00:00:00Z");
        faulty["colour"] = json!("red");
        let told = check(&house, &token, &faulty);
        let codes: Vec<_> =
            told["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
        assert_eq!((codes, told["repeat_count"].as_i64()), (vec!["empty", "unknown_field"], Some(1)));
        let mut early = intake();
        early["received_at"] = json!("2026-08-01T00:00:00Z");
        assert_eq!(check(&house, &token, &early)["faults"][0]["code"], "may_not_backdate");
        // Elsewhere there is nothing.
        let stranger = house.token(Role::Agent, "33");
        let mut theirs = intake();
        theirs["region"] = json!("330106");
        assert_ne!(theirs["region"], intake()["region"]);
        let mut fresh = check(&house, &stranger, &theirs);
        fresh.as_object_mut().unwrap().remove("clocks").unwrap();
        fresh.as_object_mut().unwrap().remove("suggestion");
        assert_eq!(fresh, json!({"faults": [], "repeat_count": 0, "duplicates": []}));
        // What its words name is suggested, and what was chosen is kept beside it.
        let mut told = intake();
        told["subject"] = json!("没信号");
        told["description"] = json!("家里没信号，老人打不了120，要投诉到工信部");
        told["complainant"] = json!({"name": "他人", "phone": "13700000009"});
        told["subscription"] = json!({"number": "13700000009"});
        let suggestion = check(&house, &token, &told)["suggestion"].clone();
        assert_eq!(suggestion["categories"][0]["category"], "A101", "{suggestion}");
        assert_eq!(suggestion["cues"][0]["cue"], "safety");
        told["suggested_by"] = suggestion["by"].clone();
        let chosen = house.register(&token, &told);
        let log = house.get(&token, &format!("/api/v1/complaints/{}/events", chosen["id"].as_str().unwrap()));
        assert!(log.body.contains("\"about\":\"category\"") && log.body.contains("A101"), "{log:?}");
        house.desk.set_suggests(false);
        assert!(check(&house, &token, &told).get("suggestion").is_none());
        house.desk.set_suggests(true);
        // Somebody else's number, nearly the same words: shown with the reason, and what was decided is kept.
        let mut words = intake();
        words["complainant"] = json!({"name": "他人", "phone": "13700000001"});
        words["subscription"] = json!({"number": "13700000001"});
        let by_words = check(&house, &token, &words);
        assert_eq!(
            (&by_words["duplicates"][0]["why"], &by_words["repeat_count"]),
            (&json!(["description"]), &json!(1))
        );
        words["other_matter"] = json!([case["number"]]);
        let other = house.register(&token, &words);
        let log = house.get(&token, &format!("/api/v1/complaints/{}/events", other["id"].as_str().unwrap()));
        assert!(log.body.contains("other_matter") && log.body.contains(case["number"].as_str().unwrap()), "{log:?}");
        words["other_matter"] = json!(["TS-20200101-000001-1"]);
        let unknown = house.call(&token, "POST", "/api/v1/complaints", &[], &words);
        assert_eq!((unknown.status, &unknown.json()["errors"][0]["field"]), (422, &json!("other_matter[0]")));
        // Nothing stands in the way of registering it, and checking has changed nothing.
        let second = house.register(&token, &intake());
        let checked = check(&house, &token, &intake());
        assert_eq!(checked["repeat_count"], 3);
        assert_eq!(checked["duplicates"][0]["number"], second["number"], "the newest first");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_page_shows_it_once_and_lets_it_pass() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let cookie = house.session("mei", Role::Agent);
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    let send = |body: &str| house.send("POST", "/console/new", &headers, body.to_owned());
    let typed = "kind=complaint&accept_channel=hotline&category=B204&description=charged+twice\
                 &complainant.name=Wang&complainant.phone=13800138000";
    let first = send(typed);
    assert_eq!(first.status, 303, "{first:?}");
    let number =
        first.header("location").trim_start_matches("/console/cases/").trim_end_matches("?done=register").to_owned();
    let shown = send(typed);
    assert_eq!(shown.status, 200, "{shown:?}");
    let link = format!("href=\"/console/cases/{number}?do=supplement#do-supplement\"");
    assert!(shown.body.contains(&link) && shown.body.contains("Add to this case instead"), "{}", shown.body);
    assert!(shown.body.contains("name=\"anyway\"") && shown.body.contains("charged twice"), "what was typed stays");
    assert!(!shown.body.contains(">Wang<"), "masked");
    let page = house.send("GET", &format!("/console/cases/{number}?do=supplement"), &headers[..1], "");
    assert!(page.body.contains("id=\"do-supplement\" name=\"operation\" open"), "the operation is open");
    assert_eq!(send(&format!("{typed}&anyway=1")).status, 303);
    // Looking is the same panel, before anything is complete.
    let looked = send("look=1&category=B204&subscription.number=13800138000");
    assert!(
        looked.status == 200 && looked.body.contains(&number) && looked.body.contains("name=\"complainant.person\"")
    );
    let faulty = send(&typed.replace("charged+twice", ""));
    assert_eq!(faulty.status, 422, "faults come first");
    house.desk.db().close();
}
