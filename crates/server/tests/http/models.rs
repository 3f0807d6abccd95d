//! Models through the doors: asked for by a person, shown on the page, and refused to everybody else.

use crate::house;
use domain::actor::Role;
use serde_json::json;

#[test]
fn a_person_asks_for_a_model_and_the_page_shows_it() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let lead = house.session("he", Role::Compliance);
    let headers = [
        ("cookie", lead.as_str()),
        ("accept-language", "en"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let post = |path: &str, body: serde_json::Value| house.send("POST", path, &headers, body.to_string());
    let backwards = post("/api/v1/models", json!({"since": "2026-02-01", "until": "2026-01-01"}));
    assert_eq!((backwards.status, &backwards.json()["errors"][0]["field"]), (422, &json!("until")));
    let asked = post("/api/v1/models", json!({"held_back": 30}));
    assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("waiting")));
    assert_eq!(post("/api/v1/models", json!({})).status, 409, "one at a time");
    assert!(desk::models::go_on(&house.desk, "node", || false).unwrap());
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let made = house.send("GET", &format!("/api/v1/models/{id}"), &headers, "").json();
    assert_eq!((&made["learnt"]["failed"], &made["held_back"]), (&json!("too_few"), &json!(30)));
    assert_eq!(post(&format!("/api/v1/models/{id}/activate"), json!({"note": "x"})).status, 409);
    assert_eq!(post("/api/v1/models/roll-back", json!({"from": id, "note": "x"})).status, 409);
    assert_eq!(house.send("GET", "/api/v1/models/drift", &headers, "").json(), json!({"items": []}));
    let page = house.send("GET", "/console/models", &headers, "");
    assert!(page.status == 200 && page.body.contains("too few closed cases"), "{page:?}");
    // A file with a fault is told where, and is there again.
    let form = [
        ("cookie", lead.as_str()),
        ("accept-language", "en"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let csv = "csv=text%2Ccategory%2Cgrade%0Ano+signal%2CA101%2Cgreat%0A&held_back=";
    let wrong = house.send("POST", "/console/models/file", &form, csv.to_owned());
    assert!(wrong.status == 422 && wrong.body.contains("csv:2:3 grade"), "{wrong:?}");
    assert!(wrong.body.contains("no signal,A101,great"), "{wrong:?}");
    let labelled = json!({"csv": "text,category,unit\nno signal,A101,\nno signal,Z999,nowhere\n"});
    let wrong = post("/api/v1/models/file", labelled).json();
    assert_eq!(wrong["errors"][0]["field"], "csv:3:2 category", "{wrong}");
    let taken = post("/api/v1/models/file", json!({"csv": "text,category\nno signal,A101\n"}));
    assert_eq!((taken.status, &taken.json()["source"]), (201, &json!("file")), "{taken:?}");
    let programme = house.token(Role::Admin, "");
    assert_eq!(house.call(&programme, "POST", "/api/v1/models", &[], &json!({})).status, 409, "nobody who answers");
    let agent = house.token(Role::Agent, "");
    assert_eq!(house.get(&agent, "/api/v1/models").status, 403);
    house.desk.db().close();
}
