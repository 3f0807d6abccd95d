//! Work orders as the API and the console tell them, and who sees a case for an order of it.

use crate::{house, intake};
use desk::organisation::{NewUnit, NewUser, add_unit, add_user};
use domain::actor::Role;
use serde_json::{Value, json};

/// A unit of another province with somebody in it who signed in: its identity and their cookie.
fn elsewhere(house: &crate::House) -> (String, String) {
    let system = desk::Caller::system(house.desk.root());
    let new = NewUnit {
        code: "zj-net".into(),
        name: "浙江网络部".into(),
        parent: Some(house.desk.root()),
        region: "33".into(),
        duties: Vec::new(),
    };
    let unit = add_unit(&house.desk, &system, &new).unwrap();
    let user = NewUser {
        username: "zj".into(),
        name: "何清".into(),
        role: Role::Specialist,
        region: String::new(),
        unit,
        skills: Vec::new(),
        email: String::new(),
    };
    let password = add_user(&house.desk, &system, &user).unwrap();
    desk::sign_in::keep_password(&house.desk, "zj").unwrap();
    let session = house.runtime.block_on(house.desk.sign_in("zj", &password, "10.0.0.1")).unwrap();
    (unit.to_string(), format!("{}={}", server::extract::SESSION, session.secret))
}

#[test]
fn an_order_opens_its_case_to_another_area_and_nothing_else() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Specialist, "31");
    let (unit, cookie) = elsewhere(&house);
    let case = house.register(&token, &intake());
    let other = house.register(&token, &intake());
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    let get = |path: &str, language: &str| {
        house.send("GET", path, &[("cookie", cookie.as_str()), ("accept-language", language)], "")
    };
    let api = |path: &str| house.send("GET", path, &[("cookie", cookie.as_str())], "");
    assert_eq!(api(&format!("/api/v1/complaints/{id}")).status, 404);
    let task = json!({"order_kind": "handle", "unit": unit, "task": "查基站日志，回电13800138000", "part_of": 7});
    let refused = house.act(&token, id, 1, "dispatch", &task);
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("part_of")));
    let task = json!({"order_kind": "handle", "unit": unit, "task": "查基站日志，回电13800138000"});
    assert_eq!(house.act(&token, id, 1, "dispatch", &task).status, 200);
    let seen = api(&format!("/api/v1/complaints/{id}"));
    assert_eq!(seen.status, 200);
    let order = seen.json()["orders"][0].clone();
    assert_eq!((&order["standing"], &order["to"]["unit"]), (&json!("sent"), &json!(unit)));
    assert!(!seen.body.contains("13800138000"), "identifiers stay masked");
    let ball = seen.json()["ball"].clone();
    let sum: i64 = ball["by_holder"].as_array().unwrap().iter().map(|one| one["lasted"].as_i64().unwrap()).sum();
    assert_eq!(ball["age"], sum);
    assert_eq!(api(&format!("/api/v1/complaints/{}", other["id"].as_str().unwrap())).status, 404, "only that one");
    assert_eq!(api("/api/v1/complaints").json()["items"], json!([]), "no list shows what lies elsewhere");
    let orders = api("/api/v1/orders").json();
    assert_eq!(orders["items"][0]["complaint"]["number"], number);
    for (language, words) in [("zh-CN", ["任务单", "派单办理", "待签收"]), ("en", ["Work orders", "To handle", "Sent"])]
    {
        let page = get("/console/orders", language);
        assert!(words.iter().all(|word| page.body.contains(word)), "{language}: {}", page.body);
        let page = get(&format!("/console/cases/{number}"), language);
        assert!(page.status == 200 && words[1..].iter().all(|word| page.body.contains(word)), "{language}");
    }
    let post = |verb: &str, form: &str| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
        ];
        house.send("POST", &format!("/console/cases/{number}/{verb}"), &headers, form.to_owned())
    };
    let refused = post("propose", "version=2&outcome=x");
    assert!(refused.status == 403 && refused.body.contains("only for its work order"), "{}", refused.body);
    let lacks = post("refuse-order", "version=2&reason=x");
    assert!(lacks.status == 422 && lacks.body.contains("is required"), "{}", lacks.body);
    assert_eq!(post("accept-order", "version=2").status, 303);
    assert_eq!(post("answer-order", "version=3&result=done").status, 303);
    assert_eq!(get(&format!("/console/cases/{number}"), "en").status, 200, "the answer stays to be looked at");
    let bad = api("/api/v1/orders?after=x");
    assert_eq!((bad.status, &bad.json()["errors"][0]["field"]), (422, &json!("after")));
    let rulings = api("/api/v1/rulings?category=B204").json();
    assert_eq!(rulings, json!({"items": Vec::<Value>::new()}));
    house.desk.db().close();
}
