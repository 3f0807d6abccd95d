//! What other bodies hand over: D5, and where it leads.

use crate::{House, handoff, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::each_database;

const PATH: &str = "/api/v1/handoffs";

fn hand(house: &House, token: &str, body: &Value) -> Value {
    let answer = house.call(token, "POST", PATH, &[], body);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// How many cases there are.
fn cases(house: &House, token: &str) -> usize {
    house.get(token, "/api/v1/complaints?sort=-received").json()["items"].as_array().unwrap().len()
}

#[test]
fn the_same_number_again_is_the_same_receipt_and_one_case() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Compliance, "");
        let first = house.call(&token, "POST", PATH, &[], &handoff());
        let receipt = first.json();
        assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""), "{first:?}");
        assert_eq!(receipt["attached"], false);
        assert_eq!(receipt["received_at"], "2026-07-10T01:00:00Z", "their time is the first receipt");
        assert_eq!(receipt["receipt"], format!("{}/1", receipt["number"].as_str().unwrap()));
        assert_eq!(first.header("location"), format!("/api/v1/complaints/{}", receipt["case"].as_str().unwrap()));
        let again = house.call(&token, "POST", PATH, &[], &handoff());
        assert_eq!((again.status, again.header("idempotent-replayed"), again.json()), (201, "true", receipt.clone()));
        // The same moment and the same words written another way are the same content, whoever sends them.
        let mut same = handoff();
        same["handed_at"] = json!("2026-07-10T01:00:00Z");
        let programme = house.token(Role::Integration, "");
        assert_eq!(hand(&house, &programme, &same), receipt);
        let mut other = handoff();
        other["text"] = json!("改为督办");
        let reused = house.call(&token, "POST", PATH, &[], &other);
        assert_eq!((reused.status, reused.json()["errors"][0]["code"].as_str()), (422, Some("handoff_number_reused")));
        other["owner"] = json!("12345");
        let joined = hand(&house, &token, &other);
        assert_eq!((joined["attached"].as_bool(), &joined["number"]), (Some(true), &receipt["number"]));
        assert_eq!(cases(&house, &token), 1);
        let case = house.get(&token, first.header("location")).json();
        let feedback = |case: &Value| {
            let clocks = case["clocks"].as_array().unwrap().iter();
            clocks
                .filter(|clock| clock["rule"] == "regulator_feedback")
                .map(|clock| clock["from"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(feedback(&case), ["2026-07-10T01:00:00Z"], "one answer is owed, from the first hand-off");
        assert_eq!(case["assessment"]["regulator"], true);
        assert_eq!(case["received_at"], "2026-07-10T01:00:00Z");
        let external = case["external"].to_string();
        assert!(external.contains("17号") && external.contains("12345") && external.contains("GX-1"), "{external}");
        let events = house.get(&token, &format!("{}/events", first.header("location"))).body;
        assert!(events.contains("请依法处理") && !events.contains("13800138000"), "readable and masked: {events}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn it_joins_the_case_there_is() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Supervisor, "");
        let mut own = intake();
        own["external"] = json!([]);
        let case = house.register(&token, &own);
        let id = case["id"].as_str().unwrap();
        // By our number, whatever else it says, and without a contact of its own.
        let mut named = handoff();
        named.as_object_mut().unwrap().remove("complaint");
        named["own_number"] = case["number"].clone();
        let receipt = hand(&house, &token, &named);
        assert_eq!((&receipt["number"], receipt["attached"].as_bool()), (&case["number"], Some(true)));
        assert_eq!(receipt["receipt"], format!("{}/2", case["number"].as_str().unwrap()));
        assert_eq!(receipt["received_at"], case["received_at"], "the first receipt stays");
        let found = house.get(&token, "/api/v1/complaints?external=%E8%BD%AC%E3%80%942026%E3%80%9517%E5%8F%B7").json();
        assert_eq!(found["items"][0]["number"], case["number"], "found by their number: {found}");
        // By the person's number and the family of the category; a mistyped number of ours names nothing.
        let mut by_person = handoff();
        by_person["number"] = json!("X-2");
        by_person["own_number"] = json!("TS-20260101-000001-1");
        by_person["complaint"]["category"] = json!("B201");
        assert_eq!(hand(&house, &token, &by_person)["number"], case["number"]);
        // Another family, another person: another case.
        for (number, pointer, value) in
            [("X-3", "/complaint/category", "A101"), ("X-4", "/complaint/complainant/phone", "13900139000")]
        {
            let mut other = handoff();
            other["number"] = json!(number);
            *other.pointer_mut(pointer).unwrap() = json!(value);
            other["complaint"]["subscription"]["number"] = other["complaint"]["complainant"]["phone"].clone();
            assert_eq!(hand(&house, &token, &other)["attached"], false, "{number}");
        }
        assert_eq!(cases(&house, &token), 3);
        // A closed case is taken up again: who hands a matter over wants it handled.
        let admin = house.token(Role::Admin, "");
        let steps = [
            (&admin, "accept", json!({})),
            (&admin, "propose", json!({"outcome": "退费"})),
            (&token, "approve", json!({})),
            (&admin, "reply", json!({"mode": "phone", "content": "已退费"})),
            (&admin, "feed-back", json!({"matter": 1, "content": "已退费", "reference": "复1号"})),
            (&admin, "feed-back", json!({"content": "已一并答复", "reference": "复2号"})),
            (&admin, "set-cause", json!({"cause": "BIL.RATE"})),
            (&admin, "ask-satisfaction", json!({"mode": "sms"})),
            (&admin, "record-satisfaction", json!({"satisfied": "satisfied"})),
            (&admin, "close", json!({})),
        ];
        let mut version = house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
        for (who, verb, body) in steps {
            let done = house.act(who, id, version, verb, &body);
            assert_eq!(done.status, 200, "{verb}: {done:?}");
            version = done.json()["version"].as_i64().unwrap();
        }
        named["number"] = json!("X-5");
        assert_eq!(hand(&house, &token, &named)["number"], case["number"]);
        let after = house.get(&token, &format!("/api/v1/complaints/{id}")).json();
        assert_eq!((after["status"].as_str(), after["round"].as_i64()), (Some("reopened"), Some(2)));
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn faults_are_named_where_they_stand() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Compliance, "31");
    let faults = |body: &Value| {
        let answer = house.call(&token, "POST", PATH, &[], body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let pair = |e: &Value| (e["field"].as_str().unwrap().to_owned(), e["code"].as_str().unwrap().to_owned());
        errors.iter().map(pair).collect::<Vec<_>>()
    };
    let with = |pointer: &str, value: Value| {
        let mut body = handoff();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        faults(&body).first().map(|(field, code)| format!("{field} {code}")).unwrap()
    };
    assert_eq!(with("/owner", json!("crm")), "owner not_one_of");
    assert_eq!(with("/handed_at", json!("2099-01-01T00:00:00Z")), "handed_at in_future");
    assert_eq!(with("/complaint/category", json!("Z999")), "complaint.category unknown_category");
    assert_eq!(with("/complaint/region", json!("330106")), "complaint.region outside_area");
    assert_eq!(with("/complaint/received_at", json!("2026-07-05T00:00:00Z")), "complaint.received_at is_handed_at");
    assert_eq!(with("/complaint/complainant", json!({})), "complaint.complainant.name required");
    assert_eq!(with("/own_number", json!("x".repeat(41))), "own_number too_long");
    let mut bare = handoff();
    bare.as_object_mut().unwrap().remove("complaint");
    assert_eq!(faults(&bare), [("complaint".to_owned(), "required_without_case".to_owned())]);
    assert_eq!(faults(&json!({})).len(), 5);
    house.desk.db().close();
}

#[test]
fn a_case_elsewhere_is_not_joined_and_not_betrayed() {
    each_database(|scratch| {
        let house = house(scratch);
        let insider = house.token(Role::Compliance, "31");
        let case = house.register(&insider, &intake());
        let stranger = house.token(Role::Compliance, "33");
        let mut theirs = handoff();
        theirs["complaint"]["region"] = json!("330106");
        theirs["own_number"] = case["number"].clone();
        let receipt = hand(&house, &stranger, &theirs);
        assert_eq!(receipt["attached"], false);
        assert_ne!(receipt["number"], case["number"]);
        assert_eq!(receipt["suggested"], json!([]), "what lies elsewhere is not even suggested");
        // Another area's hotline counts from one as well: its number is taken in as if there were no other.
        let own = hand(&house, &insider, &handoff());
        assert_eq!((own["attached"].as_bool(), &own["number"]), (Some(true), &case["number"]));
        // Each gets its own receipt again, and is refused its own number with other content.
        assert_eq!(hand(&house, &stranger, &theirs), receipt);
        assert_eq!(hand(&house, &insider, &handoff()), own);
        let everywhere = house.token(Role::Compliance, "");
        assert_eq!(hand(&house, &everywhere, &theirs), receipt, "who sees both is given the one with this content");
        assert_eq!(hand(&house, &everywhere, &handoff()), own);
        for token in [&insider, &stranger, &everywhere] {
            let mut other = theirs.clone();
            other["text"] = json!("别的");
            assert_eq!(house.call(token, "POST", PATH, &[], &other).status, 422);
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_page_shows_what_it_left_alone() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Compliance, "");
    let case = house.register(&token, &intake());
    let cookie = house.session("lan", Role::Compliance);
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    let typed = "owner=12345&number=H-1&request=transfer&handed_at=2026-07-10T09%3A00&text=please+answer\
                 &kind=appeal&accept_channel=government_hotline&category=B204&description=charged\
                 &complainant.name=Zhang&complainant.phone=13800138000";
    let taken = house.send("POST", "/console/handoffs/new", &headers, typed.to_owned());
    let number = case["number"].as_str().unwrap();
    assert!(taken.status == 200 && taken.body.contains("Registered as a new case"), "{taken:?}");
    assert!(taken.body.contains(&format!("href=\"/console/cases/{number}\"")), "the suggestion can be opened");
    let found = house.get(&token, "/api/v1/complaints?external=H-1").json();
    let new = found["items"][0]["number"].as_str().unwrap();
    let page = house.send("GET", &format!("/console/cases/{new}"), &headers[..1], "").body;
    for wanted in ["id=\"matters\"", "id=\"ties\"", number, "H-1", "do-feed-back", "do-record-end"] {
        assert!(page.contains(wanted), "{wanted}");
    }
    house.desk.db().close();
}

#[test]
fn the_page_takes_a_matter_in_and_shows_the_receipt() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let cookie = house.session("lan", Role::Compliance);
    let headers =
        [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    let form = house.send("GET", "/console/handoffs/new", &headers[..1], "");
    assert_eq!(form.status, 200);
    assert!(form.body.contains("name=\"own_number\"") && form.body.contains("name=\"complainant.name\""));
    assert!(!form.body.contains("name=\"received_at\"") && !form.body.contains(">field."), "every box has its words");
    let send = |body: &str| house.send("POST", "/console/handoffs/new", &headers, body.to_owned());
    let typed = "owner=12345&number=H-1&request=supervision&handed_at=2026-07-10T09%3A00&text=please+answer\
                 &kind=appeal&accept_channel=government_hotline";
    let faulty = send(typed);
    assert_eq!(faulty.status, 422, "no case and no contact: {faulty:?}");
    let contact = "&category=B204&description=charged&complainant.name=Wang&complainant.phone=13800138000";
    let wrong = send(&format!("{typed}{contact}&place.area_type=moon"));
    assert!(wrong.status == 422 && wrong.body.contains("place-area_type-error"), "the fault stands at its box");
    let taken = send(&format!("{typed}{contact}"));
    assert!(taken.status == 200 && taken.body.contains("Registered as a new case"), "{taken:?}");
    let again = send(&format!("{typed}{contact}"));
    assert!(again.status == 200 && again.body.contains("this is the receipt given then"), "{again:?}");
    let agent = house.session("mei", Role::Agent);
    assert_eq!(house.send("GET", "/console/handoffs/new", &[("cookie", &agent)], "").status, 403);
    house.desk.db().close();
}
