//! Story 7: whom of the staff a complaint is about never reads it, in their own area too: it is not there for them, through
//! no door.

use crate::matrix::body;
use crate::{Answer, House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use server::routes::{Face, Method, table};
use store::testing::each_database;

fn ask(house: &House, cookie: &str, method: &str, path: &str, with: &Value) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json"), ("if-match", "\"1\"")];
    let text = if with.is_null() { String::new() } else { with.to_string() };
    house.send(method, path, &headers, text)
}

#[test]
fn a_complaint_about_somebody_is_not_there_for_them() {
    each_database(|scratch| {
        let house = house(scratch);
        for role in [Role::Supervisor, Role::Compliance] {
            doors(&house, role);
        }
        house.desk.db().close();
    })
    .unwrap();
}

fn doors(house: &House, role: Role) {
    let token = house.token(Role::Admin, "");
    let cookie = house.session(role.code(), role);
    let me = ask(house, &cookie, "GET", "/api/v1/me", &Value::Null).json()["actor"].as_str().unwrap().to_owned();
    let me = me.strip_prefix("user:").unwrap().to_owned();
    let plain = house.register(&token, &intake());
    let mut about = intake();
    about["about_staff"] = json!(me);
    about["external"] = json!([{"owner": "miit", "number": format!("GX-{role}")}]);
    let case = house.register(&token, &about);
    let (id, number) = (case["id"].as_str().unwrap().to_owned(), case["number"].as_str().unwrap().to_owned());
    // A proposed sum, an order and an urging give every list something to show.
    let acts = [
        ("accept", json!({})),
        ("propose-compensation", json!({"amount": {"value": "20.00", "currency": "CNY"}, "reason": "多次来电"})),
        ("dispatch", json!({"order_kind": "handle", "unit": house.desk.root().to_string(), "task": "核查"})),
        ("supplement", json!({"text": "又来电", "channel": "hotline", "urging": true})),
    ];
    for (version, (verb, with)) in (1..).zip(acts) {
        let answer = house.act(&token, &id, version, verb, &with);
        assert_eq!(answer.status, 200, "{verb}: {answer:?}");
    }
    house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    let names = |answer: &Answer| answer.body.contains(&number) || answer.body.contains(&id);

    let nobody = "01900000-0000-7000-8000-000000000000";
    let (mut closed, mut lists) = (0, 0);
    for route in table() {
        let method = route.method.name();
        let with = if route.method == Method::Get { Value::Null } else { body(route.path) };
        if route.path.contains("{id}") {
            let at = |name: &str| route.path.replace("{id}", name).replace("{rule}", "response");
            for (name, nobody) in [(&id, nobody), (&number, "TS-20200101-000001-1")] {
                // Pages tell a number nobody could have given from one that is nobody's.
                if route.face == Face::Page && *name == number {
                    continue;
                }
                let missing = ask(house, &cookie, method, &at(nobody), &with);
                let hidden = ask(house, &cookie, method, &at(name), &with);
                assert_eq!(hidden.status, missing.status, "{method} {} {name}: {hidden:?}", route.path);
                if route.face != Face::Page {
                    assert_eq!(hidden.body, missing.body, "{method} {}", route.path);
                }
                closed += 1;
            }
        } else if route.method == Method::Get && !route.path.contains('{') && route.path != "/console/live" {
            // That one never ends and says only that something changed (`live.rs`).
            let answer = ask(house, &cookie, method, route.path, &Value::Null);
            assert!(!names(&answer), "{role} {} tells of it", route.path);
            lists += 1;
        }
    }
    assert!(closed > 100 && lists > 40, "{closed} {lists}");

    // The same questions find the other case, so they do look.
    let other = plain["number"].as_str().unwrap();
    for query in [
        "/api/v1/complaints?sort=-received&limit=50",
        "/api/v1/complaints?phone=13800138000&sort=-received",
        "/api/v1/persons?phone=13800138000",
        "/cases?phone=13800138000",
        "/tmf-api/troubleTicket/v5/troubleTicket",
        "/tmf-api/partyInteraction/v5/partyInteraction",
    ] {
        let answer = ask(house, &cookie, "GET", query, &Value::Null);
        assert!(!names(&answer), "{role} {query}");
        assert!(
            answer.status == 404 || answer.body.contains(other) || answer.body.contains(plain["id"].as_str().unwrap()),
            "{query}: {answer:?}"
        );
        assert!(names(&house.get(&token, query)) || query.starts_with("/cases"), "{query}");
    }
    let external = format!("/api/v1/complaints?external=GX-{role}&sort=-received");
    assert_eq!(ask(house, &cookie, "GET", &external, &Value::Null).json(), json!({"items": []}));
    let similar = ask(house, &cookie, "POST", "/api/v1/complaints/check", &intake());
    assert!(!names(&similar), "{similar:?}");
    let [tried, missing] = [number.as_str(), "TS-20200101-000001-1"].map(|name| {
        let with = json!({"cases": [name], "note": {"text": "x"}, "dry_run": true});
        ask(house, &cookie, "POST", "/api/v1/bulk", &with)
    });
    let outcome = |answer: &Answer| answer.json()["items"][0]["outcome"].clone();
    assert_eq!((outcome(&tried), tried.status), (json!("not_found"), missing.status), "{tried:?}");
    assert_eq!(tried.json()["counts"], missing.json()["counts"]);
}
